#!/bin/sh
# Installs what build.sh built, as the package would:
#
#   DESTDIR= PREFIX=/usr SUDO_PLUGIN_DIR=/usr/libexec/sudo PAM_MODULE_DIR= install.sh
#
# The plugin goes where sudo looks for it, whatever PREFIX is ("Plugin directory"
# of `sudo -V` as root, or sudo_plugin(5)); the module where PAM looks, which is where
# pam_unix.so lies.
set -eu
cd "$(dirname "$0")/.."

prefix=${PREFIX:-/usr}
root=${DESTDIR:-}
plugins=${SUDO_PLUGIN_DIR:-/usr/libexec/sudo}
modules=${PAM_MODULE_DIR:-$(ls -d "/usr/lib/$(gcc -print-multiarch 2>/dev/null)/security" /usr/lib64/security /usr/lib/security 2>/dev/null | head -n 1)}
[ -n "$modules" ] || { echo "install: no folder of PAM's modules is found; name it in PAM_MODULE_DIR" >&2; exit 1; }
built=${CARGO_TARGET_DIR:-target}/release

for file in "$built/writd" "$built/writ" "$built/writ-pam" "$built/writ-courier" "$built/writ-without-agent" "$built/writ-remote" "$built/libsudo_writ.so" "$built/libpam_writ.so" dist/manual/man1/writ.1; do
    [ -e "$file" ] || { echo "install: $file is not there; build it first with 'make build'" >&2; exit 1; }
done

# put MODE FOLDER FILE…
put() {
    mode=$1 folder=$2
    shift 2
    install -d "$root$folder"
    install -m "$mode" -t "$root$folder" "$@"
}

# A running sudo may have the file mapped: what is new is renamed into its place.
put_as() {
    mode=$1 file=$2 source=$3
    install -d "$(dirname "$root$file")"
    install -m "$mode" "$source" "$root$file.new"
    mv -f "$root$file.new" "$root$file"
}

# A unit, with the programs where they are.
put_unit() {
    install -d "$root$prefix/lib/systemd/system"
    sed "s|/usr/\(s\{0,1\}bin/writ\)|$prefix/\1|g" "$1" >"$root$prefix/lib/systemd/system/$(basename "$1")"
    chmod 644 "$root$prefix/lib/systemd/system/$(basename "$1")"
}

put_as 755 "$prefix/sbin/writd" "$built/writd"
put_as 755 "$prefix/bin/writ" "$built/writ"
# Where the programs look for it, whatever PREFIX is.
put_as 755 /usr/libexec/writ/writ-pam "$built/writ-pam"
put_as 755 /usr/libexec/writ/writ-without-agent "$built/writ-without-agent"
put_as 755 /usr/libexec/writ/writ-courier "$built/writ-courier"
put_as 755 /usr/libexec/writ/writ-remote "$built/writ-remote"
put_as 644 "$plugins/sudo_writ.so" "$built/libsudo_writ.so"
put_as 644 "$modules/pam_writ.so" "$built/libpam_writ.so"
for unit in systemd/*.socket systemd/*.path systemd/*.service; do
    put_unit "$unit"
done
put_as 644 /usr/lib/sysusers.d/writ.conf packaging/sysusers.conf
put_as 644 /usr/share/polkit-1/rules.d/49-writ.rules packaging/49-writ.rules
put 644 "$prefix/lib/systemd/catalog" systemd/writ.catalog
put 644 "$prefix/share/writ" protocol/io.writ.Agent.varlink docs/policy.schema.json
put 644 "$prefix/share/doc/writ" dist/NOTICES
put 644 "$prefix/share/man/man8" packaging/writd.8
put 644 "$prefix/share/man/man1" dist/manual/man1/*.1
put_as 644 "$prefix/share/bash-completion/completions/writ" dist/manual/completions/writ.bash
put 644 "$prefix/share/zsh/site-functions" dist/manual/completions/_writ
put 644 "$prefix/share/fish/vendor_completions.d" dist/manual/completions/writ.fish
# What the admin made of it stays.
[ -e "$root/etc/pam.d/writ" ] || put_as 644 /etc/pam.d/writ packaging/pam-writ
install -d "$root/etc/writ" "$root/etc/writ/roles.d" "$root/etc/writ/approvers.d"

[ -n "$root" ] || cat <<'NEXT'
Installed. Now, as root:
  journalctl --update-catalog && systemctl daemon-reload
  systemd-sysusers writ.conf
  systemctl enable writ-rollback.service && systemctl enable --now writd.socket writd.service writ-without-agent.socket writ-courier.path
NEXT
