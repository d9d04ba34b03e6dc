import OutfitCore
import OutfitSystem
import SystemPackage

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// A Node project as its files describe it: the lock, what its manager is given besides, and what it would run.
package struct NodeProject: Hashable, Sendable {
  /// A script that the project's own package.json has run around an installation.
  package struct Script: Hashable, Sendable {
    /// Relative to the lock's folder; `.` for that.
    package var folder: String
    /// `prepare`.
    package var name: String
    package var text: String
  }

  /// Of the lock, relative to the project; empty for the project itself.
  package var folder: String
  /// The lock's name in it.
  package var lockName: String
  package var lock: NodeLock
  /// What `packageManager` says of the manager: `9.12.0`.
  package var managerVersion: String?
  /// The digest behind it: `sha512.` and hexadecimal digits (https://nodejs.org/api/packages.html#packagemanager).
  package var managerDigest: String?
  /// Folders of the workspace beside the lock's own.
  package var members: [String] = []
  /// What the manager is given, relative to the lock's folder.
  package var files: [String: [UInt8]] = [:]
  /// Every file that was read, relative to the project.
  package var read: Set<String> = []
  package var scripts: [Script] = []
  package var told: [ResolutionInputs.Member] = []
  package var notes: [Diagnostic] = []

  /// Whatever decides what is installed.
  package var digest: Digest {
    var digest = Digest.Running()
    for (name, bytes) in files.sorted(by: { $0.key < $1.key }) {
      digest.field(name)
      digest.field(Digest(of: bytes).hex)
    }
    return digest.finish()
  }

  /// - Parameters:
  ///   - location: of `from:`.
  ///   - look: the content of a file of the project; nil where it is not there.
  ///   - list: the names in a folder of the project, empty where it is none.
  /// - Throws: what these throw; `Failure`, status 2, for what is not there or can't be used.
  package static func read(
    _ section: NodeModulesSection, at location: SourceLocation?, look: (String) throws -> [UInt8]?,
    list: (String) throws -> [String]
  ) throws -> NodeProject {
    guard let bytes = try look(section.from) else {
      throw Failure(
        "there is no \(section.from) in the project", at: location,
        hint: "name its lock: `node_modules: {from: package-lock.json}`", status: .usage)
    }
    let place = FilePath(section.from).lexicallyNormalized()
    var project = NodeProject(
      folder: section.folder, lockName: place.lastComponent?.string ?? "",
      lock: try NodeLock.read(bytes, file: section.from))
    project.files[project.lockName] = bytes
    project.read.insert(section.from)
    let package = try project.readPackage("", at: location, look)
    try project.readMembers(package, look, list)
    try project.readSettings(look)
    for file in project.lock.files + (package?.patches ?? []) { try project.take(file, at: location, look) }
    project.readManager(package)
    try project.check(section, at: location)
    return project
  }

  /// The same, from the disk.
  package static func read(
    _ section: NodeModulesSection, root: FilePath, files: any Files
  ) throws -> NodeProject {
    let folder = ProjectFolder(root: root, files: files)
    var project = try read(section, at: nil, look: folder.look, list: folder.list)
    project.told += folder.leadingOut(of: project.read.sorted())
    return project
  }

  /// The node_modules of a folder of the workspace, relative to the project.
  /// - Parameter member: empty for the lock's own folder.
  package func path(of member: String) -> String {
    path(member.isEmpty ? "node_modules" : "\(member)/node_modules")
  }

  /// Relative to the project.
  package func path(_ file: String) -> String { folder.isEmpty ? file : "\(folder)/\(file)" }

  private mutating func take(
    _ file: String, at location: SourceLocation?, _ look: (String) throws -> [UInt8]?
  ) throws {
    guard PathProblem(file) == nil, let bytes = try look(path(file)) else {
      throw Failure(
        "\(path(file)) is not there, and \(path(lockName)) needs it", at: location, status: .usage)
    }
    files[file] = bytes
    read.insert(path(file))
  }

  // MARK: package.json

  private struct Package: Decodable {
    var packageManager: String?
    var devEngines: Engines?
    var workspaces: Workspaces?
    var scripts: [String: Value]?
    var pnpm: Pnpm?
    var patchedDependencies: [String: String]?

    struct Engines: Decodable { var packageManager: Engine? }
    struct Engine: Decodable {
      var name: String?
      var version: String?
    }
    struct Pnpm: Decodable { var patchedDependencies: [String: String]? }

    var patches: [String] {
      Set((pnpm?.patchedDependencies ?? [:]).values).union((patchedDependencies ?? [:]).values).sorted()
    }
  }

  /// A list of patterns, or a mapping that has it.
  private enum Workspaces: Decodable {
    case patterns([String])

    init(from decoder: any Decoder) throws {
      struct Named: Decodable { var packages: [String]? }
      let value = try decoder.singleValueContainer()
      if let list = try? value.decode([String].self) {
        self = .patterns(list)
      } else {
        self = .patterns(try value.decode(Named.self).packages ?? [])
      }
    }

    var patterns: [String] {
      switch self {
      case .patterns(let list): list
      }
    }
  }

  /// A script; some put other values there as remarks.
  private struct Value: Decodable {
    var text: String?
    init(from decoder: any Decoder) throws {
      text = try? decoder.singleValueContainer().decode(String.self)
    }
  }

  /// What is run around an installation, in this order (https://docs.npmjs.com/cli/using-npm/scripts).
  package static let lifecycle = [
    "preinstall", "install", "postinstall", "preprepare", "prepare", "postprepare",
  ]

  /// - Parameter member: its folder; empty for the lock's own.
  private mutating func readPackage(
    _ member: String, at location: SourceLocation?, _ look: (String) throws -> [UInt8]?
  ) throws -> Package? {
    let name = member.isEmpty ? "package.json" : "\(member)/package.json"
    guard let bytes = try look(path(name)) else {
      throw Failure(
        "there is no \(path(name)), which \(path(lockName)) is of", at: location,
        hint: "take it back from git, or have its manager write the lock anew", status: .usage)
    }
    // It is not known yet.
    if bytes.isEmpty { return nil }
    files[name] = bytes
    read.insert(path(name))
    let package: Package
    do {
      package = try JSONDecoder().decode(Package.self, from: Data(bytes))
    } catch {
      throw Failure(
        "\(path(name)) can't be read as a package.json", at: SourceLocation(file: path(name), line: 1),
        hint: "look at it with: node -e 'JSON.parse(require(\"fs\").readFileSync(\"\(path(name))\"))'",
        status: .usage)
    }
    for script in Self.lifecycle {
      if let text = package.scripts?[script]?.text {
        scripts.append(Script(folder: member.isEmpty ? "." : member, name: script, text: text))
      }
    }
    return package
  }

  private mutating func readMembers(
    _ package: Package?, _ look: (String) throws -> [UInt8]?, _ list: (String) throws -> [String]
  ) throws {
    if let known = lock.members {
      members = known
    } else {
      var pattern = WorkspacePatterns(package?.workspaces?.patterns ?? [])
      members = try pattern.folders { try list(path($0)) }
    }
    for member in members {
      guard PathProblem(member) == nil else {
        throw NodeLock.unreadable(path(lockName), "\(member.harmless) is no folder of the project")
      }
      // Folders that a pattern matches need not be members.
      if lock.members == nil, try look(path("\(member)/package.json")) == nil { continue }
      _ = try readPackage(member, at: SourceLocation(file: path(lockName), line: 1), look)
    }
    members = members.filter { files["\($0)/package.json"] != nil }
  }

  // MARK: Settings

  private mutating func readSettings(_ look: (String) throws -> [UInt8]?) throws {
    func settings(_ name: String, _ read: (String, String) -> NodeSettings) throws -> NodeSettings? {
      guard let bytes = try look(path(name)), !bytes.isEmpty else { return nil }
      return read(String(decoding: bytes, as: UTF8.self), path(name))
    }
    var found: [(String, NodeSettings?)] = []
    switch lock.kind {
    case .npm, .yarnClassic, .bun: found = [(".npmrc", try settings(".npmrc", NodeSettings.npmrc))]
    case .pnpm:
      found = [
        (".npmrc", try settings(".npmrc", NodeSettings.npmrc)),
        (
          "pnpm-workspace.yaml",
          try settings("pnpm-workspace.yaml") {
            NodeSettings.yaml($0, file: $1, known: NodeSettings.pnpmKeys, registries: ["registries"])
          }
        ),
      ]
    case .yarnBerry:
      found = [
        (
          ".yarnrc.yml",
          try settings(".yarnrc.yml") {
            NodeSettings.yaml(
              $0, file: $1, known: NodeSettings.yarnKeys,
              registries: [
                "npmRegistryServer", "npmScopes", "npmRegistries", "npmAuthToken", "npmAlwaysAuth",
                "unsafeHttpWhitelist",
              ])
          }
        )
      ]
    }
    for case (let name, let settings?) in found {
      files[name] = Array(settings.text.utf8)
      read.insert(path(name))
      told += settings.members
      // Its own program is a pin of Outfit's.
      let own: Set = ["yarnPath", "plugins", "ignorePath"]
      for (key, line) in settings.unknown where !own.contains(key) || key == "plugins" {
        notes.append(
          Diagnostic(
            .note, "`\(key.harmless)` is not followed: it is none that only decides which packages there are",
            at: SourceLocation(file: path(name), line: line)))
      }
    }
    for origin in lock.origins {
      let location = SourceLocation(file: path(lockName), line: origin.line)
      told.append(.init(origin.kind == .registry ? .index : .address, origin.text, at: location))
    }
    let isPlugAndPlay =
      lock.kind == .yarnBerry
      && !String(decoding: files[".yarnrc.yml"] ?? [], as: UTF8.self).contains("nodeLinker: node-modules")
    if isPlugAndPlay {
      throw Failure(
        "\(path(lockName)) is of a project without node_modules: yarn's Plug'n'Play has none",
        at: SourceLocation(file: path(lockName), line: 1),
        hint: "take `node_modules` out of the manifest and run yarn install, or write "
          + "`nodeLinker: node-modules` in \(path(".yarnrc.yml"))", status: .usage)
    }
  }

  // MARK: The manager

  private mutating func readManager(_ package: Package?) {
    guard let package else { return }
    var name = package.devEngines?.packageManager?.name
    var version = package.devEngines?.packageManager?.version
    if let text = package.packageManager {
      let parts = text.split(separator: "@", maxSplits: 1).map(String.init)
      let release = (parts.count == 2 ? parts[1] : "").split(separator: "+", maxSplits: 1).map(String.init)
      name = parts.first
      version = release.first
      managerDigest = release.count == 2 ? release[1] : nil
    }
    guard let name else { return }
    guard name == lock.kind.manager.rawValue else {
      managerDigest = nil
      notes.append(
        Diagnostic(
          .note,
          "\(path("package.json")) names \(name.harmless) as its manager, and \(path(lockName)) is of "
            + "\(lock.kind.manager.rawValue), which installs it",
          at: SourceLocation(file: path("package.json"), line: 1)))
      return
    }
    managerVersion = version
  }

  // MARK: What can't be

  private func check(_ section: NodeModulesSection, at location: SourceLocation?) throws {
    if let first = lock.unverified.first {
      throw Failure(
        "\(path(lockName)) has no digest for \(lock.unverified.map(\.name).joined(separator: ", "))",
        at: SourceLocation(file: path(lockName), line: first.line),
        hint: "without one nothing of it is used: have its manager write the lock anew", status: .usage)
    }
    for origin in lock.origins {
      guard case .repository(let package) = origin.kind, !section.scripts.contains(package) else { continue }
      let names = (section.scripts + lock.repositories).reduce(into: [String]()) {
        if !$0.contains($1) { $0.append($1) }
      }
      throw Failure(
        "\(package.isEmpty ? "a package" : package) is taken from the repository \(origin.text), whose own code packs it",
        at: SourceLocation(file: path(lockName), line: origin.line),
        hint: "allow it to run: "
          + "`node_modules: {from: \(section.from), scripts: [\(names.joined(separator: ", "))]}`",
        status: .usage)
    }
  }
}

