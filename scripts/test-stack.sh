#!/usr/bin/env bash
# Starts what `outfit render` writes for the Django fixture, and asks it.
#
#   scripts/test-stack.sh            after `make build`; OUTFIT_TEST_BUILD names another build
#
# The pods of production are those of the rendered overlay, templates unchanged (scripts/pods.py); podman plays them on
# a network of its own whose names are the Services'. What a kubelet does besides (probes, the order of a start) is done
# here. Then the rendered compose.yaml by docker-compose. Everything comes from Debian's packages: the images of
# scripts/service-images.sh, and podman in a folder of its own (a trixie below OUTFIT_IMAGES), so that nothing is
# installed here. Not run: Ingress, NetworkPolicy, HorizontalPodAutoscaler, the spread over nodes, more than one replica.
set -euo pipefail
cd "$(dirname "$0")/.."

script=test-stack
undone='no rendered stack was started'
# shellcheck source=scripts/images-common.sh
. scripts/images-common.sh
needs python3 nsenter=util-linux
python3 -c 'import yaml' 2>/dev/null || apt-get install -y --no-install-recommends python3-yaml >/dev/null 2>&1 ||
  skip 'python3-yaml can not be installed'

# --- A trixie with podman and Compose in it -----------------------------------------------------------------------
root=$kept/runtime
if [ ! -f "$root/made" ]; then
  rm -rf --one-file-system "$root"
  mkdir -p "$root" && tar -C "$root" -xf "$kept/base.tar"
  cp /etc/resolv.conf "$root/etc/resolv.conf"
  printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d" && chmod +x "$root/usr/sbin/policy-rc.d"
  unshare --mount --propagation private sh -euc '
    mount -t proc proc "$0/proc"
    exec chroot "$0" sh -euc "export DEBIAN_FRONTEND=noninteractive
      apt-get -qq update
      apt-get -qq install --yes --no-install-recommends podman netavark aardvark-dns runc conmon catatonit nftables \
        iproute2 docker-compose curl"' "$root" >"$work/log" 2>&1 ||
    { tail -n 5 "$work/log"; skip 'podman can not be had from the archive of this machine'; }
  touch "$root/made"
fi
scripts/service-images.sh "$kept/store" "$kept/run" "$base" || skip 'the images of the services can not be made here'

# --- The project, rendered and built ------------------------------------------------------------------------------
declare -A secrets=([DJANGO_SECRET_KEY]=django-secret [POSTGRES_PASSWORD]=postgres-secret [REDIS_PASSWORD]=redis-secret)
for image in library/postgres:17.2 library/redis:7.4 nginxinc/nginx-unprivileged:1.28; do
  offer "docker.io/$image" "${image/://}"
done
fixture "$work/shop"
cd "$work/shop"
check 'consent' "$outfit" trust --locked
check 'images are pinned' "$outfit" lock --images
check 'outfit render' "$outfit" render --vendor --arch amd64
# A release, as the file's head says.
sed -i 's/newTag: .*/newTag: "1"/' k8s/overlays/production/release/kustomization.yaml
check 'outfit parity' "$outfit" parity
check 'deploy is built' build deploy registry.example.com/shop:1
check 'dev is built' build dev registry.example.com/shop-dev:latest
[ "$failures" -eq 0 ] || ended
"$KUBECTL" kustomize k8s/overlays/production >"$work/production.yaml"
variables=()
for name in "${!secrets[@]}"; do variables+=("$name=${secrets[$name]}"); done
python3 "$checkout/scripts/pods.py" "$work/production.yaml" "$work/pods" "${variables[@]}"
cd "$checkout"

