/// JSON as Go's encoding/json writes it, and as chezmoi reads it.
struct JsonWriter {
  var indent: Bytes?
  var escapesMarkup: Bool

  func text(_ value: Value, _ run: Run) throws -> Bytes {
    var result: Bytes = []
    try write(value, run, depth: 0, into: &result)
    return result
  }

  private func newline(_ depth: Int, _ result: inout Bytes) {
    guard let indent else { return }
    result.append(10)
    for _ in 0..<depth { result += indent }
  }

  private func write(_ value: Value, _ run: Run, depth: Int, into result: inout Bytes) throws {
    try run.spend(1)
    try run.check(depth: depth, "a value is nested too deeply for JSON")
    guard result.count <= run.limits.output else { throw Problem.limit("a text would be too long") }
    switch value {
    case .missing, .null: result += Bytes("null")
    case .bool(let value): result += value ? Bytes("true") : Bytes("false")
    case .int(let value, _): result += "\(value)".utf8
    case .float(let value):
      guard value.isFinite else { throw Problem("JSON has no such number") }
      result += FloatText.json(value).utf8
    case .string(let text): write(text, into: &result)
    case .list(let list) where list.isNil: result += Bytes("null")
    case .list(let list):
      result.append(UInt8(ascii: "["))
      for (index, item) in list.items.enumerated() {
        if index > 0 { result.append(UInt8(ascii: ",")) }
        newline(depth + 1, &result)
        try write(item, run, depth: depth + 1, into: &result)
      }
      if !list.items.isEmpty { newline(depth, &result) }
      result.append(UInt8(ascii: "]"))
    case .map(let map):
      result.append(UInt8(ascii: "{"))
      for (index, key) in map.sortedKeys.enumerated() {
        if index > 0 { result.append(UInt8(ascii: ",")) }
        newline(depth + 1, &result)
        write(key, into: &result)
        result += indent == nil ? Bytes(":") : Bytes(": ")
        try write(map.entries[key] ?? .null, run, depth: depth + 1, into: &result)
      }
      if !map.entries.isEmpty { newline(depth, &result) }
      result.append(UInt8(ascii: "}"))
    case .time(let time): write(time.text("2006-01-02T15:04:05Z07:00").bytes, into: &result)
    case .version(let version): write(version.description.bytes, into: &result)
    }
  }

  private func write(_ text: Bytes, into result: inout Bytes) {
    result.append(34)
    var index = 0
    while index < text.count {
      let rune = text.rune(at: index)
      index += rune.width
      guard rune.isValid else {
        result += Bytes("\\ufffd")
        continue
      }
      switch rune.scalar.value {
      case 34, 92: result += [92, UInt8(rune.scalar.value)]
      case 8: result += Bytes("\\b")
      case 12: result += Bytes("\\f")
      case 10: result += Bytes("\\n")
      case 13: result += Bytes("\\r")
      case 9: result += Bytes("\\t")
      case let code where code < 32 || code == 0x2028 || code == 0x2029,
        let code where escapesMarkup && (code == 60 || code == 62 || code == 38):
        result += Bytes("\\u") + Quoting.hex(code, 4)
      default: result.append(rune.scalar)
      }
    }
    result.append(34)
  }
}

struct JsonReader {
  private let text: Bytes
  private let run: Run
  private let hasComments: Bool
  private var position = 0
  private var depth = 0

  /// - Parameter hasComments: JSONC: comments, and commas before a closing bracket.
  static func value(_ text: Bytes, _ run: Run, hasComments: Bool = false) throws -> Value {
    var reader = JsonReader(text: text, run: run, hasComments: hasComments)
    try reader.skip()
    let value = try reader.value()
    try reader.skip()
    guard reader.position == text.count else { throw reader.problem("something follows after its value") }
    return value
  }

  private init(text: Bytes, run: Run, hasComments: Bool) {
    self.text = text
    self.run = run
    self.hasComments = hasComments
  }

  private func problem(_ what: String) -> Problem {
    let line = text.prefix(position).count { $0 == 10 } + 1
    return Problem("the text is not JSON: \(what) (its line \(line))")
  }

  private var peek: UInt8? { position < text.count ? text[position] : nil }

  private mutating func skip() throws {
    while let byte = peek {
      if byte == 32 || byte == 9 || byte == 10 || byte == 13 {
        position += 1
      } else if hasComments, byte == 47, position + 1 < text.count, text[position + 1] == 47 {
        position = text.find([10], from: position) ?? text.count
      } else if hasComments, byte == 47, position + 1 < text.count, text[position + 1] == 42 {
        guard let end = text.find(Bytes("*/"), from: position + 2) else {
          throw problem("a comment never ends")
        }
        position = end + 2
      } else {
        return
      }
    }
  }

