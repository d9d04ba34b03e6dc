import OutfitCore
import OutfitProfile

/// What starts the project, by its Procfile, its compose file and its Dockerfile.
extension ProjectReading {
  static func words(_ line: some StringProtocol) -> [String] {
    var words: [String] = []
    var word = ""
    var quote: Character?
    var isOpen = false
    for character in line {
      if let mark = quote {
        if character == mark { quote = nil } else { word.append(character) }
      } else if character == "'" || character == "\"" {
        quote = character
        isOpen = true
      } else if character == " " || character == "\t" {
        if isOpen || !word.isEmpty { words.append(word) }
        (word, isOpen) = ("", false)
      } else {
        word.append(character)
      }
    }
    if isOpen || !word.isEmpty { words.append(word) }
    return words
  }

  static func command(_ line: some StringProtocol) -> [String] {
    let plain = String(line).replacing("${PORT:-8000}", with: "8000").replacing("${PORT}", with: "8000")
      .replacing(
        "$PORT", with: "8000")
    // What only a shell understands stays a shell's.
    return plain.contains(where: { "$&|;<>`*".contains($0) }) ? ["sh", "-c", plain] : words(plain)
  }

  static func port(_ command: [String]) -> Int? {
    for (index, word) in command.enumerated() {
      if ["--port", "-p"].contains(word), index + 1 < command.count { return Int(command[index + 1]) }
      if let number = word.split(separator: ":").last.flatMap({ Int($0) }), word.contains(":"),
        (1024...65535).contains(number)
      {
        return number
      }
    }
    return nil
  }

  static func label(_ text: some StringProtocol) -> String {
    let plain = text.lowercased().map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "-" }
    var label = String(String(plain).drop { $0 == "-" }.prefix(30))
    while label.hasSuffix("-") { label.removeLast() }
    return label
  }

  mutating func readProcfile() {
    for line in lines("Procfile") {
      guard let colon = line.firstIndex(of: ":") else { continue }
      let name = Self.label(line[..<colon])
      let text = line[line.index(after: colon)...].drop { $0 == " " }
      guard !name.isEmpty, !text.isEmpty else { continue }
      if name == "release" {
        note(
          "Procfile's `release: \(text)` is not taken over",
          "the django template migrates in a Job; others: app.values.migrate")
        continue
      }
      let command = Self.command(text)
      let port = Self.port(command) ?? (name == "web" ? 8000 : nil)
      processes[name] = (command, port, "Procfile")
    }
  }

  private static let secretWords = [
    "PASSWORD", "SECRET", "TOKEN", "KEY", "CREDENTIAL", "DSN", "DATABASE_URL",
  ]

  mutating func readCompose() {
    let names = ["compose.yaml", "compose.yml", "docker-compose.yaml", "docker-compose.yml"]
    guard let name = names.first(where: { found[$0] != nil }), let text = found[name] else { return }
    guard let document = try? Document.parseOne(text, file: name) else {
      return note("\(name) can't be read as YAML, and nothing of it is taken over", warns: true)
    }
    for (service, entry) in (document["services"]?.entries ?? [:]).sorted(by: { $0.key < $1.key }) {
      if entry["build"] != nil {
        readBuilt(service, entry, name)
      } else if let reference = entry["image"]?.text {
        let repository = ImageParity.repository(reference)
        let kind = repository.split(separator: "/").last.map(String.init) ?? repository
        let tag = String(reference.dropFirst(repository.count + 1).prefix { $0 != "@" })
        let version = Self.version(tag)
        if ["postgres", "redis"].contains(kind), let version {
          services[kind] = version
          if version != tag { note("\(name): \(reference) becomes \(kind) \(version)") }
        } else {
          note(
            "\(name): the service \(service) (\(reference)) is not taken over",
            "the templates know postgres and redis", warns: true)
        }
      }
    }
  }

  private mutating func readBuilt(_ service: String, _ entry: Document, _ place: String) {
    if let reference = entry["image"]?.text, Names.isImage(ImageParity.repository(reference)) {
      image = ImageParity.repository(reference)
    }
    let command = entry["command"]?.texts ?? entry["command"]?.text.map(Self.command) ?? []
    let ports = (entry["ports"]?.items ?? []).compactMap { $0.text ?? $0["target"]?.text }
    let port =
      ports.first?.split(separator: ":").last.flatMap { Int($0.prefix { $0.isNumber }) } ?? Self.port(command)
    let name = ["app", "django", "server", "backend"].contains(service) ? "web" : Self.label(service)
    if processes[name] == nil, !name.isEmpty, !command.isEmpty || port != nil {
      processes[name] = (command, port, place)
    }
    var pairs: [(String, String)] = []
    for (key, value) in entry["environment"]?.entries ?? [:] { pairs.append((key, value.text ?? "")) }
    for item in entry["environment"]?.texts ?? [] {
      guard let equals = item.firstIndex(of: "=") else { continue }
      pairs.append((String(item[..<equals]), String(item[item.index(after: equals)...])))
    }
    for (key, value) in pairs.sorted(by: { $0.0 < $1.0 }) {
      if Self.secretWords.contains(where: key.uppercased().contains) {
        note(
          "\(place): \(key) may be a secret, and stays out of the manifest",
          "a Secret holds it: see the head of k8s/overlays/*/kustomization.yaml")
      } else if value.contains("$") || value.contains("\n") || !Names.isVariable(key) {
        note("\(place): \(key) is not taken over", "it is not a plain value", warns: true)
      } else if ![
        "POSTGRES_HOST", "POSTGRES_PORT", "POSTGRES_DB", "POSTGRES_USER", "REDIS_HOST", "REDIS_PORT",
      ].contains(key) {
        variables[key] = value
      }
    }
  }

  mutating func readDockerfile() {
    guard let text = found["Dockerfile"] else { return }
    for (name, value) in Dockerfile(text).environment.sorted(by: { $0.key < $1.key })
    where DevelopmentSettings.decides(name, value) && Names.isVariable(name) {
      imageVariables[name] = value
      guard DevelopmentSettings.kind(name, value) != nil else { continue }
      note(
        "Dockerfile: \(name)=\(value) is for development, and goes to dev alone",
        "say what production has under app.environments.production.env", warns: true)
      if variables[name] == nil { variables[name] = value }
    }
    for instruction in Dockerfile(text).instructions {
      if instruction.contains("apt-get install") || instruction.contains("apk add") {
        let words = instruction.split(separator: " ").map(String.init)
        let start = words.firstIndex { $0 == "install" || $0 == "add" } ?? 0
        let packages = words[(start + 1)...].prefix { $0 != "&&" && $0 != ";" }.filter { !$0.hasPrefix("-") }
        note(
          "Dockerfile: system packages are not taken over: \(packages.joined(separator: " "))",
          "put them into a base image of your own (app.base), or copy the template", warns: true)
      }
      guard instruction.hasPrefix("CMD "), processes["web"] == nil else { continue }
      let rest = instruction.dropFirst(4)
      let command = (try? Document.parseOne(String(rest), file: "Dockerfile"))?.texts ?? Self.command(rest)
      let exposed = Dockerfile(text).instructions.last { $0.hasPrefix("EXPOSE ") }.flatMap {
        Int($0.dropFirst(7).prefix { $0.isNumber })
      }
      if let port = Self.port(command) ?? exposed { processes["web"] = (command, port, "Dockerfile") }
    }
  }
}
