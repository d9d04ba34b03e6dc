import Foundation
import OutfitCore
import OutfitProfile
import OutfitSystem
import Support
import SystemPackage
import Testing

@testable import OutfitRender

/// Code brought into both images alike, past everything that only compares them with one another.
@Suite struct ImageContentTests {
  static let site = "opt/venv/lib/python3.13/site-packages/"
  static let library = "opt/python/lib/python3.13/"
  static let settings = BuiltParityTests.settings

  /// A module of compiled Python, as `marshal` writes one that does no more than have this constant.
  static func module(_ constant: String, path: String, flags: UInt8 = 1, size: Int? = nil, set: [String] = [])
    -> [UInt8]
  {
    func number(_ value: Int, _ count: Int = 4) -> [UInt8] {
      (0..<count).map { UInt8(value >> ($0 * 8) & 255) }
    }
    func text(_ text: String, _ kind: Character = "z") -> [UInt8] {
      [kind.asciiValue ?? 0, UInt8(text.utf8.count)] + Array(text.utf8)
    }
    let bytes: [UInt8] = [115] + number(2) + [0x64, 0x53]
    var code: [UInt8] = [0x63 | 0x80] + number(0) + number(0) + number(0) + number(1) + number(64)
    code += bytes
    code += [41, UInt8(set.isEmpty ? 1 : 2)] + text(constant)
    if !set.isEmpty { code += [62] + number(set.count) + set.flatMap { text($0) } }
    code += [41, 0] + [41, 0] + [115] + number(0)
    code += text(path) + text("<module>") + text("<module>") + number(1)
    code += [115] + number(0) + [115] + number(0)
    let check = size.map { number(7) + number($0) } ?? Array(Digest(of: constant).hex.utf8.prefix(8))
    return [0xF3, 0x0D, 0x0D, 0x0A] + number(Int(flags)) + check + code
  }

  /// Bytes as the text that archives are made of here.
  static func entry(_ path: String, _ text: String = "x", mode: Int = 0o644) -> LayerEntry {
    LayerEntry(name: path, content: text, mode: mode)
  }

  static let program = """
    #!/opt/venv/bin/python3
    import sys
    from django.core import run
    if __name__ == '__main__':
        sys.argv[0] = sys.argv[0].removesuffix('.exe')
        sys.exit(run.main())

    """

  static let wheel: [String: String] = [
    "django/__init__.py": "x", "django/views.py": "y", "django-5.2.19.dist-info/METADATA": "m",
    "django-5.2.19.dist-info/WHEEL": "Tag: py3-none-any\n",
    "django-5.2.19.dist-info/entry_points.txt":
      "[console_scripts]\ndjango-admin = django.core:run.main [x]\n[other]\nno = a:b\n",
    "django-5.2.19.data/scripts/tool": "#!pythonw\nprint(1)\n", "django-5.2.19.data/data/share/a.txt": "a",
  ]

  static var known: KnownContents {
    var known = BuiltParityTests.known
    var files = wheel.mapValues { ArtifactFiles.File($0) }
    files["django-5.2.19.dist-info/RECORD"] = .init("r")
    known.wheels = [Digest(of: "django"): ArtifactFiles(files: files)]
    known.interpreters = [
      Digest(of: "amd64"): ArtifactFiles(
        files: [
          "include/python3.13/patchlevel.h": .init("#define PY_VERSION  \"3.13.5\"\n"),
          "bin/python3.13": .init("elf"),
          "lib/python3.13/os.py": .init("o"),
          "lib/python3.13/venv/scripts/common/activate": .init("cd __VENV_DIR__\n"),
        ], links: ["bin/python3": "python3.13"])
    ]
    for (path, text) in [
      (site + "django/__init__.py", "x"), (site + "django/views.py", "y"), (library + "os.py", "o"),
      ("app/views.py", "v"),
    ] {
      known.compiled[CompiledSource(digest: Digest(of: text), path: path)] = CompiledFile(
        module(text, path: "/" + path), name: "a.cpython-313.pyc")
    }
    return known
  }

