import OutfitCore
import OutfitEngine
import OutfitProfile
import OutfitSystem
import SystemPackage

/// `virtualenv:`: a project's own packages, in an environment that the store holds and `.venv` links to.
///
/// Within the project `python` is that environment's, for those who never activate anything.
public struct Virtualenv: Part {
  public init() {}

  public var name: String { "virtualenv" }

  /// Of its object in the store.
  public static let objectName = "virtualenv"

  public func resolve(_ context: Context) throws -> Round<Lock> {
    var lock = context.lock
    guard let section = context.profile.virtualenv else {
      lock.virtualenv = nil
      return .done(lock)
    }
    let sources: Sources
    switch try Sources.read(section, context) {
    case .ask(let queries): return .ask(queries)
    case .done(let read): sources = read
    }
    let asked = Self.settings(context)
    guard asked.isEmpty else { return .ask(asked) }
    let pythons = Pythons(context)
    guard let interpreter = pythons.choose(nil) else { return .done(lock) }
    if Self.fits(lock.virtualenv, section, sources, interpreter) { return .done(lock) }
    let query = try question(section, sources, interpreter, pythons, context)
    guard let answer = context.facts[query] else { return .ask([query]) }
    guard case .collected(let files) = answer, let bytes = files[Uv.lockFile] else {
      let message = Self.message(answer, section)
      if message.isMistake { throw Failure([message.diagnostic], status: .usage) }
      return .done(lock)
    }
    lock.virtualenv = LockedRequirements(
      from: section.value.from, sourceDigest: sources.digest, python: interpreter.version.minor,
      requirements: String(decoding: bytes, as: UTF8.self))
    return .done(lock)
  }

  public func propose(_ context: Context) throws -> Round<Proposal> {
    var proposal = Proposal()
    guard let section = context.profile.virtualenv else { return .done(proposal) }
    let asked = Self.settings(context)
    guard asked.isEmpty else { return .ask(asked) }
    let pythons = Pythons(context)
    guard let interpreter = pythons.choose(nil) else {
      proposal.failures = [
        Diagnostic(
          .error, "the virtualenv needs a Python, and none could be had", at: section.source.location,
          hint: context.profile.interpreters[.python] == nil
            ? "name one: `interpreters: {python: \"3.13\"}`" : nil)
      ]
      return .done(proposal)
    }
    let sources: Sources
    switch try Sources.read(section, context) {
    case .ask(let queries): return .ask(queries)
    case .done(let read): sources = read
    }
    guard let entry = context.lock.virtualenv, Self.fits(entry, section, sources, interpreter) else {
      let query = try question(section, sources, interpreter, pythons, context)
      proposal.failures = [
        context.facts[query].map { Self.message($0, section).diagnostic }
          ?? Diagnostic(
            .error, "\(section.value.from) is not locked as it is now", at: section.source.location,
            hint: "run `outfit lock` on a machine with network")
      ]
      return .done(proposal)
    }
    let uv = try Uv(context, on: interpreter, pythons: pythons, indexes: try Indexes(context))
    let folder = context.root.lastComponent?.string ?? "project"
    let environment = uv.environment(
      name: Self.objectName, label: "virtualenv of \(folder)", requirements: entry.requirements,
      linkMode: "copy", place: context.root, link: context.root.pushing(FilePath(section.value.path)),
      checks: (entry.requirements.contains("==") ? [.record("lib")] : []) + [.exists("bin/python")])
    let pip = ProjectPip.object(store: context.store)
    proposal.objects = pythons.added(for: interpreter) + [uv.object, environment, pip]
    let repository = Query.status(context.root.appending(".git"))
    guard let standing = context.facts[repository] else { return .ask([repository]) }
    let place = context.root.pushing(FilePath(section.value.path))
    proposal.virtualenv = place
    proposal.changes = [
      Change(
        target: place, owner: section.source, kind: .link(.object(environment.id, "")),
        object: environment.id)
    ]
    var exclude: (folder: FilePath, identifier: String)?
    if case .status(let status) = standing, status.kind == .directory {
      exclude = (context.root.appending(".git"), "virtualenv")
    } else if case .status = standing {
      // A worktree or a submodule; worktrees share one file.
      switch GitFolders.find(
        from: context.root, environment: context.environment, known: { context.facts[$0] })
      {
      case .ask(let queries): return .ask(queries)
      case .done(let git):
        exclude = git.map { ($0.common, "virtualenv-\(fnv1a64(context.root.string.utf8))") }
      }
    }
    if let exclude {
      // A pattern for a folder, as most .gitignore files have it, does not match a link.
      proposal.changes.append(
        Change(
          target: exclude.folder.pushing("info/exclude"), owner: section.source,
          kind: .edit(
            .block(Edit.Block(identifier: exclude.identifier, body: "/\(section.value.path)\n"))),
          object: environment.id))
    }
    proposal.claims = ["python", "python3", "python\(interpreter.version.minor)"].map { name in
      Claim(
        name: name, program: .object(environment.id, "bin/python"),
        label: "Python \(interpreter.version) of \(section.value.path)", owner: section.source,
        object: environment.id, takesOver: true)
    }
    // The environment has no pip of its own, and the interpreter's would install past it.
    proposal.claims += ["pip", "pip3", "pip\(interpreter.version.minor)"].map { name in
      Claim(
        name: name, program: .object(environment.id, "bin/python"),
        arguments: ProjectPip.arguments(pip, uv: uv.object, store: context.store),
        label: "pip of \(section.value.path)", owner: section.source, object: environment.id, takesOver: true)
    }
    return .done(proposal)
  }

