import OutfitCore
import OutfitSystem
import SystemPackage

/// A manifest on disk that a verb edits.
public struct ManifestFile: Sendable {
  /// As it was named; it may be a link, as it is for those who keep their settings in a repository.
  public let path: FilePath
  /// What is written: the link's end.
  public let target: FilePath
  public var edit: ManifestEdit
  /// Of the file that is there; a new one is the user's alone in the personal layer, and for all in a project.
  public let mode: UInt16

  /// - Parameter schema: for the first line of a new file.
  /// - Throws: `Failure`, status 2, for a manifest that can't be read.
  public init(_ path: FilePath, host: Host, schema: String? = nil, newMode: UInt16 = 0o644) throws {
    self.path = path
    var target = path
    for _ in 0..<40 {
      guard try host.files.status(target, followLinks: false)?.kind == .link else { break }
      target = target.removingLastComponent().pushing(FilePath(try host.files.readLink(target)))
        .lexicallyNormalized()
    }
    self.target = target
    mode = try host.files.status(target, followLinks: false).map { $0.mode & 0o777 } ?? newMode
    let display = ProfileLoader(host: host).display(path)
    edit = try ManifestEdit(try host.files.text(target), file: display, schema: schema)
  }

  /// Replaces the file in one step, if anything was changed.
  /// - Throws: `Failure` when somebody else changed it meanwhile.
  public func save(_ host: Host) throws {
    guard edit.isChanged else { return }
    guard try host.files.text(target) == edit.original else {
      throw Failure(
        "\(edit.file) was changed by somebody else meanwhile", hint: "nothing was written; run it again")
    }
    let folder = target.removingLastComponent()
    try host.files.createDirectories(folder, mode: 0o755)
    let new = folder.appending(".\(target.lastComponent?.string ?? "outfit.yaml").outfit-new")
    if host.files.exists(new) { try host.files.remove(new) }
    try host.files.create(new, Array(edit.result.utf8), mode: mode)
    try host.files.synchronize(new)
    try host.files.rename(new, to: target)
    try host.files.synchronize(folder)
  }
}
