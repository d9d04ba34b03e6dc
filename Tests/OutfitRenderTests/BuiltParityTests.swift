import Foundation
import OutfitCore
import OutfitProfile
import OutfitSystem
import Support
import SystemPackage
import Testing

@testable import OutfitRender

/// Images made by hand, each rule broken in turn.
@Suite struct BuiltParityTests {
  let scratch: ScratchFolder

  init() throws { scratch = try ScratchFolder() }

  static func tar(_ entries: [(path: String, text: String?)], mode: UInt32 = 0o755) -> [UInt8] {
    var bytes: [UInt8] = []
    for (path, text) in entries {
      let content = Array((text ?? "").utf8)
      var header = [UInt8](repeating: 0, count: 512)
      func put(_ text: String, _ offset: Int) {
        for (index, byte) in text.utf8.enumerated() { header[offset + index] = byte }
      }
      func octal(_ number: Int, _ width: Int) -> String {
        let digits = String(number, radix: 8)
        return String(repeating: "0", count: width - digits.count) + digits
      }
      put(path, 0)
      put(octal(Int(mode), 7), 100)
      put(octal(0, 7), 108)
      put(octal(0, 7), 116)
      put(octal(content.count, 11), 124)
      put(octal(0, 11), 136)
      put(text == nil ? "5" : "0", 156)
      put("ustar\0" + "00", 257)
      put("        ", 148)
      put(octal(header.reduce(0) { $0 + Int($1) }, 6) + "\0 ", 148)
      bytes += header + content + [UInt8](repeating: 0, count: (512 - content.count % 512) % 512)
    }
    return bytes + [UInt8](repeating: 0, count: 1024)
  }

  static let base = tar([("opt/", nil), ("etc/passwd", "root")])
  static let site = "opt/venv/lib/python3.13/site-packages/"
  /// SHA-256 of `x`, as lists of packages write it.
  static let listed = "sha256=LXEWQrcmsEQBYnyp-6wy9chTD7GQPMTbAiWHF5IaSIE"
  static let app = tar([
    ("opt/python/include/python3.13/patchlevel.h", "#define PY_VERSION  \"3.13.5\"\n"),
    ("opt/venv/pyvenv.cfg", settings),
    (site + "django-5.2.19.dist-info/WHEEL", "x"), (site + "django-5.2.19.dist-info/METADATA", "x"),
    (site + "django/__init__.py", "x"),
    (
      site + "django-5.2.19.dist-info/RECORD",
      "django-5.2.19.dist-info/METADATA,\(listed),1\ndjango-5.2.19.dist-info/WHEEL,\(listed),1\ndjango/__init__.py,\(listed),1\ndjango-5.2.19.dist-info/RECORD,,\n"
    ), ("app/manage.py", "x"),
  ])
  static let settings = "home = /opt/python/bin\ninclude-system-site-packages = false\nversion = 3.13.5\n"
  static let tools = tar([
    ("opt/", nil), ("opt/dev/", nil), ("opt/dev/requirements/dev.txt", "x"),
    ("opt/dev/pyvenv.cfg", settings), ("opt/dev/tools/black/pyvenv.cfg", settings),
    ("opt/dev/tools/isort/pyvenv.cfg", settings),
    (
      "opt/dev/lib/python3.13/site-packages/app.pth", "/opt/venv/lib/python3.13/site-packages\n"
    ), ("opt/dev/lib/python3.13/site-packages/outfit_reload.py", BuiltParity.reloadFilter),
  ])

  static func config(user: String = "10001:10001", env: String = "A=b") -> String {
    """
    "User":"\(user)","Env":[\(env.split(separator: ",").map { "\"\($0)\"" }.joined(separator: ","))],"Cmd":["serve"],"WorkingDir":"/app",\
    "Labels":{"dev.outfit.lock.sha256":"\(Digest(of: "lock").hex)"}
    """
  }

  /// A folder in the OCI layout.
  func layout(_ name: String, _ layers: [[UInt8]], config: String = BuiltParityTests.config()) throws
    -> String
  {
    let folder = "\(name)-\(UInt64.random(in: 0...UInt64.max))"
    func blob(_ bytes: [UInt8]) throws -> Digest {
      let digest = Digest(of: bytes)
      let path = scratch.path.appending(folder).pushing(FilePath("blobs/sha256/\(digest.hex)"))
      if !scratch.host.files.exists(path) {
        try scratch.host.files.createDirectories(path.removingLastComponent())
        try scratch.host.files.create(path, bytes, mode: 0o644)
      }
      return digest
    }
    let digests = try layers.map(blob)
    let ids = digests.map { "\"sha256:\($0)\"" }.joined(separator: ",")
    let configuration = try blob(
      Array(
        "{\"architecture\":\"amd64\",\"os\":\"linux\",\"config\":{\(config)},\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[\(ids)]}}"
          .utf8))
    let descriptors = digests.map {
      "{\"mediaType\":\"application/vnd.oci.image.layer.v1.tar\",\"digest\":\"sha256:\($0)\"}"
    }.joined(separator: ",")
    let manifest = try blob(
      Array(
        "{\"schemaVersion\":2,\"config\":{\"digest\":\"sha256:\(configuration)\"},\"layers\":[\(descriptors)]}"
          .utf8))
    try scratch.put(
      "\(folder)/index.json", "{\"schemaVersion\":2,\"manifests\":[{\"digest\":\"sha256:\(manifest)\"}]}")
    return folder
  }

