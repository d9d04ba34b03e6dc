import ArgumentParser
import OutfitEngine
import OutfitSystem
import SystemPackage

struct DiffCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "diff", abstract: "Show the text of what `up` would change.")

  @Argument(help: "Only this file.") var path: String?
  @OptionGroup var scopeOptions: ScopeOptions

  func run() async throws {
    try await withSession { session in
      let reading = try await Reading(session, scopeOptions.place(session))
      let only = path.map { session.absolute($0) }
      for target in reading.plan.differing where only == nil || target.target == only {
        session.host.terminal.write(try reading.plan.diff(target, host: session.host))
      }
    }
  }
}

extension Session {
  /// A path that a person typed.
  func absolute(_ path: String) -> FilePath {
    if path == "~" || path.hasPrefix("~/") {
      return host.user.home.pushing(FilePath(String(path.dropFirst(2)))).lexicallyNormalized()
    }
    return host.workingDirectory.pushing(FilePath(path)).lexicallyNormalized()
  }
}
