import OutfitConsent
import OutfitCore
import OutfitProfile
import OutfitSystem

/// A profile presented in a terminal: what one gets, what it can do, and the one line to have it.
public enum ShowText {
  /// - Parameters:
  ///   - abilities: all that it can do.
  ///   - address: what `outfit up` would be given; nil for the project here.
  ///   - width: columns of the terminal.
  public static func text(
    of profile: Profile, abilities: [Ability], lock: Lock, address: String?, width: Int, style: Style = .plain
  ) -> String {
    var page = Page(width: max(24, min(width, 100)), style: style)
    page.heading(profile.name, profile.summary)
    page.row("Interpreters", interpreters(profile, lock))
    page.row("Tools", profile.tools.sorted { $0.key < $1.key }.map { tool($0.key, $0.value.value, lock) })
    page.row("Virtualenv", profile.virtualenv.map { ["\($0.value.path) from \($0.value.title)"] } ?? [])
    page.row("Git hooks", profile.inOrder(profile.hooks, of: "hooks").map(\.key))
    page.row("Blocks in", targets(profile) { $0 == .block })
    page.row("Keys in", targets(profile) { $0 == .keys })
    page.row("Files", targets(profile) { [.template, .copy, .tree, .create, .chezmoi].contains($0) })
    page.row("Links", targets(profile) { $0 == .link || $0 == .linkTo })
    page.row("From elsewhere", targets(profile) { $0 == .external })
    page.row("Takes away", targets(profile) { $0 == .absent })
    for (manager, packages) in profile.packages.sorted(by: { $0.key < $1.key }) {
      page.row("From \(manager)", packages.map(\.value))
    }
    page.row(
      "Scripts", profile.scripts.sorted { $0.key < $1.key }.map { "\($0.key) (\($0.value.value.when))" })
    page.row("Variables", profile.env.keys.sorted())
    page.row("Containers", profile.app.map { app($0.value) } ?? [])
    page.row(
      "Elsewhere",
      profile.elsewhere.filter { $0.condition.facts.allSatisfy { $0.fact != .bundle } }.map {
        "\($0.path) (\($0.condition))"
      })
    page.row(
      "It offers", profile.bundles.map { "\($0.name): \($0.summary ?? $0.entries.joined(separator: " "))" })
    page.gap()
    page.row(
      "It asks for", profile.ask.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value.value.prompt)" })
    for line in Ability.lines(
      abilities.filter { !$0.subject.hasPrefix("extends.") && !$0.subject.hasPrefix("remove.") })
    where line.kind <= .redirects || line.isGrave {
      page.row("Mind that it", [line.text], warns: line.isGrave)
    }
    let own = profile.layers.last { $0.kind == .profile }
    page.row("Commit", own?.commit.map { [$0] } ?? [])
    page.row("Signed by", own?.signer.map { [$0] } ?? [])
    page.row("Built on", profile.layers.filter { $0.kind == .base }.map { "\($0.name) (\($0.address))" })
    page.row("Fixed", profile.locked.keys.sorted())
    page.gap()
    page.line("Have it:", "outfit up" + (address.map { " \($0)" } ?? ""))
    return page.text
  }

  private static func interpreters(_ profile: Profile, _ lock: Lock) -> [String] {
    Language.allCases.flatMap { language in
      (profile.interpreters[language]?.value.versions ?? []).map { request in
        let name = language == .python ? "Python" : "Node"
        let pin = lock.interpreters[language]?.first { $0.request == request.text }
        if let pin { return "\(name) \(pin.version)" }
        return request == .latest ? "the newest \(name)" : "\(name) \(request.text)"
      }
    }
  }

  private static func tool(_ name: String, _ section: ToolSection, _ lock: Lock) -> String {
    if let pin = lock.tools[name] { return "\(name) \(pin.version)" }
    return section.version == .latest ? name : "\(name) \(section.version)"
  }

  private static func targets(_ profile: Profile, _ isMeant: (DotfileSection.Kind) -> Bool) -> [String] {
    profile.dotfiles.filter { isMeant($0.value.value.kind) }.keys.sorted()
      .map { $0.hasPrefix("/") ? $0 : "~/\($0)" }
  }

  private static func app(_ app: AppSection) -> [String] {
    let parts =
      app.processes.keys.sorted()
      + app.services.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value.title)" }
    return ["\(app.name) (\(app.template))"] + parts
  }
}

/// Labels at the left, what they name at the right; on a narrow terminal beneath.
private struct Page {
  private(set) var text = "\n"
  private let width: Int
  private let style: Style
  private var lastLabel = ""
  private var gapIsDue = false

  private static let column = 16

  init(width: Int, style: Style) {
    self.width = width
    self.style = style
  }

  private var isNarrow: Bool { width < 48 }

  mutating func heading(_ name: String, _ summary: String?) {
    text += "  " + style.bold(name.harmless) + "\n"
    for line in summary.map({ wrapped($0.harmless, width: width - 2) }) ?? [] { text += "  \(line)\n" }
    gapIsDue = true
  }

  mutating func gap() { gapIsDue = true }

  /// Items with commas between; none leaves the row out.
  mutating func row(_ label: String, _ items: [String], warns: Bool = false) {
    guard !items.isEmpty else { return }
    let lines = Self.lines(items.map(\.harmless), width: width - (isNarrow ? 4 : Self.column + 2))
    put(label, lines.map { warns ? style.yellow($0) : $0 })
  }

  /// A row that is never broken, so that it can be copied.
  mutating func line(_ label: String, _ content: String) {
    put(label, [style.green(content.harmless)])
  }

  private mutating func put(_ label: String, _ lines: [String]) {
    if gapIsDue {
      text += "\n"
      lastLabel = ""
    }
    gapIsDue = false
    let shown = label == lastLabel ? "" : label
    lastLabel = label
    if isNarrow {
      if !shown.isEmpty { text += "  " + style.dim(shown) + "\n" }
      for line in lines { text += "    \(line)\n" }
      return
    }
    for (index, line) in lines.enumerated() {
      let start = index == 0 ? shown : ""
      text +=
        "  " + style.dim(start) + String(repeating: " ", count: max(1, Self.column - start.columns)) + line
        + "\n"
    }
  }

  /// Items stay whole where they fit a line.
  private static func lines(_ items: [String], width: Int) -> [String] {
    var lines: [String] = []
    for (index, item) in items.enumerated() {
      let item = item + (index < items.count - 1 ? "," : "")
      if let last = lines.last, last.columns + 1 + item.columns <= width {
        lines[lines.count - 1] = "\(last) \(item)"
      } else {
        lines += wrapped(item, width: max(12, width))
      }
    }
    return lines
  }
}
