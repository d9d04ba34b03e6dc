import OutfitCore

/// The keys of `outfit.yaml`. Reading and the JSON Schema both follow these tables.
public enum ManifestKeys {
  static let all: [Field] =
    [
      Field("profile", .text(.profileName), "The profile's name", example: "profile: web-team"),
      Field(
        "description", .text(.line), "One line that says what the profile is for",
        example: "description: What our team works with"),
      Field(
        "outfit", .text(.version), "The oldest outfit that understands this", example: "outfit: \">=0.1\""),
      Field(
        "extends",
        .either([.text(.address), .record(extended), .list(.either([.text(.address), .record(extended)]))]),
        "Profiles that this one builds on, the first at the bottom: folders, or git addresses",
        example: "extends: [../base, \"github:acme/outfit-profiles//python@v3\"]"),
      Field(
        "remote", .oneOrMore(.remote),
        "The git remotes of the repository that this manifest is kept for, in the user's own projects/",
        example: "remote: github.com/acme/shop"),
      Field(
        "locked",
        .either([
          .text(.entryPath), .list(.text(.entryPath)),
          .dictionary(
            key: .entryPath, value: .record(locking), example: "tools.black: {why: \"one release\"}"),
        ]),
        "Entries that no later layer may change, with the reason and the day from which that holds",
        example: "locked: [tools.black]"),
      Field(
        "defaults", .oneOrMore(.entryPath), "Entries that any other layer may change, an earlier one too",
        example: "defaults: [data.editor]"),
      Field(
        "remove", .oneOrMore(.entryPath), "Entries of earlier layers that are not wanted",
        example: "remove: [tools.isort]"),
      Field(
        "tags", .oneOrMore(.entryName), "In your own layer: what this machine is, for `if: {tag: …}`",
        example: "tags: [work]"),
      Field(
        "use", .oneOrMore(.entryName), "The bundles of other layers that are wanted", example: "use: [k8s]"),
      Field(
        "channel", .text(.reference),
        "In your own layer: the branch or tag that layers from git without one follow, where they have it",
        example: "channel: early"),
      Field(
        "signers",
        .dictionary(
          key: .repositories, value: .oneOrMore(.line), example: "\"github:acme/\": allowed_signers"),
        "In your own layer: who signs the commits of a repository, as lines or files of allowed signers",
        example: "signers: {\"github:acme/profiles\": allowed_signers}"),
      Field(
        "network", .record(network),
        "In your own layer, or /etc/outfit/outfit.yaml: how the network is reached, where no variable says it",
        example: "network: {proxy: \"http://proxy.example:3128\"}"),
      Field(
        "bundles",
        .dictionary(key: .entryName, value: .record(bundle), example: "k8s: {tools: {k9s: \"0.50.*\"}}"),
        "Pieces that another layer can `use`", example: "bundles: {k8s: {packages: {apt: [kubectl]}}}"),
      Field(
        "receipts", .either([.text(.boolean), .record(receipts)]),
        "Where each machine that agrees says how it is; in your own layer whether this one does",
        example: "receipts: {to: /srv/share/receipts}"),
      Field(
        "cooldown", .text(.cooldown), "How old a release must be before it is pinned", example: "cooldown: 7d"
      ),
    ] + sections

