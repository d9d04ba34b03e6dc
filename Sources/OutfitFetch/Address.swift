/// An absolute http, https or file address, with its credentials apart, so that no message ever shows them.
struct Address: Hashable, Sendable, CustomStringConvertible {
  enum Scheme: String, Sendable { case http, https, file }

  let scheme: Scheme
  /// Percent-decoded.
  private(set) var user: String?
  private(set) var password: String?
  /// Host and, where it was written, port; lower case.
  let authority: String
  /// From the first slash: the path and the query, as they were written, without a fragment.
  let rest: String

  /// Nil for what is no such address (RFC 3986), or has characters that may not stand in one.
  init?(_ text: String) {
    guard let colon = text.firstIndex(of: ":"),
      let scheme = Scheme(rawValue: text[..<colon].lowercased()),
      text[colon...].hasPrefix("://"),
      text.unicodeScalars.allSatisfy({ $0.value > 0x20 && $0.value != 0x7f })
    else { return nil }
    let whole = text[colon...].dropFirst(3).prefix { $0 != "#" }
    let end = whole.firstIndex { $0 == "/" || $0 == "?" } ?? whole.endIndex
    var authority = whole[..<end]
    let tail = String(whole[end...])
    var user: String?
    var password: String?
    if let at = authority.lastIndex(of: "@") {
      let pieces = authority[..<at].split(
        separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
      user = percentDecoded(pieces.first ?? "")
      password = pieces.count > 1 ? percentDecoded(pieces[1]) : nil
      authority = authority[authority.index(after: at)...]
    }
    self.scheme = scheme
    self.user = user
    self.password = password
    self.authority = authority.lowercased()
    rest = tail.hasPrefix("/") ? tail : "/" + tail
    if scheme == .file {
      guard self.authority.isEmpty || self.authority == "localhost" else { return nil }
    } else {
      guard !self.authority.isEmpty, !self.authority.hasPrefix(":"), Self.hasPort(self.authority) else {
        return nil
      }
    }
  }

  /// False for a port that is empty or none: a client would take 80, which nobody wrote.
  private static func hasPort(_ authority: String) -> Bool {
    guard let colon = authority.lastIndex(of: ":"), !authority.hasSuffix("]") else { return true }
    let port = authority[authority.index(after: colon)...]
    return port.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
      && UInt16(port).map { $0 > 0 } ?? false
  }

  /// Scheme and authority: what credentials may be sent to again after a redirect.
  var origin: String { "\(scheme)://\(authority)" }

  /// Without credentials.
  var plain: String { origin + rest }

  /// For messages: without credentials, and without the query, which may hold a token.
  var description: String {
    let query = rest.firstIndex(of: "?")
    let path = query.map { rest[..<$0] } ?? rest[...]
    return "\(scheme)://" + (user == nil ? "" : "***@") + authority + path + (query == nil ? "" : "?...")
  }

  /// Where a redirect leads; nil where it may not: from https to anything but https, or to a file. The
  /// credentials go along to the same origin only.
  func following(_ redirect: String) -> Address? {
    guard var target = Address(redirect), target.scheme != .file,
      scheme != .https || target.scheme == .https
    else { return nil }
    if target.origin == origin, target.user == nil {
      target.user = user
      target.password = password
    }
    return target
  }

  /// The path of a file address, percent-decoded.
  var filePath: String { percentDecoded(rest.prefix { $0 != "?" }) }

  /// Any text that was given as an address, for messages: what may be a secret in it is masked.
  static func masked(_ text: String) -> String {
    if let address = Address(text) { return address.description }
    guard let start = text.firstRange(of: "://")?.upperBound,
      let at = text[start...].lastIndex(of: "@")
    else { return text }
    return text[..<start] + "***" + text[at...]
  }
}

/// Text with `%41` as `A`; what is no such escape stays.
private func percentDecoded(_ text: some StringProtocol) -> String {
  var bytes: [UInt8] = []
  let source = Array(text.utf8)
  var i = 0
  while i < source.count {
    if source[i] == UInt8(ascii: "%"), i + 2 < source.count,
      let value = UInt8(String(decoding: source[(i + 1)...(i + 2)], as: UTF8.self), radix: 16)
    {
      bytes.append(value)
      i += 3
    } else {
      bytes.append(source[i])
      i += 1
    }
  }
  return String(decoding: bytes, as: UTF8.self)
}
