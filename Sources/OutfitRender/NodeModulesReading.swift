import OutfitCore
import OutfitProfile

/// `node_modules:` for a repository that has no manifest yet: the lock of the manager that its package.json names.
struct NodeModulesReading {
  /// Relative to the repository.
  private(set) var from: String?
  /// Packages whose install scripts its manager would run; `.` for the project's own.
  private(set) var scripts: [String] = []
  private(set) var notes: [Diagnostic] = []
  private let found: [String: String]

  /// By manager, the better first.
  private static let locks: [(manager: String, file: String)] = [
    ("npm", "npm-shrinkwrap.json"), ("npm", "package-lock.json"), ("pnpm", "pnpm-lock.yaml"),
    ("yarn", "yarn.lock"), ("bun", "bun.lock"),
  ]
  /// Where a project of another language has its pages; the first that has a package.json counts.
  private static let folders = [
    "", "frontend/", "client/", "web/", "ui/", "app/", "webapp/", "assets/", "static/", "js/", "site/",
  ]
  static let files = folders.flatMap { folder in
    (["package.json", ".yarnrc.yml", "bun.lockb"] + locks.map(\.file)).map { folder + $0 }
  }

  /// The line of the manifest.
  var line: String? {
    guard let from else { return nil }
    var fields = ["from: \(Quoting.json(from))"]
    if !scripts.isEmpty {
      fields.append("scripts: [\(scripts.map(Quoting.json).joined(separator: ", "))]")
    }
    let reason = scripts.isEmpty ? "" : " # these run code when they are installed"
    return "node_modules: {\(fields.joined(separator: ", "))}\(reason)"
  }

  init(_ found: [String: String]) {
    self.found = found
    guard let folder = Self.folders.first(where: { found[$0 + "package.json"] != nil }),
      let text = found[folder + "package.json"]
    else { return }
    let package = try? Document.parseJSON(text, file: "package.json")
    let here = Self.locks.filter { found[folder + $0.file] != nil }
    let manager =
      (package?["packageManager"]?.text ?? package?.at("devEngines", "packageManager", "name")?.text)?
      .prefix { $0 != "@" }
    if let lock = here.first(where: { $0.manager[...] == manager }) ?? here.first {
      for other in here where other.file != lock.file {
        notes.append(
          Diagnostic(.note, "\(folder)\(other.file) is left out: \(lock.file) says what is installed"))
      }
      take(folder, lock.file, package)
      return
    }
    if found[folder + "bun.lockb"] != nil {
      notes.append(
        Diagnostic(
          .warning, "\(folder)bun.lockb is no text, and is left out",
          hint: "bun install --save-text-lockfile writes bun.lock"))
    } else if Self.asks(package) {
      notes.append(
        Diagnostic(
          .warning, "\(folder)package.json has no lock beside it, so that nothing says what is installed",
          hint: "npm install --package-lock-only writes one"))
    }
  }

  private mutating func take(_ folder: String, _ file: String, _ package: Document?) {
    let name = folder + file
    let lock: NodeLock
    do {
      lock = try NodeLock.read(Array((found[name] ?? "").utf8), file: name)
    } catch {
      notes += error.diagnostics.map { problem in
        Diagnostic(.warning, "node_modules is left out: \(problem.message)", hint: problem.hint)
      }
      return
    }
    if lock.kind == .yarnBerry,
      found[folder + ".yarnrc.yml"]?.contains("nodeLinker: node-modules") != true
    {
      notes.append(
        Diagnostic(
          .note, "\(name) is of yarn's Plug'n'Play, which has no node_modules",
          hint: "yarn install makes it ready"))
      return
    }
    from = name
    let own = package?["scripts"]?.entries.keys.contains { NodeProject.lifecycle.contains($0) } == true
    scripts = lock.scripted.union(lock.repositories).sorted() + (own ? ["."] : [])
  }

  private static func asks(_ package: Document?) -> Bool {
    ["dependencies", "devDependencies"].contains { package?[$0]?.entries.isEmpty == false }
  }
}
