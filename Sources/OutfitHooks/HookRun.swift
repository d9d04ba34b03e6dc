import OutfitCore
import OutfitEngine
import OutfitSystem
import SystemPackage

/// One run of the installed hooks.
public struct HookRun: Sendable {
  public enum Selection: Hashable, Sendable {
    /// What git is about to commit, push, ...
    case git
    case allFiles
    case files([String])
    /// What differs between two commits.
    case commits(from: String, to: String?)
  }

  /// `pre-commit`, `pre-push`, ...
  public var type: String
  public var selection: Selection
  /// Just these hooks; empty runs all.
  public var hooks: [String]
  /// What git passed to its hook.
  public var arguments: [String]
  public var showsDiff: Bool

  public init(
    type: String = "pre-commit", selection: Selection = .git, hooks: [String] = [],
    arguments: [String] = [], showsDiff: Bool = false
  ) {
    self.type = type
    self.selection = selection
    self.hooks = hooks
    self.arguments = arguments
    self.showsDiff = showsDiff
  }

  /// What must be run; SKIP and what git tells its hooks are in the host's environment.
  /// - Parameters:
  ///   - generation: Whose hooks they are: both the runner and what it is told come out of the store, as this
  ///     generation has them, and nothing of the repository says what runs.
  ///   - host: Where to look for the repository, from its working directory upwards.
  /// - Throws: `Failure` when there is no repository, or the generation has no hooks.
  public func invocation(of generation: Generation, host: Host) throws -> Invocation {
    let found = try GitFolders.locate(from: host.workingDirectory, host: host)
    guard let git = found else { throw Self.noRepository(host) }
    guard let hooks = InstalledHooks(generation, host: host) else { throw Self.notInstalled(git) }
    return Invocation(
      hooks.runner, words(hooks.configuration),
      environment: environment(host, virtualenv: generation.standingVirtualenv(host.files)),
      workingDirectory: selection == .git ? git.workTree : host.workingDirectory,
      standardInput: .inherited)
  }

  public static func noRepository(_ host: Host) -> Failure {
    Failure(
      "\(host.workingDirectory) is in no git repository", hint: "hooks run in a repository", status: .usage)
  }

  public static func notInstalled(_ git: GitFolders) -> Failure {
    Failure("the hooks of \(git.workTree) are not installed", hint: "run `outfit up` in it", status: .failed)
  }

  /// The runner's arguments.
  func words(_ configuration: FilePath) -> [String] {
    let common = ["--config", configuration.string]
    if selection == .git, !arguments.isEmpty {
      return ["hook-impl"] + common + ["--hook-type", type] + hooks + ["--"] + arguments
    }
    var words = ["run"] + common + ["--stage", type]
    if showsDiff { words.append("--show-diff-on-failure") }
    switch selection {
    case .git: break
    case .allFiles: words.append("--all-files")
    case .files(let files): return words + hooks + ["--files"] + files
    case .commits(let from, let to):
      words += ["--from-ref", from]
      if let to { words += ["--to-ref", to] }
    }
    return words + hooks
  }

  private func environment(_ host: Host, virtualenv: FilePath?) -> [String: String] {
    var environment = host.environment
    var folders = [host.places.bin.string]
    if let virtualenv { folders.insert(virtualenv.appending("bin").string, at: 0) }
    folders.append(environment["PATH"] ?? "/usr/bin:/bin")
    environment["PATH"] = folders.joined(separator: ":")
    environment["PREK_HOME"] = host.places.cache.appending(Engines.hookRunner).string
    return environment
  }
}
