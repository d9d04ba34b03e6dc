import OutfitCore
import OutfitProfile
import OutfitSystem
import SystemPackage

/// Takes everything of Outfit's from this user's account, and brings back everything that was replaced.
///
/// Scope by scope it rolls back to the time before everything, each in a transaction of its own; then it removes
/// Outfit's own folders. Interrupted, it can be begun again.
public struct Uninstallation: Sendable {
  /// The scopes that are rolled back, projects first, with what changes in each.
  public var plans: [Plan] = []
  /// Outfit's own folders and files, which go.
  public var folders: [FilePath] = []
  /// Folders that Outfit made to have a place for its own; they go when nothing else came to be in them.
  public var parents: [FilePath] = []
  /// What of Outfit's folders stays, since it is the user's own: the personal layer, and contents put aside.
  public var staying: [FilePath] = []
  /// What was run and can't be undone.
  public var effects: [String] = []

  /// What would be done. It only reads.
  public static func plan(_ host: Host) throws -> Uninstallation {
    var work = Uninstallation()
    let store = Store(host)
    for scope in try ordered(host) {
      work.effects += try EffectReceipts.read(scope, host: host).keys.sorted()
      guard try Generations.current(scope, host: host) != nil else { continue }
      // A project whose folder is gone has nothing to bring back.
      if case .project(let root) = scope, !host.files.exists(root) { continue }
      work.plans.append(
        try Rollback.plan(to: 0, scope: scope, host: host, isPresent: { store.isPresent($0) }))
    }
    let places = host.places
    work.parents = Footprint.read(host)
    let recovered = Recovered.folder(host)
    if host.files.exists(recovered), try !host.files.list(recovered).isEmpty {
      work.staying.append(recovered)
    }
    if host.files.exists(places.config) {
      let names = try host.files.list(places.config)
      work.staying += names.map { places.config.appending($0) }
    }
    work.folders = [places.data, places.cache, places.state].filter { host.files.exists($0) }
    return work
  }

  private static func ordered(_ host: Host) throws -> [Scope] {
    try Generations.scopes(host).sorted { a, b in b == .machine && a != .machine }
  }

  /// Does it. What the user changed since Outfit wrote it stays as it is; what was there before Outfit is then put
  /// into `recovered` in Outfit's state, which stays.
  /// - Returns: what was done, with the files that stayed as they are.
  @discardableResult
  public static func run(_ host: Host) async throws -> (work: Uninstallation, kept: [PlannedTarget]) {
    _ = try Recovery.recover(host)
    var locks: [FileLock] = []
    for scope in try ordered(host) { locks.append(try await ScopeLock.acquire(scope, host: host)) }
    defer { withExtendedLifetime(locks) {} }
    var work = try plan(host)
    var kept: [PlannedTarget] = []
    for plan in work.plans where !plan.isEmpty {
      let outcome = try await Switch.apply(
        plan, profile: plan.previous?.profile ?? ProfileStamp(name: "", address: ""), host: host)
      for target in outcome.kept {
        kept.append(target)
        try keepFirst(of: target, plan, host)
      }
    }
    for scope in try ordered(host) { try Recovered.keepUnknown(scope, host) }
    work.staying = try self.plan(host).staying
    let lock = try await ScopeLock.acquireSwitch(host)
    defer { withExtendedLifetime(lock) {} }
    guard try host.files.status(Journal.intent(host), followLinks: false) == nil else {
      throw Failure("an interrupted switch is not undone yet, so nothing is removed", hint: "run it again")
    }
    try work.removeFolders(host)
    return (work, kept)
  }

  /// What the user had before Outfit came is not lost with Outfit's state.
  private static func keepFirst(of target: PlannedTarget, _ plan: Plan, _ host: Host) throws {
    guard let record = plan.previous?.targets.first(where: { $0.target == target.target }),
      record.blocks.isEmpty, case .file(let file) = record.first, !file.isKeyed,
      let bytes = try Generations.content(file.digest, scope: plan.scope, host: host)
    else { return }
    let name =
      "before-\(fnv1a64(target.target.string.utf8).prefix(8))-\(target.target.lastComponent?.string ?? "file")"
    try host.files.synchronize(try Recovered.keep(bytes, as: name, host))
  }

  /// First what is no use without the rest, and the records last, so that it can be begun again.
  private func removeFolders(_ host: Host) throws {
    let files = host.files
    for folder in folders {
      for name in try files.list(folder) where !staying.contains(folder.appending(name)) {
        try files.removeTree(folder.appending(name))
      }
      if try files.list(folder).isEmpty { try files.removeDirectory(folder) }
    }
    let config = host.places.config
    if files.exists(config), try files.list(config).isEmpty { try files.removeDirectory(config) }
    for parent in parents.sorted(by: { $0.string.utf8.count > $1.string.utf8.count })
    where try files.status(parent, followLinks: false)?.kind == .directory && files.list(parent).isEmpty {
      try files.removeDirectory(parent)
    }
  }
}

/// The folders that were not there before Outfit made them to have a place for its own: `.local/share` in a new
/// home. They are kept in the state as `footprint`.
public enum Footprint {
  private static func path(_ host: Host) -> FilePath { host.places.state.appending("footprint") }

  /// What is missing above Outfit's folders now; nil when Outfit's state is there already.
  public static func missing(_ host: Host) -> [FilePath]? {
    let places = host.places
    guard !host.files.exists(places.state) else { return nil }
    var missing: Set<String> = []
    for place in [places.data, places.state, places.cache, places.config] {
      var folder = place.string[...]
      while folder.dropLastName(), !host.files.exists(FilePath(String(folder))) {
        missing.insert(String(folder))
      }
    }
    return missing.sorted().map { FilePath($0) }
  }

  /// Remembers them, once Outfit's state is there.
  public static func note(_ missing: [FilePath]?, _ host: Host) {
    guard let missing, !missing.isEmpty, host.files.exists(host.places.state), !host.files.exists(path(host))
    else { return }
    var rows = Rows.Writer("outfit-footprint", version: 1)
    for folder in missing { rows.row(folder.string) }
    try? host.files.create(path(host), rows.finished(), mode: 0o600)
  }

  static func read(_ host: Host) -> [FilePath] {
    guard let bytes = try? host.files.read(path(host)),
      let rows = try? Rows.read(bytes, "outfit-footprint", version: 1).rows
    else { return [] }
    return rows.compactMap(\.first).filter { $0.hasPrefix("/") }.map { FilePath($0) }
  }
}
