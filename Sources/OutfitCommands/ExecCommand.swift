import ArgumentParser
import OutfitCore
import OutfitSystem

struct ExecCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "exec", abstract: "Run a command from this folder's pins.",
    discussion: "The exit status is the command's own; 126 and 127 are ours.")

  @Argument(parsing: .captureForPassthrough, help: "The command and its arguments.")
  var words: [String] = []

  func run() async throws {
    try await withSession { session in
      var words = words
      if words.first == "--" { words.removeFirst() }
      guard !words.isEmpty else {
        throw Failure("exec takes a command", hint: "outfit exec black --check .", status: .usage)
      }
      if ["-h", "--help"].contains(words[0]) {
        session.write(OutfitCommand.helpMessage(for: ExecCommand.self))
        return
      }
      let host = session.host
      let launcher = try ShimInstallation.launcher(host)
      try host.processes.replace(
        Invocation(
          launcher, ["exec"] + words, environment: host.environment, workingDirectory: host.workingDirectory,
          standardInput: .inherited))
    }
  }
}
