import ArgumentParser
import OutfitCore
import OutfitProfile
import OutfitSystem
import SystemPackage

struct DotfilesEdit: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "edit",
    abstract: "Open the source of a dotfile in your editor, and apply it.",
    discussion: """
      It runs $VISUAL, or $EDITOR, or vi. Of a file in which several layers have blocks or keys, the source of the \
      last one is opened; of what has none, links elsewhere and keys, the manifest.
      """)

  @Argument(help: "A file of your home folder.", completion: .file()) var file: String
  @Flag(help: "Print what was done as JSON.") var json = false

  func run() async throws { try await run(json: json) }

  func run(json: Bool) async throws {
    try await withSession { session in
      let desk = try await DotfileDesk(session)
      let (_, name) = try desk.target(file)
      guard let entry = desk.sections(name).last else { throw desk.refusal(unknown: name) }
      let layer = entry.section.source.layer
      guard layer.commit == nil, layer.kind != .system else {
        throw Failure(
          "~/\(name) is from \(layer.address), which is not yours to write in",
          hint:
            "edit it there; or put your own entry for it into \(session.short(session.host.places.personalManifest))",
          status: .usage)
      }
      let source = desk.source(name, entry) ?? layer.manifest
      let before = try session.host.files.read(source)
      try await Editor(session).open(source)
      guard try session.host.files.read(source) != before else {
        if json {
          session.write(JSONDocument(.dotfiles, ["dotfiles": .array([])]))
        } else {
          session.write("Nothing to do: \(session.short(source)) is as it was.")
        }
        return
      }
      var wish = Undertaking.Wish()
      wish.verb = "dotfiles"
      wish.wantsJSON = json
      wish.named = ["edit", file]
      let status = try await desk.apply(wish)
      if status != .done { throw Ended(status) }
    }
  }
}
