/// Something that only the machine, the source tree or a person knows.
public enum TemplateQuestion: Hashable, Sendable {
  public enum PromptKind: String, Hashable, Sendable { case text, bool, int, choice, choices }

  /// The bytes of a file of the source tree.
  case include(String)
  /// The bytes of a template in .chezmoitemplates or of the source tree.
  case includeTemplate(String)
  case stat(String)
  case lstat(String)
  case lookPath(String)
  /// The first of the names that is an executable in one of the folders.
  case findExecutable(names: [String], folders: [String])
  case isExecutable(String)
  case env(String)
  case glob(String, caseInsensitive: Bool)
  /// What a person answers; `choices` is empty where anything goes.
  case prompt(PromptKind, String, choices: [GoValue], preset: GoValue?)
  case stdinIsTerminal
  /// A secret, by the function of a password manager and its arguments. Who does not know it refuses.
  case secret([String])
  /// What a program says, by its words. Who does not know it without running it refuses.
  case program([String])
  /// Seconds since 1970, for `now` and `ago`.
  case clock
}

public enum TemplateAnswer: Hashable, Sendable {
  /// A file's bytes, for `include` and `includeTemplate`.
  case bytes([UInt8])
  case value(GoValue)
  /// Nobody has looked yet: the run ends with the question, and can be made again once there is an answer.
  case unknown
  /// There is no answer, and why.
  case refused(String)
}

/// What answers a template's questions.
public protocol TemplateWorld {
  func answer(_ question: TemplateQuestion) -> TemplateAnswer
}

/// Answers that are known beforehand; each other question is unknown.
public struct KnownAnswers: TemplateWorld, Sendable {
  public var answers: [TemplateQuestion: TemplateAnswer]

  public init(_ answers: [TemplateQuestion: TemplateAnswer] = [:]) { self.answers = answers }

  public func answer(_ question: TemplateQuestion) -> TemplateAnswer { answers[question] ?? .unknown }
}
