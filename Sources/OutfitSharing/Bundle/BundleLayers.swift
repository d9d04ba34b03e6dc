import OutfitCore
import OutfitProfile
import OutfitSystem
import SystemPackage

/// The git layers of a bundle: from this machine's, and to it.
extension GitProfiles {
  /// A commit that is on this machine, for a bundle.
  /// - Throws: `Failure` where its files are not those that git has stored.
  public func bundled(
    _ address: GitAddress, _ commit: String, _ checkout: FilePath, _ sources: inout BundleArchive.Sources
  ) async throws -> BundleList.Commit {
    let object = try await object(commit, of: address)
    do {
      try CommitContents(files: host.files).verify(checkout, commit, object: object)
    } catch let failure as Failure {
      throw Failure(
        failure.diagnostics.map { Diagnostic(.error, "\(address): \($0.message)", hint: $0.hint) })
    }
    return BundleList.Commit(
      address: address.with(subfolder: "").description, commit: commit, object: sources.add(object),
      tree: try BundleList.Tree.read(checkout, host.files, &sources))
  }

  /// Puts a layer of a bundle where one that was fetched would stand. What it says to be a commit is held against the
  /// commit's own name first.
  public func take(_ layer: BundleList.Commit, from bundle: BundleArchive.Opened) async throws -> LockedLayer
  {
    guard let address = try GitAddress(layer.address) else {
      throw Failure("\(layer.address.harmless) is no address of a git repository", status: .usage)
    }
    let files = host.files
    let place = checkout(address, layer.commit)
    let isThere = files.exists(place)
    if isThere, !bundle.has(layer.object) {
      return LockedLayer(commit: layer.commit, digest: try Lock.digest(of: place, files))
    }
    let object = try bundle.bytes(layer.object)
    if !isThere {
      let new = place.removingLastComponent().appending("new-\(layer.commit)")
      try files.removeTree(new)
      do {
        try bundle.put(layer.tree, at: new, writable: false)
        try CommitContents(files: files).verify(new, layer.commit, object: object)
      } catch {
        try? files.removeTree(new)
        throw error
      }
      try files.rename(new, to: place)
    }
    try await keep(object, of: address)
    return LockedLayer(commit: layer.commit, digest: try Lock.digest(of: place, files))
  }
}

extension GitProfiles {
  /// Whether a layer of a bundle is here already.
  public func has(_ layer: BundleList.Commit) -> Bool {
    guard let address = try? GitAddress(layer.address) else { return false }
    return host.files.exists(checkout(address, layer.commit))
  }
}

extension BundleList.Tree {
  /// Whether a folder holds all of it.
  public func isAt(_ folder: FilePath, _ files: any Files) -> Bool {
    entries.allSatisfy { path, entry in
      let place = folder.pushing(FilePath(path))
      switch entry {
      case .file(let blob, _):
        let status = try? files.status(place, followLinks: false)
        return status?.kind == .file && status?.size == blob.size
          && (try? BundleArchive.Sources.digest(of: place, files)) == blob.digest
      case .link(let target): return (try? files.readLink(place)) == target
      }
    }
  }

  /// All below a folder.
  /// - Parameter isWanted: by relative path.
  public static func read(
    _ folder: FilePath, _ files: any Files, _ sources: inout BundleArchive.Sources,
    isWanted: (String) -> Bool = { _ in true }
  ) throws -> BundleList.Tree {
    var tree = BundleList.Tree()
    try tree.add(folder, as: "", files, &sources, isWanted: isWanted)
    return tree
  }

  /// Adds all below a folder, below a path of the tree.
  public mutating func add(
    _ folder: FilePath, as prefix: String, _ files: any Files, _ sources: inout BundleArchive.Sources,
    isWanted: (String) -> Bool = { _ in true }
  ) throws {
    for name in try files.list(folder) {
      let path = folder.appending(name)
      let relative = prefix + name
      guard isWanted(relative), let status = try files.status(path, followLinks: false) else { continue }
      switch status.kind {
      case .directory: try add(path, as: "\(relative)/", files, &sources, isWanted: isWanted)
      case .link: entries[relative] = .link(try files.readLink(path))
      case .file: entries[relative] = .file(try sources.add(path, files), isProgram: status.mode & 0o100 != 0)
      case .other: break
      }
    }
  }
}
