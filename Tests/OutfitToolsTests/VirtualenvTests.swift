import OutfitCore
import OutfitEngine
import OutfitProfile
import OutfitSystem
import SystemPackage
import Testing

@testable import OutfitTools

struct VirtualenvTests {
  private func bench(_ files: [String: String], from: String = "requirements.txt") -> Bench {
    var bench = Bench()
    bench.root = "/home/ada/shop"
    bench.profile.virtualenv = Sourced(VirtualenvSection(from: [from]), bench.source(5))
    bench.answers = { query in
      if case .contents(let path) = query {
        var relative = path
        guard relative.removePrefix("/home/ada/shop"), let text = files[relative.string] else {
          return .absent
        }
        return .contents(Array(text.utf8))
      }
      return answerBlack(query)
    }
    return bench
  }

  @Test func locksAndLinks() throws {
    var bench = bench(["requirements.txt": "black\n"])
    let (lock, _, asked) = try bench.rounds { try Virtualenv().resolve($0) }
    #expect(lock.virtualenv?.requirements == blackPins)
    #expect(lock.virtualenv?.python == "3.13")
    #expect(asked.compactMap(\.inquiry).count == 1)
    bench.lock = lock
    let proposal = try bench.rounds { try Virtualenv().propose($0) }.value
    let object = try #require(proposal.objects.first { $0.id.name == Virtualenv.objectName })
    let pip = try #require(proposal.objects.last)
    #expect(proposal.changes.map(\.target) == ["/home/ada/shop/.venv"])
    #expect(proposal.changes.first?.kind == .link(.object(object.id, "")))
    #expect(object.run?.steps.dropLast().last?.words.contains("hardlink") == true)
    #expect(object.run?.steps.last?.surroundings["OUTFIT_VENV"] == .text("/home/ada/shop/.venv"))
    #expect(object.run?.steps.first?.words.contains("shop") == true)
    #expect(
      proposal.claims.map(\.name) == ["python", "python3", "python3.13", "pip", "pip3", "pip3.13"])
    // In isolation, by a script that nothing in a folder can stand for.
    #expect(proposal.claims.last?.program == .object(object.id, "bin/python"))
    #expect(proposal.claims.last?.arguments.first == "-I")
    #expect(proposal.claims.last?.arguments[1].hasSuffix("\(pip.id)/pip.py") == true)
    #expect(proposal.claims.last?.arguments[2].hasSuffix("/bin/uv") == true)
  }

  @Test func aGroupThatIsNotThereIsNamedWithThoseThatAre() throws {
    var bench = bench([
      "pyproject.toml":
        "[project]\nname = \"shop\"\nversion = \"1\"\n[dependency-groups]\ndev = []\nDocs = []\n"
    ])
    var section = VirtualenvSection(from: ["pyproject.toml"])
    section.groups = ["doc"]
    bench.profile.virtualenv = Sourced(section, bench.source(3))
    let failure = #expect(throws: Failure.self) { try bench.rounds { try Virtualenv().resolve($0) } }
    #expect(failure?.diagnostics.first?.message == "there is no group doc in pyproject.toml")
    #expect(failure?.diagnostics.first?.hint == "did you mean `docs`? there are dev, docs")
    #expect(failure?.status == .usage)
  }

  @Test func gitIsToldToLeaveTheLinkAlone() throws {
    var bench = bench(["requirements.txt": "black\n"])
    let files = bench.answers
    bench.answers = { query in
      guard query == .status("/home/ada/shop/.git") else { return files(query) }
      return .status(
        FileStatus(
          kind: .directory, mode: 0o755, size: 0, modified: 0, changed: 0, device: 0, inode: 0, owner: 0))
    }
    bench.lock = try bench.rounds { try Virtualenv().resolve($0) }.value
    let change = try #require(try bench.rounds { try Virtualenv().propose($0) }.value.changes.last)
    #expect(change.target == "/home/ada/shop/.git/info/exclude")
    guard case .edit(.block(let block)) = change.kind else { return #expect(Bool(false)) }
    #expect(block.body == "/.venv\n/.venv.outfit-backup*\n")
  }

  @Test func itsPythonTakesOverWithinTheProject() throws {
    var bench = bench(["requirements.txt": "black\n"])
    bench.lock = try bench.rounds { try Virtualenv().resolve($0) }.value
    let own = try bench.rounds { try Virtualenv().propose($0) }.value
    let plain = Claim(
      name: "python", program: .path("/usr/bin/python3"), label: "Python", owner: bench.source(3), object: nil
    )
    for order in [true, false] {
      var all = Proposal()
      var other = Proposal()
      other.claims = [plain]
      all.merge(order ? own : other)
      all.merge(order ? other : own)
      #expect(all.claims.filter { $0.name == "python" }.map(\.takesOver) == [true])
    }
  }

  @Test func includedFilesAreReadAndCount() throws {
    var bench = bench(
      [
        "requirements/dev.txt": "-r base.txt\n-c ../pins.txt\npytest\n", "requirements/base.txt": "black\n",
        "pins.txt": "click<9\n",
      ], from: "requirements/dev.txt")
    let (lock, _, asked) = try bench.rounds { try Virtualenv().resolve($0) }
    let inquiry = try #require(asked.compactMap(\.inquiry).first)
    #expect(inquiry.files.keys.sorted() == ["pins.txt", "requirements/base.txt", "requirements/dev.txt"])
    bench.lock = lock
    #expect(try bench.rounds { try Virtualenv().resolve($0) }.asked.compactMap(\.inquiry).isEmpty)
    var changed = self.bench(
      [
        "requirements/dev.txt": "-r base.txt\n-c ../pins.txt\npytest\n", "requirements/base.txt": "black\n",
        "pins.txt": "click<8\n",
      ], from: "requirements/dev.txt")
    changed.lock = lock
    let again = try changed.rounds { try Virtualenv().resolve($0) }.asked.compactMap(\.inquiry)
    #expect(again.first?.files["lock.txt"] == Array(blackPins.utf8), "other pins stay where they can")
  }

  /// What was judged is what uv is told.
  @Test func uvIsToldWhatWasRead() throws {
    let bench = bench([
      "requirements.txt": "\u{FEFF}# all\r\nblack[ d ]  (>=25) # x\r\n-rmore.txt\r\n",
      "more.txt": "idna@https://h/idna-3-py3-none-any.whl\n",
    ])
    let asked = try bench.rounds { try Virtualenv().resolve($0) }.asked.compactMap(\.inquiry)
    let files = try #require(asked.first).files.mapValues { String(decoding: $0, as: UTF8.self) }
    #expect(
      files == [
        "requirements.txt": "\nblack[d]>=25\n--requirement more.txt\n",
        "more.txt": "idna @ https://h/idna-3-py3-none-any.whl\n",
      ])
  }

  @Test(arguments: [
    "-e ../x", "../x", "-e file:///srv/x", "hg+https://code.example/x", "x @ svn+https://code.example/x",
    "--frobnicate", "black &&", "x @ file:gone.whl", "x @ https://ada:pw@h/x-1-py3-none-any.whl",
    "-e git+https://token@h/x#egg=x",
  ])
  func whatCanNotBeHadIsRefused(line: String) {
    let bench = bench(["requirements.txt": "black\n\(line)\n"])
    let failure = #expect(throws: Failure.self) { try bench.rounds { try Virtualenv().resolve($0) } }
    #expect(failure?.status == .usage)
    #expect(failure?.diagnostics.first?.location == SourceLocation(file: "requirements.txt", line: 2))
  }

  @Test func aMissingFileIsAUsageError() {
    for from in ["requirements.txt", "poetry.lock", "uv.lock"] {
      let bench = bench([:], from: from)
      let failure = #expect(throws: Failure.self) { try bench.rounds { try Virtualenv().resolve($0) } }
      #expect(failure?.status == .usage)
    }
    let outside = bench(["requirements.txt": "-r ../other.txt\n"])
    #expect(throws: Failure.self) { try outside.rounds { try Virtualenv().resolve($0) } }
  }

  @Test func aUvLockIsTakenAsItStands() throws {
    let bench = bench(["uv.lock": "version = 1\n", "pyproject.toml": "[project]\n"], from: "uv.lock")
    let inquiry = try #require(
      try bench.rounds { try Virtualenv().resolve($0) }.asked.compactMap(\.inquiry).first)
    #expect(inquiry.steps.first?.words.contains("--frozen") == true)
    #expect(!inquiry.needsNetwork)
  }

  /// A name that is bound to an index is told to no other, and comes from there or not at all.
  @Test func aBoundNameComesFromItsIndexAlone() throws {
    var bench = bench(["requirements.txt": "-c pins.txt\nblack\n", "pins.txt": "six<2\n"])
    bench.profile.indexes["zz"] = Sourced(
      IndexSection(url: "http://zz.example/simple", priority: .explicit, packages: ["Click", "six"]),
      bench.source(6))
    let files = bench.answers
    bench.answers = { query in
      guard let inquiry = query.inquiry, inquiry.steps.first?.words.contains("compile") == true else {
        return files(query)
      }
      let isBound = inquiry.files["outfit.bound/pyproject.toml"] != nil
      let text = blackPins.replacing("click==8.5.1", with: isBound ? "click==9.0.0" : "click==8.5.1")
        .replacing("colorama", with: "    # via black\ncolorama")
      return .collected(["lock.txt": Array(text.utf8)])
    }
    let (lock, facts, asked) = try bench.rounds { try Virtualenv().resolve($0) }
    let inquiries = asked.compactMap(\.inquiry)
    // The names are told to no index before something needs them, and those alone that are needed.
    #expect(inquiries.map { $0.files["outfit.bound/pyproject.toml"] != nil } == [false, true])
    let project = String(decoding: inquiries[1].files["outfit.bound/pyproject.toml"] ?? [], as: UTF8.self)
    #expect(project.contains("\"click\" = { index = \"zz\" }") && !project.contains("six"), "\(project)")
    #expect(lock.virtualenv?.requirements.contains("click==9.0.0") == true)
    bench.lock = lock
    let proposal = try bench.rounds({ try Virtualenv().propose($0) }, facts: facts).value
    let run = try #require(proposal.objects.first { $0.id.name == Virtualenv.objectName }?.run)
    #expect(
      run.files["zz.txt"].map { String(decoding: $0, as: UTF8.self).hasPrefix("click==9.0.0") } == true)
    #expect(String(decoding: run.files["requirements.txt"] ?? [], as: UTF8.self).hasPrefix("black=="))
    // Another binding makes other pins.
    bench.profile.indexes["zz"]?.value.packages = ["black"]
    #expect(try bench.rounds { try Virtualenv().resolve($0) }.asked.compactMap(\.inquiry).count == 1)
  }

  @Test func digestsOfTheFileAreAllThatTheLockHas() throws {
    func line(_ digests: [String]) -> String { digests.map { " --hash=sha256:\($0)" }.joined() }
    let one = bench(["requirements.txt": "black==25.12.0\(line([digestB]))\nclick\n"])
    let lock = try one.rounds { try Virtualenv().resolve($0) }.value
    #expect(
      lock.virtualenv?.requirements.hasPrefix(
        "black==25.12.0 \\\n    --hash=sha256:\(digestB)\nclick==8.5.1 \\\n    --hash=sha256:\(digestA)\n")
        == true)
    // A lock of before, which has more, is made anew.
    var old = one
    old.lock = lock
    #expect(try old.rounds { try Virtualenv().resolve($0) }.asked.compactMap(\.inquiry).isEmpty)
    old.lock.virtualenv?.requirements = blackPins
    #expect(try old.rounds { try Virtualenv().resolve($0) }.value == lock)

    let zero = String(repeating: "0", count: 64)
    for (text, row) in [
      ("click\nblack==25.12.0\(line([zero]))\n", 2), ("black\(line([digestA]))\n--require-hashes\n", 2),
    ] {
      let failure = #expect(throws: Failure.self) {
        try bench(["requirements.txt": text]).rounds { try Virtualenv().resolve($0) }
      }
      #expect(failure?.status == .usage)
      #expect(failure?.diagnostics.first?.location == SourceLocation(file: "requirements.txt", line: row))
    }
  }

  @Test func whatHasNoDigestIsNotPinned() {
    var bench = bench(
      [
        "uv.lock": "[[package]]\nname = \"gitlib\"\nsource = {git = \"https://h/gitlib\"}\n",
        "pyproject.toml": "[project]\n",
      ], from: "uv.lock")
    let files = bench.answers
    bench.answers = { query in
      query.inquiry == nil
        ? files(query) : .collected(["lock.txt": Array("gitlib @ git+https://h/gitlib@12\n".utf8)])
    }
    let failure = #expect(throws: Failure.self) { try bench.rounds { try Virtualenv().resolve($0) } }
    #expect(failure?.status == .usage)
    #expect(failure?.diagnostics.first?.message.contains("gitlib @ git+https://h/gitlib@12") == true)
  }

  @Test func staleUnderAFailingNetworkKeepsTheLockAndSaysWhy() throws {
    var bench = bench(["requirements.txt": "black\n"])
    bench.lock.virtualenv = LockedRequirements(
      from: ["requirements.txt"], sourceDigest: Digest(of: "old"), python: "3.13", requirements: blackPins)
    let files = bench.answers
    bench.answers = { $0.inquiry == nil ? files($0) : failed("error: Request failed after 3 retries") }
    let (lock, facts, _) = try bench.rounds { try Virtualenv().resolve($0) }
    #expect(lock == bench.lock)
    let proposal = try bench.rounds({ try Virtualenv().propose($0) }, facts: facts).value
    #expect(proposal.objects.isEmpty)
    #expect(
      proposal.failures.first?.message
        == "requirements.txt: could not be resolved: Request failed after 3 retries")
  }

  /// Its digests say nothing of what they are of, so that the index is asked.
  @Test func aPipfileLockMayHavePackagesWithoutAWheel() throws {
    let package = "{\"version\": \"==1\", \"hashes\": [\"sha256:\(digestA)\"]}"
    var bench = bench(
      ["Pipfile.lock": "{\"default\": {\"docopt\": \(package), \"six\": \(package)}}"], from: "Pipfile.lock")
    let files = bench.answers
    bench.answers = { query in
      guard let inquiry = query.inquiry else { return files(query) }
      let asked = String(decoding: inquiry.files["locked.in"] ?? [], as: UTF8.self)
      return asked.contains("docopt")
        ? failed("Because docopt==1 has no usable wheels and you require docopt==1, no.")
        : .collected(["lock.txt": Array("six==1\n".utf8)])
    }
    let (lock, facts, _) = try bench.rounds { try Virtualenv().resolve($0) }
    #expect(lock.virtualenv?.sourceOnly == ["docopt"])
    #expect(lock.virtualenv?.notInImages == ["docopt"])
    bench.lock = lock
    let part = try bench.rounds({ try Virtualenv().propose($0) }, facts: facts).value
    #expect(
      part.failures.first?.hint?.hasSuffix("`virtualenv: {from: Pipfile.lock, build: [docopt]}`") == true)
    #expect(part.failures.first?.reason == .notBuilt)
    let run = try #require(part.objects.first { $0.id.name == Virtualenv.objectName }?.run)
    #expect(
      run.files["requirements.txt"].map { String(decoding: $0, as: UTF8.self).hasPrefix("six==1") } == true)
    #expect(run.additions.map(\.path) == ["outfit-missing.txt"])
    // A whole environment stays.
    let standing = bench.answers
    bench.answers = { query in
      query == .status("/home/ada/shop/.venv")
        ? .status(
          FileStatus(
            kind: .link, mode: 0o777, size: 0, modified: 0, changed: 0, device: 0, inode: 0, owner: 0))
        : standing(query)
    }
    let kept = try bench.rounds({ try Virtualenv().propose($0) }).value
    #expect(kept.objects.isEmpty && kept.changes.isEmpty && kept.failures.count == 1)
  }

  /// Digests of a Pipfile.lock may be of the source alone, which a wheel came to stand beside later.
  @Test func aDigestOfTheSourceIsToldFromAnAttack() {
    var bench = bench(["Pipfile.lock": "{}"], from: "Pipfile.lock")
    let failure = Diagnostic(
      .error, "virtualenv of shop: uv pip sync ended with status 1",
      excerpt: "error: Failed to read `parse==1.19.0`\n  cause: Hash mismatch for `parse==1.19.0`",
      hint: "log")
    let told = Virtualenv.explanation(of: failure, bench.profile.virtualenv!)
    #expect(told.hint?.contains("outfit up --build parse\nelse ") == true, "\(told.hint ?? "")")
    bench.profile.virtualenv?.value.build = ["parse"]
    #expect(Virtualenv.explanation(of: failure, bench.profile.virtualenv!).hint?.contains("--build") == false)
  }

  /// A lock may have wheels of a package, and none for this Python: the line that is told then has to help.
  @Test func whatIsToBeBuiltIsTakenAsSourceWhateverWheelsThereAre() throws {
    let lock = """
      [[package]]
      name = "coverage"
      version = "7.1.0"
      groups = ["dev"]
      files = [{file = "coverage-7.1.0-cp37-cp37m-win32.whl", hash = "sha256:\(digestA)"}, {file = "coverage-7.1.0.tar.gz", hash = "sha256:\(digestB)"}]
      [metadata]
      lock-version = "2.1"

      """
    let project =
      "[tool.poetry]\nname = \"shop\"\npackage-mode = false\n[tool.poetry.group.dev.dependencies]\ncoverage = \"*\"\n"
    var bench = bench(["poetry.lock": lock, "pyproject.toml": project], from: "poetry.lock")
    bench.profile.virtualenv?.value.build = ["Coverage"]
    let (locked, facts, _) = try bench.rounds { try Virtualenv().resolve($0) }
    #expect(locked.virtualenv?.sourceOnly == ["coverage"])
    #expect(locked.virtualenv?.notInImages == [])
    bench.lock = locked
    let part = try bench.rounds({ try Virtualenv().propose($0) }, facts: facts).value
    #expect(part.failures.isEmpty, "\(part.failures)")
    let run = try #require(part.objects.first { $0.id.name == Virtualenv.objectName }?.run)
    let words = run.steps.flatMap(\.words)
    #expect(words.contains("--no-binary") && words.contains("coverage"), "\(words)")
  }

  /// One file for all inputs: places of this machine are absolute, indexes are in uv's variables.
  @Test func everyFormOfARequirementIsTold() throws {
    var bench = bench([
      "requirements.txt":
        "-i https://ada:pw@own.example/simple\n-e .[test]\n./lib\nx @ file:wheels/x-1-py3-none-any.whl\n"
        + "-e git+https://h/y@main#egg=y\nz @ https://${HOST}/z-1.tar.gz\n--trusted-host own.example\n--no-cache-dir\n",
      "setup.py": "setup(name='shop')", "lib/pyproject.toml": "[build-system]\nrequires = []\n",
      "wheels/x-1-py3-none-any.whl": "PK",
    ])
    bench.environment["HOST"] = "files.example"
    let asked = try bench.rounds { try Virtualenv().resolve($0) }.asked.compactMap(\.inquiry)
    let compile = try #require(asked.first)
    #expect(
      String(decoding: compile.files["requirements.txt"] ?? [], as: UTF8.self)
        == "\n-e /home/ada/shop[test]\n-e /home/ada/shop/lib\n/home/ada/shop/wheels/x-1-py3-none-any.whl\n"
        + "y @ git+https://h/y@main\nz @ https://${HOST}/z-1.tar.gz\n")
    let step = try #require(compile.steps.first)
    #expect(
      step.surroundings["UV_DEFAULT_INDEX"].map { "\($0)" }?.contains("https://ada:pw@own.example/simple")
        == true)
    // Its value is uv's to put there, so that the lock has the name alone.
    #expect(step.surroundings["HOST"] == .text("files.example"))
    #expect(step.surroundings["UV_INSECURE_HOST"] == .text("own.example"))
    #expect(step.words.contains("shop"), "the project's own code may run")
  }

  /// Code of the project, a member of its workspace or a file at an address may say more than was consented to.
  @Test func anAddressThatNoFileNamesIsRefused() throws {
    var bench = bench(["setup.py": "setup(name='shop')"], from: "setup.py")
    let files = bench.answers
    for line in [
      "evil @ https://h/evil-1-py3-none-any.whl --hash=sha256:\(digestA)",
      "evil @ git+https://ada:pw@h/evil@0123456789012345678901234567890123456789",
    ] {
      bench.answers = { query in
        query.inquiry == nil ? files(query) : .collected(["lock.txt": Array("\(line)\n".utf8)])
      }
      let failure = #expect(throws: Failure.self) { try bench.rounds { try Virtualenv().resolve($0) } }
      #expect(failure?.status == .usage)
      let message = failure?.diagnostics.first?.message ?? ""
      #expect(message.contains("evil comes from") && !message.contains("pw@"), "\(message)")
    }
  }

  @Test(arguments: [
    ("https://ada:pw@h/x", true), ("git+https://token@h/x", true), ("https://ada:${TOKEN}@h/x", false),
    ("https://${TOKEN}@h/x", false), ("git+ssh://git@h/x@main", false), ("https://h/x@1", false),
    ("https://${A}b@h/x", true), ("file:///srv/a@b", false),
  ])
  func aPasswordInAnAddressIsSeen(address: String, holds: Bool) {
    #expect(Sources.holdsPassword(address) == holds)
  }

  @Test func aFolderThatNobodyWasAskedAboutIsNotInstalled() throws {
    var bench = bench(["requirements.txt": "six\n"])
    let files = bench.answers
    bench.answers = { query in
      query.inquiry == nil
        ? files(query) : .collected(["lock.txt": Array("lib @ file:///home/ada/shop/lib\n".utf8)])
    }
    let failure = #expect(throws: Failure.self) { try bench.rounds { try Virtualenv().resolve($0) } }
    #expect(failure?.status == .usage)
    #expect(failure?.diagnostics.first?.hint?.contains("lib/pyproject.toml") == true)
  }
}
