import OutfitSystem
import SystemPackage
import Testing

/// Every verb there is, in a project and against profiles that nobody consented to, full of traps and with locks that
/// match: nothing of them is started, fetched or written, but what docs/security.md lists.
///
/// The verbs are those that `outfit` itself knows, so that a new one is tried without being named here.
@Suite(.serialized, .timeLimit(.minutes(10)), .enabled(if: Traced.isPossible, "there is no strace here"))
struct GateTests {
  /// What a verb is given where it needs something; those that are a person's own word get one that needs no network.
  private static let arguments: [String: [[String]]] = [
    "up": [[], ["--locked"], ["--offline"], ["--dry-run"], ["--only", "hooks"], ["."]],
    "why": [["black"]], "which": [["black"]], "exec": [["black", "--version"]],
    "show": [[], ["."]], "lock": [[], ["--check"], ["--images"], ["."]], "update": [[], ["--dry-run"]],
    "render": [[], ["--check"], ["--force"], ["--vendor"]], "parity": [[], ["--fresh"]],
    "dev": [["--dry-run"], ["--with", "compose"]], "rollback": [[], ["0"]],
    "trust grant": [["--locked", "--trust", "x"]], "trust revoke": [[]],
    "hooks run": [[], ["--all-files"]], "init": [[], ["--dry-run"], ["--kept", "--dry-run"]],
    "python install": [["3.99", "--offline"]], "node install": [["99", "--offline"]],
    "python list": [[], ["--all", "--offline"]], "node list": [[], ["--all", "--offline"]],
    "python use": [["3.13", "--dry-run"]], "node use": [["24", "--dry-run"]],
    "tool install": [["cowsay", "--offline"], ["cowsay", "--offline", "--project"]],
    "tool run": [["--offline", "cowsay"]], "import pyenv": [["--dry-run"]],
    "self uninstall": [["--dry-run"]], "check": [[], ["."], ["--workflow"]],
    "capture": [["--dry-run", "--all", "--skip", "packages", "captured"]],
  ]

  /// Those that can't do anything here without consent.
  private static let refused: Set<String> = [
    "up", "up --locked", "up --offline", "up --only hooks", "up .", "lock", "lock --check", "lock --images",
    "update", "update --dry-run", "outdated", "render", "render --force", "render --vendor", "parity",
    "parity --fresh", "dev --dry-run", "dev --with compose", "hooks install",
    "tool install cowsay --offline --project", "check", "check .",
  ]

  /// Verbs that are the person's own word about what is here: they may write what they name.
  private static let own: Set<String> = [
    "init", "tool install", "tool run", "python install", "node install",
  ]

  private func leaves(_ machine: Machine) async throws -> [String] {
    let dump = try await machine.outfit("--experimental-dump-help")
    return try Dump(dump.outputText).leaves.filter { !$0.isEmpty && $0 != "help" }
  }

  @Test func everyVerbInAnUntrustedProject() async throws {
    let machine = try Machine()
    try await plant(machine, "shop")
    for folder in [".local/share", ".local/state", ".config"] {
      try machine.files.createDirectories(machine.home.pushing(FilePath(folder)))
    }
    let before = try machine.tree()
    let verbs = try await leaves(machine)
    #expect(verbs.count > 40, "\(verbs)")
    for verb in verbs {
      for arguments in Self.arguments[verb] ?? [[]] {
        let words = verb.split(separator: " ").map(String.init) + arguments
        let run = try await judge(words, verb, machine, at: "shop")
        if Self.refused.contains(words.joined(separator: " ")) {
          #expect(run.status == 4, "\(words): \(run.status) \(run.errorText)")
        }
      }
    }
    #expect(!machine.files.exists(machine.home.appending("ran")), "a trap was sprung")
    let after = try machine.tree()
    for (path, state) in after where before[path] != state {
      Issue.record("\(path) was written: \(before[path] ?? "not there before")")
    }
    for path in before.keys where after[path] == nil { Issue.record("\(path) is gone") }
    let trust = machine.home.pushing(".local/state/outfit/trust")
    #expect(try !machine.files.exists(trust) || machine.files.list(trust).isEmpty)
    let store = machine.home.pushing(".local/share/outfit/store")
    #expect(try !machine.files.exists(store) || machine.files.list(store).isEmpty)
  }

