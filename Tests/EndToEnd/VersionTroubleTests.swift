import OutfitSystem
import Support
import SystemPackage
import Testing

/// What is wrong with the versions of a folder, and is said.
@Suite(.timeLimit(.minutes(15)))
struct VersionTroubleTests {
  /// A machine with a pyenv whose version Outfit has.
  private func given(_ name: String) async throws -> (machine: Machine, pyenv: Pyenv)? {
    let machine = try Machine(name)
    guard let pyenv = try await Pyenv(machine) else { return nil }
    let installed = try await machine.outfit("python", "install", pyenv.version, setting: pyenv.setting)
    #expect(installed.status == 0, "\(installed.errorText)")
    return (machine, pyenv)
  }

  @Test func aProjectWhoseManifestIsGoneIsNamedAndEnds() async throws {
    guard let (machine, pyenv) = try await given("bereft") else { return }
    let set = pyenv.setting
    let manifest = "profile: g\ninterpreters: {python: \"\(pyenv.version)\"}\n"
    try machine.write("g/outfit.yaml", manifest)
    let up = try await machine.outfit("up", "--trust", at: "g", setting: set)
    #expect(up.status == 0, "\(up.errorText)")
    let kept = try #require(try machine.read("g/outfit.lock"))
    try machine.files.remove(machine.home.pushing("g/outfit.yaml"))
    try machine.files.remove(machine.home.pushing("g/outfit.lock"))
    try machine.write("g/sub/.keep", "")

    let said = "~/g/outfit.yaml is gone, and what the project ~/g was brought up with goes on"
    for (words, status) in [
      (["status", "--check"], 3), (["doctor"], nil), (["why", "python"], 0), (["up"], 0),
      (["python", "use", pyenv.version], 1),
    ] as [([String], Int32?)] {
      let done = try await machine.run(
        Machine.build.appending("outfit"), words, at: "g/sub", setting: set)
      if let status { #expect(done.status == status, "\(words): \(done.errorText)") }
      let text = done.outputText + done.errorText
      #expect(text.contains(said), "\(words): \(text)")
      #expect(text.contains("outfit rollback 0"), "\(words): \(text)")
    }
    let version = try await machine.outfit("python", "version", at: "g", setting: set)
    #expect(version.outputText.contains("the project ~/g, whose manifest is gone"), "\(version.outputText)")
    let there = try await machine.outfit("doctor", setting: set)
    #expect(there.outputText.contains("cd ~/g && outfit rollback 0"), "\(there.outputText)")

    // The next branch has it again: nothing was lost.
    try machine.write("g/outfit.yaml", manifest)
    try machine.write("g/outfit.lock", kept)
    #expect(try await machine.outfit("status", "--check", at: "g", setting: set).status == 0)

    try machine.files.remove(machine.home.pushing("g/outfit.yaml"))
    let ended = try await machine.outfit("rollback", "0", at: "g", setting: set)
    #expect(ended.status == 0, "\(ended.errorText)")
    #expect(ended.errorText.contains("Once ~/g/outfit.yaml is back, `outfit up`"), "\(ended.errorText)")
    let after = try await machine.outfit("python", "version", at: "g", setting: set)
    #expect(after.outputText.contains("this machine's profile"), "\(after.outputText)")
    let doctor = try await machine.outfit("doctor", at: "g", setting: set)
    #expect(!doctor.outputText.contains(said), "\(doctor.outputText)")
  }

  @Test func filesOfWindowsAreEditedAsTheyAre() async throws {
    guard let (machine, pyenv) = try await given("windows") else { return }
    try machine.write("a/.tool-versions", "ruby 3\r\npython 2.7  # why\r\nnodejs 22\r\n")
    let used = try await machine.outfit("python", "use", pyenv.series, at: "a", setting: pyenv.setting)
    #expect(used.status == 0, "\(used.errorText)")
    #expect(
      try machine.read("a/.tool-versions") == "ruby 3\r\npython \(pyenv.series)  # why\r\nnodejs 22\r\n")
    try machine.write("b/real", "2.7\n")
    try machine.files.createLink(machine.home.pushing("b/.python-version"), to: "real")
    let linked = try await machine.outfit("python", "use", pyenv.series, at: "b", setting: pyenv.setting)
    #expect(linked.status == 0, "\(linked.errorText)")
    #expect(try machine.read("b/real") == "\(pyenv.series)\n")
  }

