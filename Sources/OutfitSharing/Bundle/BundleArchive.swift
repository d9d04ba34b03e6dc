import OutfitCore
import OutfitSystem
import SystemPackage

/// A bundle as a file: an archive of tar's, plain or compressed as the file's name says.
public struct BundleArchive: Sendable {
  private let host: Host
  private let tar: FilePath

  /// - Throws: `Failure` where this machine has no tar.
  public init(_ host: Host) throws {
    self.host = host
    let programs = ["/usr/bin/tar", "/bin/tar", "/usr/local/bin/tar"].map { FilePath($0) }
    guard let tar = programs.first(where: { host.files.exists($0) }) else {
      throw Failure("a bundle is read and written by tar, which is not on this machine", hint: "install tar")
    }
    self.tar = tar
  }

  /// Where blobs lie until they are written.
  public struct Sources: Sendable {
    fileprivate var files: [Digest: FilePath] = [:]
    fileprivate var texts: [Digest: [UInt8]] = [:]

    public init() {}

    public mutating func add(_ bytes: [UInt8]) -> BundleList.Blob {
      let blob = BundleList.Blob(digest: Digest(of: bytes), size: Int64(bytes.count))
      texts[blob.digest] = bytes
      return blob
    }

    /// - Parameter digest: of the file, where that is known.
    public mutating func add(
      _ file: FilePath, digest: Digest? = nil, _ files: any Files
    ) throws -> BundleList.Blob {
      guard let status = try files.status(file, followLinks: false), status.kind == .file else {
        throw Failure("\(file) is no file any more", hint: "run the command again")
      }
      let digest = try digest ?? Self.digest(of: file, files)
      self.files[digest] = file
      return BundleList.Blob(digest: digest, size: status.size)
    }

    static func digest(of file: FilePath, _ files: any Files) throws(FileError) -> Digest {
      var running = Digest.Running()
      try files.readPieces(file) { running.update($0) }
      return running.finish()
    }
  }

  /// A folder of ours for the time that something takes; what a killed run left of it goes with the next.
  public static func scratch(_ host: Host) throws -> FilePath {
    let all = host.places.cache.appending("bundles")
    for name in (try? host.files.list(all)) ?? [] {
      let path = all.appending(name)
      guard let status = try? host.files.status(path, followLinks: false),
        status.modified < (host.clock.now() - 86_400) * 1_000_000_000
      else { continue }
      try? host.files.removeTree(path)
    }
    let folder = all.appending(String(UInt64.random(in: 0...UInt64.max), radix: 36))
    try host.files.createDirectories(folder, mode: 0o700)
    return folder
  }

  // MARK: - Writing

  /// - Parameters:
  ///   - script: what sets a machine up that has no Outfit.
  ///   - key: of SSH's, that it is signed with (ssh-keygen(1), `-Y sign`).
  ///   - only: the blobs that go in; nil for all.
  ///   - file: replaced when the whole bundle is written; `-` is standard output.
  public func write(
    _ list: BundleList, _ sources: Sources, script: [UInt8], key: FilePath?, only: Set<Digest>? = nil,
    to file: FilePath
  ) async throws {
    let files = host.files
    let folder = try Self.scratch(host)
    defer { try? files.removeTree(folder) }
    let text = Array(list.text.utf8)
    try files.create(folder.appending(BundleList.fileName), text, mode: 0o644)
    try files.create(folder.appending(BundleList.scriptName), script, mode: 0o644)
    var names = [BundleList.fileName]
    if let key {
      try await sign(folder.appending(BundleList.fileName), key)
      names.append(BundleList.signatureName)
    }
    names.append(BundleList.scriptName)
    try files.createDirectory(folder.appending("blobs"), mode: 0o700)
    for blob in list.blobs where only?.contains(blob.digest) ?? true {
      let name = "blobs/\(blob.digest)"
      if let bytes = sources.texts[blob.digest] {
        try files.create(folder.pushing(FilePath(name)), bytes, mode: 0o644)
      } else if let source = sources.files[blob.digest] {
        try files.createLink(folder.pushing(FilePath(name)), to: source.string)
      } else {
        throw Failure("\(blob.digest) was not gathered: a mistake in Outfit")
      }
      names.append(name)
    }
    let new = FilePath(file.string + ".new")
    let done = try await host.processes.run(
      Invocation(
        tar,
        [
          "--create", "--auto-compress", "--file", new.string, "--directory", folder.string, "--format=gnu",
          "--dereference", "--hard-dereference", "--no-recursion", "--owner=0", "--group=0",
          "--numeric-owner", "--mtime=@0", "--mode=0644", "--verbatim-files-from", "--files-from=-",
        ], environment: host.environment.filter { ["PATH", "HOME"].contains($0.key) },
        standardInput: .bytes(Array((names.joined(separator: "\n") + "\n").utf8))))
    guard done.succeeded else {
      try? files.removeTree(new)
      throw Failure([
        Self.told(
          "the bundle can't be written", done,
          hint:
            "see whether the folder is there, is yours and has room: df -h \(file.removingLastComponent())")
      ])
    }
    try files.synchronize(new)
    try files.rename(new, to: file)
  }

