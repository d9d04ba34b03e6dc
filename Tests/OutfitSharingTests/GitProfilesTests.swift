import OutfitCore
import OutfitProfile
import OutfitSystem
import Support
import SystemPackage
import Testing

@testable import OutfitSharing

/// With the real git, on repositories in a scratch folder.
@Suite struct GitProfilesTests {
  /// A repository with a profile in `web/`, whose hooks would leave a trace.
  private struct Repository {
    let scratch: ScratchFolder
    var host: Host { scratch.host }
    var path: FilePath { scratch.path.appending("origin") }

    init() async throws {
      scratch = try ScratchFolder()
      try scratch.put("origin/web/outfit.yaml", "profile: web\ntools: {black: latest}\n")
      try scratch.put("origin/run.sh", "#!/bin/sh\n", mode: 0o755)
      _ = try await git("init", "--quiet", "--initial-branch=main")
      try await commit()
      _ = try await git("tag", "v1")
    }

    @discardableResult func git(_ arguments: String...) async throws -> String {
      let identity = ["-c", "user.name=T", "-c", "user.email=t@example.org", "-c", "commit.gpgSign=false"]
      let completion = try await host.processes.run(
        Invocation(
          "/usr/bin/git", ["-C", path.string] + identity + arguments,
          environment: host.environment.merging(["GIT_CONFIG_NOSYSTEM": "1"]) { $1 }))
      #expect(completion.succeeded, "\(completion.errorText)")
      return completion.outputText.filter { !$0.isWhitespace }
    }

    func commit() async throws {
      try await git("add", "--all")
      try await git("commit", "--quiet", "-m", "x")
    }

    func write(_ name: String, _ text: String, mode: UInt16 = 0o644) throws {
      try host.files.removeTree(path.pushing(FilePath(name)))
      try scratch.put("origin/\(name)", text, mode: mode)
    }

    func address(_ rest: String) throws -> GitAddress {
      try #require(try GitAddress("git+file://\(path)\(rest)"))
    }
  }

