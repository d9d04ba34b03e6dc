import ArgumentParser
import OutfitCore
import OutfitEngine
import OutfitProfile
import OutfitSystem

struct OutdatedCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "outdated", abstract: "Say which pins could move, and since when.",
    discussion: """
      Wanted is the newest that the manifest accepts: `outfit update` moves there. Latest is the newest of all, \
      for which the manifest would have to change. A profile that comes from git, or a layer that does, is asked \
      whether it has a newer commit. It moves nothing. With --check the exit status is 3 when \
      something could be updated.
      """)

  @Argument(help: "Tools, interpreters or profiles; all when none is named.", completion: Completions.pins)
  var names: [String] = []
  @OptionGroup var scopeOptions: ScopeOptions
  @Flag(help: "Exit 3 when a pin could move.") var check = false
  @Flag(help: "Those that are the newest too.") var all = false
  @Flag(help: "Print JSON.") var json = false

  func run() async throws {
    try await withSession { session in
      let place = try scopeOptions.place(session)
      let consented = try await session.consent(to: try await place.load(session))
      var preparation = try Preparation(
        session, consented, mode: .live, progress: TerminalProgress(host: session.host))
      var rows = await GitLayers.outdated(consented.profile, place, session)
      rows += try await preparation.outdated().map { try preparation.fixed($0) }
      rows += try await ImagePins.outdated(consented, preparation.lock, session)
      if !names.isEmpty {
        let known = rows.map(\.name)
        for name in names where !known.contains(name) {
          throw Failure(
            "\(name) is not pinned here", hint: nearest(name, among: known).map { "did you mean \($0)?" },
            status: .usage)
        }
        rows = rows.filter { names.contains($0.name) }
      }
      let outdated = rows.filter(\.isOutdated)
      if json {
        let isUnknown = rows.contains(where: \.isUnknown)
        let canMove = rows.contains(where: \.canMove)
        session.write(
          JSONDocument(
            .outdated, changed: canMove, exit: isUnknown ? .failed : check && canMove ? .drift : .done,
            ["pins": .array((all ? rows : outdated).map(\.json))]))
      } else {
        Self.write(all ? rows : outdated, session)
        for row in rows where row.note != nil && !all && !row.isOutdated {
          session.talk("\(row.name): \(row.note ?? "")")
        }
        if rows.isEmpty {
          session.write("Nothing is pinned yet.")
        } else if outdated.isEmpty, !rows.contains(where: \.isUnknown) {
          session.write("Every pin is the newest.")
        } else if rows.contains(where: \.canMove) {
          session.write("Next: outfit update")
        }
      }
      let unknown = rows.filter(\.isUnknown).map(\.name)
      if !unknown.isEmpty {
        session.report([
          Diagnostic(
            .error, "what there is of \(unknown.joined(separator: ", ")) could not be found out",
            hint: "with a network, or a mirror that answers, run it again")
        ])
        throw Ended(.failed)
      }
      if check, rows.contains(where: \.canMove) { throw Ended(.drift) }
    }
  }

  private static func write(_ rows: [OutdatedRow], _ session: Session) {
    guard !rows.isEmpty else { return }
    let style = session.outputStyle
    let cells =
      [["name", "current", "wanted", "latest", "since", ""]]
      + rows.map {
        [
          $0.name, $0.current, $0.wanted ?? "?", $0.latest ?? "?", $0.since ?? "-",
          $0.note ?? ($0.isHeld ? "held" : ""),
        ]
      }
    let widths = (0..<6).map { column in cells.map { $0[column].count }.max() ?? 0 }
    for (index, row) in cells.enumerated() {
      let texts = row.enumerated().map { column, text in text.padding(to: widths[column]) }
      let line = texts.joined(separator: "  ").trimmingEnd
      session.write(index == 0 ? style.dim(line) : rows[index - 1].canMove ? style.yellow(line) : line)
    }
  }
}

extension OutdatedRow {
  var json: JSONText {
    .object([
      "kind": .string(kind.rawValue), "name": .string(name), "current": .string(current),
      "wanted": wanted.map(JSONText.string) ?? .null, "latest": latest.map(JSONText.string) ?? .null,
      "since": since.map(JSONText.string) ?? .null, "held": .bool(isHeld), "canMove": .bool(canMove),
      "note": note.map(JSONText.string) ?? .null,
    ])
  }
}

extension Preparation {
  /// What the lock beside a machine profile pins moves with that profile.
  fileprivate func fixed(_ row: OutdatedRow) throws -> OutdatedRow {
    guard profile.scope == .machine, let path = locks.place.shared,
      let team = try LockFile.read(path, for: profile, host: session.host)
    else { return row }
    let isFixed =
      switch row.kind {
      case .tool: team.tools[row.name] != nil
      case .interpreter:
        team.interpreters.contains { language, pins in
          row.name.hasPrefix(language.rawValue) && pins.contains { "\($0.version)" == row.current }
        }
      case .layer, .image: false
      }
    guard isFixed else { return row }
    var row = row
    row.isHeld = true
    row.note = "pinned by \(session.short(path))"
    return row
  }

  /// A row for each pin, part by part.
  mutating func outdated() async throws -> [OutdatedRow] {
    var rows: [OutdatedRow] = []
    var proposal = Proposal()
    for part in Self.onEngines {
      var context = context(earlier: proposal)
      if let part = part as? any Outdating {
        rows += try await Rounds.run(&context, answering) { try part.outdated($0) }
      }
      keep(context.facts)
      // Tools stand on interpreters.
      if part.name == "interpreters" { proposal.merge(try await propose([part])) }
    }
    return rows
  }
}
