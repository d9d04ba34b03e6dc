import OutfitCore
import OutfitProfile
import OutfitSystem
import SystemPackage

/// Compares the changes of a proposal with the files that are there.
struct TargetPlanner {
  let scope: Scope
  let host: Host
  let keepsMissing: Bool
  /// Objects whose links go even so: the beginning of where they lead.
  private let dropped: [String]
  var inspector: Inspector
  /// By target. Text is much quicker to look up than paths are.
  let previous: [String: RecordedTarget]
  let stats: TargetStats
  let blobs: Blobs
  private(set) var planned: [PlannedTarget] = []

  init(
    scope: Scope, previous: Generation?, host: Host, allowed: [FilePath], outside: [FilePath] = [],
    keepsMissing: Bool, dropped: [ObjectID] = []
  ) throws {
    self.dropped = dropped.map { host.places.store.appending($0.description).string + "/" }
    self.scope = scope
    self.host = host
    self.keepsMissing = keepsMissing
    inspector = try Inspector(host: host, scope: scope, allowed: allowed, outside: outside)
    self.previous = Dictionary(
      (previous?.targets ?? []).map { ($0.target.string, $0) }, uniquingKeysWith: { first, _ in first })
    stats = previous.map { TargetStats($0.number, scope: scope, host: host) } ?? TargetStats()
    blobs = Generations.blobs(scope, host: host)
  }

  private func isDropped(_ record: RecordedTarget) -> Bool {
    guard case .link(let destination) = record.written else { return false }
    return dropped.contains { destination.hasPrefix($0) }
  }

  /// What one path is asked to be.
  private struct Wanted {
    var change: Change
    var blocks: [(block: Edit.Block, owner: Source)]
  }

  /// Plans all changes, and what happens to targets that are asked for no more.
  /// - Returns: what is wrong with the entries themselves.
  mutating func plan(_ changes: [Change]) throws -> [Diagnostic] {
    var problems: [Diagnostic] = []
    let wanted = gather(changes, &problems)
    guard problems.isEmpty else { return problems }
    planned.reserveCapacity(wanted.count)
    // Folders first, since one that takes the place of a link changes where the files in it are.
    let folders = wanted.filter { $0.wanted.change.kind.isDirectory }.sorted {
      $0.target.string < $1.target.string
    }
    for (target, wanted) in folders + wanted.filter({ !$0.wanted.change.kind.isDirectory }) {
      let folder = try inspector.folder(target.parent)
      if let refusal = try inspector.refusal(in: folder, for: target) {
        problems.append(
          Diagnostic(
            .error, "\(target) is not written: \(refusal)", at: wanted.change.owner.location,
            hint: "give it a target in the scope's own folder, or remove the link"))
        continue
      }
      do {
        if wanted.blocks.isEmpty {
          let plan = try whole(wanted.change, folder)
          if plan.action == .update, plan.after.isDirectory, !plan.before.isDirectory {
            inspector.replaceByFolder(plan.resolved)
          }
          planned.append(plan)
        } else if let target = try blocks(wanted.change, wanted.blocks, folder) {
          planned.append(target)
        }
      } catch let error as FileError {
        planned.append(blocked(wanted.change, folder, "it can't be looked at: \(error.code)"))
      }
    }
    let names = Set(wanted.map(\.target.string))
    for (name, old) in previous where !names.contains(name) {
      if keepsMissing, !isDropped(old) {
        planned.append(carried(old))
      } else if let target = try leaving(old) {
        planned.append(target)
      }
    }
    // Indexes are sorted, since the targets themselves are large to move.
    let order = planned.map(\.target.string).enumerated().sorted { $0.element < $1.element }
    planned = order.map { planned[$0.offset] }
    return problems
  }

