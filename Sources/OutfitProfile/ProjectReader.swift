import OutfitCore

/// What a pyproject.toml or a uv.lock says of sources, indexes, options and builds.
///
/// What is known to be plain is listed; everything else in the tables that a resolver reads is a member.
struct ProjectReader {
  let file: String
  let document: TomlDocument
  private(set) var members: [ResolutionInputs.Member] = []
  /// Every address of a package, with what it may hold.
  private(set) var addresses: Set<String> = []

  /// The packages that the project itself asks for, normalised.
  private(set) var names: Set<String> = []

  init(file: String, document: TomlDocument) {
    self.file = file
    self.document = document
  }

  private mutating func add(_ kind: ResolutionInputs.Member.Kind, _ text: String, _ path: [String]) {
    let location = SourceLocation(file: file, line: document.line(of: path))
    members.append(.init(kind, withoutUser(text), at: location))
  }

  private typealias Entry = (path: [String], value: TomlValue)

  /// What stands at `path`, and its entries.
  private func entries(_ path: [String]) -> [(key: String, value: TomlValue)] {
    var value = document.root
    for key in path {
      guard let inner = value[key] else { return [] }
      value = inner
    }
    return (value.table ?? [:]).sorted { $0.key < $1.key }
  }

  private func elements(_ value: TomlValue, _ path: [String]) -> [Entry] {
    (value.array ?? []).enumerated().map { (path + ["\($0.offset)"], $0.element) }
  }

  // MARK: pyproject.toml

  mutating func readProject() {
    for (key, value) in entries(["project"]) {
      let path = ["project", key]
      switch key {
      case "dependencies": requirements(value, path)
      case "optional-dependencies":
        for (name, list) in entries(path) { requirements(list, path + [name]) }
      case "dynamic":
        for (place, element) in elements(value, path)
        where element.string.map({ $0.hasSuffix("dependencies") }) ?? true {
          add(.build, "dynamic \(element.line)", place)
        }
      default: break
      }
    }
    for (name, list) in entries(["dependency-groups"]) {
      requirements(list, ["dependency-groups", name], including: "include-group")
    }
    for (key, value) in entries(["build-system"]) {
      let path = ["build-system", key]
      guard key == "requires", let list = value.array else {
        add(.build, "build-system.\(key) = \(value.line)", path)
        continue
      }
      for (index, element) in list.enumerated() {
        let line = RequirementLine.requirement(element.string ?? "", line: 1)
        if case .package(let package) = line.content {
          add(.build, "build-system.requires \(normalizedPackageName(package.name))", path + ["\(index)"])
        } else {
          if case .direct(let direct) = line.content { addresses.insert(direct.address) }
          add(.build, "build-system.requires \(element.line)", path + ["\(index)"])
        }
      }
    }
    readUv()
    readPoetry()
  }

  private mutating func readUv() {
    let plain: Set = [
      "required-version", "default-groups", "environments", "required-environments", "exclude-newer",
      "managed",
      "package", "conflicts",
    ]
    for (key, value) in entries(["tool", "uv"]) where !plain.contains(key) {
      let path = ["tool", "uv", key]
      switch key {
      case "dev-dependencies", "constraint-dependencies", "override-dependencies",
        "build-constraint-dependencies":
        requirements(value, path)
      case "sources":
        for (name, source) in entries(path) {
          let alternatives: [Entry] =
            source.array == nil ? [(path + [name], source)] : elements(source, path + [name])
          for alternative in alternatives { self.source(alternative.value, of: name, alternative.path) }
        }
      case "index", "index-url", "extra-index-url", "find-links", "no-index", "index-strategy":
        let list: [Entry] = value.array == nil ? [(path, value)] : elements(value, path)
        for element in list { add(.index, "tool.uv.\(key) = \(element.value.line)", element.path) }
      case "workspace": add(.path, "tool.uv.workspace = \(value.line)", path)
      default: add(.option, "tool.uv.\(key) = \(value.line)", path)
      }
    }
  }

  private mutating func readPoetry() {
    let path = ["tool", "poetry"]
    for (key, value) in entries(path) {
      switch key {
      case "source":
        for element in elements(value, path + [key]) {
          add(.index, "tool.poetry.source = \(element.value.line)", element.path)
        }
      case "dependencies", "dev-dependencies": poetry(path + [key])
      case "group":
        for (group, _) in entries(path + [key]) { poetry(path + [key, group, "dependencies"]) }
      case "build": add(.build, "tool.poetry.build = \(value.line)", path + [key])
      default: break
      }
    }
  }