  /// The lock's artifacts, as they are with somebody who has them all.
  static var known: KnownContents {
    var known = KnownContents()
    known.wheels[Digest(of: "django")] = ArtifactFiles(files: [
      "django/__init__.py": .init("x"), "django-5.2.19.dist-info/METADATA": .init("x"),
      "django-5.2.19.dist-info/WHEEL": .init("x"),
      "django-5.2.19.dist-info/RECORD": .init("y"),
    ])
    known.interpreters[Digest(of: "amd64")] = ArtifactFiles(files: [
      "include/python3.13/patchlevel.h": .init("#define PY_VERSION  \"3.13.5\"\n")
    ])
    return known
  }

  func rows(
    _ deploy: [[UInt8]], _ development: [[UInt8]], config: String = BuiltParityTests.config(),
    devConfig: String = BuiltParityTests.config(), lock: Lock = Shop.lock,
    known: KnownContents = BuiltParityTests.known
  ) async throws -> [Parity.Row] {
    let reader = ImageReader(host: scratch.host, scratch: scratch.path.appending("read"))
    let pairs = try BuiltPair.pairs(
      try await reader.read(try layout("deploy", deploy, config: config)),
      try await reader.read(try layout("dev", development, config: devConfig)))
    let rendering = try Render.files(Shop.input(lock: lock))
    return BuiltParity(
      stack: rendering.stack, images: try #require(pairs.first),
      files: ParityFiles(rendered: rendering.files, found: [:]), known: known
    ).rows()
  }

  func failed(_ rows: [Parity.Row]) -> [String] { rows.filter { $0.verdict == .failed }.map(\.rule) }

  @Test func devOnTopOfDeployIsProved() async throws {
    let rows = try await rows([Self.base, Self.app], [Self.base, Self.app, Self.tools])
    #expect(rows.filter { $0.verdict != .proved } == [])
    #expect(rows.count == 15)
  }

