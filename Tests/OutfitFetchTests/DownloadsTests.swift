import OutfitCore
import OutfitFetch
import OutfitSystem
import Support
import Synchronization
import SystemPackage
import Testing

@Suite(.timeLimit(.minutes(15)))
struct DownloadsTests {
  let files = MemoryFiles.withHome()
  let clock = TestClock()
  let folder: FilePath = "/home/ann/.cache/outfit/downloads"

  /// 3 MB and a bit that no compression or luck makes shorter.
  static let bytes: [UInt8] = {
    var value: UInt32 = 1
    return (0..<(3 << 20) + 123).map { _ in
      value = value &* 1_664_525 &+ 1_013_904_223
      return UInt8(truncatingIfNeeded: value >> 24)
    }
  }()
  static let digest = Digest(of: bytes)
  var bytes: [UInt8] { Self.bytes }
  var digest: Digest { Self.digest }

  func downloads(
    offline: Bool = false, environment: [String: String] = [:],
    _ change: (inout Downloads.Settings) -> Void = { _ in }
  ) -> Downloads {
    var settings = Downloads.Settings()
    settings.jitter = { 1 }
    change(&settings)
    return Downloads(
      host: Host.test(files: files, clock: clock, environment: environment), isOffline: offline,
      settings: settings)
  }

  /// What a failed download says: message and hint, one line for each address.
  func complaint(_ body: () async throws -> Void) async -> [String] {
    do {
      try await body()
    } catch let failure as Failure {
      return failure.diagnostics.map { "\($0.message)|\($0.hint ?? "")" }
    } catch {
      return ["\(error)"]
    }
    return ["nothing was thrown"]
  }

  @Test func aFileIsDownloadedOnceAndKept() async throws {
    let server = try LoopbackServer { .file(Self.bytes, for: $0) }
    let progress = RecordingProgress()
    let downloads = downloads()
    let path = try await downloads.fetch(
      addresses: ["\(server.address)/a.tar.gz"], digest: digest, name: "a", progress: progress, id: "a")
    #expect(path == folder.appending(digest.hex))
    #expect(try files.read(path) == bytes)
    #expect(try files.list(folder) == [digest.hex])
    #expect(progress.lastBytes == Int64(bytes.count))
    #expect(progress.lastTotal == Int64(bytes.count))
    #expect(server.requests.first?.headers["user-agent"] == "outfit/\(Release.version)")
    _ = try await downloads.fetch(addresses: ["\(server.address)/a.tar.gz"], digest: digest, name: "a")
    #expect(server.requests.count == 1)
  }

  @Test func aDamagedFileInTheCacheIsDownloadedAgain() async throws {
    try files.createDirectories(folder)
    try files.create(folder.appending(digest.hex), Array("rubbish".utf8), mode: 0o600)
    let server = try LoopbackServer { .file(Self.bytes, for: $0) }
    let path = try await downloads().fetch(addresses: [server.address], digest: digest, name: "a")
    #expect(try files.read(path) == bytes)
  }

  @Test func aCutDownloadGoesOnWhereItEnded() async throws {
    let server = try LoopbackServer { request in
      var reply = LoopbackServer.Reply.file(Self.bytes, for: request)
      if request.index < 2 { reply.cutAfter = 1_100_000 }
      return reply
    }
    let progress = RecordingProgress()
    let path = try await downloads().fetch(
      addresses: [server.address], digest: digest, name: "a", progress: progress, id: "a")
    #expect(try files.read(path) == bytes)
    #expect(server.requests.map { $0.headers["range"] } == [nil, "bytes=1100000-", "bytes=2200000-"])
    #expect(server.requests.map { $0.headers["if-range"] } == [nil, "\"1\"", "\"1\""])
    #expect(progress.steps.count == 2)
    #expect(progress.steps.first?.contains("trying again in 0.5 s") == true)
  }

