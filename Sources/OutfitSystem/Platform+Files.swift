import CFiles
import OutfitCore
import SystemPackage

#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  @preconcurrency import Musl
#else
  @preconcurrency import Glibc
#endif

/// The calls to the C library for files.
extension Libc {
  /// What a call names: an absolute path, or a name in a folder that is held open.
  struct Place {
    var folder: CInt
    var name: FilePath
    /// Reading does not go through a link either.
    var isLinkRefused: Bool

    init(_ path: FilePath) {
      (folder, name, isLinkRefused) = (AT_FDCWD, path, false)
    }

    init(_ name: FilePath, in folder: CInt) {
      (self.folder, self.name, isLinkRefused) = (folder, name, true)
    }

    fileprivate var refusal: CInt { isLinkRefused ? O_NOFOLLOW : 0 }
  }

  // MARK: Folders without links on the way

  /// Holds open the folder at an absolute path none of whose parts is a link.
  /// - Throws: `.tooManySymbolicLinkLevels` when one is.
  static func openFolder(_ path: FilePath) throws(Errno) -> CInt {
    do {
      return try attempt(path) { outfit_open_folder($0) }
    } catch .noFunction, .notPermitted {
      // An old system, or one that keeps programs from new calls: folder by folder.
    }
    let flags = outfit_folder_flags()
    var descriptor = try attempt { open("/", flags) }
    for name in path.string.split(separator: "/").map(String.init) {
      let folder = descriptor
      defer { _ = close(folder) }
      do throws(Errno) {
        descriptor = try attempt { openat(folder, name, flags) }
      } catch {
        let place = Place(FilePath(name), in: folder)
        if try status(place, followLinks: false)?.kind == .link { throw .tooManySymbolicLinkLevels }
        throw error
      }
    }
    return descriptor
  }

  // MARK: Files

  static func status(_ place: Place, followLinks: Bool) throws(Errno) -> FileStatus? {
    var raw = stat()
    do {
      try attempt(place.name) { fstatat(place.folder, $0, &raw, followLinks ? 0 : AT_SYMLINK_NOFOLLOW) }
    } catch .noSuchFileOrDirectory, .notDirectory {
      return nil
    }
    return FileStatus(raw)
  }

  static func status(
    named name: UnsafeBufferPointer<UInt8>, followLinks: Bool
  ) throws(Errno) -> FileStatus? {
    var raw = stat()
    let code = withUnsafeTemporaryAllocation(of: CChar.self, capacity: name.count + 1) { room -> Errno? in
      guard let text = room.baseAddress else { return .invalidArgument }
      name.withMemoryRebound(to: CChar.self) { _ = room.initialize(fromContentsOf: $0) }
      room.initializeElement(at: name.count, to: 0)
      while true {
        if fstatat(AT_FDCWD, text, &raw, followLinks ? 0 : AT_SYMLINK_NOFOLLOW) == 0 { return nil }
        if errno != EINTR { return Errno(rawValue: errno) }
      }
    }
    guard let code else { return FileStatus(raw) }
    guard code == .noSuchFileOrDirectory || code == .notDirectory else { throw code }
    return nil
  }

  /// Nil when the path names nothing, or another file than the descriptor.
  static func isSameFile(_ descriptor: CInt, _ path: FilePath) throws(Errno) -> Bool {
    var raw = stat()
    try attempt { fstat(descriptor, &raw) }
    guard let there = try status(Place(path), followLinks: false) else { return false }
    let here = FileStatus(raw)
    return here.device == there.device && here.inode == there.inode
  }

  /// - Parameter isSizeless: it has bytes though its size is 0, and that is as it should be.
  static func read(_ place: Place, limit: Int, isSizeless: Bool = false) throws(Errno) -> [UInt8] {
    let (descriptor, size) = try openOrdinary(place)
    defer { _ = close(descriptor) }
    guard size <= limit else { throw .fileTooLarge }
    var bytes: [UInt8] = []
    var room = max(4096, Int(clamping: size) + 1)
    while true {
      var count = 0
      let piece = [UInt8](unsafeUninitializedCapacity: room) { buffer, initialized in
        count = readRetrying(descriptor, buffer.baseAddress, room)
        initialized = max(count, 0)
      }
      let code = Errno(rawValue: errno)
      if size == 0, count != 0, !isSizeless { try refuseSizeless(descriptor) }
      guard count >= 0 else { throw code }
      if count == 0 { return bytes }
      // A regular file that gave all that it has; others say too little of their size.
      if bytes.isEmpty, count == Int(clamping: size), count < room { return piece }
      if bytes.isEmpty { bytes = piece } else { bytes += piece }
      guard bytes.count <= limit else { throw .fileTooLarge }
      room = 65536
    }
  }

