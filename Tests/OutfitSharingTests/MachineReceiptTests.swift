import OutfitCore
import Support
import Testing

@testable import OutfitSharing

/// What other people's machines wrote, which may be anything.
@Suite struct MachineReceiptTests {
  private static let good = MachineReceipt(
    machine: "abcdefgh12345678", name: "ada", profile: "web", commit: String(repeating: "a", count: 40),
    outfit: "0.1.0", since: 1_700_000_000, incomplete: ["tools": 2], drift: ["base": 1], seen: 1_700_000_500)

  @Test func whatIsWrittenIsRead() throws {
    let bytes = try Self.good.bytes
    #expect(try MachineReceipt.read(bytes, named: Self.good.fileName) == Self.good)
    let text = String(decoding: bytes, as: UTF8.self)
    #expect(text.hasPrefix("{\n  \"commit\" : \"aaaa") && text.hasSuffix("}\n"), "\(text)")
  }

  @Test func textsAreHarmless() throws {
    var evil = Self.good
    evil.profile = "we\u{1B}[31mb"
    evil.name = "a\nb"
    evil.drift = ["x\u{7}": 1]
    let read = try MachineReceipt.read(try evil.bytes, named: evil.fileName)
    #expect(read.profile == "we?[31mb" && read.name == "a?b" && read.drift == ["x?": 1])
  }

  @Test(arguments: [
    ("", "no receipt"), ("{}", "no receipt"), ("[]", "no receipt"), ("{\"schema\": 2}", "another version"),
    (String(repeating: "[", count: 16_000), "no receipt"),
    (String(repeating: " ", count: 17_000), "larger than"),
  ])
  func whatIsNoneIsSaid(_ text: String, _ reason: String) {
    let failure = #expect(throws: Failure.self) {
      try MachineReceipt.read(Array(text.utf8), named: "abcdefgh12345678.json")
    }
    #expect(failure?.diagnostics.first?.message.contains(reason) == true, "\(failure?.diagnostics ?? [])")
  }

  @Test func whatItSaysMustBePossible() throws {
    let changes: [(inout MachineReceipt) -> Void] = [
      { $0.commit = "HEAD" }, { $0.commit = String(repeating: "A", count: 40) },
      { $0.profile = String(repeating: "x", count: 101) }, { $0.incomplete = ["tools": -1] },
      { $0.seen = -5 },
      { $0.seen = .max }, { $0.machine = "../../../etc" }, { $0.machine = "short" },
      { receipt in
        receipt.drift = Dictionary(uniqueKeysWithValues: (0..<101).map { ("\($0)", 1) })
      },
    ]
    for change in changes {
      var receipt = Self.good
      change(&receipt)
      let bytes = try receipt.bytes
      #expect(throws: Failure.self) { try MachineReceipt.read(bytes, named: receipt.fileName) }
    }
    let bytes = try Self.good.bytes
    #expect(throws: Failure.self) { try MachineReceipt.read(bytes, named: "another123456789.json") }
  }

  @Test func damagedReceiptsCrashNothing() throws {
    let bytes = try Self.good.bytes
    var random = SplitMix(seed: 7)
    for _ in 0..<5000 {
      var damaged = bytes
      for _ in 0..<Int.random(in: 1...4, using: &random) {
        damaged[Int.random(in: 0..<damaged.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
      }
      _ = try? MachineReceipt.read(damaged, named: Self.good.fileName)
    }
  }
}
