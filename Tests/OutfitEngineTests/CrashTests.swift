import OutfitCore
import OutfitProfile
import OutfitSystem
import Support
import SystemPackage
import Testing

@testable import OutfitEngine

/// Stops before every single operation of a run, in every way that a machine can stop, and looks at every byte
/// of the user's after the recovery.
@Suite struct CrashTests {
  enum Stop: String, CaseIterable, Sendable {
    case killed, powerCut, powerCutKeepingSomeNames, powerCutKeepingMostNames

    func crash(_ files: MemoryFiles) {
      switch self {
      case .killed: files.crash(.killed)
      case .powerCut: files.crash(.strict)
      case .powerCutKeepingSomeNames: files.crash(.ordered(keeping: files.unsynchronizedNames / 2))
      case .powerCutKeepingMostNames: files.crash(.ordered(keeping: max(0, files.unsynchronizedNames - 1)))
      }
    }
  }

  /// A home with a generation, and a proposal that creates, replaces, edits, removes and changes kinds.
  private static func prepared() async throws -> SwitchScenario {
    var scenario = SwitchScenario()
    scenario.files.put("/home/ann/.zshrc", "export A=1", mode: 0o600)
    scenario.files.put("/home/ann/.mine", "mine\n")
    scenario.want(".old/deep/file", "old\n")
    scenario.want(".changed", "one\n")
    scenario.want(".mode", "same\n")
    scenario.want(".kind", .link(.path("/team/kind")))
    scenario.want(".secret", "one\n", mode: 0o600, secret: true)
    scenario.wantBlock(".zshrc", "one\n")
    scenario.wantCommand("black", version: "1")
    scenario.wantCommand("isort", version: "1")
    try await scenario.up()
    scenario.wantNothing(".old/deep/file")
    scenario.want(".changed", "two\n")
    scenario.want(".mode", "same\n", mode: 0o755)
    scenario.wantNothing(".kind")
    scenario.want(".kind/file", "now a folder\n")
    scenario.want(".secret", "two\n", mode: 0o600, secret: true)
    scenario.wantBlock(".zshrc", "two\n")
    scenario.want(".new/deep/file", "new\n")
    scenario.want(".link", .link(.path("/team/link")))
    scenario.want(".mine", "theirs\n")
    scenario.wantCommand("black", version: "2")
    scenario.proposal.claims.removeAll { $0.name == "isort" }
    return scenario
  }

  /// The files of the user, and the commands and tables that the shims see.
  private static func visible(_ scenario: SwitchScenario) -> [String] {
    let places = scenario.host.places
    return scenario.home + scenario.files.snapshot(places.bin) + scenario.files.snapshot(places.tables)
  }

  private static func at(_ files: MemoryFiles, _ scenario: SwitchScenario) -> SwitchScenario {
    SwitchScenario(files: files, like: scenario)
  }

  @Test(arguments: Stop.allCases) func everyInstantOfASwitch(_ stop: Stop) async throws {
    let scenario = try await Self.prepared()
    let before = Self.visible(scenario)
    let whole = Self.at(scenario.files.copy(), scenario)
    let outcome = try await whole.up(Decisions(.take))
    #expect(outcome.kept.isEmpty)
    let after = Self.visible(whole)
    #expect(before != after)
    let count = whole.files.operations - scenario.files.operations
    #expect(count > 50)

    var undone = 0
    var finished = 0
    for number in 0..<count {
      let run = Self.at(scenario.files.copy(), scenario)
      run.files.stop(before: run.files.operations + number)
      _ = try? await run.up(Decisions(.take))
      #expect(run.files.isStopped)
      stop.crash(run.files)
      try Recovery.recover(run.host)
      let now = Self.visible(run)
      let isDone = try Generations.current(.machine, host: run.host)?.number == 2
      #expect(
        now == (isDone ? after : before),
        "before operation \(number): \(Self.difference(now, isDone ? after : before))")
      if isDone { finished += 1 } else { undone += 1 }
      // And everything goes on from there as if nothing had been.
      if number % 5 == 0 {
        try await run.up(Decisions(.take))
        #expect(Self.visible(run) == after, "going on after operation \(number)")
      }
    }
    #expect(undone > 0)
    #expect(finished > 0)
  }

  @Test(arguments: [Stop.killed, .powerCut]) func everyInstantOfARecovery(_ stop: Stop) async throws {
    let scenario = try await Self.prepared()
    let before = Self.visible(scenario)
    let whole = Self.at(scenario.files.copy(), scenario)
    try await whole.up(Decisions(.take))
    // The last operation before the commit leaves the most to undo.
    let commit = try #require(
      whole.files.log.lastIndex { $0.hasPrefix("append") && $0.hasSuffix("journal/intent") })
    let broken = Self.at(scenario.files.copy(), scenario)
    broken.files.stop(before: commit)
    _ = try? await broken.up(Decisions(.take))
    broken.files.crash(.killed)
    #expect(Self.visible(broken) != before)

    var number = 0
    while true {
      let run = Self.at(broken.files.copy(), scenario)
      run.files.stop(before: run.files.operations + number)
      let isWhole = (try? Recovery.recover(run.host)) != nil
      if isWhole { break }
      stop.crash(run.files)
      try Recovery.recover(run.host)
      #expect(Self.visible(run) == before, "recovery stopped before its operation \(number)")
      number += 1
    }
    #expect(number > 20)
  }

  @Test func whatWasChangedBetweenACrashAndTheRecoveryIsKept() async throws {
    let scenario = try await Self.prepared()
    let before = Self.visible(scenario)
    let whole = Self.at(scenario.files.copy(), scenario)
    try await whole.up(Decisions(.take))
    let commit = try #require(whole.files.log.lastIndex { $0.hasPrefix("append") })
    let run = Self.at(scenario.files.copy(), scenario)
    run.files.stop(before: commit)
    _ = try? await run.up(Decisions(.take))
    run.files.crash(.killed)
    run.files.put("/home/ann/.changed", "written by hand\n")
    let line = try #require(try Recovery.recover(run.host))
    #expect(line.contains("is undone"))
    #expect(Self.visible(run) == before)
    let recovered = run.host.places.state.appending("recovered")
    let name = try #require(try run.files.list(recovered).first)
    #expect(try run.files.text(recovered.appending(name)) == "written by hand\n")
    #expect(try Recovery.recover(run.host) == nil)
  }

  @Test func anotherOutfitAtItsSwitchIsLeftAlone() async throws {
    let scenario = try await Self.prepared()
    let run = Self.at(scenario.files.copy(), scenario)
    run.files.stop(before: run.files.operations + 60)
    _ = try? await run.up(Decisions(.take))
    run.files.crash(.killed)
    let lock = try run.files.tryLock(ScopeLock.switchPath(run.host))
    #expect(try Recovery.recover(run.host) == nil)
    withExtendedLifetime(lock) {}
  }

  private static func difference(_ a: [String], _ b: [String]) -> String {
    "\(a.filter { !b.contains($0) }) instead of \(b.filter { !a.contains($0) })"
  }
}
