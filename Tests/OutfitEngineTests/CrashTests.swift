import OutfitConsent
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
    case killed, powerCut, powerCutKeepingSomeNames, powerCutKeepingMostNames, reordered, reorderedOtherwise

    func crash(_ files: MemoryFiles, at number: Int) {
      switch self {
      case .killed: files.crash(.killed)
      case .powerCut: files.crash(.strict)
      case .powerCutKeepingSomeNames: files.crash(.ordered(keeping: files.unsynchronizedNames / 2))
      case .powerCutKeepingMostNames: files.crash(.ordered(keeping: max(0, files.unsynchronizedNames - 1)))
      case .reordered: files.crash(.reordered(seed: UInt64(number)))
      case .reorderedOtherwise: files.crash(.reordered(seed: UInt64(number) + 1_000_000))
      }
    }
  }

  /// What is interrupted.
  enum Run: String, CaseIterable, Sendable {
    case up, rollback, rollbackToTheBeginning, collection, uninstallation

    func callAsFunction(_ scenario: SwitchScenario) async throws {
      switch self {
      case .up: try await scenario.up(Decisions(.take), snapshots: [CrashTests.personal])
      case .rollback: try await scenario.rollback(1, Decisions(.take))
      case .rollbackToTheBeginning: try await scenario.rollback(0, Decisions(.take))
      case .collection: try await Collection.run(scenario.host, keep: 1)
      case .uninstallation: try await Uninstallation.run(scenario.host)
      }
    }
  }

  private static let personal: FilePath = "/home/ann/.config/outfit/outfit.yaml"

  /// A home with a generation, and a proposal that creates, replaces, edits, removes and changes kinds.
  private static func prepared(for run: Run = .up) async throws -> SwitchScenario {
    var scenario = SwitchScenario()
    let files = scenario.files
    files.put("/home/ann/.zshrc", "export A=1", mode: 0o600)
    try files.setAttributes("/home/ann/.zshrc", ["user.mark": [1, 2]])
    files.put("/home/ann/.mine", "mine\n")
    files.put("/home/ann/.netrc", "machine mine\n", mode: 0o600)
    files.putLink("/home/ann/.tool", to: "/opt/tool")
    files.put(personal, "profile: me\n")
    scenario.want(".old/deep/file", "old\n")
    scenario.want(".changed", "one\n")
    scenario.want(".mode", "same\n")
    scenario.want(".kind", .link(.path("/team/kind")))
    scenario.want(".secret", "one\n", mode: 0o600, secret: true)
    scenario.want(".tool", .link(.path("/opt/newer")))
    scenario.wantBlock(".zshrc", "one\n")
    scenario.wantCommand("black", version: "1")
    scenario.wantCommand("isort", version: "1")
    files.put("/home/ann/shop/.venv/lib/mine", "mine\n", mode: 0o600)
    files.put("/home/ann/web/node_modules/mine", "mine\n")
    files.putLink("/home/ann/linked/node_modules", to: "/elsewhere")
    scenario.wantTree("shop/node_modules", version: "1")
    scenario.wantTree("old/node_modules", version: "1")
    try await scenario.up(Decisions(.take), snapshots: [personal])
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
    scenario.want(".netrc", "theirs\n", mode: 0o600, secret: true)
    scenario.wantCommand("black", version: "2")
    scenario.wantEnvironment("shop/.venv")
    scenario.wantNothing("old/node_modules")
    scenario.wantTree("shop/node_modules", version: "2")
    scenario.wantTree("web/node_modules", version: "2")
    scenario.wantTree("linked/node_modules", version: "2")
    scenario.proposal.claims.removeAll { $0.name == "isort" }
    files.put(personal, "profile: me\ntools: {black: \"2\"}\n")
    if run != .up {
      try await scenario.up(Decisions(.take), snapshots: [personal])
      scenario.want(".changed", "three\n")
      try await scenario.up(Decisions(.take), snapshots: [personal])
    }
    return scenario
  }

  /// The files of the user with the times of those that stay, and the commands and tables that the shims see.
  private static func visible(_ scenario: SwitchScenario, of run: Run = .up) -> [String] {
    let places = scenario.host.places
    // Outfit's own folders go one by one at last.
    if run == .uninstallation { return scenario.home + scenario.files.snapshot(places.config) }
    return scenario.home + scenario.files.snapshot(places.bin) + scenario.files.snapshot(places.tables)
      + scenario.files.snapshot(places.config)
  }

  /// Where a folder of the user's is, whole: in its place, or moved aside.
  private static func places(of folder: String, _ scenario: SwitchScenario) throws -> [String] {
    let file = folder.hasSuffix(".venv") ? "lib/mine" : "mine"
    return ["\(folder)/\(file)", "\(folder).outfit-backup/\(file)"].filter { scenario.text($0) == "mine\n" }
  }

  private static func times(_ scenario: SwitchScenario) -> [String: Int64] {
    var times: [String: Int64] = [:]
    for name in [".zshrc", ".mine", ".netrc", ".changed", ".mode"] {
      times[name] = try? scenario.modified(name)
    }
    return times
  }

  private static func at(_ files: MemoryFiles, _ scenario: SwitchScenario) -> SwitchScenario {
    SwitchScenario(files: files, like: scenario)
  }

  @Test(arguments: Run.allCases) func everyInstant(_ run: Run) async throws {
    let scenario = try await Self.prepared(for: run)
    let before = Self.visible(scenario, of: run)
    let times = Self.times(scenario)
    let whole = Self.at(scenario.files.copy(), scenario)
    try await run(whole)
    let after = Self.visible(whole, of: run)
    #expect(run == .collection ? before == after : before != after)
    let count = whole.files.operations - scenario.files.operations
    #expect(count > (run == .collection ? 5 : 30))

    var undone: [Stop: Int] = [:]
    var finished: [Stop: Int] = [:]
    for number in 0..<count {
      let stopped = Self.at(scenario.files.copy(), scenario)
      stopped.files.stop(before: stopped.files.operations + number)
      _ = try? await run(stopped)
      #expect(stopped.files.isStopped)
      // Up to there it is the same, in whatever way it stops.
      for stop in Stop.allCases {
        let broken = Self.at(stopped.files.copy(), scenario)
        stop.crash(broken.files, at: number)
        let place =
          "\(stop) before operation \(number), \(whole.files.log[scenario.files.operations + number])"
        for folder in ["shop/.venv", "web/node_modules"] {
          let places = try Self.places(of: folder, broken)
          #expect(places.count == 1, "\(folder), \(place): \(places)")
        }
        try Recovery.recover(broken.host)
        let now = Self.visible(broken, of: run)
        #expect(
          now == before || now == after,
          "\(place): \(Self.difference(now, before)), or \(Self.difference(now, after))")
        if now == after, run != .collection {
          finished[stop, default: 0] += 1
        } else {
          undone[stop, default: 0] += 1
          #expect(Self.times(broken) == times, "times, \(place)")
        }
        // What can be gone back to is there with all its contents.
        for generation in try Generations.list(.machine, host: broken.host)
        where run != .uninstallation || now == before {
          #expect(
            try Generations.missingContents(of: generation, host: broken.host).isEmpty,
            "generation \(generation.number), \(place)")
        }
        // And everything goes on from there as if nothing had been.
        if number % 10 == 0, run != .uninstallation || now == before {
          try await run(broken)
          #expect(Self.visible(broken, of: run) == after, "going on, \(place)")
        }
      }
    }
    for stop in Stop.allCases {
      #expect(undone[stop, default: 0] > 0, "\(stop)")
      #expect(finished[stop, default: 0] > 0 || run == .collection, "\(stop)")
      print("crash points tried: \(run.rawValue), \(stop.rawValue): \(count), losses: 0")
    }
  }

  @Test func everyInstantOfARecovery() async throws {
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
      let stopped = Self.at(broken.files.copy(), scenario)
      stopped.files.stop(before: stopped.files.operations + number)
      let isWhole = (try? Recovery.recover(stopped.host)) != nil
      if isWhole { break }
      for stop in Stop.allCases {
        let run = Self.at(stopped.files.copy(), scenario)
        stop.crash(run.files, at: number)
        try Recovery.recover(run.host)
        #expect(Self.visible(run) == before, "recovery stopped before its operation \(number), \(stop)")
      }
      number += 1
    }
    #expect(number > 20)
    for stop in Stop.allCases {
      print("crash points tried: recovery, \(stop.rawValue): \(number), losses: 0")
    }
  }

  /// Puts a link in the place of a folder before each single call of a switch, those that only read included: what
  /// is behind the link is never touched, and what was in the folder is there yet, or is kept.
  @Test func aFolderSwappedForALinkIsNeverFollowed() async throws {
    var scenario = SwitchScenario()
    let files = scenario.files
    files.put("/home/ann/.config/app/rc", "mine\n", mode: 0o600)
    files.put("/elsewhere/rc", "others\n")
    scenario.want(".config/app/rc", "team\n", mode: 0o600)
    scenario.want(".config/app/deep/new", "new\n")
    scenario.wantBlock(".config/app/block", "b\n")
    let whole = Self.at(files.copy(), scenario)
    func apply(_ plan: Plan, _ run: SwitchScenario) async throws {
      _ = try await Switch.apply(
        plan, by: .generation(.machine), decisions: Decisions(.take),
        profile: ProfileStamp(name: "team", address: "/team"),
        host: run.host)
    }
    let plan = try whole.plan()
    let start = whole.files.calls
    try await apply(plan, whole)
    let count = whole.files.calls - start
    #expect(count > 60)
    var refused = 0
    for number in 0..<count {
      let run = Self.at(files.copy(), scenario)
      let plan = try run.plan()
      run.files.interfere(before: run.files.calls + number) { [files = run.files] in
        try? files.rename("/home/ann/.config/app", to: "/home/ann/moved")
        try? files.createLink("/home/ann/.config/app", to: "/elsewhere")
      }
      do {
        try await apply(plan, run)
      } catch is Failure {
        refused += 1
      }
      let elsewhere = run.files.snapshot("/elsewhere")
      #expect(elsewhere == ["755 folder ", "644 file rc 7:others\n"], "before call \(number): \(elsewhere)")
      let mine = try run.files.text("/home/ann/moved/rc")
      let isKept = run.files.snapshot("/home/ann/.local/state").contains { $0.contains("mine\n") }
      #expect(mine == "mine\n" || isKept, "before call \(number): \(mine ?? "nothing")")
      // Nothing stays behind that keeps the next run from its work.
      #expect(!run.files.exists(Journal.intent(run.host)), "before call \(number)")
    }
    #expect(refused > 10)
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

  /// Killed after any operation of a verb that edits a manifest; the person edits it before the next command.
  @Test func aManifestThatWasEditedBetweenACrashAndTheRecoveryStays() async throws {
    let path: FilePath = "/home/ann/.config/outfit/outfit.yaml"
    let old = "tools: {black: latest}\n"
    let edited = "tools: {mine: latest}\n"
    var scenario = SwitchScenario()
    scenario.files.put(path, old)
    scenario.wantCommand("isort")
    func apply(_ run: SwitchScenario) async throws {
      _ = try await Switch.apply(
        run.plan(), by: .generation(.machine), profile: ProfileStamp(name: "team", address: "/team"),
        snapshots: [path],
        companions: [Companion(path: path, before: old, text: "tools: {isort: latest}\n", mode: 0o644)],
        host: run.host)
    }
    let whole = Self.at(scenario.files.copy(), scenario)
    let start = whole.files.operations
    try await apply(whole)
    var undone = 0
    for number in 0..<whole.files.operations - start {
      let run = Self.at(scenario.files.copy(), scenario)
      run.files.stop(before: run.files.operations + number)
      _ = try? await apply(run)
      run.files.crash(.killed)
      try run.files.remove(path)
      run.files.put(path, edited)
      if let line = try Recovery.recover(run.host), line.contains("is undone") {
        undone += 1
        #expect(line.contains("\(path)"), "after operation \(number): \(line)")
      }
      #expect(try run.files.text(path) == edited, "after operation \(number)")
      #expect(!run.files.exists(Journal.intent(run.host)))
    }
    #expect(undone > 5)
  }

  @Test func aManifestThatIsEditedDuringTheSwitchStays() async throws {
    let path: FilePath = "/home/ann/.config/outfit/outfit.yaml"
    let edited = "tools: {mine: latest}\n"
    var scenario = SwitchScenario()
    scenario.files.put(path, "tools: {black: latest}\n")
    scenario.wantCommand("isort")
    func apply(_ run: SwitchScenario) async throws {
      _ = try await Switch.apply(
        run.plan(), by: .generation(.machine), profile: ProfileStamp(name: "team", address: "/team"),
        companions: [
          Companion(
            path: path, before: try run.files.text(path), text: "tools: {isort: latest}\n", mode: 0o644)
        ], host: run.host)
    }
    let whole = Self.at(scenario.files.copy(), scenario)
    let start = whole.files.calls
    try await apply(whole)
    var refused = 0
    for number in 0..<whole.files.calls - start {
      let run = Self.at(scenario.files.copy(), scenario)
      run.files.interfere(before: run.files.calls + number) { [files = run.files] in
        guard (try? files.text(path)) != "tools: {isort: latest}\n" else { return }
        try? files.remove(path)
        files.put(path, edited)
      }
      do { try await apply(run) } catch is Failure { refused += 1 }
      #expect(!run.files.exists(Journal.intent(run.host)), "before call \(number)")
      let now = try run.files.text(path)
      let isKept =
        run.files.snapshot("/home/ann/.local/state").contains { $0.contains("mine: latest") }
      #expect(
        now == edited || isKept || now == "tools: {isort: latest}\n", "before call \(number): \(now ?? "")")
    }
    #expect(refused > 3)
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
