/// A template as it was read.
struct Tree: Sendable {
  var name: String
  var nodes: [Node]

  /// Whether it has nothing but white space, so that another of the same name may take its place.
  var isBlank: Bool {
    nodes.allSatisfy {
      if case .text(let text) = $0 { text.trimmed { $0.isGoSpace }.isEmpty } else { false }
    }
  }
}

indirect enum Node: Sendable {
  case text(Bytes)
  case action(Pipeline)
  case condition(Branch)
  case with(Branch)
  case range(Branch)
  case template(String, Pipeline?, at: Int)
  case stop(at: Int)
  case next(at: Int)
}

struct Branch: Sendable {
  var pipeline: Pipeline
  var body: [Node]
  var otherwise: [Node]?
  var at: Int
}

struct Pipeline: Sendable {
  var commands: [Command] = []
  /// Numbers of the variables that it sets.
  var variables: [Int] = []
  var isAssignment = false
  var at: Int
}

struct Command: Sendable {
  var operands: [Operand]
  var at: Int
}

indirect enum Operand: Sendable {
  case dot(at: Int)
  case null(at: Int)
  case bool(Bool, at: Int)
  case number(Number, at: Int)
  case string(Bytes, at: Int)
  case field([Bytes], at: Int)
  case variable(Int, [Bytes], at: Int)
  case chain(Operand, [Bytes], at: Int)
  /// A function, by its number in the table.
  case function(Int, at: Int)
  case pipeline(Pipeline)

  var at: Int {
    switch self {
    case .dot(let at), .null(let at), .bool(_, let at), .number(_, let at), .string(_, let at),
      .field(_, let at),
      .variable(_, _, let at), .chain(_, _, let at), .function(_, let at):
      at
    case .pipeline(let pipeline): pipeline.at
    }
  }
}

/// A number as it is written: one that can be an integer or a float becomes what is asked for.
struct Number: Sendable {
  var int: Int?
  var float: Double?
  /// Whether it is a float where any type will do.
  var isFloat: Bool

  /// By the rules of strconv and text/template; nil where it is none.
  init?(_ text: Bytes) {
    let string = String(bytes: text)
    int = Self.integer(string)
    let isHex =
      string.drop { $0 == "+" || $0 == "-" }.lowercased().hasPrefix("0x")
      && !string.lowercased().contains("p")
    isFloat = !isHex && string.contains { ".eEpP".contains($0) }
    if let int {
      float = Double(int)
    } else {
      guard isFloat || string.contains(where: { ".eEpP".contains($0) }),
        let value = Double(string.filter { $0 != "_" }), value.isFinite
      else { return nil }
      float = value
      if value == value.rounded(.towardZero), abs(value) < 9.2e18 { int = Int(value) }
    }
  }

  init(rune: Unicode.Scalar) {
    int = Int(rune.value)
    float = Double(rune.value)
    isFloat = false
  }

  /// What strconv.ParseInt(text, 0, 64) makes of it: 0x, 0o, 0b and a leading 0 tell the base.
  static func integer(_ text: String) -> Int? {
    var digits = Substring(text)
    var isNegative = false
    if let sign = digits.first, sign == "+" || sign == "-" {
      isNegative = sign == "-"
      digits.removeFirst()
    }
    var radix = 10
    if digits.count > 1, digits.first == "0" {
      switch digits.dropFirst().first?.lowercased() {
      case "x": radix = 16
      case "o": radix = 8
      case "b": radix = 2
      default: radix = 8
      }
      digits = digits.dropFirst("xob".contains(digits.dropFirst().first?.lowercased() ?? " ") ? 2 : 1)
    }
    guard !digits.hasSuffix("_"), !digits.contains("__"), radix != 10 || !digits.hasPrefix("_") else {
      return nil
    }
    let plain = digits.filter { $0 != "_" }
    guard !plain.isEmpty, plain.utf8.allSatisfy({ $0 != 43 && $0 != 45 }) else { return nil }
    return Int((isNegative ? "-" : "") + plain, radix: radix)
  }
}
