#!/bin/sh
# Makes the cached root file systems that the host tests boot copies of.
#
#   rootfs.sh            both releases, at once
#   rootfs.sh bookworm   one
#
# Prints the folder of each: in it are `root` (the file system) and `key` (the
# ssh key that every user of it accepts). A folder is keyed by the digest of
# this file: change the package list and the next run makes a new one. They lie
# outside the checkout, in $WRIT_TEST_CACHE (default /var/cache/writ-tests).
set -eu

cache=${WRIT_TEST_CACHE:-/var/cache/writ-tests}
self=$(readlink -f "$0")
key=$(sha256sum "$self" | cut -c1-12)

# What a Debian server has, then what the tests look with. A package that a
# release does not have is left out there.
wanted="dbus libpam-systemd libnss-systemd systemd-sysv systemd-timesyncd sudo rsyslog
openssh-server openssh-client procps psmisc iproute2 nginx opendoas polkitd pkexec
libcap2-bin libpam-cap less nano vim-tiny logrotate man-db bash-completion ca-certificates
sudo-rs systemd-userdbd
rsyslog-gnutls openssl python3-minimal ansible-core ncurses-term strace ltrace valgrind pamtester tmux"

tools() {
    missing=
    for pair in debootstrap:debootstrap systemd-nspawn:systemd-container \
        ssh:openssh-client tmux:tmux setsid:util-linux; do
        command -v "${pair%%:*}" >/dev/null || missing="$missing ${pair#*:}"
    done
    [ -z "$missing" ] || {
        echo "rootfs: installing$missing" >&2
        apt-get update -qq
        # shellcheck disable=SC2086 # a list
        DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null
    }
}

make_one() {
    release=$1
    target=$cache/$release-$key
    exec 9>"$cache/.$release.lock"
    flock 9
    [ ! -d "$target" ] || return 0
    rm -rf "$cache/.making-$release"
    work=$cache/.making-$release
    root=$work/root
    log=$cache/$release.log
    mkdir -p "$work"
    echo "rootfs: making $release (some minutes; the log is $log)" >&2
    trap 'told "$log" "$root/debootstrap/debootstrap.log"' EXIT
    {
        debootstrap --variant=minbase --include=ca-certificates "$release" "$root" "$mirror"
        packages "$root"
        ssh-keygen -q -t ed25519 -N '' -C people -f "$work/key"
        configure "$root" "$work/key.pub"
    } >"$log" 2>&1
    trap - EXIT
    mv -T "$work" "$target"
}

# Says why a root file system was not made.
told() {
    tail -n 20 "$@" 2>/dev/null || true
    echo "rootfs: making $release failed; the whole log is in $1"
} >&2

