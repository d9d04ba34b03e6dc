import OutfitCore
import OutfitProfile
import Testing

@testable import OutfitInterpreters

/// The version that `outfit init` writes.
@Suite struct RepositoryVersionsTests {
  static let today = "2026-11-29"

  private func versions(_ found: [String: String], today: String = today) -> RepositoryVersions {
    RepositoryVersions(found, today: today, knowing: .past)
  }

  @Test(arguments: [
    ("<3.13,>=3.10", "3.12"), ("==3.11.*", "3.11"), ("<=3.12", "3.12.0"), ("!=3.14.*,>=3.8", "3.13"),
    (">=3.8", "3.14"),
    ("~=3.11", "3.14"), ("~=3.11.2", "3.11"), (">=3.8,<3.12.4", "3.12.3"), ("==3.12.7", "3.12.7"),
    (">3.12", "3.14"),
    (">=3.16", "3.16"), (">=3.15", "3.15"), ("<3.9", "3.8"), (">=2.7, !=3.0.*, !=3.1.*, <4", "3.14"),
    ("== 3.10.*", "3.10"),
  ])
  func theNewestThatFits(_ bound: String, _ version: String) {
    for file in [
      ("pyproject.toml", "[project]\nname = 'x'\nrequires-python = '\(bound)'\n", 3),
      ("setup.cfg", "[metadata]\nname = x\n[options]\npython_requires =\n    \(bound)\npackages = x\n", 4),
      ("setup.py", "setup(\n  name='x',\n  python_requires=\"\(bound)\",\n)\n", 3),
    ] {
      let choice = versions([file.0: file.1])[.python]
      #expect(choice.text == version)
      #expect(choice.place == "\(file.0):\(file.2) asks for \(bound)" && choice.isGuess && !choice.isUnnamed)
    }
  }

  @Test(arguments: [
    ("^3.9", "3.14"), ("~3.11", "3.11"), (">=3.9 <3.13", "3.12"), ("^3.9,<3.13", "3.12"), ("3.11.*", "3.11"),
    ("^3.8 || ^3.11", "3.14"),
  ])
  func poetrysOwnRanges(_ bound: String, _ version: String) {
    let text = "[tool.poetry.dependencies]\npython = '\(bound)'\n"
    #expect(versions(["pyproject.toml": text])[.python].text == version)
  }

