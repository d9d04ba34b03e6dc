import OutfitCore
import SystemPackage

/// Layers merged into one: what a manifest asks for, every value with the line that set it.
public struct Profile: Sendable {
  public var scope: Scope
  public var name: String
  /// One line for people, `description:`.
  public var summary: String?
  /// From the bottom up; the profile itself, then the personal layer, come last.
  public var layers: [Layer]
  /// How old a release must be before it is pinned.
  public var cooldown: Sourced<Cooldown>?
  public var interpreters: [Language: Sourced<InterpreterSection>] = [:]
  /// The versions among them that a layer added (`also:`) to those of another.
  public var additions: [Language: [Sourced<VersionRequest>]] = [:]
  public var tools: [String: Sourced<ToolSection>] = [:]
  public var indexes: [String: Sourced<IndexSection>] = [:]
  /// `data:`, with the answers to `ask:` and what the host says (`os`, `arch`, `home`, `user`, `hostname`)
  /// beside it.
  public var data: [String: Sourced<DataValue>] = [:]
  /// Key to question.
  public var ask: [String: Sourced<Question>] = [:]
  /// What templates name as `secret.NAME`.
  public var secrets: [String: Sourced<SecretSection>] = [:]
  /// By target: relative to HOME (machine) or to the project.
  public var dotfiles: [String: Sourced<DotfileSection>] = [:]
  /// Blocks, or keys, of earlier layers for a target whose last one is among `dotfiles`, in the order of the layers.
  public var blocks: [String: [Sourced<DotfileSection>]] = [:]
  /// By package manager: `apt`, `brew`, `dnf`, `pacman`, `apk`.
  public var packages: [String: [Sourced<String>]] = [:]
  public var scripts: [String: Sourced<ScriptSection>] = [:]
  public var virtualenv: Sourced<VirtualenvSection>?
  public var nodeModules: Sourced<NodeModulesSection>?
  public var env: [String: Sourced<String>] = [:]
  public var hooks: [String: Sourced<HookSection>] = [:]
  public var hookSettings: Sourced<HookSettings>?
  public var app: Sourced<AppSection>?
  /// Where this machine may say how it is, and whether it does; nil where no layer asks for that.
  public var receipts: Sourced<ReceiptSection>?
  /// When an entry that counts here does so: key path to condition, of its layer too.
  public var conditions: [String: Condition] = [:]
  /// What its layers have for other machines.
  public var elsewhere: [Elsewhere] = []
  /// The tools and interpreters of all machines, which the lock covers; nil where every one counts everywhere.
  var branches: Branches?
  /// What its layers offer to be used.
  public var bundles: [Bundle] = []
  /// It depends on PATH, or on the day.
  public var isVarying = false
  /// Somebody can be asked, or was: what chezmoi's templates know as `stdinIsATTY`.
  public var isAttended = false
  /// What a layer wrote that a later one overrode, for `why`: key path to its sources, oldest first.
  public var overridden: [String: [Source]] = [:]
  /// The lines that locked an entry or a section: key path to its source.
  public var locked: [String: Source] = [:]
  /// The lines that do nothing, since an earlier layer locked what they would change.
  public var refused: [Diagnostic] = []
  /// What the reader may want to know, and what is no mistake: sections that don't apply in this scope.
  public var notes: [Diagnostic] = []
  /// What each layer can do, in the order of `layers`.
  public var contents: [LayerContent] = []
  /// Every manifest that was read or looked for, absent ones too: a profile stays what it is for as long as
  /// these do.
  public var inputs: [FilePath] = []

  public init(scope: Scope, name: String, summary: String? = nil, layers: [Layer]) {
    self.scope = scope
    self.name = name
    self.summary = summary
    self.layers = layers
  }

  /// Takes the entries of another over its own.
  mutating func take(_ other: Profile) {
    interpreters.merge(other.interpreters) { $1 }
    tools.merge(other.tools) { $1 }
    data.merge(other.data) { $1 }
    ask.merge(other.ask) { $1 }
    secrets.merge(other.secrets) { $1 }
    dotfiles.merge(other.dotfiles) { $1 }
    packages.merge(other.packages) { $0 + $1 }
    scripts.merge(other.scripts) { $1 }
    env.merge(other.env) { $1 }
    hooks.merge(other.hooks) { $1 }
  }

  /// Entries of the section `section` as they were written: layer by layer, line by line. What a later layer changes
  /// keeps its place.
  public func inOrder<Value>(_ entries: [String: Sourced<Value>], of section: String) -> [Named<Value>] {
    func place(_ entry: Named<Value>) -> (layer: Int, location: SourceLocation, name: String) {
      let source = overridden["\(section).\(entry.key)"]?.first ?? entry.value.source
      return (layers.firstIndex(of: source.layer) ?? layers.endIndex, source.location, entry.key)
    }
    let placed = entries.map { entry in (place: place(entry), entry: entry) }
    return placed.sorted { $0.place < $1.place }.map(\.entry)
  }

