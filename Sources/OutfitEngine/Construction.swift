import OutfitCore
import OutfitFetch
import OutfitProfile
import OutfitSystem
import SystemPackage

/// The making of one object at its place.
struct Construction: Sendable {
  let builder: Builder
  let object: Object
  let out: FilePath

  private var host: Host { builder.host }
  private var files: any Files { builder.host.files }

  /// Makes the object and checks it; what was made.
  ///
  /// Where an installer's cache gave other bytes than the packages list, its copies are thrown away and the object
  /// is made once more.
  func run() async throws -> Contents {
    do {
      return try await make(afresh: builder.isFresh)
    } catch let damage as Damage {
      let hint = "run it again without --offline, so that fresh copies can be fetched"
      guard case .run(let run) = object.recipe, !run.remedies.isEmpty, !builder.isFresh else {
        throw damage.failure(hint: "the package itself is not whole: ask for another version of it")
      }
      guard !builder.isOffline else { throw damage.failure(hint: hint) }
      step("fetching fresh copies, since the cache is damaged")
      try files.removeTree(out)
      do {
        return try await make(afresh: true)
      } catch let damage as Damage {
        throw damage.failure(hint: "the package itself is not whole: ask for another version of it")
      }
    }
  }

  private func make(afresh: Bool) async throws -> Contents {
    var made: Unpacked?
    switch object.recipe {
    case .unpack(let unpack): made = try await self.unpack(unpack)
    case .checkout(let checkout): try await checkOut(checkout)
    case .run(let run): try await self.run(run, afresh: afresh)
    case .tree(let entries):
      try files.createDirectory(out, mode: 0o755)
      try add(entries)
    case .adopt(let adoption):
      try adopt(adoption)
      return Contents()
    }
    try Task.checkCancellation()
    // The disk is at it while the checks run; what is left is made durable before the object counts.
    files.startWriting(out)
    step("checking")
    var contents = try made?.contents ?? Contents.read(out, files: files, guardsShared: true)
    async let rest = finish(made?.rest)
    try await Checks(host: host, store: builder.store, label: object.label, out: out)
      .run(object.checks, contents)
    if let rest = try await rest { contents.add(rest) }
    return contents
  }

  /// Writes what may come last, and has the disk begin with that too.
  private func finish(_ rest: Unpacked.Rest?) async throws -> Contents? {
    guard let rest else { return nil }
    let contents = try await rest.finish()
    files.startWriting(out)
    return contents
  }

  private func step(_ text: String) { builder.progress.step(id: object.id.description, text: text) }

  // MARK: Recipes

  /// - Returns: what was made, where that is known without reading it again.
  private func unpack(_ unpack: Unpack) async throws -> Unpacked? {
    let artifact = unpack.artifact
    var unpacked: Unpacked?
    step("downloading")
    switch unpack.format {
    case .tar: unpacked = try await stream(unpack, to: out)
    case .zip:
      let file = try await fetch(artifact)
      step("unpacking")
      try await Archive(host: host, file: file, name: artifact.name).unpack(
        .zip, to: out, strip: unpack.strip)
    case .program, .file:
      let file = try await fetch(artifact)
      let name = unpack.programName ?? object.id.name
      guard !name.isEmpty, !name.contains("/"), name != ".", name != ".." else {
        throw Failure("\(name) is no name for a program")
      }
      try files.createDirectories(out.appending("bin"))
      try files.create(
        out.appending("bin").appending(name), try files.read(file, limit: FileBound.own),
        mode: unpack.format == .program ? 0o755 : 0o644)
    }
    var changed = unpack.additions.map(\.path)
    changed += try ProgramSearch(files: files, root: out, archive: artifact.name).link(unpack.programs)
    changed += try rewrite(unpack.rewrites)
    try add(unpack.additions)
    for library in unpack.installNames {
      guard let setting = InstallName.setting(out.pushing(FilePath(library)), files: files) else { continue }
      // The interpreter works without it, so that a tool that does not is no reason to have none.
      _ = try await host.processes.run(setting)
      changed.append(library)
    }
    for path in Set(changed) { try unpacked?.contents.refresh(path, in: out, files: files) }
    return unpacked
  }

