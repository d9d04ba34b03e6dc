import OutfitCore
import OutfitSystem
import Support
import SystemPackage
import Testing

/// A manifest that the user keeps for a repository that carries none.
@Suite(.serialized)
struct KeptManifestTests {
  private static let kept = ".config/outfit/projects"

  private func git(_ machine: Machine, _ arguments: String..., at folder: String) async throws {
    let done = try await machine.run(
      "/usr/bin/git", ["-c", "user.email=a@b.example", "-c", "user.name=Ada"] + arguments, at: folder)
    try #require(done.succeeded, "\(done.errorText)")
  }

  /// A repository with a commit and a remote.
  private func givenARepository(
    _ machine: Machine, _ folder: String = "shop", remote: String? = "git@github.com:acme/shop.git"
  ) async throws {
    try machine.write("\(folder)/src/readme", "a shop\n")
    try await git(machine, "init", "-q", at: folder)
    try await git(machine, "add", "-A", at: folder)
    try await git(machine, "commit", "-qm", "first", at: folder)
    if let remote { try await git(machine, "remote", "add", "origin", remote, at: folder) }
  }

  private func status(_ machine: Machine, _ folder: String = "shop") async throws -> String {
    try await machine.run(
      "/usr/bin/git", ["--no-optional-locks", "status", "--porcelain", "--ignored"], at: folder
    ).outputText
  }

  private func tool(_ machine: Machine) throws -> (server: LoopbackServer, entry: String) {
    let bytes = Array("#!/bin/sh\n# \(machine.home)\necho there\n".utf8)
    let server = try LoopbackServer { .file(bytes, for: $0) }
    let entry = """
      tools:
        there:
          from: url
          version: "1.0.0"
          url: "\(server.address)/there"
          sha256: {linux-amd64: "\(Digest(of: bytes))", linux-arm64: "\(Digest(of: bytes))"}

      """
    return (server, entry)
  }

  @Test func aDayWithARepositoryThatCarriesNone() async throws {
    let machine = try Machine("kept")
    try await givenARepository(machine)
    let (server, entry) = try tool(machine)
    let none = try await machine.outfit("up", at: "shop")
    #expect(none.status == 2, "\(none.errorText)")
    let manifest = "\(Self.kept)/shop/outfit.yaml"
    let text = "# mine\nprofile: shop\nremote: https://GitHub.com/acme/shop\nenv: {SHOP: dev}\n" + entry
    try machine.write(manifest, text)
    let before = try machine.tree()

    // What only reads needs no consent; a repository may call itself what it likes, so `up` asks.
    for verb in [["status"], ["show"], ["diff"], ["up", "--dry-run"], ["why", "there"]] {
      let done = try await machine.outfit(verb, at: "shop/src")
      #expect(done.status == 0, "\(verb): \(done.outputText)\(done.errorText)")
    }
    let refused = try await machine.outfit("up", at: "shop")
    #expect(refused.status == 4, "\(refused.errorText)")
    #expect(refused.errorText.contains("projects/shop in \(machine.home)/shop"), "\(refused.errorText)")
    #expect(try machine.read("\(Self.kept)/shop/outfit.lock") == nil)

    let up = try await machine.outfit("up", "--trust", at: "shop/src")
    #expect(up.status == 0, "\(up.outputText)\(up.errorText)")
    #expect(try machine.read("\(Self.kept)/shop/outfit.lock")?.contains("there") == true)
    #expect(try await status(machine) == "")
    expectSameTree(
      before.filter { $0.key.hasPrefix("shop") }, try machine.tree().filter { $0.key.hasPrefix("shop") })
    let again = try await machine.outfit("up", at: "shop")
    #expect(
      again.outputText == "Nothing to do: shop is up to date.\n", "\(again.outputText)\(again.errorText)")
    let ran = try await machine.run(
      Machine.build.appending("outfit"), ["exec", "there"], at: "shop/src")
    #expect(ran.outputText == "there\n", "\(ran.errorText)")
    let shell = try await machine.run(
      "/bin/bash",
      [
        "-c",
        "eval \"$(\(Machine.build)/outfit shell-init bash)\"; cd shop/src; eval \"$PROMPT_COMMAND\"; echo \"$SHOP\"",
      ],
      setting: ["XDG_DATA_HOME": ""])
    #expect(shell.outputText.contains("dev"), "\(shell.outputText)\(shell.errorText)")

