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
  let previous: KnownTargets
  let stats: TargetStats
  let blobs: Blobs
  private(set) var planned: [PlannedTarget] = []

  init(
    scope: Scope, previous: NewestGeneration, host: Host, allowed: [FilePath], outside: [FilePath] = [],
    keepsMissing: Bool, dropped: [ObjectID] = []
  ) throws {
    self.dropped = dropped.map { host.places.store.appending($0.description).string + "/" }
    self.scope = scope
    self.host = host
    self.keepsMissing = keepsMissing
    inspector = try Inspector(host: host, scope: scope, allowed: allowed, outside: outside)
    self.previous = KnownTargets(previous.record?.targets ?? [])
    stats = previous.stats
    blobs = Generations.blobs(scope, host: host)
  }

  private func isDropped(_ record: RecordedTarget) -> Bool {
    switch record.written {
    case .link(let source), .tree(let source): dropped.contains { (source + "/").hasPrefix($0) }
    case .absent, .file, .directory, .moved, .other: false
    }
  }

  /// Plans all changes, and what happens to targets that are asked for no more.
  /// - Returns: what is wrong with the entries themselves.
  /// - Parameters:
  ///   - kept: targets that stay as they are, since what is wanted of them is not known.
  ///   - staysAbsent: which targets that Outfit took away are to stay so.
  mutating func plan(
    _ changes: [Change], letGo: Set<String> = [], keeping kept: Set<String> = [],
    staysAbsent: [@Sendable (FilePath) -> Bool] = []
  ) throws -> [Diagnostic] {
    var wanted = WantedTargets()
    var problems = wanted.gather(changes, inspector, previous)
    guard problems.isEmpty else { return problems }
    planned.reserveCapacity(wanted.all.count)
    var names: [String] = []
    names.reserveCapacity(wanted.all.count)
    let sources = try SourcePlaces(changes, scope: scope, &inspector)
    // Folders first, since one that takes the place of a link changes where the files in it are.
    for wanted in wanted.inOrder {
      let target = wanted.change.target
      let folder = try inspector.folder(of: wanted.name)
      if let refusal = try inspector.refusal(in: folder, for: target) {
        problems.append(
          Diagnostic(
            .error, "\(target) is not written: \(refusal)", at: wanted.change.owner.location,
            hint: "give it a target in the scope's own folder, or remove the link"))
        continue
      }
      do {
        let place = try place(of: wanted, in: folder)
        if let problem = sources.problem(of: wanted, at: place, in: folder, inspector) {
          problems.append(problem)
          continue
        }
        let standing = wanted.change.isOnce ? try standing(wanted, folder, at: place) : .nothing
        if case .theirs = standing { continue }
        if case .ours(let plan) = standing {
          planned.append(plan)
        } else if case .edit(.keys(let keys)) = wanted.change.kind {
          guard let target = try self.keys(wanted.change, keys, folder, at: place) else { continue }
          planned.append(target)
        } else if wanted.blocks.isEmpty {
          var plan = try whole(wanted.change, wanted.name, folder, at: place)
          if plan.conflict?.canTake == true, let held = wanted.held {
            try keepBlock(of: held, in: &plan, folder)
          }
          if plan.action == .update, plan.after.isDirectory, !plan.before.isDirectory {
            inspector.replaceByFolder(plan.resolved)
          }
          planned.append(plan)
        } else if let target = try blocks(wanted.change, wanted.blocks, folder, at: place) {
          planned.append(target)
        } else {
          continue
        }
      } catch let error as FileError {
        planned.append(blocked(wanted.change, folder, "it can't be looked at: \(error.reason)"))
      }
      names.append(wanted.name)
    }
    for (name, old) in zip(previous.names, previous.all) where !wanted.has(name) && !letGo.contains(name) {
      let isGone = old.written == .absent && staysAbsent.contains { $0(old.target) }
      if keepsMissing && !isDropped(old) || kept.contains(name) || isGone {
        planned.append(carried(old))
      } else if let target = try leaving(old) {
        planned.append(target)
      } else {
        continue
      }
      names.append(name)
    }
    // Indexes are sorted, since the targets themselves are large to move.
    let order = names.indices.sorted { names[$0] < names[$1] }
    if order.enumerated().contains(where: { $0 != $1 }) { planned = order.map { planned[$0] } }
    return problems
  }

  /// Gives away what was planned, which is large to copy.
  mutating func takePlanned() -> [PlannedTarget] {
    defer { planned = [] }
    return planned
  }

  /// Where a target really is. A file with blocks may be a link, which stays, and what it leads to is edited; but one
  /// that Outfit made, as an entry wanted it then, is itself what is replaced.
  private mutating func place(
    of wanted: WantedTarget, in folder: Inspector.Folder
  ) throws(FileError) -> FilePath {
    let target = wanted.change.target
    let place = folder.holds(wanted.name) ? target : folder.path.holding(target)
    guard wanted.change.isEdit || !wanted.blocks.isEmpty, folder.standing == .present,
      !isOwnLink(place, previous[wanted.name])
    else {
      return place
    }
    return try inspector.followed(place)
  }

  private func isOwnLink(_ place: FilePath, _ old: RecordedTarget?) -> Bool {
    guard let old, old.resolved == place, old.blocks.isEmpty, case .link(let destination) = old.written else {
      return false
    }
    return (try? host.files.readLink(place)) == destination
  }

  // MARK: Whole targets

  private func whole(
    _ change: Change, _ name: String, _ folder: Inspector.Folder, at resolved: FilePath
  ) throws -> PlannedTarget {
    if case .blocked(let obstacle) = folder.standing {
      return blocked(change, folder, "\(obstacle) is not a folder")
    }
    if let owner = try inspector.otherOwner(of: resolved, for: change.target) {
      return blocked(change, folder, "it belongs to another user (\(owner)), and would be yours afterwards")
    }
    let old = previous[name]
    let known = resolved == change.target ? stats.byPath[name] : stats[resolved]
    let seen =
      folder.standing == .absent
      ? Inspector.Seen(state: .absent)
      : try inspector.look(resolved, written: old?.written, known: known)
    let change = change.noMoreOpen(than: old?.written ?? seen.state)
    if let use = change.secrets, !use.isFilled || use.isSettled {
      return try unread(change, use, resolved, old, seen)
    }
    if case .source(let source, let mode) = change.kind {
      // As it was written, and as it is wanted: neither side need be read.
      if let old, !change.isSecret, case .file(let file) = old.written, file == source.written(mode),
        seen.state.matches(old.written)
      {
        return asWritten(change, resolved, old, seen)
      }
      var read = change
      read.kind = .file(try source.bytes(host.files), mode: mode)
      return try whole(read, name, folder, at: resolved)
    }
    let content = content(of: change)
    var written = state(of: content, isSecret: change.isSecret)
    let isRight = self.isRight(seen.state, change, written, at: resolved, isKnown: old != nil)
    if isRight, seen.state.isDirectory || seen.state.isLink { written = seen.state }
    let record = RecordedTarget(
      target: change.target, resolved: resolved, owner: change.owner.text,
      isSecret: change.isSecret, written: written, first: old?.first ?? seen.state, blocks: [])
    var target = PlannedTarget(
      target: change.target, resolved: resolved, owner: change.owner.location, isSecret: change.isSecret,
      action: .upToDate, before: seen.state, after: content, object: change.object, record: record,
      recordKeeping: old, signature: seen.signature)
    guard !isRight else { return target }
    // What is of the store has nothing of anybody's in it: where it is gone, it is made again.
    if seen.state == .absent, change.isOfStore || change.isNewPlace {
      target.action = .create
      return target
    }
    if let old, let accepted = old.accepted, seen.state.matches(accepted), written.matches(old.written) {
      target.record?.accepted = accepted
      return target
    }
    target.movesFolder = change.isOfStore && holdsOthers(seen.state, at: resolved)
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

  /// A file whose secrets were not read: it is right, or it is not known what it is to be.
  private func unread(
    _ change: Change, _ use: SecretUse, _ resolved: FilePath, _ old: RecordedTarget?, _ seen: Inspector.Seen
  ) throws -> PlannedTarget {
    if use.isSettled, let old, old.resolved == resolved {
      var target = asWritten(change, resolved, old, seen)
      target.record?.accepted = old.accepted
      return target
    }
    var mode: UInt16 = 0o600
    if case .file(_, let wanted) = change.kind { mode = wanted }
    return PlannedTarget(
      target: change.target, resolved: resolved, owner: change.owner.location, isSecret: true,
      action: .notAsked, before: seen.state, after: .file(.given([]), mode: mode, modified: nil),
      record: old, recordKeeping: old, signature: seen.signature)
  }

  /// What stands where something is to be written once: it stays, and is Outfit's only where Outfit wrote it.
  private mutating func standing(
    _ wanted: WantedTarget, _ folder: Inspector.Folder, at resolved: FilePath
  ) throws -> Standing {
    guard folder.standing == .present || previous[wanted.name] != nil else { return .nothing }
    if case .blocked = folder.standing { return .nothing }
    let old = previous[wanted.name]
    if let old, !old.isWhole { return try leaving(old).map { .ours($0) } ?? .theirs }
    let seen =
      folder.standing == .absent
      ? Inspector.Seen(state: .absent)
      : try inspector.look(resolved, written: old?.written, known: stats[resolved])
    if let old, old.written != .absent { return .ours(asWritten(wanted.change, resolved, old, seen)) }
    return seen.state == .absent ? .nothing : .theirs
  }

  private enum Standing {
    case ours(PlannedTarget)
    case theirs
    case nothing
  }

  /// Where somebody keeps a file of their own, another entry's block goes into that.
  private mutating func keepBlock(
    of held: Change, in target: inout PlannedTarget, _ folder: Inspector.Folder
  ) throws {
    // Whoever removed it has no file that the block could go into.
    guard target.before != .absent else { return }
    // Its content is as it was written, our block too.
    if case .file(let now) = target.before, case .file(let then)? = target.recordKeeping?.written,
      now.digest == then.digest
    {
      return
    }
    guard case .edit(.block(let block)) = held.kind,
      let own = try blocks(held, [(block, held.owner)], folder, at: target.resolved), own.conflict == nil
    else { return }
    if own.action != .upToDate { target.afterKeeping = own.after }
    target.recordKeeping = own.record
  }

  /// A target that is right, whose content an earlier generation keeps.
  private func asWritten(
    _ change: Change, _ resolved: FilePath, _ old: RecordedTarget, _ seen: Inspector.Seen
  ) -> PlannedTarget {
    var record = old
    (record.resolved, record.owner, record.isSecret) = (resolved, change.owner.text, change.isSecret)
    (record.blocks, record.keys, record.accepted) = ([], [], nil)
    return PlannedTarget(
      target: change.target, resolved: resolved, owner: change.owner.location, isSecret: change.isSecret,
      action: .upToDate, before: seen.state, after: PlannedTarget.Content(kept: old.written) ?? .absent,
      object: change.object, record: record, recordKeeping: old, signature: seen.signature)
  }

  /// What stands there goes on by another way, as the part that asks for the change saw to.
  private func isCarriedOn(_ state: TargetState, _ change: Change) -> Bool {
    guard case .file(let file) = state, !file.isKeyed, let digest = change.carriesOn else { return false }
    return file.digest == digest
  }

  private static let folderStands = "a folder with things in it stands there"

  private func conflict(
    _ state: TargetState, _ target: PlannedTarget, _ old: RecordedTarget?
  ) -> Conflict? {
    if state == .other {
      return Conflict(reason: .blocked, message: "it is \(state.summary)", canTake: false)
    }
    if !target.movesFolder, !target.after.isDirectory, holdsOthers(state, at: target.resolved) {
      return Conflict(reason: .blocked, message: Self.folderStands, canTake: false)
    }
    guard let old else {
      if state == .absent || differsInModeOnly(state, target) { return nil }
      return Conflict(
        reason: .notOurs,
        message: target.movesFolder
          ? Self.folderStands : "\(state.summary) that is not Outfit's stands there",
        canTake: canTake(state, target))
    }
    let isAsWritten = state.matches(old.written)
    // A file of the user's in which only a block is ours is not ours as a whole, whoever made it.
    if !old.isWhole, state != .absent, old.first != .absent || holdsMore(than: old, at: target.resolved) {
      return Conflict(
        reason: .notOurs,
        message:
          "only \(old.keys.isEmpty ? "a block" : "some keys") in that file \(old.keys.isEmpty ? "is" : "are") Outfit's",
        canTake: true)
    }
    guard !isAsWritten, !isOutlived(state, target, old) else { return nil }
    let message =
      switch (state, old.written) {
      case (.absent, _): "it was removed since Outfit wrote it"
      case (.file(let now), .file(let then)) where now.digest == then.digest:
        "its mode was changed from \(String(then.mode, radix: 8)) to \(String(now.mode, radix: 8))"
      case (.file, .file): "it was changed since Outfit wrote it"
      case (.directory, .tree(let source)) where TreeMark.isChanged(target.resolved, source, host.files):
        "npm changed it since Outfit made it"
      case (.directory, _) where target.movesFolder: Self.folderStands
      default: "\(state.summary) stands there now"
      }
    return Conflict(reason: .edited, message: message, canTake: canTake(state, target))
  }

  /// More stands in a file than the blocks that are ours.
  private func holdsMore(than old: RecordedTarget, at path: FilePath) -> Bool {
    guard old.keys.isEmpty, let text = try? host.files.read(path) else { return true }
    return !Blocks.isAlone(text)
  }

  /// A copy that npm changed, in whose place another one is wanted: it is moved aside, and nobody need be asked.
  private func isOutlived(_ state: TargetState, _ target: PlannedTarget, _ old: RecordedTarget) -> Bool {
    guard case .directory = state, case .tree(let source) = old.written, case .tree(let wanted) = target.after
    else { return false }
    return wanted.string != source && TreeMark.isChanged(target.resolved, source, host.files)
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

  /// What stands there is a folder, and not all in it was put there by Outfit.
  private func holdsOthers(_ state: TargetState, at path: FilePath) -> Bool {
    state.isDirectory && !isOurs(path)
  }

  /// All that is in a folder was put there by Outfit.
  private func isOurs(_ folder: FilePath) -> Bool {
    guard let names = try? host.files.list(folder) else { return false }
    return names.allSatisfy { name in
      let path = folder.appending(name)
      let known = previous.all.contains { $0.resolved.isAtOrBelow(path) }
      guard known else { return false }
      let isFolder = (try? host.files.status(path, followLinks: false))?.kind == .directory
      return !isFolder || isOurs(path)
    }
  }

  /// - Parameter isKnown: Outfit put something there before.
  private func isRight(
    _ state: TargetState, _ change: Change, _ written: TargetState, at path: FilePath, isKnown: Bool
  ) -> Bool {
    switch (state, change.kind) {
    case (.directory, .tree) where change.isStanding && isKnown: return true
    case (.absent, .absent): return true
    case (.file(let file), .file(let bytes, let mode)):
      guard file.mode == mode else { return false }
      if case .file(let wanted) = written, wanted.isKeyed == file.isKeyed {
        return wanted.digest == file.digest
      }
      return file.digest == (file.isKeyed ? inspector.key?.digest(bytes) : Digest(of: bytes))
    case (.link(let destination), .link(let reference)):
      let wanted = reference.resolved(store: host.places.store)
      if destination == wanted.string { return true }
      // One that somebody else made, and that leads to the same file of the profile, however it is spelled.
      guard change.object == nil, change.source != nil, let real = host.files.resolved(wanted) else {
        return false
      }
      return host.files.resolved(path) == real
    case (.tree(let source), .tree(let reference)):
      return source == reference.resolved(store: host.places.store).string
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
    case .tree(let reference): .tree(reference.resolved(store: host.places.store))
    case .source(let source, let mode):
      .file(.kept(source.digest, attributes: nil), mode: mode, modified: nil)
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
  mutating func leaving(_ old: RecordedTarget) throws -> PlannedTarget? {
    if !old.blocks.isEmpty { return try blocksLeaving(old) }
    if !old.keys.isEmpty { return try keysLeaving(old) }
    let folder = try inspector.folder(of: old.resolved.string)
    if folder.standing == .present, !folder.holds(old.resolved.string) {
      var target = try restoring(old, Inspector.Seen(state: .other), to: old.first)
      target.conflict = Conflict(
        reason: .blocked, message: "a link leads to \(folder.path) now, where it is not Outfit's",
        canTake: false)
      target.action = .conflict
      return target
    }
    let seen = try inspector.look(old.resolved, written: old.written, known: stats[old.resolved])
    if try isBack(seen.state, old.first) { return nil }
    return try restoring(old, seen, to: old.first)
  }

  /// What stood there stands there again. For a folder that was renamed any does, unless that one is yet where it was
  /// put.
  func isBack(_ state: TargetState, _ goal: TargetState) throws(FileError) -> Bool {
    guard state.matches(goal) else { return false }
    if case .moved(let place) = goal { return try !isFolder(FilePath(place)) }
    return true
  }

  private func isFolder(_ path: FilePath) throws(FileError) -> Bool {
    try host.files.status(path, followLinks: false)?.kind == .directory
  }

  /// Made from the store, or moved as a whole.
  private func isOfStore(_ state: TargetState) -> Bool {
    if case .link(let destination) = state { return destination.isPath(atOrBelow: host.places.store.string) }
    return state.isWholeFolder
  }

  /// Why a folder can't be had again; nil when it can.
  private func lost(_ content: PlannedTarget.Content?) throws(FileError) -> String? {
    switch content {
    case nil: "what was there is secret, and its content was kept nowhere"
    case .moved(let place):
      try isFolder(place) ? nil : "the folder that was there was kept as \(place), and is not there any more"
    case .tree(let source):
      try isFolder(source)
        ? nil : "what was there was a copy of \(source), which is not in the store any more"
    case .absent, .file, .link, .directory: nil
    }
  }

  /// A plan for one path to be as it was.
  func restoring(
    _ old: RecordedTarget, _ seen: Inspector.Seen, to state: TargetState
  ) throws(FileError) -> PlannedTarget {
    var target = PlannedTarget(
      target: old.target, resolved: old.resolved, owner: nil, isSecret: old.isSecret,
      action: state == .absent ? .remove : .restore, before: seen.state, after: .absent,
      signature: seen.signature)
    let isTree = if case .tree = old.written { true } else { false }
    target.goesWithItsFolder = state == .absent && seen.state.isDirectory && !isTree
    if target.goesWithItsFolder { return target }
    let content = PlannedTarget.Content(kept: state)
    target.movesFolder =
      (isOfStore(old.written) || isOfStore(state)) && holdsOthers(seen.state, at: old.resolved)
    let isRemade = seen.state == .absent && isOfStore(old.written)
    if !seen.state.matches(old.written), !isRemade {
      target.conflict = Conflict(
        reason: .edited,
        message: seen.state == .absent
          ? "it was removed since Outfit wrote it" : "it was changed since Outfit wrote it",
        canTake: seen.state != .other && (target.movesFolder || !seen.state.isDirectory))
    }
    if let content { target = target.with(after: content) }
    if let message = try lost(content) {
      target.conflict = Conflict(reason: .notKept, message: message, canTake: false)
    }
    if target.conflict != nil { target.action = .conflict }
    return target
  }
}

extension Change {
  /// A whole link or folder that stands for an object of the store.
  fileprivate var isOfStore: Bool {
    switch kind {
    case .link, .tree: object != nil
    case .file, .source, .directory, .edit, .absent: false
    }
  }
}

extension Change {
  fileprivate var isEdit: Bool { if case .edit = kind { true } else { false } }
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

extension TargetState {
  fileprivate var isLink: Bool {
    if case .link = self { true } else { false }
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
    case .moved(let place): self = .moved(FilePath(place))
    case .tree(let source): self = .tree(FilePath(source))
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
    case .moved(let place): .moved(place.string)
    case .tree(let source): .tree(source.string)
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
