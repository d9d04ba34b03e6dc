import ArgumentParser
import OutfitCore
import OutfitSharing
import OutfitSystem
import SystemPackage

struct FleetCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "fleet",
    abstract: "Say what many machines have, from the facts that were collected of them.",
    subcommands: [FleetReportCommand.self])
}

struct FleetReportCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "report",
    abstract: "Say which machine differs from the others, and in which layer's which line.",
    discussion: """
      FOLDER has a file for each machine: what `outfit facts --machine --json` said there, as the playbook \
      outfit.outfit.facts collects it, or what Ansible's fact cache (jsonfile) keeps. It only reads these files, and asks \
      no machine. It ends with 3 where a machine differs, and with 2 where a file can't be read.
      """)

  @Argument(help: ArgumentHelp("The folder with the facts.", valueName: "folder"), completion: .directory)
  var folder: String

  @Option(
    help: ArgumentHelp("Write it as a page that can be shown to anybody.", valueName: "file"),
    completion: .file())
  var html: String?

  @Flag(help: "Print JSON.") var json = false

  func run() async throws {
    try await withSession(recovers: false) { session in
      let host = session.host
      let found = try FactsFolder(session.absolute(folder), host.files)
      let report = FleetReport(found)
      let broken = report.broken.map { file in
        Diagnostic(
          .error, "\(file.name): \(file.reason)",
          hint: "take it out of the folder, or collect the facts again")
      }
      if report.machines.isEmpty { throw Failure(broken, status: .usage) }
      if let html {
        let date = DateText.utc(host.clock.now()) + " UTC"
        try session.write(FleetPage(of: report, date: date).html, toPage: html)
      }
      let exit: ExitStatus = !broken.isEmpty ? .usage : report.differing.isEmpty ? .done : .drift
      if json {
        session.write(JSONDocument(.fleet, exit: exit, report.members))
      } else {
        host.terminal.write(
          FleetText.text(of: report, width: host.terminal.width, style: session.outputStyle))
      }
      session.report(broken)
      if exit != .done { throw Ended(exit) }
    }
  }
}

extension FleetReport {
  fileprivate var members: [String: JSONText] {
    [
      "machines": .array(machines.map(\.json)),
      "without": .array(without.map { .string($0) }),
      "broken": .array(broken.map { .object(["name": .string($0.name), "reason": .string($0.reason)]) }),
      "isCut": .bool(isCut),
    ]
  }
}

extension FleetReport.Machine {
  fileprivate var json: JSONText {
    .object([
      "name": .string(facts.name), "platform": .string(facts.platform), "outfit": .string(facts.outfit),
      "profile": facts.profile.map { .string($0) } ?? .null,
      "commit": facts.commit.map { .string($0) } ?? .null, "lock": facts.lock.map { .string($0) } ?? .null,
      "generation": facts.generation.map { .number($0.number) } ?? .null,
      "own": .array(own.map { .string($0) }),
      "differences": .array(
        differences.map { difference in
          .object([
            "kind": .string(difference.kind.rawValue), "entry": .string(difference.entry),
            "here": .string(difference.here), "others": difference.others.map { .string($0) } ?? .null,
            "count": .number(difference.count), "of": .number(difference.of),
            "layer": difference.line.map { .string($0.layer) } ?? .null,
            "file": difference.line.map { .string($0.file) } ?? .null,
            "line": difference.line.map { .number($0.number) } ?? .null,
          ])
        }),
    ])
  }
}
