import OutfitCore

/// When an entry, or a layer, counts: what `if:` says of a machine.
///
/// Keys of one mapping must all hold, of a list any one, and `not:` turns its condition round.
public indirect enum Condition: Hashable, Sendable {
  /// The fact is one of these.
  case fact(Fact, [String])
  case all([Condition])
  case any([Condition])
  case not(Condition)

  /// What can be asked of a machine.
  public enum Fact: String, Sendable, CaseIterable {
    case os, arch, distribution, host, user, tag, container, wsl, ci, command, file
    /// A bundle of the layer is used; no manifest writes that under `if:`.
    case bundle
  }

  /// All that it asks.
  public var facts: [(fact: Fact, values: [String])] {
    switch self {
    case .fact(let fact, let values): [(fact, values)]
    case .all(let parts), .any(let parts): parts.flatMap(\.facts)
    case .not(let condition): condition.facts
    }
  }

  /// Both must hold; nil always does.
  static func both(_ a: Condition?, _ b: Condition?) -> Condition? {
    guard let a, let b else { return a ?? b }
    var parts: [Condition] = []
    for condition in [a, b] {
      if case .all(let inner) = condition { parts += inner } else { parts.append(condition) }
    }
    parts = parts.enumerated().filter { parts.firstIndex(of: $0.element) == $0.offset }.map(\.element)
    return parts.count == 1 ? parts[0] : .all(parts)
  }
}

extension Condition: CustomStringConvertible {
  /// The same text for the same condition: `os: linux or macos, not (host: ci-*)`.
  public var description: String {
    switch self {
    case .fact(let fact, let values): "\(fact): \(values.map(Self.word).joined(separator: " or "))"
    case .all(let parts): parts.map(\.description).joined(separator: ", ")
    case .any(let parts): parts.map { "(\($0))" }.joined(separator: " or ")
    case .not(let condition): "not (\(condition))"
    }
  }

  /// One word, or a text in quotes: a value never looks like what stands between values.
  private static func word(_ value: String) -> String {
    let isWord =
      !value.isEmpty
      && value.unicodeScalars.allSatisfy {
        $0.properties.isAlphabetic || $0.properties.numericType != nil
          || "._-*?/~@+:".unicodeScalars.contains($0)
      }
    return isWord ? value : "\"\(value.replacing("\\", with: "\\\\").replacing("\"", with: "\\\""))\""
  }
}

extension Condition {
  /// What a manifest says; nil for what is none, which its shape has complained of.
  init?(_ node: YamlNode?) {
    guard let node else { return nil }
    if let elements = node.elements {
      let parts = elements.compactMap { Condition($0) }
      guard let first = parts.first else { return nil }
      self = parts.count == 1 ? first : .any(parts)
      return
    }
    var parts: [Condition] = []
    for fact in Fact.allCases where fact != .bundle {
      let values = (node[fact.rawValue]?.elements ?? node[fact.rawValue].map { [$0] } ?? []).compactMap(
        \.text)
      if !values.isEmpty { parts.append(.fact(fact, values.sorted())) }
    }
    if let condition = Condition(node["not"]) { parts.append(.not(condition)) }
    guard let first = parts.first else { return nil }
    self = parts.count == 1 ? first : .all(parts)
  }
}
