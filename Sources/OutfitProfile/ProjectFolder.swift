import OutfitCore
import OutfitSystem
import SystemPackage

/// The files of a project on the disk, for what reads them before consent.
struct ProjectFolder {
  let root: FilePath
  let files: any Files

  /// What a file holds; nil where it is not there.
  /// - Throws: `Failure`, status 2, for what is no file or can't be read.
  func look(_ name: String) throws -> [UInt8]? {
    let path = root.pushing(FilePath(name))
    do {
      guard let status = try files.status(path, followLinks: true) else { return nil }
      guard status.kind == .file else {
        throw Failure("\(name) is no file", at: SourceLocation(file: name), status: .usage)
      }
      return try files.read(path)
    } catch let error as FileError {
      throw Failure("can't read \(name): \(error.code)", at: SourceLocation(file: name), status: .usage)
    }
  }

  /// The names in a folder, sorted; none where it is no folder.
  func list(_ folder: String) throws -> [String] {
    let path = root.pushing(FilePath(folder))
    guard try files.status(path, followLinks: true)?.kind == .directory else { return [] }
    return try files.list(path).sorted()
  }

  /// Those that are links, or lie behind one, to somewhere else.
  func leadingOut(of names: [String]) -> [ResolutionInputs.Member] {
    let home = files.resolved(root) ?? root
    return names.compactMap { name in
      guard let real = files.resolved(root.pushing(FilePath(name))), !real.starts(with: home) else {
        return nil
      }
      return ResolutionInputs.Member(
        .path, "\(name) is a link to \(real)", at: SourceLocation(file: name, line: 1))
    }
  }
}
