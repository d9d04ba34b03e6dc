import OutfitCore
import OutfitProfile

extension Stack {
  static func processes(
    _ section: AppSection, _ description: TemplateDescription, _ texts: [String: TemplateValue],
    _ values: [String: String], _ problems: inout Problems
  ) -> [Process] {
    var processes: [Process] = []
    for (name, process) in section.processes.sorted(by: { $0.key < $1.key }) {
      let known = description.processes[name]
      problems.require(
        Names.isLabel(name, limit: 30) && Names.isBareText(name) && description.services[name] == nil
          && section.services[name] == nil && name != "migrate",
        "`app.processes` has \(Quoting.json(name))",
        "a process has a name of lower-case letters, digits and `-`, which no service has")
      let isStaying = process.schedule == nil
      let port = isStaying ? process.port ?? known?.port : process.port
      if let port {
        problems.require(
          (1024...65535).contains(port), "`app.processes.\(name).port` is \(port)",
          "the container runs without privileges: take 1024 to 65535")
      }
      var context = texts
      context["port"] = .string(port.map(String.init) ?? "")
      guard let command = process.command ?? known?.command.map({ problems.expand($0, context) }),
        !command.isEmpty
      else {
        problems.add(
          "`app.processes.\(name)` has no command",
          "the template \(description.name) knows the commands of "
            + description.processes.keys.sorted().joined(separator: ", ") + "; give the others as a list")
        continue
      }
      problems.require(
        command.allSatisfy { word in
          word.unicodeScalars.allSatisfy { Names.isText($0) || $0 == "\n" || $0 == "\t" }
        },
        "`app.processes.\(name).command` has a control character", "write it without")
      if !isStaying { problems.schedule(name, process) }
      let isSingle = process.single ?? known?.isSingle ?? false
      let replicas = process.replicas ?? (port != nil ? 2 : 1)
      problems.require(
        (0...1000).contains(replicas) && (!isSingle || replicas <= 1),
        "`app.processes.\(name).replicas` is \(replicas)",
        isSingle ? "two of it would do its work twice" : "take 0 to 1000")
      problems.require(
        port != nil || (process.live ?? "").isEmpty && (process.ready ?? "").isEmpty,
        "`app.processes.\(name)` answers on no port, so that no path can be asked",
        "take `live` and `ready` out, or give it a port")
      processes.append(
        Process(
          name: name, command: command, port: port, replicas: replicas, isSingle: isSingle,
          hasHeartbeat: isStaying && port == nil && (process.heartbeat ?? known?.hasHeartbeat ?? false),
          grace: process.grace ?? known?.grace ?? 30,
          cpu: process.cpu ?? values["cpu"] ?? "100m",
          memory: process.memory ?? values["memory"] ?? "192Mi",
          mostMemory: process.memory ?? values["mostMemory"] ?? "512Mi",
          live: process.live ?? values["live"] ?? "", ready: process.ready ?? values["ready"] ?? "",
          schedule: process.schedule,
          volumes: volumes(name, process, replicas, &problems)))
    }
    if section.processes.isEmpty {
      problems.add("`app.processes` is empty", "name at least one: web: {port: 8000}")
    } else if !processes.isEmpty, processes.allSatisfy({ $0.schedule != nil }) {
      problems.add(
        "every one of `app.processes` has a schedule", "one of them stays: web: {port: 8000}, or a worker")
    }
    return processes
  }

  private static func volumes(
    _ name: String, _ process: AppSection.Process, _ replicas: Int, _ problems: inout Problems
  ) -> [Volume] {
    var paths: [String: String] = [:]
    return process.volumes.sorted { $0.key < $1.key }.map { key, volume in
      let place = "app.processes.\(name).volumes.\(key)"
      problems.require(
        Names.isLabel(key, limit: 20) && Names.isBareText(key) && key != "tmp" && key != "app",
        "`\(place)` has no name that a volume can have",
        "it has lower-case letters, digits and `-`, at most 20, and is not tmp or app")
      let reserved = [
        "/app", "/tmp", "/opt", "/opt/dev", "/opt/venv", "/opt/python", "/opt/node", "/etc", "/usr",
      ]
      problems.require(
        !reserved.contains(volume.path)
          && !["/opt/", "/usr/", "/etc/", "/proc/", "/sys/", "/dev/", "/bin/", "/lib/", "/sbin/", "/tmp/"]
            .contains {
              volume.path.hasPrefix($0)
            },
        "`\(place)` is \(volume.path), where the image has what it runs from",
        "take a folder of its own: /data, /app/media")
      if let other = paths.updateValue(key, forKey: volume.path) {
        problems.add("`\(place)` is at \(volume.path), as \(other) is", "give each a folder of its own")
      }
      problems.require(
        volume.isShared || replicas <= 1 && process.port == nil || process.replicas == 1,
        "`\(place)` is a disk of one node, and \(name) runs more than once",
        "say `shared: true` where the cluster has disks that several nodes write to (ReadWriteMany), or `replicas: 1`"
      )
      return Volume(name: "\(name)-\(key)", path: volume.path, size: volume.size, isShared: volume.isShared)
    }
  }

