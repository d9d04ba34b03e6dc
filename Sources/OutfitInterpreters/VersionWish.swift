import OutfitCore
import OutfitProfile

/// What a line of a version file, a variable or a person asks of an interpreter, in any of the dialects that
/// pyenv, uv, asdf, mise and nvm taught their users. The launcher reads the same (`Request` of
/// OutfitDispatch).
public struct VersionWish: Hashable, Sendable {
  public enum Meaning: Hashable, Sendable {
    /// The next program of that name on PATH.
    case system
    case newest
    /// Node's long-term support: any line (nil), or the one with this codename, in lower case.
    case longTerm(String?)
    case versions(VersionRequest)
    /// No version: the name of a virtualenv, maybe.
    case name(String)
    /// What no version manager should follow; why, for people.
    case refused(String)
  }

  /// As it is written.
  public let text: String
  /// From 1; 0 for what stands in no file.
  public let line: Int
  public let meaning: Meaning
  /// The major versions that a wish for long-term support stands for; none where nobody knows the codename.
  public let longTermMajors: Set<Int>

  /// - Parameter lines: the codenames that are known.
  public init(
    _ text: some StringProtocol, line: Int = 0, for language: Language, knowing lines: LongTermLines
  ) {
    self.text = String(text)
    self.line = line
    meaning = Self.read(String(text), language)
    if case .longTerm(let name) = meaning {
      longTermMajors = lines.majors(of: name)
    } else {
      longTermMajors = []
    }
  }

  /// Whether the version would do. Pre-releases and free-threaded builds only do where they are named.
  public func accepts(_ version: Version) -> Bool {
    switch meaning {
    case .newest: !version.isPrerelease && !version.isFreeThreaded
    case .longTerm: !version.isPrerelease && version.release.first.map(longTermMajors.contains) == true
    case .versions(let request): request.accepts(version)
    case .system, .name, .refused: false
    }
  }

  /// The newest that would do.
  public func best(of versions: some Sequence<Version>) -> Version? { versions.filter(accepts).max() }

  /// As a manifest writes it; nil for what a manifest can't say.
  /// - Parameter known: versions that exist: which release has long-term support is not for a manifest to
  ///   know.
  public func request(among known: [Version] = []) -> VersionRequest? {
    switch meaning {
    case .versions(let request): return request
    case .newest: return .latest
    case .longTerm(let name):
      let major = name == nil ? best(of: known)?.release.first : longTermMajors.first
      return major.flatMap { VersionRequest("\($0)") }
    case .system, .name, .refused: return nil
    }
  }

  // MARK: Reading

  private static func read(_ text: String, _ language: Language) -> Meaning {
    if text == "system" { return .system }
    var rest = text[...]
    for prefix in ["latest:", "prefix:"] where rest.hasPrefix(prefix) { rest = rest.dropFirst(prefix.count) }
    if rest == "latest" { return .newest }
    switch language {
    case .node:
      if ["node", "stable", "current"].contains(rest) { return .newest }
      if rest.hasPrefix("lts") { return longTerm(rest.dropFirst(3)) ?? unread(text) }
      if rest.hasPrefix("node-") { rest = rest.dropFirst(5) }
    case .python:
      if ["python", "cpython", "default"].contains(rest) { return .newest }
      rest = withoutImplementation(rest)[...]
    }
    let pieces = rest.split(separator: ",", omittingEmptySubsequences: false).map { clause($0, language) }
    guard text.utf8.count <= 80, !pieces.contains(nil),
      let request = VersionRequest(pieces.compactMap(\.self).joined(separator: ","))
    else { return unread(text) }
    return .versions(request)
  }

  private static func unread(_ text: String) -> Meaning {
    if text.hasPrefix("path:") { return .refused("a path could lead anywhere") }
    if text.hasPrefix("ref:") { return .refused("a commit is no release") }
    if text.contains("..") || text.hasPrefix("/") || text.hasPrefix("~") {
      return .refused("a path could lead anywhere")
    }
    let slash = text.lastIndex(of: "/")
    var name = text[...]
    if let slash {
      // pyenv's whole name of a virtualenv: 3.11.7/envs/shop.
      guard text[..<slash].hasSuffix("/envs"), Version(text[..<slash].dropLast(5)) != nil else {
        return .refused("it is no version")
      }
      name = text[text.index(after: slash)...]
    }
    let isName =
      name.utf8.count <= 80
      && name.first.map { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_") } ?? false
      && name.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "._+@-".contains($0)) }
    return isName ? .name(String(name)) : .refused("it is no version")
  }

  /// `/*`, `/iron`, `-iron` or nothing, after `lts`.
  private static func longTerm(_ text: Substring) -> Meaning? {
    if text.isEmpty || text == "/*" { return .longTerm(nil) }
    let name = text.dropFirst()
    guard text.hasPrefix("/") || text.hasPrefix("-"), LongTermLines.isName(name) else { return nil }
    return .longTerm(name.lowercased())
  }

  /// `python-3.12`, uv's `cpython@3.12` and its whole key `cpython-3.12.1-linux-x86_64-gnu`, wheels' `cp312`.
  private static func withoutImplementation(_ text: Substring) -> String {
    var rest = text
    if rest.hasPrefix("cpython") {
      rest = rest.dropFirst(7)
      if rest.hasPrefix("-") || rest.hasPrefix("@") { rest = rest.dropFirst().prefix { $0 != "-" } }
    } else if rest.hasPrefix("python") {
      rest = rest.dropFirst(6)
      if rest.hasPrefix("-") || rest.hasPrefix("@") { rest = rest.dropFirst() }
    } else if rest.hasPrefix("cp"), rest.dropFirst(2).allSatisfy(\.isDigit) {
      rest = rest.dropFirst(2)
    }
    return rest.hasSuffix("+freethreaded") ? rest.dropLast(13) + "t" : String(rest)
  }

  /// One comparison as `VersionRequest` takes it; nil for what is none.
  private static func clause(_ piece: Substring, _ language: Language) -> String? {
    let sign = piece.prefix { "<>=!~".contains($0) }
    var rest = String(piece.dropFirst(sign.count))
    if rest.hasSuffix(".x") { rest = rest.dropLast(2) + ".*" }
    // uv's and the wheels' way of saying 3.12.
    if language == .python, sign.isEmpty, (2...4).contains(rest.count), rest.allSatisfy(\.isDigit),
      rest.hasPrefix("2") || rest.hasPrefix("3")
    {
      rest = "\(rest.prefix(1)).\(rest.dropFirst())"
    }
    let bare = rest.hasSuffix(".*") ? rest.dropLast(2) : rest[...]
    guard let version = Version(bare), version.release.count <= 4,
      version.release.allSatisfy({ $0 < 1_000_000_000 }),
      language == .node || isPythons(version.prerelease)
    else { return nil }
    if rest.hasPrefix("v") { rest.removeFirst() }
    return (sign == "===" ? "==" : sign) + rest
  }

  /// What follows the numbers is one of PEP 440's words: a virtualenv may well be called `3.12-shop`.
  private static func isPythons(_ suffix: String) -> Bool {
    guard suffix.hasPrefix("-") else { return true }
    let letters = suffix.dropFirst().prefix(while: \.isLetter)
    return ["a", "b", "c", "rc", "alpha", "beta", "pre", "preview", "dev", "post"].contains(letters)
      && suffix.dropFirst(1 + letters.count).allSatisfy(\.isDigit)
  }
}

extension Character {
  fileprivate var isDigit: Bool { isASCII && isNumber }
}