  /// What is right.
  static var image: [LayerEntry] {
    var entries = ["opt", "opt/venv", "opt/venv/bin", "opt/venv/lib", "opt/python", "app"].map {
      LayerEntry.folder($0)
    }
    entries += [
      entry("opt/venv/pyvenv.cfg", settings), entry("opt/venv/bin/activate", "cd /opt/venv\n"),
      .link("opt/venv/bin/python3", "/opt/python/bin/python3"), .link("opt/venv/bin/python", "python3"),
      .link("opt/venv/lib64", "lib"), entry("opt/venv/bin/django-admin", program, mode: 0o755),
      entry("opt/venv/bin/tool", "#!/opt/venv/bin/python3\nprint(1)\n", mode: 0o755),
      entry("opt/venv/share/a.txt", "a"), entry("opt/python/bin/python3.13", "elf", mode: 0o755),
      .link("opt/python/bin/python3", "python3.13"), entry(library + "os.py", "o"),
      entry(library + "venv/scripts/common/activate", "cd __VENV_DIR__\n"),
      entry("opt/python/include/python3.13/patchlevel.h", "#define PY_VERSION  \"3.13.5\"\n"),
      entry("app/views.py", "v"),
    ]
    for (name, text) in wheel where !name.contains(".data/") { entries.append(entry(site + name, text)) }
    entries += [
      entry(site + "django-5.2.19.dist-info/INSTALLER", "pip\n"),
      entry(site + "django-5.2.19.dist-info/REQUESTED", ""),
      entry(site + "django-5.2.19.dist-info/RECORD", "anything"),
    ]
    return entries
  }

