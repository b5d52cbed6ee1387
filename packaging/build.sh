#!/bin/sh
# Builds what is installed: the programs and modules in target/release, the manual pages
# and shell completions of `writ` in dist/manual, the notices of what is linked in
# dist/NOTICES.
set -eu
cd "$(dirname "$0")/.."

cargo build --locked --release -p writ-agent -p writ-courier -p writ-cli -p writ-pam-client -p writ-sudo-plugin -p writ-pam-module
rm -rf dist/manual # pages of verbs that are no more
# What must go along with them.
mkdir -p dist
packaging/notices.sh >dist/NOTICES
# In the dev profile: it runs once, and release builds are slow to link.
cargo run --locked --quiet -p writ-cli --example manual -- dist/manual
