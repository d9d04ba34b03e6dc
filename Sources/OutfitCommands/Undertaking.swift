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
    /// A dry run has the text of what would change.
    var showsText = false
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
    /// Secrets are read anew, also where nothing says that they have changed.
    var rereadsSecrets = false
    var settings: [String: String] = [:]
    /// What was typed, for the line that gives consent: the verb, and what it was given.
    var verb = "up"
    var named: [String] = []
    /// Whether this machine sends receipts from now on; nil leaves that as it is.
    var receipts: Bool?
    /// The bundles that are wanted from now on; nil leaves that as it is.
    var bundles: [String]?
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
    /// Packages of the project's virtualenv that are to stand under `build:` of its manifest.
    var building: [String] = []
    /// Targets that stay as they are, and are nobody's but the user's from then on.
    var letGo: Set<String> = []
    /// The one conflict that is to be merged; the others stay.
    var merging: FilePath?
    /// All that is needed came along: no network is asked, and these pins count.
    var supply: BundleApplication.Supply?
    /// The edits are an answer within an `up`: what it can't find out ends it, as ever.
    var isAnswered = false

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

  let session: Session
  let wish: Wish
  var host: Host { session.host }

  init(_ session: Session, _ wish: Wish) {
    self.session = session
    self.wish = wish
  }

  func run() async throws -> ExitStatus {
    if wish.address == nil, wish.place == nil, let bereft = Project.bereft(host) {
      session.report([bereft.bereftDiagnostic(session)])
    }
    let place = try wish.place ?? ProfilePlace.find(wish.address, session)
    if !wish.building.isEmpty { return try await runBuilding(at: place, holding: nil) }
    let isPlain =
      wish.parts.isWhole && wish.settings.isEmpty && wish.bundles == nil && wish.receipts == nil
      && !wish.isDryRun && !wish.isLocked
      && !wish.isExact && !wish.rereadsSecrets
    // An address that was typed is asked what it is now, and a commit is compared with what there is.
    let looksCloser =
      wish.address != nil && place.git != nil && !wish.isOffline || !wish.layers.isEmpty
      || wish.consent.namesCommits
    if isPlain, !looksCloser,
      let summary = CompiledPlan.current(
        for: place.scope, version: Release.version, arguments: place.digest(host),
        place.digest(host, varying: true), host: host)
    {
      try session.finish(
        summary: summary, scope: place.scope, status: .done, news: GitNews(of: place, host),
        json: wish.wantsJSON)
      await ReceiptPost(session).again(place.scope, isOffline: wish.isOffline)
      return .done
    }

    if !wish.isDryRun { session.warnOfHomeOfAnother() }
    let lock = wish.isDryRun ? nil : try await ScopeLock.acquire(place.scope, host: host)
    defer { withExtendedLifetime(lock) {} }

    var read = try await read(place)
    if !wish.isDryRun, wish.bundles != nil || !read.bundles.isEmpty,
      try BundleChoice(read, session).settle(wish.bundles)
    {
      read = try await self.read(place)
    }
    let isMistaken = !Consent.wrongCommits(wish.consent, in: read).isEmpty
    if wish.isDryRun, !isMistaken { return try await dryRun(read, place) }
    // Whoever consents to what is not there is told of that, and asked nothing before.
    if !isMistaken { try confirmAdoption(of: read) }
    let sources = SourceDigests(place.scope, host: host)
    func consent(to profile: Profile) async throws -> Consented {
      try await session.consent(
        to: profile, given: wish.consent, command: verb,
        address: wish.named.first ?? wish.address ?? (place.git == nil ? nil : place.address), again: typed,
        sources: sources)
    }
    var consented = try await consent(to: read)
    if try ReceiptChoice(read, session).settle(wish.receipts) {
      consented = try await consent(to: try await self.read(place))
    }
    do {
      let done = try await perform(
        try await place.answer(consented, session, settings: wish.settings), place, sources, isPlain: isPlain)
      conclude(done, place)
      await ReceiptPost(session).send(done, place, isOffline: wish.isOffline)
      return done.status
    } catch let answer as BuildAnswer {
      var wish = wish
      wish.building = answer.packages
      return try await Undertaking(session, wish).runBuilding(at: place, holding: lock)
    }
  }

  func conclude(_ done: Done, _ place: ProfilePlace) {
    session.conclude(
      profile: done.profile, plan: done.plan, outcome: done.outcome, built: done.built, mended: done.mended,
      missing: done.missing, failures: done.failures, waiting: done.waiting,
      status: done.status, seconds: done.seconds, news: GitNews(of: place, host),
      conflictLine: "\(wish.verb == "up" ? verb : "outfit up") --on-conflict take", json: wish.wantsJSON)
  }

  /// The profile as it is now.
  func read(_ place: ProfilePlace) async throws -> Profile {
    do {
      return try await place.read(
        session,
        network: wish.isOffline || wish.supply != nil ? .never : wish.address == nil ? .whenUnknown : .always,
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
      session.seeing(wish.edits), network: wish.isOffline ? .never : .whenUnknown, fetching: wish.fetching)
    let edited = Set(wish.edits.map(\.edit.file))
    let refused = read.refused.filter { $0.location.map { edited.contains($0.file) } ?? false }
    guard refused.isEmpty else {
      throw Failure(
        refused.map {
          Diagnostic(
            .error, $0.message, at: $0.location, excerpt: $0.excerpt,
            hint: "nothing was written: ask whoever keeps that layer")
        }, status: .usage)
    }
    let sources = SourceDigests(place.scope, host: host)
    let consented = try await session.consent(
      to: read, given: wish.consent, command: verb, address: wish.named.first,
      again: typed, sources: sources)
    return try await perform(
      try await place.answer(consented, session, settings: wish.settings), place, sources, isPlain: false)
  }

  // MARK: The work

  /// All that was typed, of a verb that keeps it.
  private var typed: String? {
    wish.named.isEmpty ? nil : ([verb] + wish.named.map(Consent.quoted)).joined(separator: " ")
  }

  /// What was typed, without the profile.
  var verb: String {
    // A line that answers a question of a run of some parts is for no more than these.
    "outfit \(wish.verb)" + (wish.verb == "up" ? wish.parts.typed : "")
      + (wish.building.isEmpty ? "" : " --build \(wish.building.joined(separator: ","))")
  }

  var command: String { verb + (wish.address.map { " \(Consent.quoted($0))" } ?? "") }

  func staleLock(_ preparation: Preparation) -> Failure {
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
  func refuseLacking(_ proposal: Proposal) throws {
    let lacking = proposal.failures.filter { $0.reason == .notBuilt }
    if wish.isLocked, !lacking.isEmpty { throw Failure(lacking, status: .failed) }
  }

  func perform(
    _ consented: Consented, _ place: ProfilePlace, _ sources: SourceDigests, isPlain: Bool
  ) async throws -> Done {
    let profile = consented.profile
    let started = host.clock.uptime()
    // Without it nothing would run that is downloaded now.
    try ShimInstallation.check(host)
    let progress = TerminalProgress(host: host)
    var preparation = try Preparation(
      session, consented,
      mode: wish.supply != nil ? .supplied : wish.isOffline ? .offline : wish.isLocked ? .locked : .live,
      progress: progress, sources: sources)
    if let supply = wish.supply { preparation.lock = supply.lock }
    preparation.rereadsSecrets = wish.rereadsSecrets

    // Conflicts and effects come from parts that need no network, so all questions are asked here; where no other
    // part has anything to do, the plan itself is made without network.
    var decisions: Decisions?
    var waiting = WaitingEffects()
    if profile.needsEngines {
      let local = try await preparation.plan(
        wish.parts.narrowed(try await preparation.propose(wish.parts.local(host))), isPartial: true,
        letGo: wish.letGo)
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
    let isAsLocked =
      wish.supply.map { $0.lock == preparation.lock.withoutAdopted }
      ?? (preparation.lock == preparation.locks.merged)
    if let supply = wish.supply, !isAsLocked || proposal.isUnresolved { throw supply.misfit }
    if wish.isLocked, !isAsLocked || proposal.isUnresolved {
      throw staleLock(preparation)
    }
    try refuseLacking(proposal)
    try askToBuild(profile, preparation.lock, place)
    let plan = try await preparation.plan(
      proposal, isPartial: !wish.parts.isWhole,
      dropping: Set(touched.compactMap { name in before.tools[name].map { "\(name) \($0.version)" } })
        .union(try gone(profile, proposal, try preparation.previous())), letGo: wish.letGo)
    if wish.isStrict, !plan.conflicts.isEmpty { throw session.refusal(plan.conflicts) }
    if decisions == nil {
      decisions = try await decide(plan)
      waiting = try await announce(plan.effects, profile.scope)
    }
    try session.consent(
      toTakeoversOf: proposal, consented, given: wish.consent,
      command: wish.supply == nil ? "outfit up" : verb,
      address: wish.supply == nil ? wish.address : wish.named.first)
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
    try preparation.keepSecrets(proposal, as: outcome.record)
    try place.use(profile, host)
    let mended = try await mend(known: outcome.record)
    try learnLongTerm(plan, preparation)
    for effect in plan.effects where !effect.runsFirst && waiting[effect] == nil {
      if let failure = try await effects.run(effect, by: consented) { failures.append(failure) }
    }
    session.report(profile.notes + failures + outcome.notes + mended.left)
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
      !proposal.effects.contains(where: \.isRoutine),
      proposal.variablesRead.subtracting(MachineFacts.variables).isSubset(of: ProfilePlace.steadyVariables)
    {
      try CompiledPlan.write(
        for: profile.scope, version: Release.version,
        arguments: place.digest(host, varying: profile.isVarying),
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
  func mend(known: Generation?) async throws -> (done: [String], left: [Diagnostic]) {
    let (done, left) = try await Mending.mendCommands(host, known: known.map { [$0] } ?? [])
    return (done, left.map { Diagnostic(.warning, $0.message, hint: $0.hint) })
  }

  func companions(_ preparation: Preparation, _ profile: Profile) throws -> [Companion] {
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
      && hooks.isEmpty && !dotfiles.values.contains { [.external, .chezmoi].contains($0.value.kind) })
  }
}

extension Proposal {
  /// Programs that stay where they are, and are watched.
  fileprivate var adoptedPrograms: [FilePath] {
    objects.compactMap { if case .adopt(let adoption) = $0.recipe { adoption.program } else { nil } }
  }
}
