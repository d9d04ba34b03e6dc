internal import CYaml
import OutfitCore

/// Builds documents from libyaml's events. Aliases stand for what they name, `<<` merges mappings.
struct DocumentReader {
  /// With the copies that aliases make.
  static let maximumNodes = 1_000_000

  private struct Collection {
    var isMapping: Bool
    var anchor: String?
    var items: [Document] = []
    var entries: [String: Document] = [:]
    var merged: [Document] = []
    var key: Key?
    var size = 1
  }

  private struct Key {
    var text: String
    var isMerge: Bool
    var mark: yaml_mark_t
  }

  private let file: String
  private var open: [Collection] = []
  private var anchors: [String: (document: Document, size: Int)] = [:]
  private var documents: [Document] = []
  private var nodes = 0

  /// Every document of the stream, the empty ones left out.
  static func read(_ text: String, file: String) throws(Failure) -> [Document] {
    var text = text
    var reader = DocumentReader(file: file)
    let outcome = text.withUTF8 { buffer in
      Result { () throws(Failure) in try reader.read(buffer) }
    }
    try outcome.get()
    return reader.documents
  }

  private init(file: String) { self.file = file }

  private func failure(_ message: String, _ mark: yaml_mark_t) -> Failure {
    Failure(
      [
        Diagnostic(
          .error, "this is not YAML: \(message)",
          at: SourceLocation(file: file, line: Int(mark.line) + 1, column: Int(mark.column) + 1))
      ], status: .failed)
  }

  private mutating func read(_ buffer: UnsafeBufferPointer<UInt8>) throws(Failure) {
    var parser = yaml_parser_t()
    guard yaml_parser_initialize(&parser) == 1 else { throw Failure("\(file) can't be read as YAML") }
    defer { yaml_parser_delete(&parser) }
    yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING)
    yaml_parser_set_input_string(&parser, buffer.baseAddress, buffer.count)
    while true {
      var event = yaml_event_t()
      guard yaml_parser_parse(&parser, &event) == 1 else {
        throw failure(parser.problem.map { String(cString: $0) } ?? "it can't be read", parser.problem_mark)
      }
      defer { yaml_event_delete(&event) }
      if event.type == YAML_STREAM_END_EVENT { return }
      try take(event)
    }
  }

  private mutating func take(_ event: yaml_event_t) throws(Failure) {
    switch event.type {
    case YAML_DOCUMENT_START_EVENT: anchors = [:]
    case YAML_ALIAS_EVENT:
      let name = Self.text(event.data.alias.anchor) ?? ""
      guard let (document, size) = anchors[name] else {
        throw failure("`*\(name)` has no anchor before it", event.start_mark)
      }
      try add(document, size: size, at: event.start_mark)
    case YAML_SCALAR_EVENT:
      let scalar = event.data.scalar
      let text = String(
        decoding: UnsafeBufferPointer(start: scalar.value, count: scalar.length), as: UTF8.self)
      let isPlain = scalar.style == YAML_PLAIN_SCALAR_STYLE
      let document = Document(scalar: text, tag: Self.text(scalar.tag), isPlain: isPlain)
      if let anchor = Self.text(scalar.anchor) { anchors[anchor] = (document, 1) }
      if let last = open.last, last.isMapping, last.key == nil {
        open[open.count - 1].key = Key(text: text, isMerge: isPlain && text == "<<", mark: event.start_mark)
      } else {
        try add(document, size: 1, at: event.start_mark)
      }
    case YAML_SEQUENCE_START_EVENT, YAML_MAPPING_START_EVENT:
      if let last = open.last, last.isMapping, last.key == nil {
        throw failure("a key must be a text", event.start_mark)
      }
      let isMapping = event.type == YAML_MAPPING_START_EVENT
      let anchor = isMapping ? event.data.mapping_start.anchor : event.data.sequence_start.anchor
      open.append(Collection(isMapping: isMapping, anchor: Self.text(anchor)))
    case YAML_SEQUENCE_END_EVENT, YAML_MAPPING_END_EVENT:
      guard let collection = open.popLast() else { return }
      let document = Self.document(collection)
      if let anchor = collection.anchor { anchors[anchor] = (document, collection.size) }
      try add(document, size: collection.size, at: event.start_mark)
    default: break
    }
  }

  private mutating func add(_ document: Document, size: Int, at mark: yaml_mark_t) throws(Failure) {
    nodes += 1
    let last = open.count - 1
    guard last >= 0 else {
      if document != .null { documents.append(document) }
      return
    }
    open[last].size += size
    guard open[last].size <= Self.maximumNodes, nodes <= Self.maximumNodes else {
      throw failure("it has more than \(Self.maximumNodes) values", mark)
    }
    guard open[last].isMapping else { return open[last].items.append(document) }
    guard let key = open[last].key else {
      // An alias as a key.
      guard let text = document.text else { throw failure("a key must be a text", mark) }
      open[last].key = Key(text: text, isMerge: false, mark: mark)
      return
    }
    open[last].key = nil
    if key.isMerge {
      if case .list(let items) = document {
        open[last].merged += items
      } else {
        open[last].merged.append(document)
      }
    } else if open[last].entries.updateValue(document, forKey: key.text) != nil {
      throw failure("`\(key.text)` is written twice", key.mark)
    }
  }

  /// What is written in a mapping itself stands above what `<<` brings.
  private static func document(_ collection: Collection) -> Document {
    guard collection.isMapping else { return .list(collection.items) }
    var entries = collection.entries
    for source in collection.merged { entries.merge(source.entries) { own, _ in own } }
    return .map(entries)
  }

  private static func text(_ pointer: UnsafeMutablePointer<yaml_char_t>?) -> String? {
    pointer.flatMap { String(validatingCString: UnsafeRawPointer($0).assumingMemoryBound(to: CChar.self)) }
  }
}

