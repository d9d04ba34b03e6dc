import OutfitCore
import OutfitSystem

/// A report, as people read it in a terminal.
struct CheckText {
  let report: CheckReport
  let width: Int
  let style: Style

  private static let column = 10

  var lines: [String] {
    var lines = [style.bold(report.profile.harmless)]
    for step in report.steps {
      lines += row(step.name, step.detail, mark: mark(step.verdict))
      for problem in step.problems where problem.severity == .error {
        lines += row("", problem.message + (problem.location.map { " (\($0))" } ?? ""), mark: "      ")
      }
    }
    for effect in report.notDone { lines += row("not done", effect.label, mark: style.dim("--    ")) }
    if !report.assumed.isEmpty {
      lines += row("answers", "\(report.assumed.joined(separator: ", ")): made up", mark: style.dim("--    "))
    }
    lines.append("")
    if let changes = report.changes {
      lines += wrapped(
        changes.isEmpty ? "Nothing differs from \(changes.title)." : "Since \(changes.title):",
        width: max(20, width))
      lines += Self.texts(changes).flatMap { row($0.sign, $0.text, mark: "") }
    } else if let note = report.note {
      lines += wrapped(note.harmless, width: max(20, width))
    }
    return lines
  }

  /// What differs, one thing a line.
  static func texts(_ changes: ProfileChanges) -> [(sign: String, text: String)] {
    changes.gained.map { ("can", "+ \($0.text)") } + changes.lost.map { ("can", "- \($0.text)") }
      + changes.pins.map { ("pin", $0.text) }
      + changes.files.map { file in
        let sign =
          switch file.action {
          case .add: "+"
          case .change: "~"
          case .remove: "-"
          }
        return ("file", "\(sign) \(file.path)  \(file.count)")
      }
  }

  private func mark(_ verdict: CheckReport.Verdict) -> String {
    switch verdict {
    case .ok: style.green("ok    ")
    case .failed: style.red("FAILED")
    case .unknown: style.red("?     ")
    case .stale: style.yellow("stale ")
    case .skipped: style.dim("--    ")
    }
  }

  private func row(_ label: String, _ text: String, mark: String) -> [String] {
    let start = 2 + mark.columns + (mark.isEmpty ? 0 : 2) + (mark.isEmpty ? 6 : Self.column)
    let texts = wrapped(text.harmless, width: max(16, width - start))
    return texts.enumerated().map { index, text in
      let head = "  \(mark)\(mark.isEmpty ? "" : "  ")\(label)"
      return
        (index == 0
        ? head + String(repeating: " ", count: max(1, start - head.columns))
        : String(repeating: " ", count: start)) + text
    }
  }
}

extension ProfileChanges.File {
  /// `+3 -1`.
  var count: String {
    guard let lines else { return "no text" }
    return [lines.added > 0 ? "+\(lines.added)" : "", lines.removed > 0 ? "-\(lines.removed)" : ""]
      .filter { !$0.isEmpty }.joined(separator: " ")
  }
}
