#!/bin/sh
# Installs the build of this checkout for the user who runs it, where install.sh puts a tarball, so that nothing of it
# needs the checkout any more; then has the starter profile. It is what `make up` does, as often as one likes.
#
#   scripts/up.sh BUILD [OPTIONS OF `outfit up`]      BUILD: the folder of the executables
set -eu
cd "$(dirname "$0")/.."

build=$1
shift
version=$(sed -n 's/.*static let version = "\(.*\)".*/\1/p' Sources/OutfitCore/Release.swift)
case $(uname -s) in Darwin) system=macos ;; *) system=linux ;; esac
case $(uname -m) in x86_64) machine=amd64 ;; *) machine=arm64 ;; esac
name=outfit-$version-$system-$machine

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
scripts/tree.sh "$build" "$work/$name"
# The same build gives the same bytes, which are not installed again.
tar=tar
[ "$system" != macos ] || tar=gtar
"$tar" --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner -C "$work" -cf - "$name" |
  gzip -n -1 >"$work/$name.tar.gz"
if command -v sha256sum >/dev/null 2>&1; then
  (cd "$work" && sha256sum "$name.tar.gz" >"$name.tar.gz.sha256")
else
  (cd "$work" && shasum -a 256 "$name.tar.gz" >"$name.tar.gz.sha256")
fi
status=0
sh scripts/install.sh --from "$work/$name.tar.gz" --trust starter -- "$@" || status=$?
exit "$status"