  private func checkOut(_ checkout: Checkout) async throws {
    guard let repositories = builder.repositories else {
      throw Failure("\(object.label) can't be had here: a mistake in Outfit")
    }
    step("fetching")
    try await repositories.write(checkout.commit, of: checkout.address, to: out)
    guard try Lock.digest(of: out, files) == checkout.digest else {
      throw Failure([
        Diagnostic(
          .error, "\(checkout.address) at \(checkout.commit) holds other files than outfit.lock says",
          hint: "ask whoever keeps it what was pushed, and look at outfit.lock's own history", reason: .digest
        )
      ])
    }
    try settle(out, "")
    try add(checkout.additions)
  }

  /// Modes as git knows them, and no link that leads out.
  private func settle(_ folder: FilePath, _ prefix: String) throws {
    try files.setMode(folder, 0o755)
    for name in try files.list(folder) {
      let path = folder.appending(name)
      guard let status = try files.status(path, followLinks: false) else { continue }
      switch status.kind {
      case .directory: try settle(path, prefix + name + "/")
      case .file: try files.setMode(path, status.mode & 0o100 == 0 ? 0o644 : 0o755)
      case .link:
        let destination = try files.readLink(path)
        guard Archive.isInside(destination, depth: prefix.utf8.count { $0 == UInt8(ascii: "/") }) else {
          throw Failure(
            "\(object.label) is refused: its link \(prefix)\(name) leads out of it, to \(destination)",
            hint: "tell those who keep it; it may be an attack")
        }
      case .other: break
      }
    }
  }

  private func fetch(_ artifact: Artifact, following: (any Following)? = nil) async throws -> FilePath {
    try await builder.fetcher.fetch(
      addresses: artifact.addresses, digest: artifact.digest, name: artifact.name, following: following,
      progress: builder.progress, id: object.id.description)
  }

  /// Unpacks an archive while it is downloaded. What was made of bytes that proved to be the wrong ones is removed.
  private func stream(_ unpack: Unpack, to out: FilePath) async throws -> Unpacked {
    let artifact = unpack.artifact
    let unpacking = Unpacking(
      host: host, name: artifact.name, out: out, strip: unpack.strip, later: unpack.unchecked)
    let file: FilePath
    do {
      file = try await fetch(artifact, following: unpacking)
    } catch {
      await unpacking.abandon()
      throw error
    }
    step("unpacking")
    if let unpacked = try await unpacking.finish(file) { return unpacked }
    return try await Archive(host: host, file: file, name: artifact.name)
      .decompressed(to: out, strip: unpack.strip)
  }

  /// - Parameter afresh: the remedies come first.
  private func run(_ run: Run, afresh: Bool) async throws {
    let scratch = try Scratch(host: host, contents: run.files, sources: run.sources)
    defer { scratch.remove() }
    try files.createDirectory(out, mode: 0o755)
    let runner = StepRunner(
      host: host, store: builder.store, label: object.label, logName: object.id.description,
      isOffline: builder.isOffline)
    runner.removeLog()
    for material in run.materials { try await supply(material, runner, scratch) }
    let surrounding = run.surrounding.map {
      EnvironmentWork(
        host: host, out: out, python: $0.python.resolved(store: builder.store.root), version: $0.version)
    }
    try surrounding?.begin()
    for step in (afresh ? run.remedies : []) + run.steps {
      self.step(run.steps.count == 1 ? "" : runner.describe(step))
      _ = try await runner.run(step, scratch: scratch.path, out: out)
    }
    try surrounding?.finish()
    try add(run.additions)
    if !run.keepsLog { runner.removeLog() }
  }

  /// Puts an archive, unpacked, into the scratch folder.
  private func supply(_ material: Material, _ runner: StepRunner, _ scratch: Scratch) async throws {
    let artifact = material.artifact
    step("downloading")
    let file: FilePath
    do {
      file = try await fetch(artifact)
    } catch let failure as Failure {
      guard !material.otherwise.isEmpty else { throw failure }
      do {
        for step in material.otherwise {
          self.step(runner.describe(step))
          _ = try await runner.run(step, scratch: scratch.path, out: out)
        }
        file = try left(by: material, scratch)
      } catch let other as Failure {
        throw Failure([other.single] + failure.diagnostics)
      }
    }
    step("unpacking")
    try await Archive(host: host, file: file, name: artifact.name)
      .unpack(material.format, to: scratch.path.pushing(FilePath(material.folder)), strip: material.strip)
  }

