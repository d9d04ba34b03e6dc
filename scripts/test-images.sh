#!/usr/bin/env bash
# Tests what `outfit render` writes with the tools of others, and real images made from it.
#
#   scripts/test-images.sh            after `make build`; OUTFIT_TEST_BUILD names another build
#
# Every template is rendered, validated (scripts/validate-render.sh) and proved by `outfit parity`. Then the fixture
# project's images are built by buildah, without any network, from a debootstrap base and what `render --vendor` got;
# `outfit parity --images` proves them, the project's own tests run inside both, and each rule must fail when it is
# broken. It needs root and a Debian-like system: where that is missing it says so loudly and passes. What it makes
# is kept in OUTFIT_IMAGES, by default /var/tmp/outfit-images.
set -euo pipefail
cd "$(dirname "$0")/.."

script=test-images
undone='no image was built, and no rendered file was validated'
# shellcheck source=scripts/images-common.sh
. scripts/images-common.sh

# drift LABEL RULE COMMAND...: the command ends with 3, and says that the rule failed.
drift() {
  local label=$1 rule=$2 status=0
  shift 2
  "$@" >"$work/log" 2>&1 || status=$?
  if [ "$status" -eq 3 ] && grep -q "^failed  *$rule" "$work/log"; then
    say "ok: sabotage is seen: $label"
  else
    say "FAILED: sabotage is not seen: $label (status $status)"
    sed 's/^/    /' "$work/log" | tail -n 40
    failures=$((failures + 1))
  fi
}

# --- Every template, validated ------------------------------------------------------------------------------------
fixture "$work/shop"
project() {
  mkdir -p "$work/$1"
  cp Tests/Fixtures/shop/requirements.txt "$work/$1/"
  cat >"$work/$1/outfit.yaml"
}
project api <<'END'
profile: api
interpreters: {python: "3.13.5"}
virtualenv: {from: requirements.txt}
tools: {black: "25.1.0"}
app:
  template: fastapi
  name: api
  image: registry.example.com/team/api
  processes: {web: {port: 9000}, mailer: {command: [python, -m, "api.mailer"], heartbeat: true}}
  services: {postgres: "18.1", redis: "8.2"}
  values: {migrate: "alembic upgrade head", migrated: "alembic check", test: "python -m unittest"}
  extensions: [charliermarsh.ruff]
  environments: {dev: {}, staging: {host: staging.api.example}, production: {host: api.example, replicas: 5}}
END
project ingest <<'END'
profile: ingest
interpreters: {python: "3.13.5"}
virtualenv: {from: requirements.txt}
app:
  template: worker
  name: ingest
  image: localhost:5000/ingest
  processes: {consumer: {command: [python, -m, ingest], heartbeat: true, grace: 120}, clock: {command: [python, -m, ingest.clock], single: true}}
  environments: {dev: {}, production: {replicas: 4}}
END
python3 scripts/node-project.py "$work/front" "$work/host/files" "$address"
cat >"$work/front/outfit.yaml" <<'END'
profile: front
interpreters: {node: "24"}
app:
  template: node
  base: outfit-test/base:13
  name: front
  image: registry.example.com/front
  processes: {web: {port: 3000}, queue: {command: [node, queue.js]}}
  services: {redis: "7.4"}
  environments: {dev: {host: front.localhost}, production: {host: front.example}}
END
for name in api ingest; do lock "$work/$name"; done
cat >"$work/front/outfit.lock" <<END
lock: 1
interpreters:
  node:
    - request: "24"
      version: "$node_version"
      provider: prebuilt
      artifacts:
        linux-amd64:
          path: "$node_path"
          digest: sha256:$(sha256sum "$kept/node.tar.gz" | cut -d ' ' -f 1)
END
at() { (cd "$work/$1" && shift && "$@"); }
# What `outfit lock` writes of images; interpreters and tools are locked above.
for name in shop api ingest front; do
  check "$name: consent" at "$name" "$outfit" trust --locked
  check "$name: images are pinned" at "$name" "$outfit" lock --images
  check "$name: outfit render" at "$name" "$outfit" render
  check "$name: outfit render --check" at "$name" "$outfit" render --check
  check "$name: outfit parity" at "$name" "$outfit" parity
done
check 'shop: every image is by digest' grep -q 'postgres:17.2@sha256:' "$work/shop/compose.yaml"
projects=()
for name in shop api ingest front; do projects+=("$work/$name"); done
if scripts/validate-render.sh "${projects[@]}" >"$work/validation" 2>&1; then
  grep -c '^ok:' "$work/validation" | sed 's/^/ok: validators, checks passed: /'
else
  cat "$work/validation"
  failures=$((failures + 1))
fi

# --- Two images, without a network --------------------------------------------------------------------------------
cd "$work/shop"
check 'outfit render --vendor' "$outfit" render --vendor --arch amd64
check 'render --check after --vendor' "$outfit" render --check
check 'hadolint of the vendored Dockerfile' \
  "${OUTFIT_VALIDATORS:-${XDG_CACHE_HOME:-$HOME/.cache}/outfit/validators}/python/bin/hadolint" \
  --failure-threshold info Dockerfile
