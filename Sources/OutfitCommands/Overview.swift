import OutfitCore
import OutfitEngine
import OutfitProfile
import OutfitSystem
import SystemPackage

/// `outfit` alone: where one stands, and the likely next commands.
struct Overview {
  private let session: Session
  private var host: Host { session.host }

  init(_ session: Session) { self.session = session }

  func show() async throws {
    let style = session.outputStyle
    session.write(style.bold("Outfit \(Release.version)"))
    var next: [(String, String)] = []
    let machine = try Generations.list(.machine, host: host).last
    if let machine, !machine.isBare {
      describe("machine", machine)
      tellWaiting(.machine)
      if let place = try ProfilePlace.adopted(host), let news = GitNews(of: place, host) {
        session.write("            \(news.line(machine.profile.name))")
      }
      if machine.isIncomplete { next.append(("outfit up", "go on with what could not be had")) }
    } else {
      session.write("  machine   nothing yet")
      let shipped = ProfilePlace.shipped(host)
      if let name = shipped.contains("starter") ? "starter" : shipped.first {
        next.append(("outfit show \(name)", "what a profile gives you, before you have it"))
        next.append(("outfit up \(name)", "have it"))
      } else {
        next.append(("outfit up PROFILE", "a folder, or a git address"))
      }
    }
    if let bereft = Project.bereft(host) {
      session.write(
        "  project   \(session.short(bereft.root)), whose \(session.short(bereft.manifest)) is gone")
      next.append(("outfit rollback 0", "end the project"))
    } else if let place = try Project.find(host) {
      let (scope, folder) = (place.scope, place.root)
      if let project = try Generations.list(scope, host: host).last, !project.isBare {
        describe("project", project)
        tellWaiting(scope)
        next.append(("outfit status", "what `up` would change here"))
        if (try? await place.place.load(session))?.app != nil {
          next.append(("outfit render", "the container and Kubernetes files, from the same pins"))
        }
      } else {
        let kept = place.isKept ? " by \(session.short(place.manifest))" : ""
        session.write("  project   \(session.short(folder))\(kept), not brought up")
        next.append(("outfit up", "its interpreter, virtualenv, tools and hooks"))
      }
    } else if machine?.isBare == false {
      next.append(("outfit status", "what `up` would change"))
      next.append(("outfit why NAME", "which line of which layer wanted that"))
      next.append(("outfit rollback", "take the last change back"))
    }
    if let machine, !machine.isBare {
      let path = (host.environment["PATH"] ?? "").split(separator: ":").map(String.init)
      if !path.contains(host.places.bin.string) {
        session.write("  shell     does not have \(session.short(host.places.bin)) on PATH yet")
        next.insert(("exec $SHELL -l", "a shell that finds the commands"), at: 0)
      }
    }
    session.write("")
    session.write("Next:")
    let width = next.map(\.0.count).max() ?? 0
    for (command, purpose) in next {
      session.write("  \(style.cyan(command.padding(to: width)))  \(style.dim(purpose))")
    }
    session.write("  \(style.cyan("outfit --help".padding(to: width)))  \(style.dim("all verbs"))")
  }

  /// What waited for whoever has root at the end of the last `up`.
  private func tellWaiting(_ scope: Scope) {
    for entry in WaitingEffects.read(scope, host: host).entries {
      session.write("            waiting for whoever has root: \(entry.command)")
    }
  }

  private func describe(_ label: String, _ generation: Generation) {
    let commit = generation.profile.commit.map { " at \($0.prefix(12))" } ?? ""
    let state = generation.isIncomplete ? ", incomplete" : ""
    session.write(
      "  \(label.padding(to: 9)) \(generation.profile.name)\(commit), generation \(generation.number) of "
        + "\(DateText.utc(generation.time)) UTC\(state)")
    let labels =
      generation.interpreters.map { "\($0.language.title) \($0.version)" }
      + ToolLabels.of(generation.claims, besides: generation.interpreters)
    if !labels.isEmpty { session.write("            \(labels.joined(separator: ", "))") }
  }
}

extension Generation {
  /// It manages nothing: the time before everything, come back.
  var isBare: Bool { targets.isEmpty && claims.isEmpty && interpreters.isEmpty }
}
