import OutfitCore
import OutfitSystem
import Support
import SystemPackage
import Testing

/// What is said is so: of profiles that moved, of pins that somebody else made, and of what is not here.
@Suite(.serialized, .timeLimit(.minutes(15)))
struct TruthTests {
  private func commit(_ machine: Machine) async throws -> String {
    let made = try await machine.login(
      "cd repository && git init -q -b main && git add -A && git -c user.name=a -c user.email=a@b.example commit -qm x"
        + " && git rev-parse HEAD")
    let commit = String(made.outputText.filter { !$0.isWhitespace })
    try #require(commit.count == 40, "\(made.errorText)")
    return commit
  }

  @Test func aProfileThatMovedIsToldOfAndHad() async throws {
    let machine = try Machine()
    try machine.write("repository/web/outfit.yaml", "profile: web\ndotfiles:\n  .webrc: {copy: webrc}\n")
    try machine.write("repository/web/webrc", "first\n")
    let first = try await commit(machine)
    let address = "git+file://\(machine.home)/repository//web"
    #expect(try await machine.outfit("up", address, "--trust", first).status == 0)
    let quiet = try await machine.outfit("up")
    #expect(
      quiet.outputText.contains("web: commit \(first.prefix(7)), asked a moment ago"), "\(quiet.outputText)")

    try machine.write("repository/web/webrc", "second\n")
    let second = try await commit(machine)
    // Nobody was asked since.
    #expect(try await machine.outfit("status").outputText.contains("web: commit \(first.prefix(7))"))
    let outdated = try await machine.outfit("outdated", "--check")
    #expect(outdated.status == 3, "\(outdated.errorText)")
    #expect(outdated.outputText.contains(String(second.prefix(12))), "\(outdated.outputText)")
    #expect(outdated.outputText.contains("outfit update"), "\(outdated.outputText)")
    for verb in ["up", "status"] {
      let told = try await machine.outfit(verb)
      #expect(told.status == 0, "\(told.errorText)")
      #expect(told.outputText.contains("web has a newer commit since"), "\(told.outputText)")
    }
    let json = try await machine.outfit("status", "--json")
    #expect(json.outputText.contains("\"newest\": \"\(second)\""), "\(json.outputText)")

    // What is new needs consent, and until then all stays as it is.
    for arguments in [["up", address], ["update"], ["up", address, "--trust", first]] {
      let refused = try await machine.outfit(arguments)
      #expect(refused.status == 4, "\(arguments): \(refused.outputText)\(refused.errorText)")
      let line = arguments == ["update"] ? "outfit update" : "outfit up \(address)"
      #expect(refused.errorText.contains("\(line) --trust \(second)"), "\(refused.errorText)")
      #expect(try machine.read(".webrc") == "first\n")
    }
    #expect(try await machine.outfit("up").outputText.contains("Nothing to do"))
    #expect(try await machine.outfit("show", address).outputText.contains(second))
    #expect(try await machine.outfit("show").outputText.contains(first))
    let up = try await machine.outfit("up", address, "--trust", second)
    #expect(up.status == 0, "\(up.errorText)")
    #expect(try machine.read(".webrc") == "second\n")
    #expect(try await machine.outfit("status").outputText.contains("web: commit \(second.prefix(7))"))

    // Going back takes the commit back, and `up` does not bring it again; `update` does.
    #expect(try await machine.outfit("rollback").status == 0)
    #expect(try machine.read(".webrc") == "first\n")
    let after = try await machine.outfit("status")
    #expect(after.outputText.contains("web has a newer commit"), "\(after.outputText)\(after.errorText)")
    #expect(try await machine.outfit("up", "--trust", first).status == 0)
    #expect(try machine.read(".webrc") == "first\n")
    let update = try await machine.outfit("update", "--trust", second)
    #expect(update.status == 0, "\(update.outputText)\(update.errorText)")
    #expect(update.outputText.contains("\(first.prefix(12)) -> \(second.prefix(12))"), "\(update.outputText)")
    #expect(try machine.read(".webrc") == "second\n")
    let nothing = try await machine.outfit("update")
    #expect(nothing.status == 0 && nothing.outputText.contains("Nothing to do"), "\(nothing.errorText)")

    // A commit that changes nothing here is the one that is used all the same.
    try machine.write("repository/README.md", "more\n")
    let third = try await commit(machine)
    let silent = try await machine.outfit("up", address, "--trust", third)
    #expect(silent.status == 0, "\(silent.outputText)\(silent.errorText)")
    #expect(try await machine.outfit("status").outputText.contains("web: commit \(third.prefix(7))"))

