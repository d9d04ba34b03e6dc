import OutfitCore
import OutfitSystem
import SystemPackage

/// The end of an uninstallation: when nothing of the user's is Outfit's any more, its own folders go.
///
/// The first step is one rename, which takes the state away with all that says what could be gone back to. From then on
/// there is nothing to lose, and what was begun is finished by whatever `outfit` comes next.
enum Leaving {
  /// What the state is called meanwhile: beside it, or beside the topmost of the folders that go with it.
  static let name = ".outfit-leaving"

  /// Takes the state away. The caller holds all locks, and nothing is managed any more.
  /// - Parameter parents: the folders that go too, unless something else came to be in them.
  static func begin(parents: Set<FilePath>, _ host: Host) throws {
    let files = host.files
    try Footprint.write(parents, host)
    let state = files.end(of: host.places.state)
    var folder = state.removingLastComponent()
    let device = try files.status(folder, followLinks: true)?.device
    while parents.contains(folder),
      try files.status(folder.removingLastComponent(), followLinks: true)?.device == device
    {
      folder = folder.removingLastComponent()
    }
    try files.rename(state, to: folder.appending(name))
    // Both names at once: no power cut may leave two.
    try files.synchronizeAll(folder)
  }

  /// What an uninstallation has left; nil where none was begun. Only a folder of the user's own counts.
  static func find(_ host: Host) throws(FileError) -> FilePath? {
    let state = host.places.state
    for var folder in Set([state, host.files.end(of: state)]).sorted(by: { $0.string < $1.string }) {
      while folder.removeLastComponent() {
        let path = folder.appending(name)
        let status: FileStatus?
        do throws(FileError) {
          status = try host.files.status(path, followLinks: false)
        } catch {
          // Where one may not look, nothing of one's own can be.
          guard error.code == .permissionDenied else { throw error }
          continue
        }
        if let status, status.kind == .directory, status.owner == host.user.identifier { return path }
      }
    }
    return nil
  }

  /// Removes what is left of Outfit; it can be interrupted and begun again.
  /// - Parameters:
  ///   - links: what leads to the installed Outfit from elsewhere.
  ///   - keepsProgram: an installed Outfit that runs just now stays.
  static func finish(links: [FilePath] = [], keepsProgram: Bool, _ host: Host) throws {
    guard let left = try find(host) else { return }
    let (files, places) = (host.files, host.places)
    let parents = Footprint.read(left, files)
    try putBackRecovered(left, host)
    if ["machine", "projects"].contains(where: { files.exists(places.state.appending($0)) }) {
      // Somebody has begun anew by now: nothing but what is left of the old state is to go.
      try Footprint.write(parents.union(Footprint.read(places.state, files)), host)
      return try files.removeTree(left)
    }
    for name in try files.list(left) where ![Footprint.name, ScopeLock.switchName].contains(name) {
      try files.removeTree(left.appending(name))
    }
    try empty(places.cache, files)
    let program = Installation.locate(host).executable
    let installed = places.data.appending("self")
    let stays = keepsProgram && program.isAtOrBelow(installed)
    try removeAll(in: places.data, besides: installed, files)
    try removeIfEmpty(places.config, files)
    if !stays {
      // The installer's own link too, where another Outfit takes this one out.
      let usual = host.user.home.pushing(FilePath(".local/bin/outfit"))
      let isOurs = (try? files.readLink(usual)).map { FilePath($0).isAtOrBelow(installed) } == true
      for link in Set(links + (isOurs ? [usual] : []))
      where try files.status(link, followLinks: false) != nil {
        try files.remove(link)
      }
      // The last of it, so that as long as anything is left there is an outfit to go on with.
      try remove(installed, last: program, files)
      try removeIfEmpty(places.data, files)
    }
    for parent in deepestFirst(parents) { try removeIfEmpty(parent, files) }
    let state = places.state
    if try files.status(state, followLinks: false)?.kind == .link, !files.exists(state) {
      // Where the state was kept elsewhere, that folder is the user's.
      try files.createDirectories(files.end(of: state), mode: 0o700)
    }
    if stays, !parents.isEmpty { try Footprint.write(parents, host) }
    let above = left.removingLastComponent()
    try files.synchronizeAll(above)
    try files.removeTree(left)
    try files.synchronize(above)
  }

  /// Contents that were put aside are the user's, and are looked for in the state.
  private static func putBackRecovered(_ left: FilePath, _ host: Host) throws {
    let files = host.files
    let kept = left.appending(Recovered.name)
    guard files.exists(kept), try !files.list(kept).isEmpty else { return }
    let folder = Recovered.folder(host)
    try files.createDirectories(folder, mode: 0o700)
    for name in try files.list(kept) {
      try files.rename(kept.appending(name), to: folder.appending(name))
    }
    try files.synchronize(folder)
  }