  @Test func whatNoOneCanFollowIsSaid() async throws {
    guard let (machine, pyenv) = try await given("follow") else { return }
    let file = machine.home.pushing("a/.python-version")
    try machine.write("a/.keep", "")
    func expectSaid(_ text: String, _ hint: String, line: Int = #line) async throws {
      for verb in [["status", "--check"], ["doctor"]] {
        let done = try await machine.run(
          Machine.build.appending("outfit"), verb, at: "a", setting: pyenv.setting)
        let said = done.errorText + done.outputText
        #expect(said.contains(text) && said.contains(hint), "\(line), \(verb): \(said)")
        if verb[0] == "status" { #expect(done.status == 3, "\(line): \(said)") }
      }
    }
    try machine.write("a/.python-version", "3.4.9\n")
    try await expectSaid("a/.python-version:1 and is not installed", "outfit python install 3.4.9")
    try machine.write("a/.python-version", "3.4.9\n\(pyenv.series)\n")
    try await expectSaid("what .python-version:1 asks for is not here", ".python-version:2 serves")
    try machine.write("a/.python-version", "nosuch\n")
    try await expectSaid("names the virtualenv `nosuch`", "import pyenv")
    try machine.files.remove(file)
    try machine.files.createDirectories(file)
    try await expectSaid(".python-version is a folder", "remove it")
    try machine.files.removeTree(file)
    try machine.files.createLink(file, to: ".python-version")
    try await expectSaid(".python-version is a link that leads to no file", "remove it")
    try machine.files.remove(file)
    try machine.write("a/pyproject.toml", "[project]\nrequires-python = \"!=\(pyenv.version)\"\n")
    try await expectSaid("which is \(pyenv.version) here", "outfit python use '!=\(pyenv.version)'")
    let why = try await machine.outfit("why", "python", at: "a", setting: pyenv.setting)
    #expect(why.outputText.contains("which the winner does not satisfy"), "\(why.outputText)")
    try machine.files.remove(machine.home.pushing("a/pyproject.toml"))
    #expect(try await machine.outfit("status", "--check", at: "a", setting: pyenv.setting).status == 0)
  }

  @Test func whatWasAdoptedAndIsGoneIsNamed() async throws {
    guard let (machine, pyenv) = try await given("gone") else { return }
    try machine.files.rename(pyenv.folder, to: machine.home.appending("away"))
    let said = "Python \(pyenv.version), pyenv's, at \(pyenv.folder)/bin/python\(pyenv.series) is gone"
    for verb in ["status", "doctor"] {
      let done = try await machine.outfit(verb, setting: pyenv.setting)
      #expect(
        (done.errorText + done.outputText).contains(said), "\(verb): \(done.errorText)\(done.outputText)")
    }
    let list = try await machine.outfit("python", "list", setting: pyenv.setting)
    #expect(list.outputText.contains("pyenv's, gone"), "\(list.outputText)")
    let bare = try await machine.outfit("python", "list", "--bare", setting: pyenv.setting)
    #expect(bare.outputText == "")
    let which = try await machine.outfit("which", "python\(pyenv.series)", setting: pyenv.setting)
    #expect(which.status == 1 && which.errorText.contains("which is gone"), "\(which.errorText)")
  }

  @Test func twoInstallsAtOnceComeOneAfterTheOther() async throws {
    let machine = try Machine("two-installs")
    guard let pyenv = try await Pyenv(machine) else { return }
    async let one = machine.outfit("python", "install", pyenv.version, setting: pyenv.setting)
    async let other = machine.outfit("python", "install", ">=\(pyenv.version)", setting: pyenv.setting)
    for done in try await [one, other] { #expect(done.status == 0, "\(done.errorText)") }
    let text = try #require(try machine.read(".config/outfit/outfit.yaml"))
    #expect(text.contains("\"\(pyenv.version)\"") && text.contains("\">=\(pyenv.version)\""), "\(text)")
  }

  @Test func hintsWorkAsTyped() async throws {
    guard let (machine, pyenv) = try await given("hints") else { return }
    let set = pyenv.setting
    for (words, status, text) in [
      (["python", "version", "--json"], 0, ""),
      (["depart", "--help"], 2, "there is no verb `outfit depart`"),
      (["exec", "node@", "-v"], 2, "outfit exec node@22"),
      (["exec", "node@foo", "-v"], 127, "node@foo asks for node \"foo\""),
      (["exec", "python@\(pyenv.series)", "--", "/bin/false"], 1, ""),
      (["exec", "python@\(pyenv.series)", "--", "./nosuch"], 127, "can't run"),
      (["python", "shell", "foo"], 1, "outfit python list"),
      (["python", "install", "2.7.18"], 2, "Outfit has no Python 2.7.18"),
      (["gc", "python-3.4"], 2, "it has python-\(pyenv.version)"),
      (["gc", "python-\(pyenv.version)"], 1, "outfit python uninstall \(pyenv.version)"),
      (["python", "uninstall", pyenv.version], 0, ""),
    ] as [([String], Int32, String)] {
      let done = try await machine.run(Machine.build.appending("outfit"), words, setting: set)
      #expect(done.status == status, "\(words): \(done.errorText)")
      #expect(text.isEmpty || done.errorText.contains(text), "\(words): \(done.errorText)")
    }
    let none = try await machine.outfit("python", "version", "--json", setting: ["PATH": "/nowhere"])
    #expect(none.status == 1)
    #expect(none.outputText.split(separator: "\n").count { $0 == "{" } == 1, "\(none.outputText)")
    let plain = try await machine.outfit("python", "install", "3.11", setting: ["OUTFIT_MIRROR": "/mirror"])
    #expect(plain.status == 2 && plain.errorText.contains("export OUTFIT_MIRROR=file:///mirror"))
  }
}
