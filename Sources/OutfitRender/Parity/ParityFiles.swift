import OutfitCore

/// The inventory of the proof: what render would write, what is there of it, and what else the programs read that
/// evaluate it.
public struct ParityFiles: Sendable {
  /// Sorted by path.
  public var rendered: [RenderedFile]
  /// What is at the rendered paths.
  public var found: [String: FoundFile]
  /// Other files that are read, by path, and what reads them.
  public var further: [String: String]
  /// Environments of whose overlay something is read that is not rendered.
  public var unrendered: Set<String>
  /// The Dockerfile of the template that came with Outfit, where the project has one of its own.
  public var standardDockerfile: String?
  /// Locks of packages of Node that an image is made from, by path.
  public var nodeLocks: [String: String] = [:]

  public init(
    rendered: [RenderedFile], found: [String: FoundFile], further: [String: String] = [:],
    unrendered: Set<String> = [], standardDockerfile: String? = nil
  ) {
    self.rendered = rendered
    self.found = found
    self.further = further
    self.unrendered = unrendered
    self.standardDockerfile = standardDockerfile
  }

  func text(_ path: String) -> String? {
    guard let file = found[path], !file.isOddity else { return nil }
    return file.content
  }

  func wanted(_ path: String) -> String? { rendered.first { $0.path == path }?.content }

  /// True for what only counts as kustomize evaluates it.
  static func isEvaluated(_ path: String) -> Bool {
    (path.hasPrefix("k8s/base/") || path.hasPrefix("k8s/overlays/")) && !path.hasSuffix(".sh")
  }

  /// The environment whose overlay a path is in.
  static func environment(of path: String) -> String? {
    let parts = path.split(separator: "/")
    return parts.count > 3 && parts[0] == "k8s" && parts[1] == "overlays" ? String(parts[2]) : nil
  }

  /// Environments that have to be compared with what was rendered, evaluated.
  public func changed(_ environments: [String]) -> Set<String> {
    var changed = unrendered
    for file in rendered where Self.isEvaluated(file.path) {
      guard let found = found[file.path], !found.isOddity else { return Set(environments) }
      if file.isStarter ? Release.plain(found.content) != nil : found.content == file.content { continue }
      guard let name = Self.environment(of: file.path) else { return Set(environments) }
      changed.insert(name)
    }
    return changed.intersection(environments)
  }

  /// What is evaluated for comparison: the rendered files, and the tag and digest that are released.
  /// - Parameter image: the application's, without a tag.
  public func reference(image: String) -> [RenderedFile] {
    rendered.filter { Self.isEvaluated($0.path) }.map { file in
      guard file.isStarter, let found = text(file.path) else { return file }
      var file = file
      file.content = Release.reduced(found, image: image)
      return file
    }
  }

  /// The names that rendered kustomizations have generated, by kind.
  var generated: [String: Set<String>] {
    var names: [String: Set<String>] = [:]
    for file in rendered where file.path.hasPrefix("k8s/") && file.path.hasSuffix("/kustomization.yaml") {
      let document = try? Document.parseOne(file.content, file: file.path)
      for (key, kind) in [("configMapGenerator", "ConfigMap"), ("secretGenerator", "Secret")] {
        names[kind, default: []].formUnion((document?[key]?.items ?? []).compactMap { $0["name"]?.text })
      }
    }
    return names
  }

  /// A release's own kustomization: known good is a tag, a digest, or both, of the application's image.
  enum Release {
    /// The image of a file that says no more; nil where it says anything else.
    static func plain(_ text: String) -> String? {
      guard let document = try? Document.parseOne(text, file: "release"),
        Set(document.entries.keys) == ["apiVersion", "kind", "images"],
        document["apiVersion"]?.text == "kustomize.config.k8s.io/v1alpha1",
        document["kind"]?.text == "Component",
        let images = document["images"]?.items, images.count == 1, let image = images.first,
        Set(image.entries.keys).isSubset(of: ["name", "newTag", "digest"]), image.entries.count > 1,
        let name = image["name"]?.text
      else { return nil }
      return name
    }

    /// A release of the same tag and digest that does nothing else.
    static func reduced(_ text: String, image: String) -> String {
      let document = try? Document.parseOne(text, file: "release")
      let found = (document?["images"]?.items ?? []).last { $0["name"]?.text == image }
      var entry: [String: Document] = ["name": .string(image)]
      for key in ["newTag", "digest"] {
        if let value = found?[key]?.text { entry[key] = .string(value) }
      }
      return Document.map([
        "apiVersion": .string("kustomize.config.k8s.io/v1alpha1"), "kind": .string("Component"),
        "images": .list(entry.count > 1 ? [.map(entry)] : []),
      ]).json + "\n"
    }
  }
}
