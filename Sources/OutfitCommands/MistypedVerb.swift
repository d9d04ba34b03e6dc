import ArgumentParser
import OutfitCore

/// What is said of a verb that does not exist.
enum MistypedVerb {
  /// - Parameter words: behind `outfit`.
  /// - Returns: The error with a hint: the nearest by its letters, or the nouns that have this very verb, or all that
  ///   there are. Nil where each word is a verb.
  static func diagnostic(_ words: [String]) -> Diagnostic? {
    var path = "outfit"
    var verbs = OutfitCommand.configuration.subcommands
    for word in words.prefix(while: { !$0.hasPrefix("-") }) where !verbs.isEmpty {
      if let next = verbs.first(where: { names($0).contains(word) }) {
        path += " \(word)"
        // What one of its own takes first is no verb.
        if next.configuration.defaultSubcommand != nil { return nil }
        verbs = next.configuration.subcommands
        continue
      }
      // Those that no person types are not offered.
      verbs.removeAll { !$0.configuration.shouldDisplay }
      var meant = nearest(word, among: verbs.flatMap(names)).map { ["\(path) \($0)"] } ?? []
      if meant.isEmpty {
        meant = verbs.filter { $0.configuration.subcommands.contains { names($0).contains(word) } }
          .map { "\(path) \($0._commandName) \(word)" }
      }
      let hint =
        meant.isEmpty
        ? "there are \(verbs.map { $0._commandName }.sorted().joined(separator: ", "))"
        : "did you mean \(meant.map { "`\($0)`" }.joined(separator: " or "))?"
      return Diagnostic(.error, "there is no verb `\(path) \(word)`", hint: hint)
    }
    return nil
  }

  /// As it is shown to people.
  static func message(_ words: [String]) -> String? {
    diagnostic(words).map { "error: \($0.message)" + ($0.hint.map { "\n  hint: \($0)" } ?? "") }
  }

  private static func names(_ verb: any ParsableCommand.Type) -> [String] {
    [verb._commandName] + verb.configuration.aliases
  }
}