  static func readPieces(_ place: Place, _ take: (UnsafeRawBufferPointer) -> Void) throws(Errno) {
    let (descriptor, size) = try openOrdinary(place)
    defer { _ = close(descriptor) }
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 256 << 10, alignment: 4096)
    defer { buffer.deallocate() }
    if size == 0, readRetrying(descriptor, buffer.baseAddress, buffer.count) != 0 {
      try refuseSizeless(descriptor)
    }
    // What is added to it meanwhile is for whoever opens it next: it might never end.
    var rest = size
    while rest > 0 {
      let count = readRetrying(descriptor, buffer.baseAddress, Int(min(rest, Int64(buffer.count))))
      guard count >= 0 else { throw Errno(rawValue: errno) }
      if count == 0 { return }
      take(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
      rest -= Int64(count)
    }
  }

  /// - Throws: `.isDirectory`, or `.notSupported` for a device, a pipe and a socket.
  private static func openOrdinary(_ place: Place) throws(Errno) -> (descriptor: CInt, size: Int64) {
    // A named pipe would block here without O_NONBLOCK.
    let flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | place.refusal
    let descriptor = try attempt(place.name) { openat(place.folder, $0, flags) }
    do throws(Errno) {
      var raw = stat()
      try attempt { fstat(descriptor, &raw) }
      let status = FileStatus(raw)
      guard status.kind != .directory else { throw .isDirectory }
      guard status.kind == .file else { throw .notSupported }
      return (descriptor, status.size)
    } catch {
      _ = close(descriptor)
      throw error
    }
  }

  /// A file that has bytes and no size is the kernel's own, unless somebody has just begun to write it.
  private static func refuseSizeless(_ descriptor: CInt) throws(Errno) {
    var raw = stat()
    try attempt { fstat(descriptor, &raw) }
    guard raw.st_size > 0 else { throw .notSupported }
  }

  static func list(_ place: Place) throws(Errno) -> [String] {
    let flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC | place.refusal
    let descriptor = try attempt(place.name) { openat(place.folder, $0, flags) }
    let opened = fdopendir(descriptor)
    guard let folder = opened else {
      let code = Errno(rawValue: errno)
      _ = close(descriptor)
      throw code
    }
    defer { closedir(folder) }
    var names: [String] = []
    while true {
      errno = 0
      guard let entry = readdir(folder) else {
        guard errno == 0 else { throw Errno(rawValue: errno) }
        break
      }
      // Read where it stands: an entry is shorter than its type says.
      let start = MemoryLayout<dirent>.offset(of: \dirent.d_name) ?? 0
      let name = String(
        cString: UnsafeRawPointer(entry).advanced(by: start).assumingMemoryBound(to: CChar.self))
      if name != ".", name != ".." { names.append(name) }
    }
    return names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
  }

  static func readLink(_ place: Place) throws(Errno) -> String {
    var room = 1024
    while true {
      var buffer = [UInt8](repeating: 0, count: room)
      let count = try attempt(place.name) { name in
        buffer.withUnsafeMutableBytes { bytes in
          CInt(clamping: readlinkat(place.folder, name, bytes.bindMemory(to: CChar.self).baseAddress!, room))
        }
      }
      if Int(count) < room {
        // As text it would be another one, and could never be put back.
        guard let text = String(validating: buffer[..<Int(count)], as: UTF8.self) else {
          throw .illegalByteSequence
        }
        return text
      }
      room *= 4
    }
  }

  static func create(_ place: Place, _ contents: [UInt8], mode: UInt16, modified: Int64? = nil)
    throws(Errno)
  {
    let flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC
    let descriptor = try attempt(place.name) { openat(place.folder, $0, flags, mode_t(mode & 0o777)) }
    do {
      var raw = stat()
      try attempt { fstat(descriptor, &raw) }
      try writeAll(descriptor, contents)
      // The umask may have taken something. To look is cheaper than to set what is set already.
      if FileStatus(raw).mode != mode { try attempt { fchmod(descriptor, mode_t(mode)) } }
      if let modified {
        let stamp = timespec(nanoseconds: modified)
        try attempt { futimens(descriptor, [stamp, stamp]) }
      }
      try closeChecked(descriptor)
    } catch {
      _ = place.name.withPlatformString { unlinkat(place.folder, $0, 0) }
      throw error
    }
  }

