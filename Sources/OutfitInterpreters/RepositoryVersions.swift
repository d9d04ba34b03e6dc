import OutfitCore
import OutfitProfile
import OutfitSystem

/// Which Python and Node a repository wants that has no manifest yet, by the readers that the launcher and `up` use.
///
/// What chooses a version counts in the order of `files`, but only where the repository's own bounds allow it; of what
/// only bounds, the newest line is taken that fits and is mended still.
public struct RepositoryVersions: Sendable {
  public struct Choice: Hashable, Sendable {
    /// As a manifest writes it.
    public var text: String
    /// The line that it comes from, for people.
    public var place: String
    /// Several would do, or nothing names one.
    public var isGuess: Bool
    /// Nothing in the repository speaks of the language's versions.
    public var isUnnamed = false
  }

  /// What may be read, in the order in which they are asked; bounds stand in other files too.
  public static let files =
    [
      ".python-version", ".python-versions", ".node-version", ".nvmrc", ".tool-versions", "mise.toml",
      ".mise.toml", ".config/mise.toml", "runtime.txt", "Pipfile", "package.json", "pyproject.toml",
      "setup.cfg", "setup.py", "uv.lock", "poetry.lock", "pdm.lock", "pylock.toml",
    ] + dockerfiles

  /// The better first.
  static let dockerfiles = [
    "Dockerfile", "Dockerfile.prod", "Dockerfile.production", "docker/Dockerfile", "docker/Dockerfile.prod",
    ".docker/Dockerfile", "deploy/Dockerfile", "build/Dockerfile",
  ]

  public private(set) var notes: [Diagnostic] = []
  private var choices: [Language: Choice] = [:]

  public subscript(language: Language) -> Choice {
    choices[language] ?? Choice(text: "latest", place: "nothing names one", isGuess: true, isUnnamed: true)
  }

  /// - Parameters:
  ///   - found: the texts of `files` by name, and of requirements files.
  ///   - today: `2026-11-29`.
  ///   - here: versions that this machine has: of lines that fit equally, one of theirs is taken.
  public init(
    _ found: [String: String], today: String, knowing lines: LongTermLines, here: [Language: [Version]] = [:]
  ) {
    for language in Language.allCases {
      let wishes = Self.wishes(found, language, lines)
      let bounds = Self.bounds(found, language)
      choose(language, wishes, bounds, Self.preferences(found, language), today, here[language] ?? [])
    }
  }

  // MARK: Choosing

  struct Wish {
    var place: String
    var wish: VersionWish
  }

  struct Bound {
    var place: String
    var bound: VersionBound
  }

  private mutating func choose(
    _ language: Language, _ wishes: [Wish], _ bounds: [Bound], _ preferences: [Preference], _ today: String,
    _ here: [Version]
  ) {
    for bound in bounds where bound.bound.range == nil {
      notes.append(
        Diagnostic(
          .warning, "\(bound.place): \(bound.bound.key) `\(bound.bound.text)` is not understood",
          hint: "compare the version under interpreters: with it"))
    }
    let search = Search(
      language: language, today: today, bounds: bounds.map(\.bound), preferences: preferences, here: here)
    var choice: Choice?
    for one in wishes {
      guard let text = search.text(for: one.wish) else {
        let reason =
          switch one.wish.meaning {
          case .versions, .newest, .longTerm:
            bounds.isEmpty
              ? "no release is known that it means"
              : "which \(bounds.map { "\($0.place) (`\($0.bound.text)`)" }.joined(separator: ", ")) does not allow"
          case .refused(let reason): reason
          case .system: "that is whatever the machine has"
          case .name: "it is the name of a virtualenv, or of another implementation"
          }
        notes.append(
          Diagnostic(
            .warning, "\(one.place) asks for \(language) `\(one.wish.text)`: not taken over, \(reason)"))
        continue
      }
      if let chosen = choice {
        // The one may only say the other more exactly.
        guard !"\(chosen.text).".hasPrefix("\(text)."), !"\(text).".hasPrefix("\(chosen.text).") else {
          continue
        }
        notes.append(
          Diagnostic(
            .note, "\(one.place) names \(language) \(text) too; \(chosen.text) is taken",
            hint: "to have both: `\(language): [\"\(chosen.text)\", \"\(text)\"]`"))
      } else {
        choice = Choice(text: text, place: one.place, isGuess: false)
      }
    }
    if choice == nil {
      let places = bounds.filter { $0.bound.range != nil }.map { "\($0.place) asks for \($0.bound.text)" }
      if let (text, reason) = search.newest() {
        choice = Choice(
          text: text,
          place: ((places.isEmpty ? ["nothing names one"] : places) + [reason].compactMap(\.self))
            .joined(separator: "; "), isGuess: true, isUnnamed: bounds.isEmpty && wishes.isEmpty)
      } else {
        choice = Choice(
          text: ReleaseLine.byMerit(language, today: today).first?.text ?? "latest",
          place: "nothing fits what it asks for", isGuess: true)
        notes.append(
          Diagnostic(
            .warning, "no \(language.title) fits \(places.joined(separator: " and "))",
            hint: "write the version under interpreters: yourself"))
      }
    }
    guard var choice else { return }
    choice.place = choice.place.harmless
    choices[language] = choice
    if let line = Version(choice.text).flatMap({ ReleaseLine.line(of: $0, language) }),
      line.hasEnded(today: today)
    {
      notes.append(
        Diagnostic(
          .warning,
          "\(language.title) \(choice.text) (\(choice.place)) has reached the end of its life on \(line.end)",
          hint: "it gets no security fixes; it may not be had for every machine"))
    }
  }
}

