import OutfitCore
import OutfitEngine
import OutfitProfile
import SystemPackage

/// Completes the lock: a pin for each version that the manifest asks for and the lock does not have.
struct Resolver {
  private let context: Context
  private var inquirer: Inquirer
  private var lock: Lock

  /// The questions that are open; the result counts only when there are none.
  var asked: [Query] { inquirer.asked }

  init(_ context: Context) {
    self.context = context
    inquirer = Inquirer(context.facts)
    lock = context.lock
  }

  /// What can't be had is left out: proposing says why.
  /// - Throws: `Failure` for a version that does not exist.
  mutating func run() throws -> Lock {
    let before = lock.interpreters
    lock.interpreters = [:]
    // Python first: it can serve to install a Node.
    for language in [Language.python, .node] {
      guard let (section, requests) = context.profile.pinned(language) else { continue }
      var entries: [LockedInterpreter] = []
      var problems: [Diagnostic] = []
      var status = ExitStatus.failed
      for request in requests {
        let known = before[language]?.first { $0.request == request.text }
        do {
          if let known, keeps(known, language, section.value) {
            entries.append(withSource(known, language, section.value))
          } else if let entry = try pin(request, language, section) {
            entries.append(entry)
          }
        } catch {
          problems += error.diagnostics
          if error.status == .usage { status = .usage }
        }
      }
      // While anything is open, more mistakes may come to light.
      guard problems.isEmpty || !asked.isEmpty else { throw Failure(problems, status: status) }
      if !entries.isEmpty { lock.interpreters[language] = entries }
    }
    return lock
  }

  /// Whether a pin still stands. One of an interpreter in place does for as long as that is there.
  private mutating func keeps(
    _ entry: LockedInterpreter, _ language: Language, _ section: InterpreterSection
  ) -> Bool {
    guard section.providers(for: language).contains(entry.provider) else { return false }
    guard entry.provider == .adopted else {
      return entry.provider != .wheel || VersionRequest(entry.request)?.accepts(entry.version) != false
    }
    // Without a path it stands for whatever good one each machine has.
    guard entry.adoptedFrom != nil else { return section.system || section.names(.adopted) }
    guard !context.lockIsShared, let found = inquirer.interpreters(language) else {
      return !context.lockIsShared
    }
    return found.contains {
      $0.program.string == entry.adoptedFrom && $0.version == entry.version && section.admits($0)
    }
  }

  /// Nil when no provider has it, or while questions are open.
  private mutating func pin(
    _ request: VersionRequest, _ language: Language, _ section: Sourced<InterpreterSection>
  ) throws(Failure) -> LockedInterpreter? {
    let providers = section.value.providers(for: language)
    let host = ReleaseHost(language, section.value, context.environment)
    if providers.contains(.prebuilt), var mistake = host.mistake {
      mistake.location = section.value.mirror == nil ? nil : section.source.location
      throw Failure([mistake], status: .usage)
    }
    var unknown: Unpublished?
    for (place, provider) in providers.enumerated() {
      let attempt: Attempt
      do {
        switch provider {
        case .adopted: attempt = adopt(request, language, section.value)
        case .prebuilt:
          attempt = language == .python ? try python(request, section) : try node(request, section)
        case .wheel: attempt = language == .node ? try wheel(request, section) : .no
        case .source:
          attempt =
            language == .python && unknown?.isBeyondAll != true ? source(request, section.value) : .no
        }
      } catch {
        // No release has it. Others may have an old version, or one that has just come.
        let mayBeSource =
          language == .python && !error.isBeyondAll && providers.contains(.source)
          && (request.exact != nil || section.value.names(.source))
        // A mirror may hold less than was released.
        let mayBeWheel = host.mirror != nil && language == .node && providers[place...].contains(.wheel)
        guard mayBeSource || mayBeWheel || providers[place...].contains(.adopted) else { throw error.failure }
        unknown = unknown ?? error
        attempt = .no
      }
      switch attempt {
      case .pinned(let entry): return withSource(entry, language, section.value)
      case .pending: return nil
      case .no: continue
      }
    }
    guard let unknown else { return nil }
    var failure = unknown.failure
    if providers.contains(.source), !unknown.isBeyondAll, asked.isEmpty, var first = failure.diagnostics.first
    {
      first.message += ", nor its source at \(SourceHost(section.value, context.environment).name) or by apt"
      failure.diagnostics = [first]
    }
    throw failure
  }

  /// No index has the version.
  private struct Unpublished: Error {
    let failure: Failure
    /// Nobody else has it either.
    let isBeyondAll: Bool
  }

  private enum Attempt {
    case pinned(LockedInterpreter)
    /// A question is open.
    case pending
    /// The next provider's turn.
    case no
  }

