/// What only the machine, the source tree or a person knows.
extension FunctionTable {
  static let questions: [Function] = [
    .pure("include", [.text], kind: .source) { .string(try $0.run.bytes(.include(text($0, 0)))) },
    .pure("includeTemplate", [.text], rest: .any, kind: .source) { call in
      guard call.count <= 2 else {
        throw Problem("`includeTemplate` wants a name and one value, and has \(call.count) arguments")
      }
      let name = text(call, 0)
      let template: Template
      if let known = call.run.parsed[name] {
        template = known
      } else {
        template = try Template(
          try call.run.bytes(.includeTemplate(name)), name: name, depth: call.run.limits.depth)
        call.run.parsed[name] = template
      }
      return .string(
        try call.evaluation.nested {
          try Evaluation.output(of: template, data: call[1].indirect, run: call.run)
        })
    },
    .pure("stat", [.text], kind: .machine) { try $0.run.ask(.stat(text($0, 0))) },
    .pure("lstat", [.text], kind: .machine) { try $0.run.ask(.lstat(text($0, 0))) },
    .pure("lookPath", [.text], kind: .machine) { try $0.run.ask(.lookPath(text($0, 0))) },
    .pure("findExecutable", [.text, .any], kind: .machine) { call in
      try call.run.ask(.findExecutable(names: [text(call, 0)], folders: try texts(call, 1)))
    },
    .pure("findOneExecutable", [.any, .any], kind: .machine) { call in
      try call.run.ask(.findExecutable(names: try texts(call, 0), folders: try texts(call, 1)))
    },
    .pure("isExecutable", [.text], kind: .machine) { try $0.run.ask(.isExecutable(text($0, 0))) },
    .pure("env", [.text], kind: .machine) { try $0.run.ask(.env(text($0, 0))) },
    .pure("expandenv", [.text], kind: .machine) { .string(try expanded($0)) },
    .pure("glob", [.text], kind: .machine) { try $0.run.ask(.glob(text($0, 0), caseInsensitive: false)) },
    .pure("globCaseInsensitive", [.text], kind: .machine) {
      try $0.run.ask(.glob(text($0, 0), caseInsensitive: true))
    },
    .pure("stdinIsATTY", [], kind: .machine) { try $0.run.ask(.stdinIsTerminal) },
  ]

  private static func text(_ call: Call, _ index: Int) -> String { String(bytes: call.text(index)) }

  private static func texts(_ call: Call, _ index: Int) throws -> [String] {
    try Conversion.flatTexts(call[index], call.run).map { String(bytes: $0) }
  }

  /// `$NAME` and `${NAME}`.
  private static func expanded(_ call: Call) throws -> Bytes {
    let text = call.text(0)
    var result: Bytes = []
    var index = 0
    func isName(_ byte: UInt8) -> Bool {
      byte == 95 || (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte)
    }
    while index < text.count {
      guard text[index] == UInt8(ascii: "$"), index + 1 < text.count else {
        result.append(text[index])
        index += 1
        continue
      }
      let isBraced = text[index + 1] == UInt8(ascii: "{")
      let start = index + (isBraced ? 2 : 1)
      var end = start
      while end < text.count, isBraced ? text[end] != UInt8(ascii: "}") : isName(text[end]) { end += 1 }
      guard end > start else {
        result.append(text[index])
        index += 1
        continue
      }
      result += try call.run.bytes(.env(String(bytes: text[start..<end])))
      index = isBraced ? end + 1 : end
    }
    return result
  }

  // MARK: Prompts

  static let prompts: [Function] = [
    .pure("promptString", [.text], rest: .text, kind: .prompt) { try ask($0, .text, 0) },
    .pure("promptBool", [.text], rest: .bool, kind: .prompt) { try ask($0, .bool, 0) },
    .pure("promptInt", [.text], rest: .int64, kind: .prompt) { try ask($0, .int, 0) },
    .pure("promptChoice", [.text, .any], rest: .text, kind: .prompt) { try ask($0, .choice, 0) },
    .pure("promptMultichoice", [.text, .any], rest: .any, kind: .prompt) { try ask($0, .choices, 0) },
    .pure("promptStringOnce", [.map, .any, .text], rest: .text, kind: .prompt) { call in
      if case .string? = try known(call) { return try known(call) ?? .missing }
      return try ask(call, .text, 2)
    },
    .pure("promptBoolOnce", [.map, .any, .text], rest: .bool, kind: .prompt) { call in
      switch try known(call) {
      case .bool(let value)?: return .bool(value)
      case .string(let text)?:
        switch String(bytes: text).lowercased() {
        case "1", "t", "true", "y", "yes", "on": return .bool(true)
        case "0", "f", "false", "n", "no", "off": return .bool(false)
        default: break
        }
      default: break
      }
      return try ask(call, .bool, 2)
    },
    .pure("promptIntOnce", [.map, .any, .text], rest: .int64, kind: .prompt) { call in
      if case .int(let value, _)? = try known(call) { return .int(value, .int64) }
      return try ask(call, .int, 2)
    },
    .pure("promptChoiceOnce", [.map, .any, .text, .any], rest: .text, kind: .prompt) { call in
      if case .string(let text)? = try known(call) { return .string(text) }
      return try ask(call, .choice, 2)
    },
    .pure("promptMultichoiceOnce", [.map, .any, .text, .any], rest: .any, kind: .prompt) { call in
      if let value = try known(call) { return .strings(try Conversion.flatTexts(value, call.run)) }
      return try ask(call, .choices, 2)
    },
    .pure("writeToStdout", [], rest: .text, kind: .prompt) { _ in .string([]) },
  ]

  /// The value that the data has already.
  private static func known(_ call: Call) throws -> Value? {
    guard var map = call.map(0) else { return nil }
    let keys = try ValuePaths.keys(call[1])
    for key in keys.dropLast() {
      guard case .map(let inner)? = map.entries[key] else { return nil }
      map = inner
    }
    return keys.last.flatMap { map.entries[$0] }
  }

  private static func ask(_ call: Call, _ kind: TemplateQuestion.PromptKind, _ first: Int) throws -> Value {
    let hasChoices = kind == .choice || kind == .choices
    let preset = first + (hasChoices ? 2 : 1)
    guard call.count <= preset + 1 else { throw Problem("a prompt has too many arguments") }
    let choices =
      hasChoices
      ? try Conversion.flatTexts(call[first + 1], call.run).map { GoValue.string(String(bytes: $0)) } : []
    return try call.run.ask(
      .prompt(
        kind, text(call, first), choices: choices,
        preset: preset < call.count ? try call.run.plain(call[preset]) : nil))
  }
}
