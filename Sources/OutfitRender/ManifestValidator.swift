import OutfitCore

/// What must hold in any set of Kubernetes objects, whatever made them: labels, references and ports agree, and
/// every pod meets the Pod Security Standard "restricted".
public enum ManifestValidator {
  /// Checks the base that was rendered: overlays are checked after kustomize has evaluated them.
  static func diagnostics(_ files: [RenderedFile], secrets: [String]) -> [Diagnostic] {
    var objects: [Object] = []
    var generated: Set<String> = []
    for file in files
    where file.path.hasPrefix("k8s/base/") && file.path.hasSuffix(".yaml")
      && !Stack.isPatch(file.path)
    {
      // What can't be parsed was reported when it was compared with what was meant.
      for document in (try? Document.parse(file.content, file: file.path)) ?? [] {
        if document["kind"]?.text == "Kustomization" {
          generated.formUnion(document["configMapGenerator"]?.items.compactMap { $0["name"]?.text } ?? [])
        } else {
          objects.append(Object(document, file.path))
        }
      }
    }
    return validate(objects, generatedConfigMaps: generated, secretKeys: Set(secrets))
  }

  /// Checks evaluated documents of one environment.
  /// - Parameters:
  ///   - file: as diagnostics name it.
  ///   - secretKeys: the keys of the Secret, which is made outside.
  public static func validate(_ documents: [Document], file: String, secretKeys: [String]) -> [Diagnostic] {
    validate(documents.map { Object($0, file) }, generatedConfigMaps: [], secretKeys: Set(secretKeys))
  }

  private static func validate(
    _ objects: [Object], generatedConfigMaps: Set<String>, secretKeys: Set<String>
  ) -> [Diagnostic] {
    var validation = Validation(
      objects: objects, pods: objects.compactMap(Pod.init),
      configMaps: generatedConfigMaps.union(objects.filter { $0.kind == "ConfigMap" }.map(\.name)),
      secretKeys: secretKeys)
    validation.run()
    return validation.diagnostics
  }

  /// A document that names itself.
  struct Object {
    let document: Document
    let file: String

    init(_ document: Document, _ file: String) {
      self.document = document
      self.file = file
    }

    var kind: String { document["kind"]?.text ?? "?" }
    var name: String { document.at("metadata", "name")?.text ?? "?" }
    var title: String { "\(kind) \(name)" }
    var spec: Document { document["spec"] ?? .null }
  }

  /// An object that makes pods.
  struct Pod {
    let object: Object
    let spec: Document
    let labels: [String: Document]

    init?(_ object: Object) {
      let template: Document?
      switch object.kind {
      case "Deployment", "StatefulSet", "DaemonSet", "Job", "ReplicaSet": template = object.spec["template"]
      case "CronJob": template = object.spec.at("jobTemplate", "spec", "template")
      case "Pod": template = object.document
      default: return nil
      }
      guard let template else { return nil }
      self.object = object
      spec = template["spec"] ?? .null
      labels = template.at("metadata", "labels")?.entries ?? [:]
    }

    var containers: [Document] { spec["containers"]?.items ?? [] }
    var initContainers: [Document] { spec["initContainers"]?.items ?? [] }
    var ports: [Document] { containers.flatMap { $0["ports"]?.items ?? [] } }

    /// True when `port`, a name or a number, is one that a container says it opens.
    func opens(_ port: Document) -> Bool {
      ports.contains { $0["name"] == port || $0["containerPort"] == port }
    }

    func matches(_ selector: Document) -> Bool {
      for (key, value) in selector["matchLabels"]?.entries ?? [:] where labels[key] != value { return false }
      for expression in selector["matchExpressions"]?.items ?? [] {
        let label = labels[expression["key"]?.text ?? ""]
        let values = expression["values"]?.items ?? []
        switch expression["operator"]?.text {
        case "In": if !values.contains(where: { $0 == label }) { return false }
        case "NotIn": if values.contains(where: { $0 == label }) { return false }
        case "Exists": if label == nil { return false }
        case "DoesNotExist": if label != nil { return false }
        default: return false
        }
      }
      return true
    }
  }
}

