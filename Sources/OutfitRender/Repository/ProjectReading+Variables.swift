import OutfitCore
import OutfitProfile

/// Where the project finds its database, its Redis and its secrets.
extension ProjectReading {
  /// Services that no file names, and that its sources and packages ask for.
  mutating func guessServices() {
    let isOther = (Array(shown.values.map(\.0)) + names.examples.values.map(\.value)).contains(
      where: Connections.isOther)
    let all = names.read.filter { !Connections.handedOut.contains($0.key) || $0.value.isNeeded }
    if services["postgres"] == nil, !isOther,
      ["psycopg2", "psycopg2-binary", "psycopg", "asyncpg"].contains(where: known.has),
      let use = all.first(where: {
        Connections(hasPostgres: true, hasRedis: false).value($0.key, example: nil, scheme: "") != nil
          || $0.key.hasPrefix("POSTGRES_")
      })?.value
    {
      services["postgres"] = ("18", "GUESS: \(use.place), and it requires a driver of Postgres")
    }
    if services["postgres"] == nil,
      let schema = sources.texts.keys.sorted().first(where: {
        $0.hasSuffix("schema.prisma") && sources[$0]?.contains("provider = \"postgresql\"") == true
      })
    {
      services["postgres"] = ("18", "GUESS: \(sources.place(schema, "postgresql"))")
    }
    if services["redis"] == nil, known.has("redis"),
      let use = names.read["REDIS_URL"] ?? names.read["REDIS_HOST"]
    {
      services["redis"] = ("8", "GUESS: \(use.place), and it requires redis")
    }
  }

  /// The example that stands in the code itself.
  private static func example(in text: String) -> String? {
    text.split { $0 == "\"" || $0 == "'" }.map(String.init).first { $0.contains("://") }
  }

  /// A value that says of which kind the database is.
  private static func isEngine(_ value: String) -> Bool {
    ["postgres", "postgresql", "pgsql"].contains(value) || value.hasPrefix("django.db.backends.postgresql")
      || value == "django.contrib.gis.db.backends.postgis"
  }

  /// How a variable says that the database is Postgres, where what stands behind it says another one: as Django names
  /// it, or as the sources compare it.
  private func engine(_ name: String, _ example: String?) -> String? {
    guard let use = names.read[name] else { return nil }
    if let example, !Self.isOfFile(example) { return nil }
    if use.text.contains("django.db.backends.") { return "django.db.backends.postgresql" }
    let words = ["postgres", "postgresql", "psql", "pgsql", "pg"]
    let file = String(use.place.prefix { $0 != ":" })
    let literals = (sources[file] ?? "").split { "\"'".contains($0) }
    return words.first { word in literals.contains { $0 == word } }
  }

  /// A database that lies in a file: what is taken where nothing else is said.
  private static func isOfFile(_ value: String) -> Bool {
    value.lowercased().contains("sqlite") || value.isEmpty
  }

  /// What the image says to the sources themselves.
  private mutating func takeImageVariables() {
    for (name, entry) in (imageStage?.environment ?? [:]).sorted(by: { $0.key < $1.key })
    where composed[name] == nil && imageVariables[name] == nil && Names.isVariable(name) {
      guard names.read[name] != nil || name.hasPrefix("FLASK_"), !entry.value.isEmpty,
        !VariableNames.isSecret(name),
        !entry.value.contains("://"), !["PORT", "PATH", "HOME", "HOST", "PYTHONPATH"].contains(name)
      else { continue }
      composed[name] = entry.value.replacing("${", with: "$${")
      shown[name] = (entry.value, "\(imageFile):\(entry.line)")
    }
  }

