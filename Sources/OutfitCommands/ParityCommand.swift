import ArgumentParser
import OutfitConsent
import OutfitCore
import OutfitProfile
import OutfitRender
import OutfitSystem
import SystemPackage

struct ParityCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "parity", abstract: "Prove that dev and deploy are the same.",
    discussion: """
      It evaluates the files on disk with the real kustomize (kubectl 1.27 or newer from PATH or by KUBECTL, or \
      kustomize) and shows the proof as a table. With --images it also opens two built images: an archive, a \
      folder in the OCI layout, or a tag that docker, podman or buildah has; nothing in them is run. Exit status 3 \
      when anything failed, and with --strict when anything can't be checked or an exception is not needed. A proof is \
      kept for as long as nothing that it was made from changes.
      """)

  @Option(
    parsing: .upToNextOption,
    help: ArgumentHelp("The built images, the one that ships first.", valueName: "deploy> <dev"))
  var images: [String] = []

  @Option(
    parsing: .upToNextOption,
    help: ArgumentHelp(
      "Objects that something else than `outfit render` made, in place of an environment's overlay.",
      valueName: "environment=file"))
  var objects: [String] = []

  @Flag(help: "Make the proof anew, whatever was kept.") var fresh = false
  @Flag(help: "Take what can't be checked, and exceptions that nothing needs, for a failure.") var strict =
    false
  @Flag(help: "Print JSON.") var json = false

  @Option(help: ArgumentHelp("Write the proof as a page that can be shown to anybody.", valueName: "file"))
  var html: String?

  func validate() throws {
    guard images.isEmpty || images.count == 2 else {
      throw ValidationError("--images takes two images: what ships, and what is developed in")
    }
    guard objects.allSatisfy({ $0.split(separator: "=", maxSplits: 1).count == 2 }) else {
      throw ValidationError("--objects takes environments and files: --objects production=rendered.yaml")
    }
  }

  func run() async throws {
    try await withSession { session in
      let host = session.host
      let (proof, isKept) = try await Proving(session, images: images, objects: objects, fresh: fresh).proof()
      if let html {
        let page = ParityPage.html(proof, date: DateText.utc(host.clock.now()) + " UTC")
        try session.write(page, toPage: html)
      }
      if json {
        session.write(
          JSONDocument(.parity, exit: Parity.status(proof.rows, isStrict: strict), JSONText.parity(proof)))
      } else {
        host.terminal.write(ParityReport.text(proof, style: session.outputStyle))
        host.terminal.write("\nEnvironments may differ in \(ParityReport.meant).\n")
        if !proof.exceptions.isEmpty {
          host.terminal.write("\nExceptions:\n" + ParityReport.text(proof.exceptions))
        }
        if isKept { session.talk("Nothing has changed since this was proved; --fresh proves it again.") }
      }
      let status = Parity.status(proof.rows, isStrict: strict)
      if status != .done { throw Ended(status) }
    }
  }
}

/// One run of `parity`.
struct Proving {
  let session: Session
  let images: [String]
  /// `environment=file`.
  let objects: [String]
  let fresh: Bool
  let project: Project
  var root: FilePath { project.root }

  private var host: Host { session.host }

  init(_ session: Session, images: [String] = [], objects: [String] = [], fresh: Bool = false) throws {
    self.session = session
    self.images = images
    self.objects = objects
    self.fresh = fresh
    project = try Rendered.project(session)
  }

