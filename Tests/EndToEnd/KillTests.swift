import OutfitCore
import OutfitSystem
import Support
import SystemPackage
import Testing

/// The real binary, killed at random instants over a profile with tools and 300 dotfiles and a project with hooks:
/// after the next command every byte of the user's is what it was before, or what it was to be.
struct KillTests {
  private static let files = 300
  /// Never fewer than 200; `OUTFIT_TEST_KILLS` sets a higher number.
  private static let kills =
    max(200, (try? Host.live())?.environment["OUTFIT_TEST_KILLS"].flatMap { Int($0) } ?? 200)

  /// One user's machine: a profile whose dotfiles all say which round it is, and a project whose hooks do.
  private struct Scene {
    let machine: Machine
    let server: LoopbackServer

    init(_ half: Int) async throws {
      machine = try Machine("kills-\(half)")
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

    /// What is the user's, apart from the sources that the rounds write: kinds, modes, where links lead, contents.
    /// Times of what was written differ from run to run.
    func bytes() throws -> [String: [UInt8]] {
      var found: [String: [UInt8]] = [:]
      try collect(machine.home, "", into: &found)
      return found
    }

    private static let apart: Set<String> = [
      "p", "shop/outfit.yaml", "shop/outfit.lock", ".local/share/outfit", ".local/state/outfit",
      ".config/outfit",
    ]

    private func collect(
      _ folder: FilePath, _ prefix: String, into found: inout [String: [UInt8]]
    ) throws {
      for name in try machine.files.list(folder) where !Self.apart.contains(prefix + name) {
        let path = folder.appending(name)
        guard let status = try machine.files.status(path, followLinks: false) else { continue }
        let head = Array("\(status.kind) \(status.kind == .link ? 0 : status.mode)\n".utf8)
        switch status.kind {
        case .directory:
          found[prefix + name] = head
          try collect(path, prefix + name + "/", into: &found)
        case .link: found[prefix + name] = head + Array(try machine.files.readLink(path).utf8)
        case .file: found[prefix + name] = head + (try machine.files.read(path))
        case .other: found[prefix + name] = head
        }
      }
    }

    /// How far the journal says that a killed run came.
    func phase() throws -> Phase? {
      guard let text = try machine.read(".local/state/outfit/journal/intent") else { return nil }
      return text.contains("\ncommit\t") ? .committed : .begun
    }

    /// Runs outfit and kills it after so many seconds, from its start or from its journal on. It is dead, and its
    /// locks are free, when this returns.
    func kill(
      _ arguments: [String], at folder: String, after seconds: Double, isJournalAwaited: Bool = false
    ) async throws -> Completion {
      try await machine.run(
        "/bin/sh",
        [
          "-c",
          """
          seconds=$1 journal=$2 outfit=$3; shift 3
          "$outfit" "$@" & run=$!; turns=0
          while [ -n "$journal" ] && [ ! -e "$journal" ] && [ $turns -lt 2000000 ]; do turns=$((turns + 1)); done
          sleep "$seconds"; kill -9 $run; wait $run
          """,
          "sh", "\(seconds)",
          isJournalAwaited ? "\(machine.home)/.local/state/outfit/journal/intent" : "",
          Machine.build.appending("outfit").string,
        ] + arguments, at: folder)
    }
  }

  /// Where in its run a kill found the real program.
  private enum Phase: String, CaseIterable {
    case early = "before the journal"
    case begun = "undone afterwards"
    case committed = "finished afterwards"
    case late = "after all was done"
    case through = "too late"
  }

  /// The instants of kills: spread evenly over a time that follows the machine as it gets slower and quicker, so that
  /// about one run in five is over before its kill.
  private struct Aim {
    var length: Double

    func next(_ dice: inout SplitMix) -> Double { Double.random(in: 0...length, using: &dice) }

    mutating func learn(_ phase: Phase) { length *= phase == .through ? 0.84 : 1.045 }
  }

