import OutfitCore
import OutfitSystem
import SystemPackage

/// What stands at a path, as the journal and the generations keep it.
public enum TargetState: Hashable, Sendable {
  case absent
  case file(FileState)
  /// A symbolic link, and what it says.
  case link(String)
  case directory(mode: UInt16)
  /// A socket, a pipe, a device: never touched.
  case other

  public struct FileState: Hashable, Sendable {
    public var digest: Digest
    /// The digest is keyed and the content is kept nowhere: a secret of ours.
    public var isKeyed: Bool
    public var mode: UInt16
    public var size: Int64
    /// Nanoseconds since 1970.
    public var modified: Int64
    /// Of its extended attributes, access lists among them, as they are kept; nil where it has none. They are looked
    /// at only where a file is replaced.
    public var attributes: Digest?

    public init(
      digest: Digest, isKeyed: Bool = false, mode: UInt16, size: Int64, modified: Int64,
      attributes: Digest? = nil
    ) {
      self.digest = digest
      self.isKeyed = isKeyed
      self.mode = mode
      self.size = size
      self.modified = modified
      self.attributes = attributes
    }
  }

  /// For people.
  public var summary: String {
    switch self {
    case .absent: "nothing"
    case .file: "a file"
    case .link(let destination): "a link to \(destination)"
    case .directory: "a folder"
    case .other: "neither file, link nor folder"
    }
  }

  /// The same content, mode and kind; times don't count.
  func matches(_ other: TargetState) -> Bool {
    switch (self, other) {
    case (.file(let a), .file(let b)):
      a.digest == b.digest && a.isKeyed == b.isKeyed && a.mode == b.mode
    default: self == other
    }
  }

  /// One field of a record.
  var text: String {
    switch self {
    case .absent: "absent"
    case .file(let file):
      "file \(file.digest.hex) \(file.isKeyed ? "keyed" : "plain") \(String(file.mode, radix: 8)) \(file.size) \(file.modified)"
        + (file.attributes.map { " \($0.hex)" } ?? "")
    case .link(let destination): "link \(destination)"
    case .directory(let mode): "directory \(String(mode, radix: 8))"
    case .other: "other"
    }
  }

  init?(text: String) {
    let bytes = Array(text.utf8)
    var place = 0
    func word() -> String {
      let start = place
      while place < bytes.count, bytes[place] != 32 { place += 1 }
      defer { place += 1 }
      return String(decoding: bytes[min(start, bytes.count)..<min(place, bytes.count)], as: UTF8.self)
    }
    switch word() {
    case "absent" where bytes.count == 6: self = .absent
    case "other" where bytes.count == 5: self = .other
    case "link" where place <= bytes.count: self = .link(String(decoding: bytes[place...], as: UTF8.self))
    case "directory":
      guard let mode = UInt16(word(), radix: 8), place > bytes.count else { return nil }
      self = .directory(mode: mode)
    case "file":
      let (digest, kind, mode, size, modified) = (word(), word(), word(), word(), word())
      let attributes = place > bytes.count ? nil : Digest(word())
      guard let digest = Digest(digest), kind == "keyed" || kind == "plain", place > bytes.count,
        let mode = UInt16(mode, radix: 8), let size = Int64(size), let modified = Int64(modified)
      else { return nil }
      self = .file(
        FileState(
          digest: digest, isKeyed: kind == "keyed", mode: mode, size: size, modified: modified,
          attributes: attributes))
    default: return nil
    }
  }
}

/// What changes about a file whenever its content may have changed: it saves reading it.
struct Signature: Hashable, Sendable {
  var size: Int64
  var modified: Int64
  var changed: Int64
  var inode: UInt64
  var mode: UInt16

  init(_ status: FileStatus) {
    size = status.size
    modified = status.modified
    changed = status.changed
    inode = status.inode
    mode = status.mode
  }

  init?(fields: ArraySlice<String>) {
    let f = Array(fields)
    guard f.count == 5, let size = Int64(f[0]), let modified = Int64(f[1]), let changed = Int64(f[2]),
      let inode = UInt64(f[3]), let mode = UInt16(f[4], radix: 8)
    else { return nil }
    (self.size, self.modified, self.changed, self.inode, self.mode) = (size, modified, changed, inode, mode)
  }

  var fields: [String] {
    [String(size), String(modified), String(changed), String(inode), String(mode, radix: 8)]
  }
}

/// The key that digests of secret contents are made with, so that the records give away nothing to a guess.
struct SecretKey: Sendable {
  private let bytes: [UInt8]

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  /// Reads the key; nil when none was made yet.
  static func read(_ host: Host) throws(FileError) -> SecretKey? {
    let path = host.places.state.appending("key")
    guard try host.files.status(path, followLinks: false) != nil else { return nil }
    let bytes = try host.files.read(path)
    return bytes.count == 32 ? SecretKey(bytes) : nil
  }

  /// Reads the key, or makes one.
  static func ensure(_ host: Host) throws(FileError) -> SecretKey {
    if let key = try read(host) { return key }
    let path = host.places.state.appending("key")
    if try host.files.status(path, followLinks: false) != nil { try host.files.remove(path) }
    let bytes = (0..<32).map { _ in UInt8.random(in: 0...255) }
    try host.files.createDirectories(host.places.state, mode: 0o700)
    try host.files.create(path, bytes, mode: 0o600)
    try host.files.synchronize(path)
    return SecretKey(bytes)
  }

  /// HMAC-SHA-256 (RFC 2104).
  func digest(_ content: [UInt8]) -> Digest {
    let block = bytes + [UInt8](repeating: 0, count: 64 - bytes.count)
    let inner = Digest(of: block.map { $0 ^ 0x36 } + content)
    return Digest(of: block.map { $0 ^ 0x5c } + Array(inner.hex.utf8))
  }
}
