import OutfitCore
import OutfitProfile
import OutfitSystem
import SystemPackage

extension RenderSession {
  /// The inventory of the proof, and every path that it was made from.
  /// - Parameter rendering: what render would write.
  public func inventory(_ rendering: Rendering) throws -> (
    files: ParityFiles, read: [FilePath], isWhole: Bool
  ) {
    var inventory = Inventory(session: self, rendering: rendering)
    try inventory.read()
    inventory.result.standardDockerfile = try standardDockerfile(rendering)
    return (inventory.result, inventory.paths, inventory.isWhole)
  }

  /// What Outfit's own template makes of the project's values, where the project has a Dockerfile of its own.
  private func standardDockerfile(_ rendering: Rendering) throws -> String? {
    guard rendering.files.contains(where: { $0.path == BuildRules.path && $0.isOwn }) else { return nil }
    let name = rendering.stack.language == .node ? "node" : "common"
    let place = templates.appending(name).appending(BuildRules.path)
    guard let text = try host.files.text(place), let context = rendering.stack.contexts()[.project]?.first
    else {
      return nil
    }
    return try? Templates.render(text, with: context, file: place.string)
  }

  /// What is at one path of the project.
  func look(_ relative: String) throws -> FoundFile? {
    let path = root.pushing(FilePath(relative))
    guard let status = try host.files.status(path, followLinks: false) else { return nil }
    guard status.kind == .file else { return FoundFile(content: "", mode: status.mode, isOddity: true) }
    return FoundFile(content: String(decoding: try host.files.read(path), as: UTF8.self), mode: status.mode)
  }
}

/// Looks for all that is read.
private struct Inventory {
  let session: RenderSession
  let rendering: Rendering
  var result: ParityFiles
  var paths: [FilePath] = []
  /// Whether all that is read is known.
  var isWhole = true

  private var root: FilePath { session.root }
  private var files: any Files { session.host.files }

  init(session: RenderSession, rendering: Rendering) {
    self.session = session
    self.rendering = rendering
    result = ParityFiles(rendered: rendering.files, found: [:])
  }

  mutating func read() throws {
    var folders: Set<String> = []
    for file in rendering.files {
      paths.append(root.pushing(FilePath(file.path)))
      result.found[file.path] = try session.look(file.path)
      var parts = file.path.split(separator: "/").dropLast()
      while !parts.isEmpty {
        folders.insert(parts.joined(separator: "/"))
        parts.removeLast()
      }
    }
    for folder in folders.sorted() {
      let path = root.pushing(FilePath(folder))
      paths.append(path)
      if let kind = try files.status(path, followLinks: false)?.kind, kind != .directory {
        result.further[folder] = "is a \(kind.rawValue), and leads elsewhere"
        isWhole = false
      }
    }
    try beside()
    for name in ["COMPOSE_FILE", "COMPOSE_ENV_FILES"] where session.host.environment[name]?.isEmpty == false {
      result.further[name] = "is set in this shell, and has Compose read other files"
    }
    for lock in [rendering.stack.nodePackages, rendering.stack.bundle?.packages].compactMap(\.self) {
      let path = root.pushing(FilePath(lock.path))
      paths.append(path)
      result.nodeLocks[lock.path] = try files.text(path)
    }
    try environment()
    try devcontainers()
    try kustomizations()
  }

  // MARK: - Beside what is rendered

  private static let readers: [(String, String)] = [
    ("compose.override.yaml", "is put over compose.yaml by Compose"),
    ("compose.override.yml", "is put over compose.yaml by Compose"),
    ("docker-compose.override.yaml", "is put over compose.yaml by Compose"),
    ("docker-compose.override.yml", "is put over compose.yaml by Compose"),
    ("Dockerfile.dockerignore", "is read by BuildKit instead of .dockerignore"),
    (".containerignore", "is read by Buildah and Podman instead of .dockerignore"),
    ("Containerfile", "is read by Buildah and Podman instead of the Dockerfile"),
    ("docker-bake.hcl", "is read by `docker buildx bake`"),
    ("docker-bake.json", "is read by `docker buildx bake`"),
    ("docker-bake.override.hcl", "is read by `docker buildx bake`"),
    ("docker-bake.override.json", "is read by `docker buildx bake`"), ("skaffold.env", "is read by Skaffold"),
    (".devcontainer.json", "is a second dev container"),
    (".devcontainer-lock.json", "pins features, and the dev container has none"),
    (".devcontainer/devcontainer-lock.json", "pins features, and the dev container has none"),
  ]

