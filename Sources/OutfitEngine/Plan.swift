import OutfitCore
import OutfitProfile
import OutfitSystem
import SystemPackage

/// Everything that would change, compared with what is there: made by `Planner` and `Rollback`, shown by
/// `status` and `diff`, done by `Switch`.
public struct Plan: Sendable {
  public let scope: Scope
  public let origin: Generation.Origin
  /// The generation that it starts from; 0 before the first.
  public let base: Int
  /// Every target that the scope manages or stops managing, sorted by path.
  public var targets: [PlannedTarget] = []
  /// To be built first, in the order of the proposal.
  public var objects: [Object] = []
  /// The commands of the scope afterwards, sorted by name.
  public var claims: [RecordedClaim] = []
  public var interpreters: [RecordedInterpreter] = []
  public var activation = RecordedActivation()
  /// How the commands differ from now.
  public var names: [PlannedName] = []
  public var effects: [Effect] = []
  public var notes: [Diagnostic] = []
  /// What can't be had: the generation will be incomplete.
  public var failures: [Diagnostic] = []

  var previous: Generation?
  public internal(set) var usedObjects: [RecordedObject] = []
  /// Folders that Outfit made, and takes away again once they are empty.
  var folders: [FilePath] = []
  var foldersToRemove: [FilePath] = []
  var interpretersDiffer = false
  /// What is managed, or what must stay in the store, differs, though nothing that a user sees.
  var recordDiffers = false
  var completesPrevious = false
  /// For a rollback: the profile that the old generation was made from.
  var profile: ProfileStamp?
  /// For a rollback: what the old generation knew of the personal layer.
  var snapshots: [RecordedSnapshot] = []
  /// For a rollback: the pins of this machine and the commits of its layers, which nobody but Outfit writes.
  var pins: [PlannedTarget] = []

  init(scope: Scope, origin: Generation.Origin, base: Int) {
    self.scope = scope
    self.origin = origin
    self.base = base
  }

  /// Takes out the effects that wait for whoever has root, which no `up` of this user would run.
  /// - Returns: those.
  public mutating func setAside(_ waiting: WaitingEffects) -> WaitingEffects {
    let entries = effects.compactMap { waiting[$0] }
    effects.removeAll { waiting[$0] != nil }
    return WaitingEffects(entries)
  }

  /// There is nothing to build, to write, or to run, but for what runs every time.
  public var isEmpty: Bool {
    objects.isEmpty && names.isEmpty && effects.allSatisfy(\.isRoutine) && !interpretersDiffer
      && !completesPrevious && !recordDiffers && pins.isEmpty
      && targets.allSatisfy { $0.action == .upToDate } && foldersToRemove.isEmpty
  }

  /// The same, without files of which it is not known what they are to be.
  public var asKnown: Plan {
    var plan = self
    plan.targets = targets.compactMap { target in
      guard target.action == .notAsked else { return target }
      guard let record = target.recordKeeping else { return nil }
      var target = target.with(after: .absent)
      (target.action, target.record) = (.upToDate, record)
      return target
    }
    return plan
  }

  /// Somebody would have to be asked what files of it are to be.
  public var isUnasked: Bool { targets.contains { $0.action == .notAsked } }

  var hasSecrets: Bool { targets.contains(where: \.isSecret) }

  public var conflicts: [PlannedTarget] { targets.filter { $0.conflict != nil } }

  /// What is written into files that their owners keep: blocks and keys of other entries.
  public func writtenBeside(_ policy: ConflictPolicy) -> [PlannedTarget] {
    let decisions = Decisions(policy)
    return conflicts.filter { decisions.decision(for: $0) == .keep }.compactMap(\.keeping)
  }

  /// What will be other than it is, conflicts included.
  public var differing: [PlannedTarget] { targets.filter { $0.action != .upToDate } }
}

/// One path of the user's, as it is and as it will be.
public struct PlannedTarget: Sendable {
  public enum Action: String, Sendable, CaseIterable {
    case upToDate = "up-to-date"
    case create, update
    /// It was not there before Outfit, and goes.
    case remove
    /// What was there before comes back.
    case restore
    case conflict
    /// It is made of a secret that nobody was asked for, so that it is not known what it is to be.
    case notAsked = "not-asked"
  }

  /// As the manifest means it.
  public let target: FilePath
  /// Where it stands, links in its parents resolved.
  public let resolved: FilePath
  /// `file:line:column` of the entry that asks for it; nil for what is put back.
  public let owner: SourceLocation?
  public let isSecret: Bool
  public var action: Action
  public var conflict: Conflict?
  /// What is there now.
  public let before: TargetState
  /// What will be there: for a conflict, when it is decided for Outfit's side.
  public private(set) var after: Content
  /// The change is made only if this object stands.
  public var object: ObjectID?

