import OutfitCore
import OutfitProfile

extension Stack {
  /// What a template's files can name, by the kind of rule: one context for each file that the rule makes.
  func contexts() -> [TemplateDescription.FileRule.Each: [[String: TemplateValue]]] {
    let context = projectContext
    return [
      .project: [context],
      .environment: environments.map { context.adding("environment", value($0)) },
      .process: processes.map { context.adding("process", value($0)) },
      .tool: tools.map { context.adding("tool", value($0)) },
    ]
  }

  private var projectContext: [String: TemplateValue] {
    let web = web
    let development = development
    let nginx = services.first { $0.name == "nginx" }
    let clients = (migrate.isEmpty ? [] : ["migrate"]) + processes.map(\.name)
    var service: [String: TemplateValue] = description.services.mapValues { _ in .bool(false) }
    for entry in services { service[entry.name] = value(entry) }
    let variables = variables(development)
    return [
      "app": Self.appValue(
        AppSection(template: description.name, name: name, image: image)),
      "base": value(base),
      "interpreter": [
        "language": .string(language.rawValue), "version": .string(interpreter.version.description),
        "minor": .string(interpreter.version.minor),
        "python": .bool(language == .python), "node": .bool(language == .node),
        "mirror": .string(description.mirror),
        "archives": .list(
          ["amd64", "arm64"].compactMap { architecture in
            interpreter.artifacts["linux-\(architecture)"].map { artifact in
              [
                "architecture": .string(architecture), "path": .string(artifact.path),
                "sha256": .string(artifact.digest.hex),
              ]
            }
          }),
      ],
      "ships": .list(ships.map { ["path": .string($0)] }),
      "hasVariables": .bool(!variables.isEmpty || !secretKeys.isEmpty),
      "hasSecrets": .bool(!secretKeys.isEmpty),
      "profiled": .bool(!environments.isEmpty),
      "hooked": .bool(!migrate.isEmpty || (development != nil && !secretKeys.isEmpty)),
      "needs": .bool(services.contains { $0.name != "nginx" }),
      "volumes": .bool(
        services.contains { ["postgres", "redis"].contains($0.name) } || nginx != nil && web != nil),
      "sync": .list(description.sync.map { ["pattern": .string($0)] }),
      "clients": .list(
        clients.enumerated().map { index, name in
          ["name": .string(name), "comma": .string(index + 1 < clients.count ? ", " : "")]
        }),
      "vendor": .bool(!vendored.isEmpty),
      "migrate": migrate.isEmpty
        ? .bool(false)
        : [
          "command": .string(Quoting.json(migrate.map(Quoting.dollars))),
          "wait": migrated.isEmpty
            ? .bool(false)
            : .string(
              Quoting.json([
                "sh", "-c",
                Quoting.dollars("until \(Quoting.shell(migrated)); do sleep 2; done"),
              ])),
        ],
      "imageEnv": .list(
        description.imageEnv.sorted { $0.key < $1.key }.map {
          ["name": .string($0.key), "value": .string($0.value)]
        }),
      "extensions": .list(extensions.map { .string(Quoting.json($0)) }),
      "extensionList": .string(Quoting.json(extensions)),
      // Who answers clients: nginx where the template has one, else the process itself.
      "front": (web == nil ? nil : nginx).map {
        ["name": "nginx", "port": .string(String($0.port)), "nginx": true]
      }
        ?? web.map { ["name": .string($0.name), "port": .string(String($0.port ?? 0)), "nginx": false] }
        ?? .bool(false),
      "lock": ["sha256": .string(lockDigest.hex)],
      "requirements": .string(requirements),
      "uid": .string(String(description.uid)), "gid": .string(String(description.gid)),
      "values": .dictionary(values.mapValues { .string($0) }),
      "processes": .list(processes.map(value)),
      "web": web.map(value) ?? .bool(false),
      "background": .list(processes.filter { $0.port == nil }.map(value)),
      "first": (web ?? processes.first).map { value($0) } ?? .bool(false),
      "services": .list(services.map(value)), "service": .dictionary(service),
      "environments": .list(environments.map(value)),
      "deployments": .list(environments.filter { !$0.isDevelopment }.map(value)),
      "development": development.map(value) ?? .bool(false),
      "debug": development == nil ? .bool(false) : debugged.map(debugValue) ?? .bool(false),
      "main": (development ?? environments.first).map(value) ?? .bool(false),
      "env": .list(pairs(env)), "composeEnv": .list(pairs(variables)),
      "tools": .list(tools.map(value)),
      "secrets": .list(
        secretKeys.map { ["name": .string($0), "compose": .string(Quoting.json("${\($0):-development}"))] }),
    ]
  }

