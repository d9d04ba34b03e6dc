import OutfitSystem
import Support
import SystemPackage
import Testing

#if canImport(Darwin)
  import Darwin
#elseif canImport(Glibc)
  import Glibc
#endif

/// What both file systems, the real one and the one in memory, must do alike.
@Suite struct FilesTests {
  enum Which: CaseIterable, Sendable { case real, memory }

  /// A file system, an empty folder in it, and what keeps that folder.
  private func make(_ which: Which) throws -> (any Files, FilePath, ScratchFolder?) {
    switch which {
    case .real:
      let scratch = try ScratchFolder()
      let folder = scratch.path.appending("files")
      try scratch.host.files.createDirectory(folder, mode: 0o755)
      return (scratch.host.files, folder, scratch)
    case .memory:
      let files = MemoryFiles()
      files.putDirectory("/work")
      return (files, "/work", nil)
    }
  }

  @Test(arguments: Which.allCases) func aFileIsMadeWithItsModeWhateverTheUmask(_ which: Which) throws {
    let (files, root, scratch) = try make(which)
    defer { _ = scratch }
    let path = root.appending("a")
    try files.create(path, Array("text".utf8), mode: 0o666)
    let status = try #require(try files.status(path, followLinks: false))
    #expect(status.kind == .file)
    #expect(status.mode == 0o666)
    #expect(status.size == 4)
    #expect(try files.read(path) == Array("text".utf8))
  }

  @Test(arguments: Which.allCases) func createNeverReplacesAndNeverFollowsALink(_ which: Which) throws {
    let (files, root, scratch) = try make(which)
    defer { _ = scratch }
    try files.create(root.appending("a"), [1], mode: 0o644)
    try files.createLink(root.appending("dangling"), to: "nowhere")
    for name in ["a", "dangling"] {
      #expect(throws: FileError.self) { try files.create(root.appending(name), [2], mode: 0o644) }
    }
    #expect(try files.read(root.appending("a")) == [1])
    #expect(try files.list(root) == ["a", "dangling"])
  }

