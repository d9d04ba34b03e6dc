import OutfitCore
import OutfitEngine
import OutfitProfile
import SystemPackage

/// Folders of a layer: `tree:`, and `copy:` of a folder.
extension Dotfiles {
  /// Outfit makes the folders on the way to its own before anything is switched, so that they are there by then.
  func isAboveOwn(_ folder: FilePath, _ context: Context) -> Bool {
    // The first is for settings, and whoever has some made it.
    context.reserved.dropFirst().contains { $0.starts(with: folder) }
  }

  func tree(
    _ place: FilePath, _ section: Sourced<DotfileSection>, _ context: Context
  ) throws -> [Change] {
    let dotfile = section.value
    guard let root = path(of: section) else { return [] }
    guard case .tree(let entries) = context.facts[.tree(root)] else {
      if case .failed(let diagnostic) = context.facts[.tree(root)] {
        throw Failure(
          [Diagnostic(.error, diagnostic.message, at: section.source.location, hint: diagnostic.hint)],
          status: .usage)
      }
      throw Failure(
        "there is no folder \(dotfile.file ?? "") in the layer \(section.source.layer.name)",
        at: section.source.location, hint: "it was looked for at \(root)", status: .usage)
    }
    let names = TreeNames(dotfile.layout)
    let folderMode = dotfile.layout.folderMode ?? (dotfile.secret ? 0o700 : 0o755)
    var changes: [Change] = []
    func change(_ target: FilePath, _ kind: Change.Kind, from source: FilePath) -> Change {
      Change(
        target: target, owner: section.source, isSecret: dotfile.secret, kind: kind, source: source,
        modeIsDefault: dotfile.mode == nil)
    }
    func add(_ target: FilePath, _ kind: Change.Kind, from source: FilePath) {
      var change = change(target, kind, from: source)
      if case .directory = kind { change.isExact = dotfile.layout.isExact }
      changes.append(change)
    }
    if dotfile.layout.isExact || dotfile.layout.folderMode != nil {
      add(place, .directory(mode: folderMode), from: root)
    }
    let isTree = dotfile.kind == .tree
    for entry in entries where !isTree || !names.leavesOut(entry.path) {
      let source = root.pushing(FilePath(entry.path))
      var target = place.pushing(FilePath(entry.path))
      if case .directory = entry.content {
        if isAboveOwn(target, context) { continue }
        add(target, .directory(mode: folderMode), from: source)
      } else if dotfile.layout.style == .link {
        add(target, .link(.path(source)), from: source)
      } else if case .link(let destination) = entry.content {
        add(target, .link(.path(FilePath(destination))), from: source)
      } else if isTree, names.isTemplate(entry.path) {
        guard case .contents(let bytes) = context.facts[.contents(source)] else { continue }
        let text = try rendered(bytes, section, context, file: source)
        if let name = target.lastComponent?.string, name.hasSuffix(TreeNames.ending), name != TreeNames.ending
        {
          target = target.removingLastComponent().appending(String(name.dropLast(TreeNames.ending.count)))
        }
        changes.append(change(target, .absent, from: source).file(text, dotfile, entry.plainMode))
      } else if let kind = entry.fileKind(dotfile) {
        add(target, kind, from: source)
      }
    }
    return changes
  }
}

/// Which files of a tree are left out, and which are rendered.
struct TreeNames {
  static let ending = ".mustache"
  /// What no program reads from a home folder, and what git and the Finder leave there.
  private static let never = [".git", ".DS_Store"]

  private let exclude: [String]
  private let templates: [String]

  init(_ layout: TreeLayout) {
    exclude = Self.never + layout.exclude
    templates = layout.templates
  }

  /// A path is left out with all that is below it.
  func leavesOut(_ path: String) -> Bool {
    var end = path.startIndex
    while end < path.endIndex {
      end = path[end...].dropFirst().firstIndex(of: "/") ?? path.endIndex
      if Self.matches(String(path[..<end]), exclude) { return true }
    }
    return false
  }

  func isTemplate(_ path: String) -> Bool { Self.matches(path, templates) }

