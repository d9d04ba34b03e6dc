#!/bin/sh
# Prints the path of a browser that pages can be looked at with: chromium, which root gets from Debian where it is not
# there.
#
#   scripts/browser.sh
set -eu

for name in chromium chromium-browser google-chrome; do
  if command -v "$name"; then exit 0; fi
done
if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null; then
  echo 'browser.sh: there is no chromium here: apt-get install chromium' >&2
  exit 1
fi
apt-get install -y --no-install-recommends chromium >&2
command -v chromium
