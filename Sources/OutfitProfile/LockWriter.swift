import OutfitCore

extension LockFile {
  /// The text of a lock as this machine sees it.
  public static func text(of lock: Lock, for profile: Profile) -> String {
    text(of: lock.everywhere(profile))
  }

  /// The file's text: the same for the same lock, one hash a line.
  public static func text(of lock: Lock) -> String {
    var writer = LockWriter()
    writer.write(lock)
    return writer.text
  }
}

/// Writes a lock as YAML with sorted keys, every value in quotes, and long texts as literal blocks.
private struct LockWriter {
  private(set) var text = """
    # The exact versions and digests that outfit.yaml led to. Commit this file with it.
    # `outfit lock` completes it and `outfit update` moves its pins; it is not for editing by hand.
    lock: \(LockFile.version)

    """

  mutating func write(_ lock: Lock) {
    if !lock.layers.isEmpty { line(0, "layers:") }
    for (address, layer) in lock.layers.sorted(by: { $0.key < $1.key }) {
      line(1, "\(Self.quoted(address)):")
      value(2, "commit", layer.commit)
      line(2, "digest: sha256:\(layer.digest)")
    }
    let interpreters = lock.interpreters.filter { !$0.value.isEmpty }.sorted { $0.key < $1.key }
    if !interpreters.isEmpty { line(0, "interpreters:") }
    for (language, pins) in interpreters {
      line(1, "\(language):")
      for pin in pins { write(pin) }
    }
    if !lock.tools.isEmpty { line(0, "tools:") }
    for (name, tool) in lock.tools.sorted(by: { $0.key < $1.key }) { write(name, tool) }
    if let virtualenv = lock.virtualenv {
      line(0, "virtualenv:")
      write(virtualenv)
    }
    if let modules = lock.nodeModules {
      line(0, "node_modules:")
      value(1, "from", modules.from)
      line(1, "source: sha256:\(modules.sourceDigest)")
      if let manager = modules.manager { write("manager", manager) }
    }
    if !lock.externals.isEmpty { line(0, "externals:") }
    for (address, pin) in lock.externals.sorted(by: { $0.key < $1.key }) {
      guard let commit = pin.commit else {
        line(1, "\(Self.quoted(address)): sha256:\(pin.digest)")
        continue
      }
      line(1, "\(Self.quoted(address)):")
      value(2, "commit", commit)
      line(2, "digest: sha256:\(pin.digest)")
    }
    if !lock.images.isEmpty { line(0, "images:") }
    for (name, image) in lock.images.sorted(by: { $0.key < $1.key }) {
      line(1, "\(Self.quoted(name)): " + (image.digest.map { "sha256:\($0)" } ?? LockFile.unresolved))
    }
    if let packages = lock.imagePackages { write(packages) }
  }

  private mutating func write(_ packages: LockedImagePackages) {
    line(0, "packages:")
    value(1, "base", packages.base)
    for (key, names) in [
      ("run", packages.run), ("build", packages.build), ("dev", packages.development),
    ] where !names.isEmpty {
      line(1, "\(key):")
      for name in names { line(2, "- \(Self.quoted(name))") }
    }
    if !packages.snapshots.isEmpty { line(1, "snapshots:") }
    for (archive, time) in packages.snapshots.sorted(by: { $0.key < $1.key }) {
      value(2, Self.key(archive), time)
    }
    if !packages.files.isEmpty { line(1, "files:") }
    for (platform, files) in packages.files.sorted(by: { $0.key < $1.key }) {
      value(2, Self.key(platform), files.map { $0.line + "\n" }.joined())
    }
  }

  private mutating func write(_ pin: LockedInterpreter) {
    line(2, "- request: \(Self.quoted(pin.request))")
    value(3, "version", pin.version.description)
    if let build = pin.build { value(3, "build", build) }
    line(3, "provider: \(pin.provider.rawValue)")
    if let path = pin.adoptedFrom { value(3, "adopted-from", path) }
    write(3, pin.artifacts)
    if let source = pin.source {
      line(3, "source:")
      write(4, source)
    }
    if let requirements = pin.requirements { value(3, "requirements", requirements) }
  }

  private mutating func write(_ name: String, _ tool: LockedTool) {
    line(1, "\(Self.key(name)):")
    value(2, "request", tool.request)
    value(2, "version", tool.version.description)
    if let python = tool.python { value(2, "python", python) }
    if !tool.programs.isEmpty { line(2, "programs:") }
    for program in tool.programs { line(3, "- \(Self.quoted(program))") }
    if !tool.files.isEmpty { line(2, "files:") }
    for file in tool.files { line(3, "- \(Self.quoted(file))") }
    write(2, tool.artifacts)
    if !tool.requirements.isEmpty { value(2, "requirements", tool.requirements) }
    if let packageLock = tool.packageLock { value(2, "package-lock", packageLock) }
  }

