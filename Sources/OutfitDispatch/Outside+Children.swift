#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Children, locks and kept answers: what the prompt needs, and no shim ever does.
extension Outside {
  /// What a child writes to its standard output within a time; nil when it takes longer, writes too much, or ends
  /// with another status than 0. It reads nothing, and its talk is nobody's.
  /// - Parameters:
  ///   - adding: `NAME=value`, beside the environment of this process.
  ///   - deadline: Milliseconds.
  ///   - isDetached: It has a session of its own, so that it outlives the terminal.
  ///   - kills: It is ended when its time is up.
  static func output(
    of program: Bytes, _ arguments: [Bytes], adding: [Bytes] = [], deadline: Int32, isDetached: Bool = false,
    kills: Bool = true
  ) -> Bytes? {
    var ends: [Int32] = [-1, -1]
    guard pipe(&ends) == 0 else { return nil }
    defer { Outside.close(ends[0]) }
    _ = fcntl(ends[0], F_SETFD, FD_CLOEXEC)
    let child = spawn(program, arguments, adding: adding, output: ends[1], isDetached: isDetached)
    Outside.close(ends[1])
    guard let child else { return nil }
    var text: Bytes = []
    let limit = 4 << 20
    let end = milliseconds() + Int64(deadline)
    var isComplete = false
    var chunk = Bytes(repeating: 0, count: 16 << 10)
    while text.count < limit {
      let left = end - milliseconds()
      guard left > 0 else { break }
      var wanted = pollfd(fd: ends[0], events: Int16(POLLIN), revents: 0)
      let ready = poll(&wanted, 1, Int32(left))
      if ready < 0, errno == EINTR { continue }
      guard ready > 0 else { break }
      let count = read(ends[0], &chunk, chunk.count)
      if count < 0, errno == EINTR { continue }
      guard count > 0 else {
        isComplete = count == 0
        break
      }
      text += chunk[..<count]
    }
    guard isComplete else {
      if kills {
        kill(child, SIGKILL)
        waitpid(child, nil, 0)
      }
      return nil
    }
    var status: Int32 = 0
    while waitpid(child, &status, 0) < 0, errno == EINTR {}
    return status == 0 ? text : nil
  }

  private static func spawn(
    _ program: Bytes, _ arguments: [Bytes], adding: [Bytes], output: Int32, isDetached: Bool
  ) -> pid_t? {
    #if canImport(Darwin)
      var actions: posix_spawn_file_actions_t?
      var attributes: posix_spawnattr_t?
    #else
      var actions = posix_spawn_file_actions_t()
      var attributes = posix_spawnattr_t()
    #endif
    posix_spawn_file_actions_init(&actions)
    posix_spawnattr_init(&attributes)
    defer {
      posix_spawn_file_actions_destroy(&actions)
      posix_spawnattr_destroy(&attributes)
    }
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_adddup2(&actions, output, 1)
    posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0)
    if output > 2 { posix_spawn_file_actions_addclose(&actions, output) }
    if isDetached { posix_spawnattr_setflags(&attributes, sessionFlag) }
    var variables: [UnsafeMutablePointer<CChar>?] = []
    var index = 0
    while let variable = environ[index] {
      variables.append(variable)
      index += 1
    }
    let names = adding.map { $0.prefix { $0 != UInt8(ascii: "=") } + [UInt8(ascii: "=")] }
    variables.removeAll { variable in
      guard let variable else { return true }
      let text = bytes(variable)
      return names.contains { text.starts(with: $0) }
    }
    variables += adding.map { copy($0) } + [nil]
    var words = ([program] + arguments).map { copy($0) } + [nil]
    var child: pid_t = 0
    let code = withPath(program) { posix_spawn(&child, $0, &actions, &attributes, &words, &variables) }
    return code == 0 ? child : nil
  }

  private static var sessionFlag: Int16 {
    #if canImport(Darwin)
      Int16(POSIX_SPAWN_SETSID)
    #else
      0x80  // POSIX_SPAWN_SETSID, which glibc's and musl's headers show to GNU sources alone
    #endif
  }

  /// Milliseconds of a clock that never goes backwards.
  private static func milliseconds() -> Int64 {
    var now = timespec()
    clock_gettime(CLOCK_MONOTONIC, &now)
    return Int64(now.tv_sec) * 1000 + Int64(now.tv_nsec) / 1_000_000
  }

  static func makeFolder(_ path: Bytes) { _ = withPath(path) { mkdir($0, 0o700) } }

  /// Takes a lock that goes with the process; nil when another has it.
  static func lock(_ path: Bytes) -> Int32? {
    let descriptor = withPath(path) { open($0, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600) }
    guard descriptor >= 0 else { return nil }
    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
      Outside.close(descriptor)
      return nil
    }
    return descriptor
  }

  static func isLocked(_ path: Bytes) -> Bool {
    let descriptor = withPath(path) { open($0, O_RDWR | O_CLOEXEC | O_NOFOLLOW) }
    guard descriptor >= 0 else { return false }
    defer { Outside.close(descriptor) }
    return flock(descriptor, LOCK_EX | LOCK_NB) != 0
  }

  /// Replaces a file in one step.
  static func replace(_ path: Bytes, with text: Bytes) {
    let beside = path + Bytes(".new".utf8)
    let descriptor = withPath(beside) {
      open($0, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0o600)
    }
    guard descriptor >= 0 else { return }
    write(text, to: descriptor)
    Outside.close(descriptor)
    _ = withPath(beside) { from in withPath(path) { rename(from, $0) } }
  }

  static func close(_ descriptor: Int32) {
    #if canImport(Glibc)
      _ = Glibc.close(descriptor)
    #elseif canImport(Musl)
      _ = Musl.close(descriptor)
    #else
      _ = Darwin.close(descriptor)
    #endif
  }
}
