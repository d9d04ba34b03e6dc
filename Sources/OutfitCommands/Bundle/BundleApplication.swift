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
    supplied.host.environment["npm_config_offline"] = "true"

    var wish = wish
    wish.supply = Supply(lock: lock)
    switch list.origin {
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
      return try await FolderChange(files: host.files, folder: home).make {
        try bundle.put(list.folders, at: $0, writable: true)
      } using: {
        try await Undertaking(supplied, asked).run()
      }
    }
  }

  private func items(_ platform: String, _ scratch: FilePath) throws {
    let cache = host.places.cache
    for item in list.items where item.platforms.contains(platform) {
      let target: FilePath
      switch item.kind {
      case .download: target = cache.appending("downloads").appending(item.blob.digest.hex)
      case .wheel: target = scratch.appending(item.name)
      case .npm: target = cache.appending("npm").pushing(FilePath(item.name))
      }
      if item.kind != .wheel, host.files.exists(target) { continue }
      try bundle.put(item.blob, at: target, isLast: true)
    }
  }
}

/// A folder of ours that is replaced for something that may not go well: then it is as it was.
private struct FolderChange {
  let files: any Files
  let folder: FilePath

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
      if status == .consent { try back(before) } else { try files.removeTree(before) }
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
