/// Walks the trees of one template, by the rules of text/template's exec.
final class Evaluation {
  enum Flow { case forward, stop, next }

  let template: Template
  let run: Run
  private(set) var output: Bytes = []
  private(set) var variables: [(number: Int, value: Value)] = []

  static func output(of template: Template, data: Value, run: Run) throws -> Bytes {
    let evaluation = Evaluation(template, run)
    try evaluation.enter(template.name, dot: data, at: 0)
    if !run.options.goesOn { try run.notice(.string(evaluation.output)) }
    return template.directives.finished(evaluation.output)
  }

  private init(_ template: Template, _ run: Run) {
    self.template = template
    self.run = run
  }

  // MARK: Mistakes

  func error(_ problem: Problem, at offset: Int) -> TemplateError {
    let (line, column) = template.place(of: offset)
    return TemplateError(
      kind: problem.kind, message: problem.message, hint: problem.hint, template: template.name, line: line,
      column: column)
  }

  func fail(_ message: String, at offset: Int, hint: String? = nil) -> TemplateError {
    error(Problem(message, hint: hint), at: offset)
  }

  /// Runs `body`; its problems are told with a place.
  func placed<Result>(_ offset: Int, _ body: () throws -> Result) throws -> Result {
    do {
      return try body()
    } catch let problem as Problem {
      throw error(problem, at: offset)
    } catch var error as TemplateError {
      if error.template != template.name {
        let (line, column) = template.place(of: offset)
        error.callers.append(TemplateError.Caller(template: template.name, line: line, column: column))
      }
      throw error
    }
  }

  // MARK: Variables

  var mark: Int { variables.count }

  func forget(to mark: Int) { variables.removeLast(variables.count - mark) }

  func push(_ number: Int, _ value: Value) { variables.append((number, value)) }

  func assign(_ number: Int, _ value: Value, at offset: Int) throws {
    guard let index = variables.lastIndex(where: { $0.number == number }) else {
      throw fail("the variable that is set here was never declared", at: offset, hint: "declare it with :=")
    }
    variables[index].value = value
  }

  func variable(_ number: Int) -> Value {
    for entry in variables.reversed() where entry.number == number { return entry.value }
    return .missing
  }

  // MARK: Nodes

  private func write(_ bytes: Bytes, at offset: Int) throws {
    guard output.count + bytes.count <= run.limits.output else {
      throw error(Problem.limit("the template writes more than \(run.limits.output) bytes"), at: offset)
    }
    output += bytes
  }

  /// Runs a named template with variables of its own.
  private func enter(_ name: String, dot: Value, at offset: Int) throws {
    guard let tree = template.trees[name] else {
      if let other = run.options.associated[name] {
        let bytes = try placed(offset) {
          try nested { try Evaluation.output(of: other, data: dot, run: run) }
        }
        return try write(bytes, at: offset)
      }
      throw fail("there is no template \"\(name)\"", at: offset, hint: template.hint(forTemplate: name))
    }
    let outer = variables
    variables = [(0, dot)]
    defer { variables = outer }
    _ = try walk(tree.nodes, dot: dot, at: offset)
  }

  static let tooDeep = "too many templates, blocks or parentheses run within each other"

  func nested<Result>(_ body: () throws -> Result) throws -> Result {
    run.depth += 1
    defer { run.depth -= 1 }
    try run.check(depth: run.depth, Self.tooDeep)
    return try body()
  }

  private func walk(_ nodes: [Node], dot: Value, at offset: Int) throws -> Flow {
    run.depth += 1
    defer { run.depth -= 1 }
    try placed(offset) { try run.check(depth: run.depth, Self.tooDeep) }
    for node in nodes {
      let flow = try walk(node, dot: dot)
      if flow != .forward { return flow }
    }
    return .forward
  }

  private func walk(_ node: Node, dot: Value) throws -> Flow {
    switch node {
    case .text(let bytes):
      try write(bytes, at: 0)
      return .forward
    case .action(let pipeline):
      if run.options.goesOn {
        try goOn(pipeline, dot)
        return .forward
      }
      let value = try evaluate(pipeline, dot)
      if pipeline.variables.isEmpty {
        try write(try placed(pipeline.at) { try Printing.printed(value, run) }, at: pipeline.at)
      }
      return .forward
    case .condition(let branch): return try walk(branch, isWith: false, dot)
    case .with(let branch): return try walk(branch, isWith: true, dot)
    case .range(let branch): return try loop(branch, dot)
    case .stop: return .stop
    case .next: return .next
    case .template(let name, let pipeline, let offset):
      try enter(name, dot: try pipeline.map { try decided($0, dot) } ?? .missing, at: offset)
      return .forward
    }
  }

