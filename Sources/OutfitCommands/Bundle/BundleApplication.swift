import OutfitCore
import OutfitEngine
import OutfitProfile
import OutfitSharing
import OutfitSystem
import SystemPackage

/// Puts what a bundle holds where a network would have brought it, and then does what `up` does, without one.
struct BundleApplication {
  let session: Session
  let bundle: BundleArchive.Opened

  private var host: Host { session.host }
  private var list: BundleList { bundle.list }

  /// What an `up` takes from a bundle.
  struct Supply: Sendable {
    let lock: Lock
    var isProject = false

    /// What is said where its pins do not do for this machine.
    var misfit: Failure {
      guard !isProject else {
        return Failure(
          "what the bundle pins is not what this checkout asks for",
          hint:
            "check out the commit that the bundle was made of, or make it anew: outfit bundle create FOLDER -o FILE"
        )
      }
      let pythons = Set(lock.tools.values.compactMap(\.python)).compactMap { Version($0) }.sorted()
      let needed = pythons.last.map { "a Python \($0) or newer, which its tools are pinned for" }
      return Failure(
        "what the bundle pins does not do for this machine" + (needed.map { ": it needs \($0)" } ?? ""),
        hint: needed == nil
          ? "your own layer may ask for what is not in it: see outfit status --machine"
          : "install that here, or bundle a profile that brings its Python: without `system: true`")
    }
  }

  /// - Parameter wish: what was said on the command line.
  func run(_ wish: Undertaking.Wish) async throws -> ExitStatus {
    let platform = host.platform.key
    guard list.platforms.contains(platform) else {
      throw Failure(
        "the bundle is for \(list.platforms.joined(separator: ", ")), and this machine is \(platform)",
        hint: "outfit bundle create PROFILE -o FILE --platform \(platform)", status: .usage)
    }
    let scratch = try BundleArchive.scratch(host)
    defer { try? host.files.removeTree(scratch) }
    try items(platform, scratch)
    let git = GitProfiles(host: host, network: .never)
    var pins: [String: LockedLayer] = [:]
    for layer in list.commits { pins[layer.address] = try await git.take(layer, from: bundle) }
    let lock = try LockFile.parse(try bundle.bytes(list.lock), file: "the bundle's outfit.lock")
    var supplied = session
    // pip's words for it, which uv is told too.
    let uv = supplied.host.environment.keys.filter { $0.hasPrefix("UV_") && $0.contains("INDEX") }
    for name in uv + ["UV_CONFIG_FILE", "PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL"] {
      supplied.host.environment[name] = nil
    }
    supplied.host.environment["PIP_CONFIG_FILE"] = "/dev/null"
    supplied.host.environment["UV_NO_CONFIG"] = "1"
    supplied.host.environment["PIP_NO_INDEX"] = "1"
    supplied.host.environment["PIP_FIND_LINKS"] = scratch.string
    // npm takes its cache alone, whatever registry the machine's own settings name.
    for name in supplied.host.environment.keys where name.lowercased().hasPrefix("npm_config_") {
      supplied.host.environment[name] = nil
    }
    let nowhere = scratch.appending("npmrc")
    for (name, value) in [
      "offline": "true", "registry": NpmCache.registry, "userconfig": nowhere.string,
      "globalconfig": nowhere.appending("none").string,
    ] { supplied.host.environment["npm_config_\(name)"] = value }
    let packages = lock.tools.values.compactMap(\.packageLock).compactMap { NpmPackage.all(inLock: $0) }
    let npm = NpmCache(host.places.cache.appending("npm"), host.files)
    try npm.answer(for: packages.flatMap { $0 })

    var wish = wish
    wish.supply = Supply(lock: lock)
    switch list.origin {
    case .project:
      guard let project = try Project.find(host) else {
        throw Failure(
          "the bundle is of the project \(list.profile.harmless), and there is no outfit.yaml here or above",
          hint: "go to the project's own files, and apply it there", status: .usage)
      }
      let place = ProfilePlace(scope: project.scope, address: project.place.address, supplied: pins)
      let read = try await place.read(supplied, network: .never, withPersonal: false)
      guard read.name == list.profile else {
        throw Failure(
          "the bundle is of the project \(list.profile.harmless), and this is \(read.name)",
          hint: "go to the project's own files, and apply it there", status: .usage)
      }
      if let text = try BundleCreation.packageLock(of: read, host),
        let packages = NpmPackage.all(inLock: text)
      {
        try npm.answer(for: packages)
      }
      wish.supply?.isProject = true
      wish.place = place
      return try await Undertaking(supplied, wish).run()
    case .git(let address):
      wish.address = address
      wish.place = ProfilePlace(scope: .machine, address: address, supplied: pins)
      return try await Undertaking(supplied, wish).run()
    case .folder(let folder):
      let home = host.places.data.appending("bundles").appending(list.profile)
      let address = home.pushing(FilePath(folder)).string
      wish.address = address
      wish.place = ProfilePlace(scope: .machine, address: address, supplied: pins)
      let asked = wish
      return try await FolderChange(files: host.files, folder: home, isTemporary: wish.isDryRun).make {
        try bundle.put(list.folders, at: $0, writable: true)
      } using: {
        try await Undertaking(supplied, asked).run()
      }
    }
  }