  /// The changes by target; two entries for one path, or one inside the other, are problems.
  private func gather(
    _ changes: [Change], _ problems: inout [Diagnostic]
  ) -> [(target: FilePath, wanted: Wanted)] {
    var byTarget: [String: Wanted] = [:]
    byTarget.reserveCapacity(changes.count)
    for change in changes {
      let location = change.owner.location
      if let refusal = inspector.refusal(named: change.target) {
        problems.append(
          Diagnostic(
            .error, refusal, at: location,
            hint: "targets are relative to the home folder (a machine) or to the project's folder"))
        continue
      }
      var block: Edit.Block?
      if case .edit(.block(let edit)) = change.kind {
        block = edit
        if let problem = Blocks.problem(edit) {
          problems.append(Diagnostic(.error, problem, at: location))
          continue
        }
      }
      guard var wanted = byTarget[change.target.string] else {
        byTarget[change.target.string] = Wanted(
          change: change, blocks: block.map { [($0, change.owner)] } ?? [])
        continue
      }
      if let block, !wanted.blocks.isEmpty,
        !wanted.blocks.contains(where: { $0.block.identifier == block.identifier })
      {
        wanted.blocks.append((block, change.owner))
        wanted.change.isSecret = wanted.change.isSecret || change.isSecret
        byTarget[change.target.string] = wanted
      } else if wanted.change.kind != change.kind {
        problems.append(
          Diagnostic(
            .error, "\(change.target) is wanted twice: here, and at \(wanted.change.owner.location)",
            at: location, hint: "remove one of the two entries"))
      }
    }
    var seen: Set<String> = []
    for (target, wanted) in byTarget {
      var above = target[...]
      while above.dropLastName(), seen.insert(String(above)).inserted {
        if let outer = byTarget[String(above)], !outer.change.kind.isDirectory {
          problems.append(
            Diagnostic(
              .error, "\(target) lies inside \(above), which is to be no folder",
              at: wanted.change.owner.location, hint: "see \(outer.change.owner.location)"))
        }
      }
    }
    let replaceable = Set(
      previous.values.filter { !$0.written.isDirectory && byTarget[$0.target.string] == nil }.map(
        \.target.string))
    for (target, wanted) in byTarget where !replaceable.isEmpty {
      // What Outfit wrote as a file or a link, and what is to have things in it now, is to be a folder.
      var above = target[...]
      while above.dropLastName() {
        let name = String(above)
        if replaceable.contains(name), byTarget[name] == nil {
          byTarget[name] = Wanted(
            change: Change(target: FilePath(name), owner: wanted.change.owner, kind: .directory(mode: 0o755)),
            blocks: [])
        }
      }
    }
    problems.sort {
      ($0.location?.description ?? "", $0.message) < ($1.location?.description ?? "", $1.message)
    }
    return byTarget.values.map { ($0.change.target, $0) }
  }

  // MARK: Whole targets

  private func whole(_ change: Change, _ folder: Inspector.Folder) throws -> PlannedTarget {
    let resolved = folder.path.holding(change.target)
    if case .blocked(let obstacle) = folder.standing {
      return blocked(change, folder, "\(obstacle) is not a folder")
    }
    if let owner = try inspector.otherOwner(of: resolved, for: change.target) {
      return blocked(change, folder, "it belongs to another user (\(owner)), and would be yours afterwards")
    }
    let old = previous[change.target.string]
    let seen =
      folder.standing == .absent
      ? Inspector.Seen(state: .absent)
      : try inspector.look(resolved, written: old?.written, known: stats[resolved])
    let content = content(of: change)
    var written = state(of: content, isSecret: change.isSecret)
    let isRight = self.isRight(seen.state, change, written)
    if case .directory = seen.state, isRight { written = seen.state }
    let record = RecordedTarget(
      target: change.target, resolved: resolved, owner: change.owner.location.description,
      isSecret: change.isSecret, written: written, first: old?.first ?? seen.state, blocks: [])
    var target = PlannedTarget(
      target: change.target, resolved: resolved, owner: change.owner.location, isSecret: change.isSecret,
      action: .upToDate, before: seen.state, after: content, object: change.object, record: record,
      recordKeeping: old, signature: seen.signature)
    guard !isRight else { return target }
    if let old, let accepted = old.accepted, seen.state.matches(accepted), written.matches(old.written) {
      target.record?.accepted = accepted
      return target
    }
    target.conflict = isCarriedOn(seen.state, change) ? nil : conflict(seen.state, target, old)
    if target.conflict != nil {
      target.action = .conflict
    } else if seen.state == .absent {
      target.action = .create
    } else {
      target.action = content == .absent ? .remove : .update
    }
    return target
  }

