import OutfitCore

/// A source, and the path that its code says it is of.
public struct CompiledSource: Hashable, Sendable {
  public var digest: Digest
  /// Without a slash before it.
  public var path: String

  public init(digest: Digest, path: String) {
    self.digest = digest
    self.path = path
  }
}

/// What the lock's artifacts hold, without the image: what of them is here, each found by its digest.
public struct KnownContents: Sendable {
  /// Wheels by digest.
  public var wheels: [Digest: ArtifactFiles] = [:]
  /// Digests of wheels that are vendored, by architecture.
  public var vendored: [String: Set<Digest>] = [:]
  /// Interpreters by the digest of their archive, without its outermost folder.
  public var interpreters: [Digest: ArtifactFiles] = [:]
  /// Packages of Node by their integrity, without the outermost folder.
  public var packages: [String: ArtifactFiles] = [:]
  /// What the lock's interpreter makes of a source.
  public var compiled: [CompiledSource: CompiledFile] = [:]
  /// Why there is nothing in `compiled`.
  public var reason = "the lock's interpreter is not here"

  public init() {}
}

/// The compiled Python of an image: Python runs it in place of the source beside it, and most often without a look at
/// that.
struct CompiledFiles {
  let files: [String: TarEntry]
  /// `3.13`.
  let minor: String

  /// `a/__pycache__/b.cpython-313.pyc`.
  static func isCompiled(_ path: String) -> Bool {
    path.hasSuffix(".pyc") && path.split(separator: "/").dropLast().last == "__pycache__"
  }

  /// The folders whose code counts.
  static func counts(_ path: String) -> Bool {
    path.hasSuffix(".pyc")
      && ["opt/venv/", "opt/python/", "opt/dev/", "app/"].contains { path.hasPrefix($0) }
  }

  private var paths: [String] { files.keys.filter { Self.counts($0) && files[$0]?.isFile == true }.sorted() }

  /// The source of a file, and nil for one that is not where this interpreter puts it.
  private func source(of path: String) -> String? {
    let parts = path.split(separator: "/")
    let tail = ".cpython-\(minor.filter { $0 != "." }).pyc"
    guard Self.isCompiled(path), let name = parts.last, name.hasSuffix(tail) else { return nil }
    let stem = name.dropLast(tail.count)
    return (parts.dropLast(2).map(String.init) + [stem + ".py"]).joined(separator: "/")
  }

  /// What has to be compiled again.
  func sources() -> Set<CompiledSource> {
    Set(
      paths.compactMap { path in
        guard let source = source(of: path), let digest = files[source]?.digest else { return nil }
        return CompiledSource(digest: digest, path: source)
      })
  }

  /// How many are what their source makes, what is not, and what can't be known.
  /// - Parameter proved: files that came with a wheel.
  func compared(
    _ known: KnownContents, proved: Set<String>
  ) -> (count: Int, failures: [String], unknown: [String]) {
    var count = 0
    var (failures, unknown): ([String], [String]) = ([], [])
    for path in paths where !proved.contains(path) {
      guard let file = files[path] else { continue }
      if !Self.isCompiled(path), !path.hasPrefix("app/") { continue }  // Of a package, or a stray file.
      guard let source = source(of: path) else {
        failures.append("/\(path) is not where this interpreter puts it")
        continue
      }
      guard let entry = files[source], entry.isFile else {
        failures.append("/\(path) has no source")
        continue
      }
      guard let found = file.compiled, found.code != nil, [0, 1, 3].contains(found.flags) else {
        failures.append("/\(path) is no compiled Python")
        continue
      }
      if let size = found.size, size != entry.size {
        failures.append("/\(path) says another size of its source")
        continue
      }
      guard let digest = entry.digest,
        let wanted = known.compiled[CompiledSource(digest: digest, path: source)]
      else {
        unknown.append("/\(path)")
        continue
      }
      let isRight =
        found.magic == wanted.magic && found.code == wanted.code
        && (found.flags == 0 || found.check == wanted.check)
      if isRight { count += 1 } else { failures.append("/\(path) is not what its source makes") }
    }
    return (count, failures, unknown)
  }
}
