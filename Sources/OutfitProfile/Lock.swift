import OutfitCore

/// `outfit.lock`: exact pins with digests, the same bytes for the same input, and no index host.
public struct Lock: Hashable, Sendable {
  public var interpreters: [Language: [LockedInterpreter]] = [:]
  public var tools: [String: LockedTool] = [:]
  public var virtualenv: LockedRequirements?
  public var nodeModules: LockedNodeModules?
  /// By address, with the branch or tag that was asked for.
  public var layers: [String: LockedLayer] = [:]
  /// By image reference as the manifest or the template names it: `postgres:17.2`.
  public var images: [String: LockedImage] = [:]
  public var imagePackages: LockedImagePackages?
  /// What stands at an address of a dotfile, by `ExternalFile.pin`.
  public var externals: [String: LockedExternal] = [:]

  public init() {}
}

/// What an address had: a file by its digest, a repository by its commit, with the digest of all that this holds.
public struct LockedExternal: Hashable, Sendable {
  public var commit: String?
  public var digest: Digest

  public init(commit: String? = nil, digest: Digest) {
    (self.commit, self.digest) = (commit, digest)
  }
}

/// One pinned interpreter, in the order of the manifest.
public struct LockedInterpreter: Hashable, Sendable {
  /// The request that it answers; a changed request is resolved anew.
  public var request: String
  public var version: Version
  /// The release that it was built in: `20261021` of python-build-standalone.
  public var build: String?
  public var provider: InterpreterSection.Provider
  /// By platform key.
  public var artifacts: [String: LockedArtifact]
  /// The upstream tarball, below the host that publishes them: what the provider `source` builds, and what
  /// serves where the released build can't be had.
  public var source: LockedArtifact?
  /// For the wheel provider: hashed requirement lines.
  public var requirements: String?
  /// The path it was adopted from; only in a lock that is not shared.
  public var adoptedFrom: String?

  public init(
    request: String, version: Version, build: String? = nil,
    provider: InterpreterSection.Provider, artifacts: [String: LockedArtifact] = [:],
    source: LockedArtifact? = nil, requirements: String? = nil, adoptedFrom: String? = nil
  ) {
    self.request = request
    self.version = version
    self.build = build
    self.provider = provider
    self.artifacts = artifacts
    self.source = source
    self.requirements = requirements
    self.adoptedFrom = adoptedFrom
  }
}

/// A file of a release, without the host.
public struct LockedArtifact: Hashable, Sendable {
  /// Below the release host or its mirror: `20261021/cpython-3.13.5+20261021-...tar.gz`.
  public var path: String
  public var digest: Digest
  public init(path: String, digest: Digest) {
    self.path = path
    self.digest = digest
  }
}

public struct LockedTool: Hashable, Sendable {
  /// What was asked (version, packages beside it, Python), in one canonical line.
  public var request: String
  public var version: Version
  /// The Python that it was resolved for, `3.13`; nil for what needs none.
  public var python: String?
  /// The names of its own programs.
  public var programs: [String]
  /// Manual pages and completions that its package carries, below `share`.
  public var files: [String]
  /// Hashed requirement lines, one universal set.
  public var requirements: String
  /// For `from: url`, by platform key. The path is the whole address.
  public var artifacts: [String: LockedArtifact]
  /// For `from: npm`: the package-lock.json.
  public var packageLock: String?

  public init(
    request: String, version: Version, python: String? = nil, programs: [String] = [],
    files: [String] = [], requirements: String = "", artifacts: [String: LockedArtifact] = [:],
    packageLock: String? = nil
  ) {
    self.request = request
    self.version = version
    self.python = python
    self.programs = programs
    self.files = files
    self.requirements = requirements
    self.artifacts = artifacts
    self.packageLock = packageLock
  }
}

/// The packages of a virtualenv, and the digest of the files that they were made from.
public struct LockedRequirements: Hashable, Sendable {
  public var from: [String]
  public var sourceDigest: Digest
  public var python: String
  /// Hashed requirement lines: what ships.
  public var requirements: String
  /// Hashed requirement lines that development has besides, or in place of those of the same name.
  public var development: String
  /// Repositories at a full commit, and archives that have to be built, a line each.
  public var sources: String
  /// Hashed requirement lines of what builds the projects, in locks that do not have it by project: of some of it alone.
  public var build: String
  /// Hashed requirement lines of all that builds something, by what is built: a package's normalised name, or a folder
  /// as `buildName(ofProject:)` has it.
  public var builds: [String: String]
  /// Folders that are installed as packages as they stand.
  public var projects: [LockedProject]
  /// Wheels of the project's own folder, by path.
  public var wheels: [String: Digest]
  /// Packages without a wheel, normalised: they are built where the manifest allows it.
  public var sourceOnly: [String]
  /// Packages that ship, normalised, and that an image can't have since it builds nothing.
  public var notInImages: [String]

  public init(
    from: [String], sourceDigest: Digest, python: String, requirements: String, development: String = "",
    sources: String = "", build: String = "", builds: [String: String] = [:], projects: [LockedProject] = [],
    wheels: [String: Digest] = [:], sourceOnly: [String] = [], notInImages: [String] = []
  ) {
    self.from = from
    self.sourceDigest = sourceDigest
    self.python = python
    self.requirements = requirements
    self.development = development
    self.sources = sources
    self.build = build
    self.builds = builds
    self.projects = projects
    self.wheels = wheels
    self.sourceOnly = sourceOnly
    self.notInImages = notInImages
  }

  /// `.`, or the path behind `./`, which no package's name begins with.
  public static func buildName(ofProject path: String) -> String { path == "." ? path : "./\(path)" }
}

/// What the packages of a Node project were found to be made of: their pins are in the project's own lock.
public struct LockedNodeModules: Hashable, Sendable {
  public var from: String
  /// Over the lock and all that its manager is given besides.
  public var sourceDigest: Digest
  /// The manager that installs them; nil for Node's own npm.
  public var manager: LockedTool?

  /// What it is called where tools are named.
  package static let managerName = "node_modules"

  public init(from: String, sourceDigest: Digest, manager: LockedTool? = nil) {
    self.from = from
    self.sourceDigest = sourceDigest
    self.manager = manager
  }
}

/// A folder of a project that is installed as a package.
public struct LockedProject: Hashable, Sendable {
  /// Relative to the manifest's folder; `.` for that.
  public var path: String
  /// Over its build files.
  public var digest: Digest
  public init(path: String, digest: Digest) {
    self.path = path
    self.digest = digest
  }
}

/// A container image: its digest, or nil (written `unresolved`) where no registry answered.
public struct LockedImage: Hashable, Sendable {
  public var digest: Digest?
  public init(digest: Digest?) { self.digest = digest }
}
