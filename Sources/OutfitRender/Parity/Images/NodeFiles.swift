import OutfitCore

/// What lies in a folder of packages of Node, held against the packages that the lock names by digest.
struct NodeFiles {
  /// What a container sees.
  let files: [String: TarEntry]
  let known: KnownContents
  /// Of package-lock.json, by path: `node_modules/left`.
  let packages: [String: Document]

  /// - Parameter root: the folder, as `app/node_modules`.
  func compared(_ root: String) -> InstalledFiles.Findings {
    var findings = InstalledFiles.Findings()
    var present: [String: Set<String>] = [:]
    let owners = packages.filter { !$0.key.isEmpty && $0.value["inBundle"]?.isTrue != true }
    let prefix = String(root.dropLast("node_modules".count))
    for (path, entry) in files.sorted(by: { $0.key < $1.key })
    where path.hasPrefix(root + "/") && !entry.isFolder {
      let name = String(path.dropFirst(prefix.count))
      if InstalledFiles.isRaised(entry) {
        findings.failures.append("/\(path) runs as another user")
      }
      if name == "node_modules/.package-lock.json" {
        continue
      } else if entry.isLink {
        if !isProgram(name, entry.target) && !isMember(name, entry.target) {
          findings.failures.append("/\(path) is a link to \(entry.target)")
        }
      } else if let owner = Self.owner(of: name, owners) {
        present[owner, default: []].insert(String(name.dropFirst(owner.count + 1)))
      } else {
        findings.failures.append("/\(path) is of no package")
      }
    }
    for (owner, names) in present.sorted(by: { $0.key < $1.key }) {
      compare(owner, names, prefix, &findings)
    }
    return findings
  }

  private func compare(
    _ owner: String, _ names: Set<String>, _ prefix: String, _ findings: inout InstalledFiles.Findings
  ) {
    let package = packages[owner] ?? .null
    let title = owner.dropFirst("node_modules/".count) + " " + (package["version"]?.text ?? "")
    guard let integrity = package["integrity"]?.text, let artifact = known.packages[integrity] else {
      findings.unknown.append("\(title) is not here")
      return
    }
    findings.wheels += 1
    var differences: [String] = []
    for name in names.sorted() {
      // npm gives this file another name when it unpacks.
      let ignored = name.hasSuffix(".npmignore") ? String(name.dropLast(9)) + "gitignore" : name
      let wanted = artifact.files[name] ?? artifact.files[ignored]
      if let wanted, files["\(prefix)\(owner)/\(name)"]?.digest == wanted.digest {
        findings.count += 1
      } else {
        differences.append(
          "/\(prefix)\(owner)/\(name) is \(wanted == nil ? "of no package" : "not what its package has")")
      }
    }
    for name in artifact.files.keys.sorted()
    where !names.contains(name) && !name.hasSuffix(".gitignore") && !name.contains("node_modules/") {
      differences.append("/\(prefix)\(owner)/\(name) is missing")
    }
    if !differences.isEmpty, package["hasInstallScript"]?.isTrue == true {
      findings.unknown.append("\(title) has a script that changes its files")
    } else {
      findings.failures += differences
    }
  }

  /// The package whose archive a file is of.
  private static func owner(of name: String, _ owners: [String: Document]) -> String? {
    var end = name[...]
    while let slash = end.lastIndex(of: "/") {
      end = end[..<slash]
      if owners[String(end)] != nil { return String(end) }
    }
    return nil
  }

  /// A link of `.bin` leads to what its package says.
  private func isProgram(_ name: String, _ target: String) -> Bool {
    guard let mark = name.range(of: "/.bin/", backwards: true), !name[mark.upperBound...].contains("/") else {
      return false
    }
    let folder = String(name[..<mark.lowerBound])
    let place = String(KeyedTree.plain("\(folder)/.bin/\(target)").dropFirst())
    let program = String(name[mark.upperBound...])
    return packages.contains { owner, package in
      guard place.hasPrefix(owner + "/"), owner.hasPrefix(folder + "/") else { return false }
      let file = package["bin"]?[program]?.text ?? package["bin"]?.text
      return file.map { KeyedTree.plain("\(owner)/\($0)") == "/" + place } ?? false
    }
  }

  /// A member of the project itself.
  private func isMember(_ name: String, _ target: String) -> Bool {
    guard let package = packages[name], package["link"]?.isTrue == true, let place = package["resolved"]?.text
    else { return false }
    let folder = name.split(separator: "/").dropLast().joined(separator: "/")
    return KeyedTree.plain("\(folder)/\(target)") == KeyedTree.plain(place)
  }

  /// Of `sha512-` and base64; nil for another.
  static func sha512(_ integrity: String) -> [UInt8]? {
    for part in integrity.split(separator: " ") where part.hasPrefix("sha512-") {
      let text = part.dropFirst(7).prefix { $0 != "?" }
      guard let bytes = InstalledFiles.base64(text.replacing("+", with: "-").replacing("/", with: "_")[...]),
        bytes.count == 64
      else { return nil }
      return bytes
    }
    return nil
  }
}

extension String {
  fileprivate func range(of text: String, backwards: Bool) -> Range<String.Index>? {
    ranges(of: text).last
  }
}