  static func services(
    _ section: AppSection, _ description: TemplateDescription, _ input: RenderInput,
    _ problems: inout Problems
  ) -> [Service] {
    let lock = input.lock
    var services: [Service] = []
    for (name, service) in section.services.sorted(by: { $0.key < $1.key })
    where description.services[name] == nil {
      guard let image = service.image else {
        problems.add(
          "the template \(description.name) knows no service `\(name)`",
          (nearest(name, among: description.services.keys).map { "did you mean `\($0)`? " }
            ?? "it knows " + description.services.keys.sorted().joined(separator: ", ") + "; ")
            + "any other has its image: \(name): {image: registry.example.com/\(name), version: \"1.0\", port: 8025}"
        )
        continue
      }
      problems.service(name, service)
      services.append(
        Service(
          name: name, image: pin("\(image):\(service.version ?? "")", lock), version: service.version ?? "",
          port: service.port ?? 0, values: [:], free: service,
          initial: initial(name, service, input, &problems)))
    }
    for (name, known) in description.services.sorted(by: { $0.key < $1.key }) {
      let service = section.services[name]
      guard service?.isOff != true, let version = service?.version ?? known.version else {
        if let service, !service.isOff {
          problems.add("`app.services.\(name)` has no version", "write an image's tag: \(name): \"17.2\"")
        }
        continue
      }
      problems.require(
        Names.isTag(version) && version != "latest", "`app.services.\(name)` is \(Quoting.json(version))",
        "write an image's tag that says a version: \"17.2\"")
      problems.require(
        known.excludes.allSatisfy { !version.contains($0) },
        "`app.services.\(name)` is \(Quoting.json(version)), whose user and folders are others than those of "
          + "\(known.image):\(version.prefix { $0.isNumber || $0 == "." })",
        "take the tag without `-\(known.excludes.first { version.contains($0) } ?? "")`")
      for (key, isThere) in [
        ("port", service?.port != nil), ("env", service?.env.isEmpty == false),
        ("volume", service?.volume != nil), ("user", service?.user != nil),
        ("command", service?.command != nil),
      ] where isThere {
        problems.add(
          "`app.services.\(name)` has `\(key)`, which the template \(description.name) settles for \(name)",
          "take it out; `version` and `image` can be given")
      }
      let major = Int(version.prefix { $0.isNumber }) ?? 0
      let values = known.values.filter { $0.key <= major }.max { $0.key < $1.key }?.value ?? [:]
      services.append(
        Service(
          name: name, image: pin("\(service?.image ?? known.image):\(version)", lock), version: version,
          port: known.port, values: values,
          initial: service.map { initial(name, $0, input, &problems) } ?? [:]))
    }
    return services.sorted { $0.name < $1.name }
  }

  static func environments(
    _ section: AppSection, _ description: TemplateDescription, _ variables: StackVariables,
    _ input: RenderInput, _ problems: inout Problems
  ) -> [Environment] {
    if section.environments.isEmpty {
      problems.add("`app.environments` is empty", "name at least one: dev: {host: shop.localhost}")
    }
    return section.environments.sorted { $0.key < $1.key }.map { name, environment in
      problems.require(
        Names.isLabel(name, limit: 20) && Names.isBareText(name),
        "`app.environments` has \(Quoting.json(name))",
        "an environment has a name of lower-case letters, digits and `-`, at most 20")
      problems.require(
        name != debugProfile(description.development),
        "`app.environments` has \(Quoting.json(name)), which is what skaffold.yaml calls debugging",
        "take another name")
      if let host = environment.host {
        problems.require(
          Names.isHost(host), "`app.environments.\(name).host` is \(Quoting.json(host))",
          "write a host's name in lower case, without scheme and port")
      }
      let isDevelopment = name == description.development
      let replicas = environment.replicas ?? (isDevelopment ? 1 : 2)
      problems.require(
        (1...1000).contains(replicas), "`app.environments.\(name).replicas` is \(replicas)", "take 1 to 1000")
      return Environment(
        name: name, namespace: "\(section.name)-\(name)", host: environment.host, replicas: replicas,
        isDevelopment: isDevelopment, env: variables.environments[name] ?? [:],
        external: environment.external, patches: patches(environment.patches, input, &problems))
    }
  }
}

extension Problems {
  mutating func expand(_ text: String, _ context: [String: TemplateValue]) -> String {
    do throws(Failure) {
      return try Templates.render(text, with: context, file: "template.yaml")
    } catch {
      diagnostics += error.diagnostics
      return ""
    }
  }

  fileprivate mutating func schedule(_ name: String, _ process: AppSection.Process) {
    for (key, isThere) in [
      ("port", process.port != nil), ("replicas", process.replicas != nil),
      ("heartbeat", process.heartbeat == true), ("volumes", !process.volumes.isEmpty),
    ] where isThere {
      add(
        "`app.processes.\(name)` has a schedule and `\(key)`", "a job runs and ends: take `\(key)` out")
    }
  }

  fileprivate mutating func service(_ name: String, _ service: AppSection.Service) {
    let place = "app.services.\(name)"
    require(
      Names.isLabel(name, limit: 30) && Names.isBareText(name), "`app.services` has \(Quoting.json(name))",
      "a service has a name of lower-case letters, digits and `-`, at most 30")
    require(
      Names.isImage(service.image ?? ""), "`\(place).image` is \(Quoting.json(service.image ?? ""))",
      "write it without tag, and the tag as `version`")
    require(
      service.version.map { Names.isTag($0) && $0 != "latest" } ?? false,
      "`\(place)` has no version", "write an image's tag that says one: version: \"1.20\"")
    require(service.port != nil, "`\(place)` has no port", "write where it listens: port: 1025")
    for (key, value) in service.env.sorted(by: { $0.key < $1.key }) { variable(key, value, "\(place).env") }
  }
}
