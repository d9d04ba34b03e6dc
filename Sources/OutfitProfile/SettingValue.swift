/// A value of a file of settings: what `keys:` sets.
public indirect enum SettingValue: Hashable, Sendable {
  case text(String)
  /// As it is written.
  case number(String)
  case bool(Bool)
  case null
  case list([SettingValue])
  case map([String: SettingValue])

  public subscript(path: ArraySlice<String>) -> SettingValue? {
    guard let key = path.first else { return self }
    guard case .map(let members) = self else { return nil }
    return members[key]?[path.dropFirst()]
  }

  /// The same with another value at a path; nil where something on the way is no mapping.
  public func setting(_ path: ArraySlice<String>, to value: SettingValue?) -> SettingValue? {
    guard let key = path.first else { return value }
    guard case .map(var members) = self else { return nil }
    if path.count == 1 {
      members[key] = value
      return .map(members)
    }
    guard let inner = members[key] ?? (value == nil ? nil : .map([:])) else { return self }
    guard let changed = inner.setting(path.dropFirst(), to: value) else { return nil }
    members[key] = changed
    return .map(members)
  }

  /// The paths to all that is no mapping, or an empty one, sorted.
  public var leaves: [(path: [String], value: SettingValue)] {
    guard case .map(let members) = self, !members.isEmpty else { return [([], self)] }
    return members.sorted { $0.key < $1.key }.flatMap { key, value in
      value.leaves.map { ([key] + $0.path, $0.value) }
    }
  }

  /// One text for equal values.
  public var canonical: String {
    switch self {
    case .text(let text): "t\(text.utf8.count):\(text)"
    case .number(let text): "n\(text.utf8.count):\(text)"
    case .bool(let bool): bool ? "b1" : "b0"
    case .null: "z"
    case .list(let values): "[" + values.map(\.canonical).joined() + "]"
    case .map(let members):
      "{"
        + members.sorted { $0.key < $1.key }.map { "\($0.key.utf8.count):\($0.key)\($0.value.canonical)" }
        .joined() + "}"
    }
  }

  public var isMap: Bool { if case .map = self { true } else { false } }

  /// As a file in which all is text has it.
  public var plain: String? {
    switch self {
    case .text(let text), .number(let text): text
    case .bool(let bool): "\(bool)"
    case .null: ""
    case .list, .map: nil
    }
  }

  /// One line, for people.
  public var summary: String {
    switch self {
    case .text(let text): text
    case .number(let text): text
    case .bool(let bool): "\(bool)"
    case .null: "null"
    case .list(let values): "[\(values.map(\.summary).joined(separator: ", "))]"
    case .map(let members):
      "{\(members.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value.summary)" }.joined(separator: ", "))}"
    }
  }

  /// Mappings of both, key by key; all else is the later one's.
  public func merged(with later: SettingValue) -> SettingValue {
    guard case .map(let old) = self, case .map(let new) = later else { return later }
    return .map(old.merging(new) { $0.merged(with: $1) })
  }

  /// A number as JSON has it.
  public static func isNumber(_ text: String) -> Bool {
    var rest = text[...]
    if rest.first == "-" { rest = rest.dropFirst() }
    func digits() -> Bool {
      let found = rest.prefix { $0.isASCII && $0.isNumber }
      rest = rest.dropFirst(found.count)
      return !found.isEmpty
    }
    if rest.first == "0" { rest = rest.dropFirst() } else if !digits() { return false }
    if rest.first == "." {
      rest = rest.dropFirst()
      if !digits() { return false }
    }
    if rest.first == "e" || rest.first == "E" {
      rest = rest.dropFirst()
      if rest.first == "+" || rest.first == "-" { rest = rest.dropFirst() }
      if !digits() { return false }
    }
    return rest.isEmpty
  }

  /// What a manifest says: without quotes, true, false, null and numbers are what they look like.
  init(_ node: YamlNode) {
    switch node.content {
    case .scalar(let text, let isPlain): self = isPlain ? Self.plain(text) : .text(text)
    case .sequence(let nodes): self = .list(nodes.map { SettingValue($0) })
    case .mapping(let pairs):
      self = .map(Dictionary(pairs.map { ($0.key, SettingValue($0.value)) }, uniquingKeysWith: { $1 }))
    }
  }

  /// What a text without quotes stands for (YAML 1.2, 10.3.2).
  public static func plain(_ text: String) -> SettingValue {
    switch text {
    case "", "~", "null", "Null", "NULL": return .null
    case "true", "True", "TRUE": return .bool(true)
    case "false", "False", "FALSE": return .bool(false)
    default:
      let digits = text.first == "+" ? text.dropFirst() : text[...]
      return isNumber(String(digits)) || text.hasPrefix("0x") || text.hasPrefix("0o")
        ? .number(text) : .text(text)
    }
  }
}
