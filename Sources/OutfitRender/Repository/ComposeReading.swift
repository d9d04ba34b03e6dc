import OutfitCore
import OutfitProfile

/// What the compose files of a repository say of this folder's programs, and of what those need beside them.
///
/// Of several files one is for all, one for production and one for those who develop, by their names.
struct ComposeReading {
  enum Audience { case all, production, development }

  struct Service {
    var name: String
    var file: String
    var place: String
    var audience: Audience
    /// A line for a shell where it is one text.
    var command: [String]?
    var isLine = false
    var entrypoint: [String]?
    var ports: [Int] = []
    var environment: [(name: String, value: String, isWhole: Bool)] = []
    var environmentFiles: [String] = []
    var profiles: [String] = []
    var image: String?
    var build: Build?
    var health: String?
    var volumes: [String] = []
    var isOnce = false
    /// The services that it depends on.
    var needs: [String] = []

    /// The source lies in it as it is on the machine, so that it is there for those who change it.
    var isMounted: Bool {
      guard let build else { return false }
      return volumes.contains { volume in
        guard let path = volume.split(separator: ":").first, path.hasPrefix(".") else { return false }
        let folder = SourceFiles.joined(SourceFiles.folder(of: file), String(path))
        return folder == build.context || folder == mountedContext
      }
    }
    /// 1 where its Dockerfile is called as one for a whole project is.
    var isUsual: Int {
      let name = build.map { SourceFiles.base(of: $0.file).lowercased() } ?? ""
      return name == "dockerfile" || name.contains("prod") ? 1 : 0
    }

    /// The context as the compose file means it.
    var mountedContext = ""

    /// By its profiles it runs only for some: its own name switches it on, as somebody wants to have it there.
    var isBeside: Bool {
      !profiles.isEmpty
        && !profiles.contains { [name, "prod", "production", "deploy", "all", "default"].contains($0) }
    }
  }

  /// Relative to the folder.
  struct Build: Hashable {
    var context: String
    var file: String
    var target: String?
  }

  /// Those that build this folder, the ones for production first.
  private(set) var own: [Service] = []
  /// Those that build another folder.
  private(set) var foreign: [Service] = []
  /// Those that run an image of somebody else's.
  private(set) var images: [Service] = []
  /// Those that say neither: they take it from another file, or from nowhere.
  private(set) var unbuilt: [Service] = []
  private(set) var left: [String] = []
  private(set) var malformed: [String] = []
  private(set) var files: [(name: String, audience: Audience)] = []

  private let folder: String
  private let place: String
  private let sources: SourceFiles

  /// - Parameters:
  ///   - folder: the name of the repository's folder that is read.
  ///   - place: the folder, from the repository's top.
  init(_ sources: SourceFiles, folder: String, place: String) {
    self.sources = sources
    self.folder = folder
    self.place = place
    choose()
    var services: [Service] = []
    for (name, audience) in files {
      guard let document = try? Document.parseOne(sources[name] ?? "", file: name) else {
        malformed.append(name)
        continue
      }
      for (service, entry) in (document["services"]?.entries ?? [:]).sorted(by: { $0.key < $1.key }) {
        services.append(read(service, entry, name, audience))
      }
    }
    sort(Self.merged(services))
  }

  // MARK: Files

  static func audience(of name: String) -> Audience {
    let words = SourceFiles.base(of: name).lowercased().split { !$0.isLetter && !$0.isNumber }.map(
      String.init)
    func has(_ list: [String]) -> Bool { words.contains(where: list.contains) }
    if has([
      "override", "dev", "devel", "development", "local", "test", "tests", "testing", "ci", "e2e", "debug",
      "watch",
      "lint", "docs",
    ]) {
      return .development
    }
    return has(["prod", "production", "deploy", "deployment", "live", "release", "server", "swarm", "stack"])
      ? .production : .all
  }

  private static func isOdd(_ name: String) -> Bool {
    SourceFiles.base(of: name).lowercased().split { !$0.isLetter }.contains {
      !["docker", "podman", "compose", "yml", "yaml"].contains($0)
    }
  }

