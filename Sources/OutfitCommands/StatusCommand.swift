import ArgumentParser
import OutfitCore
import OutfitEngine
import OutfitInterpreters
import OutfitProfile
import OutfitSharing
import OutfitSystem
import SystemPackage

struct StatusCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "status", abstract: "Say what `up` would change here.",
    discussion: """
      It only reads. With --check the exit status is 3 when there is anything to change, and when something is wrong \
      with the version files here.
      """)

  @OptionGroup var scopeOptions: ScopeOptions
  @Flag(help: "Exit 3 when anything differs, or version files can't be followed.") var check = false
  @Option(
    help: ArgumentHelp(
      "What the machines of a team say of themselves there: the place that a profile's `receipts:` names.",
      valueName: "folder or address"))
  var team: String?
  @Flag(help: "Print JSON.") var json = false

  func validate() throws {
    guard team == nil || !check && !scopeOptions.machine else {
      throw ValidationError("--team is about other machines, and goes with --json alone")
    }
  }

  func run() async throws {
    try await withSession { session in
      if let team { return try await show(team, session) }
      let place = try scopeOptions.place(session)
      let bereft = scopeOptions.machine ? nil : Project.bereft(session.host)?.bereftDiagnostic(session)
      func say(_ gone: [Diagnostic]) {
        guard !json else { return }
        let warnings = [bereft].compactMap(\.self) + gone
        session.report(warnings.map { Diagnostic(.warning, $0.message, hint: $0.hint) })
      }
      let standing: Standing
      do {
        standing = try await Standing(session, place)
      } catch {
        // They may be why there is no plan.
        say(GoneInterpreters(try Generations.current(place.scope, host: session.host), session).diagnostics)
        throw error
      }
      let gone = GoneInterpreters(standing.generation, session).diagnostics
      say(gone)
      let others =
        try ForeignChezmoi(session, layers: try standing.layers(session))?.notes(
          standing.targets(session.host))
        ?? []
      if !json { session.report(others) }
      let (plan, waiting) = (standing.plan, standing.waiting)
      let defects =
        plan == nil ? [] : try Mending(session.host, known: standing.generation.map { [$0] } ?? []).defects()
      let differs =
        plan.map { !$0.isEmpty || !$0.failures.isEmpty } ?? false || defects.contains(where: \.isMendable)
      var contradictions: [VersionContradiction] = []
      var problems: [Diagnostic] = []
      for language in [Language.python, .node] {
        let sources = await VersionSources(session, language)
        contradictions += sources.contradictions
        // A `.tool-versions` is read for both.
        problems += sources.diagnostics.filter { !problems.contains($0) }
      }
      let exit: ExitStatus = check && (differs || !problems.isEmpty || bereft != nil) ? .drift : .done
      if json {
        session.write(
          JSONDocument(
            .status,
            changed: defects.contains(where: \.isMendable) ? true : try standing.changes(session.host),
            exit: exit,
            PlanMembers(plan: plan, profile: standing.profile, defects: defects, waiting: waiting).json
              .merging([
                "profile": .string(standing.name),
                "upToDate": .bool(!differs),
                "source": GitNews(of: place, session.host)?.json ?? .null,
                "contradictions": .array(contradictions.map(\.json)),
                "problems": .array(
                  ([bereft].compactMap(\.self) + gone + others + problems).map { .string($0.message) }),
              ]) { $1 }
          ))
      } else {
        if let plan {
          session.report(plan.failures.map { Diagnostic(.note, $0.message, at: $0.location, hint: $0.hint) })
        }
        session.report(problems)
        if let plan {
          session.report((standing.profile?.notes ?? []) + plan.notes)
          for line in PlanText(session: session, plan: plan).lines(style: session.outputStyle) {
            session.write(line)
          }
          for line in PlanText.mendings(defects, style: session.outputStyle) { session.write(line) }
          session.report(
            defects.filter { !$0.isMendable }.map { Diagnostic(.warning, $0.message, hint: $0.hint) })
        }
        if differs || waiting.isEmpty {
          session.write(differs ? plan.map(Self.outlook) ?? "" : "\(standing.name) is up to date.")
        }
        for line in waiting.lines(of: standing.name) { session.write(line) }
        if let news = GitNews(of: place, session.host) { session.write(news.line(standing.name)) }
      }
      if exit != .done { throw Ended(exit) }
    }
  }
}

