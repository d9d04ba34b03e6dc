import OutfitCore
import OutfitProfile

/// TOML 1.0: keys in tables, dotted keys, and inline tables. What is in arrays of tables stays as it is.
struct TOMLSettings: SettingsEditor {
  /// `key = value`, on lines of its own.
  private struct Statement {
    var header: Int
    /// From the root.
    var path: [String]
    var value: Range<Int>
    /// With its line end.
    var lines: Range<Int>
  }

  private struct Header {
    var path: [String]
    /// Within an array of tables, where paths name nothing.
    var isOfArray: Bool
    var lines: Range<Int>
  }

  /// A member of an inline table.
  private struct Member {
    var path: [String]
    var whole: Range<Int>
    var value: Range<Int>
    /// Where the one before it ends, and where the next begins.
    var previous: Int?
    var next: Int?
  }

  private let text: [UInt8]
  let settings: SettingValue
  private var headers = [Header(path: [], isOfArray: false, lines: 0..<0)]
  private var statements: [Statement] = []
  private var members: [Member] = []
  private var inline: [[String]: Range<Int>] = [:]

  init(_ text: [UInt8]) throws(SettingsText.Problem) {
    self.text = text
    do {
      settings = SettingValue(try TomlReader.read(String(decoding: text, as: UTF8.self)))
    } catch {
      throw SettingsText.Problem(message: "its TOML can't be read", line: error.line)
    }
    try scan()
  }

  func raw(_ path: [String]) -> [UInt8]? { range(path).map { text.slice($0) } }

  private func range(_ path: [String]) -> Range<Int>? {
    statements.last { $0.path == path }?.value ?? members.last { $0.path == path }?.value
  }

  // MARK: Edits

  func edits(
    setting path: [String], to value: SettingValue, raw: [UInt8]?
  ) throws(SettingsText.Problem) -> [SettingsText.Replacement] {
    let written: String
    if let raw { written = String(decoding: raw, as: UTF8.self) } else { written = try Self.written(value) }
    if let range = range(path) { return [.init(range, Array(written.utf8))] }
    guard let key = path.last else { return [] }
    let newline = text.newline
    func line(_ rest: ArraySlice<String>) -> String { "\(Self.key(rest)) = \(written)\(newline)" }
    for count in stride(from: path.count - 1, through: 1, by: -1) {
      let outer = Array(path[..<count])
      let rest = path[count...]
      if let range = inline[outer] {
        let inside = members.filter { $0.path.count == count + 1 && $0.path.starts(with: outer) }
        let member = "\(Self.key(rest)) = \(written)"
        if let last = inside.last { return [.init(at: last.whole.upperBound, ", \(member)")] }
        return [.init(range, Array("{ \(member) }".utf8))]
      }
      // Tables that dotted keys make can't be opened by a header (TOML 1.0, Table).
      if let last = statements.last(where: {
        $0.path.count > count && $0.path.starts(with: outer) && headers[$0.header].path.count < count
      }) {
        return [put(line(path[headers[last.header].path.count...]), at: last.lines.upperBound)]
      }
      if count == path.count - 1, let index = headers.firstIndex(where: { $0.path == outer && !$0.isOfArray })
      {
        let last = statements.last { $0.header == index }?.lines.upperBound ?? headers[index].lines.upperBound
        return [put(line([key]), at: last)]
      }
    }
    guard path.count > 1 else {
      if let last = statements.last(where: { $0.header == 0 }) {
        return [put(line([key]), at: last.lines.upperBound)]
      }
      return [put(line([key]), at: headers.count > 1 ? firstHeader : text.count)]
    }
    let blank = text.isEmpty ? "" : newline
    return [put("\(blank)[\(Self.key(path.dropLast()))]\(newline)\(line([key]))", at: text.count)]
  }

  /// Where the first header begins, with the remarks directly above it.
  private var firstHeader: Int {
    var place = headers[1].lines.lowerBound
    while place > 0 {
      let above = text.lineStart(place - 1)
      guard text[above..<place].first(where: { $0 > 32 }) == UInt8(ascii: "#") else { break }
      place = above
    }
    return place
  }

  private func put(_ line: String, at place: Int) -> SettingsText.Replacement {
    place > 0 && text[place - 1] != 10
      ? .init(at: place, text.newline + line) : .init(at: place, line)
  }

