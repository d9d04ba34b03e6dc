import OutfitCore
import OutfitProfile
import OutfitSystem
import SystemPackage

/// Compares what a proposal wants with what is there, and with what the previous generation wrote. It only reads.
public enum Planner {
  /// - Parameters:
  ///   - isPresent: whether the store holds an object.
  ///   - effectIsDue: for effects with a probe: whether it said that there is something to do. Those without
  ///     one are due when the receipts don't have their fingerprint.
  ///   - keepsMissing: what the proposal does not name stays as it is, as `--only` and failed parts need it.
  ///   - allowed: folders outside the scope's own that the user consented to.
  /// - Throws: `Failure` with status `usage` for targets outside the allowed folders, and for two entries
  ///   that want the same path or name.
  public static func plan(
    scope: Scope, proposal: Proposal, host: Host, isPresent: (ObjectID) -> Bool,
    effectIsDue: (Effect) -> Bool = { _ in true }, keepsMissing: Bool = false, allowed: [FilePath] = []
  ) throws -> Plan {
    throw Failure("planning is not there yet")
  }
}
