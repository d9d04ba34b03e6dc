import OutfitCore
import OutfitSystem
import Support
import SystemPackage
import Testing

/// What counts on one machine and not on another, as its user sees it.
@Suite struct ConditionTests {
  /// What conditions hang on is looked at by the run that has nothing to do, too.
  @Test func whatChangesOnTheMachineIsSeen() async throws {
    let machine = try Machine()
    try machine.write(
      "p/outfit.yaml",
      """
      profile: p
      dotfiles:
        .file: {copy: f, if: {file: .kube/config}}
        .command: {copy: f, if: {command: outfit-test-command}}
        .ci: {copy: f, if: {ci: true}}
        .tag: {copy: f, if: {tag: work}}
        .facts: {template: facts}
      """)
    try machine.write("p/f", "x")
    try machine.write("p/facts", "{{#machine.tag.work}}work{{/machine.tag.work}} {{machine.os}}\n")
    func there() throws -> [String] {
      [".file", ".command", ".ci", ".tag"].filter { machine.files.exists(machine.home.appending($0)) }
    }
    func up(_ setting: [String: String] = [:]) async throws {
      let done = try await machine.outfit("up", "p", "--trust", setting: setting)
      #expect(done.status == 0, "\(done.errorText)")
      let again = try await machine.outfit("up", setting: setting)
      #expect(again.outputText.hasPrefix("Nothing to do"), "\(again.outputText)")
    }
    try await up()
    #expect(try there() == [])
    #expect(try machine.read(".facts") == " linux\n")
    try machine.write(".kube/config", "")
    try await up()
    #expect(try there() == [".file"])
    try machine.write("tools/outfit-test-command", "", mode: 0o755)
    let path = ["PATH": "\(machine.environment["PATH"] ?? ""):\(machine.home.appending("tools"))"]
    try await up(path)
    #expect(try there() == [".file", ".command"])
    try machine.files.remove(machine.home.appending("tools/outfit-test-command"))
    try await up(path.merging(["CI": "1"]) { $1 })
    #expect(try there() == [".file", ".ci"])
    try machine.write(".config/outfit/outfit.yaml", "tags: [work]\n")
    try await up()
    #expect(try there() == [".file", ".tag"])
    #expect(try machine.read(".facts") == "work linux\n")
    let why = try await machine.outfit("why", "--json", ".ci")
    #expect(why.outputText.contains("\"condition\": \"ci: true\""), "\(why.outputText)")
  }

  /// A bundle is asked for once, on a terminal; elsewhere the line is told that takes it.
  @Test func bundlesAreAskedForOnce() async throws {
    let machine = try Machine()
    try machine.write(
      "p/outfit.yaml",
      "profile: p\nbundles:\n  k8s: {description: For clusters, dotfiles: {.k: {copy: f}}}\n  data: {dotfiles: {.d: {copy: f}}}\n"
    )
    try machine.write("p/f", "x")
    let planned = try await machine.outfit("up", "p", "--dry-run", "--json")
    #expect(planned.outputText.contains("outfit up p --use data --use k8s"), "\(planned.outputText)")
    #expect(try machine.read(".k") == nil && machine.read(".config/outfit/outfit.yaml") == nil)
    func terminal(_ answers: String, _ arguments: String) async throws -> String {
      try await machine.run(
        "/bin/sh",
        [
          "-c",
          "printf '\(answers)' | script -qec \"'\(Machine.build.appending("outfit"))' \(arguments)\" /dev/null",
        ]
      ).outputText
    }
    let asked = try await terminal("k9s\\nk8s\\ny\\n", "up p --trust")
    #expect(asked.contains("p offers data, k8s (For clusters)"), "\(asked)")
    #expect(asked.contains("there is no k9s"), "\(asked)")
    #expect(try machine.read(".k") == "x" && machine.read(".d") == nil)
    #expect(try machine.read(".config/outfit/outfit.yaml")?.hasSuffix("\nuse: [k8s]\n") == true)
    #expect(try await !terminal("", "up p").contains("offers"))
    let used = try await machine.outfit("up", "p", "--use", "data", "--trust")
    #expect(try used.status == 0 && machine.read(".d") == "x", "\(used.errorText)")
    #expect(try machine.read(".config/outfit/outfit.yaml")?.hasSuffix("\nuse: [k8s, data]\n") == true)
    let unknown = try await machine.outfit("up", "p", "--use", "dta")
    #expect(unknown.status == 2 && unknown.errorText.contains("did you mean data?"), "\(unknown.errorText)")
  }

  /// What a layer locks anew stops no machine; whoever wrote something else is told, and a verb that would write it is
  /// refused.
  @Test func aNewLockStopsNobody() async throws {
    let machine = try Machine()
    try machine.write("org/outfit.yaml", "profile: org\ndata: {proxy: theirs}\n")
    try machine.write(
      "p/outfit.yaml", "profile: p\nextends: ../org\ndata: {proxy: mine}\ndotfiles: {.p: {template: t}}\n")
    try machine.write("p/t", "{{proxy}}")
    #expect(try await machine.outfit("up", "p", "--trust").status == 0)
    try machine.write(
      "org/outfit.yaml",
      "profile: org\ndata: {proxy: theirs}\nlocked: {data.proxy: {why: one way out, from: 9999-01-01}}\n")
    let soon = try await machine.outfit("up")
    #expect(soon.status == 0 && soon.errorText.contains("from 9999-01-01 on"), "\(soon.errorText)")
    #expect(try machine.read(".p") == "mine")
    try machine.write(
      "org/outfit.yaml", "profile: org\ndata: {proxy: theirs}\nlocked: {data.proxy: {why: one way out}}\n")
    let now = try await machine.outfit("up")
    #expect(now.status == 0 && now.errorText.contains("is locked by org"), "\(now.errorText)")
    #expect(now.errorText.contains("one way out"))
    #expect(try machine.read(".p") == "theirs")
  }
}
