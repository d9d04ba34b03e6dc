import ArgumentParser
import CBuild
import OutfitCore
import OutfitSystem

/// `outfit`, the root of all verbs; alone it says where one stands.
public struct OutfitCommand: AsyncParsableCommand {
  public static let configuration = CommandConfiguration(
    commandName: "outfit",
    abstract: "Sets up a developer's machine, and what that developer ships, from one manifest.",
    discussion: """
      Run it alone to see where you stand. A machine: `outfit up PROFILE`, a folder or a git address. A project: \
      `outfit up` at or below its outfit.yaml.

      Exit status: 0 done; 1 failed or incomplete; 2 bad usage or a bad manifest; 3 drift; 4 consent or a \
      decision is needed; 130 interrupted.
      """,
    version: versionText,
    subcommands: [],
    groupedSubcommands: [
      CommandGroup(name: "Every day", subcommands: [Up.self, Status.self, Diff.self, Why.self, Doctor.self]),
      CommandGroup(name: "Programs", subcommands: [Which.self, Exec.self, ShellInitCommand.self]),
      CommandGroup(name: "Pins", subcommands: [LockCommand.self, Update.self]),
      CommandGroup(
        name: "Going back", subcommands: [RollbackCommand.self, GenerationsCommand.self, CollectCommand.self]),
      CommandGroup(name: "What you ship", subcommands: [RenderCommand.self, ParityCommand.self, HooksCommand.self]),
      CommandGroup(name: "Sharing", subcommands: [ShowCommand.self, TrustCommand.self]),
    ])

  public init() {}

  public func run() async throws {
    try await withSession { session in try await Overview(session).run() }
  }

  static var versionText: String {
    let commit = String(cString: outfit_build_commit())
    return "outfit \(Release.version)" + (commit.isEmpty ? "" : " (\(commit))") + " \(Platform.current)"
  }

  /// Parses the arguments, runs the verb, and ends the process with the design's exit status.
  public static func run() async -> Never {
    do {
      var command = try parseAsRoot()
      if var asynchronous = command as? any AsyncParsableCommand {
        try await asynchronous.run()
      } else {
        try command.run()
      }
      leave(.done)
    } catch let status as ExitStatus {
      leave(status)
    } catch {
      // ArgumentParser's own: help and version end with 0, bad usage with 64.
      let text = fullMessage(for: error)
      if exitCode(for: error).isSuccess {
        LiveTerminal().write(text + "\n")
        leave(.done)
      }
      LiveTerminal().talk(text + "\n")
      leave(.usage)
    }
  }
}

extension ExitStatus: Error {}
