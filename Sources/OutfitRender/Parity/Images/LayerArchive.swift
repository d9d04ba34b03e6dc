import OutfitCore

/// One entry of a layer.
public struct TarEntry: Hashable, Sendable {
  /// Without a slash before it, behind it, or `./`.
  public var path: String
  /// `0` a file, `1` a hard link, `2` a link, `5` a folder, others what POSIX says.
  public var kind: UInt8
  public var mode: UInt32
  public var owner: UInt32
  public var group: UInt32
  /// Of a link.
  public var target: String
  public var size: Int
  /// Of the content of a file whose content counts.
  public var digest: Digest?
  /// The text of a small file that the proof reads.
  public var text: String?

  public init(
    path: String, kind: UInt8, mode: UInt32, owner: UInt32 = 0, group: UInt32 = 0, target: String = "",
    size: Int = 0,
    digest: Digest? = nil, text: String? = nil
  ) {
    self.path = path
    self.kind = kind
    self.mode = mode
    self.owner = owner
    self.group = group
    self.target = target
    self.size = size
    self.digest = digest
    self.text = text
  }

  public var isFolder: Bool { kind == UInt8(ascii: "5") }
  var isFile: Bool { kind == UInt8(ascii: "0") }
  var isLink: Bool { kind == UInt8(ascii: "2") }

  /// What the entry takes away from the layers beneath (OCI image specification, whiteouts).
  var whiteout: (path: String, isOpaque: Bool)? {
    let cut = path.lastIndex(of: "/")
    let name = cut.map { path[path.index(after: $0)...] } ?? path[...]
    guard name.hasPrefix(".wh.") else { return nil }
    let folder = cut.map { path[..<$0] } ?? ""
    if name == ".wh..wh..opq" { return (String(folder), true) }
    return (folder.isEmpty ? String(name.dropFirst(4)) : folder + "/" + name.dropFirst(4), false)
  }
}

/// What a layer's archive holds, and where two runtimes may read it in two ways.
public struct LayerArchive: Hashable, Sendable {
  public var entries: [TarEntry]
  /// Ends of a sentence that begins with the layer.
  public var doubts: [String]
}

/// Reads a layer as container runtimes do: POSIX ustar and pax, GNU long names; what they do not all read alike is a
/// doubt.
public struct LayerReader {
  /// What an extended header says of the next entry.
  private struct Extension {
    var path: String?
    var link: String?
    var size: Int?
    var owner: UInt32?
    var group: UInt32?
    var longName: String?
    var longLink: String?
    var isSparse = false
  }

  private let bytes: [UInt8]
  private let wants: (String) -> Bool
  private let counts: (String) -> Bool
  private var place = 0
  private var next = Extension()
  private var entries: [TarEntry] = []
  private var doubts: [String] = []

  /// - Parameters:
  ///   - wants: whether the text of a file is kept.
  ///   - counts: whether the digest of a file is.
  /// - Returns: nil for what is no archive.
  public static func read(
    _ bytes: [UInt8], wants: (String) -> Bool, counts: (String) -> Bool = { _ in false }
  ) -> LayerArchive? {
    withoutActuallyEscaping(wants) { wants in
      withoutActuallyEscaping(counts) { counts in
        var reader = LayerReader(bytes: bytes, wants: wants, counts: counts)
        return reader.archive() ? LayerArchive(entries: reader.entries, doubts: reader.doubts) : nil
      }
    }
  }

  private init(bytes: [UInt8], wants: @escaping (String) -> Bool, counts: @escaping (String) -> Bool) {
    self.bytes = bytes
    self.wants = wants
    self.counts = counts
  }

  private mutating func archive() -> Bool {
    while place + 512 <= bytes.count {
      let header = bytes[place..<place + 512]
      if header.allSatisfy({ $0 == 0 }) {
        // Some go on behind one empty block, some behind two, some behind none.
        if bytes[place...].contains(where: { $0 != 0 }) { doubts.append("has something behind its end") }
        return true
      }
      guard isWhole(header), let size = number(header, 124, 12), size >= 0 else { return false }
      if !entry(header, size) { return false }
    }
    return place == bytes.count
  }

