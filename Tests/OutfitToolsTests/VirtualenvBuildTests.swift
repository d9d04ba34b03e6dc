import OutfitCore
import OutfitEngine
import OutfitProfile
import OutfitSystem
import SystemPackage
import Testing

@testable import OutfitTools

/// What builds something, and how what is built gets into an environment.
struct VirtualenvBuildTests {
  private static let project = "[project]\nname = \"shop\"\n[build-system]\nrequires = [\"backend>=1\"]\n"
  private static let pins =
    "backend==1.2 \\\n    --hash=sha256:\(digestA)\nmore==3 \\\n    --hash=sha256:\(digestB)\n"

  private func bench(
    _ section: VirtualenvSection, _ files: [String: String], resolved: String, source: String = "one"
  ) -> Bench {
    var bench = Bench()
    bench.root = "/home/ada/shop"
    bench.profile.virtualenv = Sourced(section, bench.source(5))
    bench.answers = { query in
      switch query {
      case .contents(let path):
        var relative = path
        guard relative.removePrefix("/home/ada/shop"), let text = files[relative.string] else {
          return .absent
        }
        return .contents(Array(text.utf8))
      case .sources(let tree):
        #expect(tree.root == "/home/ada/shop" && tree.without.isSuperset(of: [".venv", "outfit.lock"]))
        let file = SourceFile("/home/ada/shop/shop.py", Digest(of: source), size: 3)
        return .tree([TreeEntry("shop.py", .source(file, mode: 0o644))])
      case .inquiry(let inquiry):
        if inquiry.files["watch.py"] != nil {
          return .collected([
            "record/pyproject.toml": Array(Self.project.utf8), "record/requires.txt": Array("more<4\n".utf8),
          ])
        }
        let isBuild = inquiry.files["build.in"] != nil
        return .collected(["lock.txt": Array((isBuild ? Self.pins : resolved).utf8)])
      default: return .absent
      }
    }
    return bench
  }

  private func environment(_ bench: Bench) throws -> Run {
    let proposal = try bench.rounds { try Virtualenv().propose($0) }.value
    #expect(proposal.failures.isEmpty, "\(proposal.failures)")
    return try #require(proposal.objects.first { $0.id.name == Virtualenv.objectName }?.run)
  }

  private func editable(_ isEditable: Bool, source: String = "one") -> Bench {
    var section = VirtualenvSection(from: ["pyproject.toml"])
    section.isEditable = isEditable
    return bench(
      section, ["pyproject.toml": Self.project],
      resolved: "\(isEditable ? "-e " : "shop @ ")file:///home/ada/shop\n", source: source)
  }

  @Test func whatUvKeptOfADynamicProjectIsNotTaken() throws {
    let texts = ["setup.py": "setup(name='shop')", "pyproject.toml": Self.project]
    for (file, text) in texts {
      let bench = bench(
        VirtualenvSection(from: [file]), [file: text], resolved: "-e file:///home/ada/shop\n")
      let asked = try bench.rounds { try Virtualenv().resolve($0) }.asked.compactMap(\.inquiry)
      let resolving = try #require(asked.first { $0.label.hasPrefix("resolving") })
      #expect(resolving.steps[0].words.contains("--refresh-package") == (file == "setup.py"))
    }
  }

