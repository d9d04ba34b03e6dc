import OutfitCore
import OutfitEngine
import OutfitProfile
import SystemPackage

/// `hooks:`: git hooks that run the project's pinned tools.
///
/// The scripts that git starts stand in its own folder, so that nothing appears in the work tree. What they run is in
/// the store, the runner and its configuration, and only what the project's generation names. A hook of the user's own
/// is kept beside and runs first.
public struct Hooks: Part {
  public init() {}

  public var name: String { "hooks" }

  /// What a project's generation has where it has hooks: their configuration, which stands on the runner.
  static let objectName = "git-hooks"
  static let configurationName = "hooks.yaml"
  /// The same where names of files may begin with a dash.
  static let anyNamesName = "hooks-any-names.yaml"

  /// The runner is locked with the tools; repositories of hooks by the commit that their `rev:` names.
  public func resolve(_ context: Context) throws -> Round<Lock> {
    guard case .project = context.profile.scope else { return .done(context.lock) }
    var lock = context.lock
    var queries: [Query] = []
    var pins: Set<String> = []
    for (_, hook) in context.profile.inOrder(context.profile.hooks, of: "hooks") {
      guard let repository = hook.value.repository, let address = repository.location else { continue }
      guard pins.insert(repository.pin).inserted, lock.externals[repository.pin] == nil else { continue }
      switch context.facts[.repository(address)] {
      case nil: queries.append(.repository(address))
      case .repository(let pin, _)?: lock.externals[repository.pin] = pin
      default: continue
      }
    }
    if !queries.isEmpty { return .ask(queries) }
    lock.externals = lock.externals.filter { pins.contains($0.key) }
    return .done(lock)
  }

  func commits(_ context: Context) -> [String: String] {
    context.lock.externals.compactMapValues(\.commit)
  }

