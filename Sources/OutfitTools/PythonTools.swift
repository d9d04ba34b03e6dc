import OutfitCore
import OutfitEngine
import OutfitProfile

/// Tools that are Python packages.
extension Shop {
  func lockPython(_ tool: Wanted) throws -> Outcome {
    if let name = tool.section.index, context.profile.indexes[name] == nil {
      return .mistake(unknownIndex(name, tool))
    }
    guard let interpreter = pythons.choose(tool.section.python) else {
      return .unavailable(noPython(tool))
    }
    let uv = try Uv(context, on: interpreter, pythons: pythons, indexes: indexes)
    switch pins(tool, uv) {
    case .ask(let query): return .ask([query])
    case .failed(let message): return message.outcome
    case .done(let requirements):
      let own = RequirementSet(requirements).entries(of: tool.package)
      // Of several that markers choose between, the one that this Python gets.
      let fitting = own.filter { $0.holds(python: interpreter.version, on: context.platform) }
      guard let version = (fitting.isEmpty ? own : fitting).compactMap({ Version($0.version) }).max() else {
        return .unavailable(
          Diagnostic(
            .error, "\(tool.name): uv gave pins without \(tool.package)", at: tool.source.location))
      }
      let programs = uv.programs(
        label: "looking into \(tool.name) \(version)",
        of: own + (try others(tool, RequirementSet(requirements))),
        index: indexes.bindings(tool)[Requirement.normalized(tool.package)], build: tool.section.build)
      guard let answer = context.facts[programs] else { return .ask([programs]) }
      guard case .collected(let files) = answer else {
        guard case .failed(let diagnostic) = answer else { return .ask([programs]) }
        return message(diagnostic, tool).outcome
      }
      let names = files.keys.filter { $0.hasPrefix("own/bin/") }.map {
        String($0.dropFirst("own/bin/".count))
      }
      .filter { !$0.hasPrefix("__") }.sorted()
      let shared = files.keys.filter { $0.hasPrefix("own/share/") }
        .map { String($0.dropFirst("own/share/".count)) }.sorted()
      if names.isEmpty, tool.section.expose == nil {
        return .mistake(
          Diagnostic(
            .error, "\(tool.name): the package \(tool.package) has no programs",
            at: tool.source.location,
            hint: "name programs of what it depends on with `expose:`, or put the package beside a tool "
              + "with `with:`"))
      }
      return .locked(
        LockedTool(
          request: tool.request, version: version, python: interpreter.version.minor,
          programs: names, files: shared, requirements: requirements))
    }
  }

  func makePython(_ tool: Wanted, _ entry: LockedTool) throws -> Proposal {
    if let name = tool.section.index, context.profile.indexes[name] == nil {
      throw Failure([unknownIndex(name, tool)])
    }
    guard let interpreter = pythons.choose(tool.section.python) else {
      throw Failure([noPython(tool)])
    }
    if let lowest = entry.python.flatMap({ Version($0) }), interpreter.version < lowest {
      throw Failure(
        "\(tool.name) is locked for Python \(lowest) and newer, and would run on \(interpreter.version)",
        at: tool.source.location, hint: "run `outfit up` without --locked")
    }
    let uv = try Uv(context, on: interpreter, pythons: pythons, indexes: indexes)
    let programs = tool.section.expose ?? entry.programs
    let locked = Set(RequirementSet(entry.requirements).entries.map(\.name))
    let environment = uv.environment(
      name: "\(Requirement.normalized(tool.name))-\(entry.version)",
      label: "\(tool.name) \(entry.version)", requirements: entry.requirements,
      bound: indexes.bindings(tool).filter { locked.contains($0.key) }, first: indexes.first(tool),
      build: tool.section.build, own: tool.package,
      checks: [.record("lib")] + programs.map { .exists("bin/\($0)") })
    var proposal = Proposal()
    proposal.objects = pythons.added(for: interpreter) + [uv.object, environment]
    proposal.claims = claims(tool, entry, of: environment)
    if context.profile.scope == .machine {
      proposal.changes = SharedFile.changes(tool, entry, of: environment, bin: context.bin)
    }
    return proposal
  }

  /// The pins of the other packages whose programs it offers.
  /// - Throws: `Failure`, status 2, for one that is not in its environment.
  private func others(_ tool: Wanted, _ set: RequirementSet) throws -> [RequirementSet.Entry] {
    let own = Requirement.normalized(tool.package)
    let wanted = tool.section.programsFrom.map { Requirement.normalized($0) }
    if wanted.contains("all") { return set.entries.filter { $0.name != own } }
    return try wanted.filter { $0 != own }.flatMap { name in
      let entries = set.entries(of: name)
      guard entries.isEmpty else { return entries }
      throw Failure(
        "\(tool.name): `programs-from` names \(name), which is not in its environment",
        at: tool.source.location,
        hint: nearest(name, among: set.entries.map(\.name)).map { "did you mean \($0)?" }
          ?? "put it there by `with: [\(name)]`", status: .usage)
    }
  }

  enum Pins {
    case ask(Query)
    case failed(UvMessage)
    case done(String)
  }