  private func left(by material: Material, _ scratch: Scratch) throws -> FilePath {
    let artifact = material.artifact
    for path in try Glob.matches(material.leaves, in: scratch.path, files: files) {
      if Digest(of: try files.read(path, limit: FileBound.own)) == artifact.digest { return path }
    }
    throw Failure("\(artifact.name): what came is not the file whose SHA-256 is \(artifact.digest)")
  }

  private func adopt(_ adoption: Adoption) throws {
    guard let status = try files.status(adoption.program, followLinks: true), status.kind == .file else {
      throw Failure("\(object.label) is no longer at \(adoption.program)")
    }
    guard status.fingerprint == adoption.fingerprint else {
      throw Failure(
        "\(adoption.program) has changed since it was looked at", hint: "run the command again")
    }
  }

  private func add(_ entries: [TreeEntry]) throws {
    for entry in entries {
      let relative = FilePath(entry.path)
      guard !relative.isAbsolute, !relative.components.contains(where: { $0.kind == .parentDirectory }) else {
        throw Failure("\(entry.path) is no path inside \(object.label)")
      }
      let path = out.pushing(relative)
      try files.createDirectories(path.removingLastComponent())
      switch entry.content {
      case .file(let bytes, let mode):
        try files.removeTree(path)
        try files.create(path, bytes, mode: mode)
      case .source(let source, let mode):
        try files.removeTree(path)
        try files.create(path, source.bytes(files), mode: mode)
      case .link(let destination):
        try files.removeTree(path)
        try files.createLink(path, to: destination)
      case .directory(let mode):
        try files.createDirectories(path)
        try files.setMode(path, mode)
      case .odd: break
      }
    }
  }

  /// - Returns: the relative paths of what was changed.
  private func rewrite(_ rewrites: [Unpack.Rewrite]) throws -> [String] {
    var rewritten: [String] = []
    var globs: [String] = []
    for rewrite in rewrites where !globs.contains(rewrite.glob) { globs.append(rewrite.glob) }
    for glob in globs {
      let replacements = rewrites.filter { $0.glob == glob }.map {
        Replacement(
          find: Array($0.find.utf8),
          with: Array($0.replacement.replacing("{out}", with: out.string).utf8), manner: $0.manner)
      }
      for path in try Glob.matches(glob, in: out, files: files) {
        guard let status = try files.status(path, followLinks: false), status.kind == .file else { continue }
        let bytes = try files.read(path, limit: FileBound.own)
        let changed = bytes.replacing(replacements)
        guard changed != bytes else { continue }
        try files.remove(path)
        try files.create(path, changed, mode: status.mode)
        var relative = path
        if relative.removePrefix(out) { rewritten.append(relative.string) }
      }
    }
    return rewritten
  }
}

extension FileStatus {
  /// Changes when the file does.
  public var fingerprint: String { "\(size)-\(modified)-\(inode)" }
}

/// One thing that is replaced in a file.
struct Replacement {
  var find: [UInt8]
  var with: [UInt8]
  var manner: Unpack.Rewrite.Manner
}

extension [UInt8] {
  /// In one pass: of two that fit at one place, the first counts.
  func replacing(_ replacements: [Replacement]) -> [UInt8] {
    var byFirst = [[Replacement]](repeating: [], count: 256)
    for one in replacements { if let first = one.find.first { byFirst[Int(first)].append(one) } }
    var result: [UInt8] = []
    result.reserveCapacity(count)
    var i = 0
    while i < count {
      let fitting = byFirst[Int(self[i])].first { self[i...].starts(with: $0.find) && isFree(i, $0) }
      guard let fitting else {
        result.append(self[i])
        i += 1
        continue
      }
      i += fitting.find.count
      result += fitting.with
      guard fitting.manner == .option else { continue }
      // The text may go on in another literal, on the next line: what closes and opens these stays.
      while i < count, Self.separators.contains(self[i]) {
        if self[i] != UInt8(ascii: " ") { result.append(self[i]) }
        i += 1
      }
      while i < count, !Self.separators.contains(self[i]) { i += 1 }
    }
    return result
  }

  private static let separators = Array(" '\"\n".utf8)

