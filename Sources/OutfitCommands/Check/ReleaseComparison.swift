import OutfitConsent
import OutfitCore
import OutfitEngine
import OutfitProfile
import OutfitSharing
import OutfitSystem
import SystemPackage

/// Compares a profile with what an earlier commit of its repository has.
struct ReleaseComparison {
  /// The user's own machine.
  let outside: Session
  /// The trial, which goes with all that is brought there.
  let inside: Session
  let place: ProfilePlace
  let profile: Profile
  /// The pins that it has now.
  let lock: Lock

  /// - Parameter reference: what to compare with; nil for the newest tag, else the last commit.
  /// - Returns: the changes, or why there is nothing to compare with.
  /// - Throws: status 2 for a reference that there is not.
  func run(_ reference: String?) async throws -> (changes: ProfileChanges?, note: String?) {
    guard let layer = profile.layers.last(where: { $0.kind == .profile }) else { return (nil, nil) }
    if let origin = layer.origin { return try await ofAddress(origin, layer, reference) }
    // A folder of the user's may be reached by a link.
    let folder = outside.host.files.resolved(layer.folder) ?? layer.folder
    guard let root = try GitFolders.locate(from: folder, host: outside.host)?.workTree else {
      guard reference == nil else {
        throw Failure("\(outside.short(folder)) is in no git repository", status: .usage)
      }
      return (nil, "There is nothing to compare with: \(outside.short(folder)) is in no git repository.")
    }
    guard let history = RepositoryHistory(root, host: outside.host) else {
      return (nil, "There is nothing to compare with: git is not on this machine.")
    }
    let found: RepositoryHistory.Release?
    if let reference {
      found = try await history.release(reference)
    } else {
      found = try await history.newest()
    }
    guard let release = found else {
      return (nil, "There is nothing to compare with: \(outside.short(root)) has no commit yet.")
    }
    do {
      let old = try await load(release, of: root, folder)
      let names = try await now(history, root)
      return (try changes(since: release, old, names, { root.pushing(FilePath($0)) }), nil)
    } catch let failure as Failure where failure.status != .interrupted {
      return (nil, Self.note(release.reference, failure))
    }
  }

  private static func note(_ reference: String, _ failure: Failure) -> String {
    "It can't be compared with \(reference): \(failure.diagnostics.first?.message ?? "it can't be read")."
  }

  // MARK: - A folder

  private struct Old {
    var profile: Profile
    var lock: Lock
    var checkout: FilePath
  }

  /// The commit is fetched from the folder's own repository into the trial, as every profile from git is.
  private func load(_ release: RepositoryHistory.Release, of root: FilePath, _ folder: FilePath) async throws
    -> Old
  {
    var subfolder = folder
    _ = subfolder.removePrefix(root)
    let text = "git+file://\(root)" + (folder == root ? "" : "//\(subfolder)") + "@\(release.commit)"
    guard let address = try GitAddress(text) else { throw Failure("\(root) is no address of a repository") }
    // Its objects are none that anybody wants to keep.
    var host = inside.host
    host.environment = outside.host.environment
    host.environment["OUTFIT_HOME"] =
      inside.host.user.home.removingLastComponent().appending("history").string
    return try await load(address, GitProfiles(host: host, network: .always, permission: .given))
  }

  private func load(_ address: GitAddress, _ git: GitProfiles) async throws -> Old {
    let fetched = try await git.fetch(address)
    let file = fetched.checkout.pushing(FilePath(address.subfolder)).appending(LockFile.name)
    let pins = GitProfiles.Pins(LockFile.layers(in: file, inside.host.files))
    let others = GitProfiles(host: inside.host, network: .whenUnknown, pins: pins, permission: .given)
      .resolver
    let loader = ProfileLoader(host: inside.host) { address, layer in
      guard layer != nil else { return fetched }
      return try await others(address, layer)
    }
    let profile = try await loader.machine(address.description, withPersonal: false)
    let lock = try LockFile.read(file, for: profile, host: inside.host) ?? Lock()
    return Old(profile: profile, lock: lock, checkout: fetched.checkout)
  }

