import OutfitCore
import OutfitSystem

/// A report of many machines as one page: `outfit fleet report FOLDER --html FILE`.
///
/// All that facts say is a stranger's text, and goes through `HTMLPage.escaped`.
public struct FleetPage {
  private let report: FleetReport
  private let date: String

  /// - Parameter date: as the page shows it.
  public init(of report: FleetReport, date: String) {
    self.report = report
    self.date = date
  }

  public var html: String {
    let parts = [table, lines, machines, others].compactMap(\.self)
    var body =
      "<a class=\"skip\" href=\"#\(parts.first?.id ?? "top")\">To the contents</a>\n<main id=\"top\">\n"
    body += header(parts)
    for part in parts {
      body += "<section id=\"\(part.id)\" aria-labelledby=\"\(part.id)-title\">\n"
      body += "<h2 id=\"\(part.id)-title\">\(part.title)</h2>\n\(part.body)</section>\n"
    }
    body +=
      "<footer><p>Made on \(text(date)) by <code>outfit fleet report</code>, from what each machine said "
    body += "of itself. No machine was asked for it.</p></footer>\n</main>"
    return HTMLPage(
      title: "\(FleetText.summary(report))", style: ShowPage.style + "\n" + Self.style, body: body
    ).text
  }

  private struct Part {
    var id: String
    var title: String
    /// HTML.
    var body: String
  }

  private func header(_ parts: [Part]) -> String {
    let differing = report.differing.count
    var head = "<header>\n<p class=\"kicker\">Outfit fleet</p>\n"
    head += "<h1>\(differing == 0 ? "All alike" : "\(differing) of \(report.machines.count) differ")</h1>\n"
    head += "<p class=\"lead\">\(text(FleetText.summary(report)))</p>\n<dl class=\"numbers\">\n"
    let numbers = [
      (report.machines.count, "machine", "machines"), (report.profiles.count, "profile", "profiles"),
      (report.machines.reduce(0) { $0 + $1.differences.count }, "difference", "differences"),
      (report.without.count, "without facts", "without facts"),
      (report.broken.count, "not to be read", "not to be read"),
    ]
    for (count, one, many) in numbers where count > 0 {
      head += "<div><dd>\(count)</dd><dt>\(count == 1 ? one : many)</dt></div>\n"
    }
    head += "</dl>\n<nav aria-label=\"On this page\"><ul>\n"
    for part in parts { head += "<li><a href=\"#\(part.id)\">\(part.title)</a></li>\n" }
    return head + "</ul></nav>\n</header>\n"
  }

  // MARK: - Every machine

