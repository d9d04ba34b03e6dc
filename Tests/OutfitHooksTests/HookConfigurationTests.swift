import OutfitCore
import OutfitEngine
import OutfitProfile
import OutfitSystem
import Support
import SystemPackage
import Testing

@testable import OutfitHooks

struct HookConfigurationTests {
  private let source = Source(
    layer: Layer(
      kind: .profile, name: "shop", address: "/shop", folder: "/shop", manifest: "/shop/outfit.yaml"),
    location: SourceLocation(file: "/shop/outfit.yaml", line: 9))

  private func configuration(
    _ hooks: [String: HookSection], in folder: String = ""
  ) -> HookConfiguration {
    HookConfiguration(
      hooks: hooks.sorted { $0.key < $1.key }.map { ($0.key, Sourced($0.value, source)) }, folder: folder
    ) { $0 }
  }

  @Test func hooksOfARepositoryRunAtItsCommitInTheirPlace() throws {
    var terms = HookSection(arguments: ["-x"])
    terms.repository = HookRepository(address: "https://example.org/acme/hooks", revision: "v1.2.0")
    terms.identifier = "check-terms"
    terms.dependencies = ["pyyaml"]
    var built = HookSection(entry: ["check", "--all"])
    built.language = .python
    built.dependencies = ["pyyaml"]
    built.languageVersion = "python3.11"
    var settings = HookSettings()
    settings.languageVersions = ["python": "python3.12"]
    settings.stages = ["pre-push"]
    var configuration = HookConfiguration(
      hooks: [
        ("second", Sourced(HookSection(entry: ["b"]), source)), ("first", Sourced(terms, source)),
        ("built", Sourced(built, source)),
      ], settings: settings, folder: "web"
    ) { ["outfit", "exec"] + $0 }
    #expect(terms.repository?.pin == "git+https://example.org/acme/hooks@v1.2.0")
    configuration.take(["git+https://example.org/acme/hooks@v1.2.0": String(repeating: "a", count: 40)])
    let lines = configuration.text.split(separator: "\n").map { $0.trimmingPrefix { $0 == " " } }
    #expect(
      lines.filter { !$0.hasPrefix("entry:") } == [
        #"default_language_version: {"golang": "system", "node": "system", "python": "python3.12", "ruby": "system"}"#,
        #"files: "^web/""#, #"default_stages: ["pre-push"]"#, "repos:",
        "- repo: local", "hooks:", #"- id: "second""#, #"name: "second""#, "language: system",
        #"stages: ["pre-commit"]"#,
        #"- repo: "https://example.org/acme/hooks""#,
        #"rev: "\#(String(repeating: "a", count: 40))"  # frozen: v1.2.0"#, "hooks:",
        #"- id: "check-terms""#, #"additional_dependencies: ["pyyaml"]"#, #"args: ["-x"]"#,
        #"alias: "first""#,
        "- repo: local", "hooks:", #"- id: "built""#, #"name: "built""#, "language: python",
        #"additional_dependencies: ["pyyaml"]"#, #"language_version: "python3.11""#,
        #"stages: ["pre-commit"]"#,
      ])
  }

  @Test func theToolsOfALockAreReadByItsLines() {
    let lock = """
      lock: 1
      interpreters:
        python:
          - request: "3"
            version: "3.13.0"
      tools:
        black:
          request: "black"
          version: "25.1.0"
          requirements: |
            black==25.1.0
        "ruff":
          version: "0.9.1"
      images: {}

      """
    #expect(BranchPins.versions(lock) == ["black": "25.1.0", "ruff": "0.9.1"])
  }

  @Test func aKnownHooksKindsStayWithAnEntryOfOnesOwn() {
    let text = configuration(["black": HookSection(entry: ["black", "-q"])]).text
    #expect(text.contains("types_or: [\"python\", \"pyi\"]"))
    #expect(text.contains("require_serial: true"))
    let other = configuration(["black": HookSection(types: ["text"])]).text
    #expect(!other.contains("types_or"))
  }

  @Test func noFilesNameIsAnOption() {
    let hooks = configuration([
      "black": HookSection(arguments: ["-q"]), "own": HookSection(entry: ["./check", "x"]),
      "blind": HookSection(entry: ["make"], passFilenames: false),
    ])
    #expect(hooks.text.contains("args: [\"-q\", \"--\"]"))
    #expect(hooks.text.contains("entry: \"./check x\""))
    let guarded = hooks.text(for: .any)
    #expect(guarded.contains("outfit-hook '' 2 ./check x"))
    #expect(guarded.contains("args: [\"-q\", \"--\"]"))
    #expect(guarded.contains("entry: \"make\""))
  }

  @Test func stagesWithoutFilesAlwaysRun() {
    let text = configuration([
      "sync": HookSection(entry: ["uv", "sync"], stages: ["pre-commit", "post-merge", "post-checkout"])
    ]).text
    let parts = text.components(separatedBy: "- id:")
    #expect(parts.count == 3)
    #expect(parts[1].contains("stages: [\"pre-commit\"]") && !parts[1].contains("always_run"))
    #expect(parts[2].contains("stages: [\"post-merge\", \"post-checkout\"]"))
    #expect(parts[2].contains("always_run: true") && parts[2].contains("pass_filenames: false"))
  }

  @Test func whatTheRunnerDoesItselfIsNoCommand() {
    var section = HookSection(entry: ["no 'tabs"], arguments: ["-i"])
    section.language = .pygrep
    section.title = "No tabs"
    section.alias = "tabs"
    section.logFile = "x.log"
    section.endsRun = true
    let text = HookConfiguration(hooks: [("t", Sourced(section, source))], folder: "web") { _ in ["never"] }
      .text
    for line in [
      "language: pygrep", "entry: \"no 'tabs\"", "args: [\"-i\"]", "name: \"No tabs\"", "alias: \"tabs\"",
      "log_file: \"x.log\"", "fail_fast: true",
    ] { #expect(text.contains(line)) }
  }

  @Test func whatHoldsForAllHooksIsSaidOnce() {
    var settings = HookSettings()
    settings.exclude = "^vendor/"
    settings.failsFast = true
    func text(_ folder: String) -> String {
      HookConfiguration(hooks: [], settings: settings, folder: folder) { $0 }.text
    }
    #expect(text("").contains("\nexclude: \"^vendor/\"\nfail_fast: true\nrepos:"))
    #expect(text("web").contains("\nfiles: \"^web/\"\nexclude: \"(?:^web/)vendor/\"\n"))
    settings.files = "\\.py$"
    #expect(text("").contains("\nfiles: \"\\\\.py$\"\n"))
    #expect(text("web").contains("\nfiles: \"^web/.*(?:\\\\.py$)\"\n"))
  }

  @Test(arguments: [
    (["a", nil], "a", "a"), (["(?x)^(\n a # b\n)", "(?i)b"], "(?x:^(\n a # b\n)\n)|(?i:b)", nil),
    (["^src/", "\\.py$"], "(?:^src/)|(?:\\.py$)", "^(?=.*?(?:^src/))(?=.*?(?:\\.py$))"),
    (["(?=x)", "b"], "(?:(?=x))|(?:b)", nil),
  ])
  func patternsOfAFileAndAHookStandTogether(_ patterns: [String?], _ any: String, _ all: String?) {
    #expect(HookPattern.any(of: patterns) == any)
    if let all { #expect(HookPattern.all(of: patterns) == all) }
  }

  @Test func allKeysAreHandedOn() {
    var section = HookSection(entry: ["x"])
    section.anyOf = ["css", "scss"]
    section.excludedTypes = ["svg"]
    section.alwaysRuns = true
    section.isSerial = true
    section.isVerbose = true
    let text = configuration(["x": section]).text
    for line in [
      "types_or: [\"css\", \"scss\"]", "exclude_types: [\"svg\"]", "always_run: true", "require_serial: true",
      "verbose: true",
    ] { #expect(text.contains(line)) }
  }

  @Test(arguments: [
    ("^src/", "(?:^a\\.b/web/)src/"), ("\\.py$", "^a\\.b/web/.*(?:\\.py$)"),
    ("^(x|y)[^/]$", "(?:^a\\.b/web/)(x|y)[^/]$"),
    ("a|^b", "a|(?:^a\\.b/web/)b"), ("(?x)^(\n a # ^\n)", "(?x)(?:^a\\.b/web/)(\n a # (?:^a\\.b/web/)\n)"),
    ("\\^x", "^a\\.b/web/.*(?:\\^x)"), ("[]^]", "^a\\.b/web/.*(?:[]^])"),
  ])
  func patternsCountFromTheProjectsFolder(_ pattern: String, _ expected: String) {
    #expect(FolderPattern.pattern(pattern, in: "a.b/web") == expected)
  }

  /// By the shell itself.
  @Test func aCommandRunsInItsProjectsFolder() async throws {
    let scratch = try ScratchFolder()
    let host = try Host.live()
    try host.files.createDirectories(scratch.path.pushing("a b/web"))
    func run(_ folder: String, _ names: [String]) async throws -> String {
      let command = FolderEntry.words(
        ["/bin/sh", "-c", "pwd; for a; do printf '<%s>' \"$a\"; done", "--"], in: folder)
      return try await host.processes.run(
        Invocation(
          FilePath(command[0]), Array(command.dropFirst()) + names, environment: ["PATH": "/usr/bin:/bin"],
          workingDirectory: scratch.path)
      ).outputText
    }
    let names = ["a b/web/-x", "a b/web/it's $HOME", "-y", "/abs"]
    #expect(
      try await run("a b/web", names)
        == "\(scratch.path)/a b/web\n<./-x><it's $HOME><\(scratch.path)/-y></abs>")
    #expect(try await run("", ["-y", "z \"*"]) == "\(scratch.path)\n<./-y><z \"*>")
    let many = (0..<5000).map { "a b/web/file-\($0)" }
    #expect(try await run("a b/web", many).hasSuffix("<file-4999>"))
  }
}
