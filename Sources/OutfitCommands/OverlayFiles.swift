import OutfitProfile
import OutfitSystem
import SystemPackage

/// The file system as it would be if some files had another content: what a verb plans with before it writes.
struct OverlayFiles: Files {
  let base: any Files
  let contents: [FilePath: [UInt8]]

  var withoutLinks: any Files { OverlayFiles(base: base.withoutLinks, contents: contents) }

  func status(_ path: FilePath, followLinks: Bool) throws(FileError) -> FileStatus? {
    let status = try base.status(path, followLinks: followLinks)
    guard status == nil, let bytes = contents[path] else { return status }
    return FileStatus(
      kind: .file, mode: 0o600, size: Int64(bytes.count), modified: 0, changed: 0, device: 0, inode: 0,
      owner: 0)
  }

  func read(_ path: FilePath, limit: Int) throws(FileError) -> [UInt8] {
    if let bytes = contents[path] { return bytes }
    return try base.read(path, limit: limit)
  }

  func list(_ path: FilePath) throws(FileError) -> [String] { try base.list(path) }
  func readLink(_ path: FilePath) throws(FileError) -> String { try base.readLink(path) }
  func create(_ path: FilePath, _ contents: [UInt8], mode: UInt16) throws(FileError) {
    try base.create(path, contents, mode: mode)
  }
  func append(_ path: FilePath, _ contents: [UInt8]) throws(FileError) { try base.append(path, contents) }
  func createLink(_ path: FilePath, to destination: String) throws(FileError) {
    try base.createLink(path, to: destination)
  }
  func createDirectory(_ path: FilePath, mode: UInt16) throws(FileError) {
    try base.createDirectory(path, mode: mode)
  }
  func rename(_ path: FilePath, to target: FilePath) throws(FileError) { try base.rename(path, to: target) }
  func remove(_ path: FilePath) throws(FileError) { try base.remove(path) }
  func removeDirectory(_ path: FilePath) throws(FileError) { try base.removeDirectory(path) }
  func setMode(_ path: FilePath, _ mode: UInt16) throws(FileError) { try base.setMode(path, mode) }
  func setModified(_ path: FilePath, _ time: Int64) throws(FileError) { try base.setModified(path, time) }
  func attributes(_ path: FilePath) throws(FileError) -> [String: [UInt8]] { try base.attributes(path) }
  func setAttributes(_ path: FilePath, _ attributes: [String: [UInt8]]) throws(FileError) {
    try base.setAttributes(path, attributes)
  }
  func synchronize(_ path: FilePath) throws(FileError) { try base.synchronize(path) }
  func synchronizeAll(_ path: FilePath) throws(FileError) { try base.synchronizeAll(path) }
  func tryLock(_ path: FilePath) throws(FileError) -> FileLock? { try base.tryLock(path) }
}

extension Session {
  /// A session that sees manifests as they were edited.
  func seeing(_ manifests: [ManifestFile]) -> Session {
    guard manifests.contains(where: { $0.edit.isChanged }) else { return self }
    var contents: [FilePath: [UInt8]] = [:]
    for manifest in manifests {
      let bytes = Array(manifest.edit.result.utf8)
      contents[manifest.path] = bytes
      contents[manifest.target] = bytes
    }
    var host = host
    host.files = OverlayFiles(base: host.files, contents: contents)
    return Session(host: host)
  }
}
