import OutfitCore
import OutfitProfile
import OutfitSystem
import SystemPackage

/// What of the store and of the old generations is needed, and what is not.
public struct Collection: Sendable {
  public struct Item: Hashable, Sendable {
    /// The name in the store.
    public var name: String
    /// For people; the name where an interrupted build left no more.
    public var label: String
    /// Bytes; 0 where that is not known, as for what an interrupted build left.
    public var size: Int64
    /// For people, what keeps it: `generation 3 of this machine`; nil when it goes.
    public var keptBy: String?
    /// A program that stands elsewhere, and stays there.
    public var isAdopted = false
  }

  public struct OldGeneration: Hashable, Sendable {
    public var scope: Scope
    public var number: Int
  }

  /// Of the store, sorted by name.
  public var objects: [Item] = []
  /// What was downloaded on the way to them, and is not needed any more.
  public var caches: [Item] = []
  /// Generations that go.
  public var generations: [OldGeneration] = []
  /// Projects whose folder is gone, so that all of their generations go.
  public var lostProjects: [FilePath] = []
  /// Contents that no generation that stays refers to.
  var blobs: [FilePath] = []
  /// Interpreters that a generation had which goes now.
  var onceUsed: Set<String> = []

  public var freed: [Item] { objects.filter { $0.keptBy == nil } }
  /// All that goes.
  public var going: [Item] { freed + caches }

  /// What would go and what stays, and why. It only reads.
  ///
  /// An interpreter that a generation once had stays, since a virtualenv that nobody told Outfit of may stand on it,
  /// unless it is named.
  /// - Parameters:
  ///   - keep: how many of the last generations of each scope stay; at least the current one does.
  ///   - named: objects of the store, by name, that go unless a generation or a virtualenv needs them.
  public static func plan(_ host: Host, keep: Int = 3, named: Set<String> = []) throws -> Collection {
    var collection = Collection()
    var reasons: [String: String] = [:]
    for scope in try Generations.scopes(host) {
      let all = try Generations.list(scope, host: host)
      let isLost = isLost(scope, host)
      if isLost, case .project(let root) = scope { collection.lostProjects.append(root) }
      let staying = isLost ? [] : all.suffix(max(1, keep))
      for generation in all.dropLast(staying.count) {
        collection.generations.append(OldGeneration(scope: scope, number: generation.number))
        collection.onceUsed.formUnion(generation.interpreters.map(\.object.description))
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
      // What a damaged record refers to can't be known: contents stay until it is an old one.
      let lost = isLost ? [] : try Generations.lost(scope, host: host)
      let oldest = isLost ? Int.max : staying.first?.number ?? 0
      for number in lost where number < oldest {
        collection.generations.append(OldGeneration(scope: scope, number: number))
      }
      if oldest > 0, lost.allSatisfy({ $0 < oldest }) {
        collection.blobs += try Generations.blobs(scope, host: host).unneeded(needed)
      }
    }
    try collection.look(host, reasons, named)
    collection.caches = DownloadCaches(host).items
    let layers = try LayerCheckouts(host, going: Set(collection.generations)).item
    if let layers { collection.caches.append(layers) }
    return collection
  }

  private mutating func look(_ host: Host, _ needed: [String: String], _ named: Set<String>) throws {
    let store = Store(host)
    let receipts = Dictionary(
      store.list().map { ($0.id.description, $0) }, uniquingKeysWith: { first, _ in first })
    var reasons = needed
    for one in try NamedVirtualenvs.list(host) {
      guard let object = Self.object(under: one.folder, host), reasons[object] == nil else { continue }
      reasons[object] = "the virtualenv \(one.name), \(one.folder)"
    }
    let once = onceUsed.union(try OnceUsed.read(host)).subtracting(named)
    for name in once where reasons[name] == nil && receipts[name]?.isAdopted == false {
      reasons[name] = "a virtualenv of yours may stand on it; `outfit gc \(name)` frees it"
    }
    objects = Set(receipts.keys).union(store.leftovers().filter { !$0.hasPrefix(".") }).sorted().map { name in
      Item(
        name: name, label: receipts[name]?.label ?? name, size: receipts[name]?.size ?? 0,
        keptBy: reasons[name], isAdopted: receipts[name]?.isAdopted == true)
    }
  }

  /// The object of the store that a virtualenv's Python is of (`home` of pyvenv.cfg, PEP 405).
  private static func object(under virtualenv: FilePath, _ host: Host) -> String? {
    guard let text = (try? host.files.text(virtualenv.appending("pyvenv.cfg"))) ?? nil else { return nil }
    for line in text.split(separator: "\n") where line.hasPrefix("home") {
      guard let equals = line.firstIndex(of: "=") else { continue }
      var home = FilePath(String(line[line.index(after: equals)...].drop { $0 == " " })).lexicallyNormalized()
      guard home.removePrefix(host.places.store), let name = home.components.first else { continue }
      return name.string
    }
    return nil
  }

  /// A project whose folder is not there any more, while the one that held it is: no disk that is only not mounted.
  private static func isLost(_ scope: Scope, _ host: Host) -> Bool {
    guard case .project(let root) = scope else { return false }
    return !host.files.exists(root) && host.files.exists(root.removingLastComponent())
  }

  /// Frees what is not needed. Takes the locks of all scopes, so that nothing is freed that another outfit has
  /// just built and not yet switched to.
  /// - Returns: what was freed, and what stays because it is being built.
  @discardableResult
  public static func run(_ host: Host, keep: Int = 3, named: Set<String> = []) async throws -> Collection {
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
      var collection = try plan(host, keep: keep, named: named)
      let store = Store(host)
      // Before the generations go that say so.
      try OnceUsed.write(try OnceUsed.read(host).union(collection.onceUsed).subtracting(named), host)
      for old in collection.generations {
        try host.files.removeTree(
          Generations.folder(old.scope, host: host).appending(String(old.number)))
      }
      // No power cut may bring back a generation whose contents are gone.
      for scope in Set(collection.generations.map(\.scope)) {
        try host.files.synchronizeAll(Generations.folder(scope, host: host))
      }
      for blob in collection.blobs { try host.files.removeTree(blob) }
      for root in collection.lostProjects {
        try host.files.removeTree(host.places.table(of: .project(root)))
        try host.files.removeTree(host.places.state(of: .project(root)))
      }
      // The commands that nothing offers any more.
      if !collection.lostProjects.isEmpty { try Mending.mendCommandsLocked(host) }
      for index in collection.objects.indices where collection.objects[index].keptBy == nil {
        let name = collection.objects[index].name
        if try store.tryLock(name) == nil {
          collection.objects[index].keptBy = "a build that goes on just now"
          continue
        }
        try store.remove(name)
      }
      try DownloadCaches(host).remove()
      try LayerCheckouts(host, going: []).remove()
      return collection
    }
  }
}