  private var table: Part? {
    guard !report.machines.isEmpty else { return nil }
    let columns = ["Profile", "Commit", "Lock", "Generation", "Outfit", "Differences"]
    var body = "<table class=\"fleet\"><thead><tr><th scope=\"col\">Machine</th>"
    body += columns.map { "<th scope=\"col\">\($0)</th>" }.joined() + "</tr></thead>\n<tbody>\n"
    for (index, machine) in report.machines.enumerated() {
      let facts = machine.facts
      let kinds = Set(machine.differences.map(\.kind))
      let cells: [(text: String, isOther: Bool)] = [
        (text(facts.profile ?? "none", 60), kinds.contains(.profile)),
        ("<code>\(text(facts.commit.map { String($0.prefix(12)) } ?? "–"))</code>", kinds.contains(.layer)),
        ("<code>\(text(facts.lock.map { String($0.prefix(12)) } ?? "–"))</code>", kinds.contains(.lock)),
        (
          facts.generation.map { "\($0.number)\($0.isIncomplete ? ", incomplete" : "")" } ?? "none",
          kinds.contains(.generation)
        ),
        (text(facts.outfit, 40), kinds.contains(.outfit)),
        (
          machine.differences.isEmpty
            ? "none" : "<a href=\"#m\(index)\">\(machine.differences.count)</a>", !machine.differences.isEmpty
        ),
      ]
      body += "<tr><th scope=\"row\">\(text(facts.name, 80))<small>\(text(facts.platform, 40))</small></th>"
      for (column, cell) in zip(columns, cells) {
        body += "<td\(cell.isOther ? " class=\"other\"" : "") data-label=\"\(column.lowercased())\">"
        body += cell.text + "</td>"
      }
      body += "</tr>\n"
    }
    body += "</tbody></table>\n"
    if !report.differing.isEmpty {
      body +=
        "<p class=\"note\">What is marked is other than most machines with the same profile have it.</p>\n"
    }
    return Part(id: "all", title: "Every machine", body: body)
  }

  // MARK: - By line

  /// Which line of which layer has machines differ.
  private var lines: Part? {
    var found: [String: (subjects: Set<String>, machines: [String])] = [:]
    for machine in report.differing {
      for difference in machine.differences {
        guard let line = difference.line?.text else { continue }
        var entry = found[line] ?? ([], [])
        if !difference.subject.isEmpty { entry.subjects.insert(difference.subject) }
        if entry.machines.last != machine.facts.name { entry.machines.append(machine.facts.name) }
        found[line] = entry
      }
    }
    guard !found.isEmpty else { return nil }
    var body = "<table><thead><tr><th scope=\"col\">Line</th><th scope=\"col\">What it sets</th>"
    body += "<th scope=\"col\">Where it differs</th></tr></thead>\n<tbody>\n"
    let sorted = found.sorted { ($1.value.machines.count, $0.key) < ($0.value.machines.count, $1.key) }
    for (line, entry) in sorted.prefix(200) {
      body += "<tr><th scope=\"row\"><code>\(path(line))</code></th>"
      body += "<td data-label=\"sets\">\(listed(entry.subjects.sorted(), 6))</td>"
      body += "<td data-label=\"on\">\(listed(entry.machines, 12))</td></tr>\n"
    }
    body += "</tbody></table>\n"
    return Part(id: "lines", title: "By line", body: body)
  }

  private func listed(_ names: [String], _ most: Int) -> String {
    let rest = names.count > most ? " and \(names.count - most) more" : ""
    return path(names.prefix(most).joined(separator: ", ") + rest)
  }

  // MARK: - Those that differ

  private var machines: Part? {
    guard !report.differing.isEmpty else { return nil }
    var body = ""
    for (index, machine) in report.machines.enumerated() where !machine.differences.isEmpty {
      body += "<h3 id=\"m\(index)\">\(text(machine.facts.name, 80))</h3>\n"
      body += "<p class=\"note about\">\(text(FleetText.about(machine.facts)))</p>\n"
      body += "<table><thead><tr><th scope=\"col\">What</th><th scope=\"col\">Here</th>"
      body += "<th scope=\"col\">Most others</th><th scope=\"col\">Line</th></tr></thead>\n<tbody>\n"
      for difference in machine.differences {
        let subject = difference.subject.isEmpty ? difference.kind.rawValue : difference.subject
        body +=
          "<tr><th scope=\"row\">\(path(subject))</th><td data-label=\"here\">\(path(difference.here))</td>"
        let others = difference.others.map { "\($0) (\(difference.count) of \(difference.of))" }
        body += "<td data-label=\"others\">\(others.map(path) ?? "–")</td>"
        body +=
          "<td data-label=\"line\">\(difference.line.map { "<code>\(path($0.text))</code>" } ?? "–")</td>"
        body += "</tr>\n"
      }
      body += "</tbody></table>\n"
    }
    return Part(id: "differing", title: "Those that differ", body: body)
  }

  private var others: Part? {
    let own = report.machines.filter { !$0.own.isEmpty }
    guard !own.isEmpty || !report.without.isEmpty || !report.broken.isEmpty else { return nil }
    var body = ""
    func list(_ title: String, _ items: [String]) {
      guard !items.isEmpty else { return }
      body += "<h3>\(title)</h3>\n<ul class=\"plain\">\n"
      body += items.map { "<li>\(path($0))</li>\n" }.joined() + "</ul>\n"
    }
    list("Tools of users' own", own.map { "\($0.facts.name): \($0.own.joined(separator: ", "))" })
    list("Of which nobody asked Outfit", report.without)
    list("Not to be read", report.broken.map { "\($0.name): \($0.reason)" })
    return Part(id: "others", title: "Besides", body: body)
  }

  // MARK: - Words

  private func text(_ text: String, _ most: Int = 240) -> String {
    HTMLPage.escaped(text.count > most ? text.prefix(most) + "…" : text)
  }

  private func path(_ text: String) -> String {
    HTMLPage.breakable(text.count > 400 ? text.prefix(400) + "…" : text)
  }

  private static let style = """
    .fleet th:first-child { width: 20%; }
    #differing th:first-child, #lines th:first-child { width: 26%; }
    #differing td:first-of-type { color: inherit; }
    #differing th { font-weight: 600; } #differing thead th { font-weight: 400; }
    #differing h3 { margin-top: 2rem; font-size: 1.05rem; text-transform: none; letter-spacing: 0; color: var(--ink);
      scroll-margin-top: 1rem; }
    #differing h2 + h3 { margin-top: 0; }
    .about { margin: 0 0 .4rem; }
    td.other { color: var(--open); font-weight: 600; }
    .fleet td:first-of-type:not(.other) { color: inherit; }
    td a, td a:visited { color: var(--link); }
    @media (max-width: 40rem) {
      .fleet th:first-child, #differing th:first-child, #lines th:first-child { width: auto; }
      .fleet th:first-child { font-weight: 600; }
    }
    """
}
