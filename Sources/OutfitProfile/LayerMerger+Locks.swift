import OutfitCore

/// `locked:` and `remove:`.
extension LayerMerger {
  func lock(on path: String) -> Source? {
    profile.locked[path] ?? profile.locked[String(path.prefix { $0 != "." })]
  }

  mutating func complain(
    ofLock lock: Source, on path: String, at location: SourceLocation, in manifest: Manifest
  ) {
    let refusal = manifest.diagnostic(
      "`\(path)` is locked by \(lock.layer.name), \(lock.location.file):\(lock.location.line)\(reason(of: lock))",
      at: location, hint: "this does nothing: take it out here, or ask whoever keeps \(lock.layer.name)",
      severity: .warning)
    diagnostics.append(refusal)
    profile.refused.append(refusal)
  }

  mutating func lock(_ manifest: Manifest) {
    let today = DateText.day(host.clock.now())
    for locking in manifest.locked {
      let path = locking.path
      guard isKnown(path) else {
        complainOfUnknown(path, at: locking.location, in: manifest)
        continue
      }
      let source = manifest.source(at: locking.location)
      if let from = locking.from, from > today {
        announced[path] = (source, from, locking.why)
      } else if profile.locked[path] == nil {
        profile.locked[path] = source
        reasons[source.text] = locking.why
      }
    }
  }

  func reason(of lock: Source) -> String { reasons[lock.text].map { ": \($0)" } ?? "" }

  mutating func remove(_ manifest: Manifest) {
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

  func lock(below path: String) -> Source? {
    profile.locked.first { $0.key.hasPrefix("\(path).") }?.value
  }

  func isKnown(_ path: String) -> Bool {
    known[path] != nil || ManifestKeys.withEntries.contains(path)
  }

  mutating func complainOfUnknown(_ path: String, at location: SourceLocation, in manifest: Manifest) {
    let section = path.prefix { $0 != "." }
    let names = known.keys.filter { $0.hasPrefix("\(section).") }.sorted()
    diagnostics.append(
      manifest.diagnostic(
        "no layer has `\(path)`", at: location,
        hint: nearest(path, among: known.keys).map { "did you mean `\($0)`?" }
          ?? (names.isEmpty ? nil : "there are \(names.prefix(8).joined(separator: ", "))")))
  }

  mutating func drop(_ path: String) {
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
    case "secrets": profile.secrets = without(profile.secrets)
    case "dotfiles":
      profile.dotfiles = without(profile.dotfiles)
      profile.blocks = profile.blocks.filter { profile.dotfiles[$0.key] != nil }
    case "packages":
      let parts = name.map { $0.split(separator: ".", maxSplits: 1).map(String.init) } ?? []
      if parts.count == 2 {
        profile.packages[parts[0]]?.removeAll { $0.value == parts[1] }
      } else {
        profile.packages = without(profile.packages)
      }
    case "scripts": profile.scripts = without(profile.scripts)
    case "env": profile.env = without(profile.env)
    case "hooks": profile.hooks = without(profile.hooks)
    case "hook-settings": profile.hookSettings = nil
    case "virtualenv": profile.virtualenv = nil
    case "node_modules": profile.nodeModules = nil
    case "app": profile.app = nil
    default: break
    }
    for key in known.keys where key == path || key.hasPrefix("\(path).") { known[key] = nil }
    profile.overridden[path] = nil
  }
}
