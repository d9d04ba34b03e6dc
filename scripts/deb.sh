#!/bin/sh
# Makes dist/outfit_VERSION_ARCHITECTURE.deb from a release build: for Debian and its like, with the system's own libcurl.
#
#   scripts/deb.sh [BUILD]        BUILD: the folder of the executables, by default .build/release
#
# The same build gives the same bytes.
set -eu
cd "$(dirname "$0")/.."

build=${1:-.build/release}
die() {
  printf 'deb: error: %s\n' "$*" >&2
  exit 1
}
for program in dpkg-deb dpkg-shlibdeps strip; do
  command -v "$program" >/dev/null 2>&1 || die "there is no $program: apt-get install dpkg-dev binutils"
done
version=$(sed -n 's/.*static let version = "\(.*\)".*/\1/p' Sources/OutfitCore/Release.swift)
architecture=$(dpkg --print-architecture)
time=$(git log -1 --format=%ct 2>/dev/null || echo 0)
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$time}
export SOURCE_DATE_EPOCH
maintainer=${OUTFIT_MAINTAINER:-$(git log -1 --format='%an <%ae>' 2>/dev/null || echo 'Outfit <root@localhost>')}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
root=$work/root
scripts/tree.sh "$build" "$root/usr"
scripts/share.sh "$build" "$root/usr"
strip --strip-unneeded --remove-section=.comment --remove-section=.note "$root/usr/bin/outfit" \
  "$root/usr/libexec/outfit-shim"
# Where Debian's zsh looks.
mkdir -p "$root/usr/share/zsh/vendor-completions"
mv "$root/usr/share/zsh/site-functions/_outfit" "$root/usr/share/zsh/vendor-completions/_outfit"
rmdir "$root/usr/share/zsh/site-functions"
find "$root/usr/share/man" -type f -exec gzip -n -9 {} +

doc=$root/usr/share/doc/outfit
mkdir -p "$doc"
cp docs/outfit.schema.json "$root/usr/share/outfit/outfit.schema.json"
cat >"$doc/copyright" <<COPYRIGHT
Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
Upstream-Name: Outfit

Files: *
Copyright: the authors of Outfit
License: unstated
 Its authors have not said yet under which licence others may have it.
COPYRIGHT
printf 'outfit (%s) unstable; urgency=medium\n\n  * What is new is in the history of the repository.\n\n -- %s  %s\n' \
  "$version" "$maintainer" "$(date -u -R -d "@$SOURCE_DATE_EPOCH")" | gzip -n -9 >"$doc/changelog.gz"

# The shim is run before every command, so that it brings all that it needs; Yams is libyaml and its Swift in one.
mkdir -p "$root/usr/share/lintian/overrides"
printf 'outfit: statically-linked-binary [usr/libexec/outfit-shim]\noutfit: embedded-library libyaml [usr/bin/outfit]\n' \
  >"$root/usr/share/lintian/overrides/outfit"

# Which packages its libraries come from, and how new they have to be.
mkdir -p "$work/debian"
printf 'Source: outfit\n\nPackage: outfit\nArchitecture: any\n' >"$work/debian/control"
depends=$(cd "$work" && dpkg-shlibdeps -O "$root/usr/bin/outfit" "$root/usr/libexec/outfit-shim" 2>/dev/null |
  sed -n 's/^shlibs:Depends=//p')
[ -n "$depends" ] || die "dpkg-shlibdeps does not say what it depends on"
case $depends in *libcurl*) ;; *) depends="$depends, libcurl4 | libcurl4t64" ;; esac

find "$root" -type d -exec chmod 755 {} +
find "$root" -type f -perm -u+x -exec chmod 755 {} +
find "$root" -type f ! -perm -u+x -exec chmod 644 {} +
size=$(du -sk "$root" | cut -f 1)
mkdir -p "$root/DEBIAN"
cat >"$root/DEBIAN/control" <<CONTROL
Package: outfit
Version: $version
Architecture: $architecture
Maintainer: $maintainer
Installed-Size: $size
Depends: $depends, ca-certificates
Recommends: git
Suggests: libisal2, openssh-client
Section: devel
Priority: optional
Description: developer's machine, and what that developer ships, from one manifest
 Outfit installs pinned interpreters, tools in environments of their own,
 dotfiles and git hooks from one manifest, and renders the container image and
 the Kubernetes manifests from the same pins.
CONTROL
(cd "$root" && find usr -type f -exec md5sum {} + | LC_ALL=C sort -k 2) >"$root/DEBIAN/md5sums"
chmod 644 "$root/DEBIAN/md5sums"
find "$root" -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} +
mkdir -p dist
dpkg-deb --root-owner-group -Zxz --build "$root" "dist/outfit_${version}_$architecture.deb" >/dev/null
printf 'deb: dist/outfit_%s_%s.deb\n' "$version" "$architecture" >&2
