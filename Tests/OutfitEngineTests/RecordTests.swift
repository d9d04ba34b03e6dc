import OutfitCore
import OutfitProfile
import OutfitSystem
import Support
import SystemPackage
import Testing

@testable import OutfitEngine

/// The files that Outfit reads back: cut, changed, random, or from a later version.
@Suite struct RecordTests {
  static func generation() -> Generation {
    var generation = Generation(
      number: 3, scope: .project("/home/ann/a\tb\nc\\d"), origin: .rollback(to: 1), time: 1_800_000_000,
      profile: ProfileStamp(name: "team", address: "github:a/b", commit: "abc"), isIncomplete: true)
    let id = SwitchScenario.object("python-3.13.5")
    generation.claims = [
      RecordedClaim(
        name: "black", program: "/s/black", arguments: ["-x", "", "a b"], label: "black 1", owner: "f:1:1",
        object: id),
      RecordedClaim(name: "z", program: "/z", arguments: [], label: "z", owner: "", object: nil),
    ]
    generation.interpreters = [
      RecordedInterpreter(
        language: .python, version: Version([3, 13, 5]), request: "3.13", program: "/p", object: id)
    ]
    generation.activation = RecordedActivation(virtualenv: "/v", variables: ["A": "b\nc"])
    generation.objects = [RecordedObject(id: id, label: "Python 3.13.5", inputs: [id])]
    let file = TargetState.file(
      TargetState.FileState(
        digest: Digest(of: "x"), mode: 0o640, size: 1, modified: 17, attributes: Digest(of: "y")))
    generation.targets = [
      RecordedTarget(
        target: "/home/ann/.zshrc", resolved: "/data/zshrc", owner: "f:2:1", isSecret: true, written: file,
        first: .link("a b\tc"),
        blocks: [RecordedBlock(identifier: "t", comment: "#", body: Digest(of: "b"), addedNewline: true)],
        accepted: .directory(mode: 0o1777))
    ]
    generation.changes = [RecordedChange(path: "/p", before: .absent, after: file)]
    generation.folders = ["/f"]
    generation.snapshots = [
      RecordedSnapshot(path: "/s", state: .other),
      RecordedSnapshot(path: "/t", state: file, first: .absent, isEdited: true),
    ]
    generation.command = ["up", "a\tb", ""]
    return generation
  }

  @Test func aRecordIsReadAsItWasWritten() throws {
    let generation = Self.generation()
    #expect(try Generations.parse(Generations.text(generation)) == generation)
  }

  static func journal() -> Journal {
    let generation = generation()
    return Journal(
      transaction: "1a2b", scope: generation.scope, generation: 3,
      entries: [
        Journal.Entry(path: "/a b", before: .absent, after: .link("x\ny"), isOwn: false),
        Journal.Entry(path: "/c", before: generation.targets[0].written, after: .absent, isOwn: true),
      ])
  }

  @Test func aJournalIsReadAsItWasWritten() throws {
    let bytes = Self.journal().text
    #expect(try Journal.parse(bytes).journal.entries == Self.journal().entries)
    #expect(try !Journal.parse(bytes).isCommitted)
    let committed = bytes + Journal.commitLine(bytes[...])
    #expect(try Journal.parse(committed).isCommitted)
    #expect(try !Journal.parse(committed.dropLast()).isCommitted)
  }

  static func table() -> DispatchTable {
    DispatchTable(
      scope: .project("/home/ann/shop"),
      commands: [.init(name: "black", program: "/s/black", arguments: ["a", ""])],
      interpreters: [.init(language: "python", version: "3.13.5", program: "/p")],
      virtualenv: .init("/v", leadsTo: "/s/v"), variables: ["A": "b\tc\\"])
  }

