import OutfitCore
import OutfitSystem
import Support
import SystemPackage
import Testing

/// Profiles that are tried, put on top of what one has, and taken off again.
@Suite struct PutOnTests {
  private func machine(_ name: String = #function) throws -> Machine {
    let machine = try Machine(name)
    try machine.write(
      "team/outfit.yaml",
      "profile: team\ndotfiles: {.vimrc: {copy: vimrc}, .rc: {block: rc}}\nask: {email: {prompt: E, default: none}}\n"
    )
    try machine.write("team/vimrc", "team\n")
    try machine.write("team/rc", "team\n")
    try machine.write(
      "fun/outfit.yaml",
      """
      profile: fun
      dotfiles: {.vimrc: {copy: vimrc}, .rc: {block: rc}, .config/fun/a: {copy: vimrc}}
      bundles:
        more: {description: More fun, dotfiles: {.more: {copy: vimrc}}}
        most: {dotfiles: {.most: {copy: vimrc}}}
      """)
    try machine.write("fun/vimrc", "fun\n")
    try machine.write("fun/rc", "fun\n")
    try machine.write(".vimrc", "mine\n")
    return machine
  }

  @Test func aTryTouchesNothing() async throws {
    let machine = try machine()
    // What nothing could take back is left out.
    let manifest = try #require(try machine.read("fun/outfit.yaml"))
    try machine.write(
      "fun/outfit.yaml",
      manifest + "\npackages: {apt: [outfit-has-no-such-package]}\nscripts: {trace: trace.sh}\n")
    try machine.write("fun/trace.sh", "touch \(machine.home)/ran\n")
    let before = try machine.tree()
    let refused = try await machine.outfit("try", "fun", "--", "true")
    #expect(
      refused.status == 4 && refused.errorText.contains("outfit try fun --trust"), "\(refused.errorText)")
    let shell = try await machine.outfit("try", "fun", "--trust")
    #expect(shell.status == 2 && shell.errorText.contains("needs a terminal"), "\(shell.errorText)")
    let tried = try await machine.outfit(
      "try", "fun", "--trust", "--use", "more", "--", "/bin/sh", "-c",
      "cat ~/.vimrc ~/.more; test ! -e ~/.most && echo $HOME; command -v outfit; pwd; exit 7",
      setting: ["XDG_CONFIG_HOME": machine.home.appending("elsewhere").string, "ZDOTDIR": "/nowhere"])
    #expect(tried.status == 7, "\(tried.errorText)")
    #expect(tried.outputText.contains("fun\nfun\n/"), "\(tried.outputText)")
    #expect(!tried.outputText.contains("rollback"))
    #expect(tried.outputText.contains("/outfit/data/bin/outfit\n\(machine.home)\n"), "\(tried.outputText)")
    #expect(try machine.tree() == before)
    let trials = FilePath(machine.environment["XDG_CACHE_HOME"] ?? "").appending("outfit/trials")
    let inside =
      tried.outputText.split(separator: "\n").first { $0.contains("/trials/") }.map(String.init) ?? ""
    #expect(inside.hasPrefix(trials.string) && !machine.files.exists(FilePath(inside)), "\(inside)")
    // A profile that can't be read is no trial.
    #expect(try await machine.outfit("try", "nowhere", "--", "true").status == 2)
    #expect(try await machine.outfit("status").status == 2)
  }

  /// What a killed try leaves is nobody's, and goes with the next.
  @Test func whatAKilledTryLeavesGoes() async throws {
    let machine = try machine()
    let cache = ["XDG_CACHE_HOME": machine.home.appending("cache").string]
    let killed = try await machine.outfit(
      "try", "fun", "--trust", "--", "/bin/sh", "-c", "kill -9 $PPID; sleep 1", setting: cache)
    #expect(killed.status == 137)
    let trials = machine.home.appending("cache/outfit/trials")
    func trialNames() throws -> [String] { try machine.files.list(trials).filter { !$0.hasPrefix(".") } }
    #expect(try trialNames().count == 1)
    #expect(try await machine.outfit("try", "fun", "--trust", "--", "true", setting: cache).status == 0)
    #expect(try trialNames().isEmpty)
    #expect(try machine.read(".vimrc") == "mine\n")
  }

  @Test func aProfileIsAddedAndLeft() async throws {
    let machine = try machine()
    let up = try await machine.outfit("up", "team", "--trust", "--on-conflict", "take")
    #expect(up.status == 0, "\(up.errorText)")
    try machine.write(".config/outfit/outfit.yaml", "# mine\ndotfiles: {.own: {copy: own}} # stays\n")
    try machine.write(".config/outfit/own", "own\n")
    #expect(try await machine.outfit("up").status == 0)
    let before = try machine.tree()

    let refused = try await machine.outfit("add", "fun", "more")
    #expect(
      refused.status == 4 && refused.errorText.contains("outfit add fun more --trust"), "\(refused.errorText)"
    )
    let unknown = try await machine.outfit("add", "fun", "mroe", "--trust")
    #expect(unknown.status == 2 && unknown.errorText.contains("did you mean more?"), "\(unknown.errorText)")
    #expect(try machine.tree() == before)
    let manifest = try machine.read(".config/outfit/outfit.yaml")
    #expect(manifest == "# mine\ndotfiles: {.own: {copy: own}} # stays\n")

    let added = try await machine.outfit("add", "fun", "more", "--trust", "--yes")
    #expect(added.status == 0, "\(added.errorText)")
    #expect(try machine.read(".vimrc") == "fun\n" && machine.read(".more") == "fun\n")
    #expect(try machine.read(".most") == nil)
    #expect(
      try machine.read(".config/outfit/outfit.yaml")
        == "# mine\ndotfiles: {.own: {copy: own}} # stays\nextends: [\"~/fun\"]\nuse: [more]\n")
    let rc = try machine.read(".rc") ?? ""
    #expect(
      rc.contains("# >>> outfit team >>>\nteam\n") && rc.contains("# >>> outfit fun >>>\nfun\n"), "\(rc)")
    let why = try await machine.outfit("why", ".vimrc")
    #expect(why.outputText.contains("set by     fun, fun/outfit.yaml:2"), "\(why.outputText)")
    let twice = try await machine.outfit("add", "./fun")
    #expect(twice.outputText.contains("Nothing to do: fun is here already"), "\(twice.outputText)")
    let bundle = try await machine.outfit("add", "fun", "most", "--trust", "--json")
    #expect(bundle.outputText.contains(".most"), "\(bundle.outputText)")

    try machine.write(".rc", (try machine.read(".rc") ?? "") + "later\n")
    let asks = try await machine.outfit("leave", "fun")
    #expect(asks.status == 4 && asks.errorText.contains("All that came from fun goes"), "\(asks.errorText)")
    let left = try await machine.outfit("leave", "fun", "--yes")
    #expect(left.status == 0, "\(left.errorText)")
    #expect(try machine.read(".config/outfit/outfit.yaml") == manifest)
    #expect(try machine.read(".rc")?.hasSuffix("<<< outfit team <<<\nlater\n") == true)
    var after = try machine.tree()
    after[".rc"] = before[".rc"]
    #expect(
      after.filter { $0.value.hasPrefix("file") }.keys.sorted()
        == before.filter { $0.value.hasPrefix("file") }.keys.sorted())
    #expect(try machine.read(".vimrc") == "team\n" && machine.read(".own") == "own\n")

    for (name, text) in [("nothing", "has no profile nothing"), ("taem", "did you mean team?")] {
      let wrong = try await machine.outfit("leave", name, "--yes")
      #expect(wrong.status == 2 && wrong.errorText.contains(text), "\(wrong.errorText)")
    }
    let all = try await machine.outfit("leave", "team", "--yes", "--json")
    #expect(all.status == 0, "\(all.errorText)")
    #expect(try machine.read(".vimrc") == "mine\n" && machine.read(".own") == "own\n")
    #expect(try machine.read(".rc") == "later\n")
    #expect(try await machine.outfit("status", "--check").status == 0)
    let back = try await machine.outfit("rollback")
    #expect(try back.status == 0 && machine.read(".vimrc") == "team\n", "\(back.errorText)")
  }

  /// What builds up a profile does not go by itself.
  @Test func aPartOfAProfileStays() async throws {
    let machine = try machine()
    try machine.write("top/outfit.yaml", "profile: top\nextends: ../team\n")
    #expect(try await machine.outfit("up", "top", "--trust", "--on-conflict", "take").status == 0)
    let part = try await machine.outfit("leave", "team", "--yes")
    #expect(part.status == 2 && part.errorText.contains("leave what builds on it: top"), "\(part.errorText)")
    // Who has no layer of their own has none afterwards.
    let left = try await machine.outfit("leave", "top", "--yes")
    #expect(left.status == 0, "\(left.errorText)")
    #expect(try machine.read(".config/outfit/outfit.yaml") == nil && machine.read(".vimrc") == "mine\n")
  }
}