  /// What the host says, beside `data:`.
  public static let builtInData: Set<String> = ["os", "arch", "home", "user", "hostname"]

  /// The questions that no layer's `data:` answers.
  public var unanswered: [String: Sourced<Question>] { ask.filter { data[$0.key] == nil } }
}

/// An entry of a section, by its name there.
public typealias Named<Value: Sendable> = (key: String, value: Sourced<Value>)

/// Where the machines that have a profile say how they are. A profile says where, and each person whether.
public struct ReceiptSection: Hashable, Sendable {
  /// Of the person; nil where nobody was asked yet.
  public var agrees: Bool?
  /// A folder or a git address.
  public var to: String?
  /// What the person calls this machine there.
  public var name: String?

  public init(agrees: Bool? = nil, to: String? = nil, name: String? = nil) {
    (self.agrees, self.to, self.name) = (agrees, to, name)
  }
}

/// An entry that does not count on this machine.
public struct Elsewhere: Hashable, Sendable {
  /// `tools.black`.
  public var path: String
  public var source: Source
  public var condition: Condition
}

/// A piece of a layer that others `use`.
public struct Bundle: Hashable, Sendable {
  public var name: String
  /// One line for people, `description:`.
  public var summary: String?
  public var source: Source
  public var isUsed: Bool
  /// What it brings: `tools.k9s`.
  public var entries: [String]
}

public enum Language: String, Sendable, CaseIterable, Comparable {
  case python, node
  public static func < (a: Language, b: Language) -> Bool { a.rawValue < b.rawValue }
}

public struct InterpreterSection: Hashable, Sendable {
  public enum Provider: String, Sendable, CaseIterable { case prebuilt, wheel, adopted, source }
  /// The first is the default.
  public var versions: [VersionRequest]
  /// Added behind those of earlier layers; empty once the layers are merged.
  public var also: [VersionRequest] = []
  /// In the order to try; nil leaves the order to Outfit.
  public var providers: [Provider]?
  /// The operating system's own may serve.
  public var system: Bool
  /// Replaces the release host: http, https or file.
  public var mirror: String?
  /// What is built from source is built with profile-guided and link-time optimisation.
  public var optimized: Bool

  public init(
    versions: [VersionRequest], also: [VersionRequest] = [], providers: [Provider]? = nil,
    system: Bool = false, mirror: String? = nil, optimized: Bool = false
  ) {
    self.versions = versions
    self.also = also
    self.providers = providers
    self.system = system
    self.mirror = mirror
    self.optimized = optimized
  }
}

public struct ToolSection: Hashable, Sendable {
  public enum Origin: String, Sendable, CaseIterable { case pypi, npm, url }
  public var version: VersionRequest
  public var origin: Origin
  /// Other packages in the same environment.
  public var with: [String]
  /// `black[d]`'s `d`.
  public var extras: [String]
  /// Which Python it runs on; nil is the profile's default.
  public var python: VersionRequest?
  /// Names to expose; nil exposes all of the tool's own.
  public var expose: [String]?
  /// The package's name where it differs from the tool's.
  public var package: String?
  /// For `from: url`: `{os}`, `{system}`, `{arch}`, `{machine}` and `{version}` are filled in.
  public var url: String?
  /// For `from: url`: the address of a file of checksums, filled in likewise.
  public var checksums: String?
  /// For `from: url`: the repository whose releases have it, `OWNER/REPO`.
  public var github: String?
  /// The release's file, filled in likewise.
  public var asset: String?
  /// The release's tag, filled in likewise.
  public var tag: String?
  /// For `from: url`: other spellings of what is filled in, `amd64` to `x64`.
  public var names: [String: String] = [:]
  /// For `from: npm`: the packages whose install scripts may run.
  public var scripts: [String] = []
  /// For `from: url`, by platform key.
  public var digests: [String: Digest]
  /// The only index that may serve it.
  public var index: String?
  /// Added to each exposed name.
  public var suffix: String?
  /// Packages in its environment whose programs it offers too; `all` stands for every one.
  public var programsFrom: [String] = []
  /// Its pin stays when others are moved.
  public var isHeld = false
  /// In place of the profile's.
  public var cooldown: Cooldown?
  /// Packages that may be built from source.
  public var build: [String] = []

  public init(
    version: VersionRequest = .latest, origin: Origin = .pypi, with: [String] = [],
    extras: [String] = [], python: VersionRequest? = nil, expose: [String]? = nil,
    package: String? = nil, url: String? = nil, digests: [String: Digest] = [:],
    index: String? = nil, suffix: String? = nil
  ) {
    self.version = version
    self.origin = origin
    self.with = with
    self.extras = extras
    self.python = python
    self.expose = expose
    self.package = package
    self.url = url
    self.digests = digests
    self.index = index
    self.suffix = suffix
  }
}

