import OutfitCore
import OutfitProfile
import SystemPackage

/// A part of Outfit: it describes what it wants, and does nothing.
///
/// Both functions are pure. They are called again with more facts for as long as they answer `.ask`.
public protocol Part: Sendable {
  /// `interpreters`, `tools`, ...: what `--only` takes.
  var name: String { get }
  /// Completes `context.lock` for what the profile asks and the lock does not have yet; moves no other pin.
  func resolve(_ context: Context) throws -> Round<Lock>
  /// What the machine should have.
  func propose(_ context: Context) throws -> Round<Proposal>
  /// What it proposes depends on what the generation before wrote.
  var looksBack: Bool { get }
}

extension Part {
  public var looksBack: Bool { false }
}

/// What a part works from.
public struct Context: Sendable {
  public var profile: Profile
  public var lock: Lock
  public var facts: Facts
  public var platform: Platform
  /// HOME (machine) or the project's folder.
  public var root: FilePath
  /// `places.store`: where objects will stand, since environments embed their paths.
  public var store: FilePath
  /// `places.bin`.
  public var bin: FilePath
  /// The user's variables, for settings that are read from there (OUTFIT_MIRROR).
  public var environment: [String: String]
  /// What parts before this one proposed: tools stand on interpreters.
  public var earlier: Proposal
  /// The lock lies beside a manifest, for others to use, so that no path of this machine may stand in it.
  public var lockIsShared: Bool
  /// Outfit's own folders, in which no profile has a target.
  public var reserved: [FilePath]
  /// The secrets that were read in this run, and why others could not be.
  public var secrets: [String: SecretValue] = [:]
  /// The generation before, for a part that looks back, where whatever no part asks for any more goes.
  public var previous: Generation?

  public init(
    profile: Profile, lock: Lock, facts: Facts, platform: Platform, root: FilePath, store: FilePath,
    bin: FilePath, environment: [String: String], earlier: Proposal = Proposal(),
    lockIsShared: Bool = false, reserved: [FilePath] = []
  ) {
    self.profile = profile
    self.lock = lock
    self.facts = facts
    self.platform = platform
    self.root = root
    self.store = store
    self.bin = bin
    self.environment = environment
    self.earlier = earlier
    self.lockIsShared = lockIsShared
    self.reserved = reserved
  }
}

public struct Proposal: Sendable {
  public var objects: [Object] = []
  public var claims: [Claim] = []
  public var changes: [Change] = []
  public var effects: [Effect] = []
  /// The interpreters that this scope offers, the default first, for tools, virtualenvs and the shims.
  public var interpreters: [ProvidedInterpreter] = []
  /// The virtual environment that a shell has in a project's folder.
  public var virtualenv: FilePath?
  /// The variables that a shell has in a project's folder.
  public var variables: [String: String] = [:]
  /// What can't be had; the rest goes on, and the generation is incomplete.
  public var failures: [Diagnostic] = []
  /// Files that can't be had, each of which stays as it is; the rest goes on, and the generation is incomplete.
  public var leftOut: [LeftOut] = []
  /// Paths that go wherever they are, so that one that is gone by that stays so.
  public var staysAbsent: [@Sendable (FilePath) -> Bool] = []
  /// The variables that its texts were made of.
  public var variablesRead: Set<String> = []
  /// Something that the manifest asks for has no pin, and none could be made: it is not known what it is.
  public var isUnresolved = false
  /// What a person should know of how something is had: a fall to another provider, say.
  public var notes: [Diagnostic] = []

  public init() {}

