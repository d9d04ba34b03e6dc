/// What an edit, or one file more, can do to what Compose, BuildKit, an editor and Skaffold make.
extension ParityCase {
  private static let compose = "compose.yaml"
  private static let build = "    context: .\n    target: dev\n"
  private static let dockerfile = "Dockerfile"
  private static let container = ".devcontainer/devcontainer.json"

  static let files: [ParityCase] = [
    // Compose
    .differs(
      "Compose: another value of a variable",
      .replace(
        compose, "DJANGO_SETTINGS_MODULE: \"shop.settings\"", with: "DJANGO_SETTINGS_MODULE: \"shop.other\"")),
    .differs(
      "Compose: an entrypoint",
      .replace(compose, "  init: true\n", with: "  init: true\n  entrypoint: [sh, -c, \"exec $$0\"]\n")),
    .differs(
      "Compose: this machine's packages",
      .replace(compose, "[\".:/app:ro\"]", with: "[\".:/app:ro\", \"./.venv:/opt/venv\"]")),
    .differs(
      "Compose: another Dockerfile", .replace(compose, build, with: build + "    dockerfile: Other\n"),
      .write("Other", "FROM ubuntu AS dev\n")),
    .differs(
      "Compose: a build argument",
      .replace(compose, build, with: build + "    args: {PYTHON_MIRROR: \"https://elsewhere.example\"}\n")),
    .differs(
      "Compose: a stage from elsewhere",
      .replace(
        compose, build, with: build + "    additional_contexts: {deploy: \"docker-image://python:3.9\"}\n")),
    .differs(
      "Compose: a file over it", .write("compose.override.yaml", "services: {web: {image: python:3.9}}\n")),
    .differs(
      "Compose: a file of the old name over it",
      .write("docker-compose.override.yml", "services: {web: {image: python:3.9}}\n")),
    .differs("Compose: other files by .env", .write(".env", "COMPOSE_FILE=compose.yaml:more.yaml\n")),
    .same("Compose: a secret of development by .env", .write(".env", "POSTGRES_PASSWORD=secret\n")),
    .differs(
      "Compose: a file of variables",
      .replace(compose, "  init: true\n", with: "  init: true\n  env_file: [more.env]\n"),
      .write("more.env", "PYTHONPATH=/app/x\n")),
    .differs(
      "Compose: a process that never starts",
      .replace(compose, "  web:\n    <<: *app\n", with: "  web:\n    <<: *app\n    profiles: [never]\n")),
    .differs(
      "Compose: no health check",
      .replace(
        compose, "      interval: 10s\n", with: "      interval: 10s\n      disable: true\n", behind: "  web:"
      )),
    .differs(
      "Compose: another folder and platform",
      .replace(
        compose, "  init: true\n", with: "  init: true\n  working_dir: /tmp\n  platform: linux/arm64\n")),
    .differs(
      "Compose: another service by an anchor",
      .replace(compose, "    image: redis:7.4", with: "    image: &other redis:7.2")),
    .differs("Compose: root", .replace(compose, "user: \"10001:10001\"", with: "user: \"0:0\"")),
    .differs(
      "Compose: a time zone",
      .replace(
        compose, "environment: &environment\n", with: "environment: &environment\n    TZ: Europe/Paris\n")),
    .differs(
      "Compose: privileges of the workspace",
      .replace(
        compose, "    volumes: [\".:/workspace\"]",
        with: "    privileged: true\n    user: \"0:0\"\n    volumes: [\".:/workspace\"]")),
    .differs(
      "Compose: a service more",
      .replace(compose, "services:\n", with: "services:\n  mail:\n    image: axllent/mailpit:v1.20\n")),
    .differs(
      "Compose: other files included",
      .replace(compose, "services:\n", with: "include: [more.yaml]\nservices:\n")),
    .same("Compose: a remark", .replace(compose, "services:\n", with: "# What runs.\nservices:\n")),
    .differs("no compose.yaml and no dev container", .remove(compose), .remove(".devcontainer")),
    // Dockerfile
    .differs(
      "image: dev installs into the packages",
      .replace(
        dockerfile, "USER 0:0\n",
        with: "USER 0:0\nRUN /opt/python/bin/python3 -m pip --python /opt/venv/bin/python3 install six\n",
        behind: "FROM deploy AS dev")),
    .differs(
      "image: variables of dev",
      .replace(
        dockerfile, "FROM deploy AS dev\n", with: "FROM deploy AS dev\nENV PYTHONPATH=/opt/dev/x DEBUG=1\n")),
    .differs(
      "image: a second dev",
      .replace(
        dockerfile, "FROM deploy AS dev\n",
        with: "FROM deploy AS dev\nFROM --platform=$TARGETPLATFORM python:3.9 AS dev\n")),
    .differs(
      "image: a second dev in small letters",
      .replace(dockerfile, "FROM deploy AS dev\n", with: "FROM deploy AS dev\nfrom python:3.9 as DEV\n")),
    .differs(
      "image: dev stands on something else",
      .replace(dockerfile, "FROM deploy AS dev\n", with: "FROM deploy AS dev\nFROM base AS x\n")),
    .differs(
      "image: another base behind a decoy",
      .replace(
        dockerfile, "FROM debian:trixie-slim AS base\n",
        with: "FROM debian:trixie-slim AS decoy\nFROM ubuntu AS base\n")),
    .differs(
      "image: ONBUILD",
      .replace(dockerfile, "FROM deploy AS dev\n", with: "ONBUILD RUN true\nFROM deploy AS dev\n")),
    .differs(
      "image: one more package in both",
      .replace(
        dockerfile, "WORKDIR /app\n# The files belong",
        with:
          "RUN /opt/python/bin/python3 -m pip --python /opt/venv/bin/python3 install six\nWORKDIR /app\n# The files belong"
      )),
    .differs(
      "image: another interpreter from an image",
      .replace(
        dockerfile, "WORKDIR /app\n# The files belong",
        with: "COPY --from=python:3.9 /usr/local /opt/python\nWORKDIR /app\n# The files belong")),
    .differs(
      "image: a heredoc",
      .replace(
        dockerfile, "USER 0:0\n", with: "USER 0:0\nCOPY <<EOF /opt/dev/x.pth\nimport os\nEOF\n",
        behind: "FROM deploy AS dev")),
    .differs(
      "image: another frontend", .replace(dockerfile, "# ", with: "# syntax=elsewhere.example/frontend:1\n# ")
    ),
    .differs(
      "image: another command and user of dev",
      .replace(
        dockerfile, "FROM deploy AS dev\n",
        with: "FROM deploy AS dev\nENTRYPOINT [\"/bin/sh\"]\nCMD [\"-c\", \"other\"]\n")),
    .differs(
      "image: the base by an argument",
      .replace(
        dockerfile, "FROM debian:trixie-slim AS base\n",
        with: "ARG BASE=debian:trixie-slim\nFROM ${BASE} AS base\n")),
    .differs(
      "image: what it is built from, for BuildKit alone", .write("Dockerfile.dockerignore", "catalogue\n")),
    .differs(
      "image: what it is built from",
      .replace(".dockerignore", "staticfiles\n", with: "staticfiles\ncatalogue\n")),
    .differs("image: no Dockerfile", .remove(dockerfile)),
    .same(
      "image: a remark and a label",
      .replace(
        dockerfile, "FROM deploy AS dev\n", with: "LABEL team=\"web\"\n# Developers.\nFROM deploy AS dev\n")),
    .differs(
      "packages: another pin",
      .replace(
        "docker/requirements.txt", "django==",
        with:
          "six==1.17.0 --hash=sha256:4721f391ed90541fddacab5acf947aa0d3dc7d27b2e1e8eda2be8970586c3274\ndjango=="
      )),
    .differs(
      "packages: another index",
      .replace(
        "docker/requirements.txt", "django==",
        with: "--extra-index-url https://elsewhere.example/simple\ndjango==")),
    .differs(
      "packages: of the developer's tools",
      .replace(
        "docker/dev.txt", "\n",
        with: "\nsix==1.17.0 --hash=sha256:4721f391ed90541fddacab5acf947aa0d3dc7d27b2e1e8eda2be8970586c3274\n"
      )),
    .same("the same source for both", .write("sitecustomize.py", "print(1)\n")),
    // Dev container and Skaffold
    .differs(
      "dev container: a feature",
      .replace(
        container, "\"remoteUser\": \"app\",",
        with: "\"remoteUser\": \"app\", \"features\": {\"ghcr.io/devcontainers/features/python:1\": {}},")),
    .differs(
      "dev container: variables",
      .replace(
        container, "\"remoteUser\": \"app\",",
        with: "\"remoteUser\": \"app\", \"containerEnv\": {\"PYTHONPATH\": \"/x\"},")),
    .differs(
      "dev container: a file over compose.yaml",
      .replace(container, "\"../compose.yaml\"", with: "[\"../compose.yaml\", \"over.yaml\"]"),
      .write(".devcontainer/over.yaml", "services: {workspace: {image: python:3.9}}\n")),
    .differs(
      "dev container: packages at its start",
      .replace(
        container, "[\"sh\", \".devcontainer/create.sh\"]", with: "\"pip install --target /tmp/x six\"")),
    .differs(
      "dev container: what its start does",
      .replace(".devcontainer/create.sh", "set -eu\n", with: "set -eu\npip install six\n")),
    .differs("dev container: a second one", .write(".devcontainer.json", "{\"image\": \"python:3.9\"}\n")),
    .differs(
      "dev container: another in a folder",
      .write(".devcontainer/other/devcontainer.json", "{\"image\": \"python:3.9\"}\n")),
    .differs(
      "Skaffold: production is built from dev",
      .replace("skaffold.yaml", "target: deploy", with: "target: dev", behind: "- name: production")),
    .differs(
      "Skaffold: production is staging",
      .replace(
        "skaffold.yaml", "k8s/overlays/production", with: "k8s/overlays/staging", behind: "- name: production"
      )),
    .differs("Skaffold: its variables", .write("skaffold.env", "SKAFFOLD_PROFILE=x\n")),
    .differs(
      "Skaffold: the debugger's overlay",
      .replace("k8s/debug/kustomization.yaml", "timeoutSeconds: 600", with: "timeoutSeconds: 601")),
  ]
}
