import OutfitCore

/// pylock.toml (PEP 751), of any program.
struct PylockReader {
  let root: TomlValue

  func packages(_ choice: ProjectChoice) -> LockedPackages {
    let groups = choice.groups ?? (root["default-groups"]?.array ?? []).compactMap(\.string)
    let chosen = Set(groups.map { normalizedPackageName($0) })
    var result = LockedPackages()
    for entry in root["packages"]?.array ?? [] {
      guard let name = entry["name"]?.string else { continue }
      let marker = entry["marker"]?.string.map { Marker($0) ?? .always } ?? .always
      let files = (entry["wheels"]?.array ?? []) + [entry["sdist"], entry["archive"]].compactMap { $0 }
      let source: LockedPackage.Source
      if let git = entry["vcs"] {
        source = .git(
          repository: git["url"]?.string ?? "", commit: git["commit-id"]?.string ?? "",
          folder: git["subdirectory"]?.string)
      } else if let directory = entry["directory"] {
        source = .path(directory["path"]?.string ?? ".", isEditable: directory["editable"] == .bare("true"))
      } else if let archive = entry["archive"] {
        source =
          archive["url"]?.string.map { .file($0) } ?? .path(archive["path"]?.string ?? "", isEditable: false)
      } else {
        source = .index(LockedPackage.index(entry["index"]?.string))
      }
      let digests = files.compactMap { $0["hashes"]?["sha256"]?.string }
        .compactMap { LockedPackage.digest("sha256:" + $0) }
      let hasWheel =
        switch source {
        case .index: !(entry["wheels"]?.array ?? []).isEmpty
        case .file(let address): LockedPackage.isWheel(address)
        case .git, .path: false
        }
      result.add(
        LockedPackage(
          name, version: entry["version"]?.string, source: source,
          marker: marker.choosing(extras: Set(choice.extras), groups: chosen), digests: digests,
          hasWheel: hasWheel))
    }
    return result
  }
}
