import OutfitCore
import OutfitSystem
import SystemPackage

/// What came out of an archive.
struct Unpacked: Sendable {
  var contents: Contents
  /// What is still to be written.
  var rest: Rest?

  /// Files that wait in memory.
  struct Rest: Sendable {
    fileprivate var pass: WritingPass
    fileprivate var works: [WritingPass.Work]

    /// Writes them, in a thread of its own.
    /// - Returns: what was written.
    func finish() async throws -> Contents {
      try await withCheckedThrowingContinuation { continuation in
        Threads.start {
          continuation.resume(
            with: Result {
              var pass = pass
              for work in works { try pass.write(work) }
              return Contents(entries: pass.entries)
            })
        }
      }
    }
  }
}

/// Puts the members of an archive into a folder that nobody else writes to, and nothing anywhere else.
///
/// Every member is judged before anything of it is written. Folders are made at once, files and links by threads.
final class TreeWriter: TarReader.Sink {
  private let files: any Files
  /// For people.
  private let name: String
  private let out: FilePath
  private let strip: Int
  /// What the names of files begin with that are left to the end, as far as memory goes.
  private let later: [String]
  private let writers: [FileWriter]
  private var nextWriter = 0

  /// What stands in the folder, by its relative name.
  private var folders: Set<String> = [""]
  private var others: Set<String> = []
  private var hardLinks: [(from: String, to: String, mode: UInt16)] = []
  private var waiting: [WritingPass.Work] = []
  private var waitingSize: Int64 = 0
  private var current: File?
  private var size: Int64 = 0
  private var count = 0
  /// Bytes of all the names that are kept in memory.
  private var named = 0
  /// Bytes of the archive that were read so far.
  var consumed: Int64 = 0

  /// A file whose content comes.
  private struct File {
    var relative: String
    var path: FilePath
    var mode: UInt16
    var modified: Int64
    var left: Int64
    var bytes: [UInt8] = []
    /// Nil for what waits.
    var writer: Int?
    var isBegun = false
  }

  /// Content is handed on in pieces of at most this many bytes.
  private static let piece = 4 << 20
  private static let mostMembers = 1_000_000
  /// Bytes: what no system takes as a path (PATH_MAX).
  private static let longestName = 4096
  private static let deepest = 256
  private static let mostNamed = 256 << 20
  private static let mostWaiting: Int64 = 64 << 20

  /// - Parameters:
  ///   - strip: leading folders that are dropped from every name.
  ///   - later: what the names of files begin with, without those folders, that may be the last.
  init(files: any Files, name: String, out: FilePath, strip: Int, later: [String]) {
    self.files = files
    self.name = name
    self.out = out
    self.strip = strip
    self.later = later
    writers = [FileWriter(files), FileWriter(files)]
  }

  func begin(_ member: TarReader.Member) throws {
    count += 1
    if count > Self.mostMembers { throw hostile("it has more than \(Self.mostMembers) members") }
    guard let relative = try place(member.name) else {
      current = nil
      return
    }
    try reserve(member.size)
    let path = relative.isEmpty ? out : out.pushing(FilePath(relative))
    switch member.kind {
    case .directory:
      try makeFolders(relative, mode: member.mode & 0o755 | 0o700)
    case .file:
      if member.mode & 0o6000 != 0 { throw hostile("\(relative) would run as another user (set-id)") }
      try claim(relative)
      current = File(
        relative: relative, path: path, mode: member.mode & 0o755 | 0o600,
        modified: nanoseconds(member.modified),
        left: member.size, writer: waits(relative, member.size) ? nil : next())
      current?.bytes.reserveCapacity(Int(clamping: min(member.size, Int64(Self.piece))))
    case .link(let destination):
      guard destination.utf8.count <= Self.longestName else {
        throw hostile("its link \(relative) names more than \(Self.longestName) bytes")
      }
      try claim(relative)
      let depth = relative.utf8.count { $0 == UInt8(ascii: "/") }
      guard Archive.isInside(destination, depth: depth) else {
        throw hostile("its link \(relative) leads out of it, to \(destination)")
      }
      let length = Int64(destination.utf8.count)
      try reserve(length)
      hand(
        WritingPass.Work(relative: relative, path: path, kind: .link(destination)),
        to: waits(relative, length) ? nil : next())
    case .hardLink(let target):
      guard let target = try place(target), others.contains(target), !target.isEmpty else {
        throw hostile("its hard link \(relative) leads to \(target), which is no file that comes before it")
      }
      try claim(relative)
      hardLinks.append((target, relative, member.mode & 0o755 | 0o600))
    case .other(let kind):
      throw hostile("\(relative) is neither file, link nor folder (a member of kind \(kind))")
    }
  }

