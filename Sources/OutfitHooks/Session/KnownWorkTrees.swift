import OutfitCore
import OutfitEngine
import OutfitSystem
import SystemPackage

/// The work trees in which Outfit ran hooks, each with a token that the records there must have: what a folder brings
/// with it is never taken for a record of ours. By this list every verb finds a run that was ended, wherever it is typed.
struct KnownWorkTrees {
  struct Tree: Hashable {
    var token: String
    var folders: GitFolders
  }

  let host: Host

  private var folder: FilePath { host.places.state.appending("hook-work-trees") }

  private func path(_ git: GitFolders) -> FilePath {
    folder.appending(Digest(of: git.directory.string).short(24))
  }

  var all: [Tree] {
    guard let names = try? host.files.list(folder) else { return [] }
    return names.compactMap { read(folder.appending($0)) }
  }

  /// The token of a work tree, made when it has none.
  func token(_ git: GitFolders) throws -> String {
    let path = path(git)
    if let known = read(path), known.folders.directory == git.directory,
      known.folders.workTree == git.workTree
    {
      return known.token
    }
    let token = ProcessMark().value
    let fields = [token, git.directory.string, git.workTree.string, git.common.string]
    try host.files.createDirectories(folder, mode: 0o700)
    let new = FilePath("\(path).new")
    try host.files.removeTree(new)
    try host.files.create(new, Array(fields.joined(separator: "\0").utf8), mode: 0o600)
    try host.files.synchronize(new)
    try host.files.rename(new, to: path)
    try host.files.synchronize(folder)
    return token
  }

  func known(_ git: GitFolders) -> Tree? { read(path(git)) }

  private func read(_ path: FilePath) -> Tree? {
    guard path.extension == nil, let bytes = try? host.files.read(path, from: 0, count: 64 << 10) else {
      return nil
    }
    let fields = bytes.split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
    guard fields.count == 4, fields[1...].allSatisfy({ $0.hasPrefix("/") }) else { return nil }
    return Tree(
      token: fields[0],
      folders: GitFolders(
        workTree: FilePath(fields[2]), common: FilePath(fields[3]), directory: FilePath(fields[1])))
  }
}
