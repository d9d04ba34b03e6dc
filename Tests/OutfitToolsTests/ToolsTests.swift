import OutfitCore
import OutfitEngine
import OutfitProfile
import OutfitSystem
import SystemPackage
import Testing

@testable import OutfitTools

struct ToolsTests {
  private func black(_ version: String = "25.*") throws -> ToolSection {
    ToolSection(version: try #require(VersionRequest(version)), extras: ["d"])
  }

  private func locked(_ bench: inout Bench) throws {
    bench.answers = answerBlack
    bench.lock = try bench.rounds { try Tools().resolve($0) }.value
  }

  @Test func locksWithUvAndLooksUpTheNames() throws {
    var bench = Bench()
    bench.tool("black", try black())
    bench.answers = answerBlack
    let (lock, _, asked) = try bench.rounds { try Tools().resolve($0) }
    #expect(
      lock.tools["black"]
        == LockedTool(
          request: "black[d]==25.*", version: Version("25.12.0")!, python: "3.13",
          programs: ["black", "blackd"], requirements: blackPins))
    let inquiries = asked.compactMap(\.inquiry)
    #expect(inquiries.count == 2)
    let compile = try #require(inquiries.first)
    #expect(compile.files["tool.in"].map { String(decoding: $0, as: UTF8.self) } == "black[d]==25.*\n")
    let words = try #require(compile.steps.first?.words)
    for word in ["--universal", "--generate-hashes", "--no-build", "--system-certs"] {
      #expect(words.contains(word))
    }
    #expect(compile.objects.map(\.label) == ["python 3.13.5", Engines.uvLabel])
    #expect(compile.steps.first?.surroundings["UV_CACHE_DIR"] == "/home/ada/.cache/outfit/uv")
    let own = try #require(inquiries.last?.files["own.txt"])
    #expect(!String(decoding: own, as: UTF8.self).contains("click"))
  }

  @Test func aLockedToolIsNotAskedAboutAgain() throws {
    var bench = Bench()
    bench.tool("black", try black())
    try locked(&bench)
    bench.answers = { _ in failed("asked without need") }
    let (lock, _, asked) = try bench.rounds { try Tools().resolve($0) }
    #expect(asked.compactMap(\.inquiry).isEmpty)
    #expect(lock == bench.lock)
    bench.tool("black", try black("24.*"))
    #expect(!(try bench.rounds { try Tools().resolve($0) }.asked.compactMap(\.inquiry).isEmpty))
  }

  @Test func onlyAnOlderPythonNeedsOtherPins() throws {
    var bench = Bench(python: "3.12.1")
    bench.tool("black", try black())
    try locked(&bench)
    var newer = Bench(python: "3.13.5")
    (newer.profile.tools, newer.lock) = (bench.profile.tools, bench.lock)
    #expect(try newer.rounds { try Tools().resolve($0) }.asked.compactMap(\.inquiry).isEmpty)
    var older = Bench(python: "3.11.2")
    (older.profile.tools, older.lock, older.answers) = (bench.profile.tools, bench.lock, answerBlack)
    #expect(try older.rounds { try Tools().resolve($0) }.value.tools["black"]?.python == "3.11")
  }

  @Test func whatTheManifestDropsLeavesTheLock() throws {
    var bench = Bench()
    bench.tool("black", try black())
    try locked(&bench)
    bench.profile.tools = [:]
    #expect(try bench.rounds { try Tools().resolve($0) }.value.tools.isEmpty)
  }

