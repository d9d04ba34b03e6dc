import OutfitCore
import OutfitProfile
import Support
import Testing

@testable import OutfitInterpreters

@Suite struct VersionWishTests {
  @Test(arguments: VersionFileCase.all)
  func filesAreReadAsTheLauncherReadsThem(_ one: VersionFileCase) throws {
    let language = try #require(Language(rawValue: one.language))
    let offered = (VersionFileCase.offered[one.language] ?? []).compactMap { Version($0) }
    let known = LongTermLines(file: VersionFileCase.longTerm)
    let wishes = VersionFile.wishes(in: one.text, named: one.file, for: language, knowing: known).map {
      wish in
      let choice =
        switch wish.meaning {
        case .system: "system"
        case .name, .refused: "?"
        default: wish.best(of: offered)?.description ?? "none"
        }
      return "\(wish.line) \(wish.text) -> \(choice)"
    }
    #expect(wishes == one.wishes)
  }

  @Test(arguments: [
    ("shop", "shop"), ("3.11.7/envs/shop", "shop"), ("my-env.2", "my-env.2"), ("3.12-shop", "3.12-shop"),
    ("pypy3.10-7.3.12", "pypy3.10-7.3.12"),
  ])
  func whatMayBeAVirtualenvIsKnownByName(_ text: String, _ name: String) {
    #expect(VersionWish(text, for: .python, knowing: .past).meaning == .name(name))
  }

  @Test(arguments: [
    "path:/tmp/evil", "ref:main", "../../evil", "/tmp/evil", "~/evil", "3.11/x/shop", "$(touch evil)", "-c",
    "a b", "",
    "\u{202e}3.13", String(repeating: "e", count: 500), "3.11.7/envs/../../evil",
  ])
  func whatCouldLeadAnywhereIsRefused(_ text: String) {
    guard case .refused = VersionWish(text, for: .python, knowing: .past).meaning else {
      Issue.record("\(text.debugDescription) is \(VersionWish(text, for: .python, knowing: .past).meaning)")
      return
    }
  }

  @Test func aWishIsWhatAManifestCanSay() {
    func text(_ wish: String, _ language: Language, _ known: [String] = []) -> String? {
      VersionWish(wish, for: language, knowing: .past).request(among: known.compactMap { Version($0) })?.text
    }
    #expect(text("cpython@3.12", .python) == "3.12")
    #expect(text(">=3.11,<3.14", .python) == ">=3.11,<3.14")
    #expect(text("lts/iron", .node) == "20")
    #expect(text("lts/*", .node, ["22.1.0", "24.3.0", "25.0.0"]) == "24")
    #expect(text("lts/*", .node) == nil)
    #expect(text("lts/nova", .node) == nil)
    #expect(text("node", .node) == "latest")
    #expect(text("system", .python) == nil)
    #expect(text("shop", .python) == nil)
  }

