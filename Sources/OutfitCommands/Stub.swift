import ArgumentParser
import OutfitCore
import OutfitEngine
import OutfitProfile
import OutfitSystem
struct WhyCommand: AsyncParsableCommand {}
struct ShowCommand: AsyncParsableCommand {}
struct TrustCommand: AsyncParsableCommand {}
extension Session { func requireConsent(to profile: Profile) async throws {} }
struct Consent: Sendable {
  init(host: Host) {}
  func needed(for profile: Profile) throws -> [Layer] { [] }
  func record(for profile: Profile) throws {}
  func refusal(for profile: Profile, layers: [Layer]) -> Failure { Failure("x") }
  func question(for profile: Profile, layers: [Layer], style: Style, width: Int) -> String { "" }
  static func isCommit(_ t: String) -> Bool { false }
}
struct GitProfiles: Sendable {
  init(host: Host) {}
  func fetch(_ a: GitAddress) async throws -> FetchedProfile { throw Failure("x") }
}
