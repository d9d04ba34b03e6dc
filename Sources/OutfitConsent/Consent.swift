import OutfitCore
import OutfitProfile
import OutfitSystem
import SystemPackage

/// A person's word that a profile may do what it can do.
public struct Consent: Sendable {
  private let host: Host
  private let store: TrustStore
  private let digests: (any FileDigests)?

  /// - Parameter digests: what is known of the files of profiles.
  public init(host: Host, digests: (any FileDigests)? = nil) {
    self.host = host
    self.digests = digests
    store = TrustStore(host: host)
  }

  /// What the command line says of it.
  public enum Given: Hashable, Sendable {
    case nothing
    /// `--trust` alone: every layer that is a folder, as it is now.
    case folders
    /// `--trust COMMIT`: folders, and the git layers at these commits.
    case commits([String])
    /// `trust --locked`: this checkout, and its git layers, which were found to be at the commits that its lock has.
    case locked

    /// It says which commits were looked at.
    public var namesCommits: Bool { if case .commits = self { true } else { false } }
  }

  /// Whether a value of `--trust` is a commit: its forty hexadecimal digits, since fewer can be made to fit another.
  public static func isCommit(_ text: String) -> Bool {
    text.utf8.count == 40 && text.allSatisfy { $0.isASCII && $0.isHexDigit }
  }

  /// What a person is asked about one layer.
  public struct Wish: Sendable {
    public let layer: Layer
    /// As people are told of it.
    public let name: String
    /// In the records.
    let key: String
    /// All that it can do, as records have it.
    let all: Set<Digest>
    /// Those that nobody has consented to.
    public let new: [Ability]
    /// When something of it was consented to, in seconds since 1970; nil for never.
    public let granted: Int64?
  }

  /// The layers that can do what nobody has consented to: of all but the user's own, and the machine's.
  public func needed(for profile: Profile) throws -> [Wish] { try look(at: profile).wishes }

  /// What a profile can do and what its files hold, looked at once: to be asked about, and used when there is consent.
  public struct Looked: Sendable {
    public let profile: Profile
    public fileprivate(set) var wishes: [Wish] = []
    fileprivate var seen: [FilePath: Consented.Seen] = [:]
    fileprivate var folders: Set<FilePath> = []
    fileprivate var scripts: [FilePath: [FilePath]] = [:]
    fileprivate var records: [FilePath] = []

    fileprivate init(_ profile: Profile) { self.profile = profile }

    fileprivate var consented: Consented {
      Consented(profile, seen: seen, folders: folders, scripts: scripts, records: records)
    }

    /// What somebody is still to be asked, with what the command line gives.
    public func missing(_ given: Given) -> [Wish] { wishes.filter { !Consent.covers(given, $0.layer) } }
  }

  public func look(at profile: Profile) throws -> Looked {
    var looked = Looked(profile)
    let coming = ComingFiles(profile, host: host)
    for content in profile.contents {
      let layer = content.layer
      let project = project(of: layer, profile)
      if isOwn(layer), project == nil { continue }
      let lister = try AbilityLister(content, coming: coming, host: host, digests: digests)
      looked.seen.merge(lister.files.seen) { $1 }
      looked.folders.formUnion(lister.files.folders)
      looked.scripts.merge(lister.files.scripts) { $1 }
      let key = TrustStore.name(layer, in: project)
      looked.records.append(store.file(key))
      let record = try store.record(of: key)
      let members = lister.abilities.map(\.member)
      let known = record?.known ?? []
      // Whoever signs a layer that is known answers for what its files hold, and for no new ability.
      let isVouchedFor = record != nil && layer.signer != nil
      let new = zip(lister.abilities, members).filter { ability, member in
        !known.contains(member) && !(isVouchedFor && ability.isContent)
      }.map(\.0)
      guard record == nil || !new.isEmpty else { continue }
      looked.wishes.append(
        Wish(
          layer: layer, name: project.map { "\(layer.address) in \($0)" } ?? layer.address, key: key,
          all: Set(members), new: new, granted: record?.granted))
    }
    return looked
  }

  /// The user's own layer, and the machine's.
  public func isOwn(_ layer: Layer) -> Bool {
    layer.kind == .system && layer.commit == nil || layer.folder.starts(with: host.places.config)
  }

  /// The folder that a manifest of the user's own is applied in. A repository can say of itself what remote it likes,
  /// so that this folder is meant is asked.
  private func project(of layer: Layer, _ profile: Profile) -> FilePath? {
    guard case .project(let root) = profile.scope, layer.kind == .profile, layer.folder != root else {
      return nil
    }
    return root
  }

