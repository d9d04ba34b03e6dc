#!/bin/sh
# Installs Outfit for the user who runs it, and sets the machine up. It needs no root.
#
#   sh install.sh [OPTIONS] [PROFILE] [-- OPTIONS OF `outfit up`]
#   curl -fsSL https://host/install.sh | sh -s -- --from https://host PROFILE
#
#   --from ADDRESS   where Outfit is: a folder, a file, or an http(s) or file address of either
#                    (without it: the folder of this script)
#   --prefix DIR     where it goes, by default ~/.local: DIR/share/outfit/self/VERSION, and the link DIR/bin/outfit
#   --version V      another version than the one that this script belongs to
#   --sha256 HEX     what the tarball must be, instead of what the file beside it (.sha256) says
#   --trust          consent to PROFILE as it is now, as `outfit up --trust` does
#   PROFILE          runs `outfit up PROFILE`: a folder, a git address, or a profile that comes with Outfit (starter)
#
# It runs in dash, bash, busybox sh and ksh.
set -eu

# `make dist` writes these two.
version=@VERSION@
default_from=@FROM@

say() { printf 'install: %s\n' "$*" >&2; }
die() {
  say "error: $1"
  shift
  for line; do printf '        %s\n' "$line" >&2; done
  exit 1
}
has() { command -v "$1" >/dev/null 2>&1; }

# The command that installs a package here: `install_command PACKAGE`.
install_command() {
  sudo=
  if [ "$(id -u)" != 0 ]; then
    if has sudo; then sudo='sudo '; else printf 'as root: '; fi
  fi
  if has apt-get; then
    echo "${sudo}apt-get update && ${sudo}apt-get install -y $1"
  elif has dnf; then
    echo "${sudo}dnf install -y $1"
  elif has zypper; then
    echo "${sudo}zypper install -y $1"
  elif has pacman; then
    echo "${sudo}pacman -S $1"
  elif has apk; then
    echo "${sudo}apk add $1"
  elif has brew; then
    echo "brew install $1"
  else
    echo "install $1 with your system's package manager"
  fi
}

need() { has "$1" || die "this machine has no $1, which is needed to $2" "$(install_command "$3")"; }

has_authorities() {
  [ "$(uname -s)" != Linux ] && return 0
  for file in "${SSL_CERT_FILE:-}" "${CURL_CA_BUNDLE:-}" /etc/ssl/certs/ca-certificates.crt \
    /etc/pki/tls/certs/ca-bundle.crt /etc/ssl/ca-bundle.pem /etc/ssl/cert.pem; do
    [ -n "$file" ] && [ -s "$file" ] && return 0
  done
  [ -n "${SSL_CERT_DIR:-}" ]
}

# Sets `platform`, as tarballs are named by it.
find_platform() {
  system=$(uname -s)
  machine=$(uname -m)
  case $system in
    Linux) system=linux ;;
    Darwin) system=macos ;;
    *) die "Outfit runs on Linux and macOS; this is $system" 'on Windows, use it inside WSL 2' ;;
  esac
  case $machine in
    x86_64 | amd64) machine=amd64 ;;
    aarch64 | arm64) machine=arm64 ;;
    *) die "Outfit runs on x86-64 and 64-bit ARM machines; this one is $machine" ;;
  esac
  platform=$system-$machine
  if [ "$system" = linux ] && [ ! -e /lib64/ld-linux-x86-64.so.2 ] &&
    [ ! -e /lib/ld-linux-aarch64.so.1 ] && [ ! -e /lib64/ld-linux-aarch64.so.1 ]; then
    die 'this system has no GNU C library (Alpine, for one, has musl), which this build of Outfit needs' \
      'use a container or a distribution with glibc: Debian, Ubuntu, Fedora, SUSE, Arch'
  fi
}