  /// Everything that is had by its digest stays in the cache, so that the next bundle need not bring it.
  private func items(_ platform: String, _ wheels: FilePath) throws {
    for item in list.items where item.platforms.contains(platform) {
      let place = Self.place(of: item, host)
      if !host.files.exists(place) { try bundle.put(item.blob, at: place, isLast: true) }
      if item.kind == .wheel { try host.files.createLink(wheels.appending(item.name), to: place.string) }
    }
  }

  private static func place(of item: BundleList.Item, _ host: Host) -> FilePath {
    let cache = host.places.cache
    return item.kind == .npm
      ? cache.appending("npm").pushing(FilePath(item.name))
      : cache.appending("downloads").appending(item.blob.digest.hex)
  }

  /// What of a bundle this machine does not have.
  static func missing(_ list: BundleList, _ host: Host) -> [BundleList.Blob] {
    let platform = host.platform.key
    let git = GitProfiles(host: host, network: .never)
    var own = list
    own.items.removeAll {
      !$0.platforms.contains(platform) || host.files.exists(place(of: $0, host))
    }
    own.commits.removeAll { git.has($0) }
    let executable = Installation.locate(host).executable
    let root = executable.removingLastComponent().removingLastComponent()
    own.programs = list.programs.filter { $0.key == platform && !$0.value.isAt(root, host.files) }
    return own.blobs
  }
}

/// A folder of ours that is replaced for something that may not go well: then it is as it was.
private struct FolderChange {
  let files: any Files
  let folder: FilePath
  /// It is as it was afterwards, however it went.
  let isTemporary: Bool

  func make(
    _ write: (FilePath) throws -> Void, using body: () async throws -> ExitStatus
  ) async throws -> ExitStatus {
    let (new, before) = (FilePath("\(folder).new"), FilePath("\(folder).before"))
    try files.removeTree(new)
    // A run that was killed left what was there before it, and nobody said yes to what it put there.
    if files.exists(before) {
      try files.removeTree(folder)
      try files.rename(before, to: folder)
    }
    try write(new)
    if files.exists(folder) { try files.rename(folder, to: before) }
    do {
      try files.rename(new, to: folder)
      let status = try await body()
      if status == .consent || isTemporary { try back(before) } else { try files.removeTree(before) }
      return status
    } catch {
      try? back(before)
      throw error
    }
  }

  private func back(_ before: FilePath) throws {
    try files.removeTree(folder)
    if files.exists(before) { try files.rename(before, to: folder) }
  }
}
