import OutfitSystem
import SystemPackage
import Testing

/// Git hooks as a person meets them: installed by themselves, in clones and worktrees, and never a stranger's.
@Suite(.serialized)
struct HookTests {
  private func manifest(_ name: String, _ word: String) -> String {
    """
    profile: \(name)
    interpreters: {python: {versions: [">=3.10"], system: true}}
    hooks:
      say: {entry: [sh, -c, "echo \(word) >>$HOME/said"], types: [text], pass_filenames: false}

    """
  }

  @discardableResult
  private func git(_ machine: Machine, _ words: String..., at folder: String) async throws -> Completion {
    let done = try await machine.run("/usr/bin/git", words, at: folder)
    try #require(done.succeeded, "git \(words): \(done.errorText)")
    return done
  }

  /// A machine whose user has Outfit everywhere.
  private func machine(_ name: String = #function) async throws -> Machine {
    let machine = try Machine(name)
    try machine.write("me/outfit.yaml", "profile: me\n")
    let up = try await machine.outfit("up", "me", "--trust")
    try #require(up.status == 0, "\(up.errorText)")
    return machine
  }

  private func repository(_ machine: Machine, _ folder: String, _ manifests: [String: String]) async throws {
    for (path, text) in manifests { try machine.write("\(folder)/\(path)", text) }
    try await git(machine, "init", "-q", ".", at: folder)
    try machine.write(".gitconfig", "[user]\n\temail = ada@example.org\n\tname = Ada\n")
    try await git(machine, "add", "-A", at: folder)
    try await git(machine, "commit", "-qm", "first", at: folder)
  }

  /// What the hooks said at a commit that changes something.
  private func said(_ machine: Machine, at folder: String) async throws -> [String] {
    let said = machine.home.appending("said")
    if machine.files.exists(said) { try machine.files.remove(said) }
    try machine.write("\(folder)/change", "\(UInt64.random(in: 0...UInt64.max))\n")
    let commit = try await machine.login("git add change && git commit -qm change", at: folder)
    #expect(commit.status == 0, "\(commit.errorText)\(commit.outputText)")
    return (try machine.read("said") ?? "").split(separator: "\n").map(String.init)
  }

  @Test func installWorksByItself() async throws {
    let machine = try await machine()
    try await repository(machine, "shop", ["outfit.yaml": manifest("shop", "main")])
    let refused = try await machine.outfit("hooks", "install", at: "shop")
    #expect(refused.status == 4, "\(refused.errorText)")
    let up = try await machine.outfit("up", "--trust", at: "shop")
    try #require(up.status == 0, "\(up.errorText)")
    let healthy = try await machine.outfit("hooks", "install", at: "shop")
    #expect(healthy.status == 0, "\(healthy.errorText)")
    #expect(try await machine.outfit("status", at: "shop").outputText.contains("up to date") == true)
    #expect(try await said(machine, at: "shop") == ["main"])

    try await git(machine, "clone", "-q", "shop", "fresh", at: "")
    let trust = try await machine.outfit("trust", at: "fresh")
    #expect(trust.status == 0, "\(trust.errorText)")
    let fresh = try await machine.outfit("hooks", "install", at: "fresh")
    #expect(fresh.status == 0, "\(fresh.errorText)")
    #expect(try await said(machine, at: "fresh") == ["main"])

    // A worktree has those of the main one until it is brought up itself.
    try await git(machine, "worktree", "add", "-q", "../tree", at: "shop")
    #expect(try await said(machine, at: "tree") == ["main"])
    try machine.write("tree/outfit.yaml", manifest("shop", "tree"))
    _ = try await machine.outfit("trust", at: "tree")
    let tree = try await machine.outfit("hooks", "install", at: "tree")
    #expect(tree.status == 0, "\(tree.errorText)")
    #expect(try await said(machine, at: "tree") == ["tree"])
    #expect(try await said(machine, at: "shop") == ["main"])
  }

  @Test func projectsOfOneRepositoryHaveTheirOwn() async throws {
    let machine = try await machine()
    try await repository(
      machine, "mono", ["api/outfit.yaml": manifest("api", "api"), "web/outfit.yaml": manifest("web", "web")])
    for folder in ["mono/api", "mono/web"] {
      let up = try await machine.outfit("up", "--trust", at: folder)
      #expect(up.status == 0, "\(up.errorText)")
    }
    try machine.write("mono/api/more", "x\n")
    try machine.write("mono/web/more", "x\n")
    try await git(machine, "add", "-A", at: "mono")
    #expect(try await Set(said(machine, at: "mono")) == ["api", "web"])
  }

  /// What comes with a folder is not what was consented to, wherever it lies.
  @Test func anArchiveRunsNothing() async throws {
    let machine = try await machine()
    try await repository(machine, "loot", ["outfit.yaml": manifest("loot", "loot")])
    try machine.write("loot/.git/outfit/hooks.yaml", "repos: []\n")
    try machine.write("loot/.git/outfit/prek", "#!/bin/sh\ntouch \(machine.home)/PWNED\n", mode: 0o755)
    for words in [
      ["hooks", "run"], ["hooks", "run", "--all-files"], ["hooks", "run", "pre-push", "a", "b"],
    ] {
      let run = try await machine.outfit(words, at: "loot")
      #expect(run.status == 1)
      #expect(run.errorText.contains("`outfit up`"), "\(run.errorText)")
    }
    // A folder that only says that it is a worktree of what is known.
    try await repository(machine, "shop", ["outfit.yaml": manifest("shop", "main")])
    let up = try await machine.outfit("up", "--trust", at: "shop")
    try #require(up.status == 0, "\(up.errorText)")
    try machine.write("claim/.git", "gitdir: \(machine.home)/shop/.git\n")
    #expect(try await machine.outfit("hooks", "run", at: "claim").status == 1)
    #expect(try machine.read("PWNED") == nil)
    #expect(try machine.read("said") == nil)
  }
}
