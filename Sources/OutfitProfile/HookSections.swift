import OutfitCore

/// One hook that the pinned tools run; the keys are those of `.pre-commit-config.yaml`.
public struct HookSection: Hashable, Sendable {
  /// The command and its arguments; nil takes Outfit's own for a tool that it knows.
  public var entry: [String]?
  public var arguments: [String]
  public var files: String?
  public var exclude: String?
  public var types: [String]
  public var stages: [String]
  public var passFilenames: Bool
  /// Files of any of these types.
  public var anyOf: [String] = []
  public var excludedTypes: [String] = []
  /// Also where no file matches.
  public var alwaysRuns = false
  /// One process for all files; nil leaves it to Outfit's own for a tool that it knows.
  public var isSerial: Bool?
  /// What it prints is shown also when it passes.
  public var isVerbose = false
  /// What the runner does itself, or makes an environment for; nil for a command of this machine.
  public var language: Language?
  /// The repository that has the hook: what it runs, the runner makes of that at the locked commit.
  public var repository: HookRepository?
  /// What its repository calls it; nil for the entry's name.
  public var identifier: String?
  /// Packages in the environment that the runner makes.
  public var dependencies: [String] = []
  /// Of the interpreter in that environment.
  public var languageVersion: String?
  /// What people read of it; nil is the hook's own name.
  public var title: String?
  /// Another name, for `--hook` and SKIP.
  public var alias: String?
  /// Other packages in the environment of the tool that it runs.
  public var with: [String] = []
  /// Where the runner writes what a failing hook printed.
  public var logFile: String?
  /// Files that passed are not looked at again until something that decides about them changes; nil leaves it to what
  /// Outfit knows of the tool.
  public var isCached: Bool?
  /// No hook runs after it when it fails.
  public var endsRun = false
  /// It says itself when it runs.
  public var hasOwnStages = false

  public enum Language: String, Sendable, CaseIterable {
    /// `entry` is an expression that no line may match.
    case pygrep
    /// `entry` is what is said of every file.
    case fail
    // `entry` is a command in an environment that the runner makes.
    case bun, conda, coursier, dart, deno
    case dockerImage = "docker_image"
    case dotnet, golang, haskell, julia, lua, node, perl, python, r, ruby, rust, swift

    /// `entry` is one text, and no command.
    public var isText: Bool { self == .pygrep || self == .fail }
  }

  /// It runs a program of this machine or of this project's tools.
  public var isOwn: Bool { language == nil && repository == nil }

  public init(
    entry: [String]? = nil, arguments: [String] = [], files: String? = nil, exclude: String? = nil,
    types: [String] = [], stages: [String] = ["pre-commit"], passFilenames: Bool = true
  ) {
    self.entry = entry
    self.arguments = arguments
    self.files = files
    self.exclude = exclude
    self.types = types
    self.stages = stages
    self.passFilenames = passFilenames
  }
}

/// A repository of hooks, as `.pre-commit-config.yaml` names them: one that has a `.pre-commit-hooks.yaml`.
public struct HookRepository: Hashable, Sendable {
  /// As a person wrote it.
  public var address: String
  /// A tag, a branch or a commit.
  public var revision: String

  public init(address: String, revision: String) { (self.address, self.revision) = (address, revision) }

  /// nil for what git can't fetch from.
  public var location: GitAddress? {
    guard TextForm.hookRepository.check(address) == nil, TextForm.hookRevision.check(revision) == nil else {
      return nil
    }
    let text = address.hasPrefix("/") ? "git+file://\(address)" : address
    return ((try? GitAddress(text)) ?? nil)?.with(reference: revision)
  }

  /// What outfit.lock has its commit by.
  public var pin: String { location?.description ?? address }
}

/// What holds for all hooks of a project.
public struct HookSettings: Hashable, Sendable {
  /// How the hooks stand in `.pre-commit-config.yaml` too.
  public enum File: String, Sendable, CaseIterable {
    /// Run by `outfit exec`, so that each tool is the one of outfit.lock.
    case exec
    /// For who has no Outfit: each tool at the locked version, installed by the runner of that file.
    case portable
  }

  public var files: String?
  public var exclude: String?
  /// Of hooks that say none.
  public var stages: [String] = []
  /// No hook runs after one that fails.
  public var failsFast = false
  public var file: File?
  /// What git runs besides what the stages of hooks need.
  public var types: [String] = []
  /// Language to the version of its interpreter, where the runner makes an environment.
  public var languageVersions: [String: String] = [:]

  public init() {}

  /// For people, in a line.
  var title: String {
    let parts = [
      files.map { "files \($0)" }, exclude.map { "exclude \($0)" },
      stages.isEmpty ? nil : "stages \(stages.joined(separator: ", "))", failsFast ? "fail_fast" : nil,
      file.map { "file \($0)" },
      languageVersions.isEmpty
        ? nil
        : "default_language_version "
          + languageVersions.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined(
            separator: ", "),
      types.isEmpty ? nil : "default_install_hook_types \(types.joined(separator: ", "))",
    ]
    let text = parts.compactMap(\.self).joined(separator: "; ")
    return text.isEmpty ? "nothing" : text
  }
}