/// Looks for the version to write down.
private struct Search {
  let language: Language
  let today: String
  let bounds: [VersionBound]
  let preferences: [RepositoryVersions.Preference]
  let here: [Version]

  private var depth: Int { language == .python ? 2 : 1 }

  /// As a manifest writes it; nil where it names none that may be taken.
  func text(for wish: VersionWish) -> String? {
    switch wish.meaning {
    case .system, .name, .refused: return nil
    case .newest:
      return bounds.isEmpty ? "latest" : newest()?.text
    case .longTerm:
      return wish.longTermMajors.sorted(by: >).lazy.compactMap { fit([$0]) { wish.accepts($0) } }.first
    case .versions(let request):
      guard let named = Self.named(request), named.release.count >= depth else {
        return (known + others).lazy.compactMap { fit($0) { request.accepts($0) } }.first
      }
      let isExact = request.exact != nil || named.isPrerelease
      if isExact { return allows(named) ? named.description : nil }
      guard let text = fit(named.release, { _ in true }) else { return nil }
      return named.isFreeThreaded ? text + "t" : text
    }
  }

  /// The best that the bounds allow, and why it is not the newest.
  func newest() -> (text: String, reason: String?)? {
    func fitting(_ lines: [[Int]]) -> [([Int], String)] {
      lines.compactMap { numbers in fit(numbers) { _ in true }.map { (numbers, $0) } }
    }
    let known = fitting(known)
    guard let best = known.first ?? fitting(others).first else { return nil }
    let mended = known.filter {
      ReleaseLine.line(of: Version($0.0), language)?.isMended(today: today) == true
    }
    func isHere(_ line: ([Int], String)) -> Bool {
      here.contains { $0.release.starts(with: line.0) && allows($0) }
    }
    let current = mended.filter(isHere) + mended.filter { !isHere($0) }
    for preference in preferences {
      let oldest = current.min { Version($0.0) < Version($1.0) }
      let latest = preference.lines.map { Version($0) }.max()
      var liked = current.first { preference.lines.contains($0.0) }
      if preference.isSupport, let oldest, let latest, latest < Version(oldest.0) { liked = oldest }
      if let liked, liked.1 != best.1 {
        let elsewhere = mended.first { preference.lines.contains($0.0) }
        let isForThis = isHere(liked) && elsewhere.map { $0.1 != liked.1 } == true
        return (liked.1, preference.reason + (isForThis ? "; this machine has \(liked.1)" : ""))
      }
      if liked != nil { break }
    }
    if let first = current.first, isHere(first), first.1 != best.1 { return (first.1, "this machine has it") }
    return (best.1, nil)
  }

  /// Lines by merit.
  private var known: [[Int]] { ReleaseLine.byMerit(language, today: today).map(\.numbers) }

  /// All others that might exist, the lowest first.
  private var others: [[Int]] {
    let known = known
    return (language == .python ? (0...40).map { [3, $0] } : (4...80).map { [$0] }).filter {
      !known.contains($0)
    }
  }

  /// The version that a request with one plain number of numbers names.
  private static func named(_ request: VersionRequest) -> Version? {
    var text = request.text[...]
    if text.hasPrefix("==") { text = text.dropFirst(2) }
    if text.hasSuffix(".*") { text = text.dropLast(2) }
    // `==3.12` is 3.12.0 alone.
    if request.text.hasPrefix("=="), !request.text.hasSuffix(".*"), text.split(separator: ".").count < 3 {
      return nil
    }
    return Version(text)
  }

  private func allows(_ version: Version) -> Bool {
    // A candidate for 3.14.0 is taken for what it will be.
    let plain = Version(version.release)
    return bounds.allSatisfy { $0.accepts(plain) != false }
  }

  /// The shortest text that begins with these numbers and stands for nothing that is not allowed: the line, or the
  /// newest allowed within it.
  private func fit(_ numbers: [Int], _ accepts: (Version) -> Bool) -> String? {
    func isGood(_ numbers: [Int]) -> Bool {
      let version = Version(numbers)
      return accepts(version) && allows(version)
    }
    let padded = numbers + Array(repeating: 99, count: max(0, 3 - numbers.count))
    if isGood(padded) { return numbers.map(String.init).joined(separator: ".") }
    guard numbers.count < 3 else { return nil }
    for next in (0...30).reversed() {
      if let text = fit(numbers + [next], accepts) { return text }
    }
    return nil
  }
}
