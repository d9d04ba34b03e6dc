/// The interpreters that answer by name.
enum Language: Hashable {
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

/// The version of an interpreter, `3.13.5`, `3.14.0rc2`, `3.13.5t`, `24.1.0`, as tables and requests write
/// it.
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

  /// What follows the numbers is one of PEP 440's words: a virtualenv may well be called `3.12-shop`.
  var isPythons: Bool {
    let words: [StaticString] = ["a", "b", "c", "rc", "alpha", "beta", "pre", "preview", "dev", "post"]
    let letters = prerelease[...].prefix(while: Ascii.isLetter)
    return prerelease.isEmpty
      || words.contains { letters.equals($0) }
        && prerelease.dropFirst(letters.count).allSatisfy(Ascii.isDigit)
  }

  /// As people write it.
  var text: Bytes {
    var text = Bytes(release.map { Bytes(String($0).utf8) }.joined(separator: [Ascii.dot])) + prerelease
    if isFreeThreaded { text.append(UInt8(ascii: "t")) }
    return text
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
  /// Node's long-term support: the line with this codename, in lower case; any where it is empty.
  case longTerm(Bytes)
  case clauses([Clause])

  struct Clause: Equatable {
    enum Comparison { case prefix, notPrefix, equal, unequal, atMost, atLeast, below, above, compatible }
    let comparison: Comparison
    let version: OfferedVersion
  }

  /// Reads `3`, `3.12`, `3.12.1`, `3.13t`, `v22`, `22.x`, `lts/*`, `lts/iron`, `node`, `latest`,
  /// `>=3.11,<3.14`, `python-3.12`, `cpython@3.12`, `cp312`, `prefix:3.12`; nil for anything else: paths,
  /// virtualenvs' names, other implementations. `VersionWish` of OutfitInterpreters reads the same.
  init?(_ text: ArraySlice<UInt8>, for language: Language) {
    guard text.count <= 80 else { return nil }
    if text.equals("system") {
      self = .system
      return
    }
    // asdf and mise: the newest that begins so.
    var rest = text
    if rest.starts(with: "latest:") || rest.starts(with: "prefix:") { rest = rest.dropFirst(7) }
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
        guard let name = Request.codename(rest.dropFirst(3)) else { return nil }
        self = .longTerm(name)
        return
      }
      if rest.starts(with: "node-") { rest = rest.dropFirst(5) }
    case .python:
      if rest.equals("python") || rest.equals("cpython") || rest.equals("default") {
        self = .newest
        return
      }
      rest = Request.withoutImplementation(rest)
    }
    var clauses: [Clause] = []
    for piece in rest.split(separator: Ascii.comma, omittingEmptySubsequences: false) {
      guard let clause = Clause(piece, for: language) else { return nil }
      clauses.append(clause)
    }
    self = .clauses(clauses)
  }

  /// `python-3.12`, uv's `cpython@3.12` and its whole key `cpython-3.12.1-linux-x86_64-gnu`, wheels' `cp312`.
  private static func withoutImplementation(_ text: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
    var rest = text
    if rest.starts(with: "cpython") {
      rest = rest.dropFirst(7)
      if let first = rest.first, first == Ascii.dash || first == UInt8(ascii: "@") {
        rest = rest.dropFirst().prefix { $0 != Ascii.dash }
      }
    } else if rest.starts(with: "python") {
      rest = rest.dropFirst(6)
      if rest.first == Ascii.dash || rest.first == UInt8(ascii: "@") { rest.removeFirst() }
    } else if rest.starts(with: "cp"), rest.dropFirst(2).allSatisfy(Ascii.isDigit) {
      rest = rest.dropFirst(2)
    }
    guard rest.suffix(13).equals("+freethreaded") else { return rest }
    return (Bytes(rest.dropLast(13)) + [UInt8(ascii: "t")])[...]
  }

  /// `/*`, `/iron`, `-iron` or nothing, after `lts`: what could be a codename, or an empty one for any.
  private static func codename(_ text: ArraySlice<UInt8>) -> Bytes? {
    if text.isEmpty || text.equals("/*") { return [] }
    let name = text.dropFirst()
    guard text.first == Ascii.slash || text.first == Ascii.dash, (1...40).contains(name.count),
      name.allSatisfy(Ascii.isLetter)
    else { return nil }
    return name.map { $0 | 0x20 }
  }

  /// - Parameter lines: called for a request for long-term support alone.
  func accepts(_ version: OfferedVersion, _ lines: () -> LongTermLines) -> Bool {
    switch self {
    case .system: false
    case .newest: version.prerelease.isEmpty && !version.isFreeThreaded
    case .longTerm(let name): version.prerelease.isEmpty && lines().has(version.release[0], name)
    case .clauses(let clauses):
      version.isFreeThreaded == clauses.contains { $0.version.isFreeThreaded }
        && (version.prerelease.isEmpty || clauses.contains { !$0.version.prerelease.isEmpty })
        && clauses.allSatisfy { $0.accepts(version) }
    }
  }

  /// Whether it names a Python of the series that nobody publishes any more.
  var isPython2: Bool {
    guard case .clauses(let clauses) = self else { return false }
    return clauses.allSatisfy { $0.comparison == .prefix && $0.version.release[0] < 3 }
  }

  /// The newest of the offers that it accepts.
  func best(of offers: [Offer], _ lines: () -> LongTermLines) -> Offer? {
    offers.filter { accepts($0.version, lines) }.max { $0.version < $1.version }
  }
}

extension Request.Clause {
  fileprivate init?(_ text: ArraySlice<UInt8>, for language: Language) {
    let operators: [(StaticString, Comparison)] = [
      ("~=", .compatible), ("===", .equal), ("==", .equal), ("!=", .unequal), ("<=", .atMost),
      (">=", .atLeast), ("<", .below), (">", .above), ("", .prefix),
    ]
    guard let (sign, kind) = operators.first(where: { text.starts(with: $0.0) }) else {
      return nil
    }
    var rest = text.dropFirst(sign.utf8CodeUnitCount)
    var comparison = kind
    if rest.count > 2, rest.suffix(2).equals(".*") || rest.suffix(2).equals(".x") {
      guard kind == .equal || kind == .prefix || kind == .unequal else { return nil }
      rest = rest.dropLast(2)
      comparison = kind == .unequal ? .notPrefix : .prefix
    }
    // uv's and the wheels' way of saying 3.12.
    if language == .python, kind == .prefix, (2...4).contains(rest.count), rest.allSatisfy(Ascii.isDigit),
      rest.first == UInt8(ascii: "2") || rest.first == UInt8(ascii: "3")
    {
      rest = ([rest[rest.startIndex], Ascii.dot] + rest.dropFirst())[...]
    }
    guard let version = OfferedVersion(rest), language == .node || version.isPythons,
      comparison != .compatible || version.release.count > 1
    else { return nil }
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
    case .notPrefix: return !candidate.release.starts(with: version.release)
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
