import OutfitCore

/// The keys of `outfit.yaml`. Reading and the JSON Schema both follow these tables.
enum ManifestKeys {
  static let all: [Field] = [
    Field("profile", .text(.profileName), "The profile's name", example: "profile: web-team"),
    Field(
      "description", .text(.line), "One line that says what the profile is for",
      example: "description: What our team works with"),
    Field("outfit", .text(.version), "The oldest outfit that understands this", example: "outfit: \">=0.1\""),
    Field(
      "extends", .oneOrMore(.address),
      "Profiles that this one builds on, the first at the bottom: folders, or git addresses",
      example: "extends: [../base, \"github:acme/outfit-profiles//python@v3\"]"),
    Field(
      "remote", .oneOrMore(.remote),
      "The git remotes of the repository that this manifest is kept for, in the user's own projects/",
      example: "remote: github.com/acme/shop"),
    Field(
      "locked", .oneOrMore(.entryPath), "Entries that no later layer may change",
      example: "locked: [tools.black]"),
    Field(
      "remove", .oneOrMore(.entryPath), "Entries of earlier layers that are not wanted",
      example: "remove: [tools.isort]"),
    Field(
      "cooldown", .text(.cooldown), "How old a release must be before it is pinned", example: "cooldown: 7d"),
    Field(
      "interpreters", .record(interpreters), "Python and Node", example: "interpreters: {python: \"3.13\"}"),
    Field(
      "tools",
      .dictionary(
        key: .packageName, value: .either([.text(.version), .record(tool)]), example: "black: \"25.*\""),
      "Programs in environments of their own, by name: a version, or the long form",
      example: "tools: {black: \"25.*\"}"),
    Field(
      "indexes",
      .dictionary(
        key: .entryName, value: .record(index),
        example: "acme: {url: \"https://packages.acme.example/simple\"}"),
      "Private package indexes",
      example: "indexes: {acme: {url: \"https://packages.acme.example/simple\", priority: explicit}}"),
    Field(
      "data", .dictionary(key: .dataName, value: .anything, example: "editor: vim"),
      "Values for templates",
      example: "data: {editor: vim}"),
    Field(
      "ask",
      .dictionary(
        key: .dataName, value: .either([.text(.line), .record(question)]),
        example: "email: \"Your work e-mail\""),
      "Values for templates that each person is asked for once; they stay on the machine",
      example: "ask: {email: \"Your work e-mail\"}"),
    Field(
      "dotfiles", .dictionary(key: .target, value: .record(dotfile), example: ".vimrc: {link: vimrc}"),
      "Files in the home folder", example: "dotfiles: {.vimrc: {link: vimrc}}"),
    Field(
      "packages", .record(packages), "Packages of the operating system", example: "packages: {apt: [ripgrep]}"
    ),
    Field(
      "scripts",
      .dictionary(
        key: .entryName, value: .either([.text(.sourceFile), .record(script)]),
        example: "fonts: {run: scripts/fonts.sh, when: changed}"),
      "Scripts to run after everything else",
      example: "scripts: {fonts: {run: scripts/fonts.sh, when: changed}}"),
    Field(
      "virtualenv", .either([.text(.projectPath), .record(virtualenv)]), "The project's virtualenv",
      example: "virtualenv: {from: requirements.txt}"),
    Field(
      "node_modules", .either([.text(.projectPath), .record(nodeModules)]), "The packages of a Node project",
      example: "node_modules: {from: package-lock.json}"),
    Field(
      "env",
      .dictionary(
        key: .variableName, value: .text(.anything), example: "DJANGO_SETTINGS_MODULE: shop.settings.dev"),
      "Environment variables of the project", example: "env: {DJANGO_SETTINGS_MODULE: shop.settings.dev}"),
    Field(
      "hooks", .dictionary(key: .entryName, value: .record(hook), example: "black: {}"),
      "Git hooks on the pinned tools", example: "hooks: {black: {}}"),
    Field(
      "app", .record(app), "What is rendered for containers and Kubernetes",
      example: "app: {template: django, name: shop, image: registry.example.com/shop}"),
  ]

