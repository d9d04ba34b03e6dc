import OutfitCore

/// One environment's objects without what the manifest gives it: hosts, numbers, variables, the tag and hot reload are
/// held against the manifest and taken out, so that what is left is the same in every environment.
///
/// What is not just as the manifest says stays where it is, and is a difference.
struct NeutralEnvironment {
  let stack: Stack
  let environment: Stack.Environment
  private let isGiven: Bool
  /// By `Kind/name`.
  private(set) var objects: [String: Document] = [:]
  /// What is not as manifest and lock say.
  private(set) var findings: [ParityFinding] = []
  /// The variables of all processes.
  private(set) var variables: [String: String] = [:]

  /// - Parameters:
  ///   - generated: names of the maps that a generator of kustomize makes, by kind.
  ///   - isGiven: no kustomize made them, so that maps and the Job may have their plain names.
  init(
    _ documents: [Document], stack: Stack, environment: Stack.Environment, generated: [String: Set<String>],
    isGiven: Bool = false
  ) {
    self.isGiven = isGiven
    self.stack = stack
    self.environment = environment
    for document in rename(documents, generated) {
      let key = "\(document["kind"]?.text ?? "?")/\(document.at("metadata", "name")?.text ?? "?")"
      for place in KeyedTree.collisions(document) {
        add(key, place, "is there twice: which of them counts is not known", isExcusable: false)
      }
      if objects[key] != nil { add(key, [], "is there twice", isExcusable: false) }
      objects[key] = document
    }
    for key in objects.keys.sorted() { neutralize(key) }
  }

  private mutating func add(
    _ object: String, _ pointer: [String], _ message: String, found: Document? = nil, isExcusable: Bool = true
  ) {
    findings.append(
      ParityFinding(
        object: object, pointer: pointer, found: found, message: message, environments: [environment.name],
        isExcusable: isExcusable))
  }

  // MARK: - Names

  /// Generated maps without their digests, the namespace, and the Job of the tag.
  private mutating func rename(_ documents: [Document], _ generated: [String: Set<String>]) -> [Document] {
    var names: [String: String] = [:]
    for document in documents {
      let name = document.at("metadata", "name")?.text ?? "?"
      let kind = document["kind"]?.text ?? "?"
      let plain = Self.withoutDigest(name)
      if plain != name || isGiven, generated[kind]?.contains(plain) ?? false {
        names[name] = Self.generated(plain)
      }
    }
    return documents.map { document in
      var document = Self.replace(document, names)
      if document.at("metadata", "namespace")?.text == environment.namespace {
        document = document.changing(["metadata", "namespace"]) { _ in .string("NAMESPACE") }
      }
      switch document["kind"]?.text {
      case "Namespace" where document.at("metadata", "name")?.text == environment.namespace:
        return document.changing(["metadata", "name"]) { _ in .string("NAMESPACE") }
      case "Job": return job(document)
      default: return document
      }
    }
  }

  static func generated(_ name: String) -> String { name + " (generated)" }

  /// Kustomize adds ten characters of a fixed alphabet to the names of what it generates.
  private static func withoutDigest(_ name: String) -> String {
    let digest = name.suffix(11)
    guard digest.count == 11, digest.first == "-",
      digest.dropFirst().allSatisfy({ "bcdfghkm2456789t".contains($0) })
    else { return name }
    return String(name.dropLast(11))
  }

  private static func replace(_ document: Document, _ names: [String: String]) -> Document {
    switch document {
    case .string(let text): .string(names[text] ?? text)
    case .list(let items): .list(items.map { replace($0, names) })
    case .map(let entries): .map(entries.mapValues { replace($0, names) })
    case .null, .bool, .number: document
    }
  }

  /// The Job that migrates is named for what stands behind the colon of its image, up to an `@`.
  private func job(_ document: Document) -> Document {
    if isGiven, document.at("metadata", "name")?.text == "migrate" {
      return document.changing(["metadata", "annotations"]) { $0.with("release", .string("TAG")) }
        .changing(["metadata"]) {
          $0["annotations"] == nil ? $0.with("annotations", .map(["release": .string("TAG")])) : $0
        }
    }
    let image = document.at("spec", "template", "spec", "containers")?.items.first?["image"]?.text ?? ""
    guard !stack.migrate.isEmpty, let release = document.at("metadata", "annotations", "release")?.text,
      let tag = release.split(separator: "@").first,
      document.at("metadata", "name")?.text == "migrate-\(tag)",
      ["\(imageName):\(release)", "\(imageName)@sha256:\(release)"].contains(image)
        || release.hasSuffix("@sha256") && image.hasPrefix("\(imageName):\(release):")
    else { return document }
    return document.changing(["metadata", "name"]) { _ in .string("migrate") }
      .changing(["metadata", "annotations", "release"]) { _ in .string("TAG") }
  }

