import ArgumentParser
import OutfitCore
import OutfitEngine
import OutfitProfile
import OutfitRender
import OutfitSystem
import SystemPackage

struct ImportPreCommitCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "pre-commit", abstract: "Take over a repository's hooks, each on a pinned tool.",
    discussion: """
      Reads .pre-commit-config.yaml and writes `tools:` and `hooks:` of the project's outfit.yaml, a new one where there \
      is none. What can't be taken over stays in that file, and each of its lines is accounted for. What stands in \
      outfit.yaml already stays as it is.
      """)

  @Flag(name: .customLong("dry-run"), help: "Say what would be written, and write nothing.")
  var dryRun = false
  @Flag(help: "Print JSON.") var json = false

  func run() async throws {
    try await withSession { session in
      let host = session.host
      let folder = try Self.folder(host)
      let source = folder.appending(PreCommitReading.file)
      guard let text = try host.files.text(source) else {
        throw Failure(
          "there is no \(PreCommitReading.file) in \(folder)", hint: "`outfit init` starts without one",
          status: .usage)
      }
      var file = try ManifestFile(
        try Project.find(host)?.manifest ?? folder.appending("outfit.yaml"), host: host)
      let package = try host.files.text(folder.appending("package.json"))
      var reading = try PreCommitReading(text, package: package)
      // What holds for all of the file's hooks is not to hold for others that are in the manifest already.
      let isSaid = reading.settings.allSatisfy { file.edit.value(at: ["hook-settings", $0.key]) == $0.value }
      if file.edit.value(at: ["hooks"]) != nil, !isSaid {
        reading = try PreCommitReading(text, package: package, besideOthers: true)
      }
      let notes = try Self.write(reading, folder, to: &file)
      guard !json else {
        let writes = file.edit.isChanged
        if writes, !dryRun { try file.save(host) }
        return session.write(
          JSONDocument(
            .import, changed: writes,
            [
              "manifest": .string(file.path.string), "written": .bool(writes && !dryRun),
              "dryRun": .bool(dryRun),
              "tools": .array(
                reading.tools.sorted { $0.name < $1.name }.map {
                  .object([
                    "name": .string($0.name), "version": .string($0.version),
                    "from": .string($0.origin ?? "pypi"),
                  ])
                }),
              "rows": .array(reading.rows.sorted { $0.line < $1.line }.map(\.json)),
              "notes": .array(notes.map { .string($0.message) }),
            ]))
      }
      Self.show(reading, session)
      session.report(notes)
      if !file.edit.isChanged {
        return session.write("Nothing to do: \(session.short(file.path)) has all of it.")
      }
      guard !dryRun else { return session.write("Nothing was written: this was a dry run.") }
      try file.save(host)
      session.write("Wrote \(session.short(file.path)).")
      let left = reading.rows.contains { $0.outcome == .left && !$0.repository.isEmpty }
      session.talk(
        "Next: outfit up    (then take what was taken over out of \(PreCommitReading.file)"
          + (left
            ? "; what is left there runs where `pre-commit install` or `prek install` was run)"
            : ", or remove it: both would run)"))
    }
  }

  /// Where the file stands: with the project's manifest, or at the top of the repository.
  private static func folder(_ host: Host) throws -> FilePath {
    if let project = try Project.find(host), host.files.exists(project.root.appending(PreCommitReading.file))
    {
      return project.root
    }
    return try GitFolders.locate(from: host.workingDirectory, host: host)?.workTree ?? host.workingDirectory
  }

  private static func write(
    _ reading: PreCommitReading, _ folder: FilePath, to file: inout ManifestFile
  ) throws -> [Diagnostic] {
    var notes: [Diagnostic] = []
    if file.edit.original == nil {
      let name = String(
        (folder.lastComponent?.string ?? "project").lowercased().map {
          $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "-"
        })
      try file.edit.set(["profile"], to: .text(name.first?.isLetter == true ? name : "project-\(name)"))
      if !reading.tools.isEmpty { try file.edit.set(["interpreters", "python"], to: .text("latest")) }
      if reading.tools.contains(where: { $0.origin == "npm" }) {
        try file.edit.set(["interpreters", "node"], to: .text("latest"))
      }
    }
    for tool in reading.tools.sorted(by: { $0.name < $1.name }) {
      let path = ["tools", tool.name]
      guard let present = file.edit.value(at: path) else {
        try file.edit.set(path, to: tool.value)
        continue
      }
      guard present != tool.value else { continue }
      notes.append(
        Diagnostic(
          .note, "\(tool.name) is \(tool.version) in \(PreCommitReading.file), and stays as it is here",
          at: file.edit.location(of: path), hint: "`outfit hooks check` compares them"))
    }
    for hook in reading.hooks {
      let path = ["hooks", hook.name]
      guard file.edit.value(at: path) == nil else { continue }
      try file.edit.set(path, to: .mapping(hook.fields))
    }
    for entry in reading.settings where file.edit.value(at: ["hook-settings", entry.key]) == nil {
      try file.edit.set(["hook-settings", entry.key], to: entry.value)
    }
    return notes
  }

  private static func show(_ reading: PreCommitReading, _ session: Session) {
    let style = session.outputStyle
    var table = Table(header: ["line", "what", "", "why"])
    for row in reading.rows.sorted(by: { $0.line < $1.line }) {
      let outcome =
        switch row.outcome {
        case .taken: style.green("taken")
        case .changed: style.yellow("changed")
        case .left: style.red("left")
        }
      table.rows.append([String(row.line), row.what.harmless, outcome, row.reason.harmless])
    }
    session.write(table)
    let counts = [PreCommitReading.Outcome.taken, .changed, .left].map { outcome in
      "\(reading.rows.count { $0.outcome == outcome }) \(outcome.rawValue)"
    }
    session.write("\n\(counts.joined(separator: ", "))")
  }
}

extension PreCommitReading.Row {
  fileprivate var json: JSONText {
    .object([
      "line": .number(line), "what": .string(what), "outcome": .string(outcome.rawValue),
      "reason": .string(reason),
    ])
  }
}