  private static func removeAll(
    in folder: FilePath, besides kept: FilePath? = nil, _ files: any Files
  ) throws(FileError) {
    guard try files.status(folder, followLinks: true)?.kind == .directory else { return }
    for name in try files.list(folder) where folder.appending(name) != kept {
      try files.removeTree(folder.appending(name))
    }
  }

  private static func empty(_ folder: FilePath, _ files: any Files) throws(FileError) {
    try removeAll(in: folder, files)
    try removeIfEmpty(folder, files)
  }

  /// A link to a folder elsewhere is the user's, and stays.
  private static func removeIfEmpty(_ folder: FilePath, _ files: any Files) throws(FileError) {
    guard try files.status(folder, followLinks: false)?.kind == .directory, try files.list(folder).isEmpty
    else { return }
    try files.removeDirectory(folder)
  }

  /// Removes a tree, of which one file is the last.
  private static func remove(_ path: FilePath, last: FilePath, _ files: any Files) throws(FileError) {
    guard last.isAtOrBelow(path), last != path else { return try files.removeTree(path) }
    guard try files.status(path, followLinks: false)?.kind == .directory else { return }
    let (rest, way) = try files.list(path).map { path.appending($0) }.reduce(
      into: ([FilePath](), [FilePath]())
    ) {
      if last.isAtOrBelow($1) { $0.1.append($1) } else { $0.0.append($1) }
    }
    for path in rest { try files.removeTree(path) }
    for path in way { try remove(path, last: last, files) }
    try files.removeDirectory(path)
  }

  static func deepestFirst(_ folders: Set<FilePath>) -> [FilePath] {
    folders.sorted { a, b in
      let (long, short) = (a.string.utf8.count, b.string.utf8.count)
      return long == short ? a.string < b.string : long > short
    }
  }
}

/// The folders that were not there before Outfit made them to have a place for its own: `.local/share` in a new
/// home. They are kept in the state as `footprint`.
public enum Footprint {
  static let name = "footprint"

  /// What is missing above Outfit's folders now; nil when Outfit's state is there already.
  public static func missing(_ host: Host) -> [FilePath]? {
    let places = host.places
    guard !host.files.exists(places.state) else { return nil }
    var missing: Set<String> = []
    for place in [places.data, places.state, places.cache, places.config] {
      var folder = place.string[...]
      while folder.dropLastName(), !host.files.exists(FilePath(String(folder))) {
        missing.insert(String(folder))
      }
    }
    return missing.sorted().map { FilePath($0) }
  }

  /// Remembers them, once Outfit's state is there or one of them was made: a profile that is looked at makes the cache.
  public static func note(_ missing: [FilePath]?, _ host: Host) {
    guard let missing, host.files.exists(host.places.state) || missing.contains(where: host.files.exists)
    else { return }
    let known = read(host.places.state, host.files)
    let all = known.union(missing)
    // Without it a folder may stay that could go.
    if all != known { try? write(all, host) }
  }

  static func write(_ folders: Set<FilePath>, _ host: Host) throws(FileError) {
    let state = host.places.state
    try host.files.createDirectories(state, mode: 0o700)
    var rows = Rows.Writer("outfit-footprint", version: 1)
    for folder in folders.map(\.string).sorted() { rows.row(folder) }
    let new = state.appending("\(name).new")
    try host.files.removeTree(new)
    try host.files.create(new, rows.finished(), mode: 0o600)
    try host.files.synchronize(new)
    try host.files.rename(new, to: state.appending(name))
    try host.files.synchronize(host.files.end(of: state))
  }

  /// What is remembered in a folder that is, or was, the state.
  static func read(_ state: FilePath, _ files: any Files) -> Set<FilePath> {
    guard let bytes = try? files.read(state.appending(name)),
      let rows = try? Rows.read(bytes, "outfit-footprint", version: 1).rows
    else { return [] }
    return Set(rows.compactMap(\.first).filter { $0.hasPrefix("/") }.map { FilePath($0) })
  }

  /// What the installer made before Outfit first ran, one folder a line.
  static func ofInstaller(_ host: Host) -> Set<FilePath> {
    let text = (try? host.files.text(host.places.data.appending("self").appending(".made"))) ?? nil
    return Set((text ?? "").split(separator: "\n").filter { $0.hasPrefix("/") }.map { FilePath(String($0)) })
  }
}
