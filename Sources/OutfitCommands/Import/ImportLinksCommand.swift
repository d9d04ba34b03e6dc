import ArgumentParser
import OutfitCore
import OutfitProfile
import OutfitSharing
import OutfitSystem
import SystemPackage

struct ImportStowCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "stow", abstract: "Take over a folder of packages that GNU stow links.",
    discussion: """
      Writes an outfit.yaml into the folder, with the links that stow makes: one to a folder that a package has for itself, \
      and one to each file of others. Links that stow made already lead where they should, and stay. Packages are the \
      folders with names in them that begin with a dot; where such names lie beside them, the folder itself is one.
      """)

  @Argument(help: "The folder, or a git address.") var source: String
  @Option(
    name: .customLong("package"),
    help: ArgumentHelp("A package, `.` for the folder itself; it may be repeated.", valueName: "name"))
  var packages: [String] = []
  @Option(help: ArgumentHelp("Make the profile in this new folder.", valueName: "folder")) var to: String?
  @Flag(name: .customLong("dry-run"), help: "Say what would be taken over, and write nothing.") var dryRun =
    false
  @Flag(help: "Print JSON.") var json = false

  func run() async throws {
    try await withSession { session in
      try await LinkTakeover(
        session, source, to: to, dryRun: dryRun, json: json,
        hint: "name the packages: --package NAME, `--package .` where the folder itself is one"
      ).run { listing, place in
        let home = session.host.user.home
        for name in packages where name != "." && listing.kinds[name] != .folder {
          throw Failure(
            "there is no folder \(name) in \(session.short(place.folder))",
            hint: nearest(name, among: listing.kinds.filter { $0.value == .folder }.keys.map { $0 })
              .map { "did you mean \($0)?" },
            status: .usage)
        }
        let names = listing.kinds.keys.filter { $0 == ".stowrc" || $0.hasSuffix(".stow-local-ignore") }
        var texts: [String: String] = [:]
        for name in names { texts[name] = try session.host.files.text(place.folder.pushing(FilePath(name))) }
        return StowFolder.read(listing, texts: texts, home: home.string, named: packages) { target in
          let status =
            (try? session.host.files.status(home.pushing(FilePath(target)), followLinks: false)) ?? nil
          return status?.kind == .directory
        }
      }
    }
  }
}

struct ImportDotbotCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "dotbot", abstract: "Take over the links of dotbot's install.conf.yaml.",
    discussion: """
      Writes an outfit.yaml into the folder, with its links. Those that dotbot made already lead where they should, and \
      stay. What its shell commands do is left to you, and each is named.
      """)

  @Argument(help: "The folder, or a git address.") var source: String
  @Option(help: ArgumentHelp("Another file of the folder than install.conf.yaml.", valueName: "file"))
  var config: String?
  @Option(help: ArgumentHelp("Make the profile in this new folder.", valueName: "folder")) var to: String?
  @Flag(name: .customLong("dry-run"), help: "Say what would be taken over, and write nothing.") var dryRun =
    false
  @Flag(help: "Print JSON.") var json = false

  func run() async throws {
    try await withSession { session in
      try await LinkTakeover(
        session, source, to: to, dryRun: dryRun, json: json,
        hint: "its links stand under `link:`; --config FILE reads another file"
      ).run { listing, place in
        let known = config.map { [$0] } ?? DotbotFile.names
        guard let name = known.first(where: { listing.kinds[$0] == .file }),
          let text = try session.host.files.text(place.folder.pushing(FilePath(name)))
        else {
          let others = listing.kinds.keys.filter { $0.hasSuffix(".conf.yaml") && !$0.contains("/") }.sorted()
          throw Failure(
            "there is no \(known[0]) in \(session.short(place.folder))",
            hint: others.isEmpty ? "name the file: --config FILE" : "name one: --config \(others[0])",
            status: .usage)
        }
        return try DotbotFile.read(text, name: name, listing: listing, home: session.host.user.home.string)
      }
    }
  }
}

/// Makes a profile of links that another program makes.
struct LinkTakeover {
  private let session: Session
  private let source: String
  private let to: String?
  private let dryRun: Bool
  private let json: Bool
  private let hint: String

  /// - Parameter hint: what to do where there is no link.
  init(_ session: Session, _ source: String, to: String?, dryRun: Bool, json: Bool, hint: String) {
    (self.session, self.source, self.to, self.dryRun, self.json) = (session, source, to, dryRun, json)
    self.hint = hint
  }

