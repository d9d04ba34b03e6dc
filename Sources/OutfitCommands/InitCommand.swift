import ArgumentParser
import OutfitCore
import OutfitProfile
import OutfitRender
import OutfitSystem
import SystemPackage

struct InitCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "init", abstract: "Write an outfit.yaml that says what this repository says already.",
    discussion: """
      It reads .python-version, requirements, pyproject.toml, package.json, .nvmrc, Dockerfile, compose.yaml, \
      .pre-commit-config.yaml, Procfile and manage.py, runs nothing, and says what it could not take over. A file \
      that is there is never replaced.
      """)

  @Argument(help: "The folder; without it, the one you are in.") var folder: String?
  @Flag(name: .customLong("dry-run"), help: "Print the manifest, and write nothing.") var dryRun = false

  func run() async throws {
    try await withSession { session in
      let host = session.host
      let root = host.workingDirectory.pushing(FilePath(folder ?? ".")).lexicallyNormalized()
      guard try host.files.status(root, followLinks: true)?.kind == .directory else {
        throw Failure("there is no folder \(root)", status: .usage)
      }
      let target = root.appending("outfit.yaml")
      if !dryRun, try host.files.status(target, followLinks: false) != nil {
        throw Failure(
          "\(session.short(target)) is there already, and stays as it is",
          hint: "`outfit init --dry-run` shows what would be written", status: .usage)
      }
      var found: [String: String] = [:]
      for name in ProjectReading.files {
        let path = root.appending(name)
        guard let status = try host.files.status(path, followLinks: true), status.kind == .file,
          status.size < 8 << 20
        else { continue }
        found[name] = String(decoding: try host.files.read(path), as: UTF8.self)
      }
      let reading = ProjectReading(folder: root.lastComponent?.string ?? "app", found: found)
      if dryRun {
        session.host.terminal.write(reading.text)
        session.report(reading.notes)
        return
      }
      try host.files.create(target, Array(reading.text.utf8), mode: 0o644)
      session.report(reading.notes)
      session.write(
        "Wrote \(session.short(target)). Look it over (GUESS marks what is not certain), then: outfit up")
    }
  }
}
