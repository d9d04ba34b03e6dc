/// The proof as one page to show: no script, nothing from elsewhere, readable in the dark and on paper.
public enum ParityPage {
  /// - Parameter date: as the page shows it.
  public static func html(_ proof: ParityProof, date: String) -> String {
    let failed = proof.count(.failed)
    let open = proof.count(.notCheckable)
    let proved = proof.count(.proved)
    let title =
      failed > 0
      ? "Dev is not deploy" : open > 0 ? "Dev is deploy, as far as it can be seen" : "Dev is deploy"
    let state = failed > 0 ? "failed" : open > 0 ? "open" : "proved"
    var page = """
      <!doctype html>
      <html lang="en">
      <head>
      <meta charset="utf-8">
      <meta name="viewport" content="width=device-width, initial-scale=1">
      <meta name="color-scheme" content="light dark">
      <title>\(escaped(proof.name)): \(title.lowercased())</title>
      <style>
      \(style)
      </style>
      </head>
      <body>
      <main>
      <header class="\(state)">
      <p class="kicker">\(escaped(proof.name))</p>
      <h1>\(title)</h1>
      <p class="lead">\(sentence(proved: proved, failed: failed, open: open))</p>
      <div class="bar" role="img" aria-label="\(proved) proved, \(failed) failed, \(open) not checkable">
      \(bar(proved, "proved"))\(bar(failed, "failed"))\(bar(open, "open"))
      </div>
      <dl>
      <div><dt>Proved</dt><dd>\(proved)</dd></div>
      <div><dt>Failed</dt><dd>\(failed)</dd></div>
      <div><dt>Not checkable</dt><dd>\(open)</dd></div>
      <div><dt>Lock</dt><dd><code>\(proof.lockDigest.short())</code></dd></div>
      <div><dt>Date</dt><dd>\(escaped(date))</dd></div>
      </dl>
      </header>

      """
    let order: [(Parity.Row.Verdict, String, String)] = [
      (.failed, "Failed", "failed"), (.notCheckable, "Not checkable", "open"), (.proved, "Proved", "proved"),
    ]
    for (verdict, heading, kind) in order {
      let rows = proof.rows.filter { $0.verdict == verdict }
      if rows.isEmpty { continue }
      page += "<section class=\"\(kind)\">\n<h2>\(heading)</h2>\n<ul>\n"
      for row in rows {
        page += "<li><strong>\(escaped(row.rule))</strong><span>\(detail(row.detail))</span></li>\n"
      }
      page += "</ul>\n</section>\n"
    }
    page += "<section class=\"allowed\">\n<h2>What environments may differ in</h2>\n<table>\n"
    page += "<thead><tr><th>Where</th><th>Why</th><th>Between</th></tr></thead>\n<tbody>\n"
    for allowance in proof.allowances {
      page +=
        "<tr><td><code>\(breakable(allowance.place))</code></td><td>\(escaped(allowance.reason))</td>"
        + "<td>\(allowance.isForDevelopment ? "dev and others" : "all")</td></tr>\n"
    }
    return page + "</tbody>\n</table>\n<p class=\"note\">Anything else fails.</p>\n</section>\n"
      + "<footer>Made by <code>outfit parity --html</code>; the same as a table: <code>outfit parity</code>.</footer>\n"
      + "</main>\n</body>\n</html>\n"
  }

  private static func sentence(proved: Int, failed: Int, open: Int) -> String {
    if failed > 0 {
      return "\(failed) of \(proved + failed + open) rules failed. What they say stands below."
    }
    if open > 0 {
      return
        "\(proved) rules are proved on the files as they are, none failed; \(open) can't be checked here."
    }
    return "All \(proved) rules are proved on the files as they are."
  }

  private static func bar(_ count: Int, _ kind: String) -> String {
    count == 0 ? "" : "<i class=\"\(kind)\" style=\"flex:\(count)\"></i>"
  }

  private static func escaped(_ text: String) -> String {
    var result = ""
    for character in text {
      switch character {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "\"": result += "&quot;"
      case "'": result += "&#39;"
      default: result.append(character)
      }
    }
    return result
  }

  /// A long path may break after a slash.
  private static func breakable(_ text: String) -> String { escaped(text).replacing("/", with: "/<wbr>") }

