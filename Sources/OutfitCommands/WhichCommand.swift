import ArgumentParser
import OutfitCore
import OutfitDispatch
import OutfitEngine
import OutfitSystem

struct WhichCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "which", abstract: "Say which program a name runs from this folder.")

  @Argument(help: "The name of a command.") var name: String
  @Flag(help: "All that answer to the name, the one that runs first.") var all = false

  func run() async throws {
    try await withSession { session in
      let host = session.host
      let dispatcher = Dispatcher(data: Array(host.places.data.string.utf8)) {
        host.environment[$0].map { Array($0.utf8) }
      }
      let folder = Array(host.workingDirectory.string.utf8)
      func show(_ match: Dispatcher.Match) {
        let words = [match.command.program] + match.command.arguments
        session.write(words.map { String(decoding: $0, as: UTF8.self) }.joined(separator: " "))
        if let chosen = match.chosenBy { session.talk("  chosen by \(chosen)") }
      }
      if all {
        let matches = dispatcher.candidates(Array(name.utf8), in: folder)
        guard !matches.isEmpty else { throw Failure("\(name): no such command here") }
        for match in matches { show(match) }
        return
      }
      switch dispatcher.resolve(Array(name.utf8), in: folder) {
      case .run(let match): show(match)
      case .stop(let message, _): throw Failure(message)
      }
    }
  }
}
