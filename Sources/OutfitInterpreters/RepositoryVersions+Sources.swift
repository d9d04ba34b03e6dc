import OutfitCore
import OutfitProfile

/// Where the versions of a repository stand.
extension RepositoryVersions {
  /// What speaks for some lines more than for others, where several fit.
  struct Preference {
    /// The lines, as numbers: 3.12.
    var lines: Set<[Int]>
    var reason: String
    /// The project's own word for what it runs on: where all of these are mended no more, the next one to them is the
    /// likeliest to do.
    var isSupport = false
  }

  static func wishes(_ found: [String: String], _ language: Language, _ known: LongTermLines) -> [Wish] {
    var wishes: [Wish] = []
    func add(_ file: String, _ line: Int, _ text: some StringProtocol) {
      wishes.append(
        Wish(
          place: "\(file):\(line)",
          wish: VersionWish(text, line: line, for: language, knowing: known)))
    }
    for file in VersionFile.names(for: language) {
      guard let text = found[file] else { continue }
      wishes += VersionFile.wishes(in: text, named: file, for: language, knowing: known).map {
        Wish(place: "\(file):\($0.line)", wish: $0)
      }
    }
    for file in ["mise.toml", ".mise.toml", ".config/mise.toml"] {
      guard let document = toml(found[file]) else { continue }
      let names = language == .python ? ["python", "core:python"] : ["node", "nodejs", "core:node"]
      for name in names {
        guard let value = document.root["tools"]?[name] else { continue }
        let texts = (value.array ?? [value]).compactMap { $0.string ?? $0["version"]?.string }
        for text in texts { add(file, document.line(of: ["tools", name]), text) }
      }
    }
    switch language {
    case .python:
      for (index, line) in lines(found["runtime.txt"]).enumerated() where line.hasPrefix("python-") {
        let text = line.dropFirst(7)
        add("runtime.txt", index + 1, text.hasSuffix(".x") ? text.dropLast(2) : text)
      }
      if let document = toml(found["Pipfile"]) {
        for key in ["python_full_version", "python_version"] {
          guard let text = document.root["requires"]?[key]?.string else { continue }
          add("Pipfile", document.line(of: ["requires", key]), text)
          break
        }
      }
    case .node:
      if let text = found["package.json"], let volta = Self.volta(text) {
        add("package.json", volta.line, volta.text)
      }
    }
    for name in Self.dockerfiles {
      guard let image = image(found[name], language) else { continue }
      // An image's own release need not be had as anything else; what it is one of is.
      let parts = image.tag.split(separator: ".")
      let line =
        parts.count > 2 ? parts.prefix(language == .python ? 2 : 1).joined(separator: ".") : image.tag
      add(name, image.line, line)
      break
    }
    return wishes
  }

  static func bounds(_ found: [String: String], _ language: Language) -> [Bound] {
    var bounds = VersionBound.files(for: language).flatMap { file in
      VersionBound.bounds(in: found[file] ?? "", named: file).map {
        Bound(place: "\(file):\($0.line)", bound: $0)
      }
    }
    guard language == .python, bounds.isEmpty else { return bounds }
    // A lock repeats what its project says; alone, it says it itself.
    let keys = [
      ("uv.lock", ["requires-python"], VersionRange.Dialect.python),
      ("pylock.toml", ["requires-python"], .python),
      ("poetry.lock", ["metadata", "python-versions"], .poetry),
    ]
    for (file, path, dialect) in keys {
      guard let document = toml(found[file]),
        let text = path.reduce(Optional(document.root), { $0?[$1] })?.string, text != "*"
      else { continue }
      let line = document.line(of: path)
      bounds.append(
        Bound(
          place: "\(file):\(line)",
          bound: VersionBound(key: path.last ?? "", text: text, line: line, dialect: dialect)))
      break
    }
    return bounds
  }

  // MARK: What speaks for a line

  private static let locks = ["uv.lock", "poetry.lock", "pdm.lock", "pylock.toml"]

