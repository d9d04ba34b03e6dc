import OutfitCore
import OutfitSystem
import SystemPackage

/// The launcher that every shim is a link to, at a path that stays.
enum ShimInstallation {
  /// What this release's launcher is.
  /// - Throws: `Failure` where the installation lacks it.
  @discardableResult static func check(_ host: Host) throws -> FileStatus {
    let source = Installation.locate(host).shim
    guard let status = try host.files.status(source, followLinks: true) else {
      throw Failure(
        "the launcher outfit-shim is missing at \(source)",
        hint: "build it with `make build`, or install Outfit again")
    }
    return status
  }

  /// Puts this release's launcher in place, unless it is there.
  static func ensure(_ host: Host) throws {
    let new = try check(host)
    let source = Installation.locate(host).shim
    let target = host.places.launcher
    // The copy has the modification time of what it was copied from, so that the same one is known by it.
    if let old = try host.files.status(target, followLinks: false), old.kind == .file, old.size == new.size,
      old.modified == new.modified, old.mode & 0o100 != 0
    {
      return
    }
    try host.files.createDirectories(host.places.libexec, mode: 0o700)
    sweep(host)
    // Another outfit may be at the same just now, for another project.
    let number = String(UInt64.random(in: 0...UInt64.max), radix: 16)
    let beside = host.places.libexec.appending("\(start)\(number)")
    defer { try? host.files.removeTree(beside) }
    try host.files.create(beside, try host.files.read(source), mode: 0o755)
    try host.files.setModified(beside, new.modified)
    try host.files.synchronize(beside)
    try host.files.rename(beside, to: target)
    try host.files.synchronize(host.places.libexec)
  }

  private static let start = ".outfit-shim."

  /// Removes copies whose maker was killed an hour ago or earlier.
  private static func sweep(_ host: Host) {
    for name in (try? host.files.list(host.places.libexec)) ?? [] where name.hasPrefix(start) {
      let path = host.places.libexec.appending(name)
      // The time of the last change of its content is that of what it was copied from.
      guard let status = try? host.files.status(path, followLinks: false),
        status.changed < (host.clock.now() - 3600) * 1_000_000_000
      else { continue }
      try? host.files.removeTree(path)
    }
  }

  /// Whether what stands there is this release's launcher, byte for byte.
  static func isGenuine(_ host: Host) throws -> Bool {
    guard let status = try host.files.status(host.places.launcher, followLinks: false), status.kind == .file,
      status.mode & 0o100 != 0
    else { return false }
    let source = Installation.locate(host).shim
    guard host.files.exists(source) else { return status.size > 0 }
    return try host.files.read(host.places.launcher) == host.files.read(source)
  }

  /// The launcher, to run a command by.
  static func launcher(_ host: Host) throws -> FilePath {
    try ensure(host)
    return host.places.launcher
  }
}
