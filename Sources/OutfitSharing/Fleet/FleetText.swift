import OutfitCore
import OutfitSystem

/// A report of many machines in a terminal: those that differ, each with its lines, and the names of the others.
public enum FleetText {
  /// - Parameter width: columns of the terminal.
  public static func text(of report: FleetReport, width: Int, style: Style = .plain) -> String {
    let width = max(24, min(width, 160))
    var lines = wrapped(summary(report), width: width).map { style.bold($0.cut(to: width)) }
    for machine in report.differing {
      let facts = machine.facts
      lines.append("")
      lines += put(about(facts), after: facts.name, style.yellow(facts.name.cut(to: width)), width, style)
      for difference in machine.differences { lines += told(difference, width, style) }
    }
    let same = report.machines.filter(\.differences.isEmpty)
    if !same.isEmpty, same.count < report.machines.count {
      lines.append("")
      lines += listed("As they should be", same.map(\.facts.name), width, style)
    }
    let own = report.machines.filter { !$0.own.isEmpty }
    if !own.isEmpty {
      lines.append("")
      lines += listed(
        "With tools of their users' own",
        own.map { "\($0.facts.name) (\($0.own.joined(separator: " ")))" }, width, style)
    }
    if !report.without.isEmpty {
      lines.append("")
      lines += listed("Of which nobody asked Outfit", report.without, width, style)
    }
    if report.isCut { lines += ["", "There are more than that."] }
    return lines.map { $0 + "\n" }.joined()
  }

  /// `4 machines with web-team: 2 differ`.
  static func summary(_ report: FleetReport) -> String {
    let (all, differing) = (report.machines.count, report.differing.count)
    let names = report.profiles
    let with = names.isEmpty ? "" : " with \(names.prefix(4).joined(separator: ", "))"
    let more = names.count > 4 ? " and \(names.count - 4) more" : ""
    let said =
      differing == 0
      ? (all == 1 ? "as it should be" : "all alike, and as they should be")
      : "\(differing) \(differing == 1 ? "differs" : "differ")"
    return "\(all) \(all == 1 ? "machine" : "machines")\(with)\(more): \(said)"
  }

  /// `web-team, generation 7, linux-amd64`.
  static func about(_ facts: MachineFacts) -> String {
    ([facts.profile ?? "no profile"] + (facts.generation.map { ["generation \($0.number)"] } ?? [])
      + [facts.platform]).joined(separator: ", ")
  }

  private static func told(_ difference: FleetReport.Difference, _ width: Int, _ style: Style) -> [String] {
    let subject = difference.subject
    let text = (subject.isEmpty ? "" : "\(subject): ") + difference.text
    let lines = wrapped(text, width: width - 4)
    guard let line = difference.line?.text else { return indented(lines, width) }
    let place = "(\(line))"
    // The line stands behind what it is of where there is room, else beneath.
    if let last = lines.last, last.columns + 1 + place.columns <= width - 4 {
      let before = indented(Array(lines.dropLast()), width)
      let cut = "\(before.isEmpty ? "  " : "    ")\(last)"
      return before + ["\(cut) \(style.dim(place))"]
    }
    return indented(lines, width) + ["    " + style.dim(place.cut(to: width - 4))]
  }

  private static func indented(_ lines: [String], _ width: Int) -> [String] {
    lines.enumerated().map { index, line in
      let indent = index == 0 ? "  " : "    "
      return indent + line.cut(to: width - indent.count)
    }
  }

  /// A head, and what is said of it on the same line where there is room.
  private static func put(
    _ text: String, after plain: String, _ head: String, _ width: Int, _ style: Style
  ) -> [String] {
    if plain.columns + 2 + text.columns <= width { return ["\(head)  \(style.dim(text))"] }
    return [head] + wrapped(text, width: width - 2).map { "  " + style.dim($0.cut(to: width - 2)) }
  }

  private static func listed(_ title: String, _ names: [String], _ width: Int, _ style: Style) -> [String] {
    let lines = wrapped(names.joined(separator: ", "), width: width - 2)
    if lines.count == 1, title.columns + 2 + lines[0].columns <= width {
      return ["\(style.dim("\(title):")) \(lines[0])"]
    }
    return [style.dim("\(title):".cut(to: width))] + lines.map { "  " + $0.cut(to: width - 2) }
  }
}
