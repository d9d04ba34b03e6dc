/// Values as text: what Go's fmt makes of them by `%v`.
enum Printing {
  /// As an action writes it.
  static func printed(_ value: Value, _ run: Run) throws -> Bytes {
    value.isNothing ? Bytes("<no value>") : try text(value, run)
  }

  static func text(_ value: Value, _ run: Run) throws -> Bytes {
    if case .string(let bytes) = value { return bytes }
    var result: Bytes = []
    try write(value, run, depth: 0, into: &result)
    return result
  }

  static func write(_ value: Value, _ run: Run, depth: Int, into result: inout Bytes) throws {
    try run.check(depth: depth, "a value is nested too deeply to be written")
    try run.spend(1)
    switch value {
    case .missing, .null: result += Bytes("<nil>")
    case .bool(let value): result += value ? Bytes("true") : Bytes("false")
    case .int(let value, _): result += "\(value)".utf8
    case .float(let value): result += FloatText.general(value).utf8
    case .string(let bytes):
      try run.make(bytes: result.count + bytes.count)
      result += bytes
    case .list(let list):
      result.append(UInt8(ascii: "["))
      for (index, item) in list.items.enumerated() {
        if index > 0 { result.append(32) }
        try write(item, run, depth: depth + 1, into: &result)
      }
      result.append(UInt8(ascii: "]"))
    case .map(let map):
      result += Bytes("map[")
      for (index, key) in map.sortedKeys.enumerated() {
        if index > 0 { result.append(32) }
        result += key
        result.append(UInt8(ascii: ":"))
        if let value = map.entries[key] { try write(value, run, depth: depth + 1, into: &result) }
      }
      result.append(UInt8(ascii: "]"))
    case .time(let time): result += time.description.utf8
    case .version(let version): result += version.description.utf8
    }
  }

  /// fmt.Sprint: a space between two values of which neither is a text.
  static func joined(_ values: [Value], _ run: Run) throws -> Bytes {
    var result: Bytes = []
    var wasText = true
    for value in values {
      let isText = if case .string = value { true } else { false }
      if !wasText, !isText { result.append(32) }
      try write(value, run, depth: 0, into: &result)
      wasText = isText
    }
    return result
  }
}
