import OutfitConsent
import OutfitCore
import OutfitProfile
import OutfitSystem

/// A profile as one page, to be put on a screen or on a wall: `outfit show PROFILE --html FILE`.
///
/// All that a profile says is a stranger's text, and goes through `HTMLPage.escaped`.
public struct ShowPage {
  let profile: Profile
  let abilities: [Ability]
  let lock: Lock
  let shortcuts: [ProfileShortcut]
  let outlook: Outlook
  /// What `outfit up` is given; nil for the project here.
  let address: String?
  let date: String

  /// - Parameters:
  ///   - abilities: all that it can do.
  ///   - date: as the page shows it.
  public init(
    of profile: Profile, abilities: [Ability], lock: Lock, shortcuts: [ProfileShortcut], outlook: Outlook,
    address: String?, date: String
  ) {
    self.profile = profile
    self.abilities = abilities
    self.lock = lock
    self.shortcuts = shortcuts
    self.outlook = outlook
    self.address = address
    self.date = date
  }

  /// A part of the page.
  struct Part {
    var id: String
    var title: String
    /// HTML.
    var body: String
    var isWide = false
  }

  public var html: String {
    let parts = [programs, system, files, abilitiesPart, outlookPart, layersPart, keys].compactMap(\.self)
    var body = "<a class=\"skip\" href=\"#\(parts.first?.id ?? "have")\">To the contents</a>\n<main>\n"
    body += header(parts)
    var isInColumns = false
    for part in parts {
      if part.isWide == isInColumns {
        body += isInColumns ? "</div>\n" : "<div class=\"columns\">\n"
        isInColumns.toggle()
      }
      body += "<section id=\"\(part.id)\" aria-labelledby=\"\(part.id)-title\">\n"
      body += "<h2 id=\"\(part.id)-title\">\(part.title)</h2>\n\(part.body)</section>\n"
    }
    if isInColumns { body += "</div>\n" }
    body += "<footer><p>Made on \(text(date)) by <code>outfit show --html</code>. It only reads: "
    body += "nothing of this profile was run for this page.</p></footer>\n</main>"
    return HTMLPage(title: "\(profile.name): what is in it", style: Self.style, body: body).text
  }

  // MARK: - Head

  private func header(_ parts: [Part]) -> String {
    let numbers: [(Int, String)] = [
      (
        Language.allCases.reduce(0) { $0 + (profile.interpreters[$1]?.value.versions.count ?? 0) },
        "interpreter"
      ),
      (profile.tools.count, "tool"),
      (profile.packages.values.reduce(0) { $0 + $1.count }, "system package"),
      (profile.dotfiles.count, "dotfile"),
      (shortcuts.filter { $0.shortcut.kind == .alias }.count, "short name"),
      (shortcuts.filter { $0.shortcut.kind == .key }.count, "key"),
    ].filter { $0.0 > 0 }
    var head = "<header>\n<p class=\"kicker\">Outfit profile</p>\n<h1>\(text(profile.name))</h1>\n"
    if let summary = profile.summary, !summary.isEmpty { head += "<p class=\"lead\">\(text(summary))</p>\n" }
    if !numbers.isEmpty {
      head += "<dl class=\"numbers\">\n"
      for (count, name) in numbers {
        head += "<div><dd>\(count)</dd><dt>\(name)\(count == 1 ? "" : "s")</dt></div>\n"
      }
      head += "</dl>\n"
    }
    head += "<div class=\"have\" id=\"have\">\n<p id=\"have-title\">Have it:</p>\n"
    head +=
      "<p class=\"line\" tabindex=\"0\" role=\"region\" aria-labelledby=\"have-title\"><code>\(text(line))</code></p>\n"
    head += "</div>\n<nav aria-label=\"On this page\"><ul>\n"
    for part in parts { head += "<li><a href=\"#\(part.id)\">\(part.title)</a></li>\n" }
    return head + "</ul></nav>\n</header>\n"
  }

  /// The one line to have it.
  private var line: String {
    "outfit up" + (address.map { " \(Consent.quoted(withoutPasswords($0)))" } ?? "")
  }

  // MARK: - What it can do

