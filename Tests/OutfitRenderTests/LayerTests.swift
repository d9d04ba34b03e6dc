import Foundation
import OutfitCore
import OutfitSystem
import Support
import SystemPackage
import Testing

@testable import OutfitRender

/// One entry of an archive as a liar would write it.
struct LayerEntry {
  var name: String
  var kind: Character = "0"
  var content = ""
  var target = ""
  var mode = 0o644
  /// Records of an extended header before it.
  var pax: [(String, String)] = []
  /// Of GNU's long name before it.
  var longName: String?
  /// Written in the header in place of the real one.
  var size: Int?

  static func folder(_ name: String, mode: Int = 0o755) -> LayerEntry {
    LayerEntry(name: name, kind: "5", mode: mode)
  }
  static func link(_ name: String, _ target: String) -> LayerEntry {
    LayerEntry(name: name, kind: "2", target: target)
  }

  static func archive(_ entries: [LayerEntry], tail: [UInt8] = []) -> [UInt8] {
    var bytes: [UInt8] = []
    for entry in entries {
      if !entry.pax.isEmpty {
        let records = entry.pax.map { record($0.0, $0.1) }.joined()
        bytes += block("PaxHeader", "x", records.utf8.count, Array(records.utf8))
      }
      if let name = entry.longName {
        bytes += block("././@LongLink", "L", name.utf8.count + 1, Array(name.utf8) + [0])
      }
      let content = Array(entry.content.utf8)
      bytes += block(entry.name, entry.kind, entry.size ?? content.count, content, entry.target, entry.mode)
    }
    return bytes + [UInt8](repeating: 0, count: 1024) + tail
  }

  private static func record(_ key: String, _ value: String) -> String {
    var length = key.utf8.count + value.utf8.count + 3
    while String(length).utf8.count + key.utf8.count + value.utf8.count + 3 != length {
      length = String(length).utf8.count + key.utf8.count + value.utf8.count + 3
    }
    return "\(length) \(key)=\(value)\n"
  }

  private static func block(
    _ name: String, _ kind: Character, _ size: Int, _ content: [UInt8], _ target: String = "",
    _ mode: Int = 0o644
  ) -> [UInt8] {
    var header = [UInt8](repeating: 0, count: 512)
    func put(_ text: String, _ offset: Int) {
      for (index, byte) in text.utf8.prefix(512 - offset).enumerated() { header[offset + index] = byte }
    }
    func octal(_ number: Int, _ width: Int) -> String {
      let digits = String(number, radix: 8)
      return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
    put(String(name.prefix(100)), 0)
    put(octal(mode, 7), 100)
    put(octal(0, 7), 108)
    put(octal(0, 7), 116)
    put(octal(size, 11), 124)
    put(octal(0, 11), 136)
    put(String(kind), 156)
    put(target, 157)
    put("ustar\u{0}00", 257)
    put("        ", 148)
    put(octal(header.reduce(0) { $0 + Int($1) }, 6) + "\u{0} ", 148)
    return header + content + [UInt8](repeating: 0, count: (512 - content.count % 512) % 512)
  }
}

/// Layers that lie: what is not read alike everywhere is never proved.
@Suite struct LayerTests {
  static func layer(_ entries: [LayerEntry], tail: [UInt8] = []) throws -> BuiltImage.Layer {
    let bytes = LayerEntry.archive(entries, tail: tail)
    let archive = try #require(LayerReader.read(bytes, wants: { _ in true }, counts: { _ in true }))
    return BuiltImage.Layer(identifier: Digest(of: bytes), entries: archive.entries, doubts: archive.doubts)
  }

  static let below: [LayerEntry] = [
    .folder("opt"), .folder("opt/venv"), .folder("opt/venv/bin"),
    LayerEntry(name: "opt/venv/bin/python", content: "real", mode: 0o755), .link("lib", "usr/lib"),
    .folder("usr"),
    .folder("usr/lib"),
  ]

