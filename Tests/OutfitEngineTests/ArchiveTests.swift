import OutfitCore
import OutfitSystem
import Support
import SystemPackage
import Testing

@testable import OutfitEngine

/// Archives are made byte by byte, since no tar makes hostile ones.
@Suite struct ArchiveTests {
  private let scratch: ScratchFolder
  private let host: Host

  init() throws {
    scratch = try ScratchFolder()
    host = scratch.host
  }

  private struct Member {
    var name: String
    var type: Character = "0"
    var content = ""
    var link = ""
    var mode = 0o644
    /// Said instead of the content's own.
    var size: Int?
    var modified: Int64 = 1_700_000_000
  }

  /// The ustar format of POSIX.1-1988.
  private func tar(_ members: [Member]) -> [UInt8] {
    var archive: [UInt8] = []
    for member in members {
      var header = [UInt8](repeating: 0, count: 512)
      func put(_ text: String, _ offset: Int) {
        for (i, byte) in text.utf8.enumerated() { header[offset + i] = byte }
      }
      func octal(_ value: Int, _ width: Int) -> String {
        let digits = String(value, radix: 8)
        return String(repeating: "0", count: width - digits.count) + digits
      }
      put(member.name, 0)
      put(octal(member.mode, 7), 100)
      put(octal(0, 7), 108)
      put(octal(0, 7), 116)
      put(octal(max(member.size ?? member.content.utf8.count, 0), 11), 124)
      if member.size == -1 { header[124] = 0xff }
      if member.modified == 1_700_000_000 {
        put(octal(1_700_000_000, 11), 136)
      } else {
        // GNU's way to write a number that octal digits have no room for.
        header[136] = member.modified < 0 ? 0xff : 0x80
        if member.modified < 0 { for i in 137..<140 { header[i] = 0xff } }
        for i in 0..<8 { header[140 + i] = UInt8(truncatingIfNeeded: member.modified >> (56 - 8 * i)) }
      }
      put(String(repeating: " ", count: 8), 148)
      put(String(member.type), 156)
      put(member.link, 157)
      put("ustar\u{0}00", 257)
      put(octal(1, 7), 329)
      put(octal(3, 7), 337)
      let sum = header.reduce(0) { $0 + Int($1) }
      put(octal(sum, 6) + "\u{0} ", 148)
      archive += header + Array(member.content.utf8)
      archive += [UInt8](repeating: 0, count: (512 - member.content.utf8.count % 512) % 512)
    }
    return archive + [UInt8](repeating: 0, count: 1024)
  }

  /// A name by pax, with the member that has it.
  private func named(_ name: String, _ member: Member) -> [Member] {
    let record = " path=\(name)\n"
    var length = record.utf8.count
    while "\(length)\(record)".utf8.count != length { length = "\(length)\(record)".utf8.count }
    return [Member(name: "x", type: "x", content: "\(length)\(record)"), member]
  }

  private func unpack(_ members: [Member], strip: Int = 0) async throws -> FilePath {
    let file = scratch.path.appending("archive.tar")
    try host.files.removeTree(file)
    try host.files.create(file, tar(members), mode: 0o644)
    let out = scratch.path.appending("store").appending("object")
    try await Archive(host: host, file: file, name: "archive.tar").unpack(.tar, to: out, strip: strip)
    return out
  }

