import SystemPackage

/// The file system of this machine.
struct LiveFiles: Files {
  func status(_ path: FilePath, followLinks: Bool) throws(FileError) -> FileStatus? {
    try call("look at", path) { () throws(Errno) in try Libc.status(path, followLinks: followLinks) }
  }

  func read(_ path: FilePath) throws(FileError) -> [UInt8] {
    try call("read", path) { () throws(Errno) in try Libc.read(path) }
  }

  func read(_ path: FilePath, from offset: Int64, count: Int) throws(FileError) -> [UInt8] {
    try call("read", path) { () throws(Errno) in try Libc.read(path, from: offset, count: count) }
  }

  func list(_ path: FilePath) throws(FileError) -> [String] {
    try call("list", path) { () throws(Errno) in try Libc.list(path) }
  }

  func readLink(_ path: FilePath) throws(FileError) -> String {
    try call("read the link", path) { () throws(Errno) in try Libc.readLink(path) }
  }

  func create(_ path: FilePath, _ contents: [UInt8], mode: UInt16) throws(FileError) {
    try call("create", path) { () throws(Errno) in try Libc.create(path, contents, mode: mode) }
  }

  func create(_ path: FilePath, _ contents: [UInt8], mode: UInt16, modified: Int64?) throws(FileError) {
    try call("create", path) { () throws(Errno) in
      try Libc.create(path, contents, mode: mode, modified: modified)
    }
  }

  func append(_ path: FilePath, _ contents: [UInt8]) throws(FileError) {
    try call("append to", path) { () throws(Errno) in try Libc.append(path, contents) }
  }

  func createLink(_ path: FilePath, to destination: String) throws(FileError) {
    try call("make the link", path) { () throws(Errno) in try Libc.createLink(path, to: destination) }
  }

  func createDirectory(_ path: FilePath, mode: UInt16) throws(FileError) {
    try call("make the folder", path) { () throws(Errno) in try Libc.createDirectory(path, mode: mode) }
  }

  func rename(_ path: FilePath, to target: FilePath) throws(FileError) {
    try call("rename to \(target) what is at", path) { () throws(Errno) in
      try Libc.rename(path, to: target)
    }
  }

  func remove(_ path: FilePath) throws(FileError) {
    try call("remove", path) { () throws(Errno) in try Libc.remove(path) }
  }

  func removeDirectory(_ path: FilePath) throws(FileError) {
    try call("remove the folder", path) { () throws(Errno) in try Libc.removeDirectory(path) }
  }

  func setMode(_ path: FilePath, _ mode: UInt16) throws(FileError) {
    try call("change the mode of", path) { () throws(Errno) in try Libc.setMode(path, mode) }
  }

  func setModified(_ path: FilePath, _ time: Int64) throws(FileError) {
    try call("set the time of", path) { () throws(Errno) in try Libc.setModified(path, time) }
  }

  func synchronize(_ path: FilePath) throws(FileError) {
    try call("make durable", path) { () throws(Errno) in try Libc.synchronize(path) }
  }

  func synchronizeAll(_ path: FilePath) throws(FileError) {
    try call("make durable what is on the disk of", path) { () throws(Errno) in
      try Libc.synchronizeAll(path)
    }
  }

  func tryLock(_ path: FilePath) throws(FileError) -> FileLock? {
    let descriptor = try call("lock", path) { () throws(Errno) in try Libc.lock(path) }
    guard let descriptor else { return nil }
    return FileLock { _ = Libc.close(descriptor) }
  }

  private func call<Result>(
    _ operation: String, _ path: FilePath, _ body: () throws(Errno) -> Result
  ) throws(FileError) -> Result {
    do {
      return try body()
    } catch {
      throw FileError(operation, path, error)
    }
  }
}