  /// What stands there goes on by another way, as the part that asks for the change saw to.
  private func isCarriedOn(_ state: TargetState, _ change: Change) -> Bool {
    guard case .file(let file) = state, !file.isKeyed, let digest = change.carriesOn else { return false }
    return file.digest == digest
  }

  private func conflict(
    _ state: TargetState, _ target: PlannedTarget, _ old: RecordedTarget?
  ) -> Conflict? {
    if state == .other {
      return Conflict(reason: .blocked, message: "it is \(state.summary)", canTake: false)
    }
    if case .directory = state, !target.after.isDirectory, !isOurs(target.resolved) {
      return Conflict(
        reason: .blocked, message: "a folder with things in it stands there", canTake: false)
    }
    guard let old else {
      if state == .absent || differsInModeOnly(state, target) { return nil }
      return Conflict(
        reason: .notOurs, message: "\(state.summary) that is not Outfit's stands there",
        canTake: canTake(state, target))
    }
    let isAsWritten = state.matches(old.written)
    // A file of the user's in which only a block is ours is not ours as a whole.
    if !old.blocks.isEmpty, old.first != .absent {
      return Conflict(
        reason: .notOurs, message: "only a block in that file is Outfit's", canTake: true)
    }
    guard !isAsWritten else { return nil }
    let message =
      switch (state, old.written) {
      case (.absent, _): "it was removed since Outfit wrote it"
      case (.file(let now), .file(let then)) where now.digest == then.digest:
        "its mode was changed from \(String(then.mode, radix: 8)) to \(String(now.mode, radix: 8))"
      case (.file, .file): "it was changed since Outfit wrote it"
      default: "\(state.summary) stands there now"
      }
    return Conflict(reason: .edited, message: message, canTake: canTake(state, target))
  }

  /// A folder takes the place of a file only when that file is known to be Outfit's.
  private func canTake(_ state: TargetState, _ target: PlannedTarget) -> Bool {
    !target.after.isDirectory || state == .absent || state.isDirectory
  }

  private func differsInModeOnly(_ state: TargetState, _ target: PlannedTarget) -> Bool {
    switch (state, target.after) {
    case (.file(let file), .file(.given(let bytes), _, _)):
      file.digest == Digest(of: bytes) || file.isKeyed && file.digest == inspector.key?.digest(bytes)
    case (.directory, .directory): true
    default: false
    }
  }

  /// All that is in a folder was put there by Outfit.
  private func isOurs(_ folder: FilePath) -> Bool {
    guard let names = try? host.files.list(folder) else { return false }
    return names.allSatisfy { name in
      let path = folder.appending(name)
      let known = previous.values.contains { $0.resolved.isAtOrBelow(path) }
      guard known else { return false }
      let isFolder = (try? host.files.status(path, followLinks: false))?.kind == .directory
      return !isFolder || isOurs(path)
    }
  }

  private func isRight(_ state: TargetState, _ change: Change, _ written: TargetState) -> Bool {
    switch (state, change.kind) {
    case (.absent, .absent): return true
    case (.file(let file), .file(let bytes, let mode)):
      guard file.mode == mode else { return false }
      if case .file(let wanted) = written, wanted.isKeyed == file.isKeyed {
        return wanted.digest == file.digest
      }
      return file.digest == (file.isKeyed ? inspector.key?.digest(bytes) : Digest(of: bytes))
    case (.link(let destination), .link(let reference)):
      return destination == reference.resolved(store: host.places.store).string
    // 0755 says nothing in particular: a folder that the user closed stays closed.
    case (.directory(let now), .directory(let mode)): return now == mode || mode == 0o755
    default: return false
    }
  }

  private func content(of change: Change) -> PlannedTarget.Content {
    switch change.kind {
    case .file(let bytes, let mode): .file(.given(bytes), mode: mode, modified: nil)
    case .link(let reference): .link(reference.resolved(store: host.places.store).string)
    case .directory(let mode): .directory(mode: mode)
    case .absent, .edit: .absent
    }
  }

