import OutfitCore
import OutfitSystem
import SystemPackage

/// Where git keeps its things for one work tree, worktrees and submodules among them.
public struct GitFolders: Hashable, Sendable {
  /// The folder that holds `.git`.
  public var workTree: FilePath
  /// What all worktrees share; the repository itself for a plain clone.
  public var common: FilePath
  /// What this work tree has to itself: its index above all. The same as `common` but for a linked worktree.
  public var directory: FilePath
  /// `core.hooksPath`, and the file that sets it.
  public var hooksPath: (path: FilePath, setBy: FilePath)?

  public init(
    workTree: FilePath, common: FilePath, directory: FilePath? = nil,
    hooksPath: (path: FilePath, setBy: FilePath)? = nil
  ) {
    self.workTree = workTree
    self.common = common
    self.directory = directory ?? common
    self.hooksPath = hooksPath
  }

  /// Where git looks for hooks.
  public var hooks: FilePath { hooksPath?.path ?? common.appending("hooks") }
  /// Outfit's own folder in the repository, which git neither tracks nor cleans.
  public var own: FilePath { common.appending("outfit") }

  public static func == (a: GitFolders, b: GitFolders) -> Bool {
    a.workTree == b.workTree && a.common == b.common && a.directory == b.directory
      && a.hooksPath?.path == b.hooksPath?.path
      && a.hooksPath?.setBy == b.hooksPath?.setBy
  }

  public func hash(into hasher: inout Hasher) {
    hasher.combine(workTree)
    hasher.combine(common)
    hasher.combine(hooksPath?.path)
  }

  /// Looks from `folder` upwards.
  /// - Parameters:
  ///   - environment: For the user's own git configuration.
  ///   - known: The answer to a question; nil when it must be asked first.
  /// - Returns: What must be asked, or the folders, nil where there is no repository.
  public static func find(
    from folder: FilePath, environment: [String: String], known: (Query) -> Answer?
  ) -> Round<GitFolders?> {
    var ancestors = [folder]
    while let last = ancestors.last, !last.components.isEmpty {
      ancestors.append(last.removingLastComponent())
    }
    let marks = ancestors.map { Query.status($0.appending(".git")) }
    let unknown = marks.filter { known($0) == nil }
    guard unknown.isEmpty else { return .ask(unknown) }
    for (folder, mark) in zip(ancestors, marks) {
      guard case .status(let status)? = known(mark) else { continue }
      let path = folder.appending(".git")
      if status.kind == .directory {
        return configured(GitFolders(workTree: folder, common: path), environment, known)
      }
      let pointer = Query.contents(path)
      guard let answer = known(pointer) else { return .ask([pointer]) }
      guard case .contents(let bytes) = answer, let target = line(bytes, after: "gitdir:") else {
        continue
      }
      let repository = folder.pushing(FilePath(target)).lexicallyNormalized()
      let shared = Query.contents(repository.appending("commondir"))
      guard let answer = known(shared) else { return .ask([shared]) }
      var common = repository
      if case .contents(let bytes) = answer, let relative = line(bytes, after: "") {
        common = repository.pushing(FilePath(relative)).lexicallyNormalized()
      }
      return configured(
        GitFolders(workTree: folder, common: common, directory: repository), environment, known)
    }
    return .done(nil)
  }

  /// Adds `core.hooksPath`.
  private static func configured(
    _ folders: GitFolders, _ environment: [String: String], _ known: (Query) -> Answer?
  ) -> Round<GitFolders?> {
    var folders = folders
    let round = withoutActuallyEscaping(known) { GitSettings.hooksPath(folders, environment, known: $0) }
    switch round {
    case .ask(let queries): return .ask(queries)
    case .done(let hooksPath): folders.hooksPath = hooksPath
    }
    return .done(folders)
  }

  /// The first line without its ends, and without what it must begin with.
  private static func line(_ bytes: [UInt8], after prefix: String) -> String? {
    let text = String(decoding: bytes, as: UTF8.self).prefix { !$0.isNewline }
    guard text.hasPrefix(prefix) else { return nil }
    var value = text.dropFirst(prefix.count).drop(while: \.isWhitespace)
    while value.last?.isWhitespace == true { value = value.dropLast() }
    return value.isEmpty ? nil : String(value)
  }
}

extension GitFolders {
  /// The work tree of the clone that this one is a linked worktree of, as the repository itself says; nil for a plain
  /// clone, a submodule, and a folder that only claims to be one.
  public func mainWorkTree(_ files: any Files) -> FilePath? {
    guard common.lastComponent?.string == ".git", common != workTree.appending(".git") else { return nil }
    let worktrees = common.appending("worktrees")
    let pointer = files.resolved(workTree.appending(".git"))
    let isKnown = ((try? files.list(worktrees)) ?? []).contains { name in
      guard let bytes = try? files.read(worktrees.appending(name).appending("gitdir"), from: 0, count: 4096),
        let target = Self.line(bytes, after: "")
      else { return false }
      return pointer != nil && files.resolved(FilePath(target)) == pointer
    }
    return isKnown ? common.removingLastComponent() : nil
  }

  /// The repository around a folder of this machine; nil where there is none.
  public static func locate(from folder: FilePath, host: Host) throws -> GitFolders? {
    var answers: [Query: Answer] = [:]
    while true {
      switch find(from: folder, environment: host.environment, known: { answers[$0] }) {
      case .ask(let queries): for query in queries { answers[query] = answer(query, host.files) }
      case .done(let folders): return folders
      }
    }
  }

  private static func answer(_ query: Query, _ files: any Files) -> Answer {
    do {
      switch query {
      case .status(let path):
        return try files.status(path, followLinks: true).map { .status($0) } ?? .absent
      case .contents(let path):
        guard try files.status(path, followLinks: true) != nil else { return .absent }
        return .contents(try files.read(path))
      default: return .absent
      }
    } catch {
      return .failed(Diagnostic(.error, "\(error)"))
    }
  }
}
