import OutfitConsent
import OutfitCore
import OutfitDotfiles
import OutfitEngine
import OutfitInterpreters
import OutfitProfile
import OutfitSharing
import OutfitSystem
import SystemPackage

/// A profile put on, put on again, rolled back and taken out, in a home that goes afterwards.
///
/// What each step says is looked up on the disk, not in what the verbs tell of themselves.
struct Rehearsal {
  /// In the trial.
  let session: Session
  let place: ProfilePlace
  let settings: [String: String]
  /// The parts that run.
  let parts: PartSelection
  let fetching: FetchPermission
  private var host: Host { session.host }
  private var home: FilePath { host.user.home }

  private var runsEffects: Bool { parts.skipped.isEmpty || !parts.skipped.contains("scripts") }

  func run() async throws -> [CheckReport.Step] {
    var steps: [CheckReport.Step] = []
    let bare = try HomeTree(home, host.files)
    var first: Undertaking.Done?
    steps.append(
      try await step("up") {
        let done = try await apply()
        first = done
        return (up(done), problems(done))
      })
    guard let first, steps[0].verdict == .ok else {
      let names = ["again", "rollback", "leave", "restore"]
      return steps + names.map { CheckReport.Step(name: $0, verdict: .skipped, detail: "up failed") }
    }
    steps.append(try await step("again") { try await again() })
    steps.append(try await step("rollback") { try await rollback(to: bare) })
    steps.append(try await step("leave") { try await leave(bare) })
    let seeds = try (first.outcome.record?.targets ?? []).compactMap { try seed($0) }
    if !seeds.isEmpty { steps.append(try await step("restore") { try await comeBack(seeds) }) }
    return steps
  }

  private typealias Outcome = (detail: String, problems: [Diagnostic])

  /// What a step throws is what is wrong with the profile, unless somebody stopped the whole.
  private func step(_ name: String, _ body: () async throws -> Outcome) async throws -> CheckReport.Step {
    do {
      try Task.checkCancellation()
      let outcome = try await body()
      return CheckReport.Step(
        name: name, verdict: outcome.problems.isEmpty ? .ok : Self.verdict(outcome.problems),
        detail: outcome.detail, problems: outcome.problems)
    } catch let failure as Failure {
      if [.interrupted, .consent].contains(failure.status) { throw failure }
      session.report(failure.diagnostics)
      return CheckReport.Step(
        name: name, verdict: Self.verdict(failure.diagnostics), detail: "it failed",
        problems: failure.diagnostics,
        isMistake: failure.status == .usage)
    } catch let error as FileError {
      return CheckReport.Step(
        name: name, verdict: .failed, detail: "it failed", problems: [Diagnostic(.error, error.description)])
    }
  }

  /// What could not be reached is not known to be wrong.
  static func verdict(_ problems: [Diagnostic]) -> CheckReport.Verdict {
    let errors = problems.filter { $0.severity == .error }
    let isOutside = errors.allSatisfy {
      [.unreachable, .offline, .certificate].contains($0.reason)
    }
    return isOutside && !errors.isEmpty ? .unknown : .failed
  }

  // MARK: - Steps

  private func apply(
    _ policy: ConflictPolicy? = nil, only: Set<String> = []
  ) async throws -> Undertaking.Done {
    var wish = Undertaking.Wish(
      // It was asked for before the first step, and given to just these commits.
      saysYes: true, consent: .locked, fetching: fetching, onConflict: policy, settings: settings)
    wish.parts = only.isEmpty ? parts : PartSelection(only: only)
    wish.verb = "check"
    return try await Undertaking(session, wish).apply(at: place)
  }

  private func problems(_ done: Undertaking.Done) -> [Diagnostic] {
    let kept = done.outcome.kept.map {
      Diagnostic(
        .error, "\(session.short($0.target)) was not written: \($0.conflict?.message ?? "it is in the way")")
    }
    let problems = done.failures.filter { $0.severity == .error } + kept
    return problems.isEmpty && done.status != .done ? [Diagnostic(.error, "it is not complete")] : problems
  }