# Debian's own apt resolves what debootstrap cannot (virtual packages), in a
# mount and process namespace of its own, so that nothing stays mounted.
packages() {
    root=$1
    printf 'deb %s %s main\n' "$mirror" "$release" >"$root/etc/apt/sources.list"
    apt-config dump Acquire >"$root/etc/apt/apt.conf.d/00outside"
    cp -L /etc/resolv.conf "$root/etc/resolv.conf"
    printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d"
    chmod 755 "$root/usr/sbin/policy-rc.d"
    # shellcheck disable=SC2016,SC2086 # expanded inside; a list
    unshare --mount --pid --fork sh -euc '
        root=$1; shift
        mount -t proc proc "$root/proc"
        mount -t devpts -o newinstance,ptmxmode=666 devpts "$root/dev/pts"
        export DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8
        chroot "$root" apt-get update -qq
        known=$(chroot "$root" apt-cache --generate pkgnames)
        here=$(for name; do
            if echo "$known" | grep -qx "$name"; then echo "$name"; fi
        done)
        chroot "$root" apt-get install -y -q --no-install-recommends \
            -o Dpkg::Options::=--force-unsafe-io $here
        chroot "$root" apt-get clean
    ' sh "$root" $wanted
    rm -rf "$root/usr/sbin/policy-rc.d" "$root/etc/apt/apt.conf.d/00outside" "$root"/var/lib/apt/lists/*
}

# What every host has: five people, quick boot, nothing that dials out.
configure() {
    root=$1
    public=$2
    for user in alice bob carol dave erin; do
        chroot "$root" useradd --create-home --shell /bin/bash "$user"
        echo "$user:$user" | chroot "$root" chpasswd
        : >"$root/home/$user/.hushlogin"
        chroot "$root" install -d -m 700 -o "$user" -g "$user" "/home/$user/.ssh"
        cat "$public" >"$root/home/$user/.ssh/authorized_keys"
    done
    chroot "$root" groupadd --system developers
    chroot "$root" groupadd --system oncall
    chroot "$root" usermod -aG developers alice
    chroot "$root" usermod -aG oncall bob
    echo 'root:root' | chroot "$root" chpasswd
    chroot "$root" install -d -m 700 /root/.ssh
    cat "$public" >"$root/root/.ssh/authorized_keys"
    cat >"$root/etc/sudoers.d/people" <<'SUDOERS'
alice ALL=(ALL:ALL) NOPASSWD: ALL
carol ALL=(ALL:ALL) NOPASSWD: ALL
dave ALL=(ALL:ALL) NOPASSWD: ALL
erin ALL=(ALL:ALL) ALL
SUDOERS
    chmod 440 "$root/etc/sudoers.d/people"
    printf 'permit nopass alice\n' >"$root/etc/doas.conf"
    chmod 400 "$root/etc/doas.conf"

    # Many logins at once are what the tests do; the limits are against strangers.
    {
        printf 'MaxStartups 1000\nUseDNS no\nPrintMotd no\n'
        [ "$release" = bookworm ] || echo 'PerSourcePenalties no'
    } >"$root/etc/ssh/sshd_config.d/tests.conf"
    # The kernel's log belongs to the machine outside.
    sed -i 's/^module(load="imklog".*/#&/' "$root/etc/rsyslog.conf"
    # Marks around each prompt would be in the way of reading what a person sees.
    echo 'set enable-bracketed-paste off' >>"$root/etc/inputrc"
    # The service that a test's root commands belong to (see src/inside.rs).
    cat >"$root/etc/systemd/system/rig.service" <<'UNIT'
[Unit]
Description=Commands of the host tests
[Service]
ExecStart=sleep infinity
Delegate=yes
[Install]
WantedBy=multi-user.target
UNIT
    : >"$root/etc/machine-id"
    echo host >"$root/etc/hostname"
    printf '127.0.0.1 localhost\n127.0.1.1 host\n::1 localhost\n' >"$root/etc/hosts"
    : >"$root/etc/resolv.conf"
    chroot "$root" systemctl enable rig.service rsyslog.service ssh.service
    for unit in apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer man-db.timer \
        logrotate.timer e2scrub_all.timer fstrim.timer systemd-timesyncd.service \
        systemd-networkd.service systemd-networkd-wait-online.service \
        nginx.service; do
        chroot "$root" systemctl disable "$unit" || true
    done
    chroot "$root" systemctl mask getty@.service serial-getty@.service systemd-udevd.service \
        console-getty.service systemd-firstboot.service e2scrub_reap.service
    echo LANG=C.UTF-8 >"$root/etc/default/locale"
    # Spares each first boot what follows an upgrade (ldconfig, catalog, sysusers).
    [ ! -x "$root/usr/lib/systemd/systemd-update-done" ] ||
        chroot "$root" /usr/lib/systemd/systemd-update-done
}

[ "$(id -u)" = 0 ] || { echo "rootfs: making a root file system needs root; run it with sudo" >&2; exit 1; }
[ $# -gt 0 ] || set -- bookworm trixie
tools
mirror=${WRIT_TEST_MIRROR:-$(cat /etc/apt/sources.list.d/debian.sources /etc/apt/sources.list 2>/dev/null |
    sed -n 's/^URIs: *\([^ ]*\).*/\1/p; s/^deb \(\[[^]]*\] \)\{0,1\}\([^ ]*\) .*/\2/p' | head -n 1)}
mirror=${mirror:-http://deb.debian.org/debian}
mkdir -p "$cache"
makers=
for release in "$@"; do
    (make_one "$release") &
    makers="$makers $!"
done
failed=0
for maker in $makers; do
    wait "$maker" || failed=1
done
[ $failed = 0 ] || exit 1
for release in "$@"; do
    echo "$cache/$release-$key"
done
