import OutfitCore
import OutfitDispatch
import OutfitEngine
import OutfitInterpreters
import OutfitProfile
import OutfitSystem
import SystemPackage

/// Who says which interpreter runs in this folder: read from the variables, the version files from here to
/// the root, the manifests and what a project demands, in the order in which the launcher asks them.
struct VersionSources {
  let language: Language
  /// The first that chooses wins.
  private(set) var sources: [VersionSource] = []
  /// What a version file says that nothing may follow, and files that are no version files.
  private(set) var oddities: [Diagnostic] = []
  /// What the language's name runs here, where that is known.
  private(set) var running: Version?
  private let session: Session
  private let longTerm: LongTermLines
  /// Where its manifest is kept elsewhere.
  private let kept: Project?
  private var host: Host { session.host }

  init(_ session: Session, _ language: Language) async {
    self.language = language
    self.session = session
    longTerm = .known(session.host)
    kept = ((try? Project.find(session.host)) ?? nil).flatMap { $0.isKept ? $0 : nil }
    readVariables()
    await readFolders()
    await readMachine()
    await run()
  }

  var contradictions: [VersionContradiction] {
    // Of a project without its manifest that is said by itself.
    let said = VersionContradiction.find(language, in: sources).filter { $0.winner.kind != .record }
    let more = running.map { VersionContradiction.find(language, in: sources, running: $0) } ?? []
    return said + more.filter { one in !said.contains { $0.loser == one.loser } }
  }

  /// What runs, and where nothing does although something here asks for it, why.
  private mutating func run() async {
    guard let winner = sources.first(where: \.chooses) else { return }
    let dispatcher = Dispatcher(data: Array(host.places.data.string.utf8)) { [host] in
      host.environment[$0].map { Array($0.utf8) }
    }
    let here = Array(host.workingDirectory.string.utf8)
    switch dispatcher.resolve(Array(language.rawValue.utf8), in: here) {
    case .run(let match):
      let program = String(decoding: match.command.program, as: UTF8.self)
      let scopes = (try? Generations.scopes(host)) ?? []
      // A record may be of thousands of files; a table is short.
      let interpreters = scopes.flatMap { scope in
        (try? host.files.read(host.places.table(of: scope))).flatMap { DispatchTable($0) }?.interpreters ?? []
      }
      running =
        interpreters.first { $0.program == program }.flatMap { Version($0.version) }
        ?? (try? NamedVirtualenvs.list(host))?.first { $0.folder.appending("bin/python").string == program }?
        .version
      guard let chosenBy = match.chosenBy, winner.kind == .versionFile, let line = winner.location?.line,
        !chosenBy.hasSuffix(":\(line)")
      else { return }
      var hint = "take the line out"
      if case .wish(let wish) = winner.demand, case .versions = wish.meaning {
        hint += ", or: outfit \(language) install \(wish.text)"
      }
      addRefusal(of: winner, "what \(winner.place) asks for is not here, so that \(chosenBy) serves", hint)
    case .stop(let stop):
      guard winner.kind == .versionFile || winner.kind == .variable else { return }
      addRefusal(of: winner, "`\(language)` runs nothing here: \(stop.message)", stop.hint)
    }
  }

  /// Unless its line is an oddity already.
  private mutating func addRefusal(of source: VersionSource, _ message: String, _ hint: String?) {
    guard let location = source.location else {
      return oddities.append(Diagnostic(.warning, message, hint: hint))
    }
    guard
      !oddities.contains(where: { $0.location?.file == location.file && $0.location?.line == location.line })
    else { return }
    oddities.append(Diagnostic(.warning, message, at: location, hint: hint))
  }

  /// What `doctor` and `status` say.
  var diagnostics: [Diagnostic] { oddities + contradictions.map(\.diagnostic) }

