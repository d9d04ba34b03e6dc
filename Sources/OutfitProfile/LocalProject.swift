import OutfitCore
import SystemPackage

/// A folder of the project that is installed as a package, as a line or a lock names it.
package struct LocalProject: Hashable, Sendable {
  /// Relative to the project; `.` for the project itself.
  package var path: String
  package var extras: [String]

  package init(path: String, extras: [String] = []) {
    self.path = path
    self.extras = extras
  }

  /// The files that say what it is and how it is built.
  package static let buildFiles = ["pyproject.toml", "setup.py", "setup.cfg"]

  package func file(_ name: String) -> String { path == "." ? name : "\(path)/\(name)" }

  /// `.`, `./lib[test]`, `file:lib`, `lib/`: a place on this machine, with extras, without `#egg=`.
  /// - Parameter text: of a line, without a marker.
  package static func place(_ text: some StringProtocol) -> (path: String, extras: [String]) {
    var place = String(text.prefix { $0 != "#" })
    var extras: [String] = []
    if place.hasSuffix("]"), let open = place.lastIndex(of: "[") {
      extras = place[place.index(after: open)...].dropLast().split(separator: ",")
        .map { String($0.filter { $0 != " " }) }
      place = String(place[..<open])
    }
    if place.lowercased().hasPrefix("file:") {
      place = String(place.dropFirst(5))
      if place.hasPrefix("//") { place = String(place.dropFirst(2)) }
    }
    return (place, extras)
  }
}

