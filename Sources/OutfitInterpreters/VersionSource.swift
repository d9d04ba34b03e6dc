import OutfitCore
import OutfitProfile

/// One of the places that say which interpreter a folder has: a variable, a line of a version file, a
/// manifest, or a bound in the project's own description.
public struct VersionSource: Hashable, Sendable {
  public enum Kind: Hashable, Sendable {
    case variable
    case versionFile
    /// - Parameter counts: the project was brought up, so that the launcher knows its pins.
    case manifest(counts: Bool)
    /// What a project was brought up with, whose manifest is gone or can't be read.
    case record
    case machine
    /// It chooses nothing, and should be satisfied.
    case bound
  }

  public enum Demand: Hashable, Sendable {
    case wish(VersionWish)
    /// What the manifest asks, and what its lock made of it.
    case request(VersionRequest, pin: Version?)
    case bound(VersionBound)
  }

  public var kind: Kind
  /// As a person reads it: `OUTFIT_PYTHON`, `shop/.python-version:2`.
  public var place: String
  /// As it is written there.
  public var text: String
  public var demand: Demand
  /// Nil for a variable.
  public var location: SourceLocation?
  /// It belongs to the project that one stands in, so that it should agree with the others that do.
  public var isOfProject: Bool

  public init(
    _ kind: Kind, place: String, text: String, demand: Demand, location: SourceLocation? = nil,
    isOfProject: Bool = false
  ) {
    self.kind = kind
    self.place = place
    self.text = text
    self.demand = demand
    self.location = location
    self.isOfProject = isOfProject
  }

  /// Whether it can choose: a bound can't, nor a manifest that was not brought up.
  public var chooses: Bool {
    switch kind {
    case .bound, .manifest(counts: false): false
    default: true
    }
  }

  /// Whether the version would do; nil where that says nothing: `system`, a virtualenv's name, what is
  /// refused.
  public func accepts(_ version: Version) -> Bool? {
    switch demand {
    case .request(let request, let pin): return pin.map { $0 == version } ?? request.accepts(version)
    case .bound(let bound): return bound.accepts(version)
    case .wish(let wish):
      switch wish.meaning {
      case .longTerm where wish.longTermMajors.isEmpty: return nil
      case .newest, .longTerm, .versions: return wish.accepts(version)
      case .system, .name, .refused: return nil
      }
    }
  }

  /// The versions that it names itself.
  fileprivate var named: [Version] {
    switch demand {
    case .request(let request, let pin): return [pin, request.exact].compactMap(\.self)
    case .wish(let wish):
      if case .versions(let request) = wish.meaning { return [request.exact].compactMap(\.self) }
      return []
    case .bound: return []
    }
  }
}

/// Two places of one project that no interpreter satisfies both.
public struct VersionContradiction: Hashable, Sendable {
  public var language: Language
  /// The one that decides.
  public var winner: VersionSource
  public var loser: VersionSource
  /// What runs, where that and not the text of the winner does not satisfy the other.
  public var running: Version?

  /// Between the first of the project's places that chooses and all the others.
  /// - Parameter sources: of one language, in the order in which they are asked.
  public static func find(_ language: Language, in sources: [VersionSource]) -> [VersionContradiction] {
    let here = sources.filter(\.isOfProject)
    guard let winner = here.first(where: \.chooses) ?? here.first(where: { $0.kind != .bound }) else {
      return []
    }
    return here.filter { $0 != winner && !agree(winner, $0, language) }.map {
      VersionContradiction(language: language, winner: winner, loser: $0)
    }
  }

  /// Between all bounds of the project and the version that runs, whoever chose that.
  public static func find(
    _ language: Language, in sources: [VersionSource], running: Version
  ) -> [VersionContradiction] {
    // What a manifest asks comes with the next `up`.
    guard let winner = sources.first(where: \.chooses),
      !sources.contains(where: { $0.kind == .manifest(counts: false) })
    else { return [] }
    return sources.filter { $0.kind == .bound && $0.isOfProject && $0.accepts(running) == false }.map {
      VersionContradiction(language: language, winner: winner, loser: $0, running: running)
    }
  }

  private static func agree(_ a: VersionSource, _ b: VersionSource, _ language: Language) -> Bool {
    for version in a.named + b.named + universe(language) {
      guard let one = a.accepts(version), let other = b.accepts(version) else { return true }
      if one, other { return true }
    }
    return false
  }

  /// Versions that exist, or might: enough to tell ranges that have nothing in common.
  private static func universe(_ language: Language) -> [Version] {
    switch language {
    case .python:
      return (0...40).flatMap { minor in
        (0...30).flatMap { patch in
          [Version([3, minor, patch]), Version([3, minor, patch], freeThreaded: true)]
        }
      } + (0...18).map { Version([2, 7, $0]) }
    case .node: return (0...60).flatMap { major in (0...30).map { Version([major, $0, 0]) } }
    }
  }

  /// With both places and both texts.
  public var diagnostic: Diagnostic {
    let name = language.title
    let message: String
    let hint: String
    if case .bound(let bound) = loser.demand {
      message =
        "\(loser.place) wants \(bound.key) `\(loser.text)`, and \(winner.place) chooses \(name) `\(winner.text)`"
        + (running.map { ", which is \($0) here" } ?? winner.pinned)
      hint =
        running == nil
        ? "correct one of the two lines"
        : "`outfit \(language) use \(VersionRequest(loser.text).map { "'\($0)'" } ?? "VERSION")` chooses one that does"
    } else {
      message =
        "\(winner.place) asks for \(name) `\(winner.text)`\(winner.pinned), and \(loser.place) for "
        + "`\(loser.text)`\(loser.pinned)"
      hint =
        winner.chooses
        ? "\(winner.place) wins; make them agree, or take one out"
        : "make them agree, or take one out; `outfit up` makes the manifest's count"
    }
    return Diagnostic(.warning, message, at: loser.location ?? winner.location, hint: hint)
  }
}

extension VersionSource {
  /// ` (pinned to 3.13.5)`, unless the text says just that.
  fileprivate var pinned: String {
    guard case .request(let request, let pin?) = demand, request.exact != pin else { return "" }
    return " (pinned to \(pin))"
  }
}
