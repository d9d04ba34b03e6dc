import OutfitCore

/// `app:`, what is rendered for containers and Kubernetes.
extension ManifestKeys {
  static let app: [Field] = [
    Field(
      "template", .text(.sourceFile), required: true, "A template of Outfit's, or a folder",
      example: "template: django"),
    Field("name", .text(.label), required: true, "What it is called in Kubernetes", example: "name: shop"),
    Field(
      "image", .text(.image), required: true, "The image, without a tag",
      example: "image: registry.example.com/shop"),
    Field(
      "base", .text(.imageWithTag), "The image that it is built from; without it, the template's",
      example: "base: debian:12-slim"),
    Field(
      "processes", .dictionary(key: .label, value: .record(process), example: "web: {port: 8000}"),
      "What runs",
      example: "processes: {web: {port: 8000}}"),
    Field(
      "services",
      .dictionary(
        key: .label, value: .either([.text(.serviceVersion), .record(service)]), example: "postgres: \"17.2\""
      ),
      "What it needs beside it, by version; `false` leaves out one that the template has always",
      example: "services: {postgres: \"17.2\"}"),
    Field(
      "data-moved", .dictionary(key: .label, value: .text(.version), example: "postgres: \"18\""),
      "The major version that a service's data was moved to, in every environment: `render` asks for it",
      example: "data-moved: {postgres: \"18\"}"),
    Field(
      "environments",
      .dictionary(key: .label, value: .record(environment), example: "staging: {host: staging.shop.example}"),
      "Where it is deployed", example: "environments: {dev: {host: shop.localhost}}"),
    Field(
      "values", .dictionary(key: .entryName, value: .text(.anything), example: "live: /health/live"),
      "Replace the template's values", example: "values: {live: /health/live}"),
    Field(
      "ships", .list(.text(.projectPath)),
      "Files that go into the image though their names look like secrets: certificates of an authority, say",
      example: "ships: [certs/database-ca.pem]"),
    Field(
      "secrets", .list(.text(.variableName)),
      "Variables that come from the Secret, beside those of the template and of its services",
      example: "secrets: [SENTRY_DSN]"),
    Field(
      "packages", .either([.list(.text(.debianPackage)), .record(packages)]),
      "Packages of the base image's distribution that the image has; ca-certificates is there without a word",
      example: "packages: [libpq5, gettext]"),
    Field(
      "build", .record(build), "What Node makes of the source for the image, in a stage of its own",
      example: "build: {command: npm run build, copy: dist}"),
    Field(
      "patches", .list(.text(.projectPath)),
      "Patches of kustomize's to what every environment has; `outfit parity` judges what they change",
      example: "patches: [deploy/tolerations.yaml]"),
    Field(
      "egress", .list(.record(egress)),
      "Where its processes may connect to, beside its services; without it, https anywhere",
      example: "egress: [{ports: [443, 587]}]"),
    Field(
      "extensions", .list(.text(.anything)), "Of the editor, in the dev container",
      example: "extensions: [ms-python.python]"),
    Field(
      "allow",
      .dictionary(
        key: .anything, value: .either([.text(.anything), .record(allowed)]),
        example: "file:compose.override.yaml: \"a mail catcher\""),
      "Exceptions: what `outfit parity` finds and is meant, by its place there, and why; each is counted",
      example: "allow: {\"file:compose.override.yaml\": a mail catcher}"),
  ]

  private static let allowed: [Field] = [
    Field("why", .text(.anything), required: true, "The reason", example: "why: a larger disk"),
    Field(
      "type", .choice(AllowedDifference.Kind.self, "a type of difference"), "What the values there are",
      example: "type: quantity"),
    Field("min", .text(.anything), "The least, of a count or a quantity", example: "min: 1Gi"),
    Field("max", .text(.anything), "The most, of a count or a quantity", example: "max: 100Gi"),
    Field(
      "environments", .oneOrMore(.label), "Where it may be; without it, everywhere",
      example: "environments: [production]"),
  ]