  @Test func aTableIsReadAsItWasWrittenAndHoldsNothingOdd() throws {
    #expect(DispatchTable(try Self.table().text()) == Self.table())
    for bad in ["a\tb", "a\nb", "a/b", "", ".hidden"] {
      #expect(throws: Failure.self) {
        try DispatchTable(scope: .machine, commands: [.init(name: bad, program: "/x")]).text()
      }
    }
    #expect(throws: Failure.self) {
      try DispatchTable(scope: .machine, commands: [.init(name: "a", program: "/x", arguments: ["b\n"])])
        .text()
    }
  }

  @Test func theProfileIsReadFromTheHeadOfARecord() async throws {
    var scenario = SwitchScenario()
    #expect(try Generations.adoptedProfile(.machine, host: scenario.host) == nil)
    scenario.want(".a", "1\n")
    try await scenario.up()
    let stamp = try Generations.current(.machine, host: scenario.host)?.profile
    #expect(stamp?.name == "team")
    #expect(try Generations.adoptedProfile(.machine, host: scenario.host) == stamp)
    // One that is damaged is put aside, and the one before it counts.
    scenario.want(".a", "2\n")
    try await scenario.up()
    let record = Generations.record(2, scope: .machine, host: scenario.host)
    scenario.files.put(record, Array(try scenario.files.read(record).dropLast(5)))
    #expect(try Generations.adoptedProfile(.machine, host: scenario.host) == stamp)
    #expect(scenario.files.exists(FilePath("\(record).corrupt-1")))
    try await scenario.rollback(0)
    #expect(try Generations.adoptedProfile(.machine, host: scenario.host) == nil)
  }

  @Test func aDamagedRecordIsPutAsideAndTheRestGoesOn() async throws {
    var scenario = SwitchScenario()
    scenario.want(".a", "1\n")
    try await scenario.up()
    scenario.want(".a", "2\n")
    try await scenario.up()
    let record = Generations.record(2, scope: .machine, host: scenario.host)
    scenario.files.put(record, "outfit-generation\t1\nrubbish")
    #expect(try Generations.list(.machine, host: scenario.host).map(\.number) == [1])
    #expect(scenario.terminal.talked.contains("its end is missing"))
    #expect(scenario.files.exists(FilePath(record.string + ".corrupt-1")))
    // What it wrote is not known any more, so that it is not overwritten without asking.
    scenario.want(".a", "3\n")
    #expect(try scenario.action(".a") == .conflict)
    let outcome = try await scenario.up(Decisions(.take))
    #expect(outcome.generation == 3)
    let failure = #expect(throws: Failure.self) {
      _ = try Rollback.plan(to: 1, scope: .machine, host: scenario.host, isPresent: { _ in true })
    }
    #expect(failure?.diagnostics.first?.message.contains("not complete") == true)
    try await scenario.rollback(0)
    #expect(scenario.text(".a") == nil)
  }

  @Test func aNewerRecordIsLeftAlone() async throws {
    var scenario = SwitchScenario()
    scenario.want(".a", "1\n")
    try await scenario.up()
    let record = Generations.record(1, scope: .machine, host: scenario.host)
    scenario.files.put(record, "outfit-generation\t9\nwhatever\n")
    let failure = #expect(throws: Failure.self) { try scenario.plan() }
    #expect(failure?.diagnostics.first?.message.contains("newer outfit") == true)
    #expect(try scenario.files.text(record) == "outfit-generation\t9\nwhatever\n")
  }

  @Test func aDamagedOrNewerJournalIsSaid() throws {
    let scenario = SwitchScenario()
    let intent = Journal.intent(scenario.host)
    scenario.files.put(intent, "outfit-journal\t1\nswitch\t12")
    let line = try #require(try Recovery.recover(scenario.host))
    #expect(line.contains("can't be used"))
    #expect(
      try scenario.files.text(FilePath(intent.string + ".corrupt-1")) == "outfit-journal\t1\nswitch\t12")
    scenario.files.put(intent, "outfit-journal\t9\n")
    #expect(throws: Failure.self) { try Recovery.recover(scenario.host) }
    #expect(scenario.files.exists(intent))
  }

  @Test func aDamagedTableOfAnotherScopeTakesNoCommandAway() async throws {
    var machine = SwitchScenario()
    machine.wantCommand("black")
    try await machine.up()
    let table = machine.host.places.table(of: .machine)
    machine.files.put(table, "rubbish")
    var project = machine
    project.scope = .project("/home/ann")
    project.proposal = Proposal()
    project.wantCommand("ruff")
    try await project.up()
    #expect(try machine.files.list(machine.host.places.bin) == ["black", "ruff"])
    #expect(machine.terminal.talked.contains("table of commands"))
  }

  @Test func fnvIsFnv() {
    #expect(fnv1a64("".utf8) == "cbf29ce484222325")
    #expect(fnv1a64("foobar".utf8) == "85944171f73967e8")
  }
}
