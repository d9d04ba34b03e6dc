import OutfitCore
import OutfitProfile

/// What tox, nox and hatch install for the tests of a project, as their own files say it. None of it is run.
struct TestInstallation {
  /// The packages that one of them names beside a test runner, that too.
  struct Place: Hashable {
    /// `tox.ini:12`.
    var place: String
    /// As they stand there.
    var packages: [String]
  }

  /// In the order in which the files count.
  private(set) var places: [Place] = []
  /// Requirements files that are installed for the tests.
  private(set) var files: [String] = []

  /// The files that are read.
  static let files = ["tox.ini", "tox.toml", "noxfile.py", "hatch.toml"]

  /// - Parameter found: texts by name.
  init(_ found: [String: String]) {
    for name in ["tox.ini", "setup.cfg"] { read(ini: found[name] ?? "", name, from: 1) }
    readToml(found)
    readNox(found["noxfile.py"] ?? "")
    for environment in HatchEnvironments(found).all where environment.isForTests {
      // Hatch brings the runner of this one itself.
      let own = environment.name == "hatch-test" ? ["pytest"] : []
      add(own + environment.packages, environment.place, for: environment.name)
    }
  }

  /// - Parameters:
  ///   - items: requirements and `-r FILE`, one each.
  ///   - name: of the environment or the session that installs them.
  private mutating func add(_ items: [String], _ place: String, for name: String) {
    let isForTests =
      name.isEmpty || name.hasPrefix("py") || name.contains("test") || name == "env_run_base"
    var packages: [String] = []
    for item in items {
      if let file = Self.file(item) {
        if isForTests, !files.contains(file) { files.append(file) }
      } else if case .package = RequirementLine.requirement(item, line: 1).content {
        packages.append(item)
      }
    }
    let hasRunner = PythonProject.hasRunner(packages.map { RequirementLine.requirement($0, line: 1) })
    if hasRunner { places.append(Place(place: place, packages: packages)) }
  }

  /// The file of `-r FILE`, relative to the folder.
  private static func file(_ item: String) -> String? {
    guard let option = ["--requirement=", "--requirement ", "-r"].first(where: { item.hasPrefix($0) }) else {
      return nil
    }
    var path = item.dropFirst(option.count).drop { $0 == " " }
    for folder in ["{toxinidir}", "{tox_root}", "{[tox]toxinidir}"] where path.hasPrefix(folder) {
      path = path.dropFirst(folder.count).drop { $0 == "/" }
    }
    guard !path.isEmpty, !path.contains("{") else { return nil }
    return RequirementFiles.included(String(path), by: "tox.ini")
  }

  // MARK: tox

  /// `deps` of the sections for tests: indented lines go on, and `py312: six` is for some environments alone.
  private mutating func read(ini text: String, _ name: String, from first: Int) {
    var section: String?
    var items: [String] = []
    var start: Int?
    for (index, line) in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
      .enumerated()
    {
      let words = line.drop { $0 == " " || $0 == "\t" }
      guard let mark = words.first, mark != "#", mark != ";" else { continue }
      if words.startIndex != line.startIndex, start != nil {
        items.append(String(words))
        continue
      }
      if let start { add(items.map(Self.withoutFactor), "\(name):\(start)", for: section ?? "") }
      (items, start) = ([], nil)
      if mark == "[" {
        let header = words.dropFirst().prefix { $0 != "]" }
        section = header.hasPrefix("testenv") ? String(header.dropFirst(8)) : nil
      } else if section != nil, let equals = words.firstIndex(of: "="),
        words[..<equals].filter({ $0 != " " }) == "deps"
      {
        start = index + first
        let value = words[words.index(after: equals)...].drop { $0 == " " }
        items = value.isEmpty ? [] : [String(value)]
      }
    }
    if let start { add(items.map(Self.withoutFactor), "\(name):\(start)", for: section ?? "") }
  }

  /// `py312,py313: six` is `six`.
  private static func withoutFactor(_ item: String) -> String {
    let item = item.firstRange(of: " #").map { String(item[..<$0.lowerBound]) } ?? item
    guard let colon = item.firstIndex(of: ":"), !item[..<colon].contains("[") else { return item }
    let after = item[item.index(after: colon)...]
    guard after.first == " " || after.first == "\t" else { return item }
    return String(after.drop { $0 == " " || $0 == "\t" })
  }

