/// Reads `app:`, whose shape has been checked.
extension ManifestDecoder {
  static func app(_ node: YamlNode) -> AppSection? {
    guard let template = node["template"]?.text, let name = node["name"]?.text,
      let image = node["image"]?.text
    else { return nil }
    var app = AppSection(template: template, name: name, image: image, base: node["base"]?.text)
    for pair in node["processes"]?.pairs ?? [] { app.processes[pair.key] = process(pair.value) }
    for pair in node["services"]?.pairs ?? [] { app.services[pair.key] = service(pair.value) }
    app.dataMoved = environment(node["data-moved"])
    app.ships = texts(node["ships"]) ?? []
    app.secrets = texts(node["secrets"]) ?? []
    if let packages = node["packages"] {
      app.packages = AppSection.Packages(
        run: texts(packages["run"]) ?? (packages.pairs == nil ? texts(packages) : nil) ?? [],
        build: texts(packages["build"]) ?? [], development: texts(packages["dev"]) ?? [])
    }
    app.values = environment(node["values"])
    for pair in node["allow"]?.pairs ?? [] { app.allow[pair.key] = allowed(pair.value) }
    app.extensions = texts(node["extensions"]) ?? []
    app.egress = node["egress"].map { node in
      (node.elements ?? []).map { rule in
        AppSection.Egress(
          to: texts(rule["to"]) ?? [], ports: (texts(rule["ports"]) ?? []).compactMap { Int($0) })
      }
    }
    if let build = node["build"] {
      app.build = AppSection.Build(
        node: build["node"]?.text, folder: build["folder"]?.text ?? ".",
        command: build["command"]?.text ?? "",
        copy: texts(build["copy"]) ?? [], to: build["to"]?.text)
    }
    app.patches = texts(node["patches"]) ?? []
    for pair in node["environments"]?.pairs ?? [] {
      var entry = AppSection.Environment(
        host: pair.value["host"]?.text, replicas: number(pair.value["replicas"]),
        env: environment(pair.value["env"]))
      entry.external = Set((pair.value["services"]?.pairs ?? []).map(\.key))
      entry.patches = texts(pair.value["patches"]) ?? []
      app.environments[pair.key] = entry
    }
    return app
  }

  private static func process(_ node: YamlNode) -> AppSection.Process {
    var process = AppSection.Process(
      command: words(node["command"]), port: number(node["port"]), replicas: number(node["replicas"]),
      single: isTrue(node["single"]), heartbeat: isTrue(node["heartbeat"]), grace: number(node["grace"]))
    process.cpu = node["cpu"]?.text
    process.memory = node["memory"]?.text
    process.live = node["live"]?.text
    process.ready = node["ready"]?.text
    process.schedule = node["schedule"]?.text
    for pair in node["volumes"]?.pairs ?? [] {
      process.volumes[pair.key] = AppSection.Volume(
        path: pair.value.text ?? pair.value["path"]?.text ?? "", size: pair.value["size"]?.text ?? "1Gi",
        isShared: isTrue(pair.value["shared"]) ?? false)
    }
    return process
  }

  private static func service(_ node: YamlNode) -> AppSection.Service {
    if let text = node.text {
      var service = AppSection.Service(version: text)
      if text == "false" {
        service.version = nil
        service.isOff = true
      }
      return service
    }
    var service = AppSection.Service(
      version: node["version"]?.text, image: node["image"]?.text, port: number(node["port"]))
    service.env = environment(node["env"])
    service.volume = node["volume"]?.text
    service.user = number(node["user"])
    service.command = words(node["command"])
    service.initial = node["init"]?.text
    return service
  }

  private static func allowed(_ node: YamlNode) -> AllowedDifference {
    AllowedDifference(
      node.text ?? node["why"]?.text ?? "", kind: choice(node["type"]),
      minimum: node["min"]?.text, maximum: node["max"]?.text, environments: texts(node["environments"]) ?? [])
  }

  private static func number(_ node: YamlNode?) -> Int? { node?.text.flatMap { Int($0) } }
  private static func isTrue(_ node: YamlNode?) -> Bool? { node?.text.map { $0 == "true" } }
}
