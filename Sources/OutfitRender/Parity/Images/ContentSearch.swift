import OutfitCore
import OutfitEngine
import OutfitProfile
import OutfitSystem
import SystemPackage

/// Looks on this machine for what the lock names by digest, and asks no network: in `docker/vendor`, among Outfit's
/// downloads, in uv's caches and in npm's.
public struct ContentSearch {
  private let host: Host
  private let root: FilePath
  /// Removed by the caller.
  private let scratch: FilePath
  private let stack: Stack
  private let lists: [String]
  private let nodeLocks: [String]
  private var known = KnownContents()
  /// What was looked at, for the time that a proof is kept.
  public private(set) var looked: [FilePath] = []
  /// Whether all that was looked at can be compared the next time.
  public private(set) var isWhole = true

  /// - Parameters:
  ///   - root: the project's folder.
  ///   - files: what is there of the rendered files.
  public init(host: Host, root: FilePath, scratch: FilePath, stack: Stack, files: ParityFiles) {
    self.host = host
    self.root = root
    self.scratch = scratch
    self.stack = stack
    lists =
      [stack.requirements, files.text(BuiltParity.developmentList) ?? ""] + stack.tools.map(\.requirements)
    nodeLocks = Array(files.nodeLocks.values)
  }

  private var downloads: FilePath { host.places.cache.appending("downloads") }

  /// What is here of what the images should hold.
  public mutating func find(_ images: [BuiltPair]) async throws -> KnownContents {
    let architectures = Set(images.map(\.architecture)).sorted()
    for architecture in architectures { try interpreter(architecture) }
    switch stack.language {
    case .python:
      try wheels(architectures)
      try await compile(images)
    case .node: try node(architectures)
    }
    return known
  }

  private func vendor(_ architecture: String) -> FilePath {
    root.pushing(FilePath(Vendoring.folder)).appending(architecture)
  }

  // MARK: - Interpreters

  /// The archive with a digest; nil where it is nowhere here.
  private mutating func archive(_ digest: Digest, _ vendored: FilePath?) throws -> FilePath? {
    for path in [vendored, downloads.appending(digest.hex)].compactMap(\.self) {
      looked.append(path)
      if try host.files.status(path, followLinks: false)?.kind == .file, try self.digest(path) == digest {
        return path
      }
    }
    return nil
  }

  private func digest(_ path: FilePath) throws -> Digest {
    var running = Digest.Running()
    try host.files.readPieces(path) { running.update($0) }
    return running.finish()
  }

  private mutating func interpreter(_ architecture: String) throws {
    guard !stack.interpreter.isWheel, let artifact = stack.interpreter.artifacts["linux-\(architecture)"],
      let path = try archive(artifact.digest, vendor(architecture).appending(Vendoring.archive)),
      let archive = try Self.unpacked(path, files: host.files)
    else { return }
    known.interpreters[artifact.digest] = Self.artifact(archive, at: path)
  }

  /// A tar archive, packed by gzip or not.
  private static func unpacked(_ path: FilePath, files: any Files) throws -> LayerArchive? {
    var reader = LayerReader(LayerInterest(wants: InstalledFiles.derives, counts: { _ in true }))
    let isPacked = try files.read(path, from: 0, count: 2) == [0x1F, 0x8B]
    guard isPacked else {
      try files.readPieces(path) { reader.feed($0) }
      return reader.finish()
    }
    guard let inflater = Inflater() else { return nil }
    var isDamaged = false
    try files.readPieces(path) { piece in
      if isDamaged { return }
      do { try inflater.run(Array(piece)) { reader.feed($0) } } catch { isDamaged = true }
    }
    return isDamaged || !inflater.hasEnded ? nil : reader.finish()
  }

  /// Without the outermost folder of the names.
  private static func artifact(_ archive: LayerArchive, at path: FilePath) -> ArtifactFiles {
    var artifact = ArtifactFiles(files: [:], place: .tar(path))
    func inner(_ path: String) -> String? {
      path.firstIndex(of: "/").map { String(path[path.index(after: $0)...]) }
    }
    for entry in archive.entries {
      guard let name = inner(entry.path) else { continue }
      if entry.isLink {
        artifact.links[name] = entry.target
        artifact.files[name] = nil
      } else if entry.isFile, let digest = entry.digest {
        artifact.files[name] = ArtifactFiles.File(digest: digest, size: entry.size, text: entry.text)
        artifact.links[name] = nil
      } else if entry.kind == UInt8(ascii: "1"), let target = inner(entry.target) {
        artifact.files[name] = artifact.files[target]
      }
    }
    return artifact
  }

