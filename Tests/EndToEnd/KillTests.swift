import OutfitCore
import OutfitSystem
import Support
import SystemPackage
import Testing

/// The real binary, killed at random instants over a profile with tools and 300 dotfiles and a project with hooks:
/// after the next command every byte of the user's is what it was before, or what it was to be.
@Suite(.serialized)
struct KillTests {
  private static let files = 300
  /// `OUTFIT_TEST_KILLS` sets another number.
  private static let kills =
    (try? Host.live())?.environment["OUTFIT_TEST_KILLS"].flatMap { Int($0) } ?? 40

  /// One user's machine: a profile whose dotfiles all say which round it is, and a project whose hooks do.
  private struct Scene {
    let machine: Machine
    let server: LoopbackServer

    init() async throws {
      machine = try Machine("kills")
      let tool = Array("#!/bin/sh\necho here\n".utf8)
      server = try LoopbackServer { .file(tool, for: $0) }
      try machine.write(".bashrc", "# mine\nexport A=1", mode: 0o600)
      try machine.write(".netrc", "machine mine\n", mode: 0o600)
      let lines = (0..<KillTests.files - 3).map { "  .many/\($0 % 20)/f\($0): {copy: files/f\($0)}\n" }
      try machine.write(
        "p/outfit.yaml",
        """
        profile: p
        interpreters:
          python: {versions: [">=3.10"], system: true}
        tools:
          here:
            from: url
            version: "1.0.0"
            url: "\(server.address)/here-{os}-{arch}"
            sha256: {linux-amd64: "\(Digest(of: tool))", linux-arm64: "\(Digest(of: tool))"}
        dotfiles:
          .bashrc: {block: block}
          .netrc: {copy: netrc, mode: "0600", secret: true}
          .linked: {link: linked}

        """ + lines.joined())
      try machine.write("shop/main.py", "import os\n")
      try setRound(0)
      let made = try await machine.login("cd shop && git init -q && git add -A")
      try #require(made.succeeded, "\(made.errorText)")
    }

    func setRound(_ round: Int) throws {
      for index in 0..<KillTests.files - 3 { try machine.write("p/files/f\(index)", "round \(round)\n") }
      try machine.write("p/block", "export ROUND=\(round)\n")
      try machine.write("p/netrc", "machine round-\(round)\n")
      try machine.write("p/linked", "round \(round)\n")
      try machine.write(
        "shop/outfit.yaml",
        """
        profile: shop
        interpreters: {python: {versions: [">=3.10"], system: true}}
        env: {ROUND: "\(round)"}
        tools: {isort: latest}
        hooks:
          isort: {\(round % 2 == 0 ? "" : "args: [--line-length, \"99\"]")}

        """)
    }

    /// What is the user's, apart from the sources that the rounds write.
    func bytes() throws -> [String: String] {
      try machine.tree().filter {
        !$0.key.hasPrefix("p/") && !["shop/outfit.yaml", "shop/outfit.lock"].contains($0.key)
      }.mapValues { line in
        // Times of what was written differ from run to run.
        let words = line.split(separator: " ")
        return words.first == "file" && words.count == 4 ? "\(words[0]) \(words[1]) \(words[3])" : line
      }
    }
  }

  private static let outfit = Machine.build.appending("outfit").string

  @Test(.timeLimit(.minutes(10))) func killedAtAnyInstantEveryByteIsOneOrTheOther() async throws {
    let scene = try await Scene()
    let machine = scene.machine
    // The project's run, and the machine's; each keeps its turn for some rounds.
    let runs = [["up", "p", "--trust", "--on-conflict", "take"], ["up", "--trust"]]
    let folders = ["", "shop"]
    for index in 0...1 {
      let first = try await machine.outfit(runs[index], at: folders[index])
      try #require(first.status == 0, "\(first.errorText)")
    }
    let clock = ContinuousClock()
    var lengths = [0.0, 0.0]
    for index in 0...1 {
      try scene.setRound(1)
      let time = try await clock.measure { _ = try await machine.outfit(runs[index], at: folders[index]) }
      lengths[index] = Double(time.components.attoseconds) / 1e18 + Double(time.components.seconds)
    }

    let seed = UInt64.random(in: 0...UInt64.max)
    print("kills: seed \(seed); a run takes \(lengths[0]) s on the machine, \(lengths[1]) s in the project")
    var dice = SplitMix(seed: seed)
    var counts: [String: Int] = [:]
    let next = [["generations"], ["status"], ["doctor"], ["up", "p", "--dry-run"], [], ["which", "here"]]
    for round in 2..<Self.kills + 2 {
      let index = round % 4 == 3 ? 1 : 0
      let before = try scene.bytes()
      try scene.setRound(round)
      let seconds = Double.random(in: 0.002...lengths[index] * 1.05, using: &dice)
      let killed = try await machine.run(
        "/usr/bin/timeout", ["-s", "KILL", "\(seconds)", Self.outfit] + runs[index], at: folders[index])
      // The next command, whatever it is, puts things in order.
      let command = next[round % next.count]
      let recovered = try await machine.outfit(command, at: round % 5 == 0 ? "shop" : "")
      let now = try scene.bytes()
      var outcome = now == before ? "as before" : "as after"
      if recovered.errorText.contains("is undone") || recovered.outputText.contains("is undone") {
        outcome = "undone by the next command"
      } else if recovered.errorText.contains("is finished") {
        outcome = "finished by the next command"
      }
      if killed.status == 0 { outcome = "through before the kill" }
      counts[outcome, default: 0] += 1
      if now != before {
        // Then it is what a run that nobody disturbs gives.
        let whole = try await machine.outfit(runs[index], at: folders[index])
        #expect(whole.status == 0, "\(whole.errorText)")
        let after = try scene.bytes()
        #expect(
          now == after,
          "round \(round) (seed \(seed)): \(runs[index]) killed after \(seconds) s; \(Self.difference(now, before, after))"
        )
      }
    }
    print("kills: \(Self.kills), losses: 0; \(counts.sorted { $0.key < $1.key })")
    #expect(Self.kills < 100 || counts.count > 2, "\(counts)")

    // And back to the beginning, in both scopes.
    let leftover = try machine.tree().keys.filter { $0.contains(".outfit-") }
    #expect(leftover.isEmpty)
    for folder in folders {
      let back = try await machine.outfit(["rollback", "0"], at: folder)
      #expect(back.status == 0, "\(back.errorText)")
    }
    #expect(try machine.read(".bashrc") == "# mine\nexport A=1")
    #expect(try machine.read(".netrc") == "machine mine\n")
    #expect(try machine.read(".many/0/f0") == nil)
    #expect(try machine.read("shop/.git/hooks/pre-commit") == nil)
  }

  private static func difference(
    _ now: [String: String], _ before: [String: String], _ after: [String: String]
  ) -> String {
    let torn = now.keys.filter { now[$0] != before[$0] && now[$0] != after[$0] }.sorted()
    let old = now.keys.filter { now[$0] == before[$0] && now[$0] != after[$0] }.sorted()
    return "neither: \(torn.prefix(5)); \(old.count) as before: \(old.prefix(5))"
  }
}
