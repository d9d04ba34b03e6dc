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
    switch try pins(section, sources, interpreter, pythons, context) {
    case .ask(let query): return .ask([query])
    case .failed(let message):
      if message.isMistake { throw Failure([message.diagnostic], status: .usage) }
      return .done(lock)
    case .done(let requirements):
      lock.virtualenv = LockedRequirements(
        from: section.value.from, sourceDigest: sources.digest, python: interpreter.version.minor,
        requirements: requirements)
    }
    return .done(lock)
  }

  public func propose(_ context: Context) throws -> Round<Proposal> {
    var proposal = Proposal()
    guard let section = context.profile.virtualenv else { return .done(proposal) }
    let asked = Self.settings(context)
    guard asked.isEmpty else { return .ask(asked) }
    let pythons = Pythons(context)
    guard let interpreter = pythons.choose(nil) else {
      // It has been said by who should have given one.
      guard context.earlier.failures.isEmpty else { return .done(proposal) }
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
      proposal.isUnresolved = true
      if case .failed(let message) = try pins(section, sources, interpreter, pythons, context) {
        proposal.failures = [message.diagnostic]
      } else {
        proposal.failures = [
          Diagnostic(
            .error, "\(section.value.from) is not locked as it is now", at: section.source.location,
            hint: "run `outfit lock` on a machine with network")
        ]
      }
      return .done(proposal)
    }
    let indexes = try Indexes(context)
    let uv = try Uv(context, on: interpreter, pythons: pythons, indexes: indexes)
    let locked = Set(RequirementSet(entry.requirements).entries.map(\.name))
    let folder = context.root.lastComponent?.string ?? "project"
    let environment = uv.environment(
      name: Self.objectName, label: "virtualenv of \(folder)", requirements: entry.requirements,
      bound: indexes.bound.filter { locked.contains($0.key) }, linkMode: "copy", place: context.root,
      link: context.root.pushing(FilePath(section.value.path)),
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

  /// What a resolver gave, as a lock may hold it, with the digests that the files allow.
  /// - Throws: `Failure`, status 2, for what has no digest, or another than the files have.
  private static func pins(
    _ text: String, _ section: Sourced<VirtualenvSection>, _ sources: Sources
  ) throws -> String {
    let digests = sources.reading.digests
    return try RequirementLine.parse(text).map { line in
      if line.pin != nil, let pin = try digests.restricted(line).pin { return pin }
      throw Failure(
        "\(section.value.from): \(line.complaint)", at: section.source.location,
        hint: "only what an index or an address has as a wheel can be pinned", status: .usage)
    }.joined()
  }

  private static func settings(_ context: Context) -> [Query] {
    (Pythons.queries(context) + Indexes.queries(context)).filter { context.facts[$0] == nil }
  }

  /// The file that binds names to indexes, in the scratch folder.
  private static let bindings = "outfit.bound/pyproject.toml"

  /// What the files come to: as for a tool, packages that are bound to an index from there alone, and their names told
  /// to no other.
  private func pins(
    _ section: Sourced<VirtualenvSection>, _ sources: Sources, _ interpreter: ProvidedInterpreter,
    _ pythons: Pythons, _ context: Context
  ) throws -> Shop.Pins {
    let indexes = try Indexes(context)
    let uv = try Uv(context, on: interpreter, pythons: pythons, indexes: indexes)
    let label = "resolving \(section.value.from)"
    func answer(_ query: Query) throws -> Shop.Pins {
      guard let answer = context.facts[query] else { return .ask(query) }
      if case .collected(let files) = answer, let bytes = files[Uv.lockFile] {
        return .done(String(decoding: bytes, as: UTF8.self))
      }
      return .failed(Self.message(answer, section, indexes))
    }
    if sources.reading.kind == .uvLock {
      let found = try answer(
        uv.export(
          label: label, project: sources.files["pyproject.toml"] ?? [],
          lock: sources.files["uv.lock"] ?? []))
      guard case .done(let text) = found else { return found }
      return .done(try Self.pins(text, section, sources))
    }
    let asked = try sources.reading.names
    let all = Set(indexes.bound.keys)
    var bound = all.isDisjoint(with: asked) ? [] : all
    for _ in 0..<3 {
      var files = sources.files
      if !bound.isEmpty {
        let project = indexes.project(
          lines: [], bound: indexes.bound.filter { bound.contains($0.key) }, first: nil,
          python: interpreter.version.minor)
        files[Self.bindings] = Array(project.utf8)
      }
      let found = try answer(
        uv.compile(
          label: label, files: files, input: sources.reading.main,
          beside: bound.isEmpty ? nil : Self.bindings,
          previous: context.lock.virtualenv?.requirements, isAnnotated: !all.isEmpty))
      guard case .done(let text) = found else { return found }
      guard !all.isEmpty else { return .done(try Self.pins(text, section, sources)) }
      let set = RequirementSet(text)
      let needed = bound.isEmpty ? Set(set.entries.map(\.name)) : set.reachable(from: asked)
      let used = all.intersection(needed)
      if used == bound { return .done(try Self.pins(RequirementSet.text(set.entries), section, sources)) }
      bound = used
    }
    return .failed(
      UvMessage(
        Diagnostic(.error, "its pins depend on which index is asked"), what: section.value.from,
        request: section.value.from, at: section.source))
  }

  /// The pins were made from these very files, for this Python or an older one.
  private static func fits(
    _ entry: LockedRequirements?, _ section: Sourced<VirtualenvSection>, _ sources: Sources,
    _ interpreter: ProvidedInterpreter
  ) -> Bool {
    guard let entry, let lowest = Version(entry.python) else { return false }
    return entry.from == section.value.from && entry.sourceDigest == sources.digest
      && !(interpreter.version < lowest) && sources.reading.digests.admit(entry.requirements)
  }

  private static func message(
    _ answer: Answer, _ section: Sourced<VirtualenvSection>, _ indexes: Indexes
  ) -> UvMessage {
    let failure: Diagnostic
    if case .failed(let diagnostic) = answer {
      failure = diagnostic
    } else {
      failure = Diagnostic(.error, "uv wrote no pins")
    }
    return UvMessage(
      failure, what: section.value.from, request: section.value.from, at: section.source,
      asked: { indexes.asked(for: $0, indexes.bound, first: nil) },
      variable: indexes.variable(ofAddress:))
  }
}

/// The files that a virtualenv is made from, as they are given to uv.
struct Sources {
  var reading: ResolutionFiles
  /// What the pins in the lock are compared by.
  var digest: Digest

  /// By name in the scratch folder: below the project they keep their relative paths. A requirements file is told in
  /// the words that were judged.
  var files: [String: [UInt8]] {
    switch reading.kind {
    case .requirements: reading.lines.mapValues { Array(ResolutionFiles.text(of: $0).utf8) }
    case .project: reading.files
    case .uvLock:
      Dictionary(
        reading.files.map { (FilePath($0).lastComponent?.string ?? $0, $1) },
        uniquingKeysWith: { first, _ in first })
    }
  }

  /// - Throws: `Failure` with status `usage` for a file that is not there, or asks for what can't be pinned.
  static func read(_ section: Sourced<VirtualenvSection>, _ context: Context) throws -> Round<Sources> {
    var queries: [Query] = []
    let reading = try ResolutionFiles.read(from: section.value.from, at: section.source.location) { name in
      let query = Query.contents(context.root.pushing(FilePath(name)))
      switch context.facts[query] {
      case nil:
        queries.append(query)
        return []
      case .contents(let bytes)?: return bytes
      case .failed(let diagnostic)?: throw Failure([diagnostic], status: .usage)
      default: return nil
      }
    }
    guard queries.isEmpty else { return .ask(queries) }
    for (name, lines) in reading.lines.sorted(by: { $0.key < $1.key }) {
      for line in lines { try check(line, in: name) }
    }
    return .done(Sources(reading: reading, digest: reading.digest(for: context.profile)))
  }

  /// A wheel at an address has a digest; what has to be built, and what lies here, has none.
  private static func check(_ line: RequirementLine, in file: String) throws {
    var address: String
    switch line.content {
    case .direct(let direct): address = direct.address
    case .option("--editable", let value): address = value
    default: return
    }
    address = String(address.prefix { $0 != "#" && $0 != "?" }).lowercased()
    let isWheel = address.hasSuffix(".whl")
    if isWheel, address.hasPrefix("https://") || address.hasPrefix("http://") { return }
    let location = SourceLocation(file: file, line: line.line)
    guard !isWheel else {
      throw Failure(
        "\(line.text) is a file of this machine, which a lock for all can't name", at: location,
        hint: "name it by an https address, or take the line out and install it into .venv yourself",
        status: .usage)
    }
    throw Failure(
      "\(line.text) has to be built from source, and Outfit builds nothing from source", at: location,
      hint: "take the line out of the file, and install it into .venv yourself", status: .usage)
  }
}
