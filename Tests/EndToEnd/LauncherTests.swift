import OutfitSystem
import SystemPackage
import Testing

/// The real `outfit-shim`: a program that is started through it can't tell, and nothing in a folder misleads it.
@Suite(.timeLimit(.minutes(15)))
struct LauncherTests {
  /// A data folder of Outfit's with one shim of each name, and the program that tells what it sees.
  private struct World {
    let machine: Machine
    let data: FilePath
    let program: FilePath
    var bin: FilePath { data.appending("bin") }

    init?(_ machine: Machine) async throws {
      self.machine = machine
      data = machine.home.appending("data")
      program = machine.home.appending("launch")
      let source = Machine.checkout.appending("Tests/Fixtures/launcher/launch.c").string
      let compilers = (machine.environment["PATH"] ?? "").split(separator: ":").flatMap {
        ["\($0)/cc", "\($0)/clang"]
      }
      guard let compiler = compilers.first(where: { machine.files.exists(FilePath($0)) }) else {
        print("skipped: no C compiler (apt-get install gcc)")
        return nil
      }
      let built = try await machine.run(FilePath(compiler), ["-o", program.string, source])
      try #require(built.succeeded, "\(built.errorText)")
      for folder in ["libexec", "bin", "tables"] {
        try machine.files.createDirectories(data.appending(folder))
      }
      let copied = try await machine.run(
        "/bin/cp", [Machine.build.appending("outfit-shim").string, data.appending("libexec").string])
      try #require(copied.succeeded, "\(copied.errorText)")
      for name in ["probe", "python", "python3", "node", "gone"] {
        try machine.files.createLink(bin.appending(name), to: "../libexec/outfit-shim")
      }
      try machine.write(
        "data/tables/machine",
        "outfit-table 1\nscope machine\nc\tprobe\t\(program)\nc\tpython\t\(program)\n"
          + "i\tpython\t3.13.5\t\(program)\ni\tnode\t24.1.0\t\(program)\n")
    }

    /// Starts a shim; it has ten seconds.
    func shim(
      _ name: String, _ arguments: [String] = [], at folder: String = "", setting: [String: String] = [:]
    ) async throws -> Completion {
      try await machine.run(
        "/usr/bin/timeout", ["10", bin.appending(name).string] + arguments, at: folder, setting: setting)
    }
  }

  @Test(arguments: [
    "plain", "ignored", "default", "blocked", "descriptors", "closed", "all-closed", "limits", "memory",
    "own-session", "folder-gone", "odd-arguments", "two-megabytes", "many-arguments", "odd-environment",
    "no-environment", "large-environment", "called:probe", "called:./x/../probe", "called:-probe",
    "called:probe/", "called:", "called:my worker", "called-nothing",
  ])
  func theProgramSeesWhatItWouldWithoutIt(_ circumstance: String) async throws {
    guard let world = try await World(Machine()) else { return }
    let script =
      #"for program in "$0" "$2"; do "$0" under "$1" "$program" report one two 2>&1; echo "ended $?"; done"#
    let done = try await world.machine.run(
      "/bin/sh", ["-c", script, world.program.string, circumstance, world.bin.appending("probe").string])
    let lines = done.outputText.split(separator: "\n").map { String($0.prefix(160)) }
    let reports = lines.split { $0.hasPrefix("ended ") }.map(Array.init)
    try #require(reports.count == 2, "\(lines.suffix(5))")
    #expect(lines.filter { $0.hasPrefix("ended ") } == ["ended 0", "ended 0"])
    #expect(reports[0].last?.hasPrefix("folder ") == true)
    let changes = reports[1].difference(from: reports[0])
    #expect(changes.isEmpty, "\(changes.prefix(10).map { "\($0)" }.joined(separator: "\n"))")
  }

