import OutfitCore
import OutfitProfile
import OutfitSystem
import SystemPackage

/// What the other side has, upon what is here.
public struct PersonalMerge: Sendable {
  let snapshot: PersonalRepository.Snapshot
  public let theirs: String
  /// Files that both sides changed at the same lines.
  public let conflicts: [String]
  private let tree: String

  /// What becomes of a file that both sides changed at the same lines.
  public enum Side: Sendable { case ours, theirs }

  /// Nothing of what is here is changed by that.
  init(_ repository: PersonalRepository, _ snapshot: PersonalRepository.Snapshot, theirs: String) async throws
  {
    let merged = try await repository.run([
      "merge-tree", "--write-tree", "-z", "--name-only", "--no-messages", "--allow-unrelated-histories",
      snapshot.commit, theirs,
    ])
    let fields = merged.outputText.split(separator: "\0").map(String.init)
    guard [0, 1].contains(merged.status), let tree = fields.first, tree.count == 40 else {
      throw Failure([
        Diagnostic(
          .error, "git can't merge \(repository.folder)", excerpt: GitProgram.said(merged),
          hint: "git 2.38 or newer is needed: git --version")
      ])
    }
    (self.snapshot, self.theirs, self.tree) = (snapshot, theirs, tree)
    // Its pins are made again where they lack.
    conflicts = fields.dropFirst().filter { $0 != LockFile.name }
  }

  /// The tree of what comes of it.
  /// - Parameter sides: for each of the conflicts.
  func result(_ repository: PersonalRepository, _ sides: [String: Side]) async throws -> String {
    let index = repository.store.appending("outfit-index")
    let variables = ["GIT_INDEX_FILE": index.string]
    _ = try await repository.mustRun(["read-tree", tree], variables: variables)
    var chosen = sides
    chosen[LockFile.name] = .theirs
    for (path, side) in chosen where side == .theirs || conflicts.contains(path) {
      // Where the lock merged by itself, it is what both sides wanted.
      if path == LockFile.name, !(try await isTorn(path, repository)) { continue }
      let commit = side == .ours ? snapshot.commit : theirs
      let entry = try await repository.mustRun(["ls-tree", commit, "--", path])
      let fields = entry.prefix { $0 != "\t" }.split(separator: " ")
      if fields.count == 3 {
        _ = try await repository.mustRun(
          ["update-index", "--add", "--cacheinfo", "\(fields[0]),\(fields[2]),\(path)"], variables: variables)
      } else {
        _ = try await repository.mustRun(
          ["update-index", "--force-remove", "--", path], variables: variables)
      }
    }
    let tree = try await repository.mustRun(["write-tree"], variables: variables).filter { !$0.isWhitespace }
    try repository.host.files.removeTree(index)
    return tree
  }

  /// Marks of a conflict stand in it.
  private func isTorn(_ path: String, _ repository: PersonalRepository) async throws -> Bool {
    guard let bytes = try await repository.text(path, in: tree) else { return true }
    return String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isNewline).contains {
      $0.hasPrefix("<<<<<<< ")
    }
  }
}

extension PersonalRepository {
  /// Looks at what a pull would do.
  public func merge(_ theirs: String) async throws -> PersonalMerge {
    try await PersonalMerge(self, try await snapshot(), theirs: theirs)
  }

  /// A manifest of what would come of it is one.
  /// - Throws: its mistakes.
  private func check(_ tree: String) async throws {
    guard let bytes = try await text(ProfileLoader.manifestName, in: tree) else { return }
    let errors = OwnSettings.mistakes(in: bytes, as: "\(ProfileLoader.manifestName) (merged)", host)
    guard errors.isEmpty else { throw Failure(errors, status: .usage) }
  }

  /// Writes what comes of a merge, and moves the branch there.
  /// - Throws: where somebody writes at the same time; what is here stays, or stands in `refs/outfit/before`.
  public func take(_ merge: PersonalMerge, _ sides: [String: PersonalMerge.Side]) async throws {
    let result = try await merge.result(self, sides)
    try await check(result)
    let target = try await commit(upon: merge.theirs)
    try await mustRun(["update-ref", "refs/outfit/before", merge.snapshot.commit])
    guard try await snapshot().tree == merge.snapshot.tree else {
      throw Failure(
        "somebody is writing in \(folder) just now", hint: "when that is done: outfit personal pull")
    }
    let changes = try await changes(from: merge.snapshot.tree, to: result)
    let index = store.appending("outfit-index")
    let variables = ["GIT_INDEX_FILE": index.string]
    _ = try await mustRun(["read-tree", result], variables: variables)
    for file in changes where file.kind == .removed {
      let path = folder.pushing(FilePath(file.path))
      if host.files.exists(path) { try host.files.remove(path) }
    }
    let written = changes.filter { $0.kind != .removed }.map(\.path)
    for start in stride(from: 0, to: written.count, by: 500) {
      try await mustRun(
        ["checkout-index", "--force", "--"] + written[start..<min(start + 500, written.count)],
        variables: variables)
    }
    try host.files.removeTree(index)
    try await mustRun(["update-ref", "HEAD", target])
    try await mustRun(["read-tree", "HEAD"])
  }

  /// Whether what is here builds on a commit.
  public func has(_ commit: String) async throws -> Bool {
    try await run(["merge-base", "--is-ancestor", commit, "HEAD"]).succeeded
  }

  /// A file as it was before a merge, beside what came.
  public func keepBeside(_ path: String, of merge: PersonalMerge) async throws {
    guard let bytes = try await text(path, in: merge.snapshot.commit) else { return }
    let place = try free(folder.pushing(FilePath(path)))
    try host.files.createDirectories(place.removingLastComponent(), mode: 0o700)
    try host.files.create(place, bytes, mode: 0o600)
  }

  /// A name beside a file that nothing has.
  func free(_ path: FilePath) throws -> FilePath {
    var name = FilePath(path.string + ".backup")
    var number = 1
    while host.files.exists(name) {
      number += 1
      name = FilePath(path.string + ".backup.\(number)")
    }
    return name
  }

  /// The commit that the branch is at afterwards: theirs, or where there are own ones that they lack, both.
  private func commit(upon theirs: String) async throws -> String {
    guard let head = try await head() else { return theirs }
    if try await run(["merge-base", "--is-ancestor", head, theirs]).succeeded { return theirs }
    if try await run(["merge-base", "--is-ancestor", theirs, head]).succeeded { return head }
    let merged = try await run([
      "merge-tree", "--write-tree", "-z", "--name-only", "--no-messages", "--allow-unrelated-histories", head,
      theirs,
    ])
    // What was decided about conflicts stands in the files, as an edit on top.
    guard let tree = merged.outputText.split(separator: "\0").first.map(String.init), tree.count == 40 else {
      throw Failure("git can't merge \(folder)", hint: "look at it: git -C \(folder) log --oneline --all")
    }
    let isClean = merged.succeeded
    let kept = isClean ? tree : "\(theirs)^{tree}"
    return try await mustRun(
      ["commit-tree", kept, "-p", head, "-p", theirs, "-m", "What two machines have"],
      hint: Self.identityHint
    ).filter { !$0.isWhitespace }
  }

  static let identityHint = "if git does not know who you are: git config --global user.email YOU@HOST"
}
