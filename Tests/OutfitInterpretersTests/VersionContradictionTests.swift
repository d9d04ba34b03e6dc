import OutfitCore
import OutfitProfile
import Testing

@testable import OutfitInterpreters

@Suite struct VersionContradictionTests {
  private func file(_ text: String, _ place: String = ".python-version:1", _ language: Language = .python)
    -> VersionSource
  {
    VersionSource(
      .versionFile, place: place, text: text, demand: .wish(VersionWish(text, for: language, knowing: .past)),
      isOfProject: true)
  }

  private func manifest(_ text: String, pin: String? = nil, counts: Bool = true) throws -> VersionSource {
    VersionSource(
      .manifest(counts: counts), place: "outfit.yaml:3", text: text,
      demand: .request(try #require(VersionRequest(text)), pin: pin.flatMap { Version($0) }),
      isOfProject: true)
  }

  private func bound(_ text: String) throws -> VersionSource {
    let bound = try #require(
      VersionBound.bounds(in: "[project]\nrequires-python = '\(text)'\n", named: "pyproject.toml").first)
    return VersionSource(
      .bound, place: "pyproject.toml:2", text: text, demand: .bound(bound), isOfProject: true)
  }

  private func messages(_ sources: [VersionSource], _ language: Language = .python) -> [String] {
    VersionContradiction.find(language, in: sources).map(\.diagnostic.message)
  }

  @Test func whatAgreesIsNotMentioned() throws {
    #expect(messages([file("3.12"), file("3.12.1", ".tool-versions:1")]).isEmpty)
    #expect(messages([try manifest("3.12", pin: "3.12.4"), file("3.12"), try bound(">=3.10")]).isEmpty)
    #expect(messages([file("system"), file("3.12")]).isEmpty)
    #expect(messages([file("shop"), file("3.12")]).isEmpty)
    #expect(messages([file("3.13t"), file(">=3.13,<3.14")]).count == 1)
    #expect(messages([]).isEmpty)
    #expect(messages([try bound(">=3.11")]).isEmpty)
    #expect(
      messages([file("lts/*", ".nvmrc:1", .node), file("22", ".node-version:1", .node)], .node).isEmpty)
  }

  @Test func bothPlacesAndBothTextsAreNamed() throws {
    #expect(
      messages([file("3.12"), file("3.11", ".tool-versions:4")])
        == [".python-version:1 asks for Python `3.12`, and .tool-versions:4 for `3.11`"])
    #expect(
      messages([try manifest("3.13", pin: "3.13.5"), file("3.13.2")])
        == ["outfit.yaml:3 asks for Python `3.13` (pinned to 3.13.5), and .python-version:1 for `3.13.2`"])
    #expect(
      messages([file("3.9"), try bound(">=3.11")])
        == ["pyproject.toml:2 wants requires-python `>=3.11`, and .python-version:1 chooses Python `3.9`"])
    #expect(
      messages([file("lts/iron", ".nvmrc:1", .node), file("22", ".tool-versions:1", .node)], .node).count == 1
    )
  }

  @Test func theOneThatDecidesIsComparedWithAllOthers() throws {
    let contradictions = VersionContradiction.find(
      .python, in: [file("3.12"), try manifest("3.13", counts: false), file("3.11", ".tool-versions:1")])
    #expect(contradictions.map(\.winner.place) == [".python-version:1", ".python-version:1"])
    #expect(contradictions.map(\.loser.place) == ["outfit.yaml:3", ".tool-versions:1"])
  }

  @Test func whatRunsIsComparedWithWhatTheProjectDemands() throws {
    let running = try #require(Version("3.11.2"))
    func messages(_ sources: [VersionSource]) -> [String] {
      VersionContradiction.find(.python, in: sources, running: running).map(\.diagnostic.message)
    }
    #expect(messages([file("3.11"), try bound(">=3.11")]).isEmpty)
    #expect(
      messages([file("3.11"), try bound(">=3.11.5")]) == [
        "pyproject.toml:2 wants requires-python `>=3.11.5`, and .python-version:1 chooses Python `3.11`, which is "
          + "3.11.2 here"
      ])
    #expect(messages([file("3.11"), try bound("!=3.11.2")]).count == 1)
    // The next `up` has another.
    #expect(messages([file("3.11"), try manifest("3.12", counts: false), try bound(">=3.12")]).isEmpty)
  }

  @Test(arguments: [
    "[project]\r\nname = \"x\"\r\nrequires-python = \">=3.12\"\r\n",
    "\u{feff}[project]\n\nrequires-python = '>=3.12'\n",
    "[project]\n\nrequires-python = \"\"\"\n>=3.12\n\"\"\"\n",
    "\n\nproject = {name = \"a, requires-python = 1\", requires-python = \">=3.12\"}\n",
    "\n[tool.poetry.dependencies]\npython = {version = \">=3.12\", optional = true}\n",
    "[tool.poetry.dependencies.python]\n\nversion = \">=3.12\"\n",
  ]) func demandsAreFoundHoweverTheyAreWritten(_ text: String) {
    let bounds = VersionBound.bounds(in: text, named: "pyproject.toml")
    #expect(bounds.map(\.text) == [">=3.12"])
    #expect(bounds.map(\.line) == [3])
  }

  @Test func aPackageOfWindowsHasLines() {
    let bounds = VersionBound.bounds(
      in: "\u{feff}{\r\n  \"engines\": {\r\n    \"node\": \">=22\"\r\n  }\r\n}\r\n", named: "package.json")
    #expect(bounds.map(\.line) == [3])
  }

  @Test func otherFoldersFilesAreNoBusinessOfTheProject() {
    var home = file("3.9", "~/.python-version:1")
    home.isOfProject = false
    #expect(messages([file("3.12"), home]).isEmpty)
  }
}
