import OutfitProfile
import SystemPackage

/// A manifest or a lock as a verb wants it, which changes together with what it asks for.
public struct Companion: Sendable {
  /// Links resolved.
  public var path: FilePath
  /// What it said when it was read; nil when it was not there.
  public var before: String?
  public var text: String
  public var mode: UInt16

  public init(path: FilePath, before: String?, text: String, mode: UInt16) {
    self.path = path
    self.before = before
    self.text = text
    self.mode = mode
  }
}

/// One thing to do at one path.
struct Operation {
  var path: FilePath
  var before: TargetState
  var after: PlannedTarget.Content
  /// One of Outfit's own records, commands or tables.
  var isOwn = false
  /// One of Outfit's own that a person edits too: a manifest, a lock.
  var isShared = false
  var isSecret = false
  /// How it looked when it was compared; nil when that is not known.
  var signature: Signature?
  /// A folder that goes only if nothing is in it.
  var ifEmpty = false
}
