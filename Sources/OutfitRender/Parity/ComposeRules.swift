import OutfitCore

/// compose.yaml by a reading of the whole file: every key of every service is as the manifest and the environment with
/// hot reload have it, and what is not known here is a difference.
struct ComposeRules {
  static let path = "compose.yaml"

  let stack: Stack
  /// The environment with hot reload, without what the manifest gives it; nil where it was not evaluated.
  let development: NeutralEnvironment?
  let services: [String: Document]
  private(set) var findings: [ParityFinding] = []

  init(_ document: Document, stack: Stack, development: NeutralEnvironment?) {
    self.stack = stack
    self.development = development
    services = document["services"]?.entries ?? [:]
    for key in document.entries.keys.sorted()
    where !["name", "services", "volumes"].contains(key) && !key.hasPrefix("x-") {
      add([key], "is not known to be the same in Kubernetes")
    }
    expect(["name"], document["name"], .string(stack.name))
    for (name, volume) in document["volumes"]?.entries ?? [:] where volume != .map([:]) && volume != .null {
      add(["volumes", name], "is no plain volume")
    }
    for name in services.keys.sorted() { check(name, services[name] ?? .null) }
    var needed = stack.processes.map(\.name) + stack.services.map(\.name)
    if !stack.migrate.isEmpty { needed.append("migrate") }
    for name in needed where services[name] == nil { add(["services", name], "is not there") }
  }

  private mutating func add(_ pointer: [String], _ message: String, found: Document? = nil) {
    findings.append(
      ParityFinding(object: Self.path, pointer: pointer, isFile: true, found: found, message: message))
  }

  private mutating func expect(_ pointer: [String], _ found: Document?, _ wanted: Document?) {
    guard found != wanted else { return }
    findings.append(
      ParityFinding(object: Self.path, pointer: pointer, isFile: true, found: found, wanted: wanted))
  }

  /// Holds every key of a service against what it should be; `free` are held elsewhere.
  private mutating func expect(
    _ name: String, _ service: Document, _ wanted: [String: Document], free: Set<String>
  ) {
    for key in Set(service.entries.keys).union(wanted.keys).sorted() where !free.contains(key) {
      let place = ["services", name, key]
      guard let value = wanted[key] else {
        add(place, "is not known to be the same in Kubernetes", found: service[key])
        continue
      }
      if key == "environment" {
        for variable in Set(service[key]?.entries.keys.map { $0 } ?? []).union(value.entries.keys).sorted() {
          expect(place + [variable], service[key]?[variable], value[variable])
        }
      } else {
        expect(place, service[key], value)
      }
    }
  }

  private mutating func check(_ name: String, _ service: Document) {
    if let process = stack.processes.first(where: { $0.name == name }) {
      check(process, service)
    } else if let known = stack.services.first(where: { $0.name == name }) {
      check(known, service)
    } else if name == "migrate", !stack.migrate.isEmpty {
      var wanted = application
      wanted["command"] = .words(stack.migrate.map(Quoting.dollars))
      expect(name, service, wanted, free: ["depends_on"])
    } else if name == "static", stack.services.contains(where: { $0.name == "nginx" }) {
      let watch = stack.description.staticWatch
      var wanted = used
      wanted.merge([
        "command": .words(["cp", "-R", "/srv/static/.", "/static/"]), "read_only": .bool(true),
        "cap_drop": .words(["ALL"]), "security_opt": .words(["no-new-privileges:true"]),
        "volumes": .words(["static:/static"]),
      ]) { $1 }
      if !watch.isEmpty {
        wanted = application
        wanted["command"] = .words(watch.map(Quoting.dollars))
        wanted["volumes"] = .words([".:/app:ro", "static:/srv/static"])
      }
      wanted["user"] = .string("0:0")
      wanted["network_mode"] = .string("none")
      expect(name, service, wanted, free: [])
    } else if name == "workspace" {
      var wanted = image.merging(["build": build]) { $1 }
      wanted.merge([
        "profiles": .words(["workspace"]), "command": .words(["sleep", "infinity"]), "init": .bool(true),
        "volumes": .words([".:/workspace"]), "working_dir": .string("/workspace"),
        "environment": .map(variables),
      ]) { $1 }
      expect(name, service, wanted, free: ["depends_on"])
    } else {
      add(["services", name], "is no process and no service of outfit.yaml")
    }
    dependencies(name, service)
  }

  // MARK: - The project's image

