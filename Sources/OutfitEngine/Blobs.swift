import OutfitCore
import OutfitSystem
import SystemPackage

/// Contents by their digest, all of mode 0600: what was there before, and what was written last.
///
/// The contents of one switch lie in one pack, so that a thousand of them cost one file; large ones are files of
/// their own. A pack has a record of digests and sizes, and then the contents, one after the other.
struct Blobs: Sendable {
  let folder: FilePath
  let files: any Files
  private let key: @Sendable () -> SecretKey?
  private let packs = Packs()

  /// - Parameter key: opens what was sealed.
  init(folder: FilePath, files: any Files, key: @escaping @Sendable () -> SecretKey? = { nil }) {
    self.folder = folder
    self.files = files
    self.key = key
  }

  /// Larger ones are no part of a pack. Bytes.
  private static let large = 262_144
  private static let format = "outfit-pack"
  private static let version = 1
  private static let prefix = "pack-"

  private struct Slot {
    var pack: FilePath
    var offset: Int64
    var size: Int
  }

  /// What the packs hold, read when it is first asked for.
  private final class Packs: Sendable {
    let slots = Locked<[Digest: Slot]?>(nil)
  }

  /// Where a large one stands.
  func path(_ digest: Digest) -> FilePath { folder.appending(digest.hex) }

  /// Nil when it is not here, or is not what it was.
  func read(_ digest: Digest) throws(FileError) -> [UInt8]? {
    let bytes: [UInt8]
    let path = path(digest)
    if try files.status(path, followLinks: false) != nil {
      bytes = try files.read(path, limit: FileBound.own)
    } else if let slot = try slots()[digest] {
      bytes = try files.read(slot.pack, from: slot.offset, count: slot.size)
    } else {
      return nil
    }
    if Digest(of: bytes) == digest { return bytes }
    guard let opened = key()?.opened(bytes), Digest(of: opened) == digest else { return nil }
    return opened
  }

  /// Keeps contents. They are not durable before the caller synchronizes.
  /// - Parameter sealing: those that are sealed, since they are of secrets.
  func add(_ contents: [Digest: [UInt8]], sealing: Set<Digest> = []) throws {
    let key = sealing.isEmpty ? nil : key()
    var packed: [(digest: Digest, bytes: [UInt8])] = []
    for (digest, given) in contents {
      // A power cut can leave a name without its content, so what is there is read.
      if try read(digest) != nil { continue }
      let bytes = sealing.contains(digest) ? try key?.sealed(given) ?? given : given
      if bytes.count < Self.large {
        packed.append((digest, bytes))
      } else {
        try replace(path(digest), bytes)
      }
    }
    guard !packed.isEmpty else { return }
    packed.sort { $0.digest.hex < $1.digest.hex }
    var rows = Rows.Writer(Self.format, version: Self.version)
    for (digest, bytes) in packed { rows.row(digest.hex, String(bytes.count)) }
    var text = rows.finished()
    let pack = folder.appending(Self.prefix + Digest(of: text).short(32))
    var new: [Digest: Slot] = [:]
    for (digest, bytes) in packed {
      new[digest] = Slot(pack: pack, offset: Int64(text.count), size: bytes.count)
      text += bytes
    }
    try replace(pack, text)
    packs.slots.withLock { $0?.merge(new) { $1 } }
  }

  private func replace(_ path: FilePath, _ bytes: [UInt8]) throws(FileError) {
    try files.removeTree(path)
    try files.create(path, bytes, mode: 0o600)
  }

  /// The files of which nothing is needed. Those that can't be read stay: nobody knows what is in them.
  func unneeded(_ needed: Set<Digest>) throws(FileError) -> [FilePath] {
    guard files.exists(folder) else { return [] }
    let all = try slots()
    let used = Set(all.filter { needed.contains($0.key) }.map(\.value.pack))
    let known = Set(all.values.map(\.pack))
    return try files.list(folder).filter { name in
      let path = folder.appending(name)
      if name.hasPrefix(Self.prefix) { return known.contains(path) && !used.contains(path) }
      return Digest(name).map { !needed.contains($0) } ?? true
    }.map { folder.appending($0) }
  }

  /// All contents that can be read.
  func all() throws(FileError) -> Set<Digest> {
    guard files.exists(folder) else { return [] }
    return Set(try slots().keys).union(try files.list(folder).compactMap { Digest($0) })
  }

  /// Those of these that are gone or damaged.
  func missing(of digests: Set<Digest>) throws(FileError) -> [Digest] {
    var missing: [Digest] = []
    for digest in digests where try read(digest) == nil { missing.append(digest) }
    return missing
  }

  private func slots() throws(FileError) -> [Digest: Slot] {
    if let known = packs.slots.withLock({ $0 }) { return known }
    var slots: [Digest: Slot] = [:]
    let names = files.exists(folder) ? try files.list(folder) : []
    for name in names where name.hasPrefix(Self.prefix) {
      let pack = folder.appending(name)
      for (digest, slot) in try index(of: pack) { slots[digest] = slot }
    }
    packs.slots.withLock { $0 = slots }
    return slots
  }

  /// What a pack says that it holds; nothing when it can't be read.
  private func index(of pack: FilePath) throws(FileError) -> [(Digest, Slot)] {
    var room = 16384
    while true {
      let head = try files.read(pack, from: 0, count: room)
      guard let (rows, length) = try? Rows.read(head, Self.format, version: Self.version) else {
        if head.count < room { return [] }
        room *= 8
        continue
      }
      var offset = Int64(length)
      var slots: [(Digest, Slot)] = []
      for row in rows {
        guard row.count == 2, let digest = Digest(row[0]), let size = Int(row[1]), size >= 0,
          size < Self.large
        else { return [] }
        slots.append((digest, Slot(pack: pack, offset: offset, size: size)))
        offset += Int64(size)
      }
      return slots
    }
  }
}

/// Extended attributes as they are kept among the contents.
enum KeptAttributes {
  private static let format = "outfit-attributes"

  static func bytes(_ attributes: [String: [UInt8]]) -> [UInt8] {
    var rows = Rows.Writer(format, version: 1)
    for (name, value) in attributes.sorted(by: { $0.key < $1.key }) {
      rows.row([name] + value.map { String($0, radix: 16) })
    }
    return rows.finished()
  }

  static func parse(_ bytes: [UInt8]) -> [String: [UInt8]]? {
    guard let rows = try? Rows.read(bytes, format, version: 1).rows else { return nil }
    var attributes: [String: [UInt8]] = [:]
    for row in rows {
      let value = row.dropFirst().compactMap { UInt8($0, radix: 16) }
      guard value.count == row.count - 1 else { return nil }
      attributes[row[0]] = value
    }
    return attributes
  }
}
