import OutfitCore
import OutfitProfile
import OutfitSystem
import SystemPackage

/// Works out what a switch does from a plan and what was decided, and the generation that it makes.
struct SwitchDraft {
  let plan: Plan
  let host: Host
  /// What the generation refers to, to be kept.
  private(set) var contents: [Digest: [UInt8]] = [:]
  private(set) var generation: Generation
  private(set) var operations: [Operation] = []
  private(set) var kept: [PlannedTarget] = []
  private(set) var changed: [PlannedTarget] = []
  private var notes: [Diagnostic] = []
  private let key: SecretKey?
  private let previous: KnownTargets

  /// It writes nothing.
  /// - Parameter key: by which secrets are known again.
  init(
    _ plan: Plan, _ decisions: Decisions, _ failed: Set<ObjectID>, _ profile: ProfileStamp, _ host: Host,
    key: SecretKey?
  ) throws {
    self.plan = plan
    self.host = host
    self.key = key
    previous = KnownTargets(plan.previous?.targets ?? [])
    let numbers = try Generations.numbers(plan.scope, host: host)
    generation = Generation(
      number: (numbers.last ?? 0) + 1, scope: plan.scope, origin: plan.origin, time: host.clock.now(),
      profile: plan.profile ?? profile, isIncomplete: !plan.failures.isEmpty)
    let failed = dependants(of: failed)
    if !failed.isEmpty { generation.isIncomplete = true }
    setTable(failed)
    generation.folders = plan.folders
    for target in plan.targets { try add(target, decisions, failed) }
    try addFolders()
    for pins in plan.pins {
      operations.append(Operation(path: pins.resolved, before: pins.before, after: pins.after, isOwn: true))
    }
    generation.command = recordedCommand(host.arguments)
  }

  /// Folders of ours go with the last of what was in them; where a decision keeps something, they are remembered.
  private mutating func addFolders() throws {
    guard !plan.foldersToRemove.isEmpty else { return }
    var going = Set(operations.filter { $0.after == .absent }.map(\.path.string))
    // What was taken out of a folder of ours may come back to it.
    var needed: Set<String> = []
    for operation in operations where operation.after != .absent {
      var folder = operation.path
      while folder.removeLastComponent(), needed.insert(folder.string).inserted {}
    }
    for folder in plan.foldersToRemove {
      guard case .directory(let mode) = try Journal.state(of: folder, key: nil, host.files) else { continue }
      guard !needed.contains(folder.string),
        try host.files.list(folder).allSatisfy({ going.contains(folder.appending($0).string) })
      else {
        generation.folders.append(folder)
        continue
      }
      going.insert(folder.string)
      operations.append(
        Operation(path: folder, before: .directory(mode: mode), after: .absent, ifEmpty: true))
    }
  }

  /// What failed, with all that needs it.
  private func dependants(of failed: Set<ObjectID>) -> Set<ObjectID> {
    var all = failed
    guard !all.isEmpty else { return all }
    var grew = true
    while grew {
      grew = false
      for object in plan.usedObjects where object.inputs.contains(where: all.contains) {
        if all.insert(object.id).inserted { grew = true }
      }
    }
    return all
  }

  private mutating func setTable(_ failed: Set<ObjectID>) {
    let old = plan.previous
    var carried = false
    generation.claims = plan.claims.compactMap { claim in
      guard let object = claim.object, failed.contains(object) else { return claim }
      let before = old?.claims.first { $0.name == claim.name }
      if before != nil { carried = true }
      return before
    }
    generation.interpreters = plan.interpreters.compactMap { interpreter in
      guard failed.contains(interpreter.object) else { return interpreter }
      let before =
        old?.interpreters.first {
          $0.language == interpreter.language && $0.request == interpreter.request
        }
        ?? old?.interpreters.first {
          $0.language == interpreter.language && $0.version.minor == interpreter.version.minor
        }
      if before != nil { carried = true }
      return before
    }
    generation.activation = plan.activation
    generation.objects = plan.usedObjects.filter { !failed.contains($0.id) }
    let needsOld =
      carried || plan.targets.contains { $0.object.map(failed.contains) == true && $0.recordKeeping != nil }
    if needsOld, let old {
      let ids = Set(generation.objects.map(\.id))
      generation.objects += old.objects.filter { !ids.contains($0.id) }
    }
  }