  var imageName: String { environment.isDevelopment ? stack.image + "-dev" : stack.image }

  // MARK: - What the manifest gives

  private mutating func neutralize(_ key: String) {
    guard var document = objects[key] else { return }
    let kind = key.prefix { $0 != "/" }
    let name = String(key.dropFirst(kind.count + 1))
    switch kind {
    case "Deployment", "StatefulSet", "ReplicaSet":
      document = count(document, ["spec", "replicas"], key, isSingle: isSingle(name))
    case "HorizontalPodAutoscaler":
      document = count(document, ["spec", "minReplicas"], key, isSingle: isSingle(name))
      document = count(document, ["spec", "maxReplicas"], key, isSingle: isSingle(name))
    case "NetworkPolicy": document = way(document, name)
    case "Ingress" where name == stack.name: document = ingress(document)
    case "ConfigMap" where name == Self.generated("app"):
      variables(document, key)
      document = document.with("data", nil)
    default: break
    }
    if let path = Self.pod(String(kind)) {
      document = document.changing(path) { pod($0, name) }
    }
    objects[key] = document
  }

  private func isSingle(_ name: String) -> Bool {
    stack.processes.contains { $0.name == name && $0.isSingle }
  }

  static func pod(_ kind: String) -> [String]? {
    switch kind {
    case "Deployment", "StatefulSet", "DaemonSet", "Job", "ReplicaSet", "ReplicationController":
      ["spec", "template", "spec"]
    case "CronJob": ["spec", "jobTemplate", "spec", "template", "spec"]
    case "Pod": ["spec"]
    default: nil
    }
  }

  private mutating func count(_ document: Document, _ path: [String], _ key: String, isSingle: Bool)
    -> Document
  {
    let name = String(key.drop { $0 != "/" }.dropFirst())
    let mayBeNone = stack.processes.contains { $0.name == name && $0.replicas == 0 }
    guard let value = path.reduce(Optional(document), { $0?[$1] }) else { return document }
    guard let number = value.integer, number <= 1000, number >= (mayBeNone ? 0 : 1) else {
      add(key, path, "is \(value.json): take \(mayBeNone ? 0 : 1) to 1000", found: value)
      return document
    }
    if isSingle, number > 1 {
      add(key, path, "is \(number), and two of it would do its work twice", found: value)
      return document
    }
    return document.changing(path) { _ in .string("COUNT") }
  }

  /// What an environment lacks that has a service from elsewhere.
  static func elsewhere(_ service: Stack.Service) -> [String] {
    ["StatefulSet/", "Service/", "NetworkPolicy/"].map { $0 + service.name }
  }

  /// The way to a service that some environment has from elsewhere: to its pods here, to its port there.
  private func way(_ document: Document, _ name: String) -> Document {
    guard let service = stack.services.first(where: { "to-" + $0.name == name }),
      stack.environments.contains(where: { $0.external.contains(service.name) })
    else { return document }
    let isElsewhere = environment.external.contains(service.name)
    let port = isElsewhere ? stack.externalPort(service, environment) : service.port
    var rule: [String: Document] = [
      "ports": .list([.map(["protocol": .string("TCP"), "port": .number(String(port))])])
    ]
    if !isElsewhere {
      let labels: Document = .map([
        "app.kubernetes.io/name": .string(stack.name), "app.kubernetes.io/component": .string(service.name),
      ])
      rule["to"] = .list([.map(["podSelector": .map(["matchLabels": labels])])])
    }
    // A server leaves out the usual protocol.
    let found = document.at("spec", "egress").map(ClusterObjects.plain)
    guard found == ClusterObjects.plain(.list([.map(rule)])) else { return document }
    return document.changing(["spec", "egress"]) { _ in .string("SERVICE") }
  }

