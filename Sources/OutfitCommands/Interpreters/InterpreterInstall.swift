import ArgumentParser
import OutfitCore
import OutfitInterpreters
import OutfitProfile
import OutfitSystem

struct InterpreterInstall<Noun: InterpreterNoun>: AsyncParsableCommand {
  static var configuration: CommandConfiguration {
    CommandConfiguration(
      commandName: "install", abstract: "Have versions of \(Noun.title), added to your own layer.",
      discussion: """
        Without a version: what the nearest version file asks for. Where the profile of this machine has versions, \
        these come behind them; `outfit \(Noun.word) global` changes the default. When one can't be had, nothing \
        changes.
        """, aliases: ["add"])
  }

  @Argument(
    help: ArgumentHelp("\(Noun.requests).", valueName: "version"),
    completion: Completions.published(Noun.language)) var versions: [String] = []
  @OptionGroup var options: InterpreterOptions
  @Flag(name: .shortAndLong, help: "List all that could be installed, as `list --all` does.") var list = false
  @Flag(
    help: "Where it is built from source, with profile-guided and link-time optimisation (slower to build).")
  var optimized = false
  /// pyenv's scripts say `-s`; what is there already is never an error here.
  @Flag(name: [.customShort("s"), .customLong("skip-existing")], help: .hidden) var skipExisting = false

  func validate() throws {
    if optimized, Noun.language != .python {
      throw ValidationError("--optimized is for Python, which may be built from source; \(Noun.title) is not")
    }
  }

  func run() async throws {
    try await withSession { session in
      let language = Noun.language
      if list {
        return try await InterpreterList<Noun>.listAll(
          session, try versions.first.map { try InterpreterWishes.read([$0], session, language)[0] },
          offline: options.offline, bare: false, json: options.json)
      }
      let wishes = try InterpreterWishes.read(
        versions.isEmpty ? try await asked(session) : versions, session, language)
      let requests = try await InterpreterWishes.requests(
        wishes, session, language, isOffline: options.offline)
      var change = try await InterpreterChange.personal(language, session, isRead: options.dryRun)
      let others = try await change.others()
      let theirs = Set(others.map(\.request))
      try change.entries.add(
        requests.filter { !theirs.contains($0) }.map(\.text), behindOthers: !others.isEmpty)
      if optimized { try change.entries.setOptimized() }
      guard let done = try await change.apply(options, needed: requests) else { return }
      let had = done.versions(language, requests)
      let names = had.map { "\(Noun.title) \($0.version)" }.joined(separator: ", ")
      let isNew = done.outcome.isNew || done.built > 0
      try done.report(
        session, language, requests,
        said: isNew
          ? "Installed \(names)." : "Nothing to do: \(names) \(had.count == 1 ? "is" : "are") here.",
        json: options.json)
    }
  }

  /// What the nearest version file asks for.
  private func asked(_ session: Session) async throws -> [String] {
    let sources = await VersionSources(session, Noun.language)
    guard let source = sources.sources.first(where: { $0.kind == .versionFile }) else {
      throw Failure(
        "which version?",
        hint: "outfit \(Noun.word) install \(Noun.examples.0); no version file here asks for one",
        status: .usage)
    }
    session.talk("\(source.place) asks for \(source.text)")
    return source.text.split(separator: ",").map { $0.filter { $0 != " " } }.filter { $0 != "system" }
  }
}