/// One pass over a set of objects.
struct Validation {
  typealias Object = ManifestValidator.Object
  typealias Pod = ManifestValidator.Pod

  let objects: [Object]
  let pods: [Pod]
  let configMaps: Set<String>
  let secretKeys: Set<String>
  var diagnostics: [Diagnostic] = []

  mutating func complain(_ object: Object, _ message: String, _ hint: String? = nil) {
    diagnostics.append(
      Diagnostic(.error, "\(object.title) \(message)", at: SourceLocation(file: object.file), hint: hint))
  }

  /// Names of these kinds become labels, some with what their controllers add: longer ones the API server refuses, or
  /// no pod is ever made of them.
  private static let lengths = ["CronJob": 52, "Service": 63, "Namespace": 63, "StatefulSet": 52]

  private mutating func names(_ object: Object) {
    if let most = Self.lengths[object.kind], object.name.utf8.count > most {
      complain(
        object, "has a name of \(object.name.utf8.count) characters, and Kubernetes takes \(most)",
        "give it a shorter name")
    }
    let labels = [object.document.at("metadata", "labels"), object.spec.at("template", "metadata", "labels")]
    for (name, value) in labels.flatMap({ $0?.entries.sorted { $0.key < $1.key } ?? [] }) {
      if let text = value.text, text.utf8.count > 63 {
        complain(object, "has a label \(name) of \(text.utf8.count) characters, and Kubernetes takes 63")
      }
    }
  }

  mutating func run() {
    var seen: Set<String> = []
    for object in objects where !seen.insert(object.title).inserted { complain(object, "is there twice") }
    for object in objects { names(object) }
    for object in objects {
      switch object.kind {
      case "Service": service(object)
      case "PodDisruptionBudget": selects(object, object.spec["selector"] ?? .null, "its selector")
      case "HorizontalPodAutoscaler": autoscaler(object)
      case "Ingress": ingress(object)
      case "NetworkPolicy": network(object)
      default: break
      }
    }
    for pod in pods {
      workload(pod)
      references(pod)
      for complaint in PodSecurity.complaints(pod.spec) {
        complain(
          pod.object, complaint,
          "Pod Security \"restricted\" would refuse it, or it is weaker than it must be")
      }
    }
  }

  @discardableResult
  private mutating func selects(_ object: Object, _ selector: Document, _ what: String) -> [Pod] {
    let found = pods.filter { $0.matches(selector) }
    if found.isEmpty { complain(object, "selects no pod by \(what) \(selector.json)") }
    return found
  }

  private mutating func service(_ object: Object) {
    guard let labels = object.spec["selector"], !labels.entries.isEmpty else { return }
    let found = selects(object, .map(["matchLabels": labels]), "its selector")
    for port in object.spec["ports"]?.items ?? [] {
      let target = port["targetPort"] ?? port["port"] ?? .null
      for pod in found where !pod.opens(target) {
        complain(object, "sends to port \(target.json), which \(pod.object.title) does not open")
      }
    }
  }

  private mutating func autoscaler(_ object: Object) {
    let target = object.spec["scaleTargetRef"] ?? .null
    let found = objects.first { $0.document["kind"] == target["kind"] && $0.name == target["name"]?.text }
    guard let found else { return complain(object, "scales \(target.json), which is not there") }
    if found.spec["replicas"] != nil {
      complain(found, "gives replicas, which its HorizontalPodAutoscaler sets too", "leave them to one")
    }
    if let least = object.spec["minReplicas"]?.integer, let most = object.spec["maxReplicas"]?.integer,
      least > most
    {
      complain(object, "has more minReplicas than maxReplicas")
    }
  }

  private mutating func ingress(_ object: Object) {
    for rule in object.spec["rules"]?.items ?? [] {
      for path in rule.at("http", "paths")?.items ?? [] {
        let backend = path.at("backend", "service") ?? .null
        let found = objects.first { $0.kind == "Service" && $0.name == backend["name"]?.text }
        guard let found else {
          complain(object, "leads to the Service \(backend["name"]?.json ?? "null"), which is not there")
          continue
        }
        let port = backend.at("port", "name") ?? backend.at("port", "number") ?? .null
        if found.spec["ports"]?.items.contains(where: { $0["name"] == port || $0["port"] == port }) != true {
          complain(object, "leads to port \(port.json), which \(found.title) does not have")
        }
      }
    }
  }

