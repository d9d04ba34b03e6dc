import OutfitCore
import OutfitProfile
import OutfitSystem
import SystemPackage

/// What a git repository on this machine says of its commits and tags. Nothing of the repository runs, and nothing of it
/// is written.
public struct RepositoryHistory: Sendable {
  /// The folder that holds `.git`.
  public let root: FilePath
  private let git: GitProgram

  /// A commit, and what it was asked for by.
  public struct Release: Hashable, Sendable {
    public let reference: String
    public let commit: String
    /// Seconds since 1970.
    public let time: Int64?

    public init(reference: String, commit: String, time: Int64?) {
      self.reference = reference
      self.commit = commit
      self.time = time
    }
  }

  /// Nil where there is no git on this machine.
  public init?(_ root: FilePath, host: Host) {
    guard let git = try? GitProgram(host) else { return nil }
    self.root = root
    self.git = git
  }

  /// The newest tag of what is checked out, else the last commit; nil before the first one.
  /// - Throws: what git said.
  public func newest() async throws -> Release? {
    let tags = try await run([
      "for-each-ref", "--merged=HEAD", "--sort=-creatordate", "--count=1", "--format=%(refname:lstrip=2)",
      "refs/tags",
    ])
    if tags.succeeded, let tag = tags.outputText.split(separator: "\n").first.map(String.init) {
      return try await release(tag, as: "refs/tags/\(tag)")
    }
    let head = try await run(["rev-parse", "--verify", "--quiet", "HEAD^{commit}"])
    if head.succeeded { return try await release("HEAD") }
    guard head.errorText.isEmpty else { throw failure(head) }
    return nil
  }

  /// - Throws: status 2 for what is no commit here.
  public func release(_ reference: String) async throws -> Release {
    try await release(reference, as: reference)
  }

  private func release(_ reference: String, as name: String) async throws -> Release {
    let found = try await run(["rev-parse", "--verify", "--quiet", "--end-of-options", "\(name)^{commit}"])
    let commit = found.outputText.filter { !$0.isWhitespace }
    guard found.succeeded, commit.utf8.count == 40 else {
      guard found.errorText.isEmpty else { throw failure(found) }
      throw Failure(
        "\(root) has no commit `\(reference)`",
        hint:
          "git -C \(root) tag --sort=-creatordate lists its tags; a clone of one commit has none: git fetch --unshallow --tags",
        status: .usage)
    }
    let time = try await run(["log", "-1", "--format=%ct", commit, "--"])
    return Release(
      reference: reference, commit: commit, time: Int64(time.outputText.filter { !$0.isWhitespace }))
  }

  /// How many commits lie between one and what is checked out; nil where that can't be known here.
  public func distance(from commit: String) async -> Int? {
    guard commit.utf8.count == 40, commit.allSatisfy(\.isHexDigit),
      let counted = try? await run(["rev-list", "--count", "\(commit)..HEAD", "--"]), counted.succeeded
    else { return nil }
    return Int(counted.outputText.filter { !$0.isWhitespace })
  }

  /// The files of a folder that are in the repository, or would be by `git add`, relative to the root.
  public func files(below folder: FilePath) async throws -> [String] {
    let listed = try await run([
      "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", folder.string,
    ])
    guard listed.succeeded else { throw failure(listed) }
    return Set(listed.outputText.split(separator: "\0").map(String.init)).sorted()
  }

  private func failure(_ completion: Completion) -> Failure {
    Failure([
      Diagnostic(
        .error, "git can't read \(root)",
        excerpt: completion.errorText.split(separator: "\n").first.map(String.init),
        hint: "try it yourself: git -C \(root) log -1")
    ])
  }

  private func run(_ arguments: [String]) async throws -> Completion {
    // Nothing is fetched for a question.
    try await git.runAlone(arguments, in: root, variables: ["GIT_NO_LAZY_FETCH": "1"])
  }
}
