import OutfitCore
import OutfitProfile

/// What a repository says of the Python package that it is, in pyproject.toml, setup.cfg and setup.py, without running
/// any of it.
struct PythonProject {
  /// Who made the file for whom: it decides which groups are there unasked.
  enum Manager { case uv, poetry, pdm }

  let document: TomlDocument?
  /// pyproject.toml is there and can't be read.
  let isMalformed: Bool
  /// The file to name for the project itself; nil where the repository is no package.
  let file: String?
  /// Names as they are written, each with what it asks for itself, and the groups that it includes.
  private(set) var groups: [String: (lines: [RequirementLine], included: [String])] = [:]
  /// Poetry's, that are only there when they are asked for.
  private(set) var optionalGroups: Set<String> = []
  private(set) var extras: [String: [RequirementLine]] = [:]
  private(set) var dependencies: [RequirementLine] = []
  /// Those of them that stand somewhere in full, versions and all.
  private(set) var declared: [RequirementLine] = []
  /// Packages that a manager's own tables take from a repository or an archive.
  private(set) var addressed: Set<String> = []
  /// Groups and extras of which uv can't have all at once.
  private(set) var conflicting: Set<String> = []

  private var root: TomlValue? { document?.root }
  var project: TomlValue? { root?["project"] }
  private var tool: TomlValue? { root?["tool"] }
  var poetry: TomlValue? { tool?["poetry"] }
  var backend: String { root?["build-system"]?["build-backend"]?.string ?? "" }

  init(_ found: [String: String]) {
    let text = found["pyproject.toml"]
    document = text.flatMap { try? TomlReader.document(Array($0.utf8)) }
    isMalformed = text != nil && document == nil
    file = Self.file(found, document?.root)
    readProject()
    readPoetry()
    readPdm()
    readUv()
    readSetup(found)
  }

  /// Whether pyproject.toml is read by poetry.
  var isPoetrys: Bool { poetry != nil || backend.hasPrefix("poetry.") }

  var isPdms: Bool { tool?["pdm"] != nil || backend.hasPrefix("pdm.") }

  var isUvs: Bool { tool?["uv"] != nil || backend.hasPrefix("uv_build") }

  /// Who installs it.
  var manager: Manager { isUvs ? .uv : isPoetrys ? .poetry : isPdms ? .pdm : .uv }

  /// The file describes a project: others only hold settings of tools there.
  var isDescribed: Bool { project != nil || poetry != nil || tool?["flit"]?["metadata"] != nil }

  private static func file(_ found: [String: String], _ root: TomlValue?) -> String? {
    let setup = ["setup.py", "setup.cfg"].first { name in
      name == "setup.py"
        ? found[name]?.contains("setup(") == true
        : found[name]?.contains("[options") == true || found[name]?.contains("[metadata]") == true
    }
    guard let root else { return setup }
    let poetry = root["tool"]?["poetry"]
    if poetry?["package-mode"] == .bare("false") { return setup }
    if poetry != nil || root["tool"]?["flit"]?["metadata"] != nil { return "pyproject.toml" }
    guard let project = root["project"] else { return setup }
    let isBuilt = root["build-system"] != nil || setup != nil
    let isVirtual = root["tool"]?["uv"]?["package"] == .bare("false")
    let asks = project["dependencies"]?.array?.isEmpty == false
    return isBuilt && !isVirtual || asks ? "pyproject.toml" : nil
  }

  // MARK: Groups

  /// What the manager installs when it is told nothing.
  func defaults(for manager: Manager) -> Set<String> {
    switch manager {
    case .poetry: Set(groups.keys).subtracting(optionalGroups)
    case .pdm: Set(groups.keys)
    case .uv:
      if tool?["uv"]?["default-groups"]?.string == "all" {
        Set(groups.keys)
      } else {
        Set(tool?["uv"]?["default-groups"]?.array?.compactMap(\.string) ?? ["dev"])
      }
    }
  }

  /// These groups and all that they include.
  func closure(_ names: some Sequence<String>) -> Set<String> {
    var seen: Set<String> = []
    var open = Array(names)
    while let name = open.popLast() {
      guard
        let key = groups.keys.first(where: { RequirementFiles.normal($0) == RequirementFiles.normal(name) }),
        seen.insert(key).inserted
      else { continue }
      open += groups[key]?.included ?? []
    }
    return seen
  }

  private static let wanted: Set<String> = [
    "test", "tests", "testing", "dev", "develop", "development",
  ]

  /// Whether a group or an extra of that name is there for those who work on the project.
  static func isForTests(_ name: String) -> Bool { wanted.contains(RequirementFiles.normal(name)) }

  static func hasRunner(_ lines: [RequirementLine]) -> Bool {
    lines.contains { line in
      if case .package(let package) = line.content {
        return RequirementFiles.isRunner(RequirementFiles.normal(package.name))
      }
      return false
    }
  }

  // MARK: Reading

  private static func lines(_ value: TomlValue?) -> [RequirementLine] {
    (value?.array ?? []).compactMap(\.string).map { RequirementLine.requirement($0, line: 1) }
  }

