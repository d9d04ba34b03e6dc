#!/bin/sh
# Sets up this machine from the bundle that this file lies in, without a network.
#
#   mkdir DIR && tar -xf BUNDLE -C DIR && sh DIR/apply [OPTIONS OF `outfit bundle apply`]
#
# Outfit itself is installed for the user who runs it, where `install.sh` would put it; it needs no root. All that is
# needed are sh, uname, cp, mv, ln and mkdir. It runs in dash, bash, busybox sh and ksh.
set -eu

say() { printf 'bundle: %s\n' "$*" >&2; }
die() {
  say "error: $*"
  exit 1
}
has() { command -v "$1" >/dev/null 2>&1; }

find_platform() {
  case $(uname -s) in
    Linux) system=linux ;;
    Darwin) system=macos ;;
    *) die "Outfit runs on Linux and macOS; this is $(uname -s)" ;;
  esac
  case $(uname -m) in
    x86_64 | amd64) machine=amd64 ;;
    aarch64 | arm64) machine=arm64 ;;
    *) die "Outfit runs on x86-64 and 64-bit ARM machines; this one is $(uname -m)" ;;
  esac
  platform=$system-$machine
  if [ "$system" = linux ] && [ ! -e /lib64/ld-linux-x86-64.so.2 ] &&
    [ ! -e /lib/ld-linux-aarch64.so.1 ] && [ ! -e /lib64/ld-linux-aarch64.so.1 ]; then
    die 'this system has no GNU C library (Alpine, for one, has musl), which this build of Outfit needs'
  fi
}

# Whether a file is what its name says: `is_whole DIGEST`.
is_whole() {
  [ -f "$here/blobs/$1" ] || return 1
  ! has sha256sum || [ "$(sha256sum <"$here/blobs/$1")" = "$1  -" ]
}

# Whether the program itself came along.
brings_outfit() {
  digest=$(sed -n "/^outfit $platform\$/,/^folders\$/s,^program \([0-9a-f]*\) [0-9]* bin/outfit\$,\1,p" "$here/outfit-bundle")
  [ -n "$digest" ] && [ -f "$here/blobs/$digest" ]
}

# Copies Outfit, as the list has it for this platform, to `$1`.
copy() {
  inside=false
  found=false
  while read -r kind first _ path; do
    case $kind in
      outfit)
        inside=false
        [ "$first" != "$platform" ] || inside=true
        ;;
      folders | commit | end) inside=false ;;
      program | file)
        $inside || continue
        found=true
        case $path in /* | ../* | */../* | *%*) die "$path is no path of Outfit's" ;; esac
        is_whole "$first" || die "the bundle is not whole: blobs/$first is missing or damaged"
        case $path in */*) mkdir -p "$1/${path%/*}" ;; esac
        cp "$here/blobs/$first" "$1/$path"
        if [ "$kind" = program ]; then chmod 755 "$1/$path"; else chmod 644 "$1/$path"; fi
        ;;
    esac
  done <"$here/outfit-bundle"
  $found || die "the bundle holds no Outfit for $platform"
}

here=$(cd "$(dirname "$0")" && pwd)
[ -f "$here/outfit-bundle" ] || die "there is no outfit-bundle beside $0"
[ -n "${HOME:-}" ] || die 'HOME is not set'
find_platform
version=$(sed -n '2s/^version //p' "$here/outfit-bundle")
case $version in '' | *[!0-9A-Za-z.+-]*) die 'outfit-bundle names no version' ;; esac
if [ -n "${OUTFIT_HOME:-}" ]; then
  data=$OUTFIT_HOME/data
else
  data=${XDG_DATA_HOME:-$HOME/.local/share}/outfit
fi
case $data in /*) ;; *) die "$data must be an absolute path" ;; esac
bin=$HOME/.local/bin
if [ ! -d "$data" ]; then
  mkdir -p "$(dirname "$data")"
  mkdir -m 700 "$data"
fi
mkdir -p "$data/self" "$bin"
work=$(mktemp -d "$data/self/.new.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
installed=$data/self/$version
# What was sent to a machine that has this very Outfit comes without it.
if [ -x "$installed/bin/outfit" ] && ! brings_outfit; then
  rm -rf "$work"
  trap - EXIT INT TERM HUP
  exec "$installed/bin/outfit" bundle apply "$here" "$@"
fi
mkdir "$work/tree"
copy "$work/tree"
words=$("$work/tree/bin/outfit" --version 2>&1) || die "this build of Outfit does not run here: $words"
[ ! -e "$installed" ] || mv "$installed" "$work/old"
mv "$work/tree" "$installed"
# A rename, so that at every moment there is a working one.
if [ -d "$bin/outfit" ] && [ ! -L "$bin/outfit" ]; then die "$bin/outfit is a folder; move it away"; fi
ln -s "$installed/bin/outfit" "$work/link"
mv -f "$work/link" "$bin/outfit"
rm -rf "$work"
trap - EXIT INT TERM HUP
say "$words is in $installed"
exec "$installed/bin/outfit" bundle apply "$here" "$@"