sha256() {
  if has sha256sum; then
    sha256sum <"$1" | cut -d ' ' -f 1
  elif has shasum; then
    shasum -a 256 <"$1" | cut -d ' ' -f 1
  elif has openssl; then
    openssl dgst -sha256 -r <"$1" | cut -d ' ' -f 1
  else
    die 'nothing here computes SHA-256: no sha256sum, shasum or openssl' "$(install_command coreutils)"
  fi
}

# An address without the credentials in it, for messages.
shown() { printf '%s\n' "$1" | sed 's,://[^/@]*@,://***@,g'; }

# fetch ADDRESS FILE
fetch() {
  case $1 in
    http://* | https://*) download "$1" "$2" ;;
    file://*) fetch "$(printf '%s' "$1" | sed 's,^file://\(localhost\)\{0\,1\},,; s,%20, ,g')" "$2" ;;
    *://*) die "$(shown "$1"): only http, https and file addresses are known" ;;
    *)
      [ -f "$1" ] || die "there is no file $1"
      cp "$1" "$2"
      ;;
  esac
}

# What to do where curl or wget had nothing of an address: `advice WORDS`, which are its own.
advice() {
  case $1 in
    *[Cc]ertificate* | *' CA '*)
      echo "where a proxy signs for all hosts, name the file with its authority: export SSL_CERT_FILE=FILE" ;;
    *407* | *'Proxy Authentication Required'*)
      case ${https_proxy:-${HTTPS_PROXY:-${all_proxy:-${ALL_PROXY:-}}}} in
        *@*) echo 'the proxy does not take the name and the password of https_proxy; write %40 for an @ in these' ;;
        *) echo 'the proxy wants a password: export https_proxy=http://NAME:PASSWORD@HOST:PORT' ;;
      esac ;;
    *[Rr]esolv* | *onnect* | *'imed out'*)
      echo 'see whether this machine has a network, and whether it needs https_proxy' ;;
    *) echo "these are the words of ${2:-curl}" ;;
  esac
}

download() {
  secure=false
  case $1 in https://*) secure=true ;; esac
  if $secure && ! has_authorities; then
    die "this machine has no certificates of authorities, so https can't be trusted" \
      "$(install_command ca-certificates)"
  fi
  if has curl; then
    redirects='=http,https'
    ! $secure || redirects='=https'
    words=$(curl -fsSL --retry 3 --connect-timeout 20 --speed-limit 1000 --speed-time 30 \
      --proto '=http,https' --proto-redir "$redirects" -A "outfit-install/$version" -o "$2" "$1" 2>&1) ||
      die "can't download $(shown "$1")" "$(shown "$words")" "$(advice "$words" curl)"
  elif has wget; then
    if $secure && [ -z "$digest" ] && wget --help 2>&1 | grep -qi busybox; then
      die "this machine's wget (of busybox) does not check certificates" \
        "$(install_command curl)" 'or say --sha256 HEX'
    fi
    # Busybox's says why it failed with -q as well, and knows no -nv.
    quiet=-q
    ! wget --help 2>&1 | grep -q -e --no-verbose || quiet=-nv
    words=$(wget $quiet -T 30 -O "$2" "$1" 2>&1) ||
      die "can't download $(shown "$1")" "$(shown "$words")" "$(advice "$words" wget)"
  else
    die 'this machine has neither curl nor wget, so nothing can be downloaded' "$(install_command curl)" \
      'or copy the tarball here by other means, and say --from FILE'
  fi
}

# Sets `tarball` from `from`: a tarball's own address, or that of a folder, which is `origin` then.
find_tarball() {
  origin=
  case $from in
    *.tar.gz)
      tarball=$from
      return
      ;;
  esac
  from=${from%/}
  case $from in
    *://*) origin=$from ;;
    *) origin=$(cd "$from" 2>/dev/null && pwd) || origin= ;;
  esac
  if [ "$version" = "@""VERSION@" ]; then
    found=$(ls "$from"/outfit-*-"$platform".tar.gz 2>/dev/null || true)
    [ -n "$found" ] || die "no version is named, and $(shown "$from") holds no tarball for $platform" \
      'say --version V'
    [ "$(printf '%s\n' "$found" | wc -l)" -eq 1 ] ||
      die "$(shown "$from") holds several versions for $platform" 'say --version V'
    tarball=$found
  else
    tarball=$from/outfit-$version-$platform.tar.gz
  fi
}