  func content(_ bytes: UnsafeRawBufferPointer) throws {
    guard current != nil else { return }
    current?.bytes.append(contentsOf: bytes)
    current?.left -= Int64(bytes.count)
    if current?.bytes.count ?? 0 >= Self.piece { handOn() }
  }

  func end() throws {
    guard current != nil else { return }
    handOn()
    current = nil
  }

  private func handOn() {
    guard var file = current else { return }
    current = nil
    let piece = WritingPass.Piece(
      bytes: file.bytes, mode: file.mode, modified: file.modified, begins: !file.isBegun, ends: file.left == 0
    )
    hand(WritingPass.Work(relative: file.relative, path: file.path, kind: .file(piece)), to: file.writer)
    file.isBegun = true
    file.bytes = []
    current = file
  }

  /// The thread whose turn it is.
  private func next() -> Int {
    defer { nextWriter = (nextWriter + 1) % writers.count }
    return nextWriter
  }

  private func hand(_ work: WritingPass.Work, to writer: Int?) {
    if let writer { writers[writer].write(work) } else { waiting.append(work) }
  }

  /// Waits until everything is written but what may come later.
  /// - Throws: the first error of a thread.
  func finish() throws -> Unpacked {
    // A hard link is made of what is there.
    if !hardLinks.isEmpty {
      for work in waiting { writers[0].write(work) }
      waiting = []
    }
    var contents = Contents()
    var errors: [FileError] = []
    for writer in writers {
      let (error, entries) = writer.finish()
      if let error { errors.append(error) }
      contents.entries.merge(entries) { $1 }
    }
    if let error = errors.first { throw explain(error) }
    for link in hardLinks {
      let source = out.pushing(FilePath(link.from))
      guard try files.status(source, followLinks: false)?.kind == .file else {
        throw hostile("its hard link \(link.to) leads to \(link.from), which is no file")
      }
      let bytes = try files.read(source, limit: FileBound.own)
      try reserve(Int64(bytes.count))
      try files.create(out.pushing(FilePath(link.to)), bytes, mode: link.mode)
      if !Contents.ignores(link.to) {
        contents.entries[link.to] = .file(Digest(of: bytes), isExecutable: link.mode & 0o100 != 0)
      }
    }
    contents.size = size
    let rest = Unpacked.Rest(pass: WritingPass(files), works: waiting)
    return Unpacked(contents: contents, rest: waiting.isEmpty ? nil : rest)
  }

  private func waits(_ relative: String, _ size: Int64) -> Bool {
    guard waitingSize + size <= Self.mostWaiting, later.contains(where: relative.hasPrefix) else {
      return false
    }
    waitingSize += size
    return true
  }

  /// Ends the threads; what was made stays to be removed.
  func abandon() {
    for writer in writers { _ = writer.finish() }
  }

  // MARK: Judging

  /// The member's name below the folder; nil for what the dropped folders are.
  private func place(_ name: String) throws -> String? {
    guard name.utf8.count <= Self.longestName else {
      throw hostile("it has a name of more than \(Self.longestName) bytes, \(name.prefix(60))...")
    }
    if name.hasPrefix("/") { throw hostile("it has the absolute name \(name)") }
    var parts = name.split(separator: "/").filter { $0 != "." }
    if parts.contains("..") { throw hostile("it has the name \(name), which leads out of it") }
    guard parts.count > strip || (strip == 0 && parts.isEmpty) else { return nil }
    guard parts.count <= Self.deepest else {
      throw hostile("it has a name more than \(Self.deepest) folders deep, \(name.prefix(60))...")
    }
    parts.removeFirst(strip)
    return parts.joined(separator: "/")
  }

  /// A name is given once only, in folders that are folders.
  private func claim(_ relative: String) throws {
    guard !relative.isEmpty else { throw hostile("it has a member without a name") }
    if let slash = relative.lastIndex(of: "/") { try makeFolders(String(relative[..<slash]), mode: 0o755) }
    guard !folders.contains(relative), others.insert(relative).inserted else {
      throw hostile("it has \(relative) twice")
    }
    try remember(relative)
  }

