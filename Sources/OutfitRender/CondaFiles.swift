import OutfitCore

/// The files of a repository that conda and pixi read, and nobody else.
enum CondaFiles {
  /// Those of the repository's own folder, the first that are read.
  static let files = [
    "environment.yml", "environment.yaml", "conda-lock.yml", "conda-lock.yaml", "pixi.toml", "pixi.lock",
  ]

  /// Folders in which such files have names of their own.
  private static let folders: Set<String> = [
    "ci", "conda", "environments", "environment", "envs", "requirements", "binder",
  ]

  /// Whether it may be one, by its name.
  static func isLikely(_ name: String) -> Bool {
    let parts = name.lowercased().split(separator: "/").map(String.init)
    guard let base = parts.last, base.hasSuffix(".yml") || base.hasSuffix(".yaml"), parts.count <= 3,
      parts.first != ".."
    else { return false }
    return base.contains("environment") || base.contains("conda")
      || parts.count > 1 && folders.contains(parts[0])
  }

  /// Whether it is a list for `conda install --file`, by its name.
  static func isList(_ name: String) -> Bool {
    name.hasSuffix(".txt") && RequirementFiles.isCondas(name)
  }

  /// - Parameter texts: by name.
  static func names(_ texts: [String: String]) -> [String] {
    files.filter { texts[$0] != nil } + texts.keys.filter(isList).sorted()
      + texts.keys.filter { !files.contains($0) && isLikely($0) && isOne(texts[$0] ?? "") }.sorted()
  }

  /// An environment lists `dependencies:`, and what else lists them so has other keys beside them.
  private static func isOne(_ text: String) -> Bool {
    let keys = text.split(whereSeparator: \.isNewline).filter { line in
      line.first.map { $0.isLetter } == true && line.contains(":")
    }
    .map { $0.prefix { $0 != ":" } }
    let known: Set<Substring> = ["name", "channels", "dependencies", "prefix", "platforms", "variables"]
    return keys.contains("dependencies") && keys.allSatisfy(known.contains)
  }
}
