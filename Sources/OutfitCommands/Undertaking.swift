import OutfitConsent
import OutfitCore
import OutfitDotfiles
import OutfitEngine
import OutfitHooks
import OutfitInterpreters
import OutfitProfile
import OutfitSharing
import OutfitSystem
import OutfitTools
import SystemPackage

/// One `up`, from the wish to the summary.
struct Undertaking {
  struct Wish: Sendable {
    var address: String?
    /// Where it acts, where that is known and not named.
    var place: ProfilePlace?
    /// Layers that move to what their repositories have now.
    var layers: Set<GitProfiles.Reference> = []
    var isDryRun = false
    var isLocked = false
    var isOffline = false
    var saysYes = false
    var consent = Consent.Given.nothing
    var fetching = FetchPermission.asked
    var parts = PartSelection()
    var onConflict: ConflictPolicy?
    var isAllOrNothing = false
    var isExact = false
    var isStrict = false
    var settings: [String: String] = [:]
    var wantsJSON = false
    /// Manifests as a verb wants them, written in the same transaction as what they ask for.
    var edits: [ManifestFile] = []
    /// Tools that a verb is about: when one of them can't be had, nothing happens at all.
    var tools: Set<String> = []
    /// The pins as they were before the edits; nil takes those of the profile as it is read.
    var pins: Lock?
    /// Tools whose pins move to the newest that the manifest accepts.
    var moving: Set<String> = []

    /// Requests for interpreters that a verb is about: when one of them can't be had, nothing happens at all.
    var interpreters: [Language: Set<String>] = [:]
    /// Requests whose pins move.
    var movingInterpreters: [Language: Set<String>] = [:]

    /// Manifest and lock are written with the switch, not before it.
    var isEditing: Bool {
      !edits.isEmpty || !moving.isEmpty || !tools.isEmpty || !interpreters.isEmpty
    }
  }

  /// What was done, for the verb to tell.
  struct Done {
    let profile: Profile
    let plan: Plan
    let outcome: SwitchOutcome
    let built: Int
    /// What stands between commands and their programs, and was made again.
    let mended: [String]
    let missing: Set<ObjectID>
    /// What could not be had.
    let failures: [Diagnostic]
    /// For whoever has root.
    let waiting: WaitingEffects
    let status: ExitStatus
    let seconds: Double
    /// The pins, before and after.
    let before: Lock
    let after: Lock
  }

  private let session: Session
  private let wish: Wish
  private var host: Host { session.host }

  init(_ session: Session, _ wish: Wish) {
    self.session = session
    self.wish = wish
  }

  func run() async throws -> ExitStatus {
    if wish.address == nil, wish.place == nil, let bereft = Project.bereft(host) {
      session.report([bereft.bereftDiagnostic(session)])
    }
    let place = try wish.place ?? ProfilePlace.find(wish.address, session)
    let isPlain =
      wish.parts.isWhole && wish.settings.isEmpty && !wish.isDryRun && !wish.isLocked
      && !wish.isExact
    // An address that was typed is asked what it is now, and a commit is compared with what there is.
    let looksCloser =
      wish.address != nil && place.git != nil && !wish.isOffline || !wish.layers.isEmpty
      || wish.consent.namesCommits
    if isPlain, !looksCloser,
      let summary = CompiledPlan.current(
        for: place.scope, version: Release.version, arguments: place.digest(host), host: host)
    {
      try session.finish(
        summary: summary, scope: place.scope, status: .done, news: GitNews(of: place, host),
        json: wish.wantsJSON)
      return .done
    }

    if !wish.isDryRun { session.warnOfHomeOfAnother() }
    let lock = wish.isDryRun ? nil : try await ScopeLock.acquire(place.scope, host: host)
    defer { withExtendedLifetime(lock) {} }

    let read = try await read(place)
    if wish.isDryRun {
      let wrong = Consent.wrongCommits(wish.consent, in: read)
      guard wrong.isEmpty else { throw Failure(wrong, status: .consent) }
      return try await dryRun(read, place)
    }
    try confirmAdoption(of: read)
    let sources = SourceDigests(place.scope, host: host)
    let consented = try await session.consent(
      to: read, given: wish.consent, command: "outfit up",
      address: wish.address ?? (place.git == nil ? nil : place.address), sources: sources)
    let done = try await perform(
      try await place.answer(consented, session, settings: wish.settings), place, sources, isPlain: isPlain)
    session.conclude(
      profile: done.profile, plan: done.plan, outcome: done.outcome, built: done.built, mended: done.mended,
      missing: done.missing, failures: done.failures, waiting: done.waiting,
      status: done.status, seconds: done.seconds, news: GitNews(of: place, host), json: wish.wantsJSON)
    return done.status
  }

