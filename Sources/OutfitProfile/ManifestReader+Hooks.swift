import OutfitCore

/// `hooks:` and `hook-settings:`.
extension ManifestDecoder {
  /// Each command has words; what a hook without one looks for is any text.
  mutating func checkCommands(_ hooks: YamlNode?) {
    for pair in hooks?.pairs ?? [] where pair.value["language"] == nil {
      guard let entry = pair.value["entry"], let text = entry.text, !text.isEmpty,
        let complaint = TextForm.hookCommand.check(text)
      else { continue }
      checker.complain(complaint.message, at: entry.location, hint: complaint.hint)
    }
  }

  static func hook(_ node: YamlNode) -> HookSection? {
    let language: HookSection.Language? = choice(node["language"])
    var entry = words(node["entry"])
    if let text = node["entry"]?.text { entry = language == nil ? ShellWords.split(text) : [text] }
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
    return settings
  }
}
