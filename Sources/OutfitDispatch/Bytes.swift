/// Text as the kernel has it: paths, names and arguments need not be UTF-8.
public typealias Bytes = [UInt8]

enum Ascii {
  static let tab = UInt8(ascii: "\t")
  static let newline = UInt8(ascii: "\n")
  static let carriageReturn = UInt8(ascii: "\r")
  static let space = UInt8(ascii: " ")
  static let slash = UInt8(ascii: "/")
  static let dot = UInt8(ascii: ".")
  static let comma = UInt8(ascii: ",")
  static let colon = UInt8(ascii: ":")
  static let dash = UInt8(ascii: "-")
  static let star = UInt8(ascii: "*")
  static let hash = UInt8(ascii: "#")
  static let zero = UInt8(ascii: "0")
  static let nine = UInt8(ascii: "9")

  static func isDigit(_ byte: UInt8) -> Bool { byte >= zero && byte <= nine }

  static func isLetter(_ byte: UInt8) -> Bool {
    (byte | 0x20) >= UInt8(ascii: "a") && (byte | 0x20) <= UInt8(ascii: "z")
  }

  static func isBlank(_ byte: UInt8) -> Bool {
    byte == space || byte == tab || byte == carriageReturn
  }
}

extension Collection where Element == UInt8 {
  func starts(with text: StaticString) -> Bool {
    text.withUTF8Buffer { self.starts(with: $0) }
  }

  func equals(_ text: StaticString) -> Bool {
    text.withUTF8Buffer { self.elementsEqual($0) }
  }
}

extension ArraySlice where Element == UInt8 {
  /// Without blanks at either end.
  var trimmed: ArraySlice<UInt8> {
    var slice = self
    while let first = slice.first, Ascii.isBlank(first) { slice.removeFirst() }
    while let last = slice.last, Ascii.isBlank(last) { slice.removeLast() }
    return slice
  }

  /// What stands before the first blank.
  var firstWord: ArraySlice<UInt8> { prefix { !Ascii.isBlank($0) } }
}

/// The lines of a text, without their ends.
struct Lines: Sequence, IteratorProtocol {
  private let text: Bytes
  private var position = 0

  init(_ text: Bytes) { self.text = text }

  mutating func next() -> ArraySlice<UInt8>? {
    guard position < text.count else { return nil }
    var end = position
    while end < text.count, text[end] != Ascii.newline { end += 1 }
    defer { position = end + 1 }
    return text[position..<end]
  }
}

/// Bytes as a message may show them: repaired to UTF-8, cut, and without anything that a terminal obeys.
func shown(_ bytes: some Sequence<UInt8>, limit: Int = 200) -> String {
  let all = Array(bytes)
  var text = ""
  for scalar in String(decoding: all.prefix(limit), as: UTF8.self).unicodeScalars {
    let isControl = scalar.value < 0x20 || (0x7f...0x9f).contains(scalar.value)
    let isDirection =
      (0x202a...0x202e).contains(scalar.value) || (0x2066...0x2069).contains(scalar.value)
    text.unicodeScalars.append(isControl || isDirection ? "?" : scalar)
  }
  return all.count > limit ? text + "..." : text
}
