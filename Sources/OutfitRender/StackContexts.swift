import OutfitCore
import OutfitProfile

extension Stack {
  /// What a template's files can name: one context for each file that a rule makes.
  func contexts(_ each: TemplateDescription.FileRule.Each) -> [[String: TemplateValue]] {
    let context = projectContext
    switch each {
    case .project: return [context]
    case .environment: return environments.map { context.adding("environment", value($0)) }
    case .process: return processes.map { context.adding("process", value($0)) }
    case .tool: return tools.map { context.adding("tool", value($0)) }
    }
  }

  private var projectContext: [String: TemplateValue] {
    let web = processes.first { $0.port != nil }
    let development = development
    var service: [String: TemplateValue] = description.services.mapValues { _ in .bool(false) }
    for entry in services { service[entry.name] = value(entry) }
    let variables = variables(development)
    return [
      "app": Self.appValue(
        AppSection(template: description.name, name: name, image: image)),
      "base": value(base),
      "python": [
        "version": .string(python.version.description), "minor": .string(python.version.minor),
        "mirror": .string(description.mirror),
        "archives": .list(
          ["amd64", "arm64"].compactMap { architecture in
            python.artifacts["linux-\(architecture)"].map { artifact in
              [
                "architecture": .string(architecture), "path": .string(artifact.path),
                "sha256": .string(artifact.digest.hex),
              ]
            }
          }),
      ],
      "lock": ["sha256": .string(lockDigest.hex)],
      "requirements": .string(requirements),
      "uid": .string(String(description.uid)), "gid": .string(String(description.gid)),
      "values": .dictionary(description.values.mapValues { .string($0) }),
      "processes": .list(processes.map(value)),
      "web": web.map(value) ?? .bool(false),
      "background": .list(processes.filter { $0.port == nil }.map(value)),
      "first": processes.first.map { value(web ?? $0) } ?? .bool(false),
      "services": .list(services.map(value)), "service": .dictionary(service),
      "environments": .list(environments.map(value)),
      "deployments": .list(environments.filter { !$0.isDevelopment }.map(value)),
      "development": development.map(value) ?? .bool(false),
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
      "reloadCommand": .string(Quoting.json(reloading(process).map(Quoting.dollars))),
    ]
  }

  private func value(_ environment: Environment) -> TemplateValue {
    [
      "name": .string(environment.name), "namespace": .string(environment.namespace),
      "host": .string(environment.host ?? ""), "replicas": .string(String(environment.replicas)),
      "mostReplicas": .string(
        String(environment.isDevelopment ? environment.replicas : environment.replicas * 4)),
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
