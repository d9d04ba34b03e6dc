/// A value that a template is given: what JSON, TOML and YAML can say.
public indirect enum GoValue: Hashable, Sendable {
  case null
  case bool(Bool)
  case int(Int)
  case float(Double)
  case string(String)
  case list([GoValue])
  case map([String: GoValue])
}

extension GoValue {
  /// What `Template.renderKnown` writes for a value that has no answer.
  public var isUnknown: Bool {
    if case .string(let text) = self { UnknownMark(in: text.bytes) != nil } else { false }
  }

  /// With the other's value for each that is not known; where that has none either, `drops` leaves the key out.
  public func filled(by other: GoValue?, drops: Bool = false) -> GoValue {
    guard case .map(let entries) = self else { return isUnknown ? other ?? self : self }
    var filled: [String: GoValue] = [:]
    for (key, value) in entries {
      let value = value.filled(by: other?.map?[key], drops: drops)
      if !drops || !value.isUnknown { filled[key] = value }
    }
    return .map(filled)
  }
}

extension GoValue: ExpressibleByStringLiteral, ExpressibleByBooleanLiteral, ExpressibleByIntegerLiteral,
  ExpressibleByFloatLiteral, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
  public init(stringLiteral value: String) { self = .string(value) }
  public init(booleanLiteral value: Bool) { self = .bool(value) }
  public init(integerLiteral value: Int) { self = .int(value) }
  public init(floatLiteral value: Double) { self = .float(value) }
  public init(arrayLiteral elements: GoValue...) { self = .list(elements) }
  public init(dictionaryLiteral elements: (String, GoValue)...) {
    self = .map(Dictionary(elements, uniquingKeysWith: { $1 }))
  }
}
