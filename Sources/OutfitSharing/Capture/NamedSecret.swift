import OutfitEngine

/// A value whose name says that it is nobody else's: `password = …`, `"auth": "…"`, `Authorization: Basic …`,
/// `--token …`, `machine … password …`.
struct NamedSecret {
  var what: String
  var value: String
  /// The value goes over the next lines.
  var isWhole: Bool

  static func first(in line: String, next: String) -> NamedSecret? {
    var rest = line[...]
    var before: Character?
    var before2: Character?
    while let character = rest.first {
      guard isName(character) else {
        (before2, before) = (before, character)
        rest.removeFirst()
        continue
      }
      let name = rest.prefix(while: isName)
      rest = rest[name.endIndex...]
      let isOption = name.hasPrefix("--") || before == "-" && before2 == "-"
      if let kind = kind(of: name), let secret = secret(kind, name, rest, line: line, next: next, isOption) {
        return secret
      }
      (before2, before) = (nil, name.last)
    }
    return nil
  }

  private enum Kind {
    /// Whatever its value is.
    case plain(String)
    /// Where its value is long and mixed.
    case perhaps(String)
  }

  private static func isName(_ character: Character) -> Bool {
    character.isLetter || character.isNumber || "_-.".contains(character)
  }

  private static let words: [(String, String)] = [
    ("passw", "a password"), ("passphrase", "a passphrase"), ("secret", "a secret"), ("token", "a token"),
    ("apikey", "an API key"), ("accesskey", "an access key"), ("privatekey", "a private key"),
    ("accountkey", "an account's key"), ("keydata", "a key"), ("credential", "a credential"),
    ("authorization", "a header that authorises"), ("bearer", "a token"), ("cookie", "a cookie"),
    ("connectionstring", "an address with a password"), ("encryptionkey", "a key"), ("licensekey", "a key"),
    ("signingsecret", "a secret"), ("sessionid", "a session"), ("sessionkey", "a session"),
    ("kennwort", "a password"),
    ("passwort", "a password"), ("webhook", "an address that is a secret"),
  ]

  /// As one of the words that a name is made of.
  private static let parts: [String: String] = [
    "pass": "a password", "pwd": "a password", "auth": "a credential", "pat": "a token", "otp": "a password",
    "pin": "a PIN", "psk": "a key", "sid": "a session", "dsn": "an address with a password",
    "sas": "a signature",
    "sig": "a signature", "jwt": "a token", "creds": "a credential", "seed": "a seed", "mnemonic": "a seed",
    "pw": "a password", "passcode": "a password",
  ]

  private static func kind(of name: Substring) -> Kind? {
    let plain = name.lowercased().filter { $0.isLetter || $0.isNumber }
    // git's own: it names a key, and is asked for.
    if plain == "signingkey" || plain == "oldpwd" { return nil }
    if let word = words.first(where: { plain.contains($0.0) }) { return .plain(word.1) }
    if ["pass", "pwd"].contains(where: plain.hasSuffix),
      !["bypass", "compass", "gopass", "pass"].contains(plain)
    {
      return .plain("a password")
    }
    let pieces = pieces(name)
    if let part = pieces.lazy.compactMap({ parts[$0] }).first { return .plain(part) }
    return plain.hasSuffix("key") || plain.hasSuffix("keys") ? .perhaps("a key") : nil
  }

  /// `myAPIToken_2` is my, api, token and 2.
  private static func pieces(_ name: Substring) -> [String] {
    var pieces: [String] = []
    var piece = ""
    var previous: Character?
    for character in name {
      if "_-.".contains(character) {
        if !piece.isEmpty { pieces.append(piece.lowercased()) }
        piece = ""
      } else {
        if character.isUppercase, previous?.isLowercase == true, !piece.isEmpty {
          pieces.append(piece.lowercased())
          piece = ""
        }
        piece.append(character)
      }
      previous = character
    }
    if !piece.isEmpty { pieces.append(piece.lowercased()) }
    return pieces
  }

  private static func secret(
    _ kind: Kind, _ name: Substring, _ rest: Substring, line: String, next: String, _ isOption: Bool
  ) -> NamedSecret? {
    var rest = rest.drop { "\"'])".contains($0) }
    let hadSpace = rest.first?.isWhitespace == true
    rest = rest.drop(while: \.isWhitespace)
    let isAssigned = rest.first == "=" || rest.first == ":"
    if isAssigned {
      if rest.hasPrefix("==") || rest.hasPrefix("=~") || rest.hasPrefix("://") { return nil }
      rest = rest.drop { "=:>?+".contains($0) }.drop(while: \.isWhitespace)
    } else {
      guard hadSpace, standsAlone(name, rest, line: line, isOption) else { return nil }
    }
    for scheme in ["basic", "bearer", "token", "digest", "negotiate", "apikey"]
    where rest.drop(while: { "\"'".contains($0) }).lowercased().hasPrefix(scheme + " ") {
      rest = rest.drop { "\"'".contains($0) }.dropFirst(scheme.count).drop(while: \.isWhitespace)
    }
    return judge(kind, rest, next: next)
  }

