extension Evaluation {
  func evaluate(_ pipeline: Pipeline, _ dot: Value) throws -> Value {
    var value: Value?
    for command in pipeline.commands {
      value = try evaluate(command, dot, final: value).indirect
    }
    let result = value ?? .missing
    for variable in pipeline.variables {
      if pipeline.isAssignment {
        try assign(variable, result, at: pipeline.at)
      } else {
        push(variable, result)
      }
    }
    return result
  }

  private func evaluate(_ command: Command, _ dot: Value, final: Value?) throws -> Value {
    guard let first = command.operands.first else { return .missing }
    let hasArguments = command.operands.count > 1 || final != nil
    if case .function(let number, let at) = first {
      return try call(number, Array(command.operands.dropFirst()), dot, final: final, at: at)
    }
    if hasArguments {
      if let method = try method(first, Array(command.operands.dropFirst()), dot, final) { return method }
      throw fail(
        "what is no function can't have arguments", at: first.at,
        hint:
          "the function comes first: {{ eq .a .b }}; keys with other characters: {{ index .map \"some-key\" }}"
      )
    }
    switch first {
    case .null(let at): throw fail("nil alone is no value to write", at: at)
    case .number(let number, _): return Self.ideal(number)
    default: return try value(first, dot)
    }
  }

  static func ideal(_ number: Number) -> Value {
    if number.isFloat { return .float(number.float ?? 0) }
    return number.int.map { .int($0) } ?? .float(number.float ?? 0)
  }

  /// The value of an operand where any type will do.
  func value(_ operand: Operand, _ dot: Value) throws -> Value {
    switch operand {
    case .dot:
      try run.notice(dot)
      return dot
    case .null: return .missing
    case .bool(let value, _): return .bool(value)
    case .number(let number, _): return Self.ideal(number)
    case .string(let text, _): return .string(text)
    case .field(let names, let at): return try follow(dot, names, at)
    case .variable(let number, let names, let at):
      let start = variable(number)
      try placed(at) { try run.notice(start) }
      return try follow(start, names, at)
    case .chain(let operand, let names, let at):
      if case .null = operand { throw fail("nil has no keys", at: at) }
      return try follow(try value(operand, dot), names, at)
    case .function(let number, let at): return try call(number, [], dot, final: nil, at: at)
    case .pipeline(let pipeline):
      run.depth += 1
      defer { run.depth -= 1 }
      try placed(pipeline.at) { try run.check(depth: run.depth, Self.tooDeep) }
      return try evaluate(pipeline, dot)
    }
  }

  private func follow(_ start: Value, _ names: [Bytes], _ at: Int) throws -> Value {
    var value = start
    for name in names { value = try field(name, of: value, [], at) }
    return value
  }

  private func field(_ name: Bytes, of receiver: Value, _ arguments: [Value], _ at: Int) throws -> Value {
    let shown = String(bytes: name)
    switch receiver {
    case .missing:
      if template.missingKey(run) == .error {
        throw fail("there is no data that could have a key `\(shown)`", at: at)
      }
      return .missing
    case .map(let map):
      if let value = map.entries[name] {
        try placed(at) { try run.notice(value) }
        return value
      }
      switch template.missingKey(run) {
      case .default, .invalid: return .missing
      case .zero: return map.isOfStrings ? .string([]) : .null
      case .error:
        let near = Nearness.nearest(shown, among: map.entries.keys.map { String(bytes: $0) })
        var error = fail(
          "there is no key `\(shown)`", at: at,
          hint: near.map { "did you mean `\($0)`?" }
            ?? "whether a key is there tells {{ hasKey . \"\(shown)\" }}")
        error.missingKey = shown
        throw error
      }
    case .time(let time):
      return try placed(at) { try time.method(shown, arguments, run) }
    case .version(let version):
      return try placed(at) { try version.method(shown, run) }
    default: throw fail("\(receiver.description) has no key `\(shown)`", at: at)
    }
  }

  /// The call of a method of a time or a version: `.t.Format "2006"`; nil where the operand can't be one.
  private func method(_ operand: Operand, _ arguments: [Operand], _ dot: Value, _ final: Value?) throws
    -> Value?
  {
    let receiver: Value
    var names: [Bytes]
    let at: Int
    switch operand {
    case .field(let path, let place): (receiver, names, at) = (dot, path, place)
    case .variable(let number, let path, let place): (receiver, names, at) = (variable(number), path, place)
    case .chain(let inner, let path, let place): (receiver, names, at) = (try value(inner, dot), path, place)
    default: return nil
    }
    guard let name = names.popLast() else { return nil }
    guard case .time(let time) = try follow(receiver, names, at) else { return nil }
    var values = try arguments.map { try value($0, dot) }
    if let final { values.append(final) }
    return try placed(at) { try time.method(String(bytes: name), values, run) }
  }