  /// The files of the profile's own repository that it is made of.
  private func now(_ history: RepositoryHistory, _ root: FilePath) async throws -> [String] {
    var names: Set<String> = []
    for layer in profile.layers where layer.commit == nil && [.profile, .base].contains(layer.kind) {
      let folder = outside.host.files.resolved(layer.folder) ?? layer.folder
      if folder.starts(with: root) { names.formUnion(try await history.files(below: folder)) }
    }
    return names.sorted()
  }

  // MARK: - An address

  private func ofAddress(
    _ origin: GitAddress, _ layer: Layer, _ reference: String?
  ) async throws -> (changes: ProfileChanges?, note: String?) {
    guard let reference else {
      return (nil, "There is nothing to compare with: name a release of \(origin.repository) with --against.")
    }
    let git = GitProfiles(host: outside.host, network: .always, permission: .given)
    let address = origin.with(reference: reference)
    let fetched = try await git.fetch(address)
    let release = RepositoryHistory.Release(reference: reference, commit: fetched.commit, time: nil)
    do {
      let old = try await load(address.with(reference: fetched.commit), git)
      let checkout = layer.checkout ?? layer.folder
      let names = try Set(profile.layers.filter { $0.checkout == checkout }.map(\.folder)).flatMap {
        try files(below: $0, in: checkout)
      }
      return (
        try changes(since: release, old, Set(names).sorted(), { checkout.pushing(FilePath($0)) }), nil
      )
    } catch let failure as Failure where failure.status != .interrupted {
      return (nil, Self.note(reference, failure))
    }
  }

  // MARK: - What differs

  private func changes(
    since release: RepositoryHistory.Release, _ old: Old, _ names: [String], _ path: (String) -> FilePath
  ) throws -> ProfileChanges {
    let consent = Consent(host: inside.host)
    let folders = Set(old.profile.layers.filter { $0.checkout == old.checkout }.map(\.folder))
    let before = try Set(folders.flatMap { try files(below: $0, in: old.checkout) })
    var differing: [ProfileChanges.File] = []
    // What it pins is told by the pins.
    for name in before.union(names).sorted() where FilePath(name).lastComponent?.string != LockFile.name {
      let a = before.contains(name) ? try content(old.checkout.pushing(FilePath(name))) : nil
      let b = names.contains(name) ? try content(path(name)) : nil
      guard a != b else { continue }
      let lines = (a ?? .empty).count(to: b ?? .empty)
      differing.append(
        .init(path: name, action: a == nil ? .add : b == nil ? .remove : .change, lines: lines))
    }
    return ProfileChanges(
      since: release,
      abilities: (try consent.abilities(of: old.profile), try consent.abilities(of: profile)),
      pins: LockChanges(before: old.lock, after: lock).moves, files: differing)
  }

  private struct Content: Equatable {
    var bytes: [UInt8]
    var isProgram = false
    var isTooLarge = false
    static let empty = Content(bytes: [])

    func count(to other: Content) -> (added: Int, removed: Int)? {
      isTooLarge || other.isTooLarge ? nil : Diff.count(bytes, other.bytes)
    }
  }

  /// What is larger is compared by its digest alone.
  private static let limit: Int64 = 4 << 20

  private func content(_ path: FilePath) throws -> Content? {
    let files = outside.host.files
    guard let status = try files.status(path, followLinks: false) else { return nil }
    switch status.kind {
    case .link: return Content(bytes: Array(try files.readLink(path).utf8))
    case .file where status.size <= Self.limit:
      return Content(bytes: try files.read(path), isProgram: status.mode & 0o100 != 0)
    case .file:
      var digest = Digest.Running()
      try files.readPieces(path) { digest.update($0) }
      return Content(
        bytes: Array(digest.finish().hex.utf8), isProgram: status.mode & 0o100 != 0, isTooLarge: true)
    case .directory, .other: return nil
    }
  }

  private func files(below folder: FilePath, in root: FilePath) throws -> [String] {
    var found: [String] = []
    func add(_ path: FilePath) throws {
      for name in try outside.host.files.list(path) {
        let entry = path.appending(name)
        guard let status = try outside.host.files.status(entry, followLinks: false) else { continue }
        if status.kind == .directory {
          try add(entry)
        } else {
          var relative = entry
          _ = relative.removePrefix(root)
          found.append(relative.string)
        }
      }
    }
    try add(folder)
    return found
  }
}
