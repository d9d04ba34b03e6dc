import OutfitConsent
import OutfitCore
import OutfitSystem
import Support
import SystemPackage
import Testing

@testable import OutfitEngine

@Suite struct BuilderTests {
  private let files = MemoryFiles.withHome()
  private let processes = ScriptedProcesses()
  private let fetcher = ScriptedFetching()
  private let host: Host
  private let store: Store

  init() {
    host = .test(
      files: files, processes: processes,
      environment: [
        "HTTPS_PROXY": "http://proxy", "PIP_INDEX_URL": "x", "SECRET": "y", "PYTHONPATH": "/z",
        "UV_CONCURRENT_DOWNLOADS": "3",
      ])
    store = Store(host)
  }

  private func builder(isOffline: Bool = false) -> Builder {
    Builder(
      .generation(.machine), host: host, store: store, fetcher: fetcher, progress: NoProgress(),
      isOffline: isOffline)
  }

  private func tree(_ name: String, inputs: [ObjectID] = [], checks: [Check] = []) -> Object {
    Object(
      name: name, label: name, inputs: inputs,
      recipe: .tree([
        TreeEntry("bin", .directory(mode: 0o755)),
        TreeEntry("bin/\(name)", .file(Array(name.utf8), mode: 0o755)), TreeEntry("link", .link("bin")),
      ]), checks: checks, store: store.root)
  }

  private func run(
    _ name: String, _ steps: [Step], files: [String: [UInt8]] = [:], inputs: [ObjectID] = []
  ) -> Object {
    Object(
      name: name, label: name, inputs: inputs, recipe: .run(Run(files: files, steps: steps)),
      store: store.root)
  }

  @Test func aDamagedObjectIsBuiltAnew() async throws {
    let object = tree("a")
    _ = try await builder().build([object])
    files.put(store.path(of: object.id).pushing("bin/a"), "poison")
    #expect(try Verification.examine(object.id, in: store) == [Discrepancy("bin/a", .changed)])
    let outcome = try await builder().rebuild([object], among: [object])
    #expect(outcome.built == [object.id])
    #expect(try Verification.examine(object.id, in: store).isEmpty)
    #expect(store.leftovers().isEmpty)
  }

  @Test func whatCantBeBuiltAnewStaysAsItWas() async throws {
    let step = Step(.path("/bin/make"), [.output("")])
    let object = Object(
      name: "a", label: "a",
      recipe: .run(Run(steps: [step], remedies: [Step(.path("/bin/clean"), [])])), store: store.root)
    let isBroken = Locked(false)
    processes.on("/bin/clean")
    processes.on("/bin/make") { [files] invocation in
      if isBroken.withLock({ $0 }) { return Completion(status: 1) }
      files.put(FilePath(invocation.arguments[0]).appending("x"), "1")
      return Completion(status: 0)
    }
    _ = try await builder().build([object])
    #expect(processes.invocations.map(\.program) == ["/bin/make"])
    isBroken.withLock { $0 = true }
    let outcome = try await builder().rebuild([object], among: [object])
    #expect(outcome.failed[object.id] != nil)
    #expect(store.isPresent(object.id))
    #expect(try files.text(store.path(of: object.id).appending("x")) == "1")
    #expect(try Verification.examine(object.id, in: store).isEmpty)
    isBroken.withLock { $0 = false }
    #expect(try await builder().rebuild([object], among: [object]).built == [object.id])
    #expect(processes.invocations.map(\.program).suffix(2) == ["/bin/clean", "/bin/make"])
  }