  @Test(arguments: [
    (".python-version", "cpython@3.12\n", "3.12"), (".python-version", "3.13t\n", "3.13t"),
    (".python-version", "3.14.0rc2\n", "3.14.0rc2"), (".python-version", "<3.13\n", "3.12"),
    (".python-version", "cpython-3.12.4-linux-x86_64-gnu\n", "3.12.4"),
    (".python-version", "3.12.4\n", "3.12.4"),
    (".python-version", "3\n", "3.14"), (".python-version", "# ours\n==3.12.*\n", "3.12"),
    (".python-version", ">=3.11,!=3.14.*\n", "3.13"), (".python-version", "3.12.x\n", "3.12"),
    (".tool-versions", "nodejs 22\npython 3.12.1 3.11\n", "3.12.1"),
    ("runtime.txt", "python-3.11.x\n", "3.11"),
    ("runtime.txt", "python-3.11.9\r\n", "3.11.9"),
    ("Pipfile", "[requires]\npython_version = '3.12'\n", "3.12"),
    ("Pipfile", "[requires]\npython_full_version = '3.12.3'\npython_version = '3.12'\n", "3.12.3"),
    ("mise.toml", "[tools]\npython = '3.12'\nnode = '22'\n", "3.12"),
    (".mise.toml", "[tools]\npython = ['3.12', '3.11']\n", "3.12"),
    ("mise.toml", "[tools.python]\nversion = '3.12'\n", "3.12"),
    ("Dockerfile", "# x\nFROM --platform=linux/amd64 docker.io/library/python:3.12-slim AS build\n", "3.12"),
    ("Dockerfile", "FROM python:3\n", "3.14"),
    ("Dockerfile", "FROM python:3.11.0-slim-bookworm as a\n", "3.11"),
  ])
  func aFileThatNamesOne(_ file: String, _ text: String, _ version: String) {
    let choice = versions([file: text])[.python]
    #expect(choice.text == version)
    #expect(!choice.isGuess && choice.place.hasPrefix("\(file):"))
    #expect(
      versions([file: text, "pyproject.toml": "[project]\nrequires-python = '>=3.8'\n"])[.python].text
        == version)
  }

  @Test(arguments: [
    (".nvmrc", "lts/jod\n", "22"), (".nvmrc", "lts/*\n", "24"), (".nvmrc", "node\n", "latest"),
    (".nvmrc", "v22\n", "22"), (".nvmrc", "# c\n22.1.0 # why\n", "22.1.0"), (".node-version", "22.x\n", "22"),
    (".node-version", "lts/iron", "20"), ("mise.toml", "[tools]\nnode = 'lts'\n", "24"),
    (".tool-versions", "nodejs 22.3.0\n", "22.3.0"),
    ("package.json", "{\n \"volta\": {\n  \"node\": \"20.11.1\"\n }\n}\n", "20.11.1"),
    ("Dockerfile", "FROM node:22.3-alpine AS build\n", "22.3"), ("Dockerfile", "FROM node:22.3.1\n", "22"),
  ])
  func aFileThatNamesANode(_ file: String, _ text: String, _ version: String) {
    let choice = versions([file: text])[.node]
    #expect(choice.text == version)
    #expect(!choice.isGuess && choice.place.hasPrefix("\(file):"))
  }

  @Test(arguments: [
    ("<21", "20"), (">=18", "24"), ("^20.1 || ^22.2", "22"), (">=25", "26"), ("*", "24"),
    ("20.11.1", "20.11.1"),
    (">=16 <20.10", "20.9"), ("^20.1 <20.10", "20.9"), (">=40", "40"),
  ])
  func engines(_ bound: String, _ version: String) {
    let engines = versions(["package.json": "{\n  \"engines\": {\"node\": \"\(bound)\"}\n}\n"])
    #expect(engines[.node].text == version)
    #expect(engines[.node].place == "package.json:2 asks for \(bound)")
    for runtime in [
      "{\"name\": \"node\", \"version\": \"\(bound)\"}",
      "[{\"name\": \"bun\"}, {\"name\": \"node\", \"version\": \"\(bound)\"}]",
    ] {
      let text = "{\"devEngines\": {\n\"runtime\": \(runtime)}}"
      #expect(versions(["package.json": text])[.node].text == version)
    }
  }

  @Test func noFileNamesWhatTheProjectForbids() {
    let found = [
      ".python-version": "3.9\n", "Dockerfile": "FROM python:3.13\n",
      "pyproject.toml": "[project]\nrequires-python = '>=3.11'\n",
    ]
    let choice = versions(found)
    #expect(choice[.python].text == "3.13" && choice[.python].place == "Dockerfile:1")
    #expect(
      choice.notes.map(\.message) == [
        ".python-version:1 asks for python `3.9`: not taken over, which pyproject.toml:2 (`>=3.11`) does not allow"
      ])
    let alone = versions(found.filter { $0.key != "Dockerfile" })
    #expect(alone[.python].text == "3.14" && alone[.python].isGuess)
    let exact = versions([".python-version": "3.12\n", "setup.cfg": "[options]\npython_requires = <3.12.4\n"])
    #expect(exact[.python].text == "3.12.3")
  }

  @Test func whatOthersNameTooIsSaid() {
    let found = [".python-version": "3.12\n3.11\n", "runtime.txt": "python-3.12.4\n"]
    #expect(
      versions(found).notes.map(\.message) == [".python-version:2 names python 3.11 too; 3.12 is taken"])
    let odd = versions([".python-version": "shop\n", ".nvmrc": "lts/nova\n"])
    #expect(odd.notes.count == 2)
    #expect(odd[.python].text == "3.14" && odd[.python].isGuess && !odd[.python].isUnnamed)
  }

  @Test func linesEndAndBegin() {
    let text = "[project]\nrequires-python = '>=3.8'\n"
    func chosen(_ day: String) -> String { versions(["pyproject.toml": text], today: day)[.python].text }
    #expect(chosen("2025-10-08") == "3.13")
    #expect(chosen("2026-03-01") == "3.14")
    #expect(chosen("2027-02-01") == "3.15")
    #expect(versions([:])[.python].isUnnamed && versions([:])[.node].isUnnamed)
    #expect(versions([:], today: "2027-03-01")[.node].text == "26")
    let old = versions([".python-version": "3.8\n"])
    #expect(old[.python].text == "3.8" && old.notes.map(\.severity) == [.warning])
  }

  @Test func aBoundThatIsNotUnderstoodIsNamed() {
    let odd = versions(["package.json": "{\"engines\": {\"node\": \"garbage\"}}"])
    #expect(odd[.node].text == "24" && odd.notes.count == 1)
    let none = versions(["pyproject.toml": "[project]\nrequires-python = '>4'\n"])
    #expect(none[.python].text == "3.14" && none.notes.count == 1)
  }

  /// Where several fit, what the project was tried with counts.
  @Test func classifiersAndWheelsSpeakForALine() {
    func project(_ minors: Int...) -> String {
      "[project]\nrequires-python = '>=3.7'\nclassifiers = [\n"
        + minors.map { "  'Programming Language :: Python :: 3.\($0)',\n" }.joined() + "]\n"
    }
    #expect(versions(["pyproject.toml": project(11, 12)])[.python].text == "3.12")
    #expect(versions(["pyproject.toml": project(7, 8)])[.python].text == "3.11")
    #expect(versions(["pyproject.toml": project(14, 15, 16)])[.python].text == "3.14")
    func lock(_ tags: String...) -> String {
      "[[package]]\nname = 'six'\nwheels = [\n"
        + tags.map { "  { url = \"https://x/six-1-\($0)-any.whl\" },\n" }.joined() + "]\n"
    }
    let bare = "[project]\nrequires-python = '>=3.7'\n"
    #expect(
      versions(["pyproject.toml": bare, "uv.lock": lock("cp312-cp312", "cp311-cp311")])[.python].text
        == "3.12")
    #expect(versions(["pyproject.toml": bare, "uv.lock": lock("cp38-abi3")])[.python].text == "3.14")
    #expect(versions(["pyproject.toml": bare, "uv.lock": lock("py2.py3-none")])[.python].text == "3.14")
    #expect(
      versions(["pyproject.toml": project(11, 14), "uv.lock": lock("cp312-cp312", "cp311-cp311")])[.python]
        .text == "3.11")
    let backport =
      "[[package]]\nname = \"shim\"\nwheels = [\n{ url = \"https://x/shim-1-cp310-cp310-any.whl\" },\n]\n"
      + "[[package]]\nname = \"other\"\ndependencies = [\n"
      + "  { name = \"shim\", marker = \"python_full_version < '3.11'\" },\n]\n"
    #expect(versions(["pyproject.toml": bare, "uv.lock": backport])[.python].text == "3.14")
  }

  /// A package that only ended lines need has wheels for these alone, and speaks for none that goes on.
  @Test func anOldLockSpeaksForTheLineThatItFitsBest() {
    func package(_ name: String, _ minors: ClosedRange<Int>) -> String {
      "[[package]]\nname = \"\(name)\"\nfiles = [\n"
        + minors.map { "  {file = \"\(name)-1-cp3\($0)-cp3\($0)-win32.whl\"},\n" }.joined() + "]\n"
    }
    let project = "[tool.poetry]\nname = 'x'\n[tool.poetry.dependencies]\npython = '>=3.7'\n"
    let lock = package("typed_ast", 7...10) + package("coverage", 7...11) + package("pyyaml", 6...11)
    let choice = versions(["pyproject.toml": project, "poetry.lock": lock])[.python]
    #expect(choice.text == "3.11")
    #expect(choice.place.contains("poetry.lock has fewer wheels for later ones"), "\(choice.place)")
    let none = package("typed_ast", 7...10)
    #expect(versions(["pyproject.toml": project, "poetry.lock": none])[.python].text == "3.14")
  }

  @Test(arguments: [
    ("greenlet==3.0.1\n", "3.12"), ("PyYAML==6.0.2\nsix==1.0\n", "3.13"), ("django==1.11\n", "3.11"),
    ("numpy==99.0\n", "3.14"),
    ("greenlet==3.0.1 ; sys_platform == 'win32'\n", "3.14"), ("greenlet>=3.0.1\n", "3.14"),
    ("Pillow==10.4.0\ngreenlet==3.0.1\n", "3.12"),
  ])
  func oldPinsSpeakForTheLinesOfTheirTime(_ text: String, _ version: String) {
    for name in ["requirements.txt", "requirements/dev.txt"] {
      #expect(versions([name: text])[.python].text == version)
      #expect(versions([name: text])[.python].isUnnamed)
      #expect(versions([name: text, ".python-version": "3.14"])[.python].text == "3.14")
    }
    #expect(versions(["requirements.txt": text, "uv.lock": ""])[.python].text == "3.14")
  }

  @Test(arguments: [
    "", "\u{0}", "[", "{", "[tools]\npython = 3\n", "python_requires", "FROM", "[options]\npython_requires",
  ])
  func rubbishIsHarmless(_ text: String) {
    var found: [String: String] = [:]
    for name in RepositoryVersions.files { found[name] = text }
    #expect(Version(versions(found)[.python].text) != nil)
  }

  @Test func whatIsWrittenIsALine() {
    let found = ["package.json": "{\"engines\": {\"node\": \"<21\\n  python: evil\"}}"]
    #expect(!versions(found)[.node].place.contains("\n"))
  }

  /// Of lines that fit equally the one is taken that need not be fetched.
  @Test func whatThisMachineHasComesFirstWhereItFits() {
    func choice(_ bound: String, _ here: String) -> RepositoryVersions.Choice {
      RepositoryVersions(
        ["pyproject.toml": "[project]\nrequires-python = \"\(bound)\"\n"], today: "2026-11-29",
        knowing: .past,
        here: [.python: [Version(here)!]])[.python]
    }
    #expect(choice(">=3.10", "3.13.0").text == "3.13")
    #expect(choice(">=3.10", "3.13.0").place.hasSuffix("this machine has it"))
    #expect(choice(">=3.10", "3.9.18").text == "3.14", "nothing that is mended no more")
    #expect(choice(">=3.10,<3.13", "3.13.0").text == "3.12")
    #expect(choice(">=3.13.5", "3.13.0").text == "3.14")
  }

  @Test func bothReasonsAreGivenWhereTwoDecide() {
    let classifiers = [12, 13, 14].map { "  'Programming Language :: Python :: 3.\($0)',\n" }.joined()
    let choice = RepositoryVersions(
      ["pyproject.toml": "[project]\nclassifiers = [\n\(classifiers)]\n"], today: "2026-11-29",
      knowing: .past,
      here: [.python: [Version("3.13.0")!]])[.python]
    #expect(choice.text == "3.13")
    #expect(
      choice.place
        == "nothing names one; 3.14 is the last that pyproject.toml has a classifier for; this machine has 3.13"
    )
  }

  @Test func aBoundThatIsNotUnderstoodIsNoReason() {
    let found = ["setup.py": "setup(python_requires='>={}.{}'.format(3, 9))\n"]
    #expect(versions(found)[.python].place == "nothing names one")
    #expect(versions(found).notes.first?.message.contains("is not understood") == true)
  }
}
