import OutfitCore

/// Changes entries of an `outfit.yaml` and leaves all else as it is written: comments, order, quotes,
/// indentation, line ends, brackets or lines.
///
/// After each change the text is read again and compared with what was meant; where the two differ (an entry that
/// an alias brings, say) the change is refused and nothing has happened.
public struct ManifestEdit: Sendable {
  /// As a person would name the file.
  public let file: String
  /// What it said at first; nil where there was no file.
  public let original: String?
  private let hasMark: Bool
  private(set) var text: [Unicode.Scalar]
  private(set) var root: YamlOutline.Node?
  private var value = ManifestValue.nothing
  /// What was wrong with its entries before anything was changed.
  private var known: Set<String> = []

  /// - Parameters:
  ///   - text: of the manifest; nil where there is none yet.
  ///   - schema: where editors find the schema, for the first line of a new file.
  /// - Throws: `Failure`, status 2, with the places of all that can't be read.
  public init(_ text: String?, file: String, schema: String? = nil) throws {
    self.file = file
    original = text
    let start = text ?? schema.map { Self.schemaLine($0) + "\n" } ?? ""
    hasMark = start.unicodeScalars.first == "\u{FEFF}"
    self.text = Array(start.unicodeScalars.dropFirst(hasMark ? 1 : 0))
    known = Set(try reread().map(\.message))
  }

  /// The comment that tells editors which schema the file follows.
  public static func schemaLine(_ schema: String) -> String { "# yaml-language-server: $schema=\(schema)" }

  /// The whole file, as it should be written.
  public var result: String {
    var scalars = String.UnicodeScalarView()
    if hasMark { scalars.append("\u{FEFF}") }
    scalars.append(contentsOf: text)
    return String(scalars)
  }

  public var isChanged: Bool { result != (original ?? "") }

  /// What stands at a key path, aliases expanded; nil for an entry that is not there.
  public func value(at path: [String]) -> ManifestValue? { value[path[...]] }

  /// Where the entry's key stands, or the nearest one above it.
  public func location(of path: [String]) -> SourceLocation {
    var location = SourceLocation(file: file)
    var node = root
    for key in path {
      guard let pair = node?[key] else { break }
      location = pair.key.location
      node = pair.value
    }
    return location
  }

  // MARK: Changes

  /// Makes the entry at `path` this value, with all that is missing above it. What of a list or a mapping stays
  /// keeps its lines and comments.
  /// - Throws: `Failure`, status 2, where the text can't be edited so.
  public mutating func set(_ path: [String], to new: ManifestValue) throws {
    try change(path, to: new) { edit throws(Refusal) in try edit.put(path[...], new) }
  }

  /// Adds texts to the list at `path`, those that it does not have; one text that stands there becomes a list.
  public mutating func append(_ texts: [String], to path: [String]) throws {
    var list = value(at: path)?.texts ?? []
    for text in texts where !list.contains(text) { list.append(text) }
    try set(path, to: .list(list))
  }

  /// Takes the entry at `path` out; a section in which nothing is left goes too.
  /// - Returns: whether there was one.
  @discardableResult
  public mutating func remove(_ path: [String]) throws -> Bool {
    guard value(at: path) != nil else { return false }
    try change(path, to: nil) { edit throws(Refusal) in try edit.cut(path) }
    return true
  }

  private mutating func change(
    _ path: [String], to new: ManifestValue?, _ body: (inout ManifestEdit) throws(Refusal) -> Void
  ) throws {
    let wanted = value.with(new, at: path[...])
    var copy = self
    do {
      try body(&copy)
    } catch {
      throw refused(path, error.reason)
    }
    let complaints: [Diagnostic]
    do {
      complaints = try copy.reread()
    } catch {
      throw refused(path, "the result could not be read")
    }
    guard copy.value.withoutEmptySections == wanted.withoutEmptySections else {
      throw refused(path, "it is written in a way that only a person can change")
    }
    let new = complaints.filter { !known.contains($0.message) }
    guard new.isEmpty else {
      throw Failure(new.map { Diagnostic(.error, $0.message, hint: $0.hint) }, status: .usage)
    }
    self = copy
  }

  private func refused(_ path: [String], _ reason: String) -> Failure {
    let location = location(of: path)
    let source = SourceText(Array(result.utf8), file: file)
    return Failure(
      [
        source.diagnostic(
          "`\(path.joined(separator: "."))` can't be edited here: \(reason)", at: location,
          hint: "change it in an editor; nothing was written")
      ], status: .usage)
  }

  /// Reads the text as it is now.
  /// - Returns: what is wrong with its entries.
  mutating func reread() throws -> [Diagnostic] {
    let bytes = Array(result.utf8)
    let reading = YamlReader.read(bytes, file: file)
    let errors = reading.diagnostics.filter { $0.severity == .error }
    guard errors.isEmpty else { throw Failure(errors, status: .usage) }
    let source = SourceText(bytes, file: file)
    root = YamlOutline.root(of: text, source: source)
    value = reading.root.map(ManifestValue.init) ?? .nothing
    var checker = ShapeChecker(source: source)
    if let root = reading.root {
      checker.check(root, .record(ManifestKeys.all), path: "", example: "profile: web-team")
    }
    return checker.diagnostics
  }

  mutating func replace(_ range: Range<Int>, with new: String) throws(Refusal) {
    text.replaceSubrange(range, with: Array(new.unicodeScalars))
    do {
      _ = try reread()
    } catch {
      throw Refusal("the result could not be read")
    }
  }

  /// Several replacements at once, none within another.
  mutating func replace(_ edits: [(range: Range<Int>, new: String)]) throws(Refusal) {
    for edit in edits.sorted(by: { $0.range.lowerBound > $1.range.lowerBound }).dropLast() {
      text.replaceSubrange(edit.range, with: Array(edit.new.unicodeScalars))
    }
    guard let first = edits.min(by: { $0.range.lowerBound < $1.range.lowerBound }) else { return }
    try replace(first.range, with: first.new)
  }

  /// Why an entry is left alone.
  struct Refusal: Error {
    var reason: String
    init(_ reason: String) { self.reason = reason }
  }
}

extension ManifestValue {
  /// A section without entries says as much as none.
  fileprivate var withoutEmptySections: ManifestValue {
    .mapping((entries ?? []).filter { $0.value != .nothing && $0.value != .mapping([]) })
  }
}
