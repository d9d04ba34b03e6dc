import OutfitCore
import OutfitEngine
import OutfitSystem
import SystemPackage

/// Sets aside what is not staged, so that the hooks see what will be committed.
struct SettingAside {
  let git: RepositoryGit
  let room: RunFolder

  private var host: Host { git.host }
  private var files: any Files { git.host.files }
  private var root: FilePath { git.folders.workTree }

  /// What will have to be put back. Nothing is changed.
  func record(_ state: IndexState, type: String, mark: ProcessMark, token: String) throws -> WorkRecord {
    var record = WorkRecord(
      token: token, mark: mark.value, time: host.clock.now(), type: type, head: state.head,
      variables: host.environment.filter { ["GIT_DIR", "GIT_WORK_TREE"].contains($0.key) })
    record.staged = state.staged.map { staged in
      var staged = staged
      staged.stored = stored(staged.object)
      return staged
    }
    let names = Set(state.staged.map(\.path))
    var kinds: [WorkPath: FileStatus.Kind?] = [:]
    var beside: Set<WorkPath> = []
    var missing: Set<WorkPath> = []
    for path in state.unstaged {
      for folder in path.folders {
        let kind: FileStatus.Kind?
        if let known = kinds[folder] {
          kind = known
        } else {
          kind = try files.status(folder.below(root), followLinks: false)?.kind
          kinds[folder] = kind
        }
        if kind == nil { missing.insert(folder) }
        guard let kind, kind != .directory else { continue }
        beside.insert(folder)
        missing.formUnion(path.folders.filter { $0.bytes.count > folder.bytes.count })
        break
      }
      do {
        let content = try WorkContent.read(path.below(root), files)
        record.entries.append(WorkRecord.Entry(path: path, content: content, isIndexed: true))
      } catch {
        // Git can't read it either.
        guard names.contains(path) else { continue }
        throw Failure(
          "\(path.label) is staged, and was changed since in a way that can't be read: \(error.reason)",
          hint: "the hooks are to see what is staged: make it readable, or `git checkout` it")
      }
    }
    record.entries += beside.sorted().map { WorkRecord.Entry(path: $0, content: .moved, isIndexed: false) }
    record.missingFolders = missing.sorted()
    if !record.entries.isEmpty { record.index = try files.read(git.index, limit: FileBound.own) }
    return record
  }

  /// Git's own file of an object, while it is not in a pack.
  private func stored(_ object: String) -> [UInt8] {
    guard object.contains(where: { $0 != "0" }) else { return [] }
    let path = LooseObject.path(object, git.folders)
    guard let status = try? files.status(path, followLinks: false), status.kind == .file,
      status.size <= WorkContent.largestCopy
    else { return [] }
    return (try? files.read(path)) ?? []
  }

  /// Has the work tree as the index is, path by path, each in one step.
  /// - Returns: how each looks, by which it is known that nobody touched it.
  func install(_ record: WorkRecord) async throws -> [WorkPath: FileStatus] {
    guard !record.entries.isEmpty else { return [:] }
    let indexed = record.entries.filter(\.isIndexed)
    try await IndexContents(git: git).write(indexed.map(\.path), to: room.staging)
    for (number, entry) in record.entries.enumerated() where entry.content == .moved {
      try files.createDirectories(room.aside, mode: 0o700)
      do {
        try files.rename(entry.path.below(root), to: room.aside(number))
      } catch {
        guard error.code == Errno.improperLink else { throw error }
        throw Failure(
          "\(entry.path.label) can't be set aside: it is on another disk than \(git.folders.directory)",
          hint: "commit it, or move it away, and try again")
      }
    }
    var looks: [WorkPath: FileStatus] = [:]
    let placing = Placing(files: files, root: root)
    for entry in indexed {
      let source = entry.path.below(room.staging)
      // Submodules and what sparse checkouts leave out have none.
      guard try files.status(source, followLinks: false) != nil else { continue }
      try files.createDirectories(entry.path.below(root).removingLastComponent())
      try placing.move(source, to: entry.path)
      looks[entry.path] = try files.status(entry.path.below(root), followLinks: false)
    }
    IndexContents(git: git).remove(indexed.map(\.path), from: room.staging)
    return looks
  }
}

/// Contents of the index as they stand in a work tree, line ends and filters applied.
struct IndexContents {
  let git: RepositoryGit

  /// - Parameter index: Another index than git's own.
  func write(_ paths: [WorkPath], to folder: FilePath, index: FilePath? = nil) async throws {
    guard !paths.isEmpty else { return }
    remove(paths, from: folder)
    try git.host.files.createDirectories(folder, mode: 0o700)
    _ = try await git.run(
      ["checkout-index", "--force", "--quiet", "-z", "--stdin", "--prefix=\(folder)/"],
      input: Array(paths.map(\.bytes).joined(separator: [0])) + [0],
      setting: index.map { ["GIT_INDEX_FILE": $0.string] } ?? [:])
  }

  /// Path by path, since a folder can't say names that are no text. What is left is in nobody's way.
  func remove(_ paths: [WorkPath], from folder: FilePath) {
    let files = git.host.files
    for path in paths { try? files.remove(path.below(folder)) }
    for path in Set(paths.flatMap(\.folders)).sorted().reversed() {
      try? files.removeDirectory(path.below(folder))
    }
    try? files.removeTree(folder)
  }
}

enum LooseObject {
  static func path(_ object: String, _ git: GitFolders) -> FilePath {
    git.common.appending("objects").appending(String(object.prefix(2))).appending(String(object.dropFirst(2)))
  }
}

/// Puts contents into a work tree, each in one step.
struct Placing {
  let files: any Files
  let root: FilePath

  static let temporaryPrefix = ".outfit-hooks-"

  func temporary(_ path: WorkPath) -> FilePath {
    let target = path.below(root)
    let name = Digest(of: path.text).short(16)
    return target.removingLastComponent().appending(Self.temporaryPrefix + name)
  }

  /// From within the same disk, or from another.
  func move(_ source: FilePath, to path: WorkPath) throws {
    do {
      try files.rename(source, to: path.below(root))
    } catch {
      guard error.code == Errno.improperLink else { throw error }
      try put(try WorkContent.read(source, files), at: path)
    }
  }

  /// A file or a link, or nothing.
  func put(_ content: WorkContent, at path: WorkPath) throws {
    let target = path.below(root)
    let temporary = temporary(path)
    switch content {
    case .absent:
      if try files.status(target, followLinks: false) != nil { try files.remove(target) }
      return
    case .moved: return
    case .file(let file):
      try files.removeTree(temporary)
      try files.create(temporary, file.bytes, mode: file.mode, modified: file.modified)
      if !file.attributes.isEmpty {
        try files.setAttributes(temporary, file.attributes)
        // An access list changes the mode.
        try files.setMode(temporary, file.mode)
      }
    case .link(let destination, let modified):
      try files.removeTree(temporary)
      try files.createLink(temporary, to: destination)
      try? files.setModified(temporary, modified)
    }
    try files.rename(temporary, to: target)
  }
}
