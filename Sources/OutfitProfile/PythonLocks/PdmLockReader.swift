import OutfitCore

/// pdm.lock, with the metadata of its groups or without.
struct PdmLockReader {
  let root: TomlValue
  let project: TomlValue

  /// Nil where the lock alone does not say which of several versions is needed when.
  func packages(_ choice: ProjectChoice) -> LockedPackages? {
    let entries = root["package"]?.array ?? []
    let dependencies = ProjectDependencies(project)
    if entries.allSatisfy({ $0["groups"] != nil }) {
      let wanted = Set(
        ["default"] + (choice.groups ?? dependencies.defaultGroups) + choice.extras)
      var result = LockedPackages()
      for entry in entries {
        let groups = (entry["groups"]?.array ?? []).compactMap(\.string).map { normalizedPackageName($0) }
        guard !wanted.isDisjoint(with: groups), var package = package(entry) else { continue }
        package.marker = entry["marker"]?.string.flatMap { Marker($0) } ?? .always
        result.add(package)
      }
      return result
    }
    // A package with extras has an entry of its own beside the plain one.
    var graph = LockGraph()
    var nodes: [String: LockGraph.Node] = [:]
    for entry in entries {
      guard let package = package(entry) else { continue }
      let extras = (entry["extras"]?.array ?? []).compactMap(\.string)
      let edges = ProjectDependencies.edges(entry["dependencies"]).flatMap { edge in
        extras.isEmpty
          ? [edge]
          : extras.map { extra in
            var edge = edge
            let own = Marker.extra(extra)
            edge.marker = edge.marker && own
            return edge
          }
      }
      if var node = nodes[package.name] {
        guard node.package.version == package.version else { return nil }
        node.edges += edges
        nodes[package.name] = node
      } else {
        nodes[package.name] = LockGraph.Node(package: package, edges: edges)
      }
    }
    for node in nodes.values { graph.add(node) }
    return graph.packages(from: dependencies.roots(choice))
  }

  private func package(_ entry: TomlValue) -> LockedPackage? {
    guard let name = entry["name"]?.string else { return nil }
    let files = entry["files"]?.array ?? []
    let source: LockedPackage.Source =
      if let repository = entry["git"]?.string {
        .git(
          repository: repository, commit: entry["revision"]?.string ?? "",
          folder: entry["subdirectory"]?.string)
      } else if let path = entry["path"]?.string {
        .path(path, isEditable: entry["editable"] == .bare("true"))
      } else if let address = entry["url"]?.string {
        .file(address)
      } else {
        .index(nil)
      }
    let names = files.compactMap { $0["file"]?.string ?? $0["url"]?.string }
    return LockedPackage(
      name, version: entry["version"]?.string, source: source,
      digests: files.compactMap { $0["hash"]?.string }.compactMap { LockedPackage.digest($0) },
      hasWheel: source.hasWheel(among: names))
  }
}