  /// What is written when a conflict is decided for the user's side: other blocks of the same file.
  var afterKeeping: Content?
  /// What the record says of it afterwards; nil when Outfit manages it no more.
  var record: RecordedTarget?
  var recordKeeping: RecordedTarget?
  /// What the user's file looked like when `before` was read.
  var signature: Signature?
  /// A folder that Outfit made: it goes once it is empty, and stays otherwise.
  var goesWithItsFolder = false
  /// A manifest or a lock of the personal layer: no entry asks for it.
  public internal(set) var isShared = false
  /// What stands there is known to no generation: it is put beside.
  var isKeptBeside = false
  /// What stands there is a folder with things in it, which is renamed and stands beside from then on.
  var movesFolder = false

  func with(after content: Content) -> PlannedTarget {
    var copy = self
    copy.after = content
    return copy
  }

  /// What is done where its conflict is decided for the user's side; nil where that is nothing.
  var keeping: PlannedTarget? {
    guard let content = afterKeeping else { return nil }
    var copy = with(after: content)
    (copy.action, copy.conflict, copy.afterKeeping) = (before == .absent ? .create : .update, nil, nil)
    return copy
  }

  /// What a target is to be.
  public enum Content: Hashable, Sendable {
    case absent
    /// With a modification time where an old file is put back.
    case file(Bytes, mode: UInt16, modified: Int64?)
    case link(String)
    case directory(mode: UInt16)
    /// The folder that stands at this path, which is renamed.
    case moved(FilePath)
    /// A copy of that folder of the store.
    case tree(FilePath)
  }

  public enum Bytes: Hashable, Sendable {
    case given([UInt8])
    /// Kept by an earlier generation, with its extended attributes where it had any.
    case kept(Digest, attributes: Digest?)
  }
}

/// Why a target is not simply written.
public struct Conflict: Hashable, Sendable {
  public enum Reason: String, Sendable {
    /// Changed, or removed, since Outfit wrote it.
    case edited
    /// It was never Outfit's, and is other than what is wanted.
    case notOurs = "not-ours"
    /// The marker lines of a block are not in order.
    case malformed
    /// Something is in the way that Outfit does not remove: a folder with things in it, a device.
    case blocked
    /// A secret of an earlier generation, whose content was kept nowhere.
    case notKept = "not-kept"
  }
  public var reason: Reason
  public var message: String
  /// In the user's file.
  public var line: Int?
  /// `take` and `backup` are possible.
  public var canTake: Bool
}

/// What `--on-conflict` takes.
public enum ConflictPolicy: String, Sendable, CaseIterable {
  /// On a terminal the caller asks before the switch; for the switch itself it is the same as `keep`.
  case ask
  /// The file stays as it is, is reported, and the exit status is 4.
  case keep
  /// Outfit's side is written; what was there is kept for `rollback`.
  case take
  /// As `take`, and what was there is also written to `<name>.outfit-backup`. A folder with things in it is renamed to
  /// that in both cases.
  case backup
}

/// What was decided about one conflict.
public enum Decision: Hashable, Sendable {
  case keep
  case take
  case backup
  /// The result of a merge.
  case merged([UInt8])
}

/// What was decided about the conflicts of a plan.
public struct Decisions: Sendable {
  public var policy: ConflictPolicy
  public var byTarget: [FilePath: Decision]
  /// What stood there when it was decided: a decision about something else is none.
  public var seen: [FilePath: TargetState]

  public init(
    _ policy: ConflictPolicy = .keep, byTarget: [FilePath: Decision] = [:],
    seen: [FilePath: TargetState] = [:]
  ) {
    self.policy = policy
    self.byTarget = byTarget
    self.seen = seen
  }

  func decision(for target: PlannedTarget) -> Decision {
    if let seen = seen[target.target], !seen.matches(target.before) { return .keep }
    let wanted: Decision =
      byTarget[target.target]
      ?? {
        switch policy {
        case .ask, .keep: .keep
        case .take: .take
        case .backup: .backup
        }
      }()
    return target.conflict?.canTake == false ? .keep : wanted
  }
}

/// A command that comes, goes or changes.
public struct PlannedName: Hashable, Sendable {
  public enum Action: String, Sendable { case add, update, remove }
  public var name: String
  public var action: Action
  /// `black 25.1.0`: of the new program, or of the one that goes.
  public var label: String
}
