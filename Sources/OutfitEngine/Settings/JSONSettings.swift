import OutfitProfile

/// JSON with or without comments, and with or without commas behind the last member.
struct JSONSettings: SettingsEditor {
  private indirect enum Node {
    case scalar(SettingValue, Range<Int>)
    case list([Node], Range<Int>)
    case map([Member], Range<Int>)

    var range: Range<Int> {
      switch self {
      case .scalar(_, let range), .list(_, let range), .map(_, let range): range
      }
    }
  }

  private struct Member {
    var key: String
    var place: Int
    var node: Node
    /// The comma behind it.
    var comma: Int?
  }

  private let text: [UInt8]
  private let root: Node?
  /// Behind a byte order mark.
  private let start: Int

  init(_ text: [UInt8]) throws(SettingsText.Problem) {
    self.text = text
    start = text.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
    var parser = Parser(text: text, place: start)
    try parser.skip()
    guard parser.place < text.count else {
      root = nil
      return
    }
    let node = try parser.node(depth: 0)
    try parser.skip()
    guard parser.place == text.count else { throw parser.problem("something follows its value") }
    guard case .map = node else {
      throw SettingsText.Problem(
        message: "it holds no mapping of keys", line: text.line(of: node.range.lowerBound))
    }
    root = node
  }

  var settings: SettingValue { root.map(Self.value) ?? .map([:]) }

  private static func value(_ node: Node) -> SettingValue {
    switch node {
    case .scalar(let value, _): value
    case .list(let nodes, _): .list(nodes.map(value))
    case .map(let members, _):
      .map(Dictionary(members.map { ($0.key, value($0.node)) }, uniquingKeysWith: { $1 }))
    }
  }

  func raw(_ path: [String]) -> [UInt8]? { find(path).map { text.slice($0.range) } }

  private func find(_ path: [String]) -> Node? {
    var node = root
    for key in path {
      guard case .map(let members, _)? = node else { return nil }
      node = members.last { $0.key == key }?.node
    }
    return node
  }

  // MARK: Edits

  func edits(
    setting path: [String], to value: SettingValue, raw: [UInt8]?
  ) throws(SettingsText.Problem) -> [SettingsText.Replacement] {
    if let node = find(path) {
      let indent = text.indentation(at: node.range.lowerBound)
      return [.init(node.range, raw ?? Array(written(value, indent).utf8))]
    }
    var count = path.count - 1
    while count > 0, find(Array(path[..<count])) == nil { count -= 1 }
    let rest = path[count...]
    func member(_ indent: String) -> String {
      // A value that is written already is one within new mappings too.
      let mark = "\u{1}"
      let nested = rest.dropFirst().reversed().reduce(raw == nil ? value : .text(mark)) { .map([$1: $0]) }
      var text = "\(Self.quoted(rest.first ?? "")): \(written(nested, indent))"
      if let raw {
        text = text.replacing(Self.quoted(mark), with: String(decoding: raw, as: UTF8.self))
      }
      return text
    }
    guard let node = find(Array(path[..<count])), case .map(let members, let range) = node else {
      let newline = text.newline
      let end = text.isEmpty || text.last == 10 ? "" : newline
      return [.init(at: text.count, "\(end){\(newline)\(unit)\(member(unit))\(newline)}\(newline)")]
    }
    return insertion(member, into: members, range)
  }

  private func insertion(
    _ member: (String) -> String, into members: [Member], _ range: Range<Int>
  ) -> [SettingsText.Replacement] {
    let newline = text.newline
    let outer = text.indentation(at: range.lowerBound)
    guard let last = members.last else {
      let inside = text.slice(range.lowerBound + 1..<range.upperBound - 1)
      let indent = outer + unit
      guard inside.contains(10) else {
        // Comments within stay where they are.
        let close = inside.allSatisfy { $0 <= 32 } ? "\(newline)\(outer)" : ""
        let at = range.lowerBound + 1
        return inside.allSatisfy { $0 <= 32 }
          ? [.init(at..<range.upperBound - 1, Array("\(newline)\(indent)\(member(indent))\(close)".utf8))]
          : [.init(at: at, "\(newline)\(indent)\(member(indent))\(newline)\(indent)")]
      }
      return [.init(at: range.lowerBound + 1, "\(newline)\(indent)\(member(indent))")]
    }
    let end = last.comma.map { $0 + 1 } ?? last.node.range.upperBound
    let comma = last.comma == nil ? "," : ""
    let trailing = last.comma == nil ? "" : ","
    let first = members[0].place
    let isSpread = text[text.lineStart(first)..<first].allSatisfy { $0 == 32 || $0 == 9 }
    guard isSpread else { return [.init(at: end, "\(comma) \(member(outer))\(trailing)")] }
    let indent = text.indentation(at: first)
    let added = "\(newline)\(indent)\(member(indent))\(trailing)"
    // A remark behind the last member stays behind it.
    let place = remarkEnd(end, before: range.upperBound - 1)
    if place == end { return [.init(at: end, comma + added)] }
    return (comma.isEmpty ? [] : [.init(at: end, comma)]) + [.init(at: place, added)]
  }

