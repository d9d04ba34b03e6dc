import OutfitCore
import OutfitEngine
import OutfitProfile
import SystemPackage
import Testing

@testable import OutfitTools

struct BinaryToolTests {
  private func skaffold(url: String = "https://dl.example/{version}/skaffold-{os}-{arch}") -> ToolSection {
    ToolSection(
      version: VersionRequest("2.16.1")!, origin: .url, url: url,
      digests: ["linux-amd64": Digest(digestA)!, "macos-arm64": Digest(digestB)!])
  }

  @Test func fillsInTheAddressForEachPlatform() throws {
    var bench = Bench()
    bench.tool("skaffold", skaffold())
    let (lock, _, asked) = try bench.rounds { try Tools().resolve($0) }
    #expect(asked.isEmpty)
    #expect(
      lock.tools["skaffold"]?.artifacts.mapValues(\.path) == [
        "linux-amd64": "https://dl.example/2.16.1/skaffold-linux-amd64",
        "macos-arm64": "https://dl.example/2.16.1/skaffold-darwin-arm64",
      ])
    bench.lock = lock
    let proposal = try bench.rounds { try Tools().propose($0) }.value
    let object = try #require(proposal.objects.first)
    guard case .unpack(let unpack) = object.recipe else { return #expect(Bool(false)) }
    #expect(unpack.format == .program)
    #expect(unpack.artifact.digest.hex == digestA)
    #expect(proposal.claims.map(\.name) == ["skaffold"])
    #expect(proposal.claims.first?.program == .object(object.id, "bin/skaffold"))
  }

  @Test func anArchivesProgramsArePaths() throws {
    var bench = Bench()
    var helm = skaffold(url: "https://dl.example/helm-v{version}-{os}-{machine}.tar.gz")
    helm.expose = ["{os}-{arch}/helm"]
    bench.tool("helm", helm)
    bench.lock = try bench.rounds { try Tools().resolve($0) }.value
    let proposal = try bench.rounds { try Tools().propose($0) }.value
    let object = try #require(proposal.objects.first)
    guard case .unpack(let unpack) = object.recipe else { return #expect(Bool(false)) }
    #expect(unpack.format == .tar)
    #expect(unpack.artifact.addresses == ["https://dl.example/helm-v2.16.1-linux-x86_64.tar.gz"])
    #expect(proposal.claims.map(\.name) == ["helm"])
    #expect(proposal.claims.first?.program == .object(object.id, "linux-amd64/helm"))
  }

  @Test func aPlatformWithoutDigestIsSaid() throws {
    var bench = Bench()
    bench.platform = Platform(.linux, .arm64)
    bench.tool("skaffold", skaffold())
    bench.lock = try bench.rounds { try Tools().resolve($0) }.value
    let failures = try bench.rounds { try Tools().propose($0) }.value.failures
    #expect(failures.first?.message == "skaffold has no sha256 for linux-arm64")
  }

  @Test func mistakesAreUsageErrors() throws {
    var sections: [ToolSection] = []
    var section = skaffold()
    section.version = VersionRequest("2.*")!
    sections.append(section)
    sections.append(skaffold(url: "https://dl.example/{arhc}"))
    section = skaffold()
    section.digests = [:]
    sections.append(section)
    section = skaffold()
    section.url = nil
    sections.append(section)
    for section in sections {
      var bench = Bench()
      bench.tool("skaffold", section)
      let failure = #expect(throws: Failure.self) { try bench.rounds { try Tools().resolve($0) } }
      #expect(failure?.status == .usage)
      #expect(failure?.diagnostics.first?.location?.line == 7)
    }
  }
}

struct NodeToolTests {
  private let packageLock = """
    {"lockfileVersion": 3, "packages": {
      "": {"dependencies": {"prettier": "3.*"}},
      "node_modules/prettier": {"version": "3.6.2", "integrity": "sha512-x", "bin": {"prettier": "./bin/prettier.cjs"}},
      "node_modules/other": {"version": "1.0.0", "integrity": "sha512-y", "bin": "cli.js"}
    }}
    """

  private func bench() -> Bench {
    var bench = Bench()
    bench.offer(.node, "24.1.0")
    bench.tool("prettier", ToolSection(version: VersionRequest("3.*")!, origin: .npm))
    let text = packageLock
    bench.answers = { _ in .collected(["package-lock.json": Array(text.utf8)]) }
    return bench
  }

  @Test func locksWithNpmAndRunsOnThePinnedNode() throws {
    var bench = bench()
    let (lock, _, asked) = try bench.rounds { try Tools().resolve($0) }
    let inquiry = try #require(asked.compactMap(\.inquiry).first)
    #expect(inquiry.steps.first?.words.contains("--ignore-scripts") == true)
    #expect(inquiry.steps.first?.words.contains("--omit-lockfile-registry-resolved") == true)
    #expect(
      inquiry.files["package.json"].map { String(decoding: $0, as: UTF8.self) }?
        .contains("\"prettier\": \"3.*\"") == true)
    #expect(lock.tools["prettier"]?.version == Version("3.6.2"))
    #expect(lock.tools["prettier"]?.programs == ["prettier"])
    bench.lock = lock
    let proposal = try bench.rounds { try Tools().propose($0) }.value
    let object = try #require(proposal.objects.last)
    #expect(object.inputs.map(\.name) == ["node-24.1.0"])
    let step = try #require(object.run?.steps.last)
    // Not `bin/npm`, which a Node from a Python package has as a copy that does not work.
    #expect("\(step.arguments[0])".contains("lib/node_modules/npm/bin/npm-cli.js"), "\(step.arguments[0])")
    #expect(step.words.first == "ci")
    let claim = try #require(proposal.claims.first)
    #expect(claim.program == bench.earlier.interpreters.last?.program)
    #expect(
      claim.arguments == ["\(bench.store)/\(object.id)/node_modules/prettier/bin/prettier.cjs"])
  }

  @Test func aSingleBinHasThePackagesName() throws {
    let lock = try #require(PackageLock(Array(packageLock.utf8)))
    #expect(lock.programs(of: "other") == ["other": "node_modules/other/cli.js"])
    #expect(lock.program(named: "other") == "node_modules/other/cli.js")
    #expect(PackageLock(Array("{".utf8)) == nil)
  }

  @Test func withoutNodeOnlyItFails() throws {
    var bench = bench()
    bench.earlier.interpreters.removeAll { $0.language == .node }
    bench.profile.interpreters[.node] = nil
    let failures = try bench.rounds { try Tools().propose($0) }.value.failures
    #expect(failures.first?.message == "prettier needs Node, and none could be had")
  }

  @Test func aVersionThatTheRegistryLacksIsAMistake() throws {
    var bench = bench()
    bench.answers = { _ in failed("npm error code ETARGET\nnpm error notarget No matching version found") }
    let failure = #expect(throws: Failure.self) { try bench.rounds { try Tools().resolve($0) } }
    #expect(failure?.diagnostics.first?.message == "prettier: no version matches 3.*")
  }
}
