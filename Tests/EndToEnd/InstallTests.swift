import OutfitCore
import OutfitSystem
import Support
import SystemPackage
import Testing

/// `scripts/install.sh` with a made-up tarball, whose `outfit` is a shell script that tells how it was called.
@Suite(.timeLimit(.minutes(15)))
struct InstallTests {
  let scratch: ScratchFolder
  let dist: FilePath

  init() throws {
    scratch = try ScratchFolder()
    dist = scratch.path.appending("di st")
    try scratch.host.files.createDirectory(dist, mode: 0o755)
  }

  /// The shells of this machine that it must run in.
  static let shells: [[String]] = {
    let files = ((try? ScratchFolder())?.host.files)
    let known = [["/bin/sh"], ["/bin/dash"], ["/bin/bash"], ["/bin/busybox", "sh"], ["/bin/ksh"]]
    return known.filter { shell in files?.exists(FilePath(shell[0])) == true }
  }()

  /// `scripts/install.sh` of this checkout.
  static let script = FilePath(#filePath).removingLastComponent().removingLastComponent()
    .removingLastComponent().appending("scripts").appending("install.sh").string

  var home: FilePath { scratch.host.user.home }
  var platform: String { scratch.host.platform.key }
  var data: FilePath { scratch.path.appending("outfit").appending("data").appending("self") }

  /// What is installed, the installer's own notes apart.
  func versions() throws -> [String] {
    try scratch.host.files.list(data).filter { ![".made", ".from"].contains($0) }
  }

  /// Makes a tarball of a version as `make dist` does.
  @discardableResult
  func publish(_ version: String, script: String? = nil) async throws -> FilePath {
    let name = "outfit-\(version)-\(platform)"
    let script =
      script
        ?? """
        #!/bin/sh
        if [ "$1" = --version ]; then echo "outfit \(version)"; exit 0; fi
        for argument; do echo "<$argument>"; done
        exit 3
        """
    try scratch.put("tree/\(name)/bin/outfit", script + "\n", mode: 0o755)
    try scratch.put("tree/\(name)/share/outfit/profiles/starter/outfit.yaml", "profile: starter\n")
    let tarball = dist.appending("\(name).tar.gz")
    try? scratch.host.files.remove(tarball)
    let packed = try await run(
      ["/bin/tar", "-czf", tarball.string, "-C", scratch.path.appending("tree").string, name])
    try #require(packed.succeeded)
    let digest = Digest(of: try scratch.host.files.read(tarball))
    try? scratch.host.files.remove(FilePath(tarball.string + ".sha256"))
    try scratch.host.files.create(
      FilePath(tarball.string + ".sha256"), Array("\(digest)  \(name).tar.gz\n".utf8), mode: 0o644)
    return tarball
  }

  func run(_ command: [String], path: String? = nil) async throws -> Completion {
    var environment = scratch.host.environment
    if let path { environment["PATH"] = path }
    return try await scratch.host.processes.run(
      Invocation(
        FilePath(command[0]), Array(command.dropFirst()), environment: environment,
        workingDirectory: scratch.path))
  }

  func install(
    _ arguments: String..., shell: [String] = ["/bin/sh"], path: String? = nil
  ) async throws -> Completion {
    try await run(shell + [Self.script] + arguments, path: path)
  }

  /// A PATH with what the script uses, apart from some.
  func path(without missing: Set<String>, and scripts: [String: String] = [:]) throws -> String {
    let folder = "tools-\(UInt32.random(in: 0...UInt32.max))"
    for (name, text) in scripts { try scratch.put("\(folder)/\(name)", text, mode: 0o755) }
    let target = scratch.path.appending(folder)
    try scratch.host.files.createDirectories(target)
    let names = [
      "sh", "uname", "id", "tar", "gzip", "mkdir", "mktemp", "rm", "mv", "ln", "cp", "ls", "cat", "cut", "tr",
      "sed", "head", "wc", "dirname", "basename", "printf", "grep", "getconf", "sha256sum", "curl", "wget",
      "git",
    ]
    for name in names where !missing.contains(name) && scripts[name] == nil {
      try? scratch.host.files.createLink(target.appending(name), to: "/usr/bin/\(name)")
    }
    return target.string
  }

  @Test(arguments: shells) func itInstallsRunsUpAndCanRunAgain(_ shell: [String]) async throws {
    try await publish("9.8.7")
    let first = try await install(
      "--from", dist.string, "--trust", "starter", "--", "--set", "email=a b", shell: shell)
    #expect(first.status == 3, "\(first.errorText)")
    #expect(first.outputText == "<up>\n<starter>\n<--set>\n<email=a b>\n<--trust>\n")
    let link = home.pushing(".local/bin/outfit")
    #expect(
      try scratch.host.files.readLink(link) == data.pushing("9.8.7/bin/outfit").string)
    #expect(try versions() == ["9.8.7"])

    let second = try await install("--from", dist.string, "some/folder", shell: shell)
    #expect(second.errorText.contains("9.8.7 is installed already"))
    #expect(second.outputText == "<up>\n<some/folder>\n")

    try scratch.host.files.removeTree(scratch.path.appending("tree"))
    try await publish("9.9.0")
    let third = try await install("--from", dist.string, "--version", "9.9.0", shell: shell)
    #expect(third.status == 0, "\(third.errorText)")
    #expect(third.errorText.contains("outfit 9.9.0 is in \(data.appending("9.9.0"))"))
    #expect(try scratch.host.files.readLink(link) == data.pushing("9.9.0/bin/outfit").string)
    #expect(try versions() == ["9.8.7", "9.9.0"])
  }

