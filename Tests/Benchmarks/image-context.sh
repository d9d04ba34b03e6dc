#!/usr/bin/env bash
# A build context with all that an image needs, and beside the rendered Dockerfile one as a person would write it.
#
#   Tests/Benchmarks/image-context.sh KEPT FOLDER OUTFIT      KEPT: what scripts/test-images.sh made
set -euo pipefail
checkout=$(cd "$(dirname "$0")/../.." && pwd)
kept=$1 folder=$2 outfit=$3
base=docker.io/outfit-test/base:13
digest=$(sha256sum "$kept/python.tar.gz" | cut -d ' ' -f 1)
path=20250723/cpython-$(cat "$kept/version")+20250723-x86_64-unknown-linux-gnu-install_only_stripped.tar.gz
mirror=$(mktemp -d)
trap 'rm -rf "$mirror"' EXIT
mkdir -p "$mirror/python/20250723"
cp "$kept/python.tar.gz" "$mirror/python/$path"
cp -R "$checkout/Tests/Fixtures/shop" "$folder"
sed -i 's/^app:$/app:\n  base: outfit-test\/base:13/' "$folder/outfit.yaml"
awk -v digest="$digest" '/linux-amd64:/ { found = 1 } found && /digest:/ { sub(/sha256:.*/, "sha256:" digest); found = 0 } { print }' \
  "$checkout/Tests/Fixtures/shop/outfit.lock" >"$folder/outfit.lock"
base_digest=$(buildah --root "$kept/store" --runroot "$kept/run" images --format '{{.Digest}}' "$base" | head -n 1)
printf 'images:\n  "outfit-test/base:13": %s\n' "$base_digest" >>"$folder/outfit.lock"
cd "$folder"
"$outfit" trust >/dev/null 2>&1
OUTFIT_MIRROR=file://$mirror "$outfit" render --vendor --arch amd64 >/dev/null 2>&1
cat >Dockerfile.hand <<END
FROM outfit-test/base:13@$base_digest AS build
RUN --mount=type=bind,source=docker/vendor,target=/vendor mkdir /opt/python && \\
    tar -xzf /vendor/amd64/interpreter.tar.gz -C /opt/python --strip-components=1
COPY requirements.txt /tmp/
RUN --mount=type=bind,source=docker/vendor,target=/vendor /opt/python/bin/python3 -m venv --without-pip /opt/venv && \\
    /opt/python/bin/python3 -m pip --python /opt/venv/bin/python3 install --no-deps --no-index \\
      --find-links /vendor/amd64/wheels -r /tmp/requirements.txt

FROM outfit-test/base:13@$base_digest
RUN groupadd --gid 10001 app && useradd --uid 10001 --gid 10001 --no-log-init --create-home --shell /bin/sh app
COPY --from=build /opt/python /opt/python
COPY --from=build /opt/venv /opt/venv
ENV PATH=/opt/venv/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin DJANGO_STATIC_ROOT=/srv/static
WORKDIR /app
COPY . .
RUN DJANGO_SECRET_KEY=unused python manage.py collectstatic --noinput
USER 10001:10001
CMD ["uvicorn", "shop.asgi:application", "--host", "0.0.0.0"]
END
