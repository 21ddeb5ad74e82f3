#!/bin/sh
# Lays a machine out on which a Debian runs, and runs a program there: machine.sh ROOT PROGRAM [ARGUMENT…]
#
# For namespaces of its own, as HACKING shows. ROOT, the Debian, is seen at /run by its own name
# (/run/debian-13; $KAZASHI_E2E_DEBIAN tells programs of it) with a layer above it: whatever is written there
# ends with the machine. Of what is outside it has the devices, the project and its target folder at their
# places, and /run/pcscd.

set -e
root=$1
shift
project=$(realpath "$(dirname "$0")/..")
target=$(realpath "${CARGO_TARGET_DIR:-$project/target}")
KAZASHI_E2E_DEBIAN=$(basename "$root")
export KAZASHI_E2E_DEBIAN
machine=/run/$KAZASHI_E2E_DEBIAN

ip link set lo up
mount -t tmpfs -o mode=755 tmpfs /run
mkdir /run/pcscd /run/above /run/above/files /run/above/work "$machine"
mount -t overlay -o "lowerdir=$root,upperdir=/run/above/files,workdir=/run/above/work" overlay "$machine"
mount -t proc proc "$machine/proc"
mount --rbind /dev "$machine/dev"
for folder in "$project" "$target" /run/pcscd; do
  mkdir -p "$machine$folder"
  mount --bind "$folder" "$machine$folder"
done
exec "$@"