  @Test func aRebuiltVersionReplacesTheOneThatIsThere() async throws {
    try await publish("9.8.7")
    #expect(try await install("--from", dist.string).status == 0)
    try scratch.host.files.removeTree(scratch.path.appending("tree"))
    try await publish("9.8.7", script: "#!/bin/sh\necho rebuilt")
    let again = try await install("--from", dist.string)
    #expect(again.errorText.contains("install: rebuilt is in "))
    let program = data.pushing("9.8.7/bin/outfit")
    #expect(try scratch.host.files.text(program) == "#!/bin/sh\necho rebuilt\n")
    #expect(try versions() == ["9.8.7"])
  }

  @Test func theAddressMayBeATarballAFileAddressOrAPrefixWithSpaces() async throws {
    let tarball = try await publish("9.8.7")
    let there = scratch.path.appending("other place")
    let address = "file://" + tarball.string.split(separator: " ").joined(separator: "%20")
    let done = try await install("--from", address, "--prefix", there.string)
    #expect(done.status == 0, "\(done.errorText)")
    let said = try await run([there.pushing("bin/outfit").string, "--version"])
    #expect(said.outputText == "outfit 9.8.7\n")
    #expect(!scratch.host.files.exists(data))
  }

  /// What curl and wget say of proxies and certificates is said with what to do.
  @Test(arguments: [
    (
      "curl: (60) SSL certificate problem: unable to get local issuer certificate", "",
      "export SSL_CERT_FILE=FILE"
    ),
    (
      "curl: (22) The requested URL returned error: 407", "",
      "export https_proxy=http://NAME:PASSWORD@HOST:PORT"
    ),
    (
      "curl: (56) CONNECT tunnel failed, response 407", "http://ada:word@proxy:1",
      "does not take the name and the password"
    ),
    ("curl: (5) Could not resolve proxy: proxy.example", "", "whether it needs https_proxy"),
    ("curl: (6) Could not resolve host: your.host", "", "whether it needs https_proxy"),
  ])
  func whatStandsBetweenIsSaid(_ words: String, _ proxy: String, _ advice: String) async throws {
    try await publish("9.8.7")
    let tools = try path(without: [], and: ["curl": "#!/bin/sh\necho '\(words)' >&2\nexit 22\n"])
    let done = try await run(
      ["/usr/bin/env", "https_proxy=\(proxy)", "/bin/sh", Self.script]
        + ["--from", "https://your.host/outfit", "--version", "9.8.7"], path: tools)
    #expect(done.status == 1)
    #expect(done.errorText.contains(words), "\(done.errorText)")
    #expect(done.errorText.contains(advice), "\(done.errorText)")
    #expect(!done.errorText.contains("word@"))
  }

