import OutfitCore

/// What an editor's dev container and Skaffold do, by a reading of the whole files.
struct LoopRules {
  let stack: Stack
  private(set) var findings: [ParityFinding] = []

  init(_ stack: Stack) { self.stack = stack }

  private mutating func expect(_ file: String, _ pointer: [String], _ found: Document?, _ wanted: Document?) {
    guard found != wanted else { return }
    findings.append(ParityFinding(object: file, pointer: pointer, isFile: true, found: found, wanted: wanted))
  }

  private mutating func add(_ file: String, _ pointer: [String], _ message: String) {
    findings.append(ParityFinding(object: file, pointer: pointer, isFile: true, message: message))
  }

  // MARK: - The dev container

  static let container = ".devcontainer/devcontainer.json"

  mutating func devcontainer(_ document: Document, services: Set<String>) {
    let file = Self.container
    let wanted: [String: Document] = [
      "dockerComposeFile": .string("../compose.yaml"), "service": .string("workspace"),
      "workspaceFolder": .string("/workspace"), "remoteUser": .string("app"),
      "updateRemoteUserUID": .bool(true),
      "initializeCommand": .string("mkdir -p \"$HOME/.config/outfit\""),
      "mounts": .words([
        "source=${localEnv:HOME}/.config/outfit,target=/home/app/.config/outfit,type=bind,readonly"
      ]),
      "postCreateCommand": .words(["sh", ".devcontainer/create.sh"]),
    ]
    let free: Set<String> = [
      "$schema", "name", "runServices", "forwardPorts", "portsAttributes", "customizations", "shutdownAction",
    ]
    for key in Set(document.entries.keys).union(["dockerComposeFile", "service", "workspaceFolder"]).sorted()
    where !free.contains(key) {
      if let value = wanted[key] {
        expect(file, [key], document[key], value)
      } else {
        add(file, [key], "is not known to leave the dev image as it is")
      }
    }
    for name in document["runServices"]?.texts ?? [] where !services.contains(name) {
      add(file, ["runServices"], "has \(name), which compose.yaml does not have")
    }
  }

  // MARK: - Skaffold

  static let skaffold = "skaffold.yaml"

  private static let keys: [String: Set<String>] = [
    "": ["apiVersion", "kind", "metadata", "build", "manifests", "deploy", "portForward", "profiles"],
    "build": ["artifacts", "local"], "profile": ["name", "build", "manifests", "deploy", "portForward"],
    "artifact": ["image", "context", "docker", "sync"], "docker": ["dockerfile", "target"],
    "local": ["useBuildkit"], "manifests": ["kustomize"], "kustomize": ["paths"],
  ]

  private mutating func known(_ document: Document?, _ what: String, _ place: [String]) {
    for key in (document?.entries ?? [:]).keys.sorted() where Self.keys[what]?.contains(key) != true {
      add(Self.skaffold, place + [key], "is not known to leave what is deployed as it is")
    }
  }

  mutating func skaffold(_ document: Document) {
    known(document, "", [])
    let main = stack.development ?? stack.environments.first
    if let main { pipeline(document, [], main, needsBuild: true) }
    for profile in document["profiles"]?.items ?? [] {
      let name = profile["name"]?.text ?? "?"
      let place = ["profiles", name]
      known(profile, "profile", place)
      if name == stack.description.development + "-debug"
        || name == Stack.debugProfile(stack.description.development)
      {
        expect(Self.skaffold, place + ["build"], profile["build"], nil)
        expect(
          Self.skaffold, place + ["manifests"], profile["manifests"],
          .map(["kustomize": .map(["paths": .words([DevLoop.debugFolder])])]))
      } else if let environment = stack.environments.first(where: { $0.name == name }),
        !environment.isDevelopment
      {
        pipeline(profile, place, environment, needsBuild: true)
      } else {
        add(Self.skaffold, place, "is no environment of outfit.yaml")
      }
    }
  }

  private mutating func pipeline(
    _ document: Document, _ place: [String], _ environment: Stack.Environment, needsBuild: Bool
  ) {
    known(document["build"], "build", place + ["build"])
    known(document.at("build", "local"), "local", place + ["build", "local"])
    let image = environment.isDevelopment ? stack.image + "-dev" : stack.image
    let artifacts = document.at("build", "artifacts")?.items ?? []
    expect(
      Self.skaffold, place + ["build", "artifacts"], .words(artifacts.map { $0["image"]?.text ?? "?" }),
      .words([image]))
    for artifact in artifacts {
      let place = place + ["build", "artifacts", artifact["image"]?.text ?? "?"]
      known(artifact, "artifact", place)
      known(artifact["docker"], "docker", place + ["docker"])
      expect(Self.skaffold, place + ["context"], artifact["context"] ?? .string("."), .string("."))
      expect(
        Self.skaffold, place + ["docker", "dockerfile"],
        artifact.at("docker", "dockerfile") ?? .string("Dockerfile"),
        .string("Dockerfile"))
      expect(
        Self.skaffold, place + ["docker", "target"], artifact.at("docker", "target"),
        .string(environment.isDevelopment ? "dev" : "deploy"))
      if !environment.isDevelopment { expect(Self.skaffold, place + ["sync"], artifact["sync"], nil) }
    }
    expect(
      Self.skaffold, place + ["manifests"], document["manifests"],
      .map(["kustomize": .map(["paths": .words(["k8s/overlays/\(environment.name)"])])]))
  }
}
