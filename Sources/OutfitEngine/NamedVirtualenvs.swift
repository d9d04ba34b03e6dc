import OutfitCore
import OutfitSystem
import SystemPackage

/// A virtualenv that the user has by name, where it stands: a version file may name it, and its Python is not
/// freed.
public struct NamedVirtualenv: Hashable, Sendable {
  public var name: String
  /// Absolute.
  public var folder: FilePath
  /// Of its Python, where that is known.
  public var version: Version?
  /// Whose it is: `pyenv`, or `outfit`.
  public var origin: String

  public init(name: String, folder: FilePath, version: Version?, origin: String) {
    self.name = name
    self.folder = folder
    self.version = version
    self.origin = origin
  }
}

/// The list of them, which launchers read: `venvs` beside the dispatch tables.
///
///     outfit-venvs 1
///     name <TAB> folder <TAB> version <TAB> origin
public enum NamedVirtualenvs {
  private static let heading = "outfit-venvs 1"

  public static func file(_ host: Host) -> FilePath { host.places.tables.appending("venvs") }

  /// Sorted by name; empty where there is no list. Lines that are not understood are passed over.
  public static func list(_ host: Host) throws(FileError) -> [NamedVirtualenv] {
    guard let text = try host.files.text(file(host)) else { return [] }
    var lines = text.split(separator: "\n")[...]
    guard lines.popFirst() == heading[...] else { return [] }
    return lines.compactMap { line in
      let fields = line.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
      guard fields.count >= 4, fields[1].hasPrefix("/") else { return nil }
      return NamedVirtualenv(
        name: fields[0], folder: FilePath(fields[1]), version: Version(fields[2]), origin: fields[3])
    }
  }

  /// Replaces the list in one step.
  /// - Throws: `Failure` for a name or a folder that a line can't hold; `FileError`.
  public static func save(_ all: [NamedVirtualenv], _ host: Host) throws {
    for one in all {
      for text in [one.name, one.folder.string, one.origin]
      where text.isEmpty || text.utf8.contains(where: { $0 < 0x20 }) {
        throw Failure("\(text.debugDescription) can't be kept in a list of virtualenvs")
      }
    }
    let lines = all.sorted { $0.name < $1.name }.map {
      [$0.name, $0.folder.string, $0.version?.description ?? "", $0.origin].joined(separator: "\t")
    }
    let target = file(host)
    let new = host.places.tables.appending(".venvs.new")
    try host.files.createDirectories(host.places.tables, mode: 0o700)
    try host.files.removeTree(new)
    try host.files.create(new, Array(([heading] + lines).map { $0 + "\n" }.joined().utf8), mode: 0o600)
    try host.files.synchronize(new)
    try host.files.rename(new, to: target)
    try host.files.synchronize(host.places.tables)
  }
}
