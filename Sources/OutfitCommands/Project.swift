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

  /// As its last generation was made: what has no address of a folder carried its manifest.
  init(root: FilePath, made stamp: ProfileStamp) {
    self.init(root: root, folder: stamp.address.hasPrefix("/") ? FilePath(stamp.address) : root)
  }

  init(root: FilePath, folder: FilePath) {
    self.root = root
    self.folder = folder
  }

  /// A project that is known, wherever one stands: the manifest that its last generation was made from.
  static func known(_ root: FilePath, _ host: Host) -> Project {
    let own = Project(root: root, folder: root)
    guard !host.files.exists(own.manifest),
      let address = try? Generations.adoptedProfile(own.scope, host: host)?.address, address.hasPrefix("/")
    else { return own }
    return Project(root: root, folder: FilePath(address))
  }

  /// The nearest project whose pins go on to count where one stands, though the manifest is gone that they are from: a
  /// file was removed, or a branch has none. Nothing of it goes by itself, since the next branch may have it again.
  static func bereft(_ host: Host) -> Project? {
    var folder = host.workingDirectory.lexicallyNormalized()
    while !host.files.exists(folder.appending(ProfileLoader.manifestName)) {
      if host.files.exists(host.places.table(of: .project(folder))),
        let stamp = try? Generations.adoptedProfile(.project(folder), host: host)
      {
        let project = Project(root: folder, made: stamp)
        return host.files.exists(project.manifest) ? nil : project
      }
      let parent = folder.removingLastComponent()
      guard parent != folder else { return nil }
      folder = parent
    }
    return nil
  }

  /// Says so, and how to end it.
  func bereftDiagnostic(_ session: Session) -> Diagnostic {
    let host = session.host
    let interpreters = (try? Generations.current(scope, host: host))?.interpreters ?? []
    let names = interpreters.map { "\($0.language.title) \($0.version)" }
    let isHere = host.workingDirectory.starts(with: root)
    return Diagnostic(
      .warning,
      "\(session.short(manifest)) is gone, and what the project \(session.short(root)) was brought up with goes on"
        + (names.isEmpty ? "" : ": \(names.joined(separator: ", "))"),
      hint: "bring the file back (another branch may have it), or end it: "
        + (isHere ? "outfit rollback 0" : "cd \(session.short(root)) && outfit rollback 0"))
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
          found.size <= limit, let bytes = try? host.files.read(file, limit: Int(limit))
        else { return (root, []) }
        return (root, GitConfiguration.remotes(String(decoding: bytes, as: UTF8.self)))
      }
      let parent = root.removingLastComponent()
      guard parent != root else { return nil }
      root = parent
    }
  }
}
