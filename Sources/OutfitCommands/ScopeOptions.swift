import ArgumentParser
import OutfitCore
import OutfitProfile
import OutfitSystem
import SystemPackage

/// Which scope a verb acts on: the project that one stands in, or this machine.
struct ScopeOptions: ParsableArguments {
  @Flag(name: .customLong("machine"), help: "Act on this machine, also inside a project.")
  var machine = false

  /// Also a project whose manifest is gone: there is no other way to end it.
  func scope(_ session: Session) throws -> Scope {
    if machine { return .machine }
    return try (Project.bereft(session.host) ?? Project.find(session.host))?.scope ?? .machine
  }

  private func project(_ session: Session) throws -> Project? {
    machine ? nil : try Project.find(session.host)
  }

  /// The profile of that scope.
  func place(_ session: Session) throws -> ProfilePlace {
    if let project = try project(session) { return project.place }
    if let place = try ProfilePlace.adopted(session.host) { return place }
    if !machine, let bereft = Project.bereft(session.host) {
      var diagnostic = bereft.bereftDiagnostic(session)
      diagnostic.severity = .error
      throw Failure([diagnostic], status: .usage)
    }
    throw Failure(
      "this machine has no profile yet",
      hint: "`outfit up PROFILE` takes \(ProfilePlace.kinds(session.host))", status: .usage)
  }
}

/// The parser's, not the engine's.
typealias Argument = ArgumentParser.Argument
