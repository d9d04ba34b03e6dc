import OutfitConsent
import OutfitCore
import OutfitFetch
import OutfitSystem
import SystemPackage

/// Builds objects in the store, several at once, each after those that it stands on.
public struct Builder: Sendable {
  let host: Host
  public let store: Store
  let fetcher: any Fetching
  let progress: any OutfitSystem.Progress
  let isOffline: Bool
  let repositories: (any Repositories)?
  /// How many are built at once.
  var width = 4
  /// Nothing that an installer has cached is used.
  var isFresh = false

  /// - Parameter consented: what is built is of this profile, or of a generation.
  public init(
    _ consented: Consented, host: Host, store: Store, fetcher: any Fetching,
    progress: any OutfitSystem.Progress, isOffline: Bool, repositories: (any Repositories)? = nil
  ) {
    self.repositories = repositories
    self.host = host
    self.store = store
    self.fetcher = fetcher
    self.progress = progress
    self.isOffline = isOffline
  }

  /// Builds what is not there yet. A failure takes along what stands on it; the rest goes on.
  ///
  /// What is in `built` and `reused` is whole and durable when this returns.
  /// - Throws: `CancellationError` only. What was finished by then stays.
  public func build(_ objects: [Object]) async throws -> BuildOutcome {
    var work = Work(objects, isPresent: store.isPresent)
    if !work.hasSomethingToDo { return work.outcome }
    progress.expect(work.count)
    Scratch.sweep(host)
    do {
      let places = host.places
      for folder in [store.root, places.state, places.cache] {
        try host.files.createDirectories(folder, mode: 0o700)
      }
    } catch {
      for object in objects { work.fail(object.id, Diagnostic(.error, "\(error)")) }
      return work.outcome
    }
    var finished: [Finished] = []
    var lastCommit = host.clock.uptime()
    var isCancelled = false
    await withTaskGroup(of: (ObjectID, Result<Finished, any Error>).self) { group in
      var running = 0
      while true {
        while !isCancelled, running < width, let object = work.next() {
          running += 1
          group.addTask { await finish(object) }
        }
        guard running > 0, let (id, result) = await group.next() else { break }
        running -= 1
        switch result {
        case .success(let done):
          finished.append(done)
          work.finish(id)
          if host.clock.uptime() > lastCommit + 5_000_000_000 {
            commit(&finished, &work)
            lastCommit = host.clock.uptime()
          }
        case .failure(let error):
          if error is CancellationError || Task.isCancelled {
            isCancelled = true
          } else {
            work.fail(id, diagnostic(error))
          }
        }
        if Task.isCancelled { isCancelled = true }
      }
    }
    commit(&finished, &work)
    if !isCancelled { work.failWaiting() }
    if isCancelled { throw CancellationError() }
    return work.outcome
  }

  /// An object that is built and not yet valid, and what keeps others away from it.
  private struct Finished: Sendable {
    /// Nil when another process built it meanwhile.
    var receipt: Receipt?
    var id: ObjectID
    var lock: FileLock?
  }

  private func commit(_ finished: inout [Finished], _ work: inout Work) {
    do {
      try store.commit(finished.compactMap(\.receipt))
    } catch {
      for done in finished where done.receipt != nil { work.fail(done.id, Diagnostic(.error, "\(error)")) }
    }
    finished = []
  }

  private func diagnostic(_ error: any Error) -> Diagnostic {
    if let failure = error as? Failure { return failure.single }
    let isFull = (error as? FileError)?.isFull == true
    return Diagnostic(
      .error, "\(error)",
      hint: isFull ? "free some space; `outfit gc` removes what nothing needs any more" : nil)
  }

  private func finish(_ object: Object) async -> (ObjectID, Result<Finished, any Error>) {
    let id = object.id
    progress.started(id: id.description, label: object.label)
    do {
      let done = try await buildLocked(object)
      progress.finished(id: id.description)
      return (id, .success(done))
    } catch {
      progress.failed(
        id: id.description, reason: error is CancellationError ? "interrupted" : diagnostic(error).message)
      return (id, .failure(error))
    }
  }

