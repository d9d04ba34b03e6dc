import OutfitCore
import OutfitProfile

/// What a repository says of itself, in the files that others left there, as an outfit.yaml.
///
/// Nothing is run. What is a guess has a comment in the manifest; what can't be taken over is a note.
public struct ProjectReading: Sendable {
  /// The files that are read, relative to the repository.
  public static let files = [
    ".python-version", "runtime.txt", ".tool-versions", ".nvmrc", ".node-version", "pyproject.toml",
    "requirements.txt", "requirements.in", "uv.lock", "poetry.lock", "Pipfile.lock", "package.json",
    "package-lock.json", "yarn.lock", "pnpm-lock.yaml", "Dockerfile", "compose.yaml", "compose.yml",
    "docker-compose.yaml", "docker-compose.yml", ".pre-commit-config.yaml", "Procfile", "manage.py",
    "requirements-dev.txt", "requirements_dev.txt", "dev-requirements.txt", "requirements-test.txt",
    "compose.override.yaml", "compose.override.yml", "docker-compose.override.yaml",
    "docker-compose.override.yml",
  ]

  /// What is read beside them, once they are known: where Django's settings for production would lie.
  public static func more(_ found: [String: String]) -> [String] {
    guard let module = settingsModule(found["manage.py"] ?? "") else { return [] }
    let parts = module.split(separator: ".").map(String.init)
    guard let package = parts.first else { return [] }
    let folder = parts.dropLast().joined(separator: "/")
    let beside = DjangoSettings.productionNames.map { folder.isEmpty ? "\($0).py" : "\(folder)/\($0).py" }
    return beside + ["wsgi", "asgi"].map { "\(package)/\($0).py" }
  }

  /// The manifest.
  public private(set) var text = ""
  /// What was found and where it went, and what the reader has to look after.
  public private(set) var notes: [Diagnostic] = []

  let found: [String: String]
  private var tools: [(name: String, version: String)] = []
  /// Each with the fields that a manifest takes, as flow YAML.
  private var hooks: [(name: String, fields: [String])] = []
  var processes: [String: (command: [String], port: Int?, place: String)] = [:]
  var services: [String: String] = [:]
  var variables: [String: String] = [:]
  /// What the image says itself, of what decides how a program runs.
  var imageVariables: [String: String] = [:]
  var image: String?

  /// - Parameters:
  ///   - folder: the repository's name.
  ///   - found: the texts of `files` that are there.
  public init(folder: String, found: [String: String]) {
    self.found = found
    readProcfile()
    readCompose()
    readHooks()
    readDockerfile()
    write(folder)
  }

  func lines(_ name: String) -> [Substring] {
    (found[name] ?? "").split(separator: "\n").map { line in
      var line = line.drop { $0 == " " || $0 == "\t" }
      while let last = line.last, last == " " || last == "\r" || last == "\t" { line = line.dropLast() }
      return line
    }.filter { !$0.isEmpty && !$0.hasPrefix("#") }
  }

  mutating func note(_ message: String, _ hint: String? = nil, warns: Bool = false) {
    notes.append(Diagnostic(warns ? .warning : .note, message, hint: hint))
  }

  // MARK: - Versions

  /// A version that a manifest takes: digits and dots.
  static func version(_ text: some StringProtocol) -> String? {
    let text = text.drop { $0 == "v" || $0 == "=" || $0 == "^" || $0 == "~" || $0 == ">" || $0 == " " }
    let digits = text.prefix { $0.isNumber || $0 == "." }
    return digits.isEmpty || digits.hasSuffix(".") ? nil : String(digits)
  }

  /// The value of `key = "value"` in a section of a TOML file, which nobody else reads here.
  private func toml(_ key: String, in section: String) -> String? {
    var current = ""
    for line in lines("pyproject.toml") {
      if line.hasPrefix("["), let end = line.firstIndex(of: "]") {
        current = String(line[..<end].dropFirst())
      } else if current == section, line.hasPrefix(key) {
        let rest = line.dropFirst(key.count).drop { $0 == " " }
        guard rest.first == "=" else { continue }
        let value = rest.dropFirst().drop { $0 == " " }
        guard let quote = value.first, quote == "\"" || quote == "'" else { continue }
        return String(value.dropFirst().prefix { $0 != quote })
      }
    }
    return nil
  }

  /// What the first `FROM name:tag` of the Dockerfile says.
  func base(_ name: String) -> String? {
    for line in lines("Dockerfile") where line.uppercased().hasPrefix("FROM ") {
      guard let reference = line.split(separator: " ").dropFirst().first(where: { !$0.hasPrefix("--") })
      else {
        continue
      }
      let last = reference.split(separator: "/").last ?? reference
      if last.hasPrefix(name + ":") { return Self.version(last.dropFirst(name.count + 1)) }
    }
    return nil
  }