  private static let process: [Field] = [
    Field(
      "command", .either([.text(.command), .list(.text(.anything))]), "Without it, the template's",
      example: "command: [celery, -A, shop, worker]"),
    Field("port", .text(.integer(1...65535, "a port")), "Where it listens", example: "port: 8000"),
    Field(
      "replicas", .text(.integer(0...1000, "a number of replicas")), "How many run", example: "replicas: 2"),
    Field(
      "single", .text(.boolean), "At most one may run: two would do its work twice", example: "single: true"),
    Field(
      "heartbeat", .text(.boolean), "It touches the file that HEARTBEAT_FILE names, twice a minute",
      example: "heartbeat: true"),
    Field(
      "grace", .text(.integer(1...86400, "a number of seconds")), "Seconds it is given to end",
      example: "grace: 330"),
    Field(
      "cpu", .text(.quantity), "What it asks for, as Kubernetes writes it; without it, the template's",
      example: "cpu: 250m"),
    Field(
      "memory", .text(.quantity), "What it asks for, and the most that it may take", example: "memory: 1Gi"),
    Field(
      "live", .text(.probePath), "The path that answers while it lives; \"\" asks whether the port is open",
      example: "live: /healthz"),
    Field(
      "ready", .text(.probePath),
      "The path that answers when it can serve; \"\" asks whether the port is open",
      example: "ready: /healthz"),
    Field(
      "schedule", .text(.schedule), "When it runs, as cron writes it: a job then, no process that stays",
      example: "schedule: \"0 3 * * *\""),
    Field(
      "volumes",
      .dictionary(
        key: .label, value: .either([.text(.containerPath), .record(volume)]), example: "media: /app/media"),
      "Folders that outlive it", example: "volumes: {media: {path: /app/media, size: 5Gi}}"),
  ]

  private static let volume: [Field] = [
    Field("path", .text(.containerPath), required: true, "In the container", example: "path: /app/media"),
    Field("size", .text(.quantity), "How large its disk is: 1Gi without it", example: "size: 5Gi"),
    Field(
      "shared", .text(.boolean), "Pods on several nodes write to it (ReadWriteMany)", example: "shared: true"),
  ]

  private static let service: [Field] = [
    Field("version", .text(.version), "The tag of its image", example: "version: \"17.2\""),
    Field(
      "image", .text(.image), "Its image, without a tag: of one that the template knows, or of any",
      example: "image: axllent/mailpit"),
    Field("port", .text(.integer(1...65535, "a port")), "Where it listens", example: "port: 1025"),
    Field(
      "env", .dictionary(key: .variableName, value: .text(.anything), example: "MP_MAX_MESSAGES: \"500\""),
      "Variables of its container", example: "env: {MP_MAX_MESSAGES: \"500\"}"),
    Field(
      "volume", .text(.containerPath), "The folder in the container that outlives it",
      example: "volume: /data"),
    Field(
      "user", .text(.integer(1...65534, "a user's number")), "Who it runs as, never root: 1000 without it",
      example: "user: 1000"),
    Field(
      "command", .either([.text(.command), .list(.text(.anything))]), "In place of its image's own",
      example: "command: [server, /data]"),
    Field(
      "init", .text(.projectPath),
      "A file of SQL, or a folder of such files, that is run when its database is made", example: "init: sql"),
  ]

  private static let build: [Field] = [
    Field(
      "node", .text(.anything), "One of `interpreters.node`; the first without it", example: "node: \"24\""),
    Field(
      "folder", .text(.projectPath), "Where package.json lies; the project's folder without it",
      example: "folder: frontend"),
    Field(
      "command", .text(.anything), required: true, "One line of a shell", example: "command: npm run build"),
    Field(
      "copy", .oneOrMore(.projectPath), required: true, "What it makes there, and the image has",
      example: "copy: dist"),
    Field(
      "to", .text(.projectPath), "Where that goes, below /app; where it was made without it",
      example: "to: static"),
  ]

  private static let packages: [Field] = [
    Field(
      "run", .list(.text(.debianPackage)), "What the image has when it runs", example: "run: [libpq5]"),
    Field(
      "build", .list(.text(.debianPackage)), "What packages are built with that have no wheel",
      example: "build: [gcc, libpq-dev]"),
    Field(
      "dev", .list(.text(.debianPackage)), "What the developer's image has besides, below /opt/dev",
      example: "dev: [git, curl]"),
  ]

  private static let egress: [Field] = [
    Field(
      "to", .oneOrMore(.addressBlock), "Blocks of addresses; anywhere without it",
      example: "to: 203.0.113.0/24"),
    Field(
      "ports", .list(.text(.integer(1...65535, "a port"))), required: true, "The ports, over TCP",
      example: "ports: [587]"),
  ]

  private static let environment: [Field] = [
    Field("host", .text(.hostName), "The name it answers to", example: "host: shop.example"),
    Field(
      "replicas", .text(.integer(0...1000, "a number of replicas")), "How many of each process run",
      example: "replicas: 3"),
    Field(
      "env", .dictionary(key: .variableName, value: .text(.anything), example: "DEBUG: \"0\""),
      "Environment variables there",
      example: "env: {DEBUG: \"0\"}"),
    Field(
      "services",
      .dictionary(
        key: .label, value: .text(.choice(["external"], "external")), example: "postgres: external"),
      "Services that it has from elsewhere", example: "services: {postgres: external}"),
    Field(
      "patches", .list(.text(.projectPath)), "Patches of kustomize's to this environment",
      example: "patches: [deploy/production.yaml]"),
  ]
}