  private mutating func readToml(_ found: [String: String]) {
    let places = [("tox.toml", [String]()), ("pyproject.toml", ["tool", "tox"])]
    for (name, path) in places {
      guard let document = found[name].flatMap({ try? TomlReader.document(Array($0.utf8)) }),
        let root = path.reduce(Optional(document.root), { $0?[$1] })
      else { continue }
      if let text = root["legacy_tox_ini"]?.string {
        read(ini: text, name, from: document.line(of: path + ["legacy_tox_ini"]) + 1)
      }
      let environments: [[String]] =
        [["env_run_base"]] + (root["env"]?.table ?? [:]).keys.sorted().map { ["env", $0] }
      for environment in environments {
        let list = (environment + ["deps"]).reduce(Optional(root), { $0?[$1] })?.array ?? []
        let line = document.line(of: path + environment + ["deps"])
        add(list.compactMap(\.string), "\(name):\(line)", for: environment.last ?? "")
      }
    }
  }

  // MARK: nox

  /// The texts that stand in each call of `install`.
  private mutating func readNox(_ text: String) {
    var rest = Substring(text)
    while let call = rest.firstRange(of: ".install(") {
      let line = text[..<call.lowerBound].count(where: \.isNewline) + 1
      rest = rest[call.upperBound...]
      let texts = Self.texts(rest)
      var items: [String] = []
      for (index, word) in texts.enumerated() {
        let isFile = index > 0 && ["-r", "--requirement"].contains(texts[index - 1])
        if isFile || !word.hasPrefix("-") || word.hasPrefix("-r") && word.count > 2 {
          items.append(isFile ? "-r \(word)" : word)
        }
      }
      let definition = text[..<call.lowerBound].split(separator: "\n").last { $0.hasPrefix("def ") }
      let session = definition.map { String($0.dropFirst(4).prefix { $0 != "(" }) }
      add(items, "noxfile.py:\(line)", for: session ?? "")
    }
  }

  /// The plain texts up to the bracket that closes the call.
  private static func texts(_ text: Substring) -> [String] {
    var texts: [String] = []
    var (depth, word, before): (Int, String, Character) = (1, "", " ")
    var quote: Character?
    var isComment = false
    for character in text.prefix(4_000) {
      if isComment {
        isComment = !character.isNewline
      } else if let open = quote {
        if character == open {
          quote = nil
          if before != "f" { texts.append(word) }
        } else {
          word.append(character)
        }
        continue
      } else if character == "\"" || character == "'" {
        (quote, word) = (character, "")
        continue
      } else if character == "#" {
        isComment = true
      } else if "([{".contains(character) {
        depth += 1
      } else if ")]}".contains(character) {
        depth -= 1
        if depth == 0 { break }
      }
      before = character
    }
    return texts
  }
}

/// The environments of hatch, of hatch.toml and of pyproject.toml.
struct HatchEnvironments {
  struct Environment {
    var name: String
    /// `hatch.toml:3`.
    var place: String
    var features: [String]
    var groups: [String]
    /// Those that the environment alone lists.
    var packages: [String]

    var isForTests: Bool { ["default", "test", "tests", "hatch-test"].contains(name) }
  }

  /// By name, those of hatch.toml first.
  private(set) var all: [Environment] = []

  init(_ found: [String: String]) {
    for (file, path) in [("hatch.toml", ["envs"]), ("pyproject.toml", ["tool", "hatch", "envs"])] {
      guard let document = found[file].flatMap({ try? TomlReader.document(Array($0.utf8)) }) else { continue }
      let environments = path.reduce(Optional(document.root), { $0?[$1] })?.table ?? [:]
      for (name, table) in environments.sorted(by: { $0.key < $1.key })
      where !all.contains(where: { $0.name == name }) {
        func list(_ key: String) -> [String] { table[key]?.array?.compactMap(\.string) ?? [] }
        all.append(
          Environment(
            name: name, place: "\(file):\(document.line(of: path + [name]))", features: list("features"),
            groups: list("dependency-groups"), packages: list("dependencies") + list("extra-dependencies")))
      }
    }
  }
}
