import OutfitCore
import OutfitProfile
import OutfitSystem
import SystemPackage

/// What a part wants to know of the outside world. The engine asks the host and hands back `Facts`.
public enum Query: Hashable, Sendable {
  /// The bytes of a file.
  case contents(FilePath)
  /// A file of a profile with its mode, as a tree of one entry without a path; its bytes are read only where they are
  /// not known.
  case file(FilePath)
  /// Every file, link and folder below a folder, with contents.
  case tree(FilePath)
  /// As `tree`, of a folder that is read for what its names say: what git keeps in it is left out, and what can't be read is
  /// an entry too.
  case source(FilePath)
  /// What a build of a project's own code may read, without their contents.
  case sources(SourceTree)
  case status(FilePath)
  /// Of what a link leads to.
  case look(FilePath)
  /// The names in a folder, sorted; none where it is no folder.
  case names(FilePath)
  /// The interpreters that are on this machine already, probed at known places only.
  case interpreters(Language)
  /// A small document (an index, a list of checksums) from the first address that answers.
  case document([String])
  /// The commit that a repository's address means now.
  case repository(GitAddress)
  /// Whether the bytes are on this machine, or an address has them: `.present`, or `.failed` with the reason.
  case artifact(Artifact)
  /// A run of one of Outfit's own engines on inputs that can't execute anything.
  case inquiry(Inquiry)
}

/// A run of an engine (`uv pip compile --no-build`, say) whose output is a fact.
public struct Inquiry: Hashable, Sendable {
  /// Shown while it runs: `resolving black`.
  public var label: String
  /// Built first.
  public var objects: [Object]
  /// Made in the scratch folder that is `Argument.scratch`.
  public var files: [String: [UInt8]]
  /// Copied to the scratch folder's `SourceTree.folder`.
  public var sources: [TreeEntry]
  public var steps: [Step]
  /// Paths in the scratch folder whose contents make the answer, `*` standing for any one name; a match
  /// that is a folder answers with an empty file.
  public var collect: [String]
  /// It asks the network, so that an offline run or a dry run can't have it.
  public var needsNetwork: Bool

  public init(
    label: String, objects: [Object], files: [String: [UInt8]] = [:], sources: [TreeEntry] = [],
    steps: [Step], collect: [String], needsNetwork: Bool = true
  ) {
    self.label = label
    self.objects = objects
    self.files = files
    self.sources = sources
    self.steps = steps
    self.collect = collect
    self.needsNetwork = needsNetwork
  }
}

public enum Answer: Hashable, Sendable {
  case absent
  case present
  case contents([UInt8])
  case tree([TreeEntry])
  case status(FileStatus)
  case names([String])
  case interpreters([FoundInterpreter])
  /// The document, and the address that it came from.
  case document([UInt8], from: String)
  /// A commit, and the folders of it that are other repositories' and of which it has nothing.
  case repository(LockedExternal, submodules: [String])
  /// What the inquiry collected, by path in the scratch folder.
  case collected([String: [UInt8]])
  /// The question can't be answered now: the reason, for a person.
  case failed(Diagnostic)
}

/// A file, link or folder below some root.
public struct TreeEntry: Hashable, Sendable {
  /// Relative, without `..`.
  public var path: String
  public var content: Content
  public enum Content: Hashable, Sendable {
    case file([UInt8], mode: UInt16)
    /// One whose bytes were not read, since what they are is known.
    case source(SourceFile, mode: UInt16)
    case link(String)
    case directory(mode: UInt16)
    /// Of a source: neither of these, or it can't be read, and why.
    case odd(String)
  }
  public init(_ path: String, _ content: Content) {
    self.path = path
    self.content = content
  }
}

/// An interpreter that this machine has already.
public struct FoundInterpreter: Hashable, Sendable {
  public enum Origin: String, Sendable { case system, pyenv, uv, mise, asdf, other }
  public var language: Language
  public var version: Version
  /// Absolute, links resolved.
  public var program: FilePath
  public var origin: Origin
  /// The standard library's modules that it lacks, of those that Outfit requires.
  public var missingModules: [String]
  /// Changes when the program does: size, modification time, inode.
  public var fingerprint: String
  /// What it says of itself besides: `abi`, `prefix`, `libc`, `sqlite`, `ssl`, each with a blank and its value.
  public var facts: [String]

  public init(
    language: Language, version: Version, program: FilePath, origin: Origin,
    missingModules: [String] = [], fingerprint: String, facts: [String] = []
  ) {
    self.language = language
    self.version = version
    self.program = program
    self.origin = origin
    self.missingModules = missingModules
    self.fingerprint = fingerprint
    self.facts = facts
  }
}

/// What is known so far.
public struct Facts: Sendable {
  private var answers: [Query: Answer]

  public init(_ answers: [Query: Answer] = [:]) { self.answers = answers }

  /// The files and folders whose contents were asked for, sorted: what a later run compares.
  public var read: [FilePath] {
    answers.keys.compactMap { query in
      switch query {
      case .contents(let path), .file(let path), .tree(let path): path
      case .source, .sources, .names, .status, .look, .interpreters, .document, .repository, .artifact,
        .inquiry:
        nil
      }
    }.sorted { $0.string < $1.string }
  }

  /// The files and folders that builds may read, sorted.
  public var walked: [FilePath] {
    answers.flatMap { query, answer -> [FilePath] in
      let root: FilePath
      switch query {
      case .sources(let tree): root = tree.root
      case .source(let folder): root = folder
      default: return []
      }
      guard case .tree(let entries) = answer else { return [root] }
      return [root] + entries.map { root.pushing(FilePath($0.path)) }
    }.sorted { $0.string < $1.string }
  }

  /// The folders whose names alone were asked for, and what was only looked at, sorted.
  public var listed: [FilePath] {
    answers.keys.compactMap { query in
      switch query {
      case .names(let path), .look(let path): path
      default: nil
      }
    }.sorted {
      $0.string < $1.string
    }
  }

  /// A question that a dry run did not put to anybody, where there is one.
  public var withheld: Diagnostic? {
    answers.values.lazy.compactMap { answer in
      if case .failed(let diagnostic) = answer, diagnostic.reason == .dryRun { diagnostic } else { nil }
    }.first
  }

  public subscript(query: Query) -> Answer? {
    get { answers[query] }
    set { answers[query] = newValue }
  }
}

/// One round of a part's work: either it is done, or it must know more.
public enum Round<Value: Sendable>: Sendable {
  case ask([Query])
  case done(Value)
}
