/// The interpreters that answer by name.
enum Language {
  case python, node

  var name: StaticString { self == .python ? "python" : "node" }

  /// The variable that chooses a version for one command or one shell.
  var variable: String { self == .python ? "OUTFIT_PYTHON" : "OUTFIT_NODE" }
}

/// An interpreter of a table.
struct Offer: Equatable {
  let version: OfferedVersion
  /// Absolute.
  let program: Bytes
}

/// The version of an interpreter, `3.13.5`, `3.14.0rc2`, `3.13.5t`, `24.1.0`, as tables and requests write it.
struct OfferedVersion: Comparable {
  let release: [Int]
  /// `a1`, `rc2`; empty for a final release.
  let prerelease: Bytes
  let isFreeThreaded: Bool

  /// Nil for all but numbers with dots, an optional leading `v`, an optional pre-release and an optional `t`.
  init?(_ text: ArraySlice<UInt8>) {
    var rest = text
    if rest.first == UInt8(ascii: "v") { rest.removeFirst() }
    if rest.last == UInt8(ascii: "t"), let before = rest.dropLast().last, Ascii.isDigit(before) {
      isFreeThreaded = true
      rest.removeLast()
    } else {
      isFreeThreaded = false
    }
    var numbers: [Int] = []
    while true {
      let digits = rest.prefix(while: Ascii.isDigit)
      guard !digits.isEmpty, digits.count <= 9, numbers.count < 4 else { return nil }
      numbers.append(digits.reduce(0) { $0 * 10 + Int($1 - Ascii.zero) })
      rest = rest.dropFirst(digits.count)
      guard rest.first == Ascii.dot else { break }
      rest.removeFirst()
    }
    if rest.first == Ascii.dash { rest.removeFirst() }
    guard rest.isEmpty || Ascii.isLetter(rest[rest.startIndex]), rest.count <= 16,
      rest.allSatisfy({ Ascii.isLetter($0) || Ascii.isDigit($0) || $0 == Ascii.dot })
    else { return nil }
    release = numbers
    prerelease = Bytes(rest)
  }

  static func < (a: OfferedVersion, b: OfferedVersion) -> Bool {
    let order = a.compareRelease(b)
    if order != 0 { return order < 0 }
    if a.prerelease != b.prerelease {
      if a.prerelease.isEmpty || b.prerelease.isEmpty { return b.prerelease.isEmpty }
      return a.prerelease.lexicographicallyPrecedes(b.prerelease)
    }
    return !a.isFreeThreaded && b.isFreeThreaded
  }

  /// Below, equal to or above 0; numbers that are not written count as 0.
  fileprivate func compareRelease(_ other: OfferedVersion) -> Int {
    for index in 0..<max(release.count, other.release.count) {
      let mine = index < release.count ? release[index] : 0
      let its = index < other.release.count ? other.release[index] : 0
      if mine != its { return mine < its ? -1 : 1 }
    }
    return 0
  }
}

/// What a version file or a variable asks for. It can only choose among interpreters that tables offer.
enum Request: Equatable {
  /// The next program of that name on PATH.
  case system
  case newest
  /// Node's long-term support: the newest even major, or just this one.
  case longTerm(major: Int?)
  case clauses([Clause])

  struct Clause: Equatable {
    enum Comparison { case prefix, equal, unequal, atMost, atLeast, below, above, compatible }
    let comparison: Comparison
    let version: OfferedVersion
  }