  private var image: [String: Document] { ["image": .string(stack.image + "-dev")] }
  private var build: Document { .map(["context": .string("."), "target": .string("dev")]) }

  /// One service builds the image, and every other uses it.
  private var used: [String: Document] { image.merging(["pull_policy": .string("never")]) { $1 } }

  private var application: [String: Document] {
    used.merging([
      "user": .string("\(stack.description.uid):\(stack.description.gid)"), "read_only": .bool(true),
      "tmpfs": .words(["/tmp"]), "cap_drop": .words(["ALL"]),
      "security_opt": .words(["no-new-privileges:true"]), "init": .bool(true),
      "volumes": .words([".:/app:ro"]), "environment": .map(variables),
    ]) { $1 }
  }

  /// Those of the environment with hot reload; secrets have a value for development.
  private var variables: [String: Document] {
    var variables = stack.variables(stack.development).mapValues { Document.string(Quoting.dollars($0)) }
    for name in stack.secretKeys { variables[name] = .string("${\(name):-development}") }
    for variable in stack.composed { variables[variable.name] = .string(stack.compose(variable)) }
    return variables
  }

  private mutating func check(_ process: Stack.Process, _ service: Document) {
    let name = process.name
    var wanted = application
    if process.name == stack.builder?.name {
      wanted["build"] = build
      wanted["pull_policy"] = .string("build")
    }
    guard process.schedule == nil else {
      wanted["command"] = .words(process.command.map(Quoting.dollars))
      wanted["profiles"] = .words(["jobs"])
      return expect(name, service, wanted, free: ["depends_on"])
    }
    wanted["command"] = .words(stack.reloading(process).map(Quoting.dollars))
    if !process.volumes.isEmpty {
      wanted["volumes"] = .words([".:/app:ro"] + process.volumes.map { "\($0.name):\($0.path)" })
    }
    if process.hasHeartbeat {
      wanted["environment"] = wanted["environment"]?.with("HEARTBEAT_FILE", .string("/tmp/heartbeat"))
    }
    if let port = process.port { wanted["expose"] = .words([String(port)]) }
    wanted["stop_grace_period"] = .string("\(process.grace)s")
    expect(name, service, wanted, free: ["depends_on", "healthcheck", "ports", "develop"])
    for port in service["ports"]?.items ?? [] where process.port.map({ published(port, $0) }) != true {
      add(["services", name, "ports"], "publishes \(port.json), which it does not open")
    }
    var test: [String]?
    if process.port != nil {
      test = stack.healthcheck(process)
    } else if process.hasHeartbeat {
      test = ["CMD-SHELL", "test -n \"$$(find /tmp/heartbeat -mmin -2)\""]
    }
    health(name, service, test)
    let watches = service.at("develop", "watch")?.items ?? []
    let isPlain = watches.allSatisfy {
      $0["action"]?.text == "rebuild" && Set($0.entries.keys) == ["action", "path"]
    }
    if let develop = service["develop"], !isPlain || Set(develop.entries.keys) != ["watch"] {
      add(["services", name, "develop"], "does more than build the image again")
    }
  }

  private func published(_ port: Document, _ own: Int) -> Bool {
    guard let text = port.text else { return false }
    let parts = text.split(separator: ":")
    return parts.count == 3 && parts[0] == "127.0.0.1" && parts[2] == String(own)[...]
  }

  private mutating func health(_ name: String, _ service: Document, _ test: [String]?) {
    let place = ["services", name, "healthcheck"]
    guard let found = service["healthcheck"] else {
      if let test { expect(place, nil, .words(test)) }
      return
    }
    expect(place + ["test"], found["test"], test.map { .words($0) })
    let times: Set<String> = ["test", "interval", "timeout", "start_period", "start_interval", "retries"]
    for key in found.entries.keys.sorted() where !times.contains(key) {
      add(place + [key], "is not known to be the same in Kubernetes", found: found[key])
    }
  }

  private mutating func dependencies(_ name: String, _ service: Document) {
    guard let found = service["depends_on"] else { return }
    let conditions: Set<String> = ["service_completed_successfully", "service_healthy", "service_started"]
    for (other, entry) in found.entries.sorted(by: { $0.key < $1.key }) {
      let isKnown =
        services[other] != nil && Set(entry.entries.keys) == ["condition"]
        && conditions.contains(entry["condition"]?.text ?? "")
      if !isKnown { add(["services", name, "depends_on", other], "is no service that it can wait for") }
    }
    if found.entries.isEmpty { add(["services", name, "depends_on"], "names no condition") }
  }

