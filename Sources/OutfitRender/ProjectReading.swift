import OutfitCore
import OutfitProfile

/// What a repository says of itself, in the files that others left there, as an outfit.yaml.
///
/// Nothing is run. What is a guess has a comment in the manifest; what can't be taken over is a note.
public struct ProjectReading: Sendable {
  /// The files that are read, relative to the repository, with those of `versionFiles` that the caller reads too.
  public static let files =
    [
      "pyproject.toml", "setup.py", "setup.cfg", "uv.lock", "poetry.lock", "pdm.lock", "Pipfile",
      "Pipfile.lock",
      "environment.yml", "environment.yaml", "conda-lock.yml", "conda-lock.yaml", "docs/requirements.txt",
      "doc/requirements.txt", "package.json", "Dockerfile", "compose.yaml", "compose.yml",
      "docker-compose.yaml",
      "docker-compose.yml", ".pre-commit-config.yaml", "Procfile", "manage.py", "compose.override.yaml",
      "compose.override.yml", "docker-compose.override.yaml", "docker-compose.override.yml",
    ] + NodeModulesReading.files + InstallCommand.files

  /// The folders whose files are listed for `isRead`; the empty one is the repository's own.
  public static let folders = [""] + RequirementFiles.listed

  /// Whether a file is read that stands in one of `folders`, beside `files`.
  public static func isRead(_ name: String) -> Bool {
    RequirementFiles.isOne(name) || EnvironmentReading.isStandardLock(name)
  }

  /// What is read beside them, once they are known: what requirements files include, and where Django's settings for
  /// production would lie. What that finds may name more.
  public static func more(_ found: [String: String]) -> [String] {
    var included: [String] = []
    var open = found.keys.filter(RequirementFiles.isOne).sorted()
    while let name = open.popLast() {
      for line in RequirementLine.parse(found[name] ?? "") {
        guard case .include(let path, isConstraint: false) = line.content,
          let other = RequirementFiles.included(path, by: name), !included.contains(other)
        else { continue }
        included.append(other)
        open.append(other)
      }
    }
    return (included + settingsFiles(found)).filter { found[$0] == nil }
  }

  private static func settingsFiles(_ found: [String: String]) -> [String] {
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

  /// The version of an interpreter, and where it comes from.
  public struct Interpreter: Sendable {
    var text: String
    var place: String
    var isGuess: Bool
    /// Nothing in the repository speaks of it.
    var isUnnamed: Bool

    public init(_ text: String, place: String, isGuess: Bool, isUnnamed: Bool) {
      self.text = text
      self.place = place
      self.isGuess = isGuess
      self.isUnnamed = isUnnamed
    }

    var line: String { "\(Quoting.json(text)) # \(isGuess ? "GUESS: " : "")\(place)" }
  }

  let found: [String: String]
  private let interpreters: [Language: Interpreter]
  private let environment: EnvironmentReading
  private let modules: NodeModulesReading
  var tools: [(name: String, version: String)] = []
  /// Each with the fields that a manifest takes, as flow YAML.
  var hooks: [(name: String, fields: [String])] = []
  var processes: [String: (command: [String], port: Int?, place: String)] = [:]
  var services: [String: String] = [:]
  var variables: [String: String] = [:]
  /// What the image says itself, of what decides how a program runs.
  var imageVariables: [String: String] = [:]
  var image: String?

  /// - Parameters:
  ///   - folder: the repository's name.
  ///   - found: the texts of `files` that are there, and of what `isRead` and `more` name.
  ///   - interpreters: what each would be, if the project is one of that language.
  public init(folder: String, found: [String: String], interpreters: [Language: Interpreter]) {
    self.found = found
    self.interpreters = interpreters
    environment = EnvironmentReading(found)
    modules = NodeModulesReading(found)
    readProcfile()
    readCompose()
    readHooks()
    readDockerfile()
    write(folder)
  }

  func lines(_ name: String) -> [Substring] {
    (found[name] ?? "").split(whereSeparator: \.isNewline).map { line in
      var line = line.drop { $0 == " " || $0 == "\t" }
      while let last = line.last, last == " " || last == "\r" || last == "\t" { line = line.dropLast() }
      return line
    }.filter { !$0.isEmpty && !$0.hasPrefix("#") }
  }

  mutating func note(_ message: String, _ hint: String? = nil, warns: Bool = false) {
    let note = Diagnostic(warns ? .warning : .note, message, hint: hint)
    // What several services have is said once.
    if !notes.contains(note) { notes.append(note) }
  }

  /// A version that a manifest takes: digits and dots.
  static func version(_ text: some StringProtocol) -> String? {
    let text = text.drop { $0 == "v" || $0 == "=" || $0 == "^" || $0 == "~" || $0 == ">" || $0 == " " }
    let digits = text.prefix { $0.isNumber || $0 == "." }
    return digits.isEmpty || digits.hasSuffix(".") ? nil : String(digits)
  }

  private func toml(_ path: String...) -> String? {
    guard let document = found["pyproject.toml"].flatMap({ try? TomlReader.read($0) }) else { return nil }
    return path.reduce(Optional(document)) { $0?[$1] }?.string
  }

  private var isPython: Bool {
    environment.isPython || found["manage.py"] != nil || interpreters[.python]?.isUnnamed == false
  }

  private var isNode: Bool {
    found["package.json"] != nil || modules.from != nil || interpreters[.node]?.isUnnamed == false
  }

  private func json(_ name: String) -> Document? {
    found[name].flatMap { try? Document.parseJSON($0, file: name) }
  }

  // MARK: - The manifest

  private var requirementText: String {
    found.filter {
      RequirementFiles.isOne($0.key) || ["pyproject.toml", "setup.py", "setup.cfg"].contains($0.key)
    }
    .values.joined(separator: "\n").lowercased()
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
      toml("project", "name") ?? toml("tool", "poetry", "name") ?? json("package.json")?["name"]?.text
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
      for (language, isOne) in [(Language.python, isPython), (.node, isNode)] where isOne {
        out.append("  \(language): " + (interpreters[language]?.line ?? "latest # GUESS: nothing names one"))
      }
    }
    if isPython {
      if let line = environment.line { out.append(line) }
      notes += environment.notes
    }
    if isNode {
      if let line = modules.line { out.append(line) }
      notes += modules.notes
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
    if template.name == "node", modules.from != nil, found["package-lock.json"] == nil {
      note(
        "the node template installs from package-lock.json, which is not here",
        "npm install --package-lock-only writes one", warns: true)
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
