extension Parser {
  mutating func pipeline(_ context: String, until end: Token.Kind) throws(Mistake) -> Pipeline {
    try deeper()
    defer { depth -= 1 }
    var pipeline = Pipeline(at: peekNonSpace().range.lowerBound)
    try declarations(context, into: &pipeline)
    while true {
      let token = nextNonSpace()
      switch token.kind {
      case end:
        try check(pipeline, context, at: token)
        return pipeline
      case .bool, .character, .dot, .field, .identifier, .number, .null, .rawString, .string, .variable,
        .leftParenthesis:
        position -= 1
        pipeline.commands.append(try command())
      case .pipe:
        throw Mistake(message: "a `|` stands where a value is wanted", offset: token.range.lowerBound)
      default: throw unexpected(token, context)
      }
    }
  }

  private mutating func declarations(_ context: String, into pipeline: inout Pipeline) throws(Mistake) {
    while true {
      let variable = peekNonSpace()
      guard variable.kind == .variable else { return }
      let start = position
      _ = next()
      let following = peekNonSpace()
      switch following.kind {
      case .assign, .declare:
        pipeline.isAssignment = following.kind == .assign
        _ = next()
        pipeline.variables.append(variables.declare(text(variable)))
        return
      case .other where text(following) == [44]:
        _ = next()
        pipeline.variables.append(variables.declare(text(variable)))
        guard context == "range", pipeline.variables.count < 2 else {
          throw Mistake(
            message: "too many variables are set at once in \(context)", offset: following.range.lowerBound)
        }
        switch peekNonSpace().kind {
        case .variable, .rightDelimiter, .rightParenthesis: continue
        default:
          throw Mistake(
            message: "a range can only set variables: {{ range $key, $value := … }}",
            offset: peek.range.lowerBound)
        }
      default:
        position = start
        return
      }
    }
  }

  private func check(_ pipeline: Pipeline, _ context: String, at token: Token) throws(Mistake) {
    guard !pipeline.commands.isEmpty else {
      throw Mistake(message: "a value is missing in \(context)", offset: token.range.lowerBound)
    }
    for command in pipeline.commands.dropFirst() {
      switch command.operands.first {
      case .bool, .dot, .null, .number, .string:
        throw Mistake(
          message: "what stands after a `|` must be a function", offset: command.at,
          hint: "write the function first: {{ .x | quote }}")
      default: break
      }
    }
  }

  private mutating func command() throws(Mistake) -> Command {
    var command = Command(operands: [], at: peekNonSpace().range.lowerBound)
    while true {
      _ = peekNonSpace()
      if let operand = try operand() { command.operands.append(operand) }
      let token = next()
      switch token.kind {
      case .space: continue
      case .rightDelimiter, .rightParenthesis: position -= 1
      // Go takes a pipe that leads nowhere.
      case .pipe: break
      default: throw unexpected(token, "a value")
      }
      break
    }
    guard !command.operands.isEmpty else {
      throw Mistake(message: "a value is missing", offset: command.at)
    }
    return command
  }

  private mutating func operand() throws(Mistake) -> Operand? {
    guard let term = try term() else { return nil }
    guard peek.kind == .field else { return term }
    let place = peek.range.lowerBound
    var names: [Bytes] = []
    while peek.kind == .field { names.append(Array(text(next()).dropFirst())) }
    switch term {
    case .field(let before, let at): return .field(before + names, at: at)
    case .variable(let number, let before, let at): return .variable(number, before + names, at: at)
    case .bool, .string, .number, .null, .dot:
      throw Mistake(message: "a `.` can't follow this", offset: place)
    default: return .chain(term, names, at: place)
    }
  }

  private mutating func term() throws(Mistake) -> Operand? {
    let token = nextNonSpace()
    let at = token.range.lowerBound
    switch token.kind {
    case .identifier:
      let name = String(bytes: text(token))
      guard let number = FunctionTable.numbered[name] else {
        let near = FunctionTable.nearest(to: name)
        throw Mistake(
          message: "there is no function `\(name)`", offset: at,
          hint: near.map { "did you mean `\($0)`?" } ?? "a key of the data is written with a dot: .\(name)")
      }
      return .function(number, at: at)
    case .dot: return .dot(at: at)
    case .null: return .null(at: at)
    case .bool: return .bool(token.range.count == 4, at: at)
    case .field: return .field([Array(text(token).dropFirst())], at: at)
    case .variable:
      let name = text(token)
      guard variables.contains(name) else {
        throw Mistake(
          message: "there is no variable `\(String(bytes: name))` here", offset: at,
          hint: "a variable is set by {{ \(String(bytes: name)) := … }}, and lives until its block ends")
      }
      return .variable(variables.number(of: name), [], at: at)
    case .number:
      guard let number = Number(text(token)) else {
        throw Mistake(message: "`\(String(bytes: text(token)))` is not a number", offset: at)
      }
      return .number(number, at: at)
    case .character:
      let inner = Quoting.unquoted(input[token.range].dropFirst().dropLast(), quote: 39)
      guard let inner, !inner.isEmpty, inner.rune(at: 0).width == inner.count else {
        throw Mistake(
          message: "only one character stands between ' signs", offset: at,
          hint: "write a text in \" or ` signs")
      }
      return .number(Number(rune: inner.rune(at: 0).scalar), at: at)
    case .string, .rawString: return try string(token).map { .string($0, at: at) }
    case .leftParenthesis: return .pipeline(try pipeline("the parentheses", until: .rightParenthesis))
    default:
      position -= 1
      return nil
    }
  }
}
