import Testing

@testable import OutfitEngine

@Suite struct DiffTests {
  private func diff(_ old: String?, _ new: String?) -> String {
    Diff.unified(old.map { Array($0.utf8) }, new.map { Array($0.utf8) }, oldName: "a", newName: "b")
  }

  @Test func hunks() {
    let old = (1...20).map { "\($0)\n" }.joined()
    let new = old.replacing("3\n4\n", with: "3\nthree\n4\n").replacing("19\n", with: "")
    #expect(
      diff(old, new) == """
        --- a
        +++ b
        @@ -1,6 +1,7 @@
         1
         2
         3
        +three
         4
         5
         6
        @@ -16,5 +17,4 @@
         16
         17
         18
        -19
         20

        """)
  }

  @Test func ends() {
    #expect(diff("a\n", "a\n") == "")
    #expect(diff(nil, "a\n") == "--- /dev/null\n+++ b\n@@ -0,0 +1 @@\n+a\n")
    #expect(diff("a\n", nil) == "--- a\n+++ /dev/null\n@@ -1 +0,0 @@\n-a\n")
    #expect(
      diff("a", "a\n") == "--- a\n+++ b\n@@ -1 +1 @@\n-a\n\\ No newline at end of file\n+a\n")
    #expect(diff("a\u{0}", "b").contains("binary"))
  }

  /// Each script, applied, gives the new text.
  @Test func everyDiffLeadsToTheNewText() throws {
    var random = SystemRandomNumberGenerator()
    for _ in 0..<300 {
      func text() -> [String] {
        (0..<Int.random(in: 0...12, using: &random)).map { _ in "\(Int.random(in: 0...4, using: &random))\n" }
      }
      let (old, new) = (text(), text())
      let lines = diff(old.joined(), new.joined()).split(separator: "\n", omittingEmptySubsequences: true)
      var result: [String] = []
      var place = 0
      for line in lines.dropFirst(2) {
        if line.hasPrefix("@@") {
          let parts = line.dropFirst(4).prefix { $0 != " " }.split(separator: ",")
          let start = try #require(Int(parts[0]))
          let first = parts.count == 2 && parts[1] == "0" ? start : start - 1
          while place < first {
            result.append(old[place])
            place += 1
          }
        } else if line.hasPrefix("+") {
          result.append(line.dropFirst() + "\n")
        } else {
          try #require(place < old.count && old[place] == line.dropFirst() + "\n")
          if line.hasPrefix(" ") { result.append(old[place]) }
          place += 1
        }
      }
      #expect(result + old[place...] == new, "\(old) \(new)")
    }
  }

  @Test func tooManyEditsReplaceAll() {
    let old = (0..<3000).map { "a\($0)\n" }.joined()
    let new = (0..<3000).map { "b\($0)\n" }.joined()
    #expect(diff(old, new).split(separator: "\n").count == 6003)
  }
}
