import ArgumentParser
import OutfitCore
import OutfitEngine
import OutfitProfile
import OutfitSharing
import OutfitSystem
import SystemPackage

struct DotfilesAdd: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "add",
    abstract: "Take files of your home folder into your own layer.",
    discussion: """
      The file stays as it is; a copy of it goes into ~/.config/outfit/dotfiles, and an entry into the outfit.yaml \
      beside it. With --layer it goes into the folder of another layer of this machine. What looks like a key, a \
      token or a password is refused.
      """)

  enum Form: String, CaseIterable, ExpressibleByArgument { case copy, template, create }

  @Argument(help: "Files of your home folder.", completion: .file()) var files: [String]
  @Option(
    name: .customLong("as"),
    help: "As a copy, as a template, in which values can be filled in, or to create where there is none yet.")
  var form = Form.copy
  @Option(help: ArgumentHelp("The layer, by its name or its folder.", valueName: "layer")) var layer: String?
  @Flag(help: "Take it also where it holds what looks like a secret.") var force = false
  @Flag(help: "Print what was done as JSON.") var json = false

  func run() async throws {
    try await withSession { session in
      let desk = try await DotfileDesk(session)
      var taking = try Taking(desk, layer: layer, form: form, force: force)
      for file in files { try taking.add(file) }
      let status = try await taking.finish(json: json)
      if status != .done { throw Ended(status) }
    }
  }
}

/// Files on their way into a layer.
private struct Taking {
  private let desk: DotfileDesk
  private let form: DotfilesAdd.Form
  private let force: Bool
  private let folder: FilePath
  private let isOwn: Bool
  private var file: ManifestFile
  private var sources: [(path: FilePath, bytes: [UInt8], mode: UInt16)] = []
  private var host: Host { desk.session.host }

  init(_ desk: DotfileDesk, layer named: String?, form: DotfilesAdd.Form, force: Bool) throws {
    (self.desk, self.form, self.force) = (desk, form, force)
    let host = desk.session.host
    guard let named else {
      folder = host.places.config
      file = try PersonalLayer(desk.session).file
      isOwn = true
      return
    }
    let path = host.workingDirectory.pushing(FilePath(named)).lexicallyNormalized()
    guard let layer = desk.profile.layers.last(where: { $0.name == named || $0.folder == path }) else {
      throw Failure(
        "this machine has no layer `\(named)`",
        hint: "it has \(desk.profile.layers.map(\.name).joined(separator: ", "))", status: .usage)
    }
    guard layer.commit == nil, layer.kind != .system else {
      throw Failure(
        "the layer \(layer.name) is not yours to write in: it is from \(layer.address)",
        hint: "take it into your own layer: leave --layer out", status: .usage)
    }
    (folder, isOwn) = (layer.folder, layer.isOwn)
    file = try isOwn ? PersonalLayer(desk.session).file : ManifestFile(layer.manifest, host: host)
  }

  mutating func add(_ named: String) throws {
    let (path, name) = try desk.target(named)
    let shown = "~/\(name)"
    if let (target, section) = desk.sections(name).last {
      let location = section.source.location
      throw Failure(
        "\(shown) is set already: \(location.file):\(location.line)",
        hint: target == name ? "outfit dotfiles edit \(shown)" : "the folder ~/\(target) has it",
        status: .usage)
    }
    guard let status = try host.files.status(path, followLinks: false) else {
      throw Failure("there is no \(shown)", hint: "name a file that is there", status: .usage)
    }
    guard status.kind == .file else {
      throw Failure(
        "\(shown) is \(status.kind == .link ? "a link" : status.kind == .directory ? "a folder" : "no file")",
        hint: status.kind == .directory
          ? "name its files: outfit dotfiles add \(shown)/*" : "write its entry by hand",
        status: .usage)
    }
    let bytes = try host.files.read(path)
    try refuseSecrets(bytes, shown)
    if form == .template, bytes.contains(0) || String(decoding: bytes, as: UTF8.self).contains("{{") {
      throw Failure(
        "\(shown) can't be a template as it is: it is no text, or has `{{` in it",
        hint: "leave `--as template` out",
        status: .usage)
    }
    let plain = "dotfiles/" + (name.hasPrefix(".") ? String(name.dropFirst()) : name)
    let source = folder.pushing(FilePath(plain))
    guard !host.files.exists(source) else {
      throw Failure(
        "\(desk.session.short(source)) is there already", hint: "move it away first", status: .usage)
    }
    var entry: [ManifestValue.Entry] = [.init(form.rawValue, .text(plain))]
    let usual: UInt16 = form != .template && status.mode & 0o100 != 0 ? 0o755 : 0o644
    if status.mode & 0o777 != usual {
      entry.append(.init("mode", .text("0" + String(status.mode & 0o777, radix: 8))))
    }
    try file.edit.set(["dotfiles", name], to: .mapping(entry))
    sources.append((source, bytes, status.mode & 0o100 != 0 ? 0o755 : 0o644))
  }

  private func refuseSecrets(_ bytes: [UInt8], _ shown: String) throws {
    guard !force else { return }
    let lines = String(decoding: bytes, as: UTF8.self).split(
      separator: "\n", omittingEmptySubsequences: false)
    let found = SecretFinder.find(in: lines.map(String.init))
    guard !found.isEmpty else { return }
    throw Failure(
      found.map {
        Diagnostic(
          .error, "\(shown):\($0.line) looks as if it held \($0.what)",
          hint: "leave the file out; or, where it is none, outfit dotfiles add --force \(shown)")
      }, status: .usage)
  }

  /// Writes the copies and the manifest, and applies. Where that fails, the copies go again.
  func finish(json: Bool) async throws -> ExitStatus {
    let files = host.files
    var made: [FilePath] = []
    do {
      for (path, bytes, mode) in sources {
        try files.createDirectories(path.removingLastComponent(), mode: isOwn ? 0o700 : 0o755)
        try files.create(path, bytes, mode: isOwn ? mode & 0o700 : mode)
        made.append(path)
      }
      var wish = Undertaking.Wish()
      wish.verb = "dotfiles"
      wish.wantsJSON = json
      wish.named = ["add"]
      if isOwn {
        wish.edits = [file]
        if file.edit.original == nil { try PersonalSchema.write(host) }
      } else {
        try file.save(host)
        wish.consent = .folders
      }
      let status = try await desk.apply(wish)
      if status == .done {
        for (path, _, _) in sources {
          desk.session.say("Its source: \(desk.session.short(path))", json: json)
        }
      }
      return status
    } catch {
      for path in made { try? files.remove(path) }
      throw error
    }
  }
}
