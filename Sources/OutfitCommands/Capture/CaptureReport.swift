import OutfitCore
import OutfitProfile
import OutfitSharing
import OutfitSystem
import SystemPackage

/// What of a machine became a profile, and what did not.
struct CaptureReport {
  let profile: CapturedProfile
  let name: String
  let folder: FilePath
  let notes: [Diagnostic]
  let isDryRun: Bool

  var members: [String: JSONText] {
    [
      "folder": .string(folder.string), "profile": .string(name), "dryRun": .bool(isDryRun),
      "interpreters": .array(
        profile.interpreters.sorted { $0.key < $1.key }.flatMap { language, versions in
          versions.map { .object(["language": .string(language.rawValue), "request": .string($0)]) }
        }),
      "tools": .array(profile.tools.keys.sorted().map { .string($0) }),
      "packages": .array(
        profile.packages.sorted { $0.key < $1.key }.map { manager, names in
          .object(["manager": .string(manager), "names": .array(names.map { .string($0) })])
        }),
      "dotfiles": .array(
        profile.dotfiles.map { dotfile in
          .object([
            "path": .string("~/\(dotfile.target)"), "template": .bool(dotfile.isTemplate),
            "keys": .array(dotfile.keys.map { .string($0) }),
            "hosts": .array(dotfile.hosts.map { .string($0) }),
          ])
        }),
      "questions": .array(
        profile.questions.map {
          .object(["key": .string($0.key), "prompt": .string($0.prompt), "answer": .string($0.answer)])
        }),
      "left": .array(
        profile.left.map {
          .object([
            "path": .string($0.path), "line": $0.line.map { .number($0) } ?? .null, "why": .string($0.why),
          ])
        }),
      "notes": .array(notes.map { .string(withoutPasswords($0.message)) }),
    ]
  }

  func show(_ session: Session) {
    let style = session.outputStyle
    let width = max(30, session.host.terminal.width)
    session.write(
      style.bold(isDryRun ? "Would be captured" : "Captured") + style.dim(" into \(session.short(folder))"))
    func row(_ label: String, _ text: String) {
      guard !text.isEmpty else { return }
      let isNarrow = width < 60
      if isNarrow { session.write("  " + style.dim(label)) }
      for (index, line) in wrapped(text.harmless, width: width - (isNarrow ? 4 : 16)).enumerated() {
        let start = isNarrow ? "" : index == 0 ? label : ""
        session.write((isNarrow ? "    " : "  " + style.dim(start.padding(to: 14))) + line)
      }
    }
    for (language, versions) in profile.interpreters.sorted(by: { $0.key < $1.key }) {
      row(language == .python ? "Python" : "Node", versions.joined(separator: ", "))
    }
    row("Tools", profile.tools.keys.sorted().joined(separator: ", "))
    for (manager, names) in profile.packages.sorted(by: { $0.key < $1.key }) {
      row("From \(manager)", names.joined(separator: ", "))
    }
    row("Files", profile.dotfiles.map { "~/\($0.target)" }.sorted().joined(separator: ", "))
    row("It asks for", profile.questions.map(\.key).joined(separator: ", "))
    if !profile.left.isEmpty {
      session.write(style.bold("Left out"))
      for one in profile.left {
        let place = one.path + (one.line.map { ":\($0)" } ?? "")
        for (index, line) in wrapped("\(place): \(one.why)".harmless, width: width - 4).enumerated() {
          session.write((index == 0 ? "  " : "    ") + (index == 0 ? style.yellow(line) : line))
        }
      }
    }
    let hosts = profile.dotfiles.filter { !$0.hosts.isEmpty }
    if !hosts.isEmpty {
      session.write(style.bold("Hosts that stay: may all know them?"))
      for one in hosts { row("~/\(one.target)", one.hosts.joined(separator: ", ")) }
    }
    if !isDryRun {
      session.talk("Look it over, then: outfit show \(session.short(folder))")
    }
  }
}
