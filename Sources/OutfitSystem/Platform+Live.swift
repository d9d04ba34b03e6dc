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

/// The calls to the C library: the `Platform+` files alone of Outfit's libraries know which one it is.
enum Libc {
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

  static func writeText(_ descriptor: CInt, _ text: String) throws(Errno) {
    try writeAll(descriptor, Array(text.utf8))
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
    outfit_restore_signal_mask()
    for number in ignoredSignals { _ = signal(number, SIG_IGN) }
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

  /// Has SIGINT, SIGTERM and SIGHUP write their number into a descriptor, and writing to a closed pipe, or more into a
  /// file than `ulimit -f` allows, be an error instead of the end. Handlers, unlike ignored signals, do not reach children. Where whoever started us
  /// has SIGHUP ignored (nohup), it stays so.
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
    ignoredSignals = [SIGINT, SIGTERM, SIGHUP, SIGPIPE, SIGXFSZ].filter(isIgnored)
    for signal in [SIGINT, SIGTERM, SIGHUP] where signal != SIGHUP || !ignoredSignals.contains(signal) {
      sigaction(signal, &action, nil)
    }
    #if canImport(Darwin)
      action.__sigaction_u.__sa_handler = nothing
    #elseif canImport(Musl)
      action.__sa_handler.sa_handler = nothing
    #else
      action.__sigaction_handler.sa_handler = nothing
    #endif
    for signal in [SIGPIPE, SIGXFSZ] { sigaction(signal, &action, nil) }
  }

  private static func isIgnored(_ signal: CInt) -> Bool {
    var now = sigaction()
    guard sigaction(signal, nil, &now) == 0 else { return false }
    #if canImport(Darwin)
      let handler = now.__sigaction_u.__sa_handler
    #elseif canImport(Musl)
      let handler = now.__sa_handler.sa_handler
    #else
      let handler = now.__sigaction_handler.sa_handler
    #endif
    return unsafeBitCast(handler, to: Int.self) == unsafeBitCast(SIG_IGN, to: Int.self)
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

  /// Nil where this process works from there now.
  static func changeFolder(_ path: String) -> Errno? { chdir(path) == 0 ? nil : Errno(rawValue: errno) }

  /// A file that has no name any more, to be read from its beginning.
  static func unnamedFile(_ bytes: [UInt8]) throws(Errno) -> CInt {
    guard let file = tmpfile() else { throw Errno(rawValue: errno) }
    defer { fclose(file) }
    let written = bytes.withUnsafeBytes {
      fwrite($0.baseAddress ?? UnsafeRawPointer(file), 1, $0.count, file)
    }
    guard written == bytes.count, fflush(file) == 0 else { throw Errno(rawValue: errno) }
    rewind(file)
    let descriptor = fileno(file)
    return try attempt { fcntl(descriptor, F_DUPFD_CLOEXEC, 3) }
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
  static func attempt(_ body: () -> CInt) throws(Errno) -> CInt {
    while true {
      let result = body()
      if result >= 0 { return result }
      let code = Errno(rawValue: errno)
      if code != .interrupted { throw code }
    }
  }

  @discardableResult
  static func attempt(
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

  static func readRetrying(_ descriptor: CInt, _ buffer: UnsafeMutableRawPointer?, _ count: Int)
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

  static func writeAll(_ descriptor: CInt, _ bytes: [UInt8]) throws(Errno) {
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

  static func closeChecked(_ descriptor: CInt) throws(Errno) {
    guard close(descriptor) != 0 else { return }
    let code = Errno(rawValue: errno)
    // The descriptor is gone all the same when a signal came.
    if code != .interrupted { throw code }
  }
}

/// Read by the signal handler, written once before it is set.
nonisolated(unsafe) private var signalDescriptor: CInt = -1

/// What whoever started the process has ignored: what it becomes ignores it too. Written once, before anything runs.
nonisolated(unsafe) private var ignoredSignals: [CInt] = []

private final class ThreadBody: Sendable {
  let run: @Sendable () -> Void
  init(_ run: @escaping @Sendable () -> Void) { self.run = run }
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

/// Ends the process, what is to be done at its end included (exit(3)).
public func endProcess(_ status: Int32) -> Never { exit(status) }
