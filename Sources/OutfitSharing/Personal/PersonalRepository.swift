import OutfitCore
import OutfitProfile
import OutfitSystem
import SystemPackage

/// The user's own layer as a working clone: `$XDG_CONFIG_HOME/outfit` with git's folder in it.
///
/// What is written to its files goes by what git has stored before, so that nothing that stood there is ever lost:
/// `refs/outfit/before` is all of it as it was before the last pull.
public struct PersonalRepository: Sendable {
  let git: GitProgram
  /// The user's own layer.
  public let folder: FilePath
  /// git's.
  let store: FilePath

  var host: Host { git.host }
  var place: [String] { ["-C", folder.string, "--git-dir=\(store)", "--work-tree=\(folder)"] }

  init(_ git: GitProgram, store: FilePath? = nil) {
    self.git = git
    folder = git.host.places.config
    self.store = store ?? folder.appending(".git")
  }

  /// - Throws: status 2 where the own layer does not come from git.
  public init(_ host: Host) throws {
    guard Self.isThere(host) else {
      throw Failure(
        "your own layer is no clone", hint: "outfit personal clone ADDRESS makes it one", status: .usage)
    }
    self.init(try GitProgram(host))
  }

  public static func isThere(_ host: Host) -> Bool {
    host.files.exists(host.places.config.appending(".git"))
  }

  // MARK: - Asking git

  func run(_ arguments: [String], variables: [String: String] = [:]) async throws -> Completion {
    try await git.run(place + arguments, variables: variables)
  }

  @discardableResult
  func mustRun(
    _ arguments: [String], hooks: Bool = false, variables: [String: String] = [:], hint: String? = nil
  ) async throws -> String {
    try await git.mustRun(
      place + arguments, in: folder, hooks: hooks, variables: variables,
      hint: hint ?? "look at it: git -C \(folder) status")
  }

  /// One line that git says; nil where it says none.
  func line(_ arguments: [String]) async throws -> String? {
    let completion = try await run(arguments)
    let text = completion.outputText.prefix { !$0.isNewline }
    return completion.succeeded && !text.isEmpty ? String(text) : nil
  }

  /// The address that it was cloned from.
  public func origin() async throws -> String {
    guard let url = try await line(["config", "--get", "remote.origin.url"]) else {
      throw Failure(
        "your own layer has no `origin`", hint: "git -C \(folder) remote add origin ADDRESS", status: .usage)
    }
    return url
  }

  public func branch() async throws -> String {
    guard let name = try await line(["symbolic-ref", "--quiet", "--short", "HEAD"]) else {
      throw Failure(
        "your own layer is on no branch", hint: "git -C \(folder) switch main", status: .usage)
    }
    return name
  }

  /// The commit that it is at; nil before the first.
  public func head() async throws -> String? {
    try await line(["rev-parse", "--verify", "--quiet", "HEAD^{commit}"])
  }

  /// What the other side had when it was last asked; nil where that was never, or it had nothing.
  public func upstream() async throws -> String? {
    try await line([
      "rev-parse", "--verify", "--quiet", "refs/remotes/origin/\(try await branch())^{commit}",
    ])
  }

  /// Has a commit where layers are read from.
  public func offer(_ commit: String, of address: GitAddress, to profiles: GitProfiles) async throws {
    try await profiles.put(commit, of: address, from: self)
  }

  /// Asks the other side. Nil where it has no such branch yet.
  public func fetch() async throws -> String? {
    let (branch, address) = (try await branch(), try await origin())
    let completion = try await git.talk(
      [
        "fetch", "--quiet", "--no-tags", "origin", "+refs/heads/\(branch):refs/remotes/origin/\(branch)",
      ], of: place)
    guard completion.succeeded else {
      if completion.errorText.contains("couldn't find remote ref") { return nil }
      throw Failure([git.unreachable(withoutPasswords(address), completion)])
    }
    return try await upstream()
  }

  // MARK: - What is here

  /// All files as they are, stored as a commit that is in no branch.
  public struct Snapshot: Hashable, Sendable {
    public let commit: String
    public let tree: String
  }

  private static let emptyTree = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"

  /// Stores all files as they are now; those that `.gitignore` names stay what they are.
  public func snapshot() async throws -> Snapshot {
    let index = store.appending("outfit-index")
    let variables = ["GIT_INDEX_FILE": index.string]
    let head = try await head()
    _ = try await mustRun(["read-tree", head ?? "--empty"], variables: variables)
    _ = try await mustRun(["add", "--all"], variables: variables)
    let tree = try await mustRun(["write-tree"], variables: variables).filter { !$0.isWhitespace }
    try host.files.removeTree(index)
    let commit = try await mustRun(
      ["commit-tree", tree, "-m", "as it is here"] + (head.map { ["-p", $0] } ?? []),
      variables: Self.nobody)
    return Snapshot(commit: commit.filter { !$0.isWhitespace }, tree: tree)
  }

  /// Who makes a commit that goes nowhere.
  private static let nobody = [
    "GIT_AUTHOR_NAME": "outfit", "GIT_AUTHOR_EMAIL": "outfit", "GIT_COMMITTER_NAME": "outfit",
    "GIT_COMMITTER_EMAIL": "outfit",
  ]

  /// The files that two commits or trees hold differently; nil is none at all.
  public func changes(from old: String?, to new: String) async throws -> [ChangedFile] {
    try await GitRepository(git: git, folder: store).changes(from: old ?? Self.emptyTree, to: new)
  }

  public func text(_ path: String, in commit: String) async throws -> [UInt8]? {
    let completion = try await run(["cat-file", "blob", "\(commit):\(path)"])
    return completion.succeeded ? completion.output : nil
  }
}
