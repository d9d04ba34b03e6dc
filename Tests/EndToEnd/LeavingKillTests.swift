import OutfitCore
import OutfitSystem
import Support
import SystemPackage
import Testing

/// The real program, killed by strace at one of its calls while it takes Outfit out: begun again, or after another `up`,
/// it leaves the home that was there before Outfit, byte for byte and folder for folder.
@Suite(.serialized)
struct LeavingKillTests {
  private static let strace: FilePath = "/usr/bin/strace"
  private static let variables = (try? Host.live())?.environment ?? [:]
  /// `OUTFIT_TEST_LEAVING_KILLS` sets another number.
  private static let kills = variables["OUTFIT_TEST_LEAVING_KILLS"].flatMap { Int($0) } ?? 12
  private static let calls = [
    "unlinkat", "unlink", "rmdir", "rename", "renameat", "renameat2", "mkdirat", "mkdir", "fsync", "syncfs",
    "openat",
    "newfstatat", "getdents64", "write",
  ]

  private let machine: Machine
  private var outfit: FilePath { Machine.build.appending("outfit") }
  private var cache: [String: String] { ["XDG_CACHE_HOME": "\(machine.home)/.cache"] }
  private var aside: FilePath { machine.home.removingLastComponent().appending("aside") }

  init() throws { machine = try Machine("leaving-kills") }

  /// Every path below HOME with its kind, mode, link and bytes, and the times of files.
  private func everything() async throws -> [Substring] {
    let listed = try await machine.run(
      "/bin/sh",
      [
        "-c",
        "find . -printf '%p %y %m %l\\n' | sort; find . -type f -printf '%p %T@\\n' | sort; find . -type f -exec sha256sum {} + | sort",
      ])
    return listed.outputText.split(separator: "\n")
  }

  private func profile(_ round: Int) throws {
    let lines = (0..<30).map { "  .config/app/f\($0): {copy: f}\n" }
    try machine.write(
      "../p/outfit.yaml",
      """
      profile: p
      dotfiles:
        .bashrc: {block: f}
        .netrc: {copy: f, mode: "0600", secret: true}
        .linked: {link: f}
        .folder/: {copy: folder/}

      """ + lines.joined())
    for name in ["f", "folder/a", "folder/deep/b"] { try machine.write("../p/\(name)", "round \(round)\n") }
  }

  private func run(_ arguments: String...) async throws -> Completion {
    try await machine.run(outfit, arguments, setting: cache)
  }

  private func copy(_ from: FilePath, to target: FilePath) async throws {
    // In place: HOME is the working folder of what does it.
    let done = try await machine.run(
      "/bin/sh",
      [
        "-c", "cd / && mkdir -p \"$2\" && find \"$2\" -mindepth 1 -delete && exec cp -a \"$1/.\" \"$2\"",
        "sh",
        from.string, target.string,
      ])
    try #require(done.succeeded, "\(done.errorText)")
  }

  @Test(
    .enabled(
      if: (try? Host.live())?.files.exists(strace) == true, "there is no strace here: nothing is killed"),
    .timeLimit(.minutes(60)))
  func killedAtItsCallsItBeginsAgain() async throws {
    try machine.write(".bashrc", "# mine\nexport A=1", mode: 0o600)
    try machine.write(".netrc", "machine mine\n", mode: 0o600)
    for index in 0..<10 { try machine.write(".config/app/f\(index)", "mine \(index)\n", mode: 0o640) }
    let first = try await everything()
    for round in 1...2 {
      try profile(round)
      let up = try await run("up", "../p", "--trust", "--on-conflict", "take")
      try #require(up.status == 0, "\(up.errorText)")
    }
    try await copy(machine.home, to: aside)

    // How often each thread makes each call.
    let log = machine.home.removingLastComponent().appending("calls")
    let whole = try await machine.run(
      Self.strace,
      [
        "-f", "-qq", "-o", log.string, "-e", "trace=" + Self.calls.map { "?\($0)" }.joined(separator: ","),
        outfit.string, "self", "uninstall", "--yes",
      ],
      setting: cache)
    try #require(whole.status == 0, "strace can't be used here: \(whole.errorText)")
    let undisturbed = try await everything()
    #expect(undisturbed == first)
    var counts: [String: [Substring: Int]] = [:]
    for line in (try machine.files.text(log) ?? "").split(separator: "\n") {
      let words = line.split(separator: " ", maxSplits: 1)
      // Numbers of processes are padded.
      guard words.count == 2, let call = words[1].drop(while: { $0 == " " }).split(separator: "(").first,
        Self.calls.contains(String(call))
      else { continue }
      counts[String(call), default: [:]][words[0], default: 0] += 1
    }
    let points = counts.flatMap { call, threads in (1...(threads.values.max() ?? 1)).map { (call, $0) } }
      .sorted { ($0.0, $0.1) < ($1.0, $1.1) }
    try #require(points.count > 100)

    let seed = UInt64.random(in: 0...UInt64.max)
    var dice = SplitMix(seed: seed)
    print("leaving: seed \(seed), \(points.count) calls to be killed at")
    var (killed, through, losses) = (0, 0, 0)
    var ways = [0, 0, 0]
    for round in 0..<Self.kills {
      // Half of them where things are changed.
      let changing = points.filter { !["openat", "newfstatat", "getdents64", "write"].contains($0.0) }
      let (call, number) = try #require((round % 2 == 0 ? changing : points).randomElement(using: &dice))
      try await copy(aside, to: machine.home)
      let dead = try await machine.run(
        Self.strace,
        [
          "-f", "-qq", "-o", "/dev/null", "-e", "trace=\(call)", "-e",
          "inject=\(call):signal=SIGKILL:when=\(number)",
          outfit.string, "self", "uninstall", "--yes",
        ], setting: cache)
      if dead.status == 0 { through += 1 } else { killed += 1 }
      let way = Int.random(in: 0...2, using: &dice)
      ways[way] += 1
      var told = ""
      if way == 1 {
        let up = try await run("up", "../p", "--trust", "--on-conflict", "take")
        #expect(up.status == 0, "\(call) \(number): \(up.errorText)")
        #expect(try machine.read(".config/app/f0") == "round 2\n", "\(call) \(number)")
      } else if way == 2 {
        told = try await run("status").errorText
      }
      let again = try await run("self", "uninstall", "--yes")
      #expect(again.status == 0, "\(call) \(number): \(again.errorText)")
      let now = try await everything()
      guard now != first else { continue }
      losses += 1
      Issue.record(
        "\(call) \(number) (seed \(seed), way \(way)): lost \(first.filter { !now.contains($0) }), added \(now.filter { !first.contains($0) }); \(told)"
      )
    }
    print(
      "leaving: \(killed) killed, \(through) were through before; \(ways[0]) begun again, \(ways[1]) after another up, \(ways[2]) after a look; losses: \(losses)"
    )
    #expect(killed > Self.kills / 2)
  }
}