  /// The sections that only a machine has, and those that only a project has.
  static let machineOnly: Set<String> = ["ask", "dotfiles", "packages", "scripts"]
  static let projectOnly: Set<String> = ["virtualenv", "node_modules", "env", "hooks", "app"]
  /// The sections whose entries have names, so that `locked` and `remove` can name them.
  static let withEntries = [
    "interpreters", "tools", "indexes", "data", "ask", "dotfiles", "packages", "scripts", "env", "hooks",
  ]

  private static let interpreters = Language.allCases.map { language in
    let (name, newest, two) =
      language == .python ? ("Python", "3.13", "[\"3.13\", \"3.11\"]") : ("Node", "24", "[\"24\", \"22\"]")
    return Field(
      language.rawValue, .either([.text(.version), .list(.text(.version)), .record(interpreter)]),
      "Versions of \(name); the first is the default",
      example: "\(language.rawValue): \"\(newest)\"` or `\(language.rawValue): \(two)")
  }

  private static let interpreter: [Field] = [
    Field(
      "versions", .oneOrMore(.version), "The first is the default",
      example: "versions: [\"3.13\", \"3.11\"]"),
    Field(
      "also", .oneOrMore(.version), "More versions, behind those of earlier layers",
      example: "also: [\"3.12\"]"),
    Field(
      "providers", .list(.choice(InterpreterSection.Provider.self, "a provider")),
      "Where it may come from, in the order to try",
      example: "providers: [wheel, prebuilt]"),
    Field("system", .text(.boolean), "The operating system's own may serve", example: "system: true"),
    Field(
      "mirror", .text(.mirrorAddress), "Replaces the release host",
      example: "mirror: https://mirror.example/python"),
    Field(
      "optimized", .text(.boolean),
      "What is built from source is built with profile-guided and link-time optimisation, which takes long",
      example: "optimized: true"),
  ]

  private static let tool: [Field] = [
    Field(
      "version", .text(.version), "Which versions will do; without it, the newest",
      example: "version: \"25.*\""),
    Field(
      "from", .choice(ToolSection.Origin.self, "an origin of tools"), "Where it comes from; pypi without it",
      example: "from: npm"),
    Field(
      "with", .oneOrMore(.requirement), "Other packages in the same environment",
      example: "with: [furo, myst-parser]"),
    Field("extras", .oneOrMore(.packageName), "Extras of the package", example: "extras: [d]"),
    Field("python", .text(.version), "The Python that it runs on", example: "python: \"3.13\""),
    Field(
      "expose", .oneOrMore(.programName), "The only programs of it that go on PATH",
      example: "expose: [http, https]"),
    Field(
      "package", .text(.anyPackageName), "The package's name where it is not the tool's",
      example: "package: ansible-core"),
    Field(
      "url", .text(.downloadAddress),
      "For `from: url`: {version}, {os}, {system}, {arch} and {machine} are filled in",
      example: "url: \"https://downloads.example/skaffold-{os}-{arch}\""),
    Field(
      "sha256",
      .dictionary(key: .platform, value: .text(.digest), example: "linux-amd64: \"<64 hexadecimal digits>\""),
      "For `from: url`: the digest for each platform",
      example: "sha256: {linux-amd64: \"<64 hexadecimal digits>\"}"),
    Field(
      "checksums", .text(.downloadAddress),
      "For `from: url`: a file of SHA-256 checksums, read when it is locked",
      example: "checksums: \"https://downloads.example/{version}/checksums.txt\""),
    Field(
      "github", .text(.repository), "For `from: url`: the repository whose releases have it",
      example: "github: hadolint/hadolint"),
    Field(
      "asset", .text(.filledIn), "For `github`: the release's file",
      example: "asset: \"hadolint-{os}-{machine}\""),
    Field("tag", .text(.filledIn), "For `github`: the release's tag", example: "tag: \"jq-{version}\""),
    Field(
      "names", .dictionary(key: .entryName, value: .text(.line), example: "amd64: x64"),
      "For `from: url`: other spellings of what is filled in", example: "names: {amd64: x64, darwin: macos}"),
    Field(
      "scripts", .oneOrMore(.anyPackageName), "For `from: npm`: packages whose install scripts may run",
      example: "scripts: [esbuild]"),
    Field("index", .text(.entryName), "The only index that may serve it", example: "index: acme"),
    Field(
      "programs-from", .oneOrMore(.packageName),
      "Packages beside it whose programs go on PATH too; `all` for whatever it depends on",
      example: "programs-from: [ansible-core]"),
    Field("hold", .text(.boolean), "Its pin stays when others are moved", example: "hold: true"),
    Field(
      "cooldown", .text(.cooldown), "How old a release must be before it is pinned", example: "cooldown: 0d"),
    Field(
      "build", .oneOrMore(.packageName), "Packages that may be built from source, which runs their code",
      example: "build: [wrapt]"),
    Field("suffix", .text(.suffix), "Added to the name of each of its programs", example: "suffix: \"-25\""),
  ]

