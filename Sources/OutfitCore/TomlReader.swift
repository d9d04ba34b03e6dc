/// A value of TOML 1.0, as far as other programs' files need it: dates and numbers stay text.
package indirect enum TomlValue: Hashable, Sendable {
  case string(String)
  /// A number, a date, `true` or `false`, as it is written.
  case bare(String)
  case array([TomlValue])
  case table([String: TomlValue])

  package var string: String? { if case .string(let text) = self { text } else { nil } }
  package var array: [TomlValue]? { if case .array(let values) = self { values } else { nil } }
  package var table: [String: TomlValue]? { if case .table(let table) = self { table } else { nil } }

  package subscript(key: String) -> TomlValue? { table?[key] }

  fileprivate mutating func set(_ path: ArraySlice<String>, _ value: TomlValue, appending: Bool = false) {
    guard let key = path.first else { return }
    // What is changed is held once only, so that it is not copied.
    if case .array(var elements) = self, var last = elements.popLast() {
      self = .bare("")
      last.set(path, value, appending: appending)
      elements.append(last)
      self = .array(elements)
      return
    }
    var table = self.table ?? [:]
    self = .bare("")
    if path.count > 1 {
      var inner = table.removeValue(forKey: key) ?? .table([:])
      inner.set(path.dropFirst(), value, appending: appending)
      table[key] = inner
    } else if appending {
      var elements = table.removeValue(forKey: key)?.array ?? []
      elements.append(value)
      table[key] = .array(elements)
    } else if case .table(let new) = value, new.isEmpty, case .table? = table[key] {
      // A header that names a table which others opened before.
    } else {
      table[key] = value
    }
    self = .table(table)
  }
}

/// What a file of TOML says, and in which line.
package struct TomlDocument: Sendable {
  package var root: TomlValue
  /// Of every value, by its path: keys, and numbers within arrays.
  fileprivate var lines: [[String]: Int] = [:]

  /// The line of a value, or of what holds it.
  package func line(of path: [String]) -> Int {
    var path = path
    while !path.isEmpty {
      if let line = lines[path] { return line }
      path.removeLast()
    }
    return 1
  }
}

