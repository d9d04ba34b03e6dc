import OutfitProfile
import OutfitSystem
import SystemPackage

/// One `outfit` at a time: for a scope from its plan to its switch, and for the switches of all scopes, which
/// share the folder of commands. The operating system frees the lock of a process that died.
public enum ScopeLock {
  /// Takes the lock of a scope, for all of `up` or `rollback`. Two projects have locks of their own, so that
  /// they build side by side.
  public static func acquire(_ scope: Scope, host: Host) async throws -> FileLock {
    try Generations.prepare(scope, host: host)
    return try await acquire(
      host.places.state(of: scope).appending("lock"), host: host,
      message: "another outfit is at work on \(scope.label); waiting for it")
  }

  /// Takes the lock under which the user's files change, and what all scopes share.
  public static func acquireSwitch(_ host: Host) async throws -> FileLock {
    try host.files.createDirectories(host.places.state, mode: 0o700)
    return try await acquire(
      switchPath(host), host: host, message: "another outfit is switching; waiting for it")
  }

  static let switchName = "switch.lock"

  static func switchPath(_ host: Host) -> FilePath { host.places.state.appending(switchName) }

  private static func acquire(_ path: FilePath, host: Host, message: String) async throws -> FileLock {
    var wait = 0.01
    var isFirst = true
    while true {
      if let lock = try host.files.tryLock(path) { return lock }
      if isFirst {
        host.terminal.talk(message + "\n")
        isFirst = false
      }
      try await host.clock.sleep(seconds: wait)
      wait = min(wait * 1.5, 0.25)
    }
  }
}

extension Scope {
  /// For people.
  public var label: String {
    switch self {
    case .machine: "this machine"
    case .project(let root): "the project \(root)"
    }
  }
}
