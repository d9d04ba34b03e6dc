import ArgumentParser
import OutfitInterpreters
import OutfitSystem

struct ShellInitCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "shell-init",
    abstract: "Print what hooks a shell: PATH, and environments on entering a folder.",
    discussion: """
      `outfit up` puts PATH into your rc files already. For environments that follow you from folder to folder \
      add: eval "$(outfit shell-init bash)"   (zsh the same; fish: outfit shell-init fish | source)
      """)

  @Argument(help: "bash, zsh or fish.") var shell: ShellInit.Shell

  func run() async throws {
    try await withSession(recovers: false, needsFolder: false) { session in
      let host = session.host
      host.terminal.write(
        ShellInit.script(shell, bin: host.places.bin, libexec: host.places.libexec, home: host.user.home))
    }
  }
}

extension ShellInit.Shell: ExpressibleByArgument {}
