import OutfitSystem
import Support
import SystemPackage
import Testing

/// What becomes of tools when the Python changes that some of them stand on.
@Suite(.serialized, .timeLimit(.minutes(15)))
struct InterpreterChangeTests {
  private let machine: Machine

  init() throws { machine = try Machine("interpreter-change") }

  private func profile(prebuilt: String, adopted: String) throws {
    try machine.write(
      "p/outfit.yaml",
      """
      profile: p
      interpreters: {python: {versions: ["\(prebuilt)", "\(adopted)"], providers: [adopted, prebuilt]}}
      tools:
        flake8: {version: "7.*", with: [pep8-naming], python: "\(prebuilt)"}
        cowsay: {version: "6.*", python: "\(prebuilt)"}
        black: {version: "25.*", python: "\(adopted)"}

      """)
  }

  /// All three at work, the plugin too; so there is bytecode, and nothing more comes to it.
  private func expectWork() async throws {
    try machine.write("bad.py", "def Shouting():\n    return 1\n")
    let lint = try await machine.login("flake8 bad.py")
    #expect(lint.outputText.contains("N802 function name 'Shouting'"), "\(lint.outputText)\(lint.errorText)")
    let others = try await machine.login("cowsay -t moo && black --version")
    #expect(others.succeeded, "\(others.errorText)")
    #expect(others.outputText.contains("moo") && others.outputText.contains("black, 25."))
  }

  /// Which of its files are other ones, or were written to. Their times of change say nothing: files are shared with
  /// the cache of packages, and whoever else links one changes that.
  private func touched(_ tool: String, since before: [String: [Int64]]) throws -> [String] {
    func mark(_ values: [Int64]?) -> [Int64]? { values.map { [$0[0], $0[2]] } }
    let now = try machine.marks(tool)
    return before.filter { mark(now[$0.key]) != mark($0.value) }.keys.sorted()
  }

  private func environments(_ tool: String) throws -> Int {
    try machine.files.list(machine.home.pushing(".local/share/outfit/store")).count {
      $0.hasPrefix(tool + "-")
    }
  }

  @Test func aScriptRunsOnTheSecondPythonWhereThatIsAskedFor() async throws {
    guard let pyenv = try await Pyenv(machine), let mirror = try await ReleaseMirror(machine) else { return }
    var setting = pyenv.setting
    setting["OUTFIT_MIRROR"] = "file://\(mirror.folder)"
    try machine.write(
      ".config/outfit/outfit.yaml",
      """
      interpreters: {python: {versions: ["\(mirror.version)", "\(pyenv.version)"], providers: [adopted, prebuilt]}}

      """)
    try machine.write(
      "s.py",
      """
      # /// script
      # dependencies = ["cowsay==6.1"]
      # ///
      import cowsay, os, sys
      print(cowsay.__version__, os.path.realpath(sys.executable), *sys.argv[1:])
      sys.exit(3)

      """)
    func run(_ words: String...) async throws -> Completion {
      let done = try await machine.run(
        Machine.build.appending("outfit"), ["tool", "run"] + words, setting: setting)
      #expect(done.status == 3, "\(words): \(done.errorText)")
      return done
    }
    let first = try await run("s.py", "a")
    #expect(first.outputText.contains("/store/python-\(mirror.version)"), "\(first.outputText)")
    #expect(first.outputText.hasPrefix("6.1 ") && first.outputText.hasSuffix(" a\n"), "\(first.outputText)")
    let second = "6.1 \(pyenv.folder)/bin/python\(pyenv.series)"
    #expect(try await run("s.py", "--python", pyenv.version, "a").outputText == second + " a\n")
    #expect(try await run("--python", pyenv.version, "s.py", "a").outputText == second + " a\n")
    // Behind `--` it is the script's own.
    let own = try await run("s.py", "--", "--python", pyenv.version)
    #expect(own.outputText.contains("/store/python-\(mirror.version)"), "\(own.outputText)")
    #expect(own.outputText.hasSuffix(" --python \(pyenv.version)\n"), "\(own.outputText)")
    // Each has an environment of its own, and both are taken again without a network.
    setting["UV_DEFAULT_INDEX"] = "http://127.0.0.1:9/simple"
    #expect(try await run("s.py", "--python=\(pyenv.version)").outputText == second + "\n")
    #expect(try await run("s.py").outputText == first.outputText.replacing(" a\n", with: "\n"))
    // Nobody's manifest was changed by it.
    #expect(try machine.read(".config/outfit/outfit.lock") == nil)
  }

