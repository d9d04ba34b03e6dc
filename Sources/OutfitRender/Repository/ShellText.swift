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

  /// What a script does, line by line, without what waits, speaks, decides or hands on.
  static func steps(_ script: String) -> [(text: String, line: Int)] {
    var steps: [(text: String, line: Int)] = []
    var (number, loops, end): (Int, Int, String?) = (0, 0, nil)
    var functions: Set<String> = []
    var quote: Character?
    for line in script.split(separator: "\n", omittingEmptySubsequences: false) {
      number += 1
      let bare = line.trimmed
      if let mark = end {
        if bare == mark { end = nil }
        continue
      }
      if quote == nil, bare.isEmpty || bare.hasPrefix("#") { continue }
      let isText = quote != nil
      quote = openQuote(bare, after: quote)
      if isText { continue }
      if let name = bare.firstRange(of: "()") {
        functions.insert(bare[..<name.lowerBound].trimmed.replacing("function ", with: ""))
        continue
      }
      if let mark = bare.firstRange(of: "<<"), bare[mark.upperBound...].first != "<" {
        end = bare[mark.upperBound...].split(separator: " ").first.map { $0.filter { !"-'\"".contains($0) } }
        continue
      }
      // What a command says, and not what it does: `ADDRESS=$(hostname -i)`.
      let name = bare.prefix { $0.isLetter || $0.isNumber || $0 == "_" }
      let value = bare[name.endIndex...]
      if ["=`", "=$(", "=\"`", "=\"$("].contains(where: value.hasPrefix) { continue }
      for part in parts(bare) {
        let words = ProjectReading.words(part).drop {
          ["then", "else", "do", "!", "{", "("].contains($0) || $0.hasPrefix(">")
        }
        guard let first = words.drop(while: { $0.contains("=") }).first else { continue }
        if ["while", "until", "for"].contains(first) { loops += 1 }
        if first == "done" { loops -= 1 }
        let isQuiet =
          silent.contains(first) || functions.contains(first) || first.hasSuffix(")") || first.hasPrefix("-")
        if loops <= 0, !isQuiet, !part.contains("wait"), !part.contains("$@") {
          steps.append((words.joined(separator: " "), number))
        }
      }
    }
    return steps
  }

  /// The quote that is open at the end of a line.
  private static func openQuote(_ line: String, after before: Character?) -> Character? {
    var quote = before
    var isEscaped = false
    for character in line {
      if isEscaped {
        isEscaped = false
      } else if character == "\\", quote != "'" {
        isEscaped = true
      } else if let open = quote {
        if character == open { quote = nil }
      } else if "\"'".contains(character) {
        quote = character
      }
    }
    return quote
  }

  /// What a script does for itself, or for its container's user.
  private static let silent: Set<String> = [
    "if", "elif", "fi", "while", "until", "for", "done", "case", "esac", "function", "}", ")", "echo",
    "printf", "set",
    "export", "exec", "exit", "sleep", "source", ".", "cd", "shift", "return", "true", "false", ":", "local",
    "trap",
    "unset", "readonly", "declare", "[", "[[", "test", "read", "break", "continue", "nc", "dockerize",
    "pg_isready",
    "ulimit", "umask", "command", "kill", "chown", "chmod", "usermod", "groupmod", "id", "cat", "date",
    "logger", "grep", "rm", "mkdir", "touch",
  ]

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
