import OutfitCore
import OutfitEngine
import OutfitSystem
import SystemPackage

/// Hooks at work on a repository: what is not staged is set aside before, and put back after them, however they end.
public struct HookSession: Sendable {
  private let git: RepositoryGit
  private let room: RunFolder

  private var host: Host { git.host }

  /// How the hooks ended, and what a person has to know besides.
  public struct Result: Sendable {
    public var status: Int32
    public var notes: [Diagnostic]
  }

  public init(_ folders: GitFolders, host: Host) {
    git = RepositoryGit(folders: folders, host: host)
    room = RunFolder(folders)
  }

  /// - Parameter generations: Whose hooks run, one after another, all over the same files.
  public func run(_ run: HookRun, of generations: [Generation]) async throws -> Result {
    guard !isNested else {
      let target = HookRun.Target(
        files: try await HookFiles(git: git).selected(by: run), folders: git.folders)
      let status = try await engines(run, generations, target) { try await host.processes.runAttached($0) }
      return Result(status: status, notes: [])
    }
    try room.prepare(host.files)
    let lock = try await lock()
    defer { withExtendedLifetime(lock) {} }
    try await HookRecovery(host: host).recoverLocked(room)
    let mark = ProcessMark()
    let token = try KnownWorkTrees(host: host).token(git.folders)
    try host.files.create(room.running, Array(mark.value.utf8), mode: 0o600)
    return try await Interrupts.held {
      var work = SessionWork()
      let status: Int32
      do {
        status = try await during(run, generations, mark, token, &work)
        if status > 128, Interrupts.came { throw CancellationError() }
      } catch {
        let notes = try await ended(work)
        guard !notes.isEmpty else { throw error }
        var failure = Failure("\(error)")
        if let known = error as? Failure { failure = known }
        if error is CancellationError { failure = Failure("interrupted", status: .interrupted) }
        failure.diagnostics = notes + failure.diagnostics
        throw failure
      }
      return Result(status: status, notes: try await ended(work))
    }
  }

  private struct SessionWork: Sendable {
    var record: WorkRecord?
    var looks: [WorkPath: FileStatus] = [:]
    var index: FileStatus?
  }

  private func during(
    _ run: HookRun, _ generations: [Generation], _ mark: ProcessMark, _ token: String,
    _ work: inout SessionWork
  ) async throws -> Int32 {
    let engine = { (invocation: Invocation) in try await host.processes.runGuarded(invocation, by: mark) }
    if run.isPush { return try await push(run, generations, mark, token, &work, engine) }
    guard run.needsWhatIsCommitted else {
      let files = try await HookFiles(git: git).selected(by: run)
      return try await engines(run, generations, HookRun.Target(files: files, folders: git.folders), engine)
    }
    let state = try await setAside(run, mark, token, &work)
    let files = try await HookFiles(git: git).selected(by: run, state)
    return try await engines(run, generations, HookRun.Target(files: files, folders: git.folders), engine)
  }

  private func setAside(
    _ run: HookRun, _ mark: ProcessMark, _ token: String, _ work: inout SessionWork
  ) async throws -> IndexState {
    let state = try await IndexState.read(git)
    try state.refuseUnmerged()
    let aside = SettingAside(git: git, room: room)
    let record = try aside.record(state, type: run.type, mark: mark, token: token)
    guard !record.entries.isEmpty || !record.staged.isEmpty else { return state }
    try room.write(record, isDurable: !record.entries.isEmpty, host.files)
    work.record = record
    work.index = try host.files.status(git.index, followLinks: true)
    work.looks = try await aside.install(record)
    return state
  }

  /// Every reference for itself, in the work tree where its commit is checked out, else in one made for it.
  private func push(
    _ run: HookRun, _ generations: [Generation], _ mark: ProcessMark, _ token: String,
    _ work: inout SessionWork, _ engine: (Invocation) async throws -> Int32
  ) async throws -> Int32 {
    // Git's own words to its hook.
    let input = try await host.processes.run(
      Invocation("/bin/cat", [], environment: [:], standardInput: .inherited)
    ).outputText
    let pushed = PushedCommits(git: git)
    let references = try await pushed.references(input, remote: run.arguments.first ?? "origin")
    let head = try await pushed.commit("HEAD")
    if references.contains(where: { $0.commit == head }) { _ = try await setAside(run, mark, token, &work) }
    var worst: Int32 = 0
    let tree = PushedTree(git: git)
    for reference in references {
      var surrounding = git
      var folders = git.folders
      if reference.commit != head {
        folders = try await tree.checkOut(reference.commit)
        surrounding = RepositoryGit(folders: folders, host: host.inside(folders))
      }
      var target = HookRun.Target(
        files: try await HookFiles(git: surrounding).selected(by: reference), folders: folders)
      target.words = ["--local-branch", reference.localName, "--remote-branch", reference.remoteName]
      for name in ["PRE_COMMIT_FROM_REF", "PRE_COMMIT_ORIGIN"] { target.variables[name] = reference.known }
      for name in ["PRE_COMMIT_TO_REF", "PRE_COMMIT_SOURCE"] { target.variables[name] = reference.commit }
      let status = try await engines(run, generations, target, engine)
      if worst == 0 { worst = status }
    }
    try await tree.remove()
    return worst
  }