  private static func settings(_ context: Context) -> [Query] {
    (Pythons.queries(context) + Indexes.queries(context)).filter { context.facts[$0] == nil }
  }

  private func question(
    _ section: Sourced<VirtualenvSection>, _ sources: Sources, _ interpreter: ProvidedInterpreter,
    _ pythons: Pythons, _ context: Context
  ) throws -> Query {
    let uv = try Uv(context, on: interpreter, pythons: pythons, indexes: try Indexes(context))
    let label = "resolving \(section.value.from)"
    if sources.kind == .uvLock {
      return uv.export(
        label: label, project: sources.files["pyproject.toml"] ?? [],
        lock: sources.files["uv.lock"] ?? [])
    }
    return uv.compile(
      label: label, files: sources.files, input: sources.main,
      previous: context.lock.virtualenv?.requirements)
  }

  /// The pins were made from these very files, for this Python or an older one.
  private static func fits(
    _ entry: LockedRequirements?, _ section: Sourced<VirtualenvSection>, _ sources: Sources,
    _ interpreter: ProvidedInterpreter
  ) -> Bool {
    guard let entry, let lowest = Version(entry.python) else { return false }
    return entry.from == section.value.from && entry.sourceDigest == sources.digest
      && !(interpreter.version < lowest)
  }

  private static func message(_ answer: Answer, _ section: Sourced<VirtualenvSection>) -> UvMessage {
    let failure: Diagnostic
    if case .failed(let diagnostic) = answer {
      failure = diagnostic
    } else {
      failure = Diagnostic(.error, "uv wrote no pins")
    }
    return UvMessage(
      failure, what: section.value.from, request: section.value.from, at: section.source)
  }
}

/// The files that a virtualenv is made from, with those that they include.
struct Sources {
  enum Kind { case requirements, project, uvLock }

  var kind: Kind
  /// By name in the scratch folder: below the project they keep their relative paths.
  var files: [String: [UInt8]]
  var main: String

  /// Over the names and contents of all of them.
  var digest: Digest {
    var digest = Digest.Running()
    for (name, bytes) in files.sorted(by: { $0.key < $1.key }) {
      digest.field(name)
      digest.field(Digest(of: bytes).hex)
    }
    return digest.finish()
  }

  /// - Throws: `Failure` with status `usage` for a file that is not there, or asks for what can't be pinned.
  static func read(_ section: Sourced<VirtualenvSection>, _ context: Context) throws -> Round<Sources> {
    let from = section.value.from
    let source = section.source
    let folder = FilePath(from).removingLastComponent()
    let beside = { (name: String) in folder.appending(name).string }
    let kind: Kind
    var names: [String]
    switch FilePath(from).lastComponent?.string {
    case "uv.lock": (kind, names) = (.uvLock, [from, beside("pyproject.toml")])
    case "pyproject.toml": (kind, names) = (.project, [from])
    case "poetry.lock":
      throw Failure(
        "poetry.lock can't be read yet", at: source.location,
        hint: "write a requirements file with `poetry export`, or name pyproject.toml", status: .usage)
    default: (kind, names) = (.requirements, [from])
    }
    var files: [String: [UInt8]] = [:]
    var queries: [Query] = []
    while let name = names.popLast() {
      let query = Query.contents(context.root.pushing(FilePath(name)))
      switch context.facts[query] {
      case nil: queries.append(query)
      case .contents(let bytes)?:
        let key = kind == .uvLock ? FilePath(name).lastComponent?.string ?? name : name
        files[key] = bytes
        if kind == .requirements {
          names += try included(by: name, String(decoding: bytes, as: UTF8.self))
            .filter { files[$0] == nil }
        }
      case .failed(let diagnostic)?: throw Failure([diagnostic], status: .usage)
      default:
        throw Failure(
          "there is no \(name) in the project", at: source.location,
          hint: "name the file that lists its packages: `virtualenv: {from: ...}`", status: .usage)
      }
    }
    guard queries.isEmpty else { return .ask(queries) }
    return .done(
      Sources(
        kind: kind, files: files,
        main: kind == .uvLock ? FilePath(from).lastComponent?.string ?? from : from))
  }

  /// The files that a requirements file includes, relative to the project.
  static func included(by name: String, _ text: String) throws -> [String] {
    var result: [String] = []
    for (number, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
      let words = line.split(whereSeparator: \.isWhitespace)
      guard let first = words.first else { continue }
      let location = SourceLocation(file: name, line: number + 1)
      let isLocal =
        first.hasPrefix(".") || first.hasPrefix("/") || first.hasPrefix("file:") || first.hasPrefix("git+")
      if first == "-e" || first == "--editable" || isLocal || (words.count > 2 && words[1] == "@") {
        throw Failure(
          "\(line.trimmed) has to be built from source, and Outfit builds nothing from source",
          at: location, hint: "take the line out of the file, and install it into .venv yourself",
          status: .usage)
      }
      var path: String?
      for option in ["-r", "-c", "--requirement", "--constraint"] {
        if first == option, words.count > 1 { path = String(words[1]) }
        if first.hasPrefix(option + "=") { path = String(first.dropFirst(option.count + 1)) }
        if option.count == 2, first.hasPrefix(option), first.count > 2 { path = String(first.dropFirst(2)) }
      }
      guard let path else { continue }
      let target = FilePath(name).removingLastComponent().pushing(FilePath(path)).lexicallyNormalized()
      guard !target.isAbsolute, target.components.first?.kind != .parentDirectory else {
        throw Failure(
          "\(path) lies outside the project", at: location, hint: "copy it into the project", status: .usage)
      }
      result.append(target.string)
    }
    return result
  }
}