  private func up(_ done: Undertaking.Done) -> String {
    let counts = [
      (done.built, "thing"), (done.outcome.changed.count, "file"), (done.outcome.names.count, "command"),
    ]
    return counts.filter { $0.0 > 0 }.map {
      PlanText.count($0.0, $0.1) + ($0.1 == "thing" ? " built" : "")
    }.joined(separator: ", ")
  }

  private func again() async throws -> Outcome {
    let before = try HomeTree(home, host.files)
    let done = try await apply()
    let after = try HomeTree(home, host.files)
    var problems = problems(done)
    problems += after.differences(from: before).map { Diagnostic(.error, "a second run: \($0.text)") }
    let effects = done.plan.effects.filter { !$0.isRoutine && done.waiting[$0] == nil }
    problems += effects.map { Diagnostic(.error, "a second run runs \($0.label) again") }
    if done.built > 0 {
      problems.append(Diagnostic(.error, "a second run builds \(PlanText.count(done.built, "thing"))"))
    }
    if done.outcome.isNew, problems.isEmpty {
      problems.append(Diagnostic(.error, "a second run makes another generation"))
    }
    return (problems.isEmpty ? "a second run does nothing" : "a second run does something", problems)
  }

  private func rollback(to bare: HomeTree) async throws -> Outcome {
    try await rollBack()
    let problems = try left(than: bare).map { Diagnostic(.error, $0) }
    return (problems.isEmpty ? "the empty home is empty again" : "not all is as it was", problems)
  }

  /// Whoever had files there before has them again. No program is needed for that.
  private func comeBack(_ seeds: [FilePath]) async throws -> Outcome {
    let full = try HomeTree(home, host.files)
    let done = try await apply(.take, only: [Dotfiles().name, ShellSetup().name])
    var problems = problems(done)
    try await rollBack()
    problems += try left(than: full).map { Diagnostic(.error, $0) }
    let count = PlanText.count(seeds.count, "file")
    return (
      problems.isEmpty ? "\(count) in the way came back, byte for byte" : "not all of \(count) came back",
      problems
    )
  }

  private func rollBack() async throws {
    let store = Store(host)
    guard let current = try Generations.current(.machine, host: host) else { return }
    let lock = try await ScopeLock.acquire(.machine, host: host)
    defer { withExtendedLifetime(lock) {} }
    let plan = try Rollback.plan(to: 0, scope: .machine, host: host, isPresent: { store.isPresent($0) })
    guard !plan.isEmpty else { return }
    _ = try await Switch.apply(
      plan, by: .generation(.machine), profile: current.profile, snapshots: place.snapshots(host), host: host)
  }

  /// Puts a file of somebody's where a target was.
  private func seed(_ target: RecordedTarget) throws -> FilePath? {
    let path = target.target
    guard path.starts(with: home), !host.files.exists(path) else { return nil }
    try host.files.createDirectories(path.removingLastComponent())
    try host.files.create(path, Array("# of whoever had this home before\n".utf8), mode: 0o640)
    return path
  }

  private func leave(_ bare: HomeTree) async throws -> Outcome {
    // What is installed is what goes.
    _ = try await apply()
    try host.files.removeTree(host.places.config)
    // The downloads are the user's, and stay: what is taken out has a cache of its own.
    let cache = try host.files.readLink(host.places.cache)
    try host.files.remove(host.places.cache)
    try host.files.createDirectory(host.places.cache, mode: 0o700)
    let kept = try await Uninstallation.run(host).kept
    var problems = kept.map { Diagnostic(.error, "\(session.short($0.target)) stays") }
    problems += try left(than: bare).map { Diagnostic(.error, $0) }
    let own = host.places.data.removingLastComponent()
    problems += try host.files.list(own).map { Diagnostic(.error, "Outfit's own \($0) stays") }
    try host.files.removeTree(host.places.cache)
    try host.files.createLink(host.places.cache, to: cache)
    return (problems.isEmpty ? "nothing is left" : "something is left", problems)
  }

  /// What scripts made is nobody's to take back.
  private func left(than before: HomeTree) throws -> [String] {
    try HomeTree(home, host.files).differences(from: before).filter { path, _ in
      !(runsEffects && !before.has(path))
    }.map(\.text)
  }
}
