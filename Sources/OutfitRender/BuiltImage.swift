import OutfitCore

/// An image that was built: its configuration, and what each of its layers holds.
public struct BuiltImage: Hashable, Sendable {
  /// As it was named.
  public var name: String
  /// Of its manifest, or of its configuration where an archive has no manifest.
  public var digest: Digest
  /// The JSON of its configuration (OCI image specification 1.1).
  public var configuration: Document
  public var layers: [Layer]

  public struct Layer: Hashable, Sendable {
    /// Of the uncompressed bytes, as they were read.
    public var identifier: Digest
    public var entries: [TarEntry]

    public init(identifier: Digest, entries: [TarEntry]) {
      self.identifier = identifier
      self.entries = entries
    }
  }

  public init(name: String, digest: Digest, configuration: Document, layers: [Layer]) {
    self.name = name
    self.digest = digest
    self.configuration = configuration
    self.layers = layers
  }

  /// What a container of it would see, by path without a slash before it.
  var files: [String: TarEntry] {
    var files: [String: TarEntry] = [:]
    for layer in layers {
      for entry in layer.entries {
        guard let gone = entry.whiteout else { continue }
        for path in files.keys
        where path == gone.path || path.hasPrefix(gone.path.isEmpty ? "" : gone.path + "/") {
          if path != gone.path || !gone.isOpaque { files[path] = nil }
        }
      }
      for entry in layer.entries where entry.whiteout == nil { files[entry.path] = entry }
    }
    return files
  }
}

/// Two images of one project.
public struct BuiltPair: Hashable, Sendable {
  public var deploy: BuiltImage
  public var development: BuiltImage

  public init(deploy: BuiltImage, development: BuiltImage) {
    self.deploy = deploy
    self.development = development
  }
}

/// One entry of a tar archive.
public struct TarEntry: Hashable, Sendable {
  /// Without a slash before it, behind it, or `./`.
  public var path: String
  /// `0` a file, `1` a hard link, `2` a link, `5` a folder, others what POSIX says.
  public var kind: UInt8
  public var mode: UInt32
  public var owner: UInt32
  public var group: UInt32
  /// The text of a small file that the proof reads.
  public var text: String?

  public init(
    path: String, kind: UInt8, mode: UInt32, owner: UInt32 = 0, group: UInt32 = 0, text: String? = nil
  ) {
    self.path = path
    self.kind = kind
    self.mode = mode
    self.owner = owner
    self.group = group
    self.text = text
  }

  public var isFolder: Bool { kind == UInt8(ascii: "5") }

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

/// Reads the headers of a tar archive (POSIX ustar and pax, GNU long names).
public enum TarReader {
  /// - Parameter wants: whether the text of a file is kept.
  /// - Returns: nil for what is no archive.
  public static func entries(_ bytes: [UInt8], wants: (String) -> Bool) -> [TarEntry]? {
    var entries: [TarEntry] = []
    var place = 0
    var longName: String?
    while place + 512 <= bytes.count {
      let header = bytes[place..<place + 512]
      if header.allSatisfy({ $0 == 0 }) { return entries }
      guard isWhole(header), let size = number(header, 124, 12), size >= 0,
        place + 512 + size <= bytes.count
      else { return nil }
      let content = bytes[(place + 512)..<(place + 512 + size)]
      place += 512 + (size + 511) / 512 * 512
      let kind = header[header.startIndex + 156]
      switch kind {
      case UInt8(ascii: "x"):
        longName = paxPath(content) ?? longName
        continue
      case UInt8(ascii: "g"): continue
      case UInt8(ascii: "L"):
        longName = String(decoding: content.prefix { $0 != 0 }, as: UTF8.self)
        continue
      case UInt8(ascii: "K"): continue
      default: break
      }
      var name = text(header, 0, 100)
      if text(header, 257, 5) == "ustar" {
        let prefix = text(header, 345, 155)
        // GNU's own form keeps times there.
        if !prefix.isEmpty, header[header.startIndex + 263] == UInt8(ascii: "0") {
          name = prefix + "/" + name
        }
      }
      let path = plain(longName ?? name)
      longName = nil
      if path.isEmpty { continue }
      entries.append(
        TarEntry(
          path: path, kind: kind == 0 ? UInt8(ascii: "0") : kind,
          mode: UInt32(number(header, 100, 8) ?? 0) & 0o7777,
          owner: UInt32(clamping: number(header, 108, 8) ?? 0),
          group: UInt32(clamping: number(header, 116, 8) ?? 0),
          text: wants(path) && size < 1 << 20 ? String(decoding: content, as: UTF8.self) : nil))
    }
    return entries
  }

  private static func plain(_ name: String) -> String {
    name.split(separator: "/").filter { $0 != "." }.joined(separator: "/")
  }

  /// The sum over all bytes, those of the sum itself taken as blanks.
  private static func isWhole(_ header: ArraySlice<UInt8>) -> Bool {
    guard let sum = number(header, 148, 8) else { return false }
    var total = 0
    for (index, byte) in header.enumerated() { total += (148..<156).contains(index) ? 32 : Int(byte) }
    return total == sum
  }

  private static func text(_ header: ArraySlice<UInt8>, _ offset: Int, _ count: Int) -> String {
    let start = header.startIndex + offset
    return String(decoding: header[start..<start + count].prefix { $0 != 0 }, as: UTF8.self)
  }

  /// Octal, or binary where the first bit is set.
  private static func number(_ header: ArraySlice<UInt8>, _ offset: Int, _ count: Int) -> Int? {
    let start = header.startIndex + offset
    let field = header[start..<start + count]
    if let first = field.first, first & 0x80 != 0 {
      return field.dropFirst().reduce(Int(first & 0x7F)) { ($0 & (Int.max >> 9)) << 8 | Int($1) }
    }
    let digits = String(decoding: field.filter { $0 != 0 && $0 != 32 }, as: UTF8.self)
    return digits.isEmpty ? 0 : Int(digits, radix: 8)
  }

  /// `27 path=NAME\n` among the records of a pax header.
  private static func paxPath(_ content: ArraySlice<UInt8>) -> String? {
    var rest = content
    while let blank = rest.firstIndex(of: 32),
      let length = Int(String(decoding: rest[..<blank], as: UTF8.self)),
      length > 0, length <= rest.count
    {
      let record = rest[(blank + 1)..<(rest.startIndex + length - 1)]
      let line = String(decoding: record, as: UTF8.self)
      if line.hasPrefix("path=") { return String(line.dropFirst(5)) }
      rest = rest.dropFirst(length)
    }
    return nil
  }
}