  private func sign(_ file: FilePath, _ key: FilePath) async throws {
    let done = try await signature.sign(file, key)
    guard done.succeeded else { throw Failure([Self.told("\(key) signs nothing", done)]) }
  }

  private var signature: SSHSignature { SSHSignature(namespace: "outfit-bundle", host: host) }

  private static func told(_ message: String, _ done: Completion, hint: String? = nil) -> Diagnostic {
    let said = done.errorText.split(whereSeparator: \.isNewline).suffix(4).map { String($0).harmless }
      .joined(separator: "\n")
    return Diagnostic(.error, message, excerpt: said.isEmpty ? nil : said, hint: hint)
  }

  // MARK: - Reading

  /// A bundle that was unpacked.
  public struct Opened: Sendable {
    public let list: BundleList
    public let folder: FilePath
    /// Whom it is signed by, where that was asked.
    public let signer: String?
    /// It was unpacked here, so that it may be taken apart.
    let isOurs: Bool
    fileprivate let host: Host

    /// Whether a thing came along.
    public func has(_ blob: BundleList.Blob) -> Bool {
      let status = try? host.files.status(path(blob), followLinks: false)
      return status?.kind == .file && status?.size == blob.size
    }

    private func path(_ blob: BundleList.Blob) -> FilePath {
      folder.pushing("blobs").appending(blob.digest.hex)
    }

    /// Puts a thing where it is wanted, once it is what it should be.
    /// - Parameter isLast: nothing else wants it.
    public func put(_ blob: BundleList.Blob, at target: FilePath, mode: UInt16 = 0o644, isLast: Bool = false)
      throws
    {
      let files = host.files
      guard has(blob) else {
        throw Failure(
          "the bundle lacks \(blob.digest.short())", hint: "copy it here again, whole", status: .failed)
      }
      let new = target.removingLastComponent().appending(".new-\(blob.digest.short())")
      try files.createDirectories(target.removingLastComponent(), mode: 0o700)
      try files.removeTree(new)
      if isLast, isOurs {
        do { try files.rename(path(blob), to: new) } catch { try copy(blob, to: new) }
      } else {
        try copy(blob, to: new)
      }
      guard try Sources.digest(of: new, files) == blob.digest else {
        try files.removeTree(new)
        throw Failure(
          "the bundle is damaged: \(blob.digest.short()) holds something else", hint: "copy it here again")
      }
      try files.setMode(new, mode)
      try files.removeTree(target)
      try files.rename(new, to: target)
    }

    private func copy(_ blob: BundleList.Blob, to target: FilePath) throws {
      let (source, files) = (path(blob), host.files)
      try files.create(target, [], mode: 0o600)
      var offset: Int64 = 0
      while offset < blob.size {
        let piece = try files.read(source, from: offset, count: 4 << 20)
        if piece.isEmpty { break }
        try files.append(target, piece)
        offset += Int64(piece.count)
      }
    }

