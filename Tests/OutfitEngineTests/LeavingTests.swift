import OutfitConsent
import OutfitCore
import OutfitProfile
import OutfitSystem
import Support
import SystemPackage
import Testing

@testable import OutfitEngine

/// `self uninstall` stopped before every single operation, and begun again: after it, and after another `up` and
/// leaving then, the home is what it was before Outfit, to the last folder.
@Suite struct LeavingTests {
  private static let personal: FilePath = "/home/ann/.config/outfit/outfit.yaml"

  /// What every command does around its own work.
  private static func session(
    _ scenario: SwitchScenario, _ body: (SwitchScenario) async throws -> Void
  ) async throws {
    try Recovery.recover(scenario.host)
    let missing = Footprint.missing(scenario.host)
    defer { Footprint.note(missing, scenario.host) }
    try await body(scenario)
  }

  private static func up(_ scenario: SwitchScenario) async throws {
    try await session(scenario) {
      try await $0.up(Decisions(.take), snapshots: Scope.machine.snapshots($0.host))
    }
  }

  private static func leave(_ scenario: SwitchScenario) async throws {
    try await session(scenario) { _ = try await Uninstallation.run($0.host) }
  }

  private static func everything(_ scenario: SwitchScenario) -> [String] {
    scenario.files.snapshot("/home/ann") + scenario.files.snapshot("/srv")
  }

  /// A home in which somebody lived, with two generations, a personal layer that a verb made, a project, a secret.
  private static func lived() async throws -> (scenario: SwitchScenario, first: [String]) {
    let files = MemoryFiles.withHome()
    var scenario = SwitchScenario(files: files, like: SwitchScenario())
    files.put("/home/ann/.zshrc", "export A=1", mode: 0o600)
    try files.setAttributes("/home/ann/.zshrc", ["user.mark": [1, 2]])
    files.put("/home/ann/.mine", "mine\n")
    files.put("/home/ann/.netrc", "machine mine\n", mode: 0o600)
    files.put("/srv/shop/.git/hooks/pre-commit", "#!/bin/sh\n", mode: 0o755)
    let first = everything(scenario)

    scenario.want(".mine", "theirs\n")
    scenario.want(".config/app/rc", "rc\n")
    scenario.want(".netrc", "machine ours\n", mode: 0o600, secret: true)
    scenario.wantBlock(".zshrc", "one\n")
    scenario.wantCommand("black", version: "1")
    try await up(scenario)
    files.put(scenario.host.places.cache.appending("downloads/x"), "x")
    files.put(scenario.host.places.store.appending("black-1/bin/black"), "x", mode: 0o755)
    var project = SwitchScenario(files: files, like: SwitchScenario())
    project.scope = .project("/srv/shop")
    project.proposal.changes = [
      Change(
        target: "/srv/shop/.git/hooks/pre-commit", owner: SwitchScenario.source(), isSecret: false,
        kind: .file(Array("ours\n".utf8), mode: 0o755), object: nil)
    ]
    try await session(project) { try await $0.up(Decisions(.take)) }
    scenario.want(".mine", "newer\n")
    scenario.want(".config/app/more", "more\n")
    try await session(scenario) {
      _ = try await Switch.apply(
        $0.plan(), by: .generation(.machine), profile: ProfileStamp(name: "team", address: "/team"),
        snapshots: Scope.machine.snapshots($0.host),
        companions: [
          Companion(path: personal, before: nil, text: "tools: {black: latest}\n", mode: 0o600)
        ], host: $0.host)
    }
    return (scenario, first)
  }

  private static func copy(_ scenario: SwitchScenario) -> SwitchScenario {
    SwitchScenario(files: scenario.files.copy(), like: scenario)
  }

  /// How many operations it takes, and that it leaves nothing.
  private static func count(_ scenario: SwitchScenario, _ first: [String]) async throws -> Int {
    let whole = copy(scenario)
    try await leave(whole)
    #expect(everything(whole) == first)
    return whole.files.operations - scenario.files.operations
  }

  private static func difference(_ a: [String], _ b: [String]) -> String {
    "\(a.filter { !b.contains($0) }) instead of \(b.filter { !a.contains($0) })"
  }

  private static let ways = ["again", "up, then again", "a look, then again"]