    // Without the repository what is here goes on, and says so.
    try machine.files.rename(
      machine.home.appending("repository"), to: machine.home.appending("gone"))
    let unreachable = try await machine.outfit("up", address)
    #expect(unreachable.status == 1, "\(unreachable.outputText)")
    #expect(unreachable.errorText.contains("outfit up --offline"), "\(unreachable.errorText)")
    #expect(try await machine.outfit("up", "--offline").status == 0)
    #expect(try await machine.outfit("outdated").status == 1)
  }

  @Test func aCommitThatNothingIsAtIsNeverIgnored() async throws {
    let machine = try Machine()
    try machine.write("repository/web/outfit.yaml", "profile: web\ndotfiles:\n  .webrc: {copy: webrc}\n")
    try machine.write("repository/web/webrc", "first\n")
    let first = try await commit(machine)
    let address = "git+file://\(machine.home)/repository//web"
    #expect(try await machine.outfit("up", address, "--trust", first).status == 0)
    let other = String(repeating: "0", count: 40)
    for arguments in [["up", address, "--trust", other], ["up", "--trust", other]] {
      let refused = try await machine.outfit(arguments)
      #expect(refused.status == 4, "\(arguments): \(refused.outputText)")
      #expect(refused.errorText.contains("is at the commit \(other)"), "\(refused.errorText)")
    }
    #expect(try await machine.outfit("up", "--trust", first).status == 0)
  }

  @Test func aLockThatAppearsBesideTheProfileIsSeen() async throws {
    let machine = try Machine()
    try machine.write("p/outfit.yaml", "profile: p\ndotfiles:\n  .other: {copy: other}\n")
    try machine.write("p/other", "x\n")
    #expect(try await machine.outfit("up", "p", "--trust").status == 0)
    #expect(try await machine.outfit("up").outputText.contains("Nothing to do"))
    try machine.write("p/outfit.lock", "lock: none\n")
    let up = try await machine.outfit("up")
    #expect(up.status == 2, "\(up.outputText)\(up.errorText)")
  }

  @Test func whatRunsAlwaysRunsEveryTime() async throws {
    let machine = try Machine()
    try machine.write(
      "p/outfit.yaml", "profile: p\nscripts:\n  hello: {run: hello.sh, when: always}\n")
    try machine.write("p/hello.sh", "echo hello >> \"$HOME/said\"\n")
    for count in 1...3 {
      let up = try await machine.outfit(count == 1 ? ["up", "p", "--trust"] : ["up"])
      #expect(up.status == 0, "\(up.errorText)")
      #expect(try machine.read("said") == String(repeating: "hello\n", count: count))
    }
    let status = try await machine.outfit("status", "--check")
    #expect(status.status == 0 && status.outputText.contains("every time"), "\(status.outputText)")
    #expect(status.outputText.contains("p is up to date."), "\(status.outputText)")
    #expect(try machine.read("said") == "hello\nhello\nhello\n")
  }

  /// A profile whose one tool comes from a server.
  private func profile(
    _ name: String, tool version: String, _ server: LoopbackServer, _ bytes: [UInt8], _ machine: Machine,
    dotfile: String? = nil
  ) throws {
    let dotfiles = dotfile.map { "dotfiles:\n  \($0): {copy: file}\n" } ?? ""
    try machine.write(
      "\(name)/outfit.yaml",
      """
      profile: \(name)
      tools:
        here:
          from: url
          version: "\(version)"
          url: "\(server.address)/here-{version}"
          sha256: {linux-amd64: "\(Digest(of: bytes))", linux-arm64: "\(Digest(of: bytes))"}

      """ + dotfiles)
    try machine.write("\(name)/file", "\(name)\n")
  }

  @Test func pinsOfAnotherProfileCountForNothing() async throws {
    let machine = try Machine()
    let bytes = Array("#!/bin/sh\n# \(machine.home)\necho here\n".utf8)
    let server = try LoopbackServer { .file(bytes, for: $0) }
    try profile("a", tool: "1.0.0", server, bytes, machine)
    #expect(try await machine.outfit("up", "a", "--trust").status == 0)
    // It asks for the very same, and its own lock says nothing of it.
    try profile("b", tool: "1.0.0", server, bytes, machine)
    let stale = try await machine.outfit("up", "b", "--trust", "--yes", "--locked")
    #expect(stale.status == 3, "\(stale.outputText)\(stale.errorText)")
    try machine.write("c/outfit.yaml", "profile: c\ndotfiles:\n  .c: {copy: file}\n")
    try machine.write("c/file", "c\n")
    try machine.write("c/outfit.lock", "lock: 1\n")
    let covered = try await machine.outfit("up", "c", "--trust", "--yes", "--locked")
    #expect(covered.status == 0, "\(covered.outputText)\(covered.errorText)")
    #expect(try await machine.outfit("up", "--locked").status == 0)
    #expect(try machine.read(".c") == "c\n")
  }

  @Test func whatCantBeBuiltKeepsItsVersionWhenAnotherProfileComes() async throws {
    let machine = try Machine()
    let bytes = Array("#!/bin/sh\n# \(machine.home)\necho one\n".utf8)
    let isGone = Locked(false)
    let server = try LoopbackServer { request in
      isGone.withLock { $0 } ? LoopbackServer.Reply(404) : .file(bytes, for: request)
    }
    try profile("a", tool: "1.0.0", server, bytes, machine, dotfile: ".a")
    #expect(try await machine.outfit("up", "a", "--trust").status == 0)
    isGone.withLock { $0 = true }
    try profile("b", tool: "2.0.0", server, Array("other".utf8), machine, dotfile: ".b")
    let partly = try await machine.outfit("up", "b", "--trust", "--yes")
    #expect(partly.status == 1, "\(partly.outputText)")
    #expect(try machine.read(".b") == "b\n")
    #expect(try machine.read(".a") == nil)
    #expect(try await machine.login("here").outputText == "one\n")
    #expect(
      partly.outputText.contains("here 1.0.0") && !partly.outputText.contains("here 2.0.0"),
      "\(partly.outputText)")
    // What is asked for and is not here is not said to be.
    let install = try await machine.outfit("tool", "install", "here")
    #expect(install.status == 1, "\(install.outputText)")
    #expect(install.errorText.contains("could not be had yet") && install.errorText.contains("outfit up"))
  }

  @Test func whatCantBeResolvedSwitchesNothing() async throws {
    let machine = try Machine()
    let index = try PackageIndex(day: "2026-02-03")
    try await index.publish("good", "1.0", says: "good 1", machine)
    try await index.publishSource("bad", "2.0", machine)
    let head =
      "interpreters: {python: {versions: [\"3\"], system: true}}\nindexes: {open: {url: \"\(index.url)\"}}\n"
    let own = ["XDG_CACHE_HOME": machine.home.appending("cache").string]
    try machine.write("p/outfit.yaml", "profile: p\n\(head)tools: {good: \"*\"}\n")
    let first = try await machine.outfit("up", "p", "--trust", setting: own)
    #expect(first.status == 0, "\(first.errorText)")
    let lock = try machine.read(".local/state/outfit/machine/outfit.lock")
    try machine.write(
      "q/outfit.yaml", "profile: q\n\(head)tools: {bad: \"2.0\"}\ndotfiles:\n  .q: {copy: file}\n")
    try machine.write("q/file", "q\n")
    let before = try machine.tree()
    let second = try await machine.outfit("up", "q", "--trust", "--yes", setting: own)
    #expect(second.status == 1, "\(second.outputText)\(second.errorText)")
    #expect(second.errorText.contains("nothing was switched") && second.errorText.contains("p is as it was"))
    #expect(try machine.read(".local/state/outfit/machine/outfit.lock") == lock)
    expectSameTree(
      before.filter { !$0.key.hasPrefix("cache") }, try machine.tree().filter { !$0.key.hasPrefix("cache") })
    #expect(try await machine.login("good").outputText == "good 1\n")
    let status = try await machine.outfit("status", setting: own)
    #expect(status.outputText.contains("p is up to date."), "\(status.outputText)\(status.errorText)")

    // Nor are pins shown that nobody asked for.
    try machine.write("m/outfit.yaml", "profile: m\n\(head)tools: {good: \"0.*\"}\n")
    let shown = try await machine.outfit("show", "m", setting: own)
    #expect(shown.outputText.contains("good 0.*"), "\(shown.outputText)\(shown.errorText)")
    try machine.write("n/outfit.yaml", "profile: n\n\(head)tools: {good: \">=0\"}\n")
    #expect(try await machine.outfit("show", "n", setting: own).outputText.contains("good >=0"))
    #expect(try await machine.outfit("show", setting: own).outputText.contains("good 1.0"))
  }

  @Test func whatIsKeptIsNotUpAndWhatIsNoFileHasNoDifference() async throws {
    let machine = try Machine()
    try machine.write("d/outfit.yaml", "profile: d\ndotfiles:\n  .one: {copy: one}\n")
    try machine.write("d/one", "theirs\n")
    try machine.write(".one", "mine\n")
    let up = try await machine.outfit("up", "d", "--trust")
    #expect(up.status == 4, "\(up.errorText)")
    #expect(up.outputText.contains("d is partly up"), "\(up.outputText)")
    let status = try await machine.outfit("status")
    #expect(status.outputText.contains("`outfit up` would ask about the conflict"), "\(status.outputText)")
    for path in ["nosuch", "~/.two"] {
      let diff = try await machine.outfit("diff", path)
      #expect(diff.status == 2 && diff.outputText.isEmpty, "\(diff.outputText)\(diff.errorText)")
      #expect(diff.errorText.contains("is no file of d"), "\(diff.errorText)")
    }
    #expect(try await machine.outfit("diff", ".one").outputText.contains("theirs"))
    try machine.write("shop/outfit.yaml", "profile: shop\nenv: {A: b}\n")
    let project = try await machine.outfit(["up", "--trust"], at: "shop")
    #expect(
      project.status == 0 && !project.outputText.contains("render"),
      "\(project.outputText)\(project.errorText)")
    #expect(!(try await machine.outfit([], at: "shop").outputText.contains("render")))
  }
}
