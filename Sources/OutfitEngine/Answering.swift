import OutfitConsent
import OutfitCore
import OutfitFetch
import OutfitProfile
import OutfitSystem
import SystemPackage

/// Answers what parts ask of the outside world.
public struct Answering: Sendable {
  private enum Mode: Sendable {
    case live
    /// Questions to the network get a diagnostic that says so.
    case offline
    /// Nothing is downloaded, built or written, and no engine runs.
    case dry
  }

  private let host: Host
  /// Nil in a dry run.
  private let builder: Builder?
  private let consented: Consented?
  private let fetcher: any Fetching
  private let progress: any OutfitSystem.Progress
  private let probing: Probing
  private let mode: Mode
  private let sources: SourceDigests
  private let repositories: (any Repositories)?

  /// - Parameters:
  ///   - consented: the files that it covers must still be what was consented to.
  ///   - builder: builds the engines that inquiries run.
  ///   - isOffline: nothing is asked of the network.
  ///   - sources: what is known of the files below folders.
  public init(
    _ consented: Consented, host: Host, builder: Builder, fetcher: any Fetching,
    progress: any OutfitSystem.Progress, isOffline: Bool, sources: SourceDigests,
    repositories: (any Repositories)? = nil
  ) {
    self.repositories = repositories
    self.consented = consented
    self.sources = sources
    self.host = host
    self.builder = builder
    self.fetcher = fetcher
    self.progress = progress
    mode = isOffline ? .offline : .live
    probing = Probing(host, keepsResults: true)
  }

  /// Reads only, which needs nobody's consent: nothing is downloaded, built or written, and no engine runs.
  public init(reading host: Host, fetcher: any Fetching, sources: SourceDigests) {
    consented = nil
    builder = nil
    repositories = nil
    self.sources = sources
    self.host = host
    self.fetcher = fetcher
    progress = NoProgress()
    mode = .dry
    probing = Probing(host, keepsResults: false)
  }

  /// Answers all of the questions, several at once.
  /// - Throws: `CancellationError`, and status 4 for a file that is not what was consented to; what can't be answered is
  ///   an answer too.
  public func answers(to queries: [Query]) async throws -> [Query: Answer] {
    let failed = try await buildEngines(for: queries)
    let answers = try await withThrowingTaskGroup(of: (Query, Answer).self) { group in
      var answers: [Query: Answer] = [:]
      var waiting = queries[...]
      for _ in 0..<min(4, queries.count) {
        if let query = waiting.popFirst() {
          group.addTask { (query, try await answer(query, failed)) }
        }
      }
      while let (query, answer) = try await group.next() {
        answers[query] = answer
        if let query = waiting.popFirst() {
          group.addTask { (query, try await self.answer(query, failed)) }
        }
      }
      return answers
    }
    return answers
  }

  /// What all the inquiries run is built first, and once.
  private func buildEngines(for queries: [Query]) async throws -> [ObjectID: Diagnostic] {
    guard let builder else { return [:] }
    var objects: [Object] = []
    for case .inquiry(let inquiry) in queries where refusal(inquiry) == nil { objects += inquiry.objects }
    guard !objects.isEmpty else { return [:] }
    return try await builder.build(objects).failed
  }

  private func answer(_ query: Query, _ failed: [ObjectID: Diagnostic]) async throws -> Answer {
    try Task.checkCancellation()
    do {
      switch query {
      case .contents(let path):
        guard try host.files.status(path, followLinks: true) != nil else {
          try consented?.check(path, nil)
          return .absent
        }
        let bytes = try host.files.read(path)
        if let consented, consented.covers(path) { try consented.check(path, Digest(of: bytes)) }
        return .contents(bytes)
      case .file(let path): return try file(path)
      case .tree(let path):
        guard let status = try host.files.status(path, followLinks: true) else { return .absent }
        guard status.kind == .directory else {
          return .failed(Diagnostic(.error, "\(path) is no folder"))
        }
        return .tree(
          try await TreeReader(path.string, files: host.files, sources: sources, consented: consented).read())
      case .source(let path):
        guard try host.files.status(path, followLinks: true)?.kind == .directory else { return .absent }
        return .tree(
          try await TreeReader(
            path.string, files: host.files, sources: sources, consented: consented, isSource: true
          ).read())
      case .look(let path):
        guard let status = try host.files.status(path, followLinks: true) else { return .absent }
        return .status(status)
      case .sources(let tree):
        return .tree(try tree.read(host.files, digests: sources))
      case .status(let path):
        guard let status = try host.files.status(path, followLinks: false) else { return .absent }
        return .status(status)
      case .names(let path):
        guard try host.files.status(path, followLinks: true)?.kind == .directory else { return .names([]) }
        return .names(try host.files.list(path).sorted())
      case .interpreters(let language):
        return .interpreters(try await probing.interpreters(language))
      case .document(let addresses): return try await document(addresses)
      case .repository(let address):
        guard mode == .live, let repositories else {
          return .failed(withheld("\(address) was not asked for"))
        }
        let newest = try await repositories.newest(address)
        return .repository(newest.pin, submodules: newest.submodules)
      case .artifact(let artifact): return try await look(for: artifact)
      case .inquiry(let inquiry): return try await run(inquiry, failed)
      }
    } catch let error as CancellationError {
      throw error
    } catch let failure as Failure {
      // What is not what was consented to ends it all.
      if failure.status == .consent { throw failure }
      return .failed(failure.single)
    } catch {
      return .failed(Diagnostic(.error, "\(error)"))
    }
  }

