import OutfitCore

/// The paths at which a program says how it is.
struct HealthPaths {
  /// Answers as long as the program does, whatever becomes of its database.
  var live: (path: String, place: String)?
  /// Answers when it can serve.
  var ready: (path: String, place: String)?
  /// Routes that would do, below a prefix that the file does not tell.
  private(set) var partial: [(path: String, place: String)] = []

  private static let alive: Set<String> = ["live", "livez", "alive", "liveness", "lbheartbeat", "ping"]
  /// `/live_reload` is a developer's, `/status/edit` a page.
  private static let other: Set<String> = [
    "reload", "livereload", "stream", "edit", "update", "create", "delete", "new", "view", "watch", "history",
  ]
  private static let able: Set<String> = ["ready", "readyz", "readiness"]
  private static let any: Set<String> = [
    "health", "healthz", "healthcheck", "health-check", "health_check", "up", "heartbeat", "status", "ht",
  ]

  /// The path of a URL that a health check of Compose or Docker asks for.
  static func path(in text: String) -> String? {
    for host in ["localhost", "127.0.0.1", "0.0.0.0", "[::1]"] {
      var rest = text[...]
      while let range = rest.firstRange(of: host) {
        rest = rest[range.upperBound...]
        var after = rest
        if after.first == ":" {
          after = after.dropFirst()
          if after.hasPrefix("${") || after.hasPrefix("$") {
            after = after.drop { $0 != "/" && !$0.isWhitespace }
          } else {
            after = after.drop(while: \.isNumber)
          }
        }
        let path = after.prefix { $0.isLetter || $0.isNumber || "/_-.".contains($0) }
        if path.hasPrefix("/"), path.count > 1 { return String(path) }
      }
    }
    return nil
  }

  /// - Parameters:
  ///   - asked: what health checks ask for already.
  ///   - urls: the file that Django's own addresses start from.
  init(_ sources: SourceFiles, asked: (path: String, place: String)?, urls: String?, folder: String) {
    if let asked { take(asked.path, asked.place) }
    if let urls { read(urls: urls, prefix: "/", sources, folder, depth: 0) }
    for name in sources.texts.keys.sorted() {
      let lower = name.lowercased()
      if lower.hasSuffix(".py"), !lower.hasSuffix("urls.py") || urls == nil {
        routes(name, sources, isPython: true)
      }
      if [".js", ".ts", ".mjs", ".cjs"].contains(where: lower.hasSuffix) {
        routes(name, sources, isPython: false)
      }
    }
  }

  private mutating func take(_ path: String, _ place: String) {
    let words = path.lowercased().split(separator: "/").map {
      $0.filter { $0 != "_" || !path.contains("__") }
    }
    .flatMap { [$0] + $0.split { $0 == "-" || $0 == "_" }.map(String.init) }
    guard Names.isValue(path), !words.contains(where: Self.other.contains) else { return }
    if words.contains(where: Self.alive.contains) {
      if live == nil { live = (path, place) }
    } else if words.contains(where: Self.able.contains) {
      ready = (path, place)
    } else if words.contains(where: Self.any.contains), ready == nil {
      ready = (path, place)
    }
  }

  private static func quoted(_ text: Substring) -> (String, rest: Substring)? {
    guard let start = text.firstIndex(where: { $0 == "\"" || $0 == "'" || $0 == "`" }),
      text[..<start].allSatisfy({ $0.isWhitespace || $0 == "r" || $0 == "(" })
    else { return nil }
    let rest = text[text.index(after: start)...]
    guard let end = rest.firstIndex(of: text[start]) else { return nil }
    return (String(rest[..<end]), rest[rest.index(after: end)...])
  }

  /// Django's patterns, with those of its own modules that they include.
  private mutating func read(
    urls file: String, prefix: String, _ sources: SourceFiles, _ folder: String, depth: Int
  ) {
    guard depth < 3, let text = sources[file] else { return }
    var number = 0
    for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
      number += 1
      let bare = line.drop(while: \.isWhitespace)
      if bare.hasPrefix("#") { continue }
      for form in ["re_path(", "path(", "url("] {
        guard let range = bare.firstRange(of: form), let (raw, rest) = Self.quoted(bare[range.upperBound...])
        else {
          continue
        }
        var pattern = raw
        if form != "path(" {
          pattern = pattern.filter { $0 != "^" && $0 != "$" && $0 != "?" && $0 != "\\" }
        }
        let path = prefix + (pattern.hasPrefix("/") ? String(pattern.dropFirst()) : pattern)
        if let include = rest.firstRange(of: "include("),
          let (module, _) = Self.quoted(rest[include.upperBound...])
        {
          let own = module.replacing(".", with: "/") + ".py"
          let inner = folder.isEmpty ? own : folder + "/" + own
          if sources[inner] != nil {
            read(urls: inner, prefix: path, sources, folder, depth: depth + 1)
          } else if module.hasPrefix("health_check") {
            take(path, "\(file):\(number)")
          }
        } else if !path.contains(where: { "<>[](*|".contains($0) }) {
          take(path, "\(file):\(number)")
        }
        break
      }
    }
  }

  /// Decorators and calls that name a route, of an application itself.
  private mutating func routes(_ name: String, _ sources: SourceFiles, isPython: Bool) {
    var number = 0
    for line in (sources[name] ?? "").split(separator: "\n", omittingEmptySubsequences: false) {
      number += 1
      let bare = line.drop(while: \.isWhitespace)
      let isRoute = isPython ? bare.hasPrefix("@") : bare.contains(".get(")
      guard isRoute, let range = [".get(", ".route("].compactMap({ bare.firstRange(of: $0) }).first,
        let (path, _) = Self.quoted(bare[range.upperBound...]), path.hasPrefix("/"),
        !path.contains(where: { "<>{}:*".contains($0) })
      else { continue }
      let object = bare[..<range.lowerBound].drop { $0 == "@" }
      let words = path.lowercased().split(separator: "/").map(String.init)
      guard words.contains(where: { Self.any.union(Self.alive).union(Self.able).contains($0) }) else {
        continue
      }
      if ["app", "application", "server", "fastify", "api"].contains(String(object)) {
        take(path, "\(name):\(number)")
      } else {
        partial.append((path, "\(name):\(number)"))
      }
    }
  }
}