  // MARK: Adopted

  private mutating func adopt(
    _ request: VersionRequest, _ language: Language, _ section: InterpreterSection,
    evenIfNotExact: Bool = false
  ) -> Attempt {
    guard section.system || section.names(.adopted) || evenIfNotExact || request.exact != nil else {
      return .no
    }
    // Nothing of this machine may stand in a lock for others. Where another provider comes after, its pin serves, and
    // proposing adopts the very version all the same; where none does, each machine takes its own.
    if context.lockIsShared, section.providers(for: language) != [.adopted] { return .no }
    guard let found = inquirer.interpreters(language) else { return .pending }
    guard
      let best = section.adoptable(request, among: found, evenIfNotExact: evenIfNotExact)
    else { return .no }
    return .pinned(
      LockedInterpreter(
        request: request.text, version: best.version, provider: .adopted,
        adoptedFrom: context.lockIsShared ? nil : best.program.string))
  }

  // MARK: Prebuilt

  private mutating func python(
    _ request: VersionRequest, _ section: Sourced<InterpreterSection>
  ) throws(Unpublished) -> Attempt {
    let host = ReleaseHost(.python, section.value, context.environment)
    guard let published = inquirer.releases(host) else { return .pending }
    if !published.isEmpty {
      guard let releases = inquirer.digested(published, request, context.platform, host) else {
        return .pending
      }
      return try prebuilt(request, .python, section, releases)
    }
    // The release host does not answer, so its files would not come either: what the machine has is worth more.
    if section.value.providers(for: .python).contains(.adopted) {
      let attempt = adopt(request, .python, section.value, evenIfNotExact: true)
      guard case .no = attempt else { return attempt }
    }
    guard let found = inquirer.interpreters(.python), inquirer.knowsIndexes(context) else { return .pending }
    guard let runner = Runner.best(of: found),
      let uv = try? UvRuns(context, python: .path(runner), provider: nil)
    else { return .no }
    guard let files = inquirer.collected(uv.pythonIndex) else { return .pending }
    let releases = files[UvRuns.indexFile].map { PythonReleases.packaged($0) } ?? []
    if context.lockIsShared, let attempt = try anyGoodOne(request, section, found, releases) {
      return attempt
    }
    return releases.isEmpty ? .no : try prebuilt(request, .python, section, releases)
  }

  /// A pin for others where the releases themselves can't be had: of the release that this machine has, so that it need
  /// not be fetched here; where no release is of that version, and any good Python serves, of whatever each machine has,
  /// without a path.
  private func anyGoodOne(
    _ request: VersionRequest, _ section: Sourced<InterpreterSection>, _ found: [FoundInterpreter],
    _ releases: [Release]
  ) throws(Unpublished) -> Attempt? {
    guard section.value.providers(for: .python).contains(.adopted) else { return nil }
    let released = Set(releases.map(\.version))
    let here = found.filter { released.contains($0.version) }
    if let best = section.value.adoptable(request, among: here, evenIfNotExact: true) {
      return try prebuilt(request, .python, section, releases.filter { $0.version == best.version })
    }
    guard let best = section.value.adoptable(request, among: found) else { return nil }
    return .pinned(LockedInterpreter(request: request.text, version: best.version, provider: .adopted))
  }

  private mutating func node(
    _ request: VersionRequest, _ section: Sourced<InterpreterSection>
  ) throws(Unpublished) -> Attempt {
    let host = ReleaseHost(.node, section.value, context.environment)
    guard let document = inquirer.document(host.index) else { return .pending }
    guard case .success(let bytes) = document, context.platform.library != .musl else { return .no }
    let versions = NodeReleases.versions(bytes)
    guard !versions.isEmpty else { return .no }
    guard let version = request.best(of: versions) else {
      throw unknown(request, .node, section, versions)
    }
    guard let sums = inquirer.document(host.addresses(NodeReleases.checksums(of: version))) else {
      return .pending
    }
    guard case .success(let lines) = sums else { return .no }
    let release = NodeReleases.release(version, lines)
    guard !release.artifacts.isEmpty else { return .no }
    return try prebuilt(request, .node, section, [release])
  }

  private func prebuilt(
    _ request: VersionRequest, _ language: Language, _ section: Sourced<InterpreterSection>,
    _ releases: [Release]
  ) throws(Unpublished) -> Attempt {
    guard let release = Release.best(of: releases, for: request, on: context.platform) else {
      let providers = section.value.providers(for: language)
      if providers.last != .prebuilt, providers.contains(.wheel) { return .no }
      throw unknown(request, language, section, releases.map(\.version))
    }
    return .pinned(
      LockedInterpreter(
        request: request.text, version: release.version, build: release.build, provider: .prebuilt,
        artifacts: release.artifacts))
  }

