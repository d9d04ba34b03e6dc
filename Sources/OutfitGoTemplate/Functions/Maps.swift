/// sprig's functions of maps. `set`, `unset` and `merge` change the map that they are given.
extension FunctionTable {
  static let maps: [Function] = {
    let plain: [Function] = [
      .pure("dict", [], rest: .any) { call in
        var entries: [Bytes: Value] = [:]
        for index in stride(from: 0, to: call.count, by: 2) {
          let key = try Conversion.text(call[index], call.run)
          entries[key] = index + 1 < call.count ? call[index + 1].held : .string([])
        }
        return try call.run.mapped(entries)
      },
      .pure("get", [.map, .text]) { $0.map(0)?.entries[$0.text(1)] ?? .string([]) },
      .pure("set", [.map, .text, .any]) { call in
        guard let map = call.map(0) else { throw Problem("nothing can't be set in nothing") }
        try call.run.spend(1)
        map.entries[call.text(1)] = call[2].held
        return call[0]
      },
      .pure("unset", [.map, .text]) { call in
        call.map(0)?.entries[call.text(1)] = nil
        return call[0]
      },
      .pure("hasKey", [.map, .text]) { .bool($0.map(0)?.entries[$0.text(1)] != nil) },
      .pure("pluck", [.text], rest: .map) { call in
        .list((1..<max(1, call.count)).compactMap { call.map($0)?.entries[call.text(0)] })
      },
      .pure("keys", [], rest: .map) { call in
        .strings(call.values.indices.flatMap { call.map($0)?.sortedKeys ?? [] })
      },
      .pure("values", [.map]) { call in
        guard let map = call.map(0) else { return .list([]) }
        return .list(map.sortedKeys.compactMap { map.entries[$0] })
      },
      .pure("pick", [.map], rest: .text) { call in
        let keys = Set(call.values.indices.dropFirst().map { call.text($0) })
        return try call.run.mapped(call.map(0)?.entries.filter { keys.contains($0.key) } ?? [:])
      },
      .pure("omit", [.map], rest: .text) { call in
        let keys = Set(call.values.indices.dropFirst().map { call.text($0) })
        return try call.run.mapped(call.map(0)?.entries.filter { !keys.contains($0.key) } ?? [:])
      },
      .pure("merge", [.map], rest: .map) { try merged($0, isOverwriting: false) },
      .pure("mergeOverwrite", [.map], rest: .map) { try merged($0, isOverwriting: true) },
      .pure("dig", [], rest: .any) { call in
        guard call.count >= 3 else { throw Problem("`dig` wants keys, a value instead, and a map") }
        guard var map = call.map(call.count - 1) else {
          throw Problem("`dig` wants a map last, and \(call[call.count - 1].description) is there")
        }
        for index in 0..<(call.count - 2) {
          guard case .string(let key) = call[index] else { throw Problem("a key of `dig` is no text") }
          guard let value = map.entries[key] else { return call[call.count - 2] }
          if index == call.count - 3 { return value }
          guard case .map(let inner) = value, !inner.isOfStrings else {
            throw Problem("`\(String(bytes: key))` is \(value.description), and has no keys")
          }
          map = inner
        }
        return call[call.count - 2]
      },
      .pure("deepCopy", [.any]) { try copy($0[0], $0.run, depth: 0) },
    ]
    return plain
      + [("merge", "mustMerge"), ("mergeOverwrite", "mustMergeOverwrite"), ("deepCopy", "mustDeepCopy")]
      .compactMap { pair in plain.first { $0.name == pair.0 }?.named(pair.1) }
  }()

  static func copy(_ value: Value, _ run: Run, depth: Int) throws -> Value {
    try run.check(depth: depth, "a value is nested too deeply")
    try run.spend(1)
    switch value {
    case .list(let list):
      return .list(List(try list.items.map { try copy($0, run, depth: depth + 1) }, element: list.element))
    case .map(let map):
      return try run.mapped(
        map.entries.mapValues { try copy($0, run, depth: depth + 1) }, isOfStrings: map.isOfStrings)
    default: return value
    }
  }

  private static func merged(_ call: Call, isOverwriting: Bool) throws -> Value {
    guard let target = call.map(0) else { throw Problem("nothing can't be merged into nothing") }
    for index in 1..<max(1, call.count) {
      guard let source = call.map(index) else { continue }
      try merge(source, into: target, isOverwriting, call.run, depth: 0)
    }
    return call[0]
  }

  private static func merge(
    _ source: Map, into target: Map, _ isOverwriting: Bool, _ run: Run, depth: Int
  ) throws {
    try run.check(depth: depth, "a value is nested too deeply")
    guard source !== target else { return }
    try run.spend(source.entries.count)
    for (key, value) in source.entries {
      switch (target.entries[key], value) {
      case (.map(let old)?, .map(let new)): try merge(new, into: old, isOverwriting, run, depth: depth + 1)
      case (let old?, _) where old.isTrue && !(isOverwriting && value.isTrue): break
      case (_?, _) where !value.isTrue && isOverwriting: break
      default: target.entries[key] = value
      }
    }
  }
}