  private mutating func value() throws -> Value {
    try run.spend(1)
    depth += 1
    defer { depth -= 1 }
    try run.check(depth: depth, "the JSON is nested too deeply")
    switch peek {
    case UInt8(ascii: "{")?: return try object()
    case UInt8(ascii: "[")?: return try array()
    case 34?: return .string(try string())
    case UInt8(ascii: "t")?: return try word("true", .bool(true))
    case UInt8(ascii: "f")?: return try word("false", .bool(false))
    case UInt8(ascii: "n")?: return try word("null", .null)
    case let byte? where byte == 45 || (48...57).contains(byte): return try number()
    case nil: throw problem("it ends too early")
    default: throw problem("a value is wanted")
    }
  }

  private mutating func word(_ word: String, _ value: Value) throws -> Value {
    guard text[position...].starts(with: word.utf8) else { throw problem("a value is wanted") }
    position += word.utf8.count
    return value
  }

  private mutating func number() throws -> Value {
    let start = position
    if peek == 45 { position += 1 }
    let first = position
    func digits() -> Int {
      let begin = position
      while let byte = peek, (48...57).contains(byte) { position += 1 }
      return position - begin
    }
    let whole = digits()
    guard whole > 0, whole == 1 || text[first] != 48 else { throw problem("a wrong number") }
    if peek == 46 {
      position += 1
      guard digits() > 0 else { throw problem("a wrong number") }
    }
    if peek == 101 || peek == 69 {
      position += 1
      if peek == 43 || peek == 45 { position += 1 }
      guard digits() > 0 else { throw problem("a wrong number") }
    }
    let text = String(bytes: self.text[start..<position])
    if let value = Int(text) { return .int(value, .int64) }
    guard let value = Double(text), value.isFinite else { return .text(text) }
    return .float(value)
  }

  private mutating func string() throws -> Bytes {
    position += 1
    var result: Bytes = []
    while let byte = peek {
      position += 1
      switch byte {
      case 34: return String(bytes: result).bytes
      case ..<32: throw problem("a text has a control character")
      case 92: try escape(into: &result)
      default: result.append(byte)
      }
    }
    throw problem("a text never ends")
  }

  private mutating func escape(into result: inout Bytes) throws {
    guard let byte = peek else { throw problem("a text never ends") }
    position += 1
    switch byte {
    case 34, 92, 47: result.append(byte)
    case UInt8(ascii: "b"): result.append(8)
    case UInt8(ascii: "f"): result.append(12)
    case UInt8(ascii: "n"): result.append(10)
    case UInt8(ascii: "r"): result.append(13)
    case UInt8(ascii: "t"): result.append(9)
    case UInt8(ascii: "u"):
      var code = try unit()
      if (0xD800..<0xDC00).contains(code), text[position...].starts(with: [92, 117]) {
        let mark = position
        position += 2
        let low = try unit()
        if (0xDC00..<0xE000).contains(low) {
          code = 0x10000 + (code - 0xD800) << 10 + (low - 0xDC00)
        } else {
          position = mark
        }
      }
      result.append(Unicode.Scalar(code) ?? "\u{FFFD}")
    default: throw problem("a text has a wrong escape")
    }
  }

  private mutating func unit() throws -> UInt32 {
    guard position + 4 <= text.count,
      text[position..<position + 4].allSatisfy({ Character(Unicode.Scalar($0)).isHexDigit }),
      let code = UInt32(String(bytes: text[position..<position + 4]), radix: 16)
    else { throw problem("a text has a wrong escape") }
    position += 4
    return code
  }

  private mutating func array() throws -> Value {
    position += 1
    var items: [Value] = []
    try skip()
    if peek == UInt8(ascii: "]") {
      position += 1
      return .list(items)
    }
    while true {
      try skip()
      items.append(try value())
      try skip()
      let byte = peek
      position += 1
      if byte == UInt8(ascii: "]") { return .list(items) }
      guard byte == UInt8(ascii: ",") else { throw problem("a comma or a ] is wanted") }
      try skip()
      if hasComments, peek == UInt8(ascii: "]") {
        position += 1
        return .list(items)
      }
    }
  }

  private mutating func object() throws -> Value {
    position += 1
    var entries: [Bytes: Value] = [:]
    try skip()
    if peek == UInt8(ascii: "}") {
      position += 1
      return try run.mapped(entries)
    }
    while true {
      try skip()
      guard peek == 34 else { throw problem("a key in quotes is wanted") }
      let key = try string()
      try skip()
      guard peek == UInt8(ascii: ":") else { throw problem("a colon is wanted") }
      position += 1
      try skip()
      entries[key] = try value()
      try skip()
      let byte = peek
      position += 1
      if byte == UInt8(ascii: "}") { return try run.mapped(entries) }
      guard byte == UInt8(ascii: ",") else { throw problem("a comma or a } is wanted") }
      try skip()
      if hasComments, peek == UInt8(ascii: "}") {
        position += 1
        return try run.mapped(entries)
      }
    }
  }
}
