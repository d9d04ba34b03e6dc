import Foundation
import OutfitCore
import OutfitProfile
import OutfitSystem
import Support
import SystemPackage
import Testing

@testable import OutfitRender

/// What is found on this machine of what a lock names by digest.
@Suite struct ContentSearchTests {
  let scratch: ScratchFolder

  init() throws { scratch = try ScratchFolder() }

  /// A zip archive whose files are not packed.
  static func zip(_ files: [(name: String, text: String)]) -> [UInt8] {
    func number(_ value: Int, _ count: Int) -> [UInt8] { (0..<count).map { UInt8(value >> ($0 * 8) & 255) } }
    var bytes: [UInt8] = []
    var list: [UInt8] = []
    for (name, text) in files {
      let content = Array(text.utf8)
      let common =
        number(0, 2) + number(0, 2) + number(0, 4) + number(0, 4) + number(content.count, 4)
        + number(content.count, 4) + number(name.utf8.count, 2) + number(0, 2)
      list +=
        number(0x0201_4B50, 4) + number(20, 2) + number(20, 2) + common + number(0, 2) + number(0, 2)
        + number(0, 2) + number(0, 4) + number(bytes.count, 4) + Array(name.utf8)
      bytes += number(0x0403_4B50, 4) + number(20, 2) + common + Array(name.utf8) + content
    }
    return bytes + list + number(0x0605_4B50, 4) + number(0, 4) + number(files.count, 2)
      + number(files.count, 2) + number(list.count, 4) + number(bytes.count, 4) + number(0, 2)
  }

  static let wheel = zip([
    ("django/__init__.py", "x"), ("django-5.2.19.dist-info/WHEEL", "Tag: py3-none-any\n"),
    ("django-5.2.19.dist-info/RECORD", "django/__init__.py,,\n"),
  ])

  func find(_ lock: Lock) async throws -> KnownContents {
    let rendering = try Render.files(Shop.input(lock: lock))
    var search = ContentSearch(
      host: scratch.host, root: scratch.path, scratch: scratch.path.appending("search"),
      stack: rendering.stack, files: ParityFiles(rendered: rendering.files, found: [:]))
    let image = BuiltImage(
      name: "i", digest: Digest(of: "i"),
      configuration: .map(["os": .string("linux"), "architecture": .string("amd64")]),
      layers: [try ImageContentTests.layer(ImageContentTests.image)])
    return try await search.find([BuiltPair(deploy: image, development: image)])
  }

  func lock(_ digest: Digest) -> Lock {
    var lock = Shop.lock
    lock.virtualenv?.requirements = "django==5.2.19 --hash=sha256:\(digest.hex)"
    return lock
  }

  func put(_ path: String, _ bytes: [UInt8]) throws {
    let target = scratch.path.pushing(FilePath(path))
    try scratch.host.files.createDirectories(target.removingLastComponent())
    try scratch.host.files.create(target, bytes, mode: 0o644)
  }

  var cache: String {
    var path = scratch.host.places.cache
    _ = path.removePrefix(scratch.path)
    return path.string
  }

  @Test func wheelsAreFoundByTheirDigest() async throws {
    let digest = Digest(of: Self.wheel)
    #expect(try await find(lock(digest)).wheels.isEmpty)
    try put("docker/vendor/amd64/wheels/django-5.2.19-py3-none-any.whl", Self.wheel)
    let vendored = try await find(lock(digest))
    #expect(vendored.vendored == ["amd64": [digest]])
    #expect(vendored.wheels[digest]?.files["django/__init__.py"]?.digest == Digest(of: "x"))
    #expect(vendored.wheels[digest]?.files["django-5.2.19.dist-info/WHEEL"]?.text == "Tag: py3-none-any\n")
    // One of another content is none of the lock's.
    #expect(try await find(lock(Digest(of: "other"))).wheels.isEmpty)
  }

  @Test func whatWasDownloadedIsComparedWithItsName() async throws {
    let digest = Digest(of: Self.wheel)
    try put("\(cache)/downloads/\(digest.hex)", Self.wheel)
    #expect(try await find(lock(digest)).wheels.keys.sorted() == [digest])
    let other = Digest(of: "other")
    try put("\(cache)/downloads/\(other.hex)", Self.wheel)
    #expect(try await find(lock(other)).wheels.isEmpty)
  }

