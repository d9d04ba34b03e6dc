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
      .service: services.map { context.adding("service", value($0)) },
      .tool: tools.map { context.adding("tool", value($0)) },
      .source: built.map { context.adding("source", value($0)) },
    ]
  }

  private var projectContext: [String: TemplateValue] {
    let web = web
    let development = development
    let nginx = services.first { $0.name == "nginx" }
    let clients = (migrate.isEmpty ? [] : ["migrate"]) + processes.map(\.name)
    let volumes = processes.flatMap(\.volumes)
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
        "mirror": .string(Self.mirror(interpreter, description.mirror)),
        "archives": .list(Self.archives(interpreter)),
        "wheel": .bool(interpreter.isWheel),
      ],
      "ships": .list(ships.map { ["path": .string($0)] }),
      "hasVariables": .bool(!variables.isEmpty || !secretKeys.isEmpty),
      "hasSecrets": .bool(!secretKeys.isEmpty),
      "profiled": .bool(!environments.isEmpty),
      "hooked": .bool(!migrate.isEmpty || (development != nil && !secretKeys.isEmpty)),
      "needs": .bool(services.contains { $0.name != "nginx" }),
      "volumes": .bool(
        services.contains { ["postgres", "redis"].contains($0.name) || $0.free?.volume != nil }
          || nginx != nil && web != nil || !volumes.isEmpty),
      "folders": .list(
        Set(volumes.map(\.path)).sorted().map { ["path": .string($0)] }),
      "claims": .list(volumes.map { ["name": .string($0.name)] }),
      "sync": .list(description.sync.map { ["pattern": .string($0)] }),
      "staticWatch": description.staticWatch.isEmpty
        ? .bool(false) : ["command": .string(Quoting.json(description.staticWatch.map(Quoting.dollars)))],
      "clients": .list(
        clients.enumerated().map { index, name in
          ["name": .string(name), "comma": .string(index + 1 < clients.count ? ", " : "")]
        }),
      "vendor": .bool(!vendored.isEmpty),
      "gitHooks": .bool(hasGitHooks),
      "migrate": migrate.isEmpty
        ? .bool(false)
        : [
          "command": .string(Quoting.json(migrate.map(Quoting.dollars))),
          "wait": migrated.isEmpty
            ? .bool(false)
            : .string(
              Quoting.json(["sh", "-c", Quoting.dollars(waiting)])),
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
      "requirements": .string(requirements), "built": .bool(!built.isEmpty),
      "sources": .list(built.map(value)), "system": packagesValue,
      "node": nodePackages.map(value) ?? .bool(false), "bundle": bundle.map(value) ?? .bool(false),
      "manager": managerFiles,
      "patched": .bool(!patches.isEmpty),
      "patches": .list(patches.keys.sorted().map { ["name": .string($0)] }),
      "initialized": .list(services.filter { !$0.initial.isEmpty }.map(value)),
      "uid": .string(String(description.uid)), "gid": .string(String(description.gid)),
      "values": .dictionary(values.mapValues { .string($0) }),
      "processes": .list(staying.map(value)),
      "jobs": .list(jobs.map(value)),
      "podEnv": podEnv(),
      "composed": .list(
        composed.map { ["name": .string($0.name), "compose": .string(Quoting.json(compose($0)))] }),
      "hasEgress": .bool(!egress.isEmpty),
      "egress": .list(
        egress.map { rule in
          [
            "blocks": .bool(!rule.to.isEmpty),
            "to": .list(
              rule.to.compactMap { AddressBlock($0) }.map { ["cidr": .string(Quoting.json($0.text))] }),
            "ports": .list(rule.ports.map { ["port": .string(String($0))] }),
          ]
        }),
      "prepare": (values["prepare"] ?? "").isEmpty ? .bool(false) : prepare,
      "web": web.map(value) ?? .bool(false),
      "background": .list(staying.filter { $0.port == nil }.map(value)),
      "first": (web ?? staying.first).map { value($0) } ?? .bool(false),
      "services": .list(services.map(value)),
      "others": .list(services.filter { $0.free != nil }.map(value)), "service": .dictionary(service),
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
    values["private"] = .bool(description.services[service.name]?.isPrivate ?? true)
    values["free"] = .bool(service.free != nil)
    values["user"] = .string(String(service.free?.user ?? 1000))
    values["volume"] = .string(service.free?.volume ?? "")
    values["size"] = .string(self.values["disk"] ?? "10Gi")
    let command = service.free?.command ?? []
    values["command"] = command.isEmpty ? .bool(false) : .string(Quoting.json(command.map(Quoting.dollars)))
    values["env"] = .list(pairs(service.free?.env ?? [:]))
    values["hasEnv"] = .bool(service.free?.env.isEmpty == false)
    values["port"] = .string(String(service.port))
    values["stored"] = .bool(service.free?.volume != nil || !service.initial.isEmpty)
    values["initial"] =
      service.initial.isEmpty
      ? .bool(false)
      : [
        "folder": .string("init/\(service.name)"),
        "files": .list(service.initial.keys.sorted().map { ["file": .string($0)] }),
      ]
    return .dictionary(values)
  }

  private func value(_ process: Process) -> TemplateValue {
    let port = process.port.map(String.init) ?? ""
    return [
      "name": .string(process.name), "port": .string(port), "served": .bool(process.port != nil),
      "replicas": .string(String(process.replicas)),
      "single": .bool(process.isSingle), "heartbeat": .bool(process.hasHeartbeat),
      "grace": .string(String(process.grace)),
      "builds": .bool(process.name == builder?.name),
      "mounted": .bool(!process.volumes.isEmpty),
      "scaled": .bool(process.port != nil && !process.isSingle && !process.volumes.contains { !$0.isShared }),
      "cpu": .string(process.cpu), "memory": .string(process.memory),
      "mostMemory": .string(process.mostMemory),
      "live": .string(process.live.isEmpty ? "" : Quoting.json(process.live)),
      "ready": .string(process.ready.isEmpty ? "" : Quoting.json(process.ready)),
      "scheduled": .bool(process.schedule != nil), "schedule": .string(Quoting.json(process.schedule ?? "")),
      "env": podEnv(heartbeat: process.hasHeartbeat),
      // Two pods would want the one disk, or do the one work.
      "recreate": .bool(process.isSingle || process.volumes.contains { !$0.isShared }),
      "volumes": .list(
        process.volumes.map { volume in
          [
            "name": .string(volume.name), "path": .string(volume.path), "size": .string(volume.size),
            "mode": .string(volume.isShared ? "ReadWriteMany" : "ReadWriteOnce"),
          ]
        }),
      "exec": .string(Quoting.json(process.command)),
      "command": .string(Quoting.json(process.command.map(Quoting.dollars))),
      "front": .bool(
        process.port != nil && process.name == web?.name && !services.contains { $0.name == "nginx" }),
      "healthcheck": .string(Quoting.json(healthcheck(process))),
      "reloadCommand": .string(Quoting.json(reloading(process).map(Quoting.dollars))),
    ]
  }

  /// The variables of a container beside those of the ConfigMap and the Secret: what is composed of these, after what
  /// it is composed of, since Kubernetes expands what stands before.
  func podVariables(heartbeat: Bool) -> [PodVariable] {
    let parts = Set(composed.flatMap(\.text.names)).sorted()
    return (heartbeat ? [PodVariable(name: "HEARTBEAT_FILE", source: .value("/tmp/heartbeat"))] : [])
      + parts.map {
        PodVariable(name: $0, source: secretKeys.contains($0) ? .secret(name + "-secrets") : .map("app"))
      }
      + composed.map { PodVariable(name: $0.name, source: .value($0.kubernetes)) }
  }

  struct PodVariable {
    enum Source {
      case value(String)
      /// A key of the same name, of the ConfigMap or Secret of a name.
      case map(String)
      case secret(String)
    }
    var name: String
    var source: Source
  }

  private func podEnv(heartbeat: Bool = false) -> TemplateValue {
    let entries = podVariables(heartbeat: heartbeat).map { variable in
      // A variable may be called NO, which YAML 1.1 takes for false.
      let key = Names.isBareText(variable.name) ? variable.name : Quoting.json(variable.name)
      return switch variable.source {
      case .value(let text): "{name: \(key), value: \(Quoting.json(text))}"
      case .map(let map): "{name: \(key), valueFrom: {configMapKeyRef: {name: \(map), key: \(key)}}}"
      case .secret(let secret): "{name: \(key), valueFrom: {secretKeyRef: {name: \(secret), key: \(key)}}}"
      }
    }
    return entries.isEmpty ? .bool(false) : ["entries": .list(entries.map { ["entry": .string($0)] })]
  }

  /// What asks in Compose whether a process that serves is alive. One line for a shell: what speaks Docker's language to
  /// Podman takes words apart at their blanks.
  func healthcheck(_ process: Process) -> [String] {
    let words = (process.live.isEmpty ? description.portcheck : description.healthcheck).map { word in
      word.replacing("PORT", with: process.port.map(String.init) ?? "").replacing("LIVE", with: process.live)
    }
    // Single quotes within are programs' own: double ones around them read better.
    let line = words.map { word in
      word.contains("'") && !word.contains { "\"$`\\!".contains($0) } ? "\"\(word)\"" : Quoting.shell(word)
    }
    return ["CMD-SHELL", Quoting.dollars(line.joined(separator: " "))]
  }

  /// What a pod runs until the database is migrated. As the first process of a container a shell heeds a signal to end
  /// only where it says so, and the pod would stand until it is killed.
  var waiting: String {
    "trap 'exit 143' TERM; until \(Quoting.shell(migrated)); do sleep 2; done"
  }

  /// A composed variable as Compose writes it: secrets are asked for there, and the rest is known.
  func compose(_ variable: ComposedVariable) -> String {
    let known = variables(development)
    return variable.text.pieces.map {
      switch $0 {
      case .text(let text): Quoting.dollars(text)
      case .name(let name):
        secretKeys.contains(name) ? "${\(name):-development}" : Quoting.dollars(known[name] ?? "")
      }
    }.joined()
  }

  /// The command that finishes the image, with the variables of what is deployed: a secret is the word `unused`, and what
  /// only the environments have is production's.
  private var prepare: TemplateValue {
    let deployed = environments.filter { !$0.isDevelopment }
    let production = deployed.first { $0.name == "production" } ?? deployed.last
    return [
      "env": .list(knownVariables(production?.env ?? [:]).map { ["assignment": .string($0)] }),
      "command": .string(Quoting.shell(values["prepare"] ?? "")),
    ]
  }

  /// Assignments for a shell: the variables of what is deployed, where a secret is the word `unused`.
  func knownVariables(_ more: [String: String]) -> [String] {
    var known = more.merging(env) { $1 }
    for key in secretKeys { known[key] = "unused" }
    for variable in composed {
      known[variable.name] =
        variable.text.pieces.map {
          switch $0 {
          case .text(let text): text
          case .name(let name): known[name] ?? ""
          }
        }.joined()
    }
    return known.sorted { $0.key < $1.key }.map { Quoting.shell("\($0.key)=\($0.value)") }
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
      "patched": .bool(
        environment.isDevelopment || web != nil || !environment.external.isEmpty
          || !environment.patches.isEmpty),
      "external": .list(
        services.filter { environment.external.contains($0.name) }.map { service in
          [
            "name": .string(service.name), "port": .string(String(externalPort(service, environment))),
          ]
        }),
      "patches": .list(environment.patches.keys.sorted().map { ["name": .string($0)] }),
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
        "key": .string(Names.isBareText(name) ? name : Quoting.json(name)),
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