  // MARK: What is not known

  /// An action whose value may have no answer.
  private func goOn(_ pipeline: Pipeline, _ dot: Value) throws {
    let outer = run.lack
    run.lack = nil
    defer { run.lack = outer ?? run.lack }
    let mark = mark
    var text: Bytes = []
    do {
      let value = try evaluate(pipeline, dot)
      if pipeline.variables.isEmpty { text = try placed(pipeline.at) { try Printing.printed(value, run) } }
    } catch let error as TemplateError where error.isLackOfValue {
      forget(to: mark)
      run.note(error)
    }
    guard let lack = run.lack else { return try write(text, at: pipeline.at) }
    let unknown = UnknownMark.text(lack)
    guard pipeline.variables.isEmpty else {
      forget(to: mark)
      for variable in pipeline.variables {
        if pipeline.isAssignment {
          try assign(variable, .string(unknown), at: pipeline.at)
        } else {
          push(variable, .string(unknown))
        }
      }
      return
    }
    // A value of its own is a text, whatever it would have been; within a text there are quotes already.
    let before = output.last(where: { $0 != UInt8(ascii: " ") && $0 != UInt8(ascii: "\t") })
    let isValue = before.map { "=:[,".utf8.contains($0) } ?? false
    try write(isValue && !isQuoted ? Bytes("\"") + unknown + Bytes("\"") : unknown, at: pipeline.at)
  }

  /// Whether the line that is written has an open quote.
  private var isQuoted: Bool {
    let line = output[((output.lastIndex(of: 10) ?? -1) + 1)...]
    return line.count { $0 == UInt8(ascii: "\"") } % 2 == 1
      || line.count { $0 == UInt8(ascii: "'") } % 2 == 1
  }

  /// The value of what decides which part is run: that must be known.
  private func decided(_ pipeline: Pipeline, _ dot: Value) throws -> Value {
    guard run.options.goesOn else { return try evaluate(pipeline, dot) }
    let outer = run.lack
    run.lack = nil
    let value = try evaluate(pipeline, dot)
    if let lack = run.lack { throw run.lacks[lack] }
    run.lack = outer
    return value
  }

  private func walk(_ branch: Branch, isWith: Bool, _ dot: Value) throws -> Flow {
    let mark = mark
    defer { forget(to: mark) }
    let value = try decided(branch.pipeline, dot)
    if value.isTrue { return try walk(branch.body, dot: isWith ? value : dot, at: branch.at) }
    guard let otherwise = branch.otherwise else { return .forward }
    return try walk(otherwise, dot: dot, at: branch.at)
  }

  private func loop(_ branch: Branch, _ dot: Value) throws -> Flow {
    let outer = mark
    defer { forget(to: outer) }
    let value = try decided(branch.pipeline, dot)
    let inner = mark
    let pipeline = branch.pipeline
    var hasRun = false
    /// Whether the loop goes on.
    func once(_ index: Value, _ element: Value) throws -> Bool {
      hasRun = true
      try placed(branch.at) { try run.spend(1) }
      let (names, count) = (pipeline.variables, pipeline.variables.count)
      if pipeline.isAssignment {
        if let first = names.first { try assign(first, count > 1 ? index : element, at: pipeline.at) }
        if count > 1 { try assign(names[1], element, at: pipeline.at) }
      } else if count > 0 {
        variables[inner - 1].value = element
        if count > 1 { variables[inner - 2].value = index }
      }
      defer { forget(to: inner) }
      return try walk(branch.body, dot: element, at: branch.at) != .stop
    }
    switch value {
    case .int(let count, let type):
      guard pipeline.variables.count < 2 else {
        throw fail("a range over a number has one variable only", at: branch.at)
      }
      var index = 0
      while index < count, try once(.missing, .int(index, type)) { index += 1 }
    case .list(let list):
      for (index, element) in list.items.enumerated() where try !once(.int(index), element) { break }
    case .map(let map):
      // As they were when the loop began, whatever its body does.
      let entries = map.entries
      for key in map.sortedKeys {
        guard let element = entries[key] else { continue }
        guard try once(.string(key), element) else { break }
      }
    case .missing, .null: break
    default:
      throw fail(
        "range can't go over \(value.description)", at: pipeline.at,
        hint: "it goes over lists, maps and whole numbers")
    }
    if !hasRun, let otherwise = branch.otherwise { return try walk(otherwise, dot: dot, at: branch.at) }
    return .forward
  }
}
