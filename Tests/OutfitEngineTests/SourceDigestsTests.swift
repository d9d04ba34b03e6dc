import OutfitCore
import OutfitProfile
import OutfitSystem
import Support
import SystemPackage
import Testing

@testable import OutfitEngine

/// Files of a profile that have not changed are not read again, and those that have are.
@Suite struct SourceDigestsTests {
  private let files = MemoryFiles.withHome()
  private let clock = TestClock()
  private let host: Host
  private let path: FilePath = "/p/a"

  init() { host = .test(files: files, clock: clock) }

  private var record: FilePath { host.places.state(of: .machine).appending("sources") }

  /// What one run sees of the file: its digest, and whether it was read for that.
  private func look(keeping: Bool = true) throws -> (digest: Digest, isRead: Bool) {
    let sources = SourceDigests(.machine, host: host)
    let status = try #require(try files.status(path, followLinks: false))
    let (digest, bytes) = try sources.look(path, named: path.string, status)
    if keeping { try sources.keep() }
    return (digest, bytes != nil)
  }

  @Test func aFileIsReadOnceItChanges() throws {
    files.put(path, "one")
    clock.advance(seconds: 60)
    #expect(try look() == (Digest(of: "one"), true))
    #expect(try look() == (Digest(of: "one"), false))
    // Of the same size, so that only its times tell.
    files.put(path, "two")
    #expect(try look(keeping: false) == (Digest(of: "two"), true))
    clock.advance(seconds: 60)
    #expect(try look() == (Digest(of: "two"), true))
    #expect(try look() == (Digest(of: "two"), false))
    try files.setMode(path, 0o600)
    #expect(try look() == (Digest(of: "two"), true))
  }

  /// An edit within the same tick may leave the times as they are.
  @Test func aFileThatHasJustChangedIsReadEachTime() throws {
    files.put(path, "one")
    for _ in 0..<3 { #expect(try look() == (Digest(of: "one"), true)) }
    // The file system's clock is right, and the machine's is behind.
    let behind = Host.test(files: files, clock: TestClock(now: 1_000_000_000))
    let sources = SourceDigests(.machine, host: behind)
    let status = try #require(try files.status(path, followLinks: false))
    for _ in 0..<2 { #expect(try sources.look(path, named: path.string, status).bytes != nil) }
  }

  @Test func whatIsGoneIsForgottenAndWhatIsKnownIsNotWrittenAgain() throws {
    files.put(path, "one")
    files.put("/p/b", "other")
    clock.advance(seconds: 60)
    let both = SourceDigests(.machine, host: host)
    for path: FilePath in [path, "/p/b"] {
      let status = try #require(try files.status(path, followLinks: false))
      _ = try both.look(path, named: path.string, status)
    }
    try both.keep()
    #expect(try files.text(record)?.contains("/p/b") == true)
    _ = try look()
    #expect(try files.text(record)?.contains("/p/b") == false)
    let operations = files.operations
    _ = try look()
    #expect(files.operations == operations)
  }

  @Test func aDamagedRecordIsNotBelieved() throws {
    files.put(path, "one")
    clock.advance(seconds: 60)
    _ = try look()
    let bytes = try files.read(record)
    for mutation in Fuzz("sources", [bytes]) where mutation != bytes {
      files.overwrite(record, mutation)
      #expect(try look(keeping: false).digest == Digest(of: "one"))
    }
    files.put(record, "outfit-sources\t2\nwhatever\n")
    #expect(try look().isRead)
  }

  // MARK: In a plan

  private func scenario() async throws -> SwitchScenario {
    var scenario = SwitchScenario()
    scenario.files.put("/team/a", "1\n")
    scenario.want(".a", .source(SourceFile("/team/a", Digest(of: "1\n"), size: 2), mode: 0o644))
    try await scenario.up()
    return scenario
  }

  @Test func whatIsKnownIsWrittenAsWhatIsRead() async throws {
    let scenario = try await scenario()
    #expect(scenario.text(".a") == "1\n")
    #expect(try scenario.plan().isEmpty)
    // Nothing of it is read while both sides are as they were.
    try scenario.files.remove("/team/a")
    #expect(try scenario.plan().isEmpty)
    #expect(try await !scenario.up().isNew)
  }

  @Test func aKnownSourceIsReadWhereItsTargetIsNotAsWritten() async throws {
    var scenario = try await scenario()
    scenario.files.put("/home/ann/.a", "mine\n")
    #expect(try scenario.action(".a") == .conflict)
    #expect(try await scenario.up(Decisions(.keep)).kept.count == 1)
    #expect(scenario.text(".a") == "mine\n")
    try await scenario.up(Decisions(.take))
    #expect(scenario.text(".a") == "1\n")
    try scenario.files.setMode("/home/ann/.a", 0o600)
    #expect(try scenario.action(".a") == .conflict)
    try scenario.files.remove("/home/ann/.a")
    #expect(try scenario.action(".a") == .conflict)
    try await scenario.up(Decisions(.take))
    #expect(scenario.text(".a") == "1\n")
    try await scenario.rollback(0)
    #expect(scenario.text(".a") == nil)

    // Another content, and then another mode.
    scenario.files.put("/team/a", "2\n")
    scenario.want(".a", .source(SourceFile("/team/a", Digest(of: "2\n"), size: 2), mode: 0o644))
    try await scenario.up()
    #expect(scenario.text(".a") == "2\n")
    scenario.want(".a", .source(SourceFile("/team/a", Digest(of: "2\n"), size: 2), mode: 0o755))
    #expect(try scenario.action(".a") == .update)
    try await scenario.up()
    #expect(try scenario.files.status("/home/ann/.a", followLinks: false)?.mode == 0o755)
  }

  @Test func aKnownSourceOfASecretIsKeptNowhere() async throws {
    var scenario = SwitchScenario()
    scenario.files.put("/team/s", "token\n")
    let source = SourceFile("/team/s", Digest(of: "token\n"), size: 6)
    scenario.want(".s", .source(source, mode: 0o600), secret: true)
    try await scenario.up()
    #expect(scenario.text(".s") == "token\n")
    #expect(try scenario.plan().isEmpty)
    #expect(try Generations.content(source.digest, scope: .machine, host: scenario.host) == nil)
    let record = try scenario.files.text(Generations.record(1, scope: .machine, host: scenario.host))
    #expect(record?.contains(source.digest.hex) == false)
  }

  @Test func twoEntriesOfTheSameContentAreOne() throws {
    var scenario = SwitchScenario()
    scenario.files.put("/team/a", "1\n")
    scenario.want(".a", .source(SourceFile("/team/a", Digest(of: "1\n"), size: 2), mode: 0o644))
    let target = scenario.proposal.changes[0].target
    func add(_ text: String) {
      scenario.proposal.changes.append(
        Change(target: target, owner: SwitchScenario.source(7), kind: .file(Array(text.utf8), mode: 0o644)))
    }
    add("1\n")
    #expect(try scenario.plan().targets.count == 1)
    add("2\n")
    #expect(throws: Failure.self) { try scenario.plan() }
  }
}
