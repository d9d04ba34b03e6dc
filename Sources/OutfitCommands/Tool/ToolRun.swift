import ArgumentParser
import OutfitCore
import OutfitEngine
import OutfitInterpreters
import OutfitProfile
import OutfitSystem
import OutfitTools
import SystemPackage

struct ToolRun: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "run", abstract: "Run a tool without installing it, or a script with what it needs.",
    discussion: """
      `outfit tool run black==24.1 -- --check .`, `outfit tool run --from httpie http example.org`, \
      `outfit tool run script.py`. A script says what it needs in a block `# /// script` (PEP 723); `--python` may \
      stand behind its name too, and what follows `--` is the script's own. The environment is kept with its pins, \
      and taken again for 14 days; --refresh resolves anew. The exit status is the program's own.
      """)

  @Option(help: "The package, where the program has another name.") var from: String?
  @Option(help: "Another package in the same environment; may be repeated.") var with: [String] = []
  @Option(help: "The Python that it runs on.") var python: String?
  @Flag(help: "Resolve anew.") var refresh = false
  @Flag(help: "Use what is here already; never ask the network.") var offline = false
  @Argument(parsing: .captureForPassthrough, help: "A tool or a script, and its arguments.")
  var words: [String] = []

  func run() async throws {
    try await withSession { session in
      var words = words
      if words.first == "--" { words.removeFirst() }
      guard let first = words.first else {
        throw Failure(
          "run takes a tool or a script", hint: "outfit tool run black -- --version", status: .usage)
      }
      if ["-h", "--help"].contains(first) {
        return session.write(OutfitCommand.helpMessage(for: ToolRun.self))
      }
      var arguments = Array(words.dropFirst())
      let isScript = from == nil && (first.hasSuffix(".py") || first.contains("/") && !first.hasPrefix("@"))
      let asked = isScript ? Self.takePython(&arguments) ?? python : python
      if arguments.first == "--" { arguments.removeFirst() }
      let request = try asked.map { text in
        guard let request = VersionRequest(text) else {
          throw Failure("--python \(text) is not a version", hint: "write 3.13", status: .usage)
        }
        return request
      }
      let host = session.host
      let script = host.workingDirectory.pushing(FilePath(first)).lexicallyNormalized()
      let isFile = ((try? host.files.status(script, followLinks: true)) ?? nil)?.kind == .file
      var running: Running
      if isScript {
        guard isFile else {
          throw Failure("there is no script \(first)", hint: "look for a typing mistake", status: .usage)
        }
        guard with.isEmpty else {
          throw Failure(
            "--with does not go with a script", hint: "put the package into its block `# /// script`",
            status: .usage)
        }
        running = try Running(session, script: script, label: first, python: request)
        arguments.insert(script.string, at: 0)
      } else {
        running = try Running(session, tool: ToolSpecification(from ?? first), with: with, python: request)
        if from != nil { running.program = first }
      }
      let program: FilePath
      do {
        program = try await running.program(refresh: refresh, offline: offline)
      } catch var failure as Failure {
        // There is no manifest to point at.
        for index in failure.diagnostics.indices
        where failure.diagnostics[index].location?.file == Running.place {
          failure.diagnostics[index].location = nil
        }
        throw failure
      }
      try host.processes.replace(
        Invocation(
          program, arguments, environment: host.environment, workingDirectory: host.workingDirectory,
          standardInput: .inherited))
    }
  }

  /// Takes `--python 3.12` or `--python=3.12` from the front of what stands behind a script's name.
  static func takePython(_ arguments: inout [String]) -> String? {
    guard let first = arguments.first, first.hasPrefix("--python") else { return nil }
    let rest = first.dropFirst("--python".count)
    if rest.hasPrefix("=") {
      arguments.removeFirst()
      return String(rest.dropFirst())
    }
    guard rest.isEmpty, arguments.count > 1 else { return nil }
    let version = arguments[1]
    arguments.removeFirst(2)
    return version
  }
}

/// Something that is run once, and its environment, which is kept in the cache with its pins.
private struct Running {
  /// For how long the newest version is taken to be the newest.
  static let lifetime: Int64 = 14 * 86400

  /// What stands for the manifest.
  static let place = "outfit tool run"

  enum What {
    case tool(ToolSpecification, with: [String])
    case script([UInt8])
  }

  let session: Session
  let what: What
  let label: String
  let python: VersionRequest?
  /// In the environment's `bin`.
  var program: String

  private var host: Host { session.host }

  init(_ session: Session, tool: ToolSpecification, with: [String], python: VersionRequest?) throws {
    self.session = session
    self.python = python
    what = .tool(tool, with: with)
    label = tool.name
    program = tool.name
  }

  init(_ session: Session, script: FilePath, label: String, python: VersionRequest?) throws {
    self.session = session
    self.python = python
    what = .script(try session.host.files.read(script))
    self.label = label
    program = "python"
  }

