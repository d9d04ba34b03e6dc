import OutfitCore
import OutfitProfile
import OutfitSystem
import SystemPackage

/// What a switch is about to do, durable before it does it: for each path what stands there and what will.
///
/// `$STATE/journal/intent` is there from before the first visible change until after the last. A line at its
/// end, added when everything was made durable, is the commit: before it the switch is undone, after it nothing
/// is left to do.
struct Journal {
  struct Entry: Hashable {
    var path: FilePath
    var before: TargetState
    var after: TargetState
    /// One of Outfit's own records, commands or tables: nobody else writes there.
    var isOwn: Bool
  }

  static let format = "outfit-journal"
  static let version = 1

  /// Names the temporary files of this switch.
  var transaction: String
  var scope: Scope
  var generation: Int
  var entries: [Entry] = []

  static func folder(_ host: Host) -> FilePath { host.places.state.appending("journal") }
  static func intent(_ host: Host) -> FilePath { folder(host).appending("intent") }

  /// The prior content of a secret, which goes with the journal.
  static func prior(_ index: Int, _ host: Host) -> FilePath { folder(host).appending("prior-\(index)") }

  func temporary(_ index: Int) -> FilePath {
    entries[index].path.parent.appending(".outfit-\(transaction)-\(index)")
  }

  var text: [UInt8] {
    var rows = Rows.Writer(Self.format, version: Self.version)
    switch scope {
    case .machine: rows.row("switch", transaction, String(generation), "machine")
    case .project(let root): rows.row("switch", transaction, String(generation), "project", root.string)
    }
    for entry in entries {
      rows.row(entry.isOwn ? "own" : "user", entry.path.string, entry.before.text, entry.after.text)
    }
    return rows.finished()
  }

  /// The line that decides a switch, for the record before it.
  static func commitLine(_ record: ArraySlice<UInt8>) -> [UInt8] {
    Array("commit\t\(fnv1a64(record))\n".utf8)
  }

  /// - Returns: the journal, and whether its switch was committed.
  static func parse(_ bytes: [UInt8]) throws(Rows.Problem) -> (journal: Journal, isCommitted: Bool) {
    let (rows, length) = try Rows.read(bytes, format, version: version)
    guard let first = rows.first, first.count >= 4, first[0] == "switch", let number = Int(first[2]),
      !first[1].isEmpty, first[1].allSatisfy({ $0.isHexDigit })
    else { throw .damaged("it does not say what it is about") }
    var journal: Journal
    if first.count == 4, first[3] == "machine" {
      journal = Journal(transaction: first[1], scope: .machine, generation: number)
    } else if first.count == 5, first[3] == "project", first[4].hasPrefix("/") {
      journal = Journal(transaction: first[1], scope: .project(FilePath(first[4])), generation: number)
    } else {
      throw .damaged("it does not say what it is about")
    }
    for row in rows.dropFirst() {
      guard row.count == 4, row[0] == "own" || row[0] == "user", row[1].hasPrefix("/"),
        let before = TargetState(text: row[2]), let after = TargetState(text: row[3])
      else { throw .damaged("it has a line that is not understood") }
      journal.entries.append(
        Entry(path: FilePath(row[1]), before: before, after: after, isOwn: row[0] == "own"))
    }
    return (journal, Array(bytes[length...]) == commitLine(bytes[..<length]))
  }

  // MARK: On disk

  /// Makes the journal durable, with everything else that was written so far: contents kept for going back.
  func begin(_ host: Host) throws(FileError) {
    let folder = Self.folder(host)
    let new = folder.appending("intent.new")
    try host.files.removeTree(new)
    try host.files.create(new, text, mode: 0o600)
    try host.files.synchronizeAll(folder)
    try host.files.rename(new, to: Self.intent(host))
    try host.files.synchronize(folder)
  }

  /// Makes all changes durable, and then the decision for them.
  func commit(_ host: Host) throws(FileError) {
    try synchronizeAll(host)
    try host.files.append(Self.intent(host), Self.commitLine(text[...]))
    try host.files.synchronize(Self.intent(host))
  }

  /// Ends the journal.
  static func finish(_ host: Host) throws(FileError) {
    let folder = folder(host)
    try host.files.remove(intent(host))
    for name in try host.files.list(folder) where name.hasPrefix("prior-") || name == "intent.new" {
      try host.files.remove(folder.appending(name))
    }
    try host.files.synchronize(folder)
  }

