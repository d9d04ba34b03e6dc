import CCurl
import OutfitCore
import Synchronization
import SystemPackage

/// Runs transfers side by side with libcurl, on one thread of its own that lives while there are any.
///
/// libcurl is opened when the first one starts.
final class Transfers: Sendable {
  struct Settings: Sendable {
    var userAgent: String
    var route: Route
    /// Tried in this order: paths, or names for the dynamic linker.
    var libraries: [String]
    var atOnce: Int
    /// Seconds.
    var connectTimeout: Double
    /// A transfer that brings less than this many bytes in each second of a window is given up.
    var slowestRate: Double
    /// Seconds.
    var slowWindow: Double
  }

  private let settings: Settings
  private let state = Mutex(State())

  private struct State {
    var nextIdentifier: UInt64 = 0
    var arrivals: [Submission] = []
    var cancelled: Set<UInt64> = []
    var threadRuns = false
    var multi: Pointer?
  }

  fileprivate struct Submission: Sendable {
    let identifier: UInt64
    let transfer: Transfer
    let continuation: CheckedContinuation<Outcome, Never>
  }

  /// libcurl's multi handle: used by the thread, and by others only to wake it.
  private struct Pointer: @unchecked Sendable { let raw: UnsafeMutableRawPointer }

  init(_ settings: Settings) { self.settings = settings }

  /// Where libcurl is looked for: in the folder of one that was shipped with Outfit, then among the system's.
  static func libraries(_ platform: Platform, shipped: FilePath?) -> [String] {
    let names =
      platform.system == .macos
      ? ["libcurl.4.dylib", "/usr/lib/libcurl.4.dylib"] : ["libcurl.so.4", "libcurl-gnutls.so.4"]
    return (shipped.map { [$0.appending(names[0]).string] } ?? []) + names
  }

  deinit {
    if let multi = state.withLock({ $0.multi }) { ccurl_multi_cleanup(multi.raw) }
  }

