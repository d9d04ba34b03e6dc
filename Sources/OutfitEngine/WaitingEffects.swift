import OutfitProfile
import OutfitSystem
import SystemPackage

/// What needs root where this user has no way to be it: the rest is up, and this waits for whoever is. It is kept, so
/// that nobody is asked for the same password again and again.
public struct WaitingEffects: Hashable, Sendable {
  /// One effect that waits.
  public struct Entry: Hashable, Sendable {
    public var identity: Effect.Identity
    public var fingerprint: String
    /// For people.
    public var label: String
    /// The line for whoever has root.
    public var command: String
    /// The person was asked for sudo's password, and sudo refused: not only was nobody there to be asked.
    public var isRefused: Bool

    public init(_ effect: Effect, command: String, isRefused: Bool) {
      identity = effect.identity
      fingerprint = effect.fingerprint
      label = effect.label
      self.command = command
      self.isRefused = isRefused
    }

    fileprivate init?(_ row: [String]) {
      guard row.count == 6 else { return nil }
      identity = Effect.Identity(layer: row[0], entry: row[1])
      (fingerprint, label, command, isRefused) = (row[2], row[3], row[4], row[5] == "refused")
    }
  }

  public private(set) var entries: [Entry]

  public init(_ entries: [Entry] = []) { self.entries = entries }

  public var isEmpty: Bool { entries.isEmpty }

  /// The entry of an effect that waits just as it is.
  public subscript(_ effect: Effect) -> Entry? {
    entries.first { $0.identity == effect.identity && $0.fingerprint == effect.fingerprint }
  }

  // MARK: On disk

  private static let format = "outfit-waiting"
  private static let version = 1

  private static func path(_ scope: Scope, _ host: Host) -> FilePath {
    host.places.state(of: scope).appending("waiting")
  }

  /// What waited at the end of the last `up`; a file that can't be read counts as empty, and the person is asked again.
  public static func read(_ scope: Scope, host: Host) -> WaitingEffects {
    guard let bytes = try? host.files.read(path(scope, host)),
      let rows = try? Rows.read(bytes, format, version: version).rows
    else { return WaitingEffects() }
    return WaitingEffects(rows.compactMap { Entry($0) })
  }

  /// Keeps what waits now.
  public func keep(_ scope: Scope, host: Host) throws {
    let path = Self.path(scope, host)
    guard self != Self.read(scope, host: host) else { return }
    if isEmpty { return try host.files.removeTree(path) }
    try Generations.prepare(scope, host: host)
    var rows = Rows.Writer(Self.format, version: Self.version)
    for entry in entries {
      rows.row(
        entry.identity.layer, entry.identity.entry, entry.fingerprint, entry.label, entry.command,
        entry.isRefused ? "refused" : "unasked")
    }
    let temporary = FilePath(path.string + ".new")
    try host.files.removeTree(temporary)
    try host.files.create(temporary, rows.finished(), mode: 0o600)
    try host.files.rename(temporary, to: path)
  }
}

extension Effects {
  /// Finds out whether the effects that need root can have it, and has sudo's password asked now where a person is there
  /// to type it.
  /// - Parameter before: what waited at the last `up`; who was refused then is not asked again.
  /// - Returns: what waits for whoever has root.
  public func withoutRoot(_ effects: [Effect], before: WaitingEffects) async throws -> WaitingEffects {
    let effects = effects.filter { needsSudo($0) }
    guard !effects.isEmpty else { return WaitingEffects() }
    var isRefused = true
    if let sudo {
      if try await isAllowed(sudo) { return WaitingEffects() }
      let wasRefused = effects.allSatisfy { before[$0]?.isRefused == true }
      if host.terminal.isInteractive, !wasRefused {
        let status = try await host.processes.runAttached(
          Invocation(sudo, ["-v"], environment: host.environment, standardInput: .inherited))
        try Task.checkCancellation()
        if status == 0 { return WaitingEffects() }
      } else {
        isRefused = wasRefused
      }
    }
    return WaitingEffects(
      effects.map { WaitingEffects.Entry($0, command: lineForRoot($0.command), isRefused: isRefused) })
  }

  /// sudo needs no password now.
  private func isAllowed(_ sudo: FilePath) async throws -> Bool {
    do {
      return try await host.processes.run(
        Invocation(sudo, ["-n", "-v"], environment: host.environment)
      ).succeeded
    } catch is CancellationError {
      throw CancellationError()
    } catch {
      // It is there, and can't be started.
      return false
    }
  }
}
