#!/bin/bash
# Runs the scenarios on booted hosts and sums the themes up.
#
#   hosts.sh                    every theme
#   hosts.sh THEME [FILTER…]    one of tests/tests/, and of it what has FILTER in
#                               its name
#
# Hosts mostly wait, so that two themes run at a time; what a theme says is shown when it
# is over. Those whose subject is a busy or a quiet host have the machine to themselves.
set -euo pipefail
cd "$(dirname "$0")/../.."

at_a_time=2
alone=" killing load service socket userdb "

theme=${1:-}
shift || true
[ "$(id -u)" = 0 ] || { echo "hosts: booting hosts needs root; run it with sudo" >&2; exit 1; }

programs=(--test '*')
[ -z "$theme" ] || programs=(--test "$theme")
tests/rig/rootfs.sh >/dev/null
# "  Executable tests/smoke.rs (target/debug/deps/smoke-0123456789abcdef)"
made=$(cargo test --locked --color never -p writ-tests "${programs[@]}" --no-run 2>&1) ||
    { printf '%s\n' "$made" >&2; exit 1; }
mapfile -t executables < <(sed -n 's/^ *Executable .*(\(.*\))$/\1/p' <<<"$made")
[ "${#executables[@]}" != 0 ] || { echo "hosts: cargo has named no program" >&2; exit 1; }

said=$(mktemp -d)
trap 'rm -rf "$said"' EXIT

# run NAME PROGRAM [FILTER…]: one that dies without its closing line has failed.
run() {
    local name=$1 status=0
    shift
    "$@" 2>&1 | show "$said/$name" || status=$?
    [ "$status" = 0 ] || grep -q '^[0-9]* passed, [1-9][0-9]* failed$' "$said/$name" ||
        echo "0 passed, 1 failed" >>"$said/$name"
    [ -n "$theme" ] || printf '\n%s\n' "$name" | cat - "$said/$name"
}

# One that was asked for alone is watched.
show() {
    if [ -n "$theme" ]; then tee "$1"; else cat >"$1"; fi
}

# What is left for when nothing else runs: its names, and under each the program.
names=()
declare -A later
for executable in "${executables[@]}"; do
    name=$(basename "$executable")
    name=${name%-*}
    if [[ $alone == *" $name "* ]]; then
        names+=("$name")
        later[$name]=$PWD/$executable
        continue
    fi
    while [ "$(jobs -pr | wc -l)" -ge "$at_a_time" ]; do wait -n; done
    run "$name" "$PWD/$executable" "$@" &
done
wait
for name in "${names[@]}"; do
    run "$name" "${later[$name]}" "$@"
done

awk '
    /^[0-9]+ passed, [0-9]+ failed$/ { passed += $1; failed += $3 }
    END {
        printf "\n%d passed, %d failed\n", passed, failed
        exit failed != 0 || passed == 0
    }' "$said"/*
