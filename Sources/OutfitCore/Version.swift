/// A version of an interpreter or a package: release numbers, and what comes after them.
///
/// It orders the releases of CPython (PEP 440: `3.14.0rc2` before `3.14.0`) and of Node (semantic versions).
public struct Version: Hashable, Sendable, Comparable, CustomStringConvertible {
  public let release: [Int]
  /// `a1`, `b2`, `rc1`, `-beta.1`: empty for a final release.
  public let prerelease: String
  /// A free-threaded CPython (`3.13t`, PEP 703).
  public let isFreeThreaded: Bool

  public init(_ release: [Int], prerelease: String = "", freeThreaded: Bool = false) {
    self.release = release
    self.prerelease = prerelease
    self.isFreeThreaded = freeThreaded
  }

  /// Reads `3.13.5`, `v24.1.0`, `3.14.0rc2`, `3.13.5t`, `1.0.0-beta.1`; nil for anything else.
  public init?(_ text: some StringProtocol) {
    var rest = Substring(text.hasPrefix("v") ? text.dropFirst() : text[...])
    var free = false
    if rest.hasSuffix("t"), rest.dropLast().last?.isNumber == true {
      free = true
      rest = rest.dropLast()
    }
    guard rest.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber || ".-+".contains($0)) })
    else { return nil }
    let head = rest.prefix { $0.isNumber || $0 == "." }
    var tail = rest.dropFirst(head.count)
    var digits = head
    if digits.hasSuffix(".") {
      digits = digits.dropLast()
      tail = "." + tail
    }
    let numbers = digits.split(separator: ".", omittingEmptySubsequences: false).map { Int($0) }
    guard !numbers.isEmpty, !numbers.contains(nil) else { return nil }
    if tail.hasPrefix("+") { tail = "" }
    if let build = tail.firstIndex(of: "+") { tail = tail[..<build] }
    guard Self.isSuffix(tail) else { return nil }
    self.init(numbers.compactMap { $0 }, prerelease: String(tail), freeThreaded: free)
  }

  /// What may follow the numbers: `-` and anything (semantic versions), or words of PEP 440.
  private static func isSuffix(_ tail: Substring) -> Bool {
    if tail.isEmpty { return true }
    if tail.hasPrefix("-") { return tail.count > 1 }
    let words = tail.split { !$0.isLetter }
    return !words.isEmpty && !tail.hasSuffix(".")
      && words.allSatisfy {
        ["a", "b", "c", "rc", "alpha", "beta", "pre", "preview", "dev", "post"].contains($0.lowercased())
      }
  }

  public var isPrerelease: Bool { !prerelease.isEmpty && !prerelease.hasPrefix(".post") }

  public var description: String {
    release.map(String.init).joined(separator: ".") + prerelease + (isFreeThreaded ? "t" : "")
  }

  /// The first two numbers: `3.13`.
  public var minor: String { release.prefix(2).map(String.init).joined(separator: ".") }

  public static func < (a: Version, b: Version) -> Bool {
    for i in 0..<max(a.release.count, b.release.count) {
      let (x, y) = (i < a.release.count ? a.release[i] : 0, i < b.release.count ? b.release[i] : 0)
      if x != y { return x < y }
    }
    if a.stage != b.stage { return a.stage < b.stage }
    return !a.isFreeThreaded && b.isFreeThreaded
  }

  /// Ranks what follows the numbers: alpha, beta, candidate, final, post-release; then the numbers in it.
  private var stage: Stage {
    let letters = prerelease.filter(\.isLetter).lowercased()
    let numbers = prerelease.split(whereSeparator: { !$0.isNumber }).compactMap { Int($0) }
    let rank =
      switch letters {
      case "": prerelease.isEmpty ? 4 : 3
      case "dev": 0
      case "a", "alpha": 1
      case "b", "beta": 2
      case "post": 5
      default: 3
      }
    return Stage(rank: rank, letters: rank == 3 ? letters : "", numbers: numbers)
  }

  private struct Stage: Comparable {
    let rank: Int
    let letters: String
    let numbers: [Int]
    static func < (a: Stage, b: Stage) -> Bool {
      if (a.rank, a.letters) != (b.rank, b.letters) {
        return (a.rank, a.letters) < (b.rank, b.letters)
      }
      return a.numbers.lexicographicallyPrecedes(b.numbers)
    }
  }
}

