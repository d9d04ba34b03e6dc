import OutfitCore
import OutfitFetch

/// What pip says where a host does not answer: a line for each of its attempts, none of which a person can read.
enum PipMessage {
  /// Why the last attempt failed, in a person's words; nil where none of the lines says that a connection failed.
  /// - Parameter environment: where the proxy's address may stand.
  static func reason(_ lines: [String], environment: [String: String]) -> String? {
    guard let line = lines.last(where: { $0.contains("after connection broken by '") }),
      let start = line.firstRange(of: "after connection broken by '")
    else { return nil }
    let error = String(line[start.upperBound...])
    let named = lines.last { $0.hasPrefix("index: ") }.map { $0.dropFirst(7) }
    let index = named.map { "the index \($0)" } ?? "the index"
    let cause = cause(error)
    if NetworkTrouble(saidIn: error) == .authority {
      return "nobody here vouches for the certificate of \(index)"
    }
    guard error.hasPrefix("ProxyError") else { return "\(index) did not answer: \(cause)" }
    let names = ["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY", "http_proxy", "HTTP_PROXY"]
    let name = names.first { environment[$0]?.isEmpty == false }
    let address = name.flatMap { environment[$0] }.map { " \(withoutPasswords($0)) of \(name ?? "")" } ?? ""
    if let start = error.firstRange(of: "Tunnel connection failed: ") {
      return "the proxy\(address) answered"
        + (named.map { ", for the index \($0)," } ?? "")
        + " \(error[start.upperBound...].prefix { !"'\")".contains($0) })"
    }
    return "the proxy\(address) did not answer: \(cause)"
  }

  private static func cause(_ error: String) -> String {
    if let start = error.firstRange(of: "[Errno ") {
      let rest = error[start.upperBound...].drop { $0 != "]" }.dropFirst()
      let text = rest.prefix { $0 != "'" && $0 != ")" && $0 != "\"" }
      if text.contains(where: \.isLetter) { return text.drop { $0 == " " }.lowercased() }
    }
    if error.contains("imed out") || error.contains("Timeout") { return "it took too long" }
    return String(error.prefix { $0 != "(" })
  }
}
