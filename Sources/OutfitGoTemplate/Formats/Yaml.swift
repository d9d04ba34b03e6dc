import Yams

/// YAML 1.2 by its core rules, as values.
enum YamlReader {
  static func value(_ text: Bytes, _ run: Run) throws -> Value {
    guard depth(of: text) <= run.limits.depth else { throw Problem.limit("the YAML is nested too deeply") }
    let node: Yams.Node?
    do {
      node = try compose(yaml: String(bytes: text), .basic)
    } catch {
      throw Problem("the text is not YAML: \(error)")
    }
    guard let node else { return .missing }
    return try value(node, run, depth: 0)
  }

  private static func value(_ node: Yams.Node, _ run: Run, depth: Int) throws -> Value {
    try run.spend(1)
    try run.check(depth: depth, "the YAML is nested too deeply")
    switch node {
    case .scalar(let scalar):
      return scalar.style == .plain || scalar.style == .any ? plain(scalar.string) : .text(scalar.string)
    case .sequence(let sequence):
      return .list(try sequence.map { try value($0, run, depth: depth + 1) })
    case .mapping(let mapping):
      var entries: [Bytes: Value] = [:]
      for (key, item) in mapping {
        let name = key.scalar?.string ?? ""
        let inner = try value(item, run, depth: depth + 1)
        if name == "<<", case .map(let base) = inner {
          for (key, value) in base.entries where entries[key] == nil { entries[key] = value }
        } else {
          entries[name.bytes] = inner
        }
      }
      return try run.mapped(entries)
    case .alias: throw Problem("the YAML has an alias that leads nowhere")
    }
  }

  /// A bound of how deeply collections lie within each other, before the text is read.
  private static func depth(of text: Bytes) -> Int {
    var (deepest, open, indent) = (0, 0, 0)
    var isIndent = true
    for byte in text {
      switch byte {
      case 10: (isIndent, indent) = (true, 0)
      case UInt8(ascii: "["), UInt8(ascii: "{"): open += 1
      case UInt8(ascii: "]"), UInt8(ascii: "}"): open = max(0, open - 1)
      default: break
      }
      if byte != 10, isIndent {
        isIndent = byte == 32 || byte == UInt8(ascii: "-") || byte == UInt8(ascii: "?")
        indent += 1
      }
      // An indent of one column at least for each level.
      deepest = max(deepest, open + (isIndent ? 0 : indent / 2))
    }
    return deepest
  }

  private static func plain(_ text: String) -> Value {
    switch text {
    case "", "~", "null", "Null", "NULL": return .null
    case "true", "True", "TRUE": return .bool(true)
    case "false", "False", "FALSE": return .bool(false)
    case ".inf", ".Inf", ".INF", "+.inf": return .float(.infinity)
    case "-.inf", "-.Inf", "-.INF": return .float(-.infinity)
    case ".nan", ".NaN", ".NAN": return .float(.nan)
    default: break
    }
    if let value = Number.integer(text) { return .int(value, value < 0 ? .int64 : .uint64) }
    // As in goccy/go-yaml, what has no point is no float.
    let isFloat =
      text.utf8.allSatisfy { (48...57).contains($0) || "+-.eE".utf8.contains($0) }
      && text.utf8.contains { (48...57).contains($0) } && text.contains(".")
    if isFloat, let value = Double(text.hasSuffix(".") ? text + "0" : text) { return .float(value) }
    return .text(text)
  }
}

/// YAML as goccy/go-yaml writes it: lists as deep as their key, texts quoted only where they must be.
struct YamlWriter {
  private let run: Run
  private let indent: Int
  private var result: Bytes = []

  static func text(_ value: Value, indent: Int, _ run: Run) throws -> Bytes {
    var writer = YamlWriter(run: run, indent: indent)
    try writer.write(value, column: 0, isInline: true, depth: 0)
    if writer.result.last != 10 { writer.result.append(10) }
    return writer.result
  }

  private init(run: Run, indent: Int) {
    self.run = run
    self.indent = max(1, indent)
  }

  private mutating func pad(_ column: Int) { result += Bytes(repeating: 32, count: column) }

