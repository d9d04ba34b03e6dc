#!/bin/sh
# Installs what a build needs beyond Swift itself: libcurl's headers. Asks for root only when they are missing.
set -eu

has_headers() {
  echo '#include <curl/curl.h>' | "${CC:-clang}" -E -x c - >/dev/null 2>&1 ||
    echo '#include <curl/curl.h>' | cc -E -x c - >/dev/null 2>&1
}

if has_headers; then exit 0; fi
if ! command -v apt-get >/dev/null 2>&1; then
  echo "dependencies: libcurl's headers (curl/curl.h) are missing; install your system's libcurl development package" >&2
  exit 1
fi
root=
[ "$(id -u)" -eq 0 ] || root=sudo
echo "dependencies: installing libcurl4-openssl-dev (needed to build only)" >&2
$root apt-get install -y --no-install-recommends libcurl4-openssl-dev >/dev/null 2>&1 || {
  $root apt-get update
  $root apt-get install -y --no-install-recommends libcurl4-openssl-dev
}
