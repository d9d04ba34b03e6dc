import ArgumentParser
import OutfitCore
import OutfitEngine
import OutfitProfile
import OutfitSystem

struct GenerationsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "generations", abstract: "List what this scope had, and when.",
    aliases: ["history"])

  @OptionGroup var scopeOptions: ScopeOptions
  @Flag(help: "Print JSON.") var json = false

  func run() async throws {
    try await withSession { session in
      try Recovery.recover(session.host)
      let scope = scopeOptions.scope(session)
      let generations = try Generations.list(scope, host: session.host)
      if json {
        session.write(
          JSONText.array(
            generations.map { generation in
              .object([
                "number": .number(generation.number), "time": .number(Int(generation.time)),
                "origin": .string(generation.origin.label), "profile": .string(generation.profile.name),
                "commit": generation.profile.commit.map { .string($0) } ?? .null,
                "incomplete": .bool(generation.isIncomplete), "files": .number(generation.changes.count),
                "commands": .array(generation.claims.map { .string($0.name) }),
              ])
            }
          ).text)
        return
      }
      guard !generations.isEmpty else {
        session.write("No generations yet: outfit has not changed \(scope.label).")
        return
      }
      let style = session.outputStyle
      var table = Table(header: ["", "when", "what", "profile", "files", "commands", ""])
      for generation in generations {
        table.rows.append([
          generation.number == generations.last?.number
            ? style.green("* \(generation.number)") : "  \(generation.number)",
          DateText.utc(generation.time),
          generation.origin == .up ? "up" : "rollback to \(generation.origin.label)",
          generation.profile.name, "\(generation.changes.count)", "\(generation.claims.count)",
          generation.isIncomplete ? style.yellow("incomplete") : "",
        ])
      }
      session.host.terminal.write(table.text(style: style))
    }
  }
}
