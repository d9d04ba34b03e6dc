import ArgumentParser

struct ImportCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "import", abstract: "Take over what other programs have installed.",
    discussion: "They go on working: nothing of theirs is changed.",
    subcommands: [
      ImportPyenvCommand.self, ImportPipxCommand.self, ImportUvCommand.self, ImportPreCommitCommand.self,
      ImportChezmoiCommand.self, ImportStowCommand.self, ImportDotbotCommand.self,
    ])
}
