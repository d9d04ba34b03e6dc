import OutfitCore
import OutfitEngine
import OutfitSystem
import SystemPackage

/// Puts in order what runs of hooks left that were ended: by SIGKILL, a crash, or a power cut.
public struct HookRecovery: Sendable {
  let host: Host

  public init(host: Host) { self.host = host }

  /// Takes away what runs left in git's folders, when Outfit goes: all but work that is kept.
  public func leave() {
    for tree in KnownWorkTrees(host: host).all {
      let room = RunFolder(tree.folders)
      guard !isUnfinished(room), let lock = try? host.files.tryLock(room.lock) else { continue }
      defer { withExtendedLifetime(lock) {} }
      try? host.files.removeDirectory(room.saved)
      guard (try? host.files.list(room.path)) == ["lock"] else { continue }
      try? host.files.removeTree(room.path)
      try? host.files.removeDirectory(room.path.removingLastComponent())
    }
  }

  /// In every work tree that Outfit knows. Where hooks still run, nothing is done. A few look-ups when there is nothing
  /// to do.
  public func recover() async throws {
    for tree in KnownWorkTrees(host: host).all {
      let room = RunFolder(tree.folders)
      guard isUnfinished(room), let lock = try? host.files.tryLock(room.lock) else { continue }
      defer { withExtendedLifetime(lock) {} }
      try await recoverLocked(room)
    }
  }

  private func isUnfinished(_ room: RunFolder) -> Bool {
    [room.running, room.work].contains { path in
      ((try? host.files.status(path, followLinks: false)) ?? nil) != nil
    }
  }

  /// The same for one, for who holds its lock.
  func recoverLocked(_ room: RunFolder) async throws {
    guard isUnfinished(room) else { return }
    try await Interrupts.held {
      let (host, room) = (host, room)
      try await Task { try await Self.recover(room, host) }.value
    }
  }

  private static func recover(_ room: RunFolder, _ host: Host) async throws {
    let files = host.files
    let running = try files.text(room.running).flatMap { ProcessMark($0) }
    if let running { try await host.processes.end(running) }
    guard try files.status(room.work, followLinks: false) != nil else { return try room.clear(files) }
    let place = room.git.workTree
    let record: WorkRecord
    do {
      record = try WorkRecord(try files.read(room.work, limit: FileBound.own))
    } catch WorkRecord.Problem.newer {
      throw Failure(
        "a run of the hooks in \(place) was ended that a newer version of Outfit had begun",
        hint: "run the newer outfit, which can put the work back that was set aside")
    } catch WorkRecord.Problem.damaged {
      return try putAside(room, "is damaged", host)
    }
    guard KnownWorkTrees(host: host).known(room.git)?.token == record.token else {
      return try putAside(room, "is not of this Outfit", host)
    }
    if running?.value != record.mark, let mark = ProcessMark(record.mark) {
      try await host.processes.end(mark)
    }
    var surrounding = host
    surrounding.environment = host.environment.filter { !$0.key.hasPrefix("GIT_") }.merging(record.variables)
    { $1 }
    surrounding.workingDirectory = place
    let git = RepositoryGit(folders: room.git, host: surrounding)
    let state = try await IndexState.read(git)
    let isHeadSame = state.head == record.head
    let outcome = try await PuttingBack(git: git, room: room, record: record, isHeadSame: isHeadSame)
      .run(staged: isHeadSame ? state : nil)
    try room.clear(files)
    say(outcome, record, place, host)
  }

  private static func putAside(_ room: RunFolder, _ what: String, _ host: Host) throws {
    let aside = host.putAside(room.work)
    try room.clear(host.files)
    host.terminal.talk(
      "a record of unstaged work in \(room.git.workTree) \(what), so nothing is put back from it"
        + (aside.map { "; it is kept as \($0)" } ?? "") + "\n")
  }

  private static func say(
    _ outcome: PuttingBack.Outcome, _ record: WorkRecord, _ place: FilePath, _ host: Host
  ) {
    let diagnostics = outcome.diagnostics(record)
    guard !record.entries.isEmpty || !diagnostics.isEmpty else { return }
    let paths = outcome.back == 1 ? "1 path" : "\(outcome.back) paths"
    host.terminal.talk(
      "a run of the hooks in \(place) was ended: what was not staged is as it was"
        + (outcome.back > 0 ? ", \(paths) put back" : "")
        + (outcome.isKept ? " (kept too: `outfit hooks saved`)" : "") + "\n")
    let width = host.terminal.width
    let printer = DiagnosticPrinter(
      style: Style(isTerminal: host.terminal.errorIsTerminal, environment: host.environment), width: width)
    for diagnostic in diagnostics { host.terminal.talk(printer.text(diagnostic)) }
  }
}
