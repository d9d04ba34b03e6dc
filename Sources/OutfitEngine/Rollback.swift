import OutfitCore
import OutfitProfile
import OutfitSystem
import SystemPackage

/// Going back to what an earlier generation had.
public enum Rollback {
  /// - Parameter number: the generation to have again; nil is the one before the current, 0 the time before everything.
  public static func plan(
    to number: Int? = nil, scope: Scope, host: Host, isPresent: (ObjectID) -> Bool
  ) throws -> Plan {
    throw Failure("rollback is not there yet")
  }
}