  @Test func aLaterRunGoesOnWhereAnEarlierOneEnded() async throws {
    let isCut = Mutex(true)
    let server = try LoopbackServer { request in
      var reply = LoopbackServer.Reply.file(Self.bytes, for: request)
      if isCut.withLock({ $0 }) { reply.cutAfter = request.index == 0 ? 1_500_000 : 0 }
      return reply
    }
    let said = await complaint {
      _ = try await downloads().fetch(addresses: [server.address], digest: digest, name: "a")
    }
    #expect(said.count == 1)
    #expect(said[0].hasPrefix("can't download a from \(server.address)/: "))
    #expect(said[0].hasSuffix("|what came is kept: the same command goes on with it"))
    #expect(try files.list(folder) == ["\(digest.hex).part", "\(digest.hex).part.origin"])
    isCut.withLock { $0 = false }
    let path = try await downloads().fetch(addresses: [server.address], digest: digest, name: "a")
    #expect(try files.read(path) == bytes)
    #expect(server.requests.last?.headers["range"] == "bytes=1500000-")
    #expect(try files.list(folder) == [digest.hex])
  }

  @Test func aFileThatChangedMeanwhileIsTakenFromTheStart() async throws {
    let server = try LoopbackServer { request in
      if request.index == 0 {
        var reply = LoopbackServer.Reply.file([UInt8](repeating: 1, count: 5000), for: request, tag: "\"0\"")
        reply.cutAfter = 1000
        return reply
      }
      return .file(Self.bytes, for: request)
    }
    let path = try await downloads().fetch(addresses: [server.address], digest: digest, name: "a")
    #expect(try files.read(path) == bytes)
    #expect(server.requests.count == 2)
  }

  @Test func aServerWithoutRangesStartsAgain() async throws {
    let server = try LoopbackServer { request in
      var reply = LoopbackServer.Reply(200, body: Self.bytes)
      if request.index == 0 { reply.cutAfter = 2_000_000 }
      return reply
    }
    let path = try await downloads().fetch(addresses: [server.address], digest: digest, name: "a")
    #expect(try files.read(path) == bytes)
    #expect(server.requests.count == 2)
  }

  @Test func aRangeThatTheServerRefusesOrMistakesIsNoTrap() async throws {
    try files.createDirectories(folder)
    let part = folder.appending("\(digest.hex).part")
    try files.create(part, bytes + [0], mode: 0o600)
    let refusing = try LoopbackServer { .file(Self.bytes, for: $0) }
    let path = try await downloads().fetch(addresses: [refusing.address], digest: digest, name: "a")
    #expect(refusing.requests.map { $0.headers["range"] } == ["bytes=\(bytes.count + 1)-", nil])
    try files.remove(path)

    try files.create(part, Array(bytes.prefix(100)), mode: 0o600)
    let mistaken = try LoopbackServer { request in
      var reply = LoopbackServer.Reply.file(Self.bytes, for: request)
      if reply.status == 206 { reply.headers = [("Content-Range", "bytes 7-9/10")] }
      return reply
    }
    _ = try await downloads().fetch(addresses: [mistaken.address], digest: digest, name: "a")
    #expect(try files.read(path) == bytes)
  }

