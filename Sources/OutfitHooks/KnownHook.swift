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

  /// By the hook's name.
  static let all: [String: KnownHook] = [
    "autoflake": KnownHook(entry: ["autoflake", "--in-place"], types: ["python"]),
    "bandit": KnownHook(entry: ["bandit", "--quiet"], types: ["python"]),
    "black": KnownHook(entry: ["black"], types: ["python", "pyi"], isSerial: true),
    "codespell": KnownHook(entry: ["codespell"], types: ["text"]),
    "djlint": KnownHook(entry: ["djlint", "--reformat", "--quiet"], types: ["html"], isSerial: true),
    "flake8": KnownHook(entry: ["flake8"], types: ["python"], isSerial: true),
    "hadolint": KnownHook(entry: ["hadolint"], types: ["dockerfile"]),
    "isort": KnownHook(
      entry: ["isort", "--filter-files"], types: ["python", "pyi", "cython"], isSerial: true),
    "mdformat": KnownHook(entry: ["mdformat"], types: ["markdown"]),
    "mypy": KnownHook(entry: ["mypy"], types: ["python", "pyi"], isSerial: true),
    "prettier": KnownHook(entry: ["prettier", "--write", "--ignore-unknown"], types: ["text"]),
    "pylint": KnownHook(entry: ["pylint"], types: ["python"], isSerial: true, endsOptions: false),
    "pyupgrade": KnownHook(entry: ["pyupgrade"], types: ["python"]),
    "ruff": KnownHook(
      entry: ["ruff", "check", "--force-exclude"], types: ["python", "pyi", "jupyter"], isSerial: true),
    "ruff-format": KnownHook(
      entry: ["ruff", "format", "--force-exclude"], types: ["python", "pyi", "jupyter"],
      isSerial: true),
    "shellcheck": KnownHook(entry: ["shellcheck"], types: ["shell"]),
    "yamllint": KnownHook(entry: ["yamllint"], types: ["yaml"]),
  ]
}
