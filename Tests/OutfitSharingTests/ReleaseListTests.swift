import OutfitCore
import OutfitSharing
import Testing

@Suite struct ReleaseListTests {
  private func digest(_ letter: Character) -> String { String(repeating: letter, count: 64) }

  @Test func theNewestOfAPlatform() throws {
    let list = try #require(
      ReleaseList(
        """
        \(digest("a"))  outfit-0.9.0-linux-amd64.tar.gz
        \(digest("b")) *outfit-0.10.0-linux-amd64.tar.gz
        \(digest("c"))  outfit-0.11.0rc1-linux-amd64.tar.gz
        \(digest("d"))  outfit-0.12.0-linux-arm64.tar.gz
        \(digest("e"))  outfit-outfit-0.13.0.tar.gz
        \(digest("f"))  ../outfit-0.14.0-linux-amd64.tar.gz
        \(digest("0"))  outfit-x-linux-amd64.tar.gz
        \(digest("1"))  install.sh

        """, platform: "linux-amd64"))
    #expect(list.entries.map(\.text) == ["0.11.0rc1", "0.10.0", "0.9.0"])
    #expect(list.entry(nil)?.text == "0.10.0")
    #expect(list.entry(nil)?.digest.hex == digest("b"))
    #expect(list.entry(nil)?.file == "outfit-0.10.0-linux-amd64.tar.gz")
    #expect(list.entry("0.9")?.text == nil && list.entry("v0.9.0")?.text == "0.9.0")
    #expect(list.entry("0.12.0") == nil)
  }

  @Test func aPrereleaseWhereThereIsNoOther() {
    let list = ReleaseList("\(digest("a"))  outfit-1.0.0rc1-linux-amd64.tar.gz\n", platform: "linux-amd64")
    #expect(list?.entry(nil)?.text == "1.0.0rc1")
  }

  @Test(arguments: ["<html></html>", "abc  outfit-1.0.0-linux-amd64.tar.gz", "one\ntwo"])
  func whatIsNoList(_ text: String) { #expect(ReleaseList(text, platform: "linux-amd64") == nil) }
}
