import OutfitCore
import Testing

@testable import OutfitProfile

/// Documents that were made to hurt.
@Suite struct YamlTests {
  @Test func linesEndWhereYAMLEndsThem() {
    let text = SourceText(Array("\u{FEFF}a\r\nb\rc\u{85}d\u{2028}e\u{2029}é\u{301}f\n".utf8), file: "x")
    #expect(text.lines == ["a", "b", "c", "d", "e", "é\u{301}f", ""])
    #expect(text.location(line: 5, scalar: 2) == SourceLocation(file: "x", line: 6, column: 2))
    #expect(text.location(line: 9, scalar: 0) == SourceLocation(file: "x", line: 7, column: 1))
    let ascii = SourceText(Array("one\ntwo".utf8), file: "x")
    #expect(ascii.location(line: 1, scalar: 2) == SourceLocation(file: "x", line: 2, column: 3))
    #expect(ascii.location(line: 1, scalar: 9) == SourceLocation(file: "x", line: 2, column: 4))
  }

  private func messages(_ text: String) -> [String] {
    YamlReader.read(Array(text.utf8), file: "f").diagnostics.map {
      "\($0.location.map { "\($0)" } ?? "") \($0.message)"
    }
  }

  @Test func aliasesAreCapped() {
    var text = "a: &a [x, x, x, x, x, x, x, x, x, x]\n"
    for (name, before) in zip("bcdefghij", "abcdefghi") {
      text +=
        "\(name): &\(name) [" + Array(repeating: "*\(before)", count: 10).joined(separator: ", ") + "]\n"
    }
    #expect(
      messages(text).last?.hasSuffix("its aliases repeat more than 100000 values") == true)
  }

  @Test func depthIsCapped() {
    #expect(messages(String(repeating: "[", count: 5000)) == ["f:1:1 this is nested deeper than 60 levels"])
    #expect(
      messages(String(repeating: "- ", count: 5000)) == ["f:1:121 this is nested deeper than 60 levels"])
  }

  @Test func badBytes() {
    let reading = YamlReader.read(Array("a: b\nc: ".utf8) + [0xFF, 0x0A], file: "f")
    #expect(reading.root == nil)
    #expect(reading.diagnostics.first?.location?.description == "f:2:4")
    #expect(reading.diagnostics.first?.message == "the file is not UTF-8")
    #expect(messages("a: \u{1}\n") == ["f:1:4 the file holds a control character"])
  }

  @Test func placesCountCharacters() {
    let root = YamlReader.read(Array("\u{FEFF}ключ: [👩‍👩‍👧, x]\r\nb: y\r\n".utf8), file: "f").root
    #expect(root?["ключ"]?.elements?.last?.location.description == "f:1:11")
    #expect(root?.pairs?.last?.keyLocation.description == "f:2:1")
  }

  @Test func scalarsStayText() {
    let root = YamlReader.read(Array("a: 3.10\nb: 010\nc: ~\nd: \"~\"\ne: yes\nf:\n".utf8), file: "f").root
    #expect(root?["a"]?.text == "3.10")
    #expect(root?["b"]?.text == "010")
    #expect(root?["c"]?.text == nil)
    #expect(root?["d"]?.text == "~")
    #expect(root?["e"]?.text == "yes")
    #expect(root?["f"]?.isNull == true)
  }

  /// Whatever a file holds, reading ends with a document or with places.
  @Test func mutationsNeverCrash() {
    var random = SplitMix(seed: 1)
    let seed = Array(DesignTests.machine.utf8)
    for _ in 0..<800 {
      var bytes = seed
      for _ in 0...Int.random(in: 0..<4, using: &random) {
        mutate(&bytes, &random)
      }
      let layer = Layer(kind: .profile, name: "p", address: "p", folder: "/p", manifest: "/p/outfit.yaml")
      let (_, diagnostics) = ManifestReader.read(bytes, layer: layer, file: "f", scope: .machine)
      for diagnostic in diagnostics { #expect(diagnostic.location != nil) }
    }
  }
}

/// The same numbers for the same seed.
struct SplitMix: RandomNumberGenerator {
  private var state: UInt64
  init(seed: UInt64) { state = seed }
  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}

/// Takes bytes out, puts odd ones in, or repeats a piece.
func mutate(_ bytes: inout [UInt8], _ random: inout SplitMix) {
  guard !bytes.isEmpty else { return }
  let at = Int.random(in: 0..<bytes.count, using: &random)
  switch Int.random(in: 0..<4, using: &random) {
  case 0: bytes.removeSubrange(at..<min(bytes.count, at + Int.random(in: 1...20, using: &random)))
  case 1:
    let odd = Array("{}[]:,&*!|>'\"%@`#-? \n\t\\\r\u{85}<~0é".utf8) + [0, 0xFF]
    bytes.insert(odd[Int.random(in: 0..<odd.count, using: &random)], at: at)
  case 2: bytes[at] = UInt8.random(in: 0...255, using: &random)
  default:
    let piece = bytes[at..<min(bytes.count, at + Int.random(in: 1...60, using: &random))]
    bytes.insert(contentsOf: piece, at: Int.random(in: 0...bytes.count, using: &random))
  }
}
