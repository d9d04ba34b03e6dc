import OutfitCore
import OutfitEngine
import OutfitProfile
import OutfitSystem
import SystemPackage

/// The pins of one profile, read from where they are kept, and kept again.
struct Locks {
  let place: LockPlace
  let merged: Lock
  private let host: Host
  private let profile: Profile

  init(host: Host, profile: Profile) throws {
    self.host = host
    self.profile = profile
    var place = LockPlace.find(for: profile, host: host)
    place.ownIsOfProfile = try Self.isOfMachine(profile, host)
    self.place = place
    let lock = try place.read(for: profile, host: host)
    // A machine takes some of what a shared lock has, where its own layer took the rest out.
    merged = profile.scope == .machine ? lock.only(for: profile) : lock
  }

  /// The machine's generation is made from this profile, or there is none yet: its lock has this profile's pins.
  private static func isOfMachine(_ profile: Profile, _ host: Host) throws -> Bool {
    guard profile.scope == .machine, let stamp = try Generations.adoptedProfile(.machine, host: host) else {
      return true
    }
    guard let layer = profile.layers.last(where: { $0.kind == .profile }) else {
      return stamp.address.isEmpty
    }
    if let origin = layer.origin {
      return (layer.channel == nil ? origin : origin.with(reference: nil)).description == stamp.address
    }
    guard let address = ProfilePlace.located(stamp.address, host) else { return false }
    return try ProfileAddress(address, relativeTo: host.workingDirectory, home: host.user.home)
      == .folder(layer.folder)
  }

  /// The lock that `up` writes is read by others too, so that no path of this machine may stand in it.
  var isShared: Bool { place.own == place.shared }

  /// Keeps what was resolved. A lock beside a machine profile's manifest stays as it is.
  /// - Returns: what takes it back.
  @discardableResult
  func save(_ lock: Lock) throws -> () throws -> Void {
    let changes = try place.texts(of: lock, for: profile, host: host).map {
      (path: $0.path, before: try host.files.text($0.path), text: $0.text, mode: mode($0.path))
    }
    for change in changes { try Self.write(change.text, to: change.path, mode: change.mode, host) }
    return { [host] in
      for change in changes {
        if let before = change.before {
          try Self.write(before, to: change.path, mode: change.mode, host)
        } else {
          try host.files.remove(change.path)
        }
      }
    }
  }

  private func mode(_ path: FilePath) -> UInt16 { path == place.shared ? 0o644 : 0o600 }

  /// Replaces a lock in one step.
  static func write(_ text: String, to path: FilePath, mode: UInt16, _ host: Host) throws {
    try OwnFile.write(text, to: path, mode: mode, folderMode: mode == 0o644 ? 0o755 : 0o700, host)
  }

  /// What decides what `up` does.
  var inputs: [FilePath] { [place.own, place.personal] + [place.shared, place.beside].compactMap(\.self) }
}
