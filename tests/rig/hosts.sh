#!/bin/bash
# Runs the scenarios on booted hosts and sums the themes up.
#
#   hosts.sh                    every theme
#   hosts.sh THEME [FILTER…]    one of tests/tests/, and of it what has FILTER in
#                               its name
set -euo pipefail
cd "$(dirname "$0")/../.."

theme=${1:-}
shift || true
[ "$(id -u)" = 0 ] || { echo "hosts: booting hosts needs root; run it with sudo" >&2; exit 1; }

programs=(--test '*')
[ -z "$theme" ] || programs=(--test "$theme")
tests/rig/rootfs.sh >/dev/null
cargo test --locked --quiet -p writ-tests "${programs[@]}" --no-run

said=$(mktemp)
trap 'rm -f "$said"' EXIT
status=0
cargo test --locked --quiet -p writ-tests "${programs[@]}" --no-fail-fast -- "$@" 2>&1 | tee "$said" || status=$?

# A program that died without its closing line failed all the same.
awk -v status="$status" '
    /^[0-9]+ passed, [0-9]+ failed$/ { passed += $1; failed += $3 }
    END {
        if (status != 0 && failed == 0) failed = 1
        printf "%d passed, %d failed\n", passed, failed
        exit failed != 0
    }' "$said"
