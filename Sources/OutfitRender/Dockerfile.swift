/// As much of a Dockerfile as the proof needs.
struct Dockerfile {
  /// Continued lines joined, comments left out.
  var instructions: [String] = []

  init(_ text: String) {
    var current = ""
    for line in text.split(separator: "\n") {
      let bare = line.drop { $0 == " " || $0 == "\t" }
      if bare.hasPrefix("#") { continue }
      if bare.hasSuffix("\\") {
        current += bare.dropLast()
      } else {
        instructions.append(current + bare)
        current = ""
      }
    }
    if !current.isEmpty { instructions.append(current) }
  }

  /// The variables of the last stage, with those of the stages that it is built on.
  var environment: [String: String] {
    var stages: [String: [String: String]] = [:]
    var current: [String: String] = [:]
    var name = ""
    for instruction in instructions {
      let words = ProjectReading.words(instruction)
      switch words.first?.uppercased() {
      case "FROM":
        let rest = words.dropFirst().filter { !$0.hasPrefix("--") }
        current = rest.first.flatMap { stages[$0] } ?? [:]
        name = rest.count == 3 && rest[1].uppercased() == "AS" ? rest[2] : ""
      case "ENV" where words.count == 3 && !words[1].contains("="): current[words[1]] = words[2]
      case "ENV":
        for word in words.dropFirst() {
          guard let equals = word.firstIndex(of: "=") else { continue }
          current[String(word[..<equals])] = String(word[word.index(after: equals)...])
        }
      default: continue
      }
      if !name.isEmpty { stages[name] = current }
    }
    return current
  }
}