  @Test func whatIsRefusedForGoodIsNotTriedAgain() async throws {
    let server = try LoopbackServer { .init($0.target == "/a" ? 404 : 403, body: Array("no".utf8)) }
    let said = await complaint {
      _ = try await downloads().fetch(
        addresses: ["\(server.address)/a", "\(server.address)/b"], digest: digest, name: "a.zip")
    }
    #expect(
      said == [
        "can't download a.zip from \(server.address)/a: the server answered 404 Not Found"
          + "|the host does not have this file; another mirror may",
        "can't download a.zip from \(server.address)/b: the server answered 403 Forbidden"
          + "|see whether this address may be read from here, with these credentials",
      ])
    #expect(server.requests.count == 2)
    #expect(try files.list(folder) == [])
  }

  @Test func theNextAddressServesWhereOneDoesNot() async throws {
    let server = try LoopbackServer { $0.target == "/a" ? .init(404) : .file(Self.bytes, for: $0) }
    let path = try await downloads().fetch(
      addresses: ["\(server.address)/a", "\(server.address)/b"], digest: digest, name: "a")
    #expect(try files.read(path) == bytes)
  }

  @Test func aServerInTroubleIsAskedAgainAfterPauses() async throws {
    let server = try LoopbackServer { $0.index < 3 ? .init(500) : .file(Self.bytes, for: $0) }
    let start = clock.uptime()
    _ = try await downloads().fetch(addresses: [server.address], digest: digest, name: "a")
    #expect(server.requests.count == 4)
    #expect(clock.uptime() - start == 3_500_000_000)
  }

  @Test func aServerInTroubleForLongIsGivenUp() async throws {
    let server = try LoopbackServer { _ in .init(503) }
    let said = await complaint {
      _ = try await downloads().fetch(addresses: [server.address], digest: digest, name: "a")
    }
    #expect(server.requests.count == 4)
    #expect(said[0].contains("the server answered 503 Service Unavailable|try again later"))
  }

  @Test func retryAfterIsHonoured() async throws {
    let server = try LoopbackServer { request in
      switch request.index {
      case 0: .init(429, headers: [("Retry-After", "7")])
      case 1:
        .init(
          503,
          headers: [
            ("Date", "Fri, 20 Nov 2026 10:00:00 GMT"), ("Retry-After", "Fri, 20 Nov 2026 10:00:11 GMT"),
          ])
      default: .file(Self.bytes, for: request)
      }
    }
    let start = clock.uptime()
    _ = try await downloads().fetch(addresses: [server.address], digest: digest, name: "a")
    #expect(clock.uptime() - start == 18_000_000_000)
    let busy = try LoopbackServer { _ in .init(429, headers: [("Retry-After", "3600")]) }
    _ = await complaint {
      _ = try await downloads().document(addresses: [busy.address])
    }
    #expect(busy.requests.count == 1)
  }

  @Test func aWrongDigestIsTriedOnceMoreAndReported() async throws {
    let server = try LoopbackServer { _ in .init(200, body: Array("something else".utf8)) }
    let said = await complaint {
      _ = try await downloads().fetch(
        addresses: ["\(server.address)/x.whl"], digest: digest, name: "x.whl")
    }
    let got = Digest(of: "something else")
    #expect(said.count == 1)
    #expect(
      said[0].hasPrefix(
        "can't download x.whl from \(server.address)/x.whl: "
          + "its SHA-256 is \(got) (14 bytes), where \(digest) is pinned|"))
    #expect(server.requests.count == 2)
    #expect(server.requests.last?.headers["cache-control"] == "no-cache")
    #expect(try files.list(folder) == [])
  }

  @Test func aSpoiledPartIsNoTrap() async throws {
    try files.createDirectories(folder)
    try files.create(folder.appending("\(digest.hex).part"), Array("rubbish".utf8), mode: 0o600)
    let server = try LoopbackServer { .file(Self.bytes, for: $0) }
    let path = try await downloads().fetch(addresses: [server.address], digest: digest, name: "a")
    #expect(try files.read(path) == bytes)
    #expect(server.requests.map { $0.headers["range"] } == ["bytes=7-", nil])
  }

  @Test func aTrickleIsEndedAndTriedAgain() async throws {
    let server = try LoopbackServer { request in
      var reply = LoopbackServer.Reply.file(Self.bytes, for: request)
      if request.index == 0 { reply.trickle = (10, 0.02) }
      return reply
    }
    let path = try await downloads {
      $0.slowWindow = 0.1
      $0.slowestRate = 10_000
    }.fetch(
      addresses: [server.address], digest: digest, name: "a")
    #expect(try files.read(path) == bytes)
    #expect(server.requests.count == 2)
    #expect(server.requests.last?.rangeStart ?? 0 > 0)
  }

  @Test func redirectsAreFollowedToAnEnd() async throws {
    let server = try LoopbackServer { request in
      switch request.target {
      case "/start": .init(302, headers: [("Location", "/next")], body: Array("moved".utf8))
      case "/next": .init(307, headers: [("Location", "end?token=secret")])
      case "/loop": .init(301, headers: [("Location", "/loop")])
      case "/file": .init(302, headers: [("Location", "file:///etc/hostname")])
      default: .file(Self.bytes, for: request)
      }
    }
    let path = try await downloads().fetch(
      addresses: ["http://me:word@127.0.0.1:\(server.port)/start"], digest: digest, name: "a")
    #expect(try files.read(path) == bytes)
    #expect(server.requests.map(\.target) == ["/start", "/next", "/end?token=secret"])
    #expect(server.requests.allSatisfy { $0.headers["authorization"] == "Basic bWU6d29yZA==" })
    let looping = await complaint {
      _ = try await downloads().document(addresses: ["\(server.address)/loop"])
    }
    #expect(looping[0].contains("it redirects more than 10 times"))
    let local = await complaint {
      _ = try await downloads().document(addresses: ["\(server.address)/file"])
    }
    #expect(local[0].contains("it redirects to file:///etc/hostname, which is not followed"))
  }

  @Test func credentialsStayAtHomeAndOutOfMessages() async throws {
    let other = try LoopbackServer { _ in .init(404) }
    let server = try LoopbackServer { _ in
      .init(302, headers: [("Location", "http://127.0.0.1:\(other.port)/x")])
    }
    let said = await complaint {
      _ = try await downloads().fetch(
        addresses: ["http://me:pass%20word@127.0.0.1:\(server.port)/x?key=hidden", "ftp://me:word@host/x"],
        digest: digest, name: "a")
    }
    #expect(other.requests.count == 1)
    #expect(other.requests[0].headers["authorization"] == nil)
    #expect(server.requests[0].headers["authorization"] == "Basic bWU6cGFzcyB3b3Jk")
    #expect(said[0].contains("http://***@127.0.0.1:\(server.port)/x?...: the server answered 404"))
    #expect(said[1].contains("ftp://***@host/x: this is no http, https or file address"))
    #expect(!said.joined().contains("word") && !said.joined().contains("hidden"))
  }

  @Test func severalAreDownloadedSideBySide() async throws {
    let server = try LoopbackServer { request in
      var reply = LoopbackServer.Reply(200, body: Array(request.target.utf8))
      reply.delay = 0.1
      return reply
    }
    let downloads = downloads { $0.atOnce = 4 }
    try await withThrowingTaskGroup(of: Void.self) { group in
      for i in 0..<8 {
        group.addTask {
          let path = try await downloads.fetch(
            addresses: ["\(server.address)/\(i)"], digest: Digest(of: "/\(i)"), name: "\(i)")
          #expect(try files.read(path) == Array("/\(i)".utf8))
        }
      }
      try await group.waitForAll()
    }
    #expect(server.requests.count == 8)
    #expect((2...4).contains(server.mostAtOnce))
  }

  @Test func theSameFileIsDownloadedOnceForAll() async throws {
    let server = try LoopbackServer { request in
      var reply = LoopbackServer.Reply.file(Self.bytes, for: request)
      reply.delay = 0.05
      return reply
    }
    let scratch = try ScratchFolder()
    let downloads = Downloads(host: scratch.host)
    try await withThrowingTaskGroup(of: Void.self) { group in
      for _ in 0..<3 {
        group.addTask {
          _ = try await downloads.fetch(addresses: [server.address], digest: Self.digest, name: "a")
        }
      }
      try await group.waitForAll()
    }
    #expect(server.requests.count == 1)
    #expect(try scratch.host.files.list(scratch.host.places.cache.appending("downloads")) == [digest.hex])
  }

  @Test func filesOfThisMachineAreCopiedAndChecked() async throws {
    try files.create("/tmp/with space", bytes, mode: 0o644)
    let downloads = downloads(offline: true)
    let path = try await downloads.fetch(
      addresses: ["file:///tmp/with%20space"], digest: digest, name: "a")
    #expect(try files.read(path) == bytes)
    #expect(
      try await downloads.document(addresses: ["file://localhost/tmp/with%20space"]).bytes == bytes)
    let said = await complaint {
      _ = try await downloads.fetch(
        addresses: ["file:///tmp/absent", "file:///tmp/with%20space"], digest: Digest(of: "b"), name: "b")
    }
    #expect(said[0] == "can't download b from file:///tmp/absent: there is no such file|")
    #expect(said[1].contains("its SHA-256 is \(digest)"))
  }

  @Test func offlineOnlyWhatIsHereServes() async throws {
    let server = try LoopbackServer { .file(Self.bytes, for: $0) }
    let said = await complaint {
      _ = try await downloads(offline: true).fetch(
        addresses: [server.address, server.address], digest: digest, name: "Python 3.13.5")
    }
    #expect(
      said == [
        "Python 3.13.5 is not on this machine, and this run is offline|run the same without --offline once"
      ])
    _ = try await downloads().fetch(addresses: [server.address], digest: digest, name: "a")
    _ = try await downloads(offline: true).fetch(addresses: [server.address], digest: digest, name: "a")
    #expect(server.requests.count == 1)
  }

  @Test func aHostThatCanNotBeReachedIsTriedTwiceAndThenLeftAlone() async throws {
    let closed = try LoopbackServer { _ in .init(200) }.address
    let downloads = downloads()
    let start = clock.uptime()
    for name in ["a", "b"] {
      let said = await complaint {
        _ = try await downloads.fetch(addresses: ["\(closed)/\(name)"], digest: digest, name: name)
      }
      #expect(said[0].hasPrefix("can't download \(name) from \(closed)/\(name): "))
      #expect(said[0].hasSuffix("|see whether this machine has a network, and whether it needs https_proxy"))
    }
    #expect(clock.uptime() - start == 500_000_000)
  }

  @Test func aProxyIsUsedExceptForHostsThatNeedNone() async throws {
    let proxy = try LoopbackServer { .init(200, body: Array($0.target.utf8)) }
    let address = "http://mirror.example/list"
    let environment = ["http_proxy": proxy.address]
    let document = try await downloads(environment: environment).document(addresses: [address])
    #expect(String(decoding: document.bytes, as: UTF8.self) == address)
    #expect(document.address == address)
    let direct = try LoopbackServer { _ in .init(200, body: [1]) }
    _ = try await downloads(environment: environment.merging(["no_proxy": "127.0.0.1"]) { $1 })
      .document(addresses: [direct.address])
    #expect(direct.requests.count == 1)
    #expect(proxy.requests.count == 1)
  }

  @Test func aProxyThatRefusesIsSaidSo() async throws {
    let proxy = try LoopbackServer { .init($0.target.hasPrefix("a.") ? 407 : 403) }
    let downloads = downloads(environment: ["https_proxy": "http://me:word@127.0.0.1:\(proxy.port)"])
    let said = await complaint {
      _ = try await downloads.document(addresses: ["https://a.example/x", "https://b.example/x"])
    }
    #expect(
      said == [
        "can't read https://a.example/x: the proxy answered 407 Proxy Authentication Required"
          + "|it does not take the name and the password that https_proxy has; in the name "
          + "and the password of a proxy, write %40 for an @, %3A for a colon, %2F for a slash and %25 for a %",
        "can't read https://b.example/x: the proxy answered 403 Forbidden"
          + "|see whether the proxy lets this host through, or name the host in no_proxy",
      ])
    #expect(proxy.requests.map(\.method) == ["CONNECT", "CONNECT"])
  }

  @Test func documentsHaveALimit() async throws {
    let server = try LoopbackServer { request in
      var reply = LoopbackServer.Reply(200, body: [UInt8](repeating: 65, count: 1000))
      reply.isEndless = request.target == "/endless"
      if request.target == "/nonsense" { reply.length = "many" }
      return reply
    }
    let downloads = downloads()
    #expect(
      try await downloads.document(addresses: ["\(server.address)/"], limit: 1000).bytes.count == 1000)
    for target in ["/", "/endless"] {
      let said = await complaint {
        _ = try await downloads.document(addresses: [server.address + target], limit: 999)
      }
      #expect(
        said[0].hasPrefix("can't read \(server.address)\(target): it is longer than the 999 bytes"))
    }
    let said = await complaint {
      _ = try await downloads.document(addresses: ["\(server.address)/nonsense"], limit: 999)
    }
    #expect(said[0].contains("/nonsense: "))
  }

  @Test func anEndlessFileIsEnded() async throws {
    let server = try LoopbackServer { _ in
      var reply = LoopbackServer.Reply(200, body: [UInt8](repeating: 65, count: 1000))
      reply.isEndless = true
      return reply
    }
    let said = await complaint {
      _ = try await downloads { $0.largestFile = 100_000 }.fetch(
        addresses: [server.address], digest: digest, name: "a")
    }
    #expect(said[0].contains("it is longer than the 100000 bytes that are accepted"))
    #expect(server.requests.count == 1)
  }

  /// Half of the file never comes: who waits for the end of a transfer that is cancelled waits for ever.
  @Test(.timeLimit(.minutes(15))) func cancellationEndsATransferAtOnce() async throws {
    let server = try LoopbackServer { request in
      var reply = LoopbackServer.Reply.file(Self.bytes, for: request)
      reply.holdAfter = Self.bytes.count / 2
      return reply
    }
    let downloads = downloads()
    let task = Task {
      try await downloads.fetch(addresses: [server.address], digest: Self.digest, name: "a")
    }
    while server.requests.isEmpty { await Task.yield() }
    #expect(server.abandoned == 0)
    task.cancel()
    await #expect(throws: CancellationError.self) { try await task.value }
    while server.abandoned == 0 { try await Task.sleep(for: .milliseconds(2)) }
    #expect(server.requests.count == 1)
  }

  @Test func manyThatAreCancelledLeaveTheOthersAlone() async throws {
    let server = try LoopbackServer { request in
      var reply = LoopbackServer.Reply(200, body: Array(request.target.utf8))
      reply.delay = 0.02
      return reply
    }
    let downloads = downloads()
    let tasks = (0..<40).map { i in
      Task { try await downloads.document(addresses: ["\(server.address)/\(i)"]).bytes }
    }
    for i in stride(from: 0, to: 40, by: 2) { tasks[i].cancel() }
    for (i, task) in tasks.enumerated() {
      if i.isMultiple(of: 2) {
        // It may have been quicker than its end.
        if case .success(let bytes) = await task.result { #expect(bytes == Array("/\(i)".utf8)) }
      } else {
        #expect(try await task.value == Array("/\(i)".utf8))
      }
    }
  }

  @Test func aFullDiskIsSaidSo() async throws {
    let server = try LoopbackServer { _ in .init(200, body: Self.bytes) }
    try files.createDirectories(folder)
    // The lock and the part are made first.
    files.fail(at: files.operations + 3, with: .noSpace)
    let said = await complaint {
      _ = try await downloads().fetch(addresses: [server.address], digest: digest, name: "a")
    }
    #expect(said[0].hasPrefix("a download can't be kept: can't append to "))
    #expect(said[0].hasSuffix("|free some space; `outfit gc` removes what nothing needs any more"))
  }
}

/// Keeps what was told.
final class RecordingProgress: Progress {
  private let state = Mutex((bytes: Int64(0), total: Int64?.none, steps: [String]()))
  var lastBytes: Int64 { state.withLock { $0.bytes } }
  var lastTotal: Int64? { state.withLock { $0.total } }
  var steps: [String] { state.withLock { $0.steps } }
  func started(id: String, label: String) {}
  func bytes(id: String, done: Int64, total: Int64?) {
    state.withLock { ($0.bytes, $0.total) = (done, total) }
  }
  func step(id: String, text: String) { state.withLock { $0.steps.append(text) } }
  func finished(id: String) {}
  func failed(id: String, reason: String) {}
  func note(_ text: String) {}
}
