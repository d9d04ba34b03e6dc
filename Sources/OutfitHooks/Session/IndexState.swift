import OutfitCore
import SystemPackage

/// What is staged, and what is not, as one `git status` says it.
struct IndexState: Hashable, Sendable {
  /// The commit that is checked out; empty before the first.
  var head = ""
  /// Paths whose content in the index is not that of the commit.
  var staged: [WorkRecord.Staged] = []
  /// Paths whose content in the work tree is not that of the index.
  var unstaged: [WorkPath] = []
  /// Paths that `git add --intent-to-add` named: the index has no content of them.
  var intended: [WorkPath] = []
  var unmerged: [WorkPath] = []

  static func read(_ git: RepositoryGit) async throws -> IndexState {
    IndexState(
      try await git.run([
        "status", "--porcelain=v2", "-z", "--branch", "--no-ahead-behind", "--untracked-files=no",
        "--ignore-submodules=dirty", "--no-renames",
      ]))
  }

  /// The output of `git status --porcelain=v2 -z --branch --no-renames`.
  init(_ output: [UInt8]) {
    for line in RepositoryGit.fields(output) {
      guard line.first != UInt8(ascii: "#") else {
        let words = String(decoding: line, as: UTF8.self).split(separator: " ")
        if words.count == 3, words[1] == "branch.oid", words[2] != "(initial)" { head = String(words[2]) }
        continue
      }
      let isUnmerged = line.first == UInt8(ascii: "u")
      let words = line.split(separator: UInt8(ascii: " "), maxSplits: isUnmerged ? 10 : 8)
      guard words.count == (isUnmerged ? 11 : 9), let path = words.last.map({ WorkPath($0) }) else {
        continue
      }
      guard !isUnmerged else {
        unmerged.append(path)
        continue
      }
      let letters = Array(words[1])
      guard letters.count == 2 else { continue }
      let dot = UInt8(ascii: ".")
      if letters[0] != dot {
        let isGone = letters[0] == UInt8(ascii: "D")
        staged.append(
          WorkRecord.Staged(
            path: path, mode: isGone ? "0" : String(decoding: words[4], as: UTF8.self),
            object: String(decoding: words[7], as: UTF8.self)))
      }
      // There is nothing of a submodule to set aside.
      if words[2].first == UInt8(ascii: "S") { continue }
      if letters[1] == UInt8(ascii: "A") {
        intended.append(path)
      } else if letters[1] != dot {
        unstaged.append(path)
      }
    }
  }

  /// What the hooks are to look at: not what goes.
  var files: [WorkPath] { staged.filter { $0.mode != "0" }.map(\.path) }

  func refuseUnmerged() throws {
    guard let first = unmerged.first else { return }
    let others = unmerged.count > 1 ? " and \(unmerged.count - 1) more have" : " has"
    throw Failure(
      "\(first.label)\(others) a conflict that is not resolved",
      hint: "resolve it and `git add` it, then try again"
    )
  }
}
