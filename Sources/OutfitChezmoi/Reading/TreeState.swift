import OutfitGoTemplate

/// What a chezmoi tree wants of a home folder.
public struct TreeState: Sendable {
  public struct Target: Sendable {
    public enum Kind: Sendable {
      /// The bytes of the source as they are.
      case copy(mode: UInt16)
      case file([UInt8], mode: UInt16)
      case folder(mode: UInt16, isExact: Bool)
      /// Where it leads.
      case link(String)
      case absent
      /// Made by a template from what is there.
      case modified(Modification, mode: UInt16)
    }
    /// From the home folder.
    public var path: String
    /// From the tree's folder.
    public var source: String
    public var kind: Kind
    /// It is written where nothing is yet.
    public var isOnce = false
    /// The name says which mode it has.
    public var modeIsGiven = false
    /// The calls of password managers whose answers are in its text.
    public var secrets: Set<[String]> = []
  }

  /// What a template makes of a file.
  public struct Modification: Sendable {
    /// Of no file at all.
    public var ofNothing: [UInt8]
    /// The file that is there, and what is made of it.
    public var present: (before: [UInt8], after: [UInt8])?
  }

  /// A file, an archive or a repository that chezmoi downloads.
  public struct External: Sendable {
    /// From the home folder.
    public var target: String
    public var source: String
    public var address: String
    public var isFolder: Bool
    public var strip: Int
    public var path: String?
    public var digest: String?
    /// For a file by itself.
    public var isExecutable = false
  }

  public struct Script: Sendable {
    /// From the home folder, as if it were a file there.
    public var target: String
    public var source: String
    public var time: ScriptTime
    public var contents: [UInt8]
    /// Variables, by the tree's configuration.
    public var environment: [String: String]
  }

  public var targets: [Target] = []
  /// In the order in which they are run.
  public var scripts: [Script] = []
  public var remarks: [TreeRemark] = []
  /// What ignore files name: it stays in folders in which nothing else is to be.
  public var ignored = PatternList()
  /// The calls of password managers that its templates make.
  public var secretCalls: [[String]] = []
  public var externals: [External] = []
  /// Patterns of what goes, from the home folder.
  public var removing: [String] = []
  /// What templates are given.
  public var data = GoValue.map([:])
  /// Keys of the configuration template that are about chezmoi itself.
  public var ownSettings: [String] = []
}

/// How far a reading came.
public enum TreeReading: Sendable {
  case ask([TemplateQuestion])
  case prompts([TreePrompt])
  case done(TreeState)
}
