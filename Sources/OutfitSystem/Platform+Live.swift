import OutfitCore
import SystemPackage

#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  @preconcurrency import Musl
#else
  @preconcurrency import Glibc
#endif

/// The calls to the C library: the only file of Outfit's libraries that knows which one it is.
enum Libc {
  // MARK: Files

  static func status(_ path: FilePath, followLinks: Bool) throws(Errno) -> FileStatus? {
    var raw = stat()
    do {
      try attempt(path) { fstatat(AT_FDCWD, $0, &raw, followLinks ? 0 : AT_SYMLINK_NOFOLLOW) }
    } catch .noSuchFileOrDirectory, .notDirectory {
      return nil
    }
    return FileStatus(raw)
  }

  /// Nil when the path names nothing, or another file than the descriptor.
  static func isSameFile(_ descriptor: CInt, _ path: FilePath) throws(Errno) -> Bool {
    var raw = stat()
    try attempt { fstat(descriptor, &raw) }
    guard let there = try status(path, followLinks: false) else { return false }
    let here = FileStatus(raw)
    return here.device == there.device && here.inode == there.inode
  }

  static func read(_ path: FilePath) throws(Errno) -> [UInt8] {
    // A named pipe would block here without O_NONBLOCK.
    let descriptor = try attempt(path) { open($0, O_RDONLY | O_CLOEXEC | O_NONBLOCK) }
    defer { _ = close(descriptor) }
    var raw = stat()
    try attempt { fstat(descriptor, &raw) }
    let status = FileStatus(raw)
    guard status.kind != .directory else { throw .isDirectory }
    guard status.kind == .file else { throw .notSupported }
    var bytes: [UInt8] = []
    var room = max(4096, Int(clamping: status.size) + 1)
    while true {
      var count = 0
      let piece = [UInt8](unsafeUninitializedCapacity: room) { buffer, initialized in
        count = readRetrying(descriptor, buffer.baseAddress, room)
        initialized = max(count, 0)
      }
      guard count >= 0 else { throw Errno(rawValue: errno) }
      if count == 0 { return bytes }
      if bytes.isEmpty { bytes = piece } else { bytes += piece }
      room = 65536
    }
  }

