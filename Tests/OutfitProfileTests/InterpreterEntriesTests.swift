import OutfitCore
import Support
import Testing

@testable import OutfitProfile

@Suite struct InterpreterEntriesTests {
  private func after(
    _ text: String?, _ language: Language = .python, _ change: (inout InterpreterEntries) throws -> Void
  ) throws -> String {
    var entries = InterpreterEntries(language, try ManifestEdit(text, file: "outfit.yaml"))
    try change(&entries)
    return entries.edit.result
  }

  @Test func versionsAreAddedBehindThoseThatAreThere() throws {
    #expect(
      try after("# mine\ninterpreters:\n  python: \"3.13\"  # daily\n") {
        try $0.add(["3.11"], behindOthers: false)
      }
      .contains("3.11"))
    let list = try after("interpreters: {python: [\"3.13\", \"3.12\"]} # x\n") {
      try $0.add(["3.12", "3.11", "3.13t"], behindOthers: false)
    }
    #expect(list == "interpreters: {python: [\"3.13\", \"3.12\", \"3.11\", \"3.13t\"]} # x\n")
    let new = try after(nil) { try $0.add(["3.12"], behindOthers: false) }
    #expect(new == "interpreters:\n  python: \"3.12\"\n")
  }

  @Test func whereOthersHaveVersionsTheseAreAddedToThem() throws {
    let one = try after("tools:\n  black: \"25.*\"\n") { try $0.add(["3.11"], behindOthers: true) }
    var entries = InterpreterEntries(.python, try ManifestEdit(one, file: "f"))
    #expect(entries.versions == [])
    #expect(entries.also == ["3.11"])
    try entries.add(["3.12"], behindOthers: true)
    #expect(entries.also == ["3.11", "3.12"])
    try entries.setVersions(["3.12", "3.13"])
    #expect(entries.versions == ["3.12", "3.13"])
    #expect(entries.also == ["3.11"])
    #expect(try entries.remove(["3.11"]) == ["3.11"])
    #expect(entries.also == [])
    #expect(try entries.remove(["3.12", "3.13", "9"]) == ["3.12", "3.13"])
    #expect(entries.edit.result == "tools:\n  black: \"25.*\"\n")
  }

  @Test func whatIsBuiltFromSourceIsOptimisedWhereThatIsSaid() throws {
    let short = try after("interpreters:\n  python: \"3.13.5\"  # daily\n") { try $0.setOptimized() }
    let entries = InterpreterEntries(.python, try ManifestEdit(short, file: "f"))
    #expect(entries.versions == ["3.13.5"])
    #expect(short.contains("optimized: true"))
    #expect(try after(short) { try $0.setOptimized() } == short)
    #expect(try after(nil) { try $0.setOptimized() }.contains("optimized: true"))
  }

  @Test func theLongFormKeepsItsOtherKeys() throws {
    let text = "interpreters:\n  node:\n    versions: [\"24\"]\n    providers: [wheel] # here\n"
    let added = try after(text, .node) { try $0.add(["22"], behindOthers: true) }
    #expect(
      added == "interpreters:\n  node:\n    versions: [\"24\", \"22\"]\n    providers: [wheel] # here\n")
    let removed = try after(added, .node) { _ = try $0.remove(["24"]) }
    #expect(InterpreterEntries(.node, try ManifestEdit(removed, file: "f")).versions == ["22"])
    #expect(removed.contains("providers: [wheel] # here"))
  }

  @Test func alsoAddsToWhatEarlierLayersHave() async throws {
    let files = MemoryFiles.withHome()
    files.put(
      "/home/ann/p/outfit.yaml",
      "profile: team\nlocked: [interpreters.python]\ninterpreters: {python: [\"3.13\"]}\n")
    files.put(
      "/home/ann/.config/outfit/outfit.yaml",
      "interpreters:\n  python: {also: [\"3.11\", \"3.13\"]}\n  node: {also: \"24\"}\n")
    let profile = try await ProfileLoader(host: .test(files: files)).machine("p")
    #expect(profile.interpreters[.python]?.value.versions.map(\.text) == ["3.13", "3.11"])
    #expect(profile.interpreters[.python]?.source.layer.name == "team")
    #expect(profile.additions[.python]?.map(\.value.text) == ["3.11"])
    #expect(profile.additions[.python]?.first?.source.location.line == 2)
    #expect(profile.interpreters[.node]?.value.versions.map(\.text) == ["24"])

    files.put("/home/ann/shop/outfit.yaml", "interpreters: {python: \"3.12\"}\n")
    let project = try await ProfileLoader(host: .test(files: files)).project(at: "/home/ann/shop")
    #expect(project.interpreters[.python]?.value.versions.map(\.text) == ["3.12"])
  }

  @Test func aLongFormWithoutVersionsIsAMistake() async {
    let files = MemoryFiles.withHome()
    files.put("/home/ann/p/outfit.yaml", "interpreters: {python: {system: true}}\n")
    await #expect(throws: Failure.self) { try await ProfileLoader(host: .test(files: files)).machine("p") }
  }
}
