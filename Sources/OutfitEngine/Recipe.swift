import OutfitCore
import OutfitProfile
import SystemPackage

/// How an object is made.
public enum Recipe: Hashable, Sendable {
  case unpack(Unpack)
  case checkout(Checkout)
  case run(Run)
  case tree([TreeEntry])
  /// Something that stays where it is and is watched.
  case adopt(Adoption)

  func feed(_ digest: inout Digest.Running) {
    switch self {
    case .unpack(let unpack):
      digest.field("unpack")
      digest.field(unpack.artifact.digest.hex)
      digest.field("\(unpack.format)/\(unpack.strip)")
      if let name = unpack.programName { digest.field("program \(name)") }
      for program in unpack.programs { digest.field("find \(program)") }
      for rewrite in unpack.rewrites {
        digest.field(rewrite.glob)
        digest.field(rewrite.find)
        digest.field(rewrite.replacement)
        if rewrite.manner != .text { digest.field("as \(rewrite.manner)") }
      }
      for library in unpack.installNames { digest.field("install name \(library)") }
      TreeEntry.feed(unpack.additions, &digest)
    case .checkout(let checkout):
      digest.field("checkout")
      digest.field(checkout.commit)
      digest.field(checkout.digest.hex)
      TreeEntry.feed(checkout.additions, &digest)
    case .run(let run):
      digest.field("run")
      for (path, bytes) in run.files.sorted(by: { $0.key < $1.key }) {
        digest.field(path)
        digest.field(Digest(of: bytes).hex)
      }
      if !run.sources.isEmpty {
        digest.field("sources")
        TreeEntry.feed(run.sources, &digest)
      }
      for material in run.materials {
        digest.field(material.artifact.digest.hex)
        digest.field("\(material.format)/\(material.strip)/\(material.folder)")
      }
      for step in run.steps { digest.field("\(step.identity)") }
      if !run.additions.isEmpty { TreeEntry.feed(run.additions, &digest) }
      if let surrounding = run.surrounding { digest.field(surrounding.identity) }
    case .tree(let entries):
      digest.field("tree")
      TreeEntry.feed(entries, &digest)
    case .adopt(let adoption):
      digest.field("adopt")
      digest.field(adoption.program.string)
      digest.field(adoption.fingerprint)
    }
  }
}

extension TreeEntry {
  fileprivate static func feed(_ entries: [TreeEntry], _ digest: inout Digest.Running) {
    for entry in entries {
      digest.field(entry.path)
      switch entry.content {
      case .file(let bytes, let mode): digest.field("file \(mode) \(Digest(of: bytes))")
      case .source(let source, let mode): digest.field("file \(mode) \(source.digest)")
      case .link(let destination): digest.field("link \(destination)")
      case .directory(let mode): digest.field("directory \(mode)")
      case .odd: break
      }
    }
  }
}

/// Bytes from outside, known by their digest.
public struct Artifact: Hashable, Sendable {
  /// Tried in this order: http, https, file.
  public var addresses: [String]
  public var digest: Digest
  /// For people: the file's name.
  public var name: String
  public init(addresses: [String], digest: Digest, name: String) {
    self.addresses = addresses
    self.digest = digest
    self.name = name
  }
}

public struct Unpack: Hashable, Sendable {
  public enum Format: String, Sendable { case tar, zip, program, file }
  public var artifact: Artifact
  /// `tar` in whatever compression the system's tar knows; `program` is one executable, put at `bin/<name>`,
  /// and `file` one that is none.
  public var format: Format
  /// Leading folders to drop from every name.
  public var strip: Int
  public var programName: String?
  /// Programs that are looked for in the archive, wherever it has them, and linked in `bin`.
  public var programs: [String]
  /// Text replaced in unpacked files: build prefixes.
  public var rewrites: [Rewrite]
  /// Files added after unpacking.
  public var additions: [TreeEntry]
  /// Shared libraries of macOS that are to be found again where they stand, by programs that are linked with them.
  public var installNames: [String]
  /// What names begin with in the object that no check looks at, and nothing here rewrites: such files of a tar archive
  /// may be written while the checks run.
  public var unchecked: [String]

  public struct Rewrite: Hashable, Sendable {
    /// A path relative to the object, `*` standing for any run of characters within a name.
    public var glob: String
    public var find: String
    /// `{out}` stands for the object's path.
    public var replacement: String
    public var manner: Manner

    public enum Manner: String, Sendable {
      /// Wherever it stands.
      case text
      /// Where it is a word of a command line, or the folder that a path begins with.
      case word
      /// Where it is a word of a command line: it goes, and the word after it.
      case option
    }

    public init(glob: String, find: String, replacement: String, manner: Manner = .text) {
      self.glob = glob
      self.find = find
      self.replacement = replacement
      self.manner = manner
    }
  }

  public init(
    artifact: Artifact, format: Format, strip: Int = 0, programName: String? = nil,
    programs: [String] = [], rewrites: [Rewrite] = [], additions: [TreeEntry] = [],
    installNames: [String] = [], unchecked: [String] = []
  ) {
    self.artifact = artifact
    self.format = format
    self.strip = strip
    self.programName = programName
    self.programs = programs
    self.rewrites = rewrites
    self.additions = additions
    self.installNames = installNames
    self.unchecked = unchecked
  }
}

/// The files of a commit.
public struct Checkout: Hashable, Sendable {
  public var address: GitAddress
  /// 40 hexadecimal digits.
  public var commit: String
  /// `Lock.digest` of them.
  public var digest: Digest
  /// Files added to them.
  public var additions: [TreeEntry]

  public init(address: GitAddress, commit: String, digest: Digest, additions: [TreeEntry] = []) {
    (self.address, self.commit, self.digest, self.additions) = (address, commit, digest, additions)
  }
}

