/// sprig's functions of lists. Each makes a new list.
extension FunctionTable {
  static let lists: [Function] = {
    let plain: [Function] = [
      .pure("list", [], rest: .any) { .list(try grown($0, $0.values.map(\.held))) },
      .pure("tuple", [], rest: .any) { .list(try grown($0, $0.values.map(\.held))) },
      .pure("first", [.any]) { try $0.list(0).items.first ?? .missing },
      .pure("last", [.any]) { try $0.list(0).items.last ?? .missing },
      .pure("rest", [.any]) { call in
        let items = try call.list(0).items
        return .list(List(Array(items.dropFirst()), isNil: items.isEmpty))
      },
      .pure("initial", [.any]) { call in
        let items = try call.list(0).items
        return .list(List(Array(items.dropLast()), isNil: items.isEmpty))
      },
      .pure("append", [.any, .any]) { .list(try grown($0, $0.list(0).items + [$0[1].held])) },
      .pure("push", [.any, .any]) { .list(try grown($0, $0.list(0).items + [$0[1].held])) },
      .pure("prepend", [.any, .any]) { .list(try grown($0, [$0[1].held] + $0.list(0).items)) },
      .pure("concat", [], rest: .any) { call in
        let list = try grown(call, call.values.indices.flatMap { try call.list($0).items })
        return .list(List(list.items, isNil: list.items.isEmpty))
      },
      .pure("reverse", [.any]) { .list(Array(try $0.list(0).items.reversed())) },
      .pure("compact", [.any]) { .list(try $0.list(0).items.filter(\.isTrue)) },
      .pure("uniq", [.any]) { call in
        var kept: [Value] = []
        for item in try call.list(0).items where try !holds(kept, item, call.run) { kept.append(item) }
        return .list(kept)
      },
      .pure("without", [.any], rest: .any) { call in
        let omitted = Array(call.values.dropFirst())
        return .list(try call.list(0).items.filter { try !holds(omitted, $0, call.run) })
      },
      .pure("has", [.any, .any]) { call in
        call[1].isNothing ? .bool(false) : .bool(try holds(call.list(1).items, call[0], call.run))
      },
      .pure("slice", [.any], rest: .any) { call in
        let list = try call.list(0)
        guard !list.items.isEmpty else { return .missing }
        let start = call.count > 1 ? Conversion.int(call[1]) : 0
        let end = call.count > 2 ? Conversion.int(call[2]) : list.items.count
        guard start >= 0, start <= end, end <= list.items.count else {
          throw Problem("the list has \(list.items.count) elements; \(start) to \(end) are not among them")
        }
        return .list(List(Array(list.items[start..<end]), element: list.element))
      },
      .pure("chunk", [.int, .any]) { call in
        let (size, items) = (call.int(0), try call.list(1).items)
        guard size > 0 else { throw Problem("a part of a list can't have \(size) elements") }
        let parts = stride(from: 0, to: items.count, by: size).map {
          Value.list(Array(items[$0..<min($0 + size, items.count)]))
        }
        let list = List(parts, element: .list)
        _ = try grown(call, list.items)
        return .list(list)
      },
    ]
    let strict = [
      "First", "Last", "Rest", "Initial", "Append", "Push", "Prepend", "Reverse", "Compact", "Uniq",
      "Without", "Has", "Slice", "Chunk",
    ]
    return plain
      + strict.compactMap { name in
        plain.first { $0.name == name.lowercased() }?.named("must" + name)
      }
  }()

  private static func grown(_ call: Call, _ items: [Value]) throws -> List {
    try call.run.spend(1 + items.count / 8)
    let list = List(items)
    guard list.depth < 500 else { throw Problem.limit("lists lie too deeply within each other") }
    return list
  }

  private static func holds(_ items: [Value], _ needle: Value, _ run: Run) throws -> Bool {
    for item in items where try Comparison.isDeeplyEqual(needle, item, run) { return true }
    return false
  }
}

extension Value {
  /// As a list or a map holds it: nothing is `nil` there.
  var held: Value { if case .missing = self { .null } else { self } }
}
