import OutfitCore
import OutfitSystem
import Testing

@Suite struct DiagnosticPrinterTests {
  private let printer = DiagnosticPrinter(style: .plain, width: 80)

  @Test func theLineIsShownWithAMarkBeneathTheColumn() {
    let diagnostic = Diagnostic(
      .error, "unknown key `pyhton`", at: SourceLocation(file: "outfit.yaml", line: 12, column: 3),
      excerpt: #"  pyhton: "3.13""#, hint: "did you mean `python`?")
    #expect(
      printer.text(diagnostic) == """
        error: unknown key `pyhton`
          --> outfit.yaml:12:3
            |
         12 |   pyhton: "3.13"
            |   ^
          hint: did you mean `python`?

        """)
  }

  @Test func withoutALocationTheExcerptIsABlock() {
    let diagnostic = Diagnostic(.warning, "it failed", excerpt: "first\nsecond", hint: "one\ntwo")
    #expect(
      printer.text(diagnostic) == "warning: it failed\n  | first\n  | second\n  hint: one\n        two\n")
    #expect(printer.text(Diagnostic(.note, "plain")) == "note: plain\n")
  }

  @Test func wideCharactersAndTabsKeepTheMarkInItsPlace() {
    let diagnostic = Diagnostic(
      .error, "x", at: SourceLocation(file: "f", line: 1, column: 4), excerpt: "\t日本!")
    #expect(printer.text(diagnostic).contains(" 1 |  日本!\n   |      ^\n"))
  }

  @Test func aLongLineIsCutAroundThePlace() {
    let line = String(repeating: "a", count: 300) + "X" + String(repeating: "b", count: 300)
    let diagnostic = Diagnostic(
      .error, "x", at: SourceLocation(file: "f", line: 7, column: 301), excerpt: line)
    let lines = printer.text(diagnostic).split(separator: "\n").map { Array($0) }
    #expect(lines.allSatisfy { $0.count <= 80 })
    let mark = lines[4].firstIndex(of: "^")
    #expect(mark.map { lines[3][$0] } == "X")
  }

  @Test func aColumnBehindTheLineIsMarkedAtItsEnd() {
    let diagnostic = Diagnostic(
      .error, "x", at: SourceLocation(file: "f", line: 1, column: 99), excerpt: "ab")
    #expect(printer.text(diagnostic).hasSuffix(" 1 | ab\n   |   ^\n"))
  }

  @Test func nothingOfAProfileCanMoveTheCursor() {
    let diagnostic = Diagnostic(
      .error, "bad \u{1B}[2Jname\u{7}", at: SourceLocation(file: "a\rb", line: 1, column: 1),
      excerpt: "x\u{1B}]0;title\u{7}", hint: "h\u{9B}1m\u{202E}")
    let text = printer.text(diagnostic)
    #expect(
      !text.unicodeScalars.contains {
        ($0.value < 0x20 && $0 != "\n") || $0.value == 0x9B || $0.value == 0x202E
      })
  }

  @Test func colourIsForTerminalsThatWantIt() {
    #expect(Style(isTerminal: true, environment: [:]).isColoured)
    for environment in [["NO_COLOR": "1"], ["CI": "true"], ["TERM": "dumb"]] {
      #expect(!Style(isTerminal: true, environment: environment).isColoured)
    }
    #expect(Style(isTerminal: true, environment: ["NO_COLOR": ""]).isColoured)
    #expect(!Style(isTerminal: false, environment: [:]).isColoured)
    #expect(Style(isColoured: true).red("x") == "\u{1B}[31mx\u{1B}[0m")
  }

  @Test func tablesAreAligned() {
    let table = Table(header: ["name", "what"], rows: [["black", "25.1.0"], ["é", "日本", "more"], ["x"]])
    #expect(
      table.text() == """
        name   what
        black  25.1.0
        é      日本    more
        x

        """)
    #expect(
      Table(rows: [["a", "one long text of words"]]).text(width: 21, indent: 2)
        == "  a  one long text of\n     words\n")
    let wide = Table(rows: [["* 1", "2026-11-21 03:54", "up starter --trust", "3 files, +black"]])
    #expect(wide.text(width: 80) == "* 1  2026-11-21 03:54  up starter --trust  3 files, +black\n")
    #expect(wide.text(width: 40) == "* 1  2026-11-21 03:54\n    up starter --trust\n    3 files, +black\n")
    #expect(Table().text() == "")
  }
}
