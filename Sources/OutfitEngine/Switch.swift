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

  /// 4 when something was kept, 1 when the generation is incomplete.
  public var status: ExitStatus {
    max(kept.isEmpty ? .done : .consent, isIncomplete ? .failed : .done)
  }
}

/// The one transaction in which everything changes that a user can see.
public enum Switch {
  /// Does what a plan says, and makes it a generation. The caller holds the scope's lock.
  /// - Parameters:
  ///   - failed: objects that could not be built. What needs them keeps its previous version.
  ///   - snapshots: files whose content belongs to the generation though nothing writes them: the personal
  ///     manifest and its lock. `rollback` restores them.
  public static func apply(
    _ plan: Plan, decisions: Decisions = Decisions(), failed: Set<ObjectID> = [], profile: ProfileStamp,
    snapshots: [FilePath] = [], host: Host
  ) async throws -> SwitchOutcome {
    throw Failure("the switch is not there yet")
  }
}
