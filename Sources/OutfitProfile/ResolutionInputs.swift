import OutfitCore
import OutfitSystem
import SystemPackage

/// What a virtualenv's packages are resolved from: the files, and of what they say all that is not known to be a
/// plain package of the indexes that are asked anyway.
///
/// Another version of a package is no member; another source, index, option or address is.
public struct ResolutionInputs: Hashable, Sendable {
  /// Something that says where packages come from, or what is run to have them.
  public struct Member: Hashable, Sendable {
    public enum Kind: String, Sendable {
      /// A package by its address, or where files of an index come from.
      case address
      /// An index, and what may come from it.
      case index
      /// Anything else that a resolver is told.
      case option
      /// A folder or a file beside the project's own list.
      case path
      /// What builds the project itself.
      case build
    }
    public var kind: Kind
    /// In one line, the same for the same meaning, without a password.
    public var text: String
    /// The first place that says so; it does not tell two members apart.
    public var location: SourceLocation

    public init(_ kind: Kind, _ text: String, at location: SourceLocation) {
      self.kind = kind
      self.text = text
      self.location = location
    }

    public static func == (a: Member, b: Member) -> Bool { a.kind == b.kind && a.text == b.text }

    public func hash(into hasher: inout Hasher) {
      hasher.combine(kind)
      hasher.combine(text)
    }
  }

  /// Every file that was read, absolute, sorted.
  public var files: [FilePath]
  /// Sorted by kind and text.
  public var members: [Member]

  /// Folders of the project whose build code is run, relative to it.
  public var projects: [String]

  /// - Parameters:
  ///   - section: `virtualenv:`.
  ///   - root: the project's folder.
  /// - Throws: `Failure`, status 2, for a file that is not there, lies elsewhere or can't be read.
  public static func read(_ section: VirtualenvSection, root: FilePath, files: any Files) throws
    -> ResolutionInputs
  {
    let project = ProjectFolder(root: root, files: files)
    let reading = try ResolutionFiles.read(section, at: nil, look: project.look)
    let names = reading.files.keys.sorted()
    let led = project.leadingOut(of: names)
    return ResolutionInputs(
      files: names.map { root.pushing(FilePath($0)) },
      members: (try reading.members + led).sorted {
        ($0.kind.rawValue, $0.text) < ($1.kind.rawValue, $1.text)
      }, projects: reading.projects.map(\.path).sorted())
  }
}

extension RequirementLine {
  /// Nil for a plain package, and for a file of the project that is included.
  func member(at location: SourceLocation) -> ResolutionInputs.Member? {
    switch content {
    case .package: return nil
    case .include(let place, _):
      return place.contains("://") ? .init(.address, withoutUser(text), at: location) : nil
    case .direct(var direct):
      direct.name = direct.name.map { normalizedPackageName($0) }
      return .init(direct.isRemote ? .address : .path, withoutUser(direct.text), at: location)
    case .option(let name, let value):
      let kind: ResolutionInputs.Member.Kind =
        switch name {
        case "--index-url", "--extra-index-url", "--find-links", "--no-index", "--trusted-host": .index
        case "--editable": value.contains("://") ? .address : .path
        default: .option
        }
      return .init(kind, withoutUser(text), at: location)
    case .other: return .init(.option, withoutUser(text), at: location)
    }
  }
}

/// As indexes compare names (PEP 503).
package func normalizedPackageName(_ name: some StringProtocol) -> String {
  var result = ""
  for character in name.lowercased() {
    if "-_.".contains(character) {
      if result.last != "-" { result.append("-") }
    } else {
      result.append(character)
    }
  }
  return result
}

/// An address without its user and password; who is told apart by a password is not.
func withoutUser(_ text: String) -> String {
  var result = ""
  var rest = text[...]
  while let scheme = rest.firstRange(of: "://") {
    result += rest[..<scheme.upperBound]
    rest = rest[scheme.upperBound...]
    let authority = rest.prefix { !$0.isWhitespace && !"/?#\"'<>".contains($0) }
    if let at = authority.lastIndex(of: "@") {
      result += "***"
      rest = rest[at...]
    }
  }
  return result + rest
}
