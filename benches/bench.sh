#!/bin/sh
# Measures Writ on booted hosts; see src/main.rs. As root, after `make deb`.
set -eu
cd "$(dirname "$0")/.."

[ "$(id -u)" = 0 ] || { echo "bench: booting hosts needs root; run it with sudo" >&2; exit 1; }
tests/rig/rootfs.sh >/dev/null
exec cargo run --locked --quiet --release -p writ-benches --bin bench -- "$@"
