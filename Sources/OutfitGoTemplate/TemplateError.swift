/// Why a template was not read, or not run.
public struct TemplateError: Error, Hashable, Sendable, CustomStringConvertible {
  public enum Kind: Hashable, Sendable {
    /// It can't be read.
    case syntax
    /// It was read, and something in it went wrong.
    case evaluation
    /// It calls a function that Outfit does not run.
    case refused(function: String, TemplateFunctionKind)
    /// It took too many steps, nested too deeply, or wrote too much.
    case limit
    /// These questions have to be answered first.
    case unanswered(TemplateQuestion)
    /// The template itself said so, by `fail`.
    case failed
    /// The template ends early and makes no file: `skip` by `skipTemplateIf`, an empty file by `abortEmpty`.
    case ended(isSkipped: Bool)
  }

  public var kind: Kind
  /// One sentence without a full stop.
  public var message: String
  public var hint: String?
  /// The key that a map does not have.
  public var missingKey: String?
  /// The name of the template.
  public var template: String
  /// From 1.
  public var line: Int
  /// From 1, in characters.
  public var column: Int
  /// Where the template was called, the nearest first.
  public var callers: [Caller] = []

  public struct Caller: Hashable, Sendable {
    public var template: String
    public var line: Int
    public var column: Int

    public init(template: String, line: Int, column: Int) {
      self.template = template
      self.line = line
      self.column = column
    }
  }

  /// A value lacks; the template itself may go on.
  var isLackOfValue: Bool {
    switch kind {
    case .evaluation, .refused: true
    case .syntax, .limit, .unanswered, .failed, .ended: false
    }
  }

  public var description: String { "\(template):\(line):\(column): \(message)" }
}

/// Thrown below the parser and the evaluator, which add the place.
struct Problem: Error {
  var kind: TemplateError.Kind = .evaluation
  var message: String
  var hint: String?

  init(_ message: String, kind: TemplateError.Kind = .evaluation, hint: String? = nil) {
    self.message = message
    self.kind = kind
    self.hint = hint
  }

  static func limit(_ message: String) -> Problem { Problem(message, kind: .limit) }
}

/// What a template may take, so that none can hang a machine or fill its memory.
public struct TemplateLimits: Hashable, Sendable {
  /// Nodes and calls evaluated, and elements or 64 bytes made.
  public var steps = 5_000_000
  /// Bytes written, and bytes of one text.
  public var output = 16 << 20
  /// Parentheses, blocks and templates within each other.
  public var depth = 200

  public init() {}
}