  @Test func exactlyTheToolsOnItAreRebuiltAndPluginsAreKept() async throws {
    guard let pyenv = try await Pyenv(machine), let mirror = try await ReleaseMirror(machine),
      let older = try await ReleaseMirror(machine, patch: 98)
    else { return }
    var setting = pyenv.setting
    setting["OUTFIT_MIRROR"] = "file://\(mirror.folder)"
    func up() async throws -> Completion {
      try await machine.run(
        Machine.build.appending("outfit"), ["up", "p", "--trust"], setting: setting)
    }

    try profile(prebuilt: older.version, adopted: pyenv.version)
    let first = try await up()
    try #require(first.status == 0, "\(first.errorText)")
    try await expectWork()
    let flake8 = try machine.marks("flake8")
    let cowsay = try machine.marks("cowsay")
    var black = try machine.marks("black")
    #expect(flake8.count > 50 && cowsay.count > 10 && black.count > 50)
    let pins = try #require(try machine.read(".local/state/outfit/machine/outfit.lock"))

    // The prebuilt one moves: what stands on it is made anew, from the same pins.
    try profile(prebuilt: mirror.version, adopted: pyenv.version)
    let moved = try await up()
    try #require(moved.status == 0, "\(moved.errorText)")
    #expect(try environments("black") == 1)
    #expect(try touched("black", since: black) == [])
    // The old ones are what a rollback goes back to.
    for (tool, marks) in [("flake8", flake8), ("cowsay", cowsay)] {
      #expect(try environments(tool) == 2)
      #expect(try touched(tool, since: marks) == [])
    }
    try await expectWork()
    let list = try await machine.outfit("tool", "list", "--json", setting: setting)
    #expect(list.outputText.contains("pep8-naming"), "\(list.outputText)")
    let moving = try #require(try machine.read(".local/state/outfit/machine/outfit.lock"))
    func hashes(_ lock: String) -> Set<Substring> {
      Set(lock.split(separator: "\n").filter { $0.contains("--hash=") })
    }
    #expect(hashes(moving).subtracting(hashes(pins)).isEmpty)

    // The adopted one becomes another program under the same version, as an upgrade by its owner does.
    let (steadyFlake8, steadyCowsay) = (try machine.marks("flake8"), try machine.marks("cowsay"))
    black = try machine.marks("black")
    try await pyenv.sh(
      "cd \(pyenv.folder)/bin && cp python\(pyenv.series) new && printf x >>new && mv new python\(pyenv.series)"
    )
    let status = try await machine.outfit("status", "--check", setting: setting)
    #expect(status.status == 3, "\(status.outputText)\(status.errorText)")
    let mended = try await up()
    try #require(mended.status == 0, "\(mended.errorText)")
    #expect(try environments("black") == 2)
    #expect(try environments("flake8") == 2 && environments("cowsay") == 2)
    try await expectWork()
    #expect(try touched("flake8", since: steadyFlake8) == [])
    #expect(try touched("cowsay", since: steadyCowsay) == [])
    #expect(try touched("black", since: black) == [])
    let nothing = try await machine.outfit("up", "p", "--trust", setting: setting)
    #expect(nothing.outputText.hasPrefix("Nothing to do"), "\(nothing.outputText)\(nothing.errorText)")

    // The first ones are there still, and work.
    let back = try await machine.outfit("rollback", "1", setting: setting)
    #expect(back.status == 0, "\(back.errorText)")
    try await expectWork()
    #expect(try touched("flake8", since: steadyFlake8) == [])
  }
}
