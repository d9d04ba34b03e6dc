#!/bin/sh
# Tries the tarball of `make dist` as a new hire would: in a bare Debian, without Swift, git, curl or certificates.
#
#   scripts/try-bare.sh [SUITE]        SUITE: of Debian, by default bookworm
#
# It needs root (debootstrap, chroot) and dist/. The bare system is made once and kept in OUTFIT_BARE, by default
# /var/tmp/outfit-bare; every run works in a fresh copy of it, as a user without rights.
set -eu
cd "$(dirname "$0")/.."

suite=${1:-bookworm}
base=${OUTFIT_BARE:-/var/tmp/outfit-bare}
say() { printf 'try-bare: %s\n' "$*" >&2; }
die() {
  say "error: $*"
  exit 1
}

[ "$(id -u)" -eq 0 ] || die "this needs root, for debootstrap and chroot"
[ -f dist/install.sh ] || die "there is no dist/install.sh: run make dist first"
command -v debootstrap >/dev/null || {
  say 'installing debootstrap'
  apt-get install -y --no-install-recommends debootstrap >/dev/null
}

if [ ! -d "$base/$suite" ]; then
  say "making a bare $suite in $base"
  mkdir -p "$base"
  # The archive that this machine itself uses for that suite, if it does.
  archive=$(apt-get indextargets --format '$(CODENAME) $(REPO_URI)' 2>/dev/null |
    awk -v suite="$suite" '$1 == suite { print $2; exit }')
  debootstrap --variant=minbase "$suite" "$base/.new" ${archive:+"$archive"} >"$base/log" 2>&1 ||
    die "debootstrap failed; see $base/log"
  mv "$base/.new" "$base/$suite"
fi

root=$base/run
server=
cleanup() {
  [ -z "$server" ] || kill "$server" 2>/dev/null || true
  rm -rf --one-file-system "$root"
}
trap cleanup EXIT
trap 'exit 130' INT TERM
rm -rf --one-file-system "$root"
cp -a "$base/$suite" "$root"
cp /etc/resolv.conf "$root/etc/resolv.conf"
mkdir "$root/dist"
cp dist/install.sh dist/outfit-*.tar.gz dist/outfit-*.sha256 "$root/dist"
for user in ann bob; do chroot "$root" useradd --create-home --shell /bin/bash "$user"; done

# as USER COMMAND: runs a command line in there; what it says is in `words`, its status in `status`.
as() {
  status=0
  words=$(unshare --mount --pid --fork sh -c '
    mount -t proc proc "$1/proc"
    home=/root
    [ "$2" = root ] || home=/home/$2
    exec chroot --userspec="$2:$2" "$1" env -i HOME="$home" USER="$2" LANG=C.UTF-8 TERM=dumb \
      PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin sh -c "cd && $3" 2>&1' \
    sh "$root" "$1" "$2" </dev/null) || status=$?
}

failures=0
result() {
  printf '%s - %s\n' "$1" "$2"
  [ "$1" = ok ] || {
    failures=$((failures + 1))
    printf '%s\n' "(status $status)" "$words" | sed 's/^/    | /'
  }
}
# says WHAT TEXT: the last command said TEXT.
says() { case $words in *"$2"*) result ok "$1" ;; *) result 'not ok' "$1: it does not say: $2" ;; esac; }
ends() { if [ "$status" -eq "$2" ]; then result ok "$1"; else result 'not ok' "$1: not status $2"; fi; }

as ann 'ls /usr/bin/git /usr/bin/curl /usr/bin/wget /usr/bin/python3 /etc/ssl/certs/ca-certificates.crt \
  /usr/lib/*/libcurl*; true'
if [ "$(printf '%s\n' "$words" | grep -c 'No such file')" -eq 6 ]; then
  result ok 'the machine has no git, curl, wget, Python, certificates or libcurl'
else
  result 'not ok' 'the machine is bare'
fi

