import OutfitCore

extension LockReader {
  /// What an image gets of its distribution: files that archives have at plain paths, each with its digest.
  mutating func imagePackages(_ node: YamlNode) -> LockedImagePackages? {
    know(["base", "run", "build", "dev", "snapshots", "files"], node)
    guard let base = text(node, "base") else { return nil }
    var packages = LockedImagePackages(
      base: base, run: node["run"].map { names($0, folders: false) } ?? [],
      build: node["build"].map { names($0, folders: false) } ?? [],
      development: node["dev"].map { names($0, folders: false) } ?? [])
    for pair in pairs(node["snapshots"]) {
      guard LockedImagePackage.archives.contains(pair.key),
        let time = pair.value.text, LockedImagePackages.isSnapshot(time)
      else {
        complain("this is no time of an archive that is known", pair.value)
        continue
      }
      packages.snapshots[pair.key] = time
    }
    for pair in pairs(node["files"]) {
      var files: [LockedImagePackage] = []
      for (index, line) in (pair.value.text ?? "").split(separator: "\n").enumerated() {
        if let file = LockedImagePackage(line: line) {
          files.append(file)
        } else {
          complain(
            "`\(String(line).harmless)` is no package of an archive with its digest",
            at: location(ofLine: index + 1, in: pair.value))
        }
      }
      packages.files[pair.key] = files
    }
    return packages
  }
}
