import OutfitConsent
import OutfitCore
import OutfitEngine
import OutfitInterpreters
import OutfitProfile
import OutfitSystem
import OutfitTools
import SystemPackage

/// What is asked before anything is downloaded.
extension Undertaking {
  /// Taking another profile for this machine replaces the one it has: that is asked.
  func confirmAdoption(of profile: Profile) throws {
    if let section = try projectSection(of: profile) {
      guard try ask(Self.projectAsProfile(profile.name, section), otherwise: "--yes") else {
        throw Failure(
          "\(profile.name) is no profile of this machine",
          hint: "`outfit up`, in its folder, sets up the project", status: .consent, reason: .declined)
      }
    }
    guard let present = try replaced(by: profile) else { return }
    guard try ask(Self.replacement(present.name, profile.name), otherwise: "--yes") else {
      throw Failure("\(present.name) stays", status: .consent, reason: .declined)
    }
  }

  static func replacement(_ present: String, _ wanted: String) -> String {
    "This machine has the profile \(present). Replace it with \(wanted)?"
  }

  static func projectAsProfile(_ name: String, _ section: String) -> String {
    "\(name) is a project: it has `\(section)`, which `outfit up` in its folder sets up. Make it this machine's profile?"
  }

  /// What makes the profile that was named a project's, unless this machine has it already: people type `up .` as they type
  /// `install .`.
  func projectSection(of profile: Profile) throws -> String? {
    guard wish.address != nil, wish.supply == nil, profile.scope == .machine,
      try Generations.adoptedProfile(.machine, host: host)?.address
        != ProfilePlace.find(wish.address, session).address
    else { return nil }
    let own = profile.contents.first { $0.layer.kind == .profile }
    let sections = Set((own?.entries ?? []).map { String($0.path.prefix { $0 != "." }) })
    let found = ManifestKeys.projectOnly.intersection(sections)
    if let section = found.subtracting(["env"]).min() { return section }
    // Beside what only a machine has, `env` is a slip that everybody makes, and of which `up` warns.
    return found.isEmpty || !ManifestKeys.machineOnly.isDisjoint(with: sections) ? nil : "env"
  }

  /// The profile that this machine has now and would have no more.
  func replaced(by profile: Profile) throws -> ProfileStamp? {
    guard wish.address != nil, profile.scope == .machine,
      let present = try Generations.adoptedProfile(.machine, host: host),
      !present.address.isEmpty, present.address != (try ProfilePlace.find(wish.address, session)).address
    else { return nil }
    return present
  }

  /// A yes or no; without a terminal only `--yes` is a yes.
  func ask(_ question: String, otherwise option: String) throws -> Bool {
    if wish.saysYes { return true }
    guard host.terminal.isInteractive else {
      throw Failure(
        question, hint: "without a terminal, say so with \(option)", status: .consent, reason: .question)
    }
    while true {
      guard let answer = host.terminal.ask("\(question) [y/N] ")?.lowercased() else { return false }
      if ["y", "yes"].contains(answer) { return true }
      if ["", "n", "no"].contains(answer) { return false }
    }
  }

  /// Asks about the files that the user changed.
  func decide(_ plan: Plan) async throws -> Decisions {
    if wish.isStrict, !plan.conflicts.isEmpty { throw session.refusal(plan.conflicts) }
    if let policy = wish.onConflict { return Decisions(policy) }
    if let path = wish.merging {
      return try await ConflictDialogue(session: session, plan: plan, theirs: "the profile's").merge(path)
    }
    guard !plan.conflicts.isEmpty, host.terminal.isInteractive, !wish.saysYes else { return Decisions(.keep) }
    return try await ConflictDialogue(session: session, plan: plan, theirs: "the profile's").decide()
  }

  /// Says what can't be undone, and has sudo's password asked now.
  /// - Returns: what waits for whoever has root, since this user has no way to be it.
  func announce(_ effects: [Effect], _ scope: Scope) async throws -> WaitingEffects {
    let waiting = try await Effects(host, scope: scope, isDry: false)
      .withoutRoot(effects, before: .read(scope, host: host))
    if wish.isAllOrNothing, let first = waiting.entries.first {
      throw Failure(
        "\(first.label) needs root, sudo did not allow it, and --all-or-nothing was given",
        hint: "for whoever has root: \(waiting.entries.map(\.command).joined(separator: " && "))",
        status: .consent)
    }
    for effect in effects where waiting[effect] == nil {
      session.talk("  will run \(effect.label), which can't be undone")
    }
    return waiting
  }
}
