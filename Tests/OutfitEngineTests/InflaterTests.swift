import CInflate
import OutfitCore
import Testing

@testable import OutfitEngine

/// Both libraries must read the same; one that this machine has not is not tried.
@Suite struct InflaterTests {
  enum Library: CaseIterable {
    case zlib, isal
    var inflater: Inflater? { Inflater(self == .zlib ? CINFLATE_ZLIB : CINFLATE_ISAL) }
  }

  private static let libraries = Library.allCases.filter { $0.inflater != nil }

  /// gzip's own, of `text`: one compressed block, longer than the buffer when it is undone.
  private let packed = bytes(
    """
    H4sIAAAAAAACA+3IsQnAMBAEsFV+AI+Vg6R5B+P9ceYIalRodurpnfWufI6aQgghhBBCCCGEEEIIIYQQQgghhBBCCCGEEEII
    IYQQQgghhBBCCCGEEEIIIYQQQgghhBBCCCGEEEIIIYQQQgghhBBCCCGEEEIIIYQQQgghhBBCCCGEEEIIIYQQQgghhBBCCCGE
    EEIIIYQQQgghhBBCCCGEEEIIIYQQQgghhBBCCCGEEEIIIYQQQgghhBBCCCGEEEIIIYQQQgghhBBCCCGEEEIIIYQQQgghhBBC
    CCGEEEIIIYQQQgghhBBCCCGEEEIIIYQQQgghhBBCCCGEEEIIIYQQQgghhBBCCCGEEEIIIYQQQgghhBBCCCGEEEIIIYQQQggh
    hBBCCCGEEEIIIYQQQgghhBBCCCGEEEIIIYQQQgghhBBCCCGEEEIIIYQQQgghhBBCCCGEEEIIIYQQQgghhBBCCCGEEEIIIYQQ
    QgghhBBCCCGEEEIIIYQQQgghhBBCCCGEEEIIIYQQQgghhBBCCCGEEEIIIYQQQgghhBBCCCGEEEIIIYQQQgghhBBCCCGEEEII
    IYQQQgghhBBCCCGEEEIIIYQQQgghhBBCCCGEEEIIIYQQQgghhBBCCCGEEEIIIYQQQgghhBBCCCGEEEIIIYQQQgghhBBCCCGE
    EEIIIYQQQgghhBBCCCGEEEIIIYQQQgghhBBCCCGEEEIIIYQQQgghhBBCCCGEEEIIIYQQQgghhBBCCCGEEEIIIYQQQgghhBBC
    CCGEEEIIIYQQQgghhBBCCCGEEEIIIYQQQgghhBBCCCGEEEIIIYQQQgghhBBCCCGEEEIIIYQQQgghhBBCCCGEEEIIIYQQQggh
    hBBCCCGEEEIIIYQQQgghhBBCCCGEEEIIIYQQQgghhBBCCCGEEEIIIYQQQgghhBBCCCGEEEIIIYQQQgghhBBCCCGEEEIIIYQQ
    QgghhBBCCCGEEEIIIYQQQgghhBBCCCGEEEIIIYQQQgghhBBCCCGEEEIIIYQQQgghhBBCCCGEEEIIIYQQQgghhBBCCCGEEEII
    IYQQQgghhBBCCCGEEEIIIYQQQgghhBBCCCGEEEIIIYQQQgghhBBCCCGEEEIIIYQQQgghhBBCCCGEEEIIIYQQQgghhBBCCCGE
    EEIIIf4Q+06lrwMAN9TKJzAFAA==
    """)
  private let text = Array(
    (String(repeating: "one interpreter, ", count: 20_000) + "the end").utf8)

  private static func bytes(_ base64: String) -> [UInt8] {
    let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
    var (result, bits, count) = ([UInt8](), UInt32(0), 0)
    for byte in base64.utf8 {
      guard let value = alphabet.firstIndex(of: byte) else { continue }
      bits = bits << 6 | UInt32(value)
      count += 6
      if count >= 8 {
        count -= 8
        result.append(UInt8(truncatingIfNeeded: bits >> UInt32(count)))
      }
    }
    return result
  }

  private func unpack(_ bytes: [UInt8], _ library: Library, step: Int) throws -> (
    bytes: [UInt8], isWhole: Bool
  ) {
    let inflater = try #require(library.inflater)
    var result: [UInt8] = []
    for start in stride(from: 0, to: bytes.count, by: step) {
      try inflater.run(Array(bytes[start..<min(start + step, bytes.count)])) { result += $0 }
    }
    return (result, inflater.hasEnded)
  }

  @Test(arguments: libraries, [1, 7, 100_000]) func reads(_ library: Library, _ step: Int) throws {
    let one = try unpack(packed, library, step: step)
    #expect(one.bytes == text)
    #expect(one.isWhole)
  }

  @Test(arguments: libraries, [1, 7, 100_000])
  func membersAreOneStreamAndPaddingIsPassedOver(_ library: Library, _ step: Int) throws {
    let two = try unpack(packed + packed + [UInt8](repeating: 0, count: 512), library, step: step)
    #expect(two.bytes == text + text)
    #expect(two.isWhole)
  }

  @Test(arguments: libraries) func whatIsCutIsNotWhole(_ library: Library) throws {
    for left in [1, 9, 12, packed.count / 2, packed.count - 1] {
      #expect(try !unpack(Array(packed.prefix(left)), library, step: 64).isWhole, "\(left) bytes")
    }
  }

  /// In the header, in the block, and in the check sum at its end.
  @Test(arguments: libraries) func damageIsFound(_ library: Library) throws {
    for place in [2, packed.count - 6, packed.count - 2] {
      var damaged = packed
      damaged[place] ^= 0x15
      #expect(throws: Inflater.Damage.self, "byte \(place)") { try unpack(damaged, library, step: 64) }
    }
  }
}
