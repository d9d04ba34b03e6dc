import OutfitCore
import OutfitProfile
import OutfitSystem
import SystemPackage

/// Going back to what an earlier generation had.
public enum Rollback {
  /// A plan that puts back, byte for byte, what stood there when a generation was the current one. `Switch.apply`
  /// makes it a new generation, which can be rolled back too. What the user changed since is a conflict.
  /// - Parameters:
  ///   - number: the generation to have again; 0 is the time before everything; nil is one further back than where
  ///     this scope stands, and empty when there is nothing further back.
  ///   - leaves: for who takes Outfit out: a personal layer that a person wrote in stays as it is.
  /// - Throws: `Failure` with status `usage` when there is no such generation.
  public static func plan(
    to number: Int? = nil, scope: Scope, host: Host, leaves: Bool = false, isPresent: (ObjectID) -> Bool
  ) throws -> Plan {
    let all = try Generations.list(scope, host: host)
    guard let current = all.last else {
      throw Failure("there is nothing to go back to: \(scope.label) has no generation yet")
    }
    if let number {
      return try plan(to: number, current, all, scope, host, leaves, isPresent)
    }
    // What differs in nothing is no step.
    var place = current.number
    while true {
      place = History(all).before(place)
      let plan = try plan(to: place, current, all, scope, host, leaves, isPresent)
      if place == 0 || !plan.isEmpty { return plan }
    }
  }

  /// Where a folder is by now that was renamed to a place: it came back since, and was renamed again.
  private static func place(ofFolder place: String, _ path: FilePath, _ newer: [Generation]) -> String {
    var (place, isBack) = (place, false)
    for change in newer.flatMap(\.changes) where change.path == path {
      if isBack, case .moved(let next) = change.before { (place, isBack) = (next, false) }
      if change.after == .moved(place) { isBack = true }
    }
    return place
  }

  private static func plan(
    to number: Int, _ current: Generation, _ all: [Generation], _ scope: Scope, _ host: Host, _ leaves: Bool,
    _ isPresent: (ObjectID) -> Bool
  ) throws -> Plan {
    let goal = all.first { $0.number == number }
    guard goal != nil || number == 0 else {
      let known = (["0"] + all.map { String($0.number) }).joined(separator: ", ")
      throw Failure(
        "there is no generation \(number) of \(scope.label)",
        hint: "there are \(known); 0 is before everything",
        status: .usage)
    }
    let newer = all.filter { $0.number > number }
    var plan = Plan(scope: scope, origin: .rollback(to: number), base: current.number)
    plan.previous = current
    plan.profile = goal?.profile ?? current.profile
    plan.activation = goal?.activation ?? RecordedActivation()
    plan.usedObjects = goal?.objects ?? []
    plan.interpreters = (goal?.interpreters ?? []).filter { isPresent($0.object) }
    plan.claims = (goal?.claims ?? []).filter { $0.object.map(isPresent) ?? true }
    plan.failures = (goal?.objects ?? []).filter { !isPresent($0.id) }.map {
      Diagnostic(
        .error, "\($0.label) is not in the store any more",
        hint: "`outfit up` with the old manifest builds it again")
    }

    // How each path was, by the oldest of the switches that changed it since, and how the newest left it.
    var paths: [FilePath: (goal: TargetState, left: TargetState)] = [:]
    let kept = Set((goal?.targets ?? []).map(\.resolved))
    // What Outfit took over from its user, and the goal does not have, is to be what the user had there last.
    var returned: Set<FilePath> = []
    for generation in newer.reversed() {
      let before = all.last { $0.number < generation.number }
      let managed = Set((before?.targets ?? []).map(\.resolved))
      let taken = Set(generation.targets.map(\.resolved)).subtracting(managed).subtracting(kept)
      for change in generation.changes where !returned.contains(change.path) {
        paths[change.path] = (change.before, paths[change.path]?.left ?? change.after)
        if taken.contains(change.path) { returned.insert(change.path) }
      }
    }
    for case (let path, (goal: .moved(let place), let left)) in paths {
      let place = Self.place(ofFolder: place, path, newer)
      paths[path] = (.moved(place), left)
    }
    let expected = Set((number + 1...max(number + 1, current.number)).filter { $0 <= current.number })
    if expected != Set(newer.map(\.number)) {
      guard number == 0 else {
        throw Failure(
          "the records between generation \(number) and \(current.number) are not complete any more",
          hint: "generations \(newer.map { String($0.number) }.joined(separator: ", ")) and 0 can be had")
      }
      for target in current.targets { paths[target.resolved] = (target.first, target.written) }
    }

    // The personal layer is the user's to edit between switches, and goes back in a way of its own.
    for generation in all {
      for snapshot in generation.snapshots { paths[snapshot.path] = nil }
    }
    plan.snapshots = goal?.snapshots ?? []

    var planner = try RollbackPlanner(scope: scope, current: current, goal: goal, host: host)
    for (path, states) in paths { try planner.add(path, goal: states.goal, left: states.left) }
    planner.addUnchanged()
    try planner.addSnapshots(all, leaves: leaves)
    plan.targets = planner.planned.sorted { $0.target.string < $1.target.string }
    plan.pins = leaves ? [] : planner.pins
    try plan.settle(host.files)
    return plan
  }
}

