import OutfitCore
import OutfitProfile
import Testing

@testable import OutfitRender

/// `virtualenv:` as a person would write it who wants the project's tests to run.
@Suite struct EnvironmentReadingTests {
  static let package = "[build-system]\nrequires = ['setuptools']\n[project]\nname = 'shop'\n"
  static let poetry =
    "[tool.poetry]\nname = 'shop'\n[tool.poetry.dependencies]\npython = '^3.10'\nsix = '*'\n"

  private func line(_ found: [String: String]) -> String? {
    EnvironmentReading(found).line.flatMap { $0.split(separator: " #").first.map(String.init) }
  }

  private func expect(
    _ found: [String: String], _ fields: String?, location: Testing.SourceLocation = #_sourceLocation
  ) {
    #expect(line(found) == fields.map { "virtualenv: {\($0)}" }, sourceLocation: location)
  }

  private func left(_ found: [String: String]) -> [String] {
    EnvironmentReading(found).notes.map(\.message)
  }

  // MARK: Locks

  @Test func theBestLockOfItsOwnManagerCounts() {
    let all = [
      "pyproject.toml": Self.package, "uv.lock": "", "pdm.lock": "", "pylock.toml": "", "Pipfile.lock": "{}",
      "requirements.txt": "six\n",
    ]
    expect(all, "from: uv.lock")
    expect(all.filter { $0.key != "uv.lock" }, "from: pdm.lock")
    // A pylock.toml need not have the project itself.
    var others = all.filter { !["uv.lock", "pdm.lock"].contains($0.key) }
    expect(others, "from: [pylock.toml, pyproject.toml]")
    others["pylock.toml"] = "[[packages]]\nname = 'shop'\ndirectory = {path = '.', editable = true}\n"
    expect(others, "from: pylock.toml")
    expect(["Pipfile.lock": "{}", "requirements.txt": "six\n"], "from: Pipfile.lock")
    #expect(
      left(all) == [
        "pdm.lock is left out: uv.lock says what is installed",
        "pylock.toml is left out: uv.lock says what is installed",
        "Pipfile.lock is left out: uv.lock says what is installed", "requirements.txt is left out",
      ])
  }

  @Test func aLockThatBelongsToNobodyIsLeftOut() {
    expect(["pyproject.toml": Self.package, "poetry.lock": ""], "from: pyproject.toml")
    #expect(
      left(["pyproject.toml": Self.package, "poetry.lock": ""]).first?.hasPrefix("poetry.lock is left")
        == true)
    expect(["pyproject.toml": Self.poetry, "poetry.lock": ""], "from: poetry.lock")
    expect(["pyproject.toml": Self.poetry, "uv.lock": "", "poetry.lock": ""], "from: poetry.lock")
    let both = Self.package.replacing("'setuptools'", with: "'poetry-core'")
      .replacing("[project]", with: "build-backend = 'poetry.core.masonry.api'\n[project]")
    expect(["pyproject.toml": both, "poetry.lock": ""], "from: poetry.lock")
    expect(
      ["pyproject.toml": "[tool.black]\nline-length = 100\n", "uv.lock": "", "requirements.txt": ""],
      "from: requirements.txt")
    expect(["uv.lock": ""], nil)
  }

  @Test func locksOfPEP751MayHaveNames() {
    expect(["pylock.toml": "", "pylock.dev.toml": ""], "from: pylock.toml")
    expect(["pylock.docs.toml": "", "pylock.test.toml": ""], "from: pylock.test.toml")
    expect(["pylock.linux.toml": ""], "from: pylock.linux.toml")
    let groups =
      "dependency-groups = ['dev', 'docs', 'test']\ndefault-groups = ['dev']\nextras = ['testing']\n"
    expect(["pylock.toml": groups], "from: pylock.toml, groups: [dev, test], extras: [testing]")
  }

  // MARK: Groups and extras

  @Test func whatUvInstallsUnaskedNeedsNoKey() {
    let groups = "[dependency-groups]\ndev = ['pytest']\ntests = ['pytest']\ndocs = ['sphinx']\n"
    func both(_ more: String, _ fields: String) {
      expect(["pyproject.toml": Self.package + more], "from: pyproject.toml\(fields)")
      expect(["pyproject.toml": Self.package + more, "uv.lock": ""], "from: uv.lock\(fields)")
    }
    both(groups, ", groups: [dev, tests]")
    both(groups + "[tool.uv]\ndefault-groups = ['dev', 'tests']\n", "")
    both(groups + "[tool.uv]\ndefault-groups = 'all'\n", "")
    both(groups + "[tool.uv]\ndefault-groups = []\n", ", groups: [dev, tests]")
    both("[dependency-groups]\ndev = [{include-group = 'tests'}]\ntests = ['pytest']\n", "")
    both("[dependency-groups]\nUnit_Tests = ['pytest']\nlint = ['ruff']\n", ", groups: [Unit_Tests]")
    both("[dependency-groups]\nlint = ['ruff']\nci = ['pytest-cov']\n", ", groups: [ci]")
    both("[project.optional-dependencies]\ntest = ['pytest']\nfast = ['orjson']\n", ", extras: [test]")
    both("[project.optional-dependencies]\nqa = ['pytest']\nfast = ['orjson']\n", ", extras: [qa]")
    both(groups + "[project.optional-dependencies]\nqa = ['pytest']\n", ", groups: [dev, tests]")
    both(
      groups + "[tool.uv]\nconflicts = [[{group = 'dev'}, {group = 'tests'}]]\n", "")
    #expect(
      left(["pyproject.toml": Self.package + groups, "uv.lock": ""])
        == ["the group docs of pyproject.toml is left out"])
  }

  @Test func poetrysOptionalGroupsAreNamed() {
    let dev = "[tool.poetry.group.dev]\noptional = true\n[tool.poetry.group.dev.dependencies]\npytest = '*'\n"
    let test = "[tool.poetry.group.test.dependencies]\npytest = '*'\n"
    expect(["pyproject.toml": Self.poetry + dev, "poetry.lock": ""], "from: poetry.lock, groups: [dev]")
    expect(["pyproject.toml": Self.poetry + test, "poetry.lock": ""], "from: poetry.lock")
    expect(["pyproject.toml": Self.poetry + test], "from: pyproject.toml")
    let old = "[tool.poetry.dev-dependencies]\npytest = '*'\n[tool.poetry.extras]\ntesting = ['six']\n"
    expect(["pyproject.toml": Self.poetry + old, "poetry.lock": ""], "from: poetry.lock, extras: [testing]")
  }

  @Test func pdmHasAllItsGroups() {
    let old = "[tool.pdm.dev-dependencies]\ntest = ['pytest']\ndoc = ['mkdocs']\n"
    let lock = "[metadata]\ngroups = ['default', 'test', 'tests']\n"
    expect(["pyproject.toml": Self.package + old, "pdm.lock": lock], "from: pdm.lock")
    let extras = "[project.optional-dependencies]\ntests = ['pytest']\ntesting = ['pytest']\n"
    expect(["pyproject.toml": Self.package + extras, "pdm.lock": lock], "from: pdm.lock, extras: [tests]")
  }

  @Test func hatchsEnvironmentsNameExtras() {
    let hatch =
      "[tool.hatch.envs.test]\nfeatures = ['quality']\ndependencies = ['responses']\n"
      + "[project.optional-dependencies]\nquality = ['pytest']\n"
    expect(["pyproject.toml": Self.package + hatch], "from: pyproject.toml, extras: [quality]")
    #expect(
      left(["pyproject.toml": Self.package + hatch]).contains { $0.hasSuffix("are left out: responses") })
    let own = "[envs.test]\nfeatures = ['quality']\n[envs.types]\ndependencies = ['mypy']\n"
    let extra = "[project.optional-dependencies]\nquality = ['pytest']\n"
    let found = ["pyproject.toml": Self.package + extra, "hatch.toml": own]
    expect(found, "from: pyproject.toml, extras: [quality]")
    #expect(
      left(found) == ["hatch.toml:3: the packages of hatch's environment types are left out: mypy"])
  }

  @Test(arguments: [
    ("install:\n\tuv sync --frozen --all-extras\n", ", extras: [cli, rich]"),
    ("  uv sync --extra=cli --group docs", ", extras: [cli]"),
    ("$ pip install --editable \".[cli,none]\"", ", extras: [cli]"),
    ("poetry install -E rich --with unit && true", ", groups: [dev, unit], extras: [rich]"),
    (".venv/bin/pip install -e '.[rich]' # x", ", extras: [rich]"), ("pip install .", ""),
    ("pip install other[cli]", ""),
    ("`pdm install -G unit`", ", groups: [dev, unit]"), ("# uv sync --extra cli", ""),
    ("uv sync && echo --all-extras", ""),
  ])
  func theProjectsOwnCommandSaysWhatItNeeds(_ line: String, _ fields: String) {
    let project =
      Self.package + "[dependency-groups]\ndev = ['pytest']\ndocs = []\nunit = []\n"
      + "[project.optional-dependencies]\ncli = []\nrich = []\ndocs = []\n"
    for file in ["Makefile", "CONTRIBUTING.md", ".github/workflows/ci.yml"] {
      expect(["pyproject.toml": project, "uv.lock": "", file: "intro\n\(line)\n"], "from: uv.lock\(fields)")
    }
  }

  @Test func theExtrasOfSetupFilesAreReadAndNotRun() {
    let configuration = """
      [metadata]
      name = shop
      [options.extras_require]
      test =
          pytest
      docs: sphinx
      """
    expect(["setup.cfg": configuration], "from: setup.cfg, extras: [test]")
    let program = """
      import os; os.system("touch ran")
      EXTRAS = {
          # "tests": old
          "testing": ["pytest", {"a": 1}],
          'docs': ["sphinx:x"],
      }
      setup(name="shop", extras_require=EXTRAS)
      """
    expect(["setup.py": program], "from: setup.py, extras: [testing]")
    expect(["setup.py": program, "setup.cfg": "[flake8]\n"], "from: setup.py, extras: [testing]")
    expect(["setup.py": "setup(extras_require={'dev': [\n"], "from: setup.py, extras: [dev]")
    expect(["setup.py": "from setuptools import setup\nsetup()\n"], "from: setup.py")
    expect(["setup.cfg": "[flake8]\nmax-line-length = 100\n"], nil)
    let groups = "[dependency-groups]\ndocs = ['sphinx']\n"
    #expect(
      left(["setup.py": program, "pyproject.toml": groups]) == [
        "the group docs of pyproject.toml is left out", "the extra docs of setup.py is left out",
      ])
  }

  // MARK: Tests

  @Test func whatOnlyToxOrNoxInstallsIsNamed() throws {
    let others = [
      (
        "tox.ini",
        "[tox]\nx = 1\n[testenv]\ndeps =\n  # all\n  pytest\n  py312: pytest-mock>=3 # why\ncommands = a\n", 4
      ),
      ("setup.cfg", "[testenv:unit]\ndeps = pytest\n  pytest-mock>=3\n", 2),
      ("tox.toml", "[env_run_base]\ndeps = ['pytest', 'pytest-mock>=3']\n", 2),
      (
        "noxfile.py",
        "@nox.session\ndef tests(s):\n  s.install('-e', '.')\n  s.install(\n    'pytest', # a 'b'\n    \"pytest-mock>=3\")\n",
        4
      ),
      ("hatch.toml", "[envs.hatch-test]\nextra-dependencies = ['pytest-mock>=3']\n", 1),
    ]
    for (file, text, line) in others {
      let reading = EnvironmentReading(["pyproject.toml": Self.package, file: text])
      let note = try #require(reading.notes.first { $0.message.contains("installs pytest") })
      #expect(
        note.message
          == "\(file):\(line) installs pytest, pytest-mock>=3 for the tests, and nothing that is taken has a test runner"
      )
      #expect(note.hint?.hasSuffix("`from: [pyproject.toml, requirements-test.txt]`") == true)
      let own = "[dependency-groups]\ndev = ['pytest']\n"
      #expect(!left(["pyproject.toml": Self.package + own, file: text]).contains { $0.contains("installs") })
    }
  }

  @Test func theListsThatToxInstallsAreTaken() {
    let tox =
      "[testenv]\ndeps = -r{toxinidir}/ci/needs\n  -rrequirements.txt\n[testenv:docs]\ndeps = -r docs/list\n"
    #expect(ProjectReading.more(["tox.ini": tox]) == ["ci/needs", "requirements.txt"])
    let found = [
      "tox.ini": tox, "ci/needs": "pytest\n", "docs/list": "pytest\n", "requirements.txt": "six\n",
    ]
    expect(found, "from: [requirements.txt, ci/needs]")
    let nox = "def tests(s):\n  s.install('-r', 'ci/needs')\n"
    expect(["noxfile.py": nox, "ci/needs": "pytest\n"], "from: ci/needs")
  }

  @Test func aListWithARunnerIsOfferedBesideALockWithoutOne() {
    let found = ["pyproject.toml": Self.package, "uv.lock": "", "dev-requirements.txt": "pytest\n"]
    #expect(
      EnvironmentReading(found).notes.compactMap(\.hint) == [
        "it has what runs the tests: `from: [uv.lock, dev-requirements.txt]`"
      ])
  }

  // MARK: Requirements files

  @Test(arguments: [
    "requirements-dev.txt", "dev-requirements.txt", "requirements_dev.txt", "requirements/dev.txt",
    "requirements/development.txt", "requirements/local.txt", "requirements/test.txt",
    "requirements/tests.txt",
    "requirements/testing.txt", "requirements-dev.in", "dev.requirements.txt",
  ])
  func thoseForDevelopmentComeWithTheirBase(_ name: String) {
    expect([name: "-r requirements.txt\npytest\n"], "from: \(name)")
    expect([name: "pytest\n", "requirements.txt": "six\n"], "from: [requirements.txt, \(name)]")
    let included = name.contains("/") ? "../requirements.txt" : "./requirements.txt"
    expect([name: "-r \(included)\npytest\n", "requirements.txt": "six\n"], "from: \(name)")
    expect([name: "pytest==8.0\nsix==1.0\n", "requirements.txt": "Six==1.0\n"], "from: \(name)")
    #expect(
      left([name: "pytest\n", "requirements-docs.txt": "sphinx\n"]) == ["requirements-docs.txt is left out"])
  }

  @Test func thoseForTestsAreAddedWhereNothingElseRunsThem() {
    let base = ["requirements.txt": "six\n"]
    func all(_ more: [String: String]) -> [String: String] { base.merging(more) { $1 } }
    expect(all(["test-requirements.txt": "pytest\n"]), "from: [requirements.txt, test-requirements.txt]")
    expect(
      all(["requirements-dev.txt": "ruff\n", "requirements-test.txt": "pytest\n"]),
      "from: [requirements.txt, requirements-dev.txt, requirements-test.txt]")
    expect(
      all(["requirements-dev.txt": "pytest\n", "requirements-test.txt": "nose\n"]),
      "from: [requirements.txt, requirements-dev.txt]")
    expect(
      all(["requirements-dev.txt": "-r requirements-test.txt\nruff\n", "requirements-test.txt": "pytest\n"]),
      "from: [requirements.txt, requirements-dev.txt]")
    expect(all(["requirements/ci.txt": "pytest\n"]), "from: [requirements.txt, requirements/ci.txt]")
    expect(all(["requirements-docs.txt": "sphinx\n"]), "from: requirements.txt")
  }

  @Test func requirementsFilesNeedNoEnding() {
    expect(["requirements/tests": "pytest\n"], "from: requirements/tests")
    expect(["requirements/test.pip": "# x\npytest>=8\n"], "from: requirements/test.pip")
    expect(["requirements-dev.lock": "-e file:.\npytest==8.0\n"], "from: requirements-dev.lock")
    expect(["requirements/notes": "Read this first, please.\n", "requirements/README.md": "six\n"], nil)
    expect(["requirements.yml": "- name: x\n", "requirements/make": "cd x && make\n"], nil)
  }

  @Test func whatAGroupHasIsNotTakenFromAListAsWell() {
    let project = ["pyproject.toml": Self.package + "[dependency-groups]\ndev = ['pytest']\n"]
    func with(_ name: String) -> [String: String] { project.merging([name: "pytest<8\n"]) { $1 } }
    expect(with("requirements-test.txt"), "from: pyproject.toml")
    #expect(left(with("requirements-test.txt")) == ["requirements-test.txt is left out"])
    expect(with("requirements-conda-test.txt"), "from: pyproject.toml")
    #expect(
      left(with("requirements-conda-test.txt")) == ["requirements-conda-test.txt is left out: it is conda's"])
    #expect(ProjectReading.isRead("requirements-conda-test.txt"))
  }

  @Test func filesOfWhichNothingIsInstalledAreKnown() {
    let found = [
      "requirements.txt": "-r other.txt\n", "other.txt": "six\n", "requirements/docs.txt": "sphinx\n",
      "pyproject.toml": Self.package,
    ]
    #expect(ProjectReading.leftOut(found) == ["requirements/docs.txt"])
  }

  @Test func filesThatContradictEachOtherAreNotTakenTogether() {
    let found = [
      "requirements.txt": "six==1.0\n", "requirements-dev.txt": "six==2.0\npytest\nattrs\n", "setup.cfg": "",
    ]
    let more = found.merging(["requirements.txt": "six==1.0\nidna\n"]) { $1 }
    expect(more, "from: requirements-dev.txt")
    #expect(left(more).first?.contains("pin six to different versions") == true)
  }

  @Test func theProjectItselfIsThere() {
    let dev = ["requirements-dev.txt": "pytest\n", "pyproject.toml": Self.package]
    expect(dev, "from: [requirements-dev.txt, pyproject.toml]")
    for here in ["-e .", "-e .[all]", "--editable=./", ".", "./", "file:.", "-e file:.#egg=shop"] {
      expect(dev.merging(["requirements-dev.txt": "pytest\n\(here)\n"]) { $1 }, "from: requirements-dev.txt")
    }
    expect(
      ["requirements-dev.txt": "pytest\n", "setup.py": "setup()"], "from: [requirements-dev.txt, setup.py]")
    expect(
      [
        "requirements-dev.txt": "pytest\n", "setup.py": "setup()",
        "pyproject.toml": "[build-system]\nrequires = []\n",
      ],
      "from: [requirements-dev.txt, setup.py]")
    expect(
      ["requirements-dev.txt": "pytest\n", "pyproject.toml": "[tool.black]\n"], "from: requirements-dev.txt")
    let application = "[project]\nname = 'shop'\n"
    expect(["requirements.txt": "six\n", "pyproject.toml": application], "from: requirements.txt")
    expect(
      [
        "requirements.txt": "six\n",
        "pyproject.toml": Self.package + "[project.optional-dependencies]\ntest = ['pytest']\n",
      ],
      "from: [requirements.txt, pyproject.toml], extras: [test]")
    let poetry = Self.poetry + "package-mode = false\n"
    expect(
      [
        "requirements.txt": "six\n",
        "pyproject.toml": poetry.replacing("name = 'shop'", with: "package-mode = false"),
      ],
      "from: requirements.txt")
  }

  @Test func whatOnlyCondaReadsIsNamed() {
    let found = ["environment.yml": "dependencies: [python=3.12]\n"]
    expect(found, nil)
    #expect(EnvironmentReading(found).isPython)
    #expect(left(found) == ["environment.yml is left out: it is conda's"])
    let text = "name: x\nchannels: [conda-forge]\ndependencies:\n- numpy\n"
    let names = ["ci/311-latest.yaml", "environment-dev.yml", "environments/dev-environment.yaml"]
    #expect(names.allSatisfy(SourceFiles.isWanted))
    let others = ["ci/build.yaml": "stages: [a]\ndependencies: []\n", "ci/x.yml": "a: 1\n"]
    let sources = SourceFiles(
      texts: Dictionary(uniqueKeysWithValues: names.map { ($0, text) }).merging(others) { $1 })
    let reading = EnvironmentReading(["pixi.toml": "", "setup.py": "setup()"], sources: sources)
    #expect(
      reading.notes.map(\.message)
        == ["pixi.toml is left out: it is pixi's"] + names.map { "\($0) is left out: it is conda's" })
  }
}
