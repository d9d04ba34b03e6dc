import OutfitCore
import OutfitProfile
import OutfitSystem
import SystemPackage

/// Does operations as one: all of them, or, whatever happens, none.
///
/// What stands at each path is looked at once more and kept; the journal is made durable; the new contents are
/// written beside their targets, so that a full disk shows before anything is visible; then everything is
/// renamed into place, made durable in one pass, and committed.
struct Transaction {
  let host: Host
  let blobs: Blobs
  private var journal: Journal
  private var contents: [Content] = []
  private var signatureBefore: [Signature?] = []
  private var staged: Set<Int> = []
  private var commitIsTried = false
  /// How what was written looks now.
  private(set) var signatures: [FilePath: (signature: Signature, state: TargetState)] = [:]

  private enum Content {
    case bytes([UInt8], mode: UInt16, modified: Int64?)
    case mode(UInt16)
    case link(String)
    case directory(mode: UInt16)
    case absent(ifEmpty: Bool)
  }

  init(host: Host, scope: Scope, generation: Int) {
    self.host = host
    blobs = Generations.blobs(scope, host: host)
    let time = UInt64(bitPattern: host.clock.now()) &* 1_000_000_000 &+ host.clock.uptime()
    journal = Journal(
      transaction: String(time, radix: 16) + String(generation, radix: 16), scope: scope,
      generation: generation)
  }

  mutating func run(_ operations: [Operation]) throws {
    try prepare(operations)
    try journal.begin(host)
    do {
      try stage()
      try flip()
      try Task.checkCancellation()
      commitIsTried = true
      try journal.commit(host)
    } catch {
      try abandon(error)
    }
    try Journal.finish(host)
  }

  // MARK: Before anything is visible

  /// Orders the operations, keeps what stands at each path, and finds that it is what the plan saw.
  private mutating func prepare(_ operations: [Operation]) throws {
    let key = try SecretKey.read(host)
    var removals: [Operation] = []
    var folders: [FilePath: Operation] = [:]
    var writes: [Operation] = []
    for operation in operations {
      switch operation.after {
      case .absent: removals.append(operation)
      case .directory:
        if operation.before.isDirectory {
          writes.append(operation)
          continue
        }
        if operation.before != .absent { removals.append(operation) }
        folders[operation.path] = operation
      case .file, .link:
        if operation.before.isDirectory { removals.append(operation) }
        writes.append(operation)
      }
    }
    addParents(of: writes + Array(folders.values), &folders)
    // Files go before the folders that hold them, and folders come before what they will hold.
    removals.sort { a, b in
      a.before.isDirectory == b.before.isDirectory
        ? a.path.string > b.path.string : !a.before.isDirectory
    }
    for operation in removals {
      try add(operation, .absent(ifEmpty: operation.ifEmpty), after: .absent, key, checks: true)
    }
    let removed = Set(removals.map(\.path))
    func isNew(_ path: FilePath) -> Bool {
      if removed.isEmpty { return false }
      var path = path
      while !path.isRoot {
        if removed.contains(path) { return true }
        path = path.parent
      }
      return false
    }
    for operation in folders.values.sorted(by: { $0.path.string < $1.path.string }) {
      guard case .directory(let mode) = operation.after else { continue }
      try add(
        operation, .directory(mode: mode), after: .directory(mode: mode), key,
        checks: !isNew(operation.path))
    }
    for operation in writes {
      try addWrite(operation, key, checks: !isNew(operation.path))
    }
  }

  private mutating func addWrite(_ operation: Operation, _ key: SecretKey?, checks: Bool) throws {
    switch operation.after {
    case .directory(let mode):
      try add(operation, .mode(mode), after: .directory(mode: mode), key, checks: checks)
    case .link(let destination):
      try add(operation, .link(destination), after: .link(destination), key, checks: checks)
    case .absent: break
    case .file(let source, let mode, let modified):
      let bytes: [UInt8]
      switch source {
      case .given(let given): bytes = given
      case .kept(let digest):
        guard let kept = try blobs.read(digest) else {
          throw Failure(
            "the content that \(operation.path) had can't be found, so nothing was changed",
            hint: "it was looked for as \(blobs.path(digest))")
        }
        bytes = kept
      }
      let after = PlannedTarget.Content.file(.given(bytes), mode: mode, modified: modified)
        .state(key: operation.isSecret ? key : nil)
      if case .file(let old) = operation.before, case .file(let new) = after, old.digest == new.digest,
        old.isKeyed == new.isKeyed, modified == nil
      {
        try add(operation, .mode(mode), after: after, key, checks: checks)
      } else {
        try add(operation, .bytes(bytes, mode: mode, modified: modified), after: after, key, checks: checks)
      }
    }
  }

  /// The folders above what is written that are not there.
  private func addParents(
    of written: [Operation], _ folders: inout [FilePath: Operation]
  ) {
    var known: Set<String> = []
    for operation in written {
      var name = operation.path.string[...]
      while name.dropLastName(), known.insert(String(name)).inserted {
        let folder = FilePath(String(name))
        if folders[folder] != nil { break }
        if let status = try? host.files.status(folder, followLinks: false), status.kind == .directory {
          break
        }
        let isPrivate = [".ssh", ".gnupg"].contains(folder.lastComponent?.string)
        folders[folder] = Operation(
          path: folder, before: .absent, after: .directory(mode: isPrivate ? 0o700 : 0o755),
          isOwn: operation.isOwn)
      }
    }
  }

