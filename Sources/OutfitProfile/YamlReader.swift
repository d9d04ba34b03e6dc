internal import CYaml
import OutfitCore

/// Reads one YAML document from libyaml's event stream, which knows the place of everything and each of
/// several equal keys. Aliases are expanded, up to a limit; `<<` merges mappings.
struct YamlReader {
  /// A document that was read as far as it goes: nil when a syntax error left nothing to work with.
  struct Reading {
    var root: YamlNode?
    var diagnostics: [Diagnostic]
  }

  static let maximumBytes = 4 << 20
  static let maximumDepth = 60
  /// That aliases repeat. What is written is bounded by the file's size.
  static let maximumCopies = 100_000

  private let source: SourceText
  private var diagnostics: [Diagnostic] = []
  private var anchors: [String: (node: YamlNode, size: Int)] = [:]
  private var open: [Collection] = []
  private var root: YamlNode?
  private var copies = 0

  private struct Collection {
    var isMapping: Bool
    var location: SourceLocation
    var anchor: String?
    var elements: [YamlNode] = []
    var pairs: [YamlPair] = []
    /// The line of each key.
    var lines: [String: Int] = [:]
    var merged: [YamlNode] = []
    /// The key that waits for its value; a key that is no text is complained of and dropped.
    var key: (text: String?, location: SourceLocation)?
    var size = 1
  }

  static func read(_ bytes: [UInt8], file: String) -> Reading {
    let bytes = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? Array(bytes.dropFirst(3)) : bytes
    let source = SourceText(bytes, file: file)
    guard bytes.count <= maximumBytes else {
      let start = SourceLocation(file: file)
      return Reading(
        root: nil,
        diagnostics: [
          source.diagnostic("the file is larger than \(maximumBytes >> 20) MiB", at: start, hint: nil)
        ])
    }
    var reader = YamlReader(source: source)
    let isWhole = reader.parse(bytes)
    return Reading(root: isWhole ? reader.root : nil, diagnostics: reader.diagnostics)
  }

  private init(source: SourceText) { self.source = source }

  private mutating func complain(_ message: String, at location: SourceLocation, hint: String? = nil) {
    diagnostics.append(source.diagnostic(message, at: location, hint: hint))
  }

