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

  /// Whether the hooks look at what is committed or pushed, so that what is not staged must be out of their sight. The
  /// others look at a message, or at nothing.
  var needsWhatIsCommitted: Bool {
    switch selection {
    case .git: looksAtFiles
    case .commits: true
    case .allFiles, .files: false
    }
  }

  /// Git started it, and says on standard input what it is about to send.
  var isPush: Bool { selection == .git && type == "pre-push" && !arguments.isEmpty }

  var looksAtFiles: Bool { ["pre-commit", "pre-merge-commit", "pre-push", "manual"].contains(type) }

  /// What one call of the runner is about.
  struct Target: Sendable {
    var files: HookFiles.Selection
    /// Where the files are: not the user's work tree for commits that are pushed and not checked out.
    var folders: GitFolders
    /// What hooks of this format expect.
    var variables: [String: String] = [:]
    /// What the runner is told besides.
    var words: [String] = []
  }

  /// What must be run; SKIP and what git tells its hooks are in the host's environment.
  /// - Parameters:
  ///   - generation: Whose hooks they are: both the runner and what it is told come out of the store, as this
  ///     generation has them, and nothing of the repository says what runs.
  ///   - list: The file that has the names of the files.
  /// - Throws: `Failure` when the generation has no hooks, or what git says with this type of hook is missing.
  func invocation(
    of generation: Generation, on target: Target, list: FilePath, host: Host
  ) throws -> Invocation {
    guard let hooks = InstalledHooks(generation, host: host) else { throw Self.notInstalled(target.folders) }
    var environment = environment(host, virtualenv: generation.standingVirtualenv(host.files))
    environment = GitVariables.withoutNeedless(environment, target.folders, host)
    environment.merge(references) { $1 }
    environment.merge(target.variables) { $1 }
    let configuration = target.files.mayHaveDashes ? hooks.anyNames : hooks.configuration
    let isNamed = if case .named = target.files { true } else { false }
    var words = try words(configuration, target.files, list: list)
    words.insert(contentsOf: target.words, at: 1)
    return Invocation(
      hooks.runner, words, environment: environment,
      workingDirectory: isNamed ? host.workingDirectory : target.folders.workTree,
      standardInput: type == "pre-push" ? .none : .inherited)
  }

  public static func noRepository(_ host: Host) -> Failure {
    Failure(
      "\(host.workingDirectory) is in no git repository", hint: "hooks run in a repository", status: .usage)
  }

  public static func notInstalled(_ git: GitFolders) -> Failure {
    Failure("the hooks of \(git.workTree) are not installed", hint: "run `outfit up` in it", status: .failed)
  }

  /// The runner's arguments. It is always given the files: it then neither stashes nor rolls back.
  func words(_ configuration: FilePath, _ files: HookFiles.Selection, list: FilePath) throws -> [String] {
    var words = ["run", "--config", configuration.string, "--stage", type]
    if showsDiff { words.append("--show-diff-on-failure") }
    words += try ofGit() + hooks
    switch files {
    case .engine: return words
    case .allFiles: return words + ["--all-files"]
    case .named(let names): return words + ["--files"] + names
    case .listed: return words + ["--files0-from", list.string]
    }
  }

  /// What git passed to its hook, as the runner is told of it.
  private func ofGit() throws -> [String] {
    let options: [(name: String, isNeeded: Bool)]
    switch type {
    case "commit-msg": options = [("--commit-msg-filename", true)]
    case "prepare-commit-msg":
      options = [
        ("--commit-msg-filename", true), ("--prepare-commit-message-source", false),
        ("--commit-object-name", false),
      ]
    case "pre-rebase": options = [("--pre-rebase-upstream", true), ("--pre-rebase-branch", false)]
    case "post-rewrite": options = [("--rewrite-command", false)]
    case "pre-push": options = [("--remote-name", false), ("--remote-url", false)]
    case "post-checkout":
      return arguments.count > 2 ? ["--checkout-type", arguments[2]] : []
    case "post-merge": return arguments.first == "1" ? ["--is-squash-merge"] : []
    default: options = []
    }
    if let missing = options.indices.first(where: { options[$0].isNeeded && $0 >= arguments.count }) {
      throw Failure(
        "\(type) hooks need what git tells them: argument \(missing + 1) is missing",
        hint: "git runs them; to try them, `outfit hooks run \(type) .git/COMMIT_EDITMSG`", status: .usage)
    }
    return zip(options, arguments).filter { !$1.isEmpty }.flatMap { [$0.name, $1] }
  }

  /// The commits that a run is about, as hooks of this format expect them.
  private var references: [String: String] {
    let (from, to): (String?, String?)
    switch (selection, type) {
    case (.commits(let first, let last), _): (from, to) = (first, last ?? "HEAD")
    case (_, "post-checkout") where arguments.count > 1: (from, to) = (arguments[0], arguments[1])
    default: return [:]
    }
    var variables: [String: String] = [:]
    variables["PRE_COMMIT_FROM_REF"] = from
    variables["PRE_COMMIT_ORIGIN"] = from
    variables["PRE_COMMIT_TO_REF"] = to
    variables["PRE_COMMIT_SOURCE"] = to
    return variables
  }

  private func environment(_ host: Host, virtualenv: FilePath?) -> [String: String] {
    var environment = host.environment
    var folders = [host.places.bin.string]
    if let virtualenv { folders.insert(virtualenv.appending("bin").string, at: 0) }
    folders.append(environment["PATH"] ?? "/usr/bin:/bin")
    environment["PATH"] = folders.joined(separator: ":")
    // Else the runner's own looks at the work tree write the index, and it can't be told from one that a hook wrote.
    environment["GIT_OPTIONAL_LOCKS"] = "0"
    environment["PREK_HOME"] = host.places.cache.appending(Engines.hookRunner).string
    return environment
  }
}