  // MARK: - Wheels

  private mutating func wheels(_ architectures: [String]) throws {
    var wanted: [Digest: String] = [:]
    for line in lists.flatMap(RequirementLine.parse) {
      let name: String
      switch line.content {
      case .package(let package): name = Packages.normalized(package.name)
      case .direct(let direct): name = Packages.normalized(direct.name ?? "")
      default: continue
      }
      for digest in line.digests.compactMap({ Digest($0) }) { wanted[digest] = name }
    }
    for architecture in architectures {
      let folder = vendor(architecture).appending("wheels")
      looked.append(folder)
      guard host.files.exists(folder) else { continue }
      for name in try host.files.list(folder) where name.hasSuffix(".whl") {
        let path = folder.appending(name)
        looked.append(path)
        let digest = try digest(path)
        guard wanted[digest] != nil else { continue }
        known.vendored[architecture, default: []].insert(digest)
        if known.wheels[digest] == nil { known.wheels[digest] = try WheelArchive(path, host: host)?.files() }
      }
    }
    for digest in wanted.keys.sorted() where known.wheels[digest] == nil {
      guard let path = try archive(digest, nil) else { continue }
      known.wheels[digest] = try WheelArchive(path, host: host)?.files()
    }
    for cache in uvCaches { try unpacked(wanted, in: cache) }
  }

  private var uvCaches: [FilePath] {
    var caches = [host.places.cache.appending("uv")]
    if let named = host.environment["UV_CACHE_DIR"], named.hasPrefix("/") { caches.append(FilePath(named)) }
    let home = host.environment["XDG_CACHE_HOME"].flatMap { $0.hasPrefix("/") ? FilePath($0) : nil }
    caches.append((home ?? host.user.home.appending(".cache")).appending("uv"))
    return caches.filter { host.files.exists($0) }
  }

  /// Wheels that uv has unpacked: beside each it keeps the digest of the wheel.
  private mutating func unpacked(_ wanted: [Digest: String], in cache: FilePath) throws {
    let names = Set(wanted.values)
    for bucket in try host.files.list(cache) where bucket.hasPrefix("wheels-v") {
      let bucket = cache.appending(bucket)
      // `pypi/NAME`, or `index/DIGEST/NAME`.
      let indexes = (try? host.files.list(bucket)) ?? []
      let folders = indexes.flatMap { index -> [FilePath] in
        let place = bucket.appending(index)
        return [place] + ((try? host.files.list(place)) ?? []).map { place.appending($0) }
      }
      for folder in folders {
        for name in names {
          let place = folder.appending(name)
          for file in (try? host.files.list(place)) ?? []
          where file.hasSuffix(".http") || file.hasSuffix(".rev") {
            let bytes = try host.files.read(place.appending(file), limit: 1 << 20)
            guard let (identifier, digest) = Self.pointer(bytes), wanted[digest] == name,
              known.wheels[digest] == nil
            else { continue }
            known.wheels[digest] = try wheel(cache.appending("archive-v0").appending(identifier))
          }
        }
      }
    }
  }

  /// The name of an unpacked wheel, and the wheel's digest, as uv keeps them (MessagePack).
  static func pointer(_ bytes: [UInt8]) -> (identifier: String, digest: Digest)? {
    guard bytes.count > 90, (0x91...0x9F).contains(bytes[0]), (0xA1...0xBF).contains(bytes[1]) else {
      return nil
    }
    let identifier = String(decoding: bytes[2..<(2 + Int(bytes[1] & 0x1F))], as: UTF8.self)
    let mark = Array("Sha256".utf8) + [0xD9, 64]
    guard Names.isFileName(identifier.filter { $0 != "-" && $0 != "_" } + "a"),
      let start = (0...(bytes.count - mark.count - 64)).first(where: {
        bytes[$0..<$0 + mark.count].elementsEqual(mark)
      }),
      let digest = Digest(
        String(decoding: bytes[(start + mark.count)..<(start + mark.count + 64)], as: UTF8.self))
    else { return nil }
    return (identifier, digest)
  }

