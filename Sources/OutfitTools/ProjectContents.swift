import OutfitCore
import OutfitEngine
import SystemPackage

/// What a project puts into its environment besides packages with digests.
struct ProjectContents {
  /// A folder that is a package.
  struct Folder {
    enum Way: String {
      /// It is used as it stands.
      case editable
      /// A wheel is built of a copy of the sources.
      case copied
      /// A wheel is built where it stands, since its version is made of what the repository has.
      case inPlace
    }
    var path: FilePath
    /// To the project; `.` for that.
    var relative: String
    /// Of its build files.
    var digest: Digest
    var way: Way
    /// Where its files tell it.
    var name: String?
    /// What its build writes into the project, relative to that.
    var written: [String] = []
  }

  /// Repositories at a full commit, and archives, a line each.
  var sources = ""
  /// Hashed requirement lines of what builds its folders, where that is not known of each.
  var build = ""
  /// Hashed requirement lines by what they build; without an entry, what builds it is as the index has it.
  var builds: [String: String] = [:]
  var folders: [Folder] = []
  /// What wheels of its folders are built of.
  var tree: [TreeEntry] = []
  /// What the repository says of versions, where that is asked for.
  var history = ""
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
