#!/bin/sh
# Debian's Chromium as the user with the number in $KAZASHI_E2E_USER, to whom its profile is given.

set -e
for argument; do
  case $argument in
    --user-data-dir=*) chown -R "$KAZASHI_E2E_USER:$KAZASHI_E2E_USER" "${argument#*=}" ;;
  esac
done
exec setpriv --reuid="$KAZASHI_E2E_USER" --regid="$KAZASHI_E2E_USER" --clear-groups /usr/bin/chromium "$@"
