import ArgumentParser
import OutfitDispatch
import OutfitInterpreters
import OutfitSystem

struct PromptCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "prompt",
    abstract: "Print a shell's prompt, or what a prompt may say of this folder.",
    discussion: """
      With a shell, it prints what the shell evaluates to have the hook of `shell-init` and a prompt on it: folder, \
      git branch and state, project with its interpreters, duration, exit status.
          eval "$(outfit prompt bash)"      (zsh the same; fish: outfit prompt fish | source)
      Alone, it prints the project and its interpreters in one line, for prompts of others: powerlevel10k calls \
      prompt_outfit, which `shell-init zsh` defines; for starship see docs/shell.md.
      """)

  @Argument(help: "bash, zsh or fish.") var shell: ShellInit.Shell?
  @Flag(help: "Leave a prompt of your own as it is: replace only what systems ship.") var keepOwn = false
  @Flag(help: "Print JSON.") var json = false

  func validate() throws {
    if shell == nil, keepOwn {
      throw ValidationError("--keep-own goes with a shell: outfit prompt bash --keep-own")
    }
    if shell != nil, json { throw ValidationError("--json is for what a prompt says, without a shell") }
  }

  func run() async throws {
    try await withSession(recovers: false, needsFolder: shell == nil) { session in
      let host = session.host
      if let shell {
        host.terminal.write(
          Prompt.script(
            shell, keepsOwn: keepOwn, bin: host.places.bin, libexec: host.places.libexec, home: host.user.home
          ))
        return
      }
      let dispatcher = Dispatcher(data: Array(host.places.data.string.utf8)) {
        host.environment[$0].map { Array($0.utf8) }
      }
      let activation = dispatcher.activation(in: Array(host.workingDirectory.string.utf8))
      func text(_ bytes: [UInt8]?) -> JSONText {
        bytes.map { .string(String(decoding: $0, as: UTF8.self)) } ?? .null
      }
      if json {
        session.write(
          JSONDocument(
            .prompt,
            [
              "project": text(activation?.project), "root": text(activation?.root),
              "virtualenv": text(activation?.virtualenv), "label": text(activation?.label),
              "python": text(activation?.python), "node": text(activation?.node),
            ]))
      } else if let line = activation?.line, !line.isEmpty {
        session.write(String(decoding: line, as: UTF8.self))
      }
    }
  }
}