  /// How a person is asked, and told what to type.
  public struct Asking: Sendable {
    public var style = Style.plain
    /// What to type, without profile and consent.
    public var command = "outfit up"
    /// What shows it.
    var look: String { command == "outfit bundle apply" ? "outfit bundle show" : "outfit show" }
    /// Of the profile, to be typed after `command`; without it, the address of its own layer.
    public var address: String?
    /// All that was typed, where that is typed again to consent, without `--trust`.
    public var again: String?
    /// The files that Outfit itself would keep a block in, for whoever is asked to see all that is written.
    public var own: [String] = []

    public init(
      style: Style = .plain, command: String = "outfit up", address: String? = nil, own: [String] = []
    ) {
      self.style = style
      self.command = command
      self.address = address
      self.own = own
    }
  }

  /// Makes sure that every layer has consent: given before, given by the command line, or given now. What the files
  /// hold is looked at before the question, and that is what consent is given to.
  /// - Throws: status 4, with the line that would give consent, when nobody gives it.
  public func obtain(for profile: Profile, given: Given, asking: Asking = Asking()) throws -> Consented {
    try obtain(look(at: profile), given: given, asking: asking)
  }

  /// The same for what was looked at already.
  public func obtain(_ looked: Looked, given: Given, asking: Asking = Asking()) throws -> Consented {
    let profile = looked.profile
    let wrong = Self.wrongCommits(given, in: profile)
    guard wrong.isEmpty else {
      var refusal = refusal(for: profile, wishes: looked.wishes, asking: asking)
      refusal.diagnostics = wrong + (looked.wishes.isEmpty ? [] : refusal.diagnostics)
      throw refusal
    }
    let missing = looked.missing(given)
    guard !missing.isEmpty else {
      try record(looked.wishes)
      return looked.consented
    }
    guard host.terminal.isInteractive else { throw refusal(for: profile, wishes: missing, asking: asking) }
    host.terminal.talk(question(missing, asking: asking, width: host.terminal.width))
    let answer = host.terminal.ask("May it? [y/N] ")?.lowercased() ?? ""
    guard ["y", "yes"].contains(answer.filter { !$0.isWhitespace }) else {
      throw Failure("nothing was done, since you did not consent", status: .consent, reason: .declined)
    }
    try record(looked.wishes)
    return looked.consented
  }

  /// All that the layers of a profile can do, the user's own among them.
  public func abilities(of profile: Profile) throws -> [Ability] {
    let coming = ComingFiles(profile, host: host)
    return try profile.contents.flatMap {
      try AbilityLister($0, coming: coming, host: host, digests: digests).abilities
    }
  }

  /// What was consented to before, or nil where something of it is new.
  public func standing(for profile: Profile) throws -> Consented? {
    let looked = try look(at: profile)
    return looked.wishes.isEmpty ? looked.consented : nil
  }

  private func record(_ wishes: [Wish]) throws {
    for wish in wishes { try store.keep(wish.all, of: wish.key, commit: wish.layer.commit) }
  }

  /// Consent to what is known only once a profile has been resolved or rendered, and so is asked for itself: commands
  /// that come before those of the system, files that something runs.
  /// - Parameters:
  ///   - further: all of it, which replaces what was consented to of this kind before.
  ///   - kind: `takeovers`.
  ///   - reason: of the failure: `programs that come before those of this system`.
  public func obtain(
    _ further: [Ability], kind: String, reason: String, for consented: Consented, given: Given, asking: Asking
  ) throws {
    let key = Self.key(kind, consented.profile.scope)
    let known = try store.record(of: key)?.known ?? []
    let new = further.filter { !known.contains($0.member) }
    guard !new.isEmpty else { return }
    if given == .nothing {
      guard host.terminal.isInteractive else {
        let flags = asking.command == "outfit trust" ? "" : " --trust"
        throw Failure(
          [
            Diagnostic(
              .error, "nobody has consented to \(reason)",
              excerpt: Ability.lines(new).map { "it \($0.text)" }.joined(separator: "\n"),
              hint: "consent with: \(Self.line(asking, asking.address, flags))", reason: .consent)
          ], status: .consent)
      }
      host.terminal.talk(
        "\n\(consented.profile.name.harmless) also\n" + Self.list(new, asking.style, host.terminal.width)
          + "\n")
      let answer = host.terminal.ask("May it? [y/N] ")?.lowercased() ?? ""
      guard ["y", "yes"].contains(answer.filter { !$0.isWhitespace }) else {
        throw Failure("nothing was changed, since you did not consent", status: .consent, reason: .declined)
      }
    }
    try store.keep(Set(further.map(\.member)), of: key, commit: nil)
  }

  /// Whether all of it was consented to before, in the way of the `obtain` that takes the same.
  public func knows(_ further: [Ability], kind: String, for consented: Consented) throws -> Bool {
    let known = try store.record(of: Self.key(kind, consented.profile.scope))?.known ?? []
    return further.allSatisfy { known.contains($0.member) }
  }

  private static func key(_ kind: String, _ scope: Scope) -> String { "\(kind) of \(scope.consentKey)" }

  // MARK: - Words