  /// - Parameter checks: false when an earlier entry took away what stands there now.
  private mutating func add(
    _ operation: Operation, _ content: Content, after: TargetState, _ key: SecretKey?, checks: Bool
  ) throws {
    var before = TargetState.absent
    var signature: Signature?
    if checks {
      signature = try host.files.status(operation.path, followLinks: false).map { Signature($0) }
      let bytes: [UInt8]
      (before, bytes) = try Journal.look(operation.path, like: [operation.before], key: key, host)
      guard operation.isOwn || before.matches(operation.before) else { throw changed(operation.path) }
      if case .file(let file) = before {
        if file.isKeyed {
          let prior = Journal.prior(journal.entries.count, host)
          try host.files.removeTree(prior)
          try host.files.create(prior, bytes, mode: 0o600)
        } else {
          try blobs.add(bytes, file.digest)
        }
      }
      try checkFolder(of: operation.path)
    }
    journal.entries.append(
      Journal.Entry(path: operation.path, before: before, after: after, isOwn: operation.isOwn))
    contents.append(content)
    signatureBefore.append(signature)
  }

  private func changed(_ path: FilePath) -> Failure {
    Failure(
      "\(path) was changed while outfit was at work, so nothing was changed",
      hint: "run it again: the change is seen then")
  }

  /// No folder on the way became a link since the plan.
  private func checkFolder(of path: FilePath) throws {
    let folder = path.parent
    if let status = try host.files.status(folder, followLinks: false), status.kind != .directory {
      throw changed(folder)
    }
  }

  // MARK: Doing it

  /// Makes the folders that can be made now, and writes the new contents into theirs.
  private mutating func stage() throws {
    let removed = Set(
      journal.entries.indices.filter { if case .absent = contents[$0] { true } else { false } }
        .map { journal.entries[$0].path })
    for index in journal.entries.indices {
      let path = journal.entries[index].path
      guard !removed.contains(path) else { continue }
      let folder = path.parent
      guard !removed.contains(folder),
        try host.files.status(folder, followLinks: false)?.kind == .directory
      else { continue }
      try Task.checkCancellation()
      if case .directory(let mode) = contents[index] {
        try host.files.createDirectory(path, mode: mode)
        staged.insert(index)
      } else {
        try stage(index)
      }
    }
  }

  private mutating func stage(_ index: Int) throws {
    guard !staged.contains(index) else { return }
    let temporary = journal.temporary(index)
    switch contents[index] {
    case .bytes(let bytes, let mode, let modified):
      try host.files.create(temporary, bytes, mode: mode)
      if let modified { try host.files.setModified(temporary, modified) }
    case .link(let destination): try host.files.createLink(temporary, to: destination)
    case .mode, .directory, .absent: return
    }
    staged.insert(index)
  }

  private mutating func flip() throws {
    for index in journal.entries.indices {
      try Task.checkCancellation()
      let entry = journal.entries[index]
      try recheck(index)
      switch contents[index] {
      case .absent(let ifEmpty):
        guard entry.before.isDirectory else {
          if entry.before != .absent { try host.files.remove(entry.path) }
          continue
        }
        if ifEmpty, try !host.files.list(entry.path).isEmpty { continue }
        try host.files.removeDirectory(entry.path)
      case .directory(let mode):
        if !staged.contains(index) { try host.files.createDirectory(entry.path, mode: mode) }
      case .mode(let mode):
        try host.files.setMode(entry.path, mode)
        if !entry.isOwn { note(entry) }
      case .link:
        try stage(index)
        try host.files.rename(journal.temporary(index), to: entry.path)
      case .bytes:
        try stage(index)
        let written = try host.files.status(journal.temporary(index), followLinks: false)
        try host.files.rename(journal.temporary(index), to: entry.path)
        if !entry.isOwn { note(entry, written) }
      }
    }
  }

  /// What stands there is still what was looked at and kept.
  private func recheck(_ index: Int) throws {
    let entry = journal.entries[index]
    guard !entry.isOwn else { return }
    let isFolderMade = if case .directory = contents[index] { staged.contains(index) } else { false }
    if isFolderMade { return }
    try checkFolder(of: entry.path)
    let now = try host.files.status(entry.path, followLinks: false).map { Signature($0) }
    if now == signatureBefore[index] { return }
    // The times of a folder change with what is in it.
    if entry.before.isDirectory, now != nil { return }
    throw changed(entry.path)
  }

  private mutating func note(_ entry: Journal.Entry, _ written: FileStatus? = nil) {
    guard let status = try? host.files.status(entry.path, followLinks: false), status.kind == .file else {
      return
    }
    if let written,
      written.inode != status.inode || written.modified != status.modified || written.size != status.size
    {
      return
    }
    signatures[entry.path] = (Signature(status), entry.after)
  }

  private func abandon(_ error: any Error) throws -> Never {
    do {
      // A commit that may not be durable must not be found by who goes on after an interrupted undoing.
      if commitIsTried { try journal.begin(host) }
      let aside = try journal.undo(host)
      try Journal.finish(host)
      if !aside.isEmpty {
        host.terminal.talk(
          "what was changed meanwhile is in " + aside.map(\.string).joined(separator: ", ") + "\n")
      }
    } catch let problem {
      throw Failure(
        [
          Diagnostic(.error, "the switch failed: \(Self.describe(error))"),
          Diagnostic(
            .error, "and it can't be undone yet: \(Self.describe(problem))",
            hint: "mend that; the next outfit command puts everything back"),
        ])
    }
    throw error
  }

  private static func describe(_ error: any Error) -> String {
    (error as? Failure)?.diagnostics.map(\.message).joined(separator: "; ") ?? "\(error)"
  }
}
