import OutfitProfile

/// What a template of chezmoi's asks a password manager, as a secret of a manifest.
struct ManagerCall {
  var name: String
  var section: SecretSection

  /// For the calls whose answer is one text; what gives whole records stays with the templates.
  static func all(_ calls: [[String]], besides taken: Set<String>) -> [ManagerCall] {
    var names = taken
    return calls.compactMap { words in
      guard words.count > 1, !words.contains(where: { $0.contains(" ") }), let command = command(words) else {
        return nil
      }
      var name = name(words[1])
      while names.contains(name) { name += "_2" }
      names.insert(name)
      return ManagerCall(
        name: name, section: SecretSection(origin: .command(command), call: words.joined(separator: " ")))
    }
  }

  /// What chezmoi runs for it.
  private static func command(_ words: [String]) -> [String]? {
    let rest = Array(words.dropFirst())
    switch (words[0], rest.count) {
    case ("onepasswordRead", 1): return ["op", "read", "--no-newline", rest[0]]
    case ("onepasswordRead", 2): return ["op", "read", "--no-newline", rest[0], "--account", rest[1]]
    // The first line alone.
    case ("pass", 1): return ["sh", "-c", "pass show \"$1\" | head -n 1", "sh", rest[0]]
    case ("passRaw", 1): return ["pass", "show", rest[0]]
    case ("gopass", 1): return ["gopass", "show", "--password", rest[0]]
    case ("gopassRaw", 1): return ["gopass", "show", "--noparsing", rest[0]]
    case ("keyring", 2): return ["secret-tool", "lookup", "service", rest[0], "username", rest[1]]
    default: return nil
    }
  }

  /// `npm_token` of `op://Team/npm/token`.
  private static func name(_ place: String) -> String {
    let parts = place.split(separator: "/").filter { $0 != "op:" }.suffix(2)
    let text = parts.joined(separator: "_").lowercased().map { character in
      character.isASCII && (character.isLetter || character.isNumber) ? character : "_"
    }
    let name = String(text)
    return name.first?.isLetter == true ? name : "secret_\(name)"
  }

  var entries: [ManifestValue.Entry] {
    var entries: [ManifestValue.Entry] = []
    if case .command(let words)? = section.origin {
      entries.append(.init("command", .list(words.map { .text($0) })))
    }
    if let call = section.call { entries.append(.init("chezmoi", .text(call))) }
    return entries
  }
}
