import OutfitCore
import OutfitEngine
import OutfitProfile
import OutfitSystem
import SystemPackage

/// What the files of a virtualenv come to: by uv, or read from another manager's lock.
struct VirtualenvPins {
  let sources: Sources
  let interpreter: ProvidedInterpreter
  let context: Context
  let indexes: Indexes
  let uv: Uv

  init(_ sources: Sources, _ interpreter: ProvidedInterpreter, _ pythons: Pythons, _ context: Context) throws
  {
    self.sources = sources
    self.interpreter = interpreter
    self.context = context
    indexes = try Indexes(context, with: sources)
    uv = try Uv(context, on: interpreter, pythons: pythons, indexes: indexes)
  }

  enum Outcome<Value> {
    case ask([Query])
    case failed(UvMessage)
    case done(Value)
  }

  /// Lines of one choice of groups, sorted by what they are.
  private struct Lines {
    var pins: [RequirementLine] = []
    var sources: [RequirementLine] = []
    /// Relative to the project.
    var projects: [String] = []
    var wheels: [String: Digest] = [:]
    /// Normalised.
    var sourceOnly: Set<String> = []

    mutating func merge(_ other: Lines) {
      let mine = Set(pins.map(\.packageName) + sources.map(\.packageName))
      pins += other.pins.filter { !mine.contains($0.packageName) }
      sources += other.sources.filter { !mine.contains($0.packageName) }
      projects += other.projects.filter { !projects.contains($0) }
      wheels.merge(other.wheels) { mine, _ in mine }
      sourceOnly.formUnion(other.sourceOnly)
    }

    /// What somebody wants to be built is taken as source, whatever wheels there are: for another Python, or for
    /// other machines.
    mutating func takeAsSource(_ names: [String]) {
      let pinned = Set(pins.map(\.packageName))
      sourceOnly.formUnion(pinned.intersection(names.map { Requirement.normalized($0) }))
    }
  }

  var section: Sourced<VirtualenvSection> { sources.section }

  /// - Throws: `Failure`, status 2, for what has no digest, or another than the files have.
  func locked() throws -> Outcome<LockedRequirements> {
    var all: Lines
    switch try lines(sources.choice, earlier: nil) {
    case .ask(let query): return .ask(query)
    case .failed(let message): return .failed(message)
    case .done(let lines): all = lines
    }
    var shipped = all
    if sources.hasGroups {
      switch try lines(sources.choice.deployed(with: section.value.ships), earlier: all) {
      case .ask(let query): return .ask(query)
      case .failed(let message): return .failed(message)
      case .done(let lines): shipped = lines
      }
    }
    all.takeAsSource(section.value.build)
    shipped.takeAsSource(section.value.build)
    let builds: [String: String]
    switch try self.builds(
      all.pins.filter { all.sourceOnly.contains($0.packageName) } + all.sources, all.projects)
    {
    case .ask(let queries): return .ask(queries)
    case .failed(let message): return .failed(message)
    case .done(let pins): builds = pins
    }
    let projects = try all.projects.sorted().map { path -> LockedProject in
      LockedProject(path: path, digest: try Self.digest(of: path, context) ?? Digest(of: ""))
    }
    let shippedTexts = Set(shipped.pins.compactMap(\.pin))
    return .done(
      LockedRequirements(
        from: section.value.from, sourceDigest: sources.digest, python: interpreter.version.minor,
        requirements: shipped.pins.compactMap(\.pin).joined(),
        development: all.pins.compactMap(\.pin).filter { !shippedTexts.contains($0) }.joined(),
        sources: all.sources.compactMap(\.lockedSource).joined(), builds: builds, projects: projects,
        wheels: all.wheels, sourceOnly: all.sourceOnly.sorted(),
        notInImages: shipped.sourceOnly.union(shipped.sources.map(\.packageName)).union(shipped.wheels.keys)
          .sorted()))
  }

  // MARK: One choice