/// Which versions a person would accept: `3`, `3.13`, `25.*`, `3.13.5`, `3.13t`, `>=3.11,<3.14`, `~=8.1`, `latest`.
///
/// A plain `3.13` means the newest `3.13.x`; pre-releases match only when they are named.
public struct VersionRequest: Hashable, Sendable, CustomStringConvertible {
  public let text: String
  private let clauses: [Clause]
  private let wantsFreeThreaded: Bool

  private enum Operator: String, CaseIterable {
    case compatible = "~="
    case equal = "=="
    case unequal = "!="
    case atMost = "<="
    case atLeast = ">="
    case below = "<"
    case above = ">"
    case prefix = ""
  }

  private struct Clause: Hashable {
    let comparison: Operator
    let version: Version
    /// `!=3.12.*`: all but those.
    var isExcluded = false
  }

  public static let latest = VersionRequest(
    text: "latest", clauses: [], wantsFreeThreaded: false)

  private init(text: String, clauses: [Clause], wantsFreeThreaded: Bool) {
    self.text = text
    self.clauses = clauses
    self.wantsFreeThreaded = wantsFreeThreaded
  }

  /// Nil for what is no request.
  public init?(_ text: some StringProtocol) {
    let whole = trimmed(text)
    if whole == "latest" || whole == "*" {
      self = .latest
      return
    }
    var clauses: [Clause] = []
    var free = false
    var canonical: [String] = []
    for piece in whole.split(separator: ",", omittingEmptySubsequences: false).map(trimmed) {
      guard let comparison = Operator.allCases.first(where: { piece.hasPrefix($0.rawValue) }) else {
        return nil
      }
      var rest = trimmed(piece.dropFirst(comparison.rawValue.count))[...]
      canonical.append(comparison.rawValue + rest)
      var kind = comparison
      if rest.hasSuffix(".*") {
        guard [.prefix, .equal, .unequal].contains(comparison) else { return nil }
        rest = rest.dropLast(2)
        kind = .prefix
      }
      guard let version = Version(rest), rest.first?.isNumber == true || rest.first == "v" else {
        return nil
      }
      // PEP 440 asks for two numbers: `~=3` would say nothing.
      guard comparison != .compatible || version.release.count > 1 else { return nil }
      free = free || version.isFreeThreaded
      clauses.append(
        Clause(comparison: kind, version: version, isExcluded: comparison == .unequal && kind == .prefix))
    }
    guard !clauses.isEmpty else { return nil }
    self.init(text: canonical.joined(separator: ","), clauses: clauses, wantsFreeThreaded: free)
  }

  public var description: String { text }

  /// The version, when the request names one exactly by three numbers or more.
  public var exact: Version? {
    guard clauses.count == 1, let clause = clauses.first,
      clause.comparison == .prefix || clause.comparison == .equal,
      !text.hasSuffix(".*"), clause.version.release.count >= 3
    else { return nil }
    return clause.version
  }

  public func accepts(_ version: Version) -> Bool {
    guard version.isFreeThreaded == wantsFreeThreaded else { return false }
    if version.isPrerelease, !clauses.contains(where: { $0.version.isPrerelease }) { return false }
    return clauses.allSatisfy { clause in
      let wanted = clause.version
      let plain = Version(version.release, prerelease: version.prerelease)
      let bound = Version(wanted.release, prerelease: wanted.prerelease)
      switch clause.comparison {
      case .prefix:
        let begins =
          version.release.starts(with: wanted.release)
          && (wanted.prerelease.isEmpty || wanted.prerelease == version.prerelease)
        return begins != clause.isExcluded
      case .equal: return !(plain < bound) && !(bound < plain)
      case .unequal: return plain < bound || bound < plain
      case .atMost: return !(bound < plain)
      case .atLeast: return !(plain < bound)
      case .below: return plain < bound
      case .above: return bound < plain
      case .compatible:
        return !(plain < bound) && version.release.starts(with: wanted.release.dropLast())
      }
    }
  }

  /// The newest of `versions` that the request accepts.
  public func best(of versions: some Sequence<Version>) -> Version? {
    versions.filter(accepts).max()
  }
}

/// The text without white space at its ends.
private func trimmed(_ text: some StringProtocol) -> String {
  let start = text.drop { $0.isWhitespace }
  guard let last = start.lastIndex(where: { !$0.isWhitespace }) else { return "" }
  return String(start[...last])
}
