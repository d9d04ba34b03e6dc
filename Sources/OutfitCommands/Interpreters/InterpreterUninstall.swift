import ArgumentParser
import OutfitCore
import OutfitEngine
import OutfitInterpreters
import OutfitProfile
import OutfitSystem
import SystemPackage

struct InterpreterUninstall<Noun: InterpreterNoun>: AsyncParsableCommand {
  static var configuration: CommandConfiguration {
    CommandConfiguration(
      commandName: "uninstall", abstract: "Take versions out of your own layer.",
      discussion: """
        What a profile wants can't be taken out here: it is said which line wants it. The files stay for as long as \
        a generation that you could go back to needs them, then `outfit gc` frees them. What was adopted from pyenv \
        or the system stays where it is.
        """, aliases: ["remove", "rm"])
  }

  @Argument(
    help: ArgumentHelp(
      "As `list` shows them: \(Noun.examples.1), or the whole version.", valueName: "version"),
    completion: Completions.installed(Noun.language))
  var versions: [String]
  @OptionGroup var options: InterpreterOptions

  func run() async throws {
    try await withSession { session in
      let language = Noun.language
      var change = try await InterpreterChange.personal(language, session, isRead: options.dryRun)
      let pins =
        try Generations.current(.machine, host: session.host)?.interpreters.filter { $0.language == language }
        ?? []
      let wanted = try await change.hasProfile ? change.profile().wanted(language) : []
      var requests: [VersionRequest] = []
      for text in versions {
        requests += try requested(text, wanted, pins, change, session)
      }
      let names = requests.map(\.text)
      let going = pins.filter { names.contains($0.request) }
      try refuseWhatIsInUse(going, change, session)
      try change.entries.remove(names)
      try await change.forgetWhatOthersSay()
      guard let done = try await change.apply(options, needed: []) else { return }
      // Another request may mean the same program.
      let staying = done.plan.interpreters.filter { $0.language == language }
      let kept = going.filter { one in staying.contains { $0.program == one.program } }
      let gone = going.filter { one in !kept.contains(one) }
      var said =
        names.filter { name in !going.contains { $0.request == name } } + gone.map(\.version.description)
      said = said.isEmpty ? [] : ["Uninstalled \(Noun.title) \(said.joined(separator: ", "))."]
      for one in kept {
        let other = staying.first { $0.program == one.program }?.request ?? ""
        said.append(
          "\(one.request) is taken out; \(Noun.title) \(one.version) stays, since \(other) is wanted too.")
      }
      try done.report(session, language, [], said: said.joined(separator: "\n"), json: options.json)
      try tellWhatStays(gone, session)
    }
  }

  /// The entries of the own layer that a person means.
  private func requested(
    _ text: String, _ wanted: [(request: VersionRequest, source: Source)], _ pins: [RecordedInterpreter],
    _ change: InterpreterChange, _ session: Session
  ) throws -> [VersionRequest] {
    let named = wanted.filter { $0.request.text == text }
    let wish = VersionWish(text, for: Noun.language, knowing: .known(session.host))
    let byPin = wanted.filter { entry in
      pins.contains {
        $0.request == entry.request.text && ($0.version.description == text || wish.accepts($0.version))
      }
    }
    let meant = named.isEmpty ? byPin : named
    guard !meant.isEmpty else {
      let known = Set(wanted.map(\.request.text) + pins.map(\.version.description))
      let project = try projectsThatWant(text, session)
      if let project {
        throw Failure(
          "the project \(project) wants \(Noun.title) \(text)",
          hint: "take it out of its outfit.yaml and run `outfit up` there, or end the project: "
            + "cd \(project) && outfit rollback 0")
      }
      throw Failure(
        "Outfit has no \(Noun.title) \(text.harmless)",
        hint: nearest(text, among: known).map { "did you mean \($0)?" }
          ?? (known.isEmpty
            ? "it has none"
            : "it has \(newestFirst(known).joined(separator: ", "))"),
        status: .usage)
    }
    if meant.count > 1 {
      throw Failure(
        "\(text.harmless) could be any of \(meant.map(\.request.text).joined(separator: ", "))",
        hint: "name one of them",
        status: .usage)
    }
    let own = meant.filter { $0.source.layer.manifest == change.file.path }
    guard own.isEmpty, let other = meant.first else { return own.map(\.request) }
    throw Failure(
      "\(Noun.title) \(other.request) is wanted by \(other.source.layer.name), "
        + "\(other.source.location.file):\(other.source.location.line)",
      hint:
        "take it out there; `remove: [interpreters.\(Noun.word)]` in your own layer drops all that profiles want"
    )
  }

  private func newestFirst(_ texts: Set<String>) -> [String] {
    texts.sorted { a, b in
      let (one, other) = (Version(a) ?? Version([0]), Version(b) ?? Version([0]))
      return one == other ? a < b : one > other
    }
  }

  private func projectsThatWant(_ text: String, _ session: Session) throws -> String? {
    let wish = VersionWish(text, for: Noun.language, knowing: .known(session.host))
    for case .project(let folder) in try Generations.scopes(session.host) {
      guard let generation = try Generations.current(.project(folder), host: session.host) else { continue }
      if generation.interpreters.contains(where: { $0.language == Noun.language && wish.accepts($0.version) })
      {
        return session.short(folder)
      }
    }
    return nil
  }

  /// Tools of the own layer may name the version that they run on.
  private func refuseWhatIsInUse(
    _ going: [RecordedInterpreter], _ change: InterpreterChange, _ session: Session
  ) throws {
    guard Noun.language == .python, !going.isEmpty,
      let tools = change.entries.edit.value(at: ["tools"]), case .mapping(let entries) = tools
    else { return }
    let users = entries.filter { entry in
      guard case .mapping = entry.value,
        let text = change.entries.edit.value(at: ["tools", entry.key, "python"])?.text,
        let request = VersionRequest(text)
      else { return false }
      return going.contains { request.accepts($0.version) }
    }
    guard users.isEmpty else {
      throw Failure(
        users.map { user in
          let location = change.entries.edit.location(of: ["tools", user.key, "python"])
          return Diagnostic(
            .error, "the tool \(user.key) is to run on it: \(location.file):\(location.line)", at: location,
            hint: "give \(user.key) another `python:`, or take it out")
        })
    }
  }

  /// Other owners, and what still asks for it.
  private func tellWhatStays(_ going: [RecordedInterpreter], _ session: Session) throws {
    let host = session.host
    for one in going {
      for case .project(let folder) in try Generations.scopes(host) {
        guard let generation = try Generations.current(.project(folder), host: host),
          generation.interpreters.contains(where: { $0.program == one.program })
        else { continue }
        session.talk("The project \(session.short(folder)) goes on with \(one.version).")
      }
      if !FilePath(one.program).starts(with: host.places.store) {
        session.talk("\(one.program) is none of Outfit's own, and stays.")
      }
    }
  }
}