  private func file(_ path: FilePath) throws -> Answer {
    guard let status = try host.files.status(path, followLinks: true) else {
      try consented?.check(path, nil)
      return .absent
    }
    guard status.kind == .file else { return .failed(Diagnostic(.error, "\(path) is no file")) }
    let real = host.files.resolved(path) ?? path
    let (digest, bytes) = try sources.look(real, named: real.string, status)
    if let consented, consented.covers(path) { try consented.check(path, digest) }
    let mode = status.mode & 0o777
    return .tree([
      TreeEntry(
        "",
        bytes.map { .file($0, mode: mode) }
          ?? .source(SourceFile(real, digest, size: status.size), mode: mode))
    ])
  }

  private func document(_ addresses: [String]) async throws -> Answer {
    var reachable = addresses
    if mode != .live {
      reachable = addresses.filter { $0.hasPrefix("file:") }
      guard !reachable.isEmpty else {
        let name = addresses.first.map { String($0.prefix { $0 != "?" }) } ?? "a document"
        return .failed(withheld("\(name) was not asked for"))
      }
    }
    let document = try await fetcher.document(addresses: reachable)
    return .document(document.bytes, from: document.address)
  }

  /// A dry run takes it that what is not here can be had.
  private func look(for artifact: Artifact) async throws -> Answer {
    if mode == .dry, !artifact.addresses.allSatisfy({ $0.hasPrefix("file:") }) { return .present }
    try await fetcher.locate(addresses: artifact.addresses, digest: artifact.digest, name: artifact.name)
    return .present
  }

  /// Why an inquiry is not made in this mode; nil when it is.
  private func refusal(_ inquiry: Inquiry) -> Diagnostic? {
    switch mode {
    case .live: nil
    case .dry: withheld("not done: \(inquiry.label)")
    case .offline:
      inquiry.needsNetwork
        && inquiry.steps.contains { $0.needsNetwork && $0.offlineArguments.isEmpty }
        ? withheld("not done: \(inquiry.label)") : nil
    }
  }

  private func withheld(_ message: String) -> Diagnostic {
    mode == .dry
      ? Diagnostic(
        .error, "\(message), because this is a dry run", hint: "`outfit up` finds it out", reason: .dryRun)
      : Diagnostic(
        .error, "\(message), because this run is offline", hint: "run it again without --offline",
        reason: .offline)
  }

  private func run(_ inquiry: Inquiry, _ failed: [ObjectID: Diagnostic]) async throws -> Answer {
    if let refusal = refusal(inquiry) { return .failed(refusal) }
    guard let builder else { return .failed(withheld("not done: \(inquiry.label)")) }
    for object in inquiry.objects {
      if let diagnostic = failed[object.id] { return .failed(diagnostic) }
    }
    let id = "inquiry \(inquiry.label)"
    progress.started(id: id, label: inquiry.label)
    do {
      let collected = try await collect(inquiry, builder.store)
      progress.finished(id: id)
      return .collected(collected)
    } catch {
      let reason =
        error is CancellationError ? "interrupted" : (error as? Failure)?.diagnostics.first?.message
      progress.failed(id: id, reason: reason ?? "\(error)")
      throw error
    }
  }

