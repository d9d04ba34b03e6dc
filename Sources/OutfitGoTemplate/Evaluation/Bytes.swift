/// Text as Go has it: bytes that are mostly UTF-8.
typealias Bytes = [UInt8]

extension String {
  init(bytes: some Sequence<UInt8>) { self.init(decoding: Array(bytes), as: UTF8.self) }
  var bytes: Bytes { Array(utf8) }
}

/// A rune of Go: a scalar, or U+FFFD for a byte that is no UTF-8.
struct Rune: Equatable {
  var scalar: Unicode.Scalar
  var width: Int
  /// Whether the bytes were UTF-8.
  var isValid: Bool
}

extension RandomAccessCollection where Element == UInt8, Index == Int {
  /// The rune that begins at `index`, which must be within.
  func rune(at index: Int) -> Rune {
    let first = self[index]
    if first < 0x80 { return Rune(scalar: Unicode.Scalar(first), width: 1, isValid: true) }
    let bad = Rune(scalar: "\u{FFFD}", width: 1, isValid: false)
    let length: Int
    var code: UInt32
    let smallest: UInt32
    switch first {
    case 0xC2...0xDF: (length, code, smallest) = (2, UInt32(first & 0x1F), 0x80)
    case 0xE0...0xEF: (length, code, smallest) = (3, UInt32(first & 0x0F), 0x800)
    case 0xF0...0xF4: (length, code, smallest) = (4, UInt32(first & 0x07), 0x10000)
    default: return bad
    }
    guard index + length <= endIndex else { return bad }
    for offset in 1..<length {
      let next = self[index + offset]
      guard next & 0xC0 == 0x80 else { return bad }
      code = code << 6 | UInt32(next & 0x3F)
    }
    guard code >= smallest, let scalar = Unicode.Scalar(code) else { return bad }
    return Rune(scalar: scalar, width: length, isValid: true)
  }

  var runes: [Rune] {
    var result: [Rune] = []
    var index = startIndex
    while index < endIndex {
      let rune = rune(at: index)
      result.append(rune)
      index += rune.width
    }
    return result
  }

  /// Where `needle` begins first, from `start` on.
  func find(_ needle: Bytes, from start: Int? = nil) -> Int? {
    let start = start ?? startIndex
    guard let first = needle.first else { return start <= endIndex ? start : nil }
    guard endIndex - start >= needle.count else { return nil }
    var index = start
    let last = endIndex - needle.count
    while index <= last {
      if self[index] == first, self[index..<index + needle.count].elementsEqual(needle) { return index }
      index += 1
    }
    return nil
  }

  func hasPrefix(_ prefix: Bytes) -> Bool { starts(with: prefix) }

  func hasSuffix(_ suffix: Bytes) -> Bool {
    count >= suffix.count && self[(endIndex - suffix.count)...].elementsEqual(suffix)
  }
}

extension Bytes {
  init(_ text: String) {
    self = []
    append(contentsOf: text.utf8)
  }

  init(_ scalar: Unicode.Scalar) {
    self = []
    if let encoded = UTF8.encode(scalar) { append(contentsOf: encoded) }
  }

  mutating func append(_ scalar: Unicode.Scalar) {
    if scalar.isASCII { append(UInt8(truncatingIfNeeded: scalar.value)) } else { self += Bytes(scalar) }
  }

  /// The pieces between `separator`; between runes where it is empty, as Go's strings.SplitN.
  func pieces(separator: Bytes, limit: Int = -1) -> [Bytes] {
    if limit == 0 { return [] }
    var result: [Bytes] = []
    if separator.isEmpty {
      var index = 0
      while index < count {
        if limit > 0, result.count == limit - 1 {
          result.append(Array(self[index...]))
          return result
        }
        let width = rune(at: index).width
        result.append(Array(self[index..<index + width]))
        index += width
      }
      return result
    }
    var start = 0
    while limit < 0 || result.count < limit - 1, let found = find(separator, from: start) {
      result.append(Array(self[start..<found]))
      start = found + separator.count
    }
    result.append(Array(self[start...]))
    return result
  }

  func trimmed(leading: Bool = true, trailing: Bool = true, _ isTrimmed: (Unicode.Scalar) -> Bool) -> Bytes {
    var start = 0
    var end = count
    while leading, start < end {
      let rune = rune(at: start)
      guard isTrimmed(rune.scalar) else { break }
      start += rune.width
    }
    while trailing, end > start {
      var begin = end - 1
      while begin > start, end - begin < 4, self[begin] & 0xC0 == 0x80 { begin -= 1 }
      var rune = self[begin..<end].rune(at: begin)
      if rune.width != end - begin { (begin, rune) = (end - 1, self[end - 1..<end].rune(at: end - 1)) }
      guard isTrimmed(rune.scalar) else { break }
      end = begin
    }
    return Array(self[start..<end])
  }

  /// Each rune replaced by others, as Go's strings.Map.
  func mapRunes(_ change: (Unicode.Scalar) -> Bytes) -> Bytes {
    var result: Bytes = []
    result.reserveCapacity(count)
    for rune in runes { result += change(rune.scalar) }
    return result
  }

  static func precedes(_ a: Bytes, _ b: Bytes) -> Bool { a.lexicographicallyPrecedes(b) }
}

extension Unicode.Scalar {
  /// What Go's unicode.IsSpace says.
  var isGoSpace: Bool {
    switch value {
    case 9...13, 32, 0x85, 0xA0, 0x1680, 0x2000...0x200A, 0x2028, 0x2029, 0x202F, 0x205F, 0x3000: true
    default: false
    }
  }

  var isGoLetter: Bool {
    if value < 0x80 { return (65...90).contains(value) || (97...122).contains(value) }
    switch properties.generalCategory {
    case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter: return true
    default: return false
    }
  }

  var isGoDigit: Bool {
    value < 0x80 ? (48...57).contains(value) : properties.generalCategory == .decimalNumber
  }
  var isGoUpper: Bool {
    value < 0x80 ? (65...90).contains(value) : properties.generalCategory == .uppercaseLetter
  }
  var isGoLower: Bool {
    value < 0x80 ? (97...122).contains(value) : properties.generalCategory == .lowercaseLetter
  }

  /// What Go's strconv.IsPrint says: letters, marks, numbers, punctuation, symbols and the ASCII space.
  var isGoPrintable: Bool {
    if value < 0x7F { return value >= 0x20 }
    switch properties.generalCategory {
    case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator, .paragraphSeparator,
      .spaceSeparator:
      return false
    default: return true
    }
  }

  /// One scalar for one, as Go's unicode.ToUpper.
  var goUpper: Unicode.Scalar {
    if value < 0x80 { return (97...122).contains(value) ? Unicode.Scalar(UInt8(value - 32)) : self }
    let mapped = properties.uppercaseMapping.unicodeScalars
    return mapped.count == 1 ? mapped.first ?? self : self
  }

  var goLower: Unicode.Scalar {
    if value < 0x80 { return (65...90).contains(value) ? Unicode.Scalar(UInt8(value + 32)) : self }
    let mapped = properties.lowercaseMapping.unicodeScalars
    return mapped.count == 1 ? mapped.first ?? self : self
  }

  var goTitle: Unicode.Scalar {
    let mapped = properties.titlecaseMapping.unicodeScalars
    return mapped.count == 1 ? mapped.first ?? self : self
  }
}
