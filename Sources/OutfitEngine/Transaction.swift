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
  private let userFiles: any Files
  private var journal: Journal
  private var contents: [Content] = []
  /// What is to be kept: prior contents, and those that are written.
  private var keeping: [Digest: [UInt8]]
  /// Those of secret targets among them.
  private var sealing: Set<Digest> = []
  private var signatureBefore: [Signature?] = []
  private var staged: Set<Int> = []
  private var commitIsTried = false
  /// How what was written looks now.
  private(set) var signatures: [FilePath: (signature: Signature, state: TargetState)] = [:]

  private enum Content {
    case bytes([UInt8], mode: UInt16, modified: Int64?, attributes: [String: [UInt8]]?)
    case mode(UInt16)
    case link(String)
    case directory(mode: UInt16)
    case moved(FilePath)
    case tree(FilePath)
    case absent(ifEmpty: Bool)
  }

  /// - Parameter keeping: contents that the new generation refers to.
  init(host: Host, scope: Scope, generation: Int, keeping: [Digest: [UInt8]]) {
    self.host = host
    userFiles = host.files.withoutLinks
    blobs = Generations.blobs(scope, host: host)
    self.keeping = keeping
    let time = UInt64(bitPattern: host.clock.now()) &* 1_000_000_000 &+ host.clock.uptime()
    journal = Journal(
      transaction: String(time, radix: 16) + String(generation, radix: 16), scope: scope,
      generation: generation)
  }

  mutating func run(_ operations: [Operation]) throws {
    try prepare(operations)
    try blobs.add(keeping, sealing: sealing)
    keeping = [:]
    try journal.begin(host)
    do {
      try stage()
      try settleTrees()
      try flip()
      try Task.checkCancellation()
      commitIsTried = true
      try journal.commit(host)
    } catch {
      try abandon(error)
    }
    journal.removeFormer(host)
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
      case .moved, .tree:
        if operation.before != .absent, !operation.before.isWholeFolder { removals.append(operation) }
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
    case .moved(let place):
      try add(operation, .moved(place), after: .moved(place.string), key, checks: checks)
    case .tree(let source):
      guard try host.files.status(source, followLinks: false)?.kind == .directory else {
        throw Failure(
          "the folder that \(operation.path) is to be a copy of can't be found, so nothing was changed",
          hint: "it was looked for as \(source)")
      }
      try add(operation, .tree(source), after: .tree(source.string), key, checks: checks)
    case .absent: break
    case .file(let source, let mode, let modified):
      let bytes: [UInt8]
      let attributes: Digest?
      switch source {
      case .given(let given):
        bytes = given
        if case .file(let old) = operation.before { attributes = old.attributes } else { attributes = nil }
      case .kept(let digest, let then):
        attributes = then
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
        let kept = try attributes.flatMap { try keeping[$0] ?? blobs.read($0) }
        try add(
          operation,
          .bytes(
            bytes, mode: mode, modified: modified, attributes: kept.flatMap { KeptAttributes.parse($0) }),
          after: after, key, checks: checks)
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
      let bytes: [UInt8]
      (before, bytes, signature) = try guarding(operation.path) { () throws(FileError) in
        try Journal.look(operation.path, like: [operation.before], key: key, files(operation.isOwn))
      }
      guard operation.isOwn && !operation.isShared || before.matches(operation.before) else {
        throw changed(operation.path)
      }
      if case .moved = operation.before { before = operation.before }
      if case .file(var file) = before {
        if case .file(let seen) = operation.before { file.attributes = seen.attributes }
        before = .file(file)
        if file.isKeyed {
          let prior = Journal.prior(journal.entries.count, host)
          try host.files.removeTree(prior)
          try host.files.create(prior, try key?.sealed(bytes) ?? bytes, mode: 0o600)
        } else {
          keeping[file.digest] = bytes
          if operation.isSecret { sealing.insert(file.digest) }
        }
      }
    }
    journal.entries.append(
      Journal.Entry(
        path: operation.path, before: before, after: after, isOwn: operation.isOwn,
        isShared: operation.isShared))
    contents.append(content)
    signatureBefore.append(signature)
  }

  private func files(_ isOwn: Bool) -> any Files { isOwn ? host.files : userFiles }

  private func changed(_ path: FilePath) -> Failure {
    Failure(
      "\(path) was changed while outfit was at work, so nothing was changed",
      hint: "run it again: the change is seen then")
  }

  /// A folder that became a link since the plan is a change like others.
  private func guarding<Result>(
    _ path: FilePath, _ body: () throws(FileError) -> Result
  ) throws -> Result {
    do {
      return try body()
    } catch {
      throw error.code == .tooManySymbolicLinkLevels ? changed(path.parent) : error
    }
  }

  // MARK: Doing it

  /// Makes the folders that can be made now, and writes the new contents into theirs.
  private mutating func stage() throws {
    let removed = Set(
      journal.entries.indices.filter { if case .absent = contents[$0] { true } else { false } }
        .map { journal.entries[$0].path.string })
    var isFolder: [String: Bool] = [:]
    for index in journal.entries.indices {
      let entry = journal.entries[index]
      let folder = entry.path.parent
      let isTree = if case .tree = contents[index] { true } else { false }
      guard isTree || !removed.contains(entry.path.string), !removed.contains(folder.string) else { continue }
      if isFolder[folder.string] == nil {
        isFolder[folder.string] = try isFolderNow(folder, entry.isOwn)
      }
      guard isFolder[folder.string] == true else { continue }
      try Task.checkCancellation()
      if case .directory(let mode) = contents[index] {
        try files(entry.isOwn).createDirectory(entry.path, mode: mode)
        isFolder[entry.path.string] = nil
        staged.insert(index)
      } else {
        try guarding(entry.path) { () throws(FileError) in
          do throws(FileError) {
            try stage(index)
          } catch {
            // Nobody knows the temporary file.
            throw error.code == .permissionDenied ? FileError("write", entry.path, error.code) : error
          }
        }
      }
    }
  }

  /// False also below a link that goes before something is put into the folder that takes its place.
  private func isFolderNow(_ folder: FilePath, _ isOwn: Bool) throws(FileError) -> Bool {
    do {
      return try files(isOwn).status(folder, followLinks: isOwn)?.kind == .directory
    } catch  where error.code == .tooManySymbolicLinkLevels {
      return false
    }
  }

  private mutating func stage(_ index: Int) throws(FileError) {
    guard !staged.contains(index) else { return }
    let temporary = journal.temporary(index)
    let files = files(journal.entries[index].isOwn)
    switch contents[index] {
    case .bytes(let bytes, let mode, let modified, let attributes):
      try files.create(temporary, bytes, mode: mode)
      if let attributes {
        try files.setAttributes(temporary, attributes)
        // An access list changes the mode.
        try files.setMode(temporary, mode)
      }
      if let modified { try files.setModified(temporary, modified) }
    case .link(let destination): try files.createLink(temporary, to: destination)
    case .tree(let source):
      try files.copyTree(from: source, to: temporary)
      try TreeMark.write(in: temporary, source: source, files)
    case .mode, .directory, .moved, .absent: return
    }
    staged.insert(index)
  }

  /// No power cut may leave half of a copy in its place.
  private func settleTrees() throws(FileError) {
    for index in staged {
      guard case .tree = contents[index] else { continue }
      try files(journal.entries[index].isOwn).synchronizeAll(journal.entries[index].path.parent)
    }
  }

  private mutating func flip() throws {
    for index in journal.entries.indices {
      try Task.checkCancellation()
      let path = journal.entries[index].path
      let isDone = try guarding(path) { () throws(FileError) in
        guard try isAsItWas(index) else { return false }
        try flip(index)
        return true
      }
      guard isDone else { throw changed(path) }
    }
  }

  private mutating func flip(_ index: Int) throws(FileError) {
    let entry = journal.entries[index]
    let files = files(entry.isOwn)
    if let away = journal.away(index) {
      try files.moveFolder(entry.path, to: away)
      // What comes in its place must not be there sooner, whatever of the names a power cut takes.
      try files.synchronize(entry.path.parent)
    }
    switch contents[index] {
    case .absent where entry.before.isWholeFolder: return
    case .moved(let place): try files.moveFolder(place, to: entry.path)
    case .absent(let ifEmpty):
      guard entry.before.isDirectory else {
        if entry.before != .absent { try files.remove(entry.path) }
        return
      }
      if ifEmpty, try !files.list(entry.path).isEmpty { return }
      try files.removeDirectory(entry.path)
    case .directory(let mode):
      if !staged.contains(index) { try files.createDirectory(entry.path, mode: mode) }
    case .mode(let mode):
      try files.setMode(entry.path, mode)
      if !entry.isOwn { note(entry) }
    case .link, .tree:
      try stage(index)
      try files.rename(journal.temporary(index), to: entry.path)
    case .bytes:
      try stage(index)
      let written = try files.status(journal.temporary(index), followLinks: false)
      try files.rename(journal.temporary(index), to: entry.path)
      if !entry.isOwn { note(entry, written) }
    }
  }

  /// What stands there is still what was looked at and kept.
  private func isAsItWas(_ index: Int) throws(FileError) -> Bool {
    let entry = journal.entries[index]
    guard !entry.isOwn || entry.isShared else { return true }
    let isFolderMade = if case .directory = contents[index] { staged.contains(index) } else { false }
    if isFolderMade { return true }
    let now = try files(entry.isOwn).status(entry.path, followLinks: false).map { Signature($0) }
    // The times of a folder change with what is in it.
    return now == signatureBefore[index] || entry.before.isDirectory && now != nil
      || entry.before.isWholeFolder && now?.inode == signatureBefore[index]?.inode
  }

  private mutating func note(_ entry: Journal.Entry, _ written: FileStatus? = nil) {
    guard let status = try? userFiles.status(entry.path, followLinks: false), status.kind == .file else {
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
