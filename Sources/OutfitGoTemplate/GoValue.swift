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
