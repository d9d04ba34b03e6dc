import OutfitCore
import OutfitSystem
import SystemPackage

/// Asks servers whether they answer, by the way that downloads go: for a person who wants to know what stands between.
public struct NetworkProbe: Sendable {
  private let transfers: Transfers
  private let route: Route

  /// What one server said.
  public struct Answer: Sendable {
    /// `directly`, or `by the proxy http://proxy.example:3128`, without credentials.
    public var way: String
    /// Of HTTP, where something answered.
    public var status: Int?
    /// Why nothing can be had there; nil where it answered.
    public var problem: Diagnostic?
  }

  /// - Parameters:
  ///   - libraries: the folder of a libcurl that was shipped with Outfit.
  ///   - connectTimeout: in seconds.
  public init(host: Host, libraries: FilePath? = nil, connectTimeout: Double = 8) {
    route = Route(host: host)
    transfers = Transfers(
      Transfers.Settings(
        userAgent: "outfit/\(Release.version)", route: route,
        libraries: Transfers.libraries(host.platform, shipped: libraries),
        atOnce: 8, connectTimeout: connectTimeout, slowestRate: 1, slowWindow: connectTimeout))
  }

  /// The first byte of what stands at an address. Any answer but a refusal of the proxy's shows that it is reached.
  public func ask(_ text: String) async -> Answer {
    guard let address = Address(text) else {
      return Answer(way: "", problem: Refusal.noAddress(text).diagnostic(nil))
    }
    let proxy = route.proxy(address.scheme)
    let isDirect = proxy.isEmpty || route.isExcepted(address.authority)
    var answer = Answer(way: isDirect ? "directly" : "by the proxy \(Address.masked(proxy))")
    let outcome = await transfers.run(
      Transfer(address: address, headers: ["Range: bytes=0-0"], receiver: Glance()))
    answer.status = outcome.response?.status
    switch outcome.trouble {
    case nil, .stopped:
      if outcome.response?.status == 407 {
        answer.problem = Refusal.proxy(address, 407, route).diagnostic(nil)
      }
    case .curl(let code, let words):
      answer.problem = Refusal.curl(address, code, words, route).diagnostic(nil)
    case .proxy(let status): answer.problem = Refusal.proxy(address, status, route).diagnostic(nil)
    case .slow: answer.problem = Refusal.unreached(address).diagnostic(nil)
    case .noLibrary(let reason): answer.problem = missingLibrary(reason).diagnostics.first
    case .cancelled: answer.problem = Diagnostic(.error, "it was interrupted")
    }
    return answer
  }

  /// What decides about the way, as `name: value`, without credentials.
  public var settings: [(name: String, value: String)] {
    var found: [(name: String, value: String)] = []
    for scheme in [Address.Scheme.https, .http] where !route.proxy(scheme).isEmpty {
      found.append(("\(scheme)_proxy", Address.masked(route.proxy(scheme))))
    }
    if !route.noProxy.isEmpty { found.append(("no_proxy", route.noProxy)) }
    let authorities = route.authoritiesFile ?? route.authoritiesFolder
    found.append(
      (
        "certificates",
        authorities.map { "\($0)\(route.authoritiesVariable.map { ", by \($0)" } ?? "")" }
          ?? "none were found"
      ))
    return found
  }
}

/// Wants nothing of what comes.
private struct Glance: Receiver {
  func begin(_ response: Response) -> Bool { false }
  func receive(_ bytes: UnsafeRawBufferPointer) -> Bool { false }
  func settle() -> Stop? { nil }
}

extension Route {
  /// A host that `no_proxy` names, itself or by a domain that it is in, as curl reads it.
  func isExcepted(_ authority: String) -> Bool {
    let isAddress = authority.hasPrefix("[")
    let host =
      isAddress
      ? String(authority.dropFirst().prefix { $0 != "]" }) : String(authority.prefix { $0 != ":" })
    return noProxy.split { $0 == "," || $0.isWhitespace }.contains { entry in
      if entry == "*" { return true }
      var name = entry.lowercased()
      if name.hasPrefix(".") { name.removeFirst() }
      if let colon = name.lastIndex(of: ":"), !name[..<colon].contains(":") {
        name = String(name[..<colon])
      }
      return host == name || host.hasSuffix("." + name)
    }
  }
}