  @Test(arguments: Which.allCases, [false, true])
  func aFolderIsCopiedWithAllThatIsInIt(_ which: Which, _ refusesLinks: Bool) throws {
    let (files, root, scratch) = try make(which)
    defer { _ = scratch }
    let (source, target) = (root.appending("source"), root.appending("target"))
    try files.createDirectories(source.pushing("deep/deeper"))
    try files.createDirectory(source.appending("empty"), mode: 0o711)
    let large = (0..<300_000).map { UInt8(truncatingIfNeeded: $0 &* 7) }
    for (name, bytes, mode) in [
      ("none", [], 0o600), ("deep/program", [1, 2, 3], 0o755), ("deep/deeper/large", large, 0o444),
    ] as [(String, [UInt8], UInt16)] {
      try files.create(
        source.pushing(FilePath(name)), bytes, mode: mode, modified: 1_700_000_000_123_456_789)
    }
    try files.createLink(source.appending("link"), to: "deep/program")
    try files.createLink(source.appending("dangling"), to: "/nowhere")
    try files.setModified(source.appending("link"), 1_600_000_000_000_000_001)
    try files.setModified(source.appending("deep"), 1_500_000_000_000_000_001)
    try files.setMode(source.appending("deep"), 0o555)
    try (refusesLinks ? files.withoutLinks : files).copyTree(from: source, to: target)

    func compare(_ name: FilePath) throws {
      let (from, to) = (source.pushing(name), target.pushing(name))
      let old = try #require(try files.status(from, followLinks: false))
      let new = try #require(try files.status(to, followLinks: false), "\(name)")
      #expect(old.kind == new.kind && old.mode == new.mode && old.modified == new.modified, "\(name)")
      #expect(old.inode != new.inode, "\(name)")
      switch old.kind {
      case .file: #expect(try files.read(from) == files.read(to), "\(name)")
      case .link: #expect(try files.readLink(from) == files.readLink(to))
      default:
        #expect(try files.list(from) == files.list(to))
        for entry in try files.list(from) { try compare(name.appending(entry)) }
      }
    }
    try compare("")
    #expect(throws: FileError.self) { try files.copyTree(from: source, to: target) }
    #expect(throws: FileError.self) {
      try files.copyTree(from: root.appending("missing"), to: root.appending("other"))
    }
    #expect(!files.exists(root.appending("other")))
  }

  @Test(arguments: Which.allCases) func byTheBytesOfItsPathAFileIsTheSame(_ which: Which) throws {
    let (files, root, scratch) = try make(which)
    defer { _ = scratch }
    try files.create(root.appending("a"), [1, 2], mode: 0o600)
    try files.createLink(root.appending("ä"), to: "a")
    try files.createLink(root.appending("dangling"), to: "nowhere")
    for name in ["", "a", "ä", "dangling", "none", "a/b"] {
      for follows in [false, true] {
        let path = root.appending(name)
        let found = try Array(path.string.utf8).withUnsafeBufferPointer { bytes in
          try files.status(named: bytes, followLinks: follows)
        }
        #expect(try files.status(path, followLinks: follows) == found, "\(name)")
      }
    }
    let long = Array(root.appending(String(repeating: "x", count: 300)).string.utf8)
    if which == .real {
      #expect(throws: FileError("look at", FilePath(String(decoding: long, as: UTF8.self)), .fileNameTooLong))
      {
        _ = try long.withUnsafeBufferPointer { try files.status(named: $0, followLinks: false) }
      }
    }
  }

  @Test(arguments: Which.allCases) func linksAreFollowedOnlyWhenAsked(_ which: Which) throws {
    let (files, root, scratch) = try make(which)
    defer { _ = scratch }
    try files.createDirectory(root.appending("folder"), mode: 0o700)
    try files.create(root.appending("folder/a"), [1, 2], mode: 0o600)
    try files.createLink(root.appending("link"), to: "folder")
    #expect(try files.status(root.appending("link"), followLinks: false)?.kind == .link)
    #expect(try files.status(root.appending("link"), followLinks: true)?.kind == .directory)
    #expect(try files.read(root.appending("link/a")) == [1, 2])
    #expect(try files.read(root.appending("link/../folder/a")) == [1, 2])
    #expect(try files.readLink(root.appending("link")) == "folder")
    #expect(try files.status(root.appending("none"), followLinks: true) == nil)
    #expect(try files.status(root.appending("folder/a/below"), followLinks: true) == nil)
    try files.createLink(root.appending("round"), to: "round")
    #expect(!files.exists(root.appending("round")))
  }

  @Test(arguments: Which.allCases) func renameReplacesInOneStep(_ which: Which) throws {
    let (files, root, scratch) = try make(which)
    defer { _ = scratch }
    try files.create(root.appending("a"), [1], mode: 0o644)
    try files.create(root.appending("b"), [2], mode: 0o600)
    try files.rename(root.appending("a"), to: root.appending("b"))
    #expect(try files.read(root.appending("b")) == [1])
    #expect(try files.list(root) == ["b"])
    try files.createDirectory(root.appending("folder"), mode: 0o755)
    #expect(throws: FileError.self) { try files.rename(root.appending("b"), to: root.appending("folder")) }
    #expect(throws: FileError.self) {
      try files.rename(root.appending("folder"), to: root.appending("folder/inside"))
    }
  }

  @Test(arguments: Which.allCases) func treesAreRemovedNeverThroughALink(_ which: Which) throws {
    let (files, root, scratch) = try make(which)
    defer { _ = scratch }
    try files.createDirectories(root.appending("tree/deep/er"))
    try files.create(root.appending("kept"), [1], mode: 0o644)
    try files.createLink(root.appending("tree/out"), to: "..")
    try files.create(root.appending("tree/deep/a"), [1], mode: 0o400)
    try files.setMode(root.appending("tree/deep"), 0o500)
    try files.removeTree(root.appending("tree"))
    #expect(try files.list(root) == ["kept"])
    try files.removeTree(root.appending("tree"))
  }

  @Test(arguments: Which.allCases) func whatOutfitsOwnFolderLiesInIsOpen(_ which: Which) throws {
    let (files, root, scratch) = try make(which)
    defer { _ = scratch }
    try files.createDirectories(root.pushing(".local/state/outfit/answers/outfit/a"), mode: 0o700)
    try files.createDirectories(root.pushing("else/where"), mode: 0o700)
    for (name, mode) in [
      (".local", 0o755), (".local/state", 0o755), (".local/state/outfit", 0o700),
      (".local/state/outfit/answers", 0o700), (".local/state/outfit/answers/outfit/a", 0o700),
      ("else", 0o700), ("else/where", 0o700),
    ] as [(String, UInt16)] {
      #expect(try files.status(root.pushing(FilePath(name)), followLinks: false)?.mode == mode, "\(name)")
    }
  }

  @Test(arguments: Which.allCases) func timesAreKeptToTheNanosecond(_ which: Which) throws {
    let (files, root, scratch) = try make(which)
    defer { _ = scratch }
    try files.create(root.appending("a"), [1], mode: 0o644)
    try files.setModified(root.appending("a"), 1_234_567_890_123_456_789)
    #expect(try files.status(root.appending("a"), followLinks: false)?.modified == 1_234_567_890_123_456_789)
  }

  @Test(arguments: Which.allCases) func aLockIsHeldByOne(_ which: Which) throws {
    let (files, root, scratch) = try make(which)
    defer { _ = scratch }
    let path = root.appending("lock")
    var first = try files.tryLock(path)
    #expect(first != nil)
    #expect(try files.tryLock(path) == nil)
    first = nil
    #expect(try files.tryLock(path) != nil)
  }

  @Test(arguments: Which.allCases) func errorsNameOperationAndPath(_ which: Which) throws {
    let (files, root, scratch) = try make(which)
    defer { _ = scratch }
    let path = root.appending("none")
    #expect(throws: FileError("read", path, .noSuchFileOrDirectory)) { try files.read(path) }
    #expect(throws: FileError("list", path, .noSuchFileOrDirectory)) { try files.list(path) }
    #expect(throws: FileError("append to", path, .noSuchFileOrDirectory)) { try files.append(path, [1]) }
    #expect(throws: FileError("read", root, .isDirectory)) { try files.read(root) }
    try files.create(path, [1], mode: 0o644)
    try files.append(path, [2])
    #expect(try files.read(path) == [1, 2])
    try files.synchronize(path)
    try files.synchronize(root)
    try files.synchronizeAll(root)
  }

  @Test func aLargeFileIsReadWhole() throws {
    let scratch = try ScratchFolder()
    let bytes = (0..<300_001).map { UInt8(truncatingIfNeeded: $0) }
    let path = scratch.path.appending("large")
    try scratch.host.files.create(path, bytes, mode: 0o644)
    #expect(try scratch.host.files.read(path) == bytes)
  }

  @Test(.enabled(if: access("/proc/sys/kernel/osrelease", R_OK) == 0))
  func whichKernelItIsCanBeRead() throws {
    let scratch = try ScratchFolder()
    #expect(try !scratch.host.files.read("/proc/sys/kernel/osrelease").isEmpty)
  }

  @Test(arguments: ["/proc/self/pagemap", "/proc/self/status", "/dev/zero", "/dev/null", "/dev/urandom"])
  func whatIsNoOrdinaryFileIsNotRead(_ place: String) throws {
    let scratch = try ScratchFolder()
    let files = scratch.host.files
    let path = scratch.path.appending("odd")
    try files.createLink(path, to: place)
    guard files.exists(path) else { return }
    let error = #expect(throws: FileError.self) { try files.read(path) }
    #expect(error == FileError("read", path, .notSupported))
    #expect(error?.description == "can't read \(path): it is no ordinary file")
    #expect(error?.isOddFile == true)
    #expect(throws: FileError("read", path, .notSupported)) { try files.readPieces(path) { _ in } }
  }

  @Test func aNamedPipeIsNotRead() throws {
    let scratch = try ScratchFolder()
    let path = scratch.path.appending("pipe")
    try #require(path.withPlatformString { mkfifo($0, 0o600) } == 0)
    #expect(throws: FileError("read", path, .notSupported)) { try scratch.host.files.read(path) }
    #expect(throws: FileError("read", path, .notSupported)) {
      try scratch.host.files.readPieces(path) { _ in }
    }
  }

  @Test func nothingIsReadBeyondItsBound() throws {
    let scratch = try ScratchFolder()
    let files = scratch.host.files
    let path = scratch.path.appending("sparse")
    try files.create(path, [], mode: 0o600)
    #expect(try files.read(path, limit: 0).isEmpty)
    try #require(path.withPlatformString { truncate($0, off_t(FileBound.usual) + 1) } == 0)
    #expect(throws: FileError("read", path, .fileTooLarge)) { try files.read(path) }
    #expect(throws: FileError("read", path, .fileTooLarge)) { try files.text(path) }
    try #require(path.withPlatformString { truncate($0, 10) } == 0)
    #expect(try files.read(path, limit: 10).count == 10)
    #expect(throws: FileError("read", path, .fileTooLarge)) { try files.read(path, limit: 9) }
  }

  @Test func whatIsAddedWhileAFileIsReadIsNotFollowedForEver() throws {
    let scratch = try ScratchFolder()
    let files = scratch.host.files
    let path = scratch.path.appending("growing")
    try files.create(path, [UInt8](repeating: 7, count: 300_000), mode: 0o600)
    var count = 0
    try files.readPieces(path) { piece in
      count += piece.count
      try? files.append(path, [UInt8](repeating: 7, count: piece.count))
    }
    #expect(count == 300_000)
  }
}

