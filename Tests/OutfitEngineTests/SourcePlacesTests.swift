import OutfitCore
import OutfitSystem
import Support
import SystemPackage
import Testing

@testable import OutfitEngine

/// A target that is the profile's own file is refused, whichever link leads there.
@Suite struct SourcePlacesTests {
  /// A home whose profile lies in it, with what a change makes of its `nvim/init.lua`.
  private func scenario(_ target: String, _ kind: Change.Kind) -> SwitchScenario {
    var scenario = SwitchScenario()
    scenario.files.put("/home/ann/team/nvim/init.lua", "SOURCE\n")
    scenario.files.putDirectory("/home/ann/.config")
    scenario.layer = "/home/ann/team"
    scenario.want(target, kind, from: "/home/ann/team/nvim/init.lua")
    return scenario
  }

  private func expectRefusal(_ scenario: SwitchScenario, _ words: String) {
    let failure = #expect(throws: Failure.self) { try scenario.plan() }
    #expect(failure?.status == .usage)
    #expect(failure?.diagnostics.first?.message.contains(words) == true, "\(failure?.diagnostics ?? [])")
    #expect(failure?.diagnostics.first?.location != nil)
  }

  static let kinds: [Change.Kind] = [
    .file(Array("SOURCE\n".utf8), mode: 0o644), .link(.path("/home/ann/team/nvim/init.lua")),
    .edit(.block(Edit.Block(identifier: "team", body: "x"))),
    .source(SourceFile("/home/ann/team/nvim/init.lua", Digest(of: "SOURCE\n"), size: 7), mode: 0o644),
  ]

  @Test(arguments: kinds) func throughAFolderThatIsALink(_ kind: Change.Kind) {
    let scenario = scenario(".config/nvim/init.lua", kind)
    scenario.files.putLink("/home/ann/.config/nvim", to: "../team/nvim")
    expectRefusal(
      scenario,
      "is the profile's own /home/ann/team/nvim/init.lua, since /home/ann/.config/nvim is a link to ../team/nvim"
    )
    #expect(scenario.text("team/nvim/init.lua") == "SOURCE\n")
  }

  @Test(arguments: kinds) func byItsVeryName(_ kind: Change.Kind) {
    expectRefusal(
      scenario("team/nvim/init.lua", kind),
      "/home/ann/team/nvim/init.lua is the profile's own /home/ann/team/nvim/init.lua")
  }

  @Test func aBlockInAFileThatIsALinkToIt() {
    let scenario = scenario(".init.lua", Self.kinds[2])
    scenario.files.putLink("/home/ann/.init.lua", to: "team/nvim/init.lua")
    expectRefusal(scenario, "since /home/ann/.init.lua is a link")
  }

  /// The link at the target is the one that Outfit made: it is replaced, and nobody is in the way.
  @Test(arguments: ["team/nvim/init.lua", "team/nvim/other.lua"])
  func fromLinkToBlock(_ source: String) async throws {
    var scenario = scenario(".init.lua", Self.kinds[1])
    scenario.files.put("/home/ann/team/nvim/other.lua", "OTHER\n")
    try await scenario.up()
    let before = scenario.home
    scenario.want(
      ".init.lua", .edit(.block(Edit.Block(identifier: "team", body: "x"))),
      from: FilePath("/home/ann").pushing(FilePath(source)))
    try await scenario.up()
    #expect(scenario.text(".init.lua") == "# >>> outfit team >>>\nx\n# <<< outfit team <<<\n")
    #expect(scenario.text("team/nvim/init.lua") == "SOURCE\n")
    #expect(try scenario.plan().isEmpty)
    try await scenario.rollback()
    #expect(scenario.home == before)
    try await scenario.rollback(0)
    #expect(scenario.text(".init.lua") == nil)
  }

