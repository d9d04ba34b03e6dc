import SystemPackage

/// `core.hooksPath` from wherever git reads it (git-config(1)): the system's, the user's, the repository's and the work
/// tree's file, what these include, and the environment. The last one counts.
struct GitSettings {
  let folders: GitFolders
  let environment: [String: String]
  let known: (Query) -> Answer?

  private var unknown: [Query] = []
  private var found: (value: String, file: FilePath)?
  private var usesWorkTreeFile = false

  init(_ folders: GitFolders, _ environment: [String: String], known: @escaping (Query) -> Answer?) {
    self.folders = folders
    self.environment = environment
    self.known = known
  }

  /// What must be asked, or the value and the file that has it.
  static func hooksPath(
    _ folders: GitFolders, _ environment: [String: String], known: @escaping (Query) -> Answer?
  ) -> Round<(path: FilePath, setBy: FilePath)?> {
    var settings = GitSettings(folders, environment, known: known)
    for file in settings.files { settings.read(file, depth: 0) }
    if settings.usesWorkTreeFile {
      settings.read(folders.directory.appending("config.worktree"), depth: 0)
    }
    settings.readEnvironment()
    guard settings.unknown.isEmpty else { return .ask(settings.unknown) }
    guard let found = settings.found, !found.value.isEmpty else { return .done(nil) }
    let path = folders.workTree.pushing(settings.expanded(found.value, below: nil)).lexicallyNormalized()
    return .done((path, found.file))
  }

  private var home: FilePath? { environment["HOME"].map { FilePath($0) } }

  /// In the order in which git reads them.
  private var files: [FilePath] {
    var files: [FilePath] = []
    if let system = environment["GIT_CONFIG_SYSTEM"], !system.isEmpty {
      files.append(FilePath(system))
    } else if !["1", "true", "yes", "on"].contains(environment["GIT_CONFIG_NOSYSTEM"] ?? "") {
      files.append("/etc/gitconfig")
    }
    if let global = environment["GIT_CONFIG_GLOBAL"] {
      if !global.isEmpty { files.append(FilePath(global)) }
    } else {
      if let place = environment["XDG_CONFIG_HOME"].map({ FilePath($0) }), place.isAbsolute {
        files.append(place.pushing("git/config"))
      } else if let home {
        files.append(home.pushing(".config/git/config"))
      }
      if let home { files.append(home.appending(".gitconfig")) }
    }
    return files.filter(\.isAbsolute) + [folders.common.appending("config")]
  }

  private mutating func read(_ file: FilePath, depth: Int) {
    guard depth < 10 else { return }
    guard let answer = known(.contents(file)) else { return unknown.append(.contents(file)) }
    guard case .contents(let bytes) = answer else { return }
    for setting in GitSetting.all(in: String(decoding: bytes, as: UTF8.self)) {
      switch (setting.section, setting.name) {
      case ("core", "hookspath"): found = (setting.value, file)
      case ("extensions", "worktreeconfig"): usesWorkTreeFile = setting.value.lowercased() != "false"
      case ("include", "path"):
        read(expanded(setting.value, below: file.removingLastComponent()), depth: depth + 1)
      case ("includeif", "path"):
        guard includes(setting.condition, file) else { continue }
        read(expanded(setting.value, below: file.removingLastComponent()), depth: depth + 1)
      default: continue
      }
    }
  }

  private mutating func readEnvironment() {
    guard let count = environment["GIT_CONFIG_COUNT"].flatMap({ Int($0) }), count > 0 else { return }
    for number in 0..<min(count, 1000) {
      guard environment["GIT_CONFIG_KEY_\(number)"]?.lowercased() == "core.hookspath",
        let value = environment["GIT_CONFIG_VALUE_\(number)"]
      else { continue }
      found = (value, "GIT_CONFIG_COUNT")
    }
  }

  private func expanded(_ text: String, below folder: FilePath?) -> FilePath {
    if text.hasPrefix("~/"), let home { return home.pushing(FilePath(String(text.dropFirst(2)))) }
    return folder.map { $0.pushing(FilePath(text)).lexicallyNormalized() } ?? FilePath(text)
  }