  mutating func composeVariables() {
    takeImageVariables()
    let connections = Connections(
      hasPostgres: services["postgres"] != nil, hasRedis: services["redis"] != nil)
    let scheme = django == nil ? "postgresql" : "postgres"
    for name in Set(names.read.keys).union(shown.keys).sorted() where Names.isVariable(name) {
      let example = [
        shown[name]?.0, names.examples[name]?.value, names.read[name].flatMap { Self.example(in: $0.text) },
      ].compactMap(\.self).first { !$0.isEmpty }
      if composed[name] != nil {
        continue
      } else if let value = connections.value(name, example: example, scheme: scheme) {
        composed[name] = value
      } else if connections.hasPostgres, let example, names.read[name] != nil, Self.isEngine(example) {
        composed[name] = example
      } else if connections.hasPostgres, Connections.isKind(name), let own = engine(name, example) {
        composed[name] = own
      } else if connections.hasPostgres, let example,
        compose.images.contains(where: {
          $0.name == example && ImageParity.repository($0.image ?? "").hasSuffix("postgres")
        }), example != "postgres" || name.hasSuffix("HOST")
      {
        composed[name] = "${POSTGRES_HOST}"
      }
    }
    if connections.hasRedis, composed.values.contains("${REDIS_HOST}") || names.read["REDIS_HOST"] != nil,
      !composed.values.contains(where: { $0.contains("REDIS_PASSWORD") }),
      names.read["REDIS_PASSWORD"] == nil,
      let use = names.read["REDIS_HOST"]
    {
      note(
        "\(use.place): Redis is asked for without a password, and the one that is rendered has one",
        "read REDIS_PASSWORD there too", warns: true)
    }
    readSecrets()
    for name in Array(composed.keys) + secrets {
      variables[name] = nil
      production[name] = nil
    }
    let only = variables.keys.filter {
      production[$0] == nil && imageVariables[$0] == nil
        && DevelopmentSettings.kind($0, variables[$0] ?? "") == nil
    }
    if let file = compose.files.first(where: { $0.audience == .all })?.name, !only.isEmpty {
      note(
        "\(file): these go to dev alone: \(only.sorted().joined(separator: ", "))",
        "what production has too goes under env:, or app.environments.production.env")
    }
    let unsaid = unsaid.subtracting(composed.keys).subtracting(secrets).filter {
      production[$0] == nil && variables[$0] == nil
    }
    if !unsaid.isEmpty {
      note(
        "\(compose.files.first?.name ?? "compose"): no value stands there for \(unsaid.sorted().joined(separator: ", "))",
        "give them under app.environments.NAME.env, or under app.secrets", warns: true)
    }
  }

  private mutating func readSecrets() {
    let own: Set<String> = django == nil ? [] : ["DJANGO_SECRET_KEY"]
    let key = django.flatMap { project in
      names.read.keys.sorted().first { name in
        project.assignment("SECRET_KEY")?.text.contains("\"\(name)\"") == true
          || project.assignment("SECRET_KEY")?.text.contains("'\(name)'") == true
      } ?? (names.read["SECRET_KEY"] != nil ? "SECRET_KEY" : nil)
    }
    if let key, key != "DJANGO_SECRET_KEY" { composed[key] = "${DJANGO_SECRET_KEY}" }
    if key == nil, let project = django, let line = project.assignment("SECRET_KEY"),
      !line.text.contains("environ"), !line.text.contains("env"), !line.text.contains("config"),
      !line.text.contains("(")
    {
      note(
        "\(line.place): SECRET_KEY stands in the code", "read it there: os.environ[\"DJANGO_SECRET_KEY\"]",
        warns: true)
    }
    let found = Set(names.read.filter(\.value.isNeeded).keys)
      .union(shown.filter { !$0.value.0.isEmpty }.keys)
      .union(names.examples.filter { !$0.value.value.isEmpty && names.read[$0.key] != nil }.keys)
    secrets = found.filter { name in
      VariableNames.isSecret(name) && composed[name] == nil && !own.contains(name)
        && !Connections.handedOut.contains(name) && Names.isVariable(name)
    }.sorted()
    let optional = names.read.keys.filter {
      VariableNames.isSecret($0) && !found.contains($0) && composed[$0] == nil
    }
    .filter { !Connections.handedOut.contains($0) && !own.contains($0) }.sorted()
    if let first = optional.first.flatMap({ names.read[$0] }) {
      let more = optional.count > 6 ? " and \(optional.count - 6) more" : ""
      note(
        "\(first.place): it can do without these secrets: \(optional.prefix(6).joined(separator: ", "))\(more)",
        "those that production has go under app.secrets")
    }
  }

  /// What its settings can't do without, and nothing gives.
  mutating func noteNeeded() {
    let settings = django.map { Set($0.settings) }
    let ofImages: Set<String> = [
      "PYTHON_VERSION", "NODE_VERSION", "HOSTNAME", "HOME", "PATH", "USER", "VIRTUAL_ENV", "TZ",
    ]
    let given = Set(composed.keys).union(secrets).union(production.keys).union(Connections.handedOut)
      .union(managed.keys)
      .union([
        "DJANGO_SECRET_KEY", "DJANGO_ALLOWED_HOSTS", "HEARTBEAT_FILE", "DJANGO_SETTINGS_MODULE", "PORT",
      ])
    let needed = names.read.filter { name, use in
      use.isNeeded && !given.contains(name) && !ofImages.contains(name)
        && settings?.contains(use.place.split(separator: ":").first.map(String.init) ?? "") != false
        && DevelopmentSettings.kind(
          "X_SETTINGS", String(use.place.prefix { $0 != "." }).replacing("/", with: ".")) == nil
    }
    for (name, use) in needed.sorted(by: { $0.key < $1.key }).prefix(8) {
      note(
        "\(use.place): it needs \(name), and nothing gives it to production",
        "app.environments.production.env", warns: true)
    }
    if needed.count > 8 {
      note("it needs \(needed.count - 8) more variables that nothing gives to production", nil, warns: true)
    }
  }
}
