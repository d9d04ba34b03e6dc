import OutfitCore
import OutfitFetch
import OutfitSystem
import SystemPackage

/// Where programs are that unpack and compile: the system's own first, then what an administrator or Homebrew put there.
public enum ProgramFolders {
  public static let all = ["/usr/bin", "/bin", "/usr/local/bin", "/opt/homebrew/bin"]
  /// As `PATH`.
  public static var path: String { all.joined(separator: ":") }
}

/// Runs the steps of builds and inquiries.
struct StepRunner: Sendable {
  let host: Host
  let store: Store
  /// For people: what is built or asked.
  let label: String
  /// The file's name among the logs.
  let logName: String
  let isOffline: Bool

  var logPath: FilePath { host.places.state.appending("logs").appending("\(logName).log") }

  /// The program's name and the first words that tell what it does: `uv pip sync`.
  func describe(_ step: Step) -> String {
    if let title = step.title { return title }
    let program = step.program.resolved(store: store.root).lastComponent?.string ?? "a program"
    var words = [step.standIn ?? program]
    for argument in step.arguments {
      guard case .text(let text) = argument, !text.isEmpty, text.first != "-", !text.contains("/") else {
        break
      }
      words.append(text)
      if words.count == 3 { break }
    }
    return words.joined(separator: " ")
  }

  /// Runs a step: first without the network where it can do so, then with it unless that is forbidden.
  /// - Returns: Standard output.
  /// - Throws: `Failure` with the last lines that the program wrote, and the path of the log.
  func run(_ step: Step, scratch: FilePath, out: FilePath?) async throws -> [UInt8] {
    var completion: Completion?
    let triesOffline = !step.offlineArguments.isEmpty && !step.isOfflineForced && mayBeCached(step)
    if step.needsNetwork, !step.offlineArguments.isEmpty, isOffline || triesOffline {
      let done = try await attempt(step, extra: step.offlineArguments, scratch: scratch, out: out)
      if done.succeeded || isOffline { completion = done }
    } else if step.needsNetwork, isOffline {
      throw Failure(
        "\(label) needs the network: \(describe(step))", hint: "run it again without --offline")
    }
    let done: Completion
    if let completion {
      done = completion
    } else {
      done = try await attempt(step, extra: [], scratch: scratch, out: out)
    }
    guard done.succeeded else {
      throw Failure([failure(describe(step), done, isOffline: isOffline && step.needsNetwork)])
    }
    if let name = step.outputFile {
      let path = scratch.pushing(FilePath(name))
      do {
        try host.files.createDirectories(path.removingLastComponent(), mode: 0o700)
        try host.files.removeTree(path)
        try host.files.create(path, done.output, mode: 0o600)
      } catch {
        throw Failure("\(error)")
      }
    }
    return done.output
  }

  private func mayBeCached(_ step: Step) -> Bool {
    step.cachedWhere.isEmpty
      || step.cachedWhere.contains { pattern in
        ((try? Glob.matches(pattern, in: "/", files: host.files)) ?? []).isEmpty == false
      }
  }

