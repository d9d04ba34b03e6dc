import OutfitCore
import OutfitEngine
import OutfitProfile
import OutfitSharing
import OutfitSystem

/// What was last heard of a profile that came from git. Saying it asks nobody.
struct GitNews {
  private let commit: String
  private let answer: GitProfiles.Answer?
  private let now: Int64
  /// What moves it, from where one stands.
  private let update: String

  /// Nil for what is no branch or tag of a repository, and before it was ever fetched.
  init?(of place: ProfilePlace, _ host: Host) {
    guard let address = place.git, address.commit == nil else { return nil }
    let answer = (try? place.profiles(host, network: .never).lastAnswer(address)) ?? nil
    guard let commit = answer?.commit ?? place.usedCommit(host) else { return nil }
    (self.commit, self.answer, now) = (commit, answer, host.clock.now())
    let isInProject = ((try? Project.find(host)) ?? nil) != nil
    update = "outfit update\(isInProject ? " --machine" : "")"
  }

  /// `acme: commit 1a2b3c4, asked 3 days ago`, or that there is a newer one.
  func line(_ name: String) -> String {
    guard let answer else { return "\(name): commit \(commit.prefix(7))" }
    guard answer.hasMoved else {
      return "\(name): commit \(commit.prefix(7)), asked \(Age.text(now - answer.asked)) ago"
    }
    let since = answer.since.map { " since \(Age.text(now - $0))" } ?? ""
    return "\(name) has a newer commit\(since): \(update)"
  }

  var json: JSONText {
    .object([
      "commit": .string(commit), "newest": answer.map { .string($0.newest) } ?? .null,
      "asked": answer.map { .number(Int($0.asked)) } ?? .null,
    ])
  }
}

/// How long something is ago, for people.
enum Age {
  /// `3 days`, `1 hour`; what has just been is `a moment`.
  static func text(_ seconds: Int64) -> String {
    for (unit, length) in [("day", 86400 as Int64), ("hour", 3600), ("minute", 60)] where seconds >= length {
      return PlanText.count(Int(seconds / length), unit)
    }
    return "a moment"
  }
}
