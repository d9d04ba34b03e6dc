import OutfitCore

/// What runs in an environment, held by itself against manifest and lock: a fault that every environment has is one.
struct WorkloadRules {
  let stack: Stack
  let environment: Stack.Environment
  /// Without what the manifest gives the environment.
  let objects: [String: Document]
  private(set) var findings: [ParityFinding] = []

  init(_ neutral: NeutralEnvironment) {
    stack = neutral.stack
    environment = neutral.environment
    objects = neutral.objects
    for process in stack.processes { check(process) }
    for service in stack.services where !environment.external.contains(service.name) { check(service) }
    for service in stack.services where environment.external.contains(service.name) {
      for key in NeutralEnvironment.elsewhere(service) where objects[key] != nil {
        add(key, [], "is there, and outfit.yaml has \(service.name) from elsewhere in \(environment.name)")
      }
    }
    if !stack.migrate.isEmpty { migration() }
    strangers()
    if stack.web != nil, objects["Ingress/\(stack.name)"] == nil, let host = environment.host {
      add(
        "Ingress/\(stack.name)", [],
        "is not there, and outfit.yaml gives \(environment.name) the host \(host)")
    }
    if environment.host == nil, objects["Ingress/\(stack.name)"] != nil {
      add("Ingress/\(stack.name)", [], "is there, and outfit.yaml gives \(environment.name) no host")
    }
  }

  private mutating func add(_ object: String, _ pointer: [String], _ message: String) {
    findings.append(
      ParityFinding(object: object, pointer: pointer, message: message, environments: [environment.name]))
  }

  private mutating func expect(_ object: String, _ pointer: [String], _ found: Document?, _ wanted: Document?)
  {
    guard found != wanted else { return }
    findings.append(
      ParityFinding(
        object: object, pointer: pointer, found: found, wanted: wanted, environments: [environment.name]))
  }

  // MARK: - Everything that runs is named

  /// Objects that run, or lead to what runs, and that manifest and template do not name.
  private mutating func strangers() {
    var known = Set(stack.staying.map { "Deployment/" + $0.name } + stack.jobs.map { "CronJob/" + $0.name })
    for service in stack.services {
      known.formUnion(["Deployment/" + service.name, "StatefulSet/" + service.name])
    }
    if !stack.migrate.isEmpty { known.insert("Job/migrate") }
    let names = Set(stack.staying.map(\.name) + stack.services.map(\.name))
    let claims = Set(stack.processes.flatMap(\.volumes).map(\.name))
    for (key, document) in objects.sorted(by: { $0.key < $1.key }) {
      let kind = String(key.prefix { $0 != "/" })
      let name = key.dropFirst(kind.count + 1)
      if NeutralEnvironment.pod(kind) != nil {
        if !known.contains(key) { add(key, [], "is no process and no service of outfit.yaml") }
      } else if kind == "Service" {
        service(document, key, String(name), names)
      } else if kind == "Ingress" {
        if name != stack.name { add(key, [], "is none that outfit.yaml gives a host") }
      } else if kind == "PersistentVolumeClaim" {
        if !claims.contains(String(name)) { add(key, [], "is of no volume of outfit.yaml") }
      } else if !Self.inert.contains(kind) {
        add(key, [], "is of a kind that is not known to be the same")
      }
    }
  }

  /// Kinds that start nothing: whether they are the same is seen by comparing environments.
  private static let inert: Set<String> = [
    "ConfigMap", "HorizontalPodAutoscaler", "Namespace", "NetworkPolicy",
    "PodDisruptionBudget", "ServiceAccount", "ResourceQuota", "LimitRange",
  ]

