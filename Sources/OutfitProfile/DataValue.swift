import OutfitCore

/// A value of `data:`, as templates name it. Numbers are texts as they are written.
public indirect enum DataValue: Hashable, Sendable {
  case text(String)
  case bool(Bool)
  case list([DataValue])
  case map([String: DataValue])
  /// These names are true, and every other one is false. No manifest writes it.
  case names(Set<String>)

  /// What a manifest says; plain `true` and `false` are truth values (YAML 1.2, 10.3.2), and nothing is an empty text.
  init(_ node: YamlNode) {
    switch node.content {
    case .scalar(let text, isPlain: true) where ["true", "True", "TRUE"].contains(text): self = .bool(true)
    case .scalar(let text, isPlain: true) where ["false", "False", "FALSE"].contains(text):
      self = .bool(false)
    case .scalar: self = .text(node.text ?? "")
    case .sequence(let nodes): self = .list(nodes.map { DataValue($0) })
    case .mapping(let pairs):
      self = .map(Dictionary(pairs.map { ($0.key, DataValue($0.value)) }, uniquingKeysWith: { $1 }))
    }
  }

  /// What a later layer makes of this one's: mappings are merged key by key, `{also: [...]}` adds to a list, and all
  /// else takes its place.
  func merged(with later: DataValue) -> DataValue {
    guard case .map(let new) = later else { return later }
    if case .list(let items) = self, new.count == 1, let more = new["also"] {
      if case .list(let added) = more { return .list(items + added.filter { !items.contains($0) }) }
      return .list(items.contains(more) ? items : items + [more])
    }
    guard case .map(let old) = self else { return later }
    return .map(old.merging(new) { $0.merged(with: $1) })
  }

  /// One line, for people.
  public var summary: String {
    switch self {
    case .text(let text): text
    case .bool(let bool): "\(bool)"
    case .list(let values): "[\(values.map(\.summary).joined(separator: ", "))]"
    case .map(let values):
      "{\(values.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value.summary)" }.joined(separator: ", "))}"
    case .names(let names): names.sorted().joined(separator: ", ")
    }
  }

  /// What a template is given.
  public var template: TemplateValue {
    switch self {
    case .text(let text): .string(text)
    case .bool(let bool): .bool(bool)
    case .list(let values): .list(values.map(\.template))
    case .map(let values): .dictionary(values.mapValues(\.template))
    case .names(let names): .names(names)
    }
  }
}

extension DataValue: ExpressibleByStringLiteral {
  public init(stringLiteral text: String) { self = .text(text) }
}