/// A time that a release must have been out for, in the units of manifests: `12h`, `7d`, `2w`; a plain number
/// counts days.
public struct Cooldown: Hashable, Sendable, CustomStringConvertible {
  public var hours: Int

  public init?(_ text: String) {
    let digits = text.prefix { $0.isASCII && $0.isNumber }
    guard let number = Int(digits), number <= 10_000 else { return nil }
    switch text.dropFirst(digits.count) {
    case "h": hours = number
    case "d", "": hours = number * 24
    case "w": hours = number * 24 * 7
    default: return nil
    }
  }

  public var description: String { hours % 24 == 0 ? "\(hours / 24)d" : "\(hours)h" }
}

public struct IndexSection: Hashable, Sendable {
  public enum Priority: String, Sendable, CaseIterable { case primary, supplemental, explicit }
  public var url: String
  public var priority: Priority
  /// Packages that this index alone may serve, in whatever tool they occur.
  public var packages: [String]
  /// What the tools bound to it depend on is looked for here first.
  public var dependencies: Bool
  public init(url: String, priority: Priority, packages: [String] = [], dependencies: Bool = false) {
    self.url = url
    self.priority = priority
    self.packages = packages
    self.dependencies = dependencies
  }
}

public struct Question: Hashable, Sendable {
  public var prompt: String
  /// `git: user.email`: what git answers is offered, and taken where nobody can be asked.
  public var gitSetting: String?
  public var defaultAnswer: String?
  public init(prompt: String, gitSetting: String? = nil, defaultAnswer: String? = nil) {
    self.prompt = prompt
    self.gitSetting = gitSetting
    self.defaultAnswer = defaultAnswer
  }
}

public struct DotfileSection: Hashable, Sendable {
  public enum Kind: String, Sendable, CaseIterable {
    /// The file, rendered with `data`.
    case template
    /// The file or the folder's files, as they are.
    case copy
    /// A link to the file, or the folder, in the profile's folder.
    case link
    /// A marked block inside a file that others write too.
    case block
    /// Keys in a file of settings that others write too.
    case keys
    /// The folder's files, as `layout` says.
    case tree
    /// The file, where there is none yet; whoever has it writes it from then on.
    case create
    /// A link that leads wherever a text says.
    case linkTo = "link-to"
    /// Nothing is to be there.
    case absent
    /// A folder as chezmoi keeps it: the names of its files say what becomes of them.
    case chezmoi
    /// A file or an archive from elsewhere, at an address.
    case external
  }
  public var kind: Kind
  /// Relative to the layer's folder, a folder with `/` at its end; nil for `keys`, `linkTo` and `absent`.
  public var file: String?
  /// For `linkTo`: where it leads.
  public var destination: String?
  /// `template: true`: the block, the file or the destination is rendered with `data`.
  public var isRendered = false
  /// For `keys`: what is set.
  public var settings: SettingValue?
  /// For `keys`, `format:`: how the file is written; nil where its name says it.
  public var format: SettingsFormat?
  /// For `external`.
  public var external: ExternalFile?
  /// For `tree`.
  public var layout = TreeLayout()
  /// Permission bits; nil takes the source's executable bit and 0644.
  public var mode: UInt16?
  public var secret: Bool
  /// For a block: made only where the file exists already.
  public var onlyIfPresent: Bool
  /// For a block, `replace:`: those of earlier layers go.
  public var replacesBlocks = false
  /// For a block, `comment:`: what starts a comment in the file; nil where the file's name says it.
  public var comment: String?
  /// For a block, `position:`: at the top, what the user writes below it wins.
  public var position: Position
  /// `outside-home:`: the target is absolute, and may lie anywhere that this user can write.
  public var isOutsideHome: Bool

  public enum Position: String, Sendable, CaseIterable { case top, bottom }

  public init(
    kind: Kind, file: String?, mode: UInt16? = nil, secret: Bool = false, onlyIfPresent: Bool = false,
    position: Position = .bottom, isOutsideHome: Bool = false
  ) {
    self.isOutsideHome = isOutsideHome
    self.kind = kind
    self.file = file
    self.mode = mode
    self.secret = secret
    self.onlyIfPresent = onlyIfPresent
    self.position = position
  }
}

extension DotfileSection {
  /// It brings all that is in a folder of its layer.
  public var isFolder: Bool { file?.hasSuffix("/") == true }

  /// Other entries can name what lies inside its target.
  public var holdsEntries: Bool {
    switch kind {
    case .copy: isFolder
    case .tree: layout.style != .fold
    case .chezmoi: true
    case .template, .link, .block, .keys, .create, .linkTo, .absent, .external: false
    }
  }
}

