import OutfitCore
import OutfitProfile
import OutfitSystem
import SystemPackage

/// A branch of a repository that machines push their receipts to. Its work tree is never checked out.
struct GitReceipts: Sendable {
  private let address: GitAddress
  private let host: Host
  private let git: GitProgram
  private let repository: FilePath

  private static let branch = "outfit-receipts"
  private static let fetched = "refs/outfit/receipts"
  /// How often a push is tried that another machine's came before.
  private static let tries = 8
  /// Seconds that all of it may take.
  private static let patience = 30.0

  init(_ address: GitAddress, _ host: Host) throws {
    git = try GitProgram(host)
    self.address = address
    self.host = host
    repository = host.places.cache.appending("receipts").appending(
      "\(Digest(of: address.repository).short(24)).git")
  }

  private var reference: String { "refs/heads/\(address.reference ?? Self.branch)" }

  func read() async throws -> [(name: String, bytes: [UInt8]?)] {
    try await within { try await readNow() }
  }

  func write(_ receipt: MachineReceipt) async throws {
    try await within { try await writeNow(receipt) }
  }

  /// Whoever does not answer holds nobody up.
  private func within<Result: Sendable>(
    _ work: @escaping @Sendable () async throws -> Result
  ) async throws -> Result {
    try await withThrowingTaskGroup(of: Result.self) { group in
      group.addTask { try await work() }
      group.addTask {
        try await host.clock.sleep(seconds: Self.patience)
        throw Failure(
          "\(address.repository) did not answer in \(Int(Self.patience)) seconds", reason: .unreachable)
      }
      defer { group.cancelAll() }
      guard let first = try await group.next() else { throw CancellationError() }
      return first
    }
  }

  // MARK: - Reading

  private func readNow() async throws -> [(name: String, bytes: [UInt8]?)] {
    guard try await fetch() != nil else { return [] }
    let folder = address.subfolder.isEmpty ? [] : ["--", "\(address.subfolder)/"]
    let listed = try await mustRun(["ls-tree", "-l", "-z", Self.fetched] + folder)
    var files: [(name: String, object: String?)] = []
    for entry in listed.outputText.split(separator: "\0") {
      // `100644 blob <object> <size>\t<path>`
      let parts = entry.split(separator: "\t", maxSplits: 1)
      let fields = parts.first?.split(separator: " ") ?? []
      guard parts.count == 2, fields.count == 4,
        let name = parts[1].split(separator: "/").last.map(String.init),
        name.hasSuffix(".json"), !name.hasPrefix(".")
      else { continue }
      let isPlain = fields[0] == "100644" && (Int(fields[3]).map { $0 <= MachineReceipt.limit } ?? false)
      files.append((name, isPlain ? String(fields[2]) : nil))
      if files.count > ReceiptBox.limit { break }
    }
    let objects = files.compactMap(\.object)
    let contents = try await contents(of: objects)
    return files.map { ($0.name, $0.object.flatMap { contents[$0] }) }
  }

