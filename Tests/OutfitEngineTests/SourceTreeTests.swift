import OutfitCore
import OutfitSystem
import Support
import SystemPackage
import Testing

@testable import OutfitEngine

/// What a build of a project's own code gets.
@Suite struct SourceTreeTests {
  private let files = MemoryFiles.withHome()
  private let host: Host

  init() { host = .test(files: files, processes: ScriptedProcesses()) }

  private func read(_ without: Set<String> = [], mostBytes: Int64 = SourceTree.mostBytes) throws
    -> [TreeEntry]
  {
    try SourceTree(root: "/p", without: without).read(
      files, digests: SourceDigests(.machine, host: host), mostBytes: mostBytes)
  }

  @Test func whatIsNoSourceIsLeftOut() throws {
    for path in [
      "pyproject.toml", "src/shop/__init__.py", "src/shop/static/dist/app.js", "src/build/__init__.py",
      "notes",
      "lib/setup.py", "build/__init__.py", "lib/dist/pyproject.toml",
    ] { files.put(FilePath("/p/\(path)"), "x") }
    for path in [
      ".git/HEAD", "dist/shop-1.whl", "lib/build/lib/x.py", "lib/lib.egg-info/PKG-INFO", "env/pyvenv.cfg",
      "env/lib/six.py", "target/CACHEDIR.TAG", "src/__pycache__/a.pyc", "src/shop/old.pyc",
      "web/node_modules/x.js",
      "outfit.lock", ".pytest_cache/v",
    ] { files.put(FilePath("/p/\(path)"), "x") }
    let read = try read(["outfit.lock"])
    let found = read.compactMap { entry -> String? in
      if case .directory = entry.content { nil } else { entry.path }
    }
    #expect(
      found == [
        "build/__init__.py", "lib/dist/pyproject.toml", "lib/setup.py", "notes", "pyproject.toml",
        "src/build/__init__.py",
        "src/shop/__init__.py", "src/shop/static/dist/app.js",
      ])
    #expect(read.map(\.path).contains("src/shop") && !read.map(\.path).contains("env"))
  }

  @Test func aChangedByteIsAnotherTree() throws {
    files.put("/p/run", "one", mode: 0o700)
    let one = try read()
    #expect(
      one == [TreeEntry("run", .source(SourceFile("/p/run", Digest(of: "one"), size: 3), mode: 0o755))])
    files.put("/p/run", "two", mode: 0o700)
    let two = try read()
    #expect(one != two)
    func object(_ tree: [TreeEntry]) -> ObjectID {
      Object(name: "x", label: "x", recipe: .run(Run(sources: tree, steps: [])), store: "/s").id
    }
    #expect(object(one) != object(two) && object(one) == object(one))
  }

  @Test func linksThatLeadOutOfTheProjectStillDo() throws {
    files.put("/p/a/x", "x")
    files.putLink("/p/a/inside", to: "../a/x")
    files.putLink("/p/a/outside", to: "../../shared/x")
    files.putLink("/p/absolute", to: "/srv/x")
    let links = Dictionary(
      uniqueKeysWithValues: try read().compactMap { entry in
        if case .link(let destination) = entry.content { (entry.path, destination) } else { nil }
      })
    #expect(links == ["a/inside": "../a/x", "a/outside": "/shared/x", "absolute": "/srv/x"])
  }

  @Test func tooMuchIsRefusedWithItsPlace() throws {
    files.put("/p/data/large", String(repeating: "x", count: 90))
    files.put("/p/small", "x")
    _ = try read(mostBytes: 91)
    let failure = #expect(throws: Failure.self) { try read(mostBytes: 90) }
    #expect(failure?.diagnostics.first?.message.contains("most of it in data") == true)
    #expect(failure?.diagnostics.first?.hint?.contains("editable: false") == true)
  }

  @Test func theCopyIsWhatWasLookedAt() throws {
    files.put("/p/d/run", "one", mode: 0o755)
    files.putLink("/p/l", to: "d/run")
    let tree = try read()
    try SourceTree.copy(tree, to: "/copy", files: files)
    #expect(try files.read("/copy/d/run") == Array("one".utf8))
    #expect(try files.status("/copy/d/run", followLinks: false)?.mode == 0o755)
    #expect(try files.readLink("/copy/l") == "d/run")
    files.put("/p/d/run", "two", mode: 0o755)
    let failure = #expect(throws: Failure.self) { try SourceTree.copy(tree, to: "/other", files: files) }
    #expect(failure?.diagnostics.first?.message == "/p/d/run changed while this ran")
  }
}
