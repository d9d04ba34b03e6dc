import OutfitCore
import SystemPackage

/// What a layer asks for, before others are put upon it: what a person's consent is given to.
public struct LayerContent: Sendable {
  public var layer: Layer
  /// Its own sections.
  public var own: Profile
  /// Everything that the manifest says, but what only names or bounds it.
  public var entries: [Entry]

  /// One entry of a section, or of one without entries the whole.
  public struct Entry: Hashable, Sendable {
    /// `tools.black`, `packages.apt.ripgrep`.
    public var path: String
    /// Over all that it says, apart from versions, which can move without asking.
    public var digest: Digest
  }

  /// The folder that files of a project are in; a manifest that is kept elsewhere speaks of the project's too.
  public var base: FilePath {
    if case .project(let root) = own.scope, layer.kind == .profile { root } else { layer.folder }
  }

  public func digest(of path: String) -> Digest {
    entries.first { $0.path == path }?.digest ?? Digest(of: path)
  }
}

extension LayerContent {
  init(_ root: YamlNode, own: Profile, layer: Layer) {
    var entries: [Entry] = []
    for pair in (root.pairs ?? []).sorted(by: { $0.key < $1.key }) where !Self.names.contains(pair.key) {
      entries += Self.entries([pair.key], pair.value)
    }
    self.init(layer: layer, own: own, entries: entries)
  }

  /// They name the profile, or forbid something.
  private static let names: Set = [
    "profile", "description", "outfit", "locked", "defaults", "cooldown", "tags", "use", "bundles",
    "channel", "signers", "network",
  ]

  private static func entries(_ path: [String], _ node: YamlNode) -> [Entry] {
    // Fewer entries are no new thing, so that each stands for itself.
    let isSection = path.count == 1 || path.first == "packages" && path.count == 2
    if isSection, path != ["extends"], let pairs = node.pairs {
      return pairs.sorted { $0.key < $1.key }.flatMap { pair in
        // As the section has it, a folder's name ends without a slash.
        let isFolder = path == ["dotfiles"] && pair.key.hasSuffix("/") && pair.key.count > 1
        return entries(path + [isFolder ? String(pair.key.dropLast()) : pair.key], pair.value)
      }
    }
    let key = path == ["extends"] ? "from" : "name"
    let elements = node.elements ?? (path == ["extends"] && node.pairs != nil ? [node] : nil)
    if let elements, isSection, elements.allSatisfy({ $0.text != nil || $0[key]?.text != nil }) {
      return elements.compactMap { ($0[key] ?? $0).text }.map { text in
        let what = path == ["extends"] ? withoutReference(text) : text
        return Entry(path: (path + [what]).joined(separator: "."), digest: Digest(of: what))
      }
    }
    if path == ["extends"], let text = node.text {
      let what = withoutReference(text)
      return [Entry(path: "extends.\(what)", digest: Digest(of: what))]
    }
    var digest = Digest.Running()
    feed(node, path: path, &digest)
    return [Entry(path: path.joined(separator: "."), digest: digest.finish())]
  }

  /// What a branch means now is consented to with the layer that it names.
  private static func withoutReference(_ text: String) -> String {
    guard let git = try? GitAddress(text) else { return text }
    return git.with(reference: nil).description
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
      let pairs = pairs.filter {
        !isVersion(path + [$0.key], $0.value) && !(path.count == 2 && ["if", "deprecated"].contains($0.key))
      }
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
    case ("tools", 3): ["version", "python", "hold", "cooldown", "sha256"].contains(path[2])
    case ("interpreters", 2): node.pairs == nil
    case ("interpreters", 3): path[2] == "versions" || path[2] == "also"
    case ("app", 3): path[1] == "services" && node.pairs == nil
    default: false
    }
  }
}