  @Test func aProfileFromGit() async throws {
    let machine = try Machine()
    try await plant(machine, "repository")
    try machine.write(
      "repository/machine/outfit.yaml",
      """
      profile: machine
      extends: ["git+http://127.0.0.1:9/other.git"]
      \(Self.tools)
      dotfiles: {.zshrc: {block: z}}
      scripts: {x: x.sh}

      """)
    try machine.write("repository/machine/z", "touch \(machine.home)/ran\n")
    try machine.write("repository/machine/x.sh", "touch \(machine.home)/ran\n")
    try machine.write(
      "repository/alone/outfit.yaml", "profile: alone\n\(Self.tools)\nscripts: {x: x.sh}\n")
    try machine.write("repository/alone/x.sh", "touch \(machine.home)/ran\n")
    let made = try await machine.login(
      "cd repository && git -c core.fsmonitor=false add -A && git -c core.fsmonitor=false -c user.name=a -c user.email=a@b.example -c core.hooksPath=/ commit -qm one"
    )
    try #require(made.status == 0, "\(made.errorText)")
    for name in ["machine", "alone"] {
      let address = "git+file://\(machine.home)/repository//\(name)"
      for verb in ["show", "up", "trust"] {
        let run = try await judge([verb, address], verb, machine, at: "", mayRunGit: true)
        // What one reads before consenting is no consent; what it names in turn is not fetched.
        #expect(
          run.status == (name == "alone" && verb == "show" ? 0 : 4), "\(verb) \(name): \(run.errorText)")
      }
    }
    #expect(!machine.files.exists(machine.home.appending("ran")))
    #expect(!machine.files.exists(machine.home.appending(".zshrc")))
  }

  /// What a project's `extends:` names is fetched by no verb unasked, not even by those that only read.
  @Test func aProjectThatNamesOthers() async throws {
    let machine = try Machine()
    try machine.write(
      "shop/outfit.yaml",
      "profile: shop\nextends: [\"git+http://127.0.0.1:9/base.git\", \"git+ssh://git@127.0.0.1:9/x.git\"]\n")
    for verb in try await leaves(machine) where !Self.own.contains(verb) && !verb.hasPrefix("import") {
      let words = verb.split(separator: " ").map(String.init) + (Self.arguments[verb]?.first ?? [])
      let run = try await judge(words, verb, machine, at: "shop")
      if ["status", "show", "up", "diff", "trust grant", "lock"].contains(verb) {
        #expect(run.status == 4 || words.contains("--trust"), "\(words): \(run.status) \(run.errorText)")
      }
    }
  }

  // MARK: -

  @discardableResult
  private func judge(
    _ words: [String], _ verb: String, _ machine: Machine, at folder: String, mayRunGit: Bool = false
  ) async throws -> Completion {
    let (run, trace) = try await Traced.run(words, machine, at: folder)
    let line = words.joined(separator: " ")
    #expect([0, 1, 2, 3, 4, 126, 127].contains(run.status), "\(line): \(run.status) \(run.errorText)")
    for address in trace.connects { Issue.record("\(line) went to \(address)") }
    for program in trace.programs {
      // git starts the other side of a repository on this machine by sh.
      let isGit =
        mayRunGit && (program == "/bin/sh" || program.hasSuffix("/git") || program.contains("/git-core/"))
      let isKnown = Self.programs.contains {
        $0 == program || $0.hasSuffix("*") && program.hasPrefix($0.dropLast())
          || $0.hasPrefix("*") && program.hasSuffix($0.dropFirst())
      }
      // Pythons of this machine, which are asked what they are.
      let pyenv = machine.environment["PYENV_ROOT"].map { program.hasPrefix("\($0)/versions/") } ?? false
      if !isGit, !isKnown, !pyenv { Issue.record("\(line) started \(program)") }
    }
    let home = machine.home.string
    let places = [".local/state/outfit", ".local/share/outfit"].map { "\(home)/\($0)" }
    let cache = machine.environment["XDG_CACHE_HOME"].map { "\($0)/outfit" } ?? "\(home)/.cache/outfit"
    for path in trace.written {
      let isOurs = (places + [cache]).contains { path == $0 || path.hasPrefix($0 + "/") }
      // The folders above ours are made where they are missing.
      let isAbove = (places + [cache]).contains { $0.hasPrefix(path + "/") }
      let isDevice = ["/dev/null", "/dev/tty"].contains(path) || path.hasPrefix("/proc/")
      let isOwn = Self.own.contains(verb) && path.hasPrefix("\(home)/.config")
      if !isOurs, !isAbove, !isDevice, !isOwn { Issue.record("\(line) wrote \(path)") }
    }
    return run
  }

  /// What may be started before consent: the interpreters that a machine has, asked what they are, by absolute path.
  private static let programs = [
    Machine.build.appending("outfit").string, "/usr/bin/python*", "/usr/local/bin/python*", "/usr/bin/node*",
    "/usr/local/bin/node*", "/opt/*", "*/libexec/outfit-shim", "*/outfit-shim",
  ]

  private static let tools = """
    interpreters: {python: {versions: ["3"], providers: [adopted], system: true}}
    indexes: {acme: {url: "http://127.0.0.1:9/simple", priority: primary}}
    tools:
      black: {version: "1.*", build: [black], index: acme}
      uv: {from: url, version: "0.13.8", url: "http://127.0.0.1:9/uv", sha256: {linux-amd64: "0000000000000000000000000000000000000000000000000000000000000000", linux-arm64: "0000000000000000000000000000000000000000000000000000000000000000"}}
    """

  /// A project of a stranger's: each of its parts says that it ran.
  private func plant(_ machine: Machine, _ folder: String) async throws {
    let trap = "#!/bin/sh\ntouch '\(machine.home)/ran'\nexit 9\n"
    func write(_ path: String, _ text: String, mode: UInt16 = 0o644) throws {
      try machine.write("\(folder)/\(path)", text, mode: mode)
    }
    try write(
      "outfit.yaml",
      """
      profile: innocent
      \(Self.tools)
      virtualenv: {from: requirements.txt}
      env: {PATH: "/evil", LD_PRELOAD: "/evil.so"}
      hooks: {black: {}, evil: {entry: [./evil.sh]}}
      app:
        template: ./tpl
        name: x
        image: 127.0.0.1:9/x
        processes: {worker: {command: [./evil.sh]}}
        environments: {dev: {}, production: {}}

      """)
    let zero = String(repeating: "0", count: 64)
    try write(
      "outfit.lock",
      """
      lock: 1
      interpreters:
        python:
          - request: "3"
            version: "3.11.2"
            provider: adopted
      tools:
        black:
          request: "black==1.*; index acme; build black"
          version: "1.0"
          python: "3.11"
          programs: ["black"]
          requirements: |
            black==1.0 \\
                --hash=sha256:\(zero)

      """)
    try write("requirements.txt", "--index-url http://127.0.0.1:9/simple\nsix==1.16.0\n")
    try write("evil.sh", trap, mode: 0o755)
    try write(
      "tpl/template.yaml",
      "template: evil\nextends: worker\nfiles:\n  - {path: .envrc, from: hook, mode: \"0755\"}\n")
    try write("tpl/hook", trap)
    for name in ["git", "uv", "python", "python3", "kubectl", "docker", "prek", "sh", "black", "node"] {
      try write(name, trap, mode: 0o755)
      try write(".venv/bin/\(name)", trap, mode: 0o755)
    }
    try write(".venv/pyvenv.cfg", "home = /usr/bin\n")
    try write("setup.py", "open('\(machine.home)/ran', 'w')\n")
    try write("sitecustomize.py", "open('\(machine.home)/ran', 'w')\n")
    for overlay in ["dev", "production"] {
      try write(
        "k8s/overlays/\(overlay)/kustomization.yaml",
        "resources: [\"http://127.0.0.1:9/remote.yaml\", \"git::http://127.0.0.1:9/x.git//y\"]\n")
    }
    try write("skaffold.yaml", "apiVersion: skaffold/v4beta11\nkind: Config\n")
    try write("compose.yaml", "services: {web: {build: .}}\n")
    let made = try await machine.login("cd \(folder) && git init -q -b main .")
    try #require(made.status == 0, "\(made.errorText)")
    try write(".git/outfit/prek", trap, mode: 0o755)
    try write(".git/outfit/hooks.yaml", "repos: []\n")
    try write(
      ".git/config",
      """
      [core]
        repositoryformatversion = 0
        fsmonitor = \(machine.home)/\(folder)/evil.sh
        hooksPath = \(machine.home)/\(folder)
        sshCommand = \(machine.home)/\(folder)/evil.sh
      [remote "origin"]
        url = https://example.org/x.git

      """)
  }
}