  private func unknown(
    _ request: VersionRequest, _ language: Language, _ section: Sourced<InterpreterSection>,
    _ versions: [Version]
  ) -> Unpublished {
    let finals = Set(versions.filter { !$0.isPrerelease && !$0.isFreeThreaded })
    let wanted = Version(request.text.drop { !$0.isNumber })
    let near = finals.filter { version in
      wanted.map { $0.release.prefix(2).elementsEqual(version.release.prefix(2)) } ?? false
    }
    let hint = (near.isEmpty ? finals.max() : near.max()).map {
      (near.isEmpty ? "the newest is \($0)" : "the newest of \($0.minor) is \($0)")
        + "; all that there are: outfit \(language) list --all"
    }
    let isBeyond = language == .python && isBeyond(request, versions)
    let location = context.profile.location(of: request, language) ?? section.source.location
    let message =
      isBeyond
      ? "there is no \(language.title) \(request)"
      : "there is no prebuilt \(language.title) \(request) for \(context.platform)"
    // What was looked at then is another list than the one that was to be.
    let host = ReleaseHost(language, section.value, context.environment)
    if !isBeyond, host.mirror != nil, let trouble = host.trouble(context.facts, request, context.platform) {
      return Unpublished(
        failure: Failure(
          "\(message) in the Python package that lists them, and \(host.name) has given none "
            + "(\(trouble.message))", at: location, hint: trouble.hint ?? hint),
        isBeyondAll: isBeyond)
    }
    return Unpublished(
      failure: Failure(message, at: location, hint: hint, status: .usage),
      isBeyondAll: isBeyond)
  }

  /// Whether an exact version is so far beyond all that was published that years would have to lie between: no other
  /// provider needs to be asked, not even where the index is an old one.
  private func isBeyond(_ request: VersionRequest, _ versions: [Version]) -> Bool {
    func number(_ version: Version, _ index: Int) -> Int {
      // An index may hold any number.
      version.release.indices.contains(index) ? min(version.release[index], 1 << 32) : 0
    }
    guard let wanted = request.exact, let newest = versions.max() else { return false }
    guard number(wanted, 0) == number(newest, 0) else { return number(wanted, 0) > number(newest, 0) }
    if number(wanted, 1) > number(newest, 1) { return number(wanted, 1) > number(newest, 1) + 3 }
    let series = versions.filter { $0.release.prefix(2).elementsEqual(wanted.release.prefix(2)) }
    return series.max().map { number(wanted, 2) > number($0, 2) + 20 } ?? false
  }

  // MARK: Source

  private mutating func source(_ request: VersionRequest, _ section: InterpreterSection) -> Attempt {
    if let version = request.exact, let entry = published(version, request, section) { return entry }
    if request.exact == nil {
      guard let page = inquirer.document(SourceHost(section, context.environment).listing) else {
        return .pending
      }
      if case .success(let bytes) = page, let version = request.best(of: SourceHost.versions(bytes)),
        let entry = published(version, request, section)
      {
        return entry
      }
    }
    guard let hasApt = inquirer.exists(AptSource.program) else { return .pending }
    guard hasApt else { return .no }
    guard let files = inquirer.collected(AptSource(context).inquiry(request)) else { return .pending }
    let tarballs = AptSource.tarballs(
      String(decoding: files[AptSource.listing] ?? [], as: UTF8.self))
    let wanted = request.exact.map { Version($0.release, prerelease: $0.prerelease) }
    let best = wanted ?? request.best(of: tarballs.map(\.version))
    guard let best, let tarball = tarballs.first(where: { $0.version == best }) else { return .no }
    return .pinned(
      LockedInterpreter(
        request: request.text, version: request.exact ?? best, provider: .source,
        source: LockedArtifact(
          path: SourceHost.path(best, compression: tarball.compression), digest: tarball.digest)))
  }

  /// The tarball of a version as its host has it, pinned by the digest of the bytes that came; nil when it has none.
  private mutating func published(
    _ version: Version, _ request: VersionRequest, _ section: InterpreterSection
  ) -> Attempt? {
    let path = SourceHost.path(version)
    guard let file = inquirer.document([SourceHost(section, context.environment).address(path)]) else {
      return .pending
    }
    guard case .success(let bytes) = file else { return nil }
    return .pinned(
      LockedInterpreter(
        request: request.text, version: version, provider: .source,
        source: LockedArtifact(path: path, digest: Digest(of: bytes))))
  }

