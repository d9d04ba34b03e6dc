#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// All that the launcher asks of the kernel. This file alone knows one system from another.
enum Outside {
  /// What reading a small file came to.
  enum Contents {
    /// Nothing is there, or it can't be read, or it is no regular file.
    case absent
    case tooLarge
    case bytes(Bytes)
  }

  /// Reads a regular file of at most `limit` bytes. It never waits: a FIFO or a device is not even opened.
  static func contents(of path: Bytes, limit: Int) -> Contents {
    withPath(path) { path in
      var status = stat()
      guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return .absent }
      let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
      guard descriptor >= 0 else { return .absent }
      defer { close(descriptor) }
      guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
        return .absent
      }
      let size = Int(status.st_size)
      guard size <= limit else { return .tooLarge }
      return .bytes(
        Bytes(unsafeUninitializedCapacity: size) { buffer, count in
          while count < size {
            let received = read(descriptor, buffer.baseAddress.map { $0 + count }, size - count)
            if received < 0, errno == EINTR { continue }
            guard received > 0 else { break }
            count += received
          }
        })
    }
  }

  /// What identifies a file or a folder, links followed.
  struct Identity: Equatable {
    let device: UInt64
    let inode: UInt64
    let isDirectory: Bool
    /// A regular file that this user may execute.
    let isProgram: Bool
  }

  static func identity(of path: Bytes) -> Identity? {
    withPath(path) { path in
      var status = stat()
      guard stat(path, &status) == 0 else { return nil }
      let kind = status.st_mode & S_IFMT
      return Identity(
        device: UInt64(truncatingIfNeeded: status.st_dev), inode: UInt64(status.st_ino),
        isDirectory: kind == S_IFDIR, isProgram: kind == S_IFREG && access(path, X_OK) == 0)
    }
  }

  static func exists(_ path: Bytes) -> Bool { withPath(path) { access($0, F_OK) == 0 } }

  /// Whether a link stands there, with just this written in it.
  static func link(_ path: Bytes, leadsTo destination: Bytes) -> Bool {
    withPath(path) { path in
      let capacity = destination.count + 1
      return [CChar](unsafeUninitializedCapacity: capacity) { buffer, count in
        count = buffer.baseAddress.map { max(0, readlink(path, $0, capacity)) } ?? 0
      }.elementsEqual(destination.lazy.map { CChar(bitPattern: $0) })
    }
  }

  /// The path with every link resolved.
  static func resolved(_ path: Bytes) -> Bytes? {
    withPath(path) { path in
      guard let real = realpath(path, nil) else { return nil }
      defer { free(real) }
      return bytes(real)
    }
  }

  /// The folder that the process stands in, links resolved; nil when it is gone.
  static func workingDirectory() -> Bytes? {
    guard let path = getcwd(nil, 0) else { return nil }
    defer { free(path) }
    return path[0] == CChar(bitPattern: Ascii.slash) ? bytes(path) : nil
  }

  static func variable(_ name: String) -> Bytes? { getenv(name).map { bytes($0) } }

  /// This executable, links resolved: asked of the kernel, so that no variable can redirect it.
  static func ownPath() -> Bytes? {
    #if os(Linux)
      let capacity = 4096
      let linked = [CChar](unsafeUninitializedCapacity: capacity) { buffer, count in
        guard let start = buffer.baseAddress else { return }
        let length = readlink("/proc/self/exe", start, capacity)
        // A path that fills the buffer may have been cut.
        count = length > 0 && length < capacity ? length : 0
      }
      return linked.first == CChar(bitPattern: Ascii.slash) ? linked.map { UInt8(bitPattern: $0) } : nil
    #else
      var size = UInt32(PATH_MAX) + 1
      var buffer = [CChar](repeating: 0, count: Int(size))
      guard _NSGetExecutablePath(&buffer, &size) == 0 else { return nil }
      return resolved(bytes(buffer))
    #endif
  }

  /// Becomes the program. The environment and the open files stay as they are.
  /// - Parameters:
  ///   - arguments: those that stand before the user's own.
  ///   - rest: the user's, ended by a null pointer.
  /// - Returns: the error number; it returns only on failure.
  static func execute(
    _ program: Bytes, _ arguments: [Bytes], _ rest: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>
  ) -> Int32 {
    var count = 0
    while rest[count] != nil { count += 1 }
    guard let path = copy(program) else { return ENOMEM }
    let start = UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>.allocate(
      capacity: 1 + arguments.count + count + 1)
    // Programs that look at the path they were started by (Python finds its library so) need it whole.
    start.initialize(to: path)
    for (index, argument) in arguments.enumerated() {
      (start + 1 + index).initialize(to: copy(argument))
    }
    (start + 1 + arguments.count).initialize(from: rest, count: count + 1)
    execv(path, start)
    return errno
  }

  /// Writes to standard error (2) or standard output (1).
  static func write(_ text: Bytes, to descriptor: Int32) {
    text.withUnsafeBytes { buffer in
      var done = 0
      while done < buffer.count {
        let written = send(descriptor, buffer.baseAddress.map { $0 + done }, buffer.count - done)
        if written < 0, errno == EINTR { continue }
        guard written > 0 else { return }
        done += written
      }
    }
  }

  static func leave(_ status: Int32) -> Never { exit(status) }

  static func describe(_ code: Int32) -> String { String(cString: strerror(code)) }

  static func bytes(_ text: UnsafePointer<CChar>) -> Bytes {
    UnsafeBufferPointer(start: text, count: strlen(text)).map { UInt8(bitPattern: $0) }
  }

  private static func send(_ descriptor: Int32, _ start: UnsafeRawPointer?, _ count: Int) -> Int {
    #if canImport(Glibc)
      Glibc.write(descriptor, start, count)
    #elseif canImport(Musl)
      Musl.write(descriptor, start, count)
    #else
      Darwin.write(descriptor, start, count)
    #endif
  }

  /// A C string that stays for the life of the process.
  static func copy(_ bytes: Bytes) -> UnsafeMutablePointer<CChar>? {
    bytes.withUnsafeBytes { source in
      guard let target = malloc(source.count + 1) else { return nil }
      if let start = source.baseAddress { memcpy(target, start, source.count) }
      let text = target.assumingMemoryBound(to: CChar.self)
      text[source.count] = 0
      return text
    }
  }

  /// Calls with a C string; a path with a NUL in it is the empty one, which names nothing.
  static func withPath<Result>(
    _ path: Bytes, _ body: (UnsafePointer<CChar>) -> Result
  ) -> Result {
    guard !path.contains(0) else { return body([0]) }
    return body(
      [CChar](unsafeUninitializedCapacity: path.count + 1) { buffer, count in
        for (index, byte) in path.enumerated() { buffer[index] = CChar(bitPattern: byte) }
        buffer[path.count] = 0
        count = path.count + 1
      })
  }
}

extension Outside {
  /// The number of "no such file or directory".
  static let missing = ENOENT
}
