import OutfitCore
import OutfitProfile
import OutfitSystem
import SystemPackage

/// Whether addresses that a profile names may be fetched.
public enum FetchPermission: Sendable {
  /// By the command line.
  case given
  /// A person is asked.
  case asked
}

/// Profiles from git: a folder for each commit among Outfit's data, whose files nobody may write, and what was fetched in
/// its cache.
///
/// Nothing of a repository runs: its hooks and file-system monitors are off, and git asks nobody anything. The
/// user's own configuration (proxies, credentials, `insteadOf`) applies.
public struct GitProfiles: Sendable {
  public enum Network: Sendable {
    /// Asks the repository what a branch or a tag is now.
    case always
    /// Only where nothing was fetched for this address before.
    case whenUnknown
    case never
  }

  private let host: Host
  private let network: Network
  private let permission: FetchPermission
  private let address: String?
  private let used: [Reference: String]
  private let moving: Set<Reference>

  /// What can move: a branch, a tag or the default branch of a repository, whatever folder of it is meant.
  public struct Reference: Hashable, Sendable {
    let repository: String
    let name: String?

    public init(_ address: GitAddress) {
      (repository, name) = (address.repository, address.reference)
    }
  }

  /// - Parameters:
  ///   - used: the commits that a generation was made from: they serve until somebody asks for newer ones.
  ///   - moving: what is asked for anew, whatever `network` says.
  ///   - permission: to fetch what a profile names.
  ///   - address: of the profile, as it is typed behind a verb.
  public init(
    host: Host, network: Network = .always, used: [Reference: String] = [:], moving: Set<Reference> = [],
    permission: FetchPermission = .asked, address: String? = nil
  ) {
    self.permission = permission
    self.address = address
    self.host = host
    self.network = network
    self.used = used
    self.moving = moving
  }

  /// What `ProfileLoader` takes.
  public var resolver: ProfileLoader.Resolver {
    { address, layer in
      if let layer { try permit(address, by: layer) }
      return try await fetch(address)
    }
  }

  /// An address that a profile names is fetched when a person says so, the first time.
  private func permit(_ address: GitAddress, by layer: String) throws {
    guard permission == .asked, network != .never else { return }
    if address.commit.map({ host.files.exists(checkout(address, $0)) }) == true { return }
    if try used[Reference(address)] != nil || memory(address) != nil { return }
    let question = "\(layer) builds on \(address), which git would fetch from \(address.repository)."
    guard host.terminal.isInteractive else {
      throw Failure(
        "\(question) Nobody has consented to that",
        hint: "have it fetched, and look at it: outfit show \(self.address.map { "\($0) " } ?? "")--fetch",
        status: .consent)
    }
    let answer = host.terminal.ask("\(question.harmless) May it? [y/N] ")?.lowercased() ?? ""
    guard ["y", "yes"].contains(answer.filter { !$0.isWhitespace }) else {
      throw Failure("nothing was fetched, since you did not consent", status: .consent, reason: .declined)
    }
  }

  /// What is used of an address, and what its repository said when it was last asked.
  public struct Answer: Hashable, Sendable {
    /// The commit that is used here.
    public var commit: String
    /// The newest that there was.
    public var newest: String
    /// Seconds since 1970.
    public var asked: Int64
    /// When the newest was committed, in seconds since 1970, where that is known.
    public var since: Int64?

    public var hasMoved: Bool { newest != commit }
  }

  /// Brings the commit that the address means into the cache: the one that is used here, or where it is to be asked the
  /// newest. Which one is used changes by that only where none was.
  /// - Throws: what git said, or how to get git.
  public func fetch(_ address: GitAddress) async throws -> FetchedProfile {
    let reference = Reference(address)
    let asks = network == .always || moving.contains(reference)
    let known = try used[reference] ?? memory(address)?.commit
    let present = address.commit ?? (asks ? nil : known)
    if let present {
      let checkout = checkout(address, present)
      if host.files.exists(checkout) { return FetchedProfile(checkout: checkout, commit: present) }
      if let git = try? Git(host: host, repository: home(address).appending("repository.git")),
        host.files.exists(git.repository), try await git.has(present)
      {
        try await git.checkOut(present, to: checkout)
        return FetchedProfile(checkout: checkout, commit: present)
      }
    }
    guard network != .never else {
      throw Failure("\(address) was not fetched yet", hint: "run this once with a network, without --offline")
    }
    let commit: String
    if let present {
      // It was here, and somebody emptied the cache.
      commit = try await fetchCommit(address.with(reference: present), repository(address))
    } else {
      commit = try await ask(address).newest
    }
    let checkout = checkout(address, commit)
    if !host.files.exists(checkout) { try await repository(address).checkOut(commit, to: checkout) }
    return FetchedProfile(checkout: checkout, commit: commit)
  }