  /// `gitdir:` alone: the others depend on what is checked out.
  private func includes(_ condition: String, _ file: FilePath) -> Bool {
    let parts = condition.split(separator: ":", maxSplits: 1).map(String.init)
    guard parts.count == 2, ["gitdir", "gitdir/i"].contains(parts[0].lowercased()) else { return false }
    var pattern = parts[1]
    if pattern.hasPrefix("./") {
      pattern =
        file.removingLastComponent().appending(String(pattern.dropFirst(2))).string
        + (pattern.hasSuffix("/") ? "/" : "")
    } else if pattern.hasPrefix("~/"), let home {
      pattern = home.string + pattern.dropFirst(1)
    } else if !pattern.hasPrefix("/") {
      pattern = "**/" + pattern
    }
    if pattern.hasSuffix("/") { pattern += "**" }
    var text = folders.directory.string
    if parts[0].lowercased() == "gitdir/i" { (pattern, text) = (pattern.lowercased(), text.lowercased()) }
    return Self.matches(Array(pattern.utf8)[...], Array(text.utf8)[...])
  }

  /// `*` and `?` within a name, `**` over folders.
  private static func matches(_ pattern: ArraySlice<UInt8>, _ text: ArraySlice<UInt8>) -> Bool {
    let (star, slash) = (UInt8(ascii: "*"), UInt8(ascii: "/"))
    guard let first = pattern.first else { return text.isEmpty }
    if first == star {
      let isDeep = pattern.starts(with: [star, star])
      let rest = pattern.drop { $0 == star }
      if isDeep, rest.first == slash, matches(rest.dropFirst(), text) { return true }
      for end in text.startIndex...text.endIndex {
        if matches(rest, text[end...]) { return true }
        if end < text.endIndex, text[end] == slash, !isDeep { return false }
      }
      return false
    }
    guard let next = text.first else { return false }
    guard first == next || (first == UInt8(ascii: "?") && next != slash) else { return false }
    return matches(pattern.dropFirst(), text.dropFirst())
  }
}

/// One line of a git configuration file.
private struct GitSetting {
  /// In lower case, as the name is.
  var section: String
  /// What stands in quotes behind it.
  var condition: String
  var name: String
  var value: String

  static func all(in text: String) -> [GitSetting] {
    var settings: [GitSetting] = []
    var section = ""
    var condition = ""
    let lines = text.replacing("\\\r\n", with: "").replacing("\\\n", with: "")
    for line in lines.split(whereSeparator: \.isNewline) {
      var rest = line.drop(while: \.isWhitespace)
      if rest.hasPrefix("[") {
        rest = rest.dropFirst()
        section = rest.prefix { !$0.isWhitespace && $0 != "]" && $0 != "\"" }.lowercased()
        rest = rest.dropFirst(section.count).drop(while: \.isWhitespace)
        condition = ""
        if rest.hasPrefix("\"") {
          rest = rest.dropFirst()
          while let character = rest.first, character != "\"" {
            rest = rest.dropFirst()
            guard character == "\\", let next = rest.first else {
              condition.append(character)
              continue
            }
            condition.append(next)
            rest = rest.dropFirst()
          }
        }
        guard let end = rest.firstIndex(of: "]") else { continue }
        rest = rest[rest.index(after: end)...].drop(while: \.isWhitespace)
      }
      let name = rest.prefix { $0.isLetter || $0.isNumber || $0 == "-" }.lowercased()
      guard !name.isEmpty else { continue }
      rest = rest.dropFirst(name.count).drop(while: \.isWhitespace)
      let value = rest.hasPrefix("=") ? Self.value(rest.dropFirst()) : "true"
      settings.append(GitSetting(section: section, condition: condition, name: name, value: value))
    }
    return settings
  }

  private static func value(_ text: Substring) -> String {
    var value = ""
    /// How much of it may not be trimmed.
    var firm = 0
    var isQuoted = false
    var rest = text.drop(while: \.isWhitespace)
    while let character = rest.first {
      rest = rest.dropFirst()
      if !isQuoted, character == "#" || character == ";" { break }
      if character == "\"" {
        isQuoted.toggle()
        firm = value.count
      } else if character == "\\", let next = rest.first {
        value.append(next == "n" ? "\n" : next == "t" ? "\t" : next)
        rest = rest.dropFirst()
        firm = value.count
      } else {
        value.append(character)
        if isQuoted { firm = value.count }
      }
    }
    while value.count > firm, value.last?.isWhitespace == true { value.removeLast() }
    return value
  }
}
