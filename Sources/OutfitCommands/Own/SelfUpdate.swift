import OutfitConsent
import OutfitCore
import OutfitEngine
import OutfitFetch
import OutfitProfile
import OutfitSharing
import OutfitSystem
import SystemPackage

/// Another release of Outfit for this user, checked, in the store, and switched to in one transaction, so that `rollback` goes
/// back to the present one.
struct SelfUpdate {
  struct Wish: Sendable {
    /// Nil for the newest.
    var version: String?
    /// Where the releases are; nil for where this one came from, or what the machine's keeper says.
    var from: String?
    /// What the tarball must be.
    var digest: Digest?
  }

  /// A release to have, and how it is known to be what was published.
  struct Offer {
    var entry: ReleaseList.Entry
    /// Without a password.
    var from: String
    var tarball: String
    /// Whom the list is signed by, where that was asked.
    var signer: String?
    /// It is the one that runs.
    var isHere: Bool
  }

  let session: Session
  let wish: Wish
  private let network: NetworkSettings
  private let fetcher: Downloads
  private var host: Host { session.host }

  init(_ session: Session, _ wish: Wish) {
    (self.session, self.wish) = (session, wish)
    network = NetworkSettings.read(session.host)
    fetcher = Downloads(host: session.host, libraries: Installation.locate(session.host).libraries)
  }

  // MARK: What there is

  /// Looks at what is published. It writes nothing.
  /// - Throws: `Failure` where this Outfit is not this user's to replace, where no place is known, and where what is there
  ///   is not signed by those who have to.
  func offer() async throws -> Offer {
    try refuseForeign()
    let from = try place()
    let list = "\(from)/\(ReleaseList.fileName)"
    let document = try await fetcher.document(addresses: [list], limit: 1 << 20)
    guard
      let releases = ReleaseList(String(decoding: document.bytes, as: UTF8.self), platform: host.platform.key)
    else {
      throw Failure(
        "\(withoutPasswords(list)) is no list of digests", hint: "`make dist` writes one beside the releases")
    }
    let signer = try await signer(of: document.bytes, from)
    guard signer != nil || wish.digest != nil || !from.lowercased().hasPrefix("http://") else {
      throw Failure(
        "\(withoutPasswords(from)) is asked without encryption, so that anybody on the way could answer",
        hint:
          "use https; or say what the tarball must be, with `--sha256`; or name who signs "
          + "releases: `network: {release-signers: FILE}` in /etc/outfit/outfit.yaml",
        reason: .signature)
    }
    guard let entry = releases.entry(wish.version) else {
      let known = releases.entries.map(\.text).joined(separator: ", ")
      throw Failure(
        wish.version.map {
          "there is no outfit \($0.harmless) for \(host.platform.key) at \(withoutPasswords(from))"
        }
          ?? "\(withoutPasswords(from)) has no release for \(host.platform.key)",
        hint: known.isEmpty ? nil : "there are \(known.harmless)",
        status: wish.version == nil ? .failed : .usage)
    }
    guard wish.digest ?? entry.digest == entry.digest else {
      throw Failure(
        "outfit \(entry.text) at \(withoutPasswords(from)) is another than the one that was asked for",
        hint: "its SHA-256 is \(entry.digest)", reason: .digest)
    }
    let isOlder = wish.version == nil && entry.version < (Version(Release.version) ?? entry.version)
    return Offer(
      entry: entry, from: withoutPasswords(from), tarball: "\(from)/\(entry.file)", signer: signer,
      isHere: isOlder || entry.digest == running)
  }

  /// The digest of the tarball that the running Outfit came from; nil where that is not known.
  private var running: Digest? {
    if let release = OwnRelease.running(host) { return release.digest }
    let root = Installation.locate(host).executable.removingLastComponent().removingLastComponent()
    guard let text = try? host.files.text(root.appending(".sha256")) else { return nil }
    return Digest(String(text.prefix { !$0.isWhitespace }))
  }

  /// An Outfit that others keep is theirs to replace.
  private func refuseForeign() throws {
    let program = Installation.locate(host).executable
    guard !program.isAtOrBelow(host.places.data) else { return }
    let hint =
      program.string.contains("/.build/")
      ? "it is a build of a clone: `git pull && make up` there"
      : program.isAtOrBelow("/usr/bin")
        ? "it came with a package of the system, which brings newer ones too"
        : "whoever keeps it installs a newer one there: `sh install.sh --prefix DIR`"
    throw Failure(
      "\(session.short(program)) is not what install.sh put into your home", hint: hint)
  }

  /// The folder of releases, as an address.
  private func place() throws -> String {
    let kept = try? host.files.text(Self.origin(host))
    guard
      let named = wish.from ?? network.releases
        ?? kept?.split(whereSeparator: \.isNewline).first.map(String.init)
    else {
      throw Failure(
        "it is not known where releases of Outfit are",
        hint: "`outfit self update --from ADDRESS`: a folder or an address that has SHA256SUMS",
        status: .usage)
    }
    var place = named
    while place.count > 1, place.hasSuffix("/") { place.removeLast() }
    if place.contains("://") { return place }
    let path = host.workingDirectory.pushing(FilePath(place)).lexicallyNormalized()
    return "file://" + path.string.utf8.map { Self.escaped($0) }.joined()
  }

