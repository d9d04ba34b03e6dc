import OutfitEngine
import OutfitSystem
import SystemPackage

/// The git hooks of a project as its generation has them, in the store.
public struct InstalledHooks: Hashable, Sendable {
  public var runner: FilePath
  public var configuration: FilePath
  /// For files whose names may begin with a dash; the same where the generation has no other.
  var anyNames: FilePath

  /// Nil where the generation has none, or they are not in the store any more.
  public init?(_ generation: Generation, host: Host) {
    let store = Store(host)
    // What was kept beside a newer one comes behind it.
    let standing = generation.objects.first { $0.id.name == Hooks.objectName && store.isPresent($0.id) }
    guard let object = standing, let runner = object.inputs.first, store.isPresent(runner) else { return nil }
    self.runner = store.path(of: runner).appending("bin").appending(Engines.hookRunner)
    configuration = store.path(of: object.id).appending(Hooks.configurationName)
    let other = store.path(of: object.id).appending(Hooks.anyNamesName)
    anyNames = host.files.exists(other) ? other : configuration
    guard [self.runner, configuration].allSatisfy({ host.files.exists($0) }) else { return nil }
  }

  /// The generations whose hooks are those of the repository around the working folder: of each project in its work
  /// tree, or of the one that one stands in. A worktree that was not brought up has those of the main one.
  public static func generations(for git: GitFolders, host: Host) throws -> [Generation] {
    var main = git
    let own = try hooked(in: git, host: host)
    if own.isEmpty, let tree = git.mainWorkTree(host.files) {
      main.workTree = tree
      return try hooked(in: main, host: host)
    }
    guard host.workingDirectory != git.workTree else { return own }
    let around = own.filter { generation in
      guard case .project(let root) = generation.scope else { return false }
      return host.workingDirectory.starts(with: root)
    }
    // The innermost is the last, since roots are sorted.
    return around.last.map { [$0] } ?? own
  }

  private static func hooked(in git: GitFolders, host: Host) throws -> [Generation] {
    let tree = host.files.resolved(git.workTree) ?? git.workTree
    var found: [(root: FilePath, generation: Generation)] = []
    for scope in try Generations.scopes(host) {
      guard case .project(let root) = scope, let place = host.files.resolved(root), place.starts(with: tree),
        let generation = try Generations.current(scope, host: host),
        InstalledHooks(generation, host: host) != nil,
        try place == tree
          || GitFolders.locate(from: place, host: host)?.common
            == GitFolders.locate(from: tree, host: host)?.common
      else { continue }
      found.append((place, generation))
    }
    return found.sorted { $0.root.string < $1.root.string }.map(\.generation)
  }
}
