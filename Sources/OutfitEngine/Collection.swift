import OutfitCore
import OutfitProfile
import OutfitSystem
import SystemPackage

/// Frees what no generation needs.
public struct Collection: Sendable {
  public struct Item: Hashable, Sendable {
    /// The name in the store.
    public var name: String
    /// For people: what keeps it; nil when it goes.
    public var keptBy: String?
  }
  public var objects: [Item] = []
  /// Old generations that go, by scope.
  public var generations: [(scope: Scope, number: Int)] = []

  /// What would go and what stays, and why.
  /// - Parameter keep: how many of the last generations of each scope stay.
  public static func plan(_ host: Host, keep: Int = 3) throws -> Collection { Collection() }

  /// Frees it. Takes the locks of all scopes first.
  /// - Parameter remove: removes one object of the store.
  public static func run(
    _ host: Host, keep: Int = 3, remove: (String) throws -> Void
  ) async throws -> Collection { Collection() }
}
