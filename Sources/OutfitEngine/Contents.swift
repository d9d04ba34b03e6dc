import OutfitCore
import OutfitSystem
import SystemPackage

/// What a folder holds, file by file: what an object was when it was built, or what it is now.
///
/// Bytecode that Python writes beside its sources (`__pycache__`) is no part of it.
public struct Contents: Hashable, Sendable {
  public enum Entry: Hashable, Sendable {
    case file(Digest, isExecutable: Bool)
    /// Where it leads, as it is written.
    case link(String)
  }

  /// By path, relative to the folder.
  public var entries: [String: Entry] = [:]
  /// The files' sizes together, in bytes.
  public var size: Int64 = 0

  public init(entries: [String: Entry] = [:], size: Int64 = 0) {
    self.entries = entries
    self.size = size
  }

  /// Reads every file below a folder.
  /// - Parameter guardsShared: files that have another name elsewhere, in an installer's cache or in another
  ///   environment, can't be written to from then on, so that no editor changes them for all.
  /// - Throws: `FileError`, or `CancellationError`.
  public static func read(
    _ root: FilePath, files: any Files, guardsShared: Bool = false
  ) throws -> Contents {
    var contents = Contents()
    try contents.add(root, "", files, guardsShared)
    return contents
  }

  private mutating func add(
    _ folder: FilePath, _ prefix: String, _ files: any Files, _ guardsShared: Bool
  ) throws {
    try Task.checkCancellation()
    for name in try files.list(folder) where name != "__pycache__" {
      let path = folder.appending(name)
      guard let status = try files.status(path, followLinks: false) else { continue }
      switch status.kind {
      case .directory: try add(path, prefix + name + "/", files, guardsShared)
      case .link:
        size += status.size
        entries[prefix + name] = .link(try files.readLink(path))
      case .file:
        size += status.size
        if guardsShared, status.names > 1, status.mode & 0o222 != 0 {
          try files.setMode(path, status.mode & ~0o222)
        }
        entries[prefix + name] = .file(
          try Self.digest(path, size: status.size, files), isExecutable: status.mode & 0o100 != 0)
      case .other: continue
      }
    }
  }

  private static func digest(_ path: FilePath, size: Int64, _ files: any Files) throws -> Digest {
    var running = Digest.Running()
    if size > 64 << 10 {
      try files.readPieces(path) { running.update($0) }
    } else {
      running.update(try files.read(path))
    }
    return running.finish()
  }

  /// Whether a file is none that counts: what Python compiles of the others.
  static func ignores(_ relative: String) -> Bool {
    relative.hasPrefix("__pycache__/") || relative.contains("/__pycache__/")
  }

  /// Looks again at what stands at a relative path.
  mutating func refresh(_ relative: String, in root: FilePath, files: any Files) throws {
    entries[relative] = nil
    let path = root.pushing(FilePath(relative))
    guard let status = try files.status(path, followLinks: false) else { return }
    switch status.kind {
    case .file:
      entries[relative] = .file(
        try Self.digest(path, size: status.size, files), isExecutable: status.mode & 0o100 != 0)
    case .link: entries[relative] = .link(try files.readLink(path))
    case .directory, .other: break
    }
  }

  /// Adds what came later.
  mutating func add(_ more: Contents) {
    entries.merge(more.entries) { $1 }
    size += more.size
  }

  // MARK: As text

  private static let heading = "outfit contents 1"

  /// One line for each entry, sorted, the last a digest over those before it.
  var text: String {
    var body = Self.heading + "\n"
    for (path, entry) in entries.sorted(by: { $0.key < $1.key }) {
      switch entry {
      case .file(let digest, let isExecutable):
        body += "\(isExecutable ? "x" : "f") \(digest.hex) \(Self.escaped(path))\n"
      case .link(let destination):
        body += "l \(Self.escaped(destination))\t\(Self.escaped(path))\n"
      }
    }
    return body + "end \(Digest(of: body))\n"
  }

  /// Nil for what `text` did not write.
  init?(_ text: String) {
    // `end`, a space, 64 digits, and the line's end.
    let end = text.utf8.count - 69
    guard end > 0 else { return nil }
    let body = String(decoding: text.utf8.prefix(end), as: UTF8.self)
    guard text == body + "end \(Digest(of: body))\n" else { return nil }
    var lines = body.utf8.split(separator: UInt8(ascii: "\n"))[...]
    guard lines.popFirst().map({ String($0) }) == Self.heading else { return nil }
    for line in lines {
      let rest = line.dropFirst(2)
      if line.first == UInt8(ascii: "l") {
        let parts = rest.split(separator: UInt8(ascii: "\t"), omittingEmptySubsequences: false)
        guard parts.count == 2, let destination = String(parts[0]), let path = String(parts[1]) else {
          return nil
        }
        entries[Self.plain(path)] = .link(Self.plain(destination))
      } else {
        guard let hex = String(rest.prefix(64)), let digest = Digest(hex),
          let path = String(rest.dropFirst(65))
        else { return nil }
        entries[Self.plain(path)] = .file(digest, isExecutable: line.first == UInt8(ascii: "x"))
      }
    }
  }

  private static func escaped(_ text: String) -> String {
    guard text.utf8.contains(where: { $0 == 0x5C || $0 == 0x0A || $0 == 0x09 }) else { return text }
    return text.reduce(into: "") { result, character in
      switch character {
      case "\\": result += "\\\\"
      case "\n": result += "\\n"
      case "\t": result += "\\t"
      default: result.append(character)
      }
    }
  }

  private static func plain(_ text: String) -> String {
    guard text.utf8.contains(0x5C) else { return text }
    var result = ""
    var characters = text.makeIterator()
    while let character = characters.next() {
      guard character == "\\", let next = characters.next() else {
        result.append(character)
        continue
      }
      result.append(next == "n" ? "\n" : next == "t" ? "\t" : next)
    }
    return result
  }
}
