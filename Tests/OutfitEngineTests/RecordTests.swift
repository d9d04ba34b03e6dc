import OutfitCore
import OutfitProfile
import OutfitSystem
import Support
import SystemPackage
import Testing

@testable import OutfitEngine

/// The files that Outfit reads back: cut, changed, random, or from a later version.
@Suite struct RecordTests {
  private static func generation() -> Generation {
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
      TargetState.FileState(digest: Digest(of: "x"), mode: 0o640, size: 1, modified: 17))
    generation.targets = [
      RecordedTarget(
        target: "/home/ann/.zshrc", resolved: "/data/zshrc", owner: "f:2:1", isSecret: true, written: file,
        first: .link("a b\tc"),
        blocks: [RecordedBlock(identifier: "t", comment: "#", body: Digest(of: "b"), addedNewline: true)],
        accepted: .directory(mode: 0o1777))
    ]
    generation.changes = [RecordedChange(path: "/p", before: .absent, after: file)]
    generation.folders = ["/f"]
    generation.snapshots = [RecordedSnapshot(path: "/s", state: .other)]
    return generation
  }

  @Test func aRecordIsReadAsItWasWritten() throws {
    let generation = Self.generation()
    #expect(try Generations.parse(Generations.text(generation)) == generation)
  }

  private static func mutations(_ bytes: [UInt8], count: Int) -> [[UInt8]] {
    (0..<count).map { number in
      var copy = bytes
      switch number % 5 {
      case 0: copy = Array(copy.prefix(Int.random(in: 0..<copy.count)))
      case 1: copy[Int.random(in: 0..<copy.count)] ^= UInt8.random(in: 1...255)
      case 2: copy.remove(at: Int.random(in: 0..<copy.count))
      case 3: copy.insert(UInt8.random(in: 0...255), at: Int.random(in: 0...copy.count))
      default: copy = (0..<Int.random(in: 0...200)).map { _ in UInt8.random(in: 0...255) }
      }
      return copy
    }
  }

  /// As `mutations`, with a checksum that fits, so that what is behind it is tried too.
  private static func signed(_ bytes: [UInt8]) -> [UInt8] {
    let text = bytes.split(separator: 10).dropLast().joined(separator: [10]) + [10]
    return Array(text) + Array("end\t\(fnv1a64(text))\n".utf8)
  }

  @Test func mutatedGenerationsAreRefused() {
    let bytes = Generations.text(Self.generation())
    for mutation in Self.mutations(bytes, count: 400) where mutation != bytes {
      #expect(throws: Rows.Problem.self) { try Generations.parse(mutation) }
    }
    for mutation in Self.mutations(bytes, count: 400) {
      // Must not crash; what it says may be valid.
      _ = try? Generations.parse(Self.signed(mutation))
    }
  }

  @Test func mutatedJournalsAreRefused() {
    let generation = Self.generation()
    let journal = Journal(
      transaction: "1a2b", scope: generation.scope, generation: 3,
      entries: [
        Journal.Entry(path: "/a b", before: .absent, after: .link("x\ny"), isOwn: false),
        Journal.Entry(path: "/c", before: generation.targets[0].written, after: .absent, isOwn: true),
      ])
    let bytes = journal.text
    #expect((try? Journal.parse(bytes))?.journal.entries == journal.entries)
    #expect((try? Journal.parse(bytes))?.isCommitted == false)
    let committed = bytes + Journal.commitLine(bytes[...])
    #expect((try? Journal.parse(committed))?.isCommitted == true)
    #expect((try? Journal.parse(committed.dropLast()))?.isCommitted == false)
    for mutation in Self.mutations(bytes, count: 400) where mutation != bytes {
      guard let parsed = try? Journal.parse(mutation) else { continue }
      // Something behind the end of a whole record is no commit.
      #expect(parsed.journal.entries == journal.entries)
      #expect(!parsed.isCommitted)
    }
    for mutation in Self.mutations(bytes, count: 400) { _ = try? Journal.parse(Self.signed(mutation)) }
  }

  @Test func mutatedTablesAreRefusedOrRead() throws {
    let table = DispatchTable(
      scope: .project("/home/ann/shop"),
      commands: [.init(name: "black", program: "/s/black", arguments: ["a", ""])],
      interpreters: [.init(language: "python", version: "3.13.5", program: "/p")], virtualenv: "/v",
      variables: ["A": "b\tc\\"])
    let bytes = try table.text()
    #expect(DispatchTable(bytes) == table)
    for mutation in Self.mutations(bytes, count: 400) { _ = DispatchTable(mutation) }
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
    scenario.files.put(record, "outfit-generation\t2\nwhatever\n")
    let failure = #expect(throws: Failure.self) { try scenario.plan() }
    #expect(failure?.diagnostics.first?.message.contains("newer outfit") == true)
    #expect(try scenario.files.text(record) == "outfit-generation\t2\nwhatever\n")
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
