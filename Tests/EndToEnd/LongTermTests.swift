import OutfitSystem
import SystemPackage
import Testing

/// `lts/*` and its like in version files: what they are is learnt, not built in.
@Suite(.timeLimit(.minutes(15)))
struct LongTermTests {
  private static let releases = [
    NodeMirror.Release(version: "97.2.0", lts: "Nova"), NodeMirror.Release(version: "98.0.1", lts: nil),
    NodeMirror.Release(version: "96.9.0", lts: "Mira"),
  ]

  @Test func aCodenameNewerThanOutfitWorksOnceTheIndexHasIt() async throws {
    let machine = try Machine()
    let mirror = try await NodeMirror(machine, Self.releases)
    let set = mirror.settings(machine)
    let unknown = try await machine.outfit("node", "install", "lts/novva", setting: set)
    #expect(unknown.status == 2, "\(unknown.errorText)")
    #expect(unknown.errorText.contains("did you mean `lts/nova`?"), "\(unknown.errorText)")

    let installed = try await machine.outfit("node", "install", "lts/nova", "98", setting: set)
    #expect(installed.status == 0, "\(installed.errorText)")
    #expect(installed.outputText == "Installed Node 97.2.0, Node 98.0.1.\n", "\(installed.outputText)")
    for (text, version) in [
      ("lts/nova", "97.2.0"), ("lts/*", "97.2.0"), ("node", "98.0.1"), ("latest", "98.0.1"),
      ("LTS", "?"), ("lts/mira", "?"), ("lts/nosuch", "?"),
    ] {
      try machine.write("web/.nvmrc", text + "\n")
      let said = try await machine.login("cd web && node --flag")
      if version == "?" {
        #expect(said.status == 127, "\(text): \(said.outputText)")
        #expect(said.errorText.contains("web/.nvmrc:1"), "\(text): \(said.errorText)")
      } else {
        #expect(said.outputText == "v\(version) --flag\n", "\(text): \(said.outputText)\(said.errorText)")
      }
    }
    // What a person is told to type is typed.
    try machine.write("web/.nvmrc", "lts/mira\n")
    let hint = try await machine.login("cd web && node")
    #expect(hint.errorText.contains("outfit node install 'lts/mira'"), "\(hint.errorText)")
    let mended = try await machine.outfit("node", "install", at: "web", setting: set)
    #expect(mended.status == 0, "\(mended.errorText)")
    #expect(try await machine.login("cd web && node").outputText == "v96.9.0\n")

    // For a command and all that it starts.
    let both = try await machine.outfit(
      "exec", "node@98", "--", "sh", "-c", "node one; exit 9", at: "web", setting: set)
    #expect(both.outputText == "v98.0.1 one\n", "\(both.outputText)\(both.errorText)")
    #expect(both.status == 9)

    let best = try await machine.outfit("node", "global", "lts/*", setting: set)
    #expect(
      best.outputText == "Node 97.2.0 is this machine's default.\n", "\(best.outputText)\(best.errorText)")
  }

  @Test func whatIsInstalledSaysItToo() async throws {
    let first = try Machine("aLockIsMade")
    let mirror = try await NodeMirror(first, Self.releases)
    try first.write("p/outfit.yaml", "profile: p\ninterpreters: {node: \"97\"}\n")
    let locked = try await first.outfit("up", "--trust", at: "p", setting: mirror.settings(first))
    #expect(locked.status == 0, "\(locked.errorText)")

    // Another machine reaches the releases and no index.
    let second = try Machine()
    try mirror.removeIndex(first)
    try second.write("p/outfit.yaml", "profile: p\ninterpreters: {node: \"97\"}\n")
    try second.write("p/outfit.lock", try #require(try first.read("p/outfit.lock")))
    let up = try await second.outfit("up", "--trust", at: "p", setting: mirror.settings(second))
    #expect(up.status == 0, "\(up.errorText)")
    try second.write("p/web/.nvmrc", "lts/nova\n")
    let said = try await second.run(
      second.home.appending(".local/share/outfit/bin/node"), ["x"], at: "p/web")
    #expect(said.outputText == "v97.2.0 x\n", "\(said.outputText)\(said.errorText)")
    let why = try await second.outfit("status", at: "p/web", setting: mirror.settings(second))
    #expect(!why.errorText.contains("lts/nova"), "\(why.errorText)")
  }
}
