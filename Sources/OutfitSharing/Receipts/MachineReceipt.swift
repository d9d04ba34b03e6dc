import OutfitCore
import OutfitSystem

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// What one machine says of itself to whoever keeps its profile: nothing of a path, and of its user no more than the
/// name that the user gave it.
public struct MachineReceipt: Codable, Hashable, Sendable {
  public var schema = 1
  /// Random.
  public var machine: String
  /// What its user calls it.
  public var name: String?
  public var profile: String
  /// Of the profile.
  public var commit: String?
  /// The version of Outfit.
  public var outfit: String
  /// When the generation was made, in seconds since 1970.
  public var since: Int64
  /// Parts that could not be had, by kind.
  public var incomplete: [String: Int]
  /// Files that stay other than the profile has them, by the layer that they are of.
  public var drift: [String: Int]
  /// When this was written, in seconds since 1970.
  public var seen: Int64

  public init(
    machine: String, name: String?, profile: String, commit: String?, outfit: String, since: Int64,
    incomplete: [String: Int], drift: [String: Int], seen: Int64
  ) {
    self.machine = machine
    self.name = name
    self.profile = profile
    self.commit = commit
    self.outfit = outfit
    self.since = since
    self.incomplete = incomplete
    self.drift = drift
    self.seen = seen
  }

  /// The file that it stands in.
  public var fileName: String { "\(machine).json" }

  public var bytes: [UInt8] {
    get throws {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
      return Array(try encoder.encode(self)) + [UInt8(ascii: "\n")]
    }
  }

  // MARK: - From other people's machines

  /// The largest that is read, in bytes.
  static let limit = 16 << 10
  /// The longest text in it, and the most kinds and layers.
  private static let longest = 100

  public static func isMachine(_ text: some StringProtocol) -> Bool {
    (8...64).contains(text.utf8.count)
      && text.utf8.allSatisfy { (48...57).contains($0) || (97...122).contains($0) }
  }

  /// Reads what somebody else wrote; its texts are harmless to a terminal.
  /// - Throws: what is wrong with it.
  public static func read(_ bytes: [UInt8], named file: String) throws(Failure) -> MachineReceipt {
    guard bytes.count <= limit else { throw Failure("it is larger than \(limit >> 10) kB") }
    guard let found = try? JSONDecoder().decode(MachineReceipt.self, from: Data(bytes)) else {
      if let version = try? JSONDecoder().decode(Version.self, from: Data(bytes)), version.schema != 1 {
        throw Failure("another version of Outfit wrote it")
      }
      throw Failure("it is no receipt")
    }
    guard found.schema == 1 else { throw Failure("another version of Outfit wrote it") }
    guard isMachine(found.machine), found.fileName == file else {
      throw Failure("it is not named as what it says")
    }
    let texts = [found.name, found.profile, found.commit, found.outfit].compactMap(\.self)
    let counts = [found.incomplete, found.drift]
    guard (texts + counts.flatMap(\.keys)).allSatisfy({ $0.count <= longest }),
      counts.allSatisfy({ $0.count <= longest }),
      counts.flatMap(\.values).allSatisfy({ (0...1_000_000).contains($0) }),
      [found.since, found.seen].allSatisfy({ (0...253_402_300_799).contains($0) }),
      found.commit.map({ $0.utf8.count == 40 && $0.utf8.allSatisfy(Self.isHexadecimal) }) ?? true
    else { throw Failure("what it says can't be") }
    func harmless(_ counts: [String: Int]) -> [String: Int] {
      Dictionary(counts.map { ($0.key.harmless, $0.value) }, uniquingKeysWith: { $0 + $1 })
    }
    var receipt = found
    receipt.name = found.name?.harmless
    receipt.profile = found.profile.harmless
    receipt.outfit = found.outfit.harmless
    receipt.incomplete = harmless(found.incomplete)
    receipt.drift = harmless(found.drift)
    return receipt
  }

  private struct Version: Decodable { let schema: Int }

  private static func isHexadecimal(_ byte: UInt8) -> Bool {
    (48...57).contains(byte) || (97...102).contains(byte)
  }
}
