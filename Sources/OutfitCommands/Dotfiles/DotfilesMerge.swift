import ArgumentParser
import OutfitCore
import OutfitDotfiles
import OutfitEngine
import SystemPackage

struct DotfilesMerge: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "merge",
    abstract: "Merge what you changed in a file with what the profile has for it now.",
    discussion: """
      What Outfit wrote last is what both come from. Where both changed the same lines, $VISUAL, or $EDITOR, or vi shows \
      them between <<<<<<< and >>>>>>>. What comes of it is written, and stays until either side changes.
      """)

  @Argument(help: "A file of your home folder.", completion: .file()) var file: String
  @Flag(help: "Print what was done as JSON.") var json = false

  func run() async throws {
    try await withSession { session in
      let desk = try await DotfileDesk(session)
      let (path, name) = try desk.target(file)
      guard !desk.sections(name).isEmpty else { throw desk.refusal(unknown: name) }
      let reading = try await Reading(session, desk.place)
      let found = reading.plan.targets.first { $0.target == path || $0.resolved == path }
      guard let target = found, target.conflict != nil else {
        if json {
          session.write(JSONDocument(.dotfiles, ["dotfiles": .array([])]))
        } else {
          session.write("Nothing to do: ~/\(name) is not changed on both sides.")
        }
        return
      }
      var wish = Undertaking.Wish()
      wish.verb = "dotfiles"
      wish.wantsJSON = json
      wish.named = ["merge", file]
      wish.parts = PartSelection(only: [Dotfiles().name])
      wish.merging = target.target
      let status = try await desk.apply(wish)
      if status != .done { throw Ended(status) }
    }
  }
}
