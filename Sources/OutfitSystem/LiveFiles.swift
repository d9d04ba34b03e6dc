import SystemPackage

/// The file system of this machine.
struct LiveFiles: Files {
  /// No folder on the way to a path may be a link.
  private let refusesLinks: Bool

  init(refusesLinks: Bool = false) { self.refusesLinks = refusesLinks }

  var withoutLinks: any Files { LiveFiles(refusesLinks: true) }

  func status(_ path: FilePath, followLinks: Bool) throws(FileError) -> FileStatus? {
    do {
      return try call("look at", path) { place throws(Errno) in
        try Libc.status(place, followLinks: followLinks)
      }
    } catch  where refusesLinks && [.noSuchFileOrDirectory, .notDirectory].contains(error.code) {
      return nil
    }
  }

  func status(
    named name: UnsafeBufferPointer<UInt8>, followLinks: Bool
  ) throws(FileError) -> FileStatus? {
    guard !refusesLinks else { return try status(FilePath(bytes: name), followLinks: followLinks) }
    do {
      return try Libc.status(named: name, followLinks: followLinks)
    } catch {
      throw FileError("look at", FilePath(bytes: name), error)
    }
  }

  func read(_ path: FilePath, limit: Int) throws(FileError) -> [UInt8] {
    try call("read", path) { place throws(Errno) in
      try Libc.read(place, limit: limit, isSizeless: Self.kernelFiles.contains(path.string))
    }
  }

  /// The files without a size that are read: they say which kernel it is, and end.
  private static let kernelFiles = Set(
    ["osrelease", "ostype", "version"].map { "/proc/sys/kernel/\($0)" })

  func read(_ path: FilePath, from offset: Int64, count: Int) throws(FileError) -> [UInt8] {
    try call("read", path) { place throws(Errno) in try Libc.read(place, from: offset, count: count) }
  }

  func readPieces(_ path: FilePath, _ take: (UnsafeRawBufferPointer) -> Void) throws(FileError) {
    try call("read", path) { place throws(Errno) in try Libc.readPieces(place, take) }
  }

  func list(_ path: FilePath) throws(FileError) -> [String] {
    try call("list", path) { place throws(Errno) in try Libc.list(place) }
  }

  func readLink(_ path: FilePath) throws(FileError) -> String {
    try call("read the link", path) { place throws(Errno) in try Libc.readLink(place) }
  }

  func create(_ path: FilePath, _ contents: [UInt8], mode: UInt16) throws(FileError) {
    try call("create", path) { place throws(Errno) in try Libc.create(place, contents, mode: mode) }
  }

  func create(_ path: FilePath, _ contents: [UInt8], mode: UInt16, modified: Int64?) throws(FileError) {
    try call("create", path) { place throws(Errno) in
      try Libc.create(place, contents, mode: mode, modified: modified)
    }
  }

  func append(_ path: FilePath, _ contents: [UInt8]) throws(FileError) {
    try call("append to", path) { place throws(Errno) in try Libc.append(place, contents) }
  }

  func createLink(_ path: FilePath, to destination: String) throws(FileError) {
    try call("make the link", path) { place throws(Errno) in try Libc.createLink(place, to: destination) }
  }

  func createDirectory(_ path: FilePath, mode: UInt16) throws(FileError) {
    try call("make the folder", path) { place throws(Errno) in try Libc.createDirectory(place, mode: mode) }
  }

  func copyTree(from source: FilePath, to target: FilePath) throws(FileError) {
    try call("copy \(source) to", target) { place throws(Errno) in
      try Libc.copyTree(from: source, to: place)
    }
  }

  func rename(_ path: FilePath, to target: FilePath) throws(FileError) {
    try call("rename to \(target) what is at", path) { place throws(Errno) in
      try self.place(target) { onto throws(Errno) in try Libc.rename(place, to: onto) }
    }
  }

  func remove(_ path: FilePath) throws(FileError) {
    try call("remove", path) { place throws(Errno) in try Libc.remove(place) }
  }

  func removeDirectory(_ path: FilePath) throws(FileError) {
    try call("remove the folder", path) { place throws(Errno) in try Libc.removeDirectory(place) }
  }

  func setMode(_ path: FilePath, _ mode: UInt16) throws(FileError) {
    try call("change the mode of", path) { place throws(Errno) in try Libc.setMode(place, mode) }
  }

  func setModified(_ path: FilePath, _ time: Int64) throws(FileError) {
    try call("set the time of", path) { place throws(Errno) in try Libc.setModified(place, time) }
  }

  func attributes(_ path: FilePath) throws(FileError) -> [String: [UInt8]] {
    try call("read the attributes of", path) { place throws(Errno) in try Libc.attributes(place) }
  }

  func setAttributes(_ path: FilePath, _ attributes: [String: [UInt8]]) throws(FileError) {
    try call("set the attributes of", path) { place throws(Errno) in
      try Libc.setAttributes(place, attributes)
    }
  }

  func synchronize(_ path: FilePath) throws(FileError) {
    try call("make durable", path) { place throws(Errno) in try Libc.synchronize(place) }
  }

  func synchronizeAll(_ path: FilePath) throws(FileError) {
    try call("make durable what is on the disk of", path) { place throws(Errno) in
      try Libc.synchronizeAll(place)
    }
  }

  func startWriting(_ path: FilePath) {
    let isFolder = try? call("write", path) { place throws(Errno) in try Libc.startWriting(place) }
    guard isFolder == true else { return }
    Threads.start { try? synchronizeAll(path) }
  }

  func tryLock(_ path: FilePath) throws(FileError) -> FileLock? {
    let descriptor: CInt?
    do {
      descriptor = try Libc.lock(path)
    } catch {
      throw FileError("lock", path, error)
    }
    guard let descriptor else { return nil }
    return FileLock { _ = Libc.close(descriptor) }
  }

  private func call<Result>(
    _ operation: String, _ path: FilePath, _ body: (Libc.Place) throws(Errno) -> Result
  ) throws(FileError) -> Result {
    do {
      return try place(path, body)
    } catch {
      throw FileError(operation, path, error)
    }
  }

  /// Where links are refused, the folder is held open while its entry is used: nothing that is put in its place
  /// meanwhile is followed.
  private func place<Result>(
    _ path: FilePath, _ body: (Libc.Place) throws(Errno) -> Result
  ) throws(Errno) -> Result {
    guard refusesLinks else { return try body(Libc.Place(path)) }
    // Text is much quicker to take apart than a path is.
    let text = path.string
    guard let slash = text.utf8.lastIndex(of: UInt8(ascii: "/")), text.utf8.count > 1 else {
      return try body(Libc.Place(path))
    }
    let name = FilePath(String(text[text.utf8.index(after: slash)...]))
    let folder = try Libc.openFolder(
      slash == text.startIndex ? "/" : FilePath(String(text[..<slash])))
    defer { _ = Libc.close(folder) }
    return try body(Libc.Place(name, in: folder))
  }
}
