import OutfitCore
import OutfitSystem
import Synchronization
import SystemPackage

/// Downloads into Outfit's cache: side by side, resumed, tried again, and checked while they stream.
///
/// A complete file is `downloads/<digest>` in the cache, an incomplete one `<digest>.part`, which this run or
/// a later one goes on with. libcurl is opened when the first byte is asked for over http or https.
public final class Downloads: Fetching {
  private let host: Host
  private let isOffline: Bool
  private let settings: Settings
  private let transfers: Transfers
  private let route: Route
  private let unreachable = Unreachable()

  /// How patient it is. The defaults are for people; tests are in a hurry.
  public struct Settings: Sendable {
    /// Tries of one address that bring nothing new before it is given up.
    public var tries = 4
    /// Seconds before the second try; doubled for each that follows.
    public var firstPause = 0.5
    /// Seconds.
    public var longestPause = 20.0
    /// Seconds that a server may ask to wait (`Retry-After`) without being given up.
    public var longestRetryAfter = 60.0
    /// A factor from 0 to 1 for every pause, so that many machines don't come back at the same moment.
    public var jitter: @Sendable () -> Double = { Double.random(in: 0.5...1) }
    /// Seconds.
    public var connectTimeout = 15.0
    /// Bytes in a second: what brings less for `slowWindow` is ended, and tried again.
    public var slowestRate = 1024.0
    /// Seconds.
    public var slowWindow = 30.0
    public var redirects = 10
    public var atOnce = 6
    /// Seconds after which the rest of a file is asked for in several ranges at once, where the server has them.
    public var splitAfter = 1.0
    /// Bytes that must be missing then.
    public var splitLeast: Int64 = 16 << 20
    /// Transfers of one file at once.
    public var ranges = 4
    /// Bytes.
    public var largestFile: Int64 = 8 << 30

    public init() {}
  }

  /// - Parameters:
  ///   - libraries: the folder of a libcurl that was shipped with Outfit, tried before the system's.
  ///   - isOffline: only the cache and file addresses are read.
  public init(
    host: Host, libraries: FilePath? = nil, isOffline: Bool = false, settings: Settings = Settings()
  ) {
    self.host = host
    self.isOffline = isOffline
    self.settings = settings
    route = Route(host: host)
    transfers = Transfers(
      Transfers.Settings(
        userAgent: "outfit/\(Release.version)", route: route,
        libraries: Transfers.libraries(host.platform, shipped: libraries),
        atOnce: settings.atOnce, connectTimeout: settings.connectTimeout,
        slowestRate: settings.slowestRate, slowWindow: settings.slowWindow))
  }

  private var folder: FilePath { host.places.cache.appending("downloads") }

  // MARK: - Files

  public func fetch(
    addresses: [String], digest: Digest, name: String, following: (any Following)?, progress: any Progress,
    id: String
  ) async throws -> FilePath {
    let path = folder.appending(digest.hex)
    if try isComplete(path, digest, following) { return path }
    try host.files.createDirectories(folder, mode: 0o700)
    let lockPath = folder.appending("\(digest.hex).lock")
    let lock = try await waitForLock(lockPath, progress, id)
    defer {
      withExtendedLifetime(lock) { try? host.files.remove(lockPath) }
    }
    if try isComplete(path, digest, following) { return path }
    let part = try PartFile(
      folder.appending("\(digest.hex).part"), files: host.files, limit: settings.largestFile,
      splitting: Splitting(
        after: settings.splitAfter, least: settings.splitLeast, ranges: settings.ranges),
      following: following,
      report: { progress.bytes(id: id, done: $0, total: $1) })
    do {
      try await fill(part, addresses, digest, name) { progress.step(id: id, text: $0) }
    } catch {
      if case .file(let fileError) = part.settle() { throw explain(fileError) }
      if part.size == 0 { part.remove() }
      throw error
    }
    try part.move(to: path)
    return path
  }

  public func locate(addresses: [String], digest: Digest, name: String) async throws {
    if host.files.exists(folder.appending(digest.hex)) { return }
    var refusals: [Refusal] = []
    for text in addresses {
      switch check(text) {
      case .failure(let refusal): refusals.append(refusal)
      case .success(let address):
        if let refusal = try await probe(address) { refusals.append(refusal) } else { return }
      }
    }
    throw failure(name, refusals)
  }

  /// Nil when the address has something.
  private func probe(_ address: Address) async throws -> Refusal? {
    if address.scheme == .file {
      let path = FilePath(address.filePath)
      let status = try? host.files.status(path, followLinks: true)
      return status?.kind == .file ? nil : .noFile(address)
    }
    if unreachable.contains(address) { return .unreached(address) }
    var pauses = Pauses(settings)
    while true {
      let peek = Peek()
      let result = try await attempt(address, ["Range: bytes=0-0"], peek)
      guard case .refused(let refusal) = result, !peek.hasBegun else { return nil }
      guard let pause = pauses.next(after: refusal, progressed: false, unreachable) else { return refusal }
      try await host.clock.sleep(seconds: pause)
    }
  }

