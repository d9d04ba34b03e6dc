import OutfitCore
import OutfitSystem
import SystemPackage

/// Puts layers upon each other: a later one wins, unless an earlier one locked the entry.
struct LayerMerger {
  var profile: Profile
  private(set) var diagnostics: [Diagnostic]
  private let manifests: [Manifest]
  private let host: Host
  /// Every entry of the layers so far, those too that don't apply in this scope.
  private var known: [String: Source] = [:]

  init(scope: Scope, manifests: [Manifest], host: Host, diagnostics: [Diagnostic]) {
    let own = manifests.last { $0.layer.kind == .profile } ?? manifests.last
    profile = Profile(
      scope: scope, name: own?.layer.name ?? "personal", summary: own?.content.summary,
      layers: manifests.map(\.layer))
    self.manifests = manifests
    self.host = host
    self.diagnostics = diagnostics
  }

  private var isProject: Bool { profile.scope != .machine }

  mutating func mergeAll() {
    for manifest in manifests {
      let isGuest = isProject && manifest.layer.kind == .personal
      if manifest.layer.kind == .profile { noteForeignSections(manifest) }
      if !isGuest { remove(manifest) }
      merge(manifest, isGuest: isGuest)
      for (path, location) in manifest.entries { known[path] = manifest.source(at: location) }
      if !isGuest { lock(manifest) }
    }
  }

  private mutating func noteForeignSections(_ manifest: Manifest) {
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

  // MARK: - Merging

  private mutating func merge(_ manifest: Manifest, isGuest: Bool) {
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
      mergeDotfiles(manifest, isGuest)
      merge("scripts", \.scripts, manifest, isGuest, ofLayer: true)
      mergePackages(manifest)
    }
  }

  /// More versions behind those that are there: that changes none of them, so that a lock does not forbid it.
  private mutating func add(
    _ value: Sourced<InterpreterSection>, _ language: Language, to before: Sourced<InterpreterSection>
  ) {
    let new = value.value.also.filter { !before.value.versions.contains($0) }
    profile.interpreters[language]?.value.versions += new
    if value.value.optimized { profile.interpreters[language]?.value.optimized = true }
    profile.additions[language, default: []] += new.map { Sourced($0, value.source) }
  }

