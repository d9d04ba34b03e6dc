import OutfitCore
import OutfitEngine
import OutfitSystem
import SystemPackage

extension SavedWork {
  /// Which version of a path.
  public enum Version: Sendable {
    /// What was not staged, as it was before the hooks ran.
    case work
    /// What the hooks left, where it overlapped.
    case hooks
  }

  /// What was brought back.
  public struct Restored: Sendable {
    public var paths: [String] = []
    public var staged: [String] = []
    /// Where what stood there before is saved.
    public var before: String?
  }

  /// The text of one path.
  public func text(_ path: String, _ version: Version, of item: Item) throws -> String {
    let entry = try entries([path], version, of: item).first
    switch entry?.content {
    case .file(let file)?:
      guard let text = String(validating: file.bytes, as: UTF8.self) else {
        throw Failure(
          "\(path) is no text", hint: "`outfit hooks saved restore \(item.identifier) \(path)` puts it back")
      }
      return text
    case .link(let destination, _)?: return destination + "\n"
    case .absent?: throw Failure("\(path) was deleted")
    case .moved?, nil: throw Failure("\(path) was moved and put back: there is no copy of it")
    }
  }

  /// Brings back what a run set aside. What stands there now is saved before.
  /// - Parameter paths: Relative to the work tree; none for all, and what was staged with them.
  public func restore(_ paths: [String], _ version: Version, of item: Item) async throws -> Restored {
    try room.prepare(host.files)
    guard let lock = try host.files.tryLock(room.lock) else {
      throw Failure("hooks are running here", hint: "wait for them, and run this again")
    }
    defer { withExtendedLifetime(lock) {} }
    let git = RepositoryGit(folders: room.git, host: host)
    let root = room.git.workTree
    let entries = try entries(paths, version, of: item)
    var restored = Restored()
    var before = WorkRecord(
      token: "", mark: ProcessMark().value, time: host.clock.now(), type: "restore", head: "", variables: [:])
    for entry in entries {
      let now = try WorkContent.read(entry.path.below(root), host.files)
      guard now != .moved else {
        throw Failure(
          "something else stands at \(entry.path.label)", hint: "move it away, and run this again")
      }
      if !now.matches(entry.content) {
        before.entries.append(WorkRecord.Entry(path: entry.path, content: now, isIndexed: true))
      }
    }
    let staged = paths.isEmpty && version == .work ? item.record.staged : []
    if !before.entries.isEmpty {
      try add(before, isDurable: true)
      restored.before = before.identifier
    }
    for entry in entries {
      if entry.content != .absent {
        try host.files.createDirectories(entry.path.below(root).removingLastComponent())
      }
      try Placing(files: host.files, root: root).put(entry.content, at: entry.path)
      restored.paths.append(entry.path.text)
    }
    if !staged.isEmpty {
      try stage(staged)
      let lines = staged.map { Array("\($0.mode) \($0.object)\t".utf8) + $0.path.bytes + [0] }
      _ = try await git.run(["update-index", "-z", "--index-info"], input: Array(lines.joined()))
      restored.staged = staged.map(\.path.text)
    }
    return restored
  }

  /// Gives git its own files again, where they are gone.
  private func stage(_ staged: [WorkRecord.Staged]) throws {
    for one in staged where !one.stored.isEmpty {
      let path = LooseObject.path(one.object, room.git)
      guard !host.files.exists(path) else { continue }
      try host.files.createDirectories(path.removingLastComponent())
      let new = path.removingLastComponent().appending("tmp_obj_\(ProcessMark().value)")
      try host.files.create(new, one.stored, mode: 0o444)
      try host.files.rename(new, to: path)
    }
  }

  private func entries(
    _ paths: [String], _ version: Version, of item: Item
  ) throws -> [WorkRecord.Entry] {
    let all = version == .work ? item.record.entries : item.record.dropped
    guard !paths.isEmpty else { return all.filter { $0.content != .moved } }
    return try paths.map { path in
      guard let entry = all.first(where: { $0.path.text == path }) else {
        throw Failure(
          "\(item.identifier) has no \(path)",
          hint: "`outfit hooks saved show \(item.identifier)` lists what it has",
          status: .usage)
      }
      return entry
    }
  }
}
