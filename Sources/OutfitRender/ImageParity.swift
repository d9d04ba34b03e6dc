import OutfitCore

/// The same images everywhere, and in them the lock's interpreter and packages.
struct ImageParity {
  let input: Parity.Input
  let objects: [String: [Document]]

  func rows() -> [Parity.Row] {
    let compose = input.compose.flatMap { try? Document.parseOne($0, file: "compose.yaml") }
    let dockerfile = input.dockerfile.map(Dockerfile.init)
    return [images(compose), pinned(), application(compose), devcontainer(compose)]
      + dockerfileRows(dockerfile)
  }

  /// The part of a reference before tag and digest.
  static func repository(_ reference: String) -> String {
    let name = reference.split(separator: "@", maxSplits: 1).first.map(String.init) ?? reference
    guard let colon = name.lastIndex(of: ":"), !name[colon...].contains("/") else { return name }
    return String(name[..<colon])
  }

  /// Every image of an environment's pods.
  private func imagesOfPods(_ documents: [Document]) -> Set<String> {
    Set(
      documents.compactMap { ManifestValidator.Pod(ManifestValidator.Object($0, "")) }
        .flatMap { $0.containers + $0.initContainers }.compactMap { $0["image"]?.text })
  }

  private func isOurs(_ reference: String) -> Bool {
    [input.stack.image, input.stack.image + "-dev"].contains(Self.repository(reference))
  }

  private func images(_ compose: Document?) -> Parity.Row {
    let rule = "the same service images everywhere"
    let wanted = Set(input.stack.services.map(\.image.reference))
    var failures: [String] = []
    func compare(_ found: Set<String>, _ place: String) {
      for image in found.subtracting(wanted).sorted() { failures.append("\(place) has \(image)") }
      for image in wanted.subtracting(found).sorted() { failures.append("\(place) lacks \(image)") }
    }
    for (name, documents) in objects.sorted(by: { $0.key < $1.key }) {
      compare(imagesOfPods(documents).filter { !isOurs($0) }, name)
    }
    guard let compose else { return Parity.Row(rule, .notCheckable, "there is no readable compose.yaml") }
    compare(
      Set(
        (compose["services"]?.entries ?? [:]).values.compactMap { $0["image"]?.text }.filter { !isOurs($0) }),
      "compose.yaml")
    guard failures.isEmpty else { return Parity.Row(rule, .failed, Parity.some(failures)) }
    guard objects.count == input.stack.environments.count else {
      return Parity.Row(rule, .notCheckable, "not every overlay was evaluated")
    }
    guard !wanted.isEmpty else { return Parity.Row(rule, .proved, "there are none") }
    return Parity.Row(
      rule, .proved,
      "\(wanted.count) in compose.yaml and \(objects.count) overlays: \(Parity.some(wanted.sorted()))")
  }

  private func pinned() -> Parity.Row {
    let rule = "every image by digest"
    let images = [input.stack.base] + input.stack.services.map(\.image)
    let unresolved = images.filter { !$0.isResolved }.map(\.reference)
    return unresolved.isEmpty
      ? Parity.Row(rule, .proved, "\(images.count) images")
      : Parity.Row(rule, .notCheckable, "unresolved in the lock: \(unresolved.joined(separator: ", "))")
  }

