import OutfitCore

/// poetry.lock, in the forms of Poetry 1 and 2.
struct PoetryLockReader {
  let root: TomlValue
  let project: TomlValue

  /// Nil where the lock alone does not say which of several versions is needed when.
  func packages(_ choice: ProjectChoice) -> LockedPackages? {
    let entries = root["package"]?.array ?? []
    let dependencies = ProjectDependencies(project)
    if entries.allSatisfy({ $0["groups"] != nil }) {
      return direct(entries, Set(["main"] + (choice.groups ?? dependencies.defaultGroups)), choice)
    }
    guard
      Set(entries.compactMap { $0["name"]?.string }.map { normalizedPackageName($0) }).count == entries.count
    else { return nil }
    var graph = LockGraph()
    for entry in entries {
      guard let package = package(entry) else { continue }
      graph.add(LockGraph.Node(package: package, edges: edges(entry)))
    }
    return graph.packages(from: dependencies.roots(choice))
  }

  /// Poetry 2 says of each package which groups want it, and when.
  private func direct(_ entries: [TomlValue], _ groups: Set<String>, _ choice: ProjectChoice)
    -> LockedPackages
  {
    var result = LockedPackages()
    for entry in entries {
      guard var package = package(entry) else { continue }
      for group in (entry["groups"]?.array ?? []).compactMap(\.string)
      where groups.contains(normalizedPackageName(group)) {
        let text = entry["markers"]?.string ?? entry["markers"]?[group]?.string
        package.marker = (text.flatMap { Marker($0) } ?? .always)
          .choosing(extras: Set(choice.extras), groups: [])
        result.add(package)
      }
    }
    return result
  }

  private func package(_ entry: TomlValue) -> LockedPackage? {
    guard let name = entry["name"]?.string, let version = entry["version"]?.string else { return nil }
    let files = entry["files"]?.array ?? root["metadata"]?["files"]?[name]?.array ?? []
    let names = files.compactMap { $0["file"]?.string }
    let address = entry["source"]?["url"]?.string
    let source: LockedPackage.Source =
      switch entry["source"]?["type"]?.string {
      case "git":
        .git(
          repository: address ?? "", commit: entry["source"]?["resolved_reference"]?.string ?? "",
          folder: entry["source"]?["subdirectory"]?.string)
      case "url": .file(address ?? "")
      case "directory": .path(address ?? "", isEditable: entry["develop"] == .bare("true"))
      case "file": .path(address ?? "", isEditable: false)
      default: .index(LockedPackage.index(address))
      }
    return LockedPackage(
      name, version: version, source: source,
      digests: files.compactMap { $0["hash"]?.string }.compactMap { LockedPackage.digest($0) },
      hasWheel: source.hasWheel(among: names))
  }

  /// What is optional is asked for by an extra alone.
  private func edges(_ entry: TomlValue) -> [LockGraph.Edge] {
    var extras: [String: [String]] = [:]
    for (extra, list) in entry["extras"]?.table ?? [:] {
      for text in (list.array ?? []).compactMap(\.string) {
        extras[normalizedPackageName(text.prefix { !" (<>=!~[;".contains($0) }), default: []].append(extra)
      }
    }
    return ProjectDependencies.poetry(entry["dependencies"]).flatMap { edge -> [LockGraph.Edge] in
      guard let names = extras[edge.name], edge.marker == edge.marker.choosing(extras: [], groups: []) else {
        return [edge]
      }
      return names.map { name in
        var edge = edge
        let own = Marker.extra(name)
        edge.marker = edge.marker && own
        return edge
      }
    }
  }
}
