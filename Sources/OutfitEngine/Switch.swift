import OutfitConsent
import OutfitCore
import OutfitProfile
import OutfitSystem
import SystemPackage

/// What a switch did.
public struct SwitchOutcome: Sendable {
  /// The current generation of the scope.
  public var generation: Int
  /// False when there was nothing to switch, so that no generation was made.
  public var isNew: Bool
  public var isIncomplete: Bool
  /// Conflicts that were decided, or left, for the user's side.
  public var kept: [PlannedTarget]
  /// The targets that were changed.
  public var changed: [PlannedTarget]
  /// The commands that came, went or changed.
  public var names: [PlannedName]
  public var notes: [Diagnostic]
  /// What stands now, as it was recorded; nil where there is nothing yet.
  public var record: Generation?

  /// 4 when something was kept, 1 when the generation is incomplete.
  public var status: ExitStatus {
    max(kept.isEmpty ? .done : .consent, isIncomplete ? .failed : .done)
  }
}

/// The one transaction in which everything changes that a user can see.
public enum Switch {
  /// Whether `apply` would make a generation; nothing is written.
  public static func isWanted(
    _ plan: Plan, decisions: Decisions, profile: ProfileStamp, host: Host
  ) throws -> Bool {
    let key = plan.hasSecrets ? try SecretKey.read(host) : nil
    // The first secret brings the key along.
    guard key != nil || !plan.hasSecrets else { return true }
    return try !SwitchDraft(plan, decisions, [], profile, host, key: key).isNothing
  }

  /// Does what a plan says, and makes it a generation. The caller holds the scope's lock. Whatever goes wrong,
  /// or when the task is cancelled, everything is put back before this throws.
  /// - Parameters:
  ///   - consented: what the plan is of.
  ///   - failed: objects that could not be built. What needs them keeps its previous version.
  ///   - profile: which profile the generation is made from; a rollback takes the old generation's.
  ///   - snapshots: files whose content belongs to the generation though nothing writes them: the personal
  ///     manifest and its lock. `rollback` restores them.
  ///   - companions: files of the profile itself that a verb edits, written in the same transaction.
  public static func apply(
    _ plan: Plan, by consented: Consented, decisions: Decisions = Decisions(), failed: Set<ObjectID> = [],
    profile: ProfileStamp,
    snapshots: [FilePath] = [], companions: [Companion] = [], host: Host
  ) async throws -> SwitchOutcome {
    let lock = try await ScopeLock.acquireSwitch(host)
    return try withExtendedLifetime(lock) {
      _ = try Recovery.recoverLocked(host)
      do {
        try Generations.prepare(plan.scope, host: host)
        // Read again only where another has come since it was read for the plan.
        let newest = try Generations.numbers(plan.scope, host: host).last ?? 0
        let current =
          newest == plan.base ? newest : try Generations.current(plan.scope, host: host)?.number ?? 0
        guard current == plan.base else {
          throw Failure(
            "another outfit switched \(plan.scope.label) to generation \(current) meanwhile",
            hint: "nothing was changed; run it again")
        }
        // It was switched before, and no record of that can be read.
        if current == 0, try host.files.status(host.places.table(of: plan.scope), followLinks: false) != nil {
          try Recovered.keepUnknown(plan.scope, host)
        }
        let key = plan.hasSecrets ? try SecretKey.ensure(host) : nil
        var draft = try SwitchDraft(plan, decisions, failed, profile, host, key: key)
        try draft.add(companions)
        try draft.addSnapshots(snapshots)
        guard !draft.isNothing else {
          draft.refreshStats()
          return draft.outcome(isNew: false)
        }
        try draft.addOwnRecords()
        var transaction = Transaction(
          host: host, scope: plan.scope, generation: draft.generation.number, keeping: draft.contents)
        try transaction.run(draft.operations)
        draft.writeStats(transaction.signatures)
        return draft.outcome(isNew: true)
      } catch let error as FileError {
        throw Failure(
          "nothing was changed: \(error)",
          hint: error.isFull
            ? "free some disk space"
            : error.code == .permissionDenied
              ? "outfit writes as \(host.user.name): let that user write there, or take the entry out" : nil)
      }
    }
  }
}
