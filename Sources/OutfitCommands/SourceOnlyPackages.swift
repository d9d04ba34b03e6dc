import OutfitConsent
import OutfitCore
import OutfitEngine
import OutfitProfile
import OutfitSystem
import OutfitTools

/// Which packages of a repository are to be had as source only, as far as the package indexes of this machine's own
/// settings say so in time.
///
/// Nothing of the repository is asked for but names with versions, and no code of a package runs.
struct SourceOnlyPackages {
  let session: Session
  let question: WheelQuestion
  /// What they are for; nil takes one that the machine has.
  let python: Version?

  /// Seconds. `up` finds out what is not known by then.
  static let limit = 20.0

  struct Found {
    /// Normalised.
    var names: Set<String> = []
    /// Why there may be more.
    var note: Diagnostic?
  }

  /// - Throws: `CancellationError`; whatever else goes wrong is a note.
  func find() async throws -> Found {
    if let place = question.ownIndex {
      return Found(note: Self.note("\(place) names an index, and nobody consented to it yet"))
    }
    let names = Locked<Set<String>>([])
    var reason: String?
    do {
      reason = try await withThrowingTaskGroup(of: String?.self) { group in
        group.addTask { try await look(names) }
        group.addTask {
          try await session.host.clock.sleep(seconds: Self.limit)
          return "no answer came within \(Int(Self.limit)) seconds"
        }
        defer { group.cancelAll() }
        return try await group.next() ?? nil
      }
    } catch let error as CancellationError {
      throw error
    } catch let failure as Failure {
      reason = failure.diagnostics.first?.message
    }
    return Found(names: names.withLock { $0 }, note: reason.map(Self.note))
  }

  /// - Returns: why not all could be found out.
  private func look(_ names: Locked<Set<String>>) async throws -> String? {
    // The project has no manifest yet: what its `up` will go by is what the machine's owner says.
    let place = ProfilePlace(scope: .machine, address: "")
    let machine = try await place.load(session, withPersonal: false)
    let progress = TerminalProgress(host: session.host)
    var preparation = try Preparation(
      session, try await session.consent(to: machine), mode: .live, progress: OneQuestion(inner: progress))
    progress.started(id: OneQuestion.id, label: OneQuestion.label)
    defer { progress.finished(id: OneQuestion.id) }
    let search = WheelSearch(question, python: python)
    while true {
      let known = names.withLock { $0 }
      switch try await preparation.ask({ try search.step($0, without: known) }) {
      case .complete: return nil
      case .unknown(let diagnostic): return diagnostic.message
      case .lacking(let name): names.withLock { _ = $0.insert(name) }
      }
    }
  }

  static func note(_ reason: String) -> Diagnostic {
    Diagnostic(
      .note, "not looked up: which packages have to be built (\(reason))",
      hint: "`outfit up` names them, with the line to add")
  }
}

/// Shows what is fetched to ask with; that it takes several questions, and that some are denied, is nobody's concern.
private struct OneQuestion: Progress {
  static let id = "wheels"
  static let label = "looking for packages without a wheel"

  let inner: any Progress

  private func isShown(_ id: String) -> Bool { !id.hasPrefix("inquiry ") }

  func expect(_ count: Int) {}
  func started(id: String, label: String) { if isShown(id) { inner.started(id: id, label: label) } }
  func bytes(id: String, done: Int64, total: Int64?) {
    if isShown(id) { inner.bytes(id: id, done: done, total: total) }
  }
  func step(id: String, text: String) { if isShown(id) { inner.step(id: id, text: text) } }
  func finished(id: String) { if isShown(id) { inner.finished(id: id) } }
  func failed(id: String, reason: String) { if isShown(id) { inner.failed(id: id, reason: reason) } }
  func note(_ text: String) { inner.note(text) }
}