  @Test func whatPipSaysOfItsAttemptsIsNotShown() {
    func line(_ error: String) -> [String] {
      [
        "WARNING: Retrying (Retry(total=0, connect=None)) after connection broken by '\(error)': /simple/uv/",
        "ERROR",
      ]
    }
    let proxy = line(
      "ProxyError('Cannot connect to proxy.', NewConnectionError('<x>: Failed: [Errno 111] Connection refused'))"
    )
    #expect(
      PipMessage.reason(proxy, environment: ["https_proxy": "http://ada:secret@127.0.0.1:9"])
        == "the proxy http://***@127.0.0.1:9 of https_proxy did not answer: connection refused")
    let refused = line(
      "ProxyError('Cannot connect to proxy.', OSError('Tunnel connection failed: 407 Proxy Authentication Required'))"
    )
    #expect(
      PipMessage.reason(refused, environment: ["https_proxy": "http://127.0.0.1:9"])
        == "the proxy http://127.0.0.1:9 of https_proxy answered 407 Proxy Authentication Required")
    let distrusted = line(
      "SSLError(SSLCertVerificationError(1, '[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: unable to get')"
    )
    #expect(
      PipMessage.reason(distrusted, environment: [:])
        == "nobody here vouches for the certificate of the index")
    let name = line("NewConnectionError('<x>: Failed: [Errno -2] Name or service not known')")
    #expect(
      PipMessage.reason(name, environment: [:])
        == "the index did not answer: name or service not known")
    let slow = line("ReadTimeoutError(\"HTTPSConnectionPool: Read timed out. (read timeout=15)\")")
    #expect(PipMessage.reason(slow, environment: [:]) == "the index did not answer: it took too long")
    #expect(
      PipMessage.reason(slow + ["index: https://pypi.acme.example/simple"], environment: [:])
        == "the index https://pypi.acme.example/simple did not answer: it took too long")
    #expect(PipMessage.reason(["ERROR: No matching distribution"], environment: [:]) == nil)
  }

  /// An editor that writes in place by mistake must not reach every environment that has the file.
  @Test func whatIsSharedWithACacheCantBeWrittenTo() async throws {
    files.put("/home/ann/.cache/uv/a.py", "1")
    files.put("/home/ann/.cache/uv/a", "2", mode: 0o755)
    processes.on("/bin/make") { [files] invocation in
      let out = FilePath(invocation.arguments[0])
      files.putName(out.appending("a.py"), of: "/home/ann/.cache/uv/a.py")
      files.putName(out.appending("a"), of: "/home/ann/.cache/uv/a")
      files.put(out.appending("own.py"), "3")
      return Completion(status: 0)
    }
    let object = Object(
      name: "a", label: "a", recipe: .run(Run(steps: [Step(.path("/bin/make"), [.output("")])])),
      store: store.root)
    #expect(try await builder().build([object]).built == [object.id])
    #expect(
      files.snapshot(store.path(of: object.id)) == [
        "755 folder ", "555 file a 1:2", "444 file a.py 1:1", "644 file own.py 1:3",
      ])
    #expect(try Verification.examine(object.id, in: store).isEmpty)
  }

  @Test func aTreeIsBuiltOnceAndThenReused() async throws {
    let object = tree("a", checks: [.exists("bin/a")])
    let first = try await builder().build([object, object])
    #expect(first.built == [object.id])
    #expect(first.failed.isEmpty)
    #expect(
      files.snapshot(store.path(of: object.id)) == [
        "755 folder ", "755 folder bin", "755 file bin/a 1:a", "link link -> bin",
      ])
    #expect(store.receipt(of: object.id)?.size == 4)
    let second = try await builder().build([object])
    #expect(second.built.isEmpty)
    #expect(second.reused == [object.id])
  }

  @Test func whatAnInterruptedBuildLeftIsReplaced() async throws {
    let object = tree("a")
    files.put(store.path(of: object.id).appending("left"), "over")
    _ = try await builder().build([object])
    #expect(!files.exists(store.path(of: object.id).appending("left")))
  }

  @Test func whatAKilledProcessLeftADayAgoIsSwept() async throws {
    let scratch = host.places.cache.appending("scratch")
    for (name, time) in [("old", 1_799_900_000), ("new", 1_799_990_000)] {
      files.put(scratch.appending(name).appending("file"), "x")
      try files.setModified(scratch.appending(name), Int64(time) * 1_000_000_000)
    }
    _ = try await builder().build([tree("a")])
    #expect(try files.list(scratch) == ["new"])
  }

  @Test func aFailureTakesAlongWhatStandsOnItAndNothingElse() async throws {
    let base = tree("base", checks: [.exists("not-there")])
    let middle = tree("middle", inputs: [base.id])
    let top = tree("top", inputs: [middle.id])
    let other = tree("other")
    let outcome = try await builder().build([top, middle, base, other])
    #expect(outcome.built == [other.id])
    #expect(outcome.failed[base.id]?.message == "base was built, but it lacks not-there")
    #expect(outcome.failed[middle.id]?.message == "middle was not built, because base could not be")
    #expect(outcome.failed[top.id]?.message == "top was not built, because middle could not be")
    #expect(!files.exists(store.path(of: base.id)))
    #expect(store.list().map(\.id) == [other.id])
  }

  @Test func anInputThatIsNowhereIsSaid() async throws {
    let missing = ObjectID(name: "gone", digest: Digest(of: "gone"))
    let outcome = try await builder().build([tree("a", inputs: [missing])])
    #expect(outcome.failed.values.first?.message == "a needs \(missing), which is not in the store")
  }

  @Test func stepsSeeASmallEnvironmentAndTheirPaths() async throws {
    let tool = tree("tool")
    let step = Step(
      .object(tool.id, "bin/tool"),
      [
        "sync", .scratch("in.txt"), .joined(["--target=", .output("lib")]), .reference(.path("/usr/bin/x")),
        .output(""),
      ],
      environment: ["MINE": .output("cache")], surroundings: ["AROUND": "1"])
    let object = run("made", [step], files: ["in.txt": [7]], inputs: [tool.id])
    processes.on(store.path(of: tool.id).pushing("bin/tool")) { [files] invocation in
      #expect(try files.read(invocation.workingDirectory.appending("in.txt")) == [7])
      try files.create(FilePath(invocation.environment["MINE"] ?? ""), [1], mode: 0o644)
      return Completion(status: 0)
    }
    let outcome = try await builder().build([object, tool])
    #expect(outcome.built == [tool.id, object.id])
    let seen = try #require(processes.invocations.first)
    let out = store.path(of: object.id)
    let scratch = seen.workingDirectory
    #expect(seen.arguments == ["sync", "\(scratch)/in.txt", "--target=\(out)/lib", "/usr/bin/x", out.string])
    #expect(
      seen.environment == [
        "PATH": "/usr/bin:/bin", "HOME": "/home/ann", "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8",
        "TMPDIR": "\(scratch)/tmp", "XDG_DATA_HOME": "\(scratch)/tmp/data", "MINE": "\(out)/cache",
        "AROUND": "1",
      ])
    #expect(!files.exists(scratch))
    #expect(files.exists(out.appending("cache")))
  }

  @Test func theNetworkIsAskedOnlyAfterTheCache() async throws {
    let step = Step(.path("/bin/uv"), ["pip", "sync"], needsNetwork: true, offlineArguments: ["--offline"])
    processes.on("/bin/uv", ["pip", "sync", "--offline"], status: 1)
    processes.on("/bin/uv", ["pip", "sync"])
    let outcome = try await builder().build([run("a", [step])])
    #expect(outcome.failed.isEmpty)
    #expect(processes.invocations.map(\.arguments) == [["pip", "sync", "--offline"], ["pip", "sync"]])
    let environment = try #require(processes.invocations.last).environment
    #expect(environment["HTTPS_PROXY"] == "http://proxy")
    #expect(environment["PIP_INDEX_URL"] == "x")
    // Lost answers of a name server are asked for again soon, and what the user has set stays.
    #expect(environment["RES_OPTIONS"] == "timeout:2 attempts:5")
    #expect(environment["UV_CONCURRENT_DOWNLOADS"] == "3")
    #expect(environment["SECRET"] == nil)
    #expect(environment["PYTHONPATH"] == nil)
  }

  /// npm knows no variable for all proxies.
  @Test func aProxyForAllIsTheOneForHttps() async throws {
    var host = host
    host.environment = ["ALL_PROXY": "http://proxy:3128"]
    processes.on("/bin/npm", ["install"])
    let step = Step(.path("/bin/npm"), ["install"], needsNetwork: true)
    let outcome = try await Builder(
      .generation(.machine), host: host, store: Store(host), fetcher: fetcher, progress: NoProgress(),
      isOffline: false
    ).build([run("a", [step])])
    #expect(outcome.failed.isEmpty)
    #expect(processes.invocations.last?.environment["https_proxy"] == "http://proxy:3128")
  }

  @Test func offlineMeansWithoutTheNetwork() async throws {
    processes.on("/bin/uv", ["sync", "--offline"], status: 2, errors: "no such package in the cache\n")
    let cached = run(
      "cached", [Step(.path("/bin/uv"), ["sync"], needsNetwork: true, offlineArguments: ["--offline"])])
    let plain = run("plain", [Step(.path("/bin/pip"), ["install"], needsNetwork: true)])
    let outcome = try await builder(isOffline: true).build([cached, plain])
    #expect(outcome.failed[cached.id]?.message == "cached: uv sync ended with status 2 without the network")
    #expect(outcome.failed[cached.id]?.excerpt == "no such package in the cache")
    #expect(outcome.failed[plain.id]?.hint == "run it again without --offline")
    #expect(processes.invocations.count == 1)
  }

  @Test func aFailedStepSaysItsLastLinesAndWhereAllIs() async throws {
    let lines = (1...30).map { "line \($0) of https://ann:secret@host.example/simple" }.joined(
      separator: "\n")
    processes.on("/bin/make", status: 3, errors: lines + "\n\n")
    let object = run("a", [Step(.path("/bin/make"), ["-j2", "all"])])
    let outcome = try await builder().build([object])
    let diagnostic = try #require(outcome.failed[object.id])
    #expect(diagnostic.message == "a: make ended with status 3")
    #expect(diagnostic.excerpt?.split(separator: "\n").count == 12)
    #expect(diagnostic.excerpt?.hasSuffix("line 30 of https://***@host.example/simple") == true)
    let log = host.places.state.appending("logs").appending("\(object.id).log")
    #expect(diagnostic.hint == "all that it wrote is in \(log)")
    let text = try #require(try files.text(log))
    #expect(text.contains("$ /bin/make -j2 all\nline 1 of"))
    #expect(!text.contains("secret"))
    #expect(!files.exists(store.path(of: object.id)))
  }

  @Test func aCheckThatDoesNotRunFailsTheObject() async throws {
    let object = tree("a", checks: [.runs("bin/a", ["--version"])])
    processes.on(store.path(of: object.id).pushing("bin/a"), status: 1, errors: "no module named ssl\n")
    let outcome = try await builder().build([object])
    #expect(
      outcome.failed[object.id]?.message
        == "a was built, but does not work: bin/a --version ended with status 1")
    #expect(outcome.failed[object.id]?.excerpt == "no module named ssl")
    #expect(!store.isPresent(object.id))
  }

  @Test func aProgramIsPutInPlace() async throws {
    files.put("/cache/file", "binary")
    fetcher.give(Digest(of: "binary"), "/cache/file")
    let object = Object(
      name: "skaffold-2", label: "skaffold 2",
      recipe: .unpack(
        Unpack(
          artifact: Artifact(addresses: ["https://x.example/s"], digest: Digest(of: "binary"), name: "s"),
          format: .program, programName: "skaffold",
          additions: [TreeEntry("share/note", .file([1], mode: 0o644))])), store: store.root)
    let outcome = try await builder().build([object])
    #expect(outcome.failed.isEmpty)
    #expect(
      files.snapshot(store.path(of: object.id)) == [
        "755 folder ", "755 folder bin", "755 file bin/skaffold 6:binary", "755 folder share",
        "644 file share/note 1:\u{1}",
      ])
  }

  @Test func anAdoptedProgramMustBeWhatItWas() async throws {
    files.put("/usr/bin/python3.11", "python", mode: 0o755)
    let status = try #require(try files.status("/usr/bin/python3.11", followLinks: true))
    func object(_ fingerprint: String) -> Object {
      Object(
        name: "python", label: "Python",
        recipe: .adopt(Adoption(program: "/usr/bin/python3.11", fingerprint: fingerprint)),
        store: store.root)
    }
    let good = object(status.fingerprint)
    let bad = object("other")
    let outcome = try await builder().build([good, bad])
    #expect(outcome.built == [good.id])
    #expect(outcome.failed[bad.id]?.message == "/usr/bin/python3.11 has changed since it was looked at")
    #expect(store.isPresent(good.id))
    #expect(store.receipt(of: good.id)?.isAdopted == true)
  }

  @Test func entriesStayInside() async throws {
    let object = Object(
      name: "a", label: "a", recipe: .tree([TreeEntry("../../out", .file([1], mode: 0o644))]),
      store: store.root)
    let outcome = try await builder().build([object])
    #expect(outcome.failed[object.id]?.message == "../../out is no path inside a")
  }

  @Test func aFullDiskIsAFailureOfEachAndNothingIsHalfValid() async throws {
    let object = tree("a")
    for operation in 0..<30 {
      let files = MemoryFiles.withHome()
      let host = Host.test(files: files)
      files.fail(at: operation, with: .noSpace)
      let builder = Builder(
        .generation(.machine), host: host, store: Store(host), fetcher: fetcher, progress: NoProgress(),
        isOffline: false)
      let outcome = try await builder.build([object])
      #expect(outcome.built.count + outcome.failed.count == 1)
      #expect(Store(host).isPresent(object.id) == (outcome.built == [object.id]))
      let again = try await builder.build([object])
      #expect(again.failed.isEmpty)
    }
  }

  @Test(.timeLimit(.minutes(15))) func cancellationLeavesNothingHalfValid() async throws {
    let scratch = try ScratchFolder()
    let host = scratch.host
    let store = Store(host)
    let quick = Object(
      name: "quick", label: "quick", recipe: .tree([TreeEntry("a", .file([1], mode: 0o644))]),
      store: store.root)
    let slow = Object(
      name: "slow", label: "slow", inputs: [quick.id],
      recipe: .run(
        Run(steps: [
          Step(.path("/bin/sh"), ["-c", .joined(["echo x > ", .output("half"), "; sleep 60"])])
        ])), store: store.root)
    let builder = Builder(
      .generation(.machine), host: host, store: store, fetcher: fetcher, progress: NoProgress(),
      isOffline: false)
    let task = Task { try await builder.build([slow, quick]) }
    while !host.files.exists(store.path(of: slow.id).appending("half")) {
      try await Task.sleep(for: .milliseconds(10))
    }
    task.cancel()
    await #expect(throws: CancellationError.self) { try await task.value }
    #expect(!host.files.exists(store.path(of: slow.id)))
    #expect(store.isPresent(quick.id))
    #expect(try host.files.list(host.places.cache.appending("scratch")) == [])
  }

  @Test func twoBuildersBuildAnObjectOnce() async throws {
    let step = Step(.path("/bin/once"), [])
    let object = run("a", [step])
    processes.on("/bin/once")
    async let first = builder().build([object])
    async let second = builder().build([object])
    let outcomes = try await [first, second]
    #expect(outcomes.allSatisfy { $0.failed.isEmpty })
    #expect(processes.invocations.count == 1)
  }
}