extension StatusCommand {
  private func show(_ team: String, _ session: Session) async throws {
    let status = try await TeamStatus.read(team, session)
    session.report(
      status.broken.map { Diagnostic(.warning, "the receipt \($0.name) can't be read: \($0.reason)") })
    if json { return session.write(JSONDocument(.team, status.json)) }
    for line in status.lines(width: session.host.terminal.width, style: session.outputStyle) {
      session.write(line)
    }
  }

  /// What `up` would do with what differs: with files that their owner changed it does nothing by itself.
  static func outlook(_ plan: Plan) -> String {
    let conflicts = plan.conflicts.count
    guard conflicts > 0 else { return "`outfit up` would change this." }
    let those = conflicts == 1 ? "the conflict" : "the \(conflicts) conflicts"
    let asks = "ask about \(those), and keep what is yours where nobody answers"
    return plan.differing.count == conflicts && plan.objects.isEmpty && plan.names.isEmpty
      ? "`outfit up` would \(asks)." : "`outfit up` would change this, \(asks)."
  }
}

/// Where a scope stands.
private struct Standing {
  let name: String
  /// Nil where nothing was planned.
  let profile: Profile?
  /// Nil where nothing has changed since the last complete `up`, which is seen without planning.
  let plan: Plan?
  /// What the plan starts from.
  let generation: Generation?
  /// What the plan has not, since it waits for whoever has root.
  let waiting: WaitingEffects
  private let place: ProfilePlace

  /// The folders of the profile's layers, or that of the profile alone where nothing was planned.
  func layers(_ session: Session) throws -> [FilePath] {
    if let profile { return profile.layers.map(\.folder) }
    guard
      case .folder(let folder)? = try? ProfileAddress(
        place.address, relativeTo: session.host.workingDirectory, home: session.host.user.home)
    else { return [] }
    return [folder]
  }

  /// What is managed, or is to be.
  func targets(_ host: Host) throws -> [FilePath] {
    let made = try generation ?? Generations.current(place.scope, host: host)
    return (made?.targets.map(\.target) ?? []) + (plan?.targets.map(\.target) ?? [])
  }

  /// `up` would do something; nil where that hangs on secrets.
  func changes(_ host: Host) throws -> Bool? {
    guard let plan, let profile else { return false }
    return try plan.changes(.keep, place.stamp(profile), host)
  }

  init(_ session: Session, _ place: ProfilePlace) async throws {
    let host = session.host
    self.place = place
    if CompiledPlan.current(
      for: place.scope, version: Release.version, arguments: place.digest(host),
      place.digest(host, varying: true), host: host) != nil,
      let profile = try Generations.adoptedProfile(place.scope, host: host)
    {
      (name, self.profile, plan, generation, waiting) = (profile.name, nil, nil, nil, WaitingEffects())
    } else {
      var reading = try await Reading(session, place)
      generation = try reading.preparation.previous()
      var plan = reading.plan
      waiting = plan.setAside(.read(place.scope, host: host))
      (name, profile, self.plan) = (reading.profile.name, reading.profile, plan)
    }
  }
}

/// A plan that was made by reading alone.
struct Reading {
  let profile: Profile
  let plan: Plan
  var preparation: Preparation

  init(
    _ session: Session, _ place: ProfilePlace, fetching: FetchPermission = .asked
  ) async throws {
    profile = try await place.load(session, fetching: fetching)
    var preparation = try Preparation(session, reading: profile)
    plan = try await preparation.plan(try await preparation.propose(Preparation.all(session.host)))
    self.preparation = preparation
  }
}
