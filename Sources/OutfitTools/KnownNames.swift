import OutfitCore

/// Names that people mean when they mistype one, or look for it in the wrong place. They are offered in messages, and
/// nothing is ever installed or run because of them.
enum KnownNames {
  private static let python: Set<String> = [
    "ansible-core", "ansible-lint", "autoflake", "awscli", "bandit", "black", "bumpver", "codespell",
    "commitizen", "conan", "cookiecutter", "copier", "cowsay", "djlint", "docformatter", "flake8",
    "flit", "glances", "hatch", "httpie", "invoke", "ipython", "isort", "jupyterlab", "mkdocs",
    "mypy", "nox", "pdm", "pip-audit", "pip-tools", "pipenv", "poetry", "pre-commit", "pycowsay",
    "pylint", "pyright", "pytest", "pyupgrade", "ruff", "scons", "semgrep", "sphinx", "sqlfluff",
    "tox", "twine", "virtualenv", "vulture", "yamllint", "yapf", "yt-dlp",
  ]

  private static let node: Set<String> = [
    "@angular/cli", "commitlint", "esbuild", "eslint", "http-server", "markdownlint-cli", "nodemon",
    "npm-check", "pnpm", "prettier", "rollup", "serve", "stylelint", "svgo", "typescript", "vite",
    "webpack-cli", "yarn",
  ]

  /// Programs, and the packages that bring them under another name.
  private static let packages = [
    "ansible": "ansible-core", "ansible-playbook": "ansible-core", "aws": "awscli", "blackd": "black",
    "cz": "commitizen", "dmypy": "mypy", "http": "httpie", "https": "httpie", "jupyter": "jupyterlab",
    "pip-compile": "pip-tools", "pip-sync": "pip-tools", "sphinx-build": "sphinx",
    "sphinx-quickstart": "sphinx",
  ]

  private static let nodePackages = ["ng": "@angular/cli", "tsc": "typescript", "webpack": "webpack-cli"]

  static func package(ofProgram name: String) -> String? { packages[name] }

  /// What to do about a Python package that no index has.
  /// - Parameter others: names that the manifest has.
  static func hint(python name: String, others: Set<String>) -> String? {
    if let package = packages[name] { return "the program \(name) comes with the package \(package)" }
    if let other = nodeName(name) {
      return "\(other) is a package of npm: `outfit tool install --from npm \(other)`"
    }
    return nearest(name, among: python.union(others).subtracting([name])).map { "did you mean \($0)?" }
  }

  /// What to do about a package that no registry of npm has.
  static func hint(node name: String, others: Set<String>) -> String? {
    if let package = nodePackages[name] { return "the program \(name) comes with the package \(package)" }
    if python.contains(name) {
      return "\(name) is a Python package: `outfit tool install \(name)`, without --from npm"
    }
    return nearest(name, among: node.union(others).subtracting([name])).map { "did you mean \($0)?" }
  }

  private static func nodeName(_ name: String) -> String? {
    nodePackages[name] ?? (node.contains(name) ? name : nil)
  }
}

/// An address without the user name and the password in it.
func withoutCredentials(_ address: String) -> String {
  guard let start = address.firstRange(of: "://") else { return address }
  let rest = address[start.upperBound...]
  let authority = rest.prefix { !"/?#".contains($0) }
  guard let at = authority.lastIndex(of: "@") else { return address }
  return String(address[..<start.upperBound] + rest[rest.index(after: at)...])
}
