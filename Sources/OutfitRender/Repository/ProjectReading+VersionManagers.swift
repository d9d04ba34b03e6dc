import OutfitCore
import OutfitProfile

/// What mise and asdf install and set besides Python and Node.
extension ProjectReading {
  static let versionManagerFiles = ["mise.toml", ".mise.toml", ".config/mise.toml", ".tool-versions"]

  /// Their names for what is on the package indexes under the same name.
  private static let published: Set<String> = [
    "ansible-core", "ansible-lint", "awscli", "bandit", "black", "cookiecutter", "copier", "flake8", "hatch",
    "httpie", "isort", "mkdocs", "mypy", "nox", "pdm", "pip-tools", "pipenv", "poetry", "pre-commit",
    "pylint", "pyright", "ruff", "semgrep", "sqlfluff", "tox", "twine", "uv", "virtualenv", "yamllint",
    "yt-dlp",
  ]
  private static let publishedForNode: Set<String> = ["pnpm", "prettier"]
  private static let languages: Set<String> = [
    "python", "core:python", "node", "nodejs", "core:node",
  ]

  mutating func readVersionManagers() {
    for file in Self.versionManagerFiles {
      if file == ".tool-versions" {
        readToolVersions(found[file] ?? "", file)
      } else if let document = found[file].flatMap({ try? TomlReader.document(Array($0.utf8)) }) {
        readMise(document, file)
      }
    }
  }

  private mutating func readToolVersions(_ text: String, _ file: String) {
    for (index, line) in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
      .enumerated()
    {
      let words = line.prefix { $0 != "#" }.split(whereSeparator: \.isWhitespace).map(String.init)
      guard words.count > 1 else { continue }
      take(tool: words[0], words[1], place: "\(file):\(index + 1)")
    }
  }

  private mutating func readMise(_ document: TomlDocument, _ file: String) {
    // A table has no line of its own where only what is in it is written down.
    func place(_ path: [String], _ value: TomlValue) -> String {
      let below = (value.table ?? [:]).keys.map { document.line(of: path + [$0]) }
      return "\(file):\(below.min() ?? document.line(of: path))"
    }
    for (name, value) in (document.root["tools"]?.table ?? [:]).sorted(by: { $0.key < $1.key }) {
      let first = value.array?.first ?? value
      let extras = (first["extras"]?.string ?? "").split { $0 == "," || $0 == " " }.map(String.init)
      take(
        tool: name, first.string ?? first["version"]?.string ?? "", extras: extras,
        place: place(["tools", name], value))
    }
    for (name, value) in (document.root["env"]?.table ?? [:]).sorted(by: { $0.key < $1.key }) {
      take(variable: name, value, place: place(["env", name], value))
    }
    for (name, value) in document.root.table?.sorted(by: { $0.key < $1.key }) ?? []
    where !["tools", "env", "min_version", "settings"].contains(name) {
      let names = (value.table ?? [:]).keys.sorted()
      note(
        "\(place([name], value)): \(name)\(names.isEmpty ? "" : " (\(names.joined(separator: ", ")))") of mise is left out",
        name == "tasks" ? "`mise run` goes on working" : nil)
    }
  }

  private mutating func take(tool name: String, _ version: String, extras: [String] = [], place: String) {
    guard !Self.languages.contains(name) else { return }
    let (kind, package) =
      name.firstIndex(of: ":").map { (String(name[..<$0]), String(name[name.index(after: $0)...])) }
      ?? (Self.published.contains(name) ? "pipx" : Self.publishedForNode.contains(name) ? "npm" : "", name)
    let isPlain =
      SetupFiles.isName(package) && Names.isBareText(package)
      && version.allSatisfy { $0.isLetter || $0.isNumber || $0 == "." }
    guard kind == "pipx" || kind == "npm", isPlain, VersionRequest(version) != nil else {
      return note(
        "\(place): the tool \(name) \(version) is left out",
        "what PyPI, npm or an address has goes under tools:, what the system has under packages:")
    }
    if let known = tools.first(where: { $0.name == package }) {
      if known.version != version {
        note("\(place) names \(package) \(version) too; \(known.version) is taken", nil)
      }
      return
    }
    tools.append(
      PreCommitReading.Tool(
        name: package, version: version, origin: kind == "npm" ? "npm" : nil, extras: extras))
    toolPlaces[package] = place
  }

  private mutating func take(variable name: String, _ value: TomlValue, place: String) {
    let text: String? =
      switch value {
      case .string(let text): text
      case .bare("false"): nil
      case .bare(let text): text
      case .array, .table: nil
      }
    guard Names.isVariable(name), let text, !text.contains("{{"),
      !text.contains("://") || !text.contains("@"),
      !VariableNames.isSecret(name)
    else {
      return note(
        "\(place): \(name) of mise's [env] is left out",
        VariableNames.isSecret(name)
          ? "it looks like a secret: secrets: and app.secrets name those, without their values" : nil)
    }
    if managed[name] == nil { managed[name] = (text, place) }
  }
}