  /// False when the document can't be used.
  private mutating func parse(_ bytes: [UInt8]) -> Bool {
    var parser = yaml_parser_t()
    guard yaml_parser_initialize(&parser) == 1 else { return false }
    defer { yaml_parser_delete(&parser) }
    yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING)
    return bytes.withUnsafeBufferPointer { buffer in
      yaml_parser_set_input_string(&parser, buffer.baseAddress, buffer.count)
      var documents = 0
      while true {
        var event = yaml_event_t()
        guard yaml_parser_parse(&parser, &event) == 1 else {
          complainOfSyntax(&parser, bytes)
          return false
        }
        defer { yaml_event_delete(&event) }
        let location = source.location(line: Int(event.start_mark.line), scalar: Int(event.start_mark.column))
        switch event.type {
        case YAML_STREAM_END_EVENT: return true
        case YAML_DOCUMENT_START_EVENT:
          documents += 1
          if documents > 1 {
            complain(
              "a second document starts here", at: location,
              hint: "one file holds one document: take `---` out")
            return false
          }
        default: break
        }
        guard take(event, at: location) else { return false }
      }
    }
  }

  /// False when reading can't go on.
  private mutating func take(_ event: yaml_event_t, at location: SourceLocation) -> Bool {
    switch event.type {
    case YAML_ALIAS_EVENT:
      let name = Self.text(event.data.alias.anchor) ?? ""
      guard let (node, size) = anchors[name] else {
        complain(
          "`*\(name)` has no anchor before it", at: location,
          hint: nearest(name, among: anchors.keys).map { "did you mean `*\($0)`?" }
            ?? "write `&\(name)` before the value that it repeats")
        return add(YamlNode(content: .scalar("*\(name)", isPlain: false), location: location), size: 1)
      }
      copies += size
      guard copies <= Self.maximumCopies else {
        complain(
          "its aliases repeat more than \(Self.maximumCopies) values", at: location,
          hint: "repeat less with `*`")
        return false
      }
      return add(YamlNode(content: node.content, location: location), size: size)
    case YAML_SCALAR_EVENT:
      let scalar = event.data.scalar
      let text = String(
        decoding: UnsafeBufferPointer(start: scalar.value, count: scalar.length), as: UTF8.self)
      let node = YamlNode(
        content: .scalar(text, isPlain: scalar.style == YAML_PLAIN_SCALAR_STYLE), location: location)
      refuseTag(Self.text(scalar.tag), at: location)
      if let anchor = Self.text(scalar.anchor) { anchors[anchor] = (node, 1) }
      return add(node, size: 1)
    case YAML_SEQUENCE_START_EVENT, YAML_MAPPING_START_EVENT:
      guard open.count < Self.maximumDepth else {
        complain("this is nested deeper than \(Self.maximumDepth) levels", at: location)
        return false
      }
      let isMapping = event.type == YAML_MAPPING_START_EVENT
      let (tag, anchor) =
        isMapping
        ? (event.data.mapping_start.tag, event.data.mapping_start.anchor)
        : (event.data.sequence_start.tag, event.data.sequence_start.anchor)
      refuseTag(Self.text(tag), at: location)
      open.append(Collection(isMapping: isMapping, location: location, anchor: Self.text(anchor)))
      return true
    case YAML_SEQUENCE_END_EVENT, YAML_MAPPING_END_EVENT:
      guard let collection = open.popLast() else { return false }
      let node = YamlNode(
        content: collection.isMapping ? .mapping(merge(collection)) : .sequence(collection.elements),
        location: collection.location)
      if let anchor = collection.anchor { anchors[anchor] = (node, collection.size) }
      return add(node, size: collection.size)
    default: return true
    }
  }

  private mutating func add(_ node: YamlNode, size: Int) -> Bool {
    guard var collection = open.popLast() else {
      root = node
      return true
    }
    defer { open.append(collection) }
    collection.size += size
    guard collection.isMapping else {
      collection.elements.append(node)
      return true
    }
    guard let key = collection.key else {
      if case .scalar(let text, _) = node.content {
        collection.key = (text, node.location)
      } else {
        complain("a key must be a text, not \(node.kind)", at: node.location, hint: "write it in quotes")
        collection.key = (nil, node.location)
      }
      return true
    }
    collection.key = nil
    guard let text = key.text else { return true }
    if text == "<<", node.pairs != nil || node.elements != nil {
      collection.merged += node.elements ?? [node]
    } else if let first = collection.lines[text] {
      complain(
        "`\(text)` is written twice; the first is in line \(first)", at: key.location,
        hint: "keep one of them")
    } else {
      collection.lines[text] = key.location.line
      collection.pairs.append(YamlPair(key: text, keyLocation: key.location, value: node))
    }
    return true
  }

  /// What is written in the mapping itself comes before what `<<` brings.
  private mutating func merge(_ collection: Collection) -> [YamlPair] {
    guard !collection.merged.isEmpty else { return collection.pairs }
    var pairs = collection.pairs
    var names = Set(collection.lines.keys)
    for node in collection.merged {
      guard let others = node.pairs else {
        complain("`<<` takes a mapping, not \(node.kind)", at: node.location)
        continue
      }
      pairs += others.filter { names.insert($0.key).inserted }
    }
    return pairs
  }

  private mutating func refuseTag(_ tag: String?, at location: SourceLocation) {
    guard let tag, tag != "!", !tag.hasPrefix("tag:yaml.org,2002:") else { return }
    complain("the tag `\(tag)` means nothing here", at: location, hint: "take it out")
  }

  private static func text(_ pointer: UnsafeMutablePointer<yaml_char_t>?) -> String? {
    pointer.flatMap { String(validatingCString: UnsafeRawPointer($0).assumingMemoryBound(to: CChar.self)) }
  }
}

// MARK: - Syntax errors

