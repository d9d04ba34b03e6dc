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
    switch Self.fits(lock.virtualenv, sources, interpreter, context) {
    case .ask(let queries): return .ask(queries)
    case .done(true): return .done(lock)
    case .done(false): break
    }
    switch try VirtualenvPins(sources, interpreter, pythons, context).locked() {
    case .ask(let queries): return .ask(queries)
    case .failed(let message):
      if message.isMistake { throw Failure([message.diagnostic], status: .usage) }
    case .done(let locked):
      let unread = Self.unread(locked, context)
      guard unread.isEmpty else { return .ask(unread) }
      lock.virtualenv = locked
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
    let isCurrent: Bool
    switch Self.fits(context.lock.virtualenv, sources, interpreter, context) {
    case .ask(let queries): return .ask(queries)
    case .done(let answer): isCurrent = answer
    }
    let pinning = try VirtualenvPins(sources, interpreter, pythons, context)
    guard let entry = context.lock.virtualenv, isCurrent else {
      proposal.isUnresolved = true
      if case .failed(let message) = try pinning.locked() {
        proposal.failures = [message.diagnostic]
      } else {
        proposal.failures = [
          Diagnostic(
            .error, "\(section.value.title) is not locked as it is now", at: section.source.location,
            hint: "run `outfit lock` on a machine with network")
        ]
      }
      return .done(proposal)
    }
    let (indexes, uv) = (pinning.indexes, pinning.uv)
    let contents: ProjectContents
    do {
      switch try Self.contents(entry, section.value, context) {
      case .ask(let queries): return .ask(queries)
      case .done(let found): contents = found
      }
    } catch let failure as Failure {
      // What stands stays, and what is no part of this goes on.
      proposal.failures = failure.diagnostics.map {
        Diagnostic($0.severity, $0.message, at: $0.location ?? section.source.location, hint: $0.hint)
      }
      return .done(proposal)
    }
    if !contents.missing.isEmpty {
      proposal.failures = contents.missing.map {
        Self.notBuilt(
          $0, contents.missing, section, isRepository: Self.sourceNames(entry).contains($0),
          python: entry.python, at: sources.reading.location(of: $0))
      }
      // What stands is whole, unless it says itself that it is not.
      let standing = [
        Query.status(context.root.pushing(FilePath(section.value.path))),
        .contents(context.root.pushing(FilePath(section.value.path)).appending(ProjectContents.missingFile)),
      ]
      let unknown = standing.filter { context.facts[$0] == nil }
      guard unknown.isEmpty else { return .ask(unknown) }
      if case .status? = context.facts[standing[0]], context.facts[standing[1]] == .absent {
        return .done(proposal)
      }
    }
    let pins = Self.pins(entry, without: Set(contents.missing))
    let locked = Set(RequirementSet(pins).entries.map(\.name))
    let folder = context.root.lastComponent?.string ?? "project"
    let environment = uv.environment(
      name: Self.objectName, label: "virtualenv of \(folder)", requirements: pins,
      bound: indexes.bound.filter { locked.contains($0.key) }, place: context.root,
      link: context.root.pushing(FilePath(section.value.path)), contents: contents,
      build: Self.built(entry, section.value),
      checks: (pins.contains("==") ? [.record("lib")] : []) + [.exists("bin/python")])
    let pip = ProjectPip.object(indexes: indexes, store: context.store)
    proposal.objects = pythons.added(for: interpreter) + [uv.object, environment, pip]
    let place = context.root.pushing(FilePath(section.value.path))
    proposal.virtualenv = place
    proposal.changes = [
      Change(
        target: place, owner: section.source, kind: .link(.object(environment.id, "")),
        object: environment.id)
    ]
    switch GitExclude([section.value.path], name: "virtualenv", section.source, environment.id).change(
      context)
    {
    case .ask(let queries): return .ask(queries)
    case .done(let change): proposal.changes += change.map { [$0] } ?? []
    }
    if let (bound, location) = Self.unmet(sources, interpreter.version) {
      proposal.notes.append(
        Diagnostic(
          .warning, "the project asks for Python \(bound), and this is \(interpreter.version)", at: location,
          hint: "name one that fits: `interpreters: {python: ...}`"))
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

  /// The pins were made from these very files, for this Python or an older one.
  private static func fits(
    _ entry: LockedRequirements?, _ sources: Sources, _ interpreter: ProvidedInterpreter, _ context: Context
  ) -> Round<Bool> {
    guard let entry, let lowest = Version(entry.python), entry.from == sources.section.value.from,
      entry.sourceDigest == sources.digest, !(interpreter.version < lowest),
      sources.reading.digests.admit(entry.requirements + entry.development)
    else { return .done(false) }
    let unread = unread(entry, context)
    guard unread.isEmpty else { return .ask(unread) }
    return .done(
      entry.projects.allSatisfy { (try? VirtualenvPins.digest(of: $0.path, context)) == $0.digest })
  }

  /// Build files of the projects of a lock that are not known yet.
  private static func unread(_ entry: LockedRequirements, _ context: Context) -> [Query] {
    entry.projects.flatMap { project in
      LocalProject.buildFiles.map {
        .contents(context.root.pushing(FilePath(LocalProject(path: project.path).file($0))))
      }
    }.filter { context.facts[$0] == nil }
  }

  /// `requires-python` of a project (PEP 621) that an interpreter is not for.
  private static func unmet(_ sources: Sources, _ version: Version) -> (String, SourceLocation)? {
    for project in sources.reading.projects {
      let root = sources.reading.description(of: project).root
      guard let bound = root["project"]?["requires-python"]?.string, let request = VersionRequest(bound),
        !request.accepts(Version(version.release))
      else { continue }
      let file = project.file("pyproject.toml")
      let text = String(decoding: sources.reading.files[file] ?? [], as: UTF8.self)
      let line = text.split(separator: "\n", omittingEmptySubsequences: false)
        .firstIndex { $0.hasPrefix("requires-python") }
      return (bound, SourceLocation(file: file, line: (line ?? 0) + 1))
    }
    return nil
  }

  // MARK: From the lock

  /// What is asked to be built of what a lock has.
  private static func built(_ entry: LockedRequirements, _ section: VirtualenvSection) -> [String] {
    let known = Set(entry.sourceOnly + sourceNames(entry))
    return section.build.map { Requirement.normalized($0) }.filter { known.contains($0) }
  }

  /// What a project's environment lacks as long as nobody lets it be built; normalised, sorted.
  public static func unbuilt(_ entry: LockedRequirements?, _ section: VirtualenvSection) -> [String] {
    guard let entry else { return [] }
    let allowed = Set(section.build.map { Requirement.normalized($0) })
    return Set(entry.sourceOnly + sourceNames(entry)).subtracting(allowed).sorted()
  }

  private static func sourceNames(_ entry: LockedRequirements) -> [String] {
    RequirementLine.parse(entry.sources).map(\.packageName)
  }

  /// The pins of an environment for development.
  private static func pins(_ entry: LockedRequirements, without missing: Set<String>) -> String {
    let development = RequirementSet(entry.development).entries
    let names = Set(development.map(\.name)).union(missing)
    let shipped = RequirementSet(entry.requirements).entries.filter { !names.contains($0.name) }
    return RequirementSet.text(
      (shipped + development.filter { !missing.contains($0.name) }).sorted { $0.name < $1.name })
  }

  private static func contents(
    _ entry: LockedRequirements, _ section: VirtualenvSection, _ context: Context
  ) throws -> Round<ProjectContents> {
    let allowed = Set(section.build.map { Requirement.normalized($0) })
    var contents = ProjectContents()
    contents.missing = unbuilt(entry, section)
    contents.sources = RequirementLine.parse(entry.sources).filter { allowed.contains($0.packageName) }
      .map { $0.text + "\n" }.joined()
    contents.build = entry.build
    contents.builds = entry.builds
    contents.wheels = entry.wheels.sorted { $0.key < $1.key }
      .map { (context.root.pushing(FilePath($0.key)), $0.value) }
    for project in entry.projects {
      switch try folder(project, section, context) {
      case .ask(let queries): return .ask(queries)
      case .done(let folder): contents.folders.append(folder)
      }
    }
    if contents.folders.contains(where: { $0.way != .editable }) {
      switch try tree(section, without: contents.folders.flatMap(\.written), context) {
      case .ask(let queries): return .ask(queries)
      case .done(let entries): contents.tree = entries
      }
    }
    if contents.folders.contains(where: { $0.way == .inPlace }) {
      switch RepositoryHistory.read(context) {
      case .ask(let queries): return .ask(queries)
      case .done(let text): contents.history = text
      }
    }
    return .done(contents)
  }

  /// A package that is left out, and the line that would bring all that are.
  private static func notBuilt(
    _ package: String, _ all: [String], _ section: Sourced<VirtualenvSection>, isRepository: Bool,
    python: String? = nil, at location: SourceLocation?
  ) -> Diagnostic {
    let names = Set((section.value.build + all).map { Requirement.normalized($0) }).sorted()
    let from =
      section.value.from.count == 1 ? section.value.title : "[\(section.value.from.joined(separator: ", "))]"
    let isOwn = section.source.layer.kind == .profile
    return Diagnostic(
      .error,
      "\(package) is \(isRepository ? "taken from a repository" : "without a wheel for \(python.map { "Python \($0)" } ?? "its Python")"), and is not in "
        + "\(section.value.path): Outfit builds nothing from source unasked",
      at: location ?? section.source.location,
      hint: "allow its code to run while it is built"
        + (isOwn ? ": outfit up --build \(package)\nor write it" : "")
        + " in \(section.source.location.file): `virtualenv: {from: \(from), build: [\(names.joined(separator: ", "))]}`",
      reason: .notBuilt)
  }

  /// Why it could not be made, in words for the manifest's author, where that is known.
  public static func explanation(of failure: Diagnostic, _ section: Sourced<VirtualenvSection>) -> Diagnostic
  {
    guard var message = UvMessage(ofBuild: failure, tool: section.value.title, at: section.source) else {
      return failure
    }
    // A Pipfile.lock has digests alone: of one that was locked before it had a wheel, they are the source's.
    if let package = message.mismatched, section.value.from.contains(where: { $0.hasSuffix("Pipfile.lock") }),
      !section.value.build.contains(where: { Requirement.normalized($0) == package })
    {
      let hint = message.diagnostic.hint.map { "\nelse \($0)" } ?? ""
      message.diagnostic.hint =
        "where the lock has its source alone, allow its code to run while it is built: outfit up --build \(package)"
        + hint
    }
    return message.lacking.map { notBuilt($0, [$0], section, isRepository: false, at: nil) }
      ?? message.diagnostic
  }
}