  private func asdf(_ names: [String]) -> String? {
    for line in lines(".tool-versions") {
      let words = line.split(separator: " ")
      if words.count > 1, names.contains(String(words[0])) { return Self.version(words[1]) }
    }
    return nil
  }

  private var isPython: Bool {
    [
      "pyproject.toml", "requirements.txt", "requirements.in", ".python-version", "manage.py", "uv.lock",
      "poetry.lock", "Pipfile.lock",
    ]
    .contains { found[$0] != nil } || base("python") != nil
  }

  private var isNode: Bool { found["package.json"] != nil || base("node") != nil || found[".nvmrc"] != nil }

  /// The version, and where it stands; a guess has no certain place.
  private func python() -> (version: String, place: String, isGuess: Bool) {
    if let line = lines(".python-version").first, let version = Self.version(line) {
      return (version, ".python-version", false)
    }
    if let line = lines("runtime.txt").first, line.hasPrefix("python-"),
      let version = Self.version(line.dropFirst(7))
    {
      return (version, "runtime.txt", false)
    }
    if let version = asdf(["python"]) { return (version, ".tool-versions", false) }
    if let version = base("python") { return (version, "Dockerfile", false) }
    let wanted = toml("requires-python", in: "project") ?? toml("python", in: "tool.poetry.dependencies")
    if let wanted, let version = Self.version(wanted) {
      return (
        version.split(separator: ".").prefix(2).joined(separator: "."), "pyproject.toml asks for \(wanted)",
        true
      )
    }
    return ("3.13", "nothing names one", true)
  }

  private func node() -> (version: String, place: String, isGuess: Bool) {
    for name in [".nvmrc", ".node-version"] {
      if let line = lines(name).first, let version = Self.version(line) { return (version, name, false) }
    }
    if let version = asdf(["nodejs", "node"]) { return (version, ".tool-versions", false) }
    if let version = base("node") { return (version, "Dockerfile", false) }
    let package = json("package.json")
    if let wanted = package?.at("engines", "node")?.text, let version = Self.version(wanted) {
      return (String(version.prefix { $0 != "." }), "package.json asks for \(wanted)", true)
    }
    return ("24", "nothing names one", true)
  }

  private func json(_ name: String) -> Document? {
    found[name].flatMap { try? Document.parseJSON($0, file: name) }
  }

  // MARK: - Hooks

  /// The end of a repository's address, the tool, and which of its hooks are known.
  private static let knownHooks: [(repository: String, tool: String, hooks: [String])] = [
    ("black-pre-commit-mirror", "black", ["black"]), ("psf/black", "black", ["black"]),
    ("isort", "isort", ["isort"]), ("flake8", "flake8", ["flake8"]), ("mirrors-mypy", "mypy", ["mypy"]),
    ("pyupgrade", "pyupgrade", ["pyupgrade"]), ("ruff-pre-commit", "ruff", ["ruff", "ruff-format"]),
    ("bandit", "bandit", ["bandit"]), ("codespell", "codespell", ["codespell"]),
    ("autoflake", "autoflake", ["autoflake"]), ("pylint", "pylint", ["pylint"]),
    ("yamllint", "yamllint", ["yamllint"]), ("djlint", "djlint", ["djlint"]),
    ("mdformat", "mdformat", ["mdformat"]),
  ]

  private mutating func readHooks() {
    guard let text = found[".pre-commit-config.yaml"] else { return }
    guard let document = try? Document.parseOne(text, file: ".pre-commit-config.yaml") else {
      return note(
        ".pre-commit-config.yaml can't be read as YAML, and nothing of it is taken over", warns: true)
    }
    for repository in document["repos"]?.items ?? [] {
      let address = repository["repo"]?.text ?? "?"
      let revision = repository["rev"]?.text ?? ""
      let ids = (repository["hooks"]?.items ?? []).compactMap { $0["id"]?.text }
      let trimmed = address.hasSuffix(".git") ? String(address.dropLast(4)) : address
      guard
        let known = Self.knownHooks.first(where: {
          trimmed.hasSuffix("/" + $0.repository) || trimmed.hasSuffix($0.repository)
        }),
        let version = Self.version(revision)
      else {
        note(
          ".pre-commit-config.yaml: \(ids.joined(separator: ", ")) of \(address) are not taken over",
          "write them under hooks: with a tool and an entry", warns: true)
        continue
      }
      for hook in repository["hooks"]?.items ?? [] {
        guard let id = hook["id"]?.text else { continue }
        let name = id == "ruff-check" ? "ruff" : id
        guard known.hooks.contains(name) else {
          note(
            ".pre-commit-config.yaml: \(id) is not taken over", "write it under hooks: with its entry",
            warns: true)
          continue
        }
        var fields: [String] = []
        for (key, value) in hook.entries.sorted(by: { $0.key < $1.key }) where key != "id" {
          if ["args", "types", "stages"].contains(key), let words = value.texts {
            fields.append("\(key): \(Quoting.json(words))")
          } else if ["files", "exclude"].contains(key), let text = value.text, !text.contains("\n") {
            fields.append("\(key): \(Quoting.json(text))")
          } else {
            note(
              ".pre-commit-config.yaml: `\(key)` of \(id) stays out",
              "outfit pins what a hook stands on under tools:",
              warns: true)
          }
        }
        if !tools.contains(where: { $0.name == known.tool }) { tools.append((known.tool, version)) }
        hooks.append((name, fields))
      }
    }
  }

