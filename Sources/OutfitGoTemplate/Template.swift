/// What a run of a template is given beside its data.
public struct TemplateOptions: Sendable {
  /// What a key is that a map does not have; a directive of the template goes before.
  public var missingKey: MissingKey
  public var limits: TemplateLimits
  /// Templates that `{{ template "name" }}` finds, as chezmoi's folder .chezmoitemplates.
  public var associated: [String: Template]
  /// An expression without an answer ends nothing: `renderKnown` writes a mark for its value.
  var goesOn = false
  /// Why values of the data that are marks are not known.
  public var unknown: [TemplateError] = []

  public init(
    missingKey: MissingKey = .error, limits: TemplateLimits = TemplateLimits(),
    associated: [String: Template] = [:]
  ) {
    self.missingKey = missingKey
    self.limits = limits
    self.associated = associated
  }
}

/// A template in Go's language, as chezmoi has it, read and ready to be run.
public struct Template: Sendable {
  public let name: String
  let trees: [String: Tree]
  let directives: Directives
  private let text: Bytes

  /// - Throws: the first mistake, with its place.
  public init(
    _ text: some Sequence<UInt8>, name: String, depth: Int = TemplateLimits().depth
  ) throws(TemplateError) {
    let text = Array(text)
    self.name = name
    self.text = text
    do throws(Directives.Mistake) {
      directives = try Directives(text)
    } catch {
      throw Self.syntax(error.message, nil, name, Self.place(of: error.offset, in: text))
    }
    do throws(Lexer.Mistake) {
      trees = try Parser.trees(
        of: directives.text, name: name, left: directives.left, right: directives.right, maximumDepth: depth)
    } catch {
      let offset = directives.original(error.offset)
      throw Self.syntax(error.message, error.hint, name, Self.place(of: offset, in: text))
    }
  }

  public init(_ text: String, name: String) throws(TemplateError) {
    try self.init(text.utf8, name: name)
  }

  /// What the template writes.
  ///
  /// - Parameters:
  ///   - data: what `.` is.
  ///   - world: answers what the template asks of the machine.
  public func render(
    _ data: GoValue, world: some TemplateWorld, options: TemplateOptions = TemplateOptions()
  ) throws(TemplateError) -> [UInt8] {
    try run(data, Run(world: world, options: options))
  }

  /// What the template writes, with a mark for each value that has no answer, and why these have none. As data, with
  /// `TemplateOptions.unknown`, the marks end what uses them.
  public func renderKnown(
    _ data: GoValue, world: some TemplateWorld, options: TemplateOptions = TemplateOptions()
  ) throws(TemplateError) -> (bytes: [UInt8], unknown: [TemplateError]) {
    var options = options
    options.goesOn = true
    let run = Run(world: world, options: options)
    let bytes = try self.run(data, run)
    return (bytes, run.lacks)
  }

  private func run(_ data: GoValue, _ run: Run) throws(TemplateError) -> [UInt8] {
    do {
      return try Evaluation.output(of: self, data: run.value(data).indirect, run: run)
    } catch let error as TemplateError {
      throw error
    } catch let problem as Problem {
      throw TemplateError(
        kind: problem.kind, message: problem.message, hint: problem.hint, template: name, line: 1, column: 1)
    } catch {
      throw TemplateError(kind: .evaluation, message: "\(error)", template: name, line: 1, column: 1)
    }
  }

  private static func syntax(
    _ message: String, _ hint: String?, _ name: String, _ place: (line: Int, column: Int)
  ) -> TemplateError {
    TemplateError(
      kind: .syntax, message: message, hint: hint, template: name, line: place.line, column: place.column)
  }

  /// The place of an offset in the text without directives.
  func place(of offset: Int) -> (line: Int, column: Int) {
    Self.place(of: directives.original(offset), in: text)
  }

  private static func place(of offset: Int, in text: Bytes) -> (line: Int, column: Int) {
    var (line, start) = (1, 0)
    for (index, byte) in text.prefix(offset).enumerated() where byte == 10 {
      (line, start) = (line + 1, index + 1)
    }
    return (line, String(bytes: text[start..<max(start, min(offset, text.count))]).count + 1)
  }

  func missingKey(_ run: Run) -> MissingKey { directives.missingKey ?? run.options.missingKey }

  func hint(forTemplate name: String) -> String? {
    Nearness.nearest(name, among: trees.keys).map { "did you mean \"\($0)\"?" }
  }
}

/// A call that a template makes, whether or not a run comes to it.
public struct TemplateCall: Hashable, Sendable {
  public var function: String
  public var kind: TemplateFunctionKind
  public var line: Int
  public var column: Int
  /// The arguments that are written out as texts; nil for each that is computed.
  public var arguments: [String?]
}

extension Template {
  /// All calls of functions in the order in which they stand.
  public var calls: [TemplateCall] {
    var found: [(Int, TemplateCall)] = []
    for tree in trees.values { CallWalk.nodes(tree.nodes) { found.append(($0, call($0, $1, $2))) } }
    return found.sorted { $0.0 < $1.0 }.map(\.1)
  }

  /// The names of templates that it runs by `template` and that are not defined in itself.
  public var templatesNeeded: Set<String> {
    var names: Set<String> = []
    for tree in trees.values { CallWalk.templates(tree.nodes, into: &names) }
    return names.subtracting(trees.keys)
  }

  private func call(_ offset: Int, _ number: Int, _ operands: [Operand]) -> TemplateCall {
    let function = FunctionTable.functions[number]
    let (line, column) = place(of: offset)
    return TemplateCall(
      function: function.name, kind: function.kind, line: line, column: column,
      arguments: operands.map { if case .string(let text, _) = $0 { String(bytes: text) } else { nil } })
  }
}

enum CallWalk {
  typealias Found = (_ at: Int, _ function: Int, _ operands: [Operand]) -> Void

  static func nodes(_ nodes: [Node], _ found: Found) {
    for node in nodes {
      switch node {
      case .text, .stop, .next: break
      case .action(let pipeline): self.pipeline(pipeline, found)
      case .template(_, let pipeline, _): if let pipeline { self.pipeline(pipeline, found) }
      case .condition(let branch), .with(let branch), .range(let branch):
        pipeline(branch.pipeline, found)
        self.nodes(branch.body, found)
        self.nodes(branch.otherwise ?? [], found)
      }
    }
  }

  private static func pipeline(_ pipeline: Pipeline, _ found: Found) {
    for command in pipeline.commands {
      for (index, operand) in command.operands.enumerated() {
        self.operand(operand, index == 0 ? Array(command.operands.dropFirst()) : [], found)
      }
    }
  }

  private static func operand(_ operand: Operand, _ arguments: [Operand], _ found: Found) {
    switch operand {
    case .function(let number, let at): found(at, number, arguments)
    case .pipeline(let pipeline): self.pipeline(pipeline, found)
    case .chain(let inner, _, _): self.operand(inner, [], found)
    default: break
    }
  }

  static func templates(_ nodes: [Node], into names: inout Set<String>) {
    for node in nodes {
      switch node {
      case .template(let name, _, _): names.insert(name)
      case .condition(let branch), .with(let branch), .range(let branch):
        templates(branch.body, into: &names)
        templates(branch.otherwise ?? [], into: &names)
      default: break
      }
    }
  }
}
