import OutfitSystem
import Support
import SystemPackage
import Testing

/// One's own layer in git: two machines, one repository, and edits on both.
@Suite struct PersonalTests {
  private let one: Machine
  private let two: Machine
  private var address: String { "file://\(one.home)/own.git" }

  init() async throws {
    one = try Machine("personal-one")
    two = try Machine("personal-two")
    for machine in [one, two] {
      try machine.write(
        ".gitconfig", "[user]\n\tname = Ann\n\temail = ann@acme.example\n[init]\n\tdefaultBranch = main\n")
    }
    try #require(try await one.login("git init -q --bare -b main own.git").status == 0)
  }

  private static let manifest = """
    data:
      editor: vim
      # a
      # b
      # c
      # d
      # e
      pager: less
    dotfiles:
      .rc: {template: rc}

    """

  private func head() async throws -> String {
    try await one.login("git -C own.git rev-parse main").outputText.filter { !$0.isWhitespace }
  }

  private func edit(_ machine: Machine, _ old: String, _ new: String) throws {
    let text = try machine.read(".config/outfit/outfit.yaml") ?? ""
    try #require(text.contains(old), "\(text)")
    try machine.write(".config/outfit/outfit.yaml", text.replacing(old, with: new))
  }

  private func done(_ machine: Machine, _ words: String...) async throws -> Completion {
    let done = try await machine.outfit(words)
    #expect(done.status == 0, "\(words): \(done.outputText)\(done.errorText)")
    return done
  }

  /// The first machine fills an empty repository, the second has it.
  private func givenTwoMachines() async throws {
    try one.write(".config/outfit/outfit.yaml", Self.manifest)
    try one.write(".config/outfit/rc", "{{editor}} {{pager}}\n")
    _ = try await done(one, "personal", "clone", address)
    _ = try await done(one, "personal", "push", "-m", "first")
    let refused = try await two.outfit("personal", "clone", address)
    #expect(refused.status == 4, "\(refused.errorText)")
    #expect(refused.errorText.contains("it writes ~/.rc") || refused.errorText.contains("it writes"))
    #expect(try two.files.list(two.home.appending(".config/outfit")).isEmpty)
    let cloned = try await two.outfit("personal", "clone", address, "--trust", try await head())
    #expect(cloned.status == 0, "\(cloned.errorText)")
    #expect(try two.read(".rc") == "vim less\n")
  }

