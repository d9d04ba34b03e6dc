import OutfitSystem
import SystemPackage

/// A path relative to the work tree, as git has it: bytes, which need not be text.
struct WorkPath: Hashable, Sendable, Comparable {
  let bytes: [UInt8]

  init(_ bytes: some Sequence<UInt8>) { self.bytes = Array(bytes) }
  init(_ text: String) { bytes = Array(text.utf8) }

  private static let slash = UInt8(ascii: "/")

  var text: String { String(decoding: bytes, as: UTF8.self) }
  /// For people.
  var label: String { text.harmless }

  /// Whether it stays in the work tree and out of what is git's.
  var isSafe: Bool {
    guard !bytes.isEmpty, !bytes.contains(0) else { return false }
    return bytes.split(separator: Self.slash, omittingEmptySubsequences: false).allSatisfy { part in
      let name = String(decoding: part, as: UTF8.self).lowercased()
      return !["", ".", "..", ".git"].contains(name)
    }
  }

  func below(_ folder: FilePath) -> FilePath {
    let all = Array(folder.string.utf8) + [Self.slash] + bytes
    return all.withUnsafeBufferPointer { FilePath(bytes: $0) }
  }

  /// The folders above it, the outermost first.
  var folders: [WorkPath] {
    bytes.indices.filter { bytes[$0] == Self.slash }.map { WorkPath(bytes[..<$0]) }
  }

  static func < (a: WorkPath, b: WorkPath) -> Bool { a.bytes.lexicographicallyPrecedes(b.bytes) }
}

/// What stands at a path of the work tree.
enum WorkContent: Hashable, Sendable {
  case absent
  case file(File)
  case link(to: String, modified: Int64)
  /// It was moved as a whole: a folder where git has a file, a file where git has a folder, and what is too large to be
  /// copied.
  case moved

  struct File: Hashable, Sendable {
    var bytes: [UInt8]
    var mode: UInt16
    /// Nanoseconds since 1970.
    var modified: Int64
    var attributes: [String: [UInt8]] = [:]

    var isExecutable: Bool { mode & 0o100 != 0 }
  }

  /// What is larger is moved.
  static let largestCopy: Int64 = 32 << 20

  /// As it stands there now; `.moved` for what can't be copied.
  static func read(
    _ path: FilePath, _ files: any Files, largest: Int64 = largestCopy
  ) throws(FileError) -> WorkContent {
    guard let status = try files.status(path, followLinks: false) else { return .absent }
    switch status.kind {
    case .file where status.size <= largest:
      let bytes = try files.read(path, limit: FileBound.own)
      return .file(
        File(
          bytes: bytes, mode: status.mode, modified: status.modified, attributes: try files.attributes(path)))
    case .link: return .link(to: try files.readLink(path), modified: status.modified)
    case .file, .directory, .other: return .moved
    }
  }

  /// The same for git, which knows contents, links and one bit of the mode.
  func matches(_ other: WorkContent) -> Bool {
    switch (self, other) {
    case (.absent, .absent): true
    case (.file(let a), .file(let b)): a.isExecutable == b.isExecutable && a.bytes == b.bytes
    case (.link(let a, _), .link(let b, _)): a == b
    default: false
    }
  }
}