  private mutating func readVariables() {
    let names = language == .python ? ["OUTFIT_PYTHON", "PYENV_VERSION"] : ["OUTFIT_NODE"]
    for name in names {
      guard let value = host.environment[name]?.trimmingBlanks, !value.isEmpty else { continue }
      let first = name == "PYENV_VERSION" ? String(value.prefix { $0 != ":" }) : value
      sources.append(
        VersionSource(
          .variable, place: name, text: value,
          demand: .wish(VersionWish(first, for: language, knowing: longTerm))))
    }
  }

  // MARK: Folders

  private mutating func readFolders() async {
    let root = projectRoot
    var folder = host.workingDirectory.lexicallyNormalized()
    while true {
      let isOfProject = root.map { folder.starts(with: $0) } ?? (folder == host.workingDirectory)
      let manifest = await manifest(at: folder, isOfProject: isOfProject)
      if let manifest, manifest.chooses { sources.append(manifest) }
      for name in VersionFile.names(for: language) { read(folder.appending(name), name, isOfProject) }
      if let manifest, !manifest.chooses { sources.append(manifest) }
      if isOfProject { readBounds(folder) }
      let parent = folder.removingLastComponent()
      guard parent != folder else { return }
      folder = parent
    }
  }

  /// The nearest folder with a manifest or a repository in it.
  private var projectRoot: FilePath? {
    var folder = host.workingDirectory.lexicallyNormalized()
    while folder != host.user.home, folder != "/" {
      let isRoot =
        !folder.starts(with: host.places.config)
        && host.files.exists(folder.appending(ProfileLoader.manifestName))
        || host.files.exists(folder.appending(".git"))
      if isRoot { return folder }
      folder.removeLastComponent()
    }
    return nil
  }

  private func manifest(at folder: FilePath, isOfProject: Bool) async -> VersionSource? {
    var place: ProfilePlace?
    if let kept, folder == kept.root {
      place = kept.place
    } else if !folder.starts(with: host.places.config),
      host.files.exists(folder.appending(ProfileLoader.manifestName))
    {
      place = ProfilePlace(scope: .project(folder), address: folder.string)
    }
    let generation =
      host.files.exists(host.places.table(of: .project(folder)))
      ? try? Generations.current(.project(folder), host: host) : nil
    let pins = generation?.interpreters.filter { $0.language == language } ?? []
    if let profile = try? await place?.read(session, network: .never) {
      return source(.manifest(counts: !pins.isEmpty), profile, isOfProject: isOfProject)
    }
    guard let generation, let first = pins.first, let request = VersionRequest(first.request) else {
      return nil
    }
    let known = Project(root: folder, made: generation.profile)
    return VersionSource(
      .record, place: session.display(known.manifest), text: pins.map(\.request).joined(separator: ", "),
      demand: .request(request, pin: first.version), isOfProject: isOfProject)
  }

  private mutating func readMachine() async {
    guard let place = try? ProfilePlace.adopted(host), let profile = try? await place.load(session),
      let source = source(.machine, profile, isOfProject: false)
    else { return }
    sources.append(source)
  }

  private func source(_ kind: VersionSource.Kind, _ profile: Profile, isOfProject: Bool) -> VersionSource? {
    guard let section = profile.interpreters[language], let first = section.value.versions.first else {
      return nil
    }
    let lock = try? Locks(host: host, profile: profile).merged
    let pin = lock?.interpreters[language]?.first { $0.request == first.text }?.version
    let location = section.source.location
    return VersionSource(
      kind, place: "\(location.file):\(location.line)",
      text: section.value.versions.map(\.text).joined(separator: ", "), demand: .request(first, pin: pin),
      location: location, isOfProject: isOfProject && section.source.layer.kind != .personal)
  }

  // MARK: Files