  // MARK: - Services

  private mutating func check(_ known: Stack.Service, _ service: Document) {
    let place = ["services", known.name]
    let free: Set<String> = [
      "image", "environment", "command", "user", "read_only", "cap_drop", "security_opt", "tmpfs", "shm_size",
      "volumes",
      "healthcheck", "ports", "depends_on",
    ]
    expect(known.name, service, [:], free: free)
    expect(place + ["image"], service["image"], .string(known.image.reference))
    let test = service.at("healthcheck", "test")?.texts
    // What an image that no template knows can be asked is not known either: Kubernetes asks its port.
    let isAsked = test != nil && test?.first != "NONE" && service.at("healthcheck", "disable") == nil
    if known.free == nil ? !isAsked : service["healthcheck"] != nil {
      add(place + ["healthcheck"], known.free == nil ? "asks nothing" : "is none that outfit.yaml gives")
    }
    for port in service["ports"]?.items ?? [] where !published(port, known.port) {
      add(place + ["ports"], "publishes \(port.json)")
    }
    for (key, allowed) in [
      ("cap_drop", Document.words(["ALL"])), ("security_opt", .words(["no-new-privileges:true"])),
      ("read_only", .bool(true)),
    ] {
      if let found = service[key] { expect(place + [key], found, allowed) }
    }
    guard let development else { return }
    let objects = development.objects
    let object = objects["StatefulSet/\(known.name)"] ?? objects["Deployment/\(known.name)"]
    let spec = object?.at("spec", "template", "spec") ?? .null
    let container = spec["containers"]?.items.first { $0["name"]?.text == known.name } ?? .null
    compare(known.name, service, container, spec)
  }

  /// A service against its container in the environment with hot reload.
  private mutating func compare(_ name: String, _ service: Document, _ container: Document, _ spec: Document)
  {
    let place = ["services", name]
    let words = (container["command"]?.texts ?? []) + (container["args"]?.texts ?? [])
    let command = (service["command"]?.texts ?? []).map { $0.replacing("$$", with: "$") }
    expect(place + ["command"], .words(command), .words(words.map { $0.replacing("$$(", with: "$(") }))
    if let user = service["user"]?.text {
      let context = spec["securityContext"]
      let own = "\(context?["runAsUser"]?.text ?? "?"):\(context?["runAsGroup"]?.text ?? "?")"
      expect(place + ["user"], .string(user), .string(own))
    }
    var variables: [String: Document] = [:]
    for variable in container["env"]?.items ?? [] {
      let key = variable["name"]?.text ?? "?"
      if let secret = variable.at("valueFrom", "secretKeyRef", "key")?.text {
        variables[key] = .string("${\(secret):-development}")
      } else {
        variables[key] = variable["value"].map { .string(Quoting.dollars($0.text ?? "?")) } ?? .null
      }
    }
    for key in Set(variables.keys).union(service["environment"]?.entries.keys.map { $0 } ?? []).sorted() {
      let found = service.at("environment", key)
      expect(place + ["environment", key], found?.text.map { .string($0) } ?? found, variables[key])
    }
    var mounts: [String] = []
    let storage = Set(
      (container["volumeMounts"]?.items ?? []).compactMap { $0["mountPath"]?.text }.map(KeyedTree.plain))
    for volume in service["volumes"]?.items ?? [] {
      let parts = (volume.text ?? "").split(separator: ":").map(String.init)
      let isOurs =
        parts.first.map {
          !$0.contains("/") && !$0.contains(".") || $0 == "./k8s/base/nginx.conf"
            || $0 == "./k8s/base/init/\(name)"
        } ?? false
      guard parts.count > 1, isOurs, storage.contains(KeyedTree.plain(parts[1])) else {
        add(place + ["volumes"], "has \(volume.json), which \(stack.development?.name ?? "") does not mount")
        continue
      }
      mounts.append(parts[1])
    }
    if Set(mounts).count != mounts.count { add(place + ["volumes"], "mounts one place twice") }
    let claims = Set(
      (container["volumeMounts"]?.items ?? []).filter { $0["name"]?.text == "data" }.compactMap {
        $0["mountPath"]?.text
      })
    for claim in claims.sorted() where !mounts.contains(claim) {
      add(place + ["volumes"], "keeps nothing at \(claim)")
    }
  }
}
