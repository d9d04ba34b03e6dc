#!/usr/bin/env bash
# Makes images of Postgres, Redis and nginx where no registry answers: Debian's packages on the base of
# scripts/image-base.sh, with the users, folders, variables and entrypoints that the images of the same names have.
#
#   scripts/service-images.sh ROOT RUNROOT BASE      a store of containers/storage, and the image that they stand on
#
# The versions are Debian's, and not those of the names: postgres:17.2, redis:7.4, nginxinc/nginx-unprivileged:1.28.
# An image that the store has is kept. It needs root, and Debian's archive.
set -euo pipefail

[ $# -eq 3 ] || {
  echo 'usage: scripts/service-images.sh ROOT RUNROOT BASE' >&2
  exit 2
}
root=$1 runroot=$2 base=$3
store() { buildah --root "$root" --runroot "$runroot" "$@"; }
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# image NAME PACKAGES SETUP CONFIG...: the entrypoint comes on standard input.
image() {
  local name=docker.io/$1 packages=$2 setup=$3 container
  shift 3
  cat >"$scratch/docker-entrypoint.sh"
  store inspect --type image "$name" >/dev/null 2>&1 && return
  printf 'service-images: %s\n' "$name" >&2
  container=$(store from --pull-never "$base")
  chmod 755 "$scratch/docker-entrypoint.sh"
  store copy --quiet "$container" "$scratch/docker-entrypoint.sh" /usr/local/bin/docker-entrypoint.sh >/dev/null
  # Users come first, with their numbers; no package starts what it brings.
  if ! store run --isolation chroot "$container" -- sh -euc "
    export DEBIAN_FRONTEND=noninteractive
    printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d && chmod +x /usr/sbin/policy-rc.d
    ${setup%%---*}
    apt-get -qq update && apt-get -qq install --yes --no-install-recommends $packages
    ${setup#*---}
    rm -rf /usr/sbin/policy-rc.d /var/lib/apt/lists/* /var/cache/apt/*" >"$scratch/log" 2>&1; then
    tail -n 20 "$scratch/log" >&2
    store rm "$container" >/dev/null
    return 1
  fi
  store config --entrypoint '["docker-entrypoint.sh"]' "$@" "$container"
  store commit --quiet --rm "$container" "$name" >/dev/null
}

image library/postgres:17.2 postgresql-17 '
  groupadd --gid 999 postgres
  useradd --uid 999 --gid 999 --home-dir /var/lib/postgresql --shell /bin/bash postgres
  ---
  rm -rf /var/lib/postgresql/17 /etc/postgresql/17
  install -d -m 1777 -o postgres -g postgres /var/lib/postgresql/data
  install -d -m 3777 -o postgres -g postgres /var/run/postgresql
  mkdir /docker-entrypoint-initdb.d' \
  --env PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/usr/lib/postgresql/17/bin \
  --env LANG=C.UTF-8 --env PGDATA=/var/lib/postgresql/data --volume /var/lib/postgresql/data --port 5432 --stop-signal SIGINT \
  --cmd '["postgres"]' <<'END'
#!/bin/bash
# The first start makes the database; root makes room for it, and is given up.
set -euo pipefail
if [ "${1:-}" = postgres ]; then
  if [ "$(id -u)" = 0 ]; then
    install -d -m 0700 -o postgres -g postgres "$PGDATA"
    install -d -m 3775 -o postgres -g postgres /var/run/postgresql
    exec setpriv --reuid=postgres --regid=postgres --init-groups "$0" "$@"
  fi
  if [ ! -s "$PGDATA/PG_VERSION" ]; then
    mkdir -p "$PGDATA" && chmod 700 "$PGDATA"
    user=${POSTGRES_USER:-postgres} database=${POSTGRES_DB:-${POSTGRES_USER:-postgres}}
    initdb --username="$user" --pwfile=<(printf '%s\n' "${POSTGRES_PASSWORD:?it has to be given}") \
      --auth-local=trust --auth-host=scram-sha-256
    printf 'host all all all scram-sha-256\n' >>"$PGDATA/pg_hba.conf"
    printf "listen_addresses = '*'\n" >>"$PGDATA/postgresql.conf"
    pg_ctl --wait start --options="-c listen_addresses=''"
    [ "$database" = postgres ] || createdb --username="$user" "$database"
    for file in /docker-entrypoint-initdb.d/*.sql; do
      [ ! -f "$file" ] || psql --set ON_ERROR_STOP=1 --username="$user" --dbname="$database" --file="$file"
    done
    pg_ctl --wait --mode=fast stop
  fi
fi
exec "$@"
END

image library/redis:7.4 redis-server '
  groupadd --gid 999 redis
  useradd --uid 999 --gid 999 --home-dir /data --shell /bin/sh redis
  ---
  install -d -o redis -g redis /data' --volume /data --workingdir /data --port 6379 --cmd '["redis-server"]' <<'END'
#!/bin/sh
set -eu
if [ "$1" = redis-server ] && [ "$(id -u)" = 0 ]; then
  exec setpriv --reuid=redis --regid=redis --clear-groups "$0" "$@"
fi
exec "$@"
END

image nginxinc/nginx-unprivileged:1.28 'nginx-light curl' '
  groupadd --gid 101 nginx
  useradd --uid 101 --gid 101 --home-dir /nonexistent --shell /bin/false nginx
  ---
  ln -sf /dev/stdout /var/log/nginx/access.log
  ln -sf /dev/stderr /var/log/nginx/error.log' --user 101 --port 8080 --stop-signal SIGQUIT \
  --cmd '["nginx", "-g", "daemon off;"]' <<'END'
#!/bin/sh
exec "$@"
END