  /// Runs one transfer to its end; when the task is cancelled, that is at once.
  func run(_ transfer: Transfer) async -> Outcome {
    let identifier = state.withLock { state in
      state.nextIdentifier += 1
      return state.nextIdentifier
    }
    return await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        submit(Submission(identifier: identifier, transfer: transfer, continuation: continuation))
      }
    } onCancel: {
      state.withLock { state in
        _ = state.cancelled.insert(identifier)
        if let multi = state.multi { ccurl_multi_wake(multi.raw) }
      }
    }
  }

  private func submit(_ submission: Submission) {
    let mustStart = state.withLock { state in
      state.arrivals.append(submission)
      if let multi = state.multi { ccurl_multi_wake(multi.raw) }
      defer { state.threadRuns = true }
      return !state.threadRuns
    }
    guard mustStart else { return }
    let context = Unmanaged.passRetained(self).toOpaque()
    let status = ccurl_thread(
      { context in
        guard let context else { return }
        Unmanaged<Transfers>.fromOpaque(context).takeRetainedValue().work()
      }, context)
    if status != 0 {
      Unmanaged<Transfers>.fromOpaque(context).release()
      abandon("no thread can be started (error \(status))")
    }
  }

  /// Ends everything that waits, when there is nothing to run it with.
  private func abandon(_ reason: String) {
    let left = state.withLock { state in
      state.threadRuns = false
      defer { state.arrivals = [] }
      return state.arrivals
    }
    for submission in left {
      submission.continuation.resume(returning: Outcome(trouble: .noLibrary(reason)))
    }
  }

  // MARK: - On the thread

  private func work() {
    let multi: UnsafeMutableRawPointer
    if let present = state.withLock({ $0.multi }) {
      multi = present.raw
    } else {
      if let reason = open() { return abandon(reason) }
      guard let made = ccurl_multi_init() else { return abandon("it has no memory") }
      let pointer = Pointer(raw: made)
      state.withLock { $0.multi = pointer }
      multi = made
    }
    var waiting: [Submission] = []
    var active: [UnsafeMutableRawPointer: Running] = [:]
    while true {
      let (arrivals, cancelled, isDone) = state.withLock { state in
        defer { state.arrivals = [] }
        let known = Set((waiting + state.arrivals).map(\.identifier)).union(
          active.values.map(\.submission.identifier))
        let cancelled = state.cancelled.intersection(known)
        state.cancelled.subtract(cancelled)
        let isDone = known.isEmpty
        if isDone { state.threadRuns = false }
        return (state.arrivals, cancelled, isDone)
      }
      if isDone { return }
      waiting += arrivals
      if !cancelled.isEmpty {
        for submission in waiting where cancelled.contains(submission.identifier) {
          submission.continuation.resume(returning: Outcome(trouble: .cancelled))
        }
        waiting.removeAll { cancelled.contains($0.identifier) }
        for running in active.values where cancelled.contains(running.submission.identifier) {
          end(running, .cancelled, multi, &active)
        }
      }
      while active.count < settings.atOnce, !waiting.isEmpty {
        let running = Running(waiting.removeFirst(), settings)
        guard let running, ccurl_multi_add(multi, running.easy) == CURLM_OK else { continue }
        active[running.easy] = running
      }
      var count: Int32 = 0
      ccurl_multi_perform(multi, &count)
      var code = CURLE_OK
      while let easy = ccurl_multi_finished(multi, &code) {
        guard let running = active[easy] else { continue }
        end(running, running.trouble(code), multi, &active)
      }
      let now = ContinuousClock.now
      for running in active.values where running.isTooSlow(now, settings) {
        end(running, .slow, multi, &active)
      }
      if !active.isEmpty, waiting.isEmpty || active.count >= settings.atOnce {
        ccurl_multi_wait(multi, Int32(min(500, max(5, settings.slowWindow * 250))))
      }
    }
  }

  private func end(
    _ running: Running, _ trouble: Outcome.Trouble?, _ multi: UnsafeMutableRawPointer,
    _ active: inout [UnsafeMutableRawPointer: Running]
  ) {
    active[running.easy] = nil
    // First of all: taking it out may wait for a name that is being resolved.
    running.submission.continuation.resume(returning: running.outcome(trouble))
    ccurl_multi_remove(multi, running.easy)
  }

  /// Nil when libcurl is open, else why it is not.
  private func open() -> String? {
    var reasons: [String] = []
    for library in settings.libraries {
      var reason = [CChar](repeating: 0, count: 512)
      if ccurl_open(library, &reason, reason.count) == 0 { return nil }
      let bytes = reason.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
      reasons.append(String(decoding: bytes, as: UTF8.self))
    }
    return reasons.joined(separator: "; ")
  }
}

/// A transfer that libcurl works on. Used on its thread only.
private final class Running {
  let submission: Transfers.Submission
  let easy: UnsafeMutableRawPointer
  private let headerList: UnsafeMutablePointer<curl_slist>?
  private let errorText: UnsafeMutablePointer<CChar>
  private var response: Response?
  private var hasBegun = false
  private var wasStopped = false
  /// Bytes of an answer that nobody wants.
  private var dropped = 0
  private var windowStart = ContinuousClock.now
  private var windowBytes = 0

