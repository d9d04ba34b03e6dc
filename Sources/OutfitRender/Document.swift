import OutfitCore

/// A YAML or JSON document as plain values.
///
/// Scalars are resolved as Kubernetes and Compose read them; numbers keep their text.
public indirect enum Document: Hashable, Sendable {
  case null
  case bool(Bool)
  case number(String)
  case string(String)
  case list([Document])
  case map([String: Document])

  /// Every document of a YAML stream, the empty ones left out.
  /// - Parameter file: as diagnostics name it.
  public static func parse(_ text: String, file: String) throws(Failure) -> [Document] {
    try DocumentReader.read(text, file: file)
  }

  /// The only document of a JSON text in which a line may be a `//` comment.
  public static func parseJSON(_ text: String, file: String) throws(Failure) -> Document {
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map { line in
      line.drop { $0 == " " || $0 == "\t" }.hasPrefix("//") ? "" : line
    }
    return try parseOne(lines.joined(separator: "\n"), file: file)
  }

  /// The only document of a YAML text.
  public static func parseOne(_ text: String, file: String) throws(Failure) -> Document {
    let documents = try parse(text, file: file)
    guard documents.count == 1, let document = documents.first else {
      throw Failure(
        "\(file) has \(documents.count) documents where one is expected", at: SourceLocation(file: file))
    }
    return document
  }
}

extension Document {
  public subscript(key: String) -> Document? {
    if case .map(let values) = self { values[key] } else { nil }
  }

  /// Follows keys downwards.
  public func at(_ path: String...) -> Document? {
    path.reduce(Optional(self)) { $0?[$1] }
  }

  /// The text of a string, or of a number where either may be written.
  public var text: String? {
    switch self {
    case .string(let text), .number(let text): text
    default: nil
    }
  }

  public var items: [Document] { if case .list(let items) = self { items } else { [] } }
  public var entries: [String: Document] { if case .map(let entries) = self { entries } else { [:] } }
  public var isTrue: Bool { self == .bool(true) }
  public var isFalse: Bool { self == .bool(false) }
  public var integer: Int? { if case .number(let text) = self { Int(text) } else { nil } }

  /// The texts of a list of scalars; nil when it is no such list.
  public var texts: [String]? {
    guard case .list(let items) = self else { return nil }
    let texts = items.compactMap(\.text)
    return texts.count == items.count ? texts : nil
  }

  /// One line of JSON, keys sorted: how differences are shown.
  public var json: String {
    switch self {
    case .null: "null"
    case .bool(let value): value ? "true" : "false"
    case .number(let text): text
    case .string(let text): Quoting.json(text)
    case .list(let items): "[" + items.map(\.json).joined(separator: ",") + "]"
    case .map(let entries):
      "{"
        + entries.sorted { $0.key < $1.key }.map { Quoting.json($0.key) + ":" + $0.value.json }
        .joined(separator: ",") + "}"
    }
  }
}
