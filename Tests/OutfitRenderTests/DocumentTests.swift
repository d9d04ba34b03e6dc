import OutfitCore
import Testing

@testable import OutfitRender

@Suite struct DocumentTests {
  @Test(arguments: [
    "yes", "Yes", "YES", "no", "true", "True", "TRUE", "false", "on", "On", "ON", "off", "Off", "OFF",
  ])
  func wordsOfYAML11AreBooleans(_ word: String) throws {
    let isTrue = ["yes", "true", "on"].contains(word.lowercased())
    #expect(try Document.parseOne("a: \(word)", file: "") == .map(["a": .bool(isTrue)]))
    #expect(try Document.parseOne("a: '\(word)'", file: "") == .map(["a": .string(word)]))
  }

  @Test(arguments: [
    "0", "7", "-1", "+12", "1_000", "0x1F", "0b101", "0o17", "017", "1.5", "1.", "-.5e3", ".5", ".5e+3",
    "1e3", "1.5E-7", ".inf", "-.INF", "+.Inf", ".nan", "190:20:30", "190:20:30.15", "08", "1__0",
  ])
  func numbersKeepTheirText(_ text: String) throws {
    let isNumber = text != "-.5e3"  // a fraction alone takes no sign there
    #expect(try Document.parseOne("a: \(text)", file: "")["a"] == (isNumber ? .number(text) : .string(text)))
    #expect(try Document.parseOne("a: \"\(text)\"", file: "")["a"] == .string(text))
  }

  @Test(arguments: [
    "yEs", "y", "nULL", "1.2.3", "v1", "1e", "0x", "0b2", "1:70", "01:20", "+", ".", "..5", "1a", "_1",
    "e3", "2026-01-01", "postgres:17.2", "10.0.0.1/8", "100m", "64Mi", "=", ".5e3",
  ])
  func otherWordsAreTexts(_ text: String) throws {
    #expect(try Document.parseOne("a: \(text)", file: "")["a"] == .string(text))
  }

  @Test func nothingIsNull() throws {
    #expect(
      try Document.parseOne("{a: , b: ~, c: null, d: ''}", file: "")
        == .map(["a": .null, "b": .null, "c": .null, "d": .string("")]))
    #expect(try Document.parse("---\n---\na: 1\n--- ~\n", file: "") == [.map(["a": .number("1")])])
  }

  @Test func tagsSayWhatAScalarIs() throws {
    #expect(
      try Document.parseOne("[!!str 1, !!int \"2\", ! 3, !own x, !!bool \"yes\"]", file: "")
        == .list([.string("1"), .number("2"), .string("3"), .string("x"), .bool(true)]))
  }

  @Test func aliasesAndMergesStandForWhatTheyName() throws {
    let text = """
      base: &base {a: 1, b: 2}
      more: &more {b: 3, c: 4}
      one: {<<: *base, a: 5}
      two: {<<: [*base, *more]}
      word: &word text
      *word : *word
      quoted: {'<<': kept}
      """
    let document = try Document.parseOne(text, file: "")
    #expect(document["one"] == .map(["a": .number("5"), "b": .number("2")]))
    #expect(document["two"] == .map(["a": .number("1"), "b": .number("2"), "c": .number("4")]))
    #expect(document["text"] == .string("text"))
    #expect(document.at("quoted", "<<") == .string("kept"))
  }

  @Test(arguments: [
    ("a: 1\nb: 2\n  a: 3\n", 3), ("a: 1\nb: 2\na: 3\n", 3), ("a: [1\n", 2), ("a: *nobody\n", 1),
    ("a: 1\n[b]: 2\n", 2),
  ])
  func mistakesSayWhere(_ text: String, _ line: Int) throws {
    let failure = #expect(throws: Failure.self) { try Document.parse(text, file: "x.yaml") }
    #expect(failure?.diagnostics.first?.location?.file == "x.yaml")
    #expect(failure?.diagnostics.first?.location?.line == line)
  }

  @Test func aFewLinesCanNotMakeMillionsOfValues() throws {
    var text = "a0: &a0 [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]\n"
    for level in 1...9 {
      let names = Array(repeating: "*a\(level - 1)", count: 10).joined(separator: ", ")
      text += "a\(level): &a\(level) [\(names)]\n"
    }
    #expect(throws: Failure.self) { try Document.parse(text, file: "bomb") }
  }
}
