import OutfitSystem
import SystemPackage
import Testing

/// What people get wrong in a manifest: each mistake has its place, its line and a hint, and touches nothing.
@Suite struct MistakeTests {
  struct Mistake: Sendable, CustomTestStringConvertible {
    let name: String
    let manifest: String
    /// `line:column` and words that must be said.
    let place: String
    let says: [String]
    var testDescription: String { name }
  }

  static let mistakes = [
    Mistake(
      name: "unknown key", manifest: "profile: x\ninterpreters:\n  pyhton: \"3.13\"\n", place: "3:3",
      says: ["pyhton", "did you mean", "python"]),
    Mistake(
      name: "wrong type", manifest: "profile: x\ntools: [black]\n", place: "2:8", says: ["tools"]),
    Mistake(
      name: "bad version", manifest: "profile: x\ntools:\n  black: \"25.x.y!\"\n", place: "3:10",
      says: ["25.x.y!"]),
    Mistake(
      name: "missing file", manifest: "profile: x\ndotfiles:\n  .vimrc: {link: vimrc}\n", place: "3:18",
      says: ["vimrc"]),
    Mistake(name: "syntax", manifest: "profile: x\ntools: {black: \"25.*\"\n", place: "", says: []),
    Mistake(name: "tab", manifest: "profile: x\ntools:\n\tblack: \"25.*\"\n", place: "3:1", says: ["tab"]),
    Mistake(
      name: "duplicate key", manifest: "profile: x\ntools:\n  black: \"25.*\"\n  black: \"24.*\"\n",
      place: "4:3",
      says: ["black"]),
    Mistake(name: "cycle", manifest: "profile: x\nextends: [.]\n", place: "2:11", says: ["itself"]),
    Mistake(
      name: "outside HOME", manifest: "profile: x\ndotfiles:\n  ../../etc/passwd: {copy: outfit.yaml}\n",
      place: "3:3", says: ["etc/passwd"]),
    Mistake(name: "newer outfit", manifest: "profile: x\noutfit: \">=99\"\n", place: "2:9", says: ["99"]),
  ]

