import ArgumentParser

/// Answers to what a profile asks for, as they are typed.
struct SettingOptions: ParsableArguments {
  @Option(
    name: .customLong("set"),
    help: ArgumentHelp(
      "Answer a question of the profile: --set email=ada@example.org.", valueName: "key=value"))
  var settings: [String] = []

  func validate() throws {
    for setting in settings where !setting.contains("=") {
      throw ValidationError("--set takes KEY=VALUE, not '\(setting)'")
    }
  }

  /// The last of a key.
  var values: [String: String] {
    let pairs = settings.map { text in
      let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      return (String(parts[0]), String(parts[1]))
    }
    return Dictionary(pairs, uniquingKeysWith: { $1 })
  }
}
