import OutfitCore
import OutfitEngine

/// Finds what must not be given away in the text of a settings file: keys, tokens, passwords. Pure.
///
/// It would rather name a harmless line than let a secret through: what is named is left out, and told.
public struct SecretFinder {
  public struct Finding: Hashable, Sendable {
    /// From 1.
    public var line: Int
    /// `a GitHub token`.
    public var what: String
    /// It goes over more than its line, so that the whole file is left out.
    public var isWhole = false
    /// What must be in nothing that is written.
    var values: [String]
  }

  /// At most one for each line.
  public static func find(in lines: [String]) -> [Finding] {
    lines.indices.compactMap { index in
      let next = index + 1 < lines.count ? lines[index + 1] : ""
      return finding(lines[index], next: next).map { finding in
        var finding = finding
        finding.line = index + 1
        return finding
      }
    }
  }

  private static func finding(_ line: String, next: String) -> Finding? {
    let bytes = Array(line.utf8)
    func found(_ what: String, _ values: [String], isWhole: Bool = false) -> Finding {
      Finding(line: 0, what: what, isWhole: isWhole, values: values.filter { $0.utf8.count >= 5 })
    }
    for (mark, what) in [
      ("-----BEGIN", "a key"), ("PuTTY-User-Key-File", "a key"), ("AGE-SECRET-KEY-", "an age key"),
    ] where line.contains(mark) { return found(what, [], isWhole: true) }
    if let token = TokenShapes.first(in: bytes) { return found(token.name, [token.text]) }
    if let password = AddressPassword.first(in: line) { return found("a password in an address", [password]) }
    for (mark, what) in webhooks where line.contains(mark) { return found(what, []) }
    if let named = NamedSecret.first(in: line, next: next) {
      return found(named.what, [named.value], isWhole: named.isWhole)
    }
    if let option = OptionSecret.first(in: line) { return found("a password of a command", [option]) }
    // git's name of a key is none, and is asked for.
    if line.trimmed.lowercased().hasPrefix("signingkey") { return nil }
    if let random = Randomness.first(in: bytes) { return found("a text that looks like a key", [random]) }
    return nil
  }

  private static let webhooks = [
    ("hooks.slack.com/", "an address that is a secret"), ("/api/webhooks/", "an address that is a secret"),
    ("webhook.office.com/", "an address that is a secret"),
  ]
}

/// A password, or a token, before the host of an address (RFC 3986, 3.2.1).
enum AddressPassword {
  static func first(in line: String) -> String? {
    var rest = line[...]
    while let start = rest.firstRange(of: "://") {
      rest = rest[start.upperBound...]
      let word = rest.prefix { !$0.isWhitespace && !"\"'`<>".contains($0) }
      guard let at = word.lastIndex(of: "@") else { continue }
      let user = word[..<at]
      guard let colon = user.firstIndex(of: ":") else {
        if user.count >= 20, !user.contains("/") { return String(user) }
        continue
      }
      let password = user[user.index(after: colon)...]
      // `host:port/path@version`, and what a variable stands for.
      let isPort = password.prefix { $0.isNumber }.count > 0 && password.drop { $0.isNumber }.first == "/"
      if password.isEmpty || isPort || NamedSecret.isVariable(password) { continue }
      return String(password)
    }
    return withoutScheme(line)
  }

  /// `ann:password@host`, as some clients take it.
  private static func withoutScheme(_ line: String) -> String? {
    for word in line.split(whereSeparator: { $0.isWhitespace || "\"'`<>,;()=".contains($0) }) {
      guard !word.contains("://"), let at = word.lastIndex(of: "@"),
        let colon = word[..<at].firstIndex(of: ":")
      else {
        continue
      }
      let (user, password) = (word[..<colon], word[word.index(after: colon)..<at])
      let host = word[word.index(after: at)...]
      guard isPlainUser(user), !password.isEmpty,
        host.first?.isLetter == true || host.first?.isNumber == true,
        !["mailto", "ssh", "git", "acct", "xmpp", "sip"].contains(user.lowercased()),
        !NamedSecret.isVariable(password)
      else { continue }
      return String(password)
    }
    return nil
  }
}

/// A password that is given to a command.
enum OptionSecret {
  static func first(in line: String) -> String? {
    let words = line.split(whereSeparator: \.isWhitespace).map {
      String($0).trimming("\"'`();")
    }
    let lower = line.lowercased()
    for (index, word) in words.enumerated() {
      let next = index + 1 < words.count ? words[index + 1] : ""
      switch word {
      case "-u", "--user", "--proxy-user", "-U":
        if let colon = next.firstIndex(of: ":"), isLiteral(next[next.index(after: colon)...]) { return next }
      case "-p" where lower.contains("sshpass") || lower.contains(" login"),
        "-a" where lower.contains("redis"),
        "-b" where lower.contains("curl") || lower.contains("htpasswd"):
        if isLiteral(next[...]) { return next }
      default:
        if word.hasPrefix("-u"), word.contains(":"), let colon = word.firstIndex(of: ":"),
          isLiteral(word[word.index(after: colon)...])
        {
          return word
        }
        if word.hasPrefix("-p"), word.count > 3, !word.hasPrefix("-p="),
          lower.contains("mysql") || lower.contains("mariadb") || lower.contains("sshpass"),
          isLiteral(word.dropFirst(2))
        {
          return String(word.dropFirst(2))
        }
        if word.hasPrefix("pass:"), isLiteral(word.dropFirst(5)) { return String(word.dropFirst(5)) }
      }
    }
    return pgpass(line)
  }

  private static func isLiteral(_ text: Substring) -> Bool {
    !text.isEmpty && !NamedSecret.isVariable(text) && text.first != "-"
  }

  /// `host:port:database:user:password` (PostgreSQL's "The Password File").
  private static func pgpass(_ line: String) -> String? {
    let fields = line.trimmed.split(separator: ":", omittingEmptySubsequences: false)
    guard fields.count == 5, fields.allSatisfy({ !$0.isEmpty && !$0.contains(where: \.isWhitespace) }),
      fields[1] == "*" || fields[1].allSatisfy(\.isNumber)
    else { return nil }
    return String(fields[4])
  }
}

extension String {
  /// Without these characters at both ends.
  fileprivate func trimming(_ characters: String) -> String {
    var text = self[...]
    while let first = text.first, characters.contains(first) { text.removeFirst() }
    while let last = text.last, characters.contains(last) { text.removeLast() }
    return String(text)
  }
}
