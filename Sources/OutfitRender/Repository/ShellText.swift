/// Command lines, as far as a reader that runs nothing has to tell their parts.
enum ShellText {
  /// The commands that follow each other by `&&`, `;`, `||`, `|` or lines, without what stands in quotes being split.
  static func parts(_ text: String) -> [String] { split(text).map(\.text) }

  static func split(_ text: String) -> [(text: String, isCertain: Bool)] {
    var parts: [(String, Bool)] = []
    var (current, isCertain): (String, Bool) = ("", true)
    var quote: Character?
    let characters = Array(text)
    var index = 0
    func close(_ next: Bool) {
      let bare = current.trimmed
      if !bare.isEmpty { parts.append((bare, isCertain)) }
      (current, isCertain) = ("", next)
    }
    while index < characters.count {
      let character = characters[index]
      if let open = quote {
        if character == open { quote = nil }
        current.append(character)
      } else if character == "'" || character == "\"" {
        quote = character
        current.append(character)
      } else if character == "&", index + 1 < characters.count, characters[index + 1] == "&" {
        close(true)
        index += 1
      } else if character == "|" {
        let isOr = index + 1 < characters.count && characters[index + 1] == "|"
        close(!isOr)
        if isOr { index += 1 }
      } else if character == ";" || character.isNewline {
        close(true)
      } else {
        current.append(character)
      }
      index += 1
    }
    close(true)
    return parts
  }

  /// Without loops that wait for something.
  static func withoutLoops(_ parts: [String]) -> [String] {
    var kept: [String] = []
    var depth = 0
    for part in parts {
      let first = part.split(separator: " ").first ?? ""
      if ["while", "until", "for"].contains(first) { depth += 1 }
      if depth == 0 { kept.append(part) }
      if depth > 0, first == "done" { depth -= 1 }
    }
    return kept
  }

  /// Whether a shell is needed to run it: something stands there that only one understands.
  static func isNeeded(_ text: String) -> Bool { text.contains { "$&|;<>`*(".contains($0) } }
}

extension StringProtocol {
  var trimmed: String {
    var rest = Substring(self).drop(while: \.isWhitespace)
    while rest.last?.isWhitespace == true { rest.removeLast() }
    return String(rest)
  }
}
