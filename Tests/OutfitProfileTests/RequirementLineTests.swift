import OutfitCore
import Testing

@testable import OutfitProfile

struct RequirementLineTests {
  private func only(_ text: String) throws -> RequirementLine {
    let lines = RequirementLine.parse(text)
    #expect(lines.count == 1, "\(text)")
    return try #require(lines.first)
  }

  @Test(arguments: [
    ("black", "black"), ("  black == 25.1.0  ", "black==25.1.0"),
    ("black[d, jupyter]>=1,<2", "black[d,jupyter]>=1,<2"),
    ("black (>=1.26, <3)", "black>=1.26,<3"), ("black # why", "black"), ("\u{FEFF}black\r", "black"),
    (
      "black\t~=1.0 ; python_version<\"3\" and (os_name=='nt' or extra == 'x-y')",
      "black~=1.0 ; python_version < '3' and (os_name == 'nt' or extra == 'x-y')"
    ),
    (
      "black==1 \\\n  --hash=sha256:\(String(repeating: "A", count: 64)) \\\n # said",
      "black==1 --hash=sha256:\(String(repeating: "a", count: 64))"
    ),
    ("backports.lzma", "backports.lzma"), ("black[]", "black"),
  ])
  func whatIsPlainHasOneSpelling(text: String, meant: String) throws {
    let line = try only(text)
    guard case .package = line.content else { return #expect(Bool(false), "\(line)") }
    #expect(line.text == meant)
    #expect(
      try only(line.text)
        == RequirementLine(line: 1, content: line.content, digests: line.digests, text: meant))
  }

  @Test(arguments: [
    "evil@http://h/e.whl", "evil @ http://h/e.whl", "evil[a]@ http://h/e.whl ; os_name == 'posix'",
    "http://h/e.whl",
    "./e.whl", "e-1.0-py3-none-any.whl", "wheels/e.tar.gz", "git+https://h/e", "file:e",
    "evil@\\\nhttp://h/e.whl",
    "\u{C}evil@http://h/e.whl", "x @ file:.",
  ])
  func anAddressIsSeenInEverySpelling(text: String) throws {
    guard case .direct = try only(text).content else { return #expect(Bool(false), "\(text)") }
  }

  @Test(arguments: [
    ("-r a.txt", "--requirement a.txt"), ("-ra.txt", "--requirement a.txt"),
    ("--requirement=a.txt", "--requirement a.txt"), ("-c \"a.txt\" # x", "--constraint a.txt"),
    ("-i http://h/s", "--index-url http://h/s"), ("-ihttp://h/s", "--index-url http://h/s"),
    ("--index-url=http://h/s", "--index-url http://h/s"),
    ("--extra-index-url\thttp://h/s", "--extra-index-url http://h/s"),
    ("-f wheels", "--find-links wheels"), ("-e.[test]", "--editable .[test]"), ("--pre", "--pre"),
    ("--index-url \\\n http://h/s", "--index-url http://h/s"),
  ])
  func optionsHaveTheirLongNames(text: String, meant: String) throws {
    #expect(try only(text).text == meant)
  }

  @Test(arguments: [
    "--index-urlhttp://h/s", "black --hash=md5:00", "black --global-option=x", "black==1 black==2",
    "black ; os_name == '${X}'", "black ; import os", "bl\u{E4}ck", "black\u{A0}@ http://h",
    "black\u{2028}evil",
    "black==1\u{0}", "--frobnicate", "black ; os_name == 'a' --hash=sha256:00", "=1", "black,evil", "-",
    "black\\ evil",
  ])
  func whatIsNotKnownIsNothingPlain(text: String) throws {
    #expect(try only(text).content == .other)
  }

  @Test func linesKeepTheirNumbers() {
    let text = "# top\n\na==1 \\\n  # c\n\n-r b.txt\nc\r\nd\re"
    let lines = RequirementLine.parse(text)
    #expect(lines.map(\.line) == [3, 6, 7, 8, 9])
    #expect(ResolutionFiles.text(of: lines) == "\n\na==1\n\n\n--requirement b.txt\nc\nd\ne\n")
    #expect(
      RequirementLine.parse(RequirementLine.text(of: [0xFF, 0xFE, 0x61, 0, 0x0A, 0, 0x62, 0])).map(\.text)
        == ["a", "b"])
    #expect(RequirementLine.parse(RequirementLine.text(of: [0xFE, 0xFF, 0, 0x61])).map(\.text) == ["a"])
  }
}
