#!/bin/bash
# Installs what the hub's tests run beside the hub, where it is missing: Chromium and its
# driver, PostgreSQL, and a login provider (an npm package, for node). It needs root and apt
# for the first three; where there are none, the tests that need them say that they are
# skipped.
set -euo pipefail
cd "$(dirname "$0")/../.."

packages=()
command -v chromedriver >/dev/null && command -v chromium >/dev/null ||
    packages+=(chromium chromium-driver)
command -v initdb >/dev/null || compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null ||
    packages+=(postgresql)
command -v node >/dev/null && command -v npm >/dev/null || packages+=(nodejs npm)

install() {
    [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null || return
    export DEBIAN_FRONTEND=noninteractive
    apt-get -qq update
    apt-get -qq -o DPkg::Lock::Timeout=300 install --no-install-recommends "$@" >/dev/null
}
[ "${#packages[@]}" = 0 ] || install "${packages[@]}" ||
    echo "hub: some tests of the hub will be skipped without ${packages[*]}" >&2

provider=hub/tests/hub/rig/login-provider
if command -v npm >/dev/null && [ ! "$provider/node_modules" -nt "$provider/package-lock.json" ]; then
    # What is in the lock, whole; scripts of packages are not run.
    npm --prefix "$provider" ci --ignore-scripts --no-audit --no-fund --loglevel=error ||
        echo "hub: the tests with a login provider will be skipped" >&2
fi
