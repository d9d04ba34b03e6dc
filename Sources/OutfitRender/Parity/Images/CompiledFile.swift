import OutfitCore

/// A file of compiled Python (PEP 3147, PEP 552): its head, and what its code is.
public struct CompiledFile: Hashable, Sendable {
  /// Of the interpreter that reads it.
  public var magic: [UInt8]
  /// 0: the source's time and size follow; 1 and 3: the digest of its text.
  public var flags: UInt8
  /// The eight bytes that follow.
  public var check: [UInt8]
  /// The same for the same code, in whatever way it is written; nil for what is no code.
  public var code: Digest?

  /// - Parameter name: `__pycache__/NAME.cpython-313.pyc`: the form of the code is its interpreter's.
  init?(_ bytes: [UInt8], name: String) {
    guard bytes.count > 16, bytes[5...7].allSatisfy({ $0 == 0 }) else { return nil }
    magic = Array(bytes[0..<4])
    flags = bytes[4]
    check = Array(bytes[8..<16])
    guard let minor = Self.minor(name), minor >= 8 else { return }
    var reader = CodeReader(bytes, from: 16, minor: minor)
    code = reader.digest()
  }

  /// `13` of `a.cpython-313.pyc`.
  static func minor(_ name: String) -> Int? {
    let parts = name.split(separator: ".")
    guard parts.count > 2, parts[parts.count - 1] == "pyc",
      let tag = parts[parts.count - 2].split(separator: "-", maxSplits: 1).last, tag.hasPrefix("3"),
      parts[parts.count - 2].hasPrefix("cpython-")
    else { return nil }
    return Int(tag.dropFirst())
  }

  /// The size of the source that it says, where it says one.
  var size: Int? {
    guard flags == 0 else { return nil }
    return check[4...].reversed().reduce(0) { $0 << 8 | Int($1) }
  }
}

/// Reads what Python's `marshal` writes of a module, and takes a digest of what it means: how often a value is shared
/// and whether a name is interned differ from one run of the compiler to the next, and say nothing.
struct CodeReader {
  private let bytes: [UInt8]
  private var place: Int
  /// Of Python 3.
  private let minor: Int
  /// Values that others refer to, as they were met; nil for one that is not whole yet.
  private var shared: [[UInt8]?] = []

  /// A value of more than this many bytes stands as its digest, so that no value grows by being shared.
  private static let most = 48

  init(_ bytes: [UInt8], from place: Int, minor: Int) {
    self.bytes = bytes
    self.place = place
    self.minor = minor
  }

  /// Nil where it is not one module, whole, with nothing behind it.
  mutating func digest() -> Digest? {
    guard place < bytes.count, bytes[place] & 0x7F == UInt8(ascii: "c"), let value = value(0),
      place == bytes.count
    else { return nil }
    return Digest(of: value)
  }

  private mutating func take(_ count: Int) -> ArraySlice<UInt8>? {
    guard count >= 0, count <= bytes.count - place else { return nil }
    defer { place += count }
    return bytes[place..<place + count]
  }

  private mutating func number(_ count: Int) -> Int? {
    guard let taken = take(count) else { return nil }
    let value = taken.reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    return count == 4 ? Int(Int32(truncatingIfNeeded: value)) : Int(value)
  }

  /// One value, as its kind and what it holds.
  private mutating func value(_ depth: Int) -> [UInt8]? {
    guard depth < 500, let head = take(1)?.first else { return nil }
    let kind = head & 0x7F
    if kind == UInt8(ascii: "r") {
      guard head & 0x80 == 0, let index = number(4), shared.indices.contains(index) else { return nil }
      return shared[index]
    }
    let isSingle = "NFT.S".utf8.contains(kind)
    guard head & 0x80 != 0 else { return content(kind, depth) }
    guard !isSingle else { return nil }
    let slot = shared.count
    shared.append(nil)
    let value = content(kind, depth)
    shared[slot] = value
    return value
  }

  private mutating func content(_ kind: UInt8, _ depth: Int) -> [UInt8]? {
    switch kind {
    case UInt8(ascii: "N"), UInt8(ascii: "F"), UInt8(ascii: "T"), UInt8(ascii: "."), UInt8(ascii: "S"):
      return [kind]
    case UInt8(ascii: "i"): return leaf(kind, take(4))
    case UInt8(ascii: "I"), UInt8(ascii: "g"): return leaf(kind, take(8))
    case UInt8(ascii: "y"): return leaf(kind, take(16))
    case UInt8(ascii: "l"):
      guard let count = number(4), let digits = take(abs(count) * 2) else { return nil }
      return leaf(kind, [count < 0 ? 1 : 0] + digits)
    case UInt8(ascii: "s"): return leaf(kind, number(4).flatMap { take($0) })
    case UInt8(ascii: "u"), UInt8(ascii: "t"), UInt8(ascii: "a"), UInt8(ascii: "A"):
      return leaf(UInt8(ascii: "u"), number(4).flatMap { take($0) })
    case UInt8(ascii: "z"), UInt8(ascii: "Z"):
      return leaf(UInt8(ascii: "u"), number(1).flatMap { take($0) })
    case UInt8(ascii: ")"): return number(1).flatMap { values(UInt8(ascii: "("), $0, depth) }
    case UInt8(ascii: "("), UInt8(ascii: "["): return number(4).flatMap { values(kind, $0, depth) }
    // Their order is that of hashes.
    case UInt8(ascii: "<"), UInt8(ascii: ">"): return number(4).flatMap { values(kind, $0, depth) }
    case UInt8(ascii: ":"): return values(kind, 3, depth)
    case UInt8(ascii: "c"): return code(depth)
    default: return nil
    }
  }

  private mutating func code(_ depth: Int) -> [UInt8]? {
    let isNew = minor >= 11
    guard let counts = take(isNew ? 20 : 24) else { return nil }
    var parts = [leaf(UInt8(ascii: "i"), counts)]
    for _ in 0..<8 { parts.append(value(depth + 1)) }
    parts.append(leaf(UInt8(ascii: "i"), take(4)))
    for _ in 0..<(isNew ? 2 : 1) { parts.append(value(depth + 1)) }
    let known = parts.compactMap(\.self)
    return known.count == parts.count ? joined(UInt8(ascii: "c"), known) : nil
  }

  private mutating func values(_ kind: UInt8, _ count: Int, _ depth: Int) -> [UInt8]? {
    guard count >= 0, count <= bytes.count - place else { return nil }
    var parts: [[UInt8]] = []
    for _ in 0..<count {
      guard let part = value(depth + 1) else { return nil }
      parts.append(part)
    }
    if kind == UInt8(ascii: "<") || kind == UInt8(ascii: ">") {
      parts.sort { $0.lexicographicallyPrecedes($1) }
    }
    return joined(kind, parts)
  }

  private func leaf(_ kind: UInt8, _ content: (some Sequence<UInt8>)?) -> [UInt8]? {
    content.map { Self.short([kind] + $0) }
  }

  private func joined(_ kind: UInt8, _ parts: [[UInt8]]) -> [UInt8] {
    var all = [kind]
    for shift in stride(from: 24, through: 0, by: -8) {
      all.append(UInt8(truncatingIfNeeded: parts.count >> shift))
    }
    for part in parts {
      all.append(UInt8(part.count))
      all += part
    }
    return Self.short(all)
  }

  private static func short(_ value: [UInt8]) -> [UInt8] {
    guard value.count > most else { return value }
    var digest: [UInt8] = [0]
    Digest(of: value).write(to: &digest)
    return digest
  }
}