extension Document {
  /// A scalar as YAML 1.1 resolves it (https://yaml.org/type/), which Kubernetes and Compose follow.
  init(scalar text: String, tag: String?, isPlain: Bool) {
    switch tag {
    case nil where isPlain: self = Self.plain(text)
    case "tag:yaml.org,2002:null": self = .null
    case "tag:yaml.org,2002:int", "tag:yaml.org,2002:float": self = .number(text)
    case "tag:yaml.org,2002:bool": self = Self.bools[text].map { .bool($0) } ?? .string(text)
    default: self = .string(text)
    }
  }

  private static let bools: [String: Bool] = {
    var words: [String: Bool] = [:]
    for (word, value) in ["yes": true, "true": true, "on": true, "no": false, "false": false, "off": false] {
      words[word] = value
      words[word.uppercased()] = value
      words[word.prefix(1).uppercased() + word.dropFirst()] = value
    }
    return words
  }()

  private static func plain(_ text: String) -> Document {
    guard let first = text.utf8.first else { return .null }
    switch first {
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "."):
      return NumberText.matches(text) ? .number(text) : .string(text)
    case _ where text.utf8.count > 5: return .string(text)
    case _ where ["~", "null", "Null", "NULL"].contains(text): return .null
    default: return bools[text].map { .bool($0) } ?? .string(text)
    }
  }
}

/// What YAML 1.1 takes for an integer or a floating-point number: https://yaml.org/type/int.html and float.html.
private struct NumberText {
  private var rest: Substring.UTF8View

  static func matches(_ text: String) -> Bool {
    var number = NumberText(rest: text[...].utf8)
    return number.read()
  }

  private mutating func skip(_ characters: String) -> Bool {
    guard let first = rest.first, characters.utf8.contains(first) else { return false }
    rest.removeFirst()
    return true
  }

  /// How many bytes were skipped.
  private mutating func skipAll(_ characters: String) -> Int {
    let found = rest.prefix { characters.utf8.contains($0) }.count
    rest.removeFirst(found)
    return found
  }

  private mutating func read() -> Bool {
    let isSigned = skip("+-")
    if skip(".") { return fraction(isSigned: isSigned) }
    if rest.starts(with: "0b".utf8) { return prefixed("01_") }
    if rest.starts(with: "0x".utf8) { return prefixed("0123456789abcdefABCDEF_") }
    if rest.starts(with: "0o".utf8) { return prefixed("01234567_") }
    guard let first = rest.first, first != UInt8(ascii: "_"), skipAll("0123456789_") > 0 else { return false }
    if rest.first == UInt8(ascii: ":") { return sexagesimal(first) }
    if skip(".") { _ = skipAll("0123456789_") }
    return exponent(isSignNeeded: false)
  }

  private mutating func prefixed(_ digits: String) -> Bool {
    rest.removeFirst(2)
    return skipAll(digits) > 0 && rest.isEmpty
  }

  /// Behind a dot that nothing stands before.
  private mutating func fraction(isSigned: Bool) -> Bool {
    let word = String(Substring(rest))
    if ["inf", "Inf", "INF"].contains(word) { return true }
    if isSigned { return false }
    if ["nan", "NaN", "NAN"].contains(word) { return true }
    return skipAll("0123456789_") > 0 && exponent(isSignNeeded: true)
  }

  private mutating func exponent(isSignNeeded: Bool) -> Bool {
    if rest.isEmpty { return true }
    guard skip("eE"), skip("+-") || !isSignNeeded else { return false }
    return skipAll("0123456789") > 0 && rest.isEmpty
  }

  /// `190:20:30` and `190:20:30.15`.
  private mutating func sexagesimal(_ first: UInt8) -> Bool {
    while skip(":") {
      let isTens = skip("012345")
      guard skip("0123456789") || isTens else { return false }
    }
    if skip(".") { return skipAll("0123456789_") >= 0 && rest.isEmpty }
    return rest.isEmpty && first != UInt8(ascii: "0")
  }
}
