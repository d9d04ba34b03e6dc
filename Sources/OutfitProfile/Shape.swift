import OutfitCore

/// What may stand at one place of a manifest. Reading and the JSON Schema both follow it, so they can't differ.
indirect enum Shape: Sendable {
  case text(TextForm)
  /// Texts, lists and mappings as they come.
  case anything
  case list(Shape)
  case record([Field])
  /// - Parameter example: one entry.
  case dictionary(key: TextForm, value: Shape, example: String)
  /// Told apart by the kind of the node: at most one of each.
  case either([Shape])
  /// A shape that stands at several places, and once in the schema.
  /// - Parameter place: there, as a JSON Pointer (RFC 6901): `#/$defs/condition`, or a key at the top.
  case shared(place: String, Shape)

  /// One value, or a list of such values.
  static func oneOrMore(_ form: TextForm) -> Shape { .either([.text(form), .list(.text(form))]) }

  static func choice<Choice: RawRepresentable & CaseIterable>(_ type: Choice.Type, _ what: String) -> Shape
  where Choice.RawValue == String {
    .text(.choice(Choice.allCases.map(\.rawValue), what))
  }

  /// For messages: `a version or a list`.
  var expectation: String {
    switch self {
    case .text(let form): form.what
    case .anything: "a value"
    case .list: "a list"
    case .record, .dictionary: "a mapping"
    case .either(let shapes): shapes.map(\.expectation).joined(separator: " or ")
    case .shared(_, let shape): shape.expectation
    }
  }

  /// Nothing written means nothing in it.
  fileprivate var mayBeEmpty: Bool {
    switch self {
    case .text, .anything: false
    case .list, .dictionary: true
    case .record(let fields): !fields.contains(where: \.isRequired)
    case .either(let shapes): shapes.contains(where: \.mayBeEmpty)
    case .shared(_, let shape): shape.mayBeEmpty
    }
  }

  fileprivate func matching(_ node: YamlNode) -> Shape? {
    switch (self, node.content) {
    case (.anything, _): self
    case (.shared(_, let shape), _): shape.matching(node)
    case (.either(let shapes), _): shapes.lazy.compactMap { $0.matching(node) }.first
    case (.text, .scalar), (.list, .sequence), (.record, .mapping), (.dictionary, .mapping): self
    default: nil
    }
  }
}

/// A key of a mapping whose keys are known.
struct Field: Sendable {
  var name: String
  var shape: Shape
  var isRequired = false
  /// For people, in the schema.
  var note: String
  /// As it would be written.
  var example: String

  init(_ name: String, _ shape: Shape, required: Bool = false, _ note: String, example: String) {
    self.name = name
    self.shape = shape
    self.isRequired = required
    self.note = note
    self.example = example
  }
}

/// What a scalar must look like.
struct TextForm: Sendable {
  /// With its article: `a version`.
  var what: String
  var types: [JSONType] = [.string]
  /// For the schema: an ECMA 262 expression that accepts at least what `check` accepts.
  var pattern: String?
  var choices: [String]?
  var check: @Sendable (String) -> Complaint?

  enum JSONType: String { case string, number, integer, boolean }

  struct Complaint: Sendable {
    var message: String
    var hint: String?
    init(_ message: String, hint: String? = nil) {
      self.message = message
      self.hint = hint
    }
  }

  static func choice(_ names: [String], _ what: String) -> TextForm {
    TextForm(what: what, choices: names) { text in
      if names.contains(text) { return nil }
      let list = names.joined(separator: ", ")
      return Complaint(
        "`\(text)` is not \(what)",
        hint: nearest(text, among: names).map { "did you mean `\($0)`?" } ?? "write one of \(list)")
    }
  }
}

/// Holds a document against a shape, and notes all that does not fit.
struct ShapeChecker {
  let source: SourceText
  private(set) var diagnostics: [Diagnostic] = []

  init(source: SourceText) { self.source = source }

  mutating func complain(_ message: String, at location: SourceLocation, hint: String? = nil) {
    diagnostics.append(source.diagnostic(message, at: location, hint: hint))
  }

  /// - Parameters:
  ///   - path: of the node, for messages: `tools.black`.
  ///   - example: as it would be written.
  mutating func check(_ node: YamlNode, _ shape: Shape, path: String, example: String) {
    if node.isNull, shape.mayBeEmpty { return }
    guard !node.isNull, let fitting = shape.matching(node) else {
      let what = path.isEmpty ? "the manifest" : "`\(path)`"
      complain(
        "\(what) should be \(shape.expectation), not \(node.kind)", at: node.location,
        hint: "for example `\(example)`")
      return
    }
    switch fitting {
    case .text(let form):
      if let complaint = form.check(node.text ?? "") {
        complain(complaint.message, at: node.location, hint: complaint.hint ?? "for example `\(example)`")
      }
    case .list(let element):
      for node in node.elements ?? [] { check(node, element, path: path, example: example) }
    case .dictionary(let form, let value, let example):
      for pair in node.pairs ?? [] {
        if let complaint = form.check(pair.key) {
          complain(
            complaint.message, at: pair.keyLocation, hint: complaint.hint ?? "for example `\(example)`")
        }
        check(pair.value, value, path: "\(path).\(pair.key)", example: example)
      }
    case .record(let fields): check(node, fields, path: path)
    case .either, .anything, .shared: break
    }
  }

  private mutating func check(_ node: YamlNode, _ fields: [Field], path: String) {
    for pair in node.pairs ?? [] {
      guard let field = fields.first(where: { $0.name == pair.key }) else {
        let names = fields.map(\.name)
        complain(
          "unknown key `\(pair.key)`" + (path.isEmpty ? "" : " in `\(path)`"), at: pair.keyLocation,
          hint: nearest(pair.key, among: names).map { "did you mean `\($0)`?" }
            ?? "the keys here are \(names.joined(separator: ", "))")
        continue
      }
      check(
        pair.value, field.shape, path: path.isEmpty ? field.name : "\(path).\(field.name)",
        example: field.example)
    }
    for field in fields where field.isRequired && node[field.name] == nil {
      complain("`\(path)` lacks `\(field.name)`", at: node.location, hint: "for example `\(field.example)`")
    }
  }
}
