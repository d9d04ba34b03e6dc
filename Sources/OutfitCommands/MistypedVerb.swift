import ArgumentParser
import OutfitCore

/// What a person probably meant who typed a verb that does not exist.
enum MistypedVerb {
  /// - Parameter words: behind `outfit`.
  /// - Returns: Whole commands: the nearest by its letters, or those of nouns that have this very verb.
  static func suggestions(_ words: [String]) -> [String] {
    var path = "outfit"
    var verbs = OutfitCommand.configuration.subcommands
    for word in words.prefix(while: { !$0.hasPrefix("-") }) {
      if let next = verbs.first(where: { names($0).contains(word) }) {
        path += " \(word)"
        verbs = next.configuration.subcommands
      } else if let near = nearest(word, among: verbs.flatMap(names)) {
        return ["\(path) \(near)"]
      } else {
        return verbs.filter { $0.configuration.subcommands.contains { names($0).contains(word) } }
          .map { "\(path) \($0._commandName) \(word)" }
      }
    }
    return []
  }

  private static func names(_ verb: any ParsableCommand.Type) -> [String] {
    [verb._commandName] + verb.configuration.aliases
  }
}