@Suite struct ChecksTests {
  @Test func base64DigestsAreThoseOfRecordFiles() {
    #expect(Record.digest(base64: "47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU") == Digest(of: ""))
    #expect(Record.digest(base64: "47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU=") == Digest(of: ""))
    #expect(Record.digest(base64: "47DEQpj8HBSa") == nil)
    #expect(Record.digest(base64: "47DEQpj8!") == nil)
  }

  @Test func fieldsMayBeQuoted() {
    #expect(Record.fields(#""a,b""c",sha256=x,1"#) == [#"a,b"c"#, "sha256=x", "1"])
    #expect(Record.fields("a,,") == ["a", "", ""])
  }

  @Test func installedFilesAreComparedWithTheirRecord() async throws {
    let files = MemoryFiles.withHome()
    let host = Host.test(files: files)
    let out = FilePath("/home/ann/object")
    let site = out.pushing("lib/python3.13/site-packages")
    let empty = "sha256=47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU"
    files.put(site.pushing("black/__init__.py"), "")
    files.put(out.pushing("bin/black"), "")
    files.put(
      site.pushing("black-25.dist-info/RECORD"),
      "black/__init__.py,\(empty),0\r\n../../../bin/black,\(empty),0\r\nblack-25.dist-info/RECORD,,\r\n")
    let checks = Checks(host: host, store: Store(host), label: "black", out: out)
    func run(_ records: String...) async throws {
      try await checks.run(
        records.map { .record($0) }, try Contents.read(out, files: files))
    }
    try await run("lib", "")
    files.put(site.pushing("black/__init__.py"), "changed")
    let damage = await #expect(throws: Damage.self) { try await run("") }
    #expect(
      damage?.failure(hint: "").diagnostics.first?.message
        == "black was built, but lib/python3.13/site-packages/black/__init__.py of black-25 is not what was installed"
    )
    files.put(site.pushing("black-25.dist-info/RECORD"), "../../../../../../../etc/passwd,\(empty),0\n")
    await #expect(throws: Failure.self) { try await run("") }
    await #expect(throws: Failure.self) { try await run("bin") }
  }
}