  // MARK: - The manifest

  private var requirementText: String {
    ["requirements.txt", "requirements.in", "pyproject.toml"].compactMap { found[$0] }.joined(separator: "\n")
      .lowercased()
  }

  func template() -> (name: String, reason: String)? {
    if found["manage.py"] != nil { return ("django", "manage.py is here") }
    if isPython, requirementText.contains("fastapi") { return ("fastapi", "it requires fastapi") }
    if isPython, processes.values.contains(where: { $0.port != nil }) {
      return ("fastapi", "a Python process that answers on a port")
    }
    if isNode, !isPython { return ("node", "package.json is here") }
    if isPython, !processes.isEmpty { return ("worker", "processes that answer on no port") }
    return nil
  }

  private mutating func write(_ folder: String) {
    let own =
      toml("name", in: "project") ?? toml("name", in: "tool.poetry") ?? json("package.json")?["name"]?.text
    var name = Self.label((own ?? folder).split(separator: "/").last ?? "app")
    if !Names.isLabel(name) || !Names.isBareText(name) { name = "app" }
    var out = ["# What this repository had in other files. Lines with GUESS want a look."]
    out.append("profile: \(name)")
    out.append("")
    if !isPython, !isNode {
      note("nothing here names Python or Node", "write interpreters: yourself", warns: true)
    }
    if isPython || isNode {
      out.append("interpreters:")
      if isPython {
        let found = python()
        out.append(
          "  python: \(Quoting.json(found.version))"
            + (found.isGuess ? " # GUESS: \(found.place)" : " # \(found.place)"))
      }
      if isNode {
        let found = node()
        out.append(
          "  node: \(Quoting.json(found.version))"
            + (found.isGuess ? " # GUESS: \(found.place)" : " # \(found.place)"))
      }
    }
    if isPython {
      if let from = ["uv.lock", "poetry.lock", "requirements.txt", "pyproject.toml"].first(where: {
        found[$0] != nil
      }) {
        out.append("virtualenv: {from: \(from)} # made in .venv")
      } else if found["Pipfile.lock"] != nil {
        note("Pipfile.lock is not taken over", "pipenv requirements >requirements.txt", warns: true)
      }
    }
    let settings = DjangoSettings(found, image: imageVariables)
    // What everything has that starts without a word of its own must not be a developer's.
    if let module = settings?.common { out.append("env: {DJANGO_SETTINGS_MODULE: \(module)} # manage.py") }
    if !tools.isEmpty {
      out.append("tools: # .pre-commit-config.yaml")
      for tool in tools.sorted(by: { $0.name < $1.name }) {
        out.append("  \(tool.name): \(Quoting.json(tool.version))")
      }
      out.append("hooks:")
      for hook in hooks {
        out.append("  \(hook.name): " + "{\(hook.fields.joined(separator: ", "))}")
      }
    }
    writeApp(name, settings, &out)
    let more = found.keys.sorted().filter { $0.hasSuffix(".txt") && $0.contains("require") }
      .filter { $0 != "requirements.txt" }
    for name in more {
      note(
        "\(name) is not taken over",
        "programs go under tools:; what tests import needs a file that has both: -r requirements.txt, -r \(name)",
        warns: true)
    }
    if found["yarn.lock"] != nil || found["pnpm-lock.yaml"] != nil, found["package-lock.json"] == nil {
      note(
        "yarn.lock or pnpm-lock.yaml is not taken over", "the node template installs from package-lock.json",
        warns: true)
    }
    text = out.joined(separator: "\n") + "\n"
  }

