import OutfitCore
import OutfitEngine
import OutfitProfile
import OutfitSharing
import OutfitSystem
import SystemPackage

/// The commits at which this machine has the layers that its profile names by git addresses, `commit<TAB>address` a
/// line. The file belongs to the generation, so that a rollback brings the commits back with the rest.
struct LayerCommits: Hashable, Sendable {
  private var commits: [String: String] = [:]

  /// What this profile was read from.
  init(of profile: Profile) {
    for layer in profile.layers {
      guard let origin = layer.origin, let commit = layer.commit else { continue }
      // One with a password in it is not kept, and is what git last had of it.
      let address = origin.description
      if withoutPasswords(address) == address { commits[address] = commit }
    }
  }

  private init() {}

  private static func path(_ host: Host) -> FilePath {
    host.places.state(of: .machine).appending(Layer.commitsName)
  }

  /// What was kept last. A line that says nothing is none.
  static func read(_ host: Host) throws(FileError) -> LayerCommits {
    var found = LayerCommits()
    for line in try host.files.text(path(host))?.split(separator: "\n") ?? [] {
      let parts = line.split(separator: "\t", maxSplits: 1)
      guard parts.count == 2, parts[0].count == 40, parts[0].allSatisfy(\.isHexDigit) else { continue }
      found.commits[String(parts[1])] = String(parts[0])
    }
    return found
  }

  /// What serves until somebody asks for newer ones.
  var used: [GitProfiles.Reference: String] {
    var used: [GitProfiles.Reference: String] = [:]
    for (address, commit) in commits {
      if let address = try? GitAddress(address) { used[GitProfiles.Reference(address)] = commit }
    }
    return used
  }

  /// Replaces what was kept, in one step.
  /// - Returns: what takes that back.
  func keep(_ host: Host) throws(FileError) -> () throws -> Void {
    let before = try Self.read(host)
    guard self != before else { return {} }
    try write(host)
    return { try before.write(host) }
  }

  private func write(_ host: Host) throws(FileError) {
    let path = Self.path(host)
    let text = commits.sorted { $0.key < $1.key }.map { "\($0.value)\t\($0.key)\n" }.joined()
    try host.files.createDirectories(path.removingLastComponent(), mode: 0o700)
    let beside = FilePath(path.string + ".new")
    try host.files.removeTree(beside)
    guard !text.isEmpty else { return try host.files.removeTree(path) }
    try host.files.create(beside, Array(text.utf8), mode: 0o600)
    try host.files.rename(beside, to: path)
  }
}
