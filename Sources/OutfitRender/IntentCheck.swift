import OutfitCore

/// Reads rendered files again, and compares what they say with what was meant: a value that broke out of its
/// string is found here, whatever the template did with it.
enum IntentCheck {
  static func diagnostics(_ files: [RenderedFile], _ stack: Stack) -> [Diagnostic] {
    var check = Check(stack: stack)
    for file in files {
      do throws(Failure) {
        try check.read(file)
      } catch {
        check.diagnostics += error.diagnostics
      }
    }
    check.devcontainer()
    return check.diagnostics
  }

  private struct Check {
    let stack: Stack
    var diagnostics: [Diagnostic] = []
    private var container: (document: Document, file: RenderedFile)?
    private var services: Set<String>?

    init(stack: Stack) { self.stack = stack }

    mutating func devcontainer() {
      guard let (document, file) = container else { return }
      diagnostics += DevContainerCheck.complaints(document, services: services).map {
        Diagnostic(.error, $0.message, at: SourceLocation(file: file.path), hint: $0.hint)
      }
    }

    mutating func read(_ file: RenderedFile) throws(Failure) {
      if Stack.isPatch(file.path) { return }
      let name = file.path.split(separator: "/").last.map(String.init) ?? ""
      if name == "Dockerfile" {
        dockerfile(file)
      } else if name.hasSuffix(".json") {
        let document = try Document.parseJSON(file.content, file: file.path)
        if name == "devcontainer.json" { container = (document, file) }
      } else if name == "compose.yaml" {
        let document = try Document.parseOne(file.content, file: file.path)
        services = (document["services"]?.entries).map { Set($0.keys) }
        compose(document, file)
      } else if name.hasSuffix(".yaml") || name.hasSuffix(".yml") {
        let documents = try Document.parse(file.content, file: file.path)
        for document in documents {
          try object(document, file, isReload: file.path.hasPrefix("k8s/overlays/"))
        }
      } else if name.hasSuffix(".env") {
        variables(file)
      }
    }

    private mutating func expect(
      _ what: String, _ expected: Document, _ found: Document?, _ file: RenderedFile
    ) {
      guard found != expected else { return }
      diagnostics.append(
        Diagnostic(
          .error, "\(what) is \(found?.json ?? "absent") where \(expected.json) is meant",
          at: SourceLocation(file: file.path),
          hint: "the template puts a value where it is read as something else: use the quoted form"))
    }

    private func list(_ words: [String]) -> Document { .list(words.map { .string($0) }) }

    private mutating func dockerfile(_ file: RenderedFile) {
      guard let process = stack.web ?? stack.staying.first else { return }
      let commands = file.content.split(separator: "\n").filter { $0.hasPrefix("CMD ") }
      let last = commands.last.flatMap { line in
        try? Document.parseOne(String(line.dropFirst(4)), file: file.path)
      }
      expect("CMD", list(process.command), last, file)
    }

    private mutating func compose(_ document: Document, _ file: RenderedFile) {
      let variables = stack.variables(stack.development)
      for process in stack.processes {
        guard let service = document.at("services", process.name) else {
          expect("services.\(process.name)", .map([:]), nil, file)
          continue
        }
        let command = process.schedule == nil ? stack.reloading(process) : process.command
        expect(
          "services.\(process.name).command", list(command.map(Quoting.dollars)), service["command"], file)
        for (name, value) in variables.sorted(by: { $0.key < $1.key }) {
          expect(
            "services.\(process.name).environment.\(name)", .string(Quoting.dollars(value)),
            service.at("environment", name), file)
        }
      }
      for service in stack.services {
        guard let found = document.at("services", service.name) else { continue }
        expect("services.\(service.name).image", .string(service.image.reference), found["image"], file)
      }
    }

    /// The environment with hot reload, in which one process listens for a debugger.
    private mutating func debugger(_ document: Document, _ file: RenderedFile) throws(Failure) {
      guard let process = stack.debugged, let development = stack.development else { return }
      expect("resources", list(["../overlays/\(development.name)"]), document["resources"], file)
      let patch = try Document.parseOne(
        document["patches"]?.items.first?["patch"]?.text ?? "", file: file.path)
      let container = patch.at("spec", "template", "spec", "containers")?.items.first
      expect("the debugged process", .string(process.name), container?["name"], file)
      let command = stack.debugging(process, address: "127.0.0.1").map(Quoting.dollars)
      expect("the command of \(process.name)", list(command), container?["command"], file)
    }

    private mutating func object(_ document: Document, _ file: RenderedFile, isReload: Bool) throws(Failure) {
      if document["kind"]?.text == "Kustomization", isReload {
        let folder = file.path.split(separator: "/").dropLast().last.map(String.init)
        if let environment = stack.environments.first(where: { $0.name == folder }) {
          expect("namespace", .string(environment.namespace), document["namespace"], file)
        }
        return
      }
      if file.path == DevLoop.debugFile { return try debugger(document, file) }
      guard let name = document.at("metadata", "name")?.text,
        ["Deployment", "StatefulSet", "CronJob"].contains(document["kind"]?.text)
      else { return }
      let spec =
        document["kind"]?.text == "CronJob" ? document.at("spec", "jobTemplate", "spec") : document["spec"]
      let containers = spec?.at("template", "spec", "containers")?.items ?? []
      if let process = stack.processes.first(where: { $0.name == name }) {
        let command = isReload ? stack.reloading(process) : process.command
        let container = containers.first { $0["name"]?.text == name }
        expect("the command of \(name)", list(command.map(Quoting.dollars)), container?["command"], file)
        if !isReload { expect("the image of \(name)", .string(stack.image), container?["image"], file) }
      }
      if let service = stack.services.first(where: { $0.name == name }), let container = containers.first {
        expect("the image of \(name)", .string(service.image.reference), container["image"], file)
      }
    }

    private mutating func variables(_ file: RenderedFile) {
      let folder = file.path.split(separator: "/").dropLast().last.map(String.init) ?? ""
      guard folder == "base" || stack.environments.contains(where: { $0.name == folder }) else { return }
      let wanted = stack.environments.first { $0.name == folder }?.env ?? stack.env
      var found: [String: Document] = [:]
      for line in file.content.split(separator: "\n") where !line.hasPrefix("#") {
        guard let equals = line.firstIndex(of: "=") else { continue }
        found[String(line[..<equals])] = .string(String(line[line.index(after: equals)...]))
      }
      expect("the list of variables", .map(wanted.mapValues { .string($0) }), .map(found), file)
    }
  }
}
