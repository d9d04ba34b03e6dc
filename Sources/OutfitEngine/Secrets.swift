import OutfitConsent
import OutfitCore
import OutfitProfile
import OutfitSystem
import SystemPackage

/// What became of asking for a secret.
public enum SecretValue: Hashable, Sendable {
  case text(String)
  /// It could not be had.
  case failed(Diagnostic)
}

/// The secrets that a file's text is made of.
public struct SecretUse: Hashable, Sendable {
  public var names: Set<String>
  /// What the text is without them, and how each is had.
  public var outline: [UInt8]
  /// All of them are in the text.
  public var isFilled: Bool
  /// What stands there was made of the same, so that nothing need be read.
  var isSettled = false

  public init(names: Set<String>, outline: [UInt8], isFilled: Bool) {
    (self.names, self.outline, self.isFilled) = (names, outline, isFilled)
  }
}

/// What files with secrets in them were made of last: by keyed digests alone, so that it is known without asking anybody
/// whether they are still that.
public struct SecretLedger {
  private struct Entry {
    /// Of the outline.
    var outline: Digest
    /// Of each secret.
    var values: [String: Digest]
  }

  private static let format = "outfit-secrets"
  private static let version = 1
  /// More than anybody's files in all generations; the oldest go.
  private static let limit = 4000

  private let scope: Scope
  private let host: Host
  private let key: SecretKey?
  private let previous: KnownTargets
  private let stats: TargetStats
  /// By the keyed digest of the file.
  private var entries: [Digest: Entry] = [:]
  private var order: [Digest] = []

  public init(_ scope: Scope, previous: NewestGeneration, host: Host) throws {
    (self.scope, self.host) = (scope, host)
    key = try SecretKey.read(host)
    self.previous = KnownTargets(previous.record?.targets ?? [])
    stats = previous.stats
    guard key != nil, let bytes = try? host.files.read(Self.path(scope, host)),
      let rows = try? Rows.read(bytes, Self.format, version: Self.version).rows
    else { return }
    for row in rows where row.count >= 2 && row.count.isMultiple(of: 2) {
      guard let file = Digest(row[0]), let outline = Digest(row[1]) else { continue }
      var values: [String: Digest] = [:]
      for index in stride(from: 2, to: row.count, by: 2) { values[row[index]] = Digest(row[index + 1]) }
      if entries.updateValue(Entry(outline: outline, values: values), forKey: file) == nil {
        order.append(file)
      }
    }
  }

  private static func path(_ scope: Scope, _ host: Host) -> FilePath {
    host.places.state(of: scope).appending("secrets")
  }

  /// The secrets that must be read for what differs.
  /// - Parameter known: those that were read, or could not be.
  public func wanted(_ changes: [Change], known: [String: SecretValue]) -> Set<String> {
    changes.reduce(into: []) { wanted, change in
      guard let use = change.secrets, !isSettled(change, use, known) else { return }
      // A file that lacks one of them is not written, whatever the others say.
      let isLacking = use.names.contains { if case .failed = known[$0] { true } else { false } }
      if !isLacking { wanted.formUnion(use.names.subtracting(known.keys)) }
    }
  }

  /// Marks the files that are what they are to be, and takes out those whose secrets could not be had.
  public func settle(_ proposal: inout Proposal, known: [String: SecretValue], shown: (FilePath) -> String) {
    var changes: [Change] = []
    for change in proposal.changes {
      var change = change
      if let use = change.secrets {
        if isSettled(change, use, known) {
          change.secrets?.isSettled = true
        } else if !use.isFilled,
          let failure = use.names.sorted().lazy.compactMap({ Self.failure(known[$0]) }).first
        {
          var diagnostic = failure
          diagnostic.message = "\(shown(change.target)) stays as it is: \(failure.message)"
          proposal.leftOut.append(LeftOut(diagnostic, target: change.target))
          continue
        }
      }
      changes.append(change)
    }
    proposal.changes = changes
  }

  private static func failure(_ value: SecretValue?) -> Diagnostic? {
    if case .failed(let diagnostic)? = value { diagnostic } else { nil }
  }