  @Test func branchesTagsAndCommits() async throws {
    let repository = try await Repository()
    let first = try await repository.git("rev-parse", "HEAD")
    try repository.host.files.remove(repository.path.appending("web").appending("outfit.yaml"))
    try repository.scratch.put("origin/web/outfit.yaml", "profile: newer\n")
    try await repository.commit()
    let second = try await repository.git("rev-parse", "HEAD")
    let git = GitProfiles(host: repository.host, network: .always)
    for (rest, commit) in [
      ("//web", second), ("//web@main", second), ("//web@v1", first), ("//web@\(first)", first),
      ("//web@\(first.prefix(10))", first),
    ] {
      #expect(try await git.fetch(repository.address(rest)).commit == commit, "\(rest)")
    }
    let fetched = try await git.fetch(repository.address("@v1"))
    #expect(
      try repository.host.files.text(fetched.checkout.appending("web").appending("outfit.yaml"))
        == "profile: web\ntools: {black: latest}\n")
    #expect(
      try repository.host.files.status(fetched.checkout.appending("run.sh"), followLinks: false)?.mode ?? 0
        & 0o100 != 0)
    #expect(!repository.host.files.exists(fetched.checkout.appending(".git")))
    let loader = ProfileLoader(host: repository.host, resolveAddress: git.resolver)
    let profile = try await loader.machine(repository.address("//web@v1").description)
    #expect(profile.name == "web" && profile.layers.last?.commit == first)
  }

  @Test func whatWasFetchedServesWithoutANetwork() async throws {
    let repository = try await Repository()
    let address = try repository.address("//web@main")
    let first = try await GitProfiles(host: repository.host, network: .always).fetch(address)
    try repository.scratch.put("origin/more", "x")
    try await repository.commit()
    #expect(try await GitProfiles(host: repository.host, network: .whenUnknown).fetch(address) == first)
    #expect(try await GitProfiles(host: repository.host, network: .never).fetch(address) == first)
    #expect(try await GitProfiles(host: repository.host, network: .always).fetch(address) != first)
  }

  @Test func whatIsUsedStaysUntilItIsChanged() async throws {
    let repository = try await Repository()
    let address = try repository.address("//web@main")
    let reference = GitProfiles.Reference(address)
    let quiet = GitProfiles(host: repository.host, network: .whenUnknown)
    #expect(try quiet.lastAnswer(address) == nil)
    let first = try await quiet.fetch(address).commit
    try repository.scratch.put("origin/more", "x")
    try await repository.commit()
    let second = try await repository.git("rev-parse", "HEAD")

    let answer = try await quiet.ask(address)
    #expect(answer.commit == first && answer.newest == second && answer.hasMoved)
    #expect(answer.since.map { abs($0 - repository.host.clock.now()) < 3600 } == true)
    #expect(try quiet.lastAnswer(address) == answer)
    #expect(try await quiet.fetch(address).commit == first)
    let moving = GitProfiles(host: repository.host, network: .whenUnknown, moving: [reference])
    #expect(try await moving.fetch(address).commit == second)
    #expect(try await quiet.fetch(address).commit == first)
    try quiet.use(second, of: address)
    #expect(try await quiet.fetch(address).commit == second)
    #expect(try quiet.lastAnswer(address)?.hasMoved == false)

    // What a generation was made from comes before that, and comes again into a cache that was emptied.
    let back = GitProfiles(host: repository.host, network: .whenUnknown, used: [reference: first])
    #expect(try await back.fetch(address).commit == first)
    #expect(try back.lastAnswer(address)?.hasMoved == true)
    try repository.host.files.removeTree(repository.host.places.cache)
    #expect(try await back.fetch(address).commit == first)
    #expect(try back.lastAnswer(address) == nil)
  }

  /// Commits that build on one another, a branch that was forced elsewhere, and a tag that was moved.
  @Test func howABranchMoved() async throws {
    let repository = try await Repository()
    let git = GitProfiles(host: repository.host, network: .always)
    let branch = try repository.address("//web@main")
    let tag = try repository.address("@v1")
    let first = try await git.fetch(branch).commit
    _ = try await git.fetch(tag)
    for step in 0..<70 {
      try repository.write("web/steps", String(repeating: "x\n", count: step + 1))
      try await repository.commit()
    }
    try repository.write("run.sh", "#!/bin/sh\nexit\n", mode: 0o755)
    try repository.write("picture", "\0\u{1}\0")
    try repository.host.files.remove(repository.path.appending("web").appending("outfit.yaml"))
    try await repository.commit()
    let second = try await git.fetch(branch).commit
    let onward = try await git.movement(of: branch, from: first, to: second)
    #expect(onward.path == .onward(commits: 71))
    #expect(
      onward.files == [
        ChangedFile(path: "picture", kind: .added),
        ChangedFile(path: "run.sh", kind: .changed, added: 1, removed: 0),
        ChangedFile(path: "web/outfit.yaml", kind: .removed, added: 0, removed: 2),
        ChangedFile(path: "web/steps", kind: .added, added: 70, removed: 0),
      ])

    try await repository.git("reset", "--quiet", "--hard", "HEAD~3")
    try repository.scratch.put("origin/other", "x")
    try await repository.commit()
    let third = try await git.fetch(branch).commit
    #expect(try await git.movement(of: branch, from: second, to: third).path == .rewritten)
    let back = try await repository.git("rev-parse", "HEAD~1")
    try await repository.git("reset", "--quiet", "--hard", "HEAD~1")
    #expect(try await git.fetch(branch).commit == back)
    #expect(try await git.movement(of: branch, from: third, to: back).path == .rewritten)

    try await repository.git("tag", "--force", "v1")
    #expect(try await git.fetch(tag).commit == back)
    #expect(try await git.movement(of: tag, from: first, to: back).path == .tagMoved)
    // A repository that is gone says nothing, and is no reason for not saying the rest.
    try repository.host.files.rename(repository.path, to: FilePath(repository.path.string + ".gone"))
    let silent = try await git.movement(of: branch, from: third, to: back)
    #expect(silent.path == .unknown && silent.files.map(\.path) == ["other"])
  }

  @Test func absentReferencesAndRepositories() async throws {
    let repository = try await Repository()
    let git = GitProfiles(host: repository.host, network: .always)
    func failure(_ address: GitAddress) async -> Failure? {
      do {
        _ = try await git.fetch(address)
        return nil
      } catch { return error as? Failure }
    }
    let reference = await failure(try repository.address("@v9"))
    #expect(reference?.diagnostics.first?.message == "file://\(repository.path) has no `v9`")
    #expect(reference?.status == .usage)
    let nowhere = await failure(try #require(try GitAddress("git+file:///nowhere/at/all")))
    #expect(nowhere?.diagnostics.first?.message == "can't fetch file:///nowhere/at/all")
    #expect(nowhere?.diagnostics.first?.excerpt?.isEmpty == false)
    #expect(nowhere?.status == .failed)
  }

  /// Hooks and filters that the machine's git would run are not run, and git does not ask.
  @Test func nothingOfTheRepositoryRuns() async throws {
    let repository = try await Repository()
    let trace = repository.scratch.path.appending("trace")
    for hook in ["post-checkout", "post-merge", "reference-transaction", "post-index-change"] {
      try repository.scratch.put("hooks/\(hook)", "#!/bin/sh\ntouch \(trace)\n", mode: 0o755)
    }
    try repository.scratch.put(
      "home/.gitconfig",
      "[core]\n\thooksPath = \(repository.scratch.path)/hooks\n\tfsmonitor = \(repository.scratch.path)/hooks/post-merge\n"
    )
    _ = try await GitProfiles(host: repository.host, network: .always).fetch(repository.address("//web@v1"))
    #expect(!repository.host.files.exists(trace))
  }

  @Test func withoutGit() async throws {
    let disk = MemoryFiles.withHome()
    disk.put("/usr/bin/apt-get", "")
    let address = try #require(try GitAddress("github:acme/p"))
    do {
      _ = try await GitProfiles(host: .test(files: disk), network: .always).fetch(address)
      Issue.record("it fetched without git")
    } catch let failure as Failure {
      #expect(
        failure.diagnostics.first?.message
          == "git is needed for profiles from git, and is not on this machine")
      #expect(failure.diagnostics.first?.hint == "install it: sudo apt-get install git")
    }
    do {
      _ = try await GitProfiles(host: .test(files: disk), network: .never).fetch(address)
      Issue.record("it fetched without a network")
    } catch let failure as Failure { #expect(failure.diagnostics.first?.hint?.contains("--offline") == true) }
  }
}
