/// chezmoi's own functions of values.
extension FunctionTable {
  static let chezmoi: [Function] = [
    .pure("comment", [.text, .text]) { call in
      .string(try prefixed(call.text(1), call.run) { _ in call.text(0) })
    },
    .pure("ensureLinePrefix", [], rest: .text) { call in
      guard call.count == 2 || call.count == 3 else {
        throw Problem("`ensureLinePrefix` wants 2 or 3 arguments, and has \(call.count)")
      }
      let (prefix, added) = (call.text(0), call.text(call.count - 2))
      return .string(
        try prefixed(call.text(call.count - 1), call.run) { $0.starts(with: prefix) ? [] : added })
    },
    .pure("eqFold", [.text, .text], rest: .text) { call in
      func folded(_ index: Int) -> Bytes { call.text(index).mapRunes { Bytes($0.goUpper.goLower) } }
      let first = folded(0)
      return .bool((1..<call.count).contains { folded($0) == first })
    },
    .pure("quoteList", [.any]) { call in
      .strings(try Conversion.flatTexts(call[0], call.run).map { Quoting.quoted($0) })
    },
    .pure("shellQuote", [.text]) { .string(ShellQuoting.quoted($0.text(0))) },
    .pure("shellQuoteList", [], rest: .any) { call in
      .strings(try Conversion.flatTexts(.list(call.values), call.run).map(ShellQuoting.quoted))
    },
    .pure("setValueAtPath", [.any, .any, .any]) { call in
      let keys = try ValuePaths.keys(call[0])
      let result = if case .map(let map) = call[2] { map } else { try call.run.map() }
      var map = result
      for key in keys.dropLast() {
        if case .map(let inner)? = map.entries[key], !inner.isOfStrings {
          map = inner
        } else {
          let inner = try call.run.map()
          map.entries[key] = .map(inner)
          map = inner
        }
      }
      if let last = keys.last { map.entries[last] = call[1].held }
      return .map(result)
    },
    .pure("deleteValueAtPath", [.text, .map]) { call in
      let keys = try ValuePaths.keys(call[0])
      guard var map = call.map(1) else { return call[1] }
      for key in keys.dropLast() {
        guard case .map(let inner)? = map.entries[key] else { return call[1] }
        map = inner
      }
      if let last = keys.last { map.entries[last] = nil }
      return call[1]
    },
    .pure("pruneEmptyDicts", [.map]) { call in
      if let map = call.map(0) { _ = try pruned(map, call.run, depth: 0) }
      return call[0]
    },
    .pure("debugf", [.text], rest: .any) { _ in .string([]) },
    .pure("warnf", [.text], rest: .any) { _ in .string([]) },
    .pure("abortEmpty", []) { _ in
      throw Problem("the template ends with an empty file", kind: .ended(isSkipped: false))
    },
  ]

  private static func prefixed(
    _ text: Bytes, _ run: Run, _ prefix: (ArraySlice<UInt8>) -> Bytes
  ) throws -> Bytes {
    var result: Bytes = []
    var start = 0
    while start < text.count {
      let end = text.find([10], from: start).map { $0 + 1 } ?? text.count
      result += prefix(text[start..<end])
      result += text[start..<end]
      guard result.count <= run.limits.output else { throw Problem.limit("a text would be too long") }
      start = end
    }
    try run.make(bytes: result.count)
    return result
  }

  /// Takes empty maps out; whether `map` is empty then.
  private static func pruned(_ map: Map, _ run: Run, depth: Int) throws -> Bool {
    try run.check(depth: depth, "a value is nested too deeply")
    try run.spend(map.entries.count)
    for (key, value) in map.entries {
      if case .map(let inner) = value, try pruned(inner, run, depth: depth + 1) { map.entries[key] = nil }
    }
    return map.entries.isEmpty
  }
}

/// Paths to values: texts with dots, or lists of keys.
enum ValuePaths {
  static func keys(_ path: Value) throws -> [Bytes] {
    let keys: [Bytes]
    switch path {
    case .string(let text): keys = text.pieces(separator: [46])
    case .list(let list):
      keys = try list.items.map {
        guard case .string(let key) = $0 else {
          throw Problem("a key of a path is \($0.description), and no text")
        }
        return key
      }
    default: throw Problem("a path is a text or a list, and \(path.description) is there")
    }
    guard !keys.isEmpty, keys.allSatisfy({ !$0.isEmpty }) else { throw Problem("a path has an empty key") }
    return keys
  }
}

/// Texts as a POSIX shell takes them.
enum ShellQuoting {
  static func quoted(_ text: Bytes) -> Bytes {
    if text.isEmpty { return Bytes("''") }
    let harmless = Bytes("+-./=_")
    let isHarmless = text.allSatisfy {
      (48...57).contains($0) || (65...90).contains($0) || (97...122).contains($0) || harmless.contains($0)
    }
    if isHarmless { return text }
    var result: Bytes = []
    var isOpen = false
    for byte in text {
      if byte == UInt8(ascii: "'") {
        if isOpen { result.append(byte) }
        isOpen = false
        result += [92, byte]
        continue
      }
      if !isOpen { result.append(UInt8(ascii: "'")) }
      isOpen = true
      result += byte == 92 ? [92, 92] : [byte]
    }
    return isOpen ? result + [UInt8(ascii: "'")] : result
  }
}
