import OutfitCore
import OutfitProfile
import OutfitSystem
import SystemPackage

/// A repository on its way to being the user's own layer.
public struct PersonalClone: Sendable {
  private let repository: PersonalRepository
  /// Where it is until then.
  private let waiting: FilePath
  private let address: GitAddress
  private let files: [Entry]
  /// Nil for a repository that has none yet.
  public let commit: String?

  private var host: Host { repository.host }

  private struct Entry: Sendable {
    var path: String
    var blob: String
    var isFile: Bool
  }

  /// Fetches all of a repository, and changes nothing of what is here.
  public init(_ address: GitAddress, _ host: Host) async throws {
    guard !PersonalRepository.isThere(host) else {
      let origin = try await PersonalRepository(host).origin()
      throw Failure(
        "your own layer is a clone already, of \(withoutPasswords(origin))",
        hint: "outfit personal pull brings what is new", status: .usage)
    }
    guard address.subfolder.isEmpty, address.commit == nil else {
      throw Failure(
        "your own layer is a repository of its own, with outfit.yaml at its top",
        hint: "outfit personal clone \(address.with(subfolder: "").with(reference: nil))", status: .usage)
    }
    let git = try GitProgram(host)
    let config = host.places.config
    try host.files.createDirectories(config, mode: 0o700)
    for name in try host.files.list(config) where name.hasPrefix(Self.prefix) {
      // Somebody ended an earlier one.
      try host.files.removeTree(config.appending(name))
    }
    waiting = config.appending(Self.prefix + String(UInt32.random(in: 0...UInt32.max), radix: 36))
    let branch = address.reference.map { ["--branch", $0] } ?? []
    let done = try await git.talk(
      ["clone", "--quiet", "--no-checkout", "--origin=origin", "--template="] + branch
        + ["--", address.repository, waiting.string], of: [])
    guard done.succeeded else {
      try host.files.removeTree(waiting)
      throw Failure([git.unreachable(address.repository, done)])
    }
    repository = PersonalRepository(git, store: waiting.appending(".git"))
    self.address = address
    commit = try await repository.head()
    files = try await Self.entries(commit, repository)
  }

  static let prefix = ".clone-"

  private static func entries(_ commit: String?, _ repository: PersonalRepository) async throws -> [Entry] {
    guard let commit else { return [] }
    // `<mode> <type> <object>	<path>`
    return try await repository.mustRun(["ls-tree", "-r", "-z", commit]).split(separator: "\0").compactMap {
      let parts = $0.split(separator: "\t", maxSplits: 1)
      let fields = parts[0].split(separator: " ")
      guard parts.count == 2, fields.count == 3, fields[1] == "blob" else { return nil }
      return Entry(path: String(parts[1]), blob: String(fields[2]), isFile: fields[0].hasPrefix("100"))
    }
  }

  /// Has the commit where layers are read from.
  public func offer(to profiles: GitProfiles) async throws {
    if let commit { try await profiles.put(commit, of: address, from: repository) }
  }

  public var hasManifest: Bool { files.contains { $0.path == ProfileLoader.manifestName } }

  /// The files that stand here already, and hold something else.
  public func conflicts() async throws -> [String] {
    var found: [String] = []
    for file in files {
      let path = repository.folder.pushing(FilePath(file.path))
      guard let status = try host.files.status(path, followLinks: false) else { continue }
      guard status.kind == .file, file.isFile else {
        found.append(file.path)
        continue
      }
      let blob = try await repository.line(["hash-object", "--no-filters", "--", path.string])
      if blob != file.blob { found.append(file.path) }
    }
    return found
  }

  /// Makes it the user's own layer.
  /// - Parameter keeping: what stands here and stays, as edits on top. All else that is in the way is kept beside
  ///   what comes, as `NAME.backup`.
  public func put(keeping: Set<String>) async throws {
    let folder = repository.folder
    for path in try await conflicts() where !keeping.contains(path) {
      let place = folder.pushing(FilePath(path))
      try host.files.rename(place, to: try repository.free(place))
    }
    if let commit {
      try await repository.mustRun(["read-tree", commit])
      let wanted = files.map(\.path).filter { !keeping.contains($0) }
      for start in stride(from: 0, to: wanted.count, by: 500) {
        try await repository.mustRun(
          ["checkout-index", "--force", "--"] + wanted[start..<min(start + 500, wanted.count)])
      }
      _ = try await repository.run(["update-index", "-q", "--refresh"])
    }
    let exclude = repository.store.appending("info").appending("exclude")
    try host.files.createDirectories(exclude.removingLastComponent())
    try host.files.removeTree(exclude)
    try host.files.create(exclude, Array("/\(Self.prefix)*\n*.backup\n*.backup.*\n".utf8), mode: 0o600)
    try host.files.rename(repository.store, to: folder.appending(".git"))
    end()
  }

  /// Takes away what was fetched, where nobody wanted it.
  public func end() { try? host.files.removeTree(waiting) }
}
