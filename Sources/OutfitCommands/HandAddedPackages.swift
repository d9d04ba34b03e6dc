import OutfitCore
import OutfitEngine
import OutfitProfile
import OutfitSystem
import OutfitTools
import SystemPackage

/// What a user put into a project's environment by hand: named when it came along, taken out by `up --exact`.
struct HandAddedPackages {
  private let session: Session
  /// The environment, links resolved by whoever reads it.
  private let environment: FilePath
  private let generation: Generation
  private var host: Host { session.host }

  /// Nil where the scope has no environment.
  init?(_ session: Session, _ scope: Scope) throws {
    guard case .project = scope, let generation = try Generations.current(scope, host: session.host),
      let path = generation.activation.virtualenv
    else { return nil }
    self.session = session
    self.generation = generation
    environment = FilePath(path)
  }

  /// Says what came along into an environment that was made anew.
  func tell(changed: [FilePath]) {
    guard changed.contains(environment),
      let text = (try? host.files.text(environment.appending(HandAdded.kept))) ?? nil
    else { return }
    let lines = text.split(separator: "\n").map(String.init)
    let kept = lines.filter { $0.hasPrefix("+ ") }.map { String($0.dropFirst(2)) }
    let left = lines.filter { $0.hasPrefix("- ") }.map { String($0.dropFirst(2)) }
    let name = session.short(environment)
    if !kept.isEmpty {
      session.report([
        Diagnostic(
          .note, "\(name) keeps what you added by hand: \(kept.joined(separator: ", "))",
          hint: "`outfit up --exact` takes it out")
      ])
    }
    if !left.isEmpty {
      session.report([
        Diagnostic(
          .warning,
          "what you added to \(name) by hand did not fit the new one: \(left.joined(separator: ", "))",
          hint: "pip install it again, or add it to the project's requirements")
      ])
    }
  }

  /// The packages that no pin brought, sorted.
  func names() throws -> [String] {
    guard let text = try host.files.text(environment.appending(HandAdded.pins)) else { return [] }
    let pinned = Set(text.split(separator: "\n").map(String.init))
    let lib = environment.appending("lib")
    var found: Set<String> = []
    for version in host.files.exists(lib) ? try host.files.list(lib) : [] {
      let site = lib.appending(version).appending("site-packages")
      guard host.files.exists(site) else { continue }
      for entry in try host.files.list(site) where entry.hasSuffix(".dist-info") {
        let name = entry.dropLast(10).split(separator: "-").dropLast().joined(separator: "-")
        found.insert(Self.normalized(name))
      }
    }
    return found.subtracting(pinned).subtracting([""]).sorted()
  }

  /// PEP 503.
  private static func normalized(_ name: String) -> String {
    name.lowercased().split { "-_.".contains($0) }.joined(separator: "-")
  }

  /// Takes out what no pin brought.
  func remove() async throws {
    let names = try names()
    guard !names.isEmpty else { return }
    guard let pip = generation.claims.first(where: { $0.name == "pip" }) else {
      throw Failure("nothing here can take packages out of \(session.short(environment))")
    }
    let done = try await host.processes.run(
      Invocation(
        FilePath(pip.program), pip.arguments + ["uninstall"] + names, environment: host.environment))
    guard done.succeeded else {
      var diagnostic = Diagnostic(.error, "\(names.joined(separator: ", ")) could not be taken out")
      diagnostic.excerpt = done.errorText
      throw Failure([diagnostic])
    }
    session.report([
      Diagnostic(.note, "taken out of \(session.short(environment)): \(names.joined(separator: ", "))")
    ])
  }
}
