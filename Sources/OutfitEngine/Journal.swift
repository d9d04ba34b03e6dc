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
    /// One of Outfit's own records, commands or tables.
    var isOwn: Bool
    /// One that a person edits too: a manifest, a lock.
    var isShared = false

    fileprivate var kind: String { isShared ? "shared" : isOwn ? "own" : "user" }
  }

  static let format = "outfit-journal"
  /// 2 has folders that are moved or made as a whole. One without is written as 1, so that an earlier Outfit can undo
  /// it.
  static let version = 2
  static let plainVersion = 1

  /// Names the temporary files of this switch.
  var transaction: String
  var scope: Scope
  var generation: Int
  var entries: [Entry] = []

  static func folder(_ host: Host) -> FilePath { host.places.state.appending("journal") }
  static func intent(_ host: Host) -> FilePath { folder(host).appending("intent") }

  /// The prior content of a secret, which goes with the journal.
  static func prior(_ index: Int, _ host: Host) -> FilePath { folder(host).appending("prior-\(index)") }

  /// The way to an entry: nobody else's link is followed to what is the user's.
  func files(_ index: Int, _ host: Host) -> any Files {
    entries[index].isOwn ? host.files : host.files.withoutLinks
  }

  func temporary(_ index: Int) -> FilePath {
    entries[index].path.parent.appending(".outfit-\(transaction)-\(index)")
  }

  /// Where the folder is afterwards that stands at an entry's path: a person's stays there, a copy of ours goes once
  /// the switch is committed.
  func away(_ index: Int) -> FilePath? {
    switch entries[index].before {
    case .moved(let place): FilePath(place)
    case .tree: FilePath("\(temporary(index))-before")
    case .absent, .file, .link, .directory, .other: nil
    }
  }

  var text: [UInt8] {
    let hasFolders = entries.contains { $0.before.isWholeFolder || $0.after.isWholeFolder }
    var rows = Rows.Writer(Self.format, version: hasFolders ? Self.version : Self.plainVersion)
    switch scope {
    case .machine: rows.row("switch", transaction, String(generation), "machine")
    case .project(let root): rows.row("switch", transaction, String(generation), "project", root.string)
    }
    for entry in entries {
      rows.field(entry.kind)
      rows.field(entry.path.string)
      rows.field(entry.before)
      rows.field(entry.after)
      rows.endRow()
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
      guard row.count == 4, ["own", "shared", "user"].contains(row[0]), row[1].hasPrefix("/"),
        let before = TargetState(text: row[2]), let after = TargetState(text: row[3])
      else { throw .damaged("it has a line that is not understood") }
      journal.entries.append(
        Entry(
          path: FilePath(row[1]), before: before, after: after, isOwn: row[0] != "user",
          isShared: row[0] == "shared"))
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

  /// Removes what only the way back needed, once the switch is committed. What can't be removed stays.
  func removeFormer(_ host: Host) {
    let former = entries.indices.filter { if case .tree = entries[$0].before { true } else { false } }
    guard !former.isEmpty else { return }
    for index in former {
      if let away = away(index) { try? files(index, host).removeTree(away) }
    }
    // Those that only that was in.
    for index in entries.indices where entries[index].before.isDirectory && entries[index].after == .absent {
      try? files(index, host).removeDirectory(entries[index].path)
    }
    try? synchronizeAll(host)
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
  /// - Returns: where contents were put that are neither what was there before nor what the switch wrote,
  ///   since somebody changed them in between, or that can't be put back, since a folder became a link.
  func undo(_ host: Host) throws -> [FilePath] {
    let key = try SecretKey.read(host)
    let blobs = Generations.blobs(scope, host: host)
    var aside: [FilePath] = []
    for index in entries.indices.reversed() {
      do {
        try undo(index, key, blobs, &aside, host)
      } catch let error as FileError
        where error.code == .tooManySymbolicLinkLevels && !entries[index].isOwn
      {
        // Its folder went elsewhere, with all in it.
        guard case .file = entries[index].before, let bytes = try prior(index, blobs, host) else { continue }
        aside.append(try keepAside(bytes, index, host))
      }
    }
    try synchronizeAll(host)
    return aside
  }

  private func undo(
    _ index: Int, _ key: SecretKey?, _ blobs: Blobs, _ aside: inout [FilePath], _ host: Host
  ) throws {
    let entry = entries[index]
    let files = files(index, host)
    try removeTemporary(index, files)
    if entry.before.isWholeFolder || entry.after.isWholeFolder {
      return try undoFolder(index, key, &aside, host)
    }
    let now = try Self.look(entry.path, like: [entry.before, entry.after], key: key, files)
    if now.state.matches(entry.before) {
      if case .file(let then) = entry.before, case .file(let here) = now.state, then.modified != here.modified
      {
        try files.setModified(entry.path, then.modified)
      }
      return
    }
    if !entry.isOwn || entry.isShared, !now.state.matches(entry.after), case .file(let file) = now.state,
      file.size > 0
    {
      // What a person wrote in a manifest is asked of the next run: it stays where it is.
      guard !entry.isShared else { return aside.append(entry.path) }
      aside.append(try keepAside(now.bytes, index, host))
    }
    try putBack(index, now.state, blobs, host)
  }

  /// Puts back a folder that was renamed, and takes away one that was put in its place.
  private func undoFolder(
    _ index: Int, _ key: SecretKey?, _ aside: inout [FilePath], _ host: Host
  ) throws {
    let entry = entries[index]
    let files = files(index, host)
    func kind(_ path: FilePath) throws(FileError) -> FileStatus.Kind? {
      try files.status(path, followLinks: false)?.kind
    }
    let away = away(index)
    if let away, try kind(away) != .directory { return }
    if case .moved(let origin) = entry.after, try kind(FilePath(origin)) == nil,
      try kind(entry.path) == .directory
    {
      try files.rename(entry.path, to: FilePath(origin))
      try files.synchronize(entry.path.parent)
    }
    // What another entry takes away first.
    let earlier = entries[..<index].first { $0.path == entry.path }?.before ?? .absent
    let now = try Self.state(of: entry.path, like: [earlier, entry.after], key: key, files)
    if now != .absent, !now.matches(earlier) {
      var isOurs = now.matches(entry.after) && !now.isDirectory
      // Of what was not durable yet a power cut leaves the name.
      if case .file(let file) = now, file.size == 0 { isOurs = true }
      let place = isOurs ? temporary(index) : try files.freeBackup(of: entry.path)
      if !isOurs { aside.append(place) }
      try files.rename(entry.path, to: place)
    }
    if let away { try files.rename(away, to: entry.path) }
    try removeTemporary(index, files)
  }

  /// A folder was in its place before: no power cut may bring it back there with half of its things.
  private func removeTemporary(_ index: Int, _ files: any Files) throws(FileError) {
    let temporary = temporary(index)
    if try files.status(temporary, followLinks: false)?.kind == .directory {
      try files.synchronize(temporary.parent)
    }
    try files.removeTree(temporary)
  }

  private func keepAside(_ bytes: [UInt8], _ index: Int, _ host: Host) throws -> FilePath {
    let name = entries[index].path.lastComponent?.string ?? "file"
    return try Recovered.keep(bytes, as: "\(transaction)-\(index)-\(name)", host)
  }

  /// The content that an entry had before.
  private func prior(_ index: Int, _ blobs: Blobs, _ host: Host) throws(FileError) -> [UInt8]? {
    guard case .file(let file) = entries[index].before else { return nil }
    guard file.isKeyed else { return try blobs.read(file.digest) }
    let path = Self.prior(index, host)
    guard host.files.exists(path) else { return nil }
    let bytes = try host.files.read(path, limit: FileBound.own)
    // An earlier Outfit did not seal them; what can't be opened is no content of anybody's.
    guard SecretKey.isSealed(bytes) else { return bytes }
    return try SecretKey.read(host)?.opened(bytes)
  }

  private func putBack(_ index: Int, _ now: TargetState, _ blobs: Blobs, _ host: Host) throws {
    let path = entries[index].path
    let temporary = temporary(index)
    let files = files(index, host)
    switch entries[index].before {
    case .absent:
      if now.isDirectory {
        // Somebody may have put something there; then the folder stays.
        if try files.list(path).isEmpty { try files.removeDirectory(path) }
      } else if now != .other {
        try files.remove(path)
      }
    case .file(let file):
      guard let bytes = try prior(index, blobs, host) else {
        throw Failure(
          "the content that \(path) had before the interrupted switch can't be found",
          hint: "it was looked for in \(blobs.folder)")
      }
      if now.isDirectory { try files.removeDirectory(path) }
      try files.create(temporary, bytes, mode: file.mode)
      if let kept = try file.attributes.flatMap({ try blobs.read($0) }),
        let attributes = KeptAttributes.parse(kept)
      {
        try files.setAttributes(temporary, attributes)
        // An access list changes the mode.
        try files.setMode(temporary, file.mode)
      }
      try files.setModified(temporary, file.modified)
      try files.rename(temporary, to: path)
    case .link(let destination):
      if now.isDirectory { try files.removeDirectory(path) }
      try files.createLink(temporary, to: destination)
      try files.rename(temporary, to: path)
    case .directory(let mode):
      if now.isDirectory { return try files.setMode(path, mode) }
      if now != .absent { try files.remove(path) }
      try files.createDirectory(path, mode: mode)
    case .moved, .tree, .other: break
    }
  }

  /// What stands at a path, in the terms of what may stand there: a secret by its keyed digest.
  static func state(
    of path: FilePath, like others: [TargetState] = [], key: SecretKey?, _ files: any Files
  ) throws(FileError) -> TargetState {
    try look(path, like: others, key: key, files).state
  }

  /// The same, with a file's content and what shows that it stays as it is.
  static func look(
    _ path: FilePath, like others: [TargetState] = [], key: SecretKey?, _ files: any Files
  ) throws(FileError) -> (state: TargetState, bytes: [UInt8], signature: Signature?) {
    guard let status = try files.status(path, followLinks: false) else { return (.absent, [], nil) }
    let signature = Signature(status)
    switch status.kind {
    case .directory:
      return (TreeMark.state(of: path, status, like: others, files), [], signature)
    case .other: return (.other, [], signature)
    case .link: return (.link(try files.readLink(path)), [], signature)
    case .file:
      let bytes = try files.read(path)
      var file = TargetState.FileState(
        digest: Digest(of: bytes), mode: status.mode, size: Int64(bytes.count), modified: status.modified)
      for case .file(let other) in others where other.isKeyed && key?.digest(bytes) == other.digest {
        file.digest = other.digest
        file.isKeyed = true
      }
      return (.file(file), bytes, signature)
    }
  }
}
