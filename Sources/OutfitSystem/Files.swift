import OutfitCore
import SystemPackage

/// What the file system says of one path.
public struct FileStatus: Hashable, Sendable {
  public enum Kind: String, Sendable { case file, directory, link, other }
  public var kind: Kind
  /// Permission bits, set-id and sticky bits included.
  public var mode: UInt16
  public var size: Int64
  /// Nanoseconds since 1970.
  public var modified: Int64
  /// Nanoseconds since 1970 of the last change of content or attributes.
  public var changed: Int64
  public var device: UInt64
  public var inode: UInt64
  public var owner: UInt32
  /// How many names the file has.
  public var names: UInt64

  public init(
    kind: Kind, mode: UInt16, size: Int64, modified: Int64, changed: Int64, device: UInt64,
    inode: UInt64, owner: UInt32, names: UInt64 = 1
  ) {
    self.kind = kind
    self.mode = mode
    self.size = size
    self.modified = modified
    self.changed = changed
    self.device = device
    self.inode = inode
    self.owner = owner
    self.names = names
  }
}

/// A call to the file system that did not succeed.
public struct FileError: Error, Hashable, Sendable, CustomStringConvertible {
  public let operation: String
  public let path: FilePath
  public let code: Errno

  public init(_ operation: String, _ path: FilePath, _ code: Errno) {
    self.operation = operation
    self.path = path
    self.code = code
  }

  public var description: String { "can't \(operation) \(path): \(reason)" }

  /// For programs; nil where there is no word for it.
  public var kind: Diagnostic.Reason? {
    switch code {
    case .permissionDenied, .notPermitted: .permission
    case .noSpace, .diskQuotaExceeded, .readOnlyFileSystem: .disk
    default: nil
    }
  }

  /// The disk is full, or what its user may have of it.
  public var isFull: Bool { [.noSpace, .diskQuotaExceeded].contains(code) }

  /// Why, in a person's words.
  public var reason: String {
    switch (operation, code) {
    case ("read", .fileTooLarge): "it is larger than such a file can be"
    case ("read", .notSupported): "it is no ordinary file"
    case ("read the link", .illegalByteSequence): "where it leads is not UTF-8 text"
    default: "\(code)"
    }
  }

  /// What stands there is nothing that could be read as it was meant: a device, a pipe, a file of the kernel's, or one
  /// beyond all bounds.
  public var isOddFile: Bool { operation == "read" && [.fileTooLarge, .notSupported].contains(code) }
}

/// How much of a file is read in one piece, in bytes.
public enum FileBound {
  /// What others wrote: a profile's files, and those of the user's that are replaced.
  public static let usual = 256 << 20
  /// Text that is read line by line, a lock above all.
  public static let text = 64 << 20
  /// What was built, or kept, by Outfit itself.
  public static let own = 4 << 30
}

