import OutfitCore

/// Where the files of a virtualenv say that its packages are.
package struct ResolutionIndexes: Hashable, Sendable {
  /// By a name that no manifest can have: `requirements.txt:1`, `uv.lock 1`.
  package private(set) var sections: [String: IndexSection] = [:]
  /// Pages and folders with links to files, as they are written.
  package private(set) var links: [String] = []
  /// `--no-index`: nothing but those links.
  package private(set) var isClosed = false
  /// `--trusted-host`.
  package private(set) var trusted: [String] = []

  /// Given to uv in its variables, not in files.
  package static let options: Set = [
    "--index-url", "--extra-index-url", "--find-links", "--no-index", "--trusted-host", "--no-cache-dir",
    "--use-feature",
  ]

  fileprivate mutating func add(
    _ address: String, _ priority: IndexSection.Priority, packages: [String] = []
  ) {
    guard let address = LockedPackage.index(address) else { return }
    if let known = sections.first(where: { $0.value.url == address })?.key {
      let all = (sections[known]?.packages ?? []) + packages
      sections[known]?.packages = Set(all).sorted()
      return
    }
    sections["files-\(sections.count + 1)"] = IndexSection(
      url: address, priority: priority, packages: Set(packages).sorted())
  }

  fileprivate mutating func read(_ lines: [RequirementLine]) {
    for line in lines {
      guard case .option(let name, let value) = line.content else { continue }
      switch name {
      case "--index-url": add(value, .primary)
      case "--extra-index-url": add(value, .supplemental)
      case "--find-links": links.append(value)
      case "--no-index": isClosed = true
      case "--trusted-host": trusted.append(value)
      default: break
      }
    }
  }

  /// What a pyproject.toml has for uv, Poetry and PDM.
  fileprivate mutating func read(project root: TomlValue) {
    let uv = root["tool"]?["uv"]
    var users: [String: [String]] = [:]
    for (package, source) in uv?["sources"]?.table ?? [:] {
      for one in source.array ?? [source] {
        if let index = one["index"]?.string {
          users[index, default: []].append(normalizedPackageName(package))
        }
      }
    }
    for index in uv?["index"]?.array ?? [] {
      guard let address = index["url"]?.string else { continue }
      let packages = index["name"]?.string.flatMap { users[$0] } ?? []
      if index["explicit"] == .bare("true") {
        add(address, .explicit, packages: packages)
      } else {
        add(address, index["default"] == .bare("true") ? .primary : .supplemental, packages: packages)
      }
    }
    if let address = uv?["index-url"]?.string { add(address, .primary) }
    for address in uv?["extra-index-url"]?.array ?? [] { address.string.map { add($0, .supplemental) } }
    for address in uv?["find-links"]?.array ?? [] { address.string.map { links.append($0) } }
    let others =
      (root["tool"]?["poetry"]?["source"]?.array ?? []) + (root["tool"]?["pdm"]?["source"]?.array ?? [])
    for source in others {
      guard let address = source["url"]?.string else { continue }
      switch source["priority"]?.string {
      case "explicit": continue
      case nil, "primary", "default": add(address, .primary)
      default: add(address, .supplemental)
      }
    }
  }

  fileprivate mutating func read(uvLock root: TomlValue) {
    for package in root["package"]?.array ?? [] {
      guard let name = package["name"]?.string, let address = package["source"]?["registry"]?.string else {
        continue
      }
      if address.contains("://") {
        add(address, .explicit, packages: [normalizedPackageName(name)])
      } else if !links.contains(address) {
        links.append(address)
      }
    }
  }

  fileprivate mutating func read(_ packages: [LockedPackage]) {
    for package in packages {
      if case .index(let address?) = package.source { add(address, .explicit, packages: [package.name]) }
    }
  }
}

extension ResolutionFiles {
  /// Every index that they name. What a lock has from one comes from there alone.
  package var indexes: ResolutionIndexes {
    get throws {
      var indexes = ResolutionIndexes()
      for main in mains {
        switch main.kind {
        case .requirements: break
        case .project:
          let description = description(of: LocalProject(path: main.folder))
          indexes.read(project: description.root)
        case .uvLock:
          indexes.read(uvLock: (try? TomlReader.document(files[main.path] ?? []).root) ?? .table([:]))
        default: indexes.read(try everything())
        }
      }
      for (_, lines) in lines.sorted(by: { $0.key < $1.key }) { indexes.read(lines) }
      return indexes
    }
  }

  /// Packages of a uv.lock from an index that has no wheel of theirs, normalised.
  package var sourceOnlyOfUvLock: Set<String> {
    guard let main = lock, main.kind == .uvLock,
      let root = try? TomlReader.document(files[main.path] ?? []).root
    else { return [] }
    let names = (root["package"]?.array ?? []).filter { package in
      (package["wheels"]?.array ?? []).isEmpty
        && (package["source"]?["registry"] != nil || package["source"]?["url"] != nil)
        && !LockedPackage.isWheel(package["source"]?["url"]?.string ?? "")
    }.compactMap { $0["name"]?.string }
    return Set(names.map { normalizedPackageName($0) })
  }

  /// Where a package is asked for by its name.
  package func location(of package: String) -> SourceLocation? {
    let name = normalizedPackageName(package)
    for (file, lines) in lines.sorted(by: { $0.key < $1.key }) {
      for line in lines {
        let found: String? =
          switch line.content {
          case .package(let package): package.name
          case .direct(let direct): direct.name
          default: nil
          }
        if found.map({ normalizedPackageName($0) }) == name {
          return SourceLocation(file: file, line: line.line)
        }
      }
    }
    return nil
  }
}
