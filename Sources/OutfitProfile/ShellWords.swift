/// The words of a command line as Python's `shlex` and a POSIX shell take it apart, without anything that a shell would do
/// with them.
public enum ShellWords {
  /// Nil where a quote is not closed.
  public static func split(_ text: String) -> [String]? {
    var words: [String] = []
    var word: String?
    var quote: Character?
    var rest = Substring(text)
    while let character = rest.first {
      rest = rest.dropFirst()
      if let open = quote {
        if character == open {
          quote = nil
        } else if open == "\"", character == "\\", let next = rest.first, "\"\\$`\n".contains(next) {
          word?.append(next)
          rest = rest.dropFirst()
        } else {
          word?.append(character)
        }
      } else if character.isWhitespace {
        if let finished = word { words.append(finished) }
        word = nil
      } else if character == "'" || character == "\"" {
        quote = character
        word = word ?? ""
      } else if character == "\\" {
        guard let next = rest.first else { return nil }
        rest = rest.dropFirst()
        word = (word ?? "") + String(next)
      } else {
        word = (word ?? "") + String(character)
      }
    }
    guard quote == nil else { return nil }
    if let word { words.append(word) }
    return words
  }
}
