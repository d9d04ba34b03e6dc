#!/bin/sh
# Installs what building and trying Outfit needs beyond Swift itself: libcurl's headers, git, and a whole Python for
# the starter profile where the machine has none; and ISA-L's headers, without which it works too, where they can be
# had. Asks for root only when something is missing.
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

packages= optional=
has_header curl/curl.h || packages="$packages libcurl4-openssl-dev"
has_python || packages="$packages python3 python3-venv"
command -v git >/dev/null 2>&1 || packages="$packages git"
has_header isa-l/igzip_lib.h || optional=libisal-dev
# What every verb starts, fetches and writes is watched by it in the tests.
command -v strace >/dev/null 2>&1 || optional="$optional strace"
[ -n "$packages$optional" ] || exit 0

if ! command -v apt-get >/dev/null 2>&1; then
  [ -n "$packages" ] || exit 0
  echo "dependencies: missing are what Debian calls$packages; install your system's counterparts" >&2
  exit 1
fi
root=
[ "$(id -u)" -eq 0 ] || root=sudo
if [ -n "$packages" ]; then
  echo "dependencies: installing$packages" >&2
  # shellcheck disable=SC2086 # a list of names
  $root apt-get install -y --no-install-recommends $packages >/dev/null 2>&1 || {
    $root apt-get update
    # shellcheck disable=SC2086
    $root apt-get install -y --no-install-recommends $packages
  }
fi
for package in $optional; do
  $root apt-get install -y --no-install-recommends "$package" >/dev/null 2>&1 || {
    $root apt-get update >/dev/null 2>&1 && $root apt-get install -y --no-install-recommends "$package" >/dev/null 2>&1
  } || case $package in
    libisal-dev) echo "dependencies: there is no $package, so zlib unpacks archives, which takes longer" >&2 ;;
    *) echo "dependencies: there is no $package, so the tests of consent are left out" >&2 ;;
  esac
done
