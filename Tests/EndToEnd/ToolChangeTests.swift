import Foundation
import OutfitSystem
import Support
import SystemPackage
import Testing

/// What becomes of other tools, and of what was there, when one can't be had, changes or goes.
@Suite(.serialized, .timeLimit(.minutes(15)))
struct ToolChangeTests {
  private let machine: Machine
  private let index: PackageIndex

  init() throws {
    machine = try Machine("tool-change")
    index = try PackageIndex(day: "2026-02-03")
  }

  /// A cache of its own, so that what is asked for is known.
  private var settings: [String: String] { ["XDG_CACHE_HOME": machine.home.appending("cache").string] }

  private func up(_ tools: String..., options: [String] = []) async throws -> Completion {
    try profile(tools)
    return try await machine.run(
      Machine.build.appending("outfit"), ["up", "p", "--trust"] + options, setting: settings)
  }

  private func profile(_ tools: [String], python: String = "\"3\"") throws {
    let lines =
      [
        "profile: p", "interpreters: {python: {versions: [\(python)], system: true}}",
        "indexes: {open: {url: \"\(index.url)\"}}", tools.isEmpty ? "tools: {}" : "tools:",
      ] + tools.map { "  " + $0 }
    try machine.write("p/outfit.yaml", lines.map { $0 + "\n" }.joined())
  }

  private func says(_ commands: String...) async throws -> String {
    try await machine.login(commands.joined(separator: "; ")).outputText
  }

  /// On a project's first day nothing stands that could stay: the rest is there, and what must be built is named.
  @Test func aProjectsFirstDayLeavesOutWhatMustBeBuilt() async throws {
    try await index.publish("good", "1.0", says: "good 1", machine)
    try await index.publishSource("bad", "2.0", machine)
    try machine.write(
      "shop/outfit.yaml",
      """
      profile: shop
      interpreters: {python: {versions: ["3"], system: true}}
      indexes: {open: {url: "\(index.url)"}}
      tools: {good: "*", bad: "2.0"}

      """)
    let first = try await machine.outfit("up", "--trust", at: "shop", setting: settings)
    #expect(first.status == 1, "\(first.errorText)")
    #expect(first.errorText.contains("bad is published as source only"), "\(first.errorText)")
    let good = try await machine.outfit("exec", "good", at: "shop", setting: settings)
    #expect(good.outputText == "good 1\n", "\(good.errorText)")
    #expect(!machine.files.exists(PackageIndex.trace(machine)))
    try await index.publish("bad", "2.0", says: "bad 2", machine)
    let second = try await machine.outfit("up", "--trust", at: "shop", setting: settings)
    #expect(second.status == 0, "\(second.errorText)")
    let bad = try await machine.outfit("exec", "bad", at: "shop", setting: settings)
    #expect(bad.outputText == "bad 2\n", "\(bad.errorText)")
  }

  @Test func aPackageWithoutAWheelSwitchesNothing() async throws {
    try await index.publish("good", "1.0", says: "good 1", machine)
    try await index.publish("bad", "1.0", says: "bad 1", machine)
    try await index.publish("later", "1.0", says: "later 1", machine)
    try await index.publishSource("bad", "2.0", machine)
    let first = try await up("good: \"*\"", "bad: \"1.0\"")
    #expect(first.status == 0, "\(first.errorText)")

    let second = try await up("good: \"*\"", "bad: \"2.0\"", "later: \"*\"")
    #expect(second.status == 1, "\(second.errorText)")
    #expect(second.errorText.contains("nothing was switched"), "\(second.errorText)")
    #expect(second.errorText.contains("bad is published as source only"), "\(second.errorText)")
    #expect(second.errorText.contains("`build: [bad]`"), "\(second.errorText)")
    #expect(second.errorText.contains("outfit.yaml:6:"), "\(second.errorText)")
    #expect(try await says("good", "bad", "command -v later") == "good 1\nbad 1\n")
    #expect(!machine.files.exists(PackageIndex.trace(machine)))

    // A name that is nearly a known one may be a mistake, and anybody's.
    try await index.publishSource("blck", "1.0", machine)
    let near = try await up("good: \"*\"", "bad: \"1.0\"", "later: \"*\"", "blck: \"*\"")
    #expect(near.status == 1, "\(near.errorText)")
    #expect(near.errorText.contains("did you mean black? Otherwise ask for"), "\(near.errorText)")

    // What it depends on counts too.
    try await index.publish("needy", "1.0", requires: ["bad==2.0"], says: "needy 1", machine)
    let third = try await up("good: \"*\"", "bad: \"1.0\"", "needy: \"*\"")
    #expect(third.status == 1, "\(third.errorText)")
    #expect(third.errorText.contains("needy: bad is published as source only"), "\(third.errorText)")
    #expect(try await says("good", "bad", "command -v later") == "good 1\nbad 1\n")
    let status = try await machine.outfit("status", "--check", setting: settings)
    #expect(status.status == 3, "\(status.outputText)\(status.errorText)")
    #expect(!machine.files.exists(PackageIndex.trace(machine)))
  }

