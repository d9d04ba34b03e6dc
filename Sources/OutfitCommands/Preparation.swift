import OutfitConsent
import OutfitCore
import OutfitDotfiles
import OutfitEngine
import OutfitFetch
import OutfitHooks
import OutfitInterpreters
import OutfitProfile
import OutfitSharing
import OutfitSystem
import OutfitTools
import SystemPackage

/// From a profile to a plan: what `up` does before it changes anything, and all that `status` and `diff` do.
struct Preparation {
  enum Mode {
    /// Asks engines and the network.
    case live
    /// Nothing is resolved anew; what is locked is downloaded.
    case locked
    /// What the caches have must do.
    case offline
    /// Nothing is resolved anew, and what is locked came along: nothing is downloaded.
    case supplied
  }

  let session: Session
  let profile: Profile
  /// Nothing is downloaded, built or run.
  let isReading: Bool
  let store: Store
  private let fetcher: Downloads
  let locks: Locks
  var lock: Lock
  /// No path of this machine may stand in what is resolved.
  var lockIsShared: Bool

  private var host: Host { session.host }
  let answering: Answering
  private var facts = Facts()
  /// What is known of the profile's files.
  let sources: SourceDigests
  /// The secrets that were read, and why others could not be.
  private(set) var secrets: [String: SecretValue] = [:]
  private let secretReader: SecretReader?
  /// Every secret is read again, whether or not anything has changed.
  var rereadsSecrets = false
  /// The current generation, once it was asked for: nothing switches while this is used.
  private var newest: NewestGeneration?

  /// Reads only, which needs nobody's consent.
  init(_ session: Session, reading profile: Profile) throws {
    let sources = SourceDigests(profile.scope, host: session.host)
    let fetcher = Downloads(
      host: session.host, libraries: Installation.locate(session.host).libraries, isOffline: true)
    try self.init(
      session, profile, nil, nil, fetcher, sources,
      Answering(reading: session.host, fetcher: fetcher, sources: sources))
  }

  /// Works for a profile that may be worked for.
  init(
    _ session: Session, _ consented: Consented, mode: Mode, progress: any Progress,
    sources: SourceDigests? = nil
  ) throws {
    let host = session.host
    let sources = sources ?? SourceDigests(consented.profile.scope, host: host)
    let fetcher = Downloads(
      host: host, libraries: Installation.locate(host).libraries,
      isOffline: mode == .offline || mode == .supplied)
    let repositories = ExternalRepositories(host, isOffline: mode == .offline || mode == .supplied)
    let builder = Builder(
      consented, host: host, store: Store(host), fetcher: fetcher, progress: progress,
      isOffline: mode == .offline, repositories: repositories)
    try self.init(
      session, consented.profile, builder, SecretReader(consented, host: host), fetcher, sources,
      Answering(
        consented, host: host, builder: builder, fetcher: fetcher, progress: progress,
        isOffline: mode != .live, sources: sources, repositories: repositories))
  }

  private init(
    _ session: Session, _ profile: Profile, _ builder: Builder?, _ secretReader: SecretReader?,
    _ fetcher: Downloads, _ sources: SourceDigests, _ answering: Answering
  ) throws {
    self.secretReader = secretReader
    self.session = session
    self.profile = profile
    self.builder = builder
    self.fetcher = fetcher
    self.sources = sources
    self.answering = answering
    isReading = builder == nil
    store = Store(session.host)
    locks = try Locks(host: session.host, profile: profile)
    lock = locks.merged
    lock.layers = try lock.layers(of: profile, files: session.host.files)
    lockIsShared = locks.isShared
  }

  private let builder: Builder?

  /// Builds what is not there yet; where this only reads, all of it fails.
  func build(_ objects: [Object]) async throws -> BuildOutcome {
    try await builder?.build(objects) ?? BuildOutcome()
  }

  /// Builds objects anew.
  func rebuild(_ objects: [Object], among all: [Object]) async throws -> BuildOutcome {
    try await builder?.rebuild(objects, among: all) ?? BuildOutcome()
  }

  /// The folder that relative targets start at.
  static func root(_ scope: Scope, _ host: Host) -> FilePath {
    switch scope {
    case .machine: host.user.home
    case .project(let folder): folder
    }
  }

  /// The parts that ask for nothing from outside: what they want is known before anything is downloaded.
  static func local(_ host: Host) -> [any Part] {
    [Dotfiles(), ShellSetup(), SystemSetup(), OwnCommand(host)]
  }

  /// All parts, in the order in which they stand on each other.
  static func all(_ host: Host) -> [any Part] { onEngines + local(host) }

  /// The parts that have pins.
  static let onEngines: [any Part] = [
    Interpreters(), Tools(), Virtualenv(), NodeModules(), Hooks(), Externals(),
  ]

  /// Completes the lock and proposes, part by part, since each stands on those before it.
  mutating func propose(_ parts: [any Part]) async throws -> Proposal {
    // Both take their time where there are thousands of files.
    async let generation = newest ?? NewestGeneration(profile.scope, host: host)
    var proposal = Proposal()
    for part in parts {
      var context = context(earlier: proposal)
      lock = try await Rounds.run(&context, answering) { try part.resolve($0) }
      context.lock = lock
      if part.looksBack, parts.count == Self.all(host).count {
        newest = try await generation
        context.previous = newest?.record
      }
      var own = try await Rounds.run(&context, answering) { try part.propose($0) }
      if own.changes.contains(where: { $0.secrets != nil }) {
        newest = try await generation
        try await fill(&own, of: part, &context)
      }
      proposal.merge(own)
      facts = context.facts
    }
    newest = try await generation
    return proposal
  }

