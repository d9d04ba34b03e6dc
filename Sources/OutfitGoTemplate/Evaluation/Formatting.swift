/// Go's fmt.Sprintf.
struct Formatting {
  private struct Flags {
    var plus = false
    var minus = false
    var sharp = false
    var space = false
    var zero = false
    var width: Int?
    var precision: Int?
  }

  private let run: Run
  private let values: [Value]
  private var result: Bytes = []
  private var flags = Flags()
  private var next = 0
  private var isReordered = false

  static func text(_ format: Bytes, _ values: [Value], _ run: Run) throws -> Bytes {
    var formatting = Formatting(run: run, values: values)
    try formatting.go(format)
    return formatting.result
  }

  private init(run: Run, values: [Value]) {
    self.run = run
    self.values = values
  }

  private mutating func go(_ format: Bytes) throws {
    var index = 0
    while index < format.count {
      guard format[index] == UInt8(ascii: "%") else {
        result.append(format[index])
        index += 1
        continue
      }
      index += 1
      flags = Flags()
      try directive(format, &index)
      try run.make(bytes: result.count / 64)
      guard result.count <= run.limits.output else { throw Problem.limit("a text would be too long") }
    }
    guard !isReordered, next < values.count else { return }
    result += Bytes("%!(EXTRA ")
    for (index, value) in values[next...].enumerated() {
      if index > 0 { result += Bytes(", ") }
      if value.isNothing {
        result += Bytes("<nil>")
      } else {
        result += value.typeName.bytes + [61]
        try Printing.write(value, run, depth: 0, into: &result)
      }
    }
    result.append(UInt8(ascii: ")"))
  }

  private mutating func directive(_ format: Bytes, _ index: inout Int) throws {
    flagging: while index < format.count {
      switch format[index] {
      case UInt8(ascii: "#"): flags.sharp = true
      case UInt8(ascii: "0"): flags.zero = true
      case UInt8(ascii: "+"): flags.plus = true
      case UInt8(ascii: "-"): flags.minus = true
      case UInt8(ascii: " "): flags.space = true
      default: break flagging
      }
      index += 1
    }
    var isAfterIndex = try position(format, &index)
    if index < format.count, format[index] == UInt8(ascii: "*") {
      index += 1
      if let width = star() {
        flags.width = abs(width)
        if width < 0 { flags.minus = true }
      } else {
        result += Bytes("%!(BADWIDTH)")
      }
      isAfterIndex = false
    } else if let width = number(format, &index) {
      flags.width = width
      if isAfterIndex { isBadIndex = true }
    }
    if index < format.count, format[index] == UInt8(ascii: ".") {
      index += 1
      if isAfterIndex { isBadIndex = true }
      isAfterIndex = try position(format, &index)
      if index < format.count, format[index] == UInt8(ascii: "*") {
        index += 1
        if let precision = star(), precision >= 0 {
          flags.precision = precision
        } else {
          result += Bytes("%!(BADPREC)")
        }
        isAfterIndex = false
      } else {
        flags.precision = number(format, &index) ?? 0
      }
    }
    if !isAfterIndex { _ = try position(format, &index) }
    guard index < format.count else {
      result += Bytes("%!(NOVERB)")
      return
    }
    let verb = format.rune(at: index)
    index += verb.width
    if verb.scalar == "%" { return result.append(UInt8(ascii: "%")) }
    if isBadIndex {
      isBadIndex = false
      result += Bytes("%!") + Bytes(verb.scalar) + Bytes("(BADINDEX)")
      return
    }
    guard next < values.count else {
      result += Bytes("%!") + Bytes(verb.scalar) + Bytes("(MISSING)")
      return
    }
    let value = values[next]
    next += 1
    try write(value, verb.scalar, depth: 0)
  }

  private var isBadIndex = false

  /// `[n]`: the number of the next value.
  private mutating func position(_ format: Bytes, _ index: inout Int) throws -> Bool {
    guard index < format.count, format[index] == UInt8(ascii: "[") else { return false }
    isReordered = true
    guard let end = format.find([UInt8(ascii: "]")], from: index) else {
      isBadIndex = true
      index += 1
      return true
    }
    if let number = Int(String(bytes: format[(index + 1)..<end])), number >= 1, number <= values.count {
      next = number - 1
    } else {
      isBadIndex = true
    }
    index = end + 1
    return true
  }

