#!/bin/sh
# Goes through a new hire's first day in a network that has a company's proxy and mirrors and nothing else.
#
#   scripts/test-network.sh [BUILD]        BUILD: the folder of the executables, by default .build/release
#
# It needs root, for a network and a mount namespace of its own, and python3 with venv, git, curl and openssl. In there
# a proxy answers that wants a password and terminates TLS with certificates of the company's own authority; behind it are
# mirrors of PyPI, of Python's releases, of images and of npm, and the place that install.sh comes from. Git is
# asked without the proxy. Every other address is this machine's own, and whoever asks one is found out. /etc is a copy.
#
# The few wheels are had from PyPI beforehand, once, and kept in OUTFIT_NETWORK, by default /var/tmp/outfit-network.
# OUTFIT_NETWORK_SHOW=1 prints what each command says.
set -eu
cd "$(dirname "$0")/.."

say() { printf 'test-network: %s\n' "$*" >&2; }
die() {
  say "error: $*"
  exit 1
}

# What the company has, in $work/company. There is a network here.
prepare() {
  for program in git curl openssl ip unshare setpriv /usr/bin/python3; do
    command -v "$program" >/dev/null || die "there is no $program"
  done
  mkdir -p "$kept/wheels" "$company/files" "$company/git" "$company/npm"
  uv=$(sed -n 's/.*static let uvVersion = "\(.*\)".*/\1/p' Sources/OutfitEngine/Engines.swift)
  for package in "uv==$uv" pytest colorama cowsay prek; do
    name=${package%%=*}
    case $package in *==*) name=$name-${package#*==} ;; esac
    ls "$kept/wheels/$name"-*.whl >/dev/null 2>&1 && continue
    say "getting $package from PyPI"
    python3 -m pip download --quiet --disable-pip-version-check --only-binary :all: -d "$kept/wheels" "$package" ||
      die "$package can't be had from PyPI"
  done
  cp -R "$kept/wheels" "$company/pypi"
  printf 'ada:p@ss:w%%rd/1\nbob:p@ss\n' >"$company/credentials"

  say 'making an authority and mirrors'
  openssl genrsa -out "$company/ca.key" 2048 2>/dev/null
  openssl req -x509 -new -key "$company/ca.key" -subj '/CN=Acme Root' -days 30 -out "$company/ca.pem" \
    -addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign,cRLSign
  openssl genrsa -out "$company/server.key" 2048 2>/dev/null
  version=$(/usr/bin/python3 -c 'import sys; print("%d.%d.%d" % sys.version_info[:3])')
  /usr/bin/python3 scripts/install-only.py "$company/python" --version "$version" >/dev/null

  # The release: as `make dist` made it, or the same tree without shared libraries.
  mkdir "$company/files/outfit"
  if [ -f dist/install.sh ]; then
    cp dist/install.sh dist/outfit-*.tar.gz dist/outfit-*.tar.gz.sha256 "$company/files/outfit"
  else
    release=$(sed -n 's/.*static let version = "\(.*\)".*/\1/p' Sources/OutfitCore/Release.swift)
    machine=$(uname -m | sed 's/x86_64/amd64/; s/aarch64/arm64/')
    tree=outfit-$release-linux-$machine
    scripts/tree.sh "$build" "$work/$tree"
    strip "$work/$tree/bin/outfit"
    tar -C "$work" -cf - "$tree" | gzip -1 >"$company/files/outfit/$tree.tar.gz"
    (cd "$company/files/outfit" && sha256sum "$tree.tar.gz" >"$tree.tar.gz.sha256")
    sed "s,^version=@VERSION@\$,version=$release," scripts/install.sh >"$company/files/outfit/install.sh"
    rm -r "${work:?}/$tree"
  fi
  printf '#!/bin/sh\necho "hello, $*"\n' >"$company/files/hello"
  hello=$(sha256sum <"$company/files/hello" | cut -d ' ' -f 1)
  /usr/bin/python3 Tests/Network/package.py "$company/npm" https://npm.acme.example

  export GIT_AUTHOR_NAME=Ada GIT_AUTHOR_EMAIL=ada@acme.example GIT_COMMITTER_NAME=Ada \
    GIT_COMMITTER_EMAIL=ada@acme.example GIT_CONFIG_GLOBAL=/dev/null
  for name in base team shop; do git init -q -b main "$work/$name"; done
  printf 'profile: base\ndotfiles:\n  .acmerc: {copy: acmerc}\n' >"$work/base/outfit.yaml"
  echo 'color = blue' >"$work/base/acmerc"
  cat >"$work/team/outfit.yaml" <<END
profile: team
extends: ["https://git.acme.example/base.git"]
interpreters:
  python: {versions: ["$version"], providers: [prebuilt]}
  node: {versions: [">=16"], system: true}
tools:
  cowsay: latest
  left: {from: npm, version: latest}
  hello: {from: url, version: "1.0.0", url: "https://files.acme.example/hello", sha256: {linux-amd64: "$hello", linux-arm64: "$hello"}}
END
  mkdir "$work/shop/tests"
  printf 'pytest\n' >"$work/shop/requirements-dev.txt"
  printf 'iniconfig\n' >"$work/shop/requirements.txt"
  echo "$version" >"$work/shop/.python-version"
  printf 'import iniconfig\n\n\ndef test_it():\n    assert iniconfig.IniConfig\n' >"$work/shop/tests/test_shop.py"
  for name in base team shop; do
    git -C "$work/$name" add -A
    git -C "$work/$name" commit -qm "$name"
    git clone -q --bare "$work/$name" "$company/git/$name.git"
  done
}

