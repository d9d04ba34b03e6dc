import OutfitCore
import OutfitEngine
import OutfitProfile
import SystemPackage

extension Virtualenv {
  /// How a folder of the project comes into its environment.
  static func folder(
    _ project: LockedProject, _ section: VirtualenvSection, _ context: Context
  ) throws -> Round<ProjectContents.Folder> {
    let path = project.path == "." ? context.root : context.root.pushing(FilePath(project.path))
    var folder = ProjectContents.Folder(
      path: path, relative: project.path, digest: project.digest, way: .editable)
    let queries = LocalProject.buildFiles.map { Query.contents(path.appending($0)) }
    let unknown = queries.filter { context.facts[$0] == nil }
    guard unknown.isEmpty else { return .ask(unknown) }
    var files: [String: [UInt8]] = [:]
    for (name, query) in zip(LocalProject.buildFiles, queries) {
      if case .contents(let bytes)? = context.facts[query] { files[name] = bytes }
    }
    let description = ProjectDescription(files)
    folder.name = description.name
    guard !section.isEditable else { return .done(folder) }
    guard description.takesVersionFromRepository else {
      folder.way = .copied
      return .done(folder)
    }
    folder.way = .inPlace
    folder.written = description.versionFiles.map { LocalProject(path: project.path).file($0) }
    return .done(folder)
  }

  /// What wheels of the project's folders are built of.
  /// - Parameter written: what builds write, relative to the project.
  /// - Throws: `Failure` where that is too much, or can't be read.
  static func tree(
    _ section: VirtualenvSection, without written: [String] = [], _ context: Context
  ) throws -> Round<[TreeEntry]> {
    let own =
      [section.path, "outfit.yaml", "outfit.lock"] + written
      + (context.profile.nodeModules.map { [$0.value.path] } ?? [])
    let query = Query.sources(
      SourceTree(
        root: context.root, without: Set(own.map { FilePath($0).lexicallyNormalized().string })))
    switch context.facts[query] {
    case nil: return .ask([query])
    case .tree(let entries)?: return .done(entries)
    case .failed(let diagnostic)?: throw Failure([diagnostic])
    default: return .done([])
    }
  }
}

/// What the commit and the tags of the repository around a project are: a version may be made of them.
enum RepositoryHistory {
  static func read(_ context: Context) -> Round<String> {
    let folders: GitFolders
    switch GitFolders.find(from: context.root, environment: context.environment, known: { context.facts[$0] })
    {
    case .ask(let queries): return .ask(queries)
    case .done(nil): return .done("")
    case .done(let found?): folders = found
    }
    // A linked worktree has a head of its own.
    let pointer = folders.workTree.appending(".git")
    var own = folders.common
    if case .contents(let bytes)? = context.facts[.contents(pointer)] {
      let line = String(decoding: bytes, as: UTF8.self).prefix { !$0.isNewline }
      if line.hasPrefix("gitdir: ") {
        own = folders.workTree.pushing(FilePath(String(line.dropFirst(8)))).lexicallyNormalized()
      }
    }
    let head = Query.contents(own.appending("HEAD"))
    guard let answer = context.facts[head] else { return .ask([head]) }
    guard case .contents(let bytes) = answer else { return .done("") }
    let text = String(decoding: bytes, as: UTF8.self)
    var queries: [Query] = [
      .contents(folders.common.appending("packed-refs")), .names(folders.common.pushing("refs/tags")),
    ]
    let name = FilePath(text.dropFirst(5).trimmed)
    if text.hasPrefix("ref: "), !name.isAbsolute,
      !name.components.contains(where: { $0.kind == .parentDirectory })
    {
      queries.append(.contents(folders.common.pushing(name)))
    }
    let unknown = queries.filter { context.facts[$0] == nil }
    guard unknown.isEmpty else { return .ask(unknown) }
    var digest = Digest.Running()
    digest.field(text)
    for query in queries {
      switch context.facts[query] {
      case .contents(let bytes)?: digest.field(Digest(of: bytes).hex)
      case .names(let names)?: digest.field(names.joined(separator: "\n"))
      default: digest.field("")
      }
    }
    return .done("history \(digest.finish())\n")
  }
}