/// The file system, in the few operations that all of Outfit is built from. Paths are absolute.
///
/// Nothing here is durable before `synchronize` was called for the file, and for the folder that names it.
public protocol Files: Sendable {
  /// The same files by a way that goes through no link: an operation on a path fails with
  /// `.tooManySymbolicLinkLevels` when one of the folders above it is a link, also when it became one just now.
  var withoutLinks: any Files { get }
  /// Nil when there is nothing at `path`.
  func status(_ path: FilePath, followLinks: Bool) throws(FileError) -> FileStatus?
  /// The same by the bytes of a path, for records of thousands that are looked at and no more: a path takes longer to
  /// make than to look at.
  func status(
    named name: UnsafeBufferPointer<UInt8>, followLinks: Bool
  ) throws(FileError) -> FileStatus?
  /// The whole of an ordinary file. Of one that is larger than `limit`, or none (a device, a pipe, a file of the
  /// kernel's that has no size and does not end), nothing is read.
  /// - Throws: `.fileTooLarge`, `.notSupported`.
  func read(_ path: FilePath, limit: Int) throws(FileError) -> [UInt8]
  /// At most `count` bytes from `offset` on; none behind the end.
  func read(_ path: FilePath, from offset: Int64, count: Int) throws(FileError) -> [UInt8]
  /// Reads an ordinary file of any size, piece by piece into one buffer: as much as it has when it is opened.
  func readPieces(_ path: FilePath, _ take: (UnsafeRawBufferPointer) -> Void) throws(FileError)
  /// The names in a folder, sorted by their bytes. One that is not UTF-8 can't be told from here: it has U+FFFD in it,
  /// and there is nothing by it.
  func list(_ path: FilePath) throws(FileError) -> [String]
  func readLink(_ path: FilePath) throws(FileError) -> String
  /// Makes a file that was not there, with just this mode whatever the umask; fails when something is there.
  func create(_ path: FilePath, _ contents: [UInt8], mode: UInt16) throws(FileError)
  /// The same with a time of its last change, in nanoseconds since 1970, unless that is nil.
  func create(_ path: FilePath, _ contents: [UInt8], mode: UInt16, modified: Int64?) throws(FileError)
  /// Adds to a file that is there.
  func append(_ path: FilePath, _ contents: [UInt8]) throws(FileError)
  func createLink(_ path: FilePath, to destination: String) throws(FileError)
  func createDirectory(_ path: FilePath, mode: UInt16) throws(FileError)
  /// Makes a folder at `target`, where nothing is, with copies of all that is in another: files, links and folders with
  /// their modes and times. What both file systems share of a content is shared; no file has two names by it. When it
  /// fails, `target` may have a part.
  func copyTree(from source: FilePath, to target: FilePath) throws(FileError)
  /// Replaces what stands at `target` in one step.
  func rename(_ path: FilePath, to target: FilePath) throws(FileError)
  /// Removes a file or a link.
  func remove(_ path: FilePath) throws(FileError)
  /// Removes an empty folder.
  func removeDirectory(_ path: FilePath) throws(FileError)
  func setMode(_ path: FilePath, _ mode: UInt16) throws(FileError)
  /// Nanoseconds since 1970.
  func setModified(_ path: FilePath, _ time: Int64) throws(FileError)
  /// Extended attributes that go with a file's content, access lists among them, and a group that a new file would not
  /// have; none where there are none.
  func attributes(_ path: FilePath) throws(FileError) -> [String: [UInt8]]
  /// Gives a file extended attributes; what its file system can't hold is left out.
  func setAttributes(_ path: FilePath, _ attributes: [String: [UInt8]]) throws(FileError)
  /// Makes the content of a file, or the names in a folder, durable.
  func synchronize(_ path: FilePath) throws(FileError)
  /// Makes all that was written so far to the file system that holds `path` durable: one pass for a whole run
  /// (`syncfs` on Linux).
  func synchronizeAll(_ path: FilePath) throws(FileError)
  /// Has the disk begin with what is in memory of a file, or for a folder of all that is on its file system, and does
  /// not wait for it. Nothing is durable by it: it is for what will be made so soon.
  func startWriting(_ path: FilePath)
  /// Takes an exclusive advisory lock on a file, made when absent; nil when another process has it.
  func tryLock(_ path: FilePath) throws(FileError) -> FileLock?
}

/// A held lock: released by `release`, by deinitialisation, and by the death of the process.
public final class FileLock: Sendable {
  private let onRelease: @Sendable () -> Void
  public init(onRelease: @escaping @Sendable () -> Void) { self.onRelease = onRelease }
  deinit { onRelease() }
}

extension Files {
  public func startWriting(_ path: FilePath) {}

  public func copyTree(from source: FilePath, to target: FilePath) throws(FileError) {
    guard let folder = try status(source, followLinks: false) else {
      throw FileError("copy", source, .noSuchFileOrDirectory)
    }
    try createDirectory(target, mode: 0o700)
    for name in try list(source) {
      let (from, to) = (source.appending(name), target.appending(name))
      guard let status = try status(from, followLinks: false) else { continue }
      switch status.kind {
      case .directory: try copyTree(from: from, to: to)
      case .file: try create(to, read(from), mode: status.mode, modified: status.modified)
      case .link:
        try createLink(to, to: readLink(from))
        try setModified(to, status.modified)
      case .other: throw FileError("copy", from, .notSupported)
      }
    }
    try setMode(target, folder.mode)
    try setModified(target, folder.modified)
  }