  static let lies: [(String, [LayerEntry])] = [
    ("a name that leads upwards", [LayerEntry(name: "opt/dev/../venv/x.pth", content: "import x")]),
    (
      "a link on the way",
      [
        .folder("opt/dev"), .link("opt/dev/x", "/opt/venv"),
        LayerEntry(name: "opt/dev/x/y.pth", content: "y"),
      ]
    ),
    ("a link of the layer beneath on the way", [LayerEntry(name: "lib/libc.so", content: "y")]),
    (
      "two sizes",
      [LayerEntry(name: "opt/dev/a", content: String(repeating: "x", count: 600), pax: [("size", "100")])]
    ),
    (
      "two names", [LayerEntry(name: "a", content: "x", pax: [("path", "opt/dev/b")], longName: "opt/venv/b")]
    ),
    (
      "a sparse file",
      [
        LayerEntry(
          name: "opt/dev/s", content: "x",
          pax: [("GNU.sparse.major", "1"), ("GNU.sparse.name", "opt/venv/s")])
      ]
    ),
    ("a sparse file of the old kind", [LayerEntry(name: "opt/dev/s", kind: "S", content: "x")]),
    (
      "a second name of another layer's file",
      [.folder("opt/dev"), LayerEntry(name: "opt/dev/sh", kind: "1", target: "opt/venv/bin/python")]
    ),
    (
      "a second name with other rights",
      [
        .folder("opt/dev"), LayerEntry(name: "opt/dev/a", content: "x"),
        LayerEntry(name: "opt/dev/b", kind: "1", target: "opt/dev/a", mode: 0o4755),
      ]
    ),
    ("twice", [LayerEntry(name: "opt/dev/a", content: "x"), LayerEntry(name: "./opt//dev/a", content: "y")]),
    (
      "there and taken away",
      [LayerEntry(name: "opt/dev/a", content: "x"), LayerEntry(name: "opt/dev/.wh.a")]
    ),
    (
      "in what is taken away",
      [LayerEntry(name: "opt/.wh.venv"), LayerEntry(name: "opt/venv/x", content: "x")]
    ), ("taken away without a name", [LayerEntry(name: "opt/dev/.wh.")]),
    ("a folder that is taken away by `..`", [LayerEntry(name: "opt/dev/.wh...")]),
    ("a device that takes away", [LayerEntry(name: "opt/dev/a", kind: "3")]),
    ("a file with a folder's name", [LayerEntry(name: "opt/dev/a/", content: "x")]),
    ("an unknown kind", [LayerEntry(name: "opt/dev/a", kind: "Z", content: "x")]),
    ("a folder with content", [LayerEntry(name: "opt/dev/a", kind: "5", content: "x")]),
    (
      "an attribute of the file system",
      [LayerEntry(name: "opt/dev", kind: "5", pax: [("SCHILY.xattr.trusted.overlay.opaque", "y")])]
    ),
    (
      "a file where a folder is",
      [
        .folder("opt/dev"), LayerEntry(name: "opt/dev/a", content: "x"),
        LayerEntry(name: "opt/dev", content: "y"),
      ]
    ),
    ("a file where a folder was", [LayerEntry(name: "opt/venv/bin/python/x", content: "x")]),
  ]

  @Test func layersThatLieAreInDoubt() throws {
    for (what, entries) in Self.lies {
      // What is no archive at all is refused when it is read.
      let bytes = LayerEntry.archive(entries)
      guard LayerReader.read(bytes, wants: { _ in false }) != nil else { continue }
      let tree = ImageTree([try Self.layer(Self.below), try Self.layer(entries)])
      #expect(!tree.doubts.isEmpty, "\(what)")
    }
    let tail = LayerEntry.archive([LayerEntry(name: "opt/venv/late", content: "x")])
    #expect(try !ImageTree([Self.layer(Self.below, tail: tail)]).doubts.isEmpty, "behind the end")
    let tree = ImageTree([try Self.layer(Self.below)])
    #expect(tree.doubts == [] && tree.files["opt/venv/bin/python"]?.text == "real")
  }