# MARK: Outside

if [ "${1:-}" != --inside ]; then
  [ "$(id -u)" -eq 0 ] || die "this needs root, for namespaces of its own"
  build=${1:-${OUTFIT_TEST_BUILD:-.build/release}}
  kept=${OUTFIT_NETWORK:-/var/tmp/outfit-network}
  began=$(date +%s)
  work=$(mktemp -d)
  company=$work/company
  mkdir "$company"
  status=0
  (prepare) || status=$?
  [ "$status" -ne 0 ] || say "prepared, $(($(date +%s) - began)) s"
  [ "$status" -ne 0 ] || unshare --net --mount --propagation private --pid --fork --mount-proc --kill-child \
    "$0" --inside "$work" || status=$?
  if [ -n "${OUTFIT_NETWORK_KEEP:-}" ]; then say "all of it is in $work"; else rm -rf --one-file-system "$work"; fi
  say "$(($(date +%s) - began)) s"
  exit "$status"
fi

# MARK: Inside

work=${2:?}
company=$work/company
log=$company/log
home=$work/home
# The machine's own /etc and its network are never touched, whoever runs this.
[ "$$" -eq 1 ] && [ -d "$company" ] || die 'this part runs in namespaces of its own'
[ -z "$(ip -o link show up)" ] && [ -z "$(ip route)" ] || die 'the network here is not a new one'
cp -a /etc "$work/etc"
mount --bind "$work/etc" /etc
[ /etc -ef "$work/etc" ] || die '/etc is not a copy'
etc=$work/etc
printf '127.0.0.1 localhost %s\n127.0.0.10 proxy.acme.example\n127.0.0.11 git.acme.example\n' "$(uname -n)" >"$etc/hosts"
rm -rf "$etc/resolv.conf" "$etc/outfit" "$etc/gitconfig" "$etc/pip.conf" "$etc/npmrc" "$etc/uv"
printf 'nameserver 127.0.0.53\noptions timeout:1 attempts:1\n' >"$etc/resolv.conf"
printf 'hosts: files dns\npasswd: files\ngroup: files\n' >"$etc/nsswitch.conf"
printf 'ann:x:4321:4321::%s:/bin/bash\n' "$home" >>"$etc/passwd"
printf 'ann:x:4321:\n' >>"$etc/group"
mkdir "$etc/outfit"
cp "$company/ca.pem" "$etc/ssl/acme.pem"
ip link set lo up
ip route add local 0.0.0.0/0 dev lo
ip -6 route add local ::/0 dev lo 2>/dev/null || true

/usr/bin/python3 Tests/Network/company.py "$company" 2>"$work/company.err" &
for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15; do
  ! grep -q ready "$log" 2>/dev/null || break
  sleep 0.2
done
grep -q ready "$log" || {
  cat "$work/company.err" >&2
  die 'the company does not start'
}

