import OutfitCore
import OutfitSystem
import SystemPackage

/// Puts layers upon each other: a later one wins, unless an earlier one locked the entry.
struct LayerMerger {
  var profile: Profile
  var diagnostics: [Diagnostic]
  let manifests: [Manifest]
  let host: Host
  let facts: MachineFacts
  /// Every entry of the layers so far, those too that don't apply in this scope or on this machine.
  var known: [String: Source] = [:]
  /// Entries whose value any other layer may change.
  var yielding: Set<String> = []
  /// Entries that are locked from a day to come.
  var announced: [String: (lock: Source, from: String, why: String?)] = [:]
  var reasons: [String: String] = [:]
  /// The files that conditions and templates hang on.
  var looked: [FilePath] = []

  init(scope: Scope, manifests: [Manifest], host: Host, diagnostics: [Diagnostic]) {
    let isProject = scope != .machine
    let own = manifests.last { $0.layer.kind == .profile } ?? manifests.last
    profile = Profile(
      scope: scope, name: own?.layer.name ?? "personal", summary: own?.content.summary,
      layers: manifests.map(\.layer))
    self.manifests = manifests
    self.host = host
    self.diagnostics = diagnostics
    // A machine is what its user and its keeper say that it is.
    let sayers = manifests.filter { $0.layer.kind == .system || $0.layer.kind == .personal && !isProject }
    var facts = MachineFacts(host, tags: Set(sayers.flatMap(\.tags).map(\.name)))
    let users = manifests.filter { !(isProject && $0.layer.kind == .personal) && facts.holds($0.gate) }
    facts = MachineFacts(host, tags: facts.tags, bundles: Set(users.flatMap(\.uses).map(\.name)))
    self.facts = facts
  }

  var isProject: Bool { profile.scope != .machine }

  mutating func mergeAll() {
    for index in manifests.indices {
      let manifest = manifests[index]
      let isGuest = isProject && manifest.layer.kind == .personal
      let isHere = facts.holds(manifest.gate)
      profile.layers[index].isHere = isHere
      if manifest.layer.kind == .profile { noteForeignSections(manifest) }
      noteForeignWords(manifest)
      if !isGuest, isHere { remove(manifest) }
      for (condition, piece) in manifest.pieces {
        let isUsed = facts.holds(condition)
        if isUsed { merge(piece, isGuest: isGuest) }
        noteElsewhere(piece, under: condition, isUsed: isUsed)
        for (path, location) in piece.entries { known[path] = manifest.source(at: location) }
        for (installer, packages) in piece.content.packages {
          for package in packages { known["packages.\(installer).\(package.value)"] = package.source }
        }
      }
      noteBundles(manifest)
      if !isGuest, isHere { lock(manifest) }
      if let body = manifest.body { profile.contents.append(content(body, of: manifest, isHere: isHere)) }
    }
    noteUses()
    mergeReceipts()
    if let stages = profile.hookSettings?.value.stages, !stages.isEmpty {
      for (name, hook) in profile.hooks where !hook.value.hasOwnStages {
        profile.hooks[name]?.value.stages = stages
      }
    }
    giveTools()
    profile.branches = Branches(manifests, isProject: isProject)
    let conditions = manifests.flatMap(\.pieces).flatMap {
      [$0.condition].compactMap(\.self) + $0.manifest.conditions.values
    }
    looked = facts.inputs(conditions)
    let asksForCommands = conditions.flatMap(\.facts).contains { $0.fact == .command }
    profile.isVarying = asksForCommands || !announced.isEmpty
    profile.conditions = profile.conditions.filter { isStanding($0.key) }
  }

  /// What a hook wants beside its tool is in that tool's environment.
  private mutating func giveTools() {
    for (name, hook) in profile.hooks.sorted(by: { $0.key < $1.key }) where !hook.value.with.isEmpty {
      let tool = hook.value.entry?.first ?? name
      guard let section = profile.tools[tool]?.value, section.origin != .url else {
        diagnostics.append(
          Diagnostic(
            .error, "the hook \(name) wants packages beside \(tool), which is no tool of this profile",
            at: hook.source.location,
            hint: "add it with them: `tools: {\(tool): {with: [\(hook.value.with[0])]}}`"))
        continue
      }
      for package in hook.value.with where !section.with.contains(package) {
        profile.tools[tool]?.value.with.append(package)
      }
    }
  }

  /// Whether a condition is one of an entry that counts.
  func isStanding(_ path: String) -> Bool { known[path] != nil || path.hasPrefix("packages.") }

  mutating func noteForeignSections(_ manifest: Manifest) {
    let foreign = isProject ? ManifestKeys.machineOnly : ManifestKeys.projectOnly
    for section in foreign.sorted() {
      let places = manifest.entries.filter { $0.key == section || $0.key.hasPrefix("\(section).") }.map(
        \.value)
      guard let first = places.min() else { continue }
      diagnostics.append(
        manifest.diagnostic(
          isProject
            ? "`\(section)` is for machines: in a project it does nothing"
            : "`\(section)` is for projects: on a machine it does nothing", at: first, severity: .note))
    }
  }

