import OutfitCore
import SystemPackage

/// What of a layer can execute something or lead elsewhere: what a person's consent is given to.
public struct LayerContent: Hashable, Sendable {
  public var layer: Layer
  /// Over all that the manifest says, apart from versions and names for people, which can move without
  /// asking.
  public var manifest: Digest
  /// The files and folders that the manifest names, absolute, sorted.
  public var files: [FilePath]
  /// A project's list of requirements, of which only the lines that name an address or an option count.
  public var requirements: FilePath?
}

extension LayerContent {
  init(_ root: YamlNode, layer: Layer, scope: Scope) {
    var digest = Digest.Running()
    for pair in (root.pairs ?? []).sorted(by: { $0.key < $1.key })
    where !["profile", "description", "outfit", "locked", "cooldown"].contains(pair.key) {
      Self.feed(pair.value, path: [pair.key], &digest)
    }
    let targets = (root["dotfiles"]?.pairs ?? []).flatMap { pair in
      DotfileSection.Kind.allCases.compactMap { pair.value[$0.rawValue]?.text }
    }
    let scripts = (root["scripts"]?.pairs ?? []).compactMap { $0.value.text ?? $0.value["run"]?.text }
    let template = [root["app"]?["template"]?.text].compactMap(\.self)
    let names = Set(targets + scripts + template).filter { PathProblem($0) == nil }
    // A manifest that is kept elsewhere speaks of the project's files too.
    let project = if case .project(let root) = scope, layer.kind == .profile { root } else { layer.folder }
    let requirements = root["virtualenv"].flatMap { $0.text ?? $0["from"]?.text }
    self.init(
      layer: layer, manifest: digest.finish(),
      files: names.map { layer.folder.pushing(FilePath($0)).lexicallyNormalized() }
        .sorted { $0.string < $1.string },
      requirements: requirements.flatMap { name in
        PathProblem(name) == nil && name.hasSuffix(".txt") ? project.pushing(FilePath(name)) : nil
      })
  }

  private static func feed(_ node: YamlNode, path: [String], _ digest: inout Digest.Running) {
    if isVersion(path, node) { return }
    for part in path { digest.field(part) }
    switch node.content {
    case .scalar(let text, _): digest.field("= \(text)")
    case .sequence(let nodes):
      digest.field("[\(nodes.count)]")
      for node in nodes { feed(node, path: path + ["-"], &digest) }
    case .mapping(let pairs):
      digest.field("{\(pairs.count)}")
      for pair in pairs.sorted(by: { $0.key < $1.key }) {
        digest.field(pair.key)
        feed(pair.value, path: path + [pair.key], &digest)
      }
    }
  }

  /// Which version of something is no new thing to consent to: the lock holds its digests.
  private static func isVersion(_ path: [String], _ node: YamlNode) -> Bool {
    switch (path.first, path.count) {
    case ("tools", 2): node.pairs == nil
    case ("tools", 3): ["version", "python", "hold", "cooldown"].contains(path[2])
    case ("interpreters", 2): node.pairs == nil
    case ("interpreters", 3): path[2] == "versions" || path[2] == "also"
    default: false
    }
  }
}
