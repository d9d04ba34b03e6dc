import OutfitConsent
import OutfitCore
import OutfitDotfiles
import OutfitEngine
import OutfitFetch
import OutfitInterpreters
import OutfitProfile
import OutfitSharing
import OutfitSystem
import OutfitTools
import SystemPackage

/// Gathers what a profile needs on machines without a network.
struct BundleCreation {
  let session: Session
  private(set) var place: ProfilePlace
  /// A folder that has what projects alone have is one.
  var takesProjects = false
  let platforms: [Platform]
  private(set) var sources = BundleArchive.Sources()
  /// Files of these are in the bundle, and go when it is written.
  private var scratch: [FilePath] = []
  /// Interpreters for which the profile takes a machine's own, and that can't be had here: they stay out.
  private var takesOwn = false

  private var host: Host { session.host }

  init(_ session: Session, _ place: ProfilePlace, platforms: [Platform]) {
    (self.session, self.place) = (session, place)
    self.platforms = platforms.isEmpty ? [session.host.platform] : platforms.sorted()
  }

  /// Removes what was made for the bundle alone.
  func close() { for folder in scratch { try? host.files.removeTree(folder) } }

  /// What has nobody's consent yet is asked for, as `up` does.
  /// - Parameter command: what was typed, without the profile.
  mutating func gather(
    given: Consent.Given, fetching: FetchPermission, named: String?, command: String
  ) async throws -> BundleList {
    var read = try await place.read(
      session, network: place.isNamed ? .always : .whenUnknown, fetching: fetching, withPersonal: false)
    if takesProjects, let (project, profile) = try await project(read, fetching) {
      (place, read) = (project, profile)
    }
    let consented = try await session.consent(
      to: read, given: given, command: command,
      address: named ?? (place.git == nil ? nil : place.address), again: nil)
    let progress = TerminalProgress(host: host)
    takesOwn = try await !arePublished(consented, progress)
    let (lock, externals) = try await pins(consented, progress)
    let profile = consented.profile
    var list = BundleList(
      version: Release.version, profile: profile.name, origin: .folder(""), platforms: platforms.map(\.key),
      lock: sources.add(Array(LockFile.text(of: lock, for: profile).utf8)))
    list.items = try await items(lock, profile, externals, progress)
    list.commits = try await commits(profile)
    for checkout in externals.compactMap(\.checkout) { try await add(checkout, to: &list.commits) }
    list.origin = place.scope == .machine ? try folders(profile, &list) : .project
    list.programs[host.platform.key] = try program()
    return list
  }

  /// The folder as a project, where its manifest asks for what is a project's, and for nothing of a machine's.
  private func project(
    _ machine: Profile, _ fetching: FetchPermission
  ) async throws -> (ProfilePlace, Profile)? {
    guard place.scope == .machine, place.git == nil, machine.dotfiles.isEmpty, machine.packages.isEmpty,
      machine.scripts.isEmpty, machine.ask.isEmpty, let located = ProfilePlace.located(place.address, host),
      host.files.exists(FilePath(located).appending(ProfileLoader.manifestName))
    else { return nil }
    let folder = FilePath(located)
    let project = ProfilePlace(scope: .project(folder), address: folder.string)
    let profile = try await project.read(
      session, network: .whenUnknown, fetching: fetching, withPersonal: false)
    let isOne =
      profile.virtualenv != nil || profile.nodeModules != nil || profile.app != nil || !profile.hooks.isEmpty
      || !profile.env.isEmpty
    return isOne ? (project, profile) : nil
  }

  /// Interpreters that are published come along where they can be had; else a machine's own serves, where the profile
  /// takes that.
  private func pins(
    _ consented: Consented, _ progress: TerminalProgress
  ) async throws -> (Lock, externals: [Recipe]) {
    var preparation = try Preparation(session, consented, mode: .live, progress: progress)
    preparation.lockIsShared = !takesOwn
    let proposal = try await preparation.propose(Preparation.onEngines)
    guard !proposal.isUnresolved, proposal.failures.isEmpty else {
      throw Failure(
        proposal.failures
          + [
            Diagnostic(
              .error, "the profile can't be bundled while it can't be pinned", hint: "outfit lock DIR")
          ])
    }
    for pin in preparation.lock.interpreters[.python] ?? []
    where pin.provider == .adopted
      || takesOwn && consented.profile.interpreters[.python]?.value.system == true
    {
      session.report([
        Diagnostic(
          .note,
          "Python does not come along: it can't be had here, and the profile takes a machine's own; its tools are "
            + "pinned for \(pin.version.minor) or newer")
      ])
    }
    let made = consented.profile.inOrder(consented.profile.hooks, of: "hooks").filter { hook in
      !hook.value.value.isOwn && hook.value.value.language?.isText != true
    }
    session.report(
      made.map { hook in
        Diagnostic(
          .warning,
          "the git hook \(hook.key) needs a network where it first runs: its environment is made there",
          at: hook.value.source.location)
      })
    let externals = proposal.objects.filter { $0.id.name.hasPrefix(Externals.objectPrefix) }.map(\.recipe)
    return (preparation.lock.withoutAdopted, externals)
  }

