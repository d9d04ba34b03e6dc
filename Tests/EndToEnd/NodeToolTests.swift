import OutfitSystem
import SystemPackage
import Testing

/// Tools from npm, on a registry of the test's own.
@Suite(
  .serialized, .timeLimit(.minutes(15)),
  .enabled("a Node with npm is wanted on this machine: apt-get install npm") {
    let machine = try Machine("node-look")
    return try await machine.run("/bin/sh", ["-c", "test -x /usr/bin/node && test -x /usr/bin/npm"]).succeeded
  })
struct NodeToolTests {
  private let machine: Machine
  private let registry: NodeRegistry

  init() throws {
    machine = try Machine("node-tools")
    registry = try NodeRegistry()
  }

  private var settings: [String: String] {
    [
      "XDG_CACHE_HOME": machine.home.appending("cache").string, "npm_config_registry": registry.url,
      "npm_config_fetch_retries": "0",
    ]
  }

  private func profile(_ tools: String...) throws {
    let lines =
      ["profile: p", "interpreters: {node: {versions: [\">=18\"], system: true}}", "tools:"]
      + tools.map { "  " + $0 }
    try machine.write("p/outfit.yaml", lines.map { $0 + "\n" }.joined())
  }

  private func up(_ options: [String] = []) async throws -> Completion {
    try await machine.run(
      Machine.build.appending("outfit"), ["up", "p", "--trust"] + options, setting: settings)
  }

  private func publish() async throws {
    try await registry.publish(
      "greeter", #""bin": "./cli.js", "dependencies": {"@acme/words": "^1.0.0"}"#,
      files: [
        "cli.js":
          "#!/usr/bin/env node\nconsole.log(require('@acme/words'), process.argv[2], process.execPath)\n"
      ],
      machine)
    try await registry.publish(
      "@acme/words",
      #""main": "i.js", "scripts": {"postinstall": "node -e \"require('fs').writeFileSync('ran', '')\""}"#,
      files: ["i.js": "module.exports = 'hello'\n"], machine)
  }

  private func ran() async throws -> Bool {
    let store = machine.home.pushing(".local/share/outfit/store").string
    return try await machine.run("/usr/bin/find", [store, "-name", "ran"]).outputText.contains("words/ran")
  }

  @Test func aPackageIsHadWithoutItsScriptsAndRunsOnItsOwnNode() async throws {
    try await publish()
    try profile("greeter: {from: npm, version: \"1.*\"}")
    let first = try await up()
    #expect(first.status == 0, "\(first.errorText)")
    let said = try await machine.login("greeter you")
    #expect(said.outputText.hasPrefix("hello you /"), "\(said.errorText)")
    #expect(try await !ran())
    let lock = try machine.read(".local/state/outfit/machine/outfit.lock") ?? ""
    #expect(lock.contains("sha512-") && !lock.contains("127.0.0.1"), "\(lock)")
    _ = registry.asked()
    let again = try await up()
    #expect(again.outputText.contains("Nothing to do"), "\(again.outputText)")
    #expect(registry.asked() == [])

    // The same from the cache alone, and no more than that.
    try machine.files.removeTree(machine.home.pushing(".local/share/outfit/store"))
    let offline = try await up(["--offline"])
    #expect(offline.status == 0, "\(offline.errorText)")
    #expect(registry.asked() == [])

    try profile("greeter: {from: npm, version: \"1.*\", scripts: [\"@acme/words\"]}")
    let refused = try await machine.outfit("up", "p", setting: settings)
    #expect(refused.status == 4, "\(refused.errorText)")
    #expect(refused.errorText.contains("install scripts of @acme/words"), "\(refused.errorText)")
    #expect(try await !ran())
    let allowed = try await up()
    #expect(allowed.status == 0, "\(allowed.errorText)")
    #expect(try await ran())
  }