  static func list(_ path: FilePath) throws(Errno) -> [String] {
    let opened = path.withPlatformString { opendir($0) }
    guard let folder = opened else { throw Errno(rawValue: errno) }
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

  static func readLink(_ path: FilePath) throws(Errno) -> String {
    var room = 1024
    while true {
      var buffer = [UInt8](repeating: 0, count: room)
      let count = try attempt(path) { name in
        buffer.withUnsafeMutableBytes { bytes in
          CInt(clamping: readlink(name, bytes.bindMemory(to: CChar.self).baseAddress!, room))
        }
      }
      if Int(count) < room { return String(decoding: buffer[..<Int(count)], as: UTF8.self) }
      room *= 4
    }
  }

  static func create(_ path: FilePath, _ contents: [UInt8], mode: UInt16, modified: Int64? = nil)
    throws(Errno)
  {
    let flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC
    let descriptor = try attempt(path) { open($0, flags, 0o600) }
    do {
      try writeAll(descriptor, contents)
      try attempt { fchmod(descriptor, mode_t(mode)) }
      if let modified {
        let stamp = timespec(nanoseconds: modified)
        try attempt { futimens(descriptor, [stamp, stamp]) }
      }
      try closeChecked(descriptor)
    } catch {
      _ = path.withPlatformString { unlink($0) }
      throw error
    }
  }

  static func read(_ path: FilePath, from offset: Int64, count: Int) throws(Errno) -> [UInt8] {
    let descriptor = try attempt(path) { open($0, O_RDONLY | O_CLOEXEC | O_NONBLOCK) }
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

  static func append(_ path: FilePath, _ contents: [UInt8]) throws(Errno) {
    let descriptor = try attempt(path) { open($0, O_WRONLY | O_APPEND | O_NOFOLLOW | O_CLOEXEC) }
    do {
      try writeAll(descriptor, contents)
    } catch {
      _ = close(descriptor)
      throw error
    }
    try closeChecked(descriptor)
  }

  static func createLink(_ path: FilePath, to destination: String) throws(Errno) {
    try attempt(path) { symlink(destination, $0) }
  }

  static func createDirectory(_ path: FilePath, mode: UInt16) throws(Errno) {
    try attempt(path) { mkdir($0, 0o700) }
    if mode != 0o700 { try attempt(path) { chmod($0, mode_t(mode)) } }
  }

  static func rename(_ path: FilePath, to target: FilePath) throws(Errno) {
    try attempt(path) { from in
      target.withPlatformString { onto in renameat(AT_FDCWD, from, AT_FDCWD, onto) }
    }
  }

  static func remove(_ path: FilePath) throws(Errno) { try attempt(path) { unlink($0) } }

  static func removeDirectory(_ path: FilePath) throws(Errno) { try attempt(path) { rmdir($0) } }

  static func setMode(_ path: FilePath, _ mode: UInt16) throws(Errno) {
    try attempt(path) { chmod($0, mode_t(mode)) }
  }

  static func setModified(_ path: FilePath, _ time: Int64) throws(Errno) {
    let stamp = timespec(nanoseconds: time)
    try attempt(path) { utimensat(AT_FDCWD, $0, [stamp, stamp], AT_SYMLINK_NOFOLLOW) }
  }

  static func synchronize(_ path: FilePath) throws(Errno) {
    let flags = O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK
    let descriptor: CInt
    do {
      descriptor = try attempt(path) { open($0, O_RDONLY | flags) }
    } catch .permissionDenied {
      descriptor = try attempt(path) { open($0, O_WRONLY | flags) }
    }
    defer { _ = close(descriptor) }
    #if canImport(Darwin)
      if fcntl(descriptor, F_FULLFSYNC) == 0 { return }
    #endif
    try attempt { fsync(descriptor) }
  }

  static func synchronizeAll(_ path: FilePath) throws(Errno) {
    let descriptor = try attempt(path) { open($0, O_RDONLY | O_CLOEXEC | O_NONBLOCK) }
    defer { _ = close(descriptor) }
    #if canImport(Darwin)
      sync()
      try attempt { fcntl(descriptor, F_FULLFSYNC) }
    #else
      // The C library's module map does not show it.
      typealias SyncFS = @convention(c) (CInt) -> CInt
      guard let symbol = dlsym(nil, "syncfs") else {
        sync()
        return
      }
      let syncfs = unsafeBitCast(symbol, to: SyncFS.self)
      try attempt { syncfs(descriptor) }
    #endif
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

  static func close(_ descriptor: CInt) -> CInt {
    #if canImport(Darwin)
      Darwin.close(descriptor)
    #elseif canImport(Musl)
      Musl.close(descriptor)
    #else
      Glibc.close(descriptor)
    #endif
  }

  // MARK: Terminal

  static let standardInput: CInt = 0
  static let standardOutput: CInt = 1
  static let standardError: CInt = 2

  static func isTerminal(_ descriptor: CInt) -> Bool { isatty(descriptor) == 1 }

  /// Columns, or nil for what is no terminal.
  static func width(_ descriptor: CInt) -> Int? {
    var size = winsize()
    guard ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return nil }
    return Int(size.ws_col)
  }

  /// Writes what can be written; a reader that has gone is no error.
  static func writeText(_ descriptor: CInt, _ text: String) {
    try? writeAll(descriptor, Array(text.utf8))
  }

  /// Reads up to a line's end from standard input; nil at end of input, and when `wake` becomes readable.
  static func readLine(wake: CInt?) -> String? {
    var line: [UInt8] = []
    while true {
      var watched = [pollfd(fd: standardInput, events: Int16(POLLIN), revents: 0)]
      if let wake { watched.append(pollfd(fd: wake, events: Int16(POLLIN), revents: 0)) }
      let ready = poll(&watched, nfds_t(watched.count), -1)
      if ready < 0, errno == EINTR { continue }
      if watched.count > 1, watched[1].revents != 0 { return nil }
      var byte: UInt8 = 0
      let count = readRetrying(standardInput, &byte, 1)
      guard count == 1 else { return line.isEmpty ? nil : String(decoding: line, as: UTF8.self) }
      if byte == UInt8(ascii: "\n") { return String(decoding: line, as: UTF8.self) }
      if byte != UInt8(ascii: "\r") { line.append(byte) }
    }
  }

  // MARK: Processes and signals

  /// Becomes another program. Returns only when that failed, with the reason.
  static func execute(_ invocation: Invocation) -> Errno {
    let directory = invocation.workingDirectory
    guard directory.withPlatformString({ chdir($0) }) == 0 else { return Errno(rawValue: errno) }
    var arguments: [UnsafeMutablePointer<CChar>?] =
      ([invocation.program.string] + invocation.arguments).map { strdup($0) }
    var variables: [UnsafeMutablePointer<CChar>?] =
      invocation.environment.sorted { $0.key < $1.key }.map { strdup("\($0.key)=\($0.value)") }
    arguments.append(nil)
    variables.append(nil)
    _ = invocation.program.withPlatformString { execve($0, arguments, variables) }
    let code = Errno(rawValue: errno)
    for pointer in arguments + variables { free(pointer) }
    return code
  }

  /// Sends SIGKILL to every process of a group.
  static func endGroup(_ leader: Int32) {
    guard leader > 1 else { return }
    _ = kill(-leader, SIGKILL)
  }

  /// Has SIGINT, SIGTERM and SIGHUP write their number into a descriptor, and writing to a closed pipe be
  /// an error instead of the end. Handlers, unlike ignored signals, do not reach children.
  static func catchSignals(into descriptor: CInt) {
    signalDescriptor = descriptor
    var action = sigaction()
    let note: @convention(c) (CInt) -> Void = { signal in
      let kept = errno
      var byte = UInt8(truncatingIfNeeded: signal)
      _ = write(signalDescriptor, &byte, 1)
      errno = kept
    }
    let nothing: @convention(c) (CInt) -> Void = { _ in }
    #if canImport(Darwin)
      action.__sigaction_u.__sa_handler = note
    #elseif canImport(Musl)
      action.__sa_handler.sa_handler = note
    #else
      action.__sigaction_handler.sa_handler = note
    #endif
    action.sa_flags = SA_RESTART
    for signal in [SIGINT, SIGTERM, SIGHUP] { sigaction(signal, &action, nil) }
    #if canImport(Darwin)
      action.__sigaction_u.__sa_handler = nothing
    #elseif canImport(Musl)
      action.__sa_handler.sa_handler = nothing
    #else
      action.__sigaction_handler.sa_handler = nothing
    #endif
    sigaction(SIGPIPE, &action, nil)
  }

  /// Two descriptors, closed in children: what is written to the second is read from the first.
  static func pipe() throws(Errno) -> (reading: CInt, writing: CInt) {
    var ends: [CInt] = [-1, -1]
    #if canImport(Darwin)
      try attempt { Darwin.pipe(&ends) }
    #elseif canImport(Musl)
      try attempt { Musl.pipe(&ends) }
    #else
      try attempt { Glibc.pipe(&ends) }
    #endif
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    return (ends[0], ends[1])
  }

  /// Waits for one byte; nil when there will be none.
  static func readByte(_ descriptor: CInt) -> UInt8? {
    var byte: UInt8 = 0
    return readRetrying(descriptor, &byte, 1) == 1 ? byte : nil
  }

  static func startThread(_ body: @escaping @Sendable () -> Void) {
    let box = Unmanaged.passRetained(ThreadBody(body))
    #if canImport(Darwin)
      var thread: pthread_t?
      pthread_create(
        &thread, nil,
        {
          Unmanaged<ThreadBody>.fromOpaque($0).takeRetainedValue().run()
          return nil
        }, box.toOpaque())
    #else
      var thread = pthread_t()
      pthread_create(
        &thread, nil,
        {
          if let box = $0 { Unmanaged<ThreadBody>.fromOpaque(box).takeRetainedValue().run() }
          return nil
        }, box.toOpaque())
    #endif
  }

  /// Keeps this thread from going on.
  static func pause(nanoseconds: UInt64) {
    var time = timespec(tv_sec: Int(nanoseconds / 1_000_000_000), tv_nsec: Int(nanoseconds % 1_000_000_000))
    _ = nanosleep(&time, nil)
  }

  static func exitNow(_ status: Int32) -> Never { _exit(status) }

  // MARK: The machine and the user

  static var environment: [String: String] {
    var variables: [String: String] = [:]
    #if canImport(Darwin)
      var next = _NSGetEnviron().pointee
    #else
      var next: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?> = environ
    #endif
    while let entry = next.pointee {
      let text = String(cString: entry)
      if let equals = text.firstIndex(of: "="), equals != text.startIndex {
        variables[String(text[..<equals])] = String(text[text.index(after: equals)...])
      }
      next += 1
    }
    return variables
  }

  static var workingDirectory: FilePath? {
    guard let buffer = getcwd(nil, 0) else { return nil }
    defer { free(buffer) }
    return FilePath(String(cString: buffer))
  }

  /// The effective user.
  static var userIdentifier: UInt32 { geteuid() }

  static func account(_ identifier: UInt32) -> (name: String, home: String)? {
    var record = passwd()
    var found: UnsafeMutablePointer<passwd>?
    var buffer = [CChar](repeating: 0, count: 16384)
    guard getpwuid_r(identifier, &record, &buffer, buffer.count, &found) == 0, found != nil,
      let name = record.pw_name, let home = record.pw_dir
    else { return nil }
    return (String(cString: name), String(cString: home))
  }

  /// What `uname -m` says.
  static var machine: String {
    var names = utsname()
    guard uname(&names) == 0 else { return "" }
    return withUnsafePointer(to: &names.machine) {
      String(cString: UnsafeRawPointer($0).assumingMemoryBound(to: CChar.self))
    }
  }

  static var system: Platform.System {
    #if canImport(Darwin)
      .macos
    #else
      .linux
    #endif
  }

  /// Seconds since 1970.
  static var now: Int64 { Int64(time(nil)) }

  static var uptime: UInt64 {
    var stamp = timespec()
    clock_gettime(CLOCK_MONOTONIC, &stamp)
    return UInt64(stamp.tv_sec) * 1_000_000_000 + UInt64(stamp.tv_nsec)
  }

  // MARK: Helpers

  @discardableResult
  private static func attempt(_ body: () -> CInt) throws(Errno) -> CInt {
    while true {
      let result = body()
      if result >= 0 { return result }
      let code = Errno(rawValue: errno)
      if code != .interrupted { throw code }
    }
  }

  @discardableResult
  private static func attempt(
    _ path: FilePath, _ body: (UnsafePointer<CChar>) -> CInt
  ) throws(Errno) -> CInt {
    while true {
      let (result, code) = path.withPlatformString { name in
        let result = body(name)
        return (result, Errno(rawValue: errno))
      }
      if result >= 0 { return result }
      if code != .interrupted { throw code }
    }
  }

  private static func readRetrying(_ descriptor: CInt, _ buffer: UnsafeMutableRawPointer?, _ count: Int)
    -> Int
  {
    while true {
      #if canImport(Darwin)
        let result = Darwin.read(descriptor, buffer, count)
      #elseif canImport(Musl)
        let result = Musl.read(descriptor, buffer, count)
      #else
        let result = Glibc.read(descriptor, buffer, count)
      #endif
      if result >= 0 || errno != EINTR { return result }
    }
  }

  private static func writeAll(_ descriptor: CInt, _ bytes: [UInt8]) throws(Errno) {
    var done = 0
    while done < bytes.count {
      let (count, code) = bytes.withUnsafeBytes { buffer in
        let count = write(descriptor, buffer.baseAddress.map { $0 + done }, buffer.count - done)
        return (count, Errno(rawValue: errno))
      }
      if count > 0 {
        done += count
      } else if code == .resourceTemporarilyUnavailable {
        var watched = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        _ = poll(&watched, 1, -1)
      } else if code != .interrupted {
        throw code
      }
    }
  }

  private static func closeChecked(_ descriptor: CInt) throws(Errno) {
    guard close(descriptor) != 0 else { return }
    let code = Errno(rawValue: errno)
    // The descriptor is gone all the same when a signal came.
    if code != .interrupted { throw code }
  }
}

/// Read by the signal handler, written once before it is set.
nonisolated(unsafe) private var signalDescriptor: CInt = -1

private final class ThreadBody: Sendable {
  let run: @Sendable () -> Void
  init(_ run: @escaping @Sendable () -> Void) { self.run = run }
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
      device: UInt64(truncatingIfNeeded: raw.st_dev), inode: UInt64(raw.st_ino), owner: raw.st_uid)
  }
}

/// A value that one thread at a time may use.
public final class Locked<Value>: @unchecked Sendable {
  private var value: Value
  private let mutex: UnsafeMutablePointer<pthread_mutex_t>

  public init(_ value: Value) {
    self.value = value
    mutex = .allocate(capacity: 1)
    mutex.initialize(to: pthread_mutex_t())
    pthread_mutex_init(mutex, nil)
  }

  deinit {
    pthread_mutex_destroy(mutex)
    mutex.deallocate()
  }

  /// Runs `body` while no other thread does; `body` must not call `withLock` of the same value again.
  public func withLock<Result, E: Error>(_ body: (inout Value) throws(E) -> Result) throws(E) -> Result {
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    return try body(&value)
  }
}
