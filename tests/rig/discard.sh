#!/bin/sh
# Ends a host of the tests and removes all that is left of it.
#
#   discard.sh FOLDER             now
#   discard.sh --at-eof FOLDER    once standard input ends, which it does when
#                                 the test that holds the other end is gone,
#                                 however it went
#
# The folder's name is the name of the host and of its control group.
set -u

if [ "$1" = --at-eof ]; then
    trap '' HUP INT TERM # a Ctrl-C is for the test; this then follows
    cat >/dev/null
    shift
fi
folder=$1
name=$(basename "$folder")
hierarchy=$(awk '$3 == "cgroup2" { print $2; exit }' /proc/mounts)
group=$hierarchy/$name

# Waits up to five seconds for the group to have no process left.
emptied() {
    for _ in $(seq 100); do
        grep -q '^populated 0' "$group/cgroup.events" 2>/dev/null && return 0
        [ -d "$group" ] || return 0
        sleep 0.05
    done
    return 1
}

# The host first, so that nspawn can tidy up after it; then whatever is left.
if [ -d "$group" ]; then
    [ ! -d "$group/payload" ] || echo 1 >"$group/payload/cgroup.kill"
    emptied || {
        echo 1 >"$group/cgroup.kill"
        emptied || echo "discard: processes of $name will not die" >&2
    }
fi
# nspawn makes the group in the old hierarchies too, where there are any.
for top in "$hierarchy" /sys/fs/cgroup/*; do
    [ ! -d "$top/$name" ] || find "$top/$name" -depth -type d -exec rmdir {} + 2>/dev/null
done
rm -rf "/run/systemd/nspawn/propagate/$name"
rm -rf --one-file-system "$folder"
