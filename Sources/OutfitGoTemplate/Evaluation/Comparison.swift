/// Comparison by the rules of text/template's eq and lt, and Go's reflect.DeepEqual.
enum Comparison {
  private enum Kind { case bool, int, uint, float, text, other }

  private static func kind(_ value: Value) -> Kind {
    switch value {
    case .bool: .bool
    case .int(_, let type): type.isSigned ? .int : .uint
    case .float: .float
    case .string: .text
    default: .other
    }
  }

  private static func incompatible(_ a: Value, _ b: Value) -> Problem {
    Problem(
      "\(a.description) and \(b.description) can't be compared",
      hint: "make them one kind: toString, int or float64")
  }

  static func equal(_ a: Value, _ b: Value) throws -> Bool {
    let (a, b) = (a.indirect, b.indirect)
    switch (a, b) {
    case (.bool(let a), .bool(let b)): return a == b
    case (.int(let a, _), .int(let b, _)): return a == b
    case (.float(let a), .float(let b)): return a == b
    case (.string(let a), .string(let b)): return a == b
    case (.missing, .missing): return true
    case (.missing, _), (_, .missing): return false
    case (.time(let a), .time(let b)): return a == b
    case (.version, .version): return false
    default:
      guard kind(a) == .other, kind(b) == .other else { throw incompatible(a, b) }
      throw Problem(
        "\(a.description) can't be compared with \(b.description)", hint: "deepEqual compares lists and maps")
    }
  }

  static func isLess(_ a: Value, _ b: Value) throws -> Bool {
    switch (a.indirect, b.indirect) {
    case (.int(let a, _), .int(let b, _)): return a < b
    case (.float(let a), .float(let b)): return a < b
    case (.string(let a), .string(let b)): return a.lexicographicallyPrecedes(b)
    default: throw incompatible(a, b)
    }
  }

  static func isDeeplyEqual(_ a: Value, _ b: Value, _ run: Run, depth: Int = 0) throws -> Bool {
    try run.spend(1)
    try run.check(depth: depth, "values are nested too deeply to be compared")
    switch (a.indirect, b.indirect) {
    case (.missing, .missing): return true
    case (.bool(let a), .bool(let b)): return a == b
    case (.int(let a, let first), .int(let b, let second)): return a == b && first == second
    case (.float(let a), .float(let b)): return a == b
    case (.string(let a), .string(let b)): return a == b
    case (.list(let a), .list(let b)):
      guard a.items.count == b.items.count, a.element == b.element else { return false }
      for (first, second) in zip(a.items, b.items)
      where try !isDeeplyEqual(first, second, run, depth: depth + 1) { return false }
      return true
    case (.map(let a), .map(let b)):
      if a === b { return true }
      guard a.entries.count == b.entries.count, a.isOfStrings == b.isOfStrings else { return false }
      for (key, first) in a.entries {
        guard let second = b.entries[key], try isDeeplyEqual(first, second, run, depth: depth + 1) else {
          return false
        }
      }
      return true
    case (.time(let a), .time(let b)): return a == b
    case (.version(let a), .version(let b)): return a == b
    default: return false
    }
  }
}