    let why = try await machine.outfit("why", "there", at: "shop")
    #expect(why.outputText.contains("projects/shop/outfit.yaml:6"), "\(why.outputText)")
    let overview = try await machine.outfit(at: "shop/src")
    #expect(overview.outputText.contains("project   shop"), "\(overview.outputText)")
    let doctor = try await machine.outfit("doctor", at: "shop")
    #expect(!doctor.outputText.contains("warning  ~/.config"), "\(doctor.outputText)")
    let outdated = try await machine.outfit("lock", "--check", at: "shop")
    #expect(outdated.status == 0, "\(outdated.errorText)")
    let generations = try await machine.outfit("generations", at: "shop/src")
    #expect(generations.outputText.contains("1"), "\(generations.outputText)")

    // A tool more, in the manifest that is kept, with its comment.
    let edited = try await machine.outfit("tool", "uninstall", "there", "--project", at: "shop/src")
    #expect(edited.status == 0, "\(edited.outputText)\(edited.errorText)")
    let after = try #require(try machine.read(manifest))
    #expect(after.hasPrefix("# mine\nprofile: shop\nremote:") && !after.contains("there"), "\(after)")
    #expect(try await status(machine) == "")

    let back = try await machine.outfit("rollback", "0", at: "shop/src")
    #expect(back.status == 0, "\(back.outputText)\(back.errorText)")
    #expect(back.outputText.contains("the project"), "\(back.outputText)")
    #expect(try await status(machine) == "")
    withExtendedLifetime(server) {}
  }

  @Test func theRepositorysOwnManifestWins() async throws {
    let machine = try Machine("own")
    try await givenARepository(machine)
    try machine.write("\(Self.kept)/shop/outfit.yaml", "profile: mine\nremote: github.com/acme/shop\n")
    let mine = try await machine.outfit("show", at: "shop/src")
    #expect(mine.outputText.contains("mine"), "\(mine.outputText)")
    try machine.write("shop/src/outfit.yaml", "profile: theirs\nenv: {A: b}\n")
    let theirs = try await machine.outfit("show", at: "shop/src")
    #expect(theirs.outputText.contains("theirs"), "\(theirs.outputText)")
    // Above that folder there is none in the repository.
    let above = try await machine.outfit("show", at: "shop")
    #expect(above.outputText.contains("mine"), "\(above.outputText)")
    // A manifest above the repository is not its own.
    try machine.files.remove(machine.home.appending("shop/src/outfit.yaml"))
    try machine.write("outfit.yaml", "profile: outer\nenv: {A: b}\n")
    let outer = try await machine.outfit("show", at: "shop/src")
    #expect(outer.outputText.contains("mine"), "\(outer.outputText)")
  }

  @Test func twoManifestsForOneRepositoryAreAMistake() async throws {
    let machine = try Machine("two")
    try await givenARepository(machine)
    try machine.write("\(Self.kept)/a/outfit.yaml", "remote: github.com/acme/shop\nenv: {A: b}\n")
    try machine.write("\(Self.kept)/b/outfit.yaml", "profile: b\nremote: git@github.com:acme/shop\n")
    for verb in ["up", "status", "lock", "show"] {
      let done = try await machine.outfit(verb, at: "shop")
      #expect(done.status == 2, "\(verb): \(done.errorText)")
      #expect(
        done.errorText.contains("projects/a/outfit.yaml:1:9")
          && done.errorText.contains("projects/b/outfit.yaml:2:9"), "\(verb): \(done.errorText)")
    }
    let doctor = try await machine.outfit("doctor", at: "shop")
    #expect(
      doctor.status == 1 && doctor.outputText.contains("two manifests of yours"), "\(doctor.outputText)")
    // Elsewhere nobody minds.
    try machine.write("c/outfit.yaml", "profile: c\nenv: {A: b}\n")
    let elsewhere = try await machine.outfit("show", at: "c")
    #expect(elsewhere.status == 0, "\(elsewhere.errorText)")
  }

  /// Mistakes are named where they are, in the kept file, and only in its repository.
  @Test func mistakesAreNamedWhereTheyAre() async throws {
    let machine = try Machine("mistakes")
    try await givenARepository(machine)
    try await givenARepository(machine, "other", remote: "https://github.com/acme/other")
    try machine.write("\(Self.kept)/shop/outfit.yaml", "remote: github.com/acme/shop\nenvv: {A: b}\n")
    let wrong = try await machine.outfit("up", at: "shop")
    #expect(
      wrong.status == 2 && wrong.errorText.contains("projects/shop/outfit.yaml:2:1"), "\(wrong.errorText)")
    try machine.write("\(Self.kept)/shop/outfit.yaml", "remote: github.com/acme/shop\ntools: [\n")
    let broken = try await machine.outfit("status", at: "shop/src")
    #expect(
      broken.status == 2 && broken.errorText.contains("projects/shop/outfit.yaml:"), "\(broken.errorText)")
    let other = try await machine.outfit("status", at: "other")
    #expect(other.errorText.contains("has no profile yet"), "\(other.errorText)")
    try machine.write("\(Self.kept)/shop/outfit.yaml", "remote: ../shop\nenv: {A: b}\n")
    let odd = try await machine.outfit("doctor", at: "shop")
    #expect(odd.outputText.contains("projects/shop/outfit.yaml"), "\(odd.outputText)")
  }

  /// What a checkout can say of itself selects nothing but what the user wrote for that remote, and runs nothing.
  @Test func aHostileCheckoutCanDoNothing() async throws {
    let machine = try Machine("hostile")
    try machine.write(
      "\(Self.kept)/shop/outfit.yaml", "profile: kept\nremote: github.com/acme/shop\nenv: {A: b}\n")
    let marker = "\(machine.home)/owned"
    let urls = [
      "ext::sh -c touch% \(marker)", "https://github.com/acme/../acme/shop", "https://github.com/acme/shop?a",
      "-oProxyCommand=touch \(marker)", "https://github.com@evil.example/acme/shop",
      "https://evil.example/github.com/acme/shop", "github.com/acme/shop", "../../github.com/acme/shop",
      "https://github.com/acme/shop%2e", "https://github.com/Acme/shop", "$(touch \(marker))",
      "`touch \(marker)`",
    ]
    for (number, url) in urls.enumerated() {
      let folder = "h\(number)"
      try machine.write(
        "\(folder)/.git/config",
        """
        [core]
        \tfsmonitor = touch \(marker)
        \thooksPath = \(machine.home)/\(folder)/hooks
        \tsshCommand = touch \(marker)
        [include]
        \tpath = evil
        [remote "origin"]
        \turl = \(url)
        [alias]
        \tconfig = !touch \(marker)

        """)
      try machine.write("\(folder)/.git/HEAD", "ref: refs/heads/main\n")
      try machine.write("\(folder)/.git/evil", "[remote \"more\"]\n\turl = https://github.com/acme/shop\n")
      let done = try await machine.outfit("show", at: folder)
      #expect(!done.outputText.contains("kept"), "\(url): \(done.outputText)")
    }
    // Files that are none, or far too large.
    for (name, script) in [
      ("pipe", "mkdir -p pipe/.git; mkfifo pipe/.git/config"), ("pipes", "mkdir pipes; mkfifo pipes/.git"),
      ("large", "mkdir -p large/.git; head -c 3000000 /dev/zero >large/.git/config"),
      ("loop", "mkdir loop; ln -s .git loop/.git"), ("empty", "mkdir -p empty/.git"),
      ("away", "mkdir away; echo 'gitdir: /nowhere' >away/.git"),
      ("long", "mkdir long; head -c 900000 /dev/zero >long/.git"),
      ("bytes", "mkdir -p bytes/.git; head -c 5000 /dev/urandom >bytes/.git/config"),
    ] {
      let made = try await machine.run("/bin/sh", ["-euc", script])
      try #require(made.succeeded, "\(made.errorText)")
      let done = try await machine.run(
        "/usr/bin/timeout", ["20", Machine.build.appending("outfit").string, "status"], at: name)
      #expect(done.status == 2, "\(name): \(done.outputText)\(done.errorText)")
    }
    // One that says that it is the shop is asked about, each by itself: consent to one is none to the other.
    for folder in ["one", "two"] {
      try machine.write("\(folder)/.git/HEAD", "ref: refs/heads/main\n")
      try machine.write("\(folder)/.git/config", "[remote \"o\"]\n\turl = https://github.com/acme/shop\n")
    }
    let one = try await machine.outfit("up", "--trust", at: "one")
    #expect(one.status == 0, "\(one.errorText)")
    let two = try await machine.outfit("up", at: "two")
    #expect(two.status == 4 && two.errorText.contains("/two"), "\(two.errorText)")
    let trusted = try await machine.outfit("trust", at: "two")
    #expect(trusted.status == 0, "\(trusted.errorText)")
    let now = try await machine.outfit("up", at: "two")
    #expect(now.status == 0, "\(now.errorText)")
    #expect(!machine.files.exists(FilePath(marker)))
  }

  /// The virtualenv is the repository's, from its own requirements; git sees nothing of it, in a worktree neither.
  @Test func aVirtualenvInARepositoryAndInAWorktree() async throws {
    let machine = try Machine("keptvenv")
    try await givenARepository(machine)
    try machine.write("shop/requirements.txt", "iniconfig\n")
    try await git(machine, "add", "-A", at: "shop")
    try await git(machine, "commit", "-qm", "requirements", at: "shop")
    try await git(machine, "worktree", "add", "-q", "../tree", at: "shop")
    try machine.write(
      "\(Self.kept)/shop/outfit.yaml",
      """
      profile: shop
      remote: github.com/acme/shop
      interpreters: {python: {versions: [">=3.10"], system: true}}
      virtualenv: {from: requirements.txt}

      """)
    for folder in ["shop", "tree"] {
      let up = try await machine.outfit("up", "--trust", at: folder)
      #expect(up.status == 0, "\(folder): \(up.outputText)\(up.errorText)")
      #expect(try await status(machine, folder).replacing("!! .venv\n", with: "") == "", "\(folder)")
      let ran = try await machine.run(
        machine.home.pushing(FilePath("\(folder)/.venv/bin/python")), ["-c", "import iniconfig"])
      #expect(ran.succeeded, "\(folder): \(ran.errorText)")
    }
    for folder in ["tree", "shop"] {
      let back = try await machine.outfit("rollback", "0", at: folder)
      #expect(back.status == 0, "\(folder): \(back.outputText)\(back.errorText)")
      #expect(!machine.files.exists(machine.home.appending(folder).appending(".venv")))
      #expect(try await status(machine, folder) == "", "\(folder)")
    }
    #expect(try machine.read("shop/.git/info/exclude")?.contains("outfit") == false)
  }

  @Test func initWritesOne() async throws {
    let machine = try Machine("keptinit")
    try await givenARepository(machine, remote: "ssh://git@git.example.com:2222/acme/shop.git")
    try machine.write("shop/.python-version", "3.12\n")
    try await git(machine, "add", "-A", at: "shop")
    try await git(machine, "commit", "-qm", "python", at: "shop")
    let done = try await machine.outfit("init", "--kept", at: "shop")
    #expect(done.status == 0, "\(done.errorText)")
    let text = try #require(try machine.read("\(Self.kept)/shop/outfit.yaml"))
    #expect(text.contains("remote: git.example.com/acme/shop\n") && text.contains("3.12"), "\(text)")
    #expect(try await status(machine) == "")
    let shown = try await machine.outfit("show", at: "shop/src")
    #expect(shown.status == 0 && shown.outputText.contains("shop"), "\(shown.errorText)")
    let again = try await machine.outfit("init", "--kept", at: "shop")
    #expect(again.status == 2, "\(again.outputText)")
    try await givenARepository(machine, "bare", remote: nil)
    let none = try await machine.outfit("init", "--kept", at: "bare")
    #expect(none.status == 2 && none.errorText.contains("no remote"), "\(none.errorText)")
    let nowhere = try await machine.outfit("status", at: "bare")
    #expect(nowhere.status == 2, "\(nowhere.outputText)")
  }
}