  /// A few short members can stand for names that fill the memory: each folder's name is kept whole.
  private func remember(_ relative: String) throws {
    named += relative.utf8.count
    if named > Self.mostNamed { throw hostile("its names are more than \(Self.mostNamed >> 20) MB") }
  }

  /// Of a time that no clock here can hold, the last or the first that it can.
  private func nanoseconds(_ seconds: Int64) -> Int64 {
    let (product, overflows) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
    return overflows ? (seconds < 0 ? .min : .max) : product
  }

  private func makeFolders(_ relative: String, mode: UInt16) throws {
    if folders.contains(relative) { return }
    if let slash = relative.lastIndex(of: "/") { try makeFolders(String(relative[..<slash]), mode: 0o755) }
    guard !others.contains(relative) else {
      throw hostile("it has \(relative) as a folder and as something else")
    }
    folders.insert(relative)
    try remember(relative)
    try files.createDirectory(out.pushing(FilePath(relative)), mode: mode)
  }

  /// What an archive of that length can hold in good faith: a hundred times its size. Nothing beyond is written.
  private func reserve(_ bytes: Int64) throws {
    let most = 64 << 20 + min(consumed, 1 << 40) * 100
    guard bytes >= 0, bytes <= most, size <= most - bytes else {
      throw hostile("it would fill the disk: more than \(most >> 20) MB out of \(max(consumed >> 20, 1)) MB")
    }
    size += bytes
  }

  private func hostile(_ what: String) -> Failure { Archive.hostile(name, what) }

  private func explain(_ error: FileError) -> any Error {
    error.code == .fileExists ? hostile("it has \(error.path) twice, as this file system sees it") : error
  }
}

/// Writes files and links, one after the other, and knows what it wrote.
private struct WritingPass: Sendable {
  struct Work: Sendable {
    enum Kind: Sendable {
      case file(Piece)
      case link(String)
    }
    var relative: String
    var path: FilePath
    var kind: Kind

    /// Bytes that it keeps in memory.
    var size: Int {
      if case .file(let piece) = kind { piece.bytes.count } else { 0 }
    }
  }

  /// Of the content of a file.
  struct Piece: Sendable {
    var bytes: [UInt8]
    var mode: UInt16
    var modified: Int64
    var begins: Bool
    var ends: Bool
  }

  private(set) var entries: [String: Contents.Entry] = [:]
  private let files: any Files
  private var digest = Digest.Running()

  init(_ files: any Files) { self.files = files }

  mutating func write(_ work: Work) throws(FileError) {
    let counts = !Contents.ignores(work.relative)
    switch work.kind {
    case .link(let destination):
      try files.createLink(work.path, to: destination)
      if counts { entries[work.relative] = .link(destination) }
    case .file(let piece):
      if piece.begins {
        digest = Digest.Running()
        try files.create(
          work.path, piece.bytes, mode: piece.mode, modified: piece.ends ? piece.modified : nil)
      } else {
        try files.append(work.path, piece.bytes)
        if piece.ends { try files.setModified(work.path, piece.modified) }
      }
      // The many small ones are quicker together, at the end.
      if piece.bytes.count >= 1 << 20 { files.startWriting(work.path) }
      guard counts else { return }
      digest.update(piece.bytes)
      if piece.ends {
        entries[work.relative] = .file(digest.finish(), isExecutable: piece.mode & 0o100 != 0)
      }
    }
  }
}

/// A thread that writes files.
private final class FileWriter: Sendable {
  typealias End = (error: FileError?, entries: [String: Contents.Entry])

  private let queue = ThreadQueue<WritingPass.Work>(room: 32 << 20)
  private let ended = ThreadQueue<End>()

  init(_ files: any Files) {
    let (queue, ended) = (queue, ended)
    Threads.start {
      var failure: FileError?
      var pass = WritingPass(files)
      while let work = queue.receive() {
        guard failure == nil else { continue }
        do throws(FileError) {
          try pass.write(work)
        } catch {
          failure = error
        }
      }
      ended.send((failure, pass.entries))
    }
  }

  func write(_ work: WritingPass.Work) { queue.send(work, weight: work.size + 1) }

  func finish() -> End {
    queue.close()
    defer { ended.close() }
    return ended.receive() ?? (nil, [:])
  }
}
