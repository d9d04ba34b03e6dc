/// Paths and addresses.
extension FunctionTable {
  static let paths: [Function] = {
    let plain: [(String, String, @Sendable (Bytes) -> Value)] = [
      ("base", "osBase", { .string(Paths.base($0)) }),
      ("dir", "osDir", { .string(Paths.folder($0)) }),
      ("clean", "osClean", { .string(Paths.clean($0)) }),
      ("ext", "osExt", { .string(Paths.suffix($0)) }),
      ("isAbs", "osIsAbs", { .bool($0.first == 47) }),
    ]
    return plain.flatMap { entry in
      [
        Function.pure(entry.0, [.text]) { entry.2($0.text(0)) },
        Function.pure(entry.1, [.text]) { entry.2($0.text(0)) },
      ]
    } + [
      .pure("joinPath", [], rest: .any) { call in
        let parts = try Conversion.flatTexts(.list(call.values), call.run).filter { !$0.isEmpty }
        return .string(parts.isEmpty ? [] : Paths.clean(parts.joinedBy([47])))
      }
    ]
  }()
}

/// Go's path.
enum Paths {
  static func clean(_ path: Bytes) -> Bytes {
    guard !path.isEmpty else { return [46] }
    let isRooted = path.first == 47
    var parts: [Bytes] = []
    for part in path.split(separator: 47).map(Array.init) where part != [46] {
      if part == [46, 46] {
        if let last = parts.last, last != [46, 46] {
          parts.removeLast()
        } else if !isRooted {
          parts.append(part)
        }
      } else {
        parts.append(part)
      }
    }
    let joined = parts.joinedBy([47])
    return isRooted ? [47] + joined : joined.isEmpty ? [46] : joined
  }

  static func base(_ path: Bytes) -> Bytes {
    if path.isEmpty { return [46] }
    return path.split(separator: 47).last.map(Array.init) ?? [47]
  }

  static func folder(_ path: Bytes) -> Bytes {
    clean(path.lastIndex(of: 47).map { Array(path[...$0]) } ?? [])
  }

  static func suffix(_ path: Bytes) -> Bytes {
    let name = path.lastIndex(of: 47).map { path[($0 + 1)...] } ?? path[...]
    return name.lastIndex(of: 46).map { Array(name[$0...]) } ?? []
  }
}
