/// What stands between a program and a server, where the program's own words tell: git's, pip's, uv's, npm's, curl's.
public enum NetworkTrouble: Hashable, Sendable {
  /// A proxy wants a name and a password, or others than it got.
  case credentials
  /// The server's certificate is signed by nobody whom the program believes.
  case authority

  /// - Parameter text: what the program wrote.
  public init?(saidIn text: String) {
    let text = text.lowercased()
    let credentials = [
      "407 proxy", "http code 407", "response 407", "proxy authorization required",
      "proxy authentication required",
    ]
    let authorities = [
      "ssl certificate problem", "server certificate verification failed", "certificate_verify_failed",
      "self-signed certificate", "self signed certificate", "self_signed_cert", "issuer certificate",
      "issuer_cert", "unknownissuer", "unknown issuer",
    ]
    if credentials.contains(where: text.contains) {
      self = .credentials
    } else if authorities.contains(where: text.contains) {
      self = .authority
    } else {
      return nil
    }
  }

  /// How a password is written in an address.
  static let spelling =
    "in the name and the password of a proxy, write %40 for an @, %3A for a colon, %2F for a slash and %25 for a %"

  /// What to do about it.
  /// - Parameters:
  ///   - environment: where the proxy's address may stand.
  ///   - variable: the one by which this program is told of authorities.
  public func hint(_ environment: [String: String], authority variable: String = "SSL_CERT_FILE") -> String {
    switch self {
    case .credentials:
      let names = ["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"]
      let name = names.first { environment[$0]?.isEmpty == false }
      guard let name, environment[name]?.contains("@") == true else {
        return "give its credentials in https_proxy, or name the host in no_proxy"
      }
      return "it does not take the name and the password that \(name) has; \(Self.spelling)"
    case .authority:
      return "where a proxy signs for all hosts, name the file with its authority: "
        + "`network: {certificates: FILE}` in ~/.config/outfit/outfit.yaml, or \(variable)"
    }
  }
}