  /// A quarter of the operations each. After a kill each way is gone on by, else a third of them each.
  @Test(arguments: 0..<4) func beginsAgainAtEveryInstant(_ quarter: Int) async throws {
    let (scenario, first) = try await Self.lived()
    let count = try await Self.count(scenario, first)
    #expect(count > 60)
    var (points, tries) = (0, 0)
    for number in stride(from: quarter, to: count, by: 4) {
      let stopped = Self.copy(scenario)
      stopped.files.stop(before: stopped.files.operations + number)
      _ = try? await Self.leave(stopped)
      #expect(stopped.files.isStopped)
      let step = stopped.files.log.last ?? ""
      for stop in CrashTests.Stop.allCases {
        points += 1
        let broken = Self.copy(stopped)
        stop.crash(broken.files, at: number)
        for way in stop == .killed ? [0, 1, 2] : [(number / 4) % 3] {
          let run = Self.copy(broken)
          if way == 1 {
            try await Self.up(run)
            #expect(run.text(".mine") == "newer\n", "up, \(stop) after \(step)")
          } else if way == 2 {
            try await Self.session(run) { _ in }
          }
          tries += 1
          try await Self.leave(run)
          let now = Self.everything(run)
          #expect(
            now == first, "\(Self.ways[way]), \(stop) after \(step): \(Self.difference(now, first))")
        }
      }
    }
    print("crash points tried: self uninstall and again: \(points), \(tries) ways on, losses: 0")
  }

  @Test(arguments: [Errno.ioError, .noSpace, .readOnlyFileSystem])
  func anOperationThatFailsIsToldTrulyAndLosesNothing(_ code: Errno) async throws {
    let (scenario, first) = try await Self.lived()
    let count = try await Self.count(scenario, first)
    let before = scenario.home
    var refused = 0
    for number in 0..<count {
      let broken = Self.copy(scenario)
      broken.files.fail(at: broken.files.operations + number, with: code)
      var said: String?
      do {
        try await Self.leave(broken)
      } catch let failure as Failure {
        refused += 1
        said = failure.diagnostics.map { "\($0.message); \($0.hint ?? "")" }.joined(separator: "; ")
      }
      let step = broken.files.log.dropFirst(scenario.files.operations + number).first ?? ""
      if let said {
        #expect(said.contains("run it again"), "\(step): \(said)")
        if said.contains("nothing is taken out yet") { #expect(broken.home == before, "\(step): \(said)") }
        if said.contains("everything that Outfit replaced is back") {
          #expect(broken.text(".mine") == "mine\n", "\(step): \(said)")
        }
      }
      broken.files.crash(.killed)
      try await Self.leave(broken)
      let now = Self.everything(broken)
      #expect(now == first, "again, after \(code) at \(step): \(Self.difference(now, first))")
    }
    #expect(refused > count / 2)
    print("operations failed once: self uninstall, \(code): \(count), told \(refused), losses: 0")
  }

  /// What the user had before is kept when a file stays as the user changed it, also when Outfit let go of it earlier.
  @Test func theFirstContentOfWhatStaysIsKept() async throws {
    var (scenario, _) = try await Self.lived()
    scenario.files.put("/home/ann/.rc", "first\n")
    scenario.want(".rc", "theirs\n")
    try await Self.up(scenario)
    scenario.files.put("/home/ann/.rc", "edited\n")
    let count: Int
    do {
      let whole = Self.copy(scenario)
      try await Self.leave(whole)
      count = whole.files.operations - scenario.files.operations
    }
    func expectKept(_ run: SwitchScenario, _ step: String) {
      let state = run.files.snapshot("/home/ann/.local/state")
      #expect(run.text(".rc") == "edited\n" && state.contains { $0.contains("first\n") }, "\(step): \(state)")
      #expect(state.allSatisfy { !$0.contains("generations") }, "\(step): \(state)")
    }
    for number in 0...count {
      let broken = Self.copy(scenario)
      broken.files.stop(before: broken.files.operations + number)
      _ = try? await Self.leave(broken)
      broken.files.crash(.killed)
      try await Self.leave(broken)
      expectKept(broken, "before operation \(number)")
    }
    let earlier = Self.copy(scenario)
    try await Self.session(earlier) { try await $0.rollback(0) }
    try await Self.leave(earlier)
    expectKept(earlier, "after a rollback that kept it")
  }

  @Test func aPersonalLayerThatAPersonWroteInStays() async throws {
    let (scenario, _) = try await Self.lived()
    scenario.files.put(Self.personal, "# by hand\n", mode: 0o600)
    let plan = try Uninstallation.plan(scenario.host)
    #expect(plan.staying == [Self.personal])
    #expect(!plan.plans.flatMap(\.differing).contains { $0.target == Self.personal })
    try await Self.leave(scenario)
    #expect(try scenario.files.text(Self.personal) == "# by hand\n")
    // One that a verb alone wrote is listed once, as what goes.
    let (other, _) = try await Self.lived()
    let going = try Uninstallation.plan(other.host)
    #expect(going.staying.isEmpty)
    #expect(going.plans.flatMap(\.differing).contains { $0.target == Self.personal && $0.action == .remove })
  }

  @Test func aContentThatIsGoneKeepsNobody() async throws {
    let (scenario, _) = try await Self.lived()
    let blobs = scenario.host.places.state(of: .machine).appending("blobs")
    for name in try scenario.files.list(blobs) { try scenario.files.removeTree(blobs.appending(name)) }
    let (_, kept) = try await Uninstallation.run(scenario.host)
    #expect(kept.map(\.target) == ["/home/ann/.mine", "/home/ann/.netrc"])
    #expect(scenario.text(".mine") == "newer\n")
    #expect(!scenario.files.exists(scenario.host.places.state))
  }

  /// A state that is kept on another disk by a link.
  @Test func aStateElsewhereIsEmptied() async throws {
    let files = MemoryFiles.withHome()
    var scenario = SwitchScenario(files: files, like: SwitchScenario())
    files.putDirectory("/big/outfit-state", mode: 0o700)
    files.putDirectory("/home/ann/.local/state")
    files.putDirectory("/home/ann/.local/share")
    files.putLink("/home/ann/.local/state/outfit", to: "/big/outfit-state")
    let first = files.snapshot("/home/ann") + files.snapshot("/big")
    scenario.want(".mine", "theirs\n")
    try await Self.up(scenario)
    let whole = Self.copy(scenario)
    try await Self.leave(whole)
    for number in 0...whole.files.operations - scenario.files.operations {
      let broken = Self.copy(scenario)
      broken.files.stop(before: broken.files.operations + number)
      _ = try? await Self.leave(broken)
      broken.files.crash(.killed)
      try await Self.leave(broken)
      let now = broken.files.snapshot("/home/ann") + broken.files.snapshot("/big")
      #expect(now == first, "before operation \(number): \(Self.difference(now, first))")
    }
  }

  @Test func whileOneLeavesNoOtherBegins() async throws {
    let (scenario, _) = try await Self.lived()
    let whole = Self.copy(scenario)
    try await Self.leave(whole)
    let rename = try #require(
      whole.files.log.lastIndex { $0.contains(Leaving.name) && $0.hasPrefix("rename") })
    scenario.files.stop(before: rename + 2)
    _ = try? await Self.leave(scenario)
    scenario.files.crash(.killed)
    let left = try #require(try Leaving.find(scenario.host))
    let lock = try scenario.files.tryLock(left.appending("switch.lock"))
    #expect(throws: Failure.self) { try Recovery.recover(scenario.host) }
    withExtendedLifetime(lock) {}
  }

  /// What was begun anew while an old state was left to go is not touched.
  @Test func whatWasBegunAnewStays() async throws {
    let (scenario, first) = try await Self.lived()
    let whole = Self.copy(scenario)
    try await Self.leave(whole)
    let rename = try #require(
      whole.files.log.lastIndex { $0.contains(Leaving.name) && $0.hasPrefix("rename") })
    scenario.files.stop(before: rename + 3)
    _ = try? await Self.leave(scenario)
    scenario.files.crash(.killed)
    _ = try #require(try Leaving.find(scenario.host))
    try await scenario.up(Decisions(.take), snapshots: Scope.machine.snapshots(scenario.host))
    let bin = try scenario.files.list(scenario.host.places.bin)
    try Recovery.recover(scenario.host)
    #expect(try Leaving.find(scenario.host) == nil)
    #expect(try scenario.files.list(scenario.host.places.bin) == bin)
    #expect(try scenario.plan().isEmpty)
    try await Self.leave(scenario)
    #expect(Self.everything(scenario) == first)
  }
}
