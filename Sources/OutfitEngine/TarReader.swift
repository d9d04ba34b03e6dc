import OutfitCore

/// Reads a tar archive that comes in pieces: POSIX.1-1988 (ustar), POSIX.1-2001 (pax), and GNU's long names.
struct TarReader {
  /// One thing in the archive. Names are as they stand there: nothing about them was judged.
  struct Member: Hashable {
    enum Kind: Hashable {
      case file, directory
      case link(String)
      /// Another name of a file that came before.
      case hardLink(String)
      /// What no archive of programs holds: the letter of its kind.
      case other(Character)
    }
    var name: String
    var kind: Kind
    /// Bytes of content.
    var size: Int64
    var mode: UInt16
    /// Seconds since 1970.
    var modified: Int64
  }

  /// What is made of the members. Each `begin` is followed by all its content, then by `end`.
  protocol Sink {
    mutating func begin(_ member: Member) throws
    mutating func content(_ bytes: UnsafeRawBufferPointer) throws
    mutating func end() throws
  }

  private enum State {
    case header
    case content(left: Int64, padding: Int)
    case text(Character, left: Int64, padding: Int)
    case padding(Int)
    case done
  }

  private var state = State.header
  private var block: [UInt8] = []
  private var text: [UInt8] = []
  private var longName: String?
  private var longLink: String?
  private var longSize: Int64?
  private var zeroBlocks = 0

  /// The longest text that stands for a name.
  private static let longestText: Int64 = 1 << 20

  /// Whether the archive may end here.
  var isWhole: Bool {
    if case .done = state { return true }
    if case .header = state { return block.isEmpty && zeroBlocks > 0 }
    return false
  }

  /// - Throws: `Damage`, and what the sink throws.
  mutating func feed(_ bytes: UnsafeRawBufferPointer, to sink: inout some Sink) throws {
    var rest = bytes[...]
    while !rest.isEmpty {
      switch state {
      case .done: return
      case .header:
        let taken = rest.prefix(512 - block.count)
        block += taken
        rest = rest.dropFirst(taken.count)
        if block.count == 512 { try header(&sink) }
      case .content(let left, let padding):
        let taken = rest.prefix(Int(clamping: left))
        try sink.content(UnsafeRawBufferPointer(rebasing: taken))
        rest = rest.dropFirst(taken.count)
        state = .content(left: left - Int64(taken.count), padding: padding)
        if left == Int64(taken.count) {
          try sink.end()
          state = .padding(padding)
        }
      case .text(let kind, let left, let padding):
        let taken = rest.prefix(Int(clamping: left))
        text += taken
        rest = rest.dropFirst(taken.count)
        state = .text(kind, left: left - Int64(taken.count), padding: padding)
        if left == Int64(taken.count) {
          try apply(kind)
          state = .padding(padding)
        }
      case .padding(let left):
        let count = min(left, rest.count)
        rest = rest.dropFirst(count)
        state = left == count ? .header : .padding(left - count)
      }
      if case .padding(0) = state { state = .header }
    }
  }

  private mutating func header(_ sink: inout some Sink) throws {
    defer { block.removeAll(keepingCapacity: true) }
    if block.allSatisfy({ $0 == 0 }) {
      zeroBlocks += 1
      if zeroBlocks == 2 { state = .done }
      return
    }
    guard zeroBlocks == 0, isHeader else { throw Damage.noHeader }
    let kind = Character(Unicode.Scalar(block[156]))
    let size = try longSize ?? number(124, 12)
    guard size >= 0 else { throw Damage.noHeader }
    let padding = Int((512 - size % 512) % 512)
    if "xgLK".contains(kind) {
      let size = try number(124, 12)
      guard size <= Self.longestText, size >= 0 else { throw Damage.noHeader }
      text = []
      state =
        size == 0 ? .header : .text(kind, left: size, padding: Int((512 - size % 512) % 512))
      return
    }
    var name = try longName ?? shortName
    let link = try longLink ?? string(157, 100)
    (longName, longLink, longSize) = (nil, nil, nil)
    var member = Member(
      name: name, kind: .file, size: size, mode: UInt16(truncatingIfNeeded: try number(100, 8)) & 0o7777,
      modified: try number(136, 12))
    switch kind {
    case "\0", "0", "7":
      // Before POSIX, a folder was a file whose name ends so.
      if name.hasSuffix("/"), size == 0 { member.kind = .directory }
    case "1": member.kind = .hardLink(link)
    case "2": member.kind = .link(link)
    case "5": member.kind = .directory
    default: member.kind = .other(kind)
    }
    if member.kind != .file { member.size = 0 }
    while name.hasSuffix("/"), name.utf8.count > 1 { name.removeLast() }
    member.name = name
    try sink.begin(member)
    if member.size > 0 {
      state = .content(left: size, padding: padding)
    } else {
      try sink.end()
      // Some write the size of the file that a hard link names, without its content.
      state = .header
    }
  }

