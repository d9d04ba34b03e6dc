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

      With --vendor the interpreter and every package are put into docker/vendor, so that the image builds where \
      there is no network; from then on `render` goes on that way, until --no-vendor.
      """)

  @Flag(help: "Compare with what is on disk, and write nothing.") var check = false
  @Flag(help: "Replace also files that were changed by hand.") var force = false
  @Flag(inversion: .prefixedNo, help: "Put all that the image is built from into docker/vendor.")
  var vendor: Bool?
  @Option(
    parsing: .upToNextOption,
    help: ArgumentHelp(
      "For --vendor: the architectures, amd64 and arm64; this machine's unless given.", valueName: "name"))
  var arch: [Platform.Architecture] = []
  @Flag(help: "Print what was done, or what differs, as JSON.") var json = false

  func validate() throws {
    if check, vendor != nil { throw ValidationError("--check writes nothing, and --vendor does") }
    if !arch.isEmpty, vendor != true { throw ValidationError("--arch is for --vendor") }
  }

  func run() async throws {
    try await withSession { session in
      let project = try Rendered.project(session)
      let root = project.root
      let profile = try await project.place.load(session)
      let consented = check ? nil : try await session.consent(to: profile)
      var renderer = try Rendered.renderer(session, project, profile: profile)
      if check || vendor == true {
        // Before anything is downloaded, and where nothing is written.
        try await renderer.refuseMoves(try renderer.stack(ignoringVendored: true))
      }
      if vendor == true, let consented {
        let stack = try renderer.stack(ignoringVendored: true)
        renderer.vendored = try await VendorFiles(consented, session: session, root: root, stack: stack).get(
          arch.isEmpty ? [session.host.platform.architecture] : arch)
      } else if vendor == false {
        renderer.vendored = []
      }
      let rendering = try renderer.render()
      session.report(rendering.diagnostics)
      guard let consented else {
        let differing = try renderer.check(rendering).filter { $0.state != .same }
        if json {
          session.write(
            JSONDocument(
              .render, changed: !differing.isEmpty, exit: differing.isEmpty ? .done : .drift,
              Rendered.members(differing)))
        } else {
          for file in differing { session.write("  \(file.state.rawValue.padding(to: 10))\(file.path)") }
        }
        guard differing.isEmpty else {
          let count = differing.count == 1 ? "1 file is" : "\(differing.count) files are"
          session.talk("\(count) not what `outfit render` would write")
          throw Ended(.drift)
        }
        if !json { session.write("All \(rendering.files.count) files are as rendered.") }
        return
      }
      try session.consent(toRendered: rendering, consented, given: .nothing)
      let done = try await renderer.write(rendering, by: consented, force: force).filter { $0.state != .same }
      if vendor == false { try session.host.files.removeTree(root.pushing(FilePath(Vendoring.folder))) }
      if json {
        session.write(JSONDocument(.render, changed: !done.isEmpty, Rendered.members(done)))
        return
      }
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

extension Platform.Architecture: ExpressibleByArgument {}

/// What a project renders.
enum Rendered {
  /// The project that one stands in.
  static func project(_ session: Session) throws -> Project {
    let host = session.host
    guard let project = try Project.find(host) else {
      throw Failure(
        "there is no project here: no outfit.yaml in \(host.workingDirectory) or above",
        hint: "`outfit init` writes one from what is here", status: .usage)
    }
    return project
  }

  static func renderer(_ session: Session, _ project: Project, profile: Profile) throws -> RenderSession {
    let host = session.host
    let file = project.lock
    guard let text = try host.files.text(file) else {
      throw Failure(
        "the project has no outfit.lock, and only what is pinned can be rendered",
        hint: "run `outfit lock` first")
    }
    return RenderSession(
      host: host, profile: profile, lock: try LockFile.read(file, for: profile, host: host) ?? Lock(),
      lockDigest: Digest(of: text), root: project.root, templates: Installation.locate(host).templates)
  }

  static func members(_ comparisons: [FileComparison]) -> [String: JSONText] {
    [
      "files": .array(
        comparisons.map { .object(["path": .string($0.path), "state": .string($0.state.rawValue)]) })
    ]
  }
}