  private mutating func read(_ path: FilePath, _ name: String, _ isOfProject: Bool) {
    let file = session.display(path)
    guard let text = text(of: path, limit: VersionFile.limit, file, what: "a version file") else { return }
    let lines =
      name == ".tool-versions" ? VersionFile.repeated(in: text, for: language, knowing: longTerm) : []
    let wishes = VersionFile.wishes(in: text, named: name, for: language, knowing: longTerm)
    for (index, all) in ([wishes] + lines.dropFirst()).enumerated() {
      guard let first = all.first else { continue }
      let location = SourceLocation(file: file, line: first.line)
      sources.append(
        VersionSource(
          .versionFile, place: "\(file):\(first.line)",
          text: (index == 0 ? all : [first]).map(\.text.harmless).joined(separator: ", "),
          demand: .wish(first),
          location: location, isOfProject: isOfProject))
      for wish in all { check(wish, at: SourceLocation(file: file, line: wish.line)) }
    }
  }

  private mutating func check(_ wish: VersionWish, at location: SourceLocation) {
    let shown = String(wish.text.prefix(60)).harmless
    switch wish.meaning {
    case .refused(let reason):
      oddities.append(
        Diagnostic(
          .warning,
          "\(location.file):\(location.line) says `\(shown)`, which Outfit does not follow: \(reason)",
          at: location, hint: "a version file can only choose a version: 3.12, or >=3.11,<3.14"))
    case .name(let name):
      let isKnown = (try? NamedVirtualenvs.list(host))?.contains { $0.name == name } ?? false
      guard language == .node || !isKnown else { return }
      oddities.append(
        Diagnostic(
          .warning,
          "\(location.file):\(location.line) names the virtualenv `\(shown)`, which Outfit does not know",
          at: location,
          hint: "`outfit import pyenv` takes pyenv's virtualenvs over; for a version write 3.12, say"))
    default: break
    }
  }

  private mutating func readBounds(_ folder: FilePath) {
    for name in VersionBound.files(for: language) {
      let path = folder.appending(name)
      let file = session.display(path)
      guard let text = text(of: path, limit: VersionBound.limit, file, what: "a project's description")
      else { continue }
      for bound in VersionBound.bounds(in: text, named: name) {
        sources.append(
          VersionSource(
            .bound, place: "\(file):\(bound.line)", text: bound.text.harmless, demand: .bound(bound),
            location: SourceLocation(file: file, line: bound.line), isOfProject: true))
      }
    }
  }

  /// Nil for what is no regular file, or too large for an honest one.
  private mutating func text(of path: FilePath, limit: Int64, _ file: String, what: String) -> String? {
    guard let status = (try? host.files.status(path, followLinks: true)) ?? nil, status.kind == .file else {
      let entry = (try? host.files.status(path, followLinks: false)) ?? nil
      if let entry {
        let kind =
          switch entry.kind {
          case .directory: "a folder"
          case .link: "a link that leads to no file"
          default: "no file that can be read"
          }
        oddities.append(
          Diagnostic(
            .warning, "\(file) is \(kind), and is not read as \(what)", at: SourceLocation(file: file),
            hint: "remove it, or have a file in its place"))
      }
      return nil
    }
    guard status.size <= limit else {
      oddities.append(
        Diagnostic(
          .warning, "\(file) is too large to be \(what), and is not read", at: SourceLocation(file: file),
          hint: "it has \(status.size) bytes; \(limit) is the most"))
      return nil
    }
    do {
      return String(decoding: try host.files.read(path, limit: Int(limit)), as: UTF8.self)
    } catch {
      oddities.append(
        Diagnostic(
          .warning, "can't read \(file): \(error.reason)", at: SourceLocation(file: file),
          hint: "what it says does not count: chmod u+r \(file)"))
      return nil
    }
  }
}

extension Session {
  /// A path as a person would write it from here.
  func display(_ path: FilePath) -> String {
    var rest = path
    if rest.removePrefix(host.workingDirectory), !rest.isEmpty { return rest.string }
    return short(path)
  }
}

extension String {
  fileprivate var trimmingBlanks: String {
    let start = drop { $0.isWhitespace }
    return String(start.reversed().drop { $0.isWhitespace }.reversed())
  }
}