  private mutating func choose() {
    let all = sources.texts.keys.filter { SourceFiles.isCompose(SourceFiles.base(of: $0).lowercased()) }
    let folders = Set(all.filter(SourceFiles.isOfDeployment).map(SourceFiles.folder)).sorted {
      Self.rank($0) == Self.rank($1) ? $0 < $1 : Self.rank($0) < Self.rank($1)
    }
    let best =
      folders.first { folder in
        all.contains { SourceFiles.folder(of: $0) == folder && Self.audience(of: $0) != .development }
      } ?? folders.first
    guard let best else {
      left = all.sorted()
      return
    }
    let here = all.filter { SourceFiles.folder(of: $0) == best }.sorted {
      Self.order($0).lexicographicallyPrecedes(Self.order($1))
    }
    for audience in [Audience.production, .all, .development] {
      if let name = here.first(where: { Self.audience(of: $0) == audience }) {
        files.append((name, audience))
      }
    }
    left = all.filter { name in !files.contains { $0.name == name } && !name.hasPrefix("..") }.sorted()
  }

  private static func rank(_ folder: String) -> Int {
    folder.isEmpty ? 0 : folder == ".." ? 2 : folder.hasPrefix("..") ? 4 : folder.contains("docker") ? 1 : 3
  }

  /// As Compose looks for them, then the others by name.
  private static func order(_ name: String) -> [String] {
    let base = SourceFiles.base(of: name)
    let known = ["compose.yaml", "compose.yml", "docker-compose.yaml", "docker-compose.yml"].firstIndex(
      of: base)
    let better = ["prod", "override", "dev", "local", "postgres.", "postgres"].firstIndex(
      where: base.contains)
    return [known.map { "0\($0)" } ?? (isOdd(name) ? "2" : "1"), better.map(String.init) ?? "9", base]
  }

  // MARK: Services

  /// What a compose file means by a path, from this folder.
  private func here(_ path: String) -> String { SourceFiles.returned(path, to: place) ?? path }

  private func read(_ name: String, _ entry: Document, _ file: String, _ audience: Audience) -> Service {
    let place = sources.place(file, "\(name):")
    var service = Service(name: name, file: file, place: place, audience: audience)
    let folder = SourceFiles.folder(of: file)
    if let build = entry["build"] {
      let context = SourceFiles.joined(folder, build.text ?? build["context"]?.text ?? ".")
      let dockerfile = SourceFiles.joined(context, build["dockerfile"]?.text ?? "Dockerfile")
      service.mountedContext = context
      service.build = Build(context: here(context), file: here(dockerfile), target: build["target"]?.text)
    }
    service.image = entry["image"]?.text.map { Self.interpolated($0).text }
    if let words = entry["command"]?.texts {
      service.command = words.map { Self.interpolated($0, keepsNames: true).text }
    } else if let line = entry["command"]?.text {
      service.command = [Self.interpolated(line, keepsNames: true).text]
      service.isLine = true
    }
    service.entrypoint =
      entry["entrypoint"]?.texts ?? entry["entrypoint"]?.text.map { ProjectReading.words($0) }
    for item in (entry["ports"]?.items ?? []) + (entry["expose"]?.items ?? []) {
      let text = item.text.map { Self.interpolated($0).text } ?? item["target"]?.text ?? ""
      if let port = text.split(separator: ":").last.flatMap({ Int($0.prefix { $0.isNumber }) }) {
        service.ports.append(port)
      }
    }
    for (key, value) in (entry["environment"]?.entries ?? [:]).sorted(by: { $0.key < $1.key }) {
      let text = value.text ?? (value.isTrue ? "true" : value.isFalse ? "false" : "")
      let (plain, isWhole) = Self.interpolated(text)
      service.environment.append((key, isWhole ? plain : text, isWhole && value != .null))
    }
    for item in entry["environment"]?.texts ?? [] {
      guard let equals = item.firstIndex(of: "=") else {
        service.environment.append((item, "", false))
        continue
      }
      let text = String(item[item.index(after: equals)...])
      let (plain, isWhole) = Self.interpolated(text)
      service.environment.append((String(item[..<equals]), isWhole ? plain : text, isWhole))
    }
    let listed = entry["env_file"]?.texts ?? entry["env_file"]?.text.map { [$0] }
    let files = listed ?? (entry["env_file"]?.items ?? []).compactMap { $0.text ?? $0["path"]?.text }
    service.environmentFiles = files.map { here(SourceFiles.joined(folder, $0)) }
    service.profiles = entry["profiles"]?.texts ?? []
    let test = entry.at("healthcheck", "test")
    service.health = (test?.texts?.joined(separator: " ") ?? test?.text).flatMap {
      HealthPaths.path(in: Self.interpolated($0).text)
    }
    service.volumes = (entry["volumes"]?.texts ?? []).map { Self.interpolated($0).text }
    service.needs = ["depends_on", "links"].flatMap { key in
      Array(entry[key]?.entries.keys ?? [:].keys)
        + (entry[key]?.texts ?? []).map { String($0.prefix { $0 != ":" }) }
    }
    service.isOnce = entry["restart"]?.text == "no" || entry["restart"]?.isFalse == true
    return service
  }

