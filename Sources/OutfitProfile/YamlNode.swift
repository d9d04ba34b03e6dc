import OutfitCore

/// A node of a YAML document, and where it stands.
struct YamlNode: Sendable {
  var content: Content
  var location: SourceLocation

  indirect enum Content: Sendable {
    /// The text as written; `isPlain` when it had no quotes.
    case scalar(String, isPlain: Bool)
    case sequence([YamlNode])
    case mapping([YamlPair])
  }

  /// The text of a scalar that stands for something: nil for `~`, `null` and nothing at all.
  var text: String? {
    guard case .scalar(let text, let isPlain) = content else { return nil }
    return isPlain && ["", "~", "null", "Null", "NULL"].contains(text) ? nil : text
  }

  var isNull: Bool {
    if case .scalar = content { text == nil } else { false }
  }

  var elements: [YamlNode]? {
    if case .sequence(let nodes) = content { nodes } else { nil }
  }

  var pairs: [YamlPair]? {
    if case .mapping(let pairs) = content { pairs } else { nil }
  }

  subscript(key: String) -> YamlNode? { pairs?.first { $0.key == key }?.value }

  /// For messages: `a list`.
  var kind: String {
    switch content {
    case .scalar: isNull ? "nothing" : "a text"
    case .sequence: "a list"
    case .mapping: "a mapping"
    }
  }
}

struct YamlPair: Sendable {
  var key: String
  var keyLocation: SourceLocation
  var value: YamlNode
}

/// A text file's lines, as YAML counts them.
struct SourceText: Sendable {
  let file: String
  let lines: [String]

  /// Then a character is a byte.
  private let isASCII: Bool

  init(_ bytes: [UInt8], file: String) {
    self.file = file
    let bytes = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? bytes[3...] : bytes[...]
    isASCII = bytes.allSatisfy { $0 < 0x80 }
    var lines: [String] = []
    var start = bytes.startIndex
    var next = start
    while next < bytes.endIndex {
      let length = Self.lineBreak(bytes[next...])
      if length > 0 {
        lines.append(String(decoding: bytes[start..<next], as: UTF8.self))
        start = next + length
      }
      next += max(1, length)
    }
    lines.append(String(decoding: bytes[start...], as: UTF8.self))
    self.lines = lines
  }

  /// How many bytes the line break at the start has; libyaml follows YAML 1.1, where U+0085, U+2028 and U+2029 end
  /// a line too.
  private static func lineBreak(_ bytes: ArraySlice<UInt8>) -> Int {
    switch bytes.first {
    case UInt8(ascii: "\n"): 1
    case UInt8(ascii: "\r"): bytes.dropFirst().first == UInt8(ascii: "\n") ? 2 : 1
    case 0xC2: bytes.dropFirst().first == 0x85 ? 2 : 0
    case 0xE2: bytes.starts(with: [0xE2, 0x80, 0xA8]) || bytes.starts(with: [0xE2, 0x80, 0xA9]) ? 3 : 0
    default: 0
    }
  }

  func excerpt(_ location: SourceLocation) -> String? {
    location.file == file && lines.indices.contains(location.line - 1) ? lines[location.line - 1] : nil
  }

  /// The place of libyaml's mark, which counts Unicode scalars from 0, in characters from 1.
  func location(line: Int, scalar: Int) -> SourceLocation {
    guard lines.indices.contains(line) else {
      return SourceLocation(file: file, line: max(1, lines.count), column: (lines.last?.count ?? 0) + 1)
    }
    let text = lines[line]
    if isASCII {
      return SourceLocation(file: file, line: line + 1, column: min(scalar, text.utf8.count) + 1)
    }
    let scalars = text.unicodeScalars
    let index =
      scalars.index(scalars.startIndex, offsetBy: scalar, limitedBy: scalars.endIndex) ?? scalars.endIndex
    return SourceLocation(
      file: file, line: line + 1, column: text.distance(from: text.startIndex, to: index) + 1)
  }

  func diagnostic(
    _ message: String, at location: SourceLocation, hint: String? = nil,
    severity: Diagnostic.Severity = .error
  ) -> Diagnostic {
    Diagnostic(severity, message, at: location, excerpt: excerpt(location), hint: hint)
  }
}