  /// What a content is once it is written. For a secret without a key yet the switch completes it.
  func state(of content: PlannedTarget.Content, isSecret: Bool) -> TargetState {
    content.state(key: isSecret ? inspector.key : nil)
  }

  func blocked(_ change: Change, _ folder: Inspector.Folder, _ message: String) -> PlannedTarget {
    let old = previous[change.target.string]
    return PlannedTarget(
      target: change.target, resolved: old?.resolved ?? change.target, owner: change.owner.location,
      isSecret: change.isSecret, action: .conflict,
      conflict: Conflict(reason: .blocked, message: message, canTake: false), before: .other,
      after: content(of: change), object: change.object, record: old, recordKeeping: old)
  }

  // MARK: Targets that are asked for no more

  /// Stays as it is, under Outfit's care.
  private func carried(_ old: RecordedTarget) -> PlannedTarget {
    PlannedTarget(
      target: old.target, resolved: old.resolved, owner: nil, isSecret: old.isSecret, action: .upToDate,
      before: old.written, after: .absent, record: old, recordKeeping: old)
  }

  /// Puts back what was there before Outfit; nil when that is so already.
  private mutating func leaving(_ old: RecordedTarget) throws -> PlannedTarget? {
    if !old.blocks.isEmpty { return try blocksLeaving(old) }
    let seen = try inspector.look(old.resolved, written: old.written, known: stats[old.resolved])
    if seen.state.matches(old.first) { return nil }
    return restoring(old, seen, to: old.first)
  }

  /// A plan for one path to be as it was.
  func restoring(_ old: RecordedTarget, _ seen: Inspector.Seen, to state: TargetState) -> PlannedTarget {
    var target = PlannedTarget(
      target: old.target, resolved: old.resolved, owner: nil, isSecret: old.isSecret,
      action: state == .absent ? .remove : .restore, before: seen.state, after: .absent,
      signature: seen.signature)
    target.goesWithItsFolder = state == .absent && seen.state.isDirectory
    if target.goesWithItsFolder { return target }
    let content = PlannedTarget.Content(kept: state)
    if !seen.state.matches(old.written) {
      target.conflict = Conflict(
        reason: .edited,
        message: seen.state == .absent
          ? "it was removed since Outfit wrote it" : "it was changed since Outfit wrote it",
        canTake: content != nil && seen.state != .other && !seen.state.isDirectory)
    }
    if let content {
      target = target.with(after: content)
    } else {
      target.conflict = Conflict(
        reason: .notKept, message: "what was there is secret, and its content was kept nowhere",
        canTake: false)
    }
    if target.conflict != nil { target.action = .conflict }
    return target
  }
}

extension Change.Kind {
  var isDirectory: Bool {
    if case .directory = self { true } else { false }
  }
}

extension TargetState {
  var isDirectory: Bool {
    if case .directory = self { true } else { false }
  }
}

extension PlannedTarget.Content {
  var isDirectory: Bool {
    if case .directory = self { true } else { false }
  }

  /// The content that an earlier state had; nil when it was kept nowhere.
  init?(kept state: TargetState) {
    switch state {
    case .absent: self = .absent
    case .link(let destination): self = .link(destination)
    case .directory(let mode): self = .directory(mode: mode)
    case .file(let file):
      guard !file.isKeyed else { return nil }
      self = .file(.kept(file.digest, attributes: file.attributes), mode: file.mode, modified: file.modified)
    case .other: return nil
    }
  }

  func state(key: SecretKey?) -> TargetState {
    switch self {
    case .absent: .absent
    case .link(let destination): .link(destination)
    case .directory(let mode): .directory(mode: mode)
    case .file(.given(let bytes), let mode, let modified):
      .file(
        TargetState.FileState(
          digest: key?.digest(bytes) ?? Digest(of: bytes), isKeyed: key != nil, mode: mode,
          size: Int64(bytes.count), modified: modified ?? 0))
    case .file(.kept(let digest, let attributes), let mode, let modified):
      .file(
        TargetState.FileState(
          digest: digest, mode: mode, size: 0, modified: modified ?? 0, attributes: attributes))
    }
  }
}
