import OutfitProfile
import OutfitSystem
import SystemPackage

/// The newest generation of a scope, and how what it wrote looked then.
public struct NewestGeneration: Sendable {
  /// Nil before the first.
  public let record: Generation?
  let stats: TargetStats

  /// Reads both.
  /// - Throws: `Failure` when a later Outfit wrote the record.
  public init(_ scope: Scope, host: Host) throws {
    self.init(try Generations.current(scope, host: host), host: host)
  }

  init(_ record: Generation?, host: Host) {
    self.record = record
    stats = record.map { TargetStats($0.number, scope: $0.scope, host: host) } ?? TargetStats()
  }
}

/// How the targets of a generation looked right after it wrote them, so that most need not be read to know
/// that they are as they were. Only a help: without it everything is read.
struct TargetStats {
  var byPath: [String: Signature] = [:]

  static func path(_ number: Int, scope: Scope, host: Host) -> FilePath {
    Generations.folder(scope, host: host).appending(String(number)).appending("stats")
  }

  init() {}

  init(_ number: Int, scope: Scope, host: Host) {
    guard let bytes = try? host.files.read(Self.path(number, scope: scope, host: host)) else { return }
    _ = try? Rows.read(bytes, "outfit-stats", version: 1) { row throws(Rows.Problem) in
      if row.count == 6, let signature = Signature(row, from: 1) { byPath[row[0]] = signature }
    }
  }

  subscript(path: FilePath) -> Signature? {
    get { byPath[path.string] }
    set { byPath[path.string] = newValue }
  }

  func write(_ number: Int, scope: Scope, host: Host) throws(FileError) {
    var rows = Rows.Writer("outfit-stats", version: 1)
    for path in byPath.keys.sorted() {
      rows.field(path)
      byPath[path]?.write(to: &rows)
      rows.endRow()
    }
    let path = Self.path(number, scope: scope, host: host)
    let temporary = FilePath(path.string + ".new")
    try host.files.removeTree(temporary)
    try host.files.create(temporary, rows.finished(), mode: 0o600)
    try host.files.rename(temporary, to: path)
  }
}