  // MARK: Targets

  private mutating func add(
    _ target: PlannedTarget, _ decisions: Decisions, _ failed: Set<ObjectID>
  ) throws {
    if let object = target.object, failed.contains(object) {
      if let record = target.recordKeeping { generation.targets.append(record) }
      return
    }
    guard target.conflict != nil else {
      return try take(target, target.after)
    }
    switch decisions.decision(for: target) {
    case .keep:
      kept.append(target)
      if let keeping = target.keeping { try write(keeping, keeping.after) }
      var record = target.recordKeeping
      if decisions.byTarget[target.target] == .keep, target.conflict?.canTake == true,
        target.afterKeeping == nil,
        target.record?.isWhole == true
      {
        // A choice for just this file holds until either side changes.
        record = try completed(target)
        record?.accepted = target.before
      }
      // Another entry's block went into the file that stays.
      if let own = record, !own.blocks.isEmpty, target.record?.blocks.isEmpty == true {
        record = try withBlocksKept(own, target)
      }
      if let record { generation.targets.append(record) }
    case .take: try take(target, target.after)
    case .backup:
      try addBackup(target)
      try take(target, target.after)
    case .merged(let bytes):
      var mode: UInt16 = 0o644
      if case .file(_, let wanted, _) = target.after { mode = wanted }
      let content = PlannedTarget.Content.file(.given(bytes), mode: mode, modified: nil)
      try write(target, content)
      if var record = try completed(target) {
        if record.blocks.isEmpty {
          record.accepted = content.state(key: target.isSecret ? key : nil)
        } else {
          record.written = content.state(key: target.isSecret ? key : nil)
        }
        generation.targets.append(record)
      }
    }
  }

  private mutating func take(_ target: PlannedTarget, _ content: PlannedTarget.Content) throws {
    if target.isKeptBeside { try addBackup(target) }
    let moved = try target.movesFolder ? moveAside(target) : nil
    if target.action != .upToDate { try write(target, content, over: moved ?? target.before) }
    guard var record = try completed(target) else { return }
    if let moved, previous[target.target.string] == nil || record.first.isDirectory { record.first = moved }
    generation.targets.append(record)
  }

  /// Where a folder with things in it is afterwards.
  private mutating func moveAside(_ target: PlannedTarget) throws(FileError) -> TargetState {
    let place = try host.files.freeBackup(of: target.resolved)
    notes.append(Diagnostic(.note, "what was at \(target.target) is in \(place)"))
    return .moved(place.string)
  }

  /// The record of a target, with what needs the key of secrets, and its content kept.
  private mutating func completed(_ target: PlannedTarget) throws -> RecordedTarget? {
    guard var record = target.record else { return nil }
    if previous[target.target.string] == nil {
      record.first = try withAttributes(record.first, target)
      try keepFirst(record.first, of: target)
    }
    if !record.blocks.isEmpty { return try withBlocksKept(record, target) }
    let isNewlyWritten = target.owner != nil
    if target.isSecret, isNewlyWritten, case .file = target.after {
      record.written = target.after.state(key: key)
      // The user had the same already: a digest that anybody could guess is not kept of it.
      if target.action == .upToDate, case .file(let first) = record.first, !first.isKeyed,
        case .file(.given(let bytes), _, _) = target.after, first.digest == Digest(of: bytes)
      {
        record.first = record.written
      }
    } else if !target.isSecret, isNewlyWritten, case .file(.given(let bytes), _, _) = target.after,
      case .file(let file) = record.written
    {
      let isKept = previous[target.target.string]?.written == record.written
      if !isKept || target.action != .upToDate { contents[file.digest] = bytes }
    }
    return record
  }

  /// What was there before Outfit came is kept by the operation that replaces it; where nothing has to be replaced, here.
  private mutating func keepFirst(_ first: TargetState, of target: PlannedTarget) throws(FileError) {
    guard target.action == .upToDate, !target.isSecret, case .file(let file) = first, !file.isKeyed,
      contents[file.digest] == nil
    else { return }
    let bytes = try host.files.withoutLinks.read(target.resolved)
    if Digest(of: bytes) == file.digest { contents[file.digest] = bytes }
  }

