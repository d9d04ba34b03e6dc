import CCurl
import OutfitCore
import OutfitSystem

/// Why one address did not serve, for a person, and whether it may later.
struct Refusal: Error {
  enum Persistence {
    /// Another try would end the same.
    case forGood
    /// The host was not reached at all.
    case unreachable(Address)
    /// It may pass; `after` are the seconds that the server asked for.
    case passing(after: Double?)
    /// What came before can't be gone on with: once more from the start.
    case fromTheStart
    /// The network was not to be used.
    case offline
  }

  /// Without credentials.
  var address: String
  /// A clause: `the server answered 404 Not Found`.
  var reason: String
  var hint: String?
  var persistence = Persistence.forGood
  var kind: Diagnostic.Reason?

  /// - Parameter name: what was to be downloaded; nil for a document, which is named by its address.
  func diagnostic(_ name: String?) -> Diagnostic {
    let what = name.map { "can't download \($0) from \(address)" } ?? "can't read \(address)"
    return Diagnostic(.error, "\(what): \(reason)", hint: hint, reason: kind)
  }
}

/// The failure of all addresses together.
func failure(_ name: String?, _ refusals: [Refusal]) -> Failure {
  let what = name ?? refusals.first?.address ?? "a document"
  if refusals.isEmpty {
    return Failure("no address is known for \(what)", hint: "a `mirror:` or OUTFIT_MIRROR can name one")
  }
  let isOffline = refusals.contains { if case .offline = $0.persistence { true } else { false } }
  let others = refusals.filter { if case .offline = $0.persistence { false } else { true } }
  var diagnostics = others.map { $0.diagnostic(name) }
  if isOffline {
    diagnostics.append(
      Diagnostic(
        .error, "\(what) is not on this machine, and this run is offline",
        hint: "run the same without --offline once", reason: .offline))
  }
  return Failure(diagnostics)
}

func missingLibrary(_ reason: String) -> Failure {
  Failure(
    "downloads need libcurl, and it can't be opened: \(reason)",
    hint: "install it: `apt-get install libcurl4` (Debian, Ubuntu), `dnf install libcurl` (Fedora), "
      + "`apk add libcurl` (Alpine)")
}

func explain(_ error: FileError) -> Failure {
  let hint =
    error.isFull
    ? "free some space; `outfit gc` removes what nothing needs any more" : nil
  return Failure("a download can't be kept: \(error)", hint: hint)
}

extension Refusal {
  static func noAddress(_ text: String) -> Refusal {
    Refusal(
      address: Address.masked(text), reason: "this is no http, https or file address",
      hint: "write it as https://host/path or file:///path")
  }

  static func offline(_ address: Address) -> Refusal {
    Refusal(
      address: "\(address)", reason: "this run is offline", persistence: .offline,
      kind: .offline)
  }

  static func unreached(_ address: Address) -> Refusal {
    Refusal(
      address: "\(address)", reason: "its host could not be reached", persistence: .unreachable(address),
      kind: .unreachable)
  }

  static func noFile(_ address: Address) -> Refusal {
    Refusal(address: "\(address)", reason: "there is no such file")
  }

  static func unreadable(_ address: Address, _ error: FileError) -> Refusal {
    Refusal(address: "\(address)", reason: "\(error)")
  }

  static func slow(_ address: Address, _ rate: Double, _ window: Double) -> Refusal {
    Refusal(
      address: "\(address)",
      reason: "less than \(Int(rate)) bytes per second came for \(Pauses.text(window))",
      hint: "what came is kept: the same command goes on with it", persistence: .passing(after: nil))
  }

  static func tooLong(_ address: Address, _ limit: Int64) -> Refusal {
    Refusal(
      address: "\(address)", reason: "it is longer than the \(limit) bytes that are accepted",
      hint: "see whether the address is the right one")
  }

  static func wrongRange(_ address: Address) -> Refusal {
    Refusal(
      address: "\(address)", reason: "the server sent another part of the file than was asked for",
      persistence: .fromTheStart)
  }

  static func badRedirect(_ address: Address, to target: String) -> Refusal {
    Refusal(
      address: "\(address)", reason: "it redirects to \(target), which is not followed",
      hint: "https may lead to https only, and http to http or https")
  }

  static func tooManyRedirects(_ address: Address, _ count: Int) -> Refusal {
    Refusal(address: "\(address)", reason: "it redirects more than \(count) times")
  }

  static func digest(_ address: Address, expected: Digest, got: Digest, size: Int64) -> Refusal {
    Refusal(
      address: "\(address)",
      reason: "its SHA-256 is \(got) (\(size) bytes), where \(expected) is pinned",
      hint: "the file is damaged, or is another one than was locked: look at the address, and don't "
        + "change the pin before you know why", kind: .digest)
  }

  static func status(_ address: Address, _ response: Response) -> Refusal {
    var refusal = Refusal(
      address: "\(address)", reason: "the server answered \(response.status)\(name(response.status))")
    let status = response.status
    switch status {
    case 401, 407:
      refusal.hint =
        status == 401
        ? "give the credentials in ~/.netrc" : "give the proxy's credentials in http_proxy"
    case 403: refusal.hint = "see whether this address may be read from here, with these credentials"
    case 404, 410: refusal.hint = "the host does not have this file; another mirror may"
    case 416: refusal.persistence = .fromTheStart
    case 408, 425, 429, 500, 502, 503, 504, 507, 509, 520...599:
      refusal.persistence = .passing(after: response.retryAfter)
      refusal.hint = "try again later"
    default: break
    }
    return refusal
  }

