import OutfitCore
import OutfitProfile

/// A folder of the project that has a package.json, as an image is made from it.
public struct NodeFolder: Hashable, Sendable {
  /// The names directly in it.
  public var listing: Set<String>
  /// Its packages need more than its own files: it has members, or changes packages by files of the project.
  public var isWorkspace: Bool

  public init(listing: Set<String>, isWorkspace: Bool = false) {
    self.listing = listing
    self.isWorkspace = isWorkspace
  }

  /// Locks, the better first.
  static let locks = ["npm-shrinkwrap.json", "package-lock.json", "pnpm-lock.yaml", "yarn.lock", "bun.lock"]
  /// What else decides which packages are installed.
  static let settings = [".yarnrc.yml", "pnpm-workspace.yaml", "bunfig.toml"]
}

extension Stack {
  /// The packages of a Node project, as its lock has them.
  public struct NodePackages: Hashable, Sendable {
    /// Relative to the project; empty for its own.
    public var folder: String
    /// The lock's name there.
    public var lock: String
    /// The program that installs them; nil is Node's own npm.
    public var manager: LockedTool?
    /// Which one it is.
    var kind: Kind
    /// What they are installed from, by name.
    var files: [String]
    /// They need more of the project than those.
    var isWhole: Bool

    enum Kind: Hashable { case npm, pnpm, yarnClassic, yarnBerry, bun }

    /// The lock's path in the project.
    public var path: String { folder.isEmpty ? lock : "\(folder)/\(lock)" }

    /// Installs just what the lock says.
    func command(forDevelopment: Bool) -> String {
      switch (kind, forDevelopment) {
      case (.npm, false): "npm ci --omit=dev --no-audit --no-fund"
      case (.npm, true): "npm ci --include=dev --no-audit --no-fund"
      case (.pnpm, false): "pnpm install --frozen-lockfile --prod"
      case (.pnpm, true): "pnpm install --frozen-lockfile"
      case (.yarnClassic, false): "yarn install --frozen-lockfile --non-interactive --production"
      case (.yarnClassic, true): "yarn install --frozen-lockfile --non-interactive"
      case (.yarnBerry, false): "yarn install --immutable && yarn workspaces focus --all --production"
      case (.yarnBerry, true): "yarn install --immutable"
      case (.bun, false): "bun install --frozen-lockfile --production"
      case (.bun, true): "bun install --frozen-lockfile"
      }
    }

    /// What keeps a manager from fetching another version of itself, or from asking.
    var variables: [(String, String)] {
      switch kind {
      case .npm, .bun: []
      case .pnpm: [("CI", "true"), ("npm_config_manage_package_manager_versions", "false")]
      case .yarnClassic, .yarnBerry: [("YARN_IGNORE_PATH", "1"), ("YARN_ENABLE_TELEMETRY", "0")]
      }
    }

    /// The manager alone, as a project of npm's: its package.json and its lock.
    func managerFiles() -> (package: String, lock: String)? {
      guard let text = manager?.packageLock,
        let lock = try? Document.parseJSON(text, file: "package-lock.json"),
        let wanted = lock.at("packages", "", "dependencies")
      else { return nil }
      return (Document.map(["private": .bool(true), "dependencies": wanted]).json, text)
    }
  }

  /// What Node makes of the source: `app.build`.
  public struct Bundle: Hashable, Sendable {
    public var packages: NodePackages
    public var interpreter: LockedInterpreter
    /// One line of a shell, run in the folder.
    public var command: String
    /// What it makes, relative to the project, and where that goes in /app.
    public var copies: [Copy]

    public struct Copy: Hashable, Sendable {
      public var from: String
      public var to: String
    }
  }

  static func nodePackages(
    _ folder: String, _ input: RenderInput, _ place: String, _ problems: inout Problems
  ) -> NodePackages {
    let named = input.lock.nodeModules
    let from = (named?.from ?? "").split(separator: "/").map(String.init)
    var packages = NodePackages(
      folder: folder, lock: "package-lock.json", kind: .npm, files: ["package.json"], isWhole: false)
    guard let found = input.nodeFolders[folder] else {
      packages.files.append(packages.lock)
      return packages
    }
    packages.isWhole = found.isWorkspace
    packages.files += NodeFolder.settings.filter(found.listing.contains)
    let isNamed = named != nil && from.dropLast().joined(separator: "/") == folder
    guard found.listing.contains("package.json"),
      let lock = isNamed ? from.last : NodeFolder.locks.first(where: found.listing.contains)
    else {
      problems.add(
        "\(place) installs packages of Node, and \(folder.isEmpty ? "the project" : folder) has no lock of them",
        found.listing.contains("package.json")
          ? "npm install --package-lock-only writes one; pnpm-lock.yaml, yarn.lock and bun.lock serve as well"
          : "there is no package.json either")
      return packages
    }
    packages.lock = lock
    packages.files.append(lock)
    packages.manager = isNamed ? named?.manager : nil
    switch lock {
    case "pnpm-lock.yaml": packages.kind = .pnpm
    case "yarn.lock":
      let isBerry = packages.manager?.packageLock?.contains("\"node_modules/@yarnpkg/cli-dist\"") == true
      packages.kind = isBerry ? .yarnBerry : .yarnClassic
      if isBerry, let version = packages.manager?.version, version < Version([4]) {
        problems.add(
          "yarn \(version) can't leave out what only developers have, so that nothing could be shipped",
          "take yarn 4: yarn set version stable")
      }
    case "bun.lock": packages.kind = .bun
    default: break
    }
    if packages.kind != .npm, packages.managerFiles() == nil {
      problems.add(
        "nothing pins the program that installs \(packages.path)",
        "write `node_modules: {from: \(packages.path)}`, and run `outfit lock`")
    }
    if packages.kind != .npm, !input.vendored.isEmpty {
      problems.add(
        "what \(lock) names can't be vendored: npm's can", "render without it: outfit render --no-vendor")
    }
    return packages
  }

