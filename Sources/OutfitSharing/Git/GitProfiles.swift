import OutfitCore
import OutfitProfile
import OutfitSystem
import SystemPackage

/// Whether addresses that a profile names may be fetched.
public enum FetchPermission: Sendable {
  /// By the command line.
  case given
  /// A person is asked.
  case asked
}

/// Profiles from git: a folder for each commit among Outfit's data, whose files nobody may write, and what was fetched in
/// its cache.
///
/// Nothing of a repository runs: its hooks and file-system monitors are off. The user's own configuration (proxies,
/// credentials, `insteadOf`) applies; what git then still lacks, it asks a person on a terminal, and nobody without
/// one.
public struct GitProfiles: Sendable {
  public enum Network: Sendable {
    /// Asks the repository what a branch or a tag is now.
    case always
    /// Only where nothing was fetched for this address before.
    case whenUnknown
    case never
  }

  let host: Host
  private let network: Network
  private let permission: FetchPermission
  private let address: String?
  private let used: [Reference: String]
  private let moving: Set<Reference>
  private let pins: Pins
  private let followsChannel: Bool
  /// A person is asked one thing at a time.
  private let asking = Locked(0)
  private let questions = GitQuestions()
  private let own: OwnWords

  /// The commits that locks pin: they are what an address means, whatever its repository says now.
  public final class Pins: Sendable {
    private let layers: Locked<[Reference: LockedLayer]>
    /// Those that move are asked for anew: the lock is one's own to write.
    let areMovable: Bool

    public init(_ layers: [String: LockedLayer] = [:], areMovable: Bool = false) {
      self.layers = Locked([:])
      self.areMovable = areMovable
      add(layers)
    }

    func add(_ more: [String: LockedLayer]) {
      layers.withLock { layers in
        for (address, layer) in more {
          guard let address = try? GitAddress(address) else { continue }
          layers[Reference(address)] = layers[Reference(address)] ?? layer
        }
      }
    }

    subscript(_ reference: Reference) -> LockedLayer? { layers.withLock { $0[reference] } }
  }

  /// What can move: a branch, a tag or the default branch of a repository, whatever folder of it is meant.
  public struct Reference: Hashable, Sendable {
    let repository: String
    let name: String?

    public init(_ address: GitAddress) {
      (repository, name) = (address.repository, address.reference)
    }
  }

  /// - Parameters:
  ///   - used: the commits that a generation was made from: they serve until somebody asks for newer ones.
  ///   - moving: what is asked for anew, whatever `network` says.
  ///   - pins: of the lock beside the profile. That of one from git is read with it.
  ///   - permission: to fetch what a profile names.
  ///   - address: of the profile, as it is typed behind a verb.
  ///   - followsChannel: addresses without a branch or a tag mean that of `channel:`.
  public init(
    host: Host, network: Network = .always, used: [Reference: String] = [:], moving: Set<Reference> = [],
    pins: Pins = Pins(), permission: FetchPermission = .asked, address: String? = nil,
    followsChannel: Bool = false
  ) {
    own = OwnWords(host)
    self.followsChannel = followsChannel
    self.pins = pins
    self.permission = permission
    self.address = address
    self.host = host
    self.network = network
    self.used = used
    self.moving = moving
  }

  /// What `ProfileLoader` takes.
  public var resolver: ProfileLoader.Resolver {
    { address, layer in
      let known = try known(address)
      if let layer { try asking.withLock { _ in try permit(known ?? address, by: layer) } }
      let meant = try await known == nil ? find(address) : known ?? address
      var fetched = try await fetch(meant)
      if meant != address { fetched.channel = meant.reference }
      if layer == nil {
        let lock = fetched.checkout.pushing(FilePath(address.subfolder)).appending(LockFile.name)
        pins.add(LockFile.layers(in: lock, host.files))
      }
      return fetched
    }
  }

  /// An address that a profile names is fetched when a person says so, the first time.
  private func permit(_ address: GitAddress, by layer: String) throws {
    guard permission == .asked, network != .never else { return }
    if address.commit.map({ host.files.exists(checkout(address, $0)) }) == true { return }
    if try used[Reference(address)] != nil || memory(address) != nil { return }
    let question = "\(layer) builds on \(address), which git would fetch from \(address.repository)."
    guard host.terminal.isInteractive else {
      throw Failure(
        "\(question) Nobody has consented to that",
        hint: "have it fetched, and look at it: outfit show \(self.address.map { "\($0) " } ?? "")--fetch",
        status: .consent)
    }
    let answer = host.terminal.ask("\(question.harmless) May it? [y/N] ")?.lowercased() ?? ""
    guard ["y", "yes"].contains(answer.filter { !$0.isWhitespace }) else {
      throw Failure("nothing was fetched, since you did not consent", status: .consent, reason: .declined)
    }
  }