  /// Where the comments end that begin on the line of a place.
  private func remarkEnd(_ place: Int, before limit: Int) -> Int {
    var (at, end) = (place, place)
    while at < limit {
      if text[at] == 32 || text[at] == 9 {
        at += 1
      } else if text[at...].starts(with: Array("//".utf8)) {
        return text.lineEnd(at)
      } else if text[at...].starts(with: Array("/*".utf8)) {
        var close = at + 2
        while close + 1 < limit, !(text[close] == UInt8(ascii: "*") && text[close + 1] == UInt8(ascii: "/")) {
          close += 1
        }
        at = min(close + 2, limit)
        end = at
      } else {
        break
      }
    }
    return end
  }

  func edits(removing path: [String]) throws(SettingsText.Problem) -> [SettingsText.Replacement] {
    guard let key = path.last, case .map(let members, let range)? = find(path.dropLast()),
      let index = members.lastIndex(where: { $0.key == key })
    else { return [] }
    let member = members[index]
    // The blanks before it go with it.
    var from = member.place
    while from > range.lowerBound + 1, text[from - 1] <= 32 { from -= 1 }
    let isLast = index == members.count - 1
    var edits: [SettingsText.Replacement] = []
    var to = member.node.range.upperBound
    if let comma = member.comma {
      if text[to..<comma].allSatisfy({ $0 <= 32 }) {
        to = comma + 1
      } else {
        edits.append(.init(comma..<comma + 1, []))
      }
    } else if isLast, index > 0, let comma = members[index - 1].comma {
      if comma == from - 1 { from -= 1 } else { edits.append(.init(comma..<comma + 1, [])) }
    }
    if members.count == 1, text[to..<range.upperBound - 1].allSatisfy({ $0 <= 32 }),
      from == range.lowerBound + 1
    {
      to = range.upperBound - 1
    }
    edits.append(.init(from..<to, []))
    return edits
  }

  // MARK: Writing

  /// What the file indents by.
  private var unit: String {
    for line in text.split(separator: 10) {
      let blanks = line.prefix { $0 == 32 || $0 == 9 }
      if !blanks.isEmpty, blanks.count < line.count, line[line.startIndex + blanks.count] != UInt8(ascii: "*")
      {
        return blanks.first == 9 ? "\t" : String(repeating: " ", count: min(blanks.count, 8))
      }
    }
    return "  "
  }

  private func written(_ value: SettingValue, _ indent: String) -> String {
    switch value {
    case .text(let text): return Self.quoted(text)
    case .number(let text): return SettingValue.isNumber(text) ? text : Self.quoted(text)
    case .bool(let bool): return "\(bool)"
    case .null: return "null"
    case .list(let values): return "[" + values.map { written($0, indent) }.joined(separator: ", ") + "]"
    case .map(let members):
      guard !members.isEmpty else { return "{}" }
      let (inner, newline) = (indent + unit, text.newline)
      let lines = members.sorted { $0.key < $1.key }.map {
        "\(inner)\(Self.quoted($0.key)): \(written($0.value, inner))"
      }
      return "{\(newline)" + lines.joined(separator: ",\(newline)") + "\(newline)\(indent)}"
    }
  }

