import OutfitCore
import OutfitEngine
import OutfitSystem
import SystemPackage

/// What runs of the hooks had set aside, took out or lost, kept for days.
public struct SavedWork {
  /// How long, in days.
  public static let days = 14
  /// The oldest go sooner when all are more than this, in bytes.
  static let bound: Int64 = 256 << 20

  let room: RunFolder
  let host: Host

  init(_ room: RunFolder, _ host: Host) {
    self.room = room
    self.host = host
  }

  public init(_ git: GitFolders, host: Host) { self.init(RunFolder(git), host) }

  /// One run's.
  public struct Item: Sendable {
    public let identifier: String
    /// Seconds since 1970.
    public let time: Int64
    /// `pre-commit`, ...
    public let type: String
    let record: WorkRecord

    /// What was not staged, as it was before the hooks ran.
    public var work: [String] { record.entries.filter { $0.content != .moved }.map(\.path.text) }
    /// What stood there after them and overlapped.
    public var dropped: [String] { record.dropped.map(\.path.text) }
    /// What was staged, and was not any more after them.
    public var staged: [String] { record.staged.map(\.path.text) }
  }

  func add(_ record: WorkRecord, isDurable: Bool) throws {
    let files = host.files
    try files.createDirectories(room.saved, mode: 0o700)
    let path = room.saved.appending(record.identifier)
    var record = record
    if let bytes = try? files.read(path, limit: FileBound.own), let earlier = try? WorkRecord(bytes) {
      // Of a recovery that was ended itself.
      let known = Set(record.dropped.map(\.path))
      record.dropped += earlier.dropped.filter { !known.contains($0.path) }
    }
    let new = FilePath("\(path).new")
    try files.removeTree(new)
    try files.create(new, record.encoded, mode: 0o600)
    if isDurable { try files.synchronize(new) }
    try files.rename(new, to: path)
    if isDurable { try files.synchronize(room.saved) }
    prune(except: record.identifier)
  }

  private func prune(except newest: String) {
    let files = host.files
    var all: [(path: FilePath, time: Int64, size: Int64)] = []
    for name in (try? files.list(room.saved)) ?? [] where name != newest {
      let path = room.saved.appending(name)
      guard let status = try? files.status(path, followLinks: false), status.kind == .file else { continue }
      all.append((path, status.modified / 1_000_000_000, status.size))
    }
    let oldest = host.clock.now() - Int64(Self.days) * 86400
    var sum: Int64 = 0
    for item in all.sorted(by: { $0.time > $1.time }) {
      sum += item.size
      if item.time < oldest || sum > Self.bound { try? files.remove(item.path) }
    }
  }

  /// The newest first. What can't be read is left out.
  public func list() throws -> [Item] {
    guard try host.files.status(room.saved, followLinks: false)?.kind == .directory else { return [] }
    return try host.files.list(room.saved).compactMap { name in
      guard let bytes = try? host.files.read(room.saved.appending(name), limit: FileBound.own),
        let record = try? WorkRecord(bytes), record.identifier == name
      else { return nil }
      return Item(identifier: name, time: record.time, type: record.type, record: record)
    }.sorted { ($0.time, $0.identifier) > ($1.time, $1.identifier) }
  }

  /// - Throws: `Failure` when there is none, or several that begin so.
  public func item(_ identifier: String) throws -> Item {
    let found = try list().filter { !identifier.isEmpty && $0.identifier.hasPrefix(identifier) }
    guard let item = found.first, found.count == 1 else {
      throw Failure(
        found.isEmpty ? "nothing is saved as \(identifier)" : "\(identifier) is the beginning of several",
        hint: "`outfit hooks saved` lists what is", status: .usage)
    }
    return item
  }
}
