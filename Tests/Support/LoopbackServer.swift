import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// A small HTTP/1.1 server on the loopback interface, which answers as a test's script says, mistakes included.
///
/// Every connection serves one request on a thread of its own and is closed. It ends with the value.
public final class LoopbackServer: Sendable {
  public struct Request: Sendable {
    public var method: String
    /// Path and query.
    public var target: String
    /// Names in lower case.
    public var headers: [String: String]
    /// How many requests came before this one.
    public var index: Int

    /// The first byte that `Range: bytes=N-` asks for.
    public var rangeStart: Int? {
      headers["range"].flatMap { value in
        value.hasPrefix("bytes=") ? Int(value.dropFirst(6).prefix { $0 != "-" }) : nil
      }
    }

    /// The last byte that `Range: bytes=N-M` asks for.
    public var rangeEnd: Int? {
      headers["range"].flatMap { value in value.split(separator: "-").dropFirst().first.flatMap { Int($0) } }
    }
  }

  public struct Reply: Sendable {
    public var status = 200
    public var headers: [(String, String)] = []
    public var body: [UInt8] = []
    /// Close the connection after this many bytes of the body.
    public var cutAfter: Int?
    /// Sends the body in pieces of so many bytes with so many seconds between them.
    public var trickle: (bytes: Int, seconds: Double)?
    /// Sends no more than so many bytes of the body, and then waits until the client leaves.
    public var holdAfter: Int?
    /// Seconds before the answer begins.
    public var delay = 0.0
    /// Sends the body again and again, without a length.
    public var isEndless = false
    /// Content-Length says this instead of the truth.
    public var length: String?

    public init(_ status: Int = 200, headers: [(String, String)] = [], body: [UInt8] = []) {
      self.status = status
      self.headers = headers
      self.body = body
    }

    /// The body, or the part of it that the request asks for by `Range`, with a strong entity tag; nothing for one who
    /// has it.
    public static func file(_ body: [UInt8], for request: Request, tag: String = "\"1\"") -> Reply {
      if request.headers["if-none-match"] == tag { return Reply(304, headers: [("ETag", tag)]) }
      var reply = Reply(200, headers: [("ETag", tag), ("Accept-Ranges", "bytes")], body: body)
      guard let start = request.rangeStart, request.headers["if-range"].map({ $0 == tag }) ?? true else {
        return reply
      }
      guard start < body.count else {
        return Reply(416, headers: [("Content-Range", "bytes */\(body.count)")])
      }
      let end = min(request.rangeEnd ?? .max, body.count - 1)
      reply.status = 206
      reply.headers.append(("Content-Range", "bytes \(start)-\(end)/\(body.count)"))
      reply.body = Array(body[start...max(start, end)])
      return reply
    }
  }

  public typealias Script = @Sendable (Request) -> Reply

  public let port: UInt16
  private let listener: Int32
  private let state: State

  private final class State: Sendable {
    let script: Script
    let requests = Mutex<[Request]>([])
    let open = Mutex((now: 0, most: 0))
    let abandoned = Mutex(0)
    init(_ script: @escaping Script) { self.script = script }
  }

  /// `http://127.0.0.1:PORT`.
  public var address: String { "http://127.0.0.1:\(port)" }
  /// What was asked so far.
  public var requests: [Request] { state.requests.withLock { $0 } }
  /// How many clients left before they had all of a body that was held back.
  public var abandoned: Int { state.abandoned.withLock { $0 } }
  /// The most requests that waited for an answer at one moment.
  public var mostAtOnce: Int { state.open.withLock { $0.most } }

  public init(_ script: @escaping Script) throws {
    state = State(script)
    #if canImport(Glibc)
      let socket = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    #else
      let socket = socket(AF_INET, SOCK_STREAM, 0)
    #endif
    var name = sockaddr_in()
    name.sin_family = sa_family_t(AF_INET)
    name.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    let result = withUnsafeMutableBytes(of: &name) { raw in
      let pointer = raw.baseAddress!.assumingMemoryBound(to: sockaddr.self)
      guard bind(socket, pointer, size) == 0, listen(socket, 64) == 0 else { return errno }
      return getsockname(socket, pointer, &size) == 0 ? 0 : errno
    }
    listener = socket
    port = UInt16(bigEndian: name.sin_port)
    guard socket >= 0, result == 0 else { throw LoopbackError(code: result) }
    let state = state
    inThread {
      while true {
        let connection = accept(socket, nil, nil)
        if connection < 0 {
          if errno == EINTR || errno == ECONNABORTED { continue }
          // Closed here and nowhere else, so that its number can't be another server's meanwhile.
          close(socket)
          return
        }
        inThread {
          LoopbackServer.serve(connection, state)
          close(connection)
        }
      }
    }
  }