  /// A long name, or records of attributes: `<length> <key>=<value>\n`.
  private mutating func apply(_ kind: Character) throws {
    defer { text = [] }
    switch kind {
    case "L": longName = try decode(text.prefix { $0 != 0 })
    case "K": longLink = try decode(text.prefix { $0 != 0 })
    case "x":
      var rest = text[...]
      while !rest.isEmpty {
        let digits = rest.prefix { $0 != UInt8(ascii: " ") }
        guard let count = Int(String(decoding: digits, as: UTF8.self)), count > digits.count + 2,
          count <= rest.count
        else { throw Damage.noHeader }
        let record = rest.prefix(count).dropFirst(digits.count + 1).dropLast()
        rest = rest.dropFirst(count)
        guard let equals = record.firstIndex(of: UInt8(ascii: "=")) else { throw Damage.noHeader }
        let value = record[(equals + 1)...]
        switch String(decoding: record[..<equals], as: UTF8.self) {
        case "path": longName = try decode(value)
        case "linkpath": longLink = try decode(value)
        case "size": longSize = Int64(String(decoding: value, as: UTF8.self))
        default: continue
        }
      }
    default: break
    }
  }

  private var isHeader: Bool {
    guard let sum = try? number(148, 8) else { return false }
    var found: Int64 = 8 * 32
    for (i, byte) in block.enumerated() where i < 148 || i >= 156 { found += Int64(byte) }
    return sum == found
  }

  private var shortName: String {
    get throws {
      let name = try string(0, 100)
      // GNU's own form has other things where the prefix stands.
      guard block[257..<263].elementsEqual("ustar\0".utf8) else { return name }
      let prefix = try string(345, 155)
      return prefix.isEmpty ? name : "\(prefix)/\(name)"
    }
  }

  private func string(_ start: Int, _ count: Int) throws -> String {
    try decode(block[start..<start + count].prefix { $0 != 0 })
  }

  private func decode(_ bytes: some Swift.Collection<UInt8>) throws -> String {
    guard let text = String(validating: bytes, as: UTF8.self), !bytes.contains(0) else {
      throw Damage.name(String(decoding: bytes.prefix(200), as: UTF8.self))
    }
    return text
  }

  /// Octal digits, or, where the first bit is set, a number of that many bytes.
  private func number(_ start: Int, _ count: Int) throws -> Int64 {
    let field = block[start..<start + count]
    if field[start] & 0x80 != 0 {
      var value: Int64 = field[start] & 0x40 != 0 ? -1 : Int64(field[start] & 0x3f)
      for byte in field.dropFirst() {
        guard value.magnitude < 1 << 54 else { throw Damage.noHeader }
        value = value << 8 | Int64(byte)
      }
      return value
    }
    var value: Int64 = 0
    for byte in field where byte != UInt8(ascii: " ") {
      if byte == 0 { break }
      guard (48...55).contains(byte), value < 1 << 56 else { throw Damage.noHeader }
      value = value << 3 | Int64(byte - 48)
    }
    return value
  }

  /// What is no tar archive.
  enum Damage: Error {
    case noHeader
    case name(String)
  }
}