  private func engines(
    _ run: HookRun, _ generations: [Generation], _ target: HookRun.Target,
    _ start: (Invocation) async throws -> Int32
  ) async throws -> Int32 {
    // A run within another has a list of its own.
    let list = isNested ? room.path.appending("files-\(ProcessMark().value)") : room.list
    if case .listed(let bytes) = target.files { try host.files.replace(list, bytes) }
    defer { if isNested { try? host.files.removeTree(list) } }
    let surrounding = target.folders == git.folders ? host : host.inside(target.folders)
    var worst: Int32 = 0
    for generation in generations {
      let invocation = try run.invocation(of: generation, on: target, list: list, host: surrounding)
      let status = try await start(invocation)
      if worst == 0 { worst = status }
    }
    return worst
  }

  /// Whatever happened to this task, its end is done whole.
  private func ended(_ work: SessionWork) async throws -> [Diagnostic] {
    let (git, room) = (git, room)
    return try await Task {
      guard let record = work.record else {
        try room.clear(git.host.files)
        return []
      }
      let isIndexSame = try git.host.files.status(git.index, followLinks: true) == work.index
      let after = isIndexSame ? nil : try await IndexState.read(git)
      let outcome = try await PuttingBack(git: git, room: room, record: record, looks: work.looks)
        .run(staged: after)
      try room.clear(git.host.files)
      return outcome.diagnostics(record)
    }.value
  }

  /// A hook of the run that is on started it.
  private var isNested: Bool {
    guard let mark = host.environment[ProcessMark.variable],
      let running = try? host.files.text(room.running)
    else { return false }
    return running == mark
  }

  private func lock() async throws -> FileLock {
    var isFirst = true
    while true {
      if let lock = try host.files.tryLock(room.lock) { return lock }
      if isFirst { host.terminal.talk("hooks are running here already; waiting for them\n") }
      isFirst = false
      try await host.clock.sleep(seconds: 0.05)
    }
  }
}

extension Host {
  /// As a shell in that work tree has it.
  fileprivate func inside(_ folders: GitFolders) -> Host {
    var host = self
    for name in ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX"] { host.environment[name] = nil }
    host.workingDirectory = folders.workTree
    return host
  }
}

extension Files {
  /// A file with these contents, whatever was there.
  func replace(_ path: FilePath, _ contents: [UInt8]) throws(FileError) {
    try removeTree(path)
    try create(path, contents, mode: 0o600)
  }
}

extension PuttingBack.Outcome {
  /// What a person has to know after a run.
  func diagnostics(_ record: WorkRecord) -> [Diagnostic] {
    var diagnostics: [Diagnostic] = []
    let show = "`outfit hooks saved show \(record.identifier)`"
    func names(_ paths: [WorkPath]) -> String {
      paths.prefix(3).map(\.label).joined(separator: ", ")
        + (paths.count > 3 ? " and \(paths.count - 3) more" : "")
    }
    if !dropped.isEmpty {
      diagnostics.append(
        Diagnostic(
          .warning, "\(names(dropped)): what the hooks changed overlaps your unstaged work, which stays",
          hint: "\(show) has the hooks' version"))
    }
    if !saved.isEmpty {
      diagnostics.append(
        Diagnostic(
          .note,
          "\(names(saved)): saved while the hooks ran, on top of your unstaged work; it is left as it was saved",
          hint: "\(show) has the work as it was before"))
    }
    if !left.isEmpty {
      diagnostics.append(
        Diagnostic(
          .warning,
          "\(names(left)): another commit was checked out since; your unstaged work of before is not put there",
          hint: "`outfit hooks saved restore \(record.identifier)` does"))
    }
    for (path, reason) in problems {
      diagnostics.append(
        Diagnostic(
          .error, "\(path.label): your unstaged work can't be put back: \(reason)", hint: "\(show) has it"))
    }
    if !unstaged.isEmpty {
      diagnostics.append(
        Diagnostic(
          .warning, "\(names(unstaged)): staged before the hooks ran, and not after them",
          hint: "`outfit hooks saved restore \(record.identifier)` stages it again"))
    }
    return diagnostics
  }
}