  /// Nil where it is not whole, or not as its own list says: an editor may have changed a file that it shares.
  private mutating func wheel(_ folder: FilePath) throws -> ArtifactFiles? {
    guard host.files.exists(folder) else { return nil }
    isWhole = false
    var wheel = ArtifactFiles(files: [:], place: .folder(folder))
    func add(_ path: FilePath, _ prefix: String) throws -> Bool {
      for name in try host.files.list(path) {
        let place = path.appending(name)
        guard let status = try host.files.status(place, followLinks: false) else { return false }
        switch status.kind {
        case .directory: if try !add(place, prefix + name + "/") { return false }
        case .file:
          let isText = InstalledFiles.derives(prefix + name) && status.size < 4 << 20
          wheel.files[prefix + name] = ArtifactFiles.File(
            digest: try digest(place), size: Int(status.size),
            text: isText ? try host.files.text(place) : nil)
        case .link, .other: return false
        }
      }
      return true
    }
    guard try add(folder, ""),
      let list = wheel.files.first(where: { $0.key.hasSuffix(".dist-info/RECORD") })?.value.text
    else { return nil }
    return InstalledFiles.isListed(wheel, list) ? wheel : nil
  }

  // MARK: - Compiled Python

  private mutating func compile(_ images: [BuiltPair]) async throws {
    var wanted: Set<CompiledSource> = []
    for pair in images {
      for image in [pair.deploy, pair.development] {
        wanted.formUnion(
          CompiledFiles(files: image.files, minor: stack.interpreter.version.minor).sources())
      }
    }
    guard !wanted.isEmpty else { return }
    guard let python = try await python() else {
      known.reason = "no Python \(stack.interpreter.version) is here that runs"
      return
    }
    let sources = scratch.appending("sources")
    try host.files.createDirectories(sources, mode: 0o700)
    let given = try await write(wanted, to: sources)
    let compiler = sources.appending("compile.txt")
    try host.files.create(compiler, Array(Self.compiler.utf8), mode: 0o600)
    let count = max(1, min(4, given.count / 100))
    var runs: [Invocation] = []
    for index in 0..<count {
      let list = sources.appending("list\(index)")
      let lines = given.enumerated().filter { $0.offset % count == index }.map {
        "\($0.element.name)\t/\($0.element.source.path)\n"
      }
      try host.files.create(list, Array(lines.joined().utf8), mode: 0o600)
      runs.append(
        Invocation(
          python, ["-I", "-S", "-B", "-W", "ignore", compiler.string, list.string],
          environment: ["PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"], workingDirectory: sources))
    }
    let processes = host.processes
    let succeeded = try await withThrowingTaskGroup(of: Bool.self) { group in
      for run in runs { group.addTask { try await processes.run(run).succeeded } }
      return try await group.reduce(true) { $0 && $1 }
    }
    guard succeeded else {
      known.reason = "Python \(stack.interpreter.version) can't compile here"
      return
    }
    let name = "a.cpython-\(stack.interpreter.version.minor.filter { $0 != "." }).pyc"
    for (file, source) in given {
      let path = sources.appending(file + "c")
      guard host.files.exists(path) else { continue }
      known.compiled[source] = CompiledFile(try host.files.read(path), name: name)
    }
  }

  /// The lock's interpreter for this machine, or another of the very same version: ours first.
  private mutating func python() async throws -> FilePath? {
    var candidates: [FilePath] = []
    if let artifact = stack.interpreter.artifacts[host.platform.key],
      let archive = try archive(
        artifact.digest, vendor(host.platform.architecture.rawValue).appending(Vendoring.archive))
    {
      candidates.append(try await unpack(archive).pushing("bin/python3"))
    }
    for name in (try? host.files.list(host.places.store)) ?? [] where name.hasPrefix("python-") {
      candidates.append(host.places.store.appending(name).pushing("bin/python3"))
    }
    for name in ["python3", "python\(stack.interpreter.version.minor)"] {
      if let path = Programs.find(name, host) { candidates.append(path) }
    }
    let version = stack.interpreter.version.description
    for candidate in candidates where host.files.exists(candidate) {
      let done = try? await host.processes.run(
        Invocation(
          candidate, ["-I", "-S", "-B", "-c", "import platform; print(platform.python_version())"],
          environment: ["PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"]))
      if done?.succeeded == true, done?.outputText == version + "\n" { return candidate }
    }
    return nil
  }

