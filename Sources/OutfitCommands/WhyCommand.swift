import ArgumentParser
import OutfitCore
import OutfitDispatch
import OutfitInterpreters
import OutfitProfile
import OutfitSystem

struct WhyCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "why", abstract: "Say which line of which layer wanted something, and what it overrode.",
    discussion: """
      For `python` and `node` it names all that has a say in this folder, the winner first: OUTFIT_PYTHON, \
      version files, the manifests, and what pyproject.toml or package.json demands.
      """)

  @Argument(
    help: "A tool, a command, an entry (tools.black), or a file with or without :LINE.",
    completion: Completions.reasons)
  var name: String
  @Argument(help: "Of a file of settings: a key that a layer sets in it.") var key: String?
  @OptionGroup var scopeOptions: ScopeOptions
  @Flag(help: "Print JSON.") var json = false

  func run() async throws {
    try await withSession { session in
      let language = InterpreterLanguage.of(name)
      var choice: InterpreterChoice?
      if let language {
        choice = InterpreterChoice(await VersionSources(session, language), name: name, session)
      }
      let reasons: [Reason]
      var own: OwnReason?
      var line: LineOrigin?
      do {
        let profile = try await scopeOptions.place(session).load(session)
        let lock = try Locks(host: session.host, profile: profile).merged
        line = try LineOrigin.find(name, in: profile, session)
        reasons =
          if let key {
            try Reason.find(key: key, of: name, in: profile, host: session.host)
          } else if line?.origin == .yours {
            []
          } else {
            try Reason.find(name, in: profile, lock: lock, host: session.host)
          }
      } catch let failure as Failure {
        // Version files and variables choose where no manifest says a word.
        if key == nil, line?.origin == .outfit || line == nil { own = try OwnReason.find(name, session) }
        guard own != nil || choice?.isEmpty == false else { throw failure }
        reasons = []
      }
      if json {
        session.write(
          JSONDocument(
            .why,
            [
              "name": .string(name), "choice": choice?.json ?? .null, "line": line?.json ?? .null,
              "reasons": .array(reasons.map(\.json) + (own.map { [$0.json] } ?? [])),
            ]))
        return
      }
      if let choice { session.host.terminal.write(choice.text(style: session.outputStyle)) }
      if let line { session.host.terminal.write(line.text(style: session.outputStyle)) }
      if let own { session.host.terminal.write(own.text(style: session.outputStyle)) }
      for reason in reasons { session.host.terminal.write(reason.text(style: session.outputStyle)) }
      if let choice { session.report(choice.diagnostics) }
      if language != nil, let bereft = Project.bereft(session.host) {
        session.report([bereft.bereftDiagnostic(session)])
      }
    }
  }
}

/// Which interpreter a command's name belongs to.
enum InterpreterLanguage {
  static func of(_ name: String) -> Language? {
    if name == "node" || name == "npm" || name == "npx" { return .node }
    for stem in ["python", "pip"] where name.hasPrefix(stem) {
      if name.dropFirst(stem.count).allSatisfy({ $0.isNumber || $0 == "." || $0 == "t" }) { return .python }
    }
    return nil
  }
}

/// What an interpreter's name runs in this folder, and all who had a say in it.
struct InterpreterChoice {
  let sources: VersionSources
  private let name: String
  private let program: String?
  private let chosenBy: String?
  private let problem: String?

  init(_ sources: VersionSources, name: String, _ session: Session) {
    self.sources = sources
    self.name = name
    let host = session.host
    let dispatcher = Dispatcher(data: Array(host.places.data.string.utf8)) {
      host.environment[$0].map { Array($0.utf8) }
    }
    switch dispatcher.resolve(Array(name.utf8), in: Array(host.workingDirectory.string.utf8)) {
    case .run(let match):
      program = ([match.command.program] + match.command.arguments).map {
        String(decoding: $0, as: UTF8.self)
      }
      .joined(separator: " ")
      chosenBy = match.chosenBy
      problem = nil
    case .stop(let stop):
      program = nil
      chosenBy = nil
      problem = stop.text
    }
  }

  var isEmpty: Bool { sources.sources.isEmpty }

  var diagnostics: [Diagnostic] { sources.diagnostics }

  private var winner: Int? { sources.sources.firstIndex(where: \.chooses) }

  private func role(_ index: Int) -> String {
    let source = sources.sources[index]
    switch source.kind {
    case .bound: return "demands"
    case .manifest(counts: false): return "not up"
    default: return index == winner ? "chosen by" : "loses"
    }
  }

  private func what(_ source: VersionSource) -> String {
    switch source.kind {
    case .record:
      "what the project was brought up with: this file is gone or can't be read (outfit status)"
    case .machine: "this machine's profile"
    case .manifest(counts: true): "the project's manifest"
    case .manifest(counts: false): "the project's manifest; `outfit up` makes it count"
    case .bound: demand(source)
    case .variable, .versionFile: ""
    }
  }

  private func demand(_ source: VersionSource) -> String {
    guard case .bound(let bound) = source.demand else { return "" }
    return bound.key
      + (sources.contradictions.contains { $0.loser == source } ? ", which the winner does not satisfy" : "")
  }

  func text(style: Style) -> String {
    var rows: [(String, String)] = []
    if let program { rows.append(("runs", program)) }
    if let problem { rows.append(("fails", problem)) }
    let width = sources.sources.map(\.place.count).max() ?? 0
    for (index, source) in sources.sources.enumerated() {
      let note = what(source)
      rows.append(
        (
          role(index),
          "\(source.place.padding(to: width))  \(source.text)" + (note.isEmpty ? "" : style.dim("  \(note)"))
        ))
    }
    return style.bold(name) + "\n"
      + rows.map { label, content in "  " + style.dim(label.padding(to: 11)) + content + "\n" }.joined()
  }

  var json: JSONText {
    .object([
      "program": program.map { .string($0) } ?? .null, "problem": problem.map { .string($0) } ?? .null,
      "chosenBy": winner.map { .string(sources.sources[$0].place) } ?? .null,
      "sources": .array(
        sources.sources.enumerated().map { index, source in
          .object([
            "place": .string(source.place), "text": .string(source.text), "wins": .bool(index == winner),
            "chooses": .bool(source.chooses),
          ])
        }),
      "contradictions": .array(sources.contradictions.map(\.json)),
    ])
  }
}

extension VersionContradiction {
  var json: JSONText {
    func side(_ source: VersionSource) -> JSONText {
      .object(["place": .string(source.place), "text": .string(source.text)])
    }
    return .object([
      "language": .string(language.rawValue), "wins": side(winner), "loses": side(loser),
      "message": .string(diagnostic.message),
    ])
  }
}

extension Reason {
  fileprivate var json: JSONText {
    func place(_ source: Source) -> JSONText {
      .object([
        "layer": .string(source.layer.name),
        "place": .string("\(source.location.file):\(source.location.line)"),
      ])
    }
    return .object([
      "path": .string(path), "value": .string(value), "source": place(source),
      "overrode": .array(overrode.reversed().map(place)), "lockedBy": lockedBy.map(place) ?? .null,
      "pin": pin.map { .string($0) } ?? .null,
      "condition": condition.map { .string($0.description) } ?? .null, "here": .bool(isHere),
    ])
  }
}