  private mutating func write(_ virtualenv: LockedRequirements) {
    if virtualenv.from.count == 1, let only = virtualenv.from.first {
      value(1, "from", only)
    } else {
      line(1, "from:")
      for name in virtualenv.from { line(2, "- \(Self.quoted(name))") }
    }
    line(1, "source: sha256:\(virtualenv.sourceDigest)")
    value(1, "python", virtualenv.python)
    value(1, "requirements", virtualenv.requirements)
    if !virtualenv.development.isEmpty { value(1, "development", virtualenv.development) }
    if !virtualenv.sources.isEmpty { value(1, "sources", virtualenv.sources) }
    if !virtualenv.sourceOnly.isEmpty { line(1, "source-only:") }
    for name in virtualenv.sourceOnly { line(2, "- \(Self.quoted(name))") }
    if !virtualenv.notInImages.isEmpty { line(1, "not-in-images:") }
    for name in virtualenv.notInImages { line(2, "- \(Self.quoted(name))") }
    if !virtualenv.wheels.isEmpty { line(1, "wheels:") }
    for (path, digest) in virtualenv.wheels.sorted(by: { $0.key < $1.key }) {
      line(2, "\(Self.quoted(path)): sha256:\(digest)")
    }
    if !virtualenv.projects.isEmpty { line(1, "projects:") }
    for project in virtualenv.projects { line(2, "\(Self.quoted(project.path)): sha256:\(project.digest)") }
    if !virtualenv.build.isEmpty { value(1, "build", virtualenv.build) }
    if !virtualenv.builds.isEmpty { line(1, "builds:") }
    for (name, pins) in virtualenv.builds.sorted(by: { $0.key < $1.key }) {
      value(2, Self.quoted(name), pins)
    }
  }

  private mutating func write(_ depth: Int, _ artifacts: [String: LockedArtifact]) {
    if !artifacts.isEmpty { line(depth, "artifacts:") }
    for (platform, artifact) in artifacts.sorted(by: { $0.key < $1.key }) {
      line(depth + 1, "\(Self.key(platform)):")
      write(depth + 2, artifact)
    }
  }

  private mutating func write(_ depth: Int, _ artifact: LockedArtifact) {
    value(depth, "path", artifact.path)
    line(depth, "digest: sha256:\(artifact.digest)")
  }

  private mutating func line(_ depth: Int, _ content: String) {
    text += String(repeating: "  ", count: depth) + content + "\n"
  }

  private mutating func value(_ depth: Int, _ key: String, _ content: String) {
    guard Self.isLiteral(content) else {
      line(depth, "\(key): \(Self.quoted(content))")
      return
    }
    line(depth, "\(key): |")
    for part in content.dropLast().split(separator: "\n", omittingEmptySubsequences: false) {
      if part.isEmpty { text += "\n" } else { line(depth + 1, String(part)) }
    }
  }

  /// Whether a literal block gives the text back as it is.
  private static func isLiteral(_ content: String) -> Bool {
    content.utf8.count > 1 && content.hasSuffix("\n") && !content.hasSuffix("\n\n")
      && !content.hasPrefix(" ") && !content.hasPrefix("\n")
      && content.utf8.allSatisfy { (32...126).contains($0) || $0 == 10 }
      && !content.split(separator: "\n").contains { $0.allSatisfy { $0 == " " } }
  }

  private static func key(_ name: String) -> String {
    let isPlain =
      name.utf8.first.map { (97...122).contains($0 | 32) } ?? false
      && name.utf8.allSatisfy {
        (97...122).contains($0 | 32) && $0 > 64 || (48...57).contains($0) || $0 == 45 || $0 == 46 || $0 == 95
      }
      && !["null", "true", "false", "yes", "no", "on", "off", "y", "n"].contains(name.lowercased())
    return isPlain ? name : quoted(name)
  }

  private static func quoted(_ content: String) -> String {
    var text = "\""
    for scalar in content.unicodeScalars {
      switch scalar {
      case "\"": text += "\\\""
      case "\\": text += "\\\\"
      case "\n": text += "\\n"
      case "\t": text += "\\t"
      case " "..."~": text.unicodeScalars.append(scalar)
      default:
        let hex = String(scalar.value, radix: 16)
        text += "\\U" + String(repeating: "0", count: 8 - hex.count) + hex
      }
    }
    return text + "\""
  }
}
