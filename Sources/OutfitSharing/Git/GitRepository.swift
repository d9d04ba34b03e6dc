import OutfitCore
import OutfitProfile
import OutfitSystem
import SystemPackage

/// How a branch or a tag came from one commit to another.
public struct GitMovement: Hashable, Sendable {
  public enum Path: Hashable, Sendable {
    /// The new one builds on the old.
    case onward(commits: Int)
    /// The old one is no part of the branch any more: somebody forced a push.
    case rewritten
    /// A tag, which should stay where it is.
    case tagMoved
    /// The repository did not say.
    case unknown
  }

  /// 40 hexadecimal digits.
  public var from: String
  public var to: String
  public var path: Path
  public var files: [ChangedFile]
}

/// A file that two commits hold differently.
public struct ChangedFile: Hashable, Sendable {
  public enum Kind: Hashable, Sendable { case added, removed, changed }

  /// From the repository's folder; of a file that was renamed, its new one.
  public var path: String
  public var kind: Kind
  /// Lines; nil for what is no text.
  public var added: Int?
  public var removed: Int?
}

/// A bare repository of ours, into which others are fetched.
struct GitRepository: Sendable {
  let git: GitProgram
  let folder: FilePath

  private var host: Host { git.host }
  private var place: [String] { ["--git-dir=\(folder)"] }

  private func run(_ arguments: [String], variables: [String: String] = [:]) async throws -> Completion {
    try await git.run(place + arguments, variables: variables)
  }

  private func mustRun(_ arguments: [String], variables: [String: String] = [:]) async throws -> String {
    try await git.mustRun(place + arguments, in: folder, variables: variables)
  }

  func initialize() async throws {
    guard !host.files.exists(folder.appending("HEAD")) else { return }
    _ = try await mustRun(["init", "--quiet", "--bare", "--template=", folder.string])
  }

  func fetch(_ options: [String], _ repository: String, _ references: [String]) async throws -> Completion {
    try await git.talk(
      ["fetch", "--quiet", "--force"] + options + ["--", repository] + references, of: place)
  }

  /// The tag of the newest version among those that begin so; one of a prerelease only where there is no other.
  /// - Throws: `Failure`, status 2, where no tag that begins so is a version.
  func newestTag(_ beginning: String, of address: GitAddress) async throws -> String {
    let listed = try await git.talk(
      ["ls-remote", "--tags", "--refs", "--", address.repository, "refs/tags/\(beginning)*"], of: place)
    guard listed.succeeded else { throw Failure([git.unreachable(address.repository, listed)]) }
    let tags = listed.outputText.split(separator: "\n").compactMap { line in
      line.split(separator: "\t").last.map { String($0.dropFirst("refs/tags/".count)) }
    }
    if let newest = Self.newest(tags) { return newest }
    throw Failure(
      "\(address.repository) has no tag of a version that begins with `\(beginning)`",
      hint: "`git ls-remote --tags \(address.repository)` lists its tags", status: .usage)
  }

  /// By the version at the end of each name.
  static func newest(_ tags: [String]) -> String? {
    let versions = tags.compactMap { tag in
      Version(tag.drop { !$0.isNumber }).map { (tag: tag, version: $0) }
    }
    let stable = versions.filter { !$0.version.isPrerelease }
    return (stable.isEmpty ? versions : stable).max { ($0.version, $0.tag) < ($1.version, $1.tag) }?.tag
  }

  func commit(_ reference: String, of address: GitAddress) async throws -> String {
    let completion = try await run([
      "rev-parse", "--verify", "--quiet", "--end-of-options", "\(reference)^{commit}",
    ])
    let commit = completion.outputText.filter { !$0.isWhitespace }
    guard completion.succeeded, commit.count == 40 else {
      throw Failure("\(address.repository) has no commit `\(reference)`", status: .usage)
    }
    return commit
  }

  /// When a commit was made, in seconds since 1970; nil where it does not say.
  func date(of commit: String) async throws -> Int64? {
    let text = try await mustRun(["cat-file", "commit", commit])
    let head = text.prefix(upTo: text.firstRange(of: "\n\n")?.lowerBound ?? text.endIndex)
    let line = head.split(separator: "\n").first { $0.hasPrefix("committer ") }
    // `committer NAME <MAIL> 1800000000 +0000`
    return line.flatMap { Int64($0.split(separator: " ").dropLast().last ?? "") }
  }

  /// Whether it was fetched.
  func has(_ commit: String) async throws -> Bool {
    try await run(["cat-file", "-e", "\(commit)^{commit}"]).succeeded
  }

  /// A commit's own object.
  func object(_ commit: String) async throws -> [UInt8] {
    let done = try await run(["cat-file", "commit", commit])
    guard done.succeeded else { throw Failure("git has no commit \(commit.prefix(12))") }
    return done.output
  }

  /// Stores a commit's own object, without its files.
  func keep(commit object: [UInt8]) async throws {
    _ = try await git.runAlone(
      place + ["hash-object", "-t", "commit", "-w", "--stdin"], in: folder, input: object)
  }

  // MARK: - Between two commits

