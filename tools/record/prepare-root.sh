#!/bin/sh
# usage: prepare-root.sh SUITE [PACKAGE…]
# Makes the Debian root $RECORD_HOME/roots/SUITE where there is none, and installs the packages in it. A package that
# the suite does not have, or that does not install, is reported and left out.
set -eu
suite=$1; shift
root=${RECORD_HOME:-$HOME/.cache/hellotap-record}/roots/$suite
if [ ! -e "$root/etc/debian_version" ]; then
  mkdir -p "$(dirname "$root")"
  debootstrap --variant=minbase --include=ca-certificates "$suite" "$root" http://deb.debian.org/debian
fi
printf '#!/bin/sh\nexit 101\n' > "$root/usr/sbin/policy-rc.d"; chmod +x "$root/usr/sbin/policy-rc.d"
echo 'path-exclude=/usr/share/doc/*' > "$root/etc/dpkg/dpkg.cfg.d/nodoc"
[ "$suite" = sid ] || echo "deb http://deb.debian.org/debian-security $suite-security main" \
  > "$root/etc/apt/sources.list.d/security.list"
cp /etc/resolv.conf "$root/etc/resolv.conf"
export clients=$(dirname "$(readlink -f "$0")")/clients
exec unshare --mount --propagation private sh -c '
  root=$1; shift
  mount -t proc proc "$root/proc"; mount --rbind /dev "$root/dev"; mount --rbind /sys "$root/sys"
  export DEBIAN_FRONTEND=noninteractive
  in_root() { chroot "$root" "$@"; }
  in_root apt-get -qq update || echo "prepare-root: some lists are missing" >&2
  install() { in_root apt-get install -qq -y --no-install-recommends "$@" </dev/null >>"$root.log" 2>&1; }
  known=
  for package; do
    if in_root apt-cache policy "$package" | grep -q "Candidate: [^(]"; then known="$known $package"
    else echo "prepare-root: no $package"; fi
  done
  install $known || for package in $known; do install "$package" || echo "prepare-root: $package does not install"; done
  in_root apt-get clean
  # what takes long to compile is compiled once
  mkdir -p "$root/opt/record"; cp "$clients"/* "$root/opt/record"
  if in_root which go >/dev/null; then
    in_root sh -c "cd /opt/record && HOME=/root GO111MODULE=off GOTOOLCHAIN=local go build -o fetch fetch.go"
  fi
' sh "$root" "$@"