  private var abilitiesPart: Part? {
    let lines = Ability.lines(
      abilities.filter { !$0.subject.hasPrefix("extends.") && !$0.subject.hasPrefix("remove.") })
    guard !lines.isEmpty else { return nil }
    var body = "<ul class=\"abilities\">\n"
    for told in lines {
      let line = told.text
      let mark = told.isGrave ? "<b class=\"grave\">mind</b> " : ""
      body +=
        "<li\(told.isGrave ? " class=\"is-grave\"" : "")>\(mark)<span>\(path(line.prefix(1).uppercased() + line.dropFirst()))</span></li>\n"
    }
    body +=
      "</ul>\n<p class=\"note\">Nothing of it is done before you have said yes. What is marked runs code, needs "
      + "root, reaches beyond its place, comes before a program of the system, or is a file that one obeys.</p>\n"
    return Part(id: "can", title: "What it can do", body: body)
  }

  // MARK: - Before and after

  private var outlookPart: Part? {
    var body = ""
    if outlook.isEmpty { body += "<p>This machine has all of it already.</p>\n" }
    func table(_ title: String, _ rows: [Outlook.Row]) {
      guard !rows.isEmpty else { return }
      body +=
        "<h3>\(title)</h3>\n<table><thead><tr><th scope=\"col\">\(title == "Files" ? "File" : "Command")</th>"
      body += "<th scope=\"col\">Before</th><th scope=\"col\">After</th></tr></thead>\n<tbody>\n"
      for row in rows {
        body +=
          "<tr\(row.isConflict ? " class=\"is-grave\"" : "")><th scope=\"row\"><code>\(path(row.what))</code></th>"
        body +=
          "<td data-label=\"before\">\(path(row.before))</td><td data-label=\"after\">\(path(row.after))</td></tr>\n"
      }
      body += "</tbody></table>\n"
    }
    if !outlook.builds.isEmpty {
      body += "<h3>To be fetched and built</h3>\n<ul class=\"plain\">\n"
      body += outlook.builds.map { "<li>\(path($0))</li>\n" }.joined() + "</ul>\n"
    }
    table("Commands", outlook.commands)
    table("Files", outlook.files)
    if !outlook.effects.isEmpty {
      body += "<h3>To be run, which nothing takes back</h3>\n<ul class=\"plain\">\n"
      body += outlook.effects.map { "<li>\(path($0))</li>\n" }.joined() + "</ul>\n"
    }
    if !outlook.open.isEmpty {
      body += "<h3>Not known yet</h3>\n<ul class=\"plain\">\n"
      body += outlook.open.map { "<li>\(path($0))</li>\n" }.joined() + "</ul>\n"
    }
    body +=
      "<p class=\"note\">On the machine where this page was made. <code>outfit rollback</code> brings back "
    body += "what was there before.</p>\n"
    return Part(id: "after", title: "Before and after", body: body)
  }

  // MARK: - Keys

  private var keys: Part? {
    guard !shortcuts.isEmpty else { return nil }
    var body = "<div class=\"groups\">\n"
    for program in Shortcut.Program.allCases {
      let own = shortcuts.filter { $0.shortcut.program == program }
      if own.isEmpty { continue }
      body += "<div class=\"group\">\n<h3>\(program.rawValue)</h3>\n<ul class=\"keys\">\n"
      for one in own {
        let tag = one.shortcut.kind == .key ? "kbd" : "code"
        body += "<li>\(mark(one.source.layer))<\(tag) class=\"name\">\(text(one.shortcut.name, 60))</\(tag)>"
        body += "<code class=\"meaning\">\(text(withoutPasswords(one.shortcut.meaning), 160))</code></li>\n"
      }
      let from = own.map { home($0.target) }.uniqued
      body += "</ul>\n<p class=\"note\">from \(from.map(path).joined(separator: ", "))</p>\n</div>\n"
    }
    return Part(id: "keys", title: "Short names and keys", body: body + "</div>\n", isWide: true)
  }

  // MARK: - Layers

  private var layersPart: Part? {
    var body = "<ol class=\"layers\">\n"
    for layer in profile.layers.reversed() {
      let kind =
        switch layer.kind {
        case .system: "of this machine"
        case .base: "built on"
        case .profile: "the profile"
        case .personal: "your own layer"
        }
      body += "<li>\(mark(layer))<strong>\(text(name(layer)))</strong> <span class=\"kind\">\(kind)</span>"
      body += "<code class=\"address\">\(path(withoutPasswords(layer.address)))</code>"
      if let signer = layer.signer { body += "<span>signed by \(text(signer))</span> " }
      if let commit = layer.commit { body += "<code class=\"address\">commit \(text(commit))</code>" }
      body += "</li>\n"
    }
    body += "</ol>\n"
    if !profile.locked.isEmpty {
      body += "<p class=\"note\">Fixed, so that no later layer changes it: "
      body +=
        profile.locked.keys.sorted().map { "<code>\(text($0))</code>" }.joined(separator: ", ") + "</p>\n"
    }
    body +=
      "<p class=\"note\">What is higher counts over what is below; a colour says which layer's line counted.</p>\n"
    return Part(id: "layers", title: "Layers", body: body)
  }

  // MARK: - Words

  /// A stranger's text; one that nobody would read to its end is cut.
  func text(_ text: String, _ most: Int = 240) -> String {
    HTMLPage.escaped(text.count > most ? text.prefix(most) + "…" : text)
  }

  /// The same where there may be long paths in it.
  func path(_ text: String) -> String {
    HTMLPage.breakable(text.count > 400 ? text.prefix(400) + "…" : text).replacing("~/<wbr>", with: "~/")
  }

  func home(_ target: String) -> String { target.hasPrefix("/") ? target : "~/\(target)" }

  func name(_ layer: Layer) -> String { layer.kind == .personal ? "your own layer" : layer.name }

  /// The colour of a layer, with its name for who does not see it.
  func mark(_ layer: Layer) -> String {
    let number = (profile.layers.firstIndex { $0.identity == layer.identity } ?? 0) % 6
    return "<i class=\"layer l\(number)\" role=\"img\" aria-label=\"\(text(name(layer)))\"></i>"
  }
}