  /// False where the archive ends too early.
  private mutating func entry(_ header: ArraySlice<UInt8>, _ written: Int) -> Bool {
    let kind = header[header.startIndex + 156]
    let isExtension = "xgLK".utf8.contains(kind)
    let size = isExtension ? written : next.size ?? written
    guard size <= bytes.count - place - 512 else { return false }
    let content = bytes[(place + 512)..<(place + 512 + size)]
    let step = 512 + (size + 511) / 512 * 512
    guard step <= bytes.count - place else { return false }
    place += step
    if isExtension {
      extend(kind, content)
      return true
    }
    let about = next
    next = Extension()
    let raw = about.path ?? about.longName ?? name(header)
    func doubt(_ text: String) { doubts.append("has \(Quoting.json(raw)), \(text)") }
    if about.size != nil, about.size != written { doubt("of two sizes") }
    if about.path != nil, about.longName != nil { doubt("of two names") }
    if about.isSparse || kind == UInt8(ascii: "S") { doubt("a sparse file") }
    if String(decoding: header.suffix(4), as: UTF8.self) == "tar\0" { doubt("in a form of its own") }
    let isPlainFile = kind == 0 || kind == UInt8(ascii: "0") || kind == UInt8(ascii: "7")
    if isPlainFile, raw.hasSuffix("/") { doubt("a file with the name of a folder") }
    if !isPlainFile, !"123456S".utf8.contains(kind) { doubt("of the unknown kind \(kind)") }
    if !isPlainFile, kind != UInt8(ascii: "S"), size != 0 { doubt("which has content, and is no file") }
    if raw.contains("\u{FFFD}") || raw.contains("\0") { doubt("a name that is no text") }
    let parts = raw.split(separator: "/").filter { $0 != "." }
    if parts.contains("..") { doubt("a name that leads upwards") }
    let path = parts.joined(separator: "/")
    if path.isEmpty {
      if kind != UInt8(ascii: "5") { doubt("the name of no file") }
      return true
    }
    let target = about.link ?? about.longLink ?? text(header, 157, 100)
    if kind == UInt8(ascii: "3"), number(header, 329, 8) ?? 0 == 0, number(header, 337, 8) ?? 0 == 0 {
      doubt("a device that takes a file away")
    }
    entries.append(
      TarEntry(
        path: path, kind: isPlainFile ? UInt8(ascii: "0") : kind,
        mode: UInt32(number(header, 100, 8) ?? 0) & 0o7777,
        owner: about.owner ?? UInt32(clamping: number(header, 108, 8) ?? 0),
        group: about.group ?? UInt32(clamping: number(header, 116, 8) ?? 0),
        target: "12".utf8.contains(kind) ? target : "", size: size,
        digest: isPlainFile && counts(path) ? Digest(of: Array(content)) : nil,
        text: isPlainFile && wants(path) && size < 4 << 20 ? String(decoding: content, as: UTF8.self) : nil))
    return true
  }

  private mutating func extend(_ kind: UInt8, _ content: ArraySlice<UInt8>) {
    switch kind {
    case UInt8(ascii: "L"): next.longName = String(decoding: content.prefix { $0 != 0 }, as: UTF8.self)
    case UInt8(ascii: "K"): next.longLink = String(decoding: content.prefix { $0 != 0 }, as: UTF8.self)
    default:
      guard let records = Self.records(content) else {
        return doubts.append("has an extended header that is damaged")
      }
      let isGlobal = kind == UInt8(ascii: "g")
      for (key, value) in records {
        let known = ["path", "linkpath", "size", "uid", "gid"].contains(key)
        if isGlobal, known { doubts.append("has one \(key) for all that follows") }
        if key.contains("xattr"), key.contains("overlay") {
          doubts.append("says what only a file system may: \(key)")
        }
        if key.hasPrefix("GNU.sparse") { next.isSparse = true }
        if isGlobal || !known { continue }
        let text = String(decoding: value, as: UTF8.self)
        switch key {
        case "path": next.path = text
        case "linkpath": next.link = text
        case "size":
          if let size = Int(text), size >= 0 {
            next.size = size
          } else {
            doubts.append("has a size that is no number")
          }
        case "uid": next.owner = UInt32(text)
        default: next.group = UInt32(text)
        }
      }
    }
  }

  /// `27 path=NAME\n`, one behind the other; nil where they are not whole.
  private static func records(_ content: ArraySlice<UInt8>) -> [(String, ArraySlice<UInt8>)]? {
    var rest = content
    var records: [(String, ArraySlice<UInt8>)] = []
    while !rest.isEmpty {
      guard let blank = rest.firstIndex(of: 32),
        let length = Int(String(decoding: rest[..<blank], as: UTF8.self)),
        length > blank - rest.startIndex + 2, length <= rest.count, rest[rest.startIndex + length - 1] == 10
      else { return nil }
      let record = rest[(blank + 1)..<(rest.startIndex + length - 1)]
      guard let equals = record.firstIndex(of: UInt8(ascii: "=")) else { return nil }
      records.append((String(decoding: record[..<equals], as: UTF8.self), record[(equals + 1)...]))
      rest = rest[(rest.startIndex + length)...]
    }
    return records
  }

  private func name(_ header: ArraySlice<UInt8>) -> String {
    let name = text(header, 0, 100)
    // GNU's own form keeps times in the place of the prefix.
    guard text(header, 257, 6) == "ustar", header[header.startIndex + 263] == UInt8(ascii: "0") else {
      return name
    }
    let prefix = text(header, 345, 155)
    return prefix.isEmpty ? name : prefix + "/" + name
  }

  /// The sum over all bytes, those of the sum itself taken as blanks.
  private func isWhole(_ header: ArraySlice<UInt8>) -> Bool {
    guard let sum = number(header, 148, 8) else { return false }
    var total = 0
    for (index, byte) in header.enumerated() { total += (148..<156).contains(index) ? 32 : Int(byte) }
    return total == sum
  }

  private func text(_ header: ArraySlice<UInt8>, _ offset: Int, _ count: Int) -> String {
    let start = header.startIndex + offset
    return String(decoding: header[start..<start + count].prefix { $0 != 0 }, as: UTF8.self)
  }

  /// Octal, or binary where the first bit is set; nil for neither.
  private func number(_ header: ArraySlice<UInt8>, _ offset: Int, _ count: Int) -> Int? {
    let start = header.startIndex + offset
    let field = header[start..<start + count]
    if let first = field.first, first & 0x80 != 0 {
      var value = 0
      for byte in [first & 0x7F] + field.dropFirst() {
        if value > Int.max >> 9 { return nil }
        value = value << 8 | Int(byte)
      }
      return value
    }
    let digits = String(decoding: field.drop { $0 == 32 }.prefix { $0 != 0 && $0 != 32 }, as: UTF8.self)
    return digits.isEmpty ? 0 : Int(digits, radix: 8)
  }
}