/// What a project's own files say of how it is installed.
package struct ProjectDescription: Sendable {
  /// Of pyproject.toml; an empty table without one.
  package let root: TomlValue
  private let setup: String
  private let configuration: String
  private let hasSetup: Bool

  /// - Parameter files: by their name alone.
  package init(_ files: [String: [UInt8]]) {
    root = files["pyproject.toml"].flatMap { try? TomlReader.document($0).root } ?? .table([:])
    setup = files["setup.py"].map { String(decoding: $0, as: UTF8.self) } ?? ""
    configuration = files["setup.cfg"].map { String(decoding: $0, as: UTF8.self) } ?? ""
    hasSetup = files["setup.py"] != nil || configuration.contains("[metadata]")
  }

  /// Of a pyproject.toml alone.
  package init(root: TomlValue) {
    self.root = root
    setup = ""
    configuration = ""
    hasSetup = false
  }

  /// As its metadata has it; a setup.py is not run, and names it in a plain text or not at all.
  package var name: String? {
    let declared = root["project"]?["name"]?.string ?? root["tool"]?["poetry"]?["name"]?.string
    if let declared { return declared }
    for (text, marks) in [(configuration, ["name = ", "name="]), (setup, ["name=", "name ="])] {
      for line in text.split(whereSeparator: \.isNewline) {
        let words = line.drop { $0 == " " || $0 == "\t" }
        for mark in marks where words.hasPrefix(mark) || words.contains("setup(\(mark)") {
          guard let start = words.firstRange(of: mark) else { continue }
          let value = words[start.upperBound...].drop { "'\" ".contains($0) }
            .prefix { $0.isASCII && ($0.isLetter || $0.isNumber || "._-".contains($0)) }
          if !value.isEmpty { return String(value) }
        }
      }
    }
    return nil
  }

  /// There is something to install: what uv, Poetry, PDM and pip each mean by that.
  package var isPackage: Bool {
    if root["tool"]?["uv"]?["package"] == .bare("false") { return false }
    if root["tool"]?["poetry"]?["package-mode"] == .bare("false") { return false }
    if root["tool"]?["pdm"]?["distribution"] == .bare("false") { return false }
    return root["build-system"] != nil || hasSetup || root["tool"]?["poetry"] != nil
      || root["tool"]?["uv"]?["package"] == .bare("true")
      || root["tool"]?["pdm"]?["distribution"] == .bare("true")
  }

  /// It takes packages from folders beside it.
  package var hasLocalSources: Bool {
    let uv = root["tool"]?["uv"]
    return uv?["workspace"] != nil
      || (uv?["sources"]?.table ?? [:]).values.contains { source in
        (source.array ?? [source]).contains { $0["path"] != nil || $0["workspace"] != nil }
      }
  }

  /// What its build asks for before anything of it is run (PEP 518).
  package var buildRequirements: [String] {
    guard let system = root["build-system"] else { return ["setuptools>=40.8.0"] }
    return (system["requires"]?.array ?? []).compactMap(\.string)
  }

  /// Its version is made of what the repository has, so that it can be built there alone.
  package var takesVersionFromRepository: Bool {
    let names = buildRequirements.map { normalizedPackageName($0.prefix { !" ;[<>=!~@".contains($0) }) }
    return !Self.versionReaders.isDisjoint(with: names)
      || ["use_scm_version", "setuptools_scm", "versioneer", "pbr=True"].contains { setup.contains($0) }
      || root["tool"]?["pdm"]?["version"]?["source"]?.string == "scm"
  }

  /// Files that its metadata is made of when it is built, relative to its folder: those that a backend's settings name,
  /// and the lists that a setup.py names.
  package var metadataFiles: [String] {
    let dynamic = root["tool"]?["setuptools"]?["dynamic"]
    let hooks = root["tool"]?["hatch"]?["metadata"]?["hooks"]?["requirements_txt"]
    let extras = [dynamic?["optional-dependencies"], hooks?["optional-dependencies"]]
      .flatMap { ($0?.table ?? [:]).values.map(\.self) }
    let tables = [dynamic?["dependencies"], dynamic?["version"]].compactMap(\.self) + extras
    var names = tables.flatMap { table in
      let files = table["file"] ?? table
      return (files.array ?? [files]).compactMap(\.string)
    }
    names += (hooks?["files"]?.array ?? []).compactMap(\.string)
    for line in configuration.split(whereSeparator: \.isNewline) {
      guard let mark = line.firstRange(of: "file:") else { continue }
      names += line[mark.upperBound...].split { $0 == "," || $0 == " " }.map(String.init).filter(Self.isList)
    }
    // Each second piece is a text, as far as quotes come in pairs; of the others none has such an ending.
    names += setup.split { $0 == "'" || $0 == "\"" }.map(String.init).filter(Self.isList)
    return Set(names).filter(Self.isBeside).sorted()
  }

  /// A path below the folder, of plain characters.
  private static func isBeside(_ path: String) -> Bool {
    !path.hasPrefix("/") && !path.split(separator: "/").contains("..")
      && path.utf8.count < 200
      && path.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "._-/+".contains($0)) }
  }

  /// Whether a file is likely to have packages or a version in it, and nothing for people.
  private static func isList(_ path: String) -> Bool {
    guard let base = path.split(separator: "/").last?.lowercased(), base != "manifest.in" else {
      return false
    }
    let forPeople = [
      "readme", "license", "licence", "copying", "change", "history", "news", "authors", "contrib",
    ]
    return base == "version"
      || [".txt", ".in", ".pip"].contains { base.hasSuffix($0) && base.count > $0.count }
        && !forPeople.contains { base.hasPrefix($0) }
  }

  /// What it asks for is only known once its build code has run, so that what was kept of an earlier run may be wrong.
  package var isDynamic: Bool {
    if let project = root["project"] {
      return (project["dynamic"]?.array ?? []).contains { $0.string?.hasSuffix("dependencies") == true }
    }
    return root["tool"]?["poetry"] == nil && hasSetup
  }

  /// Files that such a build writes beside the sources, relative to its folder.
  package var versionFiles: [String] {
    let tool = root["tool"]
    let scm = tool?["setuptools_scm"] ?? tool?["setuptools-scm"]
    let named = [
      scm?["write_to"], scm?["version_file"], tool?["hatch"]?["build"]?["hooks"]?["vcs"]?["version-file"],
      tool?["pdm"]?["version"]?["write_to"],
    ]
    // What pbr writes.
    return named.compactMap { $0?.string } + ["AUTHORS", "ChangeLog"]
  }

  private static let versionReaders: Set<String> = [
    "setuptools-scm", "hatch-vcs", "vcs-versioning", "setuptools-git-versioning", "versioningit",
    "versioneer",
    "poetry-dynamic-versioning", "uv-dynamic-versioning", "dunamai", "pbr", "setuptools-git", "flit-scm",
  ]

  /// The groups that are installed without being asked for: those of uv, else of Poetry or PDM.
  package var defaultGroups: [String] {
    let groups = ProjectDependencies(root)
    if let uv = root["tool"]?["uv"]?["default-groups"] {
      guard let names = uv.array else { return groups.defaultGroups }
      return names.compactMap(\.string).map { normalizedPackageName($0) }
    }
    if root["tool"]?["uv"] == nil, root["tool"]?["poetry"] != nil || root["tool"]?["pdm"] != nil {
      return groups.defaultGroups
    }
    return groups.groups.keys.contains("dev") ? ["dev"] : []
  }

  /// What a group asks for, as a requirements file has it; empty for one of PEP 735, which uv reads by itself.
  package func lines(ofGroup name: String) -> [String] {
    var lines: [String] = []
    for (group, list) in root["tool"]?["pdm"]?["dev-dependencies"]?.table ?? [:]
    where normalizedPackageName(group) == name {
      lines += (list.array ?? []).compactMap(\.string)
    }
    let poetry = root["tool"]?["poetry"]
    if name == "dev" { lines += PoetryRequirement.lines(poetry?["dev-dependencies"]) }
    for (group, table) in poetry?["group"]?.table ?? [:] where normalizedPackageName(group) == name {
      lines += PoetryRequirement.lines(table["dependencies"])
    }
    return lines
  }

  /// A group of PEP 735.
  package func hasGroup(_ name: String) -> Bool {
    (root["dependency-groups"]?.table ?? [:]).keys.contains { normalizedPackageName($0) == name }
  }

  /// The names of all its groups, normalised.
  package var groups: Set<String> { Set(ProjectDependencies(root).groups.keys) }
}