/// Where repositories come from.
public protocol Repositories: Sendable {
  /// The commit that an address means now, and the folders in it that are other repositories'.
  func newest(_ address: GitAddress) async throws -> (pin: LockedExternal, submodules: [String])
  /// Writes the files of a commit to a folder that is not there yet.
  func write(_ commit: String, of address: GitAddress, to folder: FilePath) async throws
}

public struct Run: Hashable, Sendable {
  /// Made in a scratch folder that is `Argument.scratch` and goes afterwards.
  public var files: [String: [UInt8]]
  /// Copied to the scratch folder's `SourceTree.folder`.
  public var sources: [TreeEntry]
  /// Unpacked in the scratch folder before the first step.
  public var materials: [Material]
  public var steps: [Step]
  /// Run before the steps when what they made is not what its packages say: they throw away what is cached. They
  /// are no part of what determines the result.
  public var remedies: [Step]
  /// Files added to the object after the last step.
  public var additions: [TreeEntry]
  /// The Python environment that the steps install into.
  public var surrounding: Surrounding?
  /// The log of a build that went well is kept too.
  public var keepsLog: Bool

  public init(
    files: [String: [UInt8]] = [:], sources: [TreeEntry] = [], materials: [Material] = [], steps: [Step],
    remedies: [Step] = [], additions: [TreeEntry] = [], surrounding: Surrounding? = nil,
    keepsLog: Bool = false
  ) {
    self.files = files
    self.sources = sources
    self.materials = materials
    self.steps = steps
    self.remedies = remedies
    self.additions = additions
    self.surrounding = surrounding
    self.keepsLog = keepsLog
  }
}

/// An archive that a run starts from.
public struct Material: Hashable, Sendable {
  public var artifact: Artifact
  public var format: Unpack.Format
  public var strip: Int
  /// In the scratch folder.
  public var folder: String
  /// Run where no address has the archive: they leave it in the scratch folder, and it is believed by its digest.
  public var otherwise: [Step]
  /// What they leave, `*` standing for any run of characters within a name.
  public var leaves: String

  public init(
    artifact: Artifact, format: Unpack.Format = .tar, strip: Int, folder: String, otherwise: [Step] = [],
    leaves: String = ""
  ) {
    self.artifact = artifact
    self.format = format
    self.strip = strip
    self.folder = folder
    self.otherwise = otherwise
    self.leaves = leaves
  }
}

public struct Adoption: Hashable, Sendable {
  public var program: FilePath
  public var fingerprint: String
  /// For the record: `sqlite 3.40.1`.
  public var facts: [String]
  public init(program: FilePath, fingerprint: String, facts: [String] = []) {
    self.program = program
    self.fingerprint = fingerprint
    self.facts = facts
  }
}

/// One program to run while something is built or asked.
public struct Step: Hashable, Sendable {
  public var program: Reference
  public var arguments: [Argument]
  /// Added to a small fixed environment (PATH, HOME, LANG, proxies, certificates).
  public var environment: [String: Argument]
  /// The child sees what the user's environment says of indexes, proxies and credentials.
  public var needsNetwork: Bool
  /// A first try without the network, whose failure is followed by one with it: arguments added to it.
  public var offlineArguments: [String]
  /// That try is made only where the network may not be asked: it costs more than it saves.
  public var isOfflineForced: Bool
  /// Paths with `*` in their names: where none of them is there, nothing is cached, and the network is asked at once.
  /// Empty where that can't be told.
  public var cachedWhere: [String] = []
  /// Standard output is kept as this file in the scratch folder.
  public var outputFile: String?
  /// Added to the environment too, but no part of what determines the result: caches, indexes. It may hold
  /// credentials, so it is never written or shown.
  public var surroundings: [String: Argument]
  /// What stands for the program where results are identified, when it doesn't matter which one ran: a newer
  /// uv makes the same environment from the same pins.
  public var standIn: String?
  /// The folder, in the scratch folder, that it runs in.
  public var folder: String?
  /// For people, where the program's name and first words say too little: `compiling`.
  public var title: String?
  /// Standard error goes where standard output does, so that the log has both in order.
  public var mergesOutput = false

  public init(
    _ program: Reference, _ arguments: [Argument], environment: [String: Argument] = [:],
    needsNetwork: Bool = false, offlineArguments: [String] = [], isOfflineForced: Bool = false,
    outputFile: String? = nil, surroundings: [String: Argument] = [:], standIn: String? = nil,
    folder: String? = nil, title: String? = nil
  ) {
    self.program = program
    self.arguments = arguments
    self.environment = environment
    self.needsNetwork = needsNetwork
    self.offlineArguments = offlineArguments
    self.isOfflineForced = isOfflineForced
    self.outputFile = outputFile
    self.surroundings = surroundings
    self.standIn = standIn
    self.folder = folder
    self.title = title
  }

  /// What determines the result.
  var identity: String {
    let environment = environment.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
    return "\(standIn ?? "\(program)") \(arguments) \(environment)"
  }
}

public enum Argument: Hashable, Sendable, ExpressibleByStringInterpolation {
  case text(String)
  case reference(Reference)
  /// A path inside the object that is being built.
  case output(String)
  /// A path inside the scratch folder.
  case scratch(String)
  case joined([Argument])

  public init(stringLiteral value: String) { self = .text(value) }
}

/// What must hold for an object before anything is switched to it.
public enum Check: Hashable, Sendable {
  /// The program, relative to the object, ends with status 0.
  case runs(String, [String])
  case exists(String)
  /// Every file that the wheels' RECORD files below this folder list has the listed digest.
  case record(String)
}
