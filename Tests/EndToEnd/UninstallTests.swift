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

  /// Tools that came by a verb and went by a rollback, folders, pins, and what the output says to run.
  @Test(.timeLimit(.minutes(15))) func whatWasUndoneStaysUndoneAndNothingIsLeft() async throws {
    let machine = try Machine()
    try machine.write(".bashrc", "# mine\n")
    try machine.write(".config/fish/mine.fish", "# mine\n")
    let index = try PackageIndex()
    for version in ["1.0", "2.0"] {
      try await index.publish("moving", version, says: "moving \(version)", machine)
    }
    try await index.publish("other", "1.0", says: "other", machine)
    // What the packages were made in.
    let first = try await everything(machine)
    try machine.write(
      "../p/outfit.yaml",
      """
      profile: p
      interpreters: {python: {versions: [">=3.9"], system: true}}
      indexes: {open: {url: "\(index.url)"}}
      tools: {moving: "*"}
      dotfiles: {.config/app/deep/rc: {copy: rc}}

      """)
    try machine.write("../p/rc", "rc\n")
    let cache = ["XDG_CACHE_HOME": "\(machine.home)/.cache"]
    let outfit = Machine.build.appending("outfit")
    func run(_ arguments: String...) async throws -> Completion {
      try await machine.run(outfit, arguments, setting: cache)
    }
    let pins = ".local/state/outfit/machine/outfit.lock"
    let up = try await run("up", "../p", "--trust")
    try #require(up.status == 0, "\(up.errorText)")
    let before = (try machine.read(pins), try machine.read(".bashrc"))
    for words in [["moving==1.0"], ["other"]] {
      let installed = try await machine.run(outfit, ["tool", "install"] + words, setting: cache)
      try #require(installed.status == 0, "\(installed.errorText)")
    }
    #expect(try machine.read(".config/outfit/outfit.yaml")?.contains("other") == true)
    // One further back each time.
    let back = try await run("rollback")
    #expect(back.status == 0, "\(back.errorText)")
    #expect(try machine.read(".config/outfit/outfit.yaml")?.contains("other") == false)
    let further = try await run("rollback")
    #expect(further.status == 0, "\(further.errorText)")
    #expect(!machine.files.exists(machine.home.appending(".config/outfit/outfit.yaml")))
    #expect(try machine.read(pins) == before.0)
    let status = try await run("status", "--check")
    #expect(status.status == 0, "\(status.outputText)\(status.errorText)")
    let listed = try await run("generations")
    #expect(listed.outputText.contains("tool install moving==1.0"), "\(listed.outputText)")
    #expect(listed.outputText.contains("rollback to generation 1"), "\(listed.outputText)")
    let why = try await run("why", "~/.bashrc")
    #expect(why.status == 0 && why.outputText.contains("first on PATH"), "\(why.errorText)")
    #expect(try await run("why", "outfit").status == 0)

    // Before Outfit, and again by the words that it says.
    let beginning = try await run("rollback")
    #expect(beginning.status == 0, "\(beginning.errorText)")
    #expect(!machine.files.exists(machine.home.appending(".config/outfit/outfit.yaml")))
    #expect(try await run("rollback").outputText.contains("Nothing further back"))
    let words = try #require(
      beginning.errorText.split(separator: "\n").first { $0.hasPrefix("Changed your mind? ") }?.dropFirst(19))
    let forth = try await machine.run("/bin/sh", ["-c", String(words)], setting: cache)
    #expect(forth.status == 0, "\(words): \(forth.errorText)")
    #expect(try machine.read(pins) == before.0)
    let same = try await run("rollback", "0")
    #expect(same.status == 0, "\(same.errorText)")

    let dry = try await run("self", "uninstall", "--dry-run")
    #expect(!dry.outputText.contains("stays:"), "\(dry.outputText)")
    let gone = try await run("self", "uninstall", "--yes")
    #expect(gone.status == 0, "\(gone.errorText)")
    let after = try await everything(machine)
    let (old, new) = (first.split(separator: "\n"), after.split(separator: "\n"))
    let (lost, added) = (old.filter { !new.contains($0) }, new.filter { !old.contains($0) })
    #expect(lost.isEmpty && added.isEmpty, "lost \(lost), added \(added)")
  }

  /// `make up`, but for the build: the clone can go, a second one replaces what is there, and nothing is left.
  @Test(.timeLimit(.minutes(15))) func whatACloneInstallsLivesWithoutIt() async throws {
    let machine = try Machine()
    try machine.write(".bashrc", "# mine\n")
    let first = try await everything(machine)
    let clone = machine.home.removingLastComponent().appending("clone")
    let cache = ["XDG_CACHE_HOME": "\(machine.home)/.cache"]
    func makeUp() async throws -> Completion {
      try machine.files.createDirectories(clone.pushing("Sources/OutfitCore"))
      for name in ["scripts", "profiles", "templates", "Sources/OutfitCore/Release.swift"] {
        try await machine.copy(name, to: "../clone/\(name)")
      }
      return try await machine.run(
        "/bin/sh",
        [
          clone.pushing("scripts/up.sh").string, Machine.build.string, "--only", "dotfiles", "--set",
          "email=ada@example.org", "--set", "name=Ada",
        ], setting: cache)
    }
    for _ in 1...2 {
      let made = try await makeUp()
      try #require(made.status == 0, "\(made.errorText)")
      try machine.files.removeTree(clone)
    }
    let program = machine.home.pushing(".local/bin/outfit")
    #expect(
      try machine.files.list(machine.home.pushing(".local/share/outfit/self")).filter { $0 != ".made" }.count
        == 1)
    let up = try await machine.run(program, ["up", "--only", "dotfiles"], setting: cache)
    #expect(
      up.status == 0 && up.outputText.contains("starter is up to date"), "\(up.outputText)\(up.errorText)")
    let gone = try await machine.run(program, ["self", "uninstall", "--yes"], setting: cache)
    #expect(gone.status == 0, "\(gone.errorText)")
    #expect(try await everything(machine) == first)
  }
}
