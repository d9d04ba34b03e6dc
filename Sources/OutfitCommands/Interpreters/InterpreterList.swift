import ArgumentParser
import OutfitCore
import OutfitInterpreters
import OutfitProfile
import OutfitSystem
import SystemPackage

struct InterpreterList<Noun: InterpreterNoun>: AsyncParsableCommand {
  static var configuration: CommandConfiguration {
    CommandConfiguration(
      commandName: "list", abstract: "List what is installed here, or all that could be.",
      discussion: """
        A star marks what `\(Noun.word)` runs in this folder. With --all: the releases for this platform, out of \
        the published index; without a network, as the index was when it was last asked.
        """,
      aliases: ["ls", "versions"])
  }

  @Argument(help: "Only versions that this request accepts.") var request: String?
  @Flag(name: .shortAndLong, help: "All that could be installed.") var all = false
  @Flag(help: "Only the versions, one a line, the newest first.") var bare = false
  @Flag(help: "With --all: do not ask the network.") var offline = false
  @Flag(help: "Print JSON.") var json = false

  func run() async throws {
    try await withSession { session in
      let wish = try request.map { try InterpreterWishes.read([$0], session, Noun.language)[0] }
      if all {
        try await Self.listAll(session, wish, offline: offline, bare: bare, json: json)
      } else {
        try await listInstalled(session, wish)
      }
    }
  }

  // MARK: Installed

  private func listInstalled(_ session: Session, _ wish: VersionWish?) async throws {
    let installed = try await InstalledInterpreters(session, Noun.language)
    let rows = installed.rows.filter { row in wish.map { $0.accepts(row.version) } ?? true }
    if json {
      session.write(
        JSONDocument(
          .interpreters,
          [
            "current": installed.current.map { .string($0) } ?? .null,
            "chosenBy": installed.chosenBy.map { .string($0) } ?? .null,
            "versions": .array(
              rows.map { row in
                .object([
                  "version": .string(row.version.description), "program": .string(row.program),
                  "origin": .string(row.origin), "current": .bool(row.isCurrent),
                  "present": .bool(row.isThere),
                  "virtualenv": row.virtualenv.map { .string($0) } ?? .null,
                  "wantedBy": .array(row.wantedBy.map { .string($0) }),
                ])
              }),
          ]))
      return
    }
    if bare {
      // For scripts: the newest first, each once, and only what runs.
      let versions = Set(rows.filter { $0.virtualenv == nil && $0.isThere }.map(\.version)).sorted(by: >)
      for version in versions { session.write(version.description) }
      for row in rows where row.isThere { if let name = row.virtualenv { session.write(name) } }
      return
    }
    guard !rows.isEmpty else {
      session.write(
        installed.rows.isEmpty
          ? "Outfit has no \(Noun.title) here yet." : "No \(Noun.title) here is \(request ?? "").")
      session.talk(
        "`outfit \(Noun.word) install \(Noun.examples.0)` gives one; `outfit \(Noun.word) list --all` shows what there is"
      )
      return
    }
    let style = session.outputStyle
    var table = Table()
    for row in rows {
      let version = row.virtualenv.map { "\($0) (\(row.version))" } ?? row.version.description
      table.rows.append([
        row.isCurrent ? style.green("* \(version)") : "  \(version)",
        row.isThere ? row.origin : "\(row.origin), \(style.red("gone"))",
        session.short(FilePath(row.program)), style.dim(row.wantedBy.joined(separator: "; ")),
      ])
    }
    session.write(table)
    if let problem = installed.problem {
      session.talk("`\(Noun.word)` runs nothing here: \(problem)")
    } else if !rows.contains(where: \.isCurrent), wish == nil, let current = installed.current {
      session.talk("`\(Noun.word)` runs \(current) here, by \(installed.chosenBy ?? "PATH")")
    } else if let chosenBy = installed.chosenBy, wish == nil {
      session.talk("`\(Noun.word)` here: by \(chosenBy)")
    }
  }

  // MARK: All

  static func listAll(
    _ session: Session, _ wish: VersionWish?, offline: Bool, bare: Bool, json: Bool
  ) async throws {
    let known = try await InterpreterCatalogue.load(Noun.language, session, isOffline: offline)
    let installed = Set(try await InstalledInterpreters(session, Noun.language).rows.map(\.version))
    let versions = known.catalogue.versions.filter { version in wish.map { $0.accepts(version) } ?? true }
    if json {
      session.write(
        JSONDocument(
          .interpreters,
          [
            "source": .string(known.catalogue.source), "time": .number(Int(known.time)),
            "stale": .bool(known.reason != nil),
            "versions": .array(
              versions.map {
                .object(["version": .string($0.description), "installed": .bool(installed.contains($0))])
              }),
          ]))
      return
    }
    if bare {
      for version in versions { session.write(version.description) }
      return
    }
    guard !versions.isEmpty else {
      throw Failure(
        "there is no \(Noun.title) \(wish?.text ?? "") for \(session.host.platform)",
        hint: known.catalogue.versions.first {
          !$0.isPrerelease && !$0.isFreeThreaded
        }.map { "the newest is \($0); all that there are: outfit \(Noun.word) list --all" }, status: .usage)
    }
    let style = session.outputStyle
    let width = max(40, session.host.terminal.width)
    for (name, all) in Catalogue(versions: versions, source: "").series(Noun.language) {
      var line = "  " + style.bold(name.padding(to: 6))
      var columns = 8
      for version in all {
        let mark = installed.contains(version) ? "*" : ""
        let text = " \(version)\(mark)"
        if columns + text.count > width {
          session.write(line)
          line = "        "
          columns = 8
        }
        line += mark.isEmpty ? text : style.green(text)
        columns += text.count
      }
      session.write(line)
    }
    session.talk(
      known.provenance(now: session.host.clock.now())
        + (installed.isEmpty ? "" : "; a star marks what is installed"))
  }
}

/// What runs here, and who chose it: pyenv's `version`.
struct InterpreterVersion<Noun: InterpreterNoun>: AsyncParsableCommand {
  static var configuration: CommandConfiguration {
    CommandConfiguration(
      commandName: "version", abstract: "Say which version runs here, and who chose it.",
      discussion: "`outfit why \(Noun.word)` names all who had a say.", aliases: ["current"])
  }

  @Flag(help: "Print JSON.") var json = false

  func run() async throws {
    try await withSession { session in
      let installed = try await InstalledInterpreters(session, Noun.language)
      let row = installed.rows.first(where: \.isCurrent)
      if json {
        session.write(
          JSONDocument(
            .interpreters, exit: installed.problem == nil ? .done : .failed,
            [
              "version": row.map { .string($0.version.description) } ?? .null,
              "virtualenv": row?.virtualenv.map { .string($0) } ?? .null,
              "program": installed.current.map { .string($0) } ?? .null,
              "chosenBy": installed.chosenBy.map { .string($0) } ?? .null,
              "problem": installed.problem.map { .string($0) } ?? .null,
            ]))
        if installed.problem != nil { throw Ended(.failed) }
        return
      }
      if let problem = installed.problem { throw Failure(problem) }
      let name = row.map { $0.virtualenv ?? $0.version.description } ?? installed.current ?? ""
      session.write("\(name) (set by \(installed.chosenBy ?? "PATH"))")
    }
  }
}
