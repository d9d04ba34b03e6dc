import OutfitGoTemplate

/// Puts the questions of a tree and of its templates to a world, and keeps those that it could not answer.
final class TreeInquiry: TemplateWorld {
  private let world: any TemplateWorld
  private let prompts: TreePrompts
  private(set) var open: [TemplateQuestion] = []
  private(set) var openPrompts: [TreePrompt] = []
  /// The calls of password managers that were answered since these were last forgotten.
  private(set) var secrets: Set<[String]> = []
  /// All of them, whether or not there was an answer.
  private(set) var secretCalls: [[String]] = []

  /// What prompts were answered, by their keys.
  private(set) var answered: [String: GoValue] = [:]

  /// What programs would say, by their words.
  private let programs: [[String]: String]

  init(_ world: any TemplateWorld, prompts: TreePrompts, programs: [[String]: String] = [:]) {
    (self.world, self.prompts, self.programs) = (world, prompts, programs)
  }

  var isOpen: Bool { !open.isEmpty || !openPrompts.isEmpty }

  func answer(_ question: TemplateQuestion) -> TemplateAnswer {
    switch question {
    case .prompt(let kind, let text, let choices, let preset):
      let prompt = TreePrompt(
        key: prompts.key(text), text: text, kind: kind, choices: choices.compactMap(\.text), preset: preset,
        place: prompts.places[text])
      if let value = prompts.answer(to: prompt) {
        answered[prompt.key] = value
        return .value(value)
      }
      openPrompts.append(prompt)
      return .unknown
    case .stdinIsTerminal: return .value(.bool(prompts.isAttended))
    case .program(let words):
      return programs[words].map { .value(.string($0)) } ?? .refused("no program is run for it")
    case .secret(let words):
      if !secretCalls.contains(words) { secretCalls.append(words) }
      guard case .value(let value) = world.answer(question) else { return .refused("nothing gives it") }
      secrets.insert(words)
      return .value(value)
    default:
      let answer = world.answer(question)
      if case .unknown = answer { open.append(question) }
      return answer
    }
  }

  func forgetSecrets() { secrets = [] }

  /// - Parameter path: in the tree, or absolute.
  /// - Returns: nil where there is no such file, or nobody has looked yet.
  func bytes(_ path: String) -> [UInt8]? {
    if case .bytes(let bytes) = answer(.include(path)) { return bytes }
    return nil
  }

  func text(_ path: String) -> String? { bytes(path).map { String(decoding: $0, as: UTF8.self) } }
}

/// A question that a configuration template puts to a person.
public struct TreePrompt: Hashable, Sendable {
  /// What it is answered by: `--set KEY=…`, `data:`.
  public var key: String
  public var text: String
  public var kind: TemplateQuestion.PromptKind
  /// Empty where anything goes.
  public var choices: [String]
  public var preset: GoValue?
  /// Where it stands in the template.
  public var place: Place?

  public struct Place: Hashable, Sendable {
    public var line: Int
    public var column: Int
  }

  /// The answer that is taken without being asked for.
  public var offer: String? {
    switch preset {
    case .string(let text)?: text
    case .bool(let bool)?: "\(bool)"
    case .int(let number)?: "\(number)"
    case .list(let items)?: items.compactMap(\.text).joined(separator: ",")
    case .float, .map, .null, nil: nil
    }
  }

  /// A text as the prompt takes it; nil where it is no answer.
  public func value(_ answer: String) -> GoValue? {
    switch kind {
    case .text: return .string(answer)
    case .bool:
      switch answer.lowercased() {
      case "true", "t", "1", "yes", "y", "on": return true
      case "false", "f", "0", "no", "n", "off": return false
      default: return nil
      }
    case .int: return Int(answer).map { .int($0) }
    case .choice: return choices.contains(answer) ? .string(answer) : nil
    case .choices:
      let chosen = answer.split(separator: ",").map { String($0.trimming(\.isWhitespace)) }
      return chosen.allSatisfy(choices.contains) ? .list(chosen.map { .string($0) }) : nil
    }
  }
}

/// The answers to prompts.
public struct TreePrompts: Hashable, Sendable {
  /// By key.
  public var answers: [String: String]
  /// Somebody can be asked, or was.
  public var isAttended: Bool
  /// What has no answer is taken as it is offered, or as nothing; else it is a question.
  public var assumes: Bool
  /// By the text of the prompt.
  var keys: [String: String] = [:]
  /// By the text of the prompt.
  var places: [String: TreePrompt.Place] = [:]

  public init(answers: [String: String] = [:], isAttended: Bool = true, assumes: Bool = false) {
    (self.answers, self.isAttended, self.assumes) = (answers, isAttended, assumes)
  }

  func key(_ text: String) -> String {
    if let key = keys[text] { return key }
    var key = ""
    for character in text.lowercased() {
      if character.isASCII, character.isLetter || character.isNumber {
        key.append(character)
      } else if !key.isEmpty, key.last != "_" {
        key.append("_")
      }
    }
    while key.last == "_" { key.removeLast() }
    return key.isEmpty ? "answer" : String(key.prefix(40))
  }

  func answer(to prompt: TreePrompt) -> GoValue? {
    if let value = answers[prompt.key].flatMap(prompt.value) { return value }
    guard assumes else { return nil }
    if let preset = prompt.preset, preset != .null { return preset }
    switch prompt.kind {
    case .text: return ""
    case .bool: return false
    case .int: return 0
    case .choice: return .string(prompt.choices.first ?? "")
    case .choices: return .list([])
    }
  }

  /// Names prompts as `promptStringOnce . "email" "Your address"` does, and learns where they stand.
  mutating func learn(_ template: Template) {
    for call in template.calls where call.kind == .prompt {
      let isOnce = call.function.hasSuffix("Once")
      let index = isOnce ? 2 : 0
      guard call.arguments.count > index, let text = call.arguments[index] else { continue }
      if places[text] == nil { places[text] = TreePrompt.Place(line: call.line, column: call.column) }
      if isOnce, let path = call.arguments[1] {
        keys[text] = path.split(separator: ".").joined(separator: "_")
      }
    }
  }
}
