import OutfitChezmoi
import OutfitCore
import OutfitSystem
import SystemPackage

/// Reads a profile with all its layers, or says all that is wrong with any of them.
public struct ProfileLoader: Sendable {
  /// Brings a git address onto this machine. The reader does not know how.
  /// - Parameter by: who names it: the layer's address, or nil for what a person typed.
  public typealias Resolver = @Sendable (GitAddress, _ by: String?) async throws -> FetchedProfile

  public static let manifestName = "outfit.yaml"

  let host: Host
  let systemManifest: FilePath
  let resolveAddress: Resolver

  /// - Parameters:
  ///   - systemManifest: the layer beneath all others, where it exists.
  ///   - resolveAddress: for `extends:` and profiles that are git addresses.
  public init(
    host: Host, systemManifest: FilePath = "/etc/outfit/outfit.yaml",
    resolveAddress: @escaping Resolver = { address, _ in
      throw Failure("\(address) is not on this machine", hint: "use a folder", status: .usage)
    }
  ) {
    self.host = host
    self.systemManifest = systemManifest
    self.resolveAddress = resolveAddress
  }

  /// The profile of this machine.
  /// - Parameters:
  ///   - address: a folder (relative to the working folder), its outfit.yaml, or a git address; nil for the
  ///     personal layer alone.
  ///   - withPersonal: the user's own layer goes on top.
  /// - Throws: `Failure` with all mistakes of all layers, status 2.
  public func machine(_ address: String?, withPersonal: Bool = true) async throws -> Profile {
    var chain = LayerChain(loader: self, scope: .machine)
    await chain.addSystem()
    if let address {
      switch try ProfileAddress(address, relativeTo: host.workingDirectory, home: host.user.home) {
      case .folder(let path):
        let isManifest = path.lastComponent?.string == Self.manifestName && !isFolder(path)
        try await chain.add(
          LayerPlace(folder: isManifest ? path.removingLastComponent() : path), kind: .profile, from: nil)
      case .git(let git):
        let fetched = try await resolveAddress(git, nil)
        try await chain.add(LayerPlace(git: git, fetched: fetched), kind: .profile, from: nil)
      }
    }
    if withPersonal { await chain.addPersonal() }
    return try chain.profile()
  }

  /// The profile of a project.
  /// - Parameters:
  ///   - root: the project's folder, absolute.
  ///   - folder: that holds its outfit.yaml, where that is another.
  /// - Throws: `Failure` with all mistakes of all layers, status 2.
  public func project(
    at root: FilePath, manifestIn folder: FilePath? = nil, withPersonal: Bool = true
  ) async throws -> Profile {
    var chain = LayerChain(loader: self, scope: .project(root.lexicallyNormalized()))
    await chain.addSystem()
    let place = LayerPlace(folder: (folder ?? root).lexicallyNormalized())
    try await chain.add(place, kind: .profile, from: nil)
    if withPersonal { await chain.addPersonal() }
    return try chain.profile()
  }

  /// The nearest folder at or above `folder` that has an outfit.yaml; what is in the user's folder of configuration
  /// makes no project.
  public static func findProject(from folder: FilePath, host: Host) -> FilePath? {
    var folder = folder.lexicallyNormalized()
    while true {
      if !folder.starts(with: host.places.config), host.files.exists(folder.appending(manifestName)) {
        return folder
      }
      let parent = folder.removingLastComponent()
      guard parent != folder else { return nil }
      folder = parent
    }
  }

  /// A folder without an outfit.yaml that chezmoi keeps, which is a profile as it stands.
  public func isChezmoi(_ folder: FilePath) -> Bool {
    guard !host.files.exists(folder.appending(Self.manifestName)), let names = try? host.files.list(folder)
    else {
      return false
    }
    return ChezmoiTree.isOne(names)
  }

  private func isFolder(_ path: FilePath) -> Bool {
    ((try? host.files.status(path, followLinks: true)) ?? nil)?.kind == .directory
  }

  /// A path as a person would write it: from the working folder, from HOME, or absolute.
  func display(_ path: FilePath) -> String {
    var rest = path
    if rest.removePrefix(host.workingDirectory), !rest.isEmpty { return rest.string }
    rest = path
    if rest.removePrefix(host.user.home) { return rest.isEmpty ? "~" : "~/\(rest)" }
    return path.string
  }
}

/// Where a layer is.
struct LayerPlace {
  var folder: FilePath
  /// The checkout that the layer may not leave, and where it came from.
  var checkout: (git: GitAddress, root: FilePath, commit: String)?
  var signer: String?
  /// The branch or tag that was followed, where none was named.
  var channel: String?

  init(folder: FilePath) { self.folder = folder }

