import ArgumentParser
import OutfitConsent
import OutfitCore
import OutfitProfile
import OutfitRender
import OutfitSystem
import SystemPackage

struct DevCommand: AsyncParsableCommand {
  enum Engine: String, ExpressibleByArgument, CaseIterable { case skaffold, compose }

  static let configuration = CommandConfiguration(
    commandName: "dev", abstract: "Run the application with hot reload, after looking whether that can work.",
    discussion: """
      With Skaffold and a cluster (minikube, kind, microk8s and their like; another one is asked about once, or \
      named by --context, which is remembered for this project), or with Docker Compose: whichever this machine has. \
      Files that are out of date are rendered first. Before anything is started it looks whether \
      the programs and the cluster are new enough for what was rendered, and whether the pods' user can write \
      where changed files go to. The pods keep their restricted security context and their probes.
      """)

  @Option(help: ArgumentHelp("skaffold or compose; without it, what the machine has.", valueName: "engine"))
  var with: Engine?
  @Option(
    help: ArgumentHelp("The cluster's context, where it is not one of this machine.", valueName: "name"))
  var context: String?
  @Option(
    name: .customLong("docker-context"),
    help: ArgumentHelp("Build on another machine: a context of Docker's.", valueName: "name"))
  var dockerContext: String?
  @Option(
    help: ArgumentHelp("Build by this builder of buildx, a remote BuildKit for example.", valueName: "name"))
  var builder: String?
  @Flag(help: "Let a debugger attach: its port is forwarded to this machine.") var debug = false
  @Flag(help: "Write .vscode/launch.json for --debug, if there is none.") var launch = false
  @Flag(name: .customLong("dry-run"), help: "Look at everything, and show what would be started.")
  var dryRun = false

  func run() async throws {
    try await withSession { session in
      let project = try Rendered.project(session)
      let root = project.root
      let consented = try await session.consent(to: try await project.place.load(session))
      let profile = consented.profile
      let renderer = try Rendered.renderer(session, project, profile: profile)
      let stack = try await renderOutOfDate(renderer, consented, session)
      let start = try await DevStart(consented, session: session, root: root, stack: stack, wish: self)
        .prepare()
      if launch { try writeLaunch(session, root, stack) }
      let line = ([start.program.lastComponent?.string ?? ""] + start.arguments).map { Quoting.shell($0) }
        .joined(separator: " ")
      if dryRun {
        session.write(line)
        return
      }
      session.talk("Starting: \(line)")
      let status = try await session.host.processes.runAttached(start)
      if status != 0 { throw Ended(child: status) }
    }
  }

  /// Renders what is out of date, and says what is not what would be rendered.
  private func renderOutOfDate(
    _ renderer: RenderSession, _ consented: Consented, _ session: Session
  ) async throws -> Stack {
    let rendering = try renderer.render()
    let differing = try renderer.check(rendering).filter { $0.state != .same }
    // Where nothing was rendered yet, the first file that is missed says so.
    guard !differing.isEmpty, differing.count(where: { $0.state == .absent }) < rendering.files.count else {
      return rendering.stack
    }
    let own = differing.filter(\.isConflict).map(\.path)
    guard own.isEmpty else {
      session.talk(
        "note: used as it is, though it is not what `outfit render` would write: \(own.joined(separator: ", "))"
          + (own.count == differing.count
            ? "" : "; and \(differing.count - own.count) more files are out of date: outfit render --force"))
      return rendering.stack
    }
    let files = differing.map(\.path).joined(separator: ", ")
    if dryRun {
      session.talk("Out of date, and rendered first: \(files)")
      return rendering.stack
    }
    try session.consent(toRendered: rendering, consented, given: .nothing)
    try await renderer.write(rendering, by: consented, force: false)
    session.talk("Rendered what was out of date: \(files)")
    return rendering.stack
  }

  private func writeLaunch(_ session: Session, _ root: FilePath, _ stack: Stack) throws {
    let file = root.pushing(".vscode/launch.json")
    let text = DevLoop.launch(stack)
    if try session.host.files.text(file) == text { return }
    guard try session.host.files.status(file, followLinks: false) == nil else {
      return session.talk("\(session.short(file)) stays as it is; this belongs into it:\n\(text)")
    }
    if dryRun { return }
    try session.host.files.createDirectories(file.removingLastComponent())
    try session.host.files.create(file, Array(text.utf8), mode: 0o644)
    session.talk("Wrote \(session.short(file)).")
  }
}

/// Everything that is looked at before the loop is started, and how it is started.
struct DevStart {
  let session: Session
  let consented: Consented
  let root: FilePath
  let stack: Stack
  let wish: DevCommand

