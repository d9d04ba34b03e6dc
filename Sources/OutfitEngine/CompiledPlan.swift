import OutfitCore
import OutfitProfile
import OutfitSystem
import SystemPackage

/// What lets a run with nothing to do end at once: how every input and every output looked after the last
/// complete `up`.
///
/// `$STATE/<scope>/compiled` has a line for each path: kind, mode, size, modification time, change time and
/// inode, and for a file that had changed just before, a digest of its content too, since its times may not
/// show a change that came right after. A checksum ends it. Whatever is not understood makes `up` look closer; nothing is lost by it.
public enum CompiledPlan {
  private static let format = "outfit-compiled 1"
  /// A path that changed less than this long before may change again within the same tick of its file system.
  private static let racy: Int64 = 2_000_000_000

  static func path(_ scope: Scope, _ host: Host) -> FilePath {
    host.places.state(of: scope).appending("compiled")
  }

  /// Writes the compiled plan of a scope, after a complete `up`. Targets, commands and the dispatch table of
  /// the current generation are among the outputs without being named.
  /// - Parameters:
  ///   - arguments: a digest over everything else that decides: options, environment variables.
  ///   - inputs: manifests of all layers (those that are absent too), locks, dotfile sources with their
  ///     folders, the trust record.
  ///   - outputs: receipts of objects, adopted programs.
  public static func write(
    for scope: Scope, version: String, arguments: Digest, inputs: [FilePath], outputs: [FilePath],
    summary: String, host: Host
  ) throws {
    try Generations.prepare(scope, host: host)
    guard let generation = try Generations.current(scope, host: host) else { return }
    var paths: [FilePath] = []
    paths += outputs
    paths += generation.targets.map(\.resolved) + generation.targets.map(\.target)
    paths += generation.claims.map { host.places.bin.appending($0.name) }
    paths +=
      generation.claims.map { FilePath($0.program) } + generation.interpreters.map { FilePath($0.program) }
    paths += [host.places.table(of: scope), Generations.folder(scope, host: host)]
    let stats = TargetStats(generation.number, scope: scope, host: host)
    for target in generation.targets {
      // Changed since the switch: not what a run with nothing to do would find.
      guard let then = stats[target.resolved] else { continue }
      let now = try host.files.status(target.resolved, followLinks: false).map { Signature($0) }
      guard now == then else { return try discard(scope, host: host) }
    }

    var text = "\(format)\n\(plain(version))\n\(arguments.hex)\n\(plain(summary))\n"
    var seen: Set<FilePath> = []
    let now = host.clock.now() * 1_000_000_000
    for (paths, isInput) in [(inputs, true), (paths, false)] {
      for path in paths where seen.insert(path).inserted {
        guard !path.string.utf8.contains(10) else { return try discard(scope, host: host) }
        text += try line(path, isInput: isInput, now: now, host)
      }
    }
    text += "end \(fnv1a64(text.utf8))\n"
    let temporary = FilePath(Self.path(scope, host).string + ".new")
    try host.files.removeTree(temporary)
    try host.files.create(temporary, Array(text.utf8), mode: 0o600)
    try host.files.rename(temporary, to: Self.path(scope, host))
  }

  /// Makes the next `up` look closer.
  public static func discard(_ scope: Scope, host: Host) throws {
    let path = path(scope, host)
    if try host.files.status(path, followLinks: false) != nil { try host.files.remove(path) }
  }

  /// The summary line of the last run when nothing has changed since; nil when `up` must look closer.
  public static func current(
    for scope: Scope, version: String, arguments: Digest, host: Host
  ) -> String? {
    guard let bytes = try? host.files.read(path(scope, host)), bytes.count > 21 else { return nil }
    let content = bytes.count - 21
    guard bytes[content...].elementsEqual("end \(fnv1a64(bytes[..<content]))\n".utf8) else { return nil }
    var start = 0
    func next() -> Range<Int>? {
      guard start < content, let end = bytes[start..<content].firstIndex(of: 10) else { return nil }
      defer { start = end + 1 }
      return start..<end
    }
    for expected in [format, plain(version), arguments.hex] {
      guard let line = next(), bytes[line].elementsEqual(expected.utf8) else { return nil }
    }
    guard let summary = next() else { return nil }
    while let line = next() {
      guard isCurrent(bytes[line], host) else { return nil }
    }
    return String(decoding: bytes[summary], as: UTF8.self)
  }