# Puts the tarball's content at `$self/VERSION`, in one step, and sets `installed`.
unpack() {
  data=$(dirname "$self")
  made=
  for folder in "$(dirname "$data")" "$bin"; do
    while [ ! -d "$folder" ]; do
      made=$(printf '%s\n%s' "$folder" "$made")
      folder=$(dirname "$folder")
    done
  done
  if [ ! -d "$data" ]; then
    mkdir -p "$(dirname "$data")"
    # What is in a home folder is its owner's alone; elsewhere the umask says who else may have it.
    case $data in
      "$HOME"/*) mkdir -m 700 "$data" ;;
      *) mkdir "$data" ;;
    esac
  fi
  mkdir -p "$self" "$bin"
  # `outfit self uninstall` takes them out again, once they are empty.
  [ -z "$made" ] || printf '%s\n' "$made" >>"$self/.made"
  work=$(mktemp -d "$self/.new.XXXXXX")
  trap 'rm -rf "$work"' EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM HUP
  say "getting $(shown "$tarball")"
  fetch "$tarball" "$work/outfit.tar.gz"
  if [ -n "$digest" ]; then
    expected=$digest
  else
    fetch "$tarball.sha256" "$work/sha256"
    expected=$(cut -d ' ' -f 1 <"$work/sha256" | head -n 1)
  fi
  expected=$(printf '%s' "$expected" | tr 'A-F' 'a-f')
  got=$(sha256 "$work/outfit.tar.gz")
  [ "$got" = "$expected" ] || die "$(shown "$tarball") is damaged, or not what was published" \
    "its SHA-256 is $got" "and should be     $expected"
  mkdir "$work/tree"
  tar -xzf "$work/outfit.tar.gz" -C "$work/tree" || die "can't unpack the tarball; tar's words are above"
  # All of it is in one folder, named after version and platform.
  tree=
  for entry in "$work"/tree/*; do tree=$entry; done
  [ -x "$tree/bin/outfit" ] || die "the tarball holds no outfit"
  words=$("$tree/bin/outfit" --version 2>&1) ||
    die "this build of Outfit does not run here:" "$words" "$(getconf GNU_LIBC_VERSION 2>/dev/null || uname -sr)"
  name=$(basename "$tree")
  name=${name#outfit-}
  name=${name%-"$platform"}
  printf '%s\n' "$got" >"$tree/.sha256"
  installed=$self/$name
  if [ -e "$installed" ] && [ "$(cat "$installed/.sha256" 2>/dev/null)" = "$got" ]; then
    say "$name is installed already"
  else
    [ ! -e "$installed" ] || mv "$installed" "$work/old"
    mv "$tree" "$installed"
  fi
  # Where a newer one is looked for; without a password.
  if [ -n "$origin" ]; then
    printf '%s\n' "$origin" | sed 's,://[^/@]*@,://,' >"$work/from"
    mv -f "$work/from" "$self/.from"
  fi
  # A rename, so that at every moment there is a working one.
  if [ -d "$bin/outfit" ] && [ ! -L "$bin/outfit" ]; then die "$bin/outfit is a folder; move it away"; fi
  ln -s "$installed/bin/outfit" "$work/link"
  mv -f "$work/link" "$bin/outfit"
  rm -rf "$work"
  trap - EXIT INT TERM HUP
}

usage() {
  if ! grep -q '^default_from=' "$0" 2>/dev/null; then
    say 'install.sh [--from ADDRESS] [--prefix DIR] [--version V] [--sha256 HEX] [--trust] [PROFILE] [-- OPTIONS]'
    return
  fi
  sed -n '2,/^set -eu/p' "$0" | sed '$d; s/^#$//; s/^# //' >&2
}

main() {
  from=
  digest=
  prefix=
  trust=false
  profile=
  while [ $# -gt 0 ]; do
    case $1 in
      --from | --prefix | --version | --sha256)
        [ $# -gt 1 ] && [ -n "$2" ] || die "$1 needs a value"
        case $1 in
          --from) from=$2 ;;
          --prefix) prefix=$2 ;;
          --version) version=$2 ;;
          --sha256)
            digest=$2
            case $digest in *[!0-9A-Fa-f]*) die '--sha256 takes 64 hexadecimal digits' "not $digest" ;; esac
            [ ${#digest} -eq 64 ] || die '--sha256 takes 64 hexadecimal digits' "these are ${#digest}"
            ;;
        esac
        shift
        ;;
      --trust) trust=true ;;
      -h | --help)
        usage
        exit 0
        ;;
      --)
        shift
        break
        ;;
      -*) die "unknown option $1" 'options of `outfit up` go behind --' ;;
      *)
        [ -z "$profile" ] || die "one profile at a time: $profile, or $1"
        profile=$1
        ;;
    esac
    shift
  done
  if $trust && [ -z "$profile" ]; then die '--trust says nothing without a PROFILE'; fi

  find_platform
  need tar 'unpack Outfit' tar
  need gzip 'unpack Outfit' gzip
  [ -n "${HOME:-}" ] || die 'HOME is not set'
  case $profile in
    github:* | gitlab:* | git@* | ssh://* | git+* | https://* | http://*)
      has git || die "$(shown "$profile") is a git address, and this machine has no git" \
        "$(install_command git)"
      ;;
  esac

  if [ -z "$from" ]; then
    from=$default_from
    [ "$from" != "@""FROM@" ] || from=
    here=$(dirname "$0")
    [ -z "$(ls "$here"/outfit-*.tar.gz 2>/dev/null || true)" ] || from=$here
    [ -n "$from" ] || die 'where is Outfit?' 'say --from ADDRESS'
  fi
  find_tarball

  if [ -n "$prefix" ]; then
    mkdir -p "$prefix"
    prefix=$(cd "$prefix" && pwd)
    self=$prefix/share/outfit/self
    bin=$prefix/bin
  elif [ -n "${OUTFIT_HOME:-}" ]; then
    self=$OUTFIT_HOME/data/self
    bin=$HOME/.local/bin
  else
    self=${XDG_DATA_HOME:-$HOME/.local/share}/outfit/self
    bin=$HOME/.local/bin
  fi
  case $self in /*) ;; *) die "$self must be an absolute path" ;; esac
  unpack
  say "$words is in $installed"

  case :$PATH: in
    *:"$bin":*) program=outfit ;;
    *)
      program=$bin/outfit
      say "$bin is not on PATH in this shell; \`outfit up\` or your next login may change that"
      ;;
  esac
  has_authorities || say "note: this machine has no certificates of authorities; downloads over https need them: $(install_command ca-certificates)"

  if [ -z "$profile" ]; then
    say "next: $program show starter, or $program up PROFILE"
    [ $# -eq 0 ] || die 'options of `outfit up` say nothing without a PROFILE'
    exit 0
  fi
  if $trust; then set -- "$@" --trust; fi
  say "outfit up $(shown "$profile")"
  # In `curl | sh` the standard input is this script: questions need the terminal itself.
  if [ ! -t 0 ] && [ -t 2 ] && (: </dev/tty) 2>/dev/null; then
    exec "$bin/outfit" up "$profile" "$@" </dev/tty
  fi
  exec "$bin/outfit" up "$profile" "$@"
}

main "$@"
