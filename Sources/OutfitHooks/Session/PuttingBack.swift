import OutfitCore
import OutfitEngine
import OutfitSystem
import SystemPackage

/// Puts back what was set aside, each path for itself. It can be ended at any instant and begun again.
struct PuttingBack {
  let git: RepositoryGit
  let room: RunFolder
  let record: WorkRecord
  /// How what came from the index looked; without it everything is compared.
  var looks: [WorkPath: FileStatus] = [:]
  /// The commit that was checked out when the work was set aside still is.
  var isHeadSame = true

  /// What a person has to know of it.
  struct Outcome {
    /// How many paths have their work again.
    var back = 0
    /// Overlapping changes were taken out at these, and kept.
    var dropped: [WorkPath] = []
    /// Somebody saved these in the meantime, on top of the work that was set aside.
    var saved: [WorkPath] = []
    /// What stands at these has nothing to do with the work any more, which is kept.
    var left: [WorkPath] = []
    /// What can't be put back, and where it is.
    var problems: [(path: WorkPath, reason: String)] = []
    /// Paths that are not staged any more.
    var unstaged: [WorkPath] = []
    var isKept = false
  }

  private enum Step {
    case nothing
    case put(WorkContent)
    case moveBack
  }

  private var files: any Files { git.host.files }
  private var root: FilePath { git.folders.workTree }
  private var placing: Placing { Placing(files: files, root: root) }

  func run(staged after: IndexState?) async throws -> Outcome {
    var outcome = Outcome()
    var kept = record
    kept.index = []
    kept.staged = after.map { lost($0, &outcome) } ?? []
    let steps = try await plan(&outcome, &kept)
    outcome.isKept =
      !kept.staged.isEmpty || !kept.dropped.isEmpty || kept.entries.contains { $0.content != .moved }
    // Before anything is written over.
    if outcome.isKept { try SavedWork(room, git.host).add(kept, isDurable: !kept.dropped.isEmpty) }
    for (number, entry) in record.entries.enumerated() where entry.isIndexed {
      do {
        try take(steps[number], number, entry, &outcome)
      } catch let error as FileError {
        outcome.problems.append((entry.path, error.reason))
      }
    }
    for folder in record.missingFolders.reversed() { try? files.removeDirectory(folder.below(root)) }
    for (number, entry) in record.entries.enumerated() where !entry.isIndexed {
      try moveBack(number, entry.path, &outcome)
    }
    try synchronize()
    let paths = record.entries.filter(\.isIndexed).map(\.path)
    for folder in [room.staging, room.versions] { IndexContents(git: git).remove(paths, from: folder) }
    if try files.status(room.aside, followLinks: false) != nil, try !files.list(room.aside).isEmpty {
      // What could not be moved back.
      let place = room.path.appending("aside-\(record.identifier)")
      try files.rename(room.aside, to: place)
    }
    return outcome
  }

  // MARK: What is to be done

  private func plan(_ outcome: inout Outcome, _ kept: inout WorkRecord) async throws -> [Step] {
    var steps = Array(repeating: Step.nothing, count: record.entries.count)
    var changed: [Int] = []
    for (number, entry) in record.entries.enumerated() where entry.isIndexed {
      try files.removeTree(placing.temporary(entry.path))
      if entry.content == .moved, try files.status(room.aside(number), followLinks: false) == nil { continue }
      let now = try files.status(entry.path.below(root), followLinks: false)
      if let look = looks[entry.path], now == look {
        steps[number] = entry.content == .moved ? .moveBack : .put(entry.content)
        outcome.back += 1
      } else {
        changed.append(number)
      }
    }
    guard !changed.isEmpty else { return steps }
    let indexPath = room.path.appending("index")
    try files.removeTree(indexPath)
    try files.create(indexPath, record.index, mode: 0o600)
    try await IndexContents(git: git).write(
      changed.map { record.entries[$0].path }, to: room.versions, index: indexPath)
    try files.removeTree(indexPath)
    for number in changed { steps[number] = try await step(number, &outcome, &kept) }
    return steps
  }