  private mutating func poetry(_ path: [String]) {
    let plain: Set = ["version", "extras", "optional", "markers", "python", "platform", "allow-prereleases"]
    for (name, value) in entries(path) {
      let alternatives: [Entry] =
        value.array == nil ? [(path + [name], value)] : elements(value, path + [name])
      for alternative in alternatives {
        if alternative.value.string != nil { continue }
        if let table = alternative.value.table, plain.isSuperset(of: table.keys) { continue }
        source(alternative.value, of: name, alternative.path)
      }
    }
  }

  /// `{git = "…", rev = "…"}` of a package.
  private mutating func source(_ value: TomlValue, of name: String, _ path: [String]) {
    let kind: ResolutionInputs.Member.Kind =
      if value["path"] != nil || value["workspace"] != nil {
        .path
      } else if value["git"] != nil || value["url"] != nil {
        .address
      } else {
        .index
      }
    if let address = value["url"]?.string { addresses.insert(address) }
    if let repository = value["git"]?.string { addresses.insert("git+\(repository)") }
    add(kind, "\(normalizedPackageName(name)) from \(value.line)", path)
  }

  private mutating func requirements(_ value: TomlValue, _ path: [String], including key: String? = nil) {
    guard value.array != nil else {
      add(.option, "\(path.joined(separator: ".")) = \(value.line)", path)
      return
    }
    for (place, element) in elements(value, path) {
      guard let text = element.string else {
        // `{include-group = "test"}`
        if let key, let table = element.table, table.count == 1, table[key]?.string != nil { continue }
        add(.option, "\(path.joined(separator: ".")) has \(element.line)", place)
        continue
      }
      let line = RequirementLine.requirement(text, line: document.line(of: place))
      if case .direct(let direct) = line.content { addresses.insert(direct.address) }
      if path == ["project", "dependencies"] {
        names.insert(
          normalizedPackageName(text.prefix { $0.isLetter || $0.isNumber || "-_.".contains($0) }))
      }
      if let member = line.member(at: SourceLocation(file: file, line: line.line)) { members.append(member) }
    }
  }

  // MARK: uv.lock

  mutating func readLock() {
    for (key, value) in document.root.table ?? [:] {
      switch key {
      case "version", "revision", "requires-python", "resolution-markers", "supported-markers",
        "required-markers", "conflicts":
        break
      case "package":
        for element in elements(value, [key]) { package(element.value, element.path) }
      case "manifest", "options": settings(value, [key])
      default: add(.option, "\(key) = \(value.line)", [key])
      }
    }
  }

  /// What uv.lock keeps of the options that it was made with.
  private mutating func settings(_ value: TomlValue, _ path: [String]) {
    for (key, value) in (value.table ?? [:]).sorted(by: { $0.key < $1.key }) {
      let path = path + [key]
      switch key {
      case "members", "exclude-newer", "exclude-newer-span", "prerelease-mode", "resolution-mode",
        "fork-strategy":
        break
      case "requirements", "constraints", "overrides", "build-constraints":
        for element in elements(value, path) { dependency(element.value, element.path) }
      case "dependency-groups":
        for (group, list) in (value.table ?? [:]).sorted(by: { $0.key < $1.key }) {
          for element in elements(list, path + [group]) { dependency(element.value, element.path) }
        }
      default: add(.option, "\(path.joined(separator: ".")) = \(value.line)", path)
      }
    }
  }

  private mutating func package(_ value: TomlValue, _ path: [String]) {
    let name = value["name"]?.string ?? "?"
    for (key, value) in (value.table ?? [:]).sorted(by: { $0.key < $1.key }) {
      let place = path + [key]
      switch key {
      case "name", "version", "resolution-markers": break
      case "source": lockedSource(value, of: name, place)
      case "wheels": for element in elements(value, place) { archive(element.value, of: name, element.path) }
      case "sdist": archive(value, of: name, place)
      case "dependencies": for element in elements(value, place) { dependency(element.value, element.path) }
      case "optional-dependencies", "dev-dependencies":
        for (group, list) in (value.table ?? [:]).sorted(by: { $0.key < $1.key }) {
          for element in elements(list, place + [group]) { dependency(element.value, element.path) }
        }
      case "metadata": metadata(value, place)
      default: add(.option, "\(name): \(key) = \(value.line)", place)
      }
    }
  }

