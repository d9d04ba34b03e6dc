import ArgumentParser
import OutfitConsent
import OutfitCore
import OutfitProfile
import OutfitRender
import OutfitSharing
import OutfitSystem
import OutfitTools

struct ShowCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show",
    abstract: "Present a profile: what it gives, what it can do, and the one line to have it.",
    discussion: "It only reads, and needs no consent.")

  @Argument(
    help: "A folder, a git address, or one of ours; without it the project here, or this machine's profile.")
  var profile: String?
  @OptionGroup var fetching: FetchOptions

  func run() async throws {
    try await withSession { session in
      let place = try ProfilePlace.find(profile, session)
      let shown = try await place.load(session, fetching: fetching.permission)
      let lock = Tools.pins(of: shown, in: try Locks(host: session.host, profile: shown).merged)
      let address: String? =
        switch place.scope {
        case .machine: profile ?? place.address
        case .project: nil
        }
      session.host.terminal.write(
        ShowText.text(
          of: shown, abilities: try Consent(host: session.host).abilities(of: shown), lock: lock,
          address: address, width: session.host.terminal.width,
          style: session.outputStyle))
      if case .project(let root) = place.scope, shown.app != nil {
        // A template that is not there, or none that can be read.
        _ = try RenderSession(
          host: session.host, profile: shown, lock: lock, lockDigest: Digest(of: ""), root: root,
          templates: Installation.locate(session.host).templates
        ).images()
      }
    }
  }
}