  /// A byte of a path in an address (RFC 3986, 3.3).
  private static func escaped(_ byte: UInt8) -> String {
    let character = Character(UnicodeScalar(byte))
    if byte < 128, character.isLetter || character.isNumber || "/-._~".contains(character) {
      return String(character)
    }
    let digits = String(byte, radix: 16, uppercase: true)
    return "%" + (digits.count == 1 ? "0" : "") + digits
  }

  private func signer(of list: [UInt8], _ from: String) async throws -> String? {
    guard let signers = network.releaseSigners else { return nil }
    let signature = try await fetcher.document(
      addresses: ["\(from)/\(ReleaseList.signatureName)"], limit: 1 << 16)
    let file = host.places.cache.appending("release-\(Digest(of: signature.bytes).short(24)).sig")
    try host.files.createDirectories(host.places.cache, mode: 0o700)
    try host.files.removeTree(file)
    try host.files.create(file, signature.bytes, mode: 0o600)
    defer { try? host.files.removeTree(file) }
    guard
      let name = try await SSHSignature(namespace: "outfit", host: host).signer(
        of: list, signature: file, among: FilePath(signers))
    else {
      throw Failure(
        "the releases at \(withoutPasswords(from)) are not signed by anybody whom \(signers) allows",
        hint: "nothing was installed; ask whoever keeps them", reason: .signature)
    }
    return name
  }

  /// Where install.sh notes the folder that it took a release from.
  private static func origin(_ host: Host) -> FilePath {
    host.places.data.appending("self").appending(".from")
  }

  /// The tarball of a release at the place that is known; none where there is no such place.
  static func addresses(of release: OwnRelease, _ host: Host) -> [String] {
    guard let from = try? host.files.text(origin(host))?.split(whereSeparator: \.isNewline).first else {
      return []
    }
    return from.contains("://") ? ["\(from)/outfit-\(release.version)-\(host.platform.key).tar.gz"] : []
  }

  // MARK: Having it

  /// - Returns: the number of the generation that it makes.
  func install(_ offer: Offer) async throws -> Int {
    let lock = try await ScopeLock.acquire(.machine, host: host)
    defer { withExtendedLifetime(lock) {} }
    let store = Store(host)
    let release = OwnRelease(version: offer.entry.text, digest: offer.entry.digest)
    let object = release.object(addresses: [offer.tarball], store: store.root)
    let builder = Builder(
      .generation(.machine), host: host, store: store, fetcher: fetcher,
      progress: TerminalProgress(host: host),
      isOffline: false)
    let built = try await builder.build([object])
    if let failed = built.failed[object.id] { throw Failure([failed]) }
    try await check(release, at: store.root.appending(object.id.description))

    let previous = try Generations.current(.machine, host: host)
    // What asks for Outfit stays what it was, so that the next `up` has nothing to note.
    let owner = previous?.claims.first { $0.name == "outfit" }?.owner
    let manifest =
      owner.map { FilePath($0.split(separator: ":").dropLast(2).joined(separator: ":")) }
      ?? host.places.personalManifest
    let layer = Layer(kind: .personal, name: "", address: "", folder: host.places.config, manifest: manifest)
    let source = Source(layer: layer, location: SourceLocation(file: manifest.string))
    let plan = try Planner.plan(
      scope: .machine,
      proposal: OwnCommand(release, host).proposal(of: source, isMachine: true, store: store.root),
      host: host, isPresent: { store.isPresent($0) }, effectIsDue: { _ in false }, keepsMissing: true)
    // The installer's link is all of the user's that it changes.
    let outcome = try await Switch.apply(
      plan, by: .generation(.machine), decisions: Decisions(.take),
      profile: previous?.profile ?? ProfileStamp(name: "", address: ""),
      snapshots: Scope.machine.snapshots(host), host: host)
    if outcome.isNew { _ = try await Mending.mendCommands(host, known: outcome.record.map { [$0] } ?? []) }
    // Without it the next one has to be told where releases are.
    try? remember(offer)
    session.report(outcome.notes)
    return outcome.generation
  }

  /// Notes the folder of releases, for the next one. A password is not kept.
  private func remember(_ offer: Offer) throws {
    let (origin, files) = (Self.origin(host), host.files)
    try files.createDirectories(origin.removingLastComponent(), mode: 0o700)
    let new = FilePath("\(origin).new")
    try files.removeTree(new)
    try files.create(new, Array("\(offer.from.replacing("***@", with: ""))\n".utf8), mode: 0o600)
    try files.rename(new, to: origin)
  }

  /// What was published under a name has to be that, and run here.
  private func check(_ release: OwnRelease, at root: FilePath) async throws {
    let said = try await host.processes.run(
      Invocation(root.pushing(FilePath(OwnRelease.program)), ["--version"], environment: host.environment))
    let words = said.outputText.split(whereSeparator: \.isWhitespace)
    guard said.succeeded, words.count > 1, words[1] == release.version else {
      throw Failure(
        "what is published as outfit \(release.version.harmless) says that it is \(String(said.outputText.prefix(60)).harmless)",
        hint: "nothing was switched; ask whoever keeps the releases")
    }
  }
}
