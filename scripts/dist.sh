#!/bin/sh
# Makes dist/outfit-VERSION-PLATFORM.tar.gz, its .sha256, install.sh, the Ansible collection, a list of what it is made of
# (SPDX), and SHA256SUMS over all of them, from a release build.
#
#   scripts/dist.sh [BUILD]        BUILD: the folder of the executables, by default .build/release
#
# The tarball can be unpacked anywhere. On Linux it brings libcurl and all that it stands on, apart from the C
# library, for machines that have none. The same build gives the same bytes. OUTFIT_DIST_FROM is the address
# that install.sh takes the tarball from when it is told no other. OUTFIT_DIST_KEY is a key of ssh's: with it SHA256SUMS.sig is
# made, which `ssh-keygen -Y verify -n outfit` checks.
set -eu
cd "$(dirname "$0")/.."

build=${1:-.build/release}
say() { printf 'dist: %s\n' "$*" >&2; }
die() {
  say "error: $*"
  exit 1
}

# The package's command is PACKAGE's, and is installed when it is missing: `need COMMAND PACKAGE`.
need() {
  command -v "$1" >/dev/null 2>&1 && return
  command -v apt-get >/dev/null 2>&1 || die "$1 is needed; install it"
  root=
  [ "$(id -u)" -eq 0 ] || root=sudo
  say "installing $2 (needed for the tarball only)"
  $root apt-get install -y --no-install-recommends "$2" >/dev/null 2>&1 ||
    { $root apt-get update && $root apt-get install -y --no-install-recommends "$2"; } >/dev/null
}

version=$(sed -n 's/.*static let version = "\(.*\)".*/\1/p' Sources/OutfitCore/Release.swift)
[ -n "$version" ] || die "Sources/OutfitCore/Release.swift names no version"
case $(uname -s) in Linux) system=linux ;; Darwin) system=macos ;; *) die "unknown system" ;; esac
case $(uname -m) in x86_64) machine=amd64 ;; aarch64 | arm64) machine=arm64 ;; *) die "unknown machine" ;; esac
platform=$system-$machine
name=outfit-$version-$platform
time=$(git log -1 --format=%ct 2>/dev/null || echo 0)
time=${SOURCE_DATE_EPOCH:-$time}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
tree=$work/$name
scripts/tree.sh "$build" "$tree"
scripts/share.sh "$build" "$tree"

need strip binutils
strip "$tree/bin/outfit" "$tree/libexec/outfit-shim"

# Copies the library NAME, found at PATH, and what it needs; `library NAME PATH`.
library() {
  [ ! -e "$libraries/$1" ] || return 0
  cp -L "$2" "$libraries/$1"
  chmod u+w "$libraries/$1"
  if command -v dpkg >/dev/null 2>&1; then
    # Packages may name /lib what is now /usr/lib.
    package=$({ dpkg -S "$2" || dpkg -S "$(readlink -f "$2")" || dpkg -S "/usr$2"; } 2>/dev/null |
      head -n 1 | cut -d : -f 1)
    copyright=/usr/share/doc/$package/copyright
    [ -z "$package" ] || [ ! -f "$copyright" ] || cp -L "$copyright" "$licenses/$package"
  fi
}