  init(_ consented: Consented, session: Session, root: FilePath, stack: Stack, wish: DevCommand) {
    (self.session, self.consented) = (session, consented)
    (self.root, self.stack, self.wish) = (root, stack, wish)
  }

  private var host: Host { session.host }

  private var environment: [String: String] {
    var variables = host.environment
    if let name = wish.dockerContext { variables["DOCKER_CONTEXT"] = name }
    if let name = wish.builder { variables["BUILDX_BUILDER"] = name }
    return variables
  }

  func prepare() async throws -> Invocation {
    switch wish.with {
    case .skaffold: return try await skaffold()
    case .compose: return try await compose()
    case nil:
      if wish.context != nil
        || (Programs.find("skaffold", host) != nil && Programs.find("kubectl", host) != nil)
      {
        return try await skaffold()
      }
      return try await compose()
    }
  }

  private func sayPort() { session.talk("A debugger can attach to 127.0.0.1:\(stack.debugPort).") }

  private func say(_ program: FilePath, _ arguments: [String]) async throws -> Completion {
    try await host.processes.run(
      Invocation(program, arguments, environment: environment, workingDirectory: root))
  }

  private func find(_ name: String, _ hint: String) throws -> FilePath {
    guard let program = Programs.find(name, host) else {
      throw Failure("there is no \(name) on PATH", hint: hint)
    }
    return program
  }

  private func require(
    _ name: String, _ text: String, _ least: Version, _ why: String
  ) throws {
    guard let version = DevLoop.version(text) else {
      throw Failure("\(name) does not say which version it is", hint: "it said: \(text.prefix(80))")
    }
    guard version >= least else {
      throw Failure("\(name) is \(version), and \(why) needs \(least)", hint: "get a newer \(name)")
    }
  }

  private func rendered(_ name: String) throws -> Document {
    guard let text = try host.files.text(root.appending(name)) else {
      throw Failure("there is no \(name)", hint: "run `outfit render` first")
    }
    return try Document.parseOne(text, file: name)
  }

  // MARK: - Kubernetes

  private func skaffold() async throws -> Invocation {
    let file = try rendered("skaffold.yaml")
    guard let development = stack.development else {
      throw Failure(
        "no environment has hot reload",
        hint: "name one `\(stack.description.development)` under app.environments",
        status: .usage)
    }
    let skaffold = try find("skaffold", "install it, or use Compose: outfit dev --with compose")
    let kubectl = try find("kubectl", "install kubectl \(DevLoop.kubectl) or newer")
    try require(
      "skaffold", try await say(skaffold, ["version"]).outputText, DevLoop.skaffold,
      "the rendered skaffold.yaml")
    try require(
      "kubectl", try await say(kubectl, ["version", "--client"]).outputText, DevLoop.kubectl,
      "what was rendered")
    let context = try await cluster(kubectl)
    let answer = try await say(kubectl, ["--context", context, "version", "--output", "json"])
    guard answer.succeeded,
      let server = (try? Document.parseJSON(answer.outputText, file: "kubectl"))?.at(
        "serverVersion", "gitVersion")?.text
    else {
      throw Failure(
        "the cluster of the context \(context) does not answer",
        hint: "start it (minikube start, kind create cluster), or name another one: --context")
    }
    try require("the cluster of \(context)", server, DevLoop.cluster, "Pod Security")
    let folder = wish.debug ? DevLoop.debugFolder : "k8s/overlays/\(development.name)"
    try await writable(kubectl, file, folder)
    var arguments = ["dev", "--kube-context", context, "--port-forward=user", "--cleanup=true"]
    if wish.debug {
      let profile = Stack.debugProfile(development.name)
      guard file["profiles"]?.items.contains(where: { $0["name"]?.text == profile }) == true else {
        throw Failure(
          "skaffold.yaml has no profile \(profile), which forwards the debugger's port",
          hint: "outfit render writes it")
      }
      arguments += ["--profile", profile]
      sayPort()
    }
    return Invocation(
      skaffold, arguments, environment: environment, workingDirectory: root, standardInput: .inherited)
  }

  private func cluster(_ kubectl: FilePath) async throws -> String {
    if let context = wish.context {
      let known = try await say(kubectl, ["config", "get-contexts", "--output", "name"]).outputText
        .split(separator: "\n").map(String.init)
      guard known.contains(context) else {
        throw Failure(
          "kubectl knows no context \(context)",
          hint: nearest(context, among: known).map { "did you mean \($0)?" }
            ?? "it knows " + known.joined(separator: ", "), status: .usage)
      }
      if !wish.dryRun { try await consent(to: context, kubectl) }
      return context
    }
    let current = try await say(kubectl, ["config", "current-context"])
    let name = current.outputText.split(separator: "\n").first.map(String.init) ?? ""
    guard current.succeeded, !name.isEmpty else {
      throw Failure(
        "kubectl has no current context",
        hint: "minikube start, or kind create cluster, or outfit dev --with compose")
    }
    try await consent(to: name, kubectl)
    return name
  }

