import ArgumentParser
import Foundation
import Testing

@testable import OutfitCommands

/// docs/commands.md is what the verbs say of themselves.
@Suite struct CommandReferenceTests {
  private static let page = URL(filePath: #filePath).deletingLastPathComponent()
    .appending(path: "../../docs/commands.md").standardized

  private static var markdown: String {
    var text = """
      # Commands

      What every verb takes, as its own `--help` says it.


      """
    func add(_ command: any ParsableCommand.Type, _ words: [String]) {
      let help = HelpText.text(
        OutfitCommand.helpMessage(for: command, columns: 96), of: Array(words.dropFirst()), width: 96)
      text += "## \(words.joined(separator: " "))\n\n"
      text +=
        help.split(separator: "\n", omittingEmptySubsequences: false)
        .map { $0.isEmpty ? "\n" : "    \($0)\n" }.joined() + "\n"
      for child in command.configuration.subcommands where child.configuration.shouldDisplay {
        let name = child.configuration.commandName ?? ""
        add(child, words + [name])
      }
    }
    for group in OutfitCommand.configuration.groupedSubcommands {
      for verb in group.subcommands { add(verb, ["outfit", verb.configuration.commandName ?? ""]) }
    }
    return String(text.dropLast())
  }

  /// `OUTFIT_RECORD=1 swift test --filter CommandReferenceTests` writes it anew.
  @Test func thePageIsWhatTheVerbsSay() throws {
    if ProcessInfo.processInfo.environment["OUTFIT_RECORD"] != nil {
      try Self.markdown.write(to: Self.page, atomically: true, encoding: .utf8)
    }
    #expect(try String(contentsOf: Self.page, encoding: .utf8) == Self.markdown)
  }
}
