import OutfitCore
import OutfitSystem
import Support
import SystemPackage
import Testing

@testable import OutfitProfile

struct ResolutionInputsTests {
  private func read(_ files: [String: String], from: String) throws -> ResolutionInputs {
    let disk = MemoryFiles()
    for (name, text) in files {
      let path = FilePath("/p").pushing(FilePath(name))
      try disk.createDirectories(path.removingLastComponent(), mode: 0o755)
      try disk.create(path, Array(text.utf8), mode: 0o644)
    }
    return try ResolutionInputs.read(VirtualenvSection(from: [from]), root: "/p", files: disk)
  }

  private func texts(_ inputs: ResolutionInputs) -> [String] {
    inputs.members.map { "\($0.kind.rawValue): \($0.text)" }
  }

  @Test func requirementsAreReadWithAllThatTheyInclude() throws {
    let inputs = try read(
      [
        "requirements/dev.txt":
          "-r base.txt\n-c../pins.txt\npytest>=8 ; python_version > '3.9'\n--pre\nidna@https://ada:pw@h/idna-3-py3-none-any.whl\n",
        "requirements/base.txt": "--requirement=\"deep.txt\" # why\nblack[d]==25.1.0\n",
        "requirements/deep.txt": "-i https://index.example/simple\n-e ./mine\n-r base.txt\n",
        "pins.txt": "click<9\n--find-links wheels\n",
      ], from: "requirements/dev.txt")
    #expect(
      inputs.files == [
        "/p/pins.txt", "/p/requirements/base.txt", "/p/requirements/deep.txt", "/p/requirements/dev.txt",
      ])
    #expect(
      texts(inputs) == [
        "address: idna @ https://***@h/idna-3-py3-none-any.whl", "index: --find-links wheels",
        "index: --index-url https://index.example/simple", "option: --pre", "path: --editable ./mine",
      ])
    #expect(inputs.members[0].location == SourceLocation(file: "requirements/dev.txt", line: 5))
    #expect(inputs.members[2].location == SourceLocation(file: "requirements/deep.txt", line: 1))
  }

  @Test func aLinkThatLeadsOutIsNamed() throws {
    let disk = MemoryFiles()
    try disk.createDirectories("/p/in", mode: 0o755)
    disk.put("/shared/base.txt", "a==1\n")
    disk.put("/p/in/own.txt", "b==1\n")
    disk.put("/p/r.txt", "-r linked.txt\n-r also.txt\n")
    disk.putLink("/p/linked.txt", to: "../shared/base.txt")
    disk.putLink("/p/also.txt", to: "in/own.txt")
    let inputs = try ResolutionInputs.read(VirtualenvSection(from: ["r.txt"]), root: "/p", files: disk)
    #expect(texts(inputs) == ["path: linked.txt is a link to /shared/base.txt"])
    #expect(inputs.members.first?.location == SourceLocation(file: "linked.txt", line: 1))
  }

  @Test(arguments: [
    ["r.txt": "-r gone.txt\n"], ["r.txt": "-r ../x.txt\n"], ["r.txt": "-r /etc/passwd\n"],
    ["r.txt": "-r ${X}.txt\n"], ["r.txt": "-r .\n"], [:],
  ])
  func whatCantBeReadIsAMistake(files: [String: String]) {
    let failure = #expect(throws: Failure.self) { try read(files, from: "r.txt") }
    #expect(failure?.status == .usage)
    for text in [
      "a = ", "a = \"\\q\"", String(repeating: "a=[", count: 1) + String(repeating: "[", count: 100_000),
    ] {
      let failure = #expect(throws: Failure.self) {
        try read(["pyproject.toml": text], from: "pyproject.toml")
      }
      #expect(failure?.status == .usage)
    }
  }

  @Test func aProjectSaysSourcesIndexesOptionsAndBuilds() throws {
    let inputs = try read(
      [
        "pyproject.toml": """
        [build-system]
        requires = ["hatchling>=1", "mine @ https://h/mine-1-py3-none-any.whl"]
        build-backend = "hatchling.build"

        [project]
        name = "shop"
        dynamic = ["version", "optional-dependencies"]
        dependencies = [
          "black>=25",
          "evil@http://h/evil-1-py3-none-any.whl",
          "local @ file:///srv/x",
        ]
        [project.optional-dependencies]
        docs = ["sphinx", "x @ git+https://h/x"]

        [dependency-groups]
        dev = ["pytest", {include-group = "lint"}]
        lint = ["ruff"]

        [tool.uv]
        dev-dependencies = ["mypy"]
        no-build-isolation = true
        [tool.uv.sources]
        Black = { git = "https://h/black", rev = "1" }
        six = [{ index = "acme", marker = "os_name == 'nt'" }, { path = "../six" }]
        [[tool.uv.index]]
        name = "acme"
        url = "https://ada:pw@acme.example/simple"
        [[tool.poetry.source]]
        name = "p"
        url = "https://p.example/simple"
        [tool.poetry.dependencies]
        python = "^3.9"
        a = { version = "1", extras = ["x"] }
        b = { git = "https://h/b" }
        [tool.black]
        line-length = 110
        """
      ], from: "pyproject.toml")
    #expect(
      texts(inputs) == [
        "address: b from {git = \"https://h/b\"}",
        "address: black from {git = \"https://h/black\", rev = \"1\"}",
        "address: evil @ http://h/evil-1-py3-none-any.whl", "address: x @ git+https://h/x",
        "build: build-system.build-backend = \"hatchling.build\"",
        "build: build-system.requires \"mine @ https://h/mine-1-py3-none-any.whl\"",
        "build: build-system.requires hatchling", "build: dynamic \"optional-dependencies\"",
        "index: six from {index = \"acme\", marker = \"os_name == 'nt'\"}",
        "index: tool.poetry.source = {name = \"p\", url = \"https://p.example/simple\"}",
        "index: tool.uv.index = {name = \"acme\", url = \"https://***@acme.example/simple\"}",
        "option: tool.uv.no-build-isolation = true", "path: local @ file:///srv/x",
        "path: six from {path = \"../six\"}",
      ])
    let evil = try #require(inputs.members.first { $0.text.hasPrefix("evil") })
    #expect(evil.location.line == 10)
    #expect(inputs.members.first { $0.text.hasPrefix("tool.uv.index") }?.location.line == 26)
  }

  private func uvLock(_ version: Int, _ packages: String = "") -> String {
    """
    version = 1
    revision = 3
    requires-python = ">=3.11"

    [[package]]
    name = "idna"
    version = "3.\(version)"
    source = { registry = "https://pypi.org/simple" }
    dependencies = [{ name = "six", marker = "os_name == 'nt'" }]
    sdist = { url = "https://files.pythonhosted.org/\(version)/idna-3.\(version).tar.gz", hash = "sha256:0\(version)", size = 1 }
    wheels = [
      { url = "https://files.pythonhosted.org/\(version)/idna-3.\(version)-py3-none-any.whl", hash = "sha256:1\(version)" },
    ]

    [[package]]
    name = "shop"
    source = { editable = "." }
    \(packages)
    """
  }

  @Test func aUvLockSaysItsSources() throws {
    let others = """
      [[package]]
      name = "a"
      source = { git = "https://h/a?rev=v1#1234" }
      [[package]]
      name = "b"
      source = { url = "https://h/b-1-py3-none-any.whl" }
      wheels = [{ url = "https://h/b-1-py3-none-any.whl", hash = "sha256:00" }]
      [package.metadata]
      requires-dist = [{ name = "c", url = "https://h/c.whl" }]
      [[package]]
      name = "d"
      source = { registry = "wheels" }
      wheels = [{ path = "d/d-1-py3-none-any.whl" }]
      """
    let inputs = try read(
      ["uv.lock": uvLock(4, others), "pyproject.toml": "[project]\n"], from: "uv.lock")
    #expect(
      texts(inputs) == [
        "address: a from git https://h/a?rev=v1#1234", "address: b from url https://h/b-1-py3-none-any.whl",
        "address: c from {url = \"https://h/c.whl\"}", "address: files from https://files.pythonhosted.org",
        "address: files from https://h", "index: registry https://pypi.org/simple", "path: a file of d in d",
        "path: registry wheels", "path: shop from editable .",
      ])
  }

  /// A hundred bumps of every kind of file say the same; one source says something new.
  @Test func versionsAreNoMembers() throws {
    func all(_ version: Int, _ change: String = "") throws -> [[ResolutionInputs.Member]] {
      let packages = (0..<100).map { "p\($0)==\(version).\($0)" }
      let requirements = packages.map {
        "\($0) --hash=sha256:\(String(repeating: "\(version)", count: 64))\n"
      }.joined()
      let project = """
        [build-system]
        requires = ["hatchling>=\(version)"]
        [project]
        version = "\(version)"
        dependencies = [\(packages.map { "\"\($0)\"" }.joined(separator: ", "))]
        [tool.uv]
        constraint-dependencies = ["x<\(version)"]

        """
      return [
        try read(["r.txt": "-r s.txt\n", "s.txt": requirements + change], from: "r.txt").members,
        try read(
          ["pyproject.toml": project + (change.isEmpty ? "" : "[tool.uv.sources]\np1 = {index = \"x\"}\n")],
          from: "pyproject.toml"
        ).members,
        try read(
          [
            "uv.lock": uvLock(version).replacing(change.isEmpty ? "~" : "pypi.org", with: "evil.example"),
            "pyproject.toml": project,
          ], from: "uv.lock"
        ).members,
      ]
    }
    let before = try all(4)
    #expect(try all(5) == before)
    for (old, new) in zip(before, try all(5, "p1@http://h/p1-1-py3-none-any.whl\n")) {
      #expect(Set(new).subtracting(old).count == 1)
    }
  }

  /// A change of them changes what the project asks for.
  @Test func whatMetadataIsMadeOfCounts() throws {
    let lists = [
      "deps.txt": "six\n", "test.txt": "pytest\n", "VERSION": "1\n", "README.txt": "", "b/x.in": "six\n",
    ]
    func named(_ file: String, _ text: String) throws -> [String] {
      try read(lists.merging([file: text]) { $1 }, from: file).files.map { String($0.string.dropFirst(3)) }
        .filter { $0 != file }
    }
    #expect(
      try named("setup.py", "a = open('deps.txt')\nb = \"b/x.in\"; 'README.txt'; '../deps.txt'; 'gone.txt'")
        == ["b/x.in", "deps.txt"])
    #expect(
      try named("setup.cfg", "[metadata]\nversion = file: VERSION\nlong_description = file: README.txt\n")
        == ["VERSION"])
    let project = "[project]\nname = \"a\"\ndynamic = [\"dependencies\"]\n[tool.setuptools.dynamic]\n"
    #expect(
      try named(
        "pyproject.toml",
        project
          + "dependencies = {file = [\"deps.txt\"]}\noptional-dependencies.test = {file = \"test.txt\"}\n")
        == ["deps.txt", "test.txt"])
    #expect(ProjectDescription(["pyproject.toml": Array(project.utf8)]).isDynamic)
    #expect(ProjectDescription(["setup.py": []]).isDynamic)
    #expect(!ProjectDescription(["pyproject.toml": Array("[project]\n".utf8), "setup.py": []]).isDynamic)
  }

  /// Whose build code may be run is told, whatever brings it in.
  @Test func whoseBuildCodeMayBeRunIsTold() throws {
    let plain = "[project]\nname = \"shop\"\n"
    let lib = ["lib/pyproject.toml": plain]
    func projects(_ files: [String: String], _ from: String) throws -> [String] {
      try read(files, from: from).projects
    }
    #expect(try projects(["pyproject.toml": plain], "pyproject.toml") == [])
    #expect(
      try projects(["pyproject.toml": plain + "[build-system]\nrequires = []\n"], "pyproject.toml") == ["."])
    #expect(try projects(["setup.py": ""], "setup.py") == ["."])
    #expect(try projects(["pyproject.toml": plain, "r.txt": "-e .\n"], "r.txt") == ["."])
    #expect(try projects(lib.merging(["r.txt": "./lib\n"]) { $1 }, "r.txt") == ["lib"])
    for sources in [
      "[tool.uv.workspace]\nmembers = [\"lib\"]\n", "[tool.uv.sources]\nlib = {path = \"lib\"}\n",
      "[tool.uv.sources]\nlib = [{workspace = true}]\n",
    ] {
      #expect(
        try projects(lib.merging(["pyproject.toml": plain + sources]) { $1 }, "pyproject.toml") == ["."])
    }
    let lock = "[[package]]\nname = \"lib\"\nsource = {directory = \"lib\"}\n"
    #expect(
      try projects(lib.merging(["pyproject.toml": plain, "uv.lock": lock]) { $1 }, "uv.lock") == ["lib"])
  }
}
