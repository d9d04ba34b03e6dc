import OutfitSystem
import SystemPackage

/// What a run of the hooks sets aside, whole in one file: durable before anything in the work tree changes, and the
/// journal from which any later run puts everything back.
struct WorkRecord: Hashable, Sendable {
  /// A path whose content in the work tree is not that of the index.
  struct Entry: Hashable, Sendable {
    var path: WorkPath
    var content: WorkContent
    /// Whether the index has it. What it has not stood where a folder of it has to be.
    var isIndexed: Bool
  }

  /// A path whose content in the index is not that of the last commit.
  struct Staged: Hashable, Sendable {
    var path: WorkPath
    /// As `git update-index --index-info` takes it; 0 for what was taken out.
    var mode: String
    var object: String
    /// Git's own file of the object; empty where git has it in a pack.
    var stored: [UInt8] = []
  }

  /// Ties it to the work tree: known to Outfit's state alone, so that nobody else's record is ever carried out.
  var token: String
  var mark: String
  /// Seconds since 1970.
  var time: Int64
  /// `pre-commit`, ...
  var type: String
  /// The commit that was checked out; empty before the first.
  var head: String
  /// The variables that say which repository it is, where git would find another.
  var variables: [String: String]
  var entries: [Entry] = []
  /// Folders that were not there.
  var missingFolders: [WorkPath] = []
  var staged: [Staged] = []
  /// What stood at a path when other work was put back there.
  var dropped: [Entry] = []
  /// The file of the index, where `entries` need it.
  var index: [UInt8] = []

  /// A person types it.
  var identifier: String { String(mark.prefix(8)) }
}

extension WorkRecord {
  /// Why a record can't be used.
  enum Problem: Error, Hashable {
    case damaged
    /// A later Outfit wrote it.
    case newer
  }

  private static let first = Array("outfit-hook-work 1\n".utf8)
  private static let start = Array("outfit-hook-work ".utf8)
  private static let last = Array("end\n".utf8)

  var encoded: [UInt8] {
    var writer = FieldWriter(Self.first)
    for text in [token, mark, String(time), type, head] { writer.add(text) }
    writer.add(variables.sorted { $0.key < $1.key }) { writer, pair in
      writer.add(pair.key)
      writer.add(pair.value)
    }
    writer.add(entries) { $0.add($1) }
    writer.add(missingFolders) { $0.add($1.bytes) }
    writer.add(staged) { writer, staged in
      writer.add(staged.path.bytes)
      writer.add(staged.mode)
      writer.add(staged.object)
      writer.add(staged.stored)
    }
    writer.add(dropped) { $0.add($1) }
    writer.add(index)
    return writer.bytes + Self.last
  }

  init(_ bytes: [UInt8]) throws(Problem) {
    guard bytes.starts(with: Self.first) else {
      let line = String(decoding: bytes.prefix(64), as: UTF8.self).split(separator: "\n")
      let version =
        line.count > 1 && bytes.starts(with: Self.start) ? Int(line[0].dropFirst(Self.start.count)) : nil
      throw (version ?? 0) > 1 ? .newer : .damaged
    }
    guard bytes.count >= Self.first.count + Self.last.count, bytes.suffix(Self.last.count) == Self.last[...]
    else { throw .damaged }
    var reader = FieldReader(bytes[Self.first.count..<(bytes.count - Self.last.count)])
    token = try reader.text()
    mark = try reader.text()
    guard let time = Int64(try reader.text()), ProcessMark(mark) != nil else { throw .damaged }
    self.time = time
    type = try reader.text()
    head = try reader.text()
    variables = [:]
    for _ in 0..<(try reader.count()) {
      let name = try reader.text()
      variables[name] = try reader.text()
    }
    for _ in 0..<(try reader.count()) { entries.append(try reader.entry()) }
    for _ in 0..<(try reader.count()) { missingFolders.append(try reader.path()) }
    for _ in 0..<(try reader.count()) {
      staged.append(
        Staged(
          path: try reader.path(), mode: try reader.text(), object: try reader.text(),
          stored: try reader.bytes()))
    }
    for _ in 0..<(try reader.count()) { dropped.append(try reader.entry()) }
    index = try reader.bytes()
    guard reader.isAtEnd, staged.allSatisfy(\.isPlain) else { throw .damaged }
  }
}

