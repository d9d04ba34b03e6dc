import ArgumentParser
import OutfitConsent
import OutfitCore
import OutfitProfile
import OutfitSharing
import OutfitSystem

struct TrustCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "trust",
    abstract: "Consent to what a profile can do, as it is now; list consent, take it back.",
    discussion: """
      It is asked again only when the profile can do something new. A git address needs --trust COMMIT, so that \
      you consent to what you looked at. In CI, --locked consents to this checkout.
      """,
    subcommands: [TrustGrant.self, TrustList.self, TrustRevoke.self], defaultSubcommand: TrustGrant.self)
}

struct TrustGrant: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "grant", abstract: "Consent to what a profile can do, as it is now.",
    discussion: "`outfit trust` alone does it.")

  @Argument(help: "A folder or a git address; without it the project that you stand in.") var profile: String?
  @Option(
    name: .customLong("trust"),
    help: ArgumentHelp("The commit that you looked at, for a git address.", valueName: "commit"))
  var commit: String?
  @Flag(help: "This checkout, and its git layers at the commits that outfit.lock has: for CI.") var locked =
    false
  @OptionGroup var fetching: FetchOptions
  @Flag(help: "Print JSON.") var json = false

  func validate() throws {
    if locked, commit != nil {
      throw ValidationError("--locked takes the commits from the lock, not from --trust")
    }
  }

  func run() async throws {
    try await withSession { session in
      let place = try ProfilePlace.find(profile, session)
      let trusted = try await place.load(session, fetching: fetching.permission)
      if locked { try refuseUnlocked(trusted, session.host) }
      let needed = try Consent(host: session.host).needed(for: trusted)
      let given: Consent.Given =
        locked ? .locked : commit.map { .commits($0.split(separator: ",").map(String.init)) } ?? .folders
      let consented = try await session.consent(to: trusted, given: given, address: profile)
      // What can't be rendered yet is asked about when it can.
      if trusted.app != nil, let project = try Project.find(session.host), project.scope == trusted.scope,
        let rendering = try? Rendered.renderer(session, project, profile: trusted).render()
      {
        try session.consent(toRendered: rendering, consented, given: given)
      }
      if needed.isEmpty {
        session.say("\(trusted.name) is trusted already.", json: json)
      } else {
        session.say("Trusted as it is now: \(needed.map(\.name).joined(separator: ", "))", json: json)
      }
      if json {
        session.write(
          JSONDocument(
            .trust, changed: !needed.isEmpty, ["granted": .array(needed.map { .string($0.name) })]))
      }
    }
  }

  /// What a lock does not hold still can't be consented to by it.
  private func refuseUnlocked(_ profile: Profile, _ host: Host) throws {
    let pins = try Locks(host: host, profile: profile).merged.layers
    let layers = profile.layers.filter { layer in
      guard let commit = layer.commit, layer.kind != .system else { return false }
      return pins[layer.origin?.with(subfolder: "").description ?? ""]?.commit != commit
    }
    guard !layers.isEmpty else { return }
    throw Failure(
      layers.map { layer in
        Diagnostic(
          .error, "\(layer.address) comes from git, and outfit.lock does not pin it",
          hint:
            "pin it with `outfit lock` and commit that, or consent to the commit by name: outfit trust --trust \(layer.commit ?? "COMMIT")"
        )
      }, status: .consent)
  }
}

struct TrustList: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "What you have consented to, and when.")

  @Flag(help: "Print JSON.") var json = false

  func run() async throws {
    try await withSession { session in
      let records = try TrustStore(host: session.host).all()
      if json {
        let rows = records.map { record -> JSONText in
          .object([
            "layer": .string(record.name), "commit": record.commit.map { .string($0) } ?? .null,
            "granted": .number(Int(record.granted)), "abilities": .number(record.count),
          ])
        }
        return session.write(JSONDocument(.trust, ["trusted": .array(rows)]))
      }
      if records.isEmpty { return session.write("Nothing is trusted yet.") }
      for record in records {
        let commit = record.commit.map { " at \($0.prefix(12))" } ?? ""
        session.write("\(record.name)\(commit), since \(DateText.utc(record.granted)) UTC")
      }
    }
  }
}

struct TrustRevoke: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "revoke",
    abstract: "Take consent back: nothing of it is built, run or changed until you give it again.",
    discussion: "What is here stays, until `outfit rollback` or another profile.")

  @Argument(
    help: "A folder or an address, as `outfit trust list` has it; without it the project that you stand in.",
    completion: Completions.trusted)
  var layer: String?
  @Flag(help: "Print JSON.") var json = false

  func run() async throws {
    try await withSession { session in
      let store = TrustStore(host: session.host)
      let known = try store.all().map(\.name)
      let wanted = try name(session)
      let names = known.filter { name in
        name == wanted || name.hasSuffix(" in \(wanted)")
          || ["takeovers", "renders"].contains { "\($0) of \(wanted)" == name }
          || name.hasPrefix("cluster ") && name.hasSuffix(" of \(wanted)")
      }
      guard !names.isEmpty else {
        throw Failure(
          "nothing is trusted of \(wanted)",
          hint: nearest(wanted, among: known).map { "did you mean \($0)?" } ?? "outfit trust list",
          status: .usage)
      }
      for name in names { try store.revoke(name) }
      session.say("Not trusted any more: \(names.joined(separator: ", "))", json: json)
      if json {
        session.write(
          JSONDocument(.trust, changed: true, ["revoked": .array(names.map { .string($0) })]))
      }
    }
  }

  private func name(_ session: Session) throws -> String {
    guard let layer else { return try ProfilePlace.find(nil, session).address }
    guard
      case .folder(let folder) = try ProfileAddress(
        layer, relativeTo: session.host.workingDirectory, home: session.host.user.home)
    else { return layer }
    return ProfilePlace.shipped(session.host).contains(layer)
      ? ProfilePlace.located(layer, session.host) ?? layer : folder.string
  }
}

/// What may be fetched of the addresses that a profile names.
struct FetchOptions: ParsableArguments {
  @Flag(
    name: .customLong("fetch"),
    help: "Let git fetch what the profile's `extends:` names; without it you are asked.")
  var fetch = false

  var permission: FetchPermission { fetch ? .given : .asked }
}
