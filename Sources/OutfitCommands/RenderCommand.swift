import ArgumentParser
import OutfitCore
import OutfitEngine
import OutfitProfile
import OutfitRender
import OutfitSystem
import SystemPackage

struct RenderCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "render",
    abstract: "Write the container and Kubernetes files from the manifest and the lock.",
    discussion: """
      Git undoes it: rendered files belong to the repository. With --check nothing is written, and the exit \
      status is 3 when what is on disk is not what would be rendered.
      """)

  @Flag(help: "Compare with what is on disk, and write nothing.") var check = false
  @Flag(help: "Replace also files that were changed by hand.") var force = false

  func run() async throws {
    try await withSession { session in
      let (rendering, renderer) = try await Rendered.make(session)
      session.report(rendering.diagnostics)
      if check {
        let differing = try renderer.check(rendering).filter { $0.state != .same }
        for file in differing { session.write("  \(file.state.rawValue.padding(to: 10))\(file.path)") }
        guard differing.isEmpty else {
          session.talk("\(differing.count) files are not what `outfit render` would write")
          throw Ended(.drift)
        }
        session.write("All \(rendering.files.count) files are as rendered.")
        return
      }
      let done = try renderer.write(rendering, force: force).filter { $0.state != .same }
      for file in done {
        session.write("  \((file.state == .leftover ? "removed" : "wrote").padding(to: 8))\(file.path)")
      }
      session.write(
        done.isEmpty
          ? "Nothing to do: all \(rendering.files.count) files are as rendered."
          : "Rendered \(rendering.files.count) files. Next: outfit parity, git diff")
    }
  }
}

/// What a project renders.
enum Rendered {
  static func make(_ session: Session) async throws -> (Rendering, RenderSession) {
    let host = session.host
    guard let root = ProfileLoader.findProject(from: host.workingDirectory, host: host) else {
      throw Failure(
        "there is no project here: no outfit.yaml in \(host.workingDirectory) or above", status: .usage)
    }
    let profile = try await ProfilePlace(scope: .project(root), address: root.string).load(session)
    let file = root.appending("outfit.lock")
    guard let text = try host.files.text(file) else {
      throw Failure(
        "the project has no outfit.lock, and only what is pinned can be rendered",
        hint: "run `outfit lock` first")
    }
    let renderer = RenderSession(
      host: host, profile: profile, lock: try LockFile.read(file, host: host) ?? Lock(),
      lockDigest: Digest(of: text), root: root, templates: Installation.locate(host).templates)
    return (try renderer.render(), renderer)
  }
}
