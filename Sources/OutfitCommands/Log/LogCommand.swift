import ArgumentParser
import OutfitCore
import OutfitSystem

struct LogCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "log", abstract: "Say what was run, and what each run did.",
    discussion: """
      Without a number it lists the last runs, the latest at the end; with one it shows which programs that run \
      started, what it said was wrong, and how it ended. The last \(RunLog.kept) are kept, below Outfit's own folder of \
      state; passwords and answers to a profile's questions are not in them. Verbs that only look are not logged.
      """,
    aliases: ["logs"])

  @Argument(help: "The run, as the list numbers it.", completion: Completions.runs) var number: Int?
  @Option(help: ArgumentHelp("How many are listed.", valueName: "number")) var last = 20
  @Flag(help: "Print JSON.") var json = false

  func validate() throws {
    guard last >= 1 else { throw ValidationError("--last takes a number of at least 1") }
  }

  func run() async throws {
    try await withSession { session in
      let numbers = try RunLog.numbers(session.host)
      if let number {
        guard numbers.contains(number) else {
          throw Failure(
            "there is no run \(number)",
            hint: numbers.isEmpty
              ? "nothing was run yet" : "`outfit log` lists \(numbers[0]) to \(numbers[numbers.count - 1])",
            status: .usage)
        }
        let run = try RunLog.read(number, session.host)
        return json
          ? session.write(JSONDocument(.log, ["runs": .array([Self.json(run, whole: true)])]))
          : show(run, session)
      }
      let runs = try numbers.suffix(last).map { number throws(FileError) in
        try RunLog.read(number, session.host)
      }
      if json {
        return session.write(
          JSONDocument(.log, ["runs": .array(runs.map { Self.json($0, whole: false) })]))
      }
      guard !runs.isEmpty else { return session.write("Nothing was run yet.") }
      let style = session.outputStyle
      var table = Table(header: ["", "when (UTC)", "took", "ended", "command"])
      table.rows = runs.map { run in
        [
          "\(run.number)", run.time.map(DateText.utc) ?? "?", run.took ?? "", Self.ending(run),
          run.command.harmless,
        ]
      }
      session.host.terminal.write(table.text(style: style, width: session.host.terminal.width))
    }
  }

  private static func ending(_ run: Run) -> String {
    guard let status = run.status else { return "not yet" }
    return status == 0 ? "done" : "with \(status)"
  }

  private func show(_ run: Run, _ session: Session) {
    let style = session.outputStyle
    var lines = ["\(style.bold(run.command.harmless))", "  in \(run.folder.harmless)"]
    lines.append(
      "  \(run.time.map { DateText.utc($0) + " UTC" } ?? "at a time unknown"), Outfit \(run.version.harmless)"
    )
    for entry in run.entries {
      switch entry.kind {
      case .program: lines.append("\(style.dim("ran")) \(entry.text.harmless)")
      case .said: lines += entry.text.split(separator: "\n").map { String($0).harmless }
      case .version, .time, .command, .folder, .end: break
      }
    }
    lines.append(
      run.status.map { "It ended with status \($0), after \(run.took ?? "?")." }
        ?? "It goes on, was ended by force, or became another program.")
    session.write(lines.joined(separator: "\n"))
  }

  private static func json(_ run: Run, whole: Bool) -> JSONText {
    func all(_ kind: RunLog.Entry.Kind) -> JSONText {
      .array(run.entries.filter { $0.kind == kind }.map { .string($0.text) })
    }
    var members: [String: JSONText] = [
      "number": .number(run.number), "time": run.time.map { .number(Int($0)) } ?? .null,
      "command": .string(run.command), "folder": .string(run.folder), "outfit": .string(run.version),
      "status": run.status.map { .number(Int($0)) } ?? .null, "took": run.took.map { .string($0) } ?? .null,
    ]
    if whole {
      members["programs"] = all(.program)
      members["said"] = all(.said)
    }
    return .object(members)
  }
}
