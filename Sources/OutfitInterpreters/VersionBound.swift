import OutfitCore
import OutfitProfile

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// What a project's own description demands of its interpreter: it chooses none, and the one that was chosen
/// should satisfy it. `requires-python` of pyproject.toml (PEP 621), Poetry's `python`, `python_requires` of
/// setup.cfg and setup.py, `engines.node` and `devEngines.runtime` of package.json.
public struct VersionBound: Hashable, Sendable {
  /// `requires-python`, `engines.node`: what it is called where it stands.
  public let key: String
  public let text: String
  /// From 1.
  public let line: Int
  /// Any of these will do; nil when the text is not understood.
  let range: VersionRange?

  init(key: String, text: String, line: Int, dialect: VersionRange.Dialect) {
    self.key = key
    self.text = text
    self.line = line
    range = VersionRange(text, dialect: dialect)
  }

  /// Nil when that is not known.
  public func accepts(_ version: Version) -> Bool? { range.map { $0.accepts(version) } }

  /// The files that may hold a bound.
  public static func files(for language: Language) -> [String] {
    language == .python ? ["pyproject.toml", "setup.cfg", "setup.py"] : ["package.json"]
  }

  /// No honest one is larger, in bytes.
  public static let limit: Int64 = 1 << 20

  /// The bounds in that file's text.
  /// - Parameter file: its name without folders.
  public static func bounds(in text: String, named file: String) -> [VersionBound] {
    switch file {
    case "pyproject.toml": pyproject(text)
    case "setup.cfg": configuration(text)
    case "setup.py": program(text)
    case "package.json": package(text)
    default: []
    }
  }

  /// Two keys of a TOML file, by line: each is a table's header away, or in a table on one line, and a string.
  private static func pyproject(_ text: String) -> [VersionBound] {
    var table = ""
    var bounds: [VersionBound] = []
    let lines = text.plainLines
    for (index, line) in lines.enumerated() {
      let bare = line.drop { $0 == " " || $0 == "\t" }
      if bare.hasPrefix("[") {
        table = String(bare.prefix { $0 != "#" }.filter { !"[] \t\"".contains($0) })
        continue
      }
      guard let equals = bare.firstIndex(of: "=") else { continue }
      let name = bare[..<equals].filter { !" \t\"'".contains($0) }
      let path = table.isEmpty ? name : "\(table).\(name)"
      let content = bare[bare.index(after: equals)...]
      let keys = ["project.requires-python", "tool.poetry.dependencies.python"]
      var found: String?
      if keys.contains(path) {
        found = quoted(content, lines[(index + 1)...]) ?? inTable(content, "version")
      } else if let key = keys.first(where: { $0.hasPrefix(path + ".") }) {
        found = inTable(content, String(key.dropFirst(path.count + 1)))
      } else if path == "tool.poetry.dependencies.python.version" {
        found = quoted(content, lines[(index + 1)...])
      }
      guard let value = found else { continue }
      let isPoetrys = path.hasPrefix("tool.")
      bounds.append(
        VersionBound(
          key: isPoetrys ? "python" : "requires-python", text: value, line: index + 1,
          dialect: isPoetrys ? .poetry : .python))
    }
    return bounds
  }

  /// A string, also one in three quotes that goes on in the lines below.
  private static func quoted(_ text: Substring, _ below: ArraySlice<Substring> = []) -> String? {
    let rest = text.drop { $0 == " " || $0 == "\t" }
    guard let quote = rest.first, quote == "\"" || quote == "'" else { return nil }
    let long = String(repeating: quote, count: 3)
    if rest.hasPrefix(long) {
      let whole = ([rest.dropFirst(3)] + below).joined(separator: " ")
      guard let end = whole.firstRange(of: long) else { return nil }
      return String(
        whole[..<end.lowerBound].filter { $0 != "\\" }.split(separator: " ").joined(separator: " "))
    }
    let inner = rest.dropFirst()
    guard let end = inner.firstIndex(of: quote) else { return nil }
    return String(inner[..<end])
  }

  /// A key's string in a table on one line: `{version = ">=3.11", optional = true}`.
  private static func inTable(_ text: Substring, _ key: String) -> String? {
    let rest = text.drop { $0 == " " || $0 == "\t" }
    guard rest.first == "{" else { return nil }
    var quote: Character?
    var word = ""
    for index in rest.indices.dropFirst() {
      let character = rest[index]
      if let open = quote {
        if character == open { quote = nil }
      } else if character == "\"" || character == "'" {
        quote = character
      } else if character == "=" {
        if word == key { return quoted(rest[rest.index(after: index)...]) }
        word = ""
      } else if ",{}[]".contains(character) {
        word = ""
      } else if character != " ", character != "\t" {
        word.append(character)
      }
    }
    return nil
  }
}