  /// What the environment depends on.
  private var key: String {
    var digest = Digest.Running()
    digest.field(host.places.store.string)
    digest.field("\(host.platform)")
    digest.field(python?.text ?? "")
    switch what {
    case .tool(let tool, let with):
      digest.field("tool \(tool.package ?? tool.name) \(tool.version ?? "") \(tool.extras.sorted())")
      for package in with.sorted() { digest.field(package) }
    case .script(let bytes): digest.field("script \(Digest(of: bytes))")
    }
    return digest.finish().short(32)
  }

  /// Builds what is not there yet.
  func program(refresh: Bool, offline: Bool) async throws -> FilePath {
    let folder = host.places.cache.appending("run")
    let record = folder.appending(key)
    let pins = folder.appending("\(key).lock")
    // One that can't be read is made anew.
    var lock = try? LockFile.parse(host.files.read(pins), file: pins.string)
    if let text = try host.files.text(record), !refresh {
      let lines = text.split(separator: "\n").map(String.init)
      if lines.count == 2, let time = Int64(lines[0]) {
        let age = host.clock.now() - time
        let path = FilePath(lines[1]).appending("bin").appending(program)
        let isFresh = offline || (0..<Self.lifetime).contains(age)
        if isFresh, host.files.exists(path) { return path }
        if !isFresh { lock = nil }
      }
    }
    if refresh { lock = nil }
    let built = try await build(lock ?? Lock(), offline: offline)
    let path = built.folder.appending("bin").appending(program)
    guard host.files.exists(path) else { throw unknownProgram(built.folder) }
    try OwnFile.write(LockFile.text(of: built.lock), to: pins, host)
    let time = lock == nil ? host.clock.now() : try recorded(record)
    try OwnFile.write("\(time)\n\(built.folder)\n", to: record, host)
    return path
  }

  private func recorded(_ record: FilePath) throws -> Int64 {
    let text = try host.files.text(record) ?? ""
    return text.split(separator: "\n").first.flatMap { Int64($0) } ?? host.clock.now()
  }

  private func unknownProgram(_ folder: FilePath) -> Failure {
    let names = ((try? host.files.list(folder.appending("bin"))) ?? []).filter {
      !$0.hasPrefix("activate") && !$0.hasPrefix("python") && !$0.hasPrefix("_")
    }
    return Failure(
      "\(label) has no program \(program)",
      hint: names.isEmpty
        ? "it has none at all" : "outfit tool run --from \(label) \(names.prefix(8).joined(separator: "|"))",
      status: .usage)
  }

  private func build(_ pins: Lock, offline: Bool) async throws -> (folder: FilePath, lock: Lock) {
    let place = try ProfilePlace.adopted(host) ?? ProfilePlace(scope: .machine, address: "")
    let consented = try await session.consent(to: try await place.load(session))
    let base = consented.profile
    var profile = Profile(scope: .machine, name: "run", layers: base.layers)
    profile.interpreters = base.interpreters.filter { $0.key == .python }
    profile.indexes = base.indexes
    profile.cooldown = base.cooldown
    profile.contents = base.contents
    let location = SourceLocation(file: Self.place)
    let source = Source(
      layer: Layer(
        kind: .personal, name: "run", address: "", folder: host.places.config,
        manifest: host.places.personalManifest),
      location: location)

    let part: any Part
    let request: VersionRequest?
    switch what {
    case .tool(let tool, let with):
      var section = ToolSection(
        version: tool.version.flatMap { VersionRequest($0) } ?? .latest, with: with, extras: tool.extras,
        python: python,
        package: tool.package)
      section.programsFrom = []
      profile.tools = [tool.name: Sourced(section, source)]
      request = python
      part = Tools()
    case .script(let bytes):
      let environment = try ScriptEnvironment(bytes, label: label, python: python)
      request = environment.request
      part = environment
    }
    var preparation = try Preparation(
      session, try consented.with(profile), mode: offline ? .offline : .live,
      progress: TerminalProgress(host: host))
    let known = preparation.lock.interpreters[.python] ?? []
    if let request, profile.interpreters[.python] != nil,
      !known.contains(where: { request.accepts($0.version) })
    {
      // What is run once may stand on a Python that the profile does not offer.
      profile.interpreters[.python] = Sourced(InterpreterSection(versions: [request], system: true), source)
      preparation = try Preparation(
        session, try consented.with(profile), mode: offline ? .offline : .live,
        progress: TerminalProgress(host: host))
    }
    preparation.lock.tools = pins.tools
    let proposal = try await preparation.propose([Interpreters(), part])
    guard proposal.failures.isEmpty else { throw Failure(proposal.failures) }
    let built = try await preparation.build(
      proposal.objects.filter { !preparation.store.isPresent($0.id) })
    guard built.failed.isEmpty else { throw Failure(Array(built.failed.values)) }
    guard let environment = proposal.objects.last else { throw Failure("\(label) has no environment") }
    return (preparation.store.path(of: environment.id), preparation.lock)
  }
}
