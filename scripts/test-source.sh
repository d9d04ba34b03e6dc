#!/usr/bin/env bash
# Builds CPython 3.13.5 from the distribution's source package with the release build of `outfit`, in a HOME of its
# own, and uses it. As root it installs what compiling needs; otherwise that must be here.
set -euo pipefail
checkout=$(cd "$(dirname "$0")/.." && pwd)
outfit=${OUTFIT_TEST_BUILD:-$checkout/.build/release}/outfit
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
if [ "$(id -u)" -eq 0 ]; then
  packages="gcc libc6-dev make xz-utils libssl-dev libsqlite3-dev libffi-dev zlib1g-dev liblzma-dev libbz2-dev
    libreadline-dev libncurses-dev uuid-dev"
  # shellcheck disable=SC2086 # a list of names
  dpkg -s $packages >/dev/null 2>&1 || {
    apt-get update
    # shellcheck disable=SC2086
    apt-get install -y --no-install-recommends $packages
  }
fi
# What the user has is not looked at.
run() { env -u PYENV_ROOT HOME="$work" PATH=/usr/local/bin:/usr/bin:/bin "$@"; }
before=$(find /etc/apt /var/lib/apt -type f -exec stat -c '%n %Y' {} + 2>/dev/null | sort | sha256sum)
mkdir -p "$work/project"
printf 'profile: compiled\ninterpreters: {python: {versions: ["3.13.5"], providers: [source]}}\n' \
  >"$work/project/outfit.yaml"
cd "$work/project"
run "$outfit" up --trust
after=$(find /etc/apt /var/lib/apt -type f -exec stat -c '%n %Y' {} + 2>/dev/null | sort | sha256sum)
[ "$before" = "$after" ] || { echo "test-source: apt's own files were changed" >&2; exit 1; }
grep -q 93e583f243454e6e9e4588ca2c2662206ad961659863277afcdb96801647d640 outfit.lock || {
  echo "test-source: outfit.lock does not pin upstream's tarball" >&2
  exit 1
}
run "$work/.local/share/outfit/bin/python3" -I -c '
import bz2, ctypes, ensurepip, lzma, readline, sqlite3, ssl, sys, sysconfig, venv, zlib
assert sys.version_info[:3] == (3, 13, 5), sys.version
assert sysconfig.get_config_var("prefix") == sys.prefix, sys.prefix
print("test-source: Python", sys.version.split()[0], "at", sys.prefix)'
run "$outfit" up --offline | grep -q 'Nothing to do' || { echo "test-source: it would be built again" >&2; exit 1; }
echo "test-source: good"
