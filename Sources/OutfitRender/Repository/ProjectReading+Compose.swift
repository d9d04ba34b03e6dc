import OutfitCore
import OutfitProfile

/// What the compose files say.
extension ProjectReading {
  private static let usual = ["postgres": "18", "redis": "8"]

  mutating func readCompose() {
    for name in compose.malformed {
      note("\(name) can't be read as YAML, and nothing of it is taken over", warns: true)
    }
    for name in compose.left {
      note(
        compose.files.first.map { "\(name) is left out: \($0.name) is read" }
          ?? "\(name) is left out: it does not lie where this folder's own would")
    }
    // In a repository of several applications each needs what it depends on.
    let needed = compose.foreign.isEmpty ? [] : Set(compose.own.flatMap(\.needs))
    for service in compose.images where needed.isEmpty || needed.contains(service.name) {
      readImageService(service)
    }
    let ownFile = compose.own.contains { $0.audience == .production }
    for service in compose.own {
      let isOurs = compose.own.contains { other in
        other.name == service.name && (other.build.map { $0.file == imageFile } ?? true)
      }
      if isOurs || imageStage == nil { readVariables(of: service) }
      if let reference = service.image {
        let repository = ImageParity.repository(reference)
        if image == nil, Names.isImage(repository), repository.contains("/") { image = repository }
      }
      guard service.audience != .development else { continue }
      if ownFile, service.audience == .all {
        let production = compose.own.first { $0.audience == .production }?.file ?? ""
        if !compose.own.contains(where: { $0.name == service.name && $0.audience == .production }) {
          note(
            "\(service.place): the service \(service.name) is left out: production's are those of \(production)",
            "what production runs goes under app.processes")
        }
        continue
      }
      readOwn(service)
    }
    for service in compose.unbuilt where service.audience != .development && !service.isBeside {
      guard named.insert(service.name).inserted else { continue }
      note(
        "\(service.place): the service \(service.name) has neither image nor build there, and is not taken over",
        "what production runs goes under app.processes")
    }
    for service in compose.foreign
    where service.audience != .development && named.insert(service.name).inserted {
      let build = service.build?.context ?? ""
      if Self.isDatabase(service.name), services[Self.kind(service.name)] == nil {
        services[Self.kind(service.name)] = (
          Self.usual[Self.kind(service.name)] ?? "", "GUESS: \(service.place) builds its own from \(build)"
        )
      } else if !build.hasPrefix("..") || service.name != "nginx" {
        note(
          "\(service.place): the service \(service.name) is built from \(build), and is not taken over",
          sources.folders.contains(build) || build.hasPrefix("..")
            ? "it is an app of its own: outfit init \(build)" : nil)
      }
    }
  }

  private static func isDatabase(_ name: String) -> Bool { ["postgres", "redis"].contains(kind(name)) }

  private static func kind(_ name: String) -> String {
    name == "db" || name == "database" ? "postgres" : name
  }

  private mutating func readImageService(_ service: ComposeReading.Service) {
    let reference = service.image ?? ""
    let repository = ImageParity.repository(reference)
    let plain = ["docker.io/library/", "docker.io/", "library/"].reduce(repository) {
      $0.hasPrefix($1) ? String($0.dropFirst($1.count)) : $0
    }
    let tag = String(reference.dropFirst(repository.count + 1).prefix { $0 != "@" })
    guard service.audience != .development || services[plain] == nil, !service.isBeside else {
      if !["postgres", "redis"].contains(plain) {
        note("\(service.place): the service \(service.name) is left out: a profile switches it on")
      }
      return
    }
    if ["postgres", "redis"].contains(plain) {
      guard services[plain] == nil else { return }
      if let version = Self.version(tag) {
        services[plain] = (version, nil)
        if version != tag { note("\(service.place): \(reference) becomes \(plain) \(version)") }
      } else {
        services[plain] = (Self.usual[plain] ?? "", "GUESS: \(service.place) says no version")
      }
    } else if plain == "postgis/postgis", services["postgres"] == nil,
      let version = tag.split(separator: "-alpine").first
    {
      services["postgres"] = (String(version), nil)
      serviceImages["postgres"] = plain
    } else if service.audience != .development, named.insert(service.name).inserted {
      note(
        "\(service.place): the service \(service.name) (\(reference)) is not taken over",
        "where production needs it: app: {services: {\(Self.label(service.name)): {image: …, version: …, port: …}}}",
        warns: true)
    }
  }