extension WorkRecord.Staged {
  fileprivate var isPlain: Bool {
    mode.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "7")).contains($0) } && object.count >= 4
      && object.utf8.allSatisfy { Character(Unicode.Scalar($0)).isHexDigit }
  }
}

/// Fields with their lengths before them, in eight bytes.
private struct FieldWriter {
  private(set) var bytes: [UInt8]

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  mutating func add(_ number: Int) {
    withUnsafeBytes(of: UInt64(number).littleEndian) { bytes.append(contentsOf: $0) }
  }

  mutating func add(_ field: [UInt8]) {
    add(field.count)
    bytes += field
  }

  mutating func add(_ text: String) { add(Array(text.utf8)) }

  mutating func add<Element>(_ elements: [Element], _ add: (inout FieldWriter, Element) -> Void) {
    self.add(elements.count)
    for element in elements { add(&self, element) }
  }

  mutating func add(_ entry: WorkRecord.Entry) {
    add(entry.path.bytes)
    add(entry.isIndexed ? "indexed" : "beside")
    switch entry.content {
    case .absent: add("absent")
    case .moved: add("moved")
    case .link(let destination, let modified):
      add("link")
      add(destination)
      add(String(modified))
    case .file(let file):
      add("file")
      add(file.bytes)
      add(String(file.mode))
      add(String(file.modified))
      add(file.attributes.sorted { $0.key < $1.key }) { writer, pair in
        writer.add(pair.key)
        writer.add(pair.value)
      }
    }
  }
}

private struct FieldReader {
  private var rest: ArraySlice<UInt8>

  init(_ bytes: ArraySlice<UInt8>) { rest = bytes }

  var isAtEnd: Bool { rest.isEmpty }

  /// Each element takes eight bytes or more, so that no number asks for more than there is.
  mutating func count() throws(WorkRecord.Problem) -> Int {
    guard rest.count >= 8 else { throw .damaged }
    let number = rest.prefix(8).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    rest = rest.dropFirst(8)
    guard number <= UInt64(rest.count) else { throw .damaged }
    return Int(number)
  }

  mutating func bytes() throws(WorkRecord.Problem) -> [UInt8] {
    let length = try count()
    defer { rest = rest.dropFirst(length) }
    return Array(rest.prefix(length))
  }

  mutating func text() throws(WorkRecord.Problem) -> String {
    guard let text = String(validating: try bytes(), as: UTF8.self) else { throw .damaged }
    return text
  }

  mutating func path() throws(WorkRecord.Problem) -> WorkPath {
    let path = WorkPath(try bytes())
    guard path.isSafe else { throw .damaged }
    return path
  }

  mutating func entry() throws(WorkRecord.Problem) -> WorkRecord.Entry {
    let path = try path()
    let isIndexed = try text() == "indexed"
    let content: WorkContent
    switch try text() {
    case "absent": content = .absent
    case "moved": content = .moved
    case "link":
      let destination = try text()
      guard let modified = Int64(try text()) else { throw .damaged }
      content = .link(to: destination, modified: modified)
    case "file":
      let contents = try bytes()
      guard let mode = UInt16(try text()), let modified = Int64(try text()) else { throw .damaged }
      var file = WorkContent.File(bytes: contents, mode: mode & 0o7777, modified: modified)
      for _ in 0..<(try count()) {
        let name = try text()
        file.attributes[name] = try bytes()
      }
      content = .file(file)
    default: throw .damaged
    }
    return WorkRecord.Entry(path: path, content: content, isIndexed: isIndexed)
  }
}
