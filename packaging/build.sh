#!/bin/sh
# Builds what is installed: the programs and modules in target/release, the manual pages
# and shell completions of `writ` in dist/manual, the notices of what is linked in
# dist/NOTICES. The hub, which is a package of its own: in target/server and dist/hub.
set -eu
cd "$(dirname "$0")/.."

cargo build --locked --release -p writ-agent -p writ-cli -p writ-pam-client -p writ-sudo-plugin -p writ-pam-module
# By themselves, as the hub below: what they want of a crate is not in the programs above.
cargo build --locked --release -p writ-courier -p writ-remote
rm -rf dist/manual # pages of verbs that are no more
# What must go along with them.
mkdir -p dist
packaging/notices.sh >dist/NOTICES
# In the dev profile: it runs once, and release builds are slow to link.
cargo run --locked --quiet -p writ-cli --example manual -- dist/manual
cargo run --locked --quiet -p writ-remote --example remote-manual -- dist/manual/man1

cargo build --locked --profile server -p writ-hub
rm -rf dist/hub
mkdir -p dist/hub
packaging/notices.sh writ-hub >dist/hub/NOTICES
cargo run --locked --quiet -p writ-hub --example hub-manual -- dist/hub/man1