  @Test func aGoodArchiveIsUnpackedWithPlainModes() async throws {
    let out = try await unpack(
      [
        Member(name: "python/", type: "5", mode: 0o777), Member(name: "python/bin/", type: "5", mode: 0o755),
        Member(name: "python/bin/python3.13", content: "binary", mode: 0o777),
        Member(name: "python/bin/python3", type: "2", link: "python3.13"),
        Member(name: "python/lib/", type: "5", mode: 0o700),
        Member(name: "python/lib/link", type: "2", link: "../bin/python3"),
        Member(name: "python/lib/hard", type: "1", link: "python/bin/python3.13"),
        Member(name: "python/lib/a b\nc", content: "x", mode: 0o466),
      ], strip: 1)
    let files = host.files
    #expect(try files.list(out) == ["bin", "lib"])
    #expect(try files.status(out.pushing("bin/python3.13"), followLinks: false)?.mode == 0o755)
    #expect(try files.read(out.pushing("lib/link")) == Array("binary".utf8))
    #expect(try files.read(out.pushing("lib/hard")) == Array("binary".utf8))
    #expect(try files.status(out.pushing("lib/a b\nc"), followLinks: false)?.mode == 0o644)
    #expect(try files.status(out.pushing("lib"), followLinks: false)?.mode == 0o700)
  }

  private static let hostile: [(String, [Member])] = [
    ("an absolute name", [Member(name: "/tmp/outfit-hostile", content: "x")]),
    ("a name that climbs", [Member(name: "a/../../escaped", content: "x")]),
    ("a name that climbs at once", [Member(name: "../escaped", content: "x")]),
    ("an absolute link", [Member(name: "a", type: "2", link: "/etc/passwd")]),
    (
      "a link that climbs out",
      [Member(name: "d/", type: "5", mode: 0o755), Member(name: "d/a", type: "2", link: "../../x")]
    ),
    ("a link to above", [Member(name: "a", type: "2", link: "..")]),
    (
      "writing through a link",
      [Member(name: "a", type: "2", link: "../../home"), Member(name: "a/escaped", content: "x")]
    ),
    (
      "a link that another link bends",
      [
        Member(name: "a/b/", type: "5", mode: 0o755), Member(name: "a/b/top", type: "2", link: "../.."),
        Member(name: "out", type: "2", link: "a/b/top/../home"),
      ]
    ),
    ("a device", [Member(name: "null", type: "3", mode: 0o666)]),
    ("a pipe", [Member(name: "pipe", type: "6", mode: 0o666)]),
    ("a hard link to outside", [Member(name: "a", type: "1", link: "../../home/kept")]),
    ("an absolute hard link", [Member(name: "a", type: "1", link: "/etc/hostname")]),
    ("a hard link to what was not there", [Member(name: "a", type: "1", link: "b")]),
    (
      "a hard link through a link",
      [Member(name: "l", type: "2", link: "x"), Member(name: "a", type: "1", link: "l")]
    ),
    ("a program that runs as root", [Member(name: "su", content: "x", mode: 0o4755)]),
    ("one that runs as its group", [Member(name: "wall", content: "x", mode: 0o2755)]),
    ("a name twice", [Member(name: "a", content: "x"), Member(name: "a", content: "y")]),
    (
      "a name twice in two spellings",
      [Member(name: "a/b", content: "x"), Member(name: "./a//b", content: "y")]
    ),
    ("a folder that is a file", [Member(name: "a", content: "x"), Member(name: "a/b", content: "y")]),
    (
      "writing through a link that stays inside",
      [
        Member(name: "d/", type: "5", mode: 0o755), Member(name: "l", type: "2", link: "d"),
        Member(name: "l/a", content: "x"),
      ]
    ),
    ("a socket", [Member(name: "s", type: "9")]),
    ("8 GB of zeros", [Member(name: "zeros", size: (8 << 30) - 1)]),
    ("a size below nothing", [Member(name: "b", size: -1)]),
  ]

  @Test(arguments: hostile.indices) func aHostileArchiveIsRefusedAndLeavesNothing(_ index: Int) async throws {
    let (what, members) = Self.hostile[index]
    try scratch.put("home/kept", "kept")
    let failure = await #expect(throws: Failure.self, "\(what)") { try await unpack(members) }
    #expect(failure?.diagnostics.first?.message.contains("archive.tar") == true, "\(what)")
    #expect(try host.files.list(scratch.path.appending("store")) == [], "\(what)")
    #expect(try host.files.list(scratch.path) == ["archive.tar", "home", "store"], "\(what)")
    #expect(try host.files.list(scratch.path.appending("home")) == ["kept"], "\(what)")
    #expect(!host.files.exists("/tmp/outfit-hostile"))
  }

