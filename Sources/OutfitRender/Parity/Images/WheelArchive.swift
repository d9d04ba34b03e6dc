import OutfitCore
import OutfitEngine
import OutfitSystem
import SystemPackage

/// What an archive holds that a lock names by its digest: a wheel, an interpreter, or a package of Node.
public struct ArtifactFiles: Hashable, Sendable {
  public struct File: Hashable, Sendable {
    public var digest: Digest
    public var size: Int
    /// Of a small file that something else is derived from.
    public var text: String?

    public init(digest: Digest, size: Int, text: String? = nil) {
      self.digest = digest
      self.size = size
      self.text = text
    }

    /// Of a file with this text.
    public init(_ text: String) {
      self.init(digest: Digest(of: text), size: text.utf8.count, text: text)
    }
  }

  /// By path.
  public var files: [String: File]
  /// Where links lead, by path.
  public var links: [String: String]
  /// Where it lies here.
  public var place: Place?

  public enum Place: Hashable, Sendable {
    /// A zip archive.
    case zip(FilePath)
    /// A tar archive, and how many folders of its names are left out.
    case tar(FilePath)
    /// What a wheel was unpacked to.
    case folder(FilePath)
  }

  public init(files: [String: File], links: [String: String] = [:], place: Place? = nil) {
    self.files = files
    self.links = links
    self.place = place
  }
}

/// A wheel: a zip archive, as its list of contents at the end has it (PKWARE's APPNOTE 6.3, PEP 427).
struct WheelArchive {
  private struct Member {
    var name: String
    var method: Int
    var sum: [UInt8]
    var packed: Int
    var size: Int
    var place: Int
  }

  private let host: Host
  private let path: FilePath
  private let size: Int
  private var members: [Member] = []

  /// What is read of one file at most.
  private static let most = 1 << 30

  /// Nil for what is no zip archive of the usual kind.
  init?(_ path: FilePath, host: Host) throws {
    self.host = host
    self.path = path
    guard let status = try host.files.status(path, followLinks: true), status.kind == .file,
      status.size < 2 << 30
    else { return nil }
    size = Int(status.size)
    let tail = try host.files.read(path, from: Int64(max(0, size - 66_000)), count: 66_000)
    guard
      let end = tail.indices.reversed().first(where: {
        $0 + 22 <= tail.count && tail[$0] == 0x50 && tail[$0 + 1] == 0x4B && tail[$0 + 2] == 5
          && tail[$0 + 3] == 6
      })
    else { return nil }
    let count = Self.number(tail, end + 10, 2)
    let length = Self.number(tail, end + 12, 4)
    let start = Self.number(tail, end + 16, 4)
    guard count < 0xFFFF, start + length <= size else { return nil }
    let list = try host.files.read(path, from: Int64(start), count: length)
    guard list.count == length else { return nil }
    var place = 0
    for _ in 0..<count {
      guard place + 46 <= list.count, Self.number(list, place, 4) == 0x0201_4B50 else { return nil }
      let lengths = [28, 30, 32].map { Self.number(list, place + $0, 2) }
      guard place + 46 + lengths.reduce(0, +) <= list.count else { return nil }
      let member = Member(
        name: String(decoding: list[(place + 46)..<(place + 46 + lengths[0])], as: UTF8.self),
        method: Self.number(list, place + 10, 2), sum: Array(list[(place + 16)..<(place + 20)]),
        packed: Self.number(list, place + 20, 4), size: Self.number(list, place + 24, 4),
        place: Self.number(list, place + 42, 4))
      guard Self.number(list, place + 8, 2) & 1 == 0, member.size <= Self.most else { return nil }
      members.append(member)
      place += 46 + lengths.reduce(0, +)
    }
  }

  private static func number(_ bytes: [UInt8], _ place: Int, _ count: Int) -> Int {
    bytes[place..<place + count].reversed().reduce(0) { $0 << 8 | Int($1) }
  }

  /// Every file with its digest; nil where one can't be read.
  func files() throws -> ArtifactFiles? {
    var files: [String: ArtifactFiles.File] = [:]
    for member in members where !member.name.hasSuffix("/") {
      guard let bytes = try bytes(member) else { return nil }
      let isText = InstalledFiles.derives(member.name) && bytes.count < 1 << 20
      files[member.name] = ArtifactFiles.File(
        digest: Digest(of: bytes), size: bytes.count,
        text: isText ? String(decoding: bytes, as: UTF8.self) : nil)
    }
    return ArtifactFiles(files: files, place: .zip(path))
  }

  /// The content of a file; nil where there is none, or it is damaged.
  func bytes(_ name: String) throws -> [UInt8]? {
    try members.last { $0.name == name }.flatMap { try bytes($0) }
  }

  private func bytes(_ member: Member) throws -> [UInt8]? {
    let head = try host.files.read(path, from: Int64(member.place), count: 30)
    guard head.count == 30, Self.number(head, 0, 4) == 0x0403_4B50 else { return nil }
    let start = member.place + 30 + Self.number(head, 26, 2) + Self.number(head, 28, 2)
    guard start + member.packed <= size else { return nil }
    let packed = try host.files.read(path, from: Int64(start), count: member.packed)
    guard packed.count == member.packed else { return nil }
    if member.method == 0 { return packed.count == member.size ? packed : nil }
    guard member.method == 8, let inflater = Inflater() else { return nil }
    // As a stream of gzip's, whose own end is compared with what comes of it.
    let length = (0..<4).map { UInt8(truncatingIfNeeded: member.size >> ($0 * 8)) }
    let stream: [UInt8] = [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3] + packed + member.sum + length
    var bytes: [UInt8] = []
    bytes.reserveCapacity(member.size)
    do {
      try inflater.run(stream) {
        guard bytes.count + $0.count <= member.size else { throw Inflater.Damage() }
        bytes += $0
      }
    } catch is Inflater.Damage {
      return nil
    }
    return inflater.hasEnded && bytes.count == member.size ? bytes : nil
  }
}