  func run(_ read: (LinkImport.Listing, ImportSource) throws -> LinkImport) async throws {
    let host = session.host
    let place = try await ImportSource.find(source, session)
    guard !host.files.exists(place.folder.appending(ProfileLoader.manifestName)) else {
      throw Failure(
        "\(session.short(place.folder)) has an outfit.yaml already",
        hint: "outfit up \(session.short(place.folder))",
        status: .usage)
    }
    let goal = try ImportGoal(to, source: place, session)
    let found = try read(LinkImport.Listing(try kinds(place.folder)), place)
    if !json { show(found) }
    let hasLosses = found.remarks.contains(where: \.isLoss)
    guard !found.links.isEmpty else {
      throw Failure(
        "there is nothing to link in \(session.short(place.folder))", hint: hint, status: .usage)
    }
    let manifest = goal.folder.appending(ProfileLoader.manifestName)
    func tell() {
      let left = found.remarks.filter(\.isLoss).map { remark in
        JSONText.object([
          "what": .string(remark.file + (remark.line.map { ":\($0)" } ?? "")), "why": .string(remark.message),
          "hint": remark.hint.map { .string($0) } ?? .null,
        ])
      }
      session.write(
        JSONDocument(
          .import, changed: true, exit: hasLosses ? .failed : .done,
          [
            "tools": .array([]), "root": .string(place.folder.string), "manifest": .string(manifest.string),
            "written": .bool(!dryRun), "dryRun": .bool(dryRun), "left": .array(left),
            "taken": .object(["links": .number(found.links.count)]),
            "notes": .array(found.remarks.filter { !$0.isLoss }.map { .string($0.message) }),
          ]))
    }
    guard !dryRun else {
      if json { tell() } else { session.write("Nothing was written: this was a dry run.") }
      if hasLosses { throw Ended(.failed) }
      return
    }
    try goal.copy(place.folder, host)
    var file = try ManifestFile(manifest, host: host)
    try file.edit.set(["profile"], to: .text(place.name))
    try file.edit.set(["dotfiles"], to: .mapping(found.links.map(entry)))
    try file.save(host)
    if json { tell() } else { session.write("Wrote \(session.short(file.path)).") }
    session.talk("Next: outfit up \(session.short(goal.folder)) --dry-run")
    if hasLosses { throw Ended(.failed) }
  }

  private func entry(_ link: LinkImport.Link) -> ManifestValue.Entry {
    let end = link.isFolder ? "/" : ""
    var fields: [ManifestValue.Entry] = [.init("link", .text(link.file + end))]
    if let system = link.system { fields.append(.init("os", .text(system))) }
    if link.target.hasPrefix("/") { fields.append(.init("outside-home", .text("true"))) }
    return .init(link.target + end, .mapping(fields))
  }

  private func kinds(_ root: FilePath) throws -> [String: LinkImport.Listing.Kind] {
    var kinds: [String: LinkImport.Listing.Kind] = [:]
    func walk(_ folder: FilePath, _ prefix: String, _ depth: Int) throws {
      for name in try session.host.files.list(folder) where name != ".git" {
        let path = folder.appending(name)
        guard let status = try session.host.files.status(path, followLinks: true) else { continue }
        let isLink = try session.host.files.status(path, followLinks: false)?.kind == .link
        kinds[prefix + name] = status.kind == .directory ? .folder : status.kind == .file ? .file : .other
        if status.kind == .directory, !isLink, depth < 40 { try walk(path, prefix + name + "/", depth + 1) }
      }
    }
    try walk(root, "", 0)
    return kinds
  }

  private func show(_ found: LinkImport) {
    let style = session.outputStyle
    let folders = found.links.count(where: \.isFolder)
    session.write("\(style.green("taken")) \(found.links.count) links, \(folders) of them to folders")
    for remark in found.remarks.sorted(by: {
      ($0.isLoss ? 1 : 0, $0.line ?? 0) < ($1.isLoss ? 1 : 0, $1.line ?? 0)
    }) {
      let place = remark.file + (remark.line.map { ":\($0)" } ?? "")
      session.write(
        "\(remark.isLoss ? style.red("left ") : style.dim("fine "))  \(place.harmless): \(remark.message.harmless)"
      )
      if let hint = remark.hint { session.write(style.dim("         \(hint.harmless)")) }
    }
  }
}