  /// A script that names a shim in its first line is run by what the shim stands for.
  @Test func aScriptMayNameAShim() async throws {
    guard let world = try await World(Machine()) else { return }
    try world.machine.write("probe-script", "#!\(world.bin)/probe report\n", mode: 0o755)
    let done = try await world.machine.run(world.machine.home.appending("probe-script"), ["one"])
    #expect(
      done.status == 0 && done.outputText.contains("probe-script\nargument 3 one\n"), "\(done.errorText)")
    let quiet = try await world.machine.outfit("--version", setting: ["SWIFT_BACKTRACE": "enable=yes"])
    #expect(quiet.status == 0 && quiet.errorText.isEmpty, "\(quiet.errorText)")
  }

  /// A parent sees the program itself stop, go on and end: no process stands between.
  @Test(arguments: [
    ["heed"], ["exit", "0"], ["exit", "1"], ["exit", "126"], ["exit", "127"], ["exit", "255"],
    ["signal", "2"],
    ["signal", "6"], ["signal", "9"], ["signal", "11"], ["signal", "13"], ["signal", "15"],
  ])
  func signalsAndEndsAreThePrograms(_ end: [String]) async throws {
    guard let world = try await World(Machine()) else { return }
    func seen(_ program: FilePath) async throws -> String {
      try await world.machine.run(world.program, ["watch", program.string, "end"] + end).outputText
    }
    let direct = try await seen(world.program)
    #expect(direct.contains("ended "))
    #expect(try await seen(world.bin.appending("probe")) == direct)
    if end == ["heed"] { #expect(direct.split(separator: "\n").count == 12, "\(direct)") }
  }

  @Test func itForksNothingAndOpensLittle() async throws {
    guard let world = try await World(Machine()) else { return }
    guard world.machine.files.exists("/usr/bin/strace") else {
      print("skipped: no strace (apt-get install strace)")
      return
    }
    try world.machine.write("deep/er/.python-version", "3.13\n")
    let trace = world.machine.home.appending("trace").string
    let done = try await world.machine.run(
      "/usr/bin/strace", ["-f", "-o", trace, world.bin.appending("python").string, "report"], at: "deep/er")
    try #require(done.succeeded, "\(done.errorText)")
    let calls = try #require(try world.machine.read("trace")).split(separator: "\n").map { line in
      line.drop { $0.isNumber || $0 == " " }
    }
    let starts = calls.indices.filter { calls[$0].hasPrefix("execve(") }
    try #require(starts.count == 2, "\(starts.map { calls[$0] })")
    let own = calls[..<starts[1]]
    #expect(!own.contains { $0.hasPrefix("clone") || $0.hasPrefix("fork") || $0.hasPrefix("vfork") })
    #expect(!own.contains { $0.hasPrefix("rt_sigaction") && !$0.contains("NULL, {") }, "a signal was set")
    #expect(!own.contains { $0.hasPrefix("socket") || $0.hasPrefix("connect") || $0.contains("O_WRONLY") })
    // What the C library opens before `main` it has closed again.
    for call in own where call.hasPrefix("open") && !call.contains("/proc/self/maps") {
      #expect(call.contains("O_CLOEXEC"), "\(call)")
    }
    #expect(own.count < 150, "\(own.count) calls")
  }

  /// What a stranger's repository may hold: a name in HOME, how it is made, and what is then said.
  private struct Plant: Sendable, CustomTestStringConvertible {
    let testDescription: String
    /// A line of shell, in the checkout.
    let made: String
    /// What standard error says; nil when the machine's own is run.
    let said: String?
    init(_ made: String, _ said: String? = nil) {
      (testDescription, self.made, self.said) = (made, made, said)
    }
  }

  private static let unchosen = "names no version that can be chosen here"

  private static let plants: [Plant] = [
    Plant("mkfifo .python-version .tool-versions .python-versions"), Plant("mkdir .python-version"),
    Plant("ln -s nowhere .python-version"), Plant("ln -s .python-version .python-version"),
    Plant("ln -s /dev/zero .python-version"), Plant("ln -s /dev/stdin .tool-versions"),
    Plant("ln -s /proc/kmsg .python-version"),
    Plant("head -c 10000000 /dev/zero >.python-version", "too large"),
    Plant("truncate -s 100G .python-version", "too large"),
    Plant("yes 3.13 | head -c 60000 >.python-version"),
    Plant("echo ../../../launch >.python-version", unchosen), Plant("pwd >.python-version", unchosen),
    Plant(#"printf '\033[2J\033]0;x\a\n' >.python-version"#, unchosen),
    Plant(#"printf '\377\376\n' >.python-version"#, unchosen), Plant("echo path:. >.tool-versions"),
    Plant("echo python path:. >.tool-versions", unchosen), Plant("echo .venv >.python-version", unchosen),
    Plant("echo 3.14 >.python-version", "is not installed; outfit python install 3.14"),
    Plant(
      #"mkdir -p .venv/bin; printf '#!/bin/sh\necho ran\n' >.venv/bin/python; chmod +x .venv/bin/python"#),
    Plant(#"printf '#!/bin/sh\necho ran\n' >python; chmod +x python; cp python python3"#),
    Plant("mkdir tables; cp ../data/tables/machine tables/; cp -R tables data"),
    Plant("echo 'profile: evil' >outfit.yaml; echo 'OUTFIT_PYTHON=3.14' >.env"),
  ]

  @Test(arguments: plants) private func aCheckoutMisleadsNothing(_ plant: Plant) async throws {
    guard let world = try await World(Machine()) else { return }
    try world.machine.write("evil/README", "")
    let made = try await world.machine.run("/bin/sh", ["-c", plant.made], at: "evil")
    try #require(made.succeeded, "\(made.errorText)")
    let path = ":.:.venv/bin:\(world.bin):/usr/bin:/bin"
    for folder in ["evil", "evil/deep"] {
      try world.machine.files.createDirectories(world.machine.home.pushing(FilePath(folder)))
      let done = try await world.shim("python", ["report"], at: folder, setting: ["PATH": path])
      if let said = plant.said {
        #expect(done.status == 127 && done.outputText.isEmpty, "\(done.outputText)")
        #expect(done.errorText.contains(said) && done.errors.count < 500, "\(done.errorText)")
        #expect(!done.errors.dropLast().contains { $0 < 0x20 || $0 == 0x7f }, "\(done.errorText)")
      } else {
        #expect(done.status == 0 && done.outputText.contains("folder "), "\(done.status) \(done.errorText)")
      }
    }
  }

  @Test(arguments: [
    ("OUTFIT_PYTHON", "../../launch"), ("OUTFIT_PYTHON", "/bin/sh"), ("OUTFIT_PYTHON", "\u{1b}[2J"),
    ("OUTFIT_PYTHON", String(repeating: "9", count: 100_000)), ("PYENV_VERSION", "../launch:/bin/sh"),
    ("OUTFIT_PYTHON", "system"),
  ])
  func variablesMisleadNothing(_ name: String, _ value: String) async throws {
    guard let world = try await World(Machine()) else { return }
    let done = try await world.shim(
      "python", ["report"], setting: [name: value, "PATH": "\(world.bin):relative:", "OUTFIT_HOME": "/evil"])
    #expect(done.status == 127 && done.outputText.isEmpty, "\(done.outputText)")
    #expect(
      done.errorText.hasPrefix("outfit: \(name) asks for ") && done.errors.count < 500, "\(done.errorText)")
  }

  /// PATH leads to launchers again and again, and to other managers' that call back; there is always an end.
  @Test func nothingGoesRoundInCircles() async throws {
    guard let world = try await World(Machine()) else { return }
    let (machine, bin) = (world.machine, world.bin)
    try machine.files.createLink(machine.home.appending("linked"), to: bin.string)
    let copied = try await machine.run(
      "/bin/cp", ["-R", world.data.string, machine.home.appending("other").string])
    try #require(copied.succeeded)
    try machine.files.createDirectories(machine.home.appending("hard"))
    let linked = try await machine.run(
      "/bin/ln",
      [world.data.appending("libexec/outfit-shim").string, machine.home.appending("hard/gone").string])
    try #require(linked.succeeded)
    let folders = [
      bin.string, bin.string + "/", bin.string + "/../bin", "\(machine.home)/linked", "\(machine.home)/hard",
      "\(machine.home)/other/bin", bin.string, "/usr/bin", "/bin",
    ]
    let path = folders.joined(separator: ":")
    for name in ["gone"] {
      let done = try await world.shim(name, setting: ["PATH": path])
      #expect(done.status == 127, "\(done.status)")
      #expect(done.errorText == "outfit: gone is not here, nor in anything that Outfit manages\n")
    }
    // Shims of others that look for "the next" one by PATH, and so find ours.
    for manager in [".pyenv", ".asdf", ".local/share/mise", "plain"] {
      try machine.write(
        "\(manager)/shims/gone",
        "#!/bin/sh\n\(manager == ".pyenv" ? "PYENV_DIR=$PWD; export PYENV_DIR; " : "")exec gone\n",
        mode: 0o755)
      let done = try await world.shim(
        "gone", setting: ["PATH": "\(bin):\(machine.home)/\(manager)/shims:\(path)"])
      #expect(done.status == 127, "\(manager): \(done.status) \(done.errorText)")
    }
    try machine.write("data/tables/machine", "outfit-table 1\nscope machine\nc\tgone\t\(bin)/gone\n")
    let own = try await world.shim("gone", setting: ["PATH": path])
    #expect(own.status == 126 && own.errorText == "outfit: gone would run itself; outfit up mends it\n")
  }

  /// `exec` becomes the command from a program with threads of its own, which block signals for themselves.
  @Test func whatIsExecutedHasTheSignalsOfItsCaller() async throws {
    let machine = try Machine()
    guard machine.files.exists("/proc/self/status") else { return }
    let outfit = Machine.build.appending("outfit")
    /// Blocked and ignored signals, but for those from 32 on, of which the C library has two for itself.
    func masks(_ before: String, _ prefix: [String]) async throws -> [UInt64?] {
      let command = ["grep", "-E", "Sig(Blk|Ign)", "/proc/self/status"]
      let done = try await machine.run("/bin/sh", ["-c", "\(before) exec \"$@\"", "sh"] + prefix + command)
      return done.outputText.split(separator: "\n").map {
        UInt64($0.split(separator: "\t").last ?? "", radix: 16).map { $0 & 0x7fff_ffff }
      }
    }
    for before in ["", "trap '' HUP PIPE;", "trap '' INT TERM;"] {
      let plain = try await masks(before, [])
      #expect(plain.count == 2 && !plain.contains(nil))
      let executed = try await masks(before, [outfit.string, "exec"])
      #expect(executed == plain, "\(before)")
    }
    let ended = try await machine.run(
      "/usr/bin/timeout", ["--kill-after=20", "1", outfit.string, "exec", "sleep", "10"])
    #expect(ended.status == 124)
    let killed = try await machine.run(outfit, ["exec", "sh", "-c", "kill -TERM $$; sleep 10"])
    #expect(killed.status == 143)
  }

  @Test func aFolderThatCanNotBeReadIsNoTrouble() async throws {
    guard let world = try await World(Machine()) else { return }
    guard world.machine.files.exists("/usr/bin/setpriv"), try await isRoot(world.machine) else {
      print("skipped: only root can become somebody else")
      return
    }
    let machine = world.machine
    let script = """
      chmod 755 . .. && mkdir -p shut/in && echo 9.9 >shut/.python-version && cd shut/in && chmod 000 .. &&
      exec setpriv --reuid 65534 --regid 65534 --clear-groups timeout 10 \(world.bin)/python report
      """
    let done = try await machine.run("/bin/sh", ["-c", script])
    #expect(done.status == 0 && done.outputText.contains("folder "), "\(done.status) \(done.errorText)")
    _ = try await machine.run("/bin/chmod", ["700", "shut"])
  }

  private func isRoot(_ machine: Machine) async throws -> Bool {
    try await machine.run("/usr/bin/id", ["-u"]).outputText == "0\n"
  }
}
