import OutfitCore

/// The names of what lies in a repository, and the texts of those files that tell how its programs are started.
public struct SourceFiles: Sendable {
  /// Relative to the folder, to some depth; names with `../` are of the repository's folders above it.
  public var names: Set<String>
  public var texts: [String: String]

  public init(names: Set<String> = [], texts: [String: String] = [:]) {
    self.names = names.union(texts.keys)
    self.texts = texts
    for name in self.names {
      var folder = name[...]
      while let slash = folder.lastIndex(of: "/") {
        folder = folder[..<slash]
        guard folders.insert(String(folder)).inserted else { break }
      }
    }
  }

  /// Those that have something in them.
  private(set) var folders: Set<String> = []

  subscript(name: String) -> String? { texts[name] }

  func has(_ name: String) -> Bool { names.contains(name) || folders.contains(name) }

  /// The names of files that lie in a folder itself.
  func files(in folder: String) -> [String] {
    names.filter { Self.folder(of: $0) == folder }.sorted()
  }

  static func folder(of name: String) -> String {
    name.lastIndex(of: "/").map { String(name[..<$0]) } ?? ""
  }

  static func base(of name: String) -> String { String(name.split(separator: "/").last ?? "") }

  /// A path as it is from the folder `base`, without `.` and what `..` takes back.
  static func joined(_ base: String, _ path: String) -> String {
    var parts: [Substring] = path.hasPrefix("/") ? [] : base.split(separator: "/")
    for part in path.split(separator: "/") where part != "." {
      if part == "..", let last = parts.last, last != ".." { parts.removeLast() } else { parts.append(part) }
    }
    return (path.hasPrefix("/") || base.hasPrefix("/") ? "/" : "") + parts.joined(separator: "/")
  }

  /// A path that leads out of a folder and back into it, as it is from there; nil for one that stays outside.
  /// - Parameter folder: from the top of the repository: `services/web`.
  static func returned(_ path: String, to folder: String) -> String? {
    let (parts, own) = (path.split(separator: "/"), folder.split(separator: "/"))
    let steps = parts.prefix { $0 == ".." }.count
    let rest = parts.dropFirst(steps)
    guard (1...max(1, own.count)).contains(steps), rest.starts(with: own.suffix(steps)), !own.isEmpty else {
      return nil
    }
    return rest.dropFirst(steps).joined(separator: "/")
  }

  /// `name:line` of the first line of a file that has all of these in it; the name alone where none has.
  func place(_ name: String, _ needles: String...) -> String {
    var number = 0
    for line in (texts[name] ?? "").split(separator: "\n", omittingEmptySubsequences: false) {
      number += 1
      if needles.allSatisfy({ line.contains($0) }) { return "\(name):\(number)" }
    }
    return name
  }

  // MARK: What is read

  /// Folders in which files for containers lie, beside the repository's own.
  public static let deployment = [
    "docker", ".docker", "deploy", "deployment", "compose", "containers", "podman", "infra", "ops", "build",
  ]

  static func isDockerfile(_ lower: String) -> Bool {
    lower.hasPrefix("dockerfile") || lower.hasSuffix(".dockerfile")
  }

  /// Whether a Dockerfile further down is of a service beside the project, or of those who develop.
  static func isOfOtherService(_ name: String) -> Bool {
    let folders = folder(of: name).split(separator: "/").map { $0.lowercased() }
    return folders.count > 1 && folders.contains(where: others.contains)
  }

  private static let others: Set<String> = [
    "nginx", "traefik", "caddy", "proxy", "postgres", "postgresql", "db", "database", "redis", "aws", "docs",
    "base",
    "demo", "dev", "development", "local", "test", "ci",
  ]

  /// Whether a file lies where those for containers do: at the top, a folder below it, or where a folder's name says so.
  static func isOfDeployment(_ name: String) -> Bool {
    let folders = folder(of: name).split(separator: "/").map { $0.lowercased() }
    return folders.count <= 1 || folders.first == ".." || folders.contains(where: deployment.contains)
  }

  /// Whether a file's text is wanted, by its name alone.
  public static func isWanted(_ name: String) -> Bool {
    let parts = name.split(separator: "/").map(String.init)
    let isDeep = parts.first.map(deployment.contains) == true
    guard let base = parts.last, parts.count <= (isDeep ? 6 : 5) else { return false }
    let lower = base.lowercased()
    if parts.dropLast().contains(
      where: ["tests", "test", "migrations", "node_modules", "examples", "docs"].contains)
    {
      return false
    }
    // Of the folders above, only what is for containers.
    if parts.first == "..", !isCompose(base.lowercased()), !isExample(base.lowercased()) { return false }
    if isDockerfile(lower) || isCompose(lower) { return true }
    if lower.hasPrefix("procfile") || isExample(lower) { return parts.count <= 2 || parts.first == ".." }
    if CondaFiles.isLikely(name) { return true }
    if ["manage.py", "pyproject.toml", "package.json", "schema.prisma", "makefile"].contains(lower) {
      return parts.count <= 3
    }
    if ["requirements.txt", "pipfile"].contains(lower) { return parts.count == 2 }
    if lower.hasSuffix(".ini") || lower.hasPrefix("gunicorn") { return parts.count <= 3 }
    if lower.hasSuffix(".sh") || lower.contains("entrypoint")
      || lower.hasPrefix("start") && !lower.contains(".")
    {
      return isDeep || parts.count <= 3
    }
    if lower.hasSuffix(".py") {
      return parts.count == 1 || sources.contains(String(lower.dropLast(3))) || lower.contains("settings")
        || lower.contains("config")
        || parts.dropLast().contains { $0.lowercased().contains("settings") || $0 == "config" }
    }
    if let dot = lower.lastIndex(of: "."), [".js", ".mjs", ".cjs", ".ts"].contains(String(lower[dot...])) {
      return sources.contains(String(lower[..<dot])) || lower.contains("config") || lower.contains("health")
    }
    return false
  }

  private static let sources: Set<String> = [
    "manage", "urls", "wsgi", "asgi", "main", "app", "server", "index", "health", "healthcheck", "routes",
    "router",
    "celery", "__init__", "env", "environment", "views", "utils", "app.controller", "health.controller",
    "boot",
    "application", "conf", "database", "db",
  ]

  static func isCompose(_ lower: String) -> Bool {
    (lower.hasSuffix(".yml") || lower.hasSuffix(".yaml"))
      && ["docker-compose", "compose.", "compose-", "compose_", "podman-compose", "docker_compose"].contains {
        lower.hasPrefix($0)
      }
  }

  /// A file that shows which variables there are: none that holds them.
  static func isExample(_ lower: String) -> Bool {
    lower.contains("env")
      && ["example", "sample", "dist", "template", "default"].contains { word in
        lower.split(whereSeparator: { !$0.isLetter }).contains { $0 == word }
      } && !lower.hasSuffix(".py") && !lower.hasSuffix(".js") && !lower.hasSuffix(".ts")
  }
}