  /// True when the file is there with this digest; a file with another one is removed.
  private func isComplete(_ path: FilePath, _ digest: Digest, _ following: (any Following)?) throws -> Bool {
    guard let status = try host.files.status(path, followLinks: false) else { return false }
    following?.grew(path, to: status.size)
    var running = Digest.Running()
    var offset: Int64 = 0
    while true {
      let piece = try host.files.read(path, from: offset, count: pieceSize)
      if piece.isEmpty { break }
      running.update(piece)
      offset += Int64(piece.count)
    }
    if running.finish() == digest { return true }
    following?.restarted()
    try host.files.remove(path)
    return false
  }

  /// Waits for another download of the same file, here or in another process.
  private func waitForLock(_ path: FilePath, _ progress: any Progress, _ id: String) async throws -> FileLock
  {
    var isFirst = true
    while true {
      if let lock = try host.files.tryLock(path) { return lock }
      if isFirst { progress.step(id: id, text: "waiting for the same download") }
      isFirst = false
      try await host.clock.sleep(seconds: 0.1)
    }
  }

  /// Completes the part from the first address that can.
  private func fill(
    _ part: PartFile, _ addresses: [String], _ digest: Digest, _ name: String,
    _ step: (String) -> Void
  ) async throws {
    if part.digest == digest { return }
    var refusals: [Refusal] = []
    for text in addresses {
      switch check(text) {
      case .failure(let refusal): refusals.append(refusal)
      case .success(let address):
        if let refusal = try await fill(part, from: address, digest, step) {
          refusals.append(refusal)
        } else {
          return
        }
      }
    }
    throw failure(name, refusals)
  }

  /// Nil when the part is complete.
  private func fill(
    _ part: PartFile, from address: Address, _ digest: Digest, _ step: (String) -> Void
  ) async throws -> Refusal? {
    var pauses = Pauses(settings)
    var isFresh = false
    let ranges = RangeParts()
    defer { ranges.end() }
    part.split { self.start($0, ranges, part, address) }
    while true {
      let before = part.size
      var result: Attempt
      var goesOnAlone = false
      if address.scheme == .file {
        result = try await copy(address, to: part)
      } else {
        let headers = part.headers(for: address) + (isFresh ? ["Cache-Control: no-cache"] : [])
        result = try await attempt(address, headers, part)
        if part.isAtBorder {
          part.split(nil)
          goesOnAlone = try await !ranges.append(to: part)
          ranges.end()
          result = .whole
        }
      }
      if case .file(let error) = part.settle() { throw explain(error) }
      if goesOnAlone { continue }
      switch result {
      case .whole:
        let got = part.digest
        if got == digest { return nil }
        let size = part.size
        ranges.end()
        part.split(nil)
        try part.discard()
        if isFresh || (address.scheme == .file && before == 0) {
          return .digest(address, expected: digest, got: got, size: size)
        }
        isFresh = true
        step("the digest is wrong; downloading again")
      case .refused(let refusal):
        guard let pause = pauses.next(after: refusal, progressed: part.size > before, unreachable)
        else { return refusal }
        if case .fromTheStart = refusal.persistence { try part.discard() }
        if pause > 0 {
          step("\(refusal.reason); trying again in \(Pauses.text(pause))")
          try await host.clock.sleep(seconds: pause)
        }
      }
    }
  }

  /// Has others bring what is far from what came so far. Called on libcurl's thread.
  private func start(_ split: PartFile.Split, _ ranges: RangeParts, _ part: PartFile, _ address: Address) {
    ranges.end()
    let made = try? split.ranges.enumerated().map { i, range in
      try RangePart(
        part.pathOfRange(i + 1), files: host.files, range: range, total: split.total,
        validator: split.validator, report: { part.came(elsewhere: $0) })
    }
    ranges.start(made ?? []) { [self] range in
      var pauses = Pauses(settings)
      while !range.isWhole {
        let before = range.size
        guard let result = try? await attempt(address, range.headers, range), range.settle() == nil else {
          return false
        }
        guard case .refused(let refusal) = result else { break }
        // A server that sends something else once is not asked for ranges again.
        if case .fromTheStart = refusal.persistence { return false }
        guard let pause = pauses.next(after: refusal, progressed: range.size > before, unreachable),
          (try? await host.clock.sleep(seconds: pause)) != nil
        else { return false }
      }
      return range.isWhole
    }
  }

