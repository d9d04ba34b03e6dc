import Support
import Testing

@testable import OutfitEngine

@Suite struct BlocksTests {
  private func set(
    _ body: String, in text: String, position: Edit.Block.Position = .bottom, comment: String = "#"
  ) throws -> (text: String, addedNewline: Bool) {
    let result = try Blocks.setting(
      "team", comment: comment, body: Blocks.bodies(of: Edit.Block(identifier: "team", body: body)).plain,
      position: position, in: Array(text.utf8))
    return (String(decoding: result.text, as: UTF8.self), result.addedNewline)
  }

  private func removed(_ text: String, addedNewline: Bool = false) throws -> String {
    String(
      decoding: try Blocks.removing("team", addedNewline: addedNewline, from: Array(text.utf8)), as: UTF8.self
    )
  }

  private static let block = "# >>> outfit team >>>\nbody\n# <<< outfit team <<<\n"

  @Test(arguments: [
    "", "a", "a\n", "a\r\nb\r\n", "a\r\nb", "\n", "#!/bin/sh\nx\n", "#!/bin/sh", "caf\u{e9} \u{0}",
  ])
  func whatIsPutInComesOutAgain(_ text: String) throws {
    for position in [Edit.Block.Position.top, .bottom] {
      let (with, added) = try set("body", in: text, position: position)
      #expect(with != text)
      #expect(try removed(with, addedNewline: added) == text)
      #expect(try Blocks.scan(Array(with.utf8)).map(\.identifier) == ["team"])
      #expect(try set("body\n", in: with, position: position).text == with)
    }
  }

  @Test func positions() throws {
    #expect(try set("body", in: "a\n").text == "a\n" + Self.block)
    #expect(try set("body", in: "a\n", position: .top).text == Self.block + "a\n")
    #expect(try set("body", in: "#!/bin/sh\na\n", position: .top).text == "#!/bin/sh\n" + Self.block + "a\n")
    #expect(try set("", in: "").text == "# >>> outfit team >>>\n# <<< outfit team <<<\n")
  }