  /// Digests are long: all of one is in the page, a few digits are seen.
  private static func detail(_ text: String) -> String {
    text.split(separator: " ", omittingEmptySubsequences: false).map { word in
      guard let start = word.firstRange(of: "sha256:")?.upperBound else { return breakable(String(word)) }
      let digits = word[start...].prefix { $0.isHexDigit }
      guard digits.count == 64 else { return breakable(String(word)) }
      return breakable(String(word[..<start])) + "<abbr title=\"\(digits)\">\(digits.prefix(12))</abbr>"
        + escaped(String(word[digits.endIndex...]))
    }.joined(separator: " ")
  }

  private static let style = """
    :root {
      --ground: #f6f7f9; --paper: #ffffff; --ink: #14181f; --soft: #5b6472; --line: #e3e6eb;
      --good: #14804a; --bad: #c0262d; --open: #a15c00;
      --good-tint: #e7f5ed; --bad-tint: #fdecec; --open-tint: #fdf3e1;
    }
    @media (prefers-color-scheme: dark) {
      :root {
        --ground: #0f1216; --paper: #171b21; --ink: #e8ebf0; --soft: #98a2b0; --line: #2a3039;
        --good: #4cc38a; --bad: #ff7b7b; --open: #f2b04d;
        --good-tint: #12291f; --bad-tint: #341a1c; --open-tint: #30240f;
      }
    }
    * { box-sizing: border-box; }
    body { margin: 0; background: var(--ground); color: var(--ink);
      font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", sans-serif; }
    main { max-width: 60rem; margin: 0 auto; padding: 2.5rem 1.25rem 4rem; }
    header, section { background: var(--paper); border: 1px solid var(--line); border-radius: 14px;
      padding: 1.5rem 1.75rem; margin-bottom: 1.25rem; }
    header { border-top: 5px solid var(--state); padding-top: 1.75rem; }
    .proved { --state: var(--good); --tint: var(--good-tint); }
    .failed { --state: var(--bad); --tint: var(--bad-tint); }
    .open { --state: var(--open); --tint: var(--open-tint); }
    .kicker { margin: 0; color: var(--soft); font-weight: 600; letter-spacing: .02em; }
    h1 { margin: .1rem 0 .4rem; font-size: 2.4rem; line-height: 1.15; letter-spacing: -.02em; color: var(--state); }
    h2 { margin: 0 0 .75rem; font-size: 1.05rem; color: var(--state, var(--ink)); }
    .lead { margin: 0 0 1.25rem; color: var(--soft); }
    .bar { display: flex; gap: 3px; height: 10px; border-radius: 5px; overflow: hidden; margin-bottom: 1.25rem; }
    .bar i { background: var(--state); }
    dl { display: flex; flex-wrap: wrap; gap: .75rem 2.25rem; margin: 0; }
    dt { color: var(--soft); font-size: .8rem; }
    dd { margin: 0; font-size: 1.25rem; font-weight: 600; font-variant-numeric: tabular-nums; }
    ul { list-style: none; margin: 0; padding: 0; }
    li { display: grid; grid-template-columns: minmax(13rem, 2fr) 3fr; gap: .25rem 1.25rem; padding: .6rem .75rem;
      border-left: 3px solid var(--state); background: var(--tint); border-radius: 6px; margin-bottom: .4rem; }
    li strong { font-weight: 600; }
    li span { color: var(--soft); overflow-wrap: anywhere; }
    abbr { text-decoration: none; font-family: ui-monospace, SFMono-Regular, Menlo, monospace; font-size: .9em; }
    code { font: .86em ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; }
    table { width: 100%; border-collapse: collapse; }
    th { text-align: left; color: var(--soft); font-size: .8rem; font-weight: 500; }
    th, td { padding: .45rem .75rem .45rem 0; border-bottom: 1px solid var(--line); vertical-align: top; }
    tr:last-child td { border-bottom: 0; }
    .note, footer { color: var(--soft); font-size: .875rem; }
    .note { margin: .75rem 0 0; }
    footer { padding: 0 .5rem; }
    @media (max-width: 40rem) { li { grid-template-columns: 1fr; } h1 { font-size: 1.9rem; } }
    @media print { body { background: none; } header, section { break-inside: avoid; border-color: #bbb; } }
    """
}
