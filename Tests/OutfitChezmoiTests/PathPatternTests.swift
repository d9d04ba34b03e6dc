import Testing

@testable import OutfitChezmoi

@Suite("Patterns for paths")
struct PathPatternTests {
  @Test(arguments: [
    ("*", "a", true), ("*", "a/b", false), ("**", "a/b/c", true), ("**/b", "b", true),
    ("**/b", "a/x/b", true),
    ("a/**", "a", true), ("a/**", "a/b/c", true), ("a/**/c", "a/c", true), ("a/**/c", "ab/c", false),
    ("a*b*c", "aXbYc", true), ("a*b*c", "acb", false), ("[a-c]x", "bx", true), ("[!a-c]x", "bx", false),
    ("{a,b/c}.txt", "b/c.txt", true), ("{a,{b,c}}d", "cd", true), ("\\*", "*", true), ("\\*", "a", false),
    ("?", "é", true), (".*", ".zshrc", true), ("a/", "a", true), ("*.md", "docs/x.md", false),
  ])
  func matches(_ pattern: String, _ path: String, _ expected: Bool) throws {
    #expect(try #require(PathPattern(pattern)).matches(path) == expected)
  }

  @Test(arguments: ["[a", "{a", "{a,{b}", "a\\", "[]"])
  func whatDoesNotCloseIsNone(_ pattern: String) { #expect(PathPattern(pattern) == nil) }

  @Test("braces and stars take no time without end")
  func bounded() {
    #expect(PathPattern(String(repeating: "{a,b}", count: 20)) == nil)
    let stars = PathPattern(String(repeating: "*a", count: 60))
    #expect(stars?.matches(String(repeating: "a", count: 5000) + "b") == false)
  }

  @Test("an ignore file: comments, `!`, folders")
  func list() {
    var list = PatternList()
    let mistakes = list.add("README.md  # why\n#all\n.config/**\n!.config/kept\n../x\n[\n", in: "")
    #expect(mistakes.map(\.line) == [5, 6])
    #expect(list.matches("README.md") && list.matches(".config/a") && !list.matches(".config/kept"))
    #expect(!list.matches("a#b"))
    #expect(list.add("x", in: ".config/nvim").isEmpty && list.matches(".config/nvim/x"))
    #expect(list.add("./b//c/\n{d,e/f}\n", in: "").isEmpty)
    #expect(list.matches("b/c") && list.matches("d") && list.matches("e/f") && !list.matches("e"))
    var others = PatternList()
    _ = others.add("!only\n", in: "")
    #expect(others.matches("any") && !others.matches("only"))
  }
}
