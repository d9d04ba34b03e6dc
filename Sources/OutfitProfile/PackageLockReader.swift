import OutfitCore

/// Judges the package-lock.json of a tool from npm: packages of a registry with digests, below `node_modules`, that
/// depend on packages of a registry, and nothing else.
///
/// It reads JSON as YAML, which says lines and finds a key that is there twice; who takes the text decodes it as JSON
/// besides.
package struct PackageLockReader {
  /// An address that stands in it, which counts where it is what a registry has for that very package.
  package struct Address: Hashable, Sendable {
    package var line: Int
    package var text: String
    /// Below the registry.
    package var expected: String
  }

  package struct Problem: Hashable, Sendable {
    /// In the text, from 1.
    package var line: Int
    package var message: String
  }

  package private(set) var addresses: [Address] = []
  package private(set) var problems: [Problem] = []

  package init(_ text: String) {
    let reading = YamlReader.read(Array(text.utf8), file: "")
    for diagnostic in reading.diagnostics {
      problems.append(Problem(line: diagnostic.location?.line ?? 1, message: diagnostic.message))
    }
    guard reading.diagnostics.isEmpty, let root = reading.root else { return }
    know(["name", "version", "lockfileVersion", "requires", "packages", "dependencies"], root)
    guard ["2", "3"].contains(root["lockfileVersion"]?.text), let packages = root["packages"]?.pairs else {
      complain("this is no package-lock.json of form 2 or 3", root)
      return
    }
    for pair in packages { package(pair) }
    for pair in root["dependencies"]?.pairs ?? [] { dependency(pair) }
  }

  private mutating func complain(_ message: String, _ node: YamlNode) {
    problems.append(Problem(line: node.location.line, message: message))
  }

  private mutating func know(_ names: Set<String>, _ node: YamlNode) {
    for pair in node.pairs ?? [] where !names.contains(pair.key) {
      complain("`\(pair.key)` is nothing that is known of a package-lock.json", pair.value)
    }
  }

  private static let keys: Set = [
    "name", "version", "resolved", "integrity", "dev", "optional", "devOptional", "peer", "inBundle",
    "hasInstallScript", "hasShrinkwrap", "bin", "license", "engines", "dependencies", "optionalDependencies",
    "peerDependencies", "peerDependenciesMeta", "devDependencies", "bundleDependencies", "os", "cpu", "libc",
    "funding", "deprecated", "extraneous", "ideallyInert", "private",
  ]

  private mutating func package(_ pair: YamlPair) {
    let node = pair.value
    know(Self.keys, node)
    for key in ["dependencies", "optionalDependencies", "peerDependencies", "devDependencies"] {
      for dependency in node[key]?.pairs ?? [] { range(dependency) }
    }
    guard !pair.key.isEmpty else { return }
    var folders = pair.key[...]
    var names: [Substring] = []
    while folders.hasPrefix("node_modules/") {
      folders = folders.dropFirst("node_modules/".count)
      var name = folders.prefix { $0 != "/" }
      if name.first == "@" {
        name = folders.prefix(name.count + 1 + folders.dropFirst(name.count + 1).prefix { $0 != "/" }.count)
      }
      names.append(name)
      folders = folders.dropFirst(name.count)
      if folders.first == "/" { folders = folders.dropFirst() } else { break }
    }
    guard folders.isEmpty, let last = names.last, names.allSatisfy({ Self.isName($0) }) else {
      return complain("\(pair.key) is no folder of a package", node)
    }
    let name = node["name"]?.text ?? String(last)
    guard Self.isName(name), let version = node["version"]?.text, Self.isVersion(version) else {
      return complain("\(pair.key) has no name and version that a registry knows", node)
    }
    judge(node, name, version, isBundled: node["inBundle"]?.text == "true" && names.count > 1)
  }

  /// What npm 7 and 8 write for older ones.
  private mutating func dependency(_ pair: YamlPair) {
    let node = pair.value
    know(
      [
        "version", "resolved", "integrity", "bundled", "dev", "optional", "devOptional", "peer", "requires",
        "dependencies",
      ], node)
    for dependency in node["requires"]?.pairs ?? [] { range(dependency) }
    for inner in node["dependencies"]?.pairs ?? [] { self.dependency(inner) }
    var (name, version) = (pair.key, node["version"]?.text ?? "")
    if version.hasPrefix("npm:"), let at = version.lastIndex(of: "@") {
      name = String(version[..<at].dropFirst(4))
      version = String(version[version.index(after: at)...])
    }
    guard Self.isName(name), Self.isVersion(version) else {
      return complain("\(pair.key) has no name and version that a registry knows", node)
    }
    judge(node, name, version, isBundled: node["bundled"]?.text == "true")
  }

  private mutating func judge(_ node: YamlNode, _ name: String, _ version: String, isBundled: Bool) {
    if let resolved = node["resolved"] {
      let base = name.split(separator: "/").last ?? ""
      addresses.append(
        Address(
          line: resolved.location.line, text: resolved.text ?? "",
          expected: "\(name)/-/\(base)-\(version).tgz"))
    }
    guard let integrity = node["integrity"] else {
      if !isBundled { complain("\(name) has no integrity", node) }
      return
    }
    let hashes = (integrity.text ?? "").split(separator: " ")
    let isGood =
      !hashes.isEmpty
      && hashes.allSatisfy { hash in
        let parts = hash.split(separator: "-", maxSplits: 1)
        return parts.count == 2 && ["sha1", "sha256", "sha384", "sha512"].contains(parts[0])
          && parts[1].utf8.allSatisfy { Self.isPlain($0) || "+/=".utf8.contains($0) }
      }
    if !isGood { complain("\(name) has no integrity", integrity) }
  }

  /// `^1.2 || 3.x`, `latest` or `npm:name@range`: nothing with a path or an address.
  private mutating func range(_ pair: YamlPair) {
    var text = pair.value.text ?? "?"
    if text.hasPrefix("npm:") {
      let at = text.dropFirst(5).lastIndex(of: "@") ?? text.endIndex
      let name = text[..<at].dropFirst(4)
      text = at == text.endIndex ? "" : String(text[text.index(after: at)...])
      if !Self.isName(name) {
        complain("\(pair.key) is asked of \(name), which no registry knows", pair.value)
      }
    }
    let isRange = text.utf8.allSatisfy { Self.isPlain($0) || " .*^~<>=|+-_,".utf8.contains($0) }
    if !isRange {
      complain("\(pair.key) is asked for as \(pair.value.text ?? "?"), which is no version", pair.value)
    }
  }

  private static func isPlain(_ byte: UInt8) -> Bool {
    switch byte {
    case 48...57, 65...90, 97...122: true
    default: false
    }
  }

  private static func isVersion(_ text: String) -> Bool {
    text.utf8.first.map { (48...57).contains($0) } ?? false
      && text.utf8.allSatisfy { isPlain($0) || ".+-".utf8.contains($0) }
  }

  private static func isName(_ name: some StringProtocol) -> Bool {
    var parts = String(name).split(separator: "/", omittingEmptySubsequences: false).map(String.init)
    if let scope = parts.first, scope.hasPrefix("@") {
      guard parts.count == 2 else { return false }
      parts[0] = String(scope.dropFirst())
    } else if parts.count != 1 {
      return false
    }
    return parts.allSatisfy { part in
      !["", ".", "..", "node_modules"].contains(part)
        && part.utf8.allSatisfy { isPlain($0) || "-._~".utf8.contains($0) }
    }
  }
}
