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
    discussion: """
      It only reads, and needs no consent. With --html it writes a page in one file beside, which needs nothing else: \
      to put on a screen, to send, or to print.
      """)

  @Argument(
    help: "A folder, a git address, or one of ours; without it the project here, or this machine's profile.",
    completion: Completions.profiles)
  var profile: String?
  @OptionGroup var fetching: FetchOptions
  @Option(help: ArgumentHelp("Write it as a page that can be shown to anybody.", valueName: "file"))
  var html: String?
  @Flag(help: "The servers that are asked for it, as a list for a firewall.") var hosts = false
  @Flag(help: "Print JSON.") var json = false

  func validate() throws {
    if hosts, html != nil { throw ValidationError("--hosts goes with --json alone") }
  }

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
      if hosts {
        let contacts = Contacts(of: shown, lock, session.host)
        let members = Self.members(shown, abilities, lock).merging(["hosts": contacts.json]) { $1 }
        guard !json else { return session.write(JSONDocument(.show, members)) }
        return session.host.terminal.write(contacts.text(session.outputStyle, session.host.terminal.width))
      }
      if let html {
        let page = ShowPage(
          of: shown, abilities: abilities, lock: lock,
          shortcuts: ProfileShortcuts.find(in: shown, session.host),
          outlook: try await outlook(session, place),
          address: address, date: DateText.utc(session.host.clock.now()) + " UTC")
        try session.write(page.html, toPage: html)
      }
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

  /// What this machine would get, as far as that can be seen by reading.
  private func outlook(_ session: Session, _ place: ProfilePlace) async throws -> Outlook {
    do {
      let reading = try await Reading(session, place, fetching: fetching.permission)
      var outside = session.host
      let bin = session.places.bin.string
      outside.environment["PATH"] = (outside.environment["PATH"] ?? "").split(separator: ":")
        .filter { $0 != bin }.joined(separator: ":")
      return Outlook(reading.plan, of: reading.profile, home: outside.user.home) { [outside] in
        Programs.find($0, outside)
      }
    } catch let failure as Failure {
      return Outlook(open: failure.diagnostics.filter { $0.severity == .error }.map(\.message))
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
            "signer": layer.signer.map { .string($0) } ?? .null,
          ])
        }),
      "abilities": .array(
        Ability.lines(abilities).map {
          .object([
            "kind": .string("\($0.kind)"), "text": .string(withoutPasswords($0.text)),
            "grave": .bool($0.isGrave),
          ])
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
