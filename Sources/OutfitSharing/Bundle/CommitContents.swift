import Crypto
import OutfitCore
import OutfitSystem
import SystemPackage

/// Whether files are those of a git commit, found out without git: its name is a digest over all of them.
///
/// As git writes objects (gitformat-commit, git-ls-tree(1)): a blob for each file, a tree for each folder, and the commit,
/// which names its tree.
struct CommitContents {
  let files: any Files

  /// - Parameters:
  ///   - folder: what was checked out.
  ///   - object: the commit as git has it.
  /// - Throws: `Failure` where something of it is otherwise than the commit says.
  func verify(_ folder: FilePath, _ commit: String, object: [UInt8]) throws {
    guard Self.hex(Self.name("commit", object)) == commit else {
      throw Failure("what is said to be commit \(commit.prefix(12)) is another one")
    }
    let line = String(decoding: object.prefix(46), as: UTF8.self)
    guard let root = try tree(folder, in: ""), line == "tree \(Self.hex(root))\n" else {
      throw Failure(
        "the files of commit \(commit.prefix(12)) are not those that git has stored",
        hint: "a .gitattributes that has git convert files can't be bundled")
    }
  }

  /// Nil for a folder with nothing in it, which git does not know.
  private func tree(_ folder: FilePath, in path: String) throws -> [UInt8]? {
    var entries: [(key: [UInt8], bytes: [UInt8])] = []
    for name in try files.list(folder) {
      let child = folder.appending(name)
      guard let status = try files.status(child, followLinks: false) else { continue }
      let mode: String
      let object: [UInt8]
      var key = Array(name.utf8)
      switch status.kind {
      case .directory:
        guard let tree = try tree(child, in: "\(path)\(name)/") else { continue }
        (mode, object) = ("40000", tree)
        // git sorts folders as if their names ended with a slash.
        key.append(UInt8(ascii: "/"))
      case .link: (mode, object) = ("120000", Self.name("blob", Array(try files.readLink(child).utf8)))
      case .file:
        mode = status.mode & 0o100 == 0 ? "100644" : "100755"
        object = Self.name("blob", try files.read(child, limit: FileBound.own))
      case .other: throw Failure("\(path)\(name) is neither file, folder nor link")
      }
      entries.append((key, Array("\(mode) \(name)\0".utf8) + object))
    }
    if entries.isEmpty { return nil }
    entries.sort { $0.key.lexicographicallyPrecedes($1.key) }
    return Self.name("tree", entries.flatMap(\.bytes))
  }

  private static func name(_ kind: String, _ contents: [UInt8]) -> [UInt8] {
    var digest = Insecure.SHA1()
    digest.update(data: Array("\(kind) \(contents.count)\0".utf8))
    digest.update(data: contents)
    return Array(digest.finalize())
  }

  private static func hex(_ bytes: [UInt8]) -> String {
    bytes.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
  }
}
