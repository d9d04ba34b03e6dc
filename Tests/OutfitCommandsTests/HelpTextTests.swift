import ArgumentParser
import Testing

@testable import OutfitCommands

@Suite struct HelpTextTests {
  /// Every verb that people see, as they type it.
  private static let verbs = below(OutfitCommand.self, [])

  private static func below(_ command: any ParsableCommand.Type, _ words: [String]) -> [[String]] {
    let grouped = command.configuration.groupedSubcommands.flatMap { $0.subcommands }
    var all = [words]
    for child in command.configuration.subcommands + grouped where child.configuration.shouldDisplay {
      all += below(child, words + [child.configuration.commandName ?? ""])
    }
    return all
  }

  @Test func everyVerbHasExamplesAndNoOther() {
    let known = Set(Self.verbs.map { $0.joined(separator: " ") })
    #expect(known.count > 90)
    #expect(known.subtracting(Examples.of.keys).sorted() == [])
    #expect(Set(Examples.of.keys).subtracting(known).sorted() == [])
  }

  /// As a shell splits words, single quotes alone.
  private func words(_ line: String) -> [String] {
    var words: [String] = []
    for (index, piece) in line.split(separator: "'", omittingEmptySubsequences: false).enumerated() {
      if index % 2 == 1 {
        words.append(String(piece))
      } else {
        words += piece.split(separator: " ").map(String.init)
      }
    }
    return words
  }

  @Test(arguments: Examples.of.sorted { $0.key < $1.key }.map { ($0.key, $0.value) })
  func examplesAreRead(_ verb: String, _ lines: [String]) throws {
    #expect(!lines.isEmpty)
    for line in lines {
      #expect(line.count <= 74)
      #expect(verb.isEmpty || line == verb || line.hasPrefix(verb + " "), "outfit \(line) is none of \(verb)")
      let command = try OutfitCommand.parseAsRoot(Passthrough.arguments(words(line)))
      #expect(!(command is OutfitCommand), "outfit \(line) is no verb")
    }
  }

  @Test(arguments: [40, 80])
  func commandsStayInOnePiece(_ width: Int) {
    for verb in Self.verbs {
      guard let command = HelpText.command(verb) else {
        Issue.record("there is no \(verb)")
        continue
      }
      let text = HelpText.text(
        OutfitCommand.helpMessage(for: command, columns: width), of: verb, width: width)
      #expect(!text.contains("SUBCOMMANDS:") || !text.contains("DAY SUBCOMMANDS:"))
      #expect(text.contains("EXAMPLES:\n  outfit "))
      let overview = text.prefix(
        text.firstRange(of: "USAGE:").map { text.distance(from: text.startIndex, to: $0.lowerBound) } ?? 0)
      for line in overview.split(separator: "\n") {
        #expect(line.count { $0 == "`" } % 2 == 0, "\(verb): \(line)")
      }
    }
  }

  @Test func whoseHelpItIs() {
    #expect(HelpText.verbs(["help", "tool", "install"]) == ["tool", "install"])
    #expect(HelpText.verbs(["tool", "install", "--help"]) == ["tool", "install"])
    #expect(HelpText.verbs(["history", "-h"]) == ["generations"])
    #expect(HelpText.verbs(["--help"]) == [])
  }
}