  /// Reads the secrets of what has to be written, where that may be, and has the part make it of them.
  private mutating func fill(_ proposal: inout Proposal, of part: any Part, _ context: inout Context)
    async throws
  {
    let ledger = try SecretLedger(profile.scope, previous: try newestGeneration(), host: host)
    while let secretReader {
      var wanted = ledger.wanted(proposal.changes, known: secrets)
      if rereadsSecrets {
        wanted.formUnion(proposal.changes.flatMap { $0.secrets?.names ?? [] }.filter { secrets[$0] == nil })
      }
      guard !wanted.isEmpty else { break }
      for name in wanted.sorted() {
        guard let section = profile.secrets[name] else { continue }
        secrets[name] = try await secretReader.read(name, section)
      }
      context.secrets = secrets
      proposal = try await Rounds.run(&context, answering) { try part.propose($0) }
    }
    ledger.settle(&proposal, known: secrets) { session.short($0) }
  }

  /// Notes what the files with secrets in them were made of.
  mutating func keepSecrets(_ proposal: Proposal, as record: Generation?) throws {
    guard proposal.changes.contains(where: { $0.secrets?.isFilled == true }) else { return }
    var ledger = try SecretLedger(profile.scope, previous: try newestGeneration(), host: host)
    try ledger.keep(proposal.changes, as: record, known: secrets)
  }

  /// Answers a question of a part that is none of its two steps.
  mutating func ask<Value: Sendable>(_ step: (Context) throws -> Round<Value>) async throws -> Value {
    var context = context(earlier: Proposal())
    let value = try await Rounds.run(&context, answering, step: step)
    facts = context.facts
    return value
  }

  /// What a part works from, now.
  func context(earlier proposal: Proposal) -> Context {
    var context = Self.context(profile, facts, host)
    (context.lock, context.earlier, context.lockIsShared) = (lock, proposal, lockIsShared)
    context.secrets = secrets
    return context
  }

  /// What a part works from that has no pins.
  static func context(_ profile: Profile, _ facts: Facts, _ host: Host) -> Context {
    Context(
      profile: profile, lock: Lock(), facts: facts, platform: host.platform,
      root: root(profile.scope, host), store: host.places.store, bin: host.places.bin,
      environment: host.environment,
      reserved: [host.places.config, host.places.state, host.places.cache, host.places.data])
  }

  /// Keeps what was found out, for the parts that follow.
  mutating func keep(_ found: Facts) { facts = found }

  /// Compares a proposal with what is there.
  /// - Parameter isPartial: what it does not name stays as it is.
  /// - Parameter dropping: labels of objects that go even so.
  /// - Parameter letGo: targets that stay as they are, and are managed no more.
  mutating func plan(
    _ proposal: Proposal, isPartial: Bool = false, dropping: Set<String> = [],
    letGo: Set<String> = []
  ) async throws -> Plan {
    let effects = Effects(host, scope: profile.scope, isDry: isReading)
    let due = Set(try await effects.needed(proposal.effects))
    return try Planner.plan(
      scope: profile.scope, proposal: proposal, host: host, isPresent: { store.isPresent($0) },
      effectIsDue: { due.contains($0) }, keepsMissing: isPartial, dropping: dropping, letGo: letGo,
      allowed: try allowedFolders,
      outside: profile.dotfiles.filter(\.value.value.isOutsideHome).map { FilePath($0.key) },
      previous: try newestGeneration())
  }

  /// The generation that the plan starts from.
  mutating func previous() throws -> Generation? { try newestGeneration().record }

  private mutating func newestGeneration() throws -> NewestGeneration {
    if let newest { return newest }
    let read = try NewestGeneration(profile.scope, host: host)
    newest = read
    return read
  }

  /// What decided: the manifests, the locks, and every file that a part asked for, folders with all in them.
  var inputs: [FilePath] {
    profile.layers.map(\.manifest) + profile.inputs + locks.inputs + facts.listed + facts.walked
      // What the kernel makes up as it is read has no times that tell of a change.
      + facts.read.filter { !$0.starts(with: "/proc") }.flatMap { files(below: $0) }
  }

  private func files(below path: FilePath) -> [FilePath] {
    guard let status = try? host.files.status(path, followLinks: false), status.kind == .directory,
      let names = try? host.files.list(path)
    else { return [path] }
    return [path] + names.flatMap { files(below: path.appending($0)) }
  }

  /// Hooks stand in the repository's git folder, which may lie above the project, or elsewhere for a worktree.
  private var allowedFolders: [FilePath] {
    get throws {
      // Manual pages and completions of tools.
      if profile.scope == .machine { return [host.places.data.appending("share")] }
      guard case .project(let folder) = profile.scope,
        !profile.hooks.isEmpty || profile.virtualenv != nil || profile.nodeModules != nil,
        let git = try GitFolders.locate(from: folder, host: host)
      else { return [] }
      return [git.common]
    }
  }
}
