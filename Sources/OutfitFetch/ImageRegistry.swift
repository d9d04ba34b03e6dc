import OutfitCore
import OutfitSystem
import SystemPackage

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// Asks registries of container images which digest a tag has now (OCI distribution specification 1.1, and
/// Docker's token authentication).
///
/// The digest is of the very bytes that came, the whole index where an image is for several platforms: what the
/// registry says of itself is only compared with it. Plain http is for the loopback interface alone.
public struct ImageRegistry: Sendable {
  private let host: Host
  private let route: Route
  private let transfers: Transfers
  private let credentials: RegistryCredentials

  /// - Parameters:
  ///   - libraries: the folder of a libcurl that was shipped with Outfit.
  public init(host: Host, libraries: FilePath? = nil, connectTimeout: Double = 8) {
    self.host = host
    credentials = RegistryCredentials(host: host)
    route = Route(host: host)
    transfers = Transfers(
      Transfers.Settings(
        userAgent: "outfit/\(Release.version)", route: route,
        libraries: Transfers.libraries(host.platform, shipped: libraries),
        atOnce: 6, connectTimeout: connectTimeout, slowestRate: 64, slowWindow: 15))
  }

  /// Media types of what a tag can mean; anything older has no digest that a runtime would find it by.
  private static let accepted = [
    "application/vnd.oci.image.index.v1+json", "application/vnd.docker.distribution.manifest.list.v2+json",
    "application/vnd.oci.image.manifest.v1+json", "application/vnd.docker.distribution.manifest.v2+json",
  ]

  /// The registry that stands for Docker's own: `OUTFIT_IMAGE_MIRROR`, an address without a path.
  public static let mirrorVariable = "OUTFIT_IMAGE_MIRROR"

  /// Which digest the tag has now.
  /// - Throws: why the registry did not say; `CancellationError`.
  public func digest(of image: ImageName) async throws -> Digest {
    let (origin, name) = try origin(image)
    guard let address = Address("\(origin)/v2/\(image.repository)/manifests/\(image.tag)") else {
      throw Failure("\(image) has no address")
    }
    let accept = "Accept: " + Self.accepted.joined(separator: ", ")
    var answer = try await get(address, [accept])
    if answer.status == 401, let challenge = answer.challenge {
      let authorization = try await authorization(challenge, image, name)
      answer = try await get(address, [accept, "Authorization: \(authorization)"])
    }
    guard answer.status == 200 else {
      switch answer.status {
      case 401, 403:
        throw Failure(
          "the registry \(name) does not show \(image) (\(answer.status))",
          hint: "it is not there, or it needs credentials: docker login \(name)")
      case 404:
        throw Failure("the registry \(name) has no \(image)", hint: "see whether the tag is right")
      case 429:
        throw Failure("the registry \(name) asks for fewer questions (429)", hint: "docker login \(name)")
      default: throw Failure("the registry \(name) answered \(answer.status) for \(image)")
      }
    }
    let digest = Digest(of: answer.body)
    if let said = answer.digest, said.hasPrefix("sha256:"), Digest(said) != digest {
      throw Failure("the registry \(name) says \(said) of \(image), and sent sha256:\(digest)")
    }
    guard let type = answer.type, Self.accepted.contains(type) else {
      throw Failure("the registry \(name) sent \(answer.type ?? "something") for \(image), which is no image")
    }
    return digest
  }

  private func origin(_ image: ImageName) throws(Failure) -> (origin: String, name: String) {
    let mirror = host.environment[Self.mirrorVariable].flatMap { $0.isEmpty ? nil : $0 }
    guard image.registry == ImageName.dockerHub, let mirror else {
      let scheme = ImageName.isLoopback(image.host) ? "http" : "https"
      return ("\(scheme)://\(image.host)", image.registry)
    }
    guard let address = Address(mirror), address.scheme != .file, address.rest == "/",
      address.scheme == .https || ImageName.isLoopback(address.authority)
    else {
      throw Failure(
        "\(Self.mirrorVariable) is \(Address.masked(mirror))",
        hint: "write https://host without a path; http is for this machine alone", status: .usage)
    }
    return (address.origin, address.authority)
  }

  // MARK: - Authorization

  /// `Bearer realm="https://...",service="...",scope="..."` in its pieces (RFC 9110, 11.6.1).
  struct Challenge: Hashable, Sendable {
    var scheme: String
    var parameters: [String: String] = [:]

    init?(_ text: String) {
      let scheme = text.prefix { $0 != " " }
      guard !scheme.isEmpty else { return nil }
      self.scheme = scheme.lowercased()
      var rest = text.dropFirst(scheme.count)
      while true {
        rest = rest.drop { $0 == " " || $0 == "," }
        let name = rest.prefix { $0 != "=" && $0 != "," }
        guard !name.isEmpty, rest.dropFirst(name.count).first == "=" else { return }
        rest = rest.dropFirst(name.count + 1)
        var value = ""
        if rest.first == "\"" {
          rest = rest.dropFirst()
          while let character = rest.popFirst(), character != "\"" {
            value.append(character == "\\" ? rest.popFirst() ?? character : character)
          }
        } else {
          value = String(rest.prefix { $0 != "," && $0 != " " })
          rest = rest.dropFirst(value.count)
        }
        parameters[name.lowercased()] = value
      }
    }
  }