  private func collect(_ inquiry: Inquiry, _ store: Store) async throws -> [String: [UInt8]] {
    let scratch = try Scratch(host: host, contents: inquiry.files, sources: inquiry.sources)
    defer { scratch.remove() }
    let name = inquiry.label.map { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == ".") ? $0 : "-" }
    let runner = StepRunner(
      host: host, store: store, label: inquiry.label, logName: String(name.prefix(80)),
      isOffline: mode == .offline)
    runner.removeLog()
    for step in inquiry.steps { _ = try await runner.run(step, scratch: scratch.path, out: nil) }
    runner.removeLog()
    var collected: [String: [UInt8]] = [:]
    for pattern in inquiry.collect {
      for path in try Glob.matches(pattern, in: scratch.path, files: host.files) {
        var relative = path
        guard relative.removePrefix(scratch.path) else { continue }
        let kind = try host.files.status(path, followLinks: true)?.kind
        collected[relative.string] = kind == .file ? try host.files.read(path) : []
      }
    }
    return collected
  }
}

/// Reads a folder whole.
private struct TreeReader: Sendable {
  let root: String
  let files: any Files
  let sources: SourceDigests
  let consented: Consented?
  /// What git keeps is left out, and what is odd is no failure.
  let isSource: Bool
  private let bytes = Locked<Int64>(0)

  init(
    _ root: String, files: any Files, sources: SourceDigests, consented: Consented?, isSource: Bool = false
  ) {
    (self.root, self.files, self.sources, self.consented) = (root, files, sources, consented)
    self.isSource = isSource
  }

  /// What a profile's folder of files may hold, in bytes.
  private static let limit: Int64 = 256 << 20

  /// All that is below a folder, each folder before what is in it. Several folders are read at once.
  ///
  /// Paths are text here, which is quicker to put together.
  func read() async throws -> [TreeEntry] { try await read(root, "") }

  private func read(_ folder: String, _ relative: String) async throws -> [TreeEntry] {
    try await withThrowingTaskGroup(of: (place: Int, entries: [TreeEntry]).self) { group in
      var parts: [[TreeEntry]] = [[]]
      for name in try files.list(FilePath(folder)) where !isSource || name != ".git" {
        let text = folder + "/" + name
        let inner = relative.isEmpty ? name : relative + "/" + name
        guard let status = try files.status(FilePath(text), followLinks: false) else {
          // Nothing is left out without a word but what has gone meanwhile.
          guard name.unicodeScalars.contains("\u{FFFD}") else { continue }
          throw Failure(
            "\(folder) has something in it named `\(name)`, which is not UTF-8",
            hint: "rename it: ls -b \(folder)")
        }
        guard status.kind == .directory else {
          parts[parts.count - 1].append(try entry(text, inner, status))
          continue
        }
        parts[parts.count - 1].append(TreeEntry(inner, .directory(mode: status.mode & 0o777)))
        let place = parts.count
        parts += [[], []]
        group.addTask { (place, try await read(text, inner)) }
      }
      for try await part in group { parts[part.place] = part.entries }
      return parts.flatMap { $0 }
    }
  }

  private func entry(_ text: String, _ inner: String, _ status: FileStatus) throws -> TreeEntry {
    let path = FilePath(text)
    switch status.kind {
    case .link:
      let destination = try files.readLink(path)
      try consented?.check(path, Digest(of: "link \(destination)"))
      return TreeEntry(inner, .link(destination))
    case .file:
      let total = bytes.withLock { total in
        total += status.size
        return total
      }
      guard total <= Self.limit else {
        throw Failure("\(root) holds more than \(Self.limit >> 20) MB: too much for a folder of dotfiles")
      }
      let (digest, content): (Digest, [UInt8]?)
      do throws(FileError) {
        (digest, content) = try sources.look(path, named: text, status)
      } catch {
        guard isSource else { throw error }
        return TreeEntry(inner, .odd("it can't be read: \(error.reason)"))
      }
      try consented?.check(path, digest)
      let mode = status.mode & 0o777
      return TreeEntry(
        inner,
        content.map { .file($0, mode: mode) }
          ?? .source(SourceFile(path, digest, size: status.size), mode: mode))
    case .directory, .other:
      if isSource { return TreeEntry(inner, .odd("it is neither file, link nor folder")) }
      throw Failure("\(path) is neither file, link nor folder")
    }
  }
}

extension Failure {
  /// One diagnostic that says all of it.
  var single: Diagnostic {
    guard var first = diagnostics.first else { return Diagnostic(.error, "it failed") }
    let rest = diagnostics.dropFirst().map(\.message)
    if !rest.isEmpty, first.location == nil {
      first.excerpt = ([first.excerpt].compactMap { $0 } + rest).joined(separator: "\n")
    }
    return first
  }
}