  static func read(_ place: Place, from offset: Int64, count: Int) throws(Errno) -> [UInt8] {
    let flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | place.refusal
    let descriptor = try attempt(place.name) { openat(place.folder, $0, flags) }
    defer { _ = close(descriptor) }
    var done = 0
    let bytes = [UInt8](unsafeUninitializedCapacity: max(count, 0)) { buffer, initialized in
      while done < count {
        let more = pread(
          descriptor, buffer.baseAddress?.advanced(by: done), count - done, off_t(offset) + off_t(done))
        if more < 0, errno == EINTR { continue }
        if more < 0 { done = -1 }
        if more <= 0 { break }
        done += more
      }
      initialized = max(done, 0)
    }
    guard done >= 0 else { throw Errno(rawValue: errno) }
    return bytes
  }

  static func append(_ place: Place, _ contents: [UInt8]) throws(Errno) {
    let flags = O_WRONLY | O_APPEND | O_NOFOLLOW | O_CLOEXEC
    let descriptor = try attempt(place.name) { openat(place.folder, $0, flags) }
    do {
      try writeAll(descriptor, contents)
    } catch {
      _ = close(descriptor)
      throw error
    }
    try closeChecked(descriptor)
  }

  static func createLink(_ place: Place, to destination: String) throws(Errno) {
    try attempt(place.name) { symlinkat(destination, place.folder, $0) }
  }

  static func createDirectory(_ place: Place, mode: UInt16) throws(Errno) {
    try attempt(place.name) { mkdirat(place.folder, $0, 0o700) }
    if mode != 0o700 { try setMode(place, mode) }
  }

  static func copyTree(from source: FilePath, to target: Place) throws(Errno) {
    try attempt(target.name) { name in
      source.withPlatformString { outfit_copy_tree(AT_FDCWD, $0, target.folder, name) }
    }
  }

  static func rename(_ place: Place, to target: Place) throws(Errno) {
    try attempt(place.name) { from in
      target.name.withPlatformString { onto in renameat(place.folder, from, target.folder, onto) }
    }
  }

  static func remove(_ place: Place) throws(Errno) {
    try attempt(place.name) { unlinkat(place.folder, $0, 0) }
  }

  static func removeDirectory(_ place: Place) throws(Errno) {
    try attempt(place.name) { unlinkat(place.folder, $0, AT_REMOVEDIR) }
  }

  static func setMode(_ place: Place, _ mode: UInt16) throws(Errno) {
    guard place.isLinkRefused else {
      try attempt(place.name) { fchmodat(place.folder, $0, mode_t(mode), 0) }
      return
    }
    do {
      try attempt(place.name) { fchmodat(place.folder, $0, mode_t(mode), AT_SYMLINK_NOFOLLOW) }
    } catch .notSupported {
      // A C library from before 2.32.
      guard try status(place, followLinks: false)?.kind != .link else { throw .tooManySymbolicLinkLevels }
      try attempt(place.name) { fchmodat(place.folder, $0, mode_t(mode), 0) }
    }
  }

  static func setModified(_ place: Place, _ time: Int64) throws(Errno) {
    let stamp = timespec(nanoseconds: time)
    try attempt(place.name) { utimensat(place.folder, $0, [stamp, stamp], AT_SYMLINK_NOFOLLOW) }
  }

  static func synchronize(_ place: Place) throws(Errno) {
    let flags = O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK
    let descriptor: CInt
    do {
      descriptor = try attempt(place.name) { openat(place.folder, $0, O_RDONLY | flags) }
    } catch .permissionDenied {
      descriptor = try attempt(place.name) { openat(place.folder, $0, O_WRONLY | flags) }
    }
    defer { _ = close(descriptor) }
    #if canImport(Darwin)
      if fcntl(descriptor, F_FULLFSYNC) == 0 { return }
    #endif
    try attempt { fsync(descriptor) }
  }

  static func synchronizeAll(_ place: Place) throws(Errno) {
    let flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK
    let descriptor = try attempt(place.name) { openat(place.folder, $0, flags) }
    defer { _ = close(descriptor) }
    try attempt { outfit_synchronize_all(descriptor) }
  }