  @Test func whatBuildsTheProjectIsAskedAndPinned() throws {
    let bench = editable(true)
    let (lock, _, asked) = try bench.rounds { try Virtualenv().resolve($0) }
    #expect(lock.virtualenv?.builds == [".": Self.pins])
    #expect(lock.virtualenv?.build == "")
    let inquiries = asked.compactMap(\.inquiry)
    let watch = try #require(inquiries.first { $0.files["watch.py"] != nil })
    #expect(watch.sources.isEmpty && watch.steps[0].words.contains("--editable"))
    #expect(
      watch.steps[0].words.contains("shop") && watch.steps[0].words.contains(":all:"),
      "what builds it is not built")
    #expect(
      watch.steps[0].surroundings["UV_CACHE_DIR"] == .scratch("cache"), "what was built is not built again")
    let compile = try #require(inquiries.first { $0.files["build.in"] != nil })
    #expect(compile.files["build.in"] == Array("backend>=1\nmore<4\n".utf8))
    // It is not asked again for another package of the project.
    var again = bench
    again.lock = lock
    again.lock.virtualenv?.sourceDigest = Digest(of: "old")
    let (same, _, more) = try again.rounds { try Virtualenv().resolve($0) }
    #expect(same == lock)
    #expect(more.compactMap(\.inquiry).allSatisfy { $0.files["watch.py"] == nil })
    again.profile.indexes["zz"] = Sourced(
      IndexSection(url: "http://zz.example/simple", priority: .explicit, packages: ["more"]), bench.source(6))
    let bound = try again.rounds { try Virtualenv().resolve($0) }.asked
    #expect(bound.compactMap(\.inquiry).contains { $0.files["watch.py"] != nil }, "it was bound since")
  }

  @Test func aProjectIsBuiltWithThatAlone() throws {
    var bench = editable(true)
    bench.lock = try bench.rounds { try Virtualenv().resolve($0) }.value
    let run = try environment(bench)
    let step = try #require(run.steps.first { $0.words.contains("--editable") })
    #expect(step.words.contains("--require-build-hashes"))
    #expect(run.files["build-editable-0.txt"] == Array(Self.pins.utf8))
    #expect(run.sources.isEmpty)
    // A lock of before has some of it.
    bench.lock.virtualenv?.builds = [:]
    bench.lock.virtualenv?.build = "backend==1 \\\n    --hash=sha256:\(digestA)\n"
    let old = try environment(bench)
    #expect(old.steps.allSatisfy { !$0.words.contains("--require-build-hashes") })
    #expect(
      old.files["build-editable-0.txt"].map { String(decoding: $0, as: UTF8.self).hasPrefix("backend==1 ") }
        == true)
  }

  @Test func aWheelIsBuiltOfACopy() throws {
    var bench = editable(false)
    bench.lock = try bench.rounds { try Virtualenv().resolve($0) }.value
    #expect(bench.lock.virtualenv?.projects.map(\.path) == ["."])
    let run = try environment(bench)
    #expect(run.sources.map(\.path) == ["shop.py"])
    let build = try #require(run.steps.first { $0.words.contains("build") })
    #expect(build.arguments.contains(.scratch("sources")) && build.words.contains("--require-build-hashes"))
    #expect(run.steps.allSatisfy { !$0.words.contains("--editable") })
    #expect(run.steps.contains { $0.words.contains("--no-index") })
    // Another source is another environment; in one that uses it as it stands, it is not.
    func object(_ isEditable: Bool, _ source: String) throws -> ObjectID? {
      var other = editable(isEditable, source: source)
      other.lock = try other.rounds { try Virtualenv().resolve($0) }.value
      return try other.rounds { try Virtualenv().propose($0) }.value.objects
        .first { $0.id.name == Virtualenv.objectName }?.id
    }
    #expect(try object(false, "one") != object(false, "two"))
    #expect(try object(false, "one") == object(false, "one"))
    #expect(try object(true, "one") == object(true, "two"))
  }

  /// uv does not run the code of a folder for its metadata, unless it is named as editable.
  @Test func metadataIsAskedAsOfOneThatIsUsedAsItStands() throws {
    for isEditable in [true, false] {
      let asked = try editable(isEditable).rounds { try Virtualenv().resolve($0) }.asked
      let compile = try #require(asked.compactMap(\.inquiry).first)
      let lines = compile.files["outfit.projects.in"].map { String(decoding: $0, as: UTF8.self) }
      #expect(lines == "-e /home/ada/shop\n")
    }
  }

  /// A lock that was made when the word meant that the project is left out.
  @Test func theKeyIsAnInputOfThePins() throws {
    var bench = editable(true)
    bench.lock = try bench.rounds { try Virtualenv().resolve($0) }.value
    bench.profile.virtualenv?.value.isEditable = false
    #expect(try bench.rounds { try Virtualenv().propose($0) }.value.isUnresolved)
  }

  /// What the version is made of is an input too.
  @Test func aVersionOfTheRepositoryIsBuiltInPlace() throws {
    var section = VirtualenvSection(from: ["pyproject.toml"])
    section.isEditable = false
    let project =
      "[project]\nname = \"shop\"\n[build-system]\nrequires = [\"setuptools_scm[toml]>=8\"]\n[tool.setuptools_scm]\nversion_file = \"shop/_version.py\"\n"
    func bench(_ head: String) throws -> Bench {
      var bench = self.bench(section, ["pyproject.toml": project], resolved: "shop @ file:///home/ada/shop\n")
      let files = bench.answers
      bench.answers = { query in
        switch query {
        case .status("/home/ada/shop/.git"):
          return .status(
            FileStatus(
              kind: .directory, mode: 0o755, size: 0, modified: 0, changed: 0, device: 0, inode: 0, owner: 0))
        case .contents("/home/ada/shop/.git/HEAD"): return .contents(Array("ref: refs/heads/main\n".utf8))
        case .contents("/home/ada/shop/.git/refs/heads/main"): return .contents(Array(head.utf8))
        default: return files(query)
        }
      }
      bench.lock = try bench.rounds { try Virtualenv().resolve($0) }.value
      return bench
    }
    let run = try environment(try bench("a"))
    let build = try #require(run.steps.first { $0.words.contains("build") })
    #expect(build.words.contains("/home/ada/shop"))
    let asked = try bench("a").rounds { try Virtualenv().propose($0) }.asked
    #expect(
      asked.contains {
        if case .sources(let tree) = $0 { tree.without.contains("shop/_version.py") } else { false }
      })
    #expect(try environment(try bench("b")).files["projects.txt"] != run.files["projects.txt"])
  }

  /// Each package has what builds it, and its own place in uv's cache.
  @Test func packagesAreBuiltWithTheirOwn() throws {
    var section = VirtualenvSection(from: ["requirements.txt"])
    section.build = ["Carved"]
    let resolved =
      "carved==1 ; sys_platform == 'linux' \\\n    --hash=sha256:\(digestA)\nwords==1 \\\n    --hash=sha256:\(digestB)\n"
    var bench = bench(section, ["requirements.txt": "carved\nwords\n"], resolved: resolved)
    bench.profile.indexes["zz"] = Sourced(
      IndexSection(url: "http://zz.example/simple", priority: .explicit, packages: ["acme"]), bench.source(6))
    let (lock, _, asked) = try bench.rounds { try Virtualenv().resolve($0) }
    #expect(lock.virtualenv?.builds == ["carved": Self.pins])
    let watch = try #require(asked.compactMap(\.inquiry).first { $0.files["watch.py"] != nil })
    #expect(
      watch.files["asked.txt"].map { String(decoding: $0, as: UTF8.self) }
        == "carved==1 --hash=sha256:\(digestA)\n", "asked on whatever machine this is")
    #expect(watch.files["bound.txt"] == Array("acme<0\n".utf8), "a build does not get it from another index")
    bench.lock = lock
    let run = try environment(bench)
    let own = try #require(run.steps.first { $0.arguments.contains(.scratch("own-carved.txt")) })
    #expect(own.words.contains("--require-build-hashes") && own.words.contains("--require-hashes"))
    #expect(run.files["build-carved.txt"] == Array(Self.pins.utf8))
    #expect(
      run.files["requirements.txt"].map { String(decoding: $0, as: UTF8.self).contains("carved") } == false)
    guard case .text(let cache)? = own.surroundings["UV_CACHE_DIR"] else { return #expect(Bool(false)) }
    #expect(cache.contains("/uv/outfit-builds/"))
  }

  /// uv would ask every index for it.
  @Test func aBoundNameIsNoBuildRequirement() throws {
    var bench = editable(true)
    bench.profile.indexes["zz"] = Sourced(
      IndexSection(url: "http://zz.example/simple", priority: .explicit, packages: ["acme"]), bench.source(6))
    let files = bench.answers
    bench.answers = { query in
      query.inquiry?.files["watch.py"] == nil
        ? files(query)
        : failed("cause: No solution found\n  cause: you require acme<0, which does not allow any versions")
    }
    let failure = #expect(throws: Failure.self) { try bench.rounds { try Virtualenv().resolve($0) } }
    #expect(failure?.diagnostics.first?.message.contains("the project is built with acme") == true)
  }

  /// The environment that stands stays, and all else goes on.
  @Test func sourcesThatCanNotBeReadAreAFailureOfThePart() throws {
    var bench = editable(false)
    bench.lock = try bench.rounds { try Virtualenv().resolve($0) }.value
    let files = bench.answers
    bench.answers = { query in
      if case .sources = query { .failed(Diagnostic(.error, "too much")) } else { files(query) }
    }
    let proposal = try bench.rounds { try Virtualenv().propose($0) }.value
    #expect(proposal.failures.map(\.message) == ["too much"])
    #expect(proposal.failures.first?.location?.line == 5)
    #expect(proposal.objects.isEmpty && proposal.changes.isEmpty)
  }

  @Test func whatABackendAsksForLaterIsSaid() throws {
    let failure = Diagnostic(
      .error, "virtualenv of shop: uv pip install ended with status 1",
      excerpt:
        "cause: Hash-checking is required, but no trusted hash was provided for: `editables`", hint: "log")
    let bench = editable(true)
    let told = Virtualenv.explanation(of: failure, try #require(bench.profile.virtualenv))
    #expect(told.message.contains("asks for editables"), "\(told.message)")
    #expect(told.hint?.contains("outfit update virtualenv") == true)
  }
}
