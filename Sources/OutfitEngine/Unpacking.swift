import CInflate
import OutfitCore
import OutfitFetch
import OutfitSystem
import SystemPackage

/// Unpacks a tar archive while it comes: what is there of the file is decompressed and written at once.
///
/// What it makes counts only when the file has proved to be the right one, which is for the caller to see.
final class Unpacking: Following {
  private enum Event: Sendable {
    case grew(FilePath, Int64)
    case restarted
    case whole(FilePath)
    case abandoned
  }

  private let events = ThreadQueue<Event>()
  private let outcome = Outcome()

  /// What became of it, and who waits for that.
  private final class Outcome: Sendable {
    private let state:
      Locked<(result: Result<Unpacked, any Error>?, waiter: CheckedContinuation<Unpacked, any Error>?)> =
        Locked((nil, nil))

    func deliver(_ result: Result<Unpacked, any Error>) {
      let waiter = state.withLock { state in
        state.result = result
        return state.waiter
      }
      waiter?.resume(with: result)
    }

    func get() async throws -> Unpacked {
      try await withCheckedThrowingContinuation { continuation in
        let result = state.withLock { state in
          if state.result == nil { state.waiter = continuation }
          return state.result
        }
        if let result { continuation.resume(with: result) }
      }
    }
  }

  /// Starts a thread that waits for the file.
  /// - Parameters:
  ///   - name: for people.
  ///   - out: is made, and is not there after a failure.
  ///   - later: what names begin with of files that may be missing still when the rest is there.
  init(host: Host, name: String, out: FilePath, strip: Int, later: [String] = []) {
    let (events, outcome) = (events, outcome)
    Threads.start {
      let result: Result<Unpacked, any Error>
      do {
        result = .success(try Self.work(events) { try TarStream(host.files, name, out, strip, later) })
      } catch {
        try? host.files.removeTree(out)
        result = .failure(error)
      }
      outcome.deliver(result)
    }
  }

  func grew(_ path: FilePath, to size: Int64) { events.send(.grew(path, size)) }
  func restarted() { events.send(.restarted) }

  /// The file is all there.
  /// - Returns: what was unpacked; nil where the archive's compression is one for a program of its own,
  ///   and nothing was made.
  func finish(_ path: FilePath) async throws -> Unpacked? {
    events.send(.whole(path))
    do {
      return try await outcome.get()
    } catch is OtherCompression {
      return nil
    }
  }

  /// There will be no file.
  func abandon() async {
    events.send(.abandoned)
    _ = try? await outcome.get()
  }

  private static func work(
    _ events: ThreadQueue<Event>, _ begin: () throws -> TarStream
  ) throws -> Unpacked {
    var stream = try begin()
    defer { stream.writer.abandon() }
    // An archive that is refused may turn out to be the wrong file, which is worse.
    var failure: (any Error)?
    while let event = events.receive() {
      switch event {
      case .abandoned: throw CancellationError()
      case .restarted:
        stream.writer.abandon()
        stream = try begin()
        failure = nil
      case .grew(let path, let size):
        guard failure == nil else { continue }
        do {
          try stream.read(path, upTo: size)
        } catch is FileError {
          // It has been given its final name meanwhile.
          if !stream.files.exists(path) { continue }
          throw Failure("\(stream.name) can't be unpacked: \(path) can't be read")
        } catch {
          failure = error
        }
      case .whole(let path):
        if let failure { throw failure }
        try stream.read(path, upTo: .max)
        return try stream.finish()
      }
    }
    throw CancellationError()
  }
}

/// The archive's compression is not one that is undone here.
struct OtherCompression: Error {}

/// From the bytes of a file to a tree.
private struct TarStream {
  let writer: TreeWriter
  let files: any Files
  let name: String
  private var reader = TarReader()
  private var sink: TreeWriter
  private var inflater: Inflater?
  private var offset: Int64 = 0
  private var isKnown = false

  init(_ files: any Files, _ name: String, _ out: FilePath, _ strip: Int, _ later: [String]) throws {
    try files.removeTree(out)
    try files.createDirectories(out)
    self.files = files
    self.name = name
    writer = TreeWriter(files: files, name: name, out: out, strip: strip, later: later)
    sink = writer
  }

  mutating func read(_ path: FilePath, upTo size: Int64) throws {
    while offset < size {
      let bytes = try files.read(path, from: offset, count: Int(min(1 << 20, size - offset)))
      if bytes.isEmpty { return }
      offset += Int64(bytes.count)
      writer.consumed = offset
      try take(bytes)
    }
  }

  private mutating func take(_ bytes: [UInt8]) throws {
    if !isKnown {
      isKnown = true
      switch Compression(bytes) {
      case .none: break
      case .gzip:
        guard let made = Inflater() else { throw OtherCompression() }
        inflater = made
      case .xz, .zstd, .bzip2: throw OtherCompression()
      }
    }
    do {
      guard let inflater else {
        return try bytes.withUnsafeBytes { try reader.feed($0, to: &sink) }
      }
      try inflater.run(bytes) { try reader.feed($0, to: &sink) }
    } catch let damage as TarReader.Damage {
      throw Archive.damaged(name, damage)
    } catch is Inflater.Damage {
      throw Failure("\(name) can't be unpacked: its compression is damaged")
    }
  }

  mutating func finish() throws -> Unpacked {
    guard reader.isWhole, inflater?.hasEnded ?? true else {
      throw Failure("\(name) can't be unpacked: it ends in the middle")
    }
    return try writer.finish()
  }
}

/// How an archive is compressed, by its first bytes.
enum Compression: String {
  case none, gzip, xz, zstd, bzip2

  init(_ bytes: [UInt8]) {
    let known: [([UInt8], Compression)] = [
      ([0x1f, 0x8b], .gzip), ([0xfd, 0x37, 0x7a, 0x58, 0x5a], .xz), ([0x28, 0xb5, 0x2f, 0xfd], .zstd),
      (Array("BZh".utf8), .bzip2),
    ]
    self = known.first { bytes.starts(with: $0.0) }?.1 ?? .none
  }
}

/// Undoes gzip (RFC 1952).
package final class Inflater {
  private let stream: OpaquePointer
  private var buffer = [UInt8](repeating: 0, count: 256 << 10)
  package private(set) var hasEnded = false

  package convenience init?() { self.init(CINFLATE_ANY) }

  /// Nil where this machine has no library for it.
  init?(_ library: cinflate_library) {
    guard let stream = cinflate_new(library) else { return nil }
    self.stream = stream
  }

  deinit { cinflate_free(stream) }

  package func run(_ bytes: [UInt8], _ body: (UnsafeRawBufferPointer) throws -> Void) throws {
    try bytes.withUnsafeBufferPointer { input in
      try buffer.withUnsafeMutableBufferPointer { output in
        var start = 0
        while true {
          var (used, made) = (0, 0)
          let code = cinflate_run(
            stream, input.baseAddress.map { $0 + start }, input.count - start, &used, output.baseAddress,
            output.count, &made)
          guard code >= 0 else { throw Damage() }
          start += used
          if made > 0 { try body(UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(output)[..<made])) }
          hasEnded = code == 1
          // A full buffer may mean that more would come of the same bytes.
          if start == input.count, made < output.count { return }
        }
      }
    }
  }

  package struct Damage: Error {
    package init() {}
  }
}
