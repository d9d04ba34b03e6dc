import OutfitCore

/// A Dockerfile as BuildKit reads it: directives, stages, instructions with flags, continued lines and heredocs.
struct BuildFile {
  struct Instruction: Hashable {
    /// In capitals.
    var keyword: String
    var flags: [String]
    /// What stands behind the flags, continued lines joined and comments left out.
    var body: String
    /// With its heredocs.
    var heredocs: [String] = []

    var text: String { ([keyword] + flags + [body] + heredocs).filter { !$0.isEmpty }.joined(separator: " ") }
    var words: [String] { body.split { $0 == " " || $0 == "\t" }.map(String.init) }

    /// The values of a flag: `--from`.
    func values(_ flag: String) -> [String] {
      flags.filter { $0.hasPrefix("--\(flag)=") }.map { String($0.dropFirst(flag.count + 3)) }
    }
  }

  struct Stage {
    /// In lower case, as BuildKit takes names; nil where it has none.
    var name: String?
    var base: String
    var from: Instruction
    var instructions: [Instruction] = []
  }

  /// `syntax=`, `escape=` and `check=` at the top, in any spelling that BuildKit takes.
  private(set) var directives: [String] = []
  /// What stands before the first stage.
  private(set) var preamble: [Instruction] = []
  private(set) var stages: [Stage] = []
  private(set) var instructions: [Instruction] = []
  /// What could not be read.
  private(set) var problems: [String] = []

  init(_ text: String) {
    var lines = text.split(separator: "\n", omittingEmptySubsequences: false).map { line in
      line.last == "\r" ? line.dropLast() : line
    }[...]
    if let first = lines.first, first.hasPrefix("\u{FEFF}") { lines[lines.startIndex] = first.dropFirst() }
    readDirectives(lines)
    while let line = lines.popFirst() {
      var current = Self.trimmed(line)
      if current.isEmpty || current.hasPrefix("#") { continue }
      while let continued = Self.continued(current) {
        current = continued
        var next: Substring?
        while let candidate = lines.popFirst() {
          let bare = Self.trimmed(candidate)
          if bare.isEmpty || bare.hasPrefix("#") { continue }
          next = candidate
          break
        }
        guard let next else { break }
        // What a line begins with belongs to the command.
        current += next
      }
      var instruction = Self.instruction(current)
      if ["RUN", "COPY", "ADD"].contains(instruction.keyword) {
        for marker in Self.heredocs(instruction.body) {
          var body = ""
          var isClosed = false
          while let line = lines.popFirst() {
            if (marker.isIndented ? line.drop { $0 == "\t" } : line) == marker.name[...] {
              isClosed = true
              break
            }
            body += line + "\n"
          }
          if !isClosed { problems.append("a heredoc <<\(marker.name) has no end") }
          instruction.heredocs.append(body)
        }
      }
      take(instruction)
    }
  }

  private mutating func take(_ instruction: Instruction) {
    instructions.append(instruction)
    if instruction.keyword == "FROM" {
      let words = instruction.words
      let isNamed = words.count == 3 && words[1].uppercased() == "AS"
      if words.count != 1, !isNamed { problems.append("`\(instruction.text)` is no FROM that is known") }
      stages.append(
        Stage(name: isNamed ? words[2].lowercased() : nil, base: words.first ?? "", from: instruction))
    } else if stages.isEmpty {
      preamble.append(instruction)
    } else {
      stages[stages.count - 1].instructions.append(instruction)
    }
  }

  /// Comments at the top that are no comments. BuildKit looks for them behind `#` and `//`, and in JSON.
  private mutating func readDirectives(_ lines: ArraySlice<Substring>) {
    for line in lines {
      let bare = Self.trimmed(line)
      if bare.isEmpty { continue }
      let marker = ["#", "//"].first { bare.hasPrefix($0) }
      guard let marker else {
        if bare.hasPrefix("{") { directives.append(String(bare)) }
        return
      }
      let rest = bare.dropFirst(marker.count)
      guard let equals = rest.firstIndex(of: "=") else { continue }
      let name = Self.trimmed(rest[..<equals]).lowercased()
      if ["syntax", "escape", "check"].contains(name) { directives.append(String(Self.trimmed(rest))) }
    }
  }

  private static func trimmed(_ line: some StringProtocol) -> String {
    var text = Substring(line)
    while let last = text.last, last == " " || last == "\t" { text.removeLast() }
    return String(text.drop { $0 == " " || $0 == "\t" })
  }

  /// The line without the sign that it goes on.
  private static func continued(_ line: String) -> String? {
    var text = Substring(line)
    while let last = text.last, last == " " || last == "\t" { text.removeLast() }
    return text.last == "\\" ? String(text.dropLast()) : nil
  }

  private static func instruction(_ line: String) -> Instruction {
    var rest = Substring(trimmed(line))
    let keyword = rest.prefix { $0 != " " && $0 != "\t" }
    rest = rest.dropFirst(keyword.count).drop { $0 == " " || $0 == "\t" }
    var flags: [String] = []
    while rest.hasPrefix("--") {
      let flag = rest.prefix { $0 != " " && $0 != "\t" }
      flags.append(String(flag))
      rest = rest.dropFirst(flag.count).drop { $0 == " " || $0 == "\t" }
    }
    return Instruction(keyword: keyword.uppercased(), flags: flags, body: trimmed(rest))
  }

  private static func heredocs(_ body: String) -> [(name: String, isIndented: Bool)] {
    var found: [(String, Bool)] = []
    var rest = Substring(body)
    while let start = rest.firstRange(of: "<<") {
      rest = rest[start.upperBound...]
      // `<<<` gives a shell a text.
      if rest.first == "<" {
        rest = rest.drop { $0 == "<" }
        continue
      }
      let isIndented = rest.first == "-"
      if isIndented { rest = rest.dropFirst() }
      let name = rest.drop { $0 == "\"" || $0 == "'" }.prefix { $0.isLetter || $0.isNumber || $0 == "_" }
      if let first = name.first, !first.isNumber { found.append((String(name), isIndented)) }
    }
    return found
  }
}
