import OutfitConsent
import OutfitCore
import OutfitProfile
import OutfitSystem
import SystemPackage

/// Takes everything of Outfit's from this user's account, and brings back everything that was replaced.
///
/// Scope by scope it rolls back to the time before everything, each in a transaction of its own; then Outfit's own
/// folders go, see `Leaving`. Interrupted at any point, it can be begun again, and nothing is lost.
public struct Uninstallation: Sendable {
  /// The scopes that are rolled back, projects first, with what changes in each.
  public var plans: [Plan] = []
  /// Outfit's own folders and files, which go.
  public var folders: [FilePath] = []
  /// What of Outfit's folders stays, since it is the user's own: the personal layer, and contents put aside.
  public var staying: [FilePath] = []
  /// What was run and can't be undone.
  public var effects: [String] = []

  /// What would be done. It only reads.
  public static func plan(_ host: Host) throws -> Uninstallation {
    var work = Uninstallation()
    let store = Store(host)
    for scope in try ordered(host) {
      work.effects += try EffectReceipts.read(scope, host: host).values.map(\.label).sorted()
      guard try Generations.current(scope, host: host) != nil else { continue }
      // A project whose folder is gone has nothing to bring back.
      if case .project(let root) = scope, !host.files.exists(root) { continue }
      var plan = try Rollback.plan(
        to: 0, scope: scope, host: host, leaves: true, isPresent: { store.isPresent($0) })
      try plan.keepWhatIsLost(host)
      work.plans.append(plan)
    }
    let places = host.places
    let recovered = Recovered.folder(host)
    if host.files.exists(recovered), try !host.files.list(recovered).isEmpty {
      work.staying.append(recovered)
    }
    if host.files.exists(places.config) {
      let going = Set(work.plans.flatMap(\.differing).map(\.target))
      work.staying += try host.files.list(places.config).map { places.config.appending($0) }
        .filter { !going.contains($0) }
    }
    work.folders = [places.data, places.cache, places.state].filter { folder in
      guard host.files.exists(folder) else { return false }
      // What was put aside is all that an uninstallation leaves.
      return folder != places.state || (try? host.files.list(folder)) != [Recovered.name]
    }
    return work
  }

  private static func ordered(_ host: Host) throws -> [Scope] {
    try Generations.scopes(host).sorted { a, b in b == .machine && a != .machine }
  }

  /// Does it. What the user changed since Outfit wrote it stays as it is; what was there before Outfit is then put
  /// into `recovered` in Outfit's state, which stays.
  /// - Parameter links: what leads to the installed Outfit from elsewhere, and goes with it.
  /// - Returns: what was done, with the files that stayed as they are.
  @discardableResult
  public static func run(
    _ host: Host, links: [FilePath] = []
  ) async throws -> (work: Uninstallation, kept: [PlannedTarget]) {
    _ = try Recovery.recover(host)
    let missing = Footprint.missing(host) ?? []
    var locks: [FileLock] = []
    var back: [Scope] = []
    var work: Uninstallation
    var kept: [PlannedTarget] = []
    do {
      for scope in try ordered(host) { locks.append(try await ScopeLock.acquire(scope, host: host)) }
      work = try plan(host)
      for scope in try ordered(host) {
        // Once it has gone back, no record says any more what is needed for that.
        try keepFirst(scope, work.plans.first { $0.scope == scope }, host)
        try Recovered.keepUnknown(scope, host)
      }
      for plan in work.plans {
        if !plan.isEmpty {
          let outcome = try await Switch.apply(
            plan, by: .generation(plan.scope),
            profile: plan.previous?.profile ?? ProfileStamp(name: "", address: ""), host: host)
          kept += outcome.kept
        }
        back.append(plan.scope)
      }
      let lock = try await ScopeLock.acquireSwitch(host)
      locks.append(lock)
      guard try host.files.status(Journal.intent(host), followLinks: false) == nil else {
        throw Failure("an interrupted switch is not undone yet")
      }
      work.staying = try self.plan(host).staying
      try Leaving.begin(
        parents: Footprint.read(host.places.state, host.files).union(missing)
          .union(Footprint.ofInstaller(host)),
        host)
    } catch {
      throw stopped(error, back)
    }
    defer { withExtendedLifetime(locks) {} }
    do {
      try Leaving.finish(links: links, keepsProgram: false, host)
    } catch let error as FileError {
      throw Failure(
        "everything that Outfit replaced is back, but not all of Outfit's own is gone: \(error)",
        hint: "mend that, and run it again: it goes on from there")
    }
    return (work, kept)
  }

  /// What was done by then, and what was not.
  private static func stopped(_ error: any Error, _ back: [Scope]) -> any Error {
    if error is CancellationError { return error }
    var failure =
      error as? Failure ?? Failure((error as? FileError).map { "\($0)" } ?? "\(error)")
    let done = back.map(\.label).joined(separator: ", ")
    failure.diagnostics.append(
      Diagnostic(
        .note,
        back.isEmpty
          ? "nothing is taken out yet" : "as before Outfit by now: \(done); the rest is not taken out yet",
        hint: "mend that, and run it again: it goes on from there"))
    return failure
  }

  /// What the user had before Outfit came is not lost with Outfit's state, where it does not come back: now, or when
  /// Outfit let go of a file that the user had changed.
  private static func keepFirst(_ scope: Scope, _ plan: Plan?, _ host: Host) throws {
    if case .project(let root) = scope, !host.files.exists(root) { return }
    var lost = (plan?.conflicts ?? []).compactMap { target in
      plan?.previous?.targets.first { $0.target == target.target }
    }
    let all = try Generations.list(scope, host: host)
    for (then, next) in zip(all, all.dropFirst()) {
      let managed = Set(next.targets.map(\.resolved.string))
      let after = Dictionary(
        next.changes.map { ($0.path.string, $0.after) }, uniquingKeysWith: { $1 })
      lost += then.targets.filter { record in
        !managed.contains(record.resolved.string) && !record.written.matches(record.first)
          && after[record.resolved.string]?.matches(record.first) != true
      }
    }
    for record in lost {
      guard record.isWhole, case .file(let file) = record.first, !file.isKeyed,
        try !Journal.state(of: record.resolved, key: nil, host.files).matches(record.first),
        let bytes = try Generations.content(file.digest, scope: scope, host: host)
      else { continue }
      let name =
        "before-\(fnv1a64(record.target.string.utf8).prefix(8))-\(record.target.lastComponent?.string ?? "file")"
      try host.files.synchronize(try Recovered.keep(bytes, as: name, host))
    }
  }
}

extension Plan {
  /// A content that is gone from where it was kept is no reason to stay for ever: the file stays as it is, and is named.
  fileprivate mutating func keepWhatIsLost(_ host: Host) throws {
    let blobs = Generations.blobs(scope, host: host)
    for index in targets.indices {
      guard case .file(.kept(let digest, _), _, _) = targets[index].after, targets[index].action != .upToDate,
        try blobs.read(digest) == nil
      else { continue }
      targets[index].action = .conflict
      targets[index].conflict = Conflict(
        reason: .notKept, message: "what was there before can't be found any more", canTake: false)
    }
  }
}
