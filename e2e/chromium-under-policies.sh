#!/bin/sh
# Debian's Chromium under policies of an administrator, the JSON in $KAZASHI_E2E_POLICIES. It looks for
# them in one place on the machine; here that is one of its own, which nobody else sees and nothing
# outlives.

exec unshare --mount sh -c '
  set -e
  mount -t tmpfs tmpfs /etc/chromium
  mkdir -p /etc/chromium/policies/managed
  printf %s "$KAZASHI_E2E_POLICIES" >/etc/chromium/policies/managed/policies.json
  exec /usr/bin/chromium "$@"' sh "$@"
