import Testing

@testable import OutfitCommands

@Suite struct DotfileSelectionTests {
  @Test(
    arguments: [
      ("", ["a", "b", "c", "d"]), (" ALL ", ["a", "b", "c", "d"]), ("none", []), ("2", ["b"]),
      ("1-2, 4", ["a", "b", "d"]),
      ("4,1,1", ["a", "d"]), ("5", nil), ("0", nil), ("3-2", nil), ("x", nil), ("1,", nil), ("-2", nil),
      ("1-2-3", nil),
    ] as [(String, [String]?)])
  func answers(_ answer: String, _ chosen: [String]?) {
    #expect(DotfileSelection.chosen(answer, of: ["a", "b", "c", "d"]) == chosen)
  }
}