  static func preferences(_ found: [String: String], _ language: Language) -> [Preference] {
    guard language == .python else { return [] }
    var preferences: [Preference] = []
    let (wheels, classified) = (wheels(found), classifiers(found))
    let hasLock = locks.contains { found[$0] != nil }
    for level in wheels {
      if let classified, case let both = level.lines.intersection(classified.lines), !both.isEmpty {
        preferences.append(Preference(lines: both, reason: level.reason))
      }
      preferences.append(level)
    }
    preferences += [wheels.isEmpty && !hasLock ? pins(found) : nil, classified].compactMap(\.self)
    return preferences
  }

  /// The lines that the project says it runs on, by its classifiers.
  private static func classifiers(_ found: [String: String]) -> Preference? {
    for file in ["pyproject.toml", "setup.cfg", "setup.py"] {
      var lines: Set<[Int]> = []
      for line in Self.lines(found[file]) {
        guard let mark = line.firstRange(of: "Programming Language :: Python :: 3.") else { continue }
        let digits = line[mark.upperBound...].prefix(while: \.isNumber)
        if let minor = Int(digits), line.first != "#" { lines.insert([3, minor]) }
      }
      if let last = lines.map({ $0[1] }).max() {
        return Preference(
          lines: lines, reason: "3.\(last) is the last that \(file) has a classifier for", isSupport: true)
      }
    }
    return nil
  }

  /// The lines that the oldest pin of the requirements files knows.
  private static func pins(_ found: [String: String]) -> Preference? {
    let files = found.filter { $0.key.hasSuffix(".txt") && $0.key.contains("require") }
    return PinnedPackages.preference(files).map { oldest in
      Preference(
        lines: Set((0...max(0, oldest.last)).map { [3, $0] }), reason: oldest.reason, isSupport: true)
    }
  }

  /// The lines for which the most packages of a lock have wheels, then those too for which one less has, and so on: the
  /// best may have ended, and a package that only they need has wheels for no other.
  private static func wheels(_ found: [String: String]) -> [Preference] {
    for file in locks {
      guard let text = found[file] else { continue }
      let packages = LockedWheels.read(text)
      let lines = (9...40).map { minor in
        (minor: minor, missing: packages.count { !$0.hasOne(minor: minor) })
      }
      // What ends with a line is in no later one: only what later ones have fewer of speaks against them.
      let levels = Set(lines.map(\.missing)).sorted().dropLast()
      return levels.map { level in
        Preference(
          lines: Set(lines.filter { $0.missing <= level }.map { [3, $0.minor] }),
          reason: level == levels.first
            ? "\(file) has the most wheels for it" : "\(file) has fewer wheels for later ones")
      }
    }
    return []
  }

  // MARK: Files

  static func toml(_ text: String?) -> TomlDocument? {
    text.flatMap { try? TomlReader.document(Array($0.utf8)) }
  }

  private static func lines(_ text: String?) -> [Substring] {
    (text ?? "").plainLines.map { line in
      var line = line.drop { $0 == " " || $0 == "\t" }
      while line.last == " " || line.last == "\t" { line.removeLast() }
      return line
    }
  }

  /// The version that volta pins Node to.
  private static func volta(_ text: String) -> (text: String, line: Int)? {
    var isInside = false
    for (index, line) in text.plainLines.enumerated() {
      isInside = isInside || line.contains("\"volta\"")
      guard isInside, let key = line.firstRange(of: "\"node\"") else { continue }
      let rest = line[key.upperBound...].split(separator: "\"", omittingEmptySubsequences: false)
      return rest.count > 1 ? (String(rest[1]), index + 1) : nil
    }
    return nil
  }

  /// The tag of the first `FROM name:tag`, up to what is no version.
  private static func image(_ text: String?, _ language: Language) -> (tag: String, line: Int)? {
    for (index, line) in lines(text).enumerated() where line.lowercased().hasPrefix("from ") {
      let words = line.split(separator: " ").dropFirst()
      guard let reference = words.first(where: { !$0.hasPrefix("--") }),
        let last = reference.split(separator: "/").last, last.hasPrefix("\(language):")
      else { continue }
      let tag = last.dropFirst(language.rawValue.count + 1).prefix { $0.isNumber || $0 == "." }
      if Version(tag) != nil { return (String(tag), index + 1) }
    }
    return nil
  }
}
