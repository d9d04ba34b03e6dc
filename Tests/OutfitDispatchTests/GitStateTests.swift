import OutfitSystem
import Support
import SystemPackage
import Testing

@testable import OutfitDispatch

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// What a prompt says of repositories, asked of the real git.
@Suite struct GitStateTests {
  fileprivate func git(_ world: World, _ command: String, at folder: String) async throws {
    let done = try await world.folder.host.processes.run(
      Invocation(
        "/bin/sh", ["-c", command],
        environment: [
          "HOME": world.folder.path.string, "PATH": "/usr/bin:/bin", "GIT_CONFIG_NOSYSTEM": "1",
          "GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a@b", "GIT_COMMITTER_NAME": "a",
          "GIT_COMMITTER_EMAIL": "a@b",
        ], workingDirectory: world.path(folder)))
    try #require(done.succeeded, "\(done.errorText)")
  }

  @Test func porcelainIsCounted() {
    var status = GitState.Status(Array("main".utf8))
    for line in [
      "# branch.oid 1234", "# branch.head main", "# branch.upstream origin/main", "# branch.ab +2 -13",
      "# stash 4", "1 M. N... 100644 100644 100644 a b f", "1 .M N... 1 1 1 a b g", "1 MM N... 1 1 1 a b h",
      "2 R. N... 1 1 1 a b R100 x\ty", "u UU N... 1 1 1 1 a b c z", "? new", "? other", "! ignored", "", "1",
      "# x",
    ] {
      status.take(Array(line.utf8)[...])
    }
    #expect(
      String(decoding: status.line("fresh"), as: UTF8.self) == "main\t2\t13\t3\t2\t2\t1\t4\t-\tfresh\n")
  }

  @Test func branchesAreReadWithoutGit() async throws {
    let world = try World()
    func branch(_ folder: String) -> String? {
      GitState.Repository(around: Array(world.path(folder).string.utf8)).map {
        String(decoding: $0.branch, as: UTF8.self) + "\($0.action)" + ($0.isPlain ? "" : "!")
      }
    }
    #expect(branch("") == nil)
    try world.write("r/.git/HEAD", "ref: refs/heads/feature/x\n")
    try world.write("r/.git/config", "[core]\n\tbare = false\n")
    #expect(branch("r/deep/er") == "feature/x")
    try world.write("r/.git/MERGE_HEAD", "1234\n")
    #expect(branch("r") == "feature/xmerge")
    try world.write("d/.git/HEAD", "0123456789abcdef\n")
    try world.write("d/.git/config", "")
    #expect(branch("d") == "012345678")
    // What a rebase will move; it may have begun on no branch.
    for (index, (file, text, expected)) in [
      ("rebase-merge/head-name", "refs/heads/topic/y\n", "topic/yrebase"),
      ("rebase-merge/head-name", "detached HEAD\n", "012345678rebase"),
      ("rebase-apply/head-name", "refs/heads/old\n", "oldrebase"),
      ("rebase-apply/applying", "", "012345678am"),
    ].enumerated() {
      try world.write("rebase\(index)/.git/HEAD", "0123456789abcdef\n")
      try world.write("rebase\(index)/.git/config", "")
      try world.write("rebase\(index)/.git/\(file)", text)
      #expect(branch("rebase\(index)") == expected)
    }
    try world.write("w/.git", "gitdir: ../r/.git/worktrees/w\n")
    try world.write("r/.git/worktrees/w/HEAD", "ref: refs/heads/w\n")
    try world.write("r/.git/worktrees/w/commondir", "../..\n")
    #expect(branch("w") == "w")
    for (index, text) in [
      "[filter \"x\"]\nclean = evil\n", "[core] [FILTER \"x\"]", "[ include]\npath=x", "[includeIf \"x\"]",
    ]
    .enumerated() {
      try world.write("e\(index)/.git/HEAD", "ref: refs/heads/main\n")
      try world.write("e\(index)/.git/config", text)
      #expect(branch("e\(index)") == "main!", "\(text)")
    }
  }

  /// A repository with a file that was changed, and a program that must not run on it.
  private struct HostileRepository {
    let world: World
    let shim: FilePath
    private var marker: FilePath { world.path("ran") }
    var ranNothing: Bool { !world.folder.host.files.exists(marker) }

    /// Nil where this machine has no git, or this checkout no launcher.
    init?(_ tests: GitStateTests) async throws {
      world = try World()
      guard world.folder.host.files.exists("/usr/bin/git"), let shim = try tests.launcher else { return nil }
      self.shim = shim
      try world.write("r/f", "one\n")
      try world.write("r/.gitattributes", "* filter=evil\n")
      try await tests.git(world, "git init -qb main && git add f && git commit -qm one", at: "r")
      try world.write("evil", "#!/bin/sh\ntouch '\(marker)'\ncat\n", mode: 0o755)
      try await tests.git(world, "echo two > f", at: "r")
    }

    func state(_ folder: String = "r") async throws -> String {
      try await world.folder.host.processes.run(
        Invocation(
          shim, ["git-state"], environment: ["HOME": world.folder.path.string, "PATH": "/usr/bin:/bin"],
          workingDirectory: world.path(folder))
      ).outputText
    }
  }

  @Test(.timeLimit(.minutes(15))) func nothingThatARepositoryConfiguresIsRun() async throws {
    guard let repository = try await HostileRepository(self) else { return }
    try await git(
      repository.world, "git config core.fsmonitor ../evil && git config core.hooksPath ..", at: "r")
    #expect(try await repository.state() == "main\t0\t0\t0\t1\t1\t0\t0\t-\tfresh\n")
    try await git(repository.world, "git config filter.evil.clean ../evil", at: "r")
    #expect(try await repository.state() == "main\t0\t0\t0\t0\t0\t0\t0\t-\tunknown\n")
    #expect(repository.ranNothing)
  }

  /// What git takes for none and would look further up; a name that it reads to its end; what is too large to read.
  @Test(
    .timeLimit(.minutes(15)),
    arguments: [
      (
        "r/sub",
        """
        git -C r config filter.evil.clean ../evil && mkdir -p r/sub/.git
        printf '[core]\\n\\tbare = false\\n' >r/sub/.git/config && echo 'ref: refs/heads/other' >r/sub/.git/HEAD
        """
      ),
      (
        "w",
        """
        git -C r config filter.evil.clean ../evil && git init -qb main w && mv w/.git w/g
        cp -r r/.git 'w/g ' && cp r/f r/.gitattributes w/ && echo 'gitdir: g ' >w/.git
        """
      ),
      (
        "r",
        """
        cd r && git config extensions.worktreeConfig true
        head -c 1100000 /dev/zero | tr '\\0' '#' >.git/config.worktree
        printf '\\n[filter "evil"]\\nclean = ../evil\\n' >>.git/config.worktree
        """
      ),
    ])
  func nothingThatIsReadOtherwiseByGitIsRun(_ folder: String, _ setup: String) async throws {
    guard let repository = try await HostileRepository(self) else { return }
    try await git(repository.world, setup, at: "")
    #expect(try await repository.state(folder).hasSuffix("unknown\n"))
    #expect(repository.ranNothing)
  }

  /// The launcher, where this checkout has built it.
  fileprivate var launcher: FilePath? {
    get throws {
      let shim = FilePath(#filePath).removingLastComponent().removingLastComponent().removingLastComponent()
        .pushing(".build/debug/outfit-shim")
      return try Host.live().files.exists(shim) ? shim : nil
    }
  }

  @Test(.timeLimit(.minutes(15))) func aSlowGitIsNotWaitedFor() async throws {
    let world = try World()
    guard let launcher = try launcher else { return }
    try world.write("r/.git/HEAD", "ref: refs/heads/main\n")
    try world.write("r/.git/config", "")
    try world.write(
      "slow/git", "#!/bin/sh\nwhile [ ! -e \(world.path("go")) ]; do sleep 0.02; done\necho '? new'\n",
      mode: 0o755)
    let files = world.folder.host.files
    try files.remove(world.path("data/libexec/outfit-shim"))
    try files.create(world.path("data/libexec/outfit-shim"), try files.read(launcher), mode: 0o755)
    func state() async throws -> String {
      try await world.folder.host.processes.run(
        Invocation(
          world.path("data/libexec/outfit-shim"), ["git-state", "1"],
          environment: ["PATH": "\(world.path("slow")):/usr/bin:/bin"], workingDirectory: world.path("r"))
      ).outputText
    }
    #expect(try await state() == "main\t0\t0\t0\t0\t0\t0\t0\t-\tunknown\n")
    try world.write("go", "")
    // The answer that came too late is there for a later prompt.
    var last = ""
    for _ in 0..<200 where !last.hasPrefix("main\t0\t0\t0\t0\t1") {
      try await Task.sleep(nanoseconds: 50_000_000)
      last = try await state()
    }
    #expect(last.hasPrefix("main\t0\t0\t0\t0\t1\t0\t0\t-\t"))
  }

  @Test(.timeLimit(.minutes(15))) func whatIsNoFileIsNotRead() async throws {
    let world = try World()
    guard let launcher = try launcher else { return }
    for name in ["HEAD", "config", "commondir", "index"] {
      try world.write("fifo-\(name)/.git/HEAD", "ref: refs/heads/main\n")
      try world.write("fifo-\(name)/.git/config", "")
      let path = world.path("fifo-\(name)/.git/\(name)")
      if world.folder.host.files.exists(path) { try world.folder.host.files.remove(path) }
      #expect(mkfifo(path.string, 0o600) == 0)
    }
    try world.link("zero/.git", to: "/dev/zero")
    try world.write("long/.git", "gitdir: " + String(repeating: "x", count: 1 << 20))
    for folder in ["fifo-HEAD", "fifo-config", "fifo-commondir", "fifo-index", "zero", "long"] {
      let done = try await world.folder.host.processes.run(
        Invocation(
          launcher, ["git-state"], environment: ["PATH": "/usr/bin:/bin"],
          workingDirectory: world.path(folder)))
      #expect(done.status == 0, "\(folder)")
    }
  }
}