  @Test func whiteoutsAreOfWhatLiesBeneath() throws {
    let gone = ImageTree([try Self.layer(Self.below), try Self.layer([LayerEntry(name: "opt/.wh.venv")])])
    #expect(gone.doubts == [] && gone.files.keys.sorted() == ["lib", "opt", "usr", "usr/lib"])
    let opaque = ImageTree([
      try Self.layer(Self.below),
      try Self.layer([
        .folder("opt"), LayerEntry(name: "opt/new", content: "x"), LayerEntry(name: "opt/.wh..wh..opq"),
      ]),
    ])
    #expect(opaque.doubts == [] && opaque.files.keys.sorted() == ["lib", "opt", "opt/new", "usr", "usr/lib"])
    let file = ImageTree([
      try Self.layer(Self.below), try Self.layer([LayerEntry(name: "opt/venv", content: "x")]),
    ])
    #expect(file.doubts == [] && file.files["opt/venv/bin/python"] == nil)
  }

  /// What is not in doubt is what the system's tar unpacks.
  @Test func whatIsNotInDoubtIsWhatTarUnpacks() async throws {
    let scratch = try ScratchFolder()
    var dice = SplitMix(state: UInt64.random(in: 0...UInt64.max))
    var compared = 0
    for round in 0..<150 {
      let bytes = Self.random(&dice)
      guard let archive = LayerReader.read(bytes, wants: { _ in true }, counts: { _ in true }) else {
        continue
      }
      let tree = ImageTree([
        BuiltImage.Layer(identifier: Digest(of: bytes), entries: archive.entries, doubts: archive.doubts)
      ])
      guard tree.doubts.isEmpty else { continue }
      let folder = "out\(round)"
      try scratch.put("\(folder)/.keep", "")
      try scratch.host.files.create(scratch.path.appending("layer.tar"), bytes, mode: 0o644)
      _ = try await scratch.host.processes.run(
        Invocation(
          "/bin/tar", ["-x", "-f", "layer.tar", "-C", folder, "--no-same-owner"],
          environment: scratch.host.environment, workingDirectory: scratch.path))
      try scratch.host.files.remove(scratch.path.appending("layer.tar"))
      for (path, entry) in tree.files where entry.isFile {
        let place = scratch.path.appending(folder).pushing(FilePath(path))
        let text = try? scratch.host.files.text(place)
        #expect(text == entry.text, "\(path) of \(archive.entries)")
      }
      compared += 1
    }
    #expect(compared > 10)
  }

  private static func random(_ dice: inout SplitMix) -> [UInt8] {
    let names = ["a", "b", "a/b", "a/c", "b/d", "./a", "a//b", "c", "c/e", "a/../c", "/b", ".", "a/"]
    var entries: [LayerEntry] = []
    for _ in 0..<Int.random(in: 1...6, using: &dice) {
      var entry = LayerEntry(name: names.randomElement(using: &dice) ?? "a")
      switch Int.random(in: 0...9, using: &dice) {
      case 0, 1, 2: entry.kind = "5"
      case 3: (entry.kind, entry.target) = ("2", names.randomElement(using: &dice) ?? "a")
      case 4: (entry.kind, entry.target) = ("1", names.randomElement(using: &dice) ?? "a")
      default: entry.content = "text \(Int.random(in: 0...99, using: &dice))"
      }
      switch Int.random(in: 0...9, using: &dice) {
      case 0: entry.pax = [("path", names.randomElement(using: &dice) ?? "a")]
      case 1: entry.longName = names.randomElement(using: &dice)
      case 2: entry.pax = [("size", String(Int.random(in: 0...9, using: &dice)))]
      default: break
      }
      if entry.kind == "5" { entry.mode = 0o755 }
      entries.append(entry)
    }
    return LayerEntry.archive(entries)
  }
}