  /// The lock with other hashes for one tool, or none.
  private func lock(_ text: String, tool: String, hash: String?) -> String {
    var isIts = false
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    return lines.compactMap { line -> String? in
      if line.contains("==") { isIts = line.contains("\(tool)==") }
      guard isIts else { return line }
      let parts = line.components(separatedBy: "--hash=sha256:")
      if parts.count == 2 {
        let ending = parts[1].hasSuffix("\\") ? " \\" : ""
        return hash.map { "\(parts[0])--hash=sha256:\($0)\(ending)" }
      }
      return hash == nil && line.hasSuffix(" \\") ? String(line.dropLast(2)) : line
    }.joined(separator: "\n")
  }

  /// A wrong digest is what a tool fails by; a line without one is no lock, and stops all.
  @Test(arguments: [true, false]) func hashesStopThatToolAlone(_ isMissing: Bool) async throws {
    try await index.publish("good", "1.0", says: "good 1", machine)
    try await index.publish("bad", "1.0", says: "bad 1", machine)
    try profile(["good: \"*\"", "bad: \"*\""])
    #expect(try await machine.outfit("trust", "p", setting: settings).status == 0)
    let unlocked = try await machine.outfit("up", "p", "--locked", "--trust", setting: settings)
    #expect(unlocked.status == 3, "\(unlocked.errorText)")
    #expect(unlocked.errorText.contains("run `outfit lock p` and commit"), "\(unlocked.errorText)")
    let locking = try await machine.outfit("lock", "p", setting: settings)
    try #require(locking.status == 0, "\(locking.errorText)")
    let right = try #require(try machine.read("p/outfit.lock"))
    let first = try await machine.outfit("up", "p", "--locked", "--trust", setting: settings)
    #expect(first.status == 0, "\(first.errorText)")

    let hash = isMissing ? nil : String(repeating: "0", count: 64)
    try machine.write("p/outfit.lock", lock(right, tool: "bad", hash: hash))
    // On a machine that has neither of them yet, too.
    let other = try Machine("hashes")
    for name in ["outfit.yaml", "outfit.lock"] {
      try other.write("p/\(name)", try #require(try machine.read("p/\(name)")))
    }
    for (machine, expected) in [(machine, "good 1\nbad 1\n"), (other, isMissing ? "" : "good 1\n")] {
      let up = try await machine.outfit("up", "p", "--locked", "--trust", setting: settings)
      #expect(up.status == (isMissing ? 2 : 1), "\(up.outputText)\(up.errorText)")
      let words =
        isMissing
        ? "`bad==1.0` has no sha256 digest" : "bad: what is served for bad==1.0 is not what the lock"
      #expect(up.errorText.contains(words), "\(up.errorText)")
      #expect(try await machine.login("good; bad").outputText == expected)
    }
    try machine.write("p/outfit.lock", right)
    let mended = try await machine.outfit("up", "p", "--locked", "--trust", setting: settings)
    #expect(mended.status == 0, "\(mended.errorText)")
  }

  @Test func anUnchangedToolIsNeverTouched() async throws {
    for version in ["1.0", "2.0"] {
      try await index.publish("moving", version, says: "moving \(version)", machine)
    }
    try await index.publish("staying", "1.0", says: "staying 1", machine)
    #expect(try await up("moving: \"1.0\"", "staying: \"*\"").status == 0)
    // The first run leaves bytecode.
    #expect(try await says("staying") == "staying 1\n")
    let before = try machine.marks("staying")
    #expect(before.count > 10)
    let moved = try await up("moving: \"2.0\"", "staying: \"*\"")
    #expect(moved.status == 0, "\(moved.errorText)")
    #expect(try await up("moving: \"2.0\"", "staying: \"*\"", options: ["--offline"]).status == 0)
    #expect(try await says("moving", "staying") == "moving 2.0\nstaying 1\n")
    #expect(try machine.marks("staying") == before)
  }

  /// Each of two environments waits for the other to be under way: one after the other would never end.
  @Test func environmentsAreMadeAtTheSameTime() async throws {
    for name in ["left", "right"] { try await index.publish(name, "1.0", says: name, machine) }
    try profile(["left: \"*\"", "right: \"*\""])
    #expect(try await machine.outfit("trust", "p", setting: settings).status == 0)
    let locking = try await machine.outfit("lock", "p", setting: settings)
    try #require(locking.status == 0, "\(locking.errorText)")
    try machine.files.removeTree(machine.home.pushing("cache/outfit/uv"))
    let waiting = Locked<Set<String>>([])
    index.onRequest { target in
      guard target.hasPrefix("/files/") else { return }
      waiting.withLock { _ = $0.insert(target) }
      for _ in 0..<600 where waiting.withLock({ $0.count < 2 }) { usleep(100_000) }
    }
    let up = try await machine.outfit("up", "p", "--trust", setting: settings)
    #expect(up.status == 0, "\(up.errorText)")
    #expect(waiting.withLock { $0.count } == 2)
    #expect(try await says("left", "right") == "left\nright\n")
  }

  @Test func toolsThatLeaveTheManifestGoWhereToolsAloneAreAskedFor() async throws {
    for name in ["going", "staying"] { try await index.publish(name, "1.0", says: name, machine) }
    #expect(try await up("going: \"*\"", "staying: \"*\"").status == 0)
    let fewer = try await up("staying: \"*\"", options: ["--only", "tools"])
    #expect(fewer.status == 0, "\(fewer.errorText)")
    #expect(
      try await says("command -v going", "staying", "command -v outfit >/dev/null && echo outfit")
        == "staying\noutfit\n")
    let back = try await machine.outfit("rollback", setting: settings)
    #expect(back.status == 0, "\(back.errorText)")
    #expect(try await says("going") == "going\n")
    // Another part's run leaves them alone.
    #expect(try await up("staying: \"*\"", options: ["--only", "shell"]).status == 0)
    #expect(try await says("going") == "going\n")
    let none = try await up(options: ["--only", "tools"])
    #expect(none.status == 0, "\(none.errorText)")
    #expect(try await says("command -v going", "command -v staying") == "")
  }

