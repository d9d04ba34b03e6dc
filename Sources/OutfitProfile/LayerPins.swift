import OutfitCore
import OutfitSystem
import SystemPackage

/// A git layer at a commit, with what that holds.
public struct LockedLayer: Hashable, Sendable {
  public var commit: String
  /// Over the names, modes and contents of all files of the commit.
  public var digest: Digest

  public init(commit: String, digest: Digest) {
    (self.commit, self.digest) = (commit, digest)
  }
}

extension Lock {
  /// The git layers of a profile as they were read, by address without the folder in it: those of the profile's own
  /// chain, which are the same for everybody who reads it.
  /// - Parameter files: for the digests of commits that are not pinned yet.
  public func layers(of profile: Profile, files: any Files) throws -> [String: LockedLayer] {
    var found: [String: LockedLayer] = [:]
    for layer in profile.layers where layer.kind == .base {
      guard let origin = layer.origin, let commit = layer.commit, let checkout = layer.checkout else {
        continue
      }
      let address = origin.with(subfolder: "").description
      // What has a password in it is written nowhere.
      guard found[address] == nil, withoutPasswords(address) == address else { continue }
      if let pin = layers[address], pin.commit == commit {
        found[address] = pin
      } else {
        found[address] = LockedLayer(commit: commit, digest: try Self.digest(of: checkout, files))
      }
    }
    return found
  }

  /// Over what a checkout holds. Whoever may read or write a file is this machine's affair; whether it runs is the
  /// commit's.
  public static func digest(of checkout: FilePath, _ files: any Files) throws(FileError) -> Digest {
    var digest = Digest.Running()
    func add(_ folder: FilePath, _ prefix: String) throws(FileError) {
      for name in try files.list(folder).sorted(by: { $0.utf8.lexicographicallyPrecedes($1.utf8) }) {
        let path = folder.appending(name)
        guard let status = try files.status(path, followLinks: false) else { continue }
        switch status.kind {
        case .directory: try add(path, prefix + name + "/")
        case .link:
          digest.field("link \(prefix)\(name)")
          digest.field(try files.readLink(path))
        case .file:
          digest.field("\(status.mode & 0o100 != 0 ? "program" : "file") \(prefix)\(name)")
          digest.field(Digest(of: try files.read(path)).hex)
        case .other: break
        }
      }
    }
    try add(checkout, "")
    return digest.finish()
  }
}

extension LockFile {
  /// The layers that a lock pins, for whoever is about to read the profile that it belongs to; nothing where there is no
  /// lock. What is wrong with one is said when the profile is read.
  public static func layers(in path: FilePath, _ files: any Files) -> [String: LockedLayer] {
    guard let bytes = try? files.read(path, limit: FileBound.text) else { return [:] }
    return (try? parse(bytes, file: path.string).layers) ?? [:]
  }
}
