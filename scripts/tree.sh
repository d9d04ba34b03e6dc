#!/bin/sh
# Makes the tree that Outfit is installed as, from a build of this checkout: what may stand anywhere.
#
#   scripts/tree.sh BUILD TREE      BUILD: the folder of the executables; TREE: a new folder
#
# It is without shared libraries, which `dist.sh` adds for machines that lack them.
set -eu
cd "$(dirname "$0")/.."

build=$1
tree=$2
die() {
  printf 'tree: error: %s\n' "$*" >&2
  exit 1
}

for program in outfit outfit-shim; do
  [ -x "$build/$program" ] || die "there is no $build/$program: run make build first"
done
mkdir -p "$tree/bin" "$tree/libexec" "$tree/share/outfit/templates" "$tree/share/outfit/profiles"
cp "$build/outfit" "$tree/bin/outfit"
cp "$build/outfit-shim" "$tree/libexec/outfit-shim"

# What git knows, so that nothing that lies about gets in.
for folder in templates profiles; do
  files=$(git ls-files "$folder" 2>/dev/null || true)
  [ -n "$files" ] || files=$(find "$folder" -type f)
  [ -n "$files" ] || die "there is nothing in $folder"
  printf '%s\n' "$files" | while IFS= read -r file; do
    mkdir -p "$tree/share/outfit/$(dirname "$file")"
    cp -P "$file" "$tree/share/outfit/$file"
  done
done
