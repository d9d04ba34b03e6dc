import OutfitConsent
import OutfitCore
import OutfitSharing

/// What `check` found of a profile.
struct CheckReport: Sendable {
  enum Verdict: String, Sendable {
    case ok
    case failed
    /// It could not be found out, so that it is not known to be right.
    case unknown
    /// outfit.lock does not cover the manifest.
    case stale
    /// Something before it failed.
    case skipped
  }

  /// One thing that was looked at.
  struct Step: Sendable {
    var name: String
    var verdict: Verdict
    /// What was seen, in a few words.
    var detail: String
    var problems: [Diagnostic] = []
    /// A mistake in what the profile says.
    var isMistake = false
  }

  /// A platform, and the pins that have nothing for it.
  struct Coverage: Sendable {
    var platform: Platform
    var lacks: [String]
  }

  /// What lies outside of HOME, and was not done.
  struct Effect: Sendable {
    var entry: String
    var label: String
  }

  var profile: String
  var steps: [Step] = []
  var platforms: [Coverage] = []
  var notDone: [Effect] = []
  /// Questions that were answered with something.
  var assumed: [String] = []
  var changes: ProfileChanges?
  /// Why there is nothing to compare with.
  var note: String?

  var exit: ExitStatus {
    steps.reduce(.done) { worst, step in
      let status: ExitStatus =
        switch step.verdict {
        case .ok, .skipped: .done
        case .stale: .drift
        case .failed, .unknown: step.isMistake ? .usage : .failed
        }
      return max(worst, status)
    }
  }
}

/// What a profile has other than an earlier release of it.
struct ProfileChanges: Sendable {
  var release: RepositoryHistory.Release
  /// What it can do now and could not then.
  var gained: [Ability.Line]
  var lost: [Ability.Line]
  var pins: [LockChanges.Move]
  var files: [File]

  struct File: Sendable {
    enum Action: String, Sendable { case add, change, remove }
    /// In the repository.
    var path: String
    var action: Action
    /// Lines; nil for what is no text.
    var lines: (added: Int, removed: Int)?
  }

  var isEmpty: Bool { gained.isEmpty && lost.isEmpty && pins.isEmpty && files.isEmpty }

  /// `v3 (2026-10-02, 1a2b3c4)`.
  var title: String {
    let commit = String(release.commit.prefix(7))
    let parts = [release.time.map(DateText.day), release.commit == release.reference ? nil : commit]
    let name = release.reference == "HEAD" ? "the last commit" : release.reference
    return "\(name) (\(parts.compactMap(\.self).joined(separator: ", ")))"
  }

  /// What differs, without the compared release's own words.
  init(
    since release: RepositoryHistory.Release, abilities: (before: [Ability], after: [Ability]),
    pins: [LockChanges.Move], files: [File]
  ) {
    self.release = release
    self.pins = pins
    self.files = files
    gained = Ability.lines(Self.added(abilities.after, to: abilities.before))
    lost = Ability.lines(Self.added(abilities.before, to: abilities.after).filter { $0.entry == nil })
  }

  /// Contents that nothing runs are told as files.
  private static func added(_ new: [Ability], to old: [Ability]) -> [Ability] {
    func key(_ ability: Ability) -> String {
      "\(ability.kind) \(ability.subject) \(ability.digest.hex)"
    }
    let known = Set(old.map(key))
    return new.filter { ($0.entry == nil || $0.kind == .runs) && !known.contains(key($0)) }
  }
}