  private static let index: [Field] = [
    Field(
      "url", .text(.indexAddress), required: true, "The index's address",
      example: "url: \"https://packages.acme.example/simple\""),
    Field(
      "priority", .choice(IndexSection.Priority.self, "a priority"), "As Poetry has them; primary without it",
      example: "priority: explicit"),
    Field(
      "packages", .oneOrMore(.packageName), "Packages that this index alone may serve, in whatever tool",
      example: "packages: [acme-core, acme-log]"),
    Field(
      "dependencies", .text(.boolean), "What tools bound to it depend on is looked for here first",
      example: "dependencies: true"),
  ]

  private static let question: [Field] = [
    Field("prompt", .text(.line), required: true, "What is asked", example: "prompt: \"Your work e-mail\""),
    Field("git", .text(.gitSetting), "What git says is offered", example: "git: user.email"),
    Field("default", .text(.anything), "Taken where nothing is answered", example: "default: \"\""),
  ]

  private static let dotfile: [Field] = [
    Field(
      "template", .text(.sourceFile), "The file, with values filled in",
      example: "template: gitconfig.mustache"),
    Field(
      "copy", .text(.sourceFile), "The file, or the folder's files, as they are", example: "copy: kitty/"),
    Field("link", .text(.sourceFile), "A link to the file in the profile's folder", example: "link: vimrc"),
    Field(
      "block", .text(.sourceFile), "A marked block in a file that others write too",
      example: "block: zshrc.snippet"),
    Field("mode", .text(.mode), "Permission bits", example: "mode: \"0600\""),
    Field(
      "secret", .text(.boolean),
      "Its content is shown nowhere, and it is the user's alone (0600) unless `mode` says otherwise",
      example: "secret: true"),
    Field(
      "os", .oneOrMore(.choice(["linux", "macos"], "a system")), "Only on these systems",
      example: "os: [linux]"),
    Field(
      "if-present", .text(.boolean), "For a block: only where the file exists", example: "if-present: true"),
    Field(
      "position", .choice(DotfileSection.Position.self, "a position"),
      "For a block: at the top, what stands below it wins", example: "position: top"),
    Field(
      "replace", .text(.boolean), "For a block: the blocks that earlier layers have in that file go",
      example: "replace: true"),
    Field(
      "comment", .text(.line), "For a block: what starts a comment in that file", example: "comment: \"--\""),
    Field(
      "outside-home", .text(.boolean), "The target is an absolute path outside the home folder",
      example: "outside-home: true"),
  ]

  private static let packages = ["apt", "brew", "dnf", "pacman", "apk"].map { manager in
    Field(manager, .oneOrMore(.systemPackage), "Packages of \(manager)", example: "\(manager): [ripgrep]")
  }

  private static let script: [Field] = [
    Field("run", .text(.sourceFile), required: true, "The script", example: "run: scripts/fonts.sh"),
    Field(
      "when", .choice(ScriptSection.Moment.self, "a moment"), "once, changed (without it) or always",
      example: "when: changed"),
  ]