  static func proxy(_ address: Address, _ status: Int, _ route: Route) -> Refusal {
    Refusal(
      address: "\(address)", reason: "the proxy answered \(status)\(name(status))",
      hint: status == 407
        ? NetworkTrouble.credentials.hint(route.environment)
        : "see whether the proxy lets this host through, or name the host in no_proxy",
      persistence: status >= 500 ? .passing(after: nil) : .forGood)
  }

  private static func name(_ status: Int) -> String {
    let names = [
      204: "No Content", 400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found",
      407: "Proxy Authentication Required", 408: "Request Timeout", 410: "Gone",
      416: "Range Not Satisfiable", 429: "Too Many Requests", 500: "Internal Server Error",
      502: "Bad Gateway", 503: "Service Unavailable", 504: "Gateway Timeout",
    ]
    return names[status].map { " \($0)" } ?? ""
  }

  static func curl(_ address: Address, _ code: UInt32, _ text: String, _ route: Route) -> Refusal {
    var refusal = Refusal(address: "\(address)", reason: text.isEmpty ? "error \(code)" : text)
    switch CURLcode(rawValue: code) {
    case CURLE_COULDNT_RESOLVE_PROXY where text.hasPrefix("Unsupported proxy"):
      refusal.hint = NetworkTrouble.spelling
    case CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_RESOLVE_PROXY, CURLE_COULDNT_CONNECT:
      refusal.persistence = .unreachable(address)
      refusal.kind = .unreachable
      refusal.hint = "see whether this machine has a network, and whether it needs https_proxy"
    case CURLE_OPERATION_TIMEDOUT:
      refusal.persistence = .unreachable(address)
      refusal.kind = .unreachable
      refusal.hint = "see whether this host answers, and whether it needs https_proxy"
    case CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CACERT_BADFILE, CURLE_SSL_CERTPROBLEM,
      CURLE_SSL_ISSUER_ERROR, CURLE_SSL_INVALIDCERTSTATUS, CURLE_SSL_PINNEDPUBKEYNOTMATCH:
      refusal.hint = route.authoritiesHint
      refusal.kind = .certificate
    case CURLE_PARTIAL_FILE, CURLE_SSL_CONNECT_ERROR, CURLE_GOT_NOTHING, CURLE_SEND_ERROR,
      CURLE_RECV_ERROR, CURLE_HTTP2, CURLE_HTTP2_STREAM, CURLE_AGAIN:
      refusal.persistence = .passing(after: nil)
      refusal.hint = "what came is kept: the same command goes on with it"
    default: break
    }
    return refusal
  }
}

extension Route {
  fileprivate var authoritiesHint: String {
    if hasAuthorities {
      return NetworkTrouble.authority.hint(environment)
    }
    if let variable = authoritiesVariable, let file = authoritiesFile {
      return "\(variable) names \(file), which is not there"
    }
    return "this machine has no certificates of authorities: `apt-get install ca-certificates`"
  }
}

extension Response {
  /// Seconds that `Retry-After` asks to wait, as a number or as a date (RFC 9110, 10.2.3).
  fileprivate var retryAfter: Double? {
    guard let value = self["retry-after"] else { return nil }
    if let seconds = Double(value) { return max(0, seconds) }
    let date = ccurl_date(value)
    let now = self["date"].map { ccurl_date($0) } ?? -1
    return date > 0 && now > 0 ? Double(max(0, date - now)) : nil
  }
}

/// When an address is tried again.
struct Pauses {
  private let settings: Downloads.Settings
  /// In a row, without anything new.
  private var failures = 0
  private var total = 0
  private var startedAgain = false

  init(_ settings: Downloads.Settings) { self.settings = settings }

  /// Seconds to wait before the next try; nil when there is none.
  mutating func next(after refusal: Refusal, progressed: Bool, _ unreachable: Unreachable) -> Double? {
    if progressed { failures = 0 }
    failures += 1
    total += 1
    guard total < 100 else { return nil }
    switch refusal.persistence {
    case .forGood, .offline: return nil
    case .fromTheStart:
      defer { startedAgain = true }
      return startedAgain ? nil : 0
    case .unreachable(let address):
      if unreachable.contains(address) { return nil }
      guard failures < min(settings.tries, 2) else {
        unreachable.insert(address)
        return nil
      }
      return pause
    case .passing(let asked):
      guard failures < settings.tries else { return nil }
      guard let asked else { return pause }
      return asked <= settings.longestRetryAfter ? max(asked, pause) : nil
    }
  }

  private var pause: Double {
    var seconds = settings.firstPause
    for _ in 1..<max(failures, 1) { seconds *= 2 }
    return min(seconds, settings.longestPause) * settings.jitter()
  }

  /// `0.4 s`, `12 s`.
  static func text(_ seconds: Double) -> String {
    if seconds >= 10 { return "\(Int(seconds.rounded())) s" }
    let tenths = Int((seconds * 10).rounded())
    return tenths % 10 == 0 ? "\(tenths / 10) s" : "\(tenths / 10).\(tenths % 10) s"
  }
}
