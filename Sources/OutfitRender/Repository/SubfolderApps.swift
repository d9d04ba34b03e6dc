import OutfitCore

/// The folders of a repository that could be an application by themselves.
enum SubfolderApps {
  private static let ignored: Set<String> = [
    "docs", "doc", "tests", "test", "examples", "example", "node_modules", "scripts", "tools", "e2e",
    "cypress", "site",
    "benchmarks", "fixtures",
  ]

  /// The folders that have a project of Python's or Node's each.
  static func projects(_ sources: SourceFiles) -> [String] {
    var found: [String] = []
    for folder in sources.folders.sorted() {
      let parts = folder.split(separator: "/").map(String.init)
      let isPassedOver = parts.contains { ignored.contains($0) || $0.hasPrefix(".") }
      guard parts.count <= 3, !isPassedOver, !found.contains(where: { folder.hasPrefix($0 + "/") }) else {
        continue
      }
      let marks = ["pyproject.toml", "setup.py", "Pipfile", "requirements.txt", "package.json"]
      if marks.contains(where: { sources.names.contains("\(folder)/\($0)") }) { found.append(folder) }
    }
    return found
  }

  static func find(_ sources: SourceFiles) -> [(folder: String, kind: String)] {
    var found: [(String, String)] = []
    for folder in sources.folders.sorted() {
      let parts = folder.split(separator: "/").map(String.init)
      guard parts.count <= 2, !parts.contains(where: { ignored.contains($0) || $0.hasPrefix(".") }) else {
        continue
      }
      if found.contains(where: { folder.hasPrefix($0.0 + "/") }) { continue }
      func has(_ names: String...) -> Bool { names.contains { sources.names.contains("\(folder)/\($0)") } }
      let hasPackages = has(
        "requirements.txt", "pyproject.toml", "Pipfile", "uv.lock", "poetry.lock", "setup.py")
      let isStarted = has("Dockerfile", "Dockerfile.prod", "Procfile")
      if has("manage.py"), hasPackages || isStarted,
        ProjectReading.settingsModule(sources["\(folder)/manage.py"] ?? "") != nil
      {
        found.append((folder, "Django"))
      } else if hasPackages, isStarted || has("main.py", "app.py", "wsgi.py", "app/main.py", "server.py") {
        found.append((folder, "Python"))
      } else if has("package.json"), isStarted || NodeScripts(sources["\(folder)/package.json"])?.start != nil
      {
        found.append((folder, "Node"))
      } else if isStarted, has("package.json") == false, !hasPackages, has("go.mod", "pom.xml", "Cargo.toml")
      {
        found.append((folder, "in a language that Outfit has no template for"))
      }
    }
    return found
  }
}
