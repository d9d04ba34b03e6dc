import OutfitCore
import OutfitEngine
import OutfitProfile

/// The project's hooks in the repository's own `.pre-commit-config.yaml`, between marker lines; all else in that file
/// is its authors'.
struct ConfigurationBlock {
  static let file = ".pre-commit-config.yaml"
  static let identifier = "hooks"

  var hooks: [Named<HookSection>]
  var settings: HookSettings
  /// Of a repository, by its pin.
  var commits: [String: String]
  /// Of a hook's command: what a runner installs to have it, and nil for what a machine has to have.
  var installed: ([String]) -> HookConfiguration.Installed?
  /// Whether a command is one of this project's own pins.
  var isPinned: (String) -> Bool

  /// - Parameter text: of the file as it is; nil where there is none.
  /// - Throws: `Failure` for a file that no block can stand in.
  func edit(in text: String?) throws(Failure) -> Edit.Block {
    // A line's end of two characters is one to Swift.
    let own = (text ?? "").split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).map(
      String.init)
    var others: [String] = []
    var isOurs = false
    for line in own {
      if line.hasPrefix("# >>> outfit \(Self.identifier) >>>") { isOurs = true }
      if !isOurs { others.append(line) }
      if line.hasPrefix("# <<< outfit \(Self.identifier) <<<") { isOurs = false }
    }
    let list = others.firstIndex { $0.hasPrefix("repos:") }
    if let list {
      let rest = others[list].dropFirst("repos:".count).drop(while: \.isWhitespace)
      guard rest.isEmpty || rest.hasPrefix("#") else {
        throw Failure(
          "the hooks can't be kept in a list that is written on one line",
          at: SourceLocation(file: Self.file, line: list + 1),
          hint: "write `repos:` alone, and each repository below it")
      }
    }
    let items = others[(list.map { $0 + 1 } ?? others.endIndex)...]
    let first = items.first { line in
      let code = line.drop(while: \.isWhitespace)
      return !code.isEmpty && !code.hasPrefix("#")
    }
    // Items may stand as far left as their key.
    let indentation = first.flatMap { line in
      line.drop(while: { $0 == " " }).hasPrefix("- ") ? line.prefix(while: { $0 == " " }).count : nil
    }
    return Edit.Block(
      identifier: Self.identifier,
      body: (list == nil ? "repos:\n" : "") + body(indentation: indentation ?? 2),
      position: list == nil ? .bottom : .below("repos:"))
  }

  private func body(indentation: Int) -> String {
    let isPortable = settings.file == .portable
    var merged = hooks
    for index in merged.indices {
      // What is said once for all hooks would hold for the others of this file too.
      var section = merged[index].value.value
      section.files = HookPattern.all(of: [settings.files, section.files])
      section.exclude = HookPattern.any(of: [settings.exclude, section.exclude])
      if settings.failsFast { section.endsRun = true }
      merged[index].value.value = section
    }
    var configuration = HookConfiguration(hooks: merged) { entry in
      guard !isPortable, let program = entry.first, isPinned(program) else { return entry }
      return ["outfit", "exec"] + entry
    }
    configuration.take(commits)
    if isPortable {
      for index in configuration.hooks.indices where configuration.hooks[index].section.isOwn {
        configuration.hooks[index].installed = installed(configuration.hooks[index].entry)
      }
    }
    let lead = String(repeating: " ", count: indentation)
    var lines = [
      "# Of outfit.yaml: change them there, and `outfit up` writes them here.",
      isPortable
        ? "# The versions are those of outfit.lock."
        : "# They run the tools that outfit.lock pins, and need `outfit`.",
    ]
    lines += configuration.repositories(.plain).map { String($0.dropFirst(2)) }
    return lines.map { lead + $0 + "\n" }.joined()
  }
}
