import OutfitCore

/// The lock of what a repository of Node installs, of the manager that its package.json names.
struct NodeModulesReading {
  private(set) var from: String?
  private(set) var notes: [Diagnostic] = []

  /// By manager, the better first.
  private static let locks: [(manager: String, file: String, install: String)] = [
    ("npm", "npm-shrinkwrap.json", "npm ci"), ("npm", "package-lock.json", "npm ci"),
    ("pnpm", "pnpm-lock.yaml", "pnpm install --frozen-lockfile"),
    ("yarn", "yarn.lock", "yarn install --frozen-lockfile"),
    ("bun", "bun.lock", "bun install --frozen-lockfile"),
  ]
  static let files = locks.map(\.file) + ["bun.lockb"]

  init(_ found: [String: String]) {
    guard let text = found["package.json"] else { return }
    let package = try? Document.parseJSON(text, file: "package.json")
    let here = Self.locks.filter { found[$0.file] != nil }
    let manager = package?["packageManager"]?.text?.prefix { $0 != "@" }
    from = (here.first { $0.manager[...] == manager } ?? here.first)?.file
    if let from, let install = Self.locks.first(where: { $0.file == from })?.install {
      notes.append(
        Diagnostic(
          .note, "node_modules is its manager's to make, from \(from)",
          hint: "with its own command: \(install)"))
    }
    for lock in here where lock.file != from {
      notes.append(Diagnostic(.note, "\(lock.file) is left out: \(from ?? "") says what is installed"))
    }
    if found["bun.lockb"] != nil, from == nil {
      notes.append(
        Diagnostic(
          .warning, "bun.lockb is no text, and is left out",
          hint: "bun install --save-text-lockfile writes bun.lock"))
    } else if from == nil, Self.asks(package) {
      notes.append(
        Diagnostic(
          .warning, "package.json has no lock beside it, so that nothing says what is installed",
          hint: "npm install --package-lock-only writes one"))
    }
  }

  private static func asks(_ package: Document?) -> Bool {
    ["dependencies", "devDependencies"].contains { package?[$0]?.entries.isEmpty == false }
  }
}