  private mutating func beside() throws {
    for (name, reader) in Self.readers {
      let path = root.pushing(FilePath(name))
      paths.append(path)
      if result.found[name] == nil, try files.status(path, followLinks: false) != nil {
        result.further[name] = reader
      }
    }
  }

  /// `.env` gives Compose variables: secrets of development, and nothing else.
  private mutating func environment() throws {
    let path = root.appending(".env")
    paths.append(path)
    guard let text = try files.text(path) else { return }
    let compose = result.text(ComposeRules.path) ?? ""
    var names: [String] = []
    for line in text.split(separator: "\n") {
      var name = line.prefix { $0 != "=" && $0 != ":" }.filter { $0 != " " && $0 != "\t" && $0 != "\r" }[...]
      if name.hasPrefix("export") { name = name.dropFirst(6) }
      guard !name.isEmpty, !name.hasPrefix("#") else { continue }
      let isSetting = ["COMPOSE_", "DOCKER_", "BUILDKIT_", "BUILDX_", "SKAFFOLD_"].contains {
        name.hasPrefix($0)
      }
      let isUsed = compose.contains("${\(name)") || compose.contains("$\(name)")
      if isSetting || isUsed && !rendering.stack.secretKeys.contains(String(name)) {
        names.append(String(name))
      }
    }
    if !names.isEmpty {
      result.further[".env"] =
        "gives Compose \(names.joined(separator: ", ")), and only secrets may come from there"
    }
  }

  private mutating func devcontainers() throws {
    let folder = root.appending(".devcontainer")
    for name in (try? files.list(folder)) ?? [] {
      let path = ".devcontainer/\(name)/devcontainer.json"
      paths += [folder.appending(name), root.pushing(FilePath(path))]
      if result.found[path] == nil, try files.status(root.pushing(FilePath(path)), followLinks: false) != nil
      {
        result.further[path] = "is a second dev container"
      }
    }
  }

  // MARK: - Kustomize

  private mutating func kustomizations() throws {
    let rendered = Set(rendering.files.map { root.pushing(FilePath($0.path)) })
    for environment in rendering.stack.environments.map(\.name) {
      var reading = KustomizeReading(files: files)
      reading.folder(root.pushing(FilePath("k8s/overlays/\(environment)")))
      for path in reading.read.sorted(by: { $0.string < $1.string }) {
        paths.append(path)
        guard !rendered.contains(path), try files.status(path, followLinks: true)?.kind == .file else {
          continue
        }
        result.further[short(path)] = "is read by kustomize for \(environment), and is not rendered"
        result.unrendered.insert(environment)
      }
      for message in reading.unknown {
        let text = message.replacing(root.string + "/", with: "")
        let place = String(text.prefix { $0 != " " })
        result.further[place] = String(text.dropFirst(place.count + 1))
        result.unrendered.insert(environment)
        isWhole = false
      }
    }
    try walk("k8s")
  }

  private mutating func walk(_ folder: String) throws {
    let path = root.pushing(FilePath(folder))
    paths.append(path)
    guard try files.status(path, followLinks: false)?.kind == .directory else { return }
    for name in try files.list(path) {
      let relative = folder + "/" + name
      let place = path.appending(name)
      switch try files.status(place, followLinks: false)?.kind {
      case .directory: try walk(relative)
      case .link:
        paths.append(place)
        isWhole = false
        if result.found[relative] == nil, result.further[relative] == nil {
          result.further[relative] = "is a link, and leads elsewhere"
        }
      default:
        if KustomizeReading.names.contains(name), result.found[relative] == nil,
          result.further[relative] == nil
        {
          result.further[relative] = "is an overlay that outfit.yaml does not name"
        }
      }
    }
  }

  private func short(_ path: FilePath) -> String {
    path.starts(with: root) ? String(path.string.dropFirst(root.string.count + 1)) : path.string
  }
}
