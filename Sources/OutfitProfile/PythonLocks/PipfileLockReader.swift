import OutfitCore

/// Pipfile.lock, of pipenv: `default`, and `develop` as a group of that name.
struct PipfileLockReader {
  let root: YamlNode

  /// Addresses of its indexes by name.
  var indexes: [String: String] {
    (root["_meta"]?["sources"]?.elements ?? []).reduce(into: [:]) { found, source in
      if let name = source["name"]?.text, let url = source["url"]?.text { found[name] = url }
    }
  }

  func packages(_ choice: ProjectChoice) -> LockedPackages {
    var result = LockedPackages()
    let groups = choice.groups ?? ["develop"]
    let categories = (root.pairs ?? []).filter { pair in
      pair.key != "_meta" && (pair.key == "default" || groups.contains(normalizedPackageName(pair.key)))
    }
    let indexes = indexes
    for category in categories {
      for pair in category.value.pairs ?? [] {
        if let package = package(pair.key, pair.value, indexes) { result.add(package) }
      }
    }
    return result
  }

  private func package(_ name: String, _ node: YamlNode, _ indexes: [String: String]) -> LockedPackage? {
    let marker = node["markers"]?.text.map { Marker($0) ?? .always } ?? .always
    let extras = (node["extras"]?.elements ?? []).compactMap(\.text)
    let digests = (node["hashes"]?.elements ?? []).compactMap(\.text).compactMap { LockedPackage.digest($0) }
    if let repository = node["git"]?.text {
      return LockedPackage(
        name, version: nil, extras: extras,
        source: .git(
          repository: repository, commit: node["ref"]?.text ?? "", folder: node["subdirectory"]?.text),
        marker: marker, hasWheel: false)
    }
    if let place = node["path"]?.text ?? node["file"]?.text {
      let source: LockedPackage.Source =
        place.contains("://")
        ? .file(place) : .path(place, isEditable: node["editable"]?.text == "true")
      return LockedPackage(
        name, version: nil, extras: extras, source: source, marker: marker, digests: digests,
        hasWheel: LockedPackage.isWheel(place))
    }
    guard let version = node["version"]?.text, version.hasPrefix("==") else { return nil }
    let index = node["index"]?.text.flatMap { indexes[$0] }
    return LockedPackage(
      name, version: String(version.dropFirst(2)), extras: extras, source: .index(LockedPackage.index(index)),
      marker: marker, digests: digests)
  }
}
