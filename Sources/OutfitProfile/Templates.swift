import Mustache
import OutfitCore

/// What a template can name.
public indirect enum TemplateValue: Hashable, Sendable {
  case string(String)
  case bool(Bool)
  case list([TemplateValue])
  case dictionary([String: TemplateValue])
  /// These names are true, and every other one is false.
  case names(Set<String>)
  /// A text that stands as it is: nothing is made of it.
  case opaque(String)

  /// What swift-mustache takes. An empty text counts as false in a section, as an empty list does.
  fileprivate var object: Any {
    switch self {
    case .string(let text), .opaque(let text): text.isEmpty ? EmptyText() as Any : text
    case .bool(let bool): bool
    case .list(let values): values.map(\.object)
    case .dictionary(let values): values.mapValues(\.object)
    case .names(let names):
      Dictionary(names.map { ($0, true as Any) }, uniquingKeysWith: { $1 })
    }
  }

  fileprivate var isTruthy: Bool {
    switch self {
    case .string(let text): !text.isEmpty
    case .opaque: true
    case .bool(let bool): bool
    case .list(let values): !values.isEmpty
    case .dictionary: true
    case .names(let names): !names.isEmpty
    }
  }
}

extension TemplateValue: ExpressibleByStringLiteral, ExpressibleByBooleanLiteral, ExpressibleByArrayLiteral,
  ExpressibleByDictionaryLiteral
{
  public init(stringLiteral value: String) { self = .string(value) }
  public init(booleanLiteral value: Bool) { self = .bool(value) }
  public init(arrayLiteral elements: TemplateValue...) { self = .list(elements) }
  public init(dictionaryLiteral elements: (String, TemplateValue)...) {
    self = .dictionary(Dictionary(elements, uniquingKeysWith: { $1 }))
  }
}

private struct EmptyText: MustacheCustomRenderable {
  var renderText: String { "" }
  var isNull: Bool { true }
}

/// Mustache templates that leave nothing blank by accident: a name that the context does not have is an error.
///
/// The language is Mustache's (mustache(5)) without partials: `{{name}}`, `{{#name}}…{{/name}}`,
/// `{{^name}}…{{/name}}`, `{{! comment}}` and `{{=<% %>=}}`. Nothing is escaped for HTML.
public enum Templates {
  /// - Parameters:
  ///   - text: the template.
  ///   - context: what its names stand for.
  ///   - file: as diagnostics name it.
  /// - Throws: every mistake in the template at once, status 2.
  public static func render(
    _ text: String, with context: [String: TemplateValue], file: String
  ) throws(Failure) -> String {
    var scanner = TemplateScanner(text: text, file: file)
    let pieces = scanner.scan()
    var diagnostics = scanner.diagnostics
    if diagnostics.isEmpty {
      var checker = TemplateChecker(scanner: scanner)
      checker.check(pieces, stack: [.dictionary(context)])
      diagnostics = checker.diagnostics
    }
    guard diagnostics.isEmpty else { throw Failure(diagnostics, status: .usage) }
    do {
      // The line of its own keeps the first line of the template a first line.
      let template = try MustacheTemplate(string: "{{% CONTENT_TYPE:TEXT}}\n" + text)
      return template.render(TemplateValue.dictionary(context).object)
    } catch let error as MustacheTemplate.ParserError {
      let location = SourceLocation(
        file: file, line: max(1, error.context.lineNumber - 1), column: max(1, error.context.columnNumber))
      throw Failure(
        [
          Diagnostic(
            .error, "the template can't be read", at: location, excerpt: scanner.line(location.line),
            hint: "tags are written {{name}}, {{#name}}…{{/name}} or {{^name}}…{{/name}}")
        ], status: .usage)
    } catch {
      throw Failure("the template can't be read", at: SourceLocation(file: file), status: .usage)
    }
  }

  /// A context as one value, which must be a dictionary for its names to be found.
  public static func render(
    _ text: String, with context: TemplateValue, file: String
  ) throws(Failure) -> String {
    guard case .dictionary(let values) = context else {
      return try render(text, with: [String: TemplateValue](), file: file)
    }
    return try render(text, with: values, file: file)
  }

  /// A flat context, as dotfiles have it.
  public static func render(
    _ text: String, with context: [String: String], file: String
  ) throws(Failure) -> String {
    try render(text, with: context.mapValues { TemplateValue.string($0) }, file: file)
  }
}