  /// With the defaults that stand in it; whole where each variable has one.
  static func interpolated(_ text: String, keepsNames: Bool = false) -> (text: String, isWhole: Bool) {
    var (result, isWhole) = ("", true)
    var rest = text[...]
    while let dollar = rest.firstIndex(of: "$") {
      result += rest[..<dollar]
      rest = rest[rest.index(after: dollar)...]
      if rest.first == "$" {
        result += "$"
        rest = rest.dropFirst()
      } else if rest.first == "{", let end = rest.firstIndex(of: "}") {
        let inner = rest[rest.index(after: rest.startIndex)..<end]
        let name = inner.prefix { $0.isLetter || $0.isNumber || $0 == "_" }
        let form = inner[name.endIndex...]
        if form.hasPrefix(":-") || form.hasPrefix("-") {
          let value = form.drop { $0 == ":" }.dropFirst()
          result += keepsNames && name == "PORT" ? "${PORT:-\(value)}" : String(value)
        } else {
          isWhole = false
          if keepsNames { result += "${\(name)}" }
        }
        rest = rest[rest.index(after: end)...]
      } else {
        let name = rest.prefix { $0.isLetter || $0.isNumber || $0 == "_" }
        if name.isEmpty {
          result += "$"
        } else {
          isWhole = false
          if keepsNames { result += "$" + name }
        }
        rest = rest[name.endIndex...]
      }
    }
    return (result + rest, isWhole)
  }

  /// A service that a second file only changes is one with the first; one that it describes itself stands alone.
  private static func merged(_ services: [Service]) -> [Service] {
    var merged: [Service] = []
    for service in services {
      var service = service
      if let base = services.first(where: { $0.name == service.name && $0.audience == .all }),
        service.audience != .all
      {
        if service.build == nil, service.image == nil {
          if service.command == nil { (service.command, service.isLine) = (base.command, base.isLine) }
          service.entrypoint = service.entrypoint ?? base.entrypoint
        }
        if service.build == nil, service.image == nil || base.build != nil {
          (service.build, service.image) = (base.build, service.image ?? base.image)
        }
        if service.ports.isEmpty { service.ports = base.ports }
        if service.mountedContext.isEmpty { service.mountedContext = base.mountedContext }
        if service.profiles.isEmpty { service.profiles = base.profiles }
        service.health = service.health ?? base.health
      }
      merged.append(service)
    }
    return merged
  }

  private mutating func sort(_ services: [Service]) {
    func isHere(_ build: Build) -> Bool {
      build.context.isEmpty || !build.file.hasPrefix("..") && build.context.hasPrefix("..")
    }
    let built = services.filter { $0.build != nil }
    let ownImages = Set(built.filter { $0.build.map(isHere) == true }.compactMap(\.image))
    let hasDockerfile = sources.has("Dockerfile")
    for service in services {
      if let build = service.build {
        if isHere(build) { own.append(service) } else { foreign.append(service) }
      } else if let image = service.image {
        let name = SourceFiles.base(of: ImageParity.repository(image))
        let isOwn = ownImages.contains(image) || hasDockerfile && name == folder && !folder.isEmpty
        if isOwn { own.append(service) } else { images.append(service) }
      } else {
        unbuilt.append(service)
      }
    }
  }

  /// The Dockerfile that production is built by, else the one that everybody has.
  var dockerfile: Build? {
    // One that has no port, and a Dockerfile of another name, is a service of its own beside the project's.
    let builds = own.filter { !$0.isBeside }.sorted {
      ($0.ports.count, $0.isUsual) > ($1.ports.count, $1.isUsual)
    }
    for audience in [Audience.production, .all] {
      if let build = builds.first(where: { $0.audience == audience && $0.build != nil })?.build {
        return build
      }
    }
    return nil
  }
}