  private func ingress(_ document: Document) -> Document {
    guard let host = environment.host, let rules = document.at("spec", "rules")?.items, rules.count == 1,
      rules[0]["host"]?.text == host
    else { return document }
    let secured: Document = .list([
      .map(["hosts": .words([host]), "secretName": .string(stack.name + "-tls")])
    ])
    let tls = document.at("spec", "tls")
    guard environment.isDevelopment ? tls == nil : tls == secured else { return document }
    let neutral = document.changing(["spec", "rules"]) { rules in
      rules.mapping { $0.with("host", .string("HOST")) }
    }
    return neutral.changing(["spec"]) { $0.with("tls", .string("TLS")) }
  }

  private mutating func variables(_ document: Document, _ key: String) {
    let wanted = stack.variables(environment)
    let found = document["data"]?.entries ?? [:]
    variables = found.compactMapValues(\.text)
    for name in Set(wanted.keys).union(found.keys).sorted() {
      let meant = wanted[name].map { Document.string($0) }
      if found[name] != meant {
        findings.append(
          ParityFinding(
            object: "ConfigMap/app", pointer: ["data", name], found: found[name], wanted: meant,
            environments: [environment.name], isExcusable: !CodeVariables.contains(name)))
      }
    }
  }

  // MARK: - Pods

  private func pod(_ spec: Document, _ owner: String) -> Document {
    var spec = spec
    let process = stack.processes.first { $0.name == owner }
    if environment.isDevelopment, let process { spec = withoutReload(spec, process) }
    for list in ["containers", "initContainers", "ephemeralContainers"] {
      spec = spec.changing([list]) { containers in
        containers.mapping { container in
          container.changing(["image"]) { image in
            ImageParity.repository(image.text ?? "") == imageName ? .string(stack.image) : image
          }.changing(["resources"]) { Self.isBounded($0) ? .string("RESOURCES") : $0 }
        }
      }
    }
    return spec
  }

  /// Requests and limits of processor and memory, none above its limit.
  static func isBounded(_ resources: Document) -> Bool {
    let known: Set<String> = ["requests", "limits"]
    guard Set(resources.entries.keys).isSubset(of: known), !resources.entries.isEmpty else { return false }
    for (_, list) in resources.entries {
      guard case .map(let values) = list else { return false }
      for (name, value) in values {
        guard ["cpu", "memory"].contains(name), let quantity = value.text.flatMap({ Quantity($0) }),
          quantity.value > 0
        else { return false }
      }
    }
    return ["cpu", "memory"].allSatisfy { name in
      guard let least = resources.at("requests", name)?.text.flatMap({ Quantity($0) }),
        let most = resources.at("limits", name)?.text.flatMap({ Quantity($0) })
      else { return true }
      return least <= most
    }
  }

  /// The same command behind the watcher, and a copy of /app that the pod may write to: just that is taken out.
  private func withoutReload(_ spec: Document, _ process: Stack.Process) -> Document {
    let reload = stack.reloading(process).map(Quoting.dollars)
    let volume: Document = .map(["name": .string("app"), "emptyDir": .map(["sizeLimit": .string("512Mi")])])
    let image = spec["containers"]?.items.first { $0["name"]?.text == process.name }?["image"]
    return spec.changing(["containers"]) { containers in
      containers.mapping { container in
        guard container["name"]?.text == process.name else { return container }
        let mount: Document = .map(["name": .string("app"), "mountPath": .string("/app")])
        return container.changing(["volumeMounts"]) { $0.mapping { $0 == mount ? nil : $0 } }
          .changing(["command"]) { $0 == .words(reload) ? .words(process.command.map(Quoting.dollars)) : $0 }
      }
    }
    .changing(["volumes"]) { $0.mapping { $0 == volume ? nil : $0 } }
    .changing(["initContainers"]) { containers in
      let rest = containers.mapping { Self.isCopy($0, image) ? nil : $0 }
      return rest.items.isEmpty ? nil : rest
    }
  }

  private static func isCopy(_ container: Document, _ image: Document?) -> Bool {
    let context: Document = .map([
      "allowPrivilegeEscalation": .bool(false), "readOnlyRootFilesystem": .bool(true),
      "capabilities": .map(["drop": .words(["ALL"])]),
    ])
    return container["image"] == image && isBounded(container["resources"] ?? .null)
      && container.with("resources", nil).with("image", nil)
        == .map([
          "name": .string("copy-app"), "command": .words(["cp", "-R", "/app/.", "/copy/"]),
          "securityContext": context,
          "volumeMounts": .list([.map(["name": .string("app"), "mountPath": .string("/copy")])]),
        ])
  }
}
