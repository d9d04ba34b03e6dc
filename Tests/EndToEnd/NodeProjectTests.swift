import OutfitSystem
import SystemPackage
import Testing

/// Projects of Node, locked by their managers on a registry of the test's own.
@Suite(
  .serialized, .timeLimit(.minutes(15)),
  .enabled("a Node with npm is wanted on this machine: apt-get install npm") {
    let machine = try Machine("node-look")
    return try await machine.run("/bin/sh", ["-c", "test -x /usr/bin/node && test -x /usr/bin/npm"]).succeeded
  })
struct NodeProjectTests {
  private let machine: Machine
  private let registry: NodeRegistry

  init() throws {
    machine = try Machine("node-projects")
    registry = try NodeRegistry()
  }

  private var settings: [String: String] {
    ["npm_config_registry": registry.url, "npm_config_fetch_retries": "0"]
  }

  private func outfit(_ words: String...) async throws -> Completion {
    try await machine.run(Machine.build.appending("outfit"), words, at: "p", setting: settings)
  }

  private func shell(_ line: String) async throws -> Completion {
    try await machine.run("/bin/sh", ["-ec", line], at: "p", setting: settings)
  }

  private func publish() async throws {
    for number in ["1.0.0", "2.0.0"] {
      try await registry.publish(
        "left", #""main": "i.js""#, version: number, files: ["i.js": "module.exports = 'left \(number)'\n"],
        machine)
    }
    try await registry.publish(
      "native",
      #""main": "i.js", "scripts": {"postinstall": "node -e \"require('fs').writeFileSync('built', '')\""}"#,
      files: ["i.js": "module.exports = require('fs').existsSync(__dirname + '/built') ? 'built' : 'bare'\n"],
      machine)
  }

