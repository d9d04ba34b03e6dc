import ArgumentParser
import Foundation
import OutfitCore
import OutfitSystem
import SystemPackage
import Testing

@testable import OutfitCommands

/// Every command that a message, a page of help or a document names is one that there is.
@Suite struct CommandsInTextTests {
  private static let checkout = FilePath(#filePath).removingLastComponent().removingLastComponent()
    .removingLastComponent()

  /// What follows `outfit ` in a sentence about it, and in records and files that it writes. Whatever else does must be
  /// a verb.
  private static let prose: Set<String> = [
    "(format", "again", "can", "can't", "command", "configuration", "contents", "dispatch", "does", "effects",
    "footprint", "from",
    "generation", "has", "home", "intent", "is", "itself", "journal", "keeps", "knows", "may", "needs",
    "outfit", "pins", "receipt", "runs", "should", "signs", "stats", "switched", "table", "takes", "that",
    "understands", "wants", "was", "with", "writes", "wrote",
  ]

  private static func files(_ folder: String, _ ending: String) throws -> [(name: String, text: String)] {
    let files = try Host.live().files
    var found: [(String, String)] = []
    func walk(_ path: FilePath, _ name: String) throws {
      if try files.status(path, followLinks: false)?.kind == .directory {
        for entry in try files.list(path) { try walk(path.appending(entry), "\(name)/\(entry)") }
      } else if name.hasSuffix(ending) {
        found.append((name, try files.text(path) ?? ""))
      }
    }
    try walk(checkout.pushing(FilePath(folder)), folder)
    return found
  }

  @Test func ofTheSources() throws {
    var count = 0
    for (name, text) in try Self.files("Sources", ".swift") {
      for literal in Literals.of(text) {
        for command in Named.commands(in: literal.text) {
          if !command.isMarked, Self.prose.contains(command.words.first ?? "") { continue }
          count += 1
          if let problem = command.problem {
            Issue.record(
              "\(name):\(literal.line): outfit \(command.words.joined(separator: " ")): \(problem)")
          }
        }
      }
    }
    #expect(count > 150)
  }

  @Test func ofTheDocuments() throws {
    var count = 0
    let others = ["README.md", "CONTRIBUTING.md"].flatMap { (try? Self.files($0, ".md")) ?? [] }
    for (name, text) in try Self.files("docs", ".md") + others {
      var isFenced = false
      for part in text.components(separatedBy: "```") {
        // A command may go on in the next line.
        let joined = part.replacing("\\\n", with: "")
        let pieces = isFenced ? joined.split(separator: "\n").map { "`\($0)" } : [joined]
        isFenced.toggle()
        for command in pieces.flatMap(Named.commands) where command.isMarked {
          count += 1
          if !command.isMention, let problem = command.problem {
            Issue.record("\(name): outfit \(command.words.joined(separator: " ")): \(problem)")
          }
        }
      }
    }
    #expect(count > 100)
  }

  @Test(
    arguments: [
      ("`outfit self renew`", false), ("hint: outfit self renew", false), ("`outfit up --nonsense`", false),
      ("`outfit tool install`", false), ("`outfit tool install \u{FFFC}`", true),
      ("run outfit up again.", true),
      ("`outfit rollback N`", true), ("`outfit rollback`, then `outfit up`", true), ("`outfit upp`", false),
      ("Next: outfit update black --machine", true), ("Next: outfit update black --project", false),
      ("`outfit python use 3.13 `", true), ("`outfit`", true), ("`outfit diff a b`", false),
    ] as [(String, Bool)])
  func theTestItself(_ text: String, _ isRight: Bool) {
    #expect(Named.commands(in: text).allSatisfy { $0.problem == nil } == isRight)
  }
}

/// A command in a text.
private struct Named {
  /// Behind `outfit`.
  var words: [String]
  /// It stands between backticks, so that all of it is one.
  var isMarked: Bool

  static let hole: Character = "\u{FFFC}"