  private mutating func network(_ object: Object) {
    let selector = object.spec["podSelector"] ?? .null
    let own = selects(object, selector, "its podSelector")
    for (direction, peers) in [("ingress", "from"), ("egress", "to")] {
      for rule in object.spec[direction]?.items ?? [] {
        var others: [Pod] = []
        for peer in rule[peers]?.items ?? [] where peer["namespaceSelector"] == nil {
          guard let selector = peer["podSelector"] else { continue }
          others += selects(object, selector, "a peer's podSelector")
        }
        let receivers = direction == "ingress" ? own : others
        for port in rule["ports"]?.items ?? [] {
          guard let number = port["port"], !receivers.isEmpty else { continue }
          if !receivers.contains(where: { $0.opens(number) }) {
            complain(object, "allows port \(number.json), which none of its pods opens")
          }
        }
      }
    }
  }

  private mutating func workload(_ pod: Pod) {
    let object = pod.object
    if ["Deployment", "StatefulSet", "DaemonSet"].contains(object.kind) {
      let selector = object.spec["selector"] ?? .null
      if selector["matchLabels"]?.entries.isEmpty ?? true {
        complain(object, "has no selector")
      } else if !pod.matches(selector) {
        complain(object, "has a selector that its own pods do not match")
      }
    }
    if object.kind == "StatefulSet" {
      let name = object.spec["serviceName"]?.text
      if !objects.contains(where: { $0.kind == "Service" && $0.name == name }) {
        complain(object, "names the Service \(name ?? "null"), which is not there")
      }
    }
    for container in pod.containers + pod.initContainers {
      let name = container["name"]?.text ?? "?"
      for probe in ["startupProbe", "readinessProbe", "livenessProbe"] {
        let ask = container[probe]?["httpGet"] ?? container[probe]?["tcpSocket"]
        guard let port = ask?["port"] else { continue }
        let ports = container["ports"]?.items ?? []
        if !ports.contains(where: { $0["name"] == port || $0["containerPort"] == port }) {
          complain(object, "probes port \(port.json) of \(name), which it does not open")
        }
      }
      if let image = container["image"]?.text, image.hasSuffix(":latest") {
        complain(object, "runs \(image), which means another image every day", "name a version")
      }
    }
  }

  private mutating func references(_ pod: Pod) {
    let object = pod.object
    var volumes = Set((pod.spec["volumes"]?.items ?? []).compactMap { $0["name"]?.text })
    volumes.formUnion(
      (object.spec["volumeClaimTemplates"]?.items ?? []).compactMap { $0.at("metadata", "name")?.text })
    var used: Set<String> = []
    for container in pod.containers + pod.initContainers {
      for mount in container["volumeMounts"]?.items ?? [] {
        let name = mount["name"]?.text ?? "?"
        used.insert(name)
        if !volumes.contains(name) { complain(object, "mounts the volume \(name), which it does not have") }
      }
      for source in container["envFrom"]?.items ?? [] { configMap(object, source["configMapRef"]) }
      for variable in container["env"]?.items ?? [] {
        configMap(object, variable.at("valueFrom", "configMapKeyRef"))
        if let key = variable.at("valueFrom", "secretKeyRef", "key")?.text, !secretKeys.contains(key) {
          complain(object, "takes the key \(key) of a Secret, which the template does not list")
        }
      }
    }
    for name in volumes.subtracting(used).sorted() {
      complain(object, "has the volume \(name), which nothing mounts")
    }
    for volume in pod.spec["volumes"]?.items ?? [] { configMap(object, volume["configMap"]) }
  }

  private mutating func configMap(_ object: Object, _ reference: Document?) {
    guard let reference, let name = reference["name"]?.text, !reference["optional"].isTrue else { return }
    if !configMaps.contains(name) { complain(object, "takes the ConfigMap \(name), which is not there") }
  }
}

extension Document? {
  fileprivate var isTrue: Bool { self == .bool(true) }
}
