import OutfitCore
import OutfitProfile
import OutfitSystem
import SystemPackage

/// A person's word that a profile may do what it can do.
public enum Consent {
  /// What the command line says of it.
  public enum Given: Hashable, Sendable {
    case nothing
    /// `--trust` alone: every layer that is a folder, as it is now.
    case folders
    /// `--trust COMMIT`: folders, and the git layers at these commits (7 digits or more).
    case commits([String])
  }

  /// The layers that nobody has consented to as they are now: all but the user's own, and the machine's.
  public static func needed(for profile: Profile, host: Host) throws -> [LayerContent] {
    let store = TrustStore(host: host)
    return try profile.contents.filter { content in
      let layer = content.layer
      if layer.kind == .system, layer.commit == nil { return false }
      if layer.folder.starts(with: host.places.config) { return false }
      return try !store.isTrusted(content)
    }
  }

  /// Makes sure that every layer has consent: given before, given by the command line, or given now.
  /// - Parameters:
  ///   - command: what to type, without the consent: `outfit up profiles/starter`.
  ///   - address: of the profile, as it was typed; nil for the project here.
  /// - Throws: status 4, with the line that would give consent, when nobody gives it.
  public static func obtain(
    for profile: Profile, given: Given, address: String?, host: Host, style: Style = .plain,
    command: String = "outfit up"
  ) throws {
    var missing = try needed(for: profile, host: host)
    guard !missing.isEmpty else { return }
    let store = TrustStore(host: host)
    for content in missing where covers(given, content.layer) { try store.record(content) }
    missing.removeAll { covers(given, $0.layer) }
    guard !missing.isEmpty else { return }
    let wrong = wrongCommits(given, profile)
    guard wrong.isEmpty, host.terminal.isInteractive else {
      throw refusal(missing, wrong: wrong, profile: profile, address: address, command: command)
    }
    host.terminal.talk(question(missing, profile: profile, style: style, width: host.terminal.width))
    let answer = host.terminal.ask("May it? [y/N] ")?.lowercased() ?? ""
    guard ["y", "yes"].contains(answer.filter { !$0.isWhitespace }) else {
      throw Failure("nothing was done, since you did not consent", status: .consent)
    }
    for content in missing { try store.record(content) }
  }

  private static func covers(_ given: Given, _ layer: Layer) -> Bool {
    switch (given, layer.commit) {
    case (.nothing, _): false
    case (.folders, let commit), (.commits([]), let commit): commit == nil
    case (.commits, nil): true
    case (.commits(let commits), .some(let commit)): commits.contains { matches($0, commit) }
    }
  }

  private static func matches(_ given: String, _ commit: String) -> Bool {
    given.utf8.count >= 7 && commit.hasPrefix(given.lowercased())
  }

  private static func wrongCommits(_ given: Given, _ profile: Profile) -> [String] {
    guard case .commits(let commits) = given else { return [] }
    let present = profile.layers.compactMap(\.commit)
    return commits.filter { given in !present.contains { matches(given, $0) } }
  }

  private static func refusal(
    _ missing: [LayerContent], wrong: [String], profile: Profile, address: String?, command: String
  ) -> Failure {
    let commits = Set(missing.compactMap(\.layer.commit)).sorted()
    let place = address.map { " \(quoted($0))" } ?? ""
    let flags = commits.isEmpty ? " --trust" : commits.map { " --trust \($0)" }.joined()
    let manifests = Set(missing.map(\.layer.manifest))
    var diagnostics = wrong.map {
      Diagnostic(
        .error, "no layer of this profile is at the commit \($0)",
        hint: "they are at \(Set(profile.layers.compactMap(\.commit)).sorted().joined(separator: ", "))")
    }
    let names = missing.map(\.layer.address).joined(separator: ", ")
    diagnostics.append(
      Diagnostic(
        .error, "nobody has consented to what \(names) can do",
        excerpt: Ability.all(of: profile, from: manifests).map { "it \($0.text)" }.joined(separator: "\n"),
        hint: "look at it with: outfit show\(place)\nconsent with: \(command)\(place)\(flags)"))
    return Failure(diagnostics, status: .consent)
  }

  /// What is asked on a terminal: who, and what they could do.
  static func question(_ missing: [LayerContent], profile: Profile, style: Style, width: Int) -> String {
    let names = missing.map { style.bold($0.layer.address.harmless) }.joined(separator: ", ")
    var text =
      "\n\(names) \(missing.count == 1 ? "is" : "are") new to this machine, or changed. With your consent it\n"
    for ability in Ability.all(of: profile, from: Set(missing.map(\.layer.manifest))) {
      let lines = wrapped(ability.text.harmless, width: max(20, width - 4))
      for (index, line) in lines.enumerated() {
        let mark = index > 0 ? "    " : ability.kind == .runs ? "  \(style.yellow("!")) " : "  - "
        text += mark + (ability.kind == .runs ? style.yellow(line) : line) + "\n"
      }
    }
    return text + "\n"
  }

  private static func quoted(_ text: String) -> String {
    let isPlain = text.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "/._-~@:+".contains($0)) }
    return isPlain ? text : "'" + text.replacing("'", with: "'\\''") + "'"
  }
}
