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
  /// A folder that was renamed, and stands at this path with whatever is in it.
  case moved(String)
  /// A copy of this folder of the store, as it was made.
  case tree(String)
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

    fileprivate var text: String {
      var bytes: [UInt8] = []
      write(to: &bytes)
      return String(decoding: bytes, as: UTF8.self)
    }

    /// Records have them by the ten thousand.
    func write(to bytes: inout [UInt8]) {
      bytes += "file ".utf8
      digest.write(to: &bytes)
      bytes += (isKeyed ? " keyed " : " plain ").utf8
      bytes.append(Int64(mode), radix: 8)
      bytes.append(32)
      bytes.append(size)
      bytes.append(32)
      bytes.append(modified)
      if let attributes {
        bytes.append(32)
        attributes.write(to: &bytes)
      }
    }
  }

  /// For people.
  public var summary: String {
    switch self {
    case .absent: "nothing"
    case .file: "a file"
    case .link(let destination): "a link to \(destination)"
    case .directory: "a folder"
    case .moved(let place): "a folder, which is at \(place)"
    case .tree(let source): "a copy of \(source)"
    case .other: "neither file, link nor folder"
    }
  }

  /// The same content, mode and kind; times don't count, nor what is in a folder that was there.
  func matches(_ other: TargetState) -> Bool {
    switch (self, other) {
    case (.file(let a), .file(let b)):
      a.digest == b.digest && a.isKeyed == b.isKeyed && a.mode == b.mode
    case (.directory, .moved), (.moved, .directory): true
    default: self == other
    }
  }

  /// One field of a record.
  var text: String {
    switch self {
    case .absent: "absent"
    case .file(let file): file.text
    case .link(let destination): "link \(destination)"
    case .directory(let mode): "directory \(String(mode, radix: 8))"
    case .moved(let place): "moved \(place)"
    case .tree(let source): "tree \(source)"
    case .other: "other"
    }
  }

  init?(text: String) {
    var text = text
    guard let state = text.withUTF8({ TargetState(plain: $0) }) else { return nil }
    self = state
  }

  /// A field of a row.
  init?(field: UnsafeBufferPointer<UInt8>) {
    if field.place(of: Rows.backslash, from: 0) != nil {
      self.init(text: Row.text(field))
    } else {
      self.init(plain: field)
    }
  }

  private init?(plain bytes: UnsafeBufferPointer<UInt8>) {
    var place = 0
    func word() -> UnsafeBufferPointer<UInt8> {
      let start = min(place, bytes.count)
      let end = bytes.place(of: 32, from: start) ?? bytes.count
      place = end + 1
      return UnsafeBufferPointer(rebasing: bytes[start..<end])
    }
    let kind = word()
    func isKind(_ name: String) -> Bool { kind.isEqual(to: name) }
    if isKind("file") {
      let (digest, key, mode, size, modified) = (word(), word(), word(), word(), word())
      let attributes = place > bytes.count ? nil : Digest(utf8: word())
      let isKeyed = key.isEqual(to: "keyed")
      guard let digest = Digest(utf8: digest), isKeyed || key.isEqual(to: "plain"),
        place > bytes.count, let mode = Self.mode(mode), let size = Row.number(size),
        let modified = Row.number(modified)
      else { return nil }
      self = .file(
        FileState(
          digest: digest, isKeyed: isKeyed, mode: mode, size: size, modified: modified,
          attributes: attributes))
    } else if isKind("absent"), bytes.count == 6 {
      self = .absent
    } else if isKind("other"), bytes.count == 5 {
      self = .other
    } else if isKind("link") || isKind("moved") || isKind("tree"), place <= bytes.count {
      let rest = String(decoding: UnsafeBufferPointer(rebasing: bytes[place...]), as: UTF8.self)
      if isKind("link") {
        self = .link(rest)
      } else {
        guard rest.hasPrefix("/") else { return nil }
        self = isKind("moved") ? .moved(rest) : .tree(rest)
      }
    } else if isKind("directory") {
      guard let mode = Self.mode(word()), place > bytes.count else { return nil }
      self = .directory(mode: mode)
    } else {
      return nil
    }
  }

  /// A folder with things in it that is moved or made as a whole.
  var isWholeFolder: Bool {
    switch self {
    case .moved, .tree: true
    case .absent, .file, .link, .directory, .other: false
    }
  }

  /// Octal digits.
  fileprivate static func mode(_ field: UnsafeBufferPointer<UInt8>) -> UInt16? {
    guard !field.isEmpty, field.count <= 5 else { return nil }
    var mode: UInt16 = 0
    for digit in field {
      guard digit >= 48, digit <= 55, mode < 1 << 13 else { return nil }
      mode = mode << 3 | UInt16(digit - 48)
    }
    return mode
  }
}

/// What changes about a file whenever its content may have changed: it saves reading it.
struct Signature: Hashable, Sendable {
  var size: Int64
  var modified: Int64
  var changed: Int64
  var inode: UInt64
  var mode: UInt16

  /// A file that changed less than this many nanoseconds before may change again within the same tick of its file
  /// system.
  static let racy: Int64 = 2_000_000_000

  init(_ status: FileStatus) {
    size = status.size
    modified = status.modified
    changed = status.changed
    inode = status.inode
    mode = status.mode
  }

  /// Five fields of a row, from one on.
  init?(_ row: Row, from first: Int) {
    guard row.count == first + 5, let size = row.number(first), let modified = row.number(first + 1),
      let changed = row.number(first + 2), let inode = UInt64(row[first + 3]),
      let mode = TargetState.mode(row.bytes(first + 4))
    else { return nil }
    (self.size, self.modified, self.changed, self.inode, self.mode) = (size, modified, changed, inode, mode)
  }

  /// Adds the five fields to a row.
  func write(to rows: inout Rows.Writer) {
    rows.field(size)
    rows.field(modified)
    rows.field(changed)
    rows.field(String(inode))
    rows.field(String(mode, radix: 8))
  }
}

/// The key that digests of secret contents are made with, so that the records give away nothing to a guess.
struct SecretKey: Sendable {
  let bytes: [UInt8]

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
