import OutfitCore
import OutfitProfile
import Testing

@testable import OutfitRender

struct PreCommitReadingTests {
  private let text = """
    exclude: ^vendor/
    default_stages: [commit]
    fail_fast: true
    repos:
      - repo: https://github.com/astral-sh/ruff-pre-commit.git
        rev: 65dbdb59aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa  # frozen: v0.16.3
        hooks:
          - id: ruff
            exclude: (?x)^(a|b)$
          - id: ruff
            alias: ruff-selected
            args: [--select, I]
      - repo: https://github.com/pre-commit/mirrors-prettier
        rev: v3.1.0
        hooks: [{id: prettier, additional_dependencies: [prettier@3.8.1, "@x/prettier-plugin@v1.0.0"]}]
      - repo: git@github.com:pre-commit/mirrors-mypy
        rev: v1.19.1
        hooks: [{id: mypy, additional_dependencies: [types-requests, "tomli; python_version < '3.11'", .]}]
      - repo: local
        hooks:
          - {id: own, name: Own, language: system, entry: "sh -c 'a b' --", verbose: true}
          - {id: built, language: python, entry: x}

    """

  private func hook(_ reading: PreCommitReading, _ name: String) throws -> [String: ManifestValue] {
    let hook = try #require(reading.hooks.first { $0.name == name })
    return Dictionary(hook.fields.map { ($0.key, $0.value) }) { $1 }
  }

