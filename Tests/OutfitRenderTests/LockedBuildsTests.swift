import OutfitProfile
import Testing

@testable import OutfitRender

/// Packages that have to be built, by each lock's own words.
@Suite struct LockedBuildsTests {
  private func build(_ found: [String: String]) -> [String] { EnvironmentReading(found).build }

  @Test func ofUv() {
    let lock = """
      version = 1
      [[package]]
      name = "Shop_Own"
      source = { editable = "." }
      [[package]]
      name = "gitted"
      source = { git = "https://git.example/gitted.git?rev=main#0123" }
      [[package]]
      name = "source.only"
      source = { registry = "https://pypi.org/simple" }
      sdist = { url = "https://files.example/source_only-1.0.tar.gz", hash = "sha256:00" }
      [[package]]
      name = "wheeled"
      source = { registry = "https://pypi.org/simple" }
      sdist = { url = "https://files.example/wheeled-1.0.tar.gz", hash = "sha256:00" }
      wheels = [
          { url = "https://files.example/wheeled-1.0-py3-none-any.whl", hash = "sha256:00" },
      ]
      [[package]]
      name = "archived"
      source = { url = "https://files.example/archived-1.0.tar.gz" }
      [[package]]
      name = "addressed"
      source = { url = "https://files.example/addressed-1.0-py3-none-any.whl" }
      """
    #expect(
      build(["pyproject.toml": EnvironmentReadingTests.package, "uv.lock": lock])
        == ["archived", "gitted", "source-only"])
  }

  @Test func ofPoetry() {
    let lock = """
      [[package]]
      name = "wheeled"
      version = "1.0"
      files = [
          {file = "wheeled-1.0-py3-none-any.whl", hash = "sha256:00"},
          {file = "wheeled-1.0.tar.gz", hash = "sha256:00"},
      ]
      [[package]]
      name = "source-only"
      version = "1.0"
      files = [{file = "source-only-1.0.tar.gz", hash = "sha256:00"}]
      [[package]]
      name = "gitted"
      version = "1.0"
      files = []
      [package.source]
      type = "git"
      url = "https://git.example/gitted.git"
      [[package]]
      name = "beside"
      version = "1.0"
      [package.source]
      type = "directory"
      url = "../beside"
      """
    let project = EnvironmentReadingTests.poetry
    #expect(build(["pyproject.toml": project, "poetry.lock": lock]) == ["gitted", "source-only"])
    let old =
      "[[package]]\nname = 'old'\nversion = '1.0'\n[[package]]\nname = 'new'\n[metadata.files]\n"
      + "old = [{file = 'old-1.0.zip', hash = 'sha256:00'}]\nnew = [{file = 'new-1-py3-none-any.whl'}]\n"
    #expect(build(["pyproject.toml": project, "poetry.lock": old]) == ["old"])
  }

  @Test func ofPdm() {
    let lock = """
      [[package]]
      name = "gitted"
      git = "https://git.example/gitted.git"
      revision = "0123"
      [[package]]
      name = "own"
      path = "."
      editable = true
      [[package]]
      name = "source-only"
      files = [{url = "https://files.example/source-only-1.0.tar.gz", hash = "sha256:00"}]
      [[package]]
      name = "wheeled"
      files = [{file = "wheeled-1.0-py3-none-any.whl", hash = "sha256:00"}]
      """
    #expect(
      build(["pyproject.toml": EnvironmentReadingTests.package, "pdm.lock": lock]) == [
        "gitted", "source-only",
      ])
  }

  @Test func ofPEP751() {
    let lock = """
      lock-version = "1.0"
      [[packages]]
      name = "gitted"
      vcs = {type = "git", url = "https://git.example/gitted.git", commit-id = "0123"}
      [[packages]]
      name = "source-only"
      sdist = {name = "source-only-1.0.tar.gz", url = "https://files.example/source-only-1.0.tar.gz"}
      [[packages]]
      name = "wheeled"
      sdist = {name = "wheeled-1.0.tar.gz"}
      [[packages.wheels]]
      name = "wheeled-1.0-py3-none-any.whl"
      [[packages]]
      name = "archived"
      archive = {url = "https://files.example/archived.zip"}
      [[packages]]
      name = "own"
      directory = {path = ".", editable = true}
      """
    #expect(build(["pylock.toml": lock]) == ["archived", "gitted", "source-only"])
  }

  @Test func ofPipenv() {
    let lock = """
      {"_meta": {"sources": []},
       "default": {"gitted": {"git": "https://git.example/gitted.git", "ref": "0123"}, "six": {"version": "==1.0"},
         "archived": {"file": "https://files.example/archived-1.0.zip"}, "own": {"path": ".", "editable": true}},
       "develop": {"other": {"git": "https://git.example/other.git"}}, "tests": {}, "docs": {}}
      """
    #expect(build(["Pipfile.lock": lock]) == ["archived", "gitted", "other"])
    #expect(EnvironmentReading(["Pipfile.lock": lock]).groups == ["tests"])
    #expect(
      EnvironmentReading(["Pipfile.lock": lock]).notes.map(\.message) == [
        "the categories docs of Pipfile.lock are left out"
      ])
  }

  @Test func ofRequirements() {
    let text = """
      Named_One @ git+https://git.example/named.git@main
      -e git+https://git.example/x.git#egg=egg.one
      git+ssh://git@git.example/acme/bare-one.git@v1
      https://files.example/wheel-1.0-py3-none-any.whl
      sdist @ https://files.example/sdist-1.0.tar.gz
      --no-binary psycopg2,lxml
      ./beside
      -e .
      six==1.0
      """
    #expect(
      build(["requirements.txt": text])
        == ["bare-one", "egg-one", "lxml", "named-one", "psycopg2", "sdist"])
    #expect(
      build(["requirements.txt": "-r more.txt\n", "more.txt": "a @ git+https://git.example/a\n"]) == ["a"])
  }

  @Test func ofAProjectWithoutALock() {
    let project =
      EnvironmentReadingTests.package + "dependencies = ['a @ git+https://git.example/a', 'six', 'b']\n"
      + "[tool.uv.sources]\nb = {git = 'https://git.example/b'}\nsix = {index = 'x'}\n"
    #expect(build(["pyproject.toml": project]) == ["a", "b"])
    let poetry = EnvironmentReadingTests.poetry + "c = {git = 'https://git.example/c'}\n"
    #expect(build(["pyproject.toml": poetry]) == ["c"])
  }
}