chmod 755 "$work"
mkdir "$work/outputs"
# Another user, who has nothing yet.
newcomer() {
  home=$work/$1
  mkdir -m 700 "$home"
  [ "$1" = home ] || { mkdir -p "$home/.local" && cp -a "$work/home/.local/bin" "$home/.local/bin"; }
  chown -R 4321:4321 "$home"
}
newcomer home
# What people set; without it the user has nothing from the company.
password='p%40ss%3Aw%25rd%2F1'
proxy="https_proxy=http://ada:$password@proxy.acme.example:3128"
given=
count=0
# as COMMAND: the user's command line; what it says is in `words`, its status in `status`. $given has variables.
as() {
  status=0
  count=$((count + 1))
  began=$(date +%s%N)
  # shellcheck disable=SC2086 # variables, without spaces
  setpriv --reuid 4321 --regid 4321 --clear-groups env -i HOME="$home" USER=ann LANG=C.UTF-8 TERM=dumb SHELL=/bin/bash \
    PATH="$home/.local/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin" $given \
    sh -c "cd && $1" </dev/null >"$work/said" 2>&1 || status=$?
  words=$(cat "$work/said")
  cp "$work/said" "$work/outputs/$count"
  if [ -n "${OUTFIT_NETWORK_SHOW:-}" ]; then
    printf '\n$ %s    [%s; %s ms]\n%s\n' "$1" "$status" "$((($(date +%s%N) - began) / 1000000))" "$words"
  fi
}

# up: `outfit up` of the team's profile, as somebody does it who looks at what the messages say to look at, and consents.
team=https://git.acme.example/team.git
up() {
  as "outfit show $team --fetch && outfit up $team --trust"
  as "$(sed -n 's/.*consent with: //p' "$work/said" | grep . || echo exit 9)"
}

failures=0
result() {
  printf '%s - %s\n' "$1" "$2"
  [ "$1" = ok ] || {
    failures=$((failures + 1))
    printf '%s\n' "(status $status)" "$words" | sed 's/^/    | /'
  }
}
# says WHAT TEXT: the last command said TEXT, wherever its lines end.
says() {
  case $(printf '%s' "$words" | tr -s '\n ' '  ') in
    *"$2"*) result ok "$1" ;;
    *) result 'not ok' "$1: it does not say: $2" ;;
  esac
}
ends() { if [ "$status" -eq "$2" ]; then result ok "$1"; else result 'not ok' "$1: not status $2"; fi; }
# asked WHAT HOSTS…: since the last time the proxy was asked for just these, and no other address in any way.
asked() {
  what=$1
  shift
  words=$(/usr/bin/python3 Tests/Network/asked.py "$log" "$@")
  status=0
  if [ -z "$words" ]; then result ok "$what"; else result 'not ok' "$what"; fi
  cat "$log" >>"$work/all.log"
  : >"$log"
}

# MARK: install.sh, before the company has said anything

as 'curl -fsSLO https://files.acme.example/outfit/install.sh'
ends 'without its proxy nothing is had' 6
: >"$log"
given="$proxy SSL_CERT_FILE=/etc/ssl/acme.pem"
as 'curl -fsSLO https://files.acme.example/outfit/install.sh'
ends 'install.sh comes' 0
given=$proxy
as 'sh install.sh --from https://files.acme.example/outfit'
ends 'without the authority nothing is installed' 1
says 'it says what to do about the authority' 'SSL_CERT_FILE'
given='https_proxy=http://proxy.acme.example:3128 SSL_CERT_FILE=/etc/ssl/acme.pem'
as 'sh install.sh --from https://files.acme.example/outfit'
ends 'without the password nothing is installed' 1
says 'it says what to do about the password' 'https_proxy'
given="$proxy SSL_CERT_FILE=/etc/ssl/acme.pem"
as 'sh install.sh --from https://files.acme.example/outfit'
ends 'install.sh installs' 0
asked 'nothing but the place of install.sh was asked' files.acme.example

# MARK: What the keeper of the machine says

cat >"$etc/outfit/outfit.yaml" <<END
profile: acme
network:
  proxy: http://proxy.acme.example:3128
  no-proxy: [localhost, git.acme.example]
  certificates: /etc/ssl/acme.pem
  mirror: https://mirror.acme.example/outfit
  image-mirror: https://images.acme.example
  debian-mirror: https://mirror.acme.example
  npm-registry: https://npm.acme.example/
