import ArgumentParser
import OutfitCore
import OutfitProfile
import OutfitSystem

struct WhyCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "why", abstract: "Say which line of which layer wanted something, and what it overrode.")

  @Argument(help: "A tool, a command, an entry (tools.black), or a file with or without :LINE.")
  var name: String
  @OptionGroup var scopeOptions: ScopeOptions

  func run() async throws {
    try await withSession { session in
      let profile = try await scopeOptions.place(session).load(session)
      let lock = try Locks(host: session.host, profile: profile).merged
      for reason in try Reason.find(name, in: profile, lock: lock, host: session.host) {
        session.host.terminal.write(reason.text(style: session.outputStyle))
      }
    }
  }
}
