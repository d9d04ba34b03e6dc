import OutfitProfile

/// What a setup.py says that a project needs, which is never run: only a list of texts that stands there counts, at
/// `install_requires=` itself or at the name that it has there.
struct SetupProgram {
  private let text: String

  init(_ text: String) { self.text = text }

  var dependencies: [RequirementLine] {
    guard let value = values(of: "install_requires").first else { return [] }
    let name = value.prefix { $0.isLetter || $0.isNumber || $0 == "_" }
    let list = name.isEmpty ? Self.texts(value) : values(of: String(name)).lazy.compactMap(Self.texts).first
    return (list ?? []).map { RequirementLine.requirement($0, line: 1) }
  }

  /// What follows `name =`, of every place where it does.
  private func values(of name: String) -> [Substring] {
    var found: [Substring] = []
    var rest = text[...]
    while let place = rest.firstRange(of: name) {
      let before = rest[..<place.lowerBound].last ?? text[..<place.lowerBound].last
      rest = rest[place.upperBound...]
      let after = rest.drop { $0 == " " || $0 == "\t" }
      let line = text[..<place.lowerBound].reversed().prefix { !$0.isNewline }
      let isWord = before.map { !$0.isLetter && !$0.isNumber && !"_.'\"".contains($0) } ?? true
      guard isWord, !line.contains("#"), after.first == "=", after.dropFirst().first != "=" else { continue }
      found.append(after.dropFirst().drop(while: \.isWhitespace))
    }
    return found
  }

  /// The texts of a list or a tuple of nothing else; nil where it is none.
  private static func texts(_ value: Substring) -> [String]? {
    guard let open = value.first, let close = ["[": "]", "(": ")"][String(open)] else { return nil }
    var texts: [String] = []
    var word: String?
    var quote: Character?
    var isComment = false
    for character in value.dropFirst().prefix(20_000) {
      if isComment {
        isComment = !character.isNewline
      } else if let end = quote {
        if character == end { quote = nil } else { word?.append(character) }
      } else if character == "\"" || character == "'" {
        guard word == nil else { return nil }
        (quote, word) = (character, "")
      } else if character == "#" {
        isComment = true
      } else if character == "," || String(character) == close {
        if let word { texts.append(word) }
        word = nil
        if character != "," { return texts }
      } else if !character.isWhitespace {
        return nil
      }
    }
    return nil
  }
}