  /// A value that only a space parts from its name: of an option, in a netrc, or one that no sentence would have.
  private static func standsAlone(
    _ name: Substring, _ rest: Substring, line: String, _ isOption: Bool
  ) -> Bool {
    guard !rest.isEmpty else { return false }
    if isOption { return true }
    // A section of git's settings: `[credential "https://host"]`.
    let text = line.trimmed
    if text.hasPrefix("[\(name) \""), text.hasSuffix("\"]"), text.count(where: { $0 == "\"" }) == 2 {
      return false
    }
    let words = line.lowercased().split(whereSeparator: \.isWhitespace)
    // fish, csh and tmux set a variable without a sign between.
    if let first = words.first, ["set", "setenv", "setx", "set-environment", "setenv-global"].contains(first)
    {
      return true
    }
    let plain = name.lowercased()
    guard
      ["password", "passwd", "pass", "passphrase", "token", "secret", "pw", "apikey", "account"].contains(
        plain)
    else {
      return rest.first.map { "\"'".contains($0) } ?? false || isMixed(rest.prefix { !$0.isWhitespace })
    }
    if words.contains("login") || words.contains("machine") || words.contains("user") { return true }
    if words.count == 2, words.first == plain[...] { return true }
    return isMixed(rest.prefix { !$0.isWhitespace }) || "\"'".contains(rest.first ?? " ")
  }

  /// Digits and letters, or capitals among small ones, as no word has them.
  private static func isMixed(_ text: Substring) -> Bool {
    guard text.count >= 6 else { return false }
    let digits = text.contains(where: \.isNumber)
    let small = text.contains(where: \.isLowercase)
    let capital = text.dropFirst().contains(where: \.isUppercase)
    return digits && (small || capital) || small && capital
  }

  private static let harmless: Set<String> = [
    "true", "false", "yes", "no", "none", "null", "nil", "on", "off", "0", "1", "ask", "prompt", "never",
    "always",
    "auto", "store", "cache", "keychain", "osxkeychain", "libsecret", "manager", "manager-core", "env",
    "file",
    "required", "optional", "default", "undefined", "enabled", "disabled", "basic", "interactive", "local",
    "string",
    "plain", "any", "all",
  ]

  private static func judge(_ kind: Kind, _ rest: Substring, next: String) -> NamedSecret? {
    let what =
      switch kind {
      case .plain(let what), .perhaps(let what): what
      }
    var rest = rest
    if case .plain = kind, rest.hasPrefix("\"\"\"") || rest.hasPrefix("'''") {
      return NamedSecret(what: what, value: "", isWhole: true)
    }
    var quote: Character?
    if let first = rest.first, "\"'`".contains(first) {
      quote = first
      rest.removeFirst()
    }
    let raw = quote.map { quote in rest.prefix { $0 != quote } } ?? rest.prefix { !$0.isWhitespace }
    let value = quote == nil ? String(raw).trimmingEnd(",;)}]") : String(raw)
    let isOver =
      ["|", ">", "|-", ">-", "\\", "[", "(", "{", "\"\"\"", "'''"].contains(value)
      || quote != nil && rest.count == raw.count
    if case .plain = kind, isOver { return NamedSecret(what: what, value: "", isWhole: true) }
    if value.isEmpty {
      // YAML's: the value stands in the next line, further in.
      let goesOn = quote == nil && rest.isEmpty && next.first?.isWhitespace == true && !next.trimmed.isEmpty
      if case .plain = kind, goesOn, !next.contains(":"), !next.contains("=") {
        return NamedSecret(what: what, value: next.trimmed, isWhole: true)
      }
      return nil
    }
    if quote == "`" || isVariable(value[...]) || harmless.contains(value.lowercased()) { return nil }
    if value.allSatisfy({ !$0.isLetter && !$0.isNumber }) { return nil }
    if isPath(value) { return nil }
    if case .perhaps = kind {
      guard value.count >= 12, isMixed(value[...]) else { return nil }
    }
    return NamedSecret(what: what, value: value, isWhole: false)
  }

  /// What stands for a value that is not here: `$TOKEN`, `$(pass show x)`, `%(token)s`, `{{token}}`, `<your token>`.
  static func isVariable(_ text: Substring) -> Bool {
    if text.hasPrefix("{{") || text.hasPrefix("%(") || text.hasPrefix("<") || text.hasPrefix("!") {
      return true
    }
    guard text.hasPrefix("$"), let next = text.dropFirst().first else { return false }
    // A value for where there is none, and hashes of passwords (crypt(5)).
    if text.contains(":-") || text.contains(":=") || next.isNumber { return false }
    if next == "(" { return true }
    let name = text.dropFirst().drop { $0 == "{" }.prefix { $0.isLetter || $0.isNumber || $0 == "_" }
    let after = text.dropFirst().drop { $0 == "{" }.dropFirst(name.count).drop { "}\"')".contains($0) }
    return !name.isEmpty && (after.isEmpty || "/:@ ;,".contains(after.first ?? " "))
  }

  /// A place of a file, and no key that happens to begin like one.
  private static func isPath(_ text: String) -> Bool {
    ["/", "~/", "./", "../"].contains(where: text.hasPrefix) && Randomness.first(in: Array(text.utf8)) == nil
      && text.dropFirst().contains { $0 == "/" || $0 == "." }
  }
}

extension String {
  fileprivate func trimmingEnd(_ characters: String) -> String {
    var text = self[...]
    while let last = text.last, characters.contains(last) { text.removeLast() }
    return String(text)
  }
}
