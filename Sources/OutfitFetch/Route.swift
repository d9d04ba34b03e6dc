import OutfitSystem
import SystemPackage

/// How the network is reached: proxies and certificate authorities, from the usual variables.
///
/// libcurl would read most of them itself, but from the process and not from the `Host`.
struct Route: Sendable {
  let environment: [String: String]
  /// Entries separated by commas; `*` for every host.
  let noProxy: String
  /// The file with the certificates of authorities, or nil where libcurl's own default must serve.
  let authoritiesFile: String?
  /// Folders of them, separated by colons, as OpenSSL reads them.
  let authoritiesFolder: String?
  /// The variable that named the file, for messages.
  let authoritiesVariable: String?
  /// Read by libcurl for hosts whose address brings no credentials.
  let netrc: String

  init(host: Host) {
    environment = host.environment
    noProxy = Route.value(host.environment, ["no_proxy", "NO_PROXY"]) ?? ""
    netrc = host.environment["NETRC"] ?? host.user.home.appending(".netrc").string
    let variables = ["CURL_CA_BUNDLE", "SSL_CERT_FILE"]
    authoritiesVariable = variables.first { host.environment[$0]?.isEmpty == false }
    if let variable = authoritiesVariable {
      authoritiesFile = host.environment[variable]
    } else {
      authoritiesFile =
        host.platform.system == .linux
        ? Route.knownFiles.first { host.files.exists(FilePath($0)) } : nil
    }
    let folders =
      Route.value(host.environment, ["SSL_CERT_DIR"])?.split(separator: ":").map(String.init) ?? []
    // What holds nothing is left out: a libcurl that is not OpenSSL's takes one folder only.
    let filled = folders.filter { (try? host.files.list(FilePath($0)))?.isEmpty == false }
    authoritiesFolder = filled.isEmpty ? folders.first : filled.joined(separator: ":")
    hasAuthorities =
      host.platform.system != .linux || !filled.isEmpty
      || authoritiesFile.map { host.files.exists(FilePath($0)) } == true
  }

  /// False where no certificate of any authority was found, so that https can hardly work.
  let hasAuthorities: Bool

  /// Where the distributions keep them: Debian, Fedora, SUSE, Alpine, and older Red Hat.
  private static let knownFiles = [
    "/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem", "/etc/ssl/cert.pem",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
  ]

  /// The proxy for addresses of this scheme; empty for none. Upper-case `HTTP_PROXY` is not read, since in
  /// a CGI program a request's header could set it.
  func proxy(_ scheme: Address.Scheme) -> String {
    let names =
      scheme == .https
      ? ["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"]
      : ["http_proxy", "all_proxy", "ALL_PROXY"]
    return Route.value(environment, names) ?? ""
  }

  private static func value(_ environment: [String: String], _ names: [String]) -> String? {
    names.lazy.compactMap { environment[$0] }.first { !$0.isEmpty }
  }
}
