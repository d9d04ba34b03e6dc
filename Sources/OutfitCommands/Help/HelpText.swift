import ArgumentParser
import OutfitSystem

/// What `--help` says: ArgumentParser's text, with headings that read well, commands in one piece, examples, and the
/// variables that count.
enum HelpText {
  /// - Parameters:
  ///   - message: ArgumentParser's.
  ///   - verbs: from `outfit` on, without it.
  ///   - width: in columns.
  static func text(_ message: String, of verbs: [String], width: Int) -> String {
    var lines = message.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    // A script for a shell is no help.
    guard let usage = lines.firstIndex(where: { $0.hasPrefix("USAGE:") }), let command = command(verbs) else {
      return message
    }
    lines.replaceSubrange(..<usage, with: overview(command, width))
    lines = lines.map { line in
      let heading = " SUBCOMMANDS:"
      return line.hasSuffix(heading) && line.first?.isWhitespace == false
        ? String(line.dropLast(heading.count)) + ":" : line
    }
    // What leads on to the help of a verb stays last.
    let last = lines.lastIndex { $0.hasPrefix("  See '") }
    let tail = last.map { Array(lines[$0...]) } ?? []
    if let last { lines.removeSubrange(last...) }
    while lines.last?.isEmpty == true { lines.removeLast() }
    if let examples = Examples.of[verbs.joined(separator: " ")] {
      lines += ["", "EXAMPLES:"] + examples.map { "  outfit \($0)" }
    }
    if verbs.isEmpty { lines += ["", "VARIABLES:"] + variables(width) }
    return (lines + (tail.isEmpty ? [] : [""] + tail)).joined(separator: "\n")
  }

  /// The verbs that words ask the help of, as far as they are verbs.
  static func verbs(_ words: [String]) -> [String] {
    var found: [String] = []
    var verbs = OutfitCommand.configuration.subcommands + grouped(OutfitCommand.self)
    for word in words.drop(while: { $0 == "help" }) where !word.hasPrefix("-") {
      guard let next = verbs.first(where: { names($0).contains(word) }) else { break }
      found.append(next._commandName)
      verbs = next.configuration.subcommands
    }
    return found
  }

  static func command(_ verbs: [String]) -> (any ParsableCommand.Type)? {
    var command: any ParsableCommand.Type = OutfitCommand.self
    for verb in verbs {
      let all = command.configuration.subcommands + grouped(command)
      guard let next = all.first(where: { $0._commandName == verb }) else { return nil }
      command = next
    }
    return command
  }

  private static func grouped(_ command: any ParsableCommand.Type) -> [any ParsableCommand.Type] {
    command.configuration.groupedSubcommands.flatMap(\.subcommands)
  }

  private static func names(_ verb: any ParsableCommand.Type) -> [String] {
    [verb._commandName] + verb.configuration.aliases
  }

  /// Broken at spaces, but never within a command that somebody may copy.
  private static func overview(_ command: any ParsableCommand.Type, _ width: Int) -> [String] {
    let paragraphs =
      ["OVERVIEW: \(command.configuration.abstract)"]
      + command.configuration.discussion.split(separator: "\n\n").map(String.init)
    return paragraphs.flatMap { paragraph in
      paragraph.split(separator: "\n").flatMap { line in
        wrapped(whole(String(line)), width: width).map { $0.replacing(joiner, with: " ") }
      } + [""]
    }
  }

  private static let joiner = "\u{A0}"

  private static func whole(_ text: String) -> String {
    let pieces = text.split(separator: "`", omittingEmptySubsequences: false).map(String.init)
    let joined = pieces.enumerated().map { index, piece in
      index % 2 == 1 && index < pieces.count - 1 ? piece.replacing(" ", with: joiner) : piece
    }
    return joined.joined(separator: "`")
  }

  private static func variables(_ width: Int) -> [String] {
    let column = 26
    return environment.flatMap { name, meaning in
      wrapped(meaning, width: max(20, width - column)).enumerated().map { index, line in
        "  " + (index == 0 ? name : "").padding(to: column - 2) + line
      }
    }
  }

  /// Those that a person sets.
  static let environment: [(name: String, meaning: String)] = [
    ("OUTFIT_HOME", "One folder for all that Outfit keeps, in place of the XDG folders."),
    ("OUTFIT_MIRROR", "Where Pythons and Nodes are had, with /python and /node behind it."),
    ("OUTFIT_IMAGE_MIRROR", "The registry that stands for Docker's own."),
    ("OUTFIT_DEBIAN_MIRROR", "The archive that stands for Debian's, for `app.packages`."),
    ("OUTFIT_INDEX_NAME_...", "USERNAME and PASSWORD of the index NAME."),
    ("OUTFIT_PYTHON", "The version of Python that this shell has; OUTFIT_NODE the same."),
    ("OUTFIT_VENV", "The virtual environment that this shell has."),
    ("https_proxy, no_proxy", "How the network is reached; SSL_CERT_FILE says whom to believe there."),
    ("NO_COLOR", "No colours; CLICOLOR_FORCE asks for them where there is no terminal."),
    ("VISUAL, EDITOR", "The editor of `outfit edit`."),
  ]
}