  private func value(_ image: PinnedImage) -> TemplateValue {
    ["image": .string(image.reference), "unresolved": .bool(!image.isResolved)]
  }

  private func value(_ service: Service) -> TemplateValue {
    var values: [String: TemplateValue] = service.values.mapValues { .string($0) }
    values["name"] = .string(service.name)
    values["image"] = .string(service.image.reference)
    values["unresolved"] = .bool(!service.image.isResolved)
    values["version"] = .string(service.version)
    values["private"] = .bool(description.services[service.name]?.isPrivate ?? false)
    values["port"] = .string(String(service.port))
    return .dictionary(values)
  }

  private func value(_ process: Process) -> TemplateValue {
    let port = process.port.map(String.init) ?? ""
    return [
      "name": .string(process.name), "port": .string(port), "served": .bool(process.port != nil),
      "replicas": .string(String(process.replicas)),
      "single": .bool(process.isSingle), "heartbeat": .bool(process.hasHeartbeat),
      "grace": .string(String(process.grace)),
      "exec": .string(Quoting.json(process.command)),
      "command": .string(Quoting.json(process.command.map(Quoting.dollars))),
      "front": .bool(
        process.port != nil && process.name == web?.name && !services.contains { $0.name == "nginx" }),
      "healthcheck": .string(
        Quoting.json(
          ["CMD"]
            + description.healthcheck.map { word in
              Quoting.dollars(
                word.replacing("PORT", with: port).replacing("LIVE", with: values["live"] ?? "/"))
            })),
      "reloadCommand": .string(Quoting.json(reloading(process).map(Quoting.dollars))),
    ]
  }

  private func debugValue(_ process: Process) -> TemplateValue {
    [
      "name": .string(process.name), "port": .string(String(debugPort)),
      "profile": .string(Self.debugProfile(description.development)),
      "served": .bool(process.port != nil), "heartbeat": .bool(process.hasHeartbeat),
      // Forwarded ports come in by the pod's loopback interface: nothing else reaches it there.
      "command": .string(Quoting.json(debugging(process, address: "127.0.0.1").map(Quoting.dollars))),
    ]
  }

  private func value(_ environment: Environment) -> TemplateValue {
    [
      "name": .string(environment.name), "namespace": .string(environment.namespace),
      "host": .string(environment.host ?? ""), "replicas": .string(String(environment.replicas)),
      "mostReplicas": .string(
        String(environment.isDevelopment ? environment.replicas : environment.replicas * 4)),
      "patched": .bool(environment.isDevelopment || web != nil),
      "replacements": .bool(environment.isDevelopment || !migrate.isEmpty),
      "development": .bool(environment.isDevelopment), "env": .list(pairs(environment.env)),
    ]
  }

  private func value(_ tool: Tool) -> TemplateValue {
    [
      "name": .string(tool.name), "requirements": .string(tool.requirements),
      "programs": .list(tool.programs.map { ["name": .string($0), "tool": .string(tool.name)] }),
    ]
  }

  private func pairs(_ variables: [String: String]) -> [TemplateValue] {
    variables.sorted { $0.key < $1.key }.map { name, value in
      [
        "name": .string(name), "value": .string(value),
        "compose": .string(Quoting.json(Quoting.dollars(value))),
      ]
    }
  }
}

extension [String: TemplateValue] {
  fileprivate func adding(_ key: String, _ value: TemplateValue) -> Self {
    var copy = self
    copy[key] = value
    return copy
  }
}