  private func application(_ compose: Document?) -> Parity.Row {
    let rule = "one image of the application"
    var failures: [String] = []
    for environment in input.stack.environments {
      guard let documents = objects[environment.name] else { continue }
      let name = environment.isDevelopment ? input.stack.image + "-dev" : input.stack.image
      let ours = imagesOfPods(documents).filter(isOurs)
      if Set(ours.map(Self.repository)) != [name] {
        failures.append("\(environment.name) runs \(ours.sorted().joined(separator: ", "))")
      }
      if ours.count > 1 {
        failures.append("\(environment.name) mixes \(ours.sorted().joined(separator: ", "))")
      }
    }
    for (name, service) in (compose?["services"]?.entries ?? [:]).sorted(by: { $0.key < $1.key }) {
      guard let image = service["image"]?.text, isOurs(image) else { continue }
      if image != input.stack.image + "-dev" || service.at("build", "target")?.text != "dev" {
        failures.append("compose.yaml's \(name) is not built from the stage dev")
      }
    }
    guard failures.isEmpty else { return Parity.Row(rule, .failed, Parity.some(failures)) }
    guard compose != nil, objects.count == input.stack.environments.count else {
      return Parity.Row(rule, .notCheckable, "compose.yaml or an overlay could not be read")
    }
    return Parity.Row(rule, .proved, "\(input.stack.image), and -dev made from it")
  }

  private func devcontainer(_ compose: Document?) -> Parity.Row {
    let rule = "the dev container is the dev image"
    guard let text = input.devcontainer,
      let document = try? Document.parseJSON(text, file: "devcontainer.json"), let compose
    else {
      return Parity.Row(rule, .notCheckable, "there is no readable devcontainer.json beside a compose.yaml")
    }
    let name = document["service"]?.text ?? "?"
    guard document["dockerComposeFile"]?.text == "../compose.yaml",
      let service = compose.at("services", name)
    else {
      return Parity.Row(rule, .failed, "it names the service \(name), which compose.yaml does not have")
    }
    guard service.at("build", "target")?.text == "dev" else {
      return Parity.Row(rule, .failed, "its service \(name) is not built from the stage dev")
    }
    let services = Set(compose["services"]?.entries.keys.map { $0 } ?? [])
    let unknown = Set(document["runServices"]?.texts ?? []).subtracting(services)
    guard unknown.isEmpty else {
      return Parity.Row(
        rule, .failed, "it runs \(unknown.sorted().joined(separator: ", ")), which are not there")
    }
    return Parity.Row(rule, .proved, "service \(name), stage dev")
  }

  /// The archive lies in the build context, and the Dockerfile compares it with its list, which was rendered.
  private func vendored(_ rule: String, _ dockerfile: Dockerfile) -> Parity.Row {
    let checks = dockerfile.instructions.contains {
      $0.contains("sha256sum --check --strict --quiet \(Vendoring.list)")
    }
    guard checks, dockerfile.checksums.isEmpty else {
      return Parity.Row(rule, .failed, "the Dockerfile does not compare what is vendored with its list")
    }
    let problems = Vendoring.diagnostics(input.stack)
    return Parity.Row(
      rule, problems.isEmpty ? .proved : .failed,
      problems.isEmpty
        ? "vendored, \(input.stack.vendored.count) files by digest" : Parity.some(problems.map(\.message)))
  }