extension YamlReader {
  private mutating func complainOfSyntax(_ parser: inout yaml_parser_t, _ bytes: [UInt8]) {
    let problem = parser.problem.map { String(cString: $0) } ?? "the YAML can't be read"
    let context = parser.context.map { String(cString: $0) } ?? ""
    let began = source.location(line: Int(parser.context_mark.line), scalar: Int(parser.context_mark.column))
    if parser.error == YAML_READER_ERROR {
      complainOfBytes(problem, offset: Int(parser.problem_offset), bytes)
      return
    }
    let location = source.location(
      line: Int(parser.problem_mark.line), scalar: Int(parser.problem_mark.column))
    let tabs = tabs(from: location.line)
    guard tabs.isEmpty else {
      for tab in tabs { complain("a tab can't indent YAML", at: tab, hint: "use spaces") }
      return
    }
    complain(problem: problem, context: context, began: began, at: location)
  }

  /// The tabs that indent a line, if the one where reading stopped (or the one before) has such a tab.
  private func tabs(from line: Int) -> [SourceLocation] {
    let found = source.lines.enumerated().compactMap { index, text -> SourceLocation? in
      let indentation = text.prefix { $0 == " " || $0 == "\t" }
      guard indentation.count < text.count, let tab = indentation.firstIndex(of: "\t") else { return nil }
      return SourceLocation(
        file: source.file, line: index + 1, column: text.distance(from: text.startIndex, to: tab) + 1)
    }
    return found.contains { $0.line == line || $0.line == line - 1 }
      ? found.filter { $0.line >= line - 1 } : []
  }

  private mutating func complain(
    problem: String, context: String, began: SourceLocation, at location: SourceLocation
  ) {
    switch problem {
    case "mapping values are not allowed in this context":
      complain(
        "`: ` can't stand here", at: location,
        hint: "put a text with a colon in quotes, or start the mapping on a line of its own")
    case "could not find expected ':'":
      complain(
        "`:` is missing after the key", at: began,
        hint: "a key is written `name: value`; an entry of a list starts with `- `")
    case "did not find expected key", "did not find expected '-' indicator":
      let what = context.contains("sequence") || context.contains("collection") ? "list" : "mapping"
      complain(
        "this does not belong to the \(what) that began in line \(began.line)", at: location,
        hint: "everything in one \(what) starts in the same column: here that is column \(began.column)")
    case "did not find expected ',' or ']'":
      complain(
        "the list that `[` opened in line \(began.line) is not closed", at: location, hint: "write `]`")
    case "did not find expected ',' or '}'":
      complain(
        "the mapping that `{` opened in line \(began.line) is not closed", at: location, hint: "write `}`")
    case "found unexpected end of stream" where context.contains("quoted"):
      complain("the quote is never closed", at: began, hint: "write the same quote where the text ends")
    case "found character that cannot start any token":
      complain(
        "a text can't start with this character", at: location, hint: "put the text in quotes")
    case "found unexpected ':'":
      complain("a space is missing after `:`", at: location, hint: "write `name: value`")
    case "found unknown escape character":
      complain(
        "this escape is not known in double quotes", at: location,
        hint: "write `\\\\` for a backslash, or use single quotes")
    case "did not find expected <document start>":
      complain("the document has ended before this", at: location, hint: "check the indentation of this line")
    case "did not find expected node content":
      complain(
        "a value is missing before this", at: location,
        hint: "close what `[` or `{` opened, or put a text with special characters in quotes")
    case _ where problem.hasPrefix("Maximum nesting level"):
      complain("this is nested deeper than \(Self.maximumDepth) levels", at: location)
    default:
      complain(problem + (context.isEmpty ? "" : " \(context)"), at: location)
    }
  }

  private mutating func complainOfBytes(_ problem: String, offset: Int, _ bytes: [UInt8]) {
    let before = bytes.prefix(offset)
    let line = before.count { $0 == UInt8(ascii: "\n") }
    let start = before.lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0
    let column = String(decoding: before[start...], as: UTF8.self).count + 1
    let location = SourceLocation(file: source.file, line: line + 1, column: column)
    let isControl = problem.contains("control")
    complain(
      isControl ? "the file holds a control character" : "the file is not UTF-8", at: location,
      hint: isControl ? "take it out, or write it as \\x.. in double quotes" : "save it as UTF-8")
  }
}
