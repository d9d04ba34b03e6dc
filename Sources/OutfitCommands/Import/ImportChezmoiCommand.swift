import ArgumentParser
import OutfitChezmoi
import OutfitCore
import OutfitDotfiles
import OutfitEngine
import OutfitFetch
import OutfitProfile
import OutfitSharing
import OutfitSystem
import SystemPackage

struct ImportChezmoiCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "chezmoi", abstract: "Take over a folder of chezmoi's: a profile is made of it.",
    discussion: """
      Says of each file what becomes of it, and why for what is left out. The files keep their names, so that chezmoi goes \
      on working on them. Nothing of it is run, and your home folder stays as it is until `outfit up`, which takes a folder \
      of chezmoi's without this, too.
      """)

  @Argument(help: "The folder, or a git address (github:NAME/dotfiles); without it ~/.local/share/chezmoi.")
  var source: String?
  @Option(help: ArgumentHelp("Make the profile in this new folder.", valueName: "folder")) var to: String?
  @Flag(name: .customLong("dry-run"), help: "Say what would be taken over, and write nothing.") var dryRun =
    false
  @Flag(help: "Print JSON.") var json = false

  func run() async throws {
    try await withSession { session in
      let place = try await ImportSource.find(source ?? "~/.local/share/chezmoi", session)
      let loader = ProfileLoader(host: session.host)
      guard loader.isChezmoi(place.folder) else {
        let isProfile = session.host.files.exists(place.folder.appending(ProfileLoader.manifestName))
        throw Failure(
          isProfile
            ? "\(session.short(place.folder)) has an outfit.yaml already"
            : "\(session.short(place.folder)) is no folder of chezmoi's",
          hint: isProfile
            ? "outfit up \(session.short(place.folder))" : "chezmoi's own is said by: chezmoi source-path",
          status: .usage)
      }
      let goal = try ImportGoal(to, source: place, session)
      let reading = try await ChezmoiImport.read(place, session)
      if !json { reading.show(session) }
      let manifest = goal.folder.appending(ProfileLoader.manifestName)
      let exit: ExitStatus = reading.hasLosses ? .failed : .done
      func tell() {
        session.write(
          JSONDocument(
            .import, changed: true, exit: exit,
            reading.json.merging([
              "tools": .array([]), "root": .string(place.folder.string), "manifest": .string(manifest.string),
              "written": .bool(!dryRun), "dryRun": .bool(dryRun),
            ]) { $1 }))
      }
      guard !dryRun else {
        if json { tell() } else { session.write("Nothing was written: this was a dry run.") }
        if reading.hasLosses { throw Ended(.failed) }
        return
      }
      try goal.copy(place.folder, session.host)
      var file = try ManifestFile(manifest, host: session.host)
      try file.edit.set(["profile"], to: .text(place.name))
      for secret in reading.secrets {
        try file.edit.set(["secrets", secret.name], to: .mapping(secret.entries))
      }
      try file.edit.set(["dotfiles", "./"], to: .mapping([.init("chezmoi", .text("./"))]))
      try file.save(session.host)
      if json { tell() } else { session.write("Wrote \(session.short(file.path)).") }
      if goal.isInPlace, !session.host.files.exists(goal.folder.appending(".chezmoiroot")) {
        session.talk(
          "To have chezmoi leave it alone: echo outfit.yaml >> \(session.short(goal.folder))/.chezmoiignore")
      }
      session.talk("Next: outfit up \(session.short(goal.folder)) --dry-run")
      if reading.hasLosses { throw Ended(.failed) }
    }
  }
}

/// What a folder of chezmoi's would become here.
struct ChezmoiImport {
  private let proposal: Proposal
  private let profile: Profile
  private let home: FilePath
  private let hidden: Int
  private let settings: [String]
  private let externals: Int
  /// What password managers are asked, as the manifest has it.
  let secrets: [ManagerCall]

  var hasLosses: Bool { !proposal.leftOut.isEmpty }

