/// `alias`, `abbr`, `bind` and `bindkey` of bash, zsh and fish.
struct ShellShortcuts {
  let isFish: Bool

  /// How many lines one value may go over.
  private static let longest = 40

  func read(_ lines: [String]) -> [Shortcut] {
    var found: [Shortcut] = []
    var index = 0
    while index < lines.count {
      let number = index + 1
      var text = lines[index]
      index += 1
      guard ["alias", "abbr", "bind"].contains(where: text.contains) else { continue }
      var words = ShellWords(text)
      // A quote that is open, or a line that says that it goes on.
      while words.isOpen, index < min(lines.count, number + Self.longest) {
        text += "\n" + lines[index]
        index += 1
        words = ShellWords(text)
      }
      if words.isOpen { continue }
      for command in words.commands { found += shortcuts(command, number) }
    }
    return found
  }

  /// What may stand before a command.
  private static let leading: Set<String> = [
    "then", "else", "do", "if", "{", "!", "builtin", "command", "noglob", "and", "or", "not",
  ]

  private func shortcuts(_ words: [String], _ line: Int) -> [Shortcut] {
    let words = words.drop { Self.leading.contains($0) }
    guard let command = words.first else { return [] }
    let rest = Array(words.dropFirst())
    let pairs: [(Shortcut.Kind, String, String)] =
      switch command {
      case "alias": aliases(rest)
      case "abbr": abbreviations(rest)
      case "bind": isFish ? fishKeys(rest) : readlineKeys(rest)
      case "bindkey": zshKeys(rest)
      // A function of the file's own, which gives a name a meaning unless it has one.
      case let name where name.hasSuffix("alias") && name != "unalias" && rest.count == 2:
        [(.alias, rest[0], rest[1])]
      default: []
      }
    return pairs.compactMap { kind, name, meaning in
      guard !name.isEmpty, !meaning.isEmpty, !name.contains("$") || kind == .key else { return nil }
      return Shortcut(kind == .key ? .commandLine : .shell, kind, name, meaning, line: line)
    }
  }

  private func aliases(_ words: [String]) -> [(Shortcut.Kind, String, String)] {
    let plain = words.drop { $0.hasPrefix("-") }
    if isFish, let first = plain.first, !first.contains("=") {
      return [(.alias, first, plain.dropFirst().joined(separator: " "))]
    }
    return plain.compactMap { word in
      guard let equals = word.firstIndex(of: "=") else { return nil }
      return (.alias, String(word[..<equals]), String(word[word.index(after: equals)...]))
    }
  }

  private func abbreviations(_ words: [String]) -> [(Shortcut.Kind, String, String)] {
    var rest = words[...]
    while let option = rest.first, option.hasPrefix("-") {
      rest.removeFirst()
      if option == "--" { break }
      if ["-e", "--erase", "-s", "--show", "-l", "--list", "-q", "--query", "--rename"].contains(option) {
        return []
      }
      if ["-p", "--position", "-r", "--regex", "-f", "--function", "-c", "--command"].contains(option) {
        rest = rest.dropFirst()
      }
    }
    guard let first = rest.first else { return [] }
    if rest.count == 1, let equals = first.firstIndex(of: "=") {
      return [(.alias, String(first[..<equals]), String(first[first.index(after: equals)...]))]
    }
    return [(.alias, first, rest.dropFirst().filter { $0 != "--" }.joined(separator: " "))]
  }

  private func fishKeys(_ words: [String]) -> [(Shortcut.Kind, String, String)] {
    var rest = words[...]
    while let option = rest.first, option.hasPrefix("-"), option != "-" {
      rest.removeFirst()
      if option == "--" { break }
      if ["-e", "--erase", "-a", "--all", "-L", "-K"].contains(option) { return [] }
      if ["-M", "-m", "--mode", "--sets-mode"].contains(option) { rest = rest.dropFirst() }
    }
    guard let key = rest.first else { return [] }
    return [(.key, key, rest.dropFirst().joined(separator: " "))]
  }

  private func readlineKeys(_ words: [String]) -> [(Shortcut.Kind, String, String)] {
    words.compactMap { KeyFiles.readlineBinding($0) }.map { (.key, $0.name, $0.meaning) }
  }

  private func zshKeys(_ words: [String]) -> [(Shortcut.Kind, String, String)] {
    var rest = words[...]
    while let option = rest.first, option.hasPrefix("-"), option.count > 1 {
      rest.removeFirst()
      if option == "--" { break }
      if "deNrlLDA".contains(where: option.dropFirst().contains) { return [] }
      if option == "-M" { rest = rest.dropFirst() }
    }
    guard rest.count == 2, let key = rest.first, let widget = rest.last else { return [] }
    return [(.key, key, widget)]
  }
}

/// A line of a shell's language as its commands, each as words without their quotes (POSIX 2024, 2.2).
struct ShellWords {
  private(set) var commands: [[String]] = []
  /// A quote is not closed, or the last line goes on in the next.
  private(set) var isOpen = false

  private var words: [String] = []
  private var word: String?

  /// - Parameter splits: false where `;`, `|` and the like are text.
  init(_ text: String, splits: Bool = true) {
    var rest = text[...]
    while let character = rest.popFirst() {
      switch character {
      case "\\":
        guard let next = rest.popFirst() else {
          isOpen = true
          break
        }
        if !next.isNewline { add(String(next)) }
      case "'":
        guard let end = rest.firstIndex(of: "'") else {
          isOpen = true
          return
        }
        add(String(rest[..<end]))
        rest = rest[rest.index(after: end)...]
      case "\"":
        guard let quoted = Self.quoted(&rest) else {
          isOpen = true
          return
        }
        add(quoted)
      case "#" where word == nil:
        rest = rest.drop { !$0.isNewline }
      case let separator where splits && ";|&()".contains(separator): endCommand()
      case let space where space.isNewline: splits ? endCommand() : endWord()
      case let space where space.isWhitespace: endWord()
      default: add(String(character))
      }
    }
    endCommand()
  }

  private static func quoted(_ rest: inout Substring) -> String? {
    var text = ""
    while let character = rest.popFirst() {
      if character == "\"" { return text }
      guard character == "\\", let next = rest.first, "\"\\$`\n".contains(next) else {
        text.append(character)
        continue
      }
      rest.removeFirst()
      if next != "\n" { text.append(next) }
    }
    return nil
  }

  private mutating func add(_ text: String) { word = (word ?? "") + text }

  private mutating func endWord() {
    if let word { words.append(word) }
    word = nil
  }

  private mutating func endCommand() {
    endWord()
    if !words.isEmpty { commands.append(words) }
    words = []
  }
}
