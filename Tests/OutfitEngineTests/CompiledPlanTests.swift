import OutfitCore
import OutfitProfile
import OutfitSystem
import Support
import SystemPackage
import Testing

@testable import OutfitEngine

@Suite struct CompiledPlanTests {
  private static let arguments = Digest(of: "arguments")
  private static let inputs: [FilePath] = ["/team/outfit.yaml", "/team/kitty", "/team/absent", "/team/link"]

  /// - Parameter late: how long after the inputs changed the plan was compiled, in seconds.
  private static func compiled(late: Double) async throws -> SwitchScenario {
    var scenario = SwitchScenario()
    scenario.files.put("/team/outfit.yaml", "profile: team\n")
    scenario.files.put("/team/kitty/a", "a")
    scenario.files.put("/team/real", "r")
    scenario.files.putLink("/team/link", to: "real")
    scenario.want(".a", "a\n")
    scenario.wantBlock(".b", "b\n")
    scenario.wantCommand("black")
    scenario.files.put(
      FilePath(scenario.proposal.claims[0].program.resolved(store: scenario.host.places.store).string), "")
    try await scenario.up()
    try await scenario.host.clock.sleep(seconds: late)
    try CompiledPlan.write(
      for: .machine, version: "0.1", arguments: arguments, inputs: inputs, outputs: ["/opt/python"],
      summary: "3 tools, 2 dotfiles", host: scenario.host)
    return scenario
  }

  private func current(_ scenario: SwitchScenario, version: String = "0.1", arguments: Digest = arguments)
    -> String?
  {
    CompiledPlan.current(for: .machine, version: version, arguments: arguments, host: scenario.host)
  }