  private mutating func service(_ document: Document, _ key: String, _ name: String, _ names: Set<String>) {
    guard names.contains(name) else { return add(key, [], "is of no process and no service of outfit.yaml") }
    let spec = document["spec"] ?? .null
    expect(key, ["spec", "type"], spec["type"] ?? .string("ClusterIP"), .string("ClusterIP"))
    let fields: Set<String> = ["type", "clusterIP", "selector", "ports"]
    for field in spec.entries.keys.sorted() where !fields.contains(field) {
      add(key, ["spec", field], "is not known to be the same in Compose")
    }
    expect(
      key, ["spec", "selector"], spec["selector"],
      .map([
        "app.kubernetes.io/name": .string(stack.name), "app.kubernetes.io/component": .string(name),
      ]))
  }

  // MARK: - Pods

  private static let podFields: Set<String> = [
    "automountServiceAccountToken", "enableServiceLinks", "securityContext", "containers", "initContainers",
    "volumes", "terminationGracePeriodSeconds", "topologySpreadConstraints", "affinity", "nodeSelector",
    "tolerations", "priorityClassName", "serviceAccountName", "imagePullSecrets", "restartPolicy",
  ]

  private static let containerFields: Set<String> = [
    "name", "image", "command", "args", "env", "envFrom", "ports", "resources", "securityContext",
    "startupProbe",
    "readinessProbe", "livenessProbe", "lifecycle", "volumeMounts", "imagePullPolicy",
    "terminationMessagePath",
    "terminationMessagePolicy",
  ]

  private static let podPath = ["spec", "template", "spec"]

  /// The pod of an object, when its one container is there.
  /// - Parameter before: the commands of what runs before it, all of the project's image.
  private mutating func pod(_ key: String, _ name: String, before: [String: [String]] = [:]) -> (
    Document, Document
  )? {
    guard let object = objects[key] else {
      add(key, [], "is not there")
      return nil
    }
    let path = NeutralEnvironment.pod(String(key.prefix { $0 != "/" })) ?? Self.podPath
    let spec = path.reduce(Optional(object)) { $0?[$1] } ?? .null
    for field in spec.entries.keys.sorted() where !Self.podFields.contains(field) {
      add(key, path + [field], "is not known to be the same in Compose")
    }
    for other in spec["initContainers"]?.items ?? [] {
      let title = other["name"]?.text ?? "?"
      let place = path + ["initContainers", title]
      guard let command = before[title] else {
        add(key, place, "is no container that is known")
        continue
      }
      container(other, key, place)
      expect(key, place + ["image"], other["image"], .string(stack.image))
      expect(key, place + ["command"], other["command"], .words(command))
      expect(key, place + ["args"], other["args"], nil)
      if title == "wait-for-migrations" {
        expect(key, place + ["env"], other["env"] ?? .list([]), variables(heartbeat: false))
      }
    }
    var found: Document?
    for container in spec["containers"]?.items ?? [] {
      let title = container["name"]?.text ?? "?"
      if title == name {
        found = container
      } else {
        add(key, path + ["containers", title], "is no container that is known")
      }
    }
    guard let found else {
      add(key, path + ["containers", name], "is not there")
      return nil
    }
    container(found, key, path + ["containers", name])
    return (spec, found)
  }

  private mutating func container(_ container: Document, _ key: String, _ place: [String]) {
    for field in container.entries.keys.sorted() where !Self.containerFields.contains(field) {
      add(key, place + [field], "is not known to be the same in Compose")
    }
    if container["resources"] != .string("RESOURCES") {
      findings.append(
        ParityFinding(
          object: key, pointer: place + ["resources"], found: container["resources"],
          message: "is not requests and limits of cpu and memory", environments: [environment.name]))
    }
  }