  static func read(_ place: ImportSource, _ session: Session) async throws -> ChezmoiImport {
    let host = session.host
    var profile = try await ProfileLoader(host: host).machine(place.folder.string, withPersonal: false)
    var answers = try Answers(host, profile: profile.name)
    var prompts = ChezmoiPrompts(session, settings: [:], mayAsk: false)
    try await prompts.settle(&profile, &answers)
    let asked = profile
    profile.answer(answers.values)
    let answering = Answering(
      reading: host,
      fetcher: Downloads(host: host, libraries: Installation.locate(host).libraries, isOffline: true),
      sources: SourceDigests(.machine, host: host))
    var context = Preparation.context(profile, Facts(), host)
    var proposal = try await Rounds.run(&context, answering) { try Dotfiles().propose($0) }
    var secrets: [ManagerCall] = []
    if let section = profile.chezmoiFolders.first?.section,
      case .done(let reading) = try ChezmoiFolder(section, context).read()
    {
      secrets = ManagerCall.all(reading.state.secretCalls, besides: Set(profile.secrets.keys))
      for secret in secrets { context.profile.secrets[secret.name] = Sourced(secret.section, section.source) }
      if !secrets.isEmpty {
        proposal = try await Rounds.run(&context, answering) { try Dotfiles().propose($0) }
      }
    }
    var (hidden, settings, externals) = (0, [String](), 0)
    if let section = profile.chezmoiFolders.first?.section,
      case .done(let reading) = try ChezmoiFolder(section, context).read()
    {
      (hidden, settings) = (reading.hidden.count, reading.state.ownSettings)
      externals = reading.state.externals.count
    }
    return ChezmoiImport(
      proposal: proposal, profile: asked, home: host.user.home, hidden: hidden, settings: settings,
      externals: externals,
      secrets: secrets)
  }

  /// What a document has of it.
  var json: [String: JSONText] {
    [
      "taken": .object(Dictionary(kinds.map { ($0.word, .number($0.count)) }, uniquingKeysWith: { $1 })),
      "left": .array(
        proposal.leftOut.map(\.diagnostic).map { loss in
          .object([
            "what": .string(loss.location.map { "\($0.file):\($0.line)" } ?? ""),
            "why": .string(loss.message),
            "hint": loss.hint.map { .string($0) } ?? .null,
          ])
        }),
      "notes": .array(proposal.notes.map { .string($0.message) }),
      "secrets": .array(secrets.map { .string($0.name) }),
      "asks": .array(profile.ask.keys.sorted().map { .string($0) }),
    ]
  }

  /// How many of each kind there are, in words.
  private var counts: [String] {
    kinds.filter { $0.count > 0 }.map { kind in
      let forms = kind.name.split(separator: "|").map(String.init)
      return "\(kind.count) \(kind.count == 1 ? forms[0] : forms.count > 1 ? forms[1] : kind.name + "s")"
    }
  }

  private var kinds: [(word: String, count: Int, name: String)] {
    var (files, folders, links, absent, keys, once) = (0, 0, 0, 0, 0, 0)
    for change in proposal.changes {
      switch change.kind {
      case .file, .source: if change.isOnce { once += 1 } else { files += 1 }
      case .directory, .tree: folders += 1
      case .link: links += 1
      case .edit: keys += 1
      case .absent: absent += 1
      }
    }
    return [
      ("files", files, "file"), ("once", once, "file made once|files made once"), ("links", links, "link"),
      ("folders", folders, "folder"),
      ("keys", keys, "file in which keys are set|files in which keys are set"),
      ("absent", absent, "path that goes|paths that go"), ("scripts", proposal.effects.count, "script"),
      ("externals", externals, "download"),
    ]
  }

  func show(_ session: Session) {
    let style = session.outputStyle
    session.write("\(style.green("taken")) \(counts.isEmpty ? "nothing" : counts.joined(separator: ", "))")
    if !profile.ask.isEmpty {
      session.write("asks  \(profile.ask.keys.sorted().joined(separator: ", ")), at the first `outfit up`")
    }
    for secret in secrets {
      session.write("secret \(secret.name), by \(secret.section.title)")
    }
    if !settings.isEmpty {
      session.write("not taken, since they are about chezmoi itself: \(settings.joined(separator: ", "))")
    }
    if hidden > 0 { session.write("\(hidden) that begin with a dot are no part of what chezmoi takes") }
    session.report(proposal.notes)
    let losses = proposal.leftOut.map(\.diagnostic)
    guard !losses.isEmpty else { return }
    session.write("\(style.red("left")) \(losses.count):")
    for loss in losses {
      let place = loss.location.map { "\($0.file):\($0.line)" } ?? ""
      session.write("  \(place.harmless): \(loss.message.harmless)")
      if let hint = loss.hint { session.write(style.dim("    \(hint.harmless)")) }
    }
  }
}