if [ "$system" = linux ]; then
  need patchelf patchelf
  libraries=$tree/lib/outfit
  licenses=$tree/share/outfit/licenses
  mkdir -p "$libraries" "$licenses"
  # What is opened when it is needed, and so not among what the program names itself.
  opened=
  for soname in libcurl.so.4 libisal.so.2; do
    path=
    for folder in "/usr/lib/$(uname -m)-linux-gnu" /usr/lib64 /usr/lib /lib; do
      [ -n "$path" ] || [ ! -e "$folder/$soname" ] || path=$folder/$soname
    done
    if [ -z "$path" ]; then
      [ "$soname" != libisal.so.2 ] || continue
      die "there is no $soname here"
    fi
    library "$soname" "$path"
    opened="$opened $path"
  done
  # Everything but the C library, which must be the machine's own.
  # shellcheck disable=SC2086 # a list of paths
  LC_ALL=C ldd $opened "$tree/bin/outfit" |
    sed -n 's/^[[:space:]]*\([^ ]*\) => \(\/[^ ]*\) .*/\1 \2/p' | sort -u >"$work/needed"
  while read -r soname path; do
    case $soname in
      libc.so.* | libm.so.* | libdl.so.* | libpthread.so.* | librt.so.* | libresolv.so.* | ld-linux*) ;;
      *) library "$soname" "$path" ;;
    esac
  done <"$work/needed"
  # Each finds the others from where it stands.
  for file in "$libraries"/*; do patchelf --set-rpath "\$ORIGIN" "$file"; done
  patchelf --set-rpath "\$ORIGIN/../lib/outfit" "$tree/bin/outfit"
fi

find "$tree" -type d -exec chmod 755 {} +
find "$tree" -type f -perm -u+x -exec chmod 755 {} +
find "$tree" -type f ! -perm -u+x -exec chmod 644 {} +

mkdir -p dist
tar=tar
[ "$system" != macos ] || tar=gtar
# The same files give the same bytes: `pack FOLDER TARBALL FILES…`.
pack() {
  folder=$1
  tarball=$2
  shift 2
  "$tar" --sort=name --mtime="@$time" --owner=0 --group=0 --numeric-owner --format=gnu \
    -C "$folder" -cf "$work/tarball" "$@"
  gzip -n -9 <"$work/tarball" >"$tarball"
}
pack "$work" "dist/$name.tar.gz" "$name"
if command -v sha256sum >/dev/null 2>&1; then
  (cd dist && sha256sum "$name.tar.gz" >"$name.tar.gz.sha256")
else
  (cd dist && shasum -a 256 "$name.tar.gz" >"$name.tar.gz.sha256")
fi
from=$(printf '%s' "${OUTFIT_DIST_FROM:-}" | sed "s/'/'\\\\''/g; s/[&,\\\\]/\\\\&/g")
sed "s,^version=@VERSION@\$,version=$version,; s,^default_from=@FROM@\$,default_from='$from'," \
  scripts/install.sh >dist/install.sh
chmod 755 dist/install.sh

# Ansible's own program knows what a collection is made of, and writes the time of day into it.
grep -qx "version: $version" ansible/galaxy.yml || die "ansible/galaxy.yml has another version than $version"
need ansible-galaxy ansible-core
collection=outfit-outfit-$version
mkdir "$work/ansible" "$work/collection"
files=$(git ls-files ansible 2>/dev/null || true)
[ -n "$files" ] || files=$(find ansible -type f)
printf '%s\n' "$files" | while IFS= read -r file; do
  mkdir -p "$work/$(dirname "$file")"
  cp "$file" "$work/$file"
done
ANSIBLE_HOME="$work/.ansible" ansible-galaxy collection build "$work/ansible" --output-path "$work" >/dev/null
"$tar" -C "$work/collection" -xzf "$work/$collection.tar.gz"
# shellcheck disable=SC2046 # names without spaces
pack "$work/collection" "dist/$collection.tar.gz" $(ls "$work/collection")

scripts/sbom.py "$version" "$tree" "$time" >"dist/outfit-$version-$platform.spdx.json"
sums="$name.tar.gz install.sh $collection.tar.gz outfit-$version-$platform.spdx.json"
# shellcheck disable=SC2086 # names without spaces
if command -v sha256sum >/dev/null 2>&1; then
  (cd dist && sha256sum $sums >SHA256SUMS)
else
  (cd dist && shasum -a 256 $sums >SHA256SUMS)
fi
rm -f dist/SHA256SUMS.sig
if [ -n "${OUTFIT_DIST_KEY:-}" ]; then
  ssh-keygen -Y sign -n outfit -f "$OUTFIT_DIST_KEY" dist/SHA256SUMS >/dev/null 2>&1 ||
    die "ssh-keygen can't sign with $OUTFIT_DIST_KEY"
  say "dist/SHA256SUMS.sig"
fi

say "dist/$collection.tar.gz"
say "dist/$name.tar.gz ($(($(wc -c <"dist/$name.tar.gz") / 1048576)) MB), SHA-256 $(cut -d ' ' -f 1 "dist/$name.tar.gz.sha256")"