  /// A cluster that may be another machine's is used for a project once somebody said so, as long as it answers there.
  private func consent(to context: String, _ kubectl: FilePath) async throws {
    guard !DevLoop.isLocal(context: context) else { return }
    let view = try await say(
      kubectl, ["config", "view", "--minify", "--context", context, "--output", "json"])
    let (server, isMinikube) = DevLoop.cluster(view.outputText)
    if isMinikube { return }
    let place = server.map { "\(context) (\($0))" } ?? context
    let ability = Ability(
      .runs, "dev", Digest(of: "\(context) \(server ?? "")"), "runs", "in the cluster \(place)",
      "which may not be on this machine")
    let kind = "cluster \(context)"
    let consent = Consent(host: host)
    if try consent.knows([ability], kind: kind, for: consented) { return }
    guard wish.context != nil || host.terminal.isInteractive && !wish.dryRun else {
      throw Failure(
        "kubectl's current context is \(place), which may not be on this machine",
        hint:
          "if that is what you want: outfit dev --context \(Quoting.shell(context)); it is asked once for this project",
        status: .consent)
    }
    try consent.obtain(
      [ability], kind: kind, reason: "the cluster \(place)", for: consented,
      given: wish.context == nil ? .nothing : .folders,
      asking: Consent.Asking(style: session.errorStyle, command: "outfit dev"))
  }

  private func writable(_ kubectl: FilePath, _ file: Document, _ folder: String) async throws {
    let done = try await say(kubectl, ["kustomize", folder])
    guard done.succeeded else {
      throw Failure("kustomize refuses \(folder): \(done.errorText)", hint: "outfit render --check")
    }
    let objects = try Document.parse(done.outputText, file: folder)
    let problems = DevLoop.unwritable(
      skaffold: file, objects: objects, processes: stack.processes.map(\.name))
    guard problems.isEmpty else {
      throw Failure(
        problems.map {
          Diagnostic(
            .error, "changed files could not be written: \($0)", hint: "outfit render writes it right")
        })
    }
  }

  // MARK: - Compose

  private func compose() async throws -> Invocation {
    _ = try rendered("compose.yaml")
    let (program, words) = try await composeProgram()
    let version = try await say(program, words + ["version", "--short"])
    try require("Docker Compose", version.outputText, DevLoop.compose, "`develop.watch`")
    try await refuseRemote()
    var files = ["--file", "compose.yaml"]
    if wish.debug {
      guard let text = DevLoop.debugging(stack) else {
        throw Failure("there is no process to debug", status: .usage)
      }
      let file = host.places.cache.appending("dev").appending("\(Digest(of: root.string).short()).yaml")
      try host.files.createDirectories(file.removingLastComponent(), mode: 0o700)
      try host.files.removeTree(file)
      try host.files.create(file, Array(text.utf8), mode: 0o600)
      files += ["--file", file.string]
      sayPort()
    }
    return Invocation(
      program, words + ["--project-directory", root.string] + files + ["up", "--build", "--watch"],
      environment: environment, workingDirectory: root, standardInput: .inherited)
  }

  private func composeProgram() async throws -> (FilePath, [String]) {
    if let docker = Programs.find("docker", host), try await say(docker, ["compose", "version"]).succeeded {
      return (docker, ["compose"])
    }
    if let program = Programs.find("docker-compose", host) { return (program, []) }
    throw Failure(
      "there is neither Skaffold with kubectl nor Docker Compose on PATH",
      hint:
        "install Docker with Compose \(DevLoop.compose) or newer, or Skaffold \(DevLoop.skaffold) or newer")
  }

  /// Compose mounts this folder, which another machine does not have.
  private func refuseRemote() async throws {
    guard let docker = Programs.find("docker", host) else { return }
    let name = wish.dockerContext.map { [$0] } ?? []
    let done = try await say(
      docker, ["context", "inspect"] + name + ["--format", "{{.Endpoints.docker.Host}}"])
    let address = done.outputText.split(separator: "\n").first.map(String.init) ?? ""
    if let wanted = wish.dockerContext, !done.succeeded {
      throw Failure("docker knows no context \(wanted)", hint: "docker context ls", status: .usage)
    }
    guard !address.isEmpty, !address.hasPrefix("unix:"), !address.hasPrefix("npipe:") else { return }
    throw Failure(
      "Docker is on another machine (\(address)), and Compose mounts this folder, which is not there",
      hint:
        "use a cluster: outfit dev --with skaffold builds there and brings the files; or docker context use default"
    )
  }
}