  /// The proof, and whether it was made before.
  func proof() async throws -> (proof: ParityProof, isKept: Bool) {
    try refuseUnrendered()
    let kustomize = kustomize
    let imagePaths = images.map { host.workingDirectory.pushing(FilePath($0)).lexicallyNormalized() }
    let cache = ParityCache(host: host, root: root, question: question(kustomize))
    // What a local store has may change without a file that can be looked at.
    let canKeep = objects.isEmpty && imagePaths.allSatisfy { host.files.exists($0) && !hasLinks($0) }
    if !fresh, canKeep, let kept = cache.proof() { return (kept, true) }

    let session = session
    let root = root
    let profile = try await project.place.load(session)
    let consented = try await session.consent(to: profile)
    // Kustomize takes longest: it starts on what is there before anything is known of what should be.
    async let evaluated = overlays(kustomize, consented)
    async let built = pairs()
    let renderer = try Rendered.renderer(session, project, profile: profile)
    let stack = try renderer.stack()
    let rendering: Rendering
    do {
      rendering = try renderer.render()
    } catch let failure as Failure where failure.status == .failed {
      // A template that says something else than the manifest.
      _ = try await (evaluated, built)
      return (unrenderable(stack, failure), false)
    }
    let inventory = try renderer.inventory(rendering)
    async let references = references(kustomize, inventory.files, stack)
    let given = try given(stack)
    let images = try await built
    let scratch = host.places.cache.appending("images").appending("contents-\(host.clock.uptime())")
    var search = ContentSearch(
      host: host, root: root, scratch: scratch, stack: stack, files: inventory.files)
    defer { try? host.files.removeTree(scratch) }
    let contents = images.isEmpty ? KnownContents() : try await search.find(images)
    let proof = ParityProof(
      Parity.Input(
        overlays: try await evaluated.merging(given) { $1 }, references: try await references,
        files: inventory.files, stack: stack,
        laptop: try Laptop.read(root, files: host.files), images: images, contents: contents))
    if canKeep, inventory.isWhole, search.isWhole {
      cache.keep(
        proof,
        inputs: inputs(profile, renderer) + inventory.read + imagePaths.flatMap { below($0) } + search.looked)
    }
    return (proof, false)
  }

  private func unrenderable(_ stack: Stack, _ failure: Failure) -> ParityProof {
    ParityProof(
      name: stack.name,
      rows: [
        Parity.Row(
          "files.rendered", "what is rendered is there", .failed,
          failure.diagnostics.map(\.message).joined(separator: "; "),
          places: failure.diagnostics.compactMap { $0.location?.file })
      ], exceptions: [], lockDigest: stack.lockDigest)
  }

  /// What render would write, evaluated, for the environments whose files are others.
  private func references(
    _ program: FilePath?, _ files: ParityFiles, _ stack: Stack
  ) async throws -> [String: Parity.Evaluation] {
    let given = Set(objects.map { String($0.prefix { $0 != "=" }) })
    let changed = files.changed(stack.environments.map(\.name)).subtracting(given)
    guard !changed.isEmpty, let program, host.files.exists(program) else { return [:] }
    let scratch = host.places.cache.appending("parity").appending("reference-\(host.clock.uptime())")
    try host.files.createDirectories(scratch, mode: 0o700)
    defer { try? host.files.removeTree(scratch) }
    for file in files.reference(image: stack.image) {
      let path = scratch.pushing(FilePath(file.path))
      try host.files.createDirectories(path.removingLastComponent())
      try host.files.create(path, Array(file.content.utf8), mode: 0o600)
    }
    return try await evaluate(program, changed.sorted(), at: scratch)
  }

  /// Of nothing there is no proof, and every row would fail.
  private func refuseUnrendered() throws {
    let rendered = ["Dockerfile", "compose.yaml", "k8s"].contains { host.files.exists(root.appending($0)) }
    guard !rendered else { return }
    throw Failure(
      "nothing is rendered in \(session.short(root)) yet, so that there is nothing to prove",
      hint: "run `outfit render`", status: .drift)
  }

  private func hasLinks(_ path: FilePath) -> Bool {
    below(path).contains { (try? host.files.status($0, followLinks: false))?.kind == .link }
  }

  private func below(_ path: FilePath) -> [FilePath] { ParityCache.all(below: path, files: host.files) }

  private func inputs(_ profile: Profile, _ renderer: RenderSession) -> [FilePath] {
    var paths = profile.layers.map(\.manifest) + profile.inputs
    paths.append(project.lock)
    paths += ["compose.yaml", "Dockerfile", ".venv/pyvenv.cfg"].map {
      root.pushing(FilePath($0))
    }
    for folder in ["k8s", "docker", ".devcontainer"] { paths += below(root.appending(folder)) }
    paths += ((try? renderer.templateInputs()) ?? [])
    let library = root.appending(".venv").appending("lib")
    for name in (try? host.files.list(library)) ?? [] {
      paths.append(library.appending(name).appending("site-packages"))
    }
    return paths + [root.appending(".venv"), library]
  }