    public func bytes(_ blob: BundleList.Blob) throws -> [UInt8] {
      let bytes = try host.files.read(path(blob), limit: FileBound.usual)
      guard Digest(of: bytes) == blob.digest else {
        throw Failure(
          "the bundle is damaged: \(blob.digest.short()) holds something else", hint: "copy it here again")
      }
      return bytes
    }

    /// Writes a tree to a new folder.
    public func put(_ tree: BundleList.Tree, at folder: FilePath, writable: Bool) throws {
      try host.files.createDirectories(folder, mode: 0o700)
      // Links come last, so that nothing is written through one.
      for (path, entry) in tree.entries.sorted(by: { $0.key < $1.key }) {
        guard case .file(let blob, let isProgram) = entry else { continue }
        let mode: UInt16 = isProgram ? 0o755 : 0o644
        try put(blob, at: folder.pushing(FilePath(path)), mode: writable ? mode : mode & 0o555)
      }
      for (path, entry) in tree.entries.sorted(by: { $0.key < $1.key }) {
        guard case .link(let target) = entry else { continue }
        let place = folder.pushing(FilePath(path))
        try host.files.createDirectories(place.removingLastComponent(), mode: 0o700)
        try host.files.createLink(place, to: target)
      }
    }

    /// Removes what was unpacked here.
    public func close() { if isOurs { try? host.files.removeTree(folder) } }
  }

  /// - Parameters:
  ///   - file: the archive, a folder that it was unpacked to, or `-` for standard input.
  ///   - signers: those who may have signed it, as ssh-keygen(1) reads them (ALLOWED SIGNERS).
  /// - Throws: `Failure`, status 2, for what is no bundle; status 1 for one that is not signed by those who have to.
  public func open(_ file: FilePath, signers: FilePath?) async throws -> Opened {
    let files = host.files
    let kind = file == "-" ? .file : try files.status(file, followLinks: true)?.kind
    let isFolder = kind == .directory
    if kind == nil {
      throw Failure("there is no file \(file)", status: .usage)
    }
    let folder = isFolder ? file : try Self.scratch(host)
    do {
      if !isFolder {
        let done = try await host.processes.run(
          Invocation(
            tar, ["--extract", "--file", file.string, "--no-same-owner", "--no-same-permissions"],
            environment: host.environment.filter { ["PATH", "HOME"].contains($0.key) },
            workingDirectory: folder,
            standardInput: file == "-" ? .inherited : .none))
        guard done.succeeded else {
          let what = file == "-" ? "what came on standard input" : file.string
          throw Failure([Self.told("\(what) is no whole bundle", done)], status: .usage)
        }
      }
      let place = folder.appending(BundleList.fileName)
      guard (try files.status(place, followLinks: false))?.kind == .file else {
        throw Failure(
          "\(file) is no bundle of outfit's: it has no \(BundleList.fileName)",
          hint: "outfit bundle create PROFILE -o FILE makes one", status: .usage)
      }
      let bytes = try files.read(place, limit: FileBound.text)
      let list = try BundleList(String(decoding: bytes, as: UTF8.self), file: "\(file)")
      let signer: String? = if let signers { try await self.signer(of: folder, among: signers) } else { nil }
      return Opened(list: list, folder: folder, signer: signer, isOurs: !isFolder, host: host)
    } catch {
      if !isFolder { try? files.removeTree(folder) }
      throw error
    }
  }

  private func signer(of folder: FilePath, among allowed: FilePath) async throws -> String {
    let file = folder.appending(BundleList.signatureName)
    guard host.files.exists(file),
      let name = try await signature.signer(
        of: try host.files.read(folder.appending(BundleList.fileName), limit: FileBound.text),
        signature: file,
        among: allowed)
    else {
      throw Failure(
        "the bundle is not signed by anybody whom \(allowed) allows",
        hint: "`outfit bundle create PROFILE -o FILE --sign KEY` signs one", reason: .signature)
    }
    return name
  }
}