  /// From the first word to the last, as it is typed.
  @Test func aPersonInstallsUpgradesAndUninstalls() async throws {
    func greeter(_ number: String) async throws {
      try await registry.publish(
        "greeter", #""bin": "./cli.js""#, version: number,
        files: ["cli.js": "#!/usr/bin/env node\nconsole.log('greeter \(number)', process.argv[2])\n"], machine
      )
    }
    func tool(_ words: String...) async throws -> Completion {
      try await machine.run(Machine.build.appending("outfit"), ["tool"] + words, setting: settings)
    }
    func manifest() throws -> String { try machine.read(".config/outfit/outfit.yaml") ?? "" }
    try await greeter("1.2.3")
    let nodeless = try await tool("install", "--from", "npm", "greeter")
    #expect(nodeless.status != 0)
    #expect(nodeless.errorText.contains("outfit node install"), "\(nodeless.errorText)")
    #expect(try manifest() == "")

    let mine = "# mine\ninterpreters: {node: {versions: [\">=18\"], system: true}}\n"
    try machine.write(".config/outfit/outfit.yaml", mine)
    let absent = try await tool("install", "--from", "npm", "@acme/pretier")
    #expect(absent.status == 2, "\(absent.errorText)")
    let registryAddress = String(registry.url.dropLast())
    #expect(
      absent.errorText.contains("there is no npm package named @acme/pretier in \(registryAddress)"),
      "\(absent.errorText)")
    let near = try await tool("install", "--from", "npm", "pretier")
    #expect(near.errorText.contains("did you mean prettier?"), "\(near.errorText)")
    #expect(try manifest() == mine)

    let installed = try await tool("install", "--from", "npm", "greeter@1.*")
    #expect(installed.status == 0, "\(installed.errorText)")
    #expect(installed.outputText.hasPrefix("installed greeter 1.2.3: greeter"), "\(installed.outputText)")
    #expect(try manifest() == mine + "tools:\n  greeter: {version: \"1.*\", from: npm}\n")
    let lock = try #require(try machine.read(".config/outfit/outfit.lock"))
    #expect(lock.contains("sha512-") && !lock.contains("127.0.0.1"))
    #expect(try await machine.login("greeter you").outputText == "greeter 1.2.3 you\n")
    let list = try await tool("list", "--json")
    for part in ["\"from\": \"npm\"", "\"version\": \"1.2.3\"", "\"installed\": true", "\"greeter\""] {
      #expect(list.outputText.contains(part), "\(part): \(list.outputText)")
    }

    try await greeter("1.3.0")
    try await greeter("2.0.0")
    let outdated = try await machine.outfit("outdated", "--json", setting: settings)
    #expect(outdated.outputText.contains("\"wanted\": \"1.3.0\""), "\(outdated.outputText)")
    let upgraded = try await tool("upgrade", "greeter", "--json")
    #expect(upgraded.status == 0, "\(upgraded.errorText)")
    #expect(upgraded.outputText.contains("\"before\": \"1.2.3\""), "\(upgraded.outputText)")
    #expect(try await machine.login("greeter you").outputText == "greeter 1.3.0 you\n")
    let moved = try await tool("install", "greeter@latest")
    #expect(moved.status == 0, "\(moved.errorText)")
    #expect(try await machine.login("greeter you").outputText == "greeter 2.0.0 you\n")

    let gone = try await tool("uninstall", "greeter")
    #expect(gone.status == 0, "\(gone.errorText)")
    #expect(try manifest() == mine)
    #expect(!machine.files.exists(machine.home.appending(".local/share/outfit/bin/greeter")))
    #expect(try machine.read(".config/outfit/outfit.lock")?.contains("greeter") != true)
  }

  @Test func whatIsNotWhatTheLockPinsIsNotInstalled() async throws {
    try await registry.publish(
      "greeter", #""bin": "./cli.js""#, files: ["cli.js": "console.log(1)\n"], tampered: true, machine)
    try profile("greeter: {from: npm}", "absent: {from: npm}")
    let absent = try await up()
    #expect(absent.status == 2, "\(absent.errorText)")
    #expect(absent.errorText.contains("there is no npm package named absent"), "\(absent.errorText)")
    try profile("greeter: {from: npm, version: \"7.*\"}")
    let wrong = try await up()
    #expect(wrong.status == 2)
    #expect(wrong.errorText.contains("greeter: no version matches 7.*"), "\(wrong.errorText)")
    try profile("greeter: {from: npm}")
    let tampered = try await up()
    #expect(tampered.status == 1, "\(tampered.errorText)")
    #expect(
      tampered.errorText.contains("greeter 1.2.3: what was served is not what the lock pins"),
      "\(tampered.errorText)")
    #expect(!machine.files.exists(machine.home.pushing(".local/share/outfit/bin/greeter")))
  }
}
