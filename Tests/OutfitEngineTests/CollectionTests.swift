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

  /// Python 3.1 to 3.3, one after the other, and only the last is wanted.
  private static func livedWithPythons() async throws -> SwitchScenario {
    var scenario = SwitchScenario()
    let store = Store(scenario.host)
    for minor in 1...3 {
      let object = Object(
        name: "python-3.\(minor)", label: "Python 3.\(minor)", recipe: .tree([]),
        store: scenario.host.places.store)
      scenario.proposal = Proposal()
      scenario.proposal.objects = [object]
      scenario.proposal.interpreters = [
        ProvidedInterpreter(
          language: .python, version: Version([3, minor]), request: "3",
          program: .object(object.id, "bin/python3"),
          object: object.id)
      ]
      scenario.present.insert(object.id)
      scenario.files.put(store.path(of: object.id).appending("bin/python3"), "x")
      try store.commit([
        Receipt(id: object.id, label: object.label, inputs: [], built: 0, size: 10, isAdopted: false)
      ])
      scenario.want(".a", "version \(minor)\n")
      try await scenario.up()
    }
    return scenario
  }

  @Test func anInterpreterThatWasOnceSomeonesStaysUntilItIsNamed() async throws {
    let scenario = try await Self.livedWithPythons()
    let store = Store(scenario.host)
    let names = store.list().map(\.id.description)
    let first = try await Collection.run(scenario.host, keep: 1)
    #expect(first.freed.isEmpty)
    #expect(
      first.objects.first?.keptBy == "a virtualenv of yours may stand on it; `outfit gc \(names[0])` frees it"
    )
    // Its generations are gone by now, and it is still known.
    #expect(try Collection.plan(scenario.host, keep: 1).freed.isEmpty)
    let wanted = try await Collection.run(scenario.host, keep: 1, named: [names[0], names[2]])
    #expect(wanted.freed.map(\.name) == [names[0]])
    #expect(wanted.objects.last?.keptBy == "generation 3 of this machine")
    #expect(store.list().map(\.id.description) == [names[1], names[2]])
  }

  @Test func aVirtualenvKeepsItsInterpreter() async throws {
    let scenario = try await Self.livedWithPythons()
    let name = Store(scenario.host).list()[0].id.description
    scenario.files.put(
      "/home/ann/envs/shop/pyvenv.cfg", "home = \(scenario.host.places.store)/\(name)/bin\nversion = 3.1\n")
    try NamedVirtualenvs.save(
      [NamedVirtualenv(name: "shop", folder: "/home/ann/envs/shop", version: nil, origin: "outfit")],
      scenario.host)
    let done = try await Collection.run(scenario.host, keep: 1, named: [name])
    #expect(done.objects.first?.keptBy == "the virtualenv shop, /home/ann/envs/shop")
  }

  @Test func aProjectWhoseFolderIsGoneNeedsNothing() async throws {
    var scenario = SwitchScenario()
    scenario.files.putDirectory("/home/ann/work/shop")
    scenario.scope = .project("/home/ann/work/shop")
    scenario.wantCommand("black")
    let id = scenario.proposal.objects[0].id
    scenario.files.put(Store(scenario.host).path(of: id).appending("bin/black"), "x")
    try Store(scenario.host).commit([
      Receipt(id: id, label: "black", inputs: [], built: 0, size: 10, isAdopted: false)
    ])
    try await scenario.up()
    #expect(try Collection.plan(scenario.host).freed.isEmpty)
    try scenario.files.removeDirectory("/home/ann/work/shop")
    let done = try await Collection.run(scenario.host)
    #expect(done.lostProjects == ["/home/ann/work/shop"])
    #expect(done.freed.count == 1)
    #expect(try Generations.scopes(scenario.host).isEmpty)
    #expect(!scenario.files.exists(scenario.host.places.table(of: scenario.scope)))
  }
}
