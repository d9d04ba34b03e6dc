import OutfitEngine

/// The section `alias` of a configuration of git's (git-config(1), "Syntax").
enum GitShortcuts {
  static func read(_ lines: [String]) -> [Shortcut] {
    var found: [Shortcut] = []
    var isAlias = false
    var index = 0
    while index < lines.count {
      let number = index + 1
      var line = lines[index].drop(while: \.isWhitespace)
      index += 1
      if line.first == "[" {
        let header = line.dropFirst().prefix { $0 != "]" }
        isAlias = header.lowercased().filter { !$0.isWhitespace } == "alias"
        line = line.dropFirst(header.count + 2).drop(while: \.isWhitespace)
      }
      guard isAlias, let equals = line.firstIndex(of: "="), line.first?.isLetter == true else { continue }
      let name = line[..<equals].filter { !$0.isWhitespace }
      guard name.allSatisfy({ $0.isLetter || $0.isNumber || $0 == "-" }) else { continue }
      var value = String(line[line.index(after: equals)...])
      while value.hasSuffix("\\"), index < lines.count {
        value.removeLast()
        value += lines[index]
        index += 1
      }
      let meaning = plain(value)
      if !meaning.isEmpty { found.append(Shortcut(.git, .alias, "git \(name)", meaning, line: number)) }
    }
    return found
  }

  /// A value without its quotes and its comment.
  private static func plain(_ value: String) -> String {
    var text = ""
    var isQuoted = false
    var rest = value[...]
    while let character = rest.popFirst() {
      switch character {
      case "\"": isQuoted.toggle()
      case "\\":
        if let next = rest.popFirst() { text.append(next == "n" || next == "t" ? " " : next) }
      case "#" where !isQuoted, ";" where !isQuoted: return text.trimmed
      default: text.append(character)
      }
    }
    return text.trimmed
  }
}