/// What is kept of downloads: files by their digest, and what apt knows of the distribution's archives.
private struct DownloadCaches {
  private let host: Host
  private var downloads: FilePath { host.places.cache.appending("downloads") }
  private var apt: FilePath { host.places.cache.appending("apt") }

  init(_ host: Host) { self.host = host }

  /// Those in which there is something to free.
  var items: [Collection.Item] {
    let old = oldDownloads.reduce(0) { $0 + size($1) }
    let all = [("downloads", "downloaded files", old), ("apt", "apt's lists and archives", aptSize)]
    return all.filter { $0.2 > 0 }.map { Collection.Item(name: $0.0, label: $0.1, size: $0.2) }
  }

  /// Leaves what another outfit is at just now.
  func remove() throws {
    for path in oldDownloads {
      let digest = path.lastComponent?.string.prefix { $0 != "." } ?? ""
      let lockPath = downloads.appending("\(digest).lock")
      guard let lock = try host.files.tryLock(lockPath) else { continue }
      try host.files.removeTree(path)
      try host.files.removeTree(lockPath)
      withExtendedLifetime(lock) {}
    }
    guard aptSize > 0, let lock = try host.files.tryLock(apt.appending("lock")) else { return }
    for name in try host.files.list(apt) where name != "lock" {
      try host.files.removeTree(apt.appending(name))
    }
    withExtendedLifetime(lock) {}
  }

  /// Not those of the last minute: somebody may be about to unpack them.
  private var oldDownloads: [FilePath] {
    let soon = (host.clock.now() - 60) * 1_000_000_000
    return ((try? host.files.list(downloads)) ?? []).filter { !$0.hasSuffix(".lock") }
      .map { downloads.appending($0) }
      .filter { ((try? host.files.status($0, followLinks: false)) ?? nil).map { $0.changed < soon } ?? false }
  }

  private var aptSize: Int64 {
    ((try? host.files.list(apt)) ?? []).filter { $0 != "lock" }.reduce(0) { $0 + size(apt.appending($1)) }
  }

  private func size(_ path: FilePath) -> Int64 { Self.size(path, host.files) }

  static func size(_ path: FilePath, _ files: any Files) -> Int64 {
    guard let status = (try? files.status(path, followLinks: false)) ?? nil else { return 0 }
    guard status.kind == .directory else { return status.size }
    return ((try? files.list(path)) ?? []).reduce(0) { $0 + size(path.appending($1), files) }
  }
}

