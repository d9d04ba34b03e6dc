import ArgumentParser
import OutfitCore
import OutfitProfile
import OutfitSystem
import SystemPackage

struct EditCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "edit", abstract: "Open a manifest, or the source of a dotfile, in your editor.",
    discussion: """
      Without a file it is the outfit.yaml of the project that you stand in, else your own layer, which is made where \
      there is none. It runs $VISUAL, or $EDITOR, or vi; what you saved is read at once, and what is wrong with it said \
      with its line.
      """)

  @Argument(help: "A file of your home folder, in place of a manifest.", completion: .file())
  var file: String?
  @Flag(name: .customLong("machine"), help: "Your own layer, also inside a project.") var machine = false
  @Flag(help: "Apply it when it was changed, as `outfit up` does.") var apply = false
  @Flag(help: "Print what was done as JSON.") var json = false

  func validate() throws {
    if file != nil, machine || apply {
      throw ValidationError("--machine and --apply are for manifests; a dotfile is applied at once")
    }
  }

  func run() async throws {
    if let file {
      return try await DotfilesEdit.parse(["--", file]).run(json: json)
    }
    try await withSession { session in
      let project = machine ? nil : try Project.find(session.host)
      let manifest = project?.manifest ?? session.host.places.personalManifest
      let editor = try Editor(session)
      let before = try session.host.files.exists(manifest) ? session.host.files.read(manifest) : nil
      if before == nil {
        try session.host.files.createDirectories(manifest.removingLastComponent(), mode: 0o700)
        try session.host.files.create(manifest, Array(Self.beginning.utf8), mode: 0o644)
      }
      func takeBack() throws {
        guard before == nil, try session.host.files.read(manifest) == Array(Self.beginning.utf8) else {
          return
        }
        try session.host.files.remove(manifest)
      }
      do {
        try await editor.open(manifest)
      } catch {
        try takeBack()
        throw error
      }
      let after = try session.host.files.read(manifest)
      try takeBack()
      guard after != before ?? Array(Self.beginning.utf8) else {
        return try say(
          "Nothing to do: \(session.short(manifest)) is as it was.", changed: false, manifest, session)
      }
      let place = project?.place ?? ProfilePlace(scope: .machine, address: "")
      _ = try await place.load(session, fetching: .asked)
      guard apply else {
        return try say(
          "\(session.short(manifest)) is saved, and can be read. `outfit up` applies it.", changed: true,
          manifest,
          session)
      }
      var wish = Undertaking.Wish()
      wish.wantsJSON = json
      let undertaking = Undertaking(session, wish)
      let whole = try project?.place ?? ProfilePlace.adopted(session.host) ?? place
      let done = try await undertaking.apply(at: whole)
      undertaking.conclude(done, whole)
      if done.status != .done { throw Ended(done.status) }
    }
  }

  /// What stands in a layer that was not there.
  private static let beginning =
    "# Your own layer, on top of this machine's profile: docs/manifest.md has every key.\n"

  private func say(_ text: String, changed: Bool, _ manifest: FilePath, _ session: Session) throws {
    guard json else { return session.write(text) }
    session.write(JSONDocument(.edit, changed: changed, ["file": .string(manifest.string)]))
  }
}

/// The editor of whoever types.
struct Editor {
  private let session: Session
  private let command: String

  /// - Throws: `Failure` with status `usage` where none is named and there is no terminal for the usual one.
  init(_ session: Session) throws {
    self.session = session
    let environment = session.host.environment
    let named = [environment["VISUAL"], environment["EDITOR"]].compactMap(\.self).first { !$0.isEmpty }
    // One that nobody named would wait for keys that never come.
    guard named != nil || session.host.terminal.isInteractive else {
      throw Failure(
        "there is no terminal here for an editor", hint: "name one that needs none: EDITOR=ed outfit edit",
        status: .usage)
    }
    command = named ?? "vi"
  }

  func open(_ path: FilePath) async throws {
    // The variable may hold words, as it does for git.
    let status = try await session.host.processes.runAttached(
      Invocation(
        "/bin/sh", ["-c", "\(command) \"$@\"", command, path.string], environment: session.host.environment,
        workingDirectory: session.host.workingDirectory, standardInput: .inherited))
    guard status == 0 else {
      throw Failure(
        "the editor ended with status \(status): \(command.harmless)",
        hint: "say which one you use: EDITOR=nano outfit edit",
        status: .failed)
    }
  }
}
