import OutfitCore
import OutfitSystem
import Support
import SystemPackage
import Testing

/// Every file that Outfit reads back, as it must not be: each verb says so without a crash, what stood there is kept,
/// and the next `up` gives a good state with the user's bytes as they were.
@Suite(.serialized)
struct BadRecordTests {
  private static let data = DamageTests.data
  private static let state = DamageTests.state

  struct Record: CustomTestStringConvertible, Sendable {
    var name: String
    /// Below HOME; a last component of `*` stands for all that are there.
    var path: String
    /// What one of the first verbs says, damaged.
    var said: String?
    /// What is said of one of a later Outfit; nil where there is no such form.
    var saidOfNewer: String?
    /// It is kept under another name; where not, it is only a help, or stays where it is.
    var isKeptAside = false
    /// Of a later Outfit: it stays byte for byte where it is, and verbs that need it refuse.
    var newerStays = false
    /// Where the verbs are run.
    var folder = ""
    /// Read by people, who take it back from git, or remove it.
    var isTheirs = false
    var testDescription: String { name }
  }

  static let records = [
    Record(
      name: "the newest generation", path: "\(state)/machine/generations/3/record",
      said: "the record of generation 3 can't be used", saidOfNewer: "was written by a newer outfit",
      isKeptAside: true, newerStays: true),
    Record(
      name: "an older generation", path: "\(state)/machine/generations/2/record",
      said: "the record of generation 2 can't be used", saidOfNewer: "was written by a newer outfit",
      isKeptAside: true, newerStays: true),
    Record(
      name: "a project's generation", path: "\(state)/projects/*/generations/1/record",
      said: "the record of generation 1 can't be used", saidOfNewer: "was written by a newer outfit",
      isKeptAside: true, newerStays: true, folder: "shop"),
    Record(name: "stats", path: "\(state)/machine/generations/3/stats", saidOfNewer: ""),
    Record(name: "the compiled plan", path: "\(state)/machine/compiled", saidOfNewer: ""),
    Record(
      name: "the machine's lock", path: "\(state)/machine/outfit.lock",
      said: "the lock of this machine can't be read", saidOfNewer: "this lock is of form 9",
      isKeptAside: true, newerStays: true),
    Record(
      name: "a project's lock", path: "shop/outfit.lock", said: "take the file back from git",
      saidOfNewer: "this lock is of form 9", newerStays: true, folder: "shop", isTheirs: true),
    Record(
      name: "a receipt", path: "\(state)/receipts/here-*", said: "the receipt of here-1.0.0",
      saidOfNewer: "was written by a newer outfit, so it counts as none", isKeptAside: true),
    Record(
      name: "what was built", path: "\(state)/contents/here-*", said: "what was built is not known any more",
      saidOfNewer: "what was built is not known any more"),
    Record(
      name: "the journal", path: "\(state)/journal/intent", said: "can't be used",
      saidOfNewer: "was begun by a newer outfit", isKeptAside: true, newerStays: true),
    Record(
      name: "the table of the machine", path: "\(data)/tables/machine",
      said: "is not what its generation says", saidOfNewer: "is not what its generation says"),
    Record(
      name: "the table of a project", path: "\(data)/tables/[0-9a-f]*",
      said: "is not what its generation says", saidOfNewer: "is not what its generation says",
      folder: "shop"),
    Record(name: "names", path: "\(data)/tables/names", said: "the list of where each command lives"),
    Record(
      name: "consent", path: "\(state)/trust/*", said: "it is asked again", isKeptAside: true),
    Record(
      name: "what was kept", path: "\(state)/machine/blobs/pack-*", said: "gone or damaged",
      saidOfNewer: "gone or damaged"),
    Record(
      name: "whose records they are", path: "\(state)/projects/*/root", said: "which project",
      isKeptAside: true, folder: "shop"),
    Record(name: "the footprint", path: "\(state)/footprint", saidOfNewer: ""),
  ]

  private enum Form: String, CaseIterable { case truncated, empty, random, newer }

  @Test(arguments: records)
  func aRecordThatIsNotWhatItShouldBe(_ record: Record) async throws {
    let (machine, server) = try await DamageTests.givenAMachine("record")
    if record.name == "the journal" {
      // As a switch leaves it that is interrupted.
      var text = "outfit-journal\t1\nswitch\tabc1\t4\tmachine\n"
      text += "own\t\(machine.home)/\(Self.data)/tables/none\tabsent\tabsent\n"
      try machine.write(record.path, text + "end\t\(Self.fnv(Array(text.utf8)))\n", mode: 0o600)
    }
    let kept = try await machine.run("/bin/cp", ["-a", "\(machine.home)", "\(machine.home).kept"])
    try #require(kept.succeeded)
    for form in Form.allCases where form != .newer || record.saidOfNewer != nil {
      let restored = try await machine.run(
        "/bin/sh", ["-euc", "cd ..; chmod -R u+w home; rm -rf home; cp -a home.kept home"])
      try #require(restored.succeeded, "\(restored.errorText)")
      try await check(record, form, machine)
    }
    withExtendedLifetime(server) {}
  }

