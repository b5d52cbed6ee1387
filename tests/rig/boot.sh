#!/bin/sh
# Boots a host of the tests: boot.sh FOLDER ORIGINAL
#
# The host is an overlay on ORIGINAL, whose changes lie in FOLDER/changes and so
# outlive a reboot. The overlay is mounted in a mount namespace of the host's
# own: it is gone when the host is. The folder's name is the name of the host
# and of its control group, which no other host shares.
set -eu

folder=$1
original=$2
name=$(basename "$folder")
group=$(awk '$3 == "cgroup2" { print $2; exit }' /proc/mounts)/$name
mkdir -p "$group" "$folder/changes" "$folder/work" "$folder/root"
echo $$ >"$group/cgroup.procs"

# shellcheck disable=SC2016 # expanded inside
exec unshare --mount --propagation private sh -euc '
    folder=$1 original=$2 name=$3
    # An overlay does not lie on another one (a test run inside of a container):
    # then the host is a plain copy.
    if [ "$(stat -f -c %T "$folder")" = overlayfs ]; then
        [ -e "$folder/root/usr" ] || cp -a "$original/." "$folder/root"
    else
        mount -t overlay overlay "$folder/root" \
            -o "lowerdir=$original,upperdir=$folder/changes,workdir=$folder/work"
    fi
    # There may be no systemd outside, so nobody to register with; and the host
    # gets a cgroup2 tree even where the machine outside has the old ones.
    SYSTEMD_NSPAWN_UNIFIED_HIERARCHY=1 exec systemd-nspawn --quiet --boot \
        --directory="$folder/root" --machine="$name" --hostname=host \
        --register=no --keep-unit --private-network --settings=no \
        --link-journal=no --resolv-conf=off --timezone=off --console=read-only
' sh "$folder" "$original" "$name"