  /// What every pod of the project's image has.
  private mutating func ours(
    _ spec: Document, _ container: Document, _ key: String, _ name: String, command: [String],
    volumes: [Stack.Volume] = []
  ) {
    let path = NeutralEnvironment.pod(String(key.prefix { $0 != "/" })) ?? Self.podPath
    let place = path + ["containers", name]
    expect(key, place + ["image"], container["image"], .string(stack.image))
    expect(key, place + ["command"], container["command"], .words(command.map(Quoting.dollars)))
    expect(key, place + ["args"], container["args"], nil)
    let mounts = volumes.map { Document.map(["name": .string($0.name), "mountPath": .string($0.path)]) }
    expect(key, place + ["volumeMounts"], container["volumeMounts"], .list([Self.scratch] + mounts))
    let claims = volumes.map { volume in
      Document.map([
        "name": .string(volume.name),
        "persistentVolumeClaim": .map(["claimName": .string(volume.name)]),
      ])
    }
    expect(
      key, path + ["volumes"], spec["volumes"],
      .list([.map(["name": .string("tmp"), "emptyDir": .map([:])])] + claims))
    for (field, id) in [("runAsUser", stack.description.uid), ("runAsGroup", stack.description.gid)] {
      expect(
        key, path + ["securityContext", field], spec.at("securityContext", field), .number(String(id))
      )
      let own = container.at("securityContext", field)
      if own != nil { expect(key, place + ["securityContext", field], own, .number(String(id))) }
    }
    var sources: [Document] = [
      .map(["configMapRef": .map(["name": .string(NeutralEnvironment.generated("app"))])])
    ]
    if !stack.secretKeys.isEmpty {
      sources.append(.map(["secretRef": .map(["name": .string(stack.name + "-secrets")])]))
    }
    for (place, found) in [(place, container)]
      + (spec["initContainers"]?.items ?? []).map({
        (path + ["initContainers", $0["name"]?.text ?? "?"], $0)
      })
    {
      expect(key, place + ["envFrom"], found["envFrom"], .list(sources))
    }
  }

  private static let scratch = mount("tmp", "/tmp")

  private static func mount(_ name: String, _ path: String) -> Document {
    .map(["name": .string(name), "mountPath": .string(path)])
  }

  /// The variables that a container has beside those of the ConfigMap and the Secret.
  private func variables(heartbeat: Bool) -> Document {
    .list(
      stack.podVariables(heartbeat: heartbeat).map { variable in
        let key = Document.string(variable.name)
        switch variable.source {
        case .value(let text): return .map(["name": key, "value": .string(text)])
        case .map(let map):
          let name = Document.string(NeutralEnvironment.generated(map))
          return .map([
            "name": key, "valueFrom": .map(["configMapKeyRef": .map(["name": name, "key": key])]),
          ])
        case .secret(let secret):
          let reference: Document = .map(["name": .string(secret), "key": key])
          return .map(["name": key, "valueFrom": .map(["secretKeyRef": reference])])
        }
      })
  }

  private mutating func check(_ process: Stack.Process) {
    if process.schedule != nil { return job(process) }
    let key = "Deployment/" + process.name
    let wait = ["sh", "-c", Quoting.dollars(stack.waiting)]
    let before = stack.migrated.isEmpty ? [:] : ["wait-for-migrations": wait]
    guard let (spec, container) = pod(key, process.name, before: before) else { return }
    let place = Self.podPath + ["containers", process.name]
    ours(spec, container, key, process.name, command: process.command, volumes: process.volumes)
    expect(
      key, Self.podPath + ["terminationGracePeriodSeconds"], spec["terminationGracePeriodSeconds"],
      .number(String(process.grace)))
    expect(
      key, place + ["env"], container["env"] ?? .list([]), variables(heartbeat: process.hasHeartbeat))
    let ports = container["ports"]?.items.map { $0["containerPort"] ?? .null } ?? []
    expect(key, place + ["ports"], .list(ports), .list(process.port.map { [.number(String($0))] } ?? []))
    for volume in process.volumes { claim(volume) }
    for (probe, path) in [
      ("startupProbe", process.live), ("readinessProbe", process.ready), ("livenessProbe", process.live),
    ] {
      let found = container[probe]
      if process.port != nil {
        if probe != "startupProbe" || found != nil {
          expect(
            key, place + [probe, "httpGet", "path"], found?.at("httpGet", "path"),
            path.isEmpty ? nil : .string(path))
          expect(
            key, place + [probe, "tcpSocket", "port"], found?.at("tcpSocket", "port"),
            path.isEmpty ? .string("http") : nil)
        }
      } else if process.hasHeartbeat, probe == "livenessProbe" {
        expect(
          key, place + [probe, "exec", "command"], found?.at("exec", "command"),
          .words(["sh", "-c", "test -n \"$(find /tmp/heartbeat -mmin -2)\""]))
      }
    }
  }

