import OutfitCore
import OutfitSystem
import Support
import SystemPackage
import Testing

/// A lock that somebody changed after it was consented to what the manifest says: it leads nowhere.
@Suite(.serialized, .timeLimit(.minutes(15)))
struct LockAddressTests {
  private let machine: Machine
  private let files = Locked<[String: [UInt8]]>([:])
  private let requests = Locked<[String]>([])
  private let server: LoopbackServer

  init() throws {
    machine = try Machine("addresses")
    let (files, requests) = (files, requests)
    server = try LoopbackServer { request in
      requests.withLock { $0.append(request.target) }
      guard let bytes = files.withLock({ $0[request.target] }) else { return .init(404) }
      return .file(bytes, for: request)
    }
  }

  private var settings: [String: String] { ["XDG_CACHE_HOME": machine.home.appending("cache").string] }

  private func outfit(_ words: String..., at folder: String = "", setting: [String: String] = [:])
    async throws
    -> Completion
  {
    try await machine.run(
      Machine.build.appending("outfit"), words, at: folder,
      setting: settings.merging(setting) { $1 })
  }

  private func serve(_ path: String, says: String) -> Digest {
    let program = "#!/bin/sh\necho \(says)\n"
    files.withLock { $0[path] = Array(program.utf8) }
    return Digest(of: program)
  }

  private func expectRefused(_ done: Completion, line: Int, _ what: String) {
    #expect(done.status == 2, "\(what): \(done.errorText)")
    #expect(done.errorText.contains("outfit.lock:\(line):"), "\(what): \(done.errorText)")
    #expect(done.errorText.contains("git checkout"), "\(what): \(done.errorText)")
    #expect(requests.withLock { $0 } == [], "\(what)")
  }

  private func manifest(_ folder: String) throws {
    let good = serve("/good", says: "good")
    files.withLock { $0["/good.sha256"] = Array("\(good)\n".utf8) }
    try machine.write(
      "\(folder)/outfit.yaml",
      """
      profile: p
      tools:
        good: {from: url, version: "1.0.0", url: "\(server.address)/good", checksums: "\(server.address)/good.sha256"}

      """)
  }

