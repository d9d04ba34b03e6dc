import OutfitConsent
import OutfitCore
import OutfitEngine
import OutfitInterpreters
import OutfitProfile
import OutfitSystem
import OutfitTools
import SystemPackage

/// What goes, and what could not be had.
extension Undertaking {
  /// The labels of what the last run had of tools that no manifest asks for any more. They go even where other things
  /// stay as they are, because the run is of tools alone, or because something else could not be had.
  func gone(
    _ profile: Profile, _ proposal: Proposal, _ previous: Generation?
  ) throws -> Set<String> {
    guard wish.parts.has(Tools().name), let previous else { return [] }
    let proposed = Set(proposal.objects.map(\.id))
    let tools = Set(previous.objects.map(\.id)).subtracting(proposed)
      .subtracting(previous.interpreters.map(\.object))
    return Set(
      previous.claims.compactMap { claim in
        guard let object = claim.object, tools.contains(object), object.name != Virtualenv.objectName,
          let name = claim.label.split(separator: " ").first, profile.tools[String(name)] == nil
        else { return nil }
        return claim.label
      })
  }

  /// What went wrong with an object, in the words of the part that knows it.
  func explained(
    _ failure: Diagnostic, _ object: ObjectID, _ profile: Profile, _ proposal: Proposal
  ) -> Diagnostic {
    if object.name == Virtualenv.objectName, let section = profile.virtualenv {
      return Virtualenv.explanation(of: failure, section)
    }
    if object.name == NodeModules.objectName, let section = profile.nodeModules {
      return NodeModules.explanation(of: failure, section)
    }
    guard let claim = proposal.claims.first(where: { $0.object == object }),
      let name = profile.tools.first(where: { $0.value.source == claim.owner })?.key
    else { return failure }
    return Tools.explanation(of: failure, tool: name, at: claim.owner)
  }

  /// Those of them that can't be had.
  func lost(_ profile: Profile, _ proposal: Proposal, _ missing: Set<ObjectID>) -> [String] {
    wish.tools.sorted().filter { name in
      guard let tool = profile.tools[name] else { return false }
      let claims = proposal.claims.filter { $0.owner == tool.source }
      return claims.isEmpty || claims.contains { $0.object.map(missing.contains) ?? false }
    }
  }

  func lostInterpreters(_ proposal: Proposal, _ missing: Set<ObjectID>) -> [String] {
    wish.interpreters.sorted { $0.key < $1.key }.flatMap { language, requests in
      requests.sorted().filter { request in
        !proposal.interpreters.contains {
          $0.language == language && $0.request == request && !missing.contains($0.object)
        }
      }.map { "\(language.title) \($0)" }
    }
  }

  /// `lts/*` in a version file is for the launcher to read.
  func learnLongTerm(_ plan: Plan, _ preparation: Preparation) throws {
    guard plan.interpreters.contains(where: { $0.language == .node }) else { return }
    var lines = LongTermLines.installed(plan.interpreters, host)
    lines.learn(.learnt(preparation.context(earlier: Proposal())))
    try lines.keep(host)
  }

  /// What the profile asks for must be known before anything of it is there: half of a profile is none, and half of
  /// two profiles even less.
  func refuseUnresolved(
    _ proposal: Proposal, _ failures: [Diagnostic], _ profile: Profile, _ place: ProfilePlace
  ) throws {
    guard !wish.isEditing || wish.isAnswered, !failures.isEmpty else { return }
    let present = try Generations.adoptedProfile(profile.scope, host: host)
    let isReplacing = present.map { $0.address != place.address } ?? false
    guard proposal.isUnresolved || isReplacing else { return }
    // On a project's first day there is nothing that could stay, and what must be built is left out by itself.
    if case .project = profile.scope, present == nil, failures.allSatisfy({ $0.reason == .notBuilt }) {
      return
    }
    session.report(failures)
    let stays = present.map { ", and \($0.name) is as it was" } ?? ""
    throw Failure(
      "nothing was switched: not all that \(profile.name) asks for could be found out\(stays)",
      hint: wish.isOffline
        ? "run it again without --offline"
        : "run it again when what is named above answers, or change the manifest")
  }

  func refuse(_ lost: [String], _ failures: [Diagnostic]) throws {
    guard !lost.isEmpty else { return }
    throw Failure(
      failures + [Diagnostic(.error, "nothing was changed: \(lost.joined(separator: ", ")) could not be had")]
    )
  }
}
