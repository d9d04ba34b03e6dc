/// A difference that `parity` is told of: why it is meant, and what it may be.
public struct AllowedDifference: Hashable, Sendable {
  /// What the values at the place are.
  public enum Kind: String, Sendable, CaseIterable {
    case host, count, quantity, reference, text
  }

  public var reason: String
  /// Nil takes any value.
  public var kind: Kind?
  /// The least and the most, of a count or a quantity.
  public var minimum: String?
  public var maximum: String?
  /// Where it may be; empty for every environment.
  public var environments: [String]

  public init(
    _ reason: String, kind: Kind? = nil, minimum: String? = nil, maximum: String? = nil,
    environments: [String] = []
  ) {
    self.reason = reason
    self.kind = kind
    self.minimum = minimum
    self.maximum = maximum
    self.environments = environments
  }
}

extension AllowedDifference: ExpressibleByStringLiteral {
  public init(stringLiteral reason: String) { self.init(reason) }
}
