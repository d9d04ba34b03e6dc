import OutfitCore
import OutfitSystem

extension Builder {
  /// Builds objects anew, at their places, from fresh copies: whatever an installer has cached of their packages is
  /// thrown away first.
  ///
  /// What stood before comes back where that fails. Objects that do not stand are built.
  /// - Parameter all: every object of the proposal; what the objects stand on is built as ever where it is missing.
  /// - Throws: `CancellationError`, after everything stands as before; `Failure` when one is being built elsewhere.
  public func rebuild(_ objects: [Object], among all: [Object]) async throws -> BuildOutcome {
    let chosen = Set(objects.map(\.id))
    var needed = Set(objects.flatMap(\.prerequisites)).subtracting(chosen)
    var growing = true
    while growing {
      let more = all.filter { needed.contains($0.id) }.reduce(into: needed) { $0.formUnion($1.prerequisites) }
      growing = more.count > needed.count
      needed = more
    }
    _ = try await build(all.filter { needed.contains($0.id) && !chosen.contains($0.id) })
    var fresh = self
    fresh.isFresh = true
    var aside: [ObjectID: Store.SetAside] = [:]
    func putBack(_ ids: some Sequence<ObjectID>) throws {
      for id in ids {
        if let one = aside.removeValue(forKey: id) { try store.putBack(one) }
      }
    }
    do {
      for object in objects where aside[object.id] == nil {
        if let one = try store.setAside(object.id) { aside[object.id] = one }
      }
      let outcome = try await fresh.build(objects)
      try putBack(outcome.failed.keys)
      for one in aside.values { store.discard(one) }
      return outcome
    } catch {
      try putBack(Array(aside.keys))
      throw error
    }
  }
}
