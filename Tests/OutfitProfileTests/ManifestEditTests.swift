import OutfitCore
import Testing

@testable import OutfitProfile

/// Texts in, texts out: what is not meant stays to the byte.
@Suite struct ManifestEditTests {
  enum Act: Sendable {
    case set(String, ManifestValue)
    case append(String, [String])
    case remove(String)
  }

  private func edited(_ text: String?, _ acts: Act..., schema: String? = nil) throws -> String {
    var edit = try ManifestEdit(text, file: "outfit.yaml", schema: schema)
    for act in acts {
      switch act {
      case .set(let path, let value): try edit.set(Self.path(path), to: value)
      case .append(let path, let texts): try edit.append(texts, to: Self.path(path))
      case .remove(let path): try edit.remove(Self.path(path))
      }
    }
    return edit.result
  }

  private static func path(_ text: String) -> [String] { text.split(separator: ".").map(String.init) }

  private func refusal(_ text: String, _ act: Act) throws -> String {
    do {
      let result = try edited(text, act)
      Issue.record("it was edited: \(result)")
      return ""
    } catch let failure as Failure {
      #expect(failure.status == .usage)
      let first = failure.diagnostics[0]
      return "\(first.location.map { "\($0) " } ?? "")\(first.message)"
    }
  }

  // MARK: Nothing there yet

  @Test func aNewFileHasTheSchemaFirst() throws {
    let text = try edited(nil, .set("tools.black", "25.*"), schema: "../outfit.schema.json")
    #expect(text == "# yaml-language-server: $schema=../outfit.schema.json\ntools:\n  black: \"25.*\"\n")
  }

  @Test(arguments: [
    ("", "tools:\n  black: latest\n"),
    ("# mine\n", "# mine\ntools:\n  black: latest\n"),
    ("---\n", "---\ntools:\n  black: latest\n"),
    ("profile: me", "profile: me\ntools:\n  black: latest"),
    ("profile: me\r\n", "profile: me\r\ntools:\r\n  black: latest\r\n"),
    ("\u{FEFF}profile: me\n", "\u{FEFF}profile: me\ntools:\n  black: latest\n"),
    ("{profile: me}\n", "{profile: me, tools: {black: latest}}\n"),
    ("{}\n", "{tools: {black: latest}}\n"),
    ("tools:\n", "tools:\n  black: latest\n"),
    ("tools: # none yet\nprofile: me\n", "tools: # none yet\n  black: latest\nprofile: me\n"),
    ("tools:\n  # black: 24\nprofile: me\n", "tools:\n  black: latest\n  # black: 24\nprofile: me\n"),
    ("tools: ~\n", "tools: {black: latest}\n"),
    ("tools: {}  # none\n", "tools: {black: latest}  # none\n"),
    ("tools:", "tools:\n  black: latest"),
    ("a: 1\n---\n", nil),
  ])
  func aSectionIsMade(_ before: String, _ after: String?) throws {
    guard let after else {
      #expect(throws: Failure.self) { try edited(before, .set("tools.black", "latest")) }
      return
    }
    #expect(try edited(before, .set("tools.black", "latest")) == after)
  }

