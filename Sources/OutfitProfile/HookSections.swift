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
  /// What the runner does itself; nil for a command.
  public var language: Language?
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

  /// Instead of a command: `entry` is an expression that no line may match, or what is said of every file.
  public enum Language: String, Sendable, CaseIterable { case pygrep, fail }

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

  public init() {}

  /// For people, in a line.
  var title: String {
    let parts = [
      files.map { "files \($0)" }, exclude.map { "exclude \($0)" },
      stages.isEmpty ? nil : "stages \(stages.joined(separator: ", "))", failsFast ? "fail_fast" : nil,
      file.map { "file \($0)" },
    ]
    let text = parts.compactMap(\.self).joined(separator: "; ")
    return text.isEmpty ? "nothing" : text
  }
}
