import ArgumentParser

struct DotfilesCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "dotfiles",
    abstract: "Files of your home folder: take them into a layer, edit, list and forget them.",
    discussion: """
      `add` takes a file of your home folder into your own layer, `edit` opens the source of one and applies it, \
      `merge` puts your changes in one and the profile's together, and `forget` leaves the file and takes its entry out. Each is done in one transaction that `outfit rollback` \
      takes back.
      """,
    subcommands: [
      DotfilesAdd.self, DotfilesEdit.self, DotfilesMerge.self, DotfilesForget.self, DotfilesList.self,
      DotfilesFolder.self,
    ])
}