  /// - Parameter earlier: pins that stay.
  private func lines(_ choice: ProjectChoice, earlier: Lines?) throws -> Outcome<Lines> {
    var result = Lines()
    var others = sources.reading.mains.filter { !$0.kind.isLock }
    if let main = sources.reading.lock {
      if main.kind == .uvLock {
        switch try exported(choice, main) {
        case .done(let lines): result = lines
        case let other: return other
        }
      } else if let packages = try sources.reading.locked(choice) {
        result = try told(packages, main)
        // It says nothing of the files that its digests are of.
        if main.kind == .pipfileLock {
          switch lacking(result.pins) {
          case .ask(let query): return .ask(query)
          case .done(let names): result.sourceOnly.formUnion(names)
          case .failed: break
          }
        }
      } else {
        // Which version is meant when is for a resolver to say, which keeps to those that are locked.
        others.insert(
          .init(kind: .project, path: LocalProject(path: main.folder).file("pyproject.toml")), at: 0)
      }
      let own = LocalProject(path: main.folder)
      let isOwn =
        [.poetryLock, .pdmLock].contains(main.kind)
        && sources.reading.description(of: own).isPackage
      if isOwn, !result.projects.contains(own.path) {
        result.projects.append(own.path)
      }
    }
    guard !others.isEmpty else { return .done(result) }
    switch try compiled(choice, others, earlier: earlier, beside: result) {
    case .done(let lines):
      result.merge(lines)
      return .done(result)
    case let other: return other
    }
  }

  private func told(_ packages: LockedPackages, _ main: ResolutionFiles.Main) throws -> Lines {
    var lines = Lines()
    for package in packages.packages {
      if case .path(let path, _) = package.source {
        let place = try ResolutionFiles.local(
          main.folder == "." ? path : "\(main.folder)/\(path)", by: main.path,
          at: SourceLocation(file: main.path, line: 1)
        ).path
        if place.lowercased().hasSuffix(".whl") {
          lines.wheels[place] = package.digests.first.flatMap { Digest($0) }
        } else {
          lines.projects.append(place)
        }
        continue
      }
      guard let text = package.requirement else { continue }
      let hashes = package.digests.map { " --hash=sha256:\($0)" }.joined()
      guard let line = RequirementLine.parse(text + hashes).first else { continue }
      if !package.hasWheel { lines.sourceOnly.insert(package.name) }
      if line.lockedSource != nil, line.pin == nil || !package.hasWheel, case .direct = line.content {
        lines.sources.append(line)
      } else if line.pin != nil {
        lines.pins.append(line)
      } else {
        throw complaint(line, in: main.path)
      }
    }
    return lines
  }

  /// Those of some pins that no index has as a wheel.
  private func lacking(_ pins: [RequirementLine]) -> Outcome<Set<String>> {
    let input = "locked.in"
    let allowed = Set(section.value.build.map { Requirement.normalized($0) })
    var lacking: Set<String> = []
    while true {
      let rest = pins.filter { !lacking.union(allowed).contains($0.packageName) }
      let text = rest.map { $0.textWithoutDigests + "\n" }.joined()
      let outcome = answer(
        uv.compile(
          label: "looking for wheels of \(section.value.title)", [input: Array(text.utf8)], [.scratch(input)],
          withDependencies: false))
      switch outcome {
      case .ask(let query): return .ask(query)
      case .done: return .done(lacking.union(allowed.intersection(pins.map(\.packageName))))
      case .failed(let message):
        guard let name = message.lacking, rest.contains(where: { $0.packageName == name }),
          lacking.count < Self.mostLacking
        else { return .done(lacking) }
        lacking.insert(name)
      }
    }
  }

  /// The pins of a uv.lock as they stand.
  private func exported(_ choice: ProjectChoice, _ main: ResolutionFiles.Main) throws -> Outcome<Lines> {
    let query = uv.export(
      label: "reading \(main.path)",
      project: sources.reading.files[LocalProject(path: main.folder).file("pyproject.toml")] ?? [],
      lock: sources.reading.files[main.path] ?? [], groups: choice.groups, extras: choice.extras)
    switch answer(query) {
    case .ask(let query): return .ask(query)
    case .failed(let message): return .failed(message)
    case .done(let text):
      var lines = try self.lines(of: text, below: main.folder)
      let names = Set(lines.pins.map(\.packageName))
      lines.sourceOnly.formUnion(sources.reading.sourceOnlyOfUvLock.intersection(names))
      return .done(lines)
    }
  }

  /// More packages without a wheel than that are not looked for.
  private static let mostLacking = 40

