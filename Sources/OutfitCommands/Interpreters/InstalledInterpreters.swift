import OutfitCore
import OutfitDispatch
import OutfitEngine
import OutfitProfile
import OutfitSystem
import SystemPackage

/// The interpreters of one language that answer here: this project's, and the machine's.
struct InstalledInterpreters {
  struct Row {
    var version: Version
    /// Absolute.
    var program: String
    /// Where it is from, for people: `pyenv's, /root/.pyenv/…`.
    var origin: String
    /// Who wants it: `3.13 in outfit.yaml:3`.
    var wantedBy: [String]
    var isCurrent = false
    /// The name of a virtualenv.
    var virtualenv: String?
    /// Its program is there; what was adopted may go.
    var isThere = true
  }

  private(set) var rows: [Row] = []
  /// What the bare name runs here, and who chose that.
  let current: String?
  let chosenBy: String?
  let problem: String?

  init(_ session: Session, _ language: Language) async throws {
    let host = session.host
    let dispatcher = Dispatcher(data: Array(host.places.data.string.utf8)) {
      host.environment[$0].map { Array($0.utf8) }
    }
    switch dispatcher.resolve(Array(language.rawValue.utf8), in: Array(host.workingDirectory.string.utf8)) {
    case .run(let match):
      current = String(decoding: match.command.program, as: UTF8.self)
      chosenBy = match.chosenBy ?? Self.origin(match.origin, session)
      problem = nil
    case .stop(let stop):
      (current, chosenBy) = (nil, nil)
      problem = stop.text
    }
    var scopes: [Scope] = [.machine]
    if let project = try Project.bereft(host) ?? Project.find(host) { scopes.insert(project.scope, at: 0) }
    for scope in scopes {
      guard let generation = try Generations.current(scope, host: host) else { continue }
      let wishes = await Self.wishes(scope, language, session)
      for one in generation.interpreters where one.language == language {
        let wanted = wishes[one.request] ?? "\(one.request) in \(generation.profile.name)"
        if let index = rows.firstIndex(where: { $0.program == one.program }) {
          if !rows[index].wantedBy.contains(wanted) { rows[index].wantedBy.append(wanted) }
          continue
        }
        let label = generation.objects.first { $0.id == one.object }?.label ?? ""
        rows.append(
          Row(
            version: one.version, program: one.program, origin: Self.origin(of: label, one.program, host),
            wantedBy: [wanted], isCurrent: one.program == current))
      }
    }
    if language == .python {
      for one in try NamedVirtualenvs.list(host) {
        let program = one.folder.appending("bin/python").string
        rows.append(
          Row(
            version: one.version ?? Version([0]), program: program,
            origin: one.origin == "pyenv" ? "a virtualenv, pyenv's" : "a virtualenv", wantedBy: [],
            isCurrent: program == current, virtualenv: one.name))
      }
    }
    for index in rows.indices { rows[index].isThere = host.files.exists(FilePath(rows[index].program)) }
  }

  private static func origin(_ origin: Dispatcher.Match.Origin, _ session: Session) -> String {
    switch origin {
    case .project(let root):
      "the project \(session.short(FilePath(String(decoding: root, as: UTF8.self))))"
        + (Project.bereft(session.host)?.root.string == String(decoding: root, as: UTF8.self)
          ? ", whose manifest is gone" : "")
    case .machine: "this machine's profile"
    case .virtualenv(let folder): "the virtualenv \(String(decoding: folder, as: UTF8.self))"
    case .path: "PATH"
    }
  }

  /// The label of what was adopted says whose it is: `Python 3.11.7 (pyenv's, /root/.pyenv/…)`.
  private static func origin(of label: String, _ program: String, _ host: Host) -> String {
    if let open = label.firstIndex(of: "("), let comma = label[open...].firstIndex(of: ",") {
      return String(label[label.index(after: open)..<comma])
    }
    return FilePath(program).starts(with: host.places.store) ? "Outfit's" : "adopted"
  }

  /// The requests of a scope's manifests, and where they stand.
  private static func wishes(_ scope: Scope, _ language: Language, _ session: Session) async -> [String:
    String]
  {
    let place: ProfilePlace?
    switch scope {
    case .machine: place = (try? ProfilePlace.adopted(session.host)) ?? nil
    case .project(let folder): place = Project.known(folder, session.host).place
    }
    guard let profile = try? await place?.load(session) else { return [:] }
    var wishes: [String: String] = [:]
    for (request, source) in profile.wanted(language) {
      wishes[request.text] = "\(request) in \(source.location.file):\(source.location.line)"
    }
    return wishes
  }
}
