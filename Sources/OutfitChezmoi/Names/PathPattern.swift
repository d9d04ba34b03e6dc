/// A pattern for paths, as chezmoi's ignore files have them: `*`, `?`, `[a-z]` and `{a,b}` within names, and `**` for
/// any number of folders.
public struct PathPattern: Hashable, Sendable {
  private enum Name: Hashable, Sendable {
    /// `**`
    case folders
    case literal([Character])
    case pattern([Character])

    init(_ text: [Character]) {
      self =
        text == ["*", "*"]
        ? .folders : text.contains { "*?[\\".contains($0) } ? .pattern(text) : .literal(text)
    }
  }

  /// Without braces, each by its names.
  private let alternatives: [[Name]]

  /// The most alternatives that braces can make.
  private static let limit = 1000

  /// - Returns: nil for a pattern that does not end what it begins.
  public init?(_ text: String) {
    guard let expanded = Self.expanded(Array(text)) else { return nil }
    let parts = expanded.map { pattern in
      pattern.split(separator: "/", omittingEmptySubsequences: true).map(Array.init).filter { $0 != ["."] }
    }
    guard parts.allSatisfy({ $0.allSatisfy(Self.isWhole) }) else { return nil }
    alternatives = parts.map { $0.map(Name.init) }
  }

  /// The only paths that it is for, where it says them in full.
  var paths: [String]? {
    var paths: [String] = []
    for names in alternatives {
      var parts: [String] = []
      for name in names {
        guard case .literal(let text) = name else { return nil }
        parts.append(String(text))
      }
      paths.append(parts.joined(separator: "/"))
    }
    return paths
  }

  /// - Parameter path: names with `/` between them.
  public func matches(_ path: String) -> Bool { matches(Self.names(path)) }

  static func names(_ path: String) -> [[Character]] { path.split(separator: "/").map(Array.init) }

  func matches(_ names: [[Character]]) -> Bool {
    alternatives.contains { Self.matches($0[...], names[...]) }
  }

  private static func matches(_ pattern: ArraySlice<Name>, _ names: ArraySlice<[Character]>) -> Bool {
    guard let first = pattern.first else { return names.isEmpty }
    switch first {
    case .folders:
      let rest = pattern.drop { $0 == .folders }
      if rest.isEmpty { return true }
      return names.indices.contains { matches(rest, names[$0...]) }
    case .literal(let text): guard names.first == text else { return false }
    case .pattern(let text):
      guard let name = names.first, matches(text[...], name[...]) else { return false }
    }
    return matches(pattern.dropFirst(), names.dropFirst())
  }

  /// One name. A `*` is gone back to only from the last one, so that it takes no longer than both lengths multiplied.
  private static func matches(_ pattern: ArraySlice<Character>, _ name: ArraySlice<Character>) -> Bool {
    var (at, position) = (pattern.startIndex, name.startIndex)
    var star: (pattern: Int, name: Int)?
    while position < name.endIndex {
      if at < pattern.endIndex {
        if pattern[at] == "*" {
          star = (at, position)
          at += 1
          continue
        }
        if let next = step(pattern, at, name[position]) {
          (at, position) = (next, position + 1)
          continue
        }
      }
      guard let last = star else { return false }
      star = (last.pattern, last.name + 1)
      (at, position) = (last.pattern + 1, last.name + 1)
    }
    return pattern[at...].allSatisfy { $0 == "*" }
  }

  /// What follows what stands for this one character; nil where it does not.
  private static func step(_ pattern: ArraySlice<Character>, _ at: Int, _ character: Character) -> Int? {
    switch pattern[at] {
    case "?": return at + 1
    case "\\" where at + 1 < pattern.endIndex: return pattern[at + 1] == character ? at + 2 : nil
    case "[":
      guard let end = classEnd(pattern, at) else { return nil }
      var index = at + 1
      let isInverted = ["!", "^"].contains(pattern[index])
      if isInverted { index += 1 }
      var isIn = false
      func one() -> Character {
        if pattern[index] == "\\", index + 1 < end { index += 1 }
        defer { index += 1 }
        return pattern[index]
      }
      while index < end {
        let low = one()
        var high = low
        if index + 1 < end, pattern[index] == "-" {
          index += 1
          high = one()
        }
        if low <= character, character <= high { isIn = true }
      }
      return isIn != isInverted ? end + 1 : nil
    case let literal: return literal == character ? at + 1 : nil
    }
  }

