import OutfitCore
import OutfitProfile
import OutfitSystem
import SystemPackage

/// Going back to what an earlier generation had.
public enum Rollback {
  /// A plan that puts back, byte for byte, what stood there when a generation was the current one. `Switch.apply`
  /// makes it a new generation, which can be rolled back too. What the user changed since is a conflict.
  /// - Parameter number: the generation to have again; nil is the one before the current, 0 the time before
  ///   everything.
  /// - Throws: `Failure` with status `usage` when there is no such generation.
  public static func plan(
    to number: Int? = nil, scope: Scope, host: Host, isPresent: (ObjectID) -> Bool
  ) throws -> Plan {
    let all = try Generations.list(scope, host: host)
    guard let current = all.last else {
      throw Failure("there is nothing to go back to: \(scope.label) has no generation yet")
    }
    let number = number ?? (all.dropLast().last?.number ?? 0)
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
    for generation in newer.reversed() {
      for change in generation.changes {
        paths[change.path] = (change.before, paths[change.path]?.left ?? change.after)
      }
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

    // The personal layer is the user's to edit between switches.
    for snapshot in current.snapshots where paths[snapshot.path] != nil {
      paths[snapshot.path]?.left = snapshot.state
    }
    for snapshot in goal?.snapshots ?? [] where paths[snapshot.path] != nil {
      paths[snapshot.path]?.goal = snapshot.state
    }

    var planner = try RollbackPlanner(scope: scope, current: current, goal: goal, host: host)
    for (path, states) in paths { try planner.add(path, goal: states.goal, left: states.left) }
    planner.addUnchanged()
    try planner.addSnapshots()
    plan.targets = planner.planned.sorted { $0.target.string < $1.target.string }
    plan.settle()
    return plan
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

  init(scope: Scope, current: Generation, goal: Generation?, host: Host) throws {
    func byPath(_ targets: [RecordedTarget]) -> [FilePath: RecordedTarget] {
      Dictionary(targets.map { ($0.resolved, $0) }, uniquingKeysWith: { first, _ in first })
    }
    self.current = byPath(current.targets)
    self.goal = byPath(goal?.targets ?? [])
    currentSnapshots = current.snapshots
    goalSnapshots = goal?.snapshots ?? []
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
    let seen = try targets.inspector.look(path, written: left, known: targets.stats[path])
    var target: PlannedTarget
    if seen.state.matches(state) {
      guard then != nil else { return }
      target = PlannedTarget(
        target: record.target, resolved: path, owner: nil, isSecret: record.isSecret, action: .upToDate,
        before: seen.state, after: .absent, signature: seen.signature)
    } else if try isWhole(path, now, then, seen, goal: state, left: left) {
      target = targets.restoring(record, seen, to: state)
    } else {
      target = try targets.blocksRestored(record, from: now?.blocks ?? [], to: then?.blocks ?? [], seen)
    }
    target.record = then
    target.recordKeeping = then
    planned.append(target)
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
    return try targets.isOnlyOurs(try seen.bytes ?? host.files.read(path), blocks, since: goal)
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

  /// The personal manifest and its lock.
  mutating func addSnapshots() throws {
    for snapshot in goalSnapshots {
      guard let now = currentSnapshots.first(where: { $0.path == snapshot.path }), now != snapshot,
        !planned.contains(where: { $0.resolved == snapshot.path })
      else { continue }
      let record = RecordedTarget(
        target: snapshot.path, resolved: snapshot.path, owner: "", isSecret: false, written: now.state,
        first: snapshot.state, blocks: [])
      let seen = try targets.inspector.look(snapshot.path, written: nil, known: nil)
      if !seen.state.matches(snapshot.state) {
        planned.append(targets.restoring(record, seen, to: snapshot.state))
      }
    }
  }
}
