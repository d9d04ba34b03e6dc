import OutfitCore
import Testing

@testable import OutfitProfile

/// Locks of other managers, as small as they come.
struct PythonLocksTests {
  private static let a = String(repeating: "a", count: 64)
  private static let b = String(repeating: "b", count: 64)

  private func locked(_ files: [String: String], _ choice: ProjectChoice = ProjectChoice()) throws
    -> [String]?
  {
    let from = try #require(files.keys.first { $0 != "pyproject.toml" && !$0.contains("/") })
    let reading = try ResolutionFiles.read(VirtualenvSection(from: [from]), at: nil) {
      files[$0].map { Array($0.utf8) }
    }
    return try reading.locked(choice)?.packages.map { package in
      let place =
        if case .path(let path, let isEditable) = package.source {
          "\(package.name) at \(path) \(isEditable)"
        } else { package.requirement ?? "?" }
      return place + (package.hasWheel ? "" : " (built)")
        + (package.digests.isEmpty ? "" : " #\(package.digests.count)")
    }.sorted()
  }

  @Test func markersAreReadAndChosen() throws {
    let marker = try #require(Marker("( extra=='Test' or os_name == \"nt\" ) and python_version<'3.11'"))
    #expect(marker.text == "(extra == 'Test' or os_name == 'nt') and python_version < '3.11'")
    #expect(marker.choosing(extras: ["test"], groups: []).text == "python_version < '3.11'")
    #expect(marker.choosing(extras: [], groups: []).text == "os_name == 'nt' and python_version < '3.11'")
    #expect(
      Marker("'dev' in dependency_groups and 'x' not in extras")?.choosing(extras: [], groups: ["dev"])
        == .always)
    #expect(Marker("'dev' in dependency_groups")?.choosing(extras: [], groups: []) == .never)
    #expect(((Marker("os_name == 'nt'") ?? .never) || .always) == .always)
    for text in [
      "", "os_name", "os_name == nt", "a == 'b'", "os_name == 'n't'", "(os_name == 'nt'", "os_name == '$(x)'",
    ] {
      #expect(Marker(text) == nil, "\(text)")
    }
  }

  private static let project = """
    [project]
    name = "shop"
    dependencies = ["six", "idna[all] ; os_name == 'nt'"]
    [project.optional-dependencies]
    fast = ["quick"]
    [tool.poetry.group.test.dependencies]
    pytest = "^8"
    [tool.poetry.group.docs]
    optional = true
    [tool.poetry.group.docs.dependencies]
    sphinx = "*"
    """

  private static func poetry(_ name: String, _ rest: String) -> String {
    """

    [[package]]
    name = "\(name)"
    version = "1.0"
    files = [{file = "\(name)-1.0-py3-none-any.whl", hash = "sha256:\(a)"}]
    \(rest)
    """
  }

  @Test func poetrysNewForm() throws {
    let lock =
      Self.poetry("six", "groups = [\"main\"]")
      + Self.poetry("pytest", "groups = [\"test\"]\nmarkers = \"os_name == 'nt'\"")
      + Self.poetry("sphinx", "groups = [\"docs\"]")
      + Self.poetry(
        "both",
        "groups = [\"main\", \"test\"]\nmarkers = {main = \"os_name == 'nt'\", test = \"os_name == 'posix'\"}"
      )
      + Self.poetry("quick", "groups = [\"main\"]\noptional = true\nmarkers = \"extra == 'fast'\"")
        + """

        [[package]]
        name = "mine"
        version = "0"
        groups = ["main"]
        [package.source]
        type = "git"
        url = "https://h/mine.git"
        reference = "main"
        resolved_reference = "0123456789012345678901234567890123456789"
        [[package]]
        name = "built"
        version = "2"
        groups = ["main"]
        files = [{file = "built-2.tar.gz", hash = "sha256:\(Self.b)"}]
        [[package]]
        name = "lib"
        version = "0"
        groups = ["main"]
        develop = true
        [package.source]
        type = "directory"
        url = "libs/lib"
        """
    let files = ["poetry.lock": lock, "pyproject.toml": Self.project]
    let main = [
      "built==2 (built) #1", "lib at libs/lib true (built)",
      "mine @ git+https://h/mine.git@0123456789012345678901234567890123456789 (built)",
    ]
    #expect(
      try locked(files)
        == ["both==1.0 ; os_name == 'nt' or os_name == 'posix' #1"] + main + [
          "pytest==1.0 ; os_name == 'nt' #1", "six==1.0 #1",
        ])
    #expect(
      try locked(files, ProjectChoice(groups: ["docs"], extras: ["Fast"]))
        == ["both==1.0 ; os_name == 'nt' #1"] + main + ["quick==1.0 #1", "six==1.0 #1", "sphinx==1.0 #1"])
  }

  /// Poetry 1 leaves it to the reader what is needed when.
  @Test func poetrysOldFormIsWalked() throws {
    let lock =
      Self.poetry("six", "")
      + Self.poetry(
        "pytest",
        "[package.dependencies]\nsix = \"*\"\ntomli = {version = \">=1\", markers = \"python_version < '3.11'\"}"
      )
      + Self.poetry("tomli", "") + Self.poetry("sphinx", "") + Self.poetry("quick", "")
      + Self.poetry(
        "idna",
        "[package.dependencies]\nextra-one = {version = \"*\", optional = true}\n[package.extras]\nall = [\"extra-one (>=1)\"]"
      )
      + Self.poetry("extra-one", "")
    let files = ["poetry.lock": lock, "pyproject.toml": Self.project]
    #expect(
      try locked(files) == [
        "extra-one==1.0 ; os_name == 'nt' #1", "idna==1.0 ; os_name == 'nt' #1", "pytest==1.0 #1",
        "six==1.0 #1",
        "tomli==1.0 ; python_version < '3.11' #1",
      ])
    #expect(try locked(files, ProjectChoice(groups: [], extras: ["fast"]))?.contains("quick==1.0 #1") == true)
    // Two versions of one name: only a resolver can say which is meant.
    #expect(
      try locked(["poetry.lock": lock + Self.poetry("six", ""), "pyproject.toml": Self.project]) == nil)
  }

  @Test func pdmsGroups() throws {
    func package(_ name: String, _ rest: String) -> String {
      "\n[[package]]\nname = \"\(name)\"\nversion = \"1\"\nfiles = [{file = \"\(name)-1.whl\", hash = \"sha256:\(Self.a)\"}]\n\(rest)\n"
    }
    let project = """
      [project]
      name = "shop"
      dependencies = ["six"]
      [project.optional-dependencies]
      fast = ["quick"]
      [tool.pdm.dev-dependencies]
      test = ["pytest", "-e file:///${PROJECT_ROOT}/lib#egg=lib"]
      """
    let new =
      package("six", "groups = [\"default\"]")
      + package("pytest", "groups = [\"test\"]\nmarker = \"os_name == 'nt'\"")
      + package("quick", "groups = [\"fast\"]")
    #expect(
      try locked(["pdm.lock": new, "pyproject.toml": project]) == [
        "pytest==1 ; os_name == 'nt' #1", "six==1 #1",
      ])
    #expect(
      try locked(["pdm.lock": new, "pyproject.toml": project], ProjectChoice(groups: [], extras: ["fast"]))
        == ["quick==1 #1", "six==1 #1"])
    let old =
      package("six", "") + package("pytest", "dependencies = [\"tomli ; python_version < '3.11'\"]")
      + package("tomli", "")
      + package("quick", "")
      + "\n[[package]]\nname = \"lib\"\nversion = \"0\"\neditable = true\npath = \"./lib\"\n"
    #expect(
      try locked(["pdm.lock": old, "pyproject.toml": project]) == [
        "lib at ./lib true (built)", "pytest==1 #1", "six==1 #1", "tomli==1 ; python_version < '3.11' #1",
      ])
  }

  @Test func pipenvsCategories() throws {
    let lock = """
      {"_meta": {"sources": [{"name": "pypi", "url": "https://pypi.org/simple"}, {"name": "own", "url": "https://own.example/simple"}]},
       "default": {"six": {"hashes": ["sha256:\(Self.a)", "sha256:\(Self.b)"], "version": "==1.17.0", "markers": "os_name == 'nt'"},
                   "acme": {"hashes": ["sha256:\(Self.a)"], "version": "==2", "index": "own"},
                   "mine": {"git": "https://h/mine.git", "ref": "0123456789012345678901234567890123456789"},
                   "shop": {"editable": true, "path": "."}},
       "develop": {"pytest": {"hashes": ["sha256:\(Self.a)"], "version": "==8", "extras": ["dev"]}}}
      """
    let files = ["Pipfile.lock": lock]
    let main = [
      "acme==2 #1", "mine @ git+https://h/mine.git@0123456789012345678901234567890123456789 (built)",
    ]
    #expect(
      try locked(files) == main + [
        "pytest[dev]==8 #1", "shop at . true (built)", "six==1.17.0 ; os_name == 'nt' #2",
      ])
    #expect(
      try locked(files, ProjectChoice(groups: [])) == main + [
        "shop at . true (built)", "six==1.17.0 ; os_name == 'nt' #2",
      ])
    let reading = try ResolutionFiles.read(VirtualenvSection(from: ["Pipfile.lock"]), at: nil) {
      files[$0].map { Array($0.utf8) }
    }
    let own = try reading.indexes.sections.values.first
    #expect(own == IndexSection(url: "https://own.example/simple", priority: .explicit, packages: ["acme"]))
    #expect(throws: Failure.self) { try locked(["Pipfile.lock": "[1"]) }
  }

  @Test func pylocksOfAnyProgram() throws {
    let lock = """
      lock-version = "1.0"
      created-by = "x"
      dependency-groups = ["dev"]
      default-groups = ["dev"]
      [[packages]]
      name = "six"
      version = "1"
      wheels = [{url = "https://h/six-1.whl", hashes = {sha256 = "\(Self.a)"}}]
      [[packages]]
      name = "pytest"
      version = "8"
      marker = "'dev' in dependency_groups and os_name == 'nt'"
      sdist = {url = "https://h/pytest-8.tar.gz", hashes = {sha256 = "\(Self.b)"}}
      [[packages]]
      name = "lib"
      directory = {path = "lib", editable = true}
      [[packages]]
      name = "arch"
      archive = {url = "https://h/arch-1-py3-none-any.whl", hashes = {sha256 = "\(Self.a)"}}
      """
    for name in ["pylock.toml", "pylock.web.toml"] {
      #expect(
        try locked([name: lock]) == [
          "arch @ https://h/arch-1-py3-none-any.whl #1", "lib at lib true (built)",
          "pytest==8 ; os_name == 'nt' (built) #1",
          "six==1 #1",
        ])
      #expect(
        try locked([name: lock], ProjectChoice(groups: []))?.contains { $0.hasPrefix("pytest") } == false)
    }
  }

  @Test(arguments: [
    ("^1.2", ">=1.2,<2"), ("^0.2.3", ">=0.2.3,<0.3"), ("^0.0", ">=0.0,<0.1"), ("~1.2.3", ">=1.2.3,<1.3"),
    ("~1", ">=1,<2"),
    ("*", ""), ("1.4", "==1.4"), (">=1,<3", ">=1,<3"), (">=3.9 <3.13", ">=3.9,<3.13"), ("~=1.2", "~=1.2"),
    ("1.*", "==1.*"),
  ])
  func poetrysVersions(text: String, specifiers: String) {
    #expect(PoetryRequirement.specifiers(text) == specifiers)
  }

  @Test func whatIsInstalledOfAProject() {
    func description(_ files: [String: String]) -> ProjectDescription {
      ProjectDescription(files.mapValues { Array($0.utf8) })
    }
    #expect(!description(["pyproject.toml": "[project]\nname = \"a\"\n"]).isPackage)
    #expect(description(["pyproject.toml": "[build-system]\nrequires = []\n"]).isPackage)
    #expect(
      !description(["pyproject.toml": "[build-system]\nrequires = []\n[tool.uv]\npackage = false\n"])
        .isPackage)
    #expect(!description(["pyproject.toml": "[tool.poetry]\npackage-mode = false\n"]).isPackage)
    #expect(
      description(["setup.py": "from setuptools import setup\nsetup(name='My_Shop', version='1')\n"]).name
        == "My_Shop")
    #expect(description(["setup.py": "", "setup.cfg": "[metadata]\nname = shop\n"]).name == "shop")
    #expect(description(["setup.py": ""]).buildRequirements == ["setuptools>=40.8.0"])
    #expect(!description(["setup.cfg": "[flake8]\n"]).isPackage)
    for (text, takes) in [
      ("[build-system]\nrequires = [\"setuptools\", \"Setuptools_SCM[toml]>=8\"]\n", true),
      ("[build-system]\nrequires = [\"hatch-vcs\"]\n", true),
      ("[build-system]\nrequires = [\"hatchling\"]\n", false),
      ("[tool.pdm.version]\nsource = \"scm\"\n", true),
    ] { #expect(description(["pyproject.toml": text]).takesVersionFromRepository == takes, "\(text)") }
    #expect(description(["setup.py": "setup(use_scm_version=True)"]).takesVersionFromRepository)
    let groups = "[dependency-groups]\ndev = []\ntest = []\n"
    #expect(description(["pyproject.toml": groups]).defaultGroups == ["dev"])
    #expect(
      description(["pyproject.toml": groups + "[tool.uv]\ndefault-groups = \"all\"\n"]).defaultGroups == [
        "dev", "test",
      ])
    #expect(description(["pyproject.toml": groups + "[tool.pdm]\n"]).defaultGroups == ["dev", "test"])
  }
}
