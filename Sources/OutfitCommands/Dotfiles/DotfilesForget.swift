import ArgumentParser
import OutfitCore
import OutfitProfile
import SystemPackage

struct DotfilesForget: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "forget",
    abstract: "Take entries out of your own layer, and leave their files as they are.",
    discussion: """
      From then on the files are yours alone. To have what was there before an entry, take it out of outfit.yaml and \
      run `outfit up` instead.
      """)

  @Argument(help: "Files of your home folder.", completion: .file()) var files: [String]
  @Flag(help: "Print what was done as JSON.") var json = false

  func run() async throws {
    try await withSession { session in
      let desk = try await DotfileDesk(session)
      var file = try PersonalLayer(session).file
      var wish = Undertaking.Wish()
      for named in files {
        let (path, name) = try desk.target(named)
        let entries = desk.sections(name)
        guard let (target, section) = entries.last else { throw desk.refusal(unknown: name) }
        let location = section.source.location
        guard section.source.layer.isOwn, target == name else {
          throw Failure(
            target == name
              ? "~/\(name) is not of your own layer: \(location.file):\(location.line)"
              : "~/\(name) has no entry of its own: the folder ~/\(target) has it",
            hint: target == name
              ? "leave it out for this machine with `remove: [dotfiles.\(name)]` in your own layer"
              : "write `exclude:` into \(location.file):\(location.line)", status: .usage)
        }
        guard try file.edit.remove(["dotfiles", name]) || file.edit.remove(["dotfiles", name + "/"]) else {
          throw Failure(
            "\(location.file):\(location.line) can't be taken out by itself", hint: "edit the file",
            status: .usage)
        }
        if entries.count == 1 { wish.letGo.insert(path.string) }
      }
      wish.edits = [file]
      wish.verb = "dotfiles"
      wish.wantsJSON = json
      wish.named = ["forget"] + files
      let status = try await desk.apply(wish)
      if status != .done { throw Ended(status) }
    }
  }
}