  /// Nobody vouches for himself.
  private mutating func noteForeignWords(_ manifest: Manifest) {
    guard !manifest.layer.isOwn, manifest.layer.kind != .system || manifest.layer.commit != nil else {
      return
    }
    let signers = manifest.signers.values.compactMap(\.first?.location).min()
    for case (let key, let location?) in [
      ("channel", manifest.channel?.location), ("signers", signers),
      ("network", manifest.network?.location),
    ] {
      diagnostics.append(
        manifest.diagnostic(
          "`\(key)` does nothing here: your own layer and /etc/outfit/outfit.yaml have it", at: location,
          hint: "take it out", severity: .note))
    }
  }

  // MARK: - Merging

  mutating func merge(_ manifest: Manifest, isGuest: Bool) {
    var manifest = manifest
    manifest.content = manifest.content { facts.holds($0) }
    let content = manifest.content
    for (language, value) in content.interpreters.sorted(by: { $0.key < $1.key }) {
      if value.value.versions.isEmpty, let before = profile.interpreters[language] {
        if !isGuest { add(value, language, to: before) }
        continue
      }
      guard admits("interpreters.\(language)", profile.interpreters[language], value, manifest, isGuest)
      else {
        continue
      }
      var value = value
      value.value.versions += value.value.also.filter { !value.value.versions.contains($0) }
      value.value.also = []
      profile.interpreters[language] = value
      profile.additions[language] = nil
    }
    if !isGuest, let cooldown = content.cooldown { profile.cooldown = cooldown }
    merge("tools", \.tools, manifest, isGuest)
    merge("indexes", \.indexes, manifest, isGuest)
    guard !isGuest else { return }
    mergeData(manifest, isGuest)
    if isProject {
      merge("env", \.env, manifest, isGuest)
      merge("hooks", \.hooks, manifest, isGuest)
      if let value = content.hookSettings,
        admits("hook-settings", profile.hookSettings, value, manifest, isGuest)
      {
        profile.hookSettings = value
      }
      if let value = content.virtualenv, admits("virtualenv", profile.virtualenv, value, manifest, isGuest) {
        profile.virtualenv = value
      }
      if let value = content.nodeModules,
        admits("node_modules", profile.nodeModules, value, manifest, isGuest)
      {
        profile.nodeModules = value
      }
      if let value = content.app,
        admits(
          "app", profile.app, value, manifest, isGuest,
          ofLayer: value.value.template.contains("/") || value.value.template == ".")
      {
        profile.app = value
      }
    } else {
      merge("ask", \.ask, manifest, isGuest)
      mergeSecrets(manifest, isGuest)
      mergeDotfiles(manifest, isGuest)
      merge("scripts", \.scripts, manifest, isGuest, ofLayer: true)
      mergePackages(manifest)
    }
  }

  /// More versions behind those that are there: that changes none of them, so that a lock does not forbid it.
  mutating func add(
    _ value: Sourced<InterpreterSection>, _ language: Language, to before: Sourced<InterpreterSection>
  ) {
    let new = value.value.also.filter { !before.value.versions.contains($0) }
    profile.interpreters[language]?.value.versions += new
    if value.value.optimized { profile.interpreters[language]?.value.optimized = true }
    profile.additions[language, default: []] += new.map { Sourced($0, value.source) }
  }

  mutating func merge<Value: Equatable & Sendable>(
    _ section: String, _ keyPath: WritableKeyPath<Profile, [String: Sourced<Value>]>, _ manifest: Manifest,
    _ isGuest: Bool, ofLayer: Bool = false
  ) {
    for (name, value) in manifest.content[keyPath: keyPath].sorted(by: { $0.key < $1.key }) {
      let before = profile[keyPath: keyPath][name]
      if admits("\(section).\(name)", before, value, manifest, isGuest, ofLayer: ofLayer) {
        profile[keyPath: keyPath][name] = value
      }
    }
  }

  /// Mappings of several layers are merged.
  mutating func mergeData(_ manifest: Manifest, _ isGuest: Bool) {
    for (name, value) in manifest.content.data.sorted(by: { $0.key < $1.key }) {
      let before = profile.data[name]
      let path = "data.\(name)"
      if let before, yields(path, manifest), !yielding.contains(path) {
        profile.data[name]?.value = value.value.merged(with: before.value)
        continue
      }
      let merged = Sourced(before?.value.merged(with: value.value) ?? value.value, value.source)
      if admits("data.\(name)", before, merged, manifest, isGuest) { profile.data[name] = merged }
    }
  }