  /// A workspace whose members want two versions of one package, as its own npm locks it.
  private func project() async throws {
    try await publish()
    try machine.write("p/.gitignore", "node_modules\nprepared\n")
    try machine.write(
      "p/package.json",
      #"""
      {"name": "shop", "version": "1.0.0", "private": true, "workspaces": ["packages/*"],
       "dependencies": {"left": "^1.0.0", "native": "*"},
       "scripts": {"prepare": "node -e \"require('fs').writeFileSync('prepared', require('left'))\"",
                   "test": "node test.js"}}
      """#)
    try machine.write("p/packages/a/package.json", #"{"name": "a", "version": "1.0.0", "main": "i.js"}"#)
    try machine.write("p/packages/a/i.js", "module.exports = 'a'\n")
    try machine.write(
      "p/packages/b/package.json",
      #"{"name": "b", "version": "1.0.0", "main": "i.js", "dependencies": {"left": "^2.0.0", "a": "*"}}"#)
    try machine.write("p/packages/b/i.js", "module.exports = 'b ' + require('left') + ' ' + require('a')\n")
    try machine.write(
      "p/test.js",
      "console.log(require('left') + ', ' + require('native') + ', ' + require('b') + ', ' + __dirname)\n")
    let made = try await shell(
      "npm install --package-lock-only --ignore-scripts --no-audit >&2; git init -q .; git add -A; "
        + "git -c user.name=a -c user.email=a@b commit -qm x")
    try #require(made.succeeded, "\(made.errorText)")
  }

  /// The interpreter is what this machine has.
  private func takeSystemNode() throws {
    let text = try #require(try machine.read("p/outfit.yaml"))
    try machine.write(
      "p/outfit.yaml",
      text.split(separator: "\n", omittingEmptySubsequences: false).map { line in
        line.hasPrefix("  node:") ? "  node: {versions: [\">=18\"], system: true}" : String(line)
      }.joined(separator: "\n"))
  }

  private func manifest(_ section: String) throws {
    try machine.write(
      "p/outfit.yaml",
      "profile: p\ninterpreters: {node: {versions: [\">=18\"], system: true}}\nnode_modules: \(section)\n")
  }

  private func tests() async throws -> String {
    let run = try await machine.login("cd ~/p && npm test --silent")
    return run.outputText + run.errorText
  }

  @Test func aWorkspaceComesUpAsItsManagerHasIt() async throws {
    try await project()
    let made = try await outfit("init")
    #expect(made.status == 0, "\(made.errorText)")
    let text = try #require(try machine.read("p/outfit.yaml"))
    #expect(
      text.contains(#"node_modules: {from: "package-lock.json", scripts: ["native", "."]}"#), "\(text)")
    try takeSystemNode()
    let asked = try await outfit("up")
    #expect(asked.status == 4)
    #expect(
      asked.errorText.contains("runs the install scripts of native for node_modules"), "\(asked.errorText)")
    #expect(asked.errorText.contains("runs the script prepare (node -e"), "\(asked.errorText)")
    let up = try await outfit("up", "--trust")
    try #require(up.status == 0, "\(up.errorText)")
    let right = "left 1.0.0, built, b left 2.0.0 a, "
    #expect(try await tests().hasPrefix(right))
    #expect(try machine.read("p/prepared") == "left 1.0.0")
    #expect(try await shell("npm ls").status == 0)
    #expect(try await shell("git status --porcelain").outputText == "?? outfit.lock\n?? outfit.yaml\n")
    _ = registry.asked()
    let again = try await outfit("up")
    #expect(again.outputText.contains("Nothing to do"), "\(again.outputText)\(again.errorText)")
    #expect(registry.asked() == [])

    // What is gone is made again, from the store.
    try machine.files.removeTree(machine.home.pushing("p/node_modules"))
    let mended = try await outfit("up")
    #expect(mended.status == 0, "\(mended.errorText)")
    #expect(try await tests().hasPrefix(right))
    let back = try await outfit("rollback", "0")
    #expect(back.status == 0, "\(back.errorText)")
    #expect(!machine.files.exists(machine.home.pushing("p/node_modules")))
    #expect(!machine.files.exists(machine.home.pushing("p/packages/b/node_modules")))
  }

  @Test func aChangedLockMakesThemAnewAndRollbackBringsTheOldOnes() async throws {
    try await project()
    try manifest("package-lock.json")
    let first = try await outfit("up", "--trust")
    try #require(first.status == 0, "\(first.errorText)")
    #expect(first.errorText.contains("the install scripts of native were not run"), "\(first.errorText)")
    #expect(first.errorText.contains("scripts: [native]"))
    #expect(try await tests().hasPrefix("left 1.0.0, bare, "))

    let changed = try await shell(
      "sed -i 's/\"left\": \"^1.0.0\"/\"left\": \"^2.0.0\"/' package.json; npm install --package-lock-only --ignore-scripts --no-audit >&2"
    )
    try #require(changed.succeeded, "\(changed.errorText)")
    let second = try await outfit("up")
    #expect(second.status == 0, "\(second.errorText)")
    let new = try await tests()
    #expect(
      new.hasPrefix("left 2.0.0, bare, b left 2.0.0 a, "), "\(new)\(second.errorText)\(second.outputText)")
    let back = try await outfit("rollback")
    #expect(back.status == 0, "\(back.errorText)")
    #expect(try await tests().hasPrefix("left 1.0.0, bare, b left 2.0.0 a, "))
  }

  @Test func aFolderThatIsThereIsMovedAsideAndComesBack() async throws {
    try await project()
    try manifest("package-lock.json")
    try machine.write("p/node_modules/mine/index.js", "mine\n")
    // As a checkout may bring it: what it says of itself is believed of what Outfit made alone.
    let listed = try #require(try machine.read("p/package-lock.json"))
    try machine.write("p/node_modules/.package-lock.json", listed)
    for (name, version) in [("left", "1.0.0"), ("native", "1.2.3")] {
      try machine.write("p/node_modules/\(name)/package.json", "{\"version\": \"\(version)\"}")
    }
    try machine.write("p/packages/b/node_modules/left/package.json", "{\"version\": \"2.0.0\"}")
    let refused = try await outfit("up", "--trust")
    #expect(refused.status == 4, "\(refused.errorText)")
    #expect(try machine.read("p/node_modules/mine/index.js") == "mine\n")
    let up = try await outfit("up", "--on-conflict", "backup")
    #expect(up.status == 0, "\(up.errorText)")
    #expect(try machine.read("p/node_modules.outfit-backup/mine/index.js") == "mine\n")
    #expect(try await tests().hasPrefix("left 1.0.0, "))
    #expect(try await shell("git status --porcelain").outputText == "?? outfit.lock\n?? outfit.yaml\n")
    let back = try await outfit("rollback", "0")
    #expect(back.status == 0, "\(back.errorText)")
    #expect(try machine.read("p/node_modules/mine/index.js") == "mine\n")
    #expect(!machine.files.exists(machine.home.pushing("p/node_modules.outfit-backup")))
  }

  @Test func whatTheOwnManagerInstalledSinceIsKept() async throws {
    try await project()
    try manifest("package-lock.json")
    let first = try await outfit("up", "--trust")
    try #require(first.status == 0, "\(first.errorText)")
    try await registry.publish(
      "late", #""main": "i.js""#, files: ["i.js": "module.exports = 'late'\n"], machine)
    let installed = try await shell("npm install --no-audit --ignore-scripts late >&2")
    try #require(installed.succeeded, "\(installed.errorText)")
    // It is just what the new lock says.
    let up = try await outfit("up")
    #expect(up.status == 0, "\(up.errorText)")
    #expect(machine.files.exists(machine.home.pushing("p/node_modules/late/i.js")))
    #expect(!machine.files.exists(machine.home.pushing("p/node_modules.outfit-backup")))
    let again = try await outfit("up")
    #expect(again.outputText.contains("Nothing to do"), "\(again.outputText)\(again.errorText)")
  }

  @Test func whatTheLockDoesNotPinIsNotTaken() async throws {
    try await project()
    try manifest("package-lock.json")
    let lock = try #require(try machine.read("p/package-lock.json"))
    let integrity = try #require(lock.firstMatch(of: /"integrity": "sha512-[^"]*"/))
    try machine.write(
      "p/package-lock.json",
      lock.replacing(
        String(integrity.output), with: "\"integrity\": \"sha512-\(String(repeating: "A", count: 86))==\""))
    let tampered = try await outfit("up", "--trust")
    #expect(tampered.status == 1, "\(tampered.errorText)")
    #expect(tampered.errorText.contains("what was served is not what the lock pins"), "\(tampered.errorText)")
    #expect(!machine.files.exists(machine.home.pushing("p/node_modules")))
    try machine.write(
      "p/package-lock.json", lock.replacing(String(integrity.output), with: "\"was\": \"it\""))
    let bare = try await outfit("up", "--trust")
    #expect(bare.status == 2 && bare.errorText.contains("has no digest for"), "\(bare.errorText)")
    try machine.write("p/package-lock.json", "{")
    #expect(try await outfit("up", "--trust").status == 2)
    try machine.write("p/.npmrc", "registry=http://127.0.0.1:9/\nscript-shell=./evil\n")
    try machine.write("p/package-lock.json", lock)
    try machine.files.remove(machine.home.pushing("p/.npmrc"))
    try machine.write("rc", "registry=http://127.0.0.1:9/\nscript-shell=./evil\n")
    try machine.files.createLink(machine.home.pushing("p/.npmrc"), to: "../rc")
    let foreign = try await outfit("up")
    #expect(foreign.errorText.contains(".npmrc is a link to \(machine.home)/rc"), "\(foreign.errorText)")
    #expect(foreign.status == 4)
    #expect(
      foreign.errorText.contains("takes packages of Node from registry=http://127.0.0.1:9/ (.npmrc:1)"),
      "\(foreign.errorText)")
  }

  @Test func aRegistryThatDoesNotAnswerIsNamed() async throws {
    try await project()
    try manifest("package-lock.json")
    let up = try await machine.run(
      Machine.build.appending("outfit"), ["up", "--trust"], at: "p",
      setting: settings.merging([
        "npm_config_registry": "http://127.0.0.1:9/", "npm_config_replace_registry_host": "always",
      ]) { $1 })
    #expect(up.status == 1, "\(up.errorText)")
    #expect(
      up.errorText.contains("node_modules: the registry could not be asked: request to"), "\(up.errorText)")
    let without = try await outfit("up", "--skip", "node_modules")
    #expect(without.status == 0, "\(without.errorText)")
  }

  /// A manager that only writes down how it was called.
  @Test func theManagerThatIsNamedIsPinnedAndInstalls() async throws {
    try await registry.publish(
      "pnpm", #""bin": {"pnpm": "bin/pnpm.cjs"}"#, version: "9.12.0",
      files: [
        "bin/pnpm.cjs": """
        #!/usr/bin/env node
        const fs = require("fs"), args = process.argv.slice(2), at = args[args.indexOf("--dir") + 1];
        if (!args.includes("--dir")) { console.log("pnpm here"); process.exit(0); }
        fs.mkdirSync(at + "/node_modules/left", {recursive: true});
        fs.writeFileSync(at + "/node_modules/left/package.json", "{}");
        fs.writeFileSync(at + "/node_modules/left/index.js", "module.exports = " + JSON.stringify(args.join(" ")));
        """
      ], machine)
    try machine.write("p/pnpm-lock.yaml", "lockfileVersion: '9.0'\n\nimporters:\n\n  .: {}\n")
    try machine.write("p/.pnpmfile.cjs", "require('fs').writeFileSync('evil', '')\n")
    try machine.write("p/package.json", #"{"name": "x", "packageManager": "pnpm@9.12.0+sha512.00ff"}"#)
    try manifest("pnpm-lock.yaml")
    let wrong = try await outfit("up", "--trust")
    #expect(wrong.status == 2, "\(wrong.errorText)")
    #expect(wrong.errorText.contains("is not what package.json has the digest of"), "\(wrong.errorText)")
    try machine.write("p/package.json", #"{"name": "x", "packageManager": "pnpm@9.12.0"}"#)
    let up = try await outfit("up", "--trust")
    try #require(up.status == 0, "\(up.errorText)")
    let lock = try #require(try machine.read("p/outfit.lock"))
    #expect(lock.contains("request: \"npm pnpm@9.12.0\"") && lock.contains("sha512-"), "\(lock)")
    #expect(!lock.contains("127.0.0.1"))
    let used = try await shell("node -p 'require(\"left\")'")
    #expect(
      used.outputText.contains("--frozen-lockfile --ignore-scripts --ignore-pnpmfile"), "\(used.outputText)")
    let named = try await shell("~/.local/share/outfit/bin/pnpm")
    #expect(named.outputText == "pnpm here\n", "\(named.outputText)\(named.errorText)")
    #expect(!machine.files.exists(machine.home.pushing("p/evil")))
    #expect(try await outfit("up", "--locked").outputText.contains("Nothing to do"))
  }
}