  public mutating func merge(_ other: Proposal) {
    objects += other.objects.filter { object in !objects.contains { $0.id == object.id } }
    let stronger = Set(other.claims.filter(\.takesOver).map(\.name))
    claims.removeAll { !$0.takesOver && stronger.contains($0.name) }
    let held = Set(claims.filter(\.takesOver).map(\.name))
    claims += other.claims.filter { $0.takesOver || !held.contains($0.name) }
    changes += other.changes
    effects += other.effects
    interpreters += other.interpreters
    virtualenv = other.virtualenv ?? virtualenv
    variables.merge(other.variables) { $1 }
    failures += other.failures
    leftOut += other.leftOut
    staysAbsent += other.staysAbsent
    variablesRead.formUnion(other.variablesRead)
    isUnresolved = isUnresolved || other.isUnresolved
    notes += other.notes
  }
}

/// A file that a part can't say the content of.
public struct LeftOut: Hashable, Sendable {
  public var diagnostic: Diagnostic
  /// Absolute; nil where no one file is meant.
  public var target: FilePath?
  /// It has no pin, and none could be made: what is written to a lock would lack it.
  public var isUnpinned = false

  public init(_ diagnostic: Diagnostic, target: FilePath? = nil) {
    (self.diagnostic, self.target) = (diagnostic, target)
  }
}

public struct ProvidedInterpreter: Hashable, Sendable {
  public var language: Language
  public var version: Version
  /// The request in the manifest that it answers.
  public var request: String
  public var program: Reference
  /// The object that must stand first.
  public var object: ObjectID

  public init(
    language: Language, version: Version, request: String, program: Reference, object: ObjectID
  ) {
    self.language = language
    self.version = version
    self.request = request
    self.program = program
    self.object = object
  }
}

/// The name of an object in the store: `<name>-<digest>`, the digest over everything that determines it.
public struct ObjectID: Hashable, Sendable, Comparable, CustomStringConvertible {
  public let name: String
  public let digest: Digest
  public init(name: String, digest: Digest) {
    self.name = name
    self.digest = digest
  }
  public var description: String { "\(name)-\(digest.short(16))" }
  public static func < (a: ObjectID, b: ObjectID) -> Bool { a.description < b.description }
}

/// A path that may lie in the store.
public enum Reference: Hashable, Sendable {
  case object(ObjectID, String)
  case path(FilePath)

  public func resolved(store: FilePath) -> FilePath {
    switch self {
    case .object(let id, let path):
      path.isEmpty
        ? store.appending(id.description) : store.appending(id.description).pushing(FilePath(path))
    case .path(let path): path
    }
  }
}

/// Something that the store holds: built once, at its final path, from inputs that its name is a digest of.
public struct Object: Hashable, Sendable {
  public let id: ObjectID
  /// For people: `Python 3.13.5`, `black 25.1.0`.
  public let label: String
  /// Objects that must stand before it is built, and for as long as it is used.
  public let inputs: [ObjectID]
  public let recipe: Recipe
  public let checks: [Check]

  /// - Parameters:
  ///   - name: lower case, for the folder's name: `python-3.13.5`.
  ///   - store: the store's own path, which environments embed.
  public init(
    name: String, label: String, inputs: [ObjectID] = [], recipe: Recipe, checks: [Check] = [],
    store: FilePath
  ) {
    self.label = label
    self.inputs = inputs
    self.recipe = recipe
    self.checks = checks
    var digest = Digest.Running()
    digest.field(store.string)
    digest.field(name)
    for input in inputs { digest.field(input.description) }
    recipe.feed(&digest)
    id = ObjectID(name: name, digest: digest.finish())
  }

  /// What must stand before it is built: its inputs, and the objects whose programs build it.
  public var prerequisites: Set<ObjectID> {
    var all = Set(inputs)
    if case .run(let run) = recipe {
      for step in run.steps {
        if case .object(let id, _) = step.program { all.insert(id) }
      }
    }
    return all
  }
}

/// A name on PATH, and what it runs.
public struct Claim: Hashable, Sendable {
  public var name: String
  public var program: Reference
  /// Put before the user's own arguments.
  public var arguments: [String]
  /// For people: `black 25.1.0`.
  public var label: String
  public var owner: Source
  /// The object that must stand for the claim to be made.
  public var object: ObjectID?
  /// It answers to the name although another part claims it too: a project's virtualenv does to `python`.
  public var takesOver: Bool
  /// It is Outfit itself, whose name nothing of a profile has.
  public var isOwn = false