  /// Whether all interpreters can be had ready to run, where a machine's own would do as well.
  private func arePublished(_ consented: Consented, _ progress: TerminalProgress) async throws -> Bool {
    let profile = consented.profile
    guard profile.interpreters.values.contains(where: \.value.system) else { return true }
    var preparation = try Preparation(session, consented, mode: .live, progress: progress)
    preparation.lockIsShared = true
    _ = try await preparation.propose([Interpreters()])
    let downloads = Downloads(host: host, libraries: Installation.locate(host).libraries)
    do {
      for platform in platforms {
        for wanted in try interpreters(preparation.lock, profile, platform) {
          try await downloads.locate(
            addresses: wanted.addresses, digest: wanted.digest, name: wanted.name)
        }
      }
    } catch is Failure {
      return false
    }
    return true
  }

  /// What sets up a machine that has no Outfit.
  func script() throws -> [UInt8] {
    try host.files.read(
      Installation.locate(host).templates.pushing("bundle/apply.sh"), limit: FileBound.usual)
  }

  // MARK: - What is downloaded

  private struct Wanted: Hashable {
    var addresses: [String]
    var digest: Digest
    var name: String
  }

  private mutating func items(
    _ lock: Lock, _ profile: Profile, _ externals: [Recipe], _ progress: TerminalProgress
  ) async throws -> [BundleList.Item] {
    let downloads = Downloads(host: host, libraries: Installation.locate(host).libraries)
    var found: [BundleList.Item: Set<String>] = [:]
    func note(_ kind: BundleList.Item.Kind, _ blob: BundleList.Blob, _ name: String, _ platform: Platform) {
      found[BundleList.Item(kind: kind, blob: blob, platforms: [], name: name), default: []]
        .insert(platform.key)
    }
    let dotfiles = externals.compactMap(\.artifact).map {
      Wanted(addresses: $0.addresses, digest: $0.digest, name: $0.name)
    }
    for platform in platforms {
      let interpreters = try interpreters(lock, profile, platform, withOwn: !takesOwn)
      for wanted in interpreters + programs(lock, platform) + dotfiles {
        progress.started(id: wanted.name, label: "\(wanted.name) for \(platform)")
        let file = try await downloads.fetch(
          addresses: wanted.addresses, digest: wanted.digest, name: wanted.name, progress: progress,
          id: wanted.name)
        progress.finished(id: wanted.name)
        note(.download, try sources.add(file, digest: wanted.digest, host.files), wanted.name, platform)
      }
      for (name, digest) in try await wheels(lock, profile, platform) {
        let file = Self.downloads(host).appending(digest.hex)
        note(.wheel, try sources.add(file, digest: digest, host.files), name, platform)
      }
      for (path, file) in try await tarballs(lock, profile, platform) {
        note(.npm, try sources.add(file, host.files), path, platform)
      }
    }
    return found.map { item, platforms in
      var item = item
      item.platforms = platforms.sorted()
      return item
    }
  }

  private static func downloads(_ host: Host) -> FilePath { host.places.cache.appending("downloads") }

  /// Interpreters that are published ready to run.
  /// - Parameter withOwn: those too for which a machine's own would do.
  private func interpreters(
    _ lock: Lock, _ profile: Profile, _ platform: Platform, withOwn: Bool = true
  ) throws -> [Wanted] {
    var wanted: [Wanted] = []
    for (language, pins) in lock.interpreters.sorted(by: { $0.key < $1.key }) {
      let section = profile.interpreters[language]?.value ?? InterpreterSection(versions: [])
      if section.system, !withOwn { continue }
      let release = ReleaseHost(language, section, host.environment)
      for pin in pins where pin.requirements == nil {
        guard let artifact = pin.artifacts[platform.key] else {
          throw Failure(
            "\(language) \(pin.version) is published for \(pin.artifacts.keys.sorted().joined(separator: ", ")), "
              + "and not for \(platform)",
            hint: "a bundle carries builds that are ready to run: pin one that there is for \(platform)")
        }
        wanted.append(
          Wanted(
            addresses: release.addresses(artifact.path), digest: artifact.digest,
            name: "\(language) \(pin.version)"))
      }
    }
    return wanted
  }

