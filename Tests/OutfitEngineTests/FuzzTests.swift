import OutfitCore
import OutfitProfile
import OutfitSystem
import Support
import SystemPackage
import Testing

@testable import OutfitEngine

/// Ten thousand damaged versions of every file that the engine reads back: none is a crash, and none is taken for
/// what was written unless its checksum says so.
@Suite struct FuzzTests {
  private static let host = Host.test()

  /// With a checksum that fits, so that what is behind it is tried too.
  private static func signed(_ bytes: [UInt8]) -> [UInt8] {
    let text = bytes.split(separator: 10).dropLast().joined(separator: [10]) + [10]
    return Array(text) + Array("end\t\(fnv1a64(text))\n".utf8)
  }

  @Test func generations() {
    let bytes = Generations.text(RecordTests.generation())
    for mutation in Fuzz("generation", [bytes]) {
      if mutation != bytes, let parsed = try? Generations.parse(mutation) {
        // Lines of the same length may change places only where the checksum agrees.
        #expect(Generations.text(parsed) == bytes)
      }
      _ = try? Generations.parse(Self.signed(mutation))
    }
  }

  @Test func journals() {
    let bytes = RecordTests.journal().text
    let committed = bytes + Journal.commitLine(bytes[...])
    for mutation in Fuzz("journal", [bytes, committed]) {
      if let parsed = try? Journal.parse(mutation) {
        #expect(parsed.journal.text == bytes)
        #expect(!parsed.isCommitted || mutation == committed)
      }
      _ = try? Journal.parse(Self.signed(mutation))
    }
  }

  @Test func tables() throws {
    let bytes = try RecordTests.table().text()
    for mutation in Fuzz("dispatch table", [bytes]) { _ = DispatchTable(mutation) }
    let names = Array("black\tprofile team\tblack 1\nisort\tproject /home/ann/shop\tisort 2\n".utf8)
    for mutation in Fuzz("names", [names]) { _ = NameDirectory(mutation).bytes }
  }

  @Test func receipts() throws {
    let id = SwitchScenario.object("python-3.13.5")
    let text = Receipt(
      id: id, label: "Python", inputs: ["a-0123", "b-4567"], built: 17, size: 3, isAdopted: false
    ).text
    for mutation in Fuzz("receipt", [Array(text.utf8)]) {
      let damaged = String(decoding: mutation, as: UTF8.self)
      if damaged != text { #expect(Receipt(damaged) == nil) }
      let body = damaged.split(separator: "\n").dropLast().joined(separator: "\n") + "\n"
      _ = Receipt(body + "end \(Digest(of: body))\n")
    }
  }

  @Test func compiledPlans() async throws {
    var scenario = SwitchScenario()
    scenario.want(".a", "1\n")
    try await scenario.up()
    let arguments = Digest(of: "")
    try CompiledPlan.write(
      for: .machine, version: "1", arguments: arguments, inputs: ["/home/ann/none"], outputs: [],
      summary: "fine", host: scenario.host)
    let path = CompiledPlan.path(.machine, scenario.host)
    let bytes = try scenario.files.read(path)
    #expect(
      CompiledPlan.current(for: .machine, version: "1", arguments: arguments, host: scenario.host) != nil)
    for mutation in Fuzz("compiled plan", [bytes]) where mutation != bytes {
      scenario.files.overwrite(path, mutation)
      let found = CompiledPlan.current(
        for: .machine, version: "1", arguments: arguments, host: scenario.host)
      #expect(found == nil)
    }
  }

  /// What helps only, or is asked for content by content.
  @Test func statsEffectsPacksAndAttributes() throws {
    let files = MemoryFiles.withHome()
    let host = Host.test(files: files)
    try Generations.prepare(.machine, host: host)
    var stats = Rows.Writer("outfit-stats", version: 1)
    stats.row("/home/ann/.a", "1", "2", "3", "4", "644")
    let path = TargetStats.path(1, scope: .machine, host: host)
    files.put(path, "")
    for mutation in Fuzz("stats", [stats.finished()]) {
      files.overwrite(path, Self.signed(mutation))
      _ = TargetStats(1, scope: .machine, host: host)
    }
    let attributes = KeptAttributes.bytes(["user.a": [1, 2, 255], "user.b": []])
    #expect(KeptAttributes.parse(attributes) == ["user.a": [1, 2, 255], "user.b": []])
    for mutation in Fuzz("attributes", [attributes]) { _ = KeptAttributes.parse(Self.signed(mutation)) }

    let contents = ["one\n", "two\n", "three\n"].map { Array($0.utf8) }
    let digests = contents.map { Digest(of: $0) }
    let blobs = Generations.blobs(.machine, host: host)
    try blobs.add(Dictionary(uniqueKeysWithValues: zip(digests, contents)))
    let name = try #require(try files.list(blobs.folder).first)
    let pack = try files.read(blobs.folder.appending(name))
    let packed = blobs.folder.appending(name)
    for (index, mutation) in Fuzz("pack", [pack]).enumerated() {
      files.overwrite(packed, mutation)
      let damaged = Generations.blobs(.machine, host: host)
      for (digest, bytes) in [Array(zip(digests, contents))[index % 3]] {
        let read = try damaged.read(digest)
        #expect(read == nil || read == bytes)
      }
    }
    // What is damaged is written anew.
    files.put(blobs.folder.appending(name), "rubbish")
    let mended = Generations.blobs(.machine, host: host)
    try mended.add(Dictionary(uniqueKeysWithValues: zip(digests, contents)))
    #expect(try mended.read(digests[1]) == contents[1])
  }

  @Test func receiptsOfScripts() throws {
    let files = MemoryFiles.withHome()
    let host = Host.test(files: files)
    var rows = Rows.Writer("outfit-effects", version: 1)
    rows.row("fonts", "abc")
    let path = host.places.state(of: .machine).appending("effects")
    let aside = FilePath(path.string + ".corrupt-1")
    files.put(path, "")
    for mutation in Fuzz("receipts of scripts", [rows.finished()]) {
      files.overwrite(path, Self.signed(mutation))
      _ = try EffectReceipts.read(.machine, host: host)
      // What can't be read was kept aside.
      try? files.rename(aside, to: path)
    }
    files.put(path, "outfit-effects\t1\nfonts")
    #expect(try EffectReceipts.read(.machine, host: host).isEmpty)
    #expect(files.exists(FilePath(path.string + ".corrupt-1")))
  }
}
