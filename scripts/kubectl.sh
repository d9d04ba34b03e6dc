#!/bin/sh
# Prints the path of a kubectl of version 1.27 or newer.
#
#   scripts/kubectl.sh [FOLDER]
#
# The one on PATH serves if it is new enough. Otherwise Debian's own package of a newer suite is unpacked
# (not installed) into FOLDER, by default below the user's cache: see unpack-newer.sh, which does it.
set -eu

suite=${OUTFIT_NEWER_SUITE:-trixie}
folder=${1:-${XDG_CACHE_HOME:-$HOME/.cache}/outfit/kubectl-$suite}

say() { printf 'kubectl.sh: %s\n' "$*" >&2; }

# True when the kubectl at $1 runs, and its client is 1.27 or newer.
new_enough() {
  version=$("$1" version --client 2>/dev/null | sed -n 's/.*v1\.\([0-9][0-9]*\)\..*/\1/p' | head -n 1)
  [ -n "$version" ] && [ "$version" -ge 27 ]
}

for candidate in "$(command -v kubectl || true)" "$folder/root/usr/bin/kubectl"; do
  if [ -n "$candidate" ] && [ -x "$candidate" ] && new_enough "$candidate"; then
    printf '%s\n' "$candidate"
    exit 0
  fi
done

# Suites differ in the name of the package that holds it.
"$(dirname "$0")/unpack-newer.sh" "$folder" kubectl >&2 ||
  "$(dirname "$0")/unpack-newer.sh" "$folder" kubernetes-client >&2

if new_enough "$folder/root/usr/bin/kubectl"; then
  printf '%s\n' "$folder/root/usr/bin/kubectl"
else
  say "the kubectl of the suite $suite is too old, or does not run here"
  exit 1
fi
