import OutfitCore
import OutfitEngine
import OutfitSystem
import SystemPackage

/// What `git push` is about to send, as it tells its hook: a line for each reference.
struct PushedCommits {
  struct Reference: Hashable {
    var localName: String
    /// The commit that is pushed.
    var commit: String
    var remoteName: String
    /// What is there of it already; nil where nothing is known to be.
    var known: String?
  }

  let git: RepositoryGit

  /// Of each line what has to be looked at: what is deleted, and what the other side has, is left out.
  func references(_ input: String, remote: String) async throws -> [Reference] {
    var references: [Reference] = []
    for line in input.split(separator: "\n") {
      let words = line.split(separator: " ").map(String.init)
      guard words.count == 4, words[1].contains(where: { $0 != "0" }) else { continue }
      // A tag is an object of its own.
      guard let commit = try await commit(words[1]) else { continue }
      var known: String?
      if words[3].contains(where: { $0 != "0" }) { known = try await self.commit(words[3]) }
      if known == nil {
        let output = try await git.run([
          "rev-list", "--topo-order", "--reverse", commit, "--not", "--remotes=\(remote)",
        ])
        guard let first = text(output).split(separator: "\n").first else { continue }
        known = try await self.commit("\(first)^")
      }
      references.append(
        Reference(localName: words[0], commit: commit, remoteName: words[2], known: known))
    }
    return references
  }

  /// The names of what is pushed with it: all files where there is nothing to compare with.
  func files(of reference: Reference) async throws -> [WorkPath] {
    if let known = reference.known {
      let done = try await git.complete([
        "diff", "--name-only", "-z", "--no-ext-diff", "--no-renames", "--ignore-submodules=dirty",
        "--diff-filter=d", "\(known)...\(reference.commit)", "--",
      ])
      // Without a common commit there is no such difference.
      if done.succeeded { return RepositoryGit.fields(done.output).map { WorkPath($0) } }
    }
    let output = try await git.run(["ls-tree", "-r", "-z", "--name-only", "--full-tree", reference.commit])
    return RepositoryGit.fields(output).map { WorkPath($0) }
  }

  func commit(_ name: String) async throws -> String? {
    let done = try await git.complete(["rev-parse", "--verify", "--quiet", "\(name)^{commit}"])
    return done.succeeded ? text(done.output).filter { !$0.isWhitespace } : nil
  }

  private func text(_ output: [UInt8]) -> String { String(decoding: output, as: UTF8.self) }
}

/// A commit that is not checked out, in a work tree of its own: hooks look at what is pushed, and at nothing else.
///
/// It lies in Outfit's cache, since tools pass over what is below `.git`.
struct PushedTree {
  let git: RepositoryGit

  private var folder: FilePath {
    git.host.places.cache.appending("pushed").appending(Digest(of: git.folders.directory.string).short(16))
      .appending(git.folders.workTree.lastComponent?.string ?? "tree")
  }

  /// - Returns: where it is.
  func checkOut(_ commit: String) async throws -> GitFolders {
    try await remove()
    try git.host.files.createDirectories(folder.removingLastComponent(), mode: 0o700)
    _ = try await git.run([
      "-c", "core.hooksPath=/dev/null", "worktree", "add", "--quiet", "--force", "--detach", folder.string,
      commit,
    ])
    guard let folders = try GitFolders.locate(from: folder, host: git.host) else {
      throw Failure("\(folder) is no work tree, though git made it")
    }
    return folders
  }

  /// Also what a run left that was ended.
  func remove() async throws {
    guard try git.host.files.status(folder, followLinks: false) != nil else { return }
    _ = try await git.complete(["worktree", "remove", "--force", "--force", folder.string])
    try git.host.files.removeTree(folder)
  }
}