  /// Programs that are published ready to run.
  private func programs(_ lock: Lock, _ platform: Platform) -> [Wanted] {
    var wanted: [Wanted] = []
    for (key, tool) in lock.tools.sorted(by: { $0.key < $1.key }) where !tool.artifacts.isEmpty {
      guard let artifact = tool.artifacts[platform.key] else {
        session.report([
          Diagnostic(.note, "\(key) is published for no \(platform), so it does not come along")
        ])
        continue
      }
      wanted.append(
        Wanted(addresses: [artifact.path], digest: artifact.digest, name: "\(key) \(tool.version)"))
    }
    return wanted
  }

  // MARK: - Wheels

  /// The wheels for one platform, by file name; they lie among the downloads.
  private func wheels(_ lock: Lock, _ profile: Profile, _ platform: Platform) async throws -> [(
    String, Digest
  )] {
    var wanted: [(minor: String, text: String, name: String)] = []
    for (key, tool) in lock.tools.sorted(by: { $0.key < $1.key }) {
      if let section = profile.tools[key], !section.value.build.isEmpty {
        throw Failure(
          "\(key) is built from source, which a bundle can't carry: it carries wheels",
          at: section.source.location, hint: "take `build:` out where there are wheels by now")
      }
      if !tool.requirements.isEmpty, let minor = tool.python {
        wanted.append((minor, tool.requirements, key))
      }
    }
    if let environment = lock.virtualenv { wanted += try packages(of: environment, profile) }
    for (_, pins) in lock.interpreters {
      for pin in pins { if let text = pin.requirements { wanted.append(("3.12", text, "\(pin.version)")) } }
    }
    guard !wanted.isEmpty else { return [] }
    // What installs them.
    if let engine = Engines.uvRequirement(platform) { wanted.append((wanted[0].minor, engine, "uv")) }
    let asked = wanted.map { minor, text, name in
      WheelBatch(
        minor: minor, names: [name],
        packages: Set(PinnedPackage.all(text, python: Version(minor) ?? Version([3, 13]), on: platform)))
    }
    let built = built(lock, profile)
    var found: [String: Digest] = [:]
    for batch in WheelBatch.merged(asked) {
      for isSource in [false, true] {
        var some = batch
        some.packages = batch.packages.filter { built.contains($0.name) == isSource }
        if some.packages.isEmpty { continue }
        for (file, digest) in try await packages(some, platform, isSource: isSource) { found[file] = digest }
      }
    }
    return found.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
  }

  /// What the project's virtualenv is made of, and what builds its own folders.
  private func packages(
    of environment: LockedRequirements, _ profile: Profile
  ) throws -> [(minor: String, text: String, name: String)] {
    let section = profile.virtualenv
    let lacking = RequirementLine.parse(environment.sources).map(\.text)
    guard lacking.isEmpty else {
      throw Failure(
        "a bundle can't carry what is taken from an address: \(lacking.map(\.harmless).joined(separator: ", "))",
        at: section?.source.location, hint: "ask for a version that a package index has")
    }
    let builds = environment.builds.sorted { $0.key < $1.key }.map(\.value)
    return ([environment.requirements, environment.development, environment.build] + builds).filter {
      !$0.isEmpty
    }
    .map { (environment.python, $0, "the virtualenv") }
  }

  /// Packages of the virtualenv that are to be had as source only, and may be built.
  private func built(_ lock: Lock, _ profile: Profile) -> Set<String> {
    Set(profile.virtualenv?.value.build.map { normalizedPackageName($0) } ?? [])
      .intersection(lock.virtualenv?.sourceOnly ?? [])
  }