  /// The profile as it is now.
  private func read(_ place: ProfilePlace) async throws -> Profile {
    do {
      return try await place.read(
        session, network: wish.isOffline ? .never : wish.address == nil ? .whenUnknown : .always,
        moving: wish.layers, fetching: wish.fetching)
    } catch var failure as Failure {
      if wish.address != nil, failure.status == .failed, let commit = place.usedCommit(host) {
        failure.diagnostics.append(
          Diagnostic(
            .note, "this machine has commit \(commit.prefix(7)) of it",
            hint: "`outfit up --offline` goes on with that"))
      }
      throw failure
    }
  }

  /// Does what a verb wants of tools, in one transaction with its edits of manifests.
  /// - Parameter held: the scope's lock, where the verb took it before it read what it edits.
  /// - Throws: `Failure` when one of the tools can't be had; nothing has changed then.
  func apply(at place: ProfilePlace, holding held: FileLock? = nil) async throws -> Done {
    session.warnOfHomeOfAnother()
    var lock = held
    if lock == nil { lock = try await ScopeLock.acquire(place.scope, host: host) }
    defer { withExtendedLifetime(lock) {} }
    let read = try await place.read(
      session.seeing(wish.edits), network: wish.isOffline ? .never : .whenUnknown)
    let sources = SourceDigests(place.scope, host: host)
    let consented = try await session.consent(
      to: read, given: wish.consent, command: "outfit up", sources: sources)
    return try await perform(
      try await place.answer(consented, session, settings: [:]), place, sources, isPlain: false)
  }

  // MARK: Before anything is downloaded

  /// Taking another profile for this machine replaces the one it has: that is asked.
  private func confirmAdoption(of profile: Profile) throws {
    guard let present = try replaced(by: profile) else { return }
    guard try ask(Self.replacement(present.name, profile.name), otherwise: "--yes") else {
      throw Failure("\(present.name) stays", status: .consent, reason: .declined)
    }
  }

  private static func replacement(_ present: String, _ wanted: String) -> String {
    "This machine has the profile \(present). Replace it with \(wanted)?"
  }

  /// The profile that this machine has now and would have no more.
  private func replaced(by profile: Profile) throws -> ProfileStamp? {
    guard wish.address != nil, profile.scope == .machine,
      let present = try Generations.adoptedProfile(.machine, host: host),
      !present.address.isEmpty, present.address != (try ProfilePlace.find(wish.address, session)).address
    else { return nil }
    return present
  }