  init(git: GitAddress, fetched: FetchedProfile) {
    folder = git.subfolder.isEmpty ? fetched.checkout : fetched.checkout.pushing(FilePath(git.subfolder))
    checkout = (
      fetched.channel.map { git.with(reference: $0) } ?? git, fetched.checkout, fetched.commit
    )
    (signer, channel) = (fetched.signer, fetched.channel)
  }

  /// A folder that this layer names.
  func neighbour(_ folder: FilePath) -> LayerPlace? {
    var place = LayerPlace(folder: folder)
    guard let checkout else { return place }
    var subfolder = folder
    guard folder == checkout.root || subfolder.removePrefix(checkout.root) else { return nil }
    if folder == checkout.root { subfolder = "" }
    place.checkout = (checkout.git.with(subfolder: subfolder.string), checkout.root, checkout.commit)
    (place.signer, place.channel) = (signer, channel)
    return place
  }
}

/// The layers of one profile, while they are read.
struct LayerChain {
  static let maximumLayers = 64

  let loader: ProfileLoader
  let scope: Scope
  private(set) var manifests: [Manifest] = []
  var diagnostics: [Diagnostic] = []
  /// The diagnostics that are no fault of a manifest: a network that does not answer.
  private var outside: [Diagnostic] = []
  /// One of them is that nobody consented.
  private var needsConsent = false
  private var inputs: [FilePath] = []
  /// The manifests that are being read, from the first to the one that extends.
  private var path: [FilePath] = []
  private var done: Set<FilePath> = []
  /// By manifest, what names it, and under which condition.
  private var named: [FilePath: [(by: FilePath?, condition: Condition?)]] = [:]

  init(loader: ProfileLoader, scope: Scope) {
    self.loader = loader
    self.scope = scope
  }

  /// What names a layer: a line of another's `extends:`.
  typealias Origin = (manifest: Manifest, location: SourceLocation, condition: Condition?)

  mutating func addSystem() async {
    inputs.append(loader.systemManifest)
    guard loader.host.files.exists(loader.systemManifest) else { return }
    let place = LayerPlace(folder: loader.systemManifest.removingLastComponent())
    await addOptional(place, kind: .system, manifest: loader.systemManifest)
  }

  mutating func addPersonal() async {
    let path = loader.host.places.personalManifest
    inputs.append(path)
    guard loader.host.files.exists(path) else { return }
    await addOptional(LayerPlace(folder: loader.host.places.config), kind: .personal, manifest: path)
  }

  private mutating func addOptional(_ place: LayerPlace, kind: Layer.Kind, manifest: FilePath) async {
    do {
      try await add(place, kind: kind, from: nil, manifest: manifest)
    } catch let failure as Failure {
      diagnostics += failure.diagnostics
    } catch {
      diagnostics.append(Diagnostic(.error, "\(error)"))
    }
  }

  /// Adds a layer above those that it extends.
  /// - Throws: when there is no such layer and no line of a manifest to blame.
  mutating func add(
    _ place: LayerPlace, kind: Layer.Kind, from origin: Origin?, manifest named: FilePath? = nil
  )
    async throws
  {
    let path = named ?? place.folder.appending(ProfileLoader.manifestName)
    if self.path.contains(path) {
      complainOfCycle(path, at: origin)
      return
    }
    self.named[path, default: []].append((origin?.manifest.layer.manifest, origin?.condition))
    guard done.insert(path).inserted else { return }
    guard done.count <= Self.maximumLayers else {
      try complain("the profile has more than \(Self.maximumLayers) layers", from: origin, hint: nil)
      return
    }
    inputs.append(path)
    let isChezmoi = loader.isChezmoi(place.folder)
    guard let bytes = isChezmoi ? Array(Self.chezmoiManifest.utf8) : try read(path, from: origin) else {
      return
    }
    let address =
      place.checkout.map { "\($0.git.with(reference: $0.commit))" } ?? loader.display(place.folder)
    let isOwn = kind == .personal && path == loader.host.places.personalManifest
    var layer = Layer(
      kind: kind, name: isOwn ? "your own layer" : place.folder.lastComponent?.string ?? "/",
      address: address,
      folder: place.folder,
      manifest: path, commit: place.checkout?.commit,
      checkout: place.checkout?.root, identity: identity(of: place), origin: place.checkout?.git)
    layer.isOwn = isOwn
    (layer.signer, layer.channel) = (place.signer, place.channel)
    var file = place.checkout.map { "\($0.git)/\(ProfileLoader.manifestName)" } ?? loader.display(path)
    if isChezmoi { file = String(file.dropLast(ProfileLoader.manifestName.count + 1)) }
    let (manifest, complaints) = ManifestReader.read(bytes, layer: layer, file: file, scope: scope)
    diagnostics += complaints
    self.path.append(path)
    let fetched = await fetchedBases(of: manifest, at: place)
    for base in manifest.extends {
      await addBase(
        base.text, at: (manifest, base.location, base.condition), of: place,
        kind: kind == .profile ? .base : kind, fetched)
    }
    self.path.removeLast()
    manifests.append(manifest)
  }

