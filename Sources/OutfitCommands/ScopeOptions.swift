import ArgumentParser
import OutfitCore
import OutfitProfile
import OutfitSystem
import SystemPackage

/// Which scope a verb acts on: the project that one stands in, or this machine.
struct ScopeOptions: ParsableArguments {
  @Flag(name: .customLong("machine"), help: "Act on this machine, also inside a project.")
  var machine = false

  func scope(_ session: Session) throws -> Scope { try project(session)?.scope ?? .machine }

  private func project(_ session: Session) throws -> Project? {
    machine ? nil : try Project.find(session.host)
  }

  /// The profile of that scope.
  func place(_ session: Session) throws -> ProfilePlace {
    if let project = try project(session) { return project.place }
    if let place = try ProfilePlace.adopted(session.host) { return place }
    throw Failure(
      "this machine has no profile yet",
      hint: "`outfit up PROFILE` takes \(ProfilePlace.kinds(session.host))", status: .usage)
  }
}

/// The parser's, not the engine's.
typealias Argument = ArgumentParser.Argument