check 'deploy is built without a network' build deploy outfit-test/deploy
check 'dev is built without a network' build dev outfit-test/dev
for target in deploy dev; do store push --quiet "outfit-test/$target" "oci:$work/$target"; done
store push --quiet outfit-test/deploy "docker-archive:$work/deploy.tar:deploy:1" >/dev/null 2>&1
store push --quiet outfit-test/dev "oci-archive:$work/dev.tar" >/dev/null 2>&1
check 'parity of both images' "$outfit" parity --fresh --images "$work/deploy" "$work/dev" --html "$work/parity.html"
cp "$work/parity.html" "$kept/parity.html" 2>/dev/null || true
check 'parity of archives' "$outfit" parity --images "$work/deploy.tar" "$work/dev.tar"
# A store of containers/storage, by the names that the images have there.
printf '[storage]\ndriver = "%s"\ngraphroot = "%s"\nrunroot = "%s"\n' \
  "$(store info --format '{{.store.GraphDriverName}}')" "$kept/store" "$kept/run" >"$work/storage.conf"
named() { CONTAINERS_STORAGE_CONF=$work/storage.conf "$outfit" parity --images "$@"; }
check 'parity of tags in a local store' named outfit-test/deploy outfit-test/dev
drift 'a tag that is no descendant' 'the dev image stands on the deploy image' named outfit-test/deploy "$base"

# What ships does not have pytest: it is brought along, as nothing but files.
python3 -m pip install --quiet --disable-pip-version-check --no-deps --only-binary=:all: --target "$work/pytest" \
  pytest==9.0.1 pytest-django==4.11.1 iniconfig pluggy packaging pygments >"$work/log" 2>&1 ||
  sed 's/^/    /' "$work/log"
tests() {
  local container
  container=$(store from --pull-never "outfit-test/$1")
  store run --isolation chroot --volume "$work/pytest:/pytest:ro" --env PYTHONPATH=/pytest \
    --env DJANGO_SECRET_KEY=test "$container" -- python -m pytest -q -p no:cacheprovider /app/tests
  local status=$?
  store rm "$container" >/dev/null
  return $status
}
chmod -R a+rX "$work/pytest" 2>/dev/null || true
check "the project's own tests inside deploy" tests deploy
check "the project's own tests inside dev" tests dev
versions() {
  local container
  container=$(store from --pull-never outfit-test/dev)
  [ "$(store run --isolation chroot "$container" -- python --version)" = "Python $version" ]
  store run --isolation chroot "$container" -- black --version | grep -q 25.1.0
  [ "$(store run --isolation chroot "$container" -- id -u)" = 10001 ]
  store rm "$container" >/dev/null
}
check 'the versions and the user inside dev' versions

# --- Node, without a network too ----------------------------------------------------------------------------------
cd "$work/front"
npm_on_path() { PATH=$kept/node/bin:$PATH "$@"; }
check 'front: outfit render --vendor' npm_on_path "$outfit" render --vendor --arch amd64
check 'front: hadolint of the vendored Dockerfile' \
  "${OUTFIT_VALIDATORS:-${XDG_CACHE_HOME:-$HOME/.cache}/outfit/validators}/python/bin/hadolint" \
  --failure-threshold info Dockerfile
check 'front: deploy is built without a network' build deploy outfit-test/front-deploy
check 'front: dev is built without a network' build dev outfit-test/front-dev
for target in deploy dev; do store push --quiet "outfit-test/front-$target" "oci:$work/front-$target"; done
check 'front: parity of both images' "$outfit" parity --images "$work/front-deploy" "$work/front-dev"
packages() {
  local container status=0
  container=$(store from --pull-never "outfit-test/front-$1")
  inside() { store run --isolation chroot "$container" -- "$@"; }
  # What only a developer has is in `dev` alone.
  inside node test.js && [ "$(inside node --version)" = "v$node_version" ] && [ "$(inside id -u)" = 10001 ] &&
    if [ "$1" = dev ]; then inside right; else ! inside right; fi || status=1
  store rm "$container" >/dev/null
  return $status
}
for target in deploy dev; do check "front: its packages and its test inside $target" packages $target; done
echo '# another' >>outfit.lock
drift 'an image of another lock' 'the image is of this lock' \
  "$outfit" parity --images "$work/front-deploy" "$work/front-dev"
cd "$work/shop"

# --- Each rule of images fails when it is broken ------------------------------------------------------------------
sabotage() {
  local container=
  container=$(store from --pull-never "outfit-test/${4:-dev}")
  eval "$3"
  store commit --quiet --rm "$container" "oci:$work/broken" >/dev/null
  drift "$1" "$2" "$outfit" parity --images "$work/deploy" "$work/broken"
  rm -rf "$work/broken"
}
printf 'print("another")\n' >"$work/other.py"
sabotage 'a file of the application is another one' 'the dev image changes nothing of it' \
  'store copy --quiet "$container" "$work/other.py" /app/manage.py >/dev/null'
sabotage 'a file is gone' 'the dev image changes nothing of it' \
  'store run --isolation chroot --user 0 "$container" -- rm /app/manage.py'
sabotage 'another user' 'both images run the same way' 'store config --user 0:0 "$container"'
sabotage 'another variable' 'both images run the same way' 'store config --env DEBUG=1 "$container"'
sabotage 'another ancestor' 'the dev image stands on the deploy image' 'true' base:13

ended
