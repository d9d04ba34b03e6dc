import OutfitCore
import OutfitSystem
import Support
import Synchronization
import SystemPackage
import Testing

@testable import OutfitFetch

/// One file in several ranges at once. A transfer counts as slow at once here, and the first one is slow, so that the
/// others are done before it.
@Suite(.timeLimit(.minutes(15)))
struct RangesTests {
  let files = MemoryFiles.withHome()
  let folder: FilePath = "/home/ann/.cache/outfit/downloads"
  static let bytes = DownloadsTests.bytes
  static let digest = DownloadsTests.digest

  func fetch(
    _ server: LoopbackServer, digest: Digest = Self.digest, following: (any Following)? = nil,
    progress: any Progress = RecordingProgress(), _ change: (inout Downloads.Settings) -> Void = { _ in }
  ) async throws -> [UInt8] {
    var settings = Downloads.Settings()
    settings.jitter = { 1 }
    settings.splitAfter = 0
    settings.splitLeast = 1 << 20
    change(&settings)
    let downloads = Downloads(host: Host.test(files: files, clock: TestClock()), settings: settings)
    let path = try await downloads.fetch(
      addresses: ["\(server.address)/a"], digest: digest, name: "a", following: following, progress: progress,
      id: "a")
    #expect(try files.list(folder) == [digest.hex], "nothing else is left behind")
    return try files.read(path)
  }

  /// What the file is, sent slowly where no range is asked for.
  static func slowFile(_ request: LoopbackServer.Request, tag: String = "\"1\"") -> LoopbackServer.Reply {
    var reply = LoopbackServer.Reply.file(bytes, for: request, tag: tag)
    if request.rangeEnd == nil { reply.trickle = (bytes: 64 << 10, seconds: 0.01) }
    return reply
  }

  /// What was seen of a file that grows.
  final class Watching: Following {
    private let files: MemoryFiles
    private let state = Mutex((seen: Int64(0), isInOrder: true, restarts: 0))
    init(_ files: MemoryFiles) { self.files = files }
    var isInOrder: Bool { state.withLock { $0.isInOrder } }
    var seen: Int64 { state.withLock { $0.seen } }
    func grew(_ path: FilePath, to size: Int64) {
      let prefix = (try? files.read(path)).map { Array($0.prefix(Int(size))) }
      state.withLock { state in
        state.isInOrder =
          state.isInOrder && size >= state.seen && prefix.map { RangesTests.bytes.starts(with: $0) } ?? true
        state.seen = size
      }
    }
    func restarted() { state.withLock { $0.restarts += 1 } }
  }

  @Test func aSlowTransferIsHelpedByRanges() async throws {
    let server = try LoopbackServer { Self.slowFile($0) }
    let (watching, progress) = (Watching(files), RecordingProgress())
    #expect(try await fetch(server, following: watching, progress: progress) == Self.bytes)
    let ranges = server.requests.compactMap { $0.headers["range"] }
    #expect(ranges.count == 3)
    #expect(server.requests.allSatisfy { $0.headers["range"] == nil || $0.headers["if-range"] == "\"1\"" })
    #expect(watching.isInOrder)
    #expect(watching.seen == Int64(Self.bytes.count))
    #expect(progress.lastBytes == Int64(Self.bytes.count))
  }

  @Test func whatIsQuickOrSmallComesInOnePiece() async throws {
    for change: (inout Downloads.Settings) -> Void in [
      { $0.splitAfter = 60 }, { $0.splitLeast = 16 << 20 }, { $0.ranges = 1 },
    ] {
      let server = try LoopbackServer { .file(Self.bytes, for: $0) }
      #expect(try await fetch(server, change) == Self.bytes)
      #expect(server.requests.count == 1)
      try files.removeTree(folder)
    }
  }

  /// One that says nothing of ranges, and one that has nothing to know the version of a file by.
  @Test(arguments: ["Accept-Ranges", "ETag"]) func aServerThatSaysTooLittleIsNotAsked(_ lacking: String)
    async throws
  {
    let server = try LoopbackServer { request in
      var reply = Self.slowFile(request)
      reply.headers.removeAll { $0.0 == lacking }
      return reply
    }
    #expect(try await fetch(server) == Self.bytes)
    #expect(server.requests.count == 1)
  }