  private struct Token: Decodable {
    var token: String?
    var accessToken: String?
    enum CodingKeys: String, CodingKey {
      case token
      case accessToken = "access_token"
    }
  }

  private func authorization(_ challenge: Challenge, _ image: ImageName, _ name: String) async throws
    -> String
  {
    let pair = try await credentials.pair(for: image.registry)
    if challenge.scheme == "basic" {
      guard let pair else {
        throw Failure("the registry \(name) wants credentials", hint: "docker login \(name)")
      }
      return pair.basic
    }
    guard challenge.scheme == "bearer", let realm = challenge.parameters["realm"] else {
      throw Failure("the registry \(name) asks for `\(challenge.scheme)`, which is not known here")
    }
    var query = ["scope": challenge.parameters["scope"] ?? "repository:\(image.repository):pull"]
    query["service"] = challenge.parameters["service"]
    let text = query.sorted { $0.key < $1.key }.map { "\($0.key)=\(Self.escaped($0.value))" }
      .joined(separator: "&")
    guard let address = Address(realm + (realm.contains("?") ? "&" : "?") + text), address.scheme != .file,
      address.scheme == .https || ImageName.isLoopback(address.authority)
    else {
      throw Failure(
        "the registry \(name) sends to \(Address.masked(realm)) for a token, which is not asked",
        hint: "a token is asked for over https only")
    }
    let answer = try await get(address, pair.map { ["Authorization: \($0.basic)"] } ?? [])
    let token = try? JSONDecoder().decode(Token.self, from: Data(answer.body))
    guard answer.status == 200, let text = token?.token ?? token?.accessToken, Self.isHeaderText(text) else {
      throw Failure(
        "the registry \(name) gives no token for \(image) (\(answer.status))", hint: "docker login \(name)")
    }
    return "Bearer \(text)"
  }

  private static func isHeaderText(_ text: String) -> Bool {
    !text.isEmpty && text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F }
  }

  /// Percent-encoded for a query (RFC 3986).
  private static func escaped(_ text: String) -> String {
    var result = ""
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
        UInt8(ascii: "~"), UInt8(ascii: "/"), UInt8(ascii: ":"):
        result.unicodeScalars.append(Unicode.Scalar(byte))
      default:
        let digits = String(byte, radix: 16, uppercase: true)
        result += "%" + (digits.count == 1 ? "0" + digits : digits)
      }
    }
    return result
  }

  // MARK: - One question

  private struct Reply {
    var status: Int
    var body: [UInt8]
    var type: String?
    var digest: String?
    var challenge: Challenge?
  }

  /// Asks, and follows where it is sent to; what was to be kept between two stays with its origin.
  private func get(_ address: Address, _ headers: [String]) async throws -> Reply {
    var target = address
    var lines = headers
    var tries = 0
    for _ in 0..<10 {
      let page = Page(limit: 8 << 20)
      let outcome = await transfers.run(Transfer(address: target, headers: lines, receiver: page))
      if case .cancelled = outcome.trouble { throw CancellationError() }
      if case .noLibrary(let reason) = outcome.trouble { throw missingLibrary(reason) }
      guard let response = outcome.response, outcome.trouble == nil || response.status >= 300 else {
        throw unread(target, outcome)
      }
      if [301, 302, 303, 307, 308].contains(response.status), let next = response.redirect {
        guard let hop = target.following(next) else {
          throw Failure("\(target) redirects to \(Address.masked(next)), which is not followed")
        }
        if hop.origin != target.origin { lines.removeAll { $0.hasPrefix("Authorization:") } }
        target = hop
        continue
      }
      if [429, 500, 502, 503, 504].contains(response.status), tries < 2 {
        tries += 1
        try await host.clock.sleep(seconds: Double(tries))
        continue
      }
      let type = response["content-type"]?.prefix { $0 != ";" && $0 != " " }
      return Reply(
        status: response.status, body: page.bytes, type: type.map(String.init),
        digest: response["docker-content-digest"],
        challenge: response["www-authenticate"].flatMap { Challenge($0) })
    }
    throw Failure("\(address) redirects too often")
  }

  private func unread(_ target: Address, _ outcome: Outcome) -> Failure {
    let refusal: Refusal
    switch outcome.trouble {
    case .curl(let code, let text): refusal = .curl(target, code, text, route)
    case .proxy(let status): refusal = .proxy(target, status, route)
    case .slow: refusal = Refusal(address: "\(target)", reason: "it is too slow")
    case .stopped: refusal = Refusal(address: "\(target)", reason: "the answer is too long")
    default: refusal = Refusal(address: "\(target)", reason: "it did not answer")
    }
    return Failure("\(target) can't be read: \(refusal.reason)", hint: refusal.hint)
  }
}
