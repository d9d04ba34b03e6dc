import OutfitCore
import OutfitProfile
import OutfitSystem
import SystemPackage

/// Brings an interrupted switch, or an interrupted uninstallation, to an end.
public enum Recovery {
  /// Undoes an unfinished switch that was not committed, finishes one that was, and says so in one line.
  /// Run at the start of every command; costs a few look-ups when there is nothing to do. While another outfit
  /// is at its switch, nothing is done; while another takes Outfit out, nothing can be.
  /// - Returns: the line that was shown, or nil when there was nothing to recover.
  /// - Throws: `Failure` when what was there before can't be put back, or a later Outfit wrote the journal.
  @discardableResult
  public static func recover(_ host: Host) throws -> String? {
    if let line = try finishLeaving(host) { return line }
    guard try host.files.status(Journal.intent(host), followLinks: false) != nil else { return nil }
    guard let lock = try host.files.tryLock(ScopeLock.switchPath(host)) else { return nil }
    return try withExtendedLifetime(lock) { try recoverLocked(host) }
  }

  private static func finishLeaving(_ host: Host) throws -> String? {
    do {
      guard let left = try Leaving.find(host) else { return nil }
      guard let lock = try host.files.tryLock(left.appending(ScopeLock.switchName)) else {
        throw Failure("another outfit takes Outfit out just now", hint: "wait for it, and run this again")
      }
      return try withExtendedLifetime(lock) {
        try Leaving.finish(keepsProgram: true, host)
        let line = "the interrupted uninstallation is finished"
        host.terminal.talk(line + "\n")
        return line
      }
    } catch let error as FileError {
      throw Failure(
        "an interrupted uninstallation can't be finished yet: \(error)",
        hint: "everything that Outfit replaced is back; mend that, and run outfit again")
    }
  }

  /// The same, for who holds the lock of switches.
  static func recoverLocked(_ host: Host) throws -> String? {
    let intent = Journal.intent(host)
    guard try host.files.status(intent, followLinks: false) != nil else { return nil }
    let line: String
    do {
      let (journal, isCommitted) = try Journal.parse(try host.files.read(intent))
      let what = "the interrupted switch of \(journal.scope.label) to generation \(journal.generation)"
      if isCommitted {
        journal.removeFormer(host)
        try Journal.finish(host)
        line = "\(what) is finished"
      } else {
        let aside = try journal.undo(host)
        try Journal.finish(host)
        line =
          "\(what) is undone: everything is as it was"
          + (aside.isEmpty
            ? "" : "; what was changed in between is in " + aside.map(\.string).joined(separator: ", "))
      }
    } catch Rows.Problem.newer(let version) {
      throw Failure(
        "an interrupted switch was begun by a newer outfit (format \(version)): \(intent)",
        hint: "run the newer outfit, which can undo it")
    } catch Rows.Problem.damaged(let reason) {
      guard let aside = host.putAside(intent) else {
        throw Failure("the journal \(intent) can't be used: \(reason), nor can it be put aside")
      }
      line = "the journal of an interrupted switch can't be used: \(reason); it is kept as \(aside)"
    } catch let error as FileError {
      throw Failure(
        "an interrupted switch can't be undone yet: \(error)",
        hint: error.isFull
          ? "free some disk space, and run outfit again" : "mend that, and run outfit again")
    }
    host.terminal.talk(line + "\n")
    return line
  }
}
