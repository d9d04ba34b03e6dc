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
  @Flag(help: "Print JSON.") var json = false

  func run() async throws {
    try await withSession { session in
      let place = try ProfilePlace.find(profile, session)
      // What a profile gives is the same whoever looks.
      let shown = try await place.load(
        session, fetching: fetching.permission, withPersonal: profile == nil)
      let lock = Tools.pins(of: shown, in: try Locks(host: session.host, profile: shown).merged)
      let address: String? =
        switch place.scope {
        case .machine: profile ?? place.address
        case .project: nil
        }
      let abilities = try Consent(host: session.host).abilities(of: shown)
      if json {
        return session.write(JSONDocument(.show, Self.members(shown, abilities, lock)))
      }
      session.host.terminal.write(
        ShowText.text(
          of: shown, abilities: abilities, lock: lock,
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

  private static func members(_ profile: Profile, _ abilities: [Ability], _ lock: Lock) -> [String: JSONText]
  {
    [
      "profile": .string(profile.name), "description": profile.summary.map { .string($0) } ?? .null,
      "layers": .array(
        profile.layers.map { layer in
          .object([
            "name": .string(layer.name), "kind": .string(layer.kind.rawValue),
            "address": .string(withoutPasswords(layer.address)),
            "commit": layer.commit.map { .string($0) } ?? .null,
          ])
        }),
      "abilities": .array(
        Ability.lines(abilities).map {
          .object(["kind": .string("\($0.kind)"), "text": .string(withoutPasswords($0.text))])
        }),
      "tools": .array(
        profile.tools.keys.sorted().map { name in
          .object([
            "name": .string(name),
            "version": (lock.tools[name]?.version.description).map { .string($0) } ?? .null,
          ])
        }),
      "interpreters": .array(
        Language.allCases.flatMap { language in
          (lock.interpreters[language] ?? []).map { pin in
            .object([
              "language": .string(language.rawValue), "request": .string(pin.request),
              "version": .string(pin.version.description),
            ])
          }
        }),
      "files": .array(profile.dotfiles.keys.sorted().map { .string($0) }),
    ]
  }
}