  public func status(
    named name: UnsafeBufferPointer<UInt8>, followLinks: Bool
  ) throws(FileError) -> FileStatus? {
    try status(FilePath(bytes: name), followLinks: followLinks)
  }

  public func read(_ path: FilePath) throws(FileError) -> [UInt8] {
    try read(path, limit: FileBound.usual)
  }

  public func create(_ path: FilePath, _ contents: [UInt8], mode: UInt16, modified: Int64?) throws(FileError)
  {
    try create(path, contents, mode: mode)
    if let modified { try setModified(path, modified) }
  }

  public func read(_ path: FilePath, from offset: Int64, count: Int) throws(FileError) -> [UInt8] {
    Array(try read(path, limit: FileBound.own).dropFirst(Int(offset)).prefix(count))
  }

  public func readPieces(_ path: FilePath, _ take: (UnsafeRawBufferPointer) -> Void) throws(FileError) {
    try read(path, limit: FileBound.own).withUnsafeBytes { take($0) }
  }

  public func exists(_ path: FilePath) -> Bool {
    ((try? status(path, followLinks: true)) ?? nil) != nil
  }

  /// The text of a file that may not be there.
  public func text(_ path: FilePath) throws(FileError) -> String? {
    guard try status(path, followLinks: true) != nil else { return nil }
    return String(decoding: try read(path, limit: FileBound.text), as: UTF8.self)
  }

  /// The path without links in it; nil when it leads nowhere.
  public func resolved(_ path: FilePath) -> FilePath? {
    var done = FilePath("/")
    var rest = path.components.map(\.string)
    var links = 0
    while !rest.isEmpty {
      let name = rest.removeFirst()
      if name == ".." {
        done.removeLastComponent()
        continue
      }
      let next = done.appending(name)
      guard let found = try? status(next, followLinks: false) else { return nil }
      guard found.kind == .link else {
        done = next
        continue
      }
      links += 1
      guard links <= 40, let destination = try? readLink(next) else { return nil }
      let target = FilePath(destination)
      if target.isAbsolute { done = "/" }
      rest = target.components.map(\.string).filter { $0 != "." } + rest
    }
    return done
  }

  /// Makes a folder and those above it that are missing. What Outfit's own folder lies in is not Outfit's alone, and is
  /// 0755 whatever the mode.
  public func createDirectories(_ path: FilePath, mode: UInt16 = 0o755) throws(FileError) {
    var missing: [FilePath] = []
    var next = path
    while true {
      if let status = try status(next, followLinks: true) {
        guard status.kind == .directory else { throw FileError("make the folder", next, .notDirectory) }
        break
      }
      missing.append(next)
      let parent = next.removingLastComponent()
      guard parent != next else { break }
      next = parent
    }
    let own = missing.last { $0.lastComponent?.string == Places.name }
    for folder in missing.reversed() {
      let isAbove = own.map { $0 != folder && $0.starts(with: folder) } ?? false
      do {
        try createDirectory(folder, mode: isAbove ? 0o755 : mode)
      } catch  where error.code == .fileExists {}
    }
  }

  /// Removes whatever is at `path`, never through a link; nothing there is no error.
  public func removeTree(_ path: FilePath) throws(FileError) {
    guard let status = try status(path, followLinks: false) else { return }
    guard status.kind == .directory else { return try remove(path) }
    if status.mode & 0o700 != 0o700 { try setMode(path, 0o700) }
    for name in try list(path) { try removeTree(path.appending(name)) }
    try removeDirectory(path)
  }
}

extension FilePath {
  /// Of bytes as a call to the system takes them; what follows a zero is left out.
  public init(bytes: UnsafeBufferPointer<UInt8>) {
    self = withUnsafeTemporaryAllocation(of: CChar.self, capacity: bytes.count + 1) { room in
      for index in bytes.indices { room.initializeElement(at: index, to: CChar(bitPattern: bytes[index])) }
      room.initializeElement(at: bytes.count, to: 0)
      return room.baseAddress.map { FilePath(platformString: $0) } ?? FilePath()
    }
  }
}