  static func commands(in text: String) -> [Named] {
    var commands: [Named] = []
    var rest = text[...]
    while let range = rest.firstRange(of: "outfit") {
      let before = rest[..<range.lowerBound].last ?? text[..<range.lowerBound].last
      let after = rest[range.upperBound...]
      rest = after
      // What a shell completes is no command.
      let isName = ["-c ", "--command ", "function "].contains { text[..<range.lowerBound].hasSuffix($0) }
      guard before.map({ " `\"'($\n".contains($0) }) ?? true, after.first == " ", !isName else { continue }
      let isMarked = before == "`"
      let end = after.firstIndex { $0 == "`" || $0 == "\n" && !isMarked } ?? after.endIndex
      let words = words(after[..<end], isMarked: isMarked)
      if !words.isEmpty { commands.append(Named(words: words, isMarked: isMarked)) }
    }
    return commands
  }

  /// As a shell splits them, up to what ends a command, or a sentence.
  private static func words(_ text: Substring, isMarked: Bool) -> [String] {
    var words: [String] = []
    var word = ""
    var isWord = false
    var quote: Character?
    var depth = 0
    func isEnd(_ word: String) -> Bool {
      ["|", "||", "&&", "#", ";", "->", "→"].contains(word) || word.hasPrefix(">") || word.hasPrefix("2>")
    }
    for character in text {
      if let open = quote {
        if character == open { quote = nil } else { word.append(character) }
        continue
      }
      if character == "'" || character == "\"" {
        // The end of a word that the command stands in.
        guard isWord == false || word.hasSuffix("=") else { break }
        (quote, isWord) = (character, true)
        continue
      }
      if character == "\\" { break }
      if character == "(" { depth += 1 }
      if character == ")" {
        depth -= 1
        if depth < 0 { break }
      }
      guard character == " " || character == "\n" else {
        word.append(character)
        isWord = true
        continue
      }
      // Columns, or an explanation of what was before.
      if !isWord, !words.isEmpty, !isMarked { break }
      if isWord {
        if isEnd(word) { return words }
        words.append(word)
        if !isMarked, let last = word.last, ".,;:?!)".contains(last), !word.hasSuffix("...") {
          words[words.count - 1] = String(word.prefix { _ in true }.dropLast())
          return words.filter { !$0.isEmpty }
        }
      }
      (word, isWord) = ("", false)
    }
    if isWord, !isEnd(word) {
      while !isMarked, let last = word.last, ".,;:?!)".contains(last), !word.hasSuffix("...") {
        word.removeLast()
      }
      words.append(word)
    }
    return words.filter { !$0.isEmpty }
  }

  /// It is the name of a verb, and none of the command lines that this takes.
  var isMention: Bool {
    MistypedVerb.message(words) == nil && words.allSatisfy { $0.allSatisfy { $0.isLowercase || $0 == "-" } }
  }

  /// Why it is no command; nil when it is one.
  var problem: String? {
    let plain = words.filter { !["...", "…"].contains($0) }
      .map { $0 == "VERB" ? "up" : $0.hasPrefix("$") ? "\(Self.hole)" : $0 }
    if let message = MistypedVerb.message(Array(plain.prefix { !$0.contains(Self.hole) })) { return message }
    // A sentence goes on behind the command: then its beginning must be one, with all options.
    let last = plain.lastIndex { $0.hasPrefix("-") }.map { $0 + 1 } ?? 1
    let lengths = isMarked || plain.count <= last ? [plain.count] : Array((last...plain.count).reversed())
    var reason: String?
    for length in lengths {
      guard let found = Self.refusal(Array(plain[..<length])) else { return nil }
      reason = reason ?? found
    }
    return reason
  }

  private static func refusal(_ words: [String]) -> String? {
    var reason: String?
    for sample in ["x", "1", "1=x", "0123abc", "take", "bash", "python", ""] {
      // What a literal ends with may go on in the next one.
      for added in [[], [sample], [sample, sample]] where added.isEmpty || words.last?.contains(hole) != true
      {
        let filled = words.compactMap { fill($0, sample) } + added
        guard let found = refusalOfParser(filled) else { return nil }
        reason = reason ?? found
        if !words.contains(where: { $0.contains(hole) }), added.isEmpty, !isOpen(words) { break }
      }
    }
    return reason
  }

