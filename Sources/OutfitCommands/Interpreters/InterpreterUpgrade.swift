import ArgumentParser
import OutfitCore
import OutfitInterpreters
import OutfitProfile
import OutfitSystem

struct InterpreterUpgrade<Noun: InterpreterNoun>: AsyncParsableCommand {
  static var configuration: CommandConfiguration {
    CommandConfiguration(
      commandName: "upgrade", abstract: "Move pins to the newest release that the manifest accepts.",
      discussion: """
        Of the project that you stand in, or of this machine. The change is shown first; on a terminal it is asked \
        about. `3.13` moves to the newest 3.13, `3.13.5` stays: that is what it says.
        """)
  }

  @Argument(
    help: ArgumentHelp("As the manifest has them; all when none is named.", valueName: "version"),
    completion: Completions.installed(Noun.language))
  var versions: [String] = []
  @OptionGroup var options: InterpreterOptions
  @OptionGroup var scope: ScopeOptions

  func run() async throws {
    try await withSession { session in
      let language = Noun.language
      let place = try scope.place(session)
      let profile = try await place.load(session)
      let wanted = profile.wanted(language).map(\.request)
      let lock = try Locks(host: session.host, profile: profile).merged
      let chosen = try versions.isEmpty ? wanted : versions.map { try named($0, wanted, lock, session) }
      guard !chosen.isEmpty else {
        throw Failure(
          "\(profile.name) wants no \(Noun.title)", hint: "outfit \(Noun.word) install \(Noun.examples.0)",
          status: .usage)
      }
      let movement = try await InterpreterMovement.find(
        session, place, profile, language, chosen, isOffline: options.offline)
      for line in movement.lines { session.options(options.json, line) }
      session.report(movement.failures)
      if !movement.failures.isEmpty { throw Ended(Failure(movement.failures)) }
      guard !movement.moved.isEmpty else {
        if options.json {
          session.write(JSONDocument(.interpreters, ["moved": .array([])]))
        } else {
          session.write("Nothing to do: every pin is the newest that the manifest accepts.")
        }
        return
      }
      if options.dryRun {
        if options.json {
          session.write(JSONDocument(.interpreters, changed: true, movement.members))
        } else {
          session.write("Nothing was changed: this was a dry run.")
        }
        return
      }
      if !options.yes, !options.json, session.host.terminal.isInteractive {
        let answer = session.host.terminal.ask("Move \(movement.moved.count == 1 ? "it" : "them")? [Y/n] ")?
          .lowercased()
        guard ["", "y", "yes"].contains(answer ?? "n") else {
          throw Failure("nothing was moved", status: .consent, reason: .declined)
        }
      }
      var wish = Undertaking.Wish(
        isOffline: options.offline, saysYes: options.yes, consent: options.trust ? .folders : .nothing)
      wish.interpreters = [language: Set(movement.moved.map(\.request))]
      wish.movingInterpreters = [language: Set(movement.moved.map(\.request))]
      let done = try await Undertaking(session, wish).apply(at: place)
      let requests = movement.moved.compactMap { VersionRequest($0.request) }
      let names = done.versions(language, requests).map { "\(Noun.title) \($0.version)" }
      if options.json {
        session.write(JSONDocument(.interpreters, changed: true, movement.members))
        if done.status != .done { throw Ended(done.status) }
      } else {
        try done.report(
          session, language, requests, said: "Upgraded to \(names.joined(separator: ", ")).", json: false)
      }
    }
  }

  private func named(_ text: String, _ wanted: [VersionRequest], _ lock: Lock, _ session: Session) throws
    -> VersionRequest
  {
    if let same = wanted.first(where: { $0.text == text }) { return same }
    let pins = lock.interpreters[Noun.language] ?? []
    let wish = VersionWish(text, for: Noun.language, knowing: .known(session.host))
    let byPin = wanted.filter { request in
      pins.contains { $0.request == request.text && wish.accepts($0.version) }
    }
    if byPin.count == 1 { return byPin[0] }
    throw Failure(
      "\(Noun.title) \(text.harmless) is not in the manifest",
      hint: nearest(text, among: wanted.map(\.text)).map { "did you mean \($0)?" }
        ?? "it has \(wanted.map(\.text).joined(separator: ", "))", status: .usage)
  }
}

extension Session {
  /// A line for people: beside JSON it is talk.
  fileprivate func options(_ json: Bool, _ line: String) { json ? talk(line) : write(line) }
}

/// Which pins of interpreters would move, and where to: what `upgrade` does, and `outdated` shows.
struct InterpreterMovement {
  struct Row: Sendable {
    var language: Language
    var request: String
    var current: Version
    /// The newest that the manifest accepts.
    var wanted: Version
    /// The newest there is.
    var latest: Version?
    /// The series gets no more releases of this request: `3.13.5` can't move.
    var source: Source
  }

  var moved: [Row] = []
  var failures: [Diagnostic] = []

  var lines: [String] {
    moved.map { "  ~ \($0.language) \($0.request): \($0.current) -> \($0.wanted)" }
  }

  var members: [String: JSONText] {
    [
      "moved": .array(
        moved.map {
          .object([
            "language": .string($0.language.rawValue), "request": .string($0.request),
            "from": .string($0.current.description), "to": .string($0.wanted.description),
          ])
        })
    ]
  }

  /// Resolves the pins anew and compares; nothing is written.
  static func find(
    _ session: Session, _ place: ProfilePlace, _ profile: Profile, _ language: Language,
    _ chosen: [VersionRequest],
    isOffline: Bool
  ) async throws -> InterpreterMovement {
    let names = Set(chosen.map(\.text))
    let consented = try await session.consent(to: profile)
    var preparation = try Preparation(
      session, consented, mode: isOffline ? .offline : .live,
      progress: TerminalProgress(host: session.host))
    let before = preparation.lock.interpreters[language] ?? []
    preparation.lock.interpreters[language] = before.filter { !names.contains($0.request) }
    let proposal = try await preparation.propose([Interpreters()])
    var movement = InterpreterMovement()
    for (request, source) in profile.wanted(language) where names.contains(request.text) {
      guard let old = before.first(where: { $0.request == request.text }) else { continue }
      guard let new = preparation.lock.interpreters[language]?.first(where: { $0.request == request.text })
      else {
        movement.failures += proposal.failures
        continue
      }
      // Its own provider was silent, so that another one pinned what it has.
      if new.provider != old.provider, new.version < old.version || new.provider == .source {
        movement.failures.append(
          Diagnostic(
            .error, "what there is of \(language.title) \(request) could not be found out",
            hint: "with a network, or a mirror that answers, run it again"))
        continue
      }
      // An older one is no upgrade: the index of now does not know it.
      guard old.version < new.version || old.version == new.version && (old.build ?? "") < (new.build ?? "")
      else { continue }
      movement.moved.append(
        Row(
          language: language, request: request.text, current: old.version, wanted: new.version, latest: nil,
          source: source))
    }
    return movement
  }
}