/// Which generation a rollback leads to. What a rollback went to is where the scope stands; what was undone is no way
/// back any more.
private struct History {
  private let all: [Generation]

  init(_ all: [Generation]) { self.all = all }

  /// The number of the `up` that made what a generation has; 0 is the time before everything. Its record may have
  /// been freed.
  private func place(of generation: Generation) -> Int {
    var generation = generation
    while case .rollback(let number) = generation.origin {
      guard number > 0, number < generation.number, let earlier = all.first(where: { $0.number == number })
      else { return number }
      generation = earlier
    }
    return generation.number
  }

  /// What there was before what a generation has came.
  func before(_ number: Int) -> Int {
    let here = all.first { $0.number == number }.map(place) ?? number
    // One that is itself a way back stands for what was there then, with what the user made since.
    return all.last { $0.number < here }?.number ?? 0
  }
}

private struct RollbackPlanner {
  let current: [FilePath: RecordedTarget]
  let goal: [FilePath: RecordedTarget]
  let currentSnapshots: [RecordedSnapshot]
  let goalSnapshots: [RecordedSnapshot]
  let host: Host
  var targets: TargetPlanner
  private(set) var planned: [PlannedTarget] = []
  private(set) var pins: [PlannedTarget] = []
  private let hasGoal: Bool

  init(scope: Scope, current: Generation, goal: Generation?, host: Host) throws {
    func byPath(_ targets: [RecordedTarget]) -> [FilePath: RecordedTarget] {
      Dictionary(targets.map { ($0.resolved, $0) }, uniquingKeysWith: { first, _ in first })
    }
    self.current = byPath(current.targets)
    self.goal = byPath(goal?.targets ?? [])
    currentSnapshots = current.snapshots
    goalSnapshots = goal?.snapshots ?? []
    hasGoal = goal != nil
    self.host = host
    targets = try TargetPlanner(
      scope: scope, previous: NewestGeneration(current, host: host), host: host, allowed: [],
      keepsMissing: false)
  }

  /// Plans one path that was changed since.
  mutating func add(_ path: FilePath, goal state: TargetState, left: TargetState) throws {
    let (now, then) = (current[path], goal[path])
    let record = RecordedTarget(
      target: now?.target ?? then?.target ?? path, resolved: path, owner: "",
      isSecret: now?.isSecret ?? then?.isSecret ?? false, written: left, first: state, blocks: [])
    // How it looked says what it holds only where the newest generation knows it as it was left.
    let known = now.map { $0.written == left } ?? true ? targets.stats[path] : nil
    let seen = try targets.inspector.look(path, written: left, known: known)
    var target: PlannedTarget
    if try targets.isBack(seen.state, state) {
      guard then != nil else { return }
      target = PlannedTarget(
        target: record.target, resolved: path, owner: nil, isSecret: record.isSecret, action: .upToDate,
        before: seen.state, after: .absent, signature: seen.signature)
    } else if let keys = keys(now, then, seen, left: left) {
      target = try targets.keysRestored(record, keys, seen, to: state, then: then?.keys ?? [])
    } else if try isWhole(path, now, then, seen, goal: state, left: left) {
      target = try targets.restoring(record, seen, to: state)
    } else {
      target = try targets.blocksRestored(record, from: now?.blocks ?? [], to: then?.blocks ?? [], seen)
    }
    target.record = then
    // Where a folder of the user's is by now.
    if case .moved = then?.first, let first = now?.first, case .moved = first { target.record?.first = first }
    target.recordKeeping = target.record
    planned.append(target)
  }