/// A dependency as Poetry writes it, in the words of PEP 508.
package enum PoetryRequirement {
  /// - Parameter withOptional: those too that only an extra brings.
  package static func lines(_ table: TomlValue?, withOptional: Bool = true) -> [String] {
    (table?.table ?? [:]).sorted { $0.key < $1.key }.filter { $0.key != "python" }.flatMap { name, value in
      (value.array ?? [value]).filter { withOptional || $0["optional"] != .bare("true") }
        .compactMap { line(name, $0) }
    }
  }

  private static func line(_ name: String, _ value: TomlValue) -> String? {
    let extras = (value["extras"]?.array ?? []).compactMap(\.string)
    let head = name + (extras.isEmpty ? "" : "[\(extras.joined(separator: ","))]")
    let marker = value["markers"]?.string.map { " ; \($0)" } ?? ""
    if let repository = value["git"]?.string {
      let reference = (value["rev"] ?? value["tag"] ?? value["branch"])?.string.map { "@\($0)" } ?? ""
      return "\(head) @ git+\(repository)\(reference)\(marker)"
    }
    if let address = value["url"]?.string { return "\(head) @ \(address)\(marker)" }
    if let path = value["path"]?.string {
      return value["develop"] == .bare("true") ? "-e ./\(path)" : "./\(path)"
    }
    let version = value.string ?? value["version"]?.string ?? "*"
    return specifiers(version).map { head + $0 + marker }
  }

  /// `^1.2` is `>=1.2,<2`; nil for alternatives, which PEP 440 has no word for.
  package static func specifiers(_ text: String) -> String? {
    guard !text.contains("|") else { return nil }
    var result: [String] = []
    for clause in text.split(whereSeparator: { $0 == "," || $0 == " " }).map(String.init) {
      if clause == "*" { continue }
      if clause.hasPrefix("^") || (clause.hasPrefix("~") && !clause.hasPrefix("~=")) {
        let version = String(clause.dropFirst())
        let numbers = version.prefix { $0.isNumber || $0 == "." }.split(separator: ".").compactMap { Int($0) }
        guard !numbers.isEmpty else { return nil }
        let first = numbers.firstIndex { $0 != 0 } ?? numbers.count - 1
        let place = clause.hasPrefix("^") ? first : min(1, numbers.count - 1)
        var next = Array(numbers.prefix(place + 1))
        next[place] += 1
        result.append(">=\(version),<\(next.map(String.init).joined(separator: "."))")
      } else if clause.first?.isNumber == true {
        result.append("==\(clause)")
      } else {
        result.append(clause.hasPrefix("=") && !clause.hasPrefix("==") ? "=\(clause)" : clause)
      }
    }
    return result.joined(separator: ",")
  }
}