  @Test func sabotageIsSeen() async throws {
    let deploy = [Self.base, Self.app]
    let ancestry = try await rows(deploy, [Self.base, Self.tools])
    #expect(failed(ancestry) == ["the dev image stands on the deploy image"])
    #expect(ancestry.contains { $0.verdict == .notCheckable })
    func topped(_ entries: [(String, String?)], mode: UInt32 = 0o755) async throws -> [String] {
      failed(
        try await rows(deploy, deploy + [Self.tar(entries.map { (path: $0.0, text: $0.1) }, mode: mode)]))
    }
    let changes = ["the dev image changes nothing of it"]
    #expect(try await topped([("app/manage.py", "y")]) == changes)
    #expect(try await topped([("opt/device", "y")]) == changes)
    #expect(try await topped([("app/.wh.manage.py", "")]) == changes)
    #expect(try await topped([("opt/dev/.wh.old", "")]) == [])
    #expect(try await topped([("opt/", nil)], mode: 0o777) == changes, "a folder with another mode")
    #expect(
      failed(try await rows(deploy, deploy + [Self.tools], devConfig: Self.config(env: "A=c")))
        == ["both images run the same way"])
    #expect(
      failed(
        try await rows(
          deploy, deploy + [Self.tools], config: Self.config(user: "0:0"), devConfig: Self.config(user: "0:0")
        ))
        == ["the image runs as nobody's root"])
    let foreign = Self.config().replacingOccurrences(of: Digest(of: "lock").hex, with: Digest(of: "x").hex)
    #expect(
      failed(try await rows(deploy, deploy + [Self.tools], config: foreign, devConfig: foreign))
        == ["the image is of this lock"])
    var lock = Shop.lock
    lock.interpreters[.python]?[0].version = Version([3, 13, 6])
    #expect(
      failed(try await rows(deploy, deploy + [Self.tools], lock: lock))
        == ["the interpreter in the image is the lock's"])
    lock = Shop.lock
    lock.virtualenv?.requirements = "django==5.2.18 --hash=sha256:\(Digest(of: "d").hex)"
    #expect(
      failed(try await rows(deploy, deploy + [Self.tools], lock: lock)) == [
        "the packages in the image are the lock's"
      ])
    // Taken away in a later layer.
    let without =
      deploy + [Self.tar([("opt/venv/lib/python3.13/site-packages/.wh.django-5.2.19.dist-info", "")])]
    #expect(
      failed(try await rows(without, without + [Self.tools])) == [
        "the packages in the image are the lock's",
        "the files of the packages are those of the lock's wheels",
      ])
  }

  @Test func whatNoPackageListsIsSeen() async throws {
    for entry in [
      ("sitecustomize.py", "x"), ("evil.pth", "import x"), ("django/__init__.py", "y"),
      ("django/more.py", "x"), (".wh.django", ""),
    ] {
      let layers = [Self.base, Self.app, Self.tar([(path: Self.site + entry.0, text: entry.1)])]
      let failed = try await rows(layers, layers).filter { $0.verdict == .failed }.map(\.id)
      #expect(failed == ["built.contents"], "\(entry.0)")
    }
    for name in ["more", "__init__"] {
      let compiled = Self.tar([(path: Self.site + "django/__pycache__/\(name).cpython-313.pyc", text: "x")])
      let layers = [Self.base, Self.app, compiled]
      #expect(
        try await rows(layers, layers).filter { $0.verdict != .proved }.map(\.id) == ["built.compiled"],
        "\(name)")
    }
  }

  @Test func theOrderOfVariablesCounts() async throws {
    let layers = [Self.base, Self.app]
    func failed(_ deploy: String, _ dev: String) async throws -> [String] {
      try await rows(layers, layers, config: Self.config(env: deploy), devConfig: Self.config(env: dev))
        .filter { $0.verdict == .failed }.map(\.id)
    }
    #expect(try await failed("A=1,B=2", "A=1,B=2,A=1") == [])
    #expect(try await failed("A=1,B=2", "B=2,A=1") == ["built.configuration"])
    #expect(try await failed("A=1,A=2", "A=2,A=1") == ["built.configuration"])
    #expect(try await failed("PATH=/opt/dev/bin:/bin", "PATH=/opt/dev/bin:/bin") == ["built.order"])
    #expect(try await failed("PATH=/bin:/opt/dev/bin", "PATH=/bin:/opt/dev/bin") == [])
    #expect(try await failed("NODE_PATH=/opt/dev/x", "NODE_PATH=/opt/dev/x") == ["built.order"])
  }

  @Test func settingsInAnyCaseCount() async throws {
    let layers = [Self.base, Self.app]
    let twice = Self.config() + ",\"env\":[\"PYTHONPATH=/x\"]"
    let hooks = Self.config() + ",\"OnBuild\":[\"RUN true\"]"
    for config in [twice, hooks] {
      let rows = try await rows(layers, layers, devConfig: config)
      #expect(failed(rows) == ["both images run the same way"], "\(config)")
    }
  }

  @Test func whatIsDamagedIsRefused() async throws {
    let name = try layout("deploy", [Self.base])
    let reader = ImageReader(host: scratch.host, scratch: scratch.path.appending("read"))
    let blob = scratch.path.appending(name).pushing(FilePath("blobs/sha256/\(Digest(of: Self.base).hex)"))
    try scratch.host.files.append(blob, [0])
    await #expect(throws: Failure.self) { try await reader.read(name) }
    await #expect(throws: Failure.self) { try await reader.read("./nothing.tar") }
    try scratch.put("odd.tar", "no archive")
    await #expect(throws: Failure.self) { try await reader.read("odd.tar") }
    for bytes in [[], Array("rubbish".utf8), [UInt8](repeating: 1, count: 2048)] {
      #expect(LayerReader.read(bytes, wants: { _ in false })?.entries.isEmpty ?? true)
    }
  }

  /// What the real tar writes, long names and gzip included, in an archive as `docker save` makes it.
  @Test func archivesAreRead() async throws {
    let long = String(repeating: "folder-with-a-name/", count: 12) + "file.txt"
    try scratch.put("root/\(long)", "x")
    try scratch.put("root/opt/python/include/python3.13/patchlevel.h", "#define PY_VERSION \"3.13.5\"\n")
    func sh(_ script: String) async throws {
      let done = try await scratch.host.processes.run(
        Invocation(
          "/bin/sh", ["-ec", script], environment: scratch.host.environment, workingDirectory: scratch.path))
      try #require(done.succeeded, "\(done.errorText)")
    }
    for format in ["gnu", "pax", "ustar"] {
      try await sh(
        "tar --format=\(format) -C root -cf layer.tar . && rm -rf save && mkdir save && cp layer.tar save/")
      let bytes = try scratch.host.files.read(scratch.path.appending("layer.tar"))
      try scratch.put(
        "save/config.json",
        "{\"config\":{\"User\":\"1:1\"},\"rootfs\":{\"diff_ids\":[\"sha256:\(Digest(of: bytes))\"]}}")
      try scratch.put("save/manifest.json", "[{\"Config\":\"config.json\",\"Layers\":[\"layer.tar\"]}]")
      try await sh(
        "gzip -f save/layer.tar && mv save/layer.tar.gz save/layer.tar && tar -C save -cf \(format).tar .")
      let reader = ImageReader(host: scratch.host, scratch: scratch.path.appending("read-\(format)"))
      let image = try #require(try await reader.read("docker-archive:\(format).tar").first)
      #expect(image.files[long] != nil, "\(format)")
      #expect(image.files["opt/python/include/python3.13/patchlevel.h"]?.text?.contains("3.13.5") == true)
    }
  }
}
