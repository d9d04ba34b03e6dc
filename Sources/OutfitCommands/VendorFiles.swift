import OutfitConsent
import OutfitCore
import OutfitFetch
import OutfitInterpreters
import OutfitProfile
import OutfitRender
import OutfitSystem
import SystemPackage

/// Gets all that an image is built from into `docker/vendor`: the interpreter's archive, and every package as a
/// wheel or, for Node, as npm keeps it. Each file is the one that the lock names by its digest.
struct VendorFiles {
  let session: Session
  let root: FilePath
  let stack: Stack

  init(_ consented: Consented, session: Session, root: FilePath, stack: Stack) {
    (self.session, self.root, self.stack) = (session, root, stack)
  }

  private var host: Host { session.host }
  private var folder: FilePath { root.pushing(FilePath(Vendoring.folder)) }

  /// Replaces what is there once everything has been got.
  func get(_ architectures: [Platform.Architecture]) async throws -> [VendoredFile] {
    let progress = TerminalProgress(host: host)
    let new = folder.removingLastComponent().appending(".vendor.new")
    try host.files.removeTree(new)
    do {
      for architecture in architectures {
        let place = new.appending(architecture.rawValue)
        try host.files.createDirectories(place)
        try await interpreter(architecture, place, progress)
        try await packages(architecture, place, progress)
        switch stack.language {
        case .python: try await wheels(architecture, place)
        case .node: try await npm(architecture, place)
        }
      }
      try host.files.removeTree(folder)
      try host.files.rename(new, to: folder)
    } catch {
      try? host.files.removeTree(new)
      throw error
    }
    var found: [VendoredFile] = []
    for architecture in architectures {
      let place = folder.appending(architecture.rawValue)
      for path in ParityCache.all(below: place, files: host.files)
      where try host.files.status(path, followLinks: false)?.kind == .file {
        var relative = path
        _ = relative.removePrefix(folder)
        found.append(VendoredFile(path: relative.string, digest: Digest(of: try host.files.read(path))))
      }
    }
    session.talk("\(found.count) files are in \(session.short(folder)); git ignores them, and has the list.")
    return found.sorted()
  }

  private func interpreter(
    _ architecture: Platform.Architecture, _ place: FilePath, _ progress: TerminalProgress
  ) async throws {
    let key = "linux-\(architecture)"
    guard !stack.interpreter.isWheel else {
      throw Failure(
        "Node \(stack.interpreter.version) comes as a Python package, which can't be vendored",
        hint: "render without --vendor, or lock a released build where nodejs.org or a mirror of it answers")
    }
    guard let artifact = stack.interpreter.artifacts[key] else {
      throw Failure(
        "the lock has no build of \(stack.language) \(stack.interpreter.version) for \(key)",
        hint: "it has " + stack.interpreter.artifacts.keys.sorted().joined(separator: ", "))
    }
    let section = InterpreterSection(versions: [])
    var release = ReleaseHost(stack.language, section, host.environment)
    if let mirror = stack.mirror {
      release = ReleaseHost(
        stack.language, InterpreterSection(versions: [], mirror: mirror), host.environment)
    }
    let downloads = Downloads(host: host, libraries: Installation.locate(host).libraries)
    let name = "\(stack.language) \(stack.interpreter.version) for \(architecture)"
    progress.started(id: name, label: name)
    let file = try await downloads.fetch(
      addresses: release.addresses(artifact.path), digest: artifact.digest, name: name, progress: progress,
      id: name)
    progress.finished(id: name)
    try host.files.create(place.appending(Vendoring.archive), try host.files.read(file), mode: 0o644)
  }

  /// The distribution's packages, from its archive as it is now or as it was.
  private func packages(
    _ architecture: Platform.Architecture, _ place: FilePath, _ progress: TerminalProgress
  ) async throws {
    let files = Vendoring.packages(stack, architecture.rawValue)
    guard !files.isEmpty else { return }
    let downloads = Downloads(host: host, libraries: Installation.locate(host).libraries)
    let name = "system packages for \(architecture)"
    progress.started(id: name, label: name)
    for file in files {
      let past = stack.packages?.snapshots[file.archive].map {
        "\(stack.description.packageMirror)/\(file.archive)/\($0)/\(file.pathInArchive)"
      }
      let found = try await downloads.fetch(
        addresses: ["\(DistributionPins.mirror(host))/\(file.path)"] + [past].compactMap(\.self),
        digest: file.digest, name: "\(file.name) \(file.version)", progress: progress, id: name)
      let target = place.pushing(FilePath(Vendoring.packagePath(file)))
      try host.files.createDirectories(target.removingLastComponent())
      try host.files.create(target, try host.files.read(found), mode: 0o644)
    }
    progress.finished(id: name)
  }

  // MARK: - Python

  /// The requirement files that an image installs.
  private func requirements() throws -> [(name: String, text: String)] {
    var files = [("packages", stack.requirements)]
    for tool in stack.tools { files.append((tool.name, tool.requirements)) }
    // The developer's own, as the template has them.
    let development = Installation.locate(host).templates.pushing("common/docker/dev.txt")
    if let text = try host.files.text(root.pushing("docker/dev.txt")) ?? host.files.text(development) {
      files.append(("development", text))
    }
    return files
  }

  private func wheels(_ architecture: Platform.Architecture, _ place: FilePath) async throws {
    let download = try await WheelDownload(host)
    let wheels = place.appending("wheels")
    try host.files.createDirectories(wheels)
    for (name, text) in try requirements() where !text.isEmpty {
      session.talk("Getting the wheels of \(name)")
      try await download.get(
        text, named: name, minor: stack.interpreter.version.minor, Platform(.linux, architecture),
        into: wheels)
    }
  }

  // MARK: - Node

  /// What `npm ci` needs in the image, by its own digests: the content part of a cache.
  private func npm(_ architecture: Platform.Architecture, _ place: FilePath) async throws {
    guard let npm = Programs.find("npm", host) else {
      throw Failure("packages of Node are got by npm, which is not on PATH", hint: "outfit up")
    }
    let scratch = place.appending(".npm")
    let project = scratch.appending("project")
    try host.files.createDirectories(project)
    for name in ["package.json", "package-lock.json"] {
      guard let text = try host.files.text(root.appending(name)) else {
        throw Failure("the project has no \(name)", hint: "npm install --package-lock-only writes it")
      }
      try host.files.create(project.appending(name), Array(text.utf8), mode: 0o644)
    }
    session.talk("Getting the packages of package-lock.json")
    let cache = scratch.appending("cache")
    let done = try await host.processes.run(
      Invocation(
        npm,
        [
          "ci", "--include=dev", "--ignore-scripts", "--no-audit", "--no-fund", "--cache", cache.string,
          // Packages for other platforms are left out: the image's platform counts, not this machine's.
          "--os=linux", "--cpu=\(architecture == .amd64 ? "x64" : "arm64")", "--libc=glibc",
        ],
        environment: host.environment, workingDirectory: project))
    guard done.succeeded else {
      var diagnostic = Diagnostic(.error, "the packages of package-lock.json can't be got")
      diagnostic.excerpt = done.errorText.split(separator: "\n").suffix(4).joined(separator: "\n")
      throw Failure([diagnostic])
    }
    let kept = place.appending("npm").appending("_cacache")
    try host.files.createDirectories(kept)
    let content = cache.pushing("_cacache/content-v2")
    if host.files.exists(content) { try host.files.rename(content, to: kept.appending("content-v2")) }
    try host.files.removeTree(scratch)
  }
}