  /// The failure, status 4, that says how to consent.
  public func refusal(for profile: Profile, wishes: [Wish], asking: Asking = Asking()) -> Failure {
    let place = asking.address ?? Self.address(of: profile)
    let names = wishes.map(\.name).joined(separator: ", ")
    return Failure(
      [
        Diagnostic(
          .error, "nobody has consented to what \(names) can do",
          excerpt: (Ability.lines(wishes.flatMap(\.new)).map { "it \($0.text)" }
            + (asking.own.isEmpty ? [] : ["Outfit itself writes \(Ability.list(asking.own))"]))
            .joined(separator: "\n"),
          hint: "look at it with: \(asking.look)\(place.map { " \(Self.quoted($0))" } ?? "")\n"
            + "consent with: \(Self.line(for: profile, wishes: wishes, asking: asking))",
          reason: .consent)
      ], status: .consent)
  }

  /// What to type to consent to all of it.
  public static func line(for profile: Profile, wishes: [Wish], asking: Asking = Asking()) -> String {
    let commits = Set(wishes.compactMap(\.layer.commit)).sorted()
    // The verb itself is consent to folders.
    let bare = asking.command == "outfit trust" ? "" : " --trust"
    let flags = commits.isEmpty ? bare : " --trust " + commits.joined(separator: ",")
    if let again = asking.again { return again + (flags.isEmpty ? " --trust" : flags) }
    return line(asking, asking.address ?? address(of: profile), flags)
  }

  private static func line(_ asking: Asking, _ place: String?, _ flags: String) -> String {
    asking.command + (place.map { " \(quoted($0))" } ?? "") + flags
  }

  private static func address(of profile: Profile) -> String? {
    profile.scope == .machine ? profile.layers.last { $0.kind == .profile }?.address : nil
  }

  /// What is shown before a person is asked: who, and what of it is new. It ends with an empty line.
  public func question(_ wishes: [Wish], asking: Asking, width: Int) -> String {
    let names = wishes.map { asking.style.bold($0.name.harmless) }.joined(separator: ", ")
    let isOne = wishes.count == 1
    let pronoun = isOne ? "it" : "they"
    let isKnown = wishes.allSatisfy { $0.granted != nil }
    let state =
      isKnown
      ? "\(isOne ? "is" : "are") known to this machine, and can do more than before"
      : "\(isOne ? "is" : "are") new to this machine"
        + (wishes.contains { $0.granted != nil } ? ", or can do more than before" : "")
    var text = "\n"
    for line in wrapped("\(names) \(state). With your consent \(pronoun)", width: max(20, width)) {
      text += line + "\n"
    }
    text += Self.list(wishes.flatMap(\.new), asking.style, width)
    if !asking.own.isEmpty {
      text += "\nOutfit itself writes\n"
      for (index, line) in wrapped(Ability.list(asking.own).harmless, width: max(20, width - 4)).enumerated()
      {
        text += (index == 0 ? "  - " : "    ") + line + "\n"
      }
    }
    return text + "\n"
  }

  private static func list(_ abilities: [Ability], _ style: Style, _ width: Int) -> String {
    var text = ""
    for told in Ability.lines(abilities) {
      let isGrave = told.isGrave
      for (index, line) in wrapped(told.text.harmless, width: max(20, width - 4)).enumerated() {
        let mark = index > 0 ? "    " : isGrave ? "  \(style.yellow("!")) " : "  - "
        text += mark + (isGrave ? style.yellow(line) : line) + "\n"
      }
    }
    return text
  }

  private static func covers(_ given: Given, _ layer: Layer) -> Bool {
    switch (given, layer.commit) {
    case (.nothing, _): false
    case (.locked, _): true
    case (.folders, let commit), (.commits([]), let commit): commit == nil
    case (.commits, nil): true
    case (.commits(let commits), .some(let commit)): commits.contains { $0.lowercased() == commit }
    }
  }

  /// The commits that consent was given to and no layer is at; empty where there is none.
  public static func wrongCommits(_ given: Given, in profile: Profile) -> [Diagnostic] {
    guard case .commits(let commits) = given else { return [] }
    let present = Set(profile.layers.compactMap(\.commit)).sorted()
    return commits.filter { !present.contains($0.lowercased()) }.map {
      Diagnostic(
        .error, "no layer of this profile is at the commit \($0)",
        hint: present.isEmpty
          ? "it is a folder: --trust alone will do" : "look at \(present.joined(separator: ", ")) first")
    }
  }

  /// One word, as a shell reads it.
  public static func quoted(_ text: String) -> String {
    let isPlain = text.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "/._-~@:+".contains($0)) }
    return isPlain ? text : "'" + text.replacing("'", with: "'\\''") + "'"
  }
}

extension Scope {
  fileprivate var consentKey: String {
    switch self {
    case .machine: "this machine"
    case .project(let root): root.string
    }
  }
}