  private func attempt(
    _ step: Step, extra: [String], scratch: FilePath, out: FilePath?
  ) async throws -> Completion {
    var environment = self.environment(needsNetwork: step.needsNetwork, scratch: scratch)
    for (name, value) in step.environment.merging(step.surroundings, uniquingKeysWith: { $1 }) {
      environment[name] = resolve(value, scratch: scratch, out: out)
    }
    let program = step.program.resolved(store: store.root)
    let arguments = step.arguments.map { resolve($0, scratch: scratch, out: out) } + extra
    let invocation = Invocation(
      step.mergesOutput ? "/bin/sh" : program,
      step.mergesOutput ? ["-c", #"exec "$@" 2>&1"#, "sh", program.string] + arguments : arguments,
      environment: environment,
      workingDirectory: step.folder.map { scratch.pushing(FilePath($0)) } ?? scratch)
    let done = try await host.processes.run(invocation)
    try Task.checkCancellation()
    log("\(program) \(arguments.joined(separator: " "))", done)
    return done
  }

  func resolve(_ argument: Argument, scratch: FilePath, out: FilePath?) -> String {
    switch argument {
    case .text(let text): text
    case .reference(let reference): reference.resolved(store: store.root).string
    case .output(let path): below(out ?? scratch, path)
    case .scratch(let path): below(scratch, path)
    case .joined(let parts): parts.map { resolve($0, scratch: scratch, out: out) }.joined()
    }
  }

  private func below(_ root: FilePath, _ path: String) -> String {
    path.isEmpty ? root.string : root.pushing(FilePath(path)).string
  }

  /// What children see. The user's configuration of indexes, proxies and certificates is theirs only where
  /// they need the network.
  func environment(needsNetwork: Bool, scratch: FilePath) -> [String: String] {
    var environment = [
      "PATH": "/usr/bin:/bin", "HOME": host.user.home.string, "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8",
      "TMPDIR": scratch.appending("tmp").string, "XDG_DATA_HOME": dataFolder(scratch),
    ]
    guard needsNetwork else { return environment }
    environment.merge(Self.network) { $1 }
    for (name, value) in host.environment where Self.isNetworkSetting(name) { environment[name] = value }
    // npm knows no proxy for all.
    let names = ["https_proxy", "HTTPS_PROXY"]
    if let proxy = environment["all_proxy"] ?? environment["ALL_PROXY"],
      names.allSatisfy({ environment[$0] == nil })
    {
      environment["https_proxy"] = proxy
    }
    return environment
  }

  /// uv makes a folder for credentials where it keeps its data; where the user has none, none is left behind.
  private func dataFolder(_ scratch: FilePath) -> String {
    let own = host.environment["XDG_DATA_HOME"].map { FilePath($0) }.flatMap { $0.isAbsolute ? $0 : nil }
    let data = own ?? host.user.home.pushing(FilePath(".local/share"))
    return host.files.exists(data.appending("uv"))
      ? data.string : scratch.pushing(FilePath("tmp/data")).string
  }

  /// Several uv run at once. Each opens a connection, and asks a name server, for every download of which it has fifty
  /// under way; answers get lost among so many, and each of these costs five seconds (resolv.conf(5)).
  private static let network = ["RES_OPTIONS": "timeout:2 attempts:5", "UV_CONCURRENT_DOWNLOADS": "12"]

  private static let networkSettings: Set<String> = [
    "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "FTP_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR",
    "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "NODE_EXTRA_CA_CERTS", "NETRC", "XDG_CONFIG_HOME",
    "XDG_CONFIG_DIRS", "UV_DEFAULT_INDEX", "UV_EXTRA_INDEX_URL", "UV_FIND_LINKS", "UV_KEYRING_PROVIDER",
    "UV_NATIVE_TLS", "UV_SYSTEM_CERTS", "UV_INSECURE_HOST", "UV_CONFIG_FILE", "UV_NO_CONFIG",
    "UV_REQUEST_TIMEOUT", "UV_LINK_MODE", "USER", "LOGNAME", "RES_OPTIONS",
  ]

  private static func isNetworkSetting(_ name: String) -> Bool {
    networkSettings.contains(name.uppercased())
      || ["PIP_", "UV_INDEX", "UV_HTTP_", "UV_CONCURRENT_", "npm_config_", "NPM_CONFIG_"]
        .contains { name.hasPrefix($0) }
  }

  // MARK: What a person sees of a failure

  private func log(_ command: String, _ done: Completion) {
    var text = "$ \(command)\n"
    text += done.errorText
    if !text.hasSuffix("\n") { text += "\n" }
    text += done.outputText
    text += "\n(status \(done.status))\n\n"
    let bytes = Array(withoutPasswords(text).utf8)
    let files = host.files
    try? files.createDirectories(logPath.removingLastComponent(), mode: 0o700)
    if files.exists(logPath) {
      try? files.append(logPath, bytes)
    } else {
      try? files.create(logPath, bytes, mode: 0o600)
    }
  }

  /// A log is kept only of what failed.
  func removeLog() { try? host.files.removeTree(logPath) }

  private func failure(_ step: String, _ done: Completion, isOffline: Bool) -> Diagnostic {
    func lines(_ text: String) -> [String] {
      withoutPasswords(text).split(separator: "\n").map { String($0) }.filter {
        $0.contains { !$0.isWhitespace }
      }
    }
    let (errors, output) = (lines(done.errorText), lines(done.outputText))
    let own = errors.isEmpty ? output : errors
    // Where much was written, the last lines are seldom those that say why, and they may be in the other stream.
    var telling: [String] = []
    if own.count > 200 || !own.suffix(12).contains(where: Self.tells) {
      telling = own.filter(Self.tells)
      if telling.isEmpty { telling = output.filter(Self.tells) }
    }
    let last = (telling.isEmpty ? own.suffix(12) : telling.prefix(12)).joined(separator: "\n")
    let ending =
      done.status > 128 ? "was ended by signal \(done.status - 128)" : "ended with status \(done.status)"
    var diagnostic = Diagnostic(
      .error, "\(label): \(step) \(ending)" + (isOffline ? " without the network" : ""),
      hint: "all that it wrote is in \(logPath)")
    let text = own.joined(separator: "\n")
    if ["EINTEGRITY", "Hash mismatch for"].contains(where: text.contains) {
      diagnostic.message = "\(label): what was served is not what the lock pins, so nothing of it is used"
      diagnostic.hint = "tell those who run the registry; \(diagnostic.hint ?? "")"
    }
    if ["No space left on device", "ENOSPC", "Disk quota exceeded", "EDQUOT"].contains(where: text.contains) {
      diagnostic.message = "\(label): there is no room left for what \(step) writes"
      diagnostic.hint =
        "free some space: `df -h ~` shows what there is, `quota` what you may have of it; \(diagnostic.hint ?? "")"
      diagnostic.reason = .disk
    }
    if !last.isEmpty { diagnostic.excerpt = last }
    if let reason = PipMessage.reason(own, environment: host.environment) {
      diagnostic.message = "\(label): \(reason)"
      diagnostic.hint = "check the network and the proxy, then run it again; \(diagnostic.hint ?? "")"
      diagnostic.excerpt = nil
    }
    if let trouble = NetworkTrouble(saidIn: text) {
      let variable = text.contains("npm error") ? "NODE_EXTRA_CA_CERTS" : "SSL_CERT_FILE"
      diagnostic.hint =
        "\(trouble.hint(host.environment, authority: variable)); all that it wrote is in \(logPath)"
    }
    return diagnostic
  }

  /// Whether a line of a build says what went wrong.
  private static func tells(_ line: String) -> Bool {
    [
      "error:", "npm error code", "failed, reason:", "undefined reference", ": not found", "*** ",
      "No space left", "Killed", "cannot find -l",
    ]
    .contains { line.contains($0) }
  }
}