  @Test func proposesAnEnvironmentAndItsNames() throws {
    var bench = Bench()
    bench.tool("black", try black())
    try locked(&bench)
    let proposal = try bench.rounds { try Tools().propose($0) }.value
    #expect(proposal.failures.isEmpty)
    #expect(proposal.claims.map(\.name) == ["black", "blackd"])
    let object = try #require(proposal.objects.first { $0.id.name == "black-25.12.0" })
    #expect(object.inputs == bench.earlier.objects.map(\.id))
    #expect(object.checks == [.record("lib"), .exists("bin/black"), .exists("bin/blackd")])
    #expect(proposal.claims.first?.program == .object(object.id, "bin/black"))
    let steps = try #require(object.run?.steps)
    #expect(steps.map { Array($0.words.prefix(2)) } == [["pip", "sync"]])
    #expect(
      object.run?.surrounding?.version.description == bench.earlier.interpreters.first?.version.description)
    #expect(steps.last?.offlineArguments == ["--offline"])
    for word in ["--require-hashes", "--no-build", "--system-certs"] {
      #expect(steps.last?.words.contains(word) == true)
    }
    #expect(object.prerequisites.contains { $0.name.hasPrefix("uv-") })
    #expect(!object.inputs.contains { $0.name.hasPrefix("uv-") })
  }

  @Test func indexesAndCredentialsAreNoPartOfAnObject() throws {
    var bench = Bench()
    bench.tool("black", try black())
    try locked(&bench)
    let here = try bench.rounds { try Tools().propose($0) }.value
    bench.environment["PIP_INDEX_URL"] = "https://ada:secret@mirror.example/simple"
    let there = try bench.rounds { try Tools().propose($0) }.value
    #expect(here.objects.map(\.id) == there.objects.map(\.id))
    let step = try #require(there.objects.last?.run?.steps.last)
    #expect(step.surroundings["UV_DEFAULT_INDEX"] != nil)
    #expect(!"\(step.arguments)".contains("secret"))
  }

  @Test func anotherPythonIsAnotherEnvironment() throws {
    var bench = Bench(python: "3.12.1")
    bench.tool("black", try black())
    try locked(&bench)
    let before = try bench.rounds { try Tools().propose($0) }.value.objects.map(\.id)
    var newer = Bench(python: "3.13.5")
    (newer.profile.tools, newer.lock) = (bench.profile.tools, bench.lock)
    let after = try newer.rounds { try Tools().propose($0) }.value.objects.map(\.id)
    #expect(before.filter { $0.name.hasPrefix("uv-") } == after.filter { $0.name.hasPrefix("uv-") })
    #expect(before.last != after.last)
  }

  @Test func whenAnInterpreterChangesJustTheToolsOnItAreMadeAnew() throws {
    func bench(_ other: String) throws -> Bench {
      var bench = Bench(python: "3.13.5")
      bench.offer(.python, other)
      bench.tool("black", try black())
      var section = try black()
      (section.package, section.python, section.with) = ("black", VersionRequest("3.12"), ["click"])
      bench.tool("black12", section, line: 8)
      return bench
    }
    func environment(_ bench: Bench, of tool: String) throws -> Object {
      let proposal = try bench.rounds { try Tools().propose($0) }.value
      return try #require(proposal.objects.first { $0.label.hasPrefix(tool + " ") })
    }
    var before = try bench("3.12.1")
    try locked(&before)
    var after = try bench("3.12.9")
    (after.lock, after.answers) = (before.lock, { _ in failed("asked without need") })
    #expect(try after.rounds { try Tools().resolve($0) }.value == before.lock)
    #expect(try environment(before, of: "black").id == environment(after, of: "black").id)
    let (old, new) = (try environment(before, of: "black12"), try environment(after, of: "black12"))
    #expect(old.id != new.id)
    // What was put beside it is in the new one too.
    #expect(new.run?.files == old.run?.files)
    #expect(before.lock.tools["black12"]?.request.contains("click") == true)
  }

  @Test func exposesWhatIsAskedUnderASuffix() throws {
    var bench = Bench()
    var section = try black()
    (section.expose, section.suffix) = (["black"], "25")
    bench.tool("black", section)
    try locked(&bench)
    let claims = try bench.rounds { try Tools().propose($0) }.value.claims
    #expect(claims.map(\.name) == ["black25"])
    if case .object(_, let path)? = claims.first?.program { #expect(path == "bin/black") }
  }

  @Test func aBoundPackageComesFromItsIndexAlone() throws {
    var bench = Bench()
    var section = try black()
    section.index = "acme"
    bench.tool("black", section)
    bench.profile.indexes["acme"] = Sourced(
      IndexSection(url: "https://acme.example/simple", priority: .explicit), bench.source(20))
    bench.answers = answerBlack
    let (lock, _, asked) = try bench.rounds { try Tools().resolve($0) }
    let project = String(
      decoding: try #require(asked.compactMap(\.inquiry).first?.files["pyproject.toml"]), as: UTF8.self)
    #expect(project.contains("explicit = true"))
    #expect(project.contains("\"black\" = { index = \"acme\" }"))
    bench.lock = lock
    let object = try #require(try bench.rounds { try Tools().propose($0) }.value.objects.last)
    let run = try #require(object.run)
    let text = run.files.mapValues { String(decoding: $0, as: UTF8.self) }
    #expect(text["acme.txt"]?.contains("black==") == true)
    #expect(text["acme.txt"]?.contains("click==") == false)
    #expect(text["requirements.txt"]?.contains("black==") == false)
    #expect(run.steps[0].surroundings["UV_DEFAULT_INDEX"] == "acme=https://acme.example/simple")
    #expect(run.steps[1].surroundings["UV_DEFAULT_INDEX"] == nil)
  }

  @Test func anUnknownIndexIsAMistake() throws {
    var bench = Bench()
    var section = try black()
    section.index = "acne"
    bench.tool("black", section)
    bench.profile.indexes["acme"] = Sourced(
      IndexSection(url: "https://acme.example/simple", priority: .explicit), bench.source(20))
    let failure = #expect(throws: Failure.self) { try bench.rounds { try Tools().resolve($0) } }
    #expect(failure?.diagnostics.first?.hint == "did you mean acme?")
    #expect(failure?.status == .usage)
  }

  @Test func allMistakesAreToldAtOnce() throws {
    var bench = Bench()
    bench.tool("black", try black("99.*"), line: 7)
    bench.tool("blakc", ToolSection(), line: 8)
    bench.answers = { query in
      let text = query.inquiry?.files["tool.in"].map { String(decoding: $0, as: UTF8.self) } ?? ""
      return text.hasPrefix("black[d]==99")
        ? failed(
          """
          error: No solution found when resolving dependencies
            cause: Because only black<=26.10.1 is available and you require black==99.*, we can conclude that your requirements are unsatisfiable.
          """)
        : failed(
          """
          error: No solution found when resolving dependencies
            cause: Because blakc was not found in the package registry and you require blakc, we can conclude that your requirements are unsatisfiable.
          """)
    }
    let failure = #expect(throws: Failure.self) { try bench.rounds { try Tools().resolve($0) } }
    #expect(failure?.status == .usage)
    #expect(failure?.diagnostics.map { $0.location?.line } == [7, 8])
    #expect(failure?.diagnostics.first?.message == "black: no version matches black[d]==99.*")
    #expect(failure?.diagnostics.first?.hint == "the newest is 26.10.1")
    let last = try #require(failure?.diagnostics.last)
    #expect(last.message.hasPrefix("blakc: there is no package named blakc in https://"))
    #expect(last.hint == "did you mean black?")
  }

  /// Where it was looked for, without passwords, and what may have been meant; nothing is asked for that.
  @Test(arguments: [
    ("http", "the program http comes with the package httpie"),
    ("pretier-of-ours", "look for a typing mistake; a package of your own needs its index under `indexes:`"),
    ("eslint", "eslint is a package of npm: `outfit tool install --from npm eslint`"),
    ("acme-tols", "did you mean acme-tools?"),
  ])
  func aMissingPackageSaysWhereItWasLookedFor(_ name: String, _ hint: String) throws {
    var bench = Bench()
    bench.environment["UV_DEFAULT_INDEX"] = "https://ada:secret@packages.example/simple"
    bench.tool(name, ToolSection(), line: 8)
    bench.tool("acme-tools", ToolSection(), line: 9)
    bench.answers = { query in
      let asked = query.inquiry?.files["tool.in"].map { String(decoding: $0, as: UTF8.self) } ?? ""
      return failed(
        "cause: Because \(asked.trimmed) was not found in the package registry and you require it, we can conclude"
      )
    }
    let failure = #expect(throws: Failure.self) { try bench.rounds { try Tools().resolve($0) } }
    let one = try #require(failure?.diagnostics.first { $0.location?.line == 8 })
    #expect(one.message == "\(name): there is no package named \(name) in https://packages.example/simple")
    #expect(one.hint == hint)
  }

  @Test func aNetworkFailureStopsThatToolAlone() throws {
    var bench = Bench()
    bench.tool("black", try black())
    bench.tool("isort", ToolSection())
    bench.answers = { query in
      let text = query.inquiry?.files["tool.in"].map { String(decoding: $0, as: UTF8.self) } ?? ""
      guard text.hasPrefix("isort") else { return answerBlack(query) }
      return failed(
        """
        error: Request failed after 3 retries in 8.4s
          cause: Failed to fetch: http://nohost.invalid/simple/isort/
          cause: client error (Connect)
          cause: Name or service not known
        """)
    }
    let (lock, facts, _) = try bench.rounds { try Tools().resolve($0) }
    #expect(lock.tools.keys.sorted() == ["black"])
    bench.lock = lock
    let proposal = try bench.rounds({ try Tools().propose($0) }, facts: facts).value
    #expect(proposal.claims.map(\.name) == ["black", "blackd"])
    #expect(
      proposal.failures.map(\.message) == [
        "isort: could not be resolved: Failed to fetch: http://nohost.invalid/simple/isort/: Name or service not known"
      ])
  }

  /// Those who read only may ask nobody, and do not say that it can't be had.
  @Test func whatADryRunDoesNotAskForIsNotPinnedYet() throws {
    var bench = Bench()
    bench.tool("black", try black())
    bench.answers = { _ in
      .failed(
        Diagnostic(
          .error, "not done: resolving black, because this is a dry run", hint: "`outfit up` finds it out",
          reason: .dryRun))
    }
    let (lock, facts, _) = try bench.rounds { try Tools().resolve($0) }
    bench.lock = lock
    let failures = try bench.rounds({ try Tools().propose($0) }, facts: facts).value.failures
    #expect(failures.map(\.message) == ["black is not pinned yet"])
    #expect(failures.first?.hint == "`outfit up` finds it out")
  }

  @Test func aPythonThatTheProfileLacksIsNamed() throws {
    var bench = Bench()
    var section = try black()
    section.python = VersionRequest("3.9")
    bench.tool("black", section)
    let (lock, facts, _) = try bench.rounds { try Tools().resolve($0) }
    bench.lock = lock
    let failures = try bench.rounds({ try Tools().propose($0) }, facts: facts).value.failures
    #expect(failures.first?.message == "black wants Python 3.9, and this profile has 3.13.5")
  }

  @Test func withoutInterpretersTheMachinesPythonServes() throws {
    var bench = Bench(python: nil)
    bench.tool("black", try black())
    bench.answers = { query in
      guard query == .interpreters(.python) else { return answerBlack(query) }
      return .interpreters([
        FoundInterpreter(
          language: .python, version: Version("3.11.2")!, program: "/usr/bin/python3.11",
          origin: .system, fingerprint: "1"),
        FoundInterpreter(
          language: .python, version: Version("3.13.0")!, program: "/opt/python3.13", origin: .other,
          missingModules: ["ssl"], fingerprint: "2"),
      ])
    }
    bench.lock = try bench.rounds { try Tools().resolve($0) }.value
    #expect(bench.lock.tools["black"]?.python == "3.11")
    let proposal = try bench.rounds { try Tools().propose($0) }.value
    #expect(proposal.objects.first?.label == "Python 3.11.2 (/usr/bin/python3.11)")
  }

  @Test func hooksBringTheirRunnerWithoutAName() throws {
    var bench = Bench()
    bench.profile.hooks["black"] = Sourced(HookSection(), bench.source(30))
    bench.answers = { query in
      guard let first = query.inquiry?.steps.first else { return .absent }
      return first.words.starts(with: ["pip", "compile"])
        ? .collected(["lock.txt": Array("prek==0.5.11 \\\n    --hash=sha256:\(digestA)\n".utf8)])
        : .collected(["own/bin/prek": []])
    }
    bench.lock = try bench.rounds { try Tools().resolve($0) }.value
    #expect(bench.lock.tools["prek"]?.version == Version("0.5.11"))
    let proposal = try bench.rounds { try Tools().propose($0) }.value
    #expect(proposal.claims.isEmpty)
    #expect(proposal.objects.contains { $0.id.name == "prek-0.5.11" })
  }
}