  private func check(_ record: Record, _ form: Form, _ machine: Machine) async throws {
    let label: Comment = "\(record.name), \(form.rawValue)"
    let paths = try await paths(record, machine)
    try #require(!paths.isEmpty, label)
    var damaged: [FilePath: [UInt8]] = [:]
    for path in paths {
      let bytes = try Self.made(form, of: machine.files.read(path))
      let mode = try #require(try machine.files.status(path, followLinks: false)).mode
      try machine.files.remove(path)
      try machine.files.create(path, bytes, mode: mode)
      damaged[path] = bytes
    }
    let theirs = try self.theirs(machine)

    var said = ""
    for verb in [["status"], ["doctor", "--deep"], ["rollback", "--on-conflict", "keep"], ["up"]] {
      let done = try await machine.outfit(verb, at: record.folder)
      #expect([0, 1, 2, 4].contains(done.status), "\(label), \(verb[0]): \(done.status) \(done.errorText)")
      #expect(!done.errorText.contains("Fatal error"), "\(label), \(verb[0]): \(done.errorText)")
      said += done.outputText + done.errorText
    }
    let wanted = form == .newer ? record.saidOfNewer : record.said
    if let wanted, !wanted.isEmpty { #expect(said.contains(wanted), "\(label): \(said)") }

    let stays = form == .newer && record.newerStays
    if stays || record.isTheirs || record.name == "what was kept" {
      for (path, bytes) in damaged { #expect(try machine.files.read(path) == bytes, label) }
    } else if record.isKeptAside, form != .empty || record.name != "whose records they are" {
      var found = 0
      for (path, bytes) in damaged {
        let aside = FilePath("\(path).corrupt-1")
        if machine.files.exists(aside), try machine.files.read(aside) == bytes { found += 1 }
      }
      #expect(found > 0, label)
    }

    // With what the message says to do, all is well again.
    if stays || record.isTheirs { for path in paths { try machine.files.remove(path) } }
    let up = try await machine.outfit("up", "--trust", "--on-conflict", "keep", at: record.folder)
    #expect(up.status == 0, "\(label): \(up.outputText)\(up.errorText)")
    let again = try await machine.outfit("up", at: record.folder)
    #expect(again.outputText.hasPrefix("Nothing to do"), "\(label): \(again.outputText)\(again.errorText)")
    let ran = try await machine.login("here; cd shop; there")
    #expect(ran.outputText == "here\nhere\n", "\(label): \(ran.errorText)")
    #expect(try self.theirs(machine) == theirs, label)

    // What the user had before everything can still be had.
    guard record.name != "what was kept" else { return }
    _ = try await machine.outfit("gc", "--keep", "1")
    let back = try await machine.outfit("rollback", "0", "--on-conflict", "take", "--machine")
    #expect(back.status == 0, "\(label): \(back.outputText)\(back.errorText)")
    #expect(try machine.read(".a") == "a of mine\n", label)
    #expect(try machine.read(".bashrc") == "export MINE=1\n", label)
  }

  private func paths(_ record: Record, _ machine: Machine) async throws -> [FilePath] {
    let listed = try await machine.run("/bin/sh", ["-euc", "ls -d \(record.path)"])
    return listed.outputText.split(separator: "\n").map { machine.home.pushing(FilePath(String($0))) }
  }

  /// The user's files: those that Outfit writes with what it writes there, and the others.
  private func theirs(_ machine: Machine) throws -> [String?] {
    try [".mine", ".a", ".bashrc", "p/a", "p/outfit.yaml", "shop/outfit.yaml"].map { try machine.read($0) }
  }

  // MARK: Damages

  private static func made(_ form: Form, of bytes: [UInt8]) throws -> [UInt8] {
    switch form {
    case .truncated: return Array(bytes.prefix(bytes.count / 2))
    case .empty: return []
    case .random:
      var random = SplitMix(seed: UInt64(bytes.count))
      return (0..<300).map { _ in UInt8.random(in: 0...255, using: &random) }
    case .newer: return newer(bytes)
    }
  }

  /// The same in the form of a later version, whole by its checksum.
  private static func newer(_ bytes: [UInt8]) -> [UInt8] {
    let text = String(decoding: bytes, as: UTF8.self)
    func raised(_ body: Substring) -> String {
      let line = body.prefix { $0 != "\n" }
      return String(line.dropLast()) + "9" + body.dropFirst(line.count)
    }
    if let lock = text.range(of: "lock: 1\n") {
      return Array(text.replacingCharacters(in: lock, with: "lock: 9\n").utf8)
    }
    for (end, sum) in [("\nend\t", true), ("\nend ", false)] {
      guard let mark = text.range(of: end) else { continue }
      let body = raised(text[..<text.index(after: mark.lowerBound)])
      let rest = text[mark.upperBound...].drop { $0 != "\n" }
      let isDigest = text[mark.upperBound...].prefix { $0 != "\n" }.count > 16
      let check = isDigest && !sum ? Digest(of: body).description : fnv(Array(body.utf8))
      return Array((body + end.dropFirst() + check + rest).utf8)
    }
    return Array(raised(text[...]).utf8)
  }

  private static func fnv(_ bytes: [UInt8]) -> String {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01b3 }
    let digits = String(hash, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }
}