  /// A pin of a released build whose files can't be had here gets the tarball of the same version too, where that
  /// may serve: the same release, another build.
  private mutating func withSource(
    _ entry: LockedInterpreter, _ language: Language, _ section: InterpreterSection
  ) -> LockedInterpreter {
    guard language == .python, entry.provider == .prebuilt, entry.source == nil,
      section.providers(for: language).contains(.source),
      let object = Prebuilt.object(entry, language, section, context),
      let artifact = entry.artifacts[context.platform.key],
      let request = VersionRequest("\(entry.version)")
    else { return entry }
    let path = Reference.object(object.id, "").resolved(store: context.store)
    guard inquirer.exists(path) == false else { return entry }
    if section.providers(for: language).contains(.adopted) {
      guard let found = inquirer.interpreters(language) else { return entry }
      if section.twin(of: entry.version, among: found) != nil { return entry }
    }
    guard let refusal = inquirer.refusal(of: Prebuilt.artifact(artifact, language, section, context)),
      refusal != nil
    else { return entry }
    guard case .pinned(let built) = source(request, section), built.version == entry.version else {
      return entry
    }
    var entry = entry
    entry.source = built.source
    return entry
  }

  // MARK: Wheel

  private mutating func wheel(
    _ request: VersionRequest, _ section: Sourced<InterpreterSection>
  ) throws(Unpublished) -> Attempt {
    guard let uv = uv() else { return inquirer.asked.isEmpty ? .no : .pending }
    guard let files = inquirer.collected(uv.nodePins(request)) else { return .pending }
    guard let bytes = files[UvRuns.pinsFile] else {
      guard let versions = packaged() else { return .pending }
      guard !versions.isEmpty, request.best(of: versions) == nil else { return .no }
      throw unknown(request, .node, section, versions)
    }
    let requirements = String(decoding: bytes, as: UTF8.self)
    guard let version = UvRuns.nodeVersion(in: requirements) else { return .no }
    // uv takes a pre-release where a series has nothing else.
    guard request.accepts(version) else {
      guard let versions = packaged() else { return .pending }
      throw unknown(request, .node, section, versions)
    }
    return .pinned(
      LockedInterpreter(
        request: request.text, version: version, provider: .wheel,
        artifacts: UvRuns.nodeFiles(in: files[UvRuns.filesFile]), requirements: requirements))
  }

  /// The Nodes that come as Python packages; nil until that is known.
  private mutating func packaged() -> [Version]? {
    guard let found = inquirer.interpreters(.python) else { return nil }
    guard let runner = Runner.best(of: found) else { return [] }
    return inquirer.collected(NodeWheels.inquiry(runner, context)).map { NodeWheels.versions($0) }
  }

  /// uv on a Python of this machine or, where it has none, on the one that was just pinned.
  private mutating func uv() -> UvRuns? {
    guard let found = inquirer.interpreters(.python), inquirer.knowsIndexes(context) else { return nil }
    return Runner.uv(context, found, pinned: lock.interpreters[.python] ?? [], &inquirer)
  }
}

/// The Python that Outfit's own engines run on.
enum Runner {
  /// The newest Python of this machine that uv can be installed by, rather one that carries its own pip.
  static func best(of found: [FoundInterpreter]) -> FilePath? {
    found.filter { one in
      one.version >= Version([3, 8]) && !one.version.isPrerelease && !one.version.isFreeThreaded
        && !one.missingModules.contains("ssl") && !one.missingModules.contains("zlib")
    }.max { a, b in
      let (x, y) = (a.missingModules.contains("ensurepip"), b.missingModules.contains("ensurepip"))
      return x == y ? a.version < b.version : x
    }?.program
  }

  /// - Returns: nil where there is none, and while questions are open.
  static func uv(
    _ context: Context, _ found: [FoundInterpreter], pinned: [LockedInterpreter], _ inquirer: inout Inquirer
  ) -> UvRuns? {
    if let program = best(of: found) {
      return try? UvRuns(context, python: .path(program), provider: nil)
    }
    guard let section = context.profile.interpreters[.python]?.value else { return nil }
    for entry in pinned {
      var object = Prebuilt.object(entry, .python, section, context)
      if object == nil, entry.source != nil {
        // The same as is proposed, so that it is compiled once, and only where it can be.
        guard let hasApt = inquirer.exists(AptSource.program),
          let needs = inquirer.buildNeeds(context.platform)
        else { return nil }
        guard needs.missingRequired.isEmpty else { continue }
        object = SourceBuild.object(
          entry, section, context, modules: needs.modules, apt: hasApt ? AptSource(context) : nil)
      }
      if let object {
        return try? UvRuns(
          context, python: .object(object.id, Prebuilt.program(.python)), provider: object)
      }
    }
    return nil
  }
}