/// A run of `outfit` with every program that it starts, every address that it connects to, and every path that it
/// opens for writing, makes, renames or removes.
private struct Traced {
  var programs: Set<String> = []
  var connects: Set<String> = []
  var written: Set<String> = []

  static var isPossible: Bool { (try? Host.live())?.files.exists("/usr/bin/strace") ?? false }

  static func run(
    _ words: [String], _ machine: Machine, at folder: String
  ) async throws -> (Completion, Traced) {
    let log = machine.home.removingLastComponent().appending("trace")
    let done = try await machine.run(
      "/usr/bin/strace",
      [
        "-f", "-qq", "-y", "-s", "4096", "-o", log.string, "-e",
        "trace=execve,connect,open,openat,creat,rename,renameat,renameat2,mkdir,mkdirat,unlink,unlinkat,rmdir,symlink,symlinkat,link,linkat",
        "--", Machine.build.appending("outfit").string,
      ] + words, at: folder)
    let text = String(decoding: try machine.files.read(log), as: UTF8.self)
    return (done, Traced(text))
  }

  private init(_ text: String) {
    for line in text.split(separator: "\n") {
      // `123 openat(AT_FDCWD</cwd>, "name", O_WRONLY|O_CREAT, 0600) = 5</cwd/name>`
      let call = line.drop { $0 != " " }.drop { $0 == " " }
      guard let open = call.firstIndex(of: "("), !line.contains(" = -1 ") else {
        // A connection counts though nobody answers.
        if call.hasPrefix("connect("), let address = Self.address(call) { connects.insert(address) }
        continue
      }
      switch call[..<open] {
      case "execve":
        if let path = Self.strings(call).first { programs.insert(path) }
      case "connect":
        if let address = Self.address(call) { connects.insert(address) }
      case "open", "openat", "creat":
        let writes = ["O_WRONLY", "O_RDWR", "O_CREAT", "O_TRUNC", "creat("].contains { call.contains($0) }
        if writes { written.formUnion(Self.paths(call)) }
      // The first text of a link is what it says, and nothing is written there.
      case "symlink", "symlinkat": written.formUnion(Self.paths(call).suffix(1))
      default: written.formUnion(Self.paths(call))
      }
    }
  }

