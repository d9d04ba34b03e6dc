import OutfitCore
import OutfitSystem
import SystemPackage

/// `outfit.lock` as text.
public enum LockFile {
  public static let name = "outfit.lock"
  /// Of the form that this outfit writes.
  static let version = 1
  public static let unresolved = "unresolved"

  /// The lock at `path`; nil where there is none.
  /// - Throws: what is wrong with it, with line and column, status 2.
  public static func read(_ path: FilePath, host: Host) throws -> Lock? {
    let file = ProfileLoader(host: host).display(path)
    do {
      guard try host.files.status(path, followLinks: true) != nil else { return nil }
      return try parse(host.files.read(path), file: file)
    } catch let error as FileError {
      throw Failure(
        "can't read \(file): \(error.code)", at: SourceLocation(file: file),
        hint: error.code == .permissionDenied
          ? "make it readable: chmod u+r \(file)" : "look at it: ls -la \(file)", status: .usage)
    }
  }

  /// A later outfit wrote it.
  static func isNewer(_ text: String) -> Bool {
    text.split(separator: "\n").contains { line in
      line.hasPrefix("lock: ") && Int(line.dropFirst(6)).map { $0 > version } == true
    }
  }

  /// - Parameter file: as diagnostics name it.
  /// - Throws: what is wrong with it, with line and column, status 2.
  public static func parse(_ bytes: [UInt8], file: String) throws(Failure) -> Lock {
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
        diagnostic.hint = LockReader.remake
        return diagnostic
      } + reader.diagnostics
    guard diagnostics.isEmpty else { throw Failure(diagnostics, status: .usage) }
    return lock
  }
}

private struct LockReader {
  let source: SourceText
  private(set) var diagnostics: [Diagnostic] = []

  init(source: SourceText) { self.source = source }

  static let remake = "take the file back from git, or remove it and run outfit lock"

  private mutating func complain(_ message: String, _ node: YamlNode, hint: String? = remake) {
    diagnostics.append(source.diagnostic(message, at: node.location, hint: hint))
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
        hint: "get a newer one: outfit self update")
      return lock
    }
    know(["lock", "interpreters", "tools", "virtualenv", "images"], root)
    for pair in pairs(root["interpreters"]) {
      guard let language = Language(rawValue: pair.key) else {
        complain("`\(pair.key)` is no language that outfit knows", pair.value)
        continue
      }
      lock.interpreters[language] = elements(pair.value).compactMap { interpreter($0) }
    }
    for pair in pairs(root["tools"]) { lock.tools[pair.key] = tool(pair.value) }
    if let node = root["virtualenv"] { lock.virtualenv = virtualenv(node) }
    for pair in pairs(root["images"]) {
      if pair.value.text == LockFile.unresolved {
        lock.images[pair.key] = LockedImage(digest: nil)
      } else if let digest = digest(pair.value) {
        lock.images[pair.key] = LockedImage(digest: digest)
      }
    }
    return lock
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
    return LockedInterpreter(
      request: request, version: version, build: node["build"]?.text, provider: provider,
      artifacts: artifacts(node), source: node["source"].flatMap { artifact($0) },
      requirements: node["requirements"]?.text,
      adoptedFrom: node["adopted-from"]?.text)
  }

  private mutating func tool(_ node: YamlNode) -> LockedTool? {
    know(
      ["request", "version", "python", "programs", "files", "artifacts", "requirements", "package-lock"], node
    )
    guard let request = text(node, "request"), let version = version(node) else { return nil }
    return LockedTool(
      request: request, version: version, python: node["python"]?.text,
      programs: node["programs"].map { elements($0).compactMap(\.text) } ?? [],
      files: node["files"].map { elements($0).compactMap(\.text) } ?? [],
      requirements: node["requirements"]?.text ?? "", artifacts: artifacts(node),
      packageLock: node["package-lock"]?.text)
  }

  private mutating func virtualenv(_ node: YamlNode) -> LockedRequirements? {
    know(["from", "source", "python", "requirements"], node)
    guard let from = text(node, "from"), let python = text(node, "python"),
      let requirements = text(node, "requirements"), let source = node["source"].flatMap({ digest($0) })
    else { return nil }
    return LockedRequirements(from: from, sourceDigest: source, python: python, requirements: requirements)
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

  private mutating func know(_ names: [String], _ node: YamlNode) {
    for pair in node.pairs ?? [] where !names.contains(pair.key) {
      complain("unknown key `\(pair.key)`", YamlNode(content: pair.value.content, location: pair.keyLocation))
    }
  }

  private mutating func pairs(_ node: YamlNode?) -> [YamlPair] {
    guard let node, !node.isNull else { return [] }
    if node.pairs == nil { complain("a mapping is wanted here, not \(node.kind)", node) }
    return node.pairs ?? []
  }

  private mutating func elements(_ node: YamlNode) -> [YamlNode] {
    if node.elements == nil { complain("a list is wanted here, not \(node.kind)", node) }
    return node.elements ?? []
  }

  private mutating func text(_ node: YamlNode, _ key: String) -> String? {
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
