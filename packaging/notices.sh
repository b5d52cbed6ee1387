#!/bin/sh
# Writes what must go along with the programs: of each crate that is linked into them its
# name, version, licence and notice. To standard output.
#
#   notices.sh [PACKAGE…]    without any, those of a host
set -eu
cd "$(dirname "$0")/.."

[ $# != 0 ] || set -- writ-agent writ-courier writ-remote writ-cli writ-pam-client writ-sudo-plugin writ-pam-module

registry=${CARGO_HOME:-$HOME/.cargo}/registry/src

# Of a crate that leaves the choice, what MIT asks for is given; of others, all they have.
texts() {
    folder=$1 licence=$2
    case $licence in
    *AND*) ls "$folder"/LICEN[CS]E* ;;
    *MIT*) ls "$folder"/LICENSE-MIT* "$folder"/LICENSE_MIT* "$folder"/LICENCE-MIT* "$folder"/license-mit* "$folder"/LICENSE "$folder"/LICENSE.txt "$folder"/LICENSE.md "$folder"/COPYING 2>/dev/null | head -n 1 ;;
    *) ls "$folder"/LICEN[CS]E* "$folder"/COPYING* 2>/dev/null ;;
    esac
    ls "$folder"/NOTICE* "$folder"/COPYRIGHT* 2>/dev/null
}

echo "Writ is linked with the crates below, each under the licence that is named. Where it
leaves a choice, Writ takes MIT. Apache-2.0 is in full in LICENSE-APACHE of Writ's sources
and, on Debian, in /usr/share/common-licenses/Apache-2.0."
cargo tree --locked --prefix none --edges normal --format '{p}|{l}' \
    $(printf -- '-p %s ' "$@") |
    sed 's/ (\*)$//' | grep -v -e '(/' -e '^$' | sort -u | while IFS='|' read -r package licence; do
    name=${package% v*} version=${package##* v}
    version=${version%% *}
    folder=$(ls -d "$registry"/*/"$name-$version" 2>/dev/null | head -n 1)
    [ -n "$folder" ] || {
        echo "notices: the sources of $name $version are not in $registry" >&2
        exit 1
    }
    printf '\n%s\n%s %s: %s\n' "--------------------------------------------------------------" "$name" "$version" "$licence"
    found=$(texts "$folder" "$licence" || :)
    if [ -n "$found" ]; then
        echo "$found" | while read -r text; do
            printf '\n'
            cat "$text"
        done
    else
        printf '\nIts sources carry no text of it; that of the licence is below, under writ. Authors:\n'
        sed -n '/^authors = \[/,/\]/p' "$folder/Cargo.toml" | grep -v '^\[dep' ||
            echo "as its repository names them: $(sed -n 's/^repository = //p' "$folder/Cargo.toml")"
    fi
done

printf '\n%s\nwrit: Apache-2.0 OR MIT\n\n' "--------------------------------------------------------------"
cat LICENSE-MIT