/// The commits of git layers that no generation was made from, and that no address means now.
private struct LayerCheckouts {
  private let host: Host
  private let unneeded: [FilePath]

  /// - Parameter going: generations that don't count.
  init(_ host: Host, going: Set<Collection.OldGeneration>) throws {
    self.host = host
    let root = host.places.layers
    var found: [FilePath] = []
    for repository in (try? host.files.list(root)) ?? [] {
      let folder = root.appending(repository)
      found += ((try? host.files.list(folder)) ?? []).map { folder.appending($0) }
    }
    // What another outfit has just fetched, no generation has yet.
    let old = (host.clock.now() - 86_400) * 1_000_000_000
    found.removeAll { path in
      (((try? host.files.status(path, followLinks: false)) ?? nil)?.changed ?? old) >= old
    }
    guard !found.isEmpty else {
      unneeded = []
      return
    }
    let needed = try Self.needed(host, going)
    unneeded = found.filter { !needed.contains($0.lastComponent?.string ?? "") }
  }

  private static func needed(_ host: Host, _ going: Set<Collection.OldGeneration>) throws -> Set<String> {
    var needed: Set<String> = []
    func add(_ text: String?) {
      for word in (text ?? "").split(whereSeparator: { !$0.isHexDigit }) where word.utf8.count == 40 {
        needed.insert(String(word))
      }
    }
    for scope in try Generations.scopes(host) {
      for generation in try Generations.list(scope, host: host)
      where !going.contains(Collection.OldGeneration(scope: scope, number: generation.number)) {
        add(generation.profile.commit)
        for target in generation.targets {
          if case .link(let destination) = target.written { add(destination) }
        }
        for snapshot in generation.snapshots where snapshot.path.lastComponent?.string == Layer.commitsName {
          guard case .file(let file) = snapshot.state else { continue }
          add(
            try Generations.content(file.digest, scope: scope, host: host).map {
              String(decoding: $0, as: UTF8.self)
            })
        }
      }
      add(try? host.files.text(host.places.state(of: scope).appending(Layer.commitsName)))
    }
    // What an address means, as `GitProfiles` remembers it.
    let cache = host.places.cache.appending("git")
    for repository in (try? host.files.list(cache)) ?? [] {
      let references = cache.appending(repository).appending("refs")
      for name in (try? host.files.list(references)) ?? [] {
        add(try? host.files.text(references.appending(name)))
      }
    }
    return needed
  }

  var item: Collection.Item? {
    let size = unneeded.reduce(0) { $0 + DownloadCaches.size($1, host.files) }
    return unneeded.isEmpty
      ? nil : Collection.Item(name: "layers", label: "commits of git layers", size: size)
  }

  func remove() throws {
    for path in unneeded { try host.files.removeTree(path) }
  }
}

/// The interpreters that generations had which are gone by now, one name of the store a line.
enum OnceUsed {
  private static func file(_ host: Host) -> FilePath { host.places.state.appending("interpreters-once-used") }

  static func read(_ host: Host) throws(FileError) -> Set<String> {
    Set((try host.files.text(file(host)) ?? "").split(separator: "\n").map(String.init))
  }

  static func write(_ names: Set<String>, _ host: Host) throws(FileError) {
    guard try read(host) != names else { return }
    let new = host.places.state.appending(".interpreters-once-used.new")
    try host.files.removeTree(new)
    try host.files.create(new, Array(names.sorted().map { $0 + "\n" }.joined().utf8), mode: 0o600)
    try host.files.synchronize(new)
    try host.files.rename(new, to: file(host))
    try host.files.synchronize(host.places.state)
  }
}
extension Generation {
  /// The contents that it refers to.
  var contents: Set<Digest> {
    var contents = priorContents
    func add(_ state: TargetState) {
      if case .file(let file) = state { contents.insert(file.digest) }
    }
    for target in targets { add(target.written) }
    for change in changes { add(change.after) }
    return contents
  }

  /// The contents that going back to it, or from it, can't do without.
  var priorContents: Set<Digest> {
    var contents: Set<Digest> = []
    func add(_ state: TargetState) {
      guard case .file(let file) = state else { return }
      if !file.isKeyed { contents.insert(file.digest) }
      if let attributes = file.attributes { contents.insert(attributes) }
    }
    for target in targets {
      add(target.first)
      if !target.isSecret { contents.formUnion(target.blocks.map(\.body)) }
    }
    for change in changes { add(change.before) }
    for snapshot in snapshots {
      add(snapshot.state)
      if let first = snapshot.first { add(first) }
    }
    return contents
  }
}