  static func bundle(
    _ build: AppSection.Build, _ language: Language, _ input: RenderInput, _ problems: inout Problems
  ) -> Bundle? {
    let pins = input.lock.interpreters[.node] ?? []
    let interpreter = build.node.map { wish in pins.first { $0.request == wish } } ?? pins.first
    let wish = build.node ?? "24"
    guard let interpreter else {
      problems.add(
        "`app.build` needs Node\(build.node.map { " " + $0 } ?? ""), and the lock has none",
        "name it, and run `outfit lock`: interpreters: {node: \"\(wish)\"}")
      return nil
    }
    if !platforms.contains(where: { interpreter.artifacts[$0] != nil }) {
      problems.add(
        "the lock has no Linux build of Node \(interpreter.version): the stage that builds needs the released one",
        interpreter.provider == .wheel
          ? "run `outfit update node`" : "add `prebuilt` to its providers and run `outfit update node`")
    }
    if language == .python, !input.vendored.isEmpty {
      problems.add("`app.build` can't be vendored", "render without it: outfit render --no-vendor")
    }
    problems.require(
      !build.command.isEmpty && build.command.unicodeScalars.allSatisfy { Names.isText($0) },
      "`app.build.command` is \(Quoting.json(build.command))", "write one line: npm run build")
    let folder = build.folder == "." ? "" : build.folder
    for path in build.copy + [folder, build.to ?? ""] where !path.isEmpty {
      problems.require(
        Names.isRelativePath(path), "`app.build` has the path \(Quoting.json(path))",
        "write a folder of the project, without wildcards and `..`: dist")
    }
    problems.require(
      build.to == nil || build.copy.count == 1, "`app.build.to` is for one folder, and `copy` has several",
      "take `to` out: each goes where it was made")
    let copies = build.copy.map { path in
      let from = folder.isEmpty ? path : "\(folder)/\(path)"
      return Bundle.Copy(from: from, to: build.to ?? from)
    }
    return Bundle(
      packages: nodePackages(folder, input, "`app.build`", &problems), interpreter: interpreter,
      command: build.command, copies: copies)
  }

  func value(_ packages: NodePackages) -> TemplateValue {
    let prefix = packages.folder.isEmpty ? "" : packages.folder + "/"
    let isNpm = packages.kind == .npm
    return [
      "folder": .string(packages.folder.isEmpty ? "/app" : "/app/\(packages.folder)"),
      "files": .string(packages.files.map { prefix + $0 }.joined(separator: " ")),
      "whole": .bool(packages.isWhole), "npm": .bool(isNpm), "lock": .string(packages.lock),
      "manager": isNpm
        ? .bool(false)
        : [
          "variables": .string(packages.variables.map { " \($0.0)=\($0.1)" }.joined()),
          "scripts": .string(packages.kind == .bun ? "" : " --ignore-scripts"),
        ],
      "deploy": .string(packages.command(forDevelopment: false)),
      "development": .string(packages.command(forDevelopment: true)),
    ]
  }

  /// The manager's own files; of an application in Node that has a front end besides, both have the same.
  var managerFiles: TemplateValue {
    guard let files = (nodePackages ?? bundle?.packages)?.managerFiles() else { return .bool(false) }
    return ["package": .string(files.package), "lock": .string(files.lock)]
  }

  func value(_ bundle: Bundle) -> TemplateValue {
    [
      "packages": value(bundle.packages), "command": .string(Quoting.shell(bundle.command)),
      "env": .list(knownVariables(description.imageEnv).map { ["assignment": .string($0)] }),
      "copies": .list(bundle.copies.map { ["from": .string($0.from), "to": .string($0.to)] }),
      "version": .string(bundle.interpreter.version.description),
      "mirror": .string(
        Self.mirror(bundle.interpreter, language == .node ? description.mirror : description.nodeMirror)),
      "archives": .list(Self.archives(bundle.interpreter)),
      "wheel": .bool(bundle.interpreter.isWheel),
    ]
  }

  /// Where an interpreter's archives are: a Node that comes as a Python package is on Python's index.
  static func mirror(_ interpreter: LockedInterpreter, _ own: String) -> String {
    interpreter.isWheel ? "https://files.pythonhosted.org" : own
  }

  static func archives(_ interpreter: LockedInterpreter) -> [TemplateValue] {
    ["amd64", "arm64"].compactMap { architecture in
      interpreter.artifacts["linux-\(architecture)"].map { artifact in
        [
          "architecture": .string(architecture), "path": .string(artifact.path),
          "sha256": .string(artifact.digest.hex),
        ]
      }
    }
  }
}

extension LockedInterpreter {
  /// Its archive is a Python package's.
  public var isWheel: Bool { provider == .wheel }
}
