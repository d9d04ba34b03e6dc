import OutfitCore

/// TOML as BurntSushi/toml writes it: values of a table first, then its tables, each by name.
struct TomlWriter {
  private let run: Run
  private let indent: Bytes
  private var result: Bytes = []

  static func text(_ value: Value, indent: Bytes, _ run: Run) throws -> Bytes {
    var writer = TomlWriter(run: run, indent: indent)
    switch (writer.kind(value), value) {
    case (.table, .map(let map)): try writer.table([], map)
    // A value alone is written as it stands after a key.
    case (.value, _): try writer.element(value, depth: 0)
    default: throw Problem("a list of maps alone can't be written as TOML", hint: "put it into a map")
    }
    return writer.result
  }

  private init(run: Run, indent: Bytes) {
    self.run = run
    self.indent = indent
  }

  private enum Kind { case value, table, tables }

  private func kind(_ value: Value) -> Kind {
    switch value {
    case .map: return .table
    case .list(let list):
      guard !list.items.isEmpty else { return .value }
      return list.items.allSatisfy { if case .map = $0 { true } else { false } } ? .tables : .value
    default: return .value
    }
  }

  private mutating func pad(_ depth: Int) {
    for _ in 0..<max(0, depth) { result += indent }
  }

  private mutating func newline() { if !result.isEmpty { result.append(10) } }

  private mutating func table(_ path: [Bytes], _ map: Map) throws {
    try run.spend(1 + map.entries.count)
    try run.check(depth: path.count, "a value is nested too deeply for TOML")
    guard result.count <= run.limits.output else { throw Problem.limit("a text would be too long") }
    let keys = map.sortedKeys.filter { !(map.entries[$0]?.isNothing ?? true) }
    for key in keys {
      guard let value = map.entries[key], kind(value) == .value else { continue }
      pad(path.count)
      result += Self.key(key) + Bytes(" = ")
      try element(value, depth: 0)
      result.append(10)
    }
    for key in keys {
      guard let value = map.entries[key] else { continue }
      let inner = path + [key]
      switch (kind(value), value) {
      case (.table, .map(let map)):
        if inner.count == 1 { newline() }
        pad(inner.count - 1)
        result += Bytes("[") + inner.map(Self.key).joinedBy([46]) + Bytes("]\n")
        try table(inner, map)
      case (.tables, .list(let list)):
        for case .map(let map) in list.items {
          newline()
          pad(inner.count - 1)
          result += Bytes("[[") + inner.map(Self.key).joinedBy([46]) + Bytes("]]\n")
          try table(inner, map)
        }
      default: break
      }
    }
  }

  private mutating func element(_ value: Value, depth: Int) throws {
    try run.spend(1)
    try run.check(depth: depth, "a value is nested too deeply for TOML")
    guard result.count <= run.limits.output else { throw Problem.limit("a text would be too long") }
    switch value {
    case .missing, .null: throw Problem("TOML has no nil in a list")
    case .bool(let value): result += value ? Bytes("true") : Bytes("false")
    case .int(let value, _): result += "\(value)".utf8
    case .float(let value):
      if value.isNaN {
        result += Bytes("nan")
        return
      }
      if value.isInfinite {
        result += value < 0 ? Bytes("-inf") : Bytes("inf")
        return
      }
      let text = FloatText.general(value)
      result += text.utf8
      if !text.contains(where: { ".e".contains($0) }) { result += Bytes(".0") }
    case .string(let text): result += Self.quoted(text)
    case .list(let list):
      result.append(UInt8(ascii: "["))
      for (index, item) in list.items.enumerated() {
        if index > 0 { result += Bytes(", ") }
        try element(item, depth: depth + 1)
      }
      result.append(UInt8(ascii: "]"))
    case .map(let map):
      result.append(UInt8(ascii: "{"))
      for (index, key) in map.sortedKeys.filter({ !(map.entries[$0]?.isNothing ?? true) }).enumerated() {
        if index > 0 { result += Bytes(", ") }
        result += Self.key(key) + Bytes(" = ")
        try element(map.entries[key] ?? .null, depth: depth + 1)
      }
      result.append(UInt8(ascii: "}"))
    case .time(let time): result += time.text("2006-01-02T15:04:05Z07:00").utf8
    case .version(let version): result += Self.quoted(version.description.bytes)
    }
  }

  private static func key(_ key: Bytes) -> Bytes {
    let isBare =
      !key.isEmpty
      && key.allSatisfy {
        $0 == 45 || $0 == 95 || (48...57).contains($0) || (65...90).contains($0) || (97...122).contains($0)
      }
    return isBare ? key : quoted(key)
  }

  private static func quoted(_ text: Bytes) -> Bytes {
    [34]
      + text.flatMap { byte -> Bytes in
        switch byte {
        case 8: Bytes("\\b")
        case 9: Bytes("\\t")
        case 10: Bytes("\\n")
        case 12: Bytes("\\f")
        case 13: Bytes("\\r")
        case 34, 92: [92, byte]
        case ..<32, 127: Bytes("\\u") + Quoting.hex(UInt32(byte), 4)
        default: [byte]
        }
      } + [34]
  }
}

extension TomlValue {
  /// As Go has it: times are texts here, since templates print them.
  func value(_ run: Run) throws -> Value {
    switch self {
    case .string(let text): return .text(text)
    case .array(let values): return .list(try values.map { try $0.value(run) })
    case .table(let table):
      var entries: [Bytes: Value] = [:]
      for (key, value) in table { entries[key.bytes] = try value.value(run) }
      return try run.mapped(entries)
    case .bare(let text):
      switch text {
      case "true": return .bool(true)
      case "false": return .bool(false)
      case "inf", "+inf": return .float(.infinity)
      case "-inf": return .float(-.infinity)
      case "nan", "+nan", "-nan": return .float(.nan)
      default: break
      }
      let plain = text.filter { $0 != "_" }
      let digits = plain.drop { $0 == "+" || $0 == "-" }
      if digits.first == "0", digits.count > 1, digits.allSatisfy({ $0.isASCII && $0.isNumber }) {
        throw Problem("`\(text)` is no number of TOML: it begins with 0")
      }
      if !plain.contains("."),
        let value = Number.integer(plain.hasPrefix("0x") || !plain.contains("e") ? plain : "?")
      {
        return .int(value, .int64)
      }
      if plain.utf8.allSatisfy({ (48...57).contains($0) || "+-.eE".utf8.contains($0) }),
        !plain.dropFirst().contains("-") || plain.lowercased().contains("e-"), let value = Double(plain)
      {
        return .float(value)
      }
      if let time = Time(text.replacing(" ", with: "T"), layout: "2006-01-02T15:04:05Z07:00") {
        return .time(time)
      }
      guard text.first?.isNumber ?? false else { throw Problem("`\(text)` is no value of TOML") }
      return .text(text)
    }
  }
}

extension String {
  fileprivate func replacing(_ old: Character, with new: Character) -> String {
    String(map { $0 == old ? new : $0 })
  }
}
