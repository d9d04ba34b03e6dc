import ArgumentParser
import OutfitCore
import OutfitEngine
import OutfitInterpreters
import OutfitProfile
import OutfitSystem

struct StatusCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "status", abstract: "Say what `up` would change here.",
    discussion: "It only reads. With --check the exit status is 3 when there is anything to change.")

  @OptionGroup var scopeOptions: ScopeOptions
  @Flag(help: "Exit 3 when anything differs, or version files contradict each other.") var check = false
  @Flag(help: "Print JSON.") var json = false

  func run() async throws {
    try await withSession { session in
      let reading = try await Reading(session, scopeOptions.place(session))
      let plan = reading.plan
      let differs = !plan.isEmpty || !plan.failures.isEmpty
      var contradictions: [VersionContradiction] = []
      for language in [Language.python, .node] {
        contradictions += await VersionSources(session, language).contradictions
      }
      if json {
        session.write(
          JSONText.object([
            "profile": .string(reading.profile.name), "upToDate": .bool(!differs),
            "build": .array(plan.objects.map { .string($0.label) }),
            "files": .array(
              plan.differing.map {
                .object([
                  "path": .string($0.target.string), "action": .string($0.action.rawValue),
                  "owner": $0.owner.map { .string($0.description) } ?? .null,
                ])
              }),
            "commands": .array(
              plan.names.map { .object(["name": .string($0.name), "action": .string($0.action.rawValue)]) }),
            "effects": .array(plan.effects.map { .string($0.label) }),
            "unresolved": .array(plan.failures.map { .string($0.message) }),
            "contradictions": .array(contradictions.map(\.json)),
          ]).text)
      } else {
        session.report(plan.failures.map { Diagnostic(.note, $0.message, at: $0.location, hint: $0.hint) })
        session.report(contradictions.map(\.diagnostic))
        for line in PlanText(session: session, plan: plan).lines(style: session.outputStyle) {
          session.write(line)
        }
        let name = reading.profile.name
        session.write(differs ? "`outfit up` would change this." : "\(name) is up to date.")
      }
      if check, differs || !contradictions.isEmpty { throw Ended(.drift) }
    }
  }
}

/// A plan that was made by reading alone.
struct Reading {
  let profile: Profile
  let plan: Plan
  let preparation: Preparation

  init(_ session: Session, _ place: ProfilePlace) async throws {
    profile = try await place.load(session)
    var preparation = try Preparation(session, profile: profile, mode: .reading, progress: NoProgress())
    plan = try await preparation.plan(try await preparation.propose(Preparation.all(session.host)))
    self.preparation = preparation
  }
}
