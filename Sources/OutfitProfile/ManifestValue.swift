import OutfitCore

/// A value of a manifest as `ManifestEdit` takes and gives it: texts, lists and mappings whose keys have an order.
public indirect enum ManifestValue: Sendable {
  /// Nothing, or `~`.
  case nothing
  case text(String)
  case list([ManifestValue])
  case mapping([Entry])

  public struct Entry: Sendable {
    public var key: String
    public var value: ManifestValue
    public init(_ key: String, _ value: ManifestValue) {
      self.key = key
      self.value = value
    }
  }
}

extension ManifestValue: Equatable {
  /// The order of keys does not count.
  public static func == (a: ManifestValue, b: ManifestValue) -> Bool {
    switch (a, b) {
    case (.nothing, .nothing): true
    case (.text(let a), .text(let b)): a == b
    case (.list(let a), .list(let b)): a == b
    case (.mapping(let a), .mapping(let b)):
      a.count == b.count
        && a.allSatisfy { entry in b.contains { $0.key == entry.key && $0.value == entry.value } }
    default: false
    }
  }
}

extension ManifestValue: ExpressibleByStringLiteral, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
  public init(stringLiteral text: String) { self = .text(text) }
  public init(arrayLiteral values: ManifestValue...) { self = .list(values) }
  public init(dictionaryLiteral entries: (String, ManifestValue)...) {
    self = .mapping(entries.map { Entry($0.0, $0.1) })
  }

  public static func list(_ texts: [String]) -> ManifestValue { .list(texts.map(ManifestValue.text)) }
}

extension ManifestValue {
  public var text: String? {
    if case .text(let text) = self { text } else { nil }
  }

  /// The texts of a list, or one text as a list of one, as `with:` and `versions:` may be written.
  public var texts: [String]? {
    switch self {
    case .text(let text): [text]
    case .list(let values): values.compactMap(\.text)
    case .nothing, .mapping: nil
    }
  }

  public var entries: [Entry]? {
    if case .mapping(let entries) = self { entries } else { nil }
  }

  public subscript(key: String) -> ManifestValue? { entries?.first { $0.key == key }?.value }

  init(_ node: YamlNode) {
    self =
      switch node.content {
      case .scalar: node.text.map(ManifestValue.text) ?? .nothing
      case .sequence(let nodes): .list(nodes.map(ManifestValue.init))
      case .mapping(let pairs): .mapping(pairs.map { Entry($0.key, ManifestValue($0.value)) })
      }
  }

  subscript(path: ArraySlice<String>) -> ManifestValue? {
    guard let key = path.first else { return self }
    return self[key]?[path.dropFirst()]
  }

  /// This value with another one at `path`; nil takes what is there out.
  func with(_ value: ManifestValue?, at path: ArraySlice<String>) -> ManifestValue {
    guard let key = path.first else { return value ?? .nothing }
    var entries = entries ?? []
    let index = entries.firstIndex { $0.key == key }
    guard value != nil || path.count > 1 else {
      if let index { entries.remove(at: index) }
      return .mapping(entries)
    }
    let inner = (index.map { entries[$0].value } ?? .nothing).with(value, at: path.dropFirst())
    if let index { entries[index].value = inner } else { entries.append(Entry(key, inner)) }
    return .mapping(entries)
  }
}

/// How values are written into a manifest.
struct ManifestText {
  enum Quote: String {
    case single = "'"
    case double = "\""
  }

  /// The longest line that a mapping in braces may make, in characters.
  static let width = 100

  /// For what needs quotes.
  var quote = Quote.double
  /// How much deeper the inside of something stands.
  var step = 2

  /// In one line, with brackets and braces.
  func flow(_ value: ManifestValue) -> String {
    switch value {
    case .nothing: "~"
    // What is meant by it is a yes or no: schemas want no quotes.
    case .text("true"): "true"
    case .text("false"): "false"
    case .text(let text): scalar(text)
    case .list(let values): "[\(values.map(flow).joined(separator: ", "))]"
    case .mapping(let entries):
      "{\(entries.map { "\(key($0.key)): \(flow($0.value))" }.joined(separator: ", "))}"
    }
  }

  /// The lines of an entry of a mapping that stands at `column` (from 0), without indentation of the first.
  /// - Parameter prefersBlock: its own entries stand in lines, not in braces.
  func lines(_ name: String, _ value: ManifestValue, column: Int, prefersBlock: Bool) -> [String] {
    let line = "\(key(name)): \(flow(value))"
    switch value {
    case .nothing: return ["\(key(name)):"]
    case .text: return [line]
    case .list(let values):
      if values.isEmpty || column + line.count <= Self.width { return [line] }
      return ["\(key(name)):"] + values.map { indentation(column + step) + "- " + flow($0) }
    case .mapping(let entries):
      if entries.isEmpty || !prefersBlock && column + line.count <= Self.width { return [line] }
      return ["\(key(name)):"] + inner(entries, column: column + step)
    }
  }

  /// The lines of entries that stand at `column`, indented.
  func inner(_ entries: [ManifestValue.Entry], column: Int) -> [String] {
    entries.flatMap { entry in
      var lines = lines(entry.key, entry.value, column: column, prefersBlock: false)
      lines[0] = indentation(column) + lines[0]
      return lines
    }
  }

  func indentation(_ column: Int) -> String { String(repeating: " ", count: column) }

  func key(_ name: String) -> String { Self.isPlain(name) ? name : quoted(name) }

  func scalar(_ text: String) -> String { Self.isPlain(text) ? text : quoted(text) }

  func quoted(_ text: String) -> String {
    let isPrintable = text.unicodeScalars.allSatisfy {
      $0.value >= 32 && $0.value != 127 && !(128...159).contains($0.value)
    }
    if quote == .single, isPrintable { return "'\(text.replacing("'", with: "''"))'" }
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case "\n": result += "\\n"
      case "\t": result += "\\t"
      case _
      where scalar.value < 32 || (127...159).contains(scalar.value)
        || [0x2028, 0x2029, 0xFEFF].contains(scalar.value):
        let hex = String(scalar.value, radix: 16, uppercase: true)
        result += "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }

  /// Whether every reader of YAML takes the text without quotes for just this text.
  static func isPlain(_ text: String) -> Bool {
    guard let first = text.unicodeScalars.first,
      isLetter(first) || first == "_" || first == "." || first == "/"
    else {
      return false
    }
    let words = ["null", "true", "false", "yes", "no", "on", "off", "y", "n", ".inf", ".nan"]
    if words.contains(text.lowercased()) || text == "." || text == ".." || text == "..." { return false }
    let rest = text.unicodeScalars.allSatisfy {
      isLetter($0) || isDigit($0) || "_./-+@".unicodeScalars.contains($0)
    }
    // `.5` is a number.
    return rest && !(first == "." && text.unicodeScalars.dropFirst().first.map(isDigit) == true)
  }

  /// Whether the text can replace a number that is written without quotes.
  static func isNumeric(_ text: String) -> Bool {
    !text.isEmpty && text.unicodeScalars.allSatisfy { isDigit($0) || $0 == "." } && text.first != "."
  }

  private static func isLetter(_ scalar: Unicode.Scalar) -> Bool {
    ("a"..."z").contains(scalar) || ("A"..."Z").contains(scalar)
  }

  private static func isDigit(_ scalar: Unicode.Scalar) -> Bool { ("0"..."9").contains(scalar) }
}
