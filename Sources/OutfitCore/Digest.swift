import Crypto

/// A SHA-256 digest, written as 64 lower-case hexadecimal digits.
///
/// Plans and records hold them by the ten thousand, so it is four words and no text.
public struct Digest: Hashable, Sendable, Comparable, CustomStringConvertible {
  private let first: UInt64
  private let second: UInt64
  private let third: UInt64
  private let fourth: UInt64

  /// Takes 64 hexadecimal digits in either case, with or without a leading `sha256:`; nil for anything else.
  public init?(_ text: some StringProtocol) {
    var text = String(text)
    guard let digest = text.withUTF8({ Digest(utf8: $0) }) else { return nil }
    self = digest
  }

  /// The same for text that is not a `String` yet.
  public init?(utf8 text: UnsafeBufferPointer<UInt8>) {
    var start = 0
    if text.count == 71, text[..<7].elementsEqual("sha256:".utf8) { start = 7 }
    guard text.count == start + 64 else { return nil }
    func word(_ index: Int) -> UInt64? {
      var word: UInt64 = 0
      for byte in text[(start + index * 16)..<(start + index * 16 + 16)] {
        let digit: UInt8
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): digit = byte - 48
        case UInt8(ascii: "a")...UInt8(ascii: "f"): digit = byte - 87
        case UInt8(ascii: "A")...UInt8(ascii: "F"): digit = byte - 55
        default: return nil
        }
        word = word << 4 | UInt64(digit)
      }
      return word
    }
    guard let first = word(0), let second = word(1), let third = word(2), let fourth = word(3) else {
      return nil
    }
    (self.first, self.second, self.third, self.fourth) = (first, second, third, fourth)
  }

  public init(of bytes: some Sequence<UInt8>) {
    var running = Running()
    running.update(Array(bytes))
    self = running.finish()
  }

  public init(of text: String) { self.init(of: Array(text.utf8)) }

  fileprivate init(_ value: SHA256.Digest) {
    (first, second, third, fourth) = value.withUnsafeBytes { bytes in
      func word(_ index: Int) -> UInt64 {
        UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: index * 8, as: UInt64.self))
      }
      return (word(0), word(1), word(2), word(3))
    }
  }

  public var hex: String {
    String(unsafeUninitializedCapacity: 64) { buffer in
      func write(_ word: UInt64, at start: Int) {
        for index in 0..<16 {
          buffer[start + index] = Self.digit(UInt8(truncatingIfNeeded: word >> UInt64(60 - 4 * index)) & 15)
        }
      }
      write(first, at: 0)
      write(second, at: 16)
      write(third, at: 32)
      write(fourth, at: 48)
      return 64
    }
  }

  /// Adds the 64 digits.
  public func write(to bytes: inout [UInt8]) {
    for word in 0..<4 {
      let value = word == 0 ? first : word == 1 ? second : word == 2 ? third : fourth
      for index in 0..<16 {
        bytes.append(Self.digit(UInt8(truncatingIfNeeded: value >> UInt64(60 - 4 * index)) & 15))
      }
    }
  }

  private static func digit(_ value: UInt8) -> UInt8 { value < 10 ? 48 + value : 87 + value }

  /// The first digits, as names in the store and messages show them.
  public func short(_ count: Int = 12) -> String { String(hex.prefix(count)) }

  public var description: String { hex }

  /// As their texts are sorted.
  public static func < (a: Digest, b: Digest) -> Bool {
    (a.first, a.second, a.third, a.fourth) < (b.first, b.second, b.third, b.fourth)
  }

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

    public mutating func update(_ text: String) {
      var text = text
      text.withUTF8 { hash.update(bufferPointer: UnsafeRawBufferPointer($0)) }
    }

    /// Adds a field with its length before it, so that no two lists of fields give the same digest.
    public mutating func field(_ text: String) {
      update(String(text.utf8.count) + ":")
      update(text)
    }

    public func finish() -> Digest { Digest(hash.finalize()) }
  }
}

extension Digest {
  /// The SHA-512 digest of bytes, by which packages of Node are named.
  public static func sha512(of bytes: [UInt8]) -> [UInt8] { Array(SHA512.hash(data: bytes)) }
}
