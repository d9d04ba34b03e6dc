import OutfitCore
import OutfitSystem
import Support
import SystemPackage
import Testing

/// Everything goes, and everything that was replaced comes back.
@Suite(.serialized)
struct UninstallTests {
  /// Every path below HOME with its kind, mode and bytes, Outfit's own folders too; times of folders apart.
  private func everything(_ machine: Machine) async throws -> String {
    let listed = try await machine.run(
      "/bin/sh",
      [
        "-c",
        "find . -printf '%p %y %m %l\\n' | sort; find . -type f -printf '%p %T@\\n' | sort; find . -type f -exec sha256sum {} + | sort",
      ])
    return listed.outputText
  }

  @Test func theHomeIsAsItWasByteForByteAndModeForMode() async throws {
    let machine = try Machine()
    try machine.write(".bashrc", "# mine\nexport A=1", mode: 0o600)
    try machine.write(".gitconfig", "[user]\n\tname = Ada\n", mode: 0o664)
    try machine.write(".profile", "# profile\n")
    try machine.write("src/shop/main.py", "import os\n")
    let tool = Array("#!/bin/sh\necho here\n".utf8)
    let server = try LoopbackServer { .file(tool, for: $0) }
    try machine.write(
      "src/p/outfit.yaml",
      """
      profile: p
      tools:
        here:
          from: url
          version: "1.0.0"
          url: "\(server.address)/here"
          sha256: {linux-amd64: "\(Digest(of: tool))", linux-arm64: "\(Digest(of: tool))"}
      dotfiles:
        .gitconfig: {copy: gitconfig}
        .bashrc: {block: block}
        .config/app/rc: {copy: rc}
        .ssh/config: {copy: rc, mode: "0600"}

      """)
    for name in ["gitconfig", "block", "rc"] { try machine.write("src/p/\(name)", "\(name)\n") }
    try machine.write(
      "src/shop/outfit.yaml", "profile: shop\nenv: {A: b}\n")
    let made = try await machine.login("cd src/shop && git init -q")
    try #require(made.succeeded)
    let before = try await everything(machine)

    let cache = ["XDG_CACHE_HOME": "\(machine.home)/.cache"]
    let outfit = Machine.build.appending("outfit")
    func run(_ arguments: String..., at folder: String = "") async throws -> Completion {
      try await machine.run(outfit, arguments, at: folder, setting: cache)
    }
    #expect(try await run("trust", "src/p").status == 0)
    let up = try await run("up", "src/p", "--on-conflict", "take")
    #expect(up.status == 0, "\(up.errorText)")
    let project = try await run("up", "--trust", at: "src/shop")
    #expect(project.status == 0, "\(project.errorText)")
    try machine.write("src/p/rc", "newer\n")
    let second = try await run("up", "src/p", "--trust")
    #expect(second.status == 0, "\(second.errorText)")
    try machine.write("src/p/rc", "rc\n")
    let lock = machine.home.appending("src/shop/outfit.lock")
    if machine.files.exists(lock) { try machine.files.remove(lock) }

    let refused = try await run("self", "uninstall")
    #expect(refused.status == 4, "\(refused.errorText)")
    let between = try machine.tree()
    let dry = try await run("self", "uninstall", "--dry-run")
    #expect(dry.status == 0 && dry.outputText.contains(".gitconfig"), "\(dry.outputText)")
    expectSameTree(between, try machine.tree())

    let gone = try await run("self", "uninstall", "--yes")
    #expect(gone.status == 0, "\(gone.errorText)")
    let after = try await everything(machine)
    let (old, new) = (before.split(separator: "\n"), after.split(separator: "\n"))
    let lost = old.filter { !new.contains($0) && !$0.contains("src/p/rc") }
    let added = new.filter { !old.contains($0) && !$0.contains("src/p/rc") }
    #expect(lost.isEmpty && added.isEmpty, "lost \(lost), added \(added)")
    let again = try await run("self", "uninstall", "--yes")
    #expect(again.status == 0 && again.outputText.contains("Nothing to take out"), "\(again.outputText)")
  }

  @Test func editsAndThePersonalLayerStay() async throws {
    let machine = try Machine()
    try machine.write(".rc", "first\n")
    try machine.write("p/outfit.yaml", "profile: p\ndotfiles:\n  .rc: {copy: rc}\n")
    try machine.write("p/rc", "theirs\n")
    try machine.write(".config/outfit/outfit.yaml", "profile: me\n")
    // Its own: what is uninstalled takes its cache with it.
    let cache = ["XDG_CACHE_HOME": "\(machine.home)/.cache"]
    let up = try await machine.outfit("up", "p", "--trust", "--on-conflict", "take", setting: cache)
    #expect(up.status == 0, "\(up.errorText)")
    try machine.write(".rc", "edited\n")
    let gone = try await machine.outfit("self", "uninstall", "--yes", setting: cache)
    #expect(gone.status == 0, "\(gone.errorText)")
    #expect(gone.errorText.contains(".rc"), "\(gone.errorText)")
    #expect(try machine.read(".rc") == "edited\n")
    #expect(try machine.read(".config/outfit/outfit.yaml") == "profile: me\n")
    // What was there before Outfit came is not lost with its state.
    let kept = machine.home.appending(".local/state/outfit/recovered")
    let name = try #require(try machine.files.list(kept).first)
    #expect(try machine.files.text(kept.appending(name)) == "first\n")
    #expect(!machine.files.exists(machine.home.appending(".local/share/outfit")))
  }
}