  /// Keeps what is between the markers, for going back when the rest of the file has changed.
  private mutating func withBlocksKept(
    _ record: RecordedTarget, _ target: PlannedTarget
  ) throws -> RecordedTarget {
    guard case .file(.given(let text), _, _) = target.after, let found = try? Blocks.scan(text) else {
      return record
    }
    var record = record
    if record.isSecret { record.written = target.after.state(key: key) }
    for index in record.blocks.indices {
      guard let block = found.first(where: { $0.identifier == record.blocks[index].identifier }) else {
        continue
      }
      let body = Blocks.body(block, in: text)
      if record.isSecret {
        record.blocks[index].body = key?.digest(body) ?? record.blocks[index].body
      } else if Digest(of: body) == record.blocks[index].body {
        contents[record.blocks[index].body] = body
      }
    }
    return record
  }

  private mutating func write(
    _ target: PlannedTarget, _ content: PlannedTarget.Content, over state: TargetState? = nil
  ) throws {
    changed.append(target)
    operations.append(
      Operation(
        path: target.resolved, before: try withAttributes(state ?? target.before, target), after: content,
        isOwn: target.isShared, isShared: target.isShared, isSecret: target.isSecret,
        signature: target.signature))
  }

  /// What stands at a target, with its extended attributes, which are kept.
  private mutating func withAttributes(
    _ state: TargetState, _ target: PlannedTarget
  ) throws(FileError) -> TargetState {
    guard case .file(var file) = state, file.attributes == nil, state == target.before, !target.isShared
    else { return state }
    let attributes = try host.files.withoutLinks.attributes(target.resolved)
    guard !attributes.isEmpty else { return state }
    let bytes = KeptAttributes.bytes(attributes)
    let digest = Digest(of: bytes)
    contents[digest] = bytes
    file.attributes = digest
    return .file(file)
  }

  private mutating func addBackup(_ target: PlannedTarget) throws {
    let path = try host.files.freeBackup(of: target.resolved)
    switch target.before {
    case .file(let file):
      let bytes = try host.files.read(target.resolved)
      operations.append(
        Operation(
          path: path, before: .absent,
          after: .file(
            .given(bytes), mode: target.isSecret ? file.mode & 0o700 : file.mode, modified: file.modified),
          isOwn: target.isShared))
    case .link(let destination):
      operations.append(
        Operation(path: path, before: .absent, after: .link(destination), isOwn: target.isShared))
    case .absent, .directory, .moved, .tree, .other: return
    }
    notes.append(Diagnostic(.note, "what was at \(target.target) is in \(path)"))
  }

  /// - Throws: `Failure` when somebody else changed one of them meanwhile.
  mutating func add(_ companions: [Companion]) throws {
    for companion in companions {
      guard try host.files.text(companion.path) == companion.before else {
        throw Failure(
          "\(companion.path) was changed by somebody else meanwhile",
          hint: "nothing was changed; run it again")
      }
      let folder = companion.path.removingLastComponent()
      try host.files.createDirectories(folder, mode: companion.mode & 0o077 == 0 ? 0o700 : 0o755)
      operations.append(
        Operation(
          path: companion.path, before: try Journal.state(of: companion.path, key: nil, host.files),
          after: .file(.given(Array(companion.text.utf8)), mode: companion.mode, modified: nil), isOwn: true,
          isShared: true))
    }
  }

  mutating func addSnapshots(_ paths: [FilePath]) throws {
    for path in paths {
      var snapshot: RecordedSnapshot
      // A rollback writes them itself, and so does a verb that edits them.
      let operation = operations.last { $0.path == path }
      if let operation {
        if case .file(.given(let bytes), _, _) = operation.after { contents[Digest(of: bytes)] = bytes }
        snapshot = RecordedSnapshot(path: path, state: operation.after.state(key: nil))
      } else {
        let (state, bytes, _) = try Journal.look(path, key: nil, host.files)
        if case .file(let file) = state { contents[file.digest] = bytes }
        snapshot = RecordedSnapshot(path: path, state: state)
      }
      addHistory(to: &snapshot, before: operation?.before)
      generation.snapshots.append(snapshot)
    }
  }