  /// What is used of an address, and what its repository said when it was last asked.
  public struct Answer: Hashable, Sendable {
    /// The commit that is used here.
    public var commit: String
    /// The newest that there was.
    public var newest: String
    /// Seconds since 1970.
    public var asked: Int64
    /// When the newest was committed, in seconds since 1970, where that is known.
    public var since: Int64?

    public var hasMoved: Bool { newest != commit }
  }

  /// Brings the commit that the address means into the cache: the one that is used here, or where it is to be asked the
  /// newest. Which one is used changes by that only where none was.
  /// - Throws: what git said, or how to get git.
  public func fetch(_ address: GitAddress) async throws -> FetchedProfile {
    let reference = Reference(address)
    let asks = network == .always || moving.contains(reference)
    let known = try used[reference] ?? memory(address)?.commit
    let pin = pins.areMovable && moving.contains(reference) ? nil : pins[reference]
    let present = address.commit ?? pin?.commit ?? (asks ? nil : known)
    let rules = own.settings.signers.filter { $0.counts(for: address) }
    func done(_ checkout: FilePath, _ commit: String) async throws -> FetchedProfile {
      FetchedProfile(
        checkout: checkout, commit: commit, signer: try await signer(of: commit, address, rules))
    }
    if let present {
      let checkout = checkout(address, present)
      // Who signed it, the repository says.
      let isThere = host.files.exists(checkout)
      if isThere, rules.isEmpty { return FetchedProfile(checkout: checkout, commit: present) }
      if try await has(present, address) {
        guard !isThere else { return try await done(checkout, present) }
        let fetched = try await done(checkout, present)
        try await stored(address).checkOut(present, to: checkout)
        try verify(checkout, pin, address)
        return fetched
      }
    }
    guard network != .never else {
      throw Failure("\(address) was not fetched yet", hint: "run this once with a network, without --offline")
    }
    let commit: String
    if let present {
      // It was here, and somebody emptied the cache.
      commit = try await fetchCommit(address.with(reference: present), repository(address))
    } else {
      commit = try await ask(address).newest
    }
    let checkout = checkout(address, commit)
    let fetched = try await done(checkout, commit)
    if !host.files.exists(checkout) {
      try await repository(address).checkOut(commit, to: checkout)
      try verify(checkout, pin?.commit == commit ? pin : nil, address)
    }
    return fetched
  }

  private func has(_ commit: String, _ address: GitAddress) async throws -> Bool {
    guard let git = try? stored(address), host.files.exists(git.folder) else { return false }
    return try await git.has(commit)
  }

  // MARK: - Channels and signers

  /// What the user's own layer and the machine's say, once it is asked for.
  private final class OwnWords: Sendable {
    private let host: Host
    private let read: Locked<OwnSettings?> = Locked(nil)

    init(_ host: Host) { self.host = host }

    var settings: OwnSettings {
      read.withLock { known in
        let settings = known ?? OwnSettings.read(host)
        known = settings
        return settings
      }
    }
  }

  /// The same address at the branch or tag of the channel; nil where none is followed.
  private func onChannel(_ address: GitAddress) -> GitAddress? {
    guard followsChannel, address.reference == nil, let channel = own.settings.channel else { return nil }
    return address.with(reference: channel)
  }

  /// What an address means as to its channel; nil where its repository has to be asked.
  private func known(_ address: GitAddress) throws -> GitAddress? {
    guard let other = onChannel(address) else { return address }
    let plain = Reference(address)
    if pins[plain] != nil, !pins.areMovable || !moving.contains(plain) { return address }
    if try used[Reference(other)] != nil || memory(other) != nil { return other }
    let isAbsent = host.files.exists(absence(other))
    if network == .never || isAbsent && network != .always && !moving.contains(plain) { return address }
    return nil
  }

  /// Asks whether the repository has the channel's branch or tag.
  private func find(_ address: GitAddress) async throws -> GitAddress {
    guard let other = onChannel(address) else { return address }
    do {
      _ = try await ask(other)
      try host.files.removeTree(absence(other))
      return other
    } catch let failure as Failure where failure.status == .usage {
      try host.files.createDirectories(absence(other).removingLastComponent(), mode: 0o700)
      if !host.files.exists(absence(other)) { try host.files.create(absence(other), [], mode: 0o600) }
      return address
    }
  }

  /// Stands where a repository has no such branch or tag.
  private func absence(_ address: GitAddress) -> FilePath {
    FilePath(memoryFile(address).string + ".absent")
  }