  /// Two machines beside each other, half of the kills each.
  @Test(.timeLimit(.minutes(40)), arguments: 0...1)
  func killedAtAnyInstantEveryByteIsOneOrTheOther(_ half: Int) async throws {
    let scene = try await Scene(half)
    let machine = scene.machine
    // The machine's run, and the project's.
    let runs = [["up", "p", "--trust", "--on-conflict", "take"], ["up", "--trust"]]
    let folders = ["", "shop"]
    for index in 0...1 {
      let first = try await machine.outfit(runs[index], at: folders[index])
      try #require(first.status == 0, "\(first.errorText)")
    }
    let clock = ContinuousClock()
    // Of each run: from its start on, and from its journal on.
    var aims: [[Aim]] = []
    for index in 0...1 {
      try scene.setRound(1)
      let time = try await clock.measure { _ = try await machine.outfit(runs[index], at: folders[index]) }
      let seconds = Double(time.components.attoseconds) / 1e18 + Double(time.components.seconds)
      aims.append([Aim(length: seconds), Aim(length: seconds / 2)])
      print("kills: a run \(index == 0 ? "on the machine" : "in the project") takes \(seconds) s")
    }

    let seed = UInt64.random(in: 0...UInt64.max)
    print("kills: seed \(seed)")
    var dice = SplitMix(seed: seed)
    var counts: [Phase: Int] = [:]
    var recoveriesKilled = 0
    var losses = 0
    let next = [["generations"], ["status"], ["doctor"], ["up", "p", "--dry-run"], [], ["which", "here"]]
    var (round, killed) = (1, 0)
    // A run that was over before its kill is no kill.
    while killed < (Self.kills + 1) / 2 {
      round += 1
      let index = round % 4 == 3 ? 1 : 0
      let before = try scene.bytes()
      try scene.setRound(round)
      let from = round / 4 % 2
      let seconds = aims[index][from].next(&dice)
      let run = try await scene.kill(
        runs[index], at: folders[index], after: seconds, isJournalAwaited: from == 1)
      var phase = run.status == 0 ? Phase.through : try scene.phase()
      let folder = round % 5 == 0 ? "shop" : ""
      if phase == .begun, round % 3 == 0 {
        // Who puts things in order is killed too.
        let other = try await scene.kill(["status"], at: folder, after: .random(in: 0...0.06, using: &dice))
        if other.status != 0 { recoveriesKilled += 1 }
      }
      // The next command, whatever it is, puts things in order.
      let command = next[round % next.count]
      let recovered = try await machine.outfit(command, at: folder)
      #expect(try scene.phase() == nil, "round \(round): \(command) left the journal; \(recovered.errorText)")
      let now = try scene.bytes()
      let isAsBefore = now == before
      if phase == nil { phase = isAsBefore ? .early : .late }
      counts[phase ?? .early, default: 0] += 1
      if phase != .through { killed += 1 }
      aims[index][from].learn(phase ?? .early)
      guard !isAsBefore else { continue }
      #expect(phase != .begun && phase != .early, "round \(round) (seed \(seed)): \(recovered.errorText)")
      // Then it is what a run that nobody disturbs gives.
      let whole = try await machine.outfit(runs[index], at: folders[index])
      #expect(whole.status == 0, "\(whole.errorText)")
      let after = try scene.bytes()
      let isAsAfter = now == after
      if !isAsAfter { losses += 1 }
      #expect(
        isAsAfter,
        "round \(round) (seed \(seed)): \(runs[index]) killed after \(seconds) s; \(Self.difference(now, before, after))"
      )
    }
    let figures = Phase.allCases.map { "\($0.rawValue) \(counts[$0, default: 0])" }.joined(separator: ", ")
    print("kills: \(killed): \(figures); \(recoveriesKilled) recoveries killed too; losses: \(losses)")
    #expect(losses == 0)
    // Both sides of the commit were seen, whatever the machine was at.
    for phase in [Phase.early, .begun, .through] { #expect(counts[phase, default: 0] >= 5, "\(figures)") }

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
    _ now: [String: [UInt8]], _ before: [String: [UInt8]], _ after: [String: [UInt8]]
  ) -> String {
    let torn = now.keys.filter { now[$0] != before[$0] && now[$0] != after[$0] }.sorted()
    let old = now.keys.filter { now[$0] == before[$0] && now[$0] != after[$0] }.sorted()
    return "neither: \(torn.prefix(5)); \(old.count) as before: \(old.prefix(5))"
  }
}