  private func number(_ format: Bytes, _ index: inout Int) -> Int? {
    let start = index
    while index < format.count, (48...57).contains(format[index]) { index += 1 }
    guard index > start else { return nil }
    return Int(String(bytes: format[start..<index])).flatMap { $0 <= 1_000_000 ? $0 : nil }
  }

  private mutating func star() -> Int? {
    guard next < values.count else { return nil }
    defer { next += 1 }
    guard case .int(let value, _) = values[next], abs(value) <= 1_000_000 else { return nil }
    return value
  }

  private mutating func bad(_ value: Value, _ verb: Unicode.Scalar) throws {
    result += Bytes("%!") + Bytes(verb) + Bytes("(")
    if value.isNothing {
      result += Bytes("<nil>")
    } else {
      result += value.typeName.bytes + [61]
      try write(value, "v", depth: 0)
    }
    result.append(UInt8(ascii: ")"))
  }

  private mutating func pad(_ text: Bytes) throws {
    let missing = (flags.width ?? 0) - text.runes.count
    guard missing > 0 else {
      result += text
      return
    }
    try run.make(bytes: missing + text.count)
    if flags.minus {
      result += text + Bytes(repeating: 32, count: missing)
      return
    }
    result += Bytes(repeating: flags.zero ? 48 : 32, count: missing) + text
  }

  private mutating func write(_ value: Value, _ verb: Unicode.Scalar, depth: Int) throws {
    try run.spend(1)
    try run.check(depth: depth, "a value is nested too deeply to be written")
    if verb == "T" { return try pad(value.typeName.bytes) }
    switch value {
    case .missing, .null:
      if depth > 0 {
        result += Bytes("<nil>")
        return
      }
      if verb == "v" { return try pad(Bytes("<nil>")) }
      try bad(value, verb)
    case .bool(let flag):
      guard verb == "t" || verb == "v" else { return try bad(value, verb) }
      try pad(flag ? Bytes("true") : Bytes("false"))
    case .int(let number, let type): try write(number, type, verb, value)
    case .float(let number): try write(number, verb, value)
    case .string(let text): try write(text, verb, value)
    case .list(let list):
      let isGo = verb == "v" && flags.sharp
      result += isGo ? value.typeName.bytes + Bytes("{") : Bytes("[")
      for (index, item) in list.items.enumerated() {
        if index > 0 { result += isGo ? Bytes(", ") : Bytes(" ") }
        try write(item, verb, depth: depth + 1)
      }
      result += isGo ? Bytes("}") : Bytes("]")
    case .map(let map):
      let isGo = verb == "v" && flags.sharp
      result += isGo ? value.typeName.bytes + Bytes("{") : Bytes("map[")
      for (index, key) in map.sortedKeys.enumerated() {
        if index > 0 { result += isGo ? Bytes(", ") : Bytes(" ") }
        try write(.string(key), verb, depth: depth + 1)
        result.append(UInt8(ascii: ":"))
        try write(map.entries[key] ?? .null, verb, depth: depth + 1)
      }
      result += isGo ? Bytes("}") : Bytes("]")
    case .time, .version: try write(try Printing.text(value, run), verb, value)
    }
  }

  // MARK: Kinds

  private mutating func write(_ text: Bytes, _ verb: Unicode.Scalar, _ value: Value) throws {
    switch verb {
    case "v" where flags.sharp: try pad(Quoting.quoted(text))
    case "v", "s": try pad(truncated(text))
    case "q":
      let text = truncated(text)
      if flags.sharp, !text.contains(96),
        text.runes.allSatisfy({ $0.scalar == "\t" || $0.scalar.isGoPrintable })
      {
        return try pad([96] + text + [96])
      }
      try pad(Quoting.quoted(text, isAscii: flags.plus))
    case "x", "X":
      var hex: Bytes = []
      let bytes = flags.precision.map { text.prefix($0) } ?? text[...]
      try run.make(bytes: bytes.count * 3)
      for (index, byte) in bytes.enumerated() {
        if flags.space, index > 0 { hex.append(32) }
        if flags.sharp, index == 0 || flags.space { hex += [48, verb == "x" ? 120 : 88] }
        hex += Quoting.hex(UInt32(byte), 2)
      }
      try pad(verb == "x" ? hex : hex.map { (97...102).contains($0) ? $0 - 32 : $0 })
    default: try bad(value, verb)
    }
  }