  /// A pattern without a slash is for names, wherever they are; one with a slash for paths from the tree's folder.
  private static func matches(_ path: String, _ patterns: [String]) -> Bool {
    let name = path.split(separator: "/").last.map(String.init) ?? path
    return patterns.contains { pattern in
      let plain = pattern.hasSuffix("/") ? String(pattern.dropLast()) : pattern
      let subject = plain.contains("/") ? path : name
      guard plain.contains(where: { $0 == "*" || $0 == "?" }) else { return plain == subject }
      return Wildcard(plain).matches(subject)
    }
  }
}

extension TreeEntry {
  /// A shared folder's group and world bits say nothing about what the user wants; the executable bit does.
  var plainMode: UInt16 {
    switch content {
    case .file(_, let mode), .source(_, let mode): mode & 0o100 != 0 ? 0o755 : 0o644
    case .link, .directory, .odd: 0o755
    }
  }

  /// This file as a dotfile's entry wants it; nil for what is no file.
  func fileKind(_ dotfile: DotfileSection) -> Change.Kind? {
    switch content {
    case .file(let bytes, _): .file(bytes, mode: dotfile.mode(plainMode))
    case .source(let source, _): .source(source, mode: dotfile.mode(plainMode))
    case .link, .directory, .odd: nil
    }
  }
}

extension DotfileSection {
  /// What is secret is the user's alone, unless a manifest says otherwise.
  func mode(_ usual: UInt16) -> UInt16 { mode ?? (secret ? usual & 0o700 : usual) }
}

/// What one entry asks for.
struct DotfileChanges {
  let target: String
  let section: Sourced<DotfileSection>
  let changes: [Change]

  /// Of what a folder's entry has at a path and what another entry has there, that of the later layer counts, and
  /// within a layer the one that names more of the path.
  static func merged(_ found: [DotfileChanges], _ layers: [Layer]) -> [Change] {
    guard found.contains(where: \.section.value.holdsEntries) else { return found.flatMap(\.changes) }
    let order = Dictionary(
      layers.enumerated().map { ($0.element.identity, $0.offset) }, uniquingKeysWith: { $1 })
    var best: [String: (rank: (Int, Int), isFolder: Bool)] = [:]
    let ranks = found.map { one in
      let depth = one.target.split(separator: "/").count
      return (
        order[one.section.source.layer.identity] ?? 0,
        one.section.value.holdsEntries ? (one.target == "." ? 0 : depth) : 1_000_000
      )
    }
    for (one, rank) in zip(found, ranks) {
      for change in one.changes where !change.isBlock {
        let name = change.target.string
        if let other = best[name], other.rank >= rank { continue }
        best[name] = (rank, change.isDirectory)
      }
    }
    // What is a file or a link for the one that counts has nothing of another's in it.
    let solid = best.filter { !$0.value.isFolder && $0.value.rank.1 == 1_000_000 }
    return zip(found, ranks).flatMap { one, rank in
      one.changes.filter { change in
        if change.isBlock { return true }
        let name = change.target.string
        if let other = best[name], other.rank > rank { return false }
        guard !solid.isEmpty else { return true }
        var above = name[...]
        while let slash = above.lastIndex(of: "/"), slash != above.startIndex {
          above = above[..<slash]
          if let other = solid[String(above)], other.rank > rank { return false }
        }
        return true
      }
    }
  }
}

extension Change {
  /// The same, for a file with this text.
  func file(_ rendering: SecretTexts.Rendering, _ dotfile: DotfileSection, _ usual: UInt16) -> Change {
    var change = self
    change.secrets = rendering.use
    change.isSecret = isSecret || rendering.use != nil
    let mode = rendering.use == nil ? dotfile.mode(usual) : dotfile.mode ?? usual & 0o700
    change.kind = .file(Array(rendering.text.utf8), mode: mode)
    return change
  }

  fileprivate var isBlock: Bool { if case .edit = kind { true } else { false } }

  fileprivate var isDirectory: Bool { if case .directory = kind { true } else { false } }
}
