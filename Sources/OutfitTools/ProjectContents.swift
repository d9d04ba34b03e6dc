import OutfitCore
import OutfitEngine
import SystemPackage

/// What a project puts into its environment besides packages with digests.
struct ProjectContents {
  /// Repositories at a full commit, and archives, a line each.
  var sources = ""
  /// Hashed requirement lines of what builds its folders.
  var build = ""
  /// Folders that are installed as they stand, with the digest of their build files.
  var projects: [(path: FilePath, digest: Digest)] = []
  /// Wheels of this machine.
  var wheels: [(path: FilePath, digest: Digest)] = []
  /// Packages that would have to be built, and are left out.
  var missing: [String] = []

  /// The file in an environment that lists what was left out of it.
  static let missingFile = "outfit-missing.txt"

  var additions: [TreeEntry] {
    guard !missing.isEmpty else { return [] }
    return [TreeEntry(Self.missingFile, .file(Array(missing.map { $0 + "\n" }.joined().utf8), mode: 0o644))]
  }
}
