import OutfitCore

/// compose.yaml against the environment that has hot reload: each process reduced to what it is.
struct ComposeParity {
  let input: Parity.Input
  let objects: [String: [Document]]

  func rows() -> [Parity.Row] {
    guard let environment = input.stack.development else { return [] }
    let rule = "compose.yaml equals \(environment.name)"
    guard let compose = input.compose.flatMap({ try? Document.parseOne($0, file: "compose.yaml") }) else {
      return [Parity.Row(rule, .notCheckable, "there is no readable compose.yaml")]
    }
    guard let documents = objects[environment.name] else {
      return [Parity.Row(rule, .notCheckable, "the overlay was not evaluated")]
    }
    return input.stack.processes.map { process in
      let failures = self.failures(process.name, compose, documents)
      return Parity.Row(
        "\(rule): \(process.name)", failures.isEmpty ? .proved : .failed,
        failures.isEmpty ? "image, command, variables, port, user and rights" : Parity.some(failures))
    }
  }

  private func failures(_ name: String, _ compose: Document, _ documents: [Document]) -> [String] {
    guard let service = compose.at("services", name) else { return ["compose.yaml has no service \(name)"] }
    let pods = documents.compactMap { ManifestValidator.Pod(ManifestValidator.Object($0, "")) }
    guard let pod = pods.first(where: { $0.object.kind == "Deployment" && $0.object.name == name }),
      let container = pod.containers.first(where: { $0["name"]?.text == name })
    else { return ["the overlay has no Deployment \(name)"] }
    var failures: [String] = []
    func compare(_ what: String, _ left: Document, _ right: Document) {
      if left != right { failures.append("\(what): \(left.json), not \(right.json)") }
    }
    func image(_ document: Document) -> Document {
      .string(ImageParity.repository(document["image"]?.text ?? ""))
    }
    compare("image", image(service), image(container))
    compare("command", service["command"] ?? .null, container["command"] ?? .null)
    compare(
      "variables", names(service["environment"]?.entries.keys.map { $0 } ?? []),
      variables(container, documents))
    let ports = (container["ports"]?.items ?? []).compactMap { $0["containerPort"]?.text }
    compare("ports", names(service["expose"]?.items.compactMap(\.text) ?? []), names(ports))
    let context = pod.spec["securityContext"] ?? .null
    let user = "\(context["runAsUser"]?.text ?? ""):\(context["runAsGroup"]?.text ?? "")"
    compare("user", service["user"] ?? .null, .string(user))
    compare(
      "read-only root", service["read_only"] ?? .null,
      container.at("securityContext", "readOnlyRootFilesystem") ?? .null)
    compare(
      "dropped capabilities", service["cap_drop"] ?? .null,
      container.at("securityContext", "capabilities", "drop") ?? .null)
    let hasHealth = container["livenessProbe"] != nil
    if (service["healthcheck"] != nil) != hasHealth { failures.append("only one of them has a health check") }
    return failures
  }

  private func names(_ names: [String]) -> Document { .list(Set(names).sorted().map { .string($0) }) }

  /// The names of all variables that a container gets.
  private func variables(_ container: Document, _ documents: [Document]) -> Document {
    var found = (container["env"]?.items ?? []).compactMap { $0["name"]?.text }
    for source in container["envFrom"]?.items ?? [] {
      if let name = source.at("configMapRef", "name") {
        let map = documents.first { $0["kind"]?.text == "ConfigMap" && $0.at("metadata", "name") == name }
        found += map?["data"]?.entries.keys.map { $0 } ?? []
      }
      if source["secretRef"] != nil { found += input.stack.secretKeys }
    }
    return names(found)
  }
}
