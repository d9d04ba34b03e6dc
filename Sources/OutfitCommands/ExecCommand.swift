import ArgumentParser
import OutfitCore
import OutfitDispatch
import OutfitProfile
import OutfitSystem
import SystemPackage

struct ExecCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "exec", abstract: "Run a command from this folder's pins.",
    discussion: """
      With @VERSION another version runs than the folder's: outfit exec python@3.11 -V, outfit exec npm@22 ci. A \
      command that is no interpreter runs from that Python's own programs: outfit exec pytest@3.11. Versions before \
      `--` hold for the command and all that it starts: outfit exec python@3.11 node@22 -- make test. OUTFIT_PYTHON, \
      OUTFIT_NODE and PYENV_VERSION are honoured too. The exit status is the command's own; 126 and 127 are ours.
      """)

  @Argument(parsing: .captureForPassthrough, help: "The command and its arguments.")
  var words: [String] = []

  func run() async throws {
    try await withSession { session in
      var words = words
      if words.first == "--" { words.removeFirst() }
      guard !words.isEmpty else {
        throw Failure("exec takes a command", hint: "outfit exec black --check .", status: .usage)
      }
      if ["-h", "--help"].contains(words[0]) {
        session.write(OutfitCommand.helpMessage(for: ExecCommand.self))
        return
      }
      let host = session.host
      if let versions = Self.versions(before: words) {
        words.removeFirst(versions.count + 1)
        return try Self.run(words, with: versions, session)
      }
      if let at = words[0].firstIndex(of: "@"), at != words[0].startIndex {
        let version = String(words[0][words[0].index(after: at)...])
        let command = try Self.command(String(words[0][..<at]), version: version, session)
        // By its own path and with the environment as it is: no variable leaks into what the command runs.
        try host.processes.replace(
          Invocation(
            FilePath(command[0]), Array(command.dropFirst()) + words.dropFirst(),
            environment: host.environment,
            workingDirectory: host.workingDirectory, standardInput: .inherited))
      }
      let launcher = try ShimInstallation.launcher(host)
      try host.processes.replace(
        Invocation(
          launcher, ["exec"] + words, environment: host.environment, workingDirectory: host.workingDirectory,
          standardInput: .inherited))
    }
  }

  /// `python@3.11 node@22` before a `--`; nil where the words are none of these.
  private static func versions(before words: [String]) -> [(name: String, version: String)]? {
    guard let end = words.firstIndex(of: "--"), end > 0 else { return nil }
    var found: [(name: String, version: String)] = []
    for word in words[..<end] {
      guard let at = word.firstIndex(of: "@"), ["python", "node"].contains(word[..<at]) else { return nil }
      found.append((String(word[..<at]), String(word[word.index(after: at)...])))
    }
    return found
  }

  /// What the command starts must find these versions too, so here the variables are set.
  private static func run(
    _ words: [String], with versions: [(name: String, version: String)], _ session: Session
  ) throws {
    guard !words.isEmpty else {
      throw Failure(
        "exec takes a command behind `--`", hint: "outfit exec python@3.11 -- make test", status: .usage)
    }
    let host = session.host
    var environment = host.environment
    for (name, version) in versions {
      _ = try command(name, version: version, session)
      environment[name == "python" ? "OUTFIT_PYTHON" : "OUTFIT_NODE"] = version
    }
    let path = environment["PATH"] ?? "/usr/bin:/bin"
    environment["PATH"] = "\(session.places.bin):\(path)"
    if words[0].contains("/") {
      do {
        try host.processes.replace(
          Invocation(
            host.workingDirectory.pushing(FilePath(words[0])), Array(words.dropFirst()),
            environment: environment, workingDirectory: host.workingDirectory, standardInput: .inherited))
      } catch let failure as Failure {
        session.report(failure.diagnostics)
        throw Ended(child: host.files.exists(host.workingDirectory.pushing(FilePath(words[0]))) ? 126 : 127)
      }
    }
    try host.processes.replace(
      Invocation(
        try ShimInstallation.launcher(host), ["exec"] + words, environment: environment,
        workingDirectory: host.workingDirectory, standardInput: .inherited))
  }

  /// What the name runs by an interpreter of that version.
  private static func command(_ name: String, version: String, _ session: Session) throws -> [String] {
    let host = session.host
    let language = InterpreterLanguage.of(name)
    let variable = (language ?? .python) == .python ? "OUTFIT_PYTHON" : "OUTFIT_NODE"
    var dispatcher = Dispatcher(data: Array(host.places.data.string.utf8)) { asked in
      (asked == variable ? version : host.environment[asked]).map { Array($0.utf8) }
    }
    dispatcher.variableLabel = "\(name)@\(version.harmless)"
    guard !version.isEmpty else {
      throw Failure(
        "\(name)@ names no version", hint: "outfit exec \(name)@\(language == .node ? "22" : "3.11")",
        status: .usage)
    }
    let asked = language == nil ? "python" : name
    switch dispatcher.resolve(Array(asked.utf8), in: Array(host.workingDirectory.string.utf8)) {
    case .stop(let stop):
      session.report([Diagnostic(.error, stop.message, hint: stop.hint)])
      throw Ended(child: 127)
    case .run(let match):
      let command = ([match.command.program] + match.command.arguments).map {
        String(decoding: $0, as: UTF8.self)
      }
      guard language == nil else { return command }
      let program = FilePath(command[0]).removingLastComponent().appending(name)
      guard name.allSatisfy({ $0 != "/" }), host.files.exists(program) else {
        session.report([
          Diagnostic(
            .error, "\(command[0]) came without \(name.harmless)",
            hint: "`outfit tool install \(name.harmless)` gives it an environment of its own")
        ])
        throw Ended(child: 127)
      }
      return [program.string]
    }
  }
}
