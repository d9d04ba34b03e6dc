import OutfitSystem
import SystemPackage

/// A file system in memory that knows what would survive a power cut.
///
/// A file's content survives once the file was synchronized; a name survives once its folder was. Every
/// operation that changes something has a number, so that a test can stop before each of them:
///
///     files.stop(before: n)          // operation n and all after it fail, as do reads
///     try? thing.run()
///     files.crash(.strict)           // what was not synchronized is lost; the file system works again
///
/// Permissions are those of an owner who is not root. The time moves by a millisecond with every change.
public final class MemoryFiles: Files {
  /// What a power cut takes.
  public enum Crash: Sendable, Hashable {
    /// Nothing: the process was killed, the machine went on.
    case killed
    /// All that was not synchronized, file by file and folder by folder.
    case strict
    /// As a journaling file system does it: the first `keeping` of the changed names since the last
    /// synchronization of anything survive, in their order; contents only where they were synchronized.
    case ordered(keeping: Int)
    /// As a file system without a journal may do it: of the names changed since their folder was synchronized,
    /// of the contents, modes and times changed since their file was, any may survive and any may be lost, each
    /// by itself. The seed says which.
    case reordered(seed: UInt64)
  }

  private let state: Locked<State>
  private let refusesLinks: Bool

  /// - Parameter now: seconds since 1970.
  public init(now: Int64 = 1_800_000_000) {
    state = Locked(State(time: now * 1_000_000_000))
    refusesLinks = false
  }

  private init(_ state: State) {
    self.state = Locked(state)
    refusesLinks = false
  }

  private init(_ state: Locked<State>, refusesLinks: Bool) {
    self.state = state
    self.refusesLinks = refusesLinks
  }

  public var withoutLinks: any Files { MemoryFiles(state, refusesLinks: true) }

  // MARK: For tests

  /// A file system of its own with the same in it, locks apart.
  public func copy() -> MemoryFiles {
    MemoryFiles(
      state.withLock { state in
        var copy = state
        copy.locks = [:]
        return copy
      })
  }

  /// How many operations have changed something so far.
  public var operations: Int { state.withLock { $0.operations } }

  /// What the changing operations were, in order: `create /a/b`.
  public var log: [String] { state.withLock { $0.log } }

  /// How many changed names a crash of the kind `ordered` may keep.
  public var unsynchronizedNames: Int { state.withLock { $0.pending.count } }

  /// Stops before the changing operation with this number (the first is 0): it and all later calls fail.
  public func stop(before operation: Int?) { state.withLock { $0.stopBefore = operation } }

  /// True once `stop` has had its effect.
  public var isStopped: Bool { state.withLock { $0.isStopped } }

  /// Lets just this changing operation fail.
  public func fail(at operation: Int, with code: Errno) {
    state.withLock { $0.failures[operation] = code }
  }

  /// How many calls there were so far, those that only read included.
  public var calls: Int { state.withLock { $0.calls } }

  /// Does something else right before the call with this number, as another process may.
  public func interfere(before call: Int, _ body: @escaping @Sendable () -> Void) {
    state.withLock { $0.interference = (call, body) }
  }

  /// Ends everything that runs: locks are free, `stop` is lifted, and what a power cut takes is gone.
  public func crash(_ kind: Crash) {
    state.withLock { state in
      state.crash(kind)
      state.locks = [:]
      state.stopBefore = nil
      state.isStopped = false
      state.failures = [:]
      state.interference = nil
    }
  }

  /// Makes a file, and the folders above it, all of it durable; replaces what is there.
  public func put(_ path: FilePath, _ text: String, mode: UInt16 = 0o644) {
    put(path, Array(text.utf8), mode: mode)
  }

  public func put(_ path: FilePath, _ bytes: [UInt8], mode: UInt16 = 0o644) {
    setUp {
      try createDirectories(path.removingLastComponent())
      try removeTree(path)
      try create(path, bytes, mode: mode)
    }
  }

  /// Gives a file that is there another content: quick, for those who do it ten thousand times.
  public func overwrite(_ path: FilePath, _ bytes: [UInt8]) {
    state.withLock { state in
      guard let inode = try? state.walk(path, followLast: true).inode else { return }
      state[inode].contents = bytes
      state.touch(inode)
    }
  }

  /// Another name for a file that is there.
  public func putName(_ path: FilePath, of file: FilePath) {
    setUp { try createDirectories(path.removingLastComponent()) }
    state.withLock { state in
      guard let inode = try? state.walk(file, followLast: true).inode,
        let place = try? state.walk(path, followLast: false)
      else { return }
      state[inode].names += 1
      state[place.folder].entries[place.name] = inode
      state[place.folder].durableEntries[place.name] = inode
    }
  }

