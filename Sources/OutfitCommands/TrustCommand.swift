import ArgumentParser
import OutfitCore
import OutfitProfile
import OutfitSharing
import OutfitSystem

struct TrustCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "trust", abstract: "Consent to what a profile can do, as it is now.",
    discussion: """
      It is asked again only when what the profile can do has changed. A git address needs --trust COMMIT, so \
      that you consent to what you looked at.
      """)

  @Argument(help: "A folder or a git address; without it the project that you stand in.") var profile: String?
  @Option(
    name: .customLong("trust"),
    help: ArgumentHelp("The commit that you looked at, for a git address.", valueName: "commit"))
  var commit: String?

  func run() async throws {
    try await withSession { session in
      let place = try ProfilePlace.find(profile, session)
      let trusted = try await place.load(session)
      let consent = Consent(host: session.host)
      let needed = try consent.needed(for: trusted)
      let given: Consent.Given =
        commit.map { .commits($0.split(separator: ",").map(String.init)) } ?? .folders
      try consent.obtain(
        for: trusted, given: given, style: session.errorStyle, command: "outfit trust", address: profile)
      if needed.isEmpty {
        session.write("\(trusted.name) is trusted already.")
      } else {
        session.write("Trusted as it is now: \(needed.map(\.address).joined(separator: ", "))")
      }
    }
  }
}
