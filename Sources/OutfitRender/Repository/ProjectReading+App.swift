import OutfitCore
import OutfitProfile

/// `app:`, and the variables that all environments have.
extension ProjectReading {
  /// The project's own name, as far as it can be one in Kubernetes.
  var ownName: String {
    let name = Self.label((declaredName ?? folder).split(separator: "/").last ?? "app")
    return Names.isLabel(name) && Names.isBareText(name) ? name : "app"
  }

  func template() -> (name: String, reason: String)? {
    if let django { return ("django", "\(django.file) is here") }
    let served = processes.values.contains { $0.port != nil }
    if shipsPython, served {
      return (
        "fastapi", known.has("fastapi") ? "it requires fastapi" : "a Python process that answers on a port"
      )
    }
    if shipsNode, !processes.isEmpty {
      return ("node", isPython ? "\(imageFile) starts it on Node" : "package.json is here")
    }
    if shipsPython, !processes.isEmpty { return ("worker", "processes that answer on no port") }
    return nil
  }

  // MARK: Variables

  mutating func writeVariables(_ settings: DjangoSettings?, _ out: inout [String]) {
    // What everything has that starts without a word of its own must not be a developer's.
    let common = settings?.common.map { "DJANGO_SETTINGS_MODULE: \($0)" }
    let composed = template() == nil ? [:] : self.composed
    for (name, entry) in managed {
      if common != nil && name == "DJANGO_SETTINGS_MODULE" || composed[name] != nil {
        managed[name] = nil
        continue
      }
      guard template() != nil, DevelopmentSettings.kind(name, entry.value) != nil else { continue }
      managed[name] = nil
      if variables[name] == nil { variables[name] = entry.value }
    }
    guard !composed.isEmpty || !managed.isEmpty else {
      if let common { out.append("env: {\(common)} # \(django?.file ?? "manage.py")") }
      return
    }
    out.append("env:")
    if let common { out.append("  \(common) # \(django?.file ?? "manage.py")") }
    for (name, value) in composed.sorted(by: { $0.key < $1.key }) {
      let place = names.read[name]?.place ?? shown[name]?.1
      out.append("  \(name): \(Quoting.json(value))" + (place.map { " # \($0)" } ?? ""))
    }
    for (name, entry) in managed.sorted(by: { $0.key < $1.key }) {
      out.append(
        "  \(name): \(Quoting.json(entry.value.replacing("${", with: "$${"))) # \(entry.place)")
    }
  }

  // MARK: The section

  private mutating func noteNoApp() {
    let folders = SubfolderApps.find(sources)
    if !processes.isEmpty, shipsPython, environment.from.isEmpty, folders.isEmpty {
      let packages = imageStage?.packages.pip ?? []
      return note(
        "there is no `app`: nothing lists the packages that its image would have",
        packages.first.map { "write what \(imageFile):\($0.line) installs into a requirements.txt" }
          ?? "write a requirements.txt, an empty one if it needs none", warns: true)
    }
    if let first = folders.first {
      let list = folders.prefix(8).map { "\($0.folder) (\($0.kind))" }.joined(separator: ", ")
      note(
        "no template fits this folder, so that there is no `app`; these could be one each: \(list)",
        "outfit init \(first.folder)", warns: true)
    } else {
      note(
        "no template fits, so that there is no `app`",
        "outfit render is for what is shipped: see docs/shipping.md")
    }
  }

  mutating func writeApp(_ name: String, _ settings: DjangoSettings?, _ out: inout [String]) {
    guard let template = template(), !shipsPython || !environment.from.isEmpty || django != nil else {
      return noteNoApp()
    }
    if environment.from.isEmpty, shipsPython {
      note("nothing lists the packages that the image would have", "write a requirements.txt", warns: true)
    }
    if template.name == "node", modules.from?.contains("/") != false {
      note(
        "the node template installs what a lock says, and there is none here that it can read",
        "npm install --package-lock-only writes one", warns: true)
    }
    out += ["", "app:", "  template: \(template.name) # GUESS: \(template.reason)", "  name: \(name)"]
    if let image {
      out.append("  image: \(image)")
    } else {
      out.append("  image: registry.example.com/\(name) # GUESS: where you push it")
    }
    writeBase(&out)
    out.append("  processes:")
    for (name, process) in processes.sorted(by: { $0.key < $1.key }) {
      var fields: [String] = []
      if !process.command.words.isEmpty { fields.append("command: \(Quoting.json(process.command.words))") }
      if let port = process.port { fields.append("port: \(port)") }
      if process.port == nil, isSingle(name, process) { fields.append("single: true") }
      out.append("    \(name): {\(fields.joined(separator: ", "))} # \(process.place)")
    }
    writeServices(&out)
    writeImage(&out)
    writeValues(&out)
    writeEnvironments(name, template.name, settings, &out)
    noteFiles()
  }

  private func isSingle(_ name: String, _ process: Process) -> Bool {
    let words = process.command.text.split(separator: " ")
    return words.contains("beat") || ["beat", "clock", "scheduler"].contains { name.contains($0) }
  }

  private func writeServices(_ out: inout [String]) {
    var pairs = services.sorted { $0.key < $1.key }.map { name, service in
      let version = Quoting.json(service.version)
      return serviceImages[name].map { "\(name): {image: \($0), version: \(version)}" }
        ?? "\(name): \(version)"
    }
    if servesOwnFiles, Grammar.hasServicesOff { pairs.append("nginx: false") }
    guard !pairs.isEmpty else { return }
    let reasons = services.sorted { $0.key < $1.key }.compactMap(\.value.guess)
    out.append(
      "  services: {\(pairs.joined(separator: ", "))}" + (reasons.first.map { " # \($0)" } ?? ""))
  }

  /// The application serves its static files itself.
  private var servesOwnFiles: Bool {
    guard let django else { return false }
    return known.has("whitenoise") && django.mentions("whitenoise")
      || known.has("servestatic") && django.mentions("servestatic")
  }

  private mutating func writeImage(_ out: inout [String]) {
    let packages = imageStage?.packages.run ?? []
    let lists = [("run", packages.map(\.name)), ("build", buildPackages), ("dev", ["curl", "git"])]
    let place =
      packages.first.map { "\(imageFile):\($0.line)" }
      ?? (buildPackages.isEmpty
        ? "what a developer has besides" : "for \(environment.build.joined(separator: ", "))")
    let fields = lists.filter { !$0.1.isEmpty }.map { "\($0): [\($1.joined(separator: ", "))]" }
    out.append("  packages: {\(fields.joined(separator: ", "))} # \(place)")
    writeBuild(&out)
    let mail = ["EMAIL_PORT", "SMTP_PORT", "EMAIL_HOST", "SMTP_HOST", "MAIL_PORT", "MAIL_SERVER"].first {
      names.read[$0] != nil
    }
    if let mail, let place = names.read[mail]?.place {
      out.append("  egress: [{ports: [443, 587]}] # GUESS: \(place) sends mail")
    }
    if environment.from.contains("pyproject.toml"), found["uv.lock"] == nil,
      sources.names.contains("../uv.lock")
    {
      note(
        "../uv.lock is the workspace's, and a manifest reads no lock above its folder",
        "outfit init .. takes the workspace as one", warns: true)
    }
    guard !secrets.isEmpty else { return }
    if Grammar.hasSecrets {
      out.append("  secrets: [\(secrets.joined(separator: ", "))]")
    } else {
      note("these are secrets, and stay out of the manifest: \(secrets.joined(separator: ", "))", nil)
    }
  }

  // MARK: Values

  private mutating func writeValues(_ out: inout [String]) {
    var values: [(name: String, value: String, place: String)] = []
    let asked =
      compose.own.first { $0.health != nil }.map { ($0.health ?? "", $0.place) }
      ?? imageStage?.health.map { ($0.path, "\(imageFile):\($0.line)") }
    let health = HealthPaths(
      sources, asked: asked.map { (path: $0.0, place: $0.1) }, urls: django?.urls,
      folder: django?.folder ?? "")
    if processes.values.contains(where: { $0.port != nil }) {
      for (name, found) in [("live", health.live), ("ready", health.ready)] {
        if let found { values.append((name, found.path, found.place)) }
      }
      if health.live == nil, health.ready == nil, let one = health.partial.first {
        note(
          "\(one.place): \(one.path) would say how it is, under a prefix that the file does not tell",
          "name it in full: app: {values: {ready: /…\(one.path)}}")
      }
    }
    if let project = django {
      values += djangoValues(project)
    } else if let migrate {
      values.append(("migrate", migrate.line, migrate.place))
    } else if known.has("alembic"),
      let file = [places.folder, ""].map({ SourceFiles.joined($0, "alembic.ini") })
        .first(where: sources.has)
    {
      let folder = SourceFiles.folder(of: file)
      let enter = folder.isEmpty ? "" : "cd \(Quoting.shell(folder)) && "
      values.append(("migrate", enter + "alembic upgrade head", "GUESS: \(file)"))
    }
    guard !values.isEmpty else { return }
    out.append("  values:")
    for (name, value, place) in values {
      out.append("    \(name): \(Quoting.json(value))" + (place.isEmpty ? "" : " # \(place)"))
    }
  }

  private func djangoValues(
    _ project: DjangoProject
  ) -> [(name: String, value: String, place: String)] {
    var values: [(String, String, String)] = []
    let enter = project.folder.isEmpty ? "" : "cd \(Quoting.shell(project.folder)) && "
    if !enter.isEmpty {
      values.append(("migrate", enter + "python manage.py migrate --noinput", project.file))
      values.append(("migrated", enter + "python manage.py migrate --check", ""))
    }
    if !project.settings.isEmpty, !project.mentions("django.contrib.staticfiles") {
      values.append(("prepare", "", "GUESS: django.contrib.staticfiles is not among the settings"))
    } else if !enter.isEmpty {
      let back = project.folder.split(separator: "/").map { _ in "../" }.joined()
      values.append(("prepare", enter + "python manage.py shell <\(back)docker/static.py", ""))
    }
    return values
  }

  // MARK: Environments

  private static let queues: [String] = [
    "celery", "rq", "django-rq", "dramatiq", "huey", "arq", "procrastinate", "taskiq", "faststream",
    "faust-streaming",
    "pika", "aio-pika", "kombu", "kafka-python", "confluent-kafka", "aiokafka", "temporalio",
  ]

  private static let nodeQueues: [String] = [
    "bull", "bullmq", "bee-queue", "agenda", "pg-boss", "graphile-worker", "amqplib",
    "amqp-connection-manager",
    "kafkajs", "sqs-consumer", "@temporalio/worker", "@nestjs/bull", "@nestjs/bullmq",
  ]

  /// Whether two of a process share what there is to do: requests that come in at a port, or the tasks of a queue. Two
  /// bots would answer everything twice.
  private var sharesWork: Bool {
    processes.values.contains { $0.port != nil || $0.command.words.isEmpty }
      || Self.queues.contains(where: known.has)
      || Self.nodeQueues.contains { scripts?.package["dependencies"]?[$0] != nil }
  }

  private mutating func writeEnvironments(
    _ name: String, _ template: String, _ settings: DjangoSettings?, _ out: inout [String]
  ) {
    out.append("  environments:")
    // What answers on no port has no host.
    let isServed = template != "worker"
    production.merge(imageVariables.filter { DevelopmentSettings.kind($0.key, $0.value) == nil }) { own, _ in
      own
    }
    for (name, value) in production where DevelopmentSettings.kind(name, value) != nil {
      note(
        "\(shown[name]?.1 ?? imageFile): \(name)=\(value) of production is for development", "it is left out",
        warns: true)
      production[name] = nil
    }
    var place = "GUESS"
    if let settings {
      if let own = settings.development, variables["DJANGO_SETTINGS_MODULE"] == nil {
        variables["DJANGO_SETTINGS_MODULE"] = own
      }
      production["DJANGO_SETTINGS_MODULE"] = settings.production
      place += settings.production == nil ? "" : "; the settings: \(settings.place)"
      if settings.isUnknown, let module = settings.production {
        note(
          "production would run with \(module), the only settings that were found: they are for development",
          "make a module for production, and name it under app.environments.production.env", warns: true)
      }
    }
    let replicas = sharesWork ? 2 : 1
    if !sharesWork { place += "; two might do everything twice" }
    var dev = isServed ? ["dev": "\(name).localhost", "production": "\(name).example"] : [:]
    writeHosts(&dev)
    func environment(_ name: String, _ fields: [String], _ variables: [String: String]) -> String {
      let env = variables.sorted { $0.key < $1.key }.map { "\($0.key): \(Quoting.json($0.value))" }
      let all = fields + (env.isEmpty ? [] : ["env: {\(env.joined(separator: ", "))}"])
      return "    \(name): {\(all.joined(separator: ", "))}"
    }
    out.append(environment("dev", dev["dev"].map { ["host: \($0)"] } ?? [], variables))
    out.append(
      environment(
        "production", (dev["production"].map { ["host: \($0)"] } ?? []) + ["replicas: \(replicas)"],
        production)
        + " # \(place)")
    noteNeeded()
    noteImageVariables()
  }

  /// What the image says besides, and nothing here does.
  private mutating func noteImageVariables() {
    let left = (imageStage?.environment ?? [:]).filter { name, _ in
      composed[name] == nil && production[name] == nil && variables[name] == nil && managed[name] == nil
        && !secrets.contains(name) && !Self.areTheTemplates(name)
    }
    guard !left.isEmpty else { return }
    let list = left.sorted { ($0.value.line, $0.key) < ($1.value.line, $1.key) }
      .map { "\($0.key) (line \($0.value.line))" }
    note(
      "\(imageFile): these of ENV are left out: \(list.joined(separator: ", "))",
      "what the application needs goes under env:, or app.environments.production.env")
  }

  /// Whether the image that a template makes has no need of a variable, or sets it itself.
  private static func areTheTemplates(_ name: String) -> Bool {
    let own: Set<String> = [
      "PATH", "HOME", "USER", "PORT", "HOST", "LANG", "LANGUAGE", "LC_ALL", "LC_CTYPE", "TZ", "TERM", "SHELL",
      "VIRTUAL_ENV", "DEBIAN_FRONTEND", "NODE_ENV", "PYTHONPATH", "PYTHON_VERSION", "NODE_VERSION",
      "PYTHONUNBUFFERED", "PYTHONDONTWRITEBYTECODE", "PYTHONFAULTHANDLER", "PYTHONHASHSEED",
      "DJANGO_SETTINGS_MODULE",
    ]
    return own.contains(name)
      || ["PIP_", "POETRY_", "UV_", "PIPENV_", "PDM_", "NPM_", "YARN_", "PNPM_", "VIRTUALENV_"].contains {
        name.hasPrefix($0)
      }
  }

  /// The hosts that Django answers to, in the variable and the form that the settings read.
  private mutating func writeHosts(_ hosts: inout [String: String]) {
    guard let project = django, let line = project.assignment("ALLOWED_HOSTS") else { return }
    let inSettings = Set(project.settings)
    let use = names.read.sorted { $0.key < $1.key }.first { name, use in
      name.hasSuffix("ALLOWED_HOSTS")
        && inSettings.contains(use.place.split(separator: ":").first.map(String.init) ?? "")
    }
    guard let (name, use) = use else {
      if line.text.contains("["), !line.text.contains("*"), !line.text.contains("env") {
        note(
          "\(line.place): ALLOWED_HOSTS stands in the code, and has none of the hosts under app.environments",
          "read it there: os.environ.get(\"DJANGO_ALLOWED_HOSTS\", \"\").split(\",\")", warns: true)
      }
      return
    }
    let texts = [use.text, line.text]
    let isSpaced = texts.contains {
      $0.contains("split()") || $0.contains("split(\" \")") || $0.contains("split(' ')")
    }
    guard name != "DJANGO_ALLOWED_HOSTS" || isSpaced else { return }
    for (environment, host) in hosts {
      let value = [host, "localhost"].joined(separator: isSpaced ? " " : ",")
      if environment == "dev" { variables[name] = value } else { production[name] = value }
    }
  }

  private mutating func noteFiles() {
    for name in sources.texts.keys.sorted()
    where SourceFiles.isCompose(name.lowercased()) && !name.contains("/") && name != "compose.yaml"
      && ["compose.yml", "docker-compose.yml", "docker-compose.yaml"].contains(name)
      || name.contains("compose.override.")
        && !name.contains("/")
    {
      note(
        name.contains("override")
          ? "\(name): Compose would put it over the compose.yaml that `outfit render` writes"
          : "\(name): Compose would read the compose.yaml that `outfit render` writes instead of it",
        "`outfit render` asks for --force as long as it is there")
    }
    let written = ["Dockerfile", "compose.yaml"].filter { found[$0] != nil }
    if !written.isEmpty {
      note(
        "`outfit render` writes \(written.joined(separator: " and ")), and yours stays until you say --force",
        "compare: outfit render --check")
    }
  }

  /// What the manifest can say.
  enum Grammar {
    static let hasSecrets = true
    static let hasServicesOff = true
  }
}