  // MARK: Calls

  private func call(_ number: Int, _ operands: [Operand], _ dot: Value, final: Value?, at: Int) throws
    -> Value
  {
    let function = FunctionTable.functions[number]
    try placed(at) { try run.spend(1) }
    let count = operands.count + (final == nil ? 0 : 1)
    switch function.body {
    case .refused(let why):
      if function.kind == .secret || function.name == "output",
        let known = known(function, operands, dot, final)
      {
        return known
      }
      throw error(
        Problem(
          "`\(function.name)` is not run: \(why.reason)",
          kind: .refused(function: function.name, function.kind), hint: why.hint),
        at: at)
    case .junction(let isOr):
      guard count > 0 else { throw wrongCount(function, count, at) }
      var value = Value.missing
      for operand in operands {
        value = try self.value(operand, dot)
        if value.isTrue == isOr { return value }
      }
      return final ?? value
    case .pure(let body):
      let fixed = function.parameters.count
      guard function.rest == nil ? count == fixed : count >= fixed else {
        throw wrongCount(function, count, at)
      }
      var values: [Value] = []
      values.reserveCapacity(count)
      for (index, operand) in operands.enumerated() {
        values.append(try argument(operand, dot, function, index))
      }
      if let final { values.append(try validated(final, function, values.count, at)) }
      // A map that is changed in place would hide that.
      if let lack = run.lack, function.name == "set" { throw run.lacks[lack] }
      let value = try placed(at) { try body(Call(values: values, run: run, evaluation: self)) }
      try placed(at) { try run.notice(value) }
      return value
    }
  }

  /// What the world has for a call of a password manager, or of a program, whose arguments are texts.
  private func known(_ function: Function, _ operands: [Operand], _ dot: Value, _ final: Value?) -> Value? {
    var words = [function.name]
    for operand in operands {
      guard case .string(let text)? = try? value(operand, dot) else { return nil }
      words.append(String(bytes: text))
    }
    if let final {
      guard case .string(let text) = final else { return nil }
      words.append(String(bytes: text))
    }
    return run.known(function.kind == .secret ? .secret(words) : .program(Array(words.dropFirst())))
  }

  private func wrongCount(_ function: Function, _ count: Int, _ at: Int) -> TemplateError {
    let wanted = function.parameters.count
    let least = function.rest == nil ? "" : "at least "
    return fail(
      "`\(function.name)` wants \(least)\(wanted) argument\(wanted == 1 ? "" : "s"), and has \(count)", at: at
    )
  }

  private func argument(_ operand: Operand, _ dot: Value, _ function: Function, _ index: Int) throws -> Value
  {
    let parameter = function.parameter(index)
    switch operand {
    case .null:
      guard parameter == .any || parameter == .map else { throw mistyped("nil", function, index, operand.at) }
      return .missing
    case .number(let number, _):
      switch parameter {
      case .any: return Self.ideal(number)
      case .int where number.int != nil: return .int(number.int ?? 0)
      case .int64 where number.int != nil: return .int(number.int ?? 0, .int64)
      case .float where number.float != nil: return .float(number.float ?? 0)
      default: throw mistyped("a number", function, index, operand.at)
      }
    default: return try validated(try value(operand, dot), function, index, operand.at)
    }
  }

  private func validated(_ value: Value, _ function: Function, _ index: Int, _ at: Int) throws -> Value {
    switch (function.parameter(index), value) {
    case (.any, _), (.map, .missing), (.text, .string), (.int, .int(_, .int)), (.int64, .int(_, .int64)),
      (.float, .float), (.bool, .bool):
      return value
    case (.map, .map(let map)) where !map.isOfStrings: return value
    default: throw mistyped(value.description, function, index, at)
    }
  }

  private func mistyped(_ what: String, _ function: Function, _ index: Int, _ at: Int) -> TemplateError {
    let parameter = function.parameter(index)
    return fail(
      "`\(function.name)` wants \(parameter.description) as argument \(index + 1), and has \(what)", at: at,
      hint: parameter.hint)
  }
}
