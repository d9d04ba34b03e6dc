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
  /// Of a file of compiled Python.
  public var compiled: CompiledFile?

  public init(
    path: String, kind: UInt8, mode: UInt32, owner: UInt32 = 0, group: UInt32 = 0, target: String = "",
    size: Int = 0, digest: Digest? = nil, text: String? = nil, compiled: CompiledFile? = nil
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
    self.compiled = compiled
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

/// What is looked at of a file in an archive.
public struct LayerInterest {
  /// Whether the text of a file is kept.
  public var wants: (String) -> Bool
  /// Whether the digest of a file is taken.
  public var counts: (String) -> Bool
  /// Whether a file is one of compiled Python, whose code counts.
  public var compiles: (String) -> Bool

  public init(
    wants: @escaping (String) -> Bool, counts: @escaping (String) -> Bool = { _ in false },
    compiles: @escaping (String) -> Bool = { _ in false }
  ) {
    self.wants = wants
    self.counts = counts
    self.compiles = compiles
  }
}

/// Reads a layer that comes in pieces, as container runtimes do: POSIX ustar and pax, GNU long names; what they do not
/// all read alike is a doubt. No more of it is in memory than one small file.
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

  /// What comes next.
  private enum State {
    case header
    case extended(UInt8, left: Int, padding: Int)
    case content(left: Int, padding: Int)
    case padding(Int)
    case tail
    /// It is no archive.
    case broken
  }

  /// The file whose content comes.
  private struct Current {
    var entry: TarEntry?
    var running: Digest.Running?
    /// What is kept of it.
    var bytes: [UInt8]?
    var isText = false
    var isCompiled = false
  }

  private let interest: LayerInterest
  private var state = State.header
  private var block: [UInt8] = []
  private var extended: [UInt8] = []
  private var next = Extension()
  private var current = Current()
  private var entries: [TarEntry] = []
  private var doubts: [String] = []
  private var hasTail = false

  /// What is kept of one file at most, and the longest extended header.
  private static let most = 16 << 20

  public init(_ interest: LayerInterest) { self.interest = interest }

  /// All of an archive.
  /// - Returns: nil for what is no archive.
  public static func read(
    _ bytes: [UInt8], wants: (String) -> Bool, counts: (String) -> Bool = { _ in false },
    compiles: (String) -> Bool = { _ in false }
  ) -> LayerArchive? {
    withoutActuallyEscaping(wants) { wants in
      withoutActuallyEscaping(counts) { counts in
        withoutActuallyEscaping(compiles) { compiles in
          var reader = LayerReader(LayerInterest(wants: wants, counts: counts, compiles: compiles))
          bytes.withUnsafeBytes { reader.feed($0) }
          return reader.finish()
        }
      }
    }
  }

  /// - Returns: nil for what is no archive.
  public mutating func finish() -> LayerArchive? {
    switch state {
    case .header: guard block.isEmpty else { return nil }
    case .tail: if hasTail { doubts.append("has something behind its end") }
    case .extended, .content, .padding, .broken: return nil
    }
    return LayerArchive(entries: entries, doubts: doubts)
  }

  public mutating func feed(_ bytes: UnsafeRawBufferPointer) {
    var rest = bytes[...]
    while !rest.isEmpty {
      switch state {
      case .broken: return
      case .tail:
        // Some go on behind one empty block, some behind two, some behind none.
        if !hasTail { hasTail = rest.contains { $0 != 0 } }
        return
      case .header:
        let taken = rest.prefix(512 - block.count)
        block += taken
        rest = rest.dropFirst(taken.count)
        if block.count == 512 {
          header(block[...])
          block.removeAll(keepingCapacity: true)
        }
      case .extended(let kind, let left, let padding):
        let taken = rest.prefix(left)
        extended += taken
        rest = rest.dropFirst(taken.count)
        state = .extended(kind, left: left - taken.count, padding: padding)
        if left == taken.count { extend(kind, padding) }
      case .content(let left, let padding):
        let taken = rest.prefix(left)
        current.running?.update(UnsafeRawBufferPointer(rebasing: taken))
        current.bytes? += taken
        rest = rest.dropFirst(taken.count)
        state = .content(left: left - taken.count, padding: padding)
        if left == taken.count { end(padding) }
      case .padding(let left):
        let count = min(left, rest.count)
        rest = rest.dropFirst(count)
        state = left == count ? .header : .padding(left - count)
      }
    }
  }

  private mutating func header(_ header: ArraySlice<UInt8>) {
    if header.allSatisfy({ $0 == 0 }) {
      state = .tail
      return
    }
    guard isWhole(header), let size = number(header, 124, 12), size >= 0 else {
      state = .broken
      return
    }
    entry(header, size)
  }

  private mutating func entry(_ header: ArraySlice<UInt8>, _ written: Int) {
    let kind = header[header.startIndex + 156]
    let isExtension = "xgLK".utf8.contains(kind)
    let size = isExtension ? written : next.size ?? written
    guard size < 1 << 60 else {
      state = .broken
      return
    }
    let padding = (512 - size % 512) % 512
    if isExtension {
      guard size <= Self.most else {
        state = .broken
        return
      }
      extended = []
      state = .extended(kind, left: size, padding: padding)
      if size == 0 { extend(kind, padding) }
      return
    }
    current = Current()
    defer {
      state = .content(left: size, padding: padding)
      if size == 0 { end(padding) }
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
      return
    }
    let target = about.link ?? about.longLink ?? text(header, 157, 100)
    if kind == UInt8(ascii: "3"), number(header, 329, 8) ?? 0 == 0, number(header, 337, 8) ?? 0 == 0 {
      doubt("a device that takes a file away")
    }
    current.entry = TarEntry(
      path: path, kind: isPlainFile ? UInt8(ascii: "0") : kind,
      mode: UInt32(number(header, 100, 8) ?? 0) & 0o7777,
      owner: about.owner ?? UInt32(clamping: number(header, 108, 8) ?? 0),
      group: about.group ?? UInt32(clamping: number(header, 116, 8) ?? 0),
      target: "12".utf8.contains(kind) ? target : "", size: size)
    guard isPlainFile else { return }
    if interest.counts(path) { current.running = Digest.Running() }
    current.isText = size < 4 << 20 && interest.wants(path)
    current.isCompiled = size <= Self.most && interest.compiles(path)
    if current.isText || current.isCompiled { current.bytes = [] }
  }

  /// A file is whole.
  private mutating func end(_ padding: Int) {
    state = padding == 0 ? .header : .padding(padding)
    guard var entry = current.entry else { return }
    entry.digest = current.running?.finish()
    if let bytes = current.bytes {
      if current.isText { entry.text = String(decoding: bytes, as: UTF8.self) }
      if current.isCompiled { entry.compiled = CompiledFile(bytes, name: entry.path) }
    }
    entries.append(entry)
    current = Current()
  }

  private mutating func extend(_ kind: UInt8, _ padding: Int) {
    state = padding == 0 ? .header : .padding(padding)
    extend(kind, extended[...])
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