  /// What pip said of the same question before is kept, as long as the files are.
  private func packages(
    _ batch: WheelBatch, _ platform: Platform, isSource: Bool
  ) async throws -> [(String, Digest)] {
    let files = host.files
    let key = Digest(of: "\(isSource ? "source" : "\(platform) \(batch.minor)")\n\(batch.text)").short(24)
    let memory = host.places.cache.appending("wheels").appending(key)
    let downloads = Self.downloads(host)
    if let known = try files.text(memory) {
      let lines = known.split(separator: "\n").compactMap { line -> (String, Digest)? in
        let words = line.split(separator: " ", maxSplits: 1)
        guard words.count == 2, let digest = Digest(words[0]) else { return nil }
        return (String(words[1]), digest)
      }
      if lines.allSatisfy({ files.exists(downloads.appending($0.1.hex)) }) { return lines }
    }
    let name = batch.names.joined(separator: ", ")
    session.talk(
      isSource
        ? "Getting the sources of \(batch.packages.map(\.name).sorted().joined(separator: ", "))"
        : "Getting the wheels of \(name) for \(platform)")
    let folder = host.places.cache.appending("scratch")
      .appending("wheels-\(String(UInt64.random(in: 0...UInt64.max), radix: 36))").appending("files")
    try files.createDirectories(folder, mode: 0o700)
    defer { try? files.removeTree(folder.removingLastComponent()) }
    try await WheelDownload(host).get(
      batch.text, named: name, minor: batch.minor, isSource ? nil : platform, into: folder)
    try files.createDirectories(downloads, mode: 0o700)
    var found: [(String, Digest)] = []
    for wheel in try files.list(folder).sorted() {
      let path = folder.appending(wheel)
      var running = Digest.Running()
      try files.readPieces(path) { running.update($0) }
      let digest = running.finish()
      found.append((wheel, digest))
      try files.rename(path, to: downloads.appending(digest.hex))
    }
    try files.createDirectories(memory.removingLastComponent(), mode: 0o700)
    // Another one may write the same at this moment.
    let new = FilePath("\(memory).\(String(UInt64.random(in: 0...UInt64.max), radix: 36))")
    try files.create(new, Array(found.map { "\($0.1) \($0.0)\n" }.joined().utf8), mode: 0o600)
    try files.rename(new, to: memory)
    return found
  }

  // MARK: - npm

  /// The tarballs of npm's packages for one platform, by their paths in npm's cache.
  private func tarballs(
    _ lock: Lock, _ profile: Profile, _ platform: Platform
  ) async throws -> [(path: String, file: FilePath)] {
    var found: [String: FilePath] = [:]
    var locks = lock.tools.compactMap { key, tool in tool.packageLock.map { (key, $0) } }
    if let text = try Self.packageLock(of: profile, host) { locks.append(("node_modules", text)) }
    for (key, text) in locks.sorted(by: { $0.0 < $1.0 }) {
      guard let packages = NpmPackage.all(inLock: text) else {
        throw Failure("\(key): its package lock in outfit.lock can't be read", hint: "outfit update \(key)")
      }
      let own = packages.filter { $0.fits(platform) }
      for (path, file) in try await NpmTarballs(host: host).get(own, named: key) { found[path] = file }
    }
    return found.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
  }

  /// The package-lock.json of a project's node_modules.
  /// - Throws: `Failure` for another manager's lock, whose cache is another.
  static func packageLock(of profile: Profile, _ host: Host) throws -> String? {
    guard let section = profile.nodeModules, case .project(let root) = profile.scope else { return nil }
    let file = root.pushing(FilePath(section.value.from))
    guard ["package-lock.json", "npm-shrinkwrap.json"].contains(file.lastComponent?.string) else {
      throw Failure(
        "\(section.value.from): a bundle carries what npm locks, and no other manager's packages yet",
        at: section.source.location, hint: "set that machine up with a network, or lock it by npm")
    }
    return try host.files.text(file)
  }

  // MARK: - Layers

  /// A repository of dotfiles, as a layer is.
  private mutating func add(_ checkout: Checkout, to commits: inout [BundleList.Commit]) async throws {
    let address = checkout.address.with(subfolder: "").description
    guard withoutPasswords(address) == address else {
      throw Failure(
        "the address of \(withoutPasswords(address)) holds a password, which a bundle must not carry",
        hint: "git's own credentials are kept apart: git help credentials")
    }
    if commits.contains(where: { $0.address == address && $0.commit == checkout.commit }) { return }
    let folder = try BundleArchive.scratch(host)
    scratch.append(folder)
    let files = folder.appending("files")
    try await ExternalRepositories(host, isOffline: false).write(
      checkout.commit, of: checkout.address, to: files)
    let git = GitProfiles(host: host, network: .whenUnknown)
    commits.append(try await git.bundled(checkout.address, checkout.commit, files, &sources))
  }

