import ArgumentParser
import Testing

@testable import OutfitCommands

/// Options whose value may be left out, wherever they stand among the others.
@Suite struct PassthroughTests {
  private static let commit = "0123456789abcdef0123456789abcdef01234567"

  /// Every verb that has one: its words, and what it needs besides.
  private static let verbs: [(words: String, rest: String)] = [
    ("up", "team"), ("check", "team"), ("add", "team"), ("try", "team"), ("update", "black"),
    ("bundle create", "team -o x.tar"), ("bundle apply", "x.tar"), ("remote up", "host team"),
    ("personal clone", "github:a/b"), ("personal pull", ""),
  ]

  private func words(_ line: String) -> [String] { line.split(separator: " ").map(String.init) }

  private func trust(_ line: String) throws -> String? {
    let command = try OutfitCommand.parseAsRoot(Passthrough.arguments(words(line)))
    switch command {
    case let up as Up: return up.trust
    case let remote as RemoteUpCommand: return remote.trust
    case let apply as BundleApplyCommand: return apply.trust
    case let create as BundleCreateCommand: return create.trust
    case let check as CheckCommand: return check.trust
    case let update as UpdateCommand: return update.trust
    default: return "\(command)"
    }
  }

  /// The help says which options these are.
  @Test func allAreKnown() {
    var found: Set<String> = []
    func look(_ command: any ParsableCommand.Type) {
      let help = OutfitCommand.helpMessage(for: command, columns: 200)
      for match in help.matches(of: /(--[a-z-]+) \[</) { found.insert(String(match.1)) }
      for child in command.configuration.subcommands { look(child) }
    }
    for verb in OutfitCommand.configuration.subcommands { look(verb) }
    #expect(found == Passthrough.optional)
  }

  @Test(arguments: verbs.map { "\($0.words)|\($0.rest)" })
  func aValueIsKeptWhateverFollows(_ verb: String) throws {
    let parts = verb.split(separator: "|", omittingEmptySubsequences: false).map(String.init)
    for form in ["--trust=\(Self.commit)", "--trust \(Self.commit)"] {
      for line in [
        "\(parts[0]) \(parts[1]) \(form)", "\(parts[0]) \(form) \(parts[1])",
        "\(parts[0]) \(parts[1]) \(form) --json", "\(parts[0]) --json \(form) \(parts[1])",
      ] where parts[0] != "try" || !line.contains("--json") {
        guard let found = try? trust(line) else {
          // A verb without --json.
          #expect(line.contains("--json"), "\(line)")
          continue
        }
        #expect(found.contains(Self.commit), "\(line): \(found)")
      }
    }
  }

  @Test(arguments: [
    "up --trust team", "up team --trust", "up --trust --json team", "up --trust=team --json",
    "check --trust team", "check --trust team --json", "bundle create --trust team -o x.tar",
    "remote up --trust host team", "remote up host team --trust --json", "remote up --trust --yes host team",
  ])
  func aProfileIsNoValue(_ line: String) throws {
    #expect(try trust(line) == Up.folderTrust, "\(line)")
    switch try OutfitCommand.parseAsRoot(Passthrough.arguments(words(line))) {
    case let up as Up: #expect(up.profile == "team")
    case let check as CheckCommand: #expect(check.profile == "team")
    case let create as BundleCreateCommand: #expect(create.profile == "team")
    case let remote as RemoteUpCommand: #expect(remote.hosts == ["host", "team"])
    default: Issue.record("\(line)")
    }
  }

  @Test(arguments: [
    "exec black --trust=x --check", "exec -- black --trust", "hooks run black --trust x",
    "try team -- sh --trust x",
    "remote exec host -- x --trust=y", "up team --trust= --json", "python use 3.13 --trust",
  ])
  func wordsOfOthersAreTheirs(_ line: String) {
    #expect(Passthrough.arguments(words(line)) == words(line))
  }

  @Test func anotherProgramsWords() {
    #expect(
      Passthrough.arguments(words("tool run --from x black --trust=y"))
        == words(
          "tool run --from x -- black --trust=y"))
  }
}
