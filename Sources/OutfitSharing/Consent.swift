import OutfitCore
import OutfitEngine
import OutfitProfile
import OutfitSystem
import SystemPackage

/// A person's word that a profile may do what it can do.
public struct Consent: Sendable {
  private let host: Host
  private let store: TrustStore

  /// - Parameter sources: what is known of the files of profiles.
  public init(host: Host, sources: SourceDigests? = nil) {
    self.host = host
    store = TrustStore(host: host, sources: sources)
  }

  /// What the command line says of it.
  public enum Given: Hashable, Sendable {
    case nothing
    /// `--trust` alone: every layer that is a folder, as it is now.
    case folders
    /// `--trust COMMIT`: folders, and the git layers at these commits (7 digits or more).
    case commits([String])
  }

  /// Whether a value of `--trust` is a commit: 7 to 40 hexadecimal digits.
  public static func isCommit(_ text: String) -> Bool {
    (7...40).contains(text.utf8.count) && text.allSatisfy { $0.isASCII && $0.isHexDigit }
  }

  /// The layers that nobody has consented to as they are now: all but the user's own, and the machine's.
  public func needed(for profile: Profile) throws -> [Layer] {
    try missing(profile).map(\.layer)
  }

  private func missing(_ profile: Profile) throws -> [LayerContent] {
    try profile.contents.filter { content in
      let layer = content.layer
      if layer.kind == .system, layer.commit == nil { return false }
      let project = project(of: layer, profile)
      if layer.folder.starts(with: host.places.config), project == nil { return false }
      return try !store.isTrusted(content, in: project)
    }
  }

  /// The folder that a manifest of the user's own is applied in. A repository can say of itself what remote it likes,
  /// so that this folder is meant is asked.
  private func project(of layer: Layer, _ profile: Profile) -> FilePath? {
    guard case .project(let root) = profile.scope, layer.kind == .profile, layer.folder != root else {
      return nil
    }
    return root
  }

  /// The layers, as people are told of them.
  private func names(_ layers: [Layer], _ profile: Profile) -> [String] {
    layers.map { layer in
      project(of: layer, profile).map { "\(layer.address) in \($0)" } ?? layer.address
    }
  }

  /// Makes sure that every layer has consent: given before, given by the command line, or given now.
  /// - Parameters:
  ///   - given: what the command line says.
  ///   - command: what to type, without profile and consent.
  ///   - address: of the profile, to be typed after `command`; without it, the address of its own layer.
  /// - Throws: status 4, with the line that would give consent, when nobody gives it.
  public func obtain(
    for profile: Profile, given: Given, style: Style = .plain, command: String = "outfit up",
    address: String? = nil
  ) throws {
    var missing = try missing(profile)
    for content in missing where Self.covers(given, content.layer) {
      try store.record(content, in: project(of: content.layer, profile))
    }
    missing.removeAll { Self.covers(given, $0.layer) }
    guard !missing.isEmpty else { return }
    let layers = missing.map(\.layer)
    let wrong = Self.wrongCommits(given, profile)
    guard wrong.isEmpty, host.terminal.isInteractive else {
      var refusal = refusal(for: profile, layers: layers, command: command, address: address)
      refusal.diagnostics = wrong + refusal.diagnostics
      throw refusal
    }
    host.terminal.talk(question(for: profile, layers: layers, style: style, width: host.terminal.width))
    let answer = host.terminal.ask("May it? [y/N] ")?.lowercased() ?? ""
    guard ["y", "yes"].contains(answer.filter { !$0.isWhitespace }) else {
      throw Failure("nothing was done, since you did not consent", status: .consent)
    }
    for content in missing { try store.record(content, in: project(of: content.layer, profile)) }
  }

  /// Remembers a person's yes to every layer, after they saw what it means. What `--trust` says is for `obtain`,
  /// which compares commits.
  public func record(for profile: Profile) throws {
    for content in try missing(profile) {
      try store.record(content, in: project(of: content.layer, profile))
    }
  }

  /// The failure, status 4, that says how to consent.
  public func refusal(
    for profile: Profile, layers: [Layer], command: String = "outfit up", address: String? = nil
  ) -> Failure {
    let commits = Set(layers.compactMap(\.commit)).sorted()
    let own = profile.scope == .machine ? profile.layers.last { $0.kind == .profile }?.address : nil
    let place = (address ?? own).map { " \(Self.quoted($0))" } ?? ""
    // The verb itself is consent to folders.
    let bare = command == "outfit trust" ? "" : " --trust"
    let flags = commits.isEmpty ? bare : " --trust " + commits.joined(separator: ",")
    let abilities = Ability.all(of: profile, from: Set(layers.map(\.manifest)))
    let names = names(layers, profile).joined(separator: ", ")
    return Failure(
      [
        Diagnostic(
          .error, "nobody has consented to what \(names) can do",
          excerpt: abilities.map { "it \($0.text)" }.joined(separator: "\n"),
          hint: "look at it with: outfit show\(place)\nconsent with: \(command)\(place)\(flags)")
      ], status: .consent)
  }

  /// What is shown before a person is asked: who, and what they could do. It ends with an empty line.
  public func question(for profile: Profile, layers: [Layer], style: Style, width: Int) -> String {
    let names = names(layers, profile).map { style.bold($0.harmless) }.joined(separator: ", ")
    let (verb, pronoun) = layers.count == 1 ? ("is", "it") : ("are", "they")
    var text = "\n\(names) \(verb) new to this machine, or changed. With your consent \(pronoun)\n"
    for ability in Ability.all(of: profile, from: Set(layers.map(\.manifest))) {
      let isGrave = ability.kind == .runs
      for (index, line) in wrapped(ability.text.harmless, width: max(20, width - 4)).enumerated() {
        let mark = index > 0 ? "    " : isGrave ? "  \(style.yellow("!")) " : "  - "
        text += mark + (isGrave ? style.yellow(line) : line) + "\n"
      }
    }
    return text + "\n"
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

  private static func wrongCommits(_ given: Given, _ profile: Profile) -> [Diagnostic] {
    guard case .commits(let commits) = given else { return [] }
    let present = Set(profile.layers.compactMap(\.commit)).sorted()
    return commits.filter { given in !present.contains { matches(given, $0) } }.map {
      Diagnostic(
        .error, "no layer of this profile is at the commit \($0)",
        hint: present.isEmpty
          ? "it is a folder: --trust alone will do" : "look at \(present.joined(separator: ", ")) first")
    }
  }

  private static func quoted(_ text: String) -> String {
    let isPlain = text.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "/._-~@:+".contains($0)) }
    return isPlain ? text : "'" + text.replacing("'", with: "'\\''") + "'"
  }
}
