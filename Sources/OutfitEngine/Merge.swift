import OutfitCore
import OutfitSystem
import SystemPackage

/// The three sides of a merge.
public struct MergeSides: Hashable, Sendable {
  public var mine: [UInt8]
  /// What Outfit wrote last; empty when there is nothing that both sides come from.
  public var base: [UInt8]
  public var theirs: [UInt8]
}

/// What a merge gave.
public struct Merged: Hashable, Sendable {
  public var bytes: [UInt8]
  /// Places where both sides changed the same lines, and markers stand now.
  public var conflicts: Int
}

/// Three-way merges of text, by git as the engine.
public struct Merge: Sendable {
  private let host: Host

  public init(_ host: Host) { self.host = host }

  private static let gits: [FilePath] = [
    "/usr/bin/git", "/usr/local/bin/git", "/opt/homebrew/bin/git", "/bin/git",
  ]

  /// Git, or nil where there is none.
  public var git: FilePath? { Self.gits.first { host.files.exists($0) } }

  /// A folder of its own below Outfit's state, 0700: the contents in it may be private.
  public func scratch() throws -> FilePath {
    let folder = host.places.state.appending("merge")
    try host.files.createDirectories(folder, mode: 0o700)
    let path = folder.appending(String(host.clock.uptime(), radix: 16))
    try host.files.removeTree(path)
    try host.files.createDirectory(path, mode: 0o700)
    return path
  }

  /// Merges by `git merge-file`, with markers in diff3's style where both sides changed the same lines.
  /// - Throws: `Failure` without git, and for contents that are no text.
  public func run(_ sides: MergeSides, theirName: String) async throws -> Merged {
    guard let git else {
      throw Failure(
        "a merge needs git, and there is none", hint: "keep yours, take theirs, or install git")
    }
    let folder = try scratch()
    defer { try? host.files.removeTree(folder) }
    let named = [("mine", sides.mine), ("base", sides.base), ("theirs", sides.theirs)]
    for (name, bytes) in named { try host.files.create(folder.appending(name), bytes, mode: 0o600) }
    let done = try await host.processes.run(
      Invocation(
        git,
        [
          "merge-file", "-p", "--diff3", "-L", "yours", "-L", "as outfit wrote it", "-L", theirName,
          "mine", "base", "theirs",
        ],
        environment: ["PATH": "/usr/bin:/bin", "HOME": folder.string, "LC_ALL": "C"],
        workingDirectory: folder))
    // The number of conflicts, up to 127; more than that is a failure.
    guard done.status < 128 else {
      let reason = done.errorText.split(separator: "\n").last.map(String.init) ?? "git merge-file failed"
      throw Failure("it can't be merged: \(reason)", hint: "keep yours, or take theirs")
    }
    return Merged(bytes: done.output, conflicts: Int(done.status))
  }

  /// There are conflict markers at the start of lines.
  public static func hasMarkers(_ bytes: [UInt8]) -> Bool {
    bytes.split(separator: UInt8(ascii: "\n")).contains { line in
      line.starts(with: Array("<<<<<<< ".utf8)) || line.starts(with: Array(">>>>>>> ".utf8))
    }
  }
}

extension Plan {
  /// The sides of a merge of a conflicting file; nil for what can't be merged: secrets, links, folders, blocks, and
  /// files that go or come.
  public func sides(of target: PlannedTarget, host: Host) throws -> MergeSides? {
    guard target.conflict?.canTake == true, !target.isSecret, target.record?.isWhole != false,
      case .file(let file) = target.before, !file.isKeyed, case .file = target.after,
      let theirs = try content(of: target, host: host)
    else { return nil }
    let mine = try host.files.read(target.resolved)
    guard Digest(of: mine) == file.digest, !mine.contains(0), !theirs.contains(0) else { return nil }
    return MergeSides(mine: mine, base: try base(of: target, host: host) ?? [], theirs: theirs)
  }
}
