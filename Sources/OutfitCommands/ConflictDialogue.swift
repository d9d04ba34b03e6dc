import OutfitCore
import OutfitEngine
import OutfitSystem
import SystemPackage

/// Asks about each file that is other than Outfit left it, before anything is changed.
struct ConflictDialogue {
  let session: Session
  let plan: Plan
  /// What is taken when it is not the user's: `the profile's`, `generation 2's`.
  let theirs: String

  private var host: Host { session.host }

  /// Asks on the terminal. The end of input, like Enter, keeps what is there.
  func decide() async throws -> Decisions {
    var decisions = Decisions(.keep)
    for target in plan.conflicts {
      session.talk("\(session.short(target.target)): \(target.conflict?.message ?? "it was changed")")
      guard target.conflict?.canTake == true else { continue }
      decisions.seen[target.target] = target.before
      decisions.byTarget[target.target] = try await decide(target)
    }
    return decisions
  }

  /// Merges one file, without asking more than what both sides changed.
  /// - Throws: `Failure` where that can't be, or was thought better of.
  func merge(_ path: FilePath) async throws -> Decisions {
    var decisions = Decisions(.keep)
    guard let target = plan.conflicts.first(where: { $0.target == path }) else { return decisions }
    let name = session.short(path)
    guard let sides = try plan.sides(of: target, host: host) else {
      throw Failure(
        "\(name) can't be merged: \(target.conflict?.message ?? "it is no text")",
        hint: "`outfit diff \(name)` shows it, and `outfit up` asks what is to be", status: .consent)
    }
    let result = try await Merge(host).run(sides, theirName: theirs)
    var bytes = result.bytes
    if result.conflicts > 0 {
      session.talk(Self.both(result.conflicts, editor))
      guard let edited = try await edited(target, bytes) else {
        throw Failure("nothing was merged, and \(name) stays as it is", status: .consent, reason: .declined)
      }
      bytes = edited
    }
    decisions.seen[target.target] = target.before
    decisions.byTarget[target.target] = .merged(bytes)
    return decisions
  }

  private static func both(_ conflicts: Int, _ editor: String) -> String {
    "both sides changed the same lines in \(conflicts) place\(conflicts == 1 ? "" : "s"); \(editor) shows them between <<<<<<< and >>>>>>>"
  }

  private func decide(_ target: PlannedTarget) async throws -> Decision {
    let sides = try plan.sides(of: target, host: host)
    let merge = sides == nil ? "" : "[m]erge, "
    while true {
      try Task.checkCancellation()
      let answer = host.terminal.ask("[k]eep yours, [t]ake \(theirs), [b]ackup and take, \(merge)[d]iff? ")
      if answer == nil { try Task.checkCancellation() }
      switch answer?.lowercased() {
      case "k", "keep", "", nil: return .keep
      case "t", "take": return .take
      case "b", "backup": return .backup
      case "d", "diff": session.talk(try plan.diff(target, host: host))
      case "m", "merge":
        guard let sides else { continue }
        do {
          if let merged = try await merged(target, sides) { return .merged(merged) }
        } catch let failure as Failure {
          session.report(failure.diagnostics)
        }
      default: continue
      }
    }
  }

  /// - Returns: nil when it was thought better of.
  private func merged(_ target: PlannedTarget, _ sides: MergeSides) async throws -> [UInt8]? {
    let result = try await Merge(host).run(sides, theirName: theirs)
    guard result.conflicts > 0 else {
      return try confirmed(target, sides.mine, result.bytes) ? result.bytes : nil
    }
    session.talk(Self.both(result.conflicts, editor))
    guard let edited = try await edited(target, result.bytes) else { return nil }
    return try confirmed(target, sides.mine, edited) ? edited : nil
  }

  private func confirmed(_ target: PlannedTarget, _ before: [UInt8], _ after: [UInt8]) throws -> Bool {
    let name = session.short(target.target)
    let diff = Diff.unified(before, after, oldName: name, newName: "\(name) (merged)")
    session.talk(diff.isEmpty ? "the merge is what you have already" : diff)
    return ["y", "yes", ""].contains(host.terminal.ask("Write this? [Y/n] ")?.lowercased() ?? "n")
  }

  private var editor: String {
    for name in ["VISUAL", "EDITOR"] {
      if let value = host.environment[name], !value.isEmpty { return value }
    }
    return "vi"
  }

  /// Has the user resolve what is between the markers.
  private func edited(_ target: PlannedTarget, _ bytes: [UInt8]) async throws -> [UInt8]? {
    let folder = try Merge(host).scratch()
    defer { try? host.files.removeTree(folder) }
    let path = folder.appending(target.target.lastComponent?.string ?? "file")
    try host.files.create(path, bytes, mode: 0o600)
    while true {
      // As git does it: the editor may be a command line.
      let status = try await host.processes.runAttached(
        Invocation(
          "/bin/sh", ["-c", "\(editor) \"$@\"", editor, path.string], environment: host.environment,
          workingDirectory: host.workingDirectory, standardInput: .inherited))
      guard status == 0 else {
        session.talk("\(editor) ended with status \(status), so nothing is merged")
        return nil
      }
      let result = try host.files.read(path)
      guard Merge.hasMarkers(result) else { return result }
      let answer = host.terminal.ask("There are conflict markers in it yet. [e]dit again, [g]ive up? ")
      guard ["e", "edit"].contains(answer?.lowercased() ?? "") else { return nil }
    }
  }
}

extension Session {
  /// What `--strict` says of conflicts, before anything is done.
  func refusal(_ conflicts: [PlannedTarget]) -> Failure {
    Failure(
      conflicts.map { target in
        Diagnostic(
          .error, "\(short(target.target)): \(target.conflict?.message ?? "it was changed")",
          at: target.owner, hint: "nothing was done, since --strict was given; see `outfit diff`",
          reason: .conflict)
      }, status: .consent)
  }
}