  /// Asks the repository what the address means now, and remembers what it said. Nothing of it is used by that.
  /// - Throws: what git said, or how to get git.
  public func ask(_ address: GitAddress) async throws -> Answer {
    let git = try await repository(address)
    let newest = try await fetchCommit(address, git)
    let present = try memory(address)
    let since = present?.newest == newest ? present?.since : try await git.date(of: newest)
    var answer = Answer(
      commit: present?.commit ?? newest, newest: newest, asked: host.clock.now(), since: since)
    try remember(answer, address)
    answer.commit = used[Reference(address)] ?? answer.commit
    return answer
  }

  /// What is known without asking; nil where nothing was ever fetched.
  public func lastAnswer(_ address: GitAddress) throws -> Answer? {
    guard var answer = try memory(address) else { return nil }
    answer.commit = used[Reference(address)] ?? answer.commit
    return answer
  }

  /// From now on this commit is the one that the address means here.
  public func use(_ commit: String, of address: GitAddress) throws {
    guard address.commit == nil, var answer = try memory(address), answer.commit != commit else { return }
    answer.commit = commit
    try remember(answer, address)
  }

  // MARK: What is remembered

  private func home(_ address: GitAddress) -> FilePath {
    host.places.cache.appending("git").appending(Digest(of: address.repository).short(24))
  }

  private func checkout(_ address: GitAddress, _ commit: String) -> FilePath {
    host.places.layers.appending(Digest(of: address.repository).short(24)).appending(commit)
  }

  private func memoryFile(_ address: GitAddress) -> FilePath {
    home(address).appending("refs").appending(Digest(of: address.reference ?? "").short(24))
  }

  /// `<commit>`, and below it `newest <commit> <asked> <since or ->`.
  private func memory(_ address: GitAddress) throws -> Answer? {
    let file = memoryFile(address)
    guard let text = try host.files.text(file) else { return nil }
    let lines = text.split(separator: "\n").map { $0.split(separator: " ").map(String.init) }
    guard let commit = lines.first?.first, Self.isCommit(commit) else { return nil }
    let fields = lines.dropFirst().first ?? []
    guard fields.count == 4, fields[0] == "newest", Self.isCommit(fields[1]), let asked = Int64(fields[2])
    else {
      let time = try host.files.status(file, followLinks: false)?.modified ?? 0
      return Answer(commit: commit, newest: commit, asked: time / 1_000_000_000)
    }
    return Answer(commit: commit, newest: fields[1], asked: asked, since: Int64(fields[3]))
  }

  private static func isCommit(_ text: String) -> Bool {
    text.utf8.count == 40 && text.allSatisfy { $0.isASCII && $0.isHexDigit }
  }

  private func remember(_ answer: Answer, _ address: GitAddress) throws {
    let file = memoryFile(address)
    try host.files.createDirectories(file.removingLastComponent(), mode: 0o700)
    let new = FilePath(file.string + ".new")
    try host.files.removeTree(new)
    let since = answer.since.map(String.init) ?? "-"
    let text = "\(answer.commit)\nnewest \(answer.newest) \(answer.asked) \(since)\n"
    try host.files.create(new, Array(text.utf8), mode: 0o600)
    try host.files.rename(new, to: file)
  }

  private func repository(_ address: GitAddress) async throws -> Git {
    let home = home(address)
    let git = try Git(host: host, repository: home.appending("repository.git"))
    try host.files.createDirectories(home, mode: 0o700)
    try await git.initialize()
    return git
  }

  private func fetchCommit(_ address: GitAddress, _ git: Git) async throws -> String {
    let reference = address.reference ?? "HEAD"
    let first = try await git.run(
      ["fetch", "--quiet", "--depth=1", "--no-tags", "--force", "--", address.repository, reference])
    if first.succeeded { return try await git.commit("FETCH_HEAD", of: address) }
    // Some servers give no single commits, and none resolves a shortened one.
    let isMaybeCommit = reference.count >= 7 && reference.allSatisfy(\.isHexDigit)
    if isMaybeCommit {
      let second = try await git.run([
        "fetch", "--quiet", "--no-tags", "--force", "--", address.repository,
        "+refs/heads/*:refs/outfit/heads/*", "+refs/tags/*:refs/outfit/tags/*",
      ])
      if second.succeeded { return try await git.commit(reference, of: address) }
    }
    throw failure(address, reference, first)
  }

