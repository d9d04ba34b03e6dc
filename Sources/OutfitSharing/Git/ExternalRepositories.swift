import OutfitCore
import OutfitEngine
import OutfitProfile
import OutfitSystem
import SystemPackage

/// Repositories of dotfiles from elsewhere, as layers are had: nothing of one runs, and the user's own configuration of
/// git counts.
public struct ExternalRepositories: Repositories {
  private let host: Host
  private let git: GitProfiles
  /// One is fetched at a time: several may be of one repository.
  private let turns = GitQuestions()

  public init(_ host: Host, isOffline: Bool) {
    self.host = host
    git = GitProfiles(host: host, network: isOffline ? .never : .always, permission: .given)
  }

  public func newest(_ address: GitAddress) async throws -> (pin: LockedExternal, submodules: [String]) {
    try await turns.ask {
      let commit = try await git.ask(address).newest
      let folder = host.places.cache.appending("scratch")
        .appending("git-\(String(UInt64.random(in: 0...UInt64.max), radix: 36))")
      defer { try? host.files.removeTree(folder) }
      try await git.write(commit, of: address, to: folder)
      return (
        LockedExternal(commit: commit, digest: try Lock.digest(of: folder, host.files)),
        try await git.submodules(of: commit, address)
      )
    }
  }

  public func write(_ commit: String, of address: GitAddress, to folder: FilePath) async throws {
    try await turns.ask { try await git.write(commit, of: address, to: folder) }
  }
}