  public func putLink(_ path: FilePath, to destination: String) {
    setUp {
      try createDirectories(path.removingLastComponent())
      try removeTree(path)
      try createLink(path, to: destination)
    }
  }

  public func putDirectory(_ path: FilePath, mode: UInt16 = 0o755) {
    setUp {
      try createDirectories(path)
      try setMode(path, mode)
    }
  }

  /// All below a folder, one line each, without times: `0644 file .zshrc 3:abc`. For comparisons.
  public func snapshot(_ root: FilePath = "/", except: Set<FilePath> = []) -> [String] {
    let left = Set(except.map(\.string))
    return state.withLock { state in
      var lines: [String] = []
      if !left.contains(root.string), let inode = try? state.walk(root, followLast: false).inode {
        state.list(inode, root.string == "/" ? "" : root.string, "", except: left, &lines)
      }
      return lines
    }
  }

  /// Does what a test needs to be there already: durable, and not counted.
  private func setUp(_ body: () throws -> Void) {
    let (counted, logged) = state.withLock { ($0.operations, $0.log.count) }
    do {
      try body()
    } catch {
      fatalError("the test's own files can't be made: \(error)")
    }
    state.withLock { state in
      state.synchronizeAll()
      state.operations = counted
      state.log.removeSubrange(logged...)
    }
  }

  // MARK: Files

  public func status(_ path: FilePath, followLinks: Bool) throws(FileError) -> FileStatus? {
    try reading("look at", path) { state throws(Errno) in
      do throws(Errno) {
        guard let inode = try state.walk(path, followLast: followLinks).inode else { return nil }
        return state.status(inode)
      } catch {
        guard error == .noSuchFileOrDirectory || error == .notDirectory else { throw error }
        return nil
      }
    }
  }

  public func read(_ path: FilePath, limit: Int) throws(FileError) -> [UInt8] {
    try reading("read", path) { state throws(Errno) in
      let node = try state.existing(path, followLast: true)
      guard node.kind != .directory else { throw .isDirectory }
      guard node.mode & 0o400 != 0 else { throw .permissionDenied }
      guard node.contents.count <= limit else { throw .fileTooLarge }
      return node.contents
    }
  }

  public func list(_ path: FilePath) throws(FileError) -> [String] {
    try reading("list", path) { state throws(Errno) in
      let node = try state.existing(path, followLast: true)
      guard node.kind == .directory else { throw .notDirectory }
      guard node.mode & 0o400 != 0 else { throw .permissionDenied }
      return node.sortedNames
    }
  }

  public func readLink(_ path: FilePath) throws(FileError) -> String {
    try reading("read the link", path) { state throws(Errno) in
      let node = try state.existing(path, followLast: false)
      guard node.kind == .link else { throw .invalidArgument }
      return node.destination
    }
  }

  public func create(_ path: FilePath, _ contents: [UInt8], mode: UInt16) throws(FileError) {
    try changing("create", path) { state throws(Errno) in
      try state.add(path, Node(kind: .file, mode: mode, contents: contents))
    }
  }

  public func append(_ path: FilePath, _ contents: [UInt8]) throws(FileError) {
    try changing("append to", path) { state throws(Errno) in
      let place = try state.walk(path, followLast: false)
      guard let inode = place.inode else { throw .noSuchFileOrDirectory }
      let node = state[inode]
      guard node.kind == .file else { throw node.kind == .link ? .tooManySymbolicLinkLevels : .isDirectory }
      guard node.mode & 0o200 != 0 else { throw .permissionDenied }
      state[inode].contents += contents
      state.touch(inode)
    }
  }

  public func createLink(_ path: FilePath, to destination: String) throws(FileError) {
    try changing("make the link", path) { state throws(Errno) in
      try state.add(path, Node(kind: .link, mode: 0o777, destination: destination))
    }
  }

  public func createDirectory(_ path: FilePath, mode: UInt16) throws(FileError) {
    try changing("make the folder", path) { state throws(Errno) in
      try state.add(path, Node(kind: .directory, mode: mode))
    }
  }

  public func rename(_ path: FilePath, to target: FilePath) throws(FileError) {
    try changing("rename to \(target)", path) { state throws(Errno) in
      try state.rename(path, to: target)
    }
  }