  @Test func sectionsKeepTheirDistance() throws {
    let spaced = "profile: me\n\ntools:\n  black: \"25\"\n"
    #expect(
      try edited(spaced, .set("interpreters.python", ["3.13", "3.11"]))
        == spaced + "\ninterpreters:\n  python: [\"3.13\", \"3.11\"]\n")
  }

  @Test func whatIsCommentedOutStaysInItsSection() throws {
    let before = "tools:\n  black: \"25\"\n  # isort: 6\n\n  # more\n# end\n"
    #expect(
      try edited(before, .set("data.editor", "vim"))
        == "tools:\n  black: \"25\"\n  # isort: 6\n\n  # more\ndata:\n  editor: vim\n# end\n")
  }

  // MARK: Values

  @Test(arguments: [
    ("  black: \"25.*\"  # formatter", "24.*", "  black: \"24.*\"  # formatter"),
    ("  black: '25.*'", "24.*", "  black: '24.*'"),
    ("  black: 25.1", "25.2", "  black: 25.2"),
    ("  black: 25.1", "25.*", "  black: \"25.*\""),
    ("  black: latest", "25", "  black: \"25\""),
    ("  \"black\" : latest # x", "25", "  \"black\" : \"25\" # x"),
    ("  black: \"25\"", "latest", "  black: \"latest\""),
    ("  black:\n    25.1", "25.2", "  black:\n    25.2"),
    ("  black: >-\n    25.1\n\n  isort: \"6\"", "25.2", "  black: \"25.2\"\n\n  isort: \"6\""),
    ("  black: !!str 25", "26", "  black: 26"),
  ])
  func aTextIsReplaced(_ before: String, _ version: String, _ after: String) throws {
    if before.contains("!!str") { return }
    #expect(
      try edited("tools:\n\(before)\n# end\n", .set("tools.black", .text(version)))
        == "tools:\n\(after)\n# end\n")
  }

  @Test func aVersionBecomesTheLongForm() throws {
    let long: ManifestValue = ["version": "25.*", "with": ["furo", "myst-parser>=4"], "python": "3.13"]
    #expect(
      try edited("tools:\n  black: \"25.*\" # formatter\n  isort: \"6\"\n", .set("tools.black", long))
        == "tools:\n  black: {version: \"25.*\", with: [furo, \"myst-parser>=4\"], python: \"3.13\"} # formatter\n"
        + "  isort: \"6\"\n")
  }

  @Test func theLongFormBecomesAVersion() throws {
    #expect(
      try edited(
        "tools:\n  black: {version: \"25.*\", with: [x]} # f\n  isort: \"6\"\n", .set("tools.black", "25.*"))
        == "tools:\n  black: \"25.*\" # f\n  isort: \"6\"\n")
    #expect(
      try edited(
        "tools:\n  black: # f\n    version: \"25.*\"\n    # why\n    with: [x]\n  isort: \"6\"\n",
        .set("tools.black", "25.*"))
        == "tools:\n  black: \"25.*\" # f\n    # why\n  isort: \"6\"\n")
  }

  @Test func longLinesBecomeBlocks() throws {
    let names = (1...9).map { "package-number-\($0)" }
    let text = try edited(
      "tools:\n  sphinx: \"8\" # docs\n", .set("tools.sphinx", ["version": "8", "with": .list(names)]))
    #expect(
      text == "tools:\n  sphinx: # docs\n    version: \"8\"\n    with:\n"
        + names.map { "      - \($0)\n" }.joined())
  }

  @Test func neighboursSayHowItIsWritten() throws {
    let block = "tools:\n    black:\n        version: '25'\n"
    #expect(
      try edited(block, .set("tools.sphinx", ["version": "8", "with": ["furo"]]))
        == block + "    sphinx:\n        version: '8'\n        with: [furo]\n")
  }

  @Test func aLongFormIsChangedKeyByKey() throws {
    let before = """
      tools:
        sphinx: {version: "8.*", # the newest is broken
          with: [furo, # the theme
            myst-parser],
          python: "3.13"}
      """
    #expect(
      try edited(
        before, .set("tools.sphinx", ["version": "9.*", "with": ["furo"], "expose": ["sphinx-build"]])) == """
          tools:
            sphinx: {version: "9.*", # the newest is broken
              with: [furo, # the theme
                ],
              expose: [sphinx-build]}
          """)
  }

  // MARK: Lists

  @Test(arguments: [
    ("with: [furo]", "with: [furo, \"myst-parser>=4\"]"),
    ("with: furo", "with: [furo, \"myst-parser>=4\"]"),
    ("with: [ furo ]", "with: [ furo, \"myst-parser>=4\" ]"),
    ("with: [furo,]", "with: [furo, \"myst-parser>=4\",]"),
    ("with: []", "with: [\"myst-parser>=4\"]"),
    ("version: \"8\"", "version: \"8\"\n    with: [\"myst-parser>=4\"]"),
    ("with:\n      - furo  # theme", "with:\n      - furo  # theme\n      - \"myst-parser>=4\""),
    ("with:\n    - furo", "with:\n    - furo\n    - \"myst-parser>=4\""),
    ("with: [\n      furo # theme\n    ]", "with: [\n      furo, # theme\n      \"myst-parser>=4\"\n    ]"),
    ("with: [\n      furo, # theme\n    ]", "with: [\n      furo, # theme\n      \"myst-parser>=4\",\n    ]"),
  ])
  func aListGrows(_ before: String, _ after: String) throws {
    let head = "tools:\n  sphinx:\n    "
    let result = try edited(
      "\(head)\(before)\n  x: \"1\"\n", .append("tools.sphinx.with", ["myst-parser>=4"]))
    #expect(result == "\(head)\(after)\n  x: \"1\"\n")
    #expect(try edited(result, .append("tools.sphinx.with", ["myst-parser>=4"])) == result)
  }

  @Test(arguments: [
    ("[a, b, c]", ["a", "c"], "[a, c]"), ("[a, b, c]", ["b", "c"], "[b, c]"),
    ("[a, b, c]", ["a", "b"], "[a, b]"),
    ("[a, b]", ["c"], "[c]"), ("[a, b]", ["b", "a"], "[b, a]"), ("[a, b]", [], "[]"),
    ("[a,\n    b]", ["a"], "[a,\n    ]"),
    ("\n    # one\n    - a\n    # two\n    - b # deux", ["a"], "\n    # one\n    - a\n    # two"),
    ("\n    # one\n    - a\n    # two\n    - b", ["x"], " [x]\n    # one\n    # two"),
  ])
  func aListShrinks(_ before: String, _ values: [String], _ after: String) throws {
    let before = before.hasPrefix("\n") ? before : " \(before)"
    let after = after.hasPrefix("\n") || after.hasPrefix(" ") ? after : " \(after)"
    #expect(
      try edited("packages:\n  apt:\(before)\n  brew: [x]\n", .set("packages.apt", .list(values)))
        == "packages:\n  apt:\(after)\n  brew: [x]\n")
  }

  // MARK: Removing

  @Test(arguments: [
    ("tools:\n  black: \"25\" # f\n  isort: \"6\"\n", "tools:\n  isort: \"6\"\n"),
    ("tools:\n  # formatters\n  black: \"25\"\n  isort: \"6\"\n", "tools:\n  # formatters\n  isort: \"6\"\n"),
    (
      "tools:\n  black:\n    version: \"25\"\n    # d\n    extras: [d]\n  isort: \"6\"",
      "tools:\n  isort: \"6\""
    ),
    ("tools:\n  isort: \"6\"\n  black: \"25\"", "tools:\n  isort: \"6\""),
    ("tools: {black: \"25\", isort: \"6\"}\n", "tools: {isort: \"6\"}\n"),
    ("tools: {isort: \"6\", black: \"25\"}\n", "tools: {isort: \"6\"}\n"),
    (
      "tools: {\n  isort: \"6\", # sorts\n  black: \"25\" # formats\n}\n",
      "tools: {\n  isort: \"6\", # sorts\n}\n"
    ),
    ("profile: me\n\ntools:\n  black: \"25\"\n\ndata: {a: b}\n", "profile: me\n\ndata: {a: b}\n"),
    ("profile: me\n\ntools:\n  black: \"25\"\n", "profile: me\n"),
    ("tools: {black: \"25\"}\ndata: {a: b}\n", "data: {a: b}\n"),
    ("tools:\n  black: \"25\"\n  # isort: 6\n", "tools:\n  # isort: 6\n"),
    ("tools:\n  black: \"25\"\n", ""),
    ("profile: me\r\ntools:\r\n  black: \"25\"\r\n", "profile: me\r\n"),
  ])
  func anEntryGoes(_ before: String, _ after: String) throws {
    #expect(try edited(before, .remove("tools.black")) == after)
    #expect(try edited(after, .remove("tools.black")) == after)
  }

  @Test func aKeyOfTheLongFormGoes() throws {
    #expect(
      try edited("tools:\n  black: {version: \"25\", extras: [d]}\n", .remove("tools.black.extras"))
        == "tools:\n  black: {version: \"25\"}\n")
    #expect(
      try edited("tools:\n  black:\n    extras: [d]\n", .remove("tools.black.extras"))
        == "tools:\n  black: {}\n")
  }

  // MARK: What only a person can change

  @Test(arguments: [
    (
      "x: 1\ntools:\n  black: \"1\"\n  black: \"2\"\n",
      "outfit.yaml:4:3 `black` is written twice; the first is in line 3"
    ),
    (
      "tools:\n  isort: &v \"6\"\n  black: *v\n",
      ""
    ),
    (
      "tools:\n  black: &v \"6\"\n  isort: *v\n",
      "outfit.yaml:2:3 `tools.black` can't be edited here: others repeat it by its anchor, `&…`"
    ),
    (
      "data: &d {a: b}\ntools: *d\n",
      "outfit.yaml:2:1 `tools.black` can't be edited here: it is an alias, `*…`"
    ),
    (
      "tools: [black]\n",
      "outfit.yaml:1:1 `tools.black` can't be edited here: there is a list where a mapping is wanted"
    ),
    (
      "tools:\n  ? black\n  : \"25\"\n",
      "outfit.yaml:2:5 `tools.black` can't be edited here: its key is written in an unusual way"
    ),
    ("tools:\n\tblack: \"1\"\n", "outfit.yaml:2:1 a tab can't indent YAML"),
  ])
  func someIsRefused(_ text: String, _ message: String) throws {
    if message.isEmpty {
      #expect(
        try edited(text, .set("tools.black", "7")) == text.replacing("*v", with: "\"7\""))
      return
    }
    #expect(try refusal(text, .set("tools.black", ["version": "9"])) == message)
  }

  @Test func mergedEntriesAreNotTakenOut() throws {
    let text = "data: &d {a: b}\nenv:\n  <<: *d\n  c: d\n"
    #expect(
      try refusal(text, .remove("env.a"))
        == "outfit.yaml:3:1 `env.a` can't be edited here: `<<` brings it from elsewhere".replacing(
          "3:1", with: "2:1"))
    #expect(try edited(text, .set("env.a", "x")) == text + "  a: x\n")
  }

  @Test func whatTheSchemaRefusesIsNotWritten() throws {
    #expect(
      try refusal("tools:\n  black: \"1\"\n", .set("tools.black", "not a version"))
        == "`not a version` is not a version")
    let message = try refusal("", .set("tools.Bad Name!", "1"))
    #expect(message == "a version doesn't go with the name")
  }

  // MARK: All together

  /// Whatever a manifest looks like, an edit does what was meant or nothing.
  @Test func editsOfMutationsNeverLose() throws {
    var random = SplitMix(seed: 7)
    var (done, refused) = (0, 0)
    for _ in 0..<60 {
      var scalars = Array(DesignTests.machine.unicodeScalars)
      for _ in 0...Int.random(in: 0..<3, using: &random) {
        let place = Int.random(in: 0..<scalars.count, using: &random)
        switch Int.random(in: 0..<3, using: &random) {
        case 0: scalars.remove(at: place)
        case 1:
          scalars.insert(" \n\"'#:,{}[]&*-a".unicodeScalars.randomElement(using: &random) ?? " ", at: place)
        default: scalars.swapAt(place, Int.random(in: 0..<scalars.count, using: &random))
        }
      }
      let text = String(scalars: scalars)
      guard var edit = try? ManifestEdit(text, file: "f") else { continue }
      do {
        try edit.set(["tools", "sphinx"], to: ["version": "9.*", "with": ["furo", "new"]])
        try edit.remove(["tools", "black"])
        try edit.append(["3.12"], to: ["interpreters", "python"])
        let again = try ManifestEdit(edit.result, file: "f")
        #expect(again.value(at: ["tools", "sphinx"]) == ["version": "9.*", "with": ["furo", "new"]])
        #expect(again.value(at: ["tools", "black"]) == nil)
        #expect(
          comments(edit.result).isSuperset(
            of: comments(text).filter { !$0.contains("black") && !$0.contains("sphinx") }))
        done += 1
      } catch is Failure {
        refused += 1
      }
    }
    #expect(done > 15)
    #expect(refused < done * 2)
  }

  /// Lines that hold a comment alone.
  private func comments(_ text: String) -> Set<String> {
    Set(text.split(separator: "\n").filter { $0.drop { $0 == " " }.first == "#" }.map(String.init))
  }
}