  func edits(removing path: [String]) throws(SettingsText.Problem) -> [SettingsText.Replacement] {
    if let member = members.last(where: { $0.path == path }) {
      if let next = member.next { return [.init(member.whole.lowerBound..<next, [])] }
      return [.init((member.previous ?? member.whole.lowerBound)..<member.whole.upperBound, [])]
    }
    var lines = statements.filter { $0.path.starts(with: path) }.map(\.lines)
    for header in headers.dropFirst() where header.path.starts(with: path) {
      var start = header.lines.lowerBound
      let above = start > 0 ? text.lineStart(start - 1) : 0
      if start > 0, text[above..<start].allSatisfy({ $0 <= 32 }) { start = above }
      lines.append(start..<header.lines.upperBound)
    }
    return lines.map { .init($0, []) }
  }

  // MARK: Writing

  private static func written(_ value: SettingValue) throws(SettingsText.Problem) -> String {
    switch value {
    case .text(let text): return JSONSettings.quoted(text)
    case .number(let text): return isBare(text) ? text : JSONSettings.quoted(text)
    case .bool(let bool): return "\(bool)"
    case .null: throw SettingsText.Problem(message: "TOML has no empty value", line: nil)
    case .list(let values):
      var parts: [String] = []
      for value in values { parts.append(try written(value)) }
      return "[\(parts.joined(separator: ", "))]"
    case .map(let members):
      var parts: [String] = []
      for (name, value) in members.sorted(by: { $0.key < $1.key }) {
        parts.append("\(key([name])) = \(try written(value))")
      }
      return parts.isEmpty ? "{}" : "{ \(parts.joined(separator: ", ")) }"
    }
  }

  private static func isBare(_ text: String) -> Bool {
    (try? TomlReader.read("x = \(text)\n"))?["x"].map(SettingValue.init)
      == .number(text)
  }

  private static func key(_ path: some Sequence<String>) -> String {
    path.map { name in
      let isBare =
        !name.isEmpty
        && name.utf8.allSatisfy { byte in
          switch byte {
          case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"):
            true
          default: false
          }
        }
      return isBare ? name : JSONSettings.quoted(name)
    }.joined(separator: ".")
  }

  // MARK: Reading

  private mutating func scan() throws(SettingsText.Problem) {
    var place = text.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
    var arrays: Set<[String]> = []
    while place < text.count {
      let start = place
      skipBlanks(&place)
      guard place < text.count else { break }
      switch text[place] {
      case 10, 13: place += 1
      case UInt8(ascii: "#"): place = text.lineEnd(place)
      case UInt8(ascii: "["):
        let isArray = text[place...].starts(with: Array("[[".utf8))
        place += isArray ? 2 : 1
        let path = try keys(&place)
        if isArray { arrays.insert(path) }
        place = endOfLine(place)
        let isOfArray = arrays.contains { path.starts(with: $0) }
        headers.append(Header(path: path, isOfArray: isOfArray, lines: start..<place))
      default:
        let header = headers.count - 1
        let path = headers[header].path + (try keys(&place))
        guard place < text.count, text[place] == UInt8(ascii: "=") else {
          throw problem("`=` is missing", place)
        }
        place += 1
        skipBlanks(&place)
        let isOfArray = headers[header].isOfArray
        let range = try value(&place, path: isOfArray ? nil : path)
        place = endOfLine(place)
        if !isOfArray {
          statements.append(Statement(header: header, path: path, value: range, lines: start..<place))
        }
      }
    }
  }

  private func problem(_ message: String, _ place: Int) -> SettingsText.Problem {
    SettingsText.Problem(message: message, line: text.line(of: place))
  }

  private func skipBlanks(_ place: inout Int) {
    while place < text.count, text[place] == 32 || text[place] == 9 { place += 1 }
  }

  private func endOfLine(_ place: Int) -> Int { (text[place...].firstIndex(of: 10) ?? text.count - 1) + 1 }

  /// Blanks, line ends and remarks within arrays.
  private func skipSpace(_ place: inout Int) {
    while place < text.count {
      if text[place] <= 32 {
        place += 1
      } else if text[place] == UInt8(ascii: "#") {
        place = text.lineEnd(place)
      } else {
        return
      }
    }
  }

