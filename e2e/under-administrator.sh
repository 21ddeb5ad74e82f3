#!/bin/sh
# The program $KAZASHI_E2E_PROGRAM on a machine that an administrator set up by the command in
# $KAZASHI_E2E_ADMINISTRATOR. Browsers look for their policies in one place: here that is in an /etc of
# its own, which nobody else sees and nothing outlives.

exec unshare --mount sh -c '
  set -e
  mount -t tmpfs tmpfs /mnt
  mkdir /mnt/files /mnt/work
  mount -t overlay -o lowerdir=/etc,upperdir=/mnt/files,workdir=/mnt/work overlay /etc
  sh -e -c "$KAZASHI_E2E_ADMINISTRATOR" >&2
  exec "$KAZASHI_E2E_PROGRAM" "$@"' sh "$@"