  @Test(arguments: [1.0, 3600]) func nothingChangedAnswersWithoutWriting(_ late: Double) async throws {
    let scenario = try await Self.compiled(late: late)
    let operations = scenario.files.operations
    #expect(current(scenario) == "3 tools, 2 dotfiles")
    #expect(scenario.files.operations == operations)
    #expect(current(scenario, version: "0.2") == nil)
    #expect(current(scenario, arguments: Digest(of: "others")) == nil)
    #expect(
      CompiledPlan.current(
        for: .project("/home/ann"), version: "0.1", arguments: Self.arguments, host: scenario.host) == nil)
  }

  @Test(arguments: [
    "/team/outfit.yaml", "/team/absent", "/team/kitty/b", "/team/real", "/home/ann/.a", "/home/ann/.b",
    "/opt/python", "/home/ann/.local/share/outfit/tables/machine",
  ])
  func anyChangeIsSeen(_ path: String) async throws {
    let scenario = try await Self.compiled(late: 3600)
    scenario.files.put(FilePath(path), "profile: mean\n")
    #expect(current(scenario) == nil)
  }

  @Test func whatGoesIsSeen() async throws {
    let scenario = try await Self.compiled(late: 3600)
    let shim = scenario.files.copy()
    try shim.remove("/home/ann/.local/share/outfit/bin/black")
    #expect(current(SwitchScenario(files: shim, like: scenario)) == nil)
    let mode = scenario.files.copy()
    try mode.setMode("/home/ann/.a", 0o600)
    #expect(current(SwitchScenario(files: mode, like: scenario)) == nil)
  }

  /// An edit within the same tick as the last one leaves the times as they are; the digest sees it.
  @Test func anEditOfTheSameInstantIsSeen() async throws {
    let scenario = try await Self.compiled(late: 1)
    let text = try #require(try scenario.files.text(CompiledPlan.path(.machine, scenario.host)))
    let line = try #require(text.split(separator: "\n").first { $0.hasSuffix(" /team/outfit.yaml") })
    let fields = line.split(separator: " ")
    #expect(fields[6] == Substring(fnv1a64("profile: team\n".utf8)))
    let altered = line.replacing(fields[6], with: fnv1a64("profile: meat\n".utf8))
    let body = text.replacing(line, with: altered).dropLast(21)
    scenario.files.put(
      CompiledPlan.path(.machine, scenario.host), "\(body)end \(fnv1a64(body.utf8))\n")
    #expect(current(scenario) == nil)
  }

  @Test func onceTheInstantIsOverTimesAloneAreCompared() async throws {
    let scenario = try await Self.compiled(late: 0.5)
    let path = CompiledPlan.path(.machine, scenario.host)
    let young = try #require(try scenario.host.files.text(path))
    try await scenario.host.clock.sleep(seconds: 60)
    #expect(current(scenario) == "3 tools, 2 dotfiles")
    let settled = try #require(try scenario.host.files.text(path))
    #expect(settled.utf8.count < young.utf8.count)
    let operations = scenario.files.operations
    #expect(current(scenario) == "3 tools, 2 dotfiles")
    #expect(scenario.files.operations == operations)
    scenario.files.put("/team/outfit.yaml", "profile: mean\n")
    #expect(current(scenario) == nil)
  }

  @Test func aTargetChangedSinceTheSwitchIsNotCompiled() async throws {
    let scenario = try await Self.compiled(late: 3600)
    scenario.files.put("/home/ann/.a", "mine\n")
    try CompiledPlan.write(
      for: .machine, version: "0.1", arguments: Self.arguments, inputs: Self.inputs, outputs: [],
      summary: "x",
      host: scenario.host)
    #expect(current(scenario) == nil)
  }

  /// A change in a folder changes the folder's times too, and a file may be touched.
  @Test func aPlanIsCompiledAgainAfterAChangeInAFolderAndAfterATouch() async throws {
    var scenario = SwitchScenario()
    func compile() throws {
      try CompiledPlan.write(
        for: .machine, version: "0.1", arguments: Self.arguments, inputs: [], outputs: [], summary: "x",
        host: scenario.host)
    }
    scenario.want(".d", .directory(mode: 0o755))
    scenario.want(".d/a", "1\n")
    scenario.want(".d/b", "b\n")
    try await scenario.up()
    try compile()
    #expect(current(scenario) == "x")
    scenario.want(".d/a", "2\n")
    try await scenario.up()
    #expect(current(scenario) == nil)
    try compile()
    #expect(current(scenario) == "x")

    try scenario.files.setModified("/home/ann/.d/b", 1_700_000_000_000_000_000)
    #expect(current(scenario) == nil)
    try await scenario.host.clock.sleep(seconds: 60)
    #expect(try await !scenario.up().isNew)
    try compile()
    #expect(current(scenario) == "x")
    scenario.files.put("/home/ann/.d/b", "c\n")
    #expect(current(scenario) == nil)
    #expect(try scenario.action(".d/b") == .conflict)

    // The folder's own mode is the user's business, and is seen.
    let closed = SwitchScenario(files: scenario.files.copy(), like: scenario)
    try closed.files.setMode("/home/ann/.d", 0o700)
    #expect(current(closed) == nil)
  }

  @Test func aClockThatWentBackHidesAndBreaksNothing() async throws {
    var scenario = try await Self.compiled(late: 3600)
    // The file system's clock is right, and the machine's is 26 years behind from here on.
    scenario.host.clock = TestClock(now: 1_000_000_000)
    #expect(current(scenario) == "3 tools, 2 dotfiles")
    scenario.files.put("/team/outfit.yaml", "profile: mean\n")
    #expect(current(scenario) == nil)
    scenario.want(".a", "b\n")
    let outcome = try await scenario.up()
    #expect(outcome.generation == 2)
    try CompiledPlan.write(
      for: .machine, version: "0.1", arguments: Self.arguments, inputs: Self.inputs, outputs: [],
      summary: "x", host: scenario.host)
    #expect(current(scenario) == "x")
    scenario.files.put("/team/outfit.yaml", "profile: meat\n")
    #expect(current(scenario) == nil)
    try await scenario.rollback()
    #expect(scenario.text(".a") == "a\n")
    #expect(try Generations.list(.machine, host: scenario.host).map(\.number) == [1, 2, 3])
  }

  @Test func anotherGenerationIsSeen() async throws {
    let scenario = try await Self.compiled(late: 3600)
    try await scenario.rollback()
    #expect(current(scenario) == nil)
  }

  @Test func mutatedPlansAreNotTrusted() async throws {
    let scenario = try await Self.compiled(late: 3600)
    let path = CompiledPlan.path(.machine, scenario.host)
    let bytes = try scenario.files.read(path)
    for _ in 0..<300 {
      var copy = bytes
      if Bool.random() {
        copy = Array(copy.prefix(Int.random(in: 0..<copy.count)))
      } else {
        copy[Int.random(in: 0..<copy.count)] ^= UInt8.random(in: 1...255)
      }
      scenario.files.put(path, copy)
      #expect(current(scenario) == nil)
    }
  }
}
