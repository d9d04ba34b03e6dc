import OutfitCore
import OutfitSystem
import SystemPackage

/// A folder on the real disk that goes with this value.
public final class ScratchFolder: Sendable {
  /// Absolute, without links in it.
  public let path: FilePath
  /// The real machine, with HOME, OUTFIT_HOME and the current folder inside the folder.
  public let host: Host

  public init() throws {
    var host = try Host.live()
    let parent = FilePath(host.environment["TMPDIR"] ?? "/tmp")
    let name = "outfit-test-\(UInt64.random(in: 0...UInt64.max))"
    path = parent.appending(name)
    try host.files.createDirectory(path, mode: 0o700)
    let home = path.appending("home")
    try host.files.createDirectory(home, mode: 0o755)
    host.user.home = home
    host.workingDirectory = path
    host.environment = [
      "HOME": home.string, "OUTFIT_HOME": path.appending("outfit").string, "PATH": "/usr/bin:/bin",
    ]
    self.host = host
  }

  deinit { try? host.files.removeTree(path) }

  /// Makes a file, and the folders above it.
  @discardableResult
  public func put(_ relative: String, _ text: String, mode: UInt16 = 0o644) throws -> FilePath {
    let target = path.pushing(FilePath(relative))
    try host.files.createDirectories(target.removingLastComponent())
    try host.files.create(target, Array(text.utf8), mode: mode)
    return target
  }
}
