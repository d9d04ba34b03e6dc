import OutfitCore
import SystemPackage

/// One `outfit.yaml` of the chain that makes up a profile.
public struct Layer: Hashable, Sendable {
  public enum Kind: String, Sendable {
    /// `/etc/outfit/outfit.yaml`.
    case system
    /// What `extends` names, from the bottom up.
    case base
    /// The profile itself, or the project.
    case profile
    /// `$XDG_CONFIG_HOME/outfit/outfit.yaml`.
    case personal
  }

  public var kind: Kind
  /// `profile:` of the manifest, or the folder's name.
  public var name: String
  /// As a person would write it: a folder, or a git address with its commit.
  public var address: String
  /// The folder that holds the manifest; relative names in the manifest start here.
  public var folder: FilePath
  public var manifest: FilePath
  /// The commit, for a layer that came from git.
  public var commit: String?
  /// The whole of what was checked out of git, which its files may not leave.
  public var checkout: FilePath?

  /// What the layer is the same by from day to day, whatever it is called and wherever one stands: its folder, or its
  /// git address without reference and commit.
  public var identity: String

  /// It is the user's own manifest, and not what that builds on.
  public var isOwn = false

  /// Its entries count on this machine: what names it has no condition, or one that holds.
  public var isHere = true

  /// The address that it came from, with the branch or tag that was asked for.
  public var origin: GitAddress?

  /// Whom its commit is signed by, where the user or the machine's keeper says who has to (`signers:`).
  public var signer: String?

  /// The branch or tag that `channel:` chose, of an address that names none.
  public var channel: String?

  /// The file of a scope's state that says at which commits it has its layers.
  public static let commitsName = "layers"

  public init(
    kind: Kind, name: String, address: String, folder: FilePath, manifest: FilePath,
    commit: String? = nil, checkout: FilePath? = nil, identity: String? = nil, origin: GitAddress? = nil
  ) {
    self.checkout = checkout
    self.identity = identity ?? folder.string
    self.kind = kind
    self.name = name
    self.address = address
    self.folder = folder
    self.manifest = manifest
    self.commit = commit
    self.origin = origin
  }
}

/// Where a value of a profile was written.
///
/// Thousands of changes come from one entry of a manifest, so what it says is kept once.
public struct Source: Hashable, Sendable {
  private let parts: Parts

  public init(layer: Layer, location: SourceLocation) { parts = Parts(layer, location) }

  public var layer: Layer { parts.layer }
  public var location: SourceLocation { parts.location }
  /// `file:line:column`.
  public var text: String { parts.text }

  private final class Parts: Sendable {
    let layer: Layer
    let location: SourceLocation
    let text: String

    init(_ layer: Layer, _ location: SourceLocation) {
      (self.layer, self.location, text) = (layer, location, location.description)
    }
  }

  public static func == (a: Source, b: Source) -> Bool {
    a.parts === b.parts || a.layer == b.layer && a.location == b.location
  }

  public func hash(into hasher: inout Hasher) { hasher.combine(location) }
}

/// A value, and where it was written.
public struct Sourced<Value: Sendable>: Sendable {
  public var value: Value
  public var source: Source

  public init(_ value: Value, _ source: Source) {
    self.value = value
    self.source = source
  }

  public func map<Other>(_ transform: (Value) throws -> Other) rethrows -> Sourced<Other> {
    Sourced<Other>(try transform(value), source)
  }
}

extension Sourced: Equatable where Value: Equatable {}
extension Sourced: Hashable where Value: Hashable {}

/// What a set of pins belongs to, and what `up` and `rollback` act on.
public enum Scope: Hashable, Sendable {
  /// This user's machine.
  case machine
  /// The project in this folder (absolute, links resolved).
  case project(FilePath)
}
