import OutfitCore
import OutfitSystem
import Support
import SystemPackage
import Testing

/// What goes wrong on real machines: servers, signals, and many at once.
@Suite(.serialized)
struct TroubleTests {
  @Test func whatCantBeDownloadedIsReportedAndTheRestGoesOn() async throws {
    let machine = try Machine()
    // Its own bytes each time, since the tests keep their downloads.
    let good = Array("#!/bin/sh\n# \(machine.home)\necho here\n".utf8)
    let isMended = Locked(false)
    let server = try LoopbackServer { request in
      if !isMended.withLock({ $0 }) { return LoopbackServer.Reply(404) }
      return .file(good, for: request)
    }
    try machine.write(
      "p/outfit.yaml",
      """
      profile: p
      tools:
        here:
          from: url
          version: "1.0.0"
          url: "\(server.address)/here-{os}-{arch}"
          sha256: {linux-amd64: "\(Digest(of: good))", linux-arm64: "\(Digest(of: good))"}
      dotfiles:
        .other: {copy: other}

      """)
    try machine.write("p/other", "goes on\n")
    let first = try await machine.outfit("up", "p", "--trust")
    #expect(first.status == 1, "\(first.errorText)")
    #expect(first.errorText.contains("404") && first.errorText.contains(server.address), "\(first.errorText)")
    #expect(
      first.outputText.contains("partly up") && !first.outputText.contains("here 1.0.0"),
      "\(first.outputText)")
    #expect(try machine.read(".other") == "goes on\n")
    isMended.withLock { $0 = true }
    let second = try await machine.outfit("up", "p", "--trust")
    #expect(second.status == 0, "\(second.errorText)")
    let ran = try await machine.login("here")
    #expect(ran.outputText == "here\n", "\(ran.errorText)")
  }

  private func givenManyDotfiles(_ machine: Machine, _ count: Int) throws {
    let lines = (0..<count).map { "  .many/f\($0): {copy: files/f\($0)}\n" }
    try machine.write("p/outfit.yaml", "profile: many\ndotfiles:\n" + lines.joined())
    for index in 0..<count { try machine.write("p/files/f\(index)", "one\n") }
  }

  /// What the files of the profile say: one answer, or several when a run was torn apart.
  private func contents(_ machine: Machine, _ count: Int) throws -> Set<String?> {
    Set(try (0..<count).map { try machine.read(".many/f\($0)") })
  }

  @Test func controlCEndsItCleanly() async throws {
    let machine = try Machine()
    let server = try LoopbackServer { _ in
      var reply = LoopbackServer.Reply(body: Array(repeating: 0, count: 100_000))
      reply.trickle = (bytes: 1000, seconds: 0.1)
      return reply
    }
    try machine.write(
      "p/outfit.yaml",
      """
      profile: p
      tools:
        slow:
          from: url
          version: "1.0.0"
          url: "\(server.address)/slow"
          sha256: {linux-amd64: "\(Digest(of: "x"))", linux-arm64: "\(Digest(of: "x"))"}

      """)
    let before = try machine.tree()
    let outfit = Machine.build.appending("outfit").string
    let ended = try await machine.run(
      "/usr/bin/timeout", ["--preserve-status", "-s", "INT", "1", outfit, "up", "p", "--trust"])
    #expect(ended.status == 130, "\(ended.errorText)")
    expectSameTree(before, try machine.tree())
  }

  @Test func theNextCommandMendsWhateverItIs() async throws {
    let machine = try Machine()
    try givenManyDotfiles(machine, 120)
    let up = try await machine.outfit("up", "p", "--trust")
    #expect(up.status == 0, "\(up.errorText)")
    try machine.write("shop/outfit.yaml", "profile: shop\nenv: {A: \"1\"}\n")
    for index in 0..<120 { try machine.write("p/files/f\(index)", "two\n") }
    // Killed between the intent and the end, and kept as it is.
    let outfit = Machine.build.appending("outfit").string
    let broken = try await machine.run(
      "/bin/sh",
      [
        "-euc",
        """
        intent=.local/state/outfit/journal/intent
        tries=0
        until [ -e "$intent" ]; do
          tries=$((tries + 1)); [ $tries -lt 50 ]
          '\(outfit)' up p --trust >/dev/null 2>&1 & run=$!
          while [ ! -e "$intent" ] && kill -0 $run 2>/dev/null; do :; done
          kill -9 $run 2>/dev/null || :
          wait $run || :
          [ -e "$intent" ] || { for f in p/files/*; do echo "again $tries" >"$f"; done; }
        done
        cp -a .local/state ../kept-state; cp -a .many ../kept-many
        """,
      ])
    try #require(broken.succeeded, "\(broken.errorText)")
    let verbs = [
      [], ["status"], ["diff"], ["doctor"], ["generations"], ["outdated"], ["which", "here"],
      ["why", "python"],
      ["show", "p"], ["trust", "p"], ["lock"], ["render", "--check"], ["parity"], ["exec", "true"],
      ["gc", "--dry-run"],
      ["hooks", "run"], ["tool", "list"], ["python", "list"], ["venv", "list"], ["import", "pipx"], ["init"],
      ["dev"],
      ["self", "uninstall", "--dry-run"],
    ]
    for verb in verbs {
      let set = try await machine.run(
        "/bin/sh",
        ["-euc", "rm -rf .local/state .many; cp -a ../kept-state .local/state; cp -a ../kept-many .many"])
      try #require(set.succeeded, "\(set.errorText)")
      let next = try await machine.outfit(verb, at: "shop")
      #expect(next.errorText.contains("the interrupted switch of"), "\(verb): \(next.errorText)")
      #expect(!machine.files.exists(machine.home.appending(".local/state/outfit/journal/intent")), "\(verb)")
      let texts = try contents(machine, 120)
      #expect(texts.count == 1, "\(verb): \(texts)")
    }
  }

  @Test func eightAtOnce() async throws {
    let machine = try Machine()
    try givenManyDotfiles(machine, 50)
    let trusted = try await machine.outfit("trust", "p")
    #expect(trusted.status == 0, "\(trusted.errorText)")
    let statuses = try await withThrowingTaskGroup(of: Int32.self) { group in
      for _ in 0..<8 { group.addTask { try await machine.outfit("up", "p").status } }
      return try await group.reduce(into: []) { $0.append($1) }
    }
    #expect(statuses == Array(repeating: 0, count: 8))
    #expect(try contents(machine, 50) == ["one\n"])
    let generations = try await machine.outfit("generations", "--json")
    #expect(generations.outputText.components(of: "\"number\"") == 1, "\(generations.outputText)")
  }
}

extension String {
  fileprivate func components(of part: String) -> Int {
    var (count, rest) = (0, self[...])
    while let range = rest.firstRange(of: part) {
      count += 1
      rest = rest[range.upperBound...]
    }
    return count
  }
}