  @Test func aCompressedArchiveIsUnpacked() async throws {
    let file = scratch.path.appending("a.tar")
    try host.files.create(file, tar([Member(name: "top/a", content: "x")]), mode: 0o644)
    let gzip = Invocation("/bin/gzip", [file.string], environment: ["PATH": "/usr/bin:/bin"])
    guard host.files.exists("/bin/gzip"), try await host.processes.run(gzip).succeeded else { return }
    let out = scratch.path.appending("object")
    try await Archive(host: host, file: FilePath(file.string + ".gz"), name: "a.tar.gz")
      .unpack(.tar, to: out, strip: 1)
    #expect(try host.files.read(out.appending("a")) == Array("x".utf8))
  }

  @Test func aProgramThatIsMissingIsNamed() async {
    let files = MemoryFiles.withHome()
    files.put("/data/a.tar.zst", [0x28, 0xb5, 0x2f, 0xfd, 0, 0, 0, 0])
    let archive = Archive(host: .test(files: files), file: "/data/a.tar.zst", name: "a.tar.zst")
    let failure = await #expect(throws: Failure.self) {
      _ = try await archive.decompressed(to: "/data/out", strip: 0)
    }
    #expect(failure?.single.message == "a.tar.zst can't be unpacked: there is no zstd")
    #expect(failure?.single.hint == "install zstd")
  }

  /// Writes a zip archive with Python; false where there is no Python or no unzip.
  private func zip(_ file: FilePath, _ names: [String]) async throws -> Bool {
    guard host.files.exists("/usr/bin/python3"), host.files.exists("/usr/bin/unzip") else { return false }
    let script = """
      import sys, zipfile
      with zipfile.ZipFile(sys.argv[1], "w") as z:
          for name in sys.argv[2:]: z.writestr(name, "x")
      """
    let python = Invocation(
      "/usr/bin/python3", ["-c", script, file.string] + names, environment: ["PATH": "/usr/bin:/bin"])
    return try await host.processes.run(python).succeeded
  }

  @Test func aZipIsUnpacked() async throws {
    let file = scratch.path.appending("a.zip")
    guard try await zip(file, ["top/bin/a", "top/b", "loose"]) else { return }
    let archive = Archive(host: host, file: file, name: "a.zip")
    let (whole, stripped) = (scratch.path.appending("whole"), scratch.path.appending("stripped"))
    try await archive.unpack(.zip, to: whole, strip: 0)
    #expect(try host.files.list(whole) == ["loose", "top"])
    try await archive.unpack(.zip, to: stripped, strip: 1)
    #expect(try host.files.list(stripped) == ["b", "bin"])
  }

  @Test(arguments: ["../escaped", "/tmp/outfit-hostile", "a/../../escaped"]) func aHostileZipIsRefused(
    _ name: String
  ) async throws {
    let file = scratch.path.appending("a.zip")
    guard try await zip(file, ["good", name]) else { return }
    let out = scratch.path.appending("object")
    await #expect(throws: Failure.self) {
      try await Archive(host: host, file: file, name: "a.zip").unpack(.zip, to: out, strip: 0)
    }
    #expect(try host.files.list(scratch.path) == ["a.zip", "home"])
  }

  /// No clock here can hold such a time, and no arithmetic may fail of it.
  @Test(arguments: [1 << 40, 1 << 53, -1, -(1 << 53)] as [Int64])
  func aTimeBeyondAllIsNoTrouble(_ seconds: Int64) async throws {
    let out = try await unpack([Member(name: "a", content: "x", modified: seconds)])
    #expect(try host.files.read(out.appending("a")) == Array("x".utf8))
  }

  @Test func namesBeyondEveryPathAreRefused() async throws {
    let deep = String(repeating: "a/", count: 1500) + "x"
    let long = String(repeating: "d/", count: 100_000) + "x"
    let cases = [
      named(deep, Member(name: "a", content: "x")), named(long, Member(name: "a", content: "x")),
      named(long, Member(name: "a", type: "5")), named(long, Member(name: "a", type: "1", link: "b")),
      [
        Member(name: "x", type: "K", content: String(repeating: "l", count: 5000) + "\0"),
        Member(name: "a", type: "2"),
      ],
    ]
    for members in cases {
      let failure = await #expect(throws: Failure.self) { try await unpack(members) }
      let message = failure?.single.message ?? ""
      #expect(message.contains("refused") && message.utf8.count < 500, "\(message.prefix(500))")
      #expect(try host.files.list(scratch.path.appending("store")) == [])
    }
  }

  @Test func aZipOfZerosStopsBeforeItFillsTheDisk() async throws {
    guard host.files.exists("/usr/bin/python3"), host.files.exists("/usr/bin/unzip") else { return }
    // Once with its true size, once with one that lies.
    let script = """
      import sys, zipfile, struct
      with zipfile.ZipFile(sys.argv[1], "w", zipfile.ZIP_DEFLATED) as z: z.writestr("zeros", bytes(120 << 20))
      data = open(sys.argv[1], "rb").read().replace(struct.pack("<I", 120 << 20), struct.pack("<I", 10))
      open(sys.argv[2], "wb").write(data)
      """
    let names = ["true.zip", "lies.zip"]
    let python = Invocation(
      "/usr/bin/python3", ["-c", script] + names.map { scratch.path.appending($0).string },
      environment: ["PATH": "/usr/bin:/bin"])
    try #require(try await host.processes.run(python).succeeded)
    for name in names {
      let out = scratch.path.appending("object")
      let failure = await #expect(throws: Failure.self) {
        try await Archive(host: host, file: scratch.path.appending(name), name: name)
          .unpack(.zip, to: out, strip: 1)
      }
      #expect(failure?.single.message.contains("it would fill the disk") == true, "\(name)")
      #expect(!host.files.exists(out))
    }
  }

  @Test func whatIsNoZipIsSaidSo() async throws {
    guard host.files.exists("/usr/bin/unzip") else { return }
    let file = scratch.path.appending("a.zip")
    try host.files.create(file, Array("<html>404</html>".utf8), mode: 0o644)
    let failure = await #expect(throws: Failure.self) {
      try await Archive(host: host, file: file, name: "a.zip")
        .unpack(.zip, to: scratch.path.appending("object"), strip: 0)
    }
    #expect(
      failure?.single.message
        == "a.zip can't be unpacked: it is no zip archive, or a damaged or an empty one")
  }

  @Test func aCutArchiveIsAFailure() async throws {
    let file = scratch.path.appending("cut.tar")
    let whole = tar([Member(name: "a", content: String(repeating: "x", count: 5000))])
    try host.files.create(file, Array(whole.prefix(2000)), mode: 0o644)
    let out = scratch.path.appending("object")
    let failure = await #expect(throws: Failure.self) {
      try await Archive(host: host, file: file, name: "cut.tar").unpack(.tar, to: out, strip: 0)
    }
    #expect(failure?.diagnostics.first?.message == "cut.tar can't be unpacked: it ends in the middle")
    #expect(!host.files.exists(out))
  }

  @Test func whatIsNoArchiveIsAFailure() async throws {
    for bytes in [
      Array("<html>404</html>".utf8), [], [UInt8](repeating: 7, count: 3000), [0x1f, 0x8b, 8, 0, 1, 2],
    ] {
      let file = scratch.path.appending("a.tar")
      try host.files.removeTree(file)
      try host.files.create(file, bytes, mode: 0o644)
      let out = scratch.path.appending("object")
      await #expect(throws: Failure.self) {
        try await Archive(host: host, file: file, name: "a.tar").unpack(.tar, to: out, strip: 0)
      }
      #expect(!host.files.exists(out))
    }
  }

  /// Long names by both ways that tars write them.
  @Test func longNamesAreRead() async throws {
    let long = String(repeating: "a", count: 90) + "/" + String(repeating: "b", count: 120)
    let record = "path=\(long)\n"
    let length = record.utf8.count + 4
    let out = try await unpack([
      Member(name: "x", type: "x", content: "\(length) \(record)"), Member(name: "short", content: "pax"),
      Member(name: "x", type: "L", content: "g" + long + "\u{0}"), Member(name: "short", content: "gnu"),
      Member(name: "short", content: "own"),
    ])
    #expect(try host.files.read(out.pushing(FilePath(long))) == Array("pax".utf8))
    #expect(try host.files.read(out.pushing(FilePath("g" + long))) == Array("gnu".utf8))
    #expect(try host.files.read(out.appending("short")) == Array("own".utf8))
    #expect(
      try host.files.status(out.appending("short"), followLinks: false)?.modified == 1_700_000_000
        * 1_000_000_000)
  }

  /// Bytes that the file's follower was told of too early don't count.
  @Test func anArchiveIsUnpackedWhileItComes() async throws {
    let big = String(repeating: "0123456789abcdef", count: 1 << 19)
    let whole = tar([Member(name: "top/a", content: big), Member(name: "top/b", content: "b")])
    let part = scratch.path.appending("a.part")
    let out = scratch.path.appending("object")
    try host.files.create(part, [UInt8](repeating: 9, count: 2000), mode: 0o600)
    let unpacking = Unpacking(host: host, name: "a.tar", out: out, strip: 1)
    unpacking.grew(part, to: 2000)
    unpacking.restarted()
    try host.files.remove(part)
    try host.files.create(part, Array(whole[..<3_000_000]), mode: 0o600)
    unpacking.grew(part, to: 3_000_000)
    try host.files.append(part, Array(whole[3_000_000...]))
    try host.files.rename(part, to: scratch.path.appending("a"))
    unpacking.grew(part, to: Int64(whole.count))
    let contents = try await unpacking.finish(scratch.path.appending("a"))?.contents
    #expect(contents == (try Contents.read(out, files: host.files)))
    #expect(contents?.size == Int64(big.utf8.count + 1))
    #expect(try host.files.read(out.appending("a")).count == big.utf8.count)

    let abandoned = Unpacking(host: host, name: "a.tar", out: scratch.path.appending("other"), strip: 1)
    abandoned.grew(scratch.path.appending("a"), to: 3_000_000)
    await abandoned.abandon()
    #expect(!host.files.exists(scratch.path.appending("other")))
  }

  /// Files that nobody waits for come when they are asked for, and are part of what was unpacked.
  @Test(arguments: [false, true]) func whatMayComeLaterIsWrittenLast(hardLinked: Bool) async throws {
    let big = String(repeating: "x", count: 5 << 20)
    var members = [
      Member(name: "top/share/a", content: "a"), Member(name: "top/share/big", content: big),
      Member(name: "top/bin/b", content: "b"), Member(name: "top/shared", content: "c"),
    ]
    if hardLinked { members.append(Member(name: "top/bin/a", type: "1", link: "top/share/a")) }
    let file = scratch.path.appending("a.tar")
    try host.files.create(file, tar(members), mode: 0o600)
    let out = scratch.path.appending("object")
    let unpacking = Unpacking(host: host, name: "a.tar", out: out, strip: 1, later: ["share/"])
    let unpacked = try #require(try await unpacking.finish(file))
    #expect(host.files.exists(out.appending("bin/b")) && host.files.exists(out.appending("shared")))
    #expect(host.files.exists(out.pushing("share/a")) == hardLinked)
    var contents = unpacked.contents
    if let rest = unpacked.rest { contents.add(try await rest.finish()) }
    #expect(contents == (try Contents.read(out, files: host.files)))
    #expect(try host.files.read(out.pushing("share/big")) == Array(big.utf8))
    #expect((unpacked.rest == nil) == hardLinked)
  }

  @Test func compressedZerosStopBeforeTheyFillTheDisk() async throws {
    let file = scratch.path.appending("zeros.tar.gz")
    let members = (0..<3).map { Member(name: "z\($0)", content: String(repeating: "\0", count: 60 << 20)) }
    try host.files.create(FilePath("\(scratch.path)/zeros.tar"), tar(members), mode: 0o644)
    let gzip = Invocation(
      "/bin/gzip", ["-1", "\(scratch.path)/zeros.tar"], environment: ["PATH": "/usr/bin:/bin"])
    guard host.files.exists("/bin/gzip"), try await host.processes.run(gzip).succeeded else { return }
    let out = scratch.path.appending("object")
    let failure = await #expect(throws: Failure.self) {
      try await Archive(host: host, file: file, name: "zeros.tar.gz").unpack(.tar, to: out, strip: 0)
    }
    #expect(failure?.diagnostics.first?.message.contains("it would fill the disk") == true)
    #expect(!host.files.exists(out))
  }

  @Test(arguments: [
    ("a", 0, true), ("../a", 1, true), ("../../a", 1, false), ("..", 0, false), ("..", 1, true),
    ("/a", 3, false),
    ("a/../b", 3, false), ("./../a", 1, true), ("", 1, false), (".", 0, true),
  ]) func linksAreJudgedByTheirClimbing(_ destination: String, _ depth: Int, _ isInside: Bool) {
    #expect(Archive.isInside(destination, depth: depth) == isInside)
  }

  @Test(arguments: [
    ("*.py", "a.py", true), ("a*b*c", "aXbYc", true), ("a*b*c", "aXc", false), ("*", ".hidden", false),
    ("_sysconfigdata_*.py", "_sysconfigdata__linux_.py", true), ("ab*ba", "aba", false), ("a", "a", true),
    ("*a*", "bab", true),
  ]) func starsStandForAnyRun(_ pattern: String, _ name: String, _ fits: Bool) {
    #expect(Glob.matches(pattern, name) == fits)
  }

  @Test func textIsRewritten() {
    #expect(
      Array("/install/a /install".utf8)
        .replacing([Replacement(find: Array("/install".utf8), with: Array("/x".utf8), manner: .text)])
        == Array("/x/a /x".utf8))
    #expect([UInt8]([1, 2]).replacing([Replacement(find: [], with: [3], manner: .text)]) == [1, 2])
  }

  @Test(
    arguments: [
      ("'/install /install/lib,/install'", "'/x /x/lib,/x'"), ("/usr/bin/install /my/install", nil),
      ("'clang++ -a clang'", "'c++ -a cc'"), ("clang-17 aclang clang.cfg", nil),
      ("'-a -isysroot /A/B.sdk -b'", "'-a  -b'"), ("'-a -isysroot '\n  '/A -b'", "'-a '\n' -b'"),
      ("-isysrooted /A", nil),
    ] as [(String, String?)])
  func wordsAreRewritten(_ text: String, _ result: String?) {
    let known: [(String, String, Unpack.Rewrite.Manner)] = [
      ("clang++", "c++", .word), ("clang", "cc", .word), ("/install", "/x", .word),
      ("-isysroot", "", .option),
    ]
    let replacements = known.map { Replacement(find: Array($0.utf8), with: Array($1.utf8), manner: $2) }
    #expect(String(decoding: Array(text.utf8).replacing(replacements), as: UTF8.self) == result ?? text)
  }
}