  private static let virtualenv: [Field] = [
    Field(
      "from", .oneOrMore(.projectPath), required: true,
      "Its lock (uv.lock, poetry.lock, pdm.lock, Pipfile.lock, pylock.toml), requirements files, or pyproject.toml, setup.py or setup.cfg",
      example: "from: requirements.txt"),
    Field("path", .text(.projectPath), "Its folder; .venv without it", example: "path: .venv"),
    Field(
      "groups", .oneOrMore(.packageName),
      "Dependency groups; without it, those that the project's own manager installs by default",
      example: "groups: [dev, docs]"),
    Field("extras", .oneOrMore(.packageName), "Extras of the project", example: "extras: [test]"),
    Field(
      "editable", .text(.boolean),
      "The project itself is in it, and its changed files count at once; with false it is not in it",
      example: "editable: false"),
    Field(
      "build", .oneOrMore(.packageName), "Packages that may be built from source, which runs their code",
      example: "build: [docopt]"),
  ]

  private static let nodeModules: [Field] = [
    Field(
      "from", .text(.projectPath), required: true,
      "Its lock: package-lock.json, npm-shrinkwrap.json, pnpm-lock.yaml, yarn.lock or bun.lock",
      example: "from: package-lock.json"),
    Field(
      "scripts", .oneOrMore(.anything),
      "Packages whose install scripts may run; `.` for the project's own",
      example: "scripts: [esbuild, .]"),
  ]

  private static let stages = [
    "commit-msg", "manual", "post-checkout", "post-commit", "post-merge", "post-rewrite", "pre-commit",
    "pre-merge-commit", "pre-push", "pre-rebase", "prepare-commit-msg",
  ]

  private static let hook: [Field] = [
    Field(
      "entry", .either([.text(.command), .list(.text(.anything))]),
      "The command; without it, Outfit's own for a tool that it knows", example: "entry: [black, --check]"),
    Field("args", .list(.text(.anything)), "Arguments before the files", example: "args: [--profile, black]"),
    Field("files", .text(.line), "Only files that match this expression", example: "files: '^src/'"),
    Field("exclude", .text(.line), "No files that match this expression", example: "exclude: '/migrations/'"),
    Field("types", .oneOrMore(.line), "Only files of these types", example: "types: [python]"),
    Field(
      "stages", .oneOrMore(.choice(stages, "a stage of git")), "When it runs; pre-commit without it",
      example: "stages: [pre-push]"),
    Field(
      "pass_filenames", .text(.boolean), "The files are its arguments; true without it",
      example: "pass_filenames: false"),
  ]

  private static let app: [Field] = [
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
      "services", .dictionary(key: .label, value: .text(.version), example: "postgres: \"17.2\""),
      "What it needs beside it, by version",
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
      "extensions", .list(.text(.anything)), "Of the editor, in the dev container",
      example: "extensions: [ms-python.python]"),
    Field(
      "allow",
      .dictionary(
        key: .anything, value: .text(.anything), example: "ConfigMap/app /data/*: variables"),
      "Differences between environments that are meant, and why; `outfit parity` shows those of the template",
      example: "allow: {\"PersistentVolumeClaim/* /spec/resources/**\": disks}"),
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
  ]
}

extension TextForm {
  /// `tools.black`, or a whole section.
  static let entryPath = TextForm(what: "an entry", pattern: "^[a-z]+(\\..+)?$") { text in
    let section = String(text.prefix { $0 != "." })
    let name = text.dropFirst(section.count + 1)
    let wholes = ["virtualenv", "node_modules", "app"]
    let sections = ManifestKeys.withEntries + wholes
    guard sections.contains(section) else {
      return Complaint(
        "`\(text)` names no section",
        hint: nearest(section, among: sections).map {
          "did you mean `\($0)\(name.isEmpty ? "" : ".")\(name)`?"
        }
          ?? "write the section first: `tools.\(text)`")
    }
    if wholes.contains(section), !name.isEmpty {
      return Complaint("`\(section)` is taken as a whole", hint: "write `\(section)`")
    }
    return text.hasSuffix(".")
      ? Complaint("a name is missing after the dot", hint: "write `tools.black`") : nil
  }
}
