import ArgumentParser
import OutfitCore
import OutfitInterpreters
import OutfitProfile
import OutfitSystem

/// pyenv's `shell`: a version for this shell alone.
struct InterpreterShell<Noun: InterpreterNoun>: AsyncParsableCommand {
  static var configuration: CommandConfiguration {
    CommandConfiguration(
      commandName: "shell", abstract: "Print what makes this shell use a version.",
      discussion: """
        A program can't change its shell, so the shell must read what is printed: \
        eval "$(outfit \(Noun.word) shell \(Noun.examples.1))"   (fish: outfit \(Noun.word) shell \
        \(Noun.examples.1) | source). It sets \(Noun.variable), which you may as well set yourself.
        """)
  }

  @Argument(
    help: "A version that is installed; without it, what this shell has.",
    completion: Completions.installed(Noun.language)) var version: String?
  @Flag(help: "Go back to what the folder says.") var unset = false

  func validate() throws {
    if unset, version != nil { throw ValidationError("--unset takes no version") }
  }

  func run() async throws {
    try await withSession { session in
      let host = session.host
      let isFish = (host.environment["SHELL"] ?? "").hasSuffix("/fish")
      if unset {
        session.write(isFish ? "set -e \(Noun.variable)" : "unset \(Noun.variable)")
        return
      }
      guard let version else {
        guard let value = host.environment[Noun.variable], !value.isEmpty else {
          throw Failure(
            "this shell has no \(Noun.title) of its own",
            hint: "eval \"$(outfit \(Noun.word) shell \(Noun.examples.1))\"")
        }
        session.write(value)
        return
      }
      let wish = VersionWish(version, for: Noun.language, knowing: .known(host))
      let rows = try await InstalledInterpreters(session, Noun.language).rows
      let fits = rows.contains { row in
        if let name = row.virtualenv { return wish.meaning == .name(name) }
        return wish.accepts(row.version)
      }
      guard fits || wish.meaning == .system else {
        _ = try? InterpreterWishes.read([version], session, Noun.language)
        let names = rows.map { $0.virtualenv ?? $0.version.description }
        throw Failure(
          "\(Noun.title) \(version.harmless) is not installed",
          hint: nearest(version, among: names).map { "did you mean \($0)?" }
            ?? (wish.request() == nil
              ? "outfit \(Noun.word) list" : "outfit \(Noun.word) install \(version.harmless)"))
      }
      session.write(
        isFish ? "set -gx \(Noun.variable) '\(version)'" : "export \(Noun.variable)='\(version)'")
      if host.terminal.outputIsTerminal {
        session.talk("This shell has it after: eval \"$(outfit \(Noun.word) shell \(version))\"")
      }
    }
  }
}