  /// What a layer brings.
  private static let sections: [Field] = [
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
      "secrets", .dictionary(key: .dataName, value: .record(secret), example: "npm_token: {}"),
      "Secrets that templates name as `secret.NAME`; your own layer says how each is had",
      example: "secrets: {npm_token: {command: [pass, show, npm]}}"),
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
        key: .variableName, value: .either([.text(.anything), .record(variable)]),
        example: "DJANGO_SETTINGS_MODULE: shop.settings.dev"),
      "Environment variables of the project", example: "env: {DJANGO_SETTINGS_MODULE: shop.settings.dev}"),
    Field(
      "hooks", .dictionary(key: .entryName, value: .record(hook), example: "black: {}"),
      "Git hooks on the pinned tools", example: "hooks: {black: {}}"),
    Field(
      "hook-settings", .record(hookSettings), "What holds for all hooks",
      example: "hook-settings: {exclude: \"^vendor/\"}"),
    Field(
      "app", .record(app), "What is rendered for containers and Kubernetes",
      example: "app: {template: django, name: shop, image: registry.example.com/shop}"),
  ]

  private static let unbundled: Set<String> = [
    "virtualenv", "node_modules", "hook-settings", "app", "indexes",
  ]

  /// What a bundle may have: what is one for the whole of a layer is none of its.
  private static let bundle: [Field] =
    [
      Field(
        "description", .text(.line), "One line that says what it is for", example: "description: For clusters"
      )
    ]
    + sections.filter { !unbundled.contains($0.name) }.map { section in
      var section = section
      section.shape = .shared(place: "#/properties/\(section.name)", section.shape)
      return section
    }

  private static let network: [Field] = [
    Field(
      "proxy", .text(.proxyAddress), "What https and http go through",
      example: "proxy: \"http://proxy.example:3128\""),
    Field(
      "no-proxy", .oneOrMore(.line), "Hosts and domains that are asked directly",
      example: "no-proxy: [localhost, .acme.example]"),
    Field(
      "certificates", .text(.absolutePath), "A file with the certificates of the authorities that count",
      example: "certificates: /etc/ssl/acme.pem"),
    Field(
      "mirror", .text(.mirrorAddress), "Where Pythons and Nodes are had, with /python and /node behind it",
      example: "mirror: https://mirror.example/outfit"),
    Field(
      "image-mirror", .text(.mirrorAddress), "The registry that stands for Docker's own",
      example: "image-mirror: https://images.example"),
    Field(
      "debian-mirror", .text(.mirrorAddress),
      "What stands for the server of Debian, with /debian behind it, for `app.packages`",
      example: "debian-mirror: https://mirror.example"),
    Field(
      "npm-registry", .text(.mirrorAddress), "The registry of packages of Node",
      example: "npm-registry: https://npm.example/"),
    Field(
      "releases", .text(.mirrorAddress), "The folder of Outfit's own releases, for `outfit self update`",
      example: "releases: https://mirror.example/outfit-releases"),
    Field(
      "release-signers", .text(.absolutePath),
      "A file of allowed signers: the releases have to be signed by one of them",
      example: "release-signers: /etc/outfit/release_signers"),
  ]

  private static let receipts: [Field] = [
    Field(
      "to", .text(.receiptPlace), "The folder, or the git address that each machine can push to",
      example: "to: \"git+ssh://git@host.example/acme/receipts\""),
    Field(
      "name", .text(.entryName),
      "In your own layer: what this machine is called there, in place of a random number",
      example: "name: ada"),
  ]

  private static let extended: [Field] = [
    Field(
      "from", .text(.address), required: true, "The folder, or the git address", example: "from: ../work"),
    Field(
      "if", condition, "Only where this holds", example: "if: {host: \"build-*\"}"),
  ]

  private static let locking: [Field] = [
    Field("why", .text(.line), "The reason, which whoever changes it reads", example: "why: one release"),
    Field("from", .text(.date), "The day from which it holds", example: "from: 2027-01-31"),
  ]

  private static let package: [Field] =
    [
      Field("name", .text(.systemPackage), required: true, "The package", example: "name: fd-find")
    ] + attributes

  /// A value of `data:` that counts under a condition.
  static let conditionalData: [Field] =
    [Field("value", .anything, required: true, "The value", example: "value: vim")] + attributes

  private static let variable: [Field] =
    [Field("value", .text(.anything), required: true, "The value", example: "value: \"1\"")] + attributes

  /// What every entry may say beside what it is.
  static let attributes: [Field] = [
    Field("if", condition, "Only where this holds", example: "if: {os: linux}"),
    Field("deprecated", .text(.line), "What to use in its place", example: "deprecated: use ruff"),
  ]

  /// What `if:` takes.
  static var conditionShape: Shape { condition }

  /// What may be asked of a machine; a list holds where one of its mappings does.
  private static let condition = Shape.shared(place: "#/$defs/condition", facts(withNot: true))

  private static func facts(withNot: Bool) -> Shape {
    var fields = [
      Field("os", .oneOrMore(.choice(["linux", "macos"], "a system")), "The system", example: "os: linux"),
      Field(
        "arch", .oneOrMore(.choice(["amd64", "arm64"], "an architecture")), "The architecture",
        example: "arch: arm64"),
      Field(
        "distribution", .oneOrMore(.entryName), "ID or ID_LIKE of /etc/os-release",
        example: "distribution: debian"),
      Field("host", .oneOrMore(.line), "The machine's name; `*` for any text", example: "host: \"build-*\""),
      Field("user", .oneOrMore(.line), "The user's name; `*` for any text", example: "user: ann"),
      Field("tag", .oneOrMore(.entryName), "A tag of your own layer's `tags:`", example: "tag: work"),
      Field("container", .text(.boolean), "Inside a container", example: "container: true"),
      Field("wsl", .text(.boolean), "Inside the Windows Subsystem for Linux", example: "wsl: true"),
      Field("ci", .text(.boolean), "On a CI service, which sets CI", example: "ci: true"),
      Field("command", .oneOrMore(.programName), "A command that is on PATH", example: "command: tmux"),
      Field(
        "file", .oneOrMore(.homePath), "A file or folder that is there, from HOME or absolute",
        example: "file: .kube/config"),
    ]
    if withNot {
      fields.append(
        Field(
          "not", .shared(place: "#/$defs/facts", facts(withNot: false)), "What must not hold",
          example: "not: {container: true}"))
    }
    return .either([.record(fields), .list(.record(fields))])
  }

  /// The sections that only a machine has, and those that only a project has.
  public static let machineOnly: Set<String> = [
    "ask", "secrets", "dotfiles", "packages", "scripts", "receipts",
  ]
  public static let projectOnly: Set<String> = [
    "virtualenv", "node_modules", "env", "hooks", "hook-settings", "app",
  ]
  /// The sections whose entries have names, so that `locked` and `remove` can name them.
  static let withEntries = [
    "interpreters", "tools", "indexes", "data", "ask", "secrets", "dotfiles", "packages", "scripts", "env",
    "hooks",
  ]

  private static let interpreters = Language.allCases.map { language in
    let (name, newest, two) =
      language == .python ? ("Python", "3.13", "[\"3.13\", \"3.11\"]") : ("Node", "24", "[\"24\", \"22\"]")
    return Field(
      language.rawValue, .either([.text(.version), .list(.text(.version)), .record(interpreter)]),
      "Versions of \(name); the first is the default",
      example: "\(language.rawValue): \"\(newest)\"` or `\(language.rawValue): \(two)")
  }

  private static let interpreter: [Field] =
    attributes + [
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

  private static let tool: [Field] =
    attributes + [
      Field(
        "version", .text(.version), "Which versions will do; without it, the newest",
        example: "version: \"25.*\""),
      Field(
        "from", .choice(ToolSection.Origin.self, "an origin of tools"),
        "Where it comes from; pypi without it",
        example: "from: npm"),
      Field(
        "with", .oneOrMore(.companion), "Other packages in the same environment",
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
        .dictionary(
          key: .platform, value: .text(.digest), example: "linux-amd64: \"<64 hexadecimal digits>\""),
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
        "For `from: url`: other spellings of what is filled in", example: "names: {amd64: x64, darwin: macos}"
      ),
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
        "cooldown", .text(.cooldown), "How old a release must be before it is pinned", example: "cooldown: 0d"
      ),
      Field(
        "build", .oneOrMore(.packageName), "Packages that may be built from source, which runs their code",
        example: "build: [wrapt]"),
      Field(
        "suffix", .text(.suffix), "Added to the name of each of its programs", example: "suffix: \"-25\""),
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

  private static let question: [Field] =
    attributes + [
      Field("prompt", .text(.line), required: true, "What is asked", example: "prompt: \"Your work e-mail\""),
      Field("git", .text(.gitSetting), "What git says is offered", example: "git: user.email"),
      Field("default", .text(.anything), "Taken where nothing is answered", example: "default: \"\""),
    ]

  private static let secret: [Field] =
    attributes + [
      Field(
        "description", .text(.line), "One line that says what it is",
        example: "description: For npm's registry"),
      Field(
        "command", .list(.text(.anything)), "What this program prints, run in the layer's folder",
        example: "command: [pass, show, npm]"),
      Field("env", .text(.variableName), "What this variable says", example: "env: NPM_TOKEN"),
      Field(
        "file", .text(.homePath), "What this file says, from HOME or absolute",
        example: "file: .secrets/npm_token"),
      Field(
        "unlock", .record(unlock),
        "For a command: what is run once before, whose output it has as a variable",
        example: "unlock: {command: [bw, unlock, --raw], as: BW_SESSION}"),
      Field(
        "chezmoi", .text(.line), "The call of a template of chezmoi's that it answers",
        example: "chezmoi: onepasswordRead op://team/npm/token"),
    ]

  private static let unlock: [Field] = [
    Field(
      "command", .list(.text(.anything)), required: true, "The program and its arguments",
      example: "command: [bw, unlock, --raw]"),
    Field("as", .text(.variableName), required: true, "The variable", example: "as: BW_SESSION"),
  ]

  private static let dotfile: [Field] =
    attributes + [
      Field(
        "template", .text(.sourceFile),
        "The file, with values filled in; `true` beside block, create and link-to does so there",
        example: "template: gitconfig.mustache"),
      Field(
        "copy", .text(.sourceFile), "The file, or the folder's files, as they are", example: "copy: kitty/"),
      Field(
        "link", .text(.sourceFile), "A link to the file, or the folder, in the profile's folder",
        example: "link: vimrc"),
      Field(
        "block", .text(.sourceFile), "A marked block in a file that others write too",
        example: "block: zshrc.snippet"),
      Field(
        "keys", .dictionary(key: .settingName, value: .anything, example: "editor.tabSize: 2"),
        "Keys to set in a file of settings (JSON, YAML, TOML, INI, git's); all else in it stays",
        example: "keys: {editor.tabSize: 2}"),
      Field(
        "format", .choice(SettingsFormat.self, "a way to write settings"),
        "For keys: how the file is written, where its name does not say it", example: "format: ini"),
      Field(
        "tree", .text(.sourceFile), "The folder's files, or links to them, as `as` says",
        example: "tree: config/"),
      Field(
        "create", .text(.sourceFile), "The file, where there is none yet, and once", example: "create: hosts"),
      Field(
        "link-to", .text(.line), "A link that leads wherever this says", example: "link-to: ../Sync/notes"),
      Field(
        "chezmoi", .text(.sourceFolder),
        "A folder as chezmoi keeps it: the names of its files say what becomes of them",
        example: "chezmoi: home/"),
      Field(
        "external", .text(.externalAddress),
        "A file at an address, an archive where the target is a folder, or a repository, as `extends` names one; "
          + "outfit.lock pins it",
        example: "external: \"https://downloads.example/plug.vim\""),
      Field(
        "strip", .text(.integer(0...20, "a number of folders")),
        "For an external archive: the leading folders that its names lose", example: "strip: 1"),
      Field(
        "path", .text(.projectPath), "For an external archive: the file or folder of it that is meant",
        example: "path: themes"),
      Field(
        "sha256", .text(.digest), "For an external: its digest, in place of the lock's",
        example: "sha256: \"<64 hexadecimal digits>\""),
      Field(
        "executable", .text(.boolean), "For an external file: it is a program", example: "executable: true"),
      Field("absent", .text(.boolean), "Nothing is to be there", example: "absent: true"),
      Field(
        "as", .choice(TreeLayout.Style.self, "a way to put a folder there"),
        "For a tree: copy (without it) its files, link to each of its files, or fold it into one link",
        example: "as: link"),
      Field(
        "exclude", .oneOrMore(.pattern),
        "For a tree: what is left out, by name or by path, with `*` and `?`", example: "exclude: [\"*.swp\"]"),
      Field(
        "templates", .oneOrMore(.pattern),
        "For a tree: the files in which values are filled in; `.mustache` goes from their names",
        example: "templates: \"*.mustache\""),
      Field(
        "exact", .text(.boolean), "For a tree: files in the target that are not in the folder go",
        example: "exact: true"),
      Field(
        "dir-mode", .text(.mode), "For a tree: the mode of its folders; 0755 without it",
        example: "dir-mode: \"0700\""),
      Field("mode", .text(.mode), "Permission bits", example: "mode: \"0600\""),
      Field(
        "secret", .text(.boolean),
        "Its content is shown nowhere, and it is the user's alone (0600) unless `mode` says otherwise",
        example: "secret: true"),
      Field(
        "os", .oneOrMore(.choice(["linux", "macos"], "a system")), "Only on these systems",
        example: "os: [linux]"),
      Field(
        "if-present", .text(.boolean), "For a block and for keys: only where the file exists",
        example: "if-present: true"),
      Field(
        "position", .choice(DotfileSection.Position.self, "a position"),
        "For a block: at the top, what stands below it wins", example: "position: top"),
      Field(
        "replace", .text(.boolean), "For a block: the blocks that earlier layers have in that file go",
        example: "replace: true"),
      Field(
        "comment", .text(.line), "For a block: what starts a comment in that file", example: "comment: \"--\""
      ),
      Field(
        "outside-home", .text(.boolean), "The target is an absolute path outside the home folder",
        example: "outside-home: true"),
    ]

  private static let packages = ["apt", "brew", "dnf", "pacman", "apk"].map { manager in
    Field(
      manager, .either([.text(.systemPackage), .list(.either([.text(.systemPackage), .record(package)]))]),
      "Packages of \(manager)", example: "\(manager): [ripgrep]")
  }

  private static let script: [Field] =
    attributes + [
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
    Field(
      "ships", .oneOrMore(.packageName), "Those of `groups` that an image gets too; without it, none",
      example: "ships: [prod]"),
    Field("extras", .oneOrMore(.packageName), "Extras of the project", example: "extras: [test]"),
    Field(
      "editable", .text(.boolean),
      "The project's changed files count at once; with false it is built and installed as it ships",
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
}

extension TextForm {
  /// `tools.black`, or a whole section.
  static let entryPath = TextForm(what: "an entry", pattern: "^[a-z_-]+(\\..+)?$") { text in
    let section = String(text.prefix { $0 != "." })
    let name = text.dropFirst(section.count + 1)
    let wholes = ["virtualenv", "node_modules", "hook-settings", "app"]
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