  private var settingsModule: String? { Self.settingsModule(found["manage.py"] ?? "") }

  /// What a program of Django's takes for its settings unless a variable says otherwise.
  static func settingsModule(_ program: String) -> String? {
    for line in program.split(separator: "\n")
    where line.contains("DJANGO_SETTINGS_MODULE") && !line.drop(while: \.isWhitespace).hasPrefix("#") {
      let pieces = line.split(whereSeparator: { $0 == "\"" || $0 == "'" })
      if let index = pieces.firstIndex(of: "DJANGO_SETTINGS_MODULE"), index + 2 < pieces.count {
        let module = String(pieces[index + 2])
        if module.allSatisfy({ $0.isLetter || $0.isNumber || "._".contains($0) }) { return module }
      }
    }
    return nil
  }

  /// The template's own command, unless the project's Python package has another name than the project.
  private func guessedProcess(_ name: String, _ template: String) -> (
    command: [String], port: Int?, place: String
  ) {
    guard template == "django", let package = settingsModule?.split(separator: ".").first.map(String.init),
      package != String(name.map { $0 == "-" ? "_" : $0 })
    else { return ([], nil, "") }
    let options = ["--host", "0.0.0.0", "--port", "8000", "--proxy-headers", "--forwarded-allow-ips", "*"]
    let words = ["uvicorn", "\(package).asgi:application"] + options
    return (words, 8000, "GUESS: the package of manage.py's settings")
  }

  private mutating func writeApp(_ name: String, _ settings: DjangoSettings?, _ out: inout [String]) {
    guard let template = template() else {
      note(
        "no template fits, so that there is no `app`",
        "outfit render is for what is shipped: see docs/shipping.md")
      return
    }
    out += ["", "app:", "  template: \(template.name) # GUESS: \(template.reason)", "  name: \(name)"]
    if let image {
      out.append("  image: \(image)")
    } else {
      out.append("  image: registry.example.com/\(name) # GUESS: where you push it")
    }
    if processes.isEmpty { processes["web"] = guessedProcess(name, template.name) }
    out.append("  processes:")
    for (name, process) in processes.sorted(by: { $0.key < $1.key }) {
      var fields: [String] = []
      if !process.command.isEmpty { fields.append("command: \(Quoting.json(process.command))") }
      if let port = process.port { fields.append("port: \(port)") }
      let place = process.place.isEmpty ? " # GUESS: the template's command" : " # \(process.place)"
      if process.command.first == "uvicorn", !process.command.contains(where: { $0.hasPrefix("--host") }) {
        note(
          "uvicorn listens for \(name) inside its container only",
          "add \"--host\", \"0.0.0.0\" to its command",
          warns: true)
      }
      if let port = process.port, !(1024...65535).contains(port) {
        note(
          "the process \(name) listens on \(port)", "a container without privileges needs 1024 or more",
          warns: true)
      }
      out.append("    \(name): {\(fields.joined(separator: ", "))}\(place)")
    }
    if !services.isEmpty {
      let pairs = services.sorted { $0.key < $1.key }.map { "\($0.key): \(Quoting.json($0.value))" }
      out.append("  services: {\(pairs.joined(separator: ", "))}")
    }
    out.append("  environments:")
    // What answers on no port has no host.
    let isServed = template.name != "worker"
    var production = imageVariables.filter { DevelopmentSettings.kind($0.key, $0.value) == nil }
    var place = "GUESS"
    if let settings {
      if let own = settings.development { variables["DJANGO_SETTINGS_MODULE"] = own }
      production["DJANGO_SETTINGS_MODULE"] = settings.production
      place += settings.production == nil ? "" : "; the settings: \(settings.place)"
      if settings.isUnknown, let module = settings.production {
        note(
          "production would run with \(module), the only settings that were found: they are for development",
          "make a module for production, and name it under app.environments.production.env", warns: true)
      }
    }
    func environment(_ name: String, _ fields: [String], _ variables: [String: String]) -> String {
      let env = variables.sorted { $0.key < $1.key }.map { "\($0.key): \(Quoting.json($0.value))" }
      let all = fields + (env.isEmpty ? [] : ["env: {\(env.joined(separator: ", "))}"])
      return "    \(name): {\(all.joined(separator: ", "))}"
    }
    out.append(environment("dev", isServed ? ["host: \(name).localhost"] : [], variables))
    out.append(
      environment(
        "production", (isServed ? ["host: \(name).example"] : []) + ["replicas: 2"], production)
        + " # \(place)")
    for name in found.keys.sorted() where name.contains("compose.") && name != "compose.yaml" {
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
}