  /// A yes or no; without a terminal only `--yes` is a yes.
  private func ask(_ question: String, otherwise option: String) throws -> Bool {
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
  private func decide(_ plan: Plan) async throws -> Decisions {
    if wish.isStrict, !plan.conflicts.isEmpty { throw session.refusal(plan.conflicts) }
    if let policy = wish.onConflict { return Decisions(policy) }
    guard !plan.conflicts.isEmpty, host.terminal.isInteractive, !wish.saysYes else { return Decisions(.keep) }
    return try await ConflictDialogue(session: session, plan: plan, theirs: "the profile's").decide()
  }

  /// Says what can't be undone, and has sudo's password asked now.
  /// - Returns: what waits for whoever has root, since this user has no way to be it.
  private func announce(_ effects: [Effect], _ scope: Scope) async throws -> WaitingEffects {
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

  // MARK: The work

  private func dryRun(_ read: Profile, _ place: ProfilePlace) async throws -> ExitStatus {
    let profile = try await place.answer(read, session, settings: wish.settings)
    var preparation = try Preparation(session, reading: profile)
    let proposal = wish.parts.narrowed(try await preparation.propose(wish.parts.parts(host)))
    var plan = try await preparation.plan(proposal, isPartial: !wish.parts.isWhole)
    try refuseLacking(proposal)
    if wish.isLocked, !plan.failures.isEmpty { throw staleLock(preparation) }
    let defects = try Mending(host, known: try preparation.previous().map { [$0] } ?? []).defects()
    if wish.wantsJSON {
      let waiting = plan.setAside(.read(profile.scope, host: host))
      var members = PlanMembers(plan: plan, profile: profile, defects: defects, waiting: waiting)
      members.wishes = try Consent(host: host, digests: preparation.sources).needed(for: read)
      let address = wish.address ?? (place.git == nil ? nil : place.address)
      members.consentLine = Consent.line(
        for: read, wishes: members.wishes, asking: Consent.Asking(address: address))
      let command = "outfit up" + (wish.address.map { " \(Consent.quoted($0))" } ?? "")
      members.conflictLine = "\(command) --on-conflict take"
      members.questions = try questions(read, command)
      let needsPerson = !members.wishes.isEmpty || !members.questions.isEmpty
      let status: ExitStatus =
        needsPerson || !plan.conflicts.isEmpty && wish.onConflict?.takes != true ? .consent : .done
      session.write(
        JSONDocument(
          .plan,
          changed: try plan.changes(wish.onConflict ?? .keep, place.stamp(profile), host)
            || defects.contains(where: \.isMendable),
          exit: status,
          members.json.merging(["profile": .string(profile.name), "dryRun": .bool(true)]) { $1 }))
      return status
    }
    let lines =
      PlanText(session: session, plan: plan).lines(style: session.outputStyle)
      + PlanText.mendings(defects, style: session.outputStyle)
    session.report(plan.failures.map { Diagnostic(.note, $0.message, at: $0.location, hint: $0.hint) })
    if lines.isEmpty, plan.failures.isEmpty {
      session.write("Nothing to do.")
    } else {
      for line in lines { session.write(line) }
      session.write("Nothing was changed: this was a dry run.")
    }
    return .done
  }

  /// What a terminal would be asked, apart from consent and conflicts.
  private func questions(_ read: Profile, _ command: String) throws -> [PlanMembers.Question] {
    var questions: [PlanMembers.Question] = []
    if let present = try replaced(by: read) {
      questions.append(
        PlanMembers.Question(
          key: "replace", prompt: Self.replacement(present.name, read.name), line: "\(command) --yes"))
    }
    guard read.scope == .machine else { return questions }
    let known = try Answers(host, profile: read.name).values
    for (key, question) in read.unanswered.sorted(by: { $0.key < $1.key })
    where known[key] == nil && wish.settings[key] == nil && question.value.defaultAnswer == nil {
      questions.append(
        PlanMembers.Question(
          key: key, prompt: question.value.prompt, line: "\(command) --set \(key)=ANSWER"))
    }
    return questions
  }

  private func staleLock(_ preparation: Preparation) -> Failure {
    let isMachine = preparation.profile.scope == .machine
    // A project's is found from where one stands.
    let locking = "run `outfit lock\(isMachine ? " \(wish.address ?? "DIR")" : "")` and commit what it writes"
    return Failure(
      "\(session.short(preparation.locks.place.shared ?? preparation.locks.place.own)) does not cover the manifest",
      hint: isMachine && wish.address == nil
        ? "`outfit up` without --locked pins what is missing; where the profile is kept, \(locking)"
        : locking,
      status: .drift)
  }

  /// With `--locked` an environment is whole, or it is not made.
  private func refuseLacking(_ proposal: Proposal) throws {
    let lacking = proposal.failures.filter { $0.reason == .notBuilt }
    if wish.isLocked, !lacking.isEmpty { throw Failure(lacking, status: .failed) }
  }

  private func perform(
    _ consented: Consented, _ place: ProfilePlace, _ sources: SourceDigests, isPlain: Bool
  ) async throws -> Done {
    let profile = consented.profile
    let started = host.clock.uptime()
    // Without it nothing would run that is downloaded now.
    try ShimInstallation.check(host)
    let progress = TerminalProgress(host: host)
    var preparation = try Preparation(
      session, consented, mode: wish.isOffline ? .offline : wish.isLocked ? .locked : .live,
      progress: progress, sources: sources)

    // Conflicts and effects come from parts that need no network, so all questions are asked here; where no other
    // part has anything to do, the plan itself is made without network.
    var decisions: Decisions?
    var waiting = WaitingEffects()
    if profile.needsEngines {
      let local = try await preparation.plan(
        wish.parts.narrowed(try await preparation.propose(wish.parts.local(host))), isPartial: true)
      decisions = try await decide(local)
      waiting = try await announce(local.effects, profile.scope)
    }

    let before = wish.pins ?? preparation.lock
    for name in wish.moving { preparation.lock.tools[name] = nil }
    for (language, requests) in wish.movingInterpreters {
      preparation.lock.interpreters[language]?.removeAll { requests.contains($0.request) }
    }
    let proposal = wish.parts.narrowed(try await preparation.propose(wish.parts.parts(host)))
    let touched = wish.tools.union(wish.moving.filter { preparation.lock.tools[$0] != nil })
    // What could not be moved stays where it was.
    for name in wish.moving where preparation.lock.tools[name] == nil {
      preparation.lock.tools[name] = before.tools[name]
    }
    if wish.isLocked, preparation.lock != preparation.locks.merged || proposal.isUnresolved {
      throw staleLock(preparation)
    }
    try refuseLacking(proposal)
    let plan = try await preparation.plan(
      proposal, isPartial: !wish.parts.isWhole,
      dropping: Set(touched.compactMap { name in before.tools[name].map { "\(name) \($0.version)" } })
        .union(try gone(profile, proposal, try preparation.previous())))
    if wish.isStrict, !plan.conflicts.isEmpty { throw session.refusal(plan.conflicts) }
    if decisions == nil {
      decisions = try await decide(plan)
      waiting = try await announce(plan.effects, profile.scope)
    }
    try session.consent(toTakeoversOf: proposal, consented, given: wish.consent, address: wish.address)
    // What no provider has is known before anything is fetched.
    try refuse(lost(profile, proposal, []) + lostInterpreters(proposal, []), plan.failures)
    try refuseUnresolved(proposal, plan.failures, profile, place)
    session.report(plan.notes)

    let effects = Effects(host, scope: profile.scope, isDry: false)
    var failures = plan.failures
    for effect in plan.effects where effect.runsFirst && waiting[effect] == nil {
      if let failure = try await effects.run(effect, by: consented) { failures.append(failure) }
    }
    for object in plan.objects where preparation.store.isPresent(object.id) {
      try preparation.store.distrust(object.id)
    }
    // Meanwhile, since a first run waits for the network.
    async let launcher: Void = ShimInstallation.ensure(host)
    let built = try await preparation.build(plan.objects)
    try Task.checkCancellation()
    // Causes before their consequences.
    let missing = Set(built.failed.keys)
    let (consequences, causes) = plan.objects.filter { missing.contains($0.id) }.reduce(
      into: ([Object](), [Object]())
    ) {
      if $1.prerequisites.isDisjoint(with: missing) { $0.1.append($1) } else { $0.0.append($1) }
    }
    failures += (causes + consequences).compactMap { object in
      built.failed[object.id].map { explained($0, object.id, profile, proposal) }
    }
    if wish.isAllOrNothing, !failures.isEmpty {
      session.report(failures)
      throw Failure(
        "nothing was switched: \(failures.count) parts could not be had, and --all-or-nothing was given")
    }

    try refuse(lost(profile, proposal, missing) + lostInterpreters(proposal, missing), failures)
    try await launcher
    var switching = plan
    switching.failures = failures
    let takeBack = wish.isEditing ? {} : try preparation.locks.save(preparation.lock)
    let takeLayersBack = try place.keepLayers(profile, host)
    let outcome: SwitchOutcome
    do {
      outcome = try await Switch.apply(
        switching, by: consented, decisions: decisions ?? Decisions(), failed: missing,
        profile: place.stamp(profile), snapshots: place.snapshots(host),
        companions: companions(preparation, profile), host: host)
    } catch {
      try? takeBack()
      try? takeLayersBack()
      throw error
    }
    try place.use(profile, host)
    let mended = try await mend(known: outcome.record)
    try learnLongTerm(plan, preparation)
    for effect in plan.effects where !effect.runsFirst && waiting[effect] == nil {
      if let failure = try await effects.run(effect, by: consented) { failures.append(failure) }
    }
    session.report(failures + outcome.notes + mended.left)
    session.reportKept(outcome.kept)
    QuietScripts(session, profile, proposal)?.tell(changed: outcome.changed.map(\.target))
    if let added = try HandAddedPackages(session, profile.scope) {
      added.tell(changed: outcome.changed.map(\.target))
      if wish.isExact { try await added.remove() }
    }
    var status = outcome.status
    if !failures.isEmpty { status = max(status, .failed) }
    let summary = "Nothing to do: \(profile.name) is up to date."
    if wish.parts.hasAllEffects { try waiting.keep(profile.scope, host: host) }
    // What runs every time keeps no run from looking.
    if status == .done, isPlain, mended.left.isEmpty, waiting.isEmpty,
      !proposal.effects.contains(where: \.isRoutine)
    {
      try CompiledPlan.write(
        for: profile.scope, version: Release.version, arguments: place.digest(host),
        inputs: preparation.inputs + consented.inputs,
        outputs: proposal.objects.map { preparation.store.receiptPath(of: $0.id) } + proposal.adoptedPrograms,
        summary: summary, record: outcome.record, host: host)
    }
    // The next run only reads more without it.
    try? sources.keep()
    let seconds = Double(host.clock.uptime() - started) / 1e9
    return Done(
      profile: profile, plan: plan, outcome: outcome, built: built.built.count, mended: mended.done,
      missing: missing, failures: failures, waiting: waiting,
      status: status, seconds: seconds, before: before, after: preparation.lock)
  }

  /// Makes shims and tables again that are other than the generations say.
  private func mend(known: Generation?) async throws -> (done: [String], left: [Diagnostic]) {
    let (done, left) = try await Mending.mendCommands(host, known: known.map { [$0] } ?? [])
    return (done, left.map { Diagnostic(.warning, $0.message, hint: $0.hint) })
  }

  // MARK: Tools

  /// The labels of what the last run had of tools that no manifest asks for any more. They go even where other things
  /// stay as they are, because the run is of tools alone, or because something else could not be had.
  private func gone(
    _ profile: Profile, _ proposal: Proposal, _ previous: Generation?
  ) throws -> Set<String> {
    guard wish.parts.has(Tools().name), let previous else { return [] }
    let proposed = Set(proposal.objects.map(\.id))
    let tools = Set(previous.objects.map(\.id)).subtracting(proposed)
      .subtracting(previous.interpreters.map(\.object))
    return Set(
      previous.claims.compactMap { claim in
        guard let object = claim.object, tools.contains(object), object.name != Virtualenv.objectName,
          let name = claim.label.split(separator: " ").first, profile.tools[String(name)] == nil
        else { return nil }
        return claim.label
      })
  }

  /// What went wrong with an object, in the words of the part that knows it.
  private func explained(
    _ failure: Diagnostic, _ object: ObjectID, _ profile: Profile, _ proposal: Proposal
  ) -> Diagnostic {
    if object.name == Virtualenv.objectName, let section = profile.virtualenv {
      return Virtualenv.explanation(of: failure, section)
    }
    if object.name == NodeModules.objectName, let section = profile.nodeModules {
      return NodeModules.explanation(of: failure, section)
    }
    guard let claim = proposal.claims.first(where: { $0.object == object }),
      let name = profile.tools.first(where: { $0.value.source == claim.owner })?.key
    else { return failure }
    return Tools.explanation(of: failure, tool: name, at: claim.owner)
  }

  /// Those of them that can't be had.
  private func lost(_ profile: Profile, _ proposal: Proposal, _ missing: Set<ObjectID>) -> [String] {
    wish.tools.sorted().filter { name in
      guard let tool = profile.tools[name] else { return false }
      let claims = proposal.claims.filter { $0.owner == tool.source }
      return claims.isEmpty || claims.contains { $0.object.map(missing.contains) ?? false }
    }
  }

  private func lostInterpreters(_ proposal: Proposal, _ missing: Set<ObjectID>) -> [String] {
    wish.interpreters.sorted { $0.key < $1.key }.flatMap { language, requests in
      requests.sorted().filter { request in
        !proposal.interpreters.contains {
          $0.language == language && $0.request == request && !missing.contains($0.object)
        }
      }.map { "\(language.title) \($0)" }
    }
  }

  /// `lts/*` in a version file is for the launcher to read.
  private func learnLongTerm(_ plan: Plan, _ preparation: Preparation) throws {
    guard plan.interpreters.contains(where: { $0.language == .node }) else { return }
    var lines = LongTermLines.installed(plan.interpreters, host)
    lines.learn(.learnt(preparation.context(earlier: Proposal())))
    try lines.keep(host)
  }

  /// What the profile asks for must be known before anything of it is there: half of a profile is none, and half of
  /// two profiles even less.
  private func refuseUnresolved(
    _ proposal: Proposal, _ failures: [Diagnostic], _ profile: Profile, _ place: ProfilePlace
  ) throws {
    guard !wish.isEditing, !failures.isEmpty else { return }
    let present = try Generations.adoptedProfile(profile.scope, host: host)
    let isReplacing = present.map { $0.address != place.address } ?? false
    guard proposal.isUnresolved || isReplacing else { return }
    session.report(failures)
    let stays = present.map { ", and \($0.name) is as it was" } ?? ""
    throw Failure(
      "nothing was switched: not all that \(profile.name) asks for could be found out\(stays)",
      hint: wish.isOffline
        ? "run it again without --offline"
        : "run it again when what is named above answers, or change the manifest")
  }

  private func refuse(_ lost: [String], _ failures: [Diagnostic]) throws {
    guard !lost.isEmpty else { return }
    throw Failure(
      failures + [Diagnostic(.error, "nothing was changed: \(lost.joined(separator: ", ")) could not be had")]
    )
  }

  private func companions(_ preparation: Preparation, _ profile: Profile) throws -> [Companion] {
    guard wish.isEditing else { return [] }
    let manifests = wish.edits.filter { $0.edit.isChanged }.map {
      Companion(path: $0.target, before: $0.edit.original, text: $0.edit.result, mode: $0.mode)
    }
    let place = preparation.locks.place
    let locks = try place.texts(of: preparation.lock, for: profile, host: host).map { path, text in
      Companion(
        path: path, before: try host.files.text(path), text: text, mode: path == place.shared ? 0o644 : 0o600)
    }
    return manifests + locks
  }
}

extension Profile {
  /// There is something that has pins.
  fileprivate var needsEngines: Bool {
    !(interpreters.isEmpty && additions.isEmpty && tools.isEmpty && virtualenv == nil && nodeModules == nil
      && hooks.isEmpty)
  }
}

extension Proposal {
  /// Programs that stay where they are, and are watched.
  fileprivate var adoptedPrograms: [FilePath] {
    objects.compactMap { if case .adopt(let adoption) = $0.recipe { adoption.program } else { nil } }
  }
}