  private mutating func merge<Value: Equatable & Sendable>(
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
  private mutating func mergeData(_ manifest: Manifest, _ isGuest: Bool) {
    for (name, value) in manifest.content.data.sorted(by: { $0.key < $1.key }) {
      let before = profile.data[name]
      let merged = Sourced(before?.value.merged(with: value.value) ?? value.value, value.source)
      if admits("data.\(name)", before, merged, manifest, isGuest) { profile.data[name] = merged }
    }
  }

  /// A later layer's file takes the place of an earlier one's; blocks stand beside each other.
  private mutating func mergeDotfiles(_ manifest: Manifest, _ isGuest: Bool) {
    for (target, value) in manifest.content.dotfiles.sorted(by: { $0.key < $1.key }) {
      let before = profile.dotfiles[target]
      let path = "dotfiles.\(target)"
      guard admits(path, before, value, manifest, isGuest, ofLayer: true) else { continue }
      profile.dotfiles[target] = value
      if let before, before.value.kind == .block, value.value.kind == .block, !value.value.replacesBlocks,
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
  private mutating func mergePackages(_ manifest: Manifest) {
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
  private mutating func admits<Value: Equatable & Sendable>(
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
    if let before { profile.overridden[path, default: []].append(before.source) }
    return true
  }

  // MARK: - locked and remove

  private func lock(on path: String) -> Source? {
    profile.locked[path] ?? profile.locked[String(path.prefix { $0 != "." })]
  }

  private mutating func complain(
    ofLock lock: Source, on path: String, at location: SourceLocation, in manifest: Manifest
  ) {
    diagnostics.append(
      manifest.diagnostic(
        "`\(path)` is locked by \(lock.layer.name), \(lock.location.file):\(lock.location.line)",
        at: location,
        hint: "take it out here, or ask whoever keeps \(lock.layer.name)"))
  }

  private mutating func lock(_ manifest: Manifest) {
    for (path, location) in manifest.locked {
      guard isKnown(path) else {
        complainOfUnknown(path, at: location, in: manifest)
        continue
      }
      if profile.locked[path] == nil { profile.locked[path] = manifest.source(at: location) }
    }
  }

  private mutating func remove(_ manifest: Manifest) {
    for (path, location) in manifest.remove {
      guard isKnown(path) else {
        if manifest.entries[path] != nil {
          diagnostics.append(
            manifest.diagnostic(
              "`\(path)` is in this same manifest", at: location,
              hint: "`remove` is for entries of earlier layers: take the entry itself out"))
        } else {
          complainOfUnknown(path, at: location, in: manifest)
        }
        continue
      }
      if let lock = lock(on: path) ?? lock(below: path) {
        complain(ofLock: lock, on: path, at: location, in: manifest)
        continue
      }
      drop(path)
    }
  }

  private func lock(below path: String) -> Source? {
    profile.locked.first { $0.key.hasPrefix("\(path).") }?.value
  }

  private func isKnown(_ path: String) -> Bool {
    known[path] != nil || ManifestKeys.withEntries.contains(path)
  }

  private mutating func complainOfUnknown(_ path: String, at location: SourceLocation, in manifest: Manifest)
  {
    let section = path.prefix { $0 != "." }
    let names = known.keys.filter { $0.hasPrefix("\(section).") }.sorted()
    diagnostics.append(
      manifest.diagnostic(
        "no layer has `\(path)`", at: location,
        hint: nearest(path, among: known.keys).map { "did you mean `\($0)`?" }
          ?? (names.isEmpty ? nil : "there are \(names.prefix(8).joined(separator: ", "))")))
  }

  private mutating func drop(_ path: String) {
    let section = String(path.prefix { $0 != "." })
    let name = path.count > section.count ? String(path.dropFirst(section.count + 1)) : nil
    func without<Value>(_ values: [String: Value]) -> [String: Value] {
      name.map { name in values.filter { $0.key != name } } ?? [:]
    }
    switch section {
    case "interpreters":
      profile.interpreters =
        name.map { name in profile.interpreters.filter { $0.key.rawValue != name } } ?? [:]
      profile.additions = profile.additions.filter { profile.interpreters[$0.key] != nil }
    case "tools": profile.tools = without(profile.tools)
    case "indexes": profile.indexes = without(profile.indexes)
    case "data": profile.data = without(profile.data)
    case "ask": profile.ask = without(profile.ask)
    case "dotfiles":
      profile.dotfiles = without(profile.dotfiles)
      profile.blocks = profile.blocks.filter { profile.dotfiles[$0.key] != nil }
    case "packages": profile.packages = without(profile.packages)
    case "scripts": profile.scripts = without(profile.scripts)
    case "env": profile.env = without(profile.env)
    case "hooks": profile.hooks = without(profile.hooks)
    case "virtualenv": profile.virtualenv = nil
    case "node_modules": profile.nodeModules = nil
    case "app": profile.app = nil
    default: break
    }
    for key in known.keys where key == path || key.hasPrefix("\(path).") { known[key] = nil }
    profile.overridden[path] = nil
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
      "home": host.user.home.string, "user": host.user.name, "hostname": hostname,
    ]
    for (name, value) in machine { profile.data[name] = Sourced(.text(value), source) }
  }

  private var hostname: String {
    if let name = host.environment["HOSTNAME"], !name.isEmpty { return name }
    let text = ((try? host.files.text("/etc/hostname")) ?? nil) ?? ""
    let name = text.prefix { !$0.isNewline }
    return name.isEmpty ? "localhost" : String(name)
  }

  // MARK: - What only the whole can say

  mutating func check() {
    for (name, tool) in profile.tools.sorted(by: { $0.key < $1.key }) {
      guard let index = tool.value.index, profile.indexes[index] == nil else { continue }
      complain(
        "`tools.\(name)` wants the index `\(index)`, which no layer has", tool.source, "tools.\(name)",
        hint: nearest(index, among: profile.indexes.keys).map { "did you mean `\($0)`?" }
          ?? "add `indexes: {\(index): {url: …}}`")
    }
    for (target, dotfile) in profile.dotfiles.sorted(by: { $0.key < $1.key }) {
      checkTarget(target, dotfile.source)
      let runsHere =
        dotfile.value.systems.isEmpty || dotfile.value.systems.contains(host.platform.system.rawValue)
      if runsHere { checkFile(dotfile.value.file, dotfile.source, "dotfiles.\(target)") }
      for block in profile.blocks[target] ?? [] {
        checkFile(block.value.file, block.source, "dotfiles.\(target)")
      }
    }
    for (name, script) in profile.scripts.sorted(by: { $0.key < $1.key }) {
      checkFile(script.value.run, script.source, "scripts.\(name)")
    }
    if let virtualenv = profile.virtualenv, case .project(let folder) = profile.scope {
      for from in virtualenv.value.from { checkFile(from, virtualenv.source, "virtualenv", folder: folder) }
    }
    if let nodeModules = profile.nodeModules, case .project(let folder) = profile.scope {
      checkFile(nodeModules.value.from, nodeModules.source, "node_modules", folder: folder)
    }
  }

  /// A target may not be in Outfit's own folders, nor in something that is no folder.
  private mutating func checkTarget(_ target: String, _ source: Source) {
    let path = host.user.home.pushing(FilePath(target))
    let places = [host.places.data, host.places.state, host.places.cache, host.places.config]
    if places.contains(where: { path.starts(with: $0) }) {
      diagnostics.append(
        manifest(of: source).diagnostic(
          "`\(target)` is in Outfit's own folders", at: source.location,
          hint: "your own layer is for you to write: outfit tool install, or an editor"))
    }
    var above = FilePath(target)
    while above.removeLastComponent(), !above.isEmpty {
      if let other = profile.dotfiles[above.string],
        other.value.kind == .link || !other.value.file.hasSuffix("/")
      {
        diagnostics.append(
          manifest(of: source).diagnostic(
            "`\(target)` is in `\(above)`, which \(other.value.kind == .link ? "is a link" : "is a file")",
            at: source.location,
            hint: "\(other.source.location.file):\(other.source.location.line) makes it: keep one of them"))
      }
    }
  }

  private func manifest(of source: Source) -> Manifest {
    manifests.first { $0.layer.manifest == source.layer.manifest } ?? manifests[manifests.count - 1]
  }

  private mutating func complain(_ message: String, _ source: Source, _ path: String, hint: String?) {
    guard let manifest = manifests.first(where: { $0.layer.manifest == source.layer.manifest }) else {
      return
    }
    diagnostics.append(
      manifest.diagnostic(message, at: manifest.details[path] ?? source.location, hint: hint))
  }

  /// A file that a manifest names must be there and readable.
  private mutating func checkFile(_ file: String, _ source: Source, _ path: String, folder: FilePath? = nil) {
    let folder = folder ?? source.layer.folder
    let full = folder.pushing(FilePath(file)).lexicallyNormalized()
    do {
      guard let status = try host.files.status(full, followLinks: true) else {
        let siblings = (try? host.files.list(full.removingLastComponent())) ?? []
        let name = full.lastComponent?.string ?? file
        let prefix = file.hasSuffix(name) ? String(file.dropLast(name.count)) : ""
        complain(
          "there is no \(file) in \(source.layer.kind == .personal ? "your own layer" : source.layer.name)",
          source, path,
          hint: nearest(name, among: siblings).map { "did you mean `\(prefix)\($0)`?" } ?? "make \(full)")
        return
      }
      switch (status.kind, file.hasSuffix("/")) {
      case (.directory, true): _ = try host.files.list(full)
      case (.directory, false):
        complain(
          "\(file) is a folder", source, path, hint: "a folder's name ends with `/`, in the target too")
      case (_, true):
        complain("\(file) is not a folder", source, path, hint: "write it without `/`, in the target too")
      case (.file, false): _ = try host.files.read(full)
      default: complain("\(file) is neither a file nor a folder", source, path, hint: nil)
      }
    } catch {
      complain(
        "can't read \(file): \(error.reason)", source, path,
        hint: error.code == .permissionDenied ? "make it readable: chmod u+r \(full)" : nil)
    }
  }
}