  static func quoted(_ text: String) -> String {
    var quoted = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": quoted += "\\\""
      case "\\": quoted += "\\\\"
      case "\n": quoted += "\\n"
      case "\r": quoted += "\\r"
      case "\t": quoted += "\\t"
      default:
        if scalar.value < 32 || scalar.value == 127 {
          let hex = String(scalar.value, radix: 16)
          quoted += "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
        } else {
          quoted.unicodeScalars.append(scalar)
        }
      }
    }
    return quoted + "\""
  }

  // MARK: Reading

  private struct Parser {
    let text: [UInt8]
    var place: Int

    func problem(_ message: String) -> SettingsText.Problem {
      SettingsText.Problem(message: message, line: text.line(of: place))
    }

    private var byte: UInt8? { place < text.count ? text[place] : nil }

    /// Blanks and comments.
    mutating func skip() throws(SettingsText.Problem) {
      while let byte {
        if byte == 32 || byte == 9 || byte == 10 || byte == 13 {
          place += 1
        } else if text[place...].starts(with: Array("//".utf8)) {
          place = text[place...].firstIndex(of: 10) ?? text.count
        } else if text[place...].starts(with: Array("/*".utf8)) {
          var end = place + 2
          while end + 1 < text.count, !(text[end] == UInt8(ascii: "*") && text[end + 1] == UInt8(ascii: "/"))
          { end += 1 }
          guard end + 1 < text.count else { throw problem("a comment does not end") }
          place = end + 2
        } else {
          return
        }
      }
    }

    mutating func node(depth: Int) throws(SettingsText.Problem) -> Node {
      guard depth < 200 else { throw problem("it is nested too deeply") }
      let start = place
      switch byte {
      case UInt8(ascii: "{"): return try map(start, depth)
      case UInt8(ascii: "["): return try list(start, depth)
      case UInt8(ascii: "\""):
        let text = try string()
        return .scalar(.text(text), start..<place)
      default:
        while let byte, !" \t\r\n,]}:/\"[{".utf8.contains(byte) { place += 1 }
        let word = String(decoding: text[start..<place], as: UTF8.self)
        switch word {
        case "true": return .scalar(.bool(true), start..<place)
        case "false": return .scalar(.bool(false), start..<place)
        case "null": return .scalar(.null, start..<place)
        default:
          guard SettingValue.isNumber(word) else {
            place = start
            throw problem(word.isEmpty ? "a value is missing" : "`\(word.prefix(40))` is no value of JSON")
          }
          return .scalar(.number(word), start..<place)
        }
      }
    }

    private mutating func list(_ start: Int, _ depth: Int) throws(SettingsText.Problem) -> Node {
      place += 1
      var nodes: [Node] = []
      while true {
        try skip()
        if byte == UInt8(ascii: "]") { break }
        nodes.append(try node(depth: depth + 1))
        try skip()
        if byte == UInt8(ascii: ",") {
          place += 1
        } else if byte != UInt8(ascii: "]") {
          throw problem("`]` is missing")
        }
      }
      place += 1
      return .list(nodes, start..<place)
    }

    private mutating func map(_ start: Int, _ depth: Int) throws(SettingsText.Problem) -> Node {
      place += 1
      var members: [Member] = []
      while true {
        try skip()
        if byte == UInt8(ascii: "}") { break }
        let at = place
        guard byte == UInt8(ascii: "\"") else { throw problem("a key in quotes is missing") }
        let key = try string()
        try skip()
        guard byte == UInt8(ascii: ":") else { throw problem("`:` is missing") }
        place += 1
        try skip()
        let node = try node(depth: depth + 1)
        try skip()
        var member = Member(key: key, place: at, node: node)
        if byte == UInt8(ascii: ",") {
          member.comma = place
          place += 1
        } else if byte != UInt8(ascii: "}") {
          throw problem("`}` is missing")
        }
        members.append(member)
      }
      place += 1
      return .map(members, start..<place)
    }

    private mutating func string() throws(SettingsText.Problem) -> String {
      var bytes: [UInt8] = []
      var units: [UInt16] = []
      func flush(_ bytes: inout [UInt8], _ units: inout [UInt16]) {
        if !units.isEmpty { bytes += Array(String(decoding: units, as: UTF16.self).utf8) }
        units = []
      }
      place += 1
      while let byte {
        place += 1
        switch byte {
        case UInt8(ascii: "\""):
          flush(&bytes, &units)
          return String(decoding: bytes, as: UTF8.self)
        case 10, 13: throw problem("a text does not end")
        case UInt8(ascii: "\\"):
          guard let escape = self.byte else { throw problem("a text does not end") }
          place += 1
          if escape == UInt8(ascii: "u") {
            guard place + 4 <= text.count,
              let unit = UInt16(String(decoding: text[place..<place + 4], as: UTF8.self), radix: 16)
            else { throw problem("`\\u` wants four hexadecimal digits") }
            units.append(unit)
            place += 4
            continue
          }
          flush(&bytes, &units)
          let known: [UInt8: UInt8] = [
            UInt8(ascii: "n"): 10, UInt8(ascii: "t"): 9, UInt8(ascii: "r"): 13, UInt8(ascii: "b"): 8,
            UInt8(ascii: "f"): 12,
          ]
          bytes.append(known[escape] ?? escape)
        default:
          flush(&bytes, &units)
          bytes.append(byte)
        }
      }
      throw problem("a text does not end")
    }
  }
}
