import OutfitCore
import OutfitEngine
import OutfitProfile
import OutfitSystem
import Support
import Testing

@testable import OutfitCommands

@Suite struct TextTests {
  @Test(
    arguments: [
      (0, "1970-01-01 00:00"), (1_795_230_000, "2026-11-21 03:00"), (951_782_399, "2000-02-28 23:59"),
      (951_782_400, "2000-02-29 00:00"), (-1, "1969-12-31 23:59"), (4_107_542_400, "2100-03-01 00:00"),
    ] as [(Int64, String)])
  func dates(_ time: Int64, _ text: String) { #expect(DateText.utc(time) == text) }

  @Test func jsonIsEscapedAndSorted() {
    let text = JSONText.object([
      "b": .array([.number(1), .null]), "a": .string("q\"\\\n\u{1}é"), "c": .array([]),
    ]).text
    #expect(
      text == "{\n  \"a\": \"q\\\"\\\\\\n\\u0001é\",\n  \"b\": [\n    1,\n    null\n  ],\n  \"c\": []\n}")
  }

  @Test func locksAreCompared() throws {
    func tool(_ version: String, _ pins: String = "") throws -> LockedTool {
      LockedTool(request: "x", version: try #require(Version(version)), requirements: pins)
    }
    var before = Lock()
    before.tools = ["black": try tool("25.1.0"), "gone": try tool("1.0"), "same": try tool("2.0", "a")]
    var after = Lock()
    after.tools = ["black": try tool("26.1.0"), "new": try tool("3.0"), "same": try tool("2.0", "b")]
    #expect(
      LockChanges(before: before, after: after).lines == [
        "  ~ black 25.1.0 -> 26.1.0", "  - gone 1.0", "  + new 3.0", "  ~ same 2.0: what it stands on moved",
      ])
    #expect(LockChanges(before: before, after: before).isEmpty)
  }

  @Test func aFreeThreadedEnvironmentIsSaidToBeOne() {
    let files = MemoryFiles.withHome()
    let host = Host.test(files: files)
    files.put("/home/ann/env/pyvenv.cfg", "home = /usr/bin\nversion = 3.13.5\n")
    files.put("/home/ann/env/lib/python3.13/site-packages/README", "")
    #expect(NamedVirtualenvs.version(of: "/home/ann/env", host)?.description == "3.13.5")
    files.put("/home/ann/free/pyvenv.cfg", "home = /usr/bin\nversion_info = 3.13.5.final.0\n")
    files.put("/home/ann/free/lib/python3.13t/site-packages/README", "")
    #expect(NamedVirtualenvs.version(of: "/home/ann/free", host)?.description == "3.13.5t")
  }
}