  /// Whom a commit is signed by; nil where nobody has to.
  /// - Throws: where it is not signed by those who have to.
  private func signer(
    of commit: String, _ address: GitAddress, _ rules: [SignerRule]
  ) async throws -> String? {
    var signer: String?
    for rule in rules {
      let file = home(address).appending("signers-\(Digest(of: rule.allowed).short(24))")
      if try host.files.text(file) != rule.allowed {
        try host.files.createDirectories(home(address), mode: 0o700)
        try host.files.removeTree(file)
        try host.files.create(file, Array(rule.allowed.utf8), mode: 0o600)
      }
      let answer = try await repository(address).signer(of: commit, among: file)
      guard case .signed(let name) = answer else {
        throw Failure([
          Diagnostic(
            .error, "\(address) at \(commit.prefix(12)) is not signed by anybody whom `signers:` allows",
            excerpt: answer.said,
            hint: "ask whoever keeps \(address.repository); what this machine has stays as it is",
            reason: .signature)
        ])
      }
      signer = name
    }
    return signer
  }

  /// Has a commit of a repository that somebody else fetched.
  func put(_ commit: String, of address: GitAddress, from repository: PersonalRepository) async throws {
    let checkout = checkout(address, commit)
    guard !host.files.exists(checkout) else { return }
    try await GitRepository(git: repository.git, folder: repository.store).checkOut(commit, to: checkout)
  }

  /// What was checked out is what the lock says; git's own names of commits are digests of SHA-1.
  private func verify(_ checkout: FilePath, _ pin: LockedLayer?, _ address: GitAddress) throws {
    guard let pin, try Lock.digest(of: checkout, host.files) != pin.digest else { return }
    try host.files.removeTree(checkout)
    throw Failure([
      Diagnostic(
        .error, "\(address) at \(pin.commit) holds other files than outfit.lock says",
        hint: "ask whoever keeps it what was pushed, and look at outfit.lock's own history", reason: .digest)
    ])
  }

  /// Asks the repository what the address means now, and remembers what it said. Nothing of it is used by that.
  /// - Throws: what git said, or how to get git.
  public func ask(_ address: GitAddress) async throws -> Answer {
    let git = try await repository(address)
    let newest = try await fetchCommit(address, git)
    let present = try memory(address)
    let since = present?.newest == newest ? present?.since : try await git.date(of: newest)
    var answer = Answer(
      commit: present?.commit ?? newest, newest: newest, asked: host.clock.now(), since: since)
    try remember(answer, address)
    answer.commit = used[Reference(address)] ?? answer.commit
    return answer
  }

  /// What is known without asking; nil where nothing was ever fetched.
  public func lastAnswer(_ address: GitAddress) throws -> Answer? {
    guard var answer = try memory(address) else { return nil }
    answer.commit = used[Reference(address)] ?? answer.commit
    return answer
  }

  /// From now on this commit is the one that the address means here.
  public func use(_ commit: String, of address: GitAddress) throws {
    guard address.commit == nil, var answer = try memory(address), answer.commit != commit else { return }
    answer.commit = commit
    try remember(answer, address)
  }

  /// How an address came from one commit to another. It asks the repository for the commits between them.
  public func movement(of address: GitAddress, from old: String, to new: String) async throws -> GitMovement {
    let git = try await repository(address)
    let files = try await git.has(old) ? try await git.changes(from: old, to: new) : []
    var movement = GitMovement(from: old, to: new, path: .unknown, files: files)
    let reference = try await meant(address, git)
    for depth in ["64", "1024", "2147483647"] {
      let fetched = try await git.fetch(["--depth=\(depth)", "--no-tags"], address.repository, [reference])
      guard fetched.succeeded else { return movement }
      guard try address.isPattern || !git.fetchedTag else {
        movement.path = .tagMoved
        return movement
      }
      if let count = try await git.distance(from: old, to: new) {
        movement.path = .onward(commits: count)
        return movement
      }
    }
    movement.path = .rewritten
    return movement
  }

  // MARK: For externals

  /// Writes the files of a commit to a folder that is not there yet; whoever has to sign it did.
  /// - Throws: what git said, or how to get git.
  func write(_ commit: String, of address: GitAddress, to folder: FilePath) async throws {
    if try await !has(commit, address) {
      // What a bundle brought was held against the commit's name.
      let brought = checkout(address, commit)
      if host.files.exists(brought) {
        try host.files.createDirectories(folder.removingLastComponent(), mode: 0o700)
        return try host.files.copyTree(from: brought, to: folder)
      }
      guard network != .never else {
        throw Failure(
          "\(address) is not on this machine, and this run is offline", hint: "run it again without --offline"
        )
      }
      _ = try await fetchCommit(address.with(reference: commit), repository(address))
    }
    _ = try await signer(of: commit, address, own.settings.signers.filter { $0.counts(for: address) })
    try await repository(address).write(commit, to: folder)
  }

