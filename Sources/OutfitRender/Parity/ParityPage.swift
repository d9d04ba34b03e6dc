import OutfitSystem

/// The proof as one page to show.
public enum ParityPage {
  /// - Parameter date: as the page shows it.
  public static func html(_ proof: ParityProof, date: String) -> String {
    let failed = proof.count(.failed)
    let open = proof.count(.notCheckable)
    let proved = proof.count(.proved)
    let title =
      failed > 0
      ? "Development and deployment differ"
      : open > 0
        ? "No difference found, and \(open == 1 ? "one thing" : "\(open) things") could not be looked at"
        : "Development and deployment are the same"
    let state = failed > 0 ? "failed" : open > 0 ? "open" : "proved"
    var page = """
      <main>
      <header class="\(state)">
      <p class="kicker">\(escaped(proof.name))</p>
      <h1>\(title)</h1>
      <p class="lead">\(sentence(proved: proved, failed: failed, open: open))</p>
      <div class="bar" role="img" aria-label="\(proved) proved, \(failed) failed, \(open) not looked at">
      <i class="proved"></i><i class="failed"></i><i class="open"></i>
      </div>
      <dl>
      <div><dt>Proved</dt><dd>\(proved)</dd></div>
      <div><dt>Failed</dt><dd>\(failed)</dd></div>
      <div><dt>Not looked at</dt><dd>\(open)</dd></div>
      <div><dt>Exceptions</dt><dd>\(proof.exceptions.count(where: \.isUsed))</dd></div>
      <div><dt>Lock</dt><dd><code>\(proof.lockDigest.short())</code></dd></div>
      <div><dt>Date</dt><dd>\(escaped(date))</dd></div>
      </dl>
      </header>

      """
    let order: [(Parity.Row.Verdict, String, String)] = [
      (.failed, "Failed", "failed"), (.notCheckable, "Could not be looked at", "open"),
      (.proved, "Proved", "proved"),
    ]
    for (verdict, heading, kind) in order {
      let rows = proof.rows.filter { $0.verdict == verdict }
      if rows.isEmpty { continue }
      page += "<section class=\"\(kind)\">\n<h2>\(heading)</h2>\n"
      if verdict == .notCheckable {
        page +=
          "<p class=\"note\">Whether these hold is not known: each says what is missing here. "
          + "With <code>--strict</code> they count as failed.</p>\n"
      }
      page += "<ul>\n"
      for row in rows {
        page += "<li><strong>\(escaped(row.rule))</strong><span>\(detail(row.detail))</span></li>\n"
      }
      page += "</ul>\n</section>\n"
    }
    page += "<section class=\"allowed\">\n<h2>What environments may differ in</h2>\n"
    page +=
      "<p class=\"note\">\(escaped(capitalized(ParityReport.meant))). Anything else fails, but for exceptions.</p>\n"
    if !proof.exceptions.isEmpty {
      page += "<table>\n<thead><tr><th>Exception</th><th>Why</th></tr></thead>\n<tbody>\n"
      for exception in proof.exceptions {
        page +=
          "<tr><td><code>\(breakable(exception.place))</code></td><td>\(escaped(exception.reason))"
          + (exception.isUsed ? "" : " (nothing needs it)") + "</td></tr>\n"
      }
      page += "</tbody>\n</table>\n"
    }
    page +=
      "</section>\n"
      + "<footer>Made by <code>outfit parity --html</code>; the same as a table: <code>outfit parity</code>.</footer>\n"
      + "</main>"
    let bars = [("proved", proved), ("failed", failed), ("open", open)].map { kind, count in
      ".bar .\(kind) { flex: \(count); \(count == 0 ? "display: none; " : "")}"
    }
    return HTMLPage(
      title: "\(proof.name): \(title.lowercased())", style: ([style] + bars).joined(separator: "\n"),
      body: page
    ).text
  }

  private static func sentence(proved: Int, failed: Int, open: Int) -> String {
    if failed > 0 {
      return "\(failed) of \(proved + failed + open) rules failed. What they say stands below."
    }
    if open > 0 {
      return
        "\(proved) rules are proved on the files as they are, none failed; of \(open) it is not known."
    }
    return "All \(proved) rules are proved on the files as they are."
  }

  private static func capitalized(_ text: String) -> String { text.prefix(1).uppercased() + text.dropFirst() }

  private static func escaped(_ text: String) -> String { HTMLPage.escaped(text) }

  private static func breakable(_ text: String) -> String { HTMLPage.breakable(text) }

  /// Digests are long: all of one is in the page, a few digits are seen.
  private static func detail(_ text: String) -> String {
    text.split(separator: " ", omittingEmptySubsequences: false).map { word in
      guard let start = word.firstRange(of: "sha256:")?.upperBound else { return breakable(String(word)) }
      let digits = word[start...].prefix { $0.isHexDigit }
      guard digits.count == 64 else { return breakable(String(word)) }
      return breakable(String(word[..<start])) + "<abbr title=\"\(digits)\">\(digits.prefix(12))</abbr>"
        + escaped(String(word[digits.endIndex...]))
    }.joined(separator: " ").replacing(/`([^`]+)`/) { "<code>\($0.1)</code>" }
  }

  private static let style = """
    main { max-width: 60rem; margin: 0 auto; padding: 2.5rem 1.25rem 4rem; }
    header { border-top: 5px solid var(--state); padding-top: 1.75rem; }
    .proved { --state: var(--good); --tint: var(--good-tint); }
    .failed { --state: var(--bad); --tint: var(--bad-tint); }
    .open { --state: var(--open); --tint: var(--open-tint); }
    h1 { margin: .1rem 0 .4rem; font-size: 2.4rem; line-height: 1.15; letter-spacing: -.02em; color: var(--state); }
    .lead { margin: 0 0 1.25rem; color: var(--soft); }
    .bar { display: flex; gap: 3px; height: 10px; border-radius: 5px; overflow: hidden; margin-bottom: 1.25rem; }
    .bar i { background: var(--state); }
    dl { display: flex; flex-wrap: wrap; gap: .75rem 2.25rem; margin: 0; }
    li { display: grid; grid-template-columns: minmax(13rem, 2fr) 3fr; gap: .25rem 1.25rem; padding: .6rem .75rem;
      border-left: 3px solid var(--state); background: var(--tint); border-radius: 6px; margin-bottom: .4rem; }
    li strong { font-weight: 600; }
    li span { color: var(--soft); overflow-wrap: anywhere; }
    abbr { text-decoration: none; font-size: .9em; }
    table { width: 100%; border-collapse: collapse; }
    th { text-align: left; color: var(--soft); font-size: .8rem; font-weight: 500; }
    th, td { padding: .45rem .75rem .45rem 0; border-bottom: 1px solid var(--line); vertical-align: top; }
    tr:last-child td { border-bottom: 0; }
    td { overflow-wrap: anywhere; }
    .note { margin: .75rem 0; }
    @media (max-width: 40rem) {
      li { grid-template-columns: 1fr; }
      h1 { font-size: 1.9rem; }
      thead { display: none; }
      tr, td { display: block; }
      td { border-bottom: 0; padding: .1rem 0; }
      tr { border-bottom: 1px solid var(--line); padding: .45rem 0; }
    }
    """
}
