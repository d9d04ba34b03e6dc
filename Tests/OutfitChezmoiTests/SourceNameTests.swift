import Testing

@testable import OutfitChezmoi

@Suite("Names of chezmoi's")
struct SourceNameTests {
  @Test(arguments: [
    ("dot_zshrc", ".zshrc", UInt16(0o644)), ("private_dot_netrc", ".netrc", 0o600),
    ("private_executable_dot_x.tmpl", ".x", 0o700), ("readonly_empty_a", "a", 0o444),
    ("executable_b.sh", "b.sh", 0o755), ("literal_dot_x", "dot_x", 0o644), ("dot_a.literal", ".a", 0o644),
    ("a.tmpl.literal", "a.tmpl", 0o644), ("a.literal.tmpl", "a", 0o644),
    ("encrypted_private_k.age", "k", 0o600),
    ("empty_private_x", "private_x", 0o644),
  ])
  func files(_ name: String, _ target: String, _ mode: UInt16) throws {
    let parsed = try #require(SourceFileName(name))
    #expect(parsed.target == target && parsed.mode == mode)
  }

  @Test("prefixes count in their order alone")
  func order() throws {
    let script = try #require(SourceFileName("run_onchange_before_10-x.sh.tmpl"))
    guard case .script(let time) = script.kind else { throw Unexpected() }
    #expect(time.condition == .changed && time.order == .before)
    #expect(script.target == "10-x.sh" && script.isTemplate)
    #expect(SourceFileName("run_after_once_x")?.target == "once_x")
    #expect(SourceFileName("create_private_dot_x")?.kind == .create)
    #expect(SourceFileName("symlink_dot_x.tmpl")?.kind == .link)
    #expect(SourceFolderName("exact_private_dot_ssh") != nil)
    #expect(SourceFolderName("private_exact_x")?.target == "exact_x")
    #expect(SourceFolderName("remove_dot_old")?.isRemoved == true)
  }

  @Test(
    "names that leave the folder, or none", arguments: ["dot_.", "dot_", ".tmpl", "literal_..", "private_"])
  func none(_ name: String) { #expect(SourceFileName(name) == nil) }

  @Test("a folder is known by what is in it")
  func known() {
    #expect(ChezmoiTree.isOne(["README.md", "dot_zshrc"]))
    #expect(ChezmoiTree.isOne([".git", ".chezmoiroot", "home"]))
    #expect(!ChezmoiTree.isOne([".git", ".zshrc", "dot_", "src"]))
  }

  struct Unexpected: Error {}
}
