import ArgumentParser
import OutfitCore
import OutfitProfile
import OutfitSharing
import OutfitSystem
import SystemPackage

struct CaptureCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "capture", abstract: "Turn this machine into a profile.",
    discussion: """
      FOLDER is new, or empty. It gets an outfit.yaml with the interpreters (Outfit's, pyenv's, uv's), the tools \
      (Outfit's, pipx's, uv's, npm's), the system packages that somebody asked for, and the dotfiles that you choose: \
      from a list on a terminal, else by --all or --dotfile.

      Names, e-mails, hosts and the home folder become questions and facts that each machine answers for itself. Lines \
      with keys, tokens and passwords are left out, or the whole file, and the report names each. Files that are \
      credentials are never read. Nothing is sent anywhere.
      """)

  @Argument(help: "Where the profile is written; a new folder, or an empty one.", completion: .directory)
  var folder: String
  @Flag(help: "All dotfiles that are offered.") var all = false
  @Option(
    help: ArgumentHelp(
      "This dotfile, or the files of this folder; it may be given again, and beside --all.", valueName: "path"
    ))
  var dotfile: [String] = []
  @Option(
    help: ArgumentHelp(
      "All but this part, again for others: interpreters, tools, packages, dotfiles.", valueName: "part"))
  var skip: [Part] = []
  @Flag(name: .customLong("dry-run"), help: "Say what it would be, and write nothing.") var dryRun = false
  @Flag(help: "Print JSON.") var json = false

  enum Part: String, CaseIterable, ExpressibleByArgument { case interpreters, tools, packages, dotfiles }

  func validate() throws {
    if skip.contains(.dotfiles), all || !dotfile.isEmpty {
      throw ValidationError("--skip dotfiles takes none, so that there is nothing to choose")
    }
  }

  func run() async throws {
    try await withSession { session in
      let host = session.host
      let target = session.absolute(folder)
      try Self.refuseUsed(target, session)
      let name = Self.name(target)
      let selection = DotfileSelection(session)
      let chosen =
        skip.contains(.dotfiles)
        ? [] : try selection.choose(all: all, named: dotfile, line: line(target, session))
      var inventory = MachineInventory(session)
      if !skip.contains(.interpreters) { try inventory.readInterpreters() }
      if !skip.contains(.tools) { try await inventory.readTools() }
      if !skip.contains(.packages) { await inventory.readPackages() }
      var profile = inventory.profile
      for left in selection.left { profile.leave(left) }
      profile.take(chosen, MachineInventory.identity(host))
      let files = try profile.files(name: name)
      try await check(files, host)
      if !dryRun { try Self.write(files, to: target, host) }
      let report = CaptureReport(
        profile: profile, name: name, folder: target, notes: inventory.notes, isDryRun: dryRun)
      session.report(inventory.notes)
      if json {
        session.write(JSONDocument(.capture, changed: true, report.members))
      } else {
        report.show(session)
      }
    }
  }

  /// What is there stays: a profile that somebody has worked on is not written over.
  private static func refuseUsed(_ folder: FilePath, _ session: Session) throws {
    let files = session.host.files
    guard let status = try files.status(folder, followLinks: true) else { return }
    guard status.kind == .directory else {
      throw Failure("\(session.short(folder)) is no folder", hint: "name a new one", status: .usage)
    }
    guard try files.list(folder).isEmpty else {
      throw Failure(
        "\(session.short(folder)) has something in it, and stays as it is",
        hint: "name a new folder, and compare the two: `diff -r \(session.short(folder)) NEW`", status: .usage
      )
    }
  }

  /// A profile's name is one word.
  private static func name(_ folder: FilePath) -> String {
    let text = (folder.lastComponent?.string ?? "").map {
      $0.isLetter || $0.isNumber || $0 == "-" || $0 == "_" ? $0 : "-"
    }
    let name = String(text.drop { $0 == "-" })
    return name.isEmpty ? "captured" : name
  }

  private func line(_ folder: FilePath, _ session: Session) -> String {
    "outfit capture \(session.short(folder)) --all"
  }

  /// It is read as `up` will read it, before anything is written.
  private func check(_ files: [(path: String, bytes: [UInt8], mode: UInt16)], _ host: Host) async throws {
    let place = host.places.cache.appending("capture-\(host.clock.uptime())")
    defer { try? host.files.removeTree(place) }
    try Self.fill(place, files, host)
    _ = try await ProfileLoader(host: host).machine(place.string, withPersonal: false)
  }

  /// All of it, or nothing.
  private static func write(
    _ files: [(path: String, bytes: [UInt8], mode: UInt16)], to folder: FilePath, _ host: Host
  ) throws {
    let parent = folder.removingLastComponent()
    try host.files.createDirectories(parent)
    let beside = parent.appending(".\(folder.lastComponent?.string ?? "profile").outfit-new")
    do {
      try fill(beside, files, host)
      try host.files.rename(beside, to: folder)
    } catch {
      try? host.files.removeTree(beside)
      throw error
    }
  }

  private static func fill(
    _ folder: FilePath, _ files: [(path: String, bytes: [UInt8], mode: UInt16)], _ host: Host
  ) throws {
    try host.files.removeTree(folder)
    try host.files.createDirectories(folder, mode: 0o755)
    for (path, bytes, mode) in files {
      let file = folder.pushing(FilePath(path))
      try host.files.createDirectories(file.removingLastComponent(), mode: 0o755)
      try host.files.create(file, bytes, mode: mode)
    }
  }
}