  /// The file is as it was written, and was made of what it would be made of now.
  private func isSettled(_ change: Change, _ use: SecretUse, _ known: [String: SecretValue]) -> Bool {
    guard let key, let old = previous[change.target.string], old.isWhole else { return false }
    guard let status = try? host.files.status(old.resolved, followLinks: false) else { return false }
    if change.isOnce { return true }
    guard case .file(let written) = old.written, written.isKeyed, let entry = entries[written.digest],
      entry.outline == key.digest(use.outline),
      case .file(_, let mode) = change.noMoreOpen(than: old.written).kind, mode == written.mode
    else { return false }
    for name in use.names {
      guard let last = entry.values[name] else { return false }
      if case .text(let text)? = known[name], key.digest(Array(text.utf8)) != last { return false }
    }
    guard status.kind == .file else { return false }
    if stats[old.resolved] == Signature(status), status.mode == written.mode { return true }
    guard let bytes = try? host.files.read(old.resolved) else { return false }
    if key.digest(bytes) == written.digest { return status.mode == written.mode }
    // What the user decided to have in its place.
    if case .file(let accepted)? = old.accepted {
      return !accepted.isKeyed && accepted.digest == Digest(of: bytes) && accepted.mode == status.mode
    }
    return false
  }

  /// Notes what was written now.
  public mutating func keep(
    _ changes: [Change], as record: Generation?, known: [String: SecretValue]
  ) throws {
    guard let record, let key = try SecretKey.read(host) else { return }
    let targets = KnownTargets(record.targets)
    var isChanged = false
    for change in changes {
      guard let use = change.secrets, use.isFilled, let target = targets[change.target.string],
        case .file(let file) = target.written, file.isKeyed
      else { continue }
      var values: [String: Digest] = [:]
      for name in use.names {
        if case .text(let text)? = known[name] { values[name] = key.digest(Array(text.utf8)) }
      }
      guard values.count == use.names.count else { continue }
      order.removeAll { $0 == file.digest }
      order.append(file.digest)
      entries[file.digest] = Entry(outline: key.digest(use.outline), values: values)
      isChanged = true
    }
    guard isChanged else { return }
    var rows = Rows.Writer(Self.format, version: Self.version)
    for file in order.suffix(Self.limit) {
      guard let entry = entries[file] else { continue }
      rows.row(
        [file.hex, entry.outline.hex]
          + entry.values.sorted { $0.key < $1.key }.flatMap { [$0.key, $0.value.hex] })
    }
    let path = Self.path(scope, host)
    let temporary = FilePath(path.string + ".new")
    try host.files.removeTree(temporary)
    try host.files.create(temporary, rows.finished(), mode: 0o600)
    try host.files.synchronize(temporary)
    try host.files.rename(temporary, to: path)
  }
}

/// Reads secrets, one after the other and each once, so that whoever is asked to unlock something is asked once.
public final class SecretReader: Sendable {
  private let host: Host
  private let unlocked = Locked<[SecretSection.Unlock: SecretValue]>([:])

  /// The most that a secret may be, in bytes.
  private static let limit = 1 << 20

  /// - Parameter consented: what the profile runs for its secrets was consented to with it.
  public init(_ consented: Consented, host: Host) { self.host = host }