  @Test func linesAreLearnt() {
    let index = LongTermLines(
      index: Array(
        #"[{"version": "v29.0.0", "lts": false}, {"version": "v27.3.0", "lts": "Nova"}, {"version": "v24.1.0"}]"#
          .utf8))
    #expect(index.majors == ["nova": 27])
    let header = LongTermLines(
      header: "#define NODE_MAJOR_VERSION 26\n#define NODE_VERSION_IS_LTS 1\n"
        + "#define NODE_VERSION_LTS_CODENAME \"Lumen\"\n")
    #expect(header.majors == ["lumen": 26])
    #expect(
      LongTermLines(
        header: "#define NODE_MAJOR_VERSION 25\n#define NODE_VERSION_IS_LTS 0\n"
          + "#define NODE_VERSION_LTS_CODENAME \"\"\n"
      ).majors.isEmpty)
    var known = LongTermLines.past
    known.learn(index)
    known.learn(header)
    #expect(LongTermLines(file: known.text) == known)
    #expect(known.majors["iron"] == 20 && known.majors["nova"] == 27)
    #expect(LongTermLines(file: "evil 1\nnova\t27\n").majors.isEmpty)
    #expect(LongTermLines(file: "outfit-lts 1\nno/va\t27\nnova\tx\nnova\t-1\n").majors.isEmpty)
  }

  @Test func twoLinesForOneLanguageAreSeen() {
    let lines = VersionFile.repeated(
      in: "python 3.12\nnode 22\npython 3.13 3.11\n", for: .python, knowing: .past)
    #expect(lines.map { $0.map(\.line) } == [[1], [3, 3]])
  }

  @Test(arguments: [
    (">=3.11", "3.13.5", true), (">=3.11,<3.13", "3.13.5", false), (">= 3.11, != 3.12.*", "3.12.4", false),
    (">= 3.11, != 3.12.*", "3.13.0", true), ("~=3.11", "3.14.0", true), ("~=3.11.2", "3.12.0", false),
    ("==3.12.*", "3.12.9", true), ("==3.12", "3.12.0", true), ("!=3.12.1", "3.12.1", false),
    (">=3.8", "3.13.5t", true),
  ])
  func requiresPython(_ text: String, _ version: String, _ does: Bool) throws {
    let bounds = VersionBound.bounds(
      in: "[project]\nname = \"shop\"\nrequires-python = \"\(text)\" # x\n", named: "pyproject.toml")
    #expect(bounds.map(\.line) == [3])
    #expect(bounds.first?.accepts(try #require(Version(version))) == does)
  }

  @Test func poetrysPythonIsABoundToo() throws {
    let text =
      "[tool.poetry]\nname = 'x'\n[tool.poetry.dependencies]\npython = \"^3.11 || ~3.9\"\npythonic = \"*\"\n"
    let bound = try #require(VersionBound.bounds(in: text, named: "pyproject.toml").first)
    #expect(bound.line == 4)
    for (version, does) in [
      ("3.11.0", true), ("3.14.1", true), ("4.0", false), ("3.9.4", true), ("3.10.0", false),
    ] {
      #expect(bound.accepts(try #require(Version(version))) == does, "\(version)")
    }
    #expect(
      VersionBound.bounds(in: "project.requires-python = '>=3.12'\n", named: "pyproject.toml").map(\.text)
        == [">=3.12"])
    #expect(
      VersionBound.bounds(in: "[tool.other]\nrequires-python = '>=3.12'\n", named: "pyproject.toml").isEmpty)
  }

  @Test(arguments: [
    (">=18", "20.1.0", true), (">=18 <21", "22.0.0", false), ("^20.1", "20.0.5", false),
    ("^20.1", "20.9.0", true),
    ("^20.1", "21.0.0", false), ("~20.1.2", "20.1.9", true), ("~20.1.2", "20.2.0", false),
    ("18 || 20", "20.1.0", true),
    ("18.x || >=22", "20.1.0", false), ("*", "1.0.0", true), ("18 - 20", "20.9.0", true),
    ("18 - 20", "21.0.0", false),
    (">18", "18.5.0", false), ("<=20", "20.9.9", true), ("22.9.0", "22.9.0", true), (">= 18", "18.0.0", true),
  ])
  func engines(_ text: String, _ version: String, _ does: Bool) throws {
    let json =
      "{\n  \"name\": \"shop\",\n  \"engines\": {\n    \"npm\": \"9\",\n    \"node\": \"\(text)\"\n  }\n}\n"
    let bounds = VersionBound.bounds(in: json, named: "package.json")
    #expect(bounds.map(\.line) == [5])
    #expect(bounds.first?.accepts(try #require(Version(version))) == does)
  }

  @Test func whatIsNotUnderstoodSaysNothing() throws {
    #expect(VersionBound.bounds(in: "{ not json", named: "package.json").isEmpty)
    #expect(
      VersionBound.bounds(in: "{\"engines\": {\"node\": \"garbage\"}}", named: "package.json").first?.range
        == nil)
    #expect(VersionBound.bounds(in: "[project]\nrequires-python = 3\n", named: "pyproject.toml").isEmpty)
  }
}
