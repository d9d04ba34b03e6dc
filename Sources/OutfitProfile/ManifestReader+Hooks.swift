import OutfitCore

/// `hooks:` and `hook-settings:`.
extension ManifestDecoder {
  /// Each command has words; what a hook without one looks for is any text. What belongs together stands together.
  mutating func checkHooks(_ hooks: YamlNode?) {
    for pair in hooks?.pairs ?? [] {
      let hook = pair.value
      let language: HookSection.Language? = Self.choice(hook["language"])
      if language?.isText != true, let entry = hook["entry"], let text = entry.text, !text.isEmpty,
        let complaint = TextForm.hookCommand.check(text)
      {
        checker.complain(complaint.message, at: entry.location, hint: complaint.hint)
      }
      if let repository = hook["repo"] {
        if hook["rev"] == nil {
          checker.complain(
            "a repository of hooks has a `rev:`", at: repository.location,
            hint: "name the tag, the branch or the commit of it")
        }
        for key in ["language", "with", "cache"] {
          guard let other = hook[key] else { continue }
          checker.complain(
            "`\(key)` is not for a hook of a repository", at: other.location, hint: "take it out")
        }
        continue
      }
      for key in ["rev", "id"] {
        guard let other = hook[key] else { continue }
        checker.complain(
          "`\(key)` is of a repository, and there is no `repo:`", at: other.location,
          hint: "name the repository, or take it out")
      }
      for key in ["additional_dependencies", "language_version"] where language?.isText != false {
        guard let other = hook[key] else { continue }
        checker.complain(
          "`\(key)` is for hooks with an environment of their own", at: other.location,
          hint: "say which: `language: python`")
      }
    }
  }

  static func hook(_ node: YamlNode) -> HookSection? {
    let language: HookSection.Language? = choice(node["language"])
    var entry = words(node["entry"])
    if let text = node["entry"]?.text { entry = language?.isText == true ? [text] : ShellWords.split(text) }
    var section = HookSection(
      entry: entry,
      arguments: texts(node["args"]) ?? [], files: node["files"]?.text,
      exclude: node["exclude"]?.text, types: texts(node["types"]) ?? [],
      stages: texts(node["stages"]) ?? ["pre-commit"],
      passFilenames: node["pass_filenames"]?.text != "false")
    section.anyOf = texts(node["types_or"]) ?? []
    section.excludedTypes = texts(node["exclude_types"]) ?? []
    section.alwaysRuns = node["always_run"]?.text == "true"
    section.isSerial = node["require_serial"]?.text.map { $0 == "true" }
    section.isVerbose = node["verbose"]?.text == "true"
    section.language = language
    if let address = node["repo"]?.text, let revision = node["rev"]?.text {
      section.repository = HookRepository(address: address, revision: revision)
    }
    section.identifier = node["id"]?.text
    section.dependencies = texts(node["additional_dependencies"]) ?? []
    section.languageVersion = node["language_version"]?.text
    section.title = node["name"]?.text
    section.alias = node["alias"]?.text
    section.isCached = node["cache"]?.text.map { $0 == "true" }
    section.with = texts(node["with"]) ?? []
    section.logFile = node["log_file"]?.text
    section.endsRun = node["fail_fast"]?.text == "true"
    section.hasOwnStages = texts(node["stages"]) != nil
    return section
  }

  static func hookSettings(_ node: YamlNode) -> HookSettings {
    var settings = HookSettings()
    settings.files = node["files"]?.text
    settings.exclude = node["exclude"]?.text
    settings.stages = texts(node["stages"]) ?? []
    settings.failsFast = node["fail_fast"]?.text == "true"
    settings.file = choice(node["file"])
    for pair in node["default_language_version"]?.pairs ?? [] {
      settings.languageVersions[pair.key] = pair.value.text
    }
    settings.types = texts(node["default_install_hook_types"]) ?? []
    return settings
  }
}