  /// The pins of a tool, packages that are bound to an index from there alone.
  ///
  /// Packages that it may or may not depend on are bound by asking for all of them, and again for those alone that
  /// turn out to be needed. Where nothing that is asked for is bound, the names of what is bound are told to no index
  /// at all unless something depends on them.
  func pins(_ tool: Wanted, _ uv: Uv) -> Pins {
    let lines = Requirement.lines(tool.name, tool.section)
    let asked = Set(lines.map { Requirement.name(of: $0) })
    let bindings = indexes.bindings(tool)
    let all = Set(bindings.keys)
    var bound = all.isDisjoint(with: asked) ? [] : all
    for _ in 0..<3 {
      let query = compileQuery(tool, uv, lines, bindings.filter { bound.contains($0.key) })
      guard let answer = context.facts[query] else { return .ask(query) }
      switch collected(answer, Uv.lockFile, tool) {
      case .failure(let message): return .failed(message)
      case .success(let bytes):
        let text = String(decoding: bytes, as: UTF8.self)
        if bindings.isEmpty { return .done(text) }
        let set = RequirementSet(text)
        let needed = bound.isEmpty ? Set(set.entries.map(\.name)) : set.reachable(from: asked)
        let used = all.intersection(needed)
        if used == bound { return .done(RequirementSet.text(set.entries)) }
        bound = used
      }
    }
    return .failed(
      UvMessage(
        Diagnostic(.error, "its pins depend on which index is asked"), what: tool.name,
        request: Requirement.line(tool.name, tool.section), at: tool.source))
  }

  /// - Parameter withDependencies: false for the newest version alone, whatever it needs.
  func compileQuery(
    _ tool: Wanted, _ uv: Uv, _ lines: [String], _ bound: [String: String], withDependencies: Bool = true
  ) -> Query {
    let label = withDependencies ? "resolving \(tool.name)" : "looking for the newest \(tool.name)"
    if !bound.isEmpty {
      let project = indexes.project(
        lines: lines, bound: bound, first: indexes.first(tool), python: uv.interpreter.version.minor)
      return uv.compile(
        label: label, ["pyproject.toml": Array(project.utf8)], [.scratch("pyproject.toml")],
        first: indexes.first(tool), isAnnotated: true, cooldown: cooldown(tool), build: tool.section.build,
        withDependencies: withDependencies)
    }
    let text = lines.map { $0 + "\n" }.joined()
    return uv.compile(
      label: label, ["tool.in": Array(text.utf8)], [.scratch("tool.in")], cooldown: cooldown(tool),
      build: tool.section.build, withDependencies: withDependencies)
  }

  /// How old a release must be; the hook runner's own is Outfit's business.
  private func cooldown(_ tool: Wanted) -> Cooldown? {
    tool.section.cooldown ?? context.profile.cooldown?.value
  }

  /// One collected file, or what stood in the way.
  private func collected(_ answer: Answer, _ file: String, _ tool: Wanted) -> Result<[UInt8], UvMessage> {
    let failure: Diagnostic
    switch answer {
    case .collected(let files):
      if let bytes = files[file] { return .success(bytes) }
      failure = Diagnostic(.error, "uv wrote no pins")
    case .failed(let diagnostic): failure = diagnostic
    default: failure = Diagnostic(.error, "uv gave no answer")
    }
    return .failure(message(failure, tool))
  }

  private func message(_ failure: Diagnostic, _ tool: Wanted) -> UvMessage {
    let known = context.profile.tools.filter { $0.value.value.origin == .pypi }
      .flatMap { [$0.value.value.package ?? $0.key] + $0.value.value.with.map { Requirement.name(of: $0) } }
    var message = UvMessage(
      failure, what: tool.name, request: Requirement.line(tool.name, tool.section), at: tool.source,
      asked: { indexes.asked(for: $0, tool) }, known: Set(known), variable: indexes.variable(ofAddress:))
    // A virtualenv has such a key too, which does nothing for a tool.
    if let package = message.lacking, !tool.isHidden, let hint = message.diagnostic.hint,
      hint.hasSuffix("]`")
    {
      let names = (tool.section.build + [package]).joined(separator: ", ")
      message.diagnostic.hint =
        hint
        + " under the tool: `tools: {\(tool.name): {version: \"\(tool.section.version)\", build: [\(names)]}}`"
    }
    return message
  }

  private func unknownIndex(_ name: String, _ tool: Wanted) -> Diagnostic {
    let known = nearest(name, among: context.profile.indexes.keys)
    return Diagnostic(
      .error, "\(tool.name): there is no index named \(name)", at: tool.source.location,
      hint: known.map { "did you mean \($0)?" } ?? "describe it under `indexes:`")
  }

  private func noPython(_ tool: Wanted) -> Diagnostic {
    if let request = tool.section.python, !pythons.offered.isEmpty {
      let there = pythons.offered.map { "\($0.version)" }.joined(separator: ", ")
      let place = context.profile.interpreters[.python] == nil ? "this machine" : "this profile"
      return Diagnostic(
        .error, "\(tool.name) wants Python \(request), and \(place) has \(there)",
        at: tool.source.location, hint: "add \"\(request)\" to `interpreters.python`")
    }
    return Diagnostic(
      .error, "\(tool.name) needs a Python, and none could be had", at: tool.source.location,
      hint: context.profile.interpreters[.python] == nil
        ? "name one: `interpreters: {python: \"3.13\"}`" : nil)
  }
}

extension UvMessage {
  var outcome: Shop.Outcome { isMistake ? .mistake(diagnostic) : .unavailable(diagnostic) }
}
