import OutfitCore
import Testing

@testable import OutfitCommands

@Suite struct GlobalOptionsTests {
  private func take(_ line: String) throws -> (GlobalOptions, String) {
    let (options, rest) = try GlobalOptions.take(line.split(separator: " ").map(String.init))
    return (options, rest.joined(separator: " "))
  }

  @Test(arguments: [
    "-C a -C b --color never --quiet up x", "up -C a x --quiet -C b --color=never",
    "up x -C a -C b --quiet --color never",
  ])
  func theyStandBeforeAVerbAndBehindIt(_ line: String) throws {
    let (options, rest) = try take(line)
    #expect(options == GlobalOptions(folders: ["a", "b"], colour: .never, isQuiet: true))
    #expect(rest == "up x")
  }

  /// What another program is told stays as it is.
  @Test(arguments: [
    "exec git -C x log --color=always", "tool run black -C --quiet",
    "hooks run pre-commit --color=never --verbose",
    "try x -- sh -C", "up -- -C",
  ])
  func wordsOfOthersAreTheirs(_ line: String) throws {
    let (options, rest) = try take(line)
    #expect(options == GlobalOptions() && rest == line)
    #expect(try take("-C there \(line)").1 == line)
  }

  @Test func whatPeopleType() throws {
    #expect(try take("-V").1 == "--version")
    #expect(try take("version").1 == "--version")
    #expect(try take("-C x version").1 == "--version")
    #expect(try take("tool install version").1 == "tool install version")
    #expect(try take("untrust github:a/b").1 == "trust revoke github:a/b")
  }

  @Test(arguments: ["-C", "up -C", "up --color", "up --color=maybe", "--color red up"])
  func mistakesAreTold(_ line: String) throws {
    let failure = #expect(throws: Failure.self) { try take(line) }
    #expect(failure?.status == .usage)
  }
}
