import OutfitCore
import OutfitEngine
import OutfitProfile
import OutfitSystem
import SystemPackage

/// The project that one stands in: one that carries its manifest, or a repository that its user keeps one for.
struct Project: Sendable {
  /// What belongs to it, and where it writes.
  let root: FilePath
  /// Of its manifest and lock.
  let folder: FilePath

  var isKept: Bool { folder != root }
  var scope: Scope { .project(root) }
  var place: ProfilePlace { ProfilePlace(scope: scope, address: folder.string) }
  var manifest: FilePath { folder.appending(ProfileLoader.manifestName) }
  var lock: FilePath { folder.appending(LockFile.name) }

  /// The nearest manifest at or above the working folder. Where none is in the repository around it, one that the user
  /// keeps for the repository's remote.
  /// - Throws: status 2, when two of those are for it.
  static func find(_ host: Host) throws -> Project? {
    let own = ProfileLoader.findProject(from: host.workingDirectory, host: host)
      .map { Project(root: $0, folder: $0) }
    let kept = try KeptManifests(host)
    guard !kept.lines.isEmpty, let repository = repository(host),
      own?.root.starts(with: repository.root) != true,
      let folder = try kept.folder(for: repository.remotes)
    else { return own }
    return Project(root: repository.root, folder: folder)
  }

  /// A project that is known, wherever one stands: the manifest that its last generation was made from.
  static func known(_ root: FilePath, _ host: Host) -> Project {
    let own = Project(root: root, folder: root)
    guard !host.files.exists(own.manifest),
      let address = try? Generations.adoptedProfile(own.scope, host: host)?.address, address.hasPrefix("/")
    else { return own }
    return Project(root: root, folder: FilePath(address))
  }

  /// The largest configuration that is read, in bytes.
  private static let limit: Int64 = 1 << 20

  /// The repository around the working folder, by what its files say; nothing is run, and nothing but plain files is
  /// read.
  static func repository(_ host: Host) -> (root: FilePath, remotes: [GitRemote])? {
    var root = host.workingDirectory.lexicallyNormalized()
    while true {
      let mark = root.appending(".git")
      let status = (try? host.files.status(mark, followLinks: true)) ?? nil
      if status?.kind == .directory || status?.kind == .file && (status?.size ?? 0) < 4096,
        let git = try? GitFolders.locate(from: root, host: host), git.workTree == root
      {
        let file = git.common.appending("config")
        guard let found = (try? host.files.status(file, followLinks: true)) ?? nil, found.kind == .file,
          found.size <= limit, let bytes = try? host.files.read(file)
        else { return (root, []) }
        return (root, GitConfiguration.remotes(String(decoding: bytes, as: UTF8.self)))
      }
      let parent = root.removingLastComponent()
      guard parent != root else { return nil }
      root = parent
    }
  }
}
