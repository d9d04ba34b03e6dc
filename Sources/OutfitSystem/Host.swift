import OutfitCore
import SystemPackage

/// The outside world. Everything that reads or changes it takes a `Host`; tests give one whose every
/// unexpected contact fails.
public struct Host: Sendable {
  public var files: any Files
  public var processes: any Processes
  public var terminal: any Terminal
  public var clock: any Clock
  /// The variables that the process was started with.
  public var environment: [String: String] {
    didSet { places = Places(environment: environment, home: user.home) }
  }
  public var user: User {
    didSet { places = Places(environment: environment, home: user.home) }
  }
  /// Where Outfit keeps its things for this user.
  public private(set) var places: Places
  public var platform: Platform
  /// Absolute.
  public var workingDirectory: FilePath
  /// What the process was called with, its own name apart.
  public var arguments: [String]

  public init(
    files: any Files, processes: any Processes, terminal: any Terminal, clock: any Clock,
    environment: [String: String], user: User, platform: Platform, workingDirectory: FilePath,
    arguments: [String] = []
  ) {
    self.files = files
    self.processes = processes
    self.terminal = terminal
    self.clock = clock
    self.environment = environment
    self.user = user
    self.places = Places(environment: environment, home: user.home)
    self.platform = platform
    self.workingDirectory = workingDirectory
    self.arguments = arguments
  }

  /// Renames what can't be read to `<name>.corrupt-<n>`; nil when that is not possible.
  public func putAside(_ path: FilePath) -> FilePath? {
    for number in 1...999 {
      let aside = FilePath(path.string + ".corrupt-\(number)")
      guard (try? files.status(aside, followLinks: false)) == .some(nil) else { continue }
      return (try? files.rename(path, to: aside)).map { aside }
    }
    return nil
  }
}

/// Who runs Outfit.
public struct User: Hashable, Sendable {
  public var identifier: UInt32
  public var name: String
  /// `$HOME`, absolute.
  public var home: FilePath
  /// Whose the home is, where this is root and it is another's.
  public var homeOwner: String?

  public init(identifier: UInt32, name: String, home: FilePath, homeOwner: String? = nil) {
    self.identifier = identifier
    self.name = name
    self.home = home
    self.homeOwner = homeOwner
  }
}

/// The time of day, and how long things take.
public protocol Clock: Sendable {
  /// Seconds since 1970-01-01T00:00Z; it may go backwards.
  func now() -> Int64
  /// Nanoseconds of a clock that never goes backwards.
  func uptime() -> UInt64
  func sleep(seconds: Double) async throws
}

/// Outfit's own folders, each 0700: XDG's, or all below `OUTFIT_HOME`.
public struct Places: Hashable, Sendable {
  public let data: FilePath
  public let state: FilePath
  public let cache: FilePath
  public let config: FilePath

  /// What each of them is called, but below `OUTFIT_HOME`.
  static let name = "outfit"

  /// Relative values of XDG variables are ignored, as the XDG Base Directory Specification 0.8 asks.
  public init(environment: [String: String], home: FilePath) {
    if let root = environment["OUTFIT_HOME"].map({ FilePath($0) }), root.isAbsolute {
      data = root.appending("data")
      state = root.appending("state")
      cache = root.appending("cache")
      config = root.appending("config")
      return
    }
    func place(_ variable: String, _ fallback: String) -> FilePath {
      if let value = environment[variable].map({ FilePath($0) }), value.isAbsolute {
        return value.appending(Self.name)
      }
      return home.pushing(FilePath(fallback)).appending(Self.name)
    }
    data = place("XDG_DATA_HOME", ".local/share")
    state = place("XDG_STATE_HOME", ".local/state")
    cache = place("XDG_CACHE_HOME", ".cache")
    config = place("XDG_CONFIG_HOME", ".config")
  }

  /// The shims: one folder, first on PATH.
  public var bin: FilePath { data.appending("bin") }
  /// What was built, addressed by its inputs.
  public var store: FilePath { data.appending("store") }
  /// The commits of git layers, a folder for each repository, and in it one for each commit.
  public var layers: FilePath { data.appending("layers") }
  /// `outfit-shim` and what else of ours must stay at a fixed path.
  public var libexec: FilePath { data.appending("libexec") }
  /// What every shim is a link to.
  public var launcher: FilePath { libexec.appending("outfit-shim") }
  /// The dispatch tables that shims read: `machine`, and one for each project.
  public var tables: FilePath { data.appending("tables") }
  /// The user's own layer.
  public var personalManifest: FilePath { config.appending("outfit.yaml") }
}
