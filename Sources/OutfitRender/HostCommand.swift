import OutfitCore

/// Something that a file from a template of the profile's own has run, or reached, outside of the containers that are
/// rendered. What the templates bring that come with Outfit is none of it.
public struct HostCommand: Hashable, Sendable, Comparable {
  /// Relative to the project's folder.
  public var file: String
  /// `initializeCommand: "curl ..."`, on one line.
  public var text: String

  public init(file: String, text: String) {
    self.file = file
    self.text = text
  }

  public static func < (a: HostCommand, b: HostCommand) -> Bool { (a.file, a.text) < (b.file, b.text) }
}

extension Rendering {
  /// What runs on this machine or in CI out of files that a template of the profile's own gives, sorted: each is an
  /// ability of its own.
  public var hostCommands: [HostCommand] {
    files.filter(\.isOwn).flatMap { file in
      Set(Self.commands(file)).map { HostCommand(file: file.path, text: $0) }
    }.sorted()
  }

  private static func commands(_ file: RenderedFile) -> [String] {
    let name = file.path.split(separator: "/").last.map(String.init) ?? ""
    if file.path.hasPrefix(".github/") { return ["a workflow of continuous integration"] }
    if file.mode & 0o111 != 0 || file.content.hasPrefix("#!") || name.hasSuffix(".sh") { return ["a script"] }
    if name == "devcontainer.json" {
      guard let document = try? Document.parseJSON(file.content, file: file.path) else { return [] }
      return document.entries.filter { $0.key.hasSuffix("Command") && $0.key != "overrideCommand" }
        .map { "\($0.key): \($0.value.json)" }
        + ["mounts", "runArgs", "features"].compactMap { key in document[key].map { "\(key): \($0.json)" } }
    }
    guard let documents = try? Document.parse(file.content, file: file.path) else { return [] }
    if name == "skaffold.yaml" { return documents.flatMap { skaffold($0, below: "") } }
    if name == "compose.yaml" { return documents.flatMap(compose) }
    return []
  }

  /// Commands of skaffold's hooks on the host, and of builders of one's own.
  private static func skaffold(_ document: Document, below key: String) -> [String] {
    document.items.flatMap { skaffold($0, below: key) }
      + document.entries.flatMap { name, value in
        name == "buildCommand" || name == "command" && key == "host"
          ? ["\(name): \(value.json)"] : skaffold(value, below: name)
      }
  }

  /// What reaches out of a container: folders of the host, and rights over it.
  private static func compose(_ document: Document) -> [String] {
    (document["services"]?.entries ?? [:]).flatMap { service, entry in
      let sources = (entry["volumes"]?.items ?? []).compactMap { volume in
        volume.text.map { String($0.prefix { $0 != ":" }) } ?? volume["source"]?.text
      }
      let outside = sources.filter { source in
        ["/", "~", "$"].contains { source.hasPrefix($0) } || source.split(separator: "/").contains("..")
      }
      let rights = ["privileged", "pid", "network_mode", "ipc", "devices", "cap_add"].compactMap { key in
        entry[key].map { "\(key): \($0.json)" }
      }
      return (outside.map { "mounts \($0)" } + rights).map { "\(service) \($0)" }
    }
  }
}
