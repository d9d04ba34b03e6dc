import OutfitCore
import OutfitEngine
import OutfitProfile
import OutfitSystem
import SystemPackage

/// What a project's git is told not to see, in `info/exclude` of its own folder (gitignore(5)): nothing that others
/// commit changes.
struct GitExclude {
  private let paths: [String]
  private let name: String
  private let owner: Source
  private let object: ObjectID

  /// - Parameters:
  ///   - paths: relative to the project; what was moved aside there is not seen either.
  ///   - name: of the block.
  init(_ paths: [String], name: String, _ owner: Source, _ object: ObjectID) {
    self.paths = paths
    self.name = name
    self.owner = owner
    self.object = object
  }

  /// Nil where the project is in no repository.
  func change(_ context: Context) -> Round<Change?> {
    let repository = Query.status(context.root.appending(".git"))
    guard let standing = context.facts[repository] else { return .ask([repository]) }
    guard case .status(let status) = standing else { return .done(nil) }
    var (folder, identifier) = (context.root.appending(".git"), name)
    if status.kind != .directory {
      // A worktree or a submodule; worktrees share one file.
      switch GitFolders.find(
        from: context.root, environment: context.environment, known: { context.facts[$0] })
      {
      case .ask(let queries): return .ask(queries)
      case .done(nil): return .done(nil)
      case .done(let git?):
        (folder, identifier) = (git.common, "\(name)-\(fnv1a64(context.root.string.utf8))")
      }
    }
    return .done(
      Change(
        target: folder.pushing("info/exclude"), owner: owner,
        kind: .edit(
          .block(
            Edit.Block(
              identifier: identifier, body: paths.map { "/\($0)\n/\($0).outfit-backup*\n" }.joined()))),
        object: object))
  }
}
