#!/bin/sh
# Shows Writ on a host of its own; see tests/demo. As root, after `make deb`.
set -eu
cd "$(dirname "$0")/../.."

[ "$(id -u)" = 0 ] || { echo "demo: booting a host needs root; run it with sudo" >&2; exit 1; }
tests/rig/rootfs.sh trixie >/dev/null
exec cargo run --locked --quiet -p writ-tests --bin demo -- "$@"
