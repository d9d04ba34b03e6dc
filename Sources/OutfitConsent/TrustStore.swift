import OutfitCore
import OutfitProfile
import OutfitSystem
import SystemPackage

/// What this user has consented to: for each layer the set of its abilities then, and those before that it has not now.
public struct TrustStore: Sendable {
  private let host: Host

  public init(host: Host) { self.host = host }

  private var folder: FilePath { host.places.state.appending("trust") }

  /// A git layer is known by its address without the commit.
  static func name(_ layer: Layer, in project: FilePath?) -> String {
    if let project { return "\(layer.folder) in \(project)" }
    guard let commit = layer.commit else { return layer.folder.string }
    return layer.address.hasSuffix("@\(commit)")
      ? String(layer.address.dropLast(commit.count + 1)) : layer.address
  }

  func file(_ name: String) -> FilePath { folder.appending(Digest(of: name).short(40)) }

  private static let format = "outfit-consent 2"

  /// What was consented to of one layer.
  public struct Record: Hashable, Sendable {
    /// A folder, or a git address without its commit.
    public var name: String
    /// Of a git layer.
    public var commit: String?
    /// Seconds since 1970.
    public var granted: Int64
    /// What it could do when it was consented to last.
    var members: Set<Digest>
    /// What was consented to before and it could not do then, the latest first: a rollback brings it back.
    var earlier: [Digest] = []
    /// How many abilities.
    public var count: Int { members.count }

    /// All that is not asked again.
    var known: Set<Digest> { members.union(earlier) }
  }

  /// What was consented to of a layer; nil where nothing was, or where the record can't be read, which is said and kept
  /// aside.
  func record(of name: String) throws -> Record? {
    let path = file(name)
    guard let bytes = try bytes(path) else { return nil }
    // Of an Outfit that kept one digest for all: it is asked once more.
    if bytes.starts(with: "layer ".utf8) { return nil }
    if let record = Self.parse(bytes), record.name == name { return record }
    let aside = host.putAside(path)
    host.terminal.talk(
      "warning: what was consented to for \(name) can't be read, so it is asked again"
        + (aside.map { "; the record is kept as \($0)" } ?? "") + "\n")
    return nil
  }

  private func bytes(_ path: FilePath) throws -> [UInt8]? {
    guard try host.files.status(path, followLinks: true) != nil else { return nil }
    return try host.files.read(path, limit: FileBound.text)
  }

  /// All layers that something was consented to of, by name.
  public func all() throws -> [Record] {
    guard host.files.exists(folder) else { return [] }
    return try host.files.list(folder).compactMap { name in
      guard !name.hasPrefix("."), let bytes = try bytes(folder.appending(name)) else { return nil }
      return Self.parse(bytes)
    }.sorted { $0.name < $1.name }
  }

  /// How much is remembered of what a layer could do before.
  private static let memory = 20_000

  /// Keeps consent to what a layer can do now, beside what was consented to before.
  func keep(_ members: Set<Digest>, of name: String, commit: String?) throws {
    let before = try record(of: name)
    let earlier =
      (before?.members.subtracting(members).sorted() ?? [])
      + (before?.earlier.filter { !members.contains($0) } ?? [])
    var text = Array(
      "\(Self.format)\nlayer \(name)\ncommit \(commit ?? "-")\ngranted \(host.clock.now())\n".utf8)
    func add(_ field: String, _ member: Digest) {
      text += field.utf8
      member.write(to: &text)
      text.append(Self.newline)
    }
    for member in members.sorted() { add(Self.present, member) }
    for member in earlier.prefix(Self.memory) { add(Self.past, member) }
    text += "end \(Digest(of: text).hex)\n".utf8
    try host.files.createDirectories(folder, mode: 0o700)
    let path = file(name)
    let new = folder.appending(".\(path.lastComponent?.string ?? "").new")
    try host.files.removeTree(new)
    try host.files.create(new, text, mode: 0o600)
    try host.files.rename(new, to: path)
  }

  /// Takes consent back.
  /// - Returns: false where there was none.
  @discardableResult
  public func revoke(_ name: String) throws -> Bool {
    guard try host.files.status(file(name), followLinks: false) != nil else { return false }
    try host.files.removeTree(file(name))
    return true
  }

  private static let newline = UInt8(ascii: "\n")
  private static let present = "can "
  private static let past = "earlier "

  private static func parse(_ bytes: [UInt8]) -> Record? { bytes.withUnsafeBufferPointer { parse($0) } }

  private static func parse(_ bytes: UnsafeBufferPointer<UInt8>) -> Record? {
    // `end `, 64 digits, and the line's end.
    let end = bytes.count - 69
    guard end > 0 else { return nil }
    let body = UnsafeBufferPointer(rebasing: bytes[..<end])
    guard body.last == newline, bytes[end...].elementsEqual("end \(Digest(of: body).hex)\n".utf8) else {
      return nil
    }
    var start = 0
    func line() -> UnsafeBufferPointer<UInt8>? {
      guard let end = body.place(of: newline, from: start) else { return nil }
      defer { start = end + 1 }
      return UnsafeBufferPointer(rebasing: body[start..<end])
    }
    func take(_ field: String) -> String? {
      guard let line = line(), line.starts(with: "\(field) ".utf8) else { return nil }
      return String(decoding: line.dropFirst(field.utf8.count + 1), as: UTF8.self)
    }
    guard line()?.elementsEqual(format.utf8) == true, let name = take("layer"), let commit = take("commit"),
      let granted = take("granted").flatMap({ Int64($0) })
    else { return nil }
    var record = Record(
      name: name, commit: commit == "-" ? nil : commit, granted: granted, members: [])
    record.members.reserveCapacity((end - start) / 69)
    while let line = line() {
      let isPast = line.starts(with: past.utf8)
      let field = isPast ? past : present
      guard line.count == field.utf8.count + 64, line.starts(with: field.utf8),
        let member = Digest(utf8: UnsafeBufferPointer(rebasing: line[field.utf8.count...]))
      else { return nil }
      if isPast { record.earlier.append(member) } else { record.members.insert(member) }
    }
    return record
  }
}