  init?(_ submission: Transfers.Submission, _ settings: Transfers.Settings) {
    guard let easy = ccurl_easy_init() else {
      submission.continuation.resume(returning: Outcome(trouble: .noLibrary("it has no memory")))
      return nil
    }
    self.submission = submission
    self.easy = easy
    errorText = .allocate(capacity: Int(CURL_ERROR_SIZE))
    errorText.initialize(repeating: 0, count: Int(CURL_ERROR_SIZE))
    let transfer = submission.transfer
    headerList = transfer.headers.reduce(nil) { ccurl_list_append($0, $1) }
    let address = transfer.address
    let route = settings.route
    ccurl_set_long(easy, CURLOPT_NOSIGNAL, 1)
    ccurl_set_pointer(easy, CURLOPT_ERRORBUFFER, errorText)
    ccurl_set_text(easy, CURLOPT_URL, address.plain)
    ccurl_set_text(easy, CURLOPT_USERAGENT, settings.userAgent)
    ccurl_set_text(easy, CURLOPT_PROXY, route.proxy(address.scheme))
    ccurl_set_text(easy, CURLOPT_NOPROXY, route.noProxy)
    ccurl_set_long(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1)
    ccurl_set_long(easy, CURLOPT_CONNECTTIMEOUT_MS, Int(settings.connectTimeout * 1000))
    ccurl_set_long(easy, CURLOPT_BUFFERSIZE, 256 << 10)
    ccurl_set_headers(easy, headerList)
    if let user = address.user {
      ccurl_set_text(easy, CURLOPT_USERNAME, user)
      ccurl_set_text(easy, CURLOPT_PASSWORD, address.password ?? "")
    } else {
      ccurl_set_long(easy, CURLOPT_NETRC, Int(CURL_NETRC_OPTIONAL.rawValue))
      ccurl_set_text(easy, CURLOPT_NETRC_FILE, route.netrc)
    }
    if let file = route.authoritiesFile {
      ccurl_set_text(easy, CURLOPT_CAINFO, file)
      ccurl_set_text(easy, CURLOPT_PROXY_CAINFO, file)
    }
    if let folder = route.authoritiesFolder { ccurl_set_text(easy, CURLOPT_CAPATH, folder) }
    let context = Unmanaged.passUnretained(self).toOpaque()
    ccurl_set_header(
      easy,
      { bytes, size, count, context in
        guard let bytes, let context else { return 0 }
        let line = UnsafeRawBufferPointer(start: bytes, count: size * count)
        Unmanaged<Running>.fromOpaque(context).takeUnretainedValue().header(line)
        return size * count
      }, context)
    ccurl_set_body(
      easy,
      { bytes, size, count, context in
        guard let bytes, let context else { return 0 }
        let body = UnsafeRawBufferPointer(start: bytes, count: size * count)
        let goesOn = Unmanaged<Running>.fromOpaque(context).takeUnretainedValue().body(body)
        // Anything but the number of bytes ends the transfer, also for an empty piece.
        return goesOn ? size * count : size * count + 1
      }, context)
  }

  deinit {
    ccurl_easy_cleanup(easy)
    ccurl_list_free(headerList)
    errorText.deallocate()
  }

  private func header(_ bytes: UnsafeRawBufferPointer) {
    var line = Substring(String(decoding: bytes, as: UTF8.self))
    while let last = line.last, last.isNewline || last == " " { line = line.dropLast() }
    if line.hasPrefix("HTTP/") {
      let status = line.split(separator: " ").dropFirst().first.flatMap { Int($0) }
      response = Response(status: status ?? 0)
    } else if let colon = line.firstIndex(of: ":") {
      let value = line[line.index(after: colon)...].drop { $0 == " " || $0 == "\t" }
      response?.headers.append((line[..<colon].lowercased(), String(value)))
    }
  }

  private func body(_ bytes: UnsafeRawBufferPointer) -> Bool {
    windowBytes += bytes.count
    guard let response, (200...299).contains(response.status) else {
      dropped += bytes.count
      return dropped < 64 << 10
    }
    let receiver = submission.transfer.receiver
    if !hasBegun {
      hasBegun = true
      if !receiver.begin(response) {
        wasStopped = true
        return false
      }
    }
    wasStopped = !receiver.receive(bytes)
    return !wasStopped
  }

  func isTooSlow(_ now: ContinuousClock.Instant, _ settings: Transfers.Settings) -> Bool {
    guard now - windowStart >= .seconds(settings.slowWindow) else { return false }
    let isTooSlow = Double(windowBytes) < settings.slowestRate * settings.slowWindow
    windowStart = now
    windowBytes = 0
    return isTooSlow
  }

  func trouble(_ code: CURLcode) -> Outcome.Trouble? {
    if code == CURLE_OK { return nil }
    if wasStopped { return .stopped }
    var proxyStatus = 0
    ccurl_get_long(easy, CURLINFO_HTTP_CONNECTCODE, &proxyStatus)
    if proxyStatus >= 400 { return .proxy(proxyStatus) }
    var text = String(cString: errorText)
    if text.isEmpty, let general = ccurl_error_text(code) { text = String(cString: general) }
    return .curl(code.rawValue, text)
  }

  func outcome(_ trouble: Outcome.Trouble?) -> Outcome {
    var target: UnsafePointer<CChar>?
    ccurl_get_text(easy, CURLINFO_REDIRECT_URL, &target)
    response?.redirect = target.map { String(cString: $0) }
    return Outcome(response: response, trouble: trouble)
  }
}