  public init(
    name: String, program: Reference, arguments: [String] = [], label: String, owner: Source,
    object: ObjectID?, takesOver: Bool = false
  ) {
    self.name = name
    self.program = program
    self.arguments = arguments
    self.label = label
    self.owner = owner
    self.object = object
    self.takesOver = takesOver
  }
}

/// Something of the user's that will be other than it is.
public struct Change: Hashable, Sendable {
  /// Absolute.
  public var target: FilePath
  public var owner: Source
  /// Its content is kept nowhere and shown nowhere.
  public var isSecret: Bool
  public var kind: Kind
  /// The change is made only if this object stands.
  public var object: ObjectID?
  /// The digest of a file at `target` that may be replaced without asking, since what it did goes on by another
  /// way: a git hook of the user's that the new one runs.
  public var carriesOn: Digest?
  /// The profile's own file or folder that the content is from, absolute: never a target.
  public var source: FilePath?
  /// A folder that stands where Outfit put one is what is wanted, whoever changed it since. Where it put none, whoever
  /// made it is not known, and a checkout may have brought it.
  public var isStanding = false
  /// What was around it is another since Outfit wrote there, a clone made anew: nobody removed anything from it.
  public var isNewPlace = false
  /// It is written where nothing is yet, and once: whoever has it writes it from then on.
  public var isOnce = false
  /// A folder in which nothing else is to be.
  public var isExact = false
  /// Names in such a folder that stay even so.
  public var spared: Set<String> = []
  /// No manifest says which mode it has, so that a file that is closed to others already stays closed.
  public var modeIsDefault: Bool
  /// The secrets in its text; nil where it has none.
  public var secrets: SecretUse?

  public enum Kind: Hashable, Sendable {
    case file([UInt8], mode: UInt16)
    /// What a file of the profile holds, which is read only when it is to be written.
    case source(SourceFile, mode: UInt16)
    case link(Reference)
    case directory(mode: UInt16)
    /// A folder that is a copy of that folder of an object, without its name.
    case tree(Reference)
    case edit(Edit)
    case absent
  }

  /// Its target is there once it is done, also where nothing was before.
  public var makesTarget: Bool {
    switch kind {
    case .absent: false
    case .edit(.block(let block)): block.createMode != nil
    case .edit(.keys(let keys)): keys.createMode != nil
    default: true
    }
  }

  public init(
    target: FilePath, owner: Source, isSecret: Bool = false, kind: Kind, object: ObjectID? = nil,
    carriesOn: Digest? = nil, source: FilePath? = nil, modeIsDefault: Bool = false
  ) {
    self.source = source
    self.modeIsDefault = modeIsDefault
    self.target = target
    self.owner = owner
    self.isSecret = isSecret
    self.kind = kind
    self.object = object
    self.carriesOn = carriesOn
  }

  /// The same, without rights for those who have none of what stands there, unless a manifest gives them.
  func noMoreOpen(than state: TargetState) -> Change {
    guard modeIsDefault, case .file(let file) = state else { return self }
    var mask: UInt16 = 0o500 | file.mode & 0o200
    // Who may read it may do whatever else the default lets them.
    for rights: UInt16 in [0o070, 0o007] where file.mode & rights & 0o044 != 0 { mask |= rights }
    var change = self
    switch kind {
    case .file(let bytes, let mode): change.kind = .file(bytes, mode: mode & mask)
    case .source(let source, let mode): change.kind = .source(source, mode: mode & mask)
    case .link, .directory, .tree, .edit, .absent: break
    }
    return change
  }
}

/// A change inside a file that others write too.
public enum Edit: Hashable, Sendable {
  case block(Block)
  case keys(Keys)