  private static func classEnd(_ pattern: ArraySlice<Character>, _ start: Int) -> Int? {
    var index = start + 1
    if index < pattern.endIndex, ["!", "^"].contains(pattern[index]) { index += 1 }
    let first = index
    while index < pattern.endIndex {
      if pattern[index] == "\\" {
        index += 2
        continue
      }
      if pattern[index] == "]", index > first { return index }
      index += 1
    }
    return nil
  }

  private static func isWhole(_ name: [Character]) -> Bool {
    var index = 0
    while index < name.count {
      if name[index] == "\\" {
        guard index + 1 < name.count else { return false }
        index += 2
      } else if name[index] == "[" {
        guard let end = classEnd(name[...], index) else { return false }
        index = end + 1
      } else {
        index += 1
      }
    }
    return true
  }

  /// The pattern without braces; nil where they don't close, or make too many.
  private static func expanded(_ text: [Character]) -> [[Character]]? {
    var index = 0
    var open: Int?
    while index < text.count {
      if text[index] == "\\" {
        index += 2
        continue
      }
      if text[index] == "{" {
        open = index
        break
      }
      index += 1
    }
    guard let open else { return [text] }
    var depth = 0
    var cuts = [open]
    index = open
    while index < text.count {
      switch text[index] {
      case "\\": index += 1
      case "{": depth += 1
      case "}":
        depth -= 1
        if depth == 0 { cuts.append(index) }
      case "," where depth == 1: cuts.append(index)
      default: break
      }
      if depth == 0 { break }
      index += 1
    }
    guard depth == 0, let close = cuts.last else { return nil }
    var all: [[Character]] = []
    for (from, to) in zip(cuts, cuts.dropFirst()) {
      let piece = Array(text[..<open]) + text[(from + 1)..<to] + text[(close + 1)...]
      guard let inner = expanded(piece) else { return nil }
      all += inner
      guard all.count <= limit else { return nil }
    }
    return all
  }
}

/// The lines of a .chezmoiignore: what they name, and what `!` takes out of that again.
public struct PatternList: Hashable, Sendable {
  /// Many trees name hundreds of paths in full, and those need not be gone through one by one.
  private struct Patterns: Hashable, Sendable {
    var paths: Set<String> = []
    var others: [PathPattern] = []

    var isEmpty: Bool { paths.isEmpty && others.isEmpty }

    mutating func add(_ pattern: PathPattern) {
      if let named = pattern.paths { paths.formUnion(named) } else { others.append(pattern) }
    }

    func matches(_ path: String, _ names: [[Character]]) -> Bool {
      paths.contains(path) || others.contains { $0.matches(names) }
    }
  }

  private var included = Patterns()
  private var excluded = Patterns()
  /// As they are written, with the folder that they hold in before them.
  public private(set) var texts: [String] = []

  public init() {}

  public struct Mistake: Error, Hashable, Sendable {
    public var line: Int
    public var text: String
  }

  /// - Parameter folder: the target folder that the patterns start from; empty for the home folder.
  /// - Returns: the lines that are no patterns.
  public mutating func add(_ text: String, in folder: String) -> [Mistake] {
    var mistakes: [Mistake] = []
    for (index, line) in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
      .enumerated()
    {
      guard let plain = Self.withoutComment(line) else { continue }
      let isExcluded = plain.hasPrefix("!")
      let body = isExcluded ? String(plain.dropFirst()) : plain
      let whole = folder.isEmpty ? body : "\(folder)/\(body)"
      guard !whole.hasPrefix("/"), !whole.split(separator: "/").contains(".."),
        let pattern = PathPattern(whole)
      else {
        mistakes.append(Mistake(line: index + 1, text: plain))
        continue
      }
      if isExcluded { excluded.add(pattern) } else { included.add(pattern) }
      texts.append(isExcluded ? "!\(whole)" : whole)
    }
    return mistakes
  }

  /// A comment is what follows a `#` at the start of a line or behind a blank.
  static func withoutComment(_ line: Substring) -> String? {
    var end = line.endIndex
    var before: Character?
    for index in line.indices {
      if line[index] == "#", before?.isWhitespace ?? true {
        end = index
        break
      }
      before = line[index]
    }
    var text = line[..<end]
    while text.last?.isWhitespace == true { text.removeLast() }
    let plain = String(text.drop(while: \.isWhitespace))
    return plain.isEmpty ? nil : plain
  }

  /// Where there is nothing but `!`, all else is named.
  public func matches(_ path: String) -> Bool {
    let names = included.others.isEmpty && excluded.others.isEmpty ? [] : PathPattern.names(path)
    if excluded.matches(path, names) { return false }
    if included.matches(path, names) { return true }
    return included.isEmpty && !excluded.isEmpty
  }
}