  private func contents(of objects: [String]) async throws -> [String: [UInt8]] {
    guard !objects.isEmpty else { return [:] }
    let printed = try await run(
      ["cat-file", "--batch"], input: Array((objects.joined(separator: "\n") + "\n").utf8))
    guard printed.succeeded else { throw failure("cat-file", printed) }
    var contents: [String: [UInt8]] = [:]
    var rest = printed.output[...]
    // `<object> blob <size>`, its bytes, and a line's end.
    while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
      let fields = String(decoding: rest[..<end], as: UTF8.self).split(separator: " ")
      rest = rest[(end + 1)...]
      guard fields.count == 3, let size = Int(fields[2]), size <= MachineReceipt.limit, rest.count > size
      else {
        break
      }
      contents[String(fields[0])] = Array(rest.prefix(size))
      rest = rest.dropFirst(size + 1)
    }
    return contents
  }

  // MARK: - Writing

  private func writeNow(_ receipt: MachineReceipt) async throws {
    let bytes = try receipt.bytes
    let path = (address.subfolder.isEmpty ? "" : "\(address.subfolder)/") + receipt.fileName
    let index = repository.removingLastComponent().appending("index-\(UInt64.random(in: 0...UInt64.max))")
    defer { try? host.files.removeTree(index) }
    for attempt in 1...Self.tries {
      let parent = try await fetch()
      try host.files.removeTree(index)
      let variables = ["GIT_INDEX_FILE": index.string].merging(Self.author) { $1 }
      if let parent { _ = try await mustRun(["read-tree", parent], variables: variables) }
      let blob = try await word(["hash-object", "-w", "--stdin"], input: bytes)
      _ = try await mustRun(
        ["update-index", "--add", "--cacheinfo", "100644,\(blob),\(path)"], variables: variables)
      let tree = try await word(["write-tree"], variables: variables)
      let commit = try await word(
        ["commit-tree", tree, "-m", "receipt"] + (parent.map { ["-p", $0] } ?? []), variables: variables)
      let pushed = try await run(["push", "--quiet", "--", address.repository, "\(commit):\(reference)"])
      if pushed.succeeded { return }
      let isRace = ["rejected", "fetch first", "cannot lock ref", "failed to update ref"].contains(
        where: pushed.errorText.contains)
      guard isRace, attempt < Self.tries else { throw failure("push", pushed) }
      try await host.clock.sleep(seconds: Double.random(in: 0.05...0.3) * Double(attempt))
    }
  }

  /// Of nobody.
  private static let author = [
    "GIT_AUTHOR_NAME": "outfit", "GIT_AUTHOR_EMAIL": "outfit@localhost", "GIT_COMMITTER_NAME": "outfit",
    "GIT_COMMITTER_EMAIL": "outfit@localhost", "TZ": "UTC",
  ]

  // MARK: - git

  /// - Returns: the branch's commit; nil where there is no such branch yet.
  private func fetch() async throws -> String? {
    if !host.files.exists(repository.appending("HEAD")) {
      try host.files.createDirectories(repository.removingLastComponent(), mode: 0o700)
      let made = try await git.runAlone(
        ["init", "--quiet", "--bare", "--template=", repository.string],
        in: repository.removingLastComponent())
      guard made.succeeded else { throw failure("init", made) }
    }
    // What was fetched by another at the same time is another's.
    let mine = "\(Self.fetched)"
    let done = try await run([
      "fetch", "--quiet", "--depth=1", "--no-tags", "--force", "--", address.repository,
      "+\(reference):\(mine)",
    ])
    if done.succeeded { return try await word(["rev-parse", "--verify", mine]) }
    guard done.errorText.contains("couldn't find remote ref") else { throw failure("fetch", done) }
    return nil
  }

  private func word(
    _ arguments: [String], input: [UInt8]? = nil, variables: [String: String] = [:]
  ) async throws -> String {
    try await mustRun(arguments, input: input, variables: variables).outputText.filter { !$0.isWhitespace }
  }

  private func mustRun(
    _ arguments: [String], input: [UInt8]? = nil, variables: [String: String] = [:]
  ) async throws -> Completion {
    let done = try await run(arguments, input: input, variables: variables)
    guard done.succeeded else { throw failure(arguments.first ?? "", done) }
    return done
  }

  private func run(
    _ arguments: [String], input: [UInt8]? = nil, variables: [String: String] = [:]
  ) async throws -> Completion {
    try await git.runAlone(
      ["--git-dir=\(repository)"] + arguments, in: repository, input: input, variables: variables)
  }

  private func failure(_ verb: String, _ done: Completion) -> Failure {
    let said = done.errorText.split(separator: "\n").map(String.init).filter { !$0.isEmpty }
    return Failure([
      Diagnostic(
        .error, "git \(verb) of \(address.repository) failed",
        excerpt: said.suffix(3).joined(separator: "\n").harmless,
        hint: git.advice(address.repository, done))
    ])
  }
}