  private static func plain(_ text: String) -> String { String(text.map { $0.isNewline ? " " : $0 }) }

  // MARK: Lines

  /// `<kind> <mode> <size> <modified> <changed> <inode> <digest or ->` and the path; or `n` and the path for what
  /// is not there. A capital letter stands for what is at the other end of a link.
  private static func line(
    _ path: FilePath, isInput: Bool, now: Int64, _ host: Host
  ) throws(FileError) -> String {
    guard let status = try host.files.status(path, followLinks: false) else { return "n \(path)\n" }
    var text = try line(letter(status.kind), path, status, isInput: isInput, now: now, host)
    if status.kind == .link {
      if let target = try host.files.status(path, followLinks: true) {
        text += try line(letter(target.kind).uppercased(), path, target, isInput: isInput, now: now, host)
      } else {
        text += "N \(path)\n"
      }
    }
    return text
  }

  private static func line(
    _ letter: String, _ path: FilePath, _ status: FileStatus, isInput: Bool, now: Int64, _ host: Host
  ) throws(FileError) -> String {
    let isRacy = isInput && max(status.modified, status.changed) > now - racy
    let digest = isRacy ? try digest(path, status.kind, host) : "-"
    return
      "\(letter) \(status.mode) \(status.size) \(status.modified) \(status.changed) \(status.inode) \(digest) \(path)\n"
  }

  private static func letter(_ kind: FileStatus.Kind) -> String {
    switch kind {
    case .file: "f"
    case .directory: "d"
    case .link: "l"
    case .other: "o"
    }
  }

  private static func digest(
    _ path: FilePath, _ kind: FileStatus.Kind, _ host: Host
  ) throws(FileError) -> String {
    switch kind {
    case .file: fnv1a64(try host.files.read(path))
    case .directory: fnv1a64(try host.files.list(path).joined(separator: "/").utf8)
    case .link: fnv1a64(try host.files.readLink(path).utf8)
    case .other: "-"
    }
  }

  private static func isCurrent(_ line: ArraySlice<UInt8>, _ host: Host) -> Bool {
    guard let letter = line.first else { return false }
    let follows = letter < UInt8(ascii: "a")
    var rest = line.dropFirst(2)
    var numbers: [UInt64] = []
    if letter | 32 == UInt8(ascii: "n") {
      let path = FilePath(String(decoding: rest, as: UTF8.self))
      return (try? host.files.status(path, followLinks: follows)) == .some(nil)
    }
    for _ in 0..<5 {
      var number: UInt64 = 0
      var digits = 0
      while let byte = rest.first, byte != 32 {
        guard byte >= 48, byte <= 57, digits < 20 else { return false }
        number = number &* 10 &+ UInt64(byte - 48)
        digits += 1
        rest = rest.dropFirst()
      }
      guard digits > 0, !rest.isEmpty else { return false }
      numbers.append(number)
      rest = rest.dropFirst()
    }
    guard let space = rest.firstIndex(of: 32) else { return false }
    let digest = rest[..<space]
    let path = FilePath(String(decoding: rest[(space + 1)...], as: UTF8.self))
    guard let status = (try? host.files.status(path, followLinks: follows)) ?? nil,
      Self.letter(status.kind).utf8.first == letter | 32, UInt64(status.mode) == numbers[0],
      UInt64(bitPattern: status.size) == numbers[1], UInt64(bitPattern: status.modified) == numbers[2],
      UInt64(bitPattern: status.changed) == numbers[3], status.inode == numbers[4]
    else { return false }
    if digest.elementsEqual("-".utf8) { return true }
    return (try? Self.digest(path, status.kind, host))?.utf8.elementsEqual(digest) == true
  }
}