  /// What was fetched last is a tag.
  var fetchedTag: Bool {
    get throws {
      // `<commit>	not-for-merge	tag 'v1' of ADDRESS`
      let line = try host.files.text(folder.appending("FETCH_HEAD"))?.split(separator: "\n").first
      return line?.split(separator: "\t", maxSplits: 2, omittingEmptySubsequences: false).last?
        .hasPrefix("tag ") == true
    }
  }

  /// How many commits the second has that the first has not; nil where it does not build on that, as far as is known.
  func distance(from old: String, to new: String) async throws -> Int? {
    guard try await run(["merge-base", "--is-ancestor", old, new]).succeeded else { return nil }
    return Int(try await mustRun(["rev-list", "--count", "\(old)..\(new)"]).filter(\.isNumber))
  }

  /// The files that two commits hold differently.
  func changes(from old: String, to new: String) async throws -> [ChangedFile] {
    let options = ["diff-tree", "-r", "-z", "--no-renames", "--no-ext-diff", "--no-textconv"]
    let kinds = try await mustRun(options + ["--name-status", old, new]).split(separator: "\0")
    var found: [String: ChangedFile.Kind] = [:]
    for index in stride(from: 0, to: kinds.count - 1, by: 2) {
      found[String(kinds[index + 1])] =
        kinds[index] == "A" ? .added : kinds[index] == "D" ? .removed : .changed
    }
    // `<added>	<removed>	<path>`, with `-` for what is no text.
    return try await mustRun(options + ["--numstat", old, new]).split(separator: "\0").compactMap { line in
      let fields = line.split(separator: "\t", maxSplits: 2, omittingEmptySubsequences: false)
      guard fields.count == 3 else { return nil }
      let path = String(fields[2])
      return ChangedFile(
        path: path, kind: found[path] ?? .changed, added: Int(fields[0]), removed: Int(fields[1]))
    }
  }

  // MARK: - Signatures

  enum Signature {
    case signed(by: String)
    case unsigned(said: String?)

    var said: String? { if case .unsigned(let said) = self { said } else { nil } }
  }

  /// Who signed a commit with a key of SSH (git-verify-commit(1), gpg.ssh.allowedSignersFile).
  func signer(of commit: String, among allowed: FilePath) async throws -> Signature {
    let completion = try await git.run(
      [
        "-c", "gpg.ssh.allowedSignersFile=\(allowed)", "-c", "gpg.ssh.program=ssh-keygen",
        // Signatures of other kinds are those of whoever the user's own keyring knows.
        "-c", "gpg.program=false", "-c", "gpg.openpgp.program=false", "-c", "gpg.x509.program=false",
        "-c", "gpg.minTrustLevel=fully",
      ] + place + ["verify-commit", "--raw", commit])
    // `Good "git" signature for ann@acme.example with ED25519 key SHA256:…`
    let start = "Good \"git\" signature for "
    for line in completion.errorText.split(whereSeparator: \.isNewline) where line.hasPrefix(start) {
      guard completion.succeeded, let end = line.firstRange(of: " with ") else { break }
      return .signed(by: String(line[start.endIndex..<end.lowerBound]))
    }
    return .unsigned(said: GitProgram.said(completion))
  }

  // MARK: - Files

  /// Writes a commit's files to a folder, which appears when it is whole. Links lead there: who writes to one is told
  /// that it is not his to write.
  func checkOut(_ commit: String, to folder: FilePath) async throws {
    let unfinished = folder.removingLastComponent().appending("new-\(commit)")
    try host.files.removeTree(unfinished)
    try await write(commit, to: unfinished)
    try protect(unfinished)
    try host.files.rename(unfinished, to: folder)
  }

  /// Writes a commit's files to a folder that is not there yet, whose name is like no other's.
  func write(_ commit: String, to folder: FilePath) async throws {
    try host.files.createDirectories(folder.removingLastComponent(), mode: 0o700)
    try host.files.createDirectory(folder, mode: 0o700)
    let index = self.folder.appending("index-\(folder.lastComponent?.string ?? commit)").string
    let variables = ["GIT_INDEX_FILE": index]
    _ = try await mustRun(["read-tree", commit], variables: variables)
    _ = try await mustRun(
      ["--work-tree=\(folder)", "checkout-index", "--all", "--force", "--prefix=\(folder)/"],
      variables: variables)
    try host.files.removeTree(FilePath(index))
  }

  /// The folders of a commit that are other repositories', of which it has a commit's name and nothing else.
  func submodules(of commit: String) async throws -> [String] {
    // `<mode> <type> <object>	<path>`
    try await mustRun(["ls-tree", "-r", "-z", commit]).split(separator: "\0")
      .filter { $0.hasPrefix("160000 ") }.compactMap {
        $0.split(separator: "\t", maxSplits: 1).last.map(String.init)
      }
  }

  private func protect(_ folder: FilePath) throws {
    for name in try host.files.list(folder) {
      let path = folder.appending(name)
      guard let status = try host.files.status(path, followLinks: false) else { continue }
      switch status.kind {
      case .directory: try protect(path)
      case .file: try host.files.setMode(path, status.mode & 0o555)
      case .link, .other: break
      }
    }
  }
}