/// A tag, or a section and what is in it.
private indirect enum TemplatePiece {
  case variable(String, SourceLocation)
  case section(String, SourceLocation, inverted: Bool, [TemplatePiece])
}

/// Finds the tags of a template and where they stand.
private struct TemplateScanner {
  let file: String
  let lines: [Substring]
  private let characters: [Character]
  private var position = 0
  private var line = 1
  private var column = 1
  private var open: [Character] = ["{", "{"]
  private var close: [Character] = ["}", "}"]
  private(set) var diagnostics: [Diagnostic] = []

  init(text: String, file: String) {
    self.file = file
    lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
    characters = Array(text)
  }

  func line(_ number: Int) -> String? {
    lines.indices.contains(number - 1) ? String(lines[number - 1]) : nil
  }

  private var location: SourceLocation { SourceLocation(file: file, line: line, column: column) }

  private mutating func complain(_ message: String, at location: SourceLocation, hint: String?) {
    diagnostics.append(
      Diagnostic(.error, message, at: location, excerpt: line(location.line), hint: hint))
  }

  private mutating func advance(_ count: Int) {
    for _ in 0..<count where position < characters.count {
      if characters[position].isNewline {
        line += 1
        column = 1
      } else {
        column += 1
      }
      position += 1
    }
  }

  private func isAt(_ text: [Character]) -> Bool {
    position + text.count <= characters.count
      && characters[position..<(position + text.count)].elementsEqual(text)
  }

  mutating func scan() -> [TemplatePiece] {
    var open: [(name: String, at: SourceLocation, inverted: Bool)] = []
    var bodies: [[TemplatePiece]] = [[]]
    while position < characters.count {
      guard isAt(self.open) else {
        advance(1)
        continue
      }
      guard let tag = readTag() else { return [] }
      switch tag.sigil {
      case "#", "^":
        open.append((tag.name, tag.at, tag.sigil == "^"))
        bodies.append([])
      case "/":
        guard let section = open.popLast(), let body = bodies.popLast() else {
          complain(
            "{{/\(tag.name)}} closes a section that nothing opened", at: tag.at,
            hint: "put {{#\(tag.name)}} before it, or take it out")
          return []
        }
        guard section.name == tag.name else {
          complain(
            "{{/\(tag.name)}} closes {{\(section.inverted ? "^" : "#")\(section.name)}}, which was opened in line "
              + "\(section.at.line)", at: tag.at, hint: "write {{/\(section.name)}}")
          return []
        }
        bodies[bodies.count - 1].append(.section(section.name, section.at, inverted: section.inverted, body))
      case "!", "=": break
      case ">", "<", "$", "%":
        complain(
          "{{\(tag.sigil)\(tag.name)}}: a template can't take in others", at: tag.at,
          hint: "write the text here, or make it a value of data:")
      default: bodies[bodies.count - 1].append(.variable(tag.name, tag.at))
      }
    }
    for section in open {
      complain(
        "{{\(section.inverted ? "^" : "#")\(section.name)}} is never closed", at: section.at,
        hint: "put {{/\(section.name)}} where the section ends")
    }
    return bodies[0]
  }

  private mutating func readTag() -> (sigil: Character, name: String, at: SourceLocation)? {
    let start = location
    advance(open.count)
    var sigil: Character = " "
    if position < characters.count, "#^/!=&{><$%".contains(characters[position]) {
      sigil = characters[position]
      advance(1)
    }
    let end: [Character] = sigil == "{" ? ["}"] + close : sigil == "=" ? ["="] + close : close
    var content = ""
    while position < characters.count, !isAt(end) {
      content.append(characters[position])
      advance(1)
    }
    guard isAt(end) else {
      complain(
        "the tag is never closed", at: start,
        hint: "write \(String(end)) after it; for a literal \(String(open)) set other delimiters, {{=<% %>=}}"
      )
      return nil
    }
    advance(end.count)
    if sigil == "=" {
      let words = content.split(whereSeparator: \.isWhitespace)
      guard words.count == 2, !words.contains(where: { $0.contains("=") }) else {
        complain("two delimiters are wanted here", at: start, hint: "write {{=<% %>=}}")
        return nil
      }
      (open, close) = (Array(words[0]), Array(words[1]))
      return (sigil, "", start)
    }
    if sigil == "!" { return (sigil, "", start) }
    let words = content.split(whereSeparator: \.isWhitespace)
    let name = words.first.map(String.init) ?? ""
    guard words.count == 1, name.allSatisfy(Self.isNameCharacter) else {
      complain(
        "\(String(open))\(content)\(String(close)) is not a name", at: start,
        hint:
          "a name has letters, digits, `_`, `-` and `.`; for a literal \(String(open)) set other delimiters, "
          + "{{=<% %>=}}")
      return nil
    }
    return (sigil, name, start)
  }

