import OutfitSystem
import SystemPackage

/// The file in a folder that says which folder of the store it is a copy of.
///
/// It has the size and the time of npm's list of what is in the folder too, which npm writes anew whenever it changes
/// that: so nothing of the folder has to be read to know whether it is as it was made.
public enum TreeMark {
  public static let name = ".outfit-tree"
  static let list = ".package-lock.json"
  private static let format = "outfit-tree"

  /// What a folder is: one of the copies of others, if it is whole yet.
  static func state(
    of folder: FilePath, _ status: FileStatus, like others: [TargetState], _ files: any Files
  ) -> TargetState {
    for case .tree(let source) in others {
      if let mark = read(folder, files), mark == fields(folder, source, files) { return .tree(source) }
    }
    return .directory(mode: status.mode)
  }

  /// Whether a folder was made as a copy, and npm has changed it since.
  static func isChanged(_ folder: FilePath, _ source: String, _ files: any Files) -> Bool {
    guard let mark = read(folder, files) else { return false }
    return mark.first == source && mark != fields(folder, source, files)
  }

  static func write(in folder: FilePath, source: FilePath, _ files: any Files) throws(FileError) {
    let place = folder.appending(name)
    try files.removeTree(place)
    var rows = Rows.Writer(format, version: 1)
    rows.row(fields(folder, source.string, files))
    try files.create(place, rows.finished(), mode: 0o644)
  }

  /// Which folder of the store a mark names.
  public static func source(of mark: [UInt8]) -> FilePath? {
    ((try? Rows.read(mark, format, version: 1))?.rows.first?.first).map { FilePath($0) }
  }

  private static func read(_ folder: FilePath, _ files: any Files) -> [String]? {
    guard let bytes = try? files.read(folder.appending(name), limit: 64 << 10) else { return nil }
    return (try? Rows.read(bytes, format, version: 1))?.rows.first
  }

  private static func fields(_ folder: FilePath, _ source: String, _ files: any Files) -> [String] {
    let list = (try? files.status(folder.appending(list), followLinks: false)) ?? nil
    return [source] + (list.map { [String($0.size), String($0.modified)] } ?? [])
  }
}

extension Files {
  /// Renames a folder to where nothing is.
  func moveFolder(_ folder: FilePath, to place: FilePath) throws(FileError) {
    guard try status(place, followLinks: false) == nil else {
      throw FileError("rename to \(place) what is at", folder, .fileExists)
    }
    try rename(folder, to: place)
  }

  /// Where what stands at a path can be put beside it: `<name>.outfit-backup`, or with a number behind that.
  func freeBackup(of path: FilePath) throws(FileError) -> FilePath {
    var place = FilePath("\(path).outfit-backup")
    var number = 2
    while try status(place, followLinks: false) != nil {
      place = FilePath("\(path).outfit-backup-\(number)")
      number += 1
    }
    return place
  }
}

extension String {
  /// Named as `freeBackup` names what somebody wanted to keep.
  var isBackupName: Bool {
    guard let end = firstRange(of: ".outfit-backup")?.upperBound else { return false }
    let number = self[end...]
    return number.isEmpty || number.first == "-" && Int(number.dropFirst()) != nil
  }
}
