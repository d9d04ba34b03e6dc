/// sprig's functions of numbers.
extension FunctionTable {
  static let numbers: [Function] = [
    .pure("int", [.any]) { .int(Conversion.int($0[0])) },
    .pure("int64", [.any]) { .int(Conversion.int($0[0]), .int64) },
    .pure("float64", [.any]) { .float(Conversion.float($0[0])) },
    .pure("atoi", [.text]) { .int(Int(String(bytes: $0.text(0))) ?? 0) },
    .pure("toDecimal", [.any]) {
      .int(Int(String(bytes: try Conversion.text($0[0], $0.run)), radix: 8) ?? 0, .int64)
    },
    .pure("add", [], rest: .any) { .int($0.values.reduce(0) { $0 &+ Conversion.int($1) }, .int64) },
    .pure("add1", [.any]) { .int(Conversion.int($0[0]) &+ 1, .int64) },
    .pure("sub", [.any, .any]) { .int(Conversion.int($0[0]) &- Conversion.int($0[1]), .int64) },
    .pure("mul", [.any], rest: .any) {
      .int($0.values.dropFirst().reduce(Conversion.int($0[0])) { $0 &* Conversion.int($1) }, .int64)
    },
    .pure("div", [.any, .any]) { .int(try divided($0).quotient, .int64) },
    .pure("mod", [.any, .any]) { .int(try divided($0).remainder, .int64) },
    .pure("max", [.any], rest: .any) { .int($0.values.map(Conversion.int).max() ?? 0, .int64) },
    .pure("biggest", [.any], rest: .any) { .int($0.values.map(Conversion.int).max() ?? 0, .int64) },
    .pure("min", [.any], rest: .any) { .int($0.values.map(Conversion.int).min() ?? 0, .int64) },
    .pure("maxf", [.any], rest: .any) { .float($0.values.map(Conversion.float).max() ?? 0) },
    .pure("minf", [.any], rest: .any) { .float($0.values.map(Conversion.float).min() ?? 0) },
    .pure("ceil", [.any]) { .float(Conversion.float($0[0]).rounded(.up)) },
    .pure("floor", [.any]) { .float(Conversion.float($0[0]).rounded(.down)) },
    .pure("round", [.any, .int], rest: .float) { call in
      let border = call.count > 2 ? call.float(2) : 0.5
      var power = 1.0
      for _ in 0..<min(400, abs(call.int(1))) { power *= 10 }
      if call.int(1) < 0 { power = 1 / power }
      let scaled = power * Conversion.float(call[0])
      let isUp = scaled - scaled.rounded(.towardZero) >= border
      return .float(scaled.rounded(isUp ? .up : .down) / power)
    },
    .pure("addf", [], rest: .any) { decimals([.int(0)] + $0.values) { $0.adding($1) } },
    .pure("add1f", [.any]) { decimals([$0[0], .int(1)]) { $0.adding($1) } },
    .pure("subf", [.any], rest: .any) { decimals($0.values) { $0.adding($1.negated) } },
    .pure("mulf", [.any], rest: .any) { decimals($0.values) { $0.multiplied(by: $1) } },
    .pure("divf", [.any], rest: .any) { call in
      var result = Conversion.float(call[0])
      for value in call.values.dropFirst() {
        let divisor = Conversion.float(value)
        guard divisor != 0 else { throw Problem("a number can't be divided by zero") }
        result /= divisor
      }
      return .float(Double(FloatText.rounded(result, "f", 16)) ?? result)
    },
    .pure("until", [.int]) { try steps($0, 0, $0.int(0), $0.int(0) < 0 ? -1 : 1) },
    .pure("untilStep", [.int, .int, .int]) { try steps($0, $0.int(0), $0.int(1), $0.int(2)) },
    .pure("seq", [], rest: .int) { call in
      let values = call.values.indices.map { call.int($0) }
      let (start, step, end): (Int, Int, Int)
      switch values.count {
      case 1: (start, step, end) = (1, values[0] < 1 ? -1 : 1, values[0])
      case 2: (start, step, end) = (values[0], values[1] < values[0] ? -1 : 1, values[1])
      case 3: (start, step, end) = (values[0], values[1], values[2])
      default: return .string([])
      }
      if values.count == 3, step == 0 || (end < start) != (step < 0) { return .string([]) }
      guard case .list(let list) = try steps(call, start, end &+ (step < 0 ? -1 : 1), step) else {
        return .string([])
      }
      return .string(try list.items.map { try Conversion.text($0, call.run) }.joinedBy([32]))
    },
  ]

  private static func divided(_ call: Call) throws -> (quotient: Int, remainder: Int) {
    let (a, b) = (Conversion.int(call[0]), Conversion.int(call[1]))
    guard b != 0 else { throw Problem("a number can't be divided by zero") }
    return b == -1 ? (0 &- a, 0) : (a / b, a % b)
  }

  private static func steps(_ call: Call, _ start: Int, _ stop: Int, _ step: Int) throws -> Value {
    guard step != 0, (stop < start) == (step < 0), start != stop else {
      return .list(List([], element: .int))
    }
    let (distance, isTooFar) = stop.subtractingReportingOverflow(start)
    guard !isTooFar, distance / step < call.run.limits.steps else {
      throw Problem.limit("a list would have too many elements")
    }
    try call.run.spend(distance / step)
    return .list(List(stride(from: start, to: stop, by: step).map { .int($0) }, element: .int))
  }

  private static func decimals(_ values: [Value], _ operation: (Decimal, Decimal) -> Decimal?) -> Value {
    let numbers = values.map { Decimal(Conversion.float($0)) }
    guard var result = numbers.first else { return .float(0) }
    for number in numbers.dropFirst() { result = operation(result, number) ?? result }
    return .float(result.double)
  }
}

/// Digits and a power of ten, so that 0.1 and 0.2 make 0.3.
struct Decimal {
  private var digits: Int128
  private var exponent: Int

  init(_ value: Double) {
    let text = FloatText.scientific(value)
    let parts = text.split(separator: "e")
    let mantissa = parts.first.map { $0.filter { $0 != "." } } ?? "0"
    let places = parts.first.flatMap { part in
      part.firstIndex(of: ".").map { part.distance(from: $0, to: part.endIndex) - 1 }
    }
    digits = Int128(mantissa) ?? 0
    exponent = (parts.count > 1 ? Int(parts[1]) ?? 0 : 0) - (places ?? 0)
  }

  private init(digits: Int128, exponent: Int) {
    self.digits = digits
    self.exponent = exponent
  }

  var double: Double { Double("\(digits)e\(exponent)") ?? 0 }

  var negated: Decimal { Decimal(digits: -digits, exponent: exponent) }

  func adding(_ other: Decimal) -> Decimal? {
    let low = min(exponent, other.exponent)
    guard let a = scaled(to: low), let b = other.scaled(to: low) else {
      return Decimal(double + other.double)
    }
    let (sum, isTooBig) = a.addingReportingOverflow(b)
    return isTooBig ? Decimal(double + other.double) : Decimal(digits: sum, exponent: low)
  }

  func multiplied(by other: Decimal) -> Decimal? {
    let (product, isTooBig) = digits.multipliedReportingOverflow(by: other.digits)
    return isTooBig
      ? Decimal(double * other.double) : Decimal(digits: product, exponent: exponent + other.exponent)
  }

  private func scaled(to exponent: Int) -> Int128? {
    var result = digits
    for _ in exponent..<self.exponent {
      let (next, isTooBig) = result.multipliedReportingOverflow(by: 10)
      if isTooBig { return nil }
      result = next
    }
    return result
  }
}
