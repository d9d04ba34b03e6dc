/// What a function needs to be run.
public enum TemplateFunctionKind: String, Hashable, Sendable, CaseIterable {
  /// Its arguments alone.
  case pure
  /// The source tree: include, includeTemplate.
  case source
  /// The machine: files, programs on the PATH, environment variables, the clock.
  case machine
  /// An answer of a person.
  case prompt
  /// A program that is run.
  case program
  /// Something downloaded.
  case download
  /// A password manager or a key.
  case secret
  /// Chance: another result at each run.
  case chance
  /// A function that Outfit has not.
  case unsupported
}

/// The type of a parameter, as text/template checks it.
enum Parameter: Sendable {
  case any, text, int, int64, float, bool, map

  var description: String {
    switch self {
    case .any: "a value"
    case .text: "a text"
    case .int: "a whole number (int)"
    case .int64: "a whole number (int64)"
    case .float: "a number with a point (float64)"
    case .bool: "true or false"
    case .map: "a map"
    }
  }

  var hint: String? {
    switch self {
    case .text: "(toString …) makes a text of a value"
    case .int: "(int …) makes one of another number"
    case .int64: "(int64 …) makes one of another number"
    case .float: "(float64 …) makes one of another number"
    case .any, .bool, .map: nil
    }
  }
}

/// The arguments of a call, of the types that its function declares.
struct Call {
  let values: [Value]
  let run: Run
  let evaluation: Evaluation

  var count: Int { values.count }

  subscript(index: Int) -> Value { index < values.count ? values[index] : .missing }

  func text(_ index: Int) -> Bytes { if case .string(let bytes) = self[index] { bytes } else { [] } }
  func int(_ index: Int) -> Int { if case .int(let value, _) = self[index] { value } else { 0 } }
  func float(_ index: Int) -> Double { if case .float(let value) = self[index] { value } else { 0 } }
  func bool(_ index: Int) -> Bool { if case .bool(let value) = self[index] { value } else { false } }
  /// nil where the map is Go's nil map.
  func map(_ index: Int) -> Map? { if case .map(let map) = self[index] { map } else { nil } }

  /// A list, whatever its elements.
  func list(_ index: Int) throws -> List {
    if case .list(let list) = self[index] { return list }
    throw Problem("a list is wanted as argument \(index + 1), and \(self[index].description) is there")
  }
}

struct Function: Sendable {
  struct Refusal: Sendable {
    var reason: String
    var hint: String?
  }

  enum Body: Sendable {
    case pure(@Sendable (Call) throws -> Value)
    /// `and`, and `or`: arguments after the one that decides are not evaluated.
    case junction(isOr: Bool)
    case refused(Refusal)
  }

  var name: String
  var kind: TemplateFunctionKind
  var parameters: [Parameter]
  var rest: Parameter?
  var body: Body

  func parameter(_ index: Int) -> Parameter { index < parameters.count ? parameters[index] : rest ?? .any }

  /// A function of its arguments.
  static func pure(
    _ name: String, _ parameters: [Parameter], rest: Parameter? = nil, kind: TemplateFunctionKind = .pure,
    _ body: @escaping @Sendable (Call) throws -> Value
  ) -> Function {
    Function(name: name, kind: kind, parameters: parameters, rest: rest, body: .pure(body))
  }

  func named(_ name: String) -> Function {
    var copy = self
    copy.name = name
    return copy
  }
}

/// All functions by name.
enum FunctionTable {
  static let functions: [Function] =
    builtins + defaults + texts + moreTexts + encodings + lists + maps + numbers + patterns + paths + dates
    + formats
    + chezmoi + questions + prompts + refused

  static let numbered: [String: Int] = Dictionary(
    functions.enumerated().map { ($1.name, $0) }, uniquingKeysWith: { $1 })

  static func nearest(to name: String) -> String? { Nearness.nearest(name, among: numbered.keys) }
}

extension Template {
  /// The functions that templates can name, and what each needs.
  public static var functions: [String: TemplateFunctionKind] {
    Dictionary(FunctionTable.functions.map { ($0.name, $0.kind) }, uniquingKeysWith: { $1 })
  }
}
