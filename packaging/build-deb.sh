#!/bin/sh
# Packs what build.sh built: dist/writ_VERSION_ARCHITECTURE.deb
set -eu
cd "$(dirname "$0")/.."

cargo_deb_version=3.8.0

command -v cargo-deb >/dev/null ||
    cargo install --locked --quiet cargo-deb --version "$cargo_deb_version"
# The same sources give the same package.
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || stat -c %Y Cargo.lock)}
export SOURCE_DATE_EPOCH
rm -f dist/writ_*.deb
cargo deb --locked -p writ-agent --no-build --output dist/
