import ArgumentParser
import OutfitCore
import OutfitEngine
import OutfitProfile
import OutfitSystem

struct GenerationsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "generations", abstract: "List what this scope had, when, and what changed.",
    discussion: "`outfit rollback N` has one of them again; 0 is the time before Outfit.",
    aliases: ["history"])

  @OptionGroup var scopeOptions: ScopeOptions
  @Flag(help: "Print JSON.") var json = false

  func run() async throws {
    try await withSession { session in
      let scope = try scopeOptions.scope(session)
      let generations = try Generations.list(scope, host: session.host)
      if json {
        return session.write(JSONDocument(.generations, ["generations": Self.json(generations)]))
      }
      guard !generations.isEmpty else {
        session.write("No generations yet: outfit has not changed \(scope.label).")
        return
      }
      let style = session.outputStyle
      var table = Table(header: ["", "when", "what", "profile", "changed", ""])
      for (index, generation) in generations.enumerated() {
        let profile = generation.profile
        table.rows.append([
          generation.number == generations.last?.number
            ? style.green("* \(generation.number)") : "  \(generation.number)",
          DateText.utc(generation.time),
          Self.what(generation),
          profile.name + (profile.commit.map { " \($0.prefix(10))" } ?? ""),
          GenerationChanges(generation, since: index > 0 ? generations[index - 1] : nil).text,
          generation.isIncomplete ? style.yellow("incomplete") : "",
        ])
      }
      session.write(table)
    }
  }

  /// What was typed, and where a rollback went to.
  private static func what(_ generation: Generation) -> String {
    let command = generation.command.joined(separator: " ")
    guard case .rollback = generation.origin else { return command.isEmpty ? "up" : command }
    return "rollback to \(generation.origin.label)"
  }

  private static func json(_ generations: [Generation]) -> JSONText {
    .array(
      generations.enumerated().map { index, generation in
        let changes = GenerationChanges(generation, since: index > 0 ? generations[index - 1] : nil)
        return .object([
          "number": .number(generation.number), "time": .number(Int(generation.time)),
          "origin": .string(generation.origin.label),
          "command": .array(generation.command.map { .string($0) }),
          "profile": .string(generation.profile.name),
          "address": .string(generation.profile.address),
          "commit": generation.profile.commit.map { .string($0) } ?? .null,
          "incomplete": .bool(generation.isIncomplete), "files": .number(generation.changes.count),
          "changedFiles": .array(generation.changes.map { .string($0.path.string) }),
          "came": .array(changes.came.map { .string($0) }),
          "went": .array(changes.went.map { .string($0) }),
          "commands": .array(generation.claims.map { .string($0.name) }),
        ])
      }
    )
  }
}

/// What a generation has other than the one before it.
struct GenerationChanges {
  /// What commands come from, as `black 25.1.0`.
  let came: [String]
  let went: [String]
  let files: Int
  /// Languages whose default is another, though nothing came or went: `default Python 3.12.1`.
  private let defaults: [String]

  init(_ generation: Generation, since before: Generation?) {
    func labels(_ generation: Generation?) -> Set<String> {
      guard let generation else { return [] }
      return Set(ToolLabels.of(generation.claims, besides: generation.interpreters))
        .union(generation.interpreters.map { "\($0.language.title) \($0.version)" })
    }
    let (new, old) = (labels(generation), labels(before))
    came = new.subtracting(old).sorted()
    went = old.subtracting(new).sorted()
    files = generation.changes.count
    let first = { (generation: Generation?, language: Language) in
      generation?.interpreters.first { $0.language == language }
    }
    defaults =
      before == nil
      ? []
      : [Language.python, .node].compactMap { language in
        guard let one = first(generation, language), let old = first(before, language),
          one.version != old.version, generation.interpreters.count > 1
        else { return nil }
        return "default \(language.title) \(one.version)"
      }
  }

  /// For people.
  var text: String {
    func some(_ names: [String], _ sign: String) -> [String] {
      names.prefix(3).map { sign + $0 } + (names.count > 3 ? ["\(sign)\(names.count - 3) more"] : [])
    }
    let files = files == 0 ? [] : [PlanText.count(files, "file")]
    let all = files + some(came, "+") + some(went, "-") + defaults
    return all.isEmpty ? "nothing that shows" : all.joined(separator: ", ")
  }
}
