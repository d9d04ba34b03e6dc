import OutfitCore
import OutfitEngine
import OutfitSystem
import SystemPackage

/// Where a work tree's runs of hooks keep what they need: in what git has for this work tree alone.
struct RunFolder: Sendable {
  let path: FilePath
  let git: GitFolders

  init(_ git: GitFolders) {
    self.git = git
    path = git.directory.appending("outfit").appending("hooks")
  }

  /// Held while hooks run; the system frees it when their Outfit dies.
  var lock: FilePath { path.appending("lock") }
  /// The mark of the run that is on, or was ended before its end.
  var running: FilePath { path.appending("running") }
  /// What that run has set aside.
  var work: FilePath { path.appending("work") }
  /// Contents of the index on their way to the work tree.
  var staging: FilePath { path.appending("staging") }
  /// What was moved as a whole.
  var aside: FilePath { path.appending("aside") }
  /// Versions that are compared and merged.
  var versions: FilePath { path.appending("versions") }
  /// The names that the engine is given.
  var list: FilePath { path.appending("files") }
  /// The records of runs that are over.
  var saved: FilePath { path.appending("saved") }

  func aside(_ number: Int) -> FilePath { aside.appending(String(number)) }

  func prepare(_ files: any Files) throws {
    for folder in [path.removingLastComponent(), path] {
      if let status = try files.status(folder, followLinks: false), status.kind != .directory {
        throw Failure(
          "\(folder) is no folder, where Outfit keeps what its hooks need", hint: "take it away: rm \(folder)"
        )
      }
    }
    guard try files.status(path, followLinks: false) == nil else { return }
    try files.createDirectories(path, mode: 0o700)
    // Its name is durable before anything is kept there.
    for folder in [path, path.removingLastComponent(), git.directory] { try files.synchronize(folder) }
  }

  /// Makes a record durable.
  func write(_ record: WorkRecord, isDurable: Bool, _ files: any Files) throws(FileError) {
    let new = path.appending("work.new")
    try files.removeTree(new)
    try files.create(new, record.encoded, mode: 0o600)
    if isDurable { try files.synchronize(new) }
    try files.rename(new, to: work)
    if isDurable { try files.synchronize(path) }
  }

  /// Takes away what only a run needs.
  func clear(_ files: any Files) throws(FileError) {
    for path in [staging, versions, list, path.appending("work.new"), path.appending("index")] {
      try? files.removeTree(path)
    }
    if try files.status(aside, followLinks: false) != nil, try files.list(aside).isEmpty {
      try files.removeDirectory(aside)
    }
    for path in [work, running] where try files.status(path, followLinks: false) != nil {
      try files.remove(path)
    }
  }
}