  @Test func whatUvUnpackedIsFound() async throws {
    let digest = Digest(of: "a wheel")
    var pointer: [UInt8] = [0x95, 0xB0] + Array("JC--4ngPVV440VYH".utf8) + [0x91, 0x81, 0xA6]
    pointer += Array("Sha256".utf8) + [0xD9, 0x40] + Array(digest.hex.utf8) + [0xA1, 0x61, 0x00]
    try put("\(cache)/uv/wheels-v7/pypi/django/5.2.19-py3-none-any.http", pointer)
    let folder = "\(cache)/uv/archive-v0/JC--4ngPVV440VYH/"
    try put(folder + "django/__init__.py", Array("x".utf8))
    let record =
      "django/__init__.py,\(BuiltParityTests.listed),1\ndjango-5.2.19.dist-info/RECORD,,\n"
    try put(folder + "django-5.2.19.dist-info/RECORD", Array(record.utf8))
    #expect(try await find(lock(digest)).wheels[digest]?.files["django/__init__.py"] != nil)
    // An editor changed what an environment shares with the cache.
    try scratch.host.files.append(scratch.path.pushing(FilePath(folder + "django/__init__.py")), [0])
    #expect(try await find(lock(digest)).wheels.isEmpty)
    for lie in ["../../../../etc", "a/b", ".."] {
      let bytes = [0x95, 0xA0 | UInt8(lie.utf8.count)] + Array(lie.utf8) + pointer[18...]
      #expect(ContentSearch.pointer(bytes) == nil, "\(lie)")
    }
  }

  @Test func zipArchivesThatLieAreNone() throws {
    var dice = SplitMix(state: 3)
    for _ in 0..<300 {
      var bytes = Self.wheel
      for _ in 0...Int.random(in: 0...4, using: &dice) {
        bytes[Int.random(in: 0..<bytes.count, using: &dice)] = UInt8.random(in: 0...255, using: &dice)
      }
      if Bool.random(using: &dice) { bytes.removeLast(Int.random(in: 0..<bytes.count, using: &dice)) }
      let path = scratch.path.appending("a.whl")
      try scratch.host.files.removeTree(path)
      try scratch.host.files.create(path, bytes, mode: 0o644)
      _ = try WheelArchive(path, host: scratch.host)?.files()
    }
  }

  /// What the real gzip packs.
  @Test func packedFilesAreRead() async throws {
    let text = String(repeating: "django ", count: 1000)
    try scratch.put("plain", text)
    let done = try await scratch.host.processes.run(
      Invocation(
        "/bin/sh", ["-c", "gzip -n -c plain"], environment: scratch.host.environment,
        workingDirectory: scratch.path))
    try #require(done.succeeded)
    let packed = done.output.dropFirst(10).dropLast(8)
    let sum = Array(done.output.suffix(8).prefix(4))
    var bytes = Self.zip([("a.py", String(repeating: "x", count: packed.count))])
    let start = 30 + 4
    bytes.replaceSubrange(start..<(start + packed.count), with: packed)
    let list = start + packed.count
    bytes[list + 10] = 8
    bytes.replaceSubrange((list + 16)..<(list + 20), with: sum)
    bytes.replaceSubrange(
      (list + 24)..<(list + 28), with: (0..<4).map { UInt8(text.utf8.count >> ($0 * 8) & 255) })
    try put("a.whl", bytes)
    let path = scratch.path.appending("a.whl")
    #expect(try WheelArchive(path, host: scratch.host)?.files()?.files["a.py"]?.digest == Digest(of: text))
    // Its own sum is compared.
    bytes[list + 16] ^= 1
    try scratch.host.files.remove(path)
    try put("a.whl", bytes)
    #expect(try WheelArchive(path, host: scratch.host)?.files() == nil)
  }

  @Test func packagesOfNodeAreNamedByIntegrity() {
    let digest = Digest.sha512(of: Array("x".utf8))
    let base64 = Data(digest).base64EncodedString()
    #expect(NodeFiles.sha512("sha1-abc sha512-\(base64)") == digest)
    #expect(NodeFiles.sha512("sha512-abc") == nil && NodeFiles.sha512("sha1-abc") == nil)
  }
}