  /// kubectl, whose own kustomize is used, or kustomize itself.
  private var kustomize: FilePath? {
    if let named = host.environment["KUBECTL"], !named.isEmpty { return FilePath(named) }
    return Programs.find("kubectl", host) ?? Programs.find("kustomize", host)
  }

  private func question(_ kustomize: FilePath?) -> [String] {
    var question = images + [host.workingDirectory.string, kustomize?.string ?? "none"]
    if let kustomize, let status = try? host.files.status(kustomize, followLinks: true) {
      question.append("\(status.size) \(status.modified) \(status.inode)")
    }
    for name in host.environment.keys.sorted() where name.hasPrefix("OUTFIT_") || name.hasPrefix("COMPOSE_") {
      question.append("\(name)=\(host.environment[name] ?? "")")
    }
    return question
  }

  /// Objects from elsewhere, by environment.
  private func given(_ stack: Stack) throws -> [String: Parity.Evaluation] {
    var given: [String: Parity.Evaluation] = [:]
    for item in objects {
      let sides = item.split(separator: "=", maxSplits: 1).map(String.init)
      let names = stack.environments.map(\.name)
      guard names.contains(sides[0]) else {
        throw Failure(
          "`--objects` names the environment \(sides[0]), which outfit.yaml does not have",
          hint: "there are " + names.joined(separator: ", "), status: .usage)
      }
      let path = host.workingDirectory.pushing(FilePath(sides[1]))
      guard let text = try host.files.text(path) else {
        throw Failure("there is no \(sides[1])", hint: "name a file of evaluated YAML", status: .usage)
      }
      guard given[sides[0]] == nil else {
        throw Failure(
          "`--objects` names \(sides[0]) twice", hint: "put its objects into one file", status: .usage)
      }
      given[sides[0]] = .given(try ClusterObjects.parse(text, file: sides[1]), file: sides[1])
    }
    return given
  }

  private func pairs() async throws -> [BuiltPair] {
    guard images.count == 2 else { return [] }
    let scratch = host.places.cache.appending("images").appending("read-\(host.clock.uptime())")
    try host.files.createDirectories(scratch, mode: 0o700)
    defer { try? host.files.removeTree(scratch) }
    let reader = ImageReader(host: host, scratch: scratch)
    return try BuiltPair.pairs(try await reader.read(images[0]), try await reader.read(images[1]))
  }

  /// Every folder of k8s/overlays, evaluated.
  private func overlays(_ program: FilePath?, _ consented: Consented) async throws -> [String: Parity
    .Evaluation]
  {
    let folder = root.pushing("k8s/overlays")
    let environments = ((try? host.files.list(folder)) ?? []).filter {
      host.files.exists(folder.appending($0).appending("kustomization.yaml"))
    }
    guard let program, host.files.exists(program) else {
      let why = program.map { "there is no \($0)" } ?? "there is neither kubectl nor kustomize on PATH"
      return Dictionary(uniqueKeysWithValues: environments.map { ($0, .unavailable(why)) })
    }
    return try await evaluate(program, environments, at: root)
  }

  private func evaluate(
    _ program: FilePath, _ environments: [String], at root: FilePath
  ) async throws -> [String: Parity.Evaluation] {
    let invocations = Parity.invocations(
      program: program, environments: environments, root: root, environment: host.environment)
    let processes = host.processes
    return try await withThrowingTaskGroup(of: (String, Parity.Evaluation).self) { group in
      for (name, invocation) in invocations {
        group.addTask {
          let done = try await processes.run(invocation)
          return (name, done.succeeded ? .objects(done.outputText) : .refused(done.errorText))
        }
      }
      var results: [String: Parity.Evaluation] = [:]
      for try await (name, result) in group { results[name] = result }
      return results
    }
  }
}