  private func step(_ number: Int, _ outcome: inout Outcome, _ kept: inout WorkRecord) async throws -> Step {
    let entry = record.entries[number]
    let index = try WorkContent.read(entry.path.below(room.versions), files, largest: .max)
    let now = try WorkContent.read(entry.path.below(root), files, largest: .max)
    let back = entry.content == .moved ? Step.moveBack : .put(entry.content)
    var merge = WorkMerge(work: entry.content, now: now, index: index)
    if now == .moved {
      // A folder stands there now, or something that can't be read whole.
      outcome.problems.append((entry.path, "something else stands there"))
      return .nothing
    }
    if case .texts(let mode) = merge, case .file(let work) = entry.content, case .file(let file) = now,
      case .file(let base) = index
    {
      if let bytes = try await mergeTexts(work.bytes, file.bytes, base.bytes) {
        merge = .merged(
          WorkContent.File(bytes: bytes, mode: mode, modified: file.modified, attributes: work.attributes))
      } else if WorkMerge.hasAll(of: work.bytes, in: file.bytes, beyond: base.bytes) {
        outcome.saved.append(entry.path)
        return .nothing
      } else {
        merge = .drop
      }
    }
    switch merge {
    case .stays: return .nothing
    case .back:
      guard isHeadSame || now.matches(index) else {
        outcome.left.append(entry.path)
        return .nothing
      }
      outcome.back += 1
      return back
    case .merged, .texts, .drop:
      // Another commit was checked out since: what stands there is of that one.
      guard isHeadSame else {
        outcome.left.append(entry.path)
        return .nothing
      }
      outcome.back += 1
      if case .merged(let file) = merge { return .put(.file(file)) }
      outcome.dropped.append(entry.path)
      kept.dropped.append(WorkRecord.Entry(path: entry.path, content: now, isIndexed: true))
      return back
    }
  }

  /// Nil where they overlap, or are no text.
  private func mergeTexts(_ work: [UInt8], _ now: [UInt8], _ index: [UInt8]) async throws -> [UInt8]? {
    let folder = room.path.appending("merge")
    try files.removeTree(folder)
    try files.createDirectory(folder, mode: 0o700)
    for (name, bytes) in [("now", now), ("index", index), ("work", work)] {
      try files.create(folder.appending(name), bytes, mode: 0o600)
    }
    let done = try await git.complete(
      ["merge-file", "-p", "--quiet"] + ["now", "index", "work"].map { folder.appending($0).string })
    try files.removeTree(folder)
    return done.succeeded ? done.output : nil
  }

  /// What was staged and is not, or is otherwise.
  private func lost(_ after: IndexState, _ outcome: inout Outcome) -> [WorkRecord.Staged] {
    let now = Dictionary(after.staged.map { ($0.path, $0) }) { first, _ in first }
    let lost = record.staged.filter { before in
      now[before.path].map { $0.object != before.object || $0.mode != before.mode } ?? true
    }
    outcome.unstaged = lost.map(\.path).filter { now[$0] == nil }
    return lost
  }

  // MARK: Doing it

  private func take(_ step: Step, _ number: Int, _ entry: WorkRecord.Entry, _ outcome: inout Outcome) throws {
    switch step {
    case .nothing: return
    case .moveBack: try moveBack(number, entry.path, &outcome)
    case .put(let content):
      if content != .absent { try files.createDirectories(entry.path.below(root).removingLastComponent()) }
      try placing.put(content, at: entry.path)
    }
  }

  private func moveBack(_ number: Int, _ path: WorkPath, _ outcome: inout Outcome) throws {
    let (source, target) = (room.aside(number), path.below(root))
    guard try files.status(source, followLinks: false) != nil else { return }
    do {
      switch try files.status(target, followLinks: false)?.kind {
      case .directory?: try files.removeDirectory(target)
      case .file?, .link?, .other?: try files.remove(target)
      case nil: try files.createDirectories(target.removingLastComponent())
      }
      try files.rename(source, to: target)
    } catch {
      let place = room.path.appending("aside-\(record.identifier)").appending(String(number))
      outcome.problems.append((path, "\(error.reason); it is in \(place)"))
    }
  }

  /// Few files for themselves, many in one pass.
  private func synchronize() throws {
    let indexed = record.entries.filter(\.isIndexed)
    guard indexed.count <= 16 else { return try files.synchronizeAll(root) }
    var folders: Set<FilePath> = []
    for entry in indexed {
      let path = entry.path.below(root)
      if try files.status(path, followLinks: false)?.kind == .file { try? files.synchronize(path) }
      folders.insert(path.removingLastComponent())
    }
    for folder in folders where files.exists(folder) { try? files.synchronize(folder) }
  }
}