  func submodules(of commit: String, _ address: GitAddress) async throws -> [String] {
    try await repository(address).submodules(of: commit)
  }

  // MARK: For bundles

  /// A commit as git has it.
  func object(_ commit: String, of address: GitAddress) async throws -> [UInt8] {
    if try await !has(commit, address) {
      _ = try await fetchCommit(address.with(reference: commit), repository(address))
    }
    return try await repository(address).object(commit)
  }

  /// Keeps what says who signed a commit, where somebody has to. What git has of it is no more than that.
  func keep(_ object: [UInt8], of address: GitAddress) async throws {
    guard own.settings.signers.contains(where: { $0.counts(for: address) }) else { return }
    try await repository(address).keep(commit: object)
  }

  // MARK: What is remembered

  private func home(_ address: GitAddress) -> FilePath {
    host.places.cache.appending("git").appending(Digest(of: address.repository).short(24))
  }

  func checkout(_ address: GitAddress, _ commit: String) -> FilePath {
    host.places.layers.appending(Digest(of: address.repository).short(24)).appending(commit)
  }

  private func memoryFile(_ address: GitAddress) -> FilePath {
    home(address).appending("refs").appending(Digest(of: address.reference ?? "").short(24))
  }

  /// `<commit>`, and below it `newest <commit> <asked> <since or ->`.
  private func memory(_ address: GitAddress) throws -> Answer? {
    let file = memoryFile(address)
    guard let text = try host.files.text(file) else { return nil }
    let lines = text.split(separator: "\n").map { $0.split(separator: " ").map(String.init) }
    guard let commit = lines.first?.first, Self.isCommit(commit) else { return nil }
    let fields = lines.dropFirst().first ?? []
    guard fields.count == 4, fields[0] == "newest", Self.isCommit(fields[1]), let asked = Int64(fields[2])
    else {
      let time = try host.files.status(file, followLinks: false)?.modified ?? 0
      return Answer(commit: commit, newest: commit, asked: time / 1_000_000_000)
    }
    return Answer(commit: commit, newest: fields[1], asked: asked, since: Int64(fields[3]))
  }

  private static func isCommit(_ text: String) -> Bool {
    text.utf8.count == 40 && text.allSatisfy { $0.isASCII && $0.isHexDigit }
  }

  private func remember(_ answer: Answer, _ address: GitAddress) throws {
    let file = memoryFile(address)
    try host.files.createDirectories(file.removingLastComponent(), mode: 0o700)
    let new = FilePath(file.string + ".new")
    try host.files.removeTree(new)
    let since = answer.since.map(String.init) ?? "-"
    let text = "\(answer.commit)\nnewest \(answer.newest) \(answer.asked) \(since)\n"
    try host.files.create(new, Array(text.utf8), mode: 0o600)
    try host.files.rename(new, to: file)
  }

  private func repository(_ address: GitAddress) async throws -> GitRepository {
    let repository = try stored(address)
    try host.files.createDirectories(home(address), mode: 0o700)
    try await repository.initialize()
    return repository
  }

  /// The repository as it is on this machine, or would be.
  private func stored(_ address: GitAddress) throws -> GitRepository {
    GitRepository(
      git: try GitProgram(host, questions: questions), folder: home(address).appending("repository.git"))
  }

  private func fetchCommit(_ address: GitAddress, _ git: GitRepository) async throws -> String {
    let reference = try await meant(address, git)
    let first = try await git.fetch(["--depth=1", "--no-tags"], address.repository, [reference])
    if first.succeeded { return try await git.commit("FETCH_HEAD", of: address) }
    // Some servers give no single commits, and none resolves a shortened one.
    let isMaybeCommit = reference.count >= 7 && reference.allSatisfy(\.isHexDigit)
    if isMaybeCommit {
      let second = try await git.fetch(
        ["--no-tags"], address.repository,
        ["+refs/heads/*:refs/outfit/heads/*", "+refs/tags/*:refs/outfit/tags/*"])
      if second.succeeded { return try await git.commit(reference, of: address) }
    }
    throw failure(address, reference, first, git.git)
  }

  /// What git fetches for an address.
  private func meant(_ address: GitAddress, _ git: GitRepository) async throws -> String {
    guard address.isPattern, let reference = address.reference else { return address.reference ?? "HEAD" }
    return "refs/tags/\(try await git.newestTag(String(reference.dropLast()), of: address))"
  }

  private func failure(
    _ address: GitAddress, _ reference: String, _ completion: Completion, _ git: GitProgram
  ) -> Failure {
    if completion.errorText.contains("couldn't find remote ref") {
      return Failure(
        "\(address.repository) has no `\(reference)`",
        hint: "write a branch, a tag or a commit after `@`", status: .usage)
    }
    return Failure([git.unreachable(address.repository, completion)])
  }
}