  /// What a folder of chezmoi's says where it has no outfit.yaml.
  private static let chezmoiManifest = "dotfiles: {./: {chezmoi: ./}}\n"

  /// One of ours is known by its name, since another release of Outfit has it elsewhere.
  private func identity(of place: LayerPlace) -> String {
    if let git = place.checkout?.git { return git.with(reference: nil).description }
    let shipped = Installation.locate(loader.host).profiles
    if place.folder.removingLastComponent() == shipped, let name = place.folder.lastComponent {
      return name.string
    }
    return place.folder.string
  }

  private typealias Fetched = [GitAddress: Result<FetchedProfile, any Error>]

  /// How many repositories are asked at once.
  private static let atOnce = 8

  /// Brings what a manifest names from git onto this machine: several repositories at once, of each one thing after the
  /// other.
  private func fetchedBases(of manifest: Manifest, at place: LayerPlace) async -> Fetched {
    let home = loader.host.user.home
    let addresses = manifest.extends.compactMap { base -> GitAddress? in
      guard case .git(let git) = try? ProfileAddress(base.text, relativeTo: place.folder, home: home) else {
        return nil
      }
      return git
    }
    // More than a profile may have are refused below, and not fetched before.
    let repositories = Dictionary(grouping: addresses.prefix(Self.maximumLayers), by: \.repository).values
    let layer = manifest.layer
    let isOwn = layer.kind == .personal || layer.kind == .system && layer.commit == nil
    let resolve = loader.resolveAddress
    let by = isOwn ? nil : layer.address
    return await withTaskGroup(of: Fetched.self) { group in
      var fetched: Fetched = [:]
      for (index, addresses) in repositories.enumerated() {
        if index >= Self.atOnce, let some = await group.next() { fetched.merge(some) { $1 } }
        group.addTask {
          var fetched: Fetched = [:]
          for address in addresses where fetched[address] == nil {
            do {
              fetched[address] = .success(try await resolve(address, by))
            } catch {
              fetched[address] = .failure(error)
            }
          }
          return fetched
        }
      }
      return await group.reduce(into: fetched) { all, some in all.merge(some) { $1 } }
    }
  }

  private mutating func addBase(
    _ text: String, at origin: Origin, of place: LayerPlace, kind: Layer.Kind, _ fetched: Fetched
  ) async {
    do {
      let home = loader.host.user.home
      switch try ProfileAddress(text, relativeTo: place.folder, home: home) {
      case .folder(let folder):
        if let ours = shipped(text, unless: folder) {
          try await add(LayerPlace(folder: ours), kind: kind, from: origin)
          return
        }
        guard let neighbour = place.neighbour(folder) else {
          try complain(
            "`\(text)` leaves the repository", from: origin, hint: "name a folder of it, or a git address")
          return
        }
        try await add(neighbour, kind: kind, from: origin)
      case .git(let git):
        guard let fetched = fetched[git] else {
          try complain("the profile has more than \(Self.maximumLayers) layers", from: origin, hint: nil)
          return
        }
        try await add(LayerPlace(git: git, fetched: fetched.get()), kind: kind, from: origin)
      }
    } catch let failure as Failure {
      let complaints = failure.diagnostics.map { located($0, origin) }
      diagnostics += complaints
      if failure.status != .usage { outside += complaints }
      if failure.status == .consent { needsConsent = true }
    } catch {
      diagnostics.append(located(Diagnostic(.error, "\(error)"), origin))
    }
  }

  /// One of those that come with Outfit, by its name, where there is no such folder.
  private func shipped(_ name: String, unless folder: FilePath) -> FilePath? {
    let files = loader.host.files
    guard !name.contains("/"), !name.hasPrefix("."), !name.hasPrefix("~"), !files.exists(folder) else {
      return nil
    }
    let ours = Installation.locate(loader.host).profiles.appending(name)
    return files.exists(ours.appending(ProfileLoader.manifestName)) ? ours : nil
  }

  private func located(_ diagnostic: Diagnostic, _ origin: Origin) -> Diagnostic {
    guard diagnostic.location == nil else { return diagnostic }
    let hints = [diagnostic.excerpt, diagnostic.hint].compactMap(\.self)
    return origin.manifest.diagnostic(
      diagnostic.message, at: origin.location, hint: hints.isEmpty ? nil : hints.joined(separator: "\n"))
  }