  /// Copies a file of this machine.
  private func copy(_ address: Address, to part: PartFile) async throws -> Attempt {
    let path = FilePath(address.filePath)
    do {
      guard let status = try host.files.status(path, followLinks: true), status.kind == .file else {
        return .refused(.noFile(address))
      }
      try part.discard()
      guard part.begin(Response(status: 200, headers: [("content-length", "\(status.size)")])) else {
        return try .refused(stopped(address, part))
      }
      var offset: Int64 = 0
      while true {
        let piece = try host.files.read(path, from: offset, count: pieceSize)
        if piece.isEmpty { return .whole }
        guard piece.withUnsafeBytes(part.receive) else { return try .refused(stopped(address, part)) }
        offset += Int64(piece.count)
        try Task.checkCancellation()
      }
    } catch let error as FileError {
      return .refused(.unreadable(address, error))
    }
  }

  // MARK: - Documents

  public func document(addresses: [String], limit: Int) async throws -> Document {
    var refusals: [Refusal] = []
    for text in addresses {
      switch check(text) {
      case .failure(let refusal): refusals.append(refusal)
      case .success(let address):
        switch try await page(address, limit: limit) {
        case .success(let bytes): return Document(bytes: bytes, address: text)
        case .failure(let refusal): refusals.append(refusal)
        }
      }
    }
    throw failure(nil, refusals)
  }

  private func page(_ address: Address, limit: Int) async throws -> Result<[UInt8], Refusal> {
    if address.scheme == .file {
      let path = FilePath(address.filePath)
      do throws(FileError) {
        guard try host.files.status(path, followLinks: true)?.kind == .file else {
          return .failure(.noFile(address))
        }
        let bytes = try host.files.read(path, from: 0, count: limit + 1)
        return bytes.count > limit ? .failure(.tooLong(address, Int64(limit))) : .success(bytes)
      } catch {
        return .failure(.unreadable(address, error))
      }
    }
    var pauses = Pauses(settings)
    while true {
      let page = Page(limit: limit)
      // A simple repository of packages says more in JSON (PEP 691, PEP 700).
      let headers =
        "\(address)".hasSuffix("/") ? ["Accept: application/vnd.pypi.simple.v1+json, */*;q=0.1"] : []
      switch try await attempt(address, headers, page) {
      case .whole: return .success(page.bytes)
      case .refused(let refusal):
        guard let pause = pauses.next(after: refusal, progressed: false, unreachable) else {
          return .failure(refusal)
        }
        try await host.clock.sleep(seconds: pause)
      }
    }
  }

  // MARK: - One try

  private enum Attempt {
    case whole
    case refused(Refusal)
  }

  private func check(_ text: String) -> Result<Address, Refusal> {
    guard let address = Address(text) else { return .failure(.noAddress(text)) }
    if isOffline, address.scheme != .file { return .failure(.offline(address)) }
    return .success(address)
  }

  /// Asks once, and follows where the server sends to.
  private func attempt(
    _ address: Address, _ headers: [String], _ receiver: any Receiver
  ) async throws -> Attempt {
    var target = address
    for _ in 0...settings.redirects {
      try Task.checkCancellation()
      let outcome = await transfers.run(
        Transfer(address: target, headers: headers, receiver: receiver))
      if case .cancelled = outcome.trouble { throw CancellationError() }
      guard let response = outcome.response, !(200...299).contains(response.status) || response.status == 204
      else {
        guard let trouble = outcome.trouble else {
          unreachable.remove(address)
          return .whole
        }
        return .refused(try refusal(address, trouble, receiver))
      }
      guard (300...399).contains(response.status), let next = response.redirect else {
        return .refused(.status(address, response))
      }
      guard let hop = target.following(next) else {
        return .refused(.badRedirect(address, to: Address.masked(next)))
      }
      target = hop
    }
    return .refused(.tooManyRedirects(address, settings.redirects))
  }

  private func refusal(
    _ address: Address, _ trouble: Outcome.Trouble, _ receiver: any Receiver
  ) throws -> Refusal {
    switch trouble {
    case .noLibrary(let reason): throw missingLibrary(reason)
    case .cancelled: throw CancellationError()
    case .proxy(let status): return .proxy(address, status, route)
    case .slow: return .slow(address, settings.slowestRate, settings.slowWindow)
    case .curl(let code, let text): return .curl(address, code, text, route)
    case .stopped: return try stopped(address, receiver)
    }
  }

  private func stopped(_ address: Address, _ receiver: any Receiver) throws -> Refusal {
    switch receiver.settle() {
    case .file(let error): throw explain(error)
    case .tooLong(let limit): return .tooLong(address, limit)
    case .wrongRange, nil: return .wrongRange(address)
    }
  }
}

/// Hosts that could not be reached in this run: they are not tried again and again for every file.
final class Unreachable: Sendable {
  private let origins = Mutex<Set<String>>([])
  func contains(_ address: Address) -> Bool { origins.withLock { $0.contains(address.origin) } }
  func insert(_ address: Address) { origins.withLock { _ = $0.insert(address.origin) } }
  func remove(_ address: Address) { origins.withLock { _ = $0.remove(address.origin) } }
}