  /// It says that it has ranges, and sends the whole file, nothing, or what was not asked for.
  @Test(arguments: ["whole", "416", "elsewhere", "longer", "500"])
  func aServerThatLiesAboutRangesServesOneTransfer(_ lie: String) async throws {
    let server = try LoopbackServer { request in
      var reply = Self.slowFile(request)
      guard request.rangeEnd != nil else { return reply }
      switch lie {
      case "whole": return LoopbackServer.Reply(200, headers: [("ETag", "\"1\"")], body: Self.bytes)
      case "416": return LoopbackServer.Reply(416)
      case "500": return LoopbackServer.Reply(500)
      case "elsewhere":
        reply.headers.removeAll { $0.0 == "Content-Range" }
        reply.headers.append(("Content-Range", "bytes 0-\(reply.body.count - 1)/\(Self.bytes.count)"))
      default: reply.body += [1, 2, 3]
      }
      return reply
    }
    #expect(try await fetch(server) == Self.bytes)
    #expect(server.requests.allSatisfy { $0.index == 0 || $0.headers["range"] != nil })
  }

  @Test func rangesOfWrongBytesAreTakenBack() async throws {
    let server = try LoopbackServer { request in
      var reply = Self.slowFile(request)
      if request.rangeEnd != nil { reply.body[0] ^= 1 }
      return reply
    }
    #expect(try await fetch(server) == Self.bytes)
    // Afresh, and in one piece.
    #expect(server.requests.last?.headers["range"] == nil)
  }

  @Test func aFileThatChangesInBetweenIsTakenFromTheStart() async throws {
    let new = Self.bytes.map { $0 ^ 1 }
    let server = try LoopbackServer { request in
      request.index == 0 ? Self.slowFile(request) : .file(new, for: request, tag: "\"2\"")
    }
    #expect(try await fetch(server, digest: Digest(of: new)) == new)
  }

  /// The first answer after its border was set, and each of the others.
  @Test(arguments: [0, 1, 2, 3]) func aCutIsGoneOnWith(_ cut: Int) async throws {
    let server = try LoopbackServer { request in
      var reply = Self.slowFile(request)
      if request.index == cut { reply.cutAfter = 300_000 }
      return reply
    }
    #expect(try await fetch(server) == Self.bytes)
    let starts = server.requests.compactMap(\.rangeStart)
    #expect(Set(starts).count == starts.count, "nothing is asked for twice")
  }

  @Test func theRestIsDividedWithoutAGap() {
    let splitting = Splitting(after: 1, least: 1, ranges: 4)
    for (size, total): (Int64, Int64) in [(0, 100), (7, 100), (1, 8), (99_999, 100_003)] {
      let ranges = splitting.divide(from: size, to: total)
      #expect(ranges.count == 3)
      #expect(ranges.last?.upperBound == total)
      #expect(zip(ranges, ranges.dropFirst()).allSatisfy { $0.upperBound == $1.lowerBound })
      #expect(ranges.allSatisfy { !$0.isEmpty && $0.lowerBound > size })
    }
    #expect(splitting.divide(from: 98, to: 100).isEmpty)
  }

  @Test func cancellationLeavesNoRanges() async throws {
    let server = try LoopbackServer { request in
      var reply = LoopbackServer.Reply.file(Self.bytes, for: request)
      reply.trickle = (bytes: 16 << 10, seconds: 0.05)
      return reply
    }
    let task = Task { try await fetch(server) }
    while server.requests.count < 4 { try await Task.sleep(for: .milliseconds(5)) }
    task.cancel()
    await #expect(throws: CancellationError.self) { try await task.value }
    let left = try files.list(folder).filter { !["part", "part.origin"].contains($0.dropFirst(65)) }
    #expect(left.isEmpty, "\(left)")
  }
}