  /// - Parameter before: what this switch replaces; nil where it leaves the file as it is.
  private func addHistory(to snapshot: inout RecordedSnapshot, before: TargetState?) {
    let path = snapshot.path
    switch plan.origin {
    case .rollback(to: 0): break
    case .rollback:
      let then = plan.snapshots.first { $0.path == path }
      (snapshot.first, snapshot.isEdited) = (then?.first, then?.isEdited ?? false)
    case .up:
      let last = plan.previous?.snapshots.first { $0.path == path }
      if let first = last?.first {
        let isAsLeft = (before ?? snapshot.state).matches(last?.state ?? .absent)
        (snapshot.first, snapshot.isEdited) = (first, last?.isEdited == true || !isAsLeft)
      } else {
        snapshot.first = before
      }
    }
  }

  // MARK: Outfit's own

  /// Nothing differs from the generation that is there.
  var isNothing: Bool {
    guard let old = plan.previous else {
      return operations.isEmpty && generation.targets.isEmpty && generation.claims.isEmpty
        && generation.interpreters.isEmpty && generation.objects.isEmpty
    }
    func isSame(_ a: RecordedTarget, _ b: RecordedTarget) -> Bool {
      var a = a
      a.owner = b.owner
      return a == b
    }
    return operations.isEmpty && plan.origin == .up && old.profile == generation.profile
      && old.claims == generation.claims
      && old.interpreters == generation.interpreters && old.isIncomplete == generation.isIncomplete
      && old.activation == generation.activation
      && Set(old.objects.map(\.id)) == Set(generation.objects.map(\.id))
      && old.targets.count == generation.targets.count
      && zip(old.targets, generation.targets).allSatisfy(isSame)
  }

  /// The dispatch table, the commands, and the generation's record.
  mutating func addOwnRecords() throws {
    generation.targets.sort { $0.target.string < $1.target.string }
    let places = host.places
    for folder in [places.bin, places.tables, Journal.folder(host)] {
      try host.files.createDirectories(folder, mode: 0o700)
    }
    try addOwn(places.table(of: plan.scope), try generation.tableText())
    try addNames()
    try addCommands()
    addGeneration()
  }

  /// Their folder is the user's alone; where whoever keeps a shared machine opens it, commands serve others too.
  private mutating func addOwn(_ path: FilePath, _ bytes: [UInt8]?) throws {
    let before = try Journal.state(of: path, key: nil, host.files)
    let after = bytes.map { PlannedTarget.Content.file(.given($0), mode: 0o644, modified: nil) } ?? .absent
    guard !before.matches(after.state(key: nil)) else { return }
    operations.append(Operation(path: path, before: before, after: after, isOwn: true))
  }

  private mutating func addNames() throws {
    let path = host.places.tables.appending("names")
    let exists = try host.files.status(path, followLinks: false) != nil
    var names = NameDirectory(exists ? try host.files.read(path) : [])
    names.set(
      generation.claims, scope: generation.nameLabel, replacing: plan.previous.map { [$0.nameLabel] } ?? [])
    try addOwn(path, names.entries.isEmpty ? nil : names.bytes)
  }

  /// Links to the launcher for the commands of all scopes.
  private mutating func addCommands() throws {
    let places = host.places
    let shim = places.launcher.string
    var wanted = Set(generation.claims.map(\.name))
    for scope in try Generations.scopes(host) where scope != plan.scope {
      wanted.formUnion(try Self.names(of: scope, host))
    }
    var present: Set<String> = []
    for name in try host.files.list(places.bin) {
      let path = places.bin.appending(name)
      let state = try Journal.state(of: path, key: nil, host.files)
      if state == .link(shim) {
        present.insert(name)
        if !wanted.contains(name) {
          operations.append(Operation(path: path, before: state, after: .absent, isOwn: true))
        }
      } else if case .link = state, wanted.contains(name) {
        // A link of another installation of Outfit.
        present.insert(name)
        operations.append(Operation(path: path, before: state, after: .link(shim), isOwn: true))
      } else if wanted.contains(name) {
        // Somebody's own; it stays, and `Mending` names it.
        present.insert(name)
      }
    }
    for name in wanted.subtracting(present).sorted() {
      operations.append(
        Operation(path: places.bin.appending(name), before: .absent, after: .link(shim), isOwn: true))
    }
  }

