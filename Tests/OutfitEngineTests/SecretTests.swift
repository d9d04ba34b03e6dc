import OutfitConsent
import OutfitCore
import OutfitProfile
import OutfitSystem
import Support
import SystemPackage
import Testing

@testable import OutfitEngine

@Suite struct SecretTests {
  private static func file(_ name: String, _ secrets: [String: String?], outline: String = "o") -> Change {
    let filled = secrets.values.allSatisfy { $0 != nil }
    let text = secrets.sorted { $0.key < $1.key }.map { $0.value ?? "?" }.joined(separator: " ")
    var change = Change(
      target: FilePath("/home/ann/\(name)"), owner: SwitchScenario.source(), isSecret: true,
      kind: .file(Array(text.utf8), mode: 0o600))
    change.secrets = SecretUse(names: Set(secrets.keys), outline: Array(outline.utf8), isFilled: filled)
    return change
  }

  private static func ledger(_ scenario: SwitchScenario) throws -> SecretLedger {
    try SecretLedger(
      .machine, previous: try NewestGeneration(.machine, host: scenario.host), host: scenario.host)
  }

  private static func up(_ scenario: inout SwitchScenario, _ known: [String: SecretValue]) async throws {
    let outcome = try await scenario.up()
    var ledger = try ledger(scenario)
    try ledger.keep(scenario.proposal.changes, as: outcome.record, known: known)
  }

  @Test func onlyWhatDiffersIsReadAndWhatCouldNotBeHadStays() async throws {
    var scenario = SwitchScenario()
    let (a, ab) = (Self.file("a", ["a": nil]), Self.file("ab", ["a": nil, "b": nil]))
    #expect(try Self.ledger(scenario).wanted([a, ab], known: [:]) == ["a", "b"])
    scenario.proposal.changes = [Self.file("a", ["a": "one"]), Self.file("ab", ["a": "one", "b": "two"])]
    let known: [String: SecretValue] = ["a": .text("one"), "b": .text("two")]
    try await Self.up(&scenario, known)
    var ledger = try Self.ledger(scenario)
    #expect(ledger.wanted([a, ab], known: [:]).isEmpty)
    #expect(ledger.wanted([Self.file("a", ["a": nil], outline: "p"), ab], known: [:]) == ["a"])
    // A new value of the one makes the other wanted too.
    #expect(ledger.wanted([ab], known: ["a": .text("new")]) == ["b"])
    #expect(ledger.wanted([ab], known: ["a": .text("one")]).isEmpty)
    #expect(ledger.wanted([ab], known: ["a": .failed(Diagnostic(.error, "no"))]).isEmpty)

    var proposal = Proposal()
    proposal.changes = [a, Self.file("ab", ["a": nil, "b": nil], outline: "p")]
    ledger.settle(&proposal, known: ["b": .failed(Diagnostic(.error, "locked"))]) { "\($0)" }
    #expect(proposal.changes.map(\.target) == ["/home/ann/a"])
    #expect(proposal.leftOut.map(\.diagnostic.message) == ["/home/ann/ab stays as it is: locked"])
    scenario.proposal = proposal
    let plan = try scenario.plan()
    #expect(plan.targets.allSatisfy { $0.action == .upToDate } && plan.targets.count == 2)

    // Edited, or gone: it has to be made again.
    scenario.files.put("/home/ann/a", "mine", mode: 0o600)
    ledger = try Self.ledger(scenario)
    #expect(ledger.wanted([a], known: [:]) == ["a"])
  }

  @Test func whoOnlyReadsSaysThatNobodyWasAsked() async throws {
    var scenario = SwitchScenario()
    scenario.proposal.changes = [Self.file("a", ["a": nil])]
    let plan = try scenario.plan()
    #expect(plan.targets.map(\.action) == [.notAsked] && plan.isUnasked)
    #expect(plan.asKnown.targets.isEmpty)
    scenario.proposal.changes = [Self.file("a", ["a": "one"])]
    try await Self.up(&scenario, ["a": .text("one")])
    scenario.proposal.changes = [Self.file("a", ["a": nil], outline: "p")]
    #expect(try scenario.plan().targets.map(\.action) == [.notAsked])
    #expect(try scenario.plan().asKnown.targets.map(\.action) == [.upToDate])
  }

  /// Nothing of Outfit's own has the old or the new text, and what the user had comes back.
  @Test func whatWasThereIsSealed() async throws {
    var scenario = SwitchScenario()
    scenario.files.put("/home/ann/a", "t0ken-of-mine\n", mode: 0o644)
    let before = scenario.home
    for text in ["t0ken-of-mine again", "t0ken-of-mine three"] {
      scenario.proposal.changes = [Self.file("a", ["a": text])]
      try await scenario.up(Decisions(.take))
    }
    for path in try allFiles(scenario.files, "/home/ann/.local") {
      let text = String(decoding: try scenario.files.read(path), as: UTF8.self)
      #expect(!text.contains("t0ken"), "\(path)")
    }
    try await scenario.rollback(0)
    #expect(scenario.home == before)
  }

  private func allFiles(_ files: MemoryFiles, _ folder: FilePath) throws -> [FilePath] {
    try files.list(folder).flatMap { name -> [FilePath] in
      let path = folder.appending(name)
      switch try files.status(path, followLinks: false)?.kind {
      case .directory?: return try allFiles(files, path)
      case .file?: return [path]
      default: return []
      }
    }
  }

  @Test func sealsOpenWithTheirKeyAlone() throws {
    let key = SecretKey([UInt8](repeating: 7, count: 32))
    let sealed = try key.sealed(Array("secret".utf8))
    #expect(key.opened(sealed) == Array("secret".utf8))
    #expect(SecretKey([UInt8](repeating: 8, count: 32)).opened(sealed) == nil)
    #expect(key.opened(Array(sealed.dropLast())) == nil && key.opened(Array("secret".utf8)) == nil)
  }
}
