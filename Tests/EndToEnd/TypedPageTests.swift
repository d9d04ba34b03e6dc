import OutfitSystem
import Support
import SystemPackage
import Testing

/// Pages that a reader types from top to bottom: typed so, in one shell, in a home folder with nothing in it.
@Suite(.serialized, .timeLimit(.minutes(15)))
struct TypedPageTests {
  /// Whose words such a page says this in.
  private static let promise = "typed by a test"

  /// The names of these pages.
  private static let pages: [String] = {
    let docs = Machine.checkout.appending("docs")
    guard let files = try? Host.live().files, let names = try? files.list(docs) else { return [] }
    return names.filter { name in
      let text = name.hasSuffix(".md") ? try? files.text(docs.appending(name)) : nil
      return text?.replacing("\n", with: " ").contains(promise) == true
    }.sorted()
  }()

  @Test func thereAreSuchPages() {
    for name in [
      "tutorial-new-hire.md", "tutorial-team.md", "tutorial-django.md", "from-mise.md", "from-pre-commit.md",
      "from-compose.md",
    ] { #expect(Self.pages.contains(name)) }
  }

  @Test(arguments: pages)
  func itWorksAsTyped(_ name: String) async throws {
    let machine = try Machine()
    let text = try #require(try machine.files.text(Machine.checkout.appending("docs").appending(name)))
    let page = TypedPage(text)
    try machine.write("../typed.sh", page.script)
    var setting = [
      "SHELL": "/bin/bash",
      "PATH": "\(machine.home)/.local/share/outfit/bin:\(Machine.build):\(machine.environment["PATH"] ?? "")",
    ]
    // What takes out Outfit takes its cache with it.
    if text.contains("self uninstall") { setting["XDG_CACHE_HOME"] = "\(machine.home)/.cache" }
    let done = try await machine.run("/bin/bash", ["-c", "cat ../typed.sh | /bin/bash"], setting: setting)
    for complaint in page.complaints(of: done.outputText) {
      Issue.record("docs/\(name):\(complaint.line): \(complaint.text)")
    }
  }

  @Test func theTestItself() {
    let text = """
      ```sh
      echo black, 25.1.0
      ```

      ```text
      black, 26.10.1…
      isort
      ```

      ```sh
      false    # ends with 1
      ```

      ```console
      $ rm -rf /
      ```

      ```sh
      outfit status
      ```
      """
    let page = TypedPage(text)
    #expect(!page.script.contains("rm -rf"))
    let mark = TypedPage.mark
    let said =
      "\n\(mark)1 0\nblack, 25.1.0 (compiled)\n\n\(mark)end 0\n\n\(mark)10 1\n\n\(mark)end 1\n\n\(mark)18 0\nno\n"
    #expect(
      page.complaints(of: said).map(\.description) == [
        "5: this was not printed: isort, but: black, 25.1.0 (compiled)\n",
        "18: the shell ended here: no\n",
      ])
  }
}

/// What a page has typed, and what it says is printed.
private struct TypedPage {
  private struct Block {
    var line: Int
    /// Behind the three backticks.
    var language: String
    var lines: [Substring] = []

    /// `# ends with 3` behind its last command.
    var status: Int {
      lines.last?.firstMatch(of: /# ends with ([0-9]+)/).flatMap { Int($0.1) } ?? 0
    }
  }

  struct Complaint: CustomStringConvertible {
    var line: Int
    var text: String
    var description: String { "\(line): \(text)" }
  }

  /// Begins a line between what blocks print.
  static let mark = "\u{1}typed "

  private var blocks: [Block] = []

  init(_ text: String) {
    var block: Block?
    for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
      if line.hasPrefix("```") {
        if let ended = block { blocks.append(ended) }
        block = block == nil ? Block(line: index + 1, language: String(line.dropFirst(3))) : nil
      } else {
        block?.lines.append(line)
      }
    }
  }

  /// What a shell reads: each block between two marks, the second with its status.
  var script: String {
    var script = "exec 2>&1\n"
    for block in blocks where block.language == "sh" {
      script += "printf '\\n\(Self.mark)%s\\n' '\(block.line) \(block.status)'\n"
      script += block.status == 0 ? "set -e\n" : "set +e\n"
      script += block.lines.joined(separator: "\n")
      script += "\nprintf '\\n\(Self.mark)end %d\\n' \"$?\"\n"
    }
    return script
  }

  /// Where what was printed is other than the page says.
  func complaints(of output: String) -> [Complaint] {
    var said: [Int: String] = [:]
    var complaints: [Complaint] = []
    for part in output.split(separator: "\n" + Self.mark) {
      let head = part.prefix { $0 != "\n" }.split(separator: " ")
      guard head.count == 2, let line = Int(head[0]) else { continue }
      said[line] = String(part.dropFirst(part.prefix { $0 != "\n" }.count + 1))
    }
    let ends = output.split(separator: "\n" + Self.mark + "end ", omittingEmptySubsequences: false)
      .dropFirst()
      .map { Int($0.prefix { $0.isNumber }) ?? -1 }
    var typed: Block?
    var count = 0
    for block in blocks {
      switch block.language {
      case "sh":
        typed = block
        guard count < ends.count else {
          return complaints + [
            Complaint(line: block.line, text: "the shell ended here: \(said[block.line] ?? "")")
          ]
        }
        if ends[count] != block.status {
          complaints.append(
            Complaint(
              line: block.line,
              text: "status \(ends[count]), not \(block.status): \(said[block.line] ?? "")"))
        }
        count += 1
      case "text":
        let printed = typed.flatMap { said[$0.line] } ?? ""
        var rest = printed.split(separator: "\n").map(Self.essence)[...]
        for line in block.lines {
          let wanted = Self.essence(line).split(separator: "…", omittingEmptySubsequences: false)
          guard let index = rest.firstIndex(where: { Self.matches($0, wanted) }) else {
            complaints.append(
              Complaint(line: block.line, text: "this was not printed: \(line), but: \(printed)"))
            continue
          }
          rest = rest[(index + 1)...]
        }
      default: continue
      }
    }
    return complaints
  }

  /// A line without what differs from day to day: numbers, versions, digests, columns.
  private static func essence(_ line: Substring) -> String {
    line.replacing(/\b[0-9a-f]{7,}\b/, with: "#").replacing(/[0-9]+(\.[0-9]+)*/, with: "#")
      .split(separator: " ").joined(separator: " ")
  }

  /// Whether a line is these pieces, with anything between them.
  private static func matches(_ line: String, _ pieces: [Substring]) -> Bool {
    guard let first = pieces.first, let last = pieces.last, line.hasPrefix(first) else { return false }
    if pieces.count == 1 { return line == first }
    var rest = line.dropFirst(first.count)
    for piece in pieces.dropFirst().dropLast() {
      guard let range = rest.firstRange(of: piece) else { return false }
      rest = rest[range.upperBound...]
    }
    return rest.hasSuffix(last)
  }
}