  /// One pass for each file system that has one of the paths.
  private func synchronizeAll(_ host: Host) throws(FileError) {
    var done: Set<UInt64> = []
    var seen: Set<String> = []
    for path in [host.places.state.appending("journal")] + entries.map(\.path) {
      var folder = path.parent
      guard seen.insert(folder.string).inserted else { continue }
      while true {
        if let status = try host.files.status(folder, followLinks: true) {
          if done.insert(status.device).inserted { try host.files.synchronizeAll(folder) }
          break
        }
        folder = folder.parent
      }
    }
  }

  // MARK: Undoing

  /// Puts back what was there before the switch, whatever of it was done. It can be interrupted and begun again.
  /// - Returns: where contents were put that are neither what was there before nor what the switch wrote:
  ///   somebody changed them in between.
  func undo(_ host: Host) throws -> [FilePath] {
    let key = try SecretKey.read(host)
    let blobs = Generations.blobs(scope, host: host)
    var aside: [FilePath] = []
    for index in entries.indices.reversed() {
      let entry = entries[index]
      try host.files.removeTree(temporary(index))
      let now = try Self.state(of: entry.path, like: [entry.before, entry.after], key: key, host)
      if now.matches(entry.before) {
        if case .file(let then) = entry.before, case .file(let here) = now, then.modified != here.modified {
          try host.files.setModified(entry.path, then.modified)
        }
        continue
      }
      if !entry.isOwn, !now.matches(entry.after), case .file(let file) = now, file.size > 0 {
        aside.append(try keepAside(entry.path, index, host))
      }
      try putBack(index, now, blobs, host)
    }
    try synchronizeAll(host)
    return aside
  }

  private func keepAside(_ path: FilePath, _ index: Int, _ host: Host) throws -> FilePath {
    let folder = host.places.state.appending("recovered")
    try host.files.createDirectories(folder, mode: 0o700)
    let aside = folder.appending("\(transaction)-\(index)-\(path.lastComponent?.string ?? "file")")
    let bytes = try host.files.read(path)
    try host.files.removeTree(aside)
    try host.files.create(aside, bytes, mode: 0o600)
    return aside
  }

  private func putBack(_ index: Int, _ now: TargetState, _ blobs: Blobs, _ host: Host) throws {
    let path = entries[index].path
    let temporary = temporary(index)
    switch entries[index].before {
    case .absent:
      if now.isDirectory {
        // Somebody may have put something there; then the folder stays.
        if try host.files.list(path).isEmpty { try host.files.removeDirectory(path) }
      } else if now != .other {
        try host.files.remove(path)
      }
    case .file(let file):
      guard let bytes = try file.isKeyed ? host.files.read(Self.prior(index, host)) : blobs.read(file.digest)
      else {
        throw Failure(
          "the content that \(path) had before the interrupted switch can't be found",
          hint: "it was looked for in \(blobs.folder)")
      }
      if now.isDirectory { try host.files.removeDirectory(path) }
      try host.files.create(temporary, bytes, mode: file.mode)
      try host.files.setModified(temporary, file.modified)
      try host.files.rename(temporary, to: path)
    case .link(let destination):
      if now.isDirectory { try host.files.removeDirectory(path) }
      try host.files.createLink(temporary, to: destination)
      try host.files.rename(temporary, to: path)
    case .directory(let mode):
      if now.isDirectory { return try host.files.setMode(path, mode) }
      if now != .absent { try host.files.remove(path) }
      try host.files.createDirectory(path, mode: mode)
    case .other: break
    }
  }

  /// What stands at a path, in the terms of what may stand there: a secret by its keyed digest.
  static func state(
    of path: FilePath, like others: [TargetState] = [], key: SecretKey?, _ host: Host
  ) throws(FileError) -> TargetState {
    try look(path, like: others, key: key, host).state
  }

  /// The same, with a file's content.
  static func look(
    _ path: FilePath, like others: [TargetState] = [], key: SecretKey?, _ host: Host
  ) throws(FileError) -> (state: TargetState, bytes: [UInt8]) {
    guard let status = try host.files.status(path, followLinks: false) else { return (.absent, []) }
    switch status.kind {
    case .directory: return (.directory(mode: status.mode), [])
    case .other: return (.other, [])
    case .link: return (.link(try host.files.readLink(path)), [])
    case .file:
      let bytes = try host.files.read(path)
      var file = TargetState.FileState(
        digest: Digest(of: bytes), mode: status.mode, size: Int64(bytes.count), modified: status.modified)
      for case .file(let other) in others where other.isKeyed && key?.digest(bytes) == other.digest {
        file.digest = other.digest
        file.isKeyed = true
      }
      return (.file(file), bytes)
    }
  }
}