/// What stands at an address and comes into the home folder, from the store.
public struct ExternalFile: Hashable, Sendable {
  /// Of a file, an archive or a repository.
  public var address: String
  /// An archive or a repository, whose files are the target's; else the file itself, or one of those.
  public var isFolder: Bool
  /// For a file by itself.
  public var isExecutable = false
  /// Of an archive: leading folders that its names lose.
  public var strip: Int
  /// Of an archive: what of it is meant, after that.
  public var path: String?
  /// nil for what the lock says.
  public var digest: Digest?

  public init(address: String, isFolder: Bool, strip: Int = 0, path: String? = nil, digest: Digest? = nil) {
    (self.address, self.isFolder, self.strip, self.path, self.digest) =
      (address, isFolder, strip, path, digest)
  }

  /// The repository that the address names; nil for a file or an archive.
  public var repository: GitAddress? {
    Self.isFile(address) ? nil : try? GitAddress(address)
  }

  /// What outfit.lock has it by: of a repository the address without the folder in it.
  public var pin: String { repository?.with(subfolder: "").description ?? address }

  static func isFile(_ address: String) -> Bool {
    ["https://", "http://", "file://"].contains(where: address.hasPrefix)
  }
}

/// How a folder of a layer comes into the home folder.
public struct TreeLayout: Hashable, Sendable {
  public enum Style: String, Sendable, CaseIterable {
    /// Its files.
    case copy
    /// A link to each of its files.
    case link
    /// One link, to the folder.
    case fold
  }
  public var style: Style
  /// What is left out: names, or with a `/` paths in the folder, with `*` and `?`.
  public var exclude: [String]
  /// The files that are rendered; an ending `.mustache` goes from their names.
  public var templates: [String]
  /// Files that are in the target and not in the folder go.
  public var isExact: Bool
  /// Of the target and the folders in it; nil is 0755.
  public var folderMode: UInt16?

  public init(
    style: Style = .copy, exclude: [String] = [], templates: [String] = [], isExact: Bool = false,
    folderMode: UInt16? = nil
  ) {
    self.style = style
    self.exclude = exclude
    self.templates = templates
    self.isExact = isExact
    self.folderMode = folderMode
  }
}

public struct ScriptSection: Hashable, Sendable {
  public enum Moment: String, Sendable, CaseIterable { case once, changed, always }
  /// Relative to the layer's folder.
  public var run: String
  public var when: Moment
  public init(run: String, when: Moment) {
    self.run = run
    self.when = when
  }
}

public struct VirtualenvSection: Hashable, Sendable {
  /// A lock, requirements files or a pyproject.toml, relative to the project.
  public var from: [String]
  /// Folder relative to the project.
  public var path: String
  /// Nil for those that the project's own manager installs by default.
  public var groups: [String]?
  /// Those of them that an image gets too.
  public var ships: [String]
  /// Of the project.
  public var extras: [String]
  /// The project itself is in it, as its files stand.
  public var isEditable: Bool
  /// Packages that may be built from source.
  public var build: [String]

  public init(
    from: [String], path: String = ".venv", groups: [String]? = nil, ships: [String] = [],
    extras: [String] = [], isEditable: Bool = true, build: [String] = []
  ) {
    self.from = from
    self.path = path
    self.groups = groups
    self.ships = ships
    self.extras = extras
    self.isEditable = isEditable
    self.build = build
  }

  /// For people: `requirements.txt and pyproject.toml`.
  public var title: String { from.joined(separator: " and ") }
}

/// `node_modules:`, the packages of a Node project.
public struct NodeModulesSection: Hashable, Sendable {
  /// The lock, relative to the project.
  public var from: String
  /// Packages whose install scripts may run; `.` for the project's own.
  public var scripts: [String]

  public init(from: String, scripts: [String] = []) {
    self.from = from
    self.scripts = scripts
  }

  /// The lock's folder, relative to the project; empty for the project itself.
  public var folder: String {
    FilePath(from).lexicallyNormalized().removingLastComponent().string
  }

  /// Where it is made, relative to the project.
  public var path: String { folder.isEmpty ? "node_modules" : "\(folder)/node_modules" }
}

extension Profile {
  /// The versions that its layers want, and which line of which layer does.
  public func wanted(_ language: Language) -> [(request: VersionRequest, source: Source)] {
    guard let section = interpreters[language] else { return [] }
    let added = additions[language] ?? []
    return section.value.versions.map { request in
      (request, added.first { $0.value == request }?.source ?? section.source)
    }
  }

  /// The line that wants a version; nil for what no line does.
  public func location(of request: VersionRequest, _ language: Language) -> SourceLocation? {
    wanted(language).first { $0.request == request }?.source.location
  }
}