/// A range of versions in the dialect of PEP 440, Poetry or npm.
struct VersionRange: Hashable, Sendable {
  enum Dialect { case python, poetry, npm }

  private struct Clause: Hashable {
    var request: VersionRequest
    var isExcluded = false
  }

  private let alternatives: [[Clause]]

  func accepts(_ version: Version) -> Bool {
    let plain = Version(version.release, prerelease: version.prerelease)
    return alternatives.contains { clauses in
      clauses.allSatisfy { $0.request.accepts(plain) != $0.isExcluded }
    }
  }

  /// Nil for what is not understood.
  init?(_ text: String, dialect: Dialect) {
    var alternatives: [[Clause]] = []
    let pieces =
      dialect == .python ? [text[...]] : text.split(separator: "|", omittingEmptySubsequences: true)
    for piece in pieces {
      guard let clauses = Self.clauses(piece, dialect) else { return nil }
      alternatives.append(clauses)
    }
    guard !alternatives.isEmpty else { return nil }
    self.alternatives = alternatives
  }

  private static func clauses(_ text: Substring, _ dialect: Dialect) -> [Clause]? {
    let words = joined(text)
    if words.count == 3, words[1] == "-" {
      guard let low = Version(words[0]), let high = Version(words[2]) else { return nil }
      return [request(">=\(low)"), request(high.release.count < 3 ? "<\(next(high))" : "<=\(high)")]
        .compactMap(\.self)
    }
    var clauses: [Clause] = []
    for word in words {
      guard let more = Self.clause(word, dialect) else { return nil }
      clauses += more
    }
    return clauses
  }

  /// The comparisons, each in one word: `>= 18` is one.
  private static func joined(_ text: Substring) -> [String] {
    var words: [String] = []
    for word in text.split(whereSeparator: { $0 == "," || $0.isWhitespace }) {
      if let last = words.last, !last.isEmpty, last.allSatisfy({ "<>=!~^".contains($0) }) {
        words[words.count - 1] = last + word
      } else {
        words.append(String(word))
      }
    }
    return words
  }

  private static func clause(_ word: String, _ dialect: Dialect) -> [Clause]? {
    let sign = word.prefix { "<>=!~^".contains($0) }
    var rest = String(word.dropFirst(sign.count))
    if dialect == .npm {
      while rest.hasSuffix(".x") || rest.hasSuffix(".X") || rest.hasSuffix(".*") { rest.removeLast(2) }
      if ["x", "X", "*", ""].contains(rest) { return [] }
    }
    if rest == "*" { return [] }
    let isPrefix = rest.hasSuffix(".*")
    if isPrefix { rest.removeLast(2) }
    guard let version = Version(rest) else { return nil }
    func all(_ texts: String...) -> [Clause]? {
      let requests = texts.map { request($0) }
      return requests.contains(nil) ? nil : requests.compactMap(\.self)
    }
    switch sign {
    case "^":
      let index = version.release.firstIndex { $0 != 0 } ?? version.release.count - 1
      let upper = next(Version(Array(version.release.prefix(index + 1))))
      return all(">=\(version)", "<\(upper)")
    case "~": return all(">=\(version)", "<\(next(Version(Array(version.release.prefix(2)))))")
    case "!=":
      return request(isPrefix ? "\(version).*" : "==\(version)").map {
        [Clause(request: $0.request, isExcluded: true)]
      }
    case "", "=", "==", "===":
      let isExact = version.release.count >= 3 && !isPrefix
      if dialect == .python, !isPrefix, !sign.isEmpty { return all("==\(version)") }
      return all(isExact ? "==\(version)" : "\(version).*")
    case ">" where dialect == .npm && version.release.count < 3: return all(">=\(next(version))")
    case "<=" where dialect == .npm && version.release.count < 3: return all("<\(next(version))")
    case "~=": return all("~=\(version)")
    case "<", ">", "<=", ">=": return all("\(sign)\(version)")
    default: return nil
    }
  }

  private static func request(_ text: String) -> Clause? { VersionRequest(text).map { Clause(request: $0) } }

  /// The first that begins with other numbers: 1.3 after 1.2.
  private static func next(_ version: Version) -> Version {
    var numbers = version.release
    numbers[numbers.count - 1] += 1
    return Version(numbers)
  }
}