  /// What a package of the project's own asked for: pyproject.toml says the same.
  private mutating func metadata(_ value: TomlValue, _ path: [String]) {
    for (key, value) in (value.table ?? [:]).sorted(by: { $0.key < $1.key }) {
      let place = path + [key]
      switch key {
      case "requires-dist": for element in elements(value, place) { dependency(element.value, element.path) }
      case "requires-dev":
        for (group, list) in (value.table ?? [:]).sorted(by: { $0.key < $1.key }) {
          for element in elements(list, place + [group]) { dependency(element.value, element.path) }
        }
      case "provides-extras": break
      default: add(.option, "\(path.joined(separator: ".")).\(key) = \(value.line)", place)
      }
    }
  }

  private mutating func dependency(_ value: TomlValue, _ path: [String]) {
    let plain: Set = ["name", "version", "specifier", "marker", "extra", "extras", "source"]
    let name = value["name"]?.string ?? "?"
    if let source = value["source"] { lockedSource(source, of: name, path) }
    guard let table = value.table else { return add(.option, "\(name) = \(value.line)", path) }
    let others = table.filter { !plain.contains($0.key) }
    if !others.isEmpty { source(.table(others), of: name, path) }
  }

  private mutating func lockedSource(_ value: TomlValue, of name: String, _ path: [String]) {
    guard let table = value.table, table.count == 1, let (key, place) = table.first, let text = place.string
    else {
      // A wheel within an archive, or what a later uv knows.
      if let address = value["url"]?.string { addresses.insert(address) }
      return add(.address, "\(normalizedPackageName(name)) from \(value.line)", path)
    }
    switch key {
    case "registry": add(text.contains("://") ? .index : .path, "registry \(text)", path)
    case "path", "directory", "editable", "virtual":
      add(.path, "\(normalizedPackageName(name)) from \(key) \(text)", path)
    default:
      if key == "url" { addresses.insert(text) }
      if key == "git" { addresses.insert("git+\(text)") }
      add(.address, "\(normalizedPackageName(name)) from \(key) \(text)", path)
    }
  }

  /// Of a registry's file only where it comes from counts: its name changes with each version.
  private mutating func archive(_ value: TomlValue, of name: String, _ path: [String]) {
    let plain: Set = ["hash", "size", "upload-time", "filename", "zstd"]
    for (key, value) in (value.table ?? [:]).sorted(by: { $0.key < $1.key }) where !plain.contains(key) {
      guard let text = value.string else {
        add(.option, "\(name): \(key) = \(value.line)", path)
        continue
      }
      switch key {
      case "url":
        add(.address, "files from \(Self.origin(text))", path)
      case "path": add(.path, "a file of \(normalizedPackageName(name)) in \(Self.folder(text))", path)
      default: add(.option, "\(name): \(key) = \(value.line)", path)
      }
    }
  }

  /// Scheme, host and port.
  private static func origin(_ address: String) -> String {
    guard let scheme = address.firstRange(of: "://") else { return address }
    let authority = address[scheme.upperBound...].prefix { !"/?#\\".contains($0) }
    return address[..<scheme.upperBound].lowercased() + authority.lowercased()
  }

  private static func folder(_ path: String) -> String {
    let parts = path.split(separator: "/", omittingEmptySubsequences: false).dropLast()
    return parts.isEmpty ? "." : parts.joined(separator: "/")
  }
}

extension TomlValue {
  /// The value in one line, tables sorted.
  var line: String {
    switch self {
    case .string(let text):
      var result = "\""
      for scalar in text.unicodeScalars {
        switch scalar {
        case "\"", "\\": result += "\\\(scalar)"
        case " "..."~": result.unicodeScalars.append(scalar)
        default: result += "\\u{\(String(scalar.value, radix: 16))}"
        }
      }
      return result + "\""
    case .bare(let text): return text
    case .array(let values): return "[" + values.map(\.line).joined(separator: ", ") + "]"
    case .table(let table):
      let entries = table.sorted { $0.key < $1.key }.map { "\($0.key) = \($0.value.line)" }
      return "{" + entries.joined(separator: ", ") + "}"
    }
  }
}