  @Test func aBlockIsReplacedWhereItStands() throws {
    let text = "a\n" + Self.block + "b"
    #expect(
      try set("new", in: text, position: .top).text
        == "a\n# >>> outfit team >>>\nnew\n# <<< outfit team <<<\nb")
    // Another comment sign loses no block.
    #expect(try set("new", in: text, comment: "\"").text.hasPrefix("a\n\" >>> outfit team >>>\nnew\n\" <<<"))
  }

  @Test func markersAreFoundAsTheyAreWritten() throws {
    let found = try Blocks.scan(Array("x\r\n  # >>> outfit a b >>>  \r\ny\r\n# <<< outfit a b <<<".utf8))
    #expect(found.map(\.identifier) == ["a b"])
    #expect(found.map(\.line) == [2])
    #expect(try Blocks.scan(Array("echo '# >>> outfit x >>>'\ncat <<< outfit\n>>>\n".utf8)).isEmpty)
  }

  @Test(arguments: [
    ("a\n# >>> outfit x >>>\n", 2), ("# <<< outfit x <<<\n", 1),
    ("# >>> outfit x >>>\n# >>> outfit y >>>\n", 2),
    ("# >>> outfit x >>>\n# <<< outfit y <<<\n", 2),
    ("# >>> outfit x >>>\n# <<< outfit x <<<\n# >>> outfit x >>>\n# <<< outfit x <<<\n", 3),
  ])
  func markersOutOfOrder(_ text: String, line: Int) {
    let problem = #expect(throws: Blocks.Malformed.self) { try Blocks.scan(Array(text.utf8)) }
    #expect(problem?.line == line)
  }

  /// One block stands there again, and what others wrote is what it was.
  @Test(
    arguments: [
      ("a\n# >>> outfit team >>>\nbody\nb\n", "a\n\(block)b\n", true),
      ("a\nbody\n# <<< outfit team <<<\nb\n", "a\n\(block)b\n", true),
      ("a\n\(block)b\na\n\(block)b\n", "a\n\(block)b\na\nb\n", true),
      ("a\n\(block)# >>> outfit team >>>\nbody\nb\n", "a\n\(block)b\n", true),
      ("\(block)body\n# <<< outfit team <<<\n", block, true),
      (
        "# >>> outfit team >>>\r\nbody\r\nb\r\n",
        "# >>> outfit team >>>\r\nbody\r\n# <<< outfit team <<<\r\nb\r\n", true
      ),
      ("# >>> outfit team >>>\nbody", block, true),
      // Somebody wrote between the markers: that stays, and is nobody's block.
      ("a\n# >>> outfit team >>>\nmine\nb\n", "a\nmine\nb\n", false),
      ("a\nmine\n# <<< outfit team <<<\n", "a\nmine\n", false),
      (
        "\(block)# >>> outfit team >>>\nmine\n# <<< outfit team <<<\n", "\(block)mine\n", false
      ),
      ("# >>> outfit team >>>\n# >>> outfit team >>>\nbody\n# <<< outfit team <<<\n", block, false),
      // Another's markers are none of ours to mend.
      ("# >>> outfit other >>>\nbody\n", "", nil),
      ("# >>> outfit team >>>\n# >>> outfit other >>>\nx\n# <<< outfit team <<<\n", "", nil),
    ] as [(String, String, Bool?)])
  func lostMarkersAreMended(_ text: String, _ wanted: String, _ isExact: Bool?) {
    let mended = Blocks.mended(Array(text.utf8), bodies: ["team": [Array("body\n".utf8)]])
    guard let isExact else { return #expect(mended == nil) }
    #expect(mended.map { String(decoding: $0.text, as: UTF8.self) } == wanted)
    #expect(mended?.isExact == isExact)
  }

  /// Whatever becomes of a file's lines: what is mended has each block at most once, and every line of others.
  @Test func nothingOfOthersIsLostByMending() {
    var random = SplitMix(seed: 19)
    let lines = [
      "# >>> outfit team >>>", "# <<< outfit team <<<", "body", "two", "# >>> outfit b >>>",
      "# <<< outfit b <<<", "x", "y", "z",
    ]
    let bodies = ["team": [Array("body\ntwo\n".utf8)], "b": [Array("x\n".utf8)]]
    for _ in 0..<20_000 {
      let text = (0..<Int.random(in: 0...12, using: &random)).map { _ in
        lines.randomElement(using: &random) ?? ""
      }
      let bytes = Array(text.map { $0 + "\n" }.joined().utf8)
      guard let mended = Blocks.mended(bytes, bodies: bodies) else { continue }
      let after = String(decoding: mended.text, as: UTF8.self).split(separator: "\n").map(String.init)
      func others(_ lines: [String]) -> [String] { lines.filter { ["y", "z"].contains($0) } }
      #expect(others(after) == others(text), "\(text) -> \(after)")
      let found = try? Blocks.scan(mended.text)
      #expect(found.map { Set($0.map(\.identifier)).count == $0.count } == true, "\(text) -> \(after)")
      #expect(Blocks.mended(mended.text, bodies: bodies)?.text == mended.text, "\(text) -> \(after)")
    }
  }

  @Test func blocksThatCantBeWritten() {
    #expect(Blocks.problem(Edit.Block(identifier: "team", body: "fine\n")) == nil)
    #expect(Blocks.problem(Edit.Block(identifier: "", body: "")) != nil)
    #expect(Blocks.problem(Edit.Block(identifier: "a >>> b", body: "")) != nil)
    #expect(Blocks.problem(Edit.Block(identifier: "a\nb", body: "")) != nil)
    #expect(Blocks.problem(Edit.Block(identifier: "a", comment: "", body: "")) != nil)
    #expect(Blocks.problem(Edit.Block(identifier: "a", body: "# >>> outfit b >>>")) != nil)
  }

  /// Its preface stands in a file that holds nothing else, and stays whatever is written beside it.
  @Test func aPrefaceIsForAFileOfItsOwn() throws {
    let block = Edit.Block(identifier: "path", body: "b\n", preface: "a\n")
    func body(_ text: String) -> String {
      String(decoding: Blocks.body(of: block, in: Array(text.utf8)), as: UTF8.self)
    }
    #expect(body("") == "a\nb\n")
    #expect(body("\n  \r\n") == "a\nb\n")
    #expect(body("# >>> outfit team >>>\nx\n# <<< outfit team <<<\n") == "a\nb\n")
    #expect(body("export A=b\n") == "b\n")
    let made = "# >>> outfit path >>>\na\nb\n# <<< outfit path <<<\n"
    #expect(body(made) == "a\nb\n")
    #expect(body("export A=b\n" + made) == "a\nb\n")
    #expect(body("export A=b\n# >>> outfit path >>>\nb\n# <<< outfit path <<<\n") == "b\n")
  }
}
