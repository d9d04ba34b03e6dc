import OutfitCore
import OutfitProfile
import OutfitSystem
import SystemPackage

/// What of the store and of the old generations is needed, and what is not.
public struct Collection: Sendable {
  public struct Item: Hashable, Sendable {
    /// The name in the store.
    public var name: String
    /// Bytes; 0 where that is not known, as for what an interrupted build left.
    public var size: Int64
    /// For people, what keeps it: `generation 3 of this machine`; nil when it goes.
    public var keptBy: String?
  }

  public struct OldGeneration: Hashable, Sendable {
    public var scope: Scope
    public var number: Int
  }

  /// Of the store, sorted by name.
  public var objects: [Item] = []
  /// Generations that go.
  public var generations: [OldGeneration] = []
  /// Contents that no generation that stays refers to.
  var blobs: [FilePath] = []

  public var freed: [Item] { objects.filter { $0.keptBy == nil } }

  /// What would go and what stays, and why. It only reads.
  /// - Parameter keep: how many of the last generations of each scope stay; at least the current one does.
  public static func plan(_ host: Host, keep: Int = 3) throws -> Collection {
    var collection = Collection()
    var reasons: [String: String] = [:]
    for scope in try Generations.scopes(host) {
      let all = try Generations.list(scope, host: host)
      let staying = all.suffix(max(1, keep))
      collection.generations += all.dropLast(staying.count).map {
        OldGeneration(scope: scope, number: $0.number)
      }
      var needed: Set<Digest> = []
      for generation in staying.reversed() {
        for object in generation.objects {
          for id in [object.id] + object.inputs where reasons[id.description] == nil {
            reasons[id.description] = "generation \(generation.number) of \(scope.label)"
          }
        }
        needed.formUnion(generation.contents)
      }
      let blobs = Generations.blobs(scope, host: host)
      guard host.files.exists(blobs.folder) else { continue }
      for name in try host.files.list(blobs.folder) {
        if let digest = Digest(name), needed.contains(digest) { continue }
        collection.blobs.append(blobs.folder.appending(name))
      }
    }
    let store = Store(host)
    let sizes = Dictionary(
      store.list().map { ($0.id.description, $0.size) }, uniquingKeysWith: { first, _ in first })
    collection.objects = Set(sizes.keys).union(store.leftovers().filter { !$0.hasPrefix(".") }).sorted()
      .map { Item(name: $0, size: sizes[$0] ?? 0, keptBy: reasons[$0]) }
    return collection
  }

  /// Frees what is not needed. Takes the locks of all scopes, so that nothing is freed that another outfit has
  /// just built and not yet switched to.
  /// - Returns: what was freed, and what stays because it is being built.
  @discardableResult
  public static func run(_ host: Host, keep: Int = 3) async throws -> Collection {
    _ = try Recovery.recover(host)
    var locks: [FileLock] = []
    for scope in try Generations.scopes(host) {
      locks.append(try await ScopeLock.acquire(scope, host: host))
    }
    locks.append(try await ScopeLock.acquireSwitch(host))
    return try withExtendedLifetime(locks) {
      guard try host.files.status(Journal.intent(host), followLinks: false) == nil else {
        throw Failure("an interrupted switch is not undone yet, so nothing is freed", hint: "run it again")
      }
      var collection = try plan(host, keep: keep)
      let store = Store(host)
      for old in collection.generations {
        try host.files.removeTree(
          Generations.folder(old.scope, host: host).appending(String(old.number)))
      }
      for blob in collection.blobs { try host.files.removeTree(blob) }
      for index in collection.objects.indices where collection.objects[index].keptBy == nil {
        let name = collection.objects[index].name
        if try store.tryLock(name) == nil {
          collection.objects[index].keptBy = "a build that goes on just now"
          continue
        }
        try store.remove(name)
      }
      return collection
    }
  }
}

extension Generation {
  /// The contents that it refers to.
  fileprivate var contents: Set<Digest> {
    var contents: Set<Digest> = []
    func add(_ state: TargetState) {
      if case .file(let file) = state { contents.insert(file.digest) }
    }
    for target in targets {
      add(target.written)
      add(target.first)
      for block in target.blocks { contents.insert(block.body) }
    }
    for change in changes {
      add(change.before)
      add(change.after)
    }
    for snapshot in snapshots { add(snapshot.state) }
    return contents
  }
}
