import OutfitCore

/// A value of TOML 1.0, as far as other programs' receipts need it: dates and numbers stay text.
indirect enum TomlValue: Hashable, Sendable {
  case string(String)
  /// A number, a date, `true` or `false`, as it is written.
  case bare(String)
  case array([TomlValue])
  case table([String: TomlValue])

  var string: String? { if case .string(let text) = self { text } else { nil } }
  var array: [TomlValue]? { if case .array(let values) = self { values } else { nil } }
  var table: [String: TomlValue]? { if case .table(let table) = self { table } else { nil } }

  subscript(key: String) -> TomlValue? { table?[key] }

  fileprivate mutating func set(_ path: ArraySlice<String>, _ value: TomlValue, appending: Bool = false) {
    guard let key = path.first else { return }
    if case .array(var elements) = self, var last = elements.popLast() {
      last.set(path, value, appending: appending)
      self = .array(elements + [last])
      return
    }
    var table = self.table ?? [:]
    if path.count > 1 {
      var inner = table[key] ?? .table([:])
      inner.set(path.dropFirst(), value, appending: appending)
      table[key] = inner
    } else if appending {
      table[key] = .array((table[key]?.array ?? []) + [value])
    } else {
      table[key] = value
    }
    self = .table(table)
  }
}

/// Reads what other programs wrote; it is no judge of TOML.
struct TomlReader {
  struct Malformed: Error {}

  private let text: [Character]
  private var place = 0

  static func read(_ text: String) throws -> TomlValue {
    var reader = TomlReader(text: Array(text.map { $0 == "\r\n" ? "\n" : $0 }))
    return try reader.document()
  }

  private init(text: [Character]) { self.text = text }

  private var next: Character? { place < text.count ? text[place] : nil }

  private mutating func take(_ character: Character) -> Bool {
    guard next == character else { return false }
    place += 1
    return true
  }

  private mutating func expect(_ character: Character) throws {
    guard take(character) else { throw Malformed() }
  }

  /// White space and comments; line ends too where they mean nothing.
  private mutating func skip(lines: Bool) {
    while let character = next {
      if character == "#" {
        while let other = next, other != "\n" { _ = take(other) }
      } else if character == " " || character == "\t" || (lines && character == "\n") {
        place += 1
      } else {
        return
      }
    }
  }

  private mutating func document() throws -> TomlValue {
    var root = TomlValue.table([:])
    var path: [String] = []
    while true {
      skip(lines: true)
      guard next != nil else { return root }
      if take("[") {
        let isArray = take("[")
        path = try key()
        try expect("]")
        if isArray { try expect("]") }
        root.set(path[...], .table([:]), appending: isArray)
      } else {
        let key = try key()
        try expect("=")
        root.set((path + key)[...], try value())
      }
      skip(lines: false)
      guard next == nil || next == "\n" else { throw Malformed() }
    }
  }

  private mutating func key() throws -> [String] {
    var parts: [String] = []
    repeat {
      skip(lines: false)
      if next == "\"" || next == "'" {
        parts.append(try string())
      } else {
        var part = ""
        while let character = next, character.isLetter || character.isNumber || "-_".contains(character) {
          part.append(character)
          place += 1
        }
        guard !part.isEmpty else { throw Malformed() }
        parts.append(part)
      }
      skip(lines: false)
    } while take(".")
    return parts
  }

  private mutating func value() throws -> TomlValue {
    skip(lines: false)
    guard let character = next else { throw Malformed() }
    switch character {
    case "\"", "'": return .string(try string())
    case "[":
      place += 1
      var values: [TomlValue] = []
      while true {
        skip(lines: true)
        if take("]") { return .array(values) }
        values.append(try value())
        skip(lines: true)
        if !take(",") {
          try expect("]")
          return .array(values)
        }
      }
    case "{":
      place += 1
      var table = TomlValue.table([:])
      while true {
        skip(lines: true)
        if take("}") { return table }
        let key = try key()
        try expect("=")
        table.set(key[...], try value())
        skip(lines: true)
        if !take(",") {
          try expect("}")
          return table
        }
      }
    default:
      var bare = ""
      while let other = next, !",]}#\n".contains(other) {
        bare.append(other)
        place += 1
      }
      while bare.last?.isWhitespace == true { bare.removeLast() }
      guard !bare.isEmpty else { throw Malformed() }
      return .bare(bare)
    }
  }

  private mutating func string() throws -> String {
    guard let quote = next else { throw Malformed() }
    place += 1
    var isLong = false
    if next == quote {
      place += 1
      guard take(quote) else { return "" }
      isLong = true
      _ = take("\n")
    }
    var result = ""
    while let character = next {
      place += 1
      if character == quote {
        if !isLong { return result }
        if place + 1 < text.count, text[place] == quote, text[place + 1] == quote {
          place += 2
          return result
        }
      } else if character == "\\", quote == "\"" {
        guard let escaped = next else { throw Malformed() }
        place += 1
        switch escaped {
        case "n": result.append("\n")
        case "t": result.append("\t")
        case "r": result.append("\r")
        case "u", "U":
          let count = escaped == "u" ? 4 : 8
          guard place + count <= text.count,
            let code = UInt32(String(text[place..<place + count]), radix: 16),
            let scalar = Unicode.Scalar(code)
          else { throw Malformed() }
          place += count
          result.unicodeScalars.append(scalar)
        default: result.append(escaped)
        }
        continue
      } else if character == "\n", !isLong {
        throw Malformed()
      }
      result.append(character)
    }
    throw Malformed()
  }
}