  private func buildLocked(_ object: Object) async throws -> Finished {
    let lock = try await lock(object)
    if store.isPresent(object.id) { return Finished(id: object.id, lock: nil) }
    let out = store.path(of: object.id)
    do {
      try host.files.removeTree(out)
      let contents = try await Construction(builder: self, object: object, out: out).run()
      if !object.isAdopted { try store.keep(contents, of: object.id) }
      let receipt = Receipt(
        id: object.id, label: object.label, inputs: object.inputs.map(\.description),
        built: host.clock.now(), size: contents.size, isAdopted: object.isAdopted,
        facts: object.facts)
      return Finished(receipt: receipt, id: object.id, lock: lock)
    } catch {
      try? host.files.removeTree(out)
      throw error
    }
  }

  private func lock(_ object: Object) async throws -> FileLock {
    var isFirst = true
    while true {
      if let lock = try store.tryLock(object.id.description) { return lock }
      if isFirst {
        progress.step(id: object.id.description, text: "waiting for another outfit that builds it")
        isFirst = false
      }
      try await host.clock.sleep(seconds: 0.2)
      try Task.checkCancellation()
    }
  }
}

/// What became of objects that were to be built.
public struct BuildOutcome: Sendable {
  /// In the order in which they were finished.
  public var built: [ObjectID] = []
  /// They stood already.
  public var reused: [ObjectID] = []
  /// Those that failed by themselves, and those that stand on one that did.
  public var failed: [ObjectID: Diagnostic] = [:]

  public init() {}
}

extension Object {
  var facts: [String] {
    guard case .adopt(let adoption) = recipe else { return [] }
    return ["program \(adoption.program)", Receipt.stat + adoption.fingerprint] + adoption.facts
  }

  /// What it takes to build it, roughly: the more is pinned, the more is fetched.
  fileprivate var weight: Int {
    guard case .run(let run) = recipe else { return .max }
    return run.files.values.reduce(0) { $0 + $1.count }
  }

  var isAdopted: Bool {
    if case .adopt = recipe { return true }
    return false
  }
}

/// Which objects wait, and for what.
private struct Work {
  private var waiting: [Object]
  private let labels: [ObjectID: String]
  private let isPresent: (ObjectID) -> Bool
  private(set) var outcome = BuildOutcome()
  private var done: Set<ObjectID> = []

  init(_ objects: [Object], isPresent: @escaping (ObjectID) -> Bool) {
    self.isPresent = isPresent
    var labels: [ObjectID: String] = [:]
    var waiting: [Object] = []
    for object in objects where labels[object.id] == nil {
      labels[object.id] = object.label
      if isPresent(object.id) {
        done.insert(object.id)
        outcome.reused.append(object.id)
      } else {
        waiting.append(object)
      }
    }
    self.labels = labels
    // What takes longest comes first, so that nobody waits for it alone at the end.
    self.waiting = waiting.enumerated().sorted {
      let (one, other) = ($0.element.weight, $1.element.weight)
      return one == other ? $0.offset < $1.offset : one > other
    }.map(\.element)
  }

  var hasSomethingToDo: Bool { !waiting.isEmpty }
  /// How many are to be built.
  var count: Int { waiting.count }

  /// The next object that nothing keeps from being built. Fails those whose prerequisites can't be had.
  mutating func next() -> Object? {
    var i = 0
    while i < waiting.count {
      let object = waiting[i]
      let lacking = object.prerequisites.filter { !done.contains($0) }.sorted()
      if let broken = lacking.first(where: { outcome.failed[$0] != nil }) {
        let label = labels[broken] ?? broken.description
        fail(object.id, Diagnostic(.error, "\(object.label) was not built, because \(label) could not be"))
        i = 0
      } else if let missing = lacking.first(where: { labels[$0] == nil && !isPresent($0) }) {
        fail(object.id, Diagnostic(.error, "\(object.label) needs \(missing), which is not in the store"))
        i = 0
      } else if lacking.allSatisfy({ labels[$0] == nil }) {
        return waiting.remove(at: i)
      } else {
        i += 1
      }
    }
    return nil
  }

  /// Objects that stand on one another in a circle are never ready.
  mutating func failWaiting() {
    for object in waiting {
      fail(object.id, Diagnostic(.error, "\(object.label) stands on itself: a mistake in Outfit"))
    }
  }

  mutating func finish(_ id: ObjectID) {
    done.insert(id)
    outcome.built.append(id)
  }

  mutating func fail(_ id: ObjectID, _ diagnostic: Diagnostic) {
    waiting.removeAll { $0.id == id }
    outcome.built.removeAll { $0 == id }
    done.remove(id)
    outcome.failed[id] = diagnostic
  }
}
