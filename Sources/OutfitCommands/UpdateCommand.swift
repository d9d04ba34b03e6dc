import ArgumentParser
import OutfitConsent
import OutfitCore
import OutfitEngine
import OutfitProfile
import OutfitSharing
import OutfitSystem

struct UpdateCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "update",
    abstract: "Move pins, and profiles from git, to the newest that there is, and apply it.",
    discussion: """
      Without names: all pins, to the newest that the manifest accepts, and the profile itself where it comes from \
      git, so that what its team pushed is had. What moves is shown first, of a layer from git its files as well; on a \
      terminal you are asked; then it is done as `outfit up` does it, \
      where the project, or this machine, is up. A new commit asks for your consent where it can do more than before: \
      without a terminal, look at it and say --trust COMMIT.

      `outfit update black` moves one tool, `outfit update layer:base` one layer from git. What the outfit.lock \
      beside a machine's profile pins moves with that profile. `outfit outdated` says what could move.
      """, aliases: ["upgrade"])

  @Argument(help: "Tools, interpreters or layer:NAME; all when none is named.", completion: Completions.pins)
  var names: [String] = []
  @Option(help: ArgumentHelp("The folder of a machine profile, whose lock is written.", valueName: "folder"))
  var profile: String?
  @OptionGroup var scope: ScopeOptions
  @Flag(name: .customLong("no-apply"), help: "Write the lock alone; `outfit up` applies it.") var noApply =
    false
  @Flag(name: .customLong("dry-run"), help: "Show what would move, and write nothing.") var dryRun = false
  @Option(
    defaultAsFlag: Up.folderTrust,
    help: ArgumentHelp("Consent to the profile as it is now, or to this commit of it.", valueName: "commit"))
  var trust: String?
  @Flag(name: .shortAndLong, help: "Answer conflicts by their defaults; never consent.") var yes = false
  @Flag(help: "Print what moved, or would, as JSON; what is applied then is a document of `up`.")
  var json = false

  func validate() throws {
    guard profile == nil || !scope.machine else {
      throw ValidationError("--profile names a folder, and --machine this machine: give one of them")
    }
  }

  func run() async throws {
    try await withSession { session in
      let place = try LockTarget(profile, session, orMachine: true, onlyMachine: scope.machine)
      let host = session.host
      let isUp = try profile == nil && Generations.adoptedProfile(place.profile.scope, host: host) != nil
      let applies = isUp && !noApply
      // The commit of a machine's profile is that of its generation: it moves with what is applied.
      let holdsProfile = !applies && place.profile.git != nil
      let (names, all) = (Set(names), names.isEmpty)
      var pins = try await Pinning(
        session, place, keeping: { !all && !names.contains($0) },
        movingLayers: { !holdsProfile && (all || names.contains("layer:\($0)")) })
      try refuseUnknown(names, pins.names)
      for name in pins.held { session.talk("\(name) is held, and stays") }
      for name in pins.fixed where names.contains(name) {
        session.talk("\(name) is pinned by the outfit.lock of \(pins.profile.name), and moves with that")
      }
      let consent = Up.consent(trust)
      let words =
        ["outfit update"] + self.names.map(Consent.quoted)
        + (profile.map { ["--profile", Consent.quoted($0)] } ?? []) + (scope.machine ? ["--machine"] : [])
        + (noApply ? ["--no-apply"] : [])
      // Whoever is asked for consent has seen what it is about.
      for line in pins.layerChanges.flatMap(\.lines) { session.say(line, json: json) }
      session.report(pins.layerChanges.compactMap(\.warning))
      let isKnown = try Consent(host: host).standing(for: pins.profile) != nil
      try await pins.resolve(given: consent, again: words.joined(separator: " "))
      let changes = LockChanges(before: pins.before, after: pins.after)
      let members: [String: JSONText] = [
        "pins": changes.json, "layers": .array(pins.layerChanges.map { .string($0.lines[0]) }),
        "layerChanges": .array(pins.layerChanges.map(\.json)),
        "dependencies": DependencyMembers(before: pins.before, after: pins.after, profile: pins.profile).json,
        "profile": .string(pins.profile.name), "dryRun": .bool(dryRun),
        "incomplete": .array(pins.failures.map { $0.error(.failed) }),
      ]
      let exit: ExitStatus = pins.isIncomplete ? .failed : .done
      let isNothing = changes.isEmpty && pins.layerChanges.isEmpty
      let moved = changes.lines.filter { pins.layerChanges.isEmpty || !$0.dropFirst(4).hasPrefix("layer ") }
      for line in moved { session.say(line, json: json) }
      session.report(pins.notes + pins.failures)
      if holdsProfile, let news = GitNews(of: place.profile, host) {
        session.talk(news.line(pins.profile.name))
      }
      if json, isNothing || dryRun {
        session.write(JSONDocument(.update, changed: !isNothing, exit: exit, members))
        if exit != .done { throw Ended(exit) }
        return
      }
      guard !isNothing else {
        session.write("Nothing to do: every pin is the newest that the manifest accepts.")
        if pins.isIncomplete { throw Ended(.failed) }
        return
      }
      if dryRun {
        session.write("Nothing was changed: this was a dry run.")
        if pins.isIncomplete { throw Ended(.failed) }
        return
      }
      guard !pins.isIncomplete else {
        throw Failure("nothing was moved, since not all could be resolved")
      }
      guard yes || json || !isKnown || !host.terminal.isInteractive || confirms(session, applies) else {
        throw Failure("nothing was moved, since you did not want it", status: .failed, reason: .declined)
      }
      let takeBack = try pins.save()
      guard applies else {
        try place.profile.use(pins.profile, host)
        session.say("Wrote \(session.short(place.file)). \(try next(place, session))", json: json)
        if json { session.write(JSONDocument(.update, changed: true, exit: exit, members)) }
        return
      }
      var wish = Undertaking.Wish(saysYes: yes, consent: consent, wantsJSON: json)
      wish.place = place.profile
      wish.layers = pins.moving
      let status: ExitStatus
      do {
        status = try await Undertaking(session, wish).run()
      } catch {
        try? takeBack()
        throw error
      }
      if status != .done { throw Ended(status) }
    }
  }

  /// A person who sees what moves is asked before it does.
  private func confirms(_ session: Session, _ applies: Bool) -> Bool {
    let answer = session.host.terminal.ask(applies ? "Take it, and apply it? [Y/n] " : "Take it? [Y/n] ")
    return ["", "y", "yes"].contains(answer?.lowercased().filter { !$0.isWhitespace } ?? "n")
  }

  private func refuseUnknown(_ names: Set<String>, _ known: Set<String>) throws {
    for name in names.sorted() where !known.contains(name) {
      let hint =
        known.contains("layer:\(name)")
        ? "the layer is layer:\(name)" : nearest(name, among: known).map { "did you mean \($0)?" }
      throw Failure(
        "\(name) is not pinned here",
        hint: hint
          ?? (known.isEmpty
            ? "nothing is pinned yet: `outfit up` does"
            : "pinned are \(known.sorted().joined(separator: ", "))"),
        status: .usage)
    }
  }

  /// What to do with a lock that was written alone.
  private func next(_ place: LockTarget, _ session: Session) throws -> String {
    if profile != nil { return "Commit it, and everybody has the same." }
    let isElsewhere = try place.profile.scope == .machine && Project.find(session.host) != nil
    return "Next: outfit up" + (isElsewhere ? " \(place.profile.address)" : "")
  }
}
