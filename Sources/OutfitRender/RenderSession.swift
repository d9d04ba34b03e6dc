import OutfitConsent
import OutfitCore
import OutfitEngine
import OutfitProfile
import OutfitSystem
import SystemPackage

/// `outfit render` in one project: the only code that writes into the repository outside a generation. Git
/// undoes it.
public struct RenderSession: Sendable {
  public var host: Host
  public var profile: Profile
  public var lock: Lock
  /// Of the bytes of `outfit.lock`.
  public var lockDigest: Digest
  /// The project's folder.
  public var root: FilePath
  /// The folder `templates` that came with Outfit.
  public var templates: FilePath
  /// What is vendored from now on; nil for what is so already.
  public var vendored: [VendoredFile]?

  public init(
    host: Host, profile: Profile, lock: Lock, lockDigest: Digest, root: FilePath, templates: FilePath
  ) {
    self.host = host
    self.profile = profile
    self.lock = lock
    self.lockDigest = lockDigest
    self.root = root
    self.templates = templates
  }

  /// Renders in memory.
  public func render() throws -> Rendering { try Render.files(try input()) }

  /// What is to be rendered, checked.
  /// - Parameter ignoringVendored: what lies in docker/vendor is about to be replaced.
  public func stack(ignoringVendored: Bool = false) throws -> Stack {
    var input = try input()
    if ignoringVendored { input.vendored = [] }
    return try Render.stack(input)
  }

  /// The images that the lock has to pin: the base, and each service.
  public func images() throws -> [String] {
    let input = try input()
    guard let app = input.profile.app else { return [] }
    let description = try TemplateDescription(input.template.descriptions)
    return Stack.images(app.value, description)
  }

  /// The template's files and folders.
  public func templateInputs() throws -> [FilePath] {
    guard let app = profile.app else { return [] }
    let source = try template(app)
    let files = (source.files.values.map(\.place) + source.descriptions.map(\.place)).map { FilePath($0) }
    return files + Set(files.map { $0.removingLastComponent() })
  }

  private func input() throws -> RenderInput {
    var input = RenderInput(profile: profile, lock: lock, lockDigest: lockDigest, template: TemplateSource())
    if let app = profile.app {
      input.template = try template(app)
      input.rootListing = Set(try host.files.list(root))
      let variables = app.value.environments.values.map(\.env) + [profile.env.mapValues(\.value)]
      for variables in variables {
        input.settingsModules.formUnion(
          DevelopmentSettings.modules(beside: variables) { folder in
            (try? host.files.withoutLinks.list(root.pushing(FilePath(folder)))) ?? []
          })
      }
      let description = try? TemplateDescription(input.template.descriptions)
      var folders = description?.language == .node ? [""] : []
      if let build = app.value.build { folders.append(build.folder == "." ? "" : build.folder) }
      for folder in folders { input.nodeFolders[folder] = try nodeFolder(folder) }
      try readTexts(app.value, &input)
      input.vendored = try vendored ?? Vendoring.read(root, files: host.files)
    }
    return input
  }

  /// Compares with what is on disk; anything that is not `.same` is drift.
  public func check(_ rendering: Rendering) throws -> [FileComparison] {
    RenderCheck.compare(rendering.files, try onDisk(rendering.files))
  }

  /// Writes what differs and removes what is left over.
  /// - Parameters:
  ///   - consented: to the profile that was rendered.
  ///   - force: replaces also what a person changed or made.
  /// - Returns: what was done, by the state that each file was in before.
  /// - Throws: status 4 and nothing written, when a file is the user's and `force` is not given.
  @discardableResult
  public func write(
    _ rendering: Rendering, by consented: Consented, force: Bool
  ) async throws -> [FileComparison] {
    try await refuseMoves(rendering.stack)
    let comparisons = try check(rendering)
    let conflicts = comparisons.filter(\.isConflict)
    let others = try otherComposeFiles(comparisons)
    guard force || conflicts.isEmpty && others.isEmpty else {
      throw Failure(
        others
          + conflicts.map { conflict in
            Diagnostic(
              .error,
              conflict.state == .changed
                ? "\(conflict.path) was changed since it was rendered"
                : "\(conflict.path) is there, and was not rendered by outfit",
              hint:
                "move it away, or let `outfit render --force` replace it: git has the old one if you committed it"
            )
          }, status: .consent)
    }
    let files = Dictionary(uniqueKeysWithValues: rendering.files.map { ($0.path, $0) })
    for path in files.keys.sorted() { try refuseOddFolders(path) }
    for comparison in comparisons {
      let target = root.pushing(FilePath(comparison.path))
      switch comparison.state {
      case .same: continue
      case .leftover: try host.files.remove(target)
      case .mode: try host.files.setMode(target, files[comparison.path]?.mode ?? 0o644)
      case .absent, .stale, .changed, .foreign:
        guard let file = files[comparison.path] else { continue }
        try host.files.createDirectories(target.removingLastComponent())
        if let status = try host.files.status(target, followLinks: false), status.kind == .directory {
          throw Failure(
            "\(file.path) is a folder, and a file is rendered there", hint: "move the folder away")
        }
        let name = target.lastComponent?.string ?? ""
        let beside = target.removingLastComponent().appending(".\(name).outfit-new")
        try host.files.removeTree(beside)
        try host.files.create(beside, Array(file.content.utf8), mode: file.mode)
        try host.files.rename(beside, to: target)
      }
    }
    return comparisons
  }

