import OutfitCore
import OutfitProfile

/// A pin, and what it could be: a row of `outfit outdated`.
public struct OutdatedRow: Hashable, Sendable {
  public enum Kind: String, Sendable, CaseIterable { case layer, interpreter, tool, image }
  public var kind: Kind
  public var name: String
  public var current: String
  /// The newest that the manifest accepts; nil where that could not be found out.
  public var wanted: String?
  /// The newest of all.
  public var latest: String?
  /// When the newest that is not here yet came out, as `2026-11-02`; nil where nobody says.
  public var since: String?
  public var isHeld: Bool
  /// Why something of this is not known.
  public var note: String?

  public init(
    kind: Kind, name: String, current: String, wanted: String? = nil, latest: String? = nil,
    since: String? = nil, isHeld: Bool = false, note: String? = nil
  ) {
    self.kind = kind
    self.name = name
    self.current = current
    self.wanted = wanted
    self.latest = latest
    self.since = since
    self.isHeld = isHeld
    self.note = note
  }

  /// What there is could not be found out.
  public var isUnknown: Bool { wanted == nil && !isHeld }

  /// `outfit update` would move it.
  public var canMove: Bool { !isHeld && wanted != nil && wanted != current }

  public var isOutdated: Bool {
    canMove || wanted.map { $0 != current } ?? false || latest.map { $0 != current } ?? false
  }
}

/// A part that can say which of its pins could move. Like its other functions it only asks.
public protocol Outdating: Part {
  /// One row for each pin, those that are up to date among them.
  func outdated(_ context: Context) throws -> Round<[OutdatedRow]>
}
