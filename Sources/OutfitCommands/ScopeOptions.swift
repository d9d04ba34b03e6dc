import ArgumentParser
import OutfitCore
import OutfitProfile
import OutfitSystem
import SystemPackage

/// Which scope a verb acts on: the project that one stands in, or this machine.
struct ScopeOptions: ParsableArguments {
  @Flag(name: .customLong("machine"), help: "Act on this machine, also inside a project.")
  var machine = false

  func scope(_ session: Session) -> Scope {
    let host = session.host
    if !machine, let project = ProfileLoader.findProject(from: host.workingDirectory, host: host) {
      return .project(project)
    }
    return .machine
  }

  /// The profile of that scope.
  func place(_ session: Session) throws -> ProfilePlace {
    switch scope(session) {
    case .project(let folder): return ProfilePlace(scope: .project(folder), address: folder.string)
    case .machine:
      if let place = try ProfilePlace.adopted(session.host) { return place }
      throw Failure(
        "this machine has no profile yet",
        hint: "`outfit up PROFILE` takes a folder, a git address, or one of ours: "
          + ProfilePlace.shipped(session.host).joined(separator: ", "), status: .usage)
    }
  }
}

/// The parser's, not the engine's.
typealias Argument = ArgumentParser.Argument