  @Test func eachLineIsAccountedFor() throws {
    let reading = try PreCommitReading(text)
    #expect(
      ManifestValue.mapping(reading.settings)
        == .mapping([
          .init("exclude", "^vendor/"), .init("stages", .list(["pre-commit"])), .init("fail_fast", "true"),
        ]))
    #expect(
      reading.rows.map(\.what).sorted() == [
        "built", "default_stages", "exclude", "fail_fast", "mypy", "own", "prettier", "ruff", "ruff",
      ])
    #expect(reading.rows.filter { $0.outcome == .left }.isEmpty)
    #expect(reading.rows.first { $0.what == "built" }?.line == 22)
    let tools = Dictionary(reading.tools.map { ($0.name, $0) }) { $1 }
    #expect(tools["ruff"]?.version == "0.16.3")
    #expect(tools["prettier"]?.version == "3.8.1", "a mirror's revision is not what is installed")
    #expect(tools["prettier"]?.with == ["@x/prettier-plugin@1.0.0"])
    #expect(tools["mypy"]?.with == ["types-requests", "tomli"])
  }

  @Test func hooksKeepWhatTheySay() throws {
    let reading = try PreCommitReading(text, besideOthers: true)
    #expect(reading.hooks.map(\.name) == ["ruff", "ruff-selected", "prettier", "mypy", "own", "built"])
    #expect(try hook(reading, "ruff")["entry"] == nil, "Outfit's own")
    #expect(try hook(reading, "ruff")["exclude"]?.text == "(?:^vendor/)|(?x:^(a|b)$\n)")
    let second = try hook(reading, "ruff-selected")
    #expect(second["entry"]?.texts == ["ruff", "check", "--force-exclude"])
    #expect(second["exclude"]?.text == "^vendor/")
    #expect(
      try hook(reading, "mypy")["args"]?.texts == ["--ignore-missing-imports", "--scripts-are-modules"])
    #expect(try hook(reading, "own")["entry"]?.texts == ["sh", "-c", "a b", "--"])
    #expect(try hook(reading, "own")["verbose"]?.text == "true")
  }

  @Test func whatNoToolStandsForComesFromItsRepository() throws {
    let reading = try PreCommitReading(
      """
      ci: {skip: [terms]}
      default_install_hook_types: [pre-commit, commit-msg]
      default_language_version: {python: python3.12}
      repos:
        - repo: https://example.org/acme/hooks
          rev: v1.2.0
          hooks:
            - {id: terms, name: 'look for id: and terms', args: [-x], stages: [commit], language_version: python3.11}
            - id: terms
              files: {glob: "src/**"}
        - repo: https://github.com/PyCQA/flake8
          rev: 0123456789012345678901234567890123456789
          hooks: [{id: flake8, additional_dependencies: [flake8-x==1]}]
        - repo: https://github.com/psf/black
          rev: 25.1.0
          hooks: [{id: black, additional_dependencies: [example.org/x/y@v1]}]
        - repo: ../hooks
          rev: v1
          hooks: [{id: near}]
        - repo: local
          hooks:
            - {id: built, language: python, entry: "check --all", additional_dependencies: [pyyaml]}
            - {id: own, language: pygrep, entry: Acme, exclude: '^\\.pre-commit-config.yaml$'}

      """)
    #expect(
      try hook(reading, "terms") == [
        "repo": "https://example.org/acme/hooks", "rev": "v1.2.0", "name": "look for id: and terms",
        "args": .list(["-x"]), "stages": .list(["pre-commit"]), "language_version": "python3.11",
      ])
    #expect(try hook(reading, "flake8")["rev"]?.text == String(repeating: "0123456789", count: 4))
    #expect(try hook(reading, "flake8")["additional_dependencies"]?.texts == ["flake8-x==1"])
    #expect(try hook(reading, "black")["repo"] != nil, "that is no package of Python's")
    #expect(try hook(reading, "built")["entry"]?.text == "check --all")
    #expect(try hook(reading, "own")["exclude"]?.text?.contains("^outfit\\.yaml$") == true)
    #expect(
      reading.rows.filter { $0.outcome == .left }.map { "\($0.line) \($0.what)" }
        == ["1 ci", "9 terms", "19 near"])
    #expect(
      ManifestValue.mapping(reading.settings)
        == .mapping([
          .init("default_language_version", .mapping([.init("python", "python3.12")])),
          .init("default_install_hook_types", .list(["pre-commit", "commit-msg"])),
        ]))
    let text = "default_install_hook_types: [pre-commit, pre-push]\nrepos: []\n"
    #expect(
      ManifestValue.mapping(try PreCommitReading(text).settings)
        == .mapping([.init("stages", .list(["pre-commit", "pre-push"]))]), "they run before a push too")
  }

  /// A line of the table has expressions with its own separator in them.
  @Test func expressionsOfTheTableAreWhole() throws {
    for (address, hooks) in PreCommitTable.standard.repositories {
      for (id, hook) in hooks {
        guard let files = hook.files else { continue }
        #expect(throws: Never.self, "\(id) of \(address)") { try Regex(files) }
      }
    }
    let lock = try #require(PreCommitTable.standard.hook("uv-lock", of: "astral-sh/uv-pre-commit"))
    #expect(lock.files == "^(uv\\.lock|pyproject\\.toml|uv\\.toml)$" && lock.isBlind)
    let sync = try PreCommitReading(
      "repos: [{repo: 'https://x/astral-sh/uv-pre-commit', rev: 0.9.1, hooks: [{id: uv-sync}]}]")
    let fields = try hook(sync, "uv-sync")
    #expect(fields["stages"]?.texts == ["post-checkout", "post-merge", "post-rewrite"])
    #expect(fields["always_run"]?.text == "true")
  }

  @Test func whatPackageJSONHasIsRunFromThere() throws {
    let reading = try PreCommitReading(text, package: #"{"devDependencies": {"prettier": "^3.8.1"}}"#)
    #expect(!reading.tools.contains { $0.name == "prettier" })
    #expect(try hook(reading, "prettier")["entry"]?.texts?.first == "node_modules/.bin/prettier")
  }

  @Test func aRangeThatTakesThePinIsNoDrift() throws {
    let lock = """
      tools:
        black:
          version: "25.1.0"
        stylelint:
          version: "16.26.1"
          packageLock: x

      """
    let drifts = try PinDrift.find(
      lock: lock,
      files: [
        "requirements/dev.txt": "# black==1.0\nblack>=24\nblack[d]==24.1.0 ; x\n",
        "poetry.lock": "name = \"black\"\nversion = \"22.12.0\"\n",
        ".github/workflows/ci.yml": "  - uses: psf/black@23.1.0\n  - run: pip install black==25.1.0\n",
        "package.json": "  \"stylelint\": \"^17.13.0\",\n",
        "web/package.json": "  \"stylelint\": \"^16.2.0\"\n",
      ])
    #expect(
      drifts.map { "\($0.place.file):\($0.place.line) \($0.version)" } == [
        ".github/workflows/ci.yml:1 23.1.0", "package.json:1 ^17.13.0", "poetry.lock:2 22.12.0",
        "requirements/dev.txt:3 24.1.0",
      ])
    #expect(drifts.last?.mended == "black[d]==25.1.0 ; x")
    #expect(drifts.first?.lock.line == 2)
  }
}