  private static func address(_ call: Substring) -> String? {
    if call.contains("AF_UNIX") { return nil }
    return String(call.prefix(200))
  }

  /// The texts in quotes.
  private static func strings(_ call: Substring) -> [String] {
    call.split(separator: "\"", omittingEmptySubsequences: false).enumerated()
      .compactMap { $0.offset % 2 == 1 ? String($0.element) : nil }
  }

  /// The paths that a call names, each below the folder that stands before it.
  private static func paths(_ call: Substring) -> [String] {
    let parts = call.split(separator: "\"", omittingEmptySubsequences: false)
    return parts.indices.filter { $0 % 2 == 1 }.map { index in
      let name = FilePath(String(parts[index]))
      guard name.isRelative, let end = parts[index - 1].lastIndex(of: ">"),
        let start = parts[index - 1][..<end].lastIndex(of: "<")
      else { return name.lexicallyNormalized().string }
      let folder = FilePath(String(parts[index - 1][parts[index - 1].index(after: start)..<end]))
      return folder.pushing(name).lexicallyNormalized().string
    }
  }
}

/// What ArgumentParser says of the commands, read for their names alone.
private struct Dump {
  /// `tool install`.
  var leaves: [String] = []

  init(_ text: String) throws {
    var path: [String] = []
    var hasChildren: [Bool] = []
    // A command's name and its subcommands are told by how deep they stand; keys come in the order of the alphabet,
    // so that a command's own name comes before its subcommands.
    for line in text.split(separator: "\n") {
      let depth = line.prefix { $0 == " " }.count
      guard let name = Self.value(line, "commandName") else { continue }
      let level = (depth - 4) / 4
      while path.count > level {
        if hasChildren.last == false { leaves.append(path.dropFirst().joined(separator: " ")) }
        path.removeLast()
        hasChildren.removeLast()
      }
      if !hasChildren.isEmpty { hasChildren[hasChildren.count - 1] = true }
      path.append(name)
      hasChildren.append(false)
    }
    while !path.isEmpty {
      if hasChildren.last == false { leaves.append(path.dropFirst().joined(separator: " ")) }
      path.removeLast()
      hasChildren.removeLast()
    }
  }

  private static func value(_ line: Substring, _ key: String) -> String? {
    let text = line.drop { $0 == " " }
    guard text.hasPrefix("\"\(key)\"") else { return nil }
    let parts = text.split(separator: "\"", omittingEmptySubsequences: false)
    return parts.count > 3 ? String(parts[3]) : nil
  }
}