indexes:
  acme: {url: "https://pypi.acme.example/simple", priority: primary}
END
given=$proxy
as "outfit up $team --trust"
ends 'a layer of another repository wants a look' 4
as "outfit show $team --fetch"
ends 'show --fetch' 0
as "outfit show $team --hosts"
ends 'show --hosts' 0
for host in files.acme.example git.acme.example mirror.acme.example npm.acme.example pypi.acme.example; do
  says "it names $host" "$host"
done
case $words in *python.org* | *github* | *npmjs* | *pypi.org* | *astral*) result 'not ok' 'it names public servers' ;; esac
asked 'nothing but git was asked'
up
ends 'up' 0
asked 'the mirrors were asked' files.acme.example mirror.acme.example npm.acme.example pypi.acme.example
as 'bash -lc "hello there; cowsay -t moo; left; cat .acmerc; python3 -c \"import sys; print(sys.prefix)\""'
ends 'its tools run from a new login shell' 0
says 'the tool of an address' 'hello, there'
says 'the tool of npm' 'left'
says 'the Python of the mirror' '.local/share/outfit/store/'
says 'the file of the layer' 'color = blue'
as 'outfit doctor --network'
ends 'doctor --network' 0
says 'it says by which way' 'by the proxy http://***@proxy.acme.example:3128'
says 'git is asked directly' 'git.acme.example directly'
as 'outfit tool install pytest'
ends 'tool install' 0
as 'outfit doctor --report report.md && cat report.md'
ends 'doctor --report' 0
asked 'no other server' files.acme.example mirror.acme.example npm.acme.example pypi.acme.example

# MARK: A project

as 'no_proxy=git.acme.example GIT_SSL_CAINFO=/etc/ssl/acme.pem git clone -q https://git.acme.example/shop.git && cd shop && outfit init && cat outfit.yaml'
ends 'init' 0
as 'cd shop && outfit trust && outfit lock'
ends 'lock' 0
as 'cd shop && outfit up'
ends 'up in the project' 0
as 'cd shop && bash -lc "pytest -q"'
says 'its tests start' '1 passed'
as 'cd shop && outfit show --hosts'
ends 'show --hosts in the project' 0
asked 'for it the mirrors were asked' mirror.acme.example pypi.acme.example
as "cd shop && printf '%s\n' 'hooks:' '  fine: {entry: echo fine, stages: [pre-commit]}' 'app: {template: worker, name: shop, image: registry.acme.example/shop, processes: {worker: {command: [python, -V]}}, environments: {dev: {}}}' >>outfit.yaml && outfit trust && outfit lock"
ends 'lock of images and of the runner of hooks' 0
as 'cd shop && outfit up && echo 1 >new && git add -A && git -c user.name=a -c user.email=a@b commit -qm new'
ends 'a commit with hooks' 0
as 'cd shop && outfit lock --check; outfit render && outfit parity'
ends 'render and parity' 0
asked 'for these too' images.acme.example auth.acme.example mirror.acme.example pypi.acme.example
as 'cd shop && outfit show --hosts'
says 'it names the registry' 'images.acme.example'
says 'it names the archive of Debian' 'the lists of the packages of images'

# MARK: The team changes its profile

echo 'color = green' >"$work/base/acmerc"
git -C "$work/base" -c user.name=Ada -c user.email=ada@acme.example commit -qam green
git -C "$work/base" push -q "$company/git/base.git" main
echo '# more' >>"$work/team/outfit.yaml"
git -C "$work/team" -c user.name=Ada -c user.email=ada@acme.example commit -qam more
git -C "$work/team" push -q "$company/git/team.git" main
as 'outfit update'
ends 'update wants consent' 4
as "$(sed -n 's/.*consent with: //p' "$work/said" | grep . || echo exit 9)"
ends 'update' 0
as 'cat .acmerc'
says 'what the team pushed is had' 'green'
as 'outfit status'
ends 'status' 0
asked 'update asks the same servers' mirror.acme.example npm.acme.example pypi.acme.example

# MARK: Mistakes

