/// Values made into others, by the rules of sprig and chezmoi.
enum Conversion {
  /// sprig's strval: texts as they are, all else as `%v`.
  static func text(_ value: Value, _ run: Run) throws -> Bytes { try Printing.text(value, run) }

  /// chezmoi's toString: floats without an exponent.
  static func chezmoiText(_ value: Value, _ run: Run) throws -> Bytes {
    if case .float(let number) = value { return FloatText.plain(number).bytes }
    return try Printing.text(value, run)
  }

  /// chezmoi's toStrings: lists within lists become one.
  static func flatTexts(_ value: Value, _ run: Run) throws -> [Bytes] {
    guard case .list(let list) = value else { return [try chezmoiText(value, run)] }
    try run.spend(1 + list.items.count)
    return try list.items.flatMap { try flatTexts($0, run) }
  }

  /// sprig's strslice: the texts of a list, without what is nil.
  static func texts(_ value: Value, _ run: Run) throws -> [Bytes] {
    switch value {
    case .list(let list):
      try run.spend(list.items.count)
      return try list.items.filter { !$0.isNothing }.map { try text($0, run) }
    case .missing, .null: return []
    default: return [try text(value, run)]
    }
  }

  /// spf13/cast's ToInt64: what is no number is 0.
  static func int(_ value: Value) -> Int {
    switch value {
    case .int(let value, _): return value
    case .float(let value):
      // What does not fit becomes the least number, as on amd64.
      return Int(exactly: value.rounded(.towardZero)) ?? .min
    case .bool(let value): return value ? 1 : 0
    case .string(let bytes):
      var text = String(bytes: bytes)
      // A fraction of zeros is cut off, as cast does.
      if let point = text.firstIndex(of: "."), text[text.index(after: point)...].allSatisfy({ $0 == "0" }),
        point != text.startIndex, text.index(after: point) != text.endIndex
      {
        text = String(text[..<point])
      }
      return Number.integer(text) ?? 0
    default: return 0
    }
  }

  static func float(_ value: Value) -> Double {
    switch value {
    case .int(let value, _): return Double(value)
    case .float(let value): return value
    case .bool(let value): return value ? 1 : 0
    case .string(let bytes):
      // Hexadecimal ones need an exponent in Go.
      let text = String(bytes: bytes).lowercased()
      return text.contains("x") && !text.contains("p") ? 0 : Double(text) ?? 0
    default: return 0
    }
  }
}
