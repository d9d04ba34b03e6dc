import OutfitSystem
import Support
import SystemPackage
import Testing

/// Packages that are published as source only: `init` finds them without running any of their code, and `up` builds
/// those that somebody said yes to.
@Suite(.serialized, .timeLimit(.minutes(10)))
struct SourceOnlyTests {
  private let machine: Machine
  private let index: PackageIndex

  init() async throws {
    machine = try Machine("sourceonly")
    index = try PackageIndex()
    try await index.publish("words", "1.0", says: "hello", machine)
    try await index.publishSource("carved", "1.0", machine)
  }

  private var settings: [String: String] {
    ["XDG_CACHE_HOME": machine.home.appending("cache").string, "PIP_EXTRA_INDEX_URL": index.url]
  }

  private func outfit(_ words: String...) async throws -> Completion {
    try await machine.outfit(words, at: "w", setting: settings)
  }

  /// The interpreter is what this machine has.
  private func useOwnPython() throws {
    let text = try #require(try machine.read("w/outfit.yaml"))
    try machine.write(
      "w/outfit.yaml",
      text.split(separator: "\n", omittingEmptySubsequences: false).map { line in
        line.hasPrefix("  python:") ? "  python: {versions: [\"3\"], system: true}" : String(line)
      }.joined(separator: "\n"))
  }

  /// The time that `init` takes for its question is for the question, and not for what it is asked with.
  private func fetchEngine() async throws {
    try machine.write("engine/requirements.txt", "words==1.0\n")
    try machine.write(
      "engine/outfit.yaml",
      """
      profile: engine
      interpreters: {python: {versions: ["3"], system: true}}
      virtualenv: {from: requirements.txt}

      """)
    let made = try await machine.outfit(["up", "--trust"], at: "engine", setting: settings)
    try #require(made.status == 0, "\(made.errorText)")
  }

  private var hasRun: Bool { machine.files.exists(PackageIndex.trace(machine)) }

  @Test(arguments: ["requirements.txt", "pyproject.toml", "Pipfile.lock"])
  func initNamesThem(file: String) async throws {
    switch file {
    case "requirements.txt": try machine.write("w/requirements.txt", "words==1.0\ncarved==1.0\n")
    case "pyproject.toml":
      try machine.write(
        "w/pyproject.toml",
        "[project]\nname = \"w\"\nversion = \"1\"\ndependencies = [\"words\", \"carved\"]\n")
    default:
      try machine.write(
        "w/Pipfile.lock",
        #"{"_meta": {}, "default": {"carved": {"version": "==1.0"}, "words": {"version": "==1.0"}}, "develop": {}}"#
      )
    }
    try await fetchEngine()
    let made = try await outfit("init")
    #expect(made.status == 0, "\(made.errorText)")
    let text = try #require(try machine.read("w/outfit.yaml"))
    #expect(text.contains("virtualenv: {from: \(file), build: [carved]}"), "\(text)\(made.errorText)")
    #expect(!made.errorText.contains("not looked up"), "\(made.errorText)")
    #expect(!hasRun)
    guard file != "Pipfile.lock" else { return }
    try useOwnPython()
    let up = try await outfit("up", "--trust")
    #expect(up.status == 0, "\(up.errorText)")
    #expect(hasRun)
    let python = machine.home.pushing("w/.venv/bin/python")
    let listed = try await machine.run(
      python, ["-c", "import importlib.metadata as m; print(m.version('carved'), m.version('words'))"],
      at: "w")
    #expect(listed.outputText == "1.0 1.0\n", "\(listed.errorText)")
  }