  @Test(arguments: ["curl", "wget"]) func itIsTakenFromAServer(_ tool: String) async throws {
    guard scratch.host.files.exists(FilePath("/usr/bin/\(tool)")) else { return }
    try await publish("9.8.7")
    let (files, dist) = (scratch.host.files, dist)
    let server = try LoopbackServer { request in
      let name = String(request.target.split(separator: "/").last ?? "")
      guard let bytes = try? files.read(dist.appending(name)) else { return .init(404) }
      return .init(200, body: bytes)
    }
    let path = try path(
      without: ["curl", "wget", "git"].filter { $0 != tool }.reduce(into: []) { $0.insert($1) })
    let done = try await install("--from", "\(server.address)/x", "--version", "9.8.7", path: path)
    #expect(done.status == 0, "\(done.errorText)")
    let name = "/x/outfit-9.8.7-\(platform).tar.gz"
    #expect(server.requests.map(\.target) == [name, "\(name).sha256"])
    let absent = try await install(
      "--from", "http://me:word@127.0.0.1:\(server.port)/x", "--version", "9.8.8", path: path)
    #expect(absent.status == 1)
    #expect(
      absent.errorText.contains(
        "error: can't download http://***@127.0.0.1:\(server.port)/x/outfit-9.8.8-\(platform).tar.gz"))
    #expect(try versions() == ["9.8.7"])
  }

  @Test func whatIsDamagedIsNotInstalled() async throws {
    let tarball = try await publish("9.8.7")
    try scratch.host.files.append(tarball, [0])
    let said = try await install("--from", dist.string)
    #expect(said.status == 1)
    #expect(said.errorText.contains("is damaged, or not what was published"))
    #expect(try versions() == [])
    #expect(!scratch.host.files.exists(home.pushing(".local/bin/outfit")))
    let digest = Digest(of: try scratch.host.files.read(tarball))
    for bad in ["", "abc", String(repeating: "g", count: 64)] {
      let refused = try await install("--from", dist.string, "--sha256", bad)
      #expect(refused.status != 0 && refused.errorText.contains("--sha256"), "\(refused.errorText)")
    }
    let pinned = try await install("--from", dist.string, "--sha256", digest.hex.uppercased())
    #expect(!pinned.errorText.contains("damaged"))
  }

  @Test func whatDoesNotRunHereIsNotInstalled() async throws {
    try await publish("9.8.7", script: "#!/bin/sh\necho too old a machine >&2\nexit 1")
    let said = try await install("--from", dist.string)
    #expect(said.status == 1)
    #expect(said.errorText.contains("this build of Outfit does not run here:\n        too old a machine\n"))
    #expect(try versions() == [])
  }

  @Test func whatIsMissingIsSaidWithTheCommandThatMendsIt() async throws {
    try await publish("9.8.7")
    let apt = ["apt-get": "#!/bin/sh\n"]
    func said(_ missing: Set<String>, _ arguments: [String]) async throws -> String {
      let done = try await run(
        ["/bin/sh", Self.script] + arguments, path: try path(without: missing, and: apt))
      #expect(done.status == 1)
      return done.errorText
    }
    let here = ["--from", dist.string]
    let tar = try await said(["tar"], here)
    #expect(tar.contains("error: this machine has no tar, which is needed to unpack Outfit\n"))
    #expect(tar.contains("apt-get install -y tar\n"))
    let git = try await said(["git"], here + ["github:acme/outfit-profiles//web@v3"])
    #expect(git.contains("is a git address, and this machine has no git\n"))
    #expect(git.contains("apt-get install -y git\n"))
    let tools = try await said(
      ["curl", "wget"], ["--from", "http://127.0.0.1:1", "--version", "9.8.7"])
    #expect(tools.contains("neither curl nor wget"))
    #expect(tools.contains("apt-get install -y curl\n"))
    let sum = try await said(["sha256sum"], here)
    #expect(sum.contains("nothing here computes SHA-256"))
    #expect(try versions() == [])
  }

  @Test(arguments: [
    ("Linux", "riscv64", "this one is riscv64"), ("SunOS", "x86_64", "this is SunOS"),
    ("MINGW64_NT-10.0", "x86_64", "inside WSL 2"),
  ])
  func otherMachinesAreRefused(_ system: String, _ machine: String, _ words: String) async throws {
    try await publish("9.8.7")
    let uname = "#!/bin/sh\nif [ \"$1\" = -m ]; then echo \(machine); else echo \(system); fi\n"
    let said = try await install(
      "--from", dist.string, path: try path(without: [], and: ["uname": uname]))
    #expect(said.status == 1)
    #expect(said.errorText.contains(words))
  }

  @Test func mistakesInUsageAreSaid() async throws {
    #expect(try await install("--wat").errorText.contains("unknown option --wat"))
    #expect(try await install("--from").errorText.contains("--from needs a value"))
    #expect(try await install("--trust").errorText.contains("--trust says nothing without a PROFILE"))
    #expect(try await install().errorText.contains("where is Outfit?"))
    #expect(try await install("--from", dist.string).errorText.contains("holds no tarball for"))
    #expect(try await install("--from", "ftp://h", "--version", "1").errorText.contains("only http, https"))
    let help = try await install("--help")
    #expect(help.status == 0)
    #expect(help.errorText.hasPrefix("Installs Outfit for the user who runs it"))
  }
}
