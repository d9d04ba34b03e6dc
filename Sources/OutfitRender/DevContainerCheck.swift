import OutfitCore

/// A devcontainer.json against its specification (https://containers.dev/implementors/json_reference/): properties that
/// it knows, of their types, and services that compose.yaml has.
enum DevContainerCheck {
  private enum Kind: String {
    case text = "a text"
    case bool = "true or false"
    case list = "a list"
    case mapping = "a mapping"
    case textOrList = "a text or a list"
    /// A line for a shell, the words of a command, or several by name.
    case command = "a text, a list or a mapping"
    case any = "anything"

    func takes(_ value: Document) -> Bool {
      switch (self, value) {
      case (.any, _), (.text, .string), (.bool, .bool), (.list, .list), (.mapping, .map): true
      case (.textOrList, .string), (.textOrList, .list): true
      case (.command, .string), (.command, .list), (.command, .map): true
      default: false
      }
    }
  }

  private static let properties: [String: Kind] = {
    var kinds: [String: Kind] = ["appPort": .any]
    for (kind, names) in [
      .text: [
        "$schema", "name", "containerUser", "remoteUser", "waitFor", "userEnvProbe", "shutdownAction",
        "workspaceFolder", "workspaceMount", "image", "service",
      ],
      .bool: ["updateRemoteUserUID", "init", "privileged", "overrideCommand"],
      .list: [
        "overrideFeatureInstallOrder", "forwardPorts", "mounts", "capAdd", "securityOpt", "runArgs",
        "runServices",
      ],
      .mapping: [
        "features", "secrets", "portsAttributes", "otherPortsAttributes", "containerEnv", "remoteEnv",
        "hostRequirements", "customizations", "build",
      ],
      .textOrList: ["dockerComposeFile"],
      .command: [
        "initializeCommand", "onCreateCommand", "updateContentCommand", "postCreateCommand",
        "postStartCommand",
        "postAttachCommand",
      ],
    ] as [Kind: [String]] {
      for name in names { kinds[name] = kind }
    }
    return kinds
  }()

  /// - Parameter services: of compose.yaml; nil where it is not rendered.
  static func complaints(_ document: Document, services: Set<String>?) -> [(message: String, hint: String?)] {
    var complaints: [(String, String?)] = []
    for (name, value) in document.entries.sorted(by: { $0.key < $1.key }) {
      guard let kind = properties[name] else {
        let near = nearest(name, among: properties.keys.sorted())
        complaints.append(("a dev container has no property `\(name)`", near.map { "did you mean `\($0)`?" }))
        continue
      }
      if !kind.takes(value) { complaints.append(("`\(name)` must be \(kind.rawValue)", nil)) }
    }
    for port in document["forwardPorts"]?.items ?? [] {
      let isPort = port.integer.map { (0...65535).contains($0) } ?? (port.text?.contains(":") ?? false)
      if !isPort {
        complaints.append(("`forwardPorts` has \(port.json)", "write a number, or \"host:port\""))
      }
    }
    guard document["dockerComposeFile"] != nil else {
      if document["image"] == nil, document["build"] == nil {
        complaints.append(
          ("it names no image", "write `dockerComposeFile` and `service`, `build`, or `image`"))
      }
      return complaints
    }
    for name in ["service", "workspaceFolder"] where document[name] == nil {
      complaints.append(("`dockerComposeFile` needs `\(name)` beside it", nil))
    }
    let named = [document["service"]].compactMap { $0?.text } + (document["runServices"]?.texts ?? [])
    if let services {
      for name in Set(named).subtracting(services).sorted() {
        complaints.append(("compose.yaml has no service `\(name)`", nil))
      }
    }
    return complaints
  }
}
