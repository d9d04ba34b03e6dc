import OutfitCore
import OutfitEngine
import OutfitProfile
import SystemPackage

/// `hook-settings: {file: …}`.
extension Hooks {
  /// The block in the repository's own configuration; nil where none is wanted, with what is to be said of that.
  func block(
    _ hooks: [Named<HookSection>], _ git: GitFolders, _ context: Context
  ) -> (edit: Edit.Block?, problems: [Diagnostic]) {
    guard let settings = context.profile.hookSettings, settings.value.file != nil else { return (nil, []) }
    func refused(_ message: String, _ hint: String) -> (Edit.Block?, [Diagnostic]) {
      (nil, [Diagnostic(.warning, message, at: settings.source.location, hint: hint)])
    }
    let project = context.profile.layers.last { $0.kind == .profile }
    guard project?.folder == context.root else {
      return refused(
        "the hooks are not written into \(ConfigurationBlock.file): this manifest is kept outside of the repository",
        "take `file` out of hook-settings")
    }
    guard context.root == git.workTree else {
      return refused(
        "the hooks are not written into \(ConfigurationBlock.file): it stands at the top of a repository, \(git.workTree)",
        "take `file` out of hook-settings, or bring a project up there")
    }
    var text: String?
    if case .contents(let bytes)? = context.facts[.contents(configured(git))] {
      text = String(decoding: bytes, as: UTF8.self)
    }
    let block = ConfigurationBlock(
      hooks: hooks, settings: settings.value, commits: commits(context),
      installed: { installed($0, context) },
      isPinned: { isPinned($0, context) })
    do {
      return (try block.edit(in: text), [])
    } catch {
      return (nil, error.diagnostics)
    }
  }

  func configured(_ git: GitFolders) -> FilePath { git.workTree.appending(ConfigurationBlock.file) }

  private func isPinned(_ program: String, _ context: Context) -> Bool {
    context.earlier.claims.contains { $0.name == program } || pin(program, context) != nil
  }

  /// What another runner installs for a command, at the locked versions; nil for what can't be had from a registry.
  private func installed(_ command: [String], _ context: Context) -> HookConfiguration.Installed? {
    guard let program = command.first else { return nil }
    let owner = context.earlier.claims.first { $0.name == program }?.label
    let name = owner.flatMap { $0.split(separator: " ").first.map(String.init) } ?? program
    guard let tool = context.profile.tools[name]?.value, let locked = context.lock.tools[name] else {
      return pin(program, context).map { HookConfiguration.Installed(language: "python", packages: [$0]) }
    }
    let package = tool.package ?? name
    switch tool.origin {
    case .url: return nil
    case .npm:
      return HookConfiguration.Installed(
        language: "node", packages: ["\(package)@\(locked.version)"] + tool.with)
    case .pypi:
      let extras = tool.extras.isEmpty ? "" : "[\(tool.extras.joined(separator: ","))]"
      let others = tool.with.map { Self.pin(of: $0, in: locked.requirements) ?? $0 }
      return HookConfiguration.Installed(
        language: "python", packages: ["\(package)\(extras)==\(locked.version)"] + others)
    }
  }

  /// `name==version` of a package of the virtualenv.
  private func pin(_ name: String, _ context: Context) -> String? {
    guard context.profile.virtualenv != nil, let lock = context.lock.virtualenv else { return nil }
    return Self.pin(of: name, in: lock.requirements)
  }

  private static func pin(of requirement: String, in requirements: String) -> String? {
    let name = requirement.prefix { $0.isLetter || $0.isNumber || "-_.".contains($0) }
    func plain(_ text: some StringProtocol) -> String {
      text.lowercased().replacing("_", with: "-").replacing(".", with: "-")
    }
    for line in requirements.split(separator: "\n") {
      guard let sign = line.firstRange(of: "=="), plain(line[..<sign.lowerBound]) == plain(name) else {
        continue
      }
      return
        "\(requirement.prefix { !"=<>~! ;".contains($0) })==\(line[sign.upperBound...].prefix { !" ;\\".contains($0) })"
    }
    return nil
  }
}