  @Test(arguments: mistakes)
  func hasItsPlace(_ mistake: Mistake) async throws {
    let machine = try Machine("mistake")
    try machine.write("p/outfit.yaml", mistake.manifest)
    let before = try machine.tree()
    let done = try await machine.outfit("up", "p", "--trust")
    #expect(done.status == 2, "\(done.errorText)")
    #expect(done.errorText.contains("outfit.yaml:\(mistake.place)"), "\(done.errorText)")
    for words in mistake.says { #expect(done.errorText.contains(words), "\(done.errorText)") }
    expectSameTree(before, try machine.tree())
  }

  /// Who asked for JSON is told in JSON why there is no result; people read standard error as ever.
  @Test(arguments: [
    ["tool", "uninstall", "nothere", "--json"], ["up", "nothere", "--json"], ["status", "--jsn", "--json"],
    ["tool", "run", "--json"], ["python", "uninstall", "3.99", "--json"],
  ])
  func isToldInJSONWhereThatWasAskedFor(_ words: [String]) async throws {
    let machine = try Machine("mistake")
    let done = try await machine.outfit(words)
    #expect(done.status == 2 || done.status == 1, "\(done.errorText)")
    #expect(!done.errorText.isEmpty)
    try machine.write("out.json", done.outputText)
    let read = try await machine.run(
      "/usr/bin/python3",
      [
        "-c",
        "import json, sys; d = json.load(open(sys.argv[1])); print(d['exit'], d['error']['message'])",
        machine.home.appending("out.json").string,
      ])
    #expect(read.outputText.hasPrefix("\(done.status) "), "\(done.outputText)\(read.errorText)")
    #expect(read.outputText.count > 10, "\(read.outputText)")
  }

  @Test func theWordsOfAnotherProgramAskItForJSON() async throws {
    let machine = try Machine("mistake")
    let done = try await machine.outfit("exec", "nothere-at-all", "--json")
    #expect(done.status == 127, "\(done.errorText)")
    #expect(done.outputText == "")
  }

  @Test func allAtOnce() async throws {
    let machine = try Machine()
    try machine.write(
      "p/outfit.yaml",
      "profile: x\ncolour: red\ninterpreters:\n  python: nonsense!\ntools:\n  black: {verson: \"1\"}\n")
    let done = try await machine.outfit("up", "p", "--trust")
    #expect(done.status == 2)
    for place in [":2:1", ":4:11", ":6:11"] { #expect(done.errorText.contains(place), "\(done.errorText)") }
  }

  @Test func aVersionThatDoesNotExist() async throws {
    let machine = try Machine()
    try machine.write(
      "p/outfit.yaml",
      "profile: x\ninterpreters:\n  python: {versions: [\"3\"], system: true}\ntools:\n  isort: \"4711.*\"\n")
    let before = try machine.tree()
    let done = try await machine.outfit("up", "p", "--trust")
    #expect(done.status == 2, "\(done.errorText)")
    #expect(done.errorText.contains("outfit.yaml:5:3"), "\(done.errorText)")
    #expect(done.errorText.contains("4711"))
    expectSameTree(before, try machine.tree())
  }

  /// It is told, and the locked value counts: a new lock stops no machine.
  @Test func aLockedValueChanged() async throws {
    let machine = try Machine()
    try machine.write("base/outfit.yaml", "profile: base\nlocked: [data.x]\ndata: {x: locked}\n")
    try machine.write(
      "p/outfit.yaml", "profile: x\nextends: [../base]\ndotfiles: {.x: {template: t}}\ndata: {x: other}\n")
    try machine.write("p/t", "{{x}}")
    let done = try await machine.outfit("up", "p", "--trust")
    #expect(done.status == 0, "\(done.errorText)")
    #expect(done.errorText.contains("p/outfit.yaml:4:"), "\(done.errorText)")
    #expect(done.errorText.contains("base/outfit.yaml:2"), "\(done.errorText)")
    #expect(try machine.read(".x") == "locked")
  }

  /// Root's files in somebody's home: refused under sudo, said otherwise.
  @Test func rootInTheHomeOfAnother() async throws {
    let machine = try Machine()
    guard try await machine.run("/usr/bin/id", ["-u"]).outputText == "0\n" else {
      print("SKIPPED: only root can be root")
      return
    }
    try machine.write("p/outfit.yaml", "profile: p\nenv: {A: b}\n")
    let owned = try await machine.run("/bin/chown", ["-R", "65534:65534", "."])
    try #require(owned.succeeded)
    for variable in ["SUDO_UID", "DOAS_USER"] {
      for verb in [
        ["up", "--trust"], ["python", "list"], ["tool", "list"], ["self", "uninstall", "--dry-run"],
      ] {
        let done = try await machine.run(
          Machine.build.appending("outfit"), verb, at: "p", setting: [variable: "65534"])
        #expect(done.status == 2, "\(verb)")
        #expect(done.errorText.contains("which belongs to nobody"), "\(done.errorText)")
        #expect(done.errorText.contains("run it without \(variable == "SUDO_UID" ? "sudo" : "doas")"))
      }
    }
    let written = try await machine.run("/usr/bin/find", [".", "-user", "root"])
    #expect(written.outputText == "")
    let up = try await machine.outfit("up", "--trust", at: "p")
    #expect(up.status == 0, "\(up.errorText)")
    #expect(
      up.errorText.contains("belongs to nobody: what is written there will be root's"), "\(up.errorText)")
    #expect(!(try await machine.outfit("status", at: "p")).errorText.contains("belongs to"))
  }

  @Test func aCommitThatNothingIsAtIsAMistakeOfADryRunToo() async throws {
    let machine = try Machine()
    try machine.write("p/outfit.yaml", "profile: p\nenv: {A: b}\n")
    let commit = String(repeating: "a", count: 40)
    for words in [["--dry-run"], []] {
      let done = try await machine.outfit(["up", "p", "--trust", commit] + words)
      #expect(done.status == 4, "\(done.errorText)")
      #expect(
        done.errorText.contains("no layer of this profile is at the commit \(commit)"), "\(done.errorText)")
    }
  }

  @Test func badUsage() async throws {
    let machine = try Machine()
    for arguments in [
      ["up", "--nonsense"], ["flurb"], ["up", "p", "--only", "toolz"], ["up", "nowhere"], ["up"],
    ] {
      let done = try await machine.run(Machine.build.appending("outfit"), arguments)
      #expect(done.status == 2, "\(arguments): \(done.errorText)")
      #expect(!done.errorText.isEmpty)
    }
    for (arguments, meant) in [
      (["pyhton", "list"], "`outfit python`"), (["python", "instal", "3.12"], "`outfit python install`"),
      (["python", "lokal", "3"], "`outfit python local`"),
      (["inject", "black"], "`outfit tool inject`"), (["tool", "upgrad"], "`outfit tool upgrade`"),
    ] {
      let done = try await machine.run(Machine.build.appending("outfit"), arguments)
      #expect(done.status == 2)
      #expect(
        done.errorText.hasPrefix("error: there is no verb `outfit ")
          && done.errorText.hasSuffix("`\n  hint: did you mean \(meant)?\n"),
        "\(arguments): \(done.errorText)")
    }
    let all = try await machine.outfit("venv", "xyzzy")
    #expect(all.errorText.contains("hint: there are create, list, remove"), "\(all.errorText)")
    let several = try await machine.outfit("install", "3.12")
    #expect(
      several.errorText.contains("`outfit python install`")
        && several.errorText.contains("`outfit tool install`"))
    #expect(!(try await machine.outfit("up", "--nonsense")).errorText.contains("did you mean `outfit"))
    let help = try await machine.outfit("--help")
    #expect(help.status == 0)
    #expect(help.outputText.contains("rollback"))
    let version = try await machine.outfit("--version")
    #expect(version.outputText.hasPrefix("outfit "))
  }
}
