import OutfitCore

/// pnpm-lock.yaml (https://pnpm.io/git#lockfiles), as pnpm 7 and later write it.
///
/// The file is the manager's own writing and may be large, so that it is read line by line: whatever stands behind
/// `resolution:` and is not plainly a digest of a registry's package is told as where something comes from.
struct PnpmLockReader {
  private(set) var lock = NodeLock(.pnpm)

  init(_ bytes: [UInt8], file: String) throws(Failure) {
    var section = ""
    var package = ""
    var number = 0
    var (packages, resolutions) = (0, 0)
    for line in try NodeLock.lines(bytes, file: file) {
      number += 1
      let content = line.drop { $0 == " " }
      let depth = line.count - content.count
      if content.isEmpty || content.hasPrefix("#") { continue }
      if content.hasPrefix("\t") || content.hasPrefix("---") {
        throw NodeLock.unreadable(file, line: number, "pnpm writes no such line")
      }
      if depth == 0 {
        let name = content.prefix { $0 != ":" }
        section = Self.unquoted(name)
        if section == "lockfileVersion" { lock.form = Self.unquoted(content.dropFirst(name.count + 1)) }
        continue
      }
      if depth == 2 {
        package = Self.unquoted(content.hasSuffix(":") ? content.dropLast() : content)
        if section == "packages" {
          packages += 1
          guard content.hasSuffix(":") else {
            throw NodeLock.unreadable(file, line: number, "pnpm writes no such line")
          }
        }
      }
      if section == "importers", depth == 2 {
        guard content.hasSuffix(":") || content.hasSuffix(": {}") else {
          throw NodeLock.unreadable(file, line: number, "this is no member of a workspace")
        }
        let name = Self.unquoted(content.prefix { $0 != ":" })
        if name != "." { lock.members?.append(name) }
      }
      if content.hasPrefix("requiresBuild: true") { lock.scripted.insert(Self.name(package)) }
      if content.hasPrefix("path:"), section == "patchedDependencies" {
        lock.files.append(Self.unquoted(content.dropFirst("path:".count)))
      }
      if section == "packages", content.hasPrefix("resolution:") {
        resolutions += 1
        read(content.dropFirst("resolution:".count), of: Self.name(package), line: number)
      }
    }
    guard !lock.form.isEmpty else { throw NodeLock.unreadable(file, "it has no lockfileVersion") }
    // Where each comes from was told, or this is written as pnpm does not write it.
    guard packages == resolutions else {
      throw NodeLock.unreadable(file, "it does not say plainly where each package comes from")
    }
    lock.nested = lock.members
  }

  /// `{integrity: sha512-...}`, with `tarball:`, or `{type: git, repo:, commit:}`, `{directory:, type: directory}`.
  private mutating func read(_ resolution: Substring, of name: String, line: Int) {
    let text = resolution.drop { $0 == " " }
    guard text.hasPrefix("{"), text.hasSuffix("}") else {
      return lock.add(name, from: "the resolution of \(name)://", line: line)
    }
    var values: [String: String] = [:]
    for field in text.dropFirst().dropLast().split(separator: ",") {
      let parts = field.split(separator: ":", maxSplits: 1)
      guard parts.count == 2 else { continue }
      values[Self.unquoted(parts[0])] = Self.unquoted(parts[1])
    }
    if let repository = values["repo"] {
      lock.add(name, from: repository.hasSuffix(".git") ? repository : "git+\(repository)", line: line)
    }
    if let tarball = values["tarball"] {
      lock.add(name, from: tarball, line: line)
      if values["integrity"] == nil, tarball.contains("://"),
        !tarball.hasPrefix("https://codeload.github.com/")
      {
        lock.unverified.append((name, line))
      }
    } else if let folder = values["directory"] {
      lock.add(name, from: folder, line: line)
    } else if values["repo"] == nil, values["integrity"]?.hasPrefix("sha") != true {
      lock.unverified.append((name, line))
    }
    for key in values.keys.sorted()
    where !["integrity", "tarball", "directory", "type", "repo", "commit", "path", "gitHosted"].contains(key)
    {
      lock.add(name, from: "\(key)://\(values[key] ?? "")", line: line)
    }
  }

  private static func unquoted(_ text: some StringProtocol) -> String {
    var text = Substring(text).drop { $0 == " " }
    while text.last == " " || text.last == "\r" { text = text.dropLast() }
    if let first = text.first, first == "'" || first == "\"", text.last == first, text.count > 1 {
      text = text.dropFirst().dropLast()
    }
    return String(text)
  }

  /// `@scope/name@1.2.3(peer@4)`, `/name@1.2.3` of form 6, `/name/1.2.3` of form 5.
  private static func name(_ key: String) -> String {
    let text = key.hasPrefix("/") ? key.dropFirst() : key[...]
    let scope = text.hasPrefix("@") ? text.prefix { $0 != "/" }.count + 1 : 0
    let rest = text.dropFirst(scope)
    return String(text.prefix(scope)) + rest.prefix { $0 != "@" && $0 != "/" }
  }
}