  private func failure(_ address: GitAddress, _ reference: String, _ completion: Completion) -> Failure {
    let said = completion.errorText.split(separator: "\n").map(String.init)
    let lines = said.filter { !$0.isEmpty }.suffix(4).joined(separator: "\n")
    if said.contains(where: { $0.contains("couldn't find remote ref") }) {
      return Failure(
        "\(address.repository) has no `\(reference)`",
        hint: "write a branch, a tag or a commit after `@`", status: .usage)
    }
    return Failure([
      Diagnostic(
        .error, "can't fetch \(address.repository)", excerpt: lines.isEmpty ? nil : lines,
        hint: "try it yourself: git ls-remote \(address.repository)")
    ])
  }
}

/// git(1), on a bare repository of ours.
private struct Git {
  let host: Host
  let program: FilePath
  let repository: FilePath

  init(host: Host, repository: FilePath) throws {
    let folders =
      (host.environment["PATH"] ?? "").split(separator: ":").map(String.init).filter { $0.hasPrefix("/") }
      + ["/usr/bin", "/usr/local/bin", "/opt/homebrew/bin"]
    let programs = folders.map { FilePath($0).appending("git") }
    guard let program = programs.first(where: { host.files.exists($0) }) else {
      throw Failure(
        "git is needed for profiles from git, and is not on this machine", hint: Self.advice(host))
    }
    self.host = host
    self.program = program
    self.repository = repository
  }

  private static func advice(_ host: Host) -> String {
    if host.platform.system == .macos { return "install it: xcode-select --install" }
    let managers = [
      ("/usr/bin/apt-get", "sudo apt-get install git"), ("/usr/bin/dnf", "sudo dnf install git"),
      ("/usr/bin/pacman", "sudo pacman -S git"), ("/sbin/apk", "sudo apk add git"),
    ]
    let command = managers.first { host.files.exists(FilePath($0.0)) }?.1
    return command.map { "install it: \($0)" } ?? "install git, or use a folder"
  }

  private static let settings = [
    "-c", "core.hooksPath=/dev/null", "-c", "core.fsmonitor=false", "-c", "protocol.ext.allow=never",
    "-c", "submodule.recurse=false", "-c", "gc.auto=0", "-c", "advice.detachedHead=false",
  ]

  /// Variables of git's that a fetch may need; the others could lead it to other repositories.
  private static let kept: Set<String> = [
    "GIT_SSH", "GIT_SSH_COMMAND", "GIT_SSL_CAINFO", "GIT_SSL_CAPATH", "GIT_CONFIG_GLOBAL",
    "GIT_CONFIG_SYSTEM",
    "GIT_CONFIG_NOSYSTEM",
  ]

  func run(_ arguments: [String], variables: [String: String] = [:]) async throws -> Completion {
    var environment = host.environment.filter { !$0.key.hasPrefix("GIT_") || Self.kept.contains($0.key) }
    environment["GIT_TERMINAL_PROMPT"] = "0"
    environment["GIT_LFS_SKIP_SMUDGE"] = "1"
    environment["LC_ALL"] = "C"
    if environment["GIT_SSH_COMMAND"] == nil { environment["GIT_SSH_COMMAND"] = "ssh -o BatchMode=yes" }
    environment.merge(variables) { $1 }
    return try await host.processes.run(
      Invocation(
        program, ["--git-dir=\(repository)"] + Self.settings + arguments, environment: environment,
        workingDirectory: "/"))
  }

  private func mustRun(_ arguments: [String], variables: [String: String] = [:]) async throws -> String {
    let completion = try await run(arguments, variables: variables)
    guard completion.succeeded else {
      throw Failure([
        Diagnostic(
          .error, "git \(arguments.first ?? "") failed in \(repository)", excerpt: completion.errorText,
          hint: "remove \(repository) and try again")
      ])
    }
    return completion.outputText
  }

  func initialize() async throws {
    guard !host.files.exists(repository.appending("HEAD")) else { return }
    _ = try await mustRun(["init", "--quiet", "--bare", "--template=", repository.string])
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

  /// Writes a commit's files to a folder, which appears when it is whole. Links lead there: who writes to one is told
  /// that it is not his to write.
  func checkOut(_ commit: String, to folder: FilePath) async throws {
    let unfinished = folder.removingLastComponent().appending("new-\(commit)")
    try host.files.createDirectories(folder.removingLastComponent(), mode: 0o700)
    try host.files.removeTree(unfinished)
    try host.files.createDirectory(unfinished, mode: 0o700)
    let index = repository.appending("index-\(commit)").string
    let variables = ["GIT_INDEX_FILE": index]
    _ = try await mustRun(["read-tree", commit], variables: variables)
    _ = try await mustRun(
      ["--work-tree=\(unfinished)", "checkout-index", "--all", "--force", "--prefix=\(unfinished)/"],
      variables: variables)
    try host.files.removeTree(FilePath(index))
    try protect(unfinished)
    try host.files.rename(unfinished, to: folder)
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
