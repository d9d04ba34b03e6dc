#!/bin/sh
# Unpacks (does not install) Debian packages of a newer suite into a folder.
#
#   scripts/unpack-newer.sh FOLDER PACKAGE...
#
# The files are then below FOLDER/root. Apt runs on a configuration of its own, made from the archive that this
# machine already uses: nothing of /etc/apt is changed, no package is installed, and no root is needed.
# OUTFIT_NEWER_SUITE names another suite than trixie.
set -eu

suite=${OUTFIT_NEWER_SUITE:-trixie}
say() { printf 'unpack-newer.sh: %s\n' "$*" >&2; }

if [ $# -lt 2 ]; then
  say 'usage: scripts/unpack-newer.sh FOLDER PACKAGE...'
  exit 2
fi
mkdir -p "$1"
folder=$(cd "$1" && pwd)
shift
packages=$*

if ! command -v apt-get >/dev/null || ! command -v dpkg >/dev/null; then
  say "this machine has no apt: install $packages by its own means"
  exit 1
fi

codename=$(. /etc/os-release && printf '%s' "${VERSION_CODENAME:-}")

# The line that names this machine's own archive for its own suite, as `uri signed-by`, from the deb822 files
# and then from the one-line files.
archive() {
  cat /etc/apt/sources.list.d/*.sources 2>/dev/null | awk -v suite="$codename" '
    function flush() {
      if (uri != "" && enabled && (" " types " ") ~ / deb / && (" " suites " ") ~ (" " suite " ")) {
        print uri, (key == "" ? "-" : key); done = 1; exit
      }
      uri = types = suites = key = ""; enabled = 1
    }
    BEGIN { enabled = 1 }
    /^#/ { next }
    /^[[:space:]]*$/ { flush(); next }
    tolower($1) == "types:" { $1 = ""; types = $0 }
    tolower($1) == "uris:" { uri = $2 }
    tolower($1) == "suites:" { $1 = ""; suites = $0 }
    tolower($1) == "signed-by:" { key = $2 }
    tolower($1) == "enabled:" { enabled = (tolower($2) != "no") }
    END { if (!done) flush() }'
  cat /etc/apt/sources.list /etc/apt/sources.list.d/*.list 2>/dev/null | awk -v suite="$codename" '
    $1 == "deb" {
      key = "-"
      if (match($0, /signed-by=[^] ]*/)) key = substr($0, RSTART + 10, RLENGTH - 10)
      sub(/\[[^]]*\]/, "")
      if ($3 == suite) print $2, key
    }'
}

set -- $(archive | head -n 1)
if [ $# -lt 2 ]; then
  say "no source of apt serves this machine's suite ($codename), so that a newer one can not be found from it"
  exit 1
fi
uri=$1 key=$2

mkdir -p "$folder/apt/lists/partial" "$folder/apt/archives/partial" "$folder/apt/empty"
: >"$folder/apt/status"
option=
[ "$key" = - ] || option=" [signed-by=$key]"
printf 'deb%s %s %s main\n' "$option" "$uri" "$suite" >"$folder/apt/sources.list"

# Proxies, certificates and transport settings of the machine still apply: only what names sources, where apt
# keeps its state, and what it runs after an update are replaced.
cat >"$folder/apt/apt.conf" <<END
#clear APT::Update;
#clear DPkg::Post-Invoke;
Dir::Etc::SourceList "$folder/apt/sources.list";
Dir::Etc::SourceParts "$folder/apt/empty";
Dir::Etc::Preferences "/dev/null";
Dir::Etc::PreferencesParts "$folder/apt/empty";
Dir::State "$folder/apt";
Dir::State::Lists "$folder/apt/lists";
Dir::State::status "$folder/apt/status";
Dir::Cache "$folder/apt";
Dir::Cache::Archives "$folder/apt/archives";
APT::Sandbox::User "root";
Acquire::Retries "3";
END

say "getting $packages from the suite $suite into $folder"
apt-get -qq -c "$folder/apt/apt.conf" update >&2
rm -rf "$folder/debs" "$folder/new"
mkdir "$folder/debs" "$folder/new"
(cd "$folder/debs" && apt-get -qq -c "$folder/apt/apt.conf" download $packages) >&2
for package in "$folder"/debs/*.deb; do dpkg -x "$package" "$folder/new"; done
rm -rf "$folder/root" "$folder/debs" "$folder/apt/lists"
mv "$folder/new" "$folder/root"
