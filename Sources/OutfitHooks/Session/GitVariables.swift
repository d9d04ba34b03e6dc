import OutfitEngine
import OutfitSystem
import SystemPackage

/// The variables by which git tells a hook which repository it is in. They would tell the same to every git that a hook
/// starts, in whatever folder: a test that makes a repository of its own would commit into the user's.
enum GitVariables {
  /// Without those that say what git finds by itself, and never with an index.
  static func withoutNeedless(_ environment: [String: String], _ git: GitFolders, _ host: Host) -> [String:
    String]
  {
    var environment = environment
    environment["GIT_INDEX_FILE"] = nil
    for (name, found) in [("GIT_DIR", git.directory), ("GIT_WORK_TREE", git.workTree)] {
      guard let value = environment[name] else { continue }
      let path = host.workingDirectory.pushing(FilePath(value)).lexicallyNormalized()
      let real = host.files.resolved(path)
      if path == found || real != nil && real == host.files.resolved(found) { environment[name] = nil }
    }
    if environment["GIT_PREFIX"] == "" { environment["GIT_PREFIX"] = nil }
    return environment
  }
}