  /// What uv makes of requirements files and projects. A package that has no wheel, and that nothing allows to be
  /// built, is left out and named.
  private func compiled(
    _ choice: ProjectChoice, _ mains: [ResolutionFiles.Main], earlier: Lines?, beside: Lines
  ) throws -> Outcome<Lines> {
    let allowed = Set(section.value.build.map { Requirement.normalized($0) })
    var lacking: Set<String> = []
    while true {
      let outcome = try resolved(choice, mains, earlier: earlier, beside: beside, without: lacking)
      if case .failed(let message) = outcome, let name = message.lacking, !allowed.contains(name),
        lacking.count < Self.mostLacking, lacking.insert(name).inserted
      {
        continue
      }
      guard case .done(let text) = outcome else {
        switch outcome {
        case .ask(let query): return .ask(query)
        case .failed(let message): return .failed(message)
        case .done: continue
        }
      }
      var lines = try self.lines(of: text, below: ".")
      lines.sourceOnly.formUnion(lacking)
      return .done(lines)
    }
  }

  private func resolved(
    _ choice: ProjectChoice, _ mains: [ResolutionFiles.Main], earlier: Lines?, beside: Lines,
    without lacking: Set<String>
  ) throws -> Outcome<String> {
    var told = try sources.compiled(choice, mains)
    let constraints = beside.pins.map(\.textWithoutDigests)
    if !constraints.isEmpty {
      told.files[Self.constraints] = Array(constraints.map { $0 + "\n" }.joined().utf8)
      told.options += ["--constraints", .scratch(Self.constraints)]
    }
    if !lacking.isEmpty {
      let overrides = lacking.sorted().map { "\($0) ; python_version < '0'\n" }.joined()
      told.files[Self.overrides] = Array(overrides.utf8)
      told.options += ["--override", .scratch(Self.overrides)]
    }
    let descriptions = sources.reading.projects.map { sources.reading.description(of: $0) }
    let projects = descriptions.compactMap(\.name)
    // uv knows what it built again by the times of the build files alone.
    for description in descriptions where description.isDynamic {
      if let name = description.name {
        told.options += ["--refresh-package", .text(name)]
      } else {
        told.options.append("--refresh")
      }
    }
    let previous =
      earlier.map { $0.pins.compactMap(\.pin).joined() }
      ?? context.lock.virtualenv.map { $0.requirements + $0.development }
    let asked = try sources.reading.names
    let all = Set(indexes.bound.keys)
    var bound = all.isDisjoint(with: asked) ? [] : all
    for _ in 0..<3 {
      var attempt = told
      if !bound.isEmpty {
        let project = indexes.project(
          lines: [], bound: indexes.bound.filter { bound.contains($0.key) }, first: nil,
          python: interpreter.version.minor)
        attempt.files[Self.bindings] = Array(project.utf8)
        attempt.inputs.append(.scratch(Self.bindings))
      }
      func compile(runsCode: Bool) -> Outcome<String> {
        answer(
          uv.compile(
            label: "resolving \(section.value.title)", attempt.files, attempt.inputs, attempt.options,
            previous: previous, isAnnotated: !all.isEmpty, build: section.value.build + projects,
            runsCode: runsCode))
      }
      let runsCode = !section.value.build.isEmpty || !projects.isEmpty
      var found = compile(runsCode: runsCode)
      if runsCode, case .failed(let message) = found, isLackOfPython(message), uv.machinePython != nil {
        found = compile(runsCode: false)
        if case .failed = found { found = .failed(message) }
      }
      guard case .done(let text) = found else { return found }
      guard !all.isEmpty else { return found }
      let set = RequirementSet(text)
      let needed = bound.isEmpty ? Set(set.entries.map(\.name)) : set.reachable(from: asked)
      let used = all.intersection(needed)
      if used == bound { return .done(text) }
      bound = used
    }
    return .failed(
      UvMessage(
        Diagnostic(.error, "its pins depend on which index is asked"), what: section.value.title,
        request: section.value.title, at: section.source))
  }

  // MARK: Answers

  /// The files that bind names to indexes, in the scratch folder, and what else a compilation is given.
  private static let bindings = "outfit.bound/pyproject.toml"
  private static let constraints = "outfit.constraints.txt"
  private static let overrides = "outfit.overrides.txt"

  func answer(_ query: Query) -> Outcome<String> {
    guard let answer = context.facts[query] else { return .ask([query]) }
    if case .collected(let files) = answer, let bytes = files[Uv.lockFile] {
      return .done(String(decoding: bytes, as: UTF8.self))
    }
    guard case .failed(let diagnostic) = answer else {
      return .failed(message(of: Diagnostic(.error, "uv wrote no pins")))
    }
    return .failed(message(of: diagnostic))
  }