  @Test func outdatedSaysSinceWhen() async throws {
    for version in ["1.0", "1.1", "2.0"] {
      try await index.publish("moving", version, says: version, machine)
    }
    #expect(try await up("moving: \"1.0\"").status == 0)
    try profile(["moving: \"1.*\""])
    let text = try await machine.outfit("outdated", "moving", setting: settings)
    #expect(text.status == 0, "\(text.errorText)")
    let words = text.outputText.split(separator: "\n").dropFirst().first?.split(separator: " ") ?? []
    #expect(words.prefix(5) == ["moving", "1.0", "1.1", "2.0", "2026-02-03"], "\(text.outputText)")
  }

  /// The user's own programs of the same name, before and behind ours on PATH.
  @Test func programsOfTheSameNameAreReportedAndNeverTouched() async throws {
    for name in ["first", "second"] { try await index.publish(name, "1.0", says: "ours", machine) }
    let theirs = "#!/bin/sh\necho theirs\n"
    try machine.write("early/first", theirs, mode: 0o755)
    try machine.write(".local/pipx/venvs/second/bin/second", theirs, mode: 0o755)
    try machine.files.createDirectories(machine.home.pushing(".local/bin"))
    try machine.files.createLink(
      machine.home.pushing(".local/bin/second"), to: "../pipx/venvs/second/bin/second")
    let before = try machine.tree()
    try profile(["first: \"*\"", "second: \"*\""])
    let bin = machine.home.pushing(".local/share/outfit/bin").string
    let late = machine.home.pushing(".local/bin").string
    var setting = settings
    setting["PATH"] = "\(late):\(machine.environment["PATH"] ?? "")"
    let up = try await machine.outfit("up", "p", "--trust", setting: setting)
    #expect(up.status == 0, "\(up.errorText)")
    #expect(up.errorText.contains("come before those of \(late): second"), "\(up.errorText)")
    setting["PATH"] = "\(machine.home)/early:\(bin):\(late):\(machine.environment["PATH"] ?? "")"
    let doctor = try await machine.outfit("doctor", setting: setting)
    #expect(
      doctor.outputText.contains("first is shadowed by \(machine.home)/early/first"), "\(doctor.outputText)")
    #expect(
      doctor.outputText.contains("second comes before \(late)/second, which is pipx's"),
      "\(doctor.outputText)")
    let after = try machine.tree()
    for path in ["early/first", ".local/bin/second", ".local/pipx/venvs/second/bin/second"] {
      #expect(before[path] != nil && before[path] == after[path], "\(path)")
    }
  }
}