  /// - Throws: `CancellationError` only.
  public func read(_ name: String, _ section: Sourced<SecretSection>) async throws -> SecretValue {
    func failed(_ reason: String, _ hint: String?) -> SecretValue {
      .failed(
        Diagnostic(
          .error, "the secret \(name) could not be had: \(reason)", at: section.source.location, hint: hint))
    }
    do throws(any Error) {
      switch section.value.origin {
      case nil:
        return failed(
          "nothing says how",
          "write it into \(host.places.personalManifest): `secrets: {\(name): {command: [pass, show, \(name)]}}`, "
            + "or `env: VARIABLE`, or `file: PATH`")
      case .variable(let variable):
        guard let text = host.environment[variable], !text.isEmpty else {
          return failed("the variable \(variable) is not set", "set it, and run it again")
        }
        return .text(text)
      case .file(let text):
        let path = Self.place(text, host)
        guard try host.files.status(path, followLinks: true)?.kind == .file else {
          return failed("there is no file \(path)", "put it there, and run it again")
        }
        return value(try host.files.read(path, limit: Self.limit), failed)
      case .command(let words):
        var variables = host.environment
        if let unlock = section.value.unlock {
          let value = try await open(unlock, in: section.source.layer.folder)
          switch value {
          case .failed(let diagnostic): return failed(diagnostic.message, diagnostic.hint)
          case .text(let text): variables[unlock.variable] = text
          }
        }
        return try await run(words, variables, in: section.source.layer.folder, failed)
      }
    } catch is CancellationError {
      throw CancellationError()
    } catch let error as FileError {
      return failed(error.description, nil)
    } catch {
      return failed((error as? Failure)?.diagnostics.first?.message ?? "\(error)", nil)
    }
  }

  private func open(_ unlock: SecretSection.Unlock, in folder: FilePath) async throws -> SecretValue {
    if let known = unlocked.withLock({ $0[unlock] }) { return known }
    let value = try await run(unlock.command, host.environment, in: folder) { reason, hint in
      .failed(Diagnostic(.error, "it stays locked: \(reason)", hint: hint))
    }
    unlocked.withLock { $0[unlock] = value }
    return value
  }

  private func run(
    _ words: [String], _ variables: [String: String], in folder: FilePath,
    _ failed: (String, String?) -> SecretValue
  ) async throws -> SecretValue {
    let home = host.user.home
    let words = words.map { $0.hasPrefix("~/") ? home.pushing(FilePath(String($0.dropFirst(2)))).string : $0 }
    guard let program = Self.program(words[0], folder, host) else {
      return failed("there is no program \(words[0])", "install it, and run `outfit up` again")
    }
    let done = try await host.processes.runAsking(
      Invocation(
        program, Array(words.dropFirst()), environment: variables, workingDirectory: folder,
        standardInput: host.terminal.isInteractive ? .inherited : .none))
    try Task.checkCancellation()
    // What it printed is nobody's to show, whatever it is.
    guard done.succeeded else {
      return failed(
        "\(words[0]) ended with status \(done.status)",
        "unlock what it asks, and run `outfit up` again; all else is done")
    }
    return value(done.output, failed)
  }

  /// Line ends behind it are no part of it, as in a shell.
  private func value(_ bytes: [UInt8], _ failed: (String, String?) -> SecretValue) -> SecretValue {
    var bytes = bytes[...]
    while let last = bytes.last, last == 10 || last == 13 { bytes.removeLast() }
    guard !bytes.isEmpty else { return failed("it is empty", "look at what gives it") }
    guard bytes.count < Self.limit, let text = String(validating: bytes, as: UTF8.self),
      !text.utf8.contains(0)
    else { return failed("it is no text", "a template takes text of less than a megabyte") }
    return .text(text)
  }

  /// A path of a manifest, from HOME or absolute.
  public static func place(_ text: String, _ host: Host) -> FilePath {
    place(text, home: host.user.home)
  }

  public static func place(_ text: String, home: FilePath) -> FilePath {
    home.pushing(FilePath(text.hasPrefix("~/") ? String(text.dropFirst(2)) : text)).lexicallyNormalized()
  }

  private static func program(_ word: String, _ folder: FilePath, _ host: Host) -> FilePath? {
    if word.contains("/") {
      let path = folder.pushing(FilePath(word)).lexicallyNormalized()
      return host.files.exists(path) ? path : nil
    }
    let folders = (host.environment["PATH"] ?? "").split(separator: ":").map { FilePath(String($0)) }
    return folders.lazy.filter(\.isAbsolute).map { $0.appending(word) }.first { path in
      guard let status = try? host.files.status(path, followLinks: true) else { return false }
      return status.kind == .file && status.mode & 0o111 != 0
    }
  }
}
