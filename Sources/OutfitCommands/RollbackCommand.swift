import ArgumentParser
import OutfitCore
import OutfitEngine
import OutfitProfile
import OutfitSystem

struct RollbackCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "rollback",
    abstract: "Go back to what an earlier generation had.",
    discussion: """
      Without a number: one generation further back each time, at last to the time before Outfit. It brings files \
      back byte for byte, with your own layer and all pins of this machine, and is itself a generation that can be \
      rolled back. About what you changed since you are asked; without a terminal it stays as it is, and the exit \
      status is 4. System packages and scripts can't be undone. It never touches another scope.
      """,
    aliases: ["undo"])

  @Argument(
    help: "The generation to have again; 0 is the time before Outfit. `outfit generations` lists them.",
    completion: Completions.generations)
  var number: Int?

  @OptionGroup var scopeOptions: ScopeOptions

  @Flag(name: .customLong("dry-run"), help: "Say what would change, and change nothing.")
  var dryRun = false

  @Flag(help: "With --dry-run: the text of what would change, too.")
  var diff = false

  @Option(
    name: .customLong("on-conflict"),
    help: ArgumentHelp(
      "What happens to files that you changed since: keep, take or backup. On a terminal it is asked for each.",
      valueName: "policy"))
  var onConflict: ConflictPolicy?

  @Flag(name: .shortAndLong, help: "Answer conflicts by their default: what you changed stays.")
  var yes = false

  @Flag(help: "Print what was done, or would be, as JSON.") var json = false

  func validate() throws {
    if diff, !dryRun { throw ValidationError("--diff goes with --dry-run") }
  }

  /// What to type to decide conflicts for the generation's side.
  private var conflictLine: String {
    (["outfit rollback"]
      + [number.map(String.init), scopeOptions.machine ? "--machine" : nil].compactMap { $0 })
      .joined(separator: " ") + " --on-conflict take"
  }

  func run() async throws {
    try await withSession { session in
      let host = session.host
      let scope = try scopeOptions.scope(session)
      let bereft = scopeOptions.machine ? nil : Project.bereft(host)
      let lock = try await ScopeLock.acquire(scope, host: host)
      defer { withExtendedLifetime(lock) {} }
      let store = Store(host)
      guard let current = try Generations.list(scope, host: host).last else {
        if json {
          session.write(JSONDocument(.rollback, PlanMembers(plan: nil).json))
        } else {
          session.write("Nothing to go back to: outfit has not changed \(scope.label).")
        }
        return
      }
      let plan = try Rollback.plan(to: number, scope: scope, host: host, isPresent: { store.isPresent($0) })
      if json, dryRun || plan.isEmpty {
        let status: ExitStatus = plan.conflicts.isEmpty || onConflict?.takes == true ? .done : .consent
        var members = PlanMembers(plan: plan, conflictLine: conflictLine)
        if diff { members.texts = try plan.texts(host) }
        session.write(
          JSONDocument(
            .rollback, changed: !plan.isEmpty, exit: status,
            members.json.merging([
              "generation": .number(current.number), "to": .string(plan.origin.place),
              "dryRun": .bool(dryRun),
            ]) { $1 }))
        if status != .done { throw Ended(status) }
        return
      }
      if plan.isEmpty {
        session.write(
          number == nil
            ? "Nothing further back: \(scope.label) is as it was before Outfit."
            : "Nothing to do: \(scope.label) is as it was then.")
        return
      }
      if dryRun {
        for line in PlanText(session: session, plan: plan).lines(style: session.outputStyle) {
          session.write(line)
        }
        if diff { try session.writeTexts(of: plan) }
        return
      }
      let target = plan.origin.place
      var decisions = Decisions(onConflict ?? .keep)
      if onConflict == nil, !yes, !plan.conflicts.isEmpty, host.terminal.isInteractive {
        let dialogue = ConflictDialogue(session: session, plan: plan, theirs: "that of \(target)")
        decisions = try await dialogue.decide()
      }
      let outcome = try await Switch.apply(
        plan, by: .generation(scope), decisions: decisions, profile: current.profile,
        snapshots: scope.snapshots(host), host: host)
      if json {
        session.write(
          JSONDocument(
            .rollback, changed: outcome.isNew, exit: outcome.status,
            PlanMembers(done: plan, outcome, conflictLine: conflictLine).json.merging([
              "generation": .number(outcome.generation), "to": .string(target),
              "incomplete": .array(plan.failures.map { $0.error(.failed) }),
            ]) { $1 }))
      } else {
        session.write(
          "Rolled \(scope.label) back to \(target): \(PlanText.count(outcome.changed.count, "file")), \(PlanText.count(outcome.names.count, "command"))."
        )
      }
      session.report(plan.failures + outcome.notes)
      session.reportKept(outcome.kept)
      // No verb edits what the user keeps in a repository, nor what he had before the first generation.
      let manifest =
        scope == .machine
        ? host.places.personalManifest : Project.known(Preparation.root(scope, host), host).manifest
      if bereft == nil, scope != .machine || plan.origin == .rollback(to: 0), host.files.exists(manifest),
        !outcome.changed.contains(where: { $0.isShared })
      {
        session.talk("\(session.short(manifest)) is not changed: `outfit up` has again what it asks for.")
      }
      if let bereft, Project.bereft(host) == nil {
        session.talk("Once \(session.short(bereft.manifest)) is back, `outfit up` there has it again.")
      } else {
        let isHidden =
          outcome.names.contains { $0.name == "outfit" && $0.action == .remove }
          && !host.files.exists(host.places.bin.appending("outfit"))
        session.talk(
          "Changed your mind? \(session.ownCommand(isHidden: isHidden)) rollback \(current.number)")
      }
      if outcome.status != .done { throw Ended(outcome.status) }
    }
  }
}

extension ConflictPolicy: ExpressibleByArgument {
  /// Asking is what happens without the option.
  public init?(argument: String) {
    guard let policy = ConflictPolicy(rawValue: argument), policy != .ask else { return nil }
    self = policy
  }

  public static var allValueStrings: [String] { [keep, take, backup].map(\.rawValue) }
}

extension Generation.Origin {
  /// For people: what a generation came from.
  var label: String {
    switch self {
    case .up: "up"
    case .rollback(let number): number == 0 ? "before everything" : "generation \(number)"
    }
  }
}

extension Generation.Origin {
  /// Where a rollback goes.
  fileprivate var place: String {
    if case .rollback(0) = self { return "the time before Outfit" }
    return label
  }
}

extension Session {
  /// Names the files that stayed as the user had them.
  func reportKept(_ kept: [PlannedTarget]) {
    report(
      kept.map { target in
        Diagnostic(
          .warning, "kept \(short(target.target)) as it is: \(target.conflict?.message ?? "it was changed")",
          hint: target.conflict?.canTake == true
            ? "see `outfit diff`; decide on a terminal, or with --on-conflict take or backup"
            : "see `outfit diff`; move it away to have the other")
      })
  }
}
