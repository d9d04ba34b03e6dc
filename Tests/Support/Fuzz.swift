import OutfitSystem

/// Damaged versions of a file: cut, changed, with parts doubled, moved or taken out, and random bytes.
///
/// The seed is printed, and `OUTFIT_FUZZ_SEED` sets it, so that a run can be tried again.
public struct Fuzz: Sequence, Sendable {
  public let originals: [[UInt8]]
  public let count: Int
  public let seed: UInt64

  /// - Parameter count: the issue asks for ten thousand of each file.
  public init(_ name: String, _ originals: [[UInt8]], count: Int = 10_000) {
    self.originals = originals
    self.count = count
    let setting = (try? Host.live())?.environment["OUTFIT_FUZZ_SEED"].flatMap { UInt64($0) }
    seed = setting ?? UInt64.random(in: 0...UInt64.max)
    print("fuzz: \(name): \(count) mutations, OUTFIT_FUZZ_SEED=\(seed)")
  }

  public func makeIterator() -> AnyIterator<[UInt8]> {
    var dice = SplitMix(seed: seed)
    var number = 0
    return AnyIterator {
      guard number < count else { return nil }
      number += 1
      return mutation(&dice)
    }
  }

  private func mutation(_ dice: inout SplitMix) -> [UInt8] {
    var bytes = originals[Int.random(in: 0..<originals.count, using: &dice)]
    for _ in 0..<Int.random(in: 1...3, using: &dice) { change(&bytes, &dice) }
    return bytes
  }

  private static let telling =
    Array("\t\n\\ :-[]{}\"'#&*!|>%@`,0123456789\u{7f}".utf8) + [0, 0x1b, 0xc3, 0xff]

  private func change(_ bytes: inout [UInt8], _ dice: inout SplitMix) {
    func place(_ end: Int) -> Int { Int.random(in: 0...end, using: &dice) }
    func piece() -> Range<Int> {
      let start = place(bytes.count)
      return start..<Swift.min(bytes.count, start + place(40))
    }
    switch place(9) {
    case 0: bytes = Array(bytes.prefix(place(bytes.count)))
    case 1 where !bytes.isEmpty: bytes[place(bytes.count - 1)] ^= UInt8.random(in: 1...255, using: &dice)
    case 2 where !bytes.isEmpty: bytes[place(bytes.count - 1)] = Self.telling[place(Self.telling.count - 1)]
    case 3: bytes.removeSubrange(piece())
    case 4: bytes.insert(Self.telling[place(Self.telling.count - 1)], at: place(bytes.count))
    case 5: bytes.insert(contentsOf: bytes[piece()], at: place(bytes.count))
    case 6:
      var lines = bytes.split(separator: 10, omittingEmptySubsequences: false)
      lines.swapAt(place(lines.count - 1), place(lines.count - 1))
      bytes = Array(lines.joined(separator: [10]))
    case 7:
      var lines = bytes.split(separator: 10, omittingEmptySubsequences: false)
      lines.remove(at: place(lines.count - 1))
      bytes = Array(lines.joined(separator: [10]))
    case 8: bytes += [10] + bytes[piece()]
    default: bytes = (0..<place(200)).map { _ in UInt8.random(in: 0...255, using: &dice) }
    }
  }
}
