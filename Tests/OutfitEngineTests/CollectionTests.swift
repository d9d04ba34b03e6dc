import OutfitCore
import OutfitProfile
import OutfitSystem
import Support
import SystemPackage
import Testing

@testable import OutfitEngine

@Suite struct CollectionTests {
  private static func lived() async throws -> SwitchScenario {
    var scenario = SwitchScenario()
    let store = Store(scenario.host)
    for version in 1...5 {
      scenario.wantCommand("black", version: String(version))
      scenario.want(".a", "version \(version)\n")
      let object = scenario.proposal.objects[0]
      scenario.files.put(store.path(of: object.id).appending("bin/black"), "x")
      try store.commit([
        Receipt(
          id: object.id, label: object.label, inputs: [], built: 0, size: 10, isAdopted: false)
      ])
      try await scenario.up()
    }
    scenario.files.put(store.root.appending("half-built-0123456789abcdef/file"), "x")
    return scenario
  }

  @Test func whatNoGenerationNeedsGoes() async throws {
    let scenario = try await Self.lived()
    let plan = try Collection.plan(scenario.host)
    #expect(plan.generations.map(\.number) == [1, 2])
    #expect(plan.freed.count == 3)
    #expect(plan.objects.first { $0.name.hasPrefix("black-5") }?.keptBy == "generation 5 of this machine")
    let freed = try await Collection.run(scenario.host)
    #expect(freed.freed == plan.freed)
    #expect(Store(scenario.host).list().map(\.id.name) == ["black-3", "black-4", "black-5"])
    #expect(try scenario.files.list(scenario.host.places.store).count == 3)
    #expect(try Generations.list(.machine, host: scenario.host).map(\.number) == [3, 4, 5])
    // What is kept can still be had again, and so can the time before everything.
    try await scenario.rollback(3)
    #expect(scenario.text(".a") == "version 3\n")
    let failure = #expect(throws: Failure.self) {
      _ = try Rollback.plan(to: 1, scope: .machine, host: scenario.host, isPresent: { _ in true })
    }
    #expect(failure?.status == .usage)
    try await scenario.rollback(0)
    #expect(scenario.text(".a") == nil)
    #expect(try await Collection.run(scenario.host).generations.count == 2)
  }

  @Test func whatIsBeingBuiltStays() async throws {
    let scenario = try await Self.lived()
    let lock = try Store(scenario.host).tryLock("half-built-0123456789abcdef")
    let result = try await Collection.run(scenario.host)
    #expect(result.objects.contains { $0.keptBy == "a build that goes on just now" })
    #expect(scenario.files.exists(scenario.host.places.store.appending("half-built-0123456789abcdef")))
    withExtendedLifetime(lock) {}
  }
}