  public func propose(_ context: Context) throws -> Round<Proposal> {
    var proposal = Proposal()
    guard let first = context.profile.inOrder(context.profile.hooks, of: "hooks").first?.value.source else {
      return .done(proposal)
    }
    let found: GitFolders?
    switch GitFolders.find(
      from: context.root, environment: context.environment, known: { context.facts[$0] })
    {
    case .ask(let queries): return .ask(queries)
    case .done(let folders): found = folders
    }
    guard let git = found else {
      proposal.notes = [
        Diagnostic(
          .warning, "the git hooks wait for a repository: \(context.root) is in none",
          at: first.location, hint: "run `git init`, then `outfit up`")
      ]
      return .done(proposal)
    }
    let runner = context.earlier.objects.first {
      $0.id.name.hasPrefix("\(Engines.hookRunner)-")
    }
    guard let runner else {
      // Why it could not be had has been said.
      guard context.earlier.failures.isEmpty else { return .done(proposal) }
      proposal.failures = [
        Diagnostic(
          .error, "the git hooks can't be installed without their runner, \(Engines.hookRunner)",
          at: first.location)
      ]
      return .done(proposal)
    }
    let (hooks, missing) = usable(context)
    proposal.failures = missing.filter { $0.severity == .error }
    proposal.notes = missing.filter { $0.severity != .error }
    let installed = context.profile.hookSettings?.value.types ?? []
    let types = Set(hooks.flatMap(\.value.value.stages) + installed).intersection(HookScript.types).sorted()
    let paths = types.map { git.hooks.appending($0) }
    let configured = configured(git)
    let isWritten = context.profile.hookSettings?.value.file != nil
    let mark = mark(of: context.root, git)
    let callers = types.flatMap {
      [git.hooks.appending($0), git.hooks.removingLastComponent().appending($0)]
    }
    let refusal = refusal(git, first)
    let queries =
      paths.flatMap { path -> [Query] in
        let kept = HookScript.keep(path)
        return [.status(path), .contents(path), .status(kept), .contents(kept)]
      } + [.status(configured), .status(mark)] + (isWritten ? [.contents(configured)] : [])
      + (refusal == nil ? [] : callers.map { .contents($0) })
    let unknown = queries.filter { context.facts[$0] == nil }
    guard unknown.isEmpty else { return .ask(unknown) }
    let hasOtherRunner = self.exists(configured, context)

    let folder = Self.relative(context.root, to: git.workTree)
    var configuration = HookConfiguration(
      hooks: hooks, settings: context.profile.hookSettings?.value ?? HookSettings(), folder: folder
    ) { entry in
      command(entry, context)
    }
    configuration.take(commits(context))
    for index in configuration.hooks.indices {
      configuration.hooks[index].cache = cache(configuration.hooks[index], context)
    }
    let object = Object(
      name: Self.objectName, label: "git hooks", inputs: [runner.id],
      recipe: .tree([
        TreeEntry(Self.anyNamesName, .file(Array(configuration.text(for: .any).utf8), mode: 0o644)),
        TreeEntry(Self.configurationName, .file(Array(configuration.text.utf8), mode: 0o644)),
      ]),
      store: context.store)
    proposal.objects.append(object)
    let (block, problems) = block(hooks, git, context)
    proposal.failures += problems.filter { $0.severity == .error }
    proposal.notes += problems.filter { $0.severity != .error }
    if let block, let settings = context.profile.hookSettings {
      proposal.changes.append(
        Change(target: configured, owner: settings.source, kind: .edit(.block(block)), object: object.id))
    }
    if let refusal {
      // What git runs there may call ours.
      let isCalled = callers.contains { path in
        guard case .contents(let bytes)? = context.facts[.contents(path)] else { return false }
        return String(decoding: bytes, as: UTF8.self).contains("outfit hooks run")
      }
      if !isCalled { proposal.failures.append(refusal) }
      return .done(proposal)
    }
    let isNew = !self.exists(mark, context)
    func change(_ target: FilePath, _ kind: Change.Kind, carriesOn: Digest? = nil) {
      var change = Change(target: target, owner: first, kind: kind, object: object.id, carriesOn: carriesOn)
      change.isNewPlace = isNew
      proposal.changes.append(change)
    }
    change(mark, .file(Array("The hooks of \(context.root) are Outfit's.\n".utf8), mode: 0o644))
    for (type, path) in zip(types, paths) {
      let kept = HookScript.keep(path)
      let (previous, replaced) = previous(
        at: path, keptAt: kept, hasOtherRunner: hasOtherRunner, context)
      if let previous {
        change(kept, .file(previous.bytes, mode: previous.mode))
        if let owner = HookOwner.of(String(decoding: previous.bytes, as: UTF8.self)) {
          proposal.notes.append(
            Diagnostic(
              .note, "\(owner.name)'s \(type) hook is kept, and runs before Outfit's", at: first.location,
              hint: "take it out with \(owner.name) itself, then `rm \(kept)`"))
        }
      }
      let script = HookScript(
        type: type, path: path, bin: context.bin, previous: previous == nil ? nil : kept,
        skipped: block == nil ? [] : hooks.map(\.key).sorted())
      change(path, .file(Array(script.text.utf8), mode: 0o755), carriesOn: replaced)
    }
    return .done(proposal)
  }

  /// What says that this very repository was brought up: a clone at the same path has none.
  private func mark(of root: FilePath, _ git: GitFolders) -> FilePath {
    git.directory.appending("outfit").appending("project-\(Digest(of: root.string).short(12))")
  }

  /// Why this repository's hooks are left alone.
  private func refusal(_ git: GitFolders, _ source: Source) -> Diagnostic? {
    guard let (path, file) = git.hooksPath, path != git.common.appending("hooks") else { return nil }
    if file != git.common.appending("config") {
      return Diagnostic(
        .error, "core.hooksPath in \(file) gives all repositories the hooks of \(path)",
        at: source.location,
        hint:
          "give this one its own with `git config core.hooksPath \(git.common.appending("hooks"))`, or call "
          + "`outfit hooks run pre-commit` from the hooks there")
    }
    if path.starts(with: git.workTree), !path.starts(with: git.common) {
      return Diagnostic(
        .error, "core.hooksPath points to \(path), which is part of the work tree",
        at: source.location,
        hint: "take the setting away with `git config --unset core.hooksPath`, or call "
          + "`outfit hooks run pre-commit` from the hooks there")
    }
    return nil
  }

