import OutfitCore
import OutfitEngine
import OutfitHooks
import OutfitProfile
import OutfitSystem
import SystemPackage

/// What every verb works with: the machine, and the person.
struct Session: Sendable {
  var host: Host
  /// It works in a home that goes again, so that there is nothing to go back to.
  var isTrial = false
  /// What is said of this run to whoever asks later.
  var log: RunLog?

  var places: Places { host.places }

  /// Shows diagnostics on standard error.
  func report(_ diagnostics: [Diagnostic]) {
    let printer = DiagnosticPrinter(
      style: errorStyle, width: host.terminal.width, folds: host.terminal.errorIsTerminal)
    let quiet = host.terminal as? QuietTerminal
    let plain = DiagnosticPrinter(style: .plain, width: 120)
    for diagnostic in diagnostics { log?.note(.said, withoutPasswords(plain.text(diagnostic))) }
    for diagnostic in diagnostics where quiet == nil || diagnostic.severity != .note {
      (quiet?.loud ?? host.terminal).talk(printer.text(diagnostic))
    }
  }

  /// A result, on standard output; for a person in lines that fit.
  func write(_ text: String) {
    host.terminal.write(fitting(text, host.terminal.outputIsTerminal) + "\n")
  }

  func write(_ table: Table, indent: Int = 0) {
    let width = host.terminal.outputIsTerminal ? host.terminal.width : nil
    host.terminal.write(table.text(style: outputStyle, width: width, indent: indent))
  }

  /// Talk, on standard error.
  func talk(_ text: String) { host.terminal.talk(fitting(text, host.terminal.errorIsTerminal) + "\n") }

  private func fitting(_ text: String, _ isForPerson: Bool) -> String {
    guard isForPerson else { return text }
    return text.split(separator: "\n", omittingEmptySubsequences: false)
      .flatMap { folded(String($0), width: max(20, host.terminal.width)) }.joined(separator: "\n")
  }

  var outputStyle: Style {
    Style(isTerminal: host.terminal.outputIsTerminal, environment: host.environment)
  }

  var errorStyle: Style {
    Style(isTerminal: host.terminal.errorIsTerminal, environment: host.environment)
  }

  /// Said before anything is written: files of root's in somebody's home are trouble later. In a container it may well be
  /// meant.
  func warnOfHomeOfAnother() {
    guard let owner = host.user.homeOwner else { return }
    report([
      Diagnostic(
        .warning,
        "outfit runs as \(host.user.name), but \(host.user.home) belongs to \(owner): what is written there will be "
          + "\(host.user.name)'s",
        hint: "run it as \(owner), or with a HOME of its own: su - \(host.user.name)")
    ])
  }

  /// What to do about a file that could not be read or written; nil where its error says it all.
  func wayOut(of error: FileError) -> String? {
    switch error.code {
    case .permissionDenied, .notPermitted:
      if host.user.identifier != 0, error.path.starts(with: host.user.home),
        let owner = (try? host.files.status(host.user.home, followLinks: true))?.owner,
        owner != host.user.identifier
      {
        return
          "HOME is \(host.user.home), which is not \(host.user.name)'s: run it as its owner, or with a HOME of "
          + "\(host.user.name)'s own"
      }
      var folder = error.path
      while !folder.isEmpty, (try? host.files.status(folder, followLinks: true)) ?? nil == nil {
        guard folder.removeLastComponent() else { return nil }
      }
      let shown = "`ls -ld \(short(folder))` shows whose it is"
      // Every verb reads its state first, `doctor` too.
      return error.path.starts(with: host.places.state)
        ? shown : "\(shown); `outfit doctor` says which folders outfit can't write in"
    case .noSpace, .diskQuotaExceeded:
      return
        "free some space: `df -h \(short(error.path.removingLastComponent()))` shows what there is, `quota` what you "
        + "may have of it; `outfit gc` removes what nothing needs any more"
    case .readOnlyFileSystem:
      return "it is on a disk that can only be read: `findmnt -T \(short(error.path))`"
    case .fileTooLarge where !error.isOddFile:
      return "`ulimit -f` shows how large a file may become here; `ulimit -f unlimited` lifts that"
    case .fileTooLarge, .notSupported:
      return error.isOddFile ? "`ls -lL \(short(error.path))` shows what it is" : nil
    default: return nil
    }
  }

  /// What runs this Outfit again from where one stands, as a person types it: its name where the shell finds one.
  /// - Parameter isHidden: the command of that name went just now, and a shell may look for it where it was.
  func ownCommand(isHidden: Bool = false) -> String {
    let folders = (host.environment["PATH"] ?? "").split(separator: ":").map { FilePath(String($0)) }
    if !isHidden, folders.contains(where: { $0.isAbsolute && host.files.exists($0.appending("outfit")) }) {
      return "outfit"
    }
    let path = OwnLink.find(host) ?? Installation.locate(host).executable
    let isPlain = path.string.allSatisfy { $0.isLetter || $0.isNumber || "/._-+".contains($0) }
    return isPlain
      ? short(path)
      : "'\(path.string.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''"))'"
  }

  /// A path as a person types it.
  func short(_ path: FilePath) -> String {
    if path == host.user.home { return "~" }
    var rest = path
    return rest.removePrefix(host.user.home) ? "~/\(rest)" : path.string
  }
}

/// Runs a verb: what an interrupted run left is put in order first; failures become diagnostics on standard error,
/// and the process's exit status.
/// - Parameters:
///   - recovers: false for what shells run unasked, and must not be held up.
///   - needsFolder: false for what is the same in every folder, also in one that is gone.
func withSession(
  recovers: Bool = true, needsFolder: Bool = true, _ body: @escaping @Sendable (Session) async throws -> Void
) async throws {
  var session: Session
  do {
    var host = try Host.live(needsFolder: needsFolder)
    GlobalOptions.current.withLock { $0 }.apply(to: &host)
    host.environment.merge(NetworkSettings.read(host).variables(beside: host.environment)) { own, _ in own }
    session = Session(host: host)
  } catch {
    let printer = DiagnosticPrinter(style: Style(isTerminal: false, environment: [:]), width: 80)
    for diagnostic in error.diagnostics { LiveTerminal().talk(printer.text(diagnostic)) }
    throw Ended(error)
  }
  if recovers, let log = RunLog(session.host) {
    session.log = log
    session.host.processes = WatchedProcesses(processes: session.host.processes, clock: session.host.clock) {
      log.note(.program, $0)
    }
  }
  do {
    try await run(session, recovers: recovers, body)
    session.log?.end(ExitStatus.done.rawValue)
  } catch let ended as Ended {
    session.log?.end(ended.status)
    throw ended
  }
}

/// The verb itself, and what became of it.
private func run(
  _ session: Session, recovers: Bool, _ body: @escaping @Sendable (Session) async throws -> Void
) async throws {
  do {
    try await Interrupts.guarded {
      if recovers {
        try Recovery.recover(session.host)
        try await HookRecovery(host: session.host).recover()
      }
      let missing = Footprint.missing(session.host)
      defer { Footprint.note(missing, session.host) }
      try await body(session)
    }
  } catch let failure as Failure {
    session.report(failure.diagnostics)
    throw Ended(failure)
  } catch let error as FileError {
    let failure = Failure(
      [Diagnostic(.error, error.description, hint: session.wayOut(of: error), reason: error.kind)],
      status: error.isOddFile ? .usage : .failed)
    session.report(failure.diagnostics)
    throw Ended(failure)
  }
}
