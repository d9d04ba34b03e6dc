import Foundation
import OutfitCore
import OutfitProfile
import Testing

@testable import OutfitRender

/// A `.dockerignore` as the builders read it: each pattern an expression, the last that matches decides, and what is
/// below something that is left out is left out too.
private struct IgnoreFile {
  private let patterns: [(expression: NSRegularExpression, isException: Bool)]

  init(_ text: String) throws {
    patterns = try text.split(separator: "\n").compactMap { line in
      guard !line.hasPrefix("#") else { return nil }
      var pattern = line.trimmingCharacters(in: .whitespaces)
      let isException = pattern.hasPrefix("!")
      if isException { pattern = pattern.dropFirst().trimmingCharacters(in: .whitespaces) }
      while pattern.hasPrefix("/") { pattern.removeFirst() }
      while pattern.hasSuffix("/") { pattern.removeLast() }
      return pattern.isEmpty ? nil : (try NSRegularExpression(pattern: Self.expression(pattern)), isException)
    }
  }

  private static func expression(_ pattern: String) -> String {
    var result = "^"
    var rest = Array(pattern)[...]
    while let character = rest.popFirst() {
      switch character {
      case "*" where rest.first == "*":
        rest.removeFirst()
        if rest.first == "/" { rest.removeFirst() }
        result += rest.isEmpty ? ".*" : "(.*/)?"
      case "*": result += "[^/]*"
      case "?": result += "[^/]"
      case "\\": result += rest.popFirst().map { "\\\($0)" } ?? "\\\\"
      case ".", "$", "+", "(", ")", "|", "{", "}", "^": result += "\\\(character)"
      default: result.append(character)
      }
    }
    return result + "$"
  }

  /// Whether a path goes into the build context.
  func ships(_ path: String) -> Bool {
    let parts = path.split(separator: "/")
    var isOut = false
    var above = patterns.map { _ in false }
    for count in 1...parts.count {
      let place = parts.prefix(count).joined(separator: "/")
      isOut = false
      for (index, pattern) in patterns.enumerated() {
        let range = NSRange(place.startIndex..., in: place)
        let matches = above[index] || pattern.expression.firstMatch(in: place, range: range) != nil
        above[index] = matches
        if matches { isOut = !pattern.isException }
      }
    }
    return !isOut
  }
}

@Suite struct BuildContextTests {
  private func ignored(_ app: AppSection) throws -> IgnoreFile {
    let file = try #require(try Render.files(Shop.input(app)).files.first { $0.path == ".dockerignore" })
    return try IgnoreFile(file.content)
  }

  static let secrets = [
    ".env", ".env.local", ".env.production", "prod.env", ".envrc", ".git/config", ".venv/bin/python",
    "id_rsa",
    "id_ed25519.pub", "tls.key", "tls.pem", "store.p12", "store.jks", ".npmrc", ".netrc", ".pypirc",
    ".ssh/config",
    ".aws/credentials", ".kube/config", ".docker/config.json", "db.sqlite3", "db.sqlite3-wal", "data.sqlite",
    "node_modules/x/index.js", ".git", "__pycache__/x.pyc",
  ]

  @Test(arguments: Shop.all) func nothingSecretShipsAtAnyDepth(_ app: AppSection) throws {
    let file = try ignored(app)
    for name in Self.secrets {
      for folder in ["", "backend/", "a/b/c/d/", "src/.hidden/", "docker/", "docker/vendor/amd64/"] {
        #expect(!file.ships(folder + name), "\(folder)\(name)")
      }
    }
    for path in [
      "k8s/base/web.yaml", "outfit.yaml", "outfit.lock", "compose.yaml", "Dockerfile", "skaffold.yaml",
    ] {
      #expect(!file.ships(path), "\(path)")
    }
  }

  @Test(arguments: Shop.all) func whatTheImageIsMadeOfShips(_ app: AppSection) throws {
    let file = try ignored(app)
    for path in [
      "manage.py", "shop/settings.py", "requirements.txt", "package.json", "package-lock.json", "server.js",
      "docker/requirements.txt", "docker/dev.txt", "docker/tools/black.txt", "docker/reload.mjs",
      "docker/vendor/amd64/SHA256SUMS", "docker/vendor/amd64/wheels/django-5.2-py3-none-any.whl",
      "docker/vendor/amd64/npm/_cacache/index-v5/aa/bb/cc", "templates/base.html", "static/app.css",
      "environment.py",
      "shop/keys.py", "shop/env.py", "data/geo.db", "k8sclient/x.py", "sub/compose.yaml", "sub/Dockerfile",
    ] { #expect(file.ships(path), "\(path)") }
  }

  @Test func whatIsMeantToShipIsNamed() throws {
    var app = Shop.app
    app.ships = ["certs/database-ca.pem"]
    let file = try ignored(app)
    #expect(file.ships("certs/database-ca.pem"))
    #expect(!file.ships("certs/own.pem") && !file.ships("other/certs/database-ca.pem"))
    for path in ["**/*.pem", "../x", ".git/config", "a\n!**", "-x", ""] {
      app.ships = [path]
      #expect(throws: Failure.self, "\(path.debugDescription)") { try Render.files(Shop.input(app)) }
    }
  }

  /// The reader of patterns against what builders document.
  @Test func theReaderOfPatterns() throws {
    let file = try IgnoreFile(
      "# a comment\n*/temp*\n*/*/temp*\n/top\n**/deep\nlogs/**\n!logs/keep\n*.md\n!README*.md\n")
    for path in ["some/temporary.txt", "some/dir/temp", "top/x", "deep", "a/b/deep/c", "logs/x/y", "x.md"] {
      #expect(!file.ships(path), "\(path)")
    }
    for path in ["temp", "a/b/c/temp", "x/top", "deeper", "logs/keep", "README-x.md", "a/x.md"] {
      #expect(file.ships(path), "\(path)")
    }
  }
}