  /// The hook that runs before ours, and the digest of what ours may replace.
  private func previous(
    at path: FilePath, keptAt kept: FilePath, hasOtherRunner: Bool, _ context: Context
  ) -> (hook: (bytes: [UInt8], mode: UInt16)?, replaced: Digest?) {
    func file(_ path: FilePath) -> (bytes: [UInt8], mode: UInt16)? {
      guard case .status(let status)? = context.facts[.status(path)], status.kind == .file,
        case .contents(let bytes)? = context.facts[.contents(path)]
      else { return nil }
      return (bytes, status.mode & 0o777)
    }
    guard let present = file(path) else { return (file(kept), nil) }
    let text = String(decoding: present.bytes, as: UTF8.self)
    if text.contains(HookScript.mark) { return (file(kept), nil) }
    let digest = Digest(of: present.bytes)
    let isRunner = ["pre-commit", "prek"].contains { text.contains("# File generated by \($0):") }
    // Another runner without a configuration would have nothing to run.
    return (isRunner && !hasOtherRunner ? nil : present, digest)
  }

  private func exists(_ path: FilePath, _ context: Context) -> Bool {
    if case .status? = context.facts[.status(path)] { return true }
    return false
  }

  /// The hooks whose programs the project has, and a complaint for each other one.
  private func usable(_ context: Context) -> ([Named<HookSection>], [Diagnostic]) {
    var missing: [Diagnostic] = []
    let hooks = context.profile.inOrder(context.profile.hooks, of: "hooks").filter { name, hook in
      if let stage = hook.value.stages.first(where: { $0 != "manual" && !HookScript.types.contains($0) }) {
        missing.append(
          Diagnostic(
            .error, "the hook \(name) wants the stage \(stage), which git does not have",
            at: hook.source.location,
            hint: nearest(stage, among: HookScript.types).map { "did you mean \($0)?" }))
        return false
      }
      if let repository = hook.value.repository {
        if context.lock.externals[repository.pin]?.commit != nil { return true }
        var problem = Diagnostic(
          .warning, "its repository has no commit in the lock", at: hook.source.location,
          hint: "`outfit lock` with a network, then `outfit up`")
        if let address = repository.location, case .failed(let failure)? = context.facts[.repository(address)]
        {
          problem.message = failure.message
        }
        problem.message = "the hook \(name) is left out: \(problem.message)"
        missing.append(problem)
        return false
      }
      if hook.value.language != nil {
        if hook.value.entry?.first?.isEmpty == false { return true }
        missing.append(
          Diagnostic(
            .error, "the hook \(name) has nothing to look for", at: hook.source.location,
            hint: "say it with `entry:`"))
        return false
      }
      guard hook.value.entry == nil, let program = HookConfiguration.entry(name, hook.value).first
      else { return true }
      if self.program(program, context) != nil { return true }
      missing.append(
        Diagnostic(
          .error, "the hook \(name) runs \(program), which this project does not have",
          at: hook.source.location,
          hint: "add it: `tools: {\(program): latest}`, or say what to run with `entry:`"))
      return false
    }
    return (hooks, missing.sorted { $0.message < $1.message })
  }

  /// The command with the pinned program in place of its name.
  private func command(_ entry: [String], _ context: Context) -> [String] {
    guard let name = entry.first, let program = program(name, context) else { return entry }
    return program + entry.dropFirst()
  }

  /// What leaves out files that passed: without a word in the manifest only for a command that is known whole.
  private func cache(_ hook: HookConfiguration.Hook, _ context: Context) -> [String] {
    let section = hook.section
    let isKnown = section.entry == nil && hook.known?.basis != nil
    let isOfStore = hook.entry.first.map { FilePath($0).starts(with: context.store) } == true
    guard section.isOwn, !section.isVerbose, section.isCached ?? (isKnown && isOfStore) else {
      return []
    }
    return [context.bin.appending("outfit").string, "hooks", "cached", isKnown ? hook.name : "-"]
  }

  /// A tool of the project, or a program of its virtualenv.
  private func program(_ name: String, _ context: Context) -> [String]? {
    if let claim = context.earlier.claims.first(where: { $0.name == name }) {
      return [claim.program.resolved(store: context.store).string] + claim.arguments
    }
    if let section = context.profile.virtualenv, let lock = context.lock.virtualenv,
      lock.requirements.split(separator: "\n").contains(where: { $0.hasPrefix("\(name)==") })
    {
      return [context.root.pushing(FilePath(section.value.path)).pushing("bin").appending(name).string]
    }
    return nil
  }

  /// The path of `folder` below `root`, without a slash at its end.
  private static func relative(_ folder: FilePath, to root: FilePath) -> String {
    var rest = folder
    return rest.removePrefix(root) ? rest.string : ""
  }
}