  /// - Returns: whether it is a folder, for which nothing is done.
  static func startWriting(_ place: Place) throws(Errno) -> Bool {
    let descriptor = try attempt(place.name) {
      openat(place.folder, $0, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
    }
    defer { _ = close(descriptor) }
    var raw = stat()
    try attempt { fstat(descriptor, &raw) }
    if FileStatus(raw).kind == .directory { return true }
    try attempt { outfit_start_writing(descriptor) }
    return false
  }

  /// A descriptor that holds the lock, or nil when another has it.
  static func lock(_ path: FilePath) throws(Errno) -> CInt? {
    while true {
      let descriptor = try attempt(path) { open($0, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600) }
      do {
        try attempt { flock(descriptor, LOCK_EX | LOCK_NB) }
        // Whoever held it may have removed the file meanwhile.
        if try isSameFile(descriptor, path) { return descriptor }
        _ = close(descriptor)
      } catch .wouldBlock {
        _ = close(descriptor)
        return nil
      } catch {
        _ = close(descriptor)
        throw error
      }
    }
  }

  // MARK: Extended attributes

  /// Those that go with a file's content: a user's own, and access lists. On Linux these are `user.*` and
  /// `system.posix_acl_access`, on macOS all that is shown. None where the file system has none. A group other than
  /// this process's own, which a new file would not have, is among them.
  static func attributes(_ place: Place) throws(Errno) -> [String: [UInt8]] {
    let descriptor = try attempt(place.name) {
      openat(place.folder, $0, O_RDONLY | O_CLOEXEC | O_NONBLOCK | place.refusal)
    }
    defer { _ = close(descriptor) }
    let names = bytes { outfit_list_attributes(descriptor, $0?.assumingMemoryBound(to: CChar.self), $1) }
    var found: [String: [UInt8]] = [:]
    var status = stat()
    if fstat(descriptor, &status) == 0, status.st_gid != getegid() {
      found[group] = Array(String(status.st_gid).utf8)
    }
    for name in names.split(separator: 0).map({ String(decoding: $0, as: UTF8.self) }) {
      #if os(Linux)
        guard name.hasPrefix("user.") || name == accessList else { continue }
      #endif
      found[name] = bytes { outfit_get_attribute(descriptor, name, $0, $1) }
    }
    return found
  }

  /// Gives a file attributes; what the file system can't hold, and a group that the user is not in, is left out.
  /// - Throws: `.noSpace` and `.diskQuotaExceeded` only.
  static func setAttributes(_ place: Place, _ attributes: [String: [UInt8]]) throws(Errno) {
    let descriptor = try attempt(place.name) {
      openat(place.folder, $0, O_RDONLY | O_CLOEXEC | O_NONBLOCK | place.refusal)
    }
    defer { _ = close(descriptor) }
    for (name, value) in attributes {
      if name == group {
        if let number = gid_t(String(decoding: value, as: UTF8.self)) {
          _ = fchown(descriptor, uid_t.max, number)
        }
        continue
      }
      do {
        try attempt { outfit_set_attribute(descriptor, name, value, value.count) }
      } catch .noSpace {
        throw .noSpace
      } catch .diskQuotaExceeded {
        throw .diskQuotaExceeded
      } catch {
        continue
      }
    }
  }

  static let accessList = "system.posix_acl_access"
  /// The number of a file's group, in decimal; no file system has an attribute of that name.
  private static let group = "outfit.group"

  private static func bytes(_ call: (UnsafeMutableRawPointer?, Int) -> Int) -> [UInt8] {
    let size = call(nil, 0)
    guard size > 0 else { return [] }
    var buffer = [UInt8](repeating: 0, count: size)
    let count = buffer.withUnsafeMutableBytes { call($0.baseAddress, size) }
    return Array(buffer.prefix(max(0, count)))
  }
}

extension timespec {
  fileprivate init(nanoseconds time: Int64) {
    let (seconds, rest) = time.quotientAndRemainder(dividingBy: 1_000_000_000)
    self.init(
      tv_sec: time_t(rest < 0 ? seconds - 1 : seconds), tv_nsec: Int(rest < 0 ? rest + 1_000_000_000 : rest))
  }
}

extension FileStatus {
  fileprivate init(_ raw: stat) {
    #if canImport(Darwin)
      let (modified, changed) = (raw.st_mtimespec, raw.st_ctimespec)
    #else
      let (modified, changed) = (raw.st_mtim, raw.st_ctim)
    #endif
    let kind: Kind =
      switch raw.st_mode & S_IFMT {
      case S_IFREG: .file
      case S_IFDIR: .directory
      case S_IFLNK: .link
      default: .other
      }
    self.init(
      kind: kind, mode: UInt16(raw.st_mode & 0o7777), size: Int64(raw.st_size),
      modified: Int64(modified.tv_sec) * 1_000_000_000 + Int64(modified.tv_nsec),
      changed: Int64(changed.tv_sec) * 1_000_000_000 + Int64(changed.tv_nsec),
      device: UInt64(truncatingIfNeeded: raw.st_dev), inode: UInt64(raw.st_ino), owner: raw.st_uid,
      names: UInt64(raw.st_nlink))
  }
}
