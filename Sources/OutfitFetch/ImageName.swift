/// A container image by name and tag, as people write it: `postgres:17.2`, `registry.example.com/shop/web:1`.
public struct ImageName: Hashable, Sendable, CustomStringConvertible {
  /// Host and, where it was written, port; `docker.io` when the name has none.
  public let registry: String
  /// As the registry names it: `library/postgres`.
  public let repository: String
  public let tag: String
  public let description: String

  /// Docker's own registry, by the name that people use.
  public static let dockerHub = "docker.io"

  /// Nil for what is no name with a tag.
  public init?(_ text: String) {
    guard let colon = text.lastIndex(of: ":") else { return nil }
    let tag = text[text.index(after: colon)...]
    let name = text[..<colon]
    guard !tag.isEmpty, !name.isEmpty, !tag.contains("/"), !name.contains("@"), !tag.contains("@"),
      text.unicodeScalars.allSatisfy({ $0.value > 0x20 && $0.value < 0x7F }), !text.contains("?"),
      !text.contains("#"), !text.contains("%")
    else { return nil }
    var parts = name.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
    guard !parts.contains(where: { $0.isEmpty || $0 == "." || $0 == ".." }) else { return nil }
    if parts.count > 1, parts[0].contains(".") || parts[0].contains(":") || parts[0] == "localhost" {
      let host = parts.removeFirst()
      registry = host == "index.docker.io" || host == "registry-1.docker.io" ? Self.dockerHub : host
    } else {
      registry = Self.dockerHub
    }
    if registry == Self.dockerHub, parts.count == 1 { parts.insert("library", at: 0) }
    repository = parts.joined(separator: "/")
    self.tag = String(tag)
    description = text
  }

  /// The host that is asked.
  public var host: String { registry == Self.dockerHub ? "registry-1.docker.io" : registry }

  /// True for a host name, with or without a port, that never leaves this machine.
  static func isLoopback(_ authority: String) -> Bool {
    let host =
      authority.hasPrefix("[")
      ? String(authority.prefix { $0 != "]" }.dropFirst()) : String(authority.prefix { $0 != ":" })
    return host == "localhost" || host == "::1"
      || (host.hasPrefix("127.") && host.allSatisfy { $0.isNumber || $0 == "." })
  }
}
