import OutfitConsent
import OutfitCore
import OutfitProfile
import OutfitSystem
import SystemPackage

/// A file that a profile brings, and what it holds.
public struct SourceFile: Hashable, Sendable {
  public var path: FilePath
  public var digest: Digest
  /// In bytes.
  public var size: Int64

  public init(_ path: FilePath, _ digest: Digest, size: Int64) {
    (self.path, self.digest, self.size) = (path, digest, size)
  }

  /// What it holds, which must be what it held when it was looked at.
  func bytes(_ files: any Files) throws -> [UInt8] {
    let bytes = try files.read(path, limit: FileBound.own)
    guard Digest(of: bytes) == digest else { throw Consented.changed(path) }
    return bytes
  }

  /// What stands at a target that was written of it.
  func written(_ mode: UInt16) -> TargetState.FileState {
    TargetState.FileState(digest: digest, mode: mode, size: size, modified: 0)
  }
}

/// What the files of a profile hold, by how they looked when they were read: a run reads those only that have changed.
///
/// `$STATE/<scope>/sources` has a row for each. It is only a help: without it everything is read. A file that had just
/// changed when it was read is not in it, since its times may not show a change that came right after.
public final class SourceDigests: FileDigests {
  private struct Entry: Sendable {
    var signature: Signature
    var digest: Digest
  }

  private struct Knowledge: Sendable {
    /// Of earlier runs; nil before it is read.
    var earlier: [String: Entry]?
    /// Of this run.
    var now: [String: Entry] = [:]
    var hasNew = false
  }

  private static let format = "outfit-sources"

  private let scope: Scope
  private let host: Host
  private let knowledge = Locked(Knowledge())

  public init(_ scope: Scope, host: Host) { (self.scope, self.host) = (scope, host) }

  private var path: FilePath { host.places.state(of: scope).appending("sources") }

  public func look(
    _ path: FilePath, named name: String, _ status: FileStatus
  ) throws(FileError) -> (digest: Digest, bytes: [UInt8]?) {
    let signature = Signature(status)
    let known = knowledge.withLock { knowledge -> Digest? in
      if let entry = knowledge.now[name], entry.signature == signature { return entry.digest }
      if knowledge.earlier == nil { knowledge.earlier = read() }
      guard let entry = knowledge.earlier?[name], entry.signature == signature else { return nil }
      knowledge.now[name] = entry
      return entry.digest
    }
    if let known { return (known, nil) }
    let time = host.clock.now() * 1_000_000_000
    let bytes = try host.files.read(path)
    let digest = Digest(of: bytes)
    if max(status.modified, status.changed) <= time - Signature.racy {
      knowledge.withLock {
        $0.now[name] = Entry(signature: signature, digest: digest)
        $0.hasNew = true
      }
    }
    return (digest, bytes)
  }

  /// Keeps what this run has learnt of the files that it looked at, for the next.
  public func keep() throws {
    let (now, isOld) = knowledge.withLock { ($0.now, !$0.hasNew && $0.now.count == $0.earlier?.count ?? 0) }
    guard !isOld else { return }
    try Generations.prepare(scope, host: host)
    var rows = Rows.Writer(Self.format, version: 1)
    for (name, entry) in now {
      rows.field(name)
      rows.field(entry.digest.hex)
      entry.signature.write(to: &rows)
      rows.endRow()
    }
    let temporary = FilePath(path.string + ".new")
    try host.files.removeTree(temporary)
    try host.files.create(temporary, rows.finished(), mode: 0o600)
    try host.files.rename(temporary, to: path)
  }

  private func read() -> [String: Entry] {
    guard let bytes = try? host.files.read(path) else { return [:] }
    var entries: [String: Entry] = [:]
    let whole = try? Rows.read(bytes, Self.format, version: 1) { row throws(Rows.Problem) in
      guard row.count == 7, let digest = Digest(utf8: row.bytes(1)), let signature = Signature(row, from: 2)
      else { throw .damaged("it has a line that is not understood") }
      entries[row[0]] = Entry(signature: signature, digest: digest)
    }
    return whole == nil ? [:] : entries
  }
}