  /// The keys that go back one by one; nil where the file goes back as a whole, or has none.
  private func keys(
    _ now: RecordedTarget?, _ then: RecordedTarget?, _ seen: Inspector.Seen, left: TargetState
  ) -> [RecordedKey]? {
    guard now?.keys.isEmpty == false || then?.keys.isEmpty == false, case .file = seen.state else {
      return nil
    }
    // What was ours as a whole is so again, and what is ours as a whole goes as a whole.
    let wasWhole = then.map(\.isWhole) ?? false
    if wasWhole || now?.isWhole == true, seen.state.matches(left) { return nil }
    return now?.keys ?? []
  }

  /// The file goes back as a whole: it is ours, or nothing but blocks of ours differs.
  private func isWhole(
    _ path: FilePath, _ now: RecordedTarget?, _ then: RecordedTarget?, _ seen: Inspector.Seen,
    goal: TargetState, left: TargetState
  ) throws -> Bool {
    let blocks =
      (now?.blocks ?? [])
      + (then?.blocks ?? []).filter { old in
        now?.blocks.contains { $0.identifier == old.identifier } != true
      }
    guard !blocks.isEmpty, case .file = seen.state else { return true }
    guard seen.state.matches(left) else { return false }
    // The whole of it is ours, as it was written.
    if let now, now.blocks.isEmpty { return true }
    let text = try seen.bytes ?? host.files.read(path)
    if try targets.isOnlyOurs(text, blocks, since: goal) { return true }
    // What was ours as a whole comes back where nothing but what was there before it stands beside the blocks.
    guard let now, then?.blocks.isEmpty == true else { return false }
    return try targets.isOnlyOurs(text, now.blocks, since: now.first)
  }

  /// What the goal has and nothing changed since.
  mutating func addUnchanged() {
    let done = Set(planned.map(\.resolved))
    for target in goal.values where !done.contains(target.resolved) {
      planned.append(
        PlannedTarget(
          target: target.target, resolved: target.resolved, owner: nil, isSecret: target.isSecret,
          action: .upToDate, before: target.written, after: .absent, record: target, recordKeeping: target))
    }
  }

  /// The personal manifest, its lock, and the pins of this machine.
  mutating func addSnapshots(_ all: [Generation], leaves: Bool) throws {
    var paths: [FilePath] = []
    for snapshot in currentSnapshots + goalSnapshots where !paths.contains(snapshot.path) {
      paths.append(snapshot.path)
    }
    let changed = try leaves ? currentSnapshots.contains { try isPersons($0) } : false
    for path in paths {
      let isOwn = path.isAtOrBelow(host.places.state)
      let now = currentSnapshots.first { $0.path == path }
      let then = hasGoal ? goalSnapshots.first { $0.path == path }?.state : isOwn ? .absent : now?.first
      let seen = try Journal.look(path, key: nil, host.files)
      // What a later Outfit wrote is left alone.
      let isNewer =
        path.lastComponent?.string == LockFile.name
        && LockFile.isNewer(String(decoding: seen.bytes, as: UTF8.self))
      guard let then, let content = PlannedTarget.Content(kept: then), !seen.state.matches(then), !isNewer
      else { continue }
      var target = PlannedTarget(
        target: path, resolved: path, owner: nil, isSecret: false,
        action: then == .absent ? .remove : .restore, before: seen.state, after: content,
        signature: seen.signature)
      if isOwn {
        pins.append(target)
        continue
      }
      if changed { continue }
      guard seen.state != .other, !seen.state.isDirectory else { continue }
      target.isShared = true
      // A lock can be made again.
      target.isKeptBeside =
        path.lastComponent?.string != LockFile.name && seen.state != .absent
        && !all.contains { $0.snapshots.contains { $0.path == path && $0.state.matches(seen.state) } }
      planned.append(target)
    }
  }

  /// A personal manifest that a person wrote in since Outfit first did.
  private func isPersons(_ snapshot: RecordedSnapshot) throws -> Bool {
    guard !snapshot.path.isAtOrBelow(host.places.state), snapshot.path.lastComponent?.string != LockFile.name
    else { return false }
    if snapshot.isEdited { return true }
    let now = try Journal.state(of: snapshot.path, key: nil, host.files)
    return !now.matches(snapshot.state)
  }
}