newcomer nobody
given=
up
says 'without a password: 407 is said' '407'
says 'without a password: what to do' 'give its credentials in https_proxy'
as 'outfit doctor --network'
ends 'without a password: doctor --network' 1
says 'without a password: it says what to do' 'https_proxy'
as 'cp -r ../shop shop && cd shop && printf "requirements: 1\n" >/dev/null && outfit init; cat outfit.yaml; outfit lock; outfit up --trust --yes'
says 'without a password, in a project: what to do' 'https_proxy'
: >"$log"

newcomer distrust
given="$proxy"
sed -i.all '/certificates:/d' "$etc/outfit/outfit.yaml"
as "outfit show $team --fetch"
says 'without the authority: git' 'certificates'
as 'mkdir p && printf "profile: p\nextends: []\ninterpreters: {python: {versions: [\"3.11\"], providers: [prebuilt]}}\ntools: {cowsay: latest, left: {from: npm, version: latest}, hello: {from: url, version: \"1.0.0\", url: \"https://files.acme.example/hello\", sha256: {linux-amd64: \"'"$(sha256sum <"$company/files/hello" | cut -d ' ' -f 1)"'\"}}}\n" >p/outfit.yaml && outfit up p --trust'
says 'without the authority: downloads' 'certificates'
as 'outfit doctor --network'
says 'without the authority: doctor' 'certificates'
mv "$etc/outfit/outfit.yaml.all" "$etc/outfit/outfit.yaml"
: >"$log"

newcomer down
printf 'mirror.acme.example\n' >"$company/down"
up
again=$(sed -n 's/.*consent with: //p' "$work/outputs/$((count - 1))")
says 'the mirror is down: it is named' 'mirror.acme.example'
as 'outfit doctor --network'
ends 'the mirror is down: doctor --network' 1
printf 'pypi.acme.example\n' >"$company/down"
as "$again"
says 'the index is down: it is named' 'pypi.acme.example'
printf 'npm.acme.example\n' >"$company/down"
as "$again"
says 'the registry is down: it is named' 'npm.acme.example'
printf 'files.acme.example\n' >"$company/down"
as "$again"
says 'a file is not had: its server is named' 'files.acme.example'
rm "$company/down"
as "$again"
ends 'when all answer again: up' 0
: >"$log"

newcomer capitals
given="HTTPS_PROXY=http://ada:$password@proxy.acme.example:3128 NO_PROXY=git.acme.example"
up
ends 'variables in capitals' 0
newcomer raw
given="https_proxy=http://bob:p@ss@proxy.acme.example:3128"
up
says 'a password with an @ that is not escaped: what to do' '%40 for an @'
newcomer wrong
given="https_proxy=http://ada:n%40pe@proxy.acme.example:3128"
up
says 'a wrong password: 407 is said' '407'
newcomer all
given="ALL_PROXY=http://ada:$password@proxy.acme.example:3128"
up
ends 'ALL_PROXY' 0
: >"$log"

# MARK: Without mirrors: the proxy and the authority alone

newcomer public
given=$proxy
: >"$company/public"
printf 'profile: acme\nnetwork: {certificates: /etc/ssl/acme.pem, no-proxy: [git.acme.example]}\n' >"$etc/outfit/outfit.yaml"
as 'cp -r ../shop shop && cd shop && outfit init && outfit trust && outfit show --hosts'
for host in github.com release-assets.githubusercontent.com releases.astral.sh pypi.org files.pythonhosted.org; do
  says "it names $host" "$host"
done
: >"$log"
as 'cd shop && outfit up && .venv/bin/pytest -q'
ends 'the public servers, through the proxy' 0
asked 'just those that it named' github.com release-assets.githubusercontent.com releases.astral.sh pypi.org files.pythonhosted.org

# MARK: The password is nowhere

found=$(grep -rlaF -e "$password" -e 'p@ss' -e 'p%40ss' -e "$(printf 'ada:p@ss:w%%rd/1' | base64)" "$work"/home "$work"/outputs \
  "$work"/nobody "$work"/distrust "$work"/down "$work"/capitals "$work"/raw "$work"/wrong "$work"/all "$work"/public || true)
words=$found
if [ -z "$found" ]; then result ok 'the password is in no file'; else result 'not ok' 'the password is in no file'; fi

[ "$failures" -eq 0 ] || die "$failures failed"
say 'all is well'