as ann 'sh /dist/install.sh --from https://host.invalid/outfit'
says 'an https address without certificates names the command' 'apt-get install -y ca-certificates'
as ann 'sh /dist/install.sh --from http://127.0.0.1:1/outfit'
says 'an http address without curl and wget names the command' 'apt-get install -y curl'
as ann 'sh /dist/install.sh github:acme/profiles'
says 'a git address without git names the command' 'apt-get install -y git'

as ann 'sh /dist/install.sh'
ends 'install.sh installs from its own folder' 0
says 'it says what downloads will need' 'apt-get install -y ca-certificates'
as ann '~/.local/bin/outfit --version'
ends 'outfit runs' 0
says 'it knows its version' 'outfit '
as ann 'sh /dist/install.sh && ls -a ~/.local/share/outfit/self'
says 'installing again changes nothing' 'is installed already'
as ann 'mv ~/.local/share/outfit/self ~/elsewhere && ~/elsewhere/*/bin/outfit show starter; s=$?
  mv ~/elsewhere ~/.local/share/outfit/self; exit $s'
ends 'it runs from another place, with the profiles that it brought' 0

# A download over http, by the libcurl that the tarball brought.
if command -v python3 >/dev/null; then
  served=$(mktemp -d)
  printf '#!/bin/sh\necho "hello, $*"\n' >"$served/hello"
  digest=$(sha256sum <"$served/hello" | cut -d ' ' -f 1)
  # It prints the port that it got.
  (cd "$served" && exec python3 -u -m http.server --bind 127.0.0.1 0) >"$served/log" 2>/dev/null &
  server=$!
  port=
  for _ in 1 2 3 4 5 6 7 8 9 10; do
    [ -z "$port" ] || break
    sleep 0.3
    port=$(sed -n 's/.* port \([0-9]*\) .*/\1/p' "$served/log")
  done
  [ -n "$port" ] || die 'the file server does not start'
  mkdir "$root/home/ann/profile"
  cat >"$root/home/ann/profile/outfit.yaml" <<END
profile: bare
tools:
  hello:
    from: url
    version: "1.0.0"
    url: "http://127.0.0.1:$port/hello"
    sha256: {linux-amd64: "$digest", linux-arm64: "$digest"}
dotfiles:
  .vimrc: {copy: vimrc}
END
  echo 'set number' >"$root/home/ann/profile/vimrc"
  chroot "$root" chown -R ann:ann /home/ann/profile
  as ann 'sh /dist/install.sh profile'
  ends 'a profile without consent is not applied' 4
  as ann 'sh /dist/install.sh --trust profile'
  ends 'a profile is applied' 0
  as ann 'bash -lc "hello there"; cat .vimrc'
  says 'its tool runs by its bare name from a new login shell' 'hello, there'
  says 'its dotfile is there' 'set number'
  as ann '~/.local/bin/outfit up profile'
  ends 'the second time' 0
  as ann '~/.local/bin/outfit rollback && [ ! -e .vimrc ] && ! bash -lc hello'
  ends 'rollback takes it away again' 0
fi

as bob 'sh /dist/install.sh --trust starter'
say "outfit up starter, on the bare machine: status $status"
printf '%s\n' "$words" | sed 's/^/    | /'
says 'what is missing is said with the command that mends it' 'apt-get install python3'

if [ -n "${OUTFIT_TRY_PACKAGES:-}" ]; then
  # What the messages ask for, and this machine's own authorities, as an administrator would add them.
  as root 'apt-get update -qq && apt-get install -qq -y --no-install-recommends python3 python3-venv ca-certificates'
  ends 'what is missing can be installed' 0
  cp /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/ca-certificates.crt"
  as bob '~/.local/bin/outfit up starter --trust'
  ends 'then the starter profile is applied' 0
  printf '%s\n' "$words" | sed 's/^/    | /'
  as bob 'bash -lc "black --version && http --version && node --version"'
  ends 'its tools run from a new login shell' 0
fi

[ "$failures" -eq 0 ] || die "$failures failed"
say 'all is well'