  private func dockerfileRows(_ dockerfile: Dockerfile?) -> [Parity.Row] {
    let rules = [
      "dev is deploy and the developer's tools", "the base image of the lock", "the interpreter of the lock",
      "the packages of the lock", "the image says which lock it is of",
    ]
    guard let dockerfile else { return rules.map { Parity.Row($0, .notCheckable, "there is no Dockerfile") } }
    let stack = input.stack
    let dev = dockerfile.stages["dev"]
    let base = stack.base.reference
    let digests = Set(dockerfile.checksums)
    let wanted = Set(
      ["linux-amd64", "linux-arm64"].compactMap {
        stack.interpreter.artifacts[$0].map { "sha256:" + $0.digest.hex }
      })
    let body = input.requirements.map { text in
      text.split(separator: "\n", omittingEmptySubsequences: true).filter { !$0.hasPrefix("#") }
    }
    let locked = stack.requirements.split(separator: "\n", omittingEmptySubsequences: true).filter {
      !$0.hasPrefix("#")
    }
    let isNode = stack.language == .node
    let installs = dockerfile.instructions.contains {
      isNode
        ? $0.contains("npm ci --omit=dev")
        : $0.contains("--require-hashes") && $0.contains("-r /tmp/requirements.txt")
    }
    func row(_ index: Int, _ holds: Bool, _ proof: String, _ failure: String) -> Parity.Row {
      Parity.Row(rules[index], holds ? .proved : .failed, holds ? proof : failure)
    }
    return [
      row(0, dev == "deploy", "FROM deploy AS dev", "the stage dev is FROM \(dev ?? "nothing")"),
      row(
        1, dockerfile.stages.values.filter { $0.contains("/") || $0.contains(":") } == [base], base,
        "the stages start from \(dockerfile.stages.values.sorted().joined(separator: ", ")), not \(base)"),
      stack.vendored.isEmpty
        ? row(
          2, digests == wanted,
          "\(stack.language == .python ? "Python" : "Node") \(stack.interpreter.version), \(wanted.count) platforms, by digest",
          "the Dockerfile fetches \(digests.sorted().joined(separator: ", "))")
        : vendored(rules[2], dockerfile),
      row(
        3, (isNode || body == locked) && installs,
        isNode
          ? "those of package-lock.json, by digest"
          : "\(locked.count { $0.contains("==") }) packages, by digest",
        installs
          ? "docker/requirements.txt is not the lock's"
          : "the Dockerfile does not install by \(isNode ? "npm ci" : "--require-hashes")"),
      row(
        4,
        dockerfile.instructions.contains {
          $0.contains("dev.outfit.lock.sha256=\"\(stack.lockDigest.hex)\"")
        },
        stack.lockDigest.short(), "the label dev.outfit.lock.sha256 is not \(stack.lockDigest.short())"),
    ]
  }
}

/// As much of a Dockerfile as the proof needs.
struct Dockerfile {
  /// Continued lines joined, comments left out.
  var instructions: [String] = []

  init(_ text: String) {
    var current = ""
    for line in text.split(separator: "\n") {
      let bare = line.drop { $0 == " " || $0 == "\t" }
      if bare.hasPrefix("#") { continue }
      if bare.hasSuffix("\\") {
        current += bare.dropLast()
      } else {
        instructions.append(current + bare)
        current = ""
      }
    }
    if !current.isEmpty { instructions.append(current) }
  }

  /// The variables of the last stage, with those of the stages that it is built on.
  var environment: [String: String] {
    var stages: [String: [String: String]] = [:]
    var current: [String: String] = [:]
    var name = ""
    for instruction in instructions {
      let words = ProjectReading.words(instruction)
      switch words.first?.uppercased() {
      case "FROM":
        let rest = words.dropFirst().filter { !$0.hasPrefix("--") }
        current = rest.first.flatMap { stages[$0] } ?? [:]
        name = rest.count == 3 && rest[1].uppercased() == "AS" ? rest[2] : ""
      case "ENV" where words.count == 3 && !words[1].contains("="): current[words[1]] = words[2]
      case "ENV":
        for word in words.dropFirst() {
          guard let equals = word.firstIndex(of: "=") else { continue }
          current[String(word[..<equals])] = String(word[word.index(after: equals)...])
        }
      default: continue
      }
      if !name.isEmpty { stages[name] = current }
    }
    return current
  }

  /// What each named stage starts from.
  var stages: [String: String] {
    var stages: [String: String] = [:]
    for instruction in instructions {
      let words = instruction.split(separator: " ").map(String.init)
      guard words.count == 4, words[0] == "FROM", words[2].uppercased() == "AS" else { continue }
      stages[words[3]] = words[1]
    }
    return stages
  }

  /// The digests that `ADD` checks.
  var checksums: [String] {
    instructions.filter { $0.hasPrefix("ADD ") }.flatMap { instruction in
      instruction.split(separator: " ").filter { $0.hasPrefix("--checksum=") }.map {
        String($0.dropFirst(11))
      }
    }
  }
}