  public func remove(_ path: FilePath) throws(FileError) {
    try changing("remove", path) { state throws(Errno) in
      let place = try state.walk(path, followLast: false)
      guard let inode = place.inode else { throw .noSuchFileOrDirectory }
      guard state[inode].kind != .directory else { throw .isDirectory }
      try state.setEntry(place.folder, place.name, nil)
    }
  }

  public func removeDirectory(_ path: FilePath) throws(FileError) {
    try changing("remove the folder", path) { state throws(Errno) in
      let place = try state.walk(path, followLast: false)
      guard let inode = place.inode else { throw .noSuchFileOrDirectory }
      guard state[inode].kind == .directory else { throw .notDirectory }
      guard state[inode].entries.isEmpty else { throw .directoryNotEmpty }
      try state.setEntry(place.folder, place.name, nil)
    }
  }

  public func setMode(_ path: FilePath, _ mode: UInt16) throws(FileError) {
    try changing("change the mode of", path) { state throws(Errno) in
      guard let inode = try state.walk(path, followLast: true).inode else { throw .noSuchFileOrDirectory }
      state[inode].mode = mode
      state[inode].changed = state.tick()
    }
  }

  public func setModified(_ path: FilePath, _ time: Int64) throws(FileError) {
    try changing("set the time of", path) { state throws(Errno) in
      guard let inode = try state.walk(path, followLast: false).inode else { throw .noSuchFileOrDirectory }
      state[inode].modified = time
      state[inode].changed = state.tick()
    }
  }

  public func attributes(_ path: FilePath) throws(FileError) -> [String: [UInt8]] {
    try reading("read the attributes of", path) { state throws(Errno) in
      try state.existing(path, followLast: false).attributes
    }
  }

  public func setAttributes(_ path: FilePath, _ attributes: [String: [UInt8]]) throws(FileError) {
    try changing("set the attributes of", path) { state throws(Errno) in
      guard let inode = try state.walk(path, followLast: false).inode else { throw .noSuchFileOrDirectory }
      state[inode].attributes.merge(attributes) { $1 }
      state[inode].changed = state.tick()
    }
  }

  public func synchronize(_ path: FilePath) throws(FileError) {
    try changing("make durable", path) { state throws(Errno) in
      guard let inode = try state.walk(path, followLast: false).inode else { throw .noSuchFileOrDirectory }
      guard state[inode].kind != .link else { throw .tooManySymbolicLinkLevels }
      state.synchronize(inode)
    }
  }

  public func synchronizeAll(_ path: FilePath) throws(FileError) {
    try changing("make durable what is on the disk of", path) { state throws(Errno) in
      _ = try state.existing(path, followLast: true)
      state.synchronizeAll()
    }
  }

  public func tryLock(_ path: FilePath) throws(FileError) -> FileLock? {
    let exists = try status(path, followLinks: false) != nil
    if !exists { try create(path, [], mode: 0o600) }
    let token = try reading("lock", path) { state throws(Errno) -> (Int, Int)? in
      guard let inode = try state.walk(path, followLast: false).inode else { throw .noSuchFileOrDirectory }
      guard state.locks[inode] == nil else { return nil }
      state.lastLock += 1
      state.locks[inode] = state.lastLock
      return (inode, state.lastLock)
    }
    guard let (inode, lock) = token else { return nil }
    return FileLock { [state] in
      state.withLock { if $0.locks[inode] == lock { $0.locks[inode] = nil } }
    }
  }

  private func reading<Result>(
    _ operation: String, _ path: FilePath, _ body: (inout State) throws(Errno) -> Result
  ) throws(FileError) -> Result {
    let interference = state.withLock { state -> (@Sendable () -> Void)? in
      defer { state.calls += 1 }
      guard let (call, body) = state.interference, call == state.calls else { return nil }
      state.interference = nil
      return body
    }
    interference?()
    do {
      return try state.withLock { state throws(Errno) in
        guard !state.isStopped else { throw .ioError }
        state.refusesLinks = refusesLinks
        return try body(&state)
      }
    } catch {
      throw FileError(operation, path, error)
    }
  }

  private func changing(
    _ operation: String, _ path: FilePath, _ body: (inout State) throws(Errno) -> Void
  ) throws(FileError) {
    try reading(operation, path) { state throws(Errno) in
      let number = state.operations
      if let stop = state.stopBefore, number >= stop {
        state.isStopped = true
        throw .ioError
      }
      state.operations += 1
      state.log.append("\(operation) \(path)")
      if let code = state.failures[number] { throw code }
      try body(&state)
    }
  }
}