  /// Files that Compose reads in this folder, before it has ours: with it some are read no more, others go over it.
  private func otherComposeFiles(_ comparisons: [FileComparison]) throws -> [Diagnostic] {
    guard let ours = comparisons.first(where: { $0.path == "compose.yaml" }), ours.state == .absent else {
      return []
    }
    let names = ["compose.yml", "docker-compose.yaml", "docker-compose.yml"]
    let overrides =
      names.map { $0.replacing("compose.", with: "compose.override.") } + ["compose.override.yaml"]
    return try (names + overrides).filter {
      try host.files.status(root.appending($0), followLinks: false) != nil
    }
    .map { name in
      Diagnostic(
        .error,
        overrides.contains(name)
          ? "\(name) is there, and Compose would put it over the compose.yaml that is rendered"
          : "\(name) is there, and Compose would read the compose.yaml that is rendered instead of it",
        hint: "move it away, or let `outfit render --force` write compose.yaml beside it")
    }
  }

  func template(_ app: Sourced<AppSection>) throws -> TemplateSource {
    let isOwn = Self.isFolder(app.value.template)
    return try TemplateSource.load(
      try templateFolder(app), in: isOwn ? app.source.layer.folder : nil, templates: templates,
      files: host.files)
  }

  private static func isFolder(_ name: String) -> Bool { name.contains("/") || name == "." }

  private func templateFolder(_ app: Sourced<AppSection>) throws -> FilePath {
    let name = app.value.template
    if Self.isFolder(name) {
      let folder = app.source.layer.folder.pushing(FilePath(name)).lexicallyNormalized()
      guard host.files.exists(folder.appending("template.yaml")) else {
        throw Failure(
          "\(folder) is no template: it has no template.yaml", at: app.source.location,
          hint: "copy one of \(templates) to start with", status: .usage)
      }
      return folder
    }
    let known = ((try? host.files.list(templates)) ?? []).filter {
      host.files.exists(templates.appending($0).appending("template.yaml"))
    }
    guard known.contains(name) else {
      throw Failure(
        "there is no template `\(name)`", at: app.source.location,
        hint: nearest(name, among: known).map { "did you mean `\($0)`?" }
          ?? "there are " + known.filter { $0 != "common" }.joined(separator: ", ")
          + "; a folder of your own is written ./name",
        status: .usage)
    }
    return templates.appending(name)
  }

  /// What is at the rendered paths, and in the folders that render makes.
  private func onDisk(_ files: [RenderedFile]) throws -> [String: FoundFile] {
    var found: [String: FoundFile] = [:]
    var folders: Set<String> = []
    for file in files {
      if let first = file.path.split(separator: "/").dropLast().first { folders.insert(String(first)) }
      found[file.path] = try look(file.path)
    }
    for folder in folders.sorted() { try walk(folder, &found) }
    return found
  }

  private func walk(_ folder: String, _ found: inout [String: FoundFile]) throws {
    let path = root.pushing(FilePath(folder))
    guard try host.files.status(path, followLinks: false)?.kind == .directory else { return }
    for name in try host.files.list(path) {
      let relative = folder + "/" + name
      switch try host.files.status(path.appending(name), followLinks: false)?.kind {
      case .directory: try walk(relative, &found)
      case .file where found[relative] == nil: found[relative] = try look(relative)
      default: continue
      }
    }
  }

  /// A folder on the way that is a link could lead out of the project, and what is in a repository of git's own
  /// decides what git runs, wherever it lies.
  private func refuseOddFolders(_ relative: String) throws {
    var path = root
    guard !RenderedPath.isGit(relative) else {
      throw Failure("\(relative) is in git's own folder, where nothing is ever rendered", status: .usage)
    }
    for part in relative.split(separator: "/").dropLast() {
      path.append(String(part))
      guard let status = try host.files.status(path, followLinks: false) else { return }
      guard status.kind == .directory else {
        throw Failure(
          "\(path) is a \(status.kind.rawValue), and files are to be rendered into a folder there",
          hint: "move it away")
      }
      if host.files.exists(path.appending("HEAD")),
        ["objects", "commondir"].contains(where: { host.files.exists(path.appending($0)) })
      {
        throw Failure(
          "\(path) is a repository of git's own, where nothing is ever rendered", hint: "move it away",
          status: .usage)
      }
    }
  }
}