extension NodeLock {
  /// Packages that are packed by their own code.
  package var repositories: [String] {
    origins.compactMap { if case .repository(let package) = $0.kind { package } else { nil } }
  }
}

/// The folders of a workspace by npm's and yarn's patterns: `packages/*`, `apps/**`, `!packages/old`.
struct WorkspacePatterns {
  private let patterns: [String]

  init(_ patterns: [String]) {
    self.patterns = patterns.map { pattern in
      var pattern = pattern.hasPrefix("./") ? String(pattern.dropFirst(2)) : pattern
      while pattern.hasSuffix("/") { pattern.removeLast() }
      return pattern
    }
  }

  private static let depth = 8

  /// - Parameter list: the names in a folder, empty where it is none.
  mutating func folders(_ list: (String) throws -> [String]) throws -> [String] {
    var found: Set<String> = []
    for pattern in patterns where !pattern.hasPrefix("!") {
      for folder in try Self.matches("", pattern.split(separator: "/")[...], 0, list) { found.insert(folder) }
    }
    for pattern in patterns where pattern.hasPrefix("!") {
      for folder in try Self.matches("", pattern.dropFirst().split(separator: "/")[...], 0, list) {
        found.remove(folder)
      }
    }
    return found.sorted()
  }

  private static func matches(
    _ folder: String, _ rest: ArraySlice<Substring>, _ depth: Int, _ list: (String) throws -> [String]
  ) throws -> [String] {
    guard let first = rest.first else { return folder.isEmpty ? [] : [folder] }
    guard depth < Self.depth else { return [] }
    func below(_ name: String) -> String { folder.isEmpty ? name : "\(folder)/\(name)" }
    guard first.contains("*") else {
      return try matches(below(String(first)), rest.dropFirst(), depth + 1, list)
    }
    var found: [String] = []
    if first == "**" { found += try matches(folder, rest.dropFirst(), depth, list) }
    for name in try list(folder) where !name.hasPrefix(".") && name != "node_modules" {
      if first == "**" {
        found += try matches(below(name), rest, depth + 1, list)
      } else if isMatch(name[...], first) {
        found += try matches(below(name), rest.dropFirst(), depth + 1, list)
      }
    }
    return found
  }

  private static func isMatch(_ name: Substring, _ pattern: Substring) -> Bool {
    guard let first = pattern.first else { return name.isEmpty }
    if first == "*" {
      return name.indices.contains { isMatch(name[$0...], pattern.dropFirst()) }
        || isMatch(name[name.endIndex...], pattern.dropFirst())
    }
    return name.first == first && isMatch(name.dropFirst(), pattern.dropFirst())
  }
}
