#!/bin/sh
# Packs what build.sh built: dist/writ_VERSION_ARCHITECTURE.deb and dist/writ-hub_….deb
set -eu
cd "$(dirname "$0")/.."

cargo_deb_version=3.8.0

# The folder of PAM's modules has the architecture in its name, which an asset cannot.
multiarch=$(gcc -print-multiarch)
[ "$multiarch" = x86_64-linux-gnu ] || {
    echo "build-deb: agent/Cargo.toml puts pam_writ.so where PAM looks on x86_64-linux-gnu; name the folder of $multiarch there" >&2
    exit 1
}

command -v cargo-deb >/dev/null ||
    cargo install --locked --quiet cargo-deb --version "$cargo_deb_version"
# The same sources give the same package.
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || stat -c %Y Cargo.lock)}
export SOURCE_DATE_EPOCH
rm -f dist/writ_*.deb dist/writ-hub_*.deb
cargo deb --locked -p writ-agent --no-build --output dist/
cargo deb --locked -p writ-hub --no-build --profile server --output dist/
