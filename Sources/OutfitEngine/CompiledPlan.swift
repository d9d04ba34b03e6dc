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
  ///   - record: the current generation, where the caller has it already.
  public static func write(
    for scope: Scope, version: String, arguments: Digest, inputs: [FilePath], outputs: [FilePath],
    summary: String, record: Generation? = nil, host: Host
  ) throws {
    try Generations.prepare(scope, host: host)
    guard let generation = try record ?? Generations.current(scope, host: host) else { return }
    var paths: [FilePath] = []
    paths += outputs
    paths += generation.targets.map(\.resolved)
    paths += generation.targets.filter { $0.target != $0.resolved }.map(\.target)
    for target in generation.targets {
      guard case .tree = target.written else { continue }
      paths += [TreeMark.name, TreeMark.list].map { target.resolved.appending($0) }
    }
    paths += generation.claims.map { host.places.bin.appending($0.name) }
    paths +=
      generation.claims.map { FilePath($0.program) } + generation.interpreters.map { FilePath($0.program) }
    paths += [host.places.table(of: scope), Generations.folder(scope, host: host)]
    if !generation.claims.isEmpty { paths.append(host.places.launcher) }
    let stats = TargetStats(generation.number, scope: scope, host: host)
    for target in generation.targets {
      // Changed since the switch: not what a run with nothing to do would find.
      guard let then = stats[target.resolved] else { continue }
      let now = try host.files.status(target.resolved, followLinks: false).map { Signature($0) }
      // The times of a folder are those of the last change in it, which is compared by itself.
      let isFolder = target.written.isDirectory || target.written.isWholeFolder
      let isSame = isFolder ? now?.inode == then.inode && now?.mode == then.mode : now == then
      guard isSame else { return try discard(scope, host: host) }
    }

    var text = Array("\(format)\n\(plain(version))\n\(arguments.hex)\n\(plain(summary))\n".utf8)
    var seen: Set<String> = []
    seen.reserveCapacity(inputs.count + paths.count)
    let now = host.clock.now() * 1_000_000_000
    for (paths, isInput) in [(inputs, true), (paths, false)] {
      for path in paths {
        let name = path.string
        guard seen.insert(name).inserted else { continue }
        guard !name.utf8.contains(10) else { return try discard(scope, host: host) }
        try addLine(path, name, isInput: isInput, now: now, host, to: &text)
      }
    }
    try put(text, scope, host)
  }

  /// Makes the next `up` look closer.
  public static func discard(_ scope: Scope, host: Host) throws {
    let path = path(scope, host)
    if try host.files.status(path, followLinks: false) != nil { try host.files.remove(path) }
  }

  /// The summary line of the last run when nothing has changed since; nil when `up` must look closer.
  /// - Parameter arguments: any of them may be what was written.
  public static func current(
    for scope: Scope, version: String, arguments: Digest..., host: Host
  ) -> String? {
    guard let bytes = try? host.files.read(path(scope, host)) else { return nil }
    let heads = arguments.map { "\(format)\n\(plain(version))\n\($0.hex)\n" }
    guard let expected = heads.first(where: { bytes.starts(with: $0.utf8) }) else { return nil }
    let now = host.clock.now() * 1_000_000_000
    var hasDigests = false
    let summary = bytes.withUnsafeBufferPointer { current($0, Array(expected.utf8), &hasDigests, host) }
    // It is right already, so a failure to make it quicker is none.
    if summary != nil, hasDigests { try? settle(bytes, now: now, scope: scope, host) }
    return summary
  }

  /// Leaves out the digests of what has just been compared and changed long enough before that: from here on its
  /// times tell all.
  private static func settle(_ bytes: [UInt8], now: Int64, scope: Scope, _ host: Host) throws(FileError) {
    var text = ""
    var isSettling = false
    for (index, line) in String(decoding: bytes, as: UTF8.self).split(separator: "\n").dropLast().enumerated()
    {
      let fields = line.split(separator: " ", maxSplits: 7)
      guard index >= 4, fields.count == 8, fields[6] != "-", let modified = Int64(fields[3]),
        let changed = Int64(fields[4]), max(modified, changed) <= now - Signature.racy
      else {
        text += "\(line)\n"
        continue
      }
      isSettling = true
      text += "\(fields[..<6].joined(separator: " ")) - \(fields[7])\n"
    }
    if isSettling { try put(Array(text.utf8), scope, host) }
  }

  private static func put(_ text: [UInt8], _ scope: Scope, _ host: Host) throws(FileError) {
    let temporary = FilePath(path(scope, host).string + ".new")
    try host.files.removeTree(temporary)
    try host.files.create(temporary, text + Array("end \(fnv1a64(text))\n".utf8), mode: 0o600)
    try host.files.rename(temporary, to: path(scope, host))
  }

  private static func current(
    _ bytes: UnsafeBufferPointer<UInt8>, _ expected: [UInt8], _ hasDigests: inout Bool, _ host: Host
  ) -> String? {
    let end = bytes.count - 21
    guard end > expected.count,
      bytes[end...].elementsEqual("end \(fnv1a64(UnsafeBufferPointer(rebasing: bytes[..<end])))\n".utf8),
      bytes[..<expected.count].elementsEqual(expected)
    else { return nil }
    var start = expected.count
    var summary: String?
    while start < end, let place = bytes.place(of: 10, from: start) {
      let line = UnsafeBufferPointer(rebasing: bytes[start..<place])
      start = place + 1
      if summary == nil {
        summary = String(decoding: line, as: UTF8.self)
      } else if !isCurrent(line, &hasDigests, host) {
        return nil
      }
    }
    return start == end ? summary : nil
  }

  private static func plain(_ text: String) -> String { String(text.map { $0.isNewline ? " " : $0 }) }

  // MARK: Lines

  /// `<kind> <mode> <size> <modified> <changed> <inode> <digest or ->` and the path; or `n` and the path for what
  /// is not there. A capital letter stands for what is at the other end of a link.
  private static func addLine(
    _ path: FilePath, _ name: String, isInput: Bool, now: Int64, _ host: Host, to text: inout [UInt8]
  ) throws(FileError) {
    guard let status = try host.files.status(path, followLinks: false) else {
      text += "n \(name)\n".utf8
      return
    }
    try add(letter(status.kind), path, name, status, isInput: isInput, now: now, host, to: &text)
    guard status.kind == .link else { return }
    if let target = try host.files.status(path, followLinks: true) {
      try add(letter(target.kind) & 0xDF, path, name, target, isInput: isInput, now: now, host, to: &text)
    } else {
      text += "N \(name)\n".utf8
    }
  }

  private static func add(
    _ letter: UInt8, _ path: FilePath, _ name: String, _ status: FileStatus, isInput: Bool, now: Int64,
    _ host: Host, to text: inout [UInt8]
  ) throws(FileError) {
    text.append(letter)
    for number in [Int64(status.mode), status.size, status.modified, status.changed] {
      text.append(32)
      text.append(number)
    }
    let isRacy = isInput && max(status.modified, status.changed) > now - Signature.racy
    text += " \(status.inode) \(isRacy ? try digest(path, status.kind, host) : "-") ".utf8
    text += name.utf8
    text.append(10)
  }

  private static func letter(_ kind: FileStatus.Kind) -> UInt8 {
    switch kind {
    case .file: UInt8(ascii: "f")
    case .directory: UInt8(ascii: "d")
    case .link: UInt8(ascii: "l")
    case .other: UInt8(ascii: "o")
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

  private static func isCurrent(
    _ line: UnsafeBufferPointer<UInt8>, _ hasDigests: inout Bool, _ host: Host
  ) -> Bool {
    guard line.count > 2 else { return false }
    let letter = line[0]
    let follows = letter < UInt8(ascii: "a")
    var place = 2
    func path() -> UnsafeBufferPointer<UInt8> { UnsafeBufferPointer(rebasing: line[place...]) }
    if letter | 32 == UInt8(ascii: "n") {
      return (try? host.files.status(named: path(), followLinks: follows)) == .some(nil)
    }
    func number() -> UInt64? {
      let start = place
      var number: UInt64 = 0
      while place < line.count, line[place] != 32 {
        guard line[place] >= 48, line[place] <= 57 else { return nil }
        number = number &* 10 &+ UInt64(line[place] - 48)
        place += 1
      }
      guard place > start, place < line.count else { return nil }
      place += 1
      return number
    }
    guard let mode = number(), let size = number(), let modified = number(), let changed = number(),
      let inode = number(), let space = line.place(of: 32, from: place)
    else { return false }
    let digest = line[place..<space]
    place = space + 1
    guard let status = (try? host.files.status(named: path(), followLinks: follows)) ?? nil,
      Self.letter(status.kind) == letter | 32, UInt64(status.mode) == mode,
      UInt64(bitPattern: status.size) == size, UInt64(bitPattern: status.modified) == modified,
      UInt64(bitPattern: status.changed) == changed, status.inode == inode
    else { return false }
    if digest.count == 1, digest.first == UInt8(ascii: "-") { return true }
    hasDigests = true
    return (try? Self.digest(FilePath(bytes: path()), status.kind, host))?.utf8.elementsEqual(digest) == true
  }
}