  /// Reads `3`, `3.12`, `3.12.1`, `3.13t`, `v22`, `lts/*`, `lts/iron`, `node`, `latest`, `>=3.11,<3.14`,
  /// `python-3.12`, `cpython@3.12`; nil for anything else: paths, virtualenvs' names, other implementations.
  init?(_ text: ArraySlice<UInt8>, for language: Language) {
    guard text.count <= 80 else { return nil }
    var rest = text
    if rest.equals("system") {
      self = .system
      return
    }
    if rest.equals("latest") {
      self = .newest
      return
    }
    switch language {
    case .node:
      if rest.equals("node") || rest.equals("stable") || rest.equals("current") {
        self = .newest
        return
      }
      if rest.starts(with: "lts") {
        guard let major = Request.longTerm(rest.dropFirst(3)) else { return nil }
        self = major
        return
      }
      if rest.starts(with: "node-") { rest = rest.dropFirst(5) }
    case .python:
      if rest.starts(with: "cpython") {
        rest = rest.dropFirst(7)
        // uv's whole key: cpython-3.12.1-linux-x86_64-gnu
        if let first = rest.first, first == Ascii.dash || first == UInt8(ascii: "@") {
          rest = rest.dropFirst().prefix { $0 != Ascii.dash }
        }
      } else if rest.starts(with: "python") {
        rest = rest.dropFirst(6)
        if rest.first == Ascii.dash || rest.first == UInt8(ascii: "@") { rest.removeFirst() }
      }
    }
    var clauses: [Clause] = []
    for piece in rest.split(separator: Ascii.comma, omittingEmptySubsequences: false) {
      guard let clause = Clause(piece) else { return nil }
      clauses.append(clause)
    }
    self = .clauses(clauses)
  }

  /// `/*`, `/iron` or nothing, after `lts`.
  private static func longTerm(_ text: ArraySlice<UInt8>) -> Request? {
    if text.isEmpty || text.equals("/*") { return .longTerm(major: nil) }
    let names: [StaticString] = [
      "/argon", "/boron", "/carbon", "/dubnium", "/erbium", "/fermium", "/gallium", "/hydrogen",
      "/iron", "/jod", "/krypton",
    ]
    return names.firstIndex { text.equals($0) }.map { .longTerm(major: 4 + 2 * $0) }
  }

  func accepts(_ version: OfferedVersion) -> Bool {
    switch self {
    case .system: false
    case .newest: version.prerelease.isEmpty && !version.isFreeThreaded
    case .longTerm(let major):
      major.map { version.release[0] == $0 } ?? (version.release[0] % 2 == 0)
    case .clauses(let clauses):
      version.isFreeThreaded == clauses.contains { $0.version.isFreeThreaded }
        && (version.prerelease.isEmpty || clauses.contains { !$0.version.prerelease.isEmpty })
        && clauses.allSatisfy { $0.accepts(version) }
    }
  }

  /// The newest of the offers that it accepts.
  func best(of offers: [Offer]) -> Offer? {
    offers.filter { accepts($0.version) }.max { $0.version < $1.version }
  }
}

extension Request.Clause {
  fileprivate init?(_ text: ArraySlice<UInt8>) {
    let operators: [(StaticString, Comparison)] = [
      ("~=", .compatible), ("===", .equal), ("==", .equal), ("!=", .unequal), ("<=", .atMost),
      (">=", .atLeast), ("<", .below), (">", .above), ("", .prefix),
    ]
    guard let (sign, kind) = operators.first(where: { text.starts(with: $0.0) }) else {
      return nil
    }
    var rest = text.dropFirst(sign.utf8CodeUnitCount)
    var comparison = kind
    if rest.count > 2, rest.suffix(2).equals(".*") {
      guard kind == .equal || kind == .prefix else { return nil }
      rest = rest.dropLast(2)
      comparison = .prefix
    }
    guard let version = OfferedVersion(rest) else { return nil }
    self.init(comparison: comparison, version: version)
  }

  fileprivate func accepts(_ candidate: OfferedVersion) -> Bool {
    var order = candidate.compareRelease(version)
    if order == 0, candidate.prerelease != version.prerelease {
      let plain = candidate.prerelease.isEmpty
      order =
        plain
          || (!version.prerelease.isEmpty
            && version.prerelease.lexicographicallyPrecedes(candidate.prerelease))
        ? 1 : -1
    }
    switch comparison {
    case .prefix:
      return candidate.release.starts(with: version.release)
        && (version.prerelease.isEmpty || version.prerelease == candidate.prerelease)
    case .equal: return order == 0
    case .unequal: return order != 0
    case .atMost: return order <= 0
    case .atLeast: return order >= 0
    case .below: return order < 0
    case .above: return order > 0
    case .compatible:
      return order >= 0 && candidate.release.starts(with: version.release.dropLast())
    }
  }
}