/// Reads what other programs wrote; it is no judge of TOML, but what it reads it reads as TOML means it.
package struct TomlReader {
  package struct Malformed: Error, Hashable {
    package var line: Int
  }

  private static let maximumDepth = 64

  private let text: [UInt8]
  private var place = 0
  private var line = 1
  private var lines: [[String]: Int] = [:]

  package static func read(_ text: String) throws(Malformed) -> TomlValue {
    try document(Array(text.utf8)).root
  }

  package static func document(_ bytes: [UInt8]) throws(Malformed) -> TomlDocument {
    var reader = TomlReader(text: bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? Array(bytes.dropFirst(3)) : bytes)
    let root = try reader.document()
    return TomlDocument(root: root, lines: reader.lines)
  }

  private init(text: [UInt8]) { self.text = text }

  private var next: UInt8? { place < text.count ? text[place] : nil }

  private var malformed: Malformed { Malformed(line: line) }

  private mutating func advance() {
    if text[place] == 10 { line += 1 }
    place += 1
  }

  private mutating func take(_ character: Unicode.Scalar) -> Bool {
    guard next == UInt8(ascii: character) else { return false }
    advance()
    return true
  }

  private mutating func expect(_ character: Unicode.Scalar) throws(Malformed) {
    guard take(character) else { throw malformed }
  }

  /// White space and comments; line ends too where they mean nothing.
  private mutating func skip(lines: Bool) {
    while let byte = next {
      switch byte {
      case UInt8(ascii: "#"): while let other = next, other != 10 { advance() }
      case 32, 9: advance()
      case 13 where place + 1 < text.count && text[place + 1] == 10: advance()
      case 10 where lines: advance()
      default: return
      }
    }
  }

  private mutating func document() throws(Malformed) -> TomlValue {
    var root = TomlValue.table([:])
    var path: [String] = []
    // The same with the numbers of elements, for `lines`.
    var numbered: [String] = []
    var counts: [[String]: Int] = [:]
    while true {
      skip(lines: true)
      guard next != nil else { return root }
      if take("[") {
        let isArray = take("[")
        let start = line
        path = try key()
        try expect("]")
        if isArray { try expect("]") }
        numbered = []
        for (index, part) in path.enumerated() {
          numbered.append(part)
          if isArray, index == path.count - 1 { counts[numbered, default: 0] += 1 }
          if let count = counts[numbered] { numbered.append("\(count - 1)") }
        }
        lines[numbered] = start
        root.set(path[...], .table([:]), appending: isArray)
      } else {
        let key = try key()
        try expect("=")
        root.set((path + key)[...], try value(numbered + key))
      }
      skip(lines: false)
      guard next == nil || next == 10 else { throw malformed }
    }
  }

  private mutating func key() throws(Malformed) -> [String] {
    var parts: [String] = []
    repeat {
      guard parts.count < Self.maximumDepth else { throw malformed }
      skip(lines: false)
      if next == UInt8(ascii: "\"") || next == UInt8(ascii: "'") {
        parts.append(try string())
      } else {
        let start = place
        while let byte = next, Self.isBare(byte) { advance() }
        guard place > start else { throw malformed }
        parts.append(String(decoding: text[start..<place], as: UTF8.self))
      }
      skip(lines: false)
    } while take(".")
    return parts
  }

  private static func isBare(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"):
      true
    default: false
    }
  }

  private mutating func value(_ path: [String]) throws(Malformed) -> TomlValue {
    skip(lines: false)
    guard let byte = next, path.count < Self.maximumDepth else { throw malformed }
    lines[path] = line
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "'"): return .string(try string())
    case UInt8(ascii: "["):
      advance()
      var values: [TomlValue] = []
      while true {
        skip(lines: true)
        if take("]") { return .array(values) }
        values.append(try value(path + ["\(values.count)"]))
        skip(lines: true)
        if !take(",") {
          try expect("]")
          return .array(values)
        }
      }
    case UInt8(ascii: "{"):
      advance()
      var table = TomlValue.table([:])
      while true {
        skip(lines: true)
        if take("}") { return table }
        let key = try key()
        try expect("=")
        table.set(key[...], try value(path + key))
        skip(lines: true)
        if !take(",") {
          try expect("}")
          return table
        }
      }
    default:
      let start = place
      while let other = next, !",]}#\n".utf8.contains(other) { advance() }
      var bare = text[start..<place]
      while let last = bare.last, last == 32 || last == 9 || last == 13 { bare.removeLast() }
      guard !bare.isEmpty else { throw malformed }
      return .bare(String(decoding: bare, as: UTF8.self))
    }
  }

  private mutating func string() throws(Malformed) -> String {
    guard let quote = next else { throw malformed }
    advance()
    var isLong = false
    if next == quote {
      advance()
      guard next == quote else { return "" }
      advance()
      isLong = true
      if next == 13, place + 1 < text.count, text[place + 1] == 10 { advance() }
      if next == 10 { advance() }
    }
    var result: [UInt8] = []
    while let byte = next {
      advance()
      if byte == quote {
        if !isLong { return try utf8(result) }
        if place + 1 < text.count, text[place] == quote, text[place + 1] == quote {
          advance()
          advance()
          return try utf8(result)
        }
      } else if byte == UInt8(ascii: "\\"), quote == UInt8(ascii: "\"") {
        try escape(into: &result, isLong: isLong)
        continue
      } else if byte == 10, !isLong {
        throw malformed
      }
      if byte == 13, next == 10 { continue }
      result.append(byte)
    }
    throw malformed
  }

  private func utf8(_ bytes: [UInt8]) throws(Malformed) -> String {
    guard let text = String(validating: bytes, as: UTF8.self) else { throw malformed }
    return text
  }

  private mutating func escape(into result: inout [UInt8], isLong: Bool) throws(Malformed) {
    guard let escaped = next else { throw malformed }
    if isLong, [32, 9, 10, 13].contains(escaped) {
      // A line that goes on: what is blank up to the next text does not count.
      var hasEnded = false
      while let blank = next, [32, 9, 10, 13].contains(blank) {
        if blank == 10 { hasEnded = true }
        advance()
      }
      guard hasEnded else { throw malformed }
      return
    }
    advance()
    let digits: Int
    switch escaped {
    case UInt8(ascii: "b"): return result.append(8)
    case UInt8(ascii: "t"): return result.append(9)
    case UInt8(ascii: "n"): return result.append(10)
    case UInt8(ascii: "f"): return result.append(12)
    case UInt8(ascii: "r"): return result.append(13)
    case UInt8(ascii: "e"): return result.append(27)
    case UInt8(ascii: "\""), UInt8(ascii: "\\"): return result.append(escaped)
    case UInt8(ascii: "x"): digits = 2
    case UInt8(ascii: "u"): digits = 4
    case UInt8(ascii: "U"): digits = 8
    default: throw malformed
    }
    guard place + digits <= text.count,
      let code = UInt32(String(decoding: text[place..<place + digits], as: UTF8.self), radix: 16),
      let scalar = Unicode.Scalar(code)
    else { throw malformed }
    place += digits
    result += Array(String(Character(scalar)).utf8)
  }
}
