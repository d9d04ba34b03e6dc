import OutfitConsent
import OutfitCore
import OutfitSystem
import SystemPackage

/// What a build of a project's own code may read: its folder without what is no source.
///
/// It decides what the build makes, so that it is read whole and in one order, and it is copied for the build: what was
/// looked at is what is built, and nothing is left in the project.
public struct SourceTree: Hashable, Sendable {
  public var root: FilePath
  /// What is left out besides, relative to the root.
  public var without: Set<String>

  public init(root: FilePath, without: Set<String> = []) {
    (self.root, self.without) = (root, without)
  }

  /// Where copies stand in a scratch folder.
  public static let folder = "sources"

  /// Where the copy of a folder stands in a scratch folder.
  /// - Parameter relative: to the root; `.` for that.
  public static func path(_ relative: String) -> String {
    relative == "." ? folder : "\(folder)/\(relative)"
  }

  static let mostBytes: Int64 = 512 << 20
  private static let mostFiles = 100_000

  /// Folders and files that no build reads, wherever they are: what others keep there changes by itself.
  private static let never: Set<String> = [
    ".git", ".hg", ".svn", ".bzr", ".venv", ".direnv", ".tox", ".nox", ".eggs", ".idea", ".vscode",
    ".DS_Store",
    ".coverage", ".mypy_cache", ".pytest_cache", ".ruff_cache", ".hypothesis", ".ipynb_checkpoints", ".cache",
    "__pycache__", "node_modules",
  ]
  private static let endings = [".pyc", ".pyo", ".egg-info", ".swp", "~"]
  /// Beside these, builds leave `leavings`.
  private static let buildFiles: Set<String> = ["pyproject.toml", "setup.py", "setup.cfg"]
  private static let leavings: Set<String> = ["build", "dist"]
  /// What makes sources of a folder of such a name.
  private static let kept = buildFiles.union(["__init__.py"])
  /// An environment (PEP 405), a cache.
  private static let marks: Set<String> = ["pyvenv.cfg", "CACHEDIR.TAG"]

  // MARK: Reading

  private struct Reading {
    let files: any Files
    let digests: any FileDigests
    let mostBytes: Int64
    var entries: [TreeEntry] = []
    var bytes: Int64 = 0
    var count = 0
    /// By the first part of the path.
    var sizes: [String: (bytes: Int64, count: Int)] = [:]
  }

  /// Folders before what is in them, names in order; files without their bytes.
  /// - Throws: `Failure` where there is more than a build could sensibly read.
  func read(
    _ files: any Files, digests: any FileDigests, mostBytes: Int64 = Self.mostBytes
  ) throws -> [TreeEntry] {
    guard try files.status(root, followLinks: true)?.kind == .directory else {
      throw Failure("\(root) is no folder")
    }
    var reading = Reading(files: files, digests: digests, mostBytes: mostBytes)
    try read(root.string, "", try files.list(root).sorted(), &reading)
    return reading.entries
  }

  private func read(_ folder: String, _ relative: String, _ names: [String], _ reading: inout Reading) throws
  {
    let isProject = !Self.buildFiles.isDisjoint(with: names)
    for name in names {
      let text = folder + "/" + name
      let inner = relative.isEmpty ? name : relative + "/" + name
      guard !Self.never.contains(name), !without.contains(inner),
        !Self.endings.contains(where: { name.hasSuffix($0) })
      else { continue }
      guard let status = try reading.files.status(FilePath(text), followLinks: false) else {
        guard name.unicodeScalars.contains("\u{FFFD}") else { continue }
        throw Failure(
          "\(folder) has something in it named `\(name)`, which is not UTF-8",
          hint: "rename it: ls -b \(folder)")
      }
      switch status.kind {
      case .directory:
        let below = try reading.files.list(FilePath(text)).sorted()
        let isLeft = isProject && Self.leavings.contains(name) && Self.kept.isDisjoint(with: below)
        guard Self.marks.isDisjoint(with: below), !isLeft else { continue }
        reading.entries.append(TreeEntry(inner, .directory(mode: 0o755)))
        try read(text, inner, below, &reading)
      case .link:
        let destination = FilePath(try reading.files.readLink(FilePath(text)))
        // A copy stands elsewhere: what leads out of the project leads to the same place from there.
        let target = FilePath(relative).pushing(destination).lexicallyNormalized()
        let leadsOut = !destination.isAbsolute && target.components.first?.kind == .parentDirectory
        reading.entries.append(
          TreeEntry(
            inner, .link(leadsOut ? root.pushing(target).lexicallyNormalized().string : destination.string)))
      case .file:
        try count(inner, status.size, &reading)
        let digest = try reading.digests.look(FilePath(text), named: text, status).digest
        let mode: UInt16 = status.mode & 0o111 == 0 ? 0o644 : 0o755
        reading.entries.append(
          TreeEntry(inner, .source(SourceFile(FilePath(text), digest, size: status.size), mode: mode)))
      case .other: continue
      }
    }
  }

  private func count(_ inner: String, _ size: Int64, _ reading: inout Reading) throws {
    let first = String(inner.prefix { $0 != "/" })
    let known = reading.sizes[first] ?? (0, 0)
    reading.sizes[first] = (known.bytes + size, known.count + 1)
    reading.bytes += size
    reading.count += 1
    guard reading.bytes > reading.mostBytes || reading.count > Self.mostFiles else { return }
    let isSize = reading.bytes > reading.mostBytes
    let largest = reading.sizes.max {
      isSize ? $0.value.bytes < $1.value.bytes : $0.value.count < $1.value.count
    }
    throw Failure(
      "\(root) holds more than \(isSize ? "\(reading.mostBytes >> 20) MB" : "\(Self.mostFiles) files"), most of it in "
        + "\(largest?.key ?? first): too much to build a package from",
      hint: "keep that elsewhere, or leave out `editable: false`, so that the project is used as it stands")
  }

  // MARK: Copying

  /// - Throws: `Failure` for what is no longer what it was when it was looked at.
  static func copy(_ entries: [TreeEntry], to folder: FilePath, files: any Files) throws {
    try files.createDirectories(folder, mode: 0o700)
    for entry in entries {
      let target = folder.pushing(FilePath(entry.path))
      switch entry.content {
      case .directory(let mode): try files.createDirectories(target, mode: mode)
      case .link(let destination): try files.createLink(target, to: destination)
      case .file(let bytes, let mode): try files.create(target, bytes, mode: mode)
      case .source(let source, let mode):
        let bytes = try files.read(source.path, limit: FileBound.own)
        guard Digest(of: bytes) == source.digest else {
          throw Failure("\(source.path) changed while this ran", hint: "run the command again")
        }
        try files.create(target, bytes, mode: mode)
      case .odd: break
      }
    }
  }
}