  static func layer(_ entries: [LayerEntry]) throws -> BuiltImage.Layer {
    let bytes = LayerEntry.archive(entries)
    let archive = try #require(
      LayerReader.read(
        bytes, wants: BuiltParity.wants, counts: BuiltParity.counts, compiles: CompiledFiles.counts))
    return BuiltImage.Layer(identifier: Digest(of: bytes), entries: archive.entries, doubts: archive.doubts)
  }

  static func rows(
    _ more: [LayerEntry] = [], dev: [LayerEntry] = [], env: [String] = [], settings: [String: Document] = [:],
    known: KnownContents = Self.known,
    compiled: [String: [UInt8]] = [:]
  ) throws -> [Parity.Row] {
    var layers = [try layer(image)]
    if !more.isEmpty { layers.append(try layer(more)) }
    var entries: [TarEntry] = []
    for (path, bytes) in compiled {
      entries.append(
        TarEntry(
          path: path, kind: UInt8(ascii: "0"), mode: 0o644, size: bytes.count, digest: Digest(of: bytes),
          compiled: CompiledFile(bytes, name: path)))
    }
    if !entries.isEmpty {
      layers.append(BuiltImage.Layer(identifier: Digest(of: "\(compiled)"), entries: entries))
    }
    let configuration = Document.map([
      "os": .string("linux"), "architecture": .string("amd64"),
      "config": .map(
        [
          "User": .string("10001:10001"), "Env": .list(env.map { .string($0) }),
          "Labels": .map(["dev.outfit.lock.sha256": .string(Digest(of: "lock").hex)]),
        ].merging(settings) { $1 }),
    ])
    let deploy = BuiltImage(
      name: "deploy", digest: Digest(of: "d"), configuration: configuration, layers: layers)
    if !dev.isEmpty { layers.append(try layer(dev)) }
    let development = BuiltImage(
      name: "dev", digest: Digest(of: "e"), configuration: configuration, layers: layers)
    let rendering = try Render.files(Shop.input())
    return BuiltParity(
      stack: rendering.stack, images: BuiltPair(deploy: deploy, development: development),
      files: ParityFiles(rendered: rendering.files, found: [:]), known: known
    ).rows()
  }

  static func failed(_ rows: [Parity.Row]) -> [String] { rows.filter { $0.verdict == .failed }.map(\.id) }

  @Test func whatIsRightIsProved() throws {
    let rows = try Self.rows()
    #expect(rows.filter { $0.verdict != .proved } == [])
    let contents = rows.first { $0.id == "built.contents" }
    #expect(contents?.detail.contains("1 wheels") == true, "\(contents?.detail ?? "")")
  }

  /// Whatever else is changed with it, above all the list of the package.
  static let smuggled: [(String, String, [LayerEntry])] = [
    ("a module is another one", "built.contents", [entry(site + "django/views.py", "evil")]),
    (
      "a module is another one, and listed so", "built.contents",
      [
        entry(site + "django/views.py", "evil"),
        entry(
          site + "django-5.2.19.dist-info/RECORD",
          "django/views.py,sha256=LXEWQrcmsEQBYnyp-6wy9chTD7GQPMTbAiWHF5IaSIE,1\n"),
      ]
    ),
    (
      "a module is added, and listed", "built.contents",
      [
        entry(site + "django/evil.py"),
        entry(
          site + "django-5.2.19.dist-info/RECORD",
          "django/evil.py,sha256=LXEWQrcmsEQBYnyp-6wy9chTD7GQPMTbAiWHF5IaSIE,1\n"),
      ]
    ),
    ("a module is gone", "built.contents", [entry(site + "django/.wh.views.py", "")]),
    ("a .pth", "built.contents", [entry(site + "a.pth", "import evil")]),
    ("sitecustomize", "built.contents", [entry(site + "sitecustomize.py")]),
    ("a compiled module without a source", "built.contents", [entry(site + "evil.pyc")]),
    ("a library", "built.contents", [entry(site + "django/views.cpython-313-x86_64-linux-gnu.so")]),
    ("a folder of another version", "built.contents", [entry("opt/venv/lib/python3.12/site-packages/a.py")]),
    ("a module that is a link", "built.contents", [.link(site + "django/views.py", "/app/views.py")]),
    ("a package that is a link", "built.contents", [.link(site + "evil", "/app")]),
    (
      "a program is another one", "built.contents",
      [entry("opt/venv/bin/django-admin", program + "evil\n", mode: 0o755)]
    ),
    ("a program that nobody has", "built.contents", [entry("opt/venv/bin/sh", mode: 0o755)]),
    (
      "a script of the wheel is another one", "built.contents",
      [entry("opt/venv/bin/tool", "#!/bin/sh\n", mode: 0o755)]
    ),
    (
      "a script for shells is another one", "built.contents",
      [entry("opt/venv/bin/activate", "cd /opt/venv\nevil\n")]
    ),
    (
      "an entry point is another one", "built.contents",
      [entry(site + "django-5.2.19.dist-info/entry_points.txt", "[console_scripts]\n")]
    ),
    ("the interpreter is a link elsewhere", "built.contents", [.link("opt/venv/bin/python3", "/app/python")]),
    ("the interpreter is a file", "built.contents", [entry("opt/venv/bin/python3", mode: 0o755)]),
    (
      "the home is written twice", "built.contents",
      [entry("opt/venv/pyvenv.cfg", "home = /app\n" + settings)]
    ),
    (
      "the system's packages too", "built.contents",
      [entry("opt/venv/pyvenv.cfg", settings + "Include-System-Site-Packages = true\n")]
    ),
    (
      "a program that runs as root", "built.contents",
      [entry("opt/venv/bin/tool", "#!/opt/venv/bin/python3\nprint(1)\n", mode: 0o4755)]
    ),
    (
      "the environment is a link", "built.contents",
      [.link("opt/venv", "/app/venv"), entry("app/venv/x.py")]
    ),
    ("the standard library is another one", "built.interpreter.files", [entry(library + "os.py", "evil")]),
    ("sitecustomize of the interpreter", "built.interpreter.files", [entry(library + "sitecustomize.py")]),
    ("a zip archive on the path", "built.interpreter.files", [entry("opt/python/lib/python313.zip")]),
    (
      "the interpreter is another one", "built.interpreter.files",
      [entry("opt/python/bin/python3.13", "evil", mode: 0o755)]
    ),
    ("the interpreter's link", "built.interpreter.files", [.link("opt/python/bin/python3", "/app/python")]),
    ("the standard library is gone", "built.interpreter.files", [entry(library + ".wh.os.py", "")]),
    ("a library for every program", "built.loading", [entry("etc/ld.so.preload", "/app/evil.so\n")]),
  ]

  @Test func whatIsSmuggledIsSeen() throws {
    for (what, id, entries) in Self.smuggled {
      #expect(try Self.failed(Self.rows(entries)).contains(id), "\(what)")
    }
  }

  @Test func aPackageOfNobodyIsSeen() throws {
    let rows = try Self.rows([
      Self.entry(Self.site + "evil-1.0.dist-info/entry_points.txt", "[pytest11]\na = b\n")
    ])
    #expect(Self.failed(rows) == ["built.packages", "built.contents"])
  }

  @Test func variablesThatLoadCodeAreSeen() throws {
    for variable in [
      "PYTHONPATH=/app/evil", "LD_PRELOAD=/app/evil.so", "PYTHONHOME=/app", "PYTHON_PRESITE=evil",
      "PATH=/app/bin:/opt/venv/bin", "PATH=/usr/bin:/opt/venv/bin", "BASH_ENV=/app/x",
    ] {
      #expect(try Self.failed(Self.rows(env: [variable])) == ["built.loading"], "\(variable)")
    }
    for settings in [
      ["Entrypoint": Document.list([.string("/app/evil")])], ["entryPoint": .list([.string("/app/evil")])],
      ["env": .list([.string("PYTHONPATH=/app")])],
    ] {
      #expect(try Self.failed(Self.rows(settings: settings)).contains("built.loading"), "\(settings)")
    }
    let usual = [
      "PATH=/opt/venv/bin:/usr/bin:/bin:/opt/dev/bin", "PYTHONUNBUFFERED=1", "PYTHON_VERSION=3.13.5",
      "TZ=UTC",
    ]
    #expect(try Self.failed(Self.rows(env: usual)) == [])
  }

  @Test func codeIsWhatItsSourceMakes() throws {
    let place = Self.site + "django/__pycache__/views.cpython-313.pyc"
    let path = "/" + Self.site + "django/views.py"
    func rows(_ bytes: [UInt8], at place: String = place) throws -> [Parity.Row] {
      try Self.rows(compiled: [place: bytes])
    }
    func isProved(_ bytes: [UInt8]) throws -> Bool { try rows(bytes).allSatisfy { $0.verdict == .proved } }
    #expect(try isProved(Self.module("y", path: path)))
    // What says no digest of its source is read where size and time agree.
    #expect(try isProved(Self.module("y", path: path, flags: 0, size: 1)))
    for bytes in [
      Self.module("evil", path: path), Self.module("y", path: "/app/views.py"),
      Self.module("y", path: path, flags: 0, size: 2), Self.module("y", path: path, flags: 7),
      Self.module("y", path: path) + [0], Array(Self.module("y", path: path).dropLast()),
      Array("rubbish".utf8),
      Self.module("y", path: path, set: ["a"]),
    ] {
      #expect(try Self.failed(rows(bytes)) == ["built.compiled"], "\(bytes)")
    }
    // The digest of the source is right, and the code is not.
    var other = Self.module("y", path: path)
    other[other.count - 30] ^= 1
    #expect(try Self.failed(rows(other)) == ["built.compiled"])
    for name in ["views.cpython-313.opt-1.pyc", "views.cpython-312.pyc", "views.pyc", "evil.cpython-313.pyc"]
    {
      let place = Self.site + "django/__pycache__/" + name
      #expect(try Self.failed(rows(Self.module("y", path: path), at: place)) == ["built.compiled"], "\(name)")
    }
    let library = Self.library + "__pycache__/os.cpython-313.pyc"
    #expect(
      try rows(Self.module("o", path: "/\(Self.library)os.py"), at: library).allSatisfy {
        $0.verdict == .proved
      })
    #expect(
      try Self.failed(rows(Self.module("evil", path: "/\(Self.library)os.py"), at: library)) == [
        "built.compiled"
      ])
    let app = "app/__pycache__/views.cpython-313.pyc"
    #expect(try rows(Self.module("v", path: "/app/views.py"), at: app).allSatisfy { $0.verdict == .proved })
    #expect(try Self.failed(rows(Self.module("evil", path: "/app/views.py"), at: app)) == ["built.compiled"])
  }

  /// Sets stand in the order of hashes, and what is shared differs from run to run.
  @Test func theSameCodeIsTheSame() {
    func code(_ set: [String]) -> Digest? {
      CompiledFile(Self.module("y", path: "/a.py", set: set), name: "a.cpython-313.pyc")?.code
    }
    #expect(
      code(["a", "b"]) != nil && code(["a", "b"]) == code(["b", "a"])
        && code(["a", "b"]) != code(["a", "c"]))
  }

  /// Nothing that is written into a file of compiled Python makes the proof slow, or ends it.
  @Test func codeOfLiarsEnds() {
    var dice = SplitMix(state: 7)
    let right = Self.module("y", path: "/a.py", set: ["a", "b"])
    for _ in 0..<3000 {
      var bytes = right
      for _ in 0...Int.random(in: 0...3, using: &dice) {
        bytes[Int.random(in: 16..<bytes.count, using: &dice)] = UInt8.random(in: 0...255, using: &dice)
      }
      _ = CompiledFile(bytes, name: "a.cpython-313.pyc")
    }
    // A pair of the pair before it, sixty times: as a tree that would be without end.
    var bytes: [UInt8] = Array(right.prefix(16)) + [0x63] + [UInt8](repeating: 0, count: 20)
    bytes += [0xA9, 2, 0xA9, 0, 0x4E]
    for index in 0..<60 {
      bytes += [0xA9, 2, 0x72, UInt8(index), 0, 0, 0, 0x72, UInt8(index), 0, 0, 0]
    }
    #expect(CompiledFile(bytes, name: "a.cpython-313.pyc")?.code == nil)
    #expect(
      CompiledFile(
        Array(right.prefix(16)) + [UInt8](repeating: 0x28, count: 100_000), name: "a.cpython-313.pyc")?.code
        == nil)
  }

  @Test func whatIsNotHereIsNotProved() throws {
    var known = Self.known
    known.wheels = [:]
    var rows = try Self.rows(known: known)
    // Its own list is no proof, and here it lists nothing.
    #expect(Self.failed(rows) == ["built.contents"])
    known = Self.known
    known.interpreters = [:]
    rows = try Self.rows(known: known)
    #expect(Self.failed(rows) == [])
    #expect(
      rows.filter { $0.verdict == .notCheckable }.map(\.id) == ["built.interpreter.files", "built.contents"])
    known = Self.known
    known.compiled = [:]
    let path = Self.site + "django/views.py"
    rows = try Self.rows(
      known: known,
      compiled: [Self.site + "django/__pycache__/views.cpython-313.pyc": Self.module("y", path: "/" + path)])
    #expect(rows.filter { $0.verdict == .notCheckable }.map(\.id) == ["built.compiled"])
    #expect(Parity.status(rows) == .done && Parity.status(rows, isStrict: true) == .drift)
  }

  /// Where the image says that it has another wheel than the one that is here, only what is vendored decides.
  @Test func whatIsVendoredIsWhatWasInstalled() throws {
    var lock = Shop.lock
    lock.virtualenv?.requirements += " \\\n    --hash=sha256:\(Digest(of: "other").hex)"
    let lie = [
      Self.entry(Self.site + "django-5.2.19.dist-info/WHEEL", "Tag: other\n"),
      Self.entry(Self.site + "django/views.py", "evil"),
    ]
    func contents(_ known: KnownContents) throws -> Parity.Row? {
      let image = BuiltImage(
        name: "i", digest: Digest(of: "i"),
        configuration: .map(["os": .string("linux"), "architecture": .string("amd64")]),
        layers: [try Self.layer(Self.image), try Self.layer(lie)])
      let rendering = try Render.files(Shop.input(lock: lock))
      return BuiltParity(
        stack: rendering.stack, images: BuiltPair(deploy: image, development: image),
        files: ParityFiles(rendered: rendering.files, found: [:]), known: known
      ).rows().first { $0.id == "built.contents" }
    }
    #expect(try contents(Self.known)?.verdict != .proved)
    var known = Self.known
    known.vendored = ["amd64": [Digest(of: "django")]]
    #expect(
      try contents(known)?.places.contains("/\(Self.site)django/views.py is not what its wheel has") == true)
  }

  static let dev: [LayerEntry] =
    [
      .folder("opt/dev"), entry("opt/dev/requirements/dev.txt"), entry("opt/dev/pyvenv.cfg", settings),
      entry("opt/dev/tools/black/pyvenv.cfg", settings), entry("opt/dev/tools/isort/pyvenv.cfg", settings),
      .link("opt/dev/bin/black", "../tools/black/bin/black"),
      entry("opt/dev/lib/python3.13/site-packages/app.pth", "/opt/venv/lib/python3.13/site-packages\n"),
      entry("opt/dev/lib/python3.13/site-packages/outfit_reload.py", BuiltParity.reloadFilter),
    ]

  @Test func whatDevAddsIsKnown() throws {
    #expect(try Self.rows(dev: Self.dev).filter { $0.verdict != .proved } == [])
    let lies: [LayerEntry] = [
      Self.entry("opt/dev/lib/python3.13/site-packages/evil.pth", "import x"),
      Self.entry("opt/dev/bin/sh", mode: 0o755),
      .link("opt/dev/bin/isort", "/app/evil"),
      Self.entry("opt/dev/tools/black/lib/python3.13/site-packages/a.py"),
      Self.entry("opt/dev/tools/evil/bin/evil"), .link("opt/dev/requirements/dev2.txt", "/app"),
      Self.entry("opt/dev/requirements/a.py"),
    ]
    for lie in lies {
      #expect(try Self.failed(Self.rows(dev: Self.dev + [lie])) == ["built.tools"], "\(lie.name)")
    }
    // The text that is compared is the one that is rendered.
    let dockerfile = try #require(try Shop.files(Shop.input())["Dockerfile"])
    for line in BuiltParity.reloadFilter.split(separator: "\n") {
      #expect(dockerfile.contains("'\(line)'"), "\(line)")
    }
  }

  // MARK: - Node

  static let lock = """
    {"packages": {"": {}, "node_modules/left": {"version": "1.0.0", "integrity": "left", "bin": {"left": "cli.js"}},
     "node_modules/left/node_modules/deep": {"version": "2.0.0", "integrity": "deep", "hasInstallScript": true},
     "node_modules/in": {"version": "1.0.0", "integrity": "in"},
     "node_modules/in/node_modules/own": {"version": "1.0.0", "inBundle": true}}}
    """

  static func node(_ more: [LayerEntry], without: String? = nil) throws -> InstalledFiles.Findings {
    let modules = "app/node_modules/"
    var entries = [
      entry(modules + "left/cli.js", "c"), entry(modules + "left/.npmignore", "g"),
      .link(modules + ".bin/left", "../left/cli.js"), entry(modules + ".package-lock.json", "{}"),
      entry(modules + "left/node_modules/deep/index.js", "d"), entry(modules + "in/index.js", "i"),
      entry(modules + "in/node_modules/own/index.js", "o"),
    ]
    entries.removeAll { $0.name == without }
    let layers = [try layer(entries)] + (more.isEmpty ? [] : [try layer(more)])
    var known = KnownContents()
    known.packages = [
      "left": ArtifactFiles(files: ["cli.js": .init("c"), ".gitignore": .init("g")]),
      "deep": ArtifactFiles(files: ["index.js": .init("d")]),
      "in": ArtifactFiles(files: ["index.js": .init("i"), "node_modules/own/index.js": .init("o")]),
    ]
    let packages = try Document.parseJSON(lock, file: "package-lock.json")["packages"]?.entries ?? [:]
    return NodeFiles(files: ImageTree(layers).files, known: known, packages: packages).compared(
      "app/node_modules")
  }

  @Test func packagesOfNodeAreTheLocks() throws {
    let right = try Self.node([])
    #expect(right.failures == [] && right.unknown == [] && right.count == 5 && right.wheels == 3)
    let modules = "app/node_modules/"
    let lies: [LayerEntry] = [
      Self.entry(modules + "left/cli.js", "evil"), Self.entry(modules + "left/index.js"),
      Self.entry(modules + "evil/index.js"),
      Self.entry(modules + "in/node_modules/own/index.js", "evil"), Self.entry(modules + "evil.js"),
      .link(modules + ".bin/node", "../left/cli.js"), .link(modules + ".bin/left", "../left/evil.js"),
      .link(modules + "evil", "/app"), Self.entry(modules + ".bin/node", mode: 0o755),
      Self.entry(modules + "left/cli.js", "c", mode: 0o4755),
    ]
    for lie in lies { #expect(try Self.node([lie]).failures.count == 1, "\(lie.name)") }
    #expect(
      try Self.node([], without: modules + "left/cli.js").failures == [
        "/app/node_modules/left/cli.js is missing"
      ])
    // Its own script may have made it.
    let made = try Self.node([Self.entry(modules + "left/node_modules/deep/made.node")])
    #expect(
      made.failures == []
        && made.unknown == ["left/node_modules/deep 2.0.0 has a script that changes its files"])
  }
}
