import OutfitCore

/// How a diagnostic looks on a terminal:
///
///     error: unknown key `pyhton`
///       --> outfit.yaml:3:3
///        |
///      3 |   pyhton: "3.13"
///        |   ^
///        hint: did you mean `python`?
public struct DiagnosticPrinter: Sendable {
  private let style: Style
  private let width: Int
  private let folds: Bool

  /// - Parameters:
  ///   - width: columns; longer lines of files are cut around the place that is meant.
  ///   - folds: a person reads it there, so that long messages are broken at spaces. A hint that is a command, without
  ///     backquotes around it, stays in one piece.
  public init(style: Style, width: Int = 80, folds: Bool = false) {
    self.style = style
    self.width = max(width, 40)
    self.folds = folds
  }

  /// The lines, each with its end.
  public func text(_ diagnostic: Diagnostic) -> String {
    let diagnostic = diagnostic.withoutPasswords
    var lines = [heading(diagnostic.severity) + style.bold(": " + diagnostic.message.harmless)]
    if let location = diagnostic.location {
      lines.append("  " + style.blue("-->") + " " + location.description.harmless)
      if let excerpt = diagnostic.excerpt { lines += source(excerpt, location) }
    } else if let excerpt = diagnostic.excerpt {
      lines += excerpt.split(separator: "\n", omittingEmptySubsequences: false).map {
        "  " + style.blue("|") + " " + String($0).harmless
      }
    }
    if let hint = diagnostic.hint {
      let parts = hint.split(separator: "\n", omittingEmptySubsequences: false).map { String($0).harmless }
      for (index, part) in parts.enumerated() {
        lines.append("  " + (index == 0 ? style.cyan("hint:") + " " : "      ") + part)
      }
    }
    if folds {
      lines = lines.enumerated().flatMap { index, line in
        index == 0 || line.contains("`") && !line.contains("|") ? folded(line, width: width) : [line]
      }
    }
    return lines.map { $0 + "\n" }.joined()
  }

  /// All of them, the earlier places first where they are of one file, with an empty line between.
  public func text(_ diagnostics: [Diagnostic]) -> String {
    diagnostics.map { text($0) }.joined(separator: "\n")
  }

  private func heading(_ severity: Diagnostic.Severity) -> String {
    switch severity {
    case .error: style.bold(style.red("error"))
    case .warning: style.bold(style.yellow("warning"))
    case .note: style.bold(style.cyan("note"))
    }
  }

  private func source(_ excerpt: String, _ location: SourceLocation) -> [String] {
    let number = String(location.line)
    let margin = String(repeating: " ", count: number.count)
    let room = width - number.count - 5
    var characters = Array(excerpt.prefix { !$0.isNewline }.description.harmless)
    var column = max(0, min(location.column - 1, characters.count))
    if characters.count > room {
      let start = max(0, min(column - room / 2, characters.count - room))
      characters = Array(characters[start..<min(start + room, characters.count)])
      if start > 0 { characters[0] = "…" }
      column = min(column - start, characters.count)
    }
    let before = characters[..<column].reduce(0) { $0 + $1.columns }
    let bar = style.blue("|")
    return [
      " \(margin) \(bar)",
      " \(style.blue(number)) \(bar) \(String(characters))",
      " \(margin) \(bar) " + String(repeating: " ", count: before) + style.red("^"),
    ]
  }
}
