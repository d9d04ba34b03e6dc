import OutfitCore
import OutfitSystem
import SystemPackage

/// What may stand before any verb, and behind most: where it works, and how it speaks.
struct GlobalOptions: Hashable, Sendable {
  enum Colour: String, CaseIterable, Sendable { case auto, always, never }

  /// Each counts from the one before it.
  var folders: [String] = []
  var colour: Colour?
  var isQuiet = false
  var isVerbose = false

  /// Of this process.
  static let current = Locked(GlobalOptions())

  /// Verbs behind which words are another program's.
  private static let passing: [[String]] = [
    ["exec"], ["tool", "run"], ["hooks", "run"], ["try"], ["remote", "exec"],
  ]

  /// Takes them out of the words of a command line.
  /// - Returns: the words that are left.
  /// - Throws: `Failure`, status 2, for one without its value.
  static func take(_ words: [String]) throws(Failure) -> (GlobalOptions, [String]) {
    var options = GlobalOptions()
    var rest: [String] = []
    var index = 0
    while index < words.count {
      let word = words[index]
      let isOthers = passing.contains { rest.starts(with: $0) }
      if word == "--" || isOthers {
        rest += words[index...]
        break
      }
      func value() throws(Failure) -> String {
        index += 1
        guard index < words.count else { throw Failure("\(word) needs a value", status: .usage) }
        return words[index]
      }
      func colour(_ text: String) throws(Failure) -> Colour {
        if let colour = Colour(rawValue: text) { return colour }
        throw Failure("--color takes auto, always or never, not \(text.harmless)", status: .usage)
      }
      switch word {
      case "-C": options.folders.append(try value())
      case "--color": options.colour = try colour(try value())
      case _ where word.hasPrefix("--color="): options.colour = try colour(String(word.dropFirst(8)))
      case "--quiet": options.isQuiet = true
      case "--verbose": options.isVerbose = true
      case "-V" where rest.isEmpty, "version" where rest.isEmpty && index == words.count - 1:
        rest.append("--version")
      case "untrust" where rest.isEmpty: rest += ["trust", "revoke"]
      default: rest.append(word)
      }
      index += 1
    }
    return (options, rest)
  }

  /// What a verb sees of them.
  func apply(to host: inout Host) {
    switch colour {
    case .always?:
      host.environment["NO_COLOR"] = nil
      host.environment["CLICOLOR_FORCE"] = "1"
    case .never?: host.environment["NO_COLOR"] = "1"
    case .auto?, nil: break
    }
    let terminal = host.terminal
    if isQuiet { host.terminal = QuietTerminal(loud: terminal) }
    if isVerbose {
      host.processes = WatchedProcesses(processes: host.processes, clock: host.clock) {
        terminal.talk("+ \($0)\n")
      }
    }
  }
}

/// A terminal on which nothing is said but results, questions, and what went wrong.
struct QuietTerminal: Terminal {
  let loud: any Terminal

  var isInteractive: Bool { loud.isInteractive }
  var outputIsTerminal: Bool { loud.outputIsTerminal }
  /// Progress is for terminals.
  var errorIsTerminal: Bool { false }
  var width: Int { loud.width }
  func write(_ text: String) { loud.write(text) }
  func talk(_ text: String) {}
  func ask(_ prompt: String) -> String? { loud.ask(prompt) }
}