  /// The commands of another scope: from its table, or from its generation when the table can't be read.
  private static func names(of scope: Scope, _ host: Host) throws -> [String] {
    let path = host.places.table(of: scope)
    guard try host.files.status(path, followLinks: false) != nil else { return [] }
    if let table = DispatchTable(try host.files.read(path)), table.scope == scope {
      return table.commands.map(\.name)
    }
    let aside = host.putAside(path)
    host.terminal.talk(
      "warning: the table of commands of \(scope.label) can't be read"
        + (aside.map { "; it is kept as \($0)" } ?? "") + "; `outfit up` there writes it anew\n")
    return try Generations.current(scope, host: host)?.claims.map(\.name) ?? []
  }

  private mutating func addGeneration() {
    let record = Generations.record(generation.number, scope: plan.scope, host: host)
    var byPath: [String: Int] = [:]
    for operation in operations where !operation.isOwn && !operation.ifEmpty {
      let after = operation.after.state(key: operation.isSecret ? key : nil)
      if let index = byPath[operation.path.string] {
        generation.changes[index].after = after
      } else {
        byPath[operation.path.string] = generation.changes.count
        generation.changes.append(
          RecordedChange(path: operation.path, before: operation.before, after: after))
      }
    }
    generation.folders = Array(Set(generation.folders + missingFolders)).sorted { $0.string < $1.string }
    operations.append(
      Operation(
        path: record.parent, before: .absent, after: .directory(mode: 0o700), isOwn: true))
    operations.append(
      Operation(
        path: record, before: .absent,
        after: .file(.given(Generations.text(generation)), mode: 0o600, modified: nil), isOwn: true))
  }

  /// Folders that must be made for what is written in them.
  private var missingFolders: [FilePath] {
    var missing: Set<String> = []
    var known: Set<String> = []
    for operation in operations where !operation.isOwn && operation.after != .absent {
      var folder = operation.path.string[...]
      while folder.dropLastName(), known.insert(String(folder)).inserted {
        guard !host.files.exists(FilePath(String(folder))) else { break }
        missing.insert(String(folder))
      }
    }
    for operation in operations where !operation.isOwn { missing.remove(operation.path.string) }
    return missing.map { FilePath($0) }
  }

  // MARK: Afterwards

  /// Remembers how everything looks now, so that the next run need not read it.
  func writeStats(_ written: [FilePath: (signature: Signature, state: TargetState)]) {
    try? stats(written).write(generation.number, scope: plan.scope, host: host)
  }

  /// Where there was nothing to do, what was only touched since was read and found to be right. What has just been
  /// touched is read again: its times may not show the next change.
  func refreshStats() {
    guard plan.base > 0 else { return }
    let old = TargetStats(plan.base, scope: plan.scope, host: host)
    var new = stats([:])
    let now = host.clock.now() * 1_000_000_000
    for (name, signature) in new.byPath
    where signature != old.byPath[name] && max(signature.modified, signature.changed) > now - Signature.racy {
      new.byPath[name] = old.byPath[name]
    }
    if new.byPath != old.byPath { try? new.write(plan.base, scope: plan.scope, host: host) }
  }

  private func stats(_ written: [FilePath: (signature: Signature, state: TargetState)]) -> TargetStats {
    var stats = TargetStats()
    stats.byPath.reserveCapacity(generation.targets.count)
    // Both are sorted by path.
    var planned = plan.targets[...]
    for record in generation.targets {
      let name = record.target.string
      while let first = planned.first, first.target != record.target, first.target.string < name {
        planned.removeFirst()
      }
      if let written = written[record.resolved] {
        if written.state.matches(record.written) { stats[record.resolved] = written.signature }
      } else if let target = planned.first, target.target == record.target, target.action == .upToDate,
        target.before.matches(record.written)
      {
        stats[record.resolved] = target.signature
      }
    }
    return stats
  }

  func outcome(isNew: Bool) -> SwitchOutcome {
    SwitchOutcome(
      generation: isNew ? generation.number : plan.base, isNew: isNew, isIncomplete: generation.isIncomplete,
      kept: kept, changed: changed, names: names, notes: notes,
      record: isNew ? generation : plan.previous)
  }

  /// The planned names that did come true.
  private var names: [PlannedName] {
    let labels = Dictionary(
      generation.claims.map { ($0.name, $0.label) }, uniquingKeysWith: { first, _ in first })
    return plan.names.filter { name in
      name.action == .remove ? labels[name.name] == nil : labels[name.name] == name.label
    }
  }
}
