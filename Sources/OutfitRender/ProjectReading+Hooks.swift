import OutfitCore
import OutfitProfile

/// The hooks of pre-commit that Outfit has too, by its configuration.
extension ProjectReading {
  /// The end of a repository's address, the tool, and which of its hooks are known.
  private static let knownHooks: [(repository: String, tool: String, hooks: [String])] = [
    ("black-pre-commit-mirror", "black", ["black"]), ("psf/black", "black", ["black"]),
    ("isort", "isort", ["isort"]), ("flake8", "flake8", ["flake8"]), ("mirrors-mypy", "mypy", ["mypy"]),
    ("pyupgrade", "pyupgrade", ["pyupgrade"]), ("ruff-pre-commit", "ruff", ["ruff", "ruff-format"]),
    ("bandit", "bandit", ["bandit"]), ("codespell", "codespell", ["codespell"]),
    ("autoflake", "autoflake", ["autoflake"]), ("pylint", "pylint", ["pylint"]),
    ("yamllint", "yamllint", ["yamllint"]), ("djlint", "djlint", ["djlint"]),
    ("mdformat", "mdformat", ["mdformat"]),
  ]

  mutating func readHooks() {
    guard let text = found[".pre-commit-config.yaml"] else { return }
    guard let document = try? Document.parseOne(text, file: ".pre-commit-config.yaml") else {
      return note(
        ".pre-commit-config.yaml can't be read as YAML, and nothing of it is taken over", warns: true)
    }
    let frozen = Self.frozen(text)
    for repository in document["repos"]?.items ?? [] {
      let address = repository["repo"]?.text ?? "?"
      let revision = repository["rev"]?.text ?? ""
      let ids = (repository["hooks"]?.items ?? []).compactMap { $0["id"]?.text }
      let trimmed = address.hasSuffix(".git") ? String(address.dropLast(4)) : address
      guard
        let known = Self.knownHooks.first(where: {
          trimmed.hasSuffix("/" + $0.repository) || trimmed.hasSuffix($0.repository)
        }),
        let version = Self.release(revision) ?? frozen[revision]
      else {
        let isKnown = Self.isCommit(revision) && frozen[revision] == nil
        note(
          ".pre-commit-config.yaml: \(ids.joined(separator: ", ")) of \(address) are not taken over",
          isKnown
            ? "\(revision.prefix(12)) is a commit, and no version: `rev: ...  # frozen: VERSION` names one"
            : "write them under hooks: with a tool and an entry", warns: true)
        continue
      }
      for hook in repository["hooks"]?.items ?? [] {
        guard let id = hook["id"]?.text else { continue }
        let name = id == "ruff-check" ? "ruff" : id
        guard known.hooks.contains(name) else {
          note(
            ".pre-commit-config.yaml: \(id) is not taken over", "write it under hooks: with its entry",
            warns: true)
          continue
        }
        var fields: [String] = []
        for (key, value) in hook.entries.sorted(by: { $0.key < $1.key }) where key != "id" {
          if ["args", "types", "stages"].contains(key), let words = value.texts {
            fields.append("\(key): \(Quoting.json(words))")
          } else if ["files", "exclude"].contains(key), let text = value.text, !text.contains("\n") {
            fields.append("\(key): \(Quoting.json(text))")
          } else {
            note(
              ".pre-commit-config.yaml: `\(key)` of \(id) stays out",
              "outfit pins what a hook stands on under tools:",
              warns: true)
          }
        }
        if !tools.contains(where: { $0.name == known.tool }) { tools.append((known.tool, version)) }
        hooks.append((name, fields))
      }
    }
  }

  /// The version that a tag names, all of it; nil for a commit, and for what is no version.
  private static func release(_ revision: String) -> String? {
    guard !isCommit(revision), let version = Version(revision), version.release.count > 1 else { return nil }
    return String(revision.drop { $0 == "v" })
  }

  /// A commit's digest, whole or so short that git says it still.
  private static func isCommit(_ revision: String) -> Bool {
    revision.count >= 7 && revision.allSatisfy { $0.isASCII && $0.isHexDigit }
  }

  /// What the comments beside commits say of them, as `pre-commit autoupdate --freeze` writes it:
  /// `rev: 1f2e...  # frozen: v2.4.2`.
  private static func frozen(_ text: String) -> [String: String] {
    var versions: [String: String] = [:]
    for line in text.split(whereSeparator: \.isNewline) {
      guard let key = line.firstRange(of: "rev:"), let mark = line.firstIndex(of: "#"), key.upperBound <= mark
      else { continue }
      let revision = line[key.upperBound..<mark].filter { !" \t'\"".contains($0) }
      let words = line[line.index(after: mark)...].split { " \t:=,".contains($0) }
      guard isCommit(revision), let word = words.first(where: { $0 != "frozen" && $0 != "tag" }) else {
        continue
      }
      versions[revision] = release(String(word))
    }
    return versions
  }
}
