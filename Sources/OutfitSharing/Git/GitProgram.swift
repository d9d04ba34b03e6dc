import OutfitCore
import OutfitFetch
import OutfitSystem
import SystemPackage

/// git(1) of this machine.
public struct GitProgram: Sendable {
  let host: Host
  private let program: FilePath
  private let questions: GitQuestions

  /// - Throws: how to get git, where there is none.
  public init(_ host: Host, questions: GitQuestions = GitQuestions()) throws {
    let folders =
      (host.environment["PATH"] ?? "").split(separator: ":").map(String.init).filter { $0.hasPrefix("/") }
      + ["/usr/bin", "/usr/local/bin", "/opt/homebrew/bin"]
    let programs = folders.map { FilePath($0).appending("git") }
    guard let program = programs.first(where: { host.files.exists($0) }) else {
      throw Failure(
        "git is needed for profiles from git, and is not on this machine", hint: Self.advice(host))
    }
    (self.host, self.program, self.questions) = (host, program, questions)
  }

  private static func advice(_ host: Host) -> String {
    if host.platform.system == .macos { return "install it: xcode-select --install" }
    let managers = [
      ("/usr/bin/apt-get", "sudo apt-get install git"), ("/usr/bin/dnf", "sudo dnf install git"),
      ("/usr/bin/pacman", "sudo pacman -S git"), ("/sbin/apk", "sudo apk add git"),
    ]
    let command = managers.first { host.files.exists(FilePath($0.0)) }?.1
    return command.map { "install it: \($0)" } ?? "install git, or use a folder"
  }

  private static let settings = [
    "-c", "core.fsmonitor=false", "-c", "protocol.ext.allow=never", "-c", "submodule.recurse=false", "-c",
    "gc.auto=0", "-c", "maintenance.auto=false", "-c", "advice.detachedHead=false",
    "-c", "core.quotePath=false", "-c", "log.showSignature=false", "--no-pager", "--literal-pathspecs",
  ]

  /// Variables of git's that a fetch may need; the others could lead it to other repositories.
  private static let kept: Set<String> = [
    "GIT_SSH", "GIT_SSH_COMMAND", "GIT_SSL_CAINFO", "GIT_SSL_CAPATH", "GIT_CONFIG_GLOBAL",
    "GIT_CONFIG_SYSTEM", "GIT_CONFIG_NOSYSTEM",
  ]

  /// Who a commit is by, where one is made.
  private static let authors: Set<String> = [
    "GIT_AUTHOR_NAME", "GIT_AUTHOR_EMAIL", "GIT_COMMITTER_NAME", "GIT_COMMITTER_EMAIL",
  ]

  private func environment(_ variables: [String: String]) -> [String: String] {
    var environment = host.environment.filter {
      !$0.key.hasPrefix("GIT_") || Self.kept.contains($0.key) || Self.authors.contains($0.key)
    }
    environment["GIT_TERMINAL_PROMPT"] = "0"
    environment["GIT_LFS_SKIP_SMUDGE"] = "1"
    environment["GIT_EDITOR"] = "true"
    environment["LC_ALL"] = "C"
    environment.merge(variables) { $1 }
    return environment
  }

  private func invocation(
    _ arguments: [String], hooks: Bool, _ variables: [String: String]
  ) -> Invocation {
    let settings = Self.settings + (hooks ? [] : ["-c", "core.hooksPath=/dev/null"])
    return Invocation(program, settings + arguments, environment: environment(variables))
  }

  /// Runs git on what is here, whole words from `--git-dir` or `-C` on. It asks nobody.
  /// - Parameter hooks: the user's own run, too.
  func run(
    _ arguments: [String], hooks: Bool = false, variables: [String: String] = [:]
  ) async throws -> Completion {
    try await host.processes.run(invocation(arguments, hooks: hooks, variables))
  }

  /// As `run`, with nobody to ask whatever it speaks to.
  func runAlone(
    _ arguments: [String], in folder: FilePath, input: [UInt8]? = nil, variables: [String: String] = [:]
  ) async throws -> Completion {
    var variables = variables
    variables["GIT_OPTIONAL_LOCKS"] = "0"
    if let ssh = try await sshCommand([]) { variables["GIT_SSH_COMMAND"] = Self.alone(ssh) }
    var invocation = silent(invocation(["-c", "core.askPass="] + arguments, hooks: false, variables))
    invocation.workingDirectory = folder
    if let input { invocation.standardInput = .bytes(input) }
    return try await host.processes.run(invocation)
  }

  private static func alone(_ ssh: String) -> String { "\(ssh) -o BatchMode=yes -o ConnectTimeout=20" }