# --- Namespaces for all that runs ---------------------------------------------------------------------------------
# The folder is the root there: a runtime takes no changed root for one. Whatever runs in it ends with the first process.
mkdir -p "$work/podman"
cat >"$work/enter" <<'END'
set -eu
root=$1 work=$2 kept=$3
mount --bind "$root" "$root"
mkdir -p "$root/old" "$root/kept" "$root/work"
mount --rbind /sys "$root/sys"
mount --rbind /dev "$root/dev"
mount -t proc proc "$root/proc"
mount -t tmpfs tmpfs "$root/run"
mount -t tmpfs tmpfs "$root/tmp"
mount --bind "$kept" "$root/kept"
mount --bind "$work" "$root/work"
cd "$root"
pivot_root . old
umount -l /old
ip link set lo up
touch /run/ready
exec sleep infinity
END
# No limit above those that this machine gives.
mkdir -p "$root/etc/containers"
cat >"$root/etc/containers/containers.conf" <<END
[containers]
default_ulimits = ["nofile=10000:10000", "nproc=9000:9000"]
[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
events_logger = "file"
[network]
network_config_dir = "/run/networks"
END
cat >"$root/etc/containers/storage.conf" <<'END'
[storage]
driver = "overlay"
graphroot = "/work/podman"
runroot = "/run/store"
[storage.options]
additionalimagestores = ["/kept/store"]
END
# Ahead of what else runs on this machine: what is measured is no measure of that.
PATH=$PATH:/usr/sbin:/sbin nice -n -15 unshare --mount --propagation private --net --pid --fork --kill-child \
  bash "$work/enter" "$root" "$work" "$kept" &
holder=$!
cleanup() {
  kill -9 "$holder" 2>/dev/null || true
  kill "$server" 2>/dev/null || true
  wait 2>/dev/null || true
  rm -rf --one-file-system "$work"
}
for _ in $(seq 50); do first=$(cat "/proc/$holder/task/$holder/children" 2>/dev/null) && [ -n "$first" ] && break || sleep 0.1; done
first=${first%% *}
inside() {
  nice -n -15 nsenter --target "$first" --mount --net --pid -- env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
    HOME=/root PODMAN_IGNORE_CGROUPSV1_WARNING=1 DOCKER_HOST=unix:///run/podman.sock "$@"
}
for _ in $(seq 50); do inside test -f /run/ready 2>/dev/null && break || sleep 0.1; done
podman() { inside podman "$@"; }
podman run --rm --network none "$base" true >"$work/log" 2>&1 ||
  { tail -n 3 "$work/log"; skip 'podman starts no container on this machine'; }
podman network create --subnet 10.77.0.0/24 stack >/dev/null

# --- Production ---------------------------------------------------------------------------------------------------
# A pod has the name of its Service, and one address, as a Service has: nginx asks for it once.
declare -A network at
count=10
while read -r name _ service; do
  count=$((count + 1))
  at[$name]=10.77.0.$count
  network[$name]=stack:ip=10.77.0.$count${service:+,alias=$service}
done <"$work/pods/list"
play() { podman kube play --quiet --network "${network[$1]}" "/work/pods/$1.yaml" >/dev/null; }
# until SECONDS COMMAND...: asks until it is so.
until_so() {
  local end=$(($(date +%s%N) + $1 * 1000000000))
  shift
  until "$@"; do
    [ "$(date +%s%N)" -lt "$end" ] || return 1
    sleep 0.1
  done
}
# probe POD KIND: as a kubelet asks.
probe() {
  python3 - "$work/pods/$1.probes" "$2" "${at[$1]}" <<'END' >"$work/asked"
import json, shlex, sys
for line in open(sys.argv[1]):
    container, kind, probe = json.loads(line)
    if kind != sys.argv[2]:
        continue
    if "exec" in probe:
        print("podman exec", sys.argv[1].split("/")[-1].removesuffix(".probes") + "-" + container, shlex.join(probe["exec"]["command"]))
    elif "httpGet" in probe:
        get = probe["httpGet"]
        headers = "".join(f" -H {shlex.quote(h['name'] + ': ' + h['value'])}" for h in get.get("httpHeaders", []))
        print(f"inside curl -fsS -o /dev/null -m {probe.get('timeoutSeconds', 1)}{headers} http://{sys.argv[3]}:{get['port']}{get['path']}")
    else:
        print(f"inside bash -c '</dev/tcp/{sys.argv[3]}/{probe['tcpSocket']['port']}'")
END
  [ -s "$work/asked" ] || return 0
  eval "$(cat "$work/asked")"
}
ready() { until_so 60 probe "$1" startupProbe && until_so 30 probe "$1" readinessProbe && probe "$1" livenessProbe; }
# shop PATH [OPTION...]: what nginx answers to a client of production.
shop() {
  local path=$1
  shift
  inside curl -sS -m 10 -H "Host: ${host:-shop.example}" -H 'X-Forwarded-Proto: https' "$@" "http://${at[nginx]}:8080$path"
}
has() { "${@:2}" | grep -qF -- "$1"; }
ended_well() { [ "$(podman wait "$1")" = 0 ]; }
manage() { podman exec web-web python manage.py shell -v0 -c "$1"; }
waits() { podman ps --all --filter name=web-wait-for-migrations --format '{{.Status}}' | grep -q '^Up'; }

migrate=$(awk '$2 == "Job" { print $1 }' "$work/pods/list")
check 'postgres starts' play postgres
check 'redis starts' play redis
check 'postgres is ready' ready postgres
check 'redis is ready' ready redis
play web >"$work/web.log" 2>&1 &
web=$!
check 'web waits for the migrations' until_so 30 waits
check 'the Job starts' play "$migrate"
check 'the Job migrates' ended_well "$migrate-migrate"
check 'web starts when it has' wait "$web"
for name in worker beat nginx; do check "$name starts" play "$name"; done
for name in web worker beat nginx; do check "$name is ready" ready "$name"; done

check 'a page through nginx' has '<h1>Shop</h1>' shop /
check 'an asset through nginx' cmp <(shop /static/catalogue/shop.css) "$work/shop/catalogue/static/catalogue/shop.css"
check 'the database is written to' manage \
  'from catalogue.models import Product; Product.objects.create(name="Tea", price="3.50", stock=2)'
check 'a page from the database' has 'Tea: 3.50' shop /
check 'the same as JSON' has '"Tea"' shop /products.json
check 'a task is queued' manage 'from catalogue.tasks import recount; recount.delay()'
check 'the worker does it' until_so 15 has '1 in stock' shop /
refused() { [ "$(host=${3:-} shop "$1" -o /dev/null -w '%{http_code}')" = "$2" ]; }
check 'the probes are not for clients' refused /health/ready 404
check 'another host is refused' refused / 400 evil.example

# The context that the pod says, as the kernel has it.
restricted() {
  local status
  status=$(podman exec "$1" cat /proc/1/status)
  grep -q "^Uid:	$2	$2" <<<"$status" && grep -q '^CapEff:	0000000000000000' <<<"$status" &&
    grep -q '^NoNewPrivs:	1' <<<"$status" && grep -q '^Seccomp:	2' <<<"$status" &&
    ! podman exec "$1" touch /written 2>/dev/null && podman exec "$1" touch /tmp/written
}
for entry in web:10001 worker:10001 beat:10001 nginx:101 postgres:999 redis:999; do
  check "${entry%:*} is restricted, and its root is read-only" restricted "${entry%:*}-${entry%:*}" "${entry#*:}"
done

# A pod that is killed comes back with its data.
killed() {
  podman pod rm --force --time 0 "$1" >/dev/null
  podman volume ls --quiet --filter "name=^$1-" | while read -r volume; do podman volume rm "$volume" </dev/null >/dev/null; done
  play "$1" && ready "$1"
}
for name in postgres redis web; do check "$name is killed, and comes back" killed "$name"; done
check 'nginx finds the new web' until_so 40 has 'Tea: 3.50' shop /
check 'what was cached is there' has '1 in stock' shop /
# SIGTERM ends each of them well before it would be killed.
stopped() {
  local start=$SECONDS
  podman stop --time 20 "$1" >"$work/stopped" 2>&1 && [ $((SECONDS - start)) -lt 15 ] && ! grep -q SIGKILL "$work/stopped"
}
for name in nginx worker beat web redis postgres; do check "$name ends when it is told to" stopped "$name-$name"; done
podman pod rm --all --force --time 0 >/dev/null

# --- compose.yaml -------------------------------------------------------------------------------------------------
inside sh -c 'podman system service --time=0 unix:///run/podman.sock >/dev/null 2>&1 &'
check 'podman answers as Docker does' until_so 60 inside curl -fsS --unix-socket /run/podman.sock http://d/_ping
# Podman leaves the times of a health check to systemd, which is not there.
inside sh -c 'while sleep 1; do for one in $(podman ps --quiet); do podman healthcheck run $one; done; done' >/dev/null 2>&1 </dev/null &
compose() { inside docker-compose --project-directory /work/shop --file /work/shop/compose.yaml "$@"; }
check 'docker-compose up' compose up --detach --no-build
page() { inside curl -sS -m 5 -H 'Host: localhost' "http://127.0.0.1:8080$1" "${@:2}"; }
check 'a page through nginx, in development' until_so 30 has '<h1>Shop</h1>' page /
product() { compose exec -T web python manage.py shell -v0 -c 'from catalogue.models import Product; Product.objects.create(name="Tea", price="3.50", stock=2)'; }
check 'the database is written to, in development' product
check 'a page from the database, in development' has 'Tea: 3.50' page /
task() { compose exec -T web python manage.py shell -v0 -c 'from catalogue.tasks import recount; recount.delay()'; }
check 'a task is queued, in development' task
check 'the worker does it, in development' until_so 30 has '1 in stock' page /
# shows SECONDS TEXT PATH FILE EXPRESSION: what is changed in a file shows.
shows() {
  local start status=0 waited
  # What was changed before has settled, and every page was asked for once.
  sleep 4
  page / >/dev/null && page "$3" >/dev/null
  sed -i "$5" "$work/shop/$4"
  start=$(date +%s%N)
  until_so 20 has "$2" page "$3" || status=$?
  waited=$((($(date +%s%N) - start) / 1000000))
  echo "it shows after $waited ms (status $status)"
  printf '    %s: %s ms\n' "$4" "$waited" >>"$work/times"
  [ "$status" -eq 0 ] && [ "$waited" -le $(($1 * 1000)) ]
}
check 'a changed source file shows within two seconds' shows 2 '"shelf"' /products.json catalogue/views.py 's/"products": found/"shelf": found/'
check 'a changed template shows within two seconds' shows 2 '<h1>Store</h1>' / catalogue/templates/catalogue/index.html 's,<h1>Shop,<h1>Store,'
check 'a changed stylesheet shows within two seconds' shows 2 'color: teal' /static/catalogue/shop.css catalogue/static/catalogue/shop.css '$ah1 { color: teal; }'
again() { page /static/catalogue/shop.css --head | grep -qi '^cache-control: no-cache'; }
check 'a browser asks for it again' again
cat "$work/times"
check 'docker-compose down' compose down
check 'docker-compose up again' compose up --detach --no-build
check 'the data is still there' until_so 30 has 'Tea: 3.50' page /
ended
