/// The groups and extras that a project itself installs for those who work on it, as its Makefile or its page for
/// contributors says: `uv sync --all-extras`, `pip install -e ".[dev,fast]"`.
///
/// The line is only read, and names nothing that the project does not have.
struct InstallCommand {
  /// Where those who work on a project look, the first that says something counts.
  static let files = [
    "Makefile", "makefile", "justfile", "Justfile", "CONTRIBUTING.md", ".github/CONTRIBUTING.md",
    "CONTRIBUTING.rst",
    "docs/contributing.md", "docs/contributing.rst", ".github/workflows/tests.yml",
    ".github/workflows/test.yml",
    ".github/workflows/ci.yml", ".github/workflows/main.yml",
  ]

  var extras: [String] = []
  var hasAllExtras = false
  var groups: [String] = []
  /// `Makefile:6`.
  var place = ""

  /// What the first such command says that names any.
  init?(_ found: [String: String]) {
    for file in Self.files {
      guard let text = found[file] else { continue }
      for (index, line) in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
        .enumerated()
      where line.contains("install") || line.contains("sync") {
        read(line)
        guard extras.isEmpty, groups.isEmpty, !hasAllExtras else {
          place = "\(file):\(index + 1)"
          return
        }
      }
    }
    return nil
  }

  /// What an image installs: all that the commands of its Dockerfile name.
  init?(image text: String, file: String) {
    for instruction in DockerfileInstruction.read(text) where instruction.keyword == "RUN" {
      let (before, earlier) = (extras.count + groups.count, hasAllExtras)
      for part in ShellText.parts(instruction.rest) { read(part) }
      if place.isEmpty, extras.count + groups.count > before || hasAllExtras != earlier {
        place = "\(file):\(instruction.line)"
      }
    }
    if place.isEmpty { return nil }
  }

  private mutating func read(_ line: some StringProtocol) {
    // `--extra=a` and `--extra a` are one; a command ends where a shell ends it.
    let command = String(line.prefix { $0 != "#" })
    let words: [String] = command.split { " \t=`".contains($0) }.map { word in
      String(word.filter { !"'\"()".contains($0) })
    }
    func follows(_ first: String, _ seconds: String...) -> Int? {
      words.indices.dropLast().first { index in
        (words[index] == first || words[index].hasSuffix("/\(first)")) && seconds.contains(words[index + 1])
      }
    }
    if let start = follows("uv", "sync") ?? follows("poetry", "install") ?? follows("pdm", "install", "sync")
    {
      options(words[(start + 2)...].prefix { !["&&", ";", "|", "||"].contains($0) })
    } else if let start = follows("pip", "install") ?? follows("pip3", "install") {
      for word in words[(start + 2)...].prefix(while: { !["&&", ";", "|", "||"].contains($0) }) {
        guard word.hasPrefix(".["), let end = word.firstIndex(of: "]") else { continue }
        extras += Self.names(word[..<end].dropFirst(2))
      }
    }
  }

  private mutating func options(_ words: ArraySlice<String>) {
    var words = words
    while let word = words.popFirst() {
      switch word {
      case "--all-extras": hasAllExtras = true
      case "--extra", "--extras", "-E": extras += Self.names((words.popFirst() ?? "")[...])
      case "--group", "--with", "-G": groups += Self.names((words.popFirst() ?? "")[...])
      default: break
      }
    }
  }

  private static func names(_ text: Substring) -> [String] {
    text.split { $0 == "," || $0 == " " }.map(String.init)
  }

  /// Whether a name is of what nobody's tests need.
  static func isBeside(_ name: String) -> Bool {
    let words = name.lowercased().split { "-_.".contains($0) }
    return words.contains { word in
      [
        "doc", "docs", "lint", "linting", "format", "release", "publish", "build", "bench", "benchmark",
        "benchmarks",
      ]
      .contains(word)
    }
  }
}