  @Test func fromCopyToBlockAndBack() async throws {
    var scenario = scenario(".init.lua", Self.kinds[0])
    try await scenario.up()
    let before = scenario.home
    scenario.want(".init.lua", Self.kinds[2], from: "/home/ann/team/nvim/init.lua")
    try await scenario.up()
    #expect(scenario.text(".init.lua") == "# >>> outfit team >>>\nx\n# <<< outfit team <<<\n")
    try await scenario.rollback()
    #expect(scenario.home == before)
    // Lines that somebody wrote beside the block stay.
    try await scenario.up()
    let text = try #require(scenario.text(".init.lua"))
    scenario.files.put("/home/ann/.init.lua", text + "mine\n")
    try await scenario.rollback()
    #expect(scenario.text(".init.lua") == "mine\n")
  }

  @Test func fromLinkToBlockWithWhatWasThereBefore() async throws {
    var scenario = SwitchScenario()
    scenario.layer = "/home/ann/team"
    scenario.files.put("/home/ann/team/rc", "SOURCE\n")
    scenario.files.put("/home/ann/.rc", "mine\n", mode: 0o600)
    scenario.want(".rc", .link(.path("/home/ann/team/rc")), from: "/home/ann/team/rc")
    try await scenario.up(Decisions(.backup))
    scenario.want(
      ".rc", .edit(.block(Edit.Block(identifier: "team", body: "x"))), from: "/home/ann/team/rc")
    try await scenario.up()
    #expect(scenario.text(".rc") == "mine\n# >>> outfit team >>>\nx\n# <<< outfit team <<<\n")
    #expect(try scenario.files.status("/home/ann/.rc", followLinks: false)?.mode == 0o600)
    #expect(scenario.text("team/rc") == "SOURCE\n")
    scenario.wantNothing(".rc")
    try await scenario.up()
    #expect(scenario.text(".rc") == "mine\n")
  }

  /// Where a file is not made for the block, what was there before the link comes back.
  @Test func fromLinkToABlockIfPresent() async throws {
    var scenario = scenario(".init.lua", Self.kinds[1])
    try await scenario.up()
    scenario.want(
      ".init.lua", .edit(.block(Edit.Block(identifier: "team", body: "x", createMode: nil))),
      from: "/home/ann/team/nvim/init.lua")
    try await scenario.up()
    #expect(try scenario.files.status("/home/ann/.init.lua", followLinks: false) == nil)
    #expect(scenario.text("team/nvim/init.lua") == "SOURCE\n")
    #expect(try scenario.plan().isEmpty)
  }

  /// One that somebody made since, though it leads to the same place by another way, is not.
  @Test func aLinkThatIsNotOutfitsStays() async throws {
    var scenario = scenario(".init.lua", Self.kinds[1])
    try await scenario.up()
    try scenario.files.remove("/home/ann/.init.lua")
    scenario.files.putLink("/home/ann/.init.lua", to: "team/nvim/init.lua")
    scenario.want(".init.lua", Self.kinds[2], from: "/home/ann/team/nvim/init.lua")
    expectRefusal(scenario, "since /home/ann/.init.lua is a link")
  }

  @Test func theProfileMayItselfBeReachedByALink() {
    var scenario = SwitchScenario()
    scenario.files.put("/data/team/nvim/init.lua", "SOURCE\n")
    scenario.files.putLink("/home/ann/team", to: "/data/team")
    scenario.files.putLink("/home/ann/.nvim", to: "/data/team/nvim")
    scenario.layer = "/home/ann/team"
    scenario.want(".nvim/init.lua", Self.kinds[0], from: "/home/ann/team/nvim/init.lua")
    expectRefusal(scenario, "is the profile's own")
  }

  @Test func anotherFileOfTheProfileThroughALink() {
    let scenario = scenario(".config/nvim/other.lua", Self.kinds[0])
    scenario.files.putLink("/home/ann/.config/nvim", to: "../team/nvim")
    expectRefusal(scenario, "would be written into the profile's own folder /home/ann/team")
  }

