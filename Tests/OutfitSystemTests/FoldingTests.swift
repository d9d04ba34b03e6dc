import Testing

@testable import OutfitSystem

@Suite struct FoldingTests {
  @Test(arguments: [
    ("short", 10, ["short"]),
    ("one two three", 8, ["one two", "  three"]),
    ("  tools    black 25.1.0, ruff 0.9", 24, ["  tools    black 25.1.0,", "           ruff 0.9"]),
    ("run `outfit up --only dotfiles` then", 20, ["run", "  `outfit up --only dotfiles`", "  then"]),
    ("averyveryverylongword", 8, ["averyveryverylongword"]),
    ("日本 日本 日本", 9, ["日本 日本", "  日本"]),
  ])
  func linesAreBrokenAtSpacesAlone(_ line: String, _ width: Int, _ expected: [String]) {
    #expect(folded(line, width: width) == expected)
  }

  @Test func nothingGetsLost() {
    let words = (1...60).map { String(repeating: "w", count: $0 % 9 + 1) }
    for width in [20, 40, 80] {
      let lines = folded(words.joined(separator: " "), width: width)
      #expect(lines.allSatisfy { $0.columns <= width })
      #expect(lines.flatMap { $0.split(separator: " ") }.map(String.init) == words)
    }
  }
}