  /// Who only names a secret takes away nobody's way to it.
  mutating func mergeSecrets(_ manifest: Manifest, _ isGuest: Bool) {
    for (name, value) in manifest.content.secrets.sorted(by: { $0.key < $1.key }) {
      let before = profile.secrets[name]
      let merged = before?.value.merged(with: value.value) ?? value.value
      let source = value.value.origin == nil ? before?.source ?? value.source : value.source
      // The same words are another folder's.
      if admits("secrets.\(name)", before, Sourced(merged, source), manifest, isGuest, ofLayer: true) {
        profile.secrets[name] = Sourced(merged, source)
      }
    }
  }

  /// A later layer's file takes the place of an earlier one's; blocks stand beside each other.
  mutating func mergeDotfiles(_ manifest: Manifest, _ isGuest: Bool) {
    for (target, value) in manifest.content.dotfiles.sorted(by: { $0.key < $1.key }) {
      let before = profile.dotfiles[target]
      let path = "dotfiles.\(target)"
      guard admits(path, before, value, manifest, isGuest, ofLayer: true) else { continue }
      profile.dotfiles[target] = value
      if let before, [.block, .keys].contains(value.value.kind), before.value.kind == value.value.kind,
        !value.value.replacesBlocks,
        before.source.layer.identity != value.source.layer.identity
      {
        profile.blocks[target, default: []].append(before)
        profile.overridden[path]?.removeLast()
      } else {
        profile.blocks[target] = nil
      }
    }
  }

  /// Packages of layers add up.
  mutating func mergePackages(_ manifest: Manifest) {
    for (manager, packages) in manifest.content.packages.sorted(by: { $0.key < $1.key }) {
      for package in packages {
        let present = profile.packages[manager] ?? []
        guard !present.contains(where: { $0.value == package.value }) else { continue }
        if let lock = lock(on: "packages.\(manager)") {
          complain(ofLock: lock, on: "packages.\(manager)", at: package.source.location, in: manifest)
        } else {
          profile.packages[manager] = present + [package]
        }
      }
    }
  }

  /// Whether `value` may stand at `path`; notes what it overrides.
  /// - Parameter ofLayer: it names files of its own layer, so that the same words of two layers are two things.
  mutating func admits<Value: Equatable & Sendable>(
    _ path: String, _ before: Sourced<Value>?, _ value: Sourced<Value>, _ manifest: Manifest, _ isGuest: Bool,
    ofLayer: Bool = false
  ) -> Bool {
    if let before, before.value == value.value,
      !ofLayer || before.source.layer.identity == value.source.layer.identity
    {
      return false
    }
    // A guest adds names, and never changes one.
    if isGuest { return before == nil && known[path] == nil && lock(on: path) == nil }
    if let lock = lock(on: path) {
      complain(ofLock: lock, on: path, at: value.source.location, in: manifest)
      return false
    }
    if yields(path, manifest) {
      if before != nil, !yielding.contains(path) { return false }
      yielding.insert(path)
    } else {
      yielding.remove(path)
    }
    announce(path, at: value.source.location, in: manifest)
    if let before { profile.overridden[path, default: []].append(before.source) }
    return true
  }

  /// Whether the layer calls its value one that any other may change.
  func yields(_ path: String, _ manifest: Manifest) -> Bool {
    manifest.defaults.contains(path) || manifest.defaults.contains(String(path.prefix { $0 != "." }))
  }

  /// What is to be locked is told to whoever changes it, and is theirs until then.
  mutating func announce(_ path: String, at location: SourceLocation, in manifest: Manifest) {
    guard let coming = announced[path] ?? announced[String(path.prefix { $0 != "." })] else { return }
    diagnostics.append(
      manifest.diagnostic(
        "from \(coming.from) on, `\(path)` is locked by \(coming.lock.layer.name), \(coming.lock.location.file):\(coming.lock.location.line)\(coming.why.map { ": \($0)" } ?? "")",
        at: location,
        hint: "until then this counts; take it out here, or ask whoever keeps \(coming.lock.layer.name)",
        severity: .note))
  }

  // MARK: - Data

  /// What the machine says of itself is among the data.
  mutating func addMachine() {
    guard let manifest = manifests.last(where: { $0.layer.kind == .profile }) ?? manifests.last else {
      return
    }
    let source = manifest.source(at: SourceLocation(file: manifest.source.file))
    let machine = [
      "os": host.platform.system.rawValue, "arch": host.platform.architecture.rawValue,
      "home": host.user.home.string, "user": host.user.name, "hostname": facts.hostname,
    ]
    for (name, value) in machine { profile.data[name] = Sourced(.text(value), source) }
    // Templates are a machine's.
    guard !isProject else { return }
    if profile.data["machine"] == nil { profile.data["machine"] = Sourced(facts.data, source) }
    let dotfiles = profile.dotfiles.values.map(\.value) + profile.blocks.values.joined().map(\.value)
    let hasTemplates = dotfiles.contains {
      $0.kind == .template || $0.isRendered || !$0.layout.templates.isEmpty
    }
    if hasTemplates { looked += facts.dataInputs }
    // Their templates look for commands.
    if dotfiles.contains(where: { $0.kind == .chezmoi }) { profile.isVarying = true }
  }

}
