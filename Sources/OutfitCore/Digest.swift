import Crypto

/// A SHA-256 digest, written as 64 lower-case hexadecimal digits.
public struct Digest: Hashable, Sendable, Comparable, CustomStringConvertible {
  public let hex: String

  /// Takes 64 hexadecimal digits in either case, with or without a leading `sha256:`; nil for anything else.
  public init?(_ text: some StringProtocol) { self.init(String(text)) }

  /// The same for text in one piece, which is much quicker.
  public init?(_ text: String) {
    var digits = text.hasPrefix("sha256:") ? String(text.utf8.dropFirst(7)) ?? "" : text
    // Records hold them by the thousand.
    let (isDigest, hasCapitals) = digits.withUTF8 { bytes in
      guard bytes.count == 64 else { return (false, false) }
      var capitals = false
      for byte in bytes {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "f"): continue
        case UInt8(ascii: "A")...UInt8(ascii: "F"): capitals = true
        default: return (false, false)
        }
      }
      return (true, capitals)
    }
    guard isDigest else { return nil }
    hex = hasCapitals ? digits.lowercased() : digits
  }

  public init(of bytes: some Sequence<UInt8>) {
    var running = Running()
    running.update(Array(bytes))
    self = running.finish()
  }

  public init(of text: String) { self.init(of: Array(text.utf8)) }

  fileprivate init(_ value: SHA256.Digest) {
    hex = String(unsafeUninitializedCapacity: 64) { buffer in
      var index = 0
      for byte in value {
        buffer[index] = Self.digit(byte >> 4)
        buffer[index + 1] = Self.digit(byte & 15)
        index += 2
      }
      return index
    }
  }

  private static func digit(_ value: UInt8) -> UInt8 { value < 10 ? 48 + value : 87 + value }

  /// The first digits, as names in the store and messages show them.
  public func short(_ count: Int = 12) -> String { String(hex.prefix(count)) }

  public var description: String { hex }

  public static func < (a: Digest, b: Digest) -> Bool { a.hex < b.hex }

  /// A digest over bytes that come in pieces.
  public struct Running: Sendable {
    private var hash = SHA256()
    public init() {}

    public mutating func update(_ bytes: [UInt8]) {
      bytes.withUnsafeBytes { hash.update(bufferPointer: $0) }
    }

    public mutating func update(_ bytes: UnsafeRawBufferPointer) {
      hash.update(bufferPointer: bytes)
    }

    public mutating func update(_ text: String) { update(Array(text.utf8)) }

    /// Adds a field with its length before it, so that no two lists of fields give the same digest.
    public mutating func field(_ text: String) {
      update("\(text.utf8.count):")
      update(text)
    }

    public func finish() -> Digest { Digest(hash.finalize()) }
  }
}
