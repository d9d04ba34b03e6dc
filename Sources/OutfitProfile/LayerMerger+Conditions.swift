import OutfitCore

/// What counts on other machines, and what waits to be used.
extension LayerMerger {
  /// What is consented to: all that a layer does on this machine, and the tools and interpreters that are pinned for
  /// others.
  func content(_ body: LayerContent, of manifest: Manifest, isHere: Bool) -> LayerContent {
    var content = body
    var whole = manifest.content { isHere && facts.holds($0) }
    if !isHere { whole = Profile(scope: whole.scope, name: whole.name, layers: whole.layers) }
    whole.indexes = manifest.content.indexes
    whole.tools = manifest.content.tools
    whole.interpreters = manifest.content.interpreters
    let pinned: Set<Substring> = ["tools", "interpreters", "indexes", "extends"]
    func counts(_ entry: LayerContent.Entry, _ piece: Manifest) -> Bool {
      pinned.contains(entry.path.prefix { $0 != "." })
        || isHere && facts.holds(piece.conditions[entry.path])
    }
    content.entries = body.entries.filter { counts($0, manifest) }
    for (name, bundle) in manifest.bundles.sorted(by: { $0.key < $1.key })
    where isHere && facts.bundles.contains(name) {
      whole.take(bundle.content { facts.holds($0) })
      let entries = (bundle.body?.entries ?? []).filter { counts($0, bundle) }
      let new = Set(entries.map(\.path))
      content.entries = content.entries.filter { !new.contains($0.path) } + entries
    }
    content.own = whole
    return content
  }

  /// What a layer has for other machines.
  mutating func noteElsewhere(_ piece: Manifest, under gate: Condition?, isUsed: Bool) {
    func note(_ path: String, _ location: SourceLocation) {
      guard let condition = Condition.both(gate, piece.conditions[path]) else { return }
      if isUsed, facts.holds(piece.conditions[path]) {
        profile.conditions[path] = condition
      } else {
        profile.elsewhere.append(
          Elsewhere(path: path, source: piece.source(at: location), condition: condition))
      }
    }
    for (path, location) in piece.entries.sorted(by: { $0.value < $1.value })
    where !path.hasPrefix("packages.") {
      note(path, location)
    }
    for (installer, packages) in piece.content.packages.sorted(by: { $0.key < $1.key }) {
      for package in packages { note("packages.\(installer).\(package.value)", package.source.location) }
    }
  }

  mutating func noteBundles(_ manifest: Manifest) {
    for (name, bundle) in manifest.bundles.sorted(by: { $0.key < $1.key }) {
      let place = bundle.entries.values.min() ?? SourceLocation(file: manifest.source.file)
      let packages = bundle.content.packages.flatMap { installer, names in
        names.map { "packages.\(installer).\($0.value)" }
      }
      profile.bundles.append(
        Bundle(
          name: name, summary: bundle.content.summary, source: manifest.source(at: place),
          isUsed: facts.bundles.contains(name) && facts.holds(manifest.gate),
          entries: (bundle.entries.keys.filter { !$0.hasPrefix("packages.") } + packages).sorted()))
    }
  }

  /// Bundles that no layer has are told: whoever kept them took them out.
  mutating func noteUses() {
    let names = Set(profile.bundles.map(\.name))
    for manifest in manifests {
      for (name, location) in manifest.uses where !names.contains(name) {
        diagnostics.append(
          manifest.diagnostic(
            "no layer has a bundle `\(name)`", at: location,
            hint: nearest(name, among: names).map { "did you mean `\($0)`?" }
              ?? (names.isEmpty
                ? "take the line out" : "there are \(names.sorted().joined(separator: ", "))"),
            severity: .warning))
      }
      guard let tag = manifest.tags.first, ![.personal, .system].contains(manifest.layer.kind) else {
        continue
      }
      diagnostics.append(
        manifest.diagnostic(
          "`tags` says what one machine is: in a profile for many it does nothing", at: tag.location,
          hint: "write it into \(host.places.personalManifest)", severity: .note))
    }
  }
}