  private static func isNameCharacter(_ character: Character) -> Bool {
    character.isASCII && (character.isLetter || character.isNumber || "._-?*()".contains(character))
  }
}

/// Follows a template as rendering will, and notes the names that nothing stands for.
private struct TemplateChecker {
  let scanner: TemplateScanner
  private(set) var diagnostics: [Diagnostic] = []
  private var seen: Set<SourceLocation> = []

  init(scanner: TemplateScanner) { self.scanner = scanner }

  mutating func check(_ pieces: [TemplatePiece], stack: [TemplateValue]) {
    for piece in pieces {
      switch piece {
      case .variable(let name, let location): _ = look(name, location, stack)
      case .section(let name, let location, let inverted, let body):
        guard let value = look(name, location, stack) else { continue }
        if inverted != value.isTruthy { checkBody(body, value: value, inverted: inverted, stack: stack) }
      }
    }
  }

  private mutating func checkBody(
    _ body: [TemplatePiece], value: TemplateValue, inverted: Bool, stack: [TemplateValue]
  ) {
    switch value {
    case .list(let values) where !inverted: for value in values { check(body, stack: stack + [value]) }
    case .bool: check(body, stack: stack)
    default: check(body, stack: inverted ? stack : stack + [value])
    }
  }

  /// The value of a name; a function's result (`last()`, `sorted(x)`) counts as true.
  private mutating func look(_ name: String, _ location: SourceLocation, _ stack: [TemplateValue])
    -> TemplateValue?
  {
    if name == "." { return stack.last }
    var path = name
    let isCall = name.contains("(")
    if isCall {
      path = String(
        name[name.index(after: name.lastIndex(of: "(") ?? name.startIndex)...].filter { $0 != ")" })
      if path.isEmpty { return .bool(true) }
    }
    let parts = path.split(separator: ".").map(String.init)
    let scopes = path.hasPrefix(".") ? stack.suffix(1) : stack[...]
    var value: TemplateValue?
    for case .dictionary(let values) in scopes.reversed() {
      guard let found = parts.first.flatMap({ values[$0] }) else { continue }
      value = found
      break
    }
    var known: Set<String>?
    var missing = parts.first ?? path
    for part in parts.dropFirst() {
      guard let found = value else { break }
      if case .names(let names) = found {
        value = .bool(names.contains(part))
        continue
      }
      guard case .dictionary(let values) = found else {
        (value, missing, known) = (nil, part, [])
        break
      }
      (value, missing, known) = (values[part], part, Set(values.keys))
    }
    guard let value else {
      let names = scopes.reduce(into: Set<String>()) { names, scope in
        if case .dictionary(let values) = scope { names.formUnion(values.keys) }
      }
      complain(missing: missing, in: path, known: known ?? names, at: location)
      return nil
    }
    if isCall, case .opaque = value {
      diagnostics.append(
        Diagnostic(
          .error, "`\(name)` makes something of a secret, which stands as it is", at: location,
          excerpt: scanner.line(location.line), hint: "write {{\(path)}}"))
      return nil
    }
    return isCall ? .bool(true) : value
  }

  private mutating func complain(
    missing: String, in path: String, known: Set<String>, at location: SourceLocation
  ) {
    guard seen.insert(location).inserted else { return }
    let hint =
      nearest(missing, among: known).map { "did you mean `\($0)`?" }
      ?? (known.isEmpty
        ? "nothing can be named here"
        : "the names here are " + known.sorted().prefix(12).joined(separator: ", "))
    diagnostics.append(
      Diagnostic(
        .error, "the template names `\(path)`, which has no value", at: location,
        excerpt: scanner.line(location.line), hint: hint))
  }
}
