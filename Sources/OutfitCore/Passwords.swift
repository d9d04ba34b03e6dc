/// Text without the passwords in its addresses: `https://***@host/path`. A plain user name of ssh's stays.
///
/// An address is never trusted to be well made: where what stands before its first slash is no host, all up to the
/// last `@` may be a password.
public func withoutPasswords(_ text: String) -> String {
  guard text.contains("://"), text.contains("@") else { return text }
  var result = ""
  var rest = text[...]
  while let start = rest.firstRange(of: "://") {
    result += rest[..<start.upperBound]
    let isSSH = rest[..<start.lowerBound].hasSuffix("ssh")
    let isFile = rest[..<start.lowerBound].hasSuffix("file")
    rest = rest[start.upperBound...]
    let word = rest.prefix { !$0.isWhitespace && !"\"'`<>".contains($0) }
    let authority = word.prefix { !"/?#".contains($0) }
    // A path of this machine has no user (RFC 8089).
    if isFile, authority.isEmpty { continue }
    guard let at = authority.lastIndex(of: "@") ?? (isHost(authority) ? nil : word.lastIndex(of: "@")) else {
      continue
    }
    if !(isSSH && isPlainUser(word[..<at])) {
      result += "***"
      rest = rest[at...]
    }
  }
  return result + rest
}

/// A command line as it is kept: passwords in addresses and answers to a profile's questions are nobody's business.
public func recordedCommand(_ arguments: [String]) -> [String] {
  var words: [String] = []
  for argument in arguments {
    let isAnswer = argument.hasPrefix("--set=") || words.last == "--set"
    let equals = argument.dropFirst(argument.hasPrefix("--set=") ? 6 : 0).firstIndex(of: "=")
    if isAnswer, let equals {
      words.append(argument[...equals] + "…")
    } else {
      words.append(withoutPasswords(argument))
    }
  }
  return words
}

/// A name of a user as ssh takes it, with nothing in it that could hide a password.
public func isPlainUser(_ text: Substring) -> Bool {
  !text.isEmpty && text.first != "-"
    && text.utf8.allSatisfy { isLetterOrDigit($0) || "._-".utf8.contains($0) }
}

/// `HOST`, `HOST:PORT` or `[ADDRESS]:PORT`, and nothing else.
public func isHost(_ authority: Substring) -> Bool {
  var host = authority.utf8
  if let colon = host.lastIndex(of: UInt8(ascii: ":")), host.last != UInt8(ascii: "]") {
    let port = host[host.index(after: colon)...]
    guard !port.isEmpty, port.count <= 5, port.allSatisfy({ (48...57).contains($0) }) else { return false }
    host = host[..<colon]
  }
  if host.first == UInt8(ascii: "["), host.last == UInt8(ascii: "]") {
    return host.dropFirst().dropLast().allSatisfy { isLetterOrDigit($0) || ":.".utf8.contains($0) }
  }
  return !host.isEmpty && host.first != UInt8(ascii: "-")
    && host.allSatisfy { isLetterOrDigit($0) || ".-_".utf8.contains($0) }
}

private func isLetterOrDigit(_ byte: UInt8) -> Bool {
  (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte)
}