  /// It ends where something must follow, in another literal.
  private static func isOpen(_ words: [String]) -> Bool { words.last?.hasPrefix("--") == true }

  /// A word with a value for what is filled in when it is said; nil where that may be nothing.
  private static func fill(_ word: String, _ sample: String) -> String? {
    if word.hasPrefix("["), word.hasSuffix("]") { return nil }
    if word.allSatisfy({ $0.isUppercase || $0.isNumber || "_/@.".contains($0) }),
      word.first?.isUppercase == true
    {
      return sample
    }
    guard word.contains(hole) else { return word.replacing("...", with: "").replacing("…", with: "") }
    let filled = word.filter { $0 != hole }
    return filled.isEmpty
      ? sample.isEmpty ? nil : sample : sample.isEmpty ? filled : word.replacing("\(hole)", with: sample)
  }

  /// What was said of words before: most commands are named in many places, and each question costs milliseconds.
  private static let known = Locked<[[String]: String?]>([:])

  private static func refusalOfParser(_ words: [String]) -> String? {
    if let known = known.withLock({ $0[words] }) { return known }
    let refusal = parse(words)
    known.withLock { $0[words] = .some(refusal) }
    return refusal
  }

  private static func parse(_ words: [String]) -> String? {
    do {
      let command = try OutfitCommand.parseAsRoot(Passthrough.arguments(words))
      _ = command
      return nil
    } catch {
      // Help, and what has a verb behind it.
      return OutfitCommand.exitCode(for: error).isSuccess ? nil : OutfitCommand.message(for: error)
    }
  }
}

/// The string literals of a Swift file.
private struct Literals {
  private let bytes: [UInt8]
  private var index = 0
  private var line = 1
  private var found: [(line: Int, text: String)] = []

  /// Each with its line, what is interpolated as one hole.
  static func of(_ source: String) -> [(line: Int, text: String)] {
    var reader = Literals(source)
    reader.code(isInterpolated: false)
    return reader.found
  }

  private init(_ source: String) { bytes = Array(source.utf8) }

  private func has(_ text: String, at offset: Int = 0) -> Bool {
    bytes[min(index + offset, bytes.count)...].starts(with: text.utf8)
  }

  private mutating func step() {
    if index < bytes.count, bytes[index] == 10 { line += 1 }
    index += 1
  }

  private mutating func code(isInterpolated: Bool) {
    var depth = 0
    while index < bytes.count {
      if has("//") {
        while index < bytes.count, bytes[index] != 10 { step() }
      } else if has("/*") {
        while index < bytes.count, !has("*/") { step() }
      } else if has("\"") || has("#\"") || has("##\"") {
        literal()
        continue
      } else if has("(") {
        depth += 1
      } else if has(")") {
        if isInterpolated, depth == 0 { return }
        depth -= 1
      }
      step()
    }
  }

  private mutating func literal() {
    let start = line
    var hashes = ""
    while has("#") {
      hashes += "#"
      step()
    }
    let quote = has("\"\"\"") ? "\"\"\"" : "\""
    for _ in quote { step() }
    var text: [UInt8] = []
    while index < bytes.count, !has(quote + hashes) {
      guard has("\\" + hashes) else {
        text.append(bytes[index])
        step()
        continue
      }
      for _ in 0...hashes.count { step() }
      if has("(") {
        step()
        code(isInterpolated: true)
        text += "\(Named.hole)".utf8
      } else if has("\n") {
        while has("\n") || has(" ") { step() }
        continue
      } else {
        text.append(has("n") ? 10 : has("t") ? 32 : bytes[index])
      }
      step()
    }
    for _ in quote + hashes { step() }
    found.append((start, String(decoding: text, as: UTF8.self)))
  }
}