  @Test(arguments: ["--offline", "--dry-run"]) func nothingIsAskedOnAWord(word: String) async throws {
    try machine.write("w/requirements.txt", "carved\n")
    let made = try await outfit("init", word)
    #expect(made.status == 0, "\(made.errorText)")
    #expect(made.errorText.contains("not looked up"), "\(made.errorText)")
    #expect(index.asked().isEmpty)
    #expect(machine.files.exists(machine.home.pushing("w/outfit.yaml")) == (word == "--offline"))
    let document = try await outfit("init", "--dry-run", "--json")
    #expect(
      document.outputText.contains("not looked up: which packages have to be built"), "\(document.outputText)"
    )
    #expect(index.asked().isEmpty)
  }

  /// What a repository names is asked after consent, and not before.
  @Test func anIndexOfTheRepositorysOwnIsNotAsked() async throws {
    let own = try PackageIndex()
    try await own.publishSource("carved", "2.0", machine)
    try machine.write("w/requirements.txt", "--extra-index-url \(own.url)\ncarved\n")
    let made = try await outfit("init")
    #expect(made.status == 0, "\(made.errorText)")
    #expect(made.errorText.contains("requirements.txt:1 names an index"), "\(made.errorText)")
    #expect(own.asked().isEmpty && index.asked().isEmpty)
  }

  /// Whoever waits for an index that never answers has his manifest all the same, with what was found until then.
  @Test func aSilentIndexDoesNotHoldItUp() async throws {
    let silent = try LoopbackServer { _ in
      var reply = LoopbackServer.Reply(200)
      reply.delay = 120
      return reply
    }
    try machine.write("w/requirements.txt", "carved\nwords\n")
    var settings = settings
    settings["UV_DEFAULT_INDEX"] = silent.address + "/simple"
    let clock = ContinuousClock()
    let start = clock.now
    let made = try await machine.outfit(["init"], at: "w", setting: settings)
    #expect(clock.now - start < .seconds(30))
    #expect(made.status == 0, "\(made.errorText)")
    #expect(made.errorText.contains("no answer came within 20 seconds"), "\(made.errorText)")
    #expect(try machine.read("w/outfit.yaml")?.contains("virtualenv: {from: requirements.txt}") == true)
  }

  // MARK: up

  private func project(_ more: String = "") throws {
    try machine.write(
      "w/outfit.yaml",
      "profile: w\ninterpreters: {python: {versions: [\"3\"], system: true}}\n# mine\nvirtualenv: {from: requirements.txt}\n\(more)"
    )
    try machine.write("w/requirements.txt", "words==1.0\ncarved==1.0\n")
  }

  /// On a terminal, with these answers in their order.
  private func answering(_ answers: String, _ arguments: String) async throws -> Completion {
    let outfit = Machine.build.appending("outfit")
    return try await machine.run(
      "/bin/bash",
      ["-c", "printf '\(answers)' | script -qec \"'\(outfit)' \(arguments)\" /dev/null"], at: "w",
      setting: settings)
  }

  @Test func upNamesTheLineThatBringsThem() async throws {
    try project()
    let up = try await outfit("up", "--trust")
    #expect(up.status == 1, "\(up.errorText)")
    #expect(up.errorText.contains("outfit up --build carved"), "\(up.errorText)")
    #expect(!hasRun)
    let plan = try await outfit("up", "--dry-run", "--json")
    #expect(plan.status == 4, "\(plan.outputText)")
    #expect(plan.outputText.contains(#""line": "outfit up --build carved""#), "\(plan.outputText)")
    // Whose code runs is asked by itself.
    let asked = try await outfit("up", "--build", "carved")
    #expect(asked.status == 4, "\(asked.errorText)")
    #expect(asked.errorText.contains("outfit up --build carved --trust"), "\(asked.errorText)")
    #expect(try machine.read("w/outfit.yaml")?.contains("build:") == false)
    #expect(!hasRun)
    let built = try await outfit("up", "--build", "carved", "--trust")
    #expect(built.status == 0, "\(built.errorText)")
    #expect(
      try machine.read("w/outfit.yaml")?.contains(
        "# mine\nvirtualenv: {from: requirements.txt, build: [carved]}\n")
        == true)
    #expect(hasRun)
    let again = try await outfit("up")
    #expect(again.outputText.contains("Nothing to do"), "\(again.outputText)\(again.errorText)")
    let whole = try await outfit("up", "--dry-run", "--json")
    #expect(whole.outputText.contains(#""questions": []"#), "\(whole.outputText)")
  }

  @Test func aTerminalIsAsked() async throws {
    try project()
    // To begin with, to build, and what it may do then.
    let no = try await answering("y\\nn\\n", "up")
    #expect(no.status == 1, "\(no.outputText)")
    #expect(!hasRun)
    #expect(try machine.read("w/outfit.yaml")?.contains("build:") == false)
    let declined = try await answering("y\\nn\\n", "up")
    #expect(declined.status == 4, "\(declined.outputText)")
    #expect(declined.outputText.contains("builds carved"), "\(declined.outputText)")
    #expect(!hasRun)
    #expect(try machine.read("w/outfit.yaml")?.contains("build:") == false)
    let yes = try await answering("y\\ny\\n", "up")
    #expect(yes.status == 0, "\(yes.outputText)")
    #expect(hasRun)
    #expect(try machine.read("w/outfit.yaml")?.contains("build: [carved]") == true)
  }

  @Test func whatCannotBeWrittenIsRefused() async throws {
    try project()
    for words in [
      ["--build", "-r x"], ["--build", "carved", "--locked"], ["--build", "carved", "elsewhere"],
    ] {
      let done = try await machine.outfit(["up"] + words, at: "w", setting: settings)
      #expect(done.status == 2, "\(words): \(done.errorText)")
    }
    try machine.write("w/outfit.yaml", "profile: w\n")
    let bare = try await outfit("up", "--build", "carved")
    #expect(bare.status == 2 && bare.errorText.contains("no `virtualenv:` of its own"), "\(bare.errorText)")
    // What can't be found out changes nothing.
    try project()
    try machine.write("w/requirements.txt", "words==9.9\ncarved==1.0\n")
    let wrong = try await outfit("up", "--build", "carved", "--trust")
    #expect(wrong.status == 2, "\(wrong.errorText)")
    #expect(try machine.read("w/outfit.yaml")?.contains("build:") == false)
    #expect(!machine.files.exists(machine.home.pushing("w/.venv")))
  }
}