  /// Dotted keys, up to what follows them.
  private func keys(_ place: inout Int) throws(SettingsText.Problem) -> [String] {
    var keys: [String] = []
    while true {
      skipBlanks(&place)
      guard place < text.count else { throw problem("a key is missing", place) }
      let start = place
      if text[place] == UInt8(ascii: "\"") || text[place] == UInt8(ascii: "'") {
        try skipText(&place)
        let quoted = String(decoding: text[start..<place], as: UTF8.self)
        guard let key = (try? TomlReader.read("x = \(quoted)"))?["x"]?.string
        else { throw problem("a key is not understood", start) }
        keys.append(key)
      } else {
        while place < text.count, !" \t.=]\r\n\"'#".utf8.contains(text[place]) { place += 1 }
        guard place > start else { throw problem("a key is missing", place) }
        keys.append(String(decoding: text[start..<place], as: UTF8.self))
      }
      skipBlanks(&place)
      guard place < text.count, text[place] == UInt8(ascii: ".") else { return keys }
      place += 1
    }
  }

  private func skipText(_ place: inout Int) throws(SettingsText.Problem) {
    let quote = text[place]
    let isLong = text[place...].starts(with: [quote, quote, quote])
    let start = place
    place += isLong ? 3 : 1
    while place < text.count {
      if quote == UInt8(ascii: "\""), text[place] == UInt8(ascii: "\\") {
        place += 2
      } else if isLong, text[place...].starts(with: [quote, quote, quote]) {
        place += 3
        // Up to two quotes may stand before the closing ones.
        for _ in 0..<2 where place < text.count && text[place] == quote { place += 1 }
        return
      } else if !isLong, text[place] == quote {
        place += 1
        return
      } else {
        place += 1
      }
    }
    throw problem("a text does not end", start)
  }

  /// - Parameter path: of the value; nil where it can't be named.
  private mutating func value(_ place: inout Int, path: [String]?) throws(SettingsText.Problem) -> Range<Int>
  {
    guard place < text.count else { throw problem("a value is missing", place) }
    let start = place
    switch text[place] {
    case UInt8(ascii: "\""), UInt8(ascii: "'"): try skipText(&place)
    case UInt8(ascii: "["):
      place += 1
      while true {
        skipSpace(&place)
        guard place < text.count else { throw problem("`]` is missing", start) }
        if text[place] == UInt8(ascii: "]") { break }
        if text[place] == UInt8(ascii: ",") { place += 1 } else { _ = try value(&place, path: nil) }
      }
      place += 1
    case UInt8(ascii: "{"): try table(&place, path: path)
    default:
      while place < text.count, !",]}#\r\n".utf8.contains(text[place]) { place += 1 }
      while place > start, text[place - 1] <= 32 { place -= 1 }
      guard place > start else { throw problem("a value is missing", place) }
    }
    return start..<place
  }

  private mutating func table(_ place: inout Int, path: [String]?) throws(SettingsText.Problem) {
    let start = place
    var found: [Member] = []
    place += 1
    while true {
      skipSpace(&place)
      guard place < text.count else { throw problem("`}` is missing", start) }
      if text[place] == UInt8(ascii: "}") { break }
      if text[place] == UInt8(ascii: ",") {
        place += 1
        continue
      }
      let member = place
      let keys = try keys(&place)
      guard place < text.count, text[place] == UInt8(ascii: "=") else {
        throw problem("`=` is missing", place)
      }
      place += 1
      skipBlanks(&place)
      let inner = path.map { $0 + keys }
      let range = try value(&place, path: inner)
      if let last = found.indices.last { found[last].next = member }
      found.append(
        Member(path: inner ?? [], whole: member..<place, value: range, previous: found.last?.whole.upperBound)
      )
    }
    place += 1
    guard let path else { return }
    inline[path] = start..<place
    members += found
  }
}

extension SettingValue {
  /// Dates are as they are written.
  init(_ value: TomlValue) {
    switch value {
    case .string(let text): self = .text(text)
    case .bare("true"): self = .bool(true)
    case .bare("false"): self = .bool(false)
    case .bare(let text): self = .number(text)
    case .array(let values): self = .list(values.map { SettingValue($0) })
    case .table(let values): self = .map(values.mapValues { SettingValue($0) })
    }
  }
}