  func message(of failure: Diagnostic) -> UvMessage {
    UvMessage(
      failure, what: section.value.title, request: section.value.title, at: section.source,
      asked: { indexes.asked(for: $0, indexes.bound, first: nil) },
      variable: indexes.variable(ofAddress:), place: { sources.reading.location(of: $0) })
  }

  /// What a resolver gave, as a lock may hold it, with the digests that the files allow.
  /// - Parameter folder: what its places are relative to, in the project.
  /// - Throws: `Failure`, status 2, for what has no digest, or another than the files have.
  private func lines(of text: String, below folder: String) throws -> Lines {
    let digests = sources.reading.digests
    let known = try sources.reading.addresses
    var lines = Lines()
    for line in RequirementLine.parse(text) {
      // What is consented to is what the files say; what a project's code, or a file at an address, says besides is not.
      if case .direct(let direct) = line.content, direct.isRemote || direct.address.hasPrefix("git+"),
        !known.contains(direct.address), !known.contains(RequirementLine.repository(direct.address))
      {
        throw Failure(
          "\(section.value.title): \(line.packageName) comes from \(direct.shownAddress), which no file names that was consented to",
          at: section.source.location,
          hint: "name it in a requirements file, or in pyproject.toml, if it is meant", status: .usage)
      }
      if let place = try place(line, below: folder) {
        if place.lowercased().hasSuffix(".whl") {
          lines.wheels[place] = line.digests.first.flatMap { Digest($0) }
        } else if !lines.projects.contains(place) {
          // Nobody was asked whether code of this project may be run.
          guard !sources.reading.projects.isEmpty else {
            throw Failure(
              "\(section.value.title) installs \(place), which no file names that was consented to",
              at: section.source.location,
              hint:
                "name it too: `from: [\(section.value.from.joined(separator: ", ")), \(place)/pyproject.toml]`",
              status: .usage)
          }
          lines.projects.append(place)
        }
      } else if case .direct(let direct) = line.content, line.lockedSource != nil,
        line.pin == nil || !direct.isWheel
      {
        lines.sources.append(line)
      } else if line.pin != nil {
        lines.pins.append(try digests.restricted(line))
      } else {
        throw complaint(line, in: section.value.title)
      }
    }
    return lines
  }

  /// Of a line that names a folder or a file of the project.
  private func place(_ line: RequirementLine, below folder: String) throws -> String? {
    let text: String
    switch line.content {
    case .option("--editable", let value): text = value
    case .direct(let direct) where !direct.isRemote && !direct.address.hasPrefix("git+"):
      text = direct.address
    default: return nil
    }
    var path = FilePath(LocalProject.place(text).path)
    if path.isAbsolute {
      guard path.removePrefix(context.root) else {
        throw Failure(
          "\(section.value.title) takes a package from \(path.string), which lies outside the project",
          at: section.source.location, hint: "keep the manifest in a folder above both", status: .usage)
      }
    } else {
      path = FilePath(folder).pushing(path).lexicallyNormalized()
    }
    return path.string.isEmpty ? "." : path.string
  }

  private func complaint(_ line: RequirementLine, in file: String) -> Failure {
    Failure(
      "\(file): \(line.complaint)", at: section.source.location,
      hint: "only what an index or an address has can be pinned", status: .usage)
  }

  /// Over the build files of a folder; nil where not all of them are known yet.
  static func digest(of path: String, _ context: Context) throws -> Digest? {
    var digest = Digest.Running()
    for name in LocalProject.buildFiles {
      switch context.facts[
        Query.contents(context.root.pushing(FilePath(LocalProject(path: path).file(name))))]
      {
      case nil: return nil
      case .contents(let bytes)?:
        digest.field(name)
        digest.field(Digest(of: bytes).hex)
      default: continue
      }
    }
    return digest.finish()
  }
}

extension RequirementLine {
  /// Normalised; empty for what has none.
  var packageName: String {
    switch content {
    case .package(let package): normalizedPackageName(package.name)
    case .direct(let direct): normalizedPackageName(direct.name ?? "")
    default: ""
    }
  }

  var textWithoutDigests: String {
    text.firstRange(of: " --hash=").map { String(text[..<$0.lowerBound]) } ?? text
  }
}

extension RequirementLine.Direct {
  fileprivate var isWheel: Bool {
    address.prefix { $0 != "#" && $0 != "?" }.lowercased().hasSuffix(".whl")
  }
}