  /// As `run`.
  /// - Throws: what git said, where it failed.
  @discardableResult
  func mustRun(
    _ arguments: [String], in place: FilePath, hooks: Bool = false, variables: [String: String] = [:],
    hint: String? = nil
  ) async throws -> String {
    let completion = try await run(arguments, hooks: hooks, variables: variables)
    guard completion.succeeded else {
      let verb = arguments.drop { $0.hasPrefix("-") || $0 == place.string }.first ?? ""
      throw Failure([
        Diagnostic(
          .error, "git \(verb) failed in \(place)", excerpt: Self.said(completion),
          hint: hint ?? "remove \(place) and try again")
      ])
    }
    return completion.outputText
  }

  // MARK: - Others

  /// Runs git where it speaks to a repository elsewhere. Where that wants a password, a passphrase or a yes, and there
  /// is a person, git asks.
  func talk(
    _ arguments: [String], of place: [String], hooks: Bool = false
  ) async throws -> Completion {
    let ssh = try await sshCommand(place)
    var variables = ["GIT_HTTP_LOW_SPEED_LIMIT": "1", "GIT_HTTP_LOW_SPEED_TIME": "60"]
    if let ssh { variables["GIT_SSH_COMMAND"] = Self.alone(ssh) }
    let quiet = silent(invocation(place + ["-c", "core.askPass="] + arguments, hooks: hooks, variables))
    let first = try await host.processes.run(quiet)
    guard !first.succeeded, host.terminal.isInteractive, Self.lacksPerson(first) else { return first }
    return try await questions.ask {
      // What it was asked for another may be known by now.
      let second = try await host.processes.run(quiet)
      guard !second.succeeded, Self.lacksPerson(second) else { return second }
      var variables = ["GIT_TERMINAL_PROMPT": "1"]
      if let ssh { variables["GIT_SSH_COMMAND"] = ssh }
      var loud = invocation(place + arguments, hooks: hooks, variables)
      loud.standardInput = .inherited
      loud.talks = true
      let status = try await host.processes.runAttached(loud)
      return status == 0 ? Completion(status: 0) : first
    }
  }

  /// A window that asks is for a person as well.
  private func silent(_ invocation: Invocation) -> Invocation {
    var invocation = invocation
    invocation.environment["SSH_ASKPASS"] = nil
    invocation.environment["SSH_ASKPASS_REQUIRE"] = "never"
    return invocation
  }

  /// What ssh is called by; nil where it is another program than OpenSSH's, which has other options.
  private func sshCommand(_ place: [String]) async throws -> String? {
    guard host.environment["GIT_SSH"] == nil else { return nil }
    let command: String
    if let own = host.environment["GIT_SSH_COMMAND"] {
      command = own
    } else {
      let set = try await run(place + ["config", "--get", "core.sshCommand"])
      command = set.succeeded ? set.outputText.filter { !$0.isNewline } : "ssh"
    }
    let name = command.prefix { $0 != " " }
    return name == "ssh" || name.hasSuffix("/ssh") ? command : nil
  }

  /// It failed for want of somebody who answers.
  private static func lacksPerson(_ completion: Completion) -> Bool {
    let said = completion.errorText
    return [
      "terminal prompts disabled", "could not read Username", "could not read Password", "Permission denied",
      "Host key verification failed", "Authentication failed",
    ].contains(where: said.contains)
  }

  /// The end of what git said.
  static func said(_ completion: Completion) -> String? {
    let lines = completion.errorText.split(whereSeparator: \.isNewline).filter { !$0.isEmpty }.suffix(4)
    return lines.isEmpty ? nil : withoutPasswords(lines.joined(separator: "\n"))
  }

  /// A repository that was asked, and did not answer.
  func unreachable(_ repository: String, _ completion: Completion) -> Diagnostic {
    Diagnostic(
      .error, "can't fetch \(repository)", excerpt: Self.said(completion),
      hint: advice(repository, completion))
  }

  /// What to do where a repository did not answer.
  func advice(_ repository: String, _ completion: Completion) -> String {
    NetworkTrouble(saidIn: completion.errorText)?.hint(host.environment, authority: "GIT_SSL_CAINFO")
      ?? "try it yourself: git ls-remote \(repository)"
  }
}

/// A person is asked by one git at a time.
public actor GitQuestions {
  private var isAsking = false
  private var waiting: [CheckedContinuation<Void, Never>] = []

  public init() {}

  func ask<Answer: Sendable>(_ body: @Sendable () async throws -> Answer) async rethrows -> Answer {
    if isAsking { await withCheckedContinuation { waiting.append($0) } }
    isAsking = true
    defer {
      if waiting.isEmpty { isAsking = false } else { waiting.removeFirst().resume() }
    }
    return try await body()
  }
}
