import OutfitCore
import OutfitSystem
import SystemPackage

/// What only the whole can say.
extension LayerMerger {
  mutating func check() {
    noteDeprecated()
    for (name, tool) in profile.tools.sorted(by: { $0.key < $1.key }) {
      guard let index = tool.value.index, profile.indexes[index] == nil else { continue }
      complain(
        "`tools.\(name)` wants the index `\(index)`, which no layer has", tool.source, "tools.\(name)",
        hint: nearest(index, among: profile.indexes.keys).map { "did you mean `\($0)`?" }
          ?? "add `indexes: {\(index): {url: …}}`")
    }
    if let value = profile.data["secret"], !profile.secrets.isEmpty {
      complain(
        "`data.secret` stands where templates name secrets", value.source, "data.secret",
        hint: "give the value another name")
    }
    for (target, dotfile) in profile.dotfiles.sorted(by: { $0.key < $1.key }) {
      checkTarget(target, dotfile.source)
      for section in (profile.blocks[target] ?? []) + [dotfile] {
        guard let file = section.value.file else { continue }
        checkFile(file, section.source, "dotfiles.\(target)", isTree: section.value.kind == .tree)
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

  /// What counts here and is to go is told, with what takes its place.
  mutating func noteDeprecated() {
    for manifest in manifests {
      for (condition, piece) in manifest.pieces where facts.holds(condition) {
        for (path, advice) in piece.deprecated.sorted(by: { $0.key < $1.key })
        where facts.holds(piece.conditions[path]) {
          guard let location = piece.entries[path] ?? package(path, of: piece), stands(path, manifest) else {
            continue
          }
          diagnostics.append(
            manifest.diagnostic("`\(path)` is to go: \(advice)", at: location, severity: .note))
        }
      }
    }
  }

  func package(_ path: String, of manifest: Manifest) -> SourceLocation? {
    manifest.content.packages.lazy.flatMap { installer, names in
      names.filter { "packages.\(installer).\($0.value)" == path }
    }.first?.source.location
  }

  /// No later layer has changed it, or taken it out.
  func stands(_ path: String, _ manifest: Manifest) -> Bool {
    guard let source = known[path] else { return path.hasPrefix("packages.") }
    return source.layer.manifest == manifest.layer.manifest
  }

  /// A target may not be in Outfit's own folders, nor in something that is no folder.
  mutating func checkTarget(_ target: String, _ source: Source) {
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
      if let other = profile.dotfiles[above.string], !other.value.holdsEntries,
        other.value.kind != .external || profile.dotfiles[target]?.value.kind != .external
      {
        diagnostics.append(
          manifest(of: source).diagnostic(
            "`\(target)` is in `\(above)`, which \(other.value.standing)",
            at: source.location,
            hint: "\(other.source.location.file):\(other.source.location.line) makes it: keep one of them"))
      }
    }
  }

  func manifest(of source: Source) -> Manifest {
    manifests.first { $0.layer.manifest == source.layer.manifest } ?? manifests[manifests.count - 1]
  }

  mutating func complain(_ message: String, _ source: Source, _ path: String, hint: String?) {
    guard let manifest = manifests.first(where: { $0.layer.manifest == source.layer.manifest }) else {
      return
    }
    diagnostics.append(
      manifest.diagnostic(message, at: manifest.details[path] ?? source.location, hint: hint))
  }

  /// A file that a manifest names must be there and readable.
  mutating func checkFile(
    _ file: String, _ source: Source, _ path: String, folder: FilePath? = nil, isTree: Bool = false
  ) {
    let folder = folder ?? source.layer.folder
    let full = folder.pushing(FilePath(file)).lexicallyNormalized()
    do {
      guard let status = try host.files.status(full, followLinks: true) else {
        let siblings = (try? host.files.list(full.removingLastComponent())) ?? []
        let name = full.lastComponent?.string ?? file
        let prefix = file.hasSuffix(name) ? String(file.dropLast(name.count)) : ""
        complain(
          "there is no \(file) in \(source.layer.isOwn ? "your own layer" : source.layer.name)",
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
        complain(
          "\(file) is not a folder", source, path,
          hint: isTree ? "write `copy:` for a file" : "write it without `/`, in the target too")
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

extension DotfileSection {
  /// For messages: what stands at its target.
  fileprivate var standing: String {
    switch kind {
    case .link, .linkTo, .tree, .chezmoi, .external: "is a link"
    case .absent: "is to be absent"
    case .copy, .template, .block, .keys, .create: "is a file"
    }
  }
}
