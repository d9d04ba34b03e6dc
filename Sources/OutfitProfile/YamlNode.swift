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

  init(_ bytes: [UInt8], file: String) {
    self.file = file
    var text = String(decoding: bytes, as: UTF8.self)
    if text.unicodeScalars.first == "\u{FEFF}" { text.unicodeScalars.removeFirst() }
    // libyaml follows YAML 1.1, where these end a line too.
    let breaks: Set<Character> = ["\n", "\r\n", "\r", "\u{85}", "\u{2028}", "\u{2029}"]
    lines = text.split(omittingEmptySubsequences: false) { breaks.contains($0) }.map(String.init)
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