  @Test func fromCopyToLinkTheSourceStays() async throws {
    var scenario = scenario(".config/nvim/init.lua", Self.kinds[0])
    try await scenario.up()
    // The folder became a link to the profile's since.
    try scenario.files.removeTree("/home/ann/.config/nvim")
    scenario.files.putLink("/home/ann/.config/nvim", to: "../team/nvim")
    scenario.want(".config/nvim/init.lua", Self.kinds[1], from: "/home/ann/team/nvim/init.lua")
    expectRefusal(scenario, "is the profile's own")
    // Nor does anything happen to it when the entry goes.
    scenario.files.put("/home/ann/team/nvim/init.lua", "EDITED\n")
    scenario.wantNothing(".config/nvim/init.lua")
    let outcome = try await scenario.up()
    #expect(outcome.kept.count == 1)
    #expect(scenario.text("team/nvim/init.lua") == "EDITED\n")
    #expect(try scenario.plan().isEmpty)
  }

  @Test func linksElsewhereAndLinksToTheSourceAreFine() async throws {
    var scenario = scenario(".config/nvim/init.lua", Self.kinds[1])
    scenario.files.putDirectory("/home/ann/elsewhere")
    scenario.files.putLink("/home/ann/.config/nvim", to: "../elsewhere")
    scenario.files.putLink("/home/ann/elsewhere/init.lua", to: "/home/ann/team/nvim/init.lua")
    try await scenario.up()
    #expect(try scenario.action(".config/nvim/init.lua") == .upToDate)
    // A profile that is the home itself.
    scenario = SwitchScenario()
    scenario.files.put("/home/ann/files/rc", "x\n")
    scenario.layer = "/home/ann"
    scenario.want(".rc", .file(Array("x\n".utf8), mode: 0o644), from: "/home/ann/files/rc")
    try await scenario.up()
    #expect(scenario.text(".rc") == "x\n")
  }
}

/// A file that others can't read stays so unless a manifest says otherwise.
@Suite struct DefaultModeTests {
  private func mode(_ scenario: SwitchScenario) throws -> UInt16? {
    try scenario.files.status("/home/ann/.rc", followLinks: false)?.mode
  }

  @Test(arguments: [
    (UInt16(0o600), UInt16(0o644), UInt16(0o600)), (0o640, 0o755, 0o750), (0o644, 0o755, 0o755),
    (0o400, 0o644, 0o400), (0o666, 0o644, 0o644), (0o644, 0o600, 0o600),
  ])
  func ofTheSameContent(_ there: UInt16, _ usual: UInt16, _ expected: UInt16) async throws {
    var scenario = SwitchScenario()
    scenario.files.put("/home/ann/.rc", "x\n", mode: there)
    scenario.want(".rc", .file(Array("x\n".utf8), mode: usual), modeIsDefault: true)
    try await scenario.up()
    #expect(try mode(scenario) == expected)
    #expect(try scenario.plan().isEmpty)
    // And of what comes later.
    scenario.want(".rc", .file(Array("y\n".utf8), mode: usual), modeIsDefault: true)
    try await scenario.up()
    #expect(scenario.text(".rc") == "y\n")
    #expect(try mode(scenario) == expected)
    try await scenario.rollback(0)
    #expect(try mode(scenario) == there)
  }

  @Test func ofOtherContentThatIsTaken() async throws {
    var scenario = SwitchScenario()
    scenario.files.put("/home/ann/.rc", "mine\n", mode: 0o600)
    scenario.want(".rc", .file(Array("x\n".utf8), mode: 0o644), modeIsDefault: true)
    try await scenario.up(Decisions(.take))
    #expect(scenario.text(".rc") == "x\n")
    #expect(try mode(scenario) == 0o600)
    #expect(try scenario.plan().isEmpty)
  }

  @Test func aModeThatIsWrittenCounts() async throws {
    var scenario = SwitchScenario()
    scenario.files.put("/home/ann/.rc", "x\n", mode: 0o600)
    scenario.want(".rc", "x\n", mode: 0o644)
    try await scenario.up()
    #expect(try mode(scenario) == 0o644)
  }
}