  /// Keys of a file of settings.
  public struct Keys: Hashable, Sendable {
    public struct Key: Hashable, Sendable {
      public var path: [String]
      public var value: SettingValue
      public init(path: [String], value: SettingValue) { (self.path, self.value) = (path, value) }
    }
    public var format: SettingsFormat
    public var values: [Key]
    /// When the file is not there: make it (with this mode), or leave it.
    public var createMode: UInt16?
    public init(format: SettingsFormat, values: [Key], createMode: UInt16? = 0o644) {
      (self.format, self.values, self.createMode) = (format, values, createMode)
    }
  }

  /// Lines between two marker lines, `<comment> >>> outfit <identifier> >>>` and `<comment> <<< outfit <identifier> <<<`.
  public struct Block: Hashable, Sendable {
    public enum Position: Hashable, Sendable {
      case top, bottom
      /// Below the first line that begins with this; at the bottom where none does.
      case below(String)
    }
    public var identifier: String
    /// What starts a comment in that file: `#`, `"`.
    public var comment: String
    public var body: String
    /// Stands before the body where the file holds nothing but blocks, and from then on.
    public var preface: String
    public var position: Position
    /// When the file is not there: make it (with this mode), or leave it.
    public var createMode: UInt16?
    public init(
      identifier: String, comment: String = "#", body: String, preface: String = "",
      position: Position = .bottom, createMode: UInt16? = 0o644
    ) {
      self.identifier = identifier
      self.comment = comment
      self.body = body
      self.preface = preface
      self.position = position
      self.createMode = createMode
    }
  }
}

/// Something that can't be undone: it runs after consent, outside the transaction, and is checked by a probe.
public struct Effect: Hashable, Sendable {
  public enum Ability: String, Sendable { case packages, script }

  /// What an effect is the same by, whatever it is called: the entry of the manifest, and the layer that has it.
  public struct Identity: Hashable, Sendable {
    /// `Layer.identity`.
    public var layer: String
    /// `scripts.fonts`.
    public var entry: String
    public init(layer: String, entry: String) {
      self.layer = layer
      self.entry = entry
    }
  }

  /// `scripts.fonts`, `packages.apt`.
  public var entry: String
  /// For people: `apt: ripgrep`.
  public var label: String
  public var ability: Ability
  public var needsRoot: Bool
  /// Status 0 means: nothing to do. Nil: a receipt decides.
  public var probe: Step?
  /// For an effect without probe: run again when this changes.
  public var fingerprint: String
  public var command: Step
  /// The profile's file that the command runs, as one of its arguments.
  public var script: FilePath?
  /// The names of the system packages that it installs; none of a script.
  public var packages: [String] {
    // They are what such an effect is known by.
    ability == .packages ? fingerprint.split(separator: " ").map(String.init) : []
  }
  /// What is run in place of that file's own text: a template's.
  public var contents: [UInt8]?
  /// Where it is run, or the nearest folder above that is there; nil is the home folder.
  public var folder: FilePath?
  /// Before the objects are built (system packages), or after the switch (scripts).
  public var runsFirst: Bool
  /// It runs at every `up`, so that it makes nothing other than it was.
  public var isRoutine: Bool
  public var owner: Source

  public init(
    entry: String, label: String, ability: Ability, needsRoot: Bool, probe: Step?, fingerprint: String,
    command: Step, script: FilePath? = nil, runsFirst: Bool, isRoutine: Bool = false,
    owner: Source
  ) {
    self.entry = entry
    self.script = script
    self.label = label
    self.ability = ability
    self.needsRoot = needsRoot
    self.probe = probe
    self.fingerprint = fingerprint
    self.command = command
    self.runsFirst = runsFirst
    self.isRoutine = isRoutine
    self.owner = owner
  }

  public var identity: Identity { Identity(layer: owner.layer.identity, entry: entry) }
}