  private mutating func commits(_ profile: Profile) async throws -> [BundleList.Commit] {
    let git = GitProfiles(host: host, network: .whenUnknown)
    var commits: [BundleList.Commit] = []
    for layer in profile.layers where layer.kind != .system {
      guard let origin = layer.origin, let commit = layer.commit, let checkout = layer.checkout else {
        continue
      }
      let address = origin.with(subfolder: "").description
      guard withoutPasswords(address) == address else {
        throw Failure(
          "the address of the layer \(layer.name) holds a password, which a bundle must not carry",
          hint: "git's own credentials are kept apart: git help credentials")
      }
      if commits.contains(where: { $0.address == address }) { continue }
      commits.append(try await git.bundled(origin, commit, checkout, &sources))
    }
    return commits
  }

  /// Adds the layers that are folders, each where it is seen from the others.
  private mutating func folders(_ profile: Profile, _ list: inout BundleList) throws -> BundleList.Origin {
    let shipped = Installation.locate(host).profiles
    let own = profile.layers.last { $0.kind == .profile }
    let folders = profile.layers.filter { [.base, .profile].contains($0.kind) && $0.commit == nil }
      .map(\.folder).filter { !$0.starts(with: shipped) || $0 == own?.folder }
    if var top = folders.first {
      while !folders.allSatisfy({ $0.starts(with: top) }), top.removeLastComponent() {}
      for folder in folders {
        var relative = folder
        _ = relative.removePrefix(top)
        let prefix = relative.isEmpty ? "" : "\(relative)/"
        try list.folders.add(folder, as: prefix, host.files, &sources) { path in
          !Self.leftOut.contains(FilePath(path).lastComponent?.string ?? "")
        }
      }
      if let own, own.commit == nil {
        var relative = own.folder
        _ = relative.removePrefix(top)
        return .folder(relative.string)
      }
    }
    return .git(place.address)
  }

  /// What is nobody's profile.
  private static let leftOut: Set<String> = [".git", ".venv", "node_modules", "__pycache__", ".hg", ".svn"]

  /// This Outfit, as it is installed.
  private mutating func program() throws -> BundleList.Tree {
    let installation = Installation.locate(host)
    var tree = BundleList.Tree()
    func file(_ path: FilePath, _ name: String) throws {
      tree.entries[name] = .file(try sources.add(path, host.files), isProgram: true)
    }
    try file(installation.executable, "bin/outfit")
    try file(installation.shim, "libexec/outfit-shim")
    try tree.add(installation.templates, as: "share/outfit/templates/", host.files, &sources)
    try tree.add(installation.profiles, as: "share/outfit/profiles/", host.files, &sources)
    if let libraries = installation.libraries {
      try tree.add(libraries, as: "lib/outfit/", host.files, &sources)
    }
    return tree
  }
}

extension Recipe {
  /// What is downloaded and unpacked.
  fileprivate var artifact: Artifact? { if case .unpack(let unpack) = self { unpack.artifact } else { nil } }

  fileprivate var checkout: Checkout? { if case .checkout(let checkout) = self { checkout } else { nil } }
}

extension Lock {
  /// Without interpreters that are a machine's own, each of which has another.
  var withoutAdopted: Lock {
    var lock = self
    for (language, pins) in interpreters {
      let others = pins.filter { $0.provider != .adopted }
      lock.interpreters[language] = others.isEmpty ? nil : others
    }
    return lock
  }
}

/// Packages that pip is asked for at once: none is there in two versions.
struct WheelBatch: Hashable {
  /// Of Python, `3.13`.
  var minor: String
  /// Whose they are, for people.
  var names: [String]
  var packages: Set<PinnedPackage>

  /// Hashed requirement lines.
  var text: String { packages.map(\.line).sorted().joined() }

  /// As few as there can be, each taken by the first that it fits.
  static func merged(_ all: [WheelBatch]) -> [WheelBatch] {
    var merged: [WheelBatch] = []
    for batch in all {
      let index = merged.firstIndex { other in
        other.minor == batch.minor
          && batch.packages.allSatisfy { package in
            other.packages.allSatisfy { $0.name != package.name || $0 == package }
          }
      }
      if let index {
        merged[index].packages.formUnion(batch.packages)
        merged[index].names += batch.names
      } else {
        merged.append(batch)
      }
    }
    return merged
  }
}
