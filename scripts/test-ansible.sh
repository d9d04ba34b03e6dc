#!/usr/bin/env bash
# Tries the Ansible collection: its lints, its unit tests, and real plays on machines that are HOMEs of their own.
#
#   scripts/test-ansible.sh [BUILD]      BUILD: the folder of the executables, by default .build/release
#
# OUTFIT_ANSIBLE_SANITY=0 leaves ansible-test out. The tools that it needs go into .build/ansible, pinned by digest.
set -euo pipefail
cd "$(dirname "$0")/.."

checkout=$PWD
build=$(realpath "${1:-.build/release}")
say() { printf 'ansible: %s\n' "$*" >&2; }
die() {
  say "error: $1"
  [ $# -lt 2 ] || cat "$2" >&2
  exit 1
}
[ -x "$build/outfit" ] || die "there is no $build/outfit: run make build first"

# --- The tools

requirements=ansible/tests/requirements.txt
tools=$checkout/.build/ansible
python=
for candidate in ${PYTHON:-} python3.13 python3.12 python3.11 python3; do
  if "$candidate" -c 'import ensurepip, sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null; then
    python=$candidate
    break
  fi
done
[ -n "$python" ] || die 'ansible-core needs Python 3.11, 3.12 or 3.13, with venv (python3-venv)'
if ! cmp -s "$requirements" "$tools/requirements.txt"; then
  say "making $tools"
  rm -rf "$tools"
  "$python" -m venv "$tools"
  "$tools/bin/pip" --disable-pip-version-check install --quiet --require-hashes -r "$requirements"
  cp "$requirements" "$tools/requirements.txt"
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
root=$work/collections
collection=$root/ansible_collections/outfit/outfit
mkdir -p "$(dirname "$collection")" "$work/home" "$work/tmp"
cp -R ansible "$collection"
find "$collection" \( -name __pycache__ -o -name .ansible -o -path "$collection/tests/output" \) -prune -exec rm -rf {} +

export PATH="$tools/bin:$PATH" HOME=$work/home TMPDIR=$work/tmp LC_ALL=C.UTF-8 PYTHONDONTWRITEBYTECODE=1
export ANSIBLE_COLLECTIONS_PATH=$root ANSIBLE_HOME=$work/home/.ansible ANSIBLE_REMOTE_TMP=$work/tmp/remote
export ANSIBLE_NOCOLOR=1 NO_COLOR=1 ANSIBLE_FORKS=8 ANSIBLE_RETRY_FILES_ENABLED=0 ANSIBLE_LOCALHOST_WARNING=0
export ANSIBLE_DEPRECATION_WARNINGS=0
unset XDG_CONFIG_HOME XDG_DATA_HOME XDG_STATE_HOME XDG_CACHE_HOME OUTFIT_HOME

version=$(sed -n 's/.*static let version = "\(.*\)".*/\1/p' Sources/OutfitCore/Release.swift)
grep -qx "version: $version" ansible/galaxy.yml || die "ansible/galaxy.yml has another version than $version"

# --- Lints

say 'unit tests'
(cd "$collection" && PYTHONPATH=$root python -m unittest discover -s tests/unit/plugins/module_utils) \
  >"$work/log" 2>&1 || die 'a unit test failed' "$work/log"
# They take as long as the plays do, and so run beside them.
lints() {
  cd "$collection"
  say 'ansible-lint, profile production'
  ansible-lint --offline --strict --profile production || return
  say 'antsibull-docs'
  antsibull-docs lint-collection-docs --plugin-docs --validate-collection-refs=self . || return
  [ "${OUTFIT_ANSIBLE_SANITY:-1}" = 1 ] || return 0
  say 'ansible-test sanity'
  # Its virtual environments get pip from here, as it offers for machines that can't reach its own address.
  local pip minor
  pip=$(sed -n "s/^ *pip='\([0-9.]*\)',$/\1/p" \
    "$tools"/lib/python*/site-packages/ansible_test/_internal/python_requirements.py)
  mkdir -p "$tools/home/.ansible/test/cache"
  printf 'import ensurepip\nensurepip.bootstrap(upgrade=True, default_pip=True)\n' \
    >"$tools/home/.ansible/test/cache/get_pip_${pip//./_}.py"
  minor=$(python -c 'import sys; print("%d.%d" % sys.version_info[:2])')
  git init -q . && HOME=$tools/home ansible-test sanity --python "$minor"
}
lints >"$work/lints.log" 2>&1 &
linting=$!
trap 'kill "$linting" 2>/dev/null || true; rm -rf "$work"' EXIT

# --- The machines

git() { command git -c user.name=outfit -c user.email=outfit@example.org -c init.defaultBranch=main "$@"; }
hosts='one two three four'
team=$work/team
mkdir -p "$team/kitty" "$work/release"
cat >"$team/outfit.yaml" <<'PROFILE'
profile: team
ask: {email: "Your email?"}
dotfiles:
  .gitconfig: {template: gitconfig.mustache}
  .zshrc: {block: zshrc}
  .config/kitty/: {copy: kitty/}
  .toolrc: {copy: toolrc}
  .netrc: {copy: netrc, secret: true, mode: "0600"}
packages: {apt: [outfit-no-such-package]}
scripts:
  once: {run: once.sh, when: once}
PROFILE
printf '[user]\n\temail = {{email}}\n' >"$team/gitconfig.mustache"
echo 'alias ll="ls -l"' >"$team/zshrc"
echo 'font 12' >"$team/kitty/kitty.conf"
echo 'a=1' >"$team/toolrc"
echo 'machine hunter2' >"$team/netrc"
# Enough of them that a kill finds some written and some not.
for number in $(seq 150); do echo "colour $number" >"$team/kitty/colour-$number.conf"; done
printf '#!/bin/sh\necho once >>"$HOME/.once"\n' >"$team/once.sh"
chmod 755 "$team/once.sh"
(cd "$team" && git init -q . && git add . && git commit -qm team)
commit=$(git -C "$team" rev-parse HEAD)

for host in $hosts; do
  home=$work/homes/$host
  mkdir -p "$home/.config"
  echo "# of $host" >"$home/.zshrc"
  printf 'a=%s' "$host" >"$home/.toolrc"
  ln -s .zshrc "$home/.linked"
  chmod 600 "$home/.zshrc"
done
{
  echo 'machines:'
  echo '  hosts:'
  for host in $hosts; do echo "    $host: {home: '$work/homes/$host'}"; done
  echo '  vars:'
  echo "    {ansible_connection: local, ansible_python_interpreter: '$(command -v python)'}"
} >"$work/inventory.yml"
name=outfit-$version-$("$build/outfit" --version | grep -oE '[a-z]+-(amd64|arm64)$')
scripts/tree.sh "$build" "$work/tree/$name"
strip "$work/tree/$name/bin/outfit" 2>/dev/null || true
tar -C "$work/tree" -cf - "$name" | gzip -1 >"$work/release/$name.tar.gz"
(cd "$work/release" && sha256sum "$name.tar.gz" >"$name.tar.gz.sha256")
cat >"$work/vars.yml" <<VARS
outfit: $work/tree/$name/bin/outfit
team: $team
repository: git+file://$team
commit: $commit
VARS

# A machine's HOME is its own; what Outfit and Ansible keep for themselves is none of it.
snapshot() {
  local others='( -path ./.local -o -path ./.cache -o -path ./.config/outfit -o -name .once ) -prune'
  # shellcheck disable=SC2086 # options
  (cd "$work/homes/$1" && { find . $others -o ! -path . -printf '%p %m %l\n' &&
    find . $others -o -type f -print0 | xargs -0 sha256sum; } | sort)
}
snapshots() { for host in $hosts; do echo "$host" && snapshot "$host"; done; }

# play NAME-OF-LOG PLAYBOOK [ARGUMENTS]
play() {
  local log=$work/$1.log
  shift
  PATH=$tools/bin:/usr/bin:/bin ansible-playbook -i "$work/inventory.yml" -e "@$work/vars.yml" "$@" >"$log" 2>&1
}
# Every machine's line of the recap has these words: recap NAME-OF-LOG HOSTS WORDS…
recap() {
  local log=$work/$1.log host word
  for host in $2; do
    for word in "${@:3}"; do
      grep -E "^$host +: .*\<$word\>" "$log" >/dev/null || die "$host is not $word in the play $1" "$log"
    done
  done
}
plays=$work/plays
cp -R ansible/tests/play "$plays"
sed -i 's/^  hosts: .*/&\n  environment:\n    HOME: "{{ home }}"/' "$plays"/*.yml
snapshots >"$work/before"

say 'one machine, from nothing and back'
play cases "$plays/cases.yml" || die 'the play of one machine failed' "$work/cases.log"
snapshots | diff "$work/before" - >"$work/log" || die 'one machine is not what it was' "$work/log"

say 'four machines: check mode, then twice, and back'
release=(-e "install_from=$work/release")
rm -rf "$work"/homes/*/.local "$work"/homes/*/.cache "$work"/homes/*/.once
play first "$plays/fleet.yml" "${release[@]}" || die 'the first play failed' "$work/first.log"
recap first "$hosts" failed=0 changed=2
snapshots >"$work/up"
! diff -q "$work/before" "$work/up" >/dev/null || die 'the play did nothing'
play check "$plays/fleet.yml" "${release[@]}" --check --diff || die 'check mode failed' "$work/check.log"
recap check "$hosts" failed=0 changed=0
play second "$plays/fleet.yml" "${release[@]}" || die 'the second play failed' "$work/second.log"
recap second "$hosts" failed=0 changed=0
[ "$(cat "$work"/homes/*/.once | wc -l)" -eq 4 ] || die 'a script that runs once did not run once on each machine'

say 'who differs, from collected and from cached facts'
export ANSIBLE_CACHE_PLUGIN=jsonfile ANSIBLE_CACHE_PLUGIN_CONNECTION=$work/cache
sed 's/^  hosts: .*/&\n  environment:\n    HOME: "{{ home }}"/' ansible/playbooks/facts.yml >"$plays/facts.yml"
echo mine >>"$work/homes/two/.toolrc"
play facts "$plays/facts.yml" -e "{outfit_hosts: machines, outfit_facts_folder: '$work/facts'}" \
  -e "outfit_facts_cacheable=true" || die 'the facts were not collected' "$work/facts.log"
unset ANSIBLE_CACHE_PLUGIN ANSIBLE_CACHE_PLUGIN_CONNECTION
for folder in facts cache; do
  status=0
  "$build/outfit" fleet report "$work/$folder" >"$work/log" 2>&1 || status=$?
  [ "$status" -eq 3 ] || die "the report of $folder ended with $status" "$work/log"
  grep -q 'file .*/two/.toolrc: was changed by its owner.*(team:' "$work/log" ||
    die "the report of $folder does not say what differs" "$work/log"
done
cp "$work/homes/one/.toolrc" "$work/homes/two/.toolrc"

say 'a ring where one machine fails goes back'
echo 'font 14' >"$team/kitty/kitty.conf"
printf '#!/bin/sh\n[ "${HOME##*/}" != three ]\n' >"$work/works.sh"
chmod 755 "$work/works.sh"
sed 's/^  hosts: .*/&\n  environment:\n    HOME: "{{ home }}"/' ansible/playbooks/canary.yml >"$plays/canary.yml"
ring=(-e "{outfit_hosts: machines, outfit_profile: '$team', outfit_trust: true, outfit_on_conflict: take}"
  -e "{outfit_rings: [1, 2, 1], outfit_check: ['$work/works.sh']}")
! play canary "$plays/canary.yml" "${ring[@]}" || die 'the canary play should have stopped' "$work/canary.log"
recap canary 'one' failed=0 changed=1
recap canary 'two three' failed=1 changed=2
recap canary three rescued=1
! grep -qE '^four +:' "$work/canary.log" || die 'the last ring began' "$work/canary.log"
snapshots | diff "$work/up" - >"$work/log" && die 'the first ring has nothing new' || true
[[ $(grep '^>' "$work/log") =~ ^\>\ [0-9a-f]{64}\ +./.config/kitty/kitty.conf$ ]] ||
  die 'more than the first machine is other than it was' "$work/log"

say 'one is killed in the middle, one is unreachable'
play back "$plays/back.yml" || die 'going back failed' "$work/back.log"
recap back "$hosts" failed=0 changed=1
snapshots | diff "$work/before" - >"$work/log" || die 'the machines are not what they were' "$work/log"
cat >"$work/breaking.sh" <<BREAKING
#!/bin/bash
# On one machine, up is killed once the first of its files is there.
"\$HOME/.local/bin/outfit" "\$@" &
if [ "\${HOME##*/}" = two ] && [ "\$1" = up ]; then
  until ls "\$HOME"/.config/kitty/colour-* >/dev/null 2>&1 || ! kill -0 \$! 2>/dev/null; do :; done
  kill -9 \$!
fi
wait \$!
BREAKING
chmod 755 "$work/breaking.sh"
cp "$work/inventory.yml" "$work/all.yml"
sed -i "s|^    three: .*|    three: {home: '$work/homes/three', ansible_connection: ssh, ansible_host: 127.0.0.1, ansible_port: 9}|" \
  "$work/inventory.yml"
! play killed "$plays/fleet.yml" -e "breaking=$work/breaking.sh" || die 'the kill was not noticed' "$work/killed.log"
recap killed 'one four' failed=0 changed=1
recap killed two failed=1
recap killed three unreachable=1
cp "$work/all.yml" "$work/inventory.yml"
play mended "$plays/fleet.yml" || die 'the next play failed' "$work/mended.log"
recap mended "$hosts" failed=0
recap mended 'one four' changed=0
recap mended 'two three' changed=1
play settled "$plays/fleet.yml" || die 'the last play failed' "$work/settled.log"
recap settled "$hosts" failed=0 changed=0
play home "$plays/back.yml" || die 'going back failed' "$work/home.log"
snapshots | diff "$work/before" - >"$work/log" || die 'the machines are not what they were' "$work/log"
say 'every machine is what it was, byte for byte'

say 'the lints'
wait "$linting" || die 'a lint found something' "$work/lints.log"