  /// What the interpreter does: it compiles, and runs nothing of what it compiles.
  private static let compiler = """
    import importlib._bootstrap_external as external, importlib.util, sys
    for line in open(sys.argv[1], encoding="utf-8"):
        name, path = line.rstrip("\\n").split("\\t")
        with open(name, "rb") as file:
            data = file.read()
        try:
            code = external.SourceFileLoader("module", path).source_to_code(data, path)
        except Exception:
            continue
        with open(name + "c", "wb") as file:
            file.write(external._code_to_hash_pyc(code, importlib.util.source_hash(data), False))
    """

  private func unpack(_ archive: FilePath) async throws -> FilePath {
    let folder = scratch.appending("unpacked-" + Digest(of: archive.string).short())
    if host.files.exists(folder) { return folder }
    try host.files.createDirectories(folder, mode: 0o700)
    guard let tar = Programs.find("tar", host) else { throw Failure("there is no tar", hint: "install tar") }
    let done = try await host.processes.run(
      Invocation(
        tar,
        ["-x", "-z", "-f", archive.string, "-C", folder.string, "--strip-components=1", "--no-same-owner"],
        environment: host.environment, workingDirectory: folder))
    guard done.succeeded else { throw Failure("\(archive) can't be unpacked: \(done.errorText)") }
    return folder
  }

  /// Writes the sources that the lock's artifacts have.
  private func write(
    _ wanted: Set<CompiledSource>, to folder: FilePath
  ) async throws -> [(name: String, source: CompiledSource)] {
    var places: [Digest: (place: ArtifactFiles.Place, name: String)] = [:]
    for artifact in known.wheels.sorted(by: { $0.key < $1.key }).map(\.value)
      + known.interpreters.sorted(by: { $0.key < $1.key }).map(\.value)
    {
      guard let place = artifact.place else { continue }
      for (name, file) in artifact.files where name.hasSuffix(".py") { places[file.digest] = (place, name) }
    }
    var given: [(name: String, source: CompiledSource)] = []
    var wheels: [FilePath: WheelArchive] = [:]
    for source in wanted.sorted(by: { $0.path < $1.path })
    where !source.path.contains("\n") && !source.path.contains("\t") && !source.path.contains("\r") {
      var bytes: [UInt8]?
      if let (place, name) = places[source.digest] {
        switch place {
        case .folder(let folder): bytes = try host.files.read(folder.pushing(FilePath(name)))
        case .tar(let archive):
          bytes = try? host.files.read(try await unpack(archive).pushing(FilePath(name)))
        case .zip(let path):
          if wheels[path] == nil { wheels[path] = try WheelArchive(path, host: host) }
          bytes = try wheels[path]?.bytes(name)
        }
      } else if source.path.hasPrefix("app/") {
        // The project's own source is in the project.
        bytes = try? host.files.read(root.pushing(FilePath(String(source.path.dropFirst(4)))))
      }
      guard let bytes, Digest(of: bytes) == source.digest else { continue }
      let name = String(given.count)
      try host.files.create(folder.appending(name), bytes, mode: 0o600)
      given.append((name, source))
    }
    return given
  }

  // MARK: - Node

  private mutating func node(_ architectures: [String]) throws {
    let caches =
      architectures.map { vendor($0).pushing("npm/_cacache") }
      + [host.user.home.pushing(".npm/_cacache")]
    for text in nodeLocks {
      let packages = (try? Document.parseJSON(text, file: "package-lock.json"))?["packages"]?.entries ?? [:]
      for package in packages.values {
        guard let integrity = package["integrity"]?.text, known.packages[integrity] == nil,
          let digest = NodeFiles.sha512(integrity)
        else { continue }
        let hex = digest.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        let name = "content-v2/sha512/\(hex.prefix(2))/\(hex.dropFirst(2).prefix(2))/\(hex.dropFirst(4))"
        for cache in caches {
          let path = cache.pushing(FilePath(name))
          looked.append(path)
          guard host.files.exists(path), Digest.sha512(of: try host.files.read(path)) == digest,
            let archive = try Self.unpacked(path, files: host.files)
          else { continue }
          known.packages[integrity] = Self.artifact(archive, at: path)
          break
        }
      }
    }
  }
}
