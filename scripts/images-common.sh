# What the scripts share that make real images: a store of images with a bare Debian in it, a host that serves what
# `outfit lock` and `outfit render --vendor` ask for, and how a check is told. It is sourced, in the checkout, by a
# script that has said what it is called ($script) and what is not done where it can't run ($undone).
# shellcheck shell=bash

checkout=$PWD
outfit=${OUTFIT_TEST_BUILD:-$checkout/.build/release}/outfit
kept=${OUTFIT_IMAGES:-/var/tmp/outfit-images}
failures=0
say() { printf '%s\n' "$*"; }
skip() {
  say "SKIPPED $script: $*"
  say "SKIPPED: $undone"
  exit 0
}
# needs PROGRAM[=PACKAGE]...: each is installed if it is missing.
needs() {
  local entry
  for entry; do
    command -v "${entry%%=*}" >/dev/null ||
      apt-get install -y --no-install-recommends "${entry#*=}" >/dev/null 2>&1 || skip "${entry#*=} can not be installed"
  done
}
check() {
  local label=$1
  shift
  if "$@" >"$work/log" 2>&1; then
    say "ok: $label"
  else
    say "FAILED: $label (status $?)"
    sed 's/^/    /' "$work/log" | tail -n 60
    failures=$((failures + 1))
  fi
}
ended() {
  if [ "$failures" -ne 0 ]; then
    say "$failures failed"
    exit 1
  fi
  say 'all passed'
}

[ "$(id -u)" -eq 0 ] || skip 'it needs root, for debootstrap and buildah'
command -v apt-get >/dev/null || skip 'it needs a Debian-like system'
unshare --net --mount true 2>/dev/null || skip 'it needs namespaces, which this machine does not give'
needs buildah debootstrap
mkdir -p "$kept"
scripts/image-base.sh "$kept" || skip 'the base image can not be made here'
KUBECTL=$(scripts/kubectl.sh) || skip 'there is no kubectl, and none can be got'
export KUBECTL

work=$(mktemp -d)
server=
cleanup() {
  [ -z "$server" ] || kill "$server" 2>/dev/null || true
  rm -rf "$work"
}
trap cleanup EXIT
trap 'exit 130' INT TERM
export OUTFIT_HOME=$work/outfit

store() { buildah --root "$kept/store" --runroot "$kept/run" "$@"; }
base=docker.io/outfit-test/base:13
if ! store inspect --type image "$base" >/dev/null 2>&1; then
  container=$(store from scratch)
  store add "$container" "$kept/base.tar" / >/dev/null
  store commit --quiet --timestamp 0 --rm "$container" "$base" >/dev/null
fi
# manifest IMAGE: the file in the store, whose digest is the image's.
manifest() {
  local identifier
  identifier=$(store images --no-trunc --format '{{.ID}}' "$1" | sed 's/^sha256://' | head -n 1)
  find "$kept/store" -path "*-images/$identifier/manifest" | head -n 1
}
# build TARGET TAG: of the project in this folder, without any network.
build() {
  unshare --net buildah --root "$kept/store" --runroot "$kept/run" build --isolation chroot --pull-never --layers \
    --timestamp 0 --target "$1" --tag "$2" .
}

version=$(cat "$kept/version")
path=20250723/cpython-$version+20250723-x86_64-unknown-linux-gnu-install_only_stripped.tar.gz
node_version=$(cat "$kept/node.version")
node_path=v$node_version/node-v$node_version-linux-x64.tar.gz
mkdir -p "$work/host/files/python/20250723" "$work/host/files/node/v$node_version"
cp "$kept/node.tar.gz" "$work/host/files/node/$node_path"
cp "$kept/python.tar.gz" "$work/host/files/python/$path"
# offer IMAGE NAME/TAG: the registry below answers for it.
offer() {
  mkdir -p "$work/host/images/${2%/*}"
  cp "$(manifest "$1")" "$work/host/images/$2"
}
offer "$base" outfit-test/base/13
python3 scripts/registry.py "$work/host" "$work/port" &
server=$!
for _ in $(seq 100); do [ -f "$work/port" ] || sleep 0.1; done
address=http://127.0.0.1:$(cat "$work/port")
export OUTFIT_MIRROR=$address OUTFIT_IMAGE_MIRROR=$address

digest=$(sha256sum "$kept/python.tar.gz" | cut -d ' ' -f 1)
# The fixture's lock, with the archive of this machine's own making for linux-amd64.
lock() {
  awk -v digest="$digest" '/linux-amd64:/ { found = 1 } found && /digest:/ { sub(/sha256:.*/, "sha256:" digest); found = 0 } { print }' \
    Tests/Fixtures/shop/outfit.lock >"$1/outfit.lock"
}
# fixture FOLDER: the Django project, on the base of the store.
fixture() {
  cp -R Tests/Fixtures/shop "$1"
  sed -i 's/^app:$/app:\n  base: outfit-test\/base:13/' "$1/outfit.yaml"
  lock "$1"
}
