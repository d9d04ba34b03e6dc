import OutfitCore
import OutfitEngine
import OutfitProfile
import Testing

@testable import OutfitInterpreters

/// CPython from its source.
@Suite struct SourceTests {
  private static let tarball = "3.13.5/Python-3.13.5.tar.xz"
  private static let headers = [
    "/usr/bin/cc", "/usr/bin/make", "/usr/bin/xz", "/usr/include/stdio.h", "/usr/include/openssl/ssl.h",
    "/usr/include/sqlite3.h", "/usr/include/x86_64-linux-gnu/ffi.h", "/usr/include/zlib.h",
    "/usr/include/lzma.h",
    "/usr/include/bzlib.h", "/usr/include/readline/readline.h", "/usr/include/ncurses.h",
    "/usr/include/uuid/uuid.h",
  ]

  private func machine(_ version: String = "3.13.5", optimized: Bool = false) -> Machine {
    var machine = Machine()
    machine.ask(.python, [version], providers: [.source])
    machine.context.profile.interpreters[.python]?.value.optimized = optimized
    for path in Self.headers + ["/usr/bin/apt-get"] { machine.files[path] = "" }
    return machine
  }

  @Test func theTarballIsPinnedByWhatCame() throws {
    var machine = machine()
    machine.documents["https://www.python.org/ftp/python/\(Self.tarball)"] = "the tarball"
    let entry = try #require(try machine.resolve().interpreters[.python]?.first)
    #expect(entry.provider == .source)
    #expect(entry.source == LockedArtifact(path: Self.tarball, digest: Digest(of: "the tarball")))
    #expect(
      try LockFile.parse(Array(LockFile.text(of: machine.context.lock).utf8), file: "x")
        == machine.context.lock)
  }

  @Test func theNewestOfAListingIsTaken() throws {
    var machine = machine("3.13")
    machine.documents["https://www.python.org/ftp/python/"] = """
      <a href="../">..</a> <a href="3.12.9/">3.12.9/</a> <a href="3.13.4/">x</a> <a href="3.13.5/">x</a>
      <a href="doc/">x</a> <a href="3.14.0/">x</a> <a href="3.13/">x</a>
      """
    machine.documents["https://www.python.org/ftp/python/\(Self.tarball)"] = "the tarball"
    #expect(try machine.resolve().interpreters[.python]?.first?.version == Version("3.13.5"))
  }

  @Test func theDistributionsSourceServesWhereUpstreamDoesNotAnswer() throws {
    for request in ["3.13", "3.13.5"] {
      var machine = machine(request)
      machine.collected[AptSource.listing] = """
        3.13.5 \(Machine.digest) xz
        3.13.4 \(Machine.digest) gz
        3.14.0~rc2 \(Machine.digest) xz
        nonsense
        """
      let entry = try #require(try machine.resolve().interpreters[.python]?.first)
      #expect(entry.source?.path == Self.tarball)
      #expect(entry.source?.digest.hex == Machine.digest)

      let object = try #require(try machine.propose().objects.first)
      guard case .run(let run) = object.recipe else {
        Issue.record("nothing is built")
        return
      }
      #expect(object.label == "Python 3.13.5, built from source")
      #expect(
        run.materials.first?.artifact.addresses == ["https://www.python.org/ftp/python/\(Self.tarball)"])
      #expect(run.materials.first?.otherwise.count == 1)
      #expect(run.steps.map(\.title) == ["configuring", "compiling", "installing"])
      #expect(run.additions.map(\.path) == ["lib/python3.13/EXTERNALLY-MANAGED"])
      #expect(
        object.checks == [
          .runs(
            "bin/python3",
            [
              "-I", "-c",
              "import ssl, sqlite3, ctypes, zlib, lzma, ensurepip, venv\nimport bz2\nimport readline\nimport curses\nimport _uuid",
            ])
        ])
    }
  }

  @Test func pyenvsMirrorIsAskedFirst() throws {
    var machine = machine()
    machine.context.environment["PYTHON_BUILD_MIRROR_URL"] = "https://mirror.example/pythons/"
    machine.collected[AptSource.listing] = "3.13.5 \(Machine.digest) xz\n"
    _ = try machine.resolve()
    guard case .run(let run)? = try machine.propose().objects.first?.recipe else {
      Issue.record("nothing is built")
      return
    }
    #expect(
      run.materials.first?.artifact.addresses == [
        "https://mirror.example/pythons/\(Machine.digest)",
        "https://www.python.org/ftp/python/\(Self.tarball)",
      ])
  }

  @Test func whatIsMissingIsNamedWithOneCommandBeforeAnythingIsCompiled() throws {
    var machine = machine()
    machine.collected[AptSource.listing] = "3.13.5 \(Machine.digest) xz\n"
    for path in ["/usr/include/openssl/ssl.h", "/usr/bin/make", "/usr/include/bzlib.h"] {
      machine.files[path] = nil
    }
    _ = try machine.resolve()
    let proposal = try machine.propose()
    #expect(proposal.objects.isEmpty)
    #expect(
      proposal.failures.map(\.message) == [
        "Python 3.13.5 can't be built from source here: this machine lacks make, OpenSSL's headers (ssl)"
      ])
    #expect(
      proposal.failures.first?.hint
        == "`apt-get install --no-install-recommends make libssl-dev libbz2-dev`, as root, installs what is missing"
    )

    // Where the system's own may serve, that is the smaller thing to install.
    machine.context.profile.interpreters[.python]?.value.system = true
    machine.context.facts = Facts()
    #expect(
      try machine.propose().failures.first?.hint
        == "`apt-get install python3 python3-venv`, as root, gives the system's own, which may serve here; or else "
        + "`apt-get install --no-install-recommends make libssl-dev libbz2-dev`, as root, installs what is missing"
    )

    // On Alpine the same things have other names.
    machine.files["/usr/bin/apt-get"] = nil
    machine.files["/sbin/apk"] = ""
    machine.context.facts = Facts()
    #expect(
      try machine.propose().failures.first?.hint
        == "`apk add make openssl-dev bzip2-dev`, as root, installs what is missing")
  }

  /// Somebody did what the message said, and installed the system's own: it is the release that is pinned.
  @Test func theSystemsOwnServesOnceItIsThere() throws {
    var machine = machine()
    machine.ask(.python, ["3.13"], providers: nil, system: true)
    machine.collected[AptSource.listing] = "3.13.5 \(Machine.digest) xz\n"
    machine.files["/usr/bin/make"] = nil
    _ = try machine.resolve()
    #expect(try machine.propose().failures.count == 1)
    machine.context.facts = Facts()
    machine.pythons = [Machine.python("3.13.5", "/usr/bin/python3.13", .system)]
    _ = try machine.resolve()
    let proposal = try machine.propose()
    #expect(proposal.failures.isEmpty)
    #expect(proposal.interpreters.map(\.version.description) == ["3.13.5"])
    #expect(proposal.notes.first?.message.contains("the same release as the lock's") == true)
  }

  /// A Node that comes as a package is asked for by a Python. Where the only one would have to be compiled, that is the
  /// very one that is proposed, so that it is compiled once; where it can't be, nothing is begun.
  @Test func aQuestionNeedsNoOtherPythonThanTheOneThatIsProposed() throws {
    var machine = machine()
    machine.collected[AptSource.listing] = "3.13.5 \(Machine.digest) xz\n"
    machine.ask(.node, ["24"])
    _ = try machine.resolve()
    let asked = machine.inquiries.flatMap(\.objects).filter { $0.id.name.hasPrefix("python-") }.map(\.id)
    let proposed = try machine.propose().objects.filter { $0.id.name.hasPrefix("python-") }.map(\.id)
    #expect(!asked.isEmpty && Set(asked) == Set(proposed), "\(asked) \(proposed)")

    var bare = self.machine()
    bare.collected[AptSource.listing] = "3.13.5 \(Machine.digest) xz\n"
    bare.files["/usr/bin/make"] = nil
    bare.ask(.node, ["24"])
    _ = try bare.resolve()
    let failures = try bare.propose().failures.map(\.message)
    #expect(bare.inquiries.flatMap(\.objects).isEmpty)
    #expect(failures.count == 2 && failures.first?.contains("can't be built from source here") == true)
  }

  @Test func whatIsOnlyWantedIsSaidAndTheBuildGoesOn() throws {
    var machine = machine()
    machine.collected[AptSource.listing] = "3.13.5 \(Machine.digest) xz\n"
    machine.files["/usr/include/readline/readline.h"] = nil
    _ = try machine.resolve()
    let proposal = try machine.propose()
    #expect(proposal.objects.count == 1)
    #expect(
      proposal.notes.map(\.message) == ["Python 3.13.5 will be built without readline's headers (readline)"])
    guard case .runs(_, let arguments)? = proposal.objects.first?.checks.first else { return }
    #expect(arguments.last?.contains("readline") == false)
  }

  @Test func anOptimizedBuildIsAnotherObject() throws {
    var ids: Set<ObjectID> = []
    for optimized in [false, true] {
      var machine = machine(optimized: optimized)
      machine.collected[AptSource.listing] = "3.13.5 \(Machine.digest) xz\n"
      _ = try machine.resolve()
      ids.formUnion(try machine.propose().objects.map(\.id))
    }
    #expect(ids.count == 2)
  }

  private static let release =
    "cpython-3.13.5+20250723-x86_64-unknown-linux-gnu-install_only_stripped.tar.gz"

  @Test func aReleaseThatCanNotBeHadIsBuiltAndThatIsSaid() throws {
    var machine = machine()
    machine.ask(.python, ["3.13.5"])
    machine.documents[Machine.indexAddress] = Machine.published([("3.13.5", "20250723")])
    // Reachable: nothing of source is asked for.
    #expect(try machine.resolve().interpreters[.python]?.first?.source == nil)
    #expect(try machine.propose().objects.map(\.label) == ["Python 3.13.5"])

    machine.context.facts = Facts()
    machine.unreachable = [Self.release]
    machine.collected[AptSource.listing] = "3.13.5 \(Machine.digest) xz\n"
    let entry = try #require(try machine.resolve().interpreters[.python]?.first)
    #expect(entry.provider == .prebuilt)
    #expect(entry.source?.digest.hex == Machine.digest)
    let proposal = try machine.propose()
    #expect(proposal.objects.map(\.label) == ["Python 3.13.5, built from source"])
    #expect(
      proposal.notes.map(\.message) == [
        "Python 3.13.5 is built here from source, since the released build can't be had: the same release as the "
          + "lock's, another build"
      ])
    #expect(proposal.notes.first?.hint == "no route to host")

    // Built once, it stays, whether the release can be had or not.
    let built = try #require(proposal.objects.first?.id)
    machine.context.facts = Facts()
    machine.unreachable = []
    machine.files[machine.context.store.appending(built.description).string] = ""
    #expect(try machine.propose().objects.map(\.id) == [built])
  }

  @Test func aProfileWithoutTheProviderDoesNotCompile() throws {
    var machine = machine()
    machine.ask(.python, ["3.13.5"], providers: [.prebuilt])
    machine.documents[Machine.indexAddress] = Machine.published([("3.13.5", "20250723")])
    machine.unreachable = [Self.release]
    machine.collected[AptSource.listing] = "3.13.5 \(Machine.digest) xz\n"
    #expect(try machine.resolve().interpreters[.python]?.first?.source == nil)
    #expect(try machine.propose().objects.map(\.label) == ["Python 3.13.5"])
  }

  @Test func aVersionThatNoReleaseHasMayComeFromSource() throws {
    var machine = machine()
    machine.ask(.python, ["3.6.15"])
    machine.documents[Machine.indexAddress] = Machine.published([("3.13.5", "20250723")])
    machine.documents["https://www.python.org/ftp/python/3.6.15/Python-3.6.15.tar.xz"] = "old"
    #expect(try machine.resolve().interpreters[.python]?.first?.provider == .source)
    machine.documents["https://www.python.org/ftp/python/3.6.15/Python-3.6.15.tar.xz"] = nil
    machine.context.lock = Lock()
    machine.context.facts = Facts()
    #expect(throws: Failure.self) { try machine.resolve() }
  }

  @Test func aFreeThreadedOneIsBuiltSo() throws {
    var machine = machine("3.13.5t")
    machine.collected[AptSource.listing] = "3.13.5 \(Machine.digest) xz\n"
    #expect(try machine.resolve().interpreters[.python]?.first?.version == Version("3.13.5t"))
    guard case .run(let run)? = try machine.propose().objects.first?.recipe else {
      Issue.record("nothing is built")
      return
    }
    #expect(run.steps.first?.arguments.contains("--disable-gil") == true)
    #expect(run.additions.first?.path == "lib/python3.13t/EXTERNALLY-MANAGED")
  }
}