  private func truncated(_ text: Bytes) -> Bytes {
    guard let precision = flags.precision else { return text }
    return text.runes.count <= precision
      ? text : Array(text.prefix(text.runes.prefix(precision).reduce(0) { $0 + $1.width }))
  }

  private mutating func write(_ number: Int, _ type: IntType, _ verb: Unicode.Scalar, _ value: Value) throws {
    var prefix: Bytes = []
    var radix = 10
    switch verb {
    case "d", "v": if verb == "v", flags.sharp, !type.isSigned { (radix, prefix) = (16, Bytes("0x")) }
    case "b": (radix, prefix) = (2, flags.sharp ? Bytes("0b") : [])
    case "o": (radix, prefix) = (8, flags.sharp ? Bytes("0") : [])
    case "O": (radix, prefix) = (8, Bytes("0o"))
    case "x": (radix, prefix) = (16, flags.sharp ? Bytes("0x") : [])
    case "X": (radix, prefix) = (16, flags.sharp ? Bytes("0X") : [])
    case "c": return try pad(Bytes(Unicode.Scalar(UInt32(clamping: number)) ?? "\u{FFFD}"))
    case "q": return try pad(Quoting.quoted(Unicode.Scalar(UInt32(clamping: number)) ?? "\u{FFFD}"))
    case "U":
      var text =
        Bytes("U+") + Quoting.hex(UInt32(clamping: number), 4).map { (97...102).contains($0) ? $0 - 32 : $0 }
      if flags.sharp, let scalar = Unicode.Scalar(UInt32(clamping: number)), scalar.isGoPrintable {
        text += Bytes(" '") + Bytes(scalar) + Bytes("'")
      }
      return try pad(text)
    default: return try bad(value, verb)
    }
    var digits = String(number.magnitude, radix: radix, uppercase: verb == "X").bytes
    let sign: Bytes = number < 0 ? [45] : flags.plus ? [43] : flags.space ? [32] : []
    if let precision = flags.precision {
      if precision == 0, number == 0 { return try pad(Bytes(repeating: 32, count: flags.width ?? 0)) }
      digits = Bytes(repeating: 48, count: max(0, precision - digits.count)) + digits
    } else if flags.zero, !flags.minus, let width = flags.width {
      digits = Bytes(repeating: 48, count: max(0, width - digits.count - sign.count)) + digits
    }
    let isZero = flags.zero
    flags.zero = false
    try pad(sign + prefix + digits)
    flags.zero = isZero
  }

  private mutating func write(_ number: Double, _ verb: Unicode.Scalar, _ value: Value) throws {
    var text: String
    switch verb {
    case "v", "g", "G":
      text =
        flags.precision.map { FloatText.rounded(number, "g", max(1, $0)) }
        ?? FloatText.general(number)
    case "e", "E": text = FloatText.rounded(number, "e", flags.precision ?? 6)
    case "f", "F": text = FloatText.rounded(number, "f", flags.precision ?? 6)
    case "b": text = FloatText.binary(number)
    case "x", "X":
      text = FloatText.hexadecimal(number, flags.precision)
      if verb == "X" { text = text.uppercased() }
    default: return try bad(value, verb)
    }
    if verb == "G" || verb == "E" { text = text.uppercased() }
    if text.hasPrefix("+") { text.removeFirst() }
    if !text.hasPrefix("-") { text = (flags.plus ? "+" : flags.space ? " " : "") + text }
    if flags.zero, !flags.minus, let width = flags.width, number.isFinite {
      let sign = text.prefix { "+- ".contains($0) }
      let digits = text.dropFirst(sign.count)
      text = sign + String(repeating: "0", count: max(0, width - text.utf8.count)) + digits
    }
    try pad(text.bytes)
  }
}