  private mutating func claim(_ volume: Stack.Volume) {
    let key = "PersistentVolumeClaim/" + volume.name
    guard let object = objects[key] else { return add(key, [], "is not there") }
    expect(
      key, ["spec"], object["spec"],
      .map([
        "accessModes": .words([volume.isShared ? "ReadWriteMany" : "ReadWriteOnce"]),
        "resources": .map(["requests": .map(["storage": .string(volume.size)])]),
      ]))
  }

  /// A process that runs at times.
  private mutating func job(_ process: Stack.Process) {
    let key = "CronJob/" + process.name
    guard let (spec, container) = pod(key, process.name) else { return }
    ours(spec, container, key, process.name, command: process.command)
    let place = (NeutralEnvironment.pod("CronJob") ?? []) + ["containers", process.name]
    expect(key, place + ["env"], container["env"] ?? .list([]), variables(heartbeat: false))
    expect(key, place + ["ports"], container["ports"], nil)
    expect(
      key, ["spec", "schedule"], objects[key]?.at("spec", "schedule"), process.schedule.map { .string($0) })
    expect(
      key, ["spec", "concurrencyPolicy"], objects[key]?.at("spec", "concurrencyPolicy"), .string("Forbid"))
    for field in ["suspend", "timeZone"] {
      expect(key, ["spec", field], objects[key]?.at("spec", field), nil)
    }
  }

  private mutating func migration() {
    let key = "Job/migrate"
    guard let (spec, container) = pod(key, "migrate") else { return }
    ours(spec, container, key, "migrate", command: stack.migrate)
    expect(
      key, Self.podPath + ["containers", "migrate", "env"], container["env"] ?? .list([]),
      variables(heartbeat: false))
  }

  private mutating func check(_ service: Stack.Service) {
    let keys = ["StatefulSet/", "Deployment/"].map { $0 + service.name }
    guard let key = keys.first(where: { objects[$0] != nil }) else { return add(keys[0], [], "is not there") }
    let before = service.name == "nginx" ? ["static": ["cp", "-R", "/srv/static/.", "/static/"]] : [:]
    guard let (_, container) = pod(key, service.name, before: before) else { return }
    let place = Self.podPath + ["containers", service.name]
    expect(key, place + ["image"], container["image"], .string(service.image.reference))
    let ports = container["ports"]?.items.compactMap { $0["containerPort"]?.text } ?? []
    expect(key, place + ["ports"], .words(ports), .words([String(service.port)]))
    guard let free = service.free else { return }
    expect(
      key, place + ["command"], container["command"],
      free.command.map { .words($0.map(Quoting.dollars)) })
    expect(key, place + ["args"], container["args"], nil)
    expect(key, place + ["envFrom"], container["envFrom"], nil)
    let variables = free.env.sorted { $0.key < $1.key }.map {
      Document.map(["name": .string($0.key), "value": .string(Quoting.dollars($0.value))])
    }
    expect(key, place + ["env"], container["env"] ?? .list([]), .list(variables))
    var mounts = [Self.scratch]
    if let volume = free.volume { mounts.append(Self.mount("data", volume)) }
    if !service.initial.isEmpty { mounts.append(Self.mount("init", Stack.initialFolder)) }
    expect(key, place + ["volumeMounts"], container["volumeMounts"], .list(mounts))
  }
}