  private mutating func readOwn(_ service: ComposeReading.Service) {
    guard !service.isBeside else {
      return note(
        "\(service.place): the service \(service.name) is left out: the profile \(service.profiles.joined(separator: ", ")) switches it on",
        "what production runs goes under app.processes")
    }
    let other = service.command.map { (words: $0, isLine: service.isLine) }
    let isImages = other == nil && service.entrypoint == nil
    let isOurs = service.build == nil || service.build?.file == imageFile || imageStage == nil
    readVolumes(of: service)
    if isImages, !isOurs {
      return note(
        "\(service.place): the service \(service.name) starts what \(service.build?.file ?? "") says, and is left out",
        "name it under app.processes")
    }
    if !isImages, isOurs, service.audience == .all, service.isMounted, let own = imageStage?.command,
      let server = program().command.program, Self.servers.contains(server)
    {
      servedPort = servedPort ?? service.ports.first
      return note(
        "\(service.place): \(service.name) has the source mounted, for those who develop: production starts what \(imageFile):\(own.line) does"
      )
    }
    let (command, script) = program(other, entrypoint: service.entrypoint)
    if StartCommand.isBeside(command) {
      return note(
        "\(service.place): \(service.name) shows how the others do, and is left out",
        "where production needs it: app: {processes: {\(Self.label(service.name)): {command: …, port: …}}}")
    }
    let text = command.text
    let port = command.port ?? service.ports.first
    if isImages, command.words.isEmpty || StartCommand.isIdle(command.words) {
      servedPort = servedPort ?? service.ports.first
      return
    }
    if StartCommand.isIdle(command.words) || isForDevelopment(text) {
      servedPort = servedPort ?? service.ports.first
      if other != nil, let own = command.forProduction {
        note(
          "\(service.place): `\(text)` of \(service.name) is for those who develop: production starts \(own.text)",
          "name what production runs under app.processes")
        let port = own.port ?? service.ports.first
        return take(
          processName(service.name), own, port: port, "GUESS: \(service.place), without what watches it")
      }
      return note(
        "\(service.place): `\(text)` of \(service.name) is for those who develop, and is left out",
        "name what production runs under app.processes")
    }
    if StartCommand.isMigration(text) || service.isOnce {
      if StartCommand.isMigration(text), django == nil { migrate = migrate ?? (text, service.place) }
      return note(
        "\(service.place): the service \(service.name) ends by itself, and is no process",
        StartCommand.isMigration(text) ? "migrations run in a Job (app.values.migrate)" : nil)
    }
    if let script, !isImages { noteEntrypoint(script) }
    if isImages {
      // Its command is the image's own, which is read with the Dockerfile.
      servedPort = servedPort ?? port
      return
    }
    take(processName(service.name), command, port: port, service.place)
  }

  private func processName(_ service: String) -> String {
    ["app", "django", "server", "backend"].contains(service) ? "web" : Self.label(service)
  }

  /// Folders that outlive the containers, and are none of static files or packages.
  private mutating func readVolumes(of service: ComposeReading.Service) {
    for volume in service.volumes {
      let parts = volume.split(separator: ":").map(String.init)
      guard parts.count > 1, let name = parts.first, name.first?.isLetter == true,
        named.insert(volume).inserted,
        !["static", "node_modules", "venv", "cache"].contains(where: volume.contains)
      else { continue }
      let path = places.moved(parts[1])
      note(
        "\(service.place): the volume \(name) at \(parts[1]) is not taken over",
        "app: {processes: {web: {replicas: 1, volumes: {\(Self.label(name)): \(path)}}}}", warns: true)
    }
  }

  // MARK: Variables

  /// Those that Compose itself, or the machine, is meant by.
  private static func isForCompose(_ name: String) -> Bool {
    ["COMPOSE_", "DOCKER_", "BUILDKIT_", "VIRTUAL_", "LETSENCRYPT_"].contains { name.hasPrefix($0) }
      || ["PORT", "UID", "GID", "USER", "HOME", "PATH", "TZ", "TERM", "PYTHONPATH", "PUID", "PGID"].contains(
        name)
  }

  private mutating func readVariables(of service: ComposeReading.Service) {
    guard !service.isBeside else { return }
    for (name, value, isWhole) in service.environment {
      take(name, value, isWhole: isWhole, service.audience, service.place, isOfFile: false)
    }
    for file in service.environmentFiles {
      let samples = sources.texts.keys.filter { name in
        SourceFiles.folder(of: name) == SourceFiles.folder(of: file) && name.hasPrefix(file) && name != file
          && SourceFiles.isExample(SourceFiles.base(of: name).lowercased())
          && !name.dropFirst(file.count + 1).contains("prod")
      }
      guard let sample = samples.min(by: { $0.count < $1.count }) else { continue }
      for (name, value) in VariableNames.assignments(sources[sample] ?? "") {
        take(name, value, isWhole: !value.contains("$"), service.audience, sample, isOfFile: true)
      }
    }
  }

  private mutating func take(
    _ name: String, _ value: String, isWhole: Bool, _ audience: ComposeReading.Audience, _ place: String,
    isOfFile: Bool
  ) {
    guard !Self.isForCompose(name), Names.isVariable(name) else { return }
    let value = value.hasPrefix("/") ? places.moved(value) : value
    if !isOfFile || names.read[name] != nil || audience == .production {
      // Production's own says what kind it is.
      if shown[name] == nil || audience == .production { shown[name] = (value, place) }
    }
    if Connections.handedOut.contains(name) { return }
    if VariableNames.isSecret(name) || value.contains("://") && value.contains("@")
      || name.hasSuffix("DATABASE_URL")
    {
      return
    }
    if !isWhole || value.contains("\n") {
      if !isOfFile { unsaid.insert(name) }
      return
    }
    if isOfFile, audience != .production, names.read[name] == nil { return }
    if value.isEmpty { return }
    switch audience {
    case .production:
      if production[name] == nil { production[name] = value }
    case .all, .development:
      if audience == .all || variables[name] == nil { variables[name] = value }
    }
  }
}