  @Test func twoMachinesEditTheSameFile() async throws {
    try await givenTwoMachines()
    // Different lines: both are had, whoever commits when.
    try edit(one, "editor: vim", "editor: nano")
    try one.write(".config/outfit/notes", "1\n")
    let pushed = try await done(one, "personal", "push")
    #expect(pushed.outputText.contains("outfit.yaml  +1 -1"), "\(pushed.outputText)")
    try edit(two, "pager: less", "pager: more")
    let status = try await done(two, "personal", "status", "--json")
    #expect(status.outputText.contains("\"path\": \"outfit.yaml\""), "\(status.outputText)")
    let unknown = try await two.outfit("personal", "pull")
    #expect(unknown.status == 4, "\(unknown.errorText)")
    #expect(try two.read(".config/outfit/outfit.yaml")?.contains("editor: vim") == true)
    let pulled = try await two.outfit("personal", "pull", "--trust", try await head())
    #expect(pulled.status == 0, "\(pulled.errorText)")
    #expect(try two.read(".rc") == "nano more\n")
    #expect(try two.read(".config/outfit/notes") == "1\n")
    let again = try await done(two, "personal", "pull")
    #expect(again.outputText.contains("Nothing to do"), "\(again.outputText)")
    _ = try await done(two, "personal", "push")

    // Own commits on both sides.
    try edit(one, "editor: nano", "editor: emacs")
    try #require(
      try await one.login("git -C .config/outfit commit -qam mine").status == 0)
    let behind = try await one.outfit("personal", "push")
    #expect(behind.status == 1 && behind.errorText.contains("outfit personal pull"), "\(behind.errorText)")
    _ = try await one.outfit("personal", "pull", "--trust", try await head())
    #expect(try one.read(".rc") == "emacs more\n")
    _ = try await done(one, "personal", "push")
    let log = try await one.login("git -C own.git log --format=%s main")
    #expect(log.outputText.contains("mine") && log.outputText.contains("first"), "\(log.outputText)")
    let nothing = try await done(one, "personal", "push")
    #expect(nothing.outputText.contains("Nothing to do"), "\(nothing.outputText)")
  }

  @Test(arguments: ["keep", "take", "backup"])
  func theSameLinesAreAskedAbout(policy: String) async throws {
    try await givenTwoMachines()
    try edit(one, "editor: vim", "editor: theirs")
    _ = try await done(one, "personal", "push")
    try edit(two, "editor: vim", "editor: mine")
    let before = try two.read(".config/outfit/outfit.yaml")
    let commit = try await head()
    let refused = try await two.outfit("personal", "pull", "--trust", commit)
    #expect(
      refused.status == 1 && refused.errorText.contains("--on-conflict keep|take|backup"),
      "\(refused.errorText)")
    #expect(try two.read(".config/outfit/outfit.yaml") == before)
    #expect(try two.read(".rc") == "vim less\n")
    let pulled = try await two.outfit("personal", "pull", "--trust", commit, "--on-conflict", policy)
    #expect(pulled.status == 0, "\(pulled.errorText)")
    #expect(try two.read(".rc") == (policy == "keep" ? "mine less\n" : "theirs less\n"))
    #expect(try two.read(".config/outfit/outfit.yaml.backup") == (policy == "backup" ? before : nil))
    let was = try await two.login("git -C .config/outfit show refs/outfit/before:outfit.yaml")
    #expect(was.outputText == before)
    if policy == "keep" {
      _ = try await done(two, "personal", "push")
      _ = try await one.outfit("personal", "pull", "--trust", try await head())
      #expect(try one.read(".rc") == "mine less\n")
    }
  }

  /// What merges line by line may be no manifest.
  @Test func aMergeThatIsNoManifestIsNotTaken() async throws {
    try await givenTwoMachines()
    try edit(one, "data:\n", "tags: [a]\ndata:\n")
    _ = try await done(one, "personal", "push")
    try edit(two, "dotfiles:\n", "tags: [b]\ndotfiles:\n")
    let before = try two.read(".config/outfit/outfit.yaml")
    let pulled = try await two.outfit("personal", "pull", "--trust", try await head())
    #expect(pulled.status == 2 && pulled.errorText.contains("tags"), "\(pulled.errorText)")
    #expect(try two.read(".config/outfit/outfit.yaml") == before)
  }

  @Test func secretsStayHere() async throws {
    try await givenTwoMachines()
    let token = "ghp_" + String(repeating: "aB3dE5gH", count: 4) + "1x2Y"
    let was = try await head()
    try one.write(".config/outfit/env", "export A=b\nexport GITHUB_TOKEN=\(token)\n")
    let refused = try await one.outfit("personal", "push")
    #expect(refused.status == 1 && refused.errorText.contains("env:2:1"), "\(refused.errorText)")
    #expect(!refused.errorText.contains(token))
    // In a commit that was not pushed, too, and though the file is gone now.
    try #require(
      try await one.login(
        "cd .config/outfit && git add -A && git commit -qm x && git rm -q env && git commit -qm y"
      )
      .status == 0)
    let earlier = try await one.outfit("personal", "push")
    #expect(earlier.status == 1 && earlier.errorText.contains("env:2:1"), "\(earlier.errorText)")
    #expect(try await head() == was)
    try one.write(".config/outfit/id_ed25519", "x\n")
    let named = try await one.outfit("personal", "push", "--json")
    #expect(named.status == 1 && named.errorText.contains("id_ed25519 has the name of"), "\(named.errorText)")
  }

  /// Digests, keys that are public, and pins are none.
  @Test func whatIsNoSecretIsPushed() async throws {
    try await givenTwoMachines()
    let digest = String(repeating: "0a1b2c3d", count: 8)
    let key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIK06nyyULS9AeyXHLGVEI+O+OoO7aiGtnQN8B0c10VnZ"
    try edit(
      one, "data:\n",
      "signers: {\"github:acme/\": [\"p@acme.example \(key)\"]}\ntools:\n  k9s: {from: url, version: \"1.0\", url: \"https://x.example/k9s\", sha256: {linux-amd64: \"\(digest)\"}}\ndata:\n"
    )
    try one.write(
      ".config/outfit/outfit.lock", try one.read(".config/outfit/outfit.lock") ?? "version: 1\n")
    _ = try await done(one, "personal", "push")
  }

  @Test func whatIsHereStaysWhenItIsCloned() async throws {
    try await givenTwoMachines()
    let three = try Machine("personal-three")
    try three.write(".config/outfit/outfit.yaml", "data: {editor: own}\n")
    try three.write(".config/outfit/projects/x/outfit.yaml", "profile: x\nremote: github.com/a/x\n")
    let commit = try await head()
    let refused = try await three.outfit("personal", "clone", address, "--trust", commit)
    #expect(
      refused.status == 1 && refused.errorText.contains("outfit.yaml is here already"), "\(refused.errorText)"
    )
    #expect(!three.files.exists(three.home.appending(".config/outfit/.git")))
    let cloned = try await three.outfit(
      "personal", "clone", address, "--trust", commit, "--on-conflict", "backup", "--no-apply")
    #expect(cloned.status == 0 && cloned.outputText.contains("Next: outfit up"), "\(cloned.errorText)")
    #expect(try three.read(".config/outfit/outfit.yaml.backup") == "data: {editor: own}\n")
    #expect(try three.read(".config/outfit/outfit.yaml") == Self.manifest)
    #expect(try three.read(".config/outfit/projects/x/outfit.yaml") != nil)
    let twice = try await three.outfit("personal", "clone", address)
    #expect(twice.status == 2 && twice.errorText.contains("is a clone already"), "\(twice.errorText)")
  }

  @Test func mistakes() async throws {
    for (words, status, said) in [
      (["pull"], 2, "is no clone"), (["push"], 2, "is no clone"), (["status"], 2, "is no clone"),
      ([], 2, "is no clone"),
      (["clone", "nowhere"], 2, "is not the address of a repository"),
      (["clone", "file://\(one.home)/nowhere"], 1, "can't fetch"),
      (["clone", "file://\(one.home)/own.git//sub"], 2, "a repository of its own"),
      (["clone", "https://ann:pw@h/x"], 2, "can't hold a user or a password"),
    ] as [([String], Int32, String)] {
      let done = try await one.outfit(["personal"] + words)
      #expect(
        done.status == status && done.errorText.contains(said), "\(words): \(done.status) \(done.errorText)")
      #expect(((try? one.files.list(one.home.appending(".config/outfit"))) ?? []).isEmpty)
    }
  }
}