  /// Whether nothing beside it belongs to the same word; a path may go on behind its first folder.
  private func isFree(_ start: Int, _ one: Replacement) -> Bool {
    func belongs(_ index: Int) -> Bool {
      guard indices.contains(index) else { return false }
      let byte = self[index]
      let letter = byte | 0x20
      return (0x30...0x39).contains(byte) || (0x61...0x7a).contains(letter) || byte >= 0x80
        || "_./+-".utf8.contains(byte)
    }
    let end = start + one.find.count
    let goesOn = end < count && self[end] == UInt8(ascii: "/") && one.manner == .word
    return one.manner == .text || !belongs(start - 1) && (goesOn || !belongs(end))
  }
}

/// A folder that is there while something is built or asked.
struct Scratch: Sendable {
  let path: FilePath
  private let host: Host

  /// Makes the folder with files in it, their folders among them, and an empty folder `tmp`.
  /// - Parameter sources: copied below `SourceTree.folder`.
  /// - Throws: `Failure` for a source that is no longer what it was when it was looked at.
  init(host: Host, contents: [String: [UInt8]], sources: [TreeEntry] = []) throws {
    self.host = host
    let name = String(UInt64.random(in: 0...UInt64.max), radix: 36)
    path = host.places.cache.appending("scratch").appending(name)
    try host.files.createDirectories(path, mode: 0o700)
    try host.files.createDirectory(path.appending("tmp"), mode: 0o700)
    for (relative, bytes) in contents {
      let target = path.pushing(FilePath(relative))
      try host.files.createDirectories(target.removingLastComponent(), mode: 0o700)
      try host.files.create(target, bytes, mode: 0o600)
    }
    guard !sources.isEmpty else { return }
    do {
      try SourceTree.copy(sources, to: path.appending(SourceTree.folder), files: host.files)
    } catch {
      remove()
      throw error
    }
  }

  func remove() { try? host.files.removeTree(path) }

  /// Removes what processes left that were killed a day ago or earlier.
  static func sweep(_ host: Host) {
    let folder = host.places.cache.appending("scratch")
    for name in (try? host.files.list(folder)) ?? [] {
      let path = folder.appending(name)
      guard let status = try? host.files.status(path, followLinks: false),
        status.modified < (host.clock.now() - 86_400) * 1_000_000_000
      else { continue }
      try? host.files.removeTree(path)
    }
  }
}

/// Paths with `*` in their names.
enum Glob {
  /// What matches, sorted. `*` stands for any run of characters within a name, and matches no leading dot.
  static func matches(_ pattern: String, in root: FilePath, files: any Files) throws(FileError) -> [FilePath]
  {
    var found = [root]
    for part in pattern.split(separator: "/").map(String.init) {
      var next: [FilePath] = []
      for folder in found {
        guard part.contains("*") else {
          let path = folder.appending(part)
          if try files.status(path, followLinks: false) != nil { next.append(path) }
          continue
        }
        guard try files.status(folder, followLinks: false)?.kind == .directory else { continue }
        for name in try files.list(folder) where matches(part, name) { next.append(folder.appending(name)) }
      }
      found = next
    }
    return found
  }

  static func matches(_ pattern: String, _ name: String) -> Bool {
    if name.hasPrefix("."), !pattern.hasPrefix(".") { return false }
    let pieces = pattern.split(separator: "*", omittingEmptySubsequences: false).map { Array($0.utf8) }
    guard let head = pieces.first, let tail = pieces.last, pieces.count > 1 else { return pattern == name }
    let bytes = Array(name.utf8)
    guard bytes.count >= head.count + tail.count, bytes.starts(with: head),
      bytes.suffix(tail.count).elementsEqual(tail)
    else { return false }
    var rest = bytes[head.count..<(bytes.count - tail.count)]
    for piece in pieces.dropFirst().dropLast() where !piece.isEmpty {
      guard let start = rest.firstIndex(of: piece) else { return false }
      rest = rest[(start + piece.count)...]
    }
    return true
  }
}

extension ArraySlice<UInt8> {
  fileprivate func firstIndex(of piece: [UInt8]) -> Int? {
    guard count >= piece.count else { return nil }
    return (startIndex...(endIndex - piece.count)).first { self[$0..<$0 + piece.count].elementsEqual(piece) }
  }
}