  deinit {
    // Ends the wait for a connection.
    shutdown(listener, Int32(SHUT_RDWR))
  }

  private static func serve(_ connection: Int32, _ state: State) {
    guard var request = read(connection) else { return }
    state.requests.withLock { requests in
      request.index = requests.count
      requests.append(request)
    }
    state.open.withLock { open in
      open.now += 1
      open.most = max(open.most, open.now)
    }
    let reply = state.script(request)
    pause(reply.delay)
    // Before the client can know that it may send the next one.
    state.open.withLock { $0.now -= 1 }
    var head = "HTTP/1.1 \(reply.status) Scripted\r\nConnection: close\r\n"
    for (name, value) in reply.headers { head += "\(name): \(value)\r\n" }
    if !reply.isEndless { head += "Content-Length: \(reply.length ?? String(reply.body.count))\r\n" }
    guard send(connection, Array((head + "\r\n").utf8)), request.method != "HEAD" else { return }
    if reply.isEndless {
      while send(connection, reply.body) {}
      return
    }
    if let count = reply.holdAfter {
      guard send(connection, Array(reply.body.prefix(count))) else { return }
      var byte: UInt8 = 0
      while recv(connection, &byte, 1, 0) > 0 {}
      state.abandoned.withLock { $0 += 1 }
      return
    }
    let body = Array(reply.body.prefix(reply.cutAfter ?? reply.body.count))
    guard let trickle = reply.trickle else {
      _ = send(connection, body)
      return
    }
    var start = 0
    while start < body.count, send(connection, Array(body[start..<min(start + trickle.bytes, body.count)])) {
      start += trickle.bytes
      pause(trickle.seconds)
    }
  }

  private static func read(_ connection: Int32) -> Request? {
    var bytes: [UInt8] = []
    var piece = [UInt8](repeating: 0, count: 4096)
    let end = Array("\r\n\r\n".utf8)
    while !bytes.suffix(4).elementsEqual(end) {
      let count = recv(connection, &piece, piece.count, 0)
      guard count > 0, bytes.count < 1 << 16 else { return nil }
      bytes += piece[..<count]
    }
    let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\r\n")
    let words = lines.first?.split(separator: " ") ?? []
    guard words.count == 3 else { return nil }
    var headers: [String: String] = [:]
    for line in lines.dropFirst() {
      guard let colon = line.firstIndex(of: ":") else { continue }
      headers[line[..<colon].lowercased()] = String(line[colon...].dropFirst().drop { $0 == " " })
    }
    return Request(method: String(words[0]), target: String(words[1]), headers: headers, index: 0)
  }

  private static func send(_ connection: Int32, _ bytes: [UInt8]) -> Bool {
    #if canImport(Glibc)
      let flags = Int32(MSG_NOSIGNAL)
    #else
      let flags: Int32 = 0
    #endif
    var sent = 0
    while sent < bytes.count {
      let count = bytes.withUnsafeBytes { raw in
        #if canImport(Glibc)
          Glibc.send(connection, raw.baseAddress! + sent, bytes.count - sent, flags)
        #else
          Darwin.send(connection, raw.baseAddress! + sent, bytes.count - sent, flags)
        #endif
      }
      guard count > 0 else { return false }
      sent += count
    }
    return true
  }

  private static func pause(_ seconds: Double) {
    if seconds > 0 { usleep(UInt32(seconds * 1_000_000)) }
  }
}

public struct LoopbackError: Error { public var code: Int32 }

/// Runs `body` on a thread of its own, so that it may block.
private func inThread(_ body: @escaping @Sendable () -> Void) {
  final class Box: Sendable {
    let body: @Sendable () -> Void
    init(_ body: @escaping @Sendable () -> Void) { self.body = body }
  }
  let context = Unmanaged.passRetained(Box(body)).toOpaque()
  #if canImport(Glibc)
    var thread = pthread_t()
    let status = pthread_create(
      &thread, nil,
      { context in
        if let context { Unmanaged<Box>.fromOpaque(context).takeRetainedValue().body() }
        return nil
      }, context)
    if status == 0 { pthread_detach(thread) }
  #else
    var thread: pthread_t?
    let status = pthread_create(
      &thread, nil,
      { context in
        Unmanaged<Box>.fromOpaque(context).takeRetainedValue().body()
        return nil
      }, context)
    if status == 0, let thread { pthread_detach(thread) }
  #endif
}
