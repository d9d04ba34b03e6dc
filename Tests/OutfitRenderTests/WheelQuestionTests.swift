import OutfitProfile
import Testing

@testable import OutfitRender

/// What an index is asked of a repository that has no lock which tells.
@Suite struct WheelQuestionTests {
  private func question(_ found: [String: String]) -> WheelQuestion? {
    EnvironmentReading(found).wheelQuestion
  }

  @Test func plainRequirementsAloneAreAsked() throws {
    let asked = try #require(
      question([
        "requirements.txt": """
        -r base.txt
        -c https://elsewhere.example/c.txt
        six==1.17.0 --hash=sha256:\(String(repeating: "a", count: 64))
        visitor ; sys_platform == "linux"
        local @ file:///etc
        ./vendored
        tool @ git+https://git.example/tool
        secret==${TOKEN}
        -e .[Web]
        """, "base.txt": "Flask-Mail>=0.9\n",
        "pyproject.toml": """
        [build-system]
        requires = ['setuptools']
        [project]
        name = 'shop'
        dependencies = ['idna', 'shop[extra]']
        optional-dependencies = {web = ['h11'], extra = ['attrs'], docs = ['furo']}
        [dependency-groups]
        dev = ['pytest']
        """,
      ]))
    #expect(
      asked.lines == [
        "Flask-Mail>=0.9", "attrs", "h11", "idna", "six==1.17.0", "visitor ; sys_platform == 'linux'",
      ])
    #expect(!asked.isComplete && asked.ownIndex == nil)
  }

  @Test func aProjectIsAskedForWithItsGroups() throws {
    let asked = try #require(
      question([
        "pyproject.toml": """
        [build-system]
        requires = ['hatchling']
        [project]
        name = 'shop'
        dependencies = ['idna', 'sibling', 'forked']
        [dependency-groups]
        dev = ['pytest', {include-group = 'lint'}]
        lint = ['ruff']
        docs = ['furo']
        [tool.uv.sources]
        sibling = {workspace = true}
        forked = {git = 'https://git.example/forked'}
        """
      ]))
    #expect(asked.lines == ["idna", "pytest", "ruff"])
  }

  @Test func poetrysAndSetuptoolsOwnTablesAreRead() throws {
    let poetry = try #require(
      question([
        "pyproject.toml": """
        [tool.poetry]
        name = 'shop'
        [tool.poetry.dependencies]
        python = '^3.10'
        six = '^1.17'
        rare = {version = '1.0', optional = true}
        beside = {path = '../beside'}
        [tool.poetry.group.test.dependencies]
        pytest = '*'
        """
      ]))
    #expect(poetry.lines.contains("six>=1.17,<2") && poetry.lines.contains("pytest"))
    #expect(
      !poetry.lines.contains { $0.hasPrefix("rare") || $0.hasPrefix("beside") || $0.hasPrefix("python") })
    let setup = try #require(
      question([
        "setup.py": "from setuptools import setup\nsetup()\n",
        "setup.cfg": """
        [metadata]
        name = shop
        [options]
        install_requires =
            idna>=3
            # a comment
            six ; python_version < "3.13"
        packages = find:
        [options.extras_require]
        test =
            pytest
        docs = furo
        """,
      ]))
    #expect(setup.lines == ["idna>=3", "pytest", "six ; python_version < '3.13'"])
  }

  @Test func aSetupProgramIsReadAndNotRun() {
    func lines(_ program: String) -> [String]? {
      question(["setup.py": "from setuptools import setup\n" + program])?.lines
    }
    #expect(
      lines("needs = [\n  'docopt',  # old\n  \"six>=1\",\n]\nsetup(name='shop', install_requires=needs)\n")
        == [
          "docopt", "six>=1",
        ])
    #expect(
      lines("setup(install_requires = ('six', \"idna;python_version<'3.9'\"))\n")?.first?.hasPrefix("idna")
        == true)
    // What is computed is not known.
    for program in [
      "setup(install_requires=open('r.txt').read())\n",
      "setup(install_requires=['six'] if old else [f(1)])\n",
      "needs = [x for x in y]\nsetup(install_requires=needs)\n", "# install_requires=['six']\nsetup()\n",
      "setup(tests_require=['six'], my_install_requires=['idna'])\n", "setup(install_requires=['a' 'b'])\n",
      "setup(install_requires=['six'\n",
    ] {
      #expect(lines(program)?.filter { $0 != "six" } ?? [] == [], "\(program)")
    }
    #expect(lines("setup(install_requires=open('r.txt').read())\n") == nil)
    #expect(lines("# install_requires=['six']\nsetup()\n") == nil)
  }

  @Test func aPipfilesPinsAreWhole() throws {
    let lock = """
      {"_meta": {"sources": [{"name": "pypi", "url": "https://pypi.org/simple"}]},
       "default": {"docopt": {"version": "==0.6.2", "markers": "python_version >= '3'"},
                   "forked": {"git": "https://git.example/forked", "ref": "0"}},
       "develop": {"pytest": {"version": "==8.4.1"}}, "docs": {"furo": {"version": "==1"}}}
      """
    let asked = try #require(question(["Pipfile.lock": lock, "Pipfile": ""]))
    #expect(asked.lines == ["docopt==0.6.2 ; python_version >= '3'", "pytest==8.4.1"])
    #expect(asked.isComplete)
    let own = lock.replacing("https://pypi.org", with: "https://packages.acme.example")
    #expect(question(["Pipfile.lock": own, "Pipfile": ""])?.ownIndex == "Pipfile.lock")
  }

  @Test(arguments: [
    "six\n--extra-index-url https://packages.acme.example/simple\n", "six\n-f wheels\n", "six\n--no-index\n",
  ]) func whatNamesAnIndexOfItsOwnIsToldApart(requirements: String) {
    #expect(question(["requirements.txt": requirements])?.ownIndex == "requirements.txt:2")
  }

  @Test(arguments: [
    "[[tool.uv.index]]\nurl = 'https://packages.acme.example/simple'\n",
    "[[tool.poetry.source]]\nname = 'acme'\nurl = 'https://packages.acme.example/simple'\n",
    "[tool.uv]\nfind-links = ['wheels']\n",
  ]) func soIsAProjectThatDoes(table: String) {
    let project = "[build-system]\nrequires = ['a']\n[project]\nname = 'shop'\ndependencies = ['six']\n"
    #expect(question(["pyproject.toml": project + table])?.ownIndex == "pyproject.toml")
    #expect(question(["pyproject.toml": project])?.ownIndex == nil)
  }

  @Test func locksThatNameTheirFilesAreNotAskedAbout() {
    for name in ["uv.lock", "poetry.lock", "pdm.lock", "pylock.toml"] {
      let table = name == "poetry.lock" ? EnvironmentReadingTests.poetry : EnvironmentReadingTests.package
      #expect(question([name: "", "pyproject.toml": table, "requirements.txt": "six\n"]) == nil)
    }
    #expect(question(["package.json": "{}"]) == nil)
  }

  @Test func theAnswerStandsInTheManifest() {
    let found = ["requirements.txt": "six\nvisitor\ntool @ git+https://git.example/tool\n"]
    let line = EnvironmentReading(found, sourceOnly: ["visitor"]).line
    #expect(line?.hasPrefix("virtualenv: {from: requirements.txt, build: [tool, visitor]}") == true)
  }
}