  private mutating func add(_ name: String, _ value: TomlValue?) {
    let included = (value?.array ?? []).compactMap { $0["include-group"]?.string }
    groups[name, default: ([], [])].lines += Self.lines(value)
    groups[name, default: ([], [])].included += included
  }

  private mutating func readProject() {
    declared = Self.lines(project?["dependencies"])
    for (name, value) in project?["optional-dependencies"]?.table ?? [:] { extras[name] = Self.lines(value) }
    for (name, value) in root?["dependency-groups"]?.table ?? [:] { add(name, value) }
    for (name, value) in tool?["flit"]?["metadata"]?["requires-extra"]?.table ?? [:] {
      extras[name] = Self.lines(value)
    }
    declared += Self.lines(tool?["flit"]?["metadata"]?["requires"])
    dependencies = declared
  }

  private mutating func readPoetry() {
    guard let poetry else { return }
    func read(_ table: TomlValue?) -> [RequirementLine] {
      (table?.table ?? [:]).compactMap { name, value in
        if value["git"] != nil || value["url"]?.string.map({ !$0.hasSuffix(".whl") }) == true {
          addressed.insert(RequirementFiles.normal(name))
        }
        return name == "python" ? nil : RequirementLine.requirement(name, line: 1)
      }
    }
    dependencies += read(poetry["dependencies"])
    if let old = poetry["dev-dependencies"] { groups["dev"] = (read(old), []) }
    for (name, group) in poetry["group"]?.table ?? [:] {
      groups[name, default: ([], [])].lines += read(group["dependencies"])
      groups[name, default: ([], [])].included += group["include-groups"]?.array?.compactMap(\.string) ?? []
      if group["optional"] == .bare("true") { optionalGroups.insert(name) }
    }
    for (name, value) in poetry["extras"]?.table ?? [:] where extras[name] == nil {
      extras[name] = Self.lines(value)
    }
  }

  private mutating func readPdm() {
    for (name, value) in tool?["pdm"]?["dev-dependencies"]?.table ?? [:] { add(name, value) }
  }

  private mutating func readUv() {
    let uv = tool?["uv"]
    if let old = uv?["dev-dependencies"] { add("dev", old) }
    for (name, source) in uv?["sources"]?.table ?? [:] {
      for one in source.array ?? [source]
      where one["git"] != nil || one["url"]?.string.map({ !$0.hasSuffix(".whl") }) == true {
        addressed.insert(RequirementFiles.normal(name))
      }
    }
    for set in uv?["conflicts"]?.array ?? [] {
      conflicting.formUnion((set.array ?? []).compactMap { $0["extra"]?.string ?? $0["group"]?.string })
    }
  }

  private mutating func readSetup(_ found: [String: String]) {
    guard project == nil || project?["dynamic"] != nil else { return }
    let configuration = SetupConfiguration(found["setup.cfg"] ?? "")
    let texts = configuration.dependencies + SetupProgram(found["setup.py"] ?? "").dependencies
    declared += texts
    dependencies += texts
    for (name, lines) in configuration.extras where extras[name] == nil { extras[name] = lines }
    for name in SetupFiles.extras(found["setup.cfg"] ?? "", program: found["setup.py"] ?? "")
    where extras[name] == nil {
      extras[name] = []
    }
  }
}

/// The extras of a setup.cfg, and of a setup.py as far as they stand there as text.
enum SetupFiles {
  static func extras(_ configuration: String, program: String) -> [String] {
    var names = SetupConfiguration(configuration).extras.keys.sorted()
    for name in inProgram(program) where !names.contains(name) { names.append(name) }
    return names
  }

  /// The keys of the first table with `extras` in its name.
  private static func inProgram(_ text: String) -> [String] {
    var rest = Substring(text)
    while let word = ["extras", "EXTRAS"].compactMap({ rest.firstRange(of: $0) })
      .min(by: { $0.lowerBound < $1.lowerBound })
    {
      rest = rest[word.upperBound...]
      var after = rest.drop { $0.isLetter || $0 == "_" || "'\"]".contains($0) }.drop(while: \.isWhitespace)
      guard let mark = after.first, mark == "=" || mark == ":" else { continue }
      after = after.dropFirst().drop(while: \.isWhitespace)
      guard after.first == "{" else { continue }
      return keys(after)
    }
    return []
  }

  private static func keys(_ text: Substring) -> [String] {
    var names: [String] = []
    var (depth, word): (Int, String?) = (0, nil)
    var quote: Character?
    var isComment = false
    for character in text.prefix(20_000) {
      if isComment {
        isComment = !character.isNewline
      } else if let open = quote {
        if character == open { quote = nil } else { word?.append(character) }
      } else if character == "\"" || character == "'" {
        (quote, word) = (character, "")
      } else if character == "#" {
        isComment = true
      } else if "{[(".contains(character) {
        depth += 1
        word = nil
      } else if "}])".contains(character) {
        depth -= 1
        if depth == 0 { break }
      } else if character == ":", depth == 1, let name = word {
        names.append(name)
        word = nil
      } else if character == "," {
        word = nil
      }
    }
    return names.filter(isName)
  }

  static func isName(_ name: String) -> Bool {
    !name.isEmpty && name.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "-_.".contains($0)) }
  }
}
