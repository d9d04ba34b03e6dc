import OutfitCore
import OutfitProfile
import OutfitSystem
import SystemPackage

/// What a scope had after one switch, and what stood there before it.
public struct Generation: Hashable, Sendable {
  public enum Origin: Hashable, Sendable {
    case up
    /// It has what that generation had; 0 is the time before everything.
    case rollback(to: Int)
  }

  public var number: Int
  public var scope: Scope
  public var origin: Origin
  /// Seconds since 1970.
  public var time: Int64
  public var profile: ProfileStamp
  /// Something failed, and kept its previous version or stayed absent.
  public var isIncomplete: Bool
  public var claims: [RecordedClaim] = []
  public var interpreters: [RecordedInterpreter] = []
  public var activation = RecordedActivation()
  /// What must stay in the store for this generation.
  public var objects: [RecordedObject] = []
  public var targets: [RecordedTarget] = []
  /// What this switch changed of the user's files.
  public var changes: [RecordedChange] = []
  /// Folders made by Outfit that were not there before.
  public var folders: [FilePath] = []
  /// Files that are no targets, as they were: the personal manifest, its lock, and the pins of this machine.
  public var snapshots: [RecordedSnapshot] = []
  /// What `outfit` was called with, without passwords and answers; empty where that is not known.
  public var command: [String] = []

  public init(
    number: Int, scope: Scope, origin: Origin, time: Int64, profile: ProfileStamp, isIncomplete: Bool
  ) {
    self.number = number
    self.scope = scope
    self.origin = origin
    self.time = time
    self.profile = profile
    self.isIncomplete = isIncomplete
  }
}

/// Which profile a generation was made from.
public struct ProfileStamp: Hashable, Sendable {
  public var name: String
  public var address: String
  public var commit: String?
  public init(name: String, address: String, commit: String? = nil) {
    self.name = name
    self.address = address
    self.commit = commit
  }
}

public struct RecordedClaim: Hashable, Sendable {
  public var name: String
  /// Absolute.
  public var program: String
  public var arguments: [String]
  /// `black 25.1.0`.
  public var label: String
  /// `file:line:column`.
  public var owner: String
  public var object: ObjectID?
}

public struct RecordedInterpreter: Hashable, Sendable {
  public var language: Language
  public var version: Version
  public var request: String
  public var program: String
  public var object: ObjectID
}

public struct RecordedObject: Hashable, Sendable {
  public var id: ObjectID
  public var label: String
  public var inputs: [ObjectID]
}

/// What a shell has in a project's folder.
public struct RecordedActivation: Hashable, Sendable {
  public var virtualenv: String?
  public var variables: [String: String]
  public init(virtualenv: String? = nil, variables: [String: String] = [:]) {
    self.virtualenv = virtualenv
    self.variables = variables
  }
}

/// A target that a generation wrote or found to be right.
public struct RecordedTarget: Hashable, Sendable {
  /// As the manifest means it.
  public var target: FilePath
  /// Where it stands, links in its parents resolved.
  public var resolved: FilePath
  /// `file:line:column`.
  public var owner: String
  public var isSecret: Bool
  /// What Outfit wrote; its content is kept, unless it is secret.
  public var written: TargetState
  /// What was there before Outfit ever touched it.
  public var first: TargetState
  /// For a file of which only these blocks are ours.
  public var blocks: [RecordedBlock]
  /// For a file of settings of which only these keys are ours.
  public var keys: [RecordedKey] = []
  /// What the user decided to have instead of `written`: it is asked about again only when either side changes.
  public var accepted: TargetState?

  /// All of it is ours.
  public var isWhole: Bool { blocks.isEmpty && keys.isEmpty }
}

public struct RecordedKey: Hashable, Sendable {
  public var format: SettingsFormat
  public var path: [String]
  /// Of what Outfit set it to.
  public var value: Digest
}

public struct RecordedBlock: Hashable, Sendable {
  public var identifier: String
  /// What starts a comment in the file.
  public var comment: String
  /// Of the lines between the markers.
  public var body: Digest
  /// The file did not end with a line end, and got one before the block.
  public var addedNewline: Bool
}

/// One path before and after a switch.
public struct RecordedChange: Hashable, Sendable {
  public var path: FilePath
  public var before: TargetState
  public var after: TargetState
}

public struct RecordedSnapshot: Hashable, Sendable {
  public var path: FilePath
  public var state: TargetState
  /// What stood there before a verb of Outfit's first wrote it; nil while none did, so that it is all the user's.
  public var first: TargetState?
  /// Somebody else than Outfit wrote it after that.
  public var isEdited = false
}

extension Scope {
  /// Files that belong to a generation though no profile asks for them: the personal layer with its lock, and the pins
  /// and the commits of layers that are kept in Outfit's state.
  public func snapshots(_ host: Host) -> [FilePath] {
    guard self == .machine else { return [] }
    let config = host.places.config
    return [config.appending("outfit.yaml"), config.appending(LockFile.name)].map { host.files.end(of: $0) }
      + [LockFile.name, Layer.commitsName].map { host.places.state(of: self).appending($0) }
  }
}

extension Files {
  /// Where a path leads that may be a link, to something or nothing.
  func end(of path: FilePath) -> FilePath {
    var end = path
    for _ in 0..<40 {
      guard let destination = try? readLink(end) else { break }
      end = end.removingLastComponent().pushing(FilePath(destination)).lexicallyNormalized()
    }
    return end
  }
}

extension Places {
  /// Where the records of a scope are kept.
  public func state(of scope: Scope) -> FilePath {
    switch scope {
    case .machine: state.appending("machine")
    case .project(let root): state.appending("projects").appending(fnv1a64(root.string.utf8))
    }
  }

  /// The dispatch table of a scope.
  public func table(of scope: Scope) -> FilePath {
    switch scope {
    case .machine: tables.appending("machine")
    case .project(let root): tables.appending(fnv1a64(root.string.utf8))
    }
  }
}

extension Generation {
  /// How the messages of shims call the scope.
  var nameLabel: String {
    switch scope {
    case .machine: "profile \(profile.name)"
    case .project(let root): "project \(root)"
    }
  }
}