  /// - Parameter isInline: whether the first line goes on after what is written already.
  private mutating func write(_ value: Value, column: Int, isInline: Bool, isItem: Bool = false, depth: Int)
    throws
  {
    try run.spend(1)
    try run.check(depth: depth, "a value is nested too deeply for YAML")
    guard result.count <= run.limits.output else { throw Problem.limit("a text would be too long") }
    switch value {
    case .map(let map):
      guard !map.entries.isEmpty else {
        result += Bytes("{}\n")
        return
      }
      for (index, key) in map.sortedKeys.enumerated() {
        if index > 0 || !isInline { pad(column) }
        result += Self.scalar(key) + Bytes(":")
        try entry(map.entries[key] ?? .null, column: column, depth: depth)
      }
    case .list(let list):
      guard !list.items.isEmpty else {
        result += Bytes("[]\n")
        return
      }
      for (index, item) in list.items.enumerated() {
        if index > 0 || !isInline { pad(column) }
        result += Bytes("- ")
        try write(item, column: column + 2, isInline: true, isItem: true, depth: depth + 1)
      }
    case .string(let text) where text.contains(10) && !Self.isQuoted(text):
      result += text.hasSuffix([10, 10]) ? Bytes("|+\n") : text.last == 10 ? Bytes("|\n") : Bytes("|-\n")
      let body = text.last == 10 ? Array(text.dropLast()) : text
      let lines = body.pieces(separator: [10])
      for (index, line) in lines.enumerated() {
        // Empty lines are indented too, but for those of a list's texts and the last.
        if !line.isEmpty || (!isItem && index < lines.count - 1) { pad(max(column, indent)) }
        result += line + [10]
      }
    default:
      result += try Self.scalar(value, run)
      result.append(10)
    }
  }

  private mutating func entry(_ value: Value, column: Int, depth: Int) throws {
    switch value {
    case .map(let map) where !map.entries.isEmpty:
      result.append(10)
      try write(value, column: column + indent, isInline: false, depth: depth + 1)
    case .list(let list) where !list.items.isEmpty:
      result.append(10)
      try write(value, column: column, isInline: false, depth: depth + 1)
    default:
      result.append(32)
      try write(value, column: column + indent, isInline: true, depth: depth + 1)
    }
  }

  private static func scalar(_ value: Value, _ run: Run) throws -> Bytes {
    switch value {
    case .missing, .null: return Bytes("null")
    case .string(let text): return scalar(text)
    case .float(let number):
      if number.isNaN { return Bytes(".nan") }
      if number.isInfinite { return number < 0 ? Bytes("-.inf") : Bytes(".inf") }
      let text = FloatText.general(number, limit: 21)
      return (text.contains { ".e".contains($0) } ? text : text + ".0").bytes
    case .time(let time): return time.text("2006-01-02T15:04:05Z07:00").bytes
    default: return try Printing.text(value, run)
    }
  }

  static func scalar(_ text: Bytes) -> Bytes { isQuoted(text) ? Quoting.quoted(text) : text }

  private static let words: Set<String> = [
    "null", "Null", "NULL", "~", "true", "True", "TRUE", "false", "False", "FALSE", "y", "Y", "yes", "Yes",
    "YES", "n",
    "N", "no", "No", "NO", "on", "On", "ON", "off", "Off", "OFF", ".inf", ".Inf", ".INF", "-.inf", "-.Inf",
    "-.INF",
    ".nan", ".NaN", ".NAN",
  ]

  private static func isQuoted(_ text: Bytes) -> Bool {
    guard let first = text.first, let last = text.last else { return true }
    let string = String(bytes: text)
    if words.contains(string) || string == "-" || isNumber(string) { return true }
    if Bytes("*&[{}],!|>%'\"@ `").contains(first) || last == 58 || last == 32 { return true }
    if isTime(string) { return true }
    for (index, byte) in text.enumerated() {
      if byte == 35 || byte == 92 { return true }
      if byte == 58 || byte == 45, index + 1 < text.count, text[index + 1] == 32 { return true }
    }
    return false
  }

  private static func isNumber(_ text: String) -> Bool {
    if Number.integer(text) != nil { return true }
    let plain = text.filter { $0 != "_" }
    return plain.utf8.allSatisfy { (48...57).contains($0) || "+-.eE".utf8.contains($0) }
      && plain.utf8.contains { (48...57).contains($0) } && plain.contains(".") && Double(plain) != nil
  }

  private static func isTime(_ text: String) -> Bool {
    ["2006-01-02T15:04:05Z07:00", "2006-01-02", "15:04", "2006-01-02 15:04:05"].contains {
      Time(text, layout: $0) != nil
    }
  }
}
