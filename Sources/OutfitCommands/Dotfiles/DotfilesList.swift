import ArgumentParser
import OutfitCore
import OutfitProfile
import OutfitSystem
import SystemPackage

struct DotfilesList: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "List the dotfiles of this machine, and which layer's line each is from.")

  @Flag(help: "Print JSON.") var json = false

  func run() async throws {
    try await withSession { session in
      let profile = try await DotfileDesk(session).profile
      let rows = profile.dotfiles.sorted { $0.key < $1.key }.flatMap { target, section in
        ((profile.blocks[target] ?? []) + [section]).map { DotfileRow(target, $0) }
      }
      if json {
        session.write(JSONDocument(.dotfiles, ["dotfiles": .array(rows.map(\.json))]))
        return
      }
      guard !rows.isEmpty else {
        session.write("No dotfiles yet. `outfit dotfiles add ~/.vimrc` takes one into your own layer.")
        return
      }
      let style = session.outputStyle
      for row in rows {
        session.write(style.bold(row.target.harmless) + "  \(row.form)")
        session.write(style.dim("  from  \(row.layer), \(row.source)"))
      }
    }
  }
}

/// A dotfile, as `list` tells of it.
struct DotfileRow {
  let target: String
  let form: String
  let layer: String
  let source: String

  init(_ target: String, _ section: Sourced<DotfileSection>) {
    self.target = target.hasPrefix("/") ? target : target == "." ? "~" : "~/\(target)"
    form = section.value.kind.rawValue
    layer = section.source.layer.isOwn ? "you" : section.source.layer.name
    source = "\(section.source.location.file):\(section.source.location.line)"
  }

  var json: JSONText {
    .object([
      "target": .string(target), "form": .string(form), "layer": .string(layer), "source": .string(source),
    ])
  }
}

struct DotfilesFolder: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "cd",
    abstract: "Open a shell in the folder of your own layer, or of the layer that has a file.")

  @Argument(help: "A file of your home folder.", completion: .file()) var file: String?

  func run() async throws {
    try await withSession { session in
      let host = session.host
      var folder = host.places.config
      if let file {
        let desk = try await DotfileDesk(session)
        let (_, name) = try desk.target(file)
        guard let entry = desk.sections(name).last else { throw desk.refusal(unknown: name) }
        folder = entry.section.source.layer.folder
      }
      guard host.files.exists(folder) else {
        throw Failure(
          "there is no \(session.short(folder)) yet", hint: "outfit dotfiles add ~/.vimrc makes it",
          status: .usage)
      }
      let shell = host.environment["SHELL"].flatMap { $0.hasPrefix("/") ? FilePath($0) : nil } ?? "/bin/sh"
      try host.processes.replace(
        Invocation(
          shell, [], environment: host.environment, workingDirectory: folder, standardInput: .inherited))
    }
  }
}
