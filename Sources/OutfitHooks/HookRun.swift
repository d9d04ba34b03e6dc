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
  ///   - host: Where to look for the repository, from its working directory upwards.
  ///   - virtualenv: The project's virtualenv, whose programs the hooks see.
  /// - Throws: `Failure` when there is no repository, or its hooks are not installed.
  public func invocation(host: Host, virtualenv: FilePath? = nil) throws -> Invocation {
    let found = try GitFolders.locate(from: host.workingDirectory, host: host)
    guard let git = found else {
      throw Failure(
        "\(host.workingDirectory) is in no git repository", hint: "hooks run in a repository", status: .usage)
    }
    let configuration = git.own.appending("hooks.yaml")
    let runner = git.own.appending(Engines.hookRunner)
    guard host.files.exists(configuration), host.files.exists(runner) else {
      throw Failure(
        "the hooks of \(git.workTree) are not installed", hint: "run `outfit up` in it", status: .failed)
    }
    return Invocation(
      runner, words(configuration), environment: environment(host, virtualenv: virtualenv),
      workingDirectory: selection == .git ? git.workTree : host.workingDirectory,
      standardInput: .inherited)
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