  /// What the attacker makes of a lock: another program, with its true digest.
  private func redirected(_ lock: String) -> (text: String, line: Int) {
    let evil = serve("/evil", says: "evil")
    let text = lock.replacing("\(server.address)/good\"", with: "\(server.address)/evil\"")
      .replacing("\(Digest(of: "#!/bin/sh\necho good\n"))", with: "\(evil)")
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    return (text, (lines.firstIndex { $0.contains("/evil\"") } ?? -1) + 1)
  }

  @Test func aDownloadIsNotRedirected() async throws {
    try manifest("p")
    #expect(try await outfit("lock", "p").status == 4, "before consent nothing is looked up")
    #expect(try await outfit("trust", "p").status == 0)
    let locked = try await outfit("lock", "p")
    #expect(locked.status == 0, "\(locked.errorText)")
    let up = try await outfit("up", "p")
    #expect(up.status == 0, "\(up.errorText)")
    #expect(try await machine.login("good").outputText == "good\n")

    let (text, line) = redirected(try machine.read("p/outfit.lock") ?? "")
    try machine.write("p/outfit.lock", text)
    requests.withLock { $0 = [] }
    expectRefused(try await outfit("up", "p"), line: line, "up p")
    expectRefused(try await outfit("lock", "p"), line: line, "lock p")
    for words in [["up"], ["status"], ["outdated"], ["update"]] {
      let done = try await machine.run(
        Machine.build.appending("outfit"), words, setting: settings)
      expectRefused(done, line: line, words.joined())
    }
    #expect(try await machine.login("good").outputText == "good\n")
    // The way out that the message names.
    try machine.files.remove(machine.home.pushing("p/outfit.lock"))
    #expect(try await outfit("lock", "p").status == 0)
    #expect(try await outfit("up", "p").status == 0)
  }

  @Test(arguments: [
    "evilpkg @ ADDRESS/files/evilpkg-1.0-py3-none-any.whl \\\n          --hash=sha256:DIGEST",
    "evilpkg@ADDRESS/files/evilpkg-1.0-py3-none-any.whl --hash=sha256:DIGEST", "--index-url ADDRESS/simple",
    "-iADDRESS/simple", "--find-links=ADDRESS/",
  ])
  func aPythonToolGetsNothingElse(line: String) async throws {
    let added = line.replacing("ADDRESS", with: server.address)
      .replacing("DIGEST", with: "\(Digest(of: "x"))")
    try machine.write(
      "w/outfit.yaml",
      "profile: w\ninterpreters: {python: {versions: [\"3\"], system: true}}\ntools: {cowsay: \"6.*\"}\nvirtualenv: {from: requirements.txt}\n"
    )
    try machine.write("w/requirements.txt", "six\n")
    func lock(_ tool: String, _ project: String) -> String {
      """
      lock: 1
      tools:
        cowsay:
          request: "cowsay==6.*"
          version: "6.1"
          python: "3.9"
          programs: ["cowsay"]
          requirements: |
            cowsay==6.1 --hash=sha256:\(Digest(of: "c"))
      \(tool.isEmpty ? "" : "      " + tool)
      virtualenv:
        from: "requirements.txt"
        source: sha256:\(source)
        python: "3.9"
        requirements: |
          six==1.17.0 --hash=sha256:\(Digest(of: "s"))
      \(project.isEmpty ? "" : "    " + project)

      """
    }
    // Of one file, as the lock has it.
    var digest = Digest.Running()
    digest.field("requirements.txt")
    digest.field(Digest(of: "six\n").hex)
    let source = digest.finish()
    #expect(try await outfit("trust", at: "w").status == 0)
    for (text, number) in [(lock(added, ""), 10), (lock("", added), 17)] {
      try machine.write("w/outfit.lock", text)
      for words in [["up"], ["up", "--locked"], ["lock"], ["status"]] {
        let done = try await machine.run(
          Machine.build.appending("outfit"), words, at: "w", setting: settings)
        expectRefused(done, line: number, "\(words) \(added)")
      }
    }
    #expect(!machine.files.exists(machine.home.pushing("w/.venv")))
  }

  @Test func anInterpreterComesFromItsReleases() async throws {
    files.withLock { $0["/attacker/cp.tar.gz"] = [1] }
    try machine.write(
      "i/outfit.yaml", "profile: i\ninterpreters: {python: {versions: [\"3.13.5\"], providers: [prebuilt]}}\n"
    )
    #expect(try await outfit("trust", at: "i").status == 0)
    for path in [
      "../../attacker/cp.tar.gz", "x/../../../attacker/cp.tar.gz", "\(server.address)/attacker/cp.tar.gz",
    ] {
      try machine.write(
        "i/outfit.lock",
        """
        lock: 1
        interpreters:
          python:
            - request: "3.13.5"
              version: "3.13.5"
              build: "20250702"
              provider: prebuilt
              artifacts:
                linux-amd64: {path: "\(path)", digest: "\(Digest(of: [1]))"}
                linux-arm64: {path: "x/y.tar.gz", digest: "\(Digest(of: [1]))"}

        """)
      expectRefused(
        try await outfit("up", at: "i", setting: ["OUTFIT_MIRROR": server.address + "/astral/releases"]),
        line: 9, path)
    }
  }

  @Test func aCommitThatChangesOnlyTheLockLeadsNowhere() async throws {
    try manifest("g")
    func git(_ words: String...) async throws -> String {
      let done = try await machine.run(
        "/usr/bin/env", ["git", "-c", "user.name=a", "-c", "user.email=a@b.example"] + words, at: "g")
      try #require(done.succeeded, "\(done.errorText)")
      return done.outputText.filter { !$0.isWhitespace }
    }
    #expect(try await outfit("trust", "g").status == 0)
    #expect(try await outfit("lock", "g").status == 0)
    _ = try await git("init", "-q", "-b", "main")
    _ = try await git("add", "-A")
    _ = try await git("commit", "-qm", "1")
    let commit = try await git("rev-parse", "HEAD")
    let address = "git+file://\(machine.home)/g"
    let up = try await outfit("up", address, "--trust", commit)
    #expect(up.status == 0, "\(up.errorText)")
    #expect(try await machine.login("good").outputText == "good\n")
    let (text, line) = redirected(try machine.read("g/outfit.lock") ?? "")
    try machine.write("g/outfit.lock", text)
    _ = try await git("commit", "-qam", "2")
    requests.withLock { $0 = [] }
    try machine.files.removeTree(machine.home.pushing(".local/state/outfit/machine/compiled"))
    let done = try await outfit("up", address)
    #expect(done.status == 2 || done.status == 4, "\(done.errorText)")
    if done.status == 2 { #expect(done.errorText.contains("outfit.lock:\(line):"), "\(done.errorText)") }
    let consented = try await outfit("up", address, "--trust", try await git("rev-parse", "HEAD"))
    expectRefused(consented, line: line, "with consent to the commit")
    #expect(try await machine.login("good").outputText == "good\n")
  }
}