@Suite struct MemoryFilesTests {
  @Test func aPowerCutTakesWhatWasNotSynchronized() throws {
    let files = MemoryFiles()
    files.put("/d/old", "old")
    try files.create("/d/content", [1], mode: 0o600)
    try files.create("/d/name", [2], mode: 0o600)
    try files.synchronize("/d/content")
    try files.synchronize("/d")
    try files.create("/d/late", [3], mode: 0o600)
    try files.synchronize("/d/late")
    try files.remove("/d/old")
    files.crash(.strict)
    #expect(
      files.snapshot("/d") == [
        "755 folder ", "600 file content 1:\u{1}", "600 file name 0:", "644 file old 3:old",
      ])
  }

  @Test func aJournalKeepsTheOrderOfNames() throws {
    for keeping in 0...2 {
      let files = MemoryFiles()
      files.put("/d/a", "A")
      files.put("/d/b", "B")
      try files.rename("/d/a", to: "/d/b")
      try files.createDirectory("/d/c", mode: 0o755)
      #expect(files.unsynchronizedNames == 2)
      files.crash(.ordered(keeping: keeping))
      let expected = [["a", "b"], ["b"], ["b", "c"]][keeping]
      #expect(try files.list("/d") == expected)
      #expect(try files.read("/d/b") == Array((keeping == 0 ? "B" : "A").utf8))
    }
  }

  @Test func aStoppedFileSystemDoesNothingMore() throws {
    let files = MemoryFiles()
    files.putDirectory("/d")
    files.stop(before: 1)
    try files.create("/d/a", [1], mode: 0o644)
    #expect(throws: FileError.self) { try files.create("/d/b", [1], mode: 0o644) }
    #expect(throws: FileError.self) { try files.list("/d") }
    #expect(files.isStopped)
    files.crash(.killed)
    #expect(try files.list("/d") == ["a"])
    #expect(files.log == ["create /d/a"])
  }

  @Test func aSingleFailure() throws {
    let files = MemoryFiles()
    files.putDirectory("/d")
    files.fail(at: 0, with: .noSpace)
    #expect(throws: FileError("create", "/d/a", .noSpace)) { try files.create("/d/a", [1], mode: 0o644) }
    try files.create("/d/a", [1], mode: 0o644)
  }

  @Test func permissionsAreThoseOfAUserWhoIsNotRoot() throws {
    let files = MemoryFiles()
    files.put("/d/secret", "x", mode: 0)
    files.putDirectory("/closed", mode: 0o500)
    #expect(throws: FileError("read", "/d/secret", .permissionDenied)) { try files.read("/d/secret") }
    #expect(throws: FileError("create", "/closed/a", .permissionDenied)) {
      try files.create("/closed/a", [], mode: 0o644)
    }
  }
}
