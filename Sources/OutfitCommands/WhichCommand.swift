import ArgumentParser
import OutfitCore
import OutfitDispatch
import OutfitEngine
import OutfitSystem
import SystemPackage

struct WhichCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "which", abstract: "Say which program a name runs from this folder.",
    discussion: """
      With --all: every program that answers to the name, in the order in which they are asked: the project's, this \
      machine's, and those on PATH.
      """)

  @Argument(help: "The name of a command.", completion: Completions.commands) var name: String
  @Flag(name: .shortAndLong, help: "All that answer to the name, the one that runs first.") var all = false
  @Flag(help: "Print JSON.") var json = false

  func run() async throws {
    try await withSession { session in
      let host = session.host
      let dispatcher = Dispatcher(data: Array(host.places.data.string.utf8)) {
        host.environment[$0].map { Array($0.utf8) }
      }
      let folder = Array(host.workingDirectory.string.utf8)
      var matches: [Dispatcher.Match] = []
      var problem: String?
      switch dispatcher.resolve(Array(name.utf8), in: folder) {
      case .run(let match): matches = [match]
      case .stop(let stop): problem = stop.text
      }
      if all { matches = dispatcher.candidates(Array(name.utf8), in: folder) }
      if json {
        session.write(
          JSONDocument(
            .which, exit: problem == nil ? .done : .failed,
            [
              "name": .string(name), "problem": problem.map { .string($0) } ?? .null,
              "matches": .array(
                matches.enumerated().map { index, match in
                  .object([
                    "program": .string(Self.text(match.command.program)),
                    "arguments": .array(match.command.arguments.map { .string(Self.text($0)) }),
                    "origin": .string(Self.origin(match.origin, session)),
                    "chosenBy": match.chosenBy.map { .string($0) } ?? .null,
                    "runs": .bool(index == 0 && problem == nil),
                  ])
                }),
            ]))
        if problem != nil { throw Ended(.failed) }
        return
      }
      if let problem, matches.isEmpty || !all { throw Failure(problem) }
      let words = matches.map { match in
        ([match.command.program] + match.command.arguments).map { Self.text($0) }.joined(separator: " ")
      }
      if all {
        let width = words.map(\.count).max() ?? 0
        let style = session.outputStyle
        for (match, text) in zip(matches, words) {
          let chosen = match.chosenBy.map { ", chosen by \($0)" } ?? ""
          session.write(
            "\(text.padding(to: width))  \(style.dim(Self.origin(match.origin, session) + chosen))")
        }
        if let problem { throw Failure("none of them runs here: \(problem)") }
        return
      }
      for (match, text) in zip(matches, words) {
        let program = FilePath(Self.text(match.command.program))
        guard host.files.exists(program) else {
          throw Failure(
            "\(name.harmless) leads to \(program), which is gone",
            hint: "bring it back, or run `outfit up`, which mends it")
        }
        session.write(text)
        if let chosen = match.chosenBy { session.talk("  chosen by \(chosen)") }
      }
    }
  }

  private static func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

  private static func origin(_ origin: Dispatcher.Match.Origin, _ session: Session) -> String {
    switch origin {
    case .project(let root): "project \(session.short(FilePath(text(root))))"
    case .machine: "machine"
    case .virtualenv(let folder): "virtualenv \(session.short(FilePath(text(folder))))"
    case .path: "PATH"
    }
  }
}
