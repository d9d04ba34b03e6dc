import OutfitCore

/// What the hot-reload loop needs to hold before it is started, told from what was rendered and what programs answer.
public enum DevLoop {
  /// The oldest programs that take what is rendered.
  public static let kubectl = Version([1, 27])
  public static let cluster = Version([1, 25])
  public static let skaffold = Version([2, 15])
  public static let compose = Version([2, 24])

  /// The environment with hot reload and a debugger, as render writes it.
  public static let debugFolder = "k8s/debug"
  static let debugFile = debugFolder + "/kustomization.yaml"

  /// Digits and dots in whatever a program says of itself: `v2.26.1-4` is 2.26.1.
  public static func version(_ text: some StringProtocol) -> Version? {
    var digits = ""
    for character in text {
      if character.isNumber || (character == "." && !digits.isEmpty && digits.last != ".") {
        digits.append(character)
      } else if digits.contains(".") {
        break
      } else {
        digits = ""
      }
    }
    if digits.hasSuffix(".") { digits.removeLast() }
    return digits.contains(".") ? Version(digits) : nil
  }

  /// True for the names that minikube, kind and their like give their contexts.
  public static func isLocal(context: String) -> Bool {
    ["minikube", "docker-desktop", "microk8s", "rancher-desktop", "orbstack", "colima", "kind"].contains(
      context)
      || ["kind-", "k3d-", "minikube-", "colima-"].contains { context.hasPrefix($0) }
  }

  /// What kubectl says of a context: where its cluster answers, and whether minikube made it, whatever its name.
  /// - Parameter view: the answer to `kubectl config view --minify --output json`.
  public static func cluster(_ view: String) -> (server: String?, isMinikube: Bool) {
    let cluster = (try? Document.parseJSON(view, file: "kubectl"))?["clusters"]?.items.first?["cluster"]
    let makers = (cluster?["extensions"]?.items ?? []).compactMap { $0.at("extension", "provider")?.text }
    return (cluster?["server"]?.text, makers.contains("minikube.sigs.k8s.io"))
  }

  /// Where skaffold.yaml sends files to that the pods' user can't write.
  /// - Parameter objects: the evaluated overlay of the environment with hot reload.
  public static func unwritable(skaffold: Document, objects: [Document], processes: [String]) -> [String] {
    let rules = (skaffold.at("build", "artifacts")?.items ?? []).flatMap {
      $0.at("sync", "manual")?.items ?? []
    }
    let targets = Set(rules.compactMap { $0["dest"]?.text }).sorted()
    var problems: [String] = []
    for object in objects where object["kind"]?.text == "Deployment" {
      guard let name = object.at("metadata", "name")?.text, processes.contains(name) else { continue }
      let spec = object.at("spec", "template", "spec") ?? .null
      let volumes = spec["volumes"]?.items ?? []
      for container in spec["containers"]?.items ?? [] where container["name"]?.text == name {
        for target in targets {
          let mount = (container["volumeMounts"]?.items ?? []).filter { mount in
            guard let path = mount["mountPath"]?.text else { return false }
            return target == path || target.hasPrefix(path + "/")
          }.max { ($0["mountPath"]?.text?.count ?? 0) < ($1["mountPath"]?.text?.count ?? 0) }
          guard let mount else {
            problems.append("\(name) has no volume at \(target), and its root is read-only")
            continue
          }
          if mount["readOnly"]?.isTrue ?? false {
            problems.append("\(name) mounts \(mount["mountPath"]?.text ?? "") read-only")
          } else if volumes.first(where: { $0["name"] == mount["name"] })?["emptyDir"] == nil,
            spec.at("securityContext", "fsGroup") == nil
          {
            problems.append(
              "the volume at \(mount["mountPath"]?.text ?? "") of \(name) belongs to another user")
          }
        }
      }
    }
    return problems
  }

  /// A second file for Compose, in which the process that is debugged listens for a debugger on a port of this
  /// machine.
  public static func debugging(_ stack: Stack) -> String? {
    guard let process = stack.debugged else { return nil }
    let port = stack.debugPort
    // Compose forwards a port to the container's own address, not to its loopback interface.
    let words = stack.debugging(process, address: "0.0.0.0").map(Quoting.dollars)
    return """
      services:
        \(process.name):
          command: \(Quoting.json(words))
          ports: ["127.0.0.1:\(port):\(port)"]

      """
  }

  /// `.vscode/launch.json` for a debugger on the port.
  public static func launch(_ stack: Stack) -> String {
    let port = stack.debugPort
    let configuration =
      stack.language == .node
      ? """
          {"name": "outfit dev --debug", "type": "node", "request": "attach", "port": \(port),
           "localRoot": "${workspaceFolder}", "remoteRoot": "/app", "restart": true}
      """
      : """
          {"name": "outfit dev --debug", "type": "debugpy", "request": "attach",
           "connect": {"host": "127.0.0.1", "port": \(port)},
           "pathMappings": [{"localRoot": "${workspaceFolder}", "remoteRoot": "/app"}]}
      """
    return "{\n  \"version\": \"0.2.0\",\n  \"configurations\": [\n\(configuration)\n  ]\n}\n"
  }
}
