#!/bin/sh
# Installs what building and trying Outfit needs beyond Swift itself: the headers of libcurl and ISA-L, git, and a whole Python for
# the starter profile where the machine has none. Asks for root only when something is missing.
set -eu

# has_header NAME
has_header() {
  for compiler in "${CC:-cc}" clang gcc; do
    if echo "#include <$1>" | "$compiler" -E -x c - >/dev/null 2>&1; then return 0; fi
  done
  return 1
}

has_python() {
  for python in python3 /usr/bin/python3 /usr/local/bin/python3; do
    if "$python" -I -c 'import ssl, sqlite3, ctypes, zlib, lzma, ensurepip, venv' >/dev/null 2>&1; then return 0; fi
  done
  return 1
}

packages=
has_header curl/curl.h || packages="$packages libcurl4-openssl-dev"
has_header isa-l/igzip_lib.h || packages="$packages libisal-dev"
has_python || packages="$packages python3 python3-venv"
command -v git >/dev/null 2>&1 || packages="$packages git"
[ -n "$packages" ] || exit 0

if ! command -v apt-get >/dev/null 2>&1; then
  echo "dependencies: missing are what Debian calls$packages; install your system's counterparts" >&2
  exit 1
fi
root=
[ "$(id -u)" -eq 0 ] || root=sudo
echo "dependencies: installing$packages" >&2
# shellcheck disable=SC2086 # a list of names
$root apt-get install -y --no-install-recommends $packages >/dev/null 2>&1 || {
  $root apt-get update
  # shellcheck disable=SC2086
  $root apt-get install -y --no-install-recommends $packages
}
