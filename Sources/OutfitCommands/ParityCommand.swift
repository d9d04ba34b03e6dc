import ArgumentParser
import OutfitCore
import OutfitProfile
import OutfitRender
import OutfitSystem
import SystemPackage

struct ParityCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "parity", abstract: "Prove that dev and deploy are the same.",
    discussion: """
      It evaluates the files on disk with the real kustomize (kubectl 1.27 or newer, from PATH or by KUBECTL) \
      and shows the proof as a table. Exit status 3 when anything failed; what can't be checked never passes \
      for proved.
      """)

  @Flag(help: "Print JSON.") var json = false

  func run() async throws {
    try await withSession { session in
      let host = session.host
      let (rendering, renderer) = try await Rendered.make(session)
      func text(_ path: String) throws -> String? {
        try host.files.text(renderer.root.pushing(FilePath(path)))
      }
      let input = Parity.Input(
        overlays: try await overlays(rendering.stack.environments.map(\.name), renderer.root, host),
        compose: try text("compose.yaml"), dockerfile: try text("Dockerfile"),
        devcontainer: try text(".devcontainer/devcontainer.json"),
        requirements: try text("docker/requirements.txt"),
        stack: rendering.stack)
      let rows = Parity.check(input)
      if json {
        host.terminal.write(ParityReport.json(rows))
      } else {
        host.terminal.write(ParityReport.text(rows, style: session.outputStyle))
        host.terminal.write("\nOverlays may differ in:\n" + ParityReport.allowances())
      }
      let status = Parity.status(rows)
      if status != .done { throw Ended(status) }
    }
  }

  private func overlays(
    _ environments: [String], _ root: FilePath, _ host: Host
  ) async throws -> [String: Parity.Evaluation] {
    let folders = (host.environment["PATH"] ?? "").split(separator: ":").map { FilePath(String($0)) }
    let named = host.environment["KUBECTL"].map { [FilePath($0)] } ?? []
    let candidates = named + folders.filter(\.isAbsolute).map { $0.appending("kubectl") }
    guard let kubectl = candidates.first(where: { host.files.exists($0) }) else {
      return Dictionary(
        uniqueKeysWithValues: environments.map { ($0, .unavailable("there is no kubectl on PATH")) })
    }
    let invocations = Parity.invocations(
      kubectl: kubectl, environments: environments, root: root, environment: host.environment)
    return try await withThrowingTaskGroup(of: (String, Parity.Evaluation).self) { group in
      for (name, invocation) in invocations {
        group.addTask {
          let done = try await host.processes.run(invocation)
          return (name, done.succeeded ? .objects(done.outputText) : .refused(done.errorText))
        }
      }
      var results: [String: Parity.Evaluation] = [:]
      for try await (name, result) in group { results[name] = result }
      return results
    }
  }
}
