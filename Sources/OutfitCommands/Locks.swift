import OutfitCore
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
    place = LockPlace.find(for: profile, host: host)
    merged = try place.read(for: profile, host: host)
  }

  /// The lock that `up` writes is read by others too, so that no path of this machine may stand in it.
  var isShared: Bool { place.own == place.shared }

  /// Keeps what was resolved. A lock beside a machine profile's manifest stays as it is.
  func save(_ lock: Lock) throws {
    for (path, text) in try place.texts(of: lock, for: profile, host: host) {
      try Self.write(text, to: path, mode: path == place.shared ? 0o644 : 0o600, host)
    }
  }

  /// Replaces a lock in one step.
  static func write(_ text: String, to path: FilePath, mode: UInt16, _ host: Host) throws {
    try OwnFile.write(text, to: path, mode: mode, folderMode: mode == 0o644 ? 0o755 : 0o700, host)
  }

  /// What decides what `up` does.
  var inputs: [FilePath] { [place.own, place.personal] + (place.shared.map { [$0] } ?? []) }
}
