import OutfitCore
import OutfitSystem

/// A report for a pull request. What a profile says stands in it as code alone, so that no text of it is a link, a
/// mention or HTML.
enum CheckMarkdown {
  static func text(_ report: CheckReport) -> String {
    let isGood = report.exit == .done
    var text =
      "### \(isGood ? "✓" : "✗") \(code(report.profile)): \(isGood ? "all good" : "not good yet")\n\n"
    text += "| | | |\n|---|---|---|\n"
    for step in report.steps {
      text += "| \(mark(step.verdict)) | \(step.name) | \(code(step.detail, inTable: true)) |\n"
    }
    for effect in report.notDone { text += "| – | not done | \(code(effect.label, inTable: true)) |\n" }
    if !report.assumed.isEmpty {
      text += "| – | answers made up | \(code(report.assumed.joined(separator: ", "), inTable: true)) |\n"
    }
    text += problems(report.steps.flatMap(\.problems))
    if let changes = report.changes {
      text += "\n\(changes.isEmpty ? "Nothing differs from" : "Since") \(code(changes.title))\n"
      for (title, key) in [("What it can do", "can"), ("Pins", "pin"), ("Files", "file")] {
        let lines = CheckText.texts(changes).filter { $0.sign == key }.map(\.text)
        guard !lines.isEmpty else { continue }
        text += "\n\(title)\n\n" + lines.prefix(limit).map { "- \(code($0))\n" }.joined()
        if lines.count > limit { text += "- and \(lines.count - limit) more\n" }
      }
    } else if let note = report.note {
      text += "\n\(code(note))\n"
    }
    return text
  }

  /// For a profile that can't be read at all.
  static func text(_ failure: Failure, of profile: String) -> String {
    "### ✗ \(code(profile)): can't be checked\n" + problems(failure.diagnostics)
  }

  /// A comment has room for 65,536 characters.
  private static let limit = 100

  private static func problems(_ diagnostics: [Diagnostic]) -> String {
    guard !diagnostics.isEmpty else { return "" }
    let lines = diagnostics.prefix(limit).map { diagnostic in
      let shown = diagnostic.withoutPasswords
      return "- \(code((shown.location.map { "\($0): " } ?? "") + shown.message))\n"
    }
    let more = diagnostics.count > limit ? "- and \(diagnostics.count - limit) more\n" : ""
    return "\n" + lines.joined() + more
  }

  private static func mark(_ verdict: CheckReport.Verdict) -> String {
    switch verdict {
    case .ok: "✓"
    case .failed: "✗"
    case .unknown: "?"
    case .stale: "stale"
    case .skipped: "–"
    }
  }

  /// A code span of GitHub Flavored Markdown, on one line: its fence is longer than any in it, and a bar in a table is
  /// escaped there too.
  static func code(_ text: String, inTable: Bool = false) -> String {
    let line = String(text.harmless.map { $0.isNewline ? " " : $0 }.prefix(500))
    guard !line.allSatisfy(\.isWhitespace) else { return "" }
    let longest = line.split(whereSeparator: { $0 != "`" }).map(\.count).max() ?? 0
    let fence = String(repeating: "`", count: longest + 1)
    return "\(fence) \(inTable ? line.replacing("|", with: "\\|") : line) \(fence)"
  }
}
