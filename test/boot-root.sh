#!/bin/sh
# Boots systemd of a Debian root in namespaces of its own: sh boot-root.sh ROOT CGROUP
# The namespaces have no network but a loopback interface. CGROUP is a folder of cgroup2 that exists.
set -eu
echo $$ > "$2/cgroup.procs"
export ROOT="$1" container=hellotap SYSTEMD_CGROUP_ENABLE_LEGACY_FORCE=1
exec unshare --mount --pid --net --uts --ipc --cgroup --fork --kill-child /bin/sh -euc '
mount --bind "$ROOT" "$ROOT"
cd "$ROOT"
mount -t proc proc proc
mount -t sysfs sysfs sys
mount -t cgroup2 cgroup2 sys/fs/cgroup
mount -t tmpfs tmpfs run
mount -t tmpfs tmpfs tmp
mount -t tmpfs -o mode=755 tmpfs dev
for name in null zero full random urandom tty; do
  touch dev/$name
  mount --bind /dev/$name dev/$name
done
mkdir dev/pts dev/shm
mount -t devpts -o newinstance,ptmxmode=0666 devpts dev/pts
ln -s pts/ptmx dev/ptmx
ln -s /proc/self/fd dev/fd
mount -t tmpfs tmpfs dev/shm
mkdir run/before
pivot_root . run/before
cd /
umount -l /run/before
exec /usr/lib/systemd/systemd --system --log-target=journal
'