  private mutating func complain(_ message: String, from origin: Origin?, hint: String?) throws {
    guard let origin else { throw Failure(message, hint: hint, status: .usage) }
    diagnostics.append(origin.manifest.diagnostic(message, at: origin.location, hint: hint))
  }

  private mutating func complainOfCycle(_ path: FilePath, at origin: Origin?) {
    let start = self.path.firstIndex(of: path) ?? 0
    let chain = (self.path[start...] + [path]).map(loader.display).joined(separator: " -> ")
    guard let origin else { return }
    diagnostics.append(
      origin.manifest.diagnostic(
        "the profile extends itself: \(chain)", at: origin.location, hint: "take one of these lines out"))
  }

  /// Bytes of a manifest.
  private static let limit = 16 << 20

  private mutating func read(_ path: FilePath, from origin: Origin?) throws -> [UInt8]? {
    let files = loader.host.files
    let name = loader.display(path)
    do {
      guard let status = try files.status(path, followLinks: true) else {
        let folder = path.removingLastComponent()
        let isThere = files.exists(folder)
        try complain(
          isThere
            ? "there is no \(ProfileLoader.manifestName) in \(loader.display(folder))"
            : "there is no folder \(loader.display(folder))",
          from: origin,
          hint: origin != nil
            ? "correct the line, or make \(name)"
            : isThere ? "outfit init writes one" : "name a folder with an outfit.yaml, or a git address")
        return nil
      }
      guard status.size <= Int64(Self.limit) else {
        diagnostics.append(
          Diagnostic(
            .error, "\(name) is larger than \(Self.limit >> 20) MB, which no manifest is",
            at: SourceLocation(file: name), hint: "look at it: head -c 500 \(name)"))
        return nil
      }
      return try files.read(path, limit: Self.limit)
    } catch let error as FileError {
      let hint =
        error.code == .permissionDenied ? "make it readable: chmod u+r \(name)" : "look at it: ls -la \(name)"
      diagnostics.append(
        Diagnostic(.error, "can't read \(name): \(error.reason)", at: SourceLocation(file: name), hint: hint))
      return nil
    }
  }

  // MARK: - The whole

  func profile() throws -> Profile {
    let (manifests, tangled) = gated
    var merger = LayerMerger(
      scope: scope, manifests: manifests, host: loader.host, diagnostics: diagnostics + tangled)
    merger.mergeAll()
    merger.addMachine()
    merger.check()
    let errors = sorted(merger.diagnostics.filter { $0.severity == .error })
    guard errors.isEmpty else {
      throw Failure(
        errors, status: !errors.allSatisfy(outside.contains) ? .usage : needsConsent ? .consent : .failed)
    }
    merger.profile.notes = merger.diagnostics
    merger.profile.inputs = inputs + merger.looked
    return merger.profile
  }

  /// The most facts that the conditions of one layer may ask, by all the ways that lead to it.
  private static let maximumFacts = 64

  /// The manifests, each with when its layer counts: by any of the ways that lead to it.
  private var gated: (manifests: [Manifest], diagnostics: [Diagnostic]) {
    var (manifests, diagnostics) = (manifests, [Diagnostic]())
    var gates: [FilePath: Condition] = [:]
    // What names a layer comes after it.
    for index in manifests.indices.reversed() {
      let path = manifests[index].layer.manifest
      var ways: [Condition] = []
      var isAlways = named[path] == nil
      for way in named[path] ?? [] {
        if let condition = Condition.both(way.by.flatMap { gates[$0] }, way.condition) {
          if !ways.contains(condition) { ways.append(condition) }
        } else {
          isAlways = true
        }
      }
      guard !isAlways, let first = ways.first else { continue }
      let gate = ways.count > 1 ? Condition.any(ways) : first
      manifests[index].gate = gate
      guard gate.facts.count > Self.maximumFacts else {
        gates[path] = gate
        continue
      }
      diagnostics.append(
        manifests[index].diagnostic(
          "when this layer counts hangs on more than \(Self.maximumFacts) facts",
          at: SourceLocation(file: manifests[index].source.file),
          hint: "take conditions out of the `extends:` that lead to it"))
    }
    return (manifests, diagnostics)
  }

  /// File after file, each from its top.
  private func sorted(_ diagnostics: [Diagnostic]) -> [Diagnostic] {
    var ranks: [String: Int] = [:]
    for file in diagnostics.compactMap(\.location?.file) where ranks[file] == nil {
      ranks[file] = ranks.count
    }
    func key(_ index: Int) -> (Int, Int, Int, Int) {
      guard let place = diagnostics[index].location else { return (ranks.count, 0, 0, index) }
      return (ranks[place.file] ?? 0, place.line, place.column, index)
    }
    return diagnostics.indices.sorted { key($0) < key($1) }.map { diagnostics[$0] }
  }
}
