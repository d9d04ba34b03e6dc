import OutfitCore
import OutfitSystem
import SystemPackage

/// Every path of a home with what stands there, for comparing one with another.
struct HomeTree: Sendable {
  private var entries: [String: Entry] = [:]

  private struct Entry: Hashable, Sendable {
    var kind: String
    var mode: UInt16
    /// Of a file, in nanoseconds.
    var modified: Int64
  }

  init(_ home: FilePath, _ files: any Files) throws(FileError) { try add(home, "", files) }

  private mutating func add(_ folder: FilePath, _ prefix: String, _ files: any Files) throws(FileError) {
    for name in try files.list(folder) {
      let path = folder.appending(name)
      guard let status = try files.status(path, followLinks: false) else { continue }
      let kind =
        switch status.kind {
        case .directory: "folder"
        case .link: "link to \(try files.readLink(path))"
        case .file: "file \(Digest(of: try files.read(path)).hex)"
        case .other: "other"
        }
      let isFile = status.kind == .file
      entries[prefix + name] = Entry(
        kind: kind, mode: status.kind == .link ? 0 : status.mode, modified: isFile ? status.modified : 0)
      if status.kind == .directory { try add(path, "\(prefix)\(name)/", files) }
    }
  }

  /// What of it is other than it was, a sentence each.
  func differences(from before: HomeTree) -> [(path: String, text: String)] {
    Set(entries.keys).union(before.entries.keys).sorted().compactMap { path in
      let (old, new) = (before.entries[path], entries[path])
      if old == new { return nil }
      let shown = "~/\(path)"
      guard let old else { return (path, "\(shown) is there") }
      guard let new else { return (path, "\(shown) is gone") }
      if old.kind != new.kind { return (path, "\(shown) holds something else") }
      if old.mode != new.mode { return (path, "\(shown) has another mode") }
      return (path, "\(shown) was written anew")
    }
  }

  func has(_ path: String) -> Bool { entries[path] != nil }
}
